// SPDX-License-Identifier: GPL-2.0
/*
 * A peer's proof on its way through the daemon: certificates, what is fetched about them, lists
 * that change.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <errno.h>
#include <unistd.h>
#include <cmocka.h>
#include "crypto/crypto.h"
#include "crypto/der.h"
#include "crypto/key.h"
#include "crypto/raw.h"
#include "crypto/signature.h"
#include "esplaned/conf/pack.h"
#include "esplaned/engine/cert_cache.h"
#include "esplaned/engine/verify.h"
#include "esplaned/keys/fetch.h"
#include "esplaned/keys/keys.h"
#include "esplaned/keys/link.h"
#include "suite/ikev2.h"

static const struct chunk covered = { (const uint8_t *)"what AUTH covers", 16 };
static char dir[32] = "/tmp/esplane-verify.XXXXXX";
static struct daemon d;
static struct tunnel_entry tunnel;
static struct verify *v;
static struct verify_result result;
static unsigned int told;
static int fetcher = -1, secrets = -1;	/* their ends */
/* The certificate comes by its hash, and is there; with @at_octets: this is the hash's. */
static const char *at_url;
static struct chunk at_octets;
static bool at_bundle, at_second;

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

static int begin(void **state)
{
	static const uint8_t crash[IKE_CRASH_SECRET];
	char why[CERT_WHY_MAX];
	int link[2], fetch[2];

	if (!link_pair(link) || !link_pair(fetch))
		return -1;
	secrets = link[1];
	fetcher = fetch[1];
	at_url = NULL;
	at_octets = (struct chunk){ 0 };
	at_bundle = at_second = false;
	tunnel = (struct tunnel_entry){ .id = 7 };
	tunnel.opt.ca = cert_load(file("ca.pem"), why);
	d = (struct daemon){
		.base = event_base_new(), .keys = keys_attach(link[0], -1, NULL, crash),
	};
	d.tunnels.first = &tunnel;
	keys_set_fetch(d.keys, fetch_new(fetch[0], "fetches"));
	told = 0;
	return tunnel.opt.ca && d.base ? 0 : -1;
}

static int end(void **state)
{
	verify_free(v);
	v = NULL;
	keys_free(d.keys);
	close(fetcher);
	close(secrets);
	trust_free(tunnel.trust);
	chunk_list_put(tunnel.opt.ca);
	chunk_list_put(tunnel.opt.crl);
	chunk_list_put(tunnel.opt.remote_keys);
	chunk_list_put(tunnel.opt.fetch_certs);
	cert_cache_free(d.cert_cache);
	event_base_free(d.base);
	return 0;
}

static void on_done(void *ctx, const struct verify_result *r)
{
	told++;
	result = *r;
	verify_free(v);
	v = NULL;
}

static struct chunk by_hash(struct chunk cert)
{
	static uint8_t said[20 + TUNNEL_URL_MAX];

	assert_true(sha1(at_octets.len ? &at_octets : &cert, 1, said));
	memcpy(said + 20, at_url, strlen(at_url));
	return (struct chunk){ said, 20 + strlen(at_url) };
}

/* The proof of who has the certificate NAME.der and the key NAME.key, of these octets. */
static void prove(const char *cert, const char *key_name, struct chunk octets)
{
	uint8_t auth[SIGNATURE_MAX], method;
	char name[64], why[SIGNATURE_WHY_MAX];
	struct chunk chain, value = { auth, 0 };
	struct ike_job job = { .kind = IKE_JOB_VERIFY, .tunnel = 7, .octets = covered };
	struct ike_id id;
	struct key *key;

	snprintf(name, sizeof(name), "%s.key", key_name);
	key = key_load(file(name), NULL, why);
	assert_non_null(key);
	assert_true(signature_make(key, 1 << SIGNATURE_HASH_SHA2_256, octets, &method, auth,
				   &value.len, why));
	key_free(key);
	snprintf(name, sizeof(name), "%s.der", cert);
	chain = file(name);
	if (at_url)
		chain = by_hash(chain);
	job.by_hash = !!at_url;
	job.bundles = at_bundle;
	job.second = at_second;
	assert_true(ike_id_parse(&id, "gw.example.org"));
	job.id = &id;
	job.certs = &chain;
	job.cert_count = 1;
	job.method = method;
	job.signature = value;
	told = 0;
	v = verify_new(&d, &job, on_done, NULL);
	assert_non_null(v);
	memset(auth, 0, sizeof(auth));	/* all that it needs is copied */
	assert_int_equal(told, 0);	/* not from inside */
	event_base_loop(d.base, EVLOOP_NONBLOCK);
}

