/* SPDX-License-Identifier: GPL-2.0 */
/* The options of a pool: from text to what they mean, as in option.h. */
#ifndef ESPLANED_POOL_OPTION_H
#define ESPLANED_POOL_OPTION_H

#include "esplaned/conf/option.h"

bool pool_option_addresses(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool pool_option_dns(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool pool_option_domain(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool pool_option_nbns(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool pool_option_dhcp(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool pool_option_subnet(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool pool_option_lease(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);

/* What shows only when the pool is whole, and beside those that were read before. */
bool pool_option_check(const struct pool_conf *pool, const struct config *config,
		       char why[VALUE_WHY_MAX]);

/* Lists of selectors of a child: of those that were read, or of what stands for them. */
void pool_option_selectors(const struct config *config, const struct tunnel_conf *ike,
			   struct option_child *child);

#endif
