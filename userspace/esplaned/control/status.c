// SPDX-License-Identifier: GPL-2.0
#include "esplaned/control/status.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "esplaned/control/failure.h"
#include "esplaned/core/totals.h"
#include "esplaned/nl/kern.h"

void status_text(json_t *object, const char *key, const char *text)
{
	if (text && text[0])
		json_object_set_new(object, key, failure_text(text));
}

void status_number(json_t *object, const char *key, uint64_t number)
{
	json_object_set_new(object, key, json_integer((json_int_t)number));
}

/* Seconds since @then; nothing where that is not known. */
static void status_since(json_t *object, const char *key, uint64_t now, uint64_t then)
{
	if (then && now >= then)
		status_number(object, key, (now - then) / 1000);
}

json_t *status_selectors(const struct ts_list *list)
{
	json_t *array = json_array();
	char text[TS_STRLEN];

	for (unsigned int i = 0; i < ts_list_count(list); i++)
		json_array_append_new(array, json_string(ts_str(&list->ts[i], text)));
	return array;
}

static void status_endpoint(json_t *object, const char *key, const struct endpoint *ep)
{
	char text[ADDR_STRLEN];

	if (ep->addr.family && ep->port)
		json_object_set_new(object, key, json_string(endpoint_str(ep, text)));
}

static void status_address(json_t *object, const char *key, const struct addr *addr)
{
	char text[ADDR_STRLEN];

	if (addr->family)
		json_object_set_new(object, key, json_string(addr_str(addr, text)));
}

static json_t *status_addrs(const struct addr *list, unsigned int count)
{
	json_t *array = json_array();
	char text[ADDR_STRLEN];

	for (unsigned int i = 0; i < count; i++) {
		if (list[i].family)
			json_array_append_new(array, json_string(addr_str(&list[i], text)));
	}
	return array;
}

/* Nothing where there are none. */
static void status_list(json_t *object, const char *key, json_t *array)
{
	if (json_array_size(array))
		json_object_set_new(object, key, array);
	else
		json_decref(array);
}

/* Addresses that one end has given to the other, and what came with them. */
static void status_internal(json_t *object, const struct ike_peer_status *st)
{
	json_t *domains = json_array(), *subnets = json_array();
	const struct internal_net *net = st->net;
	char text[PREFIX_STRLEN];

	status_list(object, "inner_local", status_addrs(st->inner_local, ADDR_FAMILIES));
	status_list(object, "inner_remote", status_addrs(st->inner_remote, ADDR_FAMILIES));
	if (net)
		status_list(object, "dns", status_addrs(net->dns, net->dns_count));
	for (unsigned int i = 0; net && i < net->domain_count; i++)
		json_array_append_new(domains, json_string(net->domain[i]));
	for (unsigned int i = 0; net && i < net->subnet_count; i++)
		json_array_append_new(subnets, json_string(prefix_str(&net->subnet[i], text)));
	status_list(object, "dns_domains", domains);
	status_list(object, "subnets", subnets);
}

json_t *status_drops(const struct kern_sa_info *info)
{
	json_t *drops = json_object();

	for (unsigned int i = 0; i < info->drop_count; i++)
		status_number(drops, info->drops[i].reason, info->drops[i].count);
	return drops;
}

static void status_spi(json_t *object, const char *key, uint32_t spi)
{
	char hex[16];

	snprintf(hex, sizeof(hex), "%08" PRIx32, spi);
	if (spi)
		json_object_set_new(object, key, json_string(hex));
}

/* What the kernel says of an SA, asked once. */
struct status_asked {
	struct kern_sa_info info;
	char why[KERN_WHY_MAX];
	uint32_t spi;		/* 0: there is none */
	bool known;
};

static void status_ask(const struct status *s, uint32_t policy, uint32_t spi, bool out,
		       struct status_asked *asked)
{
	asked->spi = spi;
	asked->known = spi && !kern_sa_get(s->d->kern, s->t->device, policy, spi, out,
					   &asked->info, asked->why);
}

