// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>
#include "lib/array.h"
#include "suite/names.h"
#include "wire/v2/rules.h"

#define MANY	255

/* N, V and types unknown to us may stand anywhere, any number of times: they have no rule. */
struct rule {
	uint8_t payload;
	uint8_t min, max;	/* min does not hold in a response that reports an error */
};

static const struct rule init_request[] = {
	{ PAYLOAD_SA, 1, 1 },
	{ PAYLOAD_KE, 1, 1 },
	{ PAYLOAD_NONCE, 1, 1 },
	{}
};

static const struct rule init_response[] = {
	{ PAYLOAD_SA, 1, 1 },
	{ PAYLOAD_KE, 1, 1 },
	{ PAYLOAD_NONCE, 1, 1 },
	{ PAYLOAD_CERTREQ, 0, MANY },
	{}
};

static const struct rule auth_request[] = {
	{ PAYLOAD_IDI, 1, 1 },
	{ PAYLOAD_CERT, 0, MANY },
	{ PAYLOAD_CERTREQ, 0, MANY },
	{ PAYLOAD_IDR, 0, 1 },
	{ PAYLOAD_AUTH, 1, 1 },
	{ PAYLOAD_CP, 0, 1 },
	{ PAYLOAD_SA, 1, 1 },
	{ PAYLOAD_TSI, 1, 1 },
	{ PAYLOAD_TSR, 1, 1 },
	{}
};

static const struct rule auth_response[] = {
	{ PAYLOAD_IDR, 1, 1 },
	{ PAYLOAD_CERT, 0, MANY },
	{ PAYLOAD_AUTH, 1, 1 },
	{ PAYLOAD_EAP, 0, 1 },
	{ PAYLOAD_CP, 0, 1 },
	{ PAYLOAD_SA, 1, 1 },
	{ PAYLOAD_TSI, 1, 1 },
	{ PAYLOAD_TSR, 1, 1 },
	{}
};

/* CREATE_CHILD_SA, both ways */
static const struct rule rekey_ike[] = {
	{ PAYLOAD_SA, 1, 1 },
	{ PAYLOAD_NONCE, 1, 1 },
	{ PAYLOAD_KE, 1, 1 },
	{}
};

static const struct rule child[] = {
	{ PAYLOAD_CP, 0, 1 },
	{ PAYLOAD_SA, 1, 1 },
	{ PAYLOAD_NONCE, 1, 1 },
	{ PAYLOAD_KE, 0, 1 },
	{ PAYLOAD_TSI, 1, 1 },
	{ PAYLOAD_TSR, 1, 1 },
	{}
};

static const struct rule informational[] = {
	{ PAYLOAD_DELETE, 0, MANY },
	{ PAYLOAD_CP, 0, 1 },
	{}
};

/* Outside the Encrypted payload, the same for all exchanges but IKE_SA_INIT: one of the two. */
static const struct rule sealed[] = {
	{ PAYLOAD_SK, 0, 1 },
	{ PAYLOAD_SKF, 0, 1 },
	{}
};

enum { REQUEST, RESPONSE };

/* Inside the Encrypted payload; IKE_SA_INIT has none. The first row that fits counts. */
static const struct {
	uint8_t exchange;
	uint8_t sa_protocol;	/* of the SA payload's first proposal; 0: any, or no SA payload */
	const struct rule *rules[2];
} exchanges[] = {
	{ EXCHANGE_IKE_SA_INIT, 0, { init_request, init_response } },
	{ EXCHANGE_IKE_AUTH, 0, { auth_request, auth_response } },
	{ EXCHANGE_CREATE_CHILD_SA, PROTO_IKE, { rekey_ike, rekey_ike } },
	{ EXCHANGE_CREATE_CHILD_SA, 0, { child, child } },
	{ EXCHANGE_INFORMATIONAL, 0, { informational, informational } },
};

static bool __attribute__((format(printf, 2, 3)))
refuse(char why[RULES_WHY_LEN], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, RULES_WHY_LEN, fmt, ap);
	va_end(ap);
	return false;
}

static const struct rule *find_rules(uint8_t exchange, bool response, bool inside,
				     const struct msg *m)
{
	uint8_t protocol = m->sa.list.count ? m->sa.list.p[0].protocol : 0;
	bool in_clear = exchange == EXCHANGE_IKE_SA_INIT;
	size_t i;

	if (inside == in_clear)
		return in_clear ? NULL : sealed;
	for (i = 0; i < ARRAY_SIZE(exchanges); i++)
		if (exchanges[i].exchange == exchange &&
		    (!exchanges[i].sa_protocol || exchanges[i].sa_protocol == protocol))
			return exchanges[i].rules[response ? RESPONSE : REQUEST];
	return NULL;
}

static const struct rule *find_rule(const struct rule *rules, uint8_t payload)
{
	for (; rules->payload; rules++)
		if (rules->payload == payload)
			return rules;
	return NULL;
}

/* COOKIE, and any error, take the place of what was asked for. */
static bool declines(bool response, const struct msg *m)
{
	return response && (msg_error(m) || msg_notify(m, NOTIFY_COOKIE));
}

/* Payload types with a place of their own. */
static bool ruled(unsigned int type)
{
	return ((type >= PAYLOAD_SA && type <= PAYLOAD_EAP) || type == PAYLOAD_SKF) &&
	       type != PAYLOAD_NOTIFY && type != PAYLOAD_VENDOR;
}

bool rules_check(uint8_t exchange, bool response, bool inside, const struct msg *m,
		 char why[RULES_WHY_LEN])
{
	const struct rule *rules = find_rules(exchange, response, inside, m), *r;
	const char *kind = response ? "response" : "request", *name;
	char number[NAME_STRLEN];
	unsigned int type;

	name = name_str(NAME_EXCHANGE, exchange, number);
	if (!rules)
		return refuse(why, "%s %s: this exchange is unknown", name, kind);
	for (type = PAYLOAD_SA; type <= PAYLOAD_SKF; type++) {
		if (!ruled(type) || !m->seen[type])
			continue;
		r = find_rule(rules, (uint8_t)type);
		if (!r)
			return refuse(why, "%s %s: payload %s does not belong %s", name, kind,
				      name_of(NAME_PAYLOAD, type),
				      inside ? "there" : "outside the Encrypted payload");
		if (m->seen[type] > r->max)
			return refuse(why, "%s %s: payload %s stands there %u times", name, kind,
				      name_of(NAME_PAYLOAD, type), m->seen[type]);
	}
	if (rules == sealed && !m->sk.at)
		return refuse(why, "%s %s: payload SK is missing", name, kind);
	for (r = rules; r->payload && !declines(response, m); r++)
		if (m->seen[r->payload] < r->min)
			return refuse(why, "%s %s: payload %s is missing", name, kind,
				      name_of(NAME_PAYLOAD, r->payload));
	return true;
}
