/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Building IKEv2 messages, RFC 7296 3: the reverse of msg.h. A step that does not fit sets
 * w.overflow, and the end functions then return 0; the steps between need no checks.
 *
 *	build_begin(&b, buf, sizeof(buf), &header);
 *	build_sk_begin(&b, sk_iv_len(sk));			(protected messages only)
 *	build_notify(...); build_sa(...);
 *	len = build_sk_end(&b, sk_sealed_len(sk, build_sk_plain(&b)));	or  len = build_end(&b);
 *	ok = len && sk_seal(sk, buf, b.sk_body, b.sk_plain);
 */
#ifndef WIRE_BUILD_H
#define WIRE_BUILD_H

#include "lib/mem.h"
#include "wire/v2/msg.h"

struct builder {
	struct writer w;		/* the whole message from its header on */
	size_t next_at;			/* where the type of the next payload is to be written */
	size_t payload_at;		/* generic header of the payload being built */
	size_t sk_at;			/* generic header of the Encrypted payload; 0: none */
	size_t sk_body;			/* offset of its body: @body of sk_seal() */
	size_t sk_iv_len;
	size_t sk_plain;		/* octets of inner payloads, once build_sk_end was called */
};

/* @h: first, len, major and minor are set by the builder (2.0); flags as they shall be. */
void build_begin(struct builder *b, void *buf, size_t cap, const struct msg_header *h);
/* Length of the message, 0: it did not fit. */
size_t build_end(struct builder *b);

/* Payloads from here on are inside the Encrypted payload. */
void build_sk_begin(struct builder *b, size_t iv_len);
/*
 * A fragment instead, RFC 7383 2.5: what is written from here on is a piece of the chain of
 * payloads. @first: type of the first payload of the whole.
 */
void build_skf_begin(struct builder *b, uint16_t number, uint16_t total, uint8_t first,
		     size_t iv_len);
size_t build_sk_plain(const struct builder *b);	/* octets of inner payloads so far */
/* @sealed: octets of the body, IV and ICV included. Length of the message, 0: it did not fit. */
size_t build_sk_end(struct builder *b, size_t sealed);

/* Any payload: between these two the body is written to @b->w. */
void build_payload(struct builder *b, uint8_t type);
void build_payload_end(struct builder *b);

/*
 * @first gives the number of the first, from which they count up, and the SPI of each; NULL:
 * numbered from 1, without SPI (IKE_SA_INIT).
 */
void build_sa(struct builder *b, const struct proposals *list, const struct msg_offer *first);
/* One proposal, with our SPI; in an answer it has the number of what it answers. */
void build_sa_one(struct builder *b, const struct proposal *p, const struct msg_offer *offer);
/* One of them, where the payload has been begun. */
void build_proposal(struct builder *b, const struct proposal *p, const struct msg_offer *offer,
		    bool last);
void build_ke(struct builder *b, uint16_t group, const void *data, size_t len);
void build_nonce(struct builder *b, const void *nonce, size_t len);
/* @type: PAYLOAD_IDI or PAYLOAD_IDR */
void build_id(struct builder *b, uint8_t type, uint8_t id_type, const void *data, size_t len);
void build_auth(struct builder *b, uint8_t method, const void *data, size_t len);
/*
 * @type: PAYLOAD_CERT, of one certificate or key, or PAYLOAD_CERTREQ, of any number of hashes of
 * CAs' keys, RFC 7296 3.6 and 3.7. @encoding: enum cert_encoding.
 */
void build_cert(struct builder *b, uint8_t type, uint8_t encoding, const struct chunk *data,
		size_t count);
/* @type: PAYLOAD_TSI or PAYLOAD_TSR */
void build_ts(struct builder *b, uint8_t type, const struct ts *ts, size_t count);
/* @spi_len 0, 4 or 8 */
void build_notify(struct builder *b, uint16_t type, uint8_t protocol, uint64_t spi, uint8_t spi_len,
		  const void *data, size_t len);
/* @count 0: the IKE SA */
void build_delete(struct builder *b, uint8_t protocol, const uint32_t *spis, size_t count);

/* IDi' or IDr' of RFC 7296 2.15: the body of an ID payload, for AUTH. */
void id_body(struct writer *w, uint8_t id_type, const void *data, size_t len);

#endif
