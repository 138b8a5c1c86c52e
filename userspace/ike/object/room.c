// SPDX-License-Identifier: GPL-2.0
#include "ike/object/room.h"

#include "ike/object/child.h"
#include "ike/object/peer.h"
#include "ike/object/tunnel.h"

/* Of all that the tunnel is configured for. */
static uint64_t room_configured(const struct tunnel_conf *conf)
{
	uint64_t rules = 0;

	for (unsigned int i = 0; i < conf->child_count; i++)
		rules += ts_list_rules(conf->child[i].local_ts, conf->child[i].remote_ts);
	return rules;
}

/* What the peer's other children have. */
static uint64_t room_taken(const struct child *child)
{
	const struct child *other;
	uint64_t rules = 0;

	TAILQ_FOREACH(other, &child->peer->children, link)
		if (other != child && other->in_kernel && !other->waits)
			rules += ts_list_rules(other->local_ts, other->remote_ts);
	return rules;
}

bool room_for(const struct child *child, const struct ts_pair *ts, struct cause *cause)
{
	const struct tunnel_conf *conf = child->peer->tunnel->conf;
	uint64_t asked, taken, most;

	if (!conf->any || (child->in_kernel && ts_list_equal(child->local_ts, ts->local) &&
			   ts_list_equal(child->remote_ts, ts->remote)))
		return true;
	asked = ts_list_rules(ts->local, ts->remote);
	if (asked == 1)		/* there are not that many children */
		return true;
	taken = room_taken(child);
	most = room_configured(conf) + ROOM_RULES;
	if (asked + taken <= most)
		return true;
	cause_set(cause, IKE_FAIL_TS,
		  "its selectors are %llu pairs of prefixes, with its other children %llu; of a "
		  "tunnel with remote = any a peer may have %llu: it has to ask for prefixes, "
		  "not for ranges", (unsigned long long)asked,
		  (unsigned long long)(asked + taken), (unsigned long long)most);
	return false;
}
