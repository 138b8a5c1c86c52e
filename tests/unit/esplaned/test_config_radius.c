// SPDX-License-Identifier: GPL-2.0
/* RADIUS servers in esplane.conf, and their way to the other process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>
#include "esplaned/conf/pack.h"
#include "ike/auth/eap.h"
#include "unit/esplaned/config_file.h"

#define TS	"local-ts = 10.1.0.0/24\nremote-ts = 10.2.0.0/24\n"
#define SERVER	"tunnel \"road\" {\nremote = any\npsk = \"a long secret: ok\"\n" TS
#define ONE_PEER "tunnel \"office\" {\nremote = 198.51.100.1\npsk = \"a long secret: ok\"\n" TS
#define RADIUS	"eap = radius\nradius-server = 192.0.2.9\nradius-secret-file = radius.secret\n"

static int make(void **state)
{
	int rc = config_dir_make(state);

	file_write("radius.secret", "testing123\n", 0600);
	return rc;
}

static void is_server(const struct endpoint *e, const char *text)
{
	char buf[ADDR_STRLEN];

	assert_string_equal(endpoint_str(e, buf), text);
}

static void servers(void **state)
{
	struct tunnel_options *t;
	char said[SAID_MAX];
	struct config *c;

	c = load(SERVER "eap = radius\nradius-server = { 192.0.2.9, \"192.0.2.9:1645\", "
		 "\"[2001:db8::9]:1813\" }\nradius-secret-file = radius.secret\n}\n", said);
	assert_non_null(c);
	assert_non_null(strstr(said, "psk: each user knows it"));
	t = &c->tunnels[0];
	assert_null(t->ike.local_auth);
	assert_ptr_equal(t->ike.remote_auth, &auth_eap_ops);
	assert_int_equal(t->ike.eap[0], EAP_TYPE_RADIUS);
	assert_int_equal(t->ike.eap[1], 0);
	assert_int_equal(t->radius_count, 3);
	is_server(&t->radius[0], "192.0.2.9:1812");
	is_server(&t->radius[1], "192.0.2.9:1645");
	is_server(&t->radius[2], "[2001:db8::9]:1813");
	assert_string_equal(t->radius_secret, "testing123");
	config_free(c);
	c = load(SERVER "eap = radius\nradius-server = 2001:db8::9\n"
		 "radius-secret-file = radius.secret\n}\n", said);
	assert_non_null(c);
	is_server(&c->tunnels[0].radius[0], "[2001:db8::9]:1812");
	config_free(c);
}

/* Addresses cross the border, the secret does not; other servers are another tunnel. */
static void the_way_across(void **state)
{
	static uint8_t octets[PACK_MAX], changed[PACK_MAX];
	struct writer w = writer_of(octets, sizeof(octets));
	struct tunnel_options *t, got;
	char said[SAID_MAX];
	struct cursor cursor;
	struct config *c;

	c = load(SERVER RADIUS "}\n", said);
	assert_non_null(c);
	t = &c->tunnels[0];
	pack_tunnel(&w, t);
	assert_false(w.overflow);
	assert_null(memmem(octets, w.len, "testing123", 10));
	cursor = cursor_of(octets, w.len);
	assert_true(unpack_tunnel(&cursor, &got, &c->lists));
	assert_int_equal(got.radius_count, 1);
	is_server(&got.radius[0], "192.0.2.9:1812");
	assert_string_equal(got.radius_secret, "");
	assert_int_equal(got.ike.eap[0], EAP_TYPE_RADIUS);
	got.radius[0].port++;
	w = writer_of(changed, sizeof(changed));
	pack_tunnel(&w, &got);
	assert_memory_not_equal(changed, octets, w.len);
	got.radius[0].port--;
	w = writer_of(changed, sizeof(changed));
	pack_tunnel(&w, &got);
	assert_memory_equal(changed, octets, w.len);
	tunnel_options_clear(&got);
	config_free(c);
}

