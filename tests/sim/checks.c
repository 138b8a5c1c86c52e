// SPDX-License-Identifier: GPL-2.0
/*
 * What must hold after every step, when all is quiet, and in the face of bytes that nobody has
 * authenticated.
 */
#include "sim/sim.h"

#include "ike/v2/child_exchange.h"

#define EXPIRED_MOST_MS	240000	/* retransmission, a switch put off, a late event */
#define PAIRS_MOST	16	/* of a child */

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
		for (unsigned int i = 0; i < n->w->children; i++) {
			one = digest_child(node_child(n, i));
			MIX(d, one);
		}
	}
	for (unsigned int i = 0; i < n->k.in_count; i++)
		MIX(d, n->k.in[i].spi);
	if (!established_only)
		MIX(d, n->k.reserved_count);
	for (unsigned int i = 0; i < n->k.policy_count; i++) {
		MIX(d, n->k.policy[i].has_out);
		MIX(d, n->k.policy[i].out.spi);
		MIX(d, n->k.policy[i].remote.port);
		mix(&d, n->k.policy[i].remote.addr.b, 16);
	}
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

/* The child's pairs, and what the kernel has of it. */
static void check_child(struct world *w, struct node *n, const struct child *t,
			unsigned int *reserved, unsigned int *in)
{
	const struct sim_policy *p = kernel_policy(&n->k, t->id);
	unsigned int pairs = 0, active = 0;
	const struct child_sa *c;

	TAILQ_FOREACH(c, &t->pairs, link) {
		pairs++;
		active += c->state == PAIR_ACTIVE;
		if (c->reserved)
			(*reserved)++;
		if (!c->in_kernel)
			continue;
		(*in)++;
		if (!kernel_in(&n->k, c->spi_in) || kernel_in(&n->k, c->spi_in)->policy != t->id)
			violate(w, "%c: CHILD_SA %08x is not in the kernel", 'A' + n->index,
				c->spi_in);
	}
	if (pairs > PAIRS_MOST)
		violate(w, "%c: a child has %u CHILD_SAs", 'A' + n->index, pairs);
	if (!!p != t->in_kernel || node_linked(n, t->id) != t->linked)
		violate(w, "%c: the kernel's policy is not the engine's", 'A' + n->index);
	if ((p && p->has_out) != !!t->out || (t->out && p && t->out->spi_out != p->out.spi))
		violate(w, "%c: the outbound SA is not the engine's", 'A' + n->index);
	if (t->in_kernel != (t->state == CHILD_UP) || t->in_kernel != !!t->out)
		violate(w, "%c: the child's state is %d, it is %sin the kernel", 'A' + n->index,
			t->state, t->in_kernel ? "" : "not ");
	if (t->linked != (t->state == CHILD_UP))
		violate(w, "%c: the child's state is %d, its routes are %sthere", 'A' + n->index,
			t->state, t->linked ? "" : "not ");
}

/* Each kernel object belongs to one of the engine's, and the reverse. */
static void check_leaks(struct world *w, struct node *n)
{
	unsigned int reserved = 0, in = 0, policies = 0;
	const struct ike_sa *sa;

	TAILQ_FOREACH(sa, &n->ike->sas, link)
		reserved += exchange_spis(sa);
	for (unsigned int i = 0; i < w->children; i++) {
		check_child(w, n, node_child(n, i), &reserved, &in);
		policies += node_child(n, i)->in_kernel;
		if ((n->child_since[i] != 0) != (node_child(n, i)->state == CHILD_UP))
			violate(w, "%c: CHILD_UP and CHILD_DOWN were not said as they are",
				'A' + n->index);
	}
	if (reserved != n->k.reserved_count)
		violate(w, "%c: %u SPIs are reserved, the engine knows of %u", 'A' + n->index,
			n->k.reserved_count, reserved);
	if (in != n->k.in_count || policies != n->k.policy_count)
		violate(w, "%c: %u inbound SAs and %u policies, the engine knows of %u and %u",
			'A' + n->index, n->k.in_count, n->k.policy_count, in, policies);
}

static bool any_out(const struct node *n)
{
	for (unsigned int i = 0; i < n->w->children; i++)
		if (node_child(n, i)->out)
			return true;
	return false;
}

