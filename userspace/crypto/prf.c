// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include "crypto/alg.h"
#include "lib/mem.h"

static gnutls_mac_algorithm_t prf_mac(uint16_t id)
{
	switch (id) {
	case PRF_HMAC_SHA2_256:
		return GNUTLS_MAC_SHA256;
	case PRF_HMAC_SHA2_384:
		return GNUTLS_MAC_SHA384;
	case PRF_HMAC_SHA2_512:
		return GNUTLS_MAC_SHA512;
	default:
		return GNUTLS_MAC_UNKNOWN;
	}
}

size_t prf_len(uint16_t id)
{
	gnutls_mac_algorithm_t mac = prf_mac(id);

	return mac == GNUTLS_MAC_UNKNOWN ? 0 : gnutls_hmac_get_len(mac);
}

static bool feed(gnutls_hmac_hd_t hmac, const struct chunk *parts, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (parts[i].len && gnutls_hmac(hmac, parts[i].p, parts[i].len) < 0)
			return false;
	return true;
}

static bool start(uint16_t id, struct chunk key, gnutls_hmac_hd_t *hmac)
{
	gnutls_mac_algorithm_t mac = prf_mac(id);

	const void *p = key.len ? key.p : (const uint8_t *)"";

	return mac != GNUTLS_MAC_UNKNOWN && gnutls_hmac_init(hmac, mac, p, key.len) == 0;
}

bool prf(uint16_t id, struct chunk key, const struct chunk *parts, size_t count,
	 uint8_t out[PRF_LEN_MAX])
{
	gnutls_hmac_hd_t hmac;
	bool ok;

	if (!start(id, key, &hmac))
		return false;
	ok = feed(hmac, parts, count);
	gnutls_hmac_deinit(hmac, ok ? out : NULL);
	return ok;
}

/* T1 = prf(K, S | 1), Tn = prf(K, Tn-1 | S | n) */
bool prf_plus(uint16_t id, struct chunk key, const struct chunk *seed, size_t count, uint8_t *out,
	      size_t len)
{
	size_t block = prf_len(id), n;
	uint8_t t[PRF_LEN_MAX], i = 0;
	gnutls_hmac_hd_t hmac;
	bool ok = true;

	if (!block || len > 255 * block || !start(id, key, &hmac))
		return false;
	while (ok && len) {
		ok = (!i || gnutls_hmac(hmac, t, block) == 0) && feed(hmac, seed, count);
		i++;
		ok = ok && gnutls_hmac(hmac, &i, 1) == 0;
		if (!ok)
			break;
		gnutls_hmac_output(hmac, t);	/* and starts anew under the same key */
		n = len < block ? len : block;
		memcpy(out, t, n);
		out += n;
		len -= n;
	}
	gnutls_hmac_deinit(hmac, NULL);
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
