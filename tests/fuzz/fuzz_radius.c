// SPDX-License-Identifier: GPL-2.0
/*
 * An answer of a RADIUS server's, from anybody: what is parsed lies in the packet, and no proof and
 * no key of it goes beyond. Nobody knows the secret, so none is proved.
 */
#include <stdint.h>
#include <stdlib.h>
#include "crypto/radius_proof.h"
#include "wire/radius.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void is_inside(struct chunk c, struct chunk packet)
{
	if (c.len && (c.p < packet.p || c.len > packet.len ||
		      (size_t)(c.p - packet.p) > packet.len - c.len))
		abort();
}

static void open_key(struct chunk hidden)
{
	static const uint8_t request[RADIUS_PROOF_LEN] = { 1, 2, 3 };
	static const struct chunk secret = { (const uint8_t *)"secret", 6 };
	uint8_t key[RADIUS_PROOF_KEY_MAX];
	size_t len;

	if (radius_proof_key(secret, request, hidden, key, &len) && (!len || len > sizeof(key)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t request[RADIUS_PROOF_LEN] = { 4, 5, 6 };
	static const struct chunk unknown = { (const uint8_t *)"7d1f-unknown", 12 };
	struct radius_answer a;

	if (!radius_parse((struct chunk){ data, size }, &a))
		return 0;
	if (a.packet.p != data || a.packet.len > size || a.packet.len < RADIUS_HEADER_LEN ||
	    a.eap_len > a.packet.len - RADIUS_HEADER_LEN || a.state.len > RADIUS_VALUE_MAX ||
	    a.user.len > RADIUS_VALUE_MAX || (a.framed.len && a.framed.len != 4) ||
	    (a.timeout.len && a.timeout.len != 4))
		abort();
	is_inside(a.authenticator, a.packet);
	is_inside(a.state, a.packet);
	is_inside(a.user, a.packet);
	is_inside(a.framed, a.packet);
	is_inside(a.timeout, a.packet);
	is_inside(a.send_key, a.packet);
	is_inside(a.recv_key, a.packet);
	open_key(a.send_key);
	open_key(a.recv_key);
	if (a.proof && radius_proof_ok(unknown, request, a.packet, a.proof))
		abort();
	return 0;
}
