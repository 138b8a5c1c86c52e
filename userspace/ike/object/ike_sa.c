// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "ike/object/child_sa.h"
#include "ike/object/ike_sa.h"
#include "ike/exchange/fsm.h"
#include "ike/object/tunnel.h"

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

struct ike_sa *sa_find(struct ike *ike, uint64_t our_spi)
{
	struct ike_sa *sa;

	LIST_FOREACH(sa, &ike->by_spi[our_spi % IKE_HASH_SIZE], hash)
		if (sa_spi(sa) == our_spi)
			return sa;
	return NULL;
}

struct ike_sa *sa_find_init(struct ike *ike, uint64_t spi_i, const struct endpoint *remote)
{
	struct ike_sa *sa;

	TAILQ_FOREACH(sa, &ike->sas, link)
		if (!sa->initiator && sa->spi_i == spi_i &&
		    addr_equal(&sa->asked, &remote->addr))
			return sa;
	return NULL;
}

unsigned int sa_count_strangers(const struct ike *ike, const struct addr *remote)
{
	const struct ike_sa *sa;
	unsigned int count = 0;

	TAILQ_FOREACH(sa, &ike->sas, link)
		count += sa->stranger && addr_equal(&sa->asked, remote);
	return count;
}

static void expired(struct timer *timer)
{
	struct ike_sa *sa = container_of(timer, struct ike_sa, expiry);

	transition_command(sa, COMMAND_EXPIRE, "its time is over");
}

static void liveness_due(struct timer *timer)
{
	struct ike_sa *sa = container_of(timer, struct ike_sa, liveness);
	const struct tunnel *t = sa->tunnel;
	struct ike *ike = sa->ike;
	uint64_t idle, span;

	if (!t || !t->conf.dpd_s || sa->state != SA_ESTABLISHED)
		return;
	span = (uint64_t)t->conf.dpd_s * 1000;
	idle = ike_now(ike) - sa->heard_ms;
	if (idle >= span && t->in_kernel) {
		uint64_t s = ike->env.kern_idle(ike->env.ctx, t->conf.name, t->child_id);

		if (s < idle / 1000)
			idle = s * 1000;
	}
	if (idle < span) {
		timer_set(&ike->timers, &sa->liveness, ike_now(ike) + span - idle);
		return;
	}
	timer_set(&ike->timers, &sa->liveness, ike_now(ike) + span);
	sa->want_liveness = true;
	xchg_next(sa);
}

bool sa_follows(const struct ike_sa *sa)
{
	return sa->nat_remote && !(sa->nat_local && sa->initiator);
}

void sa_watch_liveness(struct ike_sa *sa)
{
	if (sa->tunnel && sa->tunnel->conf.dpd_s)
		timer_set(&sa->ike->timers, &sa->liveness,
			  ike_now(sa->ike) + (uint64_t)sa->tunnel->conf.dpd_s * 1000);
}

struct ike_sa *sa_new(struct ike *ike, bool initiator, uint64_t peer_spi)
{
	struct ike_sa *sa = calloc(1, sizeof(*sa));
	uint64_t spi;

	if (!sa)
		return NULL;
	do
		ike_random(ike, &spi, sizeof(spi));
	while (!spi || sa_find(ike, spi));

	sa->ike = ike;
	sa->state = SA_NEW;
	sa->initiator = initiator;
	sa->spi_i = initiator ? spi : peer_spi;
	sa->spi_r = initiator ? peer_spi : spi;
	sa->born_ms = ike_now(ike);
	sa->heard_ms = sa->born_ms;
	TAILQ_INIT(&sa->children);
	timer_init(&sa->expiry, expired);
	timer_init(&sa->liveness, liveness_due);
	xchg_init(sa);
	v2_init_prepare(sa);
	LIST_INSERT_HEAD(&ike->by_spi[spi % IKE_HASH_SIZE], sa, hash);
	TAILQ_INSERT_TAIL(&ike->sas, sa, link);
	return sa;
}

bool octets_set(struct octets *o, const uint8_t *p, size_t len)
{
	octets_clear(o);
	o->p = mem_dup(p, len);
	o->len = o->p ? len : 0;
	return o->p;
}

