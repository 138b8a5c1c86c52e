// SPDX-License-Identifier: GPL-2.0
#include "ike/v2/config.h"

#include <stdlib.h>

#include "ike/core/text.h"
#include "ike/object/ike_sa.h"
#include "ike/object/peer.h"
#include "ike/object/pool.h"
#include "ike/object/report.h"
#include "lib/array.h"
#include "wire/v2/cp.h"

#define CONFIG_VERSION	"esplaned"	/* APPLICATION_VERSION: no number, strangers need none */

static const char *const config_family[ADDR_FAMILIES] = { "IPv4", "IPv6" };
static const uint16_t config_address[ADDR_FAMILIES] = { CP_IP4_ADDRESS, CP_IP6_ADDRESS };

static struct ts config_ts(const struct addr *addr)
{
	return (struct ts){ .start = *addr, .end = *addr, .port_end = UINT16_MAX };
}

/* ---- what narrows a child */

/* The addresses that @peer has of us, or we of it. Returns how many. */
static unsigned int config_addrs(const struct peer *peer, struct addr addrs[ADDR_FAMILIES])
{
	unsigned int count = 0;

	for (unsigned int f = 0; f < ADDR_FAMILIES; f++) {
		if (peer->conf->ask_address && peer->given && peer->given->addr[f].family)
			addrs[count++] = peer->given->addr[f];
		else if (!peer->conf->ask_address && peer->lease[f])
			addrs[count++] = peer->lease[f]->addr;
	}
	return count;
}

static struct ts_list *config_addrs_list(const struct peer *peer)
{
	struct addr addrs[ADDR_FAMILIES];
	struct ts ts[ADDR_FAMILIES];
	unsigned int count = config_addrs(peer, addrs);

	for (unsigned int i = 0; i < count; i++)
		ts[i] = config_ts(&addrs[i]);
	return ts_list_new(ts, count);
}

bool config_narrow(const struct peer *peer, struct ts_pair *ts, struct cause *cause)
{
	bool asks = peer->conf->ask_address;
	struct ts_list **side = asks ? &ts->local : &ts->remote, *only, *narrow;
	char had[150], given[150];

	if (!asks && !peer->conf->pool[0])
		return true;
	only = config_addrs_list(peer);
	narrow = ts_list_narrow(*side, only);
	if (!narrow)
		cause_set(cause, IKE_FAIL_TS, "%s %s, which is none of the addresses given to %s: %s",
			  asks ? "the peer's answer protects" : "the peer wants to protect",
			  ts_list_str(*side, had, sizeof(had)), asks ? "us" : "it",
			  ts_list_str(only, given, sizeof(given)));
	ts_list_put(only);
	if (!narrow)
		return false;
	ts_list_put(*side);
	*side = narrow;
	return true;
}

/* ---- the client */

static bool config_wants(const struct tunnel_conf *conf, unsigned int family)
{
	for (unsigned int i = 0; i < conf->child_count; i++) {
		const struct ts_list *ts = conf->child[i].remote_ts;

		for (unsigned int j = 0; j < ts_list_count(ts); j++)
			if (addr_index(&ts->ts[j].start) == family)
				return true;
	}
	return false;
}

void config_ask(struct builder *b, const struct peer *peer)
{
	static const uint16_t also[ADDR_FAMILIES][3] = {
		{ CP_IP4_DNS, CP_IP4_NBNS, CP_IP4_SUBNET }, { CP_IP6_DNS, CP_IP6_SUBNET },
	};
	const struct addr *own = peer->given ? peer->given->addr : peer->wish;

	build_cp(b, CP_REQUEST);
	for (unsigned int f = 0; f < ADDR_FAMILIES; f++) {
		if (!config_wants(peer->conf, f))
			continue;
		build_cp_addr(b, config_address[f], &own[f]);
		for (unsigned int i = 0; i < ARRAY_SIZE(also[f]) && also[f][i]; i++)
			build_cp_attr(b, also[f][i], NULL, 0);
	}
	build_cp_attr(b, CP_DNS_DOMAIN, NULL, 0);
	build_payload_end(b);
}

bool config_refused(const struct peer *peer, uint16_t notify, struct cause *cause)
{
	if (notify == NOTIFY_INTERNAL_ADDRESS_FAILURE)
		cause_set(cause, IKE_FAIL_ADDRESS, "%s",
			  peer->conf->ask_address ?
			  "the peer has no address for us (INTERNAL_ADDRESS_FAILURE): its pool is full, "
			  "or it has none" :
			  "the peer fails to give an address that we did not ask for "
			  "(INTERNAL_ADDRESS_FAILURE)");
	else if (notify == NOTIFY_FAILED_CP_REQUIRED)
		cause_set(cause, IKE_FAIL_ADDRESS, "%s",
			  "the peer wants to give us our address (FAILED_CP_REQUIRED): write address = "
			  "\"request\" instead of local-ts");
	else
		return false;
	return true;
}

