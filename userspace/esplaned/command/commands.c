// SPDX-License-Identifier: GPL-2.0
#include "esplaned/command/commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "esplaned/command/reload.h"
#include "esplaned/control/explain.h"
#include "esplaned/control/export.h"
#include "esplaned/control/failure.h"
#include "esplaned/control/publish.h"
#include "esplaned/control/leases.h"
#include "esplaned/control/status.h"
#include "esplaned/control/status_tunnel.h"
#include "esplaned/control/waits.h"
#include "esplaned/engine/engine.h"
#include "esplaned/engine/module.h"
#include "esplaned/nl/kern.h"
#include "lib/log.h"

/* SAs that one command renews: the IKE SA of a peer and all its children fit. */
#define COMMANDS_AT_ONCE	(2 * TUNNEL_CHILDREN_MAX)

#define BY_USER	"taken down by the user"

static void commands_add_name(void *ctx, const char *name)
{
	json_array_append_new(ctx, failure_text(name));
}

static json_t *commands_known(struct daemon *d, uint32_t tunnel)
{
	json_t *names = json_array();

	names_each(d->ike, tunnel, commands_add_name, names);
	return names;
}

static json_t *commands_no_memory(void)
{
	return control_error("failed", "no memory");
}

/* How `up` of one thing begins. NULL: events and an end follow. */
static json_t *commands_begin_up(struct daemon *d, struct client *c, const struct name_ref *ref)
{
	json_t *result;
	int rc = ike_up(d->ike, names_id(ref));

	switch (rc) {
	case 0:
		return NULL;
	case -EINPROGRESS:
		publish_replay(d, ref->tunnel, c);
		return NULL;
	case -EALREADY:
		result = status_up_result(d, ref);
		if (result && json_object_get(result, "error"))
			return result;
		if (!result)
			result = status_ok_result(d, ref);
		json_object_set_new(result, "already", json_true());
		return result;
	case -EDESTADDRREQ:
		return control_error("answer-only",
				     "%s cannot be started from here: remote = any",
				     ike_tunnel_conf(d->ike, ref->tunnel)->name);
	default:
		return control_error("failed", "%s", strerror(-rc));
	}
}

static void commands_up(struct daemon *d, struct client *c, const struct name_ref *ref)
{
	const struct control_about about = { ref->tunnel, ref->peer, ref->child };
	json_t *result;

	client_watch(c, &about, false);
	/* Before ike_up(): an attempt can fail inside of that. */
	if (!waits_add(&d->waits, c, WAIT_UP, ref, 1, false)) {
		client_finish(c, commands_no_memory());
		return;
	}
	result = commands_begin_up(d, c, ref);
	if (result)
		waits_settle(&d->waits, c, ref, result);
	engine_settled(d);
}

static void commands_restart(struct daemon *d, struct client *c, const struct name_ref *ref)
{
	if (!ike_tunnel_conf(d->ike, ref->tunnel)->any)
		ike_down(d->ike, names_id(ref), "restarted by the user");
	commands_up(d, c, ref);
}

/* All tunnels that can be started from here. */
static unsigned int commands_all(struct daemon *d, struct name_ref **refs)
{
	unsigned int count = 0, room = tunnels_count(&d->tunnels);
	uint32_t id = 0;

	*refs = calloc(room + 1, sizeof(**refs));
	while (*refs && count < room && (id = ike_tunnel_next(d->ike, id))) {
		if (!ike_tunnel_conf(d->ike, id)->any)
			(*refs)[count++].tunnel = id;
	}
	return count;
}

static void commands_up_all(struct daemon *d, struct client *c)
{
	const struct control_about all = { 0 };
	struct name_ref *refs;
	unsigned int count = commands_all(d, &refs);
	json_t *result;

	client_watch(c, &all, false);
	if (!refs || !waits_add(&d->waits, c, WAIT_UP, refs, count, true)) {
		client_finish(c, commands_no_memory());
		free(refs);
		return;
	}
	for (unsigned int i = 0; i < count; i++) {
		result = commands_begin_up(d, c, &refs[i]);
		if (result)
			waits_settle(&d->waits, c, &refs[i], result);
	}
	free(refs);
	engine_settled(d);
}

