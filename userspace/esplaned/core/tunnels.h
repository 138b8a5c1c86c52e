/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tunnels that this daemon has, in the order in which they came: what the engine does not know
 * of them. Whether they are up, and why not, is the engine's alone.
 */
#ifndef ESPLANED_TUNNELS_H
#define ESPLANED_TUNNELS_H

#include "esplaned/conf/change.h"

struct device;
struct devices;
struct ike;
struct totals;
struct trust;

#define TUNNEL_UNNAMED_MAX	256

struct tunnel_entry {
	struct tunnel_entry *next;
	uint32_t id;			/* the engine's; 0: it is just taking the tunnel */
	struct tunnel_options opt;
	struct device *dev;
	uint32_t device;		/* the module's number of its interface; 0: there is none */
	struct totals *totals;
	/* Made of @opt when a peer's certificate comes, or NULL; of its second proof, or TLS. */
	struct trust *trust, *second_trust;
	/* With remote-key = dns (engine/dns_key.h): the keys, or why there are none. */
	struct chunk_list *named;
	char unnamed[TUNNEL_UNNAMED_MAX];
	uint64_t named_until_ms;	/* asked anew after this */
	struct internal_net servers;	/* the name servers that the system has of it */
	/* When a contact with the peer last began: of ours or of the peer's. */
	uint64_t contact_ms;
	uint64_t keepalive_ms;		/* when the next octets for NATs are due */
	int log_level;			/* what is logged of it beside the rest; 0: as the rest */
};

struct tunnels {
	struct tunnel_entry *first;
};

/*
 * Takes what @opt points to, which is empty afterwards, makes its device and hands it to @ike,
 * which starts it if it is to. NULL: logged, the tunnel is not there.
 */
struct tunnel_entry *tunnels_add(struct tunnels *list, struct ike *ike, struct devices *devices,
				 struct tunnel_options *opt);
/*
 * It goes on with what @opt points to, which is empty afterwards: @change, which does not replace
 * it. False: logged, all is as it was, and so is @opt.
 */
bool tunnels_change(struct ike *ike, struct tunnel_entry *t, struct tunnel_options *opt,
		    const struct options_change *change);
/* Takes it down, removes its device, forgets it. */
void tunnels_del(struct tunnels *list, struct ike *ike, struct tunnel_entry *t);

/* From now on these revocation lists count. The caller's reference is taken. */
void tunnels_set_crl(struct tunnel_entry *t, struct chunk_list *crl);

struct tunnel_entry *tunnels_find(const struct tunnels *list, uint32_t id);
struct tunnel_entry *tunnels_find_name(const struct tunnels *list, const char *name);
struct tunnel_entry *tunnels_find_device(const struct tunnels *list, uint32_t device);
unsigned int tunnels_count(const struct tunnels *list);

#endif