struct ts_list *config_local_ts(const struct child *child)
{
	const struct peer *peer = child->peer;
	struct ts_list *all, *pairable;

	if (!peer->conf->ask_address || !peer->given)
		return ts_list_get(child->conf->local_ts);
	all = config_addrs_list(peer);
	/* of a family that it has nothing of at the other end it would be a pair too many */
	pairable = ts_list_pairable(all, child->conf->remote_ts);
	if (!pairable)
		return all;
	ts_list_put(all);
	return pairable;
}

/* An address that a host can have, and that leads nowhere special. */
static bool config_is_host(const struct addr *a)
{
	static const struct addr none6 = { .family = AF_INET6 };

	if (a->family == AF_INET)
		return a->b[0] && a->b[0] != 127 && a->b[0] < 224;
	return a->family == AF_INET6 && a->b[0] != 0xff && !(a->b[0] == 0xfe && a->b[1] >= 0x80) &&
	       memcmp(a->b, none6.b, 15) != 0;
}

static void config_take_addr(struct addr *list, unsigned int *count, unsigned int max,
			     const struct msg_cp_attr *a)
{
	struct addr addr;

	if (*count < max && cp_addr(a, &addr) && config_is_host(&addr))
		list[(*count)++] = addr;
}

static void config_take_net(struct internal_net *net, const struct msg_cp_attr *a)
{
	char (*domain)[TUNNEL_HOST_MAX] = &net->domain[net->domain_count];

	switch (a->type) {
	case CP_IP4_DNS:
	case CP_IP6_DNS:
		config_take_addr(net->dns, &net->dns_count, INTERNAL_SERVERS_MAX, a);
		break;
	case CP_IP4_NBNS:
		config_take_addr(net->nbns, &net->nbns_count, INTERNAL_SERVERS_MAX, a);
		break;
	case CP_IP4_SUBNET:
	case CP_IP6_SUBNET:
		if (net->subnet_count < INTERNAL_SUBNETS_MAX)
			net->subnet_count += cp_subnet(a, &net->subnet[net->subnet_count]);
		break;
	case CP_DNS_DOMAIN:
		if (net->domain_count < INTERNAL_DOMAINS_MAX)
			net->domain_count += cp_domain(a, *domain);
		break;
	}
}

/* The first of each family that was asked for; RFC 7296 allows several, we use one. */
static void config_take_own(const struct peer *peer, struct ike_given *given,
			    const struct msg_cp_attr *a)
{
	struct addr addr;

	for (unsigned int f = 0; f < ADDR_FAMILIES; f++)
		if (a->type == config_address[f] && !given->addr[f].family &&
		    config_wants(peer->conf, f) && cp_addr(a, &addr) && addr_index(&addr) == f &&
		    config_is_host(&addr))
			given->addr[f] = addr;
}

static void config_say_given(const struct peer *peer)
{
	char addr[ADDR_FAMILIES][ADDR_STRLEN];
	const struct ike_given *given = peer->given;
	bool v4 = given->addr[0].family, v6 = given->addr[1].family;

	report_log(peer->ike, peer, LOG_INFO,
		   "the peer gives us %s%s%s, %u DNS servers, %u domains, %u subnets",
		   v4 ? addr_str(&given->addr[0], addr[0]) : "", v4 && v6 ? " and " : "",
		   v6 ? addr_str(&given->addr[1], addr[1]) : "", given->net.dns_count,
		   given->net.domain_count, given->net.subnet_count);
}

bool config_take(struct peer *peer, const struct msg *m, struct cause *cause)
{
	struct ike_given *given = calloc(1, sizeof(*given));

	for (unsigned int i = 0; given && m->cp.type == CP_REPLY && i < m->cp.count; i++) {
		config_take_own(peer, given, &m->cp.attr[i]);
		config_take_net(&given->net, &m->cp.attr[i]);
	}
	if (given && (given->addr[0].family || given->addr[1].family)) {
		free(peer->given);
		peer->given = given;
		config_say_given(peer);
		return true;
	}
	cause_set(cause, IKE_FAIL_ADDRESS, "%s",
		  !given ? "no memory for the addresses that the peer gives us" :
		  m->cp.type == CP_REPLY ?
			   "the peer's configuration payload has no address that we can use" :
			   "we ask the peer for an address (address = request), and its answer has no "
			   "configuration payload: give it a pool, or write the address and local-ts here");
	free(given);
	return false;
}

