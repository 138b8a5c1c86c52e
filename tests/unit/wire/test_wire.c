// SPDX-License-Identifier: GPL-2.0
/* IKEv2 messages: what is read, what is refused, with what words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "unit/wire/hex.h"
#include "unit/wire/sa_at.h"
#include "unit/wire/ts_at.h"
#include "lib/array.h"
#include "wire/v2/build.h"
#include "wire/v2/msg.h"
#include "wire/v2/rules.h"

static uint8_t buf[32768];
static struct msg m;

/* A chain of payloads in hexadecimal */
static enum msg_result parse(uint8_t first, const char *text)
{
	return msg_parse_payloads(cursor_of(buf, unhex(text, buf, sizeof(buf))), first, &m);
}

static void parses(uint8_t first, const char *text)
{
	if (parse(first, text) != MSG_OK)
		fail_msg("%s: payload %u: %s", text, m.bad_payload, m.why);
}

static void is_malformed(uint8_t first, const char *text, const char *says)
{
	assert_int_equal(parse(first, text), MSG_MALFORMED);
	if (!strstr(m.why, says))
		fail_msg("%s: \"%s\" does not say \"%s\"", text, m.why, says);
}

static void header_is_read(void **state)
{
	static const char good[] =
		"0102030405060708 1112131415161718 21 20 22 08 00000007 0000001c";
	struct msg_header h;
	size_t len = unhex(good, buf, sizeof(buf)), i;

	assert_int_equal(msg_parse_header(buf, len, &h), MSG_OK);
	assert_true(h.spi_i == 0x0102030405060708ULL && h.spi_r == 0x1112131415161718ULL);
	assert_int_equal(h.first, PAYLOAD_SA);
	assert_int_equal(h.major, 2);
	assert_int_equal(h.minor, 0);
	assert_int_equal(h.exchange, EXCHANGE_IKE_SA_INIT);
	assert_int_equal(h.flags, MSG_INITIATOR);
	assert_int_equal(h.id, 7);
	assert_int_equal(h.len, 28);
	for (i = 0; i < len; i++)
		assert_int_equal(msg_parse_header(buf, i, &h), MSG_MALFORMED);
	assert_int_equal(msg_parse_header(buf, len + 1, &h), MSG_MALFORMED);
	/* minor versions are read as 2.0, other majors named */
	buf[17] = 0x2f;
	assert_int_equal(msg_parse_header(buf, len, &h), MSG_OK);
	buf[17] = 0x10;
	assert_int_equal(msg_parse_header(buf, len, &h), MSG_BAD_VERSION);
	assert_int_equal(h.major, 1);
	assert_true(h.spi_i == 0x0102030405060708ULL);
	buf[17] = 0x30;
	assert_int_equal(msg_parse(buf, len, &h, &m), MSG_BAD_VERSION);
	assert_non_null(m.why);
	/* an initiator without an SPI */
	buf[17] = 0x20;
	memset(buf, 0, 8);
	assert_int_equal(msg_parse_header(buf, len, &h), MSG_MALFORMED);
}

static void chain_is_walked(void **state)
{
	parses(PAYLOAD_NONE, "");
	is_malformed(PAYLOAD_NONE, "00", "left over");
	is_malformed(PAYLOAD_NONCE, "", "ends before");
	is_malformed(PAYLOAD_NONCE, "000000", "ends before");
	is_malformed(PAYLOAD_VENDOR, "00000003", "length is wrong");
	is_malformed(PAYLOAD_VENDOR, "00000006 01", "length is wrong");
	is_malformed(PAYLOAD_VENDOR, "00000005 01 02", "left over");
	/* the last payload points to one that is not there */
	is_malformed(PAYLOAD_VENDOR, "2b000005 01", "ends before");
	assert_int_equal(m.bad_payload, PAYLOAD_VENDOR);
	parses(PAYLOAD_VENDOR, "2b000005 01 00000004");
	assert_int_equal(m.seen[PAYLOAD_VENDOR], 2);
}

