// SPDX-License-Identifier: GPL-2.0
/* Selectors that no route can express: rules pick the packets, on the kernel's real tables. */
#include "esplaned/host/laid.h"
#include "unit/esplaned/fake_host.h"

#define tunnel_fill(t, ...)	(tunnel_fill(t, __VA_ARGS__), (t)->opt.pass_others = true)

/* Where a packet goes of @what: "ipproto tcp dport 443" */
static const char *way_of(const char *to, const char *what)
{
	return said("ip route get %s %s 2>&1 | sed -n "
		    "'s/.*\\(unreachable\\|No route to host\\).*/unreachable/p; t; "
		    "s/.* dev \\([^ ]*\\).*/\\1/p'", to, what);
}

#define TCP(port)	"ipproto tcp sport 5555 dport " #port
#define UDP(port)	"ipproto udp sport 5555 dport " #port
#define FRAGMENT	"ipproto udp"		/* no ports */
#define FORWARDED	"from 192.0.2.99 iif eth9 "

static void only_what_is_selected(void **state)
{
	struct tunnel t;

	tunnel_fill(&t, "office", "10.2.0.0/24[tcp/443] 10.3.0.0/24[icmp] fd02::/64[tcp/443]",
		    NULL);
	tunnel_open(&t);
	assert_string_equal(t.why, "");
	assert_string_equal(way_of("10.2.0.1", TCP(443)), "eth9");
	assert_int_equal(up(&t, PEER), 0);
	assert_int_equal(child_up(&t, 1, "10.1.0.1 fd01::1", "10.2.0.0/24[tcp/443] "
				  "10.3.0.0/24[icmp] fd02::/64[tcp/443]"), 0);
	assert_string_equal(way_of("10.2.0.1", TCP(443)), "office");
	assert_string_equal(way_of("10.2.0.1", TCP(444)), "eth9");
	assert_string_equal(way_of("10.2.0.1", UDP(443)), "eth9");
	assert_string_equal(way_of("10.2.1.1", TCP(443)), "eth9");
	assert_string_equal(way("10.2.0.1"), "eth9");
	assert_string_equal(way_of("10.2.0.1", "ipproto icmp"), "unreachable");
	assert_string_equal(way_of("fd02::1", "ipproto ipv6-icmp"), "unreachable");
	assert_string_equal(way_of("10.3.0.1", "ipproto icmp"), "office");
	assert_string_equal(way_of("10.3.0.1", TCP(443)), "eth9");
	assert_string_equal(way_of("fd02::1", TCP(443)), "office");
	assert_string_equal(way_of("fd02::1", TCP(80)), "eth9");
	/* with the address that the peer knows this host by, and only those */
	assert_string_equal(said("ip route get 10.2.0.1 ipproto tcp sport 5 dport 443 | "
				 "sed -n 's/.* src \\([^ ]*\\).*/\\1/p'"), "10.1.0.1");
	assert_string_equal(said("ip route show table main proto 73"), "");
	child_down(&t, 1);
	assert_string_equal(way_of("10.2.0.1", TCP(443)), "eth9");
	assert_string_equal(ours(), "");
	assert_string_equal(rules(), "0");
	tunnel_close(&t);
}

/* What has no port that a rule knows does not leave in the clear. */
static void fragments_are_refused(void **state)
{
	const char *remote = "10.2.0.0/24[udp/53] 10.3.0.0/24[udp] 10.4.0.0/24[udp/1024-65535]";
	struct tunnel t;

	run("sysctl -qw net.ipv4.conf.all.forwarding=1 net.ipv4.conf.all.rp_filter=0 "
	    "net.ipv4.conf.eth9.rp_filter=0");
	tunnel_fill(&t, "office", remote, NULL);
	tunnel_open(&t);
	assert_int_equal(up(&t, PEER), 0);
	assert_int_equal(child_up(&t, 1, "10.1.0.1", remote), 0);
	assert_string_equal(way_of("10.2.0.1", FORWARDED UDP(53)), "office");
	assert_string_equal(way_of("10.2.0.1", FORWARDED UDP(54)), "eth9");
	assert_string_equal(way_of("10.2.0.1", FORWARDED FRAGMENT), "unreachable");
	assert_string_equal(way_of("10.2.0.1", FORWARDED "ipproto tcp"), "eth9");
	assert_string_equal(way_of("10.2.1.1", FORWARDED FRAGMENT), "eth9");
	/* the child carries them */
	assert_string_equal(way_of("10.3.0.1", FORWARDED FRAGMENT), "office");
	/* or the port that no rule can name */
	assert_string_equal(way_of("10.4.0.1", UDP(65534)), "office");
	assert_string_equal(way_of("10.4.0.1", UDP(65535)), "office");
	assert_string_equal(way_of("10.4.0.1", UDP(1023)), "eth9");
	tunnel_close(&t);
	assert_string_equal(ours(), "");
	assert_string_equal(rules(), "0");
}