static json_t *status_sa(const struct status_asked *asked, bool out)
{
	const struct kern_sa_info *info = &asked->info;
	json_t *sa;

	sa = json_pack("{ss}", "direction", out ? "out" : "in");
	status_spi(sa, "spi", asked->spi);
	if (!asked->known) {
		status_text(sa, "error", asked->why);
		return sa;
	}
	status_number(sa, "bytes", info->bytes);
	status_number(sa, "packets", info->packets);
	status_number(sa, "sequence", info->seq);
	status_number(sa, "age_s", info->age_s);
	if (info->idle_s != UINT64_MAX)
		status_number(sa, "idle_s", info->idle_s);
	status_text(sa, "driver", info->driver);
	json_object_set_new(sa, "drops", status_drops(info));
	return sa;
}

/*
 * Of all SAs since the policy was made, of those that have ended and of those that live. @newest:
 * one of the latter.
 */
static struct total status_total(const struct status *s, uint32_t policy, bool out,
				 const struct status_asked *newest)
{
	struct total total = totals_ended(s->t->totals, policy, out);
	uint32_t spi[TOTALS_LIVE_MAX];
	unsigned int count = totals_live(s->t->totals, policy, out, spi);
	struct status_asked other;

	for (unsigned int i = 0; i < count; i++) {
		const struct status_asked *asked = newest;

		if (spi[i] != newest->spi) {
			status_ask(s, policy, spi[i], out, &other);
			asked = &other;
		}
		if (asked->known)
			total_add(&total, &asked->info, s->now);
	}
	return total;
}

static void status_kernel(json_t *object, const struct status *s, const struct ike_child_status *c)
{
	struct status_asked newest_in, newest_out;
	json_t *sas = json_array();
	struct total in, out;

	status_ask(s, c->id, c->spi_in, false, &newest_in);
	status_ask(s, c->id, c->spi_out, true, &newest_out);
	status_spi(object, "spi_in", c->spi_in);
	status_spi(object, "spi_out", c->spi_out);
	if (c->spi_in)
		json_array_append_new(sas, status_sa(&newest_in, false));
	if (c->spi_out)
		json_array_append_new(sas, status_sa(&newest_out, true));
	json_object_set_new(object, "sas", sas);
	in = status_total(s, c->id, false, &newest_in);
	out = status_total(s, c->id, true, &newest_out);
	status_number(object, "bytes_in", in.bytes);
	status_number(object, "packets_in", in.packets);
	status_number(object, "bytes_out", out.bytes);
	status_number(object, "packets_out", out.packets);
	status_since(object, "last_in_s", s->now, in.last_ms);
	status_since(object, "last_out_s", s->now, out.last_ms);
}

static json_t *status_missing(const struct ts_list *wanted, const struct ts_list *agreed)
{
	json_t *array = json_array();
	char text[TS_STRLEN];

	for (unsigned int i = 0; i < ts_list_count(wanted); i++) {
		bool within = false;

		for (unsigned int j = 0; j < ts_list_count(agreed) && !within; j++)
			within = ts_contains(&agreed->ts[j], &wanted->ts[i]);
		if (!within)
			json_array_append_new(array, json_string(ts_str(&wanted->ts[i], text)));
	}
	return array;
}

static void status_selection(json_t *object, const struct ike_child_status *c)
{
	bool up = c->local_ts && c->remote_ts;

	json_object_set_new(object, "mode",
			    json_string(c->conf->transport ? "transport" : "tunnel"));
	json_object_set_new(object, "local_ts",
			    status_selectors(up ? c->local_ts : c->conf->local_ts));
	json_object_set_new(object, "remote_ts",
			    status_selectors(up ? c->remote_ts : c->conf->remote_ts));
	if (!up || !c->narrowed)
		return;
	json_object_set_new(object, "narrowed",
			    json_pack("{so so}", "local_ts",
				      status_missing(c->conf->local_ts, c->local_ts), "remote_ts",
				      status_missing(c->conf->remote_ts, c->remote_ts)));
}

static void status_trouble(json_t *object, enum ike_failure failure, const char *detail)
{
	if (failure == IKE_FAIL_NONE)
		return;
	status_text(object, "error", failure_name(failure));
	status_text(object, "detail", detail);
}

