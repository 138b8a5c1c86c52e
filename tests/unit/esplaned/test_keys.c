// SPDX-License-Identifier: GPL-2.0
/* The border between the process that speaks IKE and the one with the secrets. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "crypto/crypto.h"
#include "crypto/signature.h"
#include "fake/fake_chain.h"
#include "esplaned/conf/pack.h"
#include "esplaned/keys/keys.h"
#include "esplaned/keys/link.h"
#include "esplaned/keys/runner.h"
#include "esplaned/keys/vault.h"
#include "ike/object/stranger.h"
#include "lib/log.h"
#include "suite/ikev2.h"
#include "unit/esplaned/border.h"

#define SECRET	"a long secret: ok"		/* SHORT's */

static void mac_is(struct border *b, uint32_t secret, const char *psk, const void *octets,
		   size_t len)
{
	const struct chunk parts = { octets, len };
	uint8_t want[PRF_LEN_MAX];

	assert_true(keys_mac(b->keys, 77, secret, PRF_HMAC_SHA2_384, parts));
	answer_wait(b);
	assert_int_equal(b->id, 77);
	assert_string_equal(b->why, "");
	assert_true(auth_psk(PRF_HMAC_SHA2_384, (struct chunk){ (const uint8_t *)psk, strlen(psk) },
			     &parts, 1, want));
	assert_int_equal(b->mac_len, 48);
	assert_memory_equal(b->mac, want, 48);
}

static void mac_fails(struct border *b, uint32_t secret, uint16_t prf, const char *why)
{
	assert_true(keys_mac(b->keys, 78, secret, prf, (struct chunk){ (uint8_t *)"x", 1 }));
	answer_wait(b);
	assert_int_equal(b->id, 78);
	assert_string_equal(b->why, why);
	assert_int_equal(b->mac_len, 0);
}

static void the_configuration_comes_without_secrets(void **state)
{
	static const char text[] =
		ONE("") "tunnel b {\nremote = any\npsk = 'another secret'\n"
			"child x { local-ts = 10.1.0.1 remote-ts = 10.7.0.1 }\n"
			"child y { local-ts = 10.1.0.1 remote-ts = 10.8.0.1 }\n}\n";
	struct config *c, *direct = load_good(text);
	struct border b;

	border_open(&b);
	c = border_load(&b, text);
	assert_int_equal(c->count, 2);
	assert_int_not_equal(c->tunnels[0].secret, 0);
	assert_int_not_equal(c->tunnels[0].secret, c->tunnels[1].secret);
	for (size_t i = 0; i < 2; i++) {
		assert_false(tunnel_options_equal(&c->tunnels[i], &direct->tunnels[i]));
		direct->tunnels[i].secret = c->tunnels[i].secret;
		assert_true(tunnel_options_equal(&c->tunnels[i], &direct->tunnels[i]));
		assert_int_equal(c->tunnels[i].psk.len, 0);
		assert_null(memmem(&c->tunnels[i], sizeof(c->tunnels[i]), "secret", 6));
	}
	mac_is(&b, c->tunnels[0].secret, SECRET, "octets", 6);
	mac_is(&b, c->tunnels[1].secret, "another secret", "octets", 6);
	config_free(c);
	config_free(direct);
	assert_int_equal(border_close(&b), 0);
}

/* Keys go in and come out with the PPK, which stays; one that there is not is said. */
static void a_ppk_is_mixed_in(void **state)
{
	static const char text[] =
		ONE("ppk = \"0123456789abcdef0123456789abcdef\"\nppk-id = \"p\"\n")
		"tunnel b {\nremote = any\npsk = 'another secret'\nlocal-ts = 10.1.0.1\n"
		"remote-ts = 10.7.0.1\n}\n";
	static const uint8_t sk[3 * 48] = { 1, [48] = 2, [96] = 3 };
	const struct chunk ppk = { (const uint8_t *)"0123456789abcdef0123456789abcdef", 32 };
	const struct chunk in = { sk, sizeof(sk) };
	uint8_t want[3 * 48];
	struct border b;
	struct config *c;

	border_open(&b);
	c = border_load(&b, text);
	assert_int_equal(c->tunnels[0].ppk.len, 0);
	assert_string_equal(c->tunnels[0].ike.ppk_id, "p");
	assert_true(keys_ppk(b.keys, 77, c->tunnels[0].secret, PRF_HMAC_SHA2_384, in));
	answer_wait(&b);
	assert_string_equal(b.why, "");
	assert_true(auth_ppk(PRF_HMAC_SHA2_384, ppk, in, want));
	assert_int_equal(b.mac_len, sizeof(want));
	assert_memory_equal(b.mac, want, sizeof(want));
	assert_memory_not_equal(want, want + 48, 48);
	assert_true(keys_ppk(b.keys, 78, c->tunnels[1].secret, PRF_HMAC_SHA2_384, in));
	answer_wait(&b);
	assert_string_equal(b.why, "the tunnel's PPK is not known");
	assert_true(keys_ppk(b.keys, 79, c->tunnels[0].secret, 999, in));
	answer_wait(&b);
	assert_string_equal(b.why, "the PPK cannot be used with the PRF");
	config_free(c);
	assert_int_equal(border_close(&b), 0);
}

