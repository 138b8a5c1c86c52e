// SPDX-License-Identifier: GPL-2.0
/* The peer rekeys the IKE SA, RFC 7296 1.3.2 and 2.18: its half is made by hand. */
#include "ike/exchange/exchange.h"
#include "ike/object/touch.h"
#include "ike/settle.h"
#include "ike/v2/v2.h"
#include "unit/ike/ike_ends.h"

static uint32_t spi_of(struct side *s)
{
	return child_of(s)->out->spi_in;
}

static struct ends *up(void)
{
	struct ends *p = ends_new();

	ends_start(p);
	bring_up(p, 0);
	return p;
}

/* The child has been rekeyed once, and nothing of the old pair is left. */
static void assert_new_pair(struct ends *p, const uint32_t before[2])
{
	carry_all(p);
	pass(p, 2 * PAIR_LINGER_MS);
	for (int i = 0; i < 2; i++) {
		struct side *s = &p->s[i];

		assert_int_equal(peer_of(s)->state, PEER_UP);
		assert_int_equal(s->fake.in_count, 1);
		assert_int_equal(s->fake.reserved, 0);
		assert_int_equal(fake_out_spi(&s->fake), p->s[!i].fake.in[0].sa.spi);
		assert_int_not_equal(spi_of(s), before[i]);
		assert_int_equal(s->ev[IKE_EV_CHILD_REKEYED].count, 1);
		assert_int_equal(s->ev[IKE_EV_DOWN].count, 0);
	}
}

struct ike_rekey {
	struct ike_sa *old, *new;
	struct ke *ke;
};

static void ask_for_new_ike_sa(struct side *s, struct ike_rekey *r, struct letter *l)
{
	struct ike_sa *old = only_sa(s), *new = sa_new(s->ike, s->ike->version[0], 1, true, 0);
	struct msg_header h = {
		.spi_i = old->spi_i, .spi_r = old->spi_r, .exchange = EXCHANGE_CREATE_CHILD_SA,
		.flags = old->initiator ? MSG_INITIATOR : 0, .id = old->next_out,
	};
	struct msg_offer offer = { .number = 1, .spi_len = 8, .spi = new->spi_i };
	const uint8_t *public;
	struct builder b;
	size_t len;

	*r = (struct ike_rekey){ .old = old, .new = new };
	new->ni.len = IKE_NONCE_LEN;
	memset(new->ni.b, 0x42, new->ni.len);
	r->ke = ke_new(KE_X25519, s->ike->env.random, s->ike->env.ctx);
	build_begin(&b, l->msg, sizeof(l->msg), &h);
	build_sk_begin(&b, sk_iv_len(&old->sk_out));
	build_sa(&b, &s->conf.ike, &offer);
	build_nonce(&b, new->ni.b, new->ni.len);
	public = ke_public(r->ke, &len);
	build_ke(&b, KE_X25519, public, len);
	l->len = build_sk_end(&b, sk_sealed_len(&old->sk_out, build_sk_plain(&b)));
	assert_true(l->len && sk_seal(&old->sk_out, l->msg, b.sk_body, b.sk_plain));
	l->local = old->local;
	l->remote = old->remote;
	old->next_out++;
}

static void take_answer(struct side *s, struct ike_rekey *r, struct letter *l)
{
	struct ike_sa *new = r->new;
	uint8_t secret[KE_SECRET_MAX];
	struct msg_offer answer;
	struct proposal chosen;
	struct msg m;
	size_t len;

	open_letter(r->old, l, &m);
	assert_null(msg_error(&m));
	assert_true(msg_sa_select(&m.sa, &s->conf.ike, false, &chosen, &answer));
	new->suite = proposal_suite(&chosen);
	assert_int_equal(answer.spi_len, 8);
	new->spi_r = answer.spi;
	new->nr.len = m.nonce.left;
	memcpy(new->nr.b, m.nonce.at, m.nonce.left);
	assert_true(ke_derive(r->ke, m.ke.data.at, m.ke.data.left, secret, &len));
	assert_true(keys_derive(new, (struct ke_secret){ { secret, len } }, r->old));
	ke_free(r->ke);
}

