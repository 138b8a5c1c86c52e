// SPDX-License-Identifier: GPL-2.0
/* From one configuration to the next, above a fake engine: what it is told, and the answer. */
#include "unit/esplaned/caught.h"
#include "unit/esplaned/fake_daemon.h"

/* What did not change is untouched; what was to be up and changed is so again. */
static void reloads(void **state)
{
	struct config *config = calloc(1, sizeof(*config));

	assert_string_equal(ask("{'command':'reload'}"),
			    "{'result':'error','error':'config','message':'esplane.conf:1: a "
			    "mistake'}\n");
	expect_asked("");
	config->count = 4;
	config->tunnels = calloc(4, sizeof(*config->tunnels));
	options_make(&config->tunnels[0], "lab", "lab1", "lab", false);
	options_make(&config->tunnels[1], "office", "office", "voice data", false);
	options_make(&config->tunnels[2], "new", "new", "new", false);
	options_make(&config->tunnels[3], "newer", "newer", "newer", false);
	fake.config = config;
	fake.peer[0].wanted = true;
	assert_string_equal(ask("{'command':'reload'}"),
			    "{'result':'ok','added':['new','newer'],'changed':['lab'],'removed':"
			    "['road'],'changes':[{'name':'lab','change':'replaced'},"
			    "{'name':'office','change':'unchanged'},"
			    "{'name':'road','change':'removed'},{'name':'new','change':'new'},"
			    "{'name':'newer','change':'new'}],'tunnels':4}\n");
	expect_asked("wishes of 1; del 1; add lab; wishes to 1; del 3; add new; add newer; "
		     "forget tickets; ");
	assert_string_equal(tunnels_find_name(&d.tunnels, "lab")->opt.interface, "lab1");
}

/* The three tunnels as they are, but office with @children. */
static void reload_office(const char *children)
{
	struct config *config = calloc(1, sizeof(*config));

	config->count = 3;
	config->tunnels = calloc(3, sizeof(*config->tunnels));
	options_make(&config->tunnels[0], "lab", "lab0", "lab", false);
	options_make(&config->tunnels[1], "office", "office", children, false);
	options_make(&config->tunnels[2], "road", "road", "road", true);
	fake.config = config;
	fake.asked[0] = '\0';
}

static void a_reload_of_children(void **state)
{
	struct tunnel_entry *t = tunnels_find_name(&d.tunnels, "office");

	t->keepalive_ms = 1234;
	addr_parse(&fake.peer[1].remote.addr, "192.0.2.7");
	reload_office("voice x video");
	expect_in(ask("{'command':'reload'}"),
		  "{'name':'office','change':'changed','options':false,'children':["
		  "{'name':'voice','change':'unchanged'},{'name':'x','change':'new'},"
		  "{'name':'video','change':'new'},{'name':'data','change':'removed'}]}");
	expect_asked("routes 192.0.2.7; change 2 voice=0 x=3 video=3; forget tickets; ");
	assert_ptr_equal(tunnels_find_name(&d.tunnels, "office"), t);
	assert_int_equal(t->opt.ike.child_count, 3);
	assert_int_equal(t->keepalive_ms, 1234);

	reload_office("x voice video");		/* selectors go by the place */
	fake.config->tunnels[1].ike.dpd_s = 31;
	fake.config->tunnels[1].keepalive_s = 7;
	expect_in(ask("{'command':'reload'}"),
		  "{'name':'office','change':'changed','options':true,'children':["
		  "{'name':'x','change':'replaced'},{'name':'voice','change':'replaced'},"
		  "{'name':'video','change':'unchanged'}]}");
	expect_asked("routes 192.0.2.7; change 2 x=2 voice=2 video=0; forget tickets; ");
	assert_int_equal(t->keepalive_ms, 0);	/* sent now, not when the old interval is over */
}

/* Without memory it stays as it was, and the next reload tries again. */
static void a_reload_that_fails(void **state)
{
	fake.change_rc = -ENOMEM;
	for (int i = 0; i < 2; i++) {
		reload_office("voice");
		expect_in(ask("{'command':'reload'}"), "'added':[],'changed':[],'removed':[],"
			  "'changes':[{'name':'lab','change':'unchanged'},"
			  "{'name':'office','change':'failed'}");
		expect_asked("routes; change 2 voice=0; routes; forget tickets; ");
	}
}

