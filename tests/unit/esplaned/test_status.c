// SPDX-License-Identifier: GPL-2.0
/* What status says of tunnels, peers and children, above a fake engine. */
#include "unit/esplaned/fake_daemon.h"

/* U3: what is not known yet is left out. */
static void status_while_connecting(void **state)
{
	const char *text;

	fake.peer[0].state = PEER_CONNECTING;
	fake.peer[0].spi_i = 0xabc;
	fake.peer[0].initiator = true;
	text = ask("{'command':'status','tunnel':'lab'}");
	expect_in(text, "'state':'connecting'");
	expect_in(text, "'ike_spi':{'initiator':'0000000000000abc'},'initiator':true,");
	expect_not_in(text, "responder");
	expect_not_in(text, "'nat'");
	expect_not_in(text, "'ike'");
	expect_not_in(text, "'esp'");
	expect_not_in(text, "age_s");
	expect_not_in(text, "encapsulation");
}

/* U10: totals over rekeys, when the last packet came, since when it is up. */
static void status_of_what_was_carried(void **state)
{
	uint64_t now = fake.ike.env.now(NULL);
	const struct kern_sa old_in = { .spi = 0x10 }, old_out = { .spi = 0x20 };
	const struct kern_sa in = { .spi = 0x11 }, out = { .spi = 0x21 };
	char why[IKE_WHY_MAX];
	const char *text;

	comes_up();
	tunnels_find_name(&d.tunnels, "lab")->device = 1007;
	fake_child(11)->up_ms = now - 90000;
	fake_child(11)->rekeys = 1;
	fake_sa(0x10, false, 1000, 10, 60);
	fake_sa(0x20, true, 2000, 20, 61);
	fake_sa(0x11, false, 5, 1, 3);
	fake_sa(0x21, true, 7, 1, UINT64_MAX);
	assert_int_equal(fake.ike.env.sa_add(&d, 1, 11, &old_in, &old_out, why), 0);
	assert_int_equal(fake.ike.env.sa_add(&d, 1, 11, &in, &out, why), 0);
	assert_int_equal(fake.ike.env.sa_del(&d, 1, 11, 0x10, false), 0);
	/* The engine deletes what the kernel has replaced: it is not counted twice. */
	assert_int_equal(fake.ike.env.sa_del(&d, 1, 11, 0x20, true), 0);
	text = ask("{'command':'status','tunnel':'lab'}");
	expect_in(text, "'bytes_in':1005,'packets_in':11,'bytes_out':2007,'packets_out':21,"
			"'last_in_s':3,'last_out_s':61");
	expect_in(text, "'up_s':90,");
	expect_in(text, "'spi_in':'00000011'");
	expect_in(text, "'direction':'in','spi':'00000011','bytes':5,");
	expect_in(text, "'device_drops':{'tx-no-policy':5}");
	assert_int_equal(fake.ike.env.policy_del(&d, 1, 11), 0);
	expect_in(ask("{'command':'status','tunnel':'lab'}"), "'bytes_in':0,");
}

static void status_of_what_is_down(void **state)
{
	const char *text;

	fake.peer[0].failure = IKE_FAIL_TIMEOUT;
	strcpy(fake.peer[0].detail, "no answer");
	fake.peer[0].retry_ms = fake.ike.env.now(NULL) + 8500;
	text = ask("{'command':'status','tunnel':'lab'}");
	expect_in(text, "'state':'down','interface':'lab0','start':'manual','remote':'192.0.2.2',"
			"'interface_exists':false,'when_down':'pass'");
	expect_in(text, "'error':'timeout','detail':'no answer'");
	expect_in(text, "'retry_in_s':9");
	expect_in(text, "'local_ts':['10.1.1.0/24'],'remote_ts':['10.2.1.0/24']");
}

/* IKE by the one or the other; and where peers may come by TCP. */
static void status_of_tcp(void **state)
{
	struct tunnel_entry *t = tunnels_find_name(&d.tunnels, "lab");
	const char *text;

	text = ask("{'command':'status','tunnel':'lab'}");
	expect_not_in(text, "transport");
	expect_not_in(text, "listen_tcp");
	fake.peer[0].spi_i = 1;
	expect_in(ask("{'command':'status','tunnel':'lab'}"), "'transport':'udp'");
	fake.peer[0].remote.stream = 7;
	t->opt.ike.listen_tcp = 4599;
	text = ask("{'command':'status','tunnel':'lab'}");
	expect_in(text, "'transport':'tcp'");
	expect_in(text, "'listen_tcp':4599,'listen_tcp_error':'it is not open'");
	text = ask("{'command':'explain','tunnel':'lab'}");
	expect_in(text, "{'code':'no-tcp-port','name':'lab','listen_tcp':4599,'listen_tcp_error':"
			"'it is not open'},{'code':'over-tcp','name':'lab'");
	t->opt.ike.listen_tcp = 0;
}

static void status_of_a_certificate(void **state)
{
	struct tunnel_entry *t = tunnels_find_name(&d.tunnels, "lab");
	const char *text;

	strcpy(t->opt.cert_path, "/etc/esplane/lab.pem");
	t->opt.cert_until = 86400;
	text = ask("{'command':'status','tunnel':'lab'}");
	expect_in(text, "'certificate':'/etc/esplane/lab.pem',"
			"'certificate_until':'1970-01-02 00:00:00 UTC','certificate_left_s':0");
	t->opt.cert_until = 0;
}

