// SPDX-License-Identifier: GPL-2.0
#include "esplaned/nl/link.h"

#include <errno.h>
#include <linux/esplane.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINK_ALIAS "esplaned: " /* in front of the tunnel's name */

/* A request that sets the interface's @flags. NULL: no memory. */
static struct nl_msg *link_msg(int type, int nl_flags, int ifindex, unsigned int flags)
{
	struct ifinfomsg info = { .ifi_index = ifindex, .ifi_flags = flags, .ifi_change = flags };
	struct nl_msg *msg = nltalk_request(type, nl_flags);

	if (msg && nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

static struct nl_msg *link_new_msg(const char *name, uint32_t mtu)
{
	struct nl_msg *msg = link_msg(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0, 0);
	struct nlattr *nest;

	if (!msg)
		return NULL;
	if (!nla_put_string(msg, IFLA_IFNAME, name) &&
	    (!mtu || !nla_put_u32(msg, IFLA_MTU, mtu))) {
		nest = nla_nest_start(msg, IFLA_LINKINFO);
		if (nest && !nla_put_string(msg, IFLA_INFO_KIND, ESPLANE_LINK_KIND) &&
		    nla_nest_end(msg, nest) >= 0)
			return msg;
	}
	nlmsg_free(msg);
	return NULL;
}

static void link_add_failed(int rc, const char *name, uint32_t mtu, char why[NLTALK_WHY_MAX])
{
	char text[NLTALK_WHY_MAX];

	if (rc == -EEXIST) {
		snprintf(why, NLTALK_WHY_MAX,
			 "interface %s exists and was not made by esplaned: remove it, or give the "
			 "tunnel another name for its interface (option interface)",
			 name);
	} else if (rc == -EOPNOTSUPP) {
		snprintf(why, NLTALK_WHY_MAX,
			 "the kernel knows no interfaces of kind esplane: try modprobe esplane");
	} else if (rc == -EINVAL && mtu) {
		snprintf(text, sizeof(text), "%s", why);
		snprintf(why, NLTALK_WHY_MAX, "mtu = %u: %.200s", mtu, text);
	}
}

/* The kernel ignores an alias in a request that makes an interface. */
static int link_set_alias(struct nl_sock *sk, int ifindex, const char *tunnel,
			  char why[NLTALK_WHY_MAX])
{
	struct nl_msg *msg = link_msg(RTM_NEWLINK, 0, ifindex, 0);
	char alias[sizeof(LINK_ALIAS) + LINK_TUNNEL_MAX];

	snprintf(alias, sizeof(alias), LINK_ALIAS "%s", tunnel);
	if (msg && nla_put(msg, IFLA_IFALIAS, (int)strlen(alias), alias)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	return nltalk(sk, msg, NULL, NULL, why);
}

int link_add(struct nl_sock *sk, const char *name, const char *tunnel, uint32_t mtu, int *ifindex,
	     char why[NLTALK_WHY_MAX])
{
	char ignored[NLTALK_WHY_MAX];
	int rc;

	rc = nltalk(sk, link_new_msg(name, mtu), NULL, NULL, why);
	if (rc) {
		link_add_failed(rc, name, mtu, why);
		return rc;
	}
	*ifindex = (int)if_nametoindex(name);
	if (!*ifindex) {
		snprintf(why, NLTALK_WHY_MAX, "interface %s went away as it was made", name);
		return -ENODEV;
	}
	rc = link_set_alias(sk, *ifindex, tunnel, why);
	if (rc) {
		link_del(sk, *ifindex, ignored);
		*ifindex = 0;
	}
	return rc;
}

int link_up(struct nl_sock *sk, int ifindex, char why[NLTALK_WHY_MAX])
{
	return nltalk(sk, link_msg(RTM_NEWLINK, 0, ifindex, IFF_UP), NULL, NULL, why);
}

int link_del(struct nl_sock *sk, int ifindex, char why[NLTALK_WHY_MAX])
{
	return nltalk(sk, link_msg(RTM_DELLINK, 0, ifindex, 0), NULL, NULL, why);
}

struct link_own {
	int ifindex;
	char tunnel[LINK_TUNNEL_MAX];
};

struct link_list {
	struct link_own *own;
	size_t count;
	bool full;		/* no memory for one */
};

static bool link_is_ours(struct nlattr **at, char tunnel[LINK_TUNNEL_MAX])
{
	struct nlattr *info[IFLA_INFO_MAX + 1];
	char alias[sizeof(LINK_ALIAS) + LINK_TUNNEL_MAX];

	if (!at[IFLA_IFALIAS] || !at[IFLA_LINKINFO] ||
	    nla_parse_nested(info, IFLA_INFO_MAX, at[IFLA_LINKINFO], NULL) ||
	    !info[IFLA_INFO_KIND] || nla_strcmp(info[IFLA_INFO_KIND], ESPLANE_LINK_KIND))
		return false;
	nla_strlcpy(alias, at[IFLA_IFALIAS], sizeof(alias));
	if (strncmp(alias, LINK_ALIAS, strlen(LINK_ALIAS)))
		return false;
	snprintf(tunnel, LINK_TUNNEL_MAX, "%.63s", alias + strlen(LINK_ALIAS));
	return true;
}

static int link_on_dumped(struct nl_msg *msg, void *arg)
{
	const struct ifinfomsg *info = nlmsg_data(nlmsg_hdr(msg));
	struct nlattr *at[IFLA_MAX + 1];
	struct link_list *list = arg;
	struct link_own own, *more;

	if (nlmsg_parse(nlmsg_hdr(msg), sizeof(*info), at, IFLA_MAX, NULL) ||
	    !link_is_ours(at, own.tunnel))
		return NL_SKIP;
	own.ifindex = info->ifi_index;
	more = reallocarray(list->own, list->count + 1, sizeof(*more));
	if (!more) {
		list->full = true;
		return NL_SKIP;
	}
	list->own = more;
	list->own[list->count++] = own;
	return NL_OK;
}

int link_dump(struct nl_sock *sk, void (*fn)(void *ctx, int ifindex, const char *tunnel), void *ctx,
	      char why[NLTALK_WHY_MAX])
{
	struct link_list list = { 0 };
	int rc = -EAGAIN;

	for (int i = 0; i < NLTALK_DUMPS && rc == -EAGAIN; i++) {
		list.count = 0;
		rc = nltalk(sk, link_msg(RTM_GETLINK, NLM_F_DUMP, 0, 0), link_on_dumped, &list,
			    why);
	}
	for (size_t i = 0; i < list.count; i++)
		fn(ctx, list.own[i].ifindex, list.own[i].tunnel);
	free(list.own);
	if (list.full)
		snprintf(why, NLTALK_WHY_MAX, "no memory");
	return list.full ? -ENOMEM : rc;
}

static int link_on_got(struct nl_msg *msg, void *arg)
{
	const struct ifinfomsg *info = nlmsg_data(nlmsg_hdr(msg));
	struct nlattr *at[IFLA_MAX + 1];
	struct link_state *state = arg;

	if (nlmsg_parse(nlmsg_hdr(msg), sizeof(*info), at, IFLA_MAX, NULL))
		return NL_SKIP;
	state->up = info->ifi_flags & IFF_UP;
	if (at[IFLA_IFNAME])
		nla_strlcpy(state->name, at[IFLA_IFNAME], sizeof(state->name));
	if (at[IFLA_MTU])
		state->mtu = nla_get_u32(at[IFLA_MTU]);
	return NL_OK;
}

int link_get(struct nl_sock *sk, int ifindex, struct link_state *state, char why[NLTALK_WHY_MAX])
{
	memset(state, 0, sizeof(*state));
	return nltalk(sk, link_msg(RTM_GETLINK, 0, ifindex, 0), link_on_got, state, why);
}
