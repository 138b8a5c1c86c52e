// SPDX-License-Identifier: GPL-2.0
/*
 * Two conversations of EAP-TLS in one daemon, a client's and a server's: signatures that come from
 * elsewhere, certificates about which something is fetched first, and what never comes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "crypto/key.h"
#include "crypto/tls.h"
#include "esplaned/conf/pack.h"
#include "esplaned/engine/talks.h"
#include "esplaned/host/clock.h"
#include "esplaned/keys/fetch.h"
#include "esplaned/keys/link.h"
#include "fake_engine.h"

enum { CLIENT = 1, SERVER };		/* their tunnels, conversations and jobs */

static char dir[32] = "/tmp/esplane-talks.XXXXXX";
static struct daemon d;
static struct tunnel_entry tunnel[2];
static struct key *key;
static int fetcher = -1;

/* What the engine was told last. */
static struct {
	uint32_t job;			/* 0: nothing */
	enum ike_round round;
	char why[IKE_WHY_MAX], text[IKE_WHY_MAX];
	uint8_t out[IKE_FLIGHT_MAX], msk[2][IKE_MSK_LEN];
	size_t len, msk_len;
	uint64_t valid_s;
} told;

static struct chunk file(const char *name)
{
	static uint8_t octets[8][16384];
	static unsigned int next;
	uint8_t *at = octets[next++ % 8];
	char path[128];
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "re");
	assert_non_null(f);
	len = fread(at, 1, sizeof(octets[0]), f);
	fclose(f);
	return (struct chunk){ at, len };
}

static int make(void **state)
{
	char command[256];

	if (!mkdtemp(dir))
		return -1;
	snprintf(command, sizeof(command), "%s/unit/crypto/pki.sh %s", TESTS_DIR, dir);
	return system(command);
}

