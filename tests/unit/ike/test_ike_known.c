// SPDX-License-Identifier: GPL-2.0
/*
 * Known answers: what strongSwan 5.9.8 computed for SKEYSEED, AUTH and KEYMAT, RFC 7296 2.13 to
 * 2.15, 2.17 and 2.18. Recorded between two charon-systemd, in two network namespaces, with
 * kernel-libipsec, and in strongswan.conf a filelog with ike = 4, chd = 4 and enc = 4, which logs
 * keys. Proposals aes128-sha256-x25519 for IKE and ESP, psk "correct horse battery staple", NAT
 * detected because that plugin wants UDP. One end asked for IKE_SA_INIT and IKE_AUTH (swanctl
 * --initiate --child), then for new keys of the CHILD_SA (--rekey --child) and of the IKE SA
 * (--rekey --ike).
 */
#include "ike/v2/v2.h"
#include "lib/array.h"
#include "unit/ike/ike_ends.h"
#include "unit/wire/hex.h"

#define PSK		"correct horse battery staple"

/* One IKE SA, in hexadecimal. */
struct known {
	const char *ni, *nr, *secret, *sk_d, *sk_ai, *sk_ar, *sk_ei, *sk_er, *sk_pi, *sk_pr;
};

static const char init_request[] =
	"eea2d4f3629edbc800000000000000002120220800000000000000e8220000300000002c01010004"
	"0300000c0100000c800e0080030000080300000c0300000802000005000000080400001f28000028"
	"001f00007b0c6eb0fd5d5650f2a3525fd6864bbba95d23412489972d7a07e6a94d3b560429000024"
	"540397fc40c120cd1f69a761b3d01fa01213ab6562a81928773716d8fde43d3f2900001c00004004"
	"b64bbe007a78a648324a71cf2f4830c75417668b2900001c0000400568d4c18d56a653d1bdd1d0be"
	"c00efc6316b20335290000100000402f00020003000400050000000800004016";
static const char init_response[] =
	"eea2d4f3629edbc8ad0c0da2c43f6a592120222000000000000000f0220000300000002c01010004"
	"0300000c0100000c800e0080030000080300000c0300000802000005000000080400001f28000028"
	"001f00007f86f0fa948904c40ac0d4b7b3802bf859bc58066a745a9c9b7bf54685c1350a29000024"
	"2aff8cd514b410467ed86243d22db43d37b0c7171f621340e716b20d581d16912900001c00004004"
	"0eb0754a17178e56665e3dd36732060dfa55d9932900001c00004005b01810afefa86897df99afa6"
	"032136b951be7068290000100000402f000200030004000529000008000040220000000800004014";
static const char id_i[] =
	"030000007061726973406578616d706c652e6f7267";
static const char id_r[] =
	"0200000067772e6578616d706c652e6f7267";
static const char auth_i[] =
	"ca44c57212fdd60f46d5345b527c100cd4f7b661aa24220acd9e9213fd7e8a4e";
static const char auth_r[] =
	"7a41d815e27cdddb17ed73dbcffd4fcf6b5a3241249243e75f683f62ea969141";

static const struct known first = {
	.ni =
		"540397fc40c120cd1f69a761b3d01fa01213ab6562a81928773716d8fde43d3f",
	.nr =
		"2aff8cd514b410467ed86243d22db43d37b0c7171f621340e716b20d581d1691",
	.secret =
		"9cd35bdaeffeeb74024877469cd2d5dbbb6840e6bb63fffc61ea050851c01105",
	.sk_d =
		"2f8623df30c1a37606774ce2ee9f05c8d825b35625f2d0f3b8a9e907d900479b",
	.sk_ai =
		"2747d9ad39f3f787fcd571332b14f187113816101d9f1566e456de64cef00537",
	.sk_ar =
		"3a05347242a18fd71b1f62ced49c852adc02d8f87bd7bee6a027fc1b7ee0aafc",
	.sk_ei =
		"8ad060eb21444b5e67da2885c76643a3",
	.sk_er =
		"159f18014263a1a3e12bfe654af73205",
	.sk_pi =
		"211c57cd17ef57c2521e854df826d1c882eac7d6b3aa98b068159d2145ba355b",
	.sk_pr =
		"2a2b25bc88738114b0bfddb0171a26b3dd19ed3913e0561e7b26bb5961dbd612",
};

