// SPDX-License-Identifier: GPL-2.0
/* Tickets, RFC 5723 6 and 7.2: which ones are kept, and how many. */
#include "ike/object/ticket.h"
#include "ike/v2/resume.h"
#include "unit/ike/ike_ends.h"

static struct ends *up(void)
{
	struct ends *p = ends_new();

	for (int i = 0; i < 2; i++) {
		p->s[i].conf.dpd_s = 0;
		p->s[i].conf.resume = true;
	}
	ends_start(p);
	bring_up(p, 0);
	return p;
}

static unsigned int granted(const struct side *s)
{
	return HASH_CNT(by_name, s->ike->ticket_by_name);
}

static bool takes(struct ike_sa *sa, const uint8_t *data, size_t len)
{
	struct msg m = {
		.notify = { { .type = NOTIFY_TICKET_LT_OPAQUE, .data = cursor_of(data, len) } },
		.notify_count = 1,
	};

	ticket_free(sa->ticket);
	resume_take(sa, &m, false);
	return sa->ticket;
}

/* What a gateway grants: too short, too long, good for too little time, or for over a day. */
static void test_odd_tickets(void **state)
{
	uint8_t data[4 + TICKET_NAME_MAX + 1] = { 0, 0, 0, TICKET_LIFE_LEAST_S };
	struct ends *p = up();
	struct ike_sa *sa = only_sa(&p->s[0]);

	for (size_t len = 0; len <= 4; len++)
		assert_false(takes(sa, data, len));
	assert_true(takes(sa, data, 5));
	assert_true(takes(sa, data, 4 + TICKET_NAME_MAX));
	assert_false(takes(sa, data, 4 + TICKET_NAME_MAX + 1));
	data[3]--;
	assert_false(takes(sa, data, 5));
	memset(data, 0xff, 4);
	assert_true(takes(sa, data, 5));
	assert_true(sa->ticket->expires_ms <= p->now + TICKET_LIFE_MOST_S * UINT64_C(1000));
	sa->began = false;		/* a gateway takes none */
	assert_false(takes(sa, data, 5));
	sa->began = true;
	ends_free(p);
}

/* Clients that come and go: of each owner one is kept, and of all together so many. */
static void test_bound(void **state)
{
	struct ends *p = up();
	struct side *b = &p->s[1];
	struct ike_sa *sa = only_sa(b);
	struct ike_id id = sa->remote_id;

	for (unsigned int i = 0; i < TICKETS_LOST_MAX + 100; i++) {
		sa->remote_id.len = (uint16_t)snprintf((char *)sa->remote_id.data, TUNNEL_ID_MAX,
						       "client-%u", i / 2);
		sa->remote_id.type = ID_FQDN;
		assert_non_null(ticket_grant(sa, 1000));
		ticket_outlives(sa);
		assert_int_equal(b->ike->lost_ticket_count, i / 2 + 1);
	}
	for (unsigned int i = 0; i < TICKETS_LOST_MAX; i++) {
		sa->remote_id.len = (uint16_t)snprintf((char *)sa->remote_id.data, TUNNEL_ID_MAX,
						       "other-%u", i);
		assert_non_null(ticket_grant(sa, 1000));
		ticket_outlives(sa);
		assert_in_range(b->ike->lost_ticket_count, 1, TICKETS_LOST_MAX);
	}
	assert_int_equal(b->ike->lost_ticket_count, TICKETS_LOST_MAX);
	assert_int_equal(granted(b), TICKETS_LOST_MAX);
	sa->remote_id = id;
	pass(p, 1001000);
	assert_int_equal(granted(b), 0);
	assert_int_equal(b->ike->lost_ticket_count, 0);
	ends_free(p);
}

/* ---- a reload, which may have taken the peer away */

/* Asked for in INFORMATIONAL, with a rekey of the client's, after one of the gateway's. */
static void test_reload(void **state)
{
	for (int how = 0; how < 3; how++) {
		struct ends *p = up();
		struct side *a = &p->s[0], *b = &p->s[1];

		assert_int_equal(granted(b), 1);
		ike_forget_tickets(b->ike);
		assert_int_equal(granted(b), 0);
		if (how) {
			assert_int_equal(ike_rekey(p->s[how - 1].ike, peer_of(&p->s[how - 1])->id),
					 0);
			carry_all(p);
			let_time_pass(p, 70);
			assert_int_equal(granted(b), 0);
		}
		only_sa(a)->want_ticket = true;
		ike_probe(a->ike);
		carry_all(p);
		assert_false(only_sa(a)->want_ticket);
		assert_int_equal(granted(b), 0);
		reauthenticate(a);		/* it proves itself anew */
		let_time_pass(p, 70);
		assert_int_equal(granted(b), 1);
		assert_non_null(only_sa(a)->ticket);
		ends_free(p);
	}
}

/* At the client: it asks for none, and keeps none, of who has not proved itself since. */
static void test_reload_of_client(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];
	uint8_t data[8] = { 0, 0, 0, 100 };

	ike_forget_tickets(a->ike);
	assert_null(only_sa(a)->ticket);
	assert_false(takes(only_sa(a), data, sizeof(data)));
	assert_int_equal(ike_rekey(a->ike, peer_of(a)->id), 0);
	carry_all(p);
	let_time_pass(p, 70);
	assert_null(only_sa(a)->ticket);
	assert_int_equal(granted(b), 0);
	reauthenticate(a);
	let_time_pass(p, 70);
	assert_non_null(only_sa(a)->ticket);
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_odd_tickets),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_reload_of_client),
	};

	return cmocka_run_group_tests_name("ike: tickets", tests, NULL, NULL);
}
