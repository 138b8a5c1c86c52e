// SPDX-License-Identifier: GPL-2.0
/*
 * A peer's first message, RFC 7296 1.2 and 2.6: IKE_SA_INIT as responder; IKE_SESSION_RESUME
 * goes on in resume_responder.c.
 */
#include "ike/v2/first.h"

#include "ike/core/text.h"
#include "ike/object/peer.h"
#include "ike/object/report.h"
#include "ike/object/stranger.h"
#include "ike/object/stream.h"
#include "ike/object/tunnel.h"
#include "ike/v2/addke.h"
#include "ike/v2/certs.h"
#include "ike/v2/message.h"
#include "ike/v2/nat.h"
#include "ike/v2/offer.h"
#include "ike/v2/ppk.h"
#include "ike/v2/redirect.h"
#include "ike/v2/second.h"
#include "ike/v2/tell.h"
#include "ike/v2/v2.h"

#define FIRST_LEN_MAX		4096	/* octets of the request; RFC 7296 2: 3000 */
#define REFUSALS_MAX		32	/* a second, before each costs a cookie */

void first_refuse(struct first *f, uint16_t notify, const void *data, size_t len)
{
	struct msg_header answer = {
		.spi_i = f->h->spi_i, .exchange = f->h->exchange, .flags = MSG_RESPONSE,
		.id = f->h->id,
	};
	struct ike *ike = f->ike;
	struct builder b;
	size_t out_len;

	build_begin(&b, ike->out, sizeof(ike->out), &answer);
	build_notify(&b, notify, 0, 0, 0, data, len);
	out_len = build_end(&b);
	if (out_len && out_len <= f->len)
		ike->env.send(ike->env.ctx, f->local, f->remote, 0, ike->out, out_len);
}

/* An unknown critical payload is named in the answer, RFC 7296 2.5; other nonsense gets none. */
static bool first_parse(struct first *f)
{
	struct cursor chain = cursor_of(f->raw, f->len);
	enum msg_result result = MSG_MALFORMED;
	const struct msg_header *h = f->h;
	char why[RULES_WHY_LEN];

	if (h->len <= FIRST_LEN_MAX && h->spi_i && !h->id && h->flags & MSG_INITIATOR &&
	    cursor_skip(&chain, MSG_HEADER_LEN))
		result = msg_parse_payloads(chain, h->first, &f->in);
	if (result == MSG_OK && rules_check(h->exchange, false, false, &f->in, why))
		return true;
	f->ike->counters.malformed++;
	if (result == MSG_CRITICAL)
		first_refuse(f, NOTIFY_UNSUPPORTED_CRITICAL_PAYLOAD, &f->in.bad_payload, 1);
	return false;
}

/* Refusals leave no state, but cost a comparison of proposals each. */
static bool first_many_refusals(struct ike *ike)
{
	return ike->refusals >= REFUSALS_MAX && ike_now(ike) - ike->refusals_ms < 1000;
}

void first_count_refusal(struct ike *ike)
{
	uint64_t now = ike_now(ike);

	if (now - ike->refusals_ms >= 1000) {
		ike->refusals_ms = now;
		ike->refusals = 0;
	}
	ike->refusals++;
}

static bool first_may_enter(struct first *f)
{
	struct ike *ike = f->ike;
	bool crowded = ike->counters.half_open >= STRANGERS_COOKIE;
	uint8_t cookie[V2_COOKIE_LEN];

	if ((crowded || first_many_refusals(ike)) && !cookie_valid(ike, f->h, &f->in, f->remote)) {
		cookie_make(ike, f->h, &f->in, f->remote, cookie);
		first_refuse(f, NOTIFY_COOKIE, cookie, sizeof(cookie));
		ike->counters.cookies_sent++;
		return false;
	}
	if (crowded && strangers_of_net(ike, &f->remote->addr) >= STRANGERS_NET_MAX) {
		ike->counters.unexpected++;
		return false;
	}
	if (ike->counters.half_open >= STRANGERS_MAX)
		sa_end(stranger_oldest(ike), SA_DROP, IKE_FAIL_NONE, "newer ones need its place");
	return true;
}

