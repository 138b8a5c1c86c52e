/* SPDX-License-Identifier: GPL-2.0 */
/* split = yes: a child for each pair of selectors, for peers that take one pair in a child. */
#ifndef ESPLANED_SPLIT_H
#define ESPLANED_SPLIT_H

#include "esplaned/conf/config.h"
#include "esplaned/conf/value.h"

/* Can @ike have one more child, of that name? False: @why. */
bool split_leaves_room(const struct tunnel_conf *ike, const char *name, char why[VALUE_WHY_MAX]);

/*
 * Puts the children NAME-1, NAME-2 and so on, the pairs in the order of both lists, in the place of
 * the last child of @t, unless that has one pair only. False: @why.
 */
bool split_last_child(struct tunnel_options *t, char why[VALUE_WHY_MAX]);

#endif
