// SPDX-License-Identifier: GPL-2.0
#include "esplaned/conn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "esplaned/nl/kern.h"
#include "esplaned/host/resolve.h"
#include "esplaned/nl/route.h"
#include "esplaned/host/sock.h"
#include "lib/log.h"
#include "lib/mem.h"

#define RETRY_MIN_MS	1000
#define RETRY_MAX_MS	60000
#define REFRESH_S	300	/* how old a peer's address may be that we answer to */
#define KEEPALIVE_S	20	/* RFC 3948 4: often enough for the NATs there are */

static struct timeval ms_to_tv(uint64_t ms)
{
	return (struct timeval){ .tv_sec = (time_t)(ms / 1000),
				 .tv_usec = (suseconds_t)(ms % 1000 * 1000) };
}

static void defer(struct conn *t, unsigned int what)
{
	struct timeval now = { 0 };

	t->pending |= what;
	evtimer_add(t->work, &now);
}

/* Text that a peer may have chosen becomes text that JSON takes. */
static json_t *text_json(const char *text)
{
	char safe[1024];

	return json_string(log_escape(text, strlen(text), safe, sizeof(safe)));
}

static void publish(struct conn *t, const char *event, const char *error, const char *detail)
{
	json_t *object = json_pack("{ss ss}", "event", event, "tunnel", t->opt.ike.name);

	if (error)
		json_object_set_new(object, "error", json_string(error));
	if (detail)
		json_object_set_new(object, "detail", text_json(detail));
	control_publish(t->d->control, t->opt.ike.name, object);
}

static void step(struct conn *t, const char *name, const char *detail)
{
	uint64_t now = daemon_now();
	json_t *object;

	if (!t->began_ms) {	/* the peer began */
		t->began_ms = now;
		t->step_ms = now;
	}
	object = json_pack("{ss ss ss sI sI so}", "event", "step", "tunnel", t->opt.ike.name,
			   "step", name, "at_ms", (json_int_t)(now - t->began_ms), "took_ms",
			   (json_int_t)(now - t->step_ms), "detail", text_json(detail));
	t->step_ms = now;
	log_info("%s: %s %s", t->opt.ike.name, name, detail);
	control_publish(t->d->control, t->opt.ike.name, object);
}

static void retry_cancel(struct conn *t)
{
	evtimer_del(t->retry);
	t->retry_at_ms = 0;
}

static void retry_later(struct conn *t)
{
	unsigned int shift = t->failures > 6 ? 6 : t->failures;
	uint64_t wait = (uint64_t)RETRY_MIN_MS << shift;
	struct timeval tv;

	if (wait > RETRY_MAX_MS)
		wait = RETRY_MAX_MS;
	t->failures++;
	t->retry_at_ms = daemon_now() + wait;
	tv = ms_to_tv(wait);
	evtimer_add(t->retry, &tv);
	log_info("%s: next attempt in %u s", t->opt.ike.name, (unsigned int)(wait / 1000));
}

/* A peer tried and was refused: that changes nothing but what status says. */
static void refused(struct conn *t)
{
	t->error = failure_name(t->failure);
	log_notice("%s: the peer's attempt failed (%s): %s", t->opt.ike.name, t->error, t->detail);
	publish(t, "refused", t->error, t->detail);
	if (!t->routed)
		conn_unplumb(t);
}

/* An attempt, or a tunnel that was up, has come to its end. Not from inside the engine. */
static void ended(struct conn *t, const char *event, const char *error, const char *detail)
{
	bool again = t->wanted && t->opt.start_up && !t->d->stopping;
	json_t *result;

	t->wanted = again;
	t->no_answer = t->failure == IKE_FAIL_TIMEOUT;
	t->attempting = false;
	t->was_up = false;
	t->began_ms = 0;
	t->error = error;
	if (detail != t->detail)
		snprintf(t->detail, sizeof(t->detail), "%s", detail);
	evtimer_del(t->keepalive);
	log_notice("%s: %s (%s): %s", t->opt.ike.name, event, error, t->detail);
	publish(t, event, error, t->detail);
	result = json_pack("{ss ss ss so}", "result", "error", "error", error, "tunnel",
			   t->opt.ike.name, "message", text_json(t->detail));
	control_finish(t->d->control, t->opt.ike.name, result);
	/*
	 * While it is to come back, its routes stay: what is meant for the tunnel does not leave in
	 * the clear meanwhile.
	 */
	if (!again || !t->routed)
		conn_unplumb(t);
	if (again)
		retry_later(t);
}