/* What it sends itself does not turn back into it, all else that is selected goes in. */
static void the_peers_own_address(void **state)
{
	struct tunnel t;

	tunnel_fill(&t, "office", PEER "[udp] " PEER "[tcp/22] " PEER "[50]", NULL);
	tunnel_open(&t);
	assert_int_equal(up(&t, PEER), 0);
	assert_int_equal(child_up(&t, 1, "192.0.2.1",
				  PEER "[udp] " PEER "[tcp/22] " PEER "[50]"), 0);
	assert_string_equal(way_of(PEER, UDP(7)), "office");
	assert_string_equal(way_of(PEER, TCP(22)), "office");
	assert_string_equal(way_of(PEER, TCP(23)), "eth9");
	assert_string_equal(way_of(PEER, "ipproto icmp"), "unreachable");
	/* IKE and ESP, by mark, and as the kernel looks for the way back */
	assert_string_equal(own_way(PEER), "eth9");
	assert_string_equal(way_of(PEER, "mark 7373 ipproto udp sport 500 dport 500"), "eth9");
	assert_string_equal(way_of(PEER, "ipproto udp sport 4500 dport 4500"), "eth9");
	assert_int_equal(up(&t, PEER), 0);
	tunnel_close(&t);
	assert_string_equal(rules(), "0");
}

/* The longer prefix first, whichever table it is in; then the narrower selector. */
static void the_most_specific_wins(void **state)
{
	struct tunnel t, u, v;

	tunnel_fill(&t, "office", "10.0.0.0/8[tcp] 10.9.0.0/16[tcp/1-1000]", NULL);
	tunnel_fill(&u, "home", "10.2.0.0/24", NULL);
	tunnel_fill(&v, "car", "10.0.0.0/8[tcp/80] 10.9.0.0/16[tcp/80-81]", NULL);
	tunnel_open(&t);
	tunnel_open(&u);
	tunnel_open(&v);
	assert_int_equal(up(&t, PEER), 0);
	assert_int_equal(up(&u, PEER), 0);
	assert_int_equal(up(&v, PEER), 0);
	assert_int_equal(child_up(&t, 1, "10.1.0.1", "10.0.0.0/8[tcp] 10.9.0.0/16[tcp/1-1000]"), 0);
	assert_int_equal(child_up(&u, 2, "10.1.0.1", "10.2.0.0/24"), 0);
	assert_int_equal(child_up(&v, 3, "10.1.0.1", "10.0.0.0/8[tcp/80] 10.9.0.0/16[tcp]"), 0);
	run("ip route add 10.7.0.0/16 via 192.0.2.253; ip route add 10.0.0.0/7 via 192.0.2.253");
	assert_string_equal(way_of("10.5.0.1", TCP(22)), "office");
	assert_string_equal(way_of("10.5.0.1", TCP(80)), "car");
	assert_string_equal(way_of("10.5.0.1", UDP(80)), "eth9");
	assert_string_equal(way_of("10.2.0.1", TCP(80)), "home");
	assert_string_equal(way_of("10.2.0.1", UDP(80)), "home");
	assert_string_equal(way_of("10.7.0.1", TCP(80)), "eth9");
	assert_string_equal(way_of("10.9.0.1", TCP(22)), "office");
	assert_string_equal(way_of("10.9.0.1", TCP(2000)), "car");
	/* whichever came first */
	assert_int_equal(child_up(&v, 3, "10.1.0.1",
				  "10.0.0.0/8[tcp/80] 10.9.0.0/16[tcp/80-81]"), 0);
	assert_string_equal(way_of("10.9.0.1", TCP(80)), "car");
	assert_string_equal(way_of("10.9.0.1", TCP(82)), "office");
	assert_string_equal(way_of("10.9.0.1", TCP(2000)), "office");
	tunnel_close(&t);
	tunnel_close(&u);
	tunnel_close(&v);
	assert_string_equal(ours(), "");
	assert_string_equal(rules(), "0");
	run("ip route del 10.7.0.0/16; ip route del 10.0.0.0/7");
}

