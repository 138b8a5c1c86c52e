// SPDX-License-Identifier: GPL-2.0
#include "ike/v2/offer.h"

#include <stdio.h>
#include <stdlib.h>

#include "ike/core/text.h"
#include "ike/object/child_sa.h"
#include "ike/object/ike_sa.h"
#include "ike/object/part.h"
#include "ike/object/peer.h"
#include "ike/object/report.h"
#include "ike/object/touch.h"
#include "ike/object/tunnel.h"
#include "ike/v2/config.h"

#define OFFER_TS_MAX	128	/* with a packet's own: longer lists fill the message as they are */

static struct proposals offer_without_groups(const struct proposals *list)
{
	struct proposals out = { .count = list->count };

	for (unsigned int i = 0; i < list->count; i++) {
		const struct proposal *from = &list->p[i];
		struct proposal *to = &out.p[i];

		to->protocol = from->protocol;
		for (unsigned int j = 0; j < from->count; j++)
			if (from->t[j].type != TRANSFORM_KE && !transform_is_addke(&from->t[j]))
				to->t[to->count++] = from->t[j];
	}
	return out;
}

static bool offer_needs_no_group(const struct proposal *p)
{
	for (unsigned int i = 0; i < p->count; i++)
		if (p->t[i].type == TRANSFORM_KE && p->t[i].id == KE_NONE)
			return true;
	return !proposal_find(p, TRANSFORM_KE);
}

struct proposals offer_with_group(const struct proposals *ours, uint16_t group)
{
	struct proposals out = { .count = 0 };

	for (unsigned int i = 0; i < ours->count; i++)
		if (group ? offer_group(&ours->p[i]) != KE_NONE : offer_needs_no_group(&ours->p[i]))
			out.p[out.count++] = ours->p[i];
	return group ? out : offer_without_groups(&out);
}

void offer_build(struct builder *b, const struct proposals *ours, bool groups, uint32_t spi)
{
	struct proposals list = groups ? *ours : offer_without_groups(ours);
	struct msg_offer first = { .number = 1, .spi_len = 4, .spi = spi };

	build_sa(b, &list, &first);
}

void offer_answer(struct builder *b, const struct proposal *suite, uint8_t number, uint32_t spi)
{
	struct msg_offer offer = { .number = number, .spi_len = 4, .spi = spi };

	build_sa_one(b, suite, &offer);
}

static bool offer_spi_ok(const struct msg_offer *offer)
{
	return offer->spi_len == 4 && offer->spi >= 256;
}

bool offer_select(const struct proposals *ours, const struct msg_sa *theirs, bool ignore_ke,
		  struct proposal *suite, struct msg_offer *offer)
{
	return msg_sa_select(theirs, ours, ignore_ke, suite, offer) && offer_spi_ok(offer);
}

/* Is it one proposal, with no more transforms than we can hold? */
static bool offer_single(const struct msg_sa *answer, struct proposal *p)
{
	struct cursor at = answer->proposals;
	struct msg_offer offer;

	return answer->count == 1 && !answer->skipped && msg_sa_next(&at, p, &offer);
}

bool offer_ike_chosen(const struct proposals *ours, const struct msg_sa *answer,
		      struct proposal *suite, struct msg_offer *offer)
{
	struct proposal theirs;

	return offer_single(answer, &theirs) &&
	       msg_sa_select(answer, ours, false, suite, offer) && suite->count == theirs.count;
}

/* An answer is a choice: one transform of a type. */
static bool offer_is_choice(const struct proposal *p)
{
	for (unsigned int i = 0; i < p->count; i++)
		if (proposal_find(p, p->t[i].type) != &p->t[i])
			return false;
	return true;
}

bool offer_chosen(const struct proposals *ours, const struct msg_sa *answer, uint16_t group,
		     struct proposal *suite)
{
	const struct transform *integ;
	struct msg_offer offer;
	struct proposal theirs;
	uint16_t chosen;

	if (!offer_single(answer, &theirs) || !offer_is_choice(&theirs) ||
	    !offer_select(ours, answer, group == KE_NONE, suite, &offer))
		return false;
	/* beside an AEAD: the peer would cut its keys elsewhere */
	integ = proposal_find(&theirs, TRANSFORM_INTEG);
	if (integ && integ->id && !proposal_find(suite, TRANSFORM_INTEG))
		return false;
	chosen = offer_group(suite);
	return chosen == group || chosen == KE_NONE;
}

