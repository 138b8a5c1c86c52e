// SPDX-License-Identifier: GPL-2.0
/*
 * EAP that goes to RADIUS servers: sockets of this test on the loopback interface, which answer
 * well, badly and not at all. The process with the secret is the test too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <nettle/hmac.h>
#include <nettle/md5.h>
#include <poll.h>
#include <sys/socket.h>
#include "crypto/radius_proof.h"
#include "esplaned/engine/radius.h"
#include "esplaned/host/clock.h"
#include "esplaned/host/radius_sock.h"
#include "fake_engine.h"
#include "lib/log.h"
#include "wire/radius.h"

#define SECRET	"testing123"
#define SERVERS	CONFIG_RADIUS_MAX

static const struct chunk secret = { (const uint8_t *)SECRET, sizeof(SECRET) - 1 };
static struct daemon d;
static struct tunnel_entry tunnel;
static int server[SERVERS];

static unsigned int warnings;		/* in the log */

void __wrap_log_write(int level, const char *fmt, ...);
void __wrap_log_write(int level, const char *fmt, ...)
{
	warnings += level <= LOG_WARNING;
}

static unsigned int wiped;		/* buffers that had the client's secret word */
void __real_mem_free_wiped(void *p, size_t len);
void __wrap_mem_free_wiped(void *p, size_t len);
void __wrap_mem_free_wiped(void *p, size_t len)
{
	wiped += p && memmem(p, len, "secret word", 11);
	__real_mem_free_wiped(p, len);
}

/* What the engine was told last. */
static struct {
	uint32_t job;			/* 0: nothing */
	enum ike_round round;
	char why[IKE_WHY_MAX], text[IKE_WHY_MAX];
	uint8_t out[RADIUS_PACKET_MAX], msk[IKE_MSK_LEN];
	size_t len, msk_len;
	char user[RADIUS_VALUE_MAX + 1];
	uint32_t session_s;
	struct addr framed;
} told;

/* A request that a server got. */
static struct {
	uint8_t octets[RADIUS_PACKET_MAX];
	size_t len;
	struct sockaddr_in from;
} got;

static void on_job(uint32_t id, const struct ike_job_result *r)
{
	told.job = id;
	told.round = r->round;
	snprintf(told.why, sizeof(told.why), "%s", r->why ? r->why : "");
	snprintf(told.text, sizeof(told.text), "%s", r->text ? r->text : "");
	told.len = r->eap.len;
	if (told.len)
		memcpy(told.out, r->eap.p, r->eap.len);
	snprintf(told.user, sizeof(told.user), "%.*s", (int)r->user.len, (const char *)r->user.p);
	told.msk_len = r->msk.len;
	told.session_s = r->session_s;
	told.framed = r->framed;
	if (r->msk.len == IKE_MSK_LEN)
		memcpy(told.msk, r->msk.p, r->msk.len);
}

static void on_clock(void *ctx)
{
}

