// SPDX-License-Identifier: GPL-2.0
#include "esplaned/control/publish.h"

#include <stdlib.h>
#include <string.h>

#include "esplaned/control/failure.h"
#include "esplaned/control/spoken.h"
#include "esplaned/control/told.h"
#include "esplaned/control/waits.h"
#include "esplaned/host/clock.h"
#include "lib/array.h"
#include "lib/log.h"

#define PUBLISH_STEPS_MAX	32	/* of an attempt: kept for those who join */

/* How far a peer has come that is on its way up, or has a child that is. */
struct progress {
	struct progress *next;
	uint32_t tunnel, peer;		/* peer 0: no peer is known yet */
	uint64_t began_ms, step_ms;	/* of the attempt, of its last step; 0: none */
	json_t *steps;			/* events, as they were published */
};

static struct progress *publish_progress(struct daemon *d, uint32_t tunnel, uint32_t peer)
{
	struct progress *p = d->progress;

	while (p && (p->tunnel != tunnel || (p->peer && peer && p->peer != peer)))
		p = p->next;
	if (p && peer)
		p->peer = peer;
	return p;
}

static struct progress *publish_progress_make(struct daemon *d, uint32_t tunnel, uint32_t peer)
{
	struct progress *p = publish_progress(d, tunnel, peer);

	if (p)
		return p;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->tunnel = tunnel;
	p->peer = peer;
	p->steps = json_array();
	p->next = d->progress;
	d->progress = p;
	return p;
}

static void publish_progress_begin(struct progress *p, const struct tunnel_entry *t)
{
	if (p->began_ms)
		return;
	p->began_ms = t->contact_ms ? t->contact_ms : clock_now();
	p->step_ms = p->began_ms;
}

/* The attempt has come to its end, well or badly. */
static void publish_progress_drop(struct daemon *d, struct progress *p)
{
	struct progress **at = &d->progress;

	while (*at && *at != p)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = p->next;
	json_decref(p->steps);
	free(p);
}

void publish_forget(struct daemon *d, uint32_t tunnel)
{
	struct progress *p;

	while ((p = publish_progress(d, tunnel, 0)))
		publish_progress_drop(d, p);
	told_forget(d, tunnel);
}

void publish_replay(struct daemon *d, uint32_t tunnel, struct client *c)
{
	const struct progress *p = publish_progress(d, tunnel, 0);
	json_t *event;
	size_t i;

	if (!p)
		return;
	json_array_foreach(p->steps, i, event) {
		client_event(c, json_incref(event));
	}
}

json_t *publish_attempt(struct daemon *d, uint32_t tunnel)
{
	const struct progress *p = publish_progress(d, tunnel, 0);

	return p ? json_deep_copy(p->steps) : json_array();
}

static void publish_keep(struct progress *p, json_t *event)
{
	if (p && json_array_size(p->steps) < PUBLISH_STEPS_MAX)
		json_array_append(p->steps, event);
}

/* @who: NULL, or the whole name of what it is about, where that is more than the tunnel's. */
static json_t *publish_object(const char *event, const struct tunnel_entry *t, const char *who)
{
	json_t *object = json_pack("{ss}", "event", event);

	if (t)
		json_object_set_new(object, "tunnel", json_string(t->opt.ike.name));
	if (who && (!t || strcmp(who, t->opt.ike.name)))
		json_object_set_new(object, "name", failure_text(who));
	return object;
}

static int publish_level(const struct tunnel_entry *t)
{
	return t ? t->log_level : 0;
}

static void publish_step_of(struct daemon *d, const struct tunnel_entry *t,
			   const struct control_about *about, const char *who, const char *step,
			   const char *detail)
{
	struct progress *p = publish_progress_make(d, about->tunnel, about->peer);
	json_t *object = publish_object("step", t, who);
	uint64_t now = clock_now();

	if (p)
		publish_progress_begin(p, t);
	json_object_set_new(object, "step", json_string(step));
	json_object_set_new(object, "at_ms", json_integer(p ? (json_int_t)(now - p->began_ms) : 0));
	json_object_set_new(object, "took_ms",
			    json_integer(p ? (json_int_t)(now - p->step_ms) : 0));
	json_object_set_new(object, "detail", failure_text(detail));
	if (p)
		p->step_ms = now;
	log_write_to(LOG_INFO, publish_level(t), "%s: %s %s", who, step, detail);
	publish_keep(p, object);
	control_publish(d->control, about, object);
}

