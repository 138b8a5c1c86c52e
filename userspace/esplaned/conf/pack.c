// SPDX-License-Identifier: GPL-2.0
#include "esplaned/conf/pack.h"

#include <stdlib.h>
#include <string.h>

#include "ike/auth/auth.h"
#include "lib/array.h"
#include "wire/v2/cp.h"

void pack_text(struct writer *w, const char *text)
{
	size_t len = strlen(text);

	writer_u16(w, (uint16_t)len);
	writer_bytes(w, text, len);
}

bool unpack_text(struct cursor *c, char *text, size_t size)
{
	uint16_t len;

	if (!cursor_u16(c, &len) || len >= size || !cursor_copy(c, text, len))
		return false;
	text[len] = '\0';
	return strlen(text) == len;
}

void pack_addr(struct writer *w, const struct addr *a)
{
	writer_u8(w, (uint8_t)addr_len(a));
	writer_bytes(w, a->b, addr_len(a));
}

bool unpack_addr(struct cursor *c, struct addr *a)
{
	uint8_t b[16], len;

	*a = (struct addr){ 0 };
	return cursor_u8(c, &len) && len <= sizeof(b) && cursor_copy(c, b, len) &&
	       (!len || addr_from_bytes(a, b, len));
}

void pack_ts_list(struct writer *w, const struct ts_list *list)
{
	writer_u8(w, (uint8_t)ts_list_count(list));
	for (unsigned int i = 0; i < ts_list_count(list); i++) {
		const struct ts *ts = &list->ts[i];

		pack_addr(w, &ts->start);
		pack_addr(w, &ts->end);
		writer_u8(w, ts->proto);
		writer_u16(w, ts->port_start);
		writer_u16(w, ts->port_end);
	}
}

static bool unpack_ts(struct cursor *c, struct ts *ts)
{
	return unpack_addr(c, &ts->start) && unpack_addr(c, &ts->end) && ts->start.family &&
	       ts->start.family == ts->end.family && addr_cmp(&ts->start, &ts->end) <= 0 &&
	       cursor_u8(c, &ts->proto) && cursor_u16(c, &ts->port_start) &&
	       cursor_u16(c, &ts->port_end);
}

bool unpack_ts_list(struct cursor *c, unsigned int max, struct ts_list **list)
{
	struct ts *ts;
	uint8_t count;
	bool ok;

	*list = NULL;
	if (!cursor_u8(c, &count) || count > max)
		return false;
	ts = calloc(count + 1U, sizeof(*ts));
	ok = ts;
	for (unsigned int i = 0; ok && i < count; i++)
		ok = unpack_ts(c, &ts[i]);
	if (ok)
		*list = ts_list_new(ts, count);
	free(ts);
	return ok && (!count || *list);
}

void pack_list(struct writer *w, const struct chunk_list *list)
{
	uint8_t digest[LISTS_DIGEST_LEN];

	lists_digest(list, digest);
	writer_bytes(w, digest, sizeof(digest));
}

bool unpack_list(struct cursor *c, const struct lists *lists, struct chunk_list **list)
{
	uint8_t digest[LISTS_DIGEST_LEN];

	return cursor_copy(c, digest, sizeof(digest)) && lists_get(lists, digest, list);
}

static bool unpack_bool(struct cursor *c, bool *v)
{
	uint8_t octet;

	if (!cursor_u8(c, &octet) || octet > 1)
		return false;
	*v = octet;
	return true;
}

static void pack_proposals(struct writer *w, const struct proposals *list)
{
	writer_u8(w, list->count);
	writer_u8(w, list->by_peer);
	for (unsigned int i = 0; i < list->count; i++) {
		const struct proposal *p = &list->p[i];

		writer_u8(w, p->protocol);
		writer_u8(w, p->count);
		for (unsigned int j = 0; j < p->count; j++) {
			writer_u8(w, p->t[j].type);
			writer_u16(w, p->t[j].id);
			writer_u16(w, p->t[j].key_bits);
		}
	}
}

