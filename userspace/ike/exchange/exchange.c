// SPDX-License-Identifier: GPL-2.0
#include "ike/exchange/exchange.h"

#include <stdlib.h>

#include "ike/exchange/fsm.h"
#include "ike/object/path.h"
#include "ike/object/peer.h"
#include "ike/object/report.h"
#include "ike/object/stream.h"
#include "ike/object/touch.h"

static unsigned int exchange_tries(const struct ike_sa *sa)
{
	const struct tunnel_conf *conf = sa->peer ? sa->peer->conf : NULL;
	uint32_t tries = conf && conf->retry_tries ? conf->retry_tries : EXCHANGE_TRIES;

	/* RFC 9329 5.1: the way over TCP is left */
	if (conf && conf->tcp == TCP_FALL_BACK && sa->state == SA_INIT_SENT &&
	    !sa->remote.stream && !sa->peer->sa && tries > EXCHANGE_FALL_BACK_TRIES)
		tries = EXCHANGE_FALL_BACK_TRIES;
	return tries;
}

static uint32_t exchange_first_wait(const struct ike_sa *sa)
{
	uint32_t wait = sa->peer ? sa->peer->conf->retry_first_ms : 0;

	return wait ? wait : EXCHANGE_FIRST_WAIT_MS;
}

/* The wait after one of @before. */
static uint64_t exchange_next_wait(const struct ike_sa *sa, uint64_t before)
{
	uint32_t percent = sa->peer ? sa->peer->conf->retry_percent : 0;
	uint64_t next = before * (percent ? percent : EXCHANGE_PERCENT) / 100;

	return next < EXCHANGE_LAST_WAIT_MS ? next : EXCHANGE_LAST_WAIT_MS;
}

static void exchange_transmit_by(const struct exchange *ex, const struct path *path)
{
	const struct ike_sa *sa = ex->sa;

	datagrams_send(&ex->msg, &sa->ike->env, &path->local, &path->remote, sa->mark);
}

/* One that is to prove a claim goes to it alone, at first: else its answer proves nothing. */
static void exchange_transmit(struct exchange *ex)
{
	bool ready = stream_ready(ex->sa);
	struct path now = path_of(ex->sa), others[PATHS_MAX];
	const struct mobike *m = &ex->sa->mobike;
	bool patient = ex->tries <= EXCHANGE_ONE_WAY_TRIES;
	unsigned int count;

	if (!ready)
		return;
	if (m->claimed)
		exchange_transmit_by(ex, &m->claim);
	if (!m->claimed || !ex->kind->proves || !patient) {
		exchange_transmit_by(ex, &now);
		ex->spread |= m->claimed;
	}
	count = patient ? 0 : path_others(ex->sa, others);
	for (unsigned int i = 0; i < count; i++)
		exchange_transmit_by(ex, &others[i]);
	ex->spread |= count > 0;
}

static void exchange_give_up(struct exchange *ex)
{
	struct ike_sa *sa = ex->sa;
	uint64_t span_s = (ike_now(sa->ike) - ex->first_ms) / 1000;
	char peer[ADDR_STRLEN], tries[32] = "over TCP", text[IKE_DETAIL_MAX];

	if (!sa->remote.stream)
		snprintf(tries, sizeof(tries), "%u tries", ex->tries);
	snprintf(text, sizeof(text), "%s does not answer %s: %s in %llu s%s%s",
		 endpoint_str(&sa->remote, peer), ex->kind->name, tries,
		 (unsigned long long)span_s,
		 sa->state == SA_INIT_SENT && !sa->remote.stream ?
			 "; check the address, and that UDP 500 and 4500 pass in both directions" :
			 "",
		 sa->denied ? "; it says that it does not know the IKE SA (INVALID_IKE_SPI)" : "");
	sa_end(sa, SA_DROP, IKE_FAIL_TIMEOUT, text);
}

/* Without a way from this host no try counts, for a while. */
static bool exchange_waits_for_way(const struct exchange *ex)
{
	return path_is_stranded(ex->sa) &&
	       ike_now(ex->sa->ike) - ex->first_ms < EXCHANGE_STRANDED_MS;
}

static void exchange_retransmit(struct timer *timer)
{
	struct exchange *ex = container_of(timer, struct exchange, timer);
	struct ike_sa *sa = ex->sa;
	char text[96];

	if (exchange_waits_for_way(ex)) {
		timer_set(&sa->ike->timers, timer, ike_now(sa->ike) + ex->wait_ms);
		return;
	}
	if (ex->tries >= exchange_tries(sa)) {
		exchange_give_up(ex);
		return;
	}
	ex->tries++;
	ex->wait_ms = exchange_next_wait(sa, ex->wait_ms);
	timer_set(&sa->ike->timers, timer, ike_now(sa->ike) + ex->wait_ms);
	/*
	 * RFC 9329 6.2: what has left by a connection arrives, or that breaks. Once more all the
	 * same: what comes while the other end waits for a job is dropped there.
	 */
	if (sa->remote.stream) {
		if (!stream_is_there(sa) || ex->tries == EXCHANGE_STREAM_TRY)
			exchange_transmit(ex);
		return;
	}
	snprintf(text, sizeof(text), "%s, try %u of %u", ex->kind->name, ex->tries,
		 exchange_tries(sa));
	if (sa->peer)
		report_text(sa->peer, IKE_EV_RETRANSMIT, text);
	if (ex->tries == EXCHANGE_DIVIDE_TRY && sa->version->divide)
		sa->version->divide(ex);
	exchange_transmit(ex);
}

