// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/minmax.h>
#include "suite.h"

/* IANA, IKEv2 transform types 1 and 3. */
enum {
	ENCR_AES_CBC = 12,
	ENCR_AES_GCM_16 = 20,
	ENCR_CHACHA20_POLY1305 = 28,

	INTEG_HMAC_SHA2_256_128 = 12,
};

/* The suite's names with and without extended sequence numbers. */
#define AEAD(alg_)			.alg = alg_, .alg_esn = alg_
#define AUTHENC(auth_, enc_)		.alg = "authenc(" auth_ "," enc_ ")", \
					.alg_esn = "authencesn(" auth_ "," enc_ ")"

#define AES_GCM_16(bits_) {						\
	.encr = ENCR_AES_GCM_16, .key_bits = bits_, .salt_len = 4,	\
	.iv_kind = ESPL_IV_COUNTER,					\
	.shape = { .iv_len = 8, .icv_len = 16, .align = 4 },		\
	.name = "aes" #bits_ "gcm16", AEAD("rfc4106(gcm(aes))"),	\
}

#define AES_CBC_SHA256(bits_) {						\
	.encr = ENCR_AES_CBC, .key_bits = bits_,			\
	.integ = INTEG_HMAC_SHA2_256_128, .integ_key_len = 32,		\
	.iv_kind = ESPL_IV_RANDOM,					\
	.shape = { .iv_len = 16, .icv_len = 16, .align = 16 },		\
	.name = "aes" #bits_ "-sha256",					\
	AUTHENC("hmac(sha256)", "cbc(aes)"),				\
}

static const struct espl_suite suites[] = {
	AES_GCM_16(128),
	AES_GCM_16(256),
	{
		.encr = ENCR_CHACHA20_POLY1305, .key_bits = 256, .salt_len = 4,
		.iv_kind = ESPL_IV_COUNTER,
		.shape = { .iv_len = 8, .icv_len = 16, .align = 4 },
		.name = "chacha20poly1305", AEAD("rfc7539esp(chacha20,poly1305)"),
	},
	AES_CBC_SHA256(128),
	AES_CBC_SHA256(192),
	AES_CBC_SHA256(256),
};

const struct espl_suite *espl_suite_find(u16 encr, unsigned int encr_key_len, u16 integ)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(suites); i++) {
		if (suites[i].encr == encr && suites[i].integ == integ &&
		    espl_suite_encr_key_len(&suites[i]) == encr_key_len)
			return &suites[i];
	}
	return NULL;
}

const struct espl_suite *espl_suite_at(unsigned int i)
{
	return i < ARRAY_SIZE(suites) ? &suites[i] : NULL;
}

unsigned int espl_suite_overhead_max(void)
{
	unsigned int most = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(suites); i++)
		most = max(most, espl_esp_overhead_max(&suites[i].shape));
	return most;
}
