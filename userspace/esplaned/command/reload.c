// SPDX-License-Identifier: GPL-2.0
#include "esplaned/command/reload.h"

#include <stdio.h>
#include <string.h>

#include "esplaned/control/publish.h"
#include "esplaned/control/waits.h"
#include "esplaned/engine/engine.h"
#include "esplaned/engine/hooks.h"
#include "esplaned/engine/servers.h"
#include "esplaned/keys/keys.h"
#include "lib/log.h"

static struct tunnel_options *reload_find(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->count; i++) {
		if (!strcmp(config->tunnels[i].ike.name, name))
			return &config->tunnels[i];
	}
	return NULL;
}

static bool reload_is_wanted(struct daemon *d, const struct tunnel_entry *t)
{
	struct ike_peer_status st;
	uint32_t peer = 0;

	while ((peer = ike_peer_next(d->ike, t->id, peer))) {
		if (ike_peer_status(d->ike, peer, &st) && (st.wanted || st.state == PEER_UP))
			return true;
	}
	return false;
}

/* Before the tunnels that use them. One whose addresses are others makes other tunnels of these. */
static void reload_pools(struct daemon *d, const struct config *config)
{
	for (size_t i = 0; i < config->pool_count; i++) {
		if (ike_pool_set(d->ike, &config->pools[i]))
			log_err("pool %s: no memory", config->pools[i].name);
	}
}

/* Those that the configuration has no more, after the tunnels that have used them. */
static void reload_pools_drop(struct daemon *d, const struct config *config)
{
	char last[TUNNEL_NAME_MAX] = "";
	const char *name;

	while ((name = ike_pool_next(d->ike, last))) {
		char gone[TUNNEL_NAME_MAX];

		snprintf(gone, sizeof(gone), "%s", name);
		if (config_pool(config, gone) || ike_pool_del(d->ike, gone))
			memcpy(last, gone, sizeof(last));
	}
}

static void reload_remove(struct daemon *d, struct tunnel_entry *t)
{
	waits_tunnel_gone(&d->waits, t->id, "the configuration was changed meanwhile");
	publish_forget(d, t->id);
	servers_drop(d, t);
	tunnels_del(&d->tunnels, d->ike, t);
	hooks_flush(d);
}

/* One that was up, or was to be, shall be so again. */
static void reload_replace(struct daemon *d, struct tunnel_entry *t, struct tunnel_options *opt)
{
	bool wanted = reload_is_wanted(d, t);

	reload_remove(d, t);
	t = tunnels_add(&d->tunnels, d->ike, d->devices, opt);
	if (t && wanted && !t->opt.ike.any)
		ike_up(d->ike, t->id);
}

/* Of those there are: what changed, and what is no more. What is made anew follows them. */
static void reload_old(struct daemon *d, const struct config *config, json_t *changed,
		       json_t *removed)
{
	unsigned int count = tunnels_count(&d->tunnels);
	struct tunnel_entry *t, *next;

	for (t = d->tunnels.first; count--; t = next) {
		struct tunnel_options *opt = reload_find(config, t->opt.ike.name);

		next = t->next;
		if (opt && tunnel_options_equal(opt, &t->opt)) {
			opt->ike.name[0] = '\0';	/* done */
			tunnels_set_crl(t, opt->crl);
			opt->crl = NULL;
			continue;
		}
		json_array_append_new(opt ? changed : removed, json_string(t->opt.ike.name));
		if (opt)
			reload_replace(d, t, opt);
		else
			reload_remove(d, t);
	}
}

/* What has been taken has no name in @config any more. */
static void reload_new(struct daemon *d, struct config *config, json_t *added)
{
	for (size_t i = 0; i < config->count; i++) {
		struct tunnel_options *opt = &config->tunnels[i];

		if (!opt->ike.name[0])
			continue;
		json_array_append_new(added, json_string(opt->ike.name));
		tunnels_add(&d->tunnels, d->ike, d->devices, opt);
	}
}

bool reload(struct daemon *d, json_t **changes, char why[CONFIG_WHY_MAX])
{
	struct config *config = keys_load(d->keys, why);
	json_t *added, *changed, *removed;

	if (!config) {
		log_err("the configuration stays as it was");	/* why was logged there */
		return false;
	}
	added = json_array();
	changed = json_array();
	removed = json_array();
	reload_pools(d, config);
	reload_old(d, config, changed, removed);
	reload_new(d, config, added);
	reload_pools_drop(d, config);
	ike_forget_tickets(d->ike);
	engine_settled(d);
	log_notice("configuration reloaded: %zu added, %zu changed, %zu removed",
		   json_array_size(added), json_array_size(changed), json_array_size(removed));
	*changes = json_pack("{ss so so so sI}", "result", "ok", "added", added, "changed", changed,
			     "removed", removed, "tunnels", (json_int_t)config->count);
	config_free(config);
	return true;
}

/* What an earlier daemon has bound; what no pool has any more is forgotten. */
static void reload_lease(void *ctx, const struct ledger_entry *entry)
{
	struct daemon *d = ctx;
	struct ledger_entry gone = *entry;

	if (!ike_lease_restore(d->ike, entry->pool, &entry->addr, &entry->id))
		return;
	gone.id = (struct ike_id){ 0 };
	keys_lease(d->keys, &gone);
}

void reload_first(struct daemon *d, struct config *config)
{
	ike_crash_secret(d->ike, keys_crash_secret(d->keys));
	reload_pools(d, config);
	keys_leases(d->keys, reload_lease, d);
	for (size_t i = 0; i < config->count; i++)
		tunnels_add(&d->tunnels, d->ike, d->devices, &config->tunnels[i]);
	engine_settled(d);
	log_info("%zu tunnel%s configured", config->count, config->count == 1 ? "" : "s");
	config_free(config);
}
