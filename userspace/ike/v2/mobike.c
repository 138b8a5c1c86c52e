// SPDX-License-Identifier: GPL-2.0
#include "ike/v2/mobike.h"

#include "ike/object/path.h"
#include "ike/object/peer.h"
#include "ike/object/report.h"
#include "ike/object/touch.h"
#include "ike/v2/nat.h"

#define COOKIE2_LEN	16	/* of ours */
#define COOKIE2_MIN	8	/* of the peer's: RFC 4555 4.2.5 */
#define COOKIE2_MAX	64
#define NATS_MAX	5	/* answers UNEXPECTED_NAT_DETECTED before we give up a path */
#define NO_NATS_MAX	(2 * 16 + 2 * 2)

/* A request of ours about addresses. */
struct mobike_exchange {
	uint8_t cookie[COOKIE2_LEN];
	uint32_t moves;			/* of the IKE SA's, when it was built */
	bool update, list, check;	/* what is in it */
};

static struct mobike_exchange *mobike_exchange(const struct exchange *ex)
{
	return (void *)ex->priv;
}

/* ---- payloads */

static void mobike_build_no_nats(struct builder *b, const struct path *path)
{
	const struct addr *from = &path->local.addr, *to = &path->remote.addr;
	uint8_t data[NO_NATS_MAX];
	struct writer w = writer_of(data, sizeof(data));

	writer_bytes(&w, from->b, addr_len(from));
	writer_bytes(&w, to->b, addr_len(to));
	writer_u16(&w, path->local.port);
	writer_u16(&w, path->remote.port);
	build_notify(b, NOTIFY_NO_NATS_ALLOWED, 0, 0, 0, data, w.len);
}

/* @empty: say so where there is none. */
static void mobike_build_list(struct builder *b, const struct addr *own, unsigned int count,
			      bool empty)
{
	if (!count && empty)
		build_notify(b, NOTIFY_NO_ADDITIONAL_ADDRESSES, 0, 0, 0, NULL, 0);
	for (unsigned int i = 0; i < count; i++)
		build_notify(b, own[i].family == AF_INET ? NOTIFY_ADDITIONAL_IP4_ADDRESS :
							   NOTIFY_ADDITIONAL_IP6_ADDRESS,
			     0, 0, 0, own[i].b, addr_len(&own[i]));
}

/* Can somebody be there whom we reach from where we are? */
static bool mobike_is_reachable(const struct ike_sa *sa, const struct addr *addr)
{
	return addr->family == sa->remote.addr.family && addr_is_hosts(addr) &&
	       (!addr_is_loopback(addr) || addr_is_loopback(&sa->remote.addr));
}

/* Those where the peer may be found; what is more than we keep is left out. */
static void mobike_take_list(struct ike_sa *sa, const struct msg *m)
{
	struct mobike *mobike = &sa->mobike;
	struct addr addr;

	mobike->more_count = 0;
	for (unsigned int i = 0; i < m->notify_count; i++) {
		const struct msg_notify *n = &m->notify[i];

		if ((n->type != NOTIFY_ADDITIONAL_IP4_ADDRESS &&
		     n->type != NOTIFY_ADDITIONAL_IP6_ADDRESS) ||
		    !addr_from_bytes(&addr, n->data.at, n->data.left) ||
		    !mobike_is_reachable(sa, &addr) || mobike->more_count == SA_ADDRS_MAX)
			continue;
		mobike->more[mobike->more_count++] = addr;
	}
}

static bool mobike_has_list(const struct msg *m)
{
	return msg_notify(m, NOTIFY_ADDITIONAL_IP4_ADDRESS) ||
	       msg_notify(m, NOTIFY_ADDITIONAL_IP6_ADDRESS) ||
	       msg_notify(m, NOTIFY_NO_ADDITIONAL_ADDRESSES);
}

static struct path mobike_path_of_message(const struct inbound *in)
{
	struct path path = path_of(in->sa);

	path.local = in->local;
	path.remote = in->remote;
	return path;
}

/* What the message says of NATs on its own way. */
static void mobike_see_nat(const struct v2_inbound *v, struct path *path)
{
	const struct ike_sa *sa = v->in.sa;
	bool at_us, at_peer;

	if (!sa->nat_t || !nat_seen(v, &at_us, &at_peer))
		return;
	path->nat_local = at_us;
	path->nat_remote = at_peer;
	path->udp = at_us || at_peer || sa->peer->conf->force_udp;
}

