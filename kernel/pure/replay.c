// SPDX-License-Identifier: GPL-2.0
#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include "replay.h"

/*
 * The ring has one word more than the window needs, so that advancing into a
 * word may clear it whole: what it held before is left of the window by then.
 */
static u32 replay_ring_words(u32 size)
{
	return roundup_pow_of_two(DIV_ROUND_UP(size, BITS_PER_LONG) + 1);
}

static unsigned long *replay_word_of(struct espl_replay *w, u64 seq)
{
	return &w->map[(seq / BITS_PER_LONG) & w->mask];
}

size_t espl_replay_map_bytes(u32 size)
{
	return replay_ring_words(size) * sizeof(unsigned long);
}

void espl_replay_init(struct espl_replay *w, u32 size, u64 top)
{
	w->top = top;
	w->size = size;
	w->mask = replay_ring_words(size) - 1;
	memset(w->map, 0xff, espl_replay_map_bytes(size));
	/* in top's own word, those above top are still to come */
	*replay_word_of(w, top) = ~0UL >> (BITS_PER_LONG - 1 - top % BITS_PER_LONG);
}

u64 espl_replay_seq(const struct espl_replay *w, u32 low, bool esn)
{
	u64 top = READ_ONCE(w->top);
	u32 high = upper_32_bits(top);
	u32 bottom = lower_32_bits(top) - (w->size - 1);

	if (!esn)
		return low;

	if (lower_32_bits(top) >= w->size - 1) {
		/* the window lies within one 2^32 subspace; left of it means the next one */
		if (low < bottom && ++high == 0)
			return 0;
	} else if (low >= bottom) {
		/* it spans two, and low is in the part before 2^32 */
		if (high-- == 0)
			return 0;
	}
	return (u64)high << 32 | low;
}

enum espl_replay_verdict espl_replay_check(const struct espl_replay *w, u64 seq)
{
	u64 top = READ_ONCE(w->top);
	unsigned long word;

	if (seq == 0)
		return ESPL_REPLAY_STALE;
	if (likely(seq > top))
		return ESPL_REPLAY_FRESH;
	if (top - seq >= w->size)
		return ESPL_REPLAY_STALE;

	word = READ_ONCE(w->map[(seq / BITS_PER_LONG) & w->mask]);
	return word & BIT(seq % BITS_PER_LONG) ? ESPL_REPLAY_SEEN : ESPL_REPLAY_FRESH;
}

enum espl_replay_verdict espl_replay_advance(struct espl_replay *w, u64 seq)
{
	enum espl_replay_verdict verdict = espl_replay_check(w, seq);
	u64 word, last;

	if (verdict != ESPL_REPLAY_FRESH)
		return verdict;

	if (seq > w->top) {
		word = w->top / BITS_PER_LONG;
		last = seq / BITS_PER_LONG;
		/* one turn of the ring clears everything */
		word = max(word, last - min_t(u64, last, w->mask + 1));
		while (word < last)
			w->map[++word & w->mask] = 0;
		WRITE_ONCE(w->top, seq);
	}
	*replay_word_of(w, seq) |= BIT(seq % BITS_PER_LONG);
	return ESPL_REPLAY_FRESH;
}
