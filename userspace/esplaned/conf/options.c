// SPDX-License-Identifier: GPL-2.0
#include "esplaned/conf/config.h"
#include "lib/mem.h"

void tunnel_options_clear(struct tunnel_options *t)
{
	tunnel_conf_clear(&t->ike);
	mem_wipe(t, sizeof(*t));
}
