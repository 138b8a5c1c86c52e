// SPDX-License-Identifier: GPL-2.0
/* EAP in esplane.conf: users of ours, and our own password; their way to the other process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>
#include "esplaned/conf/pack.h"
#include "esplaned/conf/user.h"
#include "ike/auth/eap.h"
#include "suite/ikev2.h"
#include "unit/esplaned/config_file.h"

#define TS	"local-ts = 10.1.0.0/24\nremote-ts = 10.2.0.0/24\n"
#define SERVER	"tunnel \"road\" {\nremote = any\npsk = \"a long secret: ok\"\n" TS
#define CLIENT	"tunnel \"office\" {\nremote = 198.51.100.1\npsk = \"a long secret: ok\"\n" TS

static void users(const char *text)
{
	file_write("road.users", text, 0600);
}

static void the_server(void **state)
{
	struct tunnel_options *t;
	const struct user *u;
	struct config *c;

	users("# name: password\n\nalice: wonderland\n  bob@example.org :  two words: and a colon \t\n");
	c = load_good(SERVER "users = road.users\n}\n");
	t = &c->tunnels[0];
	assert_null(t->ike.local_auth);
	assert_ptr_equal(t->ike.remote_auth, &auth_eap_ops);
	assert_int_equal(t->ike.eap[0], EAP_TYPE_MSCHAPV2);
	assert_int_equal(t->ike.eap[1], 0);
	assert_int_equal(t->user_count, 2);
	u = user_find(t, "bob@example.org", 15);
	assert_string_equal(u->password, "two words: and a colon");
	assert_non_null(user_find(t, "alice", 5));
	assert_null(user_find(t, "alic", 4));
	assert_null(user_find(t, "alice\0x", 7));
	assert_null(user_find(t, "Alice", 5));
	assert_null(user_find(t, "", 0));
	config_free(c);
}

/* A pre-shared key that all users know proves nothing to them. */
static void a_shared_key_is_warned_of(void **state)
{
	char said[SAID_MAX];
	struct config *c;

	users("alice: wonderland\n");
	c = load(SERVER "users = road.users\n}\n", said);
	assert_non_null(strstr(said, "warning: "));
	assert_non_null(strstr(said, "psk: each user knows it, can pass for this server"));
	config_free(c);
}

static void the_client(void **state)
{
	struct tunnel_options *t;
	struct config *c;

	c = load_good(CLIENT "eap-identity = 'EXAMPLE\\\\alice'\npassword = \"wonder land\"\n"
		      "eap = { md5, mschapv2 }\n}\n");
	t = &c->tunnels[0];
	assert_ptr_equal(t->ike.local_auth, &auth_eap_ops);
	assert_null(t->ike.remote_auth);
	assert_string_equal(t->password, "wonder land");
	assert_int_equal(t->ike.eap[0], EAP_TYPE_MD5);
	assert_int_equal(t->ike.eap[1], EAP_TYPE_MSCHAPV2);
	assert_int_equal(t->ike.eap_id.len, 13);
	assert_memory_equal(t->ike.eap_id.data, "EXAMPLE\\alice", 13);
	config_free(c);
	/* without eap-identity it is local-id, and a file may have the password */
	file_write("alice.password", "wonderland\n", 0600);
	c = load_good(CLIENT "local-id = alice@example.org\npassword-file = alice.password\n}\n");
	t = &c->tunnels[0];
	assert_string_equal(t->password, "wonderland");
	assert_int_equal(t->ike.eap[0], EAP_TYPE_MSCHAPV2);
	assert_memory_equal(t->ike.eap_id.data, "alice@example.org", 17);
	config_free(c);
}

