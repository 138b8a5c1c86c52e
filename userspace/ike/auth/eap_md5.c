// SPDX-License-Identifier: GPL-2.0
/* MD5-Challenge, RFC 3748 5.4: CHAP. It proves the client only, and gives no key. */
#include "ike/auth/eap.h"

/* A value with its length in front; a name may follow. */
static bool eap_md5_value(const struct eap_packet *in, struct cursor *value)
{
	struct cursor c = cursor_of(in->data.p, in->data.len);
	uint8_t len;

	return cursor_u8(&c, &len) && len && cursor_sub(&c, len, value);
}

static enum auth_state eap_md5_build(struct eap *e, uint8_t code, const uint8_t value[16])
{
	struct writer w = eap_packet_begin(e, code, EAP_TYPE_MD5);

	writer_u8(&w, 16);
	writer_bytes(&w, value, 16);
	return eap_packet_end(e, &w);
}

static enum auth_state eap_md5_server(struct eap *e, const struct eap_packet *in)
{
	uint8_t octets[1 + CHAP_MD5_LEN + sizeof(e->challenge)];
	struct writer w = writer_of(octets, sizeof(octets));
	struct cursor value;

	if (!in) {
		ike_random(e->s->sa->ike, e->challenge, sizeof(e->challenge));
		return eap_md5_build(e, EAP_REQUEST, e->challenge);
	}
	if (eap_packet_answered(e))
		return e->s->why[0] ? AUTH_FAILED : AUTH_DONE;
	if (!eap_md5_value(in, &value) || value.left != CHAP_MD5_LEN)
		return eap_packet_fail(e, "a malformed answer to the MD5 challenge");
	writer_u8(&w, in->id);
	writer_bytes(&w, value.at, value.left);
	writer_bytes(&w, e->challenge, sizeof(e->challenge));
	return eap_packet_ask(e, IKE_EAP_MD5_CHECK, (struct chunk){ octets, w.len });
}

static enum auth_state eap_md5_client(struct eap *e, const struct eap_packet *in)
{
	uint8_t octets[1 + UINT8_MAX];
	struct writer w = writer_of(octets, sizeof(octets));
	struct cursor value;

	if (eap_packet_answered(e)) {
		if (e->s->why[0])
			return AUTH_FAILED;
		if (e->made_len != CHAP_MD5_LEN)
			return eap_packet_fail(e, "the answer to the challenge cannot be made");
		e->proved = true;
		return eap_md5_build(e, EAP_RESPONSE, e->made);
	}
	if (!eap_md5_value(in, &value))
		return eap_packet_fail(e, "the server's MD5 challenge is malformed");
	writer_u8(&w, in->id);
	writer_bytes(&w, value.at, value.left);
	return eap_packet_ask(e, IKE_EAP_MD5_ANSWER, (struct chunk){ octets, w.len });
}

const struct eap_method eap_md5 = {
	.name = "md5",
	.type = EAP_TYPE_MD5,
	.password = true,
	.server = eap_md5_server,
	.client = eap_md5_client,
};
