// SPDX-License-Identifier: GPL-2.0
/* The rows of IKEv2's state machine, the timers, and identities. */
#include "ike/v2/v2.h"
#include "lib/array.h"
#include "unit/ike/ike_ends.h"

#define KINDS	(MSG_DECLINED + 1)

static const struct fsm_row *row_at(unsigned int i)
{
	return &ike_version_2.rows[i];
}

/* The row that a message of this kind takes; for commands the kind does not matter. */
static const struct fsm_row *taken(const struct fsm_row *row, unsigned int kind)
{
	struct ike_sa sa = { .version = &ike_version_2, .state = row->state };

	return fsm_find(&sa, row->exchange, row->role, kind);
}

static bool kinds_meet(const struct fsm_row *a, const struct fsm_row *b)
{
	if (a->role == ROLE_COMMAND || a->kinds == FSM_ANY_KIND || b->kinds == FSM_ANY_KIND)
		return a->kinds == b->kinds;
	return a->kinds & b->kinds;
}

/* No two rows are for the same; one for any kind may follow special ones. */
static void test_rows_are_unique(void **state)
{
	for (unsigned int i = 0; i < ike_version_2.row_count; i++) {
		for (unsigned int j = i + 1; j < ike_version_2.row_count; j++) {
			const struct fsm_row *a = row_at(i), *b = row_at(j);

			if (a->state == b->state && a->exchange == b->exchange &&
			    a->role == b->role && kinds_meet(a, b))
				fail_msg("rows %u (%s) and %u (%s) are the same", i, a->story, j,
					 b->story);
		}
	}
}

/* Each row is the first that fits some kind of message: none is shadowed. */
static void test_rows_are_reachable(void **state)
{
	for (unsigned int i = 0; i < ike_version_2.row_count; i++) {
		bool reached = false;

		for (unsigned int kind = 0; kind < KINDS && !reached; kind++)
			reached = taken(row_at(i), kind) == row_at(i);
		if (!reached)
			fail_msg("row %u (%s) is never taken", i, row_at(i)->story);
	}
}

static void test_rows_are_sound(void **state)
{
	for (unsigned int i = 0; i < ike_version_2.row_count; i++) {
		const struct fsm_row *row = row_at(i);

		assert_non_null(row->story);
		assert_true(row->state < SA_STATES && row->next < SA_STATES &&
			    row->fail < SA_STATES);
		assert_true(row->next != SA_NEW);
		if (row->role == ROLE_COMMAND) {
			assert_null(row->handler);
		} else {
			assert_non_null(row->handler);
			assert_true(row->kinds);
		}
	}
}

