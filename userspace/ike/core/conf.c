// SPDX-License-Identifier: GPL-2.0
#include "ike/core/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

#define CONF_PART_DIGITS	2	/* of TUNNEL_PARTS_MAX */

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

const char *child_part_name(char buf[TUNNEL_NAME_MAX], const char *whole, unsigned int number)
{
	snprintf(buf, TUNNEL_NAME_MAX, "%.*s-%u", TUNNEL_NAME_MAX - CONF_PART_DIGITS - 2, whole,
		 number);
	return buf;
}

bool child_part_is_of(const char *name, const char *whole)
{
	size_t len = strnlen(whole, TUNNEL_NAME_MAX - CONF_PART_DIGITS - 2);
	const char *number;
	unsigned int n = 0;

	if (strncmp(name, whole, len) || name[len] != '-' || name[len + 1] == '0')
		return false;
	for (number = name + len + 1;
	     *number >= '0' && *number <= '9' && n <= TUNNEL_PARTS_MAX; number++)
		n = 10 * n + (unsigned int)(*number - '0');
	return !*number && n >= 2 && n <= TUNNEL_PARTS_MAX;
}

struct child_conf *child_conf_part(const struct child_conf *whole, const char *name,
				   struct ts_list *local, struct ts_list *remote)
{
	struct child_conf *part = mem_dup(whole, sizeof(*whole));

	if (!part)
		return NULL;
	snprintf(part->name, sizeof(part->name), "%s", name);
	part->local_ts = ts_list_get(local);
	part->remote_ts = ts_list_get(remote);
	return part;
}

void child_conf_free(struct child_conf *conf)
{
	if (!conf)
		return;
	ts_list_put(conf->local_ts);
	ts_list_put(conf->remote_ts);
	free(conf);
}

void child_conf_take_later(struct child_conf *to, const struct child_conf *from)
{
	to->rekey_s = from->rekey_s;
	to->rekey_bytes = from->rekey_bytes;
	to->rekey_packets = from->rekey_packets;
	to->replay_window = from->replay_window;
}

void tunnel_conf_take_later(struct tunnel_conf *to, const struct tunnel_conf *from)
{
	to->start = from->start;
	to->dpd_s = from->dpd_s;
	to->dpd_action = from->dpd_action;
	to->rekey_s = from->rekey_s;
	to->reauth_s = from->reauth_s;
	to->reauth_every = from->reauth_every;
	to->retry_first_ms = from->retry_first_ms;
	to->retry_tries = from->retry_tries;
	to->retry_percent = from->retry_percent;
	to->fragment_size = from->fragment_size;
	to->tcp = from->tcp;
	to->tcp_port = from->tcp_port;
	to->listen_tcp = from->listen_tcp;
	to->childless = from->childless;
	to->fetch_certs = from->fetch_certs;
	memcpy(to->cert_url, from->cert_url, sizeof(to->cert_url));
	to->mobike = from->mobike;
	to->resume = from->resume;
	to->follow_redirect = from->follow_redirect;
	to->redirect_to = from->redirect_to;
	to->unique = from->unique;
	to->replace_ts = from->replace_ts;
	to->export_keys = from->export_keys;
}

unsigned int tunnel_conf_child(const struct tunnel_conf *conf, const char *name)
{
	unsigned int i = 0;

	while (i < conf->child_count && strcmp(conf->child[i].name, name))
		i++;
	return i;
}

struct tunnel_conf *tunnel_conf_dup(const struct tunnel_conf *conf)
{
	struct tunnel_conf *copy = mem_dup(conf, sizeof(*conf));

	if (!copy)
		return NULL;
	copy->refs = 1;
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
	chunk_list_get(copy->second_certs);
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
	chunk_list_put(conf->second_certs);
	conf->certs = conf->ca_hashes = conf->second_certs = NULL;
	conf->child = NULL;
	conf->child_count = 0;
}

struct tunnel_conf *tunnel_conf_get(struct tunnel_conf *conf)
{
	conf->refs++;
	return conf;
}

void tunnel_conf_put(struct tunnel_conf *conf)
{
	if (!conf || --conf->refs)
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
