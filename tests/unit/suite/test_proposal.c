// SPDX-License-Identifier: GPL-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "lib/array.h"
#include "suite/proposal.h"

static struct proposal one(uint8_t protocol, const char *text)
{
	struct proposal p;
	char why[600];

	if (!proposal_parse(&p, protocol, text, why, sizeof(why)))
		fail_msg("%s: %s", text, why);
	return p;
}

/* @text: proposals with commas between them */
static struct proposals list_of(uint8_t protocol, const char *text)
{
	struct proposals list = {};
	char copy[512], *word, *save;

	snprintf(copy, sizeof(copy), "%s", text);
	for (word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save))
		list.p[list.count++] = one(protocol, word);
	return list;
}

static void words_of_strongswan(void **state)
{
	static const struct {
		uint8_t protocol;
		const char *in, *out;
	} cases[] = {
		{ PROTO_IKE, "aes128gcm16-prfsha256-x25519", "aes128gcm16-prfsha256-x25519" },
		{ PROTO_IKE, "aes256gcm16-prfsha384-ecp384!", "aes256gcm16-prfsha384-ecp384" },
		{ PROTO_IKE, "AES256-SHA256-MODP2048", "aes256-sha256-modp2048-prfsha256" },
		{ PROTO_IKE, "aes256-sha2_512-modp3072", "aes256-sha512-modp3072-prfsha512" },
		{ PROTO_IKE, "aes128gcm128-prfsha256-curve25519", "aes128gcm16-prfsha256-x25519" },
		{ PROTO_IKE, "aes128gcm-sha256-ecp256", "aes128gcm16-ecp256-prfsha256" },
		{ PROTO_IKE, "chacha20poly1305-prfsha512-x25519",
		  "chacha20poly1305-prfsha512-x25519" },
		{ PROTO_IKE, "aes128-aes256-sha256-sha384-x25519-ecp256",
		  "aes128-aes256-sha256-sha384-x25519-ecp256-prfsha256-prfsha384" },
		{ PROTO_IKE, "aes128-aes128-sha256-x25519", "aes128-sha256-x25519-prfsha256" },
		{ PROTO_ESP, "aes128gcm16-esn", "aes128gcm16-esn" },
		{ PROTO_ESP, "aes128gcm16", "aes128gcm16-noesn-esn" },
		{ PROTO_ESP, "aes256-sha256-ecp256-noesn", "aes256-sha256-ecp256-noesn" },
		{ PROTO_IKE, "aes128-sha-x25519", "aes128-sha1-x25519-prfsha1" },
		{ PROTO_IKE, "aes128-aesxcbc-aescmac-x25519",
		  "aes128-aesxcbc-aescmac-x25519-prfaesxcbc-prfaescmac" },
		{ PROTO_IKE, "aes192gcm16-prfsha256-x25519", "aes192gcm16-prfsha256-x25519" },
		{ PROTO_ESP, "aes192-sha256-esn", "aes192-sha256-esn" },
	};
	char buf[PROPOSAL_STRLEN];
	struct proposal p;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		p = one(cases[i].protocol, cases[i].in);
		assert_int_equal(p.protocol, cases[i].protocol);
		assert_string_equal(proposal_str(&p, buf), cases[i].out);
	}
	p = one(PROTO_ESP, "aes256gcm16-x25519-esn");
	assert_int_equal(p.count, 3);
	assert_int_equal(p.t[0].type, TRANSFORM_ENCR);
	assert_int_equal(p.t[0].id, ENCR_AES_GCM_16);
	assert_int_equal(p.t[0].key_bits, 256);
	assert_int_equal(p.t[1].id, KE_X25519);
	assert_int_equal(p.t[2].id, ESN_YES);
}

