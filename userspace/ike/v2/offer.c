// SPDX-License-Identifier: GPL-2.0
#include "ike/v2/offer.h"

#include "ike/object/tunnel.h"

static struct proposals without_groups(const struct proposals *list)
{
	struct proposals out = { .count = list->count };

	for (unsigned int i = 0; i < list->count; i++) {
		const struct proposal *from = &list->p[i];
		struct proposal *to = &out.p[i];

		to->protocol = from->protocol;
		for (unsigned int j = 0; j < from->count; j++)
			if (from->t[j].type != TRANSFORM_KE)
				to->t[to->count++] = from->t[j];
	}
	return out;
}

static bool needs_no_group(const struct proposal *p)
{
	for (unsigned int i = 0; i < p->count; i++)
		if (p->t[i].type == TRANSFORM_KE && p->t[i].id == KE_NONE)
			return true;
	return !proposal_find(p, TRANSFORM_KE);
}

struct proposals child_sa_offers(const struct proposals *ours, uint16_t group)
{
	struct proposals out = { .count = 0 };

	for (unsigned int i = 0; i < ours->count; i++)
		if (group ? child_sa_group(&ours->p[i]) != KE_NONE : needs_no_group(&ours->p[i]))
			out.p[out.count++] = ours->p[i];
	return group ? out : without_groups(&out);
}

void child_sa_offer(struct builder *b, const struct proposals *ours, bool groups, uint32_t spi)
{
	struct proposals list = groups ? *ours : without_groups(ours);
	struct msg_offer offers[PROPOSALS_MAX];

	for (unsigned int i = 0; i < list.count; i++)
		offers[i] = (struct msg_offer){ .number = i + 1, .spi_len = 4, .spi = spi };
	build_sa(b, &list, offers);
}

void child_sa_answer(struct builder *b, const struct proposal *suite, uint8_t number, uint32_t spi)
{
	struct proposals list = { .count = 1, .p = { *suite } };
	struct msg_offer offer = { .number = number, .spi_len = 4, .spi = spi };

	build_sa(b, &list, &offer);
}

static bool spi_ok(const struct msg_offer *offer)
{
	return offer->spi_len == 4 && offer->spi >= 256;
}

bool child_sa_select(const struct proposals *ours, const struct msg_sa *theirs, bool ignore_ke,
		     struct proposal *suite, unsigned int *index)
{
	return proposal_select(ours, &theirs->list, ignore_ke, suite, index) &&
	       spi_ok(&theirs->offer[*index]);
}

/* An answer is a choice: one transform of a type. */
static bool is_choice(const struct proposal *p)
{
	for (unsigned int i = 0; i < p->count; i++)
		if (proposal_find(p, p->t[i].type) != &p->t[i])
			return false;
	return true;
}

bool child_sa_chosen(const struct proposals *ours, const struct msg_sa *answer, uint16_t group,
		     struct proposal *suite)
{
	uint16_t chosen;
	unsigned int index;

	if (answer->list.count != 1 || answer->skipped || !is_choice(&answer->list.p[0]) ||
	    !child_sa_select(ours, answer, group == KE_NONE, suite, &index))
		return false;
	chosen = child_sa_group(suite);
	return chosen == group || chosen == KE_NONE;
}

uint16_t child_sa_group(const struct proposal *suite)
{
	const struct transform *ke = proposal_find(suite, TRANSFORM_KE);

	return ke ? ke->id : KE_NONE;
}

uint32_t child_sa_spi(const struct msg_sa *answer)
{
	return answer->offer[0].spi;
}

static bool copy(struct ts *to, uint8_t *count, const struct msg_ts *from)
{
	if (from->skipped || from->count > TUNNEL_TS_MAX)
		return false;
	memcpy(to, from->ts, from->count * sizeof(*to));
	*count = from->count;
	return true;
}

bool child_sa_ts(struct ts_pair *ts, const struct msg_ts *tsi, const struct msg_ts *tsr)
{
	return copy(ts->local, &ts->local_count, tsi) && copy(ts->remote, &ts->remote_count, tsr);
}
