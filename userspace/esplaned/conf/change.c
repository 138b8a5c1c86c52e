// SPDX-License-Identifier: GPL-2.0
#include "esplaned/conf/change.h"

#include <string.h>

#include "esplaned/conf/pack.h"

/* What counts from the next time that it is used, without a new IKE SA. */
static void change_take_later(struct tunnel_options *to, const struct tunnel_options *from)
{
	tunnel_conf_take_later(&to->ike, &from->ike);
	to->when_down = from->when_down;	/* which start has a say in */
	to->keepalive_s = from->keepalive_s;
	to->no_fetch = from->no_fetch;
	to->fetch_certs = from->fetch_certs;
	memcpy(to->cert_path, from->cert_path, sizeof(to->cert_path));
}

static bool change_is_none(const struct tunnel_options *a, const struct tunnel_options *b)
{
	static uint8_t x[PACK_MAX], y[PACK_MAX];
	struct writer wx = writer_of(x, sizeof(x)), wy = writer_of(y, sizeof(y));

	pack_tunnel(&wx, a);
	pack_tunnel(&wy, b);
	return wx.len == wy.len && !memcmp(x, y, wx.len);
}

static bool change_child_is_none(const struct tunnel_options *a, unsigned int i,
				 const struct tunnel_options *b, unsigned int j)
{
	static uint8_t x[PACK_MAX], y[PACK_MAX];
	struct writer wx = writer_of(x, sizeof(x)), wy = writer_of(y, sizeof(y));

	pack_child(&wx, a, i);
	pack_child(&wy, b, j);
	return wx.len == wy.len && !memcmp(x, y, wx.len);
}

/* Children apart: their number too is not the tunnel's own. */
static enum conf_change change_of_tunnel(const struct tunnel_options *old,
					 const struct tunnel_options *new)
{
	static struct tunnel_options met;

	met = *old;			/* shares what it points to, and is packed only */
	met.ike.child_count = new->ike.child_count;
	if (change_is_none(&met, new))
		return CONF_SAME;
	change_take_later(&met, new);
	return change_is_none(&met, new) ? CONF_LATER : CONF_REPLACED;
}

static enum conf_change change_of_child(const struct tunnel_options *old,
					const struct tunnel_options *new, unsigned int i)
{
	unsigned int j = tunnel_conf_child(&old->ike, new->ike.child[i].name);
	static struct tunnel_options met;
	struct child_conf child;

	if (j == old->ike.child_count)
		return CONF_NEW;
	if (change_child_is_none(old, j, new, i))
		return CONF_SAME;
	child = old->ike.child[j];
	met.ike.child = &child;
	child_conf_take_later(&child, &new->ike.child[i]);
	met.esp_given[0] = new->esp_given[i];	/* the lists are compared */
	return change_child_is_none(&met, 0, new, i) ? CONF_LATER : CONF_REPLACED;
}

/* Addresses of a pool are selectors, and leases: these are the tunnel's. */
static bool change_is_of_pool(const struct tunnel_options *old, const struct tunnel_options *new,
			      unsigned int i)
{
	unsigned int j = tunnel_conf_child(&old->ike, new->ike.child[i].name);

	return new->ike.pool[0] && j < old->ike.child_count &&
	       !ts_list_equal(old->ike.child[j].remote_ts, new->ike.child[i].remote_ts);
}

struct options_change options_compare(const struct tunnel_options *old,
				      const struct tunnel_options *new)
{
	struct options_change change = { .tunnel = change_of_tunnel(old, new) };

	for (unsigned int i = 0; i < new->ike.child_count; i++) {
		change.child[i] = change_of_child(old, new, i);
		if (change_is_of_pool(old, new, i))
			change.tunnel = CONF_REPLACED;
	}
	for (unsigned int i = 0; i < old->ike.child_count; i++)
		change.less |= tunnel_conf_child(&new->ike, old->ike.child[i].name) ==
			       new->ike.child_count;
	return change;
}

bool tunnel_options_equal(const struct tunnel_options *a, const struct tunnel_options *b)
{
	struct options_change change = options_compare(a, b);

	for (unsigned int i = 0; i < b->ike.child_count; i++)
		if (change.child[i] != CONF_SAME)
			return false;
	return change.tunnel == CONF_SAME && !change.less;
}
