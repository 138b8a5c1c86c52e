// SPDX-License-Identifier: GPL-2.0
#include "esplaned/host/aside.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "esplaned/host/sock.h"
#include "esplaned/nl/rule.h"
#include "lib/array.h"
#include "lib/log.h"

/* Priorities, `ip rule`: before the main table. */
#define ASIDE_PAST	32000		/* what goes past the table */
#define ASIDE_LOOK	32100		/* three for each length of prefixes, the longest first */
#define ASIDE_END	32499		/* what went past goes on here, to the rules of others */
/* And while packets are picked, which takes more room: */
#define ASIDE_PICKS_PAST	28800
#define ASIDE_PICKS_LOOK	28900	/* ASIDE_PLACES for each length */
#define ASIDE_PICKS_END		31999

/* For one length, in this order: */
enum aside_place {
	ASIDE_LONGER,			/* what the main table has for longer ones */
	ASIDE_PORTS,			/* picked by ports, the narrower first */
	ASIDE_KNOWN = ASIDE_PORTS + 17,	/* of those protocols, what has a port: to ASIDE_ON */
	ASIDE_REST,			/* what has none */
	ASIDE_ON,
	ASIDE_PROTOCOL,			/* picked by protocol */
	ASIDE_ALL,
	ASIDE_BLOCK,
	ASIDE_PLACES,
};

#define ASIDE_BITS	129		/* lengths of prefixes */
#define ASIDE_DNS	53

struct aside_mark {
	uint32_t mark;
	unsigned int refs;
};

/* What a table of ASIDE_PICKS is for. */
struct aside_pick {
	uint8_t family, bits;
	struct pick pick;
	unsigned int refs;		/* 0: none */
};

struct aside_rules {
	struct rule *list;
	size_t count;
	bool short_of_memory;
};

struct aside {
	struct nl_sock *sk;
	unsigned int bits[ADDR_FAMILIES][ASIDE_BITS];	/* how many routes are so long */
	unsigned int routes[ADDR_FAMILIES];
	struct aside_pick picks[ASIDE_PICKS_MAX];
	unsigned int pick_count;
	struct aside_mark *marks;
	size_t mark_count;
	struct addr servers[ASIDE_SERVERS_MAX];
	unsigned int server_count;
	struct aside_rules laid;	/* in the order in which packets meet them */
	bool keep;
};

struct aside *aside_new(struct nl_sock *sk)
{
	struct aside *aside = calloc(1, sizeof(*aside));

	if (aside)
		aside->sk = sk;
	return aside;
}

void aside_free(struct aside *aside)
{
	if (!aside)
		return;
	free(aside->marks);
	free(aside->laid.list);
	free(aside);
}

static void aside_put(struct aside_rules *to, const struct rule *rule)
{
	struct rule *more = reallocarray(to->list, to->count + 1, sizeof(*more));

	if (!more) {
		to->short_of_memory = true;
		return;
	}
	to->list = more;
	more[to->count++] = *rule;
}

static bool aside_is_in(const struct aside_rules *rules, const struct rule *rule)
{
	for (size_t i = 0; i < rules->count; i++) {
		if (rule_equal(&rules->list[i], rule))
			return true;
	}
	return false;
}

static struct rule aside_past(const struct aside *aside, uint8_t family)
{
	return (struct rule){
		.family = family, .priority = aside->pick_count ? ASIDE_PICKS_PAST : ASIDE_PAST,
		.next = aside->pick_count ? ASIDE_PICKS_END : ASIDE_END,
		.suppress = RULE_NO_SUPPRESS,
	};
}

/* The module's packets and IKE's by what they are, for rp_filter: IPv6 has none. */
static void aside_put_flows(const struct aside *aside, struct aside_rules *to)
{
	static const uint16_t ports[] = { SOCK_PORT_IKE, SOCK_PORT_NATT };
	struct rule rule = aside_past(aside, AF_INET);

	rule.own = true;
	rule.proto = IPPROTO_ESP;
	aside_put(to, &rule);
	rule.proto = IPPROTO_UDP;
	for (size_t i = 0; i < ARRAY_SIZE(ports); i++) {
		rule.sport = (struct pick_ports){ ports[i], ports[i] };
		aside_put(to, &rule);
	}
	/*
	 * Finds nothing. The kernel compares protocols and ports of packets that come in only where
	 * a rule asks for them that is not for the host's own packets alone.
	 */
	rule.own = false;
	rule.table = ASIDE_TABLE;
	rule.next = 0;
	rule.suppress = 32;
	aside_put(to, &rule);
}

