// SPDX-License-Identifier: GPL-2.0
/* Certificates and keys in esplane.conf, and their way to the process that speaks IKE. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>
#include "crypto/dn.h"
#include "crypto/key.h"
#include "esplaned/conf/pack.h"
#include "esplaned/conf/cert_url.h"
#include "esplaned/conf/change.h"
#include "esplaned/conf/credential.h"
#include "esplaned/keys/parcel.h"
#include "ike/auth/auth.h"
#include "suite/ikev2.h"
#include "unit/esplaned/config_file.h"

#define HEAD	"tunnel \"office\" {\nremote = 198.51.100.1\nlocal-ts = 10.1.0.0/24\n"	\
		"remote-ts = 10.2.0.0/24\nremote-id = b.example.org\n"
#define NAMELESS "tunnel \"office\" {\nremote = 198.51.100.1\nlocal-ts = 10.1.0.0/24\n"	\
		"remote-ts = 10.2.0.0/24\n"
#define PSK	"psk = \"a long secret: ok\"\n"
#define OURS	"cert = p256.pem\nkey = p256.key\n"
#define BOTH	HEAD OURS "ca = { ca.pem, other.pem }\n"

static int make(void **state)
{
	char command[512];

	if (config_dir_make(state))
		return -1;
	snprintf(command, sizeof(command), "%s/unit/crypto/pki.sh %s && chmod 644 %s/rsa2048.key",
		 TESTS_DIR, config_dir, config_dir);
	return system(command);
}

static void both_by_certificate(void **state)
{
	struct config *c = load_good(BOTH "crl = both.crl\nrevocation = strict\n}\n");
	struct tunnel_options *t = &c->tunnels[0];

	assert_ptr_equal(t->ike.local_auth, &auth_signature_ops);
	assert_ptr_equal(t->ike.remote_auth, &auth_signature_ops);
	assert_int_equal(chunk_list_count(t->ike.certs), 1);
	assert_int_equal(chunk_list_count(t->ca), 2);
	assert_int_equal(chunk_list_count(t->ike.ca_hashes), 2);
	assert_int_equal(t->ike.ca_hashes->chunk[1].len, 20);
	assert_int_equal(chunk_list_count(t->crl), 2);
	assert_int_equal(t->revocation, REVOCATION_STRICT);
	assert_non_null(t->key);
	/* the certificate says who we are */
	assert_int_equal(t->ike.local_id.type, ID_FQDN);
	assert_memory_equal(t->ike.local_id.data, "gw.example.org", 14);
	assert_in_range(t->cert_until, time(NULL) + 364 * 86400, time(NULL) + 366 * 86400);
	config_free(c);
}

/* Raw public keys, RFC 7670: what is sent is what OpenSSL has made of the private one. */
static void raw_public_keys(void **state)
{
	struct config *c = load_good(HEAD "key = p256.key\nremote-key = { ed25519.pub, "
				     "p256.pub.der }\n}\n");
	struct tunnel_options *t = &c->tunnels[0];
	uint8_t der[512];
	char path[256];
	size_t len;
	FILE *f;

	assert_ptr_equal(t->ike.local_auth, &auth_signature_ops);
	assert_ptr_equal(t->ike.remote_auth, &auth_signature_ops);
	assert_true(t->ike.local_raw && t->ike.remote_raw);
	assert_int_equal(chunk_list_count(t->ike.certs), 1);
	assert_int_equal(chunk_list_count(t->remote_keys), 2);
	assert_null(t->ike.ca_hashes);
	snprintf(path, sizeof(path), "%s/p256.pub.der", config_dir);
	f = fopen(path, "re");
	assert_non_null(f);
	len = fread(der, 1, sizeof(der), f);
	fclose(f);
	assert_int_equal(t->ike.certs->chunk[0].len, len);
	assert_memory_equal(t->ike.certs->chunk[0].p, der, len);
	assert_memory_equal(t->remote_keys->chunk[1].p, der, len);
	config_free(c);
}

static void keys_in_dns(void **state)
{
	struct config *c;
	char path[128];

	file_write("anchors", "good.example. IN DS 1 13 2 00\n", 0644);
	c = load_good(HEAD "key = p256.key\nremote-key = dns\ndns-anchor = anchors\n}\n");
	assert_true(c->tunnels[0].dns_key && c->tunnels[0].ike.remote_raw);
	config_path_of("anchors", path);
	assert_string_equal(c->tunnels[0].dns_anchor, path);
	assert_ptr_equal(c->tunnels[0].ike.remote_auth, &auth_signature_ops);
	assert_null(c->tunnels[0].remote_keys);
	config_free(c);
}

