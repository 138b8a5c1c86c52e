// SPDX-License-Identifier: GPL-2.0
/* The addresses and routes of a tunnel's interface. */
#include "esplaned/conn.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "esplaned/route.h"
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

/* Selectors that differ only in protocol and port need one route. */
static bool is_repeat(const struct conn *t, unsigned int index)
{
	for (unsigned int i = 0; i < index; i++) {
		if (addr_equal(&t->remote_ts[i].start, &t->remote_ts[index].start) &&
		    addr_equal(&t->remote_ts[i].end, &t->remote_ts[index].end))
			return true;
	}
	return false;
}

static int pin(struct conn *t, char why[256])
{
	int rc = 0;

	for (unsigned int i = 0; i < t->remote_ts_count && !t->pinned && !rc; i++) {
		if (!ts_contains_addr(&t->remote_ts[i], &t->remote.addr))
			continue;
		rc = route_pin(t->d->route, &t->remote.addr, t->ifindex, why);
		t->pin = t->remote.addr;
		t->pinned = !rc;
	}
	return rc;
}

int conn_repin(struct conn *t, const struct addr *peer, char why[256])
{
	int rc;

	if (!t->pinned || addr_equal(&t->pin, peer))
		return 0;
	rc = route_pin(t->d->route, peer, t->ifindex, why);
	if (rc)
		return rc;
	route_unpin(t->d->route, &t->pin);
	t->pin = *peer;
	return 0;
}

static int family_plumb(struct conn *t, uint8_t family, char note[512], char why[256])
{
	struct addr source;
	int rc;

	if (!has_family(t->remote_ts, t->remote_ts_count, family))
		return 0;
	rc = source_choose(t, family, &source, why);
	for (unsigned int i = 0; i < t->remote_ts_count && !rc; i++) {
		if (t->remote_ts[i].start.family == family && !is_repeat(t, i))
			rc = route_add(t->d->route, t->ifindex, &t->remote_ts[i], &source,
				       t->opt.metric, why);
	}
	if (!rc && !source.family && has_family(t->local_ts, t->local_ts_count, family))
		snprintf(note, 512,
			 "this host has no address inside local-ts: the networks behind it can "
			 "use the tunnel, it cannot itself; to give it one, add address = "
			 "\"...\" to tunnel \"%s\"",
			 t->opt.ike.name);
	return rc;
}

int conn_plumb(struct conn *t, char note[512], char why[256])
{
	int rc;

	note[0] = '\0';
	why[0] = '\0';
	if (t->routed)		/* kept while the tunnel was to come back */
		return 0;
	rc = route_link_up(t->d->route, t->ifindex, why);
	if (!rc)
		rc = pin(t, why);
	if (!rc)
		rc = family_plumb(t, AF_INET, note, why);
	if (!rc)
		rc = family_plumb(t, AF_INET6, note, why);
	t->routed = !rc;
	return rc;
}

void conn_unplumb(struct conn *t)
{
	char why[256];
	int ifindex = t->ifindex;

	t->ifindex = 0;		/* before the kernel tells us that it is gone */
	t->routed = false;
	if (ifindex && route_link_del(t->d->route, ifindex, why))
		log_warn("%s: interface %s cannot be removed: %s", t->opt.ike.name,
			 t->opt.interface, why);
	if (t->pinned)
		route_unpin(t->d->route, &t->pin);
	t->pinned = false;
}