static void a_mac_takes_a_whole_message(void **state)
{
	static uint8_t octets[64 * 1024 + 300], longer[LINK_MAX];
	struct border b;
	struct config *c;

	border_open(&b);
	c = border_load(&b, ONE(""));
	memset(octets, 0xa5, sizeof(octets));
	mac_is(&b, c->tunnels[0].secret, SECRET, octets, sizeof(octets));
	mac_is(&b, c->tunnels[0].secret, SECRET, octets, 0);
	mac_fails(&b, c->tunnels[0].secret, 99, "the secret cannot be used with the PRF");
	mac_fails(&b, 12345, PRF_HMAC_SHA2_256, "the tunnel's secret is not known");
	mac_fails(&b, 0, PRF_HMAC_SHA2_256, "the tunnel's secret is not known");
	assert_false(keys_mac(b.keys, 1, c->tunnels[0].secret, PRF_HMAC_SHA2_256,
			      (struct chunk){ longer, sizeof(longer) }));
	config_free(c);
	assert_int_equal(border_close(&b), 0);
}

/* Another psk is another number, so that reload sees a change that it cannot read. */
static void a_reload_numbers_secrets_anew(void **state)
{
	struct config *a, *b2, *c, *d;
	struct border b;

	border_open(&b);
	a = border_load(&b, ONE(""));
	b2 = border_load(&b, ONE("metric = 5\n"));
	assert_int_equal(a->tunnels[0].secret, b2->tunnels[0].secret);
	c = border_load(&b, ONE("psk = 'changed secret'\n"));
	assert_int_not_equal(a->tunnels[0].secret, c->tunnels[0].secret);
	assert_false(tunnel_options_equal(&a->tunnels[0], &c->tunnels[0]));
	/* What has not been taken over yet may still ask for the one before. */
	mac_is(&b, a->tunnels[0].secret, SECRET, "x", 1);
	mac_is(&b, c->tunnels[0].secret, "changed secret", "x", 1);
	/* One that is refused takes nothing away. */
	file_write("t.conf", "tunnel x {\n}\n", 0600);
	assert_null(keys_load(b.keys, b.why));
	mac_is(&b, a->tunnels[0].secret, SECRET, "x", 1);
	d = border_load(&b, ONE("psk = 'changed secret'\n"));
	assert_int_equal(c->tunnels[0].secret, d->tunnels[0].secret);
	mac_fails(&b, a->tunnels[0].secret, PRF_HMAC_SHA2_256, "the tunnel's secret is not known");
	mac_is(&b, d->tunnels[0].secret, "changed secret", "x", 1);
	config_free(a);
	config_free(b2);
	config_free(c);
	config_free(d);
	assert_int_equal(border_close(&b), 0);
}

static void mistakes_are_counted(void **state)
{
	char why[CONFIG_WHY_MAX], want[CONFIG_WHY_MAX];
	struct border b;

	border_open(&b);
	file_write("t.conf", ONE("mtu = 1\nmetric = x\ntable = y\n"), 0600);
	assert_null(keys_load(b.keys, why));
	snprintf(want, sizeof(want),
		 "%s/t.conf:6: tunnel \"office\": mtu: \"1\" is not an MTU in octets: use 576 to "
		 "65535; and 2 more: esplaned --check-config says all",
		 config_dir);
	assert_string_equal(why, want);
	config_free(border_load(&b, ONE("")));
	assert_int_equal(border_close(&b), 0);
}

