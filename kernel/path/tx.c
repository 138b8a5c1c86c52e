// SPDX-License-Identifier: GPL-2.0
#include "tx.h"

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/sock.h>

#include "cb.h"
#include "core/drop.h"
#include "core/icmp.h"
#include "core/net.h"
#include "core/policy.h"
#include "core/sa.h"
#include "encap.h"
#include "esp.h"
#include "fit.h"
#include "gather.h"
#include "pure/compat.h"
#include "segment.h"
#include "transport.h"
#include "tunnel.h"

/*
 * The packets that this CPU sends at the moment are in so many tunnels of
 * ours. It goes with a packet through an asynchronous cipher, so that tunnels
 * whose outer routes lead into each other end there too. BH off.
 */
enum { TX_DEPTH_MAX = 4 };
static DEFINE_PER_CPU(unsigned int, tx_depth);

/* What all packets of a batch have in common. */
struct batch {
	struct espl_device *dev;
	struct espl_sa *sa;		/* a reference for each packet */
	struct espl_endpoint *ep;
	struct dst_entry *dst;		/* the last packet gets this reference */
	unsigned int left;		/* packets still to come */
	unsigned int headroom;		/* in front of the ESP header */
	struct espl_fit fit;
	bool leaves_ns;			/* the outer namespace is not the device's */
};

/* The one completion, called by the cipher or by tx_encrypt(). Consumes the skb. */
static void tx_done(struct sk_buff *skb, int err)
{
	struct espl_sa *sa = espl_cb(skb)->sa;
	unsigned int depth;

	if (likely(!err)) {
		depth = __this_cpu_read(tx_depth);
		__this_cpu_write(tx_depth, espl_cb(skb)->depth);
		espl_encap_send(skb);
		__this_cpu_write(tx_depth, depth);
	} else {
		espl_sa_drop(sa, skb, ESPL_DROP_TX_CRYPTO);
	}
	espl_sa_put(sa);
}

static struct dst_entry *tx_next_dst(struct batch *b)
{
	return --b->left ? dst_clone(b->dst) : b->dst;
}

/* A packet of the batch, of @len octets, that the SA has not sent after all. */
static void tx_uncount(struct batch *b, unsigned int len, enum espl_drop why)
{
	espl_lifetime_refund(&b->sa->life, len);
	espl_sa_drop_count(b->sa, why, 1);
	espl_sa_put(b->sa);
}

/*
 * Likewise, before it had its route. In the device's own counters it stays as
 * sent, and as dropped.
 */
static void tx_skip(struct batch *b, unsigned int len, enum espl_drop why)
{
	dst_release(tx_next_dst(b));
	tx_uncount(b, len, why);
}

/*
 * @skb is at its IP header, with room round it for everything else. Consumes
 * it, and the reference to the route that belongs to it.
 */
static void tx_encrypt(struct batch *b, struct sk_buff *skb)
{
	unsigned int len = skb->len, payload = len - b->fit.head;
	const u8 *head = skb->data;
	struct espl_esp_hdr *esp;
	struct espl_job *job;
	int err;

	__skb_pull(skb, b->fit.head);
	job = espl_esp_wrap(b->sa, skb, b->fit.next_header);
	if (unlikely(!job)) {
		espl_drop_free(skb, ESPL_DROP_TX_NO_MEMORY);
		tx_skip(b, len, ESPL_DROP_TX_NO_MEMORY);
		return;
	}
	esp = (struct espl_esp_hdr *)skb->data;
	if (likely(!b->fit.head))
		espl_encap_push(skb, b->ep, tx_next_dst(b), &b->fit);
	else
		espl_encap_push_own(skb, b->ep, tx_next_dst(b), &b->fit, head);
	espl_cb(skb)->sa = b->sa;
	espl_cb(skb)->depth = __this_cpu_read(tx_depth) + 1;
	job->skb = skb;
	job->done = tx_done;
	err = espl_esp_encrypt(b->sa, job, esp, payload);
	if (unlikely(err == -EOVERFLOW)) {
		espl_drop_free(skb, ESPL_DROP_TX_SEQUENCE);
		tx_uncount(b, len, ESPL_DROP_TX_SEQUENCE);
	} else if (err != -EINPROGRESS) {
		tx_done(skb, err);
	}
}

