// SPDX-License-Identifier: GPL-2.0
/* ikectl status NAME: all there is to know of one tunnel, peer or child. */
#include "ikectl/ikectl.h"

#include <string.h>

/* Where the lines of a tunnel, of a peer of several, of a child of several begin. */
struct detail {
	const struct view *v;
	unsigned int indent;
};

static void detail_line(const struct detail *d, const char *key, const char *value)
{
	char first[64];

	if (!value[0])
		return;
	snprintf(first, sizeof(first), "%*s%-14s ", (int)d->indent, "", key);
	text_wrap(d->v->out, first, value, d->v->width);
}

static void detail_head(const struct detail *d, const char *what, const json_t *object)
{
	const char *state = text_of(object, "state"), *on = "";

	if (d->v->colour && strcmp(state, "down"))
		on = !strcmp(state, "up") ? "\033[32m" : "\033[33m";
	fprintf(d->v->out, "%*s%s%s is %s%s%s\n", (int)d->indent - 2, "", what,
		text_of(object, "name"), on, state, on[0] ? "\033[0m" : "");
}

static void detail_drops(const struct detail *d, const char *key, const json_t *object)
{
	const json_t *count;
	const char *reason;
	char text[128];

	json_object_foreach((json_t *)object, reason, count) {
		snprintf(text, sizeof(text), "%lld %s", (long long)json_integer_value(count),
			 reason);
		detail_line(d, key, text);
	}
}

static void detail_sa(const struct detail *d, const json_t *sa)
{
	bool in = !strcmp(text_of(sa, "direction"), "in");
	char bytes[32], age[32], idle[48] = "", text[600];
	const char *driver = text_of(sa, "driver");

	if (text_of(sa, "error")[0]) {
		snprintf(text, sizeof(text), "spi %s: %s", text_of(sa, "spi"),
			 text_of(sa, "error"));
		detail_line(d, in ? "in" : "out", text);
		return;
	}
	if (json_object_get(sa, "idle_s")) {
		strcpy(idle, ", idle ");
		text_seconds(number_of(sa, "idle_s"), idle + 7, sizeof(idle) - 7);
	}
	snprintf(text, sizeof(text), "spi %s, %s in %lld packets, age %s%s%s%s",
		 text_of(sa, "spi"), text_bytes(number_of(sa, "bytes"), bytes, sizeof(bytes)),
		 number_of(sa, "packets"), text_seconds(number_of(sa, "age_s"), age, sizeof(age)),
		 idle, driver[0] ? ", " : "", driver);
	detail_line(d, in ? "in" : "out", text);
	detail_drops(d, in ? "in dropped" : "out dropped", json_object_get(sa, "drops"));
}

static void detail_ike(const struct detail *d, const json_t *o)
{
	static const char *const nat_text[2][2] = {
		{ "none", "in front of us" }, { "in front of the peer", "in front of both" },
	};
	const json_t *spi = json_object_get(o, "ike_spi"), *nat = json_object_get(o, "nat");
	char text[400], suite[256], age[32];

	if (!spi)
		return;
	text_suite(text_of(o, "ike"), suite, sizeof(suite));
	snprintf(text, sizeof(text), "%s%s%s%s%s", suite, suite[0] ? ", " : "",
		 json_is_true(json_object_get(o, "initiator")) ? "we began" : "the peer began",
		 json_object_get(o, "age_s") ? ", age " : "",
		 json_object_get(o, "age_s") ?
			 text_seconds(number_of(o, "age_s"), age, sizeof(age)) : "");
	detail_line(d, "IKE SA", text);
	snprintf(text, sizeof(text), "%s%s%s", text_of(spi, "initiator"),
		 text_of(spi, "responder")[0] ? " " : "", text_of(spi, "responder"));
	detail_line(d, "IKE SPIs", text);
	if (nat)
		detail_line(d, "NAT", nat_text[json_is_true(json_object_get(nat, "remote"))]
					      [json_is_true(json_object_get(nat, "local"))]);
}

