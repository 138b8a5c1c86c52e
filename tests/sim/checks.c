// SPDX-License-Identifier: GPL-2.0
/*
 * What must hold after every step, when all is quiet, and in the face of bytes that nobody has
 * authenticated.
 */
#include "sim/sim.h"

#include "ike/v2/child_exchange.h"

struct peer *node_peer(const struct node *n)
{
	struct tunnel *t = n->ike ? TAILQ_FIRST(&n->ike->tunnels) : NULL;

	return t ? TAILQ_FIRST(&t->peers) : NULL;
}

struct child *node_child(const struct node *n)
{
	struct peer *peer = node_peer(n);

	return peer ? TAILQ_FIRST(&peer->children) : NULL;
}

/* ---- everything that may not change, in one number */

static void mix(uint64_t *d, const void *p, size_t len)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < len; i++)
		*d = (*d ^ b[i]) * UINT64_C(0x100000001b3);
}

#define MIX(d, x) mix(&(d), &(x), sizeof(x))

static void digest_timer(uint64_t *d, const struct timer *t)
{
	uint64_t at = timer_armed(t) ? t->at : 0;

	MIX(*d, at);
}

static uint64_t digest_sa(const struct ike_sa *sa)
{
	const struct exchange *ex;
	uint64_t d = 1;

	MIX(d, sa->state);
	MIX(d, sa->spi_i);
	MIX(d, sa->spi_r);
	MIX(d, sa->remote.port);
	mix(&d, sa->remote.addr.b, 16);
	MIX(d, sa->local.port);
	MIX(d, sa->heard_ms);
	MIX(d, sa->next_in);
	MIX(d, sa->next_out);
	mix(&d, sa->sk_d, sizeof(sa->sk_d));
	digest_timer(&d, &sa->expiry);
	digest_timer(&d, &sa->liveness);
	TAILQ_FOREACH(ex, &sa->exchanges, link) {
		MIX(d, ex->id);
		MIX(d, ex->tries);
		MIX(d, ex->sent);
		digest_timer(&d, &ex->timer);
	}
	return d;
}

static uint64_t digest_child(const struct child *child)
{
	const struct child_sa *c;
	uint64_t d = 1;

	MIX(d, child->state);
	MIX(d, child->rekeys);
	MIX(d, child->cause.failure);
	digest_timer(&d, &child->retry);
	TAILQ_FOREACH(c, &child->pairs, link) {
		MIX(d, c->state);
		MIX(d, c->spi_in);
		MIX(d, c->spi_out);
		MIX(d, c->successor);
		MIX(d, c->want_rekey);
		digest_timer(&d, &c->timer);
	}
	return d;
}

uint64_t digest(const struct node *n, bool established_only)
{
	const struct peer *t = node_peer(n);
	const struct ike_sa *sa;
	uint64_t d = 1, one;

	TAILQ_FOREACH(sa, &n->ike->sas, link) {
		if (established_only && (sa->state < SA_ESTABLISHED || sa->state == SA_DEAD))
			continue;
		one = digest_sa(sa);
		MIX(d, one);
	}
	if (t && (!established_only || t->sa)) {
		MIX(d, t->state);
		MIX(d, t->cause.failure);
		digest_timer(&d, &t->retry);
		one = digest_child(node_child(n));
		MIX(d, one);
	}
	for (unsigned int i = 0; i < n->k.in_count; i++)
		MIX(d, n->k.in[i].spi);
	if (!established_only)
		MIX(d, n->k.reserved_count);
	MIX(d, n->k.has_out);
	MIX(d, n->k.out.spi);
	MIX(d, n->k.remote.port);
	return d;
}

/* ---- after every step */

/* Inbound SPIs that requests of ours hold. */
static unsigned int exchange_spis(const struct ike_sa *sa)
{
	const struct child_exchange *p;
	const struct exchange *ex;
	unsigned int count = 0;

	TAILQ_FOREACH(ex, &sa->exchanges, link) {
		p = (const void *)ex->priv;
		if (ex->kind == &v2_kind_auth)
			count += v2_auth_reserved(ex) != 0;
		else if (ex->kind == &v2_kind_new_child || ex->kind == &v2_kind_rekey_child)
			count += p->new_spi != 0;
	}
	return count;
}