static void where_it_is(void **state)
{
	static const char *const bad[] = {
		"http://certs.example.org", "http:///gw.der", "http://a@b/gw.der",
		"http://b/gw.der#1", "http://b/g w", "http://b/g\tw", "ftp://b/gw.der",
	};
	char text[1024], path[TUNNEL_URL_MAX + 16] = "http://certs.example.org/", said[SAID_MAX];
	struct config *c;

	for (size_t i = 0; i < COUNT(bad); i++) {
		snprintf(text, sizeof(text), BOTH "cert-url = \"%s\"\n}\n", bad[i]);
		assert_null(load(text, said));
		assert_non_null(strstr(said, "is no address that a peer can fetch"));
	}
	memset(path + strlen(path), 'x', TUNNEL_URL_MAX - strlen(path));
	snprintf(text, sizeof(text), BOTH "cert-url = \"%s\"\n}\n", path);
	assert_null(load(text, said));
	path[TUNNEL_URL_MAX - 1] = '\0';
	snprintf(text, sizeof(text), BOTH "cert-url = \"%s\"\n}\n", path);
	c = load_good(text);
	assert_string_equal(c->tunnels[0].ike.cert_url, path);
	config_free(c);
}

static void where_they_may_be(void **state)
{
	struct config *c = load_good(BOTH "fetch-certs = { \"http://a/\", \"http://b/ike?id=\" }\n}\n");
	struct tunnel_options *t = &c->tunnels[0];
	const struct chunk_list *list = t->fetch_certs;

	assert_true(t->ike.fetch_certs);
	assert_int_equal(chunk_list_count(list), 2);
	assert_true(cert_url_may_fetch(list, "http://a/x/y-1_2.der"));
	assert_true(cert_url_may_fetch(list, "http://b/ike?id=Aa9~+="));
	assert_false(cert_url_may_fetch(list, "http://b/ike"));
	assert_false(cert_url_may_fetch(list, "http://a/x?y"));
	assert_false(cert_url_may_fetch(list, "http://a/x/../y"));
	assert_false(cert_url_may_fetch(list, "http://a/%41"));
	assert_false(cert_url_may_fetch(list, "HTTP://a/x"));
	assert_false(cert_url_may_fetch(list, ""));
	assert_false(cert_url_may_fetch(NULL, "http://a/x"));
	config_free(c);
	c = load_good(BOTH "}\n");
	assert_false(c->tunnels[0].ike.fetch_certs);
	config_free(c);
}

static void one_end_by_certificate(void **state)
{
	struct config *c = load_good(HEAD PSK OURS "}\n");

	assert_ptr_equal(c->tunnels[0].ike.local_auth, &auth_signature_ops);
	assert_null(c->tunnels[0].ike.remote_auth);
	config_free(c);
	c = load_good(HEAD PSK "ca = ca.pem\n}\n");
	assert_null(c->tunnels[0].ike.local_auth);
	assert_ptr_equal(c->tunnels[0].ike.remote_auth, &auth_signature_ops);
	assert_int_equal(c->tunnels[0].ike.local_id.type, 0);
	config_free(c);
}

static void keys_of_every_form(void **state)
{
	static const char *const good[] = {
		"cert = p256.der\nkey = p256.key.der\n",
		"cert = p256.pem\nkey = p256.key.enc\nkey-password = sesame\n",
		"key-password-file = word\nkey = p256.key.enc\ncert = p256.pem\n",
		"cert = deep.chain\nkey = gate.key\n",
		"cert = deep.p12\nkey-password = sesame\n",
		"local-id = \"C=de, O=example,CN=p256\"\n" OURS,
	};
	char text[1024];

	file_write("word", "sesame\n", 0600);
	for (size_t i = 0; i < COUNT(good); i++) {
		struct config *c;

		snprintf(text, sizeof(text), HEAD "%sca = ca.pem\n}\n", good[i]);
		c = load_good(text);
		assert_non_null(c->tunnels[0].key);
		assert_true(key_fits(c->tunnels[0].key, c->tunnels[0].ike.certs->chunk[0]));
		assert_string_equal(c->tunnels[0].key_password, "");
		config_free(c);
	}
}