/* Names, types and methods cross the border; no password does. */
static void the_way_across(void **state)
{
	static const char *const texts[] = {
		SERVER "users = road.users\neap = { mschapv2, md5 }\n}\n",
		CLIENT "eap-identity = alice\npassword = wonderland\n}\n",
	};

	users("alice: wonderland\n");
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct config *c = load_good(texts[i]);
		struct tunnel_options *t = &c->tunnels[0], got;
		static uint8_t octets[PACK_MAX];
		struct writer w = writer_of(octets, sizeof(octets));
		struct cursor cursor;

		pack_tunnel(&w, t);
		assert_false(w.overflow);
		assert_null(memmem(octets, w.len, "wonderland", 10));
		cursor = cursor_of(octets, w.len);
		assert_true(unpack_tunnel(&cursor, &got, &c->lists));
		assert_ptr_equal(got.ike.local_auth, t->ike.local_auth);
		assert_ptr_equal(got.ike.remote_auth, t->ike.remote_auth);
		assert_memory_equal(got.ike.eap, t->ike.eap, sizeof(got.ike.eap));
		assert_memory_equal(&got.ike.eap_id, &t->ike.eap_id, sizeof(got.ike.eap_id));
		assert_int_equal(got.user_count, 0);
		tunnel_options_clear(&got);
		config_free(c);
	}
}

static void mistakes_in_the_file(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{ "alice wonderland\n", "line 1: a user is written NAME: PASSWORD" },
		{ "\nalice:\n", "line 2: a user's password has 1 to 127 octets" },
		{ ": x\n", "line 1: a user's name has 1 to 256 octets" },
		{ "alice: a\nALICE: b\n", "line 2: user ALICE is there twice" },
		{ "# nobody\n", "has no user: write lines NAME: PASSWORD" },
		{ "", "has no user: write lines NAME: PASSWORD" },
		{ "alice: a\r\n", "line 1: a carriage return would belong to the password" },
	};
	char said[SAID_MAX];

	for (size_t i = 0; i < COUNT(rows); i++) {
		users(rows[i].text);
		assert_null(load(SERVER "users = road.users\n}\n", said));
		if (!strstr(said, rows[i].message))
			fail_msg("\"%s\" does not say \"%s\"", said, rows[i].message);
	}
	users("alice: a\n");
	file_write("open.users", "alice: a\n", 0640);
	expect_refusal(SERVER "users = open.users\n}\n",
		       "@:6: tunnel \"road\": users: $/open.users holds a secret and is open to others "
		       "(mode 0640): chmod 600 $/open.users");
	expect_refusal(SERVER "users = none.users\n}\n",
		       "@:6: tunnel \"road\": users: $/none.users: No such file or directory; write "
		       "the users into a file of mode 0600");
}

static void mistakes_of_the_tunnel(void **state)
{
	users("alice: a\n");
	expect_refusal(CLIENT "users = road.users\n}\n",
		       "@:1: tunnel \"office\": users says that the peers prove themselves by EAP, "
		       "which only who begins can: use remote = any");
	expect_refusal(SERVER "password = x\neap-identity = y\n}\n",
		       "@:1: tunnel \"road\": password says that we prove who we are by EAP, which "
		       "only who begins can: name the peer in remote, or give users");
	expect_refusal(CLIENT "password = x\n}\n",
		       "@:1: tunnel \"office\": eap-identity is missing: the name that belongs to "
		       "password");
	expect_refusal(CLIENT "eap = md5\n}\n",
		       "@:1: tunnel \"office\": eap is there, but neither password, for our own proof "
		       "by EAP, nor users, for that of the peers");
	expect_refusal(CLIENT "eap-identity = alice\n}\n",
		       "@:1: tunnel \"office\": eap-identity is there, but neither password, for our "
		       "own proof by EAP, nor users, for that of the peers");
	expect_refusal(CLIENT "eap = peap\n}\n",
		       "@:6: tunnel \"office\": eap: \"peap\" is not a method of EAP that esplane has; "
		       "use tls, ttls, mschapv2, md5 or radius");
	expect_refusal(CLIENT "eap = { md5, md5 }\n}\n",
		       "@:6: tunnel \"office\": eap: md5 is there twice");
	expect_refusal(SERVER "users = road.users\npassword = x\n}\n",
		       "@:1: tunnel \"road\": password and users say how both ends prove who they "
		       "are, so nobody needs the psk: leave it, or one of them, out");
	expect_refusal("tunnel a {\nremote = any\nusers = road.users\n" TS "}\n",
		       "@:1: tunnel \"a\": psk or psk-file is missing: the secret shared with the "
		       "peer; or, with certificates, cert, key and ca; or, with raw public keys, key and remote-key");
	expect_refusal(CLIENT "password = x\npassword-file = y\neap-identity = a\n}\n",
		       "@:7: tunnel \"office\": password-file: $/y: No such file or directory; write "
		       "the secret into a file of mode 0600\n"
		       "@:1: tunnel \"office\": password and password-file are both given: leave one "
		       "out");
}

