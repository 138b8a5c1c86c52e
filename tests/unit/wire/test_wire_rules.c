// SPDX-License-Identifier: GPL-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "lib/array.h"
#include "wire/v2/rules.h"

struct rule_case {
	uint8_t exchange;
	bool response, inside;
	const char *payloads;	/* letters, see seen_from */
	const char *says;	/* NULL: accepted */
	enum msg_kind kind;	/* of an accepted one, inside or in the clear */
};

/*
 * S SA of ESP, s SA of IKE, K KE, i IDi, r IDr, C CERT, Q CERTREQ, A AUTH, n Nonce, D delete, V
 * vendor, 1 TSi, 2 TSr, P CP, E EAP, X SK, F SKF, e an error notify about a child, f about all, c
 * COOKIE, t TICKET_NACK, o another notify, u a type unknown to us
 */
static void seen_from(struct msg *m, const char *letters)
{
	static const char map[] = "KirCQAnDV12PEXFefctou";
	static const uint8_t types[] = {
		PAYLOAD_KE,	 PAYLOAD_IDI,	 PAYLOAD_IDR,	PAYLOAD_CERT,
		PAYLOAD_CERTREQ, PAYLOAD_AUTH,	 PAYLOAD_NONCE, PAYLOAD_DELETE,
		PAYLOAD_VENDOR,	 PAYLOAD_TSI,	 PAYLOAD_TSR,	PAYLOAD_CP,
		PAYLOAD_EAP,	 PAYLOAD_SK,	 PAYLOAD_SKF,	PAYLOAD_NOTIFY,
		PAYLOAD_NOTIFY,	 PAYLOAD_NOTIFY, PAYLOAD_NOTIFY, PAYLOAD_NOTIFY,
		200,
	};
	static const uint8_t body[1];

	memset(m, 0, sizeof(*m));
	for (; *letters; letters++) {
		if (*letters == 'S' || *letters == 's') {
			m->seen[PAYLOAD_SA]++;
			m->sa.count = 1;
			m->sa.protocol = *letters == 'S' ? PROTO_ESP : PROTO_IKE;
			continue;
		}
		assert_non_null(strchr(map, *letters));
		m->seen[types[strchr(map, *letters) - map]]++;
		if (*letters == 'X' || *letters == 'F')
			m->sk = cursor_of(body, 1);
		if (*letters == 'e')
			m->notify[m->notify_count++].type = NOTIFY_NO_PROPOSAL_CHOSEN;
		if (*letters == 'f')
			m->notify[m->notify_count++].type = NOTIFY_AUTHENTICATION_FAILED;
		if (*letters == 'c')
			m->notify[m->notify_count++].type = NOTIFY_COOKIE;
		if (*letters == 't')
			m->notify[m->notify_count++].type = NOTIFY_TICKET_NACK;
		if (*letters == 'o')
			m->notify[m->notify_count++].type = NOTIFY_INITIAL_CONTACT;
	}
}

#define INIT		EXCHANGE_IKE_SA_INIT
#define RESUME		EXCHANGE_IKE_SESSION_RESUME
#define AUTH		EXCHANGE_IKE_AUTH
#define CHILD		EXCHANGE_CREATE_CHILD_SA
#define INFO		EXCHANGE_INFORMATIONAL
#define REQUEST		false
#define RESPONSE	true
#define OUTSIDE		false
#define INSIDE		true

