// SPDX-License-Identifier: GPL-2.0
#include "ike/object/partial.h"

#include <stdlib.h>
#include <string.h>

void partial_drop(struct partial **partial)
{
	struct partial *p = *partial;

	*partial = NULL;
	if (!p)
		return;
	for (unsigned int i = 0; i < p->total; i++)
		octets_clear(&p->part[i]);
	free(p);
}

static bool partial_is_of(const struct partial *p, const struct msg_header *h)
{
	return p && p->id == h->id && p->exchange == h->exchange;
}

/* An empty one for the message that @f is of. */
static struct partial *partial_new(const struct fragment *f)
{
	struct partial *p = calloc(1, sizeof(*p) + f->total * sizeof(p->part[0]));

	if (!p)
		return NULL;
	p->id = f->h->id;
	p->exchange = f->h->exchange;
	p->total = f->total;
	return p;
}

static enum partial_result partial_keep(struct partial *p, const struct fragment *f)
{
	/* also an empty one is there then */
	if (!octets_set(&p->part[f->number - 1], f->text.p, f->text.len))
		return PARTIAL_NO_MEMORY;
	if (f->number == 1)
		p->first = f->first;
	if (f->h->len > p->largest)
		p->largest = f->h->len;
	p->octets += f->text.len;
	return ++p->count == p->total ? PARTIAL_WHOLE : PARTIAL_MORE;
}

enum partial_result partial_add(struct partial **partial, const struct fragment *f,
				size_t octets_max)
{
	struct partial *p = *partial;

	if (f->total > PARTIAL_FRAGMENTS_MAX)
		return PARTIAL_TOO_MANY;
	if (partial_is_of(p, f->h) && f->total < p->total)
		return PARTIAL_KNOWN;
	if (!partial_is_of(p, f->h) || f->total > p->total) {
		p = partial_new(f);
		if (!p)
			return PARTIAL_NO_MEMORY;
		partial_drop(partial);
		*partial = p;
	}
	if (p->part[f->number - 1].p)
		return p->count == p->total ? PARTIAL_WHOLE : PARTIAL_KNOWN;
	if (p->octets + f->text.len > octets_max) {
		partial_drop(partial);
		return PARTIAL_TOO_LONG;
	}
	return partial_keep(p, f);
}

uint8_t *partial_join(const struct partial *partial, size_t *len)
{
	uint8_t *whole = malloc(partial->octets ? partial->octets : 1), *at = whole;

	if (!whole)
		return NULL;
	for (unsigned int i = 0; i < partial->total; i++) {
		memcpy(at, partial->part[i].p, partial->part[i].len);
		at += partial->part[i].len;
	}
	*len = partial->octets;
	return whole;
}
