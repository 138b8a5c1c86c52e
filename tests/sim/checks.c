// SPDX-License-Identifier: GPL-2.0
/*
 * What must hold after every step, when all is quiet, and in the face of bytes that nobody has
 * authenticated.
 */
#include "sim/sim.h"

#include "ike/v2/awaited.h"
#include "ike/v2/child_exchange.h"

#define EXPIRED_MOST_MS	240000	/* retransmission, a switch put off, a late event */
#define PAIRS_MOST	16	/* of a child */
#define CHILDLESS_MOST_MS	5000	/* an IKE SA that we have answered for */

/* ---- everything that may not change, in one number */

#define MIX(d, x) ((d) = hash_number(d, x))

static void digest_timer(uint64_t *d, const struct timer *t)
{
	uint64_t at = timer_armed(t) ? t->at : 0;

	MIX(*d, at);
}

static void digest_partial(uint64_t *d, const struct partial *p)
{
	if (!p)
		return;
	MIX(*d, p->id);
	MIX(*d, p->total);
	MIX(*d, p->count);
	MIX(*d, p->octets);
}

static uint64_t digest_sa(const struct ike_sa *sa)
{
	const struct exchange *ex;
	uint64_t d = 1;

	MIX(d, sa->state);
	MIX(d, sa->spi_i);
	MIX(d, sa->spi_r);
	MIX(d, sa->remote.port);
	MIX(d, sa->remote.stream);
	d = hash_octets(d, sa->remote.addr.b, 16);
	MIX(d, sa->local.port);
	d = hash_octets(d, sa->local.addr.b, 16);
	MIX(d, sa->mobike.moves);
	MIX(d, sa->mobike.more_count);
	MIX(d, sa->heard_ms);
	MIX(d, sa->next_in);
	MIX(d, sa->next_out);
	digest_partial(&d, sa->partial[0]);
	digest_partial(&d, sa->partial[1]);
	d = hash_octets(d, sa->sk_d, sizeof(sa->sk_d));
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

static uint64_t digest_peer(const struct peer *peer)
{
	const struct child *child;
	uint64_t d = 1, one;

	MIX(d, peer->state);
	MIX(d, peer->cause.failure);
	digest_timer(&d, &peer->retry);
	TAILQ_FOREACH(child, &peer->children, link) {
		one = digest_child(child);
		MIX(d, one);
	}
	return d;
}

uint64_t digest(const struct node *n, bool established_only)
{
	const struct ike_sa *sa;
	uint64_t d = 1, one;
	struct peer *peer;
	struct tunnel *t;

	TAILQ_FOREACH(sa, &n->ike->sas, link) {
		if (established_only &&
		    (sa->stranger || sa->state < SA_ESTABLISHED || sa->state == SA_DEAD))
			continue;
		one = digest_sa(sa);
		MIX(d, one);
	}
	FOREACH_PEER(n, t, peer) {
		if (established_only && !peer->sa)
			continue;
		one = digest_peer(peer);
		MIX(d, one);
	}
	MIX(d, n->ike->lost_ticket_count);
	for (unsigned int i = 0; i < n->k.in_count; i++)
		MIX(d, n->k.in[i].spi);
	if (!established_only)
		MIX(d, n->k.reserved_count);
	for (unsigned int i = 0; i < n->k.policy_count; i++) {
		MIX(d, n->k.policy[i].has_out);
		MIX(d, n->k.policy[i].out.spi);
		MIX(d, n->k.policy[i].remote.port);
		d = hash_octets(d, n->k.policy[i].remote.addr.b, 16);
	}
	return d;
}

/* ---- after every step */

/* Inbound SPIs that requests of ours hold, and an answer of ours. */
static unsigned int exchange_spis(const struct ike_sa *sa)
{
	const struct awaited *awaited = sa->awaited;
	const struct child_exchange *p;
	const struct exchange *ex;
	unsigned int count = awaited && awaited->spi_in;

	TAILQ_FOREACH(ex, &sa->exchanges, link) {
		p = (const void *)ex->priv;
		if (ex->kind == &v2_kind_auth)
			count += v2_auth_reserved(ex) != 0;
		else if (ex->kind == &v2_kind_new_child || ex->kind == &v2_kind_rekey_child)
			count += p->new_spi != 0;
	}
	return count;
}

/* What kernel and host have of it is what the engine believes. */
static void check_below(struct world *w, struct node *n, const struct child *t)
{
	const struct sim_policy *p = kernel_policy(&n->k, t->id);
	const struct sim_link *l = host_link(n, t->id);

	if (!!p != t->in_kernel)
		violate(w, "%c: the kernel's policy is not the engine's", 'A' + n->index);
	if (!!l != t->linked)
		violate(w, "%c: the host's routes are not the engine's", 'A' + n->index);
	if ((p && p->has_out) != !!t->out || (t->out && p && t->out->spi_out != p->out.spi))
		violate(w, "%c: the outbound SA is not the engine's", 'A' + n->index);
	if (p && ((!t->waits && !endpoint_equal(&p->remote, &t->remote)) || p->udp != t->udp ||
		  !ts_list_equal(p->local_ts, t->local_ts) ||
		  !ts_list_equal(p->remote_ts, t->remote_ts)))
		violate(w, "%c: the kernel's policy is not what the engine believes",
			'A' + n->index);
	if (l && (!endpoint_equal(&l->remote, &t->remote) ||
		  !ts_list_equal(l->local_ts, t->local_ts) ||
		  !ts_list_equal(l->remote_ts, t->remote_ts)))
		violate(w, "%c: the host's routes are not what the engine believes",
			'A' + n->index);
}

/* The child's pairs, and what the kernel has of it. */
static void check_child(struct world *w, struct node *n, const struct child *t,
			unsigned int *reserved, unsigned int *in)
{
	unsigned int pairs = 0;
	const struct child_sa *c;

	TAILQ_FOREACH(c, &t->pairs, link) {
		pairs++;
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
	if (child_carries(t) != (t->state == CHILD_UP) || child_carries(t) != !!t->out)
		violate(w, "%c: the child's state is %d, it is %sin the kernel", 'A' + n->index,
			t->state, t->in_kernel ? "" : "not ");
	if (t->linked != t->in_kernel)
		violate(w, "%c: the child's state is %d, its routes are %sthere", 'A' + n->index,
			t->state, t->linked ? "" : "not ");
	if (t->waits ? !child_may_wait(t) || !t->in_kernel :
		       t->state != CHILD_UP && child_may_wait(t) && !timer_armed(&t->peer->lay) &&
			       !timer_armed(&t->peer->nudge))
		violate(w, "%c: packets %s wait for a child", 'A' + n->index,
			t->waits ? "ought not to" : "cannot");
	check_below(w, n, t);
}

/* Each kernel object belongs to one of the engine's, and the reverse. */
static void check_leaks(struct world *w, struct node *n)
{
	unsigned int reserved = 0, in = 0, policies = 0;
	const struct ike_sa *sa;
	struct child *child;
	struct peer *peer;
	struct tunnel *t;

	TAILQ_FOREACH(sa, &n->ike->sas, link)
		reserved += exchange_spis(sa);
	FOREACH_PEER(n, t, peer)
		TAILQ_FOREACH(child, &peer->children, link) {
			check_child(w, n, child, &reserved, &in);
			policies += child->in_kernel;
		}
	if (reserved != n->k.reserved_count)
		violate(w, "%c: %u SPIs are reserved, the engine knows of %u", 'A' + n->index,
			n->k.reserved_count, reserved);
	if (in != n->k.in_count || policies != n->k.policy_count)
		violate(w, "%c: %u inbound SAs and %u policies, the engine knows of %u and %u",
			'A' + n->index, n->k.in_count, n->k.policy_count, in, policies);
}

/* What was said of it is how it is. */
static void check_view(struct world *w, struct node *n, int other)
{
	const struct view *view = &n->view[other];
	const struct peer *t = node_peer(n, other);
	const struct child *child;

	for (unsigned int i = 0; i < w->children; i++) {
		child = node_child(n, other, i);
		if ((view->child_since[i] != 0) != (child && child->state == CHILD_UP))
			violate(w, "%c: CHILD_UP and CHILD_DOWN were not said as they are",
				'A' + n->index);
	}
	if ((view->up_since != 0) != (t && t->up_ms))
		violate(w, "%c: UP and DOWN were not said as they are", 'A' + n->index);
}

/* Its first child was refused: another may follow; or the initiator makes it when it likes. */
static bool awaits_child(const struct node *n, const struct ike_sa *sa)
{
	return !sa->began &&
	       (sa->childless || node_now(n) - sa->established_ms <= CHILDLESS_MOST_MS);
}

/*
 * It looks for its peer, and sends it ESP, where that has been, and not where somebody says so.
 * Without MOBIKE RFC 7296 2.23 has a peer behind NAT followed anywhere.
 */
static void check_place(struct world *w, const struct node *n, int other, bool mobike,
			const struct addr *addr)
{
	if (mobike ? addr_equal(addr, &w->thief) :
		     !w->nat && !w->n[other].conf.force_udp && !node_knows(&w->n[other], addr))
		violate(w, "%c follows its peer to where it is not", 'A' + n->index);
}

/* The peer's state is that of its IKE SA and its children. */
static void check_peer(struct world *w, struct node *n, int other)
{
	const struct peer *t = node_peer(n, other);
	const struct child *child;

	check_view(w, n, other);
	if (!t)
		return;
	if ((t->state == PEER_UP) != (t->sa && t->up_ms))
		violate(w, "%c: the peer's state is %d, and it has %s IKE SA", 'A' + n->index,
			t->state, t->sa ? "an" : "no");
	if (t->sa && (t->sa->state != SA_ESTABLISHED ||
		      (!peer_has_up(t) && !peer_has_pending(t) && !awaits_child(n, t->sa))))
		violate(w, "%c: the peer is up on an IKE SA that is %s", 'A' + n->index,
			sa_state_name(t->sa->state));
	if (t->sa)
		check_place(w, n, other, t->sa->mobike.on, &t->sa->remote.addr);
	TAILQ_FOREACH(child, &t->children, link)
		if (child_carries(child) && child->out && child->out->sa)
			check_place(w, n, other, child->out->sa->mobike.on, &child->remote.addr);
}

/* Packets no longer pass on it: somebody has to take it away. */
static void check_expired(struct world *w, struct node *n, const struct sim_sa *sa)
{
	if (sa->expired_ms && !sa->untold && w->now - sa->expired_ms > EXPIRED_MOST_MS)
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

/* Both ends have the same IKE SA. */
static bool intact(const struct node *n, const struct node *m)
{
	const struct peer *a = node_peer(n, m->index), *b = node_peer(m, n->index);

	return a && b && a->sa && b->sa && a->sa->spi_i == b->sa->spi_i &&
	       a->sa->spi_r == b->sa->spi_r;
}

static void check_lonely(struct world *w, struct node *n, struct node *m,
			 const struct child *child, uint32_t spi)
{
	unsigned int index = node_child_index(n, child);

	/* the peer's DELETE has come, and the answer to its rekey, which is under way, decides */
	if (intact(n, m) && !node_excuses(m, n->index, index, spi) && child->out &&
	    !only_unknown(m, child) && !child->out->peer_deleted &&
	    child->out->sa == child->peer->sa && m->view[n->index].child_since[index])
		violate(w, "%c sends on %08x, which %c does not have", 'A' + n->index, spi,
			'A' + m->index);
}

static void check_twin(struct world *w, struct node *n, const struct sim_policy *p)
{
	const struct child *child = child_find(n->ike, p->id);
	struct node *m = child ? &w->n[node_other(n, child->peer)] : NULL;
	const struct sim_sa *twin = m ? kernel_in(&m->k, p->out.spi) : NULL;
	const struct sim_policy *mirror;

	if (m && (m->hostile || n->hostile))
		return;
	if (m && m->ike && !twin)
		check_lonely(w, n, m, child, p->out.spi);
	if (!twin)
		return;
	if (twin->key_len != p->out.key_len || twin->esn != p->out.esn ||
	    memcmp(twin->key, p->out.key, twin->key_len))
		violate(w, "the keys of %08x differ", twin->spi);
	mirror = kernel_policy(&m->k, twin->policy);
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

/* Of messages in fragments, RFC 7383 2.6. */
static void check_partial(struct world *w, const struct node *n, const struct ike_sa *sa)
{
	for (int i = 0; i < 2; i++) {
		const struct partial *p = sa->partial[i];

		if (p && (p->total > PARTIAL_FRAGMENTS_MAX || p->count > p->total ||
			  p->octets > (sa->stranger ? STRANGER_MESSAGE_MAX : PARTIAL_OCTETS_MAX)))
			violate(w, "%c holds %u of %u fragments with %zu octets", 'A' + n->index,
				p->count, p->total, p->octets);
	}
}

static void check_node(struct world *w, struct node *n)
{
	const struct ike_sa *sa;

	check_leaks(w, n);
	TAILQ_FOREACH(sa, &n->ike->sas, link) {
		check_partial(w, n, sa);
		if (sa->stash && sa->state == SA_INIT_ANSWERED && sa->remote_id.type)
			violate(w, "%c: amid its proofs it is no stranger", 'A' + n->index);
	}
	for (int i = 0; i < w->nodes; i++)
		check_peer(w, n, i);
	check_limits(w, n);
	check_directions(w, n);
	for (unsigned int i = 0; i < n->k.policy_count; i++)
		if (n->k.policy[i].has_out)
			check_twin(w, n, &n->k.policy[i]);
}

void check_step(struct world *w)
{
	for (int i = 0; i < w->nodes && !w->violation[0]; i++)
		if (w->n[i].ike)
			check_node(w, &w->n[i]);
	leases_check(w);
	tcp_check(w);
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

static bool peer_is_quiet(const struct peer *peer)
{
	const struct child *child;

	if (peer->state == PEER_CONNECTING || timer_armed(&peer->retry))
		return false;
	TAILQ_FOREACH(child, &peer->children, link)
		if (!child_is_quiet(child))
			return false;
	return true;
}

static bool node_is_quiet(const struct node *n)
{
	const struct ike_sa *sa;
	struct peer *peer;
	struct tunnel *t;

	if (n->job_count || n->k.notice_count)
		return false;
	FOREACH_PEER(n, t, peer)
		if (!peer_is_quiet(peer))
			return false;
	TAILQ_FOREACH(sa, &n->ike->sas, link)
		if (sa->state != SA_ESTABLISHED || sa->exchange_count)
			return false;
	return true;
}

bool is_quiet(const struct world *w)
{
	for (int i = 0; i < w->nodes; i++)
		if (!node_is_quiet(&w->n[i]))
			return false;
	return !w->flight_count;
}

static unsigned int count_sas(const struct node *n)
{
	const struct ike_sa *sa;
	unsigned int count = 0;

	TAILQ_FOREACH(sa, &n->ike->sas, link)
		count++;
	return count;
}

static enum child_state child_state_of(const struct child *child)
{
	return child ? child->state : CHILD_DOWN;
}

/* A child that is up has one pair, at both ends the same. */
static void check_converged_child(struct world *w, const struct node *n, unsigned int i,
				  unsigned int *up)
{
	const struct child *a = node_child(n, HUB, i), *b = node_child(&w->n[HUB], n->index, i);

	if (child_state_of(a) != child_state_of(b)) {
		violate(w, "quiet, but child %u is %d at %c and %d at B", i, child_state_of(a),
			'A' + n->index, child_state_of(b));
		return;
	}
	if (child_state_of(a) != CHILD_UP)
		return;
	(*up)++;
	if (a->out->spi_in != b->out->spi_out || b->out->spi_in != a->out->spi_out)
		violate(w, "quiet, and %c and B use different CHILD_SAs for child %u",
			'A' + n->index, i);
	if (!endpoint_equal(&a->remote, &a->peer->sa->remote) ||
	    !endpoint_equal(&b->remote, &b->peer->sa->remote))
		violate(w, "quiet, and child %u of %c and B goes to where its peer is not", i,
			'A' + n->index);
}

/* Each is known to be where it is. */
static void check_converged_path(struct world *w, const struct node *n, const struct ike_sa *a,
				 const struct ike_sa *b)
{
	if (!addr_equal(&a->local.addr, node_addr(n)) ||
	    !addr_equal(&a->remote.addr, node_addr(&w->n[HUB])) ||
	    !addr_equal(&b->local.addr, node_addr(&w->n[HUB])) ||
	    (!w->nat && !addr_equal(&b->remote.addr, node_addr(n))))
		violate(w, "quiet, and %c and B look for each other where they are not",
			'A' + n->index);
	if (a->mobike.claimed || b->mobike.claimed)
		violate(w, "quiet, and %c or B still asks where the other is", 'A' + n->index);
}

/* Between @n and the hub. The number of children that are up. */
static unsigned int check_converged_link(struct world *w, const struct node *n)
{
	const struct peer *a = node_peer(n, HUB), *b = node_peer(&w->n[HUB], n->index);
	enum peer_state other = b ? b->state : PEER_DOWN;
	unsigned int up = 0;

	if (a->state != other) {
		violate(w, "quiet, but %c is %d and B is %d", 'A' + n->index, a->state, other);
		return 0;
	}
	if (a->state == PEER_UP && !intact(n, &w->n[HUB]))
		violate(w, "%c and B are up, on different IKE SAs", 'A' + n->index);
	else if (a->state == PEER_UP && a->sa->mobike.on)
		check_converged_path(w, n, a->sa, b->sa);
	for (unsigned int i = 0; i < w->children && !w->violation[0]; i++)
		check_converged_child(w, n, i, &up);
	if ((up != 0) != (a->state == PEER_UP))
		violate(w, "quiet, %c is %s, with %u children", 'A' + n->index,
			a->state == PEER_UP ? "up" : "down", up);
	return up;
}

static void check_counts(struct world *w, const struct node *n, unsigned int sas, unsigned int up)
{
	const struct kernel *k = &n->k;
	unsigned int peers = 0, waiting = 0;
	const struct child *child;
	struct peer *peer;
	struct tunnel *t;

	FOREACH_PEER(n, t, peer) {
		peers++;
		TAILQ_FOREACH(child, &peer->children, link)
			waiting += child->waits;
	}
	if (k->in_count != up || k->policy_count != up + waiting || k->reserved_count)
		violate(w, "quiet, and %c has %u inbound SAs, %u policies, %u reserved SPIs",
			'A' + n->index, k->in_count, k->policy_count, k->reserved_count);
	if (count_sas(n) != sas || n->ike->counters.half_open)
		violate(w, "quiet, and %c has %u IKE SAs, %llu half open", 'A' + n->index,
			count_sas(n), (unsigned long long)n->ike->counters.half_open);
	if (fake_tls_count(&n->tls))
		violate(w, "quiet, and %c has %u conversations of TLS", 'A' + n->index,
			fake_tls_count(&n->tls));
	if (fake_radius_count(&n->radius))
		violate(w, "quiet, and %c has %u conversations of RADIUS", 'A' + n->index,
			fake_radius_count(&n->radius));
	if (peers != (n->index == HUB && w->any ? sas : 1))
		violate(w, "quiet, and %c has %u peers", 'A' + n->index, peers);
	if (n->host.device != (sas || waiting))
		violate(w, "quiet, and the interface of %c is %sthere", 'A' + n->index,
			n->host.device ? "" : "not ");
}

void check_converged(struct world *w)
{
	unsigned int up, all_sas = 0, all_up = 0;

	for (int i = 0; i < w->nodes && !w->violation[0]; i++) {
		if (i == HUB)
			continue;
		up = check_converged_link(w, &w->n[i]);
		check_counts(w, &w->n[i], up != 0, up);
		all_sas += up != 0;
		all_up += up;
	}
	if (!w->violation[0])
		check_counts(w, &w->n[HUB], all_sas, all_up);
}

void check_empty(struct world *w)
{
	leases_check_empty(w);
	tcp_check_empty(w);
	for (int i = 0; i < w->nodes; i++) {
		const struct node *n = &w->n[i];
		const struct kernel *k = &n->k;
		unsigned int timers = n->timers + parts_count(n) + resume_tickets(n);

		if (k->in_count || k->policy_count || k->reserved_count || count_sas(n))
			violate(w,
				"down, and %c has %u IKE SAs, %u inbound, %u policies, %u SPIs",
				'A' + i, count_sas(n), k->in_count, k->policy_count,
				k->reserved_count);
		resume_check_empty(w, n);
		if (n->ike->timers.reserved != timers || n->ike->job_by_id)
			violate(w, "down, and %c has %zu timers reserved instead of %u, %s job",
				'A' + i, n->ike->timers.reserved, timers,
				n->ike->job_by_id ? "a" : "no");
	}
}

/* ---- bytes that nobody has authenticated */

void inject(struct node *n, const struct record *r, const uint8_t *msg, size_t len,
	    const char *what)
{
	bool init = len > 18 && rules_in_clear(msg[18]);
	struct endpoint remote = r->remote;
	uint64_t all = digest(n, false), established = digest(n, true);

	trace(n->w, "%c: %s", 'A' + n->index, what);
	n->w->forged++;
	if (!tcp_is_open(n, remote.stream))
		remote.stream = 0;
	ike_input(n->ike, &r->local, &remote, msg, len);
	if (digest(n, true) != established)
		violate(n->w, "%s has changed what is established at %c", what, 'A' + n->index);
	if (!init && digest(n, false) != all)
		violate(n->w, "%s has changed the state of %c", what, 'A' + n->index);
	check_step(n->w);
}

/* No unprotected hint: inject_hint() has those. */
static struct record *any_record(struct node *n)
{
	unsigned int count = n->seen_count < RECORD_MAX ? n->seen_count : RECORD_MAX;
	struct record *r = count ? &n->seen[rng_below(&n->w->script, count)] : NULL;

	if (!n->ike || n->hostile || !r ||
	    (r->msg[16] == PAYLOAD_NOTIFY && !rules_in_clear(r->msg[18])))
		return NULL;
	return r;
}

/* No first message: nothing can protect an attempt from forged ones. */
void forge(struct node *n)
{
	struct record *r = any_record(n);
	struct rng *rng = &n->w->script;
	uint8_t msg[4096];
	size_t len;

	if (!r || r->len > sizeof(msg) || r->len < 29 || rules_in_clear(r->msg[18]))
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
	    (len > 18 && rules_in_clear(msg[18])))
		return;
	inject(n, r, msg, len, "a forged message");
}

/* It came too early, and would be taken for the first time. */
static bool is_awaited(const struct node *n, const struct record *r)
{
	const struct ike_sa *sa;
	struct msg_header h;

	if (msg_parse_header(r->msg, r->len, &h) != MSG_OK)
		return false;
	sa = sa_find(n->ike, h.flags & MSG_INITIATOR ? h.spi_r : h.spi_i);
	return sa && (h.flags & MSG_RESPONSE ? !!exchange_find(sa, h.id, h.exchange) :
					       h.id == sa->next_in);
}

void replay(struct node *n)
{
	struct record *r = any_record(n);
	struct record moved;

	if (!r || is_awaited(n, r))
		return;
	moved = *r;
	if (rng_chance(&n->w->script, 50)) {
		addr_parse(&moved.remote.addr, THIEF);
		moved.remote.port = IKE_NATT_PORT;
		moved.remote.stream = 0;
		if (n->w->tcp)
			tcp_intrude(n, &moved.local, &moved.remote);
	}
	inject(n, &moved, r->msg, r->len, "a replayed message");
}
