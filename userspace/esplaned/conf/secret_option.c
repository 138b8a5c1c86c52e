// SPDX-License-Identifier: GPL-2.0
#include "esplaned/conf/secret_option.h"

#include "esplaned/conf/secret.h"

bool secret_option_psk(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return secret_is_private(to->file, to->st, why) &&
	       secret_parse(&to->tunnel->psk, value, why);
}

bool secret_option_psk_file(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	char path[4096];

	return value_path(to->file, value, path, sizeof(path), why) &&
	       secret_read(&to->tunnel->psk, path, why);
}

bool secret_option_strict_psk(struct option_target *to, const char *value,
			      char why[VALUE_WHY_MAX])
{
	return value_choice(value, "no", "yes", &to->tunnel->strict_psk, why);
}