static bool unpack_proposal(struct cursor *c, struct proposal *p)
{
	if (!cursor_u8(c, &p->protocol) || !cursor_u8(c, &p->count) ||
	    p->count > PROPOSAL_TRANSFORMS_MAX)
		return false;
	for (unsigned int i = 0; i < p->count; i++) {
		if (!cursor_u8(c, &p->t[i].type) || !cursor_u16(c, &p->t[i].id) ||
		    !cursor_u16(c, &p->t[i].key_bits))
			return false;
	}
	return true;
}

static bool unpack_proposals(struct cursor *c, struct proposals *list)
{
	if (!cursor_u8(c, &list->count) || list->count > PROPOSALS_MAX ||
	    !unpack_bool(c, &list->by_peer))
		return false;
	for (unsigned int i = 0; i < list->count; i++) {
		if (!unpack_proposal(c, &list->p[i]))
			return false;
	}
	return true;
}

void pack_id(struct writer *w, const struct ike_id *id)
{
	writer_u8(w, id->type);
	writer_u16(w, id->len);
	writer_bytes(w, id->data, id->len);
}

bool unpack_id(struct cursor *c, struct ike_id *id)
{
	return cursor_u8(c, &id->type) && cursor_u16(c, &id->len) && id->len <= TUNNEL_ID_MAX &&
	       cursor_copy(c, id->data, id->len);
}

static void pack_conf(struct writer *w, const struct tunnel_conf *conf)
{
	pack_text(w, conf->name);
	pack_addr(w, &conf->local);
	pack_addr(w, &conf->remote);
	pack_text(w, conf->remote_name);
	writer_u8(w, conf->replace_ts);
	writer_u8(w, (uint8_t)conf->more_count);
	for (unsigned int i = 0; i < conf->more_count; i++) {
		pack_addr(w, &conf->more[i].addr);
		pack_text(w, conf->more[i].name);
	}
	writer_u8(w, conf->any);
	writer_u8(w, conf->start);
	writer_u8(w, conf->dpd_action);
	writer_u8(w, conf->ask_address);
	pack_text(w, conf->pool);
	pack_id(w, &conf->local_id);
	pack_id(w, &conf->remote_id);
	pack_proposals(w, &conf->ike);
	writer_u8(w, conf->force_udp);
	writer_u8(w, conf->mobike);
	writer_u8(w, conf->follow_redirect);
	pack_addr(w, &conf->redirect_to);
	writer_u32(w, conf->mark);
	writer_u32(w, conf->rekey_s);
	writer_u32(w, conf->reauth_s);
	writer_u32(w, conf->reauth_every);
	writer_u8(w, conf->unique);
	writer_u32(w, conf->dpd_s);
	writer_u32(w, conf->retry_first_ms);
	writer_u32(w, conf->retry_tries);
	writer_u32(w, conf->retry_percent);
	writer_u32(w, conf->fragment_size);
	writer_u8(w, conf->tcp);
	writer_u16(w, conf->tcp_port);
	writer_u16(w, conf->listen_tcp);
	pack_text(w, conf->ppk_id);
	writer_u8(w, conf->ppk_required);
	writer_u8(w, conf->childless);
	writer_u8(w, conf->resume);
	writer_u8(w, conf->eap_only);
	writer_u8(w, conf->export_keys);
	writer_u16(w, (uint16_t)conf->child_count);
}

static bool unpack_more(struct cursor *c, struct tunnel_conf *conf)
{
	uint8_t count;

	if (!unpack_bool(c, &conf->replace_ts) || !cursor_u8(c, &count) || count > TUNNEL_MORE_MAX)
		return false;
	conf->more_count = count;
	for (unsigned int i = 0; i < count; i++) {
		struct remote_conf *more = &conf->more[i];

		if (!unpack_addr(c, &more->addr) ||
		    !unpack_text(c, more->name, sizeof(more->name)) ||
		    !more->addr.family == !more->name[0])
			return false;
	}
	return true;
}

