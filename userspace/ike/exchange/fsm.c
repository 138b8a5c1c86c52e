// SPDX-License-Identifier: GPL-2.0
#include "ike/exchange/fsm.h"

static const struct fsm_row *fsm_row(const struct ike_sa *sa, uint8_t exchange, enum role role,
				     uint32_t kinds)
{
	for (unsigned int i = 0; i < sa->version->row_count; i++) {
		const struct fsm_row *row = &sa->version->rows[i];

		if (row->state == sa->state && row->exchange == exchange && row->role == role &&
		    (row->kinds & kinds || role == ROLE_COMMAND))
			return row;
	}
	return NULL;
}

const struct fsm_row *fsm_find(const struct ike_sa *sa, uint8_t exchange, enum role role,
			       unsigned int kind)
{
	return fsm_row(sa, exchange, role, UINT32_C(1) << kind);
}

bool fsm_exists(const struct ike_sa *sa, uint8_t exchange, enum role role)
{
	return fsm_row(sa, exchange, role, FSM_ANY_KIND);
}

void fsm_apply(struct ike_sa *sa, const struct fsm_row *row, enum verdict verdict, const char *why)
{
	enum sa_state next = verdict == VERDICT_FAIL ? row->fail : row->next;
	struct timers *timers = &sa->ike->timers;
	uint16_t timeout_s;

	if (verdict == VERDICT_STAY || verdict == VERDICT_DROP || next == sa->state)
		return;
	sa->orphans = row->orphans;
	sa_set_state(sa, next, why[0] ? why : row->story);
	timeout_s = sa->version->timeouts[next];
	if (timeout_s)
		timer_set(timers, &sa->expiry, ike_now(sa->ike) + (uint64_t)timeout_s * 1000);
	else
		timer_cancel(timers, &sa->expiry);
}

bool fsm_command(struct ike_sa *sa, enum command command, const char *why)
{
	const struct fsm_row *row = fsm_row(sa, command, ROLE_COMMAND, 0);

	if (!row)
		return false;
	fsm_apply(sa, row, VERDICT_DONE, why);
	return true;
}
