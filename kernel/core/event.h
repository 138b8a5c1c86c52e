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

struct espl_bad_spi;
struct espl_device;
struct espl_net;
struct espl_policy;
struct espl_sa;

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

/* Embedded. While it is queued, it holds one reference to its owner. */
struct espl_event {
	struct list_head node;
	unsigned long bits;		/* both under the queue's lock */
	u8 owner;
};

static inline void espl_event_prepare(struct espl_event *ev, enum espl_event_owner owner)
{
	INIT_LIST_HEAD(&ev->node);
	ev->bits = 0;
	ev->owner = owner;
}

/*
 * The caller's own reference keeps the object alive during the call, and the
 * object has not been unlinked for longer than this RCU section.
 */
void espl_event_expire(struct espl_sa *sa, enum esplane_limit limit, bool hard);
void espl_event_mapping(struct espl_sa *sa);
void espl_event_acquire(struct espl_policy *policy);
void espl_event_policy_gone(struct espl_policy *policy);
void espl_event_device_gone(struct espl_device *dev);

/* Under RCU. Unauthenticated: a few in a burst, the rest are forgotten. port 0: raw ESP. */
void espl_event_invalid_spi(struct espl_net *en, __be32 spi, __be32 addr, __be16 port);

void espl_event_net_init(struct espl_net *en);
/* Before the grace period that ends the namespace. */
void espl_event_net_leave(struct espl_net *en);

/* Who tells userspace, from the worker: ctl/notify.c. */
struct espl_event_sink {
	/* One bit of an event, with a reference to its owner. -ENOMEM: it is tried again. */
	int (*send)(struct espl_event *ev, unsigned int bit);
	/* Under RCU. What is not sent is lost. */
	void (*bad_spi)(const struct espl_net *en, const struct espl_bad_spi *bad);
};

/* Before anything can be raised. */
void espl_event_init(const struct espl_event_sink *sink);
/* After the last object is gone: sends what is left. */
void espl_event_exit(void);

#endif
