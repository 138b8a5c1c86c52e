// SPDX-License-Identifier: GPL-2.0
/* Time, chance, the network, and what happens next. */
#include <stdlib.h>

#include "sim/sim.h"
#include "suite/ikev2.h"

/* splitmix64 */
uint64_t rng_next(struct rng *r)
{
	uint64_t z = r->s += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
	return n ? rng_next(r) % n : 0;
}

bool rng_chance(struct rng *r, unsigned int percent)
{
	return rng_below(r, 100) < percent;
}

/* ---- the history */

/* Eight octets at a time. */
uint64_t hash_octets(uint64_t hash, const void *p, size_t len)
{
	const uint8_t *b = p;
	uint64_t next;

	for (; len >= sizeof(next); b += sizeof(next), len -= sizeof(next)) {
		memcpy(&next, b, sizeof(next));
		hash = hash_number(hash, next);
	}
	next = len;
	while (len)
		next = next << 8 | b[--len];
	return hash_number(hash, next);
}

static void hash_bytes(struct world *w, const void *p, size_t len)
{
	if (w->hashed)
		w->hash = hash_octets(w->hash, p, len);
}

void trace(struct world *w, const char *fmt, ...)
{
	char text[1200];
	va_list ap;
	int len;

	if (!w->hashed && !w->trace)
		return;
	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	hash_bytes(w, &w->now, sizeof(w->now));
	hash_bytes(w, text, len < (int)sizeof(text) ? (size_t)len : sizeof(text) - 1);
	if (w->trace)
		printf("%8llu.%03llu %s\n", (unsigned long long)w->now / 1000,
		       (unsigned long long)w->now % 1000, text);
}

void violate(struct world *w, const char *fmt, ...)
{
	va_list ap;

	if (w->violation[0])
		return;
	va_start(ap, fmt);
	vsnprintf(w->violation, sizeof(w->violation), fmt, ap);
	va_end(ap);
	trace(w, "VIOLATION: %s", w->violation);
}

/* ---- the network */

static const uint16_t nat_ports[2] = { IKE_PORT, IKE_NATT_PORT };

/* The clients of one NAT have a port each. */
static void nat_reset(struct world *w)
{
	for (int i = 0; i < NODES_MAX; i++)
		for (int j = 0; j < 2; j++)
			w->n[i].nat[j] = (struct endpoint){ .addr = w->nat_addr,
							    .port = nat_ports[j] + 1000 * i };
}

/* The box has restarted: other ports from now on, perhaps another address. */
void nat_rebind(struct world *w)
{
	uint64_t to;

	if (!w->nat)
		return;
	if (w->calm) {		/* where the peer looks for it */
		nat_reset(w);
		return;
	}
	to = rng_below(&w->script, 2);
	for (int i = 0; i < w->nodes; i++)
		for (int j = 0; j < 2; j++) {
			w->n[i].nat[j].addr.b[3] = w->nat_addr.b[3] + to;
			w->n[i].nat[j].port = 20000 + 5000 * (2 * i + j) +
					      rng_below(&w->script, 5000);
		}
	trace(w, "script: the NAT has other mappings");
}

void node_move(struct node *n)
{
	struct world *w = n->w;
	unsigned int was = n->held;

	if (!n->conf.mobike)
		return;
	n->at = w->calm ? 0 : rng_below(&w->script, PLACES);
	n->held = 1 << n->at;
	if (!w->calm && rng_chance(&w->script, 40))
		n->held |= was;
	if (!w->calm && rng_chance(&w->script, 10))
		n->held = 0;
	if (!was)
		n->stranded_ms = w->now;
	/* it comes out of the NAT by another port */
	if (w->nat && n->index != HUB && !w->calm)
		n->nat[1].port = 20000 + rng_below(&w->script, 40000);
	trace(w, "%c: script: is at %u, holds %x", 'A' + n->index, n->at, n->held);
	if (n->ike)
		ike_host_changed(n->ike);
}

