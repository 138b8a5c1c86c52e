// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/minmax.h>
#include "suite.h"

/* IANA, IKEv2 transform type 1. */
enum {
	ENCR_3DES = 3,
	ENCR_NULL = 11,
	ENCR_AES_CBC = 12,
	ENCR_AES_CTR = 13,
	ENCR_AES_CCM_8 = 14,
	ENCR_AES_CCM_12 = 15,
	ENCR_AES_CCM_16 = 16,
	ENCR_AES_GCM_8 = 18,
	ENCR_AES_GCM_12 = 19,
	ENCR_AES_GCM_16 = 20,
	ENCR_NULL_AES_GMAC = 21,
	ENCR_CHACHA20_POLY1305 = 28,
};

/* IANA, IKEv2 transform type 3. */
enum {
	INTEG_HMAC_SHA1_96 = 2,
	INTEG_AES_XCBC_96 = 5,
	INTEG_AES_CMAC_96 = 8,
	INTEG_HMAC_SHA2_256_128 = 12,
	INTEG_HMAC_SHA2_384_192 = 13,
	INTEG_HMAC_SHA2_512_256 = 14,
};

#define AEAD(id_, bits_, salt_, icv_, name_, alg_) {					\
	.id = id_, .key_bits = bits_, .salt_len = salt_, .iv_kind = ESPL_IV_COUNTER,	\
	.iv_len = 8, .icv_len = icv_, .align = 4, .name = name_, .alg = alg_,		\
}

/* RFC 4106 */
#define AES_GCM(id_, bits_, icv_)	\
	AEAD(id_, bits_, 4, icv_, "aes" #bits_ "gcm" #icv_, "rfc4106(gcm(aes))")
/* RFC 4309 */
#define AES_CCM(id_, bits_, icv_)	\
	AEAD(id_, bits_, 3, icv_, "aes" #bits_ "ccm" #icv_, "rfc4309(ccm(aes))")
/* RFC 4543: nothing is encrypted */
#define AES_GMAC(bits_)			\
	AEAD(ENCR_NULL_AES_GMAC, bits_, 4, 16, "aes" #bits_ "gmac", "rfc4543(gcm(aes))")
#define EACH_AES(row_, id_, icv_)	\
	row_(id_, 128, icv_), row_(id_, 192, icv_), row_(id_, 256, icv_)

/* RFC 3602, RFC 2451; @block_: octets */
#define CBC(id_, bits_, block_, name_, alg_) {						\
	.id = id_, .key_bits = bits_, .iv_kind = ESPL_IV_RANDOM,			\
	.iv_len = block_, .align = block_, .name = name_, .alg = alg_,			\
}
#define AES_CBC(bits_)			CBC(ENCR_AES_CBC, bits_, 16, "aes" #bits_, "cbc(aes)")

/* RFC 3686 */
#define AES_CTR(bits_) {								\
	.id = ENCR_AES_CTR, .key_bits = bits_, .salt_len = 4,				\
	.iv_kind = ESPL_IV_COUNTER, .iv_len = 8, .align = 4,				\
	.name = "aes" #bits_ "ctr", .alg = "rfc3686(ctr(aes))",				\
}

static const struct espl_cipher ciphers[] = {
	EACH_AES(AES_GCM, ENCR_AES_GCM_16, 16),
	AEAD(ENCR_CHACHA20_POLY1305, 256, 4, 16, "chacha20poly1305",
	     "rfc7539esp(chacha20,poly1305)"),
	AES_CBC(128), AES_CBC(192), AES_CBC(256),
	EACH_AES(AES_GCM, ENCR_AES_GCM_12, 12),
	EACH_AES(AES_GCM, ENCR_AES_GCM_8, 8),
	EACH_AES(AES_CCM, ENCR_AES_CCM_16, 16),
	EACH_AES(AES_CCM, ENCR_AES_CCM_12, 12),
	EACH_AES(AES_CCM, ENCR_AES_CCM_8, 8),
	AES_CTR(128), AES_CTR(192), AES_CTR(256),
	CBC(ENCR_3DES, 192, 8, "3des", "cbc(des3_ede)"),
	AES_GMAC(128), AES_GMAC(192), AES_GMAC(256),
	/* RFC 2410 */
	{
		.id = ENCR_NULL, .iv_kind = ESPL_IV_NONE, .align = 4,
		.name = "null", .alg = "ecb(cipher_null)",
	},
};

#define INTEG(id_, key_, icv_, name_, alg_) {						\
	.id = id_, .key_len = key_, .icv_len = icv_, .name = name_, .alg = alg_,	\
}

