// SPDX-License-Identifier: GPL-2.0
/*
 * EAP-MSCHAPv2, draft-kamath-pppext-eap-mschapv2-02, with RFC 2759 and the key of RFC 3079. Both
 * ends prove that they know the password; but who listens, or plays the server, can try passwords
 * until one fits: the server has to have proved itself before, RFC 5998 4.
 */
#include <ctype.h>
#include <stdlib.h>

#include "ike/auth/eap.h"

enum { OP_CHALLENGE = 1, OP_RESPONSE, OP_SUCCESS, OP_FAILURE };
enum { PHASE_BEGIN, PHASE_CHALLENGED, PHASE_SUCCESS, PHASE_FAILURE };

#define RESPONSE_VALUE_LEN	49	/* challenge, 8 zeros, NT-Response, flags */
#define TEXT_MAX		256	/* octets of a message of the server's */

/* A packet of more than its code: the identifier is that of the challenge, the length the rest. */
static struct writer eap_mschapv2_begin(struct eap *e, uint8_t code, uint8_t op, uint8_t id)
{
	struct writer w = eap_packet_begin(e, code, EAP_TYPE_MSCHAPV2);

	writer_u8(&w, op);
	writer_u8(&w, op == OP_CHALLENGE ? e->id : id);
	writer_u16(&w, 0);
	return w;
}

static enum auth_state eap_mschapv2_end(struct eap *e, struct writer *w)
{
	if (!w->overflow)
		writer_patch_u16(w, EAP_HEADER_LEN + 2, (uint16_t)(w->len - EAP_HEADER_LEN));
	return eap_packet_end(e, w);
}

void eap_mschapv2_hex(struct writer *w, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char text[3];

		snprintf(text, sizeof(text), "%02X", p[i]);
		writer_bytes(w, text, 2);
	}
}

/* An acknowledgement: only the code. */
static enum auth_state eap_mschapv2_acknowledge(struct eap *e, uint8_t op)
{
	struct writer w = eap_packet_begin(e, EAP_RESPONSE, EAP_TYPE_MSCHAPV2);

	writer_u8(&w, op);
	return eap_packet_end(e, &w);
}

static bool eap_mschapv2_take_key(struct eap *e)
{
	if (e->made_len != IKE_EAP_MSCHAP_LEN)
		return false;
	memcpy(e->s->key, MADE_MSK(e), MSCHAP_MSK_LEN);
	e->s->key_len = MSCHAP_MSK_LEN;
	return true;
}

/* ---- server */

static enum auth_state eap_mschapv2_challenge(struct eap *e)
{
	struct writer w = eap_mschapv2_begin(e, EAP_REQUEST, OP_CHALLENGE, 0);
	struct ike_id *id = &e->s->sa->local_id;

	ike_random(e->s->sa->ike, e->challenge, sizeof(e->challenge));
	e->phase = PHASE_CHALLENGED;
	writer_u8(&w, sizeof(e->challenge));
	writer_bytes(&w, e->challenge, sizeof(e->challenge));
	/* a name is asked for, of whichever form */
	writer_bytes(&w, id->data, id->len);
	return eap_mschapv2_end(e, &w);
}

/* "E=691 R=0": authentication failure, no other try; RFC 2759 6 */
static enum auth_state eap_mschapv2_refuse(struct eap *e, uint8_t id)
{
	static const char head[] = "E=691 R=0 C=", tail[] = " V=3 M=Authentication failed";
	struct writer w = eap_mschapv2_begin(e, EAP_REQUEST, OP_FAILURE, id);
	uint8_t challenge[MSCHAP_CHALLENGE_LEN];

	snprintf(e->why, sizeof(e->why), "%s", e->s->why);
	ike_random(e->s->sa->ike, challenge, sizeof(challenge));
	writer_bytes(&w, head, strlen(head));
	eap_mschapv2_hex(&w, challenge, sizeof(challenge));
	writer_bytes(&w, tail, strlen(tail));
	e->phase = PHASE_FAILURE;
	return eap_mschapv2_end(e, &w);
}

static enum auth_state eap_mschapv2_accept(struct eap *e, uint8_t id)
{
	static const char tail[] = " M=Welcome";
	struct writer w = eap_mschapv2_begin(e, EAP_REQUEST, OP_SUCCESS, id);