void publish_step(struct daemon *d, const struct tunnel_entry *t, uint32_t peer, const char *step,
		 const char *detail)
{
	const struct control_about about = { .tunnel = t->id, .peer = peer };

	publish_step_of(d, t, &about, t->opt.ike.name, step, detail);
}

void publish_note(struct daemon *d, const struct tunnel_entry *t, uint32_t peer, const char *text)
{
	const struct control_about about = { .tunnel = t->id, .peer = peer };
	json_t *object = publish_object("note", t, NULL);

	log_notice("%s: %s", t->opt.ike.name, text);
	json_object_set_new(object, "detail", failure_text(text));
	publish_keep(publish_progress(d, t->id, peer), object);
	control_publish(d->control, &about, object);
}

static const struct publish_kind {
	const char *name;		/* NULL: said elsewhere */
	const char *log;		/* how the log says it */
	int level;
	bool failure;			/* it has a reason */
} publish_kinds[] = {
	[IKE_EV_CHILD_UP]	= { "child-up", "child up", LOG_NOTICE, false },
	[IKE_EV_CHILD_FAILED]	= { "child-failed", "child failed", LOG_NOTICE, true },
	[IKE_EV_CHILD_DOWN]	= { "child-down", "child down", LOG_NOTICE, true },
	[IKE_EV_UP]		= { "up", "up", LOG_NOTICE, false },
	[IKE_EV_FAILED]		= { "failed", "failed", LOG_NOTICE, true },
	[IKE_EV_DOWN]		= { "down", "down", LOG_NOTICE, true },
	[IKE_EV_REFUSED]	= { "refused", "refused the peer", LOG_NOTICE, true },
	[IKE_EV_CHILD_REKEYED]	= { "child-rekeyed", "rekeyed", LOG_INFO, false },
	[IKE_EV_IKE_REKEYED]	= { "ike-rekeyed", "IKE SA rekeyed", LOG_INFO, false },
	[IKE_EV_REAUTHENTICATED] = { "reauthenticated", "reauthenticated", LOG_INFO, false },
	[IKE_EV_REAUTH_FAILED]	= { "reauth-failed", "reauthentication failed", LOG_WARNING, true },
	[IKE_EV_REKEY_FAILED]	= { "rekey-failed", "rekey failed", LOG_WARNING, true },
	[IKE_EV_RETRANSMIT]	= { "retransmit", "waiting", LOG_INFO, false },
	[IKE_EV_NOTE]		= { "note", "note", LOG_NOTICE, false },
	[IKE_EV_EXCHANGE]	= { NULL, NULL, LOG_INFO, false },
	[IKE_EV_LOG]		= { NULL, NULL, LOG_INFO, false },
};

/* "office: down (timeout): no answer to INFORMATIONAL"; "down (down)" says no more than "down". */
static void publish_log(const struct publish_kind *kind, const struct tunnel_entry *t,
			const struct ike_event *ev)
{
	const char *detail = ev->detail ? ev->detail : "", *who = ev->who ? ev->who : "";
	const char *error = kind->failure && ev->failure != IKE_FAIL_DOWN ?
				    failure_name(ev->failure) : "";

	log_write_to(kind->level, publish_level(t), "%s%s%s%s%s%s%s%s", who, who[0] ? ": " : "",
		     kind->log, error[0] ? " (" : "", error, error[0] ? ")" : "",
		     detail[0] ? ": " : "", detail);
}

static void publish_plain(struct daemon *d, const struct publish_kind *kind,
			   const struct tunnel_entry *t, const struct ike_event *ev)
{
	const struct control_about about = { ev->tunnel, ev->peer, ev->child };
	bool kept = ev->type == IKE_EV_RETRANSMIT || ev->type == IKE_EV_NOTE;
	json_t *object;

	if (!kept && !control_watched(d->control, &about))
		return;
	object = publish_object(kind->name, t, ev->who);
	if (kind->failure)
		json_object_set_new(object, "error", json_string(failure_name(ev->failure)));
	if (ev->detail)
		json_object_set_new(object, "detail", failure_text(ev->detail));
	if (kept)
		publish_keep(publish_progress(d, ev->tunnel, ev->peer), object);
	control_publish(d->control, &about, object);
}

