// SPDX-License-Identifier: GPL-2.0
/* The transition table and the pure helpers of the engine. */
#include "ike/core/selectors.h"
#include "unit/ike/ike_pair.h"

static void test_rows_are_unique(void **state)
{
	for (unsigned int i = 0; i < transitions_count; i++) {
		for (unsigned int j = i + 1; j < transitions_count; j++) {
			const struct transition *a = &transitions[i], *b = &transitions[j];

			if (a->state == b->state && a->exchange == b->exchange &&
			    a->role == b->role && a->required == b->required &&
			    a->allowed == b->allowed)
				fail_msg("rows %u (%s) and %u (%s) are the same", i, a->story, j,
					 b->story);
		}
	}
}

/* Each row is the first that fits some set of payloads: none is shadowed. */
static void test_rows_are_reachable(void **state)
{
	for (unsigned int i = 0; i < transitions_count; i++) {
		const struct transition *row = &transitions[i];
		uint32_t everything = row->required | row->allowed;

		if (transition_find(row->state, row->exchange, row->role, row->required) != row &&
		    transition_find(row->state, row->exchange, row->role, everything) != row)
			fail_msg("row %u (%s) is never taken", i, row->story);
	}
}

static void test_rows_are_sound(void **state)
{
	for (unsigned int i = 0; i < transitions_count; i++) {
		const struct transition *row = &transitions[i];

		assert_non_null(row->story);
		assert_true(row->state < SA_STATES && row->next < SA_STATES &&
			    row->fail < SA_STATES);
		assert_true(row->next != SA_NEW);
		if (row->role == ROLE_COMMAND)
			assert_null(row->handler);
		else
			assert_non_null(row->handler);
	}
}

static void test_states_are_reachable(void **state)
{
	bool reached[SA_STATES] = { [SA_NEW] = true };

	for (int round = 0; round < SA_STATES; round++) {
		for (unsigned int i = 0; i < transitions_count; i++) {
			const struct transition *row = &transitions[i];

			if (!reached[row->state])
				continue;
			reached[row->next] = true;
			if (row->handler)
				reached[row->fail] = true;
		}
	}
	for (int s = 0; s < SA_STATES; s++)
		if (!reached[s])
			fail_msg("no way leads to %s", sa_state_name(s));
}

/* From each state there is a way to SA_DEAD that needs no peer. */
static void test_states_can_end(void **state)
{
	bool ends[SA_STATES] = { [SA_DEAD] = true };

	for (int round = 0; round < SA_STATES; round++)
		for (unsigned int i = 0; i < transitions_count; i++)
			if (transitions[i].role == ROLE_COMMAND && ends[transitions[i].next])
				ends[transitions[i].state] = true;
	for (int s = 0; s < SA_STATES; s++)
		if (!ends[s])
			fail_msg("%s has no end", sa_state_name(s));
}

static void test_timers_fire_in_order(void **state)
{
	struct timers timers = TAILQ_HEAD_INITIALIZER(timers);
	struct timer t[4];

	for (int i = 0; i < 4; i++)
		timer_init(&t[i], NULL);
	timer_set(&timers, &t[0], 30);
	timer_set(&timers, &t[1], 10);
	timer_set(&timers, &t[2], 20);
	timer_set(&timers, &t[3], 10);
	timer_set(&timers, &t[0], 5);	/* moved */
	timer_cancel(&timers, &t[2]);
	timer_cancel(&timers, &t[2]);
	assert_int_equal(timers_next(&timers), 5);
	assert_ptr_equal(TAILQ_FIRST(&timers), &t[0]);
	assert_ptr_equal(TAILQ_NEXT(&t[0], link), &t[1]);
	assert_ptr_equal(TAILQ_NEXT(&t[1], link), &t[3]);
	assert_null(TAILQ_NEXT(&t[3], link));
}

static struct ts ts_of(const char *text)
{
	const char *why;
	struct ts ts;

	assert_true(ts_parse(&ts, text, &why));
	return ts;
}

static void test_narrowing(void **state)
{
	struct ts a[] = { ts_of("10.0.0.0/8"), ts_of("192.168.0.0/16[tcp]") };
	struct ts b[] = { ts_of("10.1.0.0/16"), ts_of("10.1.2.0/24"), ts_of("192.168.7.0/24"),
			  ts_of("172.16.0.0/12") };
	struct ts want[] = { ts_of("10.1.0.0/16"), ts_of("192.168.7.0/24[tcp]") };
	struct ts out[4];

	assert_int_equal(ts_narrow(a, 2, b, 4, out, 4), 2);
	assert_true(ts_equal(&out[0], &want[0]));
	assert_true(ts_equal(&out[1], &want[1]));
	assert_true(ts_all_within(out, 2, a, 2));
	assert_true(ts_all_within(out, 2, b, 4));
	assert_false(ts_all_within(a, 2, b, 4));
	assert_int_equal(ts_narrow(&a[0], 1, &b[3], 1, out, 4), 0);
	/* no room for the second */
	assert_int_equal(ts_narrow(a, 2, b, 4, out, 1), 1);
}

static void test_identities(void **state)
{
	static const struct {
		const char *text;
		uint8_t type;
		const char *shown;
	} rows[] = {
		{ "10.0.0.1", ID_IPV4_ADDR, "10.0.0.1" },
		{ "2001:db8::1", ID_IPV6_ADDR, "2001:db8::1" },
		{ "gw.example.org", ID_FQDN, "gw.example.org" },
		{ "@gw.example.org", ID_FQDN, "gw.example.org" },
		{ "user@example.org", ID_RFC822_ADDR, "user@example.org" },
		{ "@#0aFF", ID_KEY_ID, "@#0aff" },
		{ "keyid:xy", ID_KEY_ID, "@#7879" },
	};
	struct ike_id id, other;
	char buf[TUNNEL_ID_MAX];

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_true(ike_id_parse(&id, rows[i].text));
		assert_int_equal(id.type, rows[i].type);
		assert_string_equal(ike_id_str(&id, buf, sizeof(buf)), rows[i].shown);
	}
	assert_false(ike_id_parse(&id, ""));
	assert_false(ike_id_parse(&id, "@#0"));
	assert_false(ike_id_parse(&id, "@#zz"));
	assert_true(ike_id_parse(&id, "GW.example.org"));
	assert_true(ike_id_parse(&other, "gw.EXAMPLE.org"));
	assert_true(ike_id_equal(&id, &other));
	assert_true(ike_id_parse(&other, "gw.example.com"));
	assert_false(ike_id_equal(&id, &other));
	/* a peer may send a zero octet: it ends nothing */
	other = id;
	id.data[2] = '\0';
	other.data[2] = '\0';
	assert_true(ike_id_equal(&id, &other));
	other.data[3] = 'x';
	assert_false(ike_id_equal(&id, &other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_are_unique), cmocka_unit_test(test_rows_are_reachable),
		cmocka_unit_test(test_rows_are_sound), cmocka_unit_test(test_states_are_reachable),
		cmocka_unit_test(test_states_can_end), cmocka_unit_test(test_timers_fire_in_order),
		cmocka_unit_test(test_narrowing), cmocka_unit_test(test_identities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