static bool unpack_conf(struct cursor *c, struct tunnel_conf *conf)
{
	uint8_t start, action, unique, tcp;
	uint16_t count;

	if (!unpack_text(c, conf->name, sizeof(conf->name)) || !unpack_addr(c, &conf->local) ||
	    !unpack_addr(c, &conf->remote) ||
	    !unpack_text(c, conf->remote_name, sizeof(conf->remote_name)) ||
	    !unpack_more(c, conf) ||
	    !unpack_bool(c, &conf->any) || !cursor_u8(c, &start) || start > START_ON_DEMAND ||
	    !cursor_u8(c, &action) || action > DPD_ON_DEMAND ||
	    !unpack_bool(c, &conf->ask_address) ||
	    !unpack_text(c, conf->pool, sizeof(conf->pool)) ||
	    !unpack_id(c, &conf->local_id) || !unpack_id(c, &conf->remote_id) ||
	    !unpack_proposals(c, &conf->ike) || !unpack_bool(c, &conf->force_udp) ||
	    !unpack_bool(c, &conf->mobike) || !unpack_bool(c, &conf->follow_redirect) ||
	    !unpack_addr(c, &conf->redirect_to) ||
	    !cursor_u32(c, &conf->mark) || !cursor_u32(c, &conf->rekey_s) ||
	    !cursor_u32(c, &conf->reauth_s) || !cursor_u32(c, &conf->reauth_every) ||
	    !cursor_u8(c, &unique) || unique > UNIQUE_NEVER ||
	    !cursor_u32(c, &conf->dpd_s) ||
	    !cursor_u32(c, &conf->retry_first_ms) || !cursor_u32(c, &conf->retry_tries) ||
	    !cursor_u32(c, &conf->retry_percent) || !cursor_u32(c, &conf->fragment_size) ||
	    !cursor_u8(c, &tcp) || tcp > TCP_ALWAYS || !cursor_u16(c, &conf->tcp_port) ||
	    !cursor_u16(c, &conf->listen_tcp) ||
	    !unpack_text(c, conf->ppk_id, sizeof(conf->ppk_id)) ||
	    !unpack_bool(c, &conf->ppk_required) ||
	    !unpack_bool(c, &conf->childless) || !unpack_bool(c, &conf->resume) ||
	    !unpack_bool(c, &conf->eap_only) ||
	    !unpack_bool(c, &conf->export_keys) ||
	    !cursor_u16(c, &count) || !count || count > TUNNEL_CHILDREN_MAX)
		return false;
	conf->start = (enum start_mode)start;
	conf->dpd_action = (enum dpd_action)action;
	conf->unique = unique;
	conf->tcp = tcp;
	conf->child = calloc(count, sizeof(*conf->child));
	conf->child_count = conf->child ? count : 0;
	return conf->child;
}

/* How an end proves who it is; NULL: by the psk. */
static const struct auth_ops *const pack_methods[] = { NULL, &auth_signature_ops, &auth_eap_ops,
							 &auth_psk_ops };

static uint8_t pack_method(const struct auth_ops *method)
{
	uint8_t i = ARRAY_SIZE(pack_methods) - 1;

	while (i && pack_methods[i] != method)
		i--;
	return i;
}

static bool unpack_method(struct cursor *c, const struct auth_ops **method)
{
	uint8_t i;

	if (!cursor_u8(c, &i) || i >= ARRAY_SIZE(pack_methods))
		return false;
	*method = pack_methods[i];
	return true;
}

static void pack_radius(struct writer *w, const struct tunnel_options *t)
{
	writer_u8(w, (uint8_t)t->radius_count);
	for (unsigned int i = 0; i < t->radius_count; i++) {
		pack_addr(w, &t->radius[i].addr);
		writer_u16(w, t->radius[i].port);
	}
}

static bool unpack_radius(struct cursor *c, struct tunnel_options *t)
{
	uint8_t count;

	if (!cursor_u8(c, &count) || count > CONFIG_RADIUS_MAX)
		return false;
	for (t->radius_count = 0; t->radius_count < count; t->radius_count++) {
		struct endpoint *e = &t->radius[t->radius_count];

		if (!unpack_addr(c, &e->addr) || !e->addr.family || !cursor_u16(c, &e->port))
			return false;
	}
	return true;
}

