// SPDX-License-Identifier: GPL-2.0
#include "esplaned/control/reasons.h"

#include <stdbool.h>
#include <string.h>

#define REASONS_SILENT_S	60	/* nothing has come for so long ... */
#define REASONS_RECENT_S	30	/* ... though something was sent within this */
#define REASONS_RP_STRICT	1

static const char *reasons_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static json_int_t reasons_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static bool reasons_true(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

static bool reasons_is(const json_t *object, const char *key, const char *text)
{
	return !strcmp(reasons_text(object, key), text);
}

/* A finding about @about, whose name goes with it. */
static json_t *reasons_add(json_t *findings, const char *code, const json_t *about)
{
	json_t *finding = json_pack("{ss ss}", "code", code, "name", reasons_text(about, "name"));

	json_array_append_new(findings, finding);
	return finding;
}

/* What @from says under these names goes with the finding; the last is NULL. */
static void reasons_take(json_t *finding, const json_t *from, const char *const *keys)
{
	for (; *keys; keys++) {
		json_t *value = json_object_get(from, *keys);

		if (value)
			json_object_set(finding, *keys, value);
	}
}

static const json_t *reasons_named(const json_t *list, const char *name)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item) {
		if (reasons_is(item, "name", name))
			return item;
	}
	return NULL;
}

/* ---- it is not up */

static void reasons_trouble(json_t *findings, const json_t *about)
{
	static const char *const keys[] = { "error", "detail", "failures", "retry_in_s", NULL };

	if (json_object_get(about, "error"))
		reasons_take(reasons_add(findings, "failed", about), about, keys);
}

/* The peer's refusals and ours, in its own words. */
static void reasons_told(json_t *findings, const json_t *facts)
{
	static const char *const keys[] = { "exchange", "notify", "ago_s", "remote", "authentic",
					    "detail", "error", NULL };
	const json_t *tunnel = json_object_get(facts, "tunnel");
	const json_t *told = json_object_get(facts, "told");
	const json_t *us = json_object_get(told, "refused_us");
	const json_t *peer = json_object_get(told, "we_refused");

	if (us)
		reasons_take(reasons_add(findings, "peer-refused", tunnel), us, keys);
	if (peer)
		reasons_take(reasons_add(findings, "we-refused", tunnel), peer, keys);
}

static void reasons_identity(json_t *findings, const json_t *facts)
{
	const char *wanted = reasons_text(json_object_get(facts, "ours"), "remote_id");
	const char *given = reasons_text(json_object_get(facts, "told"), "identity");
	json_t *finding;

	if (!wanted[0] || !given[0] || !strcmp(wanted, given))
		return;
	finding = reasons_add(findings, "identity-differs", json_object_get(facts, "tunnel"));
	json_object_set_new(finding, "wanted", json_string(wanted));
	json_object_set_new(finding, "given", json_string(given));
}

static void reasons_way_to_peer(json_t *findings, const json_t *host)
{
	const json_t *way = json_object_get(host, "way");
	const char *code;

	if (!way)
		return;
	code = !reasons_true(way, "there") ? "no-way-to-peer" :
	       reasons_true(way, "into_tunnel") ? "way-into-tunnel" : NULL;
	if (code)
		json_object_set(reasons_add(findings, code, host), "to",
				json_object_get(way, "to"));
}

/* No packet can pass so, whatever the state. */
static void reasons_transport(json_t *findings, const json_t *peer)
{
	static const char *const keys[] = { "local_endpoint", "remote_endpoint", NULL };

	if (reasons_is(peer, "transport", "tcp"))
		reasons_take(reasons_add(findings, "over-tcp", peer), peer, keys);
}

static void reasons_connecting(json_t *findings, const json_t *facts, const json_t *peer)
{
	static const char *const keys[] = { "event", "step", "detail", NULL };
	const json_t *steps = json_object_get(facts, "attempt");
	json_t *finding = reasons_add(findings, "connecting", peer);

	if (json_array_size(steps))
		reasons_take(finding, json_array_get(steps, json_array_size(steps) - 1), keys);
}