static void critical_bit(void **state)
{
	/* unknown: skipped, refused when critical; the bit is 0x80 and no other */
	parses(200, "29000005 01 00000008 00004000");
	assert_int_equal(m.seen[200], 1);
	assert_int_equal(m.notify_count, 1);
	parses(200, "29010005 01 00000008 00004000");
	parses(200, "297f0005 01 00000008 00004000");
	assert_int_equal(parse(200, "29800005 01 00000008 00004000"), MSG_CRITICAL);
	assert_int_equal(m.bad_payload, 200);
	assert_non_null(m.why);
	/* on a payload we know it says nothing, RFC 7296 3.2 */
	parses(PAYLOAD_NOTIFY, "00800008 00004000");
	/* a broken length comes first */
	assert_int_equal(parse(200, "00800003"), MSG_MALFORMED);
}

static void sa_is_read(void **state)
{
	struct msg_offer offer;
	struct proposal p;

	/* AES-GCM-16-256 | PRF-SHA2-256 | X25519, then AES-CBC-128 | SHA2-256-128 */
	parses(PAYLOAD_SA, "00000048"
	       "02000024 01 01 00 03"
	       "0300000c 01 00 0014 800e 0100"
	       "03000008 02 00 0005"
	       "00000008 04 00 001f"
	       "00000020 02 03 04 02 11223344"
	       "0300000c 01 00 000c 800e 0080"
	       "00000008 03 00 000c");
	assert_int_equal(m.sa.count, 2);
	assert_int_equal(m.sa.protocol, PROTO_IKE);
	p = sa_at(&m.sa, 0, &offer);
	assert_int_equal(p.protocol, PROTO_IKE);
	assert_int_equal(p.count, 3);
	assert_int_equal(p.t[0].type, TRANSFORM_ENCR);
	assert_int_equal(p.t[0].id, ENCR_AES_GCM_16);
	assert_int_equal(p.t[0].key_bits, 256);
	assert_false(p.t[0].unusable);
	assert_int_equal(p.t[2].type, TRANSFORM_KE);
	assert_int_equal(p.t[2].id, KE_X25519);
	assert_int_equal(offer.number, 1);
	assert_int_equal(offer.spi_len, 0);
	p = sa_at(&m.sa, 1, &offer);
	assert_int_equal(p.protocol, PROTO_ESP);
	assert_int_equal(offer.number, 2);
	assert_int_equal(offer.spi_len, 4);
	assert_true(offer.spi == 0x11223344);
	/* the IKE SA's own SPI, when it is rekeyed */
	parses(PAYLOAD_SA, "0000001c 00000018 01 01 08 01 0102030405060708 00000008 04 00 001f");
	sa_at(&m.sa, 0, &offer);
	assert_true(offer.spi == 0x0102030405060708ULL);
}

static void attributes_spoil_their_transform_only(void **state)
{
	static const char *const spoilt[] = {
		"0000000c 01 00 0014 8001 0100",		/* unknown, short */
		"0000000c 01 00 0014 0001 0000",		/* unknown, long and empty */
		"00000010 01 00 0014 0009 0004 01020304",	/* unknown, long */
		"0000000c 01 00 0014 800e 0000",		/* a key of no length */
		"00000010 01 00 0014 800e 0080 800e 0100",	/* two lengths */
		"0000000e 01 00 0014 000e 0002 0080",		/* the length in the wrong format */
	};
	struct proposal p;
	char text[200];
	uint8_t len;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(spoilt); i++) {
		len = (uint8_t)unhex(spoilt[i], buf, sizeof(buf));
		snprintf(text, sizeof(text), "0000%04x 0000%04x 01 01 00 02 03000008 04 00 001f %s",
			 4 + 8 + 8 + len, 8 + 8 + len, spoilt[i]);
		parses(PAYLOAD_SA, text);
		p = sa_at(&m.sa, 0, NULL);
		assert_false(p.t[0].unusable);
		assert_true(p.t[1].unusable);
		assert_int_equal(p.t[1].id, ENCR_AES_GCM_16);
	}
}

