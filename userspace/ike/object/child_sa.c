// SPDX-License-Identifier: GPL-2.0
#include "ike/object/child_sa.h"

#include <stdlib.h>

#include "ike/object/child.h"
#include "ike/object/ike_sa.h"
#include "ike/object/peer.h"
#include "ike/object/report.h"
#include "ike/object/touch.h"
#include "suite/alg.h"

/* 8 s at 1 Gbit/s: the first tries of a CREATE_CHILD_SA. */
#define HARD_BYTES_LEAST	(UINT64_C(1) << 30)
#define HARD_PACKETS_LEAST	1000000
#define PAIR_SOON_MS		10000

static const char *pair_state_name(enum pair_state state)
{
	static const char *const names[] = {
		[PAIR_NEW] = "new",	      [PAIR_INBOUND] = "inbound",
		[PAIR_ACTIVE] = "active",     [PAIR_OLD] = "old",
		[PAIR_DELETING] = "deleting", [PAIR_LINGERING] = "lingering",
		[PAIR_GONE] = "gone",
	};

	return names[state];
}

static void pair_set_state(struct child_sa *pair, enum pair_state state, const char *reason)
{
	report_log(pair->child->ike, pair->child->peer, LOG_DEBUG,
		   "CHILD_SA %08x/%08x: %s -> %s: %s", pair->spi_in, pair->spi_out,
		   pair_state_name(pair->state), pair_state_name(state), reason);
	pair->state = state;
	if (pair->sa)
		sa_touch(pair->sa);
}

static void pair_arm(struct child_sa *pair, uint64_t at)
{
	timer_set(&pair->child->ike->timers, &pair->timer, at);
}

static void pair_disarm(struct child_sa *pair)
{
	timer_cancel(&pair->child->ike->timers, &pair->timer);
}

/* False: has the peer been silent, or does nothing arrive? It is asked whether it lives. */
static bool pair_peer_is_heard(struct ike_sa *sa)
{
	if (!sa || sa->state != SA_ESTABLISHED ||
	    ike_now(sa->ike) - sa->heard_ms <= PAIR_HEARD_MS)
		return true;
	sa->want_liveness = true;
	sa_touch(sa);
	return false;
}

/* When may @pair follow @old though that is not deleted? */
static uint64_t pair_switch_ms(const struct child_sa *old, const struct child_sa *pair)
{
	const uint64_t asked = pair->sa ? pair->sa->asked_ms : 0, since = old->succeeded_ms;
	const uint64_t last = since + PAIR_ASKED_MS;

	if (asked <= since)
		return since + PAIR_SWITCH_MS;
	return asked + PAIR_SWITCH_MS < last ? asked + PAIR_SWITCH_MS : last;
}

/*
 * The peer has neither deleted the old one nor asked again for our answer: it must have the
 * new one. That it has not says something only where its messages arrive.
 */
static void pair_switch_now(struct child_sa *old)
{
	struct child_sa *pair = pair_by_in(old->child, old->successor);
	uint64_t now = ike_now(old->child->ike);

	if (pair && now < pair_switch_ms(old, pair)) {
		pair_arm(old, pair_switch_ms(old, pair));
		return;
	}
	if (pair && !pair_peer_is_heard(pair->sa)) {
		pair_arm(old, now + PAIR_HEARD_MS);
		return;
	}
	if (!pair || !pair_switch(pair, "the peer does not delete the old one")) {
		if (old->sa)
			sa_end(old->sa, SA_CLOSE, IKE_FAIL_KERNEL,
			       "the kernel refuses the outbound SA of a rekey");
		return;
	}
	pair_retire(old, "replaced, and not deleted by the peer");
}

static void pair_due(struct timer *timer)
{
	struct child_sa *pair = container_of(timer, struct child_sa, timer);

	if (pair->state == PAIR_LINGERING) {
		pair_remove(pair, "no packet can be under way any more");
	} else if (pair->state == PAIR_ACTIVE && pair->successor) {
		pair_switch_now(pair);
	} else if (pair->state == PAIR_ACTIVE && pair->sa) {
		pair->want_rekey = true;
		sa_touch(pair->sa);
	} else if (pair->state == PAIR_OLD && pair->sa) {
		sa_touch(pair->sa);
	}
}

