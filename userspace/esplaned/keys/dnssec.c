// SPDX-License-Identifier: GPL-2.0
#include "esplaned/keys/dnssec.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unbound.h>

#include "esplaned/conf/pack.h"
#include "esplaned/keys/fetch.h"
#include "esplaned/keys/link.h"
#include "lib/array.h"
#include "lib/log.h"
#include "lib/monotonic.h"
#include "wire/ipseckey.h"

#define DNSSEC_CLASS_IN		1
#define DNSSEC_NXDOMAIN		3
#define DNSSEC_DETAIL_MAX	72	/* characters of libunbound's own words */

/* One under way. */
struct dnssec_ask {
	struct dnssec *d;
	uint32_t id;
	struct ub_ctx *ctx;
	int job;			/* of libunbound */
	uint64_t until_ms;
	bool over;			/* answered */
};

struct dnssec {
	int link;
	const char *server;
	unsigned int timeout_s;
	struct dnssec_ask *ask[DNSSEC_ASKS_MAX];
	unsigned int count;
	bool gone;			/* the other end is */
	uint8_t msg[LINK_MAX];
};

static void dnssec_say(struct dnssec *d, uint32_t id, const struct ub_result *r, const char *why)
{
	struct writer w = link_begin(d->msg, LINK_FETCH_PART);
	unsigned int count = 0;

	writer_u32(&w, id);
	writer_u32(&w, r ? (uint32_t)(r->ttl > 0 ? r->ttl : 0) : 0);
	for (int i = 0; r && r->data[i] && count < DNSSEC_RECORDS_MAX; i++) {
		if (r->len[i] <= 0 || r->len[i] > IPSECKEY_RDATA_MAX)
			continue;
		writer_u16(&w, (uint16_t)r->len[i]);
		writer_bytes(&w, r->data[i], (size_t)r->len[i]);
		count++;
	}
	if (r)
		d->gone |= !link_send(d->link, &w, true);
	w = link_begin(d->msg, LINK_FETCH_END);
	writer_u32(&w, id);
	pack_text(&w, why);
	d->gone |= !link_send(d->link, &w, true);
}

/* Others have a say in these words. */
static void dnssec_detail(const char *text, char detail[DNSSEC_DETAIL_MAX])
{
	size_t len = 0;

	for (; text && *text && len < DNSSEC_DETAIL_MAX - 1; text++)
		detail[len++] = isprint((unsigned char)*text) ? *text : '?';
	detail[len] = '\0';
}

/* Why nothing of @r counts; "": it does. */
static void dnssec_judge(int err, const struct ub_result *r, char why[FETCH_WHY_MAX])
{
	char detail[DNSSEC_DETAIL_MAX] = "";

	why[0] = '\0';
	if (r)
		dnssec_detail(r->why_bogus, detail);
	if (err)
		snprintf(why, FETCH_WHY_MAX, "it cannot be looked up: %s", ub_strerror(err));
	else if (r->bogus && r->why_bogus && strstr(r->why_bogus, "expired"))
		snprintf(why, FETCH_WHY_MAX, "the signature of its zone has expired (%s)", detail);
	else if (r->bogus)
		snprintf(why, FETCH_WHY_MAX, "the signature of its zone is wrong (%s)", detail);
	else if (r->rcode == DNSSEC_NXDOMAIN)
		snprintf(why, FETCH_WHY_MAX, "there is no such name");
	else if (r->rcode)
		snprintf(why, FETCH_WHY_MAX, "the name server answers with error %d", r->rcode);
	else if (!r->havedata)
		snprintf(why, FETCH_WHY_MAX, "the name has no IPSECKEY record");
	else if (!r->secure)
		snprintf(why, FETCH_WHY_MAX, "its zone is not signed, or not below dns-anchor: "
			 "nothing proves the key");
}

static void dnssec_on_answer(void *ctx, int err, struct ub_result *r)
{
	struct dnssec_ask *ask = ctx;
	char why[FETCH_WHY_MAX];

	ask->over = true;
	dnssec_judge(err, r, why);
	dnssec_say(ask->d, ask->id, why[0] ? NULL : r, why);
	ub_resolve_free(r);
}

