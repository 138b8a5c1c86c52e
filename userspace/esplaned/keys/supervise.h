/* SPDX-License-Identifier: GPL-2.0 */
/* The first process: it waits for the others (keys.h). */
#ifndef ESPLANED_SUPERVISE_H
#define ESPLANED_SUPERVISE_H

#include <signal.h>
#include "esplaned/keys/helper.h"
#include "esplaned/keys/keys.h"

struct supervise {
	const struct keys_setup *setup;
	pid_t network, secrets;
	struct helper fetcher, dnssec;
	sigset_t mask;			/* of what is begun */
	int ready;			/* readable when network is ready or gone */
	int link;			/* to secrets */
	int pid_fd;			/* of the pid file; -1: none */
	bool pid_made;			/* it was not there before */
	struct ledger *ledger;
};

/* SIGTERM, SIGINT, SIGUSR1, SIGHUP, SIGCHLD: to be blocked before the processes are made. */
void supervise_signals(sigset_t *set);
/* Opens the pid file and leaves its contents alone. False: logged. */
bool supervise_pid_open(struct supervise *s, const char *path);
/* Removes it, if it was not there before. */
void supervise_pid_drop(struct supervise *s);
/* Until all have ended. Returns the daemon's exit status. */
int supervise_run(struct supervise *s);

#endif
