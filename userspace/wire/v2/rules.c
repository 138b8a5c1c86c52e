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
	/*
	 * @min 0: optional. NEEDED: but not in a response that reports an error. CORE: likewise,
	 * and without it such a response has only notifies: MSG_DECLINED. TOGETHER: like NEEDED,
	 * where one of those is there; without any the IKE SA is childless, RFC 6023.
	 */
	uint8_t min, max;
};

enum { NEEDED = 1, CORE, TOGETHER };

static const struct rule init_request[] = {
	{ PAYLOAD_SA, CORE, 1 },
	{ PAYLOAD_KE, CORE, 1 },
	{ PAYLOAD_NONCE, CORE, 1 },
	{}
};

static const struct rule init_response[] = {
	{ PAYLOAD_SA, CORE, 1 },
	{ PAYLOAD_KE, CORE, 1 },
	{ PAYLOAD_NONCE, CORE, 1 },
	{ PAYLOAD_CERTREQ, 0, MANY },
	{}
};

/* Both ways */
static const struct rule resume[] = {
	{ PAYLOAD_NONCE, CORE, 1 },
	{}
};

static const struct rule auth_request[] = {
	{ PAYLOAD_IDI, NEEDED, 1 },
	{ PAYLOAD_CERT, 0, MANY },
	{ PAYLOAD_CERTREQ, 0, MANY },
	{ PAYLOAD_IDR, 0, 1 },
	{ PAYLOAD_AUTH, NEEDED, 1 },
	{ PAYLOAD_CP, 0, 1 },
	{ PAYLOAD_SA, TOGETHER, 1 },
	{ PAYLOAD_TSI, TOGETHER, 1 },
	{ PAYLOAD_TSR, TOGETHER, 1 },
	{}
};

static const struct rule auth_response[] = {
	{ PAYLOAD_IDR, CORE, 1 },
	{ PAYLOAD_CERT, 0, MANY },
	{ PAYLOAD_AUTH, CORE, 1 },
	{ PAYLOAD_CP, 0, 1 },
	{ PAYLOAD_SA, TOGETHER, 1 },
	{ PAYLOAD_TSI, TOGETHER, 1 },
	{ PAYLOAD_TSR, TOGETHER, 1 },
	{}
};

/* With EAP, RFC 7296 2.16 */
static const struct rule auth_begin[] = {
	{ PAYLOAD_IDI, NEEDED, 1 },
	{ PAYLOAD_CERTREQ, 0, MANY },
	{ PAYLOAD_IDR, 0, 1 },
	{ PAYLOAD_CP, 0, 1 },
	{ PAYLOAD_SA, TOGETHER, 1 },
	{ PAYLOAD_TSI, TOGETHER, 1 },
	{ PAYLOAD_TSR, TOGETHER, 1 },
	{}
};

/* Another proof, RFC 4739; what an initiator without a child begins with looks alike. */
static const struct rule auth_again[] = {
	{ PAYLOAD_IDI, NEEDED, 1 },
	{ PAYLOAD_CERTREQ, 0, MANY },
	{ PAYLOAD_IDR, 0, 1 },
	{ PAYLOAD_CP, 0, 1 },
	{}
};

static const struct rule auth_round[] = {
	{ PAYLOAD_IDR, 0, 1 },
	{ PAYLOAD_CERT, 0, MANY },
	{ PAYLOAD_AUTH, 0, 1 },
	{ PAYLOAD_EAP, NEEDED, 1 },
	{}
};

static const struct rule proof_request[] = {
	{ PAYLOAD_AUTH, NEEDED, 1 },
	{}
};

static const struct rule proof_response[] = {
	{ PAYLOAD_AUTH, CORE, 1 },
	{ PAYLOAD_CP, 0, 1 },
	{ PAYLOAD_SA, TOGETHER, 1 },
	{ PAYLOAD_TSI, TOGETHER, 1 },
	{ PAYLOAD_TSR, TOGETHER, 1 },
	{}
};

/* To a second proof of the initiator's that was no EAP: RFC 4739 2.3. The responder had its own. */
static const struct rule auth_granted[] = {
	{ PAYLOAD_CP, 0, 1 },
	{ PAYLOAD_SA, TOGETHER, 1 },
	{ PAYLOAD_TSI, TOGETHER, 1 },
	{ PAYLOAD_TSR, TOGETHER, 1 },
	{}
};

/* CREATE_CHILD_SA, both ways */
static const struct rule rekey_ike[] = {
	{ PAYLOAD_SA, CORE, 1 },
	{ PAYLOAD_NONCE, CORE, 1 },
	{ PAYLOAD_KE, CORE, 1 },
	{}
};

