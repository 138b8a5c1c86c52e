// SPDX-License-Identifier: GPL-2.0
/* Redirect, RFC 5685: who is sent on, by whom, and how often. */
#include <errno.h>

#include "ike/v2/redirect.h"
#include "unit/ike/ike_ends.h"

#define SECOND	"192.0.2.77"		/* of the gateway, where it sends its clients */

static struct ends *ends_with(bool follows, const char *to)
{
	struct ends *p = ends_new();

	p->s[0].conf.follow_redirect = follows;
	p->s[1].conf.local = (struct addr){0};
	if (to)
		assert_true(addr_parse(&p->s[1].conf.redirect_to, to));
	ends_start(p);
	return p;
}

static uint16_t first_notify(const struct letter *l, struct msg *m)
{
	struct msg_header h;

	memset(m, 0, sizeof(*m));
	assert_int_equal(msg_parse(l->msg, l->len, &h, m), MSG_OK);
	return m->notify_count ? m->notify[0].type : 0;
}

static bool goes_to(const struct letter *l, const char *addr)
{
	struct addr want;

	assert_true(addr_parse(&want, addr));
	return addr_equal(&l->remote.addr, &want);
}

static void test_at_init(void **state)
{
	struct ends *p = ends_with(true, SECOND);
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter asked;
	struct msg m;

	start(p, 0);
	asked = *oldest(a);
	first_notify(&asked, &m);
	assert_non_null(msg_notify(&m, NOTIFY_REDIRECT_SUPPORTED));
	assert_null(msg_notify(&m, NOTIFY_REDIRECTED_FROM));
	carry(a);
	assert_true(oldest(b)->len <= asked.len);
	assert_int_equal(first_notify(oldest(b), &m), NOTIFY_REDIRECT);
	assert_true(TAILQ_EMPTY(&b->ike->sas));	/* no state for who is sent on */
	peer_of(a)->tcp = true;		/* RFC 9329 7.2: by UDP first, all the same */
	carry(b);
	pass(p, 0);
	assert_true(goes_to(oldest(a), SECOND));
	assert_int_equal(oldest(a)->remote.stream, 0);
	assert_false(peer_of(a)->tcp);
	first_notify(oldest(a), &m);
	assert_non_null(msg_notify(&m, NOTIFY_REDIRECTED_FROM));
	carry_all(p);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	assert_int_equal(peer_of(b)->state, PEER_UP);
	assert_int_equal(a->ev[IKE_EV_FAILED].count, 0);
	ends_free(p);
}

/* Where another tunnel may be meant the gateway knows in IKE_AUTH only, when both are proved. */
static void test_at_auth(void **state)
{
	struct ends *p = ends_with(true, SECOND);
	struct side *a = &p->s[0], *b = &p->s[1];
	struct tunnel_conf other = b->conf;
	uint32_t id;

	snprintf(other.name, sizeof(other.name), "u");
	other.redirect_to = (struct addr){0};
	assert_true(ike_id_parse(&other.remote_id, "other.example.org"));
	assert_int_equal(ike_tunnel_add(b->ike, &other, &id), 0);
	start(p, 0);
	carry(a);
	carry(b);
	assert_int_equal(only_sa(a)->state, SA_AUTH_SENT);
	carry(a);
	assert_int_not_equal(peer_of(b)->state, PEER_UP);
	carry(b);
	assert_int_not_equal(peer_of(a)->state, PEER_UP);
	pass(p, 0);
	carry_all(p);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	assert_int_equal(a->ev[IKE_EV_FAILED].count, 0);
	assert_int_equal(peer_of(a)->detour.count, 1);
	pass(p, 60000);
	carry_all(p);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	only_sa(a);			/* what was sent on is forgotten */
	ends_free(p);
}

/* Who does not say that it follows is served where it is. */
static void test_not_wanted(void **state)
{
	struct ends *p = ends_with(false, SECOND);

	attempt(p, 0);
	assert_int_equal(peer_of(&p->s[0])->state, PEER_UP);
	assert_false(goes_to(&(struct letter){ .remote = only_sa(&p->s[0])->remote }, SECOND));
	ends_free(p);
}