static void down_it_is_blocked(void **state)
{
	const char *remote = "10.2.0.0/24[tcp/443]";
	struct tunnel t, u;

	/* what a shorter route blocks does not hide it */
	tunnel_fill(&u, "home", "10.0.0.0/8", NULL);
	u.opt.when_down = WHEN_DOWN_BLOCK;
	tunnel_open(&u);
	assert_string_equal(ours(), "unreachable 10.0.0.0/8 metric 1");
	tunnel_fill(&t, "office", remote, NULL);
	t.opt.when_down = WHEN_DOWN_BLOCK;
	tunnel_open(&t);
	assert_string_equal(t.why, "");
	assert_string_equal(way_of("10.2.0.1", TCP(443)), "unreachable");
	assert_string_equal(way_of("10.2.0.1", FRAGMENT), "unreachable");
	assert_string_equal(way_of("10.3.0.1", TCP(443)), "unreachable");
	assert_int_equal(up(&t, PEER), 0);
	assert_int_equal(child_up(&t, 1, "10.1.0.1", remote), 0);
	assert_string_equal(way_of("10.2.0.1", TCP(443)), "office");
	assert_string_equal(way_of("10.2.0.1", TCP(80)), "unreachable");
	child_down(&t, 1);
	assert_string_equal(way_of("10.2.0.1", TCP(443)), "unreachable");
	tunnel_close(&u);
	assert_string_equal(way_of("10.2.0.1", TCP(443)), "unreachable");
	assert_string_equal(way_of("10.2.0.1", TCP(80)), "eth9");
	tunnel_close(&t);
	assert_string_equal(way_of("10.2.0.1", TCP(443)), "eth9");
	assert_string_equal(ours(), "");
	assert_string_equal(rules(), "0");
}

/* A reload: other selectors of a tunnel that stays. */
static void selectors_change(void **state)
{
	struct tunnel t;

	tunnel_fill(&t, "office", "10.2.0.0/24[tcp/443]", NULL);
	t.opt.when_down = WHEN_DOWN_BLOCK;
	tunnel_open(&t);
	ts_list_put(t.child[0].remote_ts);
	t.child[0].remote_ts = list_of("10.2.0.0/24[udp/53] 10.3.0.0/24[tcp/443]");
	assert_true(device_changed(t.dev, NULL, 0, t.why));
	assert_string_equal(t.why, "");
	assert_string_equal(way_of("10.2.0.1", TCP(443)), "eth9");
	assert_string_equal(way_of("10.2.0.1", UDP(53)), "unreachable");
	assert_string_equal(way_of("10.3.0.1", TCP(443)), "unreachable");
	assert_string_equal(way_of("10.2.0.1", "mark 7373 ipproto udp sport 5 dport 53"), "eth9");
	ts_list_put(t.child[0].remote_ts);
	t.child[0].remote_ts = list_of("10.2.0.0/24");
	assert_true(device_changed(t.dev, NULL, 0, t.why));
	assert_string_equal(way_of("10.2.0.1", TCP(443)), "unreachable");
	assert_string_equal(rules(), "0");
	tunnel_close(&t);
	assert_string_equal(ours(), "");
}

