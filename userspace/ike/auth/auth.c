// SPDX-License-Identifier: GPL-2.0
#include "ike/auth/auth.h"

#include <stdlib.h>

#include "ike/core/job.h"

void auth_free(struct auth_session *s)
{
	if (!s)
		return;
	job_forget(s->sa->ike, s->job);
	if (s->method->free)
		s->method->free(s);
	octets_clear(&s->covered);
	mem_free_wiped(s, sizeof(*s));
}

void auth_end(struct ike_sa *sa, bool prover)
{
	struct auth_session *s = sa->auth[prover];

	sa->auth[prover] = NULL;
	auth_free(s);
}

struct auth_session *auth_begin(struct ike_sa *sa, uint32_t tunnel, const struct auth_ops *method,
				bool prover, struct octets *covered)
{
	struct auth_session *s = calloc(1, sizeof(*s));

	auth_end(sa, prover);
	if (!s) {
		octets_clear(covered);
		return NULL;
	}
	s->sa = sa;
	s->method = method;
	s->tunnel = tunnel;
	s->prover = prover;
	s->covered = *covered;
	*covered = (struct octets){0};
	sa->auth[prover] = s;
	return s;
}

enum auth_state auth_step(struct auth_session *s, struct chunk input)
{
	s->out_len = 0;
	return s->method->step(s, input);
}

static void auth_take_mac(struct auth_session *s, const struct ike_job_result *result)
{
	if (result->mac.len == prf_len(s->sa->prf))
		memcpy(s->mac, result->mac.p, result->mac.len);
	else
		snprintf(s->why, sizeof(s->why), "its result has the wrong length");
}

static void auth_job_done(struct ike *ike, void *owner, const struct ike_job_result *result)
{
	struct auth_session *s = owner;

	s->job = 0;
	s->job_ended = true;
	if (result->why)
		snprintf(s->why, sizeof(s->why), "%s", result->why);
	else if (s->method->take)
		s->method->take(s, result);
	else
		auth_take_mac(s, result);
	if (s->in)
		inbound_resume(s->in);
	else if (s->ex)
		exchange_continue(s->ex);
}

bool auth_job(struct auth_session *s, const struct ike_job *job)
{
	s->job_ended = false;
	s->why[0] = '\0';
	s->job = job_begin(s->sa->ike, s, auth_job_done, job);
	return s->job;
}
