// SPDX-License-Identifier: GPL-2.0
#include "esplaned/host/resolve.h"

#include <event2/dns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* libevent's resolver, which cannot be freed while it works or calls back. */
struct resolve_dns {
	struct evdns_base *base;
	unsigned int users;
	bool stale;			/* to be freed when the last one has gone */
};

struct resolver {
	struct event_base *base;
	const char *conf, *hosts;
	struct timeval patience;
	struct resolve_dns *dns;	/* for the next one; NULL: to be made */
	struct stat conf_was, hosts_was;	/* when it was made */
	struct resolve *first;
	unsigned int busy;		/* look-ups that somebody waits for */
	resolve_reach_fn reach;
	void *ctx;
};

/*
 * One look-up. It lives until its function has been called or cancelled, and libevent has answered:
 * what it owes an answer to cannot be freed.
 */
struct resolve {
	struct resolve *next, **at;
	struct resolver *resolver;
	struct resolve_dns *dns;
	struct evdns_getaddrinfo_request *request;
	bool asked;			/* libevent still owes its answer */
	bool over;			/* nobody waits for it */
	struct event *timer;		/* the patience; or at once, when it is answered */
	resolve_fn fn;
	void *ctx;
	char name[TUNNEL_HOST_MAX];
	struct addr addrs[IKE_JOB_ADDRS_MAX];
	unsigned int count;
	int err;
};

static bool resolve_file_changed(const char *path, struct stat *was)
{
	struct stat now;

	if (stat(path, &now))
		memset(&now, 0, sizeof(now));
	if (now.st_ino == was->st_ino && now.st_dev == was->st_dev &&
	    now.st_size == was->st_size && now.st_mtim.tv_sec == was->st_mtim.tv_sec &&
	    now.st_mtim.tv_nsec == was->st_mtim.tv_nsec)
		return false;
	*was = now;
	return true;
}

static struct resolve_dns *resolve_dns_new(struct resolver *r)
{
	const int what = DNS_OPTION_SEARCH | DNS_OPTION_NAMESERVERS | DNS_OPTION_MISC;
	struct resolve_dns *dns = calloc(1, sizeof(*dns));

	if (!dns)
		return NULL;
	dns->base = evdns_base_new(r->base, 0);
	if (!dns->base) {
		free(dns);
		return NULL;
	}
	/* An error means no file: the host may still be in the other one. */
	if (evdns_base_resolv_conf_parse(dns->base, what, r->conf))
		evdns_base_search_clear(dns->base);
	evdns_base_load_hosts(dns->base, r->hosts);
	evdns_base_set_option(dns->base, "timeout:", "2");
	evdns_base_set_option(dns->base, "attempts:", "4");
	/* A name without an answer must not keep others waiting. */
	evdns_base_set_option(dns->base, "max-inflight:", "4096");
	return dns;
}

static void resolve_dns_put(struct resolve_dns *dns)
{
	if (dns->users || !dns->stale)
		return;
	evdns_base_free(dns->base, 0);
	free(dns);
}

void resolver_renew(struct resolver *r)
{
	struct resolve_dns *dns = r->dns;

	if (!dns)
		return;
	r->dns = NULL;
	dns->stale = true;
	resolve_dns_put(dns);
}

/* The one to ask now. Without a server, as sockets ran out, it is not kept. */
static struct resolve_dns *resolve_dns(struct resolver *r)
{
	bool conf = resolve_file_changed(r->conf, &r->conf_was),
	     hosts = resolve_file_changed(r->hosts, &r->hosts_was);

	if (conf || hosts || (r->dns && !evdns_base_count_nameservers(r->dns->base)))
		resolver_renew(r);
	if (!r->dns)
		r->dns = resolve_dns_new(r);
	return r->dns;
}

/* The name servers become reachable before they are asked. */
static void resolve_begin(struct resolve *q)
{
	struct addr servers[RESOLVE_SERVERS_MAX];
	struct resolver *r = q->resolver;
	struct sockaddr_storage ss;
	unsigned int count = 0;
	struct endpoint ep;

	if (r->busy++ || !r->reach)
		return;
	for (int i = 0; i < evdns_base_count_nameservers(q->dns->base); i++) {
		if (count < RESOLVE_SERVERS_MAX &&
		    evdns_base_get_nameserver_addr(q->dns->base, i, (struct sockaddr *)&ss,
						   sizeof(ss)) > 0 &&
		    endpoint_from_sockaddr(&ep, (struct sockaddr *)&ss))
			servers[count++] = ep.addr;
	}
	r->reach(r->ctx, servers, count);
}

/* Nobody waits for @q any more. */
static void resolve_end(struct resolve *q)
{
	struct resolver *r = q->resolver;

	q->over = true;
	if (!--r->busy && r->reach)
		r->reach(r->ctx, NULL, 0);
}

