// SPDX-License-Identifier: GPL-2.0
/*
 * A signature and a certificate, RFC 7296 2.15 and 3.8, RFC 4754, RFC 7427. Who has the key signs;
 * who knows the CAs verifies: both outside (IKE_JOB_SIGN, IKE_JOB_VERIFY).
 */
#include "ike/auth/auth.h"
#include "lib/log.h"
#include "suite/ikev2.h"

static bool signature_begin(struct auth_session *s, struct chunk input)
{
	struct ike_job job = {
		.kind = s->prover ? IKE_JOB_SIGN : IKE_JOB_VERIFY, .tunnel = s->tunnel,
		.second = s->second, .octets = { s->covered.p, s->covered.len },
	};

	if (s->prover) {
		job.hashes = s->sa->peer_hashes;
	} else {
		job.id = &s->id;
		job.remote = &s->sa->remote;
		job.certs = s->cert;
		job.cert_count = s->cert_count;
		job.by_hash = s->by_hash;
		job.bundles = s->bundles;
		job.ocsp = s->ocsp;
		job.ocsp_count = s->ocsp_count;
		job.raw_key = s->raw_key;
		job.method = s->number;
		job.signature = input;
	}
	return auth_job(s, &job);
}

/* A stranger does not have us fetch for ever, whichever tunnels it may be the peer of. */
static bool signature_may_fetch(struct auth_session *s)
{
	unsigned int count = (unsigned int)__builtin_popcount(s->by_hash);

	if (s->prover || s->sa->cert_fetches + count <= IKE_CERT_FETCHES_MAX) {
		s->sa->cert_fetches += count;
		return true;
	}
	snprintf(s->why, sizeof(s->why), "more than %d of its certificates would have to be fetched, "
		 "for all tunnels that it may mean: give these different remote-ids",
		 IKE_CERT_FETCHES_MAX);
	return false;
}

static enum auth_state signature_step(struct auth_session *s, struct chunk input)
{
	if (s->job_ended) {
		s->out_len = s->made;
		return s->why[0] ? AUTH_FAILED : AUTH_DONE;
	}
	if (!signature_may_fetch(s))
		return AUTH_FAILED;
	if (signature_begin(s, input))
		return AUTH_PENDING;
	snprintf(s->why, sizeof(s->why), "%s", s->prover ?
		 "the private key cannot be asked for: no memory, or its keeper is busy" :
		 "its certificate cannot be looked at: no memory, or who does it is busy");
	return AUTH_FAILED;
}

static void signature_take(struct auth_session *s, const struct ike_job_result *result)
{
	if (!s->prover) {
		s->valid_s = result->valid_s;
		if (result->subject)
			log_escape(result->subject, strlen(result->subject), s->subject,
				   sizeof(s->subject));
	} else if (!result->signature.len || result->signature.len > sizeof(s->out) ||
		   !auth_has_number(s->method, result->method)) {
		snprintf(s->why, sizeof(s->why),
			 "the keeper of the private key has made %zu octets with AUTH method %u",
			 result->signature.len, result->method);
	} else {
		s->number = result->method;
		s->made = result->signature.len;
		memcpy(s->out, result->signature.p, s->made);
	}
}

const struct auth_ops auth_signature_ops = {
	.name = "signature",
	.secret = "certificate",
	.numbers = 1 << AUTH_RSA | 1 << AUTH_DSS | 1 << AUTH_ECDSA_256 |
		   1 << AUTH_ECDSA_384 | 1 << AUTH_ECDSA_521 | 1 << AUTH_SIGNATURE,
	.certs = true,
	.step = signature_step,
	.take = signature_take,
};