static void status_of_what_was_narrowed(void **state)
{
	struct ts_list *less;
	const char *why, *text;
	struct ts ts;

	comes_up();
	assert_true(ts_parse(&ts, "10.2.1.0/25", &why));
	less = ts_list_new(&ts, 1);
	fake_child(11)->remote_ts = less;
	fake_child(11)->narrowed = true;
	text = ask("{'command':'status','tunnel':'lab'}");
	expect_in(text, "'remote_ts':['10.2.1.0/25'],'narrowed':{'local_ts':[],'remote_ts':"
			"['10.2.1.0/24']}");
	ts_list_put(less);
}

/* One that has only a child that failed carries nothing: it is not up. */
static void status_of_a_peer_without_its_child(void **state)
{
	const char *text;

	comes_up();
	fake_child(11)->state = CHILD_DOWN;
	fake_child(11)->failure = IKE_FAIL_TS;
	text = ask("{'command':'status','tunnel':'lab'}");
	expect_in(text, "{'name':'lab','state':'down',");
	expect_in(text, "'error':'selectors'");
}

static void status_of_several(void **state)
{
	json_t *result, *tunnel;
	char *text;

	text = strdup(ask("{'command':'status'}"));
	for (char *c = text; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	result = json_loads(text, 0, NULL);
	free(text);
	assert_int_equal(json_array_size(json_object_get(result, "tunnels")), 3);
	tunnel = json_array_get(json_object_get(result, "tunnels"), 1);
	assert_int_equal(json_array_size(json_object_get(tunnel, "local_ts")), 2);
	assert_null(json_object_get(tunnel, "esp"));
	tunnel = json_array_get(json_object_get(result, "tunnels"), 2);
	assert_string_equal(json_string_value(json_object_get(tunnel, "remote")), "any");
	assert_int_equal(json_array_size(json_object_get(tunnel, "peers")), 2);
	assert_null(json_object_get(tunnel, "remote_id"));
	json_decref(result);
	expect_not_in(ask("{'command':'status','tunnel':'office/voice'}"), "office/data");
	expect_not_in(ask("{'command':'status','tunnel':'road/bob@example.org'}"), "alice");
}

/* All that is said until a line ends, for the caller to free. */
static json_t *said_long(int fd)
{
	size_t len = 0, room = 4 * 1024 * 1024;
	char *text = malloc(room);
	json_t *object;
	ssize_t n;

	assert_non_null(text);
	while (!len || text[len - 1] != '\n') {
		n = read(fd, text + len, room - len);
		len += n > 0 ? (size_t)n : 0;
		loop();
	}
	object = json_loadb(text, len, 0, NULL);
	free(text);
	assert_non_null(object);
	return object;
}

/* Tunnel road, number 3, with so many peers that a client has not read all of them at once. */
static void fill_road(void)
{
	for (uint32_t id = 1000; fake.peer[FAKE_PEERS - 1].id == 0; id++) {
		struct ike_peer_status *p = fake.peer;

		while (p->id)
			p++;
		p->id = id;
		p->tunnel = 3;
		snprintf(p->remote_id, sizeof(p->remote_id), "client%u@example.org", id);
		p->failure = IKE_FAIL_TIMEOUT;
		memset(p->detail, 'x', 150);
	}
}

static json_t *road_of(json_t *result)
{
	json_t *tunnels = json_object_get(result, "tunnels"), *road = json_array_get(tunnels, 2);

	assert_int_equal(json_array_size(tunnels), 3);
	assert_non_null(json_object_get(result, "counters"));
	assert_string_equal(json_string_value(json_object_get(road, "name")), "road");
	assert_string_equal(json_string_value(json_object_get(road, "state")), "down");
	return road;
}

/* What is said of thousands waits until the client reads, whole in the end. */
static void status_of_thousands(void **state)
{
	int fd = client_open();
	json_t *result, *peers;

	fill_road();
	say(fd, "{'command':'status'}");
	result = said_long(fd);
	peers = json_object_get(road_of(result), "peers");
	assert_int_equal(json_array_size(peers), FAKE_PEERS - 3 + 1);
	json_decref(result);
	close(fd);
}

static void status_of_those_that_go_meanwhile(void **state)
{
	int fd = client_open();
	json_t *result, *peers;

	fill_road();
	say(fd, "{'command':'status'}");
	for (int i = FAKE_PEERS - 10; i < FAKE_PEERS; i++)
		fake.peer[i].id = 0;
	result = said_long(fd);
	peers = json_object_get(road_of(result), "peers");
	assert_int_equal(json_array_size(peers), FAKE_PEERS - 3 + 1 - 10);
	json_decref(result);
	say(fd, "{'command':'status'}");
	tunnels_del(&d.tunnels, d.ike, tunnels_find_name(&d.tunnels, "road"));
	result = said_long(fd);
	peers = json_object_get(road_of(result), "peers");
	assert_in_range(json_array_size(peers), 2, FAKE_PEERS - 20);
	json_decref(result);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(status_while_connecting),
		TEST(status_of_what_was_carried),
		TEST(status_of_what_is_down),
		TEST(status_of_tcp),
		TEST(status_of_a_certificate),
		TEST(status_of_what_was_narrowed),
		TEST(status_of_a_peer_without_its_child),
		TEST(status_of_several),
		TEST(status_of_thousands),
		TEST(status_of_those_that_go_meanwhile),
	};

	return daemon_tests("status", tests, sizeof(tests) / sizeof(tests[0]));
}
