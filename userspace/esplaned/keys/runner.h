/* SPDX-License-Identifier: GPL-2.0 */
/* Scripts: run one after the other for each group, with a time limit. */
#ifndef ESPLANED_RUNNER_H
#define ESPLANED_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct runner;

/* @why: "" or one sentence: what went wrong. */
typedef void (*runner_done_fn)(void *ctx, uint32_t id, const char *why);

/* NULL: no memory. */
struct runner *runner_new(runner_done_fn done, void *ctx);
/* Kills what runs. NULL is fine. */
void runner_free(struct runner *r);
/* A LINK_RUN message (link.h). False: it is malformed. */
bool runner_input(struct runner *r, const uint8_t *msg, size_t len);
/* A child of this process has ended; false: it was no script. */
bool runner_reaped(struct runner *r, pid_t pid, int status);
/* Kills those whose time is over. Returns milliseconds to the next call; -1: none is due. */
int runner_tick(struct runner *r);
bool runner_idle(const struct runner *r);

#endif
