// SPDX-License-Identifier: GPL-2.0
/* IKE_SA_INIT, RFC 7296 1.2, 2.6, 2.7 and 2.23. Nothing here is authenticated. */
#include "ike/exchange/fsm.h"
#include "ike/object/tunnel.h"

#define ROUNDS_MAX	6	/* COOKIE and INVALID_KE_PAYLOAD answers in one attempt */
#define GRACE_MS 3000 /* after an error that anybody may have sent: a true answer may follow */

static void nat_hash(const struct msg_header *h, const struct endpoint *e, uint8_t out[20])
{
	uint8_t buf[18];
	struct writer w = writer_of(buf, sizeof(buf));
	struct chunk parts[] = { { buf, 16 }, { e->addr.b, addr_len(&e->addr) }, { buf + 16, 2 } };

	writer_u64(&w, h->spi_i);
	writer_u64(&w, h->spi_r);
	writer_u16(&w, e->port);
	memset(out, 0, 20);
	sha1(parts, 3, out);
}

/* @fake: claim to be behind NAT, so that both ends put ESP into UDP. */
static void build_nat_detection(struct builder *b, const struct msg_header *h,
				const struct endpoint *local, const struct endpoint *remote,
				bool fake)
{
	static const struct endpoint nowhere = { .addr = { .family = AF_INET } };
	uint8_t hash[20];

	nat_hash(h, fake ? &nowhere : local, hash);
	build_notify(b, NOTIFY_NAT_DETECTION_SOURCE_IP, 0, 0, 0, hash, sizeof(hash));
	nat_hash(h, remote, hash);
	build_notify(b, NOTIFY_NAT_DETECTION_DESTINATION_IP, 0, 0, 0, hash, sizeof(hash));
}

static void detect_nat(struct ike_sa *sa, const struct xchg *x)
{
	bool source_seen = false, destination_seen = false, source_ok = false,
	     destination_ok = false;
	uint8_t source[20], destination[20];

	nat_hash(x->h, x->remote, source);
	nat_hash(x->h, x->local, destination);
	for (unsigned int i = 0; i < x->in->notify_count; i++) {
		const struct msg_notify *n = &x->in->notify[i];

		if (n->type == NOTIFY_NAT_DETECTION_SOURCE_IP) {
			source_seen = true;
			source_ok |= n->data.left == 20 && !memcmp(n->data.at, source, 20);
		} else if (n->type == NOTIFY_NAT_DETECTION_DESTINATION_IP) {
			destination_seen = true;
			destination_ok |= n->data.left == 20 &&
					  !memcmp(n->data.at, destination, 20);
		}
	}
	sa->nat_t = source_seen && destination_seen;
	sa->nat_remote = sa->nat_t && !source_ok;
	sa->nat_local = sa->nat_t && !destination_ok;
}

/* The first group of the proposals, or the one the peer asked for. */
static bool prepare_ke(struct ike_sa *sa)
{
	const struct proposals *list = &sa->tunnel->conf.ike;
	const struct transform *t = list->count ? proposal_find(&list->p[0], TRANSFORM_KE) : NULL;

	if (!sa->init.group && t)
		sa->init.group = t->id;
	if (!sa->ke)
		sa->ke = ke_new(sa->init.group, sa->ike->env.random, sa->ike->env.ctx);
	return sa->ke;
}

enum built v2_init_build(struct ike_sa *sa, struct builder *b, struct cause *cause)
{
	struct msg_header h = { .spi_i = sa->spi_i };
	const uint8_t *public;
	size_t len;

	if (!prepare_ke(sa)) {
		cause_set(cause, IKE_FAIL_CONFIG,
			  "the first IKE proposal's key exchange group %u is not to be had",
			  sa->init.group);
		return BUILD_FAILED;
	}
	if (!sa->ni.len) {
		ike_random(sa->ike, sa->ni.b, IKE_NONCE_LEN);
		sa->ni.len = IKE_NONCE_LEN;
	}
	if (sa->init.cookie_len)
		build_notify(b, NOTIFY_COOKIE, 0, 0, 0, sa->init.cookie, sa->init.cookie_len);
	build_sa(b, &sa->tunnel->conf.ike, NULL);
	public = ke_public(sa->ke, &len);
	build_ke(b, sa->init.group, public, len);
	build_nonce(b, sa->ni.b, sa->ni.len);
	build_nat_detection(b, &h, &sa->local, &sa->remote, sa->tunnel->conf.force_udp);
	return BUILD_READY;
}

/* ---- the initiator's side */