static void wrong_words_are_named(void **state)
{
	static const struct {
		uint8_t protocol;
		const char *in, *says;
	} cases[] = {
		{ PROTO_IKE, "", "missing" },
		{ PROTO_IKE, "!", "missing" },
		{ PROTO_IKE, "aes128gcm16--x25519", "missing" },
		{ PROTO_IKE, "aes128gcm16-prfsha256-", "missing" },
		{ PROTO_IKE, "aes129-sha256-x25519",
		  "\"aes129\" is not an algorithm; use aes128gcm16" },
		{ PROTO_IKE, "camellia128-sha256-x25519", "\"camellia128\" is not supported" },
		{ PROTO_IKE, "aes128-sha1-modpnone", "\"modpnone\" is not supported" },
		{ PROTO_IKE, "aes128gcm16-prfsha256-x25519-esn",
		  "\"esn\" belongs to ESP, not to IKE" },
		{ PROTO_IKE, "sha256-x25519", "the cipher is missing" },
		{ PROTO_IKE, "aes128-x25519",
		  "aes128 needs an integrity algorithm: sha256, sha384 or sha512" },
		{ PROTO_IKE, "aes128gcm16-x25519", "the PRF is missing" },
		{ PROTO_IKE, "aes128gcm16-prfsha256", "the key exchange group is missing" },
		{ PROTO_IKE, "aes128gcm16-aes128-sha256-x25519", "write two proposals" },
		{ PROTO_ESP, "des-sha256",
		  "\"des\" is for IKE only: the kernel module does not do it; use "
		  "aes128gcm16, aes192gcm16, aes256gcm16, chacha20poly1305, aes128, aes192" },
		{ PROTO_ESP, "aes256-md5-esn",
		  "\"md5\" is for IKE only: the kernel module does not do it; use sha256, sha384, "
		  "sha512, sha1, aesxcbc, aescmac" },
		{ PROTO_ESP, "aes128-null-sha256",
		  "null encrypts nothing, and the peer could choose it in place of aes128" },
		{ PROTO_ESP, "aes128gmac-aes128gcm16", "aes128gmac encrypts nothing" },
		{ PROTO_ESP, "null-esn", "null needs an integrity algorithm" },
		{ PROTO_IKE, "aes128gmac-prfsha256-x25519", "\"aes128gmac\" belongs to ESP" },
		{ PROTO_ESP, "aes128gcm16-prfsha256",
		  "\"prfsha256\" is a PRF, which only IKE has; use aes128gcm16" },
		{ PROTO_ESP, "rot13",
		  "\"rot13\" is not an algorithm; use aes128gcm16, aes256gcm16, " },
		{ PROTO_IKE, "rot13",
		  "\"rot13\" is not an algorithm; use aes128gcm16, aes256gcm16, chacha20poly1305, "
		  "aes128, aes256, sha256, sha384, sha512, prfsha256, prfsha384, prfsha512, x25519, "
		  "ecp256, ecp384, modp2048, modp3072, or another of esplane.conf(5)" },
		{ PROTO_ESP, "aes128", "aes128 needs an integrity algorithm: sha256" },
		{ PROTO_ESP, "aes128gcm16 -esn", "\"aes128gcm16 \" is not" },
	};
	struct proposal p = {};
	char why[600];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (proposal_parse(&p, cases[i].protocol, cases[i].in, why, sizeof(why)))
			fail_msg("\"%s\" is taken", cases[i].in);
		if (!strstr(why, cases[i].says))
			fail_msg("\"%s\": \"%s\" does not say \"%s\"", cases[i].in, why,
				 cases[i].says);
	}
	assert_int_equal(p.count, 0);
	/* a buffer that is too short is kept to */
	assert_false(proposal_parse(&p, PROTO_IKE, "nonsense", why, 8));
	assert_int_equal(strlen(why), 7);
}

/* Whatever text stands for, its printed form stands for the same. */
static void printing_and_parsing_agree(void **state)
{
	static const char *const texts[] = {
		"aes128gcm16-aes192gcm16-aes256gcm16-chacha20poly1305-prfsha256-prfsha384-prfsha512-x25519",
		"aes128-aes192-aes256-sha256-sha384-sha512-prfsha512-ecp256-ecp384-modp2048-modp3072",
	};
	char buf[PROPOSAL_STRLEN];
	struct proposal p, again;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		p = one(PROTO_IKE, texts[i]);
		again = one(PROTO_IKE, proposal_str(&p, buf));
		assert_int_equal(again.count, p.count);
		assert_memory_equal(again.t, p.t, p.count * sizeof(p.t[0]));
	}
}

