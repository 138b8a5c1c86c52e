// SPDX-License-Identifier: GPL-2.0
/* What a person types, to numbers and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "esplaned/control/names.h"
#include "unit/esplaned/fake_engine.h"

static struct tunnel_conf confs[3];

/* @found: "TUNNEL PEER CHILD", or what of it there is where the whole is not found: "-TUNNEL". */
static void expect_found(const char *name, const char *found)
{
	struct name_ref ref;
	char text[64];

	if (names_find(&fake.ike, name, &ref))
		snprintf(text, sizeof(text), "%u %u %u", ref.tunnel, ref.peer, ref.child);
	else
		snprintf(text, sizeof(text), "-%u", ref.tunnel);
	assert_string_equal(text, found);
}

static void of_a_flat_tunnel(void **state)
{
	expect_found("lab", "1 0 0");
	expect_found("lab/lab", "1 10 11");
	expect_found("la", "-0");
	expect_found("labs", "-0");
	expect_found("", "-0");
	expect_found("/", "-0");
	expect_found("lab/", "-1");
	expect_found("lab/voice", "-1");
}

static void of_children(void **state)
{
	expect_found("office", "2 0 0");
	expect_found("office/voice", "2 20 21");
	expect_found("office/data", "2 20 22");
	expect_found("office/lab", "-2");
	expect_found("office/voice/", "-2");
}

static void of_peers(void **state)
{
	expect_found("road", "3 0 0");
	expect_found("road/alice@example.org", "3 30 0");
	expect_found("road/alice@example.org/net", "3 30 31");
	/* one that calls itself a child of another's is none */
	expect_found("road/a\\x2fnet", "3 40 0");
	expect_found("road/a\\x2fnet/net", "3 40 41");
	expect_found("road/a", "3 50 0");
	expect_found("road/a/net", "3 50 51");
	expect_found("road/a/net/net", "-3");
	expect_found("road/net", "-3");
	/* one that has not said who it is has no name */
	expect_found("road/", "-3");
	/* one that is no text is typed as it is shown */
	expect_found("road/x\\x01y", "3 70 0");
}

struct list {
	char text[1024];
};

static void collect(void *ctx, const char *name)
{
	struct list *list = ctx;

	strcat(list->text, name);
	strcat(list->text, " ");
}

static void lists(void **state)
{
	struct list all = { "" }, one = { "" };

	names_each(&fake.ike, 0, collect, &all);
	assert_string_equal(all.text,
			    "lab office office/voice office/data road road/alice@example.org "
			    "road/alice@example.org/net road/a\\x2fnet road/a\\x2fnet/net road/a "
			    "road/a/net road/x\\x01y road/x\\x01y/net ");
	names_each(&fake.ike, 2, collect, &one);
	assert_string_equal(one.text, "office office/voice office/data ");
}

/* Every name that is listed is found. */
static void round_trip(void *ctx, const char *name)
{
	struct name_ref ref;

	assert_true(names_find(&fake.ike, name, &ref));
}

static void what_is_listed_is_found(void **state)
{
	names_each(&fake.ike, 0, round_trip, NULL);
}

static int setup(void **state)
{
	uint32_t id;

	fake_conf(&confs[0], "lab", "lab");
	fake_conf(&confs[1], "office", "voice data");
	fake_conf(&confs[2], "road", "net");
	confs[2].any = true;
	for (int i = 0; i < 3; i++)
		ike_tunnel_add(&fake.ike, &confs[i], &id);
	fake_peer(1, 10, "berlin");
	fake_peer(2, 20, "paris");
	fake_peer(3, 30, "alice@example.org");
	fake_peer(3, 40, "a\\x2fnet");	/* a/net */
	fake_peer(3, 50, "a");
	fake_peer(3, 60, "");
	fake_peer(3, 70, "x\001y");
	return 0;
}

static int teardown(void **state)
{
	for (int i = 0; i < 3; i++)
		tunnel_conf_clear(&confs[i]);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_a_flat_tunnel),
		cmocka_unit_test(of_children),
		cmocka_unit_test(of_peers),
		cmocka_unit_test(lists),
		cmocka_unit_test(what_is_listed_is_found),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
