/* SPDX-License-Identifier: GPL-2.0 */
/*
 * EAP passed through to RADIUS servers, RFC 3579: requests are made here, sent again, and their
 * answers awaited; what proves them is made and checked by the process with the secret.
 */
#ifndef ESPLANED_RADIUS_H
#define ESPLANED_RADIUS_H

#include "esplaned/core/state.h"

/* Conversations that go on at the same time. Each has at most 32 KiB. */
#define RADIUS_TALKS_MAX	256
/* Milliseconds in which a request has to be answered, by whichever server: see JOB_SPAN_MS. */
#define RADIUS_SPAN_MS		18000
/* The first wait is this part of it, each one after it twice the one before. */
#define RADIUS_FIRST		18

/* env.job of IKE_JOB_RADIUS. */
bool radius_step(struct daemon *d, uint32_t job, const struct ike_job *what);
/* env.forget; one that is not ours is fine. */
void radius_forget(struct daemon *d, uint32_t conversation);
/* An answer of the process with the secret (keys/keys.h). */
void radius_proved(void *ctx, uint32_t job, const char *why, struct chunk out);
/* From now on the engine hears of none of them. */
void radius_close(struct daemon *d);

#endif
