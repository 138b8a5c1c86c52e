// SPDX-License-Identifier: GPL-2.0
/* A child whose selectors the peer takes in several CHILD_SAs only (RFC 7296 2.9). */
#include <stdio.h>

#include "ike/object/part.h"
#include "ike/object/pool.h"
#include "ike/v2/config.h"
#include "ike/v2/offer.h"
#include "unit/ike/ike_ends.h"

/* Which allocation from now on fails; 0: none. */
static unsigned int fails_in;

static bool fails(void)
{
	return fails_in && !--fails_in;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

/* Side 0 has one child for three networks of side 1's, which has a child for each. */
static struct ends *parted(void)
{
	struct ends *p = ends_new();

	set_ts(&p->s[0], "10.1.0.0/24", "10.2.0.0/24 10.2.1.0/24 10.2.2.0/24");
	set_ts(&p->s[1], "10.2.0.0/24", "10.1.0.0/24");
	add_child(&p->s[1], "voice", "10.2.1.0/24", "10.1.0.0/24");
	add_child(&p->s[1], "video", "10.2.2.0/24", "10.1.0.0/24");
	ends_start(p);
	return p;
}

/* Each child of the one is up with the pair of the other's, and of mirrored selectors. */
static void assert_parted(struct ends *p)
{
	static const char *const here[] = { "t", "t-2", "t-3" };
	static const char *const there[] = { "t", "voice", "video" };

	for (int i = 0; i < 3; i++) {
		struct child *a = child_named(&p->s[0], here[i]);
		struct child *b = child_named(&p->s[1], there[i]);

		assert_int_equal(a->state, CHILD_UP);
		assert_int_equal(b->state, CHILD_UP);
		assert_true(ts_list_equal(a->remote_ts, b->local_ts));
		assert_true(ts_list_equal(a->local_ts, b->remote_ts));
		assert_int_equal(a->out->spi_out, b->out->spi_in);
		assert_false(child_is_narrowed(a));
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(p->s[i].fake.in_count, 3);
		assert_int_equal(p->s[i].fake.policy_count, 3);
		assert_int_equal(p->s[i].fake.reserved, 0);
		assert_int_equal(p->s[i].ev[IKE_EV_CHILD_FAILED].count, 0);
	}
}

static void forget(struct ends *p)
{
	pass(p, 2 * PAIR_LINGER_MS);
	carry_all(p);
}

/* The one asks for all and gets a part: it asks for the rest, as ADDITIONAL_TS_POSSIBLE says. */
static void the_rest_is_asked_for(void **state)
{
	struct ends *p = parted();

	attempt(p, 0);
	assert_parted(p);
	/* which is all of what is configured: nobody is told that there is less */
	assert_int_equal(p->s[0].ev[IKE_EV_NOTE].count, 0);
	/* the next IKE SA asks for each at once */
	assert_int_equal(side_down(&p->s[0]), 0);
	carry_all(p);
	forget(p);
	assert_int_equal(p->s[0].fake.policy_count, 0);
	attempt(p, 0);
	assert_parted(p);
	ends_free(p);
}

/* The other end asks for one after the other: none takes the place of another. */
static void the_peers_pairs_live_side_by_side(void **state)
{
	struct ends *p = parted();

	attempt(p, 1);
	assert_parted(p);
	for (int i = 0; i < 2; i++)
		assert_int_equal(p->s[i].ev[IKE_EV_CHILD_DOWN].count, 0);
	/* one goes and comes again, to its place */
	assert_int_equal(ike_down(p->s[1].ike, child_named(&p->s[1], "voice")->id, "by hand"), 0);
	carry_all(p);
	forget(p);
	assert_int_equal(child_named(&p->s[0], "t-2")->state, CHILD_DOWN);
	assert_int_equal(ike_up(p->s[1].ike, child_named(&p->s[1], "voice")->id), 0);
	pass(p, 0);
	carry_all(p);
	assert_parted(p);
	ends_free(p);
}

/* The same selectors again are the same child's: nothing is divided. */
static void the_same_again_is_the_same_child(void **state)
{
	struct ends *p = ends_new();
	struct child *child;

	set_ts(&p->s[0], "10.1.0.0/24", "10.2.0.0/24 10.2.1.0/24");
	set_ts(&p->s[1], "10.2.0.0/24 10.2.1.0/24", "10.1.0.0/24");
	ends_start(p);
	bring_up(p, 0);
	child = child_named(&p->s[0], "t");
	assert_false(part_is_other(child, &(struct ts_pair){ child->local_ts, child->remote_ts }));
	assert_null(child->part);
	assert_null(TAILQ_NEXT(child, link));
	assert_int_equal(p->s[0].fake.policy_count, 1);
	ends_free(p);
}

static void refuse_single_pair(struct builder *b)
{
	build_notify(b, NOTIFY_SINGLE_PAIR_REQUIRED, 0, 0, 0, NULL, 0);
}

/* The oldest message of side 1's, an answer, says SINGLE_PAIR_REQUIRED instead. */
static void refuse_single(struct ends *p)
{
	struct ike_sa *sa = only_sa(&p->s[1]);
	struct letter l;

	forge(sa, EXCHANGE_CREATE_CHILD_SA, MSG_RESPONSE, sa->next_in - 1, refuse_single_pair, &l);
	l.local = oldest(&p->s[1])->local;
	l.remote = oldest(&p->s[1])->remote;
	assert_true(drop(&p->s[1]));
	give(&p->s[0], &l);
}

/* "all" of side 0, which one of side 1 allows in single pairs only. "t" is up with IKE_AUTH. */
static struct ends *single(const char *local, const char *remote)
{
	struct ends *p = ends_new();

	set_ts(&p->s[0], "10.1.0.0/24", "10.2.0.0/24");
	set_ts(&p->s[1], "10.2.0.0/24", "10.1.0.0/24");
	add_child(&p->s[0], "all", local, remote);
	add_child(&p->s[1], "all", remote, local);
	return p;
}

/* The request for "all" comes, and is refused. */
static void single_begin(struct ends *p)
{
	ends_start(p);
	start(p, 0);
	while (!TAILQ_FIRST(&p->s[0].ike->sas) || !peer_of(&p->s[0])->sa)
		assert_true(carry(&p->s[0]) | carry(&p->s[1]));
	assert_true(carry(&p->s[0]));
	refuse_single(p);
}

static void assert_single(struct side *s, const char *name, const char *local, const char *remote)
{
	struct child *child = child_named(s, name);
	char text[TS_STRLEN];

	assert_int_equal(child->single, CHILD_PAIR);
	assert_int_equal(child->state, CHILD_UP);
	assert_string_equal(ts_list_str(child->conf->local_ts, text, sizeof(text)), local);
	assert_string_equal(ts_list_str(child->conf->remote_ts, text, sizeof(text)), remote);
	assert_true(ts_list_equal(child->local_ts, child->conf->local_ts));
	assert_true(ts_list_equal(child->remote_ts, child->conf->remote_ts));
}

static void one_pair_is_what_the_peer_takes(void **state)
{
	struct ends *p = single("10.1.0.0/24 10.3.0.0/24", "10.2.1.0/24 10.2.2.0/24");
	struct side *a = &p->s[0];

	single_begin(p);
	carry_all(p);
	assert_single(a, "all", "10.1.0.0/24", "10.2.1.0/24");
	assert_single(a, "all-2", "10.1.0.0/24", "10.2.2.0/24");
	assert_single(a, "all-3", "10.3.0.0/24", "10.2.1.0/24");
	assert_single(a, "all-4", "10.3.0.0/24", "10.2.2.0/24");
	assert_int_equal(a->fake.policy_count, 5);
	assert_int_equal(p->s[1].fake.policy_count, 5);
	assert_int_equal(a->ev[IKE_EV_CHILD_FAILED].count, 0);
	ends_free(p);
}

/* Of two families, or of two protocols, no child is made: it would never come up. */
static void what_is_no_pair_is_not_asked_for(void **state)
{
	struct ends *p = single("fd01::/64 10.3.0.0/24", "10.2.1.0/24 fd02::/64");
	struct side *a = &p->s[0];

	single_begin(p);
	carry_all(p);
	assert_single(a, "all", "fd01::/64", "fd02::/64");
	assert_single(a, "all-2", "10.3.0.0/24", "10.2.1.0/24");
	assert_int_equal(a->fake.policy_count, 3);
	assert_int_equal(a->ev[IKE_EV_CHILD_FAILED].count, 0);
	ends_free(p);

	p = single("10.1.1.0/24[tcp] 10.3.0.0/24[udp]", "10.2.1.0/24[udp] 10.2.2.0/24[tcp/80]");
	a = &p->s[0];
	single_begin(p);
	carry_all(p);
	assert_single(a, "all", "10.1.1.0/24[tcp]", "10.2.2.0/24[tcp/80]");
	assert_single(a, "all-2", "10.3.0.0/24[udp]", "10.2.1.0/24[udp]");
	assert_int_equal(a->fake.policy_count, 3);
	assert_int_equal(a->ev[IKE_EV_CHILD_FAILED].count, 0);
	ends_free(p);
}

/* Likewise where the rest is asked for after ADDITIONAL_TS_POSSIBLE, and what it keeps. */
static void the_rest_is_of_pairs(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0];

	set_ts(a, "10.1.0.0/24 fd01::/64", "10.2.0.0/24 fd02::/64 10.2.1.0/24");
	set_ts(&p->s[1], "10.2.0.0/24", "10.1.0.0/24");
	add_child(&p->s[1], "six", "fd02::/64", "fd01::/64");
	add_child(&p->s[1], "more", "10.2.1.0/24", "10.1.0.0/24");
	ends_start(p);
	attempt(p, 0);
	carry_all(p);
	for (int i = 0; i < 3; i++) {
		struct child *child = child_named(a, i ? i > 1 ? "t-3" : "t-2" : "t");

		assert_int_equal(child->state, CHILD_UP);
		assert_int_equal(ts_list_count(child->conf->local_ts), 1);
		assert_int_equal(ts_list_count(child->conf->remote_ts), 1);
		assert_true(ts_list_can_pair(child->conf->local_ts, child->conf->remote_ts));
	}
	assert_int_equal(a->fake.policy_count, 3);
	assert_int_equal(a->ev[IKE_EV_CHILD_FAILED].count, 0);
	ends_free(p);
}

