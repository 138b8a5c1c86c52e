/* SPDX-License-Identifier: GPL-2.0 */
/* ppk, ppk-id and ppk-required: a post-quantum pre-shared key, RFC 8784. */
#ifndef ESPLANED_PPK_OPTION_H
#define ESPLANED_PPK_OPTION_H

#include "esplaned/conf/option.h"

bool ppk_option_secret(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool ppk_option_id(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool ppk_option_required(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);

/* Do they go together, and with how the ends prove who they are? False: @why. */
bool ppk_option_check(const struct tunnel_options *t, char why[VALUE_WHY_MAX]);
/* Is there something to warn of? @text. */
bool ppk_option_warning(const struct tunnel_options *t, char text[VALUE_WHY_MAX]);

#endif
