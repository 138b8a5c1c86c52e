// SPDX-License-Identifier: GPL-2.0
#include "pure/stats.h"
#include "pure/suite.h"
#include "pure/wire.h"
#include "suites.h"

#define LEN_MAX	2000	/* octets of payload; beyond it nothing new can happen */

/* Each cipher with each INTEG that it can have. */
ESPL_KUNIT_GENERATOR(each_suite)
{
	static struct espl_suite suite;
	static unsigned int i, j;
	const struct espl_cipher *cipher;
	const struct espl_integ *integ;

	j++;
	if (!prev)
		i = j = 0;
	else if (suite.cipher->icv_len || !espl_suite_integ_at(j))
		i++, j = 0;
	cipher = espl_suite_cipher_at(i);
	if (!cipher)
		return NULL;
	integ = cipher->icv_len ? NULL : espl_suite_integ_at(j);
	if (!espl_suite_find(&suite, cipher->id, espl_suite_key_len(cipher),
			     integ ? integ->id : 0))
		return NULL;		/* suite_lookup() counts them */
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s %s", cipher->name, integ ? integ->name : "");
	return &suite;
}

static const struct espl_esp_shape *shape_of(struct kunit *test)
{
	return &((const struct espl_suite *)test->param_value)->shape;
}

/* Sizes by RFC 4303 2.4, counted out rather than computed. */
static void sizes(struct kunit *test)
{
	const struct espl_esp_shape *shape = shape_of(test);
	unsigned int len, pad;

	for (len = 0; len <= LEN_MAX; len++) {
		for (pad = 0; (len + pad + 2) % shape->align; pad++)
			;
		KUNIT_ASSERT_EQ(test, espl_esp_pad_len(shape, len), pad);
		KUNIT_ASSERT_EQ(test, espl_esp_clen(shape, len), len + pad + 2);
		KUNIT_ASSERT_EQ(test, espl_esp_size(shape, len),
				8 + shape->iv_len + len + pad + 2 + shape->icv_len);
		KUNIT_ASSERT_EQ(test, espl_esp_overhead(shape, len),
				espl_esp_size(shape, len) - len);
		KUNIT_ASSERT_LE(test, espl_esp_overhead(shape, len),
				espl_esp_overhead_max(shape));
		KUNIT_ASSERT_TRUE(test, espl_esp_size_ok(shape, espl_esp_size(shape, len)));
		KUNIT_ASSERT_GE(test, espl_esp_size(shape, len), espl_esp_size_min(shape));
	}
	KUNIT_EXPECT_EQ(test, espl_esp_size(shape, 0), espl_esp_size_min(shape));
	KUNIT_EXPECT_EQ(test, 0, shape->align % 4);
	KUNIT_EXPECT_LE(test, espl_esp_overhead_max(shape), espl_suite_overhead_max());
}

/* The longest payload that fits in a room: one octet more does not. */
static void payload_max(struct kunit *test)
{
	const struct espl_esp_shape *shape = shape_of(test);
	unsigned int room, len;

	for (room = 0; room <= LEN_MAX; room++) {
		len = espl_esp_payload_max(shape, room);
		if (room < espl_esp_size(shape, 0)) {
			KUNIT_ASSERT_EQ(test, len, 0);
			continue;
		}
		KUNIT_ASSERT_LE(test, espl_esp_size(shape, len), room);
		KUNIT_ASSERT_GT(test, espl_esp_size(shape, len + 1), room);
	}
}

static void size_ok(struct kunit *test)
{
	const struct espl_esp_shape *shape = shape_of(test);
	unsigned int fixed = 8 + shape->iv_len + shape->icv_len;
	unsigned int len;

	for (len = 0; len <= LEN_MAX; len++)
		KUNIT_ASSERT_EQ(test, espl_esp_size_ok(shape, len),
				len > fixed && (len - fixed) % shape->align == 0);
}

static void trailer(struct kunit *test)
{
	const struct espl_esp_shape *shape = shape_of(test);
	u8 tail[32];
	unsigned int len, clen, pad, i;

	for (len = 0; len < 64; len++) {
		clen = espl_esp_clen(shape, len);
		pad = clen - len - 2;
		memset(tail, 0xee, sizeof(tail));
		espl_esp_put_trailer(shape, tail, len, 41);
		for (i = 0; i < pad; i++)
			KUNIT_ASSERT_EQ(test, tail[i], i + 1);
		KUNIT_ASSERT_EQ(test, tail[pad], pad);
		KUNIT_ASSERT_EQ(test, tail[pad + 1], 41);
		KUNIT_ASSERT_EQ(test, tail[pad + 2], 0xee);
		KUNIT_ASSERT_EQ(test, espl_esp_payload_len(clen, (void *)&tail[pad]), (int)len);
	}
}

