// SPDX-License-Identifier: GPL-2.0
#include "ike/v2/accept.h"

#include "ike/core/text.h"
#include "ike/object/child_sa.h"
#include "ike/object/peer.h"
#include "ike/object/report.h"
#include "ike/object/stream.h"
#include "ike/object/touch.h"
#include "ike/object/tunnel.h"
#include "ike/v2/config.h"
#include "ike/v2/crash.h"
#include "ike/v2/lifetime.h"
#include "ike/v2/mobike.h"
#include "ike/v2/offer.h"
#include "ike/v2/redirect.h"
#include "ike/v2/resume.h"
#include "ike/v2/v2.h"

#define SAME_ID_MAX		16	/* peers of one identity, where it need not be unique */
#define CHILD_DELAY_MS		3000	/* the initiator makes its children first */

/*
 * What the IKE_SA_INIT agreed on was acceptable to some tunnel for these addresses; is it to
 * this one?
 */
static bool accept_suite_ok(const struct tunnel *t, const struct ike_sa *sa)
{
	struct proposal theirs = suite_proposal(&sa->suite);

	return proposal_fits(&t->conf->ike, &theirs);
}

/* Before its proof a peer is a stranger: what it makes us write has a limit. */
static bool accept_may_say(const struct ike_sa *sa)
{
	return sa->remote_id.type || ike_may_mention_stranger(sa->ike);
}

bool accept_turned_away(struct inbound *in, struct tunnel *t, const struct peer *peer)
{
	struct v2_inbound *v = v2_inbound(in);
	char ours[300], got[PROPOSAL_STRLEN], who[IKE_WHO_MAX];
	struct cause cause;
	const char *name;

	if (!accept_suite_ok(t, in->sa)) {
		v2_refuse(v, NOTIFY_NO_PROPOSAL_CHOSEN, NULL, 0);
		cause_set(&cause, IKE_FAIL_NO_PROPOSAL_IKE,
			  "no IKE proposal in common; ours: %s; the peer's: %.180s",
			  proposals_text(&t->conf->ike, ours, sizeof(ours)),
			  suite_str(&in->sa->suite, got));
		if (accept_may_say(in->sa))
			report_refused(t, &cause);
		return true;
	}
	if (t->held_down || (peer && peer->intent == INTENT_DOWN)) {
		name = t->held_down ? t->conf->name : report_peer_name(peer, who);
		v2_refuse(v, NOTIFY_TEMPORARY_FAILURE, NULL, 0);
		if (accept_may_say(in->sa))
			report_tunnel_log(t, LOG_INFO,
					  "the peer is refused: the tunnel was taken down here; "
					  "ikectl up %s takes it back", name);
		return true;
	}
	if (peer && peer_prefers_ours(peer, in->sa)) {
		if (accept_may_say(in->sa))
			report_tunnel_log(t, LOG_INFO,
					  "both ends began at once: our attempt goes on, the peer is told to try later");
		v2_refuse(v, NOTIFY_TEMPORARY_FAILURE, NULL, 0);
		return true;
	}
	return false;
}

/* ---- the child */

/* There is no CHILD_SA: IDr and AUTH are in the answer already, or were in one before. */
static void accept_refuse_child(struct v2_inbound *v, struct peer *peer, const struct child *child,
			      uint16_t notify, struct cause *cause)
{
	char ours[150], ours_r[100], theirs[150], theirs_r[100];
	const struct child_conf *conf = child ? child->conf : &peer->tunnel->conf->child[0];
	const struct msg *m = &v->m;

	build_notify(&v->b, notify, 0, 0, 0, NULL, 0);
	if (notify == NOTIFY_NO_PROPOSAL_CHOSEN)
		cause_set(cause, IKE_FAIL_NO_PROPOSAL_CHILD,
			  "no ESP proposal in common; ours: %s; the peer's: %s",
			  proposals_text(&conf->esp, ours, sizeof(ours)),
			  offer_text(&m->sa, theirs, sizeof(theirs)));
	else if (notify == NOTIFY_TS_UNACCEPTABLE && !cause->failure)
		cause_set(cause, IKE_FAIL_TS,
			  "no selectors in common; ours: %s === %s; the peer's: %s === %s",
			  ts_list_str(conf->local_ts, ours, sizeof(ours)),
			  ts_list_str(conf->remote_ts, ours_r, sizeof(ours_r)),
			  offer_ts_text(&m->tsr, theirs, sizeof(theirs)),
			  offer_ts_text(&m->tsi, theirs_r, sizeof(theirs_r)));
	report_peer(peer, IKE_EV_REFUSED, cause);
}

