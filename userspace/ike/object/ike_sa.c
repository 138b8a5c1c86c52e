// SPDX-License-Identifier: GPL-2.0
#include "ike/object/ike_sa.h"

#include <stdlib.h>

#include "ike/core/job.h"
#include "ike/object/child.h"
#include "ike/object/pace.h"
#include "ike/object/partial.h"
#include "ike/object/peer.h"
#include "ike/object/report.h"
#include "ike/object/stranger.h"
#include "ike/object/ticket.h"
#include "ike/object/touch.h"

#define SA_TIMERS	4
#define SA_SOON_MS		10000	/* all of a reload do not rekey at once */
#define SA_PROOF_LEAST_MS	10000	/* whatever lifetime the peer says */
#define SA_KEYS_LEAST_MS	10000	/* before a rekey of one that is resumed with old keys */
#define SA_CERTIFICATE_MARGIN_MS	3600000	/* a tenth of its time, and no more */
#define SA_PROOF_GRACE_S	60	/* beyond it the one that did not begin waits so long */

const char *sa_state_name(enum sa_state state)
{
	static const char *const names[SA_STATES] = {
		[SA_NEW] = "new",
		[SA_INIT_SENT] = "init-sent",
		[SA_INIT_ANSWERED] = "init-answered",
		[SA_AUTH_SENT] = "auth-sent",
		[SA_ESTABLISHED] = "established",
		[SA_REKEYED] = "rekeyed",
		[SA_CLOSING] = "closing",
		[SA_CLOSED] = "closed",
		[SA_DEAD] = "dead",
	};

	return names[state];
}

uint64_t sa_spi(const struct ike_sa *sa)
{
	return sa->initiator ? sa->spi_i : sa->spi_r;
}

struct ike_sa *sa_find(const struct ike *ike, uint64_t our_spi)
{
	struct ike_sa *sa;

	HASH_FIND(by_spi, ike->sa_by_spi, &our_spi, sizeof(our_spi), sa);
	return sa;
}

static struct sa_init_key sa_init_key(uint64_t spi_i, const struct addr *remote)
{
	struct sa_init_key key;

	/* it is hashed, padding and all */
	memset(&key, 0, sizeof(key));
	key.spi_i = spi_i;
	key.asked.family = remote->family;
	memcpy(key.asked.b, remote->b, sizeof(key.asked.b));
	return key;
}

struct ike_sa *sa_find_init(const struct ike *ike, uint64_t spi_i, const struct addr *remote)
{
	struct sa_init_key key = sa_init_key(spi_i, remote);
	struct ike_sa *sa;

	HASH_FIND(by_init, ike->sa_by_init, &key, sizeof(key), sa);
	return sa;
}

bool sa_set_init(struct ike_sa *sa, const struct addr *remote)
{
	struct sa_init_key key = sa_init_key(sa->spi_i, remote);

	memcpy(&sa->init_key, &key, sizeof(key));
	HASH_ADD(by_init, sa->ike->sa_by_init, init_key, sizeof(sa->init_key), sa);
	return hash_added(by_init, sa);
}

static void sa_expired(struct timer *timer)
{
	struct ike_sa *sa = container_of(timer, struct ike_sa, expiry);

	sa->time_is_over = true;
	sa_touch(sa);
}

/* Least time since an inbound SA of the peer's was used. */
static uint64_t sa_idle_ms(const struct ike_sa *sa)
{
	uint64_t idle = ike_now(sa->ike) - sa->heard_ms;
	const struct ike_env *env = &sa->ike->env;
	struct child *child;

	TAILQ_FOREACH(child, &sa->peer->children, link) {
		uint64_t s = child->in_kernel && !child->waits ?
				     env->idle(env->ctx, sa->peer->tunnel_id, child->id) :
				     UINT64_MAX;

		if (s < idle / 1000)
			idle = s * 1000;
	}
	return idle;
}

