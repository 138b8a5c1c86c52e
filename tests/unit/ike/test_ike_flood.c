// SPDX-License-Identifier: GPL-2.0
/*
 * 100,000 first messages from addresses that somebody made up, and real clients between them: they
 * connect, and what the strangers make us hold keeps within what object/stranger.h says.
 */
#include <malloc.h>

#include "ike/object/stranger.h"
#include "ike/v2/v2.h"
#include "unit/ike/ike_ends.h"

#define FLOOD		100000
#define CLIENT_EVERY	5000	/* a real client connects once in so many */
#define HALF_OPEN_MOST	24576	/* octets of memory, object/stranger.h */

/* Of the sanitizer, in whose programs mallinfo2() knows nothing. */
#pragma weak __sanitizer_get_current_allocated_bytes
size_t __sanitizer_get_current_allocated_bytes(void);

static size_t memory(void)
{
	if (__sanitizer_get_current_allocated_bytes)
		return __sanitizer_get_current_allocated_bytes();
	return mallinfo2().uordblks;
}

static uint64_t chance;

static uint64_t random_next(void)
{
	chance = chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return chance >> 16;
}

static void spi_made_up(uint8_t *msg)
{
	uint64_t spi = random_next() << 16 | 1;

	memcpy(msg, &spi, sizeof(spi));
}

static struct ends *server_and_client(void)
{
	struct ends *p = ends_new();

	chance = 1;
	set_remote(&p->s[1], "any");
	ends_start(p);
	return p;
}

/* One that is told to come with a cookie does. */
static void client_connects(struct ends *p)
{
	struct side *a = &p->s[0], *b = &p->s[1];

	side_restart(a);
	assert_int_equal(side_up(a), 0);
	pass(p, 0);
	carry_all(p);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	assert_int_equal(peer_of(b)->state, PEER_UP);
	assert_int_equal(child_status(b).state, CHILD_UP);
}

static void forget_sent(struct side *s)
{
	while (drop(s))
		;
}

/* A cookie, or that it cannot be: the answer makes no IKE SA. */
static bool is_refusal(const struct letter *answer)
{
	static const uint8_t no_spi[8];

	return !memcmp(answer->msg + 8, no_spi, sizeof(no_spi));
}

/* A first message of a client's, which has not arrived. */
static struct letter first_message(struct ends *p)
{
	struct letter l;

	start(p, 0);
	l = *oldest(&p->s[0]);
	drop(&p->s[0]);
	return l;
}

static void bounded(const struct side *s, size_t before, size_t *most)
{
	size_t now = memory();

	if (now > *most)
		*most = now;
	assert_true(s->ike->counters.half_open <= STRANGERS_MAX);
	assert_true(now < before + STRANGERS_MAX * (size_t)HALF_OPEN_MOST);
}

/* Their senders never see an answer. */
static void test_spoofed(void **state)
{
	struct ends *p = server_and_client();
	struct side *b = &p->s[1];
	struct letter l = first_message(p);
	struct endpoint local = l.remote, from = l.local;
	size_t before, most = 0;

	client_connects(p);
	before = memory();
	for (unsigned int i = 1; i <= FLOOD; i++) {
		uint32_t addr = random_next();

		spi_made_up(l.msg);
		memcpy(from.addr.b, &addr, sizeof(addr));
		from.port = 1024 + random_next() % 60000;
		side_input(b, &local, &from, l.msg, l.len);
		if (b->count && is_refusal(oldest(b)))
			assert_true(oldest(b)->len <= l.len);
		forget_sent(b);
		if (i % 100 == 0)
			bounded(b, before, &most);
		if (i % CLIENT_EVERY == 0)
			client_connects(p);
		if (i % 2000 == 0)	/* 50 s in all: those that came in are forgotten */
			pass(p, 1000);
	}
	assert_true(b->ike->counters.cookies_sent > FLOOD / 2);
	print_message("%u cookies sent, %zu KiB more at most\n",
		      (unsigned int)b->ike->counters.cookies_sent,
		      most > before ? (most - before) / 1024 : 0);
	ends_free(p);
}

/* The message once more with the cookie that @answer demands; 0: it demands none. */
static size_t with_cookie(const struct letter *l, const struct letter *answer, uint8_t *out,
			  size_t cap)
{
	struct msg_header h;
	struct msg m = {0};
	const struct msg_notify *n;
	struct builder b;

	if (msg_parse(answer->msg, answer->len, &h, &m) != MSG_OK)
		return 0;
	n = msg_notify(&m, NOTIFY_COOKIE);
	if (!n || msg_parse_header(l->msg, l->len, &h) != MSG_OK)
		return 0;
	build_begin(&b, out, cap, &h);
	build_notify(&b, NOTIFY_COOKIE, 0, 0, 0, n->data.at, n->data.left);
	writer_bytes(&b.w, l->msg + MSG_HEADER_LEN, l->len - MSG_HEADER_LEN);
	writer_patch_u8(&b.w, b.next_at, h.first);
	return build_end(&b);
}

/* They own their addresses, 16 in each of 200 networks, and bring their cookies. */
static void test_with_cookies(void **state)
{
	struct ends *p = server_and_client();
	struct side *b = &p->s[1];
	struct letter l = first_message(p);
	struct endpoint local = l.remote, from = l.local;
	uint8_t again[2048];
	size_t before = memory(), most = 0, len;
	uint64_t half_open = 0;

	for (unsigned int i = 0; i < 3200; i++) {
		spi_made_up(l.msg);
		from.addr.b[0] = 100;
		from.addr.b[1] = i % 200;
		from.addr.b[3] = i / 200;
		side_input(b, &local, &from, l.msg, l.len);
		len = b->count ? with_cookie(&l, oldest(b), again, sizeof(again)) : 0;
		forget_sent(b);
		if (len)
			side_input(b, &local, &from, again, len);
		forget_sent(b);
		bounded(b, before, &most);
		if (b->ike->counters.half_open > half_open)
			half_open = b->ike->counters.half_open;
		if (i % 400 == 399)
			client_connects(p);
	}
	assert_int_equal(half_open, STRANGERS_MAX);
	print_message("%u half open, %zu KiB at most\n", STRANGERS_MAX,
		      most > before ? (most - before) / 1024 : 0);
	ends_free(p);
}

/* One network, IPv4 or IPv6, gets no more than its share however many addresses it has. */
static void test_one_network(void **state)
{
	for (int family = 0; family < 2; family++) {
		struct ends *p = server_and_client();
		struct side *b = &p->s[1];
		struct letter l = first_message(p);
		struct endpoint local = l.remote, from = l.local;
		uint8_t again[2048];
		size_t len;

		addr_parse(&from.addr, family ? "2001:db8:1:2::1" : "198.51.100.1");
		if (family)
			addr_parse(&local.addr, "2001:db8::1");
		for (unsigned int i = 0; i < 4 * STRANGERS_NET_MAX; i++) {
			spi_made_up(l.msg);
			from.addr.b[family ? 15 : 3] = i;
			side_input(b, &local, &from, l.msg, l.len);
			len = b->count ? with_cookie(&l, oldest(b), again, sizeof(again)) : 0;
			forget_sent(b);
			if (len)
				side_input(b, &local, &from, again, len);
			forget_sent(b);
		}
		assert_int_equal(b->ike->counters.half_open, STRANGERS_NET_MAX);
		client_connects(p);
		ends_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spoofed),
		cmocka_unit_test(test_with_cookies),
		cmocka_unit_test(test_one_network),
	};

	return cmocka_run_group_tests_name("ike: floods", tests, NULL, NULL);
}
