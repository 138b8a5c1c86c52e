// SPDX-License-Identifier: GPL-2.0
/*
 * Requests for which memory is short: every allocation that the kernel makes for one fails once,
 * /proc/self/fail-nth (the debug kernel has it, scenario/starve sets it up). Either all of the
 * request is done, or nothing has changed.
 */
#include "esplctl.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENDPOINT "encap=0 local-addr=192.0.2.1 remote-addr=192.0.2.2 "
#define TS "local-ts{start=10.1.0.0 end=10.1.0.255} remote-ts{start=10.2.0.1 end=10.2.0.6} "
#define PORTS "local-ts{start=10.3.0.0 end=10.3.0.255 proto=6 port-start=1000 port-end=1002} " \
	"remote-ts{start=10.4.0.0 end=10.4.0.255 proto=6 port-start=80 port-end=80} "
#define GCM "encr=20 encr-key=0102030405060708090a0b0c0d0e0f1011121314 "
#define CBC "encr=12 encr-key=0102030405060708090a0b0c0d0e0f10 integ=12 " \
	"integ-key=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f "

enum { FAILS_MAX = 2000, UNKNOWN = 1 };	/* UNKNOWN: done or refused, the answer got lost */

struct request {
	int cmd;		/* 0: none */
	const char *text;	/* put_text(), without the device */
};

/* Device and policy 1 are there, SPIs 0x1001 and 0x1002 are reserved. */
static const struct {
	const char *what;
	struct request make;
	struct request undo[3];	/* the first is refused if there is nothing to undo */
	bool change;		/* of what is there: it never is */
} steps[] = {
	{ "a policy", { ESPLANE_CMD_POLICY_SET, "policy{id=2 " ENDPOINT TS PORTS "}" },
	  { { ESPLANE_CMD_POLICY_DEL, "policy-id=2" } }, false },
	{ "a change of a policy",
	  { ESPLANE_CMD_POLICY_SET, "policy{id=1 remote-addr=192.0.2.3 " PORTS "}" },
	  { { ESPLANE_CMD_POLICY_SET, "policy{id=1 " ENDPOINT TS "}" } }, true },
	{ "an SPI", { ESPLANE_CMD_SPI_ALLOC, "spi=0x1003" },
	  { { ESPLANE_CMD_SA_DEL, "spi=0x1003 dir=1" } }, false },
	{ "two SAs of an AEAD",
	  { ESPLANE_CMD_SA_ADD,
	    "policy-id=1 sa-in{spi=0x1001 " GCM "} sa-out{spi=0x2001 " GCM "}" },
	  { { ESPLANE_CMD_SA_DEL, "policy-id=1 spi=0x2001 dir=2" },
	    { ESPLANE_CMD_SA_DEL, "spi=0x1001 dir=1" },
	    { ESPLANE_CMD_SPI_ALLOC, "spi=0x1001" } }, false },
	{ "two SAs of cipher and MAC",
	  { ESPLANE_CMD_SA_ADD,
	    "policy-id=1 sa-in{spi=0x1002 " CBC "} sa-out{spi=0x2002 " CBC "}" },
	  { { ESPLANE_CMD_SA_DEL, "policy-id=1 spi=0x2002 dir=2" },
	    { ESPLANE_CMD_SA_DEL, "spi=0x1002 dir=1" },
	    { ESPLANE_CMD_SPI_ALLOC, "spi=0x1002" } }, false },
};

static struct nl_msg *request(struct ctl *c, uint32_t dev, const struct request *r)
{
	struct nl_msg *msg = ctl_request(c, r->cmd, 0);

	nla_put_u32(msg, ESPLANE_A_IFINDEX, dev);
	put_text(msg, &attr_top, r->text);
	return msg;
}

static struct nl_msg *link_request(int type)
{
	struct nl_msg *msg = nlmsg_alloc_simple(type, NLM_F_REQUEST | NLM_F_ACK |
				(type == RTM_NEWLINK ? NLM_F_CREATE | NLM_F_EXCL : 0));
	struct ifinfomsg link = { 0 };
	struct nlattr *info;

	nlmsg_append(msg, &link, sizeof(link), NLMSG_ALIGNTO);
	nla_put_string(msg, IFLA_IFNAME, "starve0");
	if (type == RTM_NEWLINK) {
		info = nla_nest_start(msg, IFLA_LINKINFO);
		nla_put_string(msg, IFLA_INFO_KIND, ESPLANE_LINK_KIND);
		nla_nest_end(msg, info);
	}
	return msg;
}