static void pack_credentials(struct writer *w, const struct tunnel_options *t)
{
	writer_u8(w, pack_method(t->ike.local_auth));
	writer_u8(w, pack_method(t->ike.remote_auth));
	writer_u8(w, pack_method(t->ike.local_second));
	writer_u8(w, pack_method(t->ike.remote_second));
	writer_bytes(w, t->ike.eap, sizeof(t->ike.eap));
	writer_u8(w, (uint8_t)t->ike.ttls);
	pack_id(w, &t->ike.eap_id);
	pack_id(w, &t->ike.aaa_id);
	pack_list(w, t->ike.certs);
	pack_text(w, t->ike.cert_url);
	pack_list(w, t->ike.ca_hashes);
	pack_list(w, t->ca);
	pack_list(w, t->remote_keys);
	pack_id(w, &t->ike.second_id);
	pack_list(w, t->ike.second_certs);
	pack_list(w, t->second.ca);
	pack_list(w, t->fetch_certs);
	writer_u8(w, t->dns_key);
	pack_text(w, t->dns_anchor);
	pack_radius(w, t);
	writer_u8(w, t->ike.local_raw);
	writer_u8(w, (uint8_t)t->revocation);
	writer_u8(w, t->no_fetch);
	writer_u8(w, t->allow_legacy);
	pack_text(w, t->cert_path);
	writer_u64(w, t->cert_until);
}

static bool unpack_credentials(struct cursor *c, struct tunnel_options *t,
			       const struct lists *lists)
{
	uint8_t revocation, ttls;

	if (!unpack_method(c, &t->ike.local_auth) || !unpack_method(c, &t->ike.remote_auth) ||
	    !unpack_method(c, &t->ike.local_second) || !unpack_method(c, &t->ike.remote_second) ||
	    !cursor_copy(c, t->ike.eap, sizeof(t->ike.eap)) || !cursor_u8(c, &ttls) ||
	    ttls > TTLS_PAP || !unpack_id(c, &t->ike.eap_id) ||
	    !unpack_id(c, &t->ike.aaa_id) ||
	    !unpack_list(c, lists, &t->ike.certs) ||
	    !unpack_text(c, t->ike.cert_url, sizeof(t->ike.cert_url)) ||
	    !unpack_list(c, lists, &t->ike.ca_hashes) ||
	    !unpack_list(c, lists, &t->ca) || !unpack_list(c, lists, &t->remote_keys) ||
	    !unpack_id(c, &t->ike.second_id) ||
	    !unpack_list(c, lists, &t->ike.second_certs) ||
	    !unpack_list(c, lists, &t->second.ca) ||
	    !unpack_list(c, lists, &t->fetch_certs) ||
	    !unpack_bool(c, &t->dns_key) ||
	    !unpack_text(c, t->dns_anchor, sizeof(t->dns_anchor)) ||
	    !unpack_radius(c, t) ||
	    !unpack_bool(c, &t->ike.local_raw) || !cursor_u8(c, &revocation) ||
	    revocation > REVOCATION_OFF || !unpack_bool(c, &t->no_fetch) ||
	    !unpack_bool(c, &t->allow_legacy) ||
	    !unpack_text(c, t->cert_path, sizeof(t->cert_path)) || !cursor_u64(c, &t->cert_until))
		return false;
	t->ike.ttls = (enum tunnel_ttls)ttls;
	t->revocation = (enum revocation)revocation;
	t->ike.remote_raw = t->remote_keys || t->dns_key;
	t->ike.fetch_certs = t->fetch_certs;
	t->ike.ask_ocsp = t->ca && t->revocation != REVOCATION_OFF;
	return true;
}

