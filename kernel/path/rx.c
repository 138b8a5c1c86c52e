// SPDX-License-Identifier: GPL-2.0
#include "rx.h"

#include <linux/ip.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/dst.h>
#include <net/inet_ecn.h>
#include <net/ip.h>

#include "cb.h"
#include "core/policy.h"
#include "core/sa.h"
#include "pure/wire.h"

static void rx_drop(struct espl_sa *sa, struct sk_buff *skb, enum espl_drop why)
{
	espl_stats_drop(sa->policy->dev->stats, &sa->stats, why, 1);
	kfree_skb(skb);
}

static enum espl_drop rx_replay_drop(enum espl_replay_verdict verdict)
{
	return verdict == ESPL_REPLAY_SEEN ? ESPL_DROP_RX_REPLAY : ESPL_DROP_RX_STALE;
}

/*
 * The peer's NAT has given it another address or port. Believed only from an
 * authenticated packet that is the newest so far, so that neither a replay nor
 * a straggler from the old address tells anything.
 */
static void rx_note_mapping(struct espl_sa *sa, const struct espl_endpoint *ep,
			    const struct sk_buff *skb)
{
	__be32 addr = ip_hdr(skb)->saddr;
	__be16 port = udp_hdr(skb)->source;
	bool home = addr == ep->remote && port == ep->remote_port;
	bool news;

	if (likely(home && !READ_ONCE(sa->mapping.addr)))
		return;
	spin_lock_bh(&sa->lock);
	news = !home && (addr != sa->mapping.addr || port != sa->mapping.port);
	sa->mapping.addr = home ? 0 : addr;
	sa->mapping.port = home ? 0 : port;
	spin_unlock_bh(&sa->lock);
	if (news)
		espl_event_mapping(sa);
}

/* Replay, once more: another copy may have come out of the cipher first. */
static bool rx_advance(struct espl_sa *sa, struct sk_buff *skb)
{
	const struct espl_endpoint *ep = rcu_dereference(sa->policy->endpoint);
	u64 seq = espl_cb(skb)->seq;
	enum espl_replay_verdict verdict;
	bool newest;

	spin_lock_bh(&sa->lock);
	verdict = espl_replay_advance(&sa->replay, seq);
	newest = sa->replay.top == seq;
	spin_unlock_bh(&sa->lock);

	if (unlikely(verdict != ESPL_REPLAY_FRESH)) {
		rx_drop(sa, skb, rx_replay_drop(verdict));
		return false;
	}
	if (newest && ep->encap == ESPLANE_ENCAP_UDP)
		rx_note_mapping(sa, ep, skb);
	return true;
}

/*
 * Takes ESP off an authenticated packet: header, IV, padding, trailer, ICV.
 * Fills @flow; what follows the inner packet is TFC padding (RFC 4303 2.7).
 */
static bool rx_decapsulate(struct espl_sa *sa, struct sk_buff *skb, struct espl_flow *flow)
{
	const struct espl_esp_shape *shape = &sa->crypto.suite->shape;
	unsigned int hlen = espl_esp_hlen(shape);
	unsigned int clen = skb->len - hlen - shape->icv_len;
	enum espl_drop why = ESPL_DROP_RX_PADDING;
	struct espl_esp_trailer trailer;
	int len;

	if (skb_copy_bits(skb, hlen + clen - ESPL_ESP_TLEN, &trailer, ESPL_ESP_TLEN))
		goto drop;
	len = espl_esp_payload_len(clen, &trailer);
	if (len < 0)
		goto drop;

	why = ESPL_DROP_RX_DUMMY;
	if (trailer.next_header == IPPROTO_NONE)
		goto drop;

	why = ESPL_DROP_RX_PROTOCOL;
	__skb_pull(skb, hlen);
	if (espl_flow_dissect(flow, skb, 0, false) || flow->len > len)
		goto drop;
	if (trailer.next_header != (flow->family == AF_INET ? IPPROTO_IPIP : IPPROTO_IPV6))
		goto drop;

	why = ESPL_DROP_RX_NO_MEMORY;
	if (pskb_trim(skb, flow->len))
		goto drop;
	if (!pskb_may_pull(skb, flow->family == AF_INET ? sizeof(struct iphdr)
							: sizeof(struct ipv6hdr)))
		goto drop;
	return true;

drop:
	rx_drop(sa, skb, why);
	return false;
}

