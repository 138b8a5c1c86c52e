/* SPDX-License-Identifier: GPL-2.0 */
/* The children of a tunnel that its interface carries: which addresses and routes each needs. */
#ifndef ESPLANED_CARRY_H
#define ESPLANED_CARRY_H

#include "esplaned/conf/config.h"
#include "esplaned/host/laid.h"
#include "ike/core/env.h"

struct carry_child;

struct carry {
	struct laid laid;		/* laid.ifindex is set by the owner */
	const struct tunnel_options *opt;
	struct carry_child *children;	/* by id, in the order in which they came */
	struct carry_child *last;	/* of them; NULL: there is none */
};

void carry_init(struct carry *carry, struct nl_sock *sk, struct aside *aside, struct blocks *blocks,
		const struct tunnel_options *opt);
/*
 * The routes that a child needs: plain ones, but with others = pass. Rules for a table of the
 * administrator's are his.
 */
int carry_routes(const struct tunnel_options *opt, const struct pick_child *conf,
		 const struct pick_child *agreed, struct pick_routes *routes,
		 char why[IKE_WHY_MAX]);
/* env.child_up, child_down. An error leaves what the child had before. */
int carry_add(struct carry *carry, const struct ike_child_link *link, char note[IKE_WHY_MAX],
	      char why[IKE_WHY_MAX]);
void carry_del(struct carry *carry, uint32_t child);
/* Does it carry a child that is up, and not only such as wait for packets? */
bool carry_is_up(const struct carry *carry);
/* What this host uses inside the tunnel for a child, IPv4 before IPv6. Family 0: nothing. */
struct addr carry_source(const struct carry *carry, uint32_t child);
/* Lays again what the kernel has dropped, with another source where the first is gone. */
void carry_mend(struct carry *carry);
/* All went with the interface. */
void carry_forget(struct carry *carry);

#endif
