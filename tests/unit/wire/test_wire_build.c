// SPDX-License-Identifier: GPL-2.0
/* The builder, by itself, against the parser, and with crypto's protection round it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "crypto/crypto.h"
#include "unit/wire/hex.h"
#include "lib/array.h"
#include "wire/v2/build.h"
#include "wire/v2/cp.h"

static uint8_t buf[MSG_LEN_MAX + 1000];
static struct msg m;

static void bytes_are(const uint8_t *p, size_t len, const char *expected)
{
	uint8_t want[512];

	assert_int_equal(len, unhex(expected, want, sizeof(want)));
	assert_memory_equal(p, want, len);
}

static void layout_is_that_of_rfc7296(void **state)
{
	struct msg_header h = {
		.spi_i = 0x0102030405060708ULL,
		.exchange = EXCHANGE_IKE_SA_INIT,
		.flags = MSG_INITIATOR,
	};
	struct proposals list = { .count = 1 };
	struct builder b;
	char why[64];

	assert_true(proposal_parse(&list.p[0], PROTO_IKE, "aes256gcm16-prfsha256-x25519", why,
				   sizeof(why)));
	build_begin(&b, buf, sizeof(buf), &h);
	build_sa(&b, &list, NULL);
	build_ke(&b, KE_X25519, "\xaa\xbb", 2);
	build_notify(&b, NOTIFY_COOKIE, 0, 0, 0, "\x01", 1);
	bytes_are(buf, build_end(&b),
		  "0102030405060708 0000000000000000 21 20 22 08 00000000 00000057"
		  "22000028 00000024 01010003"
		  "0300000c 01000014 800e0100 03000008 02000005 00000008 0400001f"
		  "2900000a 001f0000 aabb"
		  "00000009 00004006 01");
}

static void ids_auth_ts_delete(void **state)
{
	static const uint32_t spis[] = { 0x100, 0xfffffffe };
	struct msg_header h = { .spi_i = 1 };
	struct ts ts[2];
	const char *why;
	struct builder b;
	uint8_t body[32];
	struct writer w = writer_of(body, sizeof(body));

	assert_true(ts_parse(&ts[0], "10.1.0.0/24[tcp/80]", &why));
	assert_true(ts_parse(&ts[1], "2001:db8::1", &why));
	build_begin(&b, buf, sizeof(buf), &h);
	build_id(&b, PAYLOAD_IDR, ID_FQDN, "gate", 4);
	build_auth(&b, AUTH_PSK, "\xcc", 1);
	build_ts(&b, PAYLOAD_TSI, ts, 2);
	build_delete(&b, PROTO_ESP, spis, 2);
	build_delete(&b, PROTO_IKE, NULL, 0);
	build_notify(&b, NOTIFY_REKEY_SA, PROTO_ESP, 0x11223344, 4, NULL, 0);
	bytes_are(buf + MSG_HEADER_LEN, build_end(&b) - MSG_HEADER_LEN,
		  "2700000c 02000000 67617465"
		  "2c000009 02000000 cc"
		  "2a000040 02000000 07060010 00500050 0a010000 0a0100ff"
		  "08000028 0000ffff"
		  "20010db8000000000000000000000001 20010db8000000000000000000000001"
		  "2a000010 03040002 00000100 fffffffe"
		  "29000008 01000000"
		  "0000000c 03044009 11223344");
	id_body(&w, ID_FQDN, "gate", 4);
	bytes_are(body, w.len, "02000000 67617465");
	/* it is what the peer sees as IDr' */
	assert_int_equal(msg_parse(buf, b.w.len, &h, &m), MSG_OK);
	assert_int_equal(m.idr.body.left, w.len);
	assert_memory_equal(m.idr.body.at, body, w.len);
}

static void certificates_are_written(void **state)
{
	const struct chunk parts[] = { { (const uint8_t *)"\xaa\xbb", 2 },
				       { (const uint8_t *)"\xcc\xdd", 2 } };
	struct msg_header h = { .spi_i = 1, .exchange = EXCHANGE_IKE_AUTH };
	struct builder b;

	build_begin(&b, buf, sizeof(buf), &h);
	build_cert(&b, PAYLOAD_CERT, CERT_X509_SIGNATURE, parts, 1);
	build_cert(&b, PAYLOAD_CERT, CERT_RAW_PUBLIC_KEY, parts + 1, 1);
	build_cert(&b, PAYLOAD_CERTREQ, CERT_X509_SIGNATURE, parts, 2);
	build_cert(&b, PAYLOAD_CERTREQ, CERT_RAW_PUBLIC_KEY, NULL, 0);
	bytes_are(buf + MSG_HEADER_LEN, build_end(&b) - MSG_HEADER_LEN,
		  "25000007 04 aabb"
		  "26000007 0f ccdd"
		  "26000009 04 aabb ccdd"
		  "00000005 0f");
	assert_int_equal(msg_parse(buf, b.w.len, &h, &m), MSG_OK);
	assert_int_equal(m.cert_count, 2);
	assert_int_equal(m.cert[1].encoding, CERT_RAW_PUBLIC_KEY);
	assert_memory_equal(m.cert[1].data.at, "\xcc\xdd", 2);
	assert_int_equal(m.certreq_count, 2);
	assert_int_equal(m.certreq[0].data.left, 4);
	assert_int_equal(m.certreq[1].data.left, 0);
}

