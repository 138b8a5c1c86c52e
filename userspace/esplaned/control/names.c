// SPDX-License-Identifier: GPL-2.0
#include "esplaned/control/names.h"

#include <stdio.h>
#include <string.h>

#include "lib/log.h"

uint32_t names_id(const struct name_ref *ref)
{
	return ref->child ? ref->child : ref->peer ? ref->peer : ref->tunnel;
}

/* The identity that sets a peer apart from the others, as it is shown; "" without one. */
static const char *names_identity(const struct ike_peer_status *peer, char buf[TUNNEL_ID_MAX])
{
	return log_escape(peer->remote_id, strlen(peer->remote_id), buf, TUNNEL_ID_MAX);
}

const char *names_of_peer(const struct ike *ike, const struct ike_peer_status *peer,
			  char buf[NAMES_MAX])
{
	const struct tunnel_conf *conf = ike_tunnel_conf(ike, peer->tunnel);
	char id[TUNNEL_ID_MAX];

	names_identity(peer, id);
	if (conf->any && id[0])
		snprintf(buf, NAMES_MAX, "%s/%s", conf->name, id);
	else
		snprintf(buf, NAMES_MAX, "%s", conf->name);
	return buf;
}

/* The only child of the flat form has its tunnel's name: it needs none of its own. */
static bool names_is_flat(const struct tunnel_conf *conf)
{
	return conf->child_count == 1 && !strcmp(conf->child[0].name, conf->name);
}

const char *names_of_child(const struct ike *ike, const struct ike_peer_status *peer,
			   const struct ike_child_status *child, char buf[NAMES_MAX])
{
	size_t len;

	names_of_peer(ike, peer, buf);
	len = strlen(buf);
	if (!names_is_flat(ike_tunnel_conf(ike, peer->tunnel)) ||
	    strcmp(child->conf->name, ike_tunnel_conf(ike, peer->tunnel)->name))	/* a part */
		snprintf(buf + len, NAMES_MAX - len, "/%s", child->conf->name);
	return buf;
}

static bool names_find_child(const struct ike *ike, uint32_t peer, const char *name,
			     struct name_ref *ref)
{
	struct ike_child_status st;
	uint32_t child = 0;

	while ((child = ike_child_next(ike, peer, child))) {
		if (!ike_child_status(ike, child, &st) || strcmp(st.conf->name, name))
			continue;
		ref->peer = peer;
		ref->child = child;
		return true;
	}
	return false;
}

/* An identity has no slash: ike_id_str() escapes it. So there is one way to read a name. */
static bool names_find_peer(const struct ike *ike, const char *name, struct name_ref *ref)
{
	size_t len = strcspn(name, "/");
	struct ike_peer_status st;
	char id[TUNNEL_ID_MAX];
	uint32_t peer = 0;

	while ((peer = ike_peer_next(ike, ref->tunnel, peer))) {
		if (!ike_peer_status(ike, peer, &st))
			continue;
		names_identity(&st, id);
		if (!len || strlen(id) != len || memcmp(name, id, len))
			continue;
		if (name[len])
			return names_find_child(ike, peer, name + len + 1, ref);
		ref->peer = peer;
		return true;
	}
	return false;
}

static bool names_find_tunnel(const struct ike *ike, const char *name, size_t len,
			      struct name_ref *ref)
{
	uint32_t tunnel = 0;

	while ((tunnel = ike_tunnel_next(ike, tunnel))) {
		const char *other = ike_tunnel_conf(ike, tunnel)->name;

		if (strlen(other) == len && !memcmp(other, name, len)) {
			ref->tunnel = tunnel;
			return true;
		}
	}
	return false;
}

bool names_find(const struct ike *ike, const char *name, struct name_ref *ref)
{
	size_t len = strcspn(name, "/");

	memset(ref, 0, sizeof(*ref));
	if (!names_find_tunnel(ike, name, len, ref))
		return false;
	if (!name[len])
		return true;
	name += len + 1;
	if (ike_tunnel_conf(ike, ref->tunnel)->any)
		return names_find_peer(ike, name, ref);
	return names_find_child(ike, ike_peer_next(ike, ref->tunnel, 0), name, ref);
}

static void names_each_child(const struct ike *ike, const struct ike_peer_status *peer,
			     void (*fn)(void *ctx, const char *name), void *ctx)
{
	struct ike_child_status st;
	char name[NAMES_MAX];
	uint32_t child = 0;

	if (names_is_flat(ike_tunnel_conf(ike, peer->tunnel)))
		return;
	while ((child = ike_child_next(ike, peer->id, child))) {
		if (ike_child_status(ike, child, &st))
			fn(ctx, names_of_child(ike, peer, &st, name));
	}
}

static void names_each_of(const struct ike *ike, uint32_t tunnel,
			  void (*fn)(void *ctx, const char *name), void *ctx)
{
	const struct tunnel_conf *conf = ike_tunnel_conf(ike, tunnel);
	struct ike_peer_status st;
	char name[NAMES_MAX];
	uint32_t peer = 0;

	fn(ctx, conf->name);
	while ((peer = ike_peer_next(ike, tunnel, peer))) {
		if (!ike_peer_status(ike, peer, &st))
			continue;
		if (conf->any && !st.remote_id[0])	/* it has not said who it is */
			continue;
		if (conf->any)
			fn(ctx, names_of_peer(ike, &st, name));
		names_each_child(ike, &st, fn, ctx);
	}
}

void names_each(const struct ike *ike, uint32_t tunnel, void (*fn)(void *ctx, const char *name),
		void *ctx)
{
	uint32_t id = tunnel;

	if (tunnel) {
		names_each_of(ike, tunnel, fn, ctx);
		return;
	}
	while ((id = ike_tunnel_next(ike, id)))
		names_each_of(ike, id, fn, ctx);
}
