// SPDX-License-Identifier: GPL-2.0
/* The file of leases: it comes back as it was, or is set aside. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "esplaned/keys/ledger.h"
#include "unit/esplaned/config_file.h"

static char path[160], bad[168];

static int folder_make(void **state)
{
	int rc = config_dir_make(state);

	snprintf(path, sizeof(path), "%s/state/leases", config_dir);
	snprintf(bad, sizeof(bad), "%s.bad", path);
	return rc;
}

static int folder_remove(void **state)
{
	char text[160];

	unlink(path);
	unlink(bad);
	snprintf(text, sizeof(text), "%s/state", config_dir);
	rmdir(text);
	return config_dir_remove(state);
}

static struct ledger_entry entry(const char *pool, const char *addr, const char *id)
{
	struct ledger_entry e = { .addr.family = 0 };

	snprintf(e.pool, sizeof(e.pool), "%s", pool);
	assert_true(addr_parse(&e.addr, addr));
	if (id)
		assert_true(ike_id_parse(&e.id, id));
	return e;
}

static void on_each(void *ctx, const struct ledger_entry *e)
{
	char *text = ctx, addr[ADDR_STRLEN], id[TUNNEL_ID_MAX];
	size_t len = strlen(text);

	snprintf(text + len, 1024 - len, "%s %s %s;", e->pool, addr_str(&e->addr, addr),
		 ike_id_str(&e->id, id, sizeof(id)));
}

static const char *contents(const struct ledger *l)
{
	static char text[1024];

	text[0] = '\0';
	ledger_each(l, on_each, text);
	return text;
}

static void set(struct ledger *l, const char *pool, const char *addr, const char *id)
{
	struct ledger_entry e = entry(pool, addr, id);

	assert_true(ledger_set(l, &e));
}

static void write_file(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void it_comes_back(void **state)
{
	struct ledger *l = ledger_read(path);	/* folder and file are not there */
	struct stat st;

	assert_non_null(l);
	assert_string_equal(contents(l), "");
	assert_int_equal(ledger_tick(l, true), -1);	/* nothing to write */
	assert_int_not_equal(stat(path, &st), 0);
	set(l, "office", "10.9.0.2", "alice@example.org");
	set(l, "office", "fd09::2", "alice@example.org");
	set(l, "road", "10.9.0.2", "@#00ff20");
	set(l, "office", "10.9.0.3", "bob@example.org");
	assert_true(ledger_tick(l, false) > 0);		/* not yet */
	assert_int_equal(ledger_tick(l, true), -1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	ledger_free(l);

	l = ledger_read(path);
	assert_string_equal(contents(l), "office 10.9.0.2 alice@example.org;office fd09::2 alice@example.org;"
			    "road 10.9.0.2 @#00ff20;office 10.9.0.3 bob@example.org;");
	set(l, "office", "10.9.0.2", "carol@example.org");
	set(l, "office", "fd09::2", NULL);
	set(l, "office", "fd09::3", NULL);	/* was not there */
	assert_int_equal(ledger_tick(l, true), -1);
	ledger_free(l);
	l = ledger_read(path);
	assert_string_equal(contents(l), "office 10.9.0.2 carol@example.org;road 10.9.0.2 @#00ff20;"
			    "office 10.9.0.3 bob@example.org;");
	ledger_free(l);
}

/* Nothing of a file that is not sound counts; it is kept for a person to look at. */
/* The last line begins with that word too. */
static void a_pool_called_end(void **state)
{
	struct ledger *l;

	write_file("esplane leases 1\nend 10.9.0.2 2:616263\nend 1\n");
	l = ledger_read(path);
	assert_string_equal(contents(l), "end 10.9.0.2 abc;");
	ledger_free(l);
}

static void one_that_is_not_sound(void **state)
{
	static const char *const texts[] = {
		"", "esplane leases 2\nend 0\n", "esplane leases 1\n",
		"esplane leases 1\noffice 10.9.0.2 3:616263\n",
		"esplane leases 1\noffice 10.9.0.2 3:616263\nend 2\n",
		"esplane leases 1\noffice 10.9.0.2 3:616263\nend 1\nmore\n",
		"esplane leases 1\noffice 10.9.0 3:616263\nend 1\n",
		"esplane leases 1\noffice 10.9.0.2 3:61626\nend 1\n",
		"esplane leases 1\noffice 10.9.0.2 0:616263\nend 1\n",
		"esplane leases 1\noffice 10.9.0.2 300:616263\nend 1\n",
		"esplane leases 1\noffice 10.9.0.2 x\nend 1\n",
		"esplane leases 1\n\nend 0\n",
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct ledger *l;

		write_file(texts[i]);
		l = ledger_read(path);
		assert_string_equal(contents(l), "");
		assert_int_not_equal(access(path, F_OK), 0);
		assert_int_equal(access(bad, F_OK), 0);
		assert_int_equal(unlink(bad), 0);
		ledger_free(l);
	}
}

/*
 * A file that may not grow is as good as a full disk: what there was stays, and it is tried again.
 */
static void a_full_disk(void **state)
{
	struct ledger_entry a = entry("office", "10.9.0.2", "alice@example.org");
	struct ledger_entry b = entry("office", "10.9.0.3", "bob@example.org");
	const char *both = "office 10.9.0.2 alice@example.org;office 10.9.0.3 bob@example.org;";
	struct ledger *l = ledger_read(path), *back;
	struct rlimit before, none;
	int wait;

	assert_true(ledger_set(l, &a));
	assert_int_equal(ledger_tick(l, true), -1);
	assert_true(ledger_set(l, &b));
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none = (struct rlimit){ 0, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	while ((wait = ledger_tick(l, false)) >= 0 && wait <= LEDGER_DELAY_MS)
		usleep((useconds_t)wait * 1000);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_true(wait > LEDGER_DELAY_MS);
	back = ledger_read(path);
	assert_string_equal(contents(back), "office 10.9.0.2 alice@example.org;");
	ledger_free(back);
	assert_int_equal(ledger_tick(l, true), -1);
	back = ledger_read(path);
	assert_string_equal(contents(back), both);
	ledger_free(back);
	ledger_free(l);
}

static void messages(void **state)
{
	struct ledger_entry e = entry("office", "10.9.0.2", "alice@example.org"), back;
	uint8_t octets[512];
	struct writer w = writer_of(octets, sizeof(octets));
	struct cursor c;

	ledger_pack(&w, &e);
	c = cursor_of(octets, w.len);
	assert_true(ledger_unpack(&c, &back));
	assert_string_equal(back.pool, "office");
	assert_true(addr_equal(&back.addr, &e.addr) && ike_id_equal(&back.id, &e.id));
	for (size_t len = 0; len < w.len; len++) {
		c = cursor_of(octets, len);
		assert_false(ledger_unpack(&c, &back));
	}
	/* a name that would make two lines of one */
	snprintf(e.pool, sizeof(e.pool), "a\nend");
	w = writer_of(octets, sizeof(octets));
	ledger_pack(&w, &e);
	c = cursor_of(octets, w.len);
	assert_false(ledger_unpack(&c, &back));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_comes_back),
		cmocka_unit_test(a_pool_called_end),
		cmocka_unit_test(one_that_is_not_sound),
		cmocka_unit_test(a_full_disk),
		cmocka_unit_test(messages),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
