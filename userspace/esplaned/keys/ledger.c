// SPDX-License-Identifier: GPL-2.0
/*
 * The file, a line each:
 *
 *	esplane leases 1
 *	POOL ADDRESS TYPE:IDENTITY		in hexadecimal digits, RFC 7296 3.5
 *	end COUNT
 */
#include "esplaned/keys/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "esplaned/conf/pack.h"
#include "lib/hash.h"
#include "lib/log.h"
#include "lib/monotonic.h"

#define LEDGER_FIRST	"esplane leases 1\n"
#define LEDGER_LINE	1024	/* octets of one, NUL included */
#define LEDGER_PATH_MAX	256
#define LEDGER_RETRY_MS	30000	/* after a failure to write */

struct ledger_key {
	char pool[TUNNEL_NAME_MAX];	/* zero behind its end */
	struct addr addr;
};

struct ledger_row {
	UT_hash_handle hh;
	struct ledger_key key;
	struct ike_id id;
};

struct ledger {
	char path[LEDGER_PATH_MAX];
	struct ledger_row *rows;
	unsigned int count;
	uint64_t due_ms;		/* to be written then; 0: nothing has changed */
};

static void ledger_clear(struct ledger *l)
{
	struct ledger_row *row, *next;

	HASH_ITER(hh, l->rows, row, next) {
		HASH_DEL(l->rows, row);
		free(row);
	}
	l->count = 0;
}

static bool ledger_put(struct ledger *l, const struct ledger_key *key, const struct ike_id *id)
{
	struct ledger_row *row;

	HASH_FIND(hh, l->rows, key, sizeof(*key), row);
	if (row && !id->type) {
		HASH_DEL(l->rows, row);
		l->count--;
		free(row);
		return true;
	}
	if (row || !id->type) {
		if (row)
			row->id = *id;
		return true;
	}
	row = l->count < LEDGER_MAX ? calloc(1, sizeof(*row)) : NULL;
	if (!row)
		return false;
	row->key = *key;
	row->id = *id;
	HASH_ADD(hh, l->rows, key, sizeof(row->key), row);
	if (!hash_added(hh, row)) {
		free(row);
		return false;
	}
	l->count++;
	return true;
}

static struct ledger_key ledger_key(const char *pool, const struct addr *addr)
{
	struct ledger_key key;

	memset(&key, 0, sizeof(key));
	snprintf(key.pool, sizeof(key.pool), "%s", pool);
	key.addr = *addr;
	return key;
}

/* ---- reading */

static bool ledger_read_id(struct ike_id *id, const char *text)
{
	unsigned int type, octet;
	int at = 0;

	*id = (struct ike_id){ 0 };
	if (sscanf(text, "%u:%n", &type, &at) != 1 || !at || !type || type > UINT8_MAX)
		return false;
	id->type = (uint8_t)type;
	for (text += at; *text; text += 2) {
		if (id->len == TUNNEL_ID_MAX || strspn(text, "0123456789abcdef") < 2 ||
		    sscanf(text, "%2x", &octet) != 1)
			return false;
		id->data[id->len++] = (uint8_t)octet;
	}
	return true;
}

static bool ledger_read_line(struct ledger *l, const char *line)
{
	char pool[TUNNEL_NAME_MAX], addr_text[ADDR_STRLEN], id_text[LEDGER_LINE];
	struct ledger_key key;
	struct addr addr;
	struct ike_id id;

	if (sscanf(line, "%63s %63s %1023s", pool, addr_text, id_text) != 3 ||
	    !addr_parse(&addr, addr_text) || !ledger_read_id(&id, id_text))
		return false;
	key = ledger_key(pool, &addr);
	return ledger_put(l, &key, &id);
}

/* 0: sound; else the number of the line that is not. */
static unsigned int ledger_read_from(struct ledger *l, FILE *f)
{
	char line[LEDGER_LINE];
	unsigned int number = 1, count;
	int at;

	if (!fgets(line, sizeof(line), f) || strcmp(line, LEDGER_FIRST))
		return number;
	while (fgets(line, sizeof(line), f)) {
		number++;
		at = 0;
		/* a pool may be called "end" */
		if (sscanf(line, "end %u\n%n", &count, &at) == 1 && at && !line[at])
			return count == l->count && !fgets(line, sizeof(line), f) ? 0 : number;
		if (!ledger_read_line(l, line))
			return number;
	}
	return number + 1;	/* it has no end */
}

static void ledger_set_aside(struct ledger *l, unsigned int line)
{
	char bad[LEDGER_PATH_MAX + 8];

	snprintf(bad, sizeof(bad), "%s.bad", l->path);
	if (rename(l->path, bad))
		log_err("%s:%u: the file of leases is not sound, and cannot be set aside: %s",
			l->path, line, strerror(errno));
	else
		log_err("%s:%u: the file of leases is not sound: it is set aside as %s, and peers "
			"may get other addresses than before", l->path, line, bad);
	ledger_clear(l);
}

