// SPDX-License-Identifier: GPL-2.0
/*
 * Changes in quick succession, while others send packets:
 *   churn what=sa dev= id= peer-netns= peer-ifindex= [peer-id=] n= SA...
 *	rekeys a policy of both ends as IKE does: the new inbound SA at the
 *	peer, both directions here in one transaction, the outbound one at
 *	the peer, and the inbound SAs of overlap= rekeys ago are deleted
 *   churn what=policy dev= id= n= in-spi= out-spi= POLICY... SA...
 *	makes a policy with both SAs, and deletes it
 *   churn what=device dev= addr= route= n= id= in-spi= out-spi= POLICY... SA...
 *	makes the device with address, route, policy and SAs, and deletes it
 *   churn what=read n=
 *	changes nothing: dumps all policies and SAs
 * life-ms= is how long a policy or device stays, pause-ms= how long the next one
 * waits; seconds= or SIGTERM ends it early; tolerate: what it works on may vanish
 * meanwhile.
 */
#include "esplctl.h"

#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

enum { OVERLAP_MAX = 64 };

struct end {
	struct ctl c;
	uint32_t dev;
	uint32_t id;
	uint32_t old[OVERLAP_MAX];	/* inbound SPIs, by rekey modulo the overlap */
	uint32_t spi;			/* the newest */
	uint64_t seq;			/* where the next outbound SA begins */
};

static uint64_t refusals;
static bool tolerate;
static volatile sig_atomic_t stopped;

static void stop(int sig)
{
	(void)sig;
	stopped = 1;
}

/* While the packets of others go through what was made */
static void live(void)
{
	usleep(1000 * arg_number("life-ms", 0));
}

/* True: done. A refusal is the end, unless it is to be expected. */
static bool run(struct ctl *c, struct nl_msg *msg, json_t *replies, const char *what)
{
	int err = ctl_talk(c, msg, replies);

	if (!err)
		return true;
	refusals++;
	if (tolerate && (err == -ENODEV || err == -ENOENT || err == -EEXIST))
		return false;
	fprintf(stderr, "esplctl: churn: %s: %s: %s\n", what, strerror(-err), c->reason);
	exit(1);
}

static struct nl_msg *request(struct ctl *c, int cmd, uint32_t dev)
{
	struct nl_msg *msg = ctl_request(c, cmd, 0);

	nla_put_u32(msg, ESPLANE_A_IFINDEX, dev);
	return msg;
}

static bool reserve(struct end *e, uint32_t *spi)
{
	struct nl_msg *msg = request(&e->c, ESPLANE_CMD_SPI_ALLOC, e->dev);
	json_t *replies = json_array();
	bool ok;

	if (*spi)
		nla_put_u32(msg, ESPLANE_A_SPI, *spi);
	ok = run(&e->c, msg, replies, "spi-alloc");
	if (ok)
		*spi = json_integer_value(json_object_get(json_array_get(replies, 0), "spi"));
	json_decref(replies);
	return ok;
}

/* Either SPI may be 0: not that direction. */
static bool install(struct end *e, uint32_t in, uint32_t out)
{
	struct nl_msg *msg = request(&e->c, ESPLANE_CMD_SA_ADD, e->dev);

	nla_put_u32(msg, ESPLANE_A_POLICY_ID, e->id);
	if (in)
		put_sa(msg, ESPLANE_A_SA_IN, "in", in, 0);
	if (out)
		put_sa(msg, ESPLANE_A_SA_OUT, "out", out, e->seq);
	return run(&e->c, msg, NULL, "sa-add");
}

static void retire(struct end *e, uint64_t i, unsigned int overlap)
{
	uint32_t *old = &e->old[i % overlap];

	if (*old) {
		struct nl_msg *msg = request(&e->c, ESPLANE_CMD_SA_DEL, e->dev);

		nla_put_u32(msg, ESPLANE_A_SPI, *old);
		nla_put_u8(msg, ESPLANE_A_DIR, ESPLANE_DIR_IN);
		run(&e->c, msg, NULL, "sa-del");
	}
	*old = e->spi;
}

static void rekey(struct end *a, struct end *b, uint64_t i, unsigned int overlap)
{
	a->spi = 0;
	b->spi = 0;
	if (reserve(a, &a->spi) && reserve(b, &b->spi) && install(b, b->spi, 0) &&
	    install(a, a->spi, b->spi))
		install(b, 0, a->spi);
	retire(a, i, overlap);
	retire(b, i, overlap);
}

static bool make_policy(struct end *e)
{
	struct nl_msg *msg = request(&e->c, ESPLANE_CMD_POLICY_SET, e->dev);
	uint32_t in = arg_number("in-spi", 0);

	put_policy(msg, e->id);
	/* The peer keeps its SA and its window: behind whatever the last one of ours sent. */
	e->seq += 10000;
	return run(&e->c, msg, NULL, "policy-set") && reserve(e, &in) &&
	       install(e, in, arg_number("out-spi", 0));
}