static void engine_start(struct conn *t, const struct addr *remote, const char *detail)
{
	char text[ADDR_STRLEN], why[256], no_way[512];
	int rc;

	t->tried = *remote;
	step(t, "resolve", detail);
	/* Routes that wait for the peer's return would swallow what we send to another address. */
	if (conn_repin(t, remote, why)) {
		snprintf(no_way, sizeof(no_way), "no way leads to %s beside the tunnel: %s",
			 addr_str(remote, text), why);
		t->failure = IKE_FAIL_TIMEOUT;	/* the next address may do */
		ended(t, "failed", "interface", no_way);
		return;
	}
	rc = ike_tunnel_set_towards(t->d->ike, t->opt.ike.name, remote);
	if (!rc)
		rc = ike_up(t->d->ike, t->opt.ike.name);
	daemon_engine_rearm(t->d);
	if (!rc || rc == -EINPROGRESS)
		return;		/* events follow */
	if (rc == -EALREADY)	/* the peer was first */
		defer(t, PENDING_UP);
	else if (!(t->pending & PENDING_ENDED))
		ended(t, "failed", "failed", strerror(-rc));
}

static void on_resolved(void *ctx, const struct addr *addr, const char *why)
{
	char text[ADDR_STRLEN], detail[512];
	struct conn *t = ctx;

	t->resolve = NULL;
	if (!addr && t->pinned) {	/* the name servers may be behind the tunnel itself */
		snprintf(detail, sizeof(detail),
			 "%s cannot be resolved (%s), going to its last address %s",
			 t->opt.remote_name, why, addr_str(&t->pin, text));
		engine_start(t, &t->pin, detail);
		return;
	}
	if (!addr) {
		snprintf(detail, sizeof(detail), "%s cannot be resolved: %s", t->opt.remote_name,
			 why);
		ended(t, "failed", "resolve", detail);
		return;
	}
	snprintf(detail, sizeof(detail), "%s is %s", t->opt.remote_name, addr_str(addr, text));
	engine_start(t, addr, detail);
}

/*
 * Whom we answer goes by address as well: a name is looked up although we do not want to go there.
 */
static void on_refreshed(void *ctx, const struct addr *addr, const char *why)
{
	struct conn *t = ctx;

	t->resolve = NULL;
	if (addr)
		ike_tunnel_set_remote(t->d->ike, t->opt.ike.name, addr);
	else
		log_info("%s: %s cannot be resolved: %s", t->opt.ike.name, t->opt.remote_name, why);
}

static void on_refresh(evutil_socket_t fd, short what, void *arg)
{
	struct timeval period = { .tv_sec = REFRESH_S };
	const struct addr first = { 0 };
	struct conn *t = arg;

	if (!t->was_up && !t->attempting && !t->resolve)
		t->resolve = resolve_start(t->d->base, t->opt.remote_name, &first, on_refreshed,
					   t);
	evtimer_add(t->refresh, &period);
}

static bool kernel_has(struct conn *t, const struct transform *encr, uint16_t integ)
{
	const struct kern_suite *list;
	unsigned int count;

	list = kern_suites(t->d->kern, &count);
	for (unsigned int i = 0; i < count; i++) {
		if (list[i].encr == encr->id && list[i].integ == integ &&
		    (!encr->key_bits || list[i].key_bits == encr->key_bits))
			return true;
	}
	return !list;
}

static bool kernel_does(struct conn *t, const struct proposal *p)
{
	for (unsigned int i = 0; i < p->count; i++) {
		if (p->t[i].type != TRANSFORM_ENCR)
			continue;
		if (!proposal_find(p, TRANSFORM_INTEG) && !kernel_has(t, &p->t[i], INTEG_NONE))
			return false;
		for (unsigned int j = 0; j < p->count; j++) {
			if (p->t[j].type == TRANSFORM_INTEG &&
			    !kernel_has(t, &p->t[i], p->t[j].id))
				return false;
		}
	}
	return true;
}