uint16_t offer_group(const struct proposal *suite)
{
	const struct transform *ke = proposal_find(suite, TRANSFORM_KE);

	return ke ? ke->id : KE_NONE;
}

uint32_t offer_spi(const struct msg_sa *answer)
{
	struct cursor at = answer->proposals;
	struct msg_offer offer;
	struct proposal p;

	return msg_sa_next(&at, &p, &offer) ? offer.spi : 0;
}

const char *offer_text(const struct msg_sa *sa, char *buf, size_t len)
{
	struct cursor at = sa->proposals;
	char item[PROPOSAL_STRLEN];
	struct msg_offer offer;
	struct proposal p;
	size_t used = 0;

	snprintf(buf, len, "none");
	while (used < len && msg_sa_next(&at, &p, &offer))
		used = text_append(buf, len, used, proposal_str(&p, item));
	return buf;
}

/* NULL: there is none of known type, or no memory. */
static struct ts_list *offer_ts_known(const struct msg_ts *from)
{
	struct ts *ts = malloc((from->count + 1U) * sizeof(*ts));
	struct cursor at = from->selectors;
	struct ts_list *list = NULL;
	unsigned int count = 0;

	while (ts && count < from->count && msg_ts_next(&at, &ts[count]))
		count++;
	if (ts)
		list = ts_list_new(ts, count);
	free(ts);
	return list;
}

static struct ts_list *offer_ts_list(const struct msg_ts *from)
{
	return from->skipped ? NULL : offer_ts_known(from);
}

bool offer_ts(struct ts_pair *ts, const struct msg_ts *local, const struct msg_ts *remote)
{
	ts->local = offer_ts_list(local);
	ts->remote = offer_ts_list(remote);
	if (ts->local && ts->remote)
		return true;
	ts_pair_clear(ts);
	return false;
}

static void offer_build_list(struct builder *b, uint8_t type, const struct ts *first,
			     const struct ts_list *list)
{
	struct ts all[OFFER_TS_MAX];
	size_t count = 0;

	if (!first->start.family || list->count >= OFFER_TS_MAX) {
		build_ts(b, type, list->ts, list->count);
		return;
	}
	all[count++] = *first;
	for (unsigned int i = 0; i < list->count; i++)
		all[count++] = list->ts[i];
	build_ts(b, type, all, count);
}

/* Of @ts the host of a packet: its protocol and ports stay those that are configured. */
static void offer_build_host(struct builder *b, uint8_t type, const struct ts *ts,
			     const struct ts *packet)
{
	struct ts host = *ts;

	host.start = packet->start;
	host.end = packet->end;
	build_ts(b, type, &host, 1);
}

void offer_build_ts(struct builder *b, const struct child *child, const struct ts_list *local)
{
	const struct ts *local_first = &child->asked_local, *remote_first = &child->asked_remote;
	static const struct ts none;

	if (child->single == CHILD_HOSTS && local_first->start.family) {
		offer_build_host(b, PAYLOAD_TSI, local->ts, local_first);
		offer_build_host(b, PAYLOAD_TSR, child->conf->remote_ts->ts, remote_first);
		return;
	}
	if (child->single == CHILD_HOSTS && child_carries(child)) {	/* what it has follows */
		build_ts(b, PAYLOAD_TSI, child->local_ts->ts, child->local_ts->count);
		build_ts(b, PAYLOAD_TSR, child->remote_ts->ts, child->remote_ts->count);
		return;
	}
	if (child->single) {
		local_first = remote_first = &none;
	} else if (!local_first->start.family && child_carries(child) &&
		   child_is_narrowed(child)) {
		local_first = child->local_ts->ts;
		remote_first = child->remote_ts->ts;
	}
	offer_build_list(b, PAYLOAD_TSI, local_first, local);
	offer_build_list(b, PAYLOAD_TSR, remote_first, child->conf->remote_ts);
}

const char *offer_ts_text(const struct msg_ts *ts, char *buf, size_t len)
{
	struct ts_list *list = offer_ts_known(ts);

	ts_list_str(list, buf, len);
	ts_list_put(list);
	return buf;
}

bool offer_nonce_ok(struct cursor nonce, uint16_t prf)
{
	return 2 * nonce.left >= prf_len(prf);
}

struct chunk offer_chunk(struct cursor c)
{
	return (struct chunk){ c.at, c.left };
}

