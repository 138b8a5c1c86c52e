// SPDX-License-Identifier: GPL-2.0
#include "esplaned/conf/check.h"

#include <stdio.h>
#include <string.h>

#include "esplaned/conf/option.h"
#include "ike/core/engine.h"
#include "lib/pick.h"

#define CHECK_IPV6_MTU	1280	/* RFC 8200 5 */
#define CHECK_OTHER	2560	/* octets of a message beside selectors and certificates */

static bool check_families_meet(const struct child_conf *c)
{
	for (unsigned int i = 0; i < c->local_ts->count; i++) {
		for (unsigned int j = 0; j < c->remote_ts->count; j++) {
			if (c->local_ts->ts[i].start.family == c->remote_ts->ts[j].start.family)
				return true;
		}
	}
	return false;
}

static bool check_has_ipv6(const struct child_conf *c)
{
	for (unsigned int i = 0; i < c->remote_ts->count; i++) {
		if (c->remote_ts->ts[i].start.family == AF_INET6)
			return true;
	}
	return false;
}

/* The same selectors in two children: which of them has a packet? */
static bool check_children(const struct child_conf *a, const struct child_conf *b,
			   char why[VALUE_WHY_MAX])
{
	for (unsigned int i = 0; i < a->remote_ts->count * b->remote_ts->count; i++) {
		const struct ts *r = &a->remote_ts->ts[i / b->remote_ts->count];

		if (!ts_equal(r, &b->remote_ts->ts[i % b->remote_ts->count]))
			continue;
		for (unsigned int j = 0; j < a->local_ts->count * b->local_ts->count; j++) {
			const struct ts *l = &a->local_ts->ts[j / b->local_ts->count];
			char from[TS_STRLEN], to[TS_STRLEN];

			if (ts_equal(l, &b->local_ts->ts[j % b->local_ts->count]))
				return value_refuse(why,
						    "child \"%s\" and child \"%s\" both protect %s "
						    "to %s: leave it to one of them",
						    a->name, b->name, ts_str(l, from),
						    ts_str(r, to));
		}
	}
	return true;
}

/* The first child goes with the certificates in one message, RFC 7296 1.2. */
static bool check_message(const struct tunnel_options *t, unsigned int index,
			  char why[VALUE_WHY_MAX])
{
	const struct child_conf *c = &t->ike.child[index];
	size_t local = ts_list_octets(c->local_ts), remote = ts_list_octets(c->remote_ts);
	size_t certs = 0;

	if (local > TS_LIST_OCTETS_MAX || remote > TS_LIST_OCTETS_MAX)
		return value_refuse(why, "%s has %zu octets of selectors, and a side has %d at most, 16 "
				    "of IPv4 or 40 of IPv6 each: make several children of them",
				    local > remote ? "local-ts" : "remote-ts",
				    local > remote ? local : remote, TS_LIST_OCTETS_MAX);
	for (unsigned int i = 0; !index && t->ike.certs && i < t->ike.certs->count; i++)
		certs += t->ike.certs->chunk[i].len;
	return local + remote + certs + CHECK_OTHER <= IKE_OUT_MAX ||
	       value_refuse(why, "%zu octets of selectors and %zu of certificates do not fit one "
			    "message: make several children of them, the first with few selectors",
			    local + remote, certs);
}

static bool check_child(const struct tunnel_options *t, unsigned int index,
			char why[VALUE_WHY_MAX])
{
	const struct child_conf *c = &t->ike.child[index];
	bool flat = !strcmp(c->name, t->ike.name);

	if (!check_families_meet(c))
		return value_refuse(why,
				    "%s%s%slocal-ts and remote-ts have no address family in common",
				    flat ? "" : "child \"", flat ? "" : c->name,
				    flat ? "" : "\": ");
	if (!ts_list_can_pair(c->local_ts, c->remote_ts))
		return value_refuse(why,
				    "%s%s%sno protocol of local-ts is one of remote-ts: write the "
				    "same behind both, or behind one of them",
				    flat ? "" : "child \"", flat ? "" : c->name,
				    flat ? "" : "\": ");
	if (t->mtu && t->mtu < CHECK_IPV6_MTU && check_has_ipv6(c))
		return value_refuse(why,
				    "mtu is %u, but remote-ts has IPv6, which needs %d or more",
				    t->mtu, CHECK_IPV6_MTU);
	if (!check_message(t, index, why))
		return false;
	for (unsigned int i = 0; i < index; i++) {
		if (!check_children(&t->ike.child[i], c, why))
			return false;
	}
	return true;
}

/* What can be broken is used only where somebody has said that it shall be. */
static bool check_legacy(const struct tunnel_options *t, char why[VALUE_WHY_MAX])
{
	const char *name = proposals_legacy(&t->ike.ike), *option = "ike";

	for (unsigned int i = 0; !name && i < t->ike.child_count; i++) {
		name = proposals_legacy(&t->ike.child[i].esp);
		option = "esp";
	}
	if (!name || t->allow_legacy)
		return true;
	return value_refuse(why,
			    "%s has %s, which can be broken: use another, or allow-legacy = yes "
			    "if the peer has no other", option, name);
}

