// SPDX-License-Identifier: GPL-2.0
#include "ike/core/engine.h"

#include <stdarg.h>
#include <stdlib.h>

void cause_set(struct cause *cause, enum ike_failure failure, const char *fmt, ...)
{
	va_list ap;

	cause->failure = failure;
	va_start(ap, fmt);
	vsnprintf(cause->text, sizeof(cause->text), fmt, ap);
	va_end(ap);
}

void cause_keep(struct kept_cause *kept, const struct cause *cause)
{
	size_t size = strlen(cause->text) + 1;

	cause_forget(kept);
	kept->failure = cause->failure;
	if (size > 1)
		kept->text = malloc(size);
	if (kept->text)
		memcpy(kept->text, cause->text, size);
}

void cause_forget(struct kept_cause *kept)
{
	free(kept->text);
	*kept = (struct kept_cause){0};
}

struct cause cause_recall(const struct kept_cause *kept)
{
	struct cause cause;

	cause_set(&cause, kept->failure, "%s", kept->text ? kept->text : "");
	return cause;
}

uint64_t ike_jitter(struct ike *ike, uint64_t max)
{
	uint32_t r;

	ike_random(ike, &r, sizeof(r));
	return r % (max + 1);
}

void ike_log(struct ike *ike, int level, const char *fmt, ...)
{
	char text[2 * IKE_DETAIL_MAX];
	struct ike_event ev = { .type = IKE_EV_LOG, .level = level, .detail = text };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ike->env.event(ike->env.ctx, &ev);
}

bool ike_may_mention_stranger(struct ike *ike)
{
	uint64_t now = ike_now(ike);

	if (ike->strangers_ms && now - ike->strangers_ms < 1000)
		return false;
	ike->strangers_ms = now;
	return true;
}
