// SPDX-License-Identifier: GPL-2.0
/* ikectl explain NAME: what is wrong, what to change, and both sides beside each other. */
#include "ikectl/ikectl.h"

#include <string.h>

#define EXPLAIN_INDENT	"    "

/*
 * One row a "code" of a finding (Documentation/control.md). Words in braces are its fields. Where
 * @wrong is not set it is worth knowing, but need not be a fault.
 */
static const struct explain_row {
	const char *code;
	bool wrong;
	const char *what, *advice;	/* @advice NULL: what says it */
} explain_rows[] = {
	{ "held-down", true, "{name} was taken down here, and stays down for its peer too",
	  "ikectl up {name}" },
	{ "not-started", true, "nobody has brought {name} up since esplaned started",
	  "ikectl up {name}; with start = up esplaned does it by itself" },
	{ "waits-for-peers", true, "{name} waits for its peers (remote = any), and none has come",
	  "look at the peer's log: does it send to this host, and do UDP ports 500 and 4500 get "
	  "through? tcpdump -ni any udp port 500 or udp port 4500 shows it" },
	{ "connecting", false, "{name} is coming up; the last step was: {event} {step} {detail}",
	  NULL },
	{ "certificate-expired", true, "our certificate {certificate} has expired",
	  "have it renewed, then ikectl reload" },
	{ "identity-differs", true,
	  "the peer calls itself {given}, but remote-id here is {wanted}",
	  "write remote-id = \"{given}\", or change the peer's own identity" },
	{ "no-way-to-peer", true, "this host has no route to the peer, {to}",
	  "look at ip route get {to}" },
	{ "way-into-tunnel", true,
	  "the route to the peer, {to}, leads into the tunnel itself, so nothing can arrive",
	  "take {to} out of what leads into the interface, or leave routes = yes: esplaned lays a "
	  "route to the peer beside the tunnel" },
	{ "over-tcp", true,
	  "IKE with the peer goes over TCP, from {local_endpoint} to {remote_endpoint}: packets cannot",
	  "let UDP ports 500 and 4500 pass in both directions" },
	{ "no-tcp-port", true,
	  "no peer can come by TCP port {listen_tcp}: {listen_tcp_error}",
	  "see who has it: ss -tlpn sport = {listen_tcp}. It is tried again by itself" },
	{ "peer-refused", true,
	  "{ago_s} ago the peer refused {exchange} with {notify}{authentic?: (not authenticated)}",
	  NULL },
	{ "we-refused", true,
	  "{ago_s} ago we refused {exchange} of the peer at {remote}: {notify} {detail}", NULL },
	{ "interface-down", true, "the interface {interface} is down",
	  "ip link set {interface} up" },
	{ "child-not-up", true, "{name} is not up, and nothing was said against it",
	  "ikectl up {name}" },
	{ "no-kernel-sa", true, "the kernel does not have what {name} should use: {detail}",
	  "another program has taken it away: ikectl restart {name}" },
	{ "route-elsewhere", true,
	  "{name}: packets to {packet} leave by {interface}, not by the tunnel",
	  "look for the route or rule that takes them: ip route get {packet}; ip rule" },
	{ "route-refuses", true, "{name}: a route refuses packets to {packet}",
	  "look for it: ip route get {packet}; with when-down = block ours does, while the child is "
	  "down or was narrowed" },
	{ "no-route", true, "{name}: there is no route to {packet}",
	  "with routes = no they are yours to lay; else: ikectl restart {name}" },
	{ "part-elsewhere", true,
	  "{name}: {to} is part of remote-ts, but a route takes it to {interface}",
	  "remove that route, if {to} is meant to go through the tunnel" },
	{ "idle", false, "{name} is up, and no packet has been sent into it or has come out of it",
	  "send something, from an address inside local-ts to one inside remote-ts; if the number "
	  "of packets stays 0, it does not reach the interface: ip route get ADDRESS" },
	{ "no-inbound", true,
	  "{name}: {packets_out} packets have left, and none has come back",
	  "ESP is IP protocol 50, which firewalls and providers often drop where UDP passes: let "
	  "it in here and at the peer, or write encap = udp. If the peer counts our packets as "
	  "received, look there: its route back, its firewall, forwarding" },
	{ "no-inbound-udp", true,
	  "{name}: {packets_out} packets have left in UDP, and none has come back",
	  "let UDP port 4500 in here and at the peer. If the peer counts our packets as received, "
	  "look there: its route back, its firewall, forwarding" },
	{ "inbound-stopped", true,
	  "{name}: we send, but nothing has come from the peer for {last_in_s}",
	  "if the peer still counts our packets as received, look there: its route back, its "
	  "firewall. If it does not, something on the path drops ESP now" },
	{ "no-outbound", true, "{name}: packets come in, but this host sends none back",
	  "is the address they are for up, and does its way back lead into the tunnel? Look at "
	  "this host's firewall too" },
	{ "rp-filter", true,
	  "the reverse path filter of {interface} is strict: packets whose way back is another "
	  "interface are dropped without a count here",
	  "sysctl net.ipv4.conf.{interface}.rp_filter=2, and net.ipv4.conf.all.rp_filter below 2 "
	  "or 2; nstat -az TcpExtIPReversePathFilter counts them" },
	{ "no-forwarding", false,
	  "{name}: this host does not forward, so that only itself can use the tunnel",
	  "for networks behind it: sysctl net.ipv4.ip_forward=1, for IPv6 "
	  "net.ipv6.conf.all.forwarding=1" },
	{ "no-source", false,
	  "{name}: this host has no address inside local-ts, so that it cannot use the tunnel "
	  "itself", "write address = \"...\" in the tunnel, if it is to" },
	{ "narrowed", false, "{name}: the peer agreed to less than is configured; missing here: "
	  "{local_ts}; missing there: {remote_ts}",
	  "compare local-ts and remote-ts with the peer's" },
	{ NULL, true, "{code} of {name}", NULL },
};