static json_t *status_child(const struct status *s, const struct ike_peer_status *p,
			    const struct ike_child_status *c)
{
	static const char *const states[] = {
		[CHILD_DOWN] = "down", [CHILD_CONNECTING] = "connecting", [CHILD_UP] = "up",
	};
	char name[NAMES_MAX];
	json_t *object;

	object = json_pack("{ss so ss}", "child", c->conf->name, "name",
			   failure_text(names_of_child(s->d->ike, p, c, name)), "state",
			   states[c->state]);
	status_selection(object, c);
	if (c->waits)
		json_object_set_new(object, "waits", json_true());
	if (c->state != CHILD_UP) {
		status_trouble(object, c->failure, c->detail);
		return object;
	}
	status_text(object, "esp", c->esp_suite);
	status_since(object, "up_s", s->now, c->up_ms);
	status_number(object, "child_rekeys", c->rekeys);
	if (c->rekey_ms)
		status_number(object, "rekey_in_s",
			      c->rekey_ms > s->now ? (c->rekey_ms - s->now) / 1000 : 0);
	status_kernel(object, s, c);
	return object;
}

/* Before the peer has answered there is no suite, no NAT and half of the SPIs: left out. */
static void status_ike(json_t *object, const struct status *s, const struct ike_peer_status *p)
{
	char hex[24];
	json_t *spi;

	if (!p->spi_i)
		return;
	snprintf(hex, sizeof(hex), "%016" PRIx64, p->spi_i);
	spi = json_pack("{ss}", "initiator", hex);
	json_object_set_new(object, "ike_spi", spi);
	json_object_set_new(object, "initiator", json_boolean(p->initiator));
	status_text(object, "transport", p->remote.stream ? "tcp" : "udp");
	if (!p->spi_r)
		return;
	snprintf(hex, sizeof(hex), "%016" PRIx64, p->spi_r);
	json_object_set_new(spi, "responder", json_string(hex));
	json_object_set_new(object, "nat",
			    json_pack("{sb sb}", "local", p->nat_local, "remote", p->nat_remote));
	json_object_set_new(object, "mobike", json_boolean(p->mobike));
	status_text(object, "ike", p->ike_suite);
	status_since(object, "age_s", s->now, p->established_ms);
}

static json_t *status_children(const struct status *s, const struct ike_peer_status *p)
{
	json_t *children = json_array();
	struct ike_child_status st;
	uint32_t child = 0;

	while ((child = ike_child_next(s->d->ike, p->id, child))) {
		if ((!s->ref->child || s->ref->child == child) &&
		    ike_child_status(s->d->ike, child, &st))
			json_array_append_new(children, status_child(s, p, &st));
	}
	return children;
}

json_t *status_peer(const struct status *s, const struct ike_peer_status *p)
{
	static const char *const states[] = {
		[PEER_DOWN] = "down",
		[PEER_CONNECTING] = "connecting",
		[PEER_UP] = "up",
		[PEER_CLOSING] = "closing",
	};
	char name[NAMES_MAX];
	json_t *object;

	object = json_pack("{so ss sb}", "name",
			   failure_text(names_of_peer(s->d->ike, p, name)), "state",
			   states[p->state], "wanted", p->wanted);
	if (p->held_down)
		json_object_set_new(object, "held_down", json_true());
	status_endpoint(object, "local_endpoint", &p->local);
	status_endpoint(object, "remote_endpoint", &p->remote);
	status_text(object, "local_id", p->local_id);
	status_text(object, "remote_id", p->remote_id);
	status_internal(object, p);
	status_ike(object, s, p);
	if (p->state == PEER_UP) {
		status_text(object, "encapsulation", p->udp ? "udp" : "none");
		status_since(object, "up_s", s->now, p->up_ms);
	} else {
		status_trouble(object, p->failure, p->detail);
	}
	if (p->failures)
		status_number(object, "failures", p->failures);
	if (p->retry_ms)
		status_number(object, "retry_in_s",
			      p->retry_ms > s->now ? (p->retry_ms - s->now + 999) / 1000 : 0);
	json_object_set_new(object, "children", status_children(s, p));
	return object;
}

