// SPDX-License-Identifier: GPL-2.0
/* One node: an engine, its clock, who does its jobs, its host. */
#include <stdlib.h>

#include "fake/fake_sign.h"
#include "sim/sim.h"

const struct addr *node_addr(const struct node *n)
{
	return &n->place[n->at];
}

bool node_holds(const struct node *n, const struct addr *addr)
{
	for (unsigned int i = 0; i < PLACES; i++)
		if (n->held & 1 << i && addr_equal(&n->place[i], addr))
			return true;
	return false;
}

bool node_knows(const struct node *n, const struct addr *addr)
{
	for (unsigned int i = 0; i < PLACES; i++)
		if (addr_equal(&n->place[i], addr))
			return true;
	return false;
}

int node_other(const struct node *n, const struct peer *peer)
{
	const struct world *w = n->w;

	if (n->index != HUB)
		return HUB;
	if (!w->any)
		return 0;
	for (int i = 0; i < w->nodes; i++)
		if (ike_id_equal(&peer->remote_id, &w->n[i].id))
			return i;
	return n->index;
}

int node_any_other(struct node *n)
{
	int other = n->index == HUB ? (int)rng_below(&n->w->script, n->w->nodes) : HUB;

	return other == n->index ? 0 : other;
}

struct peer *node_peer(const struct node *n, int other)
{
	struct tunnel *t;
	struct peer *peer;

	if (!n->ike)
		return NULL;
	FOREACH_PEER(n, t, peer)
		if (node_other(n, peer) == other)
			return peer;
	return NULL;
}

struct child *node_child(const struct node *n, int other, unsigned int i)
{
	struct peer *peer = node_peer(n, other);
	struct child *child, *found = NULL;

	if (!peer)
		return NULL;
	/* what was last at a place may be down, and another be there */
	TAILQ_FOREACH(child, &peer->children, link)
		if (!child->left && parts_index((struct node *)n, child) == i &&
		    (!found || child->state == CHILD_UP))
			found = child;
	return found;
}

unsigned int node_child_index(struct node *n, const struct child *child)
{
	return parts_index(n, child);
}

/* Also of one that a reload has taken out. */
static const struct child_sa *node_pair(struct node *n, int other, unsigned int index,
					uint32_t spi)
{
	const struct peer *peer = node_peer(n, other);
	const struct child_sa *pair = NULL;
	const struct child *child;

	if (!peer)
		return NULL;
	TAILQ_FOREACH(child, &peer->children, link)
		if (!pair && parts_index(n, child) == index)
			pair = pair_by_in(child, spi);
	return pair;
}

bool node_excuses(struct node *n, int other, unsigned int index, uint32_t spi)
{
	const struct child *child = node_child(n, other, index);
	const struct child_sa *pair = node_pair(n, other, index, spi);

	if (pair)
		return !pair->in_kernel;
	if (!child || !child->out || !kernel_reserved(&n->k, spi))
		return false;
	/* its clock has jumped: it did not wait for the DELETE that follows our rekey */
	return n->w->n[other].excused || !kernel_in(&n->w->n[other].k, child->out->spi_out);
}

/* Whom and what it asks for does not count. */
static bool node_is_refused(const struct world *w, int other)
{
	/* RFC 5998: then no secret proves anything */
	bool alone = w->n[other].conf.eap_only && w->n[HUB].conf.eap_only;

	return (!alone && w->n[other].wrong_secret != w->n[HUB].wrong_secret) ||
	       w->n[other].once || w->n[other].wrong_password;
}

bool node_estranged(const struct world *w, int other)
{
	bool any_child = false;

	for (unsigned int i = 0; i < w->children; i++)
		any_child |= !w->wrong_ts[i];
	return w->n[other].wrong_id || !any_child || node_is_refused(w, other);
}

const char *node_key(const struct node *n, char key[NODE_KEY_MAX])
{
	snprintf(key, NODE_KEY_MAX, "key of %c", 'A' + n->index);
	return key;
}

const char *node_ca(const struct node *n)
{
	return n->wrong_secret ? "another CA" : "the CA";
}

