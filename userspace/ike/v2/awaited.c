// SPDX-License-Identifier: GPL-2.0
#include "ike/v2/awaited.h"

#include <stdlib.h>

#include "ike/object/child.h"
#include "ike/object/child_sa.h"
#include "ike/object/report.h"

static struct awaited *awaited_of(const struct ike_sa *sa)
{
	return sa->awaited;
}

static void awaited_free(struct ike_sa *sa)
{
	struct awaited *a = awaited_of(sa);
	struct child *child = child_find(sa->ike, a->child);
	struct ike_sa *made = a->spi ? sa_find(sa->ike, a->spi) : NULL;

	if (child && a->spi_in)
		pair_spi_free(child, a->spi_in);
	if (made && made->state == SA_NEW)
		sa_end(made, SA_DROP, IKE_FAIL_NONE, "its key exchanges have not come to an end");
	timer_cancel(&sa->ike->timers, &a->timer);
	timers_unreserve(&sa->ike->timers, 1);
	octets_clear(&a->secret);
	followup_clear(&a->f);
	mem_free_wiped(a, sizeof(*a));
	sa->awaited = NULL;
}

static void awaited_over(struct timer *timer)
{
	struct awaited *a = container_of(timer, struct awaited, timer);

	report_log(a->sa->ike, a->sa->peer, LOG_INFO,
		   "the peer has not gone on with its CREATE_CHILD_SA: nothing comes of it");
	awaited_free(a->sa);
}

void awaited_build_link(struct awaited *a, struct builder *b)
{
	struct ike *ike = a->sa->ike;

	ike_random(ike, a->link, sizeof(a->link));
	build_notify(b, NOTIFY_ADDITIONAL_KEY_EXCHANGE, 0, 0, 0, a->link, sizeof(a->link));
	timer_set(&ike->timers, &a->timer, ike_now(ike) + FOLLOWUP_WAIT_MS);
}

struct awaited *awaited_new(struct inbound *in, const struct proposal *suite, struct chunk secret,
			    const struct nonce *nr)
{
	struct v2_inbound *v = v2_inbound(in);
	struct ike_sa *sa = in->sa;
	struct awaited *a;

	if (sa->awaited)
		sa->awaited_free(sa);
	if (!timers_reserve(&sa->ike->timers, 1))
		return NULL;
	a = calloc(1, sizeof(*a));
	if (!a) {
		timers_unreserve(&sa->ike->timers, 1);
		return NULL;
	}
	a->sa = sa;
	a->suite = *suite;
	a->nr = *nr;
	timer_init(&a->timer, awaited_over);
	sa->awaited = a;
	sa->awaited_free = awaited_free;
	if (!followup_keep(&a->f, v, suite) || !octets_set(&a->secret, secret.p, secret.len)) {
		awaited_free(sa);
		return NULL;
	}
	awaited_build_link(a, &v->b);
	return a;
}

struct awaited *awaited_done(const struct ike_sa *sa)
{
	struct awaited *a = awaited_of(sa);

	return a && a->f.at == a->f.count ? a : NULL;
}

bool awaited_is_meant(const struct awaited *a, const struct msg *m)
{
	const struct msg_notify *link = msg_notify(m, NOTIFY_ADDITIONAL_KEY_EXCHANGE);

	return a && link && link->data.left == sizeof(a->link) &&
	       !memcmp(link->data.at, a->link, sizeof(a->link));
}