/* The same message in every buffer too small for it: no byte beyond, and no length. */
static void small_buffers_are_kept_to(void **state)
{
	struct msg_header h = { .spi_i = 1, .exchange = EXCHANGE_CREATE_CHILD_SA };
	static const uint8_t filler[6000];
	struct proposals list;
	struct builder b;
	size_t cap, len = 0;
	struct ts ts;
	const char *why;

	proposals_default(&list, PROTO_IKE);
	assert_true(ts_parse(&ts, "10.1.0.0/24", &why));
	for (cap = 0; !len && cap < 1000; cap++) {
		memset(buf, 0xee, 1000);
		build_begin(&b, buf, cap, &h);
		build_sk_begin(&b, 8);
		build_sa(&b, &list, NULL);
		build_ts(&b, PAYLOAD_TSI, &ts, 1);
		build_nonce(&b, "0123456789abcdef", 16);
		len = build_sk_end(&b, 8 + build_sk_plain(&b) + 17);
		assert_int_equal(buf[cap], 0xee);
		assert_true(!len || len == cap);
	}
	assert_true(len);
	/* a message longer than a datagram does not fit any buffer */
	build_begin(&b, buf, sizeof(buf), &h);
	while (b.w.len < MSG_LEN_MAX - 5000 && !b.w.overflow)
		build_notify(&b, NOTIFY_COOKIE, 0, 0, 0, filler, 4000);
	assert_true(build_end(&b));
	build_notify(&b, NOTIFY_COOKIE, 0, 0, 0, filler, 6000);
	assert_int_equal(build_end(&b), 0);
	/* a body shorter than what it holds */
	build_begin(&b, buf, sizeof(buf), &h);
	build_sk_begin(&b, 8);
	build_nonce(&b, "0123456789abcdef", 16);
	assert_int_equal(build_sk_end(&b, 10), 0);
	/* SPIs have 0, 4 or 8 octets */
	build_begin(&b, buf, sizeof(buf), &h);
	build_notify(&b, NOTIFY_REKEY_SA, PROTO_ESP, 1, 3, NULL, 0);
	assert_int_equal(build_end(&b), 0);
}

/* Deterministic: xorshift64* */
static uint64_t rng;

static uint32_t below(uint32_t n)
{
	rng ^= rng >> 12;
	rng ^= rng << 25;
	rng ^= rng >> 27;
	return (uint32_t)((rng * 0x2545f4914f6cdd1dULL) >> 33) % n;
}

static void noise(uint8_t *p, size_t len)
{
	while (len--)
		*p++ = (uint8_t)below(256);
}

static void random_proposal(struct builder *b, uint8_t number, bool last)
{
	static const uint8_t spi_lens[][2] = { { 0, 8 }, { 4, 4 }, { 4, 4 } };
	struct proposal p = { .protocol = (uint8_t)(PROTO_IKE + below(3)) };
	struct msg_offer offer = {
		.number = number, .spi_len = spi_lens[p.protocol - PROTO_IKE][below(2)],
	};

	if (offer.spi_len == 8)
		offer.spi = (uint64_t)below(UINT32_MAX) << 32 | below(UINT32_MAX);
	else if (offer.spi_len)
		offer.spi = below(UINT32_MAX);
	for (; p.count < 1 + below(PROPOSAL_TRANSFORMS_MAX); p.count++) {
		p.t[p.count].type = (uint8_t)(1 + below(6));
		p.t[p.count].id = (uint16_t)below(65536);
		p.t[p.count].key_bits = (uint16_t)(below(2) ? 0 : below(65536));
	}
	build_proposal(b, &p, &offer, last);
}

static void random_sa(struct builder *b)
{
	unsigned int count = 1 + below(40);

	build_payload(b, PAYLOAD_SA);
	for (unsigned int i = 1; i <= count; i++)
		random_proposal(b, (uint8_t)i, i == count);
	build_payload_end(b);
}