/* Each kernel object belongs to one of the engine's, and the reverse. */
static void check_leaks(struct world *w, struct node *n)
{
	const struct child *t = node_child(n);
	unsigned int reserved = 0, in = 0;
	const struct ike_sa *sa;
	const struct child_sa *c;

	TAILQ_FOREACH(sa, &n->ike->sas, link)
		reserved += exchange_spis(sa);
	TAILQ_FOREACH(c, &t->pairs, link) {
		if (c->reserved) {
			reserved++;
			continue;
		}
		if (!t->in_kernel)
			continue;
		in++;
		if (!kernel_in(&n->k, c->spi_in))
			violate(w, "%c: CHILD_SA %08x is not in the kernel", 'A' + n->index,
				c->spi_in);
	}
	if (reserved != n->k.reserved_count)
		violate(w, "%c: %u SPIs are reserved, the engine knows of %u", 'A' + n->index,
			n->k.reserved_count, reserved);
	if (in != n->k.in_count)
		violate(w, "%c: %u inbound SAs, the engine knows of %u", 'A' + n->index,
			n->k.in_count, in);
	if (n->k.has_out != !!t->out || (t->out && t->out->spi_out != n->k.out.spi))
		violate(w, "%c: the outbound SA is not the engine's", 'A' + n->index);
	if (n->k.has_policy != t->in_kernel || n->linked != t->linked)
		violate(w, "%c: the kernel's policy is not the engine's", 'A' + n->index);
	if (t->in_kernel != (t->state == CHILD_UP) || t->in_kernel != !!t->out)
		violate(w, "%c: the child's state is %d, it is %sin the kernel", 'A' + n->index,
			t->state, t->in_kernel ? "" : "not ");
}

/* The peer's state is that of its IKE SA and its child. */
static void check_peer(struct world *w, struct node *n)
{
	const struct peer *t = node_peer(n);

	if ((t->state == PEER_UP) != !!t->sa)
		violate(w, "%c: the peer's state is %d, and it has %s IKE SA", 'A' + n->index,
			t->state, t->sa ? "an" : "no");
	if (t->sa && (t->sa->state != SA_ESTABLISHED || !node_child(n)->out))
		violate(w, "%c: the peer is up on an IKE SA that is %s", 'A' + n->index,
			sa_state_name(t->sa->state));
	if ((n->up_since != 0) != (t->up_ms != 0))
		violate(w, "%c: UP and DOWN were not said as they are", 'A' + n->index);
}

static bool intact(const struct world *w)
{
	const struct peer *a = node_peer(&w->n[0]), *b = node_peer(&w->n[1]);

	return a && b && a->sa && b->sa && a->sa->spi_i == b->sa->spi_i &&
	       a->sa->spi_r == b->sa->spi_r;
}

static void check_twins(struct world *w, struct node *n, struct node *peer)
{
	const struct sim_sa *twin;

	if (!n->k.has_out)
		return;
	twin = kernel_in(&peer->k, n->k.out.spi);
	if (!twin && intact(w))
		violate(w, "%c sends on %08x, which %c does not have", 'A' + n->index,
			n->k.out.spi, 'A' + peer->index);
	if (twin && (twin->key_len != n->k.out.key_len || twin->esn != n->k.out.esn ||
		     memcmp(twin->key, n->k.out.key, twin->key_len)))
		violate(w, "the keys of %08x differ", twin->spi);
}

void check_step(struct world *w)
{
	for (int i = 0; i < NODES && !w->violation[0]; i++) {
		if (!w->n[i].ike)
			continue;
		check_leaks(w, &w->n[i]);
		check_peer(w, &w->n[i]);
		check_twins(w, &w->n[i], &w->n[!i]);
	}
}

/* ---- when all is quiet */

static bool node_is_quiet(const struct node *n)
{
	const struct peer *t = node_peer(n);
	const struct ike_sa *sa;
	const struct child_sa *c;

	if (t->state == PEER_CONNECTING || timer_armed(&t->retry) || n->job_count)
		return false;
	TAILQ_FOREACH(sa, &n->ike->sas, link)
		if (sa->state != SA_ESTABLISHED || sa->exchange_count)
			return false;
	TAILQ_FOREACH(c, &node_child(n)->pairs, link)
		if (c->state != PAIR_ACTIVE || c->successor || c->want_rekey)
			return false;
	return true;
}

bool is_quiet(const struct world *w)
{
	return node_is_quiet(&w->n[0]) && node_is_quiet(&w->n[1]) && !w->flight_count;
}

static unsigned int count_sas(const struct node *n)
{
	const struct ike_sa *sa;
	unsigned int count = 0;

	TAILQ_FOREACH(sa, &n->ike->sas, link)
		count++;
	return count;
}

