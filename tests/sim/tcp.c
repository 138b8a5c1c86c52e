// SPDX-License-Identifier: GPL-2.0
/*
 * IKE over TCP, RFC 9329, in every tenth history: UDP is blocked for a while, and who began goes
 * on over TCP, which carries no child. A connection keeps the order and loses nothing, until it
 * breaks; then what was under way is lost, and either end hears of it in its own time. Each end
 * has a number of its own for it.
 */
#include "ike/object/stream.h"
#include "sim/sim.h"

#define TCP_PORT	4500
#define CONNECT_MS	10000	/* how long nobody answers */
#define SILENT_MS	10000	/* what a listener grants one that says nothing, */
#define STRANGER_MS	60000	/* and one whose peer has not proved itself */
#define LOST_MS		5000	/* until an end hears that it has broken */
#define REDIAL_MOST_MS	20000	/* until who has dialled does so again: the longest wait is 16 s */

/* By dice of their own: all other histories are as they were. */
void tcp_configure(struct world *w)
{
	struct rng *r = &w->streams;

	r->s = w->seed * UINT64_C(0xd6e8feb86659fd93);
	w->tcp = w->seed % 10 == 3;
	if (!w->tcp)
		return;
	for (int i = 0; i < w->nodes; i++) {
		struct tunnel_conf *c = &w->n[i].conf;

		if (i == HUB && (w->any || w->nat || rng_chance(r, 60)))
			continue;
		if (i == HUB)
			w->n[0].conf.listen_tcp = TCP_PORT;
		/* who tries for ever would do so: it is never up */
		c->tcp = i == HUB || w->persistent || rng_chance(r, 70) ? TCP_FALL_BACK :
									  TCP_ALWAYS;
		c->tcp_port = TCP_PORT + rng_chance(r, 5);
	}
	w->n[HUB].conf.listen_tcp = TCP_PORT;
	if (rng_chance(r, 70))
		w->udp_until = w->now + rng_below(r, 60000);
}

bool tcp_is_barren(const struct world *w, int other)
{
	return w->tcp && w->n[other].conf.tcp == TCP_ALWAYS;
}

/* ---- connections */

static struct sim_conn *tcp_of(struct world *w, uint64_t serial)
{
	for (unsigned int i = 0; i < w->conn_count; i++)
		if (w->conn[i].serial == serial)
			return &w->conn[i];
	return NULL;
}

/* @e: which end is @n's. NULL: it has none by that number, or no more. */
static struct sim_conn *tcp_find(struct node *n, uint64_t stream, int *e)
{
	struct world *w = n->w;

	for (unsigned int i = 0; i < w->conn_count; i++)
		for (*e = 0; *e < 2; (*e)++) {
			const struct sim_end *end = &w->conn[i].end[*e];

			if (end->open && end->node == n->index && end->stream == stream)
				return &w->conn[i];
		}
	return NULL;
}

static void tcp_sweep(struct world *w)
{
	for (unsigned int i = 0; i < w->conn_count;)
		if (!w->conn[i].end[0].open && !w->conn[i].end[1].open)
			w->conn[i] = w->conn[--w->conn_count];
		else
			i++;
}

static void tcp_told_at(struct sim_end *end, uint64_t at)
{
	if (end->open && at < end->told_at)
		end->told_at = at;
}

/* What is under way is lost. */
static void tcp_lose(struct world *w, struct sim_conn *c, const char *why)
{
	if (c->broken)
		return;
	c->broken = true;
	c->why = why;
	trace(w, "a TCP connection breaks: %s", why);
	for (int e = 0; e < 2; e++)
		tcp_told_at(&c->end[e], w->now + rng_below(&w->net, LOST_MS));
}

/* In good order: what is under way arrives before. */
static void tcp_close(struct world *w, struct sim_conn *c, int e)
{
	struct sim_end *other = &c->end[!e];

	c->end[e].open = false;
	if (!c->why)
		c->why = "the other end has closed it";
	tcp_told_at(other, (other->last > w->now ? other->last : w->now) + 1 + net_delay(w));
	if (!c->up)
		other->open = false;
	tcp_sweep(w);
}

static struct sim_conn *tcp_new(struct world *w)
{
	struct sim_conn *c = &w->conn[w->conn_count];

	if (w->conn_count == CONNS_MAX) {
		violate(w, "more than %d TCP connections are there", CONNS_MAX);
		return NULL;
	}
	w->conn_count++;
	*c = (struct sim_conn){ .serial = ++w->conn_serial, .up_at = NEVER, .close_at = NEVER };
	c->end[0] = c->end[1] = (struct sim_end){ .node = -1, .told_at = NEVER };
	return c;
}

