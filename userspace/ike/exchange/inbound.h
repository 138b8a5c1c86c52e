/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A message of the peer's on its way through the row that it fits: handler, state, answer. It lives
 * on the heap, so that it can wait for a job; its retransmissions are swallowed meanwhile.
 */
#ifndef IKE_INBOUND_H
#define IKE_INBOUND_H

#include "ike/exchange/exchange.h"
#include "ike/exchange/fsm.h"
#include "lib/cursor.h"

struct inbound {
	TAILQ_ENTRY(inbound) link;	/* in sa->pending, while a job is under way */
	size_t size;			/* octets of the allocation, but the room */
	struct ike_sa *sa;
	const struct fsm_row *row;
	struct msg_header h;
	unsigned int kind;		/* of the message: the version's own number */
	struct exchange *ex;		/* response: to this request of ours */
	struct endpoint local, remote;
	uint8_t *raw;			/* a copy, which becomes plain; behind the version's part */
	size_t raw_len;
	size_t room_len;		/* for the answer, behind the copy; a response: 0 */
	const struct writer *answer;	/* what is written of it; NULL: nothing */
	struct ike_exchange exchange;	/* for people: the version fills it in */
	/*
	 * Why the state changes. With a failure the IKE SA closes once the answer has left, and
	 * the peer hears of it.
	 */
	struct cause cause;
	/* VERDICT_PENDING: goes on from here. */
	enum verdict (*resume)(struct inbound *in);
	void *priv;			/* of the handler that waits */
	void (*forget)(struct inbound *in);	/* gives back @priv; NULL: nothing to give */
};

static inline bool inbound_is_response(const struct inbound *in)
{
	return in->h.flags & MSG_RESPONSE;
}

/* @size: of the version's struct, which begins with this one. NULL: no memory. */
void *inbound_new(struct ike_sa *sa, size_t size, const struct msg_header *h, const uint8_t *raw,
		  size_t len, const struct endpoint *local, const struct endpoint *remote);
/*
 * Where @answer, which is the version's, writes the answer from the beginning. It is wiped as far
 * as it was written, now and when @in is freed.
 */
uint8_t *inbound_room(struct inbound *in, const struct writer *answer);
/* Only before inbound_handle(). */
void inbound_free(struct inbound *in);
/* Runs its row and takes @in over. False: there is no row, and @in still belongs to the caller. */
bool inbound_handle(struct inbound *in);
/* The exchange is complete with @verdict and what the builder has, without a row. */
void inbound_commit(struct inbound *in, enum verdict verdict);
/* The job that it waited for has ended. */
void inbound_resume(struct inbound *in);
/* The request with this id that waits, or NULL. */
struct inbound *inbound_waits(const struct ike_sa *sa, uint32_t id);
void inbound_drop_all(struct ike_sa *sa);

/* Our answer to a request with this id, or NULL. */
struct answered *inbound_answer(const struct ike_sa *sa, uint32_t id);
/*
 * A copy of the request that @a answers has come from @remote: the answer goes there again. The
 * first few at once, then one each ANSWER_REPEAT_MS: who replays a request from the address of
 * another does not have that one flooded. False: not this time.
 */
bool inbound_repeat(struct ike_sa *sa, struct answered *a, const struct endpoint *local,
		    const struct endpoint *remote);

#endif