static void the_end_of_the_vault_is_noticed(void **state)
{
	struct border b;
	char why[CONFIG_WHY_MAX];
	int status;

	log_init("test", LOG_STYLE_PLAIN, -1);
	border_open(&b);
	config_free(border_load(&b, ONE("")));
	kill(b.vault, SIGKILL);
	assert_int_equal(waitpid(b.vault, &status, 0), b.vault);
	assert_false(keys_read(b.keys));
	assert_null(keys_load(b.keys, why));
	assert_string_equal(why, "the process with the secrets has ended");
	assert_false(keys_mac(b.keys, 1, 1, PRF_HMAC_SHA2_256, (struct chunk){ NULL, 0 }));
	keys_free(b.keys);
	close(b.supervisor);
	log_init("test", LOG_STYLE_PLAIN, LOG_INFO);
}

/* While the other process does not run: every stranger may wait for its proof. */
static void there_is_room_for_every_stranger(void **state)
{
	static const uint8_t octets[4096 + 256 + 32];
	static uint8_t msg[LINK_MAX];
	struct keys *keys;
	int fds[2];

	assert_true(link_pair(fds));
	keys = keys_attach(fds[0], -1, NULL, crash);
	for (uint32_t job = 1; job <= STRANGERS_MAX + 1024; job++)
		assert_true(keys_mac(keys, job, 1, PRF_HMAC_SHA2_256,
				     (struct chunk){ octets, job <= STRANGERS_MAX ?
							     sizeof(octets) : 700 }));
	for (uint32_t job = 1; job <= STRANGERS_MAX + 1024; job++)
		assert_true(link_recv(fds[1], msg, false) > 0);
	assert_int_equal(link_recv(fds[1], msg, false), -EAGAIN);
	keys_free(keys);
	close(fds[1]);
}

/* More than fits: the line ends with a whole word. */
static void facts_that_are_many(void **state)
{
	static struct facts f = { .child = "office" };
	struct tunnel_options t = { .ike.child_count = 1 };
	struct child_conf child = { .name = "office" };
	char line[FACTS_ENV_LINE];

	t.ike.child = &child;
	f.net.dns_count = INTERNAL_SERVERS_MAX;
	f.net.domain_count = INTERNAL_DOMAINS_MAX;
	for (unsigned int i = 0; i < INTERNAL_SERVERS_MAX; i++)
		addr_parse(&f.net.dns[i], "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff");
	for (unsigned int i = 0; i < INTERNAL_DOMAINS_MAX; i++)
		memset(f.net.domain[i], 'a', TUNNEL_HOST_MAX - 1);
	facts_line(&t, &f, true, 11, line);
	assert_int_equal(strlen(line), strlen("ESPLANE_DNS=") + 8 * 38 + 7);
	facts_line(&t, &f, true, 12, line);
	assert_int_equal(strlen(line), strlen("ESPLANE_DNS_DOMAINS=") + 16 * 253 + 15);
}

/* Of a child of the configuration, or of a part of one; whose name may be as long as can be. */
static void facts_of_parts(void **state)
{
	static const char *const good[] = { "office", "office-2", "office-65", "office-99" };
	static const char *const bad[] = { "office-1", "office-100", "office-02", "office-", "offic",
					   "office-2-2", "office-2 ", "-2", "" };
	struct tunnel_options t = { .ike.child_count = 1 };
	struct child_conf child = { .name = "office" };
	char line[FACTS_ENV_LINE], name[TUNNEL_NAME_MAX];
	struct facts f = { 0 };

	t.ike.child = &child;
	for (size_t i = 0; i < COUNT(good); i++) {
		snprintf(f.child, sizeof(f.child), "%s", good[i]);
		assert_non_null(facts_line(&t, &f, true, 3, line));
		assert_string_equal(line + strlen("ESPLANE_CHILD="), good[i]);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		snprintf(f.child, sizeof(f.child), "%s", bad[i]);
		assert_null(facts_line(&t, &f, true, 3, line));
	}
	memset(child.name, 'a', sizeof(child.name) - 1);
	snprintf(f.child, sizeof(f.child), "%s", child_part_name(name, child.name, 64));
	assert_int_equal(strlen(f.child), TUNNEL_NAME_MAX - 1);
	assert_string_equal(f.child + TUNNEL_NAME_MAX - 4, "-64");
	assert_non_null(facts_line(&t, &f, true, 3, line));
}