/* What has left may go with the last of them. */
static void pair_promised(struct child *child, int more)
{
	struct peer *peer = child->peer;

	peer->promised += more;
	if (!peer->promised)
		peer_touch(peer);
}

struct child_sa *pair_new(struct child *child, struct ike_sa *sa, const struct proposal *suite,
			  uint32_t spi_in, uint32_t spi_out)
{
	struct child_sa *pair;

	if (!timers_reserve(&child->ike->timers, 1))
		return NULL;
	pair = calloc(1, sizeof(*pair));
	if (!pair) {
		timers_unreserve(&child->ike->timers, 1);
		return NULL;
	}
	pair->child = child;
	pair->sa = sa;
	pair->state = PAIR_NEW;
	pair->suite = proposal_suite(suite);
	pair->group = suite_group(&pair->suite);
	pair->spi_in = spi_in;
	pair->reserved = true;
	pair->spi_out = spi_out;
	pair_promised(child, -1);
	timer_init(&pair->timer, pair_due);
	TAILQ_INSERT_TAIL(&child->pairs, pair, link);
	return pair;
}

bool pairs_are_many(const struct child *child)
{
	const struct child_sa *pair;
	unsigned int count = 0;

	TAILQ_FOREACH(pair, &child->pairs, link)
		count++;
	return count >= PAIRS_MAX;
}

struct child_sa *pair_active(const struct child *child)
{
	struct child_sa *pair;

	TAILQ_FOREACH(pair, &child->pairs, link)
		if (pair->state == PAIR_ACTIVE)
			return pair;
	return NULL;
}

struct child_sa *pair_by_in(const struct child *child, uint32_t spi_in)
{
	struct child_sa *pair;

	TAILQ_FOREACH(pair, &child->pairs, link)
		if (spi_in && pair->spi_in == spi_in)
			return pair;
	return NULL;
}

struct child_sa *pair_by_out(const struct child *child, uint32_t spi_out)
{
	struct child_sa *pair;

	TAILQ_FOREACH(pair, &child->pairs, link)
		if (pair->spi_out == spi_out && pair->state != PAIR_LINGERING)
			return pair;
	return NULL;
}

bool pair_has_heir(const struct child_sa *pair)
{
	const struct child_sa *next = pair_by_in(pair->child, pair->successor);

	return next && next->sa != pair->sa;
}

bool pair_is_free_for(const struct child_sa *pair, const struct ike_sa *sa)
{
	const struct child_sa *next = pair_by_in(pair->child, pair->successor);

	return !pair->peer_deleted && (!next || (next->sa != pair->sa && next->sa != sa));
}

struct child_sa *pair_predecessor(const struct child_sa *pair)
{
	struct child_sa *old;

	TAILQ_FOREACH(old, &pair->child->pairs, link)
		if (old->successor == pair->spi_in)
			return old;
	return NULL;
}

void pair_succeed(struct child_sa *pair, struct child_sa *old)
{
	pair_disarm(old);
	old->want_rekey = false;
	old->successor = pair->spi_in;
	old->succeeded_ms = ike_now(old->child->ike);
}

static size_t pair_key_len(const struct suite *suite)
{
	const struct transform *encr = suite_find(suite, TRANSFORM_ENCR);
	const struct transform *integ = suite_find(suite, TRANSFORM_INTEG);

	return (encr ? encr_key_len(encr->id, encr->key_bits) : 0) +
	       (integ ? integ_key_len(integ->id) : 0);
}

/*
 * prf+ (SK_d, [ g^ir (new) ] | Ni | Nr): first the keys of the initiator's outbound SA, then
 * those of the other.
 */
bool pair_derive(struct child_sa *pair, bool initiator, struct ke_secret secret, struct chunk ni,
		 struct chunk nr)
{
	struct chunk seed[] = { secret.first, ni, nr, secret.more };
	const struct ike_sa *sa = pair->sa;
	uint8_t keymat[2 * PAIR_KEY_MAX];
	size_t len = pair_key_len(&pair->suite);
	bool ok;