/* The peer may choose any of what the option esp offers: the kernel must be able to do it all. */
static bool esp_possible(struct conn *t, char why[512])
{
	const struct proposals *esp = &t->opt.ike.esp;
	const struct kern_suite *list;
	char text[PROPOSAL_STRLEN];
	unsigned int count, bad = 0;
	size_t at;

	while (t->opt.esp_given && bad < esp->count && kernel_does(t, &esp->p[bad]))
		bad++;
	if (!t->opt.esp_given || bad == esp->count)
		return true;
	list = kern_suites(t->d->kern, &count);
	at = (size_t)snprintf(why, 512, "the kernel cannot do all of esp = \"%.200s\": it can do",
			      proposal_str(&esp->p[bad], text));
	for (unsigned int i = 0; i < count && at < 512; i++)
		at += (size_t)snprintf(why + at, 512 - at, "%s %s", i ? "," : "", list[i].name);
	return false;
}

void conn_check_esp(struct conn *t)
{
	char why[512];

	if (!t->opt.start_up && !esp_possible(t, why))
		log_err("tunnel %s: %s", t->opt.ike.name, why);
}

static void attempt(struct conn *t)
{
	char why[512], text[ADDR_STRLEN];
	struct addr after = { 0 };

	retry_cancel(t);
	resolve_cancel(t->resolve);
	t->resolve = NULL;
	t->attempting = true;
	t->began_ms = daemon_now();
	t->step_ms = t->began_ms;
	if (daemon_kernel_ready(t->d, why)) {
		ended(t, "failed", "kernel-module", why);
		return;
	}
	if (!esp_possible(t, why)) {
		ended(t, "failed", "config", why);
		return;
	}
	if (!t->opt.remote_name[0]) {
		engine_start(t, &t->opt.ike.remote, addr_str(&t->opt.ike.remote, text));
		return;
	}
	if (t->failures && t->no_answer)
		after = t->tried;
	t->resolve = resolve_start(t->d->base, t->opt.remote_name, &after, on_resolved, t);
	if (!t->resolve)
		ended(t, "failed", "resolve", "no memory to look the peer's name up");
}

int conn_up(struct conn *t)
{
	struct ike_status st;

	if (t->opt.ike.answer_only)
		return -EDESTADDRREQ;
	if (ike_status(t->d->ike, t->opt.ike.name, &st) && st.state == TUNNEL_UP &&
	    !(t->pending & (PENDING_ENDED | PENDING_BROKEN))) {
		t->wanted = true;
		return t->pending & PENDING_UP ? -EINPROGRESS : -EALREADY;
	}
	t->wanted = true;
	if (t->attempting)
		return -EINPROGRESS;
	t->failures = 0;
	retry_cancel(t);
	defer(t, PENDING_RETRY);
	return 0;
}

int conn_down(struct conn *t)
{
	bool idle = !t->wanted && !t->attempting && !t->was_up && !t->ifindex;
	int rc;

	t->wanted = false;
	t->pending &= ~(unsigned int)PENDING_RETRY;
	retry_cancel(t);
	resolve_cancel(t->resolve);
	t->resolve = NULL;
	rc = ike_down(t->d->ike, t->opt.ike.name);
	daemon_engine_rearm(t->d);
	if (t->attempting || t->was_up) {
		t->pending &= ~(unsigned int)(PENDING_ENDED | PENDING_UP);
		ended(t, t->was_up ? "down" : "failed", "down", "taken down by the user");
	}
	conn_unplumb(t);
	return idle && rc == -EALREADY ? -EALREADY : 0;
}

static void on_keepalive(evutil_socket_t fd, short what, void *arg)
{
	struct conn *t = arg;
	struct ike_status st;

	if (ike_status(t->d->ike, t->opt.ike.name, &st) && st.state == TUNNEL_UP &&
	    st.local.port == SOCK_PORT_NATT)
		sock_keepalive(t->d->sock, &st.local, &st.remote);
}

