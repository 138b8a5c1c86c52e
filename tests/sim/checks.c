// SPDX-License-Identifier: GPL-2.0
/* What must hold after every step, and when all is quiet. */
#include "sim/sim.h"

#include "ike/v2/awaited.h"
#include "ike/v2/child_exchange.h"

#define EXPIRED_MOST_MS	240000	/* retransmission, a switch put off, a late event */
#define PAIRS_MOST	16	/* of a child */
#define CHILDLESS_MOST_MS	5000	/* an IKE SA that we have answered for */

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

/*
 * Its first child was refused: another may follow; or the initiator makes it when it likes.
 * Where the host was slow (host_faulty()) a timer that is due runs in the next step.
 */
static bool awaits_child(const struct node *n, const struct ike_sa *sa)
{
	return !sa->began &&
	       (sa->childless || node_now(n) - sa->established_ms <= CHILDLESS_MOST_MS ||
		ike_deadline(n->ike) <= node_now(n));
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

/* Packets no longer pass on it: somebody has to take it away, once messages have a way again. */
static void check_expired(struct world *w, struct node *n, const struct sim_sa *sa)
{
	uint64_t since = sa->expired_ms > n->stranded_ms ? sa->expired_ms : n->stranded_ms;

	if (sa->expired_ms && !sa->untold && n->held && w->now - since > EXPIRED_MOST_MS)
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

/* What the child had is deleted by the peer: nothing is lost by what takes its place at once. */
static bool deleted_before(const struct child *child)
{
	const struct child_sa *pair;

	TAILQ_FOREACH(pair, &child->pairs, link)
		if (pair->peer_deleted)
			return true;
	return false;
}

static void check_lonely(struct world *w, struct node *n, struct node *m,
			 const struct child *child, uint32_t spi)
{
	unsigned int index = node_child_index(n, child);

	/* the peer's DELETE has come, and the answer to its rekey, which is under way, decides */
	if (intact(n, m) && !node_excuses(m, n->index, index, spi) && child->out &&
	    !only_unknown(m, child) && !deleted_before(child) &&
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

/* With unique = keep reauthentications are refused for ever, and each leaves one of these. */
static bool sa_is_refused(const struct node *n, const struct ike_sa *sa)
{
	return n->w->keep && sa->state == SA_CLOSED;
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
		if (!sa_is_refused(n, sa) && (sa->state != SA_ESTABLISHED || sa->exchange_count))
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

static unsigned int count_sas(const struct node *n, bool refused)
{
	const struct ike_sa *sa;
	unsigned int count = 0;

	TAILQ_FOREACH(sa, &n->ike->sas, link)
		count += refused || !sa_is_refused(n, sa);
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
	if (count_sas(n, false) != sas || n->ike->counters.half_open)
		violate(w, "quiet, and %c has %u IKE SAs, %llu half open", 'A' + n->index,
			count_sas(n, false), (unsigned long long)n->ike->counters.half_open);
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

		if (k->in_count || k->policy_count || k->reserved_count ||
		    count_sas(n, true))
			violate(w,
				"down, and %c has %u IKE SAs, %u inbound, %u policies, %u SPIs",
				'A' + i, count_sas(n, true), k->in_count, k->policy_count,
				k->reserved_count);
		resume_check_empty(w, n);
		if (n->ike->timers.reserved != timers || n->ike->job_by_id)
			violate(w, "down, and %c has %zu timers reserved instead of %u, %s job",
				'A' + i, n->ike->timers.reserved, timers,
				n->ike->job_by_id ? "a" : "no");
	}
}