static void put(struct world *w, const struct datagram *d)
{
	if (w->flight_count == FLIGHT_MAX) {
		violate(w, "more than %d datagrams are under way: a storm", FLIGHT_MAX);
		free(d->msg);
		return;
	}
	w->flight[w->flight_count] = *d;
	w->flight[w->flight_count++].order = w->order++;
}

uint64_t net_delay(struct world *w)
{
	if (w->calm)
		return 5 + rng_below(&w->net, 5);
	if (rng_chance(&w->net, w->slow))
		return 1 + rng_below(&w->net, 3000);
	return 1 + rng_below(&w->net, 60);
}

void net_put(struct world *w, const struct datagram *d, const uint8_t *msg)
{
	struct datagram full = *d;

	full.msg = hooks_alloc(d->len ? d->len : 1);
	if (!full.msg)
		abort();
	memcpy(full.msg, msg, d->len);
	put(w, &full);
}

/* To datagrams, of IKE and ESP. */
static bool is_cut(const struct world *w)
{
	return w->now < w->cut_until || w->now < w->udp_until;
}

/* The datagram reaches a client through the NAT; false: none. */
static bool nat_in(const struct world *w, const struct endpoint *remote, struct datagram *d)
{
	for (int i = 0; i < w->nodes; i++)
		for (int j = 0; j < 2; j++) {
			bool first = !i && addr_equal(&remote->addr, &w->nat_addr) &&
				     remote->port == nat_ports[j];

			if (i == HUB || (!first && !endpoint_equal(remote, &w->n[i].nat[j])))
				continue;
			d->to = i;
			d->local = (struct endpoint){ .addr = *node_addr(&w->n[i]),
						      .port = nat_ports[j] };
			return w->n[i].held;
		}
	return false;
}

/* Addresses as the receiver sees them; false: it goes to nobody. */
static bool route(struct node *n, const struct endpoint *local, const struct endpoint *remote,
		  struct datagram *d)
{
	struct world *w = n->w;

	d->from = n->index;
	d->to = HUB;
	d->local = *remote;
	d->remote = *local;
	if (!node_holds(n, &local->addr) && !n->hostile)
		return false;
	if (n->index == HUB && w->nat)
		return nat_in(w, remote, d);
	if (n->index != HUB) {
		if (w->nat)
			d->remote = n->nat[local->port == IKE_NATT_PORT];
		return node_holds(&w->n[HUB], &remote->addr) &&
		       (w->nat || local->port == remote->port);
	}
	for (d->to = 0; d->to < w->nodes; d->to++)
		if (d->to != HUB && node_holds(&w->n[d->to], &remote->addr))
			return local->port == remote->port;
	return false;
}

void net_send(void *ctx, const struct endpoint *local, const struct endpoint *remote,
	      uint32_t mark, const uint8_t *msg, size_t len)
{
	struct node *n = ctx;
	struct world *w = n->w;
	struct datagram d = { .sent = w->now, .len = len };
	int copies = 1;

	hash_bytes(w, msg, len);
	wire_sent(n, msg, len);
	if (remote->stream) {
		tcp_send(n, remote->stream, msg, len);
		return;
	}
	if (!route(n, local, remote, &d)) {	/* to an address somebody made up */
		w->stray_len = len < sizeof(w->stray) ? len : sizeof(w->stray);
		memcpy(w->stray, msg, w->stray_len);
		return;
	}
	if (!w->calm)
		copies = rng_chance(&w->net, w->loss) ? 0 : rng_chance(&w->net, w->dup) ? 2 : 1;
	if (is_cut(w))
		copies = 0;
	trace(w, "%c: sends %c %zu octets, exchange %u id %u flags %02x%s", 'A' + n->index,
	      'A' + d.to, len, msg[18], msg[23], msg[19],
	      copies == 1 ? "" :
	      copies	  ? " (twice)" :
			    " (lost)");
	while (copies--) {
		d.at = w->now + net_delay(w);
		net_put(w, &d, msg);
	}
}