/* ---- IKE_AUTH */

void mobike_offer(struct builder *b, const struct ike_sa *sa)
{
	struct addr own[SA_ADDRS_MAX];
	struct path path = path_of(sa);

	build_notify(b, NOTIFY_MOBIKE_SUPPORTED, 0, 0, 0, NULL, 0);
	mobike_build_list(b, own, path_own(sa, own), false);
	if (!sa->nat_t)
		mobike_build_no_nats(b, &path);
}

/* Can our ESP go there at all? Who it belongs to is proven later. */
static bool mobike_acceptable(const struct ike_sa *sa, const struct path *path)
{
	const struct addr *local = &sa->peer->conf->local;

	if (!path->remote.port || !mobike_is_reachable(sa, &path->remote.addr))
		return false;
	return !local->family || addr_equal(local, &path->local.addr);
}

/*
 * Whoever has proved itself from an address that is not that of its IKE_SA_INIT may have put
 * another's into the header: the first one has had our answer, so it is proven.
 */
static void mobike_doubt(struct ike_sa *sa)
{
	struct path claim = path_of(sa);

	if (sa->initiator || addr_equal(&sa->remote.addr, &sa->init_key.asked))
		return;
	sa->remote.addr = sa->init_key.asked;
	path_claim(sa, &claim);
}

/* A responder that has moved meanwhile answers from where it is now: it is asked there. */
static void mobike_answered_elsewhere(const struct inbound *in)
{
	struct ike_sa *sa = in->sa;
	struct path path = path_of(sa);

	path.remote = in->remote;
	if (sa->initiator && !endpoint_equal(&path.remote, &sa->remote) &&
	    mobike_acceptable(sa, &path))
		path_claim(sa, &path);
}

void mobike_agree(const struct inbound *in, const struct msg *m)
{
	struct ike_sa *sa = in->sa;
	struct mobike *mobike = &sa->mobike;

	/* RFC 9329 7.1 allows a move to UDP; an IKE SA that has no child has no use for it */
	if (sa->remote.stream || !sa->peer->conf->mobike || !msg_notify(m, NOTIFY_MOBIKE_SUPPORTED))
		return;
	mobike->on = true;
	mobike->said_count = path_own(sa, mobike->said);
	mobike_take_list(sa, m);
	mobike_doubt(sa);
	mobike_answered_elsewhere(in);
}

bool mobike_nat_unexpected(const struct v2_inbound *v)
{
	const struct msg_notify *n = msg_notify(&v->m, NOTIFY_NO_NATS_ALLOWED);
	const struct inbound *in = &v->in;
	const struct addr *from = &in->remote.addr, *to = &in->local.addr;
	uint8_t data[NO_NATS_MAX];
	struct writer w = writer_of(data, sizeof(data));
	char text[ADDR_STRLEN];

	if (!n || in->remote.stream)	/* RFC 9329 7.1 */
		return false;
	writer_bytes(&w, from->b, addr_len(from));
	writer_bytes(&w, to->b, addr_len(to));
	writer_u16(&w, in->remote.port);
	writer_u16(&w, in->local.port);
	if (n->data.left == w.len && !memcmp(n->data.at, data, w.len))
		return false;
	report_log(in->sa->ike, in->sa->peer, LOG_WARNING,
		   "the peer allows no NAT, but its message from %s has come through one",
		   endpoint_str(&in->remote, text));
	return true;
}

/* ---- the peer's requests */

void mobike_echo(struct inbound *in)
{
	struct v2_inbound *v = v2_inbound(in);
	const struct msg_notify *cookie = msg_notify(&v->m, NOTIFY_COOKIE2);
	bool at_us, at_peer;

	if (!in->sa->mobike.on)
		return;
	if (cookie && cookie->data.left >= COOKIE2_MIN && cookie->data.left <= COOKIE2_MAX)
		build_notify(&v->b, NOTIFY_COOKIE2, 0, 0, 0, cookie->data.at, cookie->data.left);
	if (in->sa->nat_t && nat_seen(v, &at_us, &at_peer))
		nat_build(&v->b, &in->h, &in->local, &in->remote,
			  in->sa->peer && in->sa->peer->conf->force_udp);
}

