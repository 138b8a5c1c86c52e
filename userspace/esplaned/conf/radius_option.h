/* SPDX-License-Identifier: GPL-2.0 */
/* RADIUS servers to which EAP of the peers is passed through. */
#ifndef ESPLANED_RADIUS_OPTION_H
#define ESPLANED_RADIUS_OPTION_H

#include "esplaned/conf/option.h"

/* Options, as in option.h. */
bool radius_option_server(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool radius_option_secret_file(struct option_target *to, const char *value,
			       char why[VALUE_WHY_MAX]);

/* Does eap say so? */
bool radius_option_given(const struct tunnel_options *t);
/* Is all there that it needs, or is something there without it? False: @why. */
bool radius_option_complete(const struct tunnel_options *t, char why[VALUE_WHY_MAX]);

#endif