/* Two children, two tunnels and two peers share a rule; it goes with the last. */
static void rules_are_shared(void **state)
{
	struct tunnel t, u;
	char few[16];

	tunnel_fill(&t, "office", "10.2.0.0/16[tcp/443]", NULL);
	tunnel_fill(&u, "home", "10.4.0.0/16[tcp/443]", NULL);
	tunnel_open(&t);
	tunnel_open(&u);
	assert_int_equal(up(&t, PEER), 0);
	assert_int_equal(up(&u, PEER), 0);
	assert_int_equal(child_up(&t, 1, "10.1.0.1", "10.2.0.0/16[tcp/443]"), 0);
	snprintf(few, sizeof(few), "%s", rules());
	assert_int_equal(child_up(&t, 2, "10.1.0.1", "10.2.0.0/16[tcp/443]"), 0);
	assert_int_equal(child_up(&u, 3, "10.1.0.1", "10.4.0.0/16[tcp/443]"), 0);
	/* a rekey */
	assert_int_equal(child_up(&u, 3, "10.1.0.1", "10.4.0.0/16[tcp/443]"), 0);
	assert_string_equal(rules(), few);
	assert_string_equal(way_of("10.4.0.1", TCP(443)), "home");
	child_down(&t, 1);
	child_down(&u, 3);
	assert_string_equal(way_of("10.2.0.1", TCP(443)), "office");
	assert_string_equal(way_of("10.4.0.1", TCP(443)), "eth9");
	assert_string_equal(rules(), few);
	child_down(&t, 2);
	assert_string_equal(way_of("10.2.0.1", TCP(443)), "eth9");
	assert_string_equal(rules(), "0");
	tunnel_close(&t);
	tunnel_close(&u);
}

static void hundreds_are_few_rules(void **state)
{
	char remote[8192] = "";
	struct tunnel t;

	for (int i = 0; i < 250; i++)
		snprintf(remote + strlen(remote), sizeof(remote) - strlen(remote),
			 "10.%d.0.0/24[tcp/443] ", i);
	tunnel_fill(&t, "office", remote, NULL);
	tunnel_open(&t);
	assert_int_equal(up(&t, PEER), 0);
	assert_int_equal(child_up(&t, 1, "10.1.0.1", remote), 0);
	assert_string_equal(way_of("10.249.0.1", TCP(443)), "office");
	/*
	 * Longer prefixes, the port, ICMP, three for fragments; four, a mark and where they go on:
	 * the tunnel's own.
	 */
	assert_string_equal(rules(), "12");
	tunnel_close(&t);
	assert_string_equal(rules(), "0");
}

/* All tables are taken: nothing is laid of what has no rule. */
static void tables_are_limited(void **state)
{
	const unsigned int each = 60;
	struct tunnel t, u;
	char remote[4096];
	int rc = 0;

	tunnel_fill(&t, "office", "10.0.0.0/8[tcp]", NULL);
	tunnel_open(&t);
	assert_int_equal(up(&t, PEER), 0);
	for (unsigned int c = 0; c < 9; c++) {
		remote[0] = '\0';
		for (unsigned int i = 0; i < each; i++)
			snprintf(remote + strlen(remote), sizeof(remote) - strlen(remote),
				 "10.2.0.0/24[udp/%u] ", c * each + i + 1);
		assert_int_equal(rc, 0);
		rc = child_up(&t, c + 1, "10.1.0.1", remote);
	}
	assert_int_equal(rc, -ENOSPC);
	assert_string_equal(t.why, "the tunnels' protocols and ports need more than 512 routing "
				   "rules: fewer of them, or selectors without");
	assert_string_equal(way_of("10.2.0.1", UDP(540)), "eth9");
	assert_string_equal(way_of("10.2.0.1", UDP(480)), "office");
	/* what is to be blocked is, and all else to it */
	remote[0] = '\0';
	for (unsigned int i = 0; i < each; i++)
		snprintf(remote + strlen(remote), sizeof(remote) - strlen(remote),
			 "10.4.0.0/24[udp/%u] ", 1000 + i);
	tunnel_fill(&u, "home", remote, NULL);
	u.opt.when_down = WHEN_DOWN_BLOCK;
	tunnel_open(&u);
	assert_non_null(strstr(u.why, "more than 512 routing rules"));
	assert_string_equal(way_of("10.4.0.1", UDP(7)), "unreachable");
	assert_string_equal(way_of("10.5.0.1", UDP(7)), "eth9");
	/* and less as soon as there are rules for it */
	for (unsigned int c = 0; c < 9; c++)
		child_down(&t, c + 1);
	assert_string_equal(way_of("10.4.0.1", UDP(7)), "eth9");
	assert_string_equal(way_of("10.4.0.1", UDP(1000)), "unreachable");
	assert_string_equal(said("ip route show table all proto 73 | grep -c 'table 7910'"), "0");
	tunnel_close(&u);
	assert_string_equal(way_of("10.4.0.1", UDP(1000)), "eth9");
	assert_string_equal(ours(), "");
	assert_string_equal(rules(), "0");
	tunnel_close(&t);
}

