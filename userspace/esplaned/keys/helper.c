// SPDX-License-Identifier: GPL-2.0
#include "esplaned/keys/helper.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "esplaned/keys/link.h"
#include "esplaned/keys/sandbox.h"
#include "lib/log.h"
#include "lib/monotonic.h"

#define HELPER_FD		3
#define HELPER_WAIT_MAX_S	60

static void helper_run(const struct helper *h, pid_t parent, const sigset_t *mask)
	__attribute__((noreturn));

/* It ends when network has ended, or the supervisor. */
static void helper_run(const struct helper *h, pid_t parent, const sigset_t *mask)
{
	sandbox_end_with(parent);
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigprocmask(SIG_SETMASK, mask, NULL);
	if (h->link != HELPER_FD && dup2(h->link, HELPER_FD) < 0)
		_exit(1);
	closefrom(HELPER_FD + 1);
	if (!sandbox_fetcher())
		_exit(1);
	_exit(h->run(HELPER_FD));
}

/* Without a body. False: there is nobody, or no room. */
static bool helper_say(const struct helper *h, enum link_kind kind)
{
	uint8_t msg[1];
	struct writer w = writer_of(msg, sizeof(msg));

	writer_u8(&w, (uint8_t)kind);
	return link_send(h->link, &w, false);
}

/* What was asked of the one before: who has asked knows by now that it is lost. */
static void helper_drain(const struct helper *h)
{
	uint8_t *msg = malloc(LINK_MAX);

	while (msg && link_recv(h->link, msg, false) > 0)
		;
	free(msg);
}

static void helper_later(struct helper *h)
{
	h->wait_s = !h->wait_s ? 1 : h->wait_s * 2;
	if (h->wait_s > HELPER_WAIT_MAX_S)
		h->wait_s = HELPER_WAIT_MAX_S;
	h->due_ms = monotonic_ms() + h->wait_s * 1000;
}

bool helper_begin(struct helper *h, const sigset_t *mask, void (*forget)(void *ctx), void *ctx)
{
	pid_t parent = getpid(), pid;

	if (h->began_ms) {
		helper_drain(h);
		if (!helper_say(h, LINK_FETCH_BACK)) {
			helper_later(h);
			return false;
		}
	}
	h->began_ms = monotonic_ms();
	pid = fork();
	if (!pid) {
		forget(ctx);
		helper_run(h, parent, mask);
	}
	if (pid > 0) {
		h->pid = pid;
		return true;
	}
	helper_say(h, LINK_FETCH_LOST);
	helper_later(h);
	return false;
}

bool helper_reaped(struct helper *h, pid_t pid, int status)
{
	if (!h->pid || pid != h->pid)
		return false;
	h->pid = 0;
	if (monotonic_ms() - h->began_ms > HELPER_WAIT_MAX_S * 1000)
		h->wait_s = 0;
	helper_later(h);
	if (!helper_say(h, LINK_FETCH_LOST))
		return true;		/* network has ended, too */
	if (WIFSIGNALED(status))
		log_err("the process that %s was ended by signal %d: it is begun again in %u s",
			h->what, WTERMSIG(status), h->wait_s);
	else
		log_err("the process that %s has ended: it is begun again in %u s", h->what,
			h->wait_s);
	return true;
}

int helper_wait(const struct helper *h)
{
	uint64_t now = monotonic_ms();

	return h->pid ? -1 : h->due_ms > now ? (int)(h->due_ms - now) : 0;
}