static int tcp_who_holds(const struct world *w, const struct node *n, const struct addr *addr)
{
	for (int i = 0; i < w->nodes; i++)
		if ((i == HUB) != (n->index == HUB) && node_holds(&w->n[i], addr))
			return i;
	return -1;
}

/* Where @n is seen from the other side. */
static struct endpoint tcp_outside(const struct node *n, const struct endpoint *local)
{
	struct endpoint seen = *local;

	if (n->w->nat && n->index != HUB)
		seen.addr = n->nat[0].addr;
	return seen;
}

static uint64_t tcp_dial(void *ctx, struct endpoint *local, const struct endpoint *remote,
			 uint32_t mark, char why[IKE_WHY_MAX])
{
	struct node *n = ctx;
	struct world *w = n->w;
	struct sim_conn *c;

	if (!node_holds(n, &local->addr) || (!w->calm && rng_chance(&w->net, 5))) {
		snprintf(why, IKE_WHY_MAX, "the simulated network is unreachable");
		return 0;
	}
	c = tcp_new(w);
	if (!c)
		return 0;
	n->streams++;
	local->port = 40000 + n->streams % 20000;
	c->end[0] = (struct sim_end){ .node = n->index, .stream = n->streams, .open = true,
				      .local = *local, .remote = *remote, .told_at = NEVER };
	c->end[0].remote.stream = n->streams;
	c->end[1].node = tcp_who_holds(w, n, &remote->addr);
	c->end[1].local = *remote;
	c->end[1].remote = tcp_outside(n, local);
	if (w->now < w->cut_until) {
		c->why = "the other end does not answer";
		c->end[0].told_at = w->now + CONNECT_MS;
	} else {
		c->up_at = w->now + net_delay(w);
	}
	trace(w, "%c: dials, %llu", 'A' + n->index, (unsigned long long)n->streams);
	return n->streams;
}

/* It reaches the other end. */
static void tcp_accept(struct world *w, struct sim_conn *c)
{
	struct sim_end *end = &c->end[1];
	struct node *m = end->node < 0 ? NULL : &w->n[end->node];

	c->up_at = NEVER;
	if (!m || !m->ike || !node_holds(m, &end->local.addr) ||
	    m->conf.listen_tcp != end->local.port) {
		c->why = "Connection refused";
		tcp_told_at(&c->end[0], w->now);
		return;
	}
	c->up = end->open = true;
	c->close_at = w->now + SILENT_MS;
	end->stream = end->remote.stream = ++m->streams;
}

/* Does an IKE SA go by it? One that has proved itself: @proved. */
static bool tcp_is_used(const struct node *n, uint64_t stream, bool proved)
{
	const struct ike_sa *sa;

	TAILQ_FOREACH(sa, &n->ike->sas, link)
		if (sa->remote.stream == stream && (!proved || sa->state == SA_ESTABLISHED))
			return true;
	return false;
}

static void tcp_keep(void *ctx, uint64_t stream)
{
	struct node *n = ctx;
	struct sim_conn *c;
	int e;

	c = tcp_find(n, stream, &e);
	if (!c || !e)
		return;
	if (!tcp_is_used(n, stream, true))
		violate(n->w, "%c keeps TCP connection %llu, by which nobody has proved himself",
			'A' + n->index, (unsigned long long)stream);
	c->end[e].kept = true;
	c->close_at = NEVER;
}

static void tcp_hang_up(void *ctx, uint64_t stream)
{
	struct node *n = ctx;
	struct sim_conn *c;
	int e;

	c = tcp_find(n, stream, &e);
	if (!c)
		return;
	trace(n->w, "%c: hangs up, %llu", 'A' + n->index, (unsigned long long)stream);
	if (!e) {
		tcp_close(n->w, c, e);
	} else if (c->end[e].kept) {
		c->end[e].kept = false;
		c->close_at = n->w->now + STRANGER_MS;
	}
}

void tcp_env(struct ike_env *env)
{
	env->dial = tcp_dial;
	env->keep = tcp_keep;
	env->hang_up = tcp_hang_up;
}

void tcp_intrude(struct node *n, struct endpoint *local, struct endpoint *remote)
{
	struct world *w = n->w;
	struct sim_conn *c;

	c = n->conf.listen_tcp && w->conn_count < CONNS_MAX / 2 ? tcp_new(w) : NULL;
	if (!c)
		return;
	local->port = n->conf.listen_tcp;
	remote->stream = ++n->streams;
	c->up = true;
	c->close_at = w->now + SILENT_MS;
	c->end[1] = (struct sim_end){ .node = n->index, .stream = n->streams, .open = true,
				      .local = *local, .remote = *remote, .told_at = NEVER };
}

