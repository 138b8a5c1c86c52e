// SPDX-License-Identifier: GPL-2.0
#include "tx.h"

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <net/dsfield.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/sock.h>

#include "cb.h"
#include "core/policy.h"
#include "core/sa.h"
#include "encap.h"
#include "pure/compat.h"
#include "segment.h"

/* What all packets of a batch have in common. */
struct batch {
	struct espl_device *dev;
	struct espl_sa *sa;		/* a reference for each packet */
	struct espl_endpoint *ep;
	struct dst_entry *dst;		/* the last packet gets this reference */
	unsigned int left;		/* packets still to come */
	unsigned int headroom;		/* in front of the ESP header */
	u8 ds;
	u8 next_header;
	__be16 df;
	bool leaves_ns;			/* the outer namespace is not the device's */
};

static void tx_drop(struct espl_device *dev, struct espl_sa *sa, struct sk_buff *skb,
		    enum espl_drop why)
{
	espl_stats_drop(dev->stats, sa ? &sa->stats : NULL, why, 1);
	kfree_skb(skb);
}

/* The one completion, called by the cipher or by tx_encrypt(). Consumes the skb. */
static void tx_done(struct sk_buff *skb, int err)
{
	struct sk_buff *plain = espl_cb(skb)->plain;
	struct espl_sa *sa = espl_cb(skb)->sa;

	consume_skb(plain);
	if (likely(!err))
		espl_encap_send(skb);
	else
		tx_drop(sa->policy->dev, sa, skb, ESPL_DROP_TX_CRYPTO);
	espl_sa_put(sa);
}

static struct dst_entry *tx_next_dst(struct batch *b)
{
	return --b->left ? dst_clone(b->dst) : b->dst;
}

/*
 * A packet of the batch, of @len octets, that cannot go. The SA has not sent
 * it; in the device's own counters it stays as sent, and as dropped.
 */
static void tx_skip(struct batch *b, unsigned int len, enum espl_drop why)
{
	dst_release(tx_next_dst(b));
	espl_lifetime_refund(&b->sa->life, len);
	espl_stats_drop(b->dev->stats, &b->sa->stats, why, 1);
	espl_sa_put(b->sa);
}

/*
 * The number of the next packet, drawn only now: packets leave in the order
 * of their numbers but for those that other CPUs encrypt at this moment. Drawn
 * for the whole batch, dozens could be overtaken, and a peer with the usual
 * window of 32 packets would drop them as stale. 0: used up, RFC 4303 3.3.3.
 */
static u64 tx_draw(struct espl_sa *sa)
{
	u64 seq = espl_sa_draw(sa);

	if (unlikely(!seq))
		espl_sa_fired(sa, espl_lifetime_end(&sa->life, ESPLANE_LIMIT_SEQUENCE));
	return seq;
}

/*
 * @skb begins at its ESP header, whose payload of @len octets and trailer the
 * job describes already. Consumes the skb, the job and @plain.
 */
static void tx_encrypt(struct batch *b, struct sk_buff *skb, struct espl_job *job,
		       struct sk_buff *plain, unsigned int len)
{
	const struct espl_esp_shape *shape = &b->sa->crypto.suite->shape;
	struct espl_esp_hdr *esp = (struct espl_esp_hdr *)skb->data;
	u64 seq = tx_draw(b->sa);
	int err;

	if (unlikely(!seq)) {
		espl_job_put(job);
		kfree_skb(plain);
		kfree_skb(skb);
		tx_skip(b, len, ESPL_DROP_TX_SEQUENCE);
		return;
	}
	esp->spi = b->sa->spi;
	esp->seq = cpu_to_be32(lower_32_bits(seq));
	espl_encap_push(skb, b->ep, tx_next_dst(b), skb->len, b->ds, b->df);
	espl_cb(skb)->sa = b->sa;
	espl_cb(skb)->plain = plain;

	job->skb = skb;
	job->done = tx_done;
	err = espl_job_encrypt(job, b->sa->spi, seq, esp->iv, espl_esp_clen(shape, len));
	if (err != -EINPROGRESS)
		tx_done(skb, err);
}

