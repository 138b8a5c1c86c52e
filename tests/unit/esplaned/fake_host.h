/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tunnels on a host: each test in a network namespace of its own, on the kernel's real tables, with
 * bridges in place of interfaces of kind esplane. To be included once in a program.
 */
#ifndef FAKE_HOST_H
#define FAKE_HOST_H

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "esplaned/host/device.h"
#include "esplaned/nl/link.h"

#define PEER	"198.51.100.1"

static struct devices *all;
static uint32_t made_mtu;

/* nl/link.c, for bridges. */

static inline int run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static inline int run(const char *fmt, ...)
{
	char command[512];
	va_list ap;

	va_start(ap, fmt);
	assert_true(vsnprintf(command, sizeof(command), fmt, ap) < (int)sizeof(command));
	va_end(ap);
	return system(command);
}

/* What a command prints, its lines joined by "; ", blanks at their ends gone. */
static inline const char *said(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static inline const char *said(const char *fmt, ...)
{
	static char text[4096];
	char command[512], line[512];
	size_t at = 0;
	va_list ap;
	FILE *f;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	text[0] = '\0';
	f = popen(command, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) && at < sizeof(text)) {
		size_t len = strlen(line);

		while (len && strchr(" \n", line[len - 1]))
			line[--len] = '\0';
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", at ? "; " : "", line);
	}
	pclose(f);
	return text;
}

int link_add(struct nl_sock *sk, const char *name, const char *tunnel, uint32_t mtu, int *ifindex,
	     char why[NLTALK_WHY_MAX])
{
	made_mtu = mtu;
	if (run("ip link add %s type bridge && ip link set %s alias 'esplaned: %s'", name, name,
		tunnel))
		return -EEXIST;
	*ifindex = (int)if_nametoindex(name);
	return 0;
}

int link_up(struct nl_sock *sk, int ifindex, char why[NLTALK_WHY_MAX])
{
	char name[IF_NAMESIZE];

	return if_indextoname((unsigned int)ifindex, name) && !run("ip link set %s up", name) ?
		       0 : -ENODEV;
}

int link_del(struct nl_sock *sk, int ifindex, char why[NLTALK_WHY_MAX])
{
	char name[IF_NAMESIZE];

	return if_indextoname((unsigned int)ifindex, name) && !run("ip link del %s", name) ?
		       0 : -ENODEV;
}

int link_dump(struct nl_sock *sk, void (*fn)(void *ctx, int ifindex, const char *tunnel), void *ctx,
	      char why[NLTALK_WHY_MAX])
{
	char tunnel[LINK_TUNNEL_MAX];
	int ifindex;
	FILE *f;

	f = popen("ip -o link show type bridge | "
		  "sed -n 's/^\\([0-9]*\\): .*alias esplaned: \\([a-z]*\\).*/\\1 \\2/p'", "r");
	assert_non_null(f);
	while (fscanf(f, "%d %63s", &ifindex, tunnel) == 2)
		fn(ctx, ifindex, tunnel);
	pclose(f);
	return 0;
}

/* Tunnels. */

static inline struct ts_list *list_of(const char *text)
{
	struct ts ts[TS_LIST_MAX];
	unsigned int count = 0;
	char copy[8192], *word, *state;
	const char *why;

	snprintf(copy, sizeof(copy), "%s", text);
	for (word = strtok_r(copy, " ", &state); word; word = strtok_r(NULL, " ", &state))
		assert_true(ts_parse(&ts[count++], word, &why));
	return ts_list_new(ts, count);
}

struct tunnel {
	struct tunnel_options opt;
	struct child_conf child[2];
	struct device *dev;
	char why[IKE_WHY_MAX];
};

/* @remote2: of a second child, or NULL */
static inline void tunnel_fill(struct tunnel *t, const char *name, const char *remote,
			       const char *remote2)
{
	memset(t, 0, sizeof(*t));
	snprintf(t->opt.ike.name, sizeof(t->opt.ike.name), "%s", name);
	snprintf(t->opt.interface, sizeof(t->opt.interface), "%s", name);
	t->opt.ike.child = t->child;
	t->opt.ike.mark = CONFIG_FWMARK;
	t->opt.ike.child_count = remote2 ? 2 : 1;
	t->child[0].remote_ts = list_of(remote);
	if (remote2)
		t->child[1].remote_ts = list_of(remote2);
}

