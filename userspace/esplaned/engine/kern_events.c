// SPDX-License-Identifier: GPL-2.0
#include "esplaned/engine/kern_events.h"

#include <errno.h>
#include <linux/esplane.h>
#include <stdio.h>

#include "esplaned/engine/engine.h"
#include "esplaned/host/device.h"
#include "esplaned/nl/kern.h"
#include "lib/log.h"

/* An event of our own doing, or of a policy that we have made anew since, says nothing. */
static bool kern_events_policy_is_gone(struct daemon *d, const struct kern_event *kev)
{
	char why[KERN_WHY_MAX];

	return kern_policy_get(d->kern, kev->device, kev->policy, why) == -ENOENT;
}

static void kern_events_each_child(struct daemon *d, const struct tunnel_entry *t,
				   void (*fn)(struct daemon *d, uint32_t device, uint32_t child))
{
	uint32_t peer = 0, child;

	while ((peer = ike_peer_next(d->ike, t->id, peer))) {
		child = 0;
		while ((child = ike_child_next(d->ike, peer, child)))
			fn(d, t->device, child);
	}
}

static void kern_events_child_gone(struct daemon *d, uint32_t device, uint32_t child)
{
	const struct ike_kern_event ev = { .type = IKE_KERN_GONE, .policy = child };

	ike_kern_event(d->ike, &ev);
}

static void kern_events_device_gone(struct daemon *d, struct tunnel_entry *t)
{
	log_notice("%s: interface %s was removed by another program", t->opt.ike.name,
		   t->opt.interface);
	device_gone(t->dev);
	t->device = 0;
	kern_events_each_child(d, t, kern_events_child_gone);
}

/* Of another program's device with policies of its own numbers we hear too: not ours. */
static void kern_events_take(void *ctx, const struct kern_event *kev)
{
	struct ike_kern_event ev = {
		.policy = kev->policy,
		.spi = kev->spi,
		.hard = kev->hard,
		.out = kev->out,
		.peer = kev->peer,
		.local_ts = kev->local_ts,
		.remote_ts = kev->remote_ts,
	};
	struct daemon *d = ctx;
	struct tunnel_entry *t = tunnels_find_device(&d->tunnels, kev->device);

	if (kev->cmd == ESPLANE_CMD_INVALID_SPI) {
		ev.type = IKE_KERN_STRAY;
		ike_kern_event(d->ike, &ev);
		return;
	}
	if (!t)
		return;
	switch (kev->cmd) {
	case ESPLANE_CMD_EXPIRE:
		ev.type = IKE_KERN_EXPIRE;
		break;
	case ESPLANE_CMD_ACQUIRE:
		ev.type = IKE_KERN_ACQUIRE;
		break;
	case ESPLANE_CMD_MAPPING:
		ev.type = IKE_KERN_MAPPING;
		break;
	case ESPLANE_CMD_POLICY_GONE:
		if (!kern_events_policy_is_gone(d, kev))
			return;
		ev.type = IKE_KERN_GONE;
		break;
	case ESPLANE_CMD_DEVICE_GONE:
		kern_events_device_gone(d, t);
		return;
	default:
		return;
	}
	ike_kern_event(d->ike, &ev);
}

static void kern_events_look(struct daemon *d, uint32_t device, uint32_t child)
{
	struct kern_event gone = {
		.cmd = ESPLANE_CMD_POLICY_GONE, .device = device, .policy = child
	};
	struct ike_child_status st;

	if (ike_child_status(d->ike, child, &st) && (st.state == CHILD_UP || st.waits))
		kern_events_take(d, &gone);
}

static void kern_events_lost(struct daemon *d)
{
	char why[KERN_WHY_MAX];

	log_warn("the kernel's events came too fast, some are lost: looking at its state instead");
	for (struct tunnel_entry *t = d->tunnels.first; t; t = t->next) {
		if (!t->device)
			continue;
		if (kern_device_get(d->kern, t->device, why) == -ENODEV)
			kern_events_device_gone(d, t);
		else
			kern_events_each_child(d, t, kern_events_look);
	}
}

static void kern_events_on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;

	if (!kern_event_read(d->kern, kern_events_take, d))
		kern_events_lost(d);
	engine_settled(d);
}

int kern_events_open(struct daemon *d, char why[IKE_WHY_MAX])
{
	kern_events_close(d);
	d->kern_readable = event_new(d->base, kern_event_fd(d->kern), EV_READ | EV_PERSIST,
				     kern_events_on_readable, d);
	if (d->kern_readable && !event_add(d->kern_readable, NULL))
		return 0;
	snprintf(why, IKE_WHY_MAX, "no memory");
	return -ENOMEM;
}

void kern_events_close(struct daemon *d)
{
	if (d->kern_readable)
		event_free(d->kern_readable);
	d->kern_readable = NULL;
}
