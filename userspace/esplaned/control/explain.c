// SPDX-License-Identifier: GPL-2.0
#include "esplaned/control/explain.h"

#include "esplaned/control/failure.h"
#include "esplaned/control/publish.h"
#include "esplaned/control/reasons.h"
#include "esplaned/control/status.h"
#include "esplaned/control/status_tunnel.h"
#include "esplaned/control/told.h"
#include "esplaned/host/device.h"
#include "esplaned/host/probe.h"

#define EXPLAIN_PACKET_MAX	(ADDR_STRLEN + 64)
#define EXPLAIN_WAYS_MAX	4	/* selectors of a child whose first address is tried */

/* One that is being explained. */
struct explain {
	struct daemon *d;
	const struct tunnel_entry *t;
	const struct name_ref *ref;
	struct probe *probe;
};

static json_t *explain_proposals(const struct proposals *list)
{
	json_t *array = json_array();
	char text[PROPOSAL_STRLEN];

	for (unsigned int i = 0; i < list->count; i++)
		json_array_append_new(array, json_string(proposal_str(&list->p[i], text)));
	return array;
}

static json_t *explain_selectors(const struct ts_list *list)
{
	json_t *array = json_array();
	char text[TS_STRLEN];

	for (unsigned int i = 0; i < ts_list_count(list); i++)
		json_array_append_new(array, json_string(ts_str(&list->ts[i], text)));
	return array;
}

static void explain_id(json_t *object, const char *key, const struct ike_id *id)
{
	char text[TUNNEL_ID_MAX];

	if (id->type)
		json_object_set_new(object, key, failure_text(ike_id_str(id, text, sizeof(text))));
}

/* What we offer and ask for. */
static json_t *explain_ours(const struct tunnel_conf *conf)
{
	json_t *object = json_object(), *children = json_array();

	explain_id(object, "local_id", &conf->local_id);
	explain_id(object, "remote_id", &conf->remote_id);
	json_object_set_new(object, "ike", explain_proposals(&conf->ike));
	for (unsigned int i = 0; i < conf->child_count; i++) {
		const struct child_conf *c = &conf->child[i];

		json_array_append_new(children,
				      json_pack("{ss ss so so so}", "child", c->name, "mode",
						c->transport ? "transport" : "tunnel", "esp",
						explain_proposals(&c->esp), "local_ts",
						explain_selectors(c->local_ts), "remote_ts",
						explain_selectors(c->remote_ts)));
	}
	json_object_set_new(object, "children", children);
	return object;
}

/* As "ip route get" takes it. */
static const char *explain_packet(const struct addr *to, const struct pick *as, char *text,
				  size_t len)
{
	char addr[ADDR_STRLEN], ports[64] = "";
	size_t at = 0;

	if (as->sport.start)
		at = (size_t)snprintf(ports, sizeof(ports), " sport %u", as->sport.start);
	if (as->dport.start)
		snprintf(ports + at, sizeof(ports) - at, " dport %u", as->dport.start);
	if (as->proto)
		snprintf(text, len, "%s ipproto %u%s", addr_str(to, addr), as->proto, ports);
	else
		addr_str(to, text);
	return text;
}

static json_t *explain_way(const struct explain *x, const struct addr *to, uint32_t mark,
			   const struct pick *as)
{
	char text[ADDR_STRLEN], packet[EXPLAIN_PACKET_MAX];
	struct probe_way way;
	json_t *object;

	probe_way(x->probe, to, mark, as, &way);
	object = json_pack("{ss ss sb sb}", "to", addr_str(to, text), "packet",
			   explain_packet(to, as, packet, sizeof(packet)), "there", way.there,
			   "unreachable", way.unreachable);
	if (way.there) {
		json_object_set_new(object, "interface", failure_text(way.link.name));
		json_object_set_new(object, "mtu", json_integer(way.link.mtu));
		json_object_set_new(object, "into_tunnel",
				    json_boolean(way.ifindex == device_ifindex(x->t->dev)));
	}
	if (way.source.family)
		json_object_set_new(object, "source", json_string(addr_str(&way.source, text)));
	return object;
}

static json_t *explain_elsewhere(const struct explain *x, const struct ts_list *remote_ts)
{
	struct route found[PROBE_ELSEWHERE_MAX];
	json_t *array = json_array();
	char text[PREFIX_STRLEN];
	uint32_t table = x->t->opt.table;
	struct link_state link;
	unsigned int count;

	count = probe_elsewhere(x->probe, remote_ts, x->t->opt.pass_others,
				table ? table : ROUTE_TABLE, device_ifindex(x->t->dev), found);
	for (unsigned int i = 0; i < count; i++) {
		if (probe_link(x->probe, found[i].ifindex, &link))
			json_array_append_new(array,
					      json_pack("{ss so}", "to",
							prefix_str(&found[i].dst, text),
							"interface", failure_text(link.name)));
	}
	return array;
}