static void offers_of_others_can_be_read(void **state)
{
	struct proposal p = { .protocol = PROTO_IKE };
	char buf[PROPOSAL_STRLEN];
	int i;

	p.t[p.count++] = (struct transform){ .type = TRANSFORM_ENCR, .id = 3 };
	p.t[p.count++] = (struct transform){ .type = TRANSFORM_INTEG, .id = 2 };
	p.t[p.count++] = (struct transform){ .type = TRANSFORM_KE, .id = 2 };
	p.t[p.count++] = (struct transform){ .type = 6, .id = 36 };
	p.t[p.count++] = (struct transform){ .type = TRANSFORM_ENCR, .id = 999, .key_bits = 77 };
	p.t[p.count++] = (struct transform){ .type = 200, .id = 65535 };
	assert_string_equal(proposal_str(&p, buf),
			    "3des-sha1-modp1024-ke1_mlkem768-ENCR/999/77-transform type 200/65535");
	for (i = 0; i < PROPOSAL_TRANSFORMS_MAX; i++)
		p.t[i] = (struct transform){ .type = 200, .id = 65535, .key_bits = 65535 };
	p.count = PROPOSAL_TRANSFORMS_MAX;
	proposal_str(&p, buf);
	assert_true(strlen(buf) < PROPOSAL_STRLEN);
	assert_string_equal(buf + strlen(buf) - 3, "...");
	p.count = 0;
	assert_string_equal(proposal_str(&p, buf), "");
}

struct selection {
	uint8_t protocol;
	const char *ours, *theirs;
	bool ignore_ke;
	const char *chosen;	/* NULL: nothing in common */
	unsigned int index;
	bool by_peer;
};

static const struct selection selections[] = {
	/* our order decides, among proposals and inside one */
	{ PROTO_IKE, "aes256gcm16-aes128gcm16-prfsha256-ecp256-x25519",
	  "aes128gcm16-aes256gcm16-prfsha256-x25519-ecp256", false, "aes256gcm16-prfsha256-ecp256",
	  0 },
	{ PROTO_IKE, "aes128gcm16-prfsha256-x25519,aes256-sha256-x25519",
	  "aes256-sha256-x25519,aes128gcm16-prfsha256-x25519", false,
	  "aes128gcm16-prfsha256-x25519", 1 },
	/* key lengths are compared */
	{ PROTO_IKE, "aes256gcm16-prfsha256-x25519", "aes128gcm16-prfsha256-x25519", false, NULL },
	/* one type without anything in common is enough to fail */
	{ PROTO_IKE, "aes128-sha256-prfsha256-x25519", "aes128-sha512-prfsha256-x25519", false,
	  NULL },
	{ PROTO_IKE, "aes128-sha256-prfsha256-x25519", "aes128-sha256-prfsha384-x25519", false,
	  NULL },
	{ PROTO_IKE, "aes128-sha256-prfsha256-x25519", "aes128-sha256-prfsha256-ecp256", false,
	  NULL },
	{ PROTO_IKE, "aes128-sha256-prfsha256-x25519", "aes128-sha256-prfsha256-ecp256", true,
	  "aes128-prfsha256-sha256", 0 },
	{ PROTO_ESP, "aes128gcm16-esn", "aes128gcm16-noesn", false, NULL },
	{ PROTO_ESP, "aes128gcm16-esn-noesn", "aes128gcm16-noesn-esn", false, "aes128gcm16-esn",
	  0 },
	{ PROTO_ESP, "aes128-aes256-sha256-noesn", "aes256-sha256-noesn", false,
	  "aes256-sha256-noesn", 0 },
	/* a group on one side only, and in the first child, where it does not count */
	{ PROTO_ESP, "aes128gcm16-x25519-noesn", "aes128gcm16-noesn", false, NULL },
	{ PROTO_ESP, "aes128gcm16-noesn", "aes128gcm16-x25519-noesn", false, NULL },
	{ PROTO_ESP, "aes128gcm16-x25519-noesn", "aes128gcm16-noesn", true, "aes128gcm16-noesn",
	  0 },
	{ PROTO_ESP, "aes128gcm16-x25519-noesn", "aes128gcm16-ecp256-noesn", true,
	  "aes128gcm16-noesn", 0 },
	{ PROTO_ESP, "aes128gcm16-noesn,aes128gcm16-x25519-noesn", "aes128gcm16-x25519-noesn",
	  false, "aes128gcm16-x25519-noesn", 0 },
	/* the strongest of what both have, whatever the order of the two */
	{ PROTO_IKE, "aes128gcm16-prfsha256-modp1536-modp2048-x25519",
	  "aes128gcm16-prfsha256-modp2048-x25519-modp1536", false,
	  "aes128gcm16-prfsha256-x25519", 0 },
	{ PROTO_IKE, "3des-aes128-prfsha256-sha256-modp2048", "3des-aes128-prfsha256-sha256-modp2048",
	  false, "aes128-prfsha256-sha256-modp2048", 0 },
	{ PROTO_IKE, "3des-sha1-modp3072,aes128gcm16-prfsha256-x25519",
	  "3des-sha1-modp3072,aes128gcm16-prfsha256-x25519", false,
	  "aes128gcm16-prfsha256-x25519", 1 },
	/* it is as strong as its weakest part */
	{ PROTO_IKE, "aes256gcm16-prfsha512-modp2048,aes128-sha256-x25519",
	  "aes256gcm16-prfsha512-modp2048,aes128-sha256-x25519", false,
	  "aes128-prfsha256-sha256-x25519", 1 },
	{ PROTO_IKE, "aes256gcm16-prfsha512-modp1536,aes128-sha256-modp2048",
	  "aes256gcm16-prfsha512-modp1536,aes128-sha256-modp2048", false,
	  "aes128-prfsha256-sha256-modp2048", 1 },
	/* with 128 bits it is strong enough, and our order decides */
	{ PROTO_IKE, "aes128gcm16-prfsha256-x25519,aes256gcm16-prfsha384-ecp384",
	  "aes256gcm16-prfsha384-ecp384,aes128gcm16-prfsha256-x25519", false,
	  "aes128gcm16-prfsha256-x25519", 1 },
	{ PROTO_IKE, "aes256gcm16-prfsha384-ecp384,aes128gcm16-prfsha256-x25519",
	  "aes128gcm16-prfsha256-x25519,aes256gcm16-prfsha384-ecp384", false,
	  "aes256gcm16-prfsha384-ecp384", 1 },
	/* of a child: a weak group is no worse than none, but worse than a strong one */
	{ PROTO_ESP, "aes128gcm16-modp2048-noesn,aes128gcm16-noesn",
	  "aes128gcm16-noesn,aes128gcm16-modp2048-noesn", false,
	  "aes128gcm16-modp2048-noesn", 1 },
	{ PROTO_ESP, "aes128gcm16-modp2048-x25519-noesn", "aes128gcm16-modp2048-x25519-noesn",
	  false, "aes128gcm16-x25519-noesn", 0 },
	/* prefer = peer: the first of theirs, strong or not */
	{ PROTO_IKE, "aes256gcm16-aes128gcm16-prfsha256-ecp256-x25519",
	  "aes128gcm16-aes256gcm16-prfsha256-x25519-ecp256", false, "aes128gcm16-prfsha256-x25519",
	  0, true },
	{ PROTO_IKE, "aes128gcm16-prfsha256-x25519,3des-sha1-modp1536",
	  "3des-sha1-modp1536,aes128gcm16-prfsha256-x25519", false,
	  "3des-prfsha1-sha1-modp1536", 0, true },
	{ PROTO_IKE, "aes128gcm16-prfsha256-x25519,aes256-sha256-x25519",
	  "aes256-sha512-x448,aes256-sha256-x25519,aes128gcm16-prfsha256-x25519", false,
	  "aes256-prfsha256-sha256-x25519", 1, true },
	{ PROTO_ESP, "aes128gcm16-noesn,aes256-sha256-esn-noesn",
	  "aes256-sha256-noesn-esn,aes128gcm16-noesn", false, "aes256-sha256-noesn", 0, true },
	{ PROTO_IKE, "aes128gcm16-prfsha256-x25519", "aes128gcm16-prfsha256-x448", false, NULL, 0,
	  true },
};

