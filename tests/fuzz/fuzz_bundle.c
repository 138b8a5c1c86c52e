// SPDX-License-Identifier: GPL-2.0
/*
 * A CertificateBundle (RFC 7296 3.6), as a server has it that a stranger has named: what is taken
 * of it lies in it, in its order, is as much as there was room for, and is the same again.
 */
#include <stdint.h>
#include <stdlib.h>
#include "crypto/cert.h"
#include "crypto/der.h"
#include "lib/array.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The same ones, by themselves, are a bundle too. */
static void is_one_again(const struct chunk *certs, unsigned int count)
{
	static uint8_t octets[65536 + 64];
	struct writer w = writer_of(octets, sizeof(octets));
	struct chunk again[CERT_CHAIN_MAX];

	for (unsigned int i = 0; i < count; i++) {
		size_t from = w.len;

		writer_bytes(&w, certs[i].p, certs[i].len);
		der_wrap(&w, from, DER_CONTEXT);
	}
	der_wrap(&w, 0, DER_SEQUENCE);
	if (w.overflow)
		return;
	if (cert_bundle((struct chunk){ octets, w.len }, again, ARRAY_SIZE(again)) != count)
		abort();
	for (unsigned int i = 0; i < count; i++)
		if (again[i].len != certs[i].len)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct chunk whole = { data, size };
	struct chunk certs[CERT_CHAIN_MAX], fewer[CERT_CHAIN_MAX];
	const uint8_t *end = data;
	unsigned int count = cert_bundle(whole, certs, ARRAY_SIZE(certs));

	if (count > ARRAY_SIZE(certs))
		abort();
	for (unsigned int i = 0; i < count; i++) {
		if (certs[i].p < end || certs[i].len > size ||
		    (size_t)(certs[i].p - data) > size - certs[i].len)
			abort();
		end = certs[i].p + certs[i].len;
	}
	for (unsigned int max = 0; max < count; max++)
		if (cert_bundle(whole, fewer, max))
			abort();
	if (count)
		is_one_again(certs, count);
	return 0;
}
