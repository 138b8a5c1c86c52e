// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "crypto/key.h"
#include "esplaned/conf/user.h"
#include "lib/mem.h"

/* Not realloc: it would leave secrets behind. */
struct tunnel_options *options_room(struct config *c, size_t *room)
{
	size_t wanted = *room ? 2 * *room : 4;
	struct tunnel_options *grown;

	if (c->count < *room)
		return &c->tunnels[c->count];
	grown = calloc(wanted, sizeof(*grown));
	if (!grown)
		return NULL;
	if (c->count)
		memcpy(grown, c->tunnels, c->count * sizeof(*grown));
	mem_free_wiped(c->tunnels, c->count * sizeof(*grown));
	c->tunnels = grown;
	*room = wanted;
	return &grown[c->count];
}

void tunnel_options_clear(struct tunnel_options *t)
{
	tunnel_conf_clear(&t->ike);
	chunk_list_put(t->ca);
	chunk_list_put(t->remote_keys);
	chunk_list_put(t->crl);
	chunk_list_put(t->second.ca);
	chunk_list_put(t->fetch_certs);
	key_free(t->second.key);
	key_free(t->key);
	users_free(t);
	mem_wipe(t, sizeof(*t));
}

const struct pool_conf *config_pool(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->pool_count; i++) {
		if (!strcmp(config->pools[i].name, name))
			return &config->pools[i];
	}
	return NULL;
}