static struct ts random_ts(void)
{
	struct ts ts = { .proto = (uint8_t)below(256) };
	size_t len = below(2) ? 4 : 16;
	struct addr swap;

	ts.start.family = len == 4 ? AF_INET : AF_INET6;
	ts.end.family = ts.start.family;
	noise(ts.start.b, len);
	noise(ts.end.b, len);
	if (addr_cmp(&ts.start, &ts.end) > 0) {
		swap = ts.start;
		ts.start = ts.end;
		ts.end = swap;
	}
	ts.port_start = (uint16_t)below(65536);
	ts.port_end = (uint16_t)(ts.port_start + below(65536U - ts.port_start));
	if (!below(8)) {
		ts.port_start = 65535;
		ts.port_end = 0;
	}
	return ts;
}

static void random_cp(struct builder *b)
{
	uint8_t data[64];

	noise(data, sizeof(data));
	build_cp(b, CP_REQUEST + below(4));
	for (uint32_t n = below(8); n; n--)
		build_cp_attr(b, (uint16_t)(100 + below(100)), data, below(sizeof(data)));
	build_payload_end(b);
}

static void random_payload(struct builder *b)
{
	static const uint8_t spi_lens[] = { 0, 4, 8 };
	uint8_t data[256], spi_len;
	uint32_t spis[8];
	struct ts ts[8];
	uint32_t n, i;

	noise(data, sizeof(data));
	n = 1 + below(200);
	switch (below(11)) {
	case 0:
		random_sa(b);
		break;
	case 1:
		build_ke(b, (uint16_t)below(65536), data, n);
		break;
	case 2:
		build_nonce(b, data, 16 + n);
		break;
	case 3:
		build_id(b, PAYLOAD_IDI + (uint8_t)below(2), ID_KEY_ID, data, n - 1);
		break;
	case 4:
		build_auth(b, (uint8_t)below(256), data, n);
		break;
	case 5:
		n = 1 + below(ARRAY_SIZE(ts));
		for (i = 0; i < n; i++)
			ts[i] = random_ts();
		build_ts(b, PAYLOAD_TSI + (uint8_t)below(2), ts, n);
		break;
	case 6:
		n = 1 + below(ARRAY_SIZE(spis));
		for (i = 0; i < n; i++)
			spis[i] = below(UINT32_MAX);
		build_delete(b, PROTO_ESP, spis, n);
		break;
	case 7:
		build_delete(b, PROTO_IKE, NULL, 0);
		break;
	case 8:
		build_payload(b, PAYLOAD_VENDOR);
		writer_bytes(&b->w, data, n);
		build_payload_end(b);
		break;
	case 9:
		random_cp(b);
		break;
	default:
		spi_len = spi_lens[below(3)];
		build_notify(b, (uint16_t)below(65536), (uint8_t)below(4),
			     (uint64_t)below(UINT32_MAX) << 32 | below(UINT32_MAX), spi_len, data,
			     n - 1);
	}
}

static void rebuild_sa(struct builder *b)
{
	struct cursor at = m.sa.proposals;
	struct msg_offer offer;
	unsigned int count = 0;
	struct proposal p;

	build_payload(b, PAYLOAD_SA);
	while (msg_sa_next(&at, &p, &offer))
		build_proposal(b, &p, &offer, ++count == m.sa.count);
	build_payload_end(b);
}

static void rebuild_ts(struct builder *b, uint8_t type, const struct msg_ts *list)
{
	struct cursor at = list->selectors;
	unsigned int count = 0;
	struct ts ts[255];

	while (msg_ts_next(&at, &ts[count]))
		count++;
	assert_int_equal(count, list->count);
	build_ts(b, type, ts, count);
}

/* One payload of @type as it was parsed, written again. False: its type is not looked at. */
/* As many as a payload counts, of IPv4 and IPv6, among them the last. */
static void ts_is_as_long_as_it_may_be(void **state)
{
	struct msg_header h = { .spi_i = 1, .exchange = EXCHANGE_IKE_AUTH };
	struct ts list[255];
	struct builder b;
	const char *why;

	for (unsigned int i = 0; i < ARRAY_SIZE(list); i++) {
		char text[32];

		snprintf(text, sizeof(text), i % 2 ? "10.2.%u.0/24" : "2001:db8:%x::/48", i);
		assert_true(ts_parse(&list[i], text, &why));
	}
	build_begin(&b, buf, sizeof(buf), &h);
	build_ts(&b, PAYLOAD_TSI, list, ARRAY_SIZE(list));
	assert_int_equal(msg_parse(buf, build_end(&b), &h, &m), MSG_OK);
	assert_int_equal(m.tsi.count, 255);
	assert_int_equal(m.tsi.skipped, 0);
	for (struct { struct cursor at; struct ts ts; unsigned int i; } k = { m.tsi.selectors };
	     msg_ts_next(&k.at, &k.ts); k.i++)
		assert_true(ts_equal(&k.ts, &list[k.i]));
}

