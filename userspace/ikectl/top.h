/* SPDX-License-Identifier: GPL-2.0 */
/* What ikectl top knows between two looks at the daemon. */
#ifndef IKECTL_TOP_H
#define IKECTL_TOP_H

#include <stdint.h>
#include "ikectl/ikectl.h"

/* One child, or a tunnel without any, between two looks at it. */
struct top_row {
	char name[256], state[16];
	long long bytes[2], packets[2];		/* in, out: so far */
	double rate[2], packet_rate[2];		/* a second */
};

struct top_frame {
	struct top_row *rows;
	size_t count;
	uint64_t at_ms;
};

void top_add_tunnel(struct top_frame *frame, const json_t *tunnel);
/* What came since @before; one that counts anew, as it was down between, begins with 0. */
void top_rates(struct top_frame *now, const struct top_frame *before);
/* @by: "in", "out", the fastest first, or "name". */
void top_sort(struct top_frame *frame, const char *by);
/* At most @lines lines; 0: all. */
void top_print(const struct view *v, const struct top_frame *frame, unsigned int lines);

#endif
