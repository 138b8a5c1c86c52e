// SPDX-License-Identifier: GPL-2.0
#include "esplaned/host/answer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "esplaned/host/sock.h"
#include "esplaned/nl/rule.h"
#include "lib/array.h"
#include "lib/log.h"

/* Of the main table: the kernel lists the shortest prefixes first. */
#define ANSWER_ROUTES_MAX	256

struct answer {
	struct nl_sock *sk;
	unsigned int refs;
};

struct answer_routes {
	struct route list[ANSWER_ROUTES_MAX];
	unsigned int count;
};

struct answer *answer_new(struct nl_sock *sk)
{
	struct answer *answer = calloc(1, sizeof(*answer));

	if (answer)
		answer->sk = sk;
	return answer;
}

void answer_free(struct answer *answer)
{
	free(answer);
}

/* Of the host's own, those that lead somewhere or nowhere on purpose. */
static void answer_take(void *ctx, const struct route *route)
{
	struct answer_routes *routes = ctx;

	if (routes->count == ANSWER_ROUTES_MAX || (!route->usable && !route->unreachable))
		return;
	if (route->table != ANSWER_TABLE && route->protocol == ROUTE_PROTOCOL)
		return;
	routes->list[routes->count] = *route;
	routes->list[routes->count++].table = ANSWER_TABLE;
}

static bool answer_same(const struct route *a, const struct route *b)
{
	return prefix_equal(&a->dst, &b->dst) && a->metric == b->metric &&
	       a->unreachable == b->unreachable && a->ifindex == b->ifindex &&
	       a->onlink == b->onlink && addr_equal(&a->gateway, &b->gateway) &&
	       addr_equal(&a->source, &b->source);
}

static bool answer_is_in(const struct answer_routes *routes, const struct route *route)
{
	for (unsigned int i = 0; i < routes->count; i++) {
		if (answer_same(&routes->list[i], route))
			return true;
	}
	return false;
}

/* Gateways are looked up in the table itself first: the networks they are in go before them. */
static void answer_add(struct answer *answer, const struct answer_routes *want,
		       const struct answer_routes *have, bool gateway)
{
	char why[NLTALK_WHY_MAX], text[PREFIX_STRLEN];

	for (unsigned int i = 0; i < want->count; i++) {
		const struct route *route = &want->list[i];

		if (!route->gateway.family == gateway || answer_is_in(have, route))
			continue;
		if (route_add(answer->sk, route, true, why))
			log_debug("the way to %s for answers: %s", prefix_str(&route->dst, text),
				  why);
	}
}

static void answer_del(struct answer *answer, const struct answer_routes *want,
		       const struct answer_routes *have)
{
	char why[NLTALK_WHY_MAX];

	for (unsigned int i = 0; i < have->count; i++) {
		if (!answer_is_in(want, &have->list[i]))
			route_del(answer->sk, &have->list[i], why);
	}
}

static void answer_follow(struct answer *answer)
{
	struct {
		struct answer_routes want, have;
	} *both = calloc(1, sizeof(*both));
	char why[NLTALK_WHY_MAX];
	int rc;

	if (!both)
		return;
	rc = route_dump(answer->sk, AF_INET, ANSWER_TABLE, answer_take, &both->have, why);
	if (!rc && answer->refs)
		rc = route_dump(answer->sk, AF_INET, ROUTE_TABLE, answer_take, &both->want, why);
	if (rc) {	/* half a list would remove what is right */
		log_debug("the way for answers stays as it is: %s", why);
		free(both);
		return;
	}
	answer_del(answer, &both->want, &both->have);
	answer_add(answer, &both->want, &both->have, false);
	answer_add(answer, &both->want, &both->have, true);
	free(both);
}

/* For IKE, which speaks IPv4 outside. */
static int answer_rules(struct answer *answer, bool add, char *why)
{
	static const uint16_t ports[] = { SOCK_PORT_IKE, SOCK_PORT_NATT };
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(ports) && !rc; i++) {
		const struct rule rule = {
			.family = AF_INET, .sport = ports[i], .table = ANSWER_TABLE,
			.priority = ANSWER_PRIORITY,
		};

		if (add)
			rc = rule_add(answer->sk, &rule, why);
		else
			rule_del(answer->sk, &rule, why);
	}
	return rc;
}

int answer_hold(struct answer *answer, char *why)
{
	if (answer->refs++)
		return 0;
	answer_follow(answer);
	return answer_rules(answer, true, why);
}

void answer_drop(struct answer *answer)
{
	char why[NLTALK_WHY_MAX];

	if (--answer->refs)
		return;
	answer_rules(answer, false, why);
	answer_follow(answer);
}

bool answer_has(const struct answer *answer, const struct route *route)
{
	return answer->refs && route->table == ANSWER_TABLE;
}

void answer_mend(struct answer *answer)
{
	char why[NLTALK_WHY_MAX];

	if (!answer->refs)
		return;
	answer_follow(answer);
	if (answer_rules(answer, true, why))
		log_warn("the way for answers to unknown peers: %s", why);
}

void answer_leftover_del(struct answer *answer)
{
	char why[NLTALK_WHY_MAX];

	if (!answer->refs)
		answer_rules(answer, false, why);
}