static bool rebuild(struct builder *b, uint8_t type, unsigned int notify, unsigned int del)
{
	const struct msg_notify *n = &m.notify[notify];
	uint32_t spis[64];
	unsigned int i;

	switch (type) {
	case PAYLOAD_SA:
		rebuild_sa(b);
		return true;
	case PAYLOAD_KE:
		build_ke(b, m.ke.group, m.ke.data.at, m.ke.data.left);
		return true;
	case PAYLOAD_NONCE:
		build_nonce(b, m.nonce.at, m.nonce.left);
		return true;
	case PAYLOAD_IDI:
		build_id(b, type, m.idi.type, m.idi.data.at, m.idi.data.left);
		return true;
	case PAYLOAD_IDR:
		build_id(b, type, m.idr.type, m.idr.data.at, m.idr.data.left);
		return true;
	case PAYLOAD_AUTH:
		build_auth(b, m.auth.method, m.auth.data.at, m.auth.data.left);
		return true;
	case PAYLOAD_TSI:
		rebuild_ts(b, type, &m.tsi);
		return true;
	case PAYLOAD_TSR:
		rebuild_ts(b, type, &m.tsr);
		return true;
	case PAYLOAD_CP:
		build_cp(b, m.cp.type);
		for (i = 0; i < m.cp.count; i++)
			build_cp_attr(b, m.cp.attr[i].type, m.cp.attr[i].value.at,
				      m.cp.attr[i].value.left);
		build_payload_end(b);
		return true;
	case PAYLOAD_NOTIFY:
		build_notify(b, n->type, n->protocol, n->spi, n->spi_len, n->data.at, n->data.left);
		return true;
	case PAYLOAD_DELETE:
		for (i = 0; i < m.del[del].count; i++)
			spis[i] = msg_delete_spi(&m.del[del], i);
		build_delete(b, m.del[del].protocol, spis, m.del[del].count);
		return true;
	default:
		return false;
	}
}

/*
 * Walks the chain of @orig and compares each payload with what the parsed struct gives when it is
 * built again. Only the first of a type that may stand once is in the struct.
 */
static void rebuilt_payloads_equal(const uint8_t *orig, size_t len)
{
	unsigned int seen[256] = {};
	struct msg_header h = {};
	static uint8_t out[8192];
	struct cursor c, body;
	uint8_t type, next, flags;
	uint16_t size;
	struct builder b;

	c = cursor_of(orig, len);
	assert_true(cursor_skip(&c, 16) && cursor_u8(&c, &type) && cursor_skip(&c, 11));
	for (; type; type = next) {
		assert_true(cursor_u8(&c, &next) && cursor_u8(&c, &flags) && cursor_u16(&c, &size));
		assert_true(cursor_sub(&c, size - 4U, &body));
		build_begin(&b, out, sizeof(out), &h);
		if ((!seen[type] || type == PAYLOAD_NOTIFY || type == PAYLOAD_DELETE) &&
		    rebuild(&b, type, seen[PAYLOAD_NOTIFY], seen[PAYLOAD_DELETE])) {
			assert_int_equal(build_end(&b), MSG_HEADER_LEN + size);
			assert_memory_equal(out + MSG_HEADER_LEN + 4, body.at, body.left);
		}
		seen[type]++;
	}
	assert_int_equal(c.left, 0);
}

static void parsing_and_building_invert_each_other(void **state)
{
	struct msg_header h, back;
	struct builder b;
	int round, n;
	size_t len;

	rng = 0x9e3779b97f4a7c15ULL;
	for (round = 0; round < 3000; round++) {
		h = (struct msg_header){
			.spi_i = 1 + below(UINT32_MAX),
			.spi_r = below(UINT32_MAX),
			.exchange = (uint8_t)below(256),
			.flags = (uint8_t)below(256),
			.id = below(UINT32_MAX),
		};
		build_begin(&b, buf, sizeof(buf), &h);
		for (n = (int)below(12); n; n--)
			random_payload(&b);
		len = build_end(&b);
		assert_true(len);
		if (msg_parse(buf, len, &back, &m) != MSG_OK)
			fail_msg("round %d: payload %u: %s", round, m.bad_payload, m.why);
		assert_true(back.spi_i == h.spi_i && back.spi_r == h.spi_r && back.id == h.id);
		assert_int_equal(back.exchange, h.exchange);
		assert_int_equal(back.flags, h.flags);
		rebuilt_payloads_equal(buf, len);
	}
}

