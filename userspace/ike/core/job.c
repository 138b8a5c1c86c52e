// SPDX-License-Identifier: GPL-2.0
#include "ike/core/job.h"

#include <stdlib.h>

#include "lib/hash.h"

struct job {
	UT_hash_handle hh;
	struct ike *ike;
	uint32_t id;
	void *owner;
	job_done_fn done;
	struct timer patience;
};

static struct job *job_find(struct ike *ike, uint32_t id)
{
	struct job *job;

	HASH_FIND(hh, ike->job_by_id, &id, sizeof(id), job);
	return job;
}

static uint32_t job_next_id(struct ike *ike)
{
	do
		ike->last_job++;
	while (!ike->last_job || job_find(ike, ike->last_job));
	return ike->last_job;
}

static void job_free(struct ike *ike, struct job *job)
{
	timer_cancel(&ike->timers, &job->patience);
	timers_unreserve(&ike->timers, 1);
	if (hash_added(hh, job))
		HASH_DEL(ike->job_by_id, job);
	free(job);
}

static void job_given_up(struct timer *timer)
{
	static const struct ike_job_result late = {
		.why = "it was not done in 20 s",
	};
	struct job *job = container_of(timer, struct job, patience);

	job_end(job->ike, job->id, &late);
}

uint32_t job_begin(struct ike *ike, void *owner, job_done_fn done, const struct ike_job *what)
{
	struct job *job;

	if (!timers_reserve(&ike->timers, 1))
		return 0;
	job = calloc(1, sizeof(*job));
	if (!job) {
		timers_unreserve(&ike->timers, 1);
		return 0;
	}
	job->ike = ike;
	job->id = job_next_id(ike);
	job->owner = owner;
	job->done = done;
	timer_init(&job->patience, job_given_up);
	timer_set(&ike->timers, &job->patience, ike_now(ike) + JOB_SPAN_MS);
	HASH_ADD(hh, ike->job_by_id, id, sizeof(job->id), job);
	if (!hash_added(hh, job) || !ike->env.job(ike->env.ctx, job->id, what)) {
		job_free(ike, job);
		return 0;
	}
	return job->id;
}

void job_forget(struct ike *ike, uint32_t id)
{
	struct job *job = job_find(ike, id);

	if (job)
		job_free(ike, job);
}

void job_end(struct ike *ike, uint32_t id, const struct ike_job_result *result)
{
	struct job *job = job_find(ike, id);
	job_done_fn done;
	void *owner;

	if (!job)
		return;
	done = job->done;
	owner = job->owner;
	job_free(ike, job);
	done(ike, owner, result);
}

void jobs_free(struct ike *ike)
{
	struct job *job, *next;

	HASH_ITER(hh, ike->job_by_id, job, next)
		job_free(ike, job);
}
