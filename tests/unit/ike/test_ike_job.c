// SPDX-License-Identifier: GPL-2.0
/* Jobs: each result reaches the owner that asked for it, however late and in whatever order. */
#include "ike/core/job.h"
#include "unit/ike/ike_ends.h"

struct owner {
	unsigned int ended;
	char why[64];
};

static const struct ike_job resolve = { .kind = IKE_JOB_RESOLVE, .name = "gw.example.org" };
static uint64_t now = 1000;

static void done(struct ike *ike, void *ctx, const struct ike_job_result *result)
{
	struct owner *owner = ctx;

	owner->ended++;
	snprintf(owner->why, sizeof(owner->why), "%s", result->why);
}

static struct side *side_new(void)
{
	struct side *s = test_calloc(1, sizeof(*s));

	side_init(s, &now, 0, "192.0.2.1");
	side_start(s);
	s->fake.hold_jobs = true;
	return s;
}

static void side_end(struct side *s)
{
	side_stop(s);
	test_free(s);
}

static void test_results_in_any_order(void **state)
{
	static const char *const why[] = { "the first", "the second", "the third" };
	static const unsigned int order[] = { 1, 2, 0 };
	struct owner owner[3] = {0};
	struct side *s = side_new();
	uint32_t id[3];

	for (int i = 0; i < 3; i++) {
		id[i] = job_begin(s->ike, &owner[i], done, &resolve);
		assert_int_not_equal(id[i], 0);
	}
	for (int i = 0; i < 3; i++) {
		unsigned int at = order[i];

		ike_job_done(s->ike, id[at], &(struct ike_job_result){ .why = why[at] });
		assert_int_equal(owner[at].ended, 1);
		assert_string_equal(owner[at].why, why[at]);
	}
	/* a second result of the same is nobody's */
	ike_job_done(s->ike, id[0], &(struct ike_job_result){ .why = "again" });
	for (int i = 0; i < 3; i++)
		assert_int_equal(owner[i].ended, 1);
	side_end(s);
}

static void test_forgotten(void **state)
{
	struct owner owner[2] = {0};
	struct side *s = side_new();
	uint32_t first = job_begin(s->ike, &owner[0], done, &resolve);
	uint32_t second = job_begin(s->ike, &owner[1], done, &resolve);

	job_forget(s->ike, first);
	ike_job_done(s->ike, first, &(struct ike_job_result){ .why = "late" });
	assert_int_equal(owner[0].ended, 0);
	assert_int_equal(owner[1].ended, 0);
	now += JOB_SPAN_MS;
	ike_tick(s->ike);
	assert_int_equal(owner[0].ended, 0);
	assert_int_equal(owner[1].ended, 1);
	ike_job_done(s->ike, second, &(struct ike_job_result){ .why = "late" });
	assert_int_equal(owner[1].ended, 1);
	side_end(s);
}

/*
 * Each attempt of a stranger's causes jobs, so their numbers come round in days: they take none of
 * those that tunnels, peers and children have, and none of a job under way.
 */
static void test_numbers_come_round(void **state)
{
	struct side *s = side_new();
	struct owner owner[4] = {0};
	uint32_t objects = s->ike->last_id, id[4];

	id[0] = job_begin(s->ike, &owner[0], done, &resolve);
	s->ike->last_job = UINT32_MAX - 1;
	for (int i = 1; i < 4; i++)
		id[i] = job_begin(s->ike, &owner[i], done, &resolve);
	for (int i = 0; i < 4; i++) {
		assert_int_not_equal(id[i], 0);
		for (int j = 0; j < i; j++)
			assert_int_not_equal(id[i], id[j]);
	}
	assert_int_equal(s->ike->last_id, objects);
	side_end(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_results_in_any_order),
		cmocka_unit_test(test_forgotten),
		cmocka_unit_test(test_numbers_come_round),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
