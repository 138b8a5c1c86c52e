// SPDX-License-Identifier: GPL-2.0
#include "encode.h"

#include <linux/crypto.h>
#include <net/netlink.h>

#include <linux/esplane.h>

#include "core/policy.h"
#include "core/sa.h"
#include "pure/crypto.h"

static int encode_u64(struct sk_buff *msg, int attr, u64 value)
{
	return nla_put_u64_64bit(msg, attr, value, ESPLANE_SA_A_PAD);
}

/* A limit that is not set is left out. */
static int encode_limit(struct sk_buff *msg, int attr, u64 value)
{
	return value ? encode_u64(msg, attr, value) : 0;
}

static int encode_ts(struct sk_buff *msg, int attr, const struct espl_ts *ts)
{
	unsigned int len = ts->family == AF_INET ? sizeof(ts->start.v4) : sizeof(ts->start.v6);
	struct nlattr *nest = nla_nest_start(msg, attr);

	if (!nest ||
	    nla_put(msg, ESPLANE_TS_A_START, len, &ts->start) ||
	    nla_put(msg, ESPLANE_TS_A_END, len, &ts->end) ||
	    nla_put_u8(msg, ESPLANE_TS_A_PROTO, ts->proto) ||
	    nla_put_u16(msg, ESPLANE_TS_A_PORT_START, ts->port_start) ||
	    nla_put_u16(msg, ESPLANE_TS_A_PORT_END, ts->port_end))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static int encode_selectors(struct sk_buff *msg, const struct espl_ts_set *set)
{
	unsigned int i;

	for (i = 0; i < set->nlocal + set->nremote; i++)
		if (encode_ts(msg, i < set->nlocal ? ESPLANE_POLICY_A_LOCAL_TS
						   : ESPLANE_POLICY_A_REMOTE_TS, &set->ts[i]))
			return -EMSGSIZE;
	return 0;
}

static int encode_endpoint(struct sk_buff *msg, const struct espl_endpoint *ep)
{
	if (nla_put_u8(msg, ESPLANE_POLICY_A_MODE, ep->mode) ||
	    nla_put_u8(msg, ESPLANE_POLICY_A_ENCAP, ep->encap) ||
	    nla_put(msg, ESPLANE_POLICY_A_LOCAL_ADDR, espl_outer_len(&ep->local),
		    &ep->local.addr) ||
	    nla_put(msg, ESPLANE_POLICY_A_REMOTE_ADDR, espl_outer_len(&ep->remote),
		    &ep->remote.addr) ||
	    (ep->mark && nla_put_u32(msg, ESPLANE_POLICY_A_MARK, ep->mark)))
		return -EMSGSIZE;
	if (ep->encap != ESPLANE_ENCAP_UDP)
		return 0;
	if (nla_put_u16(msg, ESPLANE_POLICY_A_LOCAL_PORT, be16_to_cpu(ep->local.port)) ||
	    nla_put_u16(msg, ESPLANE_POLICY_A_REMOTE_PORT, be16_to_cpu(ep->remote.port)))
		return -EMSGSIZE;
	return 0;
}

int espl_encode_policy(struct sk_buff *msg, const struct espl_policy *policy)
{
	struct mutex *lock = &policy->dev->lock;
	const struct espl_sa *out = rcu_dereference_protected(policy->out, lockdep_is_held(lock));
	struct nlattr *nest = nla_nest_start(msg, ESPLANE_A_POLICY);

	if (!nest)
		return -EMSGSIZE;
	if (nla_put_u32(msg, ESPLANE_POLICY_A_ID, policy->id) ||
	    encode_endpoint(msg, rcu_dereference_protected(policy->endpoint,
							   lockdep_is_held(lock))) ||
	    encode_selectors(msg, rcu_dereference_protected(policy->ts, lockdep_is_held(lock))) ||
	    (out && nla_put_u32(msg, ESPLANE_POLICY_A_OUT_SPI, be32_to_cpu(out->spi))) ||
	    nla_put_u32(msg, ESPLANE_POLICY_A_IN_COUNT, policy->in_count) ||
	    (READ_ONCE(policy->wait.asked) && nla_put_flag(msg, ESPLANE_POLICY_A_ACQUIRE))) {
		nla_nest_cancel(msg, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(msg, nest);
	return 0;
}

static int encode_limits(struct sk_buff *msg, const struct espl_lifetime *life)
{
	if (encode_limit(msg, ESPLANE_SA_A_SOFT_BYTES, life->soft.bytes) ||
	    encode_limit(msg, ESPLANE_SA_A_HARD_BYTES, life->hard.bytes) ||
	    encode_limit(msg, ESPLANE_SA_A_SOFT_PACKETS, life->soft.packets) ||
	    encode_limit(msg, ESPLANE_SA_A_HARD_PACKETS, life->hard.packets) ||
	    encode_limit(msg, ESPLANE_SA_A_SOFT_SECONDS, life->soft.seconds) ||
	    encode_limit(msg, ESPLANE_SA_A_HARD_SECONDS, life->hard.seconds))
		return -EMSGSIZE;
	return 0;
}

/* Seconds since @then; 0: there was nothing. */
static int encode_since(struct sk_buff *msg, int attr, u64 now, u64 then)
{
	return then ? encode_u64(msg, attr, now - min(now, then)) : 0;
}

static int encode_use(struct sk_buff *msg, const struct espl_sa *sa)
{
	const struct espl_lifetime *life = &sa->life;
	u64 now = espl_sa_now();

	if (encode_u64(msg, ESPLANE_SA_A_BYTES, atomic64_read(&life->bytes)) ||
	    encode_u64(msg, ESPLANE_SA_A_PACKETS, atomic64_read(&life->packets)) ||
	    encode_u64(msg, ESPLANE_SA_A_AGE, now - life->added) ||
	    encode_since(msg, ESPLANE_SA_A_IDLE, now, READ_ONCE(life->used)) ||
	    encode_since(msg, ESPLANE_SA_A_HEARD, now, READ_ONCE(sa->heard)) ||
	    nla_put_u8(msg, ESPLANE_SA_A_EXPIRED, atomic_read(&life->state)))
		return -EMSGSIZE;
	return 0;
}

static int encode_suite_of(struct sk_buff *msg, const struct espl_sa *sa)
{
	const struct espl_suite *suite = &sa->crypto.suite;

	if (nla_put_u16(msg, ESPLANE_SA_A_ENCR, suite->cipher->id) ||
	    (suite->integ && nla_put_u16(msg, ESPLANE_SA_A_INTEG, suite->integ->id)) ||
	    nla_put_u16(msg, ESPLANE_SA_A_KEY_BITS, suite->cipher->key_bits) ||
	    nla_put_string(msg, ESPLANE_SA_A_DRIVER, espl_crypto_driver(&sa->crypto)) ||
	    (sa->esn && nla_put_flag(msg, ESPLANE_SA_A_ESN)))
		return -EMSGSIZE;
	return 0;
}

static int encode_sa_stats(struct sk_buff *msg, const struct espl_sa *sa)
{
	struct nlattr *nest = nla_nest_start(msg, ESPLANE_SA_A_STATS);
	enum espl_drop why;
	u64 n;

	if (!nest)
		return -EMSGSIZE;
	for (why = 0; why < ESPL_DROP_COUNT; why++) {
		n = espl_sa_stats_read(&sa->stats, why);
		if (n && nla_put_u64_64bit(msg, espl_drop_attr(why), n, ESPLANE_STAT_A_PAD))
			return -EMSGSIZE;
	}
	nla_nest_end(msg, nest);
	return 0;
}

int espl_encode_sa(struct sk_buff *msg, const struct espl_sa *sa)
{
	bool in = sa->dir == ESPLANE_DIR_IN;
	struct nlattr *nest = nla_nest_start(msg, in ? ESPLANE_A_SA_IN : ESPLANE_A_SA_OUT);
	u64 seq;

	if (!nest)
		return -EMSGSIZE;
	seq = in ? READ_ONCE(sa->replay.top) :
		   min_t(u64, atomic64_read(&sa->seq), espl_sa_seq_max(sa));
	if (nla_put_u32(msg, ESPLANE_SA_A_SPI, be32_to_cpu(sa->spi)) ||
	    nla_put_u32(msg, ESPLANE_SA_A_POLICY_ID, sa->policy->id) ||
	    nla_put_u32(msg, ESPLANE_SA_A_IFINDEX, sa->policy->dev->netdev->ifindex) ||
	    encode_suite_of(msg, sa) ||
	    (in && nla_put_u32(msg, ESPLANE_SA_A_REPLAY_WINDOW, sa->replay.size)) ||
	    encode_u64(msg, ESPLANE_SA_A_SEQ, seq) ||
	    encode_limits(msg, &sa->life) ||
	    encode_use(msg, sa) ||
	    encode_sa_stats(msg, sa)) {
		nla_nest_cancel(msg, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(msg, nest);
	return 0;
}

int espl_encode_device(struct sk_buff *msg, const struct espl_device *dev)
{
	return nla_put_u32(msg, ESPLANE_A_IFINDEX, dev->netdev->ifindex) ?:
	       nla_put_u32(msg, ESPLANE_A_DEVICE_ID, dev->id);
}

int espl_encode_peer(struct sk_buff *msg, const struct espl_outer *peer)
{
	if (nla_put(msg, ESPLANE_A_PEER_ADDR, espl_outer_len(peer), &peer->addr) ||
	    (peer->port && nla_put_u16(msg, ESPLANE_A_PEER_PORT, be16_to_cpu(peer->port))))
		return -EMSGSIZE;
	return 0;
}

/* Only where the peer's packets come from elsewhere than the policy says. */
static int encode_mapping(struct sk_buff *msg, struct espl_sa *sa)
{
	const struct espl_endpoint *ep =
		rcu_dereference_protected(sa->policy->endpoint,
					  lockdep_is_held(&sa->policy->dev->lock));
	struct espl_outer peer;

	if (sa->dir != ESPLANE_DIR_IN || ep->encap != ESPLANE_ENCAP_UDP)
		return 0;
	spin_lock_bh(&sa->lock);
	peer = sa->mapping;
	spin_unlock_bh(&sa->lock);
	if (!peer.family || espl_outer_equal(&peer, &ep->remote))
		return 0;
	return espl_encode_peer(msg, &peer);
}

int espl_encode_policy_msg(struct sk_buff *msg, const struct espl_policy *policy)
{
	if (espl_encode_device(msg, policy->dev))
		return -EMSGSIZE;
	return espl_encode_policy(msg, policy);
}

int espl_encode_sa_msg(struct sk_buff *msg, struct espl_sa *sa)
{
	if (espl_encode_device(msg, sa->policy->dev) ||
	    nla_put_u32(msg, ESPLANE_A_POLICY_ID, sa->policy->id) ||
	    encode_mapping(msg, sa))
		return -EMSGSIZE;
	return espl_encode_sa(msg, sa);
}

int espl_encode_device_stats(struct sk_buff *msg, const struct espl_device *dev)
{
	struct nlattr *nest = nla_nest_start(msg, ESPLANE_A_STATS);
	enum espl_drop why;
	u64 n;

	if (!nest)
		return -EMSGSIZE;
	for (why = 0; why < ESPL_DROP_COUNT; why++) {
		n = espl_stats_read(dev->stats, why);
		if (n && nla_put_u64_64bit(msg, espl_drop_attr(why), n, ESPLANE_STAT_A_PAD)) {
			nla_nest_cancel(msg, nest);
			return -EMSGSIZE;
		}
	}
	nla_nest_end(msg, nest);
	return 0;
}

int espl_encode_cipher(struct sk_buff *msg, const struct espl_cipher *cipher,
		       struct espl_crypto_asked *asked)
{
	struct nlattr *nest;

	if (!espl_crypto_has_cipher(cipher, asked))
		return 0;
	nest = nla_nest_start(msg, ESPLANE_A_ALGORITHM);
	if (!nest)
		return -EMSGSIZE;
	if (nla_put_u16(msg, ESPLANE_ALGORITHM_A_ENCR, cipher->id) ||
	    nla_put_u16(msg, ESPLANE_ALGORITHM_A_KEY_BITS, cipher->key_bits) ||
	    nla_put_u16(msg, ESPLANE_ALGORITHM_A_KEY_LEN, espl_suite_key_len(cipher)) ||
	    (cipher->icv_len && nla_put_flag(msg, ESPLANE_ALGORITHM_A_AEAD)) ||
	    nla_put_string(msg, ESPLANE_ALGORITHM_A_NAME, cipher->name)) {
		nla_nest_cancel(msg, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(msg, nest);
	return 0;
}

int espl_encode_integ(struct sk_buff *msg, const struct espl_integ *integ)
{
	struct nlattr *nest;

	if (!espl_crypto_has_integ(integ))
		return 0;
	nest = nla_nest_start(msg, ESPLANE_A_ALGORITHM);
	if (!nest)
		return -EMSGSIZE;
	if (nla_put_u16(msg, ESPLANE_ALGORITHM_A_INTEG, integ->id) ||
	    nla_put_u16(msg, ESPLANE_ALGORITHM_A_KEY_LEN, integ->key_len) ||
	    nla_put_string(msg, ESPLANE_ALGORITHM_A_NAME, integ->name)) {
		nla_nest_cancel(msg, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(msg, nest);
	return 0;
}
