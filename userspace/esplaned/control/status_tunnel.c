// SPDX-License-Identifier: GPL-2.0
#include "esplaned/control/status_tunnel.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/cert.h"
#include "esplaned/control/control.h"
#include "esplaned/control/failure.h"
#include "esplaned/control/status.h"
#include "esplaned/host/clock.h"
#include "esplaned/host/tcp.h"
#include "esplaned/nl/kern.h"
#include "lib/array.h"

#define STATUS_PART	(32 * 1024)	/* octets that are written in one turn, and one peer's */

static const char *const status_carried[] = {
	"bytes_in", "packets_in", "bytes_out", "packets_out",
};

/* A tunnel is what the furthest of its peers is: the first of these that one is. */
static const char *const status_states[] = { "up", "connecting", "closing", "down" };

/* What its peers say of a tunnel, as one after the other is described. */
struct status_sum {
	json_t *only;		/* the first one. Owned */
	unsigned int count, furthest;
	json_int_t carried[ARRAY_SIZE(status_carried)];
};

static void status_sum_begin(struct status_sum *sum)
{
	memset(sum, 0, sizeof(*sum));
	sum->furthest = ARRAY_SIZE(status_states) - 1;
}

static void status_sum_end(struct status_sum *sum)
{
	json_decref(sum->only);
	status_sum_begin(sum);
}

/* A peer has carried what its children have. */
static void status_sum_children(json_t *peer)
{
	const json_t *children = json_object_get(peer, "children"), *child;
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(status_carried); i++) {
		json_int_t carried = 0;

		json_array_foreach(children, n, child)
			carried += json_integer_value(json_object_get(child, status_carried[i]));
		json_object_set_new(peer, status_carried[i], json_integer(carried));
	}
}

/* Leaves the reference to @peer where it is. */
static void status_sum_peer(struct status_sum *sum, json_t *peer)
{
	const char *state = json_string_value(json_object_get(peer, "state"));

	if (!sum->count++)
		sum->only = json_incref(peer);
	for (unsigned int i = 0; state && i < sum->furthest; i++)
		if (!strcmp(state, status_states[i]))
			sum->furthest = i;
	for (size_t i = 0; i < ARRAY_SIZE(status_carried); i++)
		sum->carried[i] += json_integer_value(json_object_get(peer, status_carried[i]));
}

/* The next peer after *@id, which is then the one; NULL: there is none. */
static json_t *status_next_peer(const struct status *s, uint32_t *id, struct status_sum *sum)
{
	struct ike_peer_status st;
	json_t *peer;

	while ((*id = ike_peer_next(s->d->ike, s->t->id, *id))) {
		if ((s->ref->peer && s->ref->peer != *id) || !ike_peer_status(s->d->ike, *id, &st))
			continue;
		peer = status_peer(s, &st);
		status_sum_children(peer);
		status_sum_peer(sum, peer);
		return peer;
	}
	return NULL;
}

/* What the only one says is said of the whole too, as it was before there could be several. */
static void status_flatten(json_t *object, const json_t *only)
{
	const json_t *value;
	const char *key;

	json_object_foreach((json_t *)only, key, value) {
		if (strcmp(key, "children") && strcmp(key, "child") &&
		    !json_object_get(object, key))
			json_object_set(object, key, (json_t *)value);
	}
}

/* Selectors of a tunnel with several children or none: what is configured for all of them. */
static void status_configured(json_t *object, const struct tunnel_conf *conf)
{
	json_t *local = json_array(), *remote = json_array();

	for (unsigned int i = 0; i < conf->child_count; i++) {
		json_t *l = status_selectors(conf->child[i].local_ts);
		json_t *r = status_selectors(conf->child[i].remote_ts);

		json_array_extend(local, l);
		json_array_extend(remote, r);
		json_decref(l);
		json_decref(r);
	}
	json_object_set_new(object, "local_ts", local);
	json_object_set_new(object, "remote_ts", remote);
}

/* "gw.example.org", "192.0.2.1, gw.example.org", "any" */
static void status_remote(const struct tunnel_conf *conf, char *buf, size_t len)
{
	char text[ADDR_STRLEN];
	size_t at;

	snprintf(buf, len, "%s", conf->any ? "any" :
		 conf->remote_name[0] ? conf->remote_name : addr_str(&conf->remote, text));
	for (unsigned int i = 0; i < conf->more_count; i++) {
		const struct remote_conf *more = &conf->more[i];

		at = strlen(buf);
		snprintf(buf + at, len - at, ", %s",
			 more->name[0] ? more->name : addr_str(&more->addr, text));
	}
}