static void selections_are_right(void **state)
{
	const struct selection *s;
	struct proposals ours, theirs;
	char buf[PROPOSAL_STRLEN];
	struct proposal chosen;
	unsigned int index;
	bool ok;

	for (s = selections; s < selections + ARRAY_SIZE(selections); s++) {
		ours = list_of(s->protocol, s->ours);
		theirs = list_of(s->protocol, s->theirs);
		ours.by_peer = s->by_peer;
		ok = proposal_select(&ours, &theirs, s->ignore_ke, &chosen, &index);
		if (ok != !!s->chosen)
			fail_msg("%s with %s: %s", s->ours, s->theirs, ok ? "chosen" : "refused");
		if (!ok)
			continue;
		assert_string_equal(proposal_str(&chosen, buf), s->chosen);
		assert_int_equal(index, s->index);
		assert_int_equal(chosen.protocol, s->protocol);
	}
}

static bool selects(const struct proposals *ours, const struct proposals *theirs, bool ignore_ke,
		    struct proposal *chosen)
{
	unsigned int index;

	return proposal_select(ours, theirs, ignore_ke, chosen, &index);
}

static void add(struct proposals *list, uint8_t type, uint16_t id, uint16_t key_bits)
{
	struct proposal *p = &list->p[list->count - 1];

	p->t[p->count++] = (struct transform){ .type = type, .id = id, .key_bits = key_bits };
}