static void broken_sa_is_refused(void **state)
{
	struct msg_offer offer;

	is_malformed(PAYLOAD_SA, "00000004", "no proposal");
	is_malformed(PAYLOAD_SA, "00000005 00", "proposal's length");
	/* lengths too short and too long */
	is_malformed(PAYLOAD_SA, "0000000c 00000007 01 01 00 00", "proposal's length");
	is_malformed(PAYLOAD_SA, "0000000c 00000009 01 01 00 00", "proposal's length");
	is_malformed(PAYLOAD_SA, "00000014 00000010 01 01 00 01 00000007 04 00 001f",
		     "transform's length");
	is_malformed(PAYLOAD_SA, "00000014 00000010 01 01 00 01 00000009 04 00 001f",
		     "transform's length");
	/* counts and "more" marks that do not agree */
	is_malformed(PAYLOAD_SA, "00000014 00000010 01 01 00 02 00000008 04 00 001f",
		     "number of transforms");
	is_malformed(PAYLOAD_SA, "00000014 00000010 01 01 00 02 03000008 04 00 001f",
		     "transform's length");
	is_malformed(PAYLOAD_SA, "00000014 00000010 01 01 00 01 03000008 04 00 001f",
		     "number of transforms");
	is_malformed(PAYLOAD_SA, "00000014 00000010 01 01 00 00 00000008 04 00 001f", "left over");
	is_malformed(PAYLOAD_SA, "00000014 02000010 01 01 00 01 00000008 04 00 001f",
		     "chain of proposals");
	is_malformed(PAYLOAD_SA, "00000014 01000010 01 01 00 01 00000008 04 00 001f",
		     "chain of proposals");
	/* attributes that run out */
	is_malformed(PAYLOAD_SA, "00000016 00000012 01 01 00 01 0000000a 01 00 0014 800e",
		     "attribute");
	is_malformed(PAYLOAD_SA, "00000018 00000014 01 01 00 01 0000000c 01 00 0014 000e 0001",
		     "attribute");
	/* SPIs of the wrong length */
	is_malformed(PAYLOAD_SA, "0000000c 00000008 01 03 00 00", "SPI");
	is_malformed(PAYLOAD_SA, "0000000c 00000008 01 03 04 00", "SPI");
	is_malformed(PAYLOAD_SA, "00000014 00000010 01 03 08 00 0102030405060708", "SPI");
	is_malformed(PAYLOAD_SA, "00000010 0000000c 01 01 04 00 01020304", "SPI");
	/* of a protocol unknown to us it may have any */
	parses(PAYLOAD_SA, "0000000e 0000000a 01 09 02 00 0102");
	sa_at(&m.sa, 0, &offer);
	assert_int_equal(offer.spi_len, 0);
}

static void put_transform(struct writer *w, bool last, uint8_t type, uint16_t id)
{
	writer_u16(w, last ? 0 : 0x0300);
	writer_u16(w, 8);
	writer_u16(w, (uint16_t)(type << 8));
	writer_u16(w, id);
}

/* @count proposals of IKE, of which the one at place @at, from 1, is @text, the rest AES-GCM-8. */
static void parse_proposals(unsigned int count, unsigned int at, const char *text)
{
	struct msg_header h = { .spi_i = 1 };
	struct proposal other, this;
	struct builder b;
	char why[64];

	assert_true(proposal_parse(&other, PROTO_IKE, "aes256gcm8-prfsha256-x25519", why,
				   sizeof(why)));
	assert_true(proposal_parse(&this, PROTO_IKE, text, why, sizeof(why)));
	build_begin(&b, buf, sizeof(buf), &h);
	build_payload(&b, PAYLOAD_SA);
	for (unsigned int i = 1; i <= count; i++) {
		struct msg_offer offer = { .number = (uint8_t)i, .spi_len = 8, .spi = 1000 + i };

		build_proposal(&b, i == at ? &this : &other, &offer, i == count);
	}
	build_payload_end(&b);
	assert_int_equal(msg_parse(buf, build_end(&b), &h, &m), MSG_OK);
}

