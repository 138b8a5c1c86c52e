// SPDX-License-Identifier: GPL-2.0
#include "suite/alg.h"

#include <string.h>
#include <strings.h>

#include "lib/array.h"
#include "suite/proposal.h"

#define ALG_BOTH	(ALG_IKE | ALG_ESP)
#ifdef HAVE_BOTAN
#define ALG_BOTAN	ALG_BOTH
#else
#define ALG_BOTAN	ALG_LACKING
#endif

/* A block cipher in CBC: the IV is a block. @b: octets of a block. */
#define ALG_CBC(name_, also_, id_, bits_, key_, b_, use_, strength_)				\
	{ .name = name_, .also = also_, .type = TRANSFORM_ENCR, .id = id_, .key_bits = bits_,	\
	  .use = use_, .strength = strength_, .key_len = key_, .iv_len = b_, .block = b_ }
/* RFC 3686, RFC 5930 */
#define ALG_CTR(name_, bits_)									\
	{ .name = name_, .type = TRANSFORM_ENCR, .id = ENCR_AES_CTR, .key_bits = bits_,		\
	  .use = ALG_BOTH, .strength = bits_, .key_len = (bits_) / 8, .salt_len = 4,		\
	  .iv_len = 8, .block = 1 }
/* RFC 5282, RFC 7634 */
#define ALG_SEALED(name_, also_, id_, bits_, strength_, salt_, icv_, use_)			\
	{ .name = name_, .also = also_, .type = TRANSFORM_ENCR, .id = id_, .key_bits = bits_,	\
	  .use = ALG_AEAD | (use_), .strength = strength_, .key_len = (strength_) / 8,		\
	  .salt_len = salt_, .iv_len = 8, .icv_len = icv_, .block = 1 }
#define ALG_GCM(name_, also_, id_, bits_, icv_, use_)						\
	ALG_SEALED(name_, also_, id_, bits_, bits_, 4, icv_, use_)
#define ALG_CCM(name_, also_, id_, bits_, icv_)							\
	ALG_SEALED(name_, also_, id_, bits_, bits_, 3, icv_, ALG_BOTH)
/* RFC 4543. As with NULL, whose strength is 0 too, everybody can read what is sent. */
#define ALG_GMAC(name_, bits_)									\
	{ .name = name_, .type = TRANSFORM_ENCR, .id = ENCR_NULL_AES_GMAC, .key_bits = bits_,	\
	  .use = ALG_AEAD | ALG_ESP, .key_len = (bits_) / 8, .salt_len = 4, .iv_len = 8,	\
	  .icv_len = 16, .block = 1 }
#define ALG_INTEG(name_, also_, id_, prf_, key_, icv_, use_, strength_)				\
	{ .name = name_, .also = also_, .type = TRANSFORM_INTEG, .id = id_, .prf = prf_,	\
	  .use = use_, .strength = strength_, .key_len = key_, .icv_len = icv_ }
/* @len: of its output, which is the length of its keys too */
#define ALG_PRF(name_, also_, id_, len_, use_, strength_)					\
	{ .name = name_, .also = also_, .type = TRANSFORM_PRF, .id = id_, .use = use_,		\
	  .strength = strength_, .key_len = len_ }
#define ALG_KE(name_, also_, id_, use_, strength_)						\
	{ .name = name_, .also = also_, .type = TRANSFORM_KE, .id = id_, .use = use_,		\
	  .strength = strength_ }
/* Named only. */
#define ALG_NAME(name_, type_, id_, bits_)							\
	{ .name = name_, .type = type_, .id = id_, .key_bits = bits_ }

