// SPDX-License-Identifier: GPL-2.0
#include "sa.h"

#include <linux/slab.h>

#include "audit.h"
#include "drop.h"
#include "policy.h"
#include "trace.h"
#include "work.h"

enum { TICK_MAX_SECONDS = 86400 };

/* Nobody has a reference, and no reader can meet it. */
static void sa_free(struct work_struct *work)
{
	struct espl_sa *sa = container_of(work, struct espl_sa, free_work);

	cancel_delayed_work_sync(&sa->tick);
	espl_crypto_destroy(&sa->crypto);
	percpu_ref_exit(&sa->ref);
	if (sa->policy) {
		trace_sa_free(sa->policy->dev->netdev, sa->policy->id, sa->spi,
			      sa->dir == ESPLANE_DIR_IN);
		espl_policy_put(sa->policy);
	}
	espl_audit_gone(ESPL_OBJ_SA);
	kfree_sensitive(sa);
}

/* Any context: the last packet may leave the cipher in a hard interrupt's wake. */
static void sa_release(struct percpu_ref *ref)
{
	struct espl_sa *sa = container_of(ref, struct espl_sa, ref);

	queue_work(espl_wq, &sa->free_work);
}

/* The next limit in seconds may be further away than a timer reaches. */
static void sa_arm_tick(struct espl_sa *sa)
{
	u64 next = espl_lifetime_next_tick(&sa->life, espl_sa_now());

	if (next)
		queue_delayed_work(espl_wq, &sa->tick, min_t(u64, next, TICK_MAX_SECONDS) * HZ);
}

static void sa_tick(struct work_struct *work)
{
	struct espl_sa *sa = container_of(to_delayed_work(work), struct espl_sa, tick);

	espl_sa_fired(sa, espl_lifetime_tick(&sa->life, espl_sa_now()));
	sa_arm_tick(sa);
}

static bool sa_event_tryget(struct espl_event *ev)
{
	/* Nobody wants to hear of an SA that is being deleted. */
	return percpu_ref_tryget_live(&container_of(ev, struct espl_sa, event)->ref);
}

static void sa_event_put(struct espl_event *ev)
{
	espl_sa_put(container_of(ev, struct espl_sa, event));
}

static const struct espl_event_ops sa_event_ops = {
	.owner	= ESPL_EVENT_SA,
	.tryget	= sa_event_tryget,
	.put	= sa_event_put,
};

struct espl_sa *espl_sa_create(const struct espl_sa_config *cfg)
{
	bool in = cfg->dir == ESPLANE_DIR_IN;
	struct espl_sa *sa;
	int err;

	sa = kzalloc(sizeof(*sa) + (in ? espl_replay_map_bytes(cfg->replay_window) : 0),
		     GFP_KERNEL_ACCOUNT);
	if (!sa)
		return ERR_PTR(-ENOMEM);

	err = percpu_ref_init(&sa->ref, sa_release, 0, GFP_KERNEL);
	if (err)
		goto err_free;
	err = espl_crypto_init(&sa->crypto, &cfg->suite, cfg->esn, cfg->encr_key,
			       cfg->integ_key, NULL);
	if (err)
		goto err_ref;

	sa->spi = cfg->spi;
	sa->dir = cfg->dir;
	sa->esn = cfg->esn;
	spin_lock_init(&sa->lock);
	espl_lifetime_init(&sa->life, &cfg->soft, &cfg->hard, espl_sa_now());
	atomic64_set(&sa->seq, cfg->start_seq);
	if (in)
		espl_replay_init(&sa->replay, cfg->replay_window, cfg->start_seq);
	espl_event_prepare(&sa->event, &sa_event_ops);
	INIT_DELAYED_WORK(&sa->tick, sa_tick);
	INIT_WORK(&sa->free_work, sa_free);
	espl_audit_made(ESPL_OBJ_SA);
	return sa;

err_ref:
	percpu_ref_exit(&sa->ref);
err_free:
	kfree_sensitive(sa);
	return ERR_PTR(err);
}

void espl_sa_adopt(struct espl_sa *sa, struct espl_policy *policy)
{
	espl_policy_hold(policy);
	sa->policy = policy;
}

void espl_sa_start(struct espl_sa *sa)
{
	trace_sa_start(sa->policy->dev->netdev, sa->policy->id, sa->spi,
		       sa->dir == ESPLANE_DIR_IN);
	sa_arm_tick(sa);
}

void espl_sa_kill(struct espl_sa *sa)
{
	percpu_ref_kill(&sa->ref);
}

static void sa_expired(struct espl_sa *sa, unsigned int bit, bool hard)
{
	espl_event_raise(&sa->event, ESPL_EVENT_EXPIRE(espl_lifetime_limit(&sa->life, bit), hard));
}

void espl_sa_fired(struct espl_sa *sa, unsigned int fired)
{
	if (likely(!fired))
		return;
	if (fired & ESPL_LIFETIME_SOFT)
		sa_expired(sa, ESPL_LIFETIME_SOFT, false);
	if (fired & ESPL_LIFETIME_HARD)
		sa_expired(sa, ESPL_LIFETIME_HARD, true);
}

void espl_sa_drop_count(struct espl_sa *sa, enum espl_drop why, unsigned int packets)
{
	espl_drop_count(sa->policy->dev, &sa->stats, sa->spi, why, packets);
}

void espl_sa_drop(struct espl_sa *sa, struct sk_buff *skb, enum espl_drop why)
{
	espl_sa_drop_count(sa, why, 1);
	espl_drop_free(skb, why);
}
