// SPDX-License-Identifier: GPL-2.0
/* What the kernel says to a tunnel, and what a tunnel says of itself. */
#include "ike/object/child_sa.h"
#include "ike/object/tunnel.h"

/*
 * Hard: packets no longer pass. A peer that is rekeying has the time of its retransmissions to
 * finish.
 */
static void expired_hard(struct tunnel *t, struct child *c)
{
	if (c->state == CHILD_ACTIVE && !c->successor) {
		sa_close(c->sa, IKE_FAIL_DOWN,
			 "the CHILD_SA has reached its hard lifetime and was not rekeyed in time");
	} else if (c->state == CHILD_ACTIVE) {
		child_switch_later(c);
	} else if (c->state == CHILD_INBOUND && !child_predecessor(c)) {
		/* made by a rekey that met ours and lost, and never deleted */
		child_retire(c, "hard lifetime");
		xchg_next(c->sa);
	}
}

static void expire(struct tunnel *t, const struct ike_kern_event *ev)
{
	struct child *c;

	TAILQ_FOREACH(c, &t->sa->children, link)
		if (ev->out ? c->spi_out == ev->spi && c->state != CHILD_LINGERING :
			      c->spi_in == ev->spi)
			break;
	if (!c)
		return;
	if (ev->hard) {
		expired_hard(t, c);
	} else if (c->state == CHILD_INBOUND) {
		c->want_rekey = true;	/* once it is ACTIVE: the kernel says it only once */
	} else if (c->state == CHILD_ACTIVE && !c->successor && !c->timer.armed) {
		c->want_rekey = true;
		xchg_next(c->sa);
	}
}

/*
 * The kernel saw an authentic packet from elsewhere: ESP in UDP and IKE share the NAT's
 * mapping of port 4500. One that came on an SA of another IKE SA's, before this one, says nothing
 * of where this one's peer is.
 */
static void mapping(struct tunnel *t, const struct ike_kern_event *ev)
{
	if (!t->sa->udp || !sa_follows(t->sa) || !child_by_in(t->sa, ev->spi) ||
	    !ev->peer.addr.family || endpoint_equal(&t->sa->remote, &ev->peer))
		return;
	t->sa->remote = ev->peer;
	tunnel_moved(t, t->sa);
}

/* Somebody else has removed the child: without it no packet passes, so the peer shall know. */
static void gone(struct tunnel *t)
{
	if (!t->in_kernel)
		return;
	t->in_kernel = false;
	sa_close(t->sa, IKE_FAIL_DOWN,
		 "its CHILD_SA was removed from the kernel by somebody else");
}

void ike_kern_event(struct ike *ike, const struct ike_kern_event *ev)
{
	struct tunnel *t = tunnel_find(ike, ev->tunnel);

	if (!t || !t->sa || ev->child_id != t->child_id)
		return;
	if (ev->type == IKE_KERN_EXPIRE)
		expire(t, ev);
	else if (ev->type == IKE_KERN_MAPPING)
		mapping(t, ev);
	else if (ev->type == IKE_KERN_GONE)
		gone(t);
	sas_reap(ike);
}

static bool is_closing(const struct tunnel *t)
{
	const struct ike_sa *sa;

	TAILQ_FOREACH(sa, &t->ike->sas, link)
		if (sa->tunnel == t && sa->state == SA_CLOSING)
			return true;
	return false;
}

static void status_of_sa(const struct tunnel *t, const struct ike_sa *sa, struct ike_status *st)
{
	const struct child *c = child_active(sa);

	st->local = sa->local;
	st->remote = sa->remote;
	st->spi_i = sa->spi_i;
	st->spi_r = sa->spi_r;
	st->initiator = sa->initiator;
	st->nat_local = sa->nat_local;
	st->nat_remote = sa->nat_remote;
	st->udp = sa->udp;
	st->established_ms = sa->established_ms;
	if (sa->suite.count)
		proposal_str(&sa->suite, st->ike_suite);
	if (sa->local_id.type)
		ike_id_str(&sa->local_id, st->local_id, sizeof(st->local_id));
	if (sa->remote_id.type)
		ike_id_str(&sa->remote_id, st->remote_id, sizeof(st->remote_id));
	if (!c)
		return;
	proposal_str(&c->suite, st->esp_suite);
	st->rekey_ms = c->rekey_at_ms;
	st->spi_in = c->spi_in;
	st->spi_out = c->spi_out;
	memcpy(st->local_ts, t->local_ts, sizeof(st->local_ts));
	memcpy(st->remote_ts, t->remote_ts, sizeof(st->remote_ts));
	st->local_ts_count = t->local_ts_count;
	st->remote_ts_count = t->remote_ts_count;
}

bool ike_status(const struct ike *ike, const char *name, struct ike_status *st)
{
	const struct tunnel *t = tunnel_find(ike, name);

	memset(st, 0, sizeof(*st));
	if (!t)
		return false;
	st->state = t->state == TUNNEL_DOWN && is_closing(t) ? TUNNEL_CLOSING : t->state;
	st->local.addr = t->conf.local;
	st->remote.addr = *tunnel_towards(t);
	if (t->conf.local_id.type)
		ike_id_str(&t->conf.local_id, st->local_id, sizeof(st->local_id));
	if (t->conf.remote_id.type)
		ike_id_str(&t->conf.remote_id, st->remote_id, sizeof(st->remote_id));
	st->child_id = t->child_id;
	st->child_rekeys = t->child_rekeys;
	st->failure = t->failure;
	snprintf(st->detail, sizeof(st->detail), "%s", t->detail);
	if (t->sa || t->attempt)
		status_of_sa(t, t->sa ? t->sa : t->attempt, st);
	return true;
}
