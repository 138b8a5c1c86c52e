// SPDX-License-Identifier: GPL-2.0
#include "device.h"

#include <linux/if_arp.h>
#include <linux/inetdevice.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <net/addrconf.h>
#include <net/ip_tunnels.h>
#include <net/rtnetlink.h>

#include "core/audit.h"
#include "core/device.h"
#include "core/net.h"
#include "core/satable.h"
#include "core/spd.h"
#include "path/encap.h"
#include "path/socket.h"
#include "path/tx.h"
#include "pure/compat.h"
#include "pure/suite.h"

/*
 * Protects the lists of all espl_net.devices, and lets a look-up take its
 * reference before the device can become dead. Process context.
 */
static DEFINE_SPINLOCK(homes_lock);

/* See espl_device_next(): the other half of 32 bits is for ifindexes. */
enum { DEVICE_ID_MAX = S32_MAX };

/*
 * A hub forwards from one policy to another of the same device. To tell the
 * sender of a shorter way, as on a LAN, would be wrong: there is none. The
 * kernel's switch is that of the device or that of all, so both are set, as
 * WireGuard does; IPv6 redirects need a link-local address.
 */
static void device_end_redirects(struct net_device *netdev)
{
	struct in_device *in = __in_dev_get_rtnl(netdev);

	if (in) {
		IN_DEV_CONF_SET(in, SEND_REDIRECTS, false);
		IPV4_DEVCONF_ALL(dev_net(netdev), SEND_REDIRECTS) = false;
	}
}

static int device_open(struct net_device *netdev)
{
	struct inet6_dev *in6 = __in6_dev_get(netdev);

	device_end_redirects(netdev);
	/* Link-local traffic matches no policy: do not start any. */
	if (in6)
		in6->cnf.addr_gen_mode = IN6_ADDR_GEN_MODE_NONE;
	return 0;
}

/*
 * Under rtnl, after the last packet. Those that wait hold routes and addresses
 * that the device may be about to lose: an ICMP answer would come from a
 * namespace that they have nothing to do with.
 */
static int device_stop(struct net_device *netdev)
{
	struct espl_device *dev = netdev_priv(netdev);

	mutex_lock(&dev->lock);
	espl_spd_drop_waiting(dev);
	mutex_unlock(&dev->lock);
	return 0;
}

static netdev_tx_t device_xmit(struct sk_buff *skb, struct net_device *netdev)
{
	rcu_read_lock();
	espl_tx(netdev_priv(netdev), skb);
	rcu_read_unlock();
	return NETDEV_TX_OK;
}

static void device_stats(struct net_device *netdev, struct rtnl_link_stats64 *to)
{
	struct espl_device *dev = netdev_priv(netdev);
	enum espl_drop why;

	dev_get_tstats64(netdev, to);
	for (why = 0; why < ESPL_DROP_COUNT; why++) {
		u64 n = espl_stats_read(dev->stats, why);

		if (espl_drop_is_rx(why))
			to->rx_dropped += n;
		else
			to->tx_dropped += n;
	}
}

/* Under rtnl. Step 1 and 2 of the removal protocol in policy.c. */
static void device_uninit(struct net_device *netdev)
{
	struct espl_device *dev = netdev_priv(netdev);

	mutex_lock(&dev->lock);
	spin_lock(&homes_lock);
	dev->dead = true;
	spin_unlock(&homes_lock);
	espl_spd_flush(dev);
	mutex_unlock(&dev->lock);
	/* One that was never registered is freed at once: nothing may refer to it. */
	if (netdev->reg_state == NETREG_UNREGISTERING)
		espl_event_raise(&dev->event, ESPL_EVENT_GONE);
}

static bool device_event_tryget(struct espl_event *ev)
{
	struct espl_device *dev = container_of(ev, struct espl_device, event);

	netdev_hold(dev->netdev, &dev->event_ref, GFP_ATOMIC);
	return true;
}

