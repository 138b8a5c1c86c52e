/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Conversations of EAP that have a state outside of the engine: TLS (crypto/tls.h). What a peer has
 * sent is read here, without a secret; signatures come from the process with the key.
 */
#ifndef ESPLANED_TALKS_H
#define ESPLANED_TALKS_H

#include "esplaned/core/state.h"

/*
 * That go on at the same time. Each has about 100 KiB. Where there are so many a new one takes the
 * place of the oldest of a stranger's that we wait for: who goes on is not kept out by who does
 * not.
 */
#define TALKS_MAX	128

/* env.job of IKE_JOB_TLS. */
bool talks_step(struct daemon *d, uint32_t job, const struct ike_job *what);
/* env.forget */
void talks_forget(struct daemon *d, uint32_t conversation);
/* An answer of the process with the key (keys/keys.h). */
void talks_signed(void *ctx, uint32_t job, const char *why, struct chunk signature);
/* From now on the engine hears of none of them. */
void talks_close(struct daemon *d);

#endif