static void renew_policy(struct end *e)
{
	struct nl_msg *msg;

	make_policy(e);
	live();
	msg = request(&e->c, ESPLANE_CMD_POLICY_DEL, e->dev);
	nla_put_u32(msg, ESPLANE_A_POLICY_ID, e->id);
	run(&e->c, msg, NULL, "policy-del");
}

static struct nl_msg *route_request(int type, const void *header, size_t len)
{
	bool make = type != RTM_DELLINK;
	struct nl_msg *msg = nlmsg_alloc_simple(type, NLM_F_REQUEST | NLM_F_ACK |
						(make ? NLM_F_CREATE | NLM_F_EXCL : 0));

	if (!msg || nlmsg_append(msg, (void *)header, len, NLMSG_ALIGNTO))
		die("out of memory");
	return msg;
}

static void make_device(struct ctl *rt, const char *name)
{
	struct ifinfomsg link = { .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	struct ifaddrmsg addr = { .ifa_family = AF_INET, .ifa_prefixlen = 32 };
	struct rtmsg route = {
		.rtm_family = AF_INET, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_STATIC,
		.rtm_type = RTN_UNICAST, .rtm_scope = RT_SCOPE_LINK,
	};
	char *prefix = strdup(arg_need("route")), *bits = strchr(prefix, '/');
	struct nlattr *info;
	struct nl_msg *msg;
	uint8_t octet[16];

	msg = route_request(RTM_NEWLINK, &link, sizeof(link));
	nla_put_string(msg, IFLA_IFNAME, name);
	info = nla_nest_start(msg, IFLA_LINKINFO);
	nla_put_string(msg, IFLA_INFO_KIND, ESPLANE_LINK_KIND);
	nla_nest_end(msg, info);
	run(rt, msg, NULL, "link add");

	addr.ifa_index = device_index(name);
	msg = route_request(RTM_NEWADDR, &addr, sizeof(addr));
	nla_put(msg, IFA_LOCAL, to_address(arg_need("addr"), octet), octet);
	run(rt, msg, NULL, "address add");

	if (!bits)
		die("route= is a prefix");
	*bits = 0;
	route.rtm_dst_len = to_number(bits + 1);
	msg = route_request(RTM_NEWROUTE, &route, sizeof(route));
	nla_put(msg, RTA_DST, to_address(prefix, octet), octet);
	nla_put_u32(msg, RTA_OIF, addr.ifa_index);
	run(rt, msg, NULL, "route add");
	free(prefix);
}

static void renew_device(struct end *e, struct ctl *rt, const char *name)
{
	struct ifinfomsg link = { 0 };

	make_device(rt, name);
	e->dev = device_index(name);
	make_policy(e);
	live();
	link.ifi_index = e->dev;
	run(rt, route_request(RTM_DELLINK, &link, sizeof(link)), NULL, "link delete");
}

/* A dump that met a change says so: that is no refusal. */
static void read_all(struct ctl *c)
{
	static const int cmds[] = { ESPLANE_CMD_POLICY_GET, ESPLANE_CMD_SA_GET };
	int err;

	for (size_t i = 0; i < ARRAY_SIZE(cmds); i++) {
		json_t *replies = json_array();

		err = ctl_talk(c, ctl_request(c, cmds[i], NLM_F_DUMP), replies);
		if (err && err != -EINTR)
			die("churn: dump: %s: %s", strerror(-err), c->reason);
		json_decref(replies);
	}
}

int churn(struct ctl *c)
{
	const char *what = arg_need("what");
	struct end a = { .c = *c, .id = arg_number("id", 1) }, b = { .id = 0 };
	int64_t start = now_ms(), limit = 1000 * arg_number("seconds", 3600);
	uint64_t i, n = to_number(arg_need("n")), overlap = arg_number("overlap", 4);
	uint64_t pause = arg_number("pause-ms", 0);
	struct ctl rt;

	tolerate = arg("tolerate");
	signal(SIGTERM, stop);
	if (!overlap || overlap > OVERLAP_MAX)
		die("overlap= is 1 to %d", OVERLAP_MAX);
	if (!strcmp(what, "device")) {
		ctl_open_route(&rt, NULL);
	} else if (strcmp(what, "read")) {
		a.dev = device_index(arg_need("dev"));
		if (!strcmp(what, "sa")) {
			ctl_open(&b.c, arg_need("peer-netns"));
			b.dev = arg_number("peer-ifindex", 0);
			b.id = arg_number("peer-id", a.id);
		}
	}
	for (i = 0; i < n && !stopped && now_ms() - start < limit; i++) {
		if (!strcmp(what, "sa"))
			rekey(&a, &b, i, overlap);
		else if (!strcmp(what, "policy"))
			renew_policy(&a);
		else if (!strcmp(what, "device"))
			renew_device(&a, &rt, arg_need("dev"));
		else if (!strcmp(what, "read"))
			read_all(&a.c);
		else
			die("what= is 'sa', 'policy', 'device' or 'read'");
		if (pause)
			usleep(1000 * pause);
	}
	printf("{\"rounds\": %llu, \"refusals\": %llu, \"ms\": %lld}\n", (unsigned long long)i,
	       (unsigned long long)refusals, (long long)(now_ms() - start));
	return i < n;
}