/* A linear packet that is ours alone, with room around it, need not move. */
static bool tx_fits_in_place(const struct batch *b, const struct sk_buff *skb)
{
	const struct espl_esp_shape *shape = &b->sa->crypto.suite->shape;
	unsigned int hlen = espl_esp_hlen(shape);

	return !skb_is_nonlinear(skb) && !skb_cloned(skb) &&
	       skb_headroom(skb) >= b->headroom + hlen &&
	       skb_tailroom(skb) >= espl_esp_size(shape, skb->len) - hlen - skb->len;
}

static void tx_send_in_place(struct batch *b, struct sk_buff *skb)
{
	const struct espl_esp_shape *shape = &b->sa->crypto.suite->shape;
	unsigned int len = skb->len, clen = espl_esp_clen(shape, len);
	struct espl_job *job;

	if (skb->ip_summed == CHECKSUM_PARTIAL && skb_checksum_help(skb))
		goto drop;
	skb->ip_summed = CHECKSUM_NONE;
	job = espl_job_get(&b->sa->crypto, 1, 0);
	if (unlikely(!job))
		goto drop;

	sg_set_buf(job->src + 1, skb->data, clen + shape->icv_len);
	skb_put(skb, clen - len + shape->icv_len);
	espl_esp_put_trailer(shape, skb->data + len, len, b->next_header);
	skb_push(skb, espl_esp_hlen(shape));
	skb_scrub_packet(skb, b->leaves_ns);
	tx_encrypt(b, skb, job, NULL, len);
	return;

drop:
	kfree_skb(skb);
	tx_skip(b, len, ESPL_DROP_TX_NO_MEMORY);
}

/* The outgoing packet for @len octets of payload: at its ESP header, nothing written. */
static struct sk_buff *tx_alloc(struct batch *b, const struct sk_buff *plain, unsigned int len)
{
	unsigned int size = espl_esp_size(&b->sa->crypto.suite->shape, len);
	struct sk_buff *skb;

	skb = alloc_skb(b->headroom + size + b->dst->dev->needed_tailroom, GFP_ATOMIC);
	if (unlikely(!skb))
		return NULL;
	skb_reserve(skb, b->headroom);
	skb_put(skb, size);
	skb->priority = plain->priority;
	skb_copy_hash(skb, plain);
	if (!b->leaves_ns)
		skb->mark = plain->mark;
	/*
	 * As where the kernel cuts: the socket is charged for each packet until that has left, so
	 * that TCP queues no more than a little; and queues take all for one flow, in order.
	 */
	if (plain->sk && sk_fullsock(plain->sk))
		skb_set_owner_w(skb, plain->sk);
	return skb;
}

/*
 * Encrypts from where the plaintext lies, @plain's pages, into @skb, where
 * piece->head octets of it are already.
 */
static void tx_send_piece(struct batch *b, struct sk_buff *skb, struct sk_buff *plain,
			  const struct espl_piece *piece)
{
	const struct espl_esp_shape *shape = &b->sa->crypto.suite->shape;
	unsigned int len = piece->head + piece->len;
	unsigned int clen = espl_esp_clen(shape, len);
	unsigned int n = espl_piece_map(piece, plain, NULL);
	u8 *inner = skb->data + espl_esp_hlen(shape);
	struct scatterlist *sg;
	struct espl_job *job;

	/* Headers, octets of the original, the trailer. */
	job = espl_job_get(&b->sa->crypto, !!piece->head + n + 1, 1);
	if (unlikely(!job)) {
		kfree_skb(skb);
		tx_skip(b, len, ESPL_DROP_TX_NO_MEMORY);
		return;
	}
	sg = job->src + 1;
	if (piece->head)
		sg_set_buf(sg++, inner, piece->head);
	espl_piece_map(piece, plain, sg);
	espl_esp_put_trailer(shape, inner + len, len, b->next_header);
	sg_set_buf(sg + n, inner + len, clen - len);
	sg_set_buf(job->dst + 1, inner, clen + shape->icv_len);
	tx_encrypt(b, skb, job, skb_get(plain), len);
}

