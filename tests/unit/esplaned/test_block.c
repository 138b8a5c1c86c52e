// SPDX-License-Identifier: GPL-2.0
/* Routes that block, and who is reached all the same. */
#include "unit/esplaned/fake_host.h"

static void blocks_from_start_to_stop(void **state)
{
	struct tunnel t, u;

	tunnel_fill(&t, "office", "0.0.0.0/0 0.0.0.0/0[tcp/80]", "10.4.0.0/24");
	tunnel_fill(&u, "home", "0.0.0.0/0", NULL);
	t.opt.when_down = WHEN_DOWN_BLOCK;
	u.opt.when_down = WHEN_DOWN_BLOCK;
	tunnel_open(&t);
	assert_string_equal(t.why, "");
	assert_string_equal(ours(), "unreachable 10.4.0.0/24 table 7910 metric 1; "
				    "unreachable default table 7886 metric 1");
	assert_string_equal(way("203.0.113.9"), "unreachable");
	/* somebody else's route between the two wins over the one and not over the other */
	run("ip route add 10.4.0.0/16 via 192.0.2.253");
	assert_string_equal(way("10.4.0.9"), "unreachable");
	assert_string_equal(way("10.4.1.9"), "eth9");
	run("ip route del 10.4.0.0/16");
	/* counted; and above the metrics of all tunnels */
	u.opt.metric = 50;
	tunnel_open(&u);
	assert_string_equal(u.why, "");
	tunnel_close(&t);
	assert_string_equal(ours(), "unreachable default table 7886 metric 51");
	assert_string_equal(way("203.0.113.9"), "unreachable");
	tunnel_close(&u);
	assert_string_equal(ours(), "");
	assert_string_equal(way("203.0.113.9"), "eth9");
}

/* A reload: other children, another when-down, one that leads everywhere. */
static void blocks_follow_a_reload(void **state)
{
	struct tunnel t;

	tunnel_fill(&t, "office", "10.2.0.0/16", "10.4.0.0/24");
	t.opt.when_down = WHEN_DOWN_BLOCK;
	tunnel_open(&t);
	assert_string_equal(ours(), "unreachable 10.2.0.0/16 metric 1; "
				    "unreachable 10.4.0.0/24 metric 1");
	t.opt.ike.child_count = 1;
	assert_true(device_changed(t.dev, NULL, 0, t.why));
	assert_string_equal(t.why, "");
	assert_string_equal(ours(), "unreachable 10.2.0.0/16 metric 1");
	t.opt.when_down = WHEN_DOWN_PASS;
	assert_true(device_changed(t.dev, NULL, 0, t.why));
	assert_string_equal(ours(), "");
	t.opt.when_down = WHEN_DOWN_BLOCK;
	ts_list_put(t.child[0].remote_ts);
	t.child[0].remote_ts = list_of("0.0.0.0/0");
	for (int i = 0; i < 2; i++) {
		assert_true(device_changed(t.dev, NULL, 0, t.why));
		assert_string_equal(ours(), "unreachable default table 7886 metric 1");
	}
	t.opt.ike.child_count = 2;
	ts_list_put(t.child[0].remote_ts);
	t.child[0].remote_ts = list_of("10.2.0.0/16");
	assert_true(device_changed(t.dev, NULL, 0, t.why));
	assert_string_equal(ours(), "unreachable 10.2.0.0/16 table 7902 metric 1; "
				    "unreachable 10.4.0.0/24 table 7910 metric 1");
	tunnel_close(&t);
	assert_string_equal(ours(), "");
	assert_string_equal(way("203.0.113.9"), "eth9");
}

/*
 * What one tunnel blocks is shorter than what another has aside: it does not cut off the host's own
 * networks in between, nor the other one.
 */
static void blocks_of_many_lengths(void **state)
{
	struct tunnel t, u, v;

	tunnel_fill(&t, "office", "0.0.0.0/0", NULL);
	tunnel_fill(&u, "home", "198.51.100.0/24", NULL);
	tunnel_fill(&v, "car", "198.51.0.0/16", NULL);
	t.opt.when_down = u.opt.when_down = v.opt.when_down = WHEN_DOWN_BLOCK;
	assert_true(addr_parse(&u.opt.ike.remote, PEER));
	tunnel_open(&v);
	assert_string_equal(ours(), "unreachable 198.51.0.0/16 metric 1");
	tunnel_open(&u);
	assert_string_equal(ours(), "unreachable 198.51.0.0/16 table 7902 metric 1; "
				    "unreachable 198.51.100.0/24 table 7910 metric 1");
	tunnel_open(&t);
	run("ip route add 172.16.0.0/12 via 192.0.2.253");
	for (int i = 0; i < 2; i++) {
		assert_string_equal(way("192.0.2.77"), "eth9");
		assert_string_equal(way("172.16.0.1"), "eth9");
		assert_string_equal(way("198.51.7.1"), "unreachable");
		assert_string_equal(way("203.0.113.9"), "unreachable");
		assert_string_equal(own_way(PEER), "eth9");
		assert_string_equal(way("198.51.100.9"), i ? "home" : "unreachable");
		assert_int_equal(up(&u, PEER), 0);
		assert_int_equal(child_up(&u, 1, "10.1.0.1", "198.51.100.0/24"), 0);
	}
	/* and they pass the rules of others */
	run("ip route add default via 192.0.2.253 table 102; "
	    "ip rule add from 192.0.2.1 lookup 102 pref 32700");
	assert_string_equal(said("ip route get %s from 192.0.2.1 mark 7373 | grep -c "
				 "192.0.2.253", PEER), "1");
	run("ip rule del pref 32700; ip route flush table 102; ip route del 172.16.0.0/12");
	tunnel_close(&t);
	tunnel_close(&u);
	tunnel_close(&v);
	assert_string_equal(ours(), "");
	assert_string_equal(rules(), "0");
}