bool first_listens(const struct first *f, const struct tunnel *t)
{
	return !f->remote->stream || t->conf->listen_tcp == f->local->port;
}

/*
 * All tunnels for these addresses, those that fit them best first and otherwise in the order of the
 * configuration: which of them is meant is known in IKE_AUTH only.
 */
static unsigned int first_matching(struct first *f, struct tunnel *out[CANDIDATES_MAX])
{
	unsigned int count = 0;
	struct tunnel *t;

	for (unsigned int fit = 4; fit; fit--)
		TAILQ_FOREACH(t, &f->ike->tunnels, link)
			if (count < CANDIDATES_MAX &&
			    first_listens(f, t) &&
			    tunnel_fit(t, &f->local->addr, &f->remote->addr) == fit)
				out[count++] = t;
	return count;
}

static bool first_takes(const struct tunnel *t, const struct proposal *suite)
{
	return proposal_fits(&t->conf->ike, suite);
}

static unsigned int first_count_takers(const struct candidates *c, const struct proposal *suite)
{
	unsigned int takers = 0;

	for (unsigned int i = 0; i < c->count; i++)
		takers += first_takes(c->t[i], suite);
	return takers;
}

/* A suite that as many as possible of several accept; of equals that of the first. */
static void first_choose_suite(struct first *f, struct candidates *c)
{
	const struct proposals *before = NULL;
	unsigned int best = 0, takers;
	struct proposal suite;
	struct msg_offer offer;

	for (unsigned int i = 0; i < c->count && best < c->count; i++) {
		const struct proposals *list = &c->t[i]->conf->ike;

		if (before && !memcmp(before, list, sizeof(*list)))
			continue;
		before = list;
		msg_sa_select(&f->in.sa, list, false, &suite, &offer);
		takers = first_count_takers(c, &suite);
		if (takers > best) {
			best = takers;
			c->suite = suite;
		}
	}
}

static bool first_choose(struct first *f, struct candidates *c)
{
	struct tunnel *all[CANDIDATES_MAX];
	unsigned int count = first_matching(f, all);
	const struct proposals *before = NULL;
	struct msg_offer offer;
	struct proposal suite;
	bool common = false;

	for (unsigned int i = 0; i < count; i++) {
		const struct proposals *list = &all[i]->conf->ike;

		/* many tunnels have the same list */
		if (!before || memcmp(before, list, sizeof(*list)))
			common = msg_sa_select(&f->in.sa, list, false, &suite, &offer);
		before = list;
		if (common && !c->count)
			c->suite = suite;
		if (common)
			c->t[c->count++] = all[i];
		else if (!c->refusing)
			c->refusing = all[i];
		c->force_udp |= common && all[i]->conf->force_udp;
	}
	if (c->count > 1)
		first_choose_suite(f, c);
	return c->count;
}

static void first_log_refusal(struct first *f, struct tunnel *t)
{
	const struct ike_exchange x = {
		.type = f->h->exchange, .local = f->local, .remote = f->remote, .heard = &f->in,
	};
	char peer[ADDR_STRLEN], ours[300], theirs[300];
	struct cause cause;

	if (!ike_may_mention_stranger(f->ike))
		return;
	endpoint_str(f->remote, peer);
	if (!t) {
		ike_log(f->ike, LOG_INFO,
			"IKE_SA_INIT from %s: no tunnel is configured for this address", peer);
		return;
	}
	cause_set(&cause, IKE_FAIL_NO_PROPOSAL_IKE,
		  "IKE_SA_INIT from %s: no IKE proposal in common; ours: %.190s; the peer's: %.190s",
		  peer, proposals_text(&t->conf->ike, ours, sizeof(ours)),
		  offer_text(&f->in.sa, theirs, sizeof(theirs)));
	f->ike->exchange = &x;
	report_refused(t, &cause);
	f->ike->exchange = NULL;
}

/*
 * A retransmission is answered while half open, until a later request has been; else it is a late
 * copy, or not the peer's.
 */