void pack_tunnel(struct writer *w, const struct tunnel_options *t)
{
	pack_conf(w, &t->ike);
	pack_credentials(w, t);
	writer_u32(w, t->secret);
	pack_text(w, t->interface);
	pack_addr(w, &t->address);
	writer_u8(w, t->address_bits);
	writer_u32(w, t->metric);
	writer_u32(w, t->mtu);
	writer_u32(w, t->table);
	writer_u8(w, t->no_routes);
	writer_u8(w, t->pass_others);
	writer_u8(w, t->when_down == WHEN_DOWN_BLOCK);
	pack_text(w, t->up_script);
	pack_text(w, t->down_script);
	writer_u32(w, t->script_timeout_s);
	writer_u32(w, t->keepalive_s);
}

bool unpack_tunnel(struct cursor *c, struct tunnel_options *t, const struct lists *lists)
{
	bool block = false;

	*t = (struct tunnel_options){ 0 };
	if (!unpack_conf(c, &t->ike) || !unpack_credentials(c, t, lists) ||
	    !cursor_u32(c, &t->secret) ||
	    !unpack_text(c, t->interface, sizeof(t->interface)) || !unpack_addr(c, &t->address) ||
	    !cursor_u8(c, &t->address_bits) || t->address_bits > addr_len(&t->address) * 8 ||
	    !cursor_u32(c, &t->metric) || !cursor_u32(c, &t->mtu) || !cursor_u32(c, &t->table) ||
	    !unpack_bool(c, &t->no_routes) || !unpack_bool(c, &t->pass_others) ||
	    !unpack_bool(c, &block) ||
	    !unpack_text(c, t->up_script, sizeof(t->up_script)) ||
	    !unpack_text(c, t->down_script, sizeof(t->down_script)) ||
	    !cursor_u32(c, &t->script_timeout_s) || !cursor_u32(c, &t->keepalive_s))
		return false;
	t->when_down = block ? WHEN_DOWN_BLOCK : WHEN_DOWN_PASS;
	return !c->left;
}

void pack_child(struct writer *w, const struct tunnel_options *t, unsigned int index)
{
	const struct child_conf *child = &t->ike.child[index];

	pack_text(w, child->name);
	pack_proposals(w, &child->esp);
	writer_u8(w, t->esp_given[index]);
	pack_ts_list(w, child->local_ts);
	pack_ts_list(w, child->remote_ts);
	writer_u32(w, child->rekey_s);
	writer_u64(w, child->rekey_bytes);
	writer_u64(w, child->rekey_packets);
	writer_u32(w, child->replay_window);
	writer_u8(w, child->transport);
}

bool unpack_child(struct cursor *c, struct tunnel_options *t, unsigned int index)
{
	struct child_conf *child = &t->ike.child[index];

	return unpack_text(c, child->name, sizeof(child->name)) &&
	       unpack_proposals(c, &child->esp) && unpack_bool(c, &t->esp_given[index]) &&
	       unpack_ts_list(c, CONFIG_TS_MAX, &child->local_ts) &&
	       unpack_ts_list(c, CONFIG_TS_MAX, &child->remote_ts) &&
	       child->local_ts && child->remote_ts && cursor_u32(c, &child->rekey_s) &&
	       cursor_u64(c, &child->rekey_bytes) && cursor_u64(c, &child->rekey_packets) &&
	       cursor_u32(c, &child->replay_window) && unpack_bool(c, &child->transport) &&
	       !c->left;
}

static void pack_addrs(struct writer *w, const struct addr *list, unsigned int count)
{
	writer_u8(w, (uint8_t)count);
	for (unsigned int i = 0; i < count; i++)
		pack_addr(w, &list[i]);
}

static bool unpack_count(struct cursor *c, unsigned int max, unsigned int *count)
{
	uint8_t n;

	if (!cursor_u8(c, &n) || n > max)
		return false;
	*count = n;
	return true;
}

static bool unpack_addrs(struct cursor *c, struct addr *list, unsigned int *count)
{
	bool ok = unpack_count(c, INTERNAL_SERVERS_MAX, count);

	for (unsigned int i = 0; ok && i < *count; i++)
		ok = unpack_addr(c, &list[i]) && list[i].family;
	return ok;
}

