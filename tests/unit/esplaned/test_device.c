// SPDX-License-Identifier: GPL-2.0
/* Routes and addresses of tunnels, and those that stand aside. */
#include "esplaned/host/laid.h"
#include "unit/esplaned/caught.h"
#include "unit/esplaned/fake_host.h"

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

/* More peers than one of them could have routes: each has its own. */
static void routes_of_many(void **state)
{
	const unsigned int many = LAID_ROUTES_CHILD_MAX + 100;
	char remote[32], count[16];
	struct tunnel t;

	tunnel_fill(&t, "office", "10.0.0.0/8", "10.0.0.0/8");
	tunnel_open(&t);
	assert_int_equal(up(&t, PEER), 0);
	for (unsigned int i = 1; i <= many; i++) {
		snprintf(remote, sizeof(remote), "10.9.%u.%u", i / 256, i % 256);
		assert_int_equal(child_up(&t, i, "10.1.0.1", remote), 0);
	}
	snprintf(count, sizeof(count), "%u", many);
	assert_string_equal(said("ip route show table all proto 73 | wc -l"), count);
	for (unsigned int i = many; i; i--)
		child_down(&t, i);
	assert_string_equal(ours(), "");
	tunnel_close(&t);
}

/* A peer cannot take the room of all others: ranges that are no prefixes are many routes. */
static void routes_of_one(void **state)
{
	char remote[8192] = "";
	struct tunnel t;

	tunnel_fill(&t, "office", "10.0.0.0/8", "10.0.0.0/8");
	tunnel_open(&t);
	assert_int_equal(up(&t, PEER), 0);
	assert_int_equal(child_up(&t, 1, "10.1.0.1", "10.2.0.0/16"), 0);
	for (int i = 0; i < 200; i++)
		snprintf(remote + strlen(remote), sizeof(remote) - strlen(remote),
			 "10.%d.0.1-10.%d.255.254 ", i + 3, i + 3);
	assert_int_equal(child_up(&t, 2, "10.1.0.1", remote), -ENOSPC);
	assert_string_equal(t.why, "its remote-ts are more than 4096 routes: fewer selectors, or "
				   "such as are prefixes");
	assert_string_equal(ours(), "10.2.0.0/16 dev office scope link src 10.1.0.1");
	child_down(&t, 1);
	tunnel_close(&t);
}

/* Everything through the tunnel but the tunnel itself, whatever the uplink does. */
static void everything_but_what_is_nearer(void **state)
{
	struct tunnel t;

	tunnel_fill(&t, "office", "0.0.0.0/0 ::/0", NULL);
	tunnel_open(&t);
	assert_string_equal(t.why, "");
	assert_int_equal(up(&t, PEER), 0);
	assert_int_equal(child_up(&t, 1, "10.7.0.9 fd07::9", "0.0.0.0/0 ::/0"), 0);
	assert_string_equal(way("203.0.113.9"), "office");
	assert_string_equal(way("2001:db8::9"), "office");
	assert_string_equal(way(PEER), "office");
	assert_string_equal(own_way(PEER), "eth9");
	assert_string_equal(own_way("2001:db8::9"), "eth9");
	/* the networks of this host, and what its administrator says of others, but the default */
	assert_string_equal(way("192.0.2.77"), "eth9");
	assert_string_equal(way("fd99::77"), "eth9");
	run("ip route add 203.0.113.0/24 via 192.0.2.253");
	assert_string_equal(way("203.0.113.9"), "eth9");
	run("ip route del 203.0.113.0/24");
	/* no route of ours is in the main table, and none to the peer anywhere */
	assert_string_equal(said("ip route show table main proto 73"), "");
	assert_string_equal(said("ip route show table all " PEER), "");
	run("ip link set eth9 down; ip link set eth9 up; ip route add default via 192.0.2.253");
	assert_string_equal(own_way(PEER), "eth9");
	assert_string_equal(way("203.0.113.9"), "office");
	run("ip route del default");
	assert_int_equal(up(&t, PEER), -ENETUNREACH);
	assert_string_equal(t.why, "no route leads to " PEER " beside the tunnel");
	run("ip route add default via 192.0.2.254");
	assert_int_equal(up(&t, PEER), 0);
	/* somebody removes the rules */
	run("ip rule flush; ip rule add pref 32766 lookup main");
	assert_string_equal(way("203.0.113.9"), "eth9");
	devices_mend(all);
	assert_string_equal(way("203.0.113.9"), "office");
	child_down(&t, 1);
	assert_string_equal(way("203.0.113.9"), "eth9");
	tunnel_close(&t);
	assert_string_equal(ours(), "");
	assert_string_equal(rules(), "0");
}