/* What only peers write: explicit NONE, types left out, key lengths where there are none. */
static void absent_counts_as_none(void **state)
{
	struct proposals ours = list_of(PROTO_ESP, "aes128gcm16-noesn"), theirs;
	struct proposal chosen;

	theirs = list_of(PROTO_ESP, "aes128gcm16-noesn");
	add(&theirs, TRANSFORM_INTEG, INTEG_NONE, 0);
	add(&theirs, TRANSFORM_KE, KE_NONE, 0);
	assert_true(selects(&ours, &theirs, false, &chosen));
	/* one transform of each type that was offered */
	assert_int_equal(chosen.count, 4);
	assert_int_equal(proposal_find(&chosen, TRANSFORM_INTEG)->id, INTEG_NONE);
	assert_int_equal(proposal_find(&chosen, TRANSFORM_KE)->id, KE_NONE);

	theirs = (struct proposals){ .count = 1, .p[0].protocol = PROTO_ESP };
	add(&theirs, TRANSFORM_ENCR, ENCR_AES_GCM_16, 128);
	assert_true(selects(&ours, &theirs, false, &chosen));
	assert_int_equal(chosen.count, 1);
	ours = list_of(PROTO_ESP, "aes128gcm16-esn");
	assert_false(selects(&ours, &theirs, false, &chosen));

	/* NONE is no integrity algorithm for CBC */
	ours = list_of(PROTO_ESP, "aes128-sha256-noesn");
	theirs = (struct proposals){ .count = 1, .p[0].protocol = PROTO_ESP };
	add(&theirs, TRANSFORM_ENCR, ENCR_AES_CBC, 128);
	assert_false(selects(&ours, &theirs, false, &chosen));
	add(&theirs, TRANSFORM_INTEG, INTEG_NONE, 0);
	assert_false(selects(&ours, &theirs, false, &chosen));
	add(&ours, TRANSFORM_INTEG, INTEG_NONE, 0);
	assert_false(selects(&ours, &theirs, false, &chosen));

	/* ChaCha20 with a key length, as old strongSwan sends it, is answered as it came */
	ours = list_of(PROTO_ESP, "chacha20poly1305-noesn");
	theirs = (struct proposals){ .count = 1, .p[0].protocol = PROTO_ESP };
	add(&theirs, TRANSFORM_ENCR, ENCR_CHACHA20_POLY1305, 256);
	assert_true(selects(&ours, &theirs, false, &chosen));
	assert_int_equal(chosen.t[0].key_bits, 256);
}

/* RFC 7296 3.3.6 */
static void unknown_spoils_what_it_must(void **state)
{
	struct proposals ours = list_of(PROTO_IKE, "aes128gcm16-prfsha256-x25519"), theirs = ours;
	struct proposal chosen;

	/* an unknown transform: only itself */
	add(&theirs, TRANSFORM_ENCR, 1234, 128);
	add(&theirs, TRANSFORM_KE, 36, 0);
	assert_true(selects(&ours, &theirs, false, &chosen));
	assert_int_equal(chosen.count, 3);

	/* an unknown attribute: its transform */
	theirs.p[0].t[0].unusable = true;
	assert_false(selects(&ours, &theirs, false, &chosen));
	add(&theirs, TRANSFORM_ENCR, ENCR_AES_GCM_16, 128);
	assert_true(selects(&ours, &theirs, false, &chosen));

	/* an unknown type: its proposal, and no other */
	add(&theirs, 13, 36, 0);
	assert_false(selects(&ours, &theirs, false, &chosen));
	theirs.p[theirs.count++] = ours.p[0];
	assert_true(selects(&ours, &theirs, false, &chosen));

	/* another protocol */
	theirs = ours;
	theirs.p[0].protocol = PROTO_AH;
	assert_false(selects(&ours, &theirs, false, &chosen));

	/* a mandatory type left out */
	theirs = (struct proposals){ .count = 1, .p[0].protocol = PROTO_IKE };
	add(&theirs, TRANSFORM_ENCR, ENCR_AES_GCM_16, 128);
	add(&theirs, TRANSFORM_KE, KE_X25519, 0);
	assert_false(selects(&ours, &theirs, false, &chosen));
	theirs.count = 0;
	assert_false(selects(&ours, &theirs, false, &chosen));
}