struct resolver *resolver_new(struct event_base *base, const char *conf, const char *hosts,
			      unsigned int patience_ms, resolve_reach_fn reach, void *ctx)
{
	struct resolver *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->base = base;
	r->conf = conf;
	r->hosts = hosts;
	r->reach = reach;
	r->ctx = ctx;
	r->patience.tv_sec = patience_ms / 1000;
	r->patience.tv_usec = patience_ms % 1000 * 1000;
	return r;
}

/* Not from libevent's callback, where its resolver may still be at work. */
static void resolve_free(struct resolve *q)
{
	*q->at = q->next;
	if (q->next)
		q->next->at = q->at;
	q->dns->users--;
	resolve_dns_put(q->dns);
	event_free(q->timer);
	free(q);
}

void resolver_free(struct resolver *r)
{
	if (!r)
		return;
	while (r->first)
		resolve_free(r->first);
	resolver_renew(r);
	free(r);
}

static const char *resolve_why(const struct resolve *q)
{
	switch (q->err) {
	case EVUTIL_EAI_NONAME:
		return "there is no such name";
	case EVUTIL_EAI_NODATA:
	case EVUTIL_EAI_ADDRFAMILY:
		return "it has no address";
	case EVUTIL_EAI_MEMORY:
		return "no memory";
	default:
		return "the name servers failed, or know no address of it";
	}
}

/* Answered, out of patience, or only to be freed. */
static void resolve_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct resolve *q = arg;
	bool late = q->asked && !q->over, no_server;
	char why[IKE_WHY_MAX];

	if (!late) {
		if (!q->over) {
			snprintf(why, sizeof(why), "%.180s cannot be resolved: %s", q->name,
				 resolve_why(q));
			resolve_end(q);
			q->fn(q->ctx, q->addrs, q->count, q->count ? NULL : why);
		}
		if (!q->asked)
			resolve_free(q);
		return;
	}
	no_server = !evdns_base_count_nameservers(q->dns->base);
	if (no_server)
		snprintf(why, sizeof(why), "%.180s cannot be resolved: no socket to a name server",
			 q->name);
	else
		snprintf(why, sizeof(why),
			 "%.180s cannot be resolved: no name server answered within %u seconds",
			 q->name, (unsigned int)q->resolver->patience.tv_sec);
	resolve_end(q);
	evdns_getaddrinfo_cancel(q->request);	/* calls back later */
	q->fn(q->ctx, NULL, 0, why);
}

static void resolve_on_answer(int err, struct evutil_addrinfo *found, void *arg)
{
	struct timeval now = { 0 };
	struct resolve *q = arg;
	struct endpoint ep;

	q->asked = false;
	q->request = NULL;
	q->err = err;
	for (struct evutil_addrinfo *ai = found; ai && q->count < IKE_JOB_ADDRS_MAX;
	     ai = ai->ai_next) {
		unsigned int i = 0;

		if (!endpoint_from_sockaddr(&ep, ai->ai_addr))
			continue;
		while (i < q->count && !addr_equal(&q->addrs[i], &ep.addr))
			i++;	/* the hosts file may say one twice */
		q->addrs[i] = ep.addr;
		q->count += i == q->count;
	}
	if (!err && !q->count)
		q->err = EVUTIL_EAI_NODATA;
	if (found)
		evutil_freeaddrinfo(found);
	evtimer_add(q->timer, &now);
}

static struct resolve *resolve_new(struct resolver *r, const char *name)
{
	struct resolve *q = calloc(1, sizeof(*q));

	if (!q)
		return NULL;
	snprintf(q->name, sizeof(q->name), "%s", name);
	q->resolver = r;
	q->timer = evtimer_new(r->base, resolve_on_timer, q);
	q->dns = resolve_dns(r);
	if (!q->timer || !q->dns) {
		if (q->timer)
			event_free(q->timer);
		free(q);
		return NULL;
	}
	q->dns->users++;
	q->next = r->first;
	q->at = &r->first;
	if (q->next)
		q->next->at = &q->next;
	r->first = q;
	return q;
}

struct resolve *resolve_start(struct resolver *r, const char *name, resolve_fn fn, void *ctx)
{
	struct evutil_addrinfo hints = {
		.ai_flags = EVUTIL_AI_ADDRCONFIG, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM,
	};
	struct evdns_getaddrinfo_request *request;
	struct resolve *q = resolve_new(r, name);
	struct timeval now = { 0 };

	if (!q)
		return NULL;
	q->fn = fn;
	q->ctx = ctx;
	q->asked = true;
	resolve_begin(q);
	evtimer_add(q->timer, &r->patience);
	/* NULL: answered already, perhaps from the hosts file. */
	request = evdns_getaddrinfo(q->dns->base, q->name, NULL, &hints, resolve_on_answer, q);
	if (!q->asked)
		return q;
	q->request = request;
	if (!evdns_base_count_nameservers(q->dns->base))	/* it would wait for nothing */
		evtimer_add(q->timer, &now);
	return q;
}

void resolve_cancel(struct resolve *q)
{
	if (!q || q->over)
		return;
	resolve_end(q);
	if (q->asked)
		evdns_getaddrinfo_cancel(q->request);
}
