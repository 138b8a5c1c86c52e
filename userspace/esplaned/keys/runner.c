// SPDX-License-Identifier: GPL-2.0
#include "esplaned/keys/runner.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "esplaned/conf/pack.h"
#include "esplaned/keys/facts.h"
#include "esplaned/keys/link.h"
#include "lib/monotonic.h"

#define RUNNER_WHY_MAX	(CONFIG_SCRIPT_MAX + 128)

struct script {
	struct script *next;
	uint32_t id, group, seconds;
	pid_t pid;			/* 0: waits */
	uint64_t deadline_ms;
	bool killed;
	char path[CONFIG_SCRIPT_MAX];
	char *env[FACTS_ENV_COUNT + 1];
};

struct runner {
	runner_done_fn done;
	void *ctx;
	struct script *scripts;		/* in the order they came */
};

struct runner *runner_new(runner_done_fn done, void *ctx)
{
	struct runner *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->done = done;
	r->ctx = ctx;
	return r;
}

static void runner_script_free(struct script *s)
{
	for (size_t i = 0; i < FACTS_ENV_COUNT; i++)
		free(s->env[i]);
	free(s);
}

void runner_free(struct runner *r)
{
	struct script *s;

	if (!r)
		return;
	while ((s = r->scripts)) {
		r->scripts = s->next;
		if (s->pid)
			kill(-s->pid, SIGKILL);
		runner_script_free(s);
	}
	free(r);
}

/* Its own process group, so that what it starts ends with it; its output is the daemon's log. */
static int runner_spawn(struct script *s)
{
	posix_spawn_file_actions_t files;
	char *argv[2] = { s->path };
	posix_spawnattr_t attr;
	sigset_t none, all;
	int rc;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&attr);
	posix_spawn_file_actions_init(&files);
	rc = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
						     POSIX_SPAWN_SETSIGDEF);
	rc = rc ? rc : posix_spawnattr_setsigmask(&attr, &none);
	rc = rc ? rc : posix_spawnattr_setsigdefault(&attr, &all);
	rc = rc ? rc : posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	rc = rc ? rc : posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
	rc = rc ? rc : posix_spawn_file_actions_addchdir_np(&files, "/");
	rc = rc ? rc : posix_spawn(&s->pid, s->path, &files, &attr, argv, s->env);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	if (rc)
		s->pid = 0;
	return rc;
}

static void runner_script_end(struct runner *r, struct script **at, const char *why)
{
	struct script *s = *at;
	char text[RUNNER_WHY_MAX] = "";

	*at = s->next;
	if (*why)
		snprintf(text, sizeof(text), "%s: %s", s->path, why);
	r->done(r->ctx, s->id, text);
	runner_script_free(s);
}

static bool runner_group_busy(const struct runner *r, const struct script *end)
{
	for (const struct script *s = r->scripts; s != end; s = s->next) {
		if (s->group == end->group)
			return true;
	}
	return false;
}

static void runner_start(struct runner *r)
{
	struct script **at = &r->scripts, *s;

	while ((s = *at)) {
		int rc = s->pid || runner_group_busy(r, s) ? 0 : runner_spawn(s);

		if (rc) {
			runner_script_end(r, at, strerror(rc));
			at = &r->scripts;	/* one that waited for it may start */
			continue;
		}
		if (s->pid && !s->deadline_ms)
			s->deadline_ms = monotonic_ms() + s->seconds * 1000ULL;
		at = &s->next;
	}
}

static bool runner_script_read(struct cursor *c, struct script *s)
{
	char line[FACTS_ENV_LINE];
	uint8_t kind, count;

	if (!cursor_u8(c, &kind) || kind != LINK_RUN || !cursor_u32(c, &s->id) ||
	    !cursor_u32(c, &s->group) || !cursor_u32(c, &s->seconds) ||
	    !unpack_text(c, s->path, sizeof(s->path)) || s->path[0] != '/' ||
	    !cursor_u8(c, &count) || count > FACTS_ENV_COUNT)
		return false;
	for (unsigned int i = 0; i < count; i++) {
		if (!unpack_text(c, line, sizeof(line)))
			return false;
		s->env[i] = strdup(line);
		if (!s->env[i])
			return false;
	}
	return !c->left;
}

bool runner_input(struct runner *r, const uint8_t *msg, size_t len)
{
	struct script *s = calloc(1, sizeof(*s)), **at = &r->scripts;
	struct cursor c = cursor_of(msg, len);

	if (!s || !runner_script_read(&c, s)) {
		if (s)
			runner_script_free(s);
		return false;
	}
	while (*at)
		at = &(*at)->next;
	*at = s;
	runner_start(r);
	return true;
}

bool runner_reaped(struct runner *r, pid_t pid, int status)
{
	struct script **at = &r->scripts;
	char why[64] = "";

	while (*at && (*at)->pid != pid)
		at = &(*at)->next;
	if (!*at)
		return false;
	if ((*at)->killed)
		snprintf(why, sizeof(why), "killed, it took longer than %u s (script-timeout)",
			 (*at)->seconds);
	else if (WIFSIGNALED(status))
		snprintf(why, sizeof(why), "killed by signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status))
		snprintf(why, sizeof(why), "ended with status %d", WEXITSTATUS(status));
	runner_script_end(r, at, why);
	runner_start(r);
	return true;
}

int runner_tick(struct runner *r)
{
	uint64_t now = monotonic_ms(), next = UINT64_MAX;

	for (struct script *s = r->scripts; s; s = s->next) {
		if (!s->pid || s->killed)
			continue;
		if (s->deadline_ms <= now) {
			s->killed = true;
			kill(-s->pid, SIGKILL);
		} else if (s->deadline_ms < next) {
			next = s->deadline_ms;
		}
	}
	return next == UINT64_MAX ? -1 : (int)(next - now);
}

bool runner_idle(const struct runner *r)
{
	return !r->scripts;
}
