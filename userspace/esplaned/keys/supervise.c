// SPDX-License-Identifier: GPL-2.0
#include "esplaned/keys/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "esplaned/conf/pack.h"
#include "esplaned/keys/dns.h"
#include "esplaned/keys/link.h"
#include "esplaned/keys/runner.h"
#include "lib/log.h"
#include "lib/monotonic.h"

#define SUPERVISE_PATIENCE_MS	3000	/* for network to notice that secrets has ended */

/* What supervise_run works on. */
struct watch {
	struct supervise *s;
	struct runner *runner;
	struct dns *dns;
	int signals;			/* signalfd */
	bool ready;
	int status;			/* of network */
	uint64_t patience_ms;		/* until then network may go on without secrets */
	uint8_t in[LINK_MAX], out[LINK_MAX];
};

void supervise_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGUSR1);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGCHLD);
}

bool supervise_pid_open(struct supervise *s, const char *path)
{
	const int flags = O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

	s->pid_fd = -1;
	s->pid_made = false;
	if (!path)
		return true;
	s->pid_fd = open(path, flags | O_CREAT | O_EXCL, 0644);
	s->pid_made = s->pid_fd >= 0;
	if (s->pid_fd < 0 && errno == EEXIST)
		s->pid_fd = open(path, flags);
	if (s->pid_fd < 0)
		log_err("cannot write %s: %s", path, strerror(errno));
	return s->pid_fd >= 0;
}

void supervise_pid_drop(struct supervise *s)
{
	if (s->pid_fd < 0)
		return;
	close(s->pid_fd);
	s->pid_fd = -1;
	if (s->pid_made)
		unlink(s->setup->pid_file);
}

/* sd_notify(3), whose whole protocol is one datagram. */
static void supervise_tell(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	size_t len = path ? strlen(path) : 0;
	int fd;

	if (len < 2 || len >= sizeof(sun.sun_path))
		return;
	memcpy(sun.sun_path, path, len);
	if (path[0] == '@')
		sun.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&sun,
		   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		log_warn("cannot notify %s: %s", path, strerror(errno));
	close(fd);
}

static bool supervise_pid_write(struct supervise *s)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	if (s->pid_fd < 0)
		return true;
	/* From here on the file is this daemon's. */
	s->pid_made = true;
	if (!ftruncate(s->pid_fd, 0) && pwrite(s->pid_fd, text, (size_t)len, 0) == len)
		return true;
	log_err("cannot write %s: %s", s->setup->pid_file, strerror(errno));
	return false;
}

/* Network has said so, or its end of the pipe is gone. */
static void supervise_on_ready(struct watch *w)
{
	struct supervise *s = w->s;
	int waiting = s->setup->ready;
	char octet;

	w->ready = read(s->ready, &octet, 1) == 1;
	close(s->ready);
	s->ready = -1;
	if (!w->ready)
		return;
	if (!supervise_pid_write(s)) {
		kill(s->network, SIGTERM);
		return;
	}
	supervise_tell("READY=1");
	if (waiting >= 0 && (write(waiting, "", 1) != 1 || close(waiting)))
		log_warn("cannot tell the caller that we are ready: %s", strerror(errno));
}

static void supervise_on_ended(struct watch *w, pid_t pid, int status)
{
	struct supervise *s = w->s;

	if (pid == s->network) {
		s->network = 0;
		w->status = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
		if (WIFSIGNALED(status))
			log_err("the process that speaks IKE was ended by signal %d: the tunnels "
				"stay "
				"on their keys",
				WTERMSIG(status));
	} else if (pid == s->secrets) {
		s->secrets = 0;
		w->patience_ms = monotonic_ms() + SUPERVISE_PATIENCE_MS;
		if (WIFSIGNALED(status))
			log_err("the process with the secrets was ended by signal %d",
				WTERMSIG(status));
	} else if (!helper_reaped(&s->fetcher, pid, status) &&
		   !helper_reaped(&s->dnssec, pid, status) &&
		   !dns_reaped(w->dns, pid, status)) {
		runner_reaped(w->runner, pid, status);
	}
}