/* ---- the mode */

static bool offer_asks_transport(const struct msg *m)
{
	return msg_notify(m, NOTIFY_USE_TRANSPORT_MODE);
}

void offer_build_mode(struct builder *b, const struct child *child)
{
	if (child->conf->transport)
		build_notify(b, NOTIFY_USE_TRANSPORT_MODE, 0, 0, 0, NULL, 0);
}

bool offer_mode_is_right(const struct child *child, const struct msg *m, struct cause *cause)
{
	bool transport = offer_asks_transport(m);

	if (transport != child->conf->transport)
		cause_set(cause, IKE_FAIL_MODE, "the peer wants %s mode, and child %s has mode = %s",
			  transport ? "transport" : "tunnel", child->conf->name,
			  child->conf->transport ? "transport" : "tunnel");
	return transport == child->conf->transport;
}

bool offer_ts_here(const struct ike_sa *sa, const struct child *child, const struct msg *m,
		   bool asked, struct ts_pair *ts, struct mode_names *names)
{
	*names = (struct mode_names){0};
	if (!offer_ts(ts, asked ? &m->tsr : &m->tsi, asked ? &m->tsi : &m->tsr))
		return false;
	if ((child ? child->conf->transport : offer_asks_transport(m)) &&
	    !mode_see(sa, ts, names)) {
		ts_pair_clear(ts);
		return false;
	}
	return true;
}

bool offer_ts_answered(const struct ike_sa *sa, const struct child *child, const struct msg *m,
		       struct ts_pair *ts, struct cause *cause)
{
	const struct child_conf *conf = child->conf;
	char local[160], remote[160];
	struct mode_names names;

	if (!offer_mode_is_right(child, m, cause))
		return false;
	if (offer_ts_here(sa, child, m, false, ts, &names) &&
	    ts_list_within(ts->local, conf->local_ts) &&
	    ts_list_within(ts->remote, conf->remote_ts))
		return true;
	ts_pair_clear(ts);
	cause_set(cause, IKE_FAIL_TS,
		  "the peer answers with selectors beyond what we offered: %s === %s",
		  offer_ts_text(&m->tsi, local, sizeof(local)),
		  offer_ts_text(&m->tsr, remote, sizeof(remote)));
	return false;
}

/* ---- the child */

/* How near a child comes to the offer; 0: nothing in common, or it needs another mode. */
static unsigned int offer_nearness(const struct child *child, const struct ts_pair *theirs,
				   bool transport)
{
	const struct child_conf *conf = child->conf;
	unsigned int near = 0;

	if (conf->transport && !transport)
		return 0;
	/* the first of both is what the peer needs now: RFC 7296 2.9 */
	if (ts_list_contains(conf->local_ts, &theirs->local->ts[0]) &&
	    ts_list_contains(conf->remote_ts, &theirs->remote->ts[0]))
		near += 5;
	else if (!ts_list_overlap(conf->local_ts, theirs->local) ||
	    !ts_list_overlap(conf->remote_ts, theirs->remote))
		return 0;
	/* all that it has is offered; all that is offered it has */
	near += 2 * (ts_list_within(conf->local_ts, theirs->local) &&
		     ts_list_within(conf->remote_ts, theirs->remote));
	near += 2 * (ts_list_within(theirs->local, conf->local_ts) &&
		     ts_list_within(theirs->remote, conf->remote_ts));
	near += 20 * conf->transport;		/* RFC 7296 1.3.1: else it may be tunnel mode */
	return 1 + 2 * near + (child->state != CHILD_UP || child_is_behind(child));
}

/* Is it for what a guest has that a person has taken down? */
static bool offer_is_held(const struct child *child, const struct ts_pair *theirs)
{
	return child->guest && child->held_down &&
	       ts_list_within(theirs->local, child->conf->local_ts) &&
	       ts_list_within(theirs->remote, child->conf->remote_ts);
}

/* Is it for all that the guest has, when what the tunnel leaves of it is looked at? */
static bool offer_is_of_guest(const struct child *guest, const struct ts_pair *theirs)
{
	struct ts_pair ts = {
		.local = ts_list_narrow(guest->whole->local_ts, theirs->local),
		.remote = ts_list_narrow(guest->whole->remote_ts, theirs->remote),
	};
	bool is = ts_list_can_pair(ts.local, ts.remote) &&
		  ts_list_same(guest->conf->local_ts, ts.local) &&
		  ts_list_same(guest->conf->remote_ts, ts.remote);

	ts_pair_clear(&ts);
	return is;
}

