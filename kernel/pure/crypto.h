/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Key set-up and the two transforms. Only crypto.c knows crypto/aead.h.
 *
 * A packet is transformed by a job. Its scatterlists have n + 1 entries: entry
 * 0 is crypto.c's own (it holds what is authenticated but not encrypted: SPI,
 * sequence number with its high half, IV), so the packet's ESP header is
 * neither read nor changed, and the caller describes only
 *
 *	encrypt: source	payload, padding, trailer
 *		 result	the same length, then room for the ICV
 *	decrypt: source	ciphertext, ICV
 *		 result	payload, padding, trailer (the ICV's room is left alone or scratched)
 *
 * In place, dst is src. Otherwise a part of the result may lie where its part
 * of the source lies (a trailer written into the new buffer), not elsewhere.
 */
#ifndef _ESPL_CRYPTO_H
#define _ESPL_CRYPTO_H

#include <linux/scatterlist.h>
#include <linux/types.h>
#include "suite.h"

struct crypto_aead;
struct sk_buff;

/* Embedded in the SA, constant once it is published. */
struct espl_crypto {
	struct crypto_aead *tfm;
	struct espl_suite suite;
	unsigned int job_head;	/* octets of a job before its scatterlists */
	bool esn;
};

/*
 * The caller sets skb, done and the entries from 1 on. Live from
 * espl_job_get() until espl_job_encrypt(), espl_job_decrypt() or
 * espl_job_put(); it is never touched by the caller after that.
 */
struct espl_job {
	struct sk_buff *skb;
	void (*done)(struct sk_buff *skb, int err);
	struct scatterlist *src;
	struct scatterlist *dst;	/* src itself when the job was taken with ndst == 0 */

	/* private to crypto.c */
	struct espl_crypto *crypto;
	size_t size;
	u8 iv[ESPL_ESP_IV_MAX] __aligned(16);	/* ciphers change it */
	u8 aad[12 + ESPL_ESP_IV_MAX] __aligned(16);
};

/*
 * Both may sleep. encr_key and integ_key are as long as the suite says. alg is
 * NULL, or the name of another crypto API algorithm to use (tests). On error
 * nothing is held: -ENOENT when the kernel lacks the algorithm.
 */
int espl_crypto_init(struct espl_crypto *crypto, const struct espl_suite *suite, bool esn,
		     const u8 *encr_key, const u8 *integ_key, const char *alg);
/* No job may be live. The tfm wipes its keys. */
void espl_crypto_destroy(struct espl_crypto *crypto);

/* The crypto API's driver name, for people. */
const char *espl_crypto_driver(const struct espl_crypto *crypto);

/* More than the ciphers have names in the crypto API. */
#define ESPL_CRYPTO_ASKED_MAX	16

/*
 * Names that were looked for: several rows have the same, and each that is not there has modprobe
 * run. Begin with {}.
 */
struct espl_crypto_asked {
	const char *alg[ESPL_CRYPTO_ASKED_MAX];
	unsigned int count;
	u16 has;		/* a bit for each */
};

/*
 * Can this kernel do that, a cipher that is no AEAD beside the first INTEG, an INTEG beside
 * AES-CBC? Makes no transform. May sleep and load modules.
 */
bool espl_crypto_has_cipher(const struct espl_cipher *cipher, struct espl_crypto_asked *asked);
bool espl_crypto_has_integ(const struct espl_integ *integ);

/* Frees what jobs have left behind. After the last espl_crypto_destroy(). */
void espl_crypto_exit(void);

/*
 * Any context. nsrc and ndst are the entries that the caller needs beyond
 * entry 0; ndst == 0: in place. The tables are initialised and the last entry
 * is marked; sg_set_buf() and skb_to_sgvec(skb, job->src + 1, ...) suit.
 * NULL: no memory.
 */
struct espl_job *espl_job_get(struct espl_crypto *crypto, unsigned int nsrc, unsigned int ndst);
/* Gives a job back unused. */
void espl_job_put(struct espl_job *job);

/*
 * Both take the job. -EINPROGRESS: done(skb, err) will be called once, later,
 * in softirq context. Anything else is the result, and done is not called: the
 * caller goes on to the same function itself. -EBADMSG: authentication failed.
 *
 * encrypt: len is that of payload, padding and trailer; makes the IV and
 * writes suite.shape.iv_len octets of it to iv, in the packet.
 */
int espl_job_encrypt(struct espl_job *job, __be32 spi, u64 seq, u8 *iv, unsigned int len);
/* decrypt: len is that of ciphertext and ICV; iv is the packet's. */
int espl_job_decrypt(struct espl_job *job, __be32 spi, u64 seq, const u8 *iv, unsigned int len);

#endif /* _ESPL_CRYPTO_H */
