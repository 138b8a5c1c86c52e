// SPDX-License-Identifier: GPL-2.0
#include "crypto/cipher.h"

#include <gnutls/crypto.h>
#include <nettle/aes.h>
#include <nettle/ccm.h>
#include <nettle/ctr.h>
#include <string.h>

#include "lib/mem.h"

#define CIPHER_NONCE_MAX	12	/* octets: salt and IV */

static gnutls_cipher_algorithm_t
cipher_of_len(const struct alg *alg, gnutls_cipher_algorithm_t c128, gnutls_cipher_algorithm_t c192,
	      gnutls_cipher_algorithm_t c256)
{
	return alg->key_len == 16 ? c128 : alg->key_len == 24 ? c192 : c256;
}

static gnutls_cipher_algorithm_t cipher_gnutls(const struct alg *alg)
{
	switch (alg->id) {
	case ENCR_DES:
		return GNUTLS_CIPHER_DES_CBC;
	case ENCR_3DES:
		return GNUTLS_CIPHER_3DES_CBC;
	case ENCR_AES_CBC:
		return cipher_of_len(alg, GNUTLS_CIPHER_AES_128_CBC, GNUTLS_CIPHER_AES_192_CBC,
				     GNUTLS_CIPHER_AES_256_CBC);
	case ENCR_AES_GCM_8:
	case ENCR_AES_GCM_12:
	case ENCR_AES_GCM_16:
		return cipher_of_len(alg, GNUTLS_CIPHER_AES_128_GCM, GNUTLS_CIPHER_AES_192_GCM,
				     GNUTLS_CIPHER_AES_256_GCM);
	case ENCR_CHACHA20_POLY1305:
		return GNUTLS_CIPHER_CHACHA20_POLY1305;
	default:
		return GNUTLS_CIPHER_UNKNOWN;
	}
}

/* What GnuTLS has not, or not for all lengths, is nettle's: AES in counter mode and CCM. */
struct cipher_aes {
	union {
		struct aes128_ctx k128;
		struct aes192_ctx k192;
		struct aes256_ctx k256;
	};
	nettle_cipher_func *encrypt;
};

static void cipher_aes_key(struct cipher_aes *aes, const struct alg *alg, const uint8_t *key)
{
	switch (alg->key_len) {
	case 16:
		aes128_set_encrypt_key(&aes->k128, key);
		aes->encrypt = (nettle_cipher_func *)aes128_encrypt;
		break;
	case 24:
		aes192_set_encrypt_key(&aes->k192, key);
		aes->encrypt = (nettle_cipher_func *)aes192_encrypt;
		break;
	default:
		aes256_set_encrypt_key(&aes->k256, key);
		aes->encrypt = (nettle_cipher_func *)aes256_encrypt;
	}
}

/* RFC 3686 4: nonce, which is the salt, IV, and a counter from 1 */
static void cipher_ctr(const struct alg *alg, const uint8_t *key, const uint8_t *iv, uint8_t *text,
		       size_t len)
{
	uint8_t counter[AES_BLOCK_SIZE] = { 0 };
	struct cipher_aes aes;

	memcpy(counter, key + alg->key_len, alg->salt_len);
	memcpy(counter + alg->salt_len, iv, alg->iv_len);
	counter[AES_BLOCK_SIZE - 1] = 1;
	cipher_aes_key(&aes, alg, key);
	ctr_crypt(&aes, aes.encrypt, AES_BLOCK_SIZE, counter, len, text, text);
	mem_wipe(&aes, sizeof(aes));
	mem_wipe(counter, sizeof(counter));
}

bool cipher_crypt(const struct alg *alg, const uint8_t *key, const uint8_t *iv, uint8_t *text,
		  size_t len, bool encrypt)
{
	gnutls_datum_t k = { (uint8_t *)key, alg->key_len }, v = { (uint8_t *)iv, alg->iv_len };
	gnutls_cipher_hd_t cbc;
	bool ok;

	if (alg->id == ENCR_AES_CTR) {
		cipher_ctr(alg, key, iv, text, len);
		return true;
	}
	if (gnutls_cipher_init(&cbc, cipher_gnutls(alg), &k, &v) < 0)
		return false;
	ok = (encrypt ? gnutls_cipher_encrypt(cbc, text, len) :
			gnutls_cipher_decrypt(cbc, text, len)) == 0;
	gnutls_cipher_deinit(cbc);
	return ok;
}