#define CERTS	"cert = gate.pem\nkey = gate.key\nca = ca.pem\n"
#define TLS_ANY	"tunnel \"road\" {\nremote = any\n" TS
#define TLS_ONE	"tunnel \"office\" {\nremote = 198.51.100.1\nremote-id = gw\n" TS

/* Certificates alone, or beside passwords. */
static void tls(void **state)
{
	char command[512];
	struct tunnel_options *t;
	struct config *c;

	snprintf(command, sizeof(command),
		 "%s/unit/crypto/pki.sh %s && cd %s && cp p256.pem gate.pem && cp p256.key gate.key "
		 "&& chmod 600 gate.key", TESTS_DIR, config_dir, config_dir);
	assert_int_equal(system(command), 0);
	c = load_good(TLS_ANY CERTS "eap = tls\n}\n");
	t = &c->tunnels[0];
	assert_ptr_equal(t->ike.local_auth, &auth_signature_ops);
	assert_ptr_equal(t->ike.remote_auth, &auth_eap_ops);
	assert_int_equal(t->ike.eap[0], EAP_TYPE_TLS);
	assert_int_equal(t->ike.eap[1], 0);
	assert_false(t->ike.eap_only);
	config_free(c);
	c = load_good(TLS_ANY CERTS "eap = tls\neap-only = yes\n}\n");
	assert_true(c->tunnels[0].ike.eap_only);
	config_free(c);
	users("alice: a\n");
	c = load_good(TLS_ANY CERTS "users = road.users\neap = { tls, mschapv2 }\n}\n");
	assert_int_equal(c->tunnels[0].user_count, 1);
	config_free(c);
	/* the certificate names the client, unless eap-identity does */
	c = load_good(TLS_ONE CERTS "eap = tls\n}\n");
	t = &c->tunnels[0];
	assert_ptr_equal(t->ike.local_auth, &auth_eap_ops);
	assert_ptr_equal(t->ike.remote_auth, &auth_signature_ops);
	assert_int_equal(t->ike.eap_id.len, 14);
	assert_memory_equal(t->ike.eap_id.data, "gw.example.org", 14);
	config_free(c);
	c = load_good(TLS_ONE CERTS "eap = { tls, md5 }\npassword = x\neap-identity = alice\n"
		      "aaa-id = aaa.example.org\n}\n");
	t = &c->tunnels[0];
	assert_int_equal(t->ike.eap_id.len, 5);
	assert_int_equal(t->ike.aaa_id.type, ID_FQDN);
	assert_int_equal(t->ike.aaa_id.len, 15);
	config_free(c);
}