/* Their number has no bound but the message's: the last one counts as the first does. */
static void any_number_of_proposals_is_read(void **state)
{
	static const unsigned int places[] = { 1, 16, 17, 200, 255, 400 };
	struct proposals ours = { .count = 1 };
	struct msg_offer offer;
	struct proposal chosen;
	struct cursor at;
	unsigned int count;
	char why[64];

	assert_true(proposal_parse(&ours.p[0], PROTO_IKE, "aes128gcm16-prfsha256-x25519", why,
				   sizeof(why)));
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		parse_proposals(400, places[i], "aes128gcm16-prfsha256-x25519");
		assert_int_equal(m.sa.count, 400);
		assert_int_equal(m.sa.skipped, 0);
		at = m.sa.proposals;
		for (count = 0; msg_sa_next(&at, &chosen, &offer); count++)
			assert_true(offer.spi == 1001 + count);
		assert_int_equal(count, 400);
		assert_true(msg_sa_select(&m.sa, &ours, false, &chosen, &offer));
		assert_true(offer.spi == 1000 + places[i]);
		offer.spi = 0;
		assert_true(msg_sa_find(&m.sa, &ours.p[0], &chosen, &offer));
		assert_true(offer.spi == 1000 + places[i]);
		assert_int_equal(chosen.count, 3);
	}
	parse_proposals(400, 400, "aes128gcm16-prfsha384-x25519");
	assert_false(msg_sa_select(&m.sa, &ours, false, &chosen, &offer));
	assert_false(msg_sa_find(&m.sa, &ours.p[0], &chosen, &offer));
}

/* The strongest, wherever it stands; the first of theirs with by_peer. */
static void the_best_of_many_is_chosen(void **state)
{
	struct proposals ours = { .count = 2 };
	struct msg_offer offer;
	struct proposal chosen;
	char why[64];

	assert_true(proposal_parse(&ours.p[0], PROTO_IKE, "3des-sha1-modp2048", why, sizeof(why)));
	assert_true(proposal_parse(&ours.p[1], PROTO_IKE, "aes256gcm8-prfsha256-x25519", why,
				   sizeof(why)));
	for (unsigned int at = 1; at <= 300; at += 299) {
		parse_proposals(300, at, "3des-sha1-modp2048");
		ours.by_peer = false;
		assert_true(msg_sa_select(&m.sa, &ours, false, &chosen, &offer));
		assert_int_equal(proposal_find(&chosen, TRANSFORM_ENCR)->id, ENCR_AES_GCM_8);
		assert_true(offer.spi == (at == 1 ? 1002 : 1001));
		ours.by_peer = true;
		assert_true(msg_sa_select(&m.sa, &ours, false, &chosen, &offer));
		assert_true(offer.spi == 1001);
	}
	/* the first of ours among equals, though it comes last */
	ours.by_peer = false;
	assert_true(proposal_parse(&ours.p[0], PROTO_IKE, "aes256gcm16-prfsha256-x25519", why,
				   sizeof(why)));
	parse_proposals(300, 300, "aes256gcm16-prfsha256-x25519");
	assert_true(msg_sa_select(&m.sa, &ours, false, &chosen, &offer));
	assert_true(offer.spi == 1300);
}

/*
 * ChaCha20-Poly1305 and 199 integrity algorithms, the last of which is of transform type @last_type
 */