/* The initiator has taken another path. */
static void mobike_update(struct inbound *in)
{
	struct path path = mobike_path_of_message(in);
	struct v2_inbound *v = v2_inbound(in);
	struct ike_sa *sa = in->sa;
	char text[ADDR_STRLEN];

	mobike_see_nat(v, &path);
	sa->mobike.uprooted = false;
	if (endpoint_equal(&path.remote, &sa->remote) && mobike_acceptable(sa, &path)) {
		path_take(sa, &path);
		return;
	}
	if (mobike_acceptable(sa, &path) && path_claim(sa, &path))
		return;
	report_log(sa->ike, sa->peer, LOG_WARNING,
		   "the peer has moved to %s, where we cannot follow it",
		   endpoint_str(&path.remote, text));
	build_notify(&v->b, NOTIFY_UNACCEPTABLE_ADDRESSES, 0, 0, 0, NULL, 0);
}

/* Is it one of those that the peer has named beside the one it uses? */
static bool mobike_is_named(const struct mobike *m, const struct addr *addr)
{
	for (unsigned int i = 0; i < m->more_count; i++)
		if (addr_equal(&m->more[i], addr))
			return true;
	return false;
}

/*
 * The responder says where it is, from another address: is the one we know still among them? And
 * the one where we ask whether it is there, as it has said before?
 */
static void mobike_peer_elsewhere(const struct inbound *in)
{
	struct path path = mobike_path_of_message(in);
	const struct mobike *m = &in->sa->mobike;
	struct ike_sa *sa = in->sa;

	if (m->claimed && !addr_equal(&path.remote.addr, &m->claim.remote.addr) &&
	    !mobike_is_named(m, &m->claim.remote.addr)) {
		path.local = m->claim.local;
		path_claim(sa, &path);
	} else if (!addr_equal(&path.remote.addr, &sa->remote.addr) &&
		   !mobike_is_named(m, &sa->remote.addr)) {
		path_claim(sa, &path);
	}
}

void mobike_request(struct inbound *in)
{
	struct v2_inbound *v = v2_inbound(in);
	const struct msg *m = &v->m;
	bool update = msg_notify(m, NOTIFY_UPDATE_SA_ADDRESSES), list = mobike_has_list(m);
	struct ike_sa *sa = in->sa;

	mobike_echo(in);
	if (!sa->mobike.on || !sa->peer || (!update && !list))
		return;
	if (mobike_nat_unexpected(v)) {
		build_notify(&v->b, NOTIFY_UNEXPECTED_NAT_DETECTED, 0, 0, 0, NULL, 0);
		return;
	}
	if (list)
		mobike_take_list(sa, m);
	if (update && !sa->began)
		mobike_update(in);
	if (list && sa->began)
		mobike_peer_elsewhere(in);
}

/*
 * RFC 7296 2.23 would follow a peer behind NAT at once. With MOBIKE no IKE packet alone moves it
 * (RFC 4555 3.8), but it may say where to ask; so may a message that is newer than a claim. The
 * mapping of a responder behind NAT changes without its knowledge: the initiator asks there too,
 * from the address that it has chosen itself. What the peer has claimed last and an answer by
 * another way has not proven is asked once more, when it is heard from there.
 */
void mobike_follow(const struct inbound *in)
{
	struct path path = mobike_path_of_message(in), now = path_of(in->sa);
	const struct mobike *m = &in->sa->mobike;
	struct ike_sa *sa = in->sa;

	if (sa->began)
		path.local = m->claimed ? m->claim.local : now.local;
	if (sa->state != SA_ESTABLISHED || !sa->peer || path_equal(&path, &now) ||
	    !mobike_acceptable(sa, &path))
		return;
	if (sa->began ? sa->nat_remote && !(m->claimed && path_equal(&path, &m->claim)) :
			sa_follows(sa) || m->claimed || path_equal(&path, &m->claim))
		path_claim(sa, &path);
}

/* ---- NAT mappings, RFC 4555 3.8 */

void mobike_ask_nat(struct builder *b, const struct ike_sa *sa)
{
	struct msg_header h = { .spi_i = sa->spi_i, .spi_r = sa->spi_r };

	if (sa->mobike.on && sa->nat_t && sa->began && sa->nat_local)
		nat_build(b, &h, &sa->local, &sa->remote, sa->peer->conf->force_udp);
}

