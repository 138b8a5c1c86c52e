// SPDX-License-Identifier: GPL-2.0
/*
 * Routes, addresses, pins and blocking routes of tunnels, in a network namespace of its own: the
 * kernel's real tables, with bridges in place of interfaces of kind esplane.
 */
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

static int run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static int run(const char *fmt, ...)
{
	char command[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	return system(command);
}

/* What a command prints, its lines joined by "; ", blanks at their ends gone. */
static const char *said(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static const char *said(const char *fmt, ...)
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

static struct ts_list *list_of(const char *text)
{
	struct ts ts[8];
	unsigned int count = 0;
	char copy[256], *word, *state;
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
static void tunnel_fill(struct tunnel *t, const char *name, const char *remote, const char *remote2)
{
	memset(t, 0, sizeof(*t));
	snprintf(t->opt.ike.name, sizeof(t->opt.ike.name), "%s", name);
	snprintf(t->opt.interface, sizeof(t->opt.interface), "%s", name);
	t->opt.ike.child = t->child;
	t->opt.ike.child_count = remote2 ? 2 : 1;
	t->child[0].remote_ts = list_of(remote);
	if (remote2)
		t->child[1].remote_ts = list_of(remote2);
}

static void tunnel_open(struct tunnel *t)
{
	t->dev = device_new(all, &t->opt, t->why);
	assert_non_null(t->dev);
}

static void tunnel_close(struct tunnel *t)
{
	device_free(t->dev);
	ts_list_put(t->child[0].remote_ts);
	ts_list_put(t->child[1].remote_ts);
}

static int up(struct tunnel *t, const char *peer)
{
	struct addr addr;

	assert_true(addr_parse(&addr, peer));
	return device_up(t->dev, &addr, t->why);
}

static char note[IKE_WHY_MAX];

static int child_up(struct tunnel *t, uint32_t child, const char *local, const char *remote)
{
	struct ike_child_link link = { .child = child };
	struct ts_list *local_ts = list_of(local), *remote_ts = list_of(remote);
	int rc;

	link.local_ts = local_ts;
	link.remote_ts = remote_ts;
	assert_true(addr_parse(&link.remote.addr, PEER));
	rc = device_child_up(t->dev, &link, note, t->why);
	ts_list_put(local_ts);
	ts_list_put(remote_ts);
	return rc;
}

static void child_down(struct tunnel *t, uint32_t child)
{
	struct ike_child_link link = { .child = child };

	device_child_down(t->dev, &link);
}

/* Where a packet goes: the interface's name, or "unreachable" */
static const char *way(const char *to)
{
	return said("ip route get %s 2>&1 | sed -n 's/.*\\(unreachable\\|No route to host\\).*/"
		    "unreachable/p; t; s/.* dev \\([^ ]*\\).*/\\1/p'", to);
}

static const char *ours(void)
{
	return said("ip route show table all proto 73 | sed 's/linkdown//; s/  */ /g' | "
		    "LC_ALL=C sort");
}

static void blocks_from_start_to_stop(void **state)
{
	struct tunnel t, u;

	tunnel_fill(&t, "office", "10.2.0.0/16 10.2.5.0/24[tcp/80]", "0.0.0.0/0 10.4.0.0/24");
	tunnel_fill(&u, "home", "0.0.0.0/0", NULL);
	t.opt.when_down = WHEN_DOWN_BLOCK;
	u.opt.when_down = WHEN_DOWN_BLOCK;
	tunnel_open(&t);
	assert_string_equal(t.why, "");
	assert_string_equal(ours(), "unreachable 0.0.0.0/1 metric 1; "
				    "unreachable 128.0.0.0/1 metric 1");
	assert_string_equal(way("203.0.113.9"), "unreachable");
	/* counted; and above the metrics of all tunnels */
	u.opt.metric = 50;
	tunnel_open(&u);
	assert_string_equal(u.why, "");
	assert_string_equal(ours(), "unreachable 0.0.0.0/1 metric 51; "
				    "unreachable 128.0.0.0/1 metric 51");
	tunnel_close(&t);
	assert_string_equal(way("203.0.113.9"), "unreachable");
	tunnel_close(&u);
	assert_string_equal(ours(), "");
	assert_string_equal(way("203.0.113.9"), "eth9");
}

/* A restart is no gap: what the next daemon does not want it removes. */
static void blocks_stay_for_the_next_daemon(void **state)
{
	struct tunnel t, u;

	tunnel_fill(&t, "office", "10.2.0.0/16", NULL);
	tunnel_fill(&u, "home", "10.3.0.0/16", NULL);
	t.opt.when_down = WHEN_DOWN_BLOCK;
	u.opt.when_down = WHEN_DOWN_BLOCK;
	tunnel_open(&t);
	tunnel_open(&u);
	assert_int_equal(up(&t, PEER), 0);
	assert_int_equal(child_up(&t, 1, "10.1.0.1", "10.2.0.0/16"), 0);
	devices_keep_blocks(all);
	tunnel_close(&t);
	tunnel_close(&u);
	devices_free(all);
	assert_string_equal(ours(), "unreachable 10.2.0.0/16 metric 1; "
				    "unreachable 10.3.0.0/16 metric 1");
	all = devices_new();
	assert_int_equal(devices_leftover_del(all), 0);
	tunnel_fill(&t, "office", "10.2.0.0/16", NULL);
	t.opt.when_down = WHEN_DOWN_BLOCK;
	tunnel_open(&t);
	devices_settled(all);
	assert_string_equal(ours(), "unreachable 10.2.0.0/16 metric 1");
	tunnel_close(&t);
	assert_string_equal(ours(), "");
}

static void blocked_while_narrowed_and_down(void **state)
{
	struct tunnel t;

	tunnel_fill(&t, "office", "10.2.0.0/16 fd02::/64", NULL);
	t.opt.when_down = WHEN_DOWN_BLOCK;
	tunnel_open(&t);
	assert_int_equal(up(&t, PEER), 0);
	assert_string_equal(way("10.2.9.1"), "unreachable");
	assert_int_equal(child_up(&t, 1, "10.1.0.1", "10.2.0.0/17"), 0);
	assert_string_equal(way("10.2.9.1"), "office");
	assert_string_equal(way("10.2.200.1"), "unreachable");
	assert_string_equal(way("fd02::1"), "unreachable");
	/* the peer agrees to all, later to nothing */
	assert_int_equal(child_up(&t, 1, "10.1.0.1 fd01::1", "10.2.0.0/16 fd02::/64"), 0);
	assert_string_equal(way("10.2.200.1"), "office");
	assert_string_equal(way("fd02::1"), "office");
	child_down(&t, 1);
	assert_string_equal(way("10.2.9.1"), "unreachable");
	assert_string_equal(way("fd02::1"), "unreachable");
	assert_string_equal(said("ip -br addr show office | grep -c 10.1.0.1"), "0");
	device_down(t.dev);
	assert_int_equal(device_ifindex(t.dev), 0);
	assert_string_equal(way("10.2.9.1"), "unreachable");
	/* somebody clears the table */
	run("ip route flush table main proto 73");
	assert_string_equal(way("10.2.9.1"), "eth9");
	devices_mend(all);
	assert_string_equal(way("10.2.9.1"), "unreachable");
	tunnel_close(&t);
	assert_string_equal(way("10.2.9.1"), "eth9");
}

/* A peer that begins is answered, though all else is blocked. */
static void the_configured_peer_is_reached(void **state)
{
	struct tunnel t;

	tunnel_fill(&t, "office", "0.0.0.0/0", NULL);
	t.opt.when_down = WHEN_DOWN_BLOCK;
	assert_true(addr_parse(&t.opt.ike.remote, PEER));
	run("ip route del default");
	tunnel_open(&t);
	assert_string_equal(way(PEER), "unreachable");
	run("ip route add default via 192.0.2.254");
	devices_mend(all);
	assert_string_equal(way(PEER), "eth9");
	assert_string_equal(way("198.51.100.2"), "unreachable");
	assert_int_equal(up(&t, "198.51.100.2"), 0);
	assert_int_equal(up(&t, PEER), 0);
	device_down(t.dev);
	assert_string_equal(way(PEER), "eth9");
	assert_string_equal(way("198.51.100.2"), "unreachable");
	tunnel_close(&t);
	assert_string_equal(ours(), "");
}

static void children_share_a_route(void **state)
{
	struct tunnel t;

	tunnel_fill(&t, "office", "10.2.0.0/16", "10.2.0.0/16 10.3.0.0/16");
	tunnel_open(&t);
	assert_int_equal(up(&t, PEER), 0);
	assert_int_equal(child_up(&t, 1, "10.1.0.1", "10.2.0.0/16[tcp] 10.2.0.0/16[udp]"), 0);
	assert_int_equal(child_up(&t, 2, "10.1.0.2", "10.2.0.0/16 10.3.0.0/16"), 0);
	/* the first keeps its source, while it is there */
	assert_string_equal(ours(), "10.2.0.0/16 dev office scope link src 10.1.0.1; "
				    "10.3.0.0/16 dev office scope link src 10.1.0.2");
	child_down(&t, 1);
	assert_string_equal(ours(), "10.2.0.0/16 dev office scope link src 10.1.0.2; "
				    "10.3.0.0/16 dev office scope link src 10.1.0.2");
	/* the same child with less, from elsewhere */
	assert_int_equal(child_up(&t, 2, "10.1.0.3", "10.2.0.0/16"), 0);
	assert_string_equal(ours(), "10.2.0.0/16 dev office scope link src 10.1.0.3");
	child_down(&t, 2);
	child_down(&t, 2);
	child_down(&t, 77);
	assert_string_equal(ours(), "");
	tunnel_close(&t);
}

/* An uplink that goes and comes back: the kernel drops the pin, and says nothing of it. */
static void pins_come_back(void **state)
{
	struct tunnel t;

	tunnel_fill(&t, "office", "0.0.0.0/0", NULL);
	tunnel_open(&t);
	assert_int_equal(up(&t, PEER), 0);
	assert_int_equal(child_up(&t, 1, "10.7.0.9", "0.0.0.0/0"), 0);
	assert_string_equal(way(PEER), "eth9");
	assert_string_equal(way("203.0.113.9"), "office");
	run("ip link set eth9 down; ip link set eth9 up; ip route add default via 192.0.2.254");
	assert_string_equal(way(PEER), "office");
	assert_int_equal(up(&t, PEER), 0);
	assert_string_equal(way(PEER), "eth9");
	/* without an attempt */
	run("ip link set eth9 down; ip link set eth9 up; ip route add default via 192.0.2.253");
	devices_mend(all);
	assert_string_equal(said("ip route show " PEER),
			    PEER " via 192.0.2.253 dev eth9 proto 73");
	/* the way has changed, the uplink has not; then there is none */
	run("ip route replace default via 192.0.2.254");
	devices_mend(all);
	assert_string_equal(said("ip route show " PEER),
			    PEER " via 192.0.2.254 dev eth9 proto 73");
	run("ip route del default; ip route flush proto 73 " PEER);
	assert_int_equal(up(&t, PEER), -ENETUNREACH);
	assert_string_equal(t.why, "no route leads to " PEER " beside the tunnel");
	run("ip route add default via 192.0.2.254");
	devices_mend(all);
	assert_string_equal(way(PEER), "eth9");
	tunnel_close(&t);
	assert_string_equal(ours(), "");
}

static void pins_are_counted(void **state)
{
	struct tunnel t, u;

	tunnel_fill(&t, "office", "198.51.100.0/24", NULL);
	tunnel_fill(&u, "home", "198.51.0.0/16", NULL);
	tunnel_open(&t);
	tunnel_open(&u);
	assert_int_equal(up(&t, PEER), 0);
	assert_int_equal(up(&u, PEER), 0);
	assert_int_equal(child_up(&t, 1, "10.7.0.9", "198.51.100.0/24"), 0);
	assert_int_equal(child_up(&u, 2, "10.8.0.9", "198.51.0.0/16"), 0);
	assert_string_equal(way(PEER), "eth9");
	device_down(t.dev);
	assert_string_equal(way(PEER), "eth9");
	assert_string_equal(way("198.51.7.7"), "home");
	device_down(u.dev);
	assert_string_equal(ours(), "");
	/* addresses that a name had once do not stay pinned for ever, that of a child does */
	assert_int_equal(up(&u, PEER), 0);
	assert_int_equal(child_up(&u, 2, "10.8.0.9", "198.51.0.0/16"), 0);
	for (int i = 10; i < 30; i++) {
		char other[ADDR_STRLEN];

		snprintf(other, sizeof(other), "198.51.100.%d", i);
		assert_int_equal(up(&u, other), 0);
	}
	assert_string_equal(way(PEER), "eth9");
	assert_string_equal(said("ip route show proto 73 via 192.0.2.254 | wc -l"), "5");
	assert_string_equal(way("198.51.100.29"), "eth9");
	/* the administrator's own is left alone */
	run("ip route add 198.51.3.3 via 192.0.2.253");
	assert_int_equal(up(&u, "198.51.3.3"), 0);
	tunnel_close(&t);
	tunnel_close(&u);
	assert_string_equal(said("ip route show 198.51.3.3"),
			    "198.51.3.3 via 192.0.2.253 dev eth9");
	run("ip route del 198.51.3.3");
}

/* A name server beyond the uplink, while a tunnel that carries everything is down. */
static void servers_are_reached_while_they_are_asked(void **state)
{
	struct addr servers[2];
	struct tunnel t, u;

	assert_true(addr_parse(&servers[0], "203.0.113.53"));
	assert_true(addr_parse(&servers[1], "10.2.0.53"));
	tunnel_fill(&t, "office", "0.0.0.0/0", NULL);
	tunnel_fill(&u, "home", "10.2.0.0/16", NULL);
	t.opt.when_down = WHEN_DOWN_BLOCK;
	u.opt.when_down = WHEN_DOWN_BLOCK;
	tunnel_open(&u);
	devices_reach(all, servers, 2);		/* one inside stays there */
	assert_string_equal(way("10.2.0.53"), "unreachable");
	assert_string_equal(way("203.0.113.53"), "eth9");
	devices_reach(all, NULL, 0);
	tunnel_open(&t);
	assert_string_equal(way("203.0.113.53"), "unreachable");
	devices_reach(all, servers, 1);
	assert_string_equal(way("203.0.113.53"), "eth9");
	assert_string_equal(way("203.0.113.54"), "unreachable");
	devices_reach(all, NULL, 0);
	assert_string_equal(way("203.0.113.53"), "unreachable");
	/* a peer that is a server stays pinned */
	assert_int_equal(up(&t, "203.0.113.53"), 0);
	devices_reach(all, servers, 1);
	devices_reach(all, NULL, 0);
	assert_string_equal(way("203.0.113.53"), "eth9");
	/* the tunnel itself leads there */
	device_down(t.dev);
	assert_int_equal(up(&t, PEER), 0);
	assert_int_equal(child_up(&t, 1, "10.7.0.9", "0.0.0.0/0"), 0);
	devices_reach(all, servers, 1);
	assert_string_equal(way("203.0.113.53"), "office");
	tunnel_close(&t);
	tunnel_close(&u);
	assert_string_equal(ours(), "");
}

static void whose_route_is_in_the_way(void **state)
{
	struct tunnel t, u;

	tunnel_fill(&t, "office", "10.2.0.0/24", NULL);
	tunnel_fill(&u, "home", "10.2.0.0/24 10.3.0.0/24", NULL);
	tunnel_open(&t);
	tunnel_open(&u);
	assert_string_equal(u.why, "");		/* two of the configuration: esplaned/conf */
	assert_int_equal(up(&t, PEER), 0);
	assert_int_equal(child_up(&t, 1, "10.1.0.1", "10.2.0.0/24"), 0);
	/* before anything is sent, and later */
	assert_int_equal(up(&u, PEER), -EEXIST);
	assert_non_null(strstr(u.why, "tunnel \"office\" has a route to 10.2.0.0/24 already"));
	assert_int_equal(child_up(&u, 2, "10.1.0.2", "10.3.0.0/24 10.2.0.0/24"), -EEXIST);
	assert_non_null(strstr(u.why, "tunnel \"office\" has a route to 10.2.0.0/24 already"));
	/* all or nothing */
	assert_string_equal(ours(), "10.2.0.0/24 dev office scope link src 10.1.0.1");
	assert_string_equal(said("ip -br addr show home | grep -c 10.1.0.2"), "0");
	tunnel_close(&t);
	run("ip route add 10.3.0.0/24 via 192.0.2.253");
	assert_int_equal(up(&u, PEER), -EEXIST);
	assert_non_null(strstr(u.why, "there is a route to 10.3.0.0/24 already "
				      "(via 192.0.2.253, eth9): remove it"));
	u.opt.when_down = WHEN_DOWN_BLOCK;
	device_free(u.dev);
	tunnel_open(&u);
	assert_non_null(strstr(u.why, "there is a route to 10.3.0.0/24 already"));
	assert_string_equal(way("10.2.0.9"), "unreachable");
	run("ip route replace 10.3.0.0/24 via 192.0.2.253 metric 1; "
	    "ip route del 10.3.0.0/24 metric 0");
	device_free(u.dev);
	tunnel_open(&u);
	assert_non_null(strstr(u.why, "10.3.0.0/24 cannot be blocked"));
	assert_string_equal(way("10.3.0.9"), "eth9");
	run("ip route del 10.3.0.0/24");
	devices_mend(all);
	assert_string_equal(way("10.3.0.9"), "unreachable");
	tunnel_close(&u);
}

static void a_dead_daemon_has_left(void **state)
{
	struct tunnel t, u;

	run("ip link add office type bridge; ip link set office alias 'esplaned: office'; "
	    "ip link set office up; ip route add 10.2.0.0/24 dev office proto 73; "
	    "ip route add unreachable 10.2.0.0/24 metric 1 proto 73; "
	    "ip route add unreachable 10.9.0.0/24 metric 1 proto 73; "
	    "ip -6 route add unreachable fd09::/64 metric 1025 proto 73; "
	    "ip route add " PEER " via 192.0.2.254 proto 73; ip link add mine type bridge; "
	    "ip route add 10.8.0.0/24 via 192.0.2.254; "
	    "ip route add 10.2.7.0/24 via 192.0.2.254 proto 73 table 77");
	assert_int_equal(devices_leftover_del(all), 1);
	assert_string_equal(ours(), "unreachable 10.2.0.0/24 metric 1; "
				    "unreachable 10.9.0.0/24 metric 1; "
				    "unreachable fd09::/64 dev lo metric 1025 pref medium");
	tunnel_fill(&t, "office", "10.2.0.0/24", NULL);
	tunnel_fill(&u, "home", "198.51.100.0/24", NULL);
	t.opt.when_down = WHEN_DOWN_BLOCK;
	tunnel_open(&t);
	tunnel_open(&u);
	assert_string_equal(t.why, "");
	assert_int_equal(up(&u, PEER), 0);
	devices_settled(all);
	assert_string_equal(ours(), PEER " via 192.0.2.254 dev eth9; "
				    "unreachable 10.2.0.0/24 metric 1");
	/* a module that is loaded anew is no reason to take away what is in use */
	assert_int_equal(child_up(&u, 1, "10.7.0.9", "198.51.100.0/24"), 0);
	assert_int_equal(devices_leftover_del(all), 0);
	assert_string_equal(ours(), "198.51.100.0/24 dev home scope link src 10.7.0.9; "
				    PEER " via 192.0.2.254 dev eth9; "
				    "unreachable 10.2.0.0/24 metric 1");
	tunnel_close(&t);
	tunnel_close(&u);
	assert_string_equal(said("ip route show 10.8.0.0/24"),
			    "10.8.0.0/24 via 192.0.2.254 dev eth9");
	assert_string_equal(ours(), "");
	run("ip link del mine; ip route del 10.8.0.0/24");
}

/* What scripts are told: this host's address inside the tunnel. */
static const char *source(struct tunnel *t, uint32_t child)
{
	struct addr addr = device_source(t->dev, child);
	static char text[ADDR_STRLEN];

	return addr.family ? addr_str(&addr, text) : "none";
}

static void sources_and_notes(void **state)
{
	struct tunnel t;

	tunnel_fill(&t, "office", "10.2.0.0/24", NULL);
	tunnel_open(&t);
	assert_int_equal(up(&t, PEER), 0);
	run("ip addr add 10.1.0.1/24 dev eth9; ip addr add 10.1.0.2/24 dev eth9");
	assert_int_equal(child_up(&t, 1, "10.1.0.0/24", "10.2.0.0/24"), 0);
	assert_string_equal(note, "");
	assert_string_equal(ours(), "10.2.0.0/24 dev office scope link src 10.1.0.1");
	assert_string_equal(source(&t, 1), "10.1.0.1");
	assert_string_equal(source(&t, 2), "none");
	/* the kernel drops a route whose source goes */
	run("ip addr del 10.1.0.1/24 dev eth9; ip addr add 10.1.0.3/24 dev eth9");
	devices_mend(all);
	assert_string_equal(ours(), "10.2.0.0/24 dev office scope link src 10.1.0.3");
	run("ip addr flush dev eth9 to 10.1.0.0/24");
	devices_mend(all);
	assert_string_equal(ours(), "10.2.0.0/24 dev office scope link");
	assert_int_equal(child_up(&t, 1, "10.1.0.0/24", "10.2.0.0/24"), 0);
	assert_non_null(strstr(note, "this host has no address inside local-ts"));
	assert_string_equal(source(&t, 1), "none");
	/* an interface that was set down and up again */
	run("ip link set office down; ip link set office up");
	assert_string_equal(ours(), "");
	devices_mend(all);
	assert_string_equal(ours(), "10.2.0.0/24 dev office scope link");
	/* the configured address goes before all */
	assert_true(addr_parse(&t.opt.address, "10.1.0.77"));
	t.opt.address_bits = 24;
	assert_int_equal(child_up(&t, 1, "10.1.0.0/24", "10.2.0.0/24"), 0);
	assert_string_equal(note, "");
	assert_string_equal(said("ip -4 -br addr show office | awk '{ print $3 }'"),
			    "10.1.0.77/24");
	assert_string_equal(ours(), "10.2.0.0/24 dev office scope link src 10.1.0.77");
	assert_string_equal(source(&t, 1), "10.1.0.77");
	/* of IPv6 where there is no IPv4, whatever is configured; a single host's is its own */
	assert_int_equal(child_up(&t, 1, "fd01::7", "fd02::/64"), 0);
	assert_string_equal(source(&t, 1), "fd01::7");
	assert_int_equal(child_up(&t, 1, "10.1.0.0/24 fd01::7", "10.2.0.0/24 fd02::/64"), 0);
	assert_string_equal(source(&t, 1), "10.1.0.77");
	/* somebody removes the interface */
	run("ip link del office");
	device_gone(t.dev);
	assert_int_equal(device_ifindex(t.dev), 0);
	assert_int_equal(child_up(&t, 1, "10.1.0.0/24", "10.2.0.0/24"), -ENODEV);
	child_down(&t, 1);
	assert_int_equal(up(&t, PEER), 0);
	assert_int_equal(child_up(&t, 1, "10.1.0.0/24", "10.2.0.0/24"), 0);
	assert_string_equal(way("10.2.0.5"), "office");
	tunnel_close(&t);
}

static void options(void **state)
{
	struct tunnel t;

	tunnel_fill(&t, "office", "0.0.0.0/0", NULL);
	t.opt.when_down = WHEN_DOWN_BLOCK;
	t.opt.no_routes = true;
	t.opt.mtu = 1300;
	tunnel_open(&t);
	assert_int_equal(up(&t, PEER), 0);
	assert_int_equal(made_mtu, 1300);
	assert_int_equal(child_up(&t, 1, "10.7.0.9", "0.0.0.0/0"), 0);
	assert_string_equal(ours(), "");
	assert_string_equal(said("ip -4 -br addr show office | awk '{ print $3 }'"),
			    "10.7.0.9/32");
	tunnel_close(&t);

	tunnel_fill(&t, "office", "0.0.0.0/0", NULL);
	t.opt.when_down = WHEN_DOWN_BLOCK;
	t.opt.table = 100;
	t.opt.metric = 7;
	tunnel_open(&t);
	assert_int_equal(up(&t, PEER), 0);
	assert_int_equal(child_up(&t, 1, "10.7.0.9", "0.0.0.0/0"), 0);
	assert_string_equal(way("203.0.113.9"), "eth9");
	run("ip rule add pref 100 lookup 100");
	assert_string_equal(way("203.0.113.9"), "office");
	assert_string_equal(way(PEER), "eth9");
	child_down(&t, 1);
	assert_string_equal(way("203.0.113.9"), "unreachable");
	assert_string_equal(way(PEER), "eth9");
	run("ip rule del pref 100");
	tunnel_close(&t);
	assert_string_equal(ours(), "");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(blocks_from_start_to_stop),
		TEST(blocks_stay_for_the_next_daemon),
		TEST(blocked_while_narrowed_and_down),
		TEST(the_configured_peer_is_reached),
		TEST(children_share_a_route),
		TEST(pins_come_back),
		TEST(pins_are_counted),
		TEST(servers_are_reached_while_they_are_asked),
		TEST(whose_route_is_in_the_way),
		TEST(a_dead_daemon_has_left),
		TEST(sources_and_notes),
		TEST(options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
