// SPDX-License-Identifier: GPL-2.0
#include "crypto/chain_type.h"

#include <stdio.h>
#include <stdlib.h>

/* Are they as many, and as long, as we take? */
static bool chain_fits(const struct chunk *certs, unsigned int count, char why[CERT_WHY_MAX])
{
	size_t octets = 0;

	if (!count)
		snprintf(why, CERT_WHY_MAX, "the peer has sent no certificate");
	if (count > CERT_CHAIN_MAX)
		snprintf(why, CERT_WHY_MAX, "the peer has sent %u certificates; %d are the most",
			 count, CERT_CHAIN_MAX);
	if (!count || count > CERT_CHAIN_MAX)
		return false;
	for (unsigned int i = 0; i < count; i++)
		octets += certs[i].len;
	if (octets <= CERT_OCTETS_MAX)
		return true;
	snprintf(why, CERT_WHY_MAX, "the peer's certificates have %zu octets; %d are the most",
		 octets, CERT_OCTETS_MAX);
	return false;
}

struct chain *chain_read(const struct chunk *certs, unsigned int count, char why[CERT_WHY_MAX])
{
	struct chain *chain;

	if (!chain_fits(certs, count, why))
		return NULL;
	chain = calloc(1, sizeof(*chain));
	if (!chain) {
		snprintf(why, CERT_WHY_MAX, "no memory");
		return NULL;
	}
	for (; chain->count < count; chain->count++) {
		chain->der[chain->count] = certs[chain->count];
		chain->crt[chain->count] = cert_import(certs[chain->count]);
		if (chain->crt[chain->count])
			continue;
		snprintf(why, CERT_WHY_MAX, "certificate %u of the peer's is none, or broken",
			 chain->count + 1);
		chain_free(chain);
		return NULL;
	}
	return chain;
}

void chain_free(struct chain *chain)
{
	if (!chain)
		return;
	while (chain->count)
		gnutls_x509_crt_deinit(chain->crt[--chain->count]);
	free(chain);
}

const char *chain_subject(const struct chain *chain, char buf[CERT_NAME_MAX])
{
	return cert_subject_of(chain->crt[0], buf);
}