/* Sends @msg; its @nth allocation fails. *hit: there were so many. 0, -errno or UNKNOWN. */
static int starved(struct ctl *c, struct nl_msg *msg, int nth, bool *hit)
{
	static int fd = -1;
	struct nlmsghdr *h;
	char text[16] = "";
	uint32_t seq;
	int n, err;

	if (fd < 0)
		fd = open("/proc/thread-self/fail-nth", O_RDWR);
	snprintf(text, sizeof(text), "%d", nth);
	if (fd < 0 || pwrite(fd, text, strlen(text), 0) < 0)
		die("/proc/thread-self/fail-nth: %s; use the debug kernel", strerror(errno));
	n = nl_send_auto(c->sk, msg);
	if (pread(fd, text, sizeof(text) - 1, 0) < 1 || pwrite(fd, "0", 1, 0) < 0)
		die("/proc/thread-self/fail-nth: %s", strerror(errno));
	*hit = !atoi(text);
	seq = nlmsg_hdr(msg)->nlmsg_seq;
	nlmsg_free(msg);
	if (n < 0)
		return -ENOBUFS;
	for (err = UNKNOWN; err == UNKNOWN;) {
		struct sockaddr_nl from;
		unsigned char *buf;

		n = nl_recv(c->sk, &from, &buf, NULL);
		if (n <= 0)
			return UNKNOWN;
		for (h = (struct nlmsghdr *)buf; nlmsg_ok(h, n); h = nlmsg_next(h, &n))
			if (h->nlmsg_seq == seq && h->nlmsg_type == NLMSG_ERROR)
				err = ((struct nlmsgerr *)nlmsg_data(h))->error;
		free(buf);
	}
	return err;
}

/* What the device has, without the ages. */
static char *state(struct ctl *c)
{
	json_t *all = json_array();
	const json_t *reply;
	char *text;
	size_t i;

	if (ctl_talk(c, ctl_request(c, ESPLANE_CMD_POLICY_GET, NLM_F_DUMP), all) ||
	    ctl_talk(c, ctl_request(c, ESPLANE_CMD_SA_GET, NLM_F_DUMP), all))
		die("cannot dump: %s", c->reason);
	json_array_foreach(all, i, reply) {
		json_object_del(json_object_get(reply, "sa-in"), "age");
		json_object_del(json_object_get(reply, "sa-out"), "age");
	}
	text = json_dumps(all, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(all);
	return text;
}

/* 0: it was there. */
static int undo(struct ctl *c, uint32_t dev, const struct request *r)
{
	int err = ctl_talk(c, request(c, dev, r), NULL);

	for (int i = 1; !err && i < 3 && r[i].cmd; i++)
		if (ctl_talk(c, request(c, dev, &r[i]), NULL))
			die("cannot undo: %s: %s", r[i].text, c->reason);
	return err;
}

/* All of it is there after 0, nothing after an error, one of them if nobody knows. */
static bool whole(struct ctl *c, uint32_t dev, int i, int err, const char *before,
		  const char *after)
{
	char *now = state(c);
	bool same = !strcmp(now, before), done = !strcmp(now, after), ok;
	bool undone = !undo(c, dev, steps[i].undo), there = steps[i].change ? !same : undone;

	ok = (there ? done : same) && (err == UNKNOWN || there == !err);
	if (!ok)
		printf("# %s, and it is%s there: %s\n",
		       err == UNKNOWN ? "no answer" : strerror(-err), there ? "" : " not", now);
	free(now);
	return ok;
}

static bool starve_step(struct ctl *c, uint32_t dev, int i)
{
	char *before = state(c), *after;
	int err, n = 0, failed = 0;
	bool hit = true, good;

	if (ctl_talk(c, request(c, dev, &steps[i].make), NULL))
		die("%s: %s", steps[i].what, c->reason);
	after = state(c);
	if (undo(c, dev, steps[i].undo))
		die("cannot undo: %s", c->reason);
	while (hit && n++ < FAILS_MAX) {
		err = starved(c, request(c, dev, &steps[i].make), n, &hit);
		good = whole(c, dev, i, err, before, after);
		if (!good)
			printf("# allocation %d\n", n);
		failed += !good;
	}
	free(before);
	free(after);
	printf("# %s: %d allocations failed, one at a time\n", steps[i].what, n - 1);
	return !failed && !hit && !err && n > 1;
}

static bool starve_device(void)
{
	int err, gone, n = 0, failed = 0;
	bool hit = true;
	struct ctl rt;

	ctl_open_route(&rt, NULL);
	while (hit && n++ < FAILS_MAX) {
		err = starved(&rt, link_request(RTM_NEWLINK), n, &hit);
		gone = ctl_talk(&rt, link_request(RTM_DELLINK), NULL);
		if (err != UNKNOWN && !err != !gone) {
			printf("# allocation %d: %s, then %s\n", n, strerror(-err),
			       strerror(-gone));
			failed++;
		}
	}
	printf("# a device: %d allocations failed, one at a time\n", n - 1);
	return !failed && !hit && !err && n > 1;
}

int starve(struct ctl *c)
{
	static const struct request first[] = {
		{ ESPLANE_CMD_POLICY_SET, "policy{id=1 " ENDPOINT TS "}" },
		{ ESPLANE_CMD_SPI_ALLOC, "spi=0x1001" },
		{ ESPLANE_CMD_SPI_ALLOC, "spi=0x1002" },
	};
	uint32_t dev = device_index(arg_need("dev"));
	int n = ARRAY_SIZE(steps), failed = 0;
	bool ok;

	for (size_t i = 0; i < ARRAY_SIZE(first); i++)
		if (ctl_talk(c, request(c, dev, &first[i]), NULL))
			die("a right request was refused: %s: %s", first[i].text, c->reason);
	for (int i = 0; i <= n; i++) {
		ok = i < n ? starve_step(c, dev, i) : starve_device();
		failed += !ok;
		printf("%sok %d - all or nothing: %s\n", ok ? "" : "not ", i + 1,
		       i < n ? steps[i].what : "a device");
	}
	return failed > 0;
}
