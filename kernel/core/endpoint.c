// SPDX-License-Identifier: GPL-2.0
#include "endpoint.h"

#include <linux/slab.h>

struct espl_endpoint *espl_endpoint_alloc(void)
{
	struct espl_endpoint *ep = kzalloc(sizeof(*ep), GFP_KERNEL_ACCOUNT);

	if (ep && dst_cache_init(&ep->route, GFP_KERNEL_ACCOUNT)) {
		kfree(ep);
		return NULL;
	}
	return ep;
}

static void endpoint_free(struct rcu_head *rcu)
{
	struct espl_endpoint *ep = container_of(rcu, struct espl_endpoint, rcu);

	dst_cache_destroy(&ep->route);
	kfree(ep);
}

void espl_endpoint_free(struct espl_endpoint *ep)
{
	if (ep)
		call_rcu(&ep->rcu, endpoint_free);
}