static struct facts office_facts(void)
{
	struct facts f = { .child = "office", .peer = "gw.example.org" };
	struct ts ts[2];
	const char *why;

	assert_true(addr_parse(&f.local, "192.0.2.1") && addr_parse(&f.remote, "198.51.100.1"));
	assert_true(ts_parse(&ts[0], "10.2.0.0/25", &why) &&
		    ts_parse(&ts[1], "fd02::/64[tcp/80]", &why));
	f.remote_ts = ts_list_new(ts, 2);
	assert_true(addr_parse(&f.net.dns[0], "10.2.0.53") &&
		    addr_parse(&f.net.dns[1], "fd02::53"));
	f.net.dns_count = 2;
	snprintf(f.net.domain[0], sizeof(f.net.domain[0]), "corp.example.org");
	f.net.domain_count = 1;
	return f;
}

/* What the vault wants to have run: its id. */
static uint32_t script_of(const struct border *b, const char *path, const char *const *lines,
			  size_t count)
{
	static uint8_t msg[LINK_MAX];
	ssize_t n = link_recv(b->supervisor, msg, true);
	uint32_t id, group, seconds;
	struct cursor c = cursor_of(msg, n > 0 ? (size_t)n : 0);
	uint8_t kind, lines_count;
	char text[8192];

	assert_true(cursor_u8(&c, &kind) && cursor_u32(&c, &id) && cursor_u32(&c, &group) &&
		    cursor_u32(&c, &seconds) && unpack_text(&c, text, sizeof(text)) &&
		    cursor_u8(&c, &lines_count));
	assert_int_equal(kind, LINK_RUN);
	assert_int_equal(seconds, 3);
	assert_string_equal(text, path);
	assert_int_equal(lines_count, count);
	for (size_t i = 0; i < count; i++) {
		assert_true(unpack_text(&c, text, sizeof(text)));
		assert_string_equal(text, lines[i]);
	}
	assert_int_equal(c.left, 0);
	return id;
}

/* The path and the tunnel's options are those of the vault's own configuration. */
static void a_hook_is_the_configurations(void **state)
{
	static const char *const lines[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"ESPLANE_EVENT=up",
		"ESPLANE_TUNNEL=office",
		"ESPLANE_CHILD=office",
		"ESPLANE_INTERFACE=wan",
		"ESPLANE_PEER=a\\x0aLD_PRELOAD=x\\x1b",
		"ESPLANE_LOCAL=192.0.2.1",
		"ESPLANE_REMOTE=198.51.100.1",
		"ESPLANE_ADDRESS=",
		"ESPLANE_LOCAL_TS=",
		"ESPLANE_REMOTE_TS=10.2.0.0/25 fd02::/64[tcp/80]",
		"ESPLANE_DNS=10.2.0.53 fd02::53",
		"ESPLANE_DNS_DOMAINS=corp.example.org",
	};
	struct facts f = office_facts();
	struct border b;
	struct config *c;
	char path[128];

	file_write("hook", "#!/bin/sh\n", 0700);
	config_path_of("hook", path);
	border_open(&b);
	c = border_load(&b, ONE("up-script = hook\ninterface = wan\nscript-timeout = 3\n"));
	snprintf(f.peer, sizeof(f.peer), "a\nLD_PRELOAD=x\x1b");
	assert_true(keys_hook(b.keys, 5, c->tunnels[0].secret, true, &f));
	assert_int_equal(script_of(&b, path, lines, COUNT(lines)), 5);

	/* There is no down-script; no such child; no such tunnel. */
	assert_true(keys_hook(b.keys, 6, c->tunnels[0].secret, false, &f));
	answer_wait(&b);
	assert_int_equal(b.id, 6);
	assert_string_equal(b.why, "");
	snprintf(f.child, sizeof(f.child), "voice");
	assert_true(keys_hook(b.keys, 7, c->tunnels[0].secret, true, &f));
	answer_wait(&b);
	assert_string_equal(b.why, "the tunnel has no such child");
	/* a part of one, as which a peer may have it */
	snprintf(f.child, sizeof(f.child), "office-2");
	assert_true(keys_hook(b.keys, 9, c->tunnels[0].secret, false, &f));
	answer_wait(&b);
	assert_int_equal(b.id, 9);
	assert_string_equal(b.why, "");
	assert_true(keys_hook(b.keys, 8, 999, true, &f));
	answer_wait(&b);
	assert_string_equal(b.why, "the tunnel is not known");
	facts_clear(&f);
	config_free(c);
	assert_int_equal(border_close(&b), 0);
}

