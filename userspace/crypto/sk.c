// SPDX-License-Identifier: GPL-2.0
/*
 * The Encrypted payload's body: IV | inner payloads | padding | pad length | ICV. RFC 7296 3.14,
 * RFC 5282, RFC 7634.
 */
#include <string.h>
#include "crypto/alg.h"
#include "lib/mem.h"

#define BLOCK		16	/* of AES-CBC */
#define NONCE_LEN	12
#define ICV_MAX		32

/* NULL: no such suite */
static const struct encr_alg *suite(const struct sk *sk, const struct integ_alg **integ)
{
	const struct encr_alg *alg = encr_alg(sk->encr, sk->key_bits);

	*integ = NULL;
	if (!alg || alg->aead)
		return alg;
	*integ = integ_alg(sk->integ);
	return *integ ? alg : NULL;
}

/* Padding octets behind @plain octets, the pad length octet not counted. An AEAD needs none. */
static size_t pad_len(const struct encr_alg *alg, size_t plain)
{
	return alg->aead ? 0 : (BLOCK - (plain + 1) % BLOCK) % BLOCK;
}

size_t sk_iv_len(const struct sk *sk)
{
	const struct encr_alg *alg = encr_alg(sk->encr, sk->key_bits);

	return alg ? alg->iv_len : 0;
}

size_t sk_sealed_len(const struct sk *sk, size_t plain)
{
	const struct integ_alg *integ;
	const struct encr_alg *alg = suite(sk, &integ);

	if (!alg)
		return 0;
	return alg->iv_len + plain + pad_len(alg, plain) + 1 +
	       (alg->aead ? alg->icv_len : integ->icv_len);
}

static void put_u64(uint8_t out[8], uint64_t v)
{
	int i;

	for (i = 8; i--; v >>= 8)
		out[i] = (uint8_t)v;
}

/* The nonce is the salt, the last octets of the key, and the IV. */
static bool aead_start(const struct sk *sk, const struct encr_alg *alg, const uint8_t *iv,
		       uint8_t nonce[NONCE_LEN], gnutls_aead_cipher_hd_t *aead)
{
	gnutls_datum_t key = { (uint8_t *)sk->key, alg->key_len };

	memcpy(nonce, sk->key + alg->key_len, alg->salt_len);
	memcpy(nonce + alg->salt_len, iv, alg->iv_len);
	return gnutls_aead_cipher_init(aead, alg->cipher, &key) == 0;
}

/* @len: octets to encrypt, behind which the ICV goes */
static bool aead_seal(struct sk *sk, const struct encr_alg *alg, uint8_t *msg, size_t body,
		      size_t len)
{
	giovec_t aad = { msg, body }, text = { msg + body + alg->iv_len, len };
	size_t icv_len = alg->icv_len;
	gnutls_aead_cipher_hd_t aead;
	uint8_t nonce[NONCE_LEN];
	bool ok;

	if (sk->next_iv == UINT64_MAX)
		return false;
	put_u64(msg + body, sk->next_iv);
	if (!aead_start(sk, alg, msg + body, nonce, &aead))
		return false;
	/* from here on the IV counts as used, whatever happens */
	sk->next_iv++;
	ok = gnutls_aead_cipher_encryptv2(aead, nonce, sizeof(nonce), &aad, 1, &text, 1,
					  msg + body + alg->iv_len + len, &icv_len) == 0;
	gnutls_aead_cipher_deinit(aead);
	mem_wipe(nonce, sizeof(nonce));
	return ok && icv_len == alg->icv_len;
}

static bool aead_open(const struct sk *sk, const struct encr_alg *alg, uint8_t *msg, size_t body,
		      size_t len)
{
	giovec_t aad = { msg, body }, text = { msg + body + alg->iv_len, len };
	gnutls_aead_cipher_hd_t aead;
	uint8_t nonce[NONCE_LEN];
	bool ok;

	if (!aead_start(sk, alg, msg + body, nonce, &aead))
		return false;
	ok = gnutls_aead_cipher_decryptv2(aead, nonce, sizeof(nonce), &aad, 1, &text, 1,
					  msg + body + alg->iv_len + len, alg->icv_len) == 0;
	gnutls_aead_cipher_deinit(aead);
	mem_wipe(nonce, sizeof(nonce));
	/* GnuTLS decrypts before it compares: nobody shall see what came out */
	if (!ok)
		mem_wipe(text.iov_base, len);
	return ok;
}

static bool cbc_start(const struct sk *sk, const struct encr_alg *alg, const uint8_t *iv,
		      gnutls_cipher_hd_t *cbc)
{
	gnutls_datum_t key = { (uint8_t *)sk->key, alg->key_len };
	gnutls_datum_t first = { (uint8_t *)iv, BLOCK };

	return gnutls_cipher_init(cbc, alg->cipher, &key, &first) == 0;
}