static int begin(void **state)
{
	log_init("test", LOG_STYLE_PLAIN, -1);
	memset(&fake, 0, sizeof(fake));
	memset(&told, 0, sizeof(told));
	warnings = 0;
	fake.on_job = on_job;
	d = (struct daemon){ .base = event_base_new(), .ike = &fake.ike };
	tunnel = (struct tunnel_entry){ .id = 1 };
	tunnel.opt.secret = 5;
	for (int i = 0; i < SERVERS; i++) {
		struct sockaddr_in sin = { .sin_family = AF_INET,
					   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		socklen_t len = sizeof(sin);

		server[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (bind(server[i], (struct sockaddr *)&sin, len) ||
		    getsockname(server[i], (struct sockaddr *)&sin, &len))
			return -1;
		endpoint_from_sockaddr(&tunnel.opt.radius[i], (struct sockaddr *)&sin);
	}
	tunnel.opt.radius_count = 1;
	ike_id_parse(&tunnel.opt.ike.local_id, "gw.example.org");
	d.tunnels.first = &tunnel;
	d.clock = clock_new(d.base, on_clock, on_clock, &d);
	return d.clock ? 0 : -1;
}

static int end(void **state)
{
	radius_close(&d);
	for (int i = 0; i < SERVERS; i++)
		close(server[i]);
	clock_free(d.clock);
	event_base_free(d.base);
	return 0;
}

static bool step(uint32_t conversation, uint32_t job, const char *eap, size_t len)
{
	struct endpoint local = { .port = 4500 }, remote = { .port = 4501 };
	struct ike_job what = {
		.kind = IKE_JOB_RADIUS, .tunnel = 1, .conversation = conversation,
		.user = { (const uint8_t *)"alice", 5 }, .octets = { (const uint8_t *)eap, len },
		.local = &local, .remote = &remote,
	};
	bool ok;

	addr_parse(&local.addr, "192.0.2.1");
	addr_parse(&remote.addr, "198.51.100.7");
	told.job = 0;
	fake.asked[0] = '\0';
	ok = radius_step(&d, job, &what);
	assert_int_equal(told.job, 0);		/* never from inside */
	return ok;
}

static void turn(void)
{
	event_base_loop(d.base, EVLOOP_NONBLOCK);
}

/* The keeper of the secret makes the proof of the request. */
static void prove(uint32_t job)
{
	uint8_t proof[RADIUS_PROOF_LEN];

	assert_non_null(strstr(fake.asked, "prove "));
	fake.asked[0] = '\0';
	radius_proof_make(secret, fake.radius, proof);
	radius_proved(&d, job, NULL, (struct chunk){ proof, sizeof(proof) });
}

/* The server of that number has a request; or, after all there is to do, none. */
static bool receives(int i)
{
	socklen_t len = sizeof(got.from);
	ssize_t n;

	turn();
	n = recvfrom(server[i], got.octets, sizeof(got.octets), MSG_DONTWAIT,
		     (struct sockaddr *)&got.from, &len);
	got.len = n > 0 ? (size_t)n : 0;
	return n > 0;
}

static const uint8_t *attribute(uint8_t type, size_t *len)
{
	for (size_t at = 20; at + 1 < got.len; at += got.octets[at + 1])
		if (got.octets[at] == type) {
			*len = got.octets[at + 1] - 2u;
			return got.octets + at + 2;
		}
	return NULL;
}

static void has(uint8_t type, const void *value, size_t len)
{
	size_t there;
	const uint8_t *p = attribute(type, &there);

	assert_non_null(p);
	assert_int_equal(there, len);
	assert_memory_equal(p, value, len);
}

enum badly { WELL, NO_PROOF, WRONG_PROOF, WRONG_RESPONSE, OTHER_ID };

/* An answer to @got: those attributes behind Message-Authenticator. */
static void answer(int i, uint8_t code, const void *attributes, size_t len, enum badly how)
{
	uint8_t out[RADIUS_PACKET_MAX];
	struct writer w = writer_of(out, sizeof(out));
	struct hmac_md5_ctx hmac;
	struct md5_ctx md5;

	writer_u8(&w, code);
	writer_u8(&w, got.octets[1] + (how == OTHER_ID));
	writer_u16(&w, (uint16_t)(20 + len + (how == NO_PROOF ? 0 : 18)));
	writer_bytes(&w, got.octets + 4, 16);
	if (how != NO_PROOF) {
		writer_u16(&w, 80 << 8 | 18);
		memset(writer_room(&w, 16), 0, 16);
	}
	writer_bytes(&w, attributes, len);
	if (how != NO_PROOF) {
		hmac_md5_set_key(&hmac, secret.len, secret.p);
		hmac_md5_update(&hmac, w.len, out);
		hmac_md5_digest(&hmac, 16, out + 22);
	}
	out[22] ^= how == WRONG_PROOF;
	md5_init(&md5);
	md5_update(&md5, w.len, out);
	md5_update(&md5, secret.len, secret.p);
	md5_digest(&md5, 16, out + 4);
	out[4] ^= how == WRONG_RESPONSE;
	assert_int_equal(sendto(server[i], out, w.len, 0, (struct sockaddr *)&got.from,
				sizeof(got.from)), w.len);
	turn();
}

/* The keeper of the secret looks at the answer that has come. */
static void check(uint32_t job, const uint8_t *msk)
{
	struct radius_answer a;
	bool ok;

	assert_non_null(strstr(fake.asked, "check "));
	fake.asked[0] = '\0';
	assert_true(radius_parse(fake.radius, &a));
	ok = radius_proof_ok(secret, fake.radius_request, a.packet, a.proof);
	radius_proved(&d, job, ok ? NULL : "it is not made with the secret",
		      (struct chunk){ msk, msk ? IKE_MSK_LEN : 0 });
}

static void is_asked(const char *what)
{
	if (strcmp(fake.asked, what))
		fail_msg("asked \"%s\", not \"%s\"", fake.asked, what);
}

static void test_a_conversation(void **state)
{
	static const uint8_t msk[IKE_MSK_LEN] = { 1, 2, 3 };
	uint8_t id, request[16];
	size_t len;

	assert_true(step(7, 1, "\2\1\0\12\1alice", 10));
	is_asked("prove 1 5; ");
	assert_false(receives(0));		/* not without its proof */
	prove(1);
	assert_true(receives(0));
	assert_int_equal(got.octets[0], 1);
	has(1, "alice", 5);
	has(32, "gw.example.org", 14);
	has(61, "\0\0\0\5", 4);
	has(6, "\0\0\0\2", 4);
	has(12, "\0\0\4\114", 4);
	has(30, "192.0.2.1:4500", 14);
	has(31, "198.51.100.7:4501", 17);
	has(79, "\2\1\0\12\1alice", 10);
	assert_null(attribute(24, &len));
	assert_int_equal(got.octets[20], 80);	/* first, against prefixes that are chosen */
	id = got.octets[1];
	memcpy(request, got.octets + 4, 16);
	answer(0, 11, "\x4f\x08\1\2\0\6\x15\0\x18\4xy", 12, WELL);
	is_asked("check 1 5; ");
	assert_int_equal(told.job, 0);
	check(1, NULL);
	assert_int_equal(told.job, 1);
	assert_int_equal(told.round, IKE_ROUND_MORE);
	assert_string_equal(told.why, "");
	assert_int_equal(told.len, 6);
	assert_memory_equal(told.out, "\1\2\0\6\x15\0", 6);
	/* the next request has State, and another authenticator */
	assert_true(step(7, 2, "\2\2\0\6\x15z", 6));
	prove(2);
	assert_true(receives(0));
	has(24, "xy", 2);
	has(79, "\2\2\0\6\x15z", 6);
	assert_memory_not_equal(request, got.octets + 4, 16);
	(void)id;
	answer(0, 2, "\x4f\6\3\2\0\4", 6, WELL);
	check(2, msk);
	assert_int_equal(told.round, IKE_ROUND_DONE);
	assert_int_equal(told.msk_len, IKE_MSK_LEN);
	assert_memory_equal(told.msk, msk, sizeof(msk));
	radius_forget(&d, 7);
	assert_null(d.radius);
	radius_forget(&d, 7);
}

/* EAP of more than one attribute, both ways. */
static void test_long_packets(void **state)
{
	static uint8_t eap[600] = { 1, 2, 600 >> 8, 600 & 0xff, 21 }, attributes[606];
	size_t at = 0;

	for (size_t from = 0; from < sizeof(eap); from += 253) {
		size_t part = sizeof(eap) - from < 253 ? sizeof(eap) - from : 253;

		attributes[at++] = 79;
		attributes[at++] = (uint8_t)(part + 2);
		memcpy(attributes + at, eap + from, part);
		at += part;
	}
	assert_true(step(7, 1, (char *)eap, sizeof(eap)));
	prove(1);
	assert_true(receives(0));
	assert_int_equal(got.len, 20 + 18 + 7 + 16 + 6 + 6 + 6 + 16 + 19 + 606);
	answer(0, 11, attributes, at, WELL);
	check(1, NULL);
	assert_int_equal(told.len, sizeof(eap));
	assert_memory_equal(told.out, eap, sizeof(eap));
}

/* A token card's answer is the password itself: it is wiped where it was, and in the request. */
static void test_a_password(void **state)
{
	static const char gtc[] = "\2\1\0\20\6secret word";

	for (int left = 0; left < 2; left++) {
		wiped = 0;
		assert_true(step(7, 1, gtc, 16));
		prove(1);
		assert_true(receives(0));
		assert_non_null(memmem(got.octets, got.len, "secret word", 11));
		answer(0, 3, "", 0, WELL);
		if (!left)
			check(1, NULL);
		radius_forget(&d, 7);
		assert_int_equal(wiped, 2);
	}
}

/* What is refused, and what the server's word is worth. */
static void test_verdicts(void **state)
{
	static const uint8_t msk[IKE_MSK_LEN] = { 1 };
	static const struct {
		uint8_t code;
		const char *attributes;
		size_t len;
		const char *text;
	} rows[] = {
		{ 3, "\x4f\6\4\2\0\4", 6, "refuses the user" },
		{ 3, "", 0, "refuses the user" },
		{ 3, "\x4f\6\3\2\0\4", 6, "refuses the user" },
		{ 2, "\x4f\6\4\2\0\4", 6, "accepts the user, with an EAP packet that is no" },
		{ 11, "\x18\4xy", 4, "sends a challenge without an EAP request" },
		{ 11, "\x4f\6\3\2\0\4", 6, "sends a challenge without an EAP request" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_true(step(7, 1, "\2\1\0\12\1alice", 10));
		prove(1);
		assert_true(receives(0));
		answer(0, rows[i].code, rows[i].attributes, rows[i].len, WELL);
		check(1, msk);
		assert_int_equal(told.job, 1);
		assert_int_equal(told.round, IKE_ROUND_FAILED);
		assert_int_equal(told.msk_len, 0);
		assert_int_equal(told.len, 0);
		if (!strstr(told.text, rows[i].text))
			fail_msg("\"%s\" does not say \"%s\"", told.text, rows[i].text);
		radius_forget(&d, 7);
	}
}

#define GRANT	"\x1b\6\0\0\xe\x10\x8\6\xa\x9\0\5"	/* Session-Timeout, Framed-IP-Address */

/* The name in an acceptance counts, and what it grants; the answer itself has gone by then. */
static void test_a_name(void **state)
{
	static const uint8_t msk[IKE_MSK_LEN] = { 1 };

	assert_true(step(7, 1, "\2\1\0\12\1alice", 10));
	prove(1);
	assert_true(receives(0));
	answer(0, 11, "\x4f\x08\1\2\0\6\x15\0\1\5eve", 13, WELL);
	check(1, NULL);
	assert_int_equal(told.round, IKE_ROUND_MORE);
	assert_string_equal(told.user, "");
	assert_true(step(7, 2, "\2\2\0\6\x15z", 6));
	prove(2);
	assert_true(receives(0));
	answer(0, 2, "\1\5eve", 5, WRONG_PROOF);
	check(2, msk);
	assert_int_equal(told.job, 0);
	answer(0, 2, "\1\5bob" GRANT, 17, WELL);
	check(2, msk);
	assert_int_equal(told.round, IKE_ROUND_DONE);
	assert_string_equal(told.user, "bob");
	assert_int_equal(told.session_s, 3600);
	assert_memory_equal(told.framed.b, "\xa\x9\0\5", 4);
	radius_forget(&d, 7);
	assert_true(step(8, 3, "\2\1\0\12\1alice", 10));
	prove(3);
	assert_true(receives(0));
	answer(0, 3, "\1\5bob" GRANT, 17, WELL);
	check(3, msk);
	assert_int_equal(told.round, IKE_ROUND_FAILED);
	assert_string_equal(told.user, "");
	assert_int_equal(told.session_s + told.framed.family, 0);
}

/* Nobody but who knows the secret has a say, and what others say ends nothing. */
static void test_forged_answers(void **state)
{
	static const uint8_t msk[IKE_MSK_LEN] = { 1 };
	int stranger = server[0];

	assert_true(step(7, 1, "\2\1\0\12\1alice", 10));
	prove(1);
	assert_true(receives(0));
	answer(0, 3, "", 0, NO_PROOF);			/* Blast-RADIUS */
	is_asked("");
	answer(0, 2, "\x18\4xy", 4, NO_PROOF);
	is_asked("");
	answer(0, 1, "", 0, WELL);			/* a request is none */
	is_asked("");
	answer(0, 2, "", 0, OTHER_ID);
	is_asked("");
	sendto(stranger, "\3", 1, 0, (struct sockaddr *)&got.from, sizeof(got.from));
	turn();
	answer(0, 3, "", 0, WRONG_PROOF);
	check(1, msk);
	answer(0, 3, "", 0, WRONG_RESPONSE);
	check(1, msk);
	server[0] = server[1];				/* from another address */
	answer(0, 3, "", 0, WELL);
	server[0] = stranger;
	is_asked("");
	assert_int_equal(told.job, 0);
	answer(0, 2, "", 0, WELL);
	check(1, msk);
	assert_int_equal(told.round, IKE_ROUND_DONE);
}

/* A forged answer that comes first keeps the server's out neither then nor later. */
static void test_forged_answer_first(void **state)
{
	static const uint8_t msk[IKE_MSK_LEN] = { 1 };

	assert_true(step(7, 1, "\2\1\0\12\1alice", 10));
	prove(1);
	assert_true(receives(0));
	for (int i = 0; i < 4; i++)
		answer(0, 3, "", 0, WRONG_PROOF);
	answer(0, 2, "\1\5bob", 5, WELL);
	answer(0, 3, "", 0, WELL);		/* beyond what is kept */
	for (int i = 0; i < 4; i++) {
		is_asked("check 1 5; ");
		check(1, msk);
		assert_int_equal(told.job, 0);
	}
	is_asked("check 1 5; ");
	check(1, msk);
	assert_int_equal(told.job, 1);
	assert_int_equal(told.round, IKE_ROUND_DONE);
	assert_string_equal(told.user, "bob");
	assert_null(strstr(fake.asked, "check"));
	radius_forget(&d, 7);
	/* those that nobody looks at any more go too */
	assert_true(step(8, 2, "\2\1\0\12\1alice", 10));
	prove(2);
	assert_true(receives(0));
	answer(0, 3, "", 0, WRONG_PROOF);
	answer(0, 3, "", 0, WELL);
	radius_forget(&d, 8);
	assert_null(d.radius);
}

/* While one is being checked the request goes out again; then the next server is asked. */
static void test_checked_for_long(void **state)
{
	uint64_t until;

	tunnel.opt.radius_count = 2;
	d.radius_span_ms = 4000;
	assert_true(step(7, 1, "\2\1\0\12\1alice", 10));
	prove(1);
	until = clock_now() + 4000 / 2;
	assert_true(receives(0));
	answer(0, 3, "", 0, WRONG_PROOF);
	while (clock_now() < until)
		event_base_loop(d.base, EVLOOP_ONCE);
	assert_true(receives(0));
	answer(0, 3, "", 0, WRONG_PROOF);
	is_asked("check 1 5; ");
	check(1, NULL);
	is_asked("prove 1 5; ");
	d.radius_span_ms = 0;
	prove(1);
	assert_true(receives(1));
	answer(1, 3, "", 0, WELL);
	check(1, NULL);
	assert_int_equal(told.round, IKE_ROUND_FAILED);
}

static void wait_until_told(void)
{
	while (!told.job)
		event_base_loop(d.base, EVLOOP_ONCE);
}

/* The same octets again, a few times; in the end a sentence, of what was wrong with answers. */
static void test_no_answer(void **state)
{
	static uint8_t first[RADIUS_PACKET_MAX];
	unsigned int sent = 1;
	char want[IKE_WHY_MAX], address[ADDR_STRLEN];
	size_t len;

	d.radius_span_ms = 400;
	assert_true(step(7, 1, "\2\1\0\12\1alice", 10));
	prove(1);
	assert_true(receives(0));
	len = got.len;
	memcpy(first, got.octets, len);
	wait_until_told();
	snprintf(want, sizeof(want), "the RADIUS server %s does not answer",
		 endpoint_str(&tunnel.opt.radius[0], address));
	assert_string_equal(told.why, want);
	while (receives(0)) {
		assert_int_equal(got.len, len);
		assert_memory_equal(got.octets, first, len);
		sent++;
	}
	assert_in_range(sent, 2, 6);
	radius_forget(&d, 7);
	/* one that answers with another secret */
	assert_true(step(8, 2, "\2\1\0\12\1alice", 10));
	prove(2);
	assert_true(receives(0));
	answer(0, 3, "", 0, WRONG_PROOF);
	check(2, NULL);
	wait_until_told();
	assert_non_null(strstr(told.why, "sends an answer that is not taken: it is not made with "
			       "the secret"));
	radius_forget(&d, 8);
	assert_true(step(9, 3, "\2\1\0\12\1alice", 10));
	prove(3);
	while (receives(0))
		answer(0, 3, "", 0, NO_PROOF);
	wait_until_told();
	assert_non_null(strstr(told.why, "it has no Message-Authenticator"));
}

/* The second is asked where the first is silent, and at once the next time. */
static void test_several_servers(void **state)
{
	tunnel.opt.radius_count = 2;
	d.radius_span_ms = 200;
	assert_true(step(7, 1, "\2\1\0\12\1alice", 10));
	prove(1);
	assert_true(receives(0));
	while (!strstr(fake.asked, "prove"))
		event_base_loop(d.base, EVLOOP_ONCE);
	assert_int_equal(told.job, 0);
	d.radius_span_ms = 0;
	prove(1);
	assert_true(receives(1));
	answer(1, 11, "\x4f\x08\1\2\0\6\x15\0\x18\4xy", 12, WELL);
	check(1, NULL);
	assert_int_equal(told.round, IKE_ROUND_MORE);
	while (receives(0))
		;
	/* State is that server's: no other one is asked in this conversation */
	assert_true(step(7, 2, "\2\2\0\6\x15z", 6));
	prove(2);
	assert_true(receives(1));
	has(24, "xy", 2);
	answer(1, 3, "", 0, WELL);
	check(2, NULL);
	radius_forget(&d, 7);
	assert_true(step(8, 3, "\2\1\0\12\1alice", 10));
	prove(3);
	assert_true(receives(1));
	assert_false(receives(0));
	answer(1, 11, "\x4f\x08\1\2\0\6\x15\0\x18\4xy", 12, WELL);
	check(3, NULL);
	d.radius_span_ms = 100;
	assert_true(step(8, 4, "\2\2\0\6\x15z", 6));
	prove(4);
	wait_until_told();
	assert_non_null(strstr(told.why, "does not answer"));
	assert_false(receives(0));
}

/* The log has it once that a server is silent, however many strangers have it asked. */
static void test_silence_is_no_news(void **state)
{
	tunnel.opt.radius_count = 2;
	d.radius_span_ms = 40;
	for (uint32_t i = 1; i <= 3; i++) {
		assert_true(step(i, i, "\2\1\0\12\1alice", 10));
		prove(i);
		while (!strstr(fake.asked, "prove"))
			event_base_loop(d.base, EVLOOP_ONCE);
		prove(i);
		wait_until_told();
		assert_non_null(strstr(told.why, "does not answer"));
		assert_int_equal(warnings, 2);
		radius_forget(&d, i);
	}
}

/* Who is forgotten amid anything is not heard of again. */
static void test_forgotten(void **state)
{
	assert_true(step(7, 1, "\2\1\0\12\1alice", 10));
	assert_false(step(7, 2, "\2\1\0\12\1alice", 10));	/* one step at a time */
	radius_forget(&d, 7);
	radius_proved(&d, 1, NULL, (struct chunk){ got.octets, 16 });
	assert_false(receives(0));
	assert_true(step(7, 3, "\2\1\0\12\1alice", 10));
	prove(3);
	assert_true(receives(0));
	radius_forget(&d, 7);
	answer(0, 3, "", 0, WELL);
	is_asked("");
	assert_int_equal(told.job, 0);
	assert_true(step(8, 4, "\2\1\0\12\1alice", 10));
	prove(4);
	assert_true(receives(0));
	answer(0, 3, "", 0, WELL);
	is_asked("check 4 5; ");
	radius_forget(&d, 8);
	radius_proved(&d, 4, NULL, (struct chunk){ 0 });
	assert_int_equal(told.job, 0);
	assert_null(d.radius);
}

static void test_what_cannot_be_asked(void **state)
{
	/* the engine hears it, which writes of strangers once a second; nothing else is written */
	fake.no_tls = true;
	assert_true(step(7, 1, "\2\1\0\12\1alice", 10));
	wait_until_told();
	fake.no_tls = false;
	assert_non_null(strstr(told.why, "cannot be asked: no memory, or the keeper of"));
	assert_int_equal(warnings, 0);
	assert_true(step(7, 2, "\2\1\0\12\1alice", 10));
	radius_forget(&d, 7);
	fake.no_tls = true;
	assert_true(step(7, 3, "\2\1\0\12\1alice", 10));
	radius_forget(&d, 7);			/* before it is told */
	turn();
	assert_int_equal(told.job, 0);
	fake.no_tls = false;
	assert_true(step(7, 1, "\2\1\0\12\1alice", 10));
	radius_proved(&d, 1, "the tunnel has no RADIUS secret", (struct chunk){ 0 });
	assert_string_equal(told.why, "the tunnel has no RADIUS secret");
	radius_forget(&d, 7);
	tunnel.opt.radius_count = 0;
	assert_false(step(7, 2, "\2\1\0\12\1alice", 10));
	tunnel.id = 2;
	assert_false(step(7, 2, "\2\1\0\12\1alice", 10));
}

/* So many conversations, no more: an identifier each, of the one socket. */
static void test_many(void **state)
{
	bool used[256] = { false };
	uint32_t i;

	for (i = 1; i <= RADIUS_TALKS_MAX; i++) {
		assert_true(step(i, i, "\2\1\0\12\1alice", 10));
		prove(i);
		assert_true(receives(0));
		assert_false(used[got.octets[1]]);
		used[got.octets[1]] = true;
	}
	assert_false(step(i, i, "\2\1\0\12\1alice", 10));
	radius_forget(&d, 1);
	assert_true(step(i, i, "\2\1\0\12\1alice", 10));
}

int main(void)
{
#define TEST(f)	cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_a_conversation), TEST(test_long_packets), TEST(test_verdicts),
		TEST(test_a_name), TEST(test_a_password), TEST(test_forged_answers),
		TEST(test_forged_answer_first), TEST(test_checked_for_long),
		TEST(test_no_answer), TEST(test_several_servers), TEST(test_silence_is_no_news),
		TEST(test_forgotten), TEST(test_what_cannot_be_asked), TEST(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