static void is_told(const char *why)
{
	assert_int_equal(told, 1);
	if (why[0] ? !strstr(result.why, why) : result.why[0])
		fail_msg("\"%s\" in place of \"%s\"", result.why, why);
}

/* What the fetcher is asked for; "": nothing. */
static uint32_t is_asked(const char *url)
{
	static uint8_t msg[LINK_MAX];
	ssize_t n = link_recv(fetcher, msg, false);
	struct cursor c = cursor_of(msg, n > 0 ? (size_t)n : 0);
	char text[TRUST_URL_MAX];
	uint8_t kind, what;
	uint32_t id = 0;

	if (!url[0]) {
		assert_int_equal(n, -EAGAIN);
		return 0;
	}
	assert_true(cursor_u8(&c, &kind) && kind == LINK_FETCH && cursor_u32(&c, &id) &&
		    cursor_u8(&c, &what) && unpack_text(&c, text, sizeof(text)));
	assert_string_equal(text, url);
	assert_int_equal(what == FETCH_OCSP, c.left > 0);
	assert_int_equal(what == FETCH_CERT, at_url && !strcmp(url, at_url));
	return id;
}

static void fetcher_says(uint32_t id, struct chunk octets, const char *why)
{
	static uint8_t msg[LINK_MAX];
	struct writer w;

	for (size_t at = 0; at < octets.len; at += 100) {
		w = link_begin(msg, LINK_FETCH_PART);
		writer_u32(&w, id);
		writer_bytes(&w, octets.p + at, octets.len - at < 100 ? octets.len - at : 100);
		assert_true(link_send(fetcher, &w, true));
		assert_true(fetch_read(keys_fetch(d.keys)));
	}
	w = link_begin(msg, LINK_FETCH_END);
	writer_u32(&w, id);
	pack_text(&w, why);
	assert_true(link_send(fetcher, &w, true));
	assert_true(fetch_read(keys_fetch(d.keys)));
}

static void certificates(void **state)
{
	struct chunk other = { (const uint8_t *)"something else..", 16 };

	prove("p256", "p256", covered);
	is_told("");
	assert_string_equal(result.subject, "C=DE, O=Example, CN=p256");
	assert_in_range(result.valid_s, 364 * 86400, 366 * 86400);
	prove("p256", "p256", other);
	is_told("the peer's signature (ECDSA with SHA2-256) is not one of its certificate's key");
	prove("p256", "gate", covered);
	is_told("is not one of its certificate's key");
	prove("stranger", "gate", covered);
	is_told("which is none of the tunnel's CAs");
}

static void a_tunnel_that_goes(void **state)
{
	struct ike_job job = { .kind = IKE_JOB_VERIFY, .tunnel = 7, .octets = covered };
	struct ike_id id = { .type = ID_FQDN };

	job.id = &id;
	v = verify_new(&d, &job, on_done, NULL);
	assert_non_null(v);
	d.tunnels.first = NULL;
	event_base_loop(d.base, EVLOOP_NONBLOCK);
	is_told("the tunnel is there no more");
	assert_null(verify_new(&d, &job, on_done, NULL));
}

/* A reload that changes nothing but the revocation lists: from then on they count. */
static void another_list(void **state)
{
	char why[CERT_WHY_MAX];

	prove("revoked", "gate", covered);
	is_told("");
	tunnels_set_crl(&tunnel, cert_load_crl(file("good.crl"), why));
	prove("revoked", "gate", covered);
	is_told("CN=revoked was revoked on 2026-01-01");
	prove("p256", "p256", covered);
	is_told("");
	tunnels_set_crl(&tunnel, NULL);
	prove("revoked", "gate", covered);
	is_told("");
}

