// SPDX-License-Identifier: GPL-2.0
#include "ike/v2/hint.h"

#include "ike/object/child.h"
#include "ike/object/child_sa.h"
#include "ike/object/peer.h"
#include "ike/object/report.h"
#include "ike/object/touch.h"
#include "ike/object/tunnel.h"
#include "ike/v2/crash.h"

#define HINT_TOKEN_LEN	(8 + CRASH_TOKEN_LEN)	/* octets of the notify with ours */
#define HINT_LEN_MAX	1024	/* octets of one that is looked at, of a tunnel's packets too */

/* May another one be sent, or looked at? */
static bool hint_may(struct ike *ike)
{
	uint64_t now = ike_now(ike);

	if (now - ike->hints_ms >= 1000) {
		ike->hints_ms = now;
		ike->hints = 0;
	}
	return ike->hints < HINTS_MAX && ++ike->hints;
}

static bool hint_paused(const struct ike *ike, uint64_t last_ms)
{
	return last_ms && ike_now(ike) - last_ms < HINT_PAUSE_MS;
}

static bool hint_parse(const struct msg_header *h, const uint8_t *raw, size_t len, struct msg *m)
{
	struct cursor chain = cursor_of(raw, len);

	return len <= HINT_LEN_MAX && cursor_skip(&chain, MSG_HEADER_LEN) &&
	       msg_parse_payloads(chain, h->first, m) == MSG_OK;
}

/* The SPI that an INVALID_SPI tells of; 0: none. */
static uint32_t hint_spi(const struct msg *m)
{
	const struct msg_notify *n = msg_notify(m, NOTIFY_INVALID_SPI);
	struct cursor data;
	uint32_t spi;

	if (!n || n->data.left != sizeof(spi))
		return 0;
	data = n->data;
	return cursor_u32(&data, &spi) ? spi : 0;
}

/* The pair of @sa that sends with @spi; NULL: none, or it has a successor already. */
static struct child_sa *hint_pair(const struct ike_sa *sa, uint32_t spi)
{
	struct child *child;

	TAILQ_FOREACH(child, &sa->peer->children, link) {
		struct child_sa *pair = pair_by_out(child, spi);

		if (pair && pair->sa == sa && pair->state == PAIR_ACTIVE && !pair->successor)
			return pair;
	}
	return NULL;
}

static bool hint_stands(const struct ike_sa *sa)
{
	return sa->state == SA_ESTABLISHED && sa->end == SA_KEEP && sa->peer && sa->peer->sa == sa;
}

/* ---- to nobody */

static void hint_refuse(struct ike *ike, const struct msg_header *h, size_t len,
			const struct endpoint *local, const struct endpoint *remote)
{
	struct msg_header answer = {
		.spi_i = h->spi_i, .spi_r = h->spi_r, .exchange = h->exchange, .id = h->id,
		.flags = MSG_RESPONSE | (h->flags & MSG_INITIATOR ? 0 : MSG_INITIATOR),
	};
	struct builder b;
	size_t out_len;

	build_begin(&b, ike->out, sizeof(ike->out), &answer);
	build_notify(&b, NOTIFY_INVALID_IKE_SPI, 0, 0, 0, NULL, 0);
	crash_show(&b, ike, h);
	out_len = build_end(&b);
	if (out_len && out_len <= len + HINT_TOKEN_LEN)
		ike->env.send(ike->env.ctx, local, remote, 0, ike->out, out_len);
}

static void hint_lost(struct ike *ike, uint32_t spi, const struct endpoint *remote)
{
	struct ike_sa *sa;

	TAILQ_FOREACH(sa, &ike->sas, link) {
		if (!hint_stands(sa) || !addr_equal(&sa->remote.addr, &remote->addr) ||
		    hint_paused(ike, sa->hinted_ms) || !hint_pair(sa, spi))
			continue;
		sa->hinted_ms = ike_now(ike);
		sa->want_liveness = true;
		sa_touch(sa);
		report_log(ike, sa->peer, LOG_INFO,
			   "somebody at the peer's address says that it does not know SPI %08x, with which we send to it: is it still there?",
			   spi);
		return;
	}
}