/* A linear packet that is ours alone, with room around it, need not move. */
static bool tx_fits_in_place(const struct batch *b, const struct sk_buff *skb)
{
	const struct espl_esp_shape *shape = &b->sa->crypto.suite.shape;
	unsigned int hlen = espl_esp_hlen(shape), payload = skb->len - b->fit.head;

	return !skb_is_nonlinear(skb) && !skb_cloned(skb) &&
	       skb_headroom(skb) >= b->headroom + hlen &&
	       skb_tailroom(skb) >= espl_esp_size(shape, payload) - hlen - payload;
}

static void tx_send_in_place(struct batch *b, struct sk_buff *skb)
{
	unsigned int len = skb->len;

	if (skb->ip_summed == CHECKSUM_PARTIAL && unlikely(skb_checksum_help(skb))) {
		espl_drop_free(skb, ESPL_DROP_TX_NO_MEMORY);
		tx_skip(b, len, ESPL_DROP_TX_NO_MEMORY);
		return;
	}
	skb->ip_summed = CHECKSUM_NONE;
	skb_scrub_packet(skb, b->leaves_ns);
	tx_encrypt(b, skb);
}

/* The outgoing packet for one of @len octets: at its IP header, nothing written. */
static struct sk_buff *tx_alloc(struct batch *b, const struct sk_buff *plain, unsigned int len)
{
	const struct espl_esp_shape *shape = &b->sa->crypto.suite.shape;
	struct sk_buff *skb;