static json_t *status_head(const struct status *s, const struct status_sum *sum)
{
	const struct tunnel_options *o = &s->t->opt;
	char remote[(TUNNEL_MORE_MAX + 1) * (TUNNEL_HOST_MAX + 2)];

	status_remote(&o->ike, remote, sizeof(remote));
	return json_pack("{ss ss ss ss ss sb ss ss}", "name", o->ike.name, "state",
			 status_states[sum->furthest], "interface", o->interface, "start",
			 config_start_name(o->ike.start), "remote", remote, "interface_exists",
			 s->t->device != 0, "when_down",
			 o->when_down == WHEN_DOWN_BLOCK ? "block" : "pass", "dpd_action",
			 config_dpd_action_name(o->ike.dpd_action));
}

/* Ours, and how long it is good for: people forget to have them renewed. */
static void status_certificate(json_t *object, const struct tunnel_options *o)
{
	uint64_t now = (uint64_t)time(NULL);
	char text[32];

	if (!o->cert_until)
		return;
	status_text(object, "certificate", o->cert_path);
	status_text(object, "certificate_until", cert_time_str((time_t)o->cert_until, text));
	status_number(object, "certificate_left_s", o->cert_until > now ? o->cert_until - now : 0);
}

static void status_listening(json_t *object, const struct status *s)
{
	uint16_t port = s->t->opt.ike.listen_tcp;

	if (!port)
		return;
	status_number(object, "listen_tcp", port);
	status_text(object, "listen_tcp_error", tcp_trouble(s->d->tcp, port));
}

/*
 * Of a tunnel with one peer and one child, what they say. That one is up when its child is: without
 * it nothing passes.
 */
static void status_fold(json_t *object, const json_t *peer)
{
	const json_t *children = json_object_get(peer, "children"), *child;

	child = json_array_size(children) == 1 ? json_array_get(children, 0) : NULL;
	if (child) {
		if (!strcmp(json_string_value(json_object_get(object, "state")), "up"))
			json_object_set(object, "state", json_object_get(child, "state"));
		status_flatten(object, child);
	}
	status_flatten(object, peer);
}

/* All of a tunnel but its peers. @whole: with what takes the kernel some time to say. */
static json_t *status_rest(const struct status *s, const struct status_sum *sum, bool whole)
{
	json_t *object = status_head(s, sum);
	struct kern_sa_info info;
	char why[KERN_WHY_MAX];

	status_certificate(object, &s->t->opt);
	status_listening(object, s);
	for (size_t i = 0; i < ARRAY_SIZE(status_carried); i++)
		json_object_set_new(object, status_carried[i], json_integer(sum->carried[i]));
	if (sum->count == 1)
		status_fold(object, sum->only);
	if (!json_object_get(object, "local_ts"))
		status_configured(object, &s->t->opt.ike);
	/* The module looks at all its suites to answer this: not for a table. */
	if (whole && s->t->device && !kern_device_drops(s->d->kern, s->t->device, &info, why))
		json_object_set_new(object, "device_drops", status_drops(&info));
	return object;
}

json_t *status_tunnel(struct daemon *d, const struct name_ref *ref)
{
	const struct status s = { d, tunnels_find(&d->tunnels, ref->tunnel), ref, clock_now() };
	json_t *object, *peer, *peers = json_array();
	struct status_sum sum;
	uint32_t id = 0;

	status_sum_begin(&sum);
	while ((peer = status_next_peer(&s, &id, &sum)))
		json_array_append_new(peers, peer);
	object = status_rest(&s, &sum, true);
	json_object_set_new(object, "peers", peers);
	status_sum_end(&sum);
	return object;
}

/*
 * An answer on its way: {"result":"ok","tunnels":[...],"counters":{...}}. A tunnel of several peers
 * is {"peers":[...], and the rest.
 */
struct status_answer {
	struct daemon *d;
	struct name_ref ref;
	struct status_sum sum;
	json_t *rest;		/* said of a tunnel that goes while its peers are written. Owned */
	bool begun;
	uint32_t peer;		/* the last one that was described, of tunnel[at] */
	size_t count, at;
	uint32_t tunnel[];
};

