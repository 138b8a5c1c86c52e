/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a script is told about a child that has come up or gone down. The process that speaks IKE
 * writes them, the one with the secrets reads them and believes nothing: every octet may be a
 * stranger's.
 */
#ifndef ESPLANED_FACTS_H
#define ESPLANED_FACTS_H

#include "ike/core/conf.h"
#include "lib/cursor.h"

struct tunnel_options;

#define FACTS_PEER_MAX	512

struct facts {
	char child[TUNNEL_NAME_MAX];
	char peer[FACTS_PEER_MAX];	/* the peer's identity as a text; "": not known */
	struct addr local, remote;	/* the outer addresses; family 0: not known */
	struct internal_net net;	/* what the peer has given: name servers and domains */
	struct addr address;		/* this host's inside the tunnel; family 0: none */
	/* As negotiated; NULL: not known. facts_unpack makes lists of its own, a reference each. */
	const struct ts_list *local_ts, *remote_ts;
};

#define FACTS_ENV_COUNT	13		/* lines of the environment */
#define FACTS_ENV_LINE	8192		/* octets of one, NUL included */

void facts_pack(struct writer *w, const struct facts *facts);
/* False: not sound. facts_clear gives up what was made in either case. */
bool facts_unpack(struct cursor *c, struct facts *facts);
void facts_clear(struct facts *facts);
/*
 * Line @index of a script's environment, "ESPLANE_CHILD=voice". What the configuration says of the
 * tunnel is @t's. NULL: @facts has no such child of @t, or @index is beyond the last.
 */
const char *facts_line(const struct tunnel_options *t, const struct facts *facts, bool up,
		       unsigned int index, char line[FACTS_ENV_LINE]);

#endif