/* What the kernel dropped: "reason" of a finding "drop", ESPLANE_STAT_A_* of the module. */
static const struct explain_row explain_drops[] = {
	{ "tx-no-policy", true, "were sent into the interface, but are outside the selectors",
	  "mostly the source address: it has to be inside local-ts. Set address, or a route with "
	  "src" },
	{ "tx-no-sa", true, "were sent while there was no key",
	  "while the tunnel comes up that is so; else look at why it is down" },
	{ "tx-expired", true, "were sent after the hard limit of the key",
	  "the rekey before has failed: see the log" },
	{ "tx-sequence", true, "were sent when the sequence numbers were used up",
	  "the rekey before has failed: see the log" },
	{ "tx-too-big", false, "were larger than the path takes; the sender was told",
	  "where something drops ICMP large transfers stall then: mtu = 1300, ikectl reload" },
	{ "tx-no-route", true, "had no way to the peer", "ip route get the peer's address" },
	{ "tx-loop", true, "would have gone into the tunnel again",
	  "the route to the peer leads into its own tunnel: ip route get the peer's address" },
	{ "tx-endpoint", true, "were not between the ends of a tunnel in transport mode",
	  "only what this host itself says to the peer goes there: compare the packet's source with "
	  "ikectl status" },
	{ "tx-fragment", true, "were fragments whose rest did not come", NULL },
	{ "rx-short", true, "were shorter than their headers say", NULL },
	{ "rx-replay", true, "came twice",
	  "a few are harmless; many: something copies packets on the path, or two hosts use one "
	  "SA (a virtual machine that was cloned)" },
	{ "rx-stale", true, "came later than the replay window allows",
	  "something reorders packets on the path: replay-window = 8192" },
	{ "rx-auth", true, "were not made with our key",
	  "a few are somebody's garbage; all of them: the two ends have other keys, or the peer "
	  "does the algorithm in another way: ikectl rekey, and look at the peer's kernel" },
	{ "rx-expired", true, "came after the hard limit of the key",
	  "the rekey before has failed: see the log" },
	{ "rx-selector", true, "came out of the tunnel with addresses that were not agreed",
	  "the peer sends what is not in its selectors: compare local-ts and remote-ts with its" },
	{ "rx-protocol", true, "had something inside that is neither IPv4 nor IPv6",
	  "is the peer in transport mode? mode = transport on both sides, or on none" },
	{ "rx-padding", true, "had a trailer that makes no sense", NULL },
	{ "rx-dummy", false, "were dummies that the peer sends to hide its traffic", NULL },
	{ "rx-ecn", true, "had marks of congestion that inside make no sense, RFC 6040", NULL },
	{ NULL, true, "were dropped", "Documentation/troubleshooting.md has the counters" },
};

