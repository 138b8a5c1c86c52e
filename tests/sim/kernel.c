// SPDX-License-Identifier: GPL-2.0
/*
 * The module's half of the contract, as far as the engine can see it. Operations that make no
 * sense are violations.
 */
#include "sim/sim.h"

static bool faulty(struct node *n, char why[IKE_WHY_MAX])
{
	return host_faulty(n, "kernel has no memory", why);
}

static int find_reserved(const struct kernel *k, uint32_t spi)
{
	for (unsigned int i = 0; i < k->reserved_count; i++)
		if (k->reserved[i] == spi)
			return i;
	return -1;
}

bool kernel_reserved(const struct kernel *k, uint32_t spi)
{
	return find_reserved(k, spi) >= 0;
}

struct sim_sa *kernel_in(struct kernel *k, uint32_t spi)
{
	for (unsigned int i = 0; i < k->in_count; i++)
		if (k->in[i].spi == spi)
			return &k->in[i];
	return NULL;
}

static int spi_alloc(void *ctx, uint32_t tunnel, uint32_t *spi, char why[256])
{
	struct node *n = ctx;
	struct kernel *k = &n->k;

	if (!n->host.device)
		violate(n->w, "%c: an SPI on no device", 'A' + n->index);
	if (faulty(n, why))
		return -ENOMEM;
	if (k->reserved_count == SAS_MAX) {
		violate(n->w, "%c has reserved %d SPIs", 'A' + n->index, SAS_MAX);
		return -ENOSPC;
	}
	do {
		*spi = rng_next(&n->rng) >> 32;
	} while (*spi < 256 || kernel_in(k, *spi) || find_reserved(k, *spi) >= 0);
	k->reserved[k->reserved_count++] = *spi;
	return 0;
}

struct sim_policy *kernel_policy(struct kernel *k, uint32_t id)
{
	for (unsigned int i = 0; i < k->policy_count; i++)
		if (k->policy[i].id == id)
			return &k->policy[i];
	return NULL;
}

static int policy_set(void *ctx, uint32_t tunnel, const struct kern_policy *policy, char why[256])
{
	struct node *n = ctx;
	struct kernel *k = &n->k;
	struct sim_policy *p = kernel_policy(k, policy->id);

	if (faulty(n, why))
		return -ENOMEM;
	if (!policy->id || !policy->local_ts || !policy->remote_ts)
		violate(n->w, "%c sets a policy without id or selectors", 'A' + n->index);
	if (!p && k->policy_count == POLICIES_MAX) {
		violate(n->w, "%c makes more than %d policies", 'A' + n->index, POLICIES_MAX);
		return -ENOSPC;
	}
	if (!p) {
		p = &k->policy[k->policy_count++];
		*p = (struct sim_policy){ .id = policy->id };
	}
	ts_list_put(p->local_ts);
	ts_list_put(p->remote_ts);
	p->local_ts = ts_list_get((struct ts_list *)policy->local_ts);
	p->remote_ts = ts_list_get((struct ts_list *)policy->remote_ts);
	p->udp = policy->udp;
	p->local = policy->local;
	p->remote = policy->remote;
	return 0;
}

void kernel_policy_gone(struct kernel *k, struct sim_policy *p)
{
	for (unsigned int i = 0; i < k->in_count;)
		if (k->in[i].policy == p->id)
			k->in[i] = k->in[--k->in_count];
		else
			i++;
	ts_list_put(p->local_ts);
	ts_list_put(p->remote_ts);
	*p = k->policy[--k->policy_count];
}

static int policy_del(void *ctx, uint32_t tunnel, uint32_t id)
{
	struct node *n = ctx;
	struct sim_policy *p = kernel_policy(&n->k, id);

	if (!p) {
		violate(n->w, "%c deletes a policy that is not there", 'A' + n->index);
		return -ENOENT;
	}
	kernel_policy_gone(&n->k, p);
	return 0;
}

static struct sim_sa sa_of(const struct node *n, const struct kern_sa *k, uint32_t policy)
{
	struct sim_sa sa = {
		.spi = k->spi, .policy = policy, .esn = k->esn, .soft_at = NEVER, .hard_at = NEVER,
		.soft_bytes = k->soft_bytes, .hard_bytes = k->hard_bytes,
	};

