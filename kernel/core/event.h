/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events for the daemon, raised in any context. A raise sets a bit in the
 * object; a worker sends it, and tries again when memory is short, so a bit
 * stands for "at least once since the last message".
 */
#ifndef _ESPL_EVENT_H
#define _ESPL_EVENT_H

#include <linux/list.h>
#include <linux/types.h>

#include <linux/esplane.h>

#include "outer.h"

enum espl_event_owner {
	ESPL_EVENT_SA,
	ESPL_EVENT_POLICY,
	ESPL_EVENT_DEVICE,
};

/* Bits of an SA: one for each limit, soft and hard. The other owners have one kind each. */
#define ESPL_EVENT_EXPIRE(limit, hard)	((limit) << 1 | (hard))
#define ESPL_EVENT_MAPPING		(ESPL_EVENT_EXPIRE(ESPLANE_LIMIT_SEQUENCE, 1) + 1)
#define ESPL_EVENT_ACQUIRE		0
#define ESPL_EVENT_GONE			1

struct espl_event;

/* Of the kind of object that an event is embedded in. */
struct espl_event_ops {
	enum espl_event_owner owner;
	/* Takes a reference, IRQs off. False: the object is on its way out, there is no news. */
	bool (*tryget)(struct espl_event *ev);
	void (*put)(struct espl_event *ev);
};

/* Embedded. While it is queued, it holds one reference to its owner. */
struct espl_event {
	struct list_head node;
	unsigned long bits;		/* both under the queue's lock */
	const struct espl_event_ops *ops;
};

static inline void espl_event_prepare(struct espl_event *ev, const struct espl_event_ops *ops)
{
	INIT_LIST_HEAD(&ev->node);
	ev->bits = 0;
	ev->ops = ops;
}

/*
 * The caller's own reference keeps the object alive during the call, and the
 * object has not been unlinked for longer than this RCU section.
 */
void espl_event_raise(struct espl_event *ev, unsigned int bit);

enum { ESPL_BAD_SPIS = 8 };		/* INVALID_SPI events that can wait */

struct espl_bad_spi {
	__be32 spi;
	struct espl_outer from;
};

/* Those of a namespace, embedded; under the queue's lock. */
struct espl_bad_spis {
	struct list_head node;
	struct espl_bad_spi wait[ESPL_BAD_SPIS];
	unsigned int count;
	unsigned int burst;		/* accepted since @since, in jiffies */
	unsigned long since;
};

void espl_event_bad_init(struct espl_bad_spis *bad);
/* Before the grace period that ends its namespace: none is accepted any more. */
void espl_event_bad_leave(struct espl_bad_spis *bad);
/* Under RCU. Unauthenticated: a few in a burst, the rest are forgotten. */
void espl_event_bad_spi(struct espl_bad_spis *bad, __be32 spi, const struct espl_outer *from);

/* Who tells userspace, from the worker: ctl/notify.c. */
struct espl_event_sink {
	/* One bit of an event, with a reference to its owner. -ENOMEM: it is tried again. */
	int (*send)(struct espl_event *ev, unsigned int bit);
	/* Under RCU. What is not sent is lost. */
	void (*bad_spi)(const struct espl_bad_spis *bad, const struct espl_bad_spi *one);
};

/* Before anything can be raised. */
void espl_event_init(const struct espl_event_sink *sink);
/* After the last object is gone: sends what is left. */
void espl_event_exit(void);

#endif