static const struct explain_row *explain_find(const struct explain_row *rows, const char *code)
{
	while (rows->code && strcmp(rows->code, code))
		rows++;
	return rows;
}

/* A field of a finding as text: of a list all, "nothing" where it is empty; "..._s" are seconds. */
static const char *explain_value(const json_t *finding, const char *key, char *buf, size_t len)
{
	const json_t *value = json_object_get(finding, key);
	size_t end = strlen(key);

	if (json_is_integer(value) && end > 2 && !strcmp(key + end - 2, "_s"))
		text_seconds(json_integer_value(value), buf, len);
	else if (json_is_integer(value))
		snprintf(buf, len, "%lld", (long long)json_integer_value(value));
	else if (json_is_array(value) && json_array_size(value))
		text_join(value, " ", buf, len);
	else if (json_is_array(value))
		snprintf(buf, len, "nothing");
	else
		snprintf(buf, len, "%s", json_is_string(value) ? json_string_value(value) : "");
	return buf;
}

/* "{key}" to that field of @finding, "{key?:text}" to the text where the field is false. */
static void explain_fill(const char *sentence, const json_t *finding, char *buf, size_t len)
{
	char key[96], value[1024], *text;
	size_t at = 0, n;

	while (*sentence && at + 1 < len) {
		n = strcspn(sentence, "{");
		at += (size_t)snprintf(buf + at, len - at, "%.*s", (int)n, sentence);
		sentence += n;
		if (!*sentence || at >= len)
			break;
		n = strcspn(++sentence, "}");
		snprintf(key, sizeof(key), "%.*s", (int)n, sentence);
		sentence += n + (sentence[n] == '}');
		text = strstr(key, "?:");
		if (text)
			*text = '\0';
		explain_value(finding, key, value, sizeof(value));
		if (text)
			snprintf(value, sizeof(value), "%s",
				 json_is_false(json_object_get(finding, key)) ? text + 2 : "");
		at += (size_t)snprintf(buf + at, len - at, "%s", value);
	}
	if (at < len)
		buf[at] = '\0';
}

static void explain_failed(const json_t *finding, char *what, size_t len)
{
	char sentence[1400];

	failure_sentence(text_of(finding, "error"), text_of(finding, "detail"), sentence,
			 sizeof(sentence));
	snprintf(what, len, "%s: %s", text_of(finding, "name"), sentence);
}

static void explain_drop(const struct explain_row *row, const json_t *finding, char *what,
			 size_t len)
{
	snprintf(what, len, "%s: %lld packets %s (%s)", text_of(finding, "name"),
		 number_of(finding, "count"), row->what, text_of(finding, "reason"));
}

/* One finding. True: it is a fault. */
static bool explain_finding(const struct view *v, const json_t *finding, unsigned int number)
{
	const struct explain_row *row = explain_find(explain_rows, text_of(finding, "code"));
	char what[2048], advice[1024] = "", first[16];
	const char *fixed = row->advice;
	bool wrong = row->wrong;

	if (!strcmp(text_of(finding, "code"), "failed")) {
		explain_failed(finding, what, sizeof(what));
		fixed = failure_advice(text_of(finding, "error"));
	} else if (!strcmp(text_of(finding, "code"), "drop")) {
		row = explain_find(explain_drops, text_of(finding, "reason"));
		explain_drop(row, finding, what, sizeof(what));
		fixed = row->advice;
		wrong = row->wrong;
	} else {
		explain_fill(row->what, finding, what, sizeof(what));
	}
	if (fixed)
		explain_fill(fixed, finding, advice, sizeof(advice));
	snprintf(first, sizeof(first), "%3u. ", number);
	text_wrap(v->out, first, what, v->width);
	if (advice[0])
		text_wrap(v->out, "     -> ", advice, v->width);
	return wrong;
}