void octets_clear(struct octets *o)
{
	mem_free_wiped(o->p, o->len);
	*o = (struct octets){0};
}

/*
 * What only a living IKE SA has. Lingering inbound SAs go too: nothing watches over them any
 * longer.
 */
static void release(struct ike_sa *sa)
{
	struct timers *timers = &sa->ike->timers;

	timer_cancel(timers, &sa->liveness);
	timer_cancel(timers, &sa->init.grace);
	children_free(sa);
	if (sa->tunnel && sa->reserved_spi)
		tunnel_spi_free(sa->tunnel, sa->reserved_spi);
	if (sa->tunnel && sa->req.new_spi)
		tunnel_spi_free(sa->tunnel, sa->req.new_spi);
	sa->reserved_spi = 0;
	sa->req.new_spi = 0;
	if (sa->tunnel && sa->tunnel->attempt == sa)
		sa->tunnel->attempt = NULL;
	if (sa->tunnel && sa->tunnel->sa == sa)
		sa->tunnel->sa = NULL;
	ke_free(sa->ke);
	sa->ke = NULL;
	octets_clear(&sa->init_i);
	octets_clear(&sa->init_r);
}

/*
 * A refused peer counts until it is forgotten, like one that is half open: else it could make us
 * remember any number of IKE SAs, one wrong IKE_AUTH each.
 */
static void count_stranger(struct ike_sa *sa)
{
	bool stranger = !sa->initiator && !sa->remote_id.type &&
			(sa->state == SA_INIT_ANSWERED || sa->state == SA_CLOSED);

	sa->ike->counters.half_open += stranger;
	sa->ike->counters.half_open -= sa->stranger;
	sa->stranger = stranger;
}

void sa_set_state(struct ike_sa *sa, enum sa_state state, const char *why)
{
	struct ike *ike = sa->ike;
	enum sa_state old = sa->state;

	if (old == state)
		return;
	sa->state = state;
	ike_log(ike, sa->tunnel, LOG_DEBUG, "IKE SA %016llx: %s -> %s: %s",
		(unsigned long long)sa_spi(sa), sa_state_name(old), sa_state_name(state), why);

	count_stranger(sa);
	if (state == SA_ESTABLISHED)
		sa->established_ms = ike_now(ike);
	if (state == SA_CLOSING || state == SA_CLOSED || state == SA_DEAD)
		release(sa);
	if (state == SA_CLOSED || state == SA_DEAD)
		xchg_cancel(sa);
	if (state == SA_DEAD) {
		timer_cancel(&ike->timers, &sa->expiry);
		LIST_REMOVE(sa, hash);
		TAILQ_REMOVE(&ike->sas, sa, link);
		TAILQ_INSERT_TAIL(&ike->dead, sa, link);
	}
}

void sa_report(struct ike_sa *sa, enum ike_failure failure, const char *detail)
{
	struct tunnel *t = sa->tunnel;

	if (t && t->sa == sa)
		tunnel_down(t, failure, detail);
	else if (t && t->attempt == sa)
		tunnel_attempt_failed(t, sa, failure, detail);
}

/* First the tunnel, which needs the children still; then the state. */
static void end(struct ike_sa *sa, enum command command, enum ike_failure failure,
		const char *detail)
{
	sa_report(sa, failure, detail);
	if (transition_command(sa, command, detail))
		xchg_next(sa);
}

void sa_close(struct ike_sa *sa, enum ike_failure failure, const char *detail)
{
	end(sa, COMMAND_CLOSE, failure, detail);
}

void sa_drop(struct ike_sa *sa, enum ike_failure failure, const char *detail)
{
	end(sa, COMMAND_DROP, failure, detail);
}

void sa_free(struct ike_sa *sa)
{
	octets_clear(&sa->init_i);
	octets_clear(&sa->init_r);
	octets_clear(&sa->answer);
	children_forget(sa);
	mem_free_wiped(sa->req.msg, sa->req.len);
	ke_free(sa->req.ke);
	ke_free(sa->ke);
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