/* Without our nonce it is of somebody who has not seen the request. */
static void test_nonce(void **state)
{
	struct ends *p = ends_with(true, SECOND);
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	start(p, 0);
	carry(a);
	l = *oldest(b);
	drop(b);
	l.msg[l.len - 1] ^= 1;
	give(a, &l);
	assert_int_equal(a->count, 0);
	l.msg[l.len - 1] ^= 1;
	l.msg[29] = 0;
	l.len -= IKE_NONCE_LEN;		/* with none at all */
	l.msg[27] = l.len;
	l.msg[31] = l.len - MSG_HEADER_LEN;
	give(a, &l);
	assert_int_equal(a->count, 0);
	assert_int_equal(peer_of(a)->detour.to.family, 0);
	ends_free(p);
}

/* A client that does not follow does not, whatever it is told. */
static void test_unasked(void **state)
{
	struct ends *p = ends_with(false, NULL), *q = ends_with(true, SECOND);
	struct letter l;

	start(q, 0);
	carry(&q->s[0]);
	l = *oldest(&q->s[1]);
	start(p, 0);
	memcpy(l.msg, oldest(&p->s[0])->msg, 8);
	memcpy(l.msg + l.len - IKE_NONCE_LEN, only_sa(&p->s[0])->ni.b, IKE_NONCE_LEN);
	give(&p->s[0], &l);
	assert_int_equal(p->s[0].count, 1);
	assert_int_equal(peer_of(&p->s[0])->detour.to.family, 0);
	carry_all(p);
	assert_int_equal(peer_of(&p->s[0])->state, PEER_UP);
	ends_free(p);
	ends_free(q);
}

/* Nobody is there: the gateway that sent us has to serve us, and we do not follow it again. */
static void test_in_vain(void **state)
{
	struct ends *p = ends_with(true, SECOND);
	struct side *a = &p->s[0], *b = &p->s[1];
	struct msg m;

	start(p, 0);
	carry(a);
	carry(b);
	pass(p, 0);
	assert_true(goes_to(oldest(a), SECOND));
	for (int i = 0; i < 100 && (!oldest(a) || goes_to(oldest(a), SECOND)); i++) {
		while (drop(a))
			;
		pass(p, 1000);
	}
	/* nothing has failed: the attempt goes on where it began */
	assert_int_equal(a->ev[IKE_EV_FAILED].count, 0);
	assert_int_equal(peer_of(a)->state, PEER_CONNECTING);
	assert_false(goes_to(oldest(a), SECOND));
	first_notify(oldest(a), &m);
	assert_null(msg_notify(&m, NOTIFY_REDIRECT_SUPPORTED));
	carry_all(p);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	ends_free(p);
}

/*
 * It neither serves us nor names a gateway of use, though we have asked for no redirect: the
 * attempt fails, and the next one, later, follows again.
 */
static void test_insists(void **state)
{
	struct ends *p = ends_with(true, "127.0.0.1");
	struct side *a = &p->s[0], *b = &p->s[1];
	struct msg m;

	start(p, 0);
	carry(a);
	carry(b);
	pass(p, 0);
	first_notify(oldest(a), &m);
	assert_null(msg_notify(&m, NOTIFY_REDIRECT_SUPPORTED));
	carry(a);
	only_sa(b)->follows = true;
	carry(b);
	carry(a);
	carry(b);
	ended_in(a, IKE_EV_FAILED, IKE_FAIL_PEER, "REDIRECT");
	pass(p, 60000);
	for (; oldest(a); drop(a))	/* a DELETE, and no other attempt */
		assert_int_equal(oldest(a)->msg[18], EXCHANGE_INFORMATIONAL);
	start(p, 0);
	first_notify(oldest(a), &m);
	assert_non_null(msg_notify(&m, NOTIFY_REDIRECT_SUPPORTED));
	ends_free(p);
}

/* To itself, or to no host: the client is served without a word of redirects. */
static void test_senseless(void **state)
{
	static const char *const nowhere[] = { "127.0.0.1", "224.0.0.5" };

	for (unsigned int i = 0; i < 2; i++) {
		struct ends *p = ends_with(true, nowhere[i]);

		attempt(p, 0);
		pass(p, 0);
		carry_all(p);
		assert_int_equal(peer_of(&p->s[0])->state, PEER_UP);
		ends_free(p);
	}
}