/* What is usual comes first in each kind: messages to people list it in this order. */
static const struct alg algs[] = {
	ALG_GCM("aes128gcm16", "aes128gcm128 aes128gcm", ENCR_AES_GCM_16, 128, 16,
		ALG_BOTH | ALG_USUAL),
	ALG_GCM("aes192gcm16", "aes192gcm128 aes192gcm", ENCR_AES_GCM_16, 192, 16, ALG_BOTH),
	ALG_GCM("aes256gcm16", "aes256gcm128 aes256gcm", ENCR_AES_GCM_16, 256, 16,
		ALG_BOTH | ALG_USUAL),
	ALG_SEALED("chacha20poly1305", NULL, ENCR_CHACHA20_POLY1305, 0, 256, 4, 16,
		   ALG_BOTH | ALG_USUAL),
	/* against RFC 7634 */
	ALG_SEALED("chacha20poly1305compat", NULL, ENCR_CHACHA20_POLY1305, 256, 256, 4, 16,
		   ALG_BOTH | ALG_THEIRS),
	ALG_CBC("aes128", "aes aes128cbc", ENCR_AES_CBC, 128, 16, 16, ALG_BOTH | ALG_USUAL, 128),
	ALG_CBC("aes192", "aes192cbc", ENCR_AES_CBC, 192, 24, 16, ALG_BOTH, 192),
	ALG_CBC("aes256", "aes256cbc", ENCR_AES_CBC, 256, 32, 16, ALG_BOTH | ALG_USUAL, 256),
	ALG_CTR("aes128ctr", 128),
	ALG_CTR("aes192ctr", 192),
	ALG_CTR("aes256ctr", 256),
	ALG_GCM("aes128gcm12", "aes128gcm96", ENCR_AES_GCM_12, 128, 12, ALG_BOTH),
	ALG_GCM("aes192gcm12", "aes192gcm96", ENCR_AES_GCM_12, 192, 12, ALG_BOTH),
	ALG_GCM("aes256gcm12", "aes256gcm96", ENCR_AES_GCM_12, 256, 12, ALG_BOTH),
	ALG_GCM("aes128gcm8", "aes128gcm64", ENCR_AES_GCM_8, 128, 8, ALG_BOTH),
	ALG_GCM("aes192gcm8", "aes192gcm64", ENCR_AES_GCM_8, 192, 8, ALG_BOTH),
	ALG_GCM("aes256gcm8", "aes256gcm64", ENCR_AES_GCM_8, 256, 8, ALG_BOTH),
	ALG_CCM("aes128ccm16", "aes128ccm128 aes128ccm", ENCR_AES_CCM_16, 128, 16),
	ALG_CCM("aes192ccm16", "aes192ccm128 aes192ccm", ENCR_AES_CCM_16, 192, 16),
	ALG_CCM("aes256ccm16", "aes256ccm128 aes256ccm", ENCR_AES_CCM_16, 256, 16),
	ALG_CCM("aes128ccm12", "aes128ccm96", ENCR_AES_CCM_12, 128, 12),
	ALG_CCM("aes192ccm12", "aes192ccm96", ENCR_AES_CCM_12, 192, 12),
	ALG_CCM("aes256ccm12", "aes256ccm96", ENCR_AES_CCM_12, 256, 12),
	ALG_CCM("aes128ccm8", "aes128ccm64", ENCR_AES_CCM_8, 128, 8),
	ALG_CCM("aes192ccm8", "aes192ccm64", ENCR_AES_CCM_8, 192, 8),
	ALG_CCM("aes256ccm8", "aes256ccm64", ENCR_AES_CCM_8, 256, 8),
	ALG_CBC("3des", NULL, ENCR_3DES, 0, 24, 8, ALG_BOTH, 112),
	ALG_CBC("des", NULL, ENCR_DES, 0, 8, 8, ALG_IKE | ALG_LEGACY, 56),
	{ .name = "null", .type = TRANSFORM_ENCR, .id = ENCR_NULL, .use = ALG_ESP, .block = 1 },
	ALG_GMAC("aes128gmac", 128),
	ALG_GMAC("aes192gmac", 192),
	ALG_GMAC("aes256gmac", 256),
	ALG_NAME("camellia128", TRANSFORM_ENCR, 23, 128),
	ALG_NAME("camellia192", TRANSFORM_ENCR, 23, 192),
	ALG_NAME("camellia256", TRANSFORM_ENCR, 23, 256),
	ALG_NAME("camellia128ctr", TRANSFORM_ENCR, 24, 128),
	ALG_NAME("camellia192ctr", TRANSFORM_ENCR, 24, 192),
	ALG_NAME("camellia256ctr", TRANSFORM_ENCR, 24, 256),

	ALG_INTEG("sha256", "sha2_256", INTEG_HMAC_SHA2_256_128, PRF_HMAC_SHA2_256, 32, 16,
		  ALG_BOTH | ALG_USUAL, 256),
	ALG_INTEG("sha384", "sha2_384", INTEG_HMAC_SHA2_384_192, PRF_HMAC_SHA2_384, 48, 24,
		  ALG_BOTH | ALG_USUAL, 384),
	ALG_INTEG("sha512", "sha2_512", INTEG_HMAC_SHA2_512_256, PRF_HMAC_SHA2_512, 64, 32,
		  ALG_BOTH | ALG_USUAL, 512),
	ALG_INTEG("sha1", "sha", INTEG_HMAC_SHA1_96, PRF_HMAC_SHA1, 20, 12, ALG_BOTH, 160),
	ALG_INTEG("aesxcbc", NULL, INTEG_AES_XCBC_96, PRF_AES128_XCBC, 16, 12, ALG_BOTH, 128),
	ALG_INTEG("aescmac", NULL, INTEG_AES_CMAC_96, PRF_AES128_CMAC, 16, 12, ALG_BOTH, 128),
	ALG_INTEG("md5", NULL, INTEG_HMAC_MD5_96, PRF_HMAC_MD5, 16, 12, ALG_IKE | ALG_LEGACY, 80),

	ALG_PRF("prfsha256", "prfsha2_256", PRF_HMAC_SHA2_256, 32, ALG_IKE | ALG_USUAL, 256),
	ALG_PRF("prfsha384", "prfsha2_384", PRF_HMAC_SHA2_384, 48, ALG_IKE | ALG_USUAL, 384),
	ALG_PRF("prfsha512", "prfsha2_512", PRF_HMAC_SHA2_512, 64, ALG_IKE | ALG_USUAL, 512),
	ALG_PRF("prfsha1", NULL, PRF_HMAC_SHA1, 20, ALG_IKE, 160),
	ALG_PRF("prfaesxcbc", NULL, PRF_AES128_XCBC, 16, ALG_IKE, 128),
	ALG_PRF("prfaescmac", NULL, PRF_AES128_CMAC, 16, ALG_IKE, 128),
	ALG_PRF("prfmd5", NULL, PRF_HMAC_MD5, 16, ALG_IKE | ALG_LEGACY, 80),

	ALG_KE("x25519", "curve25519", KE_X25519, ALG_BOTH | ALG_USUAL, 128),
	ALG_KE("ecp256", NULL, KE_ECP_256, ALG_BOTH | ALG_USUAL, 128),
	ALG_KE("ecp384", NULL, KE_ECP_384, ALG_BOTH | ALG_USUAL, 192),
	ALG_KE("modp2048", NULL, KE_MODP_2048, ALG_BOTH | ALG_USUAL, 112),
	ALG_KE("modp3072", NULL, KE_MODP_3072, ALG_BOTH | ALG_USUAL, 128),
	ALG_KE("modp4096", NULL, KE_MODP_4096, ALG_BOTH, 150),
	ALG_KE("modp6144", NULL, KE_MODP_6144, ALG_BOTH, 170),
	ALG_KE("modp8192", NULL, KE_MODP_8192, ALG_BOTH, 192),
	ALG_KE("ecp521", NULL, KE_ECP_521, ALG_BOTH, 256),
	ALG_KE("x448", "curve448", KE_X448, ALG_BOTH, 224),
	ALG_KE("modp1536", NULL, KE_MODP_1536, ALG_BOTH, 90),
	ALG_KE("ecp192", NULL, KE_ECP_192, ALG_BOTH, 96),
	ALG_KE("ecp224", NULL, KE_ECP_224, ALG_BOTH, 112),
	ALG_KE("ecp256bp", "brainpoolp256r1", KE_ECP_256_BP, ALG_BOTH, 128),
	ALG_KE("ecp384bp", "brainpoolp384r1", KE_ECP_384_BP, ALG_BOTH, 192),
	ALG_KE("ecp512bp", "brainpoolp512r1", KE_ECP_512_BP, ALG_BOTH, 256),
	ALG_KE("ecp224bp", "brainpoolp224r1", KE_ECP_224_BP, ALG_BOTH, 112),
	ALG_KE("mlkem512", NULL, KE_ML_KEM_512, ALG_BOTAN, 128),
	ALG_KE("mlkem768", NULL, KE_ML_KEM_768, ALG_BOTAN, 192),
	ALG_KE("mlkem1024", NULL, KE_ML_KEM_1024, ALG_BOTAN, 256),
	ALG_KE("modp768", NULL, KE_MODP_768, ALG_BOTH | ALG_LEGACY, 64),
	ALG_KE("modp1024", NULL, KE_MODP_1024, ALG_BOTH | ALG_LEGACY, 80),
	ALG_NAME("modp1024s160", TRANSFORM_KE, KE_MODP_1024_160, 0),
	ALG_NAME("modp2048s224", TRANSFORM_KE, KE_MODP_2048_224, 0),
	ALG_NAME("modp2048s256", TRANSFORM_KE, KE_MODP_2048_256, 0),
	ALG_NAME("modpnone", TRANSFORM_KE, KE_NONE, 0),

	{ .name = "esn", .type = TRANSFORM_ESN, .id = ESN_YES, .use = ALG_ESP | ALG_USUAL,
	  .strength = ALG_STRONG },
	{ .name = "noesn", .type = TRANSFORM_ESN, .id = ESN_NO, .use = ALG_ESP | ALG_USUAL,
	  .strength = ALG_STRONG },
};