static const struct rule child[] = {
	{ PAYLOAD_CP, 0, 1 },
	{ PAYLOAD_SA, CORE, 1 },
	{ PAYLOAD_NONCE, CORE, 1 },
	{ PAYLOAD_KE, 0, 1 },
	{ PAYLOAD_TSI, CORE, 1 },
	{ PAYLOAD_TSR, CORE, 1 },
	{}
};

/* IKE_INTERMEDIATE and IKE_FOLLOWUP_KE, both ways */
static const struct rule further_ke[] = {
	{ PAYLOAD_KE, CORE, 1 },
	{}
};

static const struct rule informational[] = {
	{ PAYLOAD_DELETE, 0, MANY },
	{ PAYLOAD_CP, 0, 1 },
	{}
};

/* Outside the Encrypted payload, the same for all exchanges that have one: one of the two. */
static const struct rule sealed[] = {
	{ PAYLOAD_SK, 0, 1 },
	{ PAYLOAD_SKF, 0, 1 },
	{}
};

enum { REQUEST = 1, RESPONSE };

/* Inside the Encrypted payload; a first exchange has none. The first row that fits counts. */
static const struct kind {
	uint8_t exchange;
	uint8_t direction;	/* 0: both */
	uint8_t has, lacks;	/* a payload that tells it from the others; 0: none */
	uint8_t sa_protocol;	/* of the SA payload's first proposal; 0: any, or no SA payload */
	enum msg_kind kind;
	const struct rule *rules;
} kinds[] = {
	{ EXCHANGE_IKE_SA_INIT, REQUEST, 0, 0, 0, MSG_INIT, init_request },
	{ EXCHANGE_IKE_SA_INIT, RESPONSE, 0, 0, 0, MSG_INIT, init_response },
	{ EXCHANGE_IKE_SESSION_RESUME, 0, 0, 0, 0, MSG_RESUME, resume },
	{ EXCHANGE_IKE_AUTH, 0, PAYLOAD_EAP, 0, 0, MSG_AUTH_ROUND, auth_round },
	{ EXCHANGE_IKE_AUTH, REQUEST, PAYLOAD_AUTH, PAYLOAD_IDI, 0, MSG_AUTH_PROOF,
	  proof_request },
	{ EXCHANGE_IKE_AUTH, REQUEST, PAYLOAD_SA, PAYLOAD_AUTH, 0, MSG_AUTH_BEGIN, auth_begin },
	{ EXCHANGE_IKE_AUTH, REQUEST, PAYLOAD_IDI, PAYLOAD_AUTH, 0, MSG_AUTH_AGAIN, auth_again },
	{ EXCHANGE_IKE_AUTH, REQUEST, 0, 0, 0, MSG_AUTH, auth_request },
	{ EXCHANGE_IKE_AUTH, RESPONSE, PAYLOAD_AUTH, PAYLOAD_IDR, 0, MSG_AUTH_PROOF,
	  proof_response },
	{ EXCHANGE_IKE_AUTH, RESPONSE, 0, PAYLOAD_AUTH, 0, MSG_AUTH_GRANTED, auth_granted },
	{ EXCHANGE_IKE_AUTH, RESPONSE, 0, PAYLOAD_AUTH, 0, MSG_AUTH_NO_CHILD, auth_granted },
	{ EXCHANGE_IKE_AUTH, RESPONSE, 0, 0, 0, MSG_AUTH, auth_response },
	{ EXCHANGE_CREATE_CHILD_SA, 0, 0, 0, PROTO_IKE, MSG_REKEY_IKE, rekey_ike },
	{ EXCHANGE_CREATE_CHILD_SA, 0, 0, 0, 0, MSG_CHILD, child },
	{ EXCHANGE_INFORMATIONAL, 0, 0, 0, 0, MSG_INFO, informational },
	{ EXCHANGE_IKE_INTERMEDIATE, 0, 0, 0, 0, MSG_INTERMEDIATE, further_ke },
	{ EXCHANGE_IKE_FOLLOWUP_KE, 0, 0, 0, 0, MSG_FOLLOWUP, further_ke },
};

/* Outside the Encrypted payload. */
static const struct kind outside = { .kind = MSG_INFO, .rules = sealed };

static bool __attribute__((format(printf, 2, 3)))
refuse(char why[RULES_WHY_LEN], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, RULES_WHY_LEN, fmt, ap);
	va_end(ap);
	return false;
}

/* The IKE SA may stand where the child does not: RFC 7296 1.2 */
static bool refuses_child(const struct msg_notify *error)
{
	switch (error->type) {
	case NOTIFY_NO_PROPOSAL_CHOSEN:
	case NOTIFY_SINGLE_PAIR_REQUIRED:
	case NOTIFY_NO_ADDITIONAL_SAS:
	case NOTIFY_INTERNAL_ADDRESS_FAILURE:
	case NOTIFY_FAILED_CP_REQUIRED:
	case NOTIFY_TS_UNACCEPTABLE:
		return true;
	default:
		return false;
	}
}