/* What is said where the routes of office with another child cannot be laid, or not undone. */
static void a_reload_whose_routes_fail(void **state)
{
	static const struct {
		unsigned int no_routes;
		int change_rc;
		const char *in_the_way, *asked, *log;
	} rows[] = {
		{ 1, 0, NULL, "routes; forget tickets; ",
		  "test: tunnel office stays as it was: Cannot allocate memory\n" },
		{ 2, -ENOMEM, NULL, "routes; change 2 voice=0; routes; forget tickets; ",
		  "test: tunnel office stays as it was: Cannot allocate memory\n"
		  "test: tunnel office: no memory: routes that block are those of the "
		  "configuration that is not in use; reload again once there is some\n" },
		{ 0, -ENOMEM, "a wall", "routes; change 2 voice=0; routes; forget tickets; ",
		  "test: tunnel office stays as it was: Cannot allocate memory\n"
		  "test: tunnel office: a wall\n" },
		{ 0, 0, "a wall", "routes; change 2 voice=0; forget tickets; ",
		  "test: tunnel office: a wall\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		fake.no_routes = rows[i].no_routes;
		fake.change_rc = rows[i].change_rc;
		fake.in_the_way = rows[i].in_the_way;
		reload_office("voice");
		catch_log();
		ask("{'command':'reload'}");
		assert_string_equal(caught_log(), rows[i].log);
		expect_asked(rows[i].asked);
	}
}

/* Nobody knows what people want of it: it is not made anew, though another one may be. */
static void a_reload_that_forgets_no_wish(void **state)
{
	struct tunnel_entry *t = tunnels_find_name(&d.tunnels, "lab");

	fake.wishes_fail = true;
	reload_office("voice data");
	snprintf(fake.config->tunnels[0].interface, IF_NAMESIZE, "lab1");
	expect_in(ask("{'command':'reload'}"), "'changed':[],'removed':[],'changes':["
		  "{'name':'lab','change':'failed'}");
	expect_asked("wishes of 1; forget tickets; ");
	assert_ptr_equal(tunnels_find_name(&d.tunnels, "lab"), t);
	assert_string_equal(t->opt.interface, "lab0");
	fake.wishes_fail = false;
}

/* Before the tunnels that use them, and after those that have. */
static void pools_come_and_go(void)
{
	struct config *config;

	for (int i = 0; i < 2; i++) {
		config = calloc(1, sizeof(*config));
		config->pools = calloc(1, sizeof(*config->pools));
		snprintf(config->pools[0].name, TUNNEL_NAME_MAX, "road");
		config->pool_count = !i;
		fake.config = config;
		fake.asked[0] = '\0';
		expect_in(ask("{'command':'reload'}"), "'result':'ok'");
		expect_asked(i ? "no pool road; forget tickets; " :
				 "pool road; del 1; forget tickets; ");
	}
}

static void a_reload_of_what_is_down(void **state)
{
	struct config *config = calloc(1, sizeof(*config));
	int fd = client_open();

	say(fd, "{'command':'up','tunnel':'office'}");
	config->count = 1;
	config->tunnels = calloc(1, sizeof(*config->tunnels));
	options_make(&config->tunnels[0], "lab", "lab1", "lab", false);
	fake.config = config;
	fake.asked[0] = '\0';
	expect_in(ask("{'command':'reload'}"), "'changed':['lab'],'removed':['office','road']");
	expect_asked("wishes of 1; del 1; add lab; wishes to 1; del 2; del 3; forget tickets; ");
	pools_come_and_go();
	expect_in(said(fd), "{'result':'error','error':'down','message':'the configuration was "
			    "changed meanwhile'}");
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reloads),
		TEST(a_reload_of_children),
		TEST(a_reload_that_fails),
		TEST(a_reload_whose_routes_fail),
		TEST(a_reload_that_forgets_no_wish),
		TEST(a_reload_of_what_is_down),
	};

	return daemon_tests("reload", tests, sizeof(tests) / sizeof(tests[0]));
}
