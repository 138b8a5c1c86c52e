/* SPDX-License-Identifier: GPL-2.0 */
/* A chain that is read for one question. */
#ifndef FAKE_CHAIN_H
#define FAKE_CHAIN_H

#include "crypto/chain.h"
#include "crypto/signature.h"
#include "crypto/trust.h"

/* signature_check() of one certificate */
static inline bool chain_signed(struct chunk cert, bool legacy, uint8_t method, struct chunk octets,
				struct chunk signature, char why[SIGNATURE_WHY_MAX])
{
	struct chain *chain = chain_read(&cert, 1, why);
	bool ok = chain && signature_check(chain, legacy, method, octets, signature, why);

	chain_free(chain);
	return ok;
}

/* trust_check(); @claim's chain is set for it */
static inline bool chain_trusted(struct trust *t, const struct chunk *certs, unsigned int count,
				 struct trust_claim *claim, time_t *until,
				 struct trust_need *need, char why[TRUST_WHY_MAX])
{
	struct chain *chain = chain_read(certs, count, why);
	bool ok;

	claim->chain = chain;
	ok = chain && trust_check(t, claim, until, need, why);
	chain_free(chain);
	return ok;
}

#endif