/*
 * Bit flips, cuts and extensions of good messages: any answer, but no access outside (ASan) and no
 * lie about views.
 */
static void views_stay_inside(void **state)
{
	struct msg_header h = { .spi_i = 1 }, back;
	uint8_t *exact;
	struct builder b;
	int round, n;
	size_t len;

	rng = 42;
	for (round = 0; round < 20000; round++) {
		build_begin(&b, buf, sizeof(buf), &h);
		for (n = 1 + (int)below(6); n; n--)
			random_payload(&b);
		len = build_end(&b);
		for (n = (int)below(4); n; n--)
			buf[16 + below((uint32_t)len - 16)] ^= (uint8_t)(1 << below(8));
		if (!below(4))
			len = MSG_HEADER_LEN + below((uint32_t)len - MSG_HEADER_LEN);
		memset(buf + 24, 0, 2);
		buf[26] = (uint8_t)(len >> 8);
		buf[27] = (uint8_t)len;
		exact = malloc(len);
		memcpy(exact, buf, len);
		if (msg_parse(exact, len, &back, &m) == MSG_OK) {
			assert_true(!m.ke.data.at || m.ke.data.at + m.ke.data.left <= exact + len);
			assert_true(!m.sk.at || m.sk.at + m.sk.left == exact + len);
			assert_true(!m.sk.at || exact + m.sk_offset == m.sk.at);
			assert_true(!m.nonce.at || m.nonce.left >= MSG_NONCE_MIN);
		} else {
			assert_non_null(m.why);
		}
		free(exact);
	}
}

/* As the engine does it: build, seal, parse outside, open, parse inside. */
static void sealed_messages_round_trip(void **state)
{
	static const struct sk suites[] = {
		{ .encr = ENCR_AES_GCM_16, .key_bits = 256 },
		{ .encr = ENCR_CHACHA20_POLY1305 },
		{ .encr = ENCR_AES_CBC, .key_bits = 128, .integ = INTEG_HMAC_SHA2_256_128 },
	};
	struct msg_header h = {
		.spi_i = 7,
		.spi_r = 9,
		.exchange = EXCHANGE_INFORMATIONAL,
		.flags = MSG_RESPONSE,
		.id = 3,
	};
	size_t i, n, len, plain, plain_len;
	struct builder b;
	struct sk sk;

	for (i = 0; i < ARRAY_SIZE(suites); i++) {
		sk = suites[i];
		for (n = 0; n < 40; n++) {
			build_begin(&b, buf, 2000, &h);
			build_sk_begin(&b, sk_iv_len(&sk));
			if (n)
				build_notify(&b, NOTIFY_COOKIE, 0, 0, 0,
					     "0123456789012345678901234567890123456789", n);
			if (n > 20)
				build_delete(&b, PROTO_IKE, NULL, 0);
			len = build_sk_end(&b, sk_sealed_len(&sk, build_sk_plain(&b)));
			assert_true(len && sk_seal(&sk, buf, b.sk_body, b.sk_plain));

			assert_int_equal(msg_parse(buf, len, &h, &m), MSG_OK);
			assert_int_equal(m.seen[PAYLOAD_SK], 1);
			assert_int_equal(m.sk_offset, b.sk_body);
			assert_int_equal(m.sk_first, n ? PAYLOAD_NOTIFY : PAYLOAD_NONE);
			assert_true(sk_open(&sk, buf, len, m.sk_offset, &plain, &plain_len));
			assert_int_equal(plain_len, b.sk_plain);
			assert_int_equal(msg_parse_payloads(cursor_of(buf + plain, plain_len),
							    m.sk_first, &m),
					 MSG_OK);
			assert_int_equal(m.notify_count, n ? 1 : 0);
			assert_int_equal(m.del_count, n > 20);
			if (n)
				assert_int_equal(m.notify[0].data.left, n);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout_is_that_of_rfc7296),
		cmocka_unit_test(ts_is_as_long_as_it_may_be),
		cmocka_unit_test(ids_auth_ts_delete),
		cmocka_unit_test(certificates_are_written),
		cmocka_unit_test(small_buffers_are_kept_to),
		cmocka_unit_test(parsing_and_building_invert_each_other),
		cmocka_unit_test(views_stay_inside),
		cmocka_unit_test(sealed_messages_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
