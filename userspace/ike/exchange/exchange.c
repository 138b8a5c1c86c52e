// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>

#include "ike/exchange/fsm.h"
#include "ike/object/tunnel.h"

void cause_set(struct cause *cause, enum ike_failure failure, const char *fmt, ...)
{
	va_list ap;

	cause->failure = failure;
	va_start(ap, fmt);
	vsnprintf(cause->text, sizeof(cause->text), fmt, ap);
	va_end(ap);
}

/* Protected unless it belongs to IKE_SA_INIT. */
static void begin(struct ike_sa *sa, struct builder *b, uint8_t *buf, uint8_t exchange,
		  bool response, uint32_t id)
{
	struct msg_header h = {
		.spi_i = sa->spi_i, .spi_r = sa->spi_r, .exchange = exchange, .id = id,
		.flags = (sa->initiator ? MSG_INITIATOR : 0) | (response ? MSG_RESPONSE : 0),
	};

	build_begin(b, buf, IKE_OUT_MAX, &h);
	if (exchange != EXCHANGE_IKE_SA_INIT)
		build_sk_begin(b, sk_iv_len(&sa->sk_out));
}

/* 0: too long, or the crypto library failed. */
static size_t finish(struct ike_sa *sa, struct builder *b)
{
	size_t len;

	if (!b->sk_at)
		return build_end(b);
	len = build_sk_end(b, sk_sealed_len(&sa->sk_out, build_sk_plain(b)));
	if (!len || !sk_seal(&sa->sk_out, b->w.buf, b->sk_body, b->sk_plain))
		return 0;
	return len;
}

static void transmit(const struct ike_sa *sa, const uint8_t *msg, size_t len)
{
	sa->ike->env.send(sa->ike->env.ctx, &sa->local, &sa->remote, msg, len);
}

/* ---- requests of ours */

static void give_up(struct ike_sa *sa)
{
	const struct request *req = &sa->req;
	char name[NAME_STRLEN], peer[ADDR_STRLEN], text[IKE_DETAIL_MAX];
	uint64_t span_s = (ike_now(sa->ike) - req->first_ms) / 1000;

	snprintf(text, sizeof(text), "%s does not answer %s: %u tries in %llu s%s",
		 endpoint_str(&sa->remote, peer), name_str(NAME_EXCHANGE, req->exchange, name),
		 req->tries, (unsigned long long)span_s,
		 req->exchange == EXCHANGE_IKE_SA_INIT ?
			 "; check the address, and that UDP 500 and 4500 pass in both directions" :
			 "");
	sa_drop(sa, IKE_FAIL_TIMEOUT, text);
}

static void retransmit(struct timer *timer)
{
	struct ike_sa *sa = container_of(timer, struct ike_sa, req.timer);
	struct request *req = &sa->req;
	char name[NAME_STRLEN], text[96];

	if (req->tries == XCHG_TRIES) {
		give_up(sa);
		return;
	}
	req->tries++;
	if (req->wait_ms < XCHG_LAST_WAIT_MS)
		req->wait_ms *= 2;
	timer_set(&sa->ike->timers, timer, ike_now(sa->ike) + req->wait_ms);
	snprintf(text, sizeof(text), "%s, try %u of %u",
		 name_str(NAME_EXCHANGE, req->exchange, name), req->tries, XCHG_TRIES);
	if (sa->tunnel)
		tunnel_event(sa->tunnel, IKE_EV_RETRANSMIT, IKE_FAIL_NONE, text);
	transmit(sa, req->msg, req->len);
}

void xchg_init(struct ike_sa *sa)
{
	timer_init(&sa->req.timer, retransmit);
	/* IKE_SA_INIT is message 0 however often it must be repeated with other contents */
	sa->next_out = sa->initiator;
}