	skb = alloc_skb(b->headroom + b->fit.head + espl_esp_size(shape, len - b->fit.head) +
			b->dst->dev->needed_tailroom, GFP_ATOMIC);
	if (unlikely(!skb))
		return NULL;
	skb_reserve(skb, b->headroom + espl_esp_hlen(shape));
	skb_put(skb, len);
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

static void tx_send_whole(struct batch *b, struct sk_buff *plain)
{
	struct sk_buff *skb;

	if (likely(tx_fits_in_place(b, plain))) {
		tx_send_in_place(b, plain);
		return;
	}
	skb = tx_alloc(b, plain, plain->len);
	if (likely(skb && espl_whole_write(plain, skb->data))) {
		tx_encrypt(b, skb);
		consume_skb(plain);
		return;
	}
	tx_skip(b, plain->len, ESPL_DROP_TX_NO_MEMORY);
	kfree_skb(skb);
	espl_drop_free(plain, ESPL_DROP_TX_NO_MEMORY);
}

static void tx_send_segments(struct batch *b, struct sk_buff *plain,
			     const struct espl_segments *segs)
{
	unsigned int i, count = b->left;
	struct sk_buff *skb;

	for (i = 0; i < count; i++) {
		skb = tx_alloc(b, plain, espl_segment_len(segs, i));
		if (unlikely(!skb)) {
			tx_skip(b, espl_segment_len(segs, i), ESPL_DROP_TX_NO_MEMORY);
			continue;
		}
		espl_segment_write(segs, i, skb->data);
		tx_encrypt(b, skb);
	}
	consume_skb(plain);
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
		espl_sa_drop_count(sa, ESPL_DROP_TX_EXPIRED, n - passed);
	if (unlikely(!passed))
		return 0;

	if (unlikely(!percpu_ref_tryget_many(&sa->ref, passed))) {
		espl_sa_drop_count(sa, ESPL_DROP_TX_NO_SA, passed);
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
		espl_sa_drop(b->sa, skb, ESPL_DROP_TX_PROTOCOL);
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
			espl_drop_free(seg, ESPL_DROP_TX_EXPIRED);
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
	espl_drop_free(skb, ESPL_DROP_TX_EXPIRED);
}

static int tx_prepare(struct batch *b, struct espl_policy *policy)
{
	const struct espl_net *en = rcu_dereference(b->dev->home);

	if (unlikely(!en))
		return -ENETUNREACH;
	b->ep = rcu_dereference(policy->endpoint);
	b->dst = espl_encap_route(en, b->dev, b->ep);
	if (IS_ERR(b->dst))
		return PTR_ERR(b->dst);
	b->headroom = LL_RESERVED_SPACE(b->dst->dev) + espl_encap_len(b->ep);
	b->leaves_ns = !net_eq(en->net, dev_net(b->dev->netdev));
	return 0;
}

/* Fills b->fit. Returns -1, or the enum espl_drop why the packet must go. */
static int tx_fit_tunnel(struct batch *b, struct sk_buff *skb, const struct espl_flow *flow)
{
	return likely(espl_tunnel_fit(&b->fit, skb, flow, &b->sa->crypto.suite.shape,
				      dst_mtu(b->dst), espl_encap_len(b->ep))) ?
		       -1 : ESPL_DROP_TX_TOO_BIG;
}

static int tx_fit_transport(struct batch *b, struct sk_buff *skb, const struct espl_flow *flow)
{
	int why = espl_transport_classify(&b->fit, skb, flow, b->ep);

	if (unlikely(why == ESPL_DROP_TX_ENDPOINT))
		/* As where no policy is found: this one is not for it. */
		espl_icmp_unreachable(skb, ICMP_PKT_FILTERED, ICMPV6_ADM_PROHIBITED);
	if (unlikely(why >= 0))
		return why;
	return espl_transport_fit(&b->fit, skb, flow, &b->sa->crypto.suite.shape,
				  dst_mtu(b->dst), espl_encap_udp_len(b->ep)) ?
		       -1 : ESPL_DROP_TX_TOO_BIG;
}

/* Consumes the packet, at its IP header, which is a flow of the policy's. */
static void tx_send(struct espl_device *dev, struct espl_policy *policy, struct sk_buff *skb,
		    const struct espl_flow *flow)
{
	struct batch b = { .dev = dev };
	int err, why;

	b.sa = rcu_dereference(policy->out);
	if (unlikely(!b.sa)) {
		if (espl_policy_wait(policy, skb, flow))
			return;
		b.sa = rcu_dereference(policy->out);
		if (!b.sa) {
			espl_drop(dev, skb, ESPL_DROP_TX_NO_SA);
			return;
		}
	}
	if (unlikely(espl_lifetime_dead(&b.sa->life))) {
		espl_sa_drop(b.sa, skb, ESPL_DROP_TX_EXPIRED);
		return;
	}
	err = tx_prepare(&b, policy);
	if (unlikely(err)) {
		espl_icmp_unreachable(skb, ICMP_HOST_UNREACH, ICMPV6_ADDR_UNREACH);
		espl_sa_drop(b.sa, skb,
			     err == -ELOOP ? ESPL_DROP_TX_LOOP : ESPL_DROP_TX_NO_ROUTE);
		return;
	}
	why = likely(b.ep->mode == ESPLANE_MODE_TUNNEL) ? tx_fit_tunnel(&b, skb, flow)
							 : tx_fit_transport(&b, skb, flow);
	if (unlikely(why >= 0)) {
		dst_release(b.dst);
		espl_sa_drop(b.sa, skb, why);
		return;
	}
	skb_dst_drop(skb);
	tx_send_batch(&b, skb, flow);
}

/*
 * Whether the look-up of @flow says nothing yet: transport mode takes whole datagrams only, and
 * a selector with ports none but these and the first of their fragments. What is widely selected
 * for a tunnel stays there.
 */
static bool tx_is_part(const struct espl_policy *policy, const struct sk_buff *skb)
{
	return (!policy || rcu_dereference(policy->endpoint)->mode == ESPLANE_MODE_TRANSPORT) &&
	       espl_transport_is_fragment(skb);
}

/* Makes the packet whole, and a flow again. False: it is consumed. */
static bool tx_gather(struct espl_device *dev, struct sk_buff *skb, struct espl_flow *flow)
{
	int err = espl_gather(dev->netdev, skb);

	if (unlikely(err)) {
		if (err != -EINPROGRESS)
			espl_drop_count(dev, NULL, 0, ESPL_DROP_TX_FRAGMENT, 1);
		return false;
	}
	if (likely(espl_tunnel_classify(skb, flow)))
		return true;
	espl_drop(dev, skb, ESPL_DROP_TX_PROTOCOL);
	return false;
}

void espl_tx(struct espl_device *dev, struct sk_buff *skb)
{
	struct espl_policy *policy;
	struct espl_flow flow;

	if (unlikely(__this_cpu_read(tx_depth) >= TX_DEPTH_MAX)) {
		espl_drop(dev, skb, ESPL_DROP_TX_LOOP);
		return;
	}
	if (unlikely(!espl_tunnel_classify(skb, &flow))) {
		espl_drop(dev, skb, ESPL_DROP_TX_PROTOCOL);
		return;
	}
	policy = espl_selectors_lookup(&dev->selectors, &flow);
	if (unlikely(READ_ONCE(dev->transports)) && tx_is_part(policy, skb)) {
		if (!tx_gather(dev, skb, &flow))
			return;
		policy = espl_selectors_lookup(&dev->selectors, &flow);
	}
	if (unlikely(!policy)) {
		/* RFC 4301 6.1.1 and 4.4.1: policy forbids it. */
		espl_icmp_unreachable(skb, ICMP_PKT_FILTERED, ICMPV6_ADM_PROHIBITED);
		espl_drop(dev, skb, ESPL_DROP_TX_NO_POLICY);
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
