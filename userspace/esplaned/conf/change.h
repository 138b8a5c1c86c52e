/* SPDX-License-Identifier: GPL-2.0 */
/* From one configuration of a tunnel to the next: what differs, and what that asks for. */
#ifndef ESPLANED_CHANGE_H
#define ESPLANED_CHANGE_H

#include "esplaned/conf/config.h"

struct options_change {
	/* CONF_REPLACED: it has to go down, whatever is said of the children. */
	enum conf_change tunnel;
	enum conf_change child[TUNNEL_CHILDREN_MAX];	/* of the new ones */
	bool less;			/* one of the old ones is not there any more */
};

/*
 * Compares what conf/pack.h makes of them: @secret, not the psk. An option that change.c does not
 * name replaces.
 */
struct options_change options_compare(const struct tunnel_options *old,
				      const struct tunnel_options *new);

#endif
