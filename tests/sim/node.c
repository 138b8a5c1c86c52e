// SPDX-License-Identifier: GPL-2.0
/* One node: an engine, its clock, who does its jobs, its host. */
#include <stdlib.h>

#include "sim/sim.h"

struct peer *node_peer(const struct node *n)
{
	struct tunnel *t = n->ike ? TAILQ_FIRST(&n->ike->tunnels) : NULL;

	return t ? TAILQ_FIRST(&t->peers) : NULL;
}

struct child *node_child(const struct node *n, unsigned int i)
{
	struct peer *peer = node_peer(n);
	struct child *child = peer ? TAILQ_FIRST(&peer->children) : NULL;

	while (child && i--)
		child = TAILQ_NEXT(child, link);
	return child;
}

unsigned int node_child_index(const struct node *n, uint32_t id)
{
	for (unsigned int i = 0; i < n->w->children; i++) {
		const struct child *child = node_child(n, i);

		if (child && child->id == id)
			return i;
	}
	return 0;
}

bool node_excuses(struct node *n, uint32_t spi)
{
	const struct child_sa *pair = NULL;

	for (unsigned int i = 0; i < n->w->children && !pair; i++)
		pair = pair_by_in(node_child(n, i), spi);
	return kernel_reserved(&n->k, spi) || (pair && !pair->in_kernel);
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
	*local = ((struct node *)ctx)->addr;
	return true;
}

static void went_up(struct node *n)
{
	if (n->w->strangers)
		violate(n->w, "%c is up with a peer that has another secret", 'A' + n->index);
	if (n->up_since)
		violate(n->w, "%c goes up, and was up", 'A' + n->index);
	n->up_since = n->w->now;
	n->ups++;
}

static void child_event(struct node *n, const struct ike_event *ev)
{
	uint64_t *since = &n->child_since[node_child_index(n, ev->child)];

	if (!ev->child)
		return;
	if (ev->type == IKE_EV_CHILD_UP && *since)
		violate(n->w, "%c: a child goes up, and was up", 'A' + n->index);
	if (ev->type == IKE_EV_CHILD_UP)
		*since = n->w->now;
	if (ev->type == IKE_EV_CHILD_DOWN && !*since)
		violate(n->w, "%c: a child goes down, and was not up", 'A' + n->index);
	if (ev->type == IKE_EV_CHILD_FAILED && *since)
		violate(n->w, "%c: a child that is up has failed", 'A' + n->index);
	if (ev->type == IKE_EV_CHILD_DOWN)
		*since = 0;
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
	child_event(n, ev);
	if (ev->type == IKE_EV_UP) {
		went_up(n);
	} else if (ev->type == IKE_EV_DOWN) {
		if (!n->up_since)
			violate(n->w, "%c goes down, and was not up", 'A' + n->index);
		n->up_since = 0;
		n->downs++;
	} else if (ev->type == IKE_EV_FAILED && n->up_since) {
		violate(n->w, "%c is up, and has failed", 'A' + n->index);
	}
	n->fails += ev->type == IKE_EV_FAILED;
	n->rekeys += ev->type == IKE_EV_CHILD_REKEYED;
}

/* ---- jobs */

/* Some are done wrong, too late, or never. */
static bool spoil(struct node *n, struct sim_job *j)
{
	if (n->w->calm || !rng_chance(&n->w->net, n->w->bad_jobs))
		return true;
	switch (rng_below(&n->w->net, 4)) {
	case 0:
		j->mac[0] ^= 1;
		return true;
	case 1:
		j->fails = true;
		return true;
	case 2:
		j->at += 15000 + rng_below(&n->w->net, 10000);
		return true;
	default:
		return false;
	}
}

static bool env_job(void *ctx, uint32_t id, const struct ike_job *job)
{
	static const struct chunk psk[] = { { (const uint8_t *)"sixteen octets..", 16 },
					    { (const uint8_t *)"Sixteen octets..", 16 } };
	struct node *n = ctx;
	struct sim_job *j = &n->jobs[n->job_count];

	if (n->job_count == JOBS_MAX || job->kind != IKE_JOB_PSK_MAC)
		return false;
	*j = (struct sim_job){ .id = id, .mac_len = prf_len(job->prf) };
	j->at = n->w->now + (n->w->calm ? 1 : rng_below(&n->w->net, 50));
	if (!auth_psk(job->prf, psk[n->wrong_secret], &job->octets, 1, j->mac))
		abort();
	if (spoil(n, j))
		n->job_count++;
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

uint64_t jobs_deadline(const struct node *n)
{
	return n->job_count ? n->jobs[first_job(n)].at : NEVER;
}

void jobs_tick(struct node *n)
{
	unsigned int i = first_job(n);
	struct sim_job job = n->jobs[i];
	struct ike_job_result result = { .mac = { job.mac, job.mac_len } };

	if (job.fails)
		result = (struct ike_job_result){ .why = "the simulated secret is not there" };
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

/* The place of a child among those that have routes; 0: an empty one. */
static uint32_t *link_of(struct node *n, uint32_t child)
{
	static uint32_t none;

	for (unsigned int i = 0; i < POLICIES_MAX; i++)
		if (n->linked[i] == child)
			return &n->linked[i];
	none = 0;
	return &none;
}

bool node_linked(const struct node *n, uint32_t child)
{
	for (unsigned int i = 0; i < POLICIES_MAX; i++)
		if (n->linked[i] == child)
			return true;
	return false;
}

static void env_device_down(void *ctx, uint32_t tunnel)
{
	struct node *n = ctx;
	bool linked = false;

	for (unsigned int i = 0; i < POLICIES_MAX; i++)
		linked |= n->linked[i];
	if (!n->device || linked || n->k.policy_count)
		violate(n->w, "%c: the device goes down while it is in use", 'A' + n->index);
	n->device = false;
}

static int env_child_up(void *ctx, const struct ike_child_link *link, char note[IKE_WHY_MAX],
			char why[IKE_WHY_MAX])
{
	struct node *n = ctx;

	if (!kernel_policy(&n->k, link->child))
		violate(n->w, "%c: routes for a child without a policy", 'A' + n->index);
	if (!node_linked(n, link->child))
		*link_of(n, 0) = link->child;
	if (n->w->calm || !rng_chance(&n->w->net, n->w->fault))
		return 0;
	snprintf(why, IKE_WHY_MAX, "the simulated host has no route");
	return -ENETUNREACH;
}

static void env_child_down(void *ctx, const struct ike_child_link *link)
{
	struct node *n = ctx;

	if (!node_linked(n, link->child))
		violate(n->w, "%c: a child goes down that was not up", 'A' + n->index);
	*link_of(n, link->child) = 0;
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
	n->ike = rekey_engine(&env);
	if (!n->ike || ike_tunnel_add(n->ike, &n->conf, &n->tunnel))
		abort();
	n->timers = n->ike->timers.reserved;
}

void node_stop(struct node *n)
{
	ike_free(n->ike);
	n->ike = NULL;
	n->up_since = 0;
	n->job_count = 0;
	n->device = false;
	memset(n->linked, 0, sizeof(n->linked));
	memset(n->child_since, 0, sizeof(n->child_since));
	n->want_ike_rekey = false;
	kernel_flush(&n->k);
}

