// SPDX-License-Identifier: GPL-2.0
/* Bytes that nobody has authenticated, and what they must not change. */
#include "sim/sim.h"

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