static const struct { const char *text, *why; } refused[] = {
	{ HEAD "cert = p256.pem\nkey = rsa2048.key\nca = ca.pem\n}\n",
	  "@:7: tunnel \"office\": key: $/rsa2048.key holds a secret and is open to others (mode "
	  "0644): chmod 600 $/rsa2048.key" },
	{ HEAD "cert = p256.pem\nkey = p384.key\nca = ca.pem\n}\n",
	  "@:1: tunnel \"office\": the key in $/p384.key does not belong to the certificate of "
	  "C=DE, O=Example, CN=p256 in $/p256.pem" },
	{ HEAD "cert = p256.pem\nkey = p256.key.enc\nca = ca.pem\n}\n",
	  "@:1: tunnel \"office\": key: $/p256.key.enc is encrypted: give key-password or "
	  "key-password-file" },
	{ HEAD "cert = p256.pem\nkey = p256.key.enc\nkey-password = wrong\nca = ca.pem\n}\n",
	  "@:1: tunnel \"office\": key: $/p256.key.enc is encrypted, and with another password than "
	  "key-password" },
	{ HEAD "cert = p256.pem\nca = ca.pem\n}\n",
	  "@:1: tunnel \"office\": key is missing: the private key of the certificate $/p256.pem" },
	{ HEAD "cert = none.pem\nkey = p256.key\nca = ca.pem\n}\n",
	  "@:6: tunnel \"office\": cert: $/none.pem: No such file or directory" },
	{ HEAD "cert = p256.key\nkey = p256.key\nca = ca.pem\n}\n",
	  "@:6: tunnel \"office\": cert: $/p256.key has no certificate in PEM or DER" },
	{ HEAD OURS "ca = { ca.pem, p384.pem }\n}\n",
	  "@:8: tunnel \"office\": ca: $/p384.pem: the certificate of C=DE, O=Example, CN=p384 is "
	  "not a CA's: give that of who has issued it" },
	{ HEAD OURS "ca = ca.pem\ncrl = ca.pem\n}\n",
	  "@:9: tunnel \"office\": crl: $/ca.pem has no revocation list (CRL) in PEM or DER" },
	{ HEAD OURS "ca = ca.pem\nrevocation = maybe\n}\n",
	  "@:9: tunnel \"office\": revocation: \"maybe\" is not known; use strict, if-available or "
	  "off" },
	{ HEAD "local-id = other.example.org\n" OURS "ca = ca.pem\n}\n",
	  "@:1: tunnel \"office\": local-id is other.example.org, but the certificate in $/p256.pem "
	  "speaks for gw.example.org, C=DE, O=Example, CN=p256: take one of these, or another "
	  "certificate" },
	{ HEAD "cert = rsa1024.pem\nkey = rsa1024.key\nca = ca.pem\n}\n",
	  "@:1: tunnel \"office\": the certificate in $/rsa1024.pem cannot be used: its key is weak: "
	  "1024 bits, where 2048 are the least (1024 with allow-legacy = yes)" },
	{ HEAD PSK OURS "ca = ca.pem\n}\n",
	  "@:1: tunnel \"office\": cert and ca say how both ends prove who they are, so nobody needs "
	  "the psk: leave it, or one of them, out" },
	{ HEAD OURS "}\n",
	  "@:1: tunnel \"office\": cert says how we prove who we are, and nothing says how the peer "
	  "does: give ca, remote-key or psk" },
	{ HEAD "ca = ca.pem\n}\n",
	  "@:1: tunnel \"office\": ca says how the peer proves who it is, and nothing says how we do: "
	  "give cert and key, or psk" },
	{ HEAD PSK "key-password = sesame\n}\n",
	  "@:1: tunnel \"office\": there is a key-password, but no key: give key, or cert" },
	{ NAMELESS "key = p256.key\nremote-key = ed25519.pub\n}\n",
	  "@:1: tunnel \"office\": remote-id is missing: a raw public key (remote-key) names nobody, "
	  "say whose it is" },
	{ HEAD "key = rsa1024.key\nremote-key = ed25519.pub\n}\n",
	  "@:1: tunnel \"office\": the key in $/rsa1024.key cannot be used: its key is weak: 1024 "
	  "bits, where 2048 are the least (1024 with allow-legacy = yes)" },
	{ HEAD "key = p256.key\nremote-key = { ed25519.pub, p384.pem }\n}\n",
	  "@:7: tunnel \"office\": remote-key: $/p384.pem has no public key in PEM or DER: make it of "
	  "the private one, with openssl pkey -pubout" },
	{ HEAD "key = p256.key\nremote-key = ed25519.pub\nca = ca.pem\n}\n",
	  "@:1: tunnel \"office\": ca and remote-key both say how the peer proves who it is: leave "
	  "one of them out" },
	{ HEAD "key = p256.key\nremote-key = { dns, ed25519.pub }\n}\n",
	  "@:7: tunnel \"office\": remote-key: dns stands alone: the keys are either in DNS or in "
	  "files" },
	{ HEAD "key = p256.key\nremote-key = { ed25519.pub, dns }\n}\n",
	  "@:7: tunnel \"office\": remote-key: dns stands alone: the keys are either in DNS or in "
	  "files" },
	{ NAMELESS "key = p256.key\nremote-id = 192.0.2.1\nremote-key = dns\n}\n",
	  "@:1: tunnel \"office\": remote-key = dns looks up the key of remote-id: that has to be a "
	  "domain name, as gw.example.org" },
	{ HEAD "key = p256.key\nremote-key = ed25519.pub\ndns-anchor = anchors\n}\n",
	  "@:1: tunnel \"office\": dns-anchor is there without remote-key = dns" },
	{ HEAD "key = p256.key\nremote-key = dns\ndns-anchor = p256.pub\n}\n",
	  "@:8: tunnel \"office\": dns-anchor: $/p256.pub has no trust anchor of DNSSEC: a line with "
	  "a DNSKEY or DS record" },
	{ HEAD "key = p256.key\nremote-key = dns\ndns-anchor = letters\n}\n",
	  "@:8: tunnel \"office\": dns-anchor: $/letters has no trust anchor of DNSSEC: a line with "
	  "a DNSKEY or DS record" },
	{ HEAD "key = p256.key\nremote-key = dns\ndns-anchor = closed\n}\n",
	  "@:8: tunnel \"office\": dns-anchor: $/closed has to be readable by all, for the process "
	  "that asks DNSSEC: chmod o+r $/closed" },
	{ HEAD OURS "ca = ca.pem\ncert-url = https://certs.example.org/gw.der\n}\n",
	  "@:9: tunnel \"office\": cert-url: \"https://certs.example.org/gw.der\" is no address that "
	  "a peer can fetch: use http://, a host and a path, as http://certs.example.org/gw.der, of "
	  "at most 255 octets" },
	{ HEAD "key = p256.key\nremote-key = ed25519.pub\ncert-url = http://x/gw.der\n}\n",
	  "@:1: tunnel \"office\": cert-url says where the certificate is that we send, and there is "
	  "none: give cert, or leave it out" },
	{ HEAD OURS "ca = ca.pem\nfetch-certs = \"http://certs.example.org\"\n}\n",
	  "@:9: tunnel \"office\": fetch-certs: \"http://certs.example.org\" is not how addresses "
	  "begin that may be fetched: use http://, a host, / and more if need be, as "
	  "http://certs.example.org/ike/" },
	{ HEAD PSK OURS "fetch-certs = \"http://a/\"\n}\n",
	  "@:1: tunnel \"office\": fetch-certs is about certificates of the peer, but there is no ca "
	  "that it could have one of" },
	{ HEAD PSK OURS "crl = good.crl\n}\n",
	  "@:1: tunnel \"office\": crl is about certificates of the peer, but there is no ca that it "
	  "could have one of" },
	{ HEAD "cert = deep.p12\nkey = gate.key\nkey-password = sesame\nca = ca.pem\n}\n",
	  "@:1: tunnel \"office\": $/deep.p12 is PKCS#12, which has the key too: leave key out" },
	{ HEAD "cert = open.p12\nca = ca.pem\n}\n",
	  "@:1: tunnel \"office\": $/open.p12 holds a secret and is open to others (mode 0644): chmod "
	  "600 $/open.p12" },
	{ HEAD OURS "key-password = a b\nca = ca.pem\n}\n",
	  "@:8: tunnel \"office\": key-password: the line goes on after its value: a secret with "
	  "blanks or { } ( ) = + , # has to stand in quotes" },
	{ HEAD "psk = secret\nstrict-psk = yes\n}\n",
	  "@:1: tunnel \"office\": psk: the secret has fewer than 8 octets and can be guessed: use a "
	  "random one, as openssl rand -base64 24 writes it" },
};

