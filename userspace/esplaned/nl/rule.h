/* SPDX-License-Identifier: GPL-2.0 */
/* Routing rules of the host, through rtnetlink. Ours carry our protocol number, as routes do. */
#ifndef ESPLANED_RULE_H
#define ESPLANED_RULE_H

#include "esplaned/nl/nltalk.h"
#include "lib/pick.h"

#define RULE_NO_SUPPRESS	(-1)

/* Which packets; 0 is any. Then where they look. */
struct rule {
	uint8_t family;
	uint32_t priority;
	uint32_t mark;
	bool own;			/* only what this host itself sends: iif lo */
	uint8_t proto;
	struct pick_ports sport, dport;
	struct prefix dst;		/* family 0: any */
	uint32_t table;			/* 0: they go on */
	uint32_t next;			/* at the rule of this priority; 0: at the next one */
	int suppress;			/* routes of so many bits or fewer do not count */
};

bool rule_equal(const struct rule *a, const struct rule *b);
/* One that is there already is as good. 0 or a negative errno with a sentence in @why. */
int rule_add(struct nl_sock *sk, const struct rule *rule, char why[NLTALK_WHY_MAX]);
/* -ENOENT: there is none. */
int rule_del(struct nl_sock *sk, const struct rule *rule, char why[NLTALK_WHY_MAX]);
/* Hands our rules of @family, AF_INET or AF_INET6, to @fn. */
int rule_dump(struct nl_sock *sk, uint8_t family, void (*fn)(void *ctx, const struct rule *rule),
	      void *ctx, char why[NLTALK_WHY_MAX]);

#endif