/* Not even one pair of networks, only that of the packet that waits: RFC 7296 2.9. */
static void one_of_hosts(struct ends *p)
{
	struct ike_kern_event ev = { .type = IKE_KERN_ACQUIRE };
	struct side *a = &p->s[0];
	struct child *child;
	const char *why;

	a->conf.start = START_ON_DEMAND;
	a->conf.childless = true;
	ends_start(p);
	pass(p, 0);
	child = child_named(a, "all");
	ev.policy = child->id;
	assert_true(ts_parse(&ev.local_ts, "10.3.0.7[udp/4000]", &why));
	assert_true(ts_parse(&ev.remote_ts, "10.2.2.9[udp/53]", &why));
	ike_kern_event(a->ike, &ev);
	side_tick(a);
	while (!TAILQ_FIRST(&a->ike->sas) || !peer_of(a)->sa)
		assert_true(carry(a) | carry(&p->s[1]));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(child->single, i ? CHILD_PAIR : CHILD_ALL);
		assert_true(carry(a));
		refuse_single(p);
	}
	carry_all(p);
	assert_int_equal(child->single, CHILD_HOSTS);
	assert_int_equal(child->state, CHILD_UP);
}

static void the_packet_is_what_the_peer_takes(void **state)
{
	struct ends *p = single("10.1.1.0/24 10.3.0.0/24[udp]", "10.2.1.0/24 10.2.2.0/24");
	struct child *child;
	char text[TS_STRLEN];

	one_of_hosts(p);
	child = child_named(&p->s[0], "all");
	assert_string_equal(ts_list_str(child->conf->local_ts, text, sizeof(text)),
			    "10.3.0.0/24[udp]");
	assert_string_equal(ts_list_str(child->local_ts, text, sizeof(text)), "10.3.0.7[udp]");
	assert_string_equal(ts_list_str(child->remote_ts, text, sizeof(text)), "10.2.2.9");
	ends_free(p);
}