static const struct known second = {
	.ni =
		"385d77e8ede23f4415e89f333c0ec19356f1d19741570ae1a33451a175c4867a",
	.nr =
		"673759a139e405b8fee40a0b09f403592daaa42df2155e2ab690ce3f30dcb413",
	.secret =
		"81b346b46461f59b232b0c66ff4a571ce726c61bf36df86bf55fcdfc7f78a616",
	.sk_d =
		"2e65c5f6a4a7e9533a461ed1297f263c71d1d24901e07b2bd1f27e5eecd5946f",
	.sk_ai =
		"fb8d3b9e91f483b2d98ad56f1fa9994c3130f4a9ad3721e7cf738b9e85768faf",
	.sk_ar =
		"c3336692831b2bdf53fe01d36e1290f4db69baa4c7f80ecd9d3a2a45b989303d",
	.sk_ei =
		"276c220d23cc24f1d7f54b5c53229fd4",
	.sk_er =
		"eebe5c3c3fac2a882caecd9ba5f4dbc7",
	.sk_pi =
		"078eaafee645165da86a53356092a51ef137702e1e38e878965cbd09f1730f1c",
	.sk_pr =
		"513acb56613a7d1edd6e6207ef7bcd081790eceddebcf8b10e6967d7badbb637",
};

static const struct known_child {
	const char *ni, *nr, *secret, *encr_i, *integ_i, *encr_r, *integ_r;
} children[] = {
	{
		.ni =
			"540397fc40c120cd1f69a761b3d01fa01213ab6562a81928773716d8fde43d3f",
		.nr =
			"2aff8cd514b410467ed86243d22db43d37b0c7171f621340e716b20d581d1691",
		.secret =
			"",
		.encr_i =
			"416ba852e8218f71fff266c14305be00",
		.integ_i =
			"800f390606ef8ce8ca0a6bcb4854502f98f9b62a04ae9719cd520483427c3457",
		.encr_r =
			"6f997829a8bad6fe3da90a49466aa99b",
		.integ_r =
			"9c23fa423dcf11d70b47238d3487c9db305c466216ed8f6e88ee0961e5775a04",
	},
	{
		.ni =
			"1e8a237ebb1e5474645189ed08e38077e4841b98fb17f747b7b60bc56990b9e6",
		.nr =
			"fe71055d4984b5c77df8b37a4b4372353ecdd85299646e93892294e1932b8195",
		.secret =
			"856d2621b6be278afdcf5fb5b60a17ef7ccc09333722c5d20fe9aa034aa4a123",
		.encr_i =
			"93bd47251cb191f4076eec9e08ec4a3c",
		.integ_i =
			"fcea064d452cdfe4548ce682eff052495929e46e0992e1a6dead50f8b205e619",
		.encr_r =
			"3710a14e009e055032048b6634ee5f84",
		.integ_r =
			"501587151705348b6de19144e46fcdfa284fb89ee01417e21be49201b47e4d77",
	},
};

#define SPI_I		0xeea2d4f3629edbc8ULL
#define SPI_R		0xad0c0da2c43f6a59ULL
#define NEW_SPI_I	0x800454ff30c59292ULL
#define NEW_SPI_R	0xfd4a4b305b34c284ULL

static void assert_hex(const uint8_t *p, const char *hex)
{
	uint8_t want[512];
	size_t len = unhex(hex, want, sizeof(want));

	assert_memory_equal(p, want, len);
}

static struct chunk chunk_of(const char *hex, uint8_t *buf, size_t cap)
{
	return (struct chunk){ buf, unhex(hex, buf, cap) };
}

static struct suite suite_of(uint8_t protocol, const char *text)
{
	struct proposal p;
	char why[256];

	assert_true(proposal_parse(&p, protocol, text, why, sizeof(why)));
	return proposal_suite(&p);
}

/* An IKE SA with what both ends know before they derive keys. */
static struct ike_sa *sa_of(const struct known *k, bool initiator, uint64_t spi_i, uint64_t spi_r)
{
	struct ike_sa *sa = test_calloc(1, sizeof(*sa));