/* One line an exchange; those of strangers only for who looks closely. */
static void publish_exchange(const struct tunnel_entry *t, const struct ike_event *ev)
{
	int level = t ? spoken_level(ev->exchange) : LOG_DEBUG;
	char line[SPOKEN_MAX], remote[ADDR_STRLEN];

	if (level > publish_level(t) && !log_enabled(level))
		return;
	log_write_to(level, publish_level(t), "%s: %s",
		     ev->who ? ev->who : endpoint_str(ev->exchange->remote, remote),
		     spoken_line(ev->exchange, line));
}

/* What a person who watches should see although it is no event of a tunnel. */
static void publish_line(struct daemon *d, const struct tunnel_entry *t, const struct ike_event *ev)
{
	const struct control_about about = { ev->tunnel, ev->peer, ev->child };
	const char *detail = ev->detail ? ev->detail : "";
	json_t *object;

	log_write_to(ev->level, publish_level(t), "%s%s%s", ev->who ? ev->who : "",
		     ev->who ? ": " : "", detail);
	if (ev->level > LOG_NOTICE || !control_watched(d->control, &about))
		return;
	object = publish_object("note", t, ev->who);
	json_object_set_new(object, "detail", failure_text(detail));
	control_publish(d->control, &about, object);
}

/* The next attempt begins with a contact of its own. */
static void publish_contact_over(struct daemon *d, const struct ike_event *ev)
{
	struct tunnel_entry *t = tunnels_find(&d->tunnels, ev->tunnel);

	if (t && (ev->type == IKE_EV_UP || ev->type == IKE_EV_FAILED || ev->type == IKE_EV_DOWN))
		t->contact_ms = 0;
}

static void publish_progress_follow(struct daemon *d, const struct ike_event *ev)
{
	struct progress *p = publish_progress(d, ev->tunnel, ev->peer);
	uint64_t took_ms = p && p->began_ms ? clock_now() - p->began_ms : 0;

	waits_event(&d->waits, ev, took_ms);
	publish_contact_over(d, ev);
	if (!p)
		return;
	switch (ev->type) {
	case IKE_EV_CHILD_UP:
	case IKE_EV_CHILD_FAILED:
	case IKE_EV_CHILD_REKEYED:
	case IKE_EV_REAUTH_FAILED:
		if (!ike_peer_is_up(d->ike, ev->peer))
			break;		/* the attempt is the peer's */
		/* fallthrough */
	case IKE_EV_UP:
	case IKE_EV_FAILED:
	case IKE_EV_DOWN:
		publish_progress_drop(d, p);
		break;
	default:
		break;
	}
}

static void publish_engine_step(struct daemon *d, const struct tunnel_entry *t,
			       const struct ike_event *ev)
{
	static const char *const names[] = {
		[IKE_STEP_RESOLVE] = "resolve", [IKE_STEP_INIT] = "ike_sa_init",
		[IKE_STEP_AUTH] = "ike_auth", [IKE_STEP_CHILD] = "child",
	};
	const struct control_about about = { ev->tunnel, ev->peer, ev->child };

	publish_step_of(d, t, &about, ev->who, names[ev->step], ev->detail ? ev->detail : "");
}

void publish_event(struct daemon *d, const struct ike_event *ev)
{
	const struct tunnel_entry *t = tunnels_find(&d->tunnels, ev->tunnel);

	told_event(d, ev);
	if (ev->type == IKE_EV_LOG) {
		publish_line(d, t, ev);
	} else if (ev->type == IKE_EV_EXCHANGE) {
		publish_exchange(t, ev);
	} else if (ev->type == IKE_EV_STEP) {
		if (t)
			publish_engine_step(d, t, ev);
	} else if (ev->type < ARRAY_SIZE(publish_kinds)) {
		publish_log(&publish_kinds[ev->type], t, ev);
		publish_plain(d, &publish_kinds[ev->type], t, ev);
		if (t)
			publish_progress_follow(d, ev);
	}
}