/*
 * The child is up on the IKE SA that this one follows: nothing is sent on the new pair before it is
 * sure that the peer has our answer: see v2_child_heard().
 */
static bool accept_install_behind(struct child_sa *pair, struct child_sa *first,
				  struct cause *cause)
{
	char why[IKE_WHY_MAX] = "";

	if (!pair_install(pair, false, "the peer follows up its IKE SA", why)) {
		cause_set(cause, IKE_FAIL_KERNEL, "%s", why);
		pair_remove(pair, "it could not be installed");
		return false;
	}
	pair->with_auth = true;
	pair_succeed(pair, first);
	pair_switch_later(first);
	/* one that was restarted has lost the other pair, and says nothing more by itself */
	pair->sa->want_liveness = true;
	return true;
}

static bool accept_install(struct child_sa *pair, const struct offer_taken *taken,
			   struct cause *cause)
{
	struct child_sa *first = offer_first(taken);

	if (!first)
		return child_install(taken->child, pair, &taken->ts, cause);
	if (pair_is_free_for(first, pair->sa))
		return accept_install_behind(pair, first, cause);
	cause_set(cause, IKE_FAIL_PROTOCOL, "child %s is being rekeyed", taken->child->conf->name);
	pair_remove(pair, cause->text);
	return false;
}

static void accept_make_child(struct v2_inbound *v, struct peer *peer)
{
	struct ike_sa *sa = v->in.sa;
	struct offer_taken taken = {0};
	struct cause cause = {0};
	struct child_sa *pair;
	uint16_t notify;

	if (stream_refuses_child(sa, &cause)) {
		build_notify(&v->b, NOTIFY_NO_PROPOSAL_CHOSEN, 0, 0, 0, NULL, 0);
		report_peer(peer, IKE_EV_REFUSED, &cause);
		return;
	}
	notify = config_grant(peer, &v->m, &cause);
	if (!notify)
		notify = offer_take(peer, sa, &v->m, true, &taken, &cause);
	if (notify == NOTIFY_TEMPORARY_FAILURE)		/* which is about the IKE SA here */
		notify = NOTIFY_NO_ADDITIONAL_SAS;
	if (notify) {
		accept_refuse_child(v, peer, taken.child, notify, &cause);
		if (taken.child)
			child_failed(taken.child, &cause);
		return;
	}
	pair = offer_pair(&taken, 0, sa, &v->m, (struct ke_secret){0},
			  (struct chunk){ sa->ni.b, sa->ni.len },
			  (struct chunk){ sa->nr.b, sa->nr.len }, &cause);
	if (pair && accept_install(pair, &taken, &cause)) {
		config_answer(&v->b, peer, &v->m);
		offer_answer(&v->b, &taken.suite, taken.offer.number, pair->spi_in);
		offer_answer_ts(&v->b, &taken);
	} else {
		accept_refuse_child(v, peer, taken.child, NOTIFY_NO_ADDITIONAL_SAS, &cause);
		child_failed(taken.child, &cause);
	}
	ts_pair_clear(&taken.ts);
}

/* What we want of children ourselves waits: the initiator is about to make its own. */
static void accept_put_off_children(struct peer *peer)
{
	struct child *child;

	TAILQ_FOREACH(child, &peer->children, link)
		if (child->wanted && child->state != CHILD_UP)
			child_put_off(child, CHILD_DELAY_MS);
}

/*
 * Has the peer begun anew, so that what it had goes at once? It says so for the identities that it
 * has proved: with two proofs the machine's is one of them, and another machine of the same user
 * says nothing of this one's IKE SA, RFC 7296 2.4.
 */
static bool accept_is_afresh(const struct v2_inbound *v, const struct tunnel *t,
			     const struct peer *peer)
{
	const struct ike_sa *sa = v->in.sa;

	return (sa->resumed || msg_notify(&v->m, NOTIFY_INITIAL_CONTACT)) && peer->sa &&
	       ike_id_equal(&peer->sa->remote_id, &sa->remote_id) &&
	       (!t->conf->remote_second ||
		!memcmp(peer->sa->claim, sa->claim, sizeof(sa->claim)));
}

/* What goes by UDP has children, and one over TCP would take its place without. */
static bool accept_would_lose(const struct v2_inbound *v, const struct tunnel *t,
			      const struct peer *peer)
{
	return v->in.sa->remote.stream && peer->sa && !peer->sa->remote.stream &&
	       peer_has_up(peer) && !accept_is_afresh(v, t, peer);
}

/*
 * May the peer have another IKE SA, as `unique` says? Where the first one is to stay it is asked
 * whether it lives: if not, the next attempt finds its place free.
 */
