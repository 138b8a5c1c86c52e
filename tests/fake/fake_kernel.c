// SPDX-License-Identifier: GPL-2.0
#include "fake/fake_kernel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct fake_policy *fake_policy(struct fake *f, uint32_t id)
{
	for (unsigned int i = 0; i < f->policy_count; i++)
		if (f->policy[i].id == id)
			return &f->policy[i];
	return NULL;
}

static struct fake_sa *fake_kernel_find(struct fake *f, uint32_t spi)
{
	for (unsigned int i = 0; i < f->in_count + f->reserved; i++)
		if (f->in[i].sa.spi == spi)
			return &f->in[i];
	return NULL;
}

struct fake_sa *fake_in(struct fake *f, uint32_t spi)
{
	struct fake_sa *sa = fake_kernel_find(f, spi);

	return sa && sa->policy ? sa : NULL;
}

uint32_t fake_out_spi(const struct fake *f)
{
	if (f->policy_count > 1)
		fake_broken("there is more than one policy");
	return f->policy_count ? f->policy[0].out.sa.spi : 0;
}

static void fake_kernel_set(struct fake_sa *to, uint32_t tunnel, uint32_t policy,
			    const struct kern_sa *sa)
{
	if ((size_t)sa->encr_key_len + sa->integ_key_len > sizeof(to->key))
		fake_broken("a key that is too long");
	to->tunnel = tunnel;
	to->policy = policy;
	to->sa = *sa;
	memcpy(to->key, sa->encr_key, sa->encr_key_len);
	memcpy(to->key + sa->encr_key_len, sa->integ_key, sa->integ_key_len);
	to->sa.encr_key = to->key;
	to->sa.integ_key = to->key + sa->encr_key_len;
}

/* The tables are moved: pointers into their own keys follow. */
static void fake_kernel_move(struct fake_sa *to, const struct fake_sa *from)
{
	memmove(to, from, sizeof(*to));
	to->sa.encr_key = to->key;
	to->sa.integ_key = to->key + to->sa.encr_key_len;
}

static void fake_kernel_drop(struct fake *f, struct fake_sa *sa)
{
	unsigned int last = f->in_count + f->reserved - 1;
	bool installed = sa->policy;

	if (installed) {		/* the last installed one takes its place */
		fake_kernel_move(sa, &f->in[f->in_count - 1]);
		sa = &f->in[f->in_count - 1];
	}
	fake_kernel_move(sa, &f->in[last]);
	memset(&f->in[last], 0, sizeof(*sa));
	if (installed)
		f->in_count--;
	else
		f->reserved--;
}

/* Installs what was reserved: it is among the installed ones then. */
static struct fake_sa *fake_kernel_promote(struct fake *f, struct fake_sa *sa)
{
	struct fake_sa *place = &f->in[f->in_count], other = *place;

	fake_kernel_move(place, sa);
	if (place != sa)
		fake_kernel_move(sa, &other);
	f->in_count++;
	f->reserved--;
	return place;
}

static bool fake_kernel_refuses(struct fake *f, char why[IKE_WHY_MAX])
{
	const char *text = f->kernel_refuses;

	if (f->kernel_fails_at ? !--f->kernel_fails_at :
				 f->kernel_fails_more && f->kernel_fails_more--)
		text = "the kernel is out of memory";
	if (text)
		snprintf(why, IKE_WHY_MAX, "%s", text);
	return text;
}

static void fake_kernel_need_device(struct fake *f, uint32_t tunnel)
{
	if (!fake_tunnel(f, tunnel)->device)
		fake_broken("a kernel operation without device_up");
}

static int fake_kernel_spi_alloc(void *ctx, uint32_t tunnel, uint32_t *spi, char why[IKE_WHY_MAX])
{
	struct fake *f = ctx;
	struct fake_sa *sa = &f->in[f->in_count + f->reserved];

	fake_kernel_need_device(f, tunnel);
	if (fake_kernel_refuses(f, why))
		return -ENODEV;
	if (f->in_count + f->reserved == FAKE_SAS_MAX)
		fake_broken("too many SPIs");
	memset(sa, 0, sizeof(*sa));
	sa->tunnel = tunnel;
	sa->sa.spi = *spi = f->next_spi++;
	f->reserved++;
	return 0;
}

