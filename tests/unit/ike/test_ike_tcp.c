// SPDX-License-Identifier: GPL-2.0
/*
 * IKE over TCP, RFC 9329. Side 0 opens the connections, side 1 listens; a connection has the same
 * number at both. What is not carried is in a connection that has not broken yet.
 */
#include "ike/object/stream.h"
#include "ike/v2/mobike.h"
#include "unit/ike/ike_ends.h"

#define PORT	4500
#define SMALL	100	/* octets of a packet, by UDP */

#define PIECE_MOST	200	/* octets of what a connection is remembered by, and more */

/* There is no memory for pieces of this size; 0: there is for all. */
static size_t no_memory_for;

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
	return size == no_memory_for ? NULL : __real_calloc(n, size);
}

static struct ends *ends_configured(enum tunnel_tcp tcp)
{
	struct ends *p = ends_new();

	p->s[0].conf.tcp = tcp;
	p->s[0].conf.tcp_port = PORT;
	p->s[0].conf.start = START_UP;
	set_remote(&p->s[1], "any");
	p->s[1].conf.listen_tcp = PORT;
	return p;
}

static struct ends *ends_of(enum tunnel_tcp tcp)
{
	struct ends *p = ends_configured(tcp);

	ends_start(p);
	return p;
}

static void drop_all(struct side *s)
{
	while (drop(s))
		;
}

/* UDP is silent for so long. */
static void silence(struct ends *p, unsigned int s)
{
	while (s--) {
		drop_all(&p->s[0]);
		pass(p, 1000);
	}
}

static void nothing(struct builder *b)
{
}

static void update(struct builder *b)
{
	build_notify(b, NOTIFY_UPDATE_SA_ADDRESSES, 0, 0, 0, NULL, 0);
}

/* Side 1 has answered IKE_AUTH, and its answer is to be carried. */
static struct ends *authenticated(void)
{
	struct ends *p = ends_of(TCP_ALWAYS);

	pass(p, 0);
	for (int i = 0; i < 3; i++)
		carry(&p->s[i % 2]);
	assert_int_equal(only_sa(&p->s[1])->state, SA_ESTABLISHED);
	return p;
}

/* A request of side 0's that arrives by connection @stream. */
static void ask(struct ends *p, uint8_t flags, uint32_t id, uint64_t stream, struct letter *l)
{
	forge(only_sa(&p->s[0]), EXCHANGE_INFORMATIONAL, flags, id, nothing, l);
	l->remote.stream = stream;
	give(&p->s[1], l);
}

static void falls_back(void **state)
{
	struct ends *p = ends_of(TCP_FALL_BACK);
	struct side *a = &p->s[0];

	pass(p, 0);
	assert_int_equal(oldest(a)->remote.stream, 0);
	assert_int_equal(oldest(a)->remote.port, 500);
	silence(p, 7);
	assert_int_equal(a->count, 1);
	assert_int_equal(oldest(a)->remote.stream, 1);
	assert_int_equal(oldest(a)->remote.port, PORT);
	assert_int_equal(oldest(a)->local.port, 40001);
	assert_int_equal(a->ev[IKE_EV_FAILED].count, 0);
	/* for whoever watches */
	assert_non_null(strstr(a->ev[IKE_EV_NOTE].detail, "; trying TCP port 4500"));
	carry(a);
	carry(&p->s[1]);
	assert_non_null(strstr(a->ev[IKE_EV_STEP].detail, ", over TCP"));
	ends_free(p);
}

/* Both have proved themselves; there is no child, and nothing in the kernel. */
static void no_child(void **state)
{
	struct ends *p = authenticated();
	struct side *a = &p->s[0], *b = &p->s[1];

	assert_int_equal(b->fake.kept, 1);
	assert_int_equal(only_sa(b)->udp, false);
	carry_all(p);
	ended_in(a, IKE_EV_FAILED, IKE_FAIL_TCP, "cannot carry ESP in TCP");
	assert_int_equal(a->fake.hung_up, 1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(p->s[i].fake.in_count, 0);
		assert_int_equal(p->s[i].fake.policy_count, 0);
		assert_int_equal(p->s[i].fake.reserved, 0);
	}
	pass(p, 31000);		/* side 1 has answered late copies for long enough */
	assert_int_equal(b->fake.hung_up, 1);
	ends_free(p);
}