static void mistakes_with_tls(void **state)
{
	users("alice: a\n");
	expect_refusal(CLIENT "eap = tls\n}\n",
		       "@:1: tunnel \"office\": eap has tls, in which certificates prove both ends to "
		       "each other: give cert, key and ca");
	expect_refusal(TLS_ANY CERTS "eap = tls\nusers = road.users\n}\n",
		       "@:1: tunnel \"road\": eap has tls only, which needs no users: leave users "
		       "out, or add mschapv2 to eap");
	expect_refusal(TLS_ONE CERTS "eap = tls\npassword = x\n}\n",
		       "@:1: tunnel \"office\": eap has tls only, which needs no password: leave "
		       "password out, or add mschapv2 to eap");
	expect_refusal(TLS_ANY CERTS "eap = { tls, md5 }\n}\n",
		       "@:1: tunnel \"road\": eap has a method with passwords, but there is no users: "
		       "add it, or leave tls alone in eap");
	expect_refusal(TLS_ANY CERTS "eap = tls\naaa-id = gw\n}\n",
		       "@:1: tunnel \"road\": aaa-id is about the server of EAP, which we are: leave "
		       "it out");
	expect_refusal(CLIENT "password = x\neap-identity = a\naaa-id = gw\n}\n",
		       "@:1: tunnel \"office\": aaa-id is about the certificate of the server of EAP, "
		       "but no method of eap has one: leave it out");
	expect_refusal(CLIENT "password = x\neap-identity = a\neap-only = yes\n}\n",
		       "@:1: tunnel \"office\": eap-only = yes needs tls in eap: no other method proves "
		       "both ends well enough (RFC 5998)");
	expect_refusal(CLIENT "aaa-id = gw\n}\n",
		       "@:1: tunnel \"office\": aaa-id is there, but neither password, for our own "
		       "proof by EAP, nor users, for that of the peers");
}

#define TTLS_ONE "ca = ca.pem\neap = ttls\npassword = x\neap-identity = alice\n"

/* The server has a certificate, the client a password. */
static void ttls(void **state)
{
	static const struct {
		const char *text;
		enum tunnel_ttls way;
	} rows[] = {
		{ "", TTLS_EAP }, { "ttls-inner = eap\n", TTLS_EAP },
		{ "ttls-inner = mschapv2\n", TTLS_MSCHAPV2 }, { "ttls-inner = pap\n", TTLS_PAP },
	};
	static uint8_t octets[PACK_MAX];
	char text[1024];

	users("alice: a\n");
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct writer w = writer_of(octets, sizeof(octets));
		struct tunnel_options *t, got;
		struct cursor cursor;
		struct config *c;

		snprintf(text, sizeof(text), TLS_ONE TTLS_ONE "aaa-id = aaa.example.org\n%s}\n",
			 rows[i].text);
		c = load_good(text);
		t = &c->tunnels[0];
		assert_ptr_equal(t->ike.local_auth, &auth_eap_ops);
		assert_ptr_equal(t->ike.remote_auth, &auth_signature_ops);
		assert_int_equal(t->ike.eap[0], EAP_TYPE_TTLS);
		assert_int_equal(t->ike.ttls, rows[i].way);
		pack_tunnel(&w, t);
		cursor = cursor_of(octets, w.len);
		assert_true(unpack_tunnel(&cursor, &got, &c->lists));
		assert_int_equal(got.ike.ttls, rows[i].way);
		tunnel_options_clear(&got);
		config_free(c);
	}
	config_free(load_good(TLS_ANY "cert = gate.pem\nkey = gate.key\nusers = road.users\n"
			      "eap = { ttls, mschapv2 }\n}\n"));
}

