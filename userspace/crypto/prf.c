// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include "crypto/mac.h"
#include "lib/mem.h"

size_t prf_len(uint16_t id)
{
	const struct alg *alg = alg_find(TRANSFORM_PRF, id, 0);

	return alg && alg->use & ALG_IKE ? alg->key_len : 0;
}

size_t prf_nonce_len(uint16_t id)
{
	return id == PRF_AES128_XCBC || id == PRF_AES128_CMAC ? 8 : SIZE_MAX;
}

bool prf(uint16_t id, struct chunk key, const struct chunk *parts, size_t count,
	 uint8_t out[PRF_LEN_MAX])
{
	struct mac mac;
	bool ok;

	if (!prf_len(id) || !mac_start(&mac, TRANSFORM_PRF, id, key))
		return false;
	ok = mac_feed(&mac, parts, count);
	if (ok)
		mac_end(&mac, out);
	mac_stop(&mac);
	return ok;
}

/* T1 = prf(K, S | 1), Tn = prf(K, Tn-1 | S | n) */
bool prf_plus(uint16_t id, struct chunk key, const struct chunk *seed, size_t count, uint8_t *out,
	      size_t len)
{
	size_t block = prf_len(id), n;
	uint8_t t[PRF_LEN_MAX], i = 0;
	struct chunk last = { t, block }, number = { &i, 1 };
	struct mac mac;
	bool ok = true;

	if (!block || len > 255 * block || !mac_start(&mac, TRANSFORM_PRF, id, key))
		return false;
	while (ok && len) {
		ok = (!i || mac_feed(&mac, &last, 1)) && mac_feed(&mac, seed, count);
		i++;
		ok = ok && mac_feed(&mac, &number, 1);
		if (!ok)
			break;
		mac_end(&mac, t);
		n = len < block ? len : block;
		memcpy(out, t, n);
		out += n;
		len -= n;
	}
	mac_stop(&mac);
	mem_wipe(t, sizeof(t));
	return ok;
}

bool auth_psk(uint16_t id, struct chunk psk, const struct chunk *octets, size_t count,
	      uint8_t out[PRF_LEN_MAX])
{
	static const char pad[] = "Key Pad for IKEv2";
	const struct chunk text = { (const uint8_t *)pad, sizeof(pad) - 1 };
	uint8_t key[PRF_LEN_MAX];
	bool ok;

	ok = prf(id, psk, &text, 1, key) &&
	     prf(id, (struct chunk){ key, prf_len(id) }, octets, count, out);
	mem_wipe(key, sizeof(key));
	return ok;
}

bool auth_ppk(uint16_t id, struct chunk ppk, struct chunk keys, uint8_t *out)
{
	size_t len = prf_len(id);

	if (!len || !keys.len || keys.len % len)
		return false;
	for (size_t at = 0; at < keys.len; at += len) {
		struct chunk key = { keys.p + at, len };

		if (!prf_plus(id, ppk, &key, 1, out + at, len))
			return false;
	}
	return true;
}
