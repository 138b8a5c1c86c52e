// SPDX-License-Identifier: GPL-2.0
#include "ike/object/stranger.h"

#include <stdlib.h>

struct stranger_net {
	UT_hash_handle hh;
	struct addr net;
	unsigned int count;
};

static struct stranger_net *stranger_net_find(const struct ike *ike, const struct addr *addr)
{
	struct addr net = addr_net(addr);
	struct stranger_net *found;

	HASH_FIND(hh, ike->stranger_nets, &net, sizeof(net), found);
	return found;
}

/* Without memory for its counter a network is just not counted. */
static void stranger_net_add(struct ike *ike, const struct addr *addr)
{
	struct stranger_net *n = stranger_net_find(ike, addr);

	if (!n) {
		n = calloc(1, sizeof(*n));
		if (!n)
			return;
		n->net = addr_net(addr);
		HASH_ADD(hh, ike->stranger_nets, net, sizeof(n->net), n);
		if (!hash_added(hh, n)) {
			free(n);
			return;
		}
	}
	n->count++;
}

static void stranger_net_sub(struct ike *ike, const struct addr *addr)
{
	struct stranger_net *n = stranger_net_find(ike, addr);

	if (!n || --n->count)
		return;
	HASH_DEL(ike->stranger_nets, n);
	free(n);
}

void stranger_count(struct ike_sa *sa)
{
	struct ike *ike = sa->ike;
	bool stranger = !sa->initiator && !sa->remote_id.type &&
			(sa->state == SA_INIT_ANSWERED || sa->state == SA_CLOSED);

	if (stranger == sa->stranger)
		return;
	sa->stranger = stranger;
	if (stranger) {
		ike->counters.half_open++;
		TAILQ_INSERT_TAIL(&ike->strangers, sa, stranger_link);
		stranger_net_add(ike, &sa->init_key.asked);
	} else {
		ike->counters.half_open--;
		TAILQ_REMOVE(&ike->strangers, sa, stranger_link);
		stranger_net_sub(ike, &sa->init_key.asked);
	}
}

unsigned int strangers_of_net(const struct ike *ike, const struct addr *addr)
{
	const struct stranger_net *n = stranger_net_find(ike, addr);

	return n ? n->count : 0;
}

struct ike_sa *stranger_oldest(const struct ike *ike)
{
	return TAILQ_FIRST(&ike->strangers);
}

void strangers_free(struct ike *ike)
{
	struct stranger_net *n, *next;

	HASH_ITER(hh, ike->stranger_nets, n, next) {
		HASH_DEL(ike->stranger_nets, n);
		free(n);
	}
}