/* The engine now stands as if it had asked itself. */
static void take_over(struct side *s, struct ike_rekey *r)
{
	struct ike_sa *old = r->old, *new = r->new;
	struct peer *peer = peer_of(s);

	new->began = old->began;
	new->local = old->local;
	new->remote = old->remote;
	new->udp = old->udp;
	new->nat_local = old->nat_local;
	new->nat_remote = old->nat_remote;
	new->remote_id = old->remote_id;
	new->peer = peer;
	peer->sa = new;
	peer_move_children(peer, old, new);
	fsm_command(new, COMMAND_INHERIT, "test");
	fsm_command(old, COMMAND_CLOSE, "rekeyed");
	ike_settle(s->ike);
}

/* A whole rekey of the IKE SA by one end. */
static void rekey_ike(struct ends *p, int who)
{
	struct ike_rekey r;
	struct letter l;

	ask_for_new_ike_sa(&p->s[who], &r, &l);
	give(&p->s[!who], &l);
	l = *oldest(&p->s[!who]);
	drop(&p->s[!who]);
	take_answer(&p->s[who], &r, &l);
	take_over(&p->s[who], &r);
	carry_all(p);
	pass(p, 31000);
	assert_int_equal(only_sa(&p->s[!who])->spi_i, r.new->spi_i);
	assert_int_equal(only_sa(&p->s[!who])->spi_r, r.new->spi_r);
}

static void test_peer_rekeys_ike(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];
	uint32_t before[2] = { spi_of(a), spi_of(b) };

	rekey_ike(p, 0);
	assert_int_equal(b->ev[IKE_EV_IKE_REKEYED].count, 1);
	assert_int_equal(b->ev[IKE_EV_DOWN].count, 0);
	assert_int_equal(b->ev[IKE_EV_CHILD_DOWN].count, 0);
	assert_int_equal(b->fake.unlinks, 0);

	/* the child lives under the new one: either end can rekey it */
	soft_limit(b);
	carry_all(p);
	assert_new_pair(p, before);
	before[0] = spi_of(a);
	soft_limit(a);
	carry_all(p);
	assert_int_equal(b->ev[IKE_EV_CHILD_REKEYED].count, 2);
	assert_int_not_equal(spi_of(a), before[0]);
	ends_free(p);
}

/*
 * E14, RFC 7296 2.23: with both ends behind NAT the one that answered the first IKE SA follows,
 * also when the other roles have changed in a rekey.
 */
static void test_rekey_changes_no_follower(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];

	for (int i = 0; i < 2; i++)
		only_sa(&p->s[i])->nat_local = only_sa(&p->s[i])->nat_remote = true;
	assert_false(sa_follows(only_sa(a)));
	assert_true(sa_follows(only_sa(b)));
	rekey_ike(p, 1);		/* A's engine is the responder of the new one */
	assert_false(only_sa(a)->initiator);
	assert_false(sa_follows(only_sa(a)));
	assert_true(sa_follows(only_sa(b)));
	ends_free(p);
}

/* What the IKE SA has is kept where the peer offers it, whatever we like better. */
static void test_rekeyed_ike_sa_keeps_its_suite(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct ike_rekey r;
	struct letter l;

	set_ike(a, "aes128gcm16-prfsha384-x25519");
	set_ike(b, "aes128gcm16-prfsha256-prfsha384-x25519");
	ends_start(p);
	bring_up(p, 0);
	set_ike(a, "aes128gcm16-prfsha256-prfsha384-x25519");
	ask_for_new_ike_sa(a, &r, &l);
	give(b, &l);
	l = *oldest(b);
	take_answer(a, &r, &l);
	assert_int_equal(r.new->prf, r.old->prf);
	assert_memory_equal(r.new->sk_d, peer_of(b)->sa->sk_d, prf_len(r.new->prf));
	ends_free(p);
}

/* RFC 7296 2.25.2: not while a CHILD_SA is being made, rekeyed or deleted. */
static void test_no_rekey_of_ike_in_the_midst(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct ike_rekey r;
	struct letter l;
	struct msg m;

	soft_limit(b);
	ask_for_new_ike_sa(a, &r, &l);
	give(b, &l);
	drop(b);			/* B's own request */
	l = *oldest(b);
	open_letter(r.old, &l, &m);
	assert_non_null(msg_error(&m));
	assert_int_equal(msg_error(&m)->type, NOTIFY_TEMPORARY_FAILURE);
	assert_int_equal(only_sa(b)->state, SA_ESTABLISHED);
	ke_free(r.ke);
	ends_free(p);
}

