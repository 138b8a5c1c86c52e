// SPDX-License-Identifier: GPL-2.0
#include "esplaned/host/carry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "esplaned/nl/address.h"
#include "esplaned/nl/link.h"
#include "lib/hash.h"

/* IPv4 and IPv6 have a source each. */
#define CARRY_FAMILIES	2

static const uint8_t carry_family[CARRY_FAMILIES] = { AF_INET, AF_INET6 };

/* What a child needs, or has. */
struct carry_plan {
	struct prefix addr[CARRY_FAMILIES];	/* on the interface; family 0: none */
	struct addr source[CARRY_FAMILIES];	/* of the routes; family 0: none */
	struct pick_routes routes;
};

struct carry_child {
	UT_hash_handle by_id;
	uint32_t id;
	struct ts_list *local_ts, *remote_ts;
	struct ts_list *conf_local, *conf_remote;
	bool waits;			/* for packets: it is not up */
	bool given;			/* the peer says which addresses: */
	struct addr own[CARRY_FAMILIES];
	/* Of local_ts, where the configuration names a single host, not a peer: family 0: none. */
	struct addr host[CARRY_FAMILIES];
	struct carry_plan has;
};

void carry_init(struct carry *carry, struct nl_sock *sk, struct aside *aside, struct blocks *blocks,
		const struct tunnel_options *opt)
{
	*carry = (struct carry){
		.opt = opt,
		.laid = {
			.sk = sk, .aside = aside, .blocks = blocks, .metric = opt->metric,
			.table = opt->table ? opt->table : ROUTE_TABLE,
		},
	};
}

static struct carry_child *carry_find(const struct carry *carry, uint32_t id)
{
	struct carry_child *child;

	HASH_FIND(by_id, carry->children, &id, sizeof(id), child);
	return child;
}

bool carry_is_up(const struct carry *carry)
{
	const struct carry_child *child = carry->children;

	while (child && child->waits)
		child = child->by_id.next;
	return child;
}

struct addr carry_source(const struct carry *carry, uint32_t child)
{
	const struct carry_child *found = carry_find(carry, child);
	struct addr source = { 0 };

	for (int f = 0; found && !source.family && f < CARRY_FAMILIES; f++)
		source = found->has.source[f];
	return source;
}

static bool carry_has_family(const struct ts_list *list, uint8_t family)
{
	for (unsigned int i = 0; i < ts_list_count(list); i++) {
		if (list->ts[i].start.family == family)
			return true;
	}
	return false;
}

/*
 * One that the host has in local-ts, on another interface. Where the last child has the same
 * local-ts, as every peer of a tunnel for many has, its address does, if not @afresh.
 */
static bool carry_inside(const struct carry *carry, const struct carry_child *child, int f,
			 bool afresh, struct addr *source)
{
	const struct carry_child *last = carry->last;
	const struct ts_list *local = child->local_ts;

	if (!afresh && last && last != child && last->has.source[f].family && !last->given &&
	    !last->has.addr[f].addr.family && ts_list_equal(last->local_ts, local)) {
		*source = last->has.source[f];
		return true;
	}
	for (unsigned int i = 0; i < ts_list_count(local); i++) {
		if (local->ts[i].start.family == carry_family[f] &&
		    address_inside(carry->laid.sk, &local->ts[i], carry->laid.ifindex, source))
			return true;
	}
	return false;
}

/*
 * The address that this host uses inside the tunnel: what the peer gives; the configured one; else
 * one that the host has in local-ts; else, where a local-ts is configured as a single host, that
 * one. Family 0: none.
 */
static void carry_choose(const struct carry *carry, const struct carry_child *child, int f,
			 bool afresh, struct carry_plan *plan)
{
	const struct tunnel_options *opt = carry->opt;
	uint8_t family = carry_family[f];

	if (child->given) {
		plan->source[f] = child->own[f];
		plan->addr[f].addr = child->own[f];
		plan->addr[f].bits = (uint8_t)(addr_len(&child->own[f]) * 8);
		return;
	}
	if (opt->address.family == family) {
		plan->source[f] = opt->address;
		plan->addr[f] = (struct prefix){ opt->address, opt->address_bits };
		return;
	}
	if (carry_inside(carry, child, f, afresh, &plan->source[f]))
		return;
	if (child->host[f].family) {
		plan->source[f] = child->host[f];
		plan->addr[f] = (struct prefix){ child->host[f],
						 (uint8_t)(addr_len(&child->host[f]) * 8) };
	}
}

static bool carry_plan_has(const struct carry_plan *plan, const struct pick_route *to)
{
	for (unsigned int i = 0; i < plan->routes.count; i++) {
		const struct pick_route *route = &plan->routes.list[i];

		if (prefix_equal(&route->dst, &to->dst) && pick_equal(&route->pick, &to->pick))
			return true;
	}
	return false;
}