static void parse_200_transforms(uint8_t last_type)
{
	struct msg_header h = { .spi_i = 1 };
	struct builder b;
	int i;

	build_begin(&b, buf, sizeof(buf), &h);
	build_payload(&b, PAYLOAD_SA);
	writer_u16(&b.w, 0);
	writer_u16(&b.w, 8 + 4 + 8 * 200);
	writer_u32(&b.w, 0x010304c8);
	writer_u32(&b.w, 0x11223344);
	put_transform(&b.w, false, TRANSFORM_ENCR, ENCR_CHACHA20_POLY1305);
	for (i = 198; i >= 0; i--)
		put_transform(&b.w, !i, i ? TRANSFORM_INTEG : last_type, (uint16_t)(1000 + i));
	build_payload_end(&b);
	assert_int_equal(msg_parse(buf, build_end(&b), &h, &m), MSG_OK);
	assert_int_equal(sa_at(&m.sa, 0, NULL).count, PROPOSAL_TRANSFORMS_MAX);
	assert_int_equal(m.sa.skipped, 200 - PROPOSAL_TRANSFORMS_MAX);
}

/* A type unknown to us spoils its proposal, wherever it stands. */
static void many_transforms_are_cut(void **state)
{
	static const char text[] = "chacha20poly1305-noesn";
	struct proposals ours = { .count = 1 };
	struct msg_offer offer;
	struct proposal chosen;
	char why[64];

	assert_true(proposal_parse(&ours.p[0], PROTO_ESP, text, why, sizeof(why)));
	parse_200_transforms(TRANSFORM_INTEG);
	assert_true(msg_sa_select(&m.sa, &ours, false, &chosen, &offer));
	parse_200_transforms(6);
	assert_false(msg_sa_select(&m.sa, &ours, false, &chosen, &offer));
}

static void ke_nonce_id_auth(void **state)
{
	parses(PAYLOAD_KE, "0000000a 001f ffff aabb");
	assert_int_equal(m.ke.group, 31);
	assert_int_equal(m.ke.data.left, 2);
	assert_ptr_equal(m.ke.data.at, buf + 8);
	is_malformed(PAYLOAD_KE, "00000008 001f 0000", "missing");
	is_malformed(PAYLOAD_KE, "00000007 001f 00", "cut short");

	parses(PAYLOAD_NONCE, "00000014 000102030405060708090a0b0c0d0e0f");
	assert_int_equal(m.nonce.left, 16);
	is_malformed(PAYLOAD_NONCE, "00000013 000102030405060708090a0b0c0d0e", "nonce");

	parses(PAYLOAD_IDI, "0000000e 02ffffff 676174652e6e");
	assert_int_equal(m.idi.type, ID_FQDN);
	assert_int_equal(m.idi.data.left, 6);
	/* what AUTH signs: with the reserved octets as they came */
	assert_int_equal(m.idi.body.left, 10);
	assert_ptr_equal(m.idi.body.at, buf + 4);
	assert_null(m.idr.body.at);
	parses(PAYLOAD_IDR, "00000008 0b000000");
	assert_int_equal(m.idr.data.left, 0);
	assert_non_null(m.idr.body.at);
	is_malformed(PAYLOAD_IDR, "00000007 0b0000", "cut short");
	is_malformed(PAYLOAD_IDI, "0000000b 01000000 0a0000", "wrong length");
	is_malformed(PAYLOAD_IDI, "0000000c 05000000 0a000001", "wrong length");

	parses(PAYLOAD_AUTH, "0000000a 02000000 abcd");
	assert_int_equal(m.auth.method, AUTH_PSK);
	assert_int_equal(m.auth.data.left, 2);
	is_malformed(PAYLOAD_AUTH, "00000008 02000000", "missing");
	is_malformed(PAYLOAD_AUTH, "00000006 0200", "cut short");
}

