// SPDX-License-Identifier: GPL-2.0
#include "esplaned/nl/stat.h"

#include <linux/esplane.h>
#include <netlink/attr.h>

static const char *const stat_names[ESPLANE_STAT_A_MAX + 1] = {
	[ESPLANE_STAT_A_TX_NO_POLICY]	= "tx-no-policy",
	[ESPLANE_STAT_A_TX_NO_SA]	= "tx-no-sa",
	[ESPLANE_STAT_A_TX_EXPIRED]	= "tx-expired",
	[ESPLANE_STAT_A_TX_SEQUENCE]	= "tx-sequence",
	[ESPLANE_STAT_A_TX_TOO_BIG]	= "tx-too-big",
	[ESPLANE_STAT_A_TX_NO_ROUTE]	= "tx-no-route",
	[ESPLANE_STAT_A_TX_LOOP]	= "tx-loop",
	[ESPLANE_STAT_A_TX_NO_MEMORY]	= "tx-no-memory",
	[ESPLANE_STAT_A_TX_CRYPTO]	= "tx-crypto",
	[ESPLANE_STAT_A_TX_PROTOCOL]	= "tx-protocol",
	[ESPLANE_STAT_A_RX_SHORT]	= "rx-short",
	[ESPLANE_STAT_A_RX_REPLAY]	= "rx-replay",
	[ESPLANE_STAT_A_RX_STALE]	= "rx-stale",
	[ESPLANE_STAT_A_RX_AUTH]	= "rx-auth",
	[ESPLANE_STAT_A_RX_EXPIRED]	= "rx-expired",
	[ESPLANE_STAT_A_RX_PADDING]	= "rx-padding",
	[ESPLANE_STAT_A_RX_PROTOCOL]	= "rx-protocol",
	[ESPLANE_STAT_A_RX_SELECTOR]	= "rx-selector",
	[ESPLANE_STAT_A_RX_DUMMY]	= "rx-dummy",
	[ESPLANE_STAT_A_RX_ECN]		= "rx-ecn",
	[ESPLANE_STAT_A_RX_NO_MEMORY]	= "rx-no-memory",
	[ESPLANE_STAT_A_RX_CRYPTO]	= "rx-crypto",
	[ESPLANE_STAT_A_RX_DOWN]	= "rx-down",
	[ESPLANE_STAT_A_TX_ENDPOINT]	= "tx-endpoint",
	[ESPLANE_STAT_A_TX_FRAGMENT]	= "tx-fragment",
};

static const char *stat_name(int type)
{
	return type > 0 && type <= ESPLANE_STAT_A_MAX ? stat_names[type] : NULL;
}

void stat_read(struct kern_sa_info *info, const struct nlattr *stats)
{
	struct nlattr *attr;
	int left;

	nla_for_each_nested(attr, stats, left) {
		const char *name = stat_name(nla_type(attr));

		if (nla_len(attr) != 8 || !name || info->drop_count == KERN_DROPS_MAX)
			continue;
		info->drops[info->drop_count].reason = name;
		info->drops[info->drop_count++].count = nla_get_u64(attr);
	}
}