void hint_unknown(struct ike *ike, const struct msg_header *h, const uint8_t *raw, size_t len,
		  const struct endpoint *local, const struct endpoint *remote)
{
	bool sealed = h->first == PAYLOAD_SK || h->first == PAYLOAD_SKF;
	struct msg m = {0};
	uint32_t spi;

	ike->counters.unknown_spi++;
	if (h->flags & MSG_RESPONSE || rules_in_clear(h->exchange) ||
	    (!sealed && h->exchange != EXCHANGE_INFORMATIONAL) || !hint_may(ike))
		return;
	if (sealed) {
		/* who takes the other role in one that is there, or another SPI, learns nothing */
		if (!sa_find(ike, h->spi_i) && !sa_find(ike, h->spi_r))
			hint_refuse(ike, h, len, local, remote);
		return;
	}
	spi = hint_parse(h, raw, len, &m) ? hint_spi(&m) : 0;
	if (spi)
		hint_lost(ike, spi, remote);
}

/* ---- instead of an answer */

/* RFC 6290 4.5: it goes without a word, and another one follows where we want the peer up. */
static void hint_crashed(struct ike_sa *sa)
{
	struct peer *peer = sa->peer;

	if (peer && peer->sa == sa && peer->intent == INTENT_UP)
		peer->anew = true;
	sa_end(sa, SA_DROP, IKE_FAIL_PEER,
	       "the peer was restarted: it proves that it has the IKE SA no more (QCD_TOKEN)");
}

void hint_denied(struct exchange *ex, const struct msg_header *h, const uint8_t *raw, size_t len,
		 const struct endpoint *remote)
{
	struct ike_sa *sa = ex->sa;
	char text[ADDR_STRLEN];
	struct msg m = {0};

	if (!hint_parse(h, raw, len, &m) || !msg_notify(&m, NOTIFY_INVALID_IKE_SPI)) {
		sa->ike->counters.malformed++;
		return;
	}
	if (crash_proved(sa, &m)) {
		hint_crashed(sa);
		return;
	}
	if (sa->denied)
		return;
	sa->denied = true;
	report_log(sa->ike, sa->peer, LOG_INFO,
		   "somebody at %s says that our IKE SA is not known there: was it restarted? what is not protected ends nothing: %s goes on",
		   endpoint_str(remote, text), ex->kind->name);
}

/* ---- from the kernel */

/* One that a peer at @remote may be the other end of; NULL: none. */
static const struct tunnel *hint_tunnel(const struct ike *ike, const struct addr *remote)
{
	const struct tunnel *t;
	const struct peer *peer;

	TAILQ_FOREACH(t, &ike->tunnels, link) {
		peer = tunnel_only_peer(t);
		if (peer ? peer_has_addr(peer, remote) : t->conf->any)
			return t;
	}
	return NULL;
}

/* With zeros for SPIs, which would mean nothing to who gets it: RFC 7296 1.5. */
static void hint_tell(struct ike *ike, uint32_t spi, const struct endpoint *remote)
{
	uint16_t port = remote->port ? IKE_NATT_PORT : IKE_PORT;
	struct msg_header h = { .exchange = EXCHANGE_INFORMATIONAL, .flags = MSG_INITIATOR };
	struct endpoint local = { .port = port }, to = *remote;
	struct writer w;
	uint8_t data[4];
	struct builder b;
	const struct tunnel *t = hint_tunnel(ike, &remote->addr);
	size_t len;

	if (!t || !ike->env.source_for(ike->env.ctx, &to.addr, t->conf->mark, &local.addr))
		return;
	if (!to.port)
		to.port = port;
	w = writer_of(data, sizeof(data));
	writer_u32(&w, spi);
	build_begin(&b, ike->out, sizeof(ike->out), &h);
	build_notify(&b, NOTIFY_INVALID_SPI, 0, 0, 0, data, sizeof(data));
	len = build_end(&b);
	if (len)
		ike->env.send(ike->env.ctx, &local, &to, t->conf->mark, ike->out, len);
}

