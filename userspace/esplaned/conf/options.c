// SPDX-License-Identifier: GPL-2.0
#include "crypto/key.h"
#include "esplaned/conf/config.h"
#include "lib/mem.h"

void tunnel_options_clear(struct tunnel_options *t)
{
	tunnel_conf_clear(&t->ike);
	chunk_list_put(t->ca);
	chunk_list_put(t->crl);
	key_free(t->key);
	mem_wipe(t, sizeof(*t));
}
