// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdlib.h>

#include "ike/object/tunnel.h"

uint64_t ike_jitter(struct ike *ike, uint64_t max)
{
	uint32_t r;

	ike_random(ike, &r, sizeof(r));
	return r % (max + 1);
}

void ike_log(struct ike *ike, const struct tunnel *tunnel, int level, const char *fmt, ...)
{
	char text[2 * IKE_DETAIL_MAX];
	struct ike_event ev = {
		.type = IKE_EV_LOG,
		.tunnel = tunnel ? tunnel->conf.name : NULL,
		.level = level,
		.detail = text,
	};
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

struct ike *ike_new(const struct ike_env *env)
{
	struct ike *ike = calloc(1, sizeof(*ike));

	if (!ike)
		return NULL;
	ike->env = *env;
	TAILQ_INIT(&ike->tunnels);
	TAILQ_INIT(&ike->sas);
	TAILQ_INIT(&ike->dead);
	TAILQ_INIT(&ike->timers);
	for (unsigned int i = 0; i < IKE_HASH_SIZE; i++)
		LIST_INIT(&ike->by_spi[i]);
	return ike;
}

/* Not through the state setter: that would talk to peers, kernel and user. */
void ike_free(struct ike *ike)
{
	struct tunnel *t;
	struct ike_sa *sa;

	if (!ike)
		return;
	while ((sa = TAILQ_FIRST(&ike->sas))) {
		TAILQ_REMOVE(&ike->sas, sa, link);
		sa_free(sa);
	}
	while ((t = TAILQ_FIRST(&ike->tunnels)))
		tunnel_free(t);
	mem_free_wiped(ike, sizeof(*ike));
}

const struct ike_counters *ike_counters(const struct ike *ike)
{
	return &ike->counters;
}

uint64_t ike_deadline(const struct ike *ike)
{
	return timers_next(&ike->timers);
}

void ike_tick(struct ike *ike)
{
	timers_run(&ike->timers, ike_now(ike));
	sas_reap(ike);
}