/* The next attempt begins with UDP, which works by now. */
static void back_to_udp(void **state)
{
	struct ends *p = ends_of(TCP_FALL_BACK);
	struct side *a = &p->s[0];

	pass(p, 0);
	silence(p, 7);
	carry_all(p);
	assert_int_equal(a->ev[IKE_EV_FAILED].count, 1);
	for (int s = 0; s < 60 && !a->count; s++)
		pass(p, 1000);
	assert_int_equal(oldest(a)->remote.stream, 0);
	carry_all(p);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	ends_free(p);
}

static void nobody_listens(void **state)
{
	struct ends *p = ends_of(TCP_FALL_BACK);
	struct side *a = &p->s[0];

	pass(p, 0);
	silence(p, 7);
	drop_all(a);
	ike_stream_gone(a->ike, 1, "Connection refused");
	ended_in(a, IKE_EV_FAILED, IKE_FAIL_TIMEOUT, "no TCP connection with 192.0.2.2:4500");
	for (int s = 0; s < 60 && !a->count; s++)
		pass(p, 1000);
	assert_int_equal(oldest(a)->remote.stream, 0);
	ends_free(p);
}

static void it_cannot_begin(void **state)
{
	struct ends *p = ends_of(TCP_ALWAYS);
	struct side *a = &p->s[0];

	pass(p, 0);
	carry_all(p);
	a->fake.no_dial = true;
	a->ev[IKE_EV_FAILED].count = 0;
	for (int s = 0; s < 90 && !a->ev[IKE_EV_FAILED].count; s++)
		pass(p, 1000);
	ended_in(a, IKE_EV_FAILED, IKE_FAIL_TIMEOUT, "Connection refused");
	ends_free(p);
}

/* What the peer has refused is no matter of UDP. */
static void refused_is_answered(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0];

	a->conf.tcp = TCP_FALL_BACK;
	a->psk = "another";
	ends_start(p);
	attempt(p, 0);
	pass(p, 5000);
	assert_int_equal(a->ev[IKE_EV_FAILED].count, 1);
	assert_int_equal(a->fake.dialled, 0);
	ends_free(p);
}

/* A tunnel that does not say so is not reached by TCP. */
static void not_by_tcp(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0];

	a->conf.tcp = TCP_ALWAYS;
	a->conf.tcp_port = PORT;
	ends_start(p);
	attempt(p, 0);
	pass(p, 100);		/* RFC 9329 6.4: without the grace that UDP has */
	ended_in(a, IKE_EV_FAILED, IKE_FAIL_NO_PROPOSAL_IKE, "takes none");
	ends_free(p);
}

/* RFC 9329 6.2: it is sent once more by one that stands, and no more; 47 s are still all. */
static void no_retransmission(void **state)
{
	struct ends *p = ends_of(TCP_ALWAYS);
	struct side *a = &p->s[0];

	pass(p, 0);
	assert_int_equal(a->count, 1);
	pass(p, 6900);
	assert_int_equal(a->count, 1);
	pass(p, 39000);
	assert_int_equal(a->count, 2);
	assert_int_equal(a->ev[IKE_EV_RETRANSMIT].count, 0);
	pass(p, 2000);
	ended_in(a, IKE_EV_FAILED, IKE_FAIL_TIMEOUT, "does not answer IKE_SA_INIT: over TCP in 47 s");
	assert_int_equal(a->fake.hung_up, 1);
	ends_free(p);
}

/* IKE_AUTH is lost with its connection: the next one carries the same octets, and is answered. */
static void another_connection(void **state)
{
	struct ends *p = ends_of(TCP_ALWAYS);
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter lost;

	pass(p, 0);
	carry(a);
	carry(b);
	lost = *oldest(a);
	drop(a);
	ike_stream_gone(a->ike, 1, "reset");
	ike_stream_gone(b->ike, 1, "reset");
	assert_int_equal(a->count, 0);
	pass(p, 1000);
	assert_int_equal(a->count, 1);
	assert_int_equal(oldest(a)->remote.stream, 2);
	assert_int_equal(oldest(a)->len, lost.len);
	assert_memory_equal(oldest(a)->msg, lost.msg, lost.len);
	carry(a);
	assert_int_equal(oldest(b)->remote.stream, 2);
	assert_int_equal(b->fake.kept, 2);
	carry_all(p);
	ended_in(a, IKE_EV_FAILED, IKE_FAIL_TCP, "");
	ends_free(p);
}