void check_converged(struct world *w)
{
	const struct peer *a = node_peer(&w->n[0]), *b = node_peer(&w->n[1]);

	if (a->state != b->state) {
		violate(w, "quiet, but A is %d and B is %d", a->state, b->state);
		return;
	}
	if (a->state == PEER_UP && !intact(w))
		violate(w, "both are up, on different IKE SAs");
	for (int i = 0; i < NODES; i++) {
		const struct kernel *k = &w->n[i].k;
		unsigned int want = a->state == PEER_UP;

		if (k->in_count != want || k->has_out != want || k->reserved_count)
			violate(w,
				"quiet, and %c has %u inbound SAs, %d outbound, %u reserved SPIs",
				'A' + i, k->in_count, k->has_out, k->reserved_count);
		if (count_sas(&w->n[i]) != want || w->n[i].ike->counters.half_open)
			violate(w, "quiet, and %c has %u IKE SAs, %llu half open", 'A' + i,
				count_sas(&w->n[i]),
				(unsigned long long)w->n[i].ike->counters.half_open);
	}
	if (a->state == PEER_UP && !w->violation[0] &&
	    (w->n[0].k.in[0].spi != w->n[1].k.out.spi || w->n[1].k.in[0].spi != w->n[0].k.out.spi))
		violate(w, "quiet, and the two ends use different CHILD_SAs");
}

void check_empty(struct world *w)
{
	for (int i = 0; i < NODES; i++) {
		const struct kernel *k = &w->n[i].k;

		if (k->in_count || k->has_out || k->reserved_count || k->has_policy ||
		    count_sas(&w->n[i]))
			violate(w,
				"down, and %c has %u IKE SAs, %u inbound, %d outbound, %u SPIs, %d policies",
				'A' + i, count_sas(&w->n[i]), k->in_count, k->has_out,
				k->reserved_count, k->has_policy);
	}
}

/* ---- bytes that nobody has authenticated */

static void inject(struct node *n, const struct record *r, const uint8_t *msg, size_t len,
		   const char *what)
{
	bool init = len > 18 && msg[18] == EXCHANGE_IKE_SA_INIT;
	uint64_t all = digest(n, false), established = digest(n, true);

	trace(n->w, "%c: %s", 'A' + n->index, what);
	n->w->forged++;
	ike_input(n->ike, &r->local, &r->remote, msg, len);
	if (digest(n, true) != established)
		violate(n->w, "%s has changed what is established at %c", what, 'A' + n->index);
	if (!init && digest(n, false) != all)
		violate(n->w, "%s has changed the state of %c", what, 'A' + n->index);
	check_step(n->w);
}

static struct record *any_record(struct node *n)
{
	unsigned int count = n->seen_count < RECORD_MAX ? n->seen_count : RECORD_MAX;

	return n->ike && count ? &n->seen[rng_below(&n->w->script, count)] : NULL;
}

/* No IKE_SA_INIT: nothing can protect an attempt from forged ones. */
void forge(struct node *n)
{
	struct record *r = any_record(n);
	struct rng *rng = &n->w->script;
	uint8_t msg[4096];
	size_t len;

	if (!r || r->len > sizeof(msg) || r->len < 29 || r->msg[18] == EXCHANGE_IKE_SA_INIT)
		return;
	len = r->len;
	memcpy(msg, r->msg, len);
	if (rng_chance(rng, 10)) {
		for (size_t i = 18; i < len; i++)
			msg[i] = rng_next(rng);
	} else if (rng_chance(rng, 10)) {
		len = rng_below(rng, len);
	} else {
		for (uint64_t i = 0, flips = 1 + rng_below(rng, 4); i < flips; i++)
			msg[rng_below(rng, len)] ^= 1 << rng_below(rng, 8);
	}
	if ((len == r->len && !memcmp(msg, r->msg, len)) ||
	    (len > 18 && msg[18] == EXCHANGE_IKE_SA_INIT))
		return;
	inject(n, r, msg, len, "a forged message");
}

void replay(struct node *n)
{
	struct record *r = any_record(n);

	if (r)
		inject(n, r, r->msg, r->len, "a replayed message");
}

/* IKE_SA_INIT requests with SPIs made up, so many that cookies are demanded. */
void inject_flood(struct node *n)
{
	const struct record *r = NULL;
	uint8_t msg[4096];

	for (unsigned int i = 0; n->ike && i < RECORD_MAX; i++)
		if (n->seen[i].msg && n->seen[i].msg[18] == EXCHANGE_IKE_SA_INIT &&
		    !(n->seen[i].msg[19] & MSG_RESPONSE) && n->seen[i].len <= sizeof(msg))
			r = &n->seen[i];
	if (!r)
		return;
	memcpy(msg, r->msg, r->len);
	for (int i = 0; i < 2 * STRANGERS_COOKIE; i++) {
		msg[i % 8] = rng_next(&n->w->script);
		inject(n, r, msg, r->len, "a flood");
	}
	if (n->ike->counters.half_open > STRANGERS_COOKIE + 1)
		violate(n->w, "%c lets a flood in: %llu half open", 'A' + n->index,
			(unsigned long long)n->ike->counters.half_open);
}