/* The IKE SA that carries what the policy sends on; NULL: not known any more. */
static const struct ike_sa *carrier(const struct child *child)
{
	return child && child->out ? child->out->sa : NULL;
}

/*
 * The receiver has asked for what the child sends on, and not had the answer; with that the child
 * came up, or of all other pairs of the child the receiver has none. Who has one wide selector may
 * get again what it has.
 */
bool only_unknown(struct node *to, const struct child *child)
{
	const struct child_sa *pair;

	if (!kernel_reserved(&to->k, child->out->spi_out))
		return false;
	if (to->w->wide || child->up_ms == child->out->installed_ms)
		return true;
	TAILQ_FOREACH(pair, &child->pairs, link)
		if (kernel_in(&to->k, pair->spi_out))
			return false;
	return true;
}

void probe(struct node *n)
{
	struct world *w = n->w;
	struct datagram d = { .sent = w->now };
	const struct child *child;
	struct sim_policy *p;
	const struct ike_sa *sa;

	if (!n->ike || !n->k.policy_count || is_cut(w))
		return;
	p = &n->k.policy[rng_below(&w->net, n->k.policy_count)];
	child = child_find(n->ike, p->id);
	if (!p->has_out) {
		kernel_acquire(n, p);
		return;
	}
	sa = carrier(child);
	if (!sa || !p->has_out || p->out.expired_ms || !route(n, &p->local, &p->remote, &d))
		return;
	d.at = w->now + net_delay(w);
	d.spi = p->out.spi;
	/* where the peer's DELETE has come, an answer under way decides what is sent next */
	d.ike_spi = child->out->peer_deleted ? 0 : sa->spi_i;
	d.child = node_child_index(n, child);
	d.unknown = only_unknown(&w->n[d.to], child) ||
		    node_excuses(&w->n[d.to], n->index, d.child, d.spi);
	kernel_used(n, &p->out, true);
	put(w, &d);
	w->probes++;
}

/* The peer's NAT has another mapping: the module sees it, and tells once. */
static void see_mapping(struct node *n, const struct sim_sa *sa, const struct datagram *d)
{
	const struct sim_policy *p = kernel_policy(&n->k, sa->policy);
	struct ike_kern_event ev = { .type = IKE_KERN_MAPPING, .policy = sa->policy,
				     .spi = sa->spi, .peer = d->remote };

	if (!p || !p->udp || endpoint_equal(&p->remote, &d->remote))
		return;
	for (unsigned int i = 0; i < n->k.notice_count; i++)
		if (n->k.notice[i].ev.type == IKE_KERN_MAPPING)
			return;
	kernel_tell(n, &ev);
}

/* No SA has its SPI: the module tells, a few times a second at most. */
static void see_stray(struct node *n, const struct datagram *d)
{
	struct ike_kern_event ev = { .type = IKE_KERN_STRAY, .spi = d->spi, .peer = d->remote };

	for (unsigned int i = 0; i < n->k.notice_count; i++)
		if (n->k.notice[i].ev.type == IKE_KERN_STRAY)
			return;
	if (n->ike)
		kernel_tell(n, &ev);
}

/*
 * Does the peer know the IKE SA, also as the one before or as an attempt of its own? Nobody sends
 * on what an attempt makes before its answer has come, where something else carries the child.
 */
static bool carries(const struct peer *t, uint64_t ike_spi)
{
	return t->sa && (t->sa->spi_i == ike_spi ||
			 (t->before && t->before->spi_i == ike_spi) ||
			 (t->attempt && t->attempt->spi_i == ike_spi));
}

/*
 * A packet sent while both ends were up must find its inbound SA. The first ones on a new child's
 * may overtake the answer that makes it.
 */
