// SPDX-License-Identifier: GPL-2.0
#include "esplaned/nl/rule.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <string.h>

#include "esplaned/nl/route.h"

#define RULE_OWN	"lo"	/* "input" interface of what the host itself sends */

bool rule_equal(const struct rule *a, const struct rule *b)
{
	return a->family == b->family && a->priority == b->priority && a->mark == b->mark &&
	       a->own == b->own && a->proto == b->proto && a->sport.start == b->sport.start &&
	       a->sport.end == b->sport.end && a->dport.start == b->dport.start &&
	       a->dport.end == b->dport.end && prefix_equal(&a->dst, &b->dst) &&
	       a->table == b->table && a->next == b->next && a->suppress == b->suppress;
}

static bool rule_put_ports(struct nl_msg *msg, int type, const struct pick_ports *ports)
{
	const struct fib_rule_port_range range = { ports->start, ports->end };

	return !ports->start || !nla_put(msg, type, sizeof(range), &range);
}

static bool rule_put_packets(struct nl_msg *msg, const struct rule *rule)
{
	return (!rule->mark || !nla_put_u32(msg, FRA_FWMARK, rule->mark)) &&
	       (!rule->own || !nla_put_string(msg, FRA_IIFNAME, RULE_OWN)) &&
	       (!rule->proto || !nla_put_u8(msg, FRA_IP_PROTO, rule->proto)) &&
	       rule_put_ports(msg, FRA_SPORT_RANGE, &rule->sport) &&
	       rule_put_ports(msg, FRA_DPORT_RANGE, &rule->dport) &&
	       (!rule->dst.bits || !nla_put(msg, FRA_DST, (int)addr_len(&rule->dst.addr),
					    rule->dst.addr.b));
}

/* Where they look, or go on. */
static bool rule_put_target(struct nl_msg *msg, const struct rule *rule)
{
	if (rule->table)
		return !nla_put_u32(msg, FRA_TABLE, rule->table);
	return !rule->next || !nla_put_u32(msg, FRA_GOTO, rule->next);
}

static struct nl_msg *rule_msg(int type, int flags, const struct rule *rule)
{
	const struct fib_rule_hdr hdr = {
		.family = rule->family, .dst_len = rule->dst.bits,
		.action = rule->table ? FR_ACT_TO_TBL : rule->next ? FR_ACT_GOTO : FR_ACT_NOP,
	};
	struct nl_msg *msg = nltalk_request(type, flags);

	if (!msg)
		return NULL;
	if (!nlmsg_append(msg, (void *)&hdr, sizeof(hdr), NLMSG_ALIGNTO) &&
	    !nla_put_u32(msg, FRA_PRIORITY, rule->priority) && rule_put_packets(msg, rule) &&
	    rule_put_target(msg, rule) &&
	    (rule->suppress < 0 ||
	     !nla_put_u32(msg, FRA_SUPPRESS_PREFIXLEN, (uint32_t)rule->suppress)) &&
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

static uint32_t rule_read_u32(struct nlattr *attr)
{
	return attr && nla_len(attr) == 4 ? nla_get_u32(attr) : 0;
}

static uint8_t rule_read_u8(struct nlattr *attr)
{
	return attr && nla_len(attr) == 1 ? nla_get_u8(attr) : 0;
}

static struct pick_ports rule_read_ports(struct nlattr *attr)
{
	const struct fib_rule_port_range *range = attr ? nla_data(attr) : NULL;

	if (!attr || nla_len(attr) != sizeof(*range))
		return (struct pick_ports){ 0 };
	return (struct pick_ports){ range->start, range->end };
}

/* False: not one of ours. */
static bool rule_read(struct nlmsghdr *hdr, struct rule *rule)
{
	const struct fib_rule_hdr *frh = nlmsg_data(hdr);
	struct nlattr *at[FRA_MAX + 1];

	*rule = (struct rule){ .suppress = RULE_NO_SUPPRESS };
	if (hdr->nlmsg_type != RTM_NEWRULE || nlmsg_parse(hdr, sizeof(*frh), at, FRA_MAX, NULL) ||
	    rule_read_u8(at[FRA_PROTOCOL]) != ROUTE_PROTOCOL)
		return false;
	rule->family = frh->family;
	rule->priority = rule_read_u32(at[FRA_PRIORITY]);
	rule->mark = rule_read_u32(at[FRA_FWMARK]);
	rule->own = at[FRA_IIFNAME] && !nla_strcmp(at[FRA_IIFNAME], RULE_OWN);
	rule->proto = rule_read_u8(at[FRA_IP_PROTO]);
	rule->sport = rule_read_ports(at[FRA_SPORT_RANGE]);
	rule->dport = rule_read_ports(at[FRA_DPORT_RANGE]);
	if (at[FRA_DST] && addr_from_bytes(&rule->dst.addr, nla_data(at[FRA_DST]),
					   (size_t)nla_len(at[FRA_DST])))
		rule->dst.bits = frh->dst_len;
	rule->next = frh->action == FR_ACT_GOTO ? rule_read_u32(at[FRA_GOTO]) : 0;
	rule->table = frh->action == FR_ACT_TO_TBL ? rule_read_u32(at[FRA_TABLE]) : 0;
	if (at[FRA_SUPPRESS_PREFIXLEN])	/* -1: not given */
		rule->suppress = (int)rule_read_u32(at[FRA_SUPPRESS_PREFIXLEN]);
	return true;
}

struct rule_reader {
	void (*fn)(void *ctx, const struct rule *rule);
	void *ctx;
};

static int rule_on_dumped(struct nl_msg *msg, void *arg)
{
	const struct rule_reader *reader = arg;
	struct rule rule;

	if (rule_read(nlmsg_hdr(msg), &rule))
		reader->fn(reader->ctx, &rule);
	return NL_OK;
}

int rule_dump(struct nl_sock *sk, uint8_t family, void (*fn)(void *ctx, const struct rule *rule),
	      void *ctx, char why[NLTALK_WHY_MAX])
{
	struct rule_reader reader = { .fn = fn, .ctx = ctx };
	const struct fib_rule_hdr hdr = { .family = family };
	struct nl_msg *msg = nltalk_request(RTM_GETRULE, NLM_F_DUMP);

	if (msg && nlmsg_append(msg, (void *)&hdr, sizeof(hdr), NLMSG_ALIGNTO)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	return nltalk(sk, msg, rule_on_dumped, &reader, why);
}
