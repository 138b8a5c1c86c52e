// SPDX-License-Identifier: GPL-2.0
/*
 * What strongSwan 5.9.8 sends with its default proposals, kept as seeds of fuzz_parse: each message
 * is read without complaint, follows the rules of its exchange, and offers what our defaults choose
 * from. Of encrypted messages the seeds are the decrypted payloads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "unit/wire/sa_at.h"
#include "unit/wire/ts_at.h"
#include "wire/v2/build.h"
#include "wire/v2/msg.h"
#include "wire/v2/rules.h"

#ifndef TESTS_DIR
#define TESTS_DIR	"tests"
#endif

static uint8_t buf[4096];
static struct msg m;

/* Octets behind the first, which is put into @first. */
static size_t load(const char *name, uint8_t *first)
{
	char path[4096];
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), TESTS_DIR "/fuzz/corpus/fuzz_parse/strongswan-%s", name);
	f = fopen(path, "rb");
	if (!f)
		fail_msg("%s is missing", path);
	len = fread(first, 1, 1, f);
	len = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	assert_true(len > 0 && len < sizeof(buf));
	return len;
}

static void chain(const char *name, uint8_t exchange, bool response)
{
	char why[RULES_WHY_LEN];
	uint8_t first;
	size_t len = load(name, &first);

	if (msg_parse_payloads(cursor_of(buf, len), first, &m) != MSG_OK)
		fail_msg("%s: payload %u: %s", name, m.bad_payload, m.why);
	if (!rules_check(exchange, response, true, &m, why))
		fail_msg("%s: %s", name, why);
}

static void message(const char *name, bool response)
{
	char why[RULES_WHY_LEN];
	struct msg_header h;
	uint8_t first;
	size_t len = load(name, &first);

	assert_int_equal(first, 0);
	if (msg_parse(buf, len, &h, &m) != MSG_OK)
		fail_msg("%s: payload %u: %s", name, m.bad_payload, m.why);
	assert_int_equal(!!(h.flags & MSG_RESPONSE), response);
	if (!rules_check(h.exchange, response, false, &m, why))
		fail_msg("%s: %s", name, why);
}

static void chooses(uint8_t protocol, bool ignore_ke, const char *expected)
{
	char text[PROPOSAL_STRLEN];
	struct proposal chosen;
	struct msg_offer offer;
	struct proposals ours;

	proposals_default(&ours, protocol);
	assert_int_equal(m.sa.skipped, 0);
	assert_true(msg_sa_select(&m.sa, &ours, ignore_ke, &chosen, &offer));
	assert_string_equal(proposal_str(&chosen, text), expected);
}

static void initiating(void **state)
{
	struct proposal p;

	message("init-request", false);
	chooses(PROTO_IKE, false, "aes128gcm16-prfsha256-x25519");
	assert_non_null(msg_notify(&m, NOTIFY_NAT_DETECTION_SOURCE_IP));
	assert_non_null(msg_notify(&m, NOTIFY_NAT_DETECTION_DESTINATION_IP));
	message("init-response", true);
	assert_int_equal(m.sa.count, 1);
	p = sa_at(&m.sa, 0, NULL);
	assert_true(proposal_find(&p, TRANSFORM_KE)->id == m.ke.group);
}

static void authenticating(void **state)
{
	struct msg_offer offer;
	char text[TS_STRLEN];

	chain("auth-request", EXCHANGE_IKE_AUTH, false);
	chooses(PROTO_ESP, true, "aes128gcm16-noesn");
	assert_int_equal(m.idi.type, ID_FQDN);
	assert_memory_equal(m.idi.data.at, "a.example.org", m.idi.data.left);
	assert_int_equal(m.auth.method, AUTH_PSK);
	assert_int_equal(m.tsi.count, 2);
	assert_string_equal(ts_at(&m.tsi, 0, text), "10.1.0.0/24");
	assert_string_equal(ts_at(&m.tsi, 1, text), "10.3.0.0/24[tcp/80]");
	assert_string_equal(ts_at(&m.tsr, 0, text), "10.2.0.0/24");
	chain("auth-response", EXCHANGE_IKE_AUTH, true);
	sa_at(&m.sa, 0, &offer);
	assert_int_equal(offer.spi_len, 4);
	assert_memory_equal(m.idr.data.at, "b.example.org", m.idr.data.left);
}

static void rekeying_and_deleting(void **state)
{
	struct msg_offer offer;

	chain("child-request", EXCHANGE_CREATE_CHILD_SA, false);
	chooses(PROTO_ESP, false, "aes128gcm16-noesn");
	assert_int_equal(msg_notify(&m, NOTIFY_REKEY_SA)->spi_len, 4);
	chain("child-response", EXCHANGE_CREATE_CHILD_SA, true);
	chain("rekey-request", EXCHANGE_CREATE_CHILD_SA, false);
	chooses(PROTO_IKE, false, "aes128gcm16-prfsha256-x25519");
	sa_at(&m.sa, 0, &offer);
	assert_int_equal(offer.spi_len, 8);
	chain("rekey-response", EXCHANGE_CREATE_CHILD_SA, true);
	chain("delete-child", EXCHANGE_INFORMATIONAL, false);
	assert_int_equal(m.del[0].protocol, PROTO_ESP);
	assert_true(msg_delete_spi(&m.del[0], 0));
	chain("delete-ike", EXCHANGE_INFORMATIONAL, false);
	assert_int_equal(m.del[0].protocol, PROTO_IKE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(initiating),
		cmocka_unit_test(authenticating),
		cmocka_unit_test(rekeying_and_deleting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