static void came_up(struct conn *t)
{
	struct timeval period = { .tv_sec = KEEPALIVE_S };
	json_t *summary = conn_summary(t);
	struct ike_status st;
	uint64_t took_ms;

	t->attempting = false;
	t->was_up = true;
	t->failures = 0;
	t->error = NULL;
	t->detail[0] = '\0';
	if (ike_status(t->d->ike, t->opt.ike.name, &st) && (st.nat_local || st.nat_remote))
		evtimer_add(t->keepalive, &period);
	log_notice("%s: up", t->opt.ike.name);
	publish(t, "up", NULL, NULL);
	json_object_set_new(summary, "result", json_string("ok"));
	took_ms = t->began_ms ? daemon_now() - t->began_ms : 0;
	json_object_set_new(summary, "took_ms", json_integer((json_int_t)took_ms));
	control_finish(t->d->control, t->opt.ike.name, summary);
	t->began_ms = 0;
}

/* Without its interface a tunnel is none. What the engine says to that is no news. */
static void broken(struct conn *t)
{
	char detail[sizeof(t->detail)];

	memcpy(detail, t->detail, sizeof(detail));
	ike_down(t->d->ike, t->opt.ike.name);
	daemon_engine_rearm(t->d);
	t->pending = 0;
	ended(t, t->was_up ? "down" : "failed", "interface", detail);
}

static void on_work(evutil_socket_t fd, short what, void *arg)
{
	struct conn *t = arg;
	unsigned int due = t->pending;
	bool up, retry = due & PENDING_RETRY && t->wanted;
	struct ike_status st;

	t->pending = 0;
	if (due & (PENDING_BROKEN | PENDING_GONE)) {
		broken(t);
		return;
	}
	up = ike_status(t->d->ike, t->opt.ike.name, &st) && st.state == TUNNEL_UP;
	/* One IKE SA ended or was refused, another one lives: the tunnel is not hurt. */
	if (due & PENDING_ENDED && up)
		log_notice("%s: an attempt ended (%s): %s", t->opt.ike.name,
			   failure_name(t->failure), t->detail);
	else if (due & PENDING_ENDED && (!t->attempting || t->resolve) && !t->was_up)
		refused(t);	/* while a name is looked up the engine has no attempt of ours */
	else if (due & PENDING_ENDED)
		ended(t, t->was_up ? "down" : "failed", failure_name(t->failure), t->detail);
	if (due & PENDING_UP && up)
		came_up(t);
	if (retry && !t->attempting) {	/* wanted since what has just ended */
		t->wanted = true;
		attempt(t);
	}
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct conn *t = arg;
	struct ike_status st;

	t->retry_at_ms = 0;
	if (ike_status(t->d->ike, t->opt.ike.name, &st) && st.state == TUNNEL_UP)
		return;		/* the peer was first */
	defer(t, PENDING_RETRY);
}

/* Runs inside the engine: an error is only noted here. */
static void plumb(struct conn *t)
{
	char note[512], why[256];

	step(t, "interface", t->opt.interface);
	if (conn_plumb(t, note, why)) {
		snprintf(t->detail, sizeof(t->detail), "interface %s: %s", t->opt.interface, why);
		defer(t, PENDING_BROKEN);
		return;
	}
	step(t, "routes", "set");
	if (note[0]) {
		log_notice("%s: %s", t->opt.ike.name, note);
		publish(t, "note", NULL, note);
	}
}

static void engine_step(struct conn *t, const struct ike_event *ev)
{
	static const char *const names[] = {
		[IKE_STEP_INIT] = "ike_sa_init", [IKE_STEP_AUTH] = "ike_auth",
	};

	if (ev->step == IKE_STEP_KERNEL)
		plumb(t);
	else
		step(t, names[ev->step], ev->detail ? ev->detail : "");
}