/* The longest prefix wins over both tables. */
static void a_private_network_with_the_peer_in_it(void **state)
{
	struct tunnel t, u;

	tunnel_fill(&t, "office", "198.51.0.0/16", NULL);
	tunnel_fill(&u, "home", "10.2.0.0/24", NULL);
	tunnel_open(&t);
	tunnel_open(&u);
	assert_string_equal(rules(), "0");
	assert_int_equal(child_up(&t, 1, "10.7.0.9", "198.51.0.0/16"), -ENODEV);
	run("ip route add 198.51.7.0/24 via 192.0.2.253; ip route add 198.0.0.0/8 via 192.0.2.253");
	/* only when a peer turns out to be in there do its routes go aside */
	assert_int_equal(up(&t, "203.0.113.1"), 0);
	peer_at = "203.0.113.1";
	assert_int_equal(child_up(&t, 2, "10.7.0.9", "198.51.0.0/17"), 0);
	peer_at = PEER;
	assert_string_equal(own_way(PEER), "office");
	assert_string_equal(ours(), "198.51.0.0/17 dev office scope link src 10.7.0.9");
	assert_int_equal(up(&t, PEER), 0);
	assert_string_equal(ours(), "198.51.0.0/17 dev office table 7373 scope link src 10.7.0.9");
	assert_string_equal(own_way(PEER), "eth9");
	assert_string_equal(way(PEER), "office");
	assert_string_equal(way("198.51.7.1"), "eth9");
	assert_string_equal(way("198.52.0.1"), "eth9");
	/* less of it */
	assert_int_equal(child_up(&t, 2, "10.7.0.9", "198.51.100.0/25"), 0);
	assert_string_equal(way(PEER), "office");
	assert_string_equal(way("198.51.101.1"), "eth9");
	assert_int_equal(up(&u, PEER), 0);
	assert_int_equal(child_up(&u, 3, "10.7.0.9", "10.2.0.0/24"), 0);
	assert_string_equal(way("10.2.0.1"), "home");
	device_down(t.dev);
	assert_string_equal(way("198.51.101.1"), "eth9");
	tunnel_close(&t);
	tunnel_close(&u);
	assert_string_equal(rules(), "0");
	run("ip route del 198.51.7.0/24; ip route del 198.0.0.0/8");
}

/* Where a question to a name server goes. */
static const char *question_way(const char *to)
{
	return said("ip route get %s ipproto 17 sport 7777 dport 53 2>&1 | sed -n "
		    "'s/.*No route to host.*/unreachable/p; t; s/.* dev \\([^ ]*\\).*/\\1/p'", to);
}

/* Where one goes that this host forwards for a neighbour. */
static const char *forwarded_way(const char *to)
{
	return said("ip route get %s from 192.0.2.99 iif eth9 ipproto 17 sport 7777 dport 53 2>&1 "
		    "| sed -n 's/.*No route to host.*/unreachable/p; t; "
		    "s/.* dev \\([^ ]*\\).*/\\1/p'", to);
}