static void reasons_peer_down(json_t *findings, const json_t *facts, const json_t *peer,
			      const json_t *host)
{
	if (reasons_true(peer, "held_down"))
		reasons_add(findings, "held-down", peer);
	if (!reasons_true(peer, "held_down") || !reasons_is(peer, "error", "down"))
		reasons_trouble(findings, peer);
	if (reasons_is(peer, "state", "connecting"))
		reasons_connecting(findings, facts, peer);
	else if (!json_object_get(peer, "error") && !reasons_true(peer, "wanted") &&
		 !reasons_true(peer, "held_down"))
		reasons_add(findings, "not-started", peer);
	reasons_way_to_peer(findings, host);
}

/* ---- a child is up, but */

/* Packets for it that do not reach its interface. */
static void reasons_ways(json_t *findings, const json_t *child, const json_t *host)
{
	static const char *const keys[] = { "to", "packet", "interface", NULL };
	const json_t *item;
	const char *code;
	size_t i;

	json_array_foreach(json_object_get(host, "ways"), i, item) {
		code = reasons_true(item, "unreachable") ? "route-refuses" :
		       !reasons_true(item, "there") ? "no-route" :
		       !reasons_true(item, "into_tunnel") ? "route-elsewhere" : NULL;
		if (code)
			reasons_take(reasons_add(findings, code, child), item, keys);
	}
	json_array_foreach(json_object_get(host, "elsewhere"), i, item) {
		reasons_take(reasons_add(findings, "part-elsewhere", child), item, keys);
	}
}

static void reasons_drops(json_t *findings, const json_t *about, const json_t *drops)
{
	const json_t *count;
	const char *reason;
	json_t *finding;

	json_object_foreach((json_t *)drops, reason, count) {
		finding = reasons_add(findings, "drop", about);
		json_object_set_new(finding, "reason", json_string(reason));
		json_object_set(finding, "count", (json_t *)count);
	}
}

static void reasons_narrowed(json_t *findings, const json_t *child)
{
	static const char *const keys[] = { "local_ts", "remote_ts", NULL };
	const json_t *narrowed = json_object_get(child, "narrowed");

	if (narrowed)
		reasons_take(reasons_add(findings, "narrowed", child), narrowed, keys);
}

/* Something goes and nothing comes: ESP is lost on the way, or there is no way back. */
static void reasons_no_inbound(json_t *findings, const json_t *child, const json_t *peer,
			       const char *udp_code, const char *raw_code)
{
	static const char *const of_child[] = { "packets_out", "last_in_s", NULL };
	static const char *const of_peer[] = { "local_endpoint", "remote_endpoint", NULL };
	bool udp = reasons_is(peer, "encapsulation", "udp");
	json_t *finding = reasons_add(findings, udp ? udp_code : raw_code, child);

	reasons_take(finding, child, of_child);
	reasons_take(finding, peer, of_peer);
}

/* What the two directions' numbers say together. */
static void reasons_traffic(json_t *findings, const json_t *child, const json_t *peer,
			    const json_t *host, const json_t *interface)
{
	json_int_t in = reasons_number(child, "packets_in");
	json_int_t out = reasons_number(child, "packets_out");
	bool silent = json_object_get(child, "last_in_s") && json_object_get(child, "last_out_s") &&
		      reasons_number(child, "last_in_s") > REASONS_SILENT_S &&
		      reasons_number(child, "last_out_s") < REASONS_RECENT_S;

	if (!in && !out)
		reasons_add(findings, "idle", child);
	else if (!in)
		reasons_no_inbound(findings, child, peer, "no-inbound-udp", "no-inbound");
	else if (silent)
		reasons_no_inbound(findings, child, peer, "inbound-stopped", "inbound-stopped");
	if (in && !out)
		reasons_add(findings, "no-outbound", child);
	if (in && !out && reasons_number(interface, "rp_filter") == REASONS_RP_STRICT)
		json_object_set(reasons_add(findings, "rp-filter", child), "interface",
				json_object_get(interface, "name"));
	if ((!in || !out) && !reasons_true(host, "forwards"))
		reasons_add(findings, "no-forwarding", child);
	if (!out && !json_object_get(host, "source"))
		reasons_add(findings, "no-source", child);
}