static int fake_kernel_policy_set(void *ctx, uint32_t tunnel, const struct kern_policy *policy,
				  char why[IKE_WHY_MAX])
{
	struct fake_policy *p = fake_policy(ctx, policy->id);
	struct fake *f = ctx;

	fake_kernel_need_device(f, tunnel);
	if (fake_kernel_refuses(f, why))
		return -ENODEV;
	if (!ts_list_count(policy->local_ts) || !ts_list_count(policy->remote_ts))
		fake_broken("a policy without selectors");
	if (!p) {
		if (f->policy_count == FAKE_POLICIES_MAX)
			fake_broken("too many policies");
		p = &f->policy[f->policy_count++];
		memset(p, 0, sizeof(*p));
		p->tunnel = tunnel;
		p->id = policy->id;
	}
	if (p->tunnel != tunnel)
		fake_broken("a policy of another tunnel");
	p->udp = policy->udp;
	p->transport = policy->transport;
	p->mark = policy->mark;
	p->local = policy->local;
	p->remote = policy->remote;
	ts_list_put(p->local_ts);
	ts_list_put(p->remote_ts);
	p->local_ts = ts_list_new(policy->local_ts->ts, policy->local_ts->count);
	p->remote_ts = ts_list_new(policy->remote_ts->ts, policy->remote_ts->count);
	return 0;
}

static void fake_kernel_policy_drop(struct fake *f, struct fake_policy *p)
{
	struct fake_policy *last = &f->policy[f->policy_count - 1];

	for (unsigned int i = f->in_count; i--;)
		if (f->in[i].policy == p->id)
			fake_kernel_drop(f, &f->in[i]);
	ts_list_put(p->local_ts);
	ts_list_put(p->remote_ts);
	if (p != last) {
		*p = *last;
		fake_kernel_move(&p->out, &last->out);
	}
	memset(last, 0, sizeof(*last));
	f->policy_count--;
}

void fake_policy_gone(struct fake *f, uint32_t id)
{
	fake_kernel_policy_drop(f, fake_policy(f, id));
	f->gone = id;
}

static int fake_kernel_policy_del(void *ctx, uint32_t tunnel, uint32_t id)
{
	struct fake_policy *p = fake_policy(ctx, id);

	if (!p)
		fake_broken("policy_del of what is not there");
	fake_kernel_policy_drop(ctx, p);
	return 0;
}

static int fake_kernel_sa_add(void *ctx, uint32_t tunnel, uint32_t policy, const struct kern_sa *in,
			      const struct kern_sa *out, char why[IKE_WHY_MAX])
{
	struct fake_policy *p = fake_policy(ctx, policy);
	struct fake_sa *sa = in ? fake_kernel_find(ctx, in->spi) : NULL;
	struct fake *f = ctx;

	if (fake_kernel_refuses(f, why))
		return -ENODEV;
	if (!p && policy == f->gone) {
		snprintf(why, IKE_WHY_MAX, "the device has no policy of this POLICY_ID");
		return -ENOENT;
	}
	if (!p)
		fake_broken("sa_add without a policy");
	if (in && (!sa || sa->policy || sa->tunnel != tunnel))
		fake_broken("sa_add of an SPI that was not reserved");
	if (in) {
		sa = fake_kernel_promote(f, sa);
		fake_kernel_set(sa, tunnel, policy, in);
		f->installed = *in;
		f->installed.encr_key = NULL;
		f->installed.integ_key = NULL;
	}
	if (out)
		fake_kernel_set(&p->out, tunnel, policy, out);
	return 0;
}

static int fake_kernel_sa_del(void *ctx, uint32_t tunnel, uint32_t policy, uint32_t spi, bool out)
{
	struct fake *f = ctx;
	struct fake_sa *sa;

	if (out) {
		for (unsigned int i = 0; i < f->policy_count; i++) {
			sa = &f->policy[i].out;
			if (f->policy[i].id == policy && sa->sa.spi == spi) {
				memset(sa, 0, sizeof(*sa));
				return 0;
			}
		}
		fake_broken("sa_del of an outbound SA that is not there");
	}
	sa = fake_kernel_find(f, spi);
	if (sa)
		fake_kernel_drop(f, sa);
	else if (policy != f->gone)
		fake_broken("sa_del of an inbound SA that is not there");
	return 0;
}

static uint64_t fake_kernel_idle(void *ctx, uint32_t tunnel, uint32_t policy)
{
	return ((struct fake *)ctx)->idle;
}

void fake_kernel_ops(struct ike_env *env)
{
	env->spi_alloc = fake_kernel_spi_alloc;
	env->policy_set = fake_kernel_policy_set;
	env->policy_del = fake_kernel_policy_del;
	env->sa_add = fake_kernel_sa_add;
	env->sa_del = fake_kernel_sa_del;
	env->idle = fake_kernel_idle;
}

void fake_kernel_clear(struct fake *f)
{
	while (f->policy_count)
		fake_kernel_policy_drop(f, &f->policy[0]);
	memset(f->in, 0, sizeof(f->in));
	f->in_count = 0;
	f->reserved = 0;
}
