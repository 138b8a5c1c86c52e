// SPDX-License-Identifier: GPL-2.0
#include "esplaned/core/totals.h"

#include <stdlib.h>

#include "esplaned/nl/kern.h"
#include "lib/hash.h"

struct totals_sa {
	struct totals_sa *next;
	uint32_t spi;
	bool out;
};

struct totals_policy {
	UT_hash_handle hh;
	uint32_t id;
	struct totals_sa *sas;
	struct total ended[2];		/* in, out */
};

struct totals {
	struct totals_policy *policies;	/* by id: of many peers each has one */
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
	struct totals_policy *p;

	HASH_FIND(hh, t->policies, &id, sizeof(id), p);
	return p;
}

/* NULL: no memory. */
static struct totals_policy *totals_policy_make(struct totals *t, uint32_t id)
{
	struct totals_policy *p = totals_policy(t, id);

	if (p)
		return p;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->id = id;
	HASH_ADD(hh, t->policies, id, sizeof(p->id), p);
	if (hash_added(hh, p))
		return p;
	free(p);
	return NULL;
}

static void totals_sa_note(struct totals_policy *p, uint32_t spi, bool out)
{
	struct totals_sa *sa = spi ? calloc(1, sizeof(*sa)) : NULL;

	if (!sa)
		return;
	*sa = (struct totals_sa){ .next = p->sas, .spi = spi, .out = out };
	p->sas = sa;
}

void totals_sa_added(struct totals *t, uint32_t policy, uint32_t spi_in, uint32_t spi_out)
{
	struct totals_policy *p = totals_policy_make(t, policy);

	if (!p)
		return;
	totals_sa_note(p, spi_in, false);
	totals_sa_note(p, spi_out, true);
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
	struct totals_policy *p = totals_policy(t, policy);

	for (struct totals_sa **at = p ? &p->sas : NULL; at && *at; at = &(*at)->next) {
		struct totals_sa *sa = *at;

		if (sa->spi != spi || sa->out != out)
			continue;
		if (info)
			total_add(&p->ended[out], info, now_ms);
		*at = sa->next;
		free(sa);
		return;
	}
}

void totals_policy_gone(struct totals *t, uint32_t policy)
{
	struct totals_policy *p = totals_policy(t, policy);

	if (!p)
		return;
	while (p->sas) {
		struct totals_sa *sa = p->sas;

		p->sas = sa->next;
		free(sa);
	}
	HASH_DELETE(hh, t->policies, p);
	free(p);
}

unsigned int totals_live(const struct totals *t, uint32_t policy, bool out,
			 uint32_t spi[TOTALS_LIVE_MAX])
{
	const struct totals_policy *p = totals_policy(t, policy);
	unsigned int count = 0;

	for (const struct totals_sa *sa = p ? p->sas : NULL; sa && count < TOTALS_LIVE_MAX;
	     sa = sa->next) {
		if (sa->out == out)
			spi[count++] = sa->spi;
	}
	return count;
}

struct total totals_ended(const struct totals *t, uint32_t policy, bool out)
{
	const struct totals_policy *p = totals_policy(t, policy);

	return p ? p->ended[out] : (struct total){ 0 };
}
