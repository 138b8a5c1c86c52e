// SPDX-License-Identifier: GPL-2.0
#include "socket.h"

#include <linux/file.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/in.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <linux/udp.h>
#include <net/inet_sock.h>
#include <net/ip.h>
#include <net/netlink.h>
#include <net/udp_tunnel.h>

#include "core/event.h"
#include "core/net.h"
#include "core/policy.h"
#include "core/sa.h"
#include "core/satable.h"
#include "core/work.h"
#include "encap.h"
#include "pure/compat.h"
#include "pure/wire.h"
#include "rx.h"
#include "source.h"

enum { REAP_SECONDS = 60 };	/* between looks for forgotten sockets */

/*
 * A socket of the namespace, under en->sock_lock. For an attached one we hold
 * a sock reference, which socket_destroy() puts, and the module, because the
 * socket calls into it when it is closed. An heir is ours.
 */
struct usock {
	struct list_head node;
	struct sock *sk;
	struct socket *heir;		/* NULL: attached */
	bool abandoned;			/* flushed while it was being closed: no heir */
	struct rcu_head rcu;
};

/* 0: taken. 1: for the owner of the socket. skb->data is at the UDP header. Under RCU. */
static int socket_receive(struct sock *sk, struct sk_buff *skb, bool owned)
{
	unsigned int len = skb->len - ESPL_UDP_HLEN;
	struct espl_net *en = espl_net(sock_net(sk));
	struct espl_outer from;
	__be32 spi;

	if (!pskb_may_pull(skb, ESPL_UDP_HLEN + min_t(unsigned int, len, sizeof(spi))))
		goto drop;
	switch (espl_udp_classify(skb->data + ESPL_UDP_HLEN, len)) {
	case ESPL_UDP_ESP:
		__skb_pull(skb, ESPL_UDP_HLEN);
		if (espl_rx(en, skb, true))
			return 0;
		spi = ((const struct espl_esp_hdr *)skb->data)->spi;
		espl_source_read(skb, true, &from);
		espl_event_bad_spi(&en->bad, spi, &from);
		break;
	case ESPL_UDP_IKE:
		if (owned)
			return 1;
		break;
	case ESPL_UDP_IS_KEEPALIVE:
	case ESPL_UDP_SHORT:
		break;
	}
drop:
	kfree_skb(skb);
	return 0;
}

static int socket_attached_rcv(struct sock *sk, struct sk_buff *skb)
{
	return socket_receive(sk, skb, true);
}

static int socket_heir_rcv(struct sock *sk, struct sk_buff *skb)
{
	return socket_receive(sk, skb, false);
}

/*
 * Whether the ICMP error in front of skb->data tells a path MTU. Where an ICMPv6 redirect has its
 * type there is that of an option, another one.
 */
static bool socket_err_mtu(const struct net *net, const struct sk_buff *skb, u32 *mtu)
{
	const void *head = skb->data - sizeof(struct icmphdr);
	const struct icmp6hdr *icmp6 = head;
	const struct icmphdr *icmp = head;

	if (skb->protocol == htons(ETH_P_IPV6)) {
		*mtu = ntohl(icmp6->icmp6_mtu);
		return icmp6->icmp6_type == ICMPV6_PKT_TOOBIG;
	}
	/* 0: the smallest one, as the kernel has it with ip_no_pmtu_disc */
	*mtu = READ_ONCE(net->ipv4.sysctl_ip_no_pmtu_disc) ? 0 : ntohs(icmp->un.frag.mtu);
	return icmp->type == ICMP_DEST_UNREACH && icmp->code == ICMP_FRAG_NEEDED;
}

/* The outbound SA, in UDP by these ports, of the packet that an ICMP error quotes. */
static const struct espl_sa *socket_err_sa(struct net *net, const struct sk_buff *skb, __be32 spi)
{
	const struct udphdr *uh = udp_hdr(skb);
	const struct espl_endpoint *ep;
	const struct espl_sa *sa;
	struct espl_outer peer;

	if (skb->protocol == htons(ETH_P_IPV6))
		espl_outer_set_v6(&peer, &ipv6_hdr(skb)->daddr, 0);
	else
		espl_outer_set_v4(&peer, ip_hdr(skb)->daddr, 0);
	sa = espl_sa_find_out(espl_net(net), spi, &peer);
	if (!sa)
		return NULL;
	ep = rcu_dereference(sa->policy->endpoint);
	return ep->encap == ESPLANE_ENCAP_UDP && ep->local.port == uh->source &&
	       ep->remote.port == uh->dest ? sa : NULL;
}

