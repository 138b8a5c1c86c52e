// SPDX-License-Identifier: GPL-2.0
/*
 * What the daemon does for the engine: the interface, and addresses and routes of each child. It
 * fails at times, and takes its time. Orders that make no sense are violations.
 */
#include "sim/sim.h"

bool host_faulty(struct node *n, const char *what, char why[IKE_WHY_MAX])
{
	struct world *w = n->w;

	if (w->calm || !w->fault)
		return false;
	if (rng_chance(&w->net, w->fault))	/* the engine waits for it */
		w->now += rng_below(&w->net, 500);
	if (!rng_chance(&w->net, w->fault))
		return false;
	snprintf(why, IKE_WHY_MAX, "the simulated %s", what);
	trace(w, "%c: %s", 'A' + n->index, why);
	return true;
}

static struct sim_link *host_find(struct node *n, uint32_t child)
{
	for (unsigned int i = 0; i < POLICIES_MAX; i++)
		if (n->host.link[i].child == child)
			return &n->host.link[i];
	return NULL;
}

const struct sim_link *host_link(const struct node *n, uint32_t child)
{
	return host_find((struct node *)n, child);
}

static int host_device_up(void *ctx, uint32_t tunnel, const struct addr *remote,
			  char why[IKE_WHY_MAX])
{
	struct node *n = ctx;

	n->host.device = true;
	return host_faulty(n, "interface is taken", why) ? -EBUSY : 0;
}

static void host_device_down(void *ctx, uint32_t tunnel)
{
	struct node *n = ctx;
	bool linked = false;

	for (unsigned int i = 0; i < POLICIES_MAX; i++)
		linked |= n->host.link[i].child;
	if (!n->host.device || linked || n->k.policy_count)
		violate(n->w, "%c: the device goes down while it is in use", 'A' + n->index);
	n->host.device = false;
}

static void host_clear(struct sim_link *l)
{
	ts_list_put(l->local_ts);
	ts_list_put(l->remote_ts);
	*l = (struct sim_link){0};
}

/* One that fails leaves what was there before. */
static int host_child_up(void *ctx, const struct ike_child_link *link, char note[IKE_WHY_MAX],
			 char why[IKE_WHY_MAX])
{
	struct node *n = ctx;
	struct sim_link *l = host_find(n, link->child);
	const struct sim_policy *p = kernel_policy(&n->k, link->child);

	if (!n->host.device)
		violate(n->w, "%c: routes on no device", 'A' + n->index);
	if (!p || !ts_list_equal(p->local_ts, link->local_ts) ||
	    !ts_list_equal(p->remote_ts, link->remote_ts))
		violate(n->w, "%c: routes for a child without such a policy", 'A' + n->index);
	if (!l)
		l = host_find(n, 0);
	if (!l) {
		violate(n->w, "%c: routes for more than %d children", 'A' + n->index,
			POLICIES_MAX);
		return -ENOSPC;
	}
	l->child = link->child;		/* child_down is due in any case */
	if (host_faulty(n, "host has no route", why))
		return -ENETUNREACH;
	host_clear(l);
	l->child = link->child;
	l->local = link->local;
	l->remote = link->remote;
	l->local_ts = ts_list_get((struct ts_list *)link->local_ts);
	l->remote_ts = ts_list_get((struct ts_list *)link->remote_ts);
	return 0;
}

static void host_child_down(void *ctx, const struct ike_child_link *link)
{
	struct node *n = ctx;
	struct sim_link *l = host_find(n, link->child);
	char why[IKE_WHY_MAX];

	host_faulty(n, "host cannot remove a route", why);
	if (l)
		host_clear(l);
	else
		violate(n->w, "%c: a child goes down that was not up", 'A' + n->index);
}

void host_env(struct ike_env *env)
{
	env->device_up = host_device_up;
	env->device_down = host_device_down;
	env->child_up = host_child_up;
	env->child_down = host_child_down;
}

void host_flush(struct host *h)
{
	for (unsigned int i = 0; i < POLICIES_MAX; i++)
		host_clear(&h->link[i]);
	h->device = false;
}
