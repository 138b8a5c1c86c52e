// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "ike/object/child_sa.h"
#include "ike/v2/offer.h"
#include "ike/object/tunnel.h"

/* 8 s at 1 Gbit/s: the first tries of a CREATE_CHILD_SA. */
#define HARD_BYTES_LEAST	(UINT64_C(1) << 30)
#define HARD_PACKETS_LEAST	1000000

static const char *state_name(enum child_state state)
{
	static const char *const names[] = {
		[CHILD_NEW] = "new",	       [CHILD_INBOUND] = "inbound",
		[CHILD_ACTIVE] = "active",     [CHILD_OLD] = "old",
		[CHILD_DELETING] = "deleting", [CHILD_LINGERING] = "lingering",
		[CHILD_GONE] = "gone",
	};

	return names[state];
}

static void child_set_state(struct child *c, enum child_state state, const char *reason)
{
	ike_log(c->sa->ike, c->sa->tunnel, LOG_DEBUG, "CHILD_SA %08x/%08x: %s -> %s: %s",
		c->spi_in, c->spi_out, state_name(c->state), state_name(state), reason);
	c->state = state;
}

/*
 * The peer has neither deleted the old one nor asked again for our answer: it must have the
 * new one.
 */
static void switch_now(struct child *old)
{
	struct child *c = child_by_in(old->sa, old->successor);

	if (!c || !child_switch(c, "the peer does not delete the old one")) {
		sa_close(old->sa, IKE_FAIL_KERNEL, "the kernel refuses the outbound SA of a rekey");
		return;
	}
	child_retire(old, "hard lifetime");
	xchg_next(old->sa);
}

static void due(struct timer *timer)
{
	struct child *c = container_of(timer, struct child, timer);

	if (c->state == CHILD_LINGERING) {
		child_remove(c, "no packet can be under way any more");
	} else if (c->state == CHILD_ACTIVE && c->successor) {
		switch_now(c);
	} else if (c->state == CHILD_ACTIVE) {
		c->want_rekey = true;
		xchg_next(c->sa);
	} else if (c->state == CHILD_OLD) {
		xchg_next(c->sa);
	}
}

struct child *child_new(struct ike_sa *sa, const struct proposal *suite, uint32_t spi_in,
			uint32_t spi_out)
{
	struct child *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->sa = sa;
	c->state = CHILD_NEW;
	c->suite = *suite;
	c->group = child_sa_group(suite);
	c->spi_in = spi_in;
	c->spi_out = spi_out;
	timer_init(&c->timer, due);
	TAILQ_INSERT_TAIL(&sa->children, c, link);
	return c;
}

struct child *child_by_in(const struct ike_sa *sa, uint32_t spi_in)
{
	struct child *c;

	TAILQ_FOREACH(c, &sa->children, link)
		if (spi_in && c->spi_in == spi_in)
			return c;
	return NULL;
}

struct child *child_by_out(const struct ike_sa *sa, uint32_t spi_out)
{
	struct child *c;

	TAILQ_FOREACH(c, &sa->children, link)
		if (c->spi_out == spi_out && c->state != CHILD_LINGERING)
			return c;
	return NULL;
}

struct child *child_predecessor(const struct child *c)
{
	struct child *old;

	TAILQ_FOREACH(old, &c->sa->children, link)
		if (old->successor == c->spi_in)
			return old;
	return NULL;
}

void child_succeed(struct child *c, struct child *old)
{
	timer_cancel(&old->sa->ike->timers, &old->timer);
	old->want_rekey = false;
	old->successor = c->spi_in;
	old->succeeded_ms = ike_now(old->sa->ike);
}

struct child *child_active(const struct ike_sa *sa)
{
	struct child *c;

	TAILQ_FOREACH(c, &sa->children, link)
		if (c->state == CHILD_ACTIVE)
			return c;
	return NULL;
}