void xchg_cancel(struct ike_sa *sa)
{
	struct request *req = &sa->req;

	timer_cancel(&sa->ike->timers, &req->timer);
	if (req->new_spi && sa->tunnel)
		tunnel_spi_free(sa->tunnel, req->new_spi);
	ke_free(req->ke);
	mem_free_wiped(req->msg, req->len);
	mem_wipe(req, offsetof(struct request, timer));
	req->subject = 0;
	req->deletes_ike = false;
	req->new_spi = 0;
	req->group = 0;
	req->ke = NULL;
	mem_wipe(req->nonce, sizeof(req->nonce));
	req->rival = (struct rival){0};
}

static void send_request(struct ike_sa *sa, struct builder *b, uint8_t exchange, uint32_t id)
{
	struct request *req = &sa->req;
	size_t len = finish(sa, b);
	char name[NAME_STRLEN], text[96];

	req->msg = len ? mem_dup(b->w.buf, len) : NULL;
	if (!req->msg ||
	    (exchange == EXCHANGE_IKE_SA_INIT && !octets_set(&sa->init_i, req->msg, len))) {
		snprintf(text, sizeof(text),
			 "%s cannot be built: no memory, or it would be too long",
			 name_str(NAME_EXCHANGE, exchange, name));
		req->len = len;
		xchg_cancel(sa);
		sa_drop(sa, IKE_FAIL_PROTOCOL, text);
		return;
	}
	req->len = len;
	req->active = true;
	req->exchange = exchange;
	req->id = id;
	req->tries = 1;
	req->wait_ms = XCHG_FIRST_WAIT_MS;
	req->first_ms = ike_now(sa->ike);
	if (exchange != EXCHANGE_IKE_SA_INIT)
		sa->next_out++;
	timer_set(&sa->ike->timers, &req->timer, req->first_ms + req->wait_ms);
	transmit(sa, req->msg, req->len);
}

void xchg_next(struct ike_sa *sa)
{
	struct cause cause = {0};
	struct builder b;

	for (unsigned int i = 0; i < request_kinds_count && !sa->req.active; i++) {
		const struct request_kind *kind = &request_kinds[i];
		uint32_t id = kind->exchange == EXCHANGE_IKE_SA_INIT ? 0 : sa->next_out;

		if (kind->state != (int)sa->state)
			continue;
		begin(sa, &b, sa->ike->out, kind->exchange, false, id);
		switch (kind->build(sa, &b, &cause)) {
		case BUILD_NOTHING:
			break;
		case BUILD_READY:
			send_request(sa, &b, kind->exchange, id);
			return;
		case BUILD_FAILED:
			xchg_cancel(sa);
			sa_close(sa, cause.failure, cause.text);
			return;
		}
	}
}

/* ---- messages of the peer */

void xchg_refuse(struct xchg *x, uint16_t notify, const void *data, size_t len)
{
	begin(x->sa, &x->b, x->sa->ike->answer, x->h->exchange, true, x->h->id);
	build_notify(&x->b, notify, 0, 0, 0, data, len);
}

/* The state is set once, then the answer leaves; what follows from a failure comes last. */
static void commit(struct xchg *x, enum verdict verdict)
{
	bool request = !(x->h->flags & MSG_RESPONSE);
	struct ike_sa *sa = x->sa;
	size_t len = 0;

	if (request) {
		len = finish(sa, &x->b);
		if (!len || !octets_set(&sa->answer, x->b.w.buf, len) ||
		    (x->h->exchange == EXCHANGE_IKE_SA_INIT &&
		     !octets_set(&sa->init_r, x->b.w.buf, len))) {
			sa_drop(sa, IKE_FAIL_PROTOCOL, "an answer cannot be built: no memory");
			return;
		}
		sa->next_in = x->h->id + 1;
		sa->answered = x->h->exchange;
	} else {
		xchg_cancel(sa);
	}
	if (x->cause.failure)
		sa_report(sa, x->cause.failure, x->cause.text);
	if (x->row)
		transition_apply(sa, x->row, verdict, x->cause.text);
	/* RFC 7296 2.11: to where the request comes from, which is not always where ours go */
	if (request)
		sa->ike->env.send(sa->ike->env.ctx, x->local, x->remote, sa->answer.p,
				  sa->answer.len);
	if (x->cause.failure)
		transition_command(sa, COMMAND_CLOSE, x->cause.text);
	xchg_next(sa);
}