static void test_states_are_reachable(void **state)
{
	bool reached[SA_STATES] = { [SA_NEW] = true };

	for (int round = 0; round < SA_STATES; round++) {
		for (unsigned int i = 0; i < ike_version_2.row_count; i++) {
			const struct fsm_row *row = row_at(i);

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
		for (unsigned int i = 0; i < ike_version_2.row_count; i++)
			if (row_at(i)->role == ROLE_COMMAND && ends[row_at(i)->next])
				ends[row_at(i)->state] = true;
	for (int s = 0; s < SA_STATES; s++)
		if (!ends[s])
			fail_msg("%s has no end", sa_state_name(s));
}

/* A state that waits for the peer alone has a limit. */
static void test_states_that_wait_end(void **state)
{
	static const enum sa_state waiting[] = { SA_INIT_ANSWERED, SA_REKEYED, SA_CLOSING,
						 SA_CLOSED };

	for (size_t i = 0; i < ARRAY_SIZE(waiting); i++) {
		struct ike_sa sa = { .version = &ike_version_2, .state = waiting[i] };

		assert_true(ike_version_2.timeouts[waiting[i]]);
		assert_true(fsm_exists(&sa, COMMAND_EXPIRE, ROLE_COMMAND));
	}
}

/* ---- timers */

static struct timer *fired[64];
static unsigned int fired_count;

static void fire(struct timer *timer)
{
	assert_false(timer_armed(timer));
	fired[fired_count++] = timer;
}

static void test_timers_fire_in_order(void **state)
{
	struct timers timers = {0};
	struct timer t[4];

	assert_true(timers_reserve(&timers, 4));
	fired_count = 0;
	for (int i = 0; i < 4; i++)
		timer_init(&t[i], fire);
	assert_int_equal(timers_next(&timers), UINT64_MAX);
	timer_set(&timers, &t[0], 30);
	timer_set(&timers, &t[1], 10);
	timer_set(&timers, &t[2], 20);
	timer_set(&timers, &t[3], 10);
	timer_set(&timers, &t[0], 5);	/* moved */
	timer_cancel(&timers, &t[2]);
	timer_cancel(&timers, &t[2]);
	assert_int_equal(timers_next(&timers), 5);
	timers_run(&timers, 4);
	assert_int_equal(fired_count, 0);
	timers_run(&timers, 10);
	assert_int_equal(fired_count, 3);
	assert_ptr_equal(fired[0], &t[0]);
	assert_ptr_equal(fired[1], &t[1]);	/* armed before the other of its time */
	assert_ptr_equal(fired[2], &t[3]);
	assert_int_equal(timers_next(&timers), UINT64_MAX);
	timers_free(&timers);
}

/* The heap against a sorted order, whatever is armed, moved and cancelled. */
static void test_timers_keep_their_order(void **state)
{
	struct timers timers = {0};
	struct timer t[64];
	uint32_t rng = 1;

	assert_true(timers_reserve(&timers, ARRAY_SIZE(t)));
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		timer_init(&t[i], fire);
	for (int step = 0; step < 20000; step++) {
		struct timer *one;

		rng = rng * 1664525 + 1013904223;
		one = &t[rng >> 26];
		if (rng >> 16 & 3)
			timer_set(&timers, one, rng >> 8 & 0xff);
		else
			timer_cancel(&timers, one);
		if (step % 500)
			continue;
		fired_count = 0;
		timers_run(&timers, UINT64_MAX - 1);
		for (unsigned int i = 1; i < fired_count; i++)
			assert_true(fired[i - 1]->at < fired[i]->at ||
				    (fired[i - 1]->at == fired[i]->at &&
				     fired[i - 1]->order < fired[i]->order));
	}
	timers_free(&timers);
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
		/* what parts names is no part of one */
		{ "alice/voice", ID_FQDN, "alice\\x2fvoice" },
		{ "@/a\\x2fb/", ID_FQDN, "\\x2fa\\x5cx2fb\\x2f" },
		{ "o/r@example.org", ID_RFC822_ADDR, "o\\x2fr@example.org" },
	};
	struct ike_id id, other;
	char buf[TUNNEL_ID_MAX];

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_true(ike_id_parse(&id, rows[i].text));
		assert_int_equal(id.type, rows[i].type);
		assert_string_equal(ike_id_str(&id, buf, sizeof(buf)), rows[i].shown);
	}
	/* what does not fit is left out, whole */
	assert_true(ike_id_parse(&id, "ab/c"));
	assert_string_equal(ike_id_str(&id, buf, 6), "ab");
	assert_string_equal(ike_id_str(&id, buf, 7), "ab\\x2f");
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

/* One text, several types: no two are written alike, and each is read as it was. */
static void test_identities_that_look_alike(void **state)
{
	static const struct {
		const char *text;
		uint8_t type;
		const char *shown;
	} rows[] = {
		{ "10.0.0.1", ID_IPV4_ADDR, "10.0.0.1" },
		{ "user@example.org", ID_RFC822_ADDR, "user@example.org" },
		{ "@#0aff", ID_KEY_ID, "@#0aff" },
		{ "@user@example.org", ID_FQDN, "@user@example.org" },
		{ "email:user@example.org", ID_RFC822_ADDR, "user@example.org" },
		{ "email:gw.example.org", ID_RFC822_ADDR, "email:gw.example.org" },
		{ "@10.0.0.1", ID_FQDN, "@10.0.0.1" },
		{ "email:10.0.0.1", ID_RFC822_ADDR, "email:10.0.0.1" },
		{ "@@#0aff", ID_FQDN, "@@#0aff" },
		{ "email:@#0aff", ID_RFC822_ADDR, "email:@#0aff" },
		{ "@email:user@example.org", ID_FQDN, "@email:user@example.org" },
		{ "@CN=gw", ID_FQDN, "@CN=gw" },
		{ "email:CN=a@b", ID_RFC822_ADDR, "email:CN=a@b" },
		{ "@DER_ASN1_GN:00", ID_FQDN, "@DER_ASN1_GN:00" },
	};
	struct ike_id id, other;
	char buf[TUNNEL_ID_MAX];

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_true(ike_id_parse(&id, rows[i].text));
		assert_int_equal(id.type, rows[i].type);
		assert_string_equal(ike_id_str(&id, buf, sizeof(buf)), rows[i].shown);
		assert_true(ike_id_parse(&other, buf));
		assert_true(ike_id_equal(&id, &other));
	}
	/* what is said to be a distinguished name, and is none */
	id = (struct ike_id){ .type = ID_DER_ASN1_DN, .len = 2, .data = { 0xab, 0xcd } };
	assert_string_equal(ike_id_str(&id, buf, sizeof(buf)), "ID_DER_ASN1_DN:abcd");
	assert_true(ike_id_parse(&other, "abcd"));
	assert_string_equal(ike_id_str(&other, buf, sizeof(buf)), "abcd");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_are_unique), cmocka_unit_test(test_rows_are_reachable),
		cmocka_unit_test(test_rows_are_sound), cmocka_unit_test(test_states_are_reachable),
		cmocka_unit_test(test_states_can_end), cmocka_unit_test(test_states_that_wait_end),
		cmocka_unit_test(test_timers_fire_in_order),
		cmocka_unit_test(test_timers_keep_their_order), cmocka_unit_test(test_identities),
		cmocka_unit_test(test_identities_that_look_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
