// SPDX-License-Identifier: GPL-2.0
#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/crypto.h>
#include <linux/kernel.h>
#include <linux/random.h>
#include <linux/slab.h>
#if __has_include(<linux/hex.h>)	/* hex2bin(), in linux/kernel.h before */
#include <linux/hex.h>
#endif
#include "pure/crypto.h"
#include "suites.h"
#include "vectors.h"

#define SPI	0xc0ffee01
#define SEQ	0x500000007ULL
#define BUF_LEN	2048

/* Which algorithm does a suite's work: the default, and others forced by name. */
struct way {
	const char *name;
	u16 encr;
	u16 encr_key_len;
	u16 integ;
	bool esn;
	bool async;		/* never answers at once */
	const char *alg;
	const char *alg_lib;	/* where there is no such driver */
};

/*
 * cryptd() must be given a driver's name, and one of low priority: what it
 * makes is the better choice for that algorithm's plain name from then on.
 * Newer kernels have these drivers from lib/crypto, and Debian leaves cryptd out there.
 */
#define WAYS(name_, encr_, len_, integ_, alg_)						\
	{ name_, encr_, len_, integ_, false, false, NULL, NULL },			\
	{ name_ " esn", encr_, len_, integ_, true, false, NULL, NULL },			\
	{ name_ " async", encr_, len_, integ_, false, true,				\
	  "cryptd(" alg_ ")", "pcrypt(" alg_##_LIB ")" },				\
	{ name_ " async esn", encr_, len_, integ_, true, true,				\
	  "cryptd(" alg_##_ESN ")", "pcrypt(" alg_##_ESN_LIB ")" }

#define GCM		"rfc4106(gcm_base(ctr(aes-generic),ghash-generic))"
#define GCM_LIB		"rfc4106(gcm_base(ctr(aes-lib),ghash-lib))"
#define GCM_ESN		GCM
#define GCM_ESN_LIB	GCM_LIB
#define CHAPOLY		"rfc7539esp(chacha20-generic,poly1305-generic)"
#define CHAPOLY_LIB	"rfc7539esp(chacha20-lib,poly1305-generic)"
#define CHAPOLY_ESN	CHAPOLY
#define CHAPOLY_ESN_LIB	CHAPOLY_LIB
#define CBC		"authenc(hmac(sha256-generic),cbc(aes-generic))"
#define CBC_LIB		"authenc(hmac-sha256-lib,cbc(aes-lib))"
#define CBC_ESN		"authencesn(hmac(sha256-generic),cbc(aes-generic))"
#define CBC_ESN_LIB	"authencesn(hmac-sha256-lib,cbc(aes-lib))"

static const struct way ways[] = {
	WAYS("gcm128", 20, 20, 0, GCM),
	WAYS("gcm256", 20, 36, 0, GCM),
	WAYS("chapoly", 28, 36, 0, CHAPOLY),
	WAYS("cbc128", 12, 16, 12, CBC),
	WAYS("cbc192", 12, 24, 12, CBC),
	WAYS("cbc256", 12, 32, 12, CBC),
	{ "null", 11, 0, 12, false, false, NULL, NULL },
	{ "null esn", 11, 0, 12, true, false, NULL, NULL },
	{ "gmac", 21, 20, 0, false, false, NULL, NULL },
	{ "gmac esn", 21, 20, 0, true, false, NULL, NULL },
	{ "ccm", 14, 19, 0, false, false, NULL, NULL },
	{ "ccm esn", 14, 19, 0, true, false, NULL, NULL },
	{ "ctr", 13, 20, 5, false, false, NULL, NULL },
	{ "ctr esn", 13, 20, 5, true, false, NULL, NULL },
	{ "3des", 3, 24, 8, false, false, NULL, NULL },
	/* never asynchronous */
	{ "gcm128 generic", 20, 20, 0, false, false, GCM, GCM_LIB },
	{ "gcm128 generic esn", 20, 20, 0, true, false, GCM, GCM_LIB },
};

static void way_to_desc(const struct way *way, char *desc)
{
	strscpy(desc, way->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(way, ways, way_to_desc);

static void vector_to_desc(const struct vector *v, char *desc)
{
	strscpy(desc, v->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(vector, vectors, vector_to_desc);

/* Stands where the skb would: crypto.c only hands it on. */
struct answer {
	struct completion arrived;
	atomic_t count;
	int err;
};

static void done(struct sk_buff *skb, int err)
{
	struct answer *answer = (struct answer *)skb;

	answer->err = err;
	atomic_inc(&answer->count);
	complete(&answer->arrived);
}

static void expect_answer(struct answer *answer, struct espl_job *job)
{
	init_completion(&answer->arrived);
	atomic_set(&answer->count, 0);
	job->skb = (struct sk_buff *)answer;
	job->done = done;
}

static int await(struct kunit *test, struct answer *answer, int err)
{
	if (err != -EINPROGRESS) {
		KUNIT_EXPECT_EQ(test, 0, atomic_read(&answer->count));
		return err;
	}
	/* for a hang: KUnit gives a case five minutes */
	if (!wait_for_completion_timeout(&answer->arrived, 240 * HZ)) {
		KUNIT_FAIL(test, "no answer");
		return -ETIMEDOUT;
	}
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&answer->count));
	return answer->err;
}

static void destroy(struct kunit_resource *res)
{
	espl_crypto_destroy(res->data);
	kfree(res->data);
}

/* Destroyed when the case ends, however it ends. */
static struct espl_crypto *crypto_of(struct kunit *test, const struct way *way)
{
	struct espl_crypto *crypto = kzalloc(sizeof(*crypto), GFP_KERNEL);
	struct espl_suite suite;
	u8 encr_key[64], integ_key[64];
	int err;

	KUNIT_ASSERT_NOT_NULL(test, crypto);
	KUNIT_ASSERT_TRUE(test, espl_suite_find(&suite, way->encr, way->encr_key_len, way->integ));
	memset(encr_key, 0x42, sizeof(encr_key));
	memset(integ_key, 0x17, sizeof(integ_key));
	err = espl_crypto_init(crypto, &suite, way->esn, encr_key, integ_key, way->alg);
	if (err && way->alg_lib)
		err = espl_crypto_init(crypto, &suite, way->esn, encr_key, integ_key, way->alg_lib);
	if (err)
		kfree(crypto);
	KUNIT_ASSERT_EQ(test, 0, err);
	kunit_alloc_resource(test, NULL, destroy, GFP_KERNEL, crypto);
	return crypto;
}

/* Describes len octets at buf as n pieces of odd sizes. */
static void pieces(struct scatterlist *sg, unsigned int n, u8 *buf, unsigned int len)
{
	unsigned int i, part;

	for (i = 0; i < n; i++) {
		part = i + 1 == n ? len : min(len - (n - 1 - i), 13 * i + 5);
		sg_set_buf(&sg[i], buf, part);
		buf += part;
		len -= part;
	}
}

/* From src to dst, or in place when they are the same. */
static int seal(struct kunit *test, struct espl_crypto *crypto, u64 seq, u8 *iv, u8 *src, u8 *dst,
		unsigned int len, unsigned int n)
{
	unsigned int room = len + crypto->suite.shape.icv_len;
	struct espl_job *job = espl_job_get(crypto, n, src == dst ? 0 : 1);
	struct answer answer;

	KUNIT_ASSERT_NOT_NULL(test, job);
	expect_answer(&answer, job);
	if (src == dst) {
		pieces(job->src + 1, n, src, room);
	} else {
		pieces(job->src + 1, n, src, len);
		sg_set_buf(job->dst + 1, dst, room);
	}
	return await(test, &answer, espl_job_encrypt(job, htonl(SPI), seq, iv, len));
}

static int open(struct kunit *test, struct espl_crypto *crypto, u32 spi, u64 seq, const u8 *iv,
		u8 *buf, unsigned int len, unsigned int n)
{
	struct espl_job *job = espl_job_get(crypto, n, 0);
	struct answer answer;

	KUNIT_ASSERT_NOT_NULL(test, job);
	expect_answer(&answer, job);
	pieces(job->src + 1, n, buf, len);
	return await(test, &answer, espl_job_decrypt(job, htonl(spi), seq, iv, len));
}

static unsigned int unhex(struct kunit *test, u8 *to, const char *from)
{
	unsigned int len = strlen(from) / 2;

	KUNIT_ASSERT_LE(test, len, BUF_LEN);
	KUNIT_ASSERT_EQ(test, 0, hex2bin(to, from, len));
	return len;
}

/* Published packets open into what was published, and cannot be opened otherwise. */
static void published(struct kunit *test)
{
	const struct vector *v = test->param_value;
	u8 *packet = kunit_kzalloc(test, BUF_LEN, GFP_KERNEL);
	u8 *plain = kunit_kzalloc(test, BUF_LEN, GFP_KERNEL);
	unsigned int len, plain_len, key_len, hlen;
	u8 key[64], integ_key[64] = {};
	struct espl_suite suite;
	struct espl_crypto crypto;
	u8 *iv;

	KUNIT_ASSERT_NOT_NULL(test, packet);
	KUNIT_ASSERT_NOT_NULL(test, plain);
	key_len = v->key ? unhex(test, key, v->key) : 0;
	if (v->integ_key)
		unhex(test, integ_key, v->integ_key);
	len = unhex(test, packet, v->packet);
	plain_len = unhex(test, plain, v->plain);
	KUNIT_ASSERT_TRUE(test, espl_suite_find(&suite, v->encr, key_len, v->integ));
	KUNIT_ASSERT_TRUE(test, espl_esp_size_ok(&suite.shape, len));
	KUNIT_ASSERT_EQ(test, 0, espl_crypto_init(&crypto, &suite, v->esn, key, integ_key, NULL));

	hlen = espl_esp_hlen(&suite.shape);
	iv = packet + ESPL_ESP_HLEN;
	KUNIT_EXPECT_EQ(test, open(test, &crypto, v->spi, v->seq, iv, packet + hlen, len - hlen, 1),
			0);
	KUNIT_EXPECT_EQ(test, 0, memcmp(packet + hlen, plain, plain_len));
	KUNIT_EXPECT_EQ(test, plain_len, len - hlen - suite.shape.icv_len);

	unhex(test, packet, v->packet);
	KUNIT_EXPECT_EQ(test, -EBADMSG, open(test, &crypto, v->spi, v->seq + 1, iv, packet + hlen,
					     len - hlen, 1));
	unhex(test, packet, v->packet);
	KUNIT_EXPECT_EQ(test, open(test, &crypto, v->spi, v->seq + (1ULL << 32), iv,
				   packet + hlen, len - hlen, 1), v->esn ? -EBADMSG : 0);
	espl_crypto_destroy(&crypto);
}

/* NULL and GMAC encrypt nothing. */
static bool in_clear(const struct espl_crypto *crypto)
{
	return crypto->suite.cipher->id == 11 || crypto->suite.cipher->id == 21;
}

/* Every length, in place and out of place, whole and in pieces, comes back the same. */
static void round_trip(struct kunit *test)
{
	struct espl_crypto *crypto = crypto_of(test, test->param_value);
	const struct espl_esp_shape *shape = &crypto->suite.shape;
	u8 *plain = kunit_kmalloc(test, BUF_LEN, GFP_KERNEL);
	u8 *a = kunit_kmalloc(test, BUF_LEN, GFP_KERNEL);
	u8 *b = kunit_kmalloc(test, BUF_LEN, GFP_KERNEL);
	unsigned int len, room, n, round = 0;
	u8 iv[ESPL_ESP_IV_MAX];
	u64 seq;

	KUNIT_ASSERT_NOT_NULL(test, plain);
	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_ASSERT_NOT_NULL(test, b);
	get_random_bytes(plain, BUF_LEN);
	for (len = 16; len <= 1456; len += len < 128 ? shape->align : 112 + shape->align) {
		if (len % shape->align)
			continue;
		n = 1 + round++ % 4;
		seq = SEQ + round;
		room = len + shape->icv_len;
		memcpy(a, plain, len);
		memset(b, 0xdd, BUF_LEN);
		KUNIT_ASSERT_EQ(test, 0, seal(test, crypto, seq, iv, a, b, len, n));
		KUNIT_EXPECT_EQ(test, 0, memcmp(a, plain, len));
		KUNIT_EXPECT_EQ(test, !memcmp(b, plain, len), in_clear(crypto));
		KUNIT_EXPECT_EQ(test, b[room], 0xdd);
		KUNIT_ASSERT_EQ(test, 0, open(test, crypto, SPI, seq, iv, b, room, n));
		KUNIT_ASSERT_EQ(test, 0, memcmp(b, plain, len));

		KUNIT_ASSERT_EQ(test, 0, seal(test, crypto, seq, iv, a, a, len, n));
		KUNIT_ASSERT_EQ(test, 0, open(test, crypto, SPI, seq, iv, a, room, 5 - n));
		KUNIT_ASSERT_EQ(test, 0, memcmp(a, plain, len));
	}
}

/* The trailer may be written where it will be encrypted, the payload lie elsewhere. */
static void trailer_in_place(struct kunit *test)
{
	struct espl_crypto *crypto = crypto_of(test, test->param_value);
	const struct espl_esp_shape *shape = &crypto->suite.shape;
	u8 *plain = kunit_kmalloc(test, BUF_LEN, GFP_KERNEL);
	u8 *b = kunit_kmalloc(test, BUF_LEN, GFP_KERNEL);
	unsigned int len, clen, room;
	u8 iv[ESPL_ESP_IV_MAX];
	struct answer answer;
	struct espl_job *job;
	int err;

	KUNIT_ASSERT_NOT_NULL(test, plain);
	KUNIT_ASSERT_NOT_NULL(test, b);
	get_random_bytes(plain, BUF_LEN);
	for (len = 20; len <= 90; len++) {
		clen = espl_esp_clen(shape, len);
		room = clen + shape->icv_len;
		espl_esp_put_trailer(shape, b + len, len, 4);
		job = espl_job_get(crypto, 3, 1);
		KUNIT_ASSERT_NOT_NULL(test, job);
		expect_answer(&answer, job);
		sg_set_buf(job->src + 1, plain, 9);
		sg_set_buf(job->src + 2, plain + 9, len - 9);
		sg_set_buf(job->src + 3, b + len, clen - len);
		sg_set_buf(job->dst + 1, b, room);
		err = espl_job_encrypt(job, htonl(SPI), SEQ, iv, clen);
		KUNIT_ASSERT_EQ(test, 0, await(test, &answer, err));
		KUNIT_ASSERT_EQ(test, 0, open(test, crypto, SPI, SEQ, iv, b, room, 1));
		KUNIT_ASSERT_EQ(test, 0, memcmp(b, plain, len));
		KUNIT_ASSERT_EQ(test, (int)len,
				espl_esp_payload_len(clen, (void *)(b + clen - ESPL_ESP_TLEN)));
	}
}

/* One bit anywhere, seen or unseen, is noticed. */
static void tampering(struct kunit *test)
{
	enum { LEN = 64 };
	const struct way *way = test->param_value;
	struct espl_crypto *crypto = crypto_of(test, way);
	const struct espl_esp_shape *shape = &crypto->suite.shape;
	unsigned int room = LEN + shape->icv_len, bit;
	u8 *sealed = kunit_kzalloc(test, BUF_LEN, GFP_KERNEL);
	u8 *b = kunit_kzalloc(test, BUF_LEN, GFP_KERNEL);
	u8 iv[ESPL_ESP_IV_MAX] = {};

	KUNIT_ASSERT_NOT_NULL(test, sealed);
	KUNIT_ASSERT_NOT_NULL(test, b);
	KUNIT_ASSERT_EQ(test, 0, seal(test, crypto, SEQ, iv, sealed, sealed, LEN, 1));
	for (bit = 0; bit < 8 * room; bit += 3) {
		memcpy(b, sealed, room);
		b[bit / 8] ^= 1 << bit % 8;
		KUNIT_ASSERT_EQ(test, -EBADMSG, open(test, crypto, SPI, SEQ, iv, b, room, 1));
	}
	for (bit = 0; bit < 8 * shape->iv_len; bit += 3) {
		memcpy(b, sealed, room);
		iv[bit / 8] ^= 1 << bit % 8;
		KUNIT_ASSERT_EQ(test, -EBADMSG, open(test, crypto, SPI, SEQ, iv, b, room, 1));
		iv[bit / 8] ^= 1 << bit % 8;
	}
	for (bit = 0; bit < 64; bit++) {
		memcpy(b, sealed, room);
		/* without ESN nobody sees the high half */
		KUNIT_ASSERT_EQ(test, open(test, crypto, SPI, SEQ ^ 1ULL << bit, iv, b, room, 1),
				bit < 32 || way->esn ? -EBADMSG : 0);
	}
	for (bit = 0; bit < 32; bit++) {
		memcpy(b, sealed, room);
		KUNIT_ASSERT_EQ(test, -EBADMSG,
				open(test, crypto, SPI ^ 1U << bit, SEQ, iv, b, room, 1));
	}
	KUNIT_EXPECT_EQ(test, 0, open(test, crypto, SPI, SEQ, iv, sealed, room, 1));
}

static void ivs(struct kunit *test)
{
	struct espl_crypto *crypto = crypto_of(test, test->param_value);
	u8 *b = kunit_kzalloc(test, BUF_LEN, GFP_KERNEL);
	u8 iv[ESPL_ESP_IV_MAX] = {}, last[ESPL_ESP_IV_MAX] = {};
	__be64 counter;
	u64 seq;

	KUNIT_ASSERT_NOT_NULL(test, b);
	for (seq = SEQ; seq < SEQ + 100; seq++) {
		KUNIT_ASSERT_EQ(test, 0, seal(test, crypto, seq, iv, b, b, 64, 1));
		if (crypto->suite.shape.iv_len)
			KUNIT_ASSERT_NE(test, 0, memcmp(iv, last, crypto->suite.shape.iv_len));
		memcpy(last, iv, sizeof(iv));
		if (crypto->suite.cipher->iv_kind == ESPL_IV_COUNTER) {
			counter = cpu_to_be64(seq);
			KUNIT_ASSERT_EQ(test, 0, memcmp(iv, &counter, sizeof(counter)));
		}
	}
}

/* Asynchronous when it has to be, and then exactly one answer for each. */
static void many_in_flight(struct kunit *test)
{
	enum { N = 100, LEN = 256, STRIDE = 512 };
	const struct way *way = test->param_value;
	struct espl_crypto *crypto = crypto_of(test, way);
	unsigned int room = LEN + crypto->suite.shape.icv_len, i, late = 0;
	u8 (*iv)[ESPL_ESP_IV_MAX] = kunit_kcalloc(test, N, ESPL_ESP_IV_MAX, GFP_KERNEL);
	struct answer *answer = kunit_kcalloc(test, N, sizeof(*answer), GFP_KERNEL);
	u8 *b = kunit_kzalloc(test, N * STRIDE, GFP_KERNEL);
	int err[N];
	struct espl_job *job;

	KUNIT_ASSERT_NOT_NULL(test, iv);
	KUNIT_ASSERT_NOT_NULL(test, answer);
	KUNIT_ASSERT_NOT_NULL(test, b);
	local_bh_disable();
	for (i = 0; i < N; i++) {
		memset(b + i * STRIDE, i, LEN);
		job = espl_job_get(crypto, 1, 0);
		if (!job)
			break;
		expect_answer(&answer[i], job);
		sg_set_buf(job->src + 1, b + i * STRIDE, room);
		err[i] = espl_job_encrypt(job, htonl(SPI), SEQ + i, iv[i], LEN);
		late += err[i] == -EINPROGRESS;
	}
	local_bh_enable();
	KUNIT_ASSERT_EQ(test, i, N);
	for (i = 0; i < N; i++)
		KUNIT_EXPECT_EQ(test, 0, await(test, &answer[i], err[i]));
	if (way->async)
		KUNIT_EXPECT_EQ(test, late, N);
	for (i = 0; i < N; i++) {
		KUNIT_ASSERT_EQ(test, 0, open(test, crypto, SPI, SEQ + i, iv[i], b + i * STRIDE,
					      room, 1));
		KUNIT_ASSERT_EQ(test, b[i * STRIDE], (u8)i);
		KUNIT_ASSERT_EQ(test, b[i * STRIDE + LEN - 1], (u8)i);
	}
}

/* Memory goes round: a job given back is the next one, unless it is too small. */
static void job_memory(struct kunit *test)
{
	static const struct way gcm = { "gcm", 20, 20, 0, false, false, GCM, GCM_LIB };
	struct espl_crypto *crypto = crypto_of(test, &gcm);
	u8 *buf = kunit_kzalloc(test, BUF_LEN, GFP_KERNEL);
	u8 iv[ESPL_ESP_IV_MAX];
	struct espl_job *a, *b;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	preempt_disable();
	a = espl_job_get(crypto, 1, 1);
	b = espl_job_get(crypto, 1, 1);
	if (a)
		espl_job_put(a);
	if (b)
		espl_job_put(b);
	KUNIT_EXPECT_NOT_NULL(test, a);
	KUNIT_EXPECT_NOT_NULL(test, b);
	KUNIT_EXPECT_PTR_NE(test, a, b);
	b = espl_job_get(crypto, 1, 0);
	KUNIT_EXPECT_PTR_EQ(test, a, b);
	KUNIT_EXPECT_PTR_EQ(test, b->src, b->dst);
	KUNIT_EXPECT_TRUE(test, sg_is_last(b->src + 1));
	sg_set_buf(b->src + 1, buf, 64 + 16);
	KUNIT_EXPECT_EQ(test, 0, espl_job_encrypt(b, htonl(SPI), SEQ, iv, 64));
	b = espl_job_get(crypto, 1, 0);
	KUNIT_EXPECT_PTR_EQ(test, a, b);
	espl_job_put(b);
	b = espl_job_get(crypto, 60, 60);
	KUNIT_EXPECT_GE(test, b->size, 120 * sizeof(struct scatterlist));
	KUNIT_EXPECT_TRUE(test, sg_is_last(b->dst + 60));
	espl_job_put(b);
	preempt_enable();
}

static void refusals(struct kunit *test)
{
	struct espl_crypto crypto;
	struct espl_suite gcm;
	u8 key[68] = {};

	KUNIT_ASSERT_TRUE(test, espl_suite_find(&gcm, 20, 20, 0));
	KUNIT_EXPECT_EQ(test, -ENOENT, espl_crypto_init(&crypto, &gcm, false, key, key, "no-such"));
	/* a cipher that is not of this suite's shape */
	KUNIT_EXPECT_EQ(test, -EINVAL,
			espl_crypto_init(&crypto, &gcm, false, key, key, "gcm(aes)"));
}

/* Each cipher with each INTEG that it can have: a key is taken, a packet comes back. */
static void every_suite(struct kunit *test)
{
	u8 *b = kunit_kzalloc(test, BUF_LEN, GFP_KERNEL);
	const struct espl_cipher *cipher;
	const struct espl_integ *integ;
	unsigned int i, j, room;
	struct espl_crypto *crypto;
	u8 iv[ESPL_ESP_IV_MAX];
	struct espl_crypto_asked asked = {};
	struct way way;

	KUNIT_ASSERT_NOT_NULL(test, b);
	for (i = 0; (cipher = espl_suite_cipher_at(i)); i++) {
		KUNIT_EXPECT_TRUE_MSG(test, espl_crypto_has_cipher(cipher, &asked), "%s",
				      cipher->name);
		for (j = 0; (integ = cipher->icv_len ? NULL : espl_suite_integ_at(j)) || !j; j++) {
			way = (struct way) {
				.name = cipher->name, .encr = cipher->id,
				.encr_key_len = espl_suite_key_len(cipher),
				.integ = integ ? integ->id : 0, .esn = (i + j) % 2,
			};
			crypto = crypto_of(test, &way);
			room = 64 + crypto->suite.shape.icv_len;
			memset(b, 0x5a, 64);
			KUNIT_ASSERT_EQ(test, 0, seal(test, crypto, SEQ, iv, b, b, 64, 1));
			KUNIT_ASSERT_EQ(test, 0, open(test, crypto, SPI, SEQ, iv, b, room, 1));
			KUNIT_EXPECT_PTR_EQ(test, NULL, memchr_inv(b, 0x5a, 64));
			kunit_info(test, "%s %s: %s\n", cipher->name, integ ? integ->name : "",
				   espl_crypto_driver(crypto));
		}
	}
	KUNIT_EXPECT_LT(test, asked.count, ESPL_CRYPTO_ASKED_MAX);
	for (j = 0; (integ = espl_suite_integ_at(j)); j++)
		KUNIT_EXPECT_TRUE_MSG(test, espl_crypto_has_integ(integ), "%s", integ->name);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(published, vector_gen_params),
	KUNIT_CASE_PARAM(round_trip, way_gen_params),
	KUNIT_CASE_PARAM(trailer_in_place, way_gen_params),
	KUNIT_CASE_PARAM(tampering, way_gen_params),
	KUNIT_CASE_PARAM(ivs, way_gen_params),
	KUNIT_CASE_PARAM(many_in_flight, way_gen_params),
	KUNIT_CASE(job_memory),
	KUNIT_CASE(refusals),
	KUNIT_CASE(every_suite),
	{}
};

struct kunit_suite espl_crypto_suite = { .name = "espl_crypto", .test_cases = cases };