	if (!eap_mschapv2_take_key(e))
		return eap_packet_fail(e, "the keeper of the password answers with too little");
	writer_bytes(&w, "S=", 2);
	eap_mschapv2_hex(&w, MADE_PROOF(e), MSCHAP_PROOF_LEN);
	writer_bytes(&w, tail, strlen(tail));
	e->phase = PHASE_SUCCESS;
	return eap_mschapv2_end(e, &w);
}

static enum auth_state eap_mschapv2_judge(struct eap *e, struct cursor *c)
{
	uint8_t octets[2 * MSCHAP_CHALLENGE_LEN + MSCHAP_RESPONSE_LEN], id, size, flags;
	struct writer w = writer_of(octets, sizeof(octets));
	struct cursor peer, zeros, response;
	uint16_t len;

	if (!cursor_u8(c, &id) || !cursor_u16(c, &len) || !cursor_u8(c, &size) ||
	    size != RESPONSE_VALUE_LEN || !cursor_sub(c, MSCHAP_CHALLENGE_LEN, &peer) ||
	    !cursor_sub(c, 8, &zeros) || !cursor_sub(c, MSCHAP_RESPONSE_LEN, &response) ||
	    !cursor_u8(c, &flags))
		return eap_packet_fail(e, "a malformed answer to the challenge of mschapv2");
	if (eap_packet_answered(e))
		return e->s->why[0] ? eap_mschapv2_refuse(e, id) : eap_mschapv2_accept(e, id);
	/* the password of the one is checked, and the other let in? */
	if (c->left != e->user_len || memcmp(c->at, e->user, c->left))
		return eap_packet_fail(e, "its name in mschapv2 is not its EAP identity");
	writer_bytes(&w, e->challenge, sizeof(e->challenge));
	writer_bytes(&w, peer.at, peer.left);
	writer_bytes(&w, response.at, response.left);
	return eap_packet_ask(e, IKE_EAP_MSCHAP_CHECK, (struct chunk){ octets, w.len });
}

static enum auth_state eap_mschapv2_server(struct eap *e, const struct eap_packet *in)
{
	struct cursor c;
	uint8_t op;

	if (!in)
		return eap_mschapv2_challenge(e);
	c = cursor_of(in->data.p, in->data.len);
	if (!cursor_u8(&c, &op))
		return eap_packet_fail(e, "an empty message of mschapv2");
	if (e->phase == PHASE_FAILURE)
		return eap_packet_fail(e, "%s", e->why);
	if (e->phase == PHASE_CHALLENGED && op == OP_RESPONSE)
		return eap_mschapv2_judge(e, &c);
	if (e->phase == PHASE_SUCCESS && op == OP_SUCCESS)
		return AUTH_DONE;
	return eap_packet_fail(e, "an unexpected message of mschapv2: code %u", op);
}

/* ---- client */

static enum auth_state eap_mschapv2_respond(struct eap *e, uint8_t id)
{
	static const uint8_t zeros[8];
	struct writer w = eap_mschapv2_begin(e, EAP_RESPONSE, OP_RESPONSE, id);

	if (e->s->why[0])
		return AUTH_FAILED;
	if (e->made_len != IKE_EAP_MSCHAP_LEN)
		return eap_packet_fail(e, "the answer to the challenge cannot be made");
	writer_u8(&w, RESPONSE_VALUE_LEN);
	writer_bytes(&w, e->challenge, sizeof(e->challenge));
	writer_bytes(&w, zeros, sizeof(zeros));
	writer_bytes(&w, MADE_RESPONSE(e), MSCHAP_RESPONSE_LEN);
	writer_u8(&w, 0);
	writer_bytes(&w, e->user, e->user_len);
	e->phase = PHASE_CHALLENGED;
	return eap_mschapv2_end(e, &w);
}

static enum auth_state eap_mschapv2_challenged(struct eap *e, struct cursor *c)
{
	uint8_t octets[2 * MSCHAP_CHALLENGE_LEN], id, size;
	struct writer w = writer_of(octets, sizeof(octets));
	struct cursor theirs;
	uint16_t len;

