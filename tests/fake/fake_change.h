/* SPDX-License-Identifier: GPL-2.0 */
/* What the daemon says of two configurations of a tunnel (esplaned/conf/change.h). */
#ifndef FAKE_CHANGE_H
#define FAKE_CHANGE_H

#include "ike/core/conf.h"

/* Of each child of @to what it is beside that of its name in @from. */
void fake_change(const struct tunnel_conf *from, const struct tunnel_conf *to,
		 enum conf_change child[TUNNEL_CHILDREN_MAX]);

#endif
