// SPDX-License-Identifier: GPL-2.0
/* ikectl top: rates between two looks, and their order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ikectl/top.h"

static void look(struct top_frame *frame, const char *text, uint64_t at_ms)
{
	char *copy = strdup(text);
	json_t *tunnel;

	for (char *c = copy; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	tunnel = json_loads(copy, 0, NULL);
	assert_non_null(tunnel);
	top_add_tunnel(frame, tunnel);
	frame->at_ms = at_ms;
	json_decref(tunnel);
	free(copy);
}

#define CHILD(name, in, out)									\
	"{'name':'" name "','state':'up','bytes_in':" in ",'packets_in':" in ",'bytes_out':" out \
	",'packets_out':" out "}"
#define TUNNEL(children) "{'name':'office','peers':[{'name':'office','children':[" children "]}]}"

static void rates(void **state)
{
	struct top_frame before = { 0 }, now = { 0 };

	look(&before, TUNNEL(CHILD("a", "1000", "10") "," CHILD("b", "5000", "20")), 1000);
	look(&now, TUNNEL(CHILD("a", "3000", "10") "," CHILD("b", "100", "4020") ","
			  CHILD("c", "700", "0")), 3000);
	top_rates(&now, &before);
	assert_int_equal(now.count, 3);
	assert_true(now.rows[0].rate[0] == 1000 && now.rows[0].packet_rate[0] == 1000);
	assert_true(now.rows[0].rate[1] == 0);
	/* It counts anew: nobody knows how much it was. */
	assert_true(now.rows[1].rate[0] == 0);
	assert_true(now.rows[1].rate[1] == 2000);
	/* It was not there before. */
	assert_true(now.rows[2].rate[0] == 0);
	top_sort(&now, "in");
	assert_string_equal(now.rows[0].name, "a");
	assert_string_equal(now.rows[1].name, "b");
	top_sort(&now, "out");
	assert_string_equal(now.rows[0].name, "b");
	top_sort(&now, "name");
	assert_string_equal(now.rows[2].name, "c");
	/* Two looks at once divide by nothing. */
	now.at_ms = before.at_ms;
	top_rates(&now, &before);
	free(before.rows);
	free(now.rows);
}

static void table(void **state)
{
	struct top_frame before = { 0 }, now = { 0 };
	struct view v = { 0 };
	char *out = NULL;
	size_t len;

	look(&before, TUNNEL(CHILD("office/a", "0", "0")), 0);
	look(&now, TUNNEL(CHILD("office/a", "2048", "0")), 1000);
	look(&now, "{'name':'road','state':'down','peers':[]}", 1000);
	top_rates(&now, &before);
	v.out = open_memstream(&out, &len);
	top_print(&v, &now, 0);
	top_print(&v, &now, 3);
	fclose(v.out);
	assert_string_equal(out,
		"NAME             STATE                IN          OUT PACKETS IN        OUT   TOTAL IN"
		"        OUT\n"
		"office/a         up            2.0 KiB/s        0 B/s     2048/s        0/s    2.0 KiB"
		"        0 B\n"
		"road             down              0 B/s        0 B/s        0/s        0/s        0 B"
		"        0 B\n"
		"NAME             STATE                IN          OUT PACKETS IN        OUT   TOTAL IN"
		"        OUT\n"
		"office/a         up            2.0 KiB/s        0 B/s     2048/s        0/s    2.0 KiB"
		"        0 B\n");
	free(out);
	free(before.rows);
	free(now.rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates),
		cmocka_unit_test(table),
	};

	return cmocka_run_group_tests_name("top", tests, NULL, NULL);
}