static int drop(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static void on_job(uint32_t id, const struct ike_job_result *r)
{
	told.job = id;
	told.round = r->round;
	snprintf(told.why, sizeof(told.why), "%s", r->why ? r->why : "");
	snprintf(told.text, sizeof(told.text), "%s", r->text ? r->text : "");
	told.len = r->eap.len;
	told.valid_s = r->valid_s;
	told.msk_len = r->msk.len;
	memcpy(told.out, r->eap.p, r->eap.len);
	if (r->msk.len == IKE_MSK_LEN)
		memcpy(told.msk[id - CLIENT], r->msk.p, r->msk.len);
}

static void on_clock(void *ctx)
{
}

static int begin(void **state)
{
	char why[CERT_WHY_MAX];
	int fetch[2];

	if (!link_pair(fetch))
		return -1;
	fetcher = fetch[1];
	memset(&fake, 0, sizeof(fake));
	fake.fetch = fetch_new(fetch[0], "fetches");
	fake.on_job = on_job;
	d = (struct daemon){ .base = event_base_new(), .ike = &fake.ike };
	d.clock = clock_new(d.base, on_clock, on_clock, &d);
	for (int i = 0; i < 2; i++) {
		tunnel[i] = (struct tunnel_entry){ .id = (uint32_t)i + CLIENT };
		tunnel[i].opt.ca = cert_load(file("ca.pem"), why);
		tunnel[i].opt.ike.certs = cert_load(file("asked.pem"), why);
		tunnel[i].opt.secret = 5;
	}
	tunnel[0].next = &tunnel[1];
	d.tunnels.first = &tunnel[0];
	key = key_load(file("gate.key"), NULL, why);
	told.job = 0;
	return tunnel[1].opt.ike.certs && tunnel[1].opt.ca && key && d.clock ? 0 : -1;
}

static int end(void **state)
{
	talks_close(&d);
	for (int i = 0; i < 2; i++) {
		trust_free(tunnel[i].trust);
		chunk_list_put(tunnel[i].opt.ca);
		chunk_list_put(tunnel[i].opt.ike.certs);
	}
	key_free(key);
	fetch_free(fake.fetch);
	close(fetcher);
	clock_free(d.clock);
	event_base_free(d.base);
	return 0;
}

static void turn(void)
{
	event_base_loop(d.base, EVLOOP_NONBLOCK);
}

/* One of several of that tunnel; its jobs have its number. */
static bool step_of(uint32_t who, uint32_t conversation, struct chunk flight)
{
	struct ike_id id;
	struct ike_job job = {
		.kind = IKE_JOB_TLS, .tunnel = who, .conversation = conversation,
		.client = who == CLIENT, .type = 13, .id = &id, .octets = flight,
	};

	assert_true(ike_id_parse(&id, "gw.example.org"));
	told.job = 0;
	fake.asked[0] = '\0';
	if (!talks_step(&d, conversation, &job))
		return false;
	assert_int_equal(told.job, 0);		/* never from inside */
	turn();
	return true;
}

static bool step(uint32_t who, struct chunk flight)
{
	return step_of(who, who, flight);
}

static void sign(uint32_t who)
{
	uint8_t out[TLS_SIGNATURE_MAX];
	char why[TLS_WHY_MAX];
	size_t len;

	assert_non_null(strstr(fake.asked, "tls "));
	assert_true(tls_sign(key, fake.scheme, fake.tls, out, &len, why));
	talks_signed(&d, who, NULL, (struct chunk){ out, len });
	turn();
}

/* The engine's last flight, for the other one. */
static struct chunk flight(void)
{
	static uint8_t copy[IKE_FLIGHT_MAX];

	memcpy(copy, told.out, told.len);
	return (struct chunk){ copy, told.len };
}

static void is_told(uint32_t who, enum ike_round round)
{
	if (told.job != who || told.round != round || told.why[0])
		fail_msg("job %u, round %d: %s %s", told.job, told.round, told.why, told.text);
}

/* To the client's last flight, which is signed; not yet judged. */
static void to_the_clients_proof(void)
{
	assert_true(step(CLIENT, (struct chunk){ 0 }));
	is_told(CLIENT, IKE_ROUND_MORE);
	assert_true(step(SERVER, flight()));
	sign(SERVER);
	is_told(SERVER, IKE_ROUND_MORE);
	assert_true(step(CLIENT, flight()));
	sign(CLIENT);
}

/* What the fetcher is asked for; "": nothing. */
static uint32_t is_asked(const char *url)
{
	static uint8_t msg[LINK_MAX];
	ssize_t n = link_recv(fetcher, msg, false);
	struct cursor c = cursor_of(msg, n > 0 ? (size_t)n : 0);
	char text[TRUST_URL_MAX];
	uint8_t kind, ocsp;
	uint32_t id = 0;

	if (!url[0]) {
		assert_int_equal(n, -EAGAIN);
		return 0;
	}
	assert_true(cursor_u8(&c, &kind) && kind == LINK_FETCH && cursor_u32(&c, &id) &&
		    cursor_u8(&c, &ocsp) && unpack_text(&c, text, sizeof(text)));
	assert_string_equal(text, url);
	return id;
}

static void fetcher_says(uint32_t id, struct chunk octets, const char *why)
{
	static uint8_t msg[LINK_MAX];
	struct writer w = link_begin(msg, LINK_FETCH_PART);

	writer_u32(&w, id);
	writer_bytes(&w, octets.p, octets.len);
	if (octets.len) {
		assert_true(link_send(fetcher, &w, true));
		assert_true(fetch_read(fake.fetch));
	}
	w = link_begin(msg, LINK_FETCH_END);
	writer_u32(&w, id);
	pack_text(&w, why);
	assert_true(link_send(fetcher, &w, true));
	assert_true(fetch_read(fake.fetch));
	turn();
}

/* Neither looks: nothing is fetched. */
static void both_prove_themselves(void **state)
{
	tunnel[0].opt.revocation = tunnel[1].opt.revocation = REVOCATION_OFF;
	to_the_clients_proof();
	is_told(CLIENT, IKE_ROUND_MORE);
	assert_in_range(told.valid_s, 0, 366 * 86400);
	assert_true(step(SERVER, flight()));
	is_told(SERVER, IKE_ROUND_DONE);
	assert_int_equal(told.msk_len, IKE_MSK_LEN);
	assert_true(step(CLIENT, flight()));
	is_told(CLIENT, IKE_ROUND_DONE);
	assert_int_equal(told.msk_len, IKE_MSK_LEN);
	assert_memory_equal(told.msk[0], told.msk[1], IKE_MSK_LEN);
	is_asked("");
}

/* Each waits for what is fetched about the other, once that has proved itself. */
static void what_is_fetched(void **state)
{
	to_the_clients_proof();
	assert_int_equal(told.job, 0);
	fetcher_says(is_asked("http://127.0.0.1:8888/ocsp"), (struct chunk){ 0 }, "no route to host");
	assert_int_equal(told.job, 0);
	fetcher_says(is_asked("http://127.0.0.1:8888/ca.crl"), file("good.crl.der"), "");
	is_told(CLIENT, IKE_ROUND_MORE);
	assert_in_range(told.valid_s, 364 * 86400, 366 * 86400);
	assert_true(step(SERVER, flight()));
	assert_int_equal(told.job, 0);
	fetcher_says(is_asked("http://127.0.0.1:8888/ocsp"), (struct chunk){ 0 }, "no route to host");
	fetcher_says(is_asked("http://127.0.0.1:8888/ca.crl"), file("good.crl.der"), "");
	is_told(SERVER, IKE_ROUND_DONE);
	assert_true(step(CLIENT, flight()));
	is_told(CLIENT, IKE_ROUND_DONE);
	is_asked("");
}

static void what_says_that_it_is_revoked(void **state)
{
	tunnel[0].opt.revocation = REVOCATION_OFF;
	to_the_clients_proof();
	assert_true(step(SERVER, flight()));
	fetcher_says(is_asked("http://127.0.0.1:8888/ocsp"), (struct chunk){ 0 }, "no route to host");
	fetcher_says(is_asked("http://127.0.0.1:8888/ca.crl"), file("bad.crl.der"), "");
	is_told(SERVER, IKE_ROUND_FAILED);
	assert_non_null(strstr(told.text, "CN=asked was revoked"));
	assert_int_equal(told.msk_len, 0);
	assert_true(step(CLIENT, flight()));
	is_told(CLIENT, IKE_ROUND_FAILED);
	assert_non_null(strstr(told.text, "the other end of TLS says"));
}

static void strict_and_nobody_answers(void **state)
{
	tunnel[0].opt.revocation = REVOCATION_STRICT;
	to_the_clients_proof();
	fetcher_says(is_asked("http://127.0.0.1:8888/ocsp"), (struct chunk){ 0 }, "no route to host");
	fetcher_says(is_asked("http://127.0.0.1:8888/ca.crl"), (struct chunk){ 0 }, "no route to host");
	is_told(CLIENT, IKE_ROUND_FAILED);
	assert_non_null(strstr(told.text, "no route to host"));
	assert_true(step(SERVER, flight()));
	is_told(SERVER, IKE_ROUND_FAILED);
}

/* Nothing is fetched where the configuration does not want it. */
static void no_fetching(void **state)
{
	tunnel[0].opt.no_fetch = true;
	to_the_clients_proof();
	is_told(CLIENT, IKE_ROUND_MORE);
	is_asked("");
}

/* The tunnel goes while the other end is asked for something; or the whole conversation does. */
static void what_goes_meanwhile(void **state)
{
	uint32_t id;

	to_the_clients_proof();
	id = is_asked("http://127.0.0.1:8888/ocsp");
	d.tunnels.first = NULL;
	fetcher_says(id, (struct chunk){ 0 }, "no route to host");
	is_told(CLIENT, IKE_ROUND_FAILED);
	assert_non_null(strstr(told.text, "the tunnel is there no more"));
	assert_false(step(CLIENT, (struct chunk){ 0 }));
	d.tunnels.first = &tunnel[0];
	talks_forget(&d, CLIENT);
	talks_forget(&d, SERVER);

	to_the_clients_proof();
	id = is_asked("http://127.0.0.1:8888/ocsp");
	told.job = 0;
	talks_forget(&d, CLIENT);
	fetcher_says(id, (struct chunk){ 0 }, "no route to host");
	assert_int_equal(told.job, 0);
}

/* The engine hears of it, and does not wait for ever. */
static void nobody_signs(void **state)
{
	assert_true(step(CLIENT, (struct chunk){ 0 }));
	assert_true(step(SERVER, flight()));
	talks_signed(&d, SERVER, "the private key has gone", (struct chunk){ 0 });
	turn();
	assert_int_equal(told.job, SERVER);
	assert_string_equal(told.why, "the private key has gone");
	talks_forget(&d, SERVER);
	/* an answer for nobody */
	talks_signed(&d, SERVER, NULL, (struct chunk){ 0 });

	talks_forget(&d, CLIENT);
	assert_true(step(CLIENT, (struct chunk){ 0 }));
	fake.no_tls = true;
	assert_false(step(SERVER, flight()));
	fake.no_tls = false;	/* nothing of it is left: it is as new */
	assert_true(step(SERVER, flight()));
}

/* Who begins and does not go on keeps nobody out: the oldest of them gives way. */
static void the_oldest_stranger_gives_way(void **state)
{
	static uint8_t hello[IKE_FLIGHT_MAX], first[IKE_FLIGHT_MAX];
	struct chunk begins, answer;

	assert_true(step(CLIENT, (struct chunk){ 0 }));
	begins = (struct chunk){ hello, told.len };
	memcpy(hello, told.out, told.len);
	for (uint32_t i = 1; i < TALKS_MAX; i++) {
		assert_true(step_of(SERVER, 100 + i, begins));
		sign(100 + i);
		is_told(100 + i, IKE_ROUND_MORE);
		if (i > 1)
			continue;
		answer = (struct chunk){ first, told.len };
		memcpy(first, told.out, told.len);
	}
	assert_true(step_of(SERVER, 500, begins));
	sign(500);
	is_told(500, IKE_ROUND_MORE);
	/* ours goes on; of the first one nothing is left, and it begins nothing anew */
	assert_true(step(CLIENT, answer));
	sign(CLIENT);
	talks_forget(&d, 102);
	assert_false(step_of(SERVER, 101, answer));
	assert_true(step_of(SERVER, 103, answer));	/* which is nonsense, but it is there */
	assert_int_equal(told.job, 103);
	assert_true(step_of(SERVER, 501, begins));
}

/* But what is being signed is not given up. */
static void none_gives_way(void **state)
{
	static uint8_t hello[IKE_FLIGHT_MAX];
	struct chunk begins;

	assert_true(step(CLIENT, (struct chunk){ 0 }));
	begins = (struct chunk){ hello, told.len };
	memcpy(hello, told.out, told.len);
	for (uint32_t i = 1; i < TALKS_MAX; i++)
		assert_true(step_of(SERVER, 100 + i, begins));
	assert_false(step_of(SERVER, 500, begins));
	talks_signed(&d, 101, "the private key has gone", (struct chunk){ 0 });
	turn();
	assert_true(step_of(SERVER, 500, begins));
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both_prove_themselves), TEST(what_is_fetched),
		TEST(what_says_that_it_is_revoked), TEST(strict_and_nobody_answers),
		TEST(no_fetching), TEST(what_goes_meanwhile), TEST(nobody_signs),
		TEST(the_oldest_stranger_gives_way), TEST(none_gives_way),
	};

	return cmocka_run_group_tests(tests, make, drop);
}
