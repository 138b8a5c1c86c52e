// SPDX-License-Identifier: GPL-2.0
#include "ikectl/ikectl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/log.h"

static FILE *control_open(const char *path, char why[256])
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
static bool request_send(FILE *f, const struct view *v)
{
	json_t *request = json_pack("{ss}", "command", v->command);
	char safe[512], *text;

	if (v->tunnel)	/* JSON holds no octets that are not UTF-8 */
		json_object_set_new(request, "tunnel",
				    json_string(log_escape(v->tunnel, strlen(v->tunnel), safe,
							   sizeof(safe))));
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
	     char why[256])
{
	FILE *f = control_open(v->control, why);
	json_t *result = NULL;
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	if (!f)
		return NULL;
	snprintf(why, 256, "it ended before it had answered");
	if (request_send(f, v)) {
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
	free(line);
	fclose(f);
	return result;
}
