// SPDX-License-Identifier: GPL-2.0
#include "esplaned/core/totals.h"

#include <stdlib.h>

#include "esplaned/nl/kern.h"

struct totals_sa {
	struct totals_sa *next;
	uint32_t policy, spi;
	bool out;
};

struct totals_policy {
	struct totals_policy *next;
	uint32_t id;
	struct total ended[2];		/* in, out */
};

struct totals {
	struct totals_sa *sas;
	struct totals_policy *policies;
};

struct totals *totals_new(void)
{
	return calloc(1, sizeof(struct totals));
}

void totals_free(struct totals *t)
{
	if (!t)
		return;
	while (t->policies)
		totals_policy_gone(t, t->policies->id);
	free(t);
}

static struct totals_policy *totals_policy(const struct totals *t, uint32_t id)
{
	struct totals_policy *p = t->policies;

	while (p && p->id != id)
		p = p->next;
	return p;
}

static bool totals_policy_make(struct totals *t, uint32_t id)
{
	struct totals_policy *p = totals_policy(t, id);

	if (p)
		return true;
	p = calloc(1, sizeof(*p));
	if (!p)
		return false;
	p->id = id;
	p->next = t->policies;
	t->policies = p;
	return true;
}

static void totals_sa_note(struct totals *t, uint32_t policy, uint32_t spi, bool out)
{
	struct totals_sa *sa = spi ? calloc(1, sizeof(*sa)) : NULL;

	if (!sa)
		return;
	*sa = (struct totals_sa){ .next = t->sas, .policy = policy, .spi = spi, .out = out };
	t->sas = sa;
}

void totals_sa_added(struct totals *t, uint32_t policy, uint32_t spi_in, uint32_t spi_out)
{
	if (!totals_policy_make(t, policy))
		return;
	totals_sa_note(t, policy, spi_in, false);
	totals_sa_note(t, policy, spi_out, true);
}

void total_add(struct total *total, const struct kern_sa_info *info, uint64_t now_ms)
{
	uint64_t last_ms;

	total->bytes += info->bytes;
	total->packets += info->packets;
	if (info->idle_s == UINT64_MAX)
		return;
	last_ms = now_ms > info->idle_s * 1000 ? now_ms - info->idle_s * 1000 : 1;
	if (last_ms > total->last_ms)
		total->last_ms = last_ms;
}

void totals_sa_ended(struct totals *t, uint32_t policy, uint32_t spi, bool out,
		     const struct kern_sa_info *info, uint64_t now_ms)
{
	for (struct totals_sa **at = &t->sas; *at; at = &(*at)->next) {
		struct totals_sa *sa = *at;

		if (sa->policy != policy || sa->spi != spi || sa->out != out)
			continue;
		if (info)
			total_add(&totals_policy(t, policy)->ended[out], info, now_ms);
		*at = sa->next;
		free(sa);
		return;
	}
}

void totals_policy_gone(struct totals *t, uint32_t policy)
{
	for (struct totals_sa **at = &t->sas; *at;) {
		struct totals_sa *sa = *at;

		if (sa->policy != policy) {
			at = &sa->next;
			continue;
		}
		*at = sa->next;
		free(sa);
	}
	for (struct totals_policy **at = &t->policies; *at; at = &(*at)->next) {
		struct totals_policy *p = *at;

		if (p->id != policy)
			continue;
		*at = p->next;
		free(p);
		return;
	}
}

unsigned int totals_live(const struct totals *t, uint32_t policy, bool out,
			 uint32_t spi[TOTALS_LIVE_MAX])
{
	unsigned int count = 0;

	for (const struct totals_sa *sa = t->sas; sa && count < TOTALS_LIVE_MAX; sa = sa->next) {
		if (sa->policy == policy && sa->out == out)
			spi[count++] = sa->spi;
	}
	return count;
}

struct total totals_ended(const struct totals *t, uint32_t policy, bool out)
{
	const struct totals_policy *p = totals_policy(t, policy);

	return p ? p->ended[out] : (struct total){ 0 };
}