	if (!cursor_u8(c, &id) || !cursor_u16(c, &len) || !cursor_u8(c, &size) ||
	    size != MSCHAP_CHALLENGE_LEN || !cursor_sub(c, size, &theirs))
		return eap_packet_fail(e, "the server's challenge of mschapv2 is malformed");
	if (eap_packet_answered(e))
		return eap_mschapv2_respond(e, id);
	ike_random(e->s->sa->ike, e->challenge, sizeof(e->challenge));
	writer_bytes(&w, theirs.at, theirs.left);
	writer_bytes(&w, e->challenge, sizeof(e->challenge));
	return eap_packet_ask(e, IKE_EAP_MSCHAP_ANSWER, (struct chunk){ octets, w.len });
}

/* The text of a success or failure. */
static bool eap_mschapv2_text(struct cursor *c, char text[TEXT_MAX])
{
	uint16_t ms_len;
	uint8_t id;
	size_t len;

	if (!cursor_u8(c, &id) || !cursor_u16(c, &ms_len))
		return false;
	len = c->left < TEXT_MAX - 1 ? c->left : TEXT_MAX - 1;
	memcpy(text, c->at, len);
	text[len] = '\0';
	for (char *t = text; *t; t++)
		if (!isprint((unsigned char)*t))
			*t = '?';
	return true;
}

bool eap_mschapv2_proves(const struct eap *e, const char *text)
{
	uint8_t want[64] = { 0 };
	struct writer w = writer_of(want, sizeof(want));
	char digits[43];

	snprintf(digits, sizeof(digits), "%s", text);
	for (char *t = digits; *t; t++)
		*t = (char)toupper((unsigned char)*t);
	writer_bytes(&w, "S=", 2);
	eap_mschapv2_hex(&w, MADE_PROOF(e), MSCHAP_PROOF_LEN);
	return strlen(digits) >= w.len && crypto_equal(digits, want, w.len);
}

static enum auth_state eap_mschapv2_welcomed(struct eap *e, struct cursor *c)
{
	char text[TEXT_MAX];

	if (!eap_mschapv2_text(c, text))
		return eap_packet_fail(e, "the server's success of mschapv2 is malformed");
	if (!eap_mschapv2_proves(e, text))
		return eap_packet_fail(e,
				       "the server does not prove that it knows the password of %.*s",
				       (int)e->user_len, (const char *)e->user);
	if (!eap_mschapv2_take_key(e))
		return eap_packet_fail(e, "there is no key");
	e->phase = PHASE_SUCCESS;
	e->proved = true;
	return eap_mschapv2_acknowledge(e, OP_SUCCESS);
}

/* Its reason is kept for EAP-Failure, which follows. Neither another try nor another password. */
static enum auth_state eap_mschapv2_refused(struct eap *e, struct cursor *c)
{
	char text[TEXT_MAX];
	int error;

	if (!eap_mschapv2_text(c, text))
		return eap_packet_fail(e, "the server's failure of mschapv2 is malformed");
	error = strncmp(text, "E=", 2) ? 0 : atoi(text + 2);
	snprintf(e->why, sizeof(e->why), "%s (%.100s)",
		 error == 648 ? "the password has expired: change it at the server" :
		 error == 647 ? "the account is disabled" :
		 error == 646 ? "not at this time of the day" :
		 error == 649 ? "the account may not dial in" :
		 error == 691 ? "wrong password or user name" : "the server refuses", text);
	e->phase = PHASE_FAILURE;
	return eap_mschapv2_acknowledge(e, OP_FAILURE);
}

static enum auth_state eap_mschapv2_client(struct eap *e, const struct eap_packet *in)
{
	struct cursor c = cursor_of(in->data.p, in->data.len);
	uint8_t op;

	if (!cursor_u8(&c, &op))
		return eap_packet_fail(e, "an empty message of mschapv2");
	if (e->phase == PHASE_BEGIN && op == OP_CHALLENGE)
		return eap_mschapv2_challenged(e, &c);
	if (e->phase == PHASE_CHALLENGED && op == OP_SUCCESS)
		return eap_mschapv2_welcomed(e, &c);
	if (e->phase == PHASE_CHALLENGED && op == OP_FAILURE)
		return eap_mschapv2_refused(e, &c);
	return eap_packet_fail(e, "an unexpected message of mschapv2: code %u", op);
}

const struct eap_method eap_mschapv2 = {
	.name = "mschapv2",
	.type = EAP_TYPE_MSCHAPV2,
	.password = true,
	.server = eap_mschapv2_server,
	.client = eap_mschapv2_client,
};