/* RFC 4868, RFC 2404, RFC 3566, RFC 4494 */
static const struct espl_integ integs[] = {
	INTEG(INTEG_HMAC_SHA2_256_128, 32, 16, "sha256", "hmac(sha256)"),
	INTEG(INTEG_HMAC_SHA2_384_192, 48, 24, "sha384", "hmac(sha384)"),
	INTEG(INTEG_HMAC_SHA2_512_256, 64, 32, "sha512", "hmac(sha512)"),
	INTEG(INTEG_HMAC_SHA1_96, 20, 12, "sha1", "hmac(sha1)"),
	INTEG(INTEG_AES_XCBC_96, 16, 12, "aesxcbc", "xcbc(aes)"),
	INTEG(INTEG_AES_CMAC_96, 16, 12, "aescmac", "cmac(aes)"),
};

const struct espl_cipher *espl_suite_cipher_at(unsigned int i)
{
	return i < ARRAY_SIZE(ciphers) ? &ciphers[i] : NULL;
}

const struct espl_integ *espl_suite_integ_at(unsigned int i)
{
	return i < ARRAY_SIZE(integs) ? &integs[i] : NULL;
}

static const struct espl_cipher *suite_cipher(u16 id, unsigned int key_len)
{
	const struct espl_cipher *cipher;

	for (cipher = ciphers; cipher < ciphers + ARRAY_SIZE(ciphers); cipher++) {
		if (cipher->id == id && espl_suite_key_len(cipher) == key_len)
			return cipher;
	}
	return NULL;
}

static const struct espl_integ *suite_integ(u16 id)
{
	const struct espl_integ *integ;

	for (integ = integs; integ < integs + ARRAY_SIZE(integs); integ++) {
		if (integ->id == id)
			return integ;
	}
	return NULL;
}

bool espl_suite_find(struct espl_suite *suite, u16 encr, unsigned int encr_key_len, u16 integ)
{
	const struct espl_cipher *cipher = suite_cipher(encr, encr_key_len);

	if (!cipher)
		return false;
	suite->cipher = cipher;
	suite->integ = integ ? suite_integ(integ) : NULL;
	if (cipher->icv_len ? integ : !suite->integ)
		return false;
	suite->shape = (struct espl_esp_shape) {
		.iv_len = cipher->iv_len,
		.icv_len = suite->integ ? suite->integ->icv_len : cipher->icv_len,
		.align = cipher->align,
	};
	return true;
}

void espl_suite_alg(const struct espl_suite *suite, bool esn, char *alg, size_t len)
{
	/* rfc4106 and its kind take the high half from what is authenticated */
	if (!suite->integ)
		snprintf(alg, len, "%s", suite->cipher->alg);
	else
		snprintf(alg, len, "authenc%s(%s,%s)", esn ? "esn" : "", suite->integ->alg,
			 suite->cipher->alg);
}

unsigned int espl_suite_overhead_max(void)
{
	unsigned int most = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ciphers); i++) {
		const struct espl_cipher *cipher = &ciphers[i];
		struct espl_esp_shape shape = {
			.iv_len = cipher->iv_len,
			.icv_len = cipher->icv_len ?: ESPL_ESP_ICV_MAX,
			.align = cipher->align,
		};

		most = max(most, espl_esp_overhead_max(&shape));
	}
	return most;
}
