// SPDX-License-Identifier: GPL-2.0
/*
 * What lies below the engine and is put there by the linker (--wrap): its memory, which fails on
 * request, its seal, before which messages are altered, and its state machine, whose rows are
 * counted.
 */
#include <stdlib.h>

#include "sim/sim.h"

#include "ike/exchange/fsm.h"
#include "ike/v2/v2.h"

/* ---- memory */

static struct rng *starving;
static unsigned int starve_one_in;

void hooks_starve(struct rng *rng, unsigned int one_in)
{
	starving = rng;
	starve_one_in = one_in;
}

bool hooks_starving(void)
{
	return starve_one_in;
}

unsigned int hooks_feed(void)
{
	unsigned int one_in = starve_one_in;

	starve_one_in = 0;
	return one_in;
}

void hooks_hunger(unsigned int one_in)
{
	starve_one_in = one_in;
}

static bool starve(void)
{
	return starve_one_in && !rng_below(starving, starve_one_in);
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

void *hooks_alloc(size_t size)
{
	return __real_malloc(size);
}

void *__wrap_malloc(size_t size)
{
	return starve() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return starve() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return starve() ? NULL : __real_realloc(p, size);
}

/* ---- what is sealed */

bool __real_sk_seal(struct sk *sk, uint8_t *msg, size_t body, size_t plain);
bool __wrap_sk_seal(struct sk *sk, uint8_t *msg, size_t body, size_t plain);

bool __wrap_sk_seal(struct sk *sk, uint8_t *msg, size_t body, size_t plain)
{
	hostile_alter(sk, msg + body + sk_iv_len(sk), plain);
	return __real_sk_seal(sk, msg, body, plain);
}

/* ---- rows */

static bool row_taken[128];

const struct fsm_row *__real_fsm_find(const struct ike_sa *sa, uint8_t exchange, enum role role,
				      unsigned int kind);
const struct fsm_row *__wrap_fsm_find(const struct ike_sa *sa, uint8_t exchange, enum role role,
				      unsigned int kind);
bool __real_fsm_command(struct ike_sa *sa, enum command command, const char *why);
bool __wrap_fsm_command(struct ike_sa *sa, enum command command, const char *why);

static void note(const struct ike_sa *sa, const struct fsm_row *row)
{
	if (row)
		row_taken[row - sa->version->rows] = true;
}

const struct fsm_row *__wrap_fsm_find(const struct ike_sa *sa, uint8_t exchange, enum role role,
				      unsigned int kind)
{
	const struct fsm_row *row = __real_fsm_find(sa, exchange, role, kind);

	note(sa, row);
	return row;
}

bool __wrap_fsm_command(struct ike_sa *sa, enum command command, const char *why)
{
	note(sa, __real_fsm_find(sa, command, ROLE_COMMAND, 0));
	return __real_fsm_command(sa, command, why);
}

void hooks_rows(uint64_t rows[2])
{
	for (unsigned int i = 0; i < ike_version_2.row_count; i++)
		if (row_taken[i])
			rows[i / 64] |= UINT64_C(1) << i % 64;
}

unsigned int hooks_print_missed(const uint64_t rows[2])
{
	static const char *const commands[] = { "start", "close", "drop", "expire", "inherit",
						"yield" };
	unsigned int missed = 0;

	for (unsigned int i = 0; i < ike_version_2.row_count; i++) {
		const struct fsm_row *row = &ike_version_2.rows[i];

		if (rows[i / 64] >> i % 64 & 1)
			continue;
		missed++;
		printf("# never: %s, %s %u, \"%s\"\n", sa_state_name(row->state),
		       row->role == ROLE_COMMAND ? commands[row->exchange] : "exchange",
		       row->role == ROLE_COMMAND ? 0 : row->exchange, row->story);
	}
	return missed;
}
