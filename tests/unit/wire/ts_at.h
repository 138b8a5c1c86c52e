/* SPDX-License-Identifier: GPL-2.0 */
/* The selectors of a payload as texts. After cmocka.h. */
#ifndef UNIT_TS_AT_H
#define UNIT_TS_AT_H

#include "wire/v2/msg.h"

/* The selector of that number, from 0. */
static inline const char *ts_at(const struct msg_ts *list, unsigned int i, char text[TS_STRLEN])
{
	struct cursor at = list->selectors;
	struct ts ts;

	do
		assert_true(msg_ts_next(&at, &ts));
	while (i--);
	return ts_str(&ts, text);
}

#endif
