// SPDX-License-Identifier: GPL-2.0
/* A pre-shared key, RFC 7296 2.15. Another process has the key and makes the MAC. */
#include "ike/auth/auth.h"
#include "suite/ikev2.h"

static enum auth_state psk_step(struct auth_session *s, struct chunk input)
{
	size_t len = prf_len(s->sa->prf);
	struct ike_job job = {
		.kind = IKE_JOB_PSK_MAC, .tunnel = s->tunnel, .prf = s->sa->prf,
		.second = s->second,
		.octets = { s->covered.p, s->covered.len },
	};

	if (!s->job_ended) {
		if (auth_job(s, &job))
			return AUTH_PENDING;
		snprintf(s->why, sizeof(s->why), "%s",
			 "the pre-shared key cannot be asked for: no memory, or its keeper is busy");
		return AUTH_FAILED;
	}
	if (s->why[0])
		return AUTH_FAILED;
	if (s->prover) {
		memcpy(s->out, s->mac, len);
		s->out_len = len;
		s->number = AUTH_PSK;
		return AUTH_DONE;
	}
	return input.len == len && crypto_equal(input.p, s->mac, len) ? AUTH_DONE : AUTH_FAILED;
}

const struct auth_ops auth_psk_ops = {
	.name = "pre-shared key",
	.secret = "psk",
	.numbers = 1 << AUTH_PSK,
	.step = psk_step,
};