static void trailer_lies(struct kunit *test)
{
	struct espl_esp_trailer t = { .pad_len = 255, .next_header = 4 };

	KUNIT_EXPECT_EQ(test, espl_esp_payload_len(257, &t), 0);
	KUNIT_EXPECT_EQ(test, espl_esp_payload_len(256, &t), -1);
	KUNIT_EXPECT_EQ(test, espl_esp_payload_len(4, &t), -1);
	KUNIT_EXPECT_EQ(test, espl_esp_payload_len(1, &t), -1);
	KUNIT_EXPECT_EQ(test, espl_esp_payload_len(0, &t), -1);
	t.pad_len = 2;
	KUNIT_EXPECT_EQ(test, espl_esp_payload_len(4, &t), 0);
	t.pad_len = 3;
	KUNIT_EXPECT_EQ(test, espl_esp_payload_len(4, &t), -1);
}

/* Packets whose sizes are known from the field. */
static void known_sizes(struct kunit *test)
{
	struct espl_suite gcm, cbc;

	KUNIT_ASSERT_TRUE(test, espl_suite_find(&gcm, 20, 20, 0));
	KUNIT_ASSERT_TRUE(test, espl_suite_find(&cbc, 12, 32, 12));
	/* a 1500 octet link, outer IPv4: 20 + ESP */
	KUNIT_EXPECT_EQ(test, espl_esp_payload_max(&gcm.shape, 1500 - 20), 1446);
	KUNIT_EXPECT_EQ(test, espl_esp_payload_max(&gcm.shape, 1500 - 28), 1438);
	KUNIT_EXPECT_EQ(test, espl_esp_payload_max(&cbc.shape, 1500 - 20), 1438);
	KUNIT_EXPECT_EQ(test, espl_esp_size(&gcm.shape, 84), 8 + 8 + 88 + 16);
	KUNIT_EXPECT_EQ(test, espl_esp_size(&cbc.shape, 84), 8 + 16 + 96 + 16);
}

static void suite_lookup(struct kunit *test)
{
	const struct espl_cipher *cipher;
	const struct espl_integ *integ;
	unsigned int i, j, count = 0;
	struct espl_suite suite;
	char alg[128];

	for (i = 0; (cipher = espl_suite_cipher_at(i)); i++) {
		for (j = 0; (integ = espl_suite_integ_at(j)); j++) {
			if (!espl_suite_find(&suite, cipher->id, espl_suite_key_len(cipher),
					     integ->id))
				continue;
			count++;
			KUNIT_EXPECT_PTR_EQ(test, suite.cipher, cipher);
			KUNIT_EXPECT_PTR_EQ(test, suite.integ, integ);
			KUNIT_EXPECT_LE(test, suite.shape.icv_len, ESPL_ESP_ICV_MAX);
		}
		/* an AEAD goes with none, all else with each */
		KUNIT_EXPECT_EQ(test, !!cipher->icv_len,
				espl_suite_find(&suite, cipher->id, espl_suite_key_len(cipher), 0));
		count += !!cipher->icv_len;
		KUNIT_EXPECT_LE(test, cipher->iv_len, ESPL_ESP_IV_MAX);
	}
	KUNIT_EXPECT_EQ(test, count, 22 + 8 * 6);
	KUNIT_EXPECT_FALSE(test, espl_suite_find(&suite, 20, 16, 0));	/* the salt is missing */
	KUNIT_EXPECT_FALSE(test, espl_suite_find(&suite, 20, 20, 12));	/* an AEAD with INTEG */
	KUNIT_EXPECT_FALSE(test, espl_suite_find(&suite, 12, 16, 0));	/* CBC without INTEG */
	KUNIT_EXPECT_FALSE(test, espl_suite_find(&suite, 11, 0, 0));	/* NULL without INTEG */
	KUNIT_EXPECT_FALSE(test, espl_suite_find(&suite, 12, 16, 1));	/* no such INTEG */
	KUNIT_EXPECT_FALSE(test, espl_suite_find(&suite, 0, 0, 0));

	KUNIT_ASSERT_TRUE(test, espl_suite_find(&suite, 13, 20, 5));
	espl_suite_alg(&suite, true, alg, sizeof(alg));
	KUNIT_EXPECT_STREQ(test, alg, "authencesn(xcbc(aes),rfc3686(ctr(aes)))");
}

