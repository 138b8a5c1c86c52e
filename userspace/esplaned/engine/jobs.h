/* SPDX-License-Identifier: GPL-2.0 */
/* What the engine has done outside: names looked up, MACs with a secret. */
#ifndef ESPLANED_JOBS_H
#define ESPLANED_JOBS_H

#include "esplaned/core/state.h"

/* env.job */
bool jobs_begin(struct daemon *d, uint32_t id, const struct ike_job *job);
/* The answer of the process with the secrets (keys/keys.h). */
void jobs_mac_done(void *ctx, uint32_t job, const char *why, struct chunk mac);
/* From now on the engine hears of none of them. */
void jobs_cancel(struct daemon *d);

#endif
