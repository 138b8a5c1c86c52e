// SPDX-License-Identifier: GPL-2.0
#include "esplaned/nl/rule.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netlink/attr.h>

#include "esplaned/nl/route.h"

static struct nl_msg *rule_msg(int type, int flags, const struct rule *rule)
{
	const struct fib_rule_hdr hdr = { .family = rule->family, .action = FR_ACT_TO_TBL };
	const struct fib_rule_port_range sport = { rule->sport, rule->sport };
	struct nl_msg *msg = nlmsg_alloc_simple(type, flags);

	if (!msg)
		return NULL;
	if (!nlmsg_append(msg, (void *)&hdr, sizeof(hdr), NLMSG_ALIGNTO) &&
	    !nla_put_u32(msg, FRA_TABLE, rule->table) &&
	    !nla_put_u32(msg, FRA_PRIORITY, rule->priority) &&
	    !nla_put_u8(msg, FRA_IP_PROTO, IPPROTO_UDP) &&
	    !nla_put(msg, FRA_SPORT_RANGE, sizeof(sport), &sport) &&
	    !nla_put_u8(msg, FRA_PROTOCOL, ROUTE_PROTOCOL))
		return msg;
	nlmsg_free(msg);
	return NULL;
}

int rule_add(struct nl_sock *sk, const struct rule *rule, char why[NLTALK_WHY_MAX])
{
	const int flags = NLM_F_CREATE | NLM_F_EXCL;
	int rc = nltalk(sk, rule_msg(RTM_NEWRULE, flags, rule), NULL, NULL, why);

	return rc == -EEXIST ? 0 : rc;
}

int rule_del(struct nl_sock *sk, const struct rule *rule, char why[NLTALK_WHY_MAX])
{
	return nltalk(sk, rule_msg(RTM_DELRULE, 0, rule), NULL, NULL, why);
}
