// SPDX-License-Identifier: GPL-2.0
#include "rx.h"

#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/dst.h>
#include <net/ip.h>

#include "cb.h"
#include "core/net.h"
#include "core/policy.h"
#include "core/sa.h"
#include "core/satable.h"
#include "esp.h"
#include "pure/wire.h"
#include "source.h"
#include "transport.h"
#include "tunnel.h"

static enum espl_drop rx_replay_drop(enum espl_replay_verdict verdict)
{
	return verdict == ESPL_REPLAY_SEEN ? ESPL_DROP_RX_REPLAY : ESPL_DROP_RX_STALE;
}

static enum espl_drop rx_crypto_drop(int err)
{
	if (err == -EBADMSG)
		return ESPL_DROP_RX_AUTH;
	return err == -ENOMEM ? ESPL_DROP_RX_NO_MEMORY : ESPL_DROP_RX_CRYPTO;
}

/*
 * The peer's NAT has given it another address or port. Believed only from an
 * authenticated packet that is the newest so far, so that neither a replay nor
 * a straggler from the old address tells anything.
 */
static void rx_note_mapping(struct espl_sa *sa, const struct espl_endpoint *ep,
			    const struct sk_buff *skb)
{
	struct espl_outer from;
	bool home, news;

	espl_source_read(skb, true, &from);
	home = espl_outer_equal(&from, &ep->remote);
	if (likely(home && !READ_ONCE(sa->mapping.family)))
		return;
	if (home)
		from = (struct espl_outer) {};
	spin_lock_bh(&sa->lock);
	news = !home && !espl_outer_equal(&from, &sa->mapping);
	sa->mapping = from;
	spin_unlock_bh(&sa->lock);
	if (news)
		espl_event_raise(&sa->event, ESPL_EVENT_MAPPING);
}

/* Authentic and new: what its way here tells of the peer. @newest: of all so far. */
static void rx_heard(struct espl_sa *sa, struct sk_buff *skb, bool newest, u64 now)
{
	const struct espl_endpoint *ep = rcu_dereference(sa->policy->endpoint);
	/* RFC 7296 2.23: the peer may send raw ESP too, which has no port that a NAT changes */
	bool ports = espl_cb(skb)->udp && ep->encap == ESPLANE_ENCAP_UDP;

	/* RFC 4555 3.12: one by other addresses does not show that these work. */
	if (likely(espl_source_fits(skb, ports, ep)) && READ_ONCE(sa->heard) != now)
		WRITE_ONCE(sa->heard, now);
	if (newest && ports)
		rx_note_mapping(sa, ep, skb);
}

/* Replay, once more: another copy may have come out of the cipher first. */
static bool rx_advance(struct espl_sa *sa, struct sk_buff *skb, u64 now)
{
	u64 seq = espl_cb(skb)->seq;
	enum espl_replay_verdict verdict;
	bool newest;

	spin_lock_bh(&sa->lock);
	verdict = espl_replay_advance(&sa->replay, seq);
	newest = sa->replay.top == seq;
	spin_unlock_bh(&sa->lock);

	if (unlikely(verdict != ESPL_REPLAY_FRESH)) {
		espl_sa_drop(sa, skb, rx_replay_drop(verdict));
		return false;
	}
	rx_heard(sa, skb, newest, now);
	return true;
}

/* Takes ESP off an authenticated packet. Fills @flow. False: consumed. */
static bool rx_decapsulate(struct espl_sa *sa, struct sk_buff *skb, struct espl_flow *flow)
{
	const struct espl_endpoint *ep = rcu_dereference(sa->policy->endpoint);
	int why = ESPL_DROP_RX_PADDING;
	u8 next_header;
	int len;

	len = espl_esp_decap(sa, skb, &next_header);
	if (likely(len >= 0))
		why = likely(ep->mode == ESPLANE_MODE_TUNNEL) ?
			espl_tunnel_decap(skb, next_header, len, flow) :
			espl_transport_decap(skb, next_header, len, espl_cb(skb)->udp, ep, flow);
	if (likely(why < 0))
		return true;
	espl_sa_drop(sa, skb, why);
	return false;
}

/*
 * An inner packet is on its way up this CPU's stack at the moment. One that is
 * found in it, in a tunnel inside the tunnel, waits until that is over, so that
 * a peer cannot make the stack as deep as it likes. BH off.
 */
static DEFINE_PER_CPU(bool, rx_direct);

/*
 * GRO pays for TCP, whose segments it puts together; for the rest it is only a
 * queue and a second poll, unless rx-udp-gro-forwarding asks for it. By the
 * protocol, so that all packets of a flow go one way and stay in order.
 */
static bool rx_wants_gro(const struct net_device *netdev, const struct espl_flow *flow)
{
	return flow->proto == IPPROTO_TCP || netdev->features & NETIF_F_GRO_UDP_FWD ||
	       unlikely(__this_cpu_read(rx_direct));
}

