// SPDX-License-Identifier: GPL-2.0
/*
 * The peer's messages: who they are for is known, here is whether they are expected, authentic and
 * sound. RFC 7296 2.1 to 2.5, 2.21, 3.14.
 */
#include "ike/object/partial.h"
#include "ike/object/path.h"
#include "ike/object/peer.h"
#include "ike/object/report.h"
#include "ike/object/stranger.h"
#include "ike/object/stream.h"
#include "ike/v2/addke.h"
#include "ike/v2/fragment.h"
#include "ike/v2/hint.h"
#include "ike/v2/message.h"
#include "ike/v2/mobike.h"
#include "ike/v2/tell.h"
#include "suite/names.h"

/* Authentic, but no sense in it. */
static void receive_senseless(struct v2_inbound *v, uint16_t notify, const void *data, size_t len,
			      const char *why)
{
	bool response = inbound_is_response(&v->in);
	struct ike_sa *sa = v->in.sa;
	char number[NAME_STRLEN];
	const char *name = name_str(NAME_EXCHANGE, v->in.h.exchange, number);

	sa->ike->counters.unexpected++;
	if (response || (notify == NOTIFY_INVALID_SYNTAX && sa->state == SA_ESTABLISHED))
		cause_set(&v->in.cause, IKE_FAIL_PROTOCOL, "the peer's %s %s makes no sense: %s",
			  name, response ? "response" : "request", why);
	if (!response) {
		if (!sa->stranger || ike_may_mention_stranger(sa->ike))
			report_log(sa->ike, sa->peer, LOG_WARNING,
				   "the peer's %s request makes no sense: %s", name, why);
		v2_refuse(v, notify, data, len);
	}
	inbound_commit(&v->in, VERDICT_STAY);
}

static void receive_handle(struct v2_inbound *v)
{
	if (!inbound_is_response(&v->in))
		message_answer_begin(v);
	if (!inbound_handle(&v->in))
		receive_senseless(v, NOTIFY_INVALID_SYNTAX, NULL, 0, "it does not fit the state");
}

/* A first exchange: anybody may have sent it. */
static void receive_unprotected(struct v2_inbound *v)
{
	struct inbound *in = &v->in;
	struct cursor chain = cursor_of(in->raw, in->raw_len);
	struct ike *ike = in->sa->ike;
	char why[RULES_WHY_LEN];

	if (!cursor_skip(&chain, MSG_HEADER_LEN) ||
	    msg_parse_payloads(chain, in->h.first, &v->m) != MSG_OK ||
	    !rules_check(in->h.exchange, true, false, &v->m, why)) {
		ike->counters.malformed++;
		inbound_free(in);
		return;
	}
	in->kind = v->m.kind;
	tell_heard(v);
	if (inbound_handle(in))
		return;
	ike->counters.unexpected++;
	inbound_free(in);
}

/* Of a request that is answered. */
static bool receive_is_copy(const struct inbound *in)
{
	return !inbound_is_response(in) && in->h.id != in->sa->next_in;
}

/* What is outside is alike in all exchanges, an unknown one too. */
static bool receive_outer(struct v2_inbound *v)
{
	struct inbound *in = &v->in;
	struct cursor chain = cursor_of(in->raw, in->raw_len);
	struct ike *ike = in->sa->ike;
	char why[RULES_WHY_LEN];

	if (!cursor_skip(&chain, MSG_HEADER_LEN) ||
	    msg_parse_payloads(chain, in->h.first, &v->m) != MSG_OK ||
	    !rules_check(EXCHANGE_INFORMATIONAL, inbound_is_response(in), false, &v->m, why) ||
	    !v->m.sk.at || (v->m.fragment && !in->sa->fragments)) {
		ike->counters.malformed++;
		return false;
	}
	/* RFC 7383 2.6.1: of a request that is answered the first fragment alone asks again */
	if (receive_is_copy(in) && v->m.fragment && v->m.number != 1) {
		ike->counters.replayed++;
		return false;
	}
	return true;
}

/* The copy becomes plain. False: not authentic. */
static bool receive_open(struct v2_inbound *v, struct cursor *inner)
{
	struct inbound *in = &v->in;
	size_t plain, len;

	if (!receive_outer(v))
		return false;
	if (!sk_open(addke_sk_in(in->sa, in->h.id), in->raw, in->raw_len, v->m.sk_offset, &plain,
		     &len)) {
		in->sa->ike->counters.auth_failed++;
		return false;
	}
	*inner = cursor_of(in->raw, in->raw_len);
	return cursor_skip(inner, plain) && cursor_sub(inner, len, inner);
}