static void what_is_refused(void **state)
{
	char path[128];

	config_path_of("open.p12", path);
	chmod(path, 0644);
	file_write("closed", "good.example. IN DS 1 13 2 00\n", 0600);
	file_write("letters", "-----BEGIN PUBLIC KEY-----\nMFkwDSYHDNSKEYDS\nDS\n", 0644);
	for (size_t i = 0; i < COUNT(refused); i++)
		expect_refusal(refused[i].text, refused[i].why);
}

/* A certificate out of time, and one that soon will be. */
static void times(void **state)
{
	struct config *c = load_good(BOTH "}\n");
	struct tunnel_options *t = &c->tunnels[0];
	time_t now = time(NULL);
	char why[VALUE_WHY_MAX];

	assert_false(credential_warning(t, now, why));
	assert_true(credential_warning(t, now + 336 * 86400, why));
	assert_non_null(strstr(why, "the certificate of C=DE, O=Example, CN=p256 in "));
	assert_non_null(strstr(why, "/p256.pem expires on 20"));
	t->ike.remote_id.type = 0;
	assert_true(credential_warning(t, now, why));
	assert_string_equal(why, "remote-id is missing: whoever has a certificate of the CA passes "
			    "for the peer");
	key_free(t->key);
	chunk_list_put(t->ike.certs);
	chunk_list_put(t->ike.ca_hashes);
	t->ike.certs = t->ike.ca_hashes = NULL;
	t->key = NULL;
	assert_false(credential_read(t, now + 400 * 86400, why));
	assert_non_null(strstr(why, "p256.pem has expired on 20"));
	config_free(c);
}

