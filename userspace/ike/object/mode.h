/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Transport mode, RFC 7296 1.3.1: a child carries what goes between the two ends of its IKE SA and
 * nobody else, so that its selectors are cut to their addresses. Behind NAT an end calls itself
 * what the other does not, and the addresses in its selectors are taken for those of the IKE SA,
 * RFC 7296 2.23.1.
 */
#ifndef IKE_MODE_H
#define IKE_MODE_H

#include "lib/addr.h"

struct cause;
struct child;
struct ike_sa;
struct peer;
struct ts_list;
struct ts_pair;

/*
 * Cuts the selectors of a child in transport mode, as configured, to the addresses of the IKE SA;
 * of another child nothing. False: they leave nothing, or no memory, and nothing has changed:
 * @cause.
 */
bool mode_cut(struct child *child, const struct ike_sa *sa, struct cause *cause);
/* Of all the peer's children, where something is left. */
void mode_cut_all(struct peer *peer, const struct ike_sa *sa);

/* What the peer called the two ends of a child; family 0: what they are here. */
struct mode_names {
	struct addr local, remote;
};

/*
 * Selectors of the peer's in transport mode, and what it called their ends. False: no memory; @ts
 * is still the caller's.
 */
bool mode_see(const struct ike_sa *sa, struct ts_pair *ts, struct mode_names *names);
/* Of @list, for the peer: with @name, or as it is. NULL: no memory. */
struct ts_list *mode_named(struct ts_list *list, const struct addr *name);

#endif
