// SPDX-License-Identifier: GPL-2.0
#include "esplaned/conf/pool_option.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "wire/v2/cp.h"

bool pool_option_addresses(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	struct pool_conf *pool = to->pool;
	struct ts *range = &pool->range[pool->range_count];
	const char *detail = "";

	if (pool->range_count == POOL_RANGES_MAX)
		return value_refuse(why, "more than %d ranges", POOL_RANGES_MAX);
	if (!ts_parse(range, value, &detail) || range->proto || range->port_start ||
	    range->port_end != UINT16_MAX)
		return value_refuse(why,
				    "\"%s\" is not a range of addresses: use a prefix, as "
				    "10.9.0.0/24, a range, as 10.9.0.10-10.9.0.99, or an address",
				    value);
	if (range->start.family == AF_INET && (!range->start.b[0] || range->end.b[0] >= 224))
		return value_refuse(why, "\"%s\" has addresses that no host can have", value);
	for (unsigned int i = 0; i < pool->range_count; i++) {
		char text[TS_STRLEN];

		if (ts_intersect(range, &pool->range[i], &(struct ts){ 0 }))
			return value_refuse(why, "\"%s\" and %s overlap: leave it to one of them",
					    value, ts_str(&pool->range[i], text));
	}
	pool->range_count++;
	return true;
}

static bool pool_option_server(struct addr *list, unsigned int *count, const char *value,
			       bool ipv4_only, char why[VALUE_WHY_MAX])
{
	struct addr *addr = &list[*count];

	if (*count == INTERNAL_SERVERS_MAX)
		return value_refuse(why, "more than %d servers", INTERNAL_SERVERS_MAX);
	if (!addr_parse(addr, value) || (ipv4_only && addr->family != AF_INET))
		return value_refuse(why, "\"%s\" is not the address of a server; use an %s "
				    "address, as 10.2.0.53", value, ipv4_only ? "IPv4" : "IP");
	(*count)++;
	return true;
}

bool pool_option_dns(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	struct internal_net *net = &to->pool->net;

	return pool_option_server(net->dns, &net->dns_count, value, false, why);
}

/* IKEv2 has none of IPv6: RFC 7296 3.15.1. */
bool pool_option_nbns(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	struct internal_net *net = &to->pool->net;

	return pool_option_server(net->nbns, &net->nbns_count, value, true, why);
}

bool pool_option_dhcp(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	struct internal_net *net = &to->pool->net;

	return pool_option_server(net->dhcp, &net->dhcp_count, value, false, why);
}

bool pool_option_domain(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	struct internal_net *net = &to->pool->net;

	if (net->domain_count == INTERNAL_DOMAINS_MAX)
		return value_refuse(why, "more than %d domains", INTERNAL_DOMAINS_MAX);
	if (!cp_domain_valid(value))
		return value_refuse(why, "\"%s\" is not a domain; write it as corp.example.org, "
				    "other letters than a to z as IDNA has them (xn--...)", value);
	snprintf(net->domain[net->domain_count++], TUNNEL_HOST_MAX, "%s", value);
	return true;
}

bool pool_option_subnet(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	struct internal_net *net = &to->pool->net;
	const char *detail = "";
	struct ts ts;
	int bits;

	if (net->subnet_count == INTERNAL_SUBNETS_MAX)
		return value_refuse(why, "more than %d subnets", INTERNAL_SUBNETS_MAX);
	bits = ts_parse(&ts, value, &detail) && !ts.proto ? ts_prefix(&ts) : -1;
	if (bits < 0)
		return value_refuse(why, "\"%s\" is not a prefix, as 10.2.0.0/16", value);
	net->subnet[net->subnet_count++] = (struct prefix){ ts.start, (uint8_t)bits };
	return true;
}

