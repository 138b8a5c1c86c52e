// SPDX-License-Identifier: GPL-2.0
#include "esplaned/command/reload.h"

#include <stdio.h>
#include <string.h>

#include "esplaned/control/publish.h"
#include "esplaned/control/waits.h"
#include "esplaned/engine/engine.h"
#include "esplaned/engine/hooks.h"
#include "esplaned/engine/servers.h"
#include "esplaned/host/device.h"
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

/* What has been done, for the client and the log. */
struct reloaded {
	json_t *added, *changed, *removed;	/* names of tunnels */
	json_t *tunnels;		/* what each is, as Documentation/control.md has it */
};

static const char *const reload_words[] = {
	[CONF_SAME] = "unchanged", [CONF_LATER] = "changed", [CONF_REPLACED] = "replaced",
	[CONF_NEW] = "new",
};

static json_t *reload_say(struct reloaded *r, const char *name, const char *what)
{
	json_t *object = json_pack("{ss ss}", "name", name, "change", what);

	json_array_append_new(r->tunnels, object);
	return object;
}

static void reload_say_child(json_t *children, const char *name, const char *what)
{
	json_array_append_new(children, json_pack("{ss ss}", "name", name, "change", what));
}

/* Of one that goes on: all of its children, before they are others. */
static json_t *reload_children(const struct tunnel_options *old, const struct tunnel_options *new,
			       const struct options_change *change)
{
	json_t *children = json_array();

	for (unsigned int i = 0; i < new->ike.child_count; i++)
		reload_say_child(children, new->ike.child[i].name, reload_words[change->child[i]]);
	for (unsigned int i = 0; i < old->ike.child_count; i++) {
		const char *name = old->ike.child[i].name;

		if (tunnel_conf_child(&new->ike, name) == new->ike.child_count)
			reload_say_child(children, name, "removed");
	}
	return children;
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

/* What people have said of it is said of the one in its place. False: it stays as it was. */
static bool reload_replace(struct daemon *d, struct tunnel_entry *t, struct tunnel_options *opt)
{
	struct ike_wishes *wishes = ike_wishes_take(d->ike, t->id);

	if (!wishes) {
		log_err("tunnel %s stays as it was: no memory", t->opt.ike.name);
		return false;
	}
	reload_remove(d, t);
	t = tunnels_add(&d->tunnels, d->ike, d->devices, opt);
	ike_wishes_give(d->ike, t ? t->id : 0, wishes);
	return true;
}

static void reload_failed(struct tunnel_options *opt, struct reloaded *r, const char *name)
{
	reload_say(r, name, "failed");
	opt->ike.name[0] = '\0';		/* nor is it new */
}

static bool reload_is_none(const struct tunnel_options *opt, const struct options_change *change)
{
	for (unsigned int i = 0; i < opt->ike.child_count; i++)
		if (change->child[i] != CONF_SAME)
			return false;
	return change->tunnel == CONF_SAME && !change->less;
}

/* One that is in both. */
static void reload_one(struct daemon *d, struct tunnel_entry *t, struct tunnel_options *opt,
		       struct reloaded *r)
{
	struct options_change change = options_compare(&t->opt, opt);
	json_t *children, *said;
	char name[TUNNEL_NAME_MAX];

	memcpy(name, t->opt.ike.name, sizeof(name));
	if (reload_is_none(opt, &change)) {
		opt->ike.name[0] = '\0';	/* done */
		tunnels_set_crl(t, opt->crl);
		opt->crl = NULL;
		reload_say(r, name, "unchanged");
		return;
	}
	if (change.tunnel == CONF_REPLACED) {
		if (!reload_replace(d, t, opt)) {
			reload_failed(opt, r, name);
			return;
		}
		json_array_append_new(r->changed, json_string(name));
		reload_say(r, name, "replaced");
		return;
	}
	children = reload_children(&t->opt, opt, &change);
	if (!tunnels_change(d->ike, t, opt, &change)) {
		json_decref(children);
		reload_failed(opt, r, name);
		return;
	}
	json_array_append_new(r->changed, json_string(name));
	said = reload_say(r, name, "changed");
	json_object_set_new(said, "options", json_boolean(change.tunnel != CONF_SAME));
	json_object_set_new(said, "children", children);
	hooks_flush(d);
}

/* Of those there are: what changed, and what is no more. What is made anew follows them. */
static void reload_old(struct daemon *d, const struct config *config, struct reloaded *r)
{
	unsigned int count = tunnels_count(&d->tunnels);
	struct tunnel_entry *t, *next;

	for (t = d->tunnels.first; count--; t = next) {
		struct tunnel_options *opt = reload_find(config, t->opt.ike.name);

		next = t->next;
		if (opt) {
			reload_one(d, t, opt, r);
			continue;
		}
		json_array_append_new(r->removed, json_string(t->opt.ike.name));
		reload_say(r, t->opt.ike.name, "removed");
		reload_remove(d, t);
	}
}

/* What has been taken has no name in @config any more. */
static void reload_new(struct daemon *d, struct config *config, struct reloaded *r)
{
	for (size_t i = 0; i < config->count; i++) {
		struct tunnel_options *opt = &config->tunnels[i];

		if (!opt->ike.name[0])
			continue;
		json_array_append_new(r->added, json_string(opt->ike.name));
		reload_say(r, opt->ike.name, "new");
		tunnels_add(&d->tunnels, d->ike, d->devices, opt);
	}
}

bool reload(struct daemon *d, json_t **changes, char why[CONFIG_WHY_MAX])
{
	struct config *config = keys_load(d->keys, why);
	struct reloaded r;

	if (!config) {
		log_err("the configuration stays as it was");	/* why was logged there */
		return false;
	}
	r.added = json_array();
	r.changed = json_array();
	r.removed = json_array();
	r.tunnels = json_array();
	reload_pools(d, config);
	reload_old(d, config, &r);
	reload_new(d, config, &r);
	devices_look(d->devices);
	reload_pools_drop(d, config);
	ike_forget_tickets(d->ike);
	engine_listen(d);
	engine_settled(d);
	log_notice("configuration reloaded: %zu added, %zu changed, %zu removed",
		   json_array_size(r.added), json_array_size(r.changed),
		   json_array_size(r.removed));
	*changes = json_pack("{ss so so so so sI}", "result", "ok", "added", r.added, "changed",
			     r.changed, "removed", r.removed, "changes", r.tunnels, "tunnels",
			     (json_int_t)config->count);
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
	engine_listen(d);
	engine_settled(d);
	log_info("%zu tunnel%s configured", config->count, config->count == 1 ? "" : "s");
	config_free(config);
}