/*
 * A pair that waits for its DELETE, because a request is under way, when the peer rekeys the IKE
 * SA: it is deleted on the new one.
 */
static void test_old_pair_is_inherited(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct ike_sa *sa = only_sa(b);
	struct child_sa *old = pair_active(child_of(b));
	struct ike_rekey r;
	struct letter l;

	soft_limit(a);
	carry(a);
	carry(b);
	drop(a);			/* A's DELETE is lost */
	only_sa(a)->next_out--;
	sa->want_liveness = true;
	sa_touch(sa);
	ike_settle(b->ike);
	assert_true(pair_switch(pair_by_in(old->child, old->successor), "test"));
	pair_retire(old, "test");
	ike_settle(b->ike);
	assert_int_equal(old->state, PAIR_OLD);
	ask_for_new_ike_sa(a, &r, &l);
	give(b, &l);
	assert_ptr_not_equal(old->sa, sa);
	p->now += 2000;
	side_tick(b);
	assert_int_equal(old->state, PAIR_DELETING);
	assert_ptr_equal(TAILQ_FIRST(&old->sa->exchanges)->kind, &v2_kind_delete_child);
	ke_free(r.ke);
	ends_free(p);
}

/* A pair that wants new keys, likewise: it asks for them on the new one. */
static void test_wish_is_inherited(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct ike_sa *sa = only_sa(b);
	struct child_sa *pair = pair_active(child_of(b));
	struct ike_rekey r;
	struct letter l;

	sa->want_liveness = true;
	sa_touch(sa);
	ike_settle(b->ike);
	soft_limit(b);
	assert_int_equal(sa->exchange_count, 1);
	ask_for_new_ike_sa(a, &r, &l);
	give(b, &l);
	assert_ptr_not_equal(pair->sa, sa);
	p->now += 2000;
	side_tick(b);
	assert_non_null(TAILQ_FIRST(&pair->sa->exchanges));
	assert_ptr_equal(TAILQ_FIRST(&pair->sa->exchanges)->kind, &v2_kind_rekey_child);
	ke_free(r.ke);
	ends_free(p);
}

static void ask_again(struct builder *b)
{
	struct msg_offer offer = { .number = 1, .spi_len = 8, .spi = 0x1122334455667788 };
	const uint8_t nonce[IKE_NONCE_LEN] = { 1 }, public[32] = { 9 };
	struct proposals list = { .count = 1 };
	char why[256];

	assert_true(proposal_parse(&list.p[0], PROTO_IKE, "aes128gcm16-prfsha256-x25519", why,
				   sizeof(why)));
	build_sa(b, &list, &offer);
	build_nonce(b, nonce, sizeof(nonce));
	build_ke(b, KE_X25519, public, sizeof(public));
}

/* A peer that rekeys without end, and deletes nothing, does not fill memory. */
static void test_rekey_of_ike_without_end(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct ike_rekey r;
	struct letter l;

	ask_for_new_ike_sa(a, &r, &l);
	give(b, &l);
	take_answer(a, &r, oldest(b));
	drop(b);
	take_over(a, &r);
	forge_request(a, EXCHANGE_CREATE_CHILD_SA, ask_again, &l);
	give(b, &l);
	assert_int_equal(error_in_answer(a, b), NOTIFY_TEMPORARY_FAILURE);
	assert_int_equal(peer_of(b)->sa->state, SA_ESTABLISHED);
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_peer_rekeys_ike),
		cmocka_unit_test(test_rekey_of_ike_without_end),
		cmocka_unit_test(test_rekey_changes_no_follower),
		cmocka_unit_test(test_rekeyed_ike_sa_keeps_its_suite),
		cmocka_unit_test(test_no_rekey_of_ike_in_the_midst),
		cmocka_unit_test(test_old_pair_is_inherited),
		cmocka_unit_test(test_wish_is_inherited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