/* Another IKE SA follows: the pair of the hosts goes on, no packet has to ask for it again. */
static void the_hosts_follow(void **state)
{
	struct ends *p = single("10.1.1.0/24 10.3.0.0/24[udp]", "10.2.1.0/24 10.2.2.0/24");
	struct side *a = &p->s[0];
	struct child *child;
	char text[TS_STRLEN];

	one_of_hosts(p);
	child = child_named(a, "all");
	reauthenticate(a);
	let_time_pass(p, 70);
	assert_int_equal(reauthentications(a), 1);
	assert_int_equal(child->state, CHILD_UP);
	assert_string_equal(ts_list_str(child->local_ts, text, sizeof(text)), "10.3.0.7[udp]");
	assert_string_equal(ts_list_str(child->remote_ts, text, sizeof(text)), "10.2.2.9");
	assert_int_equal(child->single, CHILD_HOSTS);
	ends_free(p);
}

/* After it was down the peer may take more: it is asked. */
static void what_it_takes_is_found_out_anew(void **state)
{
	struct ends *p = single("10.1.0.0/24", "10.2.1.0/24");
	struct side *a = &p->s[0];

	single_begin(p);
	carry_all(p);
	assert_single(a, "all", "10.1.0.0/24", "10.2.1.0/24");
	assert_int_equal(side_down(a), 0);
	carry_all(p);
	forget(p);
	attempt(p, 0);
	assert_int_equal(child_named(a, "all")->state, CHILD_UP);
	assert_int_equal(child_named(a, "all")->single, CHILD_ALL);
	ends_free(p);
}