static void refused(struct ike_sa *sa)
{
	char list[300], name[NAME_STRLEN];
	struct cause cause;

	if (sa->init.hint == NOTIFY_NO_PROPOSAL_CHOSEN)
		cause_set(&cause, IKE_FAIL_NO_PROPOSAL_IKE,
			  "the peer takes none of our IKE proposals: %s; "
			  "compare them with the peer's",
			  proposals_text(&sa->tunnel->conf.ike, list, sizeof(list)));
	else
		cause_set(&cause, IKE_FAIL_PEER, "the peer refuses IKE_SA_INIT: %s",
			  notify_text(sa->init.hint, name));
	sa_drop(sa, cause.failure, cause.text);
}

static void grace_over(struct timer *timer)
{
	refused(container_of(timer, struct ike_sa, init.grace));
}

void v2_init_prepare(struct ike_sa *sa)
{
	timer_init(&sa->init.grace, grace_over);
}

static bool take_cookie(struct ike_sa *sa, const struct msg_notify *n)
{
	if (!n->data.left || n->data.left > sizeof(sa->init.cookie))
		return false;
	if (n->data.left == sa->init.cookie_len &&
	    !memcmp(n->data.at, sa->init.cookie, n->data.left))
		return false;
	memcpy(sa->init.cookie, n->data.at, n->data.left);
	sa->init.cookie_len = n->data.left;
	return true;
}

static bool take_group(struct ike_sa *sa, const struct msg_notify *n)
{
	struct cursor data = n->data;
	uint16_t group;

	if (!cursor_u16(&data, &group) || group == sa->init.group ||
	    !proposals_have_group(&sa->tunnel->conf.ike, group))
		return false;
	sa->init.group = group;
	ke_free(sa->ke);
	sa->ke = NULL;
	return true;
}

/*
 * Not a full answer. An error is remembered, not believed: the retransmission goes on until
 * the grace is over.
 */
enum verdict v2_init_notify(struct xchg *x)
{
	const struct msg_notify *cookie = msg_notify(x->in, NOTIFY_COOKIE);
	const struct msg_notify *group = msg_notify(x->in, NOTIFY_INVALID_KE_PAYLOAD);
	const struct msg_notify *error = msg_error(x->in);
	struct ike_sa *sa = x->sa;

	if (sa->init.rounds < ROUNDS_MAX &&
	    ((cookie && take_cookie(sa, cookie)) || (group && take_group(sa, group)))) {
		sa->init.rounds++;
		return VERDICT_STAY;
	}
	/* a copy of an INVALID_KE_PAYLOAD that was obeyed already is no refusal */
	if (error && !(error == group && sa->init.rounds) && !sa->init.grace.armed) {
		sa->init.hint = error->type;
		timer_set(&sa->ike->timers, &sa->init.grace, ike_now(sa->ike) + GRACE_MS);
	}
	return VERDICT_DROP;
}

/* One proposal, each transform one of ours. */
static bool suite_ok(const struct proposals *ours, const struct msg_sa *answer,
		     struct proposal *suite)
{
	unsigned int index;

	return answer->list.count == 1 && !answer->skipped &&
	       proposal_select(ours, &answer->list, false, suite, &index) &&
	       suite->count == answer->list.p[0].count;
}

static bool derive(struct ike_sa *sa, const struct msg_ke *peer)
{
	uint8_t secret[KE_SECRET_MAX];
	size_t len;
	bool ok;

	ok = ke_derive(sa->ke, peer->data.at, peer->data.left, secret, &len) &&
	     keys_derive(sa, (struct chunk){ secret, len }, NULL);
	mem_wipe(secret, sizeof(secret));
	if (ok) {
		ke_free(sa->ke);
		sa->ke = NULL;
	}
	return ok;
}

static void set_nonce(struct nonce *nonce, struct cursor data)
{
	nonce->len = data.left <= sizeof(nonce->b) ? data.left : sizeof(nonce->b);
	memcpy(nonce->b, data.at, nonce->len);
}

/* Anybody may have sent it. */
static void ignoring(struct ike_sa *sa, const char *what)
{
	if (ike_may_mention_stranger(sa->ike))
		ike_log(sa->ike, sa->tunnel, LOG_WARNING,
			"ignoring an IKE_SA_INIT response with %s", what);
}

enum verdict v2_init_response(struct xchg *x)
{
	struct ike_sa *sa = x->sa;
	struct tunnel *t = sa->tunnel;
	char suite[PROPOSAL_STRLEN];

