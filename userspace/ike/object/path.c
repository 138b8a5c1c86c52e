// SPDX-License-Identifier: GPL-2.0
#include "ike/object/path.h"

#include "ike/object/child.h"
#include "ike/object/peer.h"
#include "ike/object/report.h"
#include "ike/object/touch.h"
#include "ike/object/tunnel.h"

#define PATH_HOST_ADDRS_MAX	64	/* addresses of the host that are looked at */

struct path path_of(const struct ike_sa *sa)
{
	return (struct path){
		.local = sa->local, .remote = sa->remote, .nat_local = sa->nat_local,
		.nat_remote = sa->nat_remote, .udp = sa->udp,
	};
}

bool path_equal(const struct path *a, const struct path *b)
{
	return endpoint_equal(&a->local, &b->local) && endpoint_equal(&a->remote, &b->remote);
}

static void path_set(struct ike_sa *sa, const struct path *path)
{
	sa->local = path->local;
	sa->remote = path->remote;
	sa->nat_local = path->nat_local;
	sa->nat_remote = path->nat_remote;
	sa->udp = path->udp;
}

void path_take(struct ike_sa *sa, const struct path *path)
{
	bool carries = sa->peer && sa->peer->sa == sa;
	const struct path before = path_of(sa);
	struct ike_sa *other;

	path_unclaim(sa);
	path_set(sa, path);
	if (path_equal(path, &before) && path->udp == before.udp)
		return;
	sa->mobike.moves++;
	sa->hurry = true;
	sa_touch(sa);
	/* those that a rekey or another IKE_AUTH has made, or left behind, go the same way */
	TAILQ_FOREACH(other, &sa->ike->sas, link) {
		const struct path way = path_of(other);

		if (other == sa || !other->peer || other->peer != sa->peer ||
		    !path_equal(&way, &before))
			continue;
		path_set(other, path);
		carries |= other->peer->sa == other;
	}
	if (carries)
		peer_moved(sa->peer);
}

bool path_claim(struct ike_sa *sa, const struct path *path)
{
	struct mobike *m = &sa->mobike;
	char text[ADDR_STRLEN];
	struct cause cause;

	/* RFC 9329 7.1: what goes by UDP has children, which TCP does not carry */
	if (path->remote.stream || !sa->peer ||
	    !tunnel_device_up(sa->peer->tunnel, &path->remote.addr, &cause))
		return false;
	if (!m->claimed || !path_equal(&m->claim, path)) {
		report_log(sa->ike, sa->peer, LOG_DEBUG, "is the peer at %s?",
			   endpoint_str(&path->remote, text));
		m->moves++;
		sa->hurry = true;
	}
	m->claim = *path;
	m->claimed = true;
	m->want_update = sa->began;
	m->want_check = !sa->began;
	sa_touch(sa);
	return true;
}

void path_unclaim(struct ike_sa *sa)
{
	struct mobike *m = &sa->mobike;

	if (m->claimed)
		m->moves++;
	m->claimed = false;
	m->want_check = false;
}

void path_heard(struct ike_sa *sa, const struct path *from)
{
	const struct path now = path_of(sa);
	struct path path = now;

	if (!sa->mobike.on || (!sa->began && !sa->mobike.uprooted) ||
	    sa->state != SA_ESTABLISHED || path_equal(from, &now) ||
	    (sa->mobike.claimed && path_equal(from, &sa->mobike.claim)))
		return;
	path.local = from->local;
	path.remote = from->remote;
	path_claim(sa, &path);
}

/* ---- where else */

static bool path_source(const struct ike_sa *sa, const struct addr *remote, struct addr *local)
{
	const struct ike_env *env = &sa->ike->env;

	*local = sa->peer->conf->local;
	return local->family || env->source_for(env->ctx, remote, sa->mark, local);
}

static unsigned int path_add(struct ike_sa *sa, const struct addr *remote, struct path *others,
			     unsigned int count)
{
	const struct path now = path_of(sa);
	struct path path = now;
	struct cause cause;

	if (remote->family != now.remote.addr.family ||
	    !path_source(sa, remote, &path.local.addr))
		return count;
	if (!addr_equal(remote, &now.remote.addr)) {
		path.remote.addr = *remote;
		path.remote.port = now.local.port;	/* 4500 where that is known, or 500 */
	}
	if (path_equal(&path, &now))
		return count;
	for (unsigned int i = 0; i < count; i++)
		if (path_equal(&path, &others[i]))
			return count;
	if (!tunnel_device_up(sa->peer->tunnel, &path.remote.addr, &cause))
		return count;
	others[count] = path;
	return count + 1;
}

unsigned int path_others(struct ike_sa *sa, struct path others[PATHS_MAX])
{
	const struct mobike *m = &sa->mobike;
	const struct peer *peer = sa->peer;
	unsigned int count;

	if (!m->on || !peer || sa->remote.stream || sa->state != SA_ESTABLISHED ||
	    (!sa->began && !m->uprooted))
		return 0;
	count = path_add(sa, &sa->remote.addr, others, 0);
	for (unsigned int i = 0; i < peer->addr_count && !peer->detour.to.family; i++)
		count = path_add(sa, &peer->addrs[i], others, count);
	for (unsigned int i = 0; i < m->more_count; i++)
		count = path_add(sa, &m->more[i], others, count);
	return count;
}

bool path_is_stranded(const struct ike_sa *sa)
{
	struct addr local;

	return sa->mobike.on && sa->began && sa->peer && sa->state == SA_ESTABLISHED &&
	       !sa->peer->conf->local.family && !path_source(sa, &sa->remote.addr, &local);
}