bool tcp_is_open(struct node *n, uint64_t stream)
{
	int e;

	return tcp_find(n, stream, &e);
}

void tcp_node_stops(struct node *n)
{
	struct world *w = n->w;

	for (unsigned int i = 0; i < w->conn_count; i++)
		for (int e = 0; e < 2; e++) {
			struct sim_conn *c = &w->conn[i];

			if (!c->end[e].open || c->end[e].node != n->index)
				continue;
			tcp_lose(w, c, "the other end has reset it");
			c->end[e].open = false;
		}
	tcp_sweep(w);
}

/* ---- messages */

void tcp_send(struct node *n, uint64_t stream, const uint8_t *msg, size_t len)
{
	struct datagram d = { .sent = n->w->now, .from = n->index, .len = len };
	struct world *w = n->w;
	struct sim_end *other;
	struct sim_conn *c;
	int e;

	c = tcp_find(n, stream, &e);
	trace(w, "%c: sends %zu octets over TCP, exchange %u id %u flags %02x%s", 'A' + n->index,
	      len, msg[18], msg[23], msg[19], !c || c->broken ? " (lost)" : "");
	if (c && !node_holds(n, &c->end[e].local.addr))
		tcp_lose(w, c, "timed out");
	if (!c || c->broken)
		return;
	other = &c->end[!e];
	if (other->node < 0)
		return;
	d.at = w->now > w->cut_until ? w->now : w->cut_until;
	if (!c->up && c->up_at != NEVER && c->up_at > d.at)
		d.at = c->up_at;
	d.at += net_delay(w);
	if (d.at < other->last)
		d.at = other->last;
	other->last = d.at;
	d.to = other->node;
	d.conn = c->serial;
	d.conn_end = !e;
	net_put(w, &d, msg);
	/* often in the midst of an exchange */
	if (!w->calm && rng_chance(&w->streams, 8))
		tcp_lose(w, c, "Connection reset by peer");
}

bool tcp_arrives(struct world *w, struct datagram *d)
{
	struct sim_conn *c = tcp_of(w, d->conn);
	struct sim_end *end = c ? &c->end[d->conn_end] : NULL;

	if (!c || c->broken || !c->up || !end->open)
		return false;
	if (!node_holds(&w->n[d->to], &end->local.addr)) {
		tcp_lose(w, c, "timed out");
		return false;
	}
	d->local = end->local;
	d->remote = end->remote;
	if (d->conn_end && !end->kept && c->close_at < w->now + STRANGER_MS && !end->spoke)
		c->close_at = w->now + STRANGER_MS;
	end->spoke = true;
	/* somebody on the way sends it on by UDP */
	if (!w->calm && rng_chance(&w->streams, 5))
		d->remote = (struct endpoint){ .addr = w->thief, .port = IKE_NATT_PORT };
	return true;
}

/* ---- time */

static uint64_t tcp_conn_deadline(const struct sim_conn *c)
{
	uint64_t at = c->up_at;

	for (int e = 0; e < 2; e++)
		if (c->end[e].open && c->end[e].told_at < at)
			at = c->end[e].told_at;
	return c->end[1].open && c->close_at < at ? c->close_at : at;
}

static struct sim_conn *tcp_first(struct world *w)
{
	struct sim_conn *first = NULL;

	for (unsigned int i = 0; i < w->conn_count; i++)
		if (!first || tcp_conn_deadline(&w->conn[i]) < tcp_conn_deadline(first))
			first = &w->conn[i];
	return first;
}

uint64_t tcp_deadline(struct world *w)
{
	return w->conn_count ? tcp_conn_deadline(tcp_first(w)) : NEVER;
}

/* The engine hears that it is there no more. */
static void tcp_tell(struct world *w, struct sim_conn *c, int e)
{
	struct sim_end *end = &c->end[e];
	uint64_t stream = end->stream;
	struct node *n = &w->n[end->node];
	const char *why = c->why;

	end->open = false;
	tcp_sweep(w);
	trace(w, "%c: TCP connection %llu is gone: %s", 'A' + n->index,
	      (unsigned long long)stream, why);
	if (n->ike)
		ike_stream_gone(n->ike, stream, why);
}

void tcp_tick(struct world *w)
{
	struct sim_conn *c = tcp_first(w);

	if (c->up_at <= w->now) {
		tcp_accept(w, c);
		return;
	}
	for (int e = 0; e < 2; e++)
		if (c->end[e].open && c->end[e].told_at <= w->now) {
			tcp_tell(w, c, e);
			return;
		}
	c->why = "closed: no peer has proved itself in time";
	tcp_told_at(&c->end[0], w->now + net_delay(w));
	c->broken = true;
	tcp_tell(w, c, 1);
}

