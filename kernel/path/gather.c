// SPDX-License-Identifier: GPL-2.0
#include "gather.h"

#include <linux/netdevice.h>
#include <net/ip.h>
#include <net/ipv6.h>
#if IS_ENABLED(CONFIG_NF_DEFRAG_IPV6)
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>
#endif

/* Who is asking; above all of enum ip_defrag_users. */
static u32 gather_user(const struct net_device *netdev)
{
	return BIT(31) | netdev->ifindex;
}

static int gather_v4(const struct net_device *netdev, struct sk_buff *skb)
{
	int err;

	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	err = ip_defrag(dev_net(netdev), skb, gather_user(netdev));
	if (err)
		return err;
	/* Where the fragments had DF it has it too: but it will not pass as a whole. */
	ip_hdr(skb)->frag_off = 0;
	ip_send_check(ip_hdr(skb));
	return 0;
}

#if IS_ENABLED(CONFIG_IPV6) && IS_ENABLED(CONFIG_NF_DEFRAG_IPV6)
static int gather_v6(const struct net_device *netdev, struct sk_buff *skb)
{
	int err;

	memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
	err = nf_ct_frag6_gather(dev_net(netdev), skb, gather_user(netdev));
	if (err && err != -EINPROGRESS)
		kfree_skb(skb);
	return err;
}
#else
static int gather_v6(const struct net_device *netdev, struct sk_buff *skb)
{
	kfree_skb(skb);
	return -EOPNOTSUPP;
}
#endif

int espl_gather(const struct net_device *netdev, struct sk_buff *skb)
{
	int err = skb->protocol == htons(ETH_P_IP) ? gather_v4(netdev, skb) :
						     gather_v6(netdev, skb);

	if (!err)
		skb->ignore_df = 1;
	return err;
}