static void device_event_put(struct espl_event *ev)
{
	struct espl_device *dev = container_of(ev, struct espl_device, event);

	netdev_put(dev->netdev, &dev->event_ref);
}

static const struct espl_event_ops device_event_ops = {
	.owner	= ESPL_EVENT_DEVICE,
	.tryget	= device_event_tryget,
	.put	= device_event_put,
};

static const struct net_device_ops device_ops = {
	.ndo_open		= device_open,
	.ndo_stop		= device_stop,
	.ndo_start_xmit		= device_xmit,
	.ndo_get_stats64	= device_stats,
	.ndo_uninit		= device_uninit,
};

static const struct device_type device_type = { .name = ESPLANE_LINK_KIND };

static void device_free_parts(struct espl_device *dev)
{
	gro_cells_destroy(&dev->gro);
	free_percpu(dev->netdev->tstats);
	free_percpu(dev->stats);
	xa_destroy(&dev->policies);
	mutex_destroy(&dev->lock);
}

/* Nothing holds the netdev any more. */
static void device_destruct(struct net_device *netdev)
{
	struct espl_device *dev = netdev_priv(netdev);

	spin_lock(&homes_lock);
	list_del(&dev->home_node);
	spin_unlock(&homes_lock);
	device_free_parts(dev);
	espl_audit_gone(ESPL_OBJ_DEVICE);
}

/*
 * So that the packets of the usual suites, AES-CBC with an ICV of 16 octets and what is shorter,
 * fit into an Ethernet frame in UDP over IPv4. What does not fit is answered as too big.
 */
static unsigned int device_default_mtu(void)
{
	const struct espl_esp_shape usual = { .iv_len = 16, .icv_len = 16, .align = 16 };
	const unsigned int outer = sizeof(struct iphdr) + ESPL_UDP_HLEN;

	return ETH_DATA_LEN - outer - espl_esp_overhead_max(&usual);
}

static void device_setup(struct net_device *netdev)
{
	const netdev_features_t features = NETIF_F_HW_CSUM | NETIF_F_RXCSUM | NETIF_F_SG |
					   NETIF_F_GSO_SOFTWARE | NETIF_F_HIGHDMA;

	netdev->netdev_ops = &device_ops;
	netdev->header_ops = &ip_tunnel_header_ops;
	netdev->type = ARPHRD_NONE;
	netdev->flags = IFF_POINTOPOINT | IFF_NOARP;
	netdev->priv_flags |= IFF_NO_QUEUE;
	espl_netdev_lockless_tx(netdev);
	netdev->features |= features;
	netdev->hw_features |= features;
	netdev->hw_enc_features |= features;
	netdev->needed_headroom = LL_MAX_HEADER + sizeof(struct ipv6hdr) + ESPL_UDP_HLEN +
				  ESPL_ESP_HLEN + ESPL_ESP_IV_MAX;
	netdev->needed_tailroom = espl_suite_overhead_max();
	netdev->mtu = device_default_mtu();
	netdev->min_mtu = ETH_MIN_MTU;
	netdev->max_mtu = IP_MAX_MTU - sizeof(struct iphdr) - ESPL_UDP_HLEN -
			  espl_suite_overhead_max();
	SET_NETDEV_DEVTYPE(netdev, &device_type);
	/* ICMP answers need the packet's own route. */
	netif_keep_dst(netdev);
}

/* Never one that another device of this home has had. */
static int device_take_id(struct espl_device *dev, struct espl_net *en)
{
	spin_lock(&homes_lock);
	if (en->last_device < DEVICE_ID_MAX)
		dev->id = ++en->last_device;
	spin_unlock(&homes_lock);
	return dev->id ? 0 : -ENOSPC;
}