static void first_again(struct first *f, struct ike_sa *sa)
{
	struct answered *before = inbound_answer(sa, 0);

	if (!before || sa->state != SA_INIT_ANSWERED || f->len != sa->init_i.len ||
	    memcmp(f->raw, sa->init_i.p, f->len) ||
	    !inbound_repeat(sa, before, f->local, f->remote))
		f->ike->counters.replayed++;
}

static void first_refuse_group(struct first *f, uint16_t group)
{
	uint8_t data[2];
	struct writer w = writer_of(data, sizeof(data));

	writer_u16(&w, group);
	first_refuse(f, NOTIFY_INVALID_KE_PAYLOAD, data, sizeof(data));
}

/* All tunnels that it can be for send it to the same gateway: it is told so at once. */
static bool first_sends_on(struct first *f, const struct candidates *c)
{
	const struct addr *to = &c->t[0]->conf->redirect_to;
	struct chunk nonce = { f->in.nonce.at, f->in.nonce.left };
	uint8_t data[REDIRECT_LEN_MAX];

	if (!redirect_due(&f->in, to))
		return false;
	for (unsigned int i = 1; i < c->count; i++)
		if (!addr_equal(&c->t[i]->conf->redirect_to, to))
			return false;
	first_refuse(f, NOTIFY_REDIRECT, data, redirect_data(data, to, nonce));
	return true;
}

void first_enter(struct first *f, const struct candidates *c)
{
	char why[RULES_WHY_LEN];
	struct v2_inbound *v;
	struct ike_sa *sa;

	sa = sa_new(f->ike, f->version, f->version->window, false, f->h->spi_i);
	if (!sa)
		return;
	sa->local = *f->local;
	sa->remote = *f->remote;
	sa->suite = proposal_suite(&c->suite);
	sa->udp = c->force_udp;
	v = stream_enter(sa) && sa_set_init(sa, &f->remote->addr) ?
		    inbound_new(sa, sizeof(*v), f->h, f->raw, f->len, f->local, f->remote) : NULL;
	if (v) {
		struct cursor chain = cursor_of(v->in.raw, v->in.raw_len);

		cursor_skip(&chain, MSG_HEADER_LEN);
		msg_parse_payloads(chain, f->h->first, &v->m);
		rules_check(f->h->exchange, false, false, &v->m, why);
		v->in.kind = v->m.kind;
		tell_heard(v);
		message_answer_begin(v);
		inbound_handle(&v->in);
	}
	if (sa->state == SA_NEW)
		sa_end(sa, SA_DROP, IKE_FAIL_NONE, "the first message was malformed");
}

/*
 * RFC 9329 6.1: a connection is for one IKE SA. Who begins anew by it has given up what was half
 * open; beside one that stands nothing begins.
 */
static bool first_has_a_way(struct first *f)
{
	struct ike_sa *sa = stream_sa(f->ike, f->remote->stream);
	char peer[ADDR_STRLEN];

	if (!sa)
		return true;
	if (sa->state == SA_INIT_ANSWERED) {
		sa_end(sa, SA_DROP, IKE_FAIL_NONE, "its peer begins anew by the same connection");
		return true;
	}
	f->ike->counters.unexpected++;
	if (ike_may_mention_stranger(f->ike))
		report_log(f->ike, sa->peer, LOG_WARNING,
			   "IKE_SA_INIT from %s by a TCP connection that has an IKE SA: not taken",
			   endpoint_str(f->remote, peer));
	return false;
}

bool first_is_new(struct first *f)
{
	struct ike_sa *sa = sa_find_init(f->ike, f->h->spi_i, &f->remote->addr);

	if (sa)
		first_again(f, sa);
	return !sa && first_parse(f) && first_may_enter(f) && first_has_a_way(f);
}

