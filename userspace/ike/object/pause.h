/* SPDX-License-Identifier: GPL-2.0 */
/* How long what has failed waits before it is tried again. */
#ifndef IKE_PAUSE_H
#define IKE_PAUSE_H

#include <stdint.h>

#define PAUSE_MIN_MS	1000
#define PAUSE_MAX_MS	60000
#define PAUSE_BRIEF_MS	10000

/* One more failure in a row: the pause that they deserve, ms. It doubles each time. */
uint64_t pause_next(unsigned int *failures);
/*
 * What came up for a packet is down, after @up_ms: how long the next packet has to wait, ms. Not at
 * all after PAUSE_BRIEF_MS. Else the peer may end whatever it has just made, and without a pause
 * each packet would make it again: from the second time in a row on, counted in @brief, pauses
 * grow.
 */
uint64_t pause_brief(uint64_t up_ms, unsigned int *brief);

#endif