struct ledger *ledger_read(const char *path)
{
	struct ledger *l = calloc(1, sizeof(*l));
	unsigned int bad;
	FILE *f;

	if (!l)
		return NULL;
	snprintf(l->path, sizeof(l->path), "%s", path);
	f = fopen(path, "re");
	if (!f) {
		if (errno != ENOENT)
			log_err("the file of leases cannot be read: %s: %s", path, strerror(errno));
		return l;
	}
	bad = ledger_read_from(l, f);
	fclose(f);
	if (bad)
		ledger_set_aside(l, bad);
	return l;
}

void ledger_free(struct ledger *l)
{
	if (!l)
		return;
	ledger_clear(l);
	free(l);
}

void ledger_each(const struct ledger *l, void (*fn)(void *ctx, const struct ledger_entry *e),
		 void *ctx)
{
	struct ledger_row *row, *next;

	HASH_ITER(hh, l->rows, row, next) {
		struct ledger_entry e = { .addr = row->key.addr, .id = row->id };

		memcpy(e.pool, row->key.pool, sizeof(e.pool));
		fn(ctx, &e);
	}
}

/* ---- writing */

static bool ledger_write_to(const struct ledger *l, FILE *f)
{
	struct ledger_row *row, *next;
	char addr[ADDR_STRLEN];

	fputs(LEDGER_FIRST, f);
	HASH_ITER(hh, l->rows, row, next) {
		fprintf(f, "%s %s %u:", row->key.pool, addr_str(&row->key.addr, addr),
			row->id.type);
		for (unsigned int i = 0; i < row->id.len; i++)
			fprintf(f, "%02x", row->id.data[i]);
		fputc('\n', f);
	}
	fprintf(f, "end %u\n", l->count);
	return !fflush(f) && !ferror(f) && !fsync(fileno(f));
}

static void ledger_make_folder(const char *path)
{
	char folder[LEDGER_PATH_MAX];
	char *slash;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (!slash || slash == folder)
		return;
	*slash = '\0';
	mkdir(folder, 0755);	/* where it fails, open() says why */
}

/* A new file takes the place of the old one, or the old one stays as it is. */
static bool ledger_write(const struct ledger *l)
{
	char fresh[LEDGER_PATH_MAX + 8];
	FILE *f = NULL;
	int fd, error;
	bool ok;

	snprintf(fresh, sizeof(fresh), "%s.new", l->path);
	ledger_make_folder(l->path);
	unlink(fresh);
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0)
		f = fdopen(fd, "w");
	ok = f && ledger_write_to(l, f);
	error = errno;
	if (f)
		fclose(f);
	else if (fd >= 0)
		close(fd);
	if (ok) {
		ok = !rename(fresh, l->path);
		error = errno;
	}
	if (ok)
		return true;
	if (fd >= 0)
		unlink(fresh);
	log_err("the leases cannot be kept: %s: %s; after a restart peers may get other addresses",
		l->path, strerror(error));
	return false;
}

bool ledger_set(struct ledger *l, const struct ledger_entry *e)
{
	struct ledger_key key = ledger_key(e->pool, &e->addr);

	if (!ledger_put(l, &key, &e->id)) {
		log_err("the leases cannot be kept: no memory, or more than %d", LEDGER_MAX);
		return false;
	}
	if (!l->due_ms)
		l->due_ms = monotonic_ms() + LEDGER_DELAY_MS;
	return true;
}

int ledger_tick(struct ledger *l, bool last)
{
	uint64_t now = monotonic_ms();

	if (!l->due_ms)
		return -1;
	if (!last && now < l->due_ms)
		return (int)(l->due_ms - now);
	l->due_ms = ledger_write(l) || last ? 0 : now + LEDGER_RETRY_MS;
	return l->due_ms ? LEDGER_RETRY_MS : -1;
}

/* ---- messages */

void ledger_pack(struct writer *w, const struct ledger_entry *e)
{
	pack_text(w, e->pool);
	pack_addr(w, &e->addr);
	pack_id(w, &e->id);
}

bool ledger_unpack(struct cursor *c, struct ledger_entry *e)
{
	*e = (struct ledger_entry){ .addr.family = 0 };
	return unpack_text(c, e->pool, sizeof(e->pool)) && e->pool[0] &&
	       !strpbrk(e->pool, " \t\r\n\v\f") && unpack_addr(c, &e->addr) && e->addr.family &&
	       unpack_id(c, &e->id) && !c->left;
}