	memcpy(sa.key, k->encr_key, k->encr_key_len);
	memcpy(sa.key + k->encr_key_len, k->integ_key, k->integ_key_len);
	sa.key_len = k->encr_key_len + k->integ_key_len;
	if (k->soft_seconds)
		sa.soft_at = n->w->now + k->soft_seconds * 1000;
	if (k->hard_seconds)
		sa.hard_at = n->w->now + k->hard_seconds * 1000;
	if (sa.soft_at < NEVER && (sa.hard_at == NEVER || sa.hard_at <= sa.soft_at))
		violate(n->w, "%c: SA %08x has a soft limit and no hard one behind it",
			'A' + n->index, k->spi);
	if (k->soft_bytes && k->hard_bytes <= k->soft_bytes)
		violate(n->w, "%c: SA %08x has no hard limit of octets", 'A' + n->index, k->spi);
	return sa;
}

static int sa_add(void *ctx, uint32_t tunnel, uint32_t policy_id, const struct kern_sa *in,
		  const struct kern_sa *out, char why[256])
{
	struct node *n = ctx;
	struct kernel *k = &n->k;
	struct sim_policy *p = kernel_policy(k, policy_id);
	int i;

	if (faulty(n, why))
		return -ENOMEM;
	if (!p || (!in && !out)) {
		violate(n->w, "%c adds an SA to no policy", 'A' + n->index);
		return -ENOENT;
	}
	if (in) {
		i = find_reserved(k, in->spi);
		if (i < 0 || k->in_count == SAS_MAX) {
			violate(n->w, "%c adds inbound SA %08x without a reservation",
				'A' + n->index, in->spi);
			return -ENOENT;
		}
		k->reserved[i] = k->reserved[--k->reserved_count];
		k->in[k->in_count++] = sa_of(n, in, policy_id);
	}
	if (out) {
		p->out = sa_of(n, out, policy_id);
		p->has_out = true;
		p->asked_until = 0;
	}
	trace(n->w, "%c: kernel adds in %08x out %08x", 'A' + n->index, in ? in->spi : 0,
	      out ? out->spi : 0);
	return 0;
}

static bool out_del(struct kernel *k, uint32_t policy, uint32_t spi)
{
	for (unsigned int i = 0; i < k->policy_count; i++)
		if (k->policy[i].has_out && k->policy[i].id == policy &&
		    k->policy[i].out.spi == spi) {
			k->policy[i].has_out = false;
			return true;
		}
	return false;
}

static int sa_del(void *ctx, uint32_t tunnel, uint32_t policy, uint32_t spi, bool out)
{
	struct node *n = ctx;
	struct kernel *k = &n->k;
	struct sim_sa *sa = kernel_in(k, spi);
	int i = find_reserved(k, spi);

	trace(n->w, "%c: kernel removes %s %08x", 'A' + n->index, out ? "out" : "in", spi);
	if (out && out_del(k, policy, spi))
		return 0;
	if (!out && i >= 0)
		k->reserved[i] = k->reserved[--k->reserved_count];
	else if (!out && sa)
		*sa = k->in[--k->in_count];
	else
		violate(n->w, "%c removes %s SA %08x, which is not there", 'A' + n->index,
			out ? "outbound" : "inbound", spi);
	return 0;
}

static uint64_t idle(void *ctx, uint32_t tunnel, uint32_t policy_id)
{
	struct node *n = ctx;
	uint64_t used = 0;

	for (unsigned int i = 0; i < n->k.in_count; i++)
		if (n->k.in[i].policy == policy_id && n->k.in[i].used_ms > used)
			used = n->k.in[i].used_ms;
	return used ? (n->w->now - used) / 1000 : UINT64_MAX;
}

void kernel_env(struct ike_env *env)
{
	env->spi_alloc = spi_alloc;
	env->policy_set = policy_set;
	env->policy_del = policy_del;
	env->sa_add = sa_add;
	env->sa_del = sa_del;
	env->idle = idle;
}

void kernel_flush(struct kernel *k)
{
	while (k->policy_count)
		kernel_policy_gone(k, &k->policy[0]);
	memset(k, 0, sizeof(*k));
}

/* ---- events */