/*
 * An authentic request is followed to where it comes from while the peer is half open, or may
 * move.
 */
static void receive_follow(const struct inbound *in)
{
	struct ike_sa *sa = in->sa;

	if (in->remote.stream || sa->remote.stream) {
		stream_follow(sa, &in->local, &in->remote);
		return;
	}
	if (sa->mobike.on) {
		mobike_follow(in);
		return;
	}
	if (sa->state != SA_INIT_ANSWERED && !sa_follows(sa))
		return;
	if (endpoint_equal(&sa->remote, &in->remote) && endpoint_equal(&sa->local, &in->local))
		return;
	sa->remote = in->remote;
	sa->local = in->local;
	if (sa->peer && sa->peer->sa == sa)
		peer_moved(sa->peer);
}

/* v->inner and v->inner_first are there. */
static void receive_inner(struct v2_inbound *v)
{
	struct inbound *in = &v->in;
	bool response = inbound_is_response(in);
	char why[RULES_WHY_LEN];
	enum msg_result result;

	if (!response)
		receive_follow(in);
	else if (in->ex->spread && !in->ex->kind->proves)
		path_heard(in->sa, &(struct path){ .local = in->local, .remote = in->remote });
	result = msg_parse_payloads(v->inner, v->inner_first, &v->m);
	tell_heard(v);
	if (response)
		tell_answered(v);
	if (result == MSG_CRITICAL) {
		receive_senseless(v, NOTIFY_UNSUPPORTED_CRITICAL_PAYLOAD, &v->m.bad_payload, 1,
				  "it has a critical payload we do not know");
	} else if (result != MSG_OK) {
		receive_senseless(v, NOTIFY_INVALID_SYNTAX, NULL, 0, v->m.why);
	} else if (!rules_check(in->h.exchange, response, true, &v->m, why)) {
		receive_senseless(v, NOTIFY_INVALID_SYNTAX, NULL, 0, why);
	} else {
		in->kind = v->m.kind;
		if (response && in->sa->state == SA_ESTABLISHED &&
		    msg_notify(&v->m, NOTIFY_INVALID_SYNTAX))
			sa_end(in->sa, SA_DROP, IKE_FAIL_PROTOCOL,
			       "the peer says that our request is malformed (INVALID_SYNTAX)");
		receive_handle(v);
	}
}

/*
 * Of an IKE SA that we have never taken, for instance since its peer has not proved itself? An
 * answer would say that we have: the peer would send on the child that was to come with it.
 */
static bool receive_in_vain(const struct inbound *in)
{
	const struct ike_sa *sa = in->sa;

	return sa->state == SA_CLOSING && !sa->established_ms && !inbound_is_response(in);
}

/* Is there a reason to take this exchange now? One nobody knows is answered: RFC 7296 2.21.3. */
static bool receive_timely(const struct inbound *in)
{
	bool response = inbound_is_response(in);

	if (receive_in_vain(in))
		return false;
	if (fsm_exists(in->sa, in->h.exchange, response ? ROLE_INITIATOR : ROLE_RESPONDER))
		return true;
	return !response && in->sa->state == SA_ESTABLISHED &&
	       !name_of(NAME_EXCHANGE, in->h.exchange);
}

static void receive_fragment(struct v2_inbound *v, struct cursor inner)
{
	struct v2_inbound *whole = fragment_take(v, inner);

	inbound_free(&v->in);
	if (whole)
		receive_inner(whole);
}

/* The first copy waits for a job: by the connection that has broken its answer would not arrive. */
static void receive_wait_there(const struct inbound *copy, struct inbound *waits)
{
	if (!copy->remote.stream || !stream_is_gone(copy->sa->ike, waits->remote.stream))
		return;
	waits->local = copy->local;
	waits->remote = copy->remote;
}

/*
 * Whoever has proved nothing is answered again where its IKE_SA_INIT was answered. A NAT may have
 * another address for port 4500 than for 500, RFC 4787 4.1: where its request came from it is too,
 * but by nothing longer than the copy, since that may pretend to come from there.
 */