/* The answer was lost with it: the request comes again, and is answered from what was kept. */
static void an_answer_is_lost(void **state)
{
	struct ends *p = authenticated();
	struct side *a = &p->s[0], *b = &p->s[1];

	drop(b);
	ike_stream_gone(a->ike, 1, "reset");
	ike_stream_gone(b->ike, 1, "reset");
	pass(p, 1000);
	carry(a);
	assert_int_equal(oldest(b)->remote.stream, 2);
	/* a copy moves nobody; what side 0 says next, here its DELETE, does */
	assert_int_equal(only_sa(b)->remote.stream, 1);
	carry_all(p);
	assert_int_equal(only_sa(b)->remote.stream, 2);
	assert_int_equal(only_sa(b)->state, SA_CLOSED);
	ended_in(a, IKE_EV_FAILED, IKE_FAIL_TCP, "");
	ends_free(p);
}

/* Each is lost at once: no more than one a second. */
static void again_and_again(void **state)
{
	struct ends *p = authenticated();
	struct side *a = &p->s[0], *b = &p->s[1];

	drop(b);
	for (int s = 0; s < 40; s++) {
		ike_stream_gone(a->ike, a->fake.dialled, "reset");
		drop_all(a);
		pass(p, 500);
	}
	assert_in_range(a->fake.dialled, 2, 8);
	ends_free(p);
}

static void a_connection_takes_over(void **state)
{
	struct ends *p = authenticated();
	struct side *b = &p->s[1];
	struct ike_sa *sa = only_sa(b);
	struct letter l;

	drop(b);
	ask(p, 0, 2, 7, &l);
	assert_int_equal(sa->remote.stream, 7);
	assert_int_equal(oldest(b)->remote.stream, 7);
	assert_int_equal(b->fake.kept, 7);
	assert_int_equal(b->fake.hung_up, 1);
	drop_all(b);
	/* a replay by another is answered there, and moves nothing */
	l.remote.stream = 8;
	give(b, &l);
	assert_int_equal(oldest(b)->remote.stream, 8);
	assert_int_equal(sa->remote.stream, 7);
	assert_int_equal(b->fake.kept, 7);
	drop_all(b);
	/* so does what is not authentic, and gets no answer */
	forge(only_sa(&p->s[0]), EXCHANGE_INFORMATIONAL, 0, 3, nothing, &l);
	l.msg[l.len - 1] ^= 1;
	l.remote.stream = 9;
	give(b, &l);
	assert_int_equal(b->count, 0);
	assert_int_equal(sa->remote.stream, 7);
	/* by UDP it is answered by UDP, and does not move it there */
	ask(p, 0, 3, 0, &l);
	assert_int_equal(oldest(b)->remote.stream, 0);
	assert_int_equal(sa->remote.stream, 7);
	ends_free(p);
}

/* Who listens never dials: what it asks waits for the next connection, and goes by that at once. */
static void who_listens_waits(void **state)
{
	struct ends *p = authenticated();
	struct side *b = &p->s[1];
	struct letter l;

	drop(b);
	ike_stream_gone(b->ike, 1, "reset");
	assert_int_equal(side_down(b), 0);
	pass(p, 3000);
	assert_int_equal(b->fake.dialled, 0);
	drop_all(b);
	ask(p, 0, 2, 7, &l);
	assert_int_equal(b->fake.dialled, 0);
	assert_int_equal(b->count, 2);		/* our answer, our DELETE */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(oldest(b)->remote.stream, 7);
		drop(b);
	}
	ends_free(p);
}

/* What has children does not follow a connection, with MOBIKE neither. */
static void udp_stays(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct ike_sa *sa;
	struct letter l;

	for (int i = 0; i < 2; i++) {
		p->s[i].conf.mobike = *state;
		p->s[i].conf.listen_tcp = PORT;
	}
	ends_start(p);
	attempt(p, 0);
	assert_int_equal(b->fake.policy_count, 1);
	sa = peer_of(b)->sa;
	forge_request(a, EXCHANGE_INFORMATIONAL, *state ? update : nothing, &l);
	l.remote.stream = 7;
	give(b, &l);
	assert_int_equal(oldest(b)->remote.stream, 7);
	assert_int_equal(error_in_answer(a, b), *state ? NOTIFY_UNACCEPTABLE_ADDRESSES : 0);
	assert_int_equal(sa->remote.stream, 0);
	assert_int_equal(sa->mobike.claimed, false);
	assert_int_equal(b->fake.kept, 0);
	assert_int_equal(b->fake.policy[0].remote.stream, 0);
	ends_free(p);
}

static int with(void **state)
{
	*state = "mobike";
	return 0;
}

static int without(void **state)
{
	*state = NULL;
	return 0;
}

/* The first message of another IKE SA of side 0's, of which there is none. */
static struct letter another(const struct letter *first, uint8_t spi, uint64_t stream)
{
	struct letter l = *first;