void tcp_chance(struct world *w)
{
	struct rng *r = &w->streams;

	if (!w->tcp)
		return;
	if (rng_chance(r, 15)) {
		w->udp_until = w->now + rng_below(r, 60000);
		trace(w, "script: UDP is blocked for a while");
	}
	if (w->conn_count && rng_chance(r, 30))
		tcp_lose(w, &w->conn[rng_below(r, w->conn_count)], "Connection reset by peer");
}

/* ---- checks */

/* Has a request of ours left that is to be answered still? */
static bool tcp_is_waited_for(const struct ike_sa *sa)
{
	const struct exchange *ex;

	TAILQ_FOREACH(ex, &sa->exchanges, link)
		if (ex->sent && !ex->answered)
			return true;
	return false;
}

/* What is under way needs another connection soon. */
static void tcp_check_lost(struct node *n, const struct ike_sa *sa, struct sim_way *way)
{
	uint64_t now = n->w->now;

	if (!sa->dials || !tcp_is_waited_for(sa) || tcp_is_open(n, sa->remote.stream))
		way->lost_at = NEVER;
	else if (way->lost_at == NEVER)
		way->lost_at = now;
	else if (now - way->lost_at > REDIAL_MOST_MS &&
		 node_now(n) - sa->dialed_ms > REDIAL_MOST_MS)
		violate(n->w, "%c does not open a TCP connection again", 'A' + n->index);
}

/* An IKE SA stays where it began, RFC 9329 7.1. */
static void tcp_check_way(struct node *n, const struct ike_sa *sa)
{
	uint64_t spi = sa->initiator ? sa->spi_i : sa->spi_r;
	struct sim_way *way = NULL;

	if (sa->state == SA_NEW || sa->state == SA_DEAD)
		return;
	for (unsigned int i = 0; i < WAYS_MAX && !way; i++)
		if (n->way[i].spi == spi)
			way = &n->way[i];
	if (way && way->tcp != !!sa->remote.stream)
		violate(n->w, "%c: an IKE SA moves from %s to %s", 'A' + n->index,
			way->tcp ? "TCP" : "UDP", way->tcp ? "UDP" : "TCP");
	if (!way) {
		way = &n->way[n->way_count++ % WAYS_MAX];
		*way = (struct sim_way){ .spi = spi, .tcp = sa->remote.stream, .lost_at = NEVER };
	}
	tcp_check_lost(n, sa, way);
}

static void tcp_check_children(struct node *n)
{
	const struct child_sa *pair;
	const struct child *child;
	struct peer *peer;
	struct tunnel *t;

	FOREACH_PEER(n, t, peer)
		TAILQ_FOREACH(child, &peer->children, link) {
			if (child->in_kernel && child->remote.stream)
				violate(n->w, "%c: a child goes over TCP", 'A' + n->index);
			TAILQ_FOREACH(pair, &child->pairs, link)
				if (pair->sa && pair->sa->remote.stream)
					violate(n->w, "%c: an IKE SA over TCP has a child",
						'A' + n->index);
		}
}

static void tcp_check_end(struct world *w, const struct sim_conn *c, int e)
{
	const struct sim_end *end = &c->end[e];
	struct node *n = end->node < 0 ? NULL : &w->n[end->node];

	if (!end->open || !n || !n->ike)
		return;
	if ((!e || end->kept) && !tcp_is_used(n, end->stream, false))
		violate(w, "%c: nobody uses TCP connection %llu", 'A' + n->index,
			(unsigned long long)end->stream);
	if (e && !end->kept && tcp_is_used(n, end->stream, true))
		violate(w, "%c: TCP connection %llu is a stranger's, and its peer has proved itself",
			'A' + n->index, (unsigned long long)end->stream);
}

void tcp_check(struct world *w)
{
	const struct ike_sa *sa;

	if (!w->tcp)
		return;
	for (int i = 0; i < w->nodes; i++) {
		if (!w->n[i].ike)
			continue;
		TAILQ_FOREACH(sa, &w->n[i].ike->sas, link)
			tcp_check_way(&w->n[i], sa);
		tcp_check_children(&w->n[i]);
	}
	for (unsigned int i = 0; i < w->conn_count; i++)
		for (int e = 0; e < 2; e++)
			tcp_check_end(w, &w->conn[i], e);
}

void tcp_check_empty(struct world *w)
{
	if (w->conn_count)
		violate(w, "down, and %u TCP connections are there", w->conn_count);
}
