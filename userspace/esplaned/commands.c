// SPDX-License-Identifier: GPL-2.0
/* What the control socket can be asked. */
#include "esplaned/conn.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "esplaned/nl/kern.h"

static json_t *names_json(struct daemon *d)
{
	json_t *names = json_array();

	for (struct conn *t = d->tunnels; t; t = t->next)
		json_array_append_new(names, json_string(t->opt.ike.name));
	return names;
}

static void command_up(struct daemon *d, struct client *c, struct conn *t)
{
	json_t *result;

	switch (conn_up(t)) {
	case 0:
	case -EINPROGRESS:
		client_watch(c, t->opt.ike.name);
		return;
	case -EALREADY:
		result = conn_summary(t);
		json_object_set_new(result, "result", json_string("ok"));
		json_object_set_new(result, "already", json_true());
		client_finish(c, result);
		return;
	default:
		client_finish(c, control_error("answer-only",
					       "tunnel \"%s\" only answers: its remote is any",
					       t->opt.ike.name));
	}
}

static void command_down(struct daemon *d, struct client *c, struct conn *t)
{
	bool already = conn_down(t) == -EALREADY;

	client_finish(c, json_pack("{ss ss sb}", "result", "ok", "tunnel", t->opt.ike.name,
				   "already", already));
}

/*
 * New keys, as if the outbound SA had come to its soft limit. The result follows with
 * IKE_EV_CHILD_REKEYED.
 */
static void command_rekey(struct daemon *d, struct client *c, struct conn *t)
{
	struct ike_kern_event ev = { .type = IKE_KERN_EXPIRE,
				     .tunnel = t->opt.ike.name,
				     .out = true };
	struct ike_status st;

	if (!ike_status(d->ike, t->opt.ike.name, &st) || st.state != TUNNEL_UP || !st.spi_out) {
		client_finish(c,
			      control_error("not-up", "tunnel \"%s\" is not up", t->opt.ike.name));
		return;
	}
	client_watch(c, t->opt.ike.name);
	ev.child_id = st.child_id;
	ev.spi = st.spi_out;
	ike_kern_event(d->ike, &ev);
	daemon_engine_rearm(d);
}

static void command_status(struct daemon *d, struct client *c, struct conn *one)
{
	const struct ike_counters *n = ike_counters(d->ike);
	json_t *tunnels = json_array();
	json_t *counters;

	for (struct conn *t = d->tunnels; t; t = t->next) {
		if (!one || t == one)
			json_array_append_new(tunnels, conn_status(t, one));
	}
	counters = json_pack("{sI sI sI sI sI sI sI sI}", "malformed", (json_int_t)n->malformed,
			     "unknown_spi", (json_int_t)n->unknown_spi, "bad_version",
			     (json_int_t)n->bad_version, "auth_failed", (json_int_t)n->auth_failed,
			     "replayed", (json_int_t)n->replayed, "unexpected",
			     (json_int_t)n->unexpected, "cookies_sent", (json_int_t)n->cookies_sent,
			     "half_open", (json_int_t)n->half_open);
	client_finish(c, json_pack("{ss so so}", "result", "ok", "tunnels", tunnels, "counters",
				   counters));
}

static void command_monitor(struct daemon *d, struct client *c, struct conn *t)
{
	client_watch(c, NULL);
	client_event(c, json_pack("{ss ss}", "event", "monitor", "version", ESPLANE_VERSION));
}

static void command_reload(struct daemon *d, struct client *c, struct conn *t)
{
	char why[CONFIG_WHY_MAX];
	json_t *changes = NULL;

	if (daemon_reload(d, &changes, why))
		client_finish(c, changes);
	else
		client_finish(c, control_error("config", "%s", why));
}

static void command_version(struct daemon *d, struct client *c, struct conn *t)
{
	json_t *result = json_pack("{ss ss sI}", "result", "ok", "version", ESPLANE_VERSION, "pid",
				   (json_int_t)getpid());
	char why[256], module[32];

	if (!daemon_kernel_ready(d, why) && !kern_version(d->kern, module, sizeof(module)))
		json_object_set_new(result, "module", json_string(module));
	else
		json_object_set_new(result, "module", json_null());
	client_finish(c, result);
}

static const struct command {
	const char *name;
	void (*run)(struct daemon *d, struct client *c, struct conn *t);
	enum { TUNNEL_NONE, TUNNEL_MAY, TUNNEL_MUST } tunnel;
} commands[] = {
	{ "up", command_up, TUNNEL_MUST },
	{ "down", command_down, TUNNEL_MUST },
	{ "rekey", command_rekey, TUNNEL_MUST },
	{ "status", command_status, TUNNEL_MAY },
	{ "monitor", command_monitor, TUNNEL_NONE },
	{ "reload", command_reload, TUNNEL_NONE },
	{ "version", command_version, TUNNEL_NONE },
};

static json_t *no_such_tunnel(struct daemon *d, const char *name)
{
	json_t *error = control_error("no-such-tunnel", "there is no tunnel \"%.64s\"", name);

	json_object_set_new(error, "known", names_json(d));
	return error;
}

void daemon_request(void *ctx, struct client *c, const char *name, const char *tunnel)
{
	const struct command *command = NULL;
	struct daemon *d = ctx;
	struct conn *t = NULL;

	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (!strcmp(commands[i].name, name))
			command = &commands[i];
	}
	if (!command) {
		client_finish(c,
			      control_error("bad-request", "there is no command \"%.64s\"", name));
		return;
	}
	if (tunnel && command->tunnel != TUNNEL_NONE) {
		t = daemon_conn(d, tunnel);
		if (!t) {
			client_finish(c, no_such_tunnel(d, tunnel));
			return;
		}
	} else if (tunnel || command->tunnel == TUNNEL_MUST) {
		client_finish(c, control_error("bad-request", "the command %s takes %s tunnel",
					       name, tunnel ? "no" : "a"));
		return;
	}
	command->run(d, c, t);
}
