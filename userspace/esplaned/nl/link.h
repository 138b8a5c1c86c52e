/* SPDX-License-Identifier: GPL-2.0 */
/* Interfaces of kind esplane, and who made them. Ours have an alias: "esplaned: office". */
#ifndef ESPLANED_LINK_H
#define ESPLANED_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include "esplaned/nl/nltalk.h"

#define LINK_TUNNEL_MAX	64	/* octets of a tunnel's name, NUL included */

/*
 * Makes an interface that is down, for @tunnel. @mtu 0: the kernel's choice. Another's interface of
 * that name is never touched. 0 or a negative errno with a sentence in @why.
 */
int link_add(struct nl_sock *sk, const char *name, const char *tunnel, uint32_t mtu, int *ifindex,
	     char why[NLTALK_WHY_MAX]);
int link_up(struct nl_sock *sk, int ifindex, char why[NLTALK_WHY_MAX]);
/* With its addresses and routes. */
int link_del(struct nl_sock *sk, int ifindex, char why[NLTALK_WHY_MAX]);
/* Hands each interface with our mark to @fn, which may delete it. */
int link_dump(struct nl_sock *sk, void (*fn)(void *ctx, int ifindex, const char *tunnel), void *ctx,
	      char why[NLTALK_WHY_MAX]);

/* Any interface, as it is now. */
struct link_state {
	char name[IFNAMSIZ];
	bool up;			/* administratively */
	uint32_t mtu;
};

/* 0, or a negative errno with a sentence in @why. */
int link_get(struct nl_sock *sk, int ifindex, struct link_state *state, char why[NLTALK_WHY_MAX]);

#endif
