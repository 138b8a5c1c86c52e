// SPDX-License-Identifier: GPL-2.0
#include "esplaned/engine/hooks.h"

#include <stdio.h>
#include <stdlib.h>

#include "esplaned/control/publish.h"
#include "esplaned/host/device.h"
#include "esplaned/keys/keys.h"
#include "lib/log.h"

/* A child that is up, of a tunnel that has a script. */
struct hook {
	struct hook *next;
	uint32_t tunnel, peer, child, secret;
	bool up_due, down_due;
	struct facts facts;
	struct ts_list *local_ts, *remote_ts;	/* those of facts, a reference each */
};

static struct hook *hooks_find(const struct daemon *d, uint32_t child)
{
	struct hook *h = d->hooks;

	while (h && (h->child != child || h->down_due))
		h = h->next;
	return h;
}

static struct hook *hooks_make(struct daemon *d, uint32_t child)
{
	struct hook *h = hooks_find(d, child), **tail = &d->hooks;

	if (h)
		return h;
	h = calloc(1, sizeof(*h));
	while (h && *tail)
		tail = &(*tail)->next;
	if (h)
		*tail = h;
	return h;
}

static void hooks_drop(struct daemon *d, struct hook *h)
{
	struct hook **at = &d->hooks;

	while (*at != h)
		at = &(*at)->next;
	*at = h->next;
	ts_list_put(h->local_ts);
	ts_list_put(h->remote_ts);
	free(h);
}

void hooks_child_up(struct daemon *d, const struct ike_child_link *link)
{
	const struct tunnel_entry *t = tunnels_find(&d->tunnels, link->tunnel);
	struct hook *h;

	if (!t || (!t->opt.up_script[0] && !t->opt.down_script[0]))
		return;
	h = hooks_make(d, link->child);
	if (!h) {
		log_err("%s: no memory for its scripts", t->opt.ike.name);
		return;
	}
	ts_list_put(h->local_ts);
	ts_list_put(h->remote_ts);
	h->local_ts = ts_list_get((struct ts_list *)link->local_ts);
	h->remote_ts = ts_list_get((struct ts_list *)link->remote_ts);
	h->tunnel = link->tunnel;
	h->peer = link->peer;
	h->child = link->child;
	h->secret = t->opt.secret;
	h->up_due = true;
	h->facts = (struct facts){
		.local = link->local.addr,
		.remote = link->remote.addr,
		.address = device_source(t->dev, link->child),
		.local_ts = h->local_ts,
		.remote_ts = h->remote_ts,
	};
	if (link->given)
		h->facts.net = link->given->net;
	snprintf(h->facts.child, sizeof(h->facts.child), "%s", link->conf->name);
}

void hooks_child_down(struct daemon *d, const struct ike_child_link *link)
{
	struct hook *h = hooks_find(d, link->child);

	if (h)
		h->down_due = true;
}

static void hooks_begin(struct daemon *d, const struct hook *h, bool up)
{
	const struct tunnel_entry *t = tunnels_find(&d->tunnels, h->tunnel);

	if (!keys_hook(d->keys, h->tunnel, h->secret, up, &h->facts) && t)
		log_err("%s: cannot run its %s now", t->opt.ike.name,
			up ? "up-script" : "down-script");
}

void hooks_flush(struct daemon *d)
{
	struct ike_peer_status st;
	struct hook *h, *next;

	for (h = d->hooks; h; h = next) {
		next = h->next;
		if (h->up_due && !h->down_due) {
			if (ike_peer_status(d->ike, h->peer, &st))
				snprintf(h->facts.peer, sizeof(h->facts.peer), "%s", st.remote_id);
			hooks_begin(d, h, true);
			h->up_due = false;
		}
		if (!h->down_due)
			continue;
		if (!h->up_due)		/* else nobody has heard of it */
			hooks_begin(d, h, false);
		hooks_drop(d, h);
	}
}

void hooks_done(void *ctx, uint32_t id, const char *why)
{
	struct daemon *d = ctx;
	const struct tunnel_entry *t = tunnels_find(&d->tunnels, id);

	if (why[0] && t)
		publish_note(d, t, 0, why);
	else if (why[0])
		log_notice("%s", why);
}

void hooks_free(struct daemon *d)
{
	while (d->hooks)
		hooks_drop(d, d->hooks);
}