/* One that is down and makes way for a third does not block the one that has its place. */
static void blocks_that_move_spare_a_backup(void **state)
{
	struct tunnel t, u, v;

	tunnel_fill(&t, "office", "10.0.0.0/8", NULL);
	tunnel_fill(&u, "home", "10.0.0.0/8", NULL);
	tunnel_fill(&v, "car", "10.1.0.0/24", NULL);
	t.opt.when_down = v.opt.when_down = WHEN_DOWN_BLOCK;
	u.opt.metric = 0;
	assert_true(addr_parse(&v.opt.ike.remote, "10.1.0.1"));
	tunnel_open(&t);
	tunnel_open(&u);
	assert_int_equal(up(&u, PEER), 0);
	assert_int_equal(child_up(&u, 2, "10.9.0.1", "10.0.0.0/8"), 0);
	assert_string_equal(way("10.5.0.1"), "home");
	tunnel_open(&v);
	assert_string_equal(way("10.5.0.1"), "home");
	assert_string_equal(way("10.1.0.9"), "unreachable");
	child_down(&u, 2);
	assert_string_equal(way("10.5.0.1"), "unreachable");
	tunnel_close(&v);
	tunnel_close(&u);
	tunnel_close(&t);
	assert_string_equal(ours(), "");
	assert_string_equal(rules(), "0");
}

/*
 * A peer has agreed to less than is configured, which stands aside: shorter blocks of others do not
 * cut it off, whoever is there first.
 */
static void blocks_spare_what_is_narrowed(void **state)
{
	struct tunnel t, u, v;

	for (int i = 0; i < 2; i++) {
		tunnel_fill(&t, "office", "0.0.0.0/0", NULL);
		tunnel_fill(&u, "home", "10.0.0.0/8", NULL);
		tunnel_fill(&v, "car", "172.16.0.0/12", NULL);
		u.opt.when_down = v.opt.when_down = WHEN_DOWN_BLOCK;
		tunnel_open(&t);
		tunnel_open(&v);
		if (i)
			tunnel_open(&u);
		assert_int_equal(up(&t, PEER), 0);
		assert_int_equal(child_link(&t, (struct ike_child_link){
			.child = 1, .conf = &t.child[0] }, "10.9.0.1", "10.1.2.0/24"), 0);
		if (!i)
			tunnel_open(&u);
		assert_string_equal(way("10.1.2.5"), "office");
		assert_string_equal(way("10.1.3.5"), "unreachable");
		assert_string_equal(way("203.0.113.9"), "eth9");
		/* this one is in nobody's way */
		assert_string_equal(said("ip route show table main proto 73"),
				    "unreachable 172.16.0.0/12 metric 1");
		tunnel_close(&t);
		tunnel_close(&u);
		tunnel_close(&v);
		assert_string_equal(ours(), "");
		assert_string_equal(rules(), "0");
	}
}

/* With a name, or a peer of many: where it is now. */
static void blocks_leave_a_living_peer_alone(void **state)
{
	struct addr peers[2];
	struct tunnel t;

	assert_true(addr_parse(&peers[0], "203.0.113.1"));
	assert_true(addr_parse(&peers[1], "198.51.100.7"));
	tunnel_fill(&t, "office", "10.2.0.0/16", "198.51.100.0/24");
	t.opt.when_down = WHEN_DOWN_BLOCK;
	t.opt.ike.child_count = 1;
	tunnel_open(&t);
	t.opt.ike.child_count = 2;
	assert_true(device_changed(t.dev, peers, 1, t.why));
	assert_string_equal(own_way("198.51.100.7"), "unreachable");
	assert_true(device_changed(t.dev, peers, 2, t.why));
	assert_string_equal(t.why, "");
	assert_string_equal(own_way("198.51.100.7"), "eth9");
	assert_string_equal(way("198.51.100.7"), "unreachable");
	assert_string_equal(ours(), "unreachable 10.2.0.0/16 table 7902 metric 1; "
				    "unreachable 198.51.100.0/24 table 7910 metric 1");
	tunnel_close(&t);
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

/* A peer is answered, though all else is blocked; a restart is no gap for either. */
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
	assert_string_equal(own_way(PEER), "eth9");
	assert_string_equal(way(PEER), "unreachable");
	assert_string_equal(way("198.51.100.2"), "unreachable");
	assert_int_equal(up(&t, "198.51.100.2"), 0);
	assert_int_equal(up(&t, PEER), 0);
	device_down(t.dev);
	assert_string_equal(own_way(PEER), "eth9");
	assert_string_equal(way("198.51.100.2"), "unreachable");
	devices_keep_blocks(all);
	tunnel_close(&t);
	devices_free(all);
	assert_string_equal(way("198.51.100.2"), "unreachable");
	assert_string_equal(own_way(PEER), "eth9");
	/* the next daemon has it, or does not want it */
	all = devices_new();
	devices_leftover_del(all);
	assert_string_equal(way("198.51.100.2"), "unreachable");
	tunnel_fill(&t, "office", "10.2.0.0/16", NULL);
	tunnel_open(&t);
	devices_settled(all);
	assert_string_equal(rules(), "0");
	assert_string_equal(way("198.51.100.2"), "eth9");
	tunnel_close(&t);
	assert_string_equal(ours(), "");
}

