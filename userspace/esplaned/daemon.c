// SPDX-License-Identifier: GPL-2.0
#include "esplaned/conn.h"

#include <errno.h>
#include <linux/esplane.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "esplaned/nl/kern.h"
#include "esplaned/nl/route.h"
#include "esplaned/host/sock.h"
#include "lib/log.h"

#define STOP_PATIENCE_MS	1500	/* for the peers' answers to our DELETEs */
#define STOP_POLL_MS		20

uint64_t daemon_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

struct conn *daemon_conn(struct daemon *d, const char *name)
{
	struct conn *t = d->tunnels;

	while (t && strcmp(t->opt.ike.name, name))
		t = t->next;
	return t;
}

/* The engine's outer world, ike/core/env.h. */

static uint64_t env_now(void *ctx)
{
	return daemon_now();
}

static void env_random(void *ctx, void *buf, size_t len)
{
	crypto_random(buf, len);
}

static void env_send(void *ctx, const struct endpoint *local, const struct endpoint *remote,
		     const uint8_t *msg, size_t len)
{
	sock_send(((struct daemon *)ctx)->sock, local, remote, msg, len);
}

static bool env_source_for(void *ctx, const struct addr *remote, struct addr *local)
{
	return sock_source_for(remote, local);
}

static int device_of(void *ctx, const char *name, char why[256])
{
	struct conn *t = daemon_conn(ctx, name);

	if (t)
		return conn_device(t, why);
	snprintf(why, 256, "there is no tunnel \"%.64s\"", name);
	return -ENOENT;
}

static int env_spi_alloc(void *ctx, const char *tunnel, uint32_t *spi, char why[256])
{
	int ifindex = device_of(ctx, tunnel, why);

	return ifindex < 0 ? ifindex :
			     kern_spi_alloc(((struct daemon *)ctx)->kern, ifindex, spi, why);
}

static int env_child_set(void *ctx, const char *tunnel, const struct kern_child *child,
			 char why[256])
{
	int ifindex = device_of(ctx, tunnel, why), rc;
	struct daemon *d = ctx;

	if (ifindex < 0)
		return ifindex;
	rc = kern_child_set(d->kern, ifindex, child, why);
	if (!rc)
		conn_child(daemon_conn(d, tunnel), child);
	return rc;
}

static int env_sa_add(void *ctx, const char *tunnel, uint32_t child_id, const struct kern_sa *in,
		      const struct kern_sa *out, char why[256])
{
	int ifindex = device_of(ctx, tunnel, why);

	return ifindex < 0 ?
		       ifindex :
		       kern_sa_add(((struct daemon *)ctx)->kern, ifindex, child_id, in, out, why);
}

/* What is deleted went with its interface, if that is gone: no error, and no new interface. */
static int env_child_del(void *ctx, const char *tunnel, uint32_t id)
{
	struct conn *t = daemon_conn(ctx, tunnel);
	char why[256];

	return t && t->ifindex ? kern_child_del(t->d->kern, t->ifindex, id, why) : 0;
}

static int env_sa_del(void *ctx, const char *tunnel, uint32_t spi, bool out)
{
	struct conn *t = daemon_conn(ctx, tunnel);
	char why[256];

	return t && t->ifindex ? kern_sa_del(t->d->kern, t->ifindex, spi, out, why) : 0;
}

static uint64_t env_idle(void *ctx, const char *tunnel, uint32_t child_id)
{
	struct conn *t = daemon_conn(ctx, tunnel);

	return t && t->ifindex ? kern_child_idle(t->d->kern, t->ifindex, child_id) : UINT64_MAX;
}

static void env_event(void *ctx, const struct ike_event *ev)
{
	struct conn *t = ev->tunnel ? daemon_conn(ctx, ev->tunnel) : NULL;

	if (t)
		conn_event(t, ev);
	else if (ev->detail)
		log_write(ev->type == IKE_EV_LOG ? ev->level : LOG_INFO, "%s", ev->detail);
}

/* Into the engine: datagrams, time, the kernel's events. */

void daemon_engine_rearm(struct daemon *d)
{
	uint64_t deadline = ike_deadline(d->ike), now = daemon_now(), wait;
	struct timeval tv;

	if (deadline == UINT64_MAX) {
		evtimer_del(d->engine_timer);
		return;
	}
	wait = deadline > now ? deadline - now : 0;
	tv = (struct timeval){ .tv_sec = (time_t)(wait / 1000),
			       .tv_usec = (suseconds_t)(wait % 1000 * 1000) };
	evtimer_add(d->engine_timer, &tv);
}

static void on_engine_timer(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;

	ike_tick(d->ike);
	daemon_engine_rearm(d);
}

static void on_datagram(void *ctx, const struct endpoint *local, const struct endpoint *remote,
			const uint8_t *msg, size_t len)
{
	struct daemon *d = ctx;

	ike_input(d->ike, local, remote, msg, len);
	daemon_engine_rearm(d);
}