static void tx_send_whole(struct batch *b, struct sk_buff *plain)
{
	struct espl_piece piece;
	struct sk_buff *skb;

	if (likely(tx_fits_in_place(b, plain))) {
		tx_send_in_place(b, plain);
		return;
	}
	skb = NULL;
	if (likely(!skb_has_frag_list(plain) || !skb_linearize(plain)))
		skb = tx_alloc(b, plain, plain->len);
	if (likely(skb)) {
		espl_whole_head(plain, skb->data + espl_esp_hlen(&b->sa->crypto.suite->shape),
				&piece);
		tx_send_piece(b, skb, plain, &piece);
	} else {
		tx_skip(b, plain->len, ESPL_DROP_TX_NO_MEMORY);
	}
	consume_skb(plain);
}

static void tx_send_segments(struct batch *b, struct sk_buff *plain,
			     const struct espl_segments *segs)
{
	unsigned int hlen = espl_esp_hlen(&b->sa->crypto.suite->shape);
	unsigned int i, count = b->left;
	struct espl_piece piece;
	struct sk_buff *skb;

	espl_piece_init(&piece, plain);
	for (i = 0; i < count; i++) {
		skb = tx_alloc(b, plain, espl_segment_len(segs, i));
		if (unlikely(!skb)) {
			tx_skip(b, espl_segment_len(segs, i), ESPL_DROP_TX_NO_MEMORY);
			continue;
		}
		espl_segment_head(segs, i, skb->data + hlen, &piece);
		tx_send_piece(b, skb, plain, &piece);
	}
	consume_skb(plain);
}

/*
 * The largest inner packet that fits the path. An IPv6 packet of the minimum
 * MTU always passes, if need be in outer fragments (RFC 2473 7.1).
 */
static unsigned int tx_inner_mtu(const struct batch *b)
{
	return espl_esp_payload_max(&b->sa->crypto.suite->shape,
				    dst_mtu(b->dst) - espl_encap_len(b->ep));
}

/*
 * Outer DF is the inner one, and set for IPv6: RFC 4301 8.1. What is too big
 * and may be fragmented leaves whole and is fragmented outside; the rest is
 * answered. False: that has been done.
 */
static bool tx_fit_path(struct batch *b, struct sk_buff *skb, const struct espl_flow *flow)
{
	unsigned int mtu = tx_inner_mtu(b);
	bool v4 = flow->family == AF_INET;

	b->df = !v4 || ip_hdr(skb)->frag_off & htons(IP_DF) ? htons(IP_DF) : 0;
	if (skb_is_gso(skb) ? skb_gso_validate_network_len(skb, mtu) : skb->len <= mtu)
		return true;
	if (!v4) {
		mtu = max_t(unsigned int, mtu, IPV6_MIN_MTU);
		if (!skb_is_gso(skb) && skb->len <= mtu)
			b->df = 0;
	}
	/* Outer fragments, too, are of one packet whose length has 16 bits. */
	if (!b->df && likely(skb_is_gso(skb) || espl_encap_len(b->ep) +
			     espl_esp_size(&b->sa->crypto.suite->shape, skb->len) <= IP_MAX_MTU))
		return true;

	skb_dst_update_pmtu_no_confirm(skb, mtu);
	if (v4)
		icmp_ndo_send(skb, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, htonl(mtu));
	else
		icmpv6_ndo_send(skb, ICMPV6_PKT_TOOBIG, 0, mtu);
	return false;
}

/*
 * One charge of the lifetime for @n packets, each but the last of @seg octets.
 * Returns how many may go, and has the rest counted.
 */
static unsigned int tx_admit(struct batch *b, unsigned int n, unsigned int seg, u64 bytes)
{
	unsigned int fired = 0, passed;
	struct espl_sa *sa = b->sa;

	passed = espl_lifetime_charge(&sa->life, n, seg, bytes, espl_sa_now(), &fired);
	espl_sa_fired(sa, fired);
	if (unlikely(passed < n))
		espl_stats_drop(b->dev->stats, &sa->stats, ESPL_DROP_TX_EXPIRED, n - passed);
	if (unlikely(!passed))
		return 0;

	if (unlikely(!percpu_ref_tryget_many(&sa->ref, passed))) {
		espl_stats_drop(b->dev->stats, &sa->stats, ESPL_DROP_TX_NO_SA, passed);
		return 0;
	}
	dev_sw_netstats_tx_add(b->dev->netdev, passed,
			       passed == n ? bytes : (u64)passed * seg);
	b->left = passed;
	return passed;
}