/* Of the two kinds that have neither IDr nor AUTH. */
static bool bare_fits(enum msg_kind kind, const struct msg *m)
{
	const struct msg_notify *error = msg_error(m);

	if (kind != MSG_AUTH_GRANTED && kind != MSG_AUTH_NO_CHILD)
		return true;
	return !m->seen[PAYLOAD_IDR] &&
	       (kind == MSG_AUTH_GRANTED ? !error : error && refuses_child(error));
}

static bool kind_fits(const struct kind *k, uint8_t exchange, bool response, const struct msg *m)
{
	return k->exchange == exchange &&
	       (!k->direction || k->direction == (response ? RESPONSE : REQUEST)) &&
	       (!k->has || m->seen[k->has]) && (!k->lacks || !m->seen[k->lacks]) &&
	       (!k->sa_protocol || k->sa_protocol == m->sa.protocol) &&
	       bare_fits(k->kind, m);
}

bool rules_in_clear(uint8_t exchange)
{
	return exchange == EXCHANGE_IKE_SA_INIT || exchange == EXCHANGE_IKE_SESSION_RESUME;
}

static const struct kind *find_kind(uint8_t exchange, bool response, bool inside,
				    const struct msg *m)
{
	bool in_clear = rules_in_clear(exchange);
	size_t i;

	if (inside == in_clear)
		return in_clear ? NULL : &outside;
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kind_fits(&kinds[i], exchange, response, m))
			return &kinds[i];
	return NULL;
}

static const struct rule *find_rule(const struct rule *rules, uint8_t payload)
{
	for (; rules->payload; rules++)
		if (rules->payload == payload)
			return rules;
	return NULL;
}

/* COOKIE, REDIRECT (RFC 5685 3), TICKET_NACK, and any error take the place of what was asked. */
static bool declines(uint8_t exchange, bool response, const struct msg *m)
{
	return response &&
	       (msg_error(m) || msg_notify(m, NOTIFY_COOKIE) ||
		(rules_in_clear(exchange) && msg_notify(m, NOTIFY_REDIRECT)) ||
		(exchange == EXCHANGE_IKE_SESSION_RESUME && msg_notify(m, NOTIFY_TICKET_NACK)));
}

/* Payload types with a place of their own. */
static bool ruled(unsigned int type)
{
	return ((type >= PAYLOAD_SA && type <= PAYLOAD_EAP) || type == PAYLOAD_SKF) &&
	       type != PAYLOAD_NOTIFY && type != PAYLOAD_VENDOR;
}

static bool childless(const struct rule *rules, const struct msg *m)
{
	for (; rules->payload; rules++)
		if (rules->min == TOGETHER && m->seen[rules->payload])
			return false;
	return true;
}

/* No payload stands where it does not belong, or too often. */
static bool check_present(const struct kind *k, const char *what, const struct msg *m,
			  char why[RULES_WHY_LEN])
{
	const struct rule *r;
	unsigned int type;

	for (type = PAYLOAD_SA; type <= PAYLOAD_SKF; type++) {
		if (!ruled(type) || !m->seen[type])
			continue;
		r = find_rule(k->rules, (uint8_t)type);
		if (!r)
			return refuse(why, "%s: payload %s does not belong %s", what,
				      name_of(NAME_PAYLOAD, type),
				      k == &outside ? "outside the Encrypted payload" : "there");
		if (m->seen[type] > r->max)
			return refuse(why, "%s: payload %s occurs %u times", what,
				      name_of(NAME_PAYLOAD, type), m->seen[type]);
	}
	return true;
}

bool rules_check(uint8_t exchange, bool response, bool inside, struct msg *m,
		 char why[RULES_WHY_LEN])
{
	const struct kind *k = find_kind(exchange, response, inside, m);
	char number[NAME_STRLEN], what[NAME_STRLEN + 16];
	const struct rule *r;

	snprintf(what, sizeof(what), "%s %s", name_str(NAME_EXCHANGE, exchange, number),
		 response ? "response" : "request");
	if (!k)
		return refuse(why, "%s: this exchange is unknown", what);
	if (!check_present(k, what, m, why))
		return false;
	if (k == &outside && !m->sk.at)
		return refuse(why, "%s: payload SK is missing", what);
	m->kind = k->kind;
	for (r = k->rules; r->payload; r++) {
		if (!r->min || m->seen[r->payload] ||
		    (r->min == TOGETHER && childless(k->rules, m)))
			continue;
		if (!declines(exchange, response, m))
			return refuse(why, "%s: payload %s is missing", what,
				      name_of(NAME_PAYLOAD, r->payload));
		if (r->min == CORE)
			m->kind = MSG_DECLINED;
	}
	return true;
}