/* Authentic, but no sense in it. */
static void senseless(struct xchg *x, uint16_t notify, const void *data, size_t len,
		      const char *why)
{
	char name[NAME_STRLEN];

	x->sa->ike->counters.unexpected++;
	name_str(NAME_EXCHANGE, x->h->exchange, name);
	if (x->h->flags & MSG_RESPONSE) {
		cause_set(&x->cause, IKE_FAIL_PROTOCOL,
			  "the peer's %s response makes no sense: %s", name, why);
	} else {
		if (!x->sa->stranger || ike_may_mention_stranger(x->sa->ike))
			ike_log(x->sa->ike, x->sa->tunnel, LOG_WARNING,
				"the peer's %s request makes no sense: %s", name, why);
		xchg_refuse(x, notify, data, len);
	}
	commit(x, VERDICT_STAY);
}

static void handle(struct xchg *x)
{
	enum role role = x->h->flags & MSG_RESPONSE ? ROLE_INITIATOR : ROLE_RESPONDER;
	enum verdict verdict;

	x->row = transition_find(x->sa->state, x->h->exchange, role, transition_payloads(x->in));
	if (!x->row && x->h->exchange == EXCHANGE_IKE_SA_INIT) {
		x->sa->ike->counters.unexpected++;
		return;
	}
	if (!x->row) {
		senseless(x, NOTIFY_INVALID_SYNTAX, NULL, 0, "it does not fit the state");
		return;
	}
	if (role == ROLE_RESPONDER)
		begin(x->sa, &x->b, x->sa->ike->answer, x->h->exchange, true, x->h->id);
	verdict = x->row->handler(x);
	if (verdict == VERDICT_DROP)
		x->sa->ike->counters.malformed++;
	else
		commit(x, verdict);
}

/* IKE_SA_INIT: anybody may have sent it. */
static void unprotected(struct xchg *x, struct msg *m)
{
	struct cursor chain = cursor_of(x->raw, x->raw_len);
	char why[RULES_WHY_LEN];

	if (!cursor_skip(&chain, MSG_HEADER_LEN) ||
	    msg_parse_payloads(chain, x->h->first, m) != MSG_OK ||
	    !rules_check(x->h->exchange, true, false, m, why)) {
		x->sa->ike->counters.malformed++;
		return;
	}
	handle(x);
}

/* A copy in ike->in becomes plain. False: not authentic. */
static bool open_sk(struct xchg *x, struct msg *m, struct cursor *inner)
{
	struct ike *ike = x->sa->ike;
	struct cursor chain = cursor_of(x->raw, x->raw_len);
	char why[RULES_WHY_LEN];
	size_t plain, len;

	if (!cursor_skip(&chain, MSG_HEADER_LEN) ||
	    msg_parse_payloads(chain, x->h->first, m) != MSG_OK ||
	    !rules_check(x->h->exchange, x->h->flags & MSG_RESPONSE, false, m, why) || !m->sk.at ||
	    m->fragment) {
		ike->counters.malformed++;
		return false;
	}
	memcpy(ike->in, x->raw, x->raw_len);
	if (!sk_open(&x->sa->sk_in, ike->in, x->raw_len, m->sk_offset, &plain, &len)) {
		ike->counters.auth_failed++;
		return false;
	}
	*inner = cursor_of(ike->in, x->raw_len);
	return cursor_skip(inner, plain) && cursor_sub(inner, len, inner);
}

/*
 * An authentic request is followed to where it comes from while the peer is half open, or may
 * move.
 */