/* ---- the server */

static bool config_asks_address(const struct msg *m)
{
	return m->cp.type == CP_REQUEST &&
	       (cp_has(&m->cp, CP_IP4_ADDRESS) || cp_has(&m->cp, CP_IP6_ADDRESS));
}

/* The first address of that family that it would like; family 0: any. */
static struct addr config_wish(const struct msg *m, unsigned int family)
{
	struct addr addr = {0};

	for (unsigned int i = 0; i < m->cp.count && !addr.family; i++)
		if (m->cp.attr[i].type == config_address[family] &&
		    (!cp_addr(&m->cp.attr[i], &addr) || addr_index(&addr) != family))
			addr.family = 0;
	return addr;
}

/*
 * The address that a RADIUS server has for it, if it has one: that or none, since rules about who
 * may go where may rest on it. False: it cannot have that; @cause.
 */
static bool config_assign(struct peer *peer, struct pool *pool, struct cause *cause)
{
	const struct addr *framed = peer->sa ? &peer->sa->framed : NULL;
	char text[ADDR_STRLEN], other[ADDR_STRLEN];

	if (!framed || !framed->family)
		return true;
	if (peer->lease[0] && !addr_equal(&peer->lease[0]->addr, framed)) {
		cause_set(cause, IKE_FAIL_ADDRESS,
			  "the RADIUS server says %s for it, and it has %s already: it has to come anew",
			  addr_str(framed, text), addr_str(&peer->lease[0]->addr, other));
		return false;
	}
	if (!peer->lease[0])
		peer->lease[0] = pool_assign(pool, &peer->remote_id, peer->id, framed);
	if (!peer->lease[0])
		cause_set(cause, IKE_FAIL_ADDRESS,
			  "the RADIUS server says %s for it, which pool %s has not, keeps for another or has given to another",
			  addr_str(framed, text), peer->conf->pool);
	return peer->lease[0];
}

/* @full: the family of which the pool has no address left, NULL: there is one. */
static void config_lease(struct peer *peer, struct pool *pool, const struct msg *m,
			 const char **full)
{
	for (unsigned int f = 0; f < ADDR_FAMILIES; f++) {
		struct addr wish = config_wish(m, f);

		if (peer->lease[f] || !cp_has(&m->cp, config_address[f]) ||
		    !pool_has_family(pool->conf, f))
			continue;
		peer->lease[f] = pool_take(pool, f, &peer->remote_id, peer->id,
					   wish.family ? &wish : NULL);
		if (!peer->lease[f])
			*full = config_family[f];
	}
}

static void config_say_lease(const struct peer *peer, const char *full)
{
	char addr[ADDR_FAMILIES][ADDR_STRLEN];
	bool v4 = peer->lease[0], v6 = peer->lease[1];

	report_log(peer->ike, peer, LOG_INFO, "the peer gets %s%s%s from pool %s%s%s%s",
		   v4 ? addr_str(&peer->lease[0]->addr, addr[0]) : "", v4 && v6 ? " and " : "",
		   v6 ? addr_str(&peer->lease[1]->addr, addr[1]) : "", peer->conf->pool,
		   full ? ", which has no " : "", full ? full : "", full ? " address left" : "");
}

uint16_t config_grant(struct peer *peer, const struct msg *m, struct cause *cause)
{
	struct pool *pool = peer->conf->pool[0] ? pool_find(peer->ike, peer->conf->pool) : NULL;
	const char *full = NULL;

	if (!pool && config_asks_address(m)) {
		cause_set(cause, IKE_FAIL_ADDRESS,
			  "the peer asks for an address, but the tunnel has no pool: add pool = "
			  "\"...\", or let the peer use an address of its own");
		return NOTIFY_INTERNAL_ADDRESS_FAILURE;
	}
	if (!pool)
		return 0;
	if ((peer->lease[0] || (m->cp.type == CP_REQUEST && cp_has(&m->cp, CP_IP4_ADDRESS))) &&
	    !config_assign(peer, pool, cause))
		return NOTIFY_INTERNAL_ADDRESS_FAILURE;
	if ((peer->lease[0] || peer->lease[1]) && !config_asks_address(m))
		return 0;
	if (!config_asks_address(m)) {
		cause_set(cause, IKE_FAIL_ADDRESS,
			  "the peer asks for no address, but the tunnel's peers get theirs from pool "
			  "%s: let it ask for one, or take pool out", peer->conf->pool);
		return NOTIFY_FAILED_CP_REQUIRED;
	}
	config_lease(peer, pool, m, &full);
	if (peer->lease[0] || peer->lease[1]) {
		config_say_lease(peer, full);
		return 0;
	}
	if (full)
		cause_set(cause, IKE_FAIL_ADDRESS,
			  "pool %s is full: all its %s addresses are leased (%u leases); give it "
			  "more addresses", peer->conf->pool, full, pool->lease_count);
	else
		cause_set(cause, IKE_FAIL_ADDRESS,
			  "the peer asks for an %s address, and pool %s has none",
			  config_family[!cp_has(&m->cp, CP_IP4_ADDRESS)], peer->conf->pool);
	return NOTIFY_INTERNAL_ADDRESS_FAILURE;
}

