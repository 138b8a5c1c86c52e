// SPDX-License-Identifier: GPL-2.0
/*
 * What the process that asks DNSSEC says of a name (esplaned/keys/dnssec.h): IPSECKEY records. What
 * is parsed lies in them, and what becomes a key can be read as one.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "crypto/raw.h"
#include "esplaned/engine/dns_key.h"
#include "suite/ikev2.h"
#include "wire/ipseckey.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void is_inside(struct chunk c, const uint8_t *data, size_t size)
{
	if (!c.len || c.p < data || c.len > size || (size_t)(c.p - data) > size - c.len)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tunnel_entry t = {
		.opt.ike.remote_id = { .type = ID_FQDN, .len = 2, .data = "gw" },
	};
	char why[RAW_WHY_MAX];
	struct ipseckey_rsa rsa;
	struct ipseckey key;

	if (ipseckey_parse((struct chunk){ data, size }, &key)) {
		is_inside(key.key, data, size);
		if (ipseckey_parse_rsa(key.key, &rsa)) {
			is_inside(rsa.exponent, data, size);
			is_inside(rsa.modulus, data, size);
		}
	}
	dns_key_learn(&t, (struct chunk){ data, size }, "nothing", 1000);
	if (!t.named == !t.unnamed[0] || t.named_until_ms < 1000 ||
	    t.named_until_ms > 1000 + DNS_KEY_KEEP_S * 1000)
		abort();
	for (unsigned int i = 0; i < chunk_list_count(t.named); i++) {
		if (!raw_is_usable(t.named->chunk[i], false, why))
			abort();
	}
	chunk_list_put(t.named);
	return 0;
}