/*
 * What the peer sees of our address; false: it is what it was, or not said. The first answer has
 * nothing to be compared with: the mapping may have changed since IKE_AUTH.
 */
static bool mobike_outside_changed(struct inbound *in)
{
	const struct msg_notify *n = msg_notify(&v2_inbound(in)->m,
						NOTIFY_NAT_DETECTION_DESTINATION_IP);
	struct mobike *m = &in->sa->mobike;
	bool changed;

	if (!n || n->data.left != sizeof(m->outside))
		return false;
	changed = !m->outside_known || memcmp(m->outside, n->data.at, sizeof(m->outside));
	memcpy(m->outside, n->data.at, sizeof(m->outside));
	m->outside_known = true;
	return changed;
}

void mobike_heed_nat(struct inbound *in)
{
	if (in->sa->mobike.on && in->sa->began && mobike_outside_changed(in))
		in->sa->mobike.want_update = true;
}

/* ---- ours */

static bool mobike_wanted(const struct ike_sa *sa)
{
	const struct mobike *m = &sa->mobike;

	return m->on && sa->peer && sa->peer->sa == sa &&
	       (m->want_update || m->want_list || (m->want_check && m->claimed));
}

/*
 * Is the answer to prove that the peer is where we ask? What is said of our addresses alone takes
 * no path. Libreswan up to 4.10 brings COOKIE2 back only where the request speaks of NAT.
 */
static bool mobike_asks_back(const struct mobike_exchange *p)
{
	return p->update || p->check;
}

static void mobike_build_contents(struct builder *b, struct ike_sa *sa,
				  const struct mobike_exchange *p)
{
	struct msg_header h = { .spi_i = sa->spi_i, .spi_r = sa->spi_r };
	const struct path path = sa->mobike.claimed ? sa->mobike.claim : path_of(sa);
	struct mobike *m = &sa->mobike;

	if (p->update)
		build_notify(b, NOTIFY_UPDATE_SA_ADDRESSES, 0, 0, 0, NULL, 0);
	if (p->list) {
		m->said_count = path_own(sa, m->said);
		mobike_build_list(b, m->said, m->said_count, true);
	}
	if (!sa->nat_t && (p->update || p->list))
		mobike_build_no_nats(b, &path);
	if (sa->nat_t && mobike_asks_back(p))
		nat_build(b, &h, &path.local, &path.remote, sa->peer->conf->force_udp);
	if (mobike_asks_back(p))
		build_notify(b, NOTIFY_COOKIE2, 0, 0, 0, p->cookie, sizeof(p->cookie));
}

static enum built mobike_build(struct exchange *ex, struct cause *cause)
{
	struct mobike_exchange *p = mobike_exchange(ex);
	struct mobike *m = &ex->sa->mobike;
	struct builder b;

	*p = (struct mobike_exchange){
		.moves = m->moves, .update = m->want_update, .list = m->want_list,
		.check = m->want_check,
	};
	m->want_update = m->want_list = m->want_check = false;
	ike_random(ex->sa->ike, p->cookie, sizeof(p->cookie));
	v2_request_begin(ex, &b);
	mobike_build_contents(&b, ex->sa, p);
	return v2_request_end(ex, &b, cause);
}

const struct exchange_kind v2_kind_addresses = {
	.name = "a change of addresses (MOBIKE)",
	.state = SA_ESTABLISHED,
	.exchange = EXCHANGE_INFORMATIONAL,
	.priv_size = sizeof(struct mobike_exchange),
	.proves = true,
	.wanted = mobike_wanted,
	.build = mobike_build,
};

/* What was in it is to be said again. */
static void mobike_say_again(struct ike_sa *sa, const struct mobike_exchange *p)
{
	sa->mobike.want_update |= p->update;
	sa->mobike.want_list |= p->list;
	sa->mobike.want_check |= p->check && sa->mobike.claimed;
	sa_touch(sa);
}

