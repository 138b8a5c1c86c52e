// SPDX-License-Identifier: GPL-2.0
/* The addresses and routes of a tunnel's interface. */
#include "esplaned/conn.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "esplaned/nl/route.h"
#include "lib/log.h"

static bool has_family(const struct ts *list, unsigned int count, uint8_t family)
{
	for (unsigned int i = 0; i < count; i++) {
		if (list[i].start.family == family)
			return true;
	}
	return false;
}

/* Where @addr is already on the interface, all is well. */
static int assign(struct conn *t, const struct addr *addr, unsigned int bits, char why[256])
{
	int rc = route_addr_add(t->d->route, t->ifindex, addr, bits, why);

	return rc == -EEXIST ? 0 : rc;
}

/*
 * The address that this host uses inside the tunnel: the configured one; else one that the host has
 * in local-ts; else, where a local-ts is a single host, that one. Family 0: none.
 */
static int source_choose(struct conn *t, uint8_t family, struct addr *source, char why[256])
{
	const struct tunnel_options *o = &t->opt;

	memset(source, 0, sizeof(*source));
	if (o->address.family == family) {
		*source = o->address;
		return assign(t, source, o->address_bits, why);
	}
	for (unsigned int i = 0; i < t->local_ts_count; i++) {
		if (t->local_ts[i].start.family == family &&
		    route_addr_inside(t->d->route, &t->local_ts[i], t->ifindex, source))
			return 0;
	}
	for (unsigned int i = 0; i < t->local_ts_count; i++) {
		if (t->local_ts[i].start.family != family ||
		    !addr_equal(&t->local_ts[i].start, &t->local_ts[i].end))
			continue;
		*source = t->local_ts[i].start;
		return assign(t, source, (unsigned int)addr_len(source) * 8, why);
	}
	return 0;
}

/* @peer is to be reached beside the tunnel. */
static int pin(struct conn *t, const struct addr *peer, char why[256])
{
	int rc;

	if (t->pinned && addr_equal(&t->pin, peer))
		return 0;
	rc = route_pin(t->d->route, peer, t->ifindex, why);
	if (rc)
		return rc;
	if (t->pinned)
		route_unpin(t->d->route, &t->pin);
	t->pin = *peer;
	t->pinned = true;
	return 0;
}

int conn_repin(struct conn *t, const struct addr *peer, char why[256])
{
	return t->pinned || routes_contain(&t->routes, peer) ? pin(t, peer, why) : 0;
}

static int family_plumb(struct conn *t, uint8_t family, char note[512], char why[256])
{
	struct addr source;
	int rc;

	if (!has_family(t->remote_ts, t->remote_ts_count, family))
		return 0;
	rc = source_choose(t, family, &source, why);
	for (unsigned int i = 0; i < t->remote_ts_count && !rc; i++) {
		if (t->remote_ts[i].start.family == family)
			rc = route_add(t->d->route, &t->routes, &t->remote_ts[i], &source, why);
	}
	if (!rc && !source.family && has_family(t->local_ts, t->local_ts_count, family))
		snprintf(note, 512,
			 "this host has no address inside local-ts: the networks behind it can "
			 "use the tunnel, it cannot itself; to give it one, add address = "
			 "\"...\" to tunnel \"%s\"",
			 t->opt.ike.name);
	return rc;
}

/*
 * Each time it comes up the peer may agree on other selectors, and a second IKE SA replaces the
 * first one without a DOWN between them. So routes are added, and none is removed while there is
 * the interface: where no selector is any more, the kernel drops what the route brings.
 */
int conn_plumb(struct conn *t, char note[512], char why[256])
{
	int rc;

	note[0] = '\0';
	why[0] = '\0';
	t->routes.ifindex = t->ifindex;
	t->routes.metric = t->opt.metric;
	rc = route_link_up(t->d->route, t->ifindex, why);
	if (!rc)
		rc = ts_list_contains_addr(t->remote_ts, t->remote_ts_count, &t->remote.addr) ?
			     pin(t, &t->remote.addr, why) :
			     conn_repin(t, &t->remote.addr, why);
	if (!rc)
		rc = family_plumb(t, AF_INET, note, why);
	if (!rc)
		rc = family_plumb(t, AF_INET6, note, why);
	if (!rc)
		t->routed = true;
	return rc;
}

void conn_unplumb(struct conn *t)
{
	char why[256];
	int ifindex = t->ifindex;

	t->ifindex = 0;		/* before the kernel tells us that it is gone */
	t->routed = false;
	routes_forget(&t->routes);
	if (ifindex && route_link_del(t->d->route, ifindex, why))
		log_warn("%s: interface %s cannot be removed: %s", t->opt.ike.name,
			 t->opt.interface, why);
	if (t->pinned)
		route_unpin(t->d->route, &t->pin);
	t->pinned = false;
}