static bool receive_may_repeat(const struct inbound *copy, const struct answered *before)
{
	const struct ike_sa *sa = copy->sa;
	size_t len = 0;

	if (!sa->stranger || addr_equal(&copy->remote.addr, &sa->init_key.asked))
		return true;
	for (unsigned int i = 0; i < before->msg.count; i++)
		len += before->msg.d[i].len;
	return addr_equal(&copy->remote.addr, &sa->remote.addr) && len <= copy->raw_len;
}

/* The answer to the request that @copy is one of goes out again, or there is none. */
static void receive_repeat(const struct inbound *copy)
{
	struct answered *before = inbound_answer(copy->sa, copy->h.id);

	if (before && (!receive_may_repeat(copy, before) ||
		       !inbound_repeat(copy->sa, before, &copy->local, &copy->remote)))
		copy->sa->ike->counters.replayed++;
}

static void receive_protected(struct v2_inbound *v)
{
	struct inbound *in = &v->in;
	struct ike_sa *sa = in->sa;
	bool response = inbound_is_response(in);
	struct inbound *waits;
	struct cursor inner;

	if (!receive_open(v, &inner)) {
		inbound_free(in);
		return;
	}
	/*
	 * A copy is answered to where it comes from, a NAT may have forgotten us meanwhile; but it
	 * may be a replay, and moves nobody.
	 */
	if (receive_is_copy(in)) {
		receive_repeat(in);
		if (in->h.id + 1 == sa->next_in)
			sa->asked_ms = ike_now(sa->ike);
		inbound_free(in);
		return;
	}
	/* too early: it comes again; or too late, or in vain; or its first copy waits for a job */
	waits = response ? NULL : inbound_waits(sa, in->h.id);
	if (waits)
		receive_wait_there(in, waits);
	if (waits || !receive_timely(in)) {
		sa->ike->counters.unexpected++;
		inbound_free(in);
		return;
	}
	if (v->m.fragment) {
		receive_fragment(v, inner);
		return;
	}
	partial_drop(&sa->partial[response]);
	sa->heard_ms = ike_now(sa->ike);
	v->inner = inner;
	v->inner_first = v->m.sk_first;
	receive_inner(v);
}

/* Cheap checks, before anything is copied or decrypted. */
static bool receive_expected(struct ike_sa *sa, const struct msg_header *h)
{
	const struct answered *before = inbound_answer(sa, h->id);

	/* the sender is the initiator exactly if we are not */
	if (!(h->flags & MSG_INITIATOR) != sa->initiator ||
	    (sa->stranger && h->len > STRANGER_MESSAGE_MAX)) {
		sa->ike->counters.malformed++;
		return false;
	}
	if (h->flags & MSG_RESPONSE) {
		if (exchange_find(sa, h->id, h->exchange))
			return true;
	} else if (h->id == sa->next_in || (before && before->exchange == h->exchange)) {
		if (!rules_in_clear(h->exchange) && sa->keyed)
			return true;
	}
	sa->ike->counters.replayed++;
	return false;
}

void receive_input(struct ike *ike, const struct ike_version *version, struct ike_sa *sa,
		   const struct msg_header *h, const uint8_t *raw, size_t len,
		   const struct endpoint *local, const struct endpoint *remote)
{
	struct v2_inbound *v;

	if (!sa && !rules_in_clear(h->exchange)) {
		hint_unknown(ike, h, raw, len, local, remote);
		return;
	}
	if (!sa && h->exchange == EXCHANGE_IKE_SESSION_RESUME) {
		v2_resume_accept(ike, version, h, raw, len, local, remote);
		return;
	}
	if (!sa) {
		v2_init_accept(ike, version, h, raw, len, local, remote);
		return;
	}
	if (!receive_expected(sa, h))
		return;
	if (h->flags & MSG_RESPONSE && h->first == PAYLOAD_NOTIFY &&
	    !rules_in_clear(h->exchange)) {
		hint_denied(exchange_find(sa, h->id, h->exchange), h, raw, len, remote);
		return;
	}
	v = inbound_new(sa, sizeof(*v), h, raw, len, local, remote);
	if (!v)
		return;
	if (inbound_is_response(&v->in))
		v->in.ex = exchange_find(sa, h->id, h->exchange);
	if (rules_in_clear(h->exchange))
		receive_unprotected(v);
	else
		receive_protected(v);
}