static const struct rule_case cases[] = {
	{ INIT, REQUEST, OUTSIDE, "sKnoooVVVu", NULL, MSG_INIT },
	{ INIT, REQUEST, OUTSIDE, "csKn", NULL, MSG_INIT },
	{ INIT, REQUEST, OUTSIDE, "Kn", "IKE_SA_INIT request: payload SA is missing" },
	{ INIT, REQUEST, OUTSIDE, "sn", "payload KE is missing" },
	{ INIT, REQUEST, OUTSIDE, "sK", "payload Nonce is missing" },
	{ INIT, REQUEST, OUTSIDE, "e", "payload SA is missing" },
	{ INIT, REQUEST, OUTSIDE, "c", "payload SA is missing" },
	{ INIT, REQUEST, OUTSIDE, "sKKn", "payload KE occurs 2 times" },
	{ INIT, REQUEST, OUTSIDE, "sKnA",
	  "payload AUTH does not belong there" },
	{ INIT, REQUEST, OUTSIDE, "sKnX", "payload SK does not belong" },
	{ INIT, REQUEST, INSIDE, "sKn", "unknown" },
	{ INIT, RESPONSE, OUTSIDE, "sKnQooV", NULL, MSG_INIT },
	{ INIT, RESPONSE, OUTSIDE, "c", NULL, MSG_DECLINED },
	{ INIT, RESPONSE, OUTSIDE, "e", NULL, MSG_DECLINED },
	{ INIT, RESPONSE, OUTSIDE, "o", "IKE_SA_INIT response: payload SA is missing" },
	{ INIT, RESPONSE, OUTSIDE, "eA", "does not belong" },

	{ RESUME, REQUEST, OUTSIDE, "noou", NULL, MSG_RESUME },
	{ RESUME, REQUEST, OUTSIDE, "cno", NULL, MSG_RESUME },
	{ RESUME, REQUEST, OUTSIDE, "o", "IKE_SESSION_RESUME request: payload Nonce is missing" },
	{ RESUME, REQUEST, OUTSIDE, "t", "payload Nonce is missing" },
	{ RESUME, REQUEST, OUTSIDE, "snK", "payload SA does not belong there" },
	{ RESUME, REQUEST, OUTSIDE, "nX", "payload SK does not belong there" },
	{ RESUME, REQUEST, INSIDE, "n", "unknown" },
	{ RESUME, RESPONSE, OUTSIDE, "noo", NULL, MSG_RESUME },
	{ RESUME, RESPONSE, OUTSIDE, "c", NULL, MSG_DECLINED },
	{ RESUME, RESPONSE, OUTSIDE, "t", NULL, MSG_DECLINED },
	{ RESUME, RESPONSE, OUTSIDE, "e", NULL, MSG_DECLINED },
	{ RESUME, RESPONSE, OUTSIDE, "o", "payload Nonce is missing" },
	{ INIT, RESPONSE, OUTSIDE, "t", "payload SA is missing" },

	{ AUTH, REQUEST, OUTSIDE, "X", NULL, MSG_INFO },
	{ AUTH, REQUEST, OUTSIDE, "F", NULL, MSG_INFO },
	{ AUTH, REQUEST, OUTSIDE, "", "IKE_AUTH request: payload SK is missing" },
	{ AUTH, RESPONSE, OUTSIDE, "e", "payload SK is missing" },
	{ AUTH, REQUEST, OUTSIDE, "iAX", "payload IDi does not belong outside" },
	{ AUTH, REQUEST, INSIDE, "iCCQQorPAS12ou", NULL, MSG_AUTH },
	{ AUTH, REQUEST, INSIDE, "iAS12", NULL, MSG_AUTH },
	/* without AUTH it asks for EAP, RFC 7296 2.16 */
	{ AUTH, REQUEST, INSIDE, "iS12", NULL, MSG_AUTH_BEGIN },
	{ AUTH, REQUEST, INSIDE, "iQrPS12o", NULL, MSG_AUTH_BEGIN },
	{ AUTH, REQUEST, INSIDE, "iS1", "IKE_AUTH request: payload TSr is missing" },
	{ AUTH, REQUEST, INSIDE, "E", NULL, MSG_AUTH_ROUND },
	{ AUTH, REQUEST, INSIDE, "EE", "payload EAP occurs 2 times" },
	{ AUTH, REQUEST, INSIDE, "Ei", "payload IDi does not belong there" },
	{ AUTH, REQUEST, INSIDE, "A", NULL, MSG_AUTH_PROOF },
	{ AUTH, REQUEST, INSIDE, "AE", NULL, MSG_AUTH_ROUND },
	{ AUTH, RESPONSE, INSIDE, "rCAE", NULL, MSG_AUTH_ROUND },
	{ AUTH, RESPONSE, INSIDE, "E", NULL, MSG_AUTH_ROUND },
	{ AUTH, RESPONSE, INSIDE, "APS12", NULL, MSG_AUTH_PROOF },
	{ AUTH, RESPONSE, INSIDE, "Ae", NULL, MSG_AUTH_PROOF },
	{ AUTH, RESPONSE, INSIDE, "A", NULL, MSG_AUTH_PROOF },		/* RFC 6023 */
	{ AUTH, RESPONSE, INSIDE, "AS", "payload TSi is missing" },
	{ AUTH, REQUEST, INSIDE, "AS12", "payload SA does not belong there" },
	{ AUTH, REQUEST, INSIDE, "S12", "payload IDi is missing" },
	{ AUTH, REQUEST, INSIDE, "iAS1", "payload TSr is missing" },
	{ AUTH, REQUEST, INSIDE, "iAS12K", "payload KE does not belong there" },
	{ AUTH, REQUEST, INSIDE, "iAS12X", "payload SK does not belong there" },
	{ AUTH, REQUEST, INSIDE, "iAASS12", "occurs 2 times" },
	{ AUTH, RESPONSE, INSIDE, "rCAS12o", NULL, MSG_AUTH },
	{ AUTH, RESPONSE, INSIDE, "rAe", NULL, MSG_AUTH },
	{ AUTH, RESPONSE, INSIDE, "e", NULL, MSG_AUTH_NO_CHILD },
	{ AUTH, RESPONSE, INSIDE, "Pe", NULL, MSG_AUTH_NO_CHILD },
	{ AUTH, RESPONSE, INSIDE, "f", NULL, MSG_DECLINED },
	{ AUTH, RESPONSE, INSIDE, "fe", NULL, MSG_DECLINED },
	{ AUTH, RESPONSE, INSIDE, "re", NULL, MSG_DECLINED },
	/* to the last proof of several, RFC 4739 2.3 */
	{ AUTH, RESPONSE, INSIDE, "S12", NULL, MSG_AUTH_GRANTED },
	{ AUTH, RESPONSE, INSIDE, "PS12o", NULL, MSG_AUTH_GRANTED },
	{ AUTH, RESPONSE, INSIDE, "", NULL, MSG_AUTH_GRANTED },
	{ AUTH, RESPONSE, INSIDE, "S1", "payload TSr is missing" },
	{ AUTH, RESPONSE, INSIDE, "CS12", "payload CERT does not belong there" },
	{ AUTH, RESPONSE, INSIDE, "rS12", "payload AUTH is missing" },
	{ AUTH, REQUEST, INSIDE, "iA", NULL, MSG_AUTH },			/* RFC 6023 */
	/* or of another proof, RFC 4739 */
	{ AUTH, REQUEST, INSIDE, "i", NULL, MSG_AUTH_AGAIN },
	{ AUTH, REQUEST, INSIDE, "iQrPo", NULL, MSG_AUTH_AGAIN },
	{ AUTH, REQUEST, INSIDE, "iC", "payload CERT does not belong", MSG_AUTH_AGAIN },
	{ AUTH, REQUEST, INSIDE, "i1", "payload TSi does not belong", MSG_AUTH_AGAIN },
	{ AUTH, RESPONSE, INSIDE, "rA", NULL, MSG_AUTH },
	{ AUTH, RESPONSE, INSIDE, "rA12", "IKE_AUTH response: payload SA is missing" },
	{ AUTH, RESPONSE, INSIDE, "irAS12", "payload IDi does not belong there" },

	{ CHILD, REQUEST, INSIDE, "oSn12", NULL, MSG_CHILD },
	{ CHILD, REQUEST, INSIDE, "oSnK12", NULL, MSG_CHILD },
	{ CHILD, REQUEST, INSIDE, "Sn", "CREATE_CHILD_SA request: payload TSi is missing" },
	{ CHILD, REQUEST, INSIDE, "snK", NULL, MSG_REKEY_IKE },
	{ CHILD, REQUEST, INSIDE, "sn", "payload KE is missing" },
	{ CHILD, REQUEST, INSIDE, "snK12", "payload TSi does not belong there" },
	{ CHILD, REQUEST, INSIDE, "n12", "payload SA is missing" },
	{ CHILD, RESPONSE, INSIDE, "SnK12", NULL, MSG_CHILD },
	{ CHILD, RESPONSE, INSIDE, "snK", NULL, MSG_REKEY_IKE },
	{ CHILD, RESPONSE, INSIDE, "e", NULL, MSG_DECLINED },
	{ CHILD, RESPONSE, INSIDE, "S12", "payload Nonce is missing" },
	{ CHILD, RESPONSE, OUTSIDE, "X", NULL, MSG_INFO },

	{ INFO, REQUEST, OUTSIDE, "X", NULL, MSG_INFO },
	{ INFO, REQUEST, INSIDE, "", NULL, MSG_INFO },
	{ INFO, REQUEST, INSIDE, "DDoeP", NULL, MSG_INFO },
	{ INFO, RESPONSE, INSIDE, "", NULL, MSG_INFO },
	{ INFO, RESPONSE, INSIDE, "D", NULL, MSG_INFO },
	{ INFO, REQUEST, INSIDE, "S", "INFORMATIONAL request: payload SA does not belong there" },

	{ 77, REQUEST, INSIDE, "", "exchange 77 request: this exchange is unknown" },
};

static void exchanges_follow_their_rules(void **state)
{
	static struct msg m;
	const struct rule_case *c;
	char why[RULES_WHY_LEN];
	bool ok;

	for (c = cases; c < cases + ARRAY_SIZE(cases); c++) {
		seen_from(&m, c->payloads);
		strcpy(why, "nothing");
		ok = rules_check(c->exchange, c->response, c->inside, &m, why);
		if (ok != !c->says || (!ok && !strstr(why, c->says)))
			fail_msg("case %zu, \"%s\", accepted %d: %s", (size_t)(c - cases),
				 c->payloads, ok, why);
		if (ok && m.kind != c->kind)
			fail_msg("case %zu, \"%s\": kind %d instead of %d",
				 (size_t)(c - cases), c->payloads, m.kind, c->kind);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exchanges_follow_their_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