static void ran(const struct border *b, uint32_t id)
{
	static uint8_t msg[LINK_MAX];
	struct writer w = link_begin(msg, LINK_RAN);

	writer_u32(&w, id);
	pack_text(&w, "");
	assert_true(link_send(b->supervisor, &w, true));
}

/* A peer of one tunnel that comes and goes all the time stops no script of another. */
static void scripts_of_one_tunnel_stop_no_others(void **state)
{
	struct facts f = office_facts();
	struct config *c;
	struct border b;

	file_write("hook", "#!/bin/sh\n", 0700);
	border_open(&b);
	c = border_load(&b, ONE("up-script = hook\n")
			"tunnel \"lab\" {\nremote = \"198.51.100.2\"\npsk = \"another long one\"\n"
			"local-ts = { \"10.1.0.0/24\" }\nremote-ts = { \"10.3.0.0/24\" }\n"
			"up-script = hook\n}\n");
	for (int i = 0; i < 300; i++)
		assert_true(keys_hook(b.keys, 5, c->tunnels[0].secret, true, &f));
	answer_wait(&b);
	assert_int_equal(b.id, 5);
	assert_string_equal(b.why, "too many scripts wait: it is not run");
	snprintf(f.child, sizeof(f.child), "lab");
	assert_true(keys_hook(b.keys, 6, c->tunnels[1].secret, true, &f));
	while (b.answers < 300 - 128)
		answer_wait(&b);
	ran(&b, 6);
	answer_wait(&b);
	assert_int_equal(b.id, 6);
	assert_string_equal(b.why, "");
	/* as soon as one has ended there is room again */
	ran(&b, 5);
	answer_wait(&b);
	snprintf(f.child, sizeof(f.child), "office");
	assert_true(keys_hook(b.keys, 5, c->tunnels[0].secret, true, &f));
	ran(&b, 5);
	answer_wait(&b);
	assert_string_equal(b.why, "");
	facts_clear(&f);
	config_free(c);
	assert_int_equal(border_close(&b), 0);
}