static void sa_liveness_due(struct timer *timer)
{
	struct ike_sa *sa = container_of(timer, struct ike_sa, liveness);
	struct ike *ike = sa->ike;
	uint64_t idle, span;

	if (!sa->peer || sa->state != SA_ESTABLISHED)
		return;
	span = (uint64_t)sa->peer->conf->dpd_s * 1000;
	idle = ike_now(ike) - sa->heard_ms;
	if (idle >= span)
		idle = sa_idle_ms(sa);
	if (idle < span) {
		timer_set(&ike->timers, &sa->liveness, ike_now(ike) + span - idle);
		return;
	}
	timer_set(&ike->timers, &sa->liveness, ike_now(ike) + span);
	sa->want_liveness = true;
	sa_touch(sa);
}

bool sa_follows(const struct ike_sa *sa)
{
	return sa->nat_remote && !(sa->nat_local && sa->began);
}

void sa_watch(struct ike_sa *sa, uint32_t dpd_s)
{
	if (dpd_s)
		timer_set(&sa->ike->timers, &sa->liveness,
			  ike_now(sa->ike) + (uint64_t)dpd_s * 1000);
	else
		timer_cancel(&sa->ike->timers, &sa->liveness);
}

static void sa_rekey_due(struct timer *timer)
{
	struct ike_sa *sa = container_of(timer, struct ike_sa, rekey);
	uint32_t every = sa->peer && sa->began ? sa->peer->conf->reauth_every : 0;

	if (every && sa->rekeys + 1 >= every)
		sa_term(sa, 0);
	else
		sa->want_rekey = true;
	sa_touch(sa);
}

void sa_rekey_after(struct ike_sa *sa, uint32_t rekey_s)
{
	uint64_t span = (uint64_t)rekey_s * 1000, now = ike_now(sa->ike), at;

	if (!rekey_s) {
		timer_cancel(&sa->ike->timers, &sa->rekey);
		return;
	}
	at = (sa->agreed_ms ? sa->agreed_ms : now) + span - ike_jitter(sa->ike, span / 10);
	if (sa->agreed_ms && at < now + SA_KEYS_LEAST_MS)
		at = now + SA_KEYS_LEAST_MS;
	timer_set(&sa->ike->timers, &sa->rekey, at);
}

void sa_rekey_of_age(struct ike_sa *sa, uint32_t rekey_s)
{
	uint64_t span = (uint64_t)rekey_s * 1000, now = ike_now(sa->ike);
	uint64_t at = sa->established_ms + span - ike_jitter(sa->ike, span / 10);
	uint64_t soonest = now + ike_jitter(sa->ike, SA_SOON_MS);

	if (rekey_s)
		timer_set(&sa->ike->timers, &sa->rekey, at > soonest ? at : soonest);
	else
		timer_cancel(&sa->ike->timers, &sa->rekey);
}

static void sa_term_due(struct timer *timer)
{
	struct ike_sa *sa = container_of(timer, struct ike_sa, term);

	sa->want_successor = true;
	if (sa->peer)
		peer_touch(sa->peer);
}

void sa_term(struct ike_sa *sa, uint64_t ms)
{
	timer_set(&sa->ike->timers, &sa->term, ike_now(sa->ike) + ms);
}

void sa_term_never(struct ike_sa *sa)
{
	timer_cancel(&sa->ike->timers, &sa->term);
}

static void sa_term_at_most(struct ike_sa *sa, uint64_t ms)
{
	if (!timer_armed(&sa->term) || sa->term.at > ike_now(sa->ike) + ms)
		sa_term(sa, ms);
}

void sa_certificate_lasts(struct ike_sa *sa, bool first)
{
	uint64_t now = ike_now(sa->ike), margin, ms;

	if (!sa->certified_ms)
		return;
	ms = sa->certified_ms > now ? sa->certified_ms - now : 0;
	if (!first) {
		sa_term_at_most(sa, ms + SA_PROOF_GRACE_S * 1000);
		return;
	}
	margin = ms / 10 < SA_CERTIFICATE_MARGIN_MS ? ms / 10 : SA_CERTIFICATE_MARGIN_MS;
	ms -= margin + ike_jitter(sa->ike, margin);
	sa_term_at_most(sa, ms > SA_PROOF_LEAST_MS ? ms : SA_PROOF_LEAST_MS);
}

