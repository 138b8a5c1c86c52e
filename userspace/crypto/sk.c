// SPDX-License-Identifier: GPL-2.0
/*
 * The Encrypted payload's body: IV | inner payloads | padding | pad length | ICV. RFC 7296 3.14,
 * RFC 5282, RFC 5930, RFC 7634.
 */
#include <string.h>
#include "crypto/cipher.h"
#include "crypto/mac.h"
#include "lib/mem.h"

#define BLOCK_MAX	16	/* octets: of AES */

/* NULL: no such suite */
static const struct alg *suite(const struct sk *sk, size_t *icv_len)
{
	const struct alg *alg = alg_find(TRANSFORM_ENCR, sk->encr, sk->key_bits), *integ;

	*icv_len = 0;
	if (!alg || !(alg->use & ALG_IKE))
		return NULL;
	integ = alg->use & ALG_AEAD ? alg : alg_find(TRANSFORM_INTEG, sk->integ, 0);
	if (!integ || !(integ->use & ALG_IKE))
		return NULL;
	*icv_len = integ->icv_len;
	return alg;
}

/* Padding octets behind @plain octets, the pad length octet not counted. */
static size_t pad_len(const struct alg *alg, size_t plain)
{
	return (alg->block - (plain + 1) % alg->block) % alg->block;
}

size_t sk_iv_len(const struct sk *sk)
{
	size_t icv_len;
	const struct alg *alg = suite(sk, &icv_len);

	return alg ? alg->iv_len : 0;
}

size_t sk_sealed_len(const struct sk *sk, size_t plain)
{
	size_t icv_len;
	const struct alg *alg = suite(sk, &icv_len);

	return alg ? alg->iv_len + plain + pad_len(alg, plain) + 1 + icv_len : 0;
}

static void put_u64(uint8_t out[8], uint64_t v)
{
	int i;

	for (i = 8; i--; v >>= 8)
		out[i] = (uint8_t)v;
}

/*
 * Counters are IVs for AEADs and counter mode. CBC wants one that no one can foretell: a counter
 * encrypted under the key itself, the first method of NIST SP 800-38A, appendix C. It needs no
 * randomness, so that a simulated history is exact. The IV counts as used, whatever happens then.
 */
static bool make_iv(struct sk *sk, const struct alg *alg, uint8_t *iv)
{
	static const uint8_t zero[BLOCK_MAX];

	if (sk->next_iv == UINT64_MAX)
		return false;
	memset(iv, 0, alg->iv_len);
	put_u64(iv + alg->iv_len - 8, sk->next_iv++);
	return alg->block == 1 || cipher_crypt(alg, sk->key, zero, iv, alg->iv_len, true);
}

/* The ICV covers the message from its first octet to the ICV, RFC 7296 3.14. */
static bool make_icv(const struct sk *sk, const uint8_t *msg, size_t len, uint8_t full[MAC_LEN_MAX])
{
	struct chunk key = { sk->integ_key, integ_key_len(sk->integ) }, text = { msg, len };
	struct mac mac;
	bool ok;

	if (!mac_start(&mac, TRANSFORM_INTEG, sk->integ, key))
		return false;
	ok = mac_feed(&mac, &text, 1);
	if (ok)
		mac_end(&mac, full);
	mac_stop(&mac);
	return ok;
}

/* @len: octets to encrypt, behind which the ICV goes */
static bool plain_seal(struct sk *sk, const struct alg *alg, size_t icv_len, uint8_t *msg,
		       size_t body, size_t len)
{
	uint8_t *text = msg + body + alg->iv_len, full[MAC_LEN_MAX];
	bool ok;

	ok = cipher_crypt(alg, sk->key, msg + body, text, len, true) &&
	     make_icv(sk, msg, body + alg->iv_len + len, full);
	if (ok)
		memcpy(text + len, full, icv_len);
	mem_wipe(full, sizeof(full));
	return ok;
}

static bool plain_open(const struct sk *sk, const struct alg *alg, size_t icv_len, uint8_t *msg,
		       size_t body, size_t len)
{
	uint8_t *text = msg + body + alg->iv_len, full[MAC_LEN_MAX];
	bool ok;

	if (len % alg->block)
		return false;
	ok = make_icv(sk, msg, body + alg->iv_len + len, full) &&
	     crypto_equal(full, text + len, icv_len);
	mem_wipe(full, sizeof(full));
	return ok && cipher_crypt(alg, sk->key, msg + body, text, len, false);
}

bool sk_seal(struct sk *sk, uint8_t *msg, size_t body, size_t plain)
{
	size_t icv_len, pad, len;
	const struct alg *alg = suite(sk, &icv_len);
	struct chunk aad = { msg, body };
	uint8_t *text;

	if (!alg)
		return false;
	text = msg + body + alg->iv_len;
	pad = pad_len(alg, plain);
	len = plain + pad + 1;
	memset(text + plain, 0, pad);
	text[len - 1] = (uint8_t)pad;
	if (!make_iv(sk, alg, msg + body))
		return false;
	return alg->use & ALG_AEAD ? cipher_seal(alg, sk->key, msg + body, aad, text, len) :
				     plain_seal(sk, alg, icv_len, msg, body, len);
}

bool sk_open(const struct sk *sk, uint8_t *msg, size_t len, size_t body, size_t *plain,
	     size_t *plain_len)
{
	size_t icv_len, text, pad;
	const struct alg *alg = suite(sk, &icv_len);
	bool ok;

	/* one octet at least: the pad length */
	if (!alg || body > len || len - body <= alg->iv_len + icv_len)
		return false;
	text = len - body - alg->iv_len - icv_len;
	ok = alg->use & ALG_AEAD ?
		     cipher_open(alg, sk->key, msg + body, (struct chunk){ msg, body },
				 msg + body + alg->iv_len, text) :
		     plain_open(sk, alg, icv_len, msg, body, text);
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
