// SPDX-License-Identifier: GPL-2.0
#include "unit/ike/ike_moves.h"

void move(struct side *s, const char *addr)
{
	assert_true(addr_parse(&s->fake.addr, addr));
	ike_host_changed(s->ike);
}

bool is(const struct addr *addr, const char *text)
{
	struct addr want;

	assert_true(addr_parse(&want, text));
	return addr_equal(addr, &want);
}

void goes(const struct side *s, const char *local, const char *remote)
{
	for (unsigned int i = 0; i < s->fake.policy_count; i++) {
		assert_true(is(&s->fake.policy[i].local.addr, local));
		assert_true(is(&s->fake.policy[i].remote.addr, remote));
	}
	assert_true(is(&s->fake.last_link.remote.addr, remote));
}

struct letter stolen(struct side *from, const char *addr)
{
	struct letter l = *oldest(from);

	assert_true(addr_parse(&l.local.addr, addr));
	return l;
}

bool says(struct side *to, struct side *from, uint16_t type)
{
	struct letter l = *oldest(from);
	struct msg m;

	open_letter(peer_of(to)->sa, &l, &m);
	return msg_notify(&m, type);
}
