// SPDX-License-Identifier: GPL-2.0
#include "esplaned/keys/vault_radius.h"

#include <string.h>

#include "crypto/radius_proof.h"
#include "esplaned/conf/pack.h"
#include "ike/core/env.h"
#include "wire/radius.h"

_Static_assert(!(RADIUS_PROOF_LEN - RADIUS_AUTHENTICATOR_LEN) &&
	       !(RADIUS_PROOF_HEADER - RADIUS_HEADER_LEN), "both know the same packet");

/*
 * MSK: the server's receive key, then its send key (RFC 3748 7.10, RFC 2548 2.4.2), and zeros where
 * they are shorter, as with MS-CHAP-V2. 0: it has none. False: one of them is no key.
 */
static bool vault_radius_msk(struct chunk secret, const uint8_t *request,
			     const struct radius_answer *a, uint8_t msk[IKE_MSK_LEN], size_t *len)
{
	uint8_t recv[RADIUS_PROOF_KEY_MAX], send[RADIUS_PROOF_KEY_MAX];
	size_t recv_len = 0, send_len = 0;
	bool ok;

	*len = 0;
	if (!a->recv_key.len && !a->send_key.len)
		return true;
	ok = radius_proof_key(secret, request, a->recv_key, recv, &recv_len) &&
	     radius_proof_key(secret, request, a->send_key, send, &send_len) &&
	     recv_len + send_len <= IKE_MSK_LEN;
	if (ok) {
		memset(msk, 0, IKE_MSK_LEN);
		memcpy(msk, recv, recv_len);
		memcpy(msk + recv_len, send, send_len);
		*len = IKE_MSK_LEN;
	}
	mem_wipe(recv, sizeof(recv));
	mem_wipe(send, sizeof(send));
	return ok;
}

/* NULL, or what is wrong with the answer. */
static const char *vault_radius_check(struct chunk secret, struct cursor *c,
				      uint8_t msk[IKE_MSK_LEN], size_t *len)
{
	uint8_t request[RADIUS_AUTHENTICATOR_LEN];
	struct radius_answer a;

	if (!cursor_copy(c, request, sizeof(request)) ||
	    !radius_parse((struct chunk){ c->at, c->left }, &a))
		return "it is malformed";
	if (!a.proof)
		return "it has no Message-Authenticator";
	if (!radius_proof_ok(secret, request, a.packet, a.proof))
		return "it is not made with the secret in radius-secret-file";
	return vault_radius_msk(secret, request, &a, msk, len) ? NULL : "its keys are malformed";
}

bool vault_radius_answer(const struct tunnel_options *t, struct cursor *c, struct writer *w)
{
	const char *why = NULL;
	uint8_t check, out[IKE_MSK_LEN];
	struct chunk secret = { 0 };
	size_t len = RADIUS_PROOF_LEN;

	if (!cursor_u8(c, &check) || check > 1)
		return false;
	if (t)
		secret = (struct chunk){ (const uint8_t *)t->radius_secret,
					 strlen(t->radius_secret) };
	if (!secret.len)
		why = "the tunnel has no RADIUS secret";
	else if (check)
		why = vault_radius_check(secret, c, out, &len);
	else
		radius_proof_make(secret, (struct chunk){ c->at, c->left }, out);
	writer_u8(w, !why);
	if (why)
		pack_text(w, why);
	else
		writer_bytes(w, out, len);
	mem_wipe(out, sizeof(out));
	return true;
}