static size_t key_len(const struct proposal *suite)
{
	const struct transform *encr = proposal_find(suite, TRANSFORM_ENCR);
	const struct transform *integ = proposal_find(suite, TRANSFORM_INTEG);

	return (encr ? encr_key_len(encr->id, encr->key_bits) : 0) +
	       (integ ? integ_key_len(integ->id) : 0);
}

/*
 * prf+ (SK_d, [ g^ir (new) ] | Ni | Nr): first the keys of the initiator's outbound SA, then
 * those of the other.
 */
bool child_derive(struct child *c, bool initiator, struct chunk secret, struct chunk ni,
		  struct chunk nr)
{
	struct chunk seed[] = { secret, ni, nr };
	const struct ike_sa *sa = c->sa;
	uint8_t keymat[2 * CHILD_KEY_MAX];
	size_t len = key_len(&c->suite);
	bool ok;

	if (!len || len > CHILD_KEY_MAX)
		return false;
	ok = prf_plus(sa->prf, (struct chunk){ sa->sk_d, prf_len(sa->prf) }, seed, 3, keymat,
		      2 * len);
	if (ok) {
		memcpy(initiator ? c->key_out : c->key_in, keymat, len);
		memcpy(initiator ? c->key_in : c->key_out, keymat + len, len);
	}
	mem_wipe(keymat, sizeof(keymat));
	return ok;
}

/* Without extended numbers the kernel ends at 2^32 packets: rekey in time. */
static uint64_t soft_packets(const struct child *c, const struct tunnel_conf *conf, bool esn)
{
	const uint64_t most = UINT64_C(0xe0000000);

	if (!esn && (!conf->rekey_packets || conf->rekey_packets > most))
		return most - ike_jitter(c->sa->ike, most / 16);
	return conf->rekey_packets;
}

/* What follows the soft limit lasts until new keys are agreed on, over some lost messages too. */
static uint64_t hard_of(uint64_t soft, uint64_t least)
{
	if (!soft)
		return 0;
	return soft + (soft / 10 > least ? soft / 10 : least);
}

static struct kern_sa kern_sa_of(const struct child *c, bool out)
{
	const struct transform *encr = proposal_find(&c->suite, TRANSFORM_ENCR);
	const struct transform *integ = proposal_find(&c->suite, TRANSFORM_INTEG);
	const struct transform *esn = proposal_find(&c->suite, TRANSFORM_ESN);
	const struct tunnel_conf *conf = &c->sa->tunnel->conf;
	struct kern_sa k = {
		.spi = out ? c->spi_out : c->spi_in,
		.encr = encr->id,
		.integ = integ ? integ->id : INTEG_NONE,
		.encr_key = out ? c->key_out : c->key_in,
		.encr_key_len = encr_key_len(encr->id, encr->key_bits),
		.esn = esn && esn->id == ESN_YES,
		.replay_window = conf->replay_window,
		.soft_bytes = conf->rekey_bytes,
		.hard_bytes = hard_of(conf->rekey_bytes, HARD_BYTES_LEAST),
		.soft_seconds = c->soft_s,
		.hard_seconds = c->hard_s,
	};

	k.integ_key = k.encr_key + k.encr_key_len;
	k.integ_key_len = integ_key_len(k.integ);
	k.soft_packets = soft_packets(c, conf, k.esn);
	if (k.soft_packets == conf->rekey_packets)
		k.hard_packets = hard_of(k.soft_packets, HARD_PACKETS_LEAST);
	return k;
}

static void set_lifetime(struct child *c)
{
	uint64_t rekey_s = c->sa->tunnel->conf.rekey_s;

	if (!rekey_s)
		return;
	c->soft_s = rekey_s - ike_jitter(c->sa->ike, rekey_s / 10);
	c->hard_s = rekey_s + (rekey_s / 10 > 60 ? rekey_s / 10 : 60);
	c->rekey_at_ms = ike_now(c->sa->ike) + c->soft_s * 1000;
}