/* A part that the peer refuses, which nobody has configured as such, is not asked for again. */
static void what_is_refused_is_asked_for_once(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0];

	set_ts(a, "10.1.0.0/24", "10.2.0.0/24 10.2.1.0/24 10.2.9.0/24");
	set_ts(&p->s[1], "10.2.0.0/24", "10.1.0.0/24");
	add_child(&p->s[1], "voice", "10.2.1.0/24", "10.1.0.0/24");
	a->conf.start = START_UP;
	ends_start(p);
	pass(p, 0);
	carry_all(p);
	let_time_pass(p, 1000);
	assert_int_equal(child_named(a, "t-2")->state, CHILD_UP);
	assert_int_equal(child_named(a, "t-3")->state, CHILD_DOWN);
	assert_int_equal(a->ev[IKE_EV_CHILD_FAILED].count, 1);
	ended_in(a, IKE_EV_CHILD_FAILED, IKE_FAIL_TS, "10.2.9.0/24");
	/* but with the next IKE SA */
	assert_int_equal(side_down(a), 0);
	carry_all(p);
	forget(p);
	start(p, 0);
	carry_all(p);
	assert_int_equal(a->ev[IKE_EV_CHILD_FAILED].count, 2);
	ends_free(p);
}

/* The peer gives us two addresses: each part is about that of its family. */
static void a_part_has_the_address_of_its_family(void **state)
{
	struct pool_conf pool = { .name = "road", .range_count = 2 };
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct ts_list *local;
	const char *why;

	set_ts(a, "0.0.0.0/0 ::/0", "10.2.0.0/24 fd02::/64");
	a->conf.ask_address = true;
	set_ts(b, "10.2.0.0/24", "10.9.0.0/24");
	add_child(b, "six", "fd02::/64", "fd09::/64");
	set_remote(b, "any");
	snprintf(b->conf.pool, sizeof(b->conf.pool), "road");
	ends_start(p);
	assert_true(ts_parse(&pool.range[0], "10.9.0.0/24", &why));
	assert_true(ts_parse(&pool.range[1], "fd09::/64", &why));
	assert_int_equal(ike_pool_set(b->ike, &pool), 0);
	attempt(p, 0);
	for (int f = 0; f < ADDR_FAMILIES; f++) {
		struct child *child = child_named(a, f ? "t-2" : "t");

		assert_int_equal(child->state, CHILD_UP);
		local = config_local_ts(child);
		assert_int_equal(ts_list_count(local), 1);
		assert_int_equal(addr_index(&local->ts[0].start), f);
		ts_list_put(local);
	}
	ends_free(p);
}