void sa_proof_lasts(struct ike_sa *sa, uint32_t s)
{
	uint64_t ms = (uint64_t)s * 1000;

	if (sa->began) {
		ms -= ms / 10 + ike_jitter(sa->ike, ms / 10);
		if (ms < SA_PROOF_LEAST_MS)
			ms = SA_PROOF_LEAST_MS;
	} else {
		ms += s / 10 > SA_PROOF_GRACE_S ? ms / 10 : SA_PROOF_GRACE_S * 1000;
	}
	sa_term_at_most(sa, ms);
}

/* What is left of @s since then; @since 0: since now. */
static uint32_t sa_left(const struct ike_sa *sa, uint64_t since_ms, uint32_t s)
{
	uint64_t gone_s = since_ms ? (ike_now(sa->ike) - since_ms) / 1000 : 0;

	return s && gone_s >= s ? 1 : s ? s - (uint32_t)gone_s : 0;
}

uint32_t sa_proof_left(const struct ike_sa *sa, uint32_t s)
{
	return sa_left(sa, sa->proved_ms, s);
}

uint32_t sa_keys_left(const struct ike_sa *sa, uint32_t s)
{
	return sa_left(sa, sa->agreed_ms, s);
}

/* The parts that can fail. */
static bool sa_init(struct ike_sa *sa, uint64_t peer_spi)
{
	struct ike *ike = sa->ike;
	uint64_t spi;

	sa->answers = calloc(sa->window, sizeof(*sa->answers));
	if (!sa->answers)
		return false;
	do
		ike_random(ike, &spi, sizeof(spi));
	while (!spi || sa_find(ike, spi));
	sa->spi_i = sa->initiator ? spi : peer_spi;
	sa->spi_r = sa->initiator ? peer_spi : spi;
	HASH_ADD_KEYPTR(by_spi, ike->sa_by_spi, sa->initiator ? &sa->spi_i : &sa->spi_r,
			sizeof(spi), sa);
	return hash_added(by_spi, sa);
}

struct ike_sa *sa_new(struct ike *ike, const struct ike_version *version, unsigned int window,
		      bool initiator, uint64_t peer_spi)
{
	struct ike_sa *sa;

	if (!timers_reserve(&ike->timers, SA_TIMERS))
		return NULL;
	sa = calloc(1, sizeof(*sa));
	if (sa) {
		sa->ike = ike;
		sa->version = version;
		sa->window = window;
		sa->initiator = initiator;
		sa->began = initiator;
		sa->epoch = ike->epoch;
	}
	if (!sa || !sa_init(sa, peer_spi)) {
		timers_unreserve(&ike->timers, SA_TIMERS);
		if (sa)
			free(sa->answers);
		free(sa);
		return NULL;
	}
	sa->born_ms = ike_now(ike);
	sa->heard_ms = sa->born_ms;
	TAILQ_INIT(&sa->exchanges);
	TAILQ_INIT(&sa->pending);
	timer_init(&sa->expiry, sa_expired);
	timer_init(&sa->liveness, sa_liveness_due);
	timer_init(&sa->rekey, sa_rekey_due);
	timer_init(&sa->term, sa_term_due);
	TAILQ_INSERT_TAIL(&ike->sas, sa, link);
	return sa;
}

bool sa_is_over(const struct ike_sa *sa)
{
	return sa->state >= SA_CLOSING;
}

/*
 * A peer that comes and goes, or comes anew, and does so again, leaves one behind each time: it
 * waits for the answer to its DELETE, or answers retransmissions.
 */