static bool mobike_cookie_ok(const struct inbound *in)
{
	const struct msg_notify *n = msg_notify(&v2_inbound((struct inbound *)in)->m,
						NOTIFY_COOKIE2);
	const struct mobike_exchange *p = mobike_exchange(in->ex);

	return !mobike_asks_back(p) ||
	       (n && n->data.left == sizeof(p->cookie) &&
		crypto_equal(n->data.at, p->cookie, sizeof(p->cookie)));
}

/* The peer does not take the path: that of before, if there is one, or all anew. */
static void mobike_refused(struct inbound *in, const char *why)
{
	struct ike_sa *sa = in->sa;
	char text[ADDR_STRLEN];

	report_log(sa->ike, sa->peer, LOG_WARNING, "the peer does not follow us to %s: %s",
		   endpoint_str(sa->mobike.claimed ? &sa->mobike.claim.local : &sa->local, text),
		   why);
	sa->mobike.nats = 0;
	if (sa->mobike.claimed)
		path_unclaim(sa);
	else
		peer_begin_anew(sa->peer, "the peer does not follow us to another address: "
					  "another IKE SA follows");
}

/* True: the answer reports an error, which is dealt with. */
static bool mobike_failed(struct inbound *in)
{
	const struct mobike_exchange *p = mobike_exchange(in->ex);
	const struct msg *m = &v2_inbound(in)->m;
	struct ike_sa *sa = in->sa;

	if (msg_notify(m, NOTIFY_UNEXPECTED_NAT_DETECTED)) {
		if (++sa->mobike.nats < NATS_MAX)
			mobike_say_again(sa, p);
		else
			mobike_refused(in, "there is a NAT between, and it cannot do with one");
		return true;
	}
	sa->mobike.nats = 0;
	if (p->update && msg_notify(m, NOTIFY_UNACCEPTABLE_ADDRESSES)) {
		mobike_refused(in, "UNACCEPTABLE_ADDRESSES");
		return true;
	}
	return false;
}

/* RFC 4555 3.7: which of several ways has worked, the answer does not prove. */
static void mobike_ask_one(struct inbound *in)
{
	const struct path from = mobike_path_of_message(in);
	struct ike_sa *sa = in->sa;

	if (sa->mobike.claimed && !path_equal(&from, &sa->mobike.claim))
		path_unclaim(sa);
	path_heard(sa, &from);
	mobike_say_again(sa, mobike_exchange(in->ex));
}

enum verdict mobike_answered(struct inbound *in)
{
	const struct mobike_exchange *p = mobike_exchange(in->ex);
	struct ike_sa *sa = in->sa;
	struct path path;

	if (!mobike_cookie_ok(in)) {
		cause_set(&in->cause, IKE_FAIL_PROTOCOL,
			  "the peer's answer does not bring COOKIE2 back as we sent it");
		return VERDICT_STAY;
	}
	if (!sa->peer)
		return VERDICT_STAY;
	/* what has happened since is said by another one */
	if (p->moves != sa->mobike.moves) {
		sa->mobike.want_list |= p->list;
		sa->mobike.want_update |= p->update && !sa->mobike.claimed;
		return VERDICT_STAY;
	}
	if (mobike_failed(in))
		return VERDICT_STAY;
	if (in->ex->spread) {
		mobike_ask_one(in);
		return VERDICT_STAY;
	}
	path = sa->mobike.claimed ? sa->mobike.claim : path_of(sa);
	if (p->update) {
		mobike_see_nat(v2_inbound(in), &path);
		mobike_outside_changed(in);
	}
	if (p->update || p->check)
		path_take(sa, &path);
	if (p->list)
		sa->mobike.uprooted = false;
	return VERDICT_STAY;
}

void mobike_inherit(struct ike_sa *sa, const struct ike_sa *old)
{
	const struct path path = path_of(old);
	const struct exchange *ex;

	sa->mobike = old->mobike;
	sa->mobike.outside_known = false;	/* the hash covers the SPIs */
	sa->local = path.local;
	sa->remote = path.remote;
	sa->nat_local = path.nat_local;
	sa->nat_remote = path.nat_remote;
	sa->udp = path.udp;
	sa->mobike.want_check |= sa->mobike.claimed && !sa->began;
	sa->mobike.want_update |= sa->mobike.claimed && sa->began;
	TAILQ_FOREACH(ex, &old->exchanges, link)
		if (ex->kind == &v2_kind_addresses)
			mobike_say_again(sa, mobike_exchange(ex));
}