	sa->initiator = initiator;
	sa->spi_i = spi_i;
	sa->spi_r = spi_r;
	sa->suite = suite_of(PROTO_IKE, "aes128-sha256-x25519");
	sa->ni.len = unhex(k->ni, sa->ni.b, sizeof(sa->ni.b));
	sa->nr.len = unhex(k->nr, sa->nr.b, sizeof(sa->nr.b));
	return sa;
}

static void derive(struct ike_sa *sa, const struct known *k, const struct ike_sa *rekeyed)
{
	uint8_t secret[KE_SECRET_MAX];

	assert_true(keys_derive(sa, (struct ke_secret){
		chunk_of(k->secret, secret, sizeof(secret)) }, rekeyed));
}

static void assert_keys(const struct ike_sa *sa, const struct known *k)
{
	const struct sk *i = sa->initiator ? &sa->sk_out : &sa->sk_in;
	const struct sk *r = sa->initiator ? &sa->sk_in : &sa->sk_out;

	assert_hex(sa->sk_d, k->sk_d);
	assert_hex(i->integ_key, k->sk_ai);
	assert_hex(r->integ_key, k->sk_ar);
	assert_hex(i->key, k->sk_ei);
	assert_hex(r->key, k->sk_er);
	assert_hex(sa->sk_pi, k->sk_pi);
	assert_hex(sa->sk_pr, k->sk_pr);
}

static void test_skeyseed(void **state)
{
	for (int initiator = 0; initiator < 2; initiator++) {
		struct ike_sa *sa = sa_of(&first, initiator, SPI_I, SPI_R);

		derive(sa, &first, NULL);
		assert_keys(sa, &first);
		test_free(sa);
	}
}

