// SPDX-License-Identifier: GPL-2.0
#include "esplaned/engine/servers.h"

#include <string.h>

#include "esplaned/keys/keys.h"

/* Where there are servers, they and the domains are what counts. */
static bool servers_same(const struct internal_net *a, const struct internal_net *b)
{
	if (a->dns_count != b->dns_count || a->domain_count != b->domain_count)
		return false;
	for (unsigned int i = 0; i < a->dns_count; i++) {
		if (!addr_equal(&a->dns[i], &b->dns[i]))
			return false;
	}
	for (unsigned int i = 0; i < a->domain_count; i++) {
		if (strcmp(a->domain[i], b->domain[i]))
			return false;
	}
	return true;
}

static void servers_take(struct daemon *d, struct tunnel_entry *t, const struct internal_net *net)
{
	bool any = net && net->dns_count;

	if (!any && !t->servers.dns_count)
		return;
	if (any && servers_same(net, &t->servers))
		return;
	t->servers = any ? *net : (struct internal_net){ .dns_count = 0 };
	keys_dns(d->keys, t->opt.secret, any ? &t->servers : NULL);
}

void servers_flush(struct daemon *d)
{
	for (struct tunnel_entry *t = d->tunnels.first; t; t = t->next) {
		struct ike_peer_status st;
		uint32_t peer;

		if (!t->opt.ike.ask_address)
			continue;
		peer = ike_peer_next(d->ike, t->id, 0);
		if (peer && ike_peer_status(d->ike, peer, &st))
			servers_take(d, t, st.net);
	}
}

void servers_drop(struct daemon *d, struct tunnel_entry *t)
{
	servers_take(d, t, NULL);
}