/* Its home is the namespace that it is asked for from. */
static int device_make(struct net_device *netdev, struct net *home)
{
	struct espl_device *dev = netdev_priv(netdev);
	int err = -ENOMEM;

	dev->netdev = netdev;
	rcu_assign_pointer(dev->home, espl_net(home));
	mutex_init(&dev->lock);
	xa_init_flags(&dev->policies, XA_FLAGS_ACCOUNT);
	INIT_LIST_HEAD(&dev->spis);
	espl_selectors_init(&dev->selectors);
	espl_event_prepare(&dev->event, &device_event_ops);

	dev->stats = alloc_percpu(struct espl_stats);
	netdev->tstats = netdev_alloc_pcpu_stats(struct pcpu_sw_netstats);
	if (!dev->stats || !netdev->tstats)
		goto err_free;
	err = device_take_id(dev, espl_net(home));
	if (err)
		goto err_free;
	err = gro_cells_init(&dev->gro, netdev);
	if (err)
		goto err_free;

	err = register_netdevice(netdev);
	if (err && netdev->reg_state != NETREG_UNREGISTERING)
		goto err_free;
	/*
	 * Not earlier: register_netdevice() would call it when it fails. One that
	 * a notifier has refused was visible, and goes the way of all devices.
	 */
	netdev->priv_destructor = device_destruct;
	netdev->needs_free_netdev = !err;
	spin_lock(&homes_lock);
	list_add_tail(&dev->home_node, &espl_net(home)->devices);
	spin_unlock(&homes_lock);
	espl_audit_made(ESPL_OBJ_DEVICE);
	return err;

err_free:
	device_free_parts(dev);
	return err;
}

ESPL_NEWLINK(device_newlink, device_make)

static struct rtnl_link_ops link_ops __read_mostly = {
	.kind		= ESPLANE_LINK_KIND,
	.priv_size	= sizeof(struct espl_device),
	.setup		= device_setup,
	.newlink	= device_newlink,
};

/* With a reference, unless it is on its way out. One of the two is 0. */
static struct espl_device *device_find_born(struct espl_net *en, u32 id, int ifindex)
{
	struct espl_device *dev, *found = NULL;

	spin_lock(&homes_lock);
	list_for_each_entry(dev, &en->devices, home_node) {
		if ((id ? dev->id != id : dev->netdev->ifindex != ifindex) || dev->dead)
			continue;
		dev_hold(dev->netdev);
		found = dev;
		break;
	}
	spin_unlock(&homes_lock);
	return found;
}

struct espl_device *espl_device_get_born(struct net *net, u32 id)
{
	return device_find_born(espl_net(net), id, 0);
}

/* One that lives here, wherever it was born. */
static struct espl_device *device_find_living(struct net *net, int ifindex)
{
	struct net_device *netdev = dev_get_by_index(net, ifindex);

	if (netdev && netdev->netdev_ops == &device_ops)
		return netdev_priv(netdev);
	dev_put(netdev);
	return NULL;
}

struct espl_device *espl_device_get(struct net *net, int ifindex)
{
	return device_find_living(net, ifindex) ?: device_find_born(espl_net(net), 0, ifindex);
}

struct espl_device *espl_device_named(struct net *net, struct nlattr *const *attrs)
{
	if (attrs[ESPLANE_A_DEVICE_ID])
		return espl_device_get_born(net, nla_get_u32(attrs[ESPLANE_A_DEVICE_ID]));
	if (attrs[ESPLANE_A_IFINDEX])
		return espl_device_get(net, nla_get_u32(attrs[ESPLANE_A_IFINDEX]));
	return NULL;
}

void espl_device_put(struct espl_device *dev)
{
	dev_put(dev->netdev);
}

bool espl_device_may_change(const struct sk_buff *request, const struct espl_device *dev)
{
	bool may;

	/* The device may be moving: RCU keeps the namespace it leaves. */
	rcu_read_lock();
	may = netlink_ns_capable(request, dev_net(dev->netdev)->user_ns, CAP_NET_ADMIN);
	rcu_read_unlock();
	return may;
}