static inline void tunnel_open(struct tunnel *t)
{
	t->dev = device_new(all, &t->opt, t->why);
	assert_non_null(t->dev);
}

static inline void tunnel_close(struct tunnel *t)
{
	device_free(t->dev);
	ts_list_put(t->child[0].remote_ts);
	ts_list_put(t->child[1].remote_ts);
}

static inline int up(struct tunnel *t, const char *peer)
{
	struct addr addr;

	assert_true(addr_parse(&addr, peer));
	return device_up(t->dev, &addr, t->why);
}

static char note[IKE_WHY_MAX];
static const char *peer_at = PEER;	/* of children */

/* Without a configuration (link.conf) it has the negotiated selectors. */
static inline int child_link(struct tunnel *t, struct ike_child_link link, const char *local,
			     const char *remote)
{
	struct ts_list *local_ts = list_of(local), *remote_ts = list_of(remote);
	const struct child_conf same = { .local_ts = local_ts, .remote_ts = remote_ts };
	int rc;

	if (!link.conf)
		link.conf = &same;
	link.local_ts = local_ts;
	link.remote_ts = remote_ts;
	rc = device_child_up(t->dev, &link, note, t->why);
	ts_list_put(local_ts);
	ts_list_put(remote_ts);
	return rc;
}

static inline int child_up(struct tunnel *t, uint32_t child, const char *local, const char *remote)
{
	struct ike_child_link link = { .child = child };

	assert_true(addr_parse(&link.remote.addr, peer_at));
	return child_link(t, link, local, remote);
}

/* For packets. */
static inline int child_waits(struct tunnel *t, uint32_t child, const char *local,
			      const char *remote)
{
	return child_link(t, (struct ike_child_link){ .child = child, .waits = true }, local,
			  remote);
}

static inline void child_down(struct tunnel *t, uint32_t child)
{
	struct ike_child_link link = { .child = child };

	device_child_down(t->dev, &link);
}

/* Where a packet goes: the interface's name, or "unreachable" */
static inline const char *way(const char *to)
{
	return said("ip route get %s 2>&1 | sed -n 's/.*\\(unreachable\\|No route to host\\).*/"
		    "unreachable/p; t; s/.* dev \\([^ ]*\\).*/\\1/p'", to);
}

/* Where a packet of the daemon's or the module's goes. */
static inline const char *own_way(const char *to)
{
	return said("ip route get %s mark 7373 2>&1 | sed -n "
		    "'s/.*\\(unreachable\\|No route to host\\).*/unreachable/p; t; "
		    "s/.* dev \\([^ ]*\\).*/\\1/p'", to);
}

/* Rules of ours: how many. */
static inline const char *rules(void)
{
	return said("{ ip rule show; ip -6 rule show; } | grep -c 'proto 73$'");
}

static inline const char *ours(void)
{
	return said("ip route show table all proto 73 | sed 's/linkdown//; s/  */ /g' | "
		    "LC_ALL=C sort");
}

/* Each in a network namespace of its own. */
static int fresh(void **state)
{
	if (unshare(CLONE_NEWNET)) {
		print_error("a network namespace of its own: %s\n", strerror(errno));
		return -1;
	}
	all = devices_new();
	return run("ip link add eth9 type bridge && ip link add eth8 type veth peer name eth7 && "
		   "ip link set eth8 master eth9 up && ip link set eth7 up && ip link set lo up && "
		   "ip addr add 192.0.2.1/24 dev eth9 && "
		   "ip addr add fd99::1/64 dev eth9 nodad && ip link set eth9 up && "
		   "ip route add default via 192.0.2.254 && ip -6 route add default via fd99::9") ||
	       !all;
}

static int done(void **state)
{
	devices_free(all);
	return 0;
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, fresh, done)

#endif
