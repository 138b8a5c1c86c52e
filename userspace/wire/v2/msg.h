/* SPDX-License-Identifier: GPL-2.0 */
/*
 * IKEv2 messages, RFC 7296 3: bytes to one struct of views. A view (struct cursor) points into the
 * parsed bytes and lives as long as they do; an absent one has at == NULL. Parsing has no side
 * effects and allocates nothing.
 */
#ifndef WIRE_MSG_H
#define WIRE_MSG_H

#include "lib/ts.h"
#include "lib/cursor.h"
#include "suite/ikev2.h"
#include "suite/proposal.h"
#include "wire/header.h"

#define MSG_NOTIFIES_MAX	64
#define MSG_DELETES_MAX		16
#define MSG_CERTS_MAX		16
#define MSG_CP_MAX		64
#define MSG_NONCE_MIN		16	/* RFC 7296 2.10 */
#define MSG_NONCE_MAX		256

/* What a message is, by its exchange, direction and payloads: rules_check() says it. */
enum msg_kind {
	MSG_INIT,			/* SA, KE, Nonce */
	MSG_RESUME,			/* Nonce; request with a ticket, RFC 5723 */
	MSG_AUTH,			/* request IDi, AUTH, SA, TSi, TSr; response IDr, AUTH */
	MSG_AUTH_BEGIN,			/* request without AUTH: asks for EAP, RFC 7296 2.16 */
	MSG_AUTH_AGAIN,			/* and without SA: next proof, RFC 4739; or childless */
	MSG_AUTH_ROUND,			/* EAP, either way */
	MSG_AUTH_PROOF,			/* AUTH after EAP; the response with SA, TSi, TSr */
	MSG_AUTH_GRANTED,		/* response without AUTH: to the last of several proofs */
	MSG_AUTH_NO_CHILD,		/* and with an error that may be about the child only */
	MSG_CHILD,			/* SA, Nonce, TSi, TSr: new, or the rekey of one */
	MSG_REKEY_IKE,			/* SA of IKE, Nonce, KE */
	MSG_INFO,
	MSG_INTERMEDIATE,		/* IKE_INTERMEDIATE with KE, RFC 9370 2.2.2 */
	MSG_FOLLOWUP,			/* IKE_FOLLOWUP_KE with KE, RFC 9370 2.2.4 */
	MSG_DECLINED,			/* response: notifies in the place of the rest */
};

/* One offered or chosen proposal beyond its transforms. */
struct msg_offer {
	uint8_t number;			/* 1, 2, ...; an answer repeats that of the offer */
	uint8_t spi_len;		/* 0, 4 or 8 */
	uint8_t skipped;		/* transforms beyond our table */
	uint64_t spi;			/* big-endian value of the SPI; ESP: in the low 32 bits */
};

/* As many proposals as fit into a message, proven sound: msg_sa_next() reads them. */
struct msg_sa {
	uint16_t count;
	uint8_t protocol;		/* of the first; 0: there is none */
	bool no_addke;			/* for msg_sa_select() */
	unsigned int skipped;		/* transforms of all beyond our tables */
	struct cursor proposals;
};

struct msg_ke {
	uint16_t group;
	struct cursor data;		/* never empty */
};

struct msg_id {
	uint8_t type;
	struct cursor data;		/* may be empty */
	struct cursor body;		/* IDi', IDr' of RFC 7296 2.15 */
};

struct msg_auth {
	uint8_t method;
	struct cursor data;
};

/* Up to 255 selectors, proven sound: msg_ts_next() reads them. */
struct msg_ts {
	uint8_t count;			/* of known type */
	uint8_t skipped;		/* of unknown type */
	struct cursor selectors;
};

struct msg_notify {
	uint16_t type;
	uint8_t protocol;		/* 0, PROTO_IKE, PROTO_AH, PROTO_ESP */
	uint8_t spi_len;
	uint64_t spi;			/* where spi_len is 4 or 8; else 0 */
	struct cursor data;		/* may be empty; at != NULL */
};