/* One child, which may be a client's, has not the room of all others. */
int carry_routes(const struct tunnel_options *opt, const struct pick_child *conf,
		 const struct pick_child *agreed, struct pick_routes *routes,
		 char why[IKE_WHY_MAX])
{
	struct pick_child *tunnel = calloc(opt->ike.child_count + 1, sizeof(*tunnel));
	struct pick_query query = {
		.depth = opt->table || !opt->pass_others ? PICK_NOTHING : PICK_PORTS,
		.conf = *conf, .agreed = *agreed, .tunnel = tunnel,
		.tunnel_count = opt->ike.child_count, .max = LAID_ROUTES_CHILD_MAX,
	};
	int rc = -ENOMEM;

	*routes = (struct pick_routes){ 0 };
	for (unsigned int i = 0; tunnel && i < opt->ike.child_count; i++) {
		tunnel[i].local = opt->ike.child[i].local_ts;
		tunnel[i].remote = opt->ike.child[i].remote_ts;
	}
	if (tunnel)
		rc = pick_routes(&query, routes);
	free(tunnel);
	if (rc == -ENOSPC)
		snprintf(why, IKE_WHY_MAX, "its remote-ts are more than %u routes: fewer "
			 "selectors, or such as are prefixes", LAID_ROUTES_CHILD_MAX);
	else if (rc)
		snprintf(why, IKE_WHY_MAX, "no memory");
	return rc;
}

static int carry_plan_routes(const struct carry *carry, const struct carry_child *child,
			     struct carry_plan *plan, char note[IKE_WHY_MAX],
			     char why[IKE_WHY_MAX])
{
	const struct pick_child conf = { child->conf_local, child->conf_remote };
	const struct pick_child agreed = { child->local_ts, child->remote_ts };
	int rc = carry_routes(carry->opt, &conf, &agreed, &plan->routes, why);

	if (!rc && plan->routes.widened && !note[0])
		snprintf(note, IKE_WHY_MAX,
			 "its selectors need more than %u routing rules: %s",
			 PICK_KINDS_MAX, plan->routes.depth == PICK_PROTOCOLS ?
			 "their protocols go into the tunnel, whatever the ports" :
			 "all goes into the tunnel, whatever the protocol");
	return rc;
}

static int carry_plan_make(const struct carry *carry, const struct carry_child *child, bool afresh,
			   struct carry_plan *plan, char note[IKE_WHY_MAX], char why[IKE_WHY_MAX])
{
	const struct ts_list *local = child->local_ts, *remote = child->remote_ts;

	*plan = (struct carry_plan){ 0 };
	for (int f = 0; f < CARRY_FAMILIES; f++) {
		if (!carry_has_family(remote, carry_family[f]))
			continue;
		carry_choose(carry, child, f, afresh, plan);
		if (!child->given && !plan->source[f].family &&
		    carry_has_family(local, carry_family[f]))
			snprintf(note, IKE_WHY_MAX,
				 "this host has no address inside local-ts: the networks behind it "
				 "can use the tunnel, the host itself cannot; to give it one, add "
				 "address = \"...\" to tunnel \"%s\"",
				 carry->opt->ike.name);
	}
	return carry->opt->no_routes ? 0 : carry_plan_routes(carry, child, plan, note, why);
}

/*
 * Gives up @routes of its routes, @addrs of its addresses, and its memory. True: the kernel may
 * have dropped routes of others.
 */
static bool carry_plan_undo(struct laid *laid, struct carry_plan *plan, unsigned int routes,
			    unsigned int addrs)
{
	bool removed = false;

	while (routes--)
		laid_route_drop(laid, &plan->routes.list[routes]);
	while (addrs--) {
		if (plan->addr[addrs].addr.family)
			removed |= laid_addr_drop(laid, &plan->addr[addrs]);
	}
	free(plan->routes.list);
	*plan = (struct carry_plan){ 0 };
	return removed;
}

/* @old: what the child has already, NULL: nothing. An error leaves nothing of @plan. */
static int carry_plan_lay(struct laid *laid, struct carry_plan *plan, const struct carry_plan *old,
			  char *why)
{
	unsigned int addrs = 0, routes = 0;
	int rc = 0;

	for (; addrs < CARRY_FAMILIES && !rc; addrs += !rc) {
		if (plan->addr[addrs].addr.family)
			rc = laid_addr_hold(laid, &plan->addr[addrs], why);
	}
	for (; routes < plan->routes.count && !rc; routes += !rc) {
		const struct pick_route *to = &plan->routes.list[routes];
		unsigned int f = addr_index(&to->dst.addr);
		bool alone = old && carry_plan_has(old, to) && laid_route_refs(laid, to) == 1;

		rc = laid_route_hold(laid, to, &plan->source[f], alone, why);
	}
	if (rc)
		carry_plan_undo(laid, plan, routes, addrs);
	return rc;
}

static void carry_child_free(struct carry_child *child)
{
	ts_list_put(child->local_ts);
	ts_list_put(child->remote_ts);
	ts_list_put(child->conf_local);
	ts_list_put(child->conf_remote);
	free(child->has.routes.list);
	free(child);
}