json_t *status_ok_result(struct daemon *d, const struct name_ref *ref)
{
	struct ike_peer_status peer;
	struct ike_child_status child;
	char name[NAMES_MAX];

	snprintf(name, sizeof(name), "%s", ike_tunnel_conf(d->ike, ref->tunnel)->name);
	if (ref->peer && ike_peer_status(d->ike, ref->peer, &peer)) {
		if (ref->child && ike_child_status(d->ike, ref->child, &child))
			names_of_child(d->ike, &peer, &child, name);
		else
			names_of_peer(d->ike, &peer, name);
	}
	return json_pack("{ss so}", "result", "ok", "tunnel", failure_text(name));
}

/* One child of the result of up: what it carries, or why it does not. */
static json_t *status_up_child(struct daemon *d, const struct ike_peer_status *p,
			       const struct ike_child_status *c)
{
	char name[NAMES_MAX];
	json_t *object;

	object = json_pack("{so ss}", "name", failure_text(names_of_child(d->ike, p, c, name)),
			   "state", c->state == CHILD_UP ? "up" : "down");
	status_selection(object, c);
	status_text(object, "esp", c->esp_suite);
	if (c->state != CHILD_UP)
		status_trouble(object, c->failure, c->detail);
	return object;
}

/* Of the children that @ref names. False: one of them is still on its way. */
static bool status_up_children(struct daemon *d, const struct name_ref *ref,
			       const struct ike_peer_status *p, json_t *children,
			       struct ike_child_status *failed, unsigned int *up)
{
	struct ike_child_status st;
	uint32_t child = 0;

	while ((child = ike_child_next(d->ike, p->id, child))) {
		if ((ref->child && ref->child != child) || !ike_child_status(d->ike, child, &st))
			continue;
		if (st.state == CHILD_CONNECTING)
			return false;
		if (st.state == CHILD_UP)
			++*up;
		else if (!failed->id)
			*failed = st;
		json_array_append_new(children, status_up_child(d, p, &st));
	}
	return true;
}

json_t *status_up_result(struct daemon *d, const struct name_ref *ref)
{
	const struct tunnel_entry *t = tunnels_find(&d->tunnels, ref->tunnel);
	struct ike_child_status failed = { 0 };
	json_t *object, *children = json_array();
	struct ike_peer_status p = { 0 };
	unsigned int up = 0;

	ike_peer_status(d->ike, ref->peer ? ref->peer : ike_peer_next(d->ike, ref->tunnel, 0), &p);
	if (p.state != PEER_UP || !status_up_children(d, ref, &p, children, &failed, &up)) {
		json_decref(children);
		return NULL;
	}
	object = status_ok_result(d, ref);
	if (!up && failed.id) {
		json_decref(object);
		json_decref(children);
		return failure_result(failed.failure, t->opt.ike.name, failed.detail);
	}
	status_text(object, "interface", t->opt.interface);
	status_address(object, "local", &p.local.addr);
	status_address(object, "remote", &p.remote.addr);
	status_text(object, "encapsulation", p.udp ? "udp" : "none");
	status_text(object, "ike", p.ike_suite);
	if (json_array_size(children) == 1) {
		const json_t *only = json_array_get(children, 0);

		json_object_set(object, "esp", json_object_get(only, "esp"));
		json_object_set(object, "local_ts", json_object_get(only, "local_ts"));
		json_object_set(object, "remote_ts", json_object_get(only, "remote_ts"));
	}
	json_object_set_new(object, "children", children);
	return object;
}

json_t *status_counters(struct daemon *d)
{
	const struct ike_counters *n = ike_counters(d->ike);

	return json_pack("{sI sI sI sI sI sI sI sI sI}", "malformed", (json_int_t)n->malformed,
			 "unknown_spi", (json_int_t)n->unknown_spi, "bad_version",
			 (json_int_t)n->bad_version, "auth_failed", (json_int_t)n->auth_failed,
			 "replayed", (json_int_t)n->replayed, "unexpected",
			 (json_int_t)n->unexpected, "fragments_refused",
			 (json_int_t)n->fragments_refused,
			 "cookies_sent", (json_int_t)n->cookies_sent,
			 "half_open", (json_int_t)n->half_open);
}