/* Takes over the reference. @from: where in its text to begin. False: no memory. */
static bool status_write(struct evbuffer *out, json_t *object, size_t from)
{
	char *text = json_dumps(object, JSON_COMPACT);
	bool ok = text && !evbuffer_add(out, text + from, strlen(text + from));

	free(text);
	json_decref(object);
	return ok;
}

/* What is written next begins a tunnel. */
static bool status_begin(struct status_answer *a, struct evbuffer *out)
{
	bool first = !a->begun;

	a->begun = true;
	return first || !evbuffer_add(out, ",", 1);
}

/* Takes over the reference. The first one waits: an only one is a part of its tunnel. */
static bool status_write_peer(struct status_answer *a, const struct status *s, json_t *peer,
			      struct evbuffer *out)
{
	if (a->sum.count == 1) {
		json_decref(peer);
		return true;
	}
	if (a->sum.count == 2) {
		a->rest = status_rest(s, &a->sum, false);
		if (!status_begin(a, out) || evbuffer_add_printf(out, "{\"peers\":[") < 0 ||
		    !status_write(out, json_incref(a->sum.only), 0)) {
			json_decref(peer);
			return false;
		}
	}
	return !evbuffer_add(out, ",", 1) && status_write(out, peer, 0);
}

/* @s: NULL: the tunnel is gone. */
static bool status_write_rest(struct status_answer *a, const struct status *s,
			      struct evbuffer *out)
{
	json_t *rest = s ? status_rest(s, &a->sum, a->ref.tunnel) : json_incref(a->rest), *peers;

	if (a->sum.count > 1)
		return !evbuffer_add(out, "],", 2) && status_write(out, rest, 1);
	peers = json_array();
	if (a->sum.only)
		json_array_append(peers, a->sum.only);
	json_object_set_new(rest, "peers", peers);
	return status_begin(a, out) && status_write(out, rest, 0);
}

static void status_next_tunnel(struct status_answer *a)
{
	status_sum_end(&a->sum);
	json_decref(a->rest);
	a->rest = NULL;
	a->peer = 0;
	a->at++;
}

/* One peer more, or what follows on the last of a tunnel's. False: no memory. */
static bool status_step(struct status_answer *a, struct evbuffer *out)
{
	const struct name_ref all = { .tunnel = a->tunnel[a->at] };
	const struct status s = {
		a->d, tunnels_find(&a->d->tunnels, all.tunnel), a->ref.tunnel ? &a->ref : &all,
		clock_now()
	};
	json_t *peer = s.t ? status_next_peer(&s, &a->peer, &a->sum) : NULL;
	bool ok = true;

	if (peer)
		return status_write_peer(a, &s, peer, out);
	if (s.t || a->rest)
		ok = status_write_rest(a, s.t ? &s : NULL, out);
	status_next_tunnel(a);
	return ok;
}

static enum client_part status_part(void *ctx, struct evbuffer *out)
{
	struct status_answer *a = ctx;

	while (a->at < a->count) {
		if (evbuffer_get_length(out) >= STATUS_PART)
			return CLIENT_PART_MORE;
		if (!status_step(a, out))
			return CLIENT_PART_FAILED;
	}
	if (evbuffer_add_printf(out, "],\"counters\":") < 0 ||
	    !status_write(out, status_counters(a->d), 0) || evbuffer_add(out, "}", 1))
		return CLIENT_PART_FAILED;
	return CLIENT_PART_LAST;
}

static void status_release(void *ctx)
{
	struct status_answer *a = ctx;

	status_sum_end(&a->sum);
	json_decref(a->rest);
	free(a);
}

void status_send(struct daemon *d, struct client *c, const struct name_ref *ref)
{
	static const char begin[] = "{\"result\":\"ok\",\"tunnels\":[";
	const struct tunnel_entry *t;
	struct status_answer *a;
	size_t count = 0;

	for (t = d->tunnels.first; t; t = t->next)
		count++;
	a = calloc(1, sizeof(*a) + count * sizeof(a->tunnel[0]));
	if (!a) {
		client_finish(c, control_error("failed", "no memory"));
		return;
	}
	a->d = d;
	a->ref = *ref;
	status_sum_begin(&a->sum);
	for (t = d->tunnels.first; t; t = t->next)
		if (!ref->tunnel || ref->tunnel == t->id)
			a->tunnel[a->count++] = t->id;
	client_send(c, begin, status_part, status_release, a);
}
