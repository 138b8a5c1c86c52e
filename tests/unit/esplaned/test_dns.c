// SPDX-License-Identifier: GPL-2.0
/* What resolvconf is told of a peer's name servers, and messages that are not sound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>
#include "esplaned/conf/pack.h"
#include "esplaned/keys/dns.h"

static const struct internal_net net = {
	.dns = { { AF_INET, { 10, 2, 0, 53 } }, { AF_INET6, { 0xfd, 2, [15] = 0x53 } } },
	.dns_count = 2,
	.domain = { "corp.example.org", "lab.example.org" },
	.domain_count = 2,
};

static void lines_for_resolvconf(void **state)
{
	struct internal_net more = net;
	char text[256];

	size_t len = dns_resolv_conf(&net, text, sizeof(text));

	assert_int_equal(len, strlen(text));
	assert_string_equal(text, "nameserver 10.2.0.53\nnameserver fd02::53\n"
			    "search corp.example.org lab.example.org\n");
	more.domain_count = 0;
	dns_resolv_conf(&more, text, sizeof(text));
	assert_string_equal(text, "nameserver 10.2.0.53\nnameserver fd02::53\n");
	/* nothing is cut in its middle */
	dns_resolv_conf(&net, text, 30);
	assert_string_equal(text, "nameserver 10.2.0.53\n");
}

/* A domain is checked again: it goes into a file that programs read. */
static void messages(void **state)
{
	struct internal_net bad = net, back;
	uint8_t octets[2048];
	struct writer w = writer_of(octets, sizeof(octets));
	struct cursor c;

	pack_net(&w, &net);
	memset(&back, 0, sizeof(back));
	c = cursor_of(octets, w.len);
	assert_true(unpack_net(&c, &back) && !c.left);
	assert_memory_equal(&back, &net, sizeof(net));
	for (size_t len = 0; len < w.len; len++) {
		c = cursor_of(octets, len);
		assert_false(unpack_net(&c, &back));
	}
	strcpy(bad.domain[1], "a\nnameserver 6.6.6.6");
	w = writer_of(octets, sizeof(octets));
	pack_net(&w, &bad);
	c = cursor_of(octets, w.len);
	assert_false(unpack_net(&c, &back));
}

static const char *noted(const char *path)
{
	static char text[256];
	FILE *f = fopen(path, "re");

	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	return text;
}

/* A file that may not grow is as good as a full disk. */
static void a_note_on_a_full_disk(void **state)
{
	char path[64], fresh[80];
	struct rlimit before, none;

	snprintf(path, sizeof(path), "/tmp/esplane-note.%d", (int)getpid());
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	dns_note(path, "one.esplane", true);
	dns_note(path, "two.esplane", true);
	dns_note(path, "one.esplane", true);	/* once is enough */
	assert_string_equal(noted(path), "two.esplane\none.esplane\n");
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none = (struct rlimit){ 0, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	dns_note(path, "three.esplane", true);
	dns_note(path, "one.esplane", false);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_string_equal(noted(path), "two.esplane\none.esplane\n");
	dns_note(path, "two.esplane", false);
	assert_string_equal(noted(path), "one.esplane\n");
	unlink(path);
	unlink(fresh);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_for_resolvconf),
		cmocka_unit_test(messages),
		cmocka_unit_test(a_note_on_a_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
