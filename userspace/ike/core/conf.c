// SPDX-License-Identifier: GPL-2.0
#include "ike/core/conf.h"

#include <stdlib.h>

#include "lib/mem.h"

struct pool_conf *pool_conf_dup(const struct pool_conf *conf)
{
	struct pool_conf *copy = mem_dup(conf, sizeof(*conf));

	if (!copy)
		return NULL;
	copy->statics = NULL;
	if (!conf->static_count)
		return copy;
	copy->statics = mem_dup(conf->statics, conf->static_count * sizeof(*conf->statics));
	if (copy->statics)
		return copy;
	free(copy);
	return NULL;
}

void pool_conf_free(struct pool_conf *conf)
{
	if (!conf)
		return;
	free(conf->statics);
	free(conf);
}

struct tunnel_conf *tunnel_conf_dup(const struct tunnel_conf *conf)
{
	struct tunnel_conf *copy = mem_dup(conf, sizeof(*conf));

	if (!copy)
		return NULL;
	copy->child = mem_dup(conf->child, conf->child_count * sizeof(*conf->child));
	if (!copy->child) {
		free(copy);
		return NULL;
	}
	for (unsigned int i = 0; i < copy->child_count; i++) {
		ts_list_get(copy->child[i].local_ts);
		ts_list_get(copy->child[i].remote_ts);
	}
	chunk_list_get(copy->certs);
	chunk_list_get(copy->ca_hashes);
	return copy;
}

void tunnel_conf_clear(struct tunnel_conf *conf)
{
	for (unsigned int i = 0; i < conf->child_count; i++) {
		ts_list_put(conf->child[i].local_ts);
		ts_list_put(conf->child[i].remote_ts);
	}
	free(conf->child);
	chunk_list_put(conf->certs);
	chunk_list_put(conf->ca_hashes);
	conf->certs = conf->ca_hashes = NULL;
	conf->child = NULL;
	conf->child_count = 0;
}

void tunnel_conf_free(struct tunnel_conf *conf)
{
	if (!conf)
		return;
	tunnel_conf_clear(conf);
	free(conf);
}

bool tunnel_conf_has_name(const struct tunnel_conf *conf)
{
	for (unsigned int i = 0; i < conf->more_count; i++)
		if (conf->more[i].name[0])
			return true;
	return conf->remote_name[0];
}
