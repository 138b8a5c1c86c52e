// SPDX-License-Identifier: GPL-2.0
#include "esplaned/nl/watch.h"
#include "lib/monotonic.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define WATCH_DELAY_US	50000	/* changes come together: a link, its addresses, its routes */
#define WATCH_SHARE	10	/* of the time, at most one part in so many is spent */

struct watch {
	struct nl_sock *sk;
	struct event *readable, *later;
	uint32_t own_port;	/* of who lays the daemon's routes */
	bool news;		/* since the last call: not only such routes */
	void (*changed)(void *ctx, bool own);
	void *ctx;
	uint64_t next_us;	/* not before */
};

static void watch_on_later(evutil_socket_t fd, short what, void *arg)
{
	uint64_t began = monotonic_us(), ended;
	struct watch *w = arg;
	bool own = !w->news;

	w->news = false;
	w->changed(w->ctx, own);
	ended = monotonic_us();
	w->next_us = ended + (ended - began) * WATCH_SHARE;
}

/* @len: what was received, negative: much was lost. The kernel sends one message at a time. */
static bool watch_is_own(const struct watch *w, const struct nlmsghdr *hdr, ssize_t len)
{
	return len >= (ssize_t)sizeof(*hdr) && hdr->nlmsg_pid == w->own_port &&
	       (hdr->nlmsg_type == RTM_NEWROUTE || hdr->nlmsg_type == RTM_DELROUTE ||
		hdr->nlmsg_type == RTM_NEWRULE || hdr->nlmsg_type == RTM_DELRULE);
}

/* What exactly has changed does not matter: that much was lost (ENOBUFS) does not either. */
static void watch_on_readable(evutil_socket_t fd, short what, void *arg)
{
	uint64_t now = monotonic_us(), wait_us = WATCH_DELAY_US;
	struct watch *w = arg;
	struct nlmsghdr hdr;
	struct timeval tv;
	ssize_t len;

	for (int i = 0; i < 1024; i++) {
		len = recv(fd, &hdr, sizeof(hdr), MSG_DONTWAIT);
		if (len < 0 && errno != ENOBUFS)
			break;
		w->news = w->news || !watch_is_own(w, &hdr, len);
	}
	if (evtimer_pending(w->later, NULL))
		return;
	if (w->next_us > now + wait_us)
		wait_us = w->next_us - now;
	tv = (struct timeval){ .tv_sec = (time_t)(wait_us / 1000000),
			       .tv_usec = (suseconds_t)(wait_us % 1000000) };
	evtimer_add(w->later, &tv);
}

struct watch *watch_new(struct event_base *base, uint32_t own_port,
			void (*changed)(void *ctx, bool own), void *ctx, char why[NLTALK_WHY_MAX])
{
	struct watch *w = calloc(1, sizeof(*w));

	if (!w) {
		snprintf(why, NLTALK_WHY_MAX, "no memory");
		return NULL;
	}
	w->own_port = own_port;
	w->changed = changed;
	w->ctx = ctx;
	w->sk = nltalk_open(NETLINK_ROUTE);
	if (!w->sk || nl_socket_add_memberships(w->sk, RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR,
						RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
						RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE,
						RTNLGRP_IPV6_RULE, 0)) {
		snprintf(why, NLTALK_WHY_MAX, "cannot listen to the host's routes: %s",
			 strerror(errno));
		watch_free(w);
		return NULL;
	}
	w->later = evtimer_new(base, watch_on_later, w);
	w->readable = event_new(base, nl_socket_get_fd(w->sk), EV_READ | EV_PERSIST,
				watch_on_readable, w);
	if (w->later && w->readable && !event_add(w->readable, NULL))
		return w;
	snprintf(why, NLTALK_WHY_MAX, "no memory");
	watch_free(w);
	return NULL;
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	if (w->readable)
		event_free(w->readable);
	if (w->later)
		event_free(w->later);
	if (w->sk)
		nl_socket_free(w->sk);
	free(w);
}