static void follow(struct xchg *x)
{
	struct ike_sa *sa = x->sa;

	if (sa->state != SA_INIT_ANSWERED && !sa_follows(sa))
		return;
	if (endpoint_equal(&sa->remote, x->remote) && endpoint_equal(&sa->local, x->local))
		return;
	sa->remote = *x->remote;
	sa->local = *x->local;
	if (sa->tunnel && sa->tunnel->sa == sa)
		tunnel_moved(sa->tunnel, sa);
}

static void protected(struct xchg *x, struct msg *m)
{
	bool response = x->h->flags & MSG_RESPONSE;
	struct ike_sa *sa = x->sa;
	char why[RULES_WHY_LEN];
	enum msg_result result;
	struct cursor inner;
	uint8_t first;

	if (!open_sk(x, m, &inner))
		return;
	/*
	 * A copy is answered to where it comes from, a NAT may have forgotten us meanwhile; but it
	 * may be a replay, and moves nobody.
	 */
	if (!response && x->h->id != sa->next_in) {
		sa->ike->env.send(sa->ike->env.ctx, x->local, x->remote, sa->answer.p,
				  sa->answer.len);
		return;
	}
	/* too early: it comes again; or too late */
	if (!transition_exists(sa->state, x->h->exchange,
			       response ? ROLE_INITIATOR : ROLE_RESPONDER)) {
		sa->ike->counters.unexpected++;
		return;
	}
	sa->heard_ms = ike_now(sa->ike);
	if (!response)
		follow(x);

	first = m->sk_first;
	result = msg_parse_payloads(inner, first, m);
	if (result == MSG_CRITICAL)
		senseless(x, NOTIFY_UNSUPPORTED_CRITICAL_PAYLOAD, &m->bad_payload, 1,
			  "it has a critical payload we do not know");
	else if (result != MSG_OK)
		senseless(x, NOTIFY_INVALID_SYNTAX, NULL, 0, m->why);
	else if (!rules_check(x->h->exchange, response, true, m, why))
		senseless(x, NOTIFY_INVALID_SYNTAX, NULL, 0, why);
	else
		handle(x);
}

static bool expected(struct ike_sa *sa, const struct msg_header *h)
{
	const struct request *req = &sa->req;

	/* the sender is the initiator exactly if we are not */
	if (!(h->flags & MSG_INITIATOR) != sa->initiator) {
		sa->ike->counters.malformed++;
		return false;
	}
	if (h->flags & MSG_RESPONSE) {
		if (req->active && h->id == req->id && h->exchange == req->exchange)
			return true;
	} else if (h->id == sa->next_in ||
		   (h->id == sa->next_in - 1 && h->exchange == sa->answered && sa->answer.p)) {
		if (h->exchange != EXCHANGE_IKE_SA_INIT && sa->keyed)
			return true;
	}
	sa->ike->counters.replayed++;
	return false;
}

void xchg_input(struct ike_sa *sa, const struct msg_header *h, const uint8_t *raw, size_t len,
		const struct endpoint *local, const struct endpoint *remote)
{
	struct xchg x = {
		.sa = sa, .h = h, .raw = raw, .raw_len = len, .local = local, .remote = remote
	};
	struct msg m;

	if (!expected(sa, h))
		return;
	x.in = &m;
	if (h->exchange == EXCHANGE_IKE_SA_INIT)
		unprotected(&x, &m);
	else
		protected(&x, &m);
	mem_wipe(sa->ike->in, len);
}

void xchg_first(struct ike_sa *sa, const struct msg_header *h, const struct msg *in,
		const uint8_t *raw, size_t len, const struct endpoint *local,
		const struct endpoint *remote)
{
	struct xchg x = {
		.sa = sa,
		.h = h,
		.in = in,
		.raw = raw,
		.raw_len = len,
		.local = local,
		.remote = remote,
	};

	handle(&x);
}
