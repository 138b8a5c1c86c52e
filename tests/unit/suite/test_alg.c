// SPDX-License-Identifier: GPL-2.0
/* The registry of algorithms is sound in itself, and proposals know what is in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "suite/alg.h"
#include "suite/proposal.h"

static void each_is_said_once(void **state)
{
	const struct alg *a = NULL, *b;
	char also[128], *word, *save;
	unsigned int count = 0;

	while ((a = alg_next(a))) {
		count++;
		assert_ptr_equal(alg_find(a->type, a->id, a->key_bits), a);
		assert_ptr_equal(alg_named(a->name, strlen(a->name)), a);
		for (b = alg_next(NULL); b != a; b = alg_next(b))
			assert_string_not_equal(a->name, b->name);
		assert_true(strlen(a->also ? a->also : "") < sizeof(also));
		strcpy(also, a->also ? a->also : "");
		for (word = strtok_r(also, " ", &save); word; word = strtok_r(NULL, " ", &save))
			assert_ptr_equal(alg_named(word, strlen(word)), a);
	}
	assert_true(count > 70);
	assert_null(alg_named("aes", 2));
	assert_null(alg_named("aes1289", 7));
	assert_null(alg_named("", 0));
	assert_null(alg_named("aes128gcm128 aes128gcm", 22));
	assert_ptr_equal(alg_named("AES128GCM", 9), alg_named("aes128gcm16", 11));
}

/* What the rows say of one another. */
static void rows_are_sound(void **state)
{
	const struct alg *a = NULL;

	while ((a = alg_next(a))) {
		if (!(a->use & (ALG_IKE | ALG_ESP))) {
			assert_int_equal(a->use & ~ALG_LACKING, 0);
			continue;
		}
		/* what everybody can read breaks at no cost */
		assert_int_equal(!a->strength, a->type == TRANSFORM_ENCR &&
				 (a->id == ENCR_NULL || a->id == ENCR_NULL_AES_GMAC));
		assert_true(a->strength || !(a->use & (ALG_IKE | ALG_USUAL)));
		assert_false(a->use & ALG_USUAL && a->use & (ALG_LEGACY | ALG_THEIRS));
		switch (a->type) {
		case TRANSFORM_ENCR:
			assert_true(a->id == ENCR_NULL || (a->key_len && a->iv_len));
			assert_true(a->block);
			assert_true(!a->key_bits || a->key_bits == 8 * a->key_len);
			assert_int_equal(!!(a->use & ALG_AEAD), !!a->icv_len);
			break;
		case TRANSFORM_INTEG:
			assert_true(a->icv_len && a->key_len >= a->icv_len);
			assert_true(alg_find(TRANSFORM_PRF, a->prf, 0)->use & ALG_IKE);
			break;
		case TRANSFORM_PRF:
			assert_true(a->key_len && a->use & ALG_IKE && !(a->use & ALG_ESP));
			break;
		case TRANSFORM_KE:
			assert_int_equal(!(a->use & ALG_IKE), !(a->use & ALG_ESP));
			break;
		default:
			assert_int_equal(a->type, TRANSFORM_ESN);
			assert_false(a->use & ALG_IKE);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_said_once),
		cmocka_unit_test(rows_are_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
