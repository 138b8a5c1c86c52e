// SPDX-License-Identifier: GPL-2.0
/*
 * The module's half of the contract, as far as the engine can see it. Operations that make no
 * sense are violations.
 */
#include "sim/sim.h"

static bool faulty(struct node *n, char why[256])
{
	if (n->w->calm || !rng_chance(&n->w->net, n->w->fault))
		return false;
	snprintf(why, 256, "the simulated kernel has no memory");
	trace(n->w, "%c: kernel refuses", 'A' + n->index);
	return true;
}

static int find_reserved(const struct kernel *k, uint32_t spi)
{
	for (unsigned int i = 0; i < k->reserved_count; i++)
		if (k->reserved[i] == spi)
			return i;
	return -1;
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

	if (!n->device)
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

static int policy_set(void *ctx, uint32_t tunnel, const struct kern_policy *policy, char why[256])
{
	struct node *n = ctx;
	struct kernel *k = &n->k;

	if (faulty(n, why))
		return -ENOMEM;
	if (!policy->id || !policy->local_ts || !policy->remote_ts)
		violate(n->w, "%c sets a policy without id or selectors", 'A' + n->index);
	if (k->has_policy && k->policy_id != policy->id)
		violate(n->w, "%c makes a second policy", 'A' + n->index);
	k->has_policy = true;
	k->policy_id = policy->id;
	k->udp = policy->udp;
	k->local = policy->local;
	k->remote = policy->remote;
	return 0;
}

void kernel_policy_gone(struct kernel *k)
{
	k->has_policy = false;
	k->has_out = false;
	k->in_count = 0;
}

static int policy_del(void *ctx, uint32_t tunnel, uint32_t id)
{
	struct node *n = ctx;

	if (!n->k.has_policy || n->k.policy_id != id) {
		violate(n->w, "%c deletes a policy that is not there", 'A' + n->index);
		return -ENOENT;
	}
	kernel_policy_gone(&n->k);
	return 0;
}

static struct sim_sa sa_of(const struct node *n, const struct kern_sa *k)
{
	struct sim_sa sa = {
		.spi = k->spi, .esn = k->esn, .soft_at = UINT64_MAX, .hard_at = UINT64_MAX
	};

	memcpy(sa.key, k->encr_key, k->encr_key_len);
	memcpy(sa.key + k->encr_key_len, k->integ_key, k->integ_key_len);
	sa.key_len = k->encr_key_len + k->integ_key_len;
	if (k->soft_seconds)
		sa.soft_at = n->w->now + k->soft_seconds * 1000;
	if (k->hard_seconds)
		sa.hard_at = n->w->now + k->hard_seconds * 1000;
	return sa;
}

static int sa_add(void *ctx, uint32_t tunnel, uint32_t policy_id, const struct kern_sa *in,
		  const struct kern_sa *out, char why[256])
{
	struct node *n = ctx;
	struct kernel *k = &n->k;
	int i;

	if (faulty(n, why))
		return -ENOMEM;
	if (!k->has_policy || k->policy_id != policy_id || (!in && !out)) {
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
		k->in[k->in_count++] = sa_of(n, in);
	}
	if (out) {
		k->out = sa_of(n, out);
		k->has_out = true;
	}
	trace(n->w, "%c: kernel adds in %08x out %08x", 'A' + n->index, in ? in->spi : 0,
	      out ? out->spi : 0);
	return 0;
}

static int sa_del(void *ctx, uint32_t tunnel, uint32_t spi, bool out)
{
	struct node *n = ctx;
	struct kernel *k = &n->k;
	struct sim_sa *sa = kernel_in(k, spi);
	int i = find_reserved(k, spi);

	trace(n->w, "%c: kernel removes %s %08x", 'A' + n->index, out ? "out" : "in", spi);
	if (out && k->has_out && k->out.spi == spi)
		k->has_out = false;
	else if (!out && i >= 0)
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
		if (n->k.in[i].used_ms > used)
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
	memset(k, 0, sizeof(*k));
}

static uint64_t sa_deadline(const struct sim_sa *sa)
{
	return sa->soft_at < sa->hard_at ? sa->soft_at : sa->hard_at;
}

uint64_t kernel_deadline(const struct kernel *k)
{
	uint64_t at = k->has_out ? sa_deadline(&k->out) : UINT64_MAX;

	for (unsigned int i = 0; i < k->in_count; i++)
		if (sa_deadline(&k->in[i]) < at)
			at = sa_deadline(&k->in[i]);
	return at;
}

static bool expire(struct node *n, struct sim_sa *sa, bool out)
{
	struct ike_kern_event ev = {
		.type = IKE_KERN_EXPIRE,
		.policy = n->k.policy_id,
		.spi = sa->spi,
		.out = out,
	};

	if (sa_deadline(sa) > n->w->now)
		return false;
	ev.hard = sa->hard_at <= n->w->now;
	if (ev.hard) {
		sa->hard_at = UINT64_MAX;
		sa->soft_at = UINT64_MAX;
		sa->expired = true;
	} else {
		sa->soft_at = UINT64_MAX;
	}
	trace(n->w, "%c: kernel says: %s limit of %s %08x", 'A' + n->index,
	      ev.hard ? "hard" : "soft", out ? "out" : "in", sa->spi);
	ike_kern_event(n->ike, &ev);
	return true;
}

/* One event. */
void kernel_tick(struct node *n)
{
	if (n->k.has_out && expire(n, &n->k.out, true))
		return;
	for (unsigned int i = 0; i < n->k.in_count; i++)
		if (expire(n, &n->k.in[i], false))
			return;
}
