// SPDX-License-Identifier: GPL-2.0
/* What the process with the RADIUS secret answers; packets by an independent implementation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "esplaned/conf/pack.h"
#include "esplaned/keys/vault_radius.h"
#include "ike/core/env.h"
#include "unit/wire/hex.h"

static struct tunnel_options t;
static uint8_t said[1024];
static struct writer w;

/* LINK_RADIUS behind its numbers. */
static bool ask(const struct tunnel_options *of, const char *hex)
{
	uint8_t octets[1024];
	size_t len = unhex(hex, octets, sizeof(octets));
	struct cursor c = cursor_of(octets, len);

	w = writer_of(said, sizeof(said));
	return vault_radius_answer(of, &c, &w);
}

static void refused(const char *why)
{
	struct cursor c = cursor_of(said + 1, w.len - 1);
	char text[256];

	assert_int_equal(said[0], 0);
	assert_true(unpack_text(&c, text, sizeof(text)));
	assert_string_equal(text, why);
}

#define REQUEST	"000102030405060708090a0b0c0d0e0f"
#define CHECK	"01" REQUEST

static void a_proof(void **state)
{
	uint8_t want[16];

	assert_true(ask(&t, "000109002b" REQUEST "501200000000000000000000000000000000"
			    "0105626f62"));
	assert_int_equal(w.len, 17);
	assert_int_equal(said[0], 1);
	unhex("07d3871768d1a1fd86d07116cf934d09", want, sizeof(want));
	assert_memory_equal(said + 1, want, 16);
}

#define PLAIN \
	"0207002c294c82f0995e1eebd56a1fd5aafe020550125577bb5b12519134ce01ca348f9b" \
	"42764f0603010004"
#define KEYS \
	"0207009057978fc54485760a9d1615bf518d758b5012bea315285e956c1e0bf177b069a0" \
	"4aa24f06030100041a2a000001371024800255bde735edb5139d4de4531d0da76b2a2911" \
	"d81d40d490fc0935eeaf55990fa01a3a00000137113480014f6be9110aa34eab89c6463c" \
	"fe911e744fbdf4a79fab15ec665c901461df5674e0b57a4bcd0a88a1309d39ecc9614a81"
#define ONE_KEY \
	"0207006600857249f8ce1fa6f4a7594cbdf62d635012c9d1c7ff184ca2afc7c038e75ad7" \
	"12e24f06030100041a3a00000137113480014f6be9110aa34eab89c6463cfe911e744fbd" \
	"f4a79fab15ec665c901461df5674e0b57a4bcd0a88a1309d39ecc9614a81"
#define NO_PROOF \
	"0207001ab2a9b9fce765d5ec1327cdd0f3125b2c4f0603010004"

static void answers(void **state)
{
	uint8_t want[IKE_MSK_LEN] = { 0 };

	assert_true(ask(&t, CHECK PLAIN));
	assert_int_equal(w.len, 1);
	assert_int_equal(said[0], 1);
	/* a receive key of 32 octets and a send key of 16: zeros fill the rest */
	assert_true(ask(&t, CHECK KEYS));
	assert_int_equal(w.len, 1 + IKE_MSK_LEN);
	for (uint8_t i = 0; i < 48; i++)
		want[i] = (uint8_t)(i < 32 ? 0x40 + i : 0x60 + i - 32);
	assert_memory_equal(said + 1, want, sizeof(want));
	assert_true(ask(&t, CHECK ONE_KEY));
	refused("its keys are malformed");
	assert_true(ask(&t, CHECK NO_PROOF));
	refused("it has no Message-Authenticator");
	assert_true(ask(&t, "01100102030405060708090a0b0c0d0e0f" PLAIN));
	refused("it is not made with the secret in radius-secret-file");
	assert_true(ask(&t, CHECK "0207"));
	refused("it is malformed");
	assert_true(ask(&t, "010001"));
	refused("it is malformed");
}

static void no_secret(void **state)
{
	const struct tunnel_options none = { .radius_count = 0 };

	assert_true(ask(NULL, CHECK PLAIN));
	refused("the tunnel has no RADIUS secret");
	assert_true(ask(&none, "0001"));
	refused("the tunnel has no RADIUS secret");
	/* who asks so has been taken over */
	assert_false(ask(&t, ""));
	assert_false(ask(&t, "02"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_proof), cmocka_unit_test(answers), cmocka_unit_test(no_secret),
	};

	snprintf(t.radius_secret, sizeof(t.radius_secret), "a shared secret");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