static void detail_trouble(const struct detail *d, const json_t *o)
{
	char text[1200], when[32];

	if (text_of(o, "error")[0])
		detail_line(d, "because",
			    failure_sentence(text_of(o, "error"), text_of(o, "detail"), text,
					     sizeof(text)));
	if (json_object_get(o, "retry_in_s")) {
		snprintf(text, sizeof(text), "in %s",
			 text_seconds(number_of(o, "retry_in_s"), when, sizeof(when)));
		detail_line(d, "next attempt", text);
	}
	if (json_is_true(json_object_get(o, "waits")))
		detail_line(d, "on demand", "the next packet for it brings it up");
	if (json_is_true(json_object_get(o, "held_down")))
		detail_line(d, "held down", "until ikectl up, for the peer too");
}

static void detail_list(const struct detail *d, const char *title, const json_t *o, const char *key)
{
	char text[2048];

	detail_line(d, title, text_join(json_object_get(o, key), ", ", text, sizeof(text)));
}

static void detail_peer(const struct detail *d, const json_t *o)
{
	char text[256];

	if (text_of(o, "local_endpoint")[0] && text_of(o, "remote_endpoint")[0]) {
		snprintf(text, sizeof(text), "%s -> %s%s%s%s", text_of(o, "local_endpoint"),
			 text_of(o, "remote_endpoint"),
			 !strcmp(text_of(o, "transport"), "tcp") ? ", IKE over TCP" : "",
			 !strcmp(text_of(o, "encapsulation"), "udp") ? " in UDP" : "",
			 json_is_true(json_object_get(o, "mobike")) ? ", may move" : "");
		detail_line(d, "via", text);
	}
	detail_line(d, "local id", text_of(o, "local_id"));
	detail_line(d, "remote id", text_of(o, "remote_id"));
	detail_list(d, "our address", o, "inner_local");
	detail_list(d, "its address", o, "inner_remote");
	detail_list(d, "dns", o, "dns");
	detail_list(d, "dns domains", o, "dns_domains");
	detail_list(d, "subnets", o, "subnets");
	detail_ike(d, o);
}

static void detail_time(const struct detail *d, const char *key, const json_t *o,
			const char *number)
{
	char text[32];

	if (json_object_get(o, number))
		detail_line(d, key, text_seconds(number_of(o, number), text, sizeof(text)));
}

/* Since it came up, over all rekeys. */
static void detail_totals(const struct detail *d, const json_t *o)
{
	char in[32], out[32], text[160];

	if (!json_object_get(o, "packets_in") || strcmp(text_of(o, "state"), "up"))
		return;
	snprintf(text, sizeof(text), "in %s in %lld packets, out %s in %lld packets",
		 text_bytes(number_of(o, "bytes_in"), in, sizeof(in)), number_of(o, "packets_in"),
		 text_bytes(number_of(o, "bytes_out"), out, sizeof(out)),
		 number_of(o, "packets_out"));
	detail_line(d, "total", text);
	text[0] = '\0';
	if (json_object_get(o, "last_in_s"))
		snprintf(text, sizeof(text), "in %s ago",
			 text_seconds(number_of(o, "last_in_s"), in, sizeof(in)));
	if (json_object_get(o, "last_out_s"))
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%sout %s ago",
			 text[0] ? ", " : "",
			 text_seconds(number_of(o, "last_out_s"), out, sizeof(out)));
	detail_line(d, "last packet", text);
}

static void detail_narrowed(const struct detail *d, const json_t *o)
{
	const json_t *narrowed = json_object_get(o, "narrowed");
	char text[2100];

	if (!narrowed)
		return;
	text_join(json_object_get(narrowed, "local_ts"), " ", text, 1024);
	detail_line(d, "missing here", text);
	text_join(json_object_get(narrowed, "remote_ts"), " ", text, 1024);
	detail_line(d, "missing there", text);
}

