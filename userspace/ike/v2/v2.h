/* SPDX-License-Identifier: GPL-2.0 */
/* IKEv2, RFC 7296: what its files share. Private to ike/v2/, to ike/ike.c and tests. */
#ifndef IKE_V2_H
#define IKE_V2_H

#include "ike/auth/auth.h"
#include "wire/v2/build.h"
#include "wire/v2/msg.h"
#include "wire/v2/rules.h"

#define V2_COOKIE_LEN	33	/* version of the secret, HMAC-SHA2-256 */

extern const struct ike_version ike_version_2;

/* A message on its way: what parser and builder make of it. */
struct v2_inbound {
	struct inbound in;
	struct msg m;			/* views into in.raw */
	struct cursor inner;		/* the chain inside the Encrypted payload, */
	uint8_t inner_first;		/* and the type of its first payload */
	struct builder b;		/* the answer, when it is a request */
};

static inline struct v2_inbound *v2_inbound(struct inbound *in)
{
	return container_of(in, struct v2_inbound, in);
}

/*
 * message.c: begins a request of ours, and seals it; false: it does not fit, or no memory.
 */
void v2_request_begin(struct exchange *ex, struct builder *b);
enum built v2_request_end(struct exchange *ex, struct builder *b, struct cause *cause);
void v2_set_nonce(struct nonce *nonce, struct cursor data);
/* For handlers: empties the answer, and says instead what is wrong. */
void v2_refuse(struct v2_inbound *v, uint16_t notify, const void *data, size_t len);
void v2_refuse_group(struct v2_inbound *v, uint16_t group);	/* INVALID_KE_PAYLOAD */
struct ike_id v2_id(const struct msg_id *id);

/* Handlers, by file. */
enum verdict v2_init_request(struct inbound *in);
enum verdict v2_init_response(struct inbound *in);
enum verdict v2_init_notify(struct inbound *in);
enum verdict v2_resume_request(struct inbound *in);
enum verdict v2_resume_response(struct inbound *in);
enum verdict v2_resume_notify(struct inbound *in);
enum verdict v2_intermediate_request(struct inbound *in);
enum verdict v2_intermediate_response(struct inbound *in);
enum verdict v2_intermediate_refused(struct inbound *in);
enum verdict v2_auth_request(struct inbound *in);
enum verdict v2_auth_again(struct inbound *in);
enum verdict v2_auth_round(struct inbound *in);
enum verdict v2_auth_proof(struct inbound *in);
enum verdict v2_auth_response(struct inbound *in);
enum verdict v2_auth_granted(struct inbound *in);
enum verdict v2_auth_more(struct inbound *in);
enum verdict v2_auth_refused(struct inbound *in);
enum verdict v2_auth_abandoned(struct inbound *in);
enum verdict v2_child_request(struct inbound *in);
enum verdict v2_child_response(struct inbound *in);
enum verdict v2_child_refused(struct inbound *in);
enum verdict v2_followup_request(struct inbound *in);
enum verdict v2_followup_response(struct inbound *in);
enum verdict v2_followup_late(struct inbound *in);
enum verdict v2_child_too_late(struct inbound *in);
enum verdict v2_rekey_request(struct inbound *in);
enum verdict v2_rekey_response(struct inbound *in);
enum verdict v2_rekey_late(struct inbound *in);
enum verdict v2_info_request(struct inbound *in);
enum verdict v2_info_response(struct inbound *in);
enum verdict v2_info_late_request(struct inbound *in);
enum verdict v2_ignore_response(struct inbound *in);

/* The peer's answer to our first message is good: what it says of the peer and of the way there. */
void v2_init_answered(struct v2_inbound *v);

/* A peer's first message, before there is an IKE SA: IKE_SA_INIT, IKE_SESSION_RESUME. */
void v2_init_accept(struct ike *ike, const struct ike_version *version,
		    const struct msg_header *h, const uint8_t *raw, size_t len,
		    const struct endpoint *local, const struct endpoint *remote);
void v2_resume_accept(struct ike *ike, const struct ike_version *version,
		      const struct msg_header *h, const uint8_t *raw, size_t len,
		      const struct endpoint *local, const struct endpoint *remote);

/* Requests of ours, by the file that builds them. */
extern const struct exchange_kind v2_kind_init, v2_kind_resume, v2_kind_intermediate;
extern const struct exchange_kind v2_kind_auth, v2_kind_ticket;
extern const struct exchange_kind v2_kind_rekey_child;
extern const struct exchange_kind v2_kind_new_child, v2_kind_delete_ike, v2_kind_delete_child;
extern const struct exchange_kind v2_kind_liveness, v2_kind_rekey_ike, v2_kind_addresses;
extern const struct exchange_kind v2_kind_lost_spi, v2_kind_token, v2_kind_redirect;
bool v2_always(const struct ike_sa *sa);
/* The inbound SPI that an IKE_AUTH of ours has reserved; 0: none. */
uint32_t v2_auth_reserved(const struct exchange *ex);

/* cookie.c: that of a gateway, which we send back, and ours */
struct v2_cookie {
	uint8_t len, b[64];
};
/* False: it has none, or the one that we have sent. */
bool cookie_take(struct v2_cookie *cookie, const struct msg *m);
void cookie_build(struct builder *b, const struct v2_cookie *cookie);
void cookie_make(struct ike *ike, const struct msg_header *h, const struct msg *in,
		 const struct endpoint *remote, uint8_t cookie[V2_COOKIE_LEN]);
bool cookie_valid(struct ike *ike, const struct msg_header *h, const struct msg *in,
		  const struct endpoint *remote);

/*
 * keys.c: SK_* of an IKE SA from the secret of its key exchange; @rekeyed: the one that it
 * replaces, or NULL; @sa itself after an additional key exchange (RFC 9370 2.2.2).
 */
bool keys_derive(struct ike_sa *sa, struct ke_secret secret, const struct ike_sa *rekeyed);
/* Likewise from a ticket, RFC 5723 5.1, with the algorithms of the IKE SA before. */
bool keys_resume(struct ike_sa *sa, const struct ticket *t);
/* What the AUTH of an end covers, RFC 7296 2.15, RFC 9242; the caller's. False: no memory. */
bool keys_covered(const struct ike_sa *sa, bool of_initiator, struct chunk id_body,
		  struct octets *covered);

#endif
