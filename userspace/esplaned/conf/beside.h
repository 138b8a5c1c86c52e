/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which of the tunnels that were read can contradict the next one: those with a name, an interface,
 * a peer or a route in common. So each is compared with few, however many there are.
 */
#ifndef ESPLANED_BESIDE_H
#define ESPLANED_BESIDE_H

#include "esplaned/conf/config.h"
#include "esplaned/conf/value.h"

struct beside_row;

/* Zero is empty. */
struct beside {
	struct beside_row *rows;	/* by what they have (uthash) */
};

/*
 * Can @t be in @config beside those that were added? False: @why begins after the tunnel's name.
 */
bool beside_check(const struct beside *beside, const struct config *config,
		  const struct tunnel_options *t, char why[VALUE_WHY_MAX]);
/* The tunnel of this index in the configuration is one of them from now on. False: no memory. */
bool beside_add(struct beside *beside, const struct tunnel_options *t, size_t index);
void beside_clear(struct beside *beside);

#endif