/* The inner packet enters the namespace that the device lives in, with nothing of the outer one. */
static void rx_deliver(struct espl_device *dev, struct sk_buff *skb, const struct espl_flow *flow)
{
	const struct espl_net *home = rcu_dereference(dev->home);
	struct net_device *netdev = dev->netdev;

	skb_reset_mac_header(skb);
	skb_reset_mac_len(skb);
	skb->encapsulation = 0;
	/*
	 * The ICV begins at the peer's gateway: what was damaged on the network
	 * behind it shows only in the checksum inside. espl_rx() has forgotten
	 * what a device said of it; transport mode may know better.
	 */
	skb->csum_valid = 0;
	skb_clear_hash(skb);
	/* A virtual machine can send ESP that claims to be a super-packet. */
	if (unlikely(skb_is_gso(skb)))
		skb_gso_reset(skb);
	skb_set_queue_mapping(skb, 0);
	__vlan_hwaccel_clear_tag(skb);
	skb_scrub_packet(skb, !home || !net_eq(home->net, dev_net(netdev)));
	dev_sw_netstats_rx_add(netdev, skb->len);
	if (rx_wants_gro(netdev, flow)) {
		gro_cells_receive(&dev->gro, skb);
		return;
	}
	__this_cpu_write(rx_direct, true);
	netif_receive_skb(skb);
	__this_cpu_write(rx_direct, false);
}

/* RFC 4303 3.4.4 and RFC 4301 5.2, from the point where the cipher has answered. */
static void rx_decrypted(struct espl_sa *sa, struct sk_buff *skb, int err)
{
	struct espl_policy *policy = sa->policy;
	unsigned int fired = 0, passed;
	u64 now = espl_sa_now();
	struct espl_flow flow;

	if (unlikely(err)) {
		espl_sa_drop(sa, skb, rx_crypto_drop(err));
		return;
	}
	if (!rx_advance(sa, skb, now) || !rx_decapsulate(sa, skb, &flow))
		return;

	passed = espl_lifetime_charge(&sa->life, 1, flow.len, flow.len, now, &fired);
	espl_sa_fired(sa, fired);
	if (unlikely(!passed)) {
		espl_sa_drop(sa, skb, ESPL_DROP_RX_EXPIRED);
		return;
	}
	if (unlikely(!espl_ts_set_match(rcu_dereference(policy->ts), &flow))) {
		espl_sa_drop(sa, skb, ESPL_DROP_RX_SELECTOR);
		return;
	}
	/* In transport mode the two are one. */
	if (unlikely(!espl_tunnel_ecn(skb, &flow))) {
		espl_sa_drop(sa, skb, ESPL_DROP_RX_ECN);
		return;
	}
	/* The cipher may have taken its time. */
	if (unlikely(!(policy->dev->netdev->flags & IFF_UP))) {
		espl_sa_drop(sa, skb, ESPL_DROP_RX_DOWN);
		return;
	}
	rx_deliver(policy->dev, skb, &flow);
}

/* The one completion, called by the cipher or by espl_rx(). Consumes the skb. */
static void rx_done(struct sk_buff *skb, int err)
{
	struct espl_sa *sa = espl_cb(skb)->sa;

	consume_skb(espl_cb(skb)->source);
	rcu_read_lock();
	rx_decrypted(sa, skb, err);
	rcu_read_unlock();
	espl_sa_put(sa);
}

/* What an unauthenticated packet must satisfy before it is worth a decryption. */
static int rx_check(struct espl_sa *sa, struct sk_buff *skb, u64 *seq)
{
	const struct espl_esp_shape *shape = &sa->crypto.suite.shape;
	const struct espl_policy *policy = sa->policy;
	enum espl_replay_verdict verdict;
	const struct espl_esp_hdr *esp;

	if (unlikely(!(policy->dev->netdev->flags & IFF_UP)))
		return ESPL_DROP_RX_DOWN;
	if (unlikely(espl_lifetime_dead(&sa->life)))
		return ESPL_DROP_RX_EXPIRED;
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
	struct sk_buff *plain;
	struct espl_sa *sa;
	int why, err;
	u64 seq;

	if (unlikely(!pskb_may_pull(skb, ESPL_ESP_HLEN)))
		return false;
	sa = espl_sa_find_in(en, ((const struct espl_esp_hdr *)skb->data)->spi);
	if (!sa || unlikely(!espl_sa_tryget(sa)))
		return false;

	why = rx_check(sa, skb, &seq);
	if (unlikely(why >= 0)) {
		espl_sa_drop(sa, skb, why);
		espl_sa_put(sa);
		return true;
	}

	/* The cipher may answer later: nothing borrowed goes with the packet. */
	skb_orphan(skb);
	skb_dst_drop(skb);
	skb->dev = sa->policy->dev->netdev;
	skb->ip_summed = CHECKSUM_NONE;
	plain = espl_esp_writable(sa, skb);
	if (unlikely(!plain)) {
		espl_sa_drop(sa, skb, ESPL_DROP_RX_NO_MEMORY);
		espl_sa_put(sa);
		return true;
	}
	espl_cb(plain)->sa = sa;
	espl_cb(plain)->source = plain == skb ? NULL : skb;
	espl_cb(plain)->seq = seq;
	espl_cb(plain)->udp = udp;
	err = espl_esp_decrypt(sa, plain, espl_cb(plain)->source, seq, rx_done);
	if (err != -EINPROGRESS)
		rx_done(plain, err);
	return true;
}
