/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Exchanges: message ids, one outstanding request each way (window 1, RFC 7296 2.3),
 * retransmission, the cached answer, protection, and the way from a message to its row of the
 * transition table and back.
 */
#ifndef IKE_XCHG_H
#define IKE_XCHG_H

#include "ike/core/engine.h"

/*
 * Retransmission, RFC 7296 2.1 and 2.4: the request and five more, after 1, 2, 4, 8 and 16 s;
 * given up 16 s after the last, 47 s after the first.
 */
#define XCHG_TRIES		6U
#define XCHG_FIRST_WAIT_MS	1000
#define XCHG_LAST_WAIT_MS	16000

struct transition;

/* The simultaneous rekey that the peer began while ours was under way, RFC 7296 2.8.1. */
struct rival {
	uint32_t spi_in;		/* its inbound SPI; 0: there is no rival */
	bool gone;			/* the peer has deleted it */
	uint16_t low_len;
	uint8_t low[MSG_NONCE_MAX];	/* the lower of its two nonces */
};

/* Our outstanding request. */
struct request {
	bool active;
	uint8_t exchange;
	uint32_t id;
	uint8_t *msg;
	size_t len;
	unsigned int tries;
	uint64_t wait_ms, first_ms;
	struct timer timer;

	uint32_t subject;		/* inbound SPI of the child it rekeys or deletes; 0: none */
	bool deletes_ike;

	/* CREATE_CHILD_SA */
	uint32_t new_spi;		/* reserved inbound SPI; ours to free */
	uint16_t group;			/* 0: without KE */
	struct ke *ke;
	uint8_t nonce[IKE_NONCE_LEN];
	struct rival rival;
};

struct cause {
	enum ike_failure failure;
	char text[IKE_DETAIL_MAX];
};

void cause_set(struct cause *cause, enum ike_failure failure, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

enum verdict {
	VERDICT_DONE, /* the row's next state */
	VERDICT_STAY, /* the exchange is complete, the state remains */
	VERDICT_FAIL, /* the row's fail state; a request is answered with what was built */
	VERDICT_DROP, /* as if it had not come: only for unauthenticated messages */
};

/* A message on its way through its handler. */
struct xchg {
	struct ike_sa *sa;
	const struct transition *row;
	const struct msg_header *h;
	const struct msg *in;
	const uint8_t *raw;		/* as received */
	size_t raw_len;
	const struct endpoint *local, *remote;
	struct builder b;		/* the answer, when it is a request */

	/*
	 * Why the state changes. With a failure the tunnel hears of it, and the IKE SA closes
	 * once the answer has left.
	 */
	struct cause cause;
};

/* A datagram for @sa. */
void xchg_input(struct ike_sa *sa, const struct msg_header *h, const uint8_t *raw, size_t len,
		const struct endpoint *local, const struct endpoint *remote);
/* The peer's IKE_SA_INIT for @sa, just created for it; parsed already. */
void xchg_first(struct ike_sa *sa, const struct msg_header *h, const struct msg *in,
		const uint8_t *raw, size_t len, const struct endpoint *local,
		const struct endpoint *remote);
/*
 * Sends the next request that the state of the IKE SA and its children asks for, unless one is
 * outstanding.
 */
void xchg_next(struct ike_sa *sa);
/* Forgets the outstanding request and what it reserved. */
void xchg_cancel(struct ike_sa *sa);
void xchg_init(struct ike_sa *sa);

/* For handlers: empties the answer, and says instead what is wrong. */
void xchg_refuse(struct xchg *x, uint16_t notify, const void *data, size_t len);

/*
 * One kind of request of ours: builds the payloads of one if there is cause, and fills in sa->req.
 * BUILD_FAILED: the reason is in @cause and the IKE SA cannot go on.
 */
enum built { BUILD_NOTHING, BUILD_READY, BUILD_FAILED };

struct request_kind {
	int state;			/* enum sa_state in which it may be sent */
	uint8_t exchange;
	enum built (*build)(struct ike_sa *sa, struct builder *b, struct cause *cause);
};

#endif
