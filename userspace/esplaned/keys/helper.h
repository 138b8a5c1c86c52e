/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A process that works for the network's, and holds no secret: the fetcher, the one that asks
 * DNSSEC. The supervisor begins it, and again when it has ended, 1 to 60 s later. It keeps that end
 * of the link which is the process's, and tells the network's what is lost (fetch.h).
 */
#ifndef ESPLANED_HELPER_H
#define ESPLANED_HELPER_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct helper {
	const char *what;		/* it does, "fetches revocation lists" */
	int (*run)(int link);		/* returns the exit status */
	int link;			/* its end */
	pid_t pid;			/* 0: it does not run */
	uint64_t began_ms, due_ms;	/* when it was begun; when it is to be begun again */
	unsigned int wait_s;		/* the last wait */
};

/* Of this process it is a child, with @mask. @forget: what it is not to know goes. False: errno. */
bool helper_begin(struct helper *h, const sigset_t *mask, void (*forget)(void *ctx), void *ctx);
/* A child of this process has ended; false: another one. */
bool helper_reaped(struct helper *h, pid_t pid, int status);
/* Milliseconds until it is to be begun again; -1: it runs. */
int helper_wait(const struct helper *h);

#endif