/* An event of our own doing, or of a child that we have made anew since, says nothing. */
static bool child_is_gone(struct daemon *d, const struct kern_event *kev)
{
	char why[KERN_WHY_MAX];

	return kern_child_get(d->kern, (int)kev->ifindex, kev->child_id, why) == -ENOENT;
}

static void on_kern_event(void *ctx, const struct kern_event *kev)
{
	struct ike_kern_event ev = {
		.child_id = kev->child_id,
		.spi = kev->spi,
		.hard = kev->hard,
		.out = kev->out,
		.peer = kev->peer,
	};
	struct daemon *d = ctx;
	struct conn *t = d->tunnels;

	while (t && (!t->ifindex || (uint32_t)t->ifindex != kev->ifindex))
		t = t->next;
	if (!t)
		return;
	ev.tunnel = t->opt.ike.name;
	switch (kev->cmd) {
	case ESPLANE_CMD_EXPIRE:
		ev.type = IKE_KERN_EXPIRE;
		break;
	case ESPLANE_CMD_ACQUIRE:
		ev.type = IKE_KERN_ACQUIRE;
		break;
	case ESPLANE_CMD_MAPPING:
		ev.type = IKE_KERN_MAPPING;
		break;
	case ESPLANE_CMD_POLICY_GONE:
		if (!child_is_gone(d, kev))
			return;
		ev.type = IKE_KERN_GONE;
		break;
	case ESPLANE_CMD_DEVICE_GONE:
		conn_device_gone(t);
		return;
	default:		/* INVALID_SPI is unauthenticated */
		return;
	}
	ike_kern_event(d->ike, &ev);
	daemon_engine_rearm(d);
}

static void on_kern_readable(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;

	if (kern_event_read(d->kern, on_kern_event, d))
		return;
	log_warn("the kernel's events came too fast, some are lost: looking at its state instead");
	for (struct conn *t = d->tunnels; t; t = t->next) {
		struct kern_event gone = { .cmd = ESPLANE_CMD_POLICY_GONE };
		struct ike_status st;
		char name[IFNAMSIZ];

		if (!t->ifindex || !ike_status(d->ike, t->opt.ike.name, &st))
			continue;
		gone.ifindex = (uint32_t)t->ifindex;
		gone.child_id = st.child_id;
		if (if_indextoname(gone.ifindex, name))
			on_kern_event(d, &gone);
		else
			conn_device_gone(t);
	}
}

/* The module has just been found: what its last owner left goes, and port 4500 is handed over. */
static int kernel_greet(struct daemon *d, char why[256])
{
	unsigned int count = route_leftover_del(d->route);
	int rc;

	if (count)
		log_notice("removed %u interface%s that an earlier esplaned left", count,
			   count == 1 ? "" : "s");
	rc = kern_flush(d->kern, why);
	if (rc)
		return rc;
	if (d->kern_readable)
		event_free(d->kern_readable);
	d->kern_readable = event_new(d->base, kern_event_fd(d->kern), EV_READ | EV_PERSIST,
				     on_kern_readable, d);
	if (!d->kern_readable || event_add(d->kern_readable, NULL)) {
		snprintf(why, 256, "no memory");
		return -ENOMEM;
	}
	if (sock_natt_fd(d->sock) >= 0)
		rc = kern_socket_attach(d->kern, sock_natt_fd(d->sock), why);
	for (struct conn *t = d->tunnels; t; t = t->next)
		conn_check_esp(t);
	return rc;
}

int daemon_kernel_ready(struct daemon *d, char why[256])
{
	bool fresh;
	int rc = kern_ready(d->kern, &fresh, why);

	if (rc || !fresh)
		return rc;
	rc = kernel_greet(d, why);
	if (rc)		/* half a greeting is none: again at the next attempt */
		kern_forget(d->kern);
	return rc;
}

static bool engine_open(struct daemon *d)
{
	struct ike_env env = {
		.ctx = d,
		.now = env_now,
		.random = env_random,
		.send = env_send,
		.source_for = env_source_for,
		.kern_spi_alloc = env_spi_alloc,
		.kern_child_set = env_child_set,
		.kern_child_del = env_child_del,
		.kern_sa_add = env_sa_add,
		.kern_sa_del = env_sa_del,
		.kern_idle = env_idle,
		.event = env_event,
	};

	d->ike = ike_new(&env);
	d->engine_timer = evtimer_new(d->base, on_engine_timer, d);
	return d->ike && d->engine_timer;
}

bool daemon_open(struct daemon *d, const char *control_path)
{
	char why[256];

	d->base = event_base_new();
	d->kern = kern_new();
	d->route = route_new();
	if (!d->base || !d->kern || !d->route || !engine_open(d)) {
		log_err("cannot start: no memory, or no netlink sockets");
		return false;
	}
	/* Who has port 500 is the only esplaned of the network namespace. */
	d->sock = sock_new(d->base, on_datagram, d, why);
	if (d->sock)
		d->control = control_new(d->base, control_path, daemon_request, d, why);
	if (!d->control)
		log_err("%s", why);
	return d->control;
}