static void udp_kinds(struct kunit *test)
{
	static const u8 esp[9] = { 0, 0, 1, 0, 0, 0, 0, 1, 0 };
	static const u8 ike[4];
	static const u8 keepalive[2] = { 0xff, 0xff };
	static const u8 spi_like_keepalive[9] = { 0xff, 1, 2, 3, 4, 5, 6, 7, 8 };

	KUNIT_EXPECT_EQ(test, espl_udp_classify(esp, 9), ESPL_UDP_ESP);
	KUNIT_EXPECT_EQ(test, espl_udp_classify(esp, 8), ESPL_UDP_SHORT);
	KUNIT_EXPECT_EQ(test, espl_udp_classify(esp, 4), ESPL_UDP_SHORT);
	KUNIT_EXPECT_EQ(test, espl_udp_classify(ike, 4), ESPL_UDP_IKE);
	KUNIT_EXPECT_EQ(test, espl_udp_classify(ike, 3), ESPL_UDP_SHORT);
	KUNIT_EXPECT_EQ(test, espl_udp_classify(ike, 0), ESPL_UDP_SHORT);
	KUNIT_EXPECT_EQ(test, espl_udp_classify(ike, 1), ESPL_UDP_SHORT);
	KUNIT_EXPECT_EQ(test, espl_udp_classify(keepalive, 1), ESPL_UDP_IS_KEEPALIVE);
	KUNIT_EXPECT_EQ(test, espl_udp_classify(keepalive, 2), ESPL_UDP_SHORT);
	KUNIT_EXPECT_EQ(test, espl_udp_classify(spi_like_keepalive, 9), ESPL_UDP_ESP);
}

static void drop_counters(struct kunit *test)
{
	struct espl_stats __percpu *stats = alloc_percpu(struct espl_stats);
	struct espl_sa_stats *sa = kunit_kzalloc(test, sizeof(*sa), GFP_KERNEL);

	KUNIT_ASSERT_TRUE(test, !!stats);
	KUNIT_ASSERT_NOT_NULL(test, sa);
	espl_stats_drop(stats, sa, ESPL_DROP_RX_REPLAY, 1);
	espl_stats_drop(stats, sa, ESPL_DROP_RX_REPLAY, 2);
	espl_stats_drop(stats, NULL, ESPL_DROP_RX_REPLAY, 4);
	KUNIT_EXPECT_EQ(test, espl_stats_read(stats, ESPL_DROP_RX_REPLAY), 7);
	KUNIT_EXPECT_EQ(test, espl_stats_read(stats, ESPL_DROP_RX_STALE), 0);
	KUNIT_EXPECT_EQ(test, espl_sa_stats_read(sa, ESPL_DROP_RX_REPLAY), 3);
	KUNIT_EXPECT_EQ(test, espl_drop_attr(ESPL_DROP_RX_REPLAY), ESPLANE_STAT_A_RX_REPLAY);
	KUNIT_EXPECT_TRUE(test, espl_drop_is_rx(ESPL_DROP_RX_SHORT));
	KUNIT_EXPECT_FALSE(test, espl_drop_is_rx(ESPL_DROP_TX_PROTOCOL));
	KUNIT_EXPECT_TRUE(test, espl_drop_is_rx(ESPL_DROP_RX_DOWN));
	KUNIT_EXPECT_FALSE(test, espl_drop_is_rx(ESPL_DROP_TX_FRAGMENT));
	free_percpu(stats);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(sizes, each_suite),
	KUNIT_CASE_PARAM(payload_max, each_suite),
	KUNIT_CASE_PARAM(size_ok, each_suite),
	KUNIT_CASE_PARAM(trailer, each_suite),
	KUNIT_CASE(trailer_lies),
	KUNIT_CASE(known_sizes),
	KUNIT_CASE(suite_lookup),
	KUNIT_CASE(udp_kinds),
	KUNIT_CASE(drop_counters),
	{}
};

struct kunit_suite espl_wire_suite = { .name = "espl_wire", .test_cases = cases };