struct msg_delete {
	uint8_t protocol;
	uint8_t spi_len;		/* of AH and ESP always 4 */
	uint16_t count;			/* PROTO_IKE: of no meaning, it is this IKE SA */
	struct cursor spis;
};

struct msg_cp_attr {
	uint16_t type;
	struct cursor value;		/* empty: it is asked for; at != NULL */
};

/* What the attributes mean is in wire/v2/cp.h. */
struct msg_cp {
	uint8_t type;			/* 0: there is none */
	uint8_t count;
	unsigned int skipped;		/* of a length they cannot have, or beyond MSG_CP_MAX */
	struct msg_cp_attr attr[MSG_CP_MAX];
};

struct msg_cert {
	uint8_t encoding;
	struct cursor data;
};

/*
 * Where a payload that may stand once is there twice, the first is read and seen[] tells:
 * rules_check refuses it.
 */
struct msg {
	uint8_t seen[256];		/* payloads of each type, at most 255; unknown ones too */
	struct msg_sa sa;
	struct msg_ke ke;
	struct cursor nonce;
	struct msg_id idi, idr;
	struct msg_auth auth;
	struct msg_ts tsi, tsr;
	struct msg_notify notify[MSG_NOTIFIES_MAX];
	unsigned int notify_count;
	struct msg_delete del[MSG_DELETES_MAX];
	unsigned int del_count;
	struct msg_cert cert[MSG_CERTS_MAX], certreq[MSG_CERTS_MAX];
	unsigned int cert_count, certreq_count;
	struct msg_cp cp;
	struct cursor eap;		/* the whole body */

	/* The Encrypted payload, always the last of the outer chain. */
	struct cursor sk;		/* body: IV, ciphertext, ICV */
	size_t sk_offset;		/* of that body in the message: @body of sk_open() */
	uint8_t sk_first;		/* type of the first payload inside */
	bool fragment;			/* it is an SKF, RFC 7383: */
	uint16_t number, total;		/* 1 to @total, of so many */

	enum msg_kind kind;		/* once rules_check() has seen it */
	uint8_t bad_payload;		/* where parsing ended; 0: not in a payload */
	const char *why;		/* a few words for the log, when not MSG_OK */
};

/* A chain of payloads: the rest of a message behind its header, or what sk_open() made visible. */
enum msg_result msg_parse_payloads(struct cursor chain, uint8_t first, struct msg *m);

/* Both. @m is filled as far as parsing came. */
enum msg_result msg_parse(const uint8_t *p, size_t len, struct msg_header *h, struct msg *m);

/*
 * The next of known type of a copy of msg_ts.selectors: start <= end, in the ports too, OPAQUE
 * excepted. False: there is none.
 */
bool msg_ts_next(struct cursor *selectors, struct ts *ts);

/*
 * The next of a copy of msg_sa.proposals. Transforms unknown to proposal.h are kept under their
 * numbers, those with unknown attributes marked unusable, so that a choice refuses exactly what RFC
 * 7296 3.3.6 wants refused. False: there is none.
 */
bool msg_sa_next(struct cursor *proposals, struct proposal *p, struct msg_offer *offer);
/*
 * What a responder chooses of all (struct choice), and the offer that it answers. With
 * @theirs->no_addke never an additional key exchange: one that does not say that it does RFC 9242
 * cannot mean those that it offers. False: nothing in common.
 */
bool msg_sa_select(const struct msg_sa *theirs, const struct proposals *ours, bool ignore_ke,
		   struct proposal *chosen, struct msg_offer *offer);
/* The same where ours is one suite: the first of theirs that has it. */
bool msg_sa_find(const struct msg_sa *theirs, const struct proposal *suite,
		 struct proposal *chosen, struct msg_offer *offer);

/* The first notify of a type, or NULL. */
const struct msg_notify *msg_notify(const struct msg *m, uint16_t type);
/* The first error notify, or NULL. */
const struct msg_notify *msg_error(const struct msg *m);
/* The @i-th SPI of a DELETE with SPIs of 4 octets; 0: there is none. */
uint32_t msg_delete_spi(const struct msg_delete *d, unsigned int i);

#endif