static void mistakes(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{ SERVER "eap = radius\nradius-server = 192.0.2.9\n}\n",
		  "@:1: tunnel \"road\": eap = radius needs radius-secret-file: a file with the secret "
		  "shared with the RADIUS server" },
		{ SERVER "eap = radius\nradius-secret-file = radius.secret\n}\n",
		  "@:1: tunnel \"road\": eap = radius needs radius-server: the address of the RADIUS "
		  "server" },
		{ SERVER "radius-server = 192.0.2.9\n}\n",
		  "@:1: tunnel \"road\": radius-server is there, but nothing is asked of a RADIUS server: "
		  "add eap = radius, or leave it out" },
		{ SERVER "radius-secret-file = radius.secret\n}\n",
		  "@:1: tunnel \"road\": radius-secret-file is there, but nothing is asked of a RADIUS "
		  "server: add eap = radius, or leave it out" },
		{ ONE_PEER RADIUS "}\n",
		  "@:1: tunnel \"office\": eap = radius says that the peers prove themselves by EAP, "
		  "which only who begins can: use remote = any" },
		{ SERVER "eap = { radius, md5 }\nradius-server = 192.0.2.9\n"
		  "radius-secret-file = radius.secret\n}\n",
		  "@:1: tunnel \"road\": eap = radius leaves the methods to the RADIUS server: it stands "
		  "alone, remove the others from eap" },
		{ SERVER RADIUS "users = road.users\n}\n",
		  "@:1: tunnel \"road\": users and eap = radius both say how the peers prove who they "
		  "are: leave one of them out" },
		{ SERVER RADIUS "password = x\n}\n",
		  "@:1: tunnel \"road\": password and eap = radius say how both ends prove who they are, "
		  "so nobody needs the psk: leave it, or one of them, out" },
		{ SERVER RADIUS "eap-identity = alice\n}\n",
		  "@:1: tunnel \"road\": eap-identity is about our own proof by EAP, and with eap = "
		  "radius the peers prove themselves: leave it out" },
		{ SERVER RADIUS "eap-only = yes\n}\n",
		  "@:1: tunnel \"road\": eap-only = yes needs tls in eap: no other method proves both ends "
		  "well enough (RFC 5998)" },
		{ SERVER "eap = radius\nradius-server = { 192.0.2.9, \"192.0.2.9:1812\" }\n"
		  "radius-secret-file = radius.secret\n}\n",
		  "@:7: tunnel \"road\": radius-server: 192.0.2.9:1812 is there twice" },
		{ SERVER "eap = radius\nradius-server = { 192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4 }\n"
		  "radius-secret-file = radius.secret\n}\n",
		  "@:7: tunnel \"road\": radius-server: more than 3 servers" },
		{ SERVER "eap = radius\nradius-server = 192.0.2.9\nradius-secret-file = none\n}\n",
		  "@:8: tunnel \"road\": radius-secret-file: $/none: No such file or directory; write the "
		  "secret into a file of mode 0600" },
		{ SERVER "eap = radius\nradius-server = 192.0.2.9\nradius-secret-file = open\n}\n",
		  "@:8: tunnel \"road\": radius-secret-file: $/open holds a secret and is open to others "
		  "(mode 0644): chmod 600 $/open" },
	};

	file_write("road.users", "alice: a\n", 0600);
	file_write("open", "testing123\n", 0644);
	for (size_t i = 0; i < COUNT(rows); i++)
		expect_refusal(rows[i].text, rows[i].message);
}

static void addresses(void **state)
{
	static const char *const wrong[] = {
		"radius.example.org", "192.0.2.9:0", "192.0.2.9:65536", "192.0.2.9:", "192.0.2.9:x",
		"[192.0.2.9]:1812", "[2001:db8::9]", "[2001:db8::9:1812", "[2001:db8::9]x:1812", ":1812",
		"[]:1812", "192.0.2:1812",
	};
	char text[512], message[512];

	for (size_t i = 0; i < COUNT(wrong); i++) {
		snprintf(text, sizeof(text), SERVER "eap = radius\nradius-server = \"%s\"\n"
			 "radius-secret-file = radius.secret\n}\n", wrong[i]);
		snprintf(message, sizeof(message),
			 "@:7: tunnel \"road\": radius-server: \"%s\" is not the address of a server; use "
			 "an address, as 192.0.2.9, with a port that is not 1812 as 192.0.2.9:1645 or "
			 "[2001:db8::9]:1645", wrong[i]);
		expect_refusal(text, message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers), cmocka_unit_test(the_way_across),
		cmocka_unit_test(mistakes), cmocka_unit_test(addresses),
	};

	return cmocka_run_group_tests(tests, make, config_dir_remove);
}