static void sa_count_over(struct ike_sa *sa)
{
	bool over = sa_is_over(sa) && sa->state != SA_DEAD && !sa->stranger;
	struct ike *ike = sa->ike;

	if (over == sa->over)
		return;
	sa->over = over;
	if (!over) {
		TAILQ_REMOVE(&ike->over, sa, over_link);
		ike->over_count--;
		return;
	}
	TAILQ_INSERT_TAIL(&ike->over, sa, over_link);
	if (++ike->over_count > SA_OVER_MAX)
		sa_end(TAILQ_FIRST(&ike->over), SA_DROP, IKE_FAIL_NONE,
		       "newer ones need its place");
}

void sa_set_state(struct ike_sa *sa, enum sa_state state, const char *why)
{
	struct ike *ike = sa->ike;

	report_log(ike, sa->peer, LOG_DEBUG, "IKE SA %016llx: %s -> %s: %s",
		   (unsigned long long)sa_spi(sa), sa_state_name(sa->state),
		   sa_state_name(state), why);
	sa->state = state;
	stranger_count(sa);
	pace_count(sa);
	sa_count_over(sa);
	if (state == SA_ESTABLISHED)
		sa->established_ms = ike_now(ike);
	if (state == SA_ESTABLISHED && !sa->proved_ms)
		sa->proved_ms = sa->established_ms;
	if (state == SA_ESTABLISHED && !sa->agreed_ms)
		sa->agreed_ms = sa->established_ms;
	sa_touch(sa);
}

void sa_forget_proof(struct ike_sa *sa)
{
	octets_clear(&sa->init_i);
	octets_clear(&sa->init_r);
	mem_wipe(sa->sk_pi, sizeof(sa->sk_pi));
	mem_wipe(sa->sk_pr, sizeof(sa->sk_pr));
	job_forget(sa->ike, sa->ppk.job);
	mem_wipe(&sa->ppk, sizeof(sa->ppk));
	octets_clear(&sa->addke.secret);
	ticket_free(sa->from);
	sa->from = NULL;
	octets_clear(&sa->presented);
	mem_wipe(&sa->addke, sizeof(sa->addke));
}

void sa_drop_partial(struct ike_sa *sa)
{
	partial_drop(&sa->partial[0]);
	partial_drop(&sa->partial[1]);
}

void sa_end(struct ike_sa *sa, enum sa_end end, enum ike_failure failure, const char *detail)
{
	struct cause cause;

	if (sa->end == SA_KEEP) {
		cause_set(&cause, failure, "%s", detail);
		cause_keep(&sa->cause, &cause);
	}
	if (end > sa->end)
		sa->end = end;
	sa_touch(sa);
}

/* A rekeyed twin may have the peer's SPI and address too: only its own entry goes. */
static void sa_unhash(struct ike_sa *sa)
{
	HASH_DELETE(by_spi, sa->ike->sa_by_spi, sa);
	if (hash_added(by_init, sa))
		HASH_DELETE(by_init, sa->ike->sa_by_init, sa);
}

void sa_free(struct ike_sa *sa)
{
	struct ike *ike = sa->ike;

	timer_cancel(&ike->timers, &sa->expiry);
	timer_cancel(&ike->timers, &sa->liveness);
	timer_cancel(&ike->timers, &sa->rekey);
	timer_cancel(&ike->timers, &sa->term);
	timers_unreserve(&ike->timers, SA_TIMERS);
	sa_untouch(sa);
	sa_unhash(sa);
	sa_forget_proof(sa);
	ticket_free(sa->ticket);
	sa_drop_partial(sa);
	for (unsigned int i = 0; i < sa->window; i++)
		datagrams_clear(&sa->answers[i].msg);
	free(sa->answers);
	cause_forget(&sa->cause);
	sk_wipe(&sa->sk_in);
	sk_wipe(&sa->sk_out);
	mem_free_wiped(sa, sizeof(*sa));
}

void sas_reap(struct ike *ike)
{
	struct ike_sa *sa;

	while ((sa = TAILQ_FIRST(&ike->dead))) {
		TAILQ_REMOVE(&ike->dead, sa, link);
		sa_free(sa);
	}
}