void hint_packet(struct ike *ike, uint32_t spi, const struct endpoint *remote)
{
	struct ike_sa *sa;
	bool known = false;

	TAILQ_FOREACH(sa, &ike->sas, link) {
		if (!addr_equal(&sa->remote.addr, &remote->addr) || sa->stranger)
			continue;
		known = true;
		/* what is under way may be why; the next packet tells again */
		if (!hint_stands(sa) || sa->exchange_count || hint_paused(ike, sa->told_ms) ||
		    (remote->port && remote->port != sa->remote.port))
			continue;
		sa->told_ms = ike_now(ike);
		sa->lost_spi = spi;
		sa_touch(sa);
		return;
	}
	if (!known && hint_may(ike))
		hint_tell(ike, spi, remote);
}

static bool hint_wanted(const struct ike_sa *sa)
{
	return sa->lost_spi;
}

static enum built hint_build(struct exchange *ex, struct cause *cause)
{
	struct writer w;
	uint8_t data[4];
	struct builder b;

	w = writer_of(data, sizeof(data));
	writer_u32(&w, ex->sa->lost_spi);
	ex->sa->lost_spi = 0;
	v2_request_begin(ex, &b);
	build_notify(&b, NOTIFY_INVALID_SPI, 0, 0, 0, data, sizeof(data));
	return v2_request_end(ex, &b, cause);
}

const struct exchange_kind v2_kind_lost_spi = {
	.name = "INVALID_SPI",
	.state = SA_ESTABLISHED,
	.exchange = EXCHANGE_INFORMATIONAL,
	.wanted = hint_wanted,
	.build = hint_build,
};

/* ---- from the peer */

static void hint_rekey(struct ike_sa *sa, uint32_t spi)
{
	struct child_sa *pair = hint_pair(sa, spi);

	if (!pair || pair->want_rekey || pair_tries_again(pair))
		return;
	report_log(sa->ike, sa->peer, LOG_WARNING,
		   "the peer does not know SPI %08x, with which we send to it (INVALID_SPI): the CHILD_SA is rekeyed",
		   spi);
	pair->want_rekey = true;
	sa_touch(sa);
}

/* The addresses of the packet that begins in @data; false: it is none. */
static bool hint_packet_text(struct cursor data, char from[ADDR_STRLEN], char to[ADDR_STRLEN])
{
	struct addr a = { .family = AF_INET }, b = { .family = AF_INET };
	size_t at = 12, size = 4;
	const uint8_t *p = data.at;

	if (data.left < 20 || (p[0] >> 4 != 4 && p[0] >> 4 != 6))
		return false;
	if (p[0] >> 4 == 6) {
		a.family = b.family = AF_INET6;
		at = 8;
		size = 16;
	}
	if (data.left < at + 2 * size)
		return false;
	memcpy(a.b, p + at, size);
	memcpy(b.b, p + at + size, size);
	addr_str(&a, from);
	addr_str(&b, to);
	return true;
}

/* Once for an IKE SA: the peer may say it of each packet. */
static void hint_selectors(struct ike_sa *sa, const struct msg_notify *n)
{
	char from[ADDR_STRLEN], to[ADDR_STRLEN], text[IKE_DETAIL_MAX];

	if (sa->said_selectors || !hint_packet_text(n->data, from, to))
		return;
	sa->said_selectors = true;
	snprintf(text, sizeof(text),
		 "the peer drops packets of ours, such as one from %s to %s (INVALID_SELECTORS): "
		 "compare the selectors of both ends", from, to);
	report_text(sa->peer, IKE_EV_NOTE, text);
}

void hint_request(struct inbound *in)
{
	const struct msg *m = &v2_inbound(in)->m;
	const struct msg_notify *n = msg_notify(m, NOTIFY_INVALID_SELECTORS);
	uint32_t spi = hint_spi(m);

	if (!hint_stands(in->sa))
		return;
	if (spi)
		hint_rekey(in->sa, spi);
	if (n)
		hint_selectors(in->sa, n);
}