/* Before any IKE: the peer's address need not be known. The policy's end leads nowhere. */
static void packets_are_waited_for(void **state)
{
	static const struct addr nobody;
	struct tunnel t;

	tunnel_fill(&t, "office", "10.2.0.0/16", NULL);
	assert_true(addr_parse(&t.opt.address, "10.1.0.1"));
	t.opt.address_bits = 24;
	tunnel_open(&t);
	assert_int_equal(device_up(t.dev, &nobody, t.why), 0);
	assert_int_equal(child_waits(&t, 1, "10.1.0.0/24", "10.2.0.0/16"), 0);
	assert_string_equal(way("10.2.0.1"), "office");
	assert_string_equal(ours(), "10.2.0.0/16 dev office scope link src 10.1.0.1");
	/* it comes up, and narrower, and waits again */
	assert_int_equal(up(&t, PEER), 0);
	assert_int_equal(child_up(&t, 1, "10.1.0.0/24", "10.2.3.0/24"), 0);
	assert_string_equal(ours(), "10.2.3.0/24 dev office scope link src 10.1.0.1");
	assert_int_equal(child_waits(&t, 1, "10.1.0.0/24", "10.2.0.0/16"), 0);
	assert_string_equal(ours(), "10.2.0.0/16 dev office scope link src 10.1.0.1");
	tunnel_close(&t);
	assert_string_equal(ours(), "");
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
	assert_string_equal(question_way("10.2.0.53"), "unreachable");
	assert_string_equal(question_way("203.0.113.53"), "eth9");
	devices_reach(all, NULL, 0);
	tunnel_open(&t);
	assert_string_equal(question_way("203.0.113.53"), "unreachable");
	devices_reach(all, servers, 2);
	assert_string_equal(question_way("203.0.113.53"), "eth9");
	assert_string_equal(question_way("10.2.0.53"), "unreachable");
	assert_string_equal(question_way("203.0.113.54"), "unreachable");
	/* questions, and nothing else; the host's own */
	run("sysctl -qw net.ipv4.conf.all.forwarding=1");
	assert_string_equal(forwarded_way("192.0.2.254"), "eth9");
	assert_string_equal(forwarded_way("203.0.113.53"), "unreachable");
	run("sysctl -qw net.ipv4.conf.all.forwarding=0");
	assert_string_equal(way("203.0.113.53"), "unreachable");
	devices_reach(all, NULL, 0);
	assert_string_equal(question_way("203.0.113.53"), "unreachable");
	/* its packets wait for the tunnel, which waits for the name */
	assert_int_equal(up(&t, PEER), 0);
	assert_int_equal(child_waits(&t, 1, "10.7.0.9", "0.0.0.0/0"), 0);
	assert_string_equal(question_way("203.0.113.53"), "office");
	devices_reach(all, servers, 1);
	assert_string_equal(question_way("203.0.113.53"), "eth9");
	/* the tunnel itself leads there, as long as it is up */
	assert_int_equal(up(&t, PEER), 0);
	assert_int_equal(child_up(&t, 1, "10.7.0.9", "0.0.0.0/0"), 0);
	assert_string_equal(question_way("203.0.113.53"), "office");
	child_down(&t, 1);
	assert_string_equal(question_way("203.0.113.53"), "eth9");
	assert_int_equal(child_up(&t, 1, "10.7.0.9", "0.0.0.0/0"), 0);
	assert_string_equal(question_way("203.0.113.53"), "office");
	device_down(t.dev);
	assert_string_equal(question_way("203.0.113.53"), "eth9");
	devices_reach(all, NULL, 0);
	assert_string_equal(question_way("203.0.113.53"), "unreachable");
	tunnel_close(&t);
	tunnel_close(&u);
	assert_string_equal(ours(), "");
	assert_string_equal(rules(), "0");
}