/* Each is sent to a vault of its own, which ends, whatever is in it. */
static void unsound_messages_end_the_vault(void **state)
{
	static const struct {
		const char *octets;
		size_t len;
	} rows[] = {
		{ "\0", 1 },
		{ "\xff", 1 },
		{ "\x01", 1 },			/* LOAD without its number */
		{ "\x01\0\0\0\1x", 6 },		/* and with more */
		{ "\x02\0\0\0\1\0\0\0\1\0", 10 },	/* MAC without a PRF */
		{ "\x03\0\0\0\1\0\0\0\1\1", 10 },	/* HOOK without facts */
		{ "\x03\0\0\0\1\0\0\0\1\2\0\0\0\0\0\0\0\0\0", 19 },	/* neither up nor down */
		{ "\x03\0\0\0\1\0\0\0\1\1\xff\xff", 12 },
		{ "\x04\0\0\0\1", 5 },		/* what only the vault sends */
		{ "\x0a\0\0\0\1\0\0", 7 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct border b;

		border_open(&b);
		config_free(border_load(&b, ONE("")));
		assert_int_equal(send(keys_fd(b.keys), rows[i].octets, rows[i].len, 0),
				 rows[i].len);
		if (border_close(&b) != 1)
			fail_msg("the vault went on after message %zu", i);
	}
}

/* Every part of a good message, and every octet of it changed, under the sanitizers. */
static void parts_of_messages(void **state)
{
	static uint8_t msg[LINK_MAX], copy[LINK_MAX], drain[LINK_MAX];
	struct writer w = link_begin(msg, LINK_HOOK);
	int network[2], supervisor[2];
	struct facts f = office_facts();
	struct vault *v;
	char path[128];

	log_init("test", LOG_STYLE_PLAIN, -1);
	file_write("hook", "#!/bin/sh\n", 0700);
	file_write("t.conf", ONE("up-script = hook\n"), 0600);
	config_path_of("t.conf", path);
	assert_true(link_pair(network) && link_pair(supervisor));
	v = vault_new(network[1], supervisor[1], path);
	assert_true(vault_input(v, (const uint8_t *)"\x01\0\0\0\1", 5));
	writer_u32(&w, 5);
	writer_u32(&w, 1);
	writer_u8(&w, 1);
	facts_pack(&w, &f);
	for (size_t len = 0; len < w.len; len++) {
		uint8_t *exact = mem_dup(msg, len);

		assert_false(vault_input(v, exact, len));
		free(exact);
	}
	for (size_t i = 1; i < w.len; i++) {
		for (unsigned int bit = 0; bit < 8; bit++) {
			memcpy(copy, msg, w.len);
			copy[i] ^= (uint8_t)(1 << bit);
			vault_input(v, copy, w.len);
			while (link_recv(network[0], drain, false) > 0)
				;
			while (link_recv(supervisor[0], drain, false) > 0)
				;
		}
	}
	assert_false(vault_ran(v, (const uint8_t *)"\x0a\0\0\0\1\0\5x", 8));
	facts_clear(&f);
	vault_free(v);
	for (int i = 0; i < 2; i++) {
		close(network[i]);
		close(supervisor[i]);
	}
	log_init("test", LOG_STYLE_PLAIN, LOG_INFO);
}

/* The private key stays where it is; certificates come across, however long the lists. */
static void signatures(void **state)
{
	static const char *const conf =
		"tunnel a {\nremote = 192.0.2.1\nlocal-ts = 10.1.0.0/24\nremote-ts = 10.2.0.0/24\n"
		"remote-id = b\ncert = p256.pem\nkey = p256.key\nca = many.pem\n}\n"
		"tunnel b {\nremote = 192.0.2.2\nlocal-ts = 10.1.0.0/24\nremote-ts = 10.3.0.0/24\n"
		"psk = '" SECRET "'\n}\n";
	const struct chunk octets = { (const uint8_t *)"octets", 6 };
	char command[512], why[SIGNATURE_WHY_MAX];
	uint8_t hash[32] = { 0 };
	struct tunnel_options *t;
	struct border b;
	struct config *c;

	snprintf(command, sizeof(command), "%s/unit/crypto/pki.sh %s && cd %s && "
		 "for i in $(seq 200); do cat ca.pem; done >many.pem",
		 TESTS_DIR, config_dir, config_dir);
	assert_int_equal(system(command), 0);
	border_open(&b);
	c = border_load(&b, conf);
	t = &c->tunnels[0];
	assert_int_equal(chunk_list_count(t->ca), 200);
	assert_int_equal(chunk_list_count(t->ike.certs), 1);
	assert_null(t->key);
	assert_true(keys_sign(b.keys, 5, t->secret, 1 << SIGNATURE_HASH_SHA2_256, octets));
	answer_wait(&b);
	assert_int_equal(b.id, 5);
	assert_string_equal(b.why, "");
	assert_int_equal(b.method, AUTH_SIGNATURE);
	assert_true(chain_signed(t->ike.certs->chunk[0], false, b.method, octets,
				    (struct chunk){ b.auth, b.auth_len }, why));
	/* likewise of TLS: ecdsa_secp256r1_sha256, of 32 octets and not of 31 */
	assert_true(keys_tls(b.keys, 8, t->secret, 0x0403, (struct chunk){ hash, 32 }));
	answer_wait(&b);
	assert_int_equal(b.id, 8);
	assert_string_equal(b.why, "");
	assert_in_range(b.auth_len, 64, 72);
	assert_true(keys_tls(b.keys, 9, t->secret, 0x0403, (struct chunk){ hash, 31 }));
	answer_wait(&b);
	assert_non_null(strstr(b.why, "our key cannot sign a TLS handshake with 0x0403"));
	assert_true(keys_tls(b.keys, 10, c->tunnels[1].secret, 0x0403, (struct chunk){ hash, 32 }));
	answer_wait(&b);
	assert_string_equal(b.why, "the tunnel's private key is not known");
	/* neither the other's, nor one that is not there */
	assert_true(keys_sign(b.keys, 6, c->tunnels[1].secret, 0, octets));
	answer_wait(&b);
	assert_string_equal(b.why, "the tunnel's private key is not known");
	assert_true(keys_sign(b.keys, 7, 4711, 0, octets));
	answer_wait(&b);
	assert_string_equal(b.why, "the tunnel's private key is not known");
	config_free(c);
	assert_int_equal(border_close(&b), 0);
}

/* Passwords stay where they are: an answer of ours, and whether the peer's is right. */
static void passwords(void **state)
{
	static const char *const conf =
		"tunnel a {\nremote = any\npsk = '" SECRET "'\nlocal-ts = 10.1.0.0/24\n"
		"remote-ts = 10.2.0.0/24\nusers = a.users\neap = { md5, mschapv2 }\n}\n"
		"tunnel b {\nremote = 192.0.2.2\npsk = '" SECRET "'\nlocal-ts = 10.1.0.0/24\n"
		"remote-ts = 10.3.0.0/24\neap-identity = alice\npassword = wonderland\n}\n";
	const struct chunk alice = { (const uint8_t *)"alice", 5 };
	const struct chunk mallory = { (const uint8_t *)"mallory", 7 };
	uint8_t check[1 + 16 + 8] = "\7";
	uint32_t server, client;
	struct border b;
	struct config *c;

	file_write("a.users", "alice: wonderland\n", 0600);
	border_open(&b);
	c = border_load(&b, conf);
	server = c->tunnels[0].secret;
	client = c->tunnels[1].secret;
	assert_string_equal(c->tunnels[1].password, "");
	memcpy(check + 17, "12345678", 8);
	assert_true(keys_eap(b.keys, 5, client, IKE_EAP_MD5_ANSWER, alice,
			     (struct chunk){ (const uint8_t *)"\00712345678", 9 }));
	answer_wait(&b);
	assert_int_equal(b.id, 5);
	assert_string_equal(b.why, "");
	assert_int_equal(b.mac_len, 16);
	memcpy(check + 1, b.mac, 16);
	assert_true(keys_eap(b.keys, 6, server, IKE_EAP_MD5_CHECK, alice,
			     (struct chunk){ check, sizeof(check) }));
	answer_wait(&b);
	assert_string_equal(b.why, "");
	assert_int_equal(b.mac_len, 0);
	assert_true(keys_eap(b.keys, 7, server, IKE_EAP_MD5_CHECK, mallory,
			     (struct chunk){ check, sizeof(check) }));
	answer_wait(&b);
	assert_string_equal(b.why, "no such user");
	/* a user of one tunnel is none of another */
	assert_true(keys_eap(b.keys, 8, client, IKE_EAP_MD5_CHECK, alice,
			     (struct chunk){ check, sizeof(check) }));
	answer_wait(&b);
	assert_string_equal(b.why, "no such user");
	/* another password, at a reload, changes no tunnel */
	config_free(c);
	file_write("a.users", "alice: looking-glass\n", 0600);
	c = border_load(&b, conf);
	assert_int_equal(c->tunnels[0].secret, server);
	assert_true(keys_eap(b.keys, 9, server, IKE_EAP_MD5_CHECK, alice,
			     (struct chunk){ check, sizeof(check) }));
	answer_wait(&b);
	assert_string_equal(b.why, "a wrong password");
	/* nobody but the client is asked for a password, and it has one */
	assert_true(keys_eap(b.keys, 10, server, IKE_EAP_MD5_ANSWER, alice,
			     (struct chunk){ (const uint8_t *)"\00712345678", 9 }));
	answer_wait(&b);
	assert_string_equal(b.why, "the tunnel has no password of its own");
	config_free(c);
	assert_int_equal(border_close(&b), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_that_are_many),
		cmocka_unit_test(facts_of_parts),
		cmocka_unit_test(signatures),
		cmocka_unit_test(passwords),
		cmocka_unit_test(the_configuration_comes_without_secrets),
		cmocka_unit_test(a_mac_takes_a_whole_message),
		cmocka_unit_test(a_ppk_is_mixed_in),
		cmocka_unit_test(a_reload_numbers_secrets_anew),
		cmocka_unit_test(mistakes_are_counted),
		cmocka_unit_test(there_is_room_for_every_stranger),
		cmocka_unit_test(the_end_of_the_vault_is_noticed),
		cmocka_unit_test(a_hook_is_the_configurations),
		cmocka_unit_test(scripts_of_one_tunnel_stop_no_others),
		cmocka_unit_test(unsound_messages_end_the_vault),
		cmocka_unit_test(parts_of_messages),
	};

	return cmocka_run_group_tests(tests, config_dir_make, config_dir_remove);
}