static void config_answer_servers(struct builder *b, const struct msg *m, uint16_t type,
				  unsigned int family, const struct addr *list, unsigned int count)
{
	for (unsigned int i = 0; cp_has(&m->cp, type) && i < count; i++)
		if (addr_index(&list[i]) == family)
			build_cp_addr(b, type, &list[i]);
}

static void config_answer_domains(struct builder *b, const char domains[][TUNNEL_HOST_MAX],
				  unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		build_cp_attr(b, CP_DNS_DOMAIN, domains[i], strlen(domains[i]));
}

static void config_answer_net(struct builder *b, const struct msg *m,
			      const struct internal_net *net)
{
	config_answer_servers(b, m, CP_IP4_DNS, 0, net->dns, net->dns_count);
	config_answer_servers(b, m, CP_IP6_DNS, 1, net->dns, net->dns_count);
	config_answer_servers(b, m, CP_IP4_NBNS, 0, net->nbns, net->nbns_count);
	config_answer_servers(b, m, CP_IP4_DHCP, 0, net->dhcp, net->dhcp_count);
	config_answer_servers(b, m, CP_IP6_DHCP, 1, net->dhcp, net->dhcp_count);
	for (unsigned int i = 0; i < net->subnet_count; i++)
		if (cp_has(&m->cp, addr_index(&net->subnet[i].addr) ? CP_IP6_SUBNET :
								      CP_IP4_SUBNET))
			build_cp_subnet(b, &net->subnet[i]);
	if (cp_has(&m->cp, CP_DNS_DOMAIN))
		config_answer_domains(b, net->domain, net->domain_count);
}

/* Of us, whatever the pool has. INTERNAL_IP6_LINK and _PREFIX are none of them: RFC 5739 3. */
static void config_answer_self(struct builder *b, const struct msg *m)
{
	static const uint8_t supported[] = {
		0, CP_IP4_ADDRESS, 0, CP_IP4_NETMASK, 0, CP_IP4_DNS, 0, CP_IP4_NBNS,
		0, CP_IP4_DHCP, 0, CP_APPLICATION_VERSION, 0, CP_IP6_ADDRESS, 0, CP_IP6_DNS,
		0, CP_IP6_DHCP, 0, CP_IP4_SUBNET, 0, CP_SUPPORTED_ATTRIBUTES, 0, CP_IP6_SUBNET,
		0, CP_DNS_DOMAIN,
	};

	if (cp_has(&m->cp, CP_APPLICATION_VERSION))
		build_cp_attr(b, CP_APPLICATION_VERSION, CONFIG_VERSION, strlen(CONFIG_VERSION));
	if (cp_has(&m->cp, CP_SUPPORTED_ATTRIBUTES))
		build_cp_attr(b, CP_SUPPORTED_ATTRIBUTES, supported, sizeof(supported));
}

void config_answer(struct builder *b, const struct peer *peer, const struct msg *m)
{
	static const struct addr host = { AF_INET, { 255, 255, 255, 255 } };
	const struct lease *lease = NULL;

	if (m->cp.type == CP_SET) {
		build_cp(b, CP_ACK);
		build_payload_end(b);
	}
	if (m->cp.type != CP_REQUEST)
		return;
	build_cp(b, CP_REPLY);
	for (unsigned int f = 0; f < ADDR_FAMILIES; f++) {
		if (!peer->lease[f])
			continue;
		lease = peer->lease[f];
		if (cp_has(&m->cp, config_address[f]))
			build_cp_addr(b, config_address[f], &lease->addr);
	}
	if (peer->lease[0] && cp_has(&m->cp, CP_IP4_NETMASK))
		build_cp_addr(b, CP_IP4_NETMASK, &host);
	if (lease)
		config_answer_net(b, m, &lease->pool->conf->net);
	config_answer_self(b, m);
	build_payload_end(b);
}
