// SPDX-License-Identifier: GPL-2.0
/* Time, chance, the network, and what ties an engine to them. */
#include <stdlib.h>

#include "sim/sim.h"

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

static void hash_bytes(struct world *w, const void *p, size_t len)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < len; i++)
		w->hash = (w->hash ^ b[i]) * UINT64_C(0x100000001b3);
}

void trace(struct world *w, const char *fmt, ...)
{
	char text[1200];
	va_list ap;
	int len;

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

static uint64_t delay(struct world *w)
{
	if (w->calm)
		return 5 + rng_below(&w->net, 5);
	if (rng_chance(&w->net, w->slow))
		return 1 + rng_below(&w->net, 3000);
	return 1 + rng_below(&w->net, 60);
}

static uint8_t *copy(const uint8_t *p, size_t len)
{
	uint8_t *c = malloc(len ? len : 1);

	if (!c)
		abort();
	memcpy(c, p, len);
	return c;
}

static void net_send(void *ctx, const struct endpoint *local, const struct endpoint *remote,
		     uint32_t mark, const uint8_t *msg, size_t len)
{
	struct node *n = ctx;
	struct world *w = n->w;
	struct datagram d = {
		.sent = w->now, .to = !n->index, .local = *remote, .remote = *local, .len = len,
	};
	int copies = 1;

	hash_bytes(w, msg, len);
	if (!addr_equal(&remote->addr, &w->n[d.to].addr) || local->port != remote->port)
		return;		/* to an address somebody made up */
	if (!w->calm)
		copies = rng_chance(&w->net, w->loss) ? 0 : rng_chance(&w->net, w->dup) ? 2 : 1;
	if (w->now < w->cut_until)
		copies = 0;
	trace(w, "%c: sends %zu octets, exchange %u id %u flags %02x%s", 'A' + n->index, len,
	      msg[18], msg[23], msg[19],
	      copies == 1 ? "" :
	      copies	  ? " (twice)" :
			    " (lost)");
	while (copies--) {
		d.at = w->now + delay(w);
		d.msg = copy(msg, len);
		put(w, &d);
	}
}

void probe(struct node *n)
{
	const struct peer *t = node_peer(n);
	struct world *w = n->w;
	struct datagram d = { .sent = w->now, .to = !n->index };

	if (!n->ike || !t || !t->sa || !n->k.has_out || n->k.out.expired || w->now < w->cut_until)
		return;
	d.at = w->now + delay(w);
	d.spi = n->k.out.spi;
	d.ike_spi = t->sa->spi_i;
	put(w, &d);
	w->probes++;
}

/* A packet sent while both ends were up must find its inbound SA. */
static void deliver_esp(struct node *n, const struct datagram *d)
{
	const struct peer *t = n->ike ? node_peer(n) : NULL;
	struct sim_sa *sa = kernel_in(&n->k, d->spi);

	if (sa)
		sa->used_ms = n->w->now;
	else if (t && t->sa && t->sa->spi_i == d->ike_spi && n->up_since && n->up_since <= d->sent)
		violate(n->w, "%c has no inbound SA %08x for a packet sent %llu ms ago",
			'A' + n->index, d->spi, (unsigned long long)(n->w->now - d->sent));
}

static void remember(struct node *n, const struct datagram *d)
{
	struct record *r = &n->seen[n->seen_count++ % RECORD_MAX];

	free(r->msg);
	*r = (struct record){
		.local = d->local, .remote = d->remote, .msg = d->msg, .len = d->len
	};
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
	trace(w, "%c: gets exchange %u id %u flags %02x", 'A' + n->index, d.msg[18], d.msg[23],
	      d.msg[19]);
	if (!n->ike) {
		free(d.msg);
		return;
	}
	refused = n->ike->counters.unexpected;
	ike_input(n->ike, &d.local, &d.remote, d.msg, d.len);
	/* one that came too early is not a replay when it comes again */
	if (n->ike->counters.unexpected == refused)
		remember(n, &d);
	else
		free(d.msg);
}

/* ---- the engine's world */

static uint64_t env_now(void *ctx)
{
	return ((struct node *)ctx)->w->now;
}

static void env_random(void *ctx, void *buf, size_t len)
{
	struct node *n = ctx;
	uint8_t *p = buf;
	uint64_t r = 0;

	for (size_t i = 0; i < len; i++) {
		if (i % 8 == 0)
			r = rng_next(&n->rng);
		p[i] = r >> i % 8 * 8;
	}
}

static bool env_source_for(void *ctx, const struct addr *remote, struct addr *local)
{
	*local = ((struct node *)ctx)->addr;
	return true;
}

static void env_event(void *ctx, const struct ike_event *ev)
{
	static const char *const names[] = {
		[IKE_EV_STEP] = "step", [IKE_EV_CHILD_UP] = "child UP",
		[IKE_EV_CHILD_FAILED] = "child FAILED", [IKE_EV_CHILD_DOWN] = "child DOWN",
		[IKE_EV_UP] = "UP", [IKE_EV_FAILED] = "FAILED", [IKE_EV_DOWN] = "DOWN",
		[IKE_EV_REFUSED] = "refused", [IKE_EV_CHILD_REKEYED] = "child rekeyed",
		[IKE_EV_IKE_REKEYED] = "IKE rekeyed", [IKE_EV_RETRANSMIT] = "retransmit",
		[IKE_EV_NOTE] = "note", [IKE_EV_LOG] = "log",
	};
	struct node *n = ctx;

	trace(n->w, "%c: %s: %s", 'A' + n->index, names[ev->type], ev->detail ? ev->detail : "");
	if (ev->type == IKE_EV_UP) {
		if (!n->up_since)
			n->up_since = n->w->now;
		n->ups++;
	} else if (ev->type == IKE_EV_DOWN) {
		if (!n->up_since)
			violate(n->w, "%c goes down, and was not up", 'A' + n->index);
		n->up_since = 0;
		n->downs++;
	}
	n->fails += ev->type == IKE_EV_FAILED;
	n->rekeys += ev->type == IKE_EV_CHILD_REKEYED;
}

/* ---- jobs */

static bool env_job(void *ctx, uint32_t id, const struct ike_job *job)
{
	static const struct chunk psk = { (const uint8_t *)"sixteen octets..", 16 };
	struct node *n = ctx;
	struct sim_job *j = &n->jobs[n->job_count];

	if (n->job_count == JOBS_MAX || job->kind != IKE_JOB_PSK_MAC)
		return false;
	n->job_count++;
	j->id = id;
	j->at = n->w->now + (n->w->calm ? 1 : rng_below(&n->w->net, 50));
	j->mac_len = prf_len(job->prf);
	if (!auth_psk(job->prf, psk, &job->octets, 1, j->mac))
		abort();
	return true;
}

static unsigned int first_job(const struct node *n)
{
	unsigned int first = 0;

	for (unsigned int i = 1; i < n->job_count; i++)
		if (n->jobs[i].at < n->jobs[first].at)
			first = i;
	return first;
}

static uint64_t jobs_deadline(const struct node *n)
{
	return n->job_count ? n->jobs[first_job(n)].at : UINT64_MAX;
}

static void jobs_tick(struct node *n)
{
	unsigned int i = first_job(n);
	struct sim_job job = n->jobs[i];
	struct ike_job_result result = { .mac = { job.mac, job.mac_len } };

	n->jobs[i] = n->jobs[--n->job_count];
	ike_job_done(n->ike, job.id, &result);
}

/* ---- the host */

static int env_device_up(void *ctx, uint32_t tunnel, const struct addr *remote,
			 char why[IKE_WHY_MAX])
{
	((struct node *)ctx)->device = true;
	return 0;
}

static void env_device_down(void *ctx, uint32_t tunnel)
{
	struct node *n = ctx;

	if (!n->device || n->linked || n->k.has_policy)
		violate(n->w, "%c: the device goes down while it is in use", 'A' + n->index);
	n->device = false;
}

static int env_child_up(void *ctx, const struct ike_child_link *link, char note[IKE_WHY_MAX],
			char why[IKE_WHY_MAX])
{
	struct node *n = ctx;

	if (!n->k.has_policy)
		violate(n->w, "%c: routes for a child without a policy", 'A' + n->index);
	n->linked = true;
	if (n->w->calm || !rng_chance(&n->w->net, n->w->fault))
		return 0;
	snprintf(why, IKE_WHY_MAX, "the simulated host has no route");
	return -ENETUNREACH;
}

static void env_child_down(void *ctx, const struct ike_child_link *link)
{
	struct node *n = ctx;

	if (!n->linked)
		violate(n->w, "%c: a child goes down that was not up", 'A' + n->index);
	n->linked = false;
}

void node_start(struct node *n)
{
	struct ike_env env = {
		.ctx = n, .now = env_now, .random = env_random, .send = net_send,
		.source_for = env_source_for, .job = env_job, .device_up = env_device_up,
		.device_down = env_device_down, .child_up = env_child_up,
		.child_down = env_child_down, .event = env_event,
	};

	kernel_env(&env);
	n->ike = ike_new(&env);
	if (!n->ike || ike_tunnel_add(n->ike, &n->conf, &n->tunnel))
		abort();
}

void node_stop(struct node *n)
{
	ike_free(n->ike);
	n->ike = NULL;
	n->up_since = 0;
	n->job_count = 0;
	n->device = false;
	n->linked = false;
	kernel_flush(&n->k);
}

void world_init(struct world *w, uint64_t seed, bool trace_it)
{
	struct rng r = { .s = seed * 0x2545f4914f6cdd1d + 1 };

	memset(w, 0, sizeof(*w));
	w->seed = seed;
	w->now = 1000;
	w->hash = UINT64_C(0xcbf29ce484222325);
	w->trace = trace_it;
	w->net.s = rng_next(&r);
	w->script.s = rng_next(&r);
	for (int i = 0; i < NODES; i++) {
		w->n[i].w = w;
		w->n[i].index = i;
		w->n[i].rng.s = rng_next(&r);
		addr_parse(&w->n[i].addr, i ? "192.0.2.2" : "192.0.2.1");
	}
}

void world_free(struct world *w)
{
	for (int i = 0; i < NODES; i++) {
		ike_free(w->n[i].ike);
		ts_list_put(w->n[i].child.local_ts);
		ts_list_put(w->n[i].child.remote_ts);
		for (unsigned int j = 0; j < RECORD_MAX; j++)
			free(w->n[i].seen[j].msg);
	}
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

/* One engine's or kernel's turn, whichever deadline comes first. */
static bool step_node(struct world *w, uint64_t limit)
{
	enum { ENGINE, KERNEL, JOB } turn = ENGINE;
	struct node *due = NULL;
	uint64_t at = limit;

	for (int i = 0; i < NODES; i++) {
		struct node *n = &w->n[i];

		if (!n->ike)
			continue;
		if (ike_deadline(n->ike) <= at) {
			at = ike_deadline(n->ike);
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
	if (!due)
		return false;
	if (at > w->now)
		w->now = at;
	if (turn == KERNEL)
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
			probe(&w->n[rng_below(&w->net, NODES)]);
}
