/* SPDX-License-Identifier: GPL-2.0 */
/* Routing rules of the host, through rtnetlink. Ours carry our protocol number, as routes do. */
#ifndef ESPLANED_RULE_H
#define ESPLANED_RULE_H

#include <stdint.h>
#include "esplaned/nl/nltalk.h"

/* UDP from port @sport of this host looks into @table; what is not there goes on to later rules. */
struct rule {
	uint8_t family;
	uint16_t sport;
	uint32_t table, priority;
};

/* One that is there already is as good. 0 or a negative errno with a sentence in @why. */
int rule_add(struct nl_sock *sk, const struct rule *rule, char why[NLTALK_WHY_MAX]);
/* -ENOENT: there is none. */
int rule_del(struct nl_sock *sk, const struct rule *rule, char why[NLTALK_WHY_MAX]);

#endif