/* The peer's state is that of its IKE SA and its children. */
static void check_peer(struct world *w, struct node *n)
{
	const struct peer *t = node_peer(n);

	if ((t->state == PEER_UP) != (t->sa && t->up_ms))
		violate(w, "%c: the peer's state is %d, and it has %s IKE SA", 'A' + n->index,
			t->state, t->sa ? "an" : "no");
	if (t->sa && (t->sa->state != SA_ESTABLISHED || (!any_out(n) && !peer_has_pending(t))))
		violate(w, "%c: the peer is up on an IKE SA that is %s", 'A' + n->index,
			sa_state_name(t->sa->state));
	if ((n->up_since != 0) != (t->up_ms != 0))
		violate(w, "%c: UP and DOWN were not said as they are", 'A' + n->index);
	if (t->sa && !w->nat && !w->n[!n->index].conf.force_udp &&
	    !addr_equal(&t->sa->remote.addr, &w->n[!n->index].addr))
		violate(w, "%c follows its peer to where it is not", 'A' + n->index);
}

/* Packets no longer pass on it: somebody has to take it away. */
static void check_expired(struct world *w, struct node *n, const struct sim_sa *sa)
{
	if (sa->expired_ms && w->now - sa->expired_ms > EXPIRED_MOST_MS)
		violate(w, "%c: SA %08x is still there, %llu s after its hard limit",
			'A' + n->index, sa->spi,
			(unsigned long long)(w->now - sa->expired_ms) / 1000);
}

static void check_limits(struct world *w, struct node *n)
{
	for (unsigned int i = 0; i < n->k.in_count; i++)
		check_expired(w, n, &n->k.in[i]);
	for (unsigned int i = 0; i < n->k.policy_count; i++)
		if (n->k.policy[i].has_out)
			check_expired(w, n, &n->k.policy[i].out);
}

static bool intact(const struct world *w)
{
	const struct peer *a = node_peer(&w->n[0]), *b = node_peer(&w->n[1]);

	return a && b && a->sa && b->sa && a->sa->spi_i == b->sa->spi_i &&
	       a->sa->spi_r == b->sa->spi_r;
}

static void check_twin(struct world *w, struct node *n, struct node *peer,
		       const struct sim_policy *p)
{
	const struct sim_sa *twin = kernel_in(&peer->k, p->out.spi);
	const struct child *child = child_find(n->ike, p->id);
	const struct sim_policy *mirror;

	if (!twin) {
		if (intact(w) && !node_excuses(peer, p->out.spi) &&
		    child && child->out && child->out->sa == node_peer(n)->sa &&
		    peer->child_since[node_child_index(n, p->id)])
			violate(w, "%c sends on %08x, which %c does not have", 'A' + n->index,
				p->out.spi, 'A' + peer->index);
		return;
	}
	if (twin->key_len != p->out.key_len || twin->esn != p->out.esn ||
	    memcmp(twin->key, p->out.key, twin->key_len))
		violate(w, "the keys of %08x differ", twin->spi);
	mirror = kernel_policy(&peer->k, twin->policy);
	if (!mirror || !ts_list_equal(p->local_ts, mirror->remote_ts) ||
	    !ts_list_equal(p->remote_ts, mirror->local_ts))
		violate(w, "the selectors of %08x are not mirrored", twin->spi);
}

/* Does any of its keys stand for both directions? */
static void check_directions(struct world *w, struct node *n)
{
	for (unsigned int i = 0; i < n->k.policy_count; i++)
		for (unsigned int j = 0; j < n->k.in_count; j++)
			if (n->k.policy[i].has_out &&
			    !memcmp(n->k.policy[i].out.key, n->k.in[j].key,
				    n->k.in[j].key_len))
				violate(w, "%c has one key in both directions", 'A' + n->index);
}

static void check_twins(struct world *w, struct node *n, struct node *peer)
{
	check_directions(w, n);
	for (unsigned int i = 0; i < n->k.policy_count && peer->ike; i++)
		if (n->k.policy[i].has_out)
			check_twin(w, n, peer, &n->k.policy[i]);
}

