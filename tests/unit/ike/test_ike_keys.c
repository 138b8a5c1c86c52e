// SPDX-License-Identifier: GPL-2.0
/* Keys for whoever decrypts captures: only where it is configured, and those of both ends. */
#include "unit/ike/ike_ends.h"

#include "crypto/crypto.h"
#include "ike/object/child_sa.h"

#define GOT_MAX	8

struct got {
	struct ike_sa_keys ike[GOT_MAX];
	uint8_t ike_key[GOT_MAX][2][SK_KEY_MAX];
	unsigned int ike_count;
	uint32_t spi[GOT_MAX];
	struct addr source[GOT_MAX];
	uint8_t key[GOT_MAX][SK_KEY_MAX];
	unsigned int esp_count;
};

static void got_ike(void *ctx, const struct ike_sa_keys *keys)
{
	struct got *g = ctx;

	assert_true(g->ike_count < GOT_MAX);
	g->ike[g->ike_count] = *keys;
	memcpy(g->ike_key[g->ike_count][0], keys->initiator->key, SK_KEY_MAX);
	memcpy(g->ike_key[g->ike_count][1], keys->responder->key, SK_KEY_MAX);
	g->ike_count++;
}

static void got_esp(void *ctx, const struct ike_esp_keys *keys)
{
	struct got *g = ctx;

	assert_true(g->esp_count < GOT_MAX);
	assert_true(keys->sa->encr_key_len && keys->sa->encr_key_len <= SK_KEY_MAX);
	g->spi[g->esp_count] = keys->sa->spi;
	g->source[g->esp_count] = *keys->source;
	memcpy(g->key[g->esp_count++], keys->sa->encr_key, keys->sa->encr_key_len);
}

static int keys_of(struct side *s, struct got *g)
{
	const struct ike_keys_to to = { g, got_ike, got_esp };

	memset(g, 0, sizeof(*g));
	return ike_keys(s->ike, s->tunnel, &to);
}

static bool all_zero(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i])
			return false;
	return true;
}

static void test_both_ends_have_the_same(void **state)
{
	struct ends *p = ends_new();
	struct got a, b;

	for (int i = 0; i < 2; i++)
		p->s[i].conf.export_keys = true;
	ends_start(p);
	bring_up(p, 0);
	assert_int_equal(keys_of(&p->s[0], &a), 0);
	assert_int_equal(keys_of(&p->s[1], &b), 0);
	assert_int_equal(a.ike_count, 1);
	assert_int_equal(b.ike_count, 1);
	assert_true(a.ike[0].spi_i == b.ike[0].spi_i && a.ike[0].spi_r == b.ike[0].spi_r);
	assert_memory_equal(a.ike_key, b.ike_key, sizeof(a.ike_key));
	assert_false(all_zero(a.ike_key[0][0], SK_KEY_MAX));
	assert_int_equal(a.esp_count, 2);
	assert_int_equal(b.esp_count, 2);
	/* what is inbound here is outbound there */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(a.spi[i], b.spi[1 - i]);
		assert_memory_equal(a.key[i], b.key[1 - i], SK_KEY_MAX);
		assert_false(all_zero(a.key[i], SK_KEY_MAX));
		assert_true(addr_equal(&a.source[i], &b.source[1 - i]));
	}
	assert_memory_not_equal(a.key[0], a.key[1], SK_KEY_MAX);
	ends_free(p);
}

/* Those of before a rekey go with their SAs; new ones are there. */
static void test_after_a_rekey(void **state)
{
	struct ends *p = ends_new();
	struct got before, after;

	p->s[0].conf.export_keys = true;
	ends_start(p);
	bring_up(p, 0);
	assert_int_equal(keys_of(&p->s[0], &before), 0);
	soft_limit(&p->s[0]);
	carry_all(p);
	pass(p, PAIR_LINGER_MS + 1000);
	carry_all(p);
	assert_int_equal(keys_of(&p->s[0], &after), 0);
	assert_int_equal(after.esp_count, 2);
	assert_int_not_equal(after.spi[0], before.spi[0]);
	for (int i = 0; i < 2; i++)
		assert_false(all_zero(after.key[i], SK_KEY_MAX));
	ends_free(p);
}

/* Not configured: nothing is given, and nothing is kept that could be. */
static void test_refused(void **state)
{
	struct ends *p = ends_new();
	struct child_sa *pair;
	struct got g;

	ends_start(p);
	bring_up(p, 0);
	assert_int_equal(keys_of(&p->s[0], &g), -EACCES);
	assert_int_equal(g.ike_count + g.esp_count, 0);
	pair = pair_active(child_of(&p->s[0]));
	assert_true(all_zero(pair->key_in, sizeof(pair->key_in)));
	assert_true(all_zero(pair->key_out, sizeof(pair->key_out)));
	p->s[0].tunnel += 1000;
	assert_int_equal(keys_of(&p->s[0], &g), -ENOENT);
	p->s[0].tunnel -= 1000;
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ends_have_the_same),
		cmocka_unit_test(test_after_a_rekey),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests_name("ike_keys", tests, NULL, NULL);
}