void v2_init_accept(struct ike *ike, const struct ike_version *version,
		    const struct msg_header *h, const uint8_t *raw, size_t len,
		    const struct endpoint *local, const struct endpoint *remote)
{
	struct first f = {
		.ike = ike, .version = version, .h = h, .raw = raw, .len = len, .local = local,
		.remote = remote,
	};
	struct candidates c = {0};
	uint16_t group;

	if (!first_is_new(&f))
		return;
	f.in.sa.no_addke = !msg_notify(&f.in, NOTIFY_INTERMEDIATE_SUPPORTED);
	if (!first_choose(&f, &c)) {
		first_log_refusal(&f, c.refusing);
		first_count_refusal(ike);
		first_refuse(&f, NOTIFY_NO_PROPOSAL_CHOSEN, NULL, 0);
		return;
	}
	if (first_sends_on(&f, &c))
		return;
	group = proposal_find(&c.suite, TRANSFORM_KE)->id;
	if (f.in.ke.group != group) {
		first_refuse_group(&f, group);
		return;
	}
	if (f.in.ke.data.left != ke_public_len(group) ||
	    !offer_nonce_ok(f.in.nonce, proposal_find(&c.suite, TRANSFORM_PRF)->id)) {
		ike->counters.malformed++;
		return;
	}
	first_enter(&f, &c);
}

/* Keys, and the answer. */
enum verdict v2_init_request(struct inbound *in)
{
	struct v2_inbound *v = v2_inbound(in);
	struct ike_sa *sa = in->sa;
	const struct proposal suite = suite_proposal(&sa->suite);
	struct msg_header h = { .spi_i = sa->spi_i, .spi_r = sa->spi_r };
	uint8_t secret[KE_SECRET_MAX];
	bool fake = sa->udp, ok;
	struct msg_offer offer;
	struct proposal again;
	const uint8_t *public;
	struct ke *ke;
	size_t len;

	if (!msg_sa_find(&v->m.sa, &suite, &again, &offer))
		return VERDICT_DROP;
	offer = (struct msg_offer){ .number = offer.number };
	sa->ni.len = v->m.nonce.left;
	memcpy(sa->ni.b, v->m.nonce.at, sa->ni.len);
	ike_random(sa->ike, sa->nr.b, IKE_NONCE_LEN);
	sa->nr.len = IKE_NONCE_LEN;
	if (!octets_set(&sa->init_i, in->raw, in->raw_len))
		return VERDICT_DROP;
	ke = ke_answer(v->m.ke.group, v->m.ke.data.at, v->m.ke.data.left, sa->ike->env.random,
		       sa->ike->env.ctx, secret, &len);
	ok = ke && keys_derive(sa, (struct ke_secret){ { secret, len } }, NULL);
	mem_wipe(secret, sizeof(secret));
	if (!ok) {
		/* remembered like a refused peer: to find it out has cost as much as a sound one */
		ke_free(ke);
		v2_refuse(v, NOTIFY_INVALID_SYNTAX, NULL, 0);
		return VERDICT_FAIL;
	}
	sa->fragments = msg_notify(&v->m, NOTIFY_FRAGMENTATION_SUPPORTED);
	redirect_heard(sa, &v->m);
	nat_detect(sa, v);
	sa->udp = sa->nat_t && !in->remote.stream && (sa->nat_local || sa->nat_remote || fake);
	build_sa_one(&v->b, &suite, &offer);
	public = ke_public(ke, &len);
	build_ke(&v->b, v->m.ke.group, public, len);
	build_nonce(&v->b, sa->nr.b, sa->nr.len);
	if (sa->nat_t)
		nat_build(&v->b, &h, &in->local, &in->remote, fake);
	certs_take_hashes(sa, &v->m);
	certs_answer(&v->b, sa, &v->m);
	build_notify(&v->b, NOTIFY_CHILDLESS_SUPPORTED, 0, 0, 0, NULL, 0);
	if (sa->fragments)
		build_notify(&v->b, NOTIFY_FRAGMENTATION_SUPPORTED, 0, 0, 0, NULL, 0);
	ppk_answer(&v->b, sa, &v->m);
	second_answer(&v->b, sa);
	if (addke_next(sa))
		build_notify(&v->b, NOTIFY_INTERMEDIATE_SUPPORTED, 0, 0, 0, NULL, 0);
	ke_free(ke);
	return VERDICT_DONE;
}