static void names_of_parts(void **state)
{
	static const struct {
		const char *name, *whole;
		bool is;
	} rows[] = {
		{ "voice-2", "voice", true }, { "voice-99", "voice", true },
		{ "voice", "voice", false }, { "voice-", "voice", false },
		{ "voice-1", "voice", false }, { "voice-02", "voice", false },
		{ "voice-100", "voice", false }, { "voice-2x", "voice", false },
		{ "voice--2", "voice", false }, { "voic-2", "voice", false },
		{ "v", "voice", false }, { "voice-4294967298", "voice", false },
	};
	char whole[TUNNEL_NAME_MAX] = {0}, name[TUNNEL_NAME_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(child_part_is_of(rows[i].name, rows[i].whole), rows[i].is);
	memset(whole, 'x', sizeof(whole) - 1);
	for (unsigned int i = 2; i <= TUNNEL_PARTS_MAX; i++)
		assert_true(child_part_is_of(child_part_name(name, whole, i), whole));
}

/* Side 0's child is up with the first of side 1's pairs, which alone was asked for. */
static struct ends *one_of_three(void)
{
	struct ends *p = parted();

	ike_up(p->s[1].ike, child_of(&p->s[1])->id);
	pass(p, 0);
	carry_all(p);
	assert_int_equal(child_of(&p->s[0])->state, CHILD_UP);
	return p;
}

static void assert_undivided(struct side *s)
{
	assert_null(TAILQ_NEXT(child_of(s), link));
	assert_null(child_of(s)->part);
}

/* Side 1's request for the pair of its second child; valid until the next. */
static const struct msg *voice_asked(const struct proposals *esp)
{
	struct msg_header h = { .spi_i = 1 };
	static uint8_t buf[2048];
	static struct msg m;
	struct builder b;
	const char *why;
	struct ts ts;

	build_begin(&b, buf, sizeof(buf), &h);
	offer_build(&b, esp, true, 0x12345678);
	assert_true(ts_parse(&ts, "10.2.1.0/24", &why));
	build_ts(&b, PAYLOAD_TSI, &ts, 1);
	assert_true(ts_parse(&ts, "10.1.0.0/24", &why));
	build_ts(&b, PAYLOAD_TSR, &ts, 1);
	assert_int_equal(msg_parse(buf, build_end(&b), &h, &m), MSG_OK);
	return &m;
}

/* What is refused for its proposals changes nothing. */
static void what_is_refused_makes_no_part(void **state)
{
	struct ends *p = one_of_three();
	struct proposals other = { .count = 1 };
	struct offer_taken taken = {0};
	struct cause cause = {0};
	char text[160];

	assert_true(proposal_parse(&other.p[0], PROTO_ESP, "aes256gcm16-noesn", text,
				   sizeof(text)));
	assert_int_equal(offer_take(peer_of(&p->s[0]), only_sa(&p->s[0]), voice_asked(&other), true,
				    &taken, &cause),
			 NOTIFY_NO_PROPOSAL_CHOSEN);
	assert_undivided(&p->s[0]);
	ends_free(p);
}

/* Where memory is short the peer is put off: what is up with other selectors is not replaced. */
static void without_memory_the_peer_is_put_off(void **state)
{
	unsigned int put_off = 0;
	uint16_t refused = NOTIFY_TEMPORARY_FAILURE;

	for (unsigned int nth = 1; refused; nth++) {
		struct ends *p = one_of_three();
		struct side *a = &p->s[0];
		const struct msg *m = voice_asked(&p->s[1].conf.child[0].esp);
		struct offer_taken taken = {0};
		struct cause cause = {0};

		fails_in = nth;
		refused = offer_take(peer_of(a), peer_of(a)->sa, m, true, &taken, &cause);
		fails_in = 0;
		assert_true(refused || taken.child != child_of(a));
		if (refused == NOTIFY_TEMPORARY_FAILURE) {
			put_off++;
			assert_undivided(a);
			assert_non_null(strstr(cause.text, "no room"));
		}
		ts_pair_clear(&taken.ts);
		ends_free(p);
	}
	assert_true(put_off > 0);
}

/* Likewise where the peer has agreed to what we asked for. */
static void without_memory_an_answer_has_no_part(void **state)
{
	struct ends *p = one_of_three();
	struct side *a = &p->s[0];
	const struct msg *m = voice_asked(&p->s[1].conf.child[0].esp);
	struct child *child = child_of(a), *part = NULL;
	struct cause cause;
	struct ts_pair ts;
	unsigned int nth;

	assert_true(offer_ts(&ts, &m->tsr, &m->tsi));
	for (nth = 1; !part; nth++) {
		cause = (struct cause){0};
		fails_in = nth;
		part = part_for(child, &ts, &cause);
		fails_in = 0;
		if (!part) {
			assert_int_equal(cause.failure, IKE_FAIL_PROTOCOL);
			assert_undivided(a);
		}
	}
	assert_true(nth > 2);	/* at least one has failed */
	assert_ptr_not_equal(part, child);
	ts_pair_clear(&ts);
	ends_free(p);
}

/*
 * Side 0 authenticates anew with its first child, and the answer has the selectors of "voice": side
 * 1 has the other no more, though its DELETE of that has not come yet.
 */
static void answered_with_voice(struct ends *p)
{
	struct side *a = &p->s[0], *b = &p->s[1];
	struct ike_sa *before = peer_of(a)->sa;

	del_child(b, "t");
	assert_int_equal(side_reload(b), 0);
	pass(p, 1);		/* who began last is not refused for it */
	while (drop(b))
		;
	reauthenticate(a);
	while (peer_of(a)->sa == before)
		assert_true(carry(a) | carry(b));
}

static void assert_has(struct child *child, const char *remote, const struct ike_sa *sa)
{
	char text[TS_STRLEN];

	assert_int_equal(child->state, CHILD_UP);
	assert_string_equal(ts_list_str(child->remote_ts, text, sizeof(text)), remote);
	assert_ptr_equal(child->out->sa, sa);
}

/* IKE_AUTH replaces no other selectors that are up: what is left becomes parts. */
static void what_ike_auth_brings_is_a_part(void **state)
{
	struct ends *p = one_of_three();
	struct side *a = &p->s[0];
	struct peer *peer = peer_of(a);

	answered_with_voice(p);
	assert_has(child_named(a, "t"), "10.2.0.0/24", peer->before);
	assert_has(child_named(a, "t-2"), "10.2.1.0/24", peer->sa);
	assert_int_equal(child_named(a, "t-3")->state, CHILD_DOWN);
	assert_int_equal(a->ev[IKE_EV_CHILD_DOWN].count, 0);
	ends_free(p);
}

/* Side 0 has one wide selector, within which side 1 has brought up two children. */
static struct ends *guested(void)
{
	struct ends *p = ends_new();

	set_ts(&p->s[0], "10.1.0.0/24", "10.2.0.0/16");
	set_ts(&p->s[1], "10.2.0.0/24", "10.1.0.0/24");
	add_child(&p->s[1], "voice", "10.2.1.0/24", "10.1.0.0/24");
	ends_start(p);
	attempt(p, 1);
	assert_has(child_named(&p->s[0], "t"), "10.2.0.0/24", peer_of(&p->s[0])->sa);
	assert_has(child_named(&p->s[0], "t-2"), "10.2.1.0/24", peer_of(&p->s[0])->sa);
	return p;
}

/* What a part has already it has again, and the child that was asked for keeps what it has. */
static void what_ike_auth_brings_is_that_of_a_part(void **state)
{
	struct ends *p = guested();
	struct side *a = &p->s[0];
	struct peer *peer = peer_of(a);

	answered_with_voice(p);
	assert_has(child_named(a, "t"), "10.2.0.0/24", peer->before);
	assert_has(child_named(a, "t-2"), "10.2.1.0/24", peer->sa);
	assert_int_equal(a->fake.policy_count, 2);
	assert_int_equal(a->ev[IKE_EV_CHILD_DOWN].count, 0);
	/* to ask again would bring the same again */
	assert_true(child_named(a, "t")->vain);
	ends_free(p);
}

/* There is no room for a part: the IKE SA stands, and the peer hears that its pair is not taken. */
static void what_ike_auth_brings_has_no_room(void **state)
{
	struct ends *p = one_of_three();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct peer *peer = peer_of(a);
	struct child *child = child_of(a), *guest;
	struct ts_pair has = { child->local_ts, child->remote_ts };
	struct cause cause = {0};

	while ((guest = part_guest(child, &has, &cause)))
		guest->held_down = true;	/* else it is freed again */
	answered_with_voice(p);
	assert_has(child, "10.2.0.0/24", peer->before);
	assert_int_equal(a->fake.policy_count, 1);
	assert_int_equal(child_named(b, "voice")->state, CHILD_UP);
	carry_all(p);
	assert_int_equal(child_named(b, "voice")->state, CHILD_DOWN);
	ends_free(p);
}

/* The first selector of both is what the peer needs now: the child that has it answers. */
static void the_first_choice_decides(void **state)
{
	struct ends *p = parted();
	struct peer *peer;
	struct offer_taken taken = {0};
	struct builder b;
	struct cause cause = {0};
	struct msg_header h = { .spi_i = 1 };
	static uint8_t buf[2048];
	static struct msg m;
	struct ts ts[2];
	const char *why;

	attempt(p, 0);
	peer = peer_of(&p->s[1]);
	assert_true(ts_parse(&ts[0], "10.2.2.7", &why));
	assert_true(ts_parse(&ts[1], "10.2.0.0/16", &why));
	build_begin(&b, buf, sizeof(buf), &h);
	offer_build(&b, &p->s[0].conf.child[0].esp, true, 0x12345678);
	build_ts(&b, PAYLOAD_TSR, ts, 2);
	assert_true(ts_parse(&ts[0], "10.1.0.0/24", &why));
	build_ts(&b, PAYLOAD_TSI, ts, 1);
	assert_int_equal(msg_parse(buf, build_end(&b), &h, &m), MSG_OK);
	assert_int_equal(offer_take(peer, peer->sa, &m, true, &taken, &cause), 0);
	assert_string_equal(taken.child->conf->name, "video");
	/* all others are up: there is nothing more to be had */
	assert_false(taken.more);
	ts_pair_clear(&taken.ts);
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rest_is_asked_for),
		cmocka_unit_test(the_peers_pairs_live_side_by_side),
		cmocka_unit_test(the_same_again_is_the_same_child),
		cmocka_unit_test(one_pair_is_what_the_peer_takes),
		cmocka_unit_test(what_is_no_pair_is_not_asked_for),
		cmocka_unit_test(the_rest_is_of_pairs),
		cmocka_unit_test(the_packet_is_what_the_peer_takes),
		cmocka_unit_test(the_hosts_follow),
		cmocka_unit_test(what_it_takes_is_found_out_anew),
		cmocka_unit_test(what_is_refused_is_asked_for_once),
		cmocka_unit_test(a_part_has_the_address_of_its_family),
		cmocka_unit_test(names_of_parts),
		cmocka_unit_test(what_is_refused_makes_no_part),
		cmocka_unit_test(without_memory_the_peer_is_put_off),
		cmocka_unit_test(without_memory_an_answer_has_no_part),
		cmocka_unit_test(what_ike_auth_brings_is_a_part),
		cmocka_unit_test(what_ike_auth_brings_is_that_of_a_part),
		cmocka_unit_test(what_ike_auth_brings_has_no_room),
		cmocka_unit_test(the_first_choice_decides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
