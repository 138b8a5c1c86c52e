// SPDX-License-Identifier: GPL-2.0
#include "crypto/radius_proof.h"

#include <nettle/hmac.h>
#include <nettle/md5.h>
#include <string.h>

#include "crypto/crypto.h"

#define RADIUS_PROOF_SALT	2
#define RADIUS_PROOF_HIDDEN_MAX	(RADIUS_PROOF_SALT + 5 * RADIUS_PROOF_LEN)

static const uint8_t radius_proof_zeros[RADIUS_PROOF_LEN];

void radius_proof_make(struct chunk secret, struct chunk packet, uint8_t out[RADIUS_PROOF_LEN])
{
	struct hmac_md5_ctx c;

	hmac_md5_set_key(&c, secret.len, secret.p);
	hmac_md5_update(&c, packet.len, packet.p);
	hmac_md5_digest(&c, RADIUS_PROOF_LEN, out);
	mem_wipe(&c, sizeof(c));
}

/* Over the answer with the request's authenticator in the header, and zeros in its own place. */
static bool radius_proof_message(struct chunk secret, const uint8_t request[RADIUS_PROOF_LEN],
				 struct chunk packet, size_t at)
{
	uint8_t made[RADIUS_PROOF_LEN];
	struct hmac_md5_ctx c;
	bool ok;

	hmac_md5_set_key(&c, secret.len, secret.p);
	hmac_md5_update(&c, 4, packet.p);
	hmac_md5_update(&c, RADIUS_PROOF_LEN, request);
	hmac_md5_update(&c, at - RADIUS_PROOF_HEADER, packet.p + RADIUS_PROOF_HEADER);
	hmac_md5_update(&c, RADIUS_PROOF_LEN, radius_proof_zeros);
	hmac_md5_update(&c, packet.len - at - RADIUS_PROOF_LEN,
			packet.p + at + RADIUS_PROOF_LEN);
	hmac_md5_digest(&c, sizeof(made), made);
	ok = crypto_equal(made, packet.p + at, sizeof(made));
	mem_wipe(&c, sizeof(c));
	mem_wipe(made, sizeof(made));
	return ok;
}

static bool radius_proof_response(struct chunk secret, const uint8_t request[RADIUS_PROOF_LEN],
				  struct chunk packet)
{
	uint8_t made[RADIUS_PROOF_LEN];
	struct md5_ctx c;
	bool ok;

	md5_init(&c);
	md5_update(&c, 4, packet.p);
	md5_update(&c, RADIUS_PROOF_LEN, request);
	md5_update(&c, packet.len - RADIUS_PROOF_HEADER, packet.p + RADIUS_PROOF_HEADER);
	md5_update(&c, secret.len, secret.p);
	md5_digest(&c, sizeof(made), made);
	ok = crypto_equal(made, packet.p + 4, sizeof(made));
	mem_wipe(&c, sizeof(c));
	mem_wipe(made, sizeof(made));
	return ok;
}

bool radius_proof_ok(struct chunk secret, const uint8_t request[RADIUS_PROOF_LEN],
		     struct chunk packet, size_t at)
{
	bool response, message;

	if (at < RADIUS_PROOF_HEADER || packet.len < RADIUS_PROOF_LEN ||
	    at > packet.len - RADIUS_PROOF_LEN)
		return false;
	response = radius_proof_response(secret, request, packet);
	message = radius_proof_message(secret, request, packet, at);
	return response & message;
}

/* Each 16 octets are hidden by the MD5 of the secret and what was before them. */
static void radius_proof_open(struct chunk secret, const uint8_t request[RADIUS_PROOF_LEN],
			      struct chunk hidden, uint8_t *plain)
{
	uint8_t pad[RADIUS_PROOF_LEN];
	struct md5_ctx c;

	for (size_t at = RADIUS_PROOF_SALT; at < hidden.len; at += RADIUS_PROOF_LEN) {
		md5_init(&c);
		md5_update(&c, secret.len, secret.p);
		if (at == RADIUS_PROOF_SALT) {
			md5_update(&c, RADIUS_PROOF_LEN, request);
			md5_update(&c, RADIUS_PROOF_SALT, hidden.p);
		} else {
			md5_update(&c, RADIUS_PROOF_LEN, hidden.p + at - RADIUS_PROOF_LEN);
		}
		md5_digest(&c, sizeof(pad), pad);
		for (unsigned int i = 0; i < RADIUS_PROOF_LEN; i++)
			*plain++ = hidden.p[at + i] ^ pad[i];
	}
	mem_wipe(&c, sizeof(c));
	mem_wipe(pad, sizeof(pad));
}

bool radius_proof_key(struct chunk secret, const uint8_t request[RADIUS_PROOF_LEN],
		      struct chunk hidden, uint8_t key[RADIUS_PROOF_KEY_MAX], size_t *len)
{
	uint8_t plain[RADIUS_PROOF_HIDDEN_MAX];
	size_t octets = hidden.len - RADIUS_PROOF_SALT;	/* huge, where there is no salt */
	bool ok;

	if (hidden.len > RADIUS_PROOF_HIDDEN_MAX || octets > RADIUS_PROOF_HIDDEN_MAX || !octets ||
	    octets % RADIUS_PROOF_LEN)
		return false;
	radius_proof_open(secret, request, hidden, plain);
	*len = plain[0];
	ok = *len && *len < octets && *len <= RADIUS_PROOF_KEY_MAX;
	if (ok)
		memcpy(key, plain + 1, *len);
	mem_wipe(plain, sizeof(plain));
	return ok;
}