/*
 * How many of the segments from @seg on one charge covers, and their octets:
 * equals, and perhaps a shorter one behind them. SCTP and packets that were put
 * together as a list are cut into pieces of different sizes.
 */
static unsigned int tx_run_of_equals(const struct sk_buff *seg, u64 *bytes)
{
	const unsigned int len = seg->len;
	unsigned int n = 1;

	*bytes = len;
	while (seg->len == len && seg->next && seg->next->len <= len) {
		seg = seg->next;
		*bytes += seg->len;
		n++;
	}
	return n;
}

/* Super-packets other than plain TCP: the kernel cuts them, pages stay shared. */
static void tx_send_by_kernel(struct batch *b, struct sk_buff *skb)
{
	unsigned int n = 0, passed = 0;
	struct sk_buff *segs, *seg, *next;
	u64 bytes;

	segs = skb_gso_segment(skb, NETIF_F_SG | NETIF_F_HW_CSUM | NETIF_F_HIGHDMA);
	if (IS_ERR_OR_NULL(segs)) {
		dst_release(b->dst);
		tx_drop(b->dev, b->sa, skb, ESPL_DROP_TX_PROTOCOL);
		return;
	}
	consume_skb(skb);
	skb_list_walk_safe(segs, seg, next) {
		if (!n) {
			n = tx_run_of_equals(seg, &bytes);
			passed = tx_admit(b, n, seg->len, bytes);
			if (likely(passed))
				dst_hold(b->dst);
		}
		n--;
		skb_mark_not_on_list(seg);
		if (likely(passed)) {
			passed--;
			tx_send_whole(b, seg);
		} else {
			kfree_skb(seg);
		}
	}
	dst_release(b->dst);
}

static void tx_send_batch(struct batch *b, struct sk_buff *skb, const struct espl_flow *flow)
{
	struct espl_segments segs;

	if (!skb_is_gso(skb)) {
		if (likely(tx_admit(b, 1, skb->len, skb->len))) {
			tx_send_whole(b, skb);
			return;
		}
	} else if (espl_segments_init(&segs, skb, flow)) {
		u64 bytes = skb->len + (u64)(segs.count - 1) * segs.head;

		if (likely(tx_admit(b, segs.count, segs.head + segs.mss, bytes))) {
			tx_send_segments(b, skb, &segs);
			return;
		}
	} else {
		tx_send_by_kernel(b, skb);
		return;
	}
	dst_release(b->dst);
	kfree_skb(skb);
}

static int tx_prepare(struct batch *b, struct espl_policy *policy, const struct sk_buff *skb,
		      const struct espl_flow *flow)
{
	const struct espl_net *en = rcu_dereference(b->dev->home);
	bool v4 = flow->family == AF_INET;

	if (unlikely(!en))
		return -ENETUNREACH;
	b->ep = rcu_dereference(policy->endpoint);
	b->dst = espl_encap_route(en, b->dev, b->ep);
	if (IS_ERR(b->dst))
		return PTR_ERR(b->dst);
	b->headroom = LL_RESERVED_SPACE(b->dst->dev) + espl_encap_len(b->ep);
	b->leaves_ns = !net_eq(en->net, dev_net(b->dev->netdev));
	/* RFC 6040 4.1, normal mode: both DSCP and ECN are copied. */
	b->ds = v4 ? ip_hdr(skb)->tos : ipv6_get_dsfield(ipv6_hdr(skb));
	b->next_header = v4 ? IPPROTO_IPIP : IPPROTO_IPV6;
	return 0;
}