/* ---- ours */

/* Is it on our side of a child? Then it is reached through the tunnel. */
static bool path_is_protected(const struct peer *peer, const struct addr *addr)
{
	const struct child_conf *child;

	for (unsigned int i = 0; i < peer->conf->child_count; i++) {
		child = &peer->conf->child[i];
		for (unsigned int j = 0; j < ts_list_count(child->local_ts); j++)
			if (ts_contains_addr(&child->local_ts->ts[j], addr))
				return true;
	}
	return false;
}

static bool path_among(const struct addr *addrs, unsigned int count, const struct addr *addr)
{
	for (unsigned int i = 0; i < count; i++)
		if (addr_equal(&addrs[i], addr))
			return true;
	return false;
}

static unsigned int path_host_addrs(const struct ike_sa *sa,
				    struct addr addrs[PATH_HOST_ADDRS_MAX])
{
	const struct ike_env *env = &sa->ike->env;

	return env->addresses(env->ctx, addrs, PATH_HOST_ADDRS_MAX);
}

unsigned int path_own(const struct ike_sa *sa, struct addr own[SA_ADDRS_MAX])
{
	bool inside = path_is_protected(sa->peer, &sa->local.addr);
	struct addr addrs[PATH_HOST_ADDRS_MAX];
	unsigned int count = 0, all;

	if (sa->peer->conf->local.family)
		return 0;
	all = path_host_addrs(sa, addrs);
	for (unsigned int i = 0; i < all && count < SA_ADDRS_MAX; i++)
		if (addrs[i].family == sa->local.addr.family &&
		    !addr_equal(&addrs[i], &sa->local.addr) &&
		    (inside || !path_is_protected(sa->peer, &addrs[i])))
			own[count++] = addrs[i];
	return count;
}

/* What the peer was told last is not what there is. */
static bool path_own_is_news(const struct ike_sa *sa)
{
	const struct mobike *m = &sa->mobike;
	struct addr own[SA_ADDRS_MAX];
	unsigned int count = path_own(sa, own);

	if (count != m->said_count)
		return true;
	for (unsigned int i = 0; i < count; i++)
		if (!path_among(m->said, m->said_count, &own[i]))
			return true;
	return false;
}

static bool path_own_is_there(const struct ike_sa *sa)
{
	struct addr addrs[PATH_HOST_ADDRS_MAX];

	return path_among(addrs, path_host_addrs(sa, addrs), &sa->local.addr);
}

/*
 * Our own address is to be another: the peer is where it was, so that children need not wait for
 * its answer. Without a way to it another address of the peer's may have one.
 */
static void path_move_initiator(struct ike_sa *sa)
{
	struct path others[PATHS_MAX], path = path_of(sa);

	if (path_source(sa, &sa->remote.addr, &path.local.addr)) {
		if (addr_equal(&path.local.addr, &sa->local.addr))
			return;
		path_take(sa, &path);
		sa->mobike.want_update = true;
	} else if (path_others(sa, others)) {
		path_claim(sa, &others[0]);
	}
}

/* RFC 4555 3.5: the initiator decides, unless our address has gone. */
static void path_move_responder(struct ike_sa *sa)
{
	struct path path = path_of(sa), claim = sa->mobike.claim;
	bool claimed = sa->mobike.claimed;

	if (path_own_is_there(sa) || !path_source(sa, &sa->remote.addr, &path.local.addr) ||
	    addr_equal(&path.local.addr, &sa->local.addr))
		return;
	path_take(sa, &path);
	sa->mobike.uprooted = true;
	sa->mobike.want_list = true;
	claim.local = path.local;
	if (claimed)		/* where the peer says that it is has not changed */
		path_claim(sa, &claim);
}

/*
 * Without MOBIKE: our address has gone, and the peer cannot be told. Only one that is not behind
 * NAT itself follows us if we are (RFC 7296 2.23); else all begins anew.
 */
static void path_move_untold(struct ike_sa *sa)
{
	static const char why[] = "our address has gone, and the peer does not do MOBIKE: "
				  "another IKE SA is needed";
	struct path path = path_of(sa);

	if (path_own_is_there(sa) || !path_source(sa, &sa->remote.addr, &path.local.addr))
		return;
	path_take(sa, &path);
	if (sa->nat_local && !sa->nat_remote)
		sa->want_liveness = true;
	else if (!peer_begin_anew(sa->peer, why))
		sa_end(sa, SA_CLOSE, IKE_FAIL_PEER, why);
}

void path_host_changed(struct ike_sa *sa)
{
	struct mobike *m = &sa->mobike;

	sa->host_changed |= sa->state < SA_ESTABLISHED;
	if (!sa->peer || sa->peer->sa != sa || sa->state != SA_ESTABLISHED || sa->remote.stream ||
	    sa->end != SA_KEEP || sa->peer->conf->local.family)
		return;
	if (!m->on) {
		path_move_untold(sa);
		return;
	}
	if (sa->began)
		path_move_initiator(sa);
	else
		path_move_responder(sa);
	m->want_list |= path_own_is_news(sa);
	if (m->want_list || m->want_update)
		sa_touch(sa);
}

void path_say_again(struct ike_sa *sa)
{
	struct mobike *m = &sa->mobike;

	if (!m->on)
		return;
	if (sa->began)
		m->want_update = true;
	else
		m->uprooted = m->want_list = true;
	sa_touch(sa);
}
