// SPDX-License-Identifier: GPL-2.0
#include "esplaned/daemon.h"

#include "esplaned/command/commands.h"
#include "esplaned/command/reload.h"
#include "esplaned/control/control.h"
#include "esplaned/control/publish.h"
#include "esplaned/control/waits.h"
#include "esplaned/engine/engine.h"
#include "esplaned/engine/env.h"
#include "esplaned/engine/hooks.h"
#include "esplaned/engine/jobs.h"
#include "esplaned/engine/radius.h"
#include "esplaned/engine/cert_cache.h"
#include "esplaned/engine/talks.h"
#include "esplaned/engine/kern_events.h"
#include "esplaned/engine/module.h"
#include "esplaned/engine/servers.h"
#include "esplaned/host/device.h"
#include "esplaned/host/resolve.h"
#include "esplaned/host/sock.h"
#include "esplaned/host/tcp.h"
#include "esplaned/nl/kern.h"
#include "esplaned/nl/watch.h"
#include "lib/log.h"

#define STOP_PATIENCE_MS	1500	/* for the peers' answers to our DELETEs */
#define STOP_POLL_MS		20

static void daemon_on_datagram(void *ctx, const struct endpoint *local,
			       const struct endpoint *remote, const uint8_t *msg, size_t len)
{
	struct daemon *d = ctx;

	ike_input(d->ike, local, remote, msg, len);
	engine_settled(d);
}

static bool daemon_on_message(void *ctx, const struct endpoint *local,
			      const struct endpoint *remote, const uint8_t *msg, size_t len)
{
	struct daemon *d = ctx;
	bool sense = ike_input(d->ike, local, remote, msg, len);

	engine_settled(d);
	return sense;
}

static void daemon_on_stream_gone(void *ctx, uint64_t stream, const char *why)
{
	struct daemon *d = ctx;

	ike_stream_gone(d->ike, stream, why);
	engine_settled(d);
}

/*
 * A link, address, route or rule of the host is another. The daemon's own (@own) break nothing that
 * it laid, and with thousands of peers looking at all for each would cost more than its IKE.
 */
static void daemon_on_host_changed(void *ctx, bool own)
{
	struct daemon *d = ctx;

	resolver_renew(d->resolver);
	if (own)
		return;
	devices_mend(d->devices);
	ike_host_changed(d->ike);
	engine_settled(d);
}

/* A name server may be behind a tunnel that waits for what it says. */
static void daemon_on_reach(void *ctx, const struct addr *servers, unsigned int count)
{
	struct daemon *d = ctx;

	devices_reach(d->devices, servers, count);
}

static bool daemon_open_host(struct daemon *d)
{
	char why[IKE_WHY_MAX];

	d->devices = devices_new();
	d->resolver = resolver_new(d->base, RESOLVE_CONF, RESOLVE_HOSTS, RESOLVE_PATIENCE_MS,
				   daemon_on_reach, d);
	if (!d->devices || !d->resolver)
		return false;
	d->watch = watch_new(d->base, devices_port(d->devices), daemon_on_host_changed, d, why);
	if (!d->watch)
		log_err("cannot see changes of the host's routes: %s", why);
	return d->watch;
}

bool daemon_open(struct daemon *d, const char *control_path)
{
	struct ike_env env;
	char why[256];

	d->base = event_base_new();
	d->kern = kern_new();
	env_fill(&env, d);
	if (d->base)
		d->tcp = tcp_new(d->base, daemon_on_message, daemon_on_stream_gone, d, NULL);
	if (!d->tcp || !d->kern || !daemon_open_host(d) || !engine_open(d, &env)) {
		log_err("cannot start: no memory, or no netlink sockets");
		return false;
	}
	/* Binding port 500 proves that no other esplaned runs in this network namespace. */
	d->sock = sock_new(d->base, daemon_on_datagram, d, why);
	if (d->sock)
		d->control = control_new(d->base, control_path, commands_request, commands_gone, d,
					 why);
	if (!d->control)
		log_err("%s", why);
	return d->control;
}

/* What a daemon that was killed has left goes once, before there is anything of ours. */
static void daemon_clear_away(struct daemon *d)
{
	unsigned int count = devices_leftover_del(d->devices);

	if (count)
		log_notice("removed %u interface%s that an earlier esplaned left", count,
			   count == 1 ? "" : "s");
}

bool daemon_take_over(struct daemon *d)
{
	char why[256], module_why[IKE_WHY_MAX];
	int rc;

	daemon_clear_away(d);
	rc = module_ready(d, module_why);
	/* Until then the module may hold a dead daemon's socket there; now it gets ours. */
	if (!sock_open_natt(d->sock, why)) {
		log_err("%s%s%s", why, rc ? "; and: " : "", rc ? module_why : "");
		return false;
	}
	if (!rc)
		rc = module_attach(d, module_why);
	if (rc)
		log_warn("no tunnel can come up yet: %s", module_why);
	return true;
}

void daemon_start(struct daemon *d, struct config *config)
{
	reload_first(d, config);
	devices_settled(d->devices);
}

static void daemon_on_stop_timer(evutil_socket_t fd, short what, void *arg)
{
	static unsigned int waited_ms;
	struct daemon *d = arg;

	waited_ms += STOP_POLL_MS;
	/* An engine without a deadline has no answer to wait for. */
	if (ike_deadline(d->ike) == UINT64_MAX || waited_ms >= STOP_PATIENCE_MS)
		event_base_loopbreak(d->base);
}

void daemon_stop(struct daemon *d, bool restart)
{
	struct timeval poll = { .tv_usec = STOP_POLL_MS * 1000 };

	if (d->stopping)
		return;
	d->stopping = true;
	if (restart)
		devices_keep_blocks(d->devices);
	for (const struct tunnel_entry *t = d->tunnels.first; t; t = t->next)
		ike_down(d->ike, t->id, "the daemon stops");
	engine_settled(d);
	d->stop_timer = event_new(d->base, -1, EV_PERSIST, daemon_on_stop_timer, d);
	if (!d->stop_timer || event_add(d->stop_timer, &poll))
		event_base_loopbreak(d->base);
}

static void daemon_close_tunnels(struct daemon *d)
{
	while (d->tunnels.first) {
		publish_forget(d, d->tunnels.first->id);
		servers_drop(d, d->tunnels.first);
		tunnels_del(&d->tunnels, d->ike, d->tunnels.first);
	}
	hooks_flush(d);
	hooks_free(d);
	jobs_cancel(d);
	talks_close(d);
	cert_cache_free(d->cert_cache);
	d->cert_cache = NULL;
	radius_close(d);
}

void daemon_close(struct daemon *d)
{
	daemon_close_tunnels(d);
	control_free(d->control);
	d->control = NULL;
	waits_free(&d->waits);
	engine_close(d);
	kern_events_close(d);
	kern_free(d->kern);
	watch_free(d->watch);
	resolver_free(d->resolver);
	devices_free(d->devices);
	if (d->stop_timer)
		event_free(d->stop_timer);
	tcp_free(d->tcp);
	sock_free(d->sock);	/* last: the next esplaned waits for port 500 */
	if (d->base)
		event_base_free(d->base);
}