/* Little memory for each: it goes with the answer. */
static bool dnssec_set_up(struct ub_ctx *ctx, const char *server, const char *anchor)
{
	static const char *const options[][2] = {
		{ "do-not-query-localhost:", "no" }, { "trust-anchor-signaling:", "no" },
		{ "msg-cache-size:", "128k" }, { "rrset-cache-size:", "256k" },
		{ "key-cache-size:", "128k" }, { "neg-cache-size:", "64k" },
		{ "msg-cache-slabs:", "1" }, { "rrset-cache-slabs:", "1" },
		{ "key-cache-slabs:", "1" }, { "infra-cache-slabs:", "1" },
		{ "outgoing-range:", "16" }, { "num-queries-per-thread:", "16" },
		/* a signature that has expired proves nothing, also not for an hour more */
		{ "val-sig-skew-min:", "0" }, { "val-sig-skew-max:", "0" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (ub_ctx_set_option(ctx, options[i][0], options[i][1]))
			return false;
	}
	return !ub_ctx_debugout(ctx, NULL) && !ub_ctx_async(ctx, 1) &&
	       !ub_ctx_add_ta_file(ctx, anchor) &&
	       !(server ? ub_ctx_set_fwd(ctx, server) : ub_ctx_resolvconf(ctx, NULL));
}

static void dnssec_begin(struct dnssec *d, uint32_t id, const char *name, const char *anchor)
{
	struct dnssec_ask *ask = d->count < DNSSEC_ASKS_MAX ? calloc(1, sizeof(*ask)) : NULL;
	int rc = 0;

	if (ask)
		ask->ctx = ub_ctx_create();
	if (!ask || !ask->ctx) {
		free(ask);
		dnssec_say(d, id, NULL, "no memory, or too much is looked up at once");
		return;
	}
	ask->d = d;
	ask->id = id;
	ask->until_ms = monotonic_ms() + d->timeout_s * 1000;
	if (dnssec_set_up(ask->ctx, d->server, anchor))
		rc = ub_resolve_async(ask->ctx, name, IPSECKEY_RRTYPE, DNSSEC_CLASS_IN, ask,
				      dnssec_on_answer, &ask->job);
	else
		rc = UB_INITFAIL;
	if (!rc) {
		d->ask[d->count++] = ask;
		return;
	}
	dnssec_say(d, id, NULL, rc == UB_INITFAIL ? "it cannot be looked up: dns-anchor, or "
		   "/etc/resolv.conf, cannot be read" : ub_strerror(rc));
	ub_ctx_delete(ask->ctx);
	free(ask);
}

/* What is answered, or has waited too long. */
static void dnssec_end(struct dnssec *d)
{
	uint64_t now = monotonic_ms();
	char why[FETCH_WHY_MAX];

	for (unsigned int i = 0; i < d->count;) {
		struct dnssec_ask *ask = d->ask[i];

		if (!ask->over && now < ask->until_ms) {
			i++;
			continue;
		}
		if (!ask->over) {
			ub_cancel(ask->ctx, ask->job);
			snprintf(why, sizeof(why), "no answer in %u s", d->timeout_s);
			dnssec_say(d, ask->id, NULL, why);
		}
		ub_ctx_delete(ask->ctx);
		free(ask);
		d->ask[i] = d->ask[--d->count];
	}
}

/* False: it is not sound. */
static bool dnssec_input(struct dnssec *d, size_t len)
{
	char name[TUNNEL_HOST_MAX], anchor[CONFIG_CERT_PATH_MAX];
	struct cursor c = cursor_of(d->msg, len);
	uint8_t kind;
	uint32_t id;

	if (!cursor_u8(&c, &kind) || kind != LINK_DNSSEC || !cursor_u32(&c, &id) ||
	    !unpack_text(&c, name, sizeof(name)) || !unpack_text(&c, anchor, sizeof(anchor)) ||
	    c.left) {
		log_err("malformed message for the process that asks DNSSEC: ending");
		return false;
	}
	dnssec_begin(d, id, name, anchor);
	return true;
}

/* Milliseconds to the next end; -1: none is under way. */
static int dnssec_wait(const struct dnssec *d)
{
	uint64_t now = monotonic_ms(), first = UINT64_MAX;

	for (unsigned int i = 0; i < d->count; i++)
		first = d->ask[i]->until_ms < first ? d->ask[i]->until_ms : first;
	return !d->count ? -1 : first > now ? (int)(first - now) : 0;
}

/* False: the other end is gone, or it is not sound. */
static bool dnssec_turn(struct dnssec *d)
{
	struct pollfd fds[DNSSEC_ASKS_MAX + 1] = { { .fd = d->link, .events = POLLIN } };
	unsigned int count = d->count;
	ssize_t n;

	for (unsigned int i = 0; i < count; i++)
		fds[i + 1] = (struct pollfd){ .fd = ub_fd(d->ask[i]->ctx), .events = POLLIN };
	if (poll(fds, count + 1, dnssec_wait(d)) < 0 && errno != EINTR)
		return false;
	for (unsigned int i = 0; i < count; i++) {
		if (fds[i + 1].revents)
			ub_process(d->ask[i]->ctx);
	}
	dnssec_end(d);
	n = link_recv(d->link, d->msg, false);
	return !d->gone && (n == -EAGAIN || (n > 0 && dnssec_input(d, (size_t)n)));
}

int dnssec_run(int link, const char *server, unsigned int timeout_s)
{
	struct dnssec *d = calloc(1, sizeof(*d));

	if (!d) {
		log_err("no key can be looked up in DNS: no memory");
		return 1;
	}
	*d = (struct dnssec){ .link = link, .server = server, .timeout_s = timeout_s };
	while (dnssec_turn(d))
		;
	return 0;	/* what is under way ends with the process */
}
