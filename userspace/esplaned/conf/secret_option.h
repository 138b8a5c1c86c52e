/* SPDX-License-Identifier: GPL-2.0 */
/* psk, psk-file and strict-psk: the secret that both ends know. */
#ifndef ESPLANED_SECRET_OPTION_H
#define ESPLANED_SECRET_OPTION_H

#include "esplaned/conf/option.h"

bool secret_option_psk(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool secret_option_psk_file(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool secret_option_strict_psk(struct option_target *to, const char *value,
			      char why[VALUE_WHY_MAX]);

#endif