bool kernel_tell(struct node *n, const struct ike_kern_event *ev)
{
	struct kernel *k = &n->k;
	struct notice *notice = &k->notice[k->notice_count];

	if (!n->w->calm && rng_chance(&n->w->net, n->w->lost))
		return false;
	if (k->notice_count == NOTICES_MAX) {
		violate(n->w, "%c: %d kernel events wait", 'A' + n->index, NOTICES_MAX);
		return false;
	}
	k->notice_count++;
	*notice = (struct notice){ .at = n->w->now, .ev = *ev };
	/* late: lost, and found again when the state was read */
	if (!n->w->calm && rng_chance(&n->w->net, n->w->late))
		notice->at += rng_below(&n->w->net, 20000);
	return true;
}

static unsigned int first_notice(const struct kernel *k)
{
	unsigned int first = 0;

	for (unsigned int i = 1; i < k->notice_count; i++)
		if (k->notice[i].at < k->notice[first].at)
			first = i;
	return first;
}

static void deliver_notice(struct node *n)
{
	struct kernel *k = &n->k;
	unsigned int i = first_notice(k);
	struct ike_kern_event ev = k->notice[i].ev;

	k->notice[i] = k->notice[--k->notice_count];
	trace(n->w, "%c: kernel says: event %d, %s %s %08x", 'A' + n->index, ev.type,
	      ev.hard ? "hard" : "soft", ev.out ? "out" : "in", ev.spi);
	ike_kern_event(n->ike, &ev);
}

void kernel_acquire(struct node *n, struct sim_policy *p)
{
	struct ike_kern_event ev = {
		.type = IKE_KERN_ACQUIRE, .policy = p->id, .local_ts = p->local_ts->ts[0],
		.remote_ts = p->remote_ts->ts[0],
	};

	if (p->asked_until > n->w->now)
		return;
	p->asked_until = n->w->now + 5000;
	ev.local_ts.end = ev.local_ts.start;
	ev.remote_ts.end = ev.remote_ts.start;
	if (rng_chance(&n->w->net, 10))		/* found when the state was read */
		ev.local_ts = ev.remote_ts = (struct ts){0};
	kernel_tell(n, &ev);
}

static void tell_limit(struct node *n, struct sim_sa *sa, bool out, bool hard)
{
	struct ike_kern_event ev = {
		.type = IKE_KERN_EXPIRE, .policy = sa->policy, .spi = sa->spi, .out = out,
		.hard = hard,
	};

	sa->soft_at = NEVER;
	sa->soft_bytes = 0;
	if (hard) {
		sa->hard_at = NEVER;
		sa->hard_bytes = 0;
		sa->expired_ms = n->w->now;
	}
	sa->untold |= !kernel_tell(n, &ev) && hard;
}

void kernel_used(struct node *n, struct sim_sa *sa, bool out)
{
	sa->used_ms = n->w->now;
	sa->bytes += n->w->packet;
	if (sa->hard_bytes && sa->bytes >= sa->hard_bytes)
		tell_limit(n, sa, out, true);
	else if (sa->soft_bytes && sa->bytes >= sa->soft_bytes)
		tell_limit(n, sa, out, false);
}

static uint64_t sa_deadline(const struct sim_sa *sa)
{
	return sa->soft_at < sa->hard_at ? sa->soft_at : sa->hard_at;
}

uint64_t kernel_deadline(const struct kernel *k)
{
	uint64_t at = k->notice_count ? k->notice[first_notice(k)].at : NEVER;

	for (unsigned int i = 0; i < k->policy_count; i++)
		if (k->policy[i].has_out && sa_deadline(&k->policy[i].out) < at)
			at = sa_deadline(&k->policy[i].out);
	for (unsigned int i = 0; i < k->in_count; i++)
		if (sa_deadline(&k->in[i]) < at)
			at = sa_deadline(&k->in[i]);
	return at;
}

static void expire(struct node *n, struct sim_sa *sa, bool out)
{
	if (sa_deadline(sa) <= n->w->now)
		tell_limit(n, sa, out, sa->hard_at <= n->w->now);
}

/* Limits that are reached, and one event. */
void kernel_tick(struct node *n)
{
	struct kernel *k = &n->k;

	for (unsigned int i = 0; i < k->policy_count; i++)
		if (k->policy[i].has_out)
			expire(n, &k->policy[i].out, true);
	for (unsigned int i = 0; i < k->in_count; i++)
		expire(n, &k->in[i], false);
	if (k->notice_count && k->notice[first_notice(k)].at <= n->w->now)
		deliver_notice(n);
}
