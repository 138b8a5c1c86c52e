/* SPDX-License-Identifier: GPL-2.0 */
/* IPSECKEY records of DNS, RFC 4025 2: a public key for IPsec. */
#ifndef WIRE_IPSECKEY_H
#define WIRE_IPSECKEY_H

#include "lib/cursor.h"
#include "lib/mem.h"

#define IPSECKEY_RRTYPE		45
#define IPSECKEY_RDATA_MAX	2048	/* octets of one that is taken: RSA of 8192 bits and more */

enum ipseckey_algorithm {
	IPSECKEY_DSA = 1,		/* not taken */
	IPSECKEY_RSA = 2,		/* RFC 3110 2 */
	IPSECKEY_ECDSA = 3,		/* RFC 6605 4: x and y */
	IPSECKEY_EDDSA = 4,		/* RFC 9373, RFC 8080 3 */
};

/* Views. The gateway is left out: who speaks IKE for the name, the configuration says. */
struct ipseckey {
	uint8_t precedence, gateway_type, algorithm;
	struct chunk key;		/* as the algorithm has it */
};

/* RFC 3110 2, without zeros in front; views. */
struct ipseckey_rsa {
	struct chunk exponent, modulus;
};

/* One record's RDATA, all of it. False: malformed, or without a key. */
bool ipseckey_parse(struct chunk rdata, struct ipseckey *key);
bool ipseckey_parse_rsa(struct chunk key, struct ipseckey_rsa *rsa);

#endif