/* RFC 9370 2.2.1 */
static void additional_key_exchanges(void **state)
{
	static const struct {
		const char *ours, *theirs, *chosen;	/* NULL: none in common */
	} cases[] = {
		{ "x25519-ke1_ecp256", "x25519-ke1_ecp256", "x25519-ke1_ecp256" },
		{ "x25519-KE1_ecp256", "x25519", NULL },
		{ "x25519", "x25519-ke1_ecp256", NULL },
		{ "x25519-ke1_ecp256-ke1_none", "x25519", "x25519" },
		{ "x25519", "x25519-ke1_ecp256-ke1_none", "x25519-ke1_none" },
		{ "x25519-ke1_none-ke1_ecp256", "x25519-ke1_none-ke1_ecp256", "x25519-ke1_ecp256" },
		{ "x25519-ke1_ecp256", "x25519-ke2_ecp256", NULL },
		{ "x25519-ke7_ecp256-ke3_x448", "x25519-ke3_x448-ke7_ecp256",
		  "x25519-ke3_x448-ke7_ecp256" },
		/* none twice */
		{ "x25519-ke1_x25519", "x25519-ke1_x25519", NULL },
		{ "x25519-ke1_x25519-ke1_ecp256", "x25519-ke1_x25519-ke1_ecp256",
		  "x25519-ke1_ecp256" },
		{ "x25519-ke1_ecp256-ke2_ecp256", "x25519-ke1_ecp256-ke2_ecp256", NULL },
		{ "x25519-ke1_ecp256-ke2_ecp256-ke2_none", "x25519-ke1_ecp256-ke2_ecp256-ke2_none",
		  "x25519-ke1_ecp256-ke2_none" },
		/* the strongest of several counts */
		{ "modp2048-ke1_x448", "modp2048-ke1_x448", "modp2048-ke1_x448" },
	};
	static const char *const wrong[] = { "x25519-ke0_ecp256", "x25519-ke8_ecp256", "x25519-ke1_",
					     "x25519-ke1_sha256", "x25519-ke1_ecp25",
					     "ke1_ecp256" };
	char text[128], buf[PROPOSAL_STRLEN], why[600];
	struct proposal chosen, p;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct proposals ours, theirs;

		snprintf(text, sizeof(text), "aes128gcm16-prfsha256-%s", cases[i].ours);
		ours = list_of(PROTO_IKE, text);
		snprintf(text, sizeof(text), "aes128gcm16-prfsha256-%s", cases[i].theirs);
		theirs = list_of(PROTO_IKE, text);
		assert_int_equal(selects(&ours, &theirs, false, &chosen), !!cases[i].chosen);
		if (cases[i].chosen)
			assert_string_equal(proposal_str(&chosen, buf) + 22, cases[i].chosen);
	}
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		snprintf(text, sizeof(text), "aes128gcm16-%s", wrong[i]);
		assert_false(proposal_parse(&p, PROTO_ESP, text, why, sizeof(why)));
		assert_non_null(strstr(why, i == 5 ? "needs a group" : "; use "));
	}
}

/* Of equals the proposal with more of them, and one that they make strong before a weak one. */
static void more_key_exchanges_are_stronger(void **state)
{
	struct proposals ours = list_of(PROTO_IKE, "aes128gcm16-prfsha256-x25519"), theirs;
	struct proposal chosen;
	unsigned int index;

	ours.p[ours.count++] = list_of(PROTO_IKE, "aes128gcm16-prfsha256-x25519-ke1_ecp384").p[0];
	theirs = ours;
	assert_true(proposal_select(&ours, &theirs, false, &chosen, &index));
	assert_int_equal(index, 1);
	ours.by_peer = true;
	assert_true(proposal_select(&ours, &theirs, false, &chosen, &index));
	assert_int_equal(index, 0);
	ours = list_of(PROTO_IKE, "aes128gcm16-prfsha256-modp1536");
	ours.p[ours.count++] = list_of(PROTO_IKE, "aes128gcm16-prfsha256-modp1024-ke1_ecp384").p[0];
	theirs = ours;
	assert_true(proposal_select(&ours, &theirs, false, &chosen, &index));
	assert_int_equal(index, 1);
}

#define GROUPS	"x25519-ecp256-ecp384-modp3072-modp2048"