/*
 * Asked whether an ICMP error is about a packet of this socket: of IKE, or of an SA of ours, as in
 * raw.c. The kernel then lays a path MTU to the route by the socket's mark: where the policy has
 * another one we do it, and say no. The network and the transport header are those of the packet
 * that is quoted, maybe without what is behind them: then the ports have to do. Under RCU, BH off.
 */
static int socket_err(struct sock *sk, struct sk_buff *skb)
{
	struct net *net = sock_net(sk);
	const struct espl_endpoint *ep;
	const struct espl_sa *sa;
	__be32 spi;
	u32 mtu;

	/* It is asked about packets to this port, too, that another one has sent. */
	if (udp_hdr(skb)->source != inet_sk(sk)->inet_sport)
		return -ENOENT;
	if (ntohs(udp_hdr(skb)->len) < ESPL_UDP_HLEN + ESPL_ESP_HLEN ||
	    skb_copy_bits(skb, skb_transport_offset(skb) + ESPL_UDP_HLEN, &spi, sizeof(spi)) ||
	    !spi)
		return 0;
	sa = socket_err_sa(net, skb, spi);
	if (!sa)
		return -ENOENT;
	ep = rcu_dereference(sa->policy->endpoint);
	if (ep->mark == READ_ONCE(sk->sk_mark) || !socket_err_mtu(net, skb, &mtu))
		return 0;
	espl_encap_path_mtu(net, ep, skb, mtu);
	return -ENOENT;
}

static void socket_close_heir(struct usock *us)
{
	list_del(&us->node);
	udp_tunnel_sock_release(ESPL_UDP_TUNNEL_SOCK(us->heir));
	kfree_rcu(us, rcu);
}

/* Where it is bound. Returns the octets of @addr. */
static int socket_name(const struct sock *sk, struct sockaddr_storage *addr)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)addr;
	struct sockaddr_in *in = (struct sockaddr_in *)addr;

	memset(addr, 0, sizeof(*addr));
	addr->ss_family = sk->sk_family;
	if (sk->sk_family == AF_INET) {
		in->sin_addr.s_addr = inet_sk(sk)->inet_rcv_saddr;
		in->sin_port = htons(inet_sk(sk)->inet_num);
		return sizeof(*in);
	}
#if IS_ENABLED(CONFIG_IPV6)
	in6->sin6_addr = sk->sk_v6_rcv_saddr;
#endif
	in6->sin6_port = htons(inet_sk(sk)->inet_num);
	return sizeof(*in6);
}

/*
 * Binds a socket of ours beside the one that is being closed, so that there is
 * no moment without a socket on the port. SO_REUSEPORT and the owner's uid on
 * both allow it, and later a new owner's socket beside the heir, but nobody
 * else's: unlike SO_REUSEADDR, which asks for no uid.
 */
static int socket_make_heir(struct espl_net *en, struct sock *old)
{
	struct udp_tunnel_sock_cfg cfg = {
		.encap_type	= UDP_ENCAP_ESPINUDP,
		.encap_rcv	= socket_heir_rcv,
		.encap_err_lookup = socket_err,
	};
	struct sockaddr_storage addr;
	struct usock *us;
	int err, len;

	us = kzalloc(sizeof(*us), GFP_KERNEL);
	if (!us)
		return -ENOMEM;
	err = sock_create_kern(en->net, old->sk_family, SOCK_DGRAM, IPPROTO_UDP, &us->heir);
	if (err)
		goto err_free;
	len = socket_name(old, &addr);
	us->sk = us->heir->sk;
	us->sk->sk_bound_dev_if = old->sk_bound_dev_if;
	us->sk->sk_ipv6only = old->sk_ipv6only;
	us->sk->sk_mark = old->sk_mark;		/* of the route that keeps a path MTU */
	udp_set_no_check6_rx(us->sk, udp_get_no_check6_rx(old));
	us->sk->sk_uid = old->sk_uid;
	SOCK_INODE(us->heir)->i_uid = old->sk_uid;
	us->sk->sk_reuseport = 1;
	old->sk_reuseport = 1;
	/* Before it is bound: from then on packets come to it. */
	cfg.sk_user_data = us;
	setup_udp_tunnel_sock(en->net, ESPL_UDP_TUNNEL_SOCK(us->heir), &cfg);
	err = espl_bind(us->heir, &addr, len);
	if (err)
		goto err_release;
	list_add_tail(&us->node, &en->socks);
	return 0;

err_release:
	sock_release(us->heir);
err_free:
	kfree(us);
	return err;
}

