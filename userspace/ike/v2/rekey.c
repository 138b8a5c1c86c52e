// SPDX-License-Identifier: GPL-2.0
/* CREATE_CHILD_SA in which the peer rekeys the IKE SA, RFC 7296 1.3.2, 2.8 and 2.18. */
#include "ike/object/child_sa.h"
#include "ike/exchange/fsm.h"
#include "ike/object/tunnel.h"

static enum verdict refuse(struct xchg *x, uint16_t notify, const void *data, size_t len)
{
	char name[NAME_STRLEN];

	ike_log(x->sa->ike, x->sa->tunnel, LOG_INFO, "refusing the peer's rekey of the IKE SA: %s",
		notify_text(notify, name));
	xchg_refuse(x, notify, data, len);
	return VERDICT_FAIL;
}

static struct ike_sa *make_successor(struct xchg *x, const struct proposal *suite,
				     uint64_t peer_spi)
{
	const struct ike_sa *old = x->sa;
	struct ike_sa *sa = sa_new(old->ike, false, peer_spi);

	if (!sa)
		return NULL;
	sa->local = old->local;
	sa->remote = old->remote;
	sa->nat_t = old->nat_t;
	sa->nat_local = old->nat_local;
	sa->nat_remote = old->nat_remote;
	sa->udp = old->udp;
	sa->suite = *suite;
	sa->local_id = old->local_id;
	sa->remote_id = old->remote_id;
	memcpy(sa->ni.b, x->in->nonce.at, x->in->nonce.left);
	sa->ni.len = x->in->nonce.left;
	ike_random(sa->ike, sa->nr.b, IKE_NONCE_LEN);
	sa->nr.len = IKE_NONCE_LEN;
	sa->ke = ke_new(x->in->ke.group, sa->ike->env.random, sa->ike->env.ctx);
	return sa;
}

static bool derive(struct ike_sa *sa, const struct ike_sa *old, const struct msg_ke *peer)
{
	uint8_t secret[KE_SECRET_MAX];
	size_t len;
	bool ok;

	ok = sa->ke && ke_derive(sa->ke, peer->data.at, peer->data.left, secret, &len) &&
	     keys_derive(sa, (struct chunk){ secret, len }, old);
	mem_wipe(secret, sizeof(secret));
	return ok;
}

static void build_answer(struct xchg *x, struct ike_sa *sa, uint8_t number)
{
	struct proposals list = { .count = 1, .p = { sa->suite } };
	struct msg_offer offer = { .number = number, .spi_len = 8, .spi = sa->spi_r };
	const uint8_t *public;
	size_t len;

	build_sa(&x->b, &list, &offer);
	build_nonce(&x->b, sa->nr.b, sa->nr.len);
	public = ke_public(sa->ke, &len);
	build_ke(&x->b, ke_group(sa->ke), public, len);
	ke_free(sa->ke);
	sa->ke = NULL;
}

/*
 * Children, tunnel and what there is to do move; the peer may use the new IKE SA as soon as it
 * has our answer.
 */
static void inherit(struct ike_sa *sa, struct ike_sa *old)
{
	struct tunnel *t = old->tunnel;
	struct child *c;

	while ((c = TAILQ_FIRST(&old->children))) {
		TAILQ_REMOVE(&old->children, c, link);
		TAILQ_INSERT_TAIL(&sa->children, c, link);
		c->sa = sa;
		if (c->state == CHILD_OLD || (c->want_rekey && c->state == CHILD_ACTIVE)) {
			child_retry(c, 1000, 2000);
			c->want_rekey = false;
		}
	}
	sa->tunnel = t;
	t->sa = sa;
	timer_cancel(&old->ike->timers, &old->liveness);
	transition_command(sa, COMMAND_INHERIT, "rekeyed by the peer");
	sa_watch_liveness(sa);
	tunnel_event(t, IKE_EV_IKE_REKEYED, IKE_FAIL_NONE, "by the peer");
}

/*
 * What the IKE SA has, if that is among what the peer offers: some derive the keys of one with
 * another PRF in a way of their own.
 */
static bool choose(const struct ike_sa *old, const struct msg_sa *in, struct proposal *suite,
		   unsigned int *index)
{
	const struct proposals same = { .count = 1, .p = { old->suite } };

	return (proposal_select(&same, &in->list, false, suite, index) ||
		proposal_select(&old->tunnel->conf.ike, &in->list, false, suite, index)) &&
	       in->offer[*index].spi_len == 8 && in->offer[*index].spi;
}

enum verdict v2_rekey_request(struct xchg *x)
{
	const struct msg *in = x->in;
	struct ike_sa *sa, *old = x->sa;
	const struct transform *ke;
	struct proposal suite;
	unsigned int index;
	uint8_t group[2];
	struct writer w = writer_of(group, sizeof(group));

	/* RFC 7296 2.25.2: not while a CHILD_SA is being made, rekeyed or deleted */
	if (old->req.active && old->req.subject)
		return refuse(x, NOTIFY_TEMPORARY_FAILURE, NULL, 0);
	if (!choose(old, &in->sa, &suite, &index))
		return refuse(x, NOTIFY_NO_PROPOSAL_CHOSEN, NULL, 0);
	ke = proposal_find(&suite, TRANSFORM_KE);
	if (in->ke.group != ke->id) {
		writer_u16(&w, ke->id);
		return refuse(x, NOTIFY_INVALID_KE_PAYLOAD, group, sizeof(group));
	}
	sa = make_successor(x, &suite, in->sa.offer[index].spi);
	if (!sa || !derive(sa, old, &in->ke)) {
		if (sa)
			transition_command(sa, COMMAND_DROP, "no keys");
		return refuse(x, NOTIFY_TEMPORARY_FAILURE, NULL, 0);
	}
	build_answer(x, sa, in->sa.offer[index].number);
	inherit(sa, old);
	return VERDICT_DONE;
}
