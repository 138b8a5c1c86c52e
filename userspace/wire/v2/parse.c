// SPDX-License-Identifier: GPL-2.0
/* The chain of payloads, RFC 7296 3.2, and the bodies that have no file of their own. */
#include <string.h>
#include "wire/v2/payload.h"

#define CRITICAL	0x80
#define GENERIC_LEN	4
#define SKF_NUMBERS_LEN	4	/* number and total, RFC 7383 2.5 */

static struct cursor rest(struct cursor *c)
{
	struct cursor all = *c;

	cursor_skip(c, c->left);
	return all;
}

static const char *parse_ke(struct cursor *c, struct msg_ke *ke)
{
	uint16_t reserved;

	if (!cursor_u16(c, &ke->group) || !cursor_u16(c, &reserved))
		return "it is cut short";
	if (!c->left)
		return "the public value is missing";
	ke->data = rest(c);
	return NULL;
}

static const char *parse_id(struct cursor *c, struct msg_id *id)
{
	struct cursor body = *c;

	if (!cursor_u8(c, &id->type) || !cursor_skip(c, 3))
		return "it is cut short";
	id->data = rest(c);
	if ((id->type == ID_IPV4_ADDR && id->data.left != 4) ||
	    (id->type == ID_IPV6_ADDR && id->data.left != 16))
		return "an address identity has the wrong length";
	id->body = body;
	return NULL;
}

static const char *parse_auth(struct cursor *c, struct msg_auth *auth)
{
	if (!cursor_u8(c, &auth->method) || !cursor_skip(c, 3))
		return "it is cut short";
	if (!c->left)
		return "the authentication data is missing";
	auth->data = rest(c);
	return NULL;
}

static const char *parse_nonce(struct cursor *c, struct cursor *nonce)
{
	if (c->left < MSG_NONCE_MIN || c->left > MSG_NONCE_MAX)
		return "the nonce is not of 16 to 256 octets";
	*nonce = rest(c);
	return NULL;
}

static const char *parse_notify(struct cursor *c, struct msg_notify *n)
{
	struct cursor spi;
	uint32_t v;

	if (!cursor_u8(c, &n->protocol) || !cursor_u8(c, &n->spi_len) || !cursor_u16(c, &n->type) ||
	    !cursor_sub(c, n->spi_len, &spi))
		return "it is cut short";
	if (spi.left == 4 && cursor_u32(&spi, &v))
		n->spi = v;
	else if (spi.left == 8)
		cursor_u64(&spi, &n->spi);
	n->data = rest(c);
	return NULL;
}

static const char *parse_delete(struct cursor *c, struct msg_delete *d)
{
	if (!cursor_u8(c, &d->protocol) || !cursor_u8(c, &d->spi_len) || !cursor_u16(c, &d->count))
		return "it is cut short";
	if (d->protocol != PROTO_IKE && d->protocol != PROTO_AH && d->protocol != PROTO_ESP)
		return "its protocol is unknown";
	if (d->protocol != PROTO_IKE && d->spi_len != 4)
		return "its SPIs are not of 4 octets";
	d->spis = rest(c);
	if (d->spis.left != (size_t)d->spi_len * d->count)
		return "the number of its SPIs is wrong";
	return NULL;
}

static const char *parse_cert(struct cursor *c, struct msg_cert *list, unsigned int *count)
{
	struct msg_cert cert;

	if (!cursor_u8(c, &cert.encoding))
		return "it is cut short";
	cert.data = rest(c);
	/* more than we can use is not an error of the message */
	if (*count < MSG_CERTS_MAX)
		list[(*count)++] = cert;
	return NULL;
}

static const char *parse_one_notify(struct cursor *c, struct msg *m)
{
	const char *why;

	if (m->notify_count == MSG_NOTIFIES_MAX)
		return "there are too many of them";
	why = parse_notify(c, &m->notify[m->notify_count]);
	if (!why)
		m->notify_count++;
	return why;
}

static const char *parse_one_delete(struct cursor *c, struct msg *m)
{
	const char *why;

	if (m->del_count == MSG_DELETES_MAX)
		return "there are too many of them";
	why = parse_delete(c, &m->del[m->del_count]);
	if (!why)
		m->del_count++;
	return why;
}

/*
 * Body of a known payload. Those that may stand once are read once; seen[] shows the rules a second
 * one.
 */