void pack_net(struct writer *w, const struct internal_net *net)
{
	pack_addrs(w, net->dns, net->dns_count);
	pack_addrs(w, net->nbns, net->nbns_count);
	pack_addrs(w, net->dhcp, net->dhcp_count);
	writer_u8(w, (uint8_t)net->domain_count);
	for (unsigned int i = 0; i < net->domain_count; i++)
		pack_text(w, net->domain[i]);
	writer_u8(w, (uint8_t)net->subnet_count);
	for (unsigned int i = 0; i < net->subnet_count; i++) {
		pack_addr(w, &net->subnet[i].addr);
		writer_u8(w, net->subnet[i].bits);
	}
}

bool unpack_net(struct cursor *c, struct internal_net *net)
{
	bool ok = unpack_addrs(c, net->dns, &net->dns_count) &&
		  unpack_addrs(c, net->nbns, &net->nbns_count) &&
		  unpack_addrs(c, net->dhcp, &net->dhcp_count) &&
		  unpack_count(c, INTERNAL_DOMAINS_MAX, &net->domain_count);

	for (unsigned int i = 0; ok && i < net->domain_count; i++)
		ok = unpack_text(c, net->domain[i], sizeof(net->domain[i])) &&
		     cp_domain_valid(net->domain[i]);
	ok = ok && unpack_count(c, INTERNAL_SUBNETS_MAX, &net->subnet_count);
	for (unsigned int i = 0; ok && i < net->subnet_count; i++) {
		struct prefix *p = &net->subnet[i];

		ok = unpack_addr(c, &p->addr) && p->addr.family && cursor_u8(c, &p->bits) &&
		     p->bits <= addr_len(&p->addr) * 8;
	}
	return ok;
}

void pack_pool(struct writer *w, const struct pool_conf *pool)
{
	pack_text(w, pool->name);
	writer_u8(w, (uint8_t)pool->range_count);
	for (unsigned int i = 0; i < pool->range_count; i++) {
		pack_addr(w, &pool->range[i].start);
		pack_addr(w, &pool->range[i].end);
	}
	pack_net(w, &pool->net);
	writer_u8(w, (uint8_t)pool->static_count);
	for (unsigned int i = 0; i < pool->static_count; i++) {
		pack_id(w, &pool->statics[i].id);
		for (unsigned int f = 0; f < ADDR_FAMILIES; f++)
			pack_addr(w, &pool->statics[i].addr[f]);
	}
}

static bool unpack_range(struct cursor *c, struct ts *range)
{
	*range = (struct ts){ .port_end = UINT16_MAX };
	return unpack_addr(c, &range->start) && unpack_addr(c, &range->end) &&
	       range->start.family && range->start.family == range->end.family &&
	       addr_cmp(&range->start, &range->end) <= 0;
}

static bool unpack_static(struct cursor *c, struct pool_static *s)
{
	bool ok = unpack_id(c, &s->id);

	for (unsigned int f = 0; ok && f < ADDR_FAMILIES; f++)
		ok = unpack_addr(c, &s->addr[f]) &&
		     (!s->addr[f].family || addr_index(&s->addr[f]) == f);
	return ok;
}

bool unpack_pool(struct cursor *c, struct pool_conf *pool)
{
	bool ok;

	*pool = (struct pool_conf){ .range_count = 0 };
	ok = unpack_text(c, pool->name, sizeof(pool->name)) &&
	     unpack_count(c, POOL_RANGES_MAX, &pool->range_count);
	for (unsigned int i = 0; ok && i < pool->range_count; i++)
		ok = unpack_range(c, &pool->range[i]);
	ok = ok && unpack_net(c, &pool->net) &&
	     unpack_count(c, POOL_STATIC_MAX, &pool->static_count);
	if (ok && pool->static_count) {
		pool->statics = calloc(pool->static_count, sizeof(*pool->statics));
		ok = pool->statics;
	}
	for (unsigned int i = 0; ok && i < pool->static_count; i++)
		ok = unpack_static(c, &pool->statics[i]);
	return ok && !c->left;
}
