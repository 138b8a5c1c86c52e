/* SPDX-License-Identifier: GPL-2.0 */
/* The state machine of the IKE SA as data. */
#ifndef IKE_TRANSITIONS_H
#define IKE_TRANSITIONS_H

#include "ike/object/ike_sa.h"

enum role {
	ROLE_RESPONDER,		/* the peer's request has come */
	ROLE_INITIATOR,		/* the response to ours has come */
	ROLE_COMMAND,		/* neither: exchange is an enum command */
};

enum command {
	COMMAND_START,
	COMMAND_CLOSE,		/* with a DELETE if possible */
	COMMAND_DROP,		/* without */
	COMMAND_EXPIRE,		/* the state's time is over */
	COMMAND_INHERIT,	/* born from CREATE_CHILD_SA */
};

/* Payload types as bits. Notify, vendor id and payloads we do not know are always let through. */
#define P(type) (UINT32_C(1) << ((type) - PAYLOAD_SA))

struct transition {
	const char *story;
	enum sa_state state;
	uint8_t exchange;
	enum role role;
	uint32_t required, allowed;
	enum verdict (*handler)(struct xchg *x);
	enum sa_state next, fail;
};

extern const struct transition transitions[];
extern const unsigned int transitions_count;

/* The payloads of a message as the table's bits. */
uint32_t transition_payloads(const struct msg *m);
/* The first row that fits; NULL: the message makes no sense now. */
const struct transition *transition_find(enum sa_state state, uint8_t exchange, enum role role,
					 uint32_t payloads);
/* Is there a row at all, whatever the payloads? */
bool transition_exists(enum sa_state state, uint8_t exchange, enum role role);
/* Sets the state that follows from the row and the verdict, and its timeout. */
void transition_apply(struct ike_sa *sa, const struct transition *row, enum verdict verdict,
		      const char *why);
/* Runs a command; false: the table has no row for it in this state. */
bool transition_command(struct ike_sa *sa, enum command command, const char *why);

/* Handlers, by file. */
enum verdict v2_init_request(struct xchg *x);
enum verdict v2_init_response(struct xchg *x);
enum verdict v2_init_notify(struct xchg *x);
enum verdict v2_auth_request(struct xchg *x);
enum verdict v2_auth_response(struct xchg *x);
enum verdict v2_auth_refused(struct xchg *x);
enum verdict v2_auth_abandoned(struct xchg *x);
enum verdict v2_child_request(struct xchg *x);
enum verdict v2_child_response(struct xchg *x);
enum verdict v2_child_refused(struct xchg *x);
enum verdict v2_child_too_late(struct xchg *x);
enum verdict v2_rekey_request(struct xchg *x);
enum verdict v2_info_request(struct xchg *x);
enum verdict v2_info_response(struct xchg *x);
enum verdict v2_info_late_request(struct xchg *x);
enum verdict v2_ignore_response(struct xchg *x);

/* Requests of ours, in the order of urgency. */
extern const struct request_kind request_kinds[];
extern const unsigned int request_kinds_count;
enum built v2_init_build(struct ike_sa *sa, struct builder *b, struct cause *cause);
enum built v2_auth_build(struct ike_sa *sa, struct builder *b, struct cause *cause);
enum built v2_rekey_child_build(struct ike_sa *sa, struct builder *b, struct cause *cause);
enum built v2_delete_ike_build(struct ike_sa *sa, struct builder *b, struct cause *cause);
enum built v2_delete_child_build(struct ike_sa *sa, struct builder *b, struct cause *cause);
enum built v2_liveness_build(struct ike_sa *sa, struct builder *b, struct cause *cause);

/*
 * v2_child.c: the peer's DELETE names its inbound SPI. True: the answer names ours, @spi_in.
 * Whether the tunnel survives it is in x->cause.
 */
bool v2_child_deleted(struct xchg *x, uint32_t spi_out, uint32_t *spi_in);
/* v2_init.c: readies the initiator's part of a new IKE SA. */
void v2_init_prepare(struct ike_sa *sa);
/* A peer's first message, before there is an IKE SA. */
void v2_init_accept(struct ike *ike, const struct msg_header *h, const uint8_t *raw, size_t len,
		    const struct endpoint *local, const struct endpoint *remote);

#endif
