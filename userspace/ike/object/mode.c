// SPDX-License-Identifier: GPL-2.0
#include "ike/object/mode.h"

#include "ike/object/child.h"
#include "ike/object/ike_sa.h"
#include "ike/object/peer.h"

/* ---- what is configured */

static struct ts_list *mode_of_host(const struct ts_list *list, const struct addr *addr)
{
	const struct ts host = { .start = *addr, .end = *addr, .port_end = 65535 };
	struct ts_list *one = ts_list_new(&host, 1);
	struct ts_list *cut = one ? ts_list_narrow(list, one) : NULL;

	ts_list_put(one);
	return cut;
}

/* Of a packet that waits: it has the address of another end. */
static void mode_forget_packet(struct child *child)
{
	const struct child_conf *conf = child->conf;

	if (!child->asked_local.start.family ||
	    (ts_list_contains(conf->local_ts, &child->asked_local) &&
	     ts_list_contains(conf->remote_ts, &child->asked_remote)))
		return;
	child->asked_local = child->asked_remote = (struct ts){0};
}

static bool mode_keep(struct child *child, const struct ts_pair *ts)
{
	struct child_conf *cut;

	if (ts_list_equal(child->conf->local_ts, ts->local) &&
	    ts_list_equal(child->conf->remote_ts, ts->remote))
		return true;
	cut = child_conf_part(child->whole, child->conf->name, ts->local, ts->remote);
	if (!cut)
		return false;
	child_conf_free(child->cut);
	child->cut = cut;
	child->conf = cut;
	mode_forget_packet(child);
	return true;
}

static void mode_cannot(const struct child *child, const struct ike_sa *sa, struct cause *cause)
{
	char local[ADDR_STRLEN], remote[ADDR_STRLEN];

	cause_set(cause, IKE_FAIL_MODE,
		  "child %s in transport mode has no selectors between %s and %s, the ends of the "
		  "IKE SA: leave local-ts and remote-ts out", child->whole->name,
		  addr_str(&sa->local.addr, local), addr_str(&sa->remote.addr, remote));
}

bool mode_cut(struct child *child, const struct ike_sa *sa, struct cause *cause)
{
	struct ts_pair ts;
	bool ok;

	/* a part is what the peer has asked for itself */
	if (!child->whole->transport || child->part)
		return true;
	ts.local = mode_of_host(child->whole->local_ts, &sa->local.addr);
	ts.remote = mode_of_host(child->whole->remote_ts, &sa->remote.addr);
	ok = ts_list_can_pair(ts.local, ts.remote) && mode_keep(child, &ts);
	ts_pair_clear(&ts);
	if (!ok)
		mode_cannot(child, sa, cause);
	return ok;
}

void mode_cut_all(struct peer *peer, const struct ike_sa *sa)
{
	struct cause ignored;
	struct child *child;

	TAILQ_FOREACH(child, &peer->children, link)
		mode_cut(child, sa, &ignored);
}

/* ---- what the peer says */

/* The one host that all selectors are about; family 0: there is none. */
static struct addr mode_host(const struct ts_list *list)
{
	const struct ts *ts = list->ts;

	for (unsigned int i = 0; i < list->count; i++)
		if (!addr_equal(&ts[i].start, &ts->start) || !addr_equal(&ts[i].end, &ts->start))
			return (struct addr){0};
	return ts->start;
}

struct ts_list *mode_named(struct ts_list *list, const struct addr *name)
{
	struct ts_list *named;

	if (!name->family)
		return ts_list_get(list);
	named = ts_list_new(list->ts, list->count);
	for (unsigned int i = 0; named && i < list->count; i++)
		named->ts[i].start = named->ts[i].end = *name;
	return named;
}

/* The host of @list is @addr; @name: what it was called. */
static bool mode_rename(struct ts_list **list, const struct addr *addr, struct addr *name)
{
	const struct addr host = mode_host(*list);
	struct ts_list *named;

	*name = (struct addr){0};
	if (host.family != addr->family || addr_equal(&host, addr))
		return true;
	named = mode_named(*list, addr);
	if (!named)
		return false;
	ts_list_put(*list);
	*list = named;
	*name = host;
	return true;
}

bool mode_see(const struct ike_sa *sa, struct ts_pair *ts, struct mode_names *names)
{
	*names = (struct mode_names){0};
	if (!sa->nat_local && !sa->nat_remote)
		return true;
	return mode_rename(&ts->local, &sa->local.addr, &names->local) &&
	       mode_rename(&ts->remote, &sa->remote.addr, &names->remote);
}