static void fill_redirect(struct builder *b)
{
	static unsigned int last;
	uint8_t data[] = { 1, 4, 192, 0, 2, 100 + last++ };

	build_notify(b, NOTIFY_REDIRECT, 0, 0, 0, data, sizeof(data));
}

/* Later, in the IKE SA: it ends with a DELETE and another one follows; five times, and no more. */
static void test_later(void **state)
{
	struct ends *p = ends_with(true, NULL);
	struct side *a = &p->s[0], *b = &p->s[1];
	unsigned int followed = 0;
	struct letter l;

	bring_up(p, 0);
	for (unsigned int i = 0; i <= DETOURS_MAX; i++) {
		struct addr before = only_sa(a)->remote.addr;

		forge_request(b, EXCHANGE_INFORMATIONAL, fill_redirect, &l);
		give(a, &l);
		if (peer_of(a)->state == PEER_UP)
			break;
		followed++;
		carry_all(p);
		pass(p, 2000);
		carry_all(p);
		assert_int_equal(peer_of(a)->state, PEER_UP);
		pass(p, 31000);		/* what is over is forgotten */
		carry_all(p);
		assert_false(addr_equal(&only_sa(a)->remote.addr, &before));
	}
	assert_int_equal(followed, DETOURS_MAX);
	ends_free(p);
}

/* An address that is raced says so: it has won, and no other address is asked any more. */
static void test_amid_a_race(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	a->conf.follow_redirect = true;
	set_remote(a, "198.51.100.7");
	a->conf.more_count = 2;
	assert_true(addr_parse(&a->conf.more[0].addr, "192.0.2.2"));
	assert_true(addr_parse(&a->conf.more[1].addr, "198.51.100.8"));
	b->conf.local = (struct addr){0};
	assert_true(addr_parse(&b->conf.redirect_to, SECOND));
	ends_start(p);
	start(p, 0);
	drop(a);
	pass(p, PEER_RACE_MS);
	assert_true(goes_to(oldest(a), "192.0.2.2"));
	carry(a);
	carry(b);
	pass(p, 0);
	assert_int_equal(a->count, 1);
	assert_true(goes_to(oldest(a), SECOND));
	assert_true(drop(a));
	pass(p, 10 * PEER_RACE_MS);	/* nobody else is asked: neither before nor behind it */
	assert_int_equal(peer_of(a)->rival_count, 0);
	while (oldest(a)) {
		assert_true(goes_to(oldest(a), SECOND));
		carry(a);
	}
	carry_all(p);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	assert_int_equal(a->ev[IKE_EV_FAILED].count, 0);
	ends_free(p);
}

/*
 * What is to follow an IKE SA that stands is sent on, by whoever sees the request: the IKE SA stays
 * where it is, and is followed there.
 */
static void test_reauthentication(void **state)
{
	struct ends *p = ends_with(true, NULL);
	struct side *a = &p->s[0], *b = &p->s[1];
	struct tunnel_conf *gateway = (struct tunnel_conf *)tunnel_of(b)->conf;
	struct ike_sa *before;

	bring_up(p, 0);
	before = only_sa(a);
	assert_true(addr_parse(&gateway->redirect_to, SECOND));
	assert_int_equal(ike_reauthenticate(a->ike, a->tunnel), 0);
	carry(a);
	carry(b);
	assert_ptr_equal(peer_of(a)->sa, before);
	assert_int_equal(before->state, SA_ESTABLISHED);
	for (int i = 0; i < 10; i++) {
		pass(p, 1000);
		carry_all(p);
	}
	assert_int_equal(a->ev[IKE_EV_REAUTHENTICATED].count, 1);
	assert_int_equal(a->ev[IKE_EV_DOWN].count, 0);
	assert_int_equal(a->ev[IKE_EV_CHILD_DOWN].count, 0);
	assert_false(goes_to(&(struct letter){ .remote = peer_of(a)->sa->remote }, SECOND));
	ends_free(p);
}

