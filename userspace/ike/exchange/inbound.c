// SPDX-License-Identifier: GPL-2.0
#include "ike/exchange/inbound.h"

#include <stdlib.h>

#include "ike/object/touch.h"

#define ANSWER_REPEATS		4
#define ANSWER_REPEAT_MS	500	/* peers wait as long at least before they ask again */

void *inbound_new(struct ike_sa *sa, size_t size, const struct msg_header *h, const uint8_t *raw,
		  size_t len, const struct endpoint *local, const struct endpoint *remote)
{
	size_t room = h->flags & MSG_RESPONSE ? 0 : IKE_OUT_MAX;
	struct inbound *in = malloc(size + len + room);

	if (!in)
		return NULL;
	memset(in, 0, sizeof(*in));
	in->size = size + len;
	in->room_len = room;
	in->sa = sa;
	in->h = *h;
	in->local = *local;
	in->remote = *remote;
	in->raw = (uint8_t *)in + size;
	in->raw_len = len;
	memcpy(in->raw, raw, len);
	return in;
}

static void inbound_clear_room(struct inbound *in)
{
	if (in->answer)
		mem_wipe(in->answer->buf, in->answer->len);
}

uint8_t *inbound_room(struct inbound *in, const struct writer *answer)
{
	inbound_clear_room(in);
	in->answer = answer;
	return in->raw + in->raw_len;
}

void inbound_free(struct inbound *in)
{
	if (in->sa->ike->exchange == &in->exchange)
		in->sa->ike->exchange = NULL;
	if (in->forget)
		in->forget(in);
	inbound_clear_room(in);
	mem_free_wiped(in, in->size);
}

struct answered *inbound_answer(const struct ike_sa *sa, uint32_t id)
{
	struct answered *a = &sa->answers[id % sa->window];

	return a->there && a->id == id ? a : NULL;
}

bool inbound_repeat(struct ike_sa *sa, struct answered *a, const struct endpoint *local,
		    const struct endpoint *remote)
{
	uint64_t now = ike_now(sa->ike);

	if (a->repeats < ANSWER_REPEATS)
		a->repeats++;
	else if (now - a->repeated_ms < ANSWER_REPEAT_MS)
		return false;
	a->repeated_ms = now;
	datagrams_send(&a->msg, &sa->ike->env, local, remote, sa->mark);
	return true;
}

/* False: the IKE SA cannot go on. */
static bool inbound_keep_answer(struct inbound *in)
{
	struct ike_sa *sa = in->sa;
	struct answered *a = &sa->answers[in->h.id % sa->window];

	datagrams_clear(&a->msg);
	a->there = false;
	if (!sa->version->finish(in, &a->msg)) {
		datagrams_clear(&a->msg);
		sa_end(sa, SA_DROP, IKE_FAIL_PROTOCOL,
		       "an answer cannot be built: no memory, or it would be too long");
		return false;
	}
	a->there = true;
	a->repeats = 0;
	a->id = in->h.id;
	a->exchange = in->h.exchange;
	return true;
}

/* The state is set once, then the answer leaves; what follows is ike_settle()'s. */
void inbound_commit(struct inbound *in, enum verdict verdict)
{
	struct ike_sa *sa = in->sa;
	bool request = !inbound_is_response(in);

	if (request && !inbound_keep_answer(in)) {
		inbound_free(in);
		return;
	}
	if (!request && in->ex)
		exchange_end(in->ex);
	if (in->row)
		fsm_apply(sa, in->row, verdict, in->cause.text);
	/* RFC 7296 2.11: to where the request comes from, which is not always where ours go */
	if (request)
		datagrams_send(&inbound_answer(sa, in->h.id)->msg, &sa->ike->env, &in->local,
			       &in->remote, sa->mark);
	if (in->cause.failure)
		sa_end(sa, SA_CLOSE, in->cause.failure, in->cause.text);
	sa_touch(sa);
	inbound_free(in);
}

static void inbound_decide(struct inbound *in, enum verdict verdict)
{
	if (verdict == VERDICT_PENDING) {
		TAILQ_INSERT_TAIL(&in->sa->pending, in, link);
		if (in->ex)
			exchange_answered(in->ex);
	} else if (verdict == VERDICT_DROP) {
		in->sa->ike->counters.malformed++;
		inbound_free(in);
	} else {
		inbound_commit(in, verdict);
	}
}

/* What the handler reports comes of this message. */
static void inbound_run(struct inbound *in, enum verdict (*handler)(struct inbound *in))
{
	struct ike *ike = in->sa->ike;

	ike->exchange = &in->exchange;
	inbound_decide(in, handler(in));
	ike->exchange = NULL;
}

bool inbound_handle(struct inbound *in)
{
	enum role role = inbound_is_response(in) ? ROLE_INITIATOR : ROLE_RESPONDER;

	in->row = fsm_find(in->sa, in->h.exchange, role, in->kind);
	if (!in->row)
		return false;
	inbound_run(in, in->row->handler);
	return true;
}

void inbound_resume(struct inbound *in)
{
	TAILQ_REMOVE(&in->sa->pending, in, link);
	inbound_run(in, in->resume);
}

struct inbound *inbound_waits(const struct ike_sa *sa, uint32_t id)
{
	struct inbound *in;

	TAILQ_FOREACH(in, &sa->pending, link)
		if (!inbound_is_response(in) && in->h.id == id)
			return in;
	return NULL;
}

void inbound_drop_all(struct ike_sa *sa)
{
	struct inbound *in;

	while ((in = TAILQ_FIRST(&sa->pending))) {
		TAILQ_REMOVE(&sa->pending, in, link);
		inbound_free(in);
	}
}
