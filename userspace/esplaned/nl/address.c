// SPDX-License-Identifier: GPL-2.0
#include "esplaned/nl/address.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>

static int address_change(struct nl_sock *sk, int type, int flags, int ifindex,
			  const struct prefix *p, char why[NLTALK_WHY_MAX])
{
	/* The local network is not behind the tunnel. Nobody else can have the address there. */
	uint32_t ifa_flags = IFA_F_NOPREFIXROUTE |
			     (p->addr.family == AF_INET6 ? IFA_F_NODAD : 0);
	struct ifaddrmsg ifa = {
		.ifa_family = p->addr.family, .ifa_prefixlen = p->bits,
		.ifa_index = (uint32_t)ifindex,
	};
	struct nl_msg *msg = nltalk_request(type, flags);

	if (msg && (nlmsg_append(msg, &ifa, sizeof(ifa), NLMSG_ALIGNTO) ||
		    nla_put(msg, IFA_LOCAL, (int)addr_len(&p->addr), p->addr.b) ||
		    nla_put(msg, IFA_ADDRESS, (int)addr_len(&p->addr), p->addr.b) ||
		    nla_put_u32(msg, IFA_FLAGS, ifa_flags))) {
		nlmsg_free(msg);
		msg = NULL;
	}
	return nltalk(sk, msg, NULL, NULL, why);
}

int address_add(struct nl_sock *sk, int ifindex, const struct prefix *addr,
		char why[NLTALK_WHY_MAX])
{
	return address_change(sk, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, ifindex, addr, why);
}

int address_del(struct nl_sock *sk, int ifindex, const struct prefix *addr,
		char why[NLTALK_WHY_MAX])
{
	return address_change(sk, RTM_DELADDR, 0, ifindex, addr, why);
}

struct address_search {
	const struct ts *ts;
	int ifindex;
	struct addr *found;
	bool any;
};

static int address_on_dumped(struct nl_msg *msg, void *arg)
{
	const struct ifaddrmsg *ifa = nlmsg_data(nlmsg_hdr(msg));
	struct address_search *search = arg;
	struct nlattr *at[IFA_MAX + 1], *local;
	uint32_t flags = ifa->ifa_flags;
	struct addr addr;

	if (search->any || nlmsg_parse(nlmsg_hdr(msg), sizeof(*ifa), at, IFA_MAX, NULL))
		return NL_SKIP;
	local = at[IFA_LOCAL] ? at[IFA_LOCAL] : at[IFA_ADDRESS];
	if (at[IFA_FLAGS])
		flags = nla_get_u32(at[IFA_FLAGS]);
	/* A loopback address is the preferred source of nothing; a tentative one not yet. */
	if (!local || (int)ifa->ifa_index == search->ifindex || ifa->ifa_scope >= RT_SCOPE_LINK ||
	    (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) ||
	    !addr_from_bytes(&addr, nla_data(local), (size_t)nla_len(local)))
		return NL_SKIP;
	search->any = ts_contains_addr(search->ts, &addr);
	if (search->any)
		*search->found = addr;
	return NL_OK;
}

bool address_inside(struct nl_sock *sk, const struct ts *ts, int ifindex, struct addr *found)
{
	struct address_search search = { .ts = ts, .ifindex = ifindex, .found = found };
	struct ifaddrmsg ifa = { .ifa_family = ts->start.family };
	char why[NLTALK_WHY_MAX];
	int rc = -EAGAIN;

	for (int i = 0; i < NLTALK_DUMPS && rc == -EAGAIN && !search.any; i++) {
		struct nl_msg *msg = nltalk_request(RTM_GETADDR, NLM_F_DUMP);

		if (msg && nlmsg_append(msg, &ifa, sizeof(ifa), NLMSG_ALIGNTO)) {
			nlmsg_free(msg);
			msg = NULL;
		}
		rc = nltalk(sk, msg, address_on_dumped, &search, why);
	}
	return search.any;
}
