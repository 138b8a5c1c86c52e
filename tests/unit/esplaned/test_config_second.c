// SPDX-License-Identifier: GPL-2.0
/* esplane.conf: a second proof by certificate or pre-shared key, and CAs of its own for EAP-TLS. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>
#include "esplaned/conf/pack.h"
#include "esplaned/conf/user.h"
#include "ike/auth/auth.h"
#include "suite/ikev2.h"
#include "unit/esplaned/config_file.h"

#define TS	"local-ts = 10.1.0.0/24\nremote-ts = 10.2.0.0/24\n"
#define ANY	"tunnel \"road\" {\nremote = any\n" TS
#define ONE_PEER "tunnel \"office\" {\nremote = 198.51.100.1\nremote-id = gw\n" TS
#define PSK	"psk = \"a long secret: ok\"\n"
#define CERTS	"cert = gate.pem\nkey = gate.key\nca = ca.pem\n"
#define BY_CERT	"second-auth = cert\n"
#define BY_PSK	"second-auth = psk\nsecond-psk-file = users.psk\n"
#define OURS	"second-cert = user.pem\nsecond-key = user.key\n"
#define THEIRS	"second-ca = rsaca.pem\n"
#define MEET	"second-ca has a CA of ca, or one above or below it: one certificate would give both " \
		"proofs: take one CA for the machines and another for the users, neither issued by the " \
		"other"

static int second_files(void **state)
{
	char command[512];

	if (config_dir_make(state))
		return -1;
	snprintf(command, sizeof(command),
		 "%s/unit/crypto/pki.sh %s && cd %s && cp p256.pem gate.pem && cp p256.key gate.key && "
		 "cp p384.pem user.pem && cp p384.key user.key && chmod 600 gate.key user.key",
		 TESTS_DIR, config_dir, config_dir);
	if (system(command))
		return -1;
	file_write("users.psk", "the secret of all users\n", 0600);
	return 0;
}

/* Who proves what, in which role, and what of it crosses the border. */
static void who_proves_what(void **state)
{
	static const struct {
		const char *text;
		bool first_signs, second_signs, ours, mine;
		const char *id;
	} rows[] = {
		{ ANY PSK BY_CERT THEIRS "}\n", false, true, false, false, NULL },
		{ ANY CERTS BY_CERT THEIRS "}\n", true, true, false, false, NULL },
		{ ANY CERTS BY_CERT THEIRS "second-id = alice\n}\n", true, true, false, false,
		  "alice" },
		{ ANY CERTS BY_PSK "}\n", true, false, false, false, NULL },
		{ ANY PSK BY_PSK "}\n", false, false, false, false, NULL },
		{ ONE_PEER PSK BY_CERT OURS "}\n", false, true, true, true,
		  "gw.example.org" },
		{ ONE_PEER CERTS BY_CERT OURS "}\n", true, true, true, true,
		  "gw.example.org" },
		{ ONE_PEER CERTS BY_PSK "second-id = alice\n}\n", true, false, true, false,
		  "alice" },
		/* who answers at one address */
		{ ONE_PEER CERTS BY_CERT THEIRS "}\n", true, true, false, false, NULL },
	};
	static uint8_t octets[PACK_MAX];

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct auth_ops *first = rows[i].first_signs ? &auth_signature_ops : NULL;
		const struct auth_ops *by = rows[i].second_signs ? &auth_signature_ops :
							&auth_psk_ops;
		struct config *c = load_good(rows[i].text);
		struct writer w = writer_of(octets, sizeof(octets));
		struct tunnel_options *t = &c->tunnels[0], got;
		struct cursor cursor;

		pack_tunnel(&w, t);
		assert_null(memmem(octets, w.len, "the secret of all", 17));
		cursor = cursor_of(octets, w.len);
		assert_true(unpack_tunnel(&cursor, &got, &c->lists));
		assert_ptr_equal(got.ike.remote_auth, first);
		assert_ptr_equal(got.ike.local_second, rows[i].ours ? by : NULL);
		assert_ptr_equal(got.ike.remote_second, rows[i].ours ? NULL : by);
		assert_int_equal(!!got.ike.second_certs, rows[i].mine);
		assert_int_equal(!!t->second.key, rows[i].mine);
		assert_int_equal(!!got.second.ca, rows[i].second_signs && !rows[i].ours);
		assert_int_equal(t->second.psk.len, rows[i].second_signs ? 0 : 23);
		assert_int_equal(got.ike.second_id.len, rows[i].id ? strlen(rows[i].id) : 0);
		if (rows[i].id)
			assert_memory_equal(got.ike.second_id.data, rows[i].id,
					    strlen(rows[i].id));
		/* what is asked for is of either CA */
		assert_int_equal(chunk_list_count(got.ike.ca_hashes),
				 rows[i].first_signs + (rows[i].second_signs && !rows[i].ours));
		assert_int_equal(got.second.psk.len, 0);
		tunnel_options_clear(&got);
		config_free(c);
	}
}