static void mistakes_with_ttls(void **state)
{
	users("alice: a\n");
	expect_refusal(SERVER "users = road.users\neap = ttls\n}\n",
		       "@:1: tunnel \"road\": eap has ttls, in which a certificate proves the server "
		       "to the client: give cert and key");
	expect_refusal(CLIENT "password = x\neap-identity = a\neap = ttls\n}\n",
		       "@:1: tunnel \"office\": eap has ttls, in which the server's certificate is "
		       "looked at before it gets the password: give ca");
	expect_refusal(TLS_ANY CERTS "eap = { tls, ttls }\n}\n",
		       "@:1: tunnel \"road\": eap has a method with passwords, but there is no users: "
		       "add it, or leave tls alone in eap");
	expect_refusal(TLS_ONE TTLS_ONE "ttls-inner = chap\n}\n",
		       "@:10: tunnel \"office\": ttls-inner: \"chap\" is not known; use eap, mschapv2 "
		       "or pap");
	expect_refusal(CLIENT "password = x\neap-identity = a\nttls-inner = pap\n}\n",
		       "@:1: tunnel \"office\": ttls-inner is about the method ttls, which eap does "
		       "not have: add it, or leave ttls-inner out");
	expect_refusal(TLS_ANY "cert = gate.pem\nkey = gate.key\nusers = road.users\n"
		       "eap = ttls\nttls-inner = pap\n}\n",
		       "@:1: tunnel \"road\": ttls-inner is about our own proof by EAP; as server we "
		       "take what the client does: leave it out");
	expect_refusal(CLIENT "ttls-inner = pap\n}\n",
		       "@:1: tunnel \"office\": ttls-inner is there, but neither password, for our own "
		       "proof by EAP, nor users, for that of the peers");
	expect_refusal(TLS_ONE TTLS_ONE "eap-only = yes\n}\n",
		       "@:1: tunnel \"office\": eap-only = yes needs tls in eap: no other method proves "
		       "both ends well enough (RFC 5998)");
}

#define SECOND	"second-auth = eap\n"
#define USERS	"users = road.users\n"
#define ALICE	"password = x\neap-identity = alice\n"
#define OTHER_CA	"another CA as second-ca"
#define OWN_CERT	"second-cert and second-key"
#define ONE_CA(name, give)	\
	"@:1: tunnel \"" name "\": eap has tls, and second-auth = eap: both proofs would be by " \
	"certificates of the same ca, so that one stolen key gives both: give " give ", or leave " \
	"tls out of eap and take mschapv2 or ttls with a password, or leave second-auth out"

/* EAP after a first proof, RFC 4739: by the psk, or by certificates; in either role. */
static void second(void **state)
{
	static const struct {
		const char *text;
		bool client, signs;
	} rows[] = {
		{ SERVER SECOND USERS, false, false },
		{ TLS_ANY CERTS SECOND USERS, false, true },
		{ TLS_ANY CERTS SECOND USERS "eap = ttls\n", false, true },
		{ CLIENT SECOND ALICE, true, false },
		{ TLS_ONE CERTS SECOND ALICE, true, true },
		{ TLS_ONE CERTS SECOND ALICE "eap = ttls\n", true, true },
	};
	static uint8_t octets[PACK_MAX];
	char text[1024];

	users("alice: a\n");
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct auth_ops *first = rows[i].signs ? &auth_signature_ops : NULL;
		struct writer w = writer_of(octets, sizeof(octets));
		struct tunnel_options got;
		struct cursor cursor;
		char said[SAID_MAX];
		struct config *c;

		snprintf(text, sizeof(text), "%s}\n", rows[i].text);
		c = load(text, said);
		if (!c)
			fail_msg("%zu: %s", i, said);
		pack_tunnel(&w, &c->tunnels[0]);
		cursor = cursor_of(octets, w.len);
		assert_true(unpack_tunnel(&cursor, &got, &c->lists));
		assert_ptr_equal(got.ike.local_auth, first);
		assert_ptr_equal(got.ike.remote_auth, first);
		assert_ptr_equal(got.ike.local_second, rows[i].client ? &auth_eap_ops : NULL);
		assert_ptr_equal(got.ike.remote_second, rows[i].client ? NULL : &auth_eap_ops);
		assert_true(got.ike.eap_id.type || !rows[i].client);
		tunnel_options_clear(&got);
		config_free(c);
	}
}