/*
 * An IV no one can foretell: a counter encrypted under the key itself, the first method of NIST SP
 * 800-38A, appendix C. It needs no randomness, so that a simulated history is exact.
 */
static bool cbc_iv(struct sk *sk, const struct encr_alg *alg, uint8_t iv[BLOCK])
{
	static const uint8_t zero[BLOCK];
	gnutls_cipher_hd_t cbc;
	bool ok;

	if (sk->next_iv == UINT64_MAX)
		return false;
	memset(iv, 0, BLOCK);
	put_u64(iv + BLOCK - 8, sk->next_iv++);
	if (!cbc_start(sk, alg, zero, &cbc))
		return false;
	ok = gnutls_cipher_encrypt(cbc, iv, BLOCK) == 0;
	gnutls_cipher_deinit(cbc);
	return ok;
}

/* The ICV covers the message from its first octet to the ICV, RFC 7296 3.14. */
static bool cbc_icv(const struct sk *sk, const struct integ_alg *integ, const uint8_t *msg,
		    size_t len, uint8_t icv[ICV_MAX])
{
	uint8_t full[PRF_LEN_MAX];

	if (gnutls_hmac_fast(integ->mac, sk->integ_key, integ->key_len, msg, len, full) < 0)
		return false;
	memcpy(icv, full, integ->icv_len);
	mem_wipe(full, sizeof(full));
	return true;
}

static bool cbc_seal(struct sk *sk, const struct encr_alg *alg, const struct integ_alg *integ,
		     uint8_t *msg, size_t body, size_t len)
{
	uint8_t *text = msg + body + BLOCK;
	gnutls_cipher_hd_t cbc;
	bool ok;

	if (!cbc_iv(sk, alg, msg + body) || !cbc_start(sk, alg, msg + body, &cbc))
		return false;
	ok = gnutls_cipher_encrypt(cbc, text, len) == 0;
	gnutls_cipher_deinit(cbc);
	return ok && cbc_icv(sk, integ, msg, body + BLOCK + len, text + len);
}

static bool cbc_open(const struct sk *sk, const struct encr_alg *alg, const struct integ_alg *integ,
		     uint8_t *msg, size_t body, size_t len)
{
	uint8_t *text = msg + body + BLOCK, icv[ICV_MAX];
	gnutls_cipher_hd_t cbc;
	bool ok;

	if (!len || len % BLOCK)
		return false;
	ok = cbc_icv(sk, integ, msg, body + BLOCK + len, icv) &&
	     crypto_equal(icv, text + len, integ->icv_len);
	mem_wipe(icv, sizeof(icv));
	if (!ok || !cbc_start(sk, alg, msg + body, &cbc))
		return false;
	ok = gnutls_cipher_decrypt(cbc, text, len) == 0;
	gnutls_cipher_deinit(cbc);
	return ok;
}

bool sk_seal(struct sk *sk, uint8_t *msg, size_t body, size_t plain)
{
	const struct integ_alg *integ;
	const struct encr_alg *alg = suite(sk, &integ);
	size_t pad;
	uint8_t *p;

	if (!alg)
		return false;
	pad = pad_len(alg, plain);
	p = msg + body + alg->iv_len + plain;
	memset(p, 0, pad);
	p[pad] = (uint8_t)pad;
	return alg->aead ? aead_seal(sk, alg, msg, body, plain + pad + 1) :
			   cbc_seal(sk, alg, integ, msg, body, plain + pad + 1);
}

bool sk_open(const struct sk *sk, uint8_t *msg, size_t len, size_t body, size_t *plain,
	     size_t *plain_len)
{
	const struct integ_alg *integ;
	const struct encr_alg *alg = suite(sk, &integ);
	size_t around, text, pad;
	bool ok;

	if (!alg || body > len)
		return false;
	around = (size_t)alg->iv_len + (alg->aead ? alg->icv_len : integ->icv_len);
	/* one octet at least: the pad length */
	if (len - body <= around)
		return false;
	text = len - body - around;
	ok = alg->aead ? aead_open(sk, alg, msg, body, text) :
			 cbc_open(sk, alg, integ, msg, body, text);
	if (!ok)
		return false;
	/* authenticated: what is wrong from here on is the peer's own mistake, and no oracle */
	pad = msg[body + alg->iv_len + text - 1];
	if (pad >= text)
		return false;
	*plain = body + alg->iv_len;
	*plain_len = text - 1 - pad;
	return true;
}

void sk_wipe(struct sk *sk)
{
	mem_wipe(sk, sizeof(*sk));
}
