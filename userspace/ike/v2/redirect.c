// SPDX-License-Identifier: GPL-2.0
#include "ike/v2/redirect.h"

#include "ike/object/peer.h"
#include "ike/object/report.h"

/* RFC 5685 8.2: types of a gateway's identity */
enum { GATEWAY_IPV4 = 1, GATEWAY_IPV6 = 2, GATEWAY_FQDN = 3 };

static void redirect_gateway(struct writer *w, const struct addr *addr)
{
	writer_u8(w, addr->family == AF_INET6 ? GATEWAY_IPV6 : GATEWAY_IPV4);
	writer_u8(w, (uint8_t)addr_len(addr));
	writer_bytes(w, addr->b, addr_len(addr));
}

size_t redirect_data(uint8_t data[REDIRECT_LEN_MAX], const struct addr *to, struct chunk nonce)
{
	struct writer w = writer_of(data, REDIRECT_LEN_MAX);

	redirect_gateway(&w, to);
	writer_bytes(&w, nonce.p, nonce.len);
	return w.len;
}

bool redirect_due(const struct msg *m, const struct addr *to)
{
	return to->family && msg_notify(m, NOTIFY_REDIRECT_SUPPORTED) &&
	       !msg_notify(m, NOTIFY_REDIRECTED_FROM);
}

void redirect_heard(struct ike_sa *sa, const struct msg *m)
{
	sa->sent_here = msg_notify(m, NOTIFY_REDIRECTED_FROM);
	sa->follows = sa->sent_here || msg_notify(m, NOTIFY_REDIRECT_SUPPORTED);
}

/* ---- the gateway's request to a client that is up, RFC 5685 5 */

static bool redirect_wanted(const struct ike_sa *sa)
{
	return sa->send_on.family && sa->peer && sa->peer->sa == sa;
}

static enum built redirect_build(struct exchange *ex, struct cause *cause)
{
	uint8_t data[REDIRECT_LEN_MAX];
	struct builder b;

	v2_request_begin(ex, &b);
	build_notify(&b, NOTIFY_REDIRECT, 0, 0, 0, data,
		     redirect_data(data, &ex->sa->send_on, (struct chunk){0}));
	return v2_request_end(ex, &b, cause);
}

const struct exchange_kind v2_kind_redirect = {
	.name = "REDIRECT",
	.state = SA_ESTABLISHED,
	.exchange = EXCHANGE_INFORMATIONAL,
	.wanted = redirect_wanted,
	.build = redirect_build,
};

void redirect_told(struct ike_sa *sa)
{
	char text[ADDR_STRLEN];

	report_log(sa->ike, sa->peer, LOG_INFO, "the peer knows that it is to go to %s",
		   addr_str(&sa->send_on, text));
	sa->send_on.family = 0;
}

/* ---- the client */

static bool redirect_follows(const struct ike_sa *sa)
{
	return sa->peer && sa->began && sa->peer->conf->follow_redirect;
}

void redirect_offer(struct builder *b, const struct ike_sa *sa)
{
	uint8_t data[REDIRECT_LEN_MAX];
	size_t len;

	if (!redirect_follows(sa) || sa->peer->detour.vain)
		return;
	build_notify(b, NOTIFY_REDIRECT_SUPPORTED, 0, 0, 0, NULL, 0);
	if (!sa->peer->detour.to.family)
		return;
	len = redirect_data(data, &sa->peer->detour.from, (struct chunk){0});
	build_notify(b, NOTIFY_REDIRECTED_FROM, 0, 0, 0, data, len);
}

/* Where to, and what follows it; family 0: a name, or nothing that makes sense. */
static struct addr redirect_target(struct cursor data, struct cursor *rest)
{
	struct addr to = {0};
	struct cursor name;
	uint8_t type, len;

	if (!cursor_u8(&data, &type) || !cursor_u8(&data, &len) || !cursor_sub(&data, len, &name))
		return to;
	*rest = data;
	if (type == GATEWAY_IPV4 && len == 4)
		to.family = AF_INET;
	else if (type == GATEWAY_IPV6 && len == 16)
		to.family = AF_INET6;
	if (to.family)
		memcpy(to.b, name.at, len);
	return to;
}

/* One that a packet of ours can go to, and another one than that of who sends us there? */
static bool redirect_makes_sense(const struct ike_sa *sa, const struct addr *to)
{
	const struct addr *local = &sa->peer->conf->local;

	return to->family && addr_is_hosts(to) && !addr_is_loopback(to) &&
	       (!local->family || local->family == to->family) &&
	       !addr_equal(to, &sa->remote.addr) && !addr_equal(to, &sa->local.addr);
}