static void nonce_lengths(void **state)
{
	struct msg_header h = { .spi_i = 1 };
	uint8_t nonce[300] = {};
	struct builder b;
	size_t len;

	for (len = 0; len < sizeof(nonce); len++) {
		build_begin(&b, buf, sizeof(buf), &h);
		build_nonce(&b, nonce, len);
		assert_int_equal(msg_parse(buf, build_end(&b), &h, &m),
				 len >= 16 && len <= 256 ? MSG_OK : MSG_MALFORMED);
	}
}

static void ts_is_read(void **state)
{
	char text[TS_STRLEN];

	/* 10.1.0.0/24[tcp/80], an unknown type, 2001:db8::1 */
	parses(PAYLOAD_TSI,
	       "0000004a 03000000"
	       "07060010 00500050 0a010000 0a0100ff"
	       "0900000a 010203040506"
	       "08000028 0000ffff"
	       "20010db8000000000000000000000001 20010db8000000000000000000000001");
	assert_int_equal(m.tsi.count, 2);
	assert_int_equal(m.tsi.skipped, 1);
	assert_string_equal(ts_at(&m.tsi, 0, text), "10.1.0.0/24[tcp/80]");
	assert_string_equal(ts_at(&m.tsi, 1, text), "2001:db8::1");
	parses(PAYLOAD_TSR, "00000018 01000000 07110010 ffff0000 0a010000 0a0100ff");
	assert_string_equal(ts_at(&m.tsr, 0, text), "10.1.0.0/24[udp/opaque]");

	is_malformed(PAYLOAD_TSI, "00000006 0100", "cut short");
	is_malformed(PAYLOAD_TSI, "00000008 00000000", "no traffic selector");
	is_malformed(PAYLOAD_TSI, "00000008 01000000", "length is wrong");
	is_malformed(PAYLOAD_TSI, "00000018 02000000 07000010 0000ffff 0a010000 0a0100ff",
		     "length is wrong");
	is_malformed(PAYLOAD_TSI, "0000000b 01000000 090000", "length is wrong");
	is_malformed(PAYLOAD_TSI, "0000000c 01000000 09000003", "length is wrong");
	is_malformed(PAYLOAD_TSI, "00000017 01000000 0700000f 0000ffff 0a010000 0a0100",
		     "does not fit");
	is_malformed(PAYLOAD_TSI, "00000018 01000000 08000010 0000ffff 0a010000 0a0100ff",
		     "does not fit");
	is_malformed(PAYLOAD_TSI, "00000019 01000000 07000010 0000ffff 0a010000 0a0100ff 00",
		     "left over");
	is_malformed(PAYLOAD_TSI, "00000018 01000000 07000010 0000ffff 0a0100ff 0a010000",
		     "before it begins");
	is_malformed(PAYLOAD_TSI, "00000018 01000000 07060010 00510050 0a010000 0a0100ff",
		     "before it begins");
}