static json_t *commands_take_down(struct daemon *d, const struct name_ref *ref)
{
	json_t *result = status_ok_result(d, ref);	/* a peer may be gone afterwards */
	bool already = ike_down(d->ike, names_id(ref), BY_USER) == -EALREADY;

	json_object_set_new(result, "already", json_boolean(already));
	return result;
}

static void commands_down(struct daemon *d, struct client *c, const struct name_ref *ref)
{
	client_finish(c, commands_take_down(d, ref));
	engine_settled(d);
}

static void commands_down_all(struct daemon *d, struct client *c)
{
	json_t *tunnels = json_array();
	struct name_ref ref = { 0 };

	while ((ref.tunnel = ike_tunnel_next(d->ike, ref.tunnel)))
		json_array_append_new(tunnels, commands_take_down(d, &ref));
	client_finish(c, json_pack("{ss so}", "result", "ok", "tunnels", tunnels));
	engine_settled(d);
}

/* The children of what @ref names, that are up: how many, the first @room of them in @refs. */
static unsigned int commands_children(struct daemon *d, const struct name_ref *ref,
				      struct name_ref *refs, unsigned int room)
{
	struct name_ref at = { .tunnel = ref->tunnel };
	struct ike_child_status st;
	unsigned int count = 0;

	while ((at.peer = ike_peer_next(d->ike, ref->tunnel, at.peer))) {
		if (ref->peer && ref->peer != at.peer)
			continue;
		at.child = 0;
		while ((at.child = ike_child_next(d->ike, at.peer, at.child))) {
			if ((ref->child && ref->child != at.child) ||
			    !ike_child_status(d->ike, at.child, &st) || st.state != CHILD_UP)
				continue;
			if (count < room)
				refs[count] = at;
			count++;
		}
	}
	return count;
}

/* Likewise the peers, which have the IKE SAs; of a child none. */
static unsigned int commands_peers(struct daemon *d, const struct name_ref *ref,
				   struct name_ref *refs, unsigned int room)
{
	struct name_ref at = { .tunnel = ref->tunnel };
	struct ike_peer_status st;
	unsigned int count = 0;

	while (!ref->child && (at.peer = ike_peer_next(d->ike, ref->tunnel, at.peer))) {
		if ((ref->peer && ref->peer != at.peer) ||
		    !ike_peer_status(d->ike, at.peer, &st) || st.state != PEER_UP)
			continue;
		if (count < room)
			refs[count] = at;
		count++;
	}
	return count;
}

/* The result follows when each of @refs has come to its end; @begin begins one. */
static void commands_renew(struct daemon *d, struct client *c, const struct name_ref *ref,
			   enum wait_for what, int (*begin)(struct ike *ike, uint32_t id),
			   const struct name_ref *refs, unsigned int count)
{
	const struct control_about about = { ref->tunnel, ref->peer, ref->child };
	json_t *name;
	int rc;

	if (!count) {
		name = status_ok_result(d, ref);
		client_finish(c, control_error("not-up", "%s is not up",
					       json_string_value(json_object_get(name, "tunnel"))));
		json_decref(name);
		return;
	}
	if (count > COMMANDS_AT_ONCE) {
		client_finish(c, control_error("bad-request", "too many are up to be renewed at "
					       "once, %d at most: name a peer, TUNNEL/PEER",
					       COMMANDS_AT_ONCE));
		return;
	}
	client_watch(c, &about, false);
	if (!waits_add(&d->waits, c, what, refs, count, count > 1)) {
		client_finish(c, commands_no_memory());
		return;
	}
	for (unsigned int i = 0; i < count; i++) {
		rc = begin(d->ike, names_id(&refs[i]));
		if (rc)
			waits_settle(&d->waits, c, &refs[i],
				     rc == -EDESTADDRREQ ?
					     control_error("answer-only",
							   "the peer is who begins: it has to "
							   "authenticate itself anew") :
					     control_error("not-up", "it went down meanwhile"));
	}
	engine_settled(d);
}

/* The IKE SAs, then the children: so a child's exchange does not stand in the IKE SA's way. */
static void commands_rekey(struct daemon *d, struct client *c, const struct name_ref *ref)
{
	struct name_ref refs[COMMANDS_AT_ONCE];
	unsigned int count = commands_peers(d, ref, refs, COMMANDS_AT_ONCE);

	if (count <= COMMANDS_AT_ONCE)
		count += commands_children(d, ref, refs + count, COMMANDS_AT_ONCE - count);
	commands_renew(d, c, ref, WAIT_REKEY, ike_rekey, refs, count);
}

