// SPDX-License-Identifier: GPL-2.0
#include "ike/object/pause.h"

uint64_t pause_next(unsigned int *failures)
{
	unsigned int shift = *failures > 6 ? 6 : *failures;
	uint64_t wait = (uint64_t)PAUSE_MIN_MS << shift;

	++*failures;
	return wait < PAUSE_MAX_MS ? wait : PAUSE_MAX_MS;
}

uint64_t pause_brief(uint64_t up_ms, unsigned int *brief)
{
	unsigned int before = *brief;

	if (up_ms >= PAUSE_BRIEF_MS) {
		*brief = 0;
		return 0;
	}
	++*brief;
	return before-- ? pause_next(&before) : 0;
}
