// SPDX-License-Identifier: GPL-2.0
#include "crypto/mac.h"

#include <string.h>

#include "lib/mem.h"

#define MAC_KEY_LEN	16	/* octets: of both codes that are made of AES-128 */

enum mac_kind { MAC_HMAC, MAC_XCBC, MAC_CMAC };

/* False: neither PRF nor integrity algorithm. */
static bool mac_kind_of(uint8_t type, uint16_t id, uint8_t *kind, gnutls_mac_algorithm_t *hmac)
{
	uint16_t prf = type == TRANSFORM_PRF ? id : 0;
	const struct alg *alg;

	if (type == TRANSFORM_INTEG) {
		alg = alg_find(type, id, 0);
		prf = alg ? alg->prf : 0;
	}
	*kind = MAC_HMAC;
	switch (prf) {
	case PRF_HMAC_MD5:
		*hmac = GNUTLS_MAC_MD5;
		return true;
	case PRF_HMAC_SHA1:
		*hmac = GNUTLS_MAC_SHA1;
		return true;
	case PRF_HMAC_SHA2_256:
		*hmac = GNUTLS_MAC_SHA256;
		return true;
	case PRF_HMAC_SHA2_384:
		*hmac = GNUTLS_MAC_SHA384;
		return true;
	case PRF_HMAC_SHA2_512:
		*hmac = GNUTLS_MAC_SHA512;
		return true;
	case PRF_AES128_XCBC:
		*kind = MAC_XCBC;
		return true;
	case PRF_AES128_CMAC:
		*kind = MAC_CMAC;
		return true;
	default:
		return false;
	}
}

static void mac_xor(uint8_t to[AES_BLOCK_SIZE], const uint8_t from[AES_BLOCK_SIZE])
{
	for (unsigned int i = 0; i < AES_BLOCK_SIZE; i++)
		to[i] ^= from[i];
}

static void mac_xcbc_key(struct mac_xcbc *x, const uint8_t key[MAC_KEY_LEN])
{
	uint8_t derived[3][AES_BLOCK_SIZE];
	struct aes128_ctx k;

	aes128_set_encrypt_key(&k, key);
	for (unsigned int i = 0; i < 3; i++)
		memset(derived[i], (int)i + 1, AES_BLOCK_SIZE);
	aes128_encrypt(&k, sizeof(derived), derived[0], derived[0]);
	memset(x, 0, sizeof(*x));
	aes128_set_encrypt_key(&x->k1, derived[0]);
	memcpy(x->k2, derived[1], AES_BLOCK_SIZE);
	memcpy(x->k3, derived[2], AES_BLOCK_SIZE);
	mem_wipe(derived, sizeof(derived));
	mem_wipe(&k, sizeof(k));
}

/* The last block waits: it is treated in another way. */
static void mac_xcbc_feed(struct mac_xcbc *x, const uint8_t *p, size_t len)
{
	size_t n;

	while (len) {
		if (x->used == AES_BLOCK_SIZE) {
			mac_xor(x->chain, x->block);
			aes128_encrypt(&x->k1, AES_BLOCK_SIZE, x->chain, x->chain);
			x->used = 0;
		}
		n = AES_BLOCK_SIZE - x->used;
		n = len < n ? len : n;
		memcpy(x->block + x->used, p, n);
		x->used += (unsigned int)n;
		p += n;
		len -= n;
	}
}

static void mac_xcbc_end(struct mac_xcbc *x, uint8_t out[AES_BLOCK_SIZE])
{
	bool whole = x->used == AES_BLOCK_SIZE;

	if (!whole) {
		x->block[x->used] = 0x80;
		memset(x->block + x->used + 1, 0, AES_BLOCK_SIZE - x->used - 1);
	}
	mac_xor(x->chain, x->block);
	mac_xor(x->chain, whole ? x->k2 : x->k3);
	aes128_encrypt(&x->k1, AES_BLOCK_SIZE, out, x->chain);
	memset(x->chain, 0, AES_BLOCK_SIZE);
	x->used = 0;
}

static void mac_aes_key(struct mac *mac, const uint8_t key[MAC_KEY_LEN])
{
	if (mac->kind == MAC_XCBC)
		mac_xcbc_key(&mac->xcbc, key);
	else
		cmac_aes128_set_key(&mac->cmac, key);
}

/*
 * A key of another length becomes the code of the key under the key zero; but RFC 4434 2 pads one
 * that is too short for XCBC.
 */
static void mac_aes_start(struct mac *mac, struct chunk key)
{
	static const uint8_t zero[MAC_KEY_LEN];
	uint8_t fixed[MAC_KEY_LEN] = { 0 };

	if (key.len == MAC_KEY_LEN || (mac->kind == MAC_XCBC && key.len < MAC_KEY_LEN)) {
		memcpy(fixed, key.len ? key.p : zero, key.len);
	} else {
		mac_aes_key(mac, zero);
		mac_feed(mac, &key, 1);
		mac_end(mac, fixed);
	}
	mac_aes_key(mac, fixed);
	mem_wipe(fixed, sizeof(fixed));
}

bool mac_start(struct mac *mac, uint8_t type, uint16_t id, struct chunk key)
{
	gnutls_mac_algorithm_t hmac;

	if (!mac_kind_of(type, id, &mac->kind, &hmac))
		return false;
	if (mac->kind == MAC_HMAC)
		return gnutls_hmac_init(&mac->hmac, hmac, key.len ? key.p : (const uint8_t *)"",
					key.len) == 0;
	mac_aes_start(mac, key);
	return true;
}

bool mac_feed(struct mac *mac, const struct chunk *parts, size_t count)
{
	bool ok = true;

	for (size_t i = 0; ok && i < count; i++) {
		if (!parts[i].len)
			continue;
		if (mac->kind == MAC_HMAC)
			ok = gnutls_hmac(mac->hmac, parts[i].p, parts[i].len) == 0;
		else if (mac->kind == MAC_XCBC)
			mac_xcbc_feed(&mac->xcbc, parts[i].p, parts[i].len);
		else
			cmac_aes128_update(&mac->cmac, parts[i].len, parts[i].p);
	}
	return ok;
}

void mac_end(struct mac *mac, uint8_t *out)
{
	if (mac->kind == MAC_HMAC)
		gnutls_hmac_output(mac->hmac, out);
	else if (mac->kind == MAC_XCBC)
		mac_xcbc_end(&mac->xcbc, out);
	else
		cmac_aes128_digest(&mac->cmac, AES_BLOCK_SIZE, out);
}

void mac_stop(struct mac *mac)
{
	if (mac->kind == MAC_HMAC)
		gnutls_hmac_deinit(mac->hmac, NULL);
	mem_wipe(mac, sizeof(*mac));
}