static int tell(struct side *s)
{
	struct addr to;

	assert_true(addr_parse(&to, SECOND));
	return ike_redirect(s->ike, s->tunnel, &to);
}

/* The gateway tells a client that is up to go, also after a rekey of the IKE SA. */
static void test_told(void **state)
{
	for (int rekeyed = 0; rekeyed < 2; rekeyed++) {
		struct ends *p = ends_with(true, NULL);
		struct side *a = &p->s[0], *b = &p->s[1];
		struct addr to;

		assert_int_equal(tell(b), -ENOTCONN);
		bring_up(p, 0);
		if (rekeyed) {
			assert_int_equal(ike_rekey(a->ike, peer_of(a)->id), 0);
			carry_all(p);
		}
		assert_int_equal(tell(b), 1);
		carry_all(p);
		pass(p, 0);
		carry_all(p);
		assert_int_equal(peer_of(a)->state, PEER_UP);
		assert_int_equal(peer_of(b)->state, PEER_UP);
		assert_true(goes_to(&(struct letter){ .remote = peer_of(a)->sa->remote }, SECOND));
		assert_int_equal(peer_of(b)->sa->send_on.family, 0);
		/* who has been sent here can be sent on again */
		assert_true(addr_parse(&to, "192.0.2.2"));
		assert_int_equal(ike_redirect(b->ike, peer_of(b)->id, &to), 1);
		carry_all(p);
		pass(p, 0);
		carry_all(p);
		assert_true(goes_to(&(struct letter){ .remote = peer_of(a)->sa->remote },
				    "192.0.2.2"));
		assert_int_equal(ike_redirect(b->ike, 4711, &to), -ENOENT);
		ends_free(p);
	}
}

/* One that has not said that it follows is told nothing; nor is a peer that we have gone to. */
static void test_deaf(void **state)
{
	for (int initiator = 0; initiator < 2; initiator++) {
		struct ends *p = ends_with(false, NULL);

		p->s[1].conf.follow_redirect = true;
		bring_up(p, initiator);
		assert_int_equal(tell(&p->s[1]), -EOPNOTSUPP);
		carry_all(p);
		assert_int_equal(p->s[1].count, 0);
		assert_int_equal(peer_of(&p->s[0])->state, PEER_UP);
		ends_free(p);
	}
}

/* While the IKE SA before still carries something: that is nothing to fall back to. */
static void test_told_amid_reauthentication(void **state)
{
	for (unsigned int steps = 0; steps < 12; steps++) {
		struct ends *p = ends_with(true, NULL);
		struct side *a = &p->s[0], *b = &p->s[1];

		bring_up(p, 0);
		assert_int_equal(ike_reauthenticate(a->ike, a->tunnel), 0);
		for (unsigned int i = 0; i < steps; i++)
			carry(i % 2 ? b : a);
		assert_int_equal(tell(b), 1);
		for (int i = 0; i < 5; i++) {
			carry_all(p);
			pass(p, 1000);
		}
		carry_all(p);
		assert_int_equal(peer_of(a)->state, PEER_UP);
		assert_true(goes_to(&(struct letter){ .remote = peer_of(a)->sa->remote }, SECOND));
		assert_false(peer_of(a)->anew);
		for (int i = 0; i < 90; i++) {
			pass(p, 1000);
			carry_all(p);
		}
		assert_int_equal(only_sa(a)->spi_i, only_sa(b)->spi_i);
		assert_int_equal(a->fake.in_count, 1);
		assert_int_equal(b->fake.in_count, 1);
		ends_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at_init),
		cmocka_unit_test(test_at_auth),
		cmocka_unit_test(test_not_wanted),
		cmocka_unit_test(test_nonce),
		cmocka_unit_test(test_unasked),
		cmocka_unit_test(test_in_vain),
		cmocka_unit_test(test_insists),
		cmocka_unit_test(test_senseless),
		cmocka_unit_test(test_later),
		cmocka_unit_test(test_amid_a_race),
		cmocka_unit_test(test_reauthentication),
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_deaf),
		cmocka_unit_test(test_told_amid_reauthentication),
	};

	return cmocka_run_group_tests_name("ike: redirect", tests, NULL, NULL);
}