/* ---- both sides */

static void explain_line(const struct view *v, const char *title, const char *side,
			 const char *text)
{
	char first[40];

	snprintf(first, sizeof(first), "  %-14s %-6s ", title, side);
	text_wrap(v->out, first, text[0] ? text : "not known", v->width);
}

/* What there is of the peer's: said by it, agreed, or guessed from what we expect. */
static void explain_there(const struct view *v, const char *value, const char *mark)
{
	char text[2600];

	snprintf(text, sizeof(text), "%s%s%s", value[0] ? value : "not known", value[0] ? "  " : "",
		 value[0] ? mark : "");
	explain_line(v, "", "there", text);
}

static const char *explain_list(const json_t *object, const char *key, char *buf, size_t len)
{
	return text_join(json_object_get(object, key), ", ", buf, len);
}

/* "(said 12 s ago, not authenticated)" */
static const char *explain_said(const json_t *memo, char buf[80])
{
	char when[32];

	snprintf(buf, 80, "(said %s ago%s)",
		 text_seconds(number_of(memo, "ago_s"), when, sizeof(when)),
		 json_is_false(json_object_get(memo, "authentic")) ? ", not authenticated" : "");
	return buf;
}

static void explain_identities(const struct view *v, const json_t *tunnel, const json_t *ours,
			       const json_t *told)
{
	const json_t *refused = json_object_get(told, "we_refused");
	const char *said = text_of(refused, "identity"), *last = text_of(told, "identity");
	bool up = json_object_get(tunnel, "ike_spi") && !strcmp(text_of(tunnel, "state"), "up");
	char mark[80];

	explain_line(v, "identity", "here",
		     text_of(tunnel, "local_id")[0] ? text_of(tunnel, "local_id") :
						      text_of(ours, "local_id"));
	if (up)
		explain_there(v, text_of(tunnel, "remote_id"), "(authenticated)");
	else if (last[0])
		explain_there(v, last, "(said)");
	else if (said[0])
		explain_there(v, said, explain_said(refused, mark));
	else
		explain_there(v, text_of(ours, "remote_id"), "(guess: remote-id)");
	if (text_of(refused, "asked_identity")[0])
		explain_there(v, text_of(refused, "asked_identity"), "(asked for as ours)");
}

/* @agreed "": nothing is. @refusal: a notify with which the peer refused what is ours. */
static void explain_proposals(const struct view *v, const char *title, const json_t *list,
			      const char *agreed, const json_t *told, const char *key)
{
	const json_t *we = json_object_get(told, "we_refused");
	const json_t *us = json_object_get(told, "refused_us");
	char text[2048], mark[80];

	explain_line(v, title, "here", text_join(list, ", ", text, sizeof(text)));
	if (agreed[0])
		explain_there(v, agreed, "(agreed)");
	else if (json_object_get(we, key))
		explain_there(v, explain_list(we, key, text, sizeof(text)), explain_said(we, mark));
	else if (!strcmp(text_of(us, "notify"), "NO_PROPOSAL_CHOSEN") &&
		 !strcmp(text_of(us, "exchange"), "IKE_SA_INIT") == !strcmp(key, "ike"))
		explain_there(v, "none of ours", explain_said(us, mark));
	else
		explain_there(v, "", "");
}