/* RFC 6040 4.2. skb->data is at the inner header, skb_network_header() still at the outer. */
static bool rx_ecn(struct sk_buff *skb, const struct espl_flow *flow)
{
	u8 outer = ip_hdr(skb)->tos;
	u8 inner;

	skb_reset_network_header(skb);
	skb->protocol = flow->family == AF_INET ? htons(ETH_P_IP) : htons(ETH_P_IPV6);
	inner = flow->family == AF_INET ? ip_hdr(skb)->tos : ipv6_get_dsfield(ipv6_hdr(skb));
	if (likely(!((outer ^ inner) & INET_ECN_MASK)))
		return true;
	return INET_ECN_decapsulate(skb, outer, inner) <= 1;
}

/* The inner packet enters the namespace that the device lives in, with nothing of the outer one. */
static void rx_deliver(struct espl_device *dev, struct sk_buff *skb)
{
	const struct espl_net *home = rcu_dereference(dev->home);
	struct net_device *netdev = dev->netdev;

	skb_reset_mac_header(skb);
	skb_reset_mac_len(skb);
	skb->encapsulation = 0;
	/* What the peer sent has arrived unchanged: the ICV says more than a checksum could. */
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	skb->csum_level = ~0;
	skb_clear_hash(skb);
	/* A virtual machine can send ESP that claims to be a super-packet. */
	if (unlikely(skb_is_gso(skb)))
		skb_gso_reset(skb);
	skb_set_queue_mapping(skb, 0);
	__vlan_hwaccel_clear_tag(skb);
	skb_scrub_packet(skb, !home || !net_eq(home->net, dev_net(netdev)));
	dev_sw_netstats_rx_add(netdev, skb->len);
	gro_cells_receive(&dev->gro, skb);
}

/* RFC 4303 3.4.4 and RFC 4301 5.2, from the point where the cipher has answered. */
static void rx_decrypted(struct espl_sa *sa, struct sk_buff *skb, int err)
{
	struct espl_policy *policy = sa->policy;
	unsigned int fired = 0, passed;
	struct espl_flow flow;

	if (unlikely(err)) {
		rx_drop(sa, skb, err == -EBADMSG ? ESPL_DROP_RX_AUTH : ESPL_DROP_RX_CRYPTO);
		return;
	}
	if (!rx_advance(sa, skb) || !rx_decapsulate(sa, skb, &flow))
		return;

	passed = espl_lifetime_charge(&sa->life, 1, flow.len, flow.len, espl_sa_now(), &fired);
	espl_sa_fired(sa, fired);
	if (unlikely(!passed)) {
		rx_drop(sa, skb, ESPL_DROP_RX_EXPIRED);
		return;
	}
	if (unlikely(!espl_ts_set_match(rcu_dereference(policy->ts), &flow))) {
		rx_drop(sa, skb, ESPL_DROP_RX_SELECTOR);
		return;
	}
	if (unlikely(!rx_ecn(skb, &flow))) {
		rx_drop(sa, skb, ESPL_DROP_RX_ECN);
		return;
	}
	rx_deliver(policy->dev, skb);
}

/* The one completion, called by the cipher or by rx_decrypt(). Consumes the skb. */
static void rx_done(struct sk_buff *skb, int err)
{
	struct espl_sa *sa = espl_cb(skb)->sa;

	rcu_read_lock();
	rx_decrypted(sa, skb, err);
	rcu_read_unlock();
	espl_sa_put(sa);
}

/*
 * How many scatterlist entries the packet needs, once its octets may be
 * written: shared ones are copied first.
 */