/* An address of a selector to try: not that of the network itself. */
static struct addr explain_sample(const struct ts *ts)
{
	struct addr addr = ts->start;

	if (addr_cmp(&ts->start, &ts->end))
		addr.b[addr_len(&addr) - 1]++;
	return addr;
}

/* A packet that the selector and one of the other side's stand for. */
static struct pick explain_pick(const struct ts_list *local, const struct ts *remote)
{
	for (unsigned int i = 0; i < ts_list_count(local); i++) {
		if (ts_can_pair(&local->ts[i], remote))
			return pick_of(&local->ts[i], remote);
	}
	return pick_of(NULL, remote);
}

static json_t *explain_ways(const struct explain *x, const struct ts_list *local,
			    const struct ts_list *remote)
{
	json_t *ways = json_array();

	for (unsigned int i = 0; i < ts_list_count(remote) && i < EXPLAIN_WAYS_MAX; i++) {
		struct pick as = explain_pick(local, &remote->ts[i]);
		struct addr to = explain_sample(&remote->ts[i]);

		if (probe_can_ask(&as))
			json_array_append_new(ways, explain_way(x, &to, 0, &as));
	}
	return ways;
}

static json_t *explain_child(const struct explain *x, const struct ike_peer_status *p,
			     const struct ike_child_status *c)
{
	const struct ts_list *remote = c->remote_ts ? c->remote_ts : c->conf->remote_ts;
	const struct ts_list *local = c->local_ts ? c->local_ts : c->conf->local_ts;
	struct addr source = device_source(x->t->dev, c->id);
	char name[NAMES_MAX], text[ADDR_STRLEN];
	bool v4 = false, v6 = false;
	json_t *object;

	for (unsigned int i = 0; i < ts_list_count(local); i++) {
		v4 |= local->ts[i].start.family == AF_INET;
		v6 |= local->ts[i].start.family == AF_INET6;
	}
	object = json_pack("{so so so sb}", "name",
			   failure_text(names_of_child(x->d->ike, p, c, name)), "ways",
			   explain_ways(x, local, remote), "elsewhere",
			   explain_elsewhere(x, remote), "forwards",
			   (!v4 || probe_forwards(AF_INET)) && (!v6 || probe_forwards(AF_INET6)));
	if (source.family)
		json_object_set_new(object, "source", json_string(addr_str(&source, text)));
	return object;
}

static json_t *explain_peer(const struct explain *x, const struct ike_peer_status *p)
{
	json_t *object, *children = json_array();
	struct ike_child_status c;
	const struct pick any = { 0 };
	char name[NAMES_MAX];
	uint32_t id = 0;

	object = json_pack("{so}", "name", failure_text(names_of_peer(x->d->ike, p, name)));
	if (p->remote.addr.family)
		json_object_set_new(object, "way",
				    explain_way(x, &p->remote.addr, x->t->opt.ike.mark, &any));
	while ((id = ike_child_next(x->d->ike, p->id, id))) {
		if ((!x->ref->child || x->ref->child == id) && ike_child_status(x->d->ike, id, &c))
			json_array_append_new(children, explain_child(x, p, &c));
	}
	json_object_set_new(object, "children", children);
	return object;
}

/* How this host treats its packets. */
static json_t *explain_host(const struct explain *x)
{
	json_t *object = json_object(), *peers = json_array();
	struct ike_peer_status p;
	struct link_state link;
	uint32_t id = 0;

	if (probe_link(x->probe, device_ifindex(x->t->dev), &link))
		json_object_set_new(object, "interface",
				    json_pack("{so sb sI sI}", "name", failure_text(link.name),
					      "up", link.up, "mtu", (json_int_t)link.mtu,
					      "rp_filter",
					      (json_int_t)probe_rp_filter(link.name)));
	while ((id = ike_peer_next(x->d->ike, x->t->id, id))) {
		if ((!x->ref->peer || x->ref->peer == id) && ike_peer_status(x->d->ike, id, &p))
			json_array_append_new(peers, explain_peer(x, &p));
	}
	json_object_set_new(object, "peers", peers);
	return object;
}

json_t *explain_json(struct daemon *d, const struct name_ref *ref)
{
	struct explain x = { d, tunnels_find(&d->tunnels, ref->tunnel), ref, probe_new() };
	json_t *result, *told = json_object();

	told_json(d, ref->tunnel, told);
	result = json_pack("{ss so so so so so}", "result", "ok", "tunnel",
			   status_tunnel(d, ref), "ours", explain_ours(&x.t->opt.ike),
			   "told", told, "attempt", publish_attempt(d, ref->tunnel), "counters",
			   status_counters(d));
	if (x.probe)
		json_object_set_new(result, "host", explain_host(&x));
	json_object_set_new(result, "findings", reasons_json(result));
	probe_free(x.probe);
	return result;
}