static void explain_selectors(const struct view *v, const json_t *child, const json_t *up,
			      const json_t *told)
{
	static const char *const keys[] = { "local_ts", "remote_ts" };
	static const char *const titles[] = { "local-ts", "remote-ts" };
	const json_t *we = json_object_get(told, "we_refused");
	const json_t *us = json_object_get(told, "refused_us");
	char text[2048], mark[80];

	for (int i = 0; i < 2; i++) {
		explain_line(v, titles[i], "here",
			     explain_list(child, keys[i], text, sizeof(text)));
		if (up)
			explain_there(v, explain_list(up, keys[i], text, sizeof(text)), "(agreed)");
		else if (json_object_get(we, keys[i]))
			explain_there(v, explain_list(we, keys[i], text, sizeof(text)),
				      explain_said(we, mark));
		else if (!strcmp(text_of(us, "notify"), "TS_UNACCEPTABLE"))
			explain_there(v, "not what is here, or with it", explain_said(us, mark));
		else
			explain_there(v, explain_list(child, keys[i], text, sizeof(text)),
				      i ? "(guess: it is to be its local one)" :
					  "(guess: it is to be its remote one)");
	}
}

/* The status of a child by its own name, of the first peer; NULL: it is not up. */
static const json_t *explain_child_up(const json_t *tunnel, const char *name)
{
	const json_t *peer = json_array_get(json_object_get(tunnel, "peers"), 0), *child;
	size_t i;

	json_array_foreach(json_object_get(peer, "children"), i, child) {
		if (!strcmp(text_of(child, "child"), name) &&
		    !strcmp(text_of(child, "state"), "up"))
			return child;
	}
	return NULL;
}

/* Our own address: that of the IKE SA, or that which the route to the peer would have us use. */
static const char *explain_here(const json_t *result)
{
	const char *endpoint = text_of(json_object_get(result, "tunnel"), "local_endpoint");
	const json_t *host = json_object_get(result, "host");
	const json_t *peer = json_array_get(json_object_get(host, "peers"), 0);

	return endpoint[0] ? endpoint : text_of(json_object_get(peer, "way"), "source");
}

static void explain_sides(const struct view *v, const json_t *result)
{
	const json_t *tunnel = json_object_get(result, "tunnel"), *child, *up;
	const json_t *ours = json_object_get(result, "ours"), *told = json_object_get(result, "told");
	const json_t *refused = json_object_get(told, "we_refused");
	const char *there = text_of(tunnel, "remote_endpoint");
	char mark[80], suite[256];
	size_t i;

	fputs("\nBoth sides, ours here, and of the peer's what it let us know or what we expect:\n\n",
	      v->out);
	explain_line(v, "address", "here", explain_here(result));
	if (there[0])
		explain_there(v, there, "");
	else if (text_of(refused, "remote")[0])
		explain_there(v, text_of(refused, "remote"), explain_said(refused, mark));
	else
		explain_there(v, text_of(tunnel, "remote"), "(guess: remote)");
	explain_identities(v, tunnel, ours, told);
	explain_proposals(v, "IKE", json_object_get(ours, "ike"),
			  text_suite(text_of(tunnel, "ike"), suite, sizeof(suite)), told, "ike");
	json_array_foreach(json_object_get(ours, "children"), i, child) {
		if (json_array_size(json_object_get(ours, "children")) > 1)
			fprintf(v->out, "  child %s\n", text_of(child, "child"));
		up = explain_child_up(tunnel, text_of(child, "child"));
		explain_proposals(v, "ESP", json_object_get(child, "esp"),
				  text_suite(text_of(up, "esp"), suite, sizeof(suite)), told, "esp");
		explain_selectors(v, child, up, told);
	}
}

enum status show_explain(const struct view *v, const json_t *result)
{
	const json_t *tunnel = json_object_get(result, "tunnel"), *finding;
	const json_t *findings = json_object_get(result, "findings");
	unsigned int number = 0, wrong = 0;
	size_t i;

	fprintf(v->out, "%s is %s\n", v->tunnel ? v->tunnel : text_of(tunnel, "name"),
		text_of(tunnel, "state"));
	json_array_foreach(findings, i, finding) {
		wrong += explain_finding(v, finding, ++number);
	}
	if (!wrong)
		fputs("  Nothing is wrong that can be seen from here.\n", v->out);
	explain_sides(v, result);
	return STATUS_OK;
}