static void supervise_on_signal(struct watch *w)
{
	struct signalfd_siginfo info;
	pid_t pid;
	int status;

	if (read(w->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGCHLD) {
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			supervise_on_ended(w, pid, status);
		return;
	}
	if (info.ssi_signo != SIGHUP)
		supervise_tell("STOPPING=1");
	if (w->s->network)
		kill(w->s->network, (int)info.ssi_signo);
}

static void supervise_link_close(struct supervise *s)
{
	close(s->link);
	s->link = -1;
}

static bool supervise_input(struct watch *w, size_t len)
{
	struct cursor c = cursor_of(w->in, len);
	struct ledger_entry entry;
	uint8_t kind;

	if (!cursor_u8(&c, &kind))
		return false;
	if (kind == LINK_DNS)
		return dns_input(w->dns, &c);
	if (kind != LINK_LEASE)
		return runner_input(w->runner, w->in, len);
	if (!ledger_unpack(&c, &entry))
		return false;
	ledger_set(w->s->ledger, &entry);	/* a failure is logged */
	return true;
}

static void supervise_on_link(struct watch *w)
{
	ssize_t n = link_recv(w->s->link, w->in, false);

	if (n == -EAGAIN)
		return;
	if (n > 0 && supervise_input(w, (size_t)n))
		return;
	if (n)
		log_err("malformed message from the process with the secrets, or no memory");
	supervise_link_close(w->s);
}

static void supervise_on_ran(void *ctx, uint32_t id, const char *why)
{
	struct watch *w = ctx;
	struct writer msg = link_begin(w->out, LINK_RAN);

	writer_u32(&msg, id);
	pack_text(&msg, why);
	if (w->s->link >= 0 && link_send(w->s->link, &msg, false))
		return;
	if (*why)	/* nobody is there to report it to */
		log_warn("%s", why);
}

/* Waits for the next thing to happen. @wait: milliseconds at most, -1: for ever. */
static bool supervise_turn(struct watch *w, int wait)
{
	struct pollfd fds[3] = {
		{ .fd = w->signals, .events = POLLIN },
		{ .fd = w->s->ready, .events = POLLIN },
		{ .fd = w->s->link, .events = POLLIN },
	};
	int n = poll(fds, 3, wait);

	if (n < 0)
		return errno == EINTR;
	if (fds[2].revents)
		supervise_on_link(w);
	if (fds[1].revents)
		supervise_on_ready(w);
	if (fds[0].revents)
		supervise_on_signal(w);
	return true;
}

/* Without secrets network has nothing to go on for. Milliseconds to the next call; -1: none. */
static int supervise_hurry(struct watch *w)
{
	uint64_t now = monotonic_ms();

	if (w->s->secrets || !w->s->network)
		return -1;
	if (now < w->patience_ms)
		return (int)(w->patience_ms - now);
	kill(w->s->network, SIGKILL);
	return -1;
}

/* Of two waits; -1: for ever. */
static int supervise_sooner(int a, int b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* What of this process is not to be known by one that reads what strangers serve. */
static void supervise_forget(void *ctx)
{
	struct watch *w = ctx;

	ledger_free(w->s->ledger);
	mem_wipe(w->in, sizeof(w->in));
	mem_wipe(w->out, sizeof(w->out));
}

/* Begins those that do not run, when it is time. Milliseconds to the next call; -1: none. */
static int supervise_helpers(struct watch *w)
{
	struct helper *helper[] = { &w->s->fetcher, &w->s->dnssec };
	int wait = -1;

	for (size_t i = 0; i < 2 && w->s->network; i++) {
		if (!helper_wait(helper[i]))
			helper_begin(helper[i], &w->s->mask, supervise_forget, w);
		wait = supervise_sooner(wait, helper_wait(helper[i]));
	}
	return wait;
}

static void supervise_loop(struct watch *w)
{
	struct supervise *s = w->s;

	while (s->network || s->link >= 0 || !runner_idle(w->runner) ||
	       !dns_idle(w->dns)) {
		int wait = supervise_sooner(runner_tick(w->runner), supervise_hurry(w));

		wait = supervise_sooner(wait, ledger_tick(s->ledger, false));
		wait = supervise_sooner(wait, supervise_helpers(w));
		if (!supervise_turn(w, wait))
			break;
	}
}

int supervise_run(struct supervise *s)
{
	struct watch *w = calloc(1, sizeof(*w));
	char note[256];
	int status = 1;
	sigset_t set;

	supervise_signals(&set);
	if (w) {
		w->s = s;
		w->status = 1;
		w->runner = runner_new(supervise_on_ran, w);
		snprintf(note, sizeof(note), "%s/resolvconf", s->setup->state);
		w->dns = dns_new(note);
		w->signals = signalfd(-1, &set, SFD_CLOEXEC);
	}
	if (!w || !w->runner || !w->dns || w->signals < 0) {
		log_err("cannot start: no memory");
	} else {
		supervise_loop(w);
		ledger_tick(s->ledger, true);
		status = w->status;
		if (w->ready)
			unlink(s->setup->control);
	}
	if (w)
		runner_free(w->runner);
	if (w)
		dns_free(w->dns);
	supervise_pid_drop(s);
	free(w);
	return status;
}