/* Somebody removes the rules, or the routes, or the interface. */
static void laid_again(void **state)
{
	const char *remote = "10.2.0.0/24[udp/53]";
	struct tunnel t;

	tunnel_fill(&t, "office", remote, NULL);
	tunnel_open(&t);
	assert_int_equal(up(&t, PEER), 0);
	assert_int_equal(child_up(&t, 1, "10.1.0.1", remote), 0);
	run("ip rule flush; ip rule add pref 32766 lookup main");
	assert_string_equal(way_of("10.2.0.1", UDP(53)), "eth9");
	devices_mend(all);
	assert_string_equal(way_of("10.2.0.1", UDP(53)), "office");
	assert_string_equal(way_of("10.2.0.1", FRAGMENT), "unreachable");
	assert_string_equal(way_of("10.2.0.1", UDP(54)), "eth9");
	run("for i in $(seq 7374 7380); do ip route flush table $i; done 2>/dev/null");
	assert_string_equal(way_of("10.2.0.1", UDP(53)), "eth9");
	devices_mend(all);
	assert_string_equal(way_of("10.2.0.1", UDP(53)), "office");
	assert_string_equal(way_of("10.2.0.1", FRAGMENT), "unreachable");
	run("ip link del office");
	device_gone(t.dev);
	assert_string_equal(ours(), "");
	assert_string_equal(rules(), "0");
	tunnel_close(&t);
}

/* A daemon is killed; the next one has another configuration, in another order. */
static void a_dead_daemon_has_left(void **state)
{
	struct tunnel t, u;

	tunnel_fill(&t, "office", "10.2.0.0/24[tcp/443]", NULL);
	t.opt.when_down = WHEN_DOWN_BLOCK;
	tunnel_fill(&u, "home", "10.4.0.0/24[udp/53]", NULL);
	u.opt.when_down = WHEN_DOWN_BLOCK;
	tunnel_open(&t);
	tunnel_open(&u);
	devices_keep_blocks(all);
	tunnel_close(&t);
	tunnel_close(&u);
	devices_free(all);
	assert_string_equal(way_of("10.2.0.1", TCP(443)), "unreachable");
	assert_string_equal(way_of("10.4.0.1", UDP(53)), "unreachable");
	all = devices_new();
	assert_int_equal(devices_leftover_del(all), 0);
	assert_string_equal(way_of("10.2.0.1", TCP(443)), "unreachable");
	tunnel_fill(&u, "home", "10.4.0.0/24[udp/53]", NULL);
	u.opt.when_down = WHEN_DOWN_BLOCK;
	tunnel_open(&u);
	assert_string_equal(u.why, "");
	assert_string_equal(way_of("10.4.0.1", UDP(53)), "unreachable");
	devices_settled(all);
	assert_string_equal(way_of("10.2.0.1", TCP(443)), "eth9");
	assert_string_equal(way_of("10.4.0.1", UDP(53)), "unreachable");
	assert_string_equal(way_of("10.4.0.1", TCP(443)), "eth9");
	assert_int_equal(up(&u, PEER), 0);
	assert_int_equal(child_up(&u, 1, "10.1.0.1", "10.4.0.0/24[udp/53]"), 0);
	assert_string_equal(way_of("10.4.0.1", UDP(53)), "home");
	tunnel_close(&u);
	assert_string_equal(ours(), "");
	assert_string_equal(rules(), "0");
}

/* What is down is blocked, also within what another child carries whole. */
static void one_of_two_children(void **state)
{
	struct tunnel t;

	tunnel_fill(&t, "office", "0.0.0.0/0", "10.2.0.0/24[tcp/445]");
	t.opt.when_down = WHEN_DOWN_BLOCK;
	tunnel_open(&t);
	run("ip route add 10.2.0.0/24 via 192.0.2.253");
	assert_int_equal(up(&t, PEER), 0);
	assert_int_equal(child_up(&t, 1, "10.1.0.1", "0.0.0.0/0"), 0);
	assert_string_equal(way_of("10.2.0.1", TCP(445)), "unreachable");
	assert_string_equal(way_of("10.2.0.1", TCP(446)), "eth9");
	assert_string_equal(way_of("10.3.0.1", TCP(445)), "office");
	assert_int_equal(child_up(&t, 2, "10.1.0.1", "10.2.0.0/24[tcp/445]"), 0);
	assert_string_equal(way_of("10.2.0.1", TCP(445)), "office");
	run("ip route del 10.2.0.0/24");
	tunnel_close(&t);
	assert_string_equal(rules(), "0");
}