/* Of a device that lives here and was born elsewhere, or that has outlived its home. */
static bool device_is_guest(const struct espl_device *dev, const struct net *net)
{
	const struct espl_net *home = rcu_dereference(dev->home);

	return !home || home->net != net;
}

/*
 * The devices in a row that no move changes: those born here by their ids, then
 * the guests by their ifindexes, with the highest bit set.
 */
struct espl_device *espl_device_next(struct net *net, unsigned long *at)
{
	const u32 guest = BIT(31);
	struct net_device *netdev;
	struct espl_device *dev;
	u32 next;

	do {
		next = U32_MAX;
		spin_lock(&homes_lock);
		list_for_each_entry(dev, &espl_net(net)->devices, home_node)
			if (!dev->dead && dev->id >= *at)
				next = min(next, dev->id);
		spin_unlock(&homes_lock);
		rcu_read_lock();
		for_each_netdev_rcu(net, netdev)
			if (netdev->netdev_ops == &device_ops &&
			    (guest | netdev->ifindex) >= *at &&
			    device_is_guest(netdev_priv(netdev), net))
				next = min(next, guest | netdev->ifindex);
		rcu_read_unlock();
		if (next == U32_MAX)
			return NULL;

		/* It may have gone meanwhile: then the one after it. */
		dev = next & guest ? device_find_living(net, next & ~guest) :
				     espl_device_get_born(net, next);
		*at = dev ? next : next + 1UL;
	} while (!dev);
	return dev;
}

static int __net_init device_net_init(struct net *net)
{
	struct espl_net *en = espl_net(net);

	en->net = net;
	INIT_LIST_HEAD(&en->devices);
	espl_event_bad_init(&en->bad);
	espl_sockets_init(en);
	return espl_satable_init(en);
}

/* The device outlives its birth namespace, as a netdev that sends and receives nothing. */
static void device_leave_home(struct espl_device *dev)
{
	netif_carrier_off(dev->netdev);
	mutex_lock(&dev->lock);
	espl_spd_flush(dev);
	rcu_assign_pointer(dev->home, NULL);
	mutex_unlock(&dev->lock);
}

/*
 * The namespace still works, and a grace period will pass before device_net_exit().
 * Under rtnl no device is half dead: it is alive here, or device_uninit() has
 * flushed it.
 */
static void __net_exit device_net_pre_exit(struct net *net)
{
	struct espl_net *en = espl_net(net);
	struct espl_device *dev;

	rtnl_lock();
	spin_lock(&homes_lock);
	while (!list_empty(&en->devices)) {
		dev = list_first_entry(&en->devices, struct espl_device, home_node);
		list_del_init(&dev->home_node);
		if (dev->dead) {
			rcu_assign_pointer(dev->home, NULL);
			continue;
		}
		spin_unlock(&homes_lock);
		device_leave_home(dev);
		spin_lock(&homes_lock);
	}
	spin_unlock(&homes_lock);
	rtnl_unlock();
	espl_sockets_leave(en);
	espl_event_bad_leave(&en->bad);
}

static void __net_exit device_net_exit(struct net *net)
{
	espl_satable_exit(espl_net(net));
}

static struct pernet_operations net_ops = {
	.init		= device_net_init,
	.pre_exit	= device_net_pre_exit,
	.exit		= device_net_exit,
	.id		= &espl_net_id,
	.size		= sizeof(struct espl_net),
};

/*
 * Not a pernet device: those exit while the namespace still has devices, whose
 * packets are looked up in the table that device_net_exit() frees.
 */
int espl_nets_init(void)
{
	return register_pernet_subsys(&net_ops);
}

void espl_nets_exit(void)
{
	unregister_pernet_subsys(&net_ops);
}

int espl_links_init(void)
{
	return rtnl_link_register(&link_ops);
}

void espl_links_exit(void)
{
	rtnl_link_unregister(&link_ops);
}