void conn_event(struct conn *t, const struct ike_event *ev)
{
	const char *detail = ev->detail ? ev->detail : "";

	switch (ev->type) {
	case IKE_EV_STEP:
		engine_step(t, ev);
		break;
	case IKE_EV_UP:
		defer(t, PENDING_UP);
		break;
	case IKE_EV_FAILED:
	case IKE_EV_DOWN:
		if (ev->failure == IKE_FAIL_DOWN && !t->attempting && !t->was_up && !t->ifindex)
			break;		/* the end of what conn_down began */
		if (!(t->pending & PENDING_BROKEN)) {
			t->failure = ev->failure;
			snprintf(t->detail, sizeof(t->detail), "%s", detail);
		}
		defer(t, PENDING_ENDED);
		break;
	case IKE_EV_CHILD_REKEYED:
		log_info("%s: rekeyed: %s", t->opt.ike.name, detail);
		publish(t, "child-rekeyed", NULL, detail);
		control_finish(t->d->control, t->opt.ike.name,
			       json_pack("{ss ss so}", "result", "ok", "tunnel", t->opt.ike.name,
					 "detail", text_json(detail)));
		break;
	case IKE_EV_IKE_REKEYED:
		log_info("%s: IKE SA rekeyed: %s", t->opt.ike.name, detail);
		publish(t, "ike-rekeyed", NULL, detail);
		break;
	case IKE_EV_RETRANSMIT:
		log_info("%s: %s", t->opt.ike.name, detail);
		publish(t, "retransmit", NULL, detail);
		break;
	case IKE_EV_LOG:
		log_write(ev->level, "%s: %s", t->opt.ike.name, detail);
		break;
	}
}

int conn_device(struct conn *t, char why[256])
{
	int rc;

	if (t->ifindex)
		return t->ifindex;
	rc = daemon_kernel_ready(t->d, why);
	if (!rc)
		rc = route_link_add(t->d->route, t->opt.interface, t->opt.ike.name, &t->ifindex,
				    why);
	return rc ? rc : t->ifindex;
}

void conn_child(struct conn *t, const struct kern_child *child)
{
	t->local = child->local;
	t->remote = child->remote;
	t->local_ts_count = child->local_ts_count > TUNNEL_TS_MAX ? TUNNEL_TS_MAX :
								    child->local_ts_count;
	t->remote_ts_count = child->remote_ts_count > TUNNEL_TS_MAX ? TUNNEL_TS_MAX :
								      child->remote_ts_count;
	memcpy(t->local_ts, child->local_ts, t->local_ts_count * sizeof(*t->local_ts));
	memcpy(t->remote_ts, child->remote_ts, t->remote_ts_count * sizeof(*t->remote_ts));
}

void conn_device_gone(struct conn *t)
{
	t->ifindex = 0;
	conn_unplumb(t);	/* its routes went with it: the next interface needs its own */
	snprintf(t->detail, sizeof(t->detail), "interface %s was removed by somebody else",
		 t->opt.interface);
	defer(t, PENDING_GONE);
}

static void conn_free(struct conn *t)
{
	struct event *events[] = { t->work, t->retry, t->refresh, t->keepalive };

	for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++) {
		if (events[i])
			event_free(events[i]);
	}
	mem_free_wiped(t, sizeof(*t));
}

struct conn *conn_new(struct daemon *d, const struct tunnel_options *opt)
{
	struct conn *t = calloc(1, sizeof(*t)), **tail = &d->tunnels;
	struct timeval now = { 0 };
	int rc = -ENOMEM;

	if (!t)
		return NULL;
	t->d = d;
	t->opt = *opt;
	t->work = evtimer_new(d->base, on_work, t);
	t->retry = evtimer_new(d->base, on_retry, t);
	t->refresh = evtimer_new(d->base, on_refresh, t);
	t->keepalive = event_new(d->base, -1, EV_PERSIST, on_keepalive, t);
	if (t->work && t->retry && t->refresh && t->keepalive)
		rc = ike_tunnel_add(d->ike, &opt->ike);
	if (rc) {
		log_err("tunnel %s: %s", opt->ike.name, strerror(-rc));
		conn_free(t);
		return NULL;
	}
	if (opt->remote_name[0])
		evtimer_add(t->refresh, &now);
	while (*tail)
		tail = &(*tail)->next;
	*tail = t;
	conn_check_esp(t);
	return t;
}

void conn_del(struct conn *t)
{
	struct conn **at = &t->d->tunnels;

	conn_down(t);
	ike_tunnel_del(t->d->ike, t->opt.ike.name);
	daemon_engine_rearm(t->d);
	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	conn_free(t);
}
