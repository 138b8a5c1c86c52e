/* SPDX-License-Identifier: GPL-2.0 */
/* mode, and the selectors of a child in transport mode: those of the tunnel's own two ends. */
#ifndef ESPLANED_MODE_OPTION_H
#define ESPLANED_MODE_OPTION_H

#include "esplaned/conf/option.h"

bool mode_option(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
/*
 * The selectors of a child as it was read: of a pool, as given, or in transport mode cut to the
 * ends' addresses as far as these are known; such a tunnel does not do MOBIKE, which is about
 * tunnel mode (RFC 4555 1.2). False: @why.
 */
bool mode_option_selectors(const struct config *config, struct tunnel_conf *ike,
			   struct option_child *child, char why[VALUE_WHY_MAX]);

#endif
