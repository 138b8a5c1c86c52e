/* SPDX-License-Identifier: GPL-2.0 */
/* Both ends of the outer network, and how ESP travels between them. */
#ifndef _ESPL_ENDPOINT_H
#define _ESPL_ENDPOINT_H

#include <linux/rcupdate.h>
#include <linux/types.h>
#include <net/dst_cache.h>

#include <linux/esplane.h>

#include "outer.h"

/* Where the peer is. Constant but for its route; replaced as a whole, freed by RCU. */
struct espl_endpoint {
	struct dst_cache route;
	struct espl_outer local;	/* both of one family; ports with UDP only */
	struct espl_outer remote;
	u32 mark;			/* of the outer packets, also for their route; 0: none */
	u8 encap;			/* enum esplane_encap */
	u8 mode;			/* enum esplane_mode */
	struct rcu_head rcu;
};

/* Process context. All zero but for the route; NULL: no memory. */
struct espl_endpoint *espl_endpoint_alloc(void);
/* After a grace period; NULL is fine. */
void espl_endpoint_free(struct espl_endpoint *ep);

#endif
