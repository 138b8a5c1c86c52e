// SPDX-License-Identifier: GPL-2.0
#include "fake/fake_change.h"

#include <string.h>

static bool change_same_proposals(const struct proposals *a, const struct proposals *b)
{
	if (a->count != b->count)
		return false;
	for (unsigned int i = 0; i < a->count; i++)
		if (a->p[i].count != b->p[i].count ||
		    memcmp(a->p[i].t, b->p[i].t, a->p[i].count * sizeof(a->p[i].t[0])))
			return false;
	return true;
}

static enum conf_change change_of(const struct child_conf *a, const struct child_conf *b)
{
	if (!ts_list_equal(a->local_ts, b->local_ts) ||
	    !ts_list_equal(a->remote_ts, b->remote_ts) || a->transport != b->transport ||
	    !change_same_proposals(&a->esp, &b->esp))
		return CONF_REPLACED;
	return a->rekey_s == b->rekey_s && a->rekey_bytes == b->rekey_bytes &&
	       a->rekey_packets == b->rekey_packets && a->replay_window == b->replay_window ?
		       CONF_SAME : CONF_LATER;
}

void fake_change(const struct tunnel_conf *from, const struct tunnel_conf *to,
		 enum conf_change child[TUNNEL_CHILDREN_MAX])
{
	for (unsigned int i = 0; i < to->child_count; i++) {
		unsigned int j = tunnel_conf_child(from, to->child[i].name);

		child[i] = j == from->child_count ? CONF_NEW :
						    change_of(&from->child[j], &to->child[i]);
	}
}