	pair->ours = initiator;
	if (!len || len > PAIR_KEY_MAX)
		return false;
	ok = prf_plus(sa->prf, (struct chunk){ sa->sk_d, prf_len(sa->prf) }, seed, 4, keymat,
		      2 * len);
	if (ok) {
		memcpy(initiator ? pair->key_out : pair->key_in, keymat, len);
		memcpy(initiator ? pair->key_in : pair->key_out, keymat + len, len);
	}
	mem_wipe(keymat, sizeof(keymat));
	return ok;
}

/* Without extended numbers the kernel ends at 2^32 packets: rekey in time. */
static uint64_t pair_soft_packets(const struct child_sa *pair, bool esn)
{
	const uint64_t most = UINT64_C(0xe0000000), wanted = pair->child->conf->rekey_packets;

	if (!esn && (!wanted || wanted > most))
		return most - ike_jitter(pair->child->ike, most / 16);
	return wanted;
}

/*
 * Two blocks of 64 bits are the same by chance after some 2^32 of them, and tell of what they
 * encrypt (Sweet32, CVE-2016-2183): one in 2,000 keys has that within 1 GiB.
 */
static uint64_t pair_soft_bytes(const struct child_sa *pair, const struct transform *encr)
{
	const uint64_t most = UINT64_C(1) << 30, wanted = pair->child->conf->rekey_bytes;
	const struct alg *alg = alg_find(encr->type, encr->id, encr->key_bits);

	return alg && alg->block == 8 && (!wanted || wanted > most) ? most : wanted;
}

/* What follows the soft limit lasts until new keys are agreed on, over some lost messages too. */
static uint64_t pair_hard_of(uint64_t soft, uint64_t least)
{
	if (!soft)
		return 0;
	return soft + (soft / 10 > least ? soft / 10 : least);
}

struct kern_sa pair_kern_sa(const struct child_sa *pair, bool out)
{
	const struct transform *encr = suite_find(&pair->suite, TRANSFORM_ENCR);
	const struct transform *integ = suite_find(&pair->suite, TRANSFORM_INTEG);
	const struct transform *esn = suite_find(&pair->suite, TRANSFORM_ESN);
	const struct child_conf *conf = pair->child->conf;
	struct kern_sa k = {
		.spi = out ? pair->spi_out : pair->spi_in,
		.encr = encr->id,
		.integ = integ ? integ->id : INTEG_NONE,
		.encr_key = out ? pair->key_out : pair->key_in,
		.encr_key_len = encr_key_len(encr->id, encr->key_bits),
		.esn = esn && esn->id == ESN_YES,
		.replay_window = conf->replay_window,
		.soft_bytes = pair_soft_bytes(pair, encr),
		.soft_seconds = pair->soft_s,
		.hard_seconds = pair->hard_s,
	};

	k.hard_bytes = pair_hard_of(k.soft_bytes, HARD_BYTES_LEAST);
	k.integ_key = k.encr_key + k.encr_key_len;
	k.integ_key_len = integ_key_len(k.integ);
	k.soft_packets = pair_soft_packets(pair, k.esn);
	if (k.soft_packets == conf->rekey_packets)
		k.hard_packets = pair_hard_of(k.soft_packets, HARD_PACKETS_LEAST);
	return k;
}

/*
 * The kernel has it, or nobody needs it; where keys may be exported it stays as long as the pair.
 */
static void pair_forget_key(struct child_sa *pair, uint8_t key[PAIR_KEY_MAX])
{
	if (!pair->child->peer->conf->export_keys)
		mem_wipe(key, PAIR_KEY_MAX);
}

static void pair_set_lifetime(struct child_sa *pair)
{
	uint64_t rekey_s = pair->child->conf->rekey_s;
	struct ike *ike = pair->child->ike;

	if (!rekey_s)
		return;
	pair->soft_s = rekey_s - ike_jitter(ike, rekey_s / 10);
	pair->hard_s = rekey_s + (rekey_s / 10 > 60 ? rekey_s / 10 : 60);
	pair->rekey_at_ms = ike_now(ike) + pair->soft_s * 1000;
}

static bool pair_is_shorter(uint64_t now, uint64_t before)
{
	return now && (!before || now < before);
}

/* All of a reload do not rekey at once. */
static uint64_t pair_soon(const struct child_sa *pair)
{
	return ike_jitter(pair->child->ike, PAIR_SOON_MS);
}