/*
 * Taken down by a person; or a guest on its way out, as another has its selectors now. Not with
 * @beside where it is asked for, and can be up beside what the other has.
 */
static bool offer_is_shut(const struct child *child, const struct ts_pair *theirs, bool beside)
{
	const struct child *other;

	if (child->held_down || !child->guest || child->state != CHILD_DOWN)
		return child->held_down;
	beside = beside && offer_is_of_guest(child, theirs);
	TAILQ_FOREACH(other, &child->peer->children, link)
		if (other != child && child_carries(other) &&
		    ts_list_overlap(other->local_ts, theirs->local) &&
		    ts_list_overlap(other->remote_ts, theirs->remote) &&
		    !(beside && part_is_another(other, theirs)))
			return true;
	return false;
}

/* What the peer had ends, RFC 7296 2.4: nothing is made beside it. */
static bool offer_is_afresh(const struct msg *m)
{
	return msg_notify(m, NOTIFY_INITIAL_CONTACT);
}

/* Where the peer begins afresh the guests that are up end, and what they are of takes the offer. */
static struct child *offer_nearest(struct peer *peer, const struct msg *m,
				   const struct ts_pair *theirs, bool beside)
{
	bool afresh = offer_is_afresh(m), transport = offer_asks_transport(m);
	struct child *child, *best = NULL;
	unsigned int most = 0, near;

	TAILQ_FOREACH(child, &peer->children, link) {
		if (offer_is_held(child, theirs))
			return NULL;
		if ((afresh && child->guest && child_carries(child)) ||
		    offer_is_shut(child, theirs, beside))
			continue;
		near = offer_nearness(child, theirs, transport);
		if (near > most) {
			most = near;
			best = child;
		}
	}
	return best;
}

/* What the child takes of the offer. False: nothing, or no memory. */
static bool offer_narrow(const struct child *child, const struct ts_pair *theirs,
			 struct ts_pair *ts)
{
	ts->local = ts_list_narrow(child->conf->local_ts, theirs->local);
	ts->remote = ts_list_narrow(child->conf->remote_ts, theirs->remote);
	if (ts_list_can_pair(ts->local, ts->remote))
		return true;
	ts_pair_clear(ts);
	return false;
}

/* Is there another child, not up yet, that takes what this one leaves of the offer? */
static bool offer_leaves(const struct offer_taken *taken, const struct ts_pair *theirs)
{
	const struct child *child;
	struct ts_pair ts;
	bool more = false;

	TAILQ_FOREACH(child, &taken->child->peer->children, link) {
		if (more)
			break;
		if (child == taken->child || child->held_down ||
		    (child->state == CHILD_UP && !child_is_behind(child)) ||
		    !offer_narrow(child, theirs, &ts))
			continue;
		more = !ts_list_within(ts.local, taken->ts.local) ||
		       !ts_list_within(ts.remote, taken->ts.remote);
		ts_pair_clear(&ts);
	}
	return more;
}

/* Two peers on one interface cannot share an address. */
static bool offer_is_free(const struct peer *peer, const struct ts_pair *ts, struct cause *cause)
{
	const struct peer *owner = tunnel_ts_owner(peer, ts);
	char text[160], who[IKE_WHO_MAX];

	if (!owner || peer->conf->replace_ts)
		return true;
	cause_set(cause, IKE_FAIL_TS, "%s is in use by %.200s: two peers cannot share an address",
		  ts_list_str(ts->remote, text, sizeof(text)), report_peer_name(owner, who));
	return false;
}

/* A child in transport mode would take it. */
static void offer_note_mode(const struct peer *peer, const struct msg *m,
			    const struct ts_pair *theirs, struct cause *cause)
{
	const struct child *child;

	TAILQ_FOREACH(child, &peer->children, link)
		if (!child->held_down && offer_nearness(child, theirs, true) &&
		    !offer_mode_is_right(child, m, cause))
			return;
}