static const char *parse_body(uint8_t type, struct cursor *c, struct msg *m)
{
	bool again = m->seen[type];

	switch (type) {
	case PAYLOAD_SA:
		return again ? NULL : parse_sa(c, &m->sa);
	case PAYLOAD_KE:
		return again ? NULL : parse_ke(c, &m->ke);
	case PAYLOAD_IDI:
		return again ? NULL : parse_id(c, &m->idi);
	case PAYLOAD_IDR:
		return again ? NULL : parse_id(c, &m->idr);
	case PAYLOAD_CERT:
		return parse_cert(c, m->cert, &m->cert_count);
	case PAYLOAD_CERTREQ:
		return parse_cert(c, m->certreq, &m->certreq_count);
	case PAYLOAD_AUTH:
		return again ? NULL : parse_auth(c, &m->auth);
	case PAYLOAD_NONCE:
		return again ? NULL : parse_nonce(c, &m->nonce);
	case PAYLOAD_NOTIFY:
		return parse_one_notify(c, m);
	case PAYLOAD_DELETE:
		return parse_one_delete(c, m);
	case PAYLOAD_TSI:
		return again ? NULL : parse_ts(c, &m->tsi);
	case PAYLOAD_TSR:
		return again ? NULL : parse_ts(c, &m->tsr);
	case PAYLOAD_CP:
		return again ? NULL : parse_cp(c, &m->cp);
	case PAYLOAD_EAP:
		if (!again)
			m->eap = rest(c);
		return NULL;
	default:
		return NULL;	/* V, and what RFC 7296 2.5 lets us skip */
	}
}

static bool known(uint8_t type)
{
	return (type >= PAYLOAD_SA && type <= PAYLOAD_EAP) || type == PAYLOAD_SKF;
}

static enum msg_result malformed(struct msg *m, uint8_t type, const char *why)
{
	m->bad_payload = type;
	m->why = why;
	return MSG_MALFORMED;
}

/* @offset: of the body in the message */
static enum msg_result take_sk(struct msg *m, uint8_t type, uint8_t first, struct cursor body,
			       size_t offset, size_t left)
{
	if (left)
		return malformed(m, type, "payloads follow it");
	m->fragment = type == PAYLOAD_SKF;
	if (m->fragment) {
		if (!cursor_u16(&body, &m->number) || !cursor_u16(&body, &m->total))
			return malformed(m, type, "it is cut short");
		if (!m->number || m->number > m->total)
			return malformed(m, type, "its number is not one of its total");
		offset += SKF_NUMBERS_LEN;
	}
	m->sk = body;
	m->sk_offset = offset;
	m->sk_first = first;
	return MSG_OK;
}

static enum msg_result parse_chain(struct cursor chain, uint8_t type, struct msg *m)
{
	size_t total = chain.left, offset;
	struct cursor body;
	uint8_t next, flags;
	const char *why;
	uint16_t len;

	for (; type != PAYLOAD_NONE; type = next) {
		if (!cursor_u8(&chain, &next) || !cursor_u8(&chain, &flags) ||
		    !cursor_u16(&chain, &len))
			return malformed(m, type, "the message ends before it");
		offset = MSG_HEADER_LEN + total - chain.left;
		if (len < GENERIC_LEN || !cursor_sub(&chain, len - GENERIC_LEN, &body))
			return malformed(m, type, "its length is wrong");
		if (!known(type) && (flags & CRITICAL)) {
			m->bad_payload = type;
			m->why = "it is critical and unknown";
			return MSG_CRITICAL;
		}
		why = parse_body(type, &body, m);
		if (why)
			return malformed(m, type, why);
		if (m->seen[type] < 255)
			m->seen[type]++;
		if (type == PAYLOAD_SK || type == PAYLOAD_SKF)
			return take_sk(m, type, next, body, offset, chain.left);
	}
	return chain.left
		       ? malformed(m, PAYLOAD_NONE, "octets are left over behind the last payload")
		       : MSG_OK;
}

enum msg_result msg_parse_payloads(struct cursor chain, uint8_t first, struct msg *m)
{
	memset(m, 0, sizeof(*m));
	return parse_chain(chain, first, m);
}

enum msg_result msg_parse(const uint8_t *p, size_t len, struct msg_header *h, struct msg *m)
{
	enum msg_result result = msg_parse_header(p, len, h);
	struct cursor c = cursor_of(p, len);

	memset(m, 0, sizeof(*m));
	if (result == MSG_BAD_VERSION)
		m->why = "its major version is not 2";
	if (result == MSG_MALFORMED)
		m->why = "the header is cut short, has the wrong length or no SPI";
	if (result != MSG_OK || !cursor_skip(&c, MSG_HEADER_LEN))
		return result;
	return parse_chain(c, h->first, m);
}

const struct msg_notify *msg_notify(const struct msg *m, uint16_t type)
{
	unsigned int i;

	for (i = 0; i < m->notify_count; i++)
		if (m->notify[i].type == type)
			return &m->notify[i];
	return NULL;
}

const struct msg_notify *msg_error(const struct msg *m)
{
	unsigned int i;

	for (i = 0; i < m->notify_count; i++)
		if (m->notify[i].type < NOTIFY_STATUS)
			return &m->notify[i];
	return NULL;
}

uint32_t msg_delete_spi(const struct msg_delete *d, unsigned int i)
{
	struct cursor c = d->spis;
	uint32_t spi;

	if (d->spi_len != 4 || !cursor_skip(&c, 4 * (size_t)i) || !cursor_u32(&c, &spi))
		return 0;
	return spi;
}