static void notify_and_delete(void **state)
{
	const struct msg_notify *n;

	/* REKEY_SA, COOKIE, INVALID_KE_PAYLOAD, one with an SPI of a length unheard of */
	parses(PAYLOAD_NOTIFY, "2900000c 0304 4009 aabbccdd"
	       "2900000a 0000 4006 0102 2900000a 0000 0011 0013 0000000b 0103 9c40 010203");
	assert_int_equal(m.notify_count, 4);
	n = msg_notify(&m, NOTIFY_REKEY_SA);
	assert_non_null(n);
	assert_int_equal(n->protocol, PROTO_ESP);
	assert_int_equal(n->spi_len, 4);
	assert_true(n->spi == 0xaabbccdd);
	assert_int_equal(n->data.left, 0);
	assert_non_null(n->data.at);
	assert_int_equal(msg_notify(&m, NOTIFY_COOKIE)->data.left, 2);
	assert_ptr_equal(msg_error(&m), msg_notify(&m, NOTIFY_INVALID_KE_PAYLOAD));
	assert_true(msg_notify(&m, 40000)->spi == 0);
	assert_null(msg_notify(&m, NOTIFY_REKEY_SA + 1));
	parses(PAYLOAD_NOTIFY, "00000010 0108 4009 0102030405060708");
	assert_true(m.notify[0].spi == 0x0102030405060708ULL);
	assert_null(msg_error(&m));
	is_malformed(PAYLOAD_NOTIFY, "00000007 000040", "cut short");
	is_malformed(PAYLOAD_NOTIFY, "0000000b 0304 4009 aabbcc", "cut short");

	parses(PAYLOAD_DELETE, "2a000008 01000000 00000010 0304 0002 00000100 fffffffe");
	assert_int_equal(m.del_count, 2);
	assert_int_equal(m.del[0].protocol, PROTO_IKE);
	assert_int_equal(m.del[0].count, 0);
	assert_int_equal(msg_delete_spi(&m.del[0], 0), 0);
	assert_int_equal(m.del[1].count, 2);
	assert_int_equal(msg_delete_spi(&m.del[1], 0), 0x100);
	assert_int_equal(msg_delete_spi(&m.del[1], 1), 0xfffffffe);
	assert_int_equal(msg_delete_spi(&m.del[1], 2), 0);
	assert_int_equal(msg_delete_spi(&m.del[1], UINT32_MAX), 0);
	is_malformed(PAYLOAD_DELETE, "00000006 0304", "cut short");
	is_malformed(PAYLOAD_DELETE, "0000000c 0304 0002 00000100", "number of its SPIs");
	is_malformed(PAYLOAD_DELETE, "0000000c 0304 0000 00000100", "number of its SPIs");
	is_malformed(PAYLOAD_DELETE, "00000010 0308 0001 0102030405060708", "4 octets");
	is_malformed(PAYLOAD_DELETE, "00000008 0304 ffff", "number of its SPIs");
	is_malformed(PAYLOAD_DELETE, "00000008 0900 0000", "protocol");
}

/* Hostile numbers of payloads end in a word, not in memory. */
static void counts_are_bounded(void **state)
{
	static const struct {
		uint8_t type;
		enum msg_result result;
		unsigned int fits;
	} cases[] = {
		{ PAYLOAD_NOTIFY, MSG_MALFORMED, MSG_NOTIFIES_MAX },
		{ PAYLOAD_DELETE, MSG_MALFORMED, MSG_DELETES_MAX },
		{ PAYLOAD_CERT, MSG_OK, 300 },
		{ PAYLOAD_CERTREQ, MSG_OK, 300 },
		{ PAYLOAD_VENDOR, MSG_OK, 300 },
	};
	struct msg_header h = { .spi_i = 1 };
	enum msg_result expected;
	struct builder b;
	unsigned int n, i;
	size_t c;

	for (c = 0; c < ARRAY_SIZE(cases); c++) {
		for (n = 0; n <= 300; n++) {
			build_begin(&b, buf, sizeof(buf), &h);
			for (i = 0; i < n; i++) {
				build_payload(&b, cases[c].type);
				writer_u32(&b.w, 0x01000000);
				build_payload_end(&b);
			}
			expected = MSG_OK;
			if (n > cases[c].fits)
				expected = cases[c].result;
			assert_int_equal(msg_parse(buf, build_end(&b), &h, &m), expected);
		}
		assert_true(m.seen[cases[c].type] <= 255);
	}
	assert_int_equal(m.seen[PAYLOAD_VENDOR], 255);
}