static int rx_make_private(struct sk_buff *skb)
{
	struct sk_buff *trailer;

	if (likely(!skb_cloned(skb))) {
		if (likely(!skb_is_nonlinear(skb)))
			return 1;
		if (espl_frags_are_own(skb))
			return skb_shinfo(skb)->nr_frags + 1;
	}
	return skb_cow_data(skb, 0, &trailer);
}

/* Decrypts in place. Consumes the skb and the SA reference in it. */
static void rx_decrypt(struct espl_sa *sa, struct sk_buff *skb)
{
	unsigned int hlen = espl_esp_hlen(&sa->crypto.suite->shape);
	u64 seq = espl_cb(skb)->seq;
	struct espl_job *job;
	int entries, err;

	entries = rx_make_private(skb);
	if (unlikely(entries < 0))
		goto no_memory;
	job = espl_job_get(&sa->crypto, entries, 0);
	if (unlikely(!job))
		goto no_memory;
	if (unlikely(skb_to_sgvec(skb, job->src + 1, hlen, skb->len - hlen) < 0)) {
		espl_job_put(job);
		goto no_memory;
	}

	job->skb = skb;
	job->done = rx_done;
	err = espl_job_decrypt(job, sa->spi, seq, skb->data + ESPL_ESP_HLEN, skb->len - hlen);
	if (err != -EINPROGRESS)
		rx_done(skb, err);
	return;

no_memory:
	rx_drop(sa, skb, ESPL_DROP_RX_NO_MEMORY);
	espl_sa_put(sa);
}

/* What an unauthenticated packet must satisfy before it is worth a decryption. */
static int rx_check(struct espl_sa *sa, struct sk_buff *skb, bool udp, u64 *seq)
{
	const struct espl_esp_shape *shape = &sa->crypto.suite->shape;
	const struct espl_policy *policy = sa->policy;
	enum espl_replay_verdict verdict;
	const struct espl_esp_hdr *esp;

	if (unlikely(!(policy->dev->netdev->flags & IFF_UP)))
		return ESPL_DROP_RX_DOWN;
	if (unlikely(espl_lifetime_dead(&sa->life)))
		return ESPL_DROP_RX_EXPIRED;
	if (unlikely((rcu_dereference(policy->endpoint)->encap == ESPLANE_ENCAP_UDP) != udp))
		return ESPL_DROP_RX_ENCAP;
	if (unlikely(!espl_esp_size_ok(shape, skb->len)))
		return ESPL_DROP_RX_SHORT;
	if (unlikely(!pskb_may_pull(skb, espl_esp_hlen(shape))))
		return ESPL_DROP_RX_NO_MEMORY;

	esp = (const struct espl_esp_hdr *)skb->data;
	*seq = espl_replay_seq(&sa->replay, be32_to_cpu(esp->seq), sa->esn);
	verdict = espl_replay_check(&sa->replay, *seq);
	return likely(verdict == ESPL_REPLAY_FRESH) ? -1 : rx_replay_drop(verdict);
}

bool espl_rx(struct espl_net *en, struct sk_buff *skb, bool udp)
{
	struct espl_sa *sa;
	u64 seq;
	int why;

	if (unlikely(!pskb_may_pull(skb, ESPL_ESP_HLEN)))
		return false;
	sa = espl_sa_find_in(en, ((const struct espl_esp_hdr *)skb->data)->spi);
	if (!sa || unlikely(!espl_sa_tryget(sa)))
		return false;

	why = rx_check(sa, skb, udp, &seq);
	if (unlikely(why >= 0)) {
		rx_drop(sa, skb, why);
		espl_sa_put(sa);
		return true;
	}

	/* The cipher may answer later: nothing borrowed goes with the packet. */
	skb_orphan(skb);
	skb_dst_drop(skb);
	skb->dev = sa->policy->dev->netdev;
	skb->ip_summed = CHECKSUM_NONE;
	espl_cb(skb)->sa = sa;
	espl_cb(skb)->seq = seq;
	rx_decrypt(sa, skb);
	return true;
}
