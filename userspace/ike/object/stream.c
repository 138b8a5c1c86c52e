// SPDX-License-Identifier: GPL-2.0
#include "ike/object/stream.h"

#include <stdlib.h>

#include "ike/object/peer.h"
#include "ike/object/report.h"
#include "ike/object/touch.h"

struct stream {
	UT_hash_handle hh;
	uint64_t id;
	unsigned int users;
	bool kept;			/* the outer world knows that its peer has proved itself */
};

static struct stream *stream_find(const struct ike *ike, uint64_t id)
{
	struct stream *s;

	HASH_FIND(hh, ike->streams, &id, sizeof(id), s);
	return s;
}

static struct stream *stream_add(struct ike *ike, uint64_t id)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->id = id;
	HASH_ADD(hh, ike->streams, id, sizeof(s->id), s);
	if (hash_added(hh, s))
		return s;
	free(s);
	return NULL;
}

static void stream_del(struct ike *ike, struct stream *s)
{
	HASH_DEL(ike->streams, s);
	free(s);
}

void streams_free(struct ike *ike)
{
	struct stream *s, *next;

	HASH_ITER(hh, ike->streams, s, next)
		stream_del(ike, s);
}

static void stream_leave(struct ike_sa *sa)
{
	struct stream *s = stream_find(sa->ike, sa->stream);
	const struct ike_env *env = &sa->ike->env;

	sa->stream = 0;
	if (!s || --s->users)
		return;
	env->hang_up(env->ctx, s->id);
	stream_del(sa->ike, s);
}

void stream_settle(struct ike_sa *sa)
{
	uint64_t now = sa->state == SA_DEAD ? 0 : sa->remote.stream;
	const struct ike_env *env = &sa->ike->env;
	struct stream *s;

	if (!now && !sa->stream)
		return;
	if (sa->stream && sa->stream != now)
		stream_leave(sa);
	s = stream_find(sa->ike, now);
	if (!sa->stream && now) {
		if (!s && !sa->dials)	/* one of ours is there since it was dialled */
			s = stream_add(sa->ike, now);
		if (s) {
			s->users++;
			sa->stream = now;
		}
	}
	if (s && !s->kept && !sa->dials && sa->state == SA_ESTABLISHED) {
		s->kept = true;
		env->keep(env->ctx, now);
	}
}

bool stream_enter(struct ike_sa *sa)
{
	stream_settle(sa);
	return !sa->remote.stream || sa->stream;
}

bool stream_refuses_child(const struct ike_sa *sa, struct cause *cause)
{
	if (!sa->remote.stream)
		return false;
	cause_set(cause, IKE_FAIL_TCP,
		  "the IKE SA goes over TCP, and the kernel module cannot carry ESP in TCP: no child is possible until UDP 500 and 4500 pass");
	return true;
}

bool stream_dial(struct ike_sa *sa, char why[IKE_WHY_MAX])
{
	const struct ike_env *env = &sa->ike->env;
	struct endpoint local = { .addr = sa->local.addr },
			remote = { .addr = sa->remote.addr, .port = sa->remote.port };
	uint64_t id;

	sa->dialed_ms = ike_now(sa->ike);
	if (sa->peer && !sa->peer->conf->local.family)
		env->source_for(env->ctx, &remote.addr, sa->mark, &local.addr);
	id = env->dial(env->ctx, &local, &remote, sa->mark, why);
	if (!id)
		return false;
	if (!stream_add(sa->ike, id)) {
		snprintf(why, IKE_WHY_MAX, "no memory");
		env->hang_up(env->ctx, id);
		return false;
	}
	sa->dials = true;
	sa->local = local;
	sa->remote.stream = id;
	stream_settle(sa);
	return true;
}

bool stream_is_there(const struct ike_sa *sa)
{
	return stream_find(sa->ike, sa->remote.stream);
}

struct ike_sa *stream_sa(const struct ike *ike, uint64_t id)
{
	struct ike_sa *sa;

	if (!id || !stream_find(ike, id))
		return NULL;
	TAILQ_FOREACH(sa, &ike->sas, link)
		if (sa->remote.stream == id && sa->state >= SA_INIT_SENT &&
		    sa->state <= SA_ESTABLISHED)
			return sa;
	return NULL;
}

bool stream_is_gone(const struct ike *ike, uint64_t id)
{
	return id && !stream_find(ike, id);
}

bool stream_ready(struct ike_sa *sa)
{
	char why[IKE_WHY_MAX];

	if (!sa->dials || !sa->remote.stream || stream_is_there(sa))
		return true;
	return ike_now(sa->ike) - sa->dialed_ms >= STREAM_REDIAL_MS && stream_dial(sa, why);
}

void stream_follow(struct ike_sa *sa, const struct endpoint *local, const struct endpoint *remote)
{
	char text[ADDR_STRLEN];

	if (sa->dials || !sa->remote.stream || !remote->stream ||
	    sa->remote.stream == remote->stream)
		return;
	/* not counted it would be a stranger's still: the next request may find memory */
	if (!stream_find(sa->ike, remote->stream) && !stream_add(sa->ike, remote->stream))
		return;
	report_log(sa->ike, sa->peer, LOG_INFO, "the peer comes by another TCP connection, from %s",
		   endpoint_str(remote, text));
	sa->local = *local;
	sa->remote = *remote;
	sa->hurry = true;	/* what went by the other one may be lost */
	sa_touch(sa);
}

/* We have opened it: what is asked meanwhile opens another. */
static void stream_lost(struct ike_sa *sa, const char *why)
{
	char peer[ADDR_STRLEN], text[IKE_DETAIL_MAX];

	if (sa->state == SA_INIT_SENT) {
		snprintf(text, sizeof(text), "no TCP connection with %s: %s",
			 endpoint_str(&sa->remote, peer), why);
		sa_end(sa, SA_DROP, IKE_FAIL_TIMEOUT, text);
	} else if (sa->state == SA_ESTABLISHED && !sa->exchange_count) {
		sa->want_liveness = true;
	}
	sa_touch(sa);
}

void stream_gone(struct ike *ike, uint64_t id, const char *why)
{
	struct stream *s = stream_find(ike, id);
	char peer[ADDR_STRLEN];
	struct ike_sa *sa;

	if (!s)
		return;
	stream_del(ike, s);
	TAILQ_FOREACH(sa, &ike->sas, link) {
		if (sa->remote.stream != id)
			continue;
		if (!sa->stranger)
			report_log(ike, sa->peer, LOG_INFO, "TCP connection with %s: %s",
				   endpoint_str(&sa->remote, peer), why);
		if (sa->dials)
			stream_lost(sa, why);
	}
}