/* Unless it is asked for nothing is picked. */
static void others_are_refused(void **state)
{
	struct tunnel t;

	tunnel_fill(&t, "office", "10.2.0.0/24[tcp/443]", NULL);
	t.opt.pass_others = false;
	t.opt.when_down = WHEN_DOWN_BLOCK;
	tunnel_open(&t);
	assert_string_equal(ours(), "unreachable 10.2.0.0/24 metric 1");
	assert_int_equal(up(&t, PEER), 0);
	assert_int_equal(child_up(&t, 1, "10.1.0.1", "10.2.0.0/24[tcp/443]"), 0);
	assert_string_equal(ours(), "10.2.0.0/24 dev office scope link src 10.1.0.1; "
				    "unreachable 10.2.0.0/24 metric 1");
	assert_string_equal(rules(), "0");
	tunnel_close(&t);
}

/* Rules for an administrator's table are his. */
static void the_administrators_table(void **state)
{
	struct tunnel t;

	tunnel_fill(&t, "office", "10.2.0.0/24[tcp/443]", NULL);
	t.opt.table = 100;
	t.opt.when_down = WHEN_DOWN_BLOCK;
	tunnel_open(&t);
	assert_int_equal(up(&t, PEER), 0);
	assert_int_equal(child_up(&t, 1, "10.1.0.1", "10.2.0.0/24[tcp/443]"), 0);
	assert_string_equal(ours(), "10.2.0.0/24 dev office table 100 scope link src 10.1.0.1; "
				    "unreachable 10.2.0.0/24 table 100 metric 1");
	assert_string_equal(rules(), "0");
	tunnel_close(&t);
}

/* All questions to name servers, beside the tunnel until it is up. */
static void questions(void **state)
{
	struct addr server;
	struct tunnel t;

	assert_true(addr_parse(&server, "203.0.113.53"));
	tunnel_fill(&t, "office", "0.0.0.0/0[udp]", NULL);
	t.opt.when_down = WHEN_DOWN_BLOCK;
	tunnel_open(&t);
	assert_string_equal(way_of("203.0.113.53", UDP(53)), "unreachable");
	assert_string_equal(way_of("203.0.113.53", TCP(53)), "eth9");
	devices_reach(all, &server, 1);
	assert_string_equal(way_of("203.0.113.53", UDP(53)), "eth9");
	assert_string_equal(way_of("203.0.113.54", UDP(53)), "unreachable");
	assert_int_equal(up(&t, PEER), 0);
	assert_int_equal(child_up(&t, 1, "10.1.0.1", "0.0.0.0/0[udp]"), 0);
	devices_reach(all, &server, 1);
	assert_string_equal(way_of("203.0.113.53", UDP(53)), "office");
	assert_string_equal(way_of("192.0.2.77", UDP(53)), "eth9");
	tunnel_close(&t);
	assert_string_equal(rules(), "0");
}

/* A tunnel whose table the administrator's rules lead others to gets none of this host's. */
static void questions_that_only_seem_to_be_carried(void **state)
{
	struct addr server;
	struct tunnel t, u;

	assert_true(addr_parse(&server, "203.0.113.53"));
	tunnel_fill(&t, "office", "0.0.0.0/0", NULL);
	tunnel_fill(&u, "home", "0.0.0.0/0", NULL);
	t.opt.table = 100;
	u.opt.when_down = WHEN_DOWN_BLOCK;
	tunnel_open(&t);
	tunnel_open(&u);
	assert_int_equal(up(&t, PEER), 0);
	assert_int_equal(child_up(&t, 1, "10.1.0.1", "0.0.0.0/0"), 0);
	assert_string_equal(way_of("203.0.113.53", UDP(53)), "unreachable");
	devices_reach(all, &server, 1);
	assert_string_equal(way_of("203.0.113.53", UDP(53)), "eth9");
	devices_reach(all, NULL, 0);
	assert_string_equal(way_of("203.0.113.53", UDP(53)), "unreachable");
	tunnel_close(&u);
	tunnel_close(&t);
	assert_string_equal(rules(), "0");
}

