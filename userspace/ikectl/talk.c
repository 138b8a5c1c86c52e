// SPDX-License-Identifier: GPL-2.0
#include "ikectl/ikectl.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/log.h"

static volatile sig_atomic_t talk_signalled;

static void talk_on_interrupt(int sig)
{
	talk_signalled = 1;
}

/* The next one ends the program as ever. */
static void talk_catch_interrupt(void)
{
	const struct sigaction sa = { .sa_handler = talk_on_interrupt, .sa_flags = SA_RESETHAND };

	sigaction(SIGINT, &sa, NULL);
}

static FILE *talk_open(const char *path, char why[256])
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	FILE *f = NULL;
	int fd;

	if (strlen(path) >= sizeof(sun.sun_path)) {
		snprintf(why, 256, "the path is too long for a socket");
		return NULL;
	}
	strcpy(sun.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && !connect(fd, (struct sockaddr *)&sun, sizeof(sun)))
		f = fdopen(fd, "re");
	if (f)
		return f;
	snprintf(why, 256, "%s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return NULL;
}

/* Where the daemon has closed the connection, what it said before is still to be read. */
static bool talk_ask(FILE *f, const struct view *v)
{
	json_t *request = json_pack("{ss}", "command", v->command);
	char safe[512], *text;

	if (v->tunnel)	/* JSON holds no octets that are not UTF-8 */
		json_object_set_new(request, "tunnel",
				    json_string(log_escape(v->tunnel, strlen(v->tunnel), safe,
							   sizeof(safe))));
	if (v->level)
		json_object_set_new(request, "level",
				    json_string(log_escape(v->level, strlen(v->level), safe,
							   sizeof(safe))));
	if (v->to)
		json_object_set_new(request, "to",
				    json_string(log_escape(v->to, strlen(v->to), safe,
							   sizeof(safe))));
	if (v->all)
		json_object_set_new(request, "all", json_true());
	text = request ? json_dumps(request, JSON_COMPACT) : NULL;
	json_decref(request);
	if (!text)
		return false;
	send(fileno(f), text, strlen(text), MSG_NOSIGNAL);
	send(fileno(f), "\n", 1, MSG_NOSIGNAL);
	free(text);
	return true;
}

json_t *talk(const struct view *v, void (*event)(const struct view *v, const json_t *object),
	     bool *interrupted, char why[256])
{
	FILE *f = talk_open(v->control, why);
	json_t *result = NULL;
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	if (!f)
		return NULL;
	if (interrupted)
		talk_catch_interrupt();
	snprintf(why, 256, "the daemon stopped");
	if (talk_ask(f, v)) {
		while (!result && (len = getline(&line, &size, f)) > 0) {
			json_t *object = json_loadb(line, (size_t)len, 0, NULL);

			if (!object) {
				snprintf(why, 256, "it sent something that is not JSON");
				break;
			}
			if (json_object_get(object, "result")) {
				result = object;
				break;
			}
			event(v, object);
			json_decref(object);
		}
	}
	if (interrupted)
		*interrupted = talk_signalled && !result;
	free(line);
	fclose(f);
	return result;
}