uint64_t node_now(const struct node *n)
{
	return n->w->now + n->skew;
}

static uint64_t env_now(void *ctx)
{
	return node_now(ctx);
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

static bool env_source_for(void *ctx, const struct addr *remote, uint32_t mark,
			   struct addr *local)
{
	const struct node *n = ctx;

	*local = *node_addr(n);
	return n->held;
}

static unsigned int env_addresses(void *ctx, struct addr *addrs, unsigned int max)
{
	const struct node *n = ctx;
	unsigned int count = 0;

	for (unsigned int i = 0; i < PLACES && count < max; i++)
		if (n->held & 1 << i)
			addrs[count++] = n->place[i];
	return count;
}

static void went_up(struct node *n, int other)
{
	struct world *w = n->w;
	int spoke = n->index == HUB ? other : n->index;
	/*
	 * RFC 7296 2.15: no proof covers IDr. Who leaves it out gets who there is, 1.2; and what it
	 * is configured for the hostile node does not ask for.
	 */
	bool unasked = n->index == HUB && w->n[other].hostile;

	if (other == n->index)
		violate(w, "%c is up with nobody", 'A' + n->index);
	else if (unasked ? node_is_refused(w, spoke) : node_estranged(w, spoke))
		violate(w, "%c is up with %c, with which it cannot be", 'A' + n->index,
			'A' + other);
	if (n->view[other].up_since)
		violate(w, "%c goes up, and was up", 'A' + n->index);
	n->view[other].up_since = w->now;
	n->ups++;
}

/* By the hostile node; what it has sent may come when it is so no more. */
static bool is_ill_meant(const struct node *n, const struct child *child)
{
	const struct ike_sa *sa = child->out ? child->out->sa : NULL;
	uint64_t until = n->w->hostile_until;

	return n->w->n[0].hostile || (until && sa && sa->born_ms <= until + n->skew);
}

static void child_event(struct node *n, struct view *view, const struct ike_event *ev)
{
	const struct child *child = child_find(n->ike, ev->child);
	unsigned int before = n->whole_at;
	uint64_t *since;

	if (!child || node_child_index(n, child) == CHILDREN_MAX)
		return;
	since = &view->child_since[node_child_index(n, child)];
	/* without memory for a part the next child takes the place of the one that is there */
	if (ev->type == IKE_EV_CHILD_REKEYED && n->whole_at != before) {
		*since = view->child_since[before];
		view->child_since[before] = 0;
	}
	if (ev->type == IKE_EV_CHILD_UP && n->w->wrong_ts[node_child_index(n, child)] &&
	    !is_ill_meant(n, child))
		violate(n->w, "%c: a child is up without selectors in common", 'A' + n->index);
	if (ev->type == IKE_EV_CHILD_UP && *since)
		violate(n->w, "%c: a child goes up, and was up", 'A' + n->index);
	if (ev->type == IKE_EV_CHILD_UP)
		*since = n->w->now;
	if (ev->type == IKE_EV_CHILD_DOWN && !*since)
		violate(n->w, "%c: a child goes down, and was not up", 'A' + n->index);
	/* what was last at a place may fail, and another be there */
	if (ev->type == IKE_EV_CHILD_FAILED && *since &&
	    node_child(n, node_other(n, child->peer), node_child_index(n, child)) == child)
		violate(n->w, "%c: a child that is up has failed", 'A' + n->index);
	if (ev->type == IKE_EV_CHILD_DOWN)
		*since = 0;
}

static void peer_event(struct node *n, struct view *view, const struct ike_event *ev)
{
	if (ev->type == IKE_EV_UP) {
		went_up(n, view - n->view);
	} else if (ev->type == IKE_EV_DOWN) {
		if (!view->up_since)
			violate(n->w, "%c goes down, and was not up", 'A' + n->index);
		view->up_since = 0;
		n->downs++;
	} else if (ev->type == IKE_EV_FAILED && view->up_since) {
		violate(n->w, "%c is up, and has failed", 'A' + n->index);
	}
}

static void env_event(void *ctx, const struct ike_event *ev)
{
	static const char *const names[] = {
		[IKE_EV_STEP] = "step", [IKE_EV_CHILD_UP] = "child UP",
		[IKE_EV_CHILD_FAILED] = "child FAILED", [IKE_EV_CHILD_DOWN] = "child DOWN",
		[IKE_EV_UP] = "UP", [IKE_EV_FAILED] = "FAILED", [IKE_EV_DOWN] = "DOWN",
		[IKE_EV_REFUSED] = "refused", [IKE_EV_CHILD_REKEYED] = "child rekeyed",
		[IKE_EV_IKE_REKEYED] = "IKE rekeyed", [IKE_EV_RETRANSMIT] = "retransmit",
		[IKE_EV_REAUTHENTICATED] = "reauthenticated",
		[IKE_EV_REAUTH_FAILED] = "reauthentication failed",
		[IKE_EV_REKEY_FAILED] = "rekey failed",
		[IKE_EV_NOTE] = "note", [IKE_EV_EXCHANGE] = "exchange", [IKE_EV_LOG] = "log",
	};
	struct node *n = ctx;
	const struct peer *peer = peer_find(n->ike, ev->peer);
	struct view *view = &n->view[peer ? node_other(n, peer) : n->index];

	trace(n->w, "%c: %s: %s: %s", 'A' + n->index, ev->who ? ev->who : "-", names[ev->type],
	      ev->detail ? ev->detail : "");
	if (peer) {
		child_event(n, view, ev);
		peer_event(n, view, ev);
	}
	n->fails += ev->type == IKE_EV_FAILED;
	n->rekeys += ev->type == IKE_EV_CHILD_REKEYED;
	n->ike_rekeys += ev->type == IKE_EV_IKE_REKEYED;
	n->reauths += ev->type == IKE_EV_REAUTHENTICATED;
}

/* ---- jobs */

/* Some are done wrong, too late, or never. */
static bool spoil(struct node *n, struct sim_job *j)
{
	if (n->w->calm || !rng_chance(&n->w->net, n->w->bad_jobs))
		return true;
	switch (rng_below(&n->w->net, 4)) {
	case 0:
		if (j->kind == IKE_JOB_VERIFY)
			j->fails = "the simulated judge is in error";
		/* of keys with a PPK one that the proofs tell of */
		j->out[j->kind == IKE_JOB_PPK ? j->len - 1 : 0] ^= 1;
		return true;
	case 1:
		j->fails = "the simulated secret is not there";
		return true;
	case 2:
		j->at += 15000 + rng_below(&n->w->net, 10000);
		return true;
	default:
		return false;
	}
}

/* The MAC with the secret. */
static void job_mac(const struct node *n, const struct ike_job *job, struct sim_job *j)
{
	static const struct chunk psk[] = { { (const uint8_t *)"sixteen octets..", 16 },
					    { (const uint8_t *)"Sixteen octets..", 16 } };

	j->len = prf_len(job->prf);
	if (!auth_psk(job->prf, psk[n->wrong_secret], &job->octets, 1, j->out))
		abort();
}

static void job_ppk(const struct ike_job *job, struct sim_job *j)
{
	static const struct chunk ppk = { (const uint8_t *)"a PPK of 256 bits, or nearly so", 31 };

	j->len = job->octets.len;
	if (j->len > sizeof(j->out) || !auth_ppk(job->prf, ppk, job->octets, j->out))
		abort();
}

/*
 * The first one says how many have it; where all do, some demand it. By dice of its own: histories
 * without a PPK are as they were.
 */
void node_configure_ppk(struct node *n)
{
	struct rng r = { .s = n->w->seed * 0x9e3779b97f4a7c15 + n->index };
	struct tunnel_conf *c = &n->conf;

	if (!n->index)
		n->w->ppk = n->w->rounds || rng_chance(&r, 80) ? 0 : rng_chance(&r, 60) ? 100 : 60;
	if (rng_chance(&r, n->w->ppk))
		snprintf(c->ppk_id, sizeof(c->ppk_id), "ppk of all");
	c->ppk_required = n->w->ppk == 100 && rng_chance(&r, 40);
}

static bool job_do(struct node *n, const struct ike_job *job, struct sim_job *j)
{
	char key[NODE_KEY_MAX];

	switch (job->kind) {
	case IKE_JOB_PSK_MAC:
		job_mac(n, job, j);
		return true;
	case IKE_JOB_PPK:
		job_ppk(job, j);
		return true;
	case IKE_JOB_EAP:
		eap_job(n, job, j);
		return true;
	case IKE_JOB_TLS:
		return eap_tls_job(n, job, j);
	case IKE_JOB_RADIUS:
		return eap_radius_job(n, job, j);
	case IKE_JOB_SIGN:
		j->len = FAKE_SIGNATURE_LEN;
		j->fails = fake_sign_job(node_key(n, key), job->hashes, job->octets, &j->method,
					 j->out);
		return true;
	case IKE_JOB_VERIFY:
		j->fails = fake_verify_job(node_ca(n), job, &j->valid_s);
		return true;
	default:
		return false;
	}
}

static bool env_job(void *ctx, uint32_t id, const struct ike_job *job)
{
	struct node *n = ctx;
	struct sim_job *j = &n->jobs[n->job_count];

	if (n->job_count == JOBS_MAX)
		return false;
	*j = (struct sim_job){ .id = id, .kind = job->kind };
	j->at = n->w->now + (n->w->calm ? 1 : rng_below(&n->w->net, 50));
	if (!job_do(n, job, j))
		return false;
	if (spoil(n, j))
		n->job_count++;
	return true;
}

static void env_forget(void *ctx, uint32_t conversation)
{
	struct node *n = ctx;

	fake_tls_forget(&n->tls, conversation);
	fake_radius_forget(&n->radius, conversation);
}

static unsigned int first_job(const struct node *n)
{
	unsigned int first = 0;

	for (unsigned int i = 1; i < n->job_count; i++)
		if (n->jobs[i].at < n->jobs[first].at)
			first = i;
	return first;
}

uint64_t jobs_deadline(const struct node *n)
{
	return n->job_count ? n->jobs[first_job(n)].at : NEVER;
}

void jobs_tick(struct node *n)
{
	unsigned int i = first_job(n);
	struct sim_job job = n->jobs[i];
	struct chunk made = { job.out, job.len };
	struct ike_job_result result = {
		.mac = made, .eap = made, .signature = made, .method = job.method,
		.valid_s = job.valid_s,
	};

	if (job.kind == IKE_JOB_TLS || job.kind == IKE_JOB_RADIUS)
		result = eap_tls_result(&job);
	if (job.fails)
		result = (struct ike_job_result){ .why = job.fails };
	n->jobs[i] = n->jobs[--n->job_count];
	ike_job_done(n->ike, job.id, &result);
}

void node_start(struct node *n)
{
	uint8_t secret[IKE_CRASH_SECRET];
	struct ike_env env = {
		.ctx = n, .now = env_now, .random = env_random, .send = net_send,
		.source_for = env_source_for, .addresses = env_addresses, .job = env_job,
		.forget = env_forget,
		.event = env_event,
	};

	host_env(&env);
	kernel_env(&env);
	leases_env(&env);
	tcp_env(&env);
	n->ike = hostile_engine(&env);
	memset(secret, n->index + 1, sizeof(secret));
	ike_crash_secret(n->ike, secret);
	leases_start(n);
	if (!n->ike || ike_tunnel_add(n->ike, &n->conf, &n->tunnel))
		abort();
	n->gone = 0;
	n->timers = n->ike->timers.reserved;
}

void node_stop(struct node *n)
{
	ike_free(n->ike);
	n->ike = NULL;
	n->job_count = 0;
	memset(&n->tls, 0, sizeof(n->tls));
	memset(&n->radius, 0, sizeof(n->radius));
	memset(n->view, 0, sizeof(n->view));
	tcp_node_stops(n);
	host_flush(&n->host);
	kernel_flush(&n->k);
}