static size_t cipher_nonce(const struct alg *alg, const uint8_t *key, const uint8_t *iv,
			   uint8_t nonce[CIPHER_NONCE_MAX])
{
	memcpy(nonce, key + alg->key_len, alg->salt_len);
	memcpy(nonce + alg->salt_len, iv, alg->iv_len);
	return (size_t)alg->salt_len + alg->iv_len;
}

static bool cipher_is_ccm(const struct alg *alg)
{
	return alg->id >= ENCR_AES_CCM_8 && alg->id <= ENCR_AES_CCM_16;
}

/* RFC 4309: as RFC 5282 has it in IKE, the nonce is of 11 octets. */
static bool cipher_ccm(const struct alg *alg, const uint8_t *key, const uint8_t *nonce,
		       size_t nonce_len, struct chunk aad, uint8_t *text, size_t len, bool encrypt)
{
	struct cipher_aes aes;
	bool ok = true;

	cipher_aes_key(&aes, alg, key);
	if (encrypt)
		ccm_encrypt_message(&aes, aes.encrypt, nonce_len, nonce, aad.len, aad.p,
				    alg->icv_len, len + alg->icv_len, text, text);
	else
		ok = ccm_decrypt_message(&aes, aes.encrypt, nonce_len, nonce, aad.len, aad.p,
					 alg->icv_len, len, text, text);
	mem_wipe(&aes, sizeof(aes));
	return ok;
}

static bool cipher_gnutls_aead(const struct alg *alg, const uint8_t *key, const uint8_t *nonce,
			       size_t nonce_len, struct chunk aad, uint8_t *text, size_t len,
			       bool encrypt)
{
	giovec_t covered = { (uint8_t *)aad.p, aad.len }, inside = { text, len };
	gnutls_datum_t k = { (uint8_t *)key, alg->key_len };
	gnutls_aead_cipher_hd_t aead;
	size_t icv = alg->icv_len;
	bool ok;

	if (gnutls_aead_cipher_init(&aead, cipher_gnutls(alg), &k) < 0)
		return false;
	if (encrypt)
		ok = gnutls_aead_cipher_encryptv2(aead, nonce, nonce_len, &covered, 1, &inside, 1,
						  text + len, &icv) == 0 && icv == alg->icv_len;
	else
		ok = gnutls_aead_cipher_decryptv2(aead, nonce, nonce_len, &covered, 1, &inside, 1,
						  text + len, icv) == 0;
	gnutls_aead_cipher_deinit(aead);
	return ok;
}

static bool cipher_aead(const struct alg *alg, const uint8_t *key, const uint8_t *iv,
			struct chunk aad, uint8_t *text, size_t len, bool encrypt)
{
	uint8_t nonce[CIPHER_NONCE_MAX];
	size_t nonce_len = cipher_nonce(alg, key, iv, nonce);
	bool ok;

	ok = cipher_is_ccm(alg) ?
		     cipher_ccm(alg, key, nonce, nonce_len, aad, text, len, encrypt) :
		     cipher_gnutls_aead(alg, key, nonce, nonce_len, aad, text, len, encrypt);
	mem_wipe(nonce, sizeof(nonce));
	return ok;
}

bool cipher_seal(const struct alg *alg, const uint8_t *key, const uint8_t *iv, struct chunk aad,
		 uint8_t *text, size_t len)
{
	return cipher_aead(alg, key, iv, aad, text, len, true);
}

bool cipher_open(const struct alg *alg, const uint8_t *key, const uint8_t *iv, struct chunk aad,
		 uint8_t *text, size_t len)
{
	if (cipher_aead(alg, key, iv, aad, text, len, false))
		return true;
	/* the libraries decrypt before they compare: nobody shall see what came out */
	mem_wipe(text, len);
	return false;
}