	memset(l.msg, spi, 8);
	l.remote.stream = stream;
	return l;
}

/* RFC 9329 6.1: beside an IKE SA that stands no other begins; but one may after that. */
static void beside_one_that_stands(void **state)
{
	struct ends *p = ends_of(TCP_ALWAYS);
	struct side *b = &p->s[1];
	struct letter first, l;

	pass(p, 0);
	first = *oldest(&p->s[0]);
	for (int i = 0; i < 3; i++)
		carry(&p->s[i % 2]);
	drop(b);
	l = another(&first, 7, 1);
	give(b, &l);
	assert_int_equal(b->count, 0);
	assert_int_equal(b->ike->counters.unexpected, 1);
	assert_int_equal(only_sa(b)->state, SA_ESTABLISHED);
	l = another(&first, 7, 2);
	give(b, &l);
	assert_int_equal(b->count, 1);
	drop(b);
	ask(p, 0, 2, 1, &l);	/* the first one has its connection still */
	assert_int_equal(oldest(b)->remote.stream, 1);
	ends_free(p);
}

/* What is half open gives way: a connection is good for one of them at a time. */
static void begins_anew(void **state)
{
	struct ends *p = ends_of(TCP_ALWAYS);
	struct side *b = &p->s[1];
	struct letter first, l;

	pass(p, 0);
	first = *oldest(&p->s[0]);
	for (uint8_t spi = 1; spi < 10; spi++) {
		l = another(&first, spi, 1);
		give(b, &l);
		assert_int_equal(b->count, 1);
		drop(b);
		assert_int_equal(b->ike->counters.half_open, 1);
		assert_int_equal(only_sa(b)->spi_i & 0xff, spi);
	}
	assert_int_equal(b->fake.kept, 0);
	ends_free(p);
}

static struct ends *called_by_tcp(enum tunnel_tcp tcp)
{
	struct ends *p = ends_configured(TCP_ALWAYS);
	struct side *b = &p->s[1];

	set_remote(b, "192.0.2.1");
	b->conf.tcp = tcp;
	b->conf.tcp_port = PORT + 1;
	ends_start(p);
	b->fake.dialled = 100;
	pass(p, 0);
	for (int i = 0; i < 3; i++)
		carry(&p->s[i % 2]);
	drop(b);
	reauthenticate(b);
	return p;
}

/* RFC 9329 6.1: what is to follow an IKE SA has a connection of its own. */
static void another_dials(void **state)
{
	struct ends *p = called_by_tcp(TCP_FALL_BACK);
	struct side *b = &p->s[1];

	assert_int_equal(b->count, 1);
	assert_int_equal(oldest(b)->remote.stream, 101);
	assert_int_equal(oldest(b)->remote.port, PORT + 1);
	assert_int_equal(peer_of(b)->sa->remote.stream, 1);
	b->fake.no_dial = true;
	ike_stream_gone(b->ike, 101, "Connection refused");
	said(b, IKE_EV_REAUTH_FAILED, "192.0.2.1:4501: Connection refused");
	assert_int_equal(peer_of(b)->sa->state, SA_ESTABLISHED);
	ends_free(p);
}

/* Who only listens cannot have one: the IKE SA goes on. */
static void another_cannot_dial(void **state)
{
	struct ends *p = called_by_tcp(TCP_NEVER);
	struct side *b = &p->s[1];

	assert_int_equal(b->count, 0);
	assert_int_equal(b->fake.dialled, 100);
	said(b, IKE_EV_REAUTH_FAILED, "only the peer can open a connection");
	assert_int_equal(only_sa(b)->state, SA_ESTABLISHED);
	ends_free(p);
}

/* A connection of a stranger's goes, and what it has begun with it; nobody else notices. */
static void a_stranger_goes(void **state)
{
	struct ends *p = ends_of(TCP_ALWAYS);
	struct side *b = &p->s[1];

	pass(p, 0);
	carry(&p->s[0]);
	assert_int_equal(b->fake.kept, 0);
	ike_stream_gone(b->ike, 1, "reset");
	ike_stream_gone(b->ike, 1, "again");
	ike_stream_gone(b->ike, 77, "unknown");
	pass(p, 31000);
	assert_true(TAILQ_EMPTY(&b->ike->sas));
	ends_free(p);
}

static bool has_sense(struct side *b, const struct letter *l)
{
	return ike_input(b->ike, &l->remote, &l->local, l->msg, l->len);
}

