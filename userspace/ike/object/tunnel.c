// SPDX-License-Identifier: GPL-2.0
#include "ike/object/tunnel.h"

#include <errno.h>
#include <stdlib.h>

#include "ike/core/id.h"
#include "ike/object/child.h"
#include "ike/object/peer.h"
#include "ike/object/ticket.h"

static const struct ike_id tunnel_nobody;

static bool tunnel_name_taken(const struct ike *ike, const char *name)
{
	const struct tunnel *t;

	TAILQ_FOREACH(t, &ike->tunnels, link)
		if (!strcmp(t->conf->name, name))
			return true;
	return false;
}

int tunnel_new(struct ike *ike, const struct tunnel_conf *conf, struct tunnel **tunnel)
{
	struct tunnel *t;

	if (tunnel_name_taken(ike, conf->name))
		return -EEXIST;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->ike = ike;
	t->id = ike_next_id(ike);
	TAILQ_INIT(&t->peers);
	TAILQ_INSERT_TAIL(&ike->tunnels, t, link);
	t->conf = tunnel_conf_dup(conf);
	if (t->conf)
		HASH_ADD(by_id, ike->tunnel_by_id, id, sizeof(t->id), t);
	if (!t->conf || !hash_added(by_id, t) || (!conf->any && !peer_new(t, &tunnel_nobody))) {
		tunnel_free(t);
		return -ENOMEM;
	}
	*tunnel = t;
	return 0;
}

void tunnel_free(struct tunnel *t)
{
	struct peer *peer;

	while ((peer = TAILQ_FIRST(&t->peers)))
		peer_free(peer);
	tickets_forget(t->ike, t->id);
	if (hash_added(by_id, t))
		HASH_DELETE(by_id, t->ike->tunnel_by_id, t);
	TAILQ_REMOVE(&t->ike->tunnels, t, link);
	crowd_free(&t->crowd);
	tunnel_conf_put(t->conf);
	free(t);
}

struct tunnel *tunnel_find(const struct ike *ike, uint32_t id)
{
	struct tunnel *t;

	HASH_FIND(by_id, ike->tunnel_by_id, &id, sizeof(id), t);
	return t;
}

struct peer *tunnel_only_peer(const struct tunnel *t)
{
	return t->conf->any ? NULL : TAILQ_FIRST(&t->peers);
}

struct peer *tunnel_peer_known(const struct tunnel *t, const struct ike_id *remote_id)
{
	struct peer *peer = tunnel_only_peer(t);
	unsigned int at = 0;

	if (peer)
		return peer;
	while ((peer = crowd_next(&t->crowd, remote_id, &at)))
		if (t->conf->unique != UNIQUE_NEVER || (!peer->sa && !peer->attempt))
			return peer;
	return NULL;
}

unsigned int tunnel_peers_of(const struct tunnel *t, const struct ike_id *remote_id)
{
	unsigned int count = 0, at = 0;

	while (crowd_next(&t->crowd, remote_id, &at))
		count++;
	return count;
}

struct peer *tunnel_peer(struct tunnel *t, const struct ike_id *remote_id)
{
	struct peer *peer = tunnel_peer_known(t, remote_id);

	return peer ? peer : peer_new(t, remote_id);
}

unsigned int tunnel_fit(const struct tunnel *t, const struct addr *local,
			const struct addr *remote)
{
	const struct peer *peer = tunnel_only_peer(t);
	unsigned int fit = 1;

	if (t->conf->local.family) {
		if (!addr_equal(&t->conf->local, local))
			return 0;
		fit++;
	}
	if (!peer)
		return fit;
	return peer_has_addr(peer, remote) ? fit + 2 : 0;
}

struct ike_id tunnel_local_id(const struct tunnel *t, const struct addr *local)
{
	return t->conf->local_id.type ? t->conf->local_id : id_of_addr(local);
}

bool tunnel_device_up(struct tunnel *t, const struct addr *remote, struct cause *cause)
{
	const struct ike_env *env = &t->ike->env;
	char why[IKE_WHY_MAX] = "";
	int rc;

	t->device = true;
	rc = env->device_up(env->ctx, t->id, remote, why);
	if (rc)
		cause_set(cause, rc == -ENOENT	      ? IKE_FAIL_MODULE :
				 rc == -EADDRNOTAVAIL ? IKE_FAIL_CONFIG :
							IKE_FAIL_INTERFACE,
			  "%s", why);
	return !rc;
}

const struct peer *tunnel_ts_owner(const struct peer *peer, const struct ts_pair *ts)
{
	const struct child *child = crowd_overlap(&peer->tunnel->crowd, peer, ts);

	return child ? child->peer : NULL;
}