/* What is logged of those that are new. */
static const char *looked(void)
{
	catch_log();
	devices_look(all);
	return caught_log();
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
	devices_mend(all);		/* the kernel tells the daemon */
	assert_int_equal(up(&u, PEER), -EEXIST);
	assert_non_null(strstr(u.why, "there is a route to 10.3.0.0/24 already "
				      "(via 192.0.2.253, eth9): remove it"));
	u.opt.when_down = WHEN_DOWN_BLOCK;
	device_free(u.dev);
	tunnel_open(&u);
	assert_string_equal(u.why, "");
	assert_non_null(strstr(looked(), "tunnel home: there is a route to 10.3.0.0/24 already"));
	assert_string_equal(looked(), "");	/* once */
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
	    "ip route add " PEER " via 192.0.2.254 proto 73; ip link add mine type bridge");
	run("ip route add 10.8.0.0/24 via 192.0.2.254; "
	    "ip route add 10.2.7.0/24 via 192.0.2.254 proto 73 table 77; "
	    "ip rule add pref 32765 ipproto 17 sport 4500 lookup 7373 proto 73; "
	    "ip route add default via 192.0.2.254 proto 73 table 7373");
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
	assert_string_equal(said("ip rule | grep -c '^32765:'"), "0");
	assert_string_equal(ours(), "unreachable 10.2.0.0/24 metric 1");
	/* a module that is loaded anew is no reason to take away what is in use */
	assert_int_equal(child_up(&u, 1, "10.7.0.9", "198.51.100.0/24"), 0);
	assert_int_equal(devices_leftover_del(all), 0);
	assert_string_equal(ours(), "198.51.100.0/24 dev home table 7373 scope link src 10.7.0.9; "
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

/* Which host a peer narrows local-ts to is no reason to take that host's address. */
static void a_neighbour_keeps_its_address(void **state)
{
	struct child_conf conf = { .local_ts = list_of("10.1.0.0/24 10.1.1.7 fd01::/64") };
	struct ike_child_link link = { .child = 1, .conf = &conf };
	struct tunnel t;

	tunnel_fill(&t, "office", "10.2.0.0/24", NULL);
	tunnel_open(&t);
	assert_int_equal(up(&t, PEER), 0);
	assert_int_equal(child_link(&t, link, "10.1.0.9 fd01::9", "10.2.0.0/24 fd02::/64"), 0);
	assert_non_null(strstr(note, "this host has no address inside local-ts"));
	assert_string_equal(source(&t, 1), "none");
	assert_string_equal(said("ip -4 -br addr show office | awk '{ print $3 }'"), "");
	assert_null(strstr(ours(), " src "));
	link.child = 2;
	assert_int_equal(child_link(&t, link, "10.1.0.9 10.1.1.7", "10.2.1.0/24"), 0);
	assert_string_equal(source(&t, 2), "10.1.1.7");
	tunnel_close(&t);
	ts_list_put(conf.local_ts);
}

/* The second of two peers has the first one's source, unless it has gone a moment ago. */
static void a_source_for_many(void **state)
{
	struct tunnel t;

	tunnel_fill(&t, "office", "10.2.0.0/16", NULL);
	tunnel_open(&t);
	assert_int_equal(up(&t, PEER), 0);
	run("ip addr add 10.1.0.1/24 dev eth9");
	assert_int_equal(child_up(&t, 1, "10.1.0.0/24", "10.2.1.0/24"), 0);
	assert_int_equal(child_up(&t, 2, "10.1.0.0/24", "10.2.2.0/24"), 0);
	assert_string_equal(source(&t, 2), "10.1.0.1");
	run("ip addr del 10.1.0.1/24 dev eth9; ip addr add 10.1.0.3/24 dev eth9");
	assert_int_equal(child_up(&t, 3, "10.1.0.0/24", "10.2.3.0/24"), 0);
	assert_string_equal(source(&t, 3), "10.1.0.3");
	assert_int_equal(child_up(&t, 4, "10.1.7.1", "10.2.4.0/24"), 0);
	assert_string_equal(source(&t, 4), "10.1.7.1");
	assert_int_equal(child_up(&t, 5, "10.1.7.1", "10.2.5.0/24"), 0);
	assert_string_equal(source(&t, 5), "10.1.7.1");
	run("ip link set office down");
	assert_int_equal(child_up(&t, 6, "10.1.0.0/24", "10.2.6.0/24"), 0);
	assert_string_equal(way("10.2.6.1"), "office");
	child_down(&t, 4);
	assert_string_equal(said("ip -4 -br addr show office | awk '{ print $3 }'"),
			    "10.1.7.1/32");
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
	run("ip rule add pref 100 not fwmark 7373 lookup 100");
	assert_string_equal(way("203.0.113.9"), "office");
	assert_string_equal(own_way(PEER), "eth9");
	child_down(&t, 1);
	assert_string_equal(way("203.0.113.9"), "unreachable");
	assert_string_equal(own_way(PEER), "eth9");
	assert_string_equal(rules(), "0");
	run("ip rule del pref 100");
	tunnel_close(&t);
	assert_string_equal(ours(), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(children_share_a_route),
		TEST(routes_of_many),
		TEST(routes_of_one),
		TEST(everything_but_what_is_nearer),
		TEST(a_private_network_with_the_peer_in_it),
		TEST(packets_are_waited_for),
		TEST(servers_are_reached_while_they_are_asked),
		TEST(whose_route_is_in_the_way),
		TEST(a_dead_daemon_has_left),
		TEST(sources_and_notes),
		TEST(a_neighbour_keeps_its_address),
		TEST(a_source_for_many),
		TEST(options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