static void defaults_meet_each_other(void **state)
{
	struct proposals ike, esp, theirs;
	char buf[PROPOSAL_STRLEN];
	struct proposal chosen;

	proposals_default(&ike, PROTO_IKE);
	proposals_default(&esp, PROTO_ESP);
	assert_int_equal(ike.count, 2);
	assert_int_equal(esp.count, 4);
	/* as Documentation/configuration.md and esplane.conf(5) have them */
	assert_string_equal(proposal_str(&ike.p[0], buf),
			    "aes128gcm16-aes256gcm16-chacha20poly1305-prfsha256-prfsha384-prfsha512-"
			    GROUPS);
	assert_string_equal(proposal_str(&ike.p[1], buf),
			    "aes128-aes256-sha256-sha384-sha512-" GROUPS
			    "-prfsha256-prfsha384-prfsha512");
	assert_string_equal(proposal_str(&esp.p[0], buf),
			    "aes128gcm16-aes256gcm16-chacha20poly1305-esn-noesn");
	assert_string_equal(proposal_str(&esp.p[1], buf), "aes128-aes256-sha256-esn-noesn");
	assert_string_equal(proposal_str(&esp.p[2], buf),
			    "aes128gcm16-aes256gcm16-chacha20poly1305-" GROUPS "-esn-noesn");
	assert_string_equal(proposal_str(&esp.p[3], buf),
			    "aes128-aes256-sha256-" GROUPS "-esn-noesn");
	assert_true(selects(&ike, &ike, false, &chosen));
	assert_string_equal(proposal_str(&chosen, buf), "aes128gcm16-prfsha256-x25519");
	assert_true(selects(&esp, &esp, false, &chosen));
	assert_string_equal(proposal_str(&chosen, buf), "aes128gcm16-esn");
	theirs = list_of(PROTO_ESP, "aes256-sha256-modp2048-noesn");
	assert_true(selects(&esp, &theirs, false, &chosen));
	theirs = list_of(PROTO_IKE, "aes256-sha512-modp3072");
	assert_true(selects(&ike, &theirs, false, &chosen));
}

static void sets_have_names(void **state)
{
	static const char *const names[] = {
		"default", "standard", "compatible", "basic", "suite-b-gcm-128", "suite-b-gcm-256",
		"prime-128", "prime-256", "cnsa",
	};
	static const unsigned int ike[] = { 2, 2, 4, 2, 1, 1, 1, 1, 1 };
	static const unsigned int esp[] = { 4, 2, 1, 0, 1, 1, 2, 2, 2 };
	struct proposals list;
	char buf[PROPOSAL_STRLEN];
	const char *legacy;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		list.count = 0;
		assert_true(proposals_is_set(names[i]));
		assert_true(proposals_add_set(&list, PROTO_IKE, names[i]));
		assert_int_equal(list.count, ike[i]);
		legacy = proposals_legacy(&list);
		assert_int_equal(!!legacy, i >= 1 && i <= 3);
		assert_int_equal(proposals_add_set(&list, PROTO_ESP, names[i]), !!esp[i]);
		assert_int_equal(list.count, ike[i] + esp[i]);
	}
	/* RFC 9206: CNSA-GCM-256-ECDH-384, -DH-4096, -DH-3072 */
	assert_string_equal(proposal_str(&list.p[0], buf),
			    "aes256gcm16-prfsha512-prfsha384-ecp384-modp4096-modp3072");
	assert_string_equal(proposal_str(&list.p[1], buf), "aes256gcm16-esn-noesn");
	assert_string_equal(proposal_str(&list.p[2], buf),
			    "aes256gcm16-ecp384-modp4096-modp3072-esn-noesn");
	/* RFC 6379 3.1 and 3.2: IKE in CBC, ESP in GCM */
	list.count = 0;
	proposals_add_set(&list, PROTO_IKE, "suite-b-gcm-128");
	proposals_add_set(&list, PROTO_ESP, "suite-b-gcm-128");
	proposals_add_set(&list, PROTO_IKE, "suite-b-gcm-256");
	proposals_add_set(&list, PROTO_ESP, "suite-b-gcm-256");
	assert_string_equal(proposal_str(&list.p[0], buf), "aes128-sha256-ecp256-prfsha256");
	assert_string_equal(proposal_str(&list.p[1], buf), "aes128gcm16-esn-noesn");
	assert_string_equal(proposal_str(&list.p[2], buf), "aes256-sha384-ecp384-prfsha384");
	assert_string_equal(proposal_str(&list.p[3], buf), "aes256gcm16-esn-noesn");
	assert_false(proposals_set_lacks("cnsa"));
	assert_false(proposals_set_lacks("default"));
	list.count = 0;
#ifdef HAVE_BOTAN
	assert_false(proposals_set_lacks("cnsa2"));
	assert_true(proposals_add_set(&list, PROTO_IKE, "cnsa2"));
	assert_string_equal(proposal_str(&list.p[0], buf),
			    "aes256gcm16-prfsha512-prfsha384-ecp384-ke1_mlkem1024");