/* Where a datagram from IKE's port goes. */
static const char *answer_way(const char *to, int sport)
{
	return said("ip route get %s ipproto 17 sport %d dport 777 2>&1 | sed -n "
		    "'s/.*No route to host.*/unreachable/p; t; "
		    "s/.* via \\([^ ]*\\) dev \\([^ ]*\\).*/\\1 \\2/p; t; "
		    "s/.* dev \\([^ ]*\\).*/\\1/p'", to, sport);
}

/* A peer that begins from an address that nobody knows is answered, though all else is blocked. */
static void an_unknown_peer_is_answered(void **state)
{
	struct tunnel t;

	tunnel_fill(&t, "office", "0.0.0.0/0", NULL);
	t.opt.when_down = WHEN_DOWN_BLOCK;
	t.opt.ike.any = true;
	tunnel_open(&t);
	assert_string_equal(t.why, "");
	assert_string_equal(way("203.0.113.9"), "unreachable");
	assert_string_equal(answer_way("203.0.113.9", 500), "192.0.2.254 eth9");
	assert_string_equal(answer_way("203.0.113.9", 4500), "192.0.2.254 eth9");
	assert_string_equal(answer_way("203.0.113.9", 501), "unreachable");
	assert_string_equal(answer_way("192.0.2.7", 500), "eth9");
	/* its packets are let in, those of others are not */
	run("sysctl -qw net.ipv4.conf.all.rp_filter=2 net.ipv4.conf.eth9.rp_filter=2");
	assert_string_equal(said("ip route get 192.0.2.1 from 203.0.113.9 iif eth9 ipproto 17 "
				 "sport 777 dport 500 2>&1 | grep -o '^local 192.0.2.1'"),
			    "local 192.0.2.1");
	assert_string_equal(said("ip route get 192.0.2.1 from 203.0.113.9 iif eth9 ipproto 17 "
				 "sport 777 dport 501 2>&1 | grep -o '^local 192.0.2.1'"), "");
	/* IKE of a host behind this one is no business of ours: it is blocked, or goes in */
	run("ip link add lan type bridge && ip addr add 10.5.0.1/24 dev lan && ip link set lan up;"
	    "sysctl -qw net.ipv4.ip_forward=1");
	assert_string_equal(said("ip route get 203.0.113.9 from 10.5.0.7 iif lan ipproto 17 "
				 "sport 500 dport 500 2>&1 | grep -c 'No route to host'"), "1");
	/* once one is up, another can come all the same */
	assert_int_equal(up(&t, PEER), 0);
	assert_int_equal(child_up(&t, 1, "10.7.0.9", "0.0.0.0/0"), 0);
	assert_string_equal(way("203.0.113.9"), "office");
	assert_string_equal(answer_way("203.0.113.9", 500), "192.0.2.254 eth9");
	assert_string_equal(said("ip route get 203.0.113.9 from 10.5.0.7 iif lan ipproto 17 "
				 "sport 500 dport 500 2>&1 | grep -c 'dev office'"), "1");
	run("ip link del lan");
	tunnel_close(&t);
	assert_string_equal(rules(), "0");
	assert_string_equal(ours(), "");
	/* nothing of it where not all is blocked */
	tunnel_fill(&t, "office", "10.2.0.0/16", NULL);
	t.opt.when_down = WHEN_DOWN_BLOCK;
	t.opt.ike.any = true;
	tunnel_open(&t);
	assert_string_equal(rules(), "0");
	tunnel_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(blocks_from_start_to_stop),
		TEST(blocks_follow_a_reload),
		TEST(blocks_of_many_lengths),
		TEST(blocks_that_move_spare_a_backup),
		TEST(blocks_spare_what_is_narrowed),
		TEST(blocks_leave_a_living_peer_alone),
		TEST(blocks_stay_for_the_next_daemon),
		TEST(blocked_while_narrowed_and_down),
		TEST(the_configured_peer_is_reached),
		TEST(an_unknown_peer_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