static void aside_put_servers(const struct aside *aside, uint8_t family, struct aside_rules *to)
{
	struct rule rule = aside_past(aside, family);

	rule.own = true;	/* those whom this host forwards for have to wait for the tunnel */
	rule.proto = IPPROTO_UDP;
	rule.dport = (struct pick_ports){ ASIDE_DNS, ASIDE_DNS };
	for (unsigned int i = 0; i < aside->server_count; i++) {
		const struct addr *server = &aside->servers[i];

		rule.dst = (struct prefix){ *server, (uint8_t)(addr_len(server) * 8) };
		if (server->family == family)
			aside_put(to, &rule);
	}
}

static uint32_t aside_priority(unsigned int bits, unsigned int place)
{
	return ASIDE_PICKS_LOOK + ASIDE_PLACES * (ASIDE_BITS - 1 - bits) + place;
}

static struct rule aside_look(uint8_t family, unsigned int bits, unsigned int place, uint32_t table)
{
	return (struct rule){
		.family = family, .priority = aside_priority(bits, place), .table = table,
		.suppress = RULE_NO_SUPPRESS,
	};
}

/* Whatever the protocol. Where nothing is picked there is only this. */
static struct rule aside_look_whole(const struct aside *aside, uint8_t family, unsigned int bits,
				    unsigned int place, uint32_t table)
{
	struct rule rule = aside_look(family, bits, place, table);

	if (!aside->pick_count)
		rule.priority = ASIDE_LOOK + 3 * (ASIDE_BITS - 1 - bits) +
				(place > ASIDE_LONGER) + (place > ASIDE_ALL);
	return rule;
}

/* Before ASIDE_ON there is who leads there, or packets would take its way for a moment. */
static void aside_put_known(uint8_t family, unsigned int bits, uint8_t proto,
			    struct aside_rules *to)
{
	struct rule rule = aside_look(family, bits, ASIDE_ON, 0);

	if (!aside_is_in(to, &rule))
		aside_put(to, &rule);
	rule = aside_look(family, bits, ASIDE_KNOWN, 0);
	rule.next = aside_priority(bits, ASIDE_ON);
	rule.proto = proto;
	rule.dport = (struct pick_ports){ PICK_PORT_MIN, PICK_PORT_MAX };
	aside_put(to, &rule);
}

/* For one table. */
static void aside_put_pick(const struct aside_pick *pick, uint32_t table, struct aside_rules *to)
{
	unsigned int place = pick->pick.rest ? ASIDE_REST : pick_has_ports(&pick->pick) ?
			     ASIDE_PORTS + pick_width(&pick->pick) : ASIDE_PROTOCOL;
	struct rule rule = aside_look(pick->family, pick->bits, place, table);

	if (pick->pick.rest)
		aside_put_known(pick->family, pick->bits, pick->pick.proto, to);
	rule.proto = pick->pick.proto;
	rule.sport = pick->pick.sport;
	rule.dport = pick->pick.dport;
	rule.suppress = (int)pick->bits - 1;	/* nothing shorter, whoever laid it */
	aside_put(to, &rule);
}

/* Longer prefixes of the main table, then our routes of that length, then those that block. */
static void aside_put_level(const struct aside *aside, uint8_t family, unsigned int bits,
			    struct aside_rules *to)
{
	struct rule rule = aside_look_whole(aside, family, bits, ASIDE_LONGER, ROUTE_TABLE);
	bool whole = aside->bits[family == AF_INET6][bits], any = whole;