static bool check_address(const struct tunnel_options *t)
{
	for (unsigned int i = 0; i < t->ike.child_count; i++) {
		if (ts_list_contains_addr(t->ike.child[i].local_ts, &t->address))
			return true;
	}
	return !t->address.family;
}

/* Names may have addresses of either. */
static bool check_outer_families(const struct tunnel_conf *t)
{
	const struct addr *remote = &t->remote;

	for (unsigned int i = 0; i <= t->more_count; remote = &t->more[i++].addr) {
		if (t->local.family && remote->family && remote->family != t->local.family)
			return false;
	}
	return true;
}

bool check_tunnel(const struct tunnel_options *t, char why[VALUE_WHY_MAX])
{
	if (!check_outer_families(&t->ike))
		return value_refuse(why,
				    "local and remote are of different families, IPv4 and IPv6: "
				    "leave local out, or give an address of the peer's family");
	if (t->ike.any && t->ike.start)
		return value_refuse(why,
				    "start = %s needs an address to go to, but remote is any: name "
				    "the peer, or use start = manual",
				    config_start_name(t->ike.start));
	if (t->ike.any && t->ike.dpd_action)
		return value_refuse(why,
				    "dpd-action = %s needs an address to go to, but remote is any: "
				    "name the peer, or use dpd-action = clear",
				    config_dpd_action_name(t->ike.dpd_action));
	if (t->ike.any && t->ike.tcp)
		return value_refuse(why,
				    "tcp needs an address to go to, but remote is any: name the "
				    "peer, or write listen-tcp = 4500");
	if (t->ike.any && t->ike.ask_address)
		return value_refuse(why,
				    "address = request needs a peer to ask, but remote is any: name "
				    "the peer, or write an address");
	if (!t->ike.any && t->ike.pool[0])
		return value_refuse(why,
				    "pool gives addresses to peers that come from anywhere: write "
				    "remote = any");
	if (!check_address(t))
		return value_refuse(why,
				    "address is outside local-ts: nothing that this host sends "
				    "from it would enter the tunnel");
	if (t->no_routes && t->when_down == WHEN_DOWN_BLOCK)
		return value_refuse(why,
				    "when-down = block lays routes, but routes = no forbids them: "
				    "leave one of the two out");
	if (!t->interface[0])
		return value_refuse(why,
				    "the name is not an interface name (" OPTION_INTERFACE_RULE
				    "): give interface = \"...\"");
	for (unsigned int i = 0; i < t->ike.child_count; i++) {
		if (!check_child(t, i, why))
			return false;
	}
	return check_legacy(t, why);
}

struct ike_id check_local_id(const struct tunnel_conf *c)
{
	char text[ADDR_STRLEN];
	struct ike_id id = c->local_id;

	if (!id.type && c->local.family)
		ike_id_parse(&id, addr_str(&c->local, text));
	return id;
}

/* Any address or name of both? */
static bool check_same_remotes(const struct tunnel_conf *a, const struct tunnel_conf *b)
{
	for (unsigned int i = 0; i <= a->more_count; i++) {
		const struct addr *addr = i ? &a->more[i - 1].addr : &a->remote;
		const char *name = i ? a->more[i - 1].name : a->remote_name;

		for (unsigned int j = 0; j <= b->more_count; j++)
			if (addr_equal(addr, j ? &b->more[j - 1].addr : &b->remote) &&
			    !strcasecmp(name, j ? b->more[j - 1].name : b->remote_name))
				return true;
	}
	return false;
}

/* Could a peer that connects mean either? */
static bool check_alike(const struct tunnel_conf *a, const struct tunnel_conf *b)
{
	struct ike_id x = check_local_id(a), y = check_local_id(b);

	return a->any == b->any && check_same_remotes(a, b) && addr_equal(&a->local, &b->local) &&
	       ike_id_equal(&x, &y) && ike_id_equal(&a->remote_id, &b->remote_id);
}

/* Is one of the routes into @ts also one into @other? */
static bool check_route_shared(const struct ts *ts, const struct ts *other, struct prefix *shared)
{
	struct prefix ours[PREFIXES_MAX], theirs[PREFIXES_MAX];
	unsigned int count, their_count;

	if (ts->start.family != other->start.family || addr_cmp(&ts->end, &other->start) < 0 ||
	    addr_cmp(&other->end, &ts->start) < 0)
		return false;
	count = prefix_list(ts, ours);
	their_count = prefix_list(other, theirs);
	for (unsigned int i = 0; i < count * their_count; i++) {
		*shared = ours[i / their_count];
		if (prefix_equal(shared, &theirs[i % their_count]))
			return true;
	}
	return false;
}

