// SPDX-License-Identifier: GPL-2.0
#include "esplaned/nl/route.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <stdio.h>
#include <string.h>

#define ROUTE_METRIC_IPV6	1024	/* IP6_RT_PRIO_USER: what 0 means there */

uint32_t route_metric(uint8_t family, uint32_t metric)
{
	return family == AF_INET6 && !metric ? ROUTE_METRIC_IPV6 : metric;
}

static bool route_put_addr(struct nl_msg *msg, int type, const struct addr *addr)
{
	return !addr->family || !nla_put(msg, type, (int)addr_len(addr), addr->b);
}

/* RFC 5549: an IPv4 route may lead to an IPv6 gateway. */
static bool route_put_gateway(struct nl_msg *msg, const struct route *r)
{
	struct {
		__kernel_sa_family_t family;
		uint8_t addr[16];
	} via = { .family = r->gateway.family };

	if (!r->gateway.family || r->gateway.family == r->dst.addr.family)
		return route_put_addr(msg, RTA_GATEWAY, &r->gateway);
	memcpy(via.addr, r->gateway.b, sizeof(via.addr));
	return !nla_put(msg, RTA_VIA, (int)(sizeof(via.family) + addr_len(&r->gateway)), &via);
}

static struct nl_msg *route_msg(int type, int flags, const struct route *r)
{
	bool local = !r->gateway.family && r->dst.addr.family == AF_INET && !r->unreachable;
	struct rtmsg rtm = {
		.rtm_family = r->dst.addr.family, .rtm_dst_len = r->dst.bits,
		.rtm_protocol = ROUTE_PROTOCOL,
		.rtm_type = r->unreachable ? RTN_UNREACHABLE : RTN_UNICAST,
		.rtm_scope = local ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
		.rtm_flags = r->onlink ? RTNH_F_ONLINK : 0,
	};
	struct nl_msg *msg = nltalk_request(type, flags);

	if (!msg)
		return NULL;
	if (type == RTM_DELROUTE)
		rtm.rtm_scope = RT_SCOPE_NOWHERE;	/* any */
	if (!nlmsg_append(msg, &rtm, sizeof(rtm), NLMSG_ALIGNTO) &&
	    !nla_put_u32(msg, RTA_TABLE, r->table) && route_put_addr(msg, RTA_DST, &r->dst.addr) &&
	    (!r->metric || !nla_put_u32(msg, RTA_PRIORITY, r->metric)) &&
	    (!r->ifindex || !nla_put_u32(msg, RTA_OIF, (uint32_t)r->ifindex)) &&
	    route_put_gateway(msg, r) && route_put_addr(msg, RTA_PREFSRC, &r->source))
		return msg;
	nlmsg_free(msg);
	return NULL;
}

int route_add(struct nl_sock *sk, const struct route *route, bool replace,
	      char why[NLTALK_WHY_MAX])
{
	int flags = NLM_F_CREATE | (replace ? NLM_F_REPLACE : NLM_F_EXCL);

	return nltalk(sk, route_msg(RTM_NEWROUTE, flags, route), NULL, NULL, why);
}

int route_del(struct nl_sock *sk, const struct route *route, char why[NLTALK_WHY_MAX])
{
	return nltalk(sk, route_msg(RTM_DELROUTE, 0, route), NULL, NULL, why);
}

static bool route_read_addr(struct addr *addr, struct nlattr *attr)
{
	return attr && addr_from_bytes(addr, nla_data(attr), (size_t)nla_len(attr));
}

/* Interface and gateway of a hop, or of a route with one hop. */
static void route_read_hop(struct route *r, struct nlattr **at)
{
	const size_t family_len = sizeof(__kernel_sa_family_t);

	if (at[RTA_OIF] && nla_len(at[RTA_OIF]) == 4)
		r->ifindex = (int)nla_get_u32(at[RTA_OIF]);
	if (at[RTA_GATEWAY])
		route_read_addr(&r->gateway, at[RTA_GATEWAY]);
	else if (at[RTA_VIA] && (size_t)nla_len(at[RTA_VIA]) > family_len)
		addr_from_bytes(&r->gateway, (uint8_t *)nla_data(at[RTA_VIA]) + family_len,
				(size_t)nla_len(at[RTA_VIA]) - family_len);
}

static void route_read_first_hop(struct route *r, struct nlattr *attr)
{
	struct rtnexthop *hop = nla_data(attr);
	struct nlattr *at[RTA_MAX + 1];

	if ((size_t)nla_len(attr) < sizeof(*hop) || hop->rtnh_len < sizeof(*hop) ||
	    hop->rtnh_len > nla_len(attr) ||
	    nla_parse(at, RTA_MAX, (struct nlattr *)RTNH_DATA(hop),
		      (int)(hop->rtnh_len - sizeof(*hop)), NULL))
		return;
	route_read_hop(r, at);
	r->ifindex = hop->rtnh_ifindex;
	r->onlink = hop->rtnh_flags & RTNH_F_ONLINK;
	r->usable = r->usable && !(hop->rtnh_flags & RTNH_F_DEAD);
}