/* The outer world hears what makes no sense: RFC 9329 6.1. A replay does. */
static void no_sense(void **state)
{
	struct ends *p = authenticated();
	struct side *b = &p->s[1];
	struct letter l;

	drop(b);
	ask(p, 0, 2, 1, &l);
	assert_true(has_sense(b, &l));
	l.msg[l.len - 1] ^= 1;
	assert_false(has_sense(b, &l));
	l.msg[l.len - 1] ^= 1;
	l.msg[0] ^= 1;
	assert_false(has_sense(b, &l));
	l.msg[0] ^= 1;
	l.len--;
	assert_false(has_sense(b, &l));
	l.len = 3;
	assert_false(has_sense(b, &l));
	ends_free(p);
}

/* RFC 9329 7.5: whatever a message of ours may be long, it goes whole. */
static void no_fragments(void **state)
{
	struct ends *p = ends_configured(TCP_ALWAYS);

	for (int i = 0; i < 2; i++)
		p->s[i].conf.fragment_size = SMALL;
	ends_start(p);
	pass(p, 0);
	for (int i = 0; i < 2; i++)
		carry(&p->s[i]);
	for (int i = 0; i < 2; i++) {
		struct side *s = &p->s[i];

		assert_true(only_sa(s)->fragments);
		assert_int_equal(s->count, 1);
		assert_int_equal(oldest(s)->msg[18], EXCHANGE_IKE_AUTH);
		assert_true(oldest(s)->len > SMALL);
		carry(s);
	}
	ends_free(p);
}

/* Whoever stands is known to the outer world: what cannot be counted does not begin. */
static void no_memory_to_begin(void **state)
{
	for (size_t size = 1; size < PIECE_MOST; size++) {
		struct ends *p = ends_of(TCP_ALWAYS);
		struct side *b = &p->s[1];

		pass(p, 0);
		no_memory_for = size;
		for (int i = 0; i < 3; i++)
			carry(&p->s[i % 2]);
		no_memory_for = 0;
		if (!TAILQ_EMPTY(&b->ike->sas) && only_sa(b)->state == SA_ESTABLISHED)
			assert_int_equal(b->fake.kept, 1);
		ends_free(p);
	}
}

/* Nor does it follow: the next request finds memory. */
static void no_memory_to_follow(void **state)
{
	struct ends *p = authenticated();
	struct side *b = &p->s[1];
	struct letter l;

	drop(b);
	for (size_t size = 1; size < PIECE_MOST; size++) {
		no_memory_for = size;
		ask(p, 0, 1 + size, 1 + size, &l);
		no_memory_for = 0;
		assert_int_equal(b->fake.kept, only_sa(b)->remote.stream);
		assert_int_equal(oldest(b)->remote.stream, 1 + size);
		drop_all(b);
	}
	assert_int_equal(b->fake.kept, PIECE_MOST);
	ends_free(p);
}

/* RFC 9329 7.1: what a peer says against NAT does not count here. */
static void nat_may_be(void **state)
{
	struct ends *p = authenticated();
	struct v2_inbound v = { .in.sa = only_sa(&p->s[1]), .m.notify_count = 1 };

	v.in.remote = v.in.sa->remote;
	v.m.notify[0].type = NOTIFY_NO_NATS_ALLOWED;
	assert_false(mobike_nat_unexpected(&v));
	v.in.remote.stream = 0;
	assert_true(mobike_nat_unexpected(&v));
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(falls_back),
		cmocka_unit_test(no_child),
		cmocka_unit_test(back_to_udp),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(it_cannot_begin),
		cmocka_unit_test(refused_is_answered),
		cmocka_unit_test(not_by_tcp),
		cmocka_unit_test(no_retransmission),
		cmocka_unit_test(another_connection),
		cmocka_unit_test(an_answer_is_lost),
		cmocka_unit_test(again_and_again),
		cmocka_unit_test(a_connection_takes_over),
		cmocka_unit_test(who_listens_waits),
		cmocka_unit_test_setup(udp_stays, without),
		cmocka_unit_test_setup(udp_stays, with),
		cmocka_unit_test(beside_one_that_stands),
		cmocka_unit_test(begins_anew),
		cmocka_unit_test(another_dials),
		cmocka_unit_test(another_cannot_dial),
		cmocka_unit_test(a_stranger_goes),
		cmocka_unit_test(no_sense),
		cmocka_unit_test(no_fragments),
		cmocka_unit_test(no_memory_to_begin),
		cmocka_unit_test(no_memory_to_follow),
		cmocka_unit_test(nat_may_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