static struct usock *socket_find(struct espl_net *en, const struct sock *sk)
{
	struct usock *us;

	list_for_each_entry(us, &en->socks, node)
		if (us->sk == sk)
			return us;
	return NULL;
}

/*
 * An attached socket is closed, mostly because its process has died: called
 * from udp_destroy_sock(), once, in process context, without the socket lock,
 * while the socket is still bound and holds its namespace.
 */
static void socket_destroy(struct sock *sk)
{
	struct espl_net *en = espl_net(sock_net(sk));
	struct usock *us;
	int err = 0;

	mutex_lock(&en->sock_lock);
	us = socket_find(en, sk);
	list_del(&us->node);
	if (!us->abandoned && atomic_read(&en->udp_policies))
		err = socket_make_heir(en, sk);
	mutex_unlock(&en->sock_lock);
	if (err)
		pr_warn("esplane: UDP port %u is closed, its tunnels stop: no new socket, error %d\n",
			inet_sk(sk)->inet_num, err);

	/* All packets to the heir, and from here on none enters the module through this one. */
	sk->sk_prot->unhash(sk);
	WRITE_ONCE(udp_sk(sk)->encap_rcv, NULL);
	WRITE_ONCE(udp_sk(sk)->encap_err_lookup, NULL);
	rcu_assign_sk_user_data(sk, NULL);
	kfree_rcu(us, rcu);
	sock_put(sk);
	module_put(THIS_MODULE);
}

/*
 * Takes our hooks off. udp_destroy_sock() reads them after it has set
 * SOCK_DEAD under the socket lock: once that is set, socket_destroy() will come,
 * unless the owner has switched encapsulation off by setsockopt(UDP_ENCAP).
 */
static void socket_detach(struct usock *us)
{
	struct sock *sk = us->sk;

	lock_sock(sk);
	if (sock_flag(sk, SOCK_DEAD) && udp_sk(sk)->encap_type) {
		us->abandoned = true;
		release_sock(sk);
		return;
	}
	WRITE_ONCE(udp_sk(sk)->encap_type, 0);
	WRITE_ONCE(udp_sk(sk)->encap_rcv, NULL);
	WRITE_ONCE(udp_sk(sk)->encap_err_lookup, NULL);
	WRITE_ONCE(udp_sk(sk)->encap_destroy, NULL);
	rcu_assign_sk_user_data(sk, NULL);
	inet_dec_convert_csum(sk);
	release_sock(sk);

	list_del(&us->node);
	kfree_rcu(us, rcu);
	sock_put(sk);
	module_put(THIS_MODULE);
}

static void socket_let_go(struct usock *us)
{
	if (us->heir)
		socket_close_heir(us);
	else
		socket_detach(us);
}

static int socket_check(struct espl_net *en, const struct socket *sock,
			struct netlink_ext_ack *extack)
{
	const struct sock *sk = sock->sk;

	if (!sk || (sk->sk_family != AF_INET && sk->sk_family != AF_INET6) ||
	    sk->sk_type != SOCK_DGRAM || sk->sk_protocol != IPPROTO_UDP) {
		NL_SET_ERR_MSG(extack, "SOCKET_FD is not a UDP socket");
		return -EINVAL;
	}
	if (!net_eq(sock_net(sk), en->net)) {
		NL_SET_ERR_MSG(extack, "The socket belongs to another network namespace than this request");
		return -EXDEV;
	}
	if (!inet_sk(sk)->inet_num) {
		NL_SET_ERR_MSG(extack, "The socket is not bound; bind it to the NAT traversal port first");
		return -EINVAL;
	}
	return 0;
}

/* Under the socket lock. */
static int socket_hook(struct espl_net *en, struct socket *sock, struct usock *us,
		       struct netlink_ext_ack *extack)
{
	struct udp_tunnel_sock_cfg cfg = {
		.sk_user_data	= us,
		.encap_type	= UDP_ENCAP_ESPINUDP,
		.encap_rcv	= socket_attached_rcv,
		.encap_err_lookup = socket_err,
		.encap_destroy	= socket_destroy,
	};