/*
 * The kernel keeps what it was given, so a shorter limit is ours to heed: bytes and packets, which
 * are not counted here, by new keys now.
 */
static uint64_t pair_new_limit(const struct child_sa *pair, const struct child_conf *was)
{
	const struct child_conf *conf = pair->child->conf;
	uint64_t now = ike_now(pair->child->ike), soonest = now + pair_soon(pair), at = UINT64_MAX;
	uint64_t span = (uint64_t)conf->rekey_s * 1000;

	if (pair_is_shorter(conf->rekey_bytes, was->rekey_bytes) ||
	    pair_is_shorter(conf->rekey_packets, was->rekey_packets))
		at = now;
	else if (pair_is_shorter(conf->rekey_s, was->rekey_s))
		at = pair->installed_ms + span - ike_jitter(pair->child->ike, span / 10);
	return at > soonest ? at : soonest;
}

void pair_take_limits(struct child_sa *pair, const struct child_conf *was)
{
	uint64_t at;

	if (pair->state != PAIR_ACTIVE && pair->state != PAIR_INBOUND)
		return;
	at = pair_new_limit(pair, was);
	if (at == UINT64_MAX || (pair->rekey_at_ms && pair->rekey_at_ms <= at))
		return;
	pair->rekey_at_ms = at;
	if (pair->state == PAIR_ACTIVE && !pair->successor && !pair->want_rekey &&
		 (!timer_armed(&pair->timer) || pair->timer.at > at))
		pair_arm(pair, at);
}

/* Has a reload given it less time than the kernel knows of? */
static bool pair_is_short(const struct child_sa *pair)
{
	return pair->rekey_at_ms &&
	       (!pair->soft_s || pair->rekey_at_ms < pair->installed_ms + pair->soft_s * 1000);
}

bool pair_tries_again(const struct child_sa *pair)
{
	return timer_armed(&pair->timer) && pair->timer.at != pair->rekey_at_ms;
}

bool pair_has_keys(const struct child_sa *pair)
{
	uint8_t any = 0;

	for (size_t i = 0; i < sizeof(pair->key_in); i++)
		any |= pair->key_in[i];
	return any;
}

void pair_export_no_more(struct child_sa *pair)
{
	if (pair->state == PAIR_NEW)
		return;
	mem_wipe(pair->key_in, sizeof(pair->key_in));
	if (pair->state != PAIR_INBOUND)
		mem_wipe(pair->key_out, sizeof(pair->key_out));
}

static bool pair_sa_add(struct child_sa *pair, const struct kern_sa *in, const struct kern_sa *out,
			char why[IKE_WHY_MAX])
{
	const struct ike_env *env = &pair->child->ike->env;
	struct child *child = pair->child;
	int rc = env->sa_add(env->ctx, child->peer->tunnel_id, child->id, in, out, why);

	if (rc == -ENOENT) {		/* and the event that says so was lost */
		child->gone = CHILD_REMOVED;
		peer_touch(child->peer);
	}
	return !rc;
}

static void pair_sa_del(struct child *child, uint32_t spi, bool out)
{
	const struct ike_env *env = &child->ike->env;

	env->sa_del(env->ctx, child->peer->tunnel_id, child->id, spi, out);
}

bool pair_install(struct child_sa *pair, bool out, const char *reason, char why[IKE_WHY_MAX])
{
	struct kern_sa in_sa, out_sa;

	pair_set_lifetime(pair);
	in_sa = pair_kern_sa(pair, false);
	out_sa = pair_kern_sa(pair, true);
	if (!pair_sa_add(pair, &in_sa, out ? &out_sa : NULL, why))
		return false;
	pair->reserved = false;
	pair->in_kernel = true;
	pair->installed_ms = ike_now(pair->child->ike);
	pair->next_in = pair->sa->next_in;
	pair_forget_key(pair, pair->key_in);
	if (out) {
		pair_forget_key(pair, pair->key_out);
		pair->child->out = pair;
	}
	pair_set_state(pair, out ? PAIR_ACTIVE : PAIR_INBOUND, reason);
	return true;
}