static void what_is_fetched(void **state)
{
	const struct chunk none = { 0 };
	uint32_t id;

	tunnel.opt.revocation = REVOCATION_STRICT;
	/* nothing for somebody who has not proven that the certificate is theirs */
	prove("asked", "p256", covered);
	is_told("is not one of its certificate's key");
	is_asked("");
	prove("asked", "gate", covered);
	assert_int_equal(told, 0);
	id = is_asked("http://127.0.0.1:8888/ocsp");
	is_asked("");
	fetcher_says(id, none, "no route to host");
	assert_int_equal(told, 0);
	id = is_asked("http://127.0.0.1:8888/ca.crl");
	fetcher_says(id, file("good.crl.der"), "");
	is_told("");
	/* the next one finds it there */
	prove("asked", "gate", covered);
	is_told("");
	is_asked("");
}

static void what_cannot_be_fetched(void **state)
{
	const struct chunk none = { 0 };

	tunnel.opt.revocation = REVOCATION_STRICT;
	prove("asked", "gate", covered);
	fetcher_says(is_asked("http://127.0.0.1:8888/ocsp"), none, "no route to host");
	fetcher_says(is_asked("http://127.0.0.1:8888/ca.crl"), none, "no route to host");
	is_told("nothing says that CN=asked is not revoked, and revocation is strict: "
		"http://127.0.0.1:8888/ocsp: no route to host");
	/* given up while it waits: the answer finds nobody */
	trust_free(tunnel.trust);
	tunnel.trust = NULL;
	prove("asked", "gate", covered);
	verify_free(v);
	v = NULL;
	fetcher_says(is_asked("http://127.0.0.1:8888/ocsp"), none, "no route to host");
	assert_int_equal(told, 0);
	tunnel.opt.no_fetch = true;
	prove("asked", "gate", covered);
	is_told("there is no revocation list of C=DE, O=Example, CN=Root, and revocation is strict");
	is_asked("");
	tunnel.opt.revocation = REVOCATION_IF_AVAILABLE;
	trust_free(tunnel.trust);
	tunnel.trust = NULL;
	prove("asked", "gate", covered);
	is_told("");
}

static void may_fetch(const char *begin)
{
	const struct chunk c = { (const uint8_t *)begin, strlen(begin) };

	tunnel.opt.fetch_certs = chunk_list_new(&c, 1);
}

/* RFC 7296 3.6: it is fetched once, and known when its owner has proved itself. */
static void by_address(void **state)
{
	may_fetch("http://certs.example.org/ike/");
	at_url = "http://certs.example.org/ike/0/p256.der";
	for (int i = 0; i < 2; i++) {
		prove("p256", "gate", covered);	/* a stranger's is fetched, and not kept */
		fetcher_says(is_asked(at_url), file("p256.der"), "");
		is_told("is not one of its certificate's key");
	}
	prove("p256", "p256", covered);
	assert_int_equal(told, 0);
	fetcher_says(is_asked(at_url), file("p256.der"), "");
	is_told("");
	assert_string_equal(result.subject, "C=DE, O=Example, CN=p256");
	at_url = "http://certs.example.org/ike/1/p256.der";	/* its hash is known */
	prove("p256", "p256", covered);
	is_told("");
	is_asked("");
	at_url = "http://elsewhere.example.org/";	/* and where it is counts all the same */
	prove("p256", "p256", covered);
	is_told("does not begin as fetch-certs says");
	is_asked("");
	at_url = "http://certs.example.org/ike/stranger";
	prove("stranger", "gate", covered);
	fetcher_says(is_asked(at_url), file("stranger.der"), "");
	is_told("which is none of the tunnel's CAs");
}