static struct exchange *exchange_new(struct ike_sa *sa, const struct exchange_kind *kind)
{
	struct exchange *ex;

	if (!timers_reserve(&sa->ike->timers, 1))
		return NULL;
	ex = calloc(1, sizeof(*ex) + kind->priv_size);
	if (!ex) {
		timers_unreserve(&sa->ike->timers, 1);
		return NULL;
	}
	ex->sa = sa;
	ex->kind = kind;
	ex->exchange = kind->exchange;
	timer_init(&ex->timer, exchange_retransmit);
	TAILQ_INSERT_TAIL(&sa->exchanges, ex, link);
	sa->exchange_count++;
	return ex;
}

static void exchange_forget_message(struct exchange *ex)
{
	datagrams_clear(&ex->msg);
	octets_clear(&ex->text);
}

static void exchange_release(struct exchange *ex)
{
	if (ex->kind->forget)
		ex->kind->forget(ex);
	mem_wipe(ex->priv, ex->kind->priv_size);
}

void exchange_release_all(struct ike_sa *sa, bool closing)
{
	struct exchange *ex;

	TAILQ_FOREACH(ex, &sa->exchanges, link)
		if (!closing || !ex->kind->late)
			exchange_release(ex);
}

void exchange_end(struct exchange *ex)
{
	struct ike_sa *sa = ex->sa;

	timer_cancel(&sa->ike->timers, &ex->timer);
	timers_unreserve(&sa->ike->timers, 1);
	exchange_release(ex);
	exchange_forget_message(ex);
	TAILQ_REMOVE(&sa->exchanges, ex, link);
	sa->exchange_count--;
	mem_free_wiped(ex, sizeof(*ex) + ex->kind->priv_size);
}

void exchange_end_all(struct ike_sa *sa)
{
	struct exchange *ex;

	while ((ex = TAILQ_FIRST(&sa->exchanges)))
		exchange_end(ex);
}

static void exchange_send(struct exchange *ex)
{
	struct ike_sa *sa = ex->sa;

	ex->sent = true;
	ex->spread = false;
	ex->tries = 1;
	ex->wait_ms = exchange_first_wait(sa);
	ex->first_ms = ike_now(sa->ike);
	timer_set(&sa->ike->timers, &ex->timer, ex->first_ms + ex->wait_ms);
	exchange_transmit(ex);
}

/*
 * The way is new, or the peer is there and waits for it: what is under way goes out at once, and
 * has all its tries again.
 */
static void exchange_hurry(struct ike_sa *sa)
{
	struct exchange *ex;

	if (!sa->hurry)
		return;
	sa->hurry = false;
	TAILQ_FOREACH(ex, &sa->exchanges, link) {
		if (!ex->sent || ex->answered)
			continue;
		ex->tries = 1;
		ex->wait_ms = exchange_first_wait(sa);
		timer_set(&sa->ike->timers, &ex->timer, ike_now(sa->ike) + ex->wait_ms);
		exchange_transmit(ex);
	}
}

/* True: it is under way, or waits for its job. */
static bool exchange_build(struct exchange *ex)
{
	struct ike_sa *sa = ex->sa;
	struct cause cause = {0};

	ex->ready = false;
	switch (ex->kind->build(ex, &cause)) {
	case BUILD_READY:
		exchange_send(ex);
		return true;
	case BUILD_PENDING:
		return true;
	case BUILD_FAILED:
		sa_end(sa, SA_CLOSE, cause.failure, cause.text);
		break;
	case BUILD_NOTHING:
		break;
	}
	exchange_end(ex);
	return false;
}

static void exchange_begin(struct ike_sa *sa, const struct exchange_kind *kind)
{
	struct exchange *ex;

	while (sa->exchange_count < sa->window && sa->end == SA_KEEP &&
	       sa->state == kind->state && kind->wanted(sa)) {
		ex = exchange_new(sa, kind);
		if (!ex) {
			sa_end(sa, SA_CLOSE, IKE_FAIL_PROTOCOL, "no memory for a request");
			return;
		}
		if (!exchange_build(ex))
			return;
	}
}

void exchange_next(struct ike_sa *sa)
{
	struct exchange *ex, *next;

	exchange_hurry(sa);
	for (ex = TAILQ_FIRST(&sa->exchanges); ex; ex = next) {
		next = TAILQ_NEXT(ex, link);
		if (ex->ready && !sa->released)
			exchange_build(ex);
	}
	for (unsigned int i = 0; i < sa->version->kind_count; i++)
		exchange_begin(sa, sa->version->kinds[i]);
}

void exchange_continue(struct exchange *ex)
{
	ex->ready = true;
	sa_touch(ex->sa);
}

void exchange_again(struct exchange *ex)
{
	timer_cancel(&ex->sa->ike->timers, &ex->timer);
	exchange_forget_message(ex);
	ex->sent = false;
	ex->answered = false;
	exchange_continue(ex);
}

void exchange_go_on(struct exchange *ex, uint8_t exchange)
{
	ex->exchange = exchange;
	exchange_again(ex);
}

struct exchange *exchange_find(const struct ike_sa *sa, uint32_t id, uint8_t exchange)
{
	struct exchange *ex;

	TAILQ_FOREACH(ex, &sa->exchanges, link)
		if (ex->sent && !ex->answered && ex->id == id && ex->exchange == exchange)
			return ex;
	return NULL;
}

void exchange_answered(struct exchange *ex)
{
	ex->answered = true;
	timer_cancel(&ex->sa->ike->timers, &ex->timer);
}
