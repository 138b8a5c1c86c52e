// SPDX-License-Identifier: GPL-2.0
/* What an object remembers of a failure: its text may be lost where memory is short, no more. */
#include "unit/ike/ike_ends.h"

static bool no_memory;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
	return no_memory ? NULL : __real_malloc(size);
}

static void keep(struct kept_cause *kept, enum ike_failure failure, const char *text)
{
	struct cause cause;

	cause_set(&cause, failure, "%s", text);
	cause_keep(kept, &cause);
}

static void assert_kept(const struct kept_cause *kept, enum ike_failure failure, const char *text)
{
	struct cause cause = cause_recall(kept);

	assert_int_equal(cause.failure, failure);
	assert_string_equal(cause.text, text);
}

static void test_kept_until_forgotten(void **state)
{
	char longest[IKE_DETAIL_MAX];
	struct kept_cause kept = {0};

	assert_kept(&kept, IKE_FAIL_NONE, "");
	keep(&kept, IKE_FAIL_TS, "nothing in common");
	assert_kept(&kept, IKE_FAIL_TS, "nothing in common");
	keep(&kept, IKE_FAIL_DOWN, "");
	assert_kept(&kept, IKE_FAIL_DOWN, "");
	assert_null(kept.text);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	keep(&kept, IKE_FAIL_PEER, longest);
	assert_kept(&kept, IKE_FAIL_PEER, longest);
	cause_forget(&kept);
	assert_kept(&kept, IKE_FAIL_NONE, "");
	assert_null(kept.text);
}

/* Neither is the older text taken for the newer failure's. */
static void test_failure_without_memory(void **state)
{
	struct kept_cause kept = {0};

	keep(&kept, IKE_FAIL_TS, "nothing in common");
	no_memory = true;
	keep(&kept, IKE_FAIL_TIMEOUT, "the peer does not answer");
	no_memory = false;
	assert_kept(&kept, IKE_FAIL_TIMEOUT, "");
	cause_forget(&kept);
}

static void assert_up_holds_none(struct side *s)
{
	assert_int_equal(peer_status(s).state, PEER_UP);
	assert_int_equal(peer_status(s).failure, IKE_FAIL_NONE);
	assert_string_equal(peer_status(s).detail, "");
	assert_string_equal(child_status(s).detail, "");
	assert_null(peer_of(s)->cause.text);
	assert_null(child_of(s)->cause.text);
	assert_null(peer_of(s)->sa->cause.text);
}

/* The status says why it is down; when it is up again nothing of that is held. */
static void test_up_holds_none(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0];

	ends_start(p);
	bring_up(p, 0);
	assert_up_holds_none(a);
	assert_int_equal(side_down(a), 0);
	carry_all(p);
	assert_int_equal(peer_status(a).failure, IKE_FAIL_DOWN);
	assert_string_equal(peer_status(a).detail, "taken down by the user");
	assert_int_equal(child_status(a).failure, IKE_FAIL_DOWN);
	assert_string_equal(child_status(a).detail, "taken down by the user");
	attempt(p, 0);
	assert_up_holds_none(a);
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept_until_forgotten),
		cmocka_unit_test(test_failure_without_memory),
		cmocka_unit_test(test_up_holds_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
