/* SPDX-License-Identifier: GPL-2.0 */
/* What a tunnel gets on this host: from text to what it means, as in option.h. */
#ifndef ESPLANED_HOST_OPTION_H
#define ESPLANED_HOST_OPTION_H

#include "esplaned/conf/option.h"

bool host_option_metric(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool host_option_mtu(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool host_option_route_table(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool host_option_fwmark(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool host_option_routes(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool host_option_others(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool host_option_when_down(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool host_option_up_script(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool host_option_down_script(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool host_option_script_timeout(struct option_target *to, const char *value,
				char why[VALUE_WHY_MAX]);

#endif