/* A copy of an empty list is NULL. */
static bool carry_list_copy(struct ts_list **to, const struct ts_list *from)
{
	*to = from ? ts_list_new(from->ts, from->count) : NULL;
	return *to || !ts_list_count(from);
}

/*
 * A peer may narrow local-ts to any host in it: that one stays where it is, or whoever connects
 * could take a neighbour's address.
 */
static void carry_child_hosts(struct carry_child *child, const struct ts_list *configured)
{
	for (unsigned int i = ts_list_count(configured); i--;) {
		const struct ts *ts = &configured->ts[i];

		if (addr_equal(&ts->start, &ts->end) &&
		    ts_list_contains_addr(child->local_ts, &ts->start))
			child->host[ts->start.family == AF_INET6] = ts->start;
	}
}

static struct carry_child *carry_child_new(const struct ike_child_link *link)
{
	struct carry_child *child = calloc(1, sizeof(*child));

	if (!child)
		return NULL;
	child->id = link->child;
	child->waits = link->waits;
	child->given = link->given;
	child->conf_local = ts_list_get(link->conf->local_ts);
	child->conf_remote = ts_list_get(link->conf->remote_ts);
	if (link->given)
		memcpy(child->own, link->given->addr, sizeof(child->own));
	if (carry_list_copy(&child->local_ts, link->local_ts) &&
	    carry_list_copy(&child->remote_ts, link->remote_ts)) {
		carry_child_hosts(child, link->conf->local_ts);
		return child;
	}
	carry_child_free(child);
	return NULL;
}

static int carry_lay(struct carry *carry, struct carry_child *child, bool afresh,
		     char note[IKE_WHY_MAX], char why[IKE_WHY_MAX])
{
	const struct carry_child *old = carry_find(carry, child->id);
	int rc = carry_plan_make(carry, child, afresh, &child->has, note, why);

	if (!rc)
		return carry_plan_lay(&carry->laid, &child->has, old ? &old->has : NULL, why);
	free(child->has.routes.list);
	child->has = (struct carry_plan){ 0 };
	return rc;
}

/* What it has, and itself. */
static void carry_give_up(struct carry *carry, struct carry_child *child)
{
	if (carry_plan_undo(&carry->laid, &child->has, child->has.routes.count, CARRY_FAMILIES))
		carry_mend(carry);
	carry_child_free(child);
}

static void carry_drop(struct carry *carry, struct carry_child *child)
{
	if (carry->last == child)
		carry->last = child->by_id.prev;
	HASH_DELETE(by_id, carry->children, child);
	carry_give_up(carry, child);
}

int carry_add(struct carry *carry, const struct ike_child_link *link, char note[IKE_WHY_MAX],
	      char why[IKE_WHY_MAX])
{
	struct carry_child *child = carry_child_new(link), *old;
	int rc = 0;

	if (!child) {
		snprintf(why, IKE_WHY_MAX, "no memory");
		return -ENOMEM;
	}
	if (!carry->children)
		rc = link_up(carry->laid.sk, carry->laid.ifindex, why);
	if (!rc)
		rc = carry_lay(carry, child, false, note, why);
	/* the last child's address may have gone this moment, or the interface been set down */
	if (rc && carry->children) {
		rc = link_up(carry->laid.sk, carry->laid.ifindex, why);
		if (!rc)
			rc = carry_lay(carry, child, true, note, why);
	}
	if (rc) {
		carry_child_free(child);
		return rc;
	}
	old = carry_find(carry, link->child);
	HASH_ADD(by_id, carry->children, id, sizeof(child->id), child);
	if (!hash_added(by_id, child)) {
		carry_give_up(carry, child);
		snprintf(why, IKE_WHY_MAX, "no memory");
		return -ENOMEM;
	}
	if (old)
		carry_drop(carry, old);
	carry->last = child;
	return 0;
}

void carry_del(struct carry *carry, uint32_t id)
{
	struct carry_child *child = carry_find(carry, id);

	if (child)
		carry_drop(carry, child);
}

/* The source of its routes may have been an address of the host that is gone. */
static void carry_again(struct carry *carry, struct carry_child *child)
{
	char note[IKE_WHY_MAX], why[NLTALK_WHY_MAX];
	struct carry_plan plan;

	if (carry_plan_make(carry, child, true, &plan, note, why)) {
		free(plan.routes.list);
		return;
	}
	if (carry_plan_lay(&carry->laid, &plan, &child->has, why))
		return;
	carry_plan_undo(&carry->laid, &child->has, child->has.routes.count, CARRY_FAMILIES);
	child->has = plan;
}

void carry_mend(struct carry *carry)
{
	if (!carry->laid.ifindex || laid_mend(&carry->laid))
		return;
	for (struct carry_child *child = carry->children; child; child = child->by_id.next)
		carry_again(carry, child);
}

void carry_forget(struct carry *carry)
{
	while (carry->children) {
		struct carry_child *child = carry->children;

		HASH_DELETE(by_id, carry->children, child);
		carry_child_free(child);
	}
	carry->last = NULL;
	laid_forget(&carry->laid);
}