	if (sock->sk->sk_user_data || udp_sk(sock->sk)->encap_type) {
		NL_SET_ERR_MSG(extack, "The socket is in use by another encapsulation; do not set UDP_ENCAP on it");
		return -EBUSY;
	}
	/* A request can come while the module is being removed: espl_exit() ends them late. */
	if (!try_module_get(THIS_MODULE)) {
		NL_SET_ERR_MSG(extack, "The module is being unloaded");
		return -ENODEV;
	}
	us->sk = sock->sk;
	sock_hold(us->sk);
	setup_udp_tunnel_sock(en->net, ESPL_UDP_TUNNEL_SOCK(sock), &cfg);
	return 0;
}

static bool socket_same_port(const struct sock *a, const struct sock *b)
{
	struct sockaddr_storage at, bt;

	return socket_name(a, &at) == socket_name(b, &bt) && !memcmp(&at, &bt, sizeof(at));
}

static int socket_attach(struct espl_net *en, struct socket *sock, struct netlink_ext_ack *extack)
{
	struct usock *us, *old, *next;
	int err;

	if (socket_find(en, sock->sk))
		return 0;
	us = kzalloc(sizeof(*us), GFP_KERNEL);
	if (!us)
		return -ENOMEM;
	lock_sock(sock->sk);
	err = socket_hook(en, sock, us, extack);
	release_sock(sock->sk);
	if (err) {
		kfree(us);
		return err;
	}
	list_for_each_entry_safe(old, next, &en->socks, node)
		if (socket_same_port(old->sk, sock->sk))
			socket_let_go(old);
	list_add_tail(&us->node, &en->socks);
	queue_delayed_work(espl_wq, &en->sock_reap, REAP_SECONDS * HZ);
	return 0;
}

int espl_socket_attach(struct espl_net *en, int fd, struct netlink_ext_ack *extack)
{
	struct socket *sock;
	int err;

	sock = sockfd_lookup(fd, &err);
	if (!sock) {
		NL_SET_ERR_MSG(extack, "SOCKET_FD is not a socket of the calling process");
		return err;
	}
	err = socket_check(en, sock, extack);
	if (!err) {
		mutex_lock(&en->sock_lock);
		err = socket_attach(en, sock, extack);
		mutex_unlock(&en->sock_lock);
	}
	sockfd_put(sock);
	return err;
}

void espl_sockets_flush(struct espl_net *en)
{
	struct usock *us, *next;

	mutex_lock(&en->sock_lock);
	list_for_each_entry_safe(us, next, &en->socks, node)
		socket_let_go(us);
	mutex_unlock(&en->sock_lock);
}

/* Closed by its owner after setsockopt(UDP_ENCAP, 0): socket_destroy() was not called. */
static bool socket_is_forgotten(const struct usock *us)
{
	return sock_flag(us->sk, SOCK_DEAD) && !udp_sk(us->sk)->encap_type;
}

/*
 * Heirs go when the last policy that used UDP has gone, unless there is another
 * by now. Nobody tells of forgotten sockets, which pin their namespace, so we
 * look once a minute while any is attached.
 */
static void socket_reap(struct work_struct *work)
{
	struct espl_net *en = container_of(to_delayed_work(work), struct espl_net, sock_reap);
	struct usock *us, *next;
	bool attached = false;

	mutex_lock(&en->sock_lock);
	list_for_each_entry_safe(us, next, &en->socks, node) {
		if (us->heir ? !atomic_read(&en->udp_policies) : socket_is_forgotten(us))
			socket_let_go(us);
		else
			attached |= !us->heir;
	}
	mutex_unlock(&en->sock_lock);
	if (attached)
		queue_delayed_work(espl_wq, &en->sock_reap, REAP_SECONDS * HZ);
}

void espl_sockets_init(struct espl_net *en)
{
	mutex_init(&en->sock_lock);
	INIT_LIST_HEAD(&en->socks);
	INIT_DELAYED_WORK(&en->sock_reap, socket_reap);
}

void espl_sockets_leave(struct espl_net *en)
{
	cancel_delayed_work_sync(&en->sock_reap);
	espl_sockets_flush(en);
}