#else
	assert_true(proposals_set_lacks("cnsa2"));
	assert_false(proposals_add_set(&list, PROTO_IKE, "cnsa2"));
	assert_false(proposals_add_set(&list, PROTO_ESP, "cnsa2"));
	assert_int_equal(list.count, 0);
#endif
	list.count = PROPOSALS_MAX;
	assert_false(proposals_add_set(&list, PROTO_IKE, "prime-128"));
	assert_int_equal(list.count, PROPOSALS_MAX);
	assert_false(proposals_is_set("prime-192"));
	assert_false(proposals_is_set("aes128gcm16-esn"));
}

static void legacy_is_told(void **state)
{
	struct proposals list;

	list = list_of(PROTO_IKE, "aes128-sha1-modp1536,3des-sha1-prfmd5-modp2048");
	assert_string_equal(proposals_legacy(&list), "prfmd5");
	list.count = 1;
	assert_null(proposals_legacy(&list));
	list = list_of(PROTO_ESP, "aes128gcm16-modp1024");
	assert_string_equal(proposals_legacy(&list), "modp1024");
	proposals_default(&list, PROTO_IKE);
	assert_null(proposals_legacy(&list));
	list.count = 0;
	assert_null(proposals_legacy(&list));
}

/* The fullest that can be chosen has room, and is as it was chosen. */
static void suite_is_what_was_chosen(void **state)
{
	static const char addke[] = "-ke1_ecp256-ke2_ecp384-ke3_ecp521-ke4_modp2048-ke5_modp3072"
				    "-ke6_x448-ke7_modp4096";
	char text[256], was[PROPOSAL_STRLEN], is[PROPOSAL_STRLEN];
	struct proposals list;
	struct proposal chosen;
	struct suite suite;
	unsigned int index;

	for (int esp = 0; esp < 2; esp++) {
		snprintf(text, sizeof(text), "aes256-sha256%s-x25519%s",
			 esp ? "-esn" : "-prfsha384", addke);
		list = list_of(esp ? PROTO_ESP : PROTO_IKE, text);
		assert_true(proposal_select(&list, &list, false, &chosen, &index));
		assert_int_equal(chosen.count, 4 + ADDKE_MAX);
		suite = proposal_suite(&chosen);
		assert_int_equal(suite.protocol, chosen.protocol);
		assert_int_equal(suite.count, chosen.count);
		assert_string_equal(suite_str(&suite, is), proposal_str(&chosen, was));
		assert_int_equal(suite_group(&suite), KE_X25519);
		assert_int_equal(suite_find(&suite, TRANSFORM_ENCR)->key_bits, 256);
		assert_int_equal(suite_find(&suite, TRANSFORM_ADDKE7)->id, KE_MODP_4096);
		assert_true(!suite_find(&suite, TRANSFORM_ESN) == !esp);
		assert_true(!suite_find(&suite, TRANSFORM_PRF) == !!esp);
	}
	chosen = (struct proposal){ .protocol = PROTO_ESP };
	suite = proposal_suite(&chosen);
	assert_int_equal(suite_group(&suite), KE_NONE);
}

static void names_of_transforms(void **state)
{
	assert_string_equal(transform_name(TRANSFORM_ENCR, ENCR_AES_CBC, 192), "aes192");
	assert_string_equal(transform_name(TRANSFORM_KE, KE_X25519, 0), "x25519");
	assert_string_equal(transform_name(TRANSFORM_ENCR, 13, 256), "aes256ctr");
	assert_null(transform_name(TRANSFORM_ENCR, ENCR_AES_CBC, 0));
	assert_null(transform_name(99, 1, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_of_strongswan),
		cmocka_unit_test(wrong_words_are_named),
		cmocka_unit_test(printing_and_parsing_agree),
		cmocka_unit_test(offers_of_others_can_be_read),
		cmocka_unit_test(selections_are_right),
		cmocka_unit_test(absent_counts_as_none),
		cmocka_unit_test(unknown_spoils_what_it_must),
		cmocka_unit_test(additional_key_exchanges),
		cmocka_unit_test(more_key_exchanges_are_stronger),
		cmocka_unit_test(defaults_meet_each_other),
		cmocka_unit_test(sets_have_names),
		cmocka_unit_test(legacy_is_told),
		cmocka_unit_test(suite_is_what_was_chosen),
		cmocka_unit_test(names_of_transforms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
