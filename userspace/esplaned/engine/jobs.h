/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the engine has done outside: names looked up, MACs and signatures with a secret, and the
 * peers' signatures and certificates verified, which takes milliseconds and needs no secret.
 */
#ifndef ESPLANED_JOBS_H
#define ESPLANED_JOBS_H

#include "esplaned/core/state.h"

/* env.job */
bool jobs_begin(struct daemon *d, uint32_t id, const struct ike_job *job);
/* The answers of the process with the secrets (keys/keys.h). */
void jobs_mac_done(void *ctx, uint32_t job, const char *why, struct chunk mac);
void jobs_sign_done(void *ctx, uint32_t job, const char *why, uint8_t method, struct chunk auth);
void jobs_eap_done(void *ctx, uint32_t job, const char *why, struct chunk out);
/* From now on the engine hears of none of them. */
void jobs_cancel(struct daemon *d);

#endif