/* The child, and what it takes; as offer_take, and nothing has changed. */
static uint16_t offer_fit(struct peer *peer, const struct msg *m, const struct ts_pair *theirs,
			  bool ignore_ke, struct offer_taken *taken, struct cause *cause)
{
	taken->child = offer_nearest(peer, m, theirs, !ignore_ke);
	if (!taken->child) {
		offer_note_mode(peer, m, theirs, cause);
		return NOTIFY_TS_UNACCEPTABLE;
	}
	if (!offer_narrow(taken->child, theirs, &taken->ts) ||
	    !config_narrow(peer, &taken->ts, cause) || !offer_is_free(peer, &taken->ts, cause))
		return NOTIFY_TS_UNACCEPTABLE;
	return offer_select(&taken->child->conf->esp, &m->sa, ignore_ke, &taken->suite,
			    &taken->offer) ? 0 : NOTIFY_NO_PROPOSAL_CHOSEN;
}

/*
 * Does the peer make another CHILD_SA within the child's selectors? With an IKE SA of its own it
 * begins anew, and the first child takes the place of what is there.
 */
static bool offer_is_further(const struct offer_taken *taken, bool ignore_ke)
{
	return part_is_beside(taken->child, &taken->ts) ||
	       (!ignore_ke && !child_is_behind(taken->child) &&
		part_is_another(taken->child, &taken->ts));
}

/*
 * A child that is up with other selectors of what it is configured for is not made anew for these:
 * the peer makes a CHILD_SA for each, and so the child has parts. As offer_take.
 */
static uint16_t offer_beside(struct peer *peer, const struct msg *m, const struct ts_pair *theirs,
			     bool ignore_ke, struct offer_taken *taken, struct cause *cause)
{
	struct child *guest;

	if (part_is_other(taken->child, &taken->ts)) {
		ts_pair_clear(&taken->ts);
		return part_make_room(taken->child, cause) ?
			       offer_fit(peer, m, theirs, ignore_ke, taken, cause) :
			       NOTIFY_TEMPORARY_FAILURE;
	}
	if (!offer_is_further(taken, ignore_ke))
		return 0;
	guest = part_guest(taken->child, &taken->ts, cause);
	if (!guest)
		return NOTIFY_TEMPORARY_FAILURE;
	taken->child = guest;
	return 0;
}

uint16_t offer_take(struct peer *peer, const struct ike_sa *sa, const struct msg *m,
		    bool ignore_ke, struct offer_taken *taken, struct cause *cause)
{
	struct ts_pair theirs;
	uint16_t refused;

	mode_cut_all(peer, sa);
	if (!offer_ts_here(sa, NULL, m, true, &theirs, &taken->names))
		return NOTIFY_TS_UNACCEPTABLE;
	refused = offer_fit(peer, m, &theirs, ignore_ke, taken, cause);
	if (!refused && !offer_is_afresh(m))
		refused = offer_beside(peer, m, &theirs, ignore_ke, taken, cause);
	taken->more = !refused && offer_leaves(taken, &theirs);
	ts_pair_clear(&theirs);
	if (refused)
		ts_pair_clear(&taken->ts);
	return refused;
}

/* RFC 7296 2.23.1: the peer gets back what it called the ends. */
static void offer_answer_list(struct builder *b, uint8_t type, struct ts_list *list,
			      const struct addr *name)
{
	struct ts_list *named = mode_named(list, name);

	if (named)
		build_ts(b, type, named->ts, named->count);
	else
		b->w.overflow = true;	/* the message will not be sent */
	ts_list_put(named);
}

void offer_answer_ts(struct builder *b, const struct offer_taken *taken)
{
	bool transport = taken->child->conf->transport;
	const struct mode_names names = transport ? taken->names : (struct mode_names){0};

	offer_build_mode(b, taken->child);
	offer_answer_list(b, PAYLOAD_TSI, taken->ts.remote, &names.remote);
	offer_answer_list(b, PAYLOAD_TSR, taken->ts.local, &names.local);
	if (taken->more)
		build_notify(b, NOTIFY_ADDITIONAL_TS_POSSIBLE, 0, 0, 0, NULL, 0);
}

struct child_sa *offer_first(const struct offer_taken *taken)
{
	const struct child *child = taken->child;

	if (!child_is_behind(child) || child->peer->sa->began ||
	    (child->peer->before && child->peer->before->end != SA_KEEP) ||
	    !ts_list_equal(taken->ts.local, child->local_ts) ||
	    !ts_list_equal(taken->ts.remote, child->remote_ts))
		return NULL;
	return pair_active(child);
}