	if (!x->h->spi_r || x->in->ke.group != sa->init.group ||
	    !suite_ok(&t->conf.ike, &x->in->sa, &sa->suite)) {
		ignoring(sa, "a choice we did not offer");
		return VERDICT_DROP;
	}
	sa->spi_r = x->h->spi_r;
	set_nonce(&sa->nr, x->in->nonce);
	if (!octets_set(&sa->init_r, x->raw, x->raw_len) || !derive(sa, &x->in->ke)) {
		/* a better one may follow */
		sa->spi_r = 0;
		ignoring(sa, "an unsound key exchange value");
		return VERDICT_DROP;
	}
	detect_nat(sa, x);
	sa->udp = sa->nat_t && (sa->nat_local || sa->nat_remote || t->conf.force_udp);
	if (sa->udp) {
		sa->local.port = IKE_NATT_PORT;
		sa->remote.port = IKE_NATT_PORT;
	}
	timer_cancel(&sa->ike->timers, &sa->init.grace);
	tunnel_step(t, IKE_STEP_INIT, "%s%s", proposal_str(&sa->suite, suite),
		    !sa->udp	   ? "" :
		    sa->nat_local  ? ", we are behind NAT: ESP in UDP" :
		    sa->nat_remote ? ", the peer is behind NAT: ESP in UDP" :
				     ", ESP in UDP as configured");
	return VERDICT_DONE;
}

/* ---- the responder's side */

/* Without any state: header with SPI 0 and one notify; no longer than the question. */
static void refuse(struct ike *ike, const struct msg_header *h, const struct endpoint *local,
		   const struct endpoint *remote, uint16_t notify, const void *data, size_t len)
{
	struct msg_header answer = {
		.spi_i = h->spi_i,
		.exchange = EXCHANGE_IKE_SA_INIT,
		.flags = MSG_RESPONSE,
		.id = h->id,
	};
	struct builder b;
	size_t out_len;

	build_begin(&b, ike->answer, sizeof(ike->answer), &answer);
	build_notify(&b, notify, 0, 0, 0, data, len);
	out_len = build_end(&b);
	if (out_len && out_len <= h->len)
		ike->env.send(ike->env.ctx, local, remote, ike->answer, out_len);
}

/* The first tunnel for these addresses whose proposals have something in common with the peer's. */
static struct tunnel *choose(struct ike *ike, const struct msg *in, const struct endpoint *local,
			     const struct endpoint *remote, struct proposal *suite,
			     struct tunnel **refusing)
{
	struct tunnel *t;
	unsigned int index;

	*refusing = NULL;
	for (t = TAILQ_FIRST(&ike->tunnels); t; t = TAILQ_NEXT(t, link)) {
		if (!tunnel_matches(t, &local->addr, &remote->addr))
			continue;
		if (proposal_select(&t->conf.ike, &in->sa.list, false, suite, &index))
			return t;
		if (!*refusing)
			*refusing = t;
	}
	return NULL;
}

static void log_refusal(struct ike *ike, const struct tunnel *t, const struct msg *in,
			const struct endpoint *remote)
{
	char peer[ADDR_STRLEN], ours[300], theirs[300];

	if (!ike_may_mention_stranger(ike))
		return;
	if (!t)
		ike_log(ike, NULL, LOG_INFO,
			"IKE_SA_INIT from %s: no tunnel is configured for this address",
			endpoint_str(remote, peer));
	else
		ike_log(ike, t, LOG_INFO,
			"IKE_SA_INIT from %s: no IKE proposal in common; ours: %s; the peer's: %s",
			endpoint_str(remote, peer),
			proposals_text(&t->conf.ike, ours, sizeof(ours)),
			proposals_text(&in->sa.list, theirs, sizeof(theirs)));
}

static bool may_enter(struct ike *ike, const struct msg_header *h, const struct msg *in,
		      const struct endpoint *local, const struct endpoint *remote)
{
	uint8_t cookie[IKE_COOKIE_LEN];

	if (ike->counters.half_open >= IKE_COOKIE_THRESHOLD && !cookie_valid(ike, h, in, remote)) {
		cookie_make(ike, h, in, remote, cookie);
		refuse(ike, h, local, remote, NOTIFY_COOKIE, cookie, sizeof(cookie));
		ike->counters.cookies_sent++;
		return false;
	}
	if (ike->counters.half_open >= IKE_HALF_OPEN_MAX ||
	    (ike->counters.half_open >= IKE_COOKIE_THRESHOLD &&
	     sa_count_strangers(ike, &remote->addr) >= IKE_PER_ADDRESS_MAX)) {
		ike->counters.unexpected++;
		return false;
	}
	return true;
}

/* An unknown critical payload is named in the answer, RFC 7296 2.5; other nonsense gets none. */
static bool parse_first(struct ike *ike, const struct msg_header *h, const uint8_t *raw,
			struct msg *in, const struct endpoint *local, const struct endpoint *remote)
{
	struct cursor chain = cursor_of(raw, h->len);
	enum msg_result result = MSG_MALFORMED;
	char why[RULES_WHY_LEN];