/* Through messages, and into another process's tunnel. */
static void the_way_across(void **state)
{
	struct config *a = load_good(BOTH "crl = good.crl\n}\n"), *b;
	struct tunnel_options *t = &a->tunnels[0], copy;
	static uint8_t octets[PACK_MAX];
	struct writer w = writer_of(octets, sizeof(octets));
	struct lists lists = { 0 };
	struct parcel parcel = { 0 };
	struct cursor c;
	size_t len;

	pack_tunnel(&w, t);
	c = cursor_of(octets, w.len);
	assert_false(unpack_tunnel(&c, &copy, &lists));
	tunnel_options_clear(&copy);
	for (unsigned int i = 0; i < 3; i++) {
		struct chunk_list *list = i == 0 ? t->ca : i == 1 ? t->ike.certs : t->ike.ca_hashes;
		uint8_t *whole = parcel_make(list, &len);

		assert_true(parcel_add(&parcel, (struct chunk){ whole, 11 }));
		assert_true(parcel_add(&parcel, (struct chunk){ whole + 11, len - 11 }));
		assert_true(parcel_open(&parcel, &lists));
		assert_null(parcel.octets);
		free(whole);
	}
	c = cursor_of(octets, w.len);
	assert_true(unpack_tunnel(&c, &copy, &lists));
	assert_true(chunk_list_equal(copy.ca, t->ca));
	assert_true(chunk_list_equal(copy.ike.certs, t->ike.certs));
	assert_null(copy.key);
	tunnel_options_clear(&copy);
	assert_true(parcel_add(&parcel, (struct chunk){ (const uint8_t *)"\0\0\0\5x", 5 }));
	assert_false(parcel_open(&parcel, &lists));
	lists_clear(&lists);

	/* a fresh revocation list restarts no tunnel, another certificate or CA does */
	b = load_good(BOTH "crl = both.crl\n}\n");
	assert_true(tunnel_options_equal(t, &b->tunnels[0]));
	config_free(b);
	b = load_good(HEAD OURS "ca = ca.pem\ncrl = good.crl\n}\n");
	assert_false(tunnel_options_equal(t, &b->tunnels[0]));
	config_free(b);
	b = load_good(BOTH "revocation = off\n}\n");
	assert_false(tunnel_options_equal(t, &b->tunnels[0]));
	config_free(b);
	b = load_good(BOTH "crl = good.crl\nfetch-certs = http://x/\n}\n");
	assert_int_equal(options_compare(t, &b->tunnels[0]).tunnel, CONF_LATER);
	config_free(b);
	b = load_good(BOTH "crl = good.crl\ncert-url = http://x/gw.der\n}\n");
	assert_int_equal(options_compare(t, &b->tunnels[0]).tunnel, CONF_LATER);
	config_free(b);
	config_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_by_certificate), cmocka_unit_test(raw_public_keys),
		cmocka_unit_test(keys_in_dns), cmocka_unit_test(where_it_is),
		cmocka_unit_test(where_they_may_be),
		cmocka_unit_test(one_end_by_certificate),
		cmocka_unit_test(keys_of_every_form), cmocka_unit_test(what_is_refused),
		cmocka_unit_test(times), cmocka_unit_test(the_way_across),
	};

	return cmocka_run_group_tests(tests, make, config_dir_remove);
}