bool pair_switch(struct child_sa *pair, const char *reason)
{
	struct kern_sa out_sa = pair_kern_sa(pair, true);
	char why[IKE_WHY_MAX] = "";

	if (!pair_sa_add(pair, NULL, &out_sa, why)) {
		report_log(pair->child->ike, pair->child->peer, LOG_ERR,
			   "the kernel refuses the new outbound SA: %s", why);
		return false;
	}
	pair_forget_key(pair, pair->key_out);
	pair->child->out = pair;
	pair_set_state(pair, PAIR_ACTIVE, reason);
	if (pair_is_short(pair) && !pair->successor)
		pair_arm(pair, pair->rekey_at_ms);
	return true;
}

void pair_linger(struct child_sa *pair, const char *reason)
{
	pair_forget_key(pair, pair->key_out);
	pair_set_state(pair, PAIR_LINGERING, reason);
	pair_arm(pair, ike_now(pair->child->ike) + PAIR_LINGER_MS);
}

void pair_inherit(struct child_sa *pair, struct child_sa *old)
{
	struct child_sa *heir = pair_by_in(old->child, old->successor);

	if (!heir || heir->sa == pair->sa || heir->sa == old->sa)
		return;
	old->successor = 0;
	pair_succeed(heir, pair);
	pair_switch_later(pair);
}

void pair_leave(struct child_sa *pair, const char *reason)
{
	struct child_sa *active = pair_active(pair->child), *old = pair_predecessor(pair);

	if (old)
		old->successor = 0;
	if (!active || active->sa == pair->sa || !pair->in_kernel) {
		pair_remove(pair, reason);
		return;
	}
	if (pair->state != PAIR_LINGERING) {
		pair_linger(pair, reason);
		pair_arm(pair, ike_now(pair->child->ike) + PAIR_LEAVE_MS);
	}
	pair->sa = NULL;
}

void pair_unload(struct child_sa *pair)
{
	struct child *child = pair->child;

	/* SAs have gone with the kernel's policy, a reservation has not */
	if (pair->in_kernel || pair->reserved)
		pair_sa_del(child, pair->spi_in, false);
	pair->in_kernel = false;
	pair->reserved = false;
	if (child->out == pair) {
		if (child->in_kernel)
			pair_sa_del(child, pair->spi_out, true);
		child->out = NULL;
	}
}

void pair_remove(struct child_sa *pair, const char *reason)
{
	pair_unload(pair);
	pair_set_state(pair, PAIR_GONE, reason);
	pair_forget(pair);
}

void pair_forget(struct child_sa *pair)
{
	pair_disarm(pair);
	timers_unreserve(&pair->child->ike->timers, 1);
	TAILQ_REMOVE(&pair->child->pairs, pair, link);
	if (pair->child->left || pair->child->guest)
		peer_touch(pair->child->peer);
	mem_free_wiped(pair, sizeof(*pair));
}

void pair_retire(struct child_sa *pair, const char *reason)
{
	if (!pair->sa) {		/* nobody can be told */
		pair_linger(pair, reason);
		return;
	}
	pair_disarm(pair);
	pair->want_rekey = false;
	pair_forget_key(pair, pair->key_out);
	pair_set_state(pair, PAIR_OLD, reason);
}

void pair_deleting(struct child_sa *pair)
{
	pair_set_state(pair, PAIR_DELETING, "we delete it");
}

void pair_switch_later(struct child_sa *pair)
{
	pair_arm(pair, pair->succeeded_ms + PAIR_SWITCH_MS);
}

void pair_retry(struct child_sa *pair, uint64_t min_ms, uint64_t max_ms)
{
	struct ike *ike = pair->child->ike;

	pair_arm(pair, ike_now(ike) + min_ms + ike_jitter(ike, max_ms - min_ms));
}

bool pair_spi_alloc(struct child *child, uint32_t *spi, char why[IKE_WHY_MAX])
{
	const struct ike_env *env = &child->ike->env;

	*spi = 0;
	if (env->spi_alloc(env->ctx, child->peer->tunnel_id, spi, why))
		return false;
	pair_promised(child, 1);
	return true;
}

void pair_spi_free(struct child *child, uint32_t spi)
{
	if (!spi)
		return;
	pair_sa_del(child, spi, false);
	pair_promised(child, -1);
}
