/* SPDX-License-Identifier: GPL-2.0 */
/* Addresses of the host's interfaces, through rtnetlink. */
#ifndef ESPLANED_ADDRESS_H
#define ESPLANED_ADDRESS_H

#include "esplaned/nl/nltalk.h"
#include "lib/prefix.h"

/* Adds @addr with its network's bits, without a route to that network. -EEXIST: it is there. */
int address_add(struct nl_sock *sk, int ifindex, const struct prefix *addr,
		char why[NLTALK_WHY_MAX]);
int address_del(struct nl_sock *sk, int ifindex, const struct prefix *addr,
		char why[NLTALK_WHY_MAX]);
/* Has another interface than @ifindex an address inside @ts that packets may be sent from? */
bool address_inside(struct nl_sock *sk, const struct ts *ts, int ifindex, struct addr *found);

#endif