static void sk_is_found(void **state)
{
	static const char text[] = "0102030405060708 1112131415161718 2e 20 25 08 00000007 00000027"
				   "29000009 0102030405 00000000";
	struct msg_header h;
	size_t len = unhex(text, buf, sizeof(buf));

	/* four octets too many behind it */
	buf[27] = (uint8_t)len;
	assert_int_equal(msg_parse(buf, len, &h, &m), MSG_MALFORMED);
	assert_string_equal(m.why, "payloads follow it");
	len -= 4;
	buf[27] = (uint8_t)len;
	assert_int_equal(msg_parse(buf, len, &h, &m), MSG_OK);
	assert_int_equal(m.sk_offset, 32);
	assert_ptr_equal(m.sk.at, buf + 32);
	assert_int_equal(m.sk.left, 5);
	assert_int_equal(m.sk_first, PAYLOAD_NOTIFY);
	assert_false(m.fragment);
	/* behind another payload */
	len = unhex("0102030405060708 1112131415161718 2b 20 25 08 00000007 00000027"
		    "2e000006 aabb 00000005 01", buf, sizeof(buf));
	assert_int_equal(msg_parse(buf, len, &h, &m), MSG_OK);
	assert_int_equal(m.sk_offset, 38);
	assert_ptr_equal(m.sk.at, buf + 38);
	assert_int_equal(m.sk_first, 0);
}

/* RFC 7383 2.5: number and total stand before the IV. */
static void test_fragment(void **state)
{
	static const char *const bad[] = { "0000 0003", "0004 0003", "0000 0000" };
	struct msg_header h, out = { .spi_i = 1, .spi_r = 2, .exchange = EXCHANGE_INFORMATIONAL };
	uint8_t numbers[4];
	struct builder b;
	size_t len;

	for (unsigned int number = 1; number <= 3; number++) {
		build_begin(&b, buf, sizeof(buf), &out);
		build_skf_begin(&b, (uint16_t)number, 3, PAYLOAD_NOTIFY, 8);
		writer_bytes(&b.w, "abcde", 5);
		assert_int_equal(build_sk_plain(&b), 5);
		len = build_sk_end(&b, 8 + 5 + 1 + 16);
		assert_int_equal(len, 28 + 8 + 30);
		assert_int_equal(b.sk_body, 36);
		assert_int_equal(msg_parse(buf, len, &h, &m), MSG_OK);
		assert_true(m.fragment);
		assert_int_equal(m.number, number);
		assert_int_equal(m.total, 3);
		assert_int_equal(m.sk_first, number == 1 ? PAYLOAD_NOTIFY : PAYLOAD_NONE);
		assert_int_equal(m.sk_offset, 36);
		assert_ptr_equal(m.sk.at, buf + 36);
		assert_int_equal(m.sk.left, 30);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(unhex(bad[i], numbers, sizeof(numbers)), 4);
		memcpy(buf + 32, numbers, 4);
		assert_int_equal(msg_parse(buf, len, &h, &m), MSG_MALFORMED);
		assert_string_equal(m.why, "its number is not one of its total");
	}
	/* cut within its numbers */
	len = unhex("0102030405060708 1112131415161718 35 20 25 08 00000007 00000023"
		    "00000007 000100", buf, sizeof(buf));
	assert_int_equal(msg_parse(buf, len, &h, &m), MSG_MALFORMED);
	assert_string_equal(m.why, "it is cut short");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fragment),
		cmocka_unit_test(header_is_read),
		cmocka_unit_test(chain_is_walked),
		cmocka_unit_test(critical_bit),
		cmocka_unit_test(sa_is_read),
		cmocka_unit_test(attributes_spoil_their_transform_only),
		cmocka_unit_test(broken_sa_is_refused),
		cmocka_unit_test(any_number_of_proposals_is_read),
		cmocka_unit_test(the_best_of_many_is_chosen),
		cmocka_unit_test(many_transforms_are_cut),
		cmocka_unit_test(ke_nonce_id_auth),
		cmocka_unit_test(nonce_lengths),
		cmocka_unit_test(ts_is_read),
		cmocka_unit_test(notify_and_delete),
		cmocka_unit_test(counts_are_bounded),
		cmocka_unit_test(sk_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
