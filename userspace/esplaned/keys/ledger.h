/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which address of a pool is bound to whom, in a file, so that it outlives the daemon. The first
 * process reads it before it makes the others, and the supervisor writes it: what it writes the
 * process that speaks IKE has said, through the one with the secrets.
 */
#ifndef ESPLANED_LEDGER_H
#define ESPLANED_LEDGER_H

#include "ike/core/conf.h"
#include "lib/cursor.h"

#define LEDGER_MAX	131072	/* entries */
#define LEDGER_DELAY_MS	500	/* changes wait so long for others before the file is written */

struct ledger_entry {
	char pool[TUNNEL_NAME_MAX];
	struct addr addr;
	struct ike_id id;		/* type 0: bound to nobody any more */
};

struct ledger;

/*
 * A file that is not there is an empty one; its folder is made when there is something to write.
 * One that is not sound is said, and set aside as @path.bad. @path is copied. NULL: no memory.
 */
struct ledger *ledger_read(const char *path);
void ledger_free(struct ledger *l);	/* NULL is fine */
/* In no order; @fn may change nothing. */
void ledger_each(const struct ledger *l, void (*fn)(void *ctx, const struct ledger_entry *e),
		 void *ctx);
/* False: too many, or no memory: logged. */
bool ledger_set(struct ledger *l, const struct ledger_entry *e);
/*
 * Writes it, if it is due: all or nothing. @last: also before its time. Returns milliseconds to the
 * next call; -1: nothing is due.
 */
int ledger_tick(struct ledger *l, bool last);

/* One in a message between processes. */
void ledger_pack(struct writer *w, const struct ledger_entry *e);
bool ledger_unpack(struct cursor *c, struct ledger_entry *e);

#endif