/* Do the children send the same packets there, as far as the rules for them can say? */
static bool check_pick_shared(const struct child_conf *a, const struct ts *to,
			      const struct child_conf *b, const struct ts *other)
{
	for (unsigned int i = 0; i < a->local_ts->count * b->local_ts->count; i++) {
		const struct pick x = pick_of(&a->local_ts->ts[i / b->local_ts->count], to);
		const struct pick y = pick_of(&b->local_ts->ts[i % b->local_ts->count], other);

		if (ts_can_pair(&a->local_ts->ts[i / b->local_ts->count], to) &&
		    ts_can_pair(&b->local_ts->ts[i % b->local_ts->count], other) &&
		    pick_equal(&x, &y))
			return true;
	}
	return false;
}

/* @whole: both have plain routes. */
static bool check_child_shared(const struct child_conf *a, const struct child_conf *b, bool whole,
			       struct prefix *shared)
{
	for (unsigned int i = 0; i < a->remote_ts->count * b->remote_ts->count; i++) {
		const struct ts *to = &a->remote_ts->ts[i / b->remote_ts->count];
		const struct ts *other = &b->remote_ts->ts[i % b->remote_ts->count];

		if (check_route_shared(to, other, shared) &&
		    (whole || check_pick_shared(a, to, b, other)))
			return true;
	}
	return false;
}

/* The kernel keeps one route a prefix, table and metric. */
static bool check_routes(const struct tunnel_options *t, const struct tunnel_options *other,
			 char why[VALUE_WHY_MAX])
{
	bool whole = t->table || (!t->pass_others && !other->pass_others);
	char text[PREFIX_STRLEN];
	struct prefix shared;

	/* of one pool, each has the routes to its own peers only */
	if (t->ike.pool[0] && !strcmp(t->ike.pool, other->ike.pool))
		return true;
	if (t->no_routes || other->no_routes || t->table != other->table ||
	    t->metric != other->metric)
		return true;
	for (unsigned int i = 0; i < t->ike.child_count; i++) {
		for (unsigned int j = 0; j < other->ike.child_count; j++) {
			if (!check_child_shared(&t->ike.child[i], &other->ike.child[j], whole,
						&shared))
				continue;
			return value_refuse(why,
					    "the route to %s in remote-ts is tunnel \"%s\"'s "
					    "already: give one of the two another metric or table, "
					    "or routes = no",
					    prefix_str(&shared, text), other->ike.name);
		}
	}
	return true;
}

/* "office/voice": a child of "office", and the name of another tunnel. */
static bool check_names(const struct tunnel_conf *tunnel, const struct tunnel_conf *slashed)
{
	size_t len = strlen(tunnel->name);

	if (strncmp(slashed->name, tunnel->name, len) || slashed->name[len] != '/')
		return true;
	for (unsigned int i = 0; i < tunnel->child_count; i++) {
		if (!strcmp(slashed->name + len + 1, tunnel->child[i].name))
			return false;
	}
	return true;
}

bool check_beside(const struct tunnel_options *t, const struct tunnel_options *other,
		  char why[VALUE_WHY_MAX])
{
	if (!strcmp(t->ike.name, other->ike.name))
		return value_refuse(why,
				    "it is defined twice: each tunnel needs a name of its own");
	if (!check_names(&t->ike, &other->ike) || !check_names(&other->ike, &t->ike))
		return value_refuse(why,
				    "its name and that of a child make it one with tunnel \"%s\": "
				    "rename the child",
				    other->ike.name);
	if (!strcmp(t->interface, other->interface))
		return value_refuse(why, "interface %s is taken by tunnel \"%s\"", t->interface,
				    other->ike.name);
	if (check_alike(&t->ike, &other->ike))
		return value_refuse(why,
				    "no peer could tell it from tunnel \"%s\": same addresses, "
				    "same identities; give one of the two another local-id or "
				    "remote-id, or make them child sections of one tunnel",
				    other->ike.name);
	return check_routes(t, other, why);
}

bool check_listening(const struct tunnel_options *t, const struct config *c,
		     char why[VALUE_WHY_MAX])
{
	uint16_t ports[CONFIG_TCP_PORTS_MAX + 1] = { t->ike.listen_tcp };
	unsigned int count = 1, at;

	for (size_t i = 0; ports[0] && i < c->count && count <= CONFIG_TCP_PORTS_MAX; i++) {
		uint16_t port = c->tunnels[i].ike.listen_tcp;

		for (at = 0; at < count && ports[at] != port; at++)
			;
		if (port && at == count)
			ports[count++] = port;
	}
	return count <= CONFIG_TCP_PORTS_MAX ||
	       value_refuse(why, "listen-tcp = %u is one port more than the %u that all tunnels "
			    "may have: give it one of theirs", ports[0], CONFIG_TCP_PORTS_MAX);
}
