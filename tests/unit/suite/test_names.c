// SPDX-License-Identifier: GPL-2.0
/* Names of IKEv2's numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "suite/ikev2.h"
#include "suite/names.h"

static void names_and_numbers(void **state)
{
	char buf[NAME_STRLEN];

	assert_string_equal(name_of(NAME_EXCHANGE, EXCHANGE_IKE_SA_INIT), "IKE_SA_INIT");
	assert_string_equal(name_of(NAME_PAYLOAD, PAYLOAD_IDI), "IDi");
	assert_string_equal(name_of(NAME_NOTIFY, 14), "NO_PROPOSAL_CHOSEN");
	assert_string_equal(name_of(NAME_NOTIFY, 16430), "IKEV2_FRAGMENTATION_SUPPORTED");
	assert_null(name_of(NAME_NOTIFY, 40961));
	assert_string_equal(name_str(NAME_NOTIFY, 40961, buf), "notify 40961");
	assert_string_equal(name_str(NAME_TRANSFORM_TYPE, 4294967295U, buf),
			    "transform type 4294967295");
	assert_string_equal(name_str(NAME_ID, ID_FQDN, buf), "ID_FQDN");
	assert_int_equal(name_number(NAME_NOTIFY, "ts_unacceptable"), NOTIFY_TS_UNACCEPTABLE);
	assert_int_equal(name_number(NAME_NOTIFY, "nonsense"), -1);
}

/* No number twice, no name twice, and the way back leads to the same number. */
static void tables_are_sound(void **state)
{
	enum name_table table;
	unsigned int number;
	const char *name;
	int found;

	for (table = NAME_EXCHANGE; table <= NAME_AUTH; table++) {
		found = 0;
		for (number = 0; number < 65536; number++) {
			name = name_of(table, number);
			if (!name)
				continue;
			found++;
			assert_int_equal(name_number(table, name), number);
		}
		assert_true(found >= 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_numbers),
		cmocka_unit_test(tables_are_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