static void detail_child(const struct detail *d, const json_t *o)
{
	char text[2200], when[32];
	const json_t *sa;
	size_t i;

	detail_line(d, "selectors", text_selectors(o, text, sizeof(text)));
	if (!strcmp(text_of(o, "mode"), "transport"))
		detail_line(d, "mode", "transport");
	detail_narrowed(d, o);
	detail_line(d, "ESP", text_suite(text_of(o, "esp"), text, sizeof(text)));
	detail_totals(d, o);
	if (json_object_get(o, "child_rekeys")) {
		snprintf(text, sizeof(text), "%lld so far%s%s", number_of(o, "child_rekeys"),
			 json_object_get(o, "rekey_in_s") ? ", next in " : "",
			 json_object_get(o, "rekey_in_s") ?
				 text_seconds(number_of(o, "rekey_in_s"), when, sizeof(when)) :
				 "");
		detail_line(d, "rekeys", text);
	}
	json_array_foreach(json_object_get(o, "sas"), i, sa) {
		detail_sa(d, sa);
	}
}

/* Peers of a tunnel, or children of a peer: each with its head, and indented what @fn prints. */
static void detail_each(const struct detail *d, const char *kind, const json_t *list,
			void (*fn)(const struct detail *d, const json_t *o))
{
	const struct detail below = { d->v, d->indent + 2 };
	const json_t *o;
	size_t i;

	json_array_foreach(list, i, o) {
		detail_head(&below, kind, o);
		detail_trouble(&below, o);
		detail_time(&below, "up for", o, "up_s");
		fn(&below, o);
	}
}

static void detail_children(const struct detail *d, const json_t *peer)
{
	detail_each(d, "child ", json_object_get(peer, "children"), detail_child);
}

static void detail_peer_whole(const struct detail *d, const json_t *peer)
{
	detail_peer(d, peer);
	detail_children(d, peer);
}

static void detail_certificate(const struct detail *d, const json_t *tunnel)
{
	long long left = number_of(tunnel, "certificate_left_s");
	char text[512];

	if (!json_object_get(tunnel, "certificate"))
		return;
	snprintf(text, sizeof(text), "%s, %s %s%s", text_of(tunnel, "certificate"),
		 left ? "until" : "expired since", text_of(tunnel, "certificate_until"),
		 left < CERTIFICATE_SOON_S ? ": have it renewed" : "");
	detail_line(d, "certificate", text);
}

static void detail_listening(const struct detail *d, const json_t *tunnel)
{
	const char *error = text_of(tunnel, "listen_tcp_error");
	char text[256];

	if (!json_object_get(tunnel, "listen_tcp"))
		return;
	snprintf(text, sizeof(text), "TCP port %lld%s%s", number_of(tunnel, "listen_tcp"),
		 error[0] ? ", in vain: " : "", error);
	detail_line(d, "listens at", text);
}

static void detail_tunnel(const struct detail *d, const json_t *tunnel)
{
	const char *when_down = text_of(tunnel, "when_down");

	detail_line(d, "remote", text_of(tunnel, "remote"));
	detail_line(d, "interface", text_of(tunnel, "interface"));
	if (when_down[0])
		detail_line(d, "when down",
			    !strcmp(when_down, "block") ?
				    "block: its packets are refused" :
				    "pass: its packets leave by other routes, in the clear");
	detail_certificate(d, tunnel);
	detail_listening(d, tunnel);
}

/* A tunnel with one peer and one child has their fields itself. */
void detail_print(const struct view *v, const json_t *tunnel)
{
	const struct detail d = { v, 2 };
	const json_t *peers = json_object_get(tunnel, "peers"), *peer = json_array_get(peers, 0);
	bool any = !strcmp(text_of(tunnel, "remote"), "any");

	detail_head(&d, "", tunnel);
	if (any && json_array_size(peers)) {
		detail_tunnel(&d, tunnel);
		detail_each(&d, "peer ", json_object_get(tunnel, "peers"), detail_peer_whole);
	} else {
		detail_trouble(&d, tunnel);
		detail_time(&d, "up for", tunnel, "up_s");
		detail_tunnel(&d, tunnel);
		detail_peer(&d, tunnel);
		if (json_array_size(json_object_get(peer, "children")) > 1)
			detail_children(&d, peer);
		else
			detail_child(&d, tunnel);
	}
	detail_drops(&d, "dropped", json_object_get(tunnel, "device_drops"));
}
