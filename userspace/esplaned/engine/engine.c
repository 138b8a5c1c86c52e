// SPDX-License-Identifier: GPL-2.0
#include "esplaned/engine/engine.h"

#include "esplaned/control/status.h"
#include "esplaned/control/waits.h"
#include "esplaned/engine/hooks.h"
#include "esplaned/engine/servers.h"
#include "esplaned/host/clock.h"
#include "esplaned/host/sock.h"
#include "esplaned/host/tcp.h"
#include "lib/log.h"

#define KEEPALIVE_STEP_S	1	/* how exactly nat-keepalive is kept */

static json_t *engine_result(void *ctx, const struct name_ref *ref, enum wait_for what)
{
	return what == WAIT_UP ? status_up_result(ctx, ref) : status_ok_result(ctx, ref);
}

void engine_settled(struct daemon *d)
{
	hooks_flush(d);
	servers_flush(d);
	waits_flush(&d->waits, engine_result, d);
	clock_set(d->clock, ike_deadline(d->ike));
}

static void engine_on_tick(void *ctx)
{
	struct daemon *d = ctx;

	ike_tick(d->ike);
	engine_settled(d);
}

/* The host has slept: do the peers still have us? */
static void engine_on_resumed(void *ctx)
{
	struct daemon *d = ctx;

	ike_probe(d->ike);
	engine_settled(d);
}

static void engine_keep_alive(struct daemon *d, uint32_t tunnel)
{
	uint32_t mark = ike_tunnel_conf(d->ike, tunnel)->mark;
	struct ike_peer_status st;
	uint32_t peer = 0;

	while ((peer = ike_peer_next(d->ike, tunnel, peer))) {
		if (ike_peer_status(d->ike, peer, &st) && st.state == PEER_UP &&
		    !st.remote.stream && (st.nat_local || st.nat_remote) &&
		    st.local.port == SOCK_PORT_NATT)
			sock_keepalive(d->sock, &st.local, &st.remote, mark);
	}
}

/* RFC 3948 4: so that the NATs between do not forget. */
static void engine_on_keepalive(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;
	uint64_t now = clock_now();

	for (struct tunnel_entry *t = d->tunnels.first; t; t = t->next) {
		if (!t->opt.keepalive_s || now < t->keepalive_ms)
			continue;
		t->keepalive_ms = now + (uint64_t)t->opt.keepalive_s * 1000;
		engine_keep_alive(d, t->id);
	}
}

void engine_listen(struct daemon *d)
{
	uint16_t ports[TCP_PORTS_MAX];
	unsigned int count = 0, at;

	for (const struct tunnel_entry *t = d->tunnels.first; t; t = t->next) {
		uint16_t port = t->opt.ike.listen_tcp;

		for (at = 0; at < count && ports[at] != port; at++)
			;
		if (port && at == count && count < TCP_PORTS_MAX)
			ports[count++] = port;
	}
	tcp_listen(d->tcp, ports, count);
}

bool engine_open(struct daemon *d, const struct ike_env *env)
{
	const struct timeval period = { .tv_sec = KEEPALIVE_STEP_S };

	d->ike = ike_new(env);
	d->clock = clock_new(d->base, engine_on_tick, engine_on_resumed, d);
	d->keepalive_timer = event_new(d->base, -1, EV_PERSIST, engine_on_keepalive, d);
	return d->ike && d->clock && d->keepalive_timer &&
	       !event_add(d->keepalive_timer, &period);
}

void engine_close(struct daemon *d)
{
	if (d->ike)
		ike_free(d->ike);
	clock_free(d->clock);
	if (d->keepalive_timer)
		event_free(d->keepalive_timer);
}