	for (unsigned int i = 0; aside->pick_count && i < ASIDE_PICKS_MAX && !any; i++)
		any = aside->picks[i].refs && aside->picks[i].family == family &&
		      aside->picks[i].bits == bits;
	if (!any)
		return;
	rule.suppress = (int)bits;
	aside_put(to, &rule);
	for (uint32_t i = 0; aside->pick_count && i < ASIDE_PICKS_MAX; i++) {
		const struct aside_pick *pick = &aside->picks[i];

		if (pick->refs && pick->family == family && pick->bits == bits)
			aside_put_pick(pick, ASIDE_PICKS + i, to);
	}
	if (!whole)
		return;
	rule = aside_look_whole(aside, family, bits, ASIDE_ALL, ASIDE_TABLE);
	rule.suppress = (int)bits - 1;	/* -1: none */
	aside_put(to, &rule);
	rule = aside_look_whole(aside, family, bits, ASIDE_BLOCK, ASIDE_BLOCKS + bits);
	aside_put(to, &rule);
}

/* What should be there. */
static void aside_want(const struct aside *aside, struct aside_rules *to)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };

	for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
		struct rule end = {
			.family = families[f], .suppress = RULE_NO_SUPPRESS,
			.priority = aside_past(aside, families[f]).next,
		};

		if (!aside->routes[f])
			continue;
		aside_put(to, &end);
		for (size_t i = 0; i < aside->mark_count; i++) {
			struct rule rule = aside_past(aside, families[f]);

			rule.mark = aside->marks[i].mark;
			aside_put(to, &rule);
		}
		if (families[f] == AF_INET)
			aside_put_flows(aside, to);
		aside_put_servers(aside, families[f], to);
		for (unsigned int bits = ASIDE_BITS; bits-- > 0;)
			aside_put_level(aside, families[f], bits, to);
	}
}

/*
 * From what is laid to what should be: first what is new, so that there is no gap, as packets meet
 * it, so that none of ours is swallowed; then away with the rest, the other way round.
 */
static int aside_follow(struct aside *aside, bool again, char *why)
{
	struct aside_rules want = { .count = 0 };
	char text[NLTALK_WHY_MAX];
	int rc = 0, err;

	aside_want(aside, &want);
	if (want.short_of_memory) {
		free(want.list);
		snprintf(why, NLTALK_WHY_MAX, "no memory");
		return -ENOMEM;
	}
	for (size_t i = 0; i < want.count; i++) {
		if (!again && aside_is_in(&aside->laid, &want.list[i]))
			continue;
		err = rule_add(aside->sk, &want.list[i], text);
		if (err && !rc)
			snprintf(why, NLTALK_WHY_MAX, "a routing rule cannot be laid: %.180s",
				 text);
		rc = rc ? rc : err;
	}
	for (size_t i = aside->laid.count; !aside->keep && i-- > 0;) {
		if (!aside_is_in(&want, &aside->laid.list[i]))
			rule_del(aside->sk, &aside->laid.list[i], text);
	}
	free(aside->laid.list);
	aside->laid = want;
	return rc;
}

/* False: no memory. */
static bool aside_mark_hold(struct aside *aside, uint32_t mark)
{
	struct aside_mark *more;
	size_t i = 0;

	while (i < aside->mark_count && aside->marks[i].mark != mark)
		i++;
	if (i == aside->mark_count) {
		more = reallocarray(aside->marks, i + 1, sizeof(*more));
		if (!more)
			return false;
		aside->marks = more;
		more[aside->mark_count++] = (struct aside_mark){ .mark = mark };
	}
	aside->marks[i].refs++;
	return true;
}

static void aside_mark_drop(struct aside *aside, uint32_t mark)
{
	for (size_t i = 0; i < aside->mark_count; i++) {
		if (aside->marks[i].mark != mark)
			continue;
		if (!--aside->marks[i].refs)
			aside->marks[i] = aside->marks[--aside->mark_count];
		return;
	}
}

static void aside_count(struct aside *aside, const struct prefix *list, size_t count, int by)
{
	for (size_t i = 0; i < count; i++) {
		unsigned int f = addr_index(&list[i].addr);

		aside->bits[f][list[i].bits] += (unsigned int)by;
		aside->routes[f] += (unsigned int)by;
	}
}

