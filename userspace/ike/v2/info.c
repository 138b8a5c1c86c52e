// SPDX-License-Identifier: GPL-2.0
/* INFORMATIONAL: DELETE and liveness, RFC 7296 1.4, 2.4 and 2.25. */
#include "ike/object/child_sa.h"
#include "ike/object/child.h"
#include "ike/object/peer.h"
#include "ike/v2/child_responder.h"
#include "ike/v2/config.h"
#include "ike/v2/crash.h"
#include "ike/v2/hint.h"
#include "ike/v2/lifetime.h"
#include "ike/v2/mobike.h"
#include "ike/v2/redirect.h"
#include "ike/v2/resume.h"
#include "ike/v2/rekey.h"

#define DELETES_MAX	64	/* SPIs in one answer */

/* ---- ours */

static enum built info_delete_ike(struct exchange *ex, struct cause *cause)
{
	struct builder b;

	v2_request_begin(ex, &b);
	build_delete(&b, PROTO_IKE, NULL, 0);
	return v2_request_end(ex, &b, cause);
}

const struct exchange_kind v2_kind_delete_ike = {
	.name = "the deletion of the IKE SA",
	.state = SA_CLOSING,
	.exchange = EXCHANGE_INFORMATIONAL,
	.wanted = v2_always,
	.build = info_delete_ike,
};

/* The CHILD_SA that our DELETE names. */
struct info_deletion {
	uint32_t child, spi_in;
};

static struct child_sa *info_to_delete(const struct ike_sa *sa)
{
	const struct child *child;
	struct child_sa *pair;

	if (!sa->peer)
		return NULL;
	TAILQ_FOREACH(child, &sa->peer->children, link)
		TAILQ_FOREACH(pair, &child->pairs, link)
			if (pair->sa == sa && pair->state == PAIR_OLD && !timer_armed(&pair->timer))
				return pair;
	return NULL;
}

/* Not its last one while others are to be made: the peer would end the IKE SA with it. */
static bool info_delete_wanted(const struct ike_sa *sa)
{
	return info_to_delete(sa) && (peer_has_up(sa->peer) || !peer_next_child(sa->peer));
}

static enum built info_delete_child(struct exchange *ex, struct cause *cause)
{
	struct info_deletion *p = (void *)ex->priv;
	struct child_sa *pair = info_to_delete(ex->sa);
	struct builder b;

	p->child = pair->child->id;
	p->spi_in = pair->spi_in;
	v2_request_begin(ex, &b);
	build_delete(&b, PROTO_ESP, &pair->spi_in, 1);
	pair_deleting(pair);
	return v2_request_end(ex, &b, cause);
}

const struct exchange_kind v2_kind_delete_child = {
	.name = "the deletion of a CHILD_SA",
	.state = SA_ESTABLISHED,
	.exchange = EXCHANGE_INFORMATIONAL,
	.priv_size = sizeof(struct info_deletion),
	.about_child = true,
	.wanted = info_delete_wanted,
	.build = info_delete_child,
};

static bool info_liveness_wanted(const struct ike_sa *sa)
{
	return sa->want_liveness;
}

static enum built info_liveness(struct exchange *ex, struct cause *cause)
{
	struct builder b;

	ex->sa->want_liveness = false;
	v2_request_begin(ex, &b);
	mobike_ask_nat(&b, ex->sa);
	return v2_request_end(ex, &b, cause);
}

const struct exchange_kind v2_kind_liveness = {
	.name = "liveness checks (DPD)",
	.state = SA_ESTABLISHED,
	.exchange = EXCHANGE_INFORMATIONAL,
	.wanted = info_liveness_wanted,
	.build = info_liveness,
};

enum verdict v2_info_response(struct inbound *in)
{
	const struct info_deletion *p = (void *)in->ex->priv;
	struct child *child;
	struct child_sa *pair;

	if (in->ex->kind == &v2_kind_delete_ike)
		return VERDICT_FAIL;
	if (in->ex->kind == &v2_kind_addresses)
		return mobike_answered(in);
	if (in->ex->kind == &v2_kind_liveness) {
		mobike_heed_nat(in);
		v2_child_answered(in->sa);
	}
	if (in->ex->kind == &v2_kind_redirect)
		redirect_told(in->sa);
	if (in->ex->kind == &v2_kind_ticket)
		resume_take(in->sa, &v2_inbound(in)->m, false);
	if (in->ex->kind != &v2_kind_delete_child)
		return VERDICT_STAY;
	child = child_find(in->sa->ike, p->child);
	pair = child ? pair_by_in(child, p->spi_in) : NULL;
	if (pair && pair->state == PAIR_DELETING)
		pair_linger(pair, "the peer has deleted it too");
	return VERDICT_STAY;
}

enum verdict v2_ignore_response(struct inbound *in)
{
	return VERDICT_STAY;
}

/* ---- the peer's */

static bool info_deletes_ike(const struct msg *m)
{
	for (unsigned int i = 0; i < m->del_count; i++)
		if (m->del[i].protocol == PROTO_IKE)
			return true;
	return false;
}

static void info_delete_children(struct inbound *in)
{
	struct v2_inbound *v = v2_inbound(in);
	uint32_t answer[DELETES_MAX], spi_in;
	size_t count = 0;

	for (unsigned int i = 0; i < v->m.del_count; i++) {
		const struct msg_delete *d = &v->m.del[i];

		if (d->protocol != PROTO_ESP)
			continue;
		for (unsigned int j = 0; j < d->count && count < DELETES_MAX; j++)
			if (v2_child_deleted(in, msg_delete_spi(d, j), &spi_in))
				answer[count++] = spi_in;
	}
	if (count)
		build_delete(&v->b, PROTO_ESP, answer, count);
}

enum verdict v2_info_request(struct inbound *in)
{
	const struct msg *m = &v2_inbound(in)->m;

	if (info_deletes_ike(m)) {
		cause_set(&in->cause, IKE_FAIL_DOWN, "the peer has deleted the IKE SA");
		return VERDICT_FAIL;
	}
	/* RFC 7296 2.21.2: the initiator did not believe our AUTH */
	if (msg_notify(m, NOTIFY_AUTHENTICATION_FAILED)) {
		cause_set(&in->cause, IKE_FAIL_AUTH_REMOTE,
			  "the peer refused: wrong psk, local-id or remote-id");
		return VERDICT_FAIL;
	}
	rekey_used(in->sa);
	mobike_request(in);
	lifetime_take(in->sa, m);
	info_delete_children(in);
	hint_request(in);
	crash_take(in->sa, m);
	redirect_later(in->sa, m);
	if (in->sa->peer)
		config_answer(&v2_inbound(in)->b, in->sa->peer, m);
	resume_grant(&v2_inbound(in)->b, in->sa, m);
	v2_child_heard(in->sa);	/* what the peer has not deleted it has */
	return VERDICT_DONE;
}

enum verdict v2_info_late_request(struct inbound *in)
{
	mobike_echo(in);
	return info_deletes_ike(&v2_inbound(in)->m) ? VERDICT_FAIL : VERDICT_STAY;
}