static void deliver_esp(struct node *n, const struct datagram *d)
{
	const struct peer *t = node_peer(n, d->from);
	struct sim_sa *sa = kernel_in(&n->k, d->spi);
	uint64_t up = n->view[d->from].up_since, since = n->view[d->from].child_since[d->child];

	if (sa && !sa->expired_ms) {
		kernel_used(n, sa, false);
		see_mapping(n, sa, d);
	} else if (!sa && t && !d->unknown && !n->hostile && !n->w->n[d->from].hostile &&
		   !node_excuses(n, d->from, d->child, d->spi) && carries(t, d->ike_spi) &&
		   up && up <= d->sent && since &&
		   since <= d->sent && n->excused <= d->sent) {
		violate(n->w, "%c has no inbound SA %08x for a packet sent %llu ms ago",
			'A' + n->index, d->spi, (unsigned long long)(n->w->now - d->sent));
	}
	if (!sa)
		see_stray(n, d);
}

static void remember(struct node *n, const struct datagram *d)
{
	struct record *r = &n->seen[n->seen_count++ % RECORD_MAX];

	free(r->msg);
	*r = (struct record){
		.local = d->local, .remote = d->remote, .msg = d->msg, .len = d->len
	};
}

/* Somebody on the way sends an authentic message on from an address of his own. */
static void steal(struct world *w, struct datagram *d)
{
	bool mobike = w->n[d->to].conf.mobike && w->n[d->from].conf.mobike;

	/* without MOBIKE a peer behind NAT is followed, and one that is half open */
	if (w->calm || d->conn || (w->nat && !mobike) ||
	    d->msg[18] < (mobike ? EXCHANGE_IKE_AUTH : EXCHANGE_CREATE_CHILD_SA) ||
	    !rng_chance(&w->net, 3))
		return;
	/* who does that to a first message, which says where it was sent, is a NAT */
	if (!mobike && rules_in_clear(d->msg[18]))
		return;
	d->remote.addr = w->thief;
	if (w->tcp && rng_chance(&w->streams, 50))
		tcp_intrude(&w->n[d->to], &d->local, &d->remote);
}

static void deliver(struct world *w, unsigned int i)
{
	struct datagram d = w->flight[i];
	struct node *n = &w->n[d.to];
	uint64_t refused;

	w->flight[i] = w->flight[--w->flight_count];
	if (!d.msg) {
		deliver_esp(n, &d);
		return;
	}
	if (d.conn && !tcp_arrives(w, &d)) {
		free(d.msg);
		return;
	}
	trace(w, "%c: gets exchange %u id %u flags %02x", 'A' + n->index, d.msg[18], d.msg[23],
	      d.msg[19]);
	if (!n->ike) {
		free(d.msg);
		return;
	}
	steal(w, &d);
	refused = n->ike->counters.unexpected;
	wire_received(n, d.msg, d.len);
	ike_input(n->ike, &d.local, &d.remote, d.msg, d.len);
	/* one that came too early, or found no memory, is not a replay when it comes again */
	if (n->ike->counters.unexpected == refused && !hooks_starving() && !w->n[d.from].hostile)
		remember(n, &d);
	else
		free(d.msg);
}

void world_init(struct world *w, uint64_t seed, bool trace_it, bool hashed)
{
	struct rng r = { .s = seed * 0x2545f4914f6cdd1d + 1 };

	memset(w, 0, sizeof(*w));
	w->seed = seed;
	w->now = 1000;
	w->hash = UINT64_C(0xcbf29ce484222325);
	w->trace = trace_it;
	w->hashed = hashed;
	w->net.s = rng_next(&r);
	w->script.s = rng_next(&r);
	w->children = 1;
	w->nodes = 2;
	w->packet = 1400;
	addr_parse(&w->nat_addr, "198.51.100.1");
	addr_parse(&w->thief, THIEF);
	nat_reset(w);
	for (int i = 0; i < NODES_MAX; i++) {
		char id[] = "a.example.org", addr[] = "192.0.2.1";

		id[0] += i;
		addr[8] += i;
		for (unsigned int j = 0; j < PLACES; j++, addr[6]++)
			addr_parse(&w->n[i].place[j], addr);
		w->n[i].held = 1;
		ike_id_parse(&w->n[i].id, id);
		w->n[i].w = w;
		w->n[i].index = i;
		w->n[i].rng.s = rng_next(&r);
	}
}

