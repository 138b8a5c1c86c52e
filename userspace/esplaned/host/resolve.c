// SPDX-License-Identifier: GPL-2.0
#include "esplaned/host/resolve.h"

#include <event2/dns.h>
#include <stdio.h>
#include <stdlib.h>

#define RESOLV_CONF	"/etc/resolv.conf"
#define HOSTS		"/etc/hosts"

/*
 * libevent may answer inside evdns_getaddrinfo, and its resolver cannot be freed from its own
 * callback: @done defers both.
 */
struct resolve {
	struct evdns_base *dns;
	struct evdns_getaddrinfo_request *request;	/* NULL: answered */
	struct event *done;
	resolve_fn fn;		/* NULL: cancelled */
	void *ctx;
	struct addr after, addr;
	int err;
};

static void on_done(evutil_socket_t fd, short what, void *arg)
{
	struct resolve *r = arg;

	evdns_base_free(r->dns, 0);
	if (r->fn)
		r->fn(r->ctx, r->err ? NULL : &r->addr,
		      r->err ? evutil_gai_strerror(r->err) : NULL);
	event_free(r->done);
	free(r);
}

bool resolve_pick(const struct evutil_addrinfo *list, const struct addr *after, struct addr *picked)
{
	bool any = false, follows = false, same;
	struct endpoint ep;

	for (; list; list = list->ai_next) {
		if (!endpoint_from_sockaddr(&ep, list->ai_addr))
			continue;
		same = addr_equal(&ep.addr, after);
		if (!any || (follows && !same))
			*picked = ep.addr;
		any = true;
		if (follows && !same)
			break;
		follows |= same;
	}
	return any;
}

static void on_answer(int err, struct evutil_addrinfo *found, void *arg)
{
	struct timeval now = { 0 };
	struct resolve *r = arg;

	r->request = NULL;
	r->err = err;
	if (!err && !resolve_pick(found, &r->after, &r->addr))
		r->err = EVUTIL_EAI_NODATA;
	if (found)
		evutil_freeaddrinfo(found);
	evtimer_add(r->done, &now);
}

static struct evdns_base *dns_new(struct event_base *base)
{
	const int what = DNS_OPTION_SEARCH | DNS_OPTION_NAMESERVERS | DNS_OPTION_MISC;
	struct evdns_base *dns = evdns_base_new(base, 0);

	if (!dns)
		return NULL;
	/*
	 * Errors mean no servers: the host may still be in /etc/hosts, and the query fails by
	 * itself otherwise.
	 */
	if (evdns_base_resolv_conf_parse(dns, what, RESOLV_CONF))
		evdns_base_search_clear(dns);
	evdns_base_load_hosts(dns, HOSTS);
	evdns_base_set_option(dns, "timeout:", "3");
	evdns_base_set_option(dns, "attempts:", "3");
	return dns;
}

struct resolve *resolve_start(struct event_base *base, const char *name, const struct addr *after,
			      resolve_fn fn, void *ctx)
{
	struct evutil_addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_DGRAM };
	struct resolve *r = calloc(1, sizeof(*r));
	struct evdns_getaddrinfo_request *request;

	if (!r)
		return NULL;
	r->fn = fn;
	r->ctx = ctx;
	r->after = *after;
	r->err = -1;
	r->dns = dns_new(base);
	r->done = evtimer_new(base, on_done, r);
	if (!r->dns || !r->done) {
		if (r->dns)
			evdns_base_free(r->dns, 0);
		if (r->done)
			event_free(r->done);
		free(r);
		return NULL;
	}
	/* NULL: answered already, perhaps from /etc/hosts. */
	request = evdns_getaddrinfo(r->dns, name, NULL, &hints, on_answer, r);
	if (request)
		r->request = request;
	return r;
}

void resolve_cancel(struct resolve *r)
{
	if (!r)
		return;
	r->fn = NULL;
	if (r->request)
		evdns_getaddrinfo_cancel(r->request);
}