void check_step(struct world *w)
{
	for (int i = 0; i < NODES && !w->violation[0]; i++) {
		if (!w->n[i].ike)
			continue;
		check_leaks(w, &w->n[i]);
		check_peer(w, &w->n[i]);
		check_limits(w, &w->n[i]);
		check_twins(w, &w->n[i], &w->n[!i]);
	}
}

/* ---- when all is quiet */

static bool child_is_quiet(const struct child *child)
{
	const struct child_sa *c;

	if (child->state == CHILD_CONNECTING || timer_armed(&child->retry))
		return false;
	TAILQ_FOREACH(c, &child->pairs, link)
		if (c->state != PAIR_ACTIVE || c->successor || c->want_rekey)
			return false;
	return true;
}

static bool node_is_quiet(const struct node *n)
{
	const struct peer *t = node_peer(n);
	const struct ike_sa *sa;

	if (t->state == PEER_CONNECTING || timer_armed(&t->retry) || n->job_count ||
	    n->k.notice_count)
		return false;
	TAILQ_FOREACH(sa, &n->ike->sas, link)
		if (sa->state != SA_ESTABLISHED || sa->exchange_count)
			return false;
	for (unsigned int i = 0; i < n->w->children; i++)
		if (!child_is_quiet(node_child(n, i)))
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

/* A child that is up has one pair, at both ends the same. */
static void check_converged_child(struct world *w, unsigned int i, unsigned int *up)
{
	const struct child *a = node_child(&w->n[0], i), *b = node_child(&w->n[1], i);

	if (a->state != b->state) {
		violate(w, "quiet, but child %u is %d at A and %d at B", i, a->state, b->state);
		return;
	}
	if (a->state != CHILD_UP)
		return;
	(*up)++;
	if (a->out->spi_in != b->out->spi_out || b->out->spi_in != a->out->spi_out)
		violate(w, "quiet, and the two ends use different CHILD_SAs for child %u", i);
}

void check_converged(struct world *w)
{
	const struct peer *a = node_peer(&w->n[0]), *b = node_peer(&w->n[1]);
	unsigned int want = a->state == PEER_UP, up = 0;

	if (a->state != b->state) {
		violate(w, "quiet, but A is %d and B is %d", a->state, b->state);
		return;
	}
	if (want && !intact(w))
		violate(w, "both are up, on different IKE SAs");
	for (unsigned int i = 0; i < w->children && !w->violation[0]; i++)
		check_converged_child(w, i, &up);
	if ((up != 0) != want)
		violate(w, "quiet, %s, with %u children", want ? "up" : "down", up);
	for (int i = 0; i < NODES; i++) {
		const struct kernel *k = &w->n[i].k;

		if (k->in_count != up || k->policy_count != up || k->reserved_count)
			violate(w,
				"quiet, and %c has %u inbound SAs, %u policies, %u reserved SPIs",
				'A' + i, k->in_count, k->policy_count, k->reserved_count);
		if (count_sas(&w->n[i]) != want || w->n[i].ike->counters.half_open)
			violate(w, "quiet, and %c has %u IKE SAs, %llu half open", 'A' + i,
				count_sas(&w->n[i]),
				(unsigned long long)w->n[i].ike->counters.half_open);
	}
}

void check_empty(struct world *w)
{
	for (int i = 0; i < NODES; i++) {
		const struct node *n = &w->n[i];
		const struct kernel *k = &n->k;

		if (k->in_count || k->policy_count || k->reserved_count || count_sas(n))
			violate(w,
				"down, and %c has %u IKE SAs, %u inbound, %u policies, %u SPIs",
				'A' + i, count_sas(n), k->in_count, k->policy_count,
				k->reserved_count);
		if (n->ike->timers.reserved != n->timers || n->ike->job_by_id)
			violate(w, "down, and %c has %zu timers reserved instead of %u, %s job",
				'A' + i, n->ike->timers.reserved, n->timers,
				n->ike->job_by_id ? "a" : "no");
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

	struct record moved;

	if (!r)
		return;
	moved = *r;
	if (rng_chance(&n->w->script, 50)) {
		addr_parse(&moved.remote.addr, "203.0.113.9");
		moved.remote.port = IKE_NATT_PORT;
	}
	inject(n, &moved, r->msg, r->len, "a replayed message");
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