	if (h->len <= IKE_FIRST_LEN_MAX && h->spi_i && !h->id && h->flags & MSG_INITIATOR &&
	    cursor_skip(&chain, MSG_HEADER_LEN))
		result = msg_parse_payloads(chain, h->first, in);
	if (result == MSG_OK && rules_check(h->exchange, false, false, in, why))
		return true;
	ike->counters.malformed++;
	if (result == MSG_CRITICAL)
		refuse(ike, h, local, remote, NOTIFY_UNSUPPORTED_CRITICAL_PAYLOAD,
		       &in->bad_payload, 1);
	return false;
}

void v2_init_accept(struct ike *ike, const struct msg_header *h, const uint8_t *raw, size_t len,
		    const struct endpoint *local, const struct endpoint *remote)
{
	struct ike_sa *sa = sa_find_init(ike, h->spi_i, remote);
	struct tunnel *t, *refusing;
	struct proposal suite;
	uint8_t group[2];
	struct msg in;

	if (sa) {
		/* a retransmission, answered while half open; or a late copy, or not the peer's */
		if (sa->state == SA_INIT_ANSWERED && len == sa->init_i.len &&
		    !memcmp(raw, sa->init_i.p, len))
			ike->env.send(ike->env.ctx, local, remote, sa->answer.p, sa->answer.len);
		else
			ike->counters.replayed++;
		return;
	}
	if (!parse_first(ike, h, raw, &in, local, remote) || !may_enter(ike, h, &in, local, remote))
		return;
	t = choose(ike, &in, local, remote, &suite, &refusing);
	if (!t) {
		log_refusal(ike, refusing, &in, remote);
		refuse(ike, h, local, remote, NOTIFY_NO_PROPOSAL_CHOSEN, NULL, 0);
		return;
	}
	if (in.ke.group != proposal_find(&suite, TRANSFORM_KE)->id) {
		struct writer w = writer_of(group, sizeof(group));

		writer_u16(&w, proposal_find(&suite, TRANSFORM_KE)->id);
		refuse(ike, h, local, remote, NOTIFY_INVALID_KE_PAYLOAD, group, sizeof(group));
		return;
	}
	if (in.ke.data.left != ke_public_len(in.ke.group)) {
		ike->counters.malformed++;
		return;
	}
	sa = sa_new(ike, false, h->spi_i);
	if (!sa)
		return;
	sa->local = *local;
	sa->remote = *remote;
	sa->asked = remote->addr;
	sa->suite = suite;
	sa->udp = t->conf.force_udp;
	xchg_first(sa, h, &in, raw, len, local, remote);
	if (sa->state == SA_NEW)
		transition_command(sa, COMMAND_DROP, "the first message was unsound");
}

enum verdict v2_init_request(struct xchg *x)
{
	const struct msg_sa *offered = &x->in->sa;
	struct ike_sa *sa = x->sa;
	struct proposals answer = { .count = 1, .p = { sa->suite } };
	struct msg_offer offer = {0};
	struct proposal again;
	struct msg_header h = { .spi_i = sa->spi_i, .spi_r = sa->spi_r };
	bool fake = sa->udp;
	unsigned int index;
	const uint8_t *public;
	size_t len;

	if (!proposal_select(&answer, &offered->list, false, &again, &index))
		return VERDICT_DROP;
	offer.number = offered->offer[index].number;
	set_nonce(&sa->ni, x->in->nonce);
	ike_random(sa->ike, sa->nr.b, IKE_NONCE_LEN);
	sa->nr.len = IKE_NONCE_LEN;
	sa->ke = ke_new(x->in->ke.group, sa->ike->env.random, sa->ike->env.ctx);
	if (!sa->ke || !octets_set(&sa->init_i, x->raw, x->raw_len))
		return VERDICT_DROP;

	detect_nat(sa, x);
	sa->udp = sa->nat_t && (sa->nat_local || sa->nat_remote || fake);
	build_sa(&x->b, &answer, &offer);
	public = ke_public(sa->ke, &len);
	build_ke(&x->b, x->in->ke.group, public, len);
	build_nonce(&x->b, sa->nr.b, sa->nr.len);
	if (sa->nat_t)
		build_nat_detection(&x->b, &h, x->local, x->remote, fake);
	if (derive(sa, &x->in->ke))
		return VERDICT_DONE;
	/* remembered like a refused peer: to find it out has cost as much as a sound value */
	xchg_refuse(x, NOTIFY_INVALID_SYNTAX, NULL, 0);
	return VERDICT_FAIL;
}