static void mistakes(void **state)
{
	file_write("same.psk", "a long secret: ok\n", 0600);
	file_write("road.users", "alice: a\n", 0600);
	expect_refusal(ANY PSK BY_CERT "}\n",
		       "@:1: tunnel \"road\": second-auth = cert wants a second proof by certificate, "
		       "and nothing says whose: give second-cert and second-key for ours, or second-ca "
		       "for the peers'");
	expect_refusal(ONE_PEER PSK BY_CERT OURS THEIRS "}\n",
		       "@:1: tunnel \"office\": second-cert says that we prove ourselves a second "
		       "time, second-ca that the peer does: only who begins can, leave one out");
	expect_refusal(ANY PSK BY_CERT OURS "}\n",
		       "@:1: tunnel \"road\": second-cert says that we prove ourselves a second time, "
		       "which only who begins can: name the peer in remote, or give second-ca");
	expect_refusal(ANY CERTS BY_CERT "second-ca = { rsaca.pem, ca.pem }\n}\n",
		       "@:1: tunnel \"road\": " MEET);
	expect_refusal(ANY CERTS BY_CERT "second-ca = sub.pem\n}\n",
		       "@:1: tunnel \"road\": " MEET);
	expect_refusal(ANY "cert = gate.pem\nkey = gate.key\nca = sub.pem\n" BY_CERT
		       "second-ca = ca.pem\n}\n", "@:1: tunnel \"road\": " MEET);
	expect_refusal(ONE_PEER PSK BY_CERT "second-cert = user.pem\n}\n",
		       "@:1: tunnel \"office\": second-key is missing: the private key of the "
		       "certificate $/user.pem");
	expect_refusal(ONE_PEER PSK BY_CERT "second-cert = user.pem\nsecond-key = gate.key\n}\n",
		       "@:1: tunnel \"office\": the key in $/gate.key does not belong to the "
		       "certificate of C=DE, O=Example, CN=p384 in $/user.pem");
	expect_refusal(ANY PSK "second-auth = psk\n}\n",
		       "@:1: tunnel \"road\": second-auth = psk wants a second proof by a pre-shared "
		       "key: give second-psk-file");
	expect_refusal(ANY PSK "second-auth = psk\nsecond-psk-file = same.psk\n}\n",
		       "@:1: tunnel \"road\": second-psk-file has the secret of psk: one secret would "
		       "give both proofs");
	expect_refusal(ANY PSK "second-psk-file = users.psk\n}\n",
		       "@:1: tunnel \"road\": second-psk-file has no use with this second-auth: leave "
		       "it out, or say second-auth = psk");
	expect_refusal(ANY PSK BY_PSK THEIRS "}\n",
		       "@:1: tunnel \"road\": second-ca has no use with this second-auth: leave it "
		       "out, or say second-auth = cert");
	expect_refusal(ANY PSK BY_PSK "users = road.users\n}\n",
		       "@:1: tunnel \"road\": users is about EAP, and second-auth = psk wants none: "
		       "leave it out, or say second-auth = eap");
}

/* EAP-TLS after another proof: of CAs of its own, and with a certificate of its own. */
static void tls_of_its_own(void **state)
{
	struct tunnel_options *t;
	struct config *c;

	c = load_good(ANY CERTS "second-auth = eap\neap = tls\n" THEIRS "}\n");
	t = &c->tunnels[0];
	assert_ptr_equal(t->ike.remote_auth, &auth_signature_ops);
	assert_ptr_equal(t->ike.remote_second, &auth_eap_ops);
	assert_int_equal(chunk_list_count(t->second.ca), 1);
	assert_int_equal(chunk_list_count(t->ike.ca_hashes), 1);	/* TLS asks for its own */
	config_free(c);
	/* the machines by psk */
	c = load_good(ANY PSK "cert = gate.pem\nkey = gate.key\nsecond-auth = eap\neap = tls\n"
		      THEIRS "}\n");
	assert_null(c->tunnels[0].ike.remote_auth);
	assert_ptr_equal(c->tunnels[0].ike.local_auth, &auth_signature_ops);
	config_free(c);
	c = load_good(ONE_PEER CERTS "second-auth = eap\neap = tls\n" OURS "}\n");
	t = &c->tunnels[0];
	assert_ptr_equal(t->ike.local_auth, &auth_signature_ops);
	assert_ptr_equal(t->ike.local_second, &auth_eap_ops);
	assert_non_null(t->ike.second_certs);
	assert_memory_equal(t->ike.eap_id.data, "gw.example.org", 14);
	config_free(c);
	expect_refusal(ANY CERTS "second-auth = eap\neap = tls\nsecond-ca = sub.pem\n}\n",
		       "@:1: tunnel \"road\": eap has tls, and second-auth = eap: both proofs would be "
		       "by certificates of the same ca, so that one stolen key gives both: give "
		       "another CA as second-ca, or leave tls out of eap and take mschapv2 or ttls "
		       "with a password, or leave second-auth out");
	expect_refusal(ANY CERTS "eap = tls\n" THEIRS "}\n",
		       "@:1: tunnel \"road\": second-ca has no use with this second-auth: leave it "
		       "out, or say second-auth = cert");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_proves_what),
		cmocka_unit_test(mistakes),
		cmocka_unit_test(tls_of_its_own),
	};

	return cmocka_run_group_tests(tests, second_files, config_dir_remove);
}
