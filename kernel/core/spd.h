/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What can be done to a device's policies and their SAs. All of it in process
 * context under dev->lock, and no packet waits for it.
 */
#ifndef _ESPL_SPD_H
#define _ESPL_SPD_H

#include <linux/atomic.h>
#include <linux/types.h>

struct espl_device;
struct espl_endpoint;
struct espl_policy;
struct espl_sa;
struct espl_spi;
struct espl_ts_set;

extern atomic_t espl_generation;	/* moves with each change of any device, for dumps */

/* Borrowed; NULL: no such policy. */
struct espl_policy *espl_spd_find(struct espl_device *dev, u32 id);

/*
 * Makes and publishes a policy, or changes one. Both take @ep and @ts, also
 * when they fail; in a change either may be NULL: kept.
 */
int espl_spd_add(struct espl_device *dev, u32 id, struct espl_endpoint *ep,
		 struct espl_ts_set *ts);
int espl_spd_change(struct espl_policy *policy, struct espl_endpoint *ep,
		    struct espl_ts_set *ts);

/*
 * Publishes SAs, either may be NULL; takes them. @spi is the reservation of
 * @in. Frees the outbound SA that @out replaces. -ENOMEM and the like: nothing
 * has changed, and both are the caller's to kill.
 */
int espl_spd_install(struct espl_policy *policy, struct espl_spi *spi, struct espl_sa *in,
		     struct espl_sa *out);
/* An SA out of its policy, and inbound ones out of the table; then it is killed. */
void espl_spd_drop_sa(struct espl_policy *policy, struct espl_sa *sa);

/* With its SAs. */
void espl_spd_remove(struct espl_policy *policy);
/* Every policy and reservation of the device. */
void espl_spd_flush(struct espl_device *dev);
/* Ends every wait of the device's policies without an answer. */
void espl_spd_drop_waiting(struct espl_device *dev);

#endif
