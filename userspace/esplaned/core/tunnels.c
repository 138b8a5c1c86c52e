// SPDX-License-Identifier: GPL-2.0
#include "esplaned/core/tunnels.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "esplaned/core/totals.h"
#include "esplaned/host/device.h"
#include "ike/ike.h"
#include "lib/log.h"
#include "lib/mem.h"

/* While ike_tunnel_add() has not returned, what the engine asks is for the entry without one. */
struct tunnel_entry *tunnels_find(const struct tunnels *list, uint32_t id)
{
	struct tunnel_entry *adding = NULL;

	for (struct tunnel_entry *t = list->first; t; t = t->next) {
		if (t->id == id)
			return t;
		if (!t->id)
			adding = t;
	}
	return id ? adding : NULL;
}

struct tunnel_entry *tunnels_find_name(const struct tunnels *list, const char *name)
{
	struct tunnel_entry *t = list->first;

	while (t && strcmp(t->opt.ike.name, name))
		t = t->next;
	return t;
}

struct tunnel_entry *tunnels_find_device(const struct tunnels *list, uint32_t device)
{
	struct tunnel_entry *t = list->first;

	while (t && (!device || t->device != device))
		t = t->next;
	return t;
}

unsigned int tunnels_count(const struct tunnels *list)
{
	unsigned int count = 0;

	for (const struct tunnel_entry *t = list->first; t; t = t->next)
		count++;
	return count;
}

/* Made anew when one is needed. */
static void tunnels_forget_trust(struct tunnel_entry *t)
{
	trust_free(t->trust);
	trust_free(t->second_trust);
	t->trust = t->second_trust = NULL;
}

static void tunnels_entry_free(struct tunnel_entry *t)
{
	device_free(t->dev);
	totals_free(t->totals);
	tunnels_forget_trust(t);
	chunk_list_put(t->named);
	tunnel_options_clear(&t->opt);
	free(t);
}

static struct tunnel_entry *tunnels_entry_new(struct devices *devices,
					      struct tunnel_options *opt)
{
	struct tunnel_entry *t = calloc(1, sizeof(*t));
	char why[IKE_WHY_MAX] = "";

	if (!t)
		return NULL;
	t->opt = *opt;
	memset(opt, 0, sizeof(*opt));
	t->totals = totals_new();
	t->dev = t->totals ? device_new(devices, &t->opt, why) : NULL;
	if (!t->dev) {
		tunnels_entry_free(t);
		return NULL;
	}
	if (why[0])
		log_err("tunnel %s: %s", t->opt.ike.name, why);
	return t;
}

struct tunnel_entry *tunnels_add(struct tunnels *list, struct ike *ike, struct devices *devices,
				 struct tunnel_options *opt)
{
	struct tunnel_entry *t, **tail = &list->first;
	char name[TUNNEL_NAME_MAX];
	int rc;

	memcpy(name, opt->ike.name, sizeof(name));
	t = tunnels_entry_new(devices, opt);
	if (!t) {
		log_err("tunnel %s: no memory", name);
		return NULL;
	}
	while (*tail)
		tail = &(*tail)->next;
	*tail = t;
	rc = ike_tunnel_add(ike, &t->opt.ike, &t->id);
	if (!rc)
		return t;
	log_err("tunnel %s: %s", name, strerror(-rc));
	*tail = NULL;
	tunnels_entry_free(t);
	return NULL;
}

static void tunnels_swap(struct tunnel_options *a, struct tunnel_options *b)
{
	static struct tunnel_options met;

	met = *a;
	*a = *b;
	*b = met;
	mem_wipe(&met, sizeof(met));
}

/* Where the peers of a tunnel are, as far as that is known. False: no memory. */
static bool tunnels_peers(const struct ike *ike, uint32_t tunnel, struct addr **list,
			  unsigned int *count)
{
	struct ike_peer_status st;
	unsigned int room = 0;
	uint32_t peer = 0;

	while ((peer = ike_peer_next(ike, tunnel, peer)))
		room++;
	*list = calloc(room + 1, sizeof(**list));
	*count = 0;
	while (*list && (peer = ike_peer_next(ike, tunnel, peer))) {
		if (ike_peer_status(ike, peer, &st) && st.remote.addr.family)
			(*list)[(*count)++] = st.remote.addr;
	}
	return *list;
}

/* What the host has of it is again as its options say. */
static void tunnels_undo(struct tunnel_entry *t, const struct addr *peers, unsigned int count)
{
	char why[IKE_WHY_MAX];

	if (!device_changed(t->dev, peers, count, why))
		log_err("tunnel %s: no memory: routes that block are those of the configuration "
			"that is not in use; reload again once there is some", t->opt.ike.name);
	else if (why[0])
		log_err("tunnel %s: %s", t->opt.ike.name, why);
}

/* Routes of children that are new block before these are there, and of others until they go. */
bool tunnels_change(struct ike *ike, struct tunnel_entry *t, struct tunnel_options *opt,
		    const struct options_change *change)
{
	char why[IKE_WHY_MAX] = "";
	struct addr *peers;
	unsigned int count;
	int rc = -ENOMEM;
	bool laid;

	if (!tunnels_peers(ike, t->id, &peers, &count)) {
		log_err("tunnel %s stays as it was: no memory", t->opt.ike.name);
		return false;
	}
	tunnels_swap(&t->opt, opt);
	laid = device_changed(t->dev, peers, count, why);
	if (laid)
		rc = ike_tunnel_change(ike, t->id, &t->opt.ike, change->child);
	if (rc) {
		log_err("tunnel %s stays as it was: %s", t->opt.ike.name, strerror(-rc));
		tunnels_swap(&t->opt, opt);
		if (laid)
			tunnels_undo(t, peers, count);
		free(peers);
		return false;
	}
	free(peers);
	if (why[0])
		log_err("tunnel %s: %s", t->opt.ike.name, why);
	tunnels_forget_trust(t);
	if (t->opt.keepalive_s != opt->keepalive_s)
		t->keepalive_ms = 0;	/* the next one is due */
	tunnel_options_clear(opt);
	opt->ike.name[0] = '\0';
	return true;
}

void tunnels_set_crl(struct tunnel_entry *t, struct chunk_list *crl)
{
	tunnels_forget_trust(t);
	chunk_list_put(t->opt.crl);
	t->opt.crl = crl;
}

void tunnels_del(struct tunnels *list, struct ike *ike, struct tunnel_entry *t)
{
	struct tunnel_entry **at = &list->first;

	ike_tunnel_del(ike, t->id);
	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	tunnels_entry_free(t);
}
