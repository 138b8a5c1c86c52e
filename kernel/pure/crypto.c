// SPDX-License-Identifier: GPL-2.0
#include <crypto/aead.h>
#include <crypto/authenc.h>
#include <linux/log2.h>
#include <linux/percpu.h>
#include <linux/random.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "compat.h"
#include "crypto.h"

#define JOB_SIZE_MIN	1024

/*
 * One idle job for each CPU. Nearly every request is answered at once, so its
 * memory can serve the next packet; only what went asynchronous, or ran while
 * a softirq interrupted another job, costs an allocation.
 */
static DEFINE_PER_CPU(struct espl_job *, idle_job);

/* A job in memory: struct espl_job, the request with its context, src, dst. */
static struct aead_request *crypto_job_request(struct espl_job *job)
{
	return (void *)job + ALIGN(sizeof(*job), CRYPTO_MINALIGN);
}

static int crypto_set_authenc_key(struct crypto_aead *tfm, const struct espl_suite *suite,
				  const u8 *encr_key, const u8 *integ_key)
{
	unsigned int encr_len = espl_suite_key_len(suite->cipher);
	unsigned int integ_len = suite->integ->key_len;
	unsigned int len = RTA_SPACE(sizeof(struct crypto_authenc_key_param)) + integ_len +
			   encr_len;
	struct crypto_authenc_key_param *param;
	struct rtattr *rta;
	u8 *blob, *p;
	int err;

	blob = kmalloc(len, GFP_KERNEL);
	if (!blob)
		return -ENOMEM;

	rta = (struct rtattr *)blob;
	rta->rta_type = CRYPTO_AUTHENC_KEYA_PARAM;
	rta->rta_len = RTA_LENGTH(sizeof(*param));
	param = RTA_DATA(rta);
	param->enckeylen = cpu_to_be32(encr_len);
	p = blob + RTA_SPACE(sizeof(*param));
	memcpy(p, integ_key, integ_len);
	if (encr_len)
		memcpy(p + integ_len, encr_key, encr_len);

	err = crypto_aead_setkey(tfm, blob, len);
	kfree_sensitive(blob);
	return err;
}

int espl_crypto_init(struct espl_crypto *crypto, const struct espl_suite *suite, bool esn,
		     const u8 *encr_key, const u8 *integ_key, const char *alg)
{
	char name[CRYPTO_MAX_ALG_NAME];
	struct crypto_aead *tfm;
	int err;

	espl_suite_alg(suite, esn, name, sizeof(name));
	tfm = crypto_alloc_aead(alg ?: name, 0, 0);
	if (IS_ERR(tfm))
		return PTR_ERR(tfm);

	err = -EINVAL;
	if (crypto_aead_ivsize(tfm) != suite->shape.iv_len)
		goto free_tfm;
	if (suite->integ)
		err = crypto_set_authenc_key(tfm, suite, encr_key, integ_key);
	else
		err = crypto_aead_setkey(tfm, encr_key, espl_suite_key_len(suite->cipher));
	if (err)
		goto free_tfm;
	err = crypto_aead_setauthsize(tfm, suite->shape.icv_len);
	if (err)
		goto free_tfm;

	crypto->tfm = tfm;
	crypto->suite = *suite;
	crypto->esn = esn;
	crypto->job_head = ALIGN(ALIGN(sizeof(struct espl_job), CRYPTO_MINALIGN) +
				 sizeof(struct aead_request) + crypto_aead_reqsize(tfm),
				 __alignof__(struct scatterlist));
	return 0;

free_tfm:
	crypto_free_aead(tfm);
	return err;
}

void espl_crypto_destroy(struct espl_crypto *crypto)
{
	crypto_free_aead(crypto->tfm);
	crypto->tfm = NULL;
}

const char *espl_crypto_driver(const struct espl_crypto *crypto)
{
	return crypto_tfm_alg_driver_name(crypto_aead_tfm(crypto->tfm));
}

/* Either algorithm of a suite with two is looked for beside a usual one of the other kind. */
static bool crypto_has(const struct espl_cipher *cipher, const struct espl_integ *integ)
{
	struct espl_suite suite = { .cipher = cipher, .integ = integ };
	char alg[CRYPTO_MAX_ALG_NAME];

	espl_suite_alg(&suite, false, alg, sizeof(alg));
	return crypto_has_alg(alg, CRYPTO_ALG_TYPE_AEAD, CRYPTO_ALG_TYPE_MASK);
}

bool espl_crypto_has_cipher(const struct espl_cipher *cipher, struct espl_crypto_asked *asked)
{
	unsigned int i;
	bool has;

	for (i = 0; i < asked->count; i++) {
		if (!strcmp(asked->alg[i], cipher->alg))
			return asked->has & BIT(i);
	}
	has = crypto_has(cipher, cipher->icv_len ? NULL : espl_suite_integ_at(0));
	if (i < ESPL_CRYPTO_ASKED_MAX) {
		asked->alg[i] = cipher->alg;
		asked->has |= has ? BIT(i) : 0;
		asked->count++;
	}
	return has;
}

bool espl_crypto_has_integ(const struct espl_integ *integ)
{
	struct espl_suite cbc;

	return espl_suite_find(&cbc, 12, 16, integ->id) && crypto_has(cbc.cipher, integ);
}

void espl_crypto_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		kfree_sensitive(xchg(per_cpu_ptr(&idle_job, cpu), NULL));
}