bool daemon_take_over(struct daemon *d)
{
	char why[256], kernel_why[256];
	int rc = daemon_kernel_ready(d, kernel_why);

	/* Until then the module may hold a dead daemon's socket there; now it gets ours. */
	if (!sock_open_natt(d->sock, why)) {
		log_err("%s%s%s", why, rc ? "; and: " : "", rc ? kernel_why : "");
		return false;
	}
	if (!rc) {
		rc = kern_socket_attach(d->kern, sock_natt_fd(d->sock), kernel_why);
		if (rc)
			kern_forget(d->kern);
	}
	if (rc)
		log_warn("no tunnel can come up yet: %s", kernel_why);
	return true;
}

void daemon_start(struct daemon *d, struct config *config)
{
	for (size_t i = 0; i < config->count; i++) {
		struct conn *t = conn_new(d, &config->tunnels[i]);

		if (t && t->opt.start_up)
			conn_up(t);
	}
	log_info("%zu tunnel%s configured", config->count, config->count == 1 ? "" : "s");
	config_free(config);
}

static void on_stop_timer(evutil_socket_t fd, short what, void *arg)
{
	static unsigned int waited_ms;
	struct daemon *d = arg;

	waited_ms += STOP_POLL_MS;
	/* An engine without a deadline has no answer to wait for. */
	if (ike_deadline(d->ike) == UINT64_MAX || waited_ms >= STOP_PATIENCE_MS)
		event_base_loopbreak(d->base);
}

void daemon_stop(struct daemon *d)
{
	struct timeval poll = { .tv_usec = STOP_POLL_MS * 1000 };

	if (d->stopping)
		return;
	d->stopping = true;
	for (struct conn *t = d->tunnels; t; t = t->next)
		conn_down(t);
	d->stop_timer = event_new(d->base, -1, EV_PERSIST, on_stop_timer, d);
	if (!d->stop_timer || event_add(d->stop_timer, &poll))
		event_base_loopbreak(d->base);
}

void daemon_close(struct daemon *d)
{
	d->stopping = true;
	while (d->tunnels)
		conn_del(d->tunnels);
	control_free(d->control);
	d->control = NULL;
	if (d->ike)
		ike_free(d->ike);
	if (d->kern_readable)
		event_free(d->kern_readable);
	kern_free(d->kern);
	route_free(d->route);
	if (d->engine_timer)
		event_free(d->engine_timer);
	if (d->stop_timer)
		event_free(d->stop_timer);
	sock_free(d->sock);	/* last: the next esplaned waits for port 500 */
	if (d->base)
		event_base_free(d->base);
}

static const struct tunnel_options *config_find(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->count; i++) {
		if (!strcmp(config->tunnels[i].ike.name, name))
			return &config->tunnels[i];
	}
	return NULL;
}

static void conn_replace(struct daemon *d, struct conn *t, const struct tunnel_options *opt)
{
	bool up = t->wanted || t->was_up || opt->start_up;
	struct conn *fresh;

	conn_del(t);
	fresh = conn_new(d, opt);
	if (fresh && up)
		conn_up(fresh);
}

bool daemon_reload(struct daemon *d, json_t **changes, char why[CONFIG_WHY_MAX])
{
	json_t *added = json_array(), *changed = json_array(), *removed = json_array();
	struct config *config = config_load(d->config_path, why);
	const struct tunnel_options *opt;
	struct conn *t, *next;

	if (!config) {
		log_err("the configuration stays as it was: %s", why);
		json_decref(added);
		json_decref(changed);
		json_decref(removed);
		return false;
	}
	for (t = d->tunnels; t; t = next) {
		next = t->next;
		opt = config_find(config, t->opt.ike.name);
		if (opt && tunnel_options_equal(opt, &t->opt))
			continue;
		json_array_append_new(opt ? changed : removed, json_string(t->opt.ike.name));
		if (opt)
			conn_replace(d, t, opt);
		else
			conn_del(t);
	}
	for (size_t i = 0; i < config->count; i++) {
		opt = &config->tunnels[i];
		if (daemon_conn(d, opt->ike.name))
			continue;
		json_array_append_new(added, json_string(opt->ike.name));
		t = conn_new(d, opt);
		if (t && opt->start_up)
			conn_up(t);
	}
	log_notice("configuration read again: %zu added, %zu changed, %zu removed",
		   json_array_size(added), json_array_size(changed), json_array_size(removed));
	*changes = json_pack("{ss so so so si}", "result", "ok", "added", added, "changed", changed,
			     "removed", removed, "tunnels", (int)config->count);
	config_free(config);
	return true;
}
