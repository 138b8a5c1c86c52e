// SPDX-License-Identifier: GPL-2.0
#include "ike/object/report.h"

#include <stdarg.h>

#include "ike/object/child.h"
#include "ike/object/peer.h"
#include "ike/object/tunnel.h"

/* @text behind the first @at octets, cut; without a format: each event has a name. Its end. */
static size_t report_put(char buf[IKE_WHO_MAX], size_t at, const char *text)
{
	size_t len = strlen(text), room = IKE_WHO_MAX - 1 - at;

	if (len > room)
		len = room;
	memcpy(buf + at, text, len);
	buf[at + len] = '\0';
	return at + len;
}

const char *report_peer_name(const struct peer *peer, char buf[IKE_WHO_MAX])
{
	const struct tunnel_conf *conf = peer->tunnel->conf;
	size_t at = report_put(buf, 0, conf->name);
	char id[TUNNEL_ID_MAX];

	if (conf->any && peer->remote_id.type) {
		at = report_put(buf, at, "/");
		report_put(buf, at, ike_id_str(&peer->remote_id, id, sizeof(id)));
	}
	return buf;
}

static const char *report_child_name(const struct child *child, char buf[IKE_WHO_MAX])
{
	size_t at;

	report_peer_name(child->peer, buf);
	if (strcmp(child->conf->name, child->peer->tunnel->conf->name)) {
		at = report_put(buf, strlen(buf), "/");
		report_put(buf, at, child->conf->name);
	}
	return buf;
}

static void report_event(struct ike *ike, struct ike_event *ev)
{
	if (!ev->exchange)
		ev->exchange = ike->exchange;
	ike->env.event(ike->env.ctx, ev);
}

static void report(struct ike *ike, const struct peer *peer, const struct child *child,
		   struct ike_event *ev)
{
	char who[IKE_WHO_MAX];

	if (peer) {
		ev->tunnel = peer->tunnel->id;
		ev->peer = peer->id;
		ev->who = child ? report_child_name(child, who) : report_peer_name(peer, who);
	}
	ev->child = child ? child->id : 0;
	report_event(ike, ev);
}

void report_peer(struct peer *peer, enum ike_event_type type, const struct cause *cause)
{
	struct ike_event ev = { .type = type };

	if (cause) {
		ev.failure = cause->failure;
		ev.detail = cause->text;
	}
	report(peer->ike, peer, NULL, &ev);
}

void report_child(struct child *child, enum ike_event_type type, const struct cause *cause)
{
	struct ike_event ev = { .type = type };

	if (cause) {
		ev.failure = cause->failure;
		ev.detail = cause->text;
	}
	report(child->ike, child->peer, child, &ev);
}

void report_text(struct peer *peer, enum ike_event_type type, const char *detail)
{
	struct ike_event ev = { .type = type, .detail = detail };

	report(peer->ike, peer, NULL, &ev);
}

void report_step(struct peer *peer, enum ike_step step, const char *fmt, ...)
{
	char text[IKE_DETAIL_MAX];
	struct ike_event ev = { .type = IKE_EV_STEP, .step = step, .detail = text };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	report(peer->ike, peer, NULL, &ev);
}

void report_log(struct ike *ike, const struct peer *peer, int level, const char *fmt, ...)
{
	char text[2 * IKE_DETAIL_MAX];
	struct ike_event ev = { .type = IKE_EV_LOG, .level = level, .detail = text };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	report(ike, peer, NULL, &ev);
}

void report_tunnel_log(const struct tunnel *t, int level, const char *fmt, ...)
{
	char text[2 * IKE_DETAIL_MAX];
	struct ike_event ev = { .type = IKE_EV_LOG, .level = level, .detail = text,
				.tunnel = t->id, .who = t->conf->name };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	report_event(t->ike, &ev);
}

void report_refused(struct tunnel *t, const struct cause *cause)
{
	struct ike_event ev = {
		.type = IKE_EV_REFUSED, .tunnel = t->id, .who = t->conf->name,
		.failure = cause->failure, .detail = cause->text,
	};

	report_event(t->ike, &ev);
}

void report_exchange(struct ike *ike, const struct peer *peer, const struct ike_exchange *x)
{
	struct ike_event ev = { .type = IKE_EV_EXCHANGE, .exchange = x };

	report(ike, peer, NULL, &ev);
}