void world_free(struct world *w)
{
	for (int i = 0; i < w->nodes; i++) {
		ike_free(w->n[i].ike);
		host_flush(&w->n[i].host);
		kernel_flush(&w->n[i].k);
		for (unsigned int j = 0; j < CHILDREN_MAX; j++) {
			ts_list_put(w->n[i].child[j].local_ts);
			ts_list_put(w->n[i].child[j].remote_ts);
		}
		chunk_list_put(w->n[i].conf.certs);
		chunk_list_put(w->n[i].conf.ca_hashes);
		for (unsigned int j = 0; j < RECORD_MAX; j++)
			free(w->n[i].seen[j].msg);
	}
	parts_free(w);
	hooks_starve(NULL, 0);
	hostile_end(w);
	for (unsigned int i = 0; i < w->flight_count; i++)
		free(w->flight[i].msg);
}

static unsigned int first_datagram(const struct world *w)
{
	unsigned int first = 0;

	for (unsigned int i = 1; i < w->flight_count; i++)
		if (w->flight[i].at < w->flight[first].at ||
		    (w->flight[i].at == w->flight[first].at &&
		     w->flight[i].order < w->flight[first].order))
			first = i;
	return first;
}

/* By the world's clock. */
static uint64_t engine_deadline(const struct node *n)
{
	uint64_t at = ike_deadline(n->ike);

	return at == NEVER ? NEVER : at > n->skew ? at - n->skew : 0;
}

/* One engine's or kernel's turn, whichever deadline comes first. */
static bool step_node(struct world *w, uint64_t limit)
{
	enum { ENGINE, KERNEL, JOB, STREAM } turn = ENGINE;
	struct node *due = NULL;
	uint64_t at = limit;

	for (int i = 0; i < w->nodes; i++) {
		struct node *n = &w->n[i];

		if (!n->ike)
			continue;
		if (engine_deadline(n) <= at) {
			at = engine_deadline(n);
			due = n;
			turn = ENGINE;
		}
		if (jobs_deadline(n) < at) {
			at = jobs_deadline(n);
			due = n;
			turn = JOB;
		}
		if (kernel_deadline(&n->k) < at) {
			at = kernel_deadline(&n->k);
			due = n;
			turn = KERNEL;
		}
	}
	if (tcp_deadline(w) <= limit && (!due || tcp_deadline(w) < at)) {
		at = tcp_deadline(w);
		turn = STREAM;
	}
	if (!due && turn != STREAM)
		return false;
	if (at > w->now)
		w->now = at;
	if (turn == STREAM)
		tcp_tick(w);
	else if (turn == KERNEL)
		kernel_tick(due);
	else if (turn == JOB)
		jobs_tick(due);
	else
		ike_tick(due->ike);
	return true;
}

bool world_step(struct world *w, uint64_t limit)
{
	unsigned int i = first_datagram(w);
	bool did = true;

	if (w->flight_count && w->flight[i].at <= limit &&
	    !step_node(w, w->flight[i].at - 1)) {
		if (w->flight[i].at > w->now)
			w->now = w->flight[i].at;
		deliver(w, i);
	} else if (!w->flight_count || w->flight[i].at > limit) {
		did = step_node(w, limit);
	}
	if (!did) {
		if (limit > w->now)
			w->now = limit;
		return false;
	}
	w->steps++;
	check_step(w);
	return true;
}

void world_run(struct world *w, uint64_t until)
{
	while (!w->violation[0] && world_step(w, until))
		if (rng_chance(&w->net, 30))
			probe(&w->n[rng_below(&w->net, w->nodes)]);
}
