/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Jobs under way: what takes time or holds a secret is done outside (env.h). Who began one is
 * called when it ends; one that does not end in JOB_SPAN_MS is given up.
 */
#ifndef IKE_JOB_H
#define IKE_JOB_H

#include "ike/core/engine.h"

#define JOB_SPAN_MS	20000

/* @owner is what job_begin was given. The result lives during the call. */
typedef void (*job_done_fn)(struct ike *ike, void *owner, const struct ike_job_result *result);

/*
 * Begins one for @owner, which forgets it when it goes. Its number, or 0: it cannot begin, @done is
 * not called.
 */
uint32_t job_begin(struct ike *ike, void *owner, job_done_fn done, const struct ike_job *job);
/* The result is no longer wanted. 0 is fine. */
void job_forget(struct ike *ike, uint32_t id);
void job_end(struct ike *ike, uint32_t id, const struct ike_job_result *result);
/* All of them, without a word to their owners: for the end of the engine. */
void jobs_free(struct ike *ike);

#endif