static void where_nothing_is_fetched(void **state)
{
	static const char *const urls[] = {
		"http://certs.example.org/", "http://certs.example.org.evil/ike/", "",
		"http://certs.example.org/ike/../admin", "http://certs.example.org/ike/a?b=c",
		"http://certs.example.org/ike/%2e%2e/", "https://certs.example.org/ike/a",
		"http://certs.example.org/ike/a\r\nHost: x", "file:///etc/passwd",
	};
	char longest[TUNNEL_URL_MAX + 1] = "http://certs.example.org/ike/";

	may_fetch("http://certs.example.org/ike/");
	memset(longest + strlen(longest), 'x', TUNNEL_URL_MAX - strlen(longest));
	for (size_t i = 0; i <= sizeof(urls) / sizeof(urls[0]); i++) {
		at_url = i ? urls[i - 1] : longest;
		prove("p256", "p256", covered);
		is_told("does not begin as fetch-certs says");
		is_asked("");
	}
}

static void what_is_not_what_it_says(void **state)
{
	const struct chunk none = { 0 };

	may_fetch("http://certs.example.org/ike/");
	at_url = "http://certs.example.org/ike/p256.der";
	prove("p256", "p256", covered);
	fetcher_says(is_asked(at_url), none, "Timeout was reached");
	is_told("its certificate cannot be fetched from http://certs.example.org/ike/p256.der: "
		"Timeout was reached");
	prove("p256", "p256", covered);
	fetcher_says(is_asked(at_url), file("p384.der"), "");
	is_told("http://certs.example.org/ike/p256.der has the SHA-1 ");
	assert_non_null(strstr(result.why, ", but the peer says "));
	prove("p256", "p256", covered);		/* given up while it waits */
	verify_free(v);
	v = NULL;
	fetcher_says(is_asked(at_url), file("p256.der"), "");
	assert_int_equal(told, 0);
	at_octets = (struct chunk){ (const uint8_t *)"no certificate", 14 };
	prove("p256", "p256", covered);
	fetcher_says(is_asked(at_url), at_octets, "");
	assert_int_equal(told, 1);
	assert_int_not_equal(result.why[0], 0);
}

/* A CertificateBundle of these, with a list before each. */
static struct chunk bundle_of(const char *const *names, unsigned int count)
{
	static uint8_t octets[32768];
	struct writer w = writer_of(octets, sizeof(octets));
	size_t from;

	for (unsigned int i = 0; i < count; i++) {
		struct chunk list = file("good.crl.der"), cert = file(names[i]);

		from = w.len;
		writer_bytes(&w, list.p, list.len);
		der_wrap(&w, from, DER_CONTEXT | 1);
		from = w.len;
		writer_bytes(&w, cert.p, cert.len);
		der_wrap(&w, from, DER_CONTEXT);
	}
	der_wrap(&w, 0, DER_SEQUENCE);
	assert_false(w.overflow);
	return (struct chunk){ octets, w.len };
}

static void bundles(void **state)
{
	static const char *const names[] = {
		"p256.der", "ca.der", "p384.der", "p256.der", "p256.der", "p256.der", "p256.der",
		"p256.der", "p256.der",
	};

	may_fetch("http://certs.example.org/ike/");
	at_url = "http://certs.example.org/ike/bundle";
	at_bundle = true;
	for (unsigned int count = 0; count <= 9; count += 3) {
		at_octets = bundle_of(names, count);
		prove("p256", "p256", covered);
		fetcher_says(is_asked(at_url), at_octets, "");
		is_told(count && count < 9 ? "" : "is no bundle of certificates, or more than 8");
	}
	at_octets = bundle_of(names, 2);
	for (unsigned int i = 0; i < 4; i++) {
		at_octets.len -= i;	/* cut short */
		prove("p256", "p256", covered);
		fetcher_says(is_asked(at_url), at_octets, "");
		is_told(i ? "is no bundle of certificates" : "");
	}
}

/* The CAs of a second proof, and what is said of one that is none of them. */
static void a_second_ca(void **state)
{
	char why[CERT_WHY_MAX];

	tunnel.opt.second.ca = cert_load(file("ca.pem"), why);
	at_second = true;
	prove("p256", "p256", covered);
	is_told("");
	prove("stranger", "gate", covered);
	is_told("none of the tunnel's CAs: give its certificate in ca (of a second proof: second-ca)");
	trust_free(tunnel.second_trust);
	chunk_list_put(tunnel.opt.second.ca);
}