static void commands_reauth(struct daemon *d, struct client *c, const struct name_ref *ref)
{
	struct name_ref refs[COMMANDS_AT_ONCE];

	if (ref->child)
		client_finish(c, control_error("bad-request", "a child is rekeyed; it is its tunnel "
							      "or peer that authenticates itself"));
	else
		commands_renew(d, c, ref, WAIT_REAUTH, ike_reauthenticate, refs,
			       commands_peers(d, ref, refs, COMMANDS_AT_ONCE));
}

static void commands_explain(struct daemon *d, struct client *c, const struct name_ref *ref)
{
	client_finish(c, explain_json(d, ref));
}

static void commands_export(struct daemon *d, struct client *c, const struct name_ref *ref)
{
	client_finish(c, export_json(d, ref->tunnel));
}

/* More of the log for one tunnel, until it is told otherwise. */
static void commands_log(struct daemon *d, struct client *c, const struct name_ref *ref,
			 const struct control_request *req)
{
	struct tunnel_entry *t = tunnels_find(&d->tunnels, ref->tunnel);
	bool debug = req->level && !strcmp(req->level, "debug");

	if (req->level && !debug && strcmp(req->level, "info")) {
		client_finish(c, control_error("bad-request", "the level is debug or info"));
		return;
	}
	if (req->level) {
		t->log_level = debug ? LOG_DEBUG : 0;
		log_notice("%s: logged at level %s from now on", t->opt.ike.name, req->level);
	}
	client_finish(c, json_pack("{ss ss ss}", "result", "ok", "tunnel", t->opt.ike.name, "level",
				   t->log_level || log_enabled(LOG_DEBUG) ? "debug" : "info"));
}

/* Clients that are up go to another gateway. What they do is told by events. */
static void commands_redirect(struct daemon *d, struct client *c, const struct name_ref *ref,
			      const struct control_request *req)
{
	const char *name = ike_tunnel_conf(d->ike, ref->tunnel)->name;
	struct addr to;
	int count;

	if (ref->child) {
		client_finish(c, control_error("bad-request", "a child has no gateway of its own: "
					       "name its tunnel or peer"));
		return;
	}
	if (!req->to || !addr_parse(&to, req->to) || !addr_is_hosts(&to)) {
		client_finish(c, control_error("bad-request", "\"%.64s\" is not a host's address: "
					       "use that of the other gateway, as 198.51.100.2",
					       req->to ? req->to : ""));
		return;
	}
	count = ike_redirect(d->ike, names_id(ref), &to);
	engine_settled(d);
	if (count == -EOPNOTSUPP)
		client_finish(c, control_error("failed", "no peer of %s that is up has begun it and "
					       "follows redirects (RFC 5685)", name));
	else if (count < 0)
		client_finish(c, control_error("not-up", "%s is not up", name));
	else
		client_finish(c, json_pack("{ss ss ss si}", "result", "ok", "tunnel", name, "to",
					   req->to, "peers", count));
}

static void commands_leases(struct daemon *d, struct client *c, const struct name_ref *ref)
{
	client_finish(c, json_pack("{ss so}", "result", "ok", "leases", leases_json(d->ike)));
}

static void commands_names(struct daemon *d, struct client *c, const struct name_ref *ref)
{
	client_finish(c, json_pack("{ss so}", "result", "ok", "names", commands_known(d, 0)));
}

static void commands_monitor(struct daemon *d, struct client *c, const struct name_ref *ref)
{
	const struct control_about all = { 0 };

	client_watch(c, &all, true);
	client_event(c, json_pack("{ss ss sI}", "event", "monitor", "version", ESPLANE_VERSION,
				  "tunnels", (json_int_t)tunnels_count(&d->tunnels)));
}

static void commands_reload(struct daemon *d, struct client *c, const struct name_ref *ref)
{
	char why[CONFIG_WHY_MAX];
	json_t *changes = NULL;

	if (reload(d, &changes, why))
		client_finish(c, changes);
	else
		client_finish(c, control_error("config", "%s", why));
}