const struct alg *alg_find(uint8_t type, uint16_t id, uint16_t key_bits)
{
	if (type >= TRANSFORM_ADDKE1 && type <= TRANSFORM_ADDKE7)
		type = TRANSFORM_KE;
	for (size_t i = 0; i < ARRAY_SIZE(algs); i++) {
		if (algs[i].type == type && algs[i].id == id && algs[i].key_bits == key_bits)
			return &algs[i];
	}
	return NULL;
}

static bool alg_word(const char *word, size_t word_len, const char *text, size_t len)
{
	return word_len == len && !strncasecmp(word, text, len);
}

static bool alg_is(const struct alg *alg, const char *text, size_t len)
{
	const char *word = alg->also;
	size_t n;

	if (alg_word(alg->name, strlen(alg->name), text, len))
		return true;
	for (; word && *word; word += n + (word[n] == ' ')) {
		n = strcspn(word, " ");
		if (alg_word(word, n, text, len))
			return true;
	}
	return false;
}

const struct alg *alg_named(const char *text, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(algs); i++) {
		if (alg_is(&algs[i], text, len))
			return &algs[i];
	}
	return NULL;
}

const struct alg *alg_next(const struct alg *alg)
{
	const struct alg *next = alg ? alg + 1 : algs;

	return next < algs + ARRAY_SIZE(algs) ? next : NULL;
}