static void raw_public_keys(void **state)
{
	char why[RAW_WHY_MAX];

	tunnel.opt.remote_keys = raw_load(file("p256.pub"), why);
	prove("p256", "p256", covered);
	is_told("");
	assert_int_equal(strncmp(result.subject, "public key SHA-256:", 19), 0);
	prove("p256", "gate", covered);
	is_told("is not one of its raw public key");
}

/* The process that asks DNSSEC says: a proven key, for as long as it may be kept. */
static void dnssec_says(int fd, const char *key, const char *why)
{
	static uint8_t msg[LINK_MAX];
	ssize_t n = link_recv(fd, msg, false);
	struct cursor c = cursor_of(msg, n > 0 ? (size_t)n : 0);
	char name[TUNNEL_HOST_MAX], anchor[64];
	uint8_t kind;
	struct writer w;
	uint32_t id;

	assert_true(cursor_u8(&c, &kind) && kind == LINK_DNSSEC && cursor_u32(&c, &id) &&
		    unpack_text(&c, name, sizeof(name)) && unpack_text(&c, anchor, sizeof(anchor)));
	assert_string_equal(name, "gw.example.org");
	assert_string_equal(anchor, "/anchors");
	if (key) {
		struct chunk der = file(key);

		w = link_begin(msg, LINK_FETCH_PART);
		writer_u32(&w, id);
		writer_u32(&w, 600);
		writer_u16(&w, 3 + 64);
		writer_bytes(&w, (const uint8_t *)"\x0a\0\3", 3);	/* ECDSA */
		writer_bytes(&w, der.p + der.len - 64, 64);
		assert_true(link_send(fd, &w, true));
		assert_true(fetch_read(keys_dnssec(d.keys)));
	}
	w = link_begin(msg, LINK_FETCH_END);
	writer_u32(&w, id);
	pack_text(&w, why);
	assert_true(link_send(fd, &w, true));
	assert_true(fetch_read(keys_dnssec(d.keys)));
}

static void keys_in_dns(void **state)
{
	static uint8_t msg[LINK_MAX];
	int fds[2];

	assert_true(link_pair(fds));
	tunnel.opt.dns_key = true;
	strcpy(tunnel.opt.dns_anchor, "/anchors");
	assert_true(ike_id_parse(&tunnel.opt.ike.remote_id, "gw.example.org"));
	/* without the process there is no proof, but nothing is known of the key */
	prove("p256", "p256", covered);
	is_told("DNS was not asked for the peer's key: too much is looked up at once");
	assert_int_equal(tunnel.named_until_ms, 0);
	keys_set_dnssec(d.keys, fetch_new(fds[0], "looks up keys in DNS"));
	prove("p256", "p256", covered);
	dnssec_says(fds[1], NULL, "its zone is not signed");
	is_told("DNS has no key of gw.example.org that counts: its zone is not signed");
	tunnel.named_until_ms = 0;
	prove("p256", "p256", covered);
	assert_int_equal(told, 0);
	dnssec_says(fds[1], "p256.pub.der", "");
	is_told("");
	assert_int_equal(strncmp(result.subject, "public key SHA-256:", 19), 0);
	/* it is known now: nothing is asked */
	prove("p256", "gate", covered);
	is_told("is not one of its raw public key");
	assert_int_equal(link_recv(fds[1], msg, false), -EAGAIN);
	/* given up while it waits: the answer finds nobody */
	tunnel.named_until_ms = 0;
	prove("p256", "p256", covered);
	verify_free(v);
	v = NULL;
	dnssec_says(fds[1], "p256.pub.der", "");
	assert_int_equal(told, 0);
	chunk_list_put(tunnel.named);
	close(fds[1]);
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(certificates), TEST(a_tunnel_that_goes), TEST(another_list),
		TEST(what_is_fetched), TEST(what_cannot_be_fetched), TEST(by_address),
		TEST(where_nothing_is_fetched), TEST(what_is_not_what_it_says), TEST(bundles),
		TEST(a_second_ca), TEST(raw_public_keys),
		TEST(keys_in_dns),
	};

	return cmocka_run_group_tests(tests, make, drop);
}