/* duplicate-ts = replace: what others have of it goes, and they are told. */
static void offer_take_over(const struct peer *peer, const struct ts_pair *ts)
{
	char text[160], who[IKE_WHO_MAX];
	const struct peer *owner;
	struct child *child;
	struct cause cause;

	while ((owner = tunnel_ts_owner(peer, ts))) {
		cause_set(&cause, IKE_FAIL_TS, "%s is taken over by %.200s, which came later",
			  ts_list_str(ts->remote, text, sizeof(text)),
			  report_peer_name(peer, who));
		TAILQ_FOREACH(child, &owner->children, link)
			if (child->in_kernel && ts_list_overlap(child->remote_ts, ts->remote) &&
			    ts_list_overlap(child->local_ts, ts->local))
				child_close(child, &cause);
		peer_touch((struct peer *)owner);
	}
}

bool offer_claim(const struct peer *peer, const struct ts_pair *ts, struct cause *cause)
{
	if (!offer_is_free(peer, ts, cause))
		return false;
	offer_take_over(peer, ts);
	return true;
}

uint32_t offer_reserve(struct child *child, struct cause *cause)
{
	char why[IKE_WHY_MAX] = "";
	uint32_t spi;

	if (pairs_are_many(child)) {
		cause_set(cause, IKE_FAIL_PROTOCOL,
			  "child %s has %u CHILD_SAs already: the peer makes them faster than they "
			  "are deleted", child->conf->name, PAIRS_MAX);
		return 0;
	}
	if (pair_spi_alloc(child, &spi, why))
		return spi;
	cause_set(cause, IKE_FAIL_KERNEL, "%s", why);
	return 0;
}

struct child_sa *offer_pair(const struct offer_taken *taken, uint32_t spi, struct ike_sa *sa,
			    const struct msg *m, struct ke_secret secret, struct chunk ni,
			    struct chunk nr, struct cause *cause)
{
	struct child *child = taken->child;
	struct child_sa *pair;

	if (!spi)
		spi = offer_reserve(child, cause);
	if (!spi)
		return NULL;
	pair = pair_new(child, sa, &taken->suite, spi, taken->offer.spi);
	if (!pair) {
		pair_spi_free(child, spi);
		cause_set(cause, IKE_FAIL_PROTOCOL, "no memory for a CHILD_SA");
		return NULL;
	}
	if (pair_derive(pair, false, secret, ni, nr)) {
		offer_take_over(child->peer, &taken->ts);
		return pair;
	}
	cause_set(cause, IKE_FAIL_PROTOCOL, "the keys of the CHILD_SA cannot be derived");
	pair_remove(pair, cause->text);
	return NULL;
}

bool offer_install(struct child *child, struct child_sa *pair, const struct ts_pair *ts,
		   const struct msg *m, struct cause *cause)
{
	/* before it comes up with a part, so that it is not said to have less than is configured */
	if (msg_notify(m, NOTIFY_ADDITIONAL_TS_POSSIBLE))
		part_rest(child, ts, true);
	return child_install(child, pair, ts, cause);
}

void offer_ts_refused(struct cause *cause, const struct child *child, uint16_t notify)
{
	char local[160], remote[160];

	ts_list_str(child->conf->local_ts, local, sizeof(local));
	ts_list_str(child->conf->remote_ts, remote, sizeof(remote));
	if (notify == NOTIFY_SINGLE_PAIR_REQUIRED)
		cause_set(cause, IKE_FAIL_TS,
			  "the peer takes one pair of selectors in a child, and not even that of "
			  "%s (ours) and %s (its own); or they are more pairs than a tunnel has "
			  "children, which are %d", local, remote, TUNNEL_CHILDREN_MAX);
	else
		cause_set(cause, IKE_FAIL_TS,
			  "the peer accepts no traffic between %s (ours) and %s (its own); "
			  "compare local-ts and remote-ts with the peer's", local, remote);
}

void offer_reject(struct child *child, struct ike_sa *sa, const struct msg_sa *answer,
		  uint32_t *spi_in, const char *why)
{
	struct cursor at = answer->proposals;
	struct child_sa *pair = NULL;
	struct msg_offer offer;
	struct proposal suite;

	if (msg_sa_next(&at, &suite, &offer))
		pair = pair_new(child, sa, &suite, *spi_in, offer.spi);

	if (!pair) {		/* the two ends would disagree for ever */
		sa_end(sa, SA_CLOSE, IKE_FAIL_PROTOCOL, "no memory to delete a CHILD_SA");
		return;
	}
	*spi_in = 0;
	pair_retire(pair, why);
}