/* The psk of the machines alone passes for nobody at a server with a certificate. */
static void second_with_a_shared_key(void **state)
{
	char said[SAID_MAX];
	struct config *c;

	users("alice: a\n");
	c = load(SERVER SECOND USERS "cert = gate.pem\nkey = gate.key\n}\n", said);
	if (!c)
		fail_msg("%s", said);
	assert_ptr_equal(c->tunnels[0].ike.local_auth, &auth_signature_ops);
	assert_null(c->tunnels[0].ike.remote_auth);
	assert_null(strstr(said, "each user knows it"));
	config_free(c);
	c = load(SERVER SECOND USERS "}\n", said);
	assert_non_null(strstr(said, "psk: each user knows it, can pass for this server"));
	config_free(c);
}

static void mistakes_with_second(void **state)
{
	users("alice: a\n");
	expect_refusal(CLIENT "second-auth = tls\n}\n",
		       "@:6: tunnel \"office\": second-auth: \"tls\" is not known; use none, eap, cert "
		       "or psk");
	expect_refusal(CLIENT SECOND "}\n",
		       "@:1: tunnel \"office\": second-auth = eap wants a second proof by EAP, and "
		       "nothing says whose: give eap-identity and password, or users, or eap = radius, "
		       "for the peers");
	expect_refusal(TLS_ANY CERTS SECOND USERS "eap-only = yes\n}\n",
		       "@:1: tunnel \"road\": second-auth = eap wants another proof before EAP, and "
		       "eap-only = yes wants none: leave one of them out");
	expect_refusal(TLS_ONE SECOND ALICE "}\n",
		       "@:1: tunnel \"office\": psk or psk-file is missing: the secret shared with "
		       "the peer; or, with certificates, cert, key and ca; or, with raw public keys, "
		       "key and remote-key");
	expect_refusal(TLS_ONE CERTS ALICE "}\n",
		       "@:1: tunnel \"office\": cert and password both say how we prove who we are: "
		       "leave one of them out, or say second-auth = eap, where the one proof is to "
		       "follow the other");
	expect_refusal(TLS_ANY CERTS USERS "}\n",
		       "@:1: tunnel \"road\": ca and users both say how the peers prove who they "
		       "are: leave one of them out, or say second-auth = eap, where the one proof is "
		       "to follow the other");
}

/* Both proofs would rest on the same ca: the one certificate of a machine would do for both. */
static void second_by_the_same_ca(void **state)
{
	users("alice: a\n");
	expect_refusal(TLS_ANY CERTS SECOND "eap = tls\n}\n", ONE_CA("road", OTHER_CA));
	expect_refusal(TLS_ANY CERTS SECOND USERS "eap = { \"tls\", \"mschapv2\" }\n}\n",
		       ONE_CA("road", OTHER_CA));
	expect_refusal(TLS_ANY CERTS SECOND USERS "eap = { \"mschapv2\", \"tls\" }\n}\n",
		       ONE_CA("road", OTHER_CA));
	expect_refusal(TLS_ONE CERTS SECOND "eap = tls\n}\n", ONE_CA("office", OWN_CERT));
	expect_refusal(TLS_ONE CERTS SECOND ALICE "eap = { \"mschapv2\", \"tls\" }\n}\n",
		       ONE_CA("office", OWN_CERT));
	expect_refusal(CLIENT SECOND "eap = tls\n}\n", ONE_CA("office", OWN_CERT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_server),
		cmocka_unit_test(a_shared_key_is_warned_of),
		cmocka_unit_test(the_client),
		cmocka_unit_test(the_way_across),
		cmocka_unit_test(mistakes_in_the_file),
		cmocka_unit_test(mistakes_of_the_tunnel),
		cmocka_unit_test(tls),
		cmocka_unit_test(mistakes_with_tls),
		cmocka_unit_test(ttls),
		cmocka_unit_test(mistakes_with_ttls),
		cmocka_unit_test(second),
		cmocka_unit_test(second_with_a_shared_key),
		cmocka_unit_test(mistakes_with_second),
		cmocka_unit_test(second_by_the_same_ca),
	};

	return cmocka_run_group_tests(tests, config_dir_make, config_dir_remove);
}