/* Consumes the packet, at its IP header, which is a flow of the policy's. */
static void tx_send(struct espl_device *dev, struct espl_policy *policy, struct sk_buff *skb,
		    const struct espl_flow *flow)
{
	struct batch b = { .dev = dev };
	int err;

	b.sa = rcu_dereference(policy->out);
	if (unlikely(!b.sa)) {
		if (espl_policy_wait(policy, skb, flow))
			return;
		b.sa = rcu_dereference(policy->out);
		if (!b.sa) {
			tx_drop(dev, NULL, skb, ESPL_DROP_TX_NO_SA);
			return;
		}
	}
	if (unlikely(espl_lifetime_dead(&b.sa->life))) {
		tx_drop(dev, b.sa, skb, ESPL_DROP_TX_EXPIRED);
		return;
	}
	err = tx_prepare(&b, policy, skb, flow);
	if (unlikely(err)) {
		espl_unreachable(skb, ICMP_HOST_UNREACH, ICMPV6_ADDR_UNREACH);
		tx_drop(dev, b.sa, skb,
			err == -ELOOP ? ESPL_DROP_TX_LOOP : ESPL_DROP_TX_NO_ROUTE);
		return;
	}
	if (unlikely(!tx_fit_path(&b, skb, flow))) {
		dst_release(b.dst);
		tx_drop(dev, b.sa, skb, ESPL_DROP_TX_TOO_BIG);
		return;
	}
	skb_dst_drop(skb);
	tx_send_batch(&b, skb, flow);
}

/*
 * A checksum that was left to us lies where whoever made the packet says: a
 * virtual machine, or a raw socket. Before or in the IP header it would be out
 * of bounds, or change the addresses that the selectors have seen.
 */
static bool tx_checksum_sound(const struct sk_buff *skb, int ip_len)
{
	int start = skb_checksum_start_offset(skb);

	return start >= ip_len &&
	       start + skb->csum_offset + sizeof(__sum16) <= skb_headlen(skb);
}

/* False: not IP, or not what its header says; the packet is still the caller's. */
static bool tx_classify(struct sk_buff *skb, struct espl_flow *flow)
{
	int off = skb_network_offset(skb);
	unsigned int ip_len;

	/* AF_XDP sets no network header. */
	if (unlikely(off < 0 || !pskb_may_pull(skb, off + sizeof(struct iphdr))))
		return false;
	__skb_pull(skb, off);
	/* First: pages may be a raw sender's, who can write them after the look-up. */
	ip_len = *skb->data >> 4 == 6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	if (unlikely(!pskb_may_pull(skb, ip_len) || espl_flow_dissect(flow, skb, 0, true) ||
		     pskb_trim_rcsum(skb, flow->len)))
		return false;
	if (skb->ip_summed == CHECKSUM_PARTIAL && unlikely(!tx_checksum_sound(skb, ip_len)))
		return false;
	skb->protocol = flow->family == AF_INET ? htons(ETH_P_IP) : htons(ETH_P_IPV6);
	return true;
}

void espl_tx(struct espl_device *dev, struct sk_buff *skb)
{
	struct espl_policy *policy;
	struct espl_flow flow;

	if (unlikely(!tx_classify(skb, &flow))) {
		tx_drop(dev, NULL, skb, ESPL_DROP_TX_PROTOCOL);
		return;
	}
	policy = espl_selectors_lookup(&dev->selectors, &flow);
	if (unlikely(!policy)) {
		/* RFC 4301 6.1.1 and 4.4.1: policy forbids it. */
		espl_unreachable(skb, ICMP_PKT_FILTERED, ICMPV6_ADM_PROHIBITED);
		tx_drop(dev, NULL, skb, ESPL_DROP_TX_NO_POLICY);
		return;
	}
	tx_send(dev, policy, skb, &flow);
}

void espl_tx_waiting(struct espl_policy *policy)
{
	struct sk_buff_head list;
	struct sk_buff *skb;

	__skb_queue_head_init(&list);
	espl_policy_wait_end(policy, &list);
	rcu_read_lock();
	local_bh_disable();
	/* Selectors may have changed while it waited: from the beginning. */
	while ((skb = __skb_dequeue(&list)))
		espl_tx(policy->dev, skb);
	local_bh_enable();
	rcu_read_unlock();
}
