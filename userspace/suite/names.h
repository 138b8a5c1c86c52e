/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Numbers of IKEv2 and their registered names, for logs and messages to people. Those of algorithms
 * are in suite/alg.h.
 */
#ifndef LIB_NAMES_H
#define LIB_NAMES_H

enum name_table {
	NAME_EXCHANGE,
	NAME_PAYLOAD,
	NAME_NOTIFY,
	NAME_PROTOCOL,
	NAME_TRANSFORM_TYPE,
	NAME_ID,
	NAME_AUTH,
};

#define NAME_STRLEN	48

const char *name_of(enum name_table table, unsigned int number);	/* NULL: not registered */
/* The name, or "notify 40961" written to @buf, which a name leaves as it is. */
const char *name_str(enum name_table table, unsigned int number, char buf[NAME_STRLEN])
	__attribute__((warn_unused_result));
int name_number(enum name_table table, const char *name);		/* -1: unknown */

#endif
