// SPDX-License-Identifier: GPL-2.0
/*
 * The Encrypted payload: arbitrary octets are refused, and what was sealed opens to the same. First
 * octet: the suite; second: where the body begins.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "crypto/crypto.h"
#include "lib/array.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct sk suites[] = {
	{ .encr = ENCR_AES_GCM_16, .key_bits = 128 },
	{ .encr = ENCR_CHACHA20_POLY1305 },
	{ .encr = ENCR_AES_CBC, .key_bits = 256, .integ = INTEG_HMAC_SHA2_512_256 },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t body, len, plain, at, out_len;
	struct sk sk;
	uint8_t *p;

	if (size < 2 || size > 4096)
		return 0;
	sk = suites[data[0] % ARRAY_SIZE(suites)];
	body = data[1];
	data += 2;
	size -= 2;

	p = malloc(size + 1);
	memcpy(p, data, size);
	if (sk_open(&sk, p, size, body, &at, &out_len))
		abort();	/* the fuzzer does not know the key */
	free(p);
	if (body > size)
		return 0;

	plain = size - body;
	len = body + sk_sealed_len(&sk, plain);
	p = malloc(len);
	memcpy(p, data, body);
	memcpy(p + body + sk_iv_len(&sk), data + body, plain);
	if (!sk_seal(&sk, p, body, plain) || !sk_open(&sk, p, len, body, &at, &out_len) ||
	    out_len != plain || memcmp(p + at, data + body, plain))
		abort();
	free(p);
	return 0;
}