/* "alice@example.org 10.9.0.5 fd09::5" */
bool pool_option_lease(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	struct pool_conf *pool = to->pool;
	char text[TUNNEL_ID_MAX + 2 * ADDR_STRLEN], *save = NULL, *word;
	struct pool_static fresh = { 0 }, *more;
	struct addr addr;
	unsigned int count = 0;

	if (pool->static_count == POOL_STATIC_MAX)
		return value_refuse(why, "more than %d leases", POOL_STATIC_MAX);
	snprintf(text, sizeof(text), "%s", value);
	word = strtok_r(text, " \t", &save);
	if (word && !value_id(&fresh.id, word, "a lease is for one identity", why))
		return false;
	while ((word = strtok_r(NULL, " \t", &save))) {
		if (!addr_parse(&addr, word) || fresh.addr[addr_index(&addr)].family)
			return value_refuse(why, "\"%s\": after the identity come an IPv4 address, "
					    "an IPv6 address, or both", value);
		fresh.addr[addr_index(&addr)] = addr;
		count++;
	}
	if (!count)
		return value_refuse(why, "\"%s\" has no address: write an identity and its "
				    "addresses, as alice@example.org 10.9.0.5", value);
	more = reallocarray(pool->statics, pool->static_count + 1, sizeof(*more));
	if (!more)
		return value_refuse(why, "no memory");
	pool->statics = more;
	more[pool->static_count++] = fresh;
	return true;
}

/* ---- the whole of it */

static bool pool_option_in_ranges(const struct pool_conf *pool, const struct addr *addr)
{
	for (unsigned int i = 0; i < pool->range_count; i++) {
		if (ts_contains_addr(&pool->range[i], addr))
			return true;
	}
	return false;
}

static bool pool_option_check_lease(const struct pool_conf *pool, unsigned int index,
				    char why[VALUE_WHY_MAX])
{
	const struct pool_static *s = &pool->statics[index];
	char text[ADDR_STRLEN], who[TUNNEL_ID_MAX], other[TUNNEL_ID_MAX];

	ike_id_str(&s->id, who, sizeof(who));
	for (unsigned int f = 0; f < ADDR_FAMILIES; f++) {
		if (!s->addr[f].family)
			continue;
		if (!pool_option_in_ranges(pool, &s->addr[f]))
			return value_refuse(why, "leases: %s of %s is not in addresses: add it "
					    "there", addr_str(&s->addr[f], text), who);
		for (unsigned int i = 0; i < index; i++) {
			if (addr_equal(&pool->statics[i].addr[f], &s->addr[f]))
				return value_refuse(why, "leases: %s is for %s and for %s: one "
						    "address is for one of them",
						    addr_str(&s->addr[f], text),
						    ike_id_str(&pool->statics[i].id, other,
							       sizeof(other)), who);
		}
	}
	return true;
}

bool pool_option_check(const struct pool_conf *pool, const struct config *config,
		       char why[VALUE_WHY_MAX])
{
	char ours[TS_STRLEN], theirs[TS_STRLEN];

	if (config->pool_count == CONFIG_POOLS_MAX)
		return value_refuse(why, "more than %d pools", CONFIG_POOLS_MAX);
	for (unsigned int i = 0; i < pool->static_count; i++) {
		if (!pool_option_check_lease(pool, i, why))
			return false;
	}
	for (size_t i = 0; i < config->pool_count; i++) {
		const struct pool_conf *other = &config->pools[i];

		if (!strcmp(other->name, pool->name))
			return value_refuse(why, "it is defined twice: each pool needs a name of "
					    "its own");
		for (unsigned int j = 0; j < pool->range_count * other->range_count; j++) {
			const struct ts *a = &pool->range[j / other->range_count];
			const struct ts *b = &other->range[j % other->range_count];

			if (ts_intersect(a, b, &(struct ts){ 0 }))
				return value_refuse(why, "addresses: %s overlaps with %s of pool "
						    "\"%s\": an address is of one pool",
						    ts_str(a, ours), ts_str(b, theirs),
						    other->name);
		}
	}
	return true;
}

void pool_option_selectors(const struct config *config, const struct tunnel_conf *ike,
			   struct option_child *child)
{
	const struct pool_conf *pool = ike->pool[0] ? config_pool(config, ike->pool) : NULL;
	struct child_conf *conf = &child->conf;

	if (pool)
		conf->remote_ts = ts_list_new(pool->range, pool->range_count);
	else
		conf->remote_ts = ts_list_new(child->remote.ts, child->remote.count);
	if (ike->ask_address)
		conf->local_ts = ts_list_whole(conf->remote_ts);
	else
		conf->local_ts = ts_list_new(child->local.ts, child->local.count);
}