bool child_install(struct child *c, bool out, const char *reason, char why[256])
{
	struct tunnel *t = c->sa->tunnel;
	struct ike *ike = c->sa->ike;
	struct kern_sa in_sa, out_sa;

	set_lifetime(c);
	in_sa = kern_sa_of(c, false);
	out_sa = kern_sa_of(c, true);
	if (ike->env.kern_sa_add(ike->env.ctx, t->conf.name, t->child_id, &in_sa,
				 out ? &out_sa : NULL, why))
		return false;
	mem_wipe(c->key_in, sizeof(c->key_in));
	if (out) {
		mem_wipe(c->key_out, sizeof(c->key_out));
		t->out = c;
	}
	child_set_state(c, out ? CHILD_ACTIVE : CHILD_INBOUND, reason);
	return true;
}

bool child_switch(struct child *c, const char *reason)
{
	struct kern_sa out_sa = kern_sa_of(c, true);
	struct tunnel *t = c->sa->tunnel;
	struct ike *ike = c->sa->ike;
	char why[256] = "";

	if (ike->env.kern_sa_add(ike->env.ctx, t->conf.name, t->child_id, NULL, &out_sa, why)) {
		ike_log(ike, t, LOG_ERR, "the kernel refuses the new outbound SA: %s", why);
		return false;
	}
	mem_wipe(c->key_out, sizeof(c->key_out));
	t->out = c;
	child_set_state(c, CHILD_ACTIVE, reason);
	return true;
}

void child_linger(struct child *c, const char *reason)
{
	struct ike *ike = c->sa->ike;

	mem_wipe(c->key_out, sizeof(c->key_out));
	child_set_state(c, CHILD_LINGERING, reason);
	timer_set(&ike->timers, &c->timer, ike_now(ike) + CHILD_LINGER_MS);
}

void child_remove(struct child *c, const char *reason)
{
	struct tunnel *t = c->sa->tunnel;
	struct ike *ike = c->sa->ike;

	/* a NEW one has only its SPI reserved; SAs go with the kernel's child */
	if (t && (t->in_kernel || c->state == CHILD_NEW))
		ike->env.kern_sa_del(ike->env.ctx, t->conf.name, c->spi_in, false);
	if (t && t->out == c) {
		if (t->in_kernel)
			ike->env.kern_sa_del(ike->env.ctx, t->conf.name, c->spi_out, true);
		t->out = NULL;
	}
	timer_cancel(&ike->timers, &c->timer);
	child_set_state(c, CHILD_GONE, reason);
	TAILQ_REMOVE(&c->sa->children, c, link);
	mem_free_wiped(c, sizeof(*c));
}

void child_retire(struct child *c, const char *reason)
{
	timer_cancel(&c->sa->ike->timers, &c->timer);
	c->want_rekey = false;
	mem_wipe(c->key_out, sizeof(c->key_out));
	child_set_state(c, CHILD_OLD, reason);
}

void child_deleting(struct child *c)
{
	child_set_state(c, CHILD_DELETING, "we delete it");
}

void child_switch_later(struct child *c)
{
	struct ike *ike = c->sa->ike;

	timer_set(&ike->timers, &c->timer, c->succeeded_ms + CHILD_SWITCH_MS);
}

void child_retry(struct child *c, uint64_t min_ms, uint64_t max_ms)
{
	struct ike *ike = c->sa->ike;

	timer_set(&ike->timers, &c->timer,
		  ike_now(ike) + min_ms + ike_jitter(ike, max_ms - min_ms));
}

void children_free(struct ike_sa *sa)
{
	struct child *c;

	while ((c = TAILQ_FIRST(&sa->children)))
		child_remove(c, "its IKE SA ends");
}

void children_forget(struct ike_sa *sa)
{
	struct child *c;

	while ((c = TAILQ_FIRST(&sa->children))) {
		TAILQ_REMOVE(&sa->children, c, link);
		mem_free_wiped(c, sizeof(*c));
	}
}
