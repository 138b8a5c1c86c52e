// SPDX-License-Identifier: GPL-2.0
/* Keys in DNS: the process that looks them up, with a server of signed zones on 127.0.0.1. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "esplaned/conf/pack.h"
#include "esplaned/engine/dns_key.h"
#include "esplaned/keys/dnssec.h"
#include "esplaned/keys/fetch.h"
#include "esplaned/keys/keys.h"
#include "esplaned/keys/link.h"
#include "esplaned/keys/sandbox.h"
#include "lib/log.h"
#include "suite/ikev2.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define TIMEOUT_S	60		/* a busy host may need some of it */

static char dir[32];
static unsigned int port;
static pid_t server, process;
static struct daemon d;
static struct tunnel_entry tunnel;
static unsigned int told;

static unsigned int free_port(void)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	socklen_t len = sizeof(sin);

	assert_int_equal(bind(fd, (struct sockaddr *)&sin, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	close(fd);
	return ntohs(sin.sin_port);
}

/* @at: where it asks. */
static void process_start(unsigned int at, unsigned int timeout_s)
{
	static const uint8_t crash[IKE_CRASH_SECRET];
	char name[32];
	int link[2], fds[2];

	assert_true(link_pair(link) && link_pair(fds));
	snprintf(name, sizeof(name), "127.0.0.1@%u", at);
	process = fork();
	if (!process) {
		log_init("dnssec", LOG_STYLE_PLAIN, -1);
		close(fds[0]);
		close(link[0]);
		close(link[1]);
		/* with the filter of system calls that it has in the daemon */
		if (!sandbox_filter(SANDBOX_FETCHER))
			_exit(9);
		_exit(dnssec_run(fds[1], name, timeout_s));
	}
	close(fds[1]);
	close(link[1]);
	d.keys = keys_attach(link[0], -1, NULL, crash);
	keys_set_dnssec(d.keys, fetch_new(fds[0], "looks up keys in DNS"));
}

static int process_stop(void)
{
	int status;

	keys_free(d.keys);
	d.keys = NULL;
	assert_int_equal(waitpid(process, &status, 0), process);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int make(void **state)
{
	char command[1024];

	snprintf(dir, sizeof(dir), "/tmp/esplane-dnssec.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(command, sizeof(command), "%s/unit/crypto/pki.sh %s && cd %s && "
		 "for k in rsa2048 rsa1024 ed25519; do openssl pkey -in $k.key -pubout "
		 "-outform DER -out $k.pub.der || exit 1; done", TESTS_DIR, dir, dir);
	if (system(command))
		return -1;
	port = free_port();
	server = fork();
	if (!server) {
		snprintf(command, sizeof(command), "%u", port);
		execl(TESTS_DIR "/unit/esplaned/zones.sh", "zones.sh", dir, command, NULL);
		_exit(127);
	}
	/* it answers when it is there */
	snprintf(command, sizeof(command), "for i in $(seq 600); do drill -p %u @127.0.0.1 SOA "
		 "plain.example 2>/dev/null | grep -q 'rcode: NOERROR' && exit 0; sleep 0.1; done; "
		 "exit 1", port);
	return system(command);
}

static int drop(void **state)
{
	char command[128];

	kill(server, SIGTERM);
	waitpid(server, NULL, 0);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static int begin(void **state)
{
	tunnel = (struct tunnel_entry){ .id = 7, .opt.dns_key = true };
	snprintf(tunnel.opt.dns_anchor, sizeof(tunnel.opt.dns_anchor), "%s/anchors", dir);
	told = 0;
	return 0;
}

static int end(void **state)
{
	chunk_list_put(tunnel.named);
	return 0;
}

static void on_told(void *ctx, struct chunk octets, const char *why)
{
	told++;
	dns_key_learn(&tunnel, octets, why, 1000);
}

/* What is known of it then is in @tunnel. */
static void ask_again(const char *name)
{
	struct ike_id *id = &tunnel.opt.ike.remote_id;
	unsigned int before = told;

	id->type = ID_FQDN;
	id->len = (uint16_t)strlen(name);
	memcpy(id->data, name, id->len);
	assert_non_null(dns_key_ask(&d, &tunnel, on_told, NULL));
	while (told == before) {
		struct timeval patience = { TIMEOUT_S + 30, 0 };
		int fd = fetch_fd(keys_dnssec(d.keys));
		fd_set set;

		FD_ZERO(&set);
		FD_SET(fd, &set);
		assert_int_equal(select(fd + 1, &set, NULL, NULL, &patience), 1);
		assert_true(fetch_read(keys_dnssec(d.keys)));
	}
}

/* Likewise, where what was known is too old. */
static void ask(const char *name)
{
	tunnel.named_until_ms = 0;
	ask_again(name);
}

/* Is key @index the one in that file of OpenSSL's? */
static void is_key(unsigned int index, const char *name)
{
	char path[128];
	uint8_t der[1024];
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.pub.der", dir, name);
	f = fopen(path, "re");
	assert_non_null(f);
	len = fread(der, 1, sizeof(der), f);
	fclose(f);
	assert_true(index < chunk_list_count(tunnel.named));
	assert_int_equal(tunnel.named->chunk[index].len, len);
	assert_memory_equal(tunnel.named->chunk[index].p, der, len);
}

static void what_is_proven(void **state)
{
	static const struct { const char *name, *key; } rows[] = {
		{ "gw.good.example", "p256" }, { "rsa.good.example", "rsa2048" },
		{ "ed.good.example", "ed25519" }, { "GW.Good.Example", "p256" },
	};

	process_start(port, TIMEOUT_S);
	for (size_t i = 0; i < COUNT(rows); i++) {
		ask(rows[i].name);
		assert_string_equal(tunnel.unnamed, "");
		assert_int_equal(chunk_list_count(tunnel.named), 1);
		is_key(0, rows[i].key);
		/* kept for as long as the record says, or 300 s, from second 1 on */
		assert_true(dns_key_known(&tunnel, 300999));
		assert_false(dns_key_known(&tunnel, 301000));
	}
	ask("two.good.example");
	assert_int_equal(chunk_list_count(tunnel.named), 2);
	assert_int_equal(process_stop(), 0);
}

static void what_is_not(void **state)
{
	static const struct { const char *name, *why; } rows[] = {
		{ "gw.plain.example", "its zone is not signed, or not below dns-anchor: nothing "
		  "proves the key" },
		{ "gw.bad.example", "the signature of its zone is wrong (" },
		{ "gw.old.example", "the signature of its zone has expired (" },
		{ "none.good.example", "there is no such name" },
		{ "empty.good.example", "the name has no IPSECKEY record" },
		{ "odd.good.example", "IPSECKEY: algorithm 9 is not known here" },
		{ "weak.good.example", "IPSECKEY: its key is weak: 1024 bits, where 2048 are the "
		  "least" },
	};
	char begins[128];

	process_start(port, TIMEOUT_S);
	for (size_t i = 0; i < COUNT(rows); i++) {
		ask(rows[i].name);
		assert_null(tunnel.named);
		snprintf(begins, sizeof(begins), "DNS has no key of %s that counts: ",
			 rows[i].name);
		assert_int_equal(strncmp(tunnel.unnamed, begins, strlen(begins)), 0);
		if (!strstr(tunnel.unnamed, rows[i].why))
			fail_msg("%s", tunnel.unnamed);
		/* asked again soon */
		assert_true(dns_key_known(&tunnel, 5999));
		assert_false(dns_key_known(&tunnel, 6000));
	}
	/* and again what is good */
	ask("gw.good.example");
	is_key(0, "p256");
	snprintf(tunnel.opt.dns_anchor, sizeof(tunnel.opt.dns_anchor), "%s/none", dir);
	/* a look-up that fails takes nothing away that another has found and that holds */
	ask_again("gw.good.example");
	is_key(0, "p256");
	ask("gw.good.example");
	assert_null(tunnel.named);
	assert_int_equal(process_stop(), 0);
}

/* A server that never answers; more at once than are looked up. */
static void nobody_answers(void **state)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	socklen_t len = sizeof(sin);

	assert_int_equal(bind(fd, (struct sockaddr *)&sin, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	process_start(ntohs(sin.sin_port), 1);
	ask("gw.good.example");
	assert_non_null(strstr(tunnel.unnamed, "no answer in 1 s"));
	told = 0;
	for (int i = 0; i <= DNSSEC_ASKS_MAX; i++)
		assert_non_null(dns_key_ask(&d, &tunnel, on_told, NULL));
	while (told <= DNSSEC_ASKS_MAX)
		assert_true(fetch_read(keys_dnssec(d.keys)));
	assert_int_equal(process_stop(), 0);
	close(fd);
}

/* What is not sound ends it. */
static void a_malformed_message(void **state)
{
	uint8_t octets[] = { LINK_DNSSEC, 0, 0, 0, 1, 0xff };
	struct writer w = writer_of(octets, sizeof(octets));
	struct fetch *f;

	process_start(port, TIMEOUT_S);
	w.len = sizeof(octets);
	f = keys_dnssec(d.keys);
	assert_true(link_send(fetch_fd(f), &w, true));
	while (fetch_read(f))
		;
	/* what is asked of nobody has no answer */
	assert_null(dns_key_ask(&d, &tunnel, on_told, NULL));
	assert_int_equal(process_stop(), 0);
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_proven), TEST(what_is_not), TEST(nobody_answers),
		TEST(a_malformed_message),
	};

	log_init("test", LOG_STYLE_PLAIN, -1);
	return cmocka_run_group_tests(tests, make, drop);
}