static void commands_version(struct daemon *d, struct client *c, const struct name_ref *ref)
{
	/* The daemon is the process that has made this one: keys/keys.h. */
	json_t *result = json_pack("{ss ss sI}", "result", "ok", "version", ESPLANE_VERSION, "pid",
				   (json_int_t)getppid());
	char why[IKE_WHY_MAX], module[32];

	if (!module_ready(d, why) && !kern_version(d->kern, module, sizeof(module)))
		json_object_set_new(result, "module", json_string(module));
	else
		json_object_set_new(result, "module", json_null());
	client_finish(c, result);
}

static const struct command {
	const char *name;
	void (*run)(struct daemon *d, struct client *c, const struct name_ref *ref);
	enum { TUNNEL_NONE, TUNNEL_MAY, TUNNEL_MUST } tunnel;
	void (*all)(struct daemon *d, struct client *c);	/* NULL: not of all at once */
	/* In the place of @run, where the request says more. */
	void (*run_more)(struct daemon *d, struct client *c, const struct name_ref *ref,
			 const struct control_request *req);
} commands[] = {
	{ "up", commands_up, TUNNEL_MUST, commands_up_all },
	{ "down", commands_down, TUNNEL_MUST, commands_down_all },
	{ "restart", commands_restart, TUNNEL_MUST, NULL },
	{ "rekey", commands_rekey, TUNNEL_MUST, NULL },
	{ "reauth", commands_reauth, TUNNEL_MUST, NULL },
	{ "status", status_send, TUNNEL_MAY, NULL },
	{ "explain", commands_explain, TUNNEL_MUST, NULL },
	{ "log", NULL, TUNNEL_MUST, NULL, commands_log },
	{ "redirect", NULL, TUNNEL_MUST, NULL, commands_redirect },
	{ "export-keys", commands_export, TUNNEL_MUST, NULL },
	{ "leases", commands_leases, TUNNEL_NONE, NULL },
	{ "names", commands_names, TUNNEL_NONE, NULL },
	{ "monitor", commands_monitor, TUNNEL_NONE, NULL },
	{ "reload", commands_reload, TUNNEL_NONE, NULL },
	{ "version", commands_version, TUNNEL_NONE, NULL },
};

static json_t *commands_no_such(struct daemon *d, const char *name, const struct name_ref *ref)
{
	const char *what = !ref->tunnel ? "tunnel" :
			   ike_tunnel_conf(d->ike, ref->tunnel)->any ? "peer or child" : "child";
	json_t *error = control_error("no-such-tunnel", "there is no %s \"%.400s\"", what, name);

	json_object_set_new(error, "known", commands_known(d, ref->tunnel));
	return error;
}

static const struct command *commands_find(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	}
	return NULL;
}

static bool commands_fits(const struct command *command, const struct control_request *req)
{
	if ((req->level && command->run_more != commands_log) ||
	    (req->to && command->run_more != commands_redirect))
		return false;
	if (req->all)
		return command->all && !req->tunnel;
	return req->tunnel ? command->tunnel != TUNNEL_NONE : command->tunnel != TUNNEL_MUST;
}

void commands_request(void *ctx, struct client *c, const struct control_request *req)
{
	static const char *const takes[] = {
		[TUNNEL_NONE] = "no tunnel",
		[TUNNEL_MAY] = "one tunnel or none",
		[TUNNEL_MUST] = "a tunnel",
	};
	const struct command *command = commands_find(req->command);
	struct name_ref ref = { 0 };
	struct daemon *d = ctx;

	if (!command)
		client_finish(c, control_error("bad-request", "there is no command \"%.64s\"",
					       req->command));
	else if (!commands_fits(command, req))
		client_finish(c, control_error("bad-request", "the command %s takes %s%s",
					       command->name, takes[command->tunnel],
					       command->all ? ", or all of them" : ""));
	else if (d->stopping)
		client_finish(c, control_error("down", "the daemon stops"));
	else if (req->tunnel && !names_find(d->ike, req->tunnel, &ref))
		client_finish(c, commands_no_such(d, req->tunnel, &ref));
	else if (req->all)
		command->all(d, c);
	else if (command->run_more)
		command->run_more(d, c, &ref, req);
	else
		command->run(d, c, &ref);
}

void commands_gone(void *ctx, struct client *c)
{
	struct daemon *d = ctx;

	waits_client_gone(&d->waits, c);
}