/* The next attempt goes there. False: it makes no sense, or we have been sent on too often. */
static bool redirect_take(struct ike_sa *sa, const struct msg_notify *n, struct cursor *rest)
{
	struct addr to = redirect_target(n->data, rest);
	char from_text[ADDR_STRLEN], to_text[ADDR_STRLEN];

	addr_str(&sa->remote.addr, from_text);
	if (!redirect_makes_sense(sa, &to)) {
		if (ike_may_mention_stranger(sa->ike))
			report_log(sa->ike, sa->peer, LOG_WARNING,
				   "%s sends us on to another gateway, but not by an address that we can use: we stay",
				   from_text);
		return false;
	}
	addr_str(&to, to_text);
	if (!detour_take(&sa->peer->detour, ike_now(sa->ike), &to, &sa->remote.addr)) {
		report_log(sa->ike, sa->peer, LOG_WARNING,
			   "%s sends us on to %s, the %uth time in %u s: we do not follow any more",
			   from_text, to_text, DETOURS_MAX + 1, DETOUR_PERIOD_MS / 1000);
		return false;
	}
	report_log(sa->ike, sa->peer, LOG_NOTICE, "%s sends us on to %s (REDIRECT)", from_text,
		   to_text);
	return true;
}

/*
 * Goes this attempt on elsewhere, or to the first gateway without following? To people it is the
 * same one. What is to follow an IKE SA that stands does the latter.
 */
static void redirect_begin(struct ike_sa *sa, bool elsewhere)
{
	struct peer *peer = sa->peer;

	peer->detour.vain |= !elsewhere;
	if (peer->detour.vain)
		peer->detour.to.family = 0;
	else
		peer->tcp = false;	/* RFC 9329 7.2: UDP first, there too */
	peer->attempt = NULL;
	if (peer->sa)
		sa_term(peer->sa, 0);
	else
		timer_set(&peer->ike->timers, &peer->retry, ike_now(peer->ike));
}

static bool redirect_is_attempt(const struct ike_sa *sa)
{
	const struct peer *peer = sa->peer;

	for (unsigned int i = 0; i < peer->rival_count; i++)
		if (peer->rival[i] == sa)
			return true;
	return peer->attempt == sa;
}

bool redirect_at_init(struct inbound *in)
{
	const struct msg_notify *n = msg_notify(&v2_inbound(in)->m, NOTIFY_REDIRECT);
	struct cursor nonce = {0};
	struct ike_sa *sa = in->sa;

	if (!n || !redirect_follows(sa) || sa->peer->detour.vain || !redirect_is_attempt(sa))
		return false;
	redirect_target(n->data, &nonce);
	/* RFC 5685 3: of who has seen our request */
	if (nonce.left != sa->ni.len || !crypto_equal(nonce.at, sa->ni.b, sa->ni.len)) {
		sa->ike->counters.malformed++;
		return false;
	}
	peer_race_won(sa->peer, sa);
	redirect_begin(sa, !sa->peer->sa && redirect_take(sa, n, &nonce));
	return true;
}

bool redirect_at_auth(struct inbound *in)
{
	const struct msg_notify *n = msg_notify(&v2_inbound(in)->m, NOTIFY_REDIRECT);
	struct ike_sa *sa = in->sa;
	struct cursor rest;

	if (!n || !redirect_follows(sa) || sa != sa->peer->attempt)
		return false;
	if (sa->peer->detour.vain) {
		cause_set(&in->cause, IKE_FAIL_PEER, "the peer sends us on (REDIRECT), though we "
			  "have not said that we follow this time: no gateway that it named was of "
			  "use");
		return true;
	}
	redirect_begin(sa, !sa->peer->sa && redirect_take(sa, n, &rest));
	return true;
}

void redirect_later(struct ike_sa *sa, const struct msg *m)
{
	static const char why[] = "the gateway sends us on to another one (REDIRECT)";
	const struct msg_notify *n = msg_notify(m, NOTIFY_REDIRECT);
	struct peer *peer = sa->peer;
	struct cursor rest;

	if (!n || !redirect_follows(sa) || peer->sa != sa || peer->intent != INTENT_UP ||
	    !redirect_take(sa, n, &rest))
		return;
	peer->anew = true;
	if (peer->before)	/* nothing to fall back to */
		sa_end(peer->before, SA_CLOSE, IKE_FAIL_PEER, why);
	sa_end(sa, SA_CLOSE, IKE_FAIL_PEER, why);
}