/* What is in a tunnel that is up stays there, though another one's peer is looked up. */
static void questions_that_a_tunnel_carries(void **state)
{
	struct addr servers[2];
	struct tunnel t, u;

	assert_true(addr_parse(&servers[0], "10.2.0.53"));
	assert_true(addr_parse(&servers[1], "10.3.0.53"));
	tunnel_fill(&t, "office", "10.2.0.0/24[udp/50-60] 10.3.0.0/24[tcp/53]", NULL);
	tunnel_fill(&u, "home", "198.51.100.0/24", NULL);
	assert_true(addr_parse(&u.opt.ike.remote, PEER));
	tunnel_open(&t);
	tunnel_open(&u);
	devices_reach(all, servers, 2);
	assert_string_equal(way_of("10.2.0.53", UDP(53)), "eth9");
	assert_int_equal(up(&t, PEER), 0);
	assert_int_equal(child_up(&t, 1, "10.1.0.1", "10.2.0.0/24[udp/50-60] 10.3.0.0/24[tcp/53]"),
			 0);
	devices_reach(all, servers, 2);
	assert_string_equal(way_of("10.2.0.53", UDP(53)), "office");
	assert_string_equal(way_of("10.3.0.53", UDP(53)), "eth9");
	assert_int_equal(up(&u, PEER), 0);
	assert_int_equal(child_up(&u, 2, "10.1.0.1", "198.51.100.0/24"), 0);
	assert_true(addr_parse(&servers[1], "198.51.100.53"));
	devices_reach(all, servers, 2);
	assert_string_equal(way_of("198.51.100.53", UDP(53)), "home");
	tunnel_close(&t);
	tunnel_close(&u);
}

/* The ports of one network in two tunnels: what no rule tells apart is the first one's. */
static void two_tunnels_split_the_ports(void **state)
{
	struct tunnel t, u;

	tunnel_fill(&t, "office", "10.2.0.0/24[tcp/0-1023]", NULL);
	tunnel_fill(&u, "home", "10.2.0.0/24[tcp/1024-65535]", NULL);
	tunnel_open(&t);
	tunnel_open(&u);
	assert_int_equal(up(&t, PEER), 0);
	assert_int_equal(child_up(&t, 1, "10.1.0.1", "10.2.0.0/24[tcp/0-1023]"), 0);
	assert_int_equal(up(&u, PEER), 0);
	for (int i = 0; i < 2; i++) {	/* and a rekey */
		assert_int_equal(child_up(&u, 2, "10.1.0.1", "10.2.0.0/24[tcp/1024-65535]"), 0);
		assert_string_equal(way_of("10.2.0.1", TCP(80)), "office");
		assert_string_equal(way_of("10.2.0.1", TCP(2000)), "home");
		assert_string_equal(way_of("10.2.0.1", TCP(65535)), "office");
	}
	child_down(&t, 1);
	assert_string_equal(way_of("10.2.0.1", TCP(65535)), "unreachable");
	assert_string_equal(way_of("10.2.0.1", TCP(2000)), "home");
	child_down(&u, 2);
	assert_string_equal(ours(), "");
	assert_string_equal(rules(), "0");
	tunnel_close(&t);
	tunnel_close(&u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_what_is_selected),
		TEST(fragments_are_refused),
		TEST(the_peers_own_address),
		TEST(the_most_specific_wins),
		TEST(down_it_is_blocked),
		TEST(selectors_change),
		TEST(rules_are_shared),
		TEST(hundreds_are_few_rules),
		TEST(tables_are_limited),
		TEST(laid_again),
		TEST(a_dead_daemon_has_left),
		TEST(one_of_two_children),
		TEST(others_are_refused),
		TEST(the_administrators_table),
		TEST(questions),
		TEST(questions_that_a_tunnel_carries),
		TEST(questions_that_only_seem_to_be_carried),
		TEST(two_tunnels_split_the_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