static bool accept_unique(struct v2_inbound *v, struct tunnel *t, struct peer *peer)
{
	const struct ike_id *id = &v->in.sa->remote_id;
	char name[TUNNEL_ID_MAX], where[ADDR_STRLEN];
	struct cause cause;

	if (accept_would_lose(v, t, peer)) {
		peer->sa->want_liveness = true;
		sa_touch(peer->sa);
		cause_set(&cause, IKE_FAIL_TCP,
			  "it comes over TCP, which carries no child: its IKE SA over UDP, which has one, goes on if it answers");
	} else if (t->conf->unique == UNIQUE_KEEP && peer->sa &&
		   ike_id_equal(&peer->sa->remote_id, id) && !accept_is_afresh(v, t, peer)) {
		peer->sa->want_liveness = true;
		sa_touch(peer->sa);
		cause_set(&cause, IKE_FAIL_ID,
			  "%.200s comes a second time, from %s, and unique is keep: its first IKE SA "
			  "goes on if it answers", ike_id_str(id, name, sizeof(name)),
			  endpoint_str(&v->in.remote, where));
	} else if (tunnel_peers_of(t, id) > SAME_ID_MAX) {
		peer_touch(peer);
		cause_set(&cause, IKE_FAIL_ID, "%.200s, from %s, is refused: it is there %u times already",
			  ike_id_str(id, name, sizeof(name)), endpoint_str(&v->in.remote, where),
			  SAME_ID_MAX);
	} else {
		return true;
	}
	v2_refuse(v, NOTIFY_TEMPORARY_FAILURE, NULL, 0);
	report_refused(t, &cause);
	return false;
}

/* Both ends have proved who they are; it is told to go to another gateway. */
static enum verdict accept_send_on(struct v2_inbound *v, const struct tunnel *t)
{
	const struct addr *to = &t->conf->redirect_to;
	char who[TUNNEL_ID_MAX], text[ADDR_STRLEN];
	uint8_t data[REDIRECT_LEN_MAX];

	build_notify(&v->b, NOTIFY_REDIRECT, 0, 0, 0, data,
		     redirect_data(data, to, (struct chunk){0}));
	report_tunnel_log(t, LOG_INFO, "%.200s is sent on to %s (redirect-to)",
			  ike_id_str(&v->in.sa->remote_id, who, sizeof(who)), addr_str(to, text));
	return VERDICT_FAIL;
}

enum verdict accept_establish(struct inbound *in, struct tunnel *t, struct ike_sa *before)
{
	struct v2_inbound *v = v2_inbound(in);
	struct ike_sa *sa = in->sa;
	struct cause cause;
	struct peer *peer;
	bool afresh;

	if (t->conf->redirect_to.family && sa->follows && !sa->sent_here)
		return accept_send_on(v, t);
	peer = before && before->peer ? before->peer : tunnel_peer(t, &sa->remote_id);
	if (t->conf->mobike && mobike_nat_unexpected(v)) {
		v2_refuse(v, NOTIFY_UNEXPECTED_NAT_DETECTED, NULL, 0);
		return VERDICT_FAIL;
	}
	if (!peer || !tunnel_device_up(t, &sa->remote.addr, &cause)) {
		if (!peer)
			cause_set(&cause, IKE_FAIL_PROTOCOL, "no memory for another peer");
		else
			peer_touch(peer);	/* one that was made for this may go again */
		v2_refuse(v, NOTIFY_TEMPORARY_FAILURE, NULL, 0);
		report_refused(t, &cause);
		return VERDICT_FAIL;
	}
	if (!before && !accept_unique(v, t, peer))
		return VERDICT_FAIL;
	/* for this tunnel and this peer only: other IKE SAs may rest on other secrets */
	afresh = accept_is_afresh(v, t, peer);
	sa->peer = peer;
	sa->mark = t->conf->mark;
	sa_forget_proof(sa);
	crash_take(sa, &v->m);
	mobike_agree(in, &v->m);	/* where its children go: see peer_align() */
	peer_take_sa(peer, sa, afresh);
	accept_put_off_children(peer);
	sa->childless = !v->m.seen[PAYLOAD_SA];
	if (!sa->childless)
		accept_make_child(v, peer);
	else if (!config_grant(peer, &v->m, &cause))
		config_answer(&v->b, peer, &v->m);	/* else its first child is refused */
	if (sa->mobike.on)
		mobike_offer(&v->b, sa);
	crash_build(&v->b, sa);
	resume_grant(&v->b, sa, &v->m);
	lifetime_build(&v->b, lifetime_least(sa_proof_left(sa, t->conf->reauth_s), sa->session_s));
	return VERDICT_DONE;
}