/* Sizes are powers of two: kmalloc() aligns those to themselves, so iv and aad are aligned. */
static struct espl_job *crypto_take_memory(size_t size)
{
	struct espl_job *job = this_cpu_xchg(idle_job, NULL);

	if (likely(job && job->size >= size))
		return job;
	kfree_sensitive(job);

	size = roundup_pow_of_two(max_t(size_t, size, JOB_SIZE_MIN));
	job = kmalloc(size, GFP_ATOMIC | __GFP_NOWARN);
	if (job)
		job->size = size;
	return job;
}

/*
 * sg_init_table() without its memset(), which costs more than it clears where
 * most tables have two entries.
 */
static void crypto_init_table(struct scatterlist *sg, unsigned int n)
{
	struct scatterlist *last = sg + n - 1;

	for (; sg <= last; sg++) {
		*sg = (struct scatterlist) {};
		/* else the compiler makes it a memset() again */
		barrier();
	}
	sg_mark_end(last);
}

struct espl_job *espl_job_get(struct espl_crypto *crypto, unsigned int nsrc, unsigned int ndst)
{
	unsigned int entries = nsrc + 1 + (ndst ? ndst + 1 : 0);
	struct espl_job *job;

	job = crypto_take_memory(crypto->job_head + entries * sizeof(struct scatterlist));
	if (!job)
		return NULL;

	job->crypto = crypto;
	job->src = (void *)job + crypto->job_head;
	job->dst = job->src;
	crypto_init_table(job->src, nsrc + 1);
	if (ndst) {
		job->dst = job->src + nsrc + 1;
		crypto_init_table(job->dst, ndst + 1);
	}
	return job;
}

void espl_job_put(struct espl_job *job)
{
	if (this_cpu_cmpxchg(idle_job, NULL, job))
		kfree_sensitive(job);
}

static void crypto_job_done(void *data, int err)
{
	void (*done)(struct sk_buff *skb, int err);
	struct espl_job *job = data;
	struct sk_buff *skb;

	/* a backlogged request has begun: not ours, see crypto_prepare(), and not the end */
	if (err == -EINPROGRESS)
		return;

	done = job->done;
	skb = job->skb;
	espl_job_put(job);
	done(skb, err);
}

ESPL_CRYPTO_DONE(crypto_job_callback, crypto_job_done)

/*
 * Puts together what is authenticated in clear: SPI, sequence number, IV. With
 * ESN the high half stands between SPI and low half: rfc4106 and rfc7539esp
 * take it from there (RFC 4106 5), authencesn moves it behind the ciphertext
 * for the ICV itself (RFC 4303 2.2.1). All of them want the IV in here too.
 */
static struct aead_request *crypto_prepare(struct espl_job *job, __be32 spi, u64 seq, const u8 *iv,
					   unsigned int len)
{
	struct espl_crypto *crypto = job->crypto;
	unsigned int iv_len = crypto->suite.shape.iv_len;
	struct aead_request *req = crypto_job_request(job);
	__be32 *word = (__be32 *)job->aad;
	unsigned int aad_len;

	*word++ = spi;
	if (crypto->esn)
		*word++ = cpu_to_be32(upper_32_bits(seq));
	*word++ = cpu_to_be32(lower_32_bits(seq));
	memcpy(word, iv, iv_len);
	memcpy(job->iv, iv, iv_len);

	aad_len = (u8 *)word - job->aad + iv_len;
	sg_set_buf(job->src, job->aad, aad_len);
	if (job->dst != job->src)
		sg_set_buf(job->dst, job->aad, aad_len);

	aead_request_set_tfm(req, crypto->tfm);
	/*
	 * No MAY_BACKLOG: a full queue drops the packet, as a full link does, and
	 * -EBUSY is an error like any other.
	 */
	aead_request_set_callback(req, 0, crypto_job_callback, job);
	aead_request_set_ad(req, aad_len);
	aead_request_set_crypt(req, job->src, job->dst, len, job->iv);
	return req;
}

/* After -EINPROGRESS the job belongs to the callback, which may have run by now. */
static int crypto_finish(struct espl_job *job, int err)
{
	if (likely(err != -EINPROGRESS))
		espl_job_put(job);
	return err;
}

/*
 * RANDOM draws on the per-CPU batches of the kernel's own generator: full
 * entropy, never revealed before, for the price of a copy; deriving the IV
 * with the cipher would cost a pass of its own.
 */
static void crypto_make_iv(const struct espl_cipher *cipher, u64 seq, u8 *iv)
{
	unsigned int i;

	switch ((enum espl_iv_kind)cipher->iv_kind) {
	case ESPL_IV_COUNTER:
		put_unaligned_be64(seq, iv);
		break;
	case ESPL_IV_RANDOM:
		for (i = 0; i < cipher->iv_len; i += sizeof(u64))
			put_unaligned(get_random_u64(), (u64 *)(iv + i));
		break;
	case ESPL_IV_NONE:
		break;
	}
}

int espl_job_encrypt(struct espl_job *job, __be32 spi, u64 seq, u8 *iv, unsigned int len)
{
	crypto_make_iv(job->crypto->suite.cipher, seq, iv);
	return crypto_finish(job, crypto_aead_encrypt(crypto_prepare(job, spi, seq, iv, len)));
}

int espl_job_decrypt(struct espl_job *job, __be32 spi, u64 seq, const u8 *iv, unsigned int len)
{
	return crypto_finish(job, crypto_aead_decrypt(crypto_prepare(job, spi, seq, iv, len)));
}