/* RFC 7296 2.14: the PRFs of AES take 64 bits of each nonce as the key, and all in prf+. */
static void test_skeyseed_of_aes(void **state)
{
	static const struct {
		const char *suite, *sk_d, *sk_pr;
	} rows[] = {
		{ "aes128-sha256-prfaesxcbc-x25519", "1b2c9aa24c6e12e34a7b17a5d952f82f",
		  "03c08439eb65de6418d0b34ca6b6166e" },
		{ "aes128-sha256-prfaescmac-x25519", "c22ff0b6fcf7139a140902e700aa9a33",
		  "d8b3cf3aa382d0070a3558c95e41fb47" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ike_sa *sa = sa_of(&first, i, SPI_I, SPI_R);

		sa->suite = suite_of(PROTO_IKE, rows[i].suite);
		derive(sa, &first, NULL);
		assert_hex(sa->sk_d, rows[i].sk_d);
		assert_hex(sa->sk_pr, rows[i].sk_pr);
		test_free(sa);
	}
}

static void test_skeyseed_of_a_rekey(void **state)
{
	struct ike_sa *old = sa_of(&first, true, SPI_I, SPI_R);
	struct ike_sa *sa = sa_of(&second, false, NEW_SPI_I, NEW_SPI_R);

	derive(old, &first, NULL);
	derive(sa, &second, old);
	assert_keys(sa, &second);
	test_free(sa);
	test_free(old);
}

static void assert_auth(const struct ike_sa *sa, bool of_initiator, const char *id,
			const char *want)
{
	struct chunk psk = { (const uint8_t *)PSK, strlen(PSK) }, octets;
	uint8_t body[64], mac[PRF_LEN_MAX];
	struct octets covered;

	assert_true(keys_covered(sa, of_initiator, chunk_of(id, body, sizeof(body)), &covered));
	octets = (struct chunk){ covered.p, covered.len };
	assert_true(auth_psk(sa->prf, psk, &octets, 1, mac));
	assert_hex(mac, want);
	octets_clear(&covered);
}

static void test_auth(void **state)
{
	struct ike_sa *sa = sa_of(&first, true, SPI_I, SPI_R);
	uint8_t msg[512];
	size_t len;

	derive(sa, &first, NULL);
	len = unhex(init_request, msg, sizeof(msg));
	assert_true(octets_set(&sa->init_i, msg, len));
	len = unhex(init_response, msg, sizeof(msg));
	assert_true(octets_set(&sa->init_r, msg, len));
	assert_auth(sa, true, id_i, auth_i);
	assert_auth(sa, false, id_r, auth_r);
	octets_clear(&sa->init_i);
	octets_clear(&sa->init_r);
	test_free(sa);
}

/* The first CHILD_SA has the nonces of IKE_SA_INIT; the second a key exchange and its own. */
static void test_keymat(void **state)
{
	struct ike_sa *sa = sa_of(&first, true, SPI_I, SPI_R);

	derive(sa, &first, NULL);
	for (size_t i = 0; i < 2 * ARRAY_SIZE(children); i++) {
		const struct known_child *k = &children[i / 2];
		struct child_sa pair = { .sa = sa };
		bool initiator = i & 1;
		const uint8_t *by_i = initiator ? pair.key_out : pair.key_in;
		const uint8_t *by_r = initiator ? pair.key_in : pair.key_out;
		uint8_t secret[64], ni[64], nr[64];
		struct ke_secret ke = { chunk_of(k->secret, secret, sizeof(secret)) };

		pair.suite = suite_of(PROTO_ESP, "aes128-sha256-noesn");
		assert_true(pair_derive(&pair, initiator, ke, chunk_of(k->ni, ni, sizeof(ni)),
					chunk_of(k->nr, nr, sizeof(nr))));
		assert_hex(by_i, k->encr_i);
		assert_hex(by_i + 16, k->integ_i);
		assert_hex(by_r, k->encr_r);
		assert_hex(by_r + 16, k->integ_r);
	}
	test_free(sa);
}

/* RFC 7296 2.18: SKEYSEED by the PRF of the old IKE SA, all of it; the rest by the new one's. */
static void rekeyed_with(const char *old_ike, const char *new_ike)
{
	uint8_t seed[PRF_LEN_MAX], spis[16], keys[PRF_LEN_MAX];
	struct ends *p = ends_new();
	struct side *a = &p->s[0];
	struct ike_sa *old, *new;
	struct chunk secret = { (const uint8_t *)"g^ir", 4 }, ni, nr;

	set_ike(a, old_ike);
	set_ike(&p->s[1], old_ike);
	ends_start(p);
	bring_up(p, 0);
	old = only_sa(a);
	set_ike(a, new_ike);
	new = sa_new(a->ike, a->ike->version[0], 1, true, 0);
	new->suite = proposal_suite(&a->conf.ike.p[0]);
	new->ni.len = new->nr.len = 16;
	new->nr.b[0] = 1;
	assert_true(keys_derive(new, (struct ke_secret){ secret }, old));

	for (int j = 0; j < 8; j++) {
		spis[j] = new->spi_i >> (56 - 8 * j);
		spis[8 + j] = new->spi_r >> (56 - 8 * j);
	}
	ni = (struct chunk){ new->ni.b, 16 };
	nr = (struct chunk){ new->nr.b, 16 };
	assert_true(prf(old->prf, (struct chunk){ old->sk_d, prf_len(old->prf) },
			(struct chunk[]){ secret, ni, nr }, 3, seed));
	assert_true(prf_plus(new->prf, (struct chunk){ seed, prf_len(old->prf) },
			     (struct chunk[]){ ni, nr, { spis, 16 } }, 3, keys,
			     prf_len(new->prf)));
	assert_memory_equal(new->sk_d, keys, prf_len(new->prf));
	ends_free(p);
}

static void test_keys_of_another_prf(void **state)
{
	static const char sha256[] = "aes128gcm16-prfsha256-x25519",
			  sha512[] = "aes128gcm16-prfsha512-x25519",
			  xcbc[] = "aes128gcm16-prfaesxcbc-x25519";

	rekeyed_with(sha256, sha256);
	rekeyed_with(sha512, sha256);
	rekeyed_with(sha256, sha512);
	rekeyed_with(xcbc, sha512);
	rekeyed_with(sha512, xcbc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_skeyseed),
		cmocka_unit_test(test_skeyseed_of_aes),
		cmocka_unit_test(test_skeyseed_of_a_rekey),
		cmocka_unit_test(test_auth),
		cmocka_unit_test(test_keymat),
		cmocka_unit_test(test_keys_of_another_prf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