static void reasons_child_up(json_t *findings, const json_t *child, const json_t *peer,
			     const json_t *host, const json_t *interface)
{
	const json_t *sa;
	size_t i;

	if (host)
		reasons_ways(findings, child, host);
	reasons_traffic(findings, child, peer, host, interface);
	json_array_foreach(json_object_get(child, "sas"), i, sa) {
		reasons_drops(findings, child, json_object_get(sa, "drops"));
		if (json_object_get(sa, "error"))
			json_object_set(reasons_add(findings, "no-kernel-sa", child), "detail",
					json_object_get(sa, "error"));
	}
	reasons_narrowed(findings, child);
}

static void reasons_children(json_t *findings, const json_t *peer, const json_t *host,
			     const json_t *interface)
{
	const json_t *child, *of_host;
	size_t i;

	json_array_foreach(json_object_get(peer, "children"), i, child) {
		of_host = reasons_named(json_object_get(host, "children"),
					reasons_text(child, "name"));
		if (reasons_is(child, "state", "up"))
			reasons_child_up(findings, child, peer, of_host, interface);
		else if (json_object_get(child, "error"))
			reasons_trouble(findings, child);
		else
			reasons_add(findings, "child-not-up", child);
	}
}

/* ---- the whole */

static void reasons_tunnel(json_t *findings, const json_t *facts)
{
	const json_t *tunnel = json_object_get(facts, "tunnel");
	const json_t *interface = json_object_get(json_object_get(facts, "host"), "interface");
	static const char *const port[] = { "listen_tcp", "listen_tcp_error", NULL };

	if (json_object_get(tunnel, "listen_tcp_error"))
		reasons_take(reasons_add(findings, "no-tcp-port", tunnel), tunnel, port);
	if (json_object_get(tunnel, "certificate") && !reasons_number(tunnel, "certificate_left_s"))
		json_object_set(reasons_add(findings, "certificate-expired", tunnel), "certificate",
				json_object_get(tunnel, "certificate"));
	if (interface && !reasons_true(interface, "up"))
		json_object_set(reasons_add(findings, "interface-down", tunnel), "interface",
				json_object_get(interface, "name"));
	if (!json_array_size(json_object_get(tunnel, "peers")))
		reasons_add(findings, "waits-for-peers", tunnel);
}

json_t *reasons_json(const json_t *facts)
{
	const json_t *tunnel = json_object_get(facts, "tunnel");
	const json_t *host = json_object_get(facts, "host");
	const json_t *interface = json_object_get(host, "interface");
	bool all_up = true;
	json_t *findings = json_array();
	const json_t *peer, *of_host;
	size_t i;

	reasons_tunnel(findings, facts);
	json_array_foreach(json_object_get(tunnel, "peers"), i, peer) {
		of_host = reasons_named(json_object_get(host, "peers"), reasons_text(peer, "name"));
		reasons_transport(findings, peer);
		if (reasons_is(peer, "state", "up")) {
			reasons_children(findings, peer, of_host, interface);
		} else {
			reasons_peer_down(findings, facts, peer, of_host);
			all_up = false;
		}
	}
	all_up = all_up && reasons_is(tunnel, "state", "up");
	if (!all_up)
		reasons_identity(findings, facts);
	if (!all_up || json_array_size(json_object_get(tunnel, "peers")) == 0)
		reasons_told(findings, facts);
	reasons_drops(findings, tunnel, json_object_get(tunnel, "device_drops"));
	return findings;
}