/* False: a kind of route that does not concern us. */
static bool route_read(struct nlmsghdr *hdr, struct route *r)
{
	const struct rtmsg *rtm = nlmsg_data(hdr);
	struct nlattr *at[RTA_MAX + 1];

	memset(r, 0, sizeof(*r));
	if (hdr->nlmsg_type != RTM_NEWROUTE || nlmsg_parse(hdr, sizeof(*rtm), at, RTA_MAX, NULL))
		return false;
	if (rtm->rtm_type != RTN_UNICAST && rtm->rtm_type != RTN_UNREACHABLE &&
	    rtm->rtm_type != RTN_BLACKHOLE && rtm->rtm_type != RTN_PROHIBIT)
		return false;
	r->dst.bits = rtm->rtm_dst_len;
	if (!route_read_addr(&r->dst.addr, at[RTA_DST]))
		r->dst.addr.family = rtm->rtm_family;
	r->table = at[RTA_TABLE] ? nla_get_u32(at[RTA_TABLE]) : rtm->rtm_table;
	r->metric = at[RTA_PRIORITY] ? nla_get_u32(at[RTA_PRIORITY]) : 0;
	r->protocol = rtm->rtm_protocol;
	r->unreachable = rtm->rtm_type == RTN_UNREACHABLE;
	r->onlink = rtm->rtm_flags & RTNH_F_ONLINK;
	route_read_addr(&r->source, at[RTA_PREFSRC]);
	r->usable = rtm->rtm_type == RTN_UNICAST && !(rtm->rtm_flags & RTNH_F_DEAD);
	if (rtm->rtm_type != RTN_UNICAST)	/* IPv6 says lo */
		return true;
	route_read_hop(r, at);
	if (at[RTA_MULTIPATH])
		route_read_first_hop(r, at[RTA_MULTIPATH]);
	r->usable = r->usable && r->ifindex;
	return true;
}

struct route_reader {
	uint8_t family;
	uint32_t table;
	void (*fn)(void *ctx, const struct route *route);
	void *ctx;
};

static int route_on_dumped(struct nl_msg *msg, void *arg)
{
	const struct route_reader *reader = arg;
	const struct rtmsg *rtm = nlmsg_data(nlmsg_hdr(msg));
	struct route route;

	if (route_read(nlmsg_hdr(msg), &route) && !(rtm->rtm_flags & RTM_F_CLONED) &&
	    (!reader->table || reader->table == route.table))
		reader->fn(reader->ctx, &route);
	return NL_OK;
}

static int route_dump_family(struct nl_sock *sk, struct route_reader *reader, uint8_t family,
			     char why[NLTALK_WHY_MAX])
{
	struct rtmsg rtm = { .rtm_family = family };
	int rc = -EAGAIN;

	/* What has changed meanwhile is read again: a route of then may be missing. */
	for (int i = 0; i < NLTALK_DUMPS && rc == -EAGAIN; i++) {
		struct nl_msg *msg = nltalk_request(RTM_GETROUTE, NLM_F_DUMP);

		if (msg && (nlmsg_append(msg, &rtm, sizeof(rtm), NLMSG_ALIGNTO) ||
			    (reader->table && nla_put_u32(msg, RTA_TABLE, reader->table)))) {
			nlmsg_free(msg);
			msg = NULL;
		}
		rc = nltalk(sk, msg, route_on_dumped, reader, why);
	}
	/* The kernel answers so where the table has never had a route. */
	return rc == -ENOENT ? 0 : rc;
}

int route_dump(struct nl_sock *sk, uint8_t family, uint32_t table,
	       void (*fn)(void *ctx, const struct route *route), void *ctx,
	       char why[NLTALK_WHY_MAX])
{
	struct route_reader reader = { .table = table, .fn = fn, .ctx = ctx };
	int rc = 0;

	if (family != AF_INET6)
		rc = route_dump_family(sk, &reader, AF_INET, why);
	if (!rc && family != AF_INET)
		rc = route_dump_family(sk, &reader, AF_INET6, why);
	return rc;
}

struct route_search {
	const struct route *want;
	struct route *found;
	bool any;
};

static void route_compare(void *ctx, const struct route *route)
{
	struct route_search *search = ctx;

	if (search->any || route->metric != search->want->metric ||
	    !prefix_equal(&route->dst, &search->want->dst))
		return;
	*search->found = *route;
	search->any = true;
}

bool route_find(struct nl_sock *sk, const struct route *want, struct route *found)
{
	struct route_search search = { .want = want, .found = found };
	char why[NLTALK_WHY_MAX];

	route_dump(sk, want->dst.addr.family, want->table, route_compare, &search, why);
	return search.any;
}

static int route_on_got(struct nl_msg *msg, void *arg)
{
	route_read(nlmsg_hdr(msg), arg);
	return NL_OK;
}

static bool route_put_packet(struct nl_msg *msg, const struct pick *as)
{
	return (!as->proto || !nla_put_u8(msg, RTA_IP_PROTO, as->proto)) &&
	       (!as->sport.start || !nla_put_u16(msg, RTA_SPORT, htons(as->sport.start))) &&
	       (!as->dport.start || !nla_put_u16(msg, RTA_DPORT, htons(as->dport.start)));
}

int route_get(struct nl_sock *sk, const struct addr *to, uint32_t mark, const struct pick *as,
	      struct route *route, char why[NLTALK_WHY_MAX])
{
	struct rtmsg rtm = {
		.rtm_family = to->family, .rtm_dst_len = (unsigned char)(addr_len(to) * 8),
	};
	struct nl_msg *msg = nltalk_request(RTM_GETROUTE, 0);
	int rc;

	memset(route, 0, sizeof(*route));
	if (msg && (nlmsg_append(msg, &rtm, sizeof(rtm), NLMSG_ALIGNTO) ||
		    !route_put_addr(msg, RTA_DST, to) ||
		    !route_put_packet(msg, as) ||
		    (mark && nla_put_u32(msg, RTA_MARK, mark)))) {
		nlmsg_free(msg);
		msg = NULL;
	}
	rc = nltalk(sk, msg, route_on_got, route, why);
	if (!rc && !route->usable) {
		snprintf(why, NLTALK_WHY_MAX, "there is no route to it");
		return -ENETUNREACH;
	}
	return rc;
}
