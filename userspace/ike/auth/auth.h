/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How one end proves who it is. A method is stepped: with each octets of the peer's, and when a job
 * of its own has ended. It knows nothing of messages: what AUTH covers is given to it.
 */
#ifndef IKE_AUTH_H
#define IKE_AUTH_H

#include "ike/exchange/inbound.h"

#define AUTH_OUT_MAX	IKE_SIGNATURE_MAX	/* octets in one AUTH or EAP payload of ours */
#define AUTH_KEY_MAX	64
#define AUTH_SUBJECT_MAX	160

struct auth_session;

enum auth_state {
	AUTH_MORE,	/* @out is for the peer, its answer is the next input; @why: it will fail */
	AUTH_DONE,			/* prover: @out is the proof; verifier: it is right */
	AUTH_FAILED,			/* @why; of rounds @out may have a last word for the peer */
	AUTH_PENDING,			/* a job is under way: the same step comes again */
};

struct auth_ops {
	const char *name;		/* "pre-shared key" */
	const char *secret;		/* what a refused end looks at first: "psk" */
	uint32_t numbers;		/* bit n: its proofs have AUTH method n, up to 31 */
	bool certs;			/* certificates go with its proofs */
	/*
	 * It speaks in EAP payloads first, RFC 7296 2.16; the proof is then made with @key, or
	 * where it gives none with SK_pi and SK_pr.
	 */
	bool rounds;
	enum auth_state (*step)(struct auth_session *s, struct chunk input);
	/* What its job has brought; NULL: a MAC, into @mac. @why of the session: it is no use. */
	void (*take)(struct auth_session *s, const struct ike_job_result *result);
	void (*free)(struct auth_session *s);	/* gives back @priv; NULL: nothing */
};

/* One a direction at a time: sa->auth[prover]. */
struct auth_session {
	struct ike_sa *sa;
	const struct auth_ops *method;
	uint32_t tunnel;		/* whose secret it is about */
	bool prover;			/* we prove ourselves; else: we verify the peer */
	bool second;			/* of two proofs, RFC 4739: with secrets of its own */
	struct octets covered;		/* what the proof covers, RFC 7296 2.15 */
	unsigned int round;
	uint8_t number;			/* AUTH method of the proof: of ours, once it is done */
	/*
	 * Of a verifier: whom the peer claims to be, after rounds whom they have proved; and with
	 * what. Views of the caller's.
	 */
	struct ike_id id;
	struct chunk cert[IKE_CERTS_MAX];
	unsigned int cert_count;
	uint8_t by_hash, bundles;	/* as in struct ike_job */
	struct chunk ocsp[IKE_OCSP_MAX];
	unsigned int ocsp_count;
	struct chunk raw_key;
	uint8_t out[AUTH_OUT_MAX];
	size_t out_len;
	uint8_t key[AUTH_KEY_MAX];	/* that the rounds have agreed on */
	size_t key_len;
	/*
	 * The rounds prove both ends, RFC 5998: the responder has no proof of its own, and a method
	 * that does less is no use. Set before the first step.
	 */
	bool alone;
	bool over;			/* prover: the peer has refused us, and forgets us */
	char why[IKE_WHY_MAX];
	void *priv;

	/* Its job: who goes on when that has ended. */
	uint32_t job;
	bool job_ended;
	uint8_t mac[PRF_LEN_MAX];
	size_t made;			/* octets of @out that it has made */
	/* Of the peer's certificates, once they are believed. */
	uint64_t valid_s;		/* from now; 0: unknown */
	char subject[AUTH_SUBJECT_MAX];	/* escaped; "": unknown, or there are none */
	/* Of a verifier, as who knows the peer says: as of the job of IKE_JOB_RADIUS. */
	uint32_t session_s;
	struct addr framed;
	struct exchange *ex;
	struct inbound *in;
};

extern const struct auth_ops auth_psk_ops, auth_signature_ops, auth_eap_ops, auth_ticket_ops;

static inline bool auth_has_number(const struct auth_ops *method, uint8_t number)
{
	return number < 32 && method->numbers >> number & 1;
}

/* Begins one; one before it ends. @covered is taken over. NULL: no memory. */
struct auth_session *auth_begin(struct ike_sa *sa, uint32_t tunnel, const struct auth_ops *method,
				bool prover, struct octets *covered);
enum auth_state auth_step(struct auth_session *s, struct chunk input);
void auth_end(struct ike_sa *sa, bool prover);
/* One that is no IKE SA's, but within another. NULL is fine. */
void auth_free(struct auth_session *s);
/* For methods: @ex or @in goes on when it has ended. False: it cannot begin. */
bool auth_job(struct auth_session *s, const struct ike_job *job);

#endif