int aside_hold(struct aside *aside, uint32_t mark, const struct prefix *list, size_t count,
	       char *why)
{
	bool ok = !mark || aside_mark_hold(aside, mark);

	aside_count(aside, list, count, 1);
	if (ok)
		return aside_follow(aside, false, why);
	snprintf(why, NLTALK_WHY_MAX, "no memory");
	return -ENOMEM;
}

void aside_drop(struct aside *aside, uint32_t mark, const struct prefix *list, size_t count)
{
	char why[NLTALK_WHY_MAX];

	aside_count(aside, list, count, -1);
	if (mark)
		aside_mark_drop(aside, mark);
	if (aside_follow(aside, false, why))
		log_warn("%s", why);
}

static struct aside_pick *aside_pick_find(const struct aside *aside, const struct pick_route *route)
{
	for (unsigned int i = 0; i < ASIDE_PICKS_MAX; i++) {
		const struct aside_pick *pick = &aside->picks[i];

		if (pick->refs && pick->family == route->dst.addr.family &&
		    pick->bits == route->dst.bits && pick_equal(&pick->pick, &route->pick))
			return (struct aside_pick *)pick;
	}
	return NULL;
}

uint32_t aside_pick_table(const struct aside *aside, const struct pick_route *route)
{
	return ASIDE_PICKS + (uint32_t)(aside_pick_find(aside, route) - aside->picks);
}

int aside_pick(struct aside *aside, const struct pick_route *route, char *why)
{
	struct aside_pick *pick = aside_pick_find(aside, route);
	char ignored[NLTALK_WHY_MAX];
	unsigned int i = 0;
	int rc;

	if (!pick) {
		while (i < ASIDE_PICKS_MAX && aside->picks[i].refs)
			i++;
		if (i == ASIDE_PICKS_MAX) {
			snprintf(why, NLTALK_WHY_MAX, "the tunnels' protocols and ports need more "
				 "than %u routing rules: fewer of them, or selectors without",
				 ASIDE_PICKS_MAX);
			return -ENOSPC;
		}
		pick = &aside->picks[i];
		*pick = (struct aside_pick){
			.family = route->dst.addr.family, .bits = route->dst.bits,
			.pick = route->pick,
		};
	}
	aside->routes[addr_index(&route->dst.addr)]++;
	if (pick->refs++)
		return 0;
	aside->pick_count++;
	rc = aside_follow(aside, false, why);
	if (!rc)
		return 0;
	pick->refs = 0;
	aside->pick_count--;
	aside->routes[addr_index(&route->dst.addr)]--;
	aside_follow(aside, false, ignored);
	return rc;
}

void aside_unpick(struct aside *aside, const struct pick_route *route)
{
	struct aside_pick *pick = aside_pick_find(aside, route);
	char why[NLTALK_WHY_MAX];

	aside->routes[addr_index(&route->dst.addr)]--;
	if (--pick->refs)
		return;
	aside->pick_count--;
	if (aside_follow(aside, false, why))
		log_warn("%s", why);
}

void aside_serve(struct aside *aside, const struct addr *servers, unsigned int count)
{
	char why[NLTALK_WHY_MAX];

	aside->server_count = count < ASIDE_SERVERS_MAX ? count : ASIDE_SERVERS_MAX;
	if (count)
		memcpy(aside->servers, servers, aside->server_count * sizeof(*servers));
	if (aside_follow(aside, false, why))
		log_warn("name servers beside the tunnel: %s", why);
}

void aside_mend(struct aside *aside)
{
	char why[NLTALK_WHY_MAX];

	if (aside_follow(aside, true, why))
		log_warn("%s", why);
}

void aside_keep(struct aside *aside)
{
	aside->keep = true;
}

static void aside_collect(void *ctx, const struct rule *rule)
{
	aside_put(ctx, rule);
}

void aside_leftover_del(struct aside *aside)
{
	struct aside_rules there = { .count = 0 };
	char why[NLTALK_WHY_MAX];

	rule_dump(aside->sk, AF_INET, aside_collect, &there, why);
	rule_dump(aside->sk, AF_INET6, aside_collect, &there, why);
	for (size_t i = there.count; i-- > 0;) {
		if (!aside_is_in(&aside->laid, &there.list[i]))
			rule_del(aside->sk, &there.list[i], why);
	}
	free(there.list);
}
