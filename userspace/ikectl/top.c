// SPDX-License-Identifier: GPL-2.0
/* ikectl top: what each tunnel and child carries now, again and again. */
#include "ikectl/top.h"
#include "lib/monotonic.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define TOP_INTERVAL_MS	1000
#define TOP_NAME_MIN	16	/* columns */
#define TOP_NAME_MAX	40
#define TOP_LINES_HEAD	2	/* of a frame, above its rows */

static volatile sig_atomic_t top_ended;

static void top_on_signal(int sig)
{
	top_ended = 1;
}

static void top_add(struct top_frame *frame, const json_t *o)
{
	struct top_row *more = reallocarray(frame->rows, frame->count + 1, sizeof(*more));
	struct top_row *row;

	if (!more)
		return;
	frame->rows = more;
	row = &more[frame->count++];
	memset(row, 0, sizeof(*row));
	snprintf(row->name, sizeof(row->name), "%s", text_of(o, "name"));
	snprintf(row->state, sizeof(row->state), "%s", text_of(o, "state"));
	row->bytes[0] = number_of(o, "bytes_in");
	row->bytes[1] = number_of(o, "bytes_out");
	row->packets[0] = number_of(o, "packets_in");
	row->packets[1] = number_of(o, "packets_out");
}

void top_add_tunnel(struct top_frame *frame, const json_t *tunnel)
{
	const json_t *peer, *child;
	size_t i, j;

	if (!json_array_size(json_object_get(tunnel, "peers")))
		top_add(frame, tunnel);
	json_array_foreach(json_object_get(tunnel, "peers"), i, peer) {
		json_array_foreach(json_object_get(peer, "children"), j, child) {
			top_add(frame, child);
		}
	}
}

static const struct top_row *top_find(const struct top_frame *frame, const char *name)
{
	for (size_t i = 0; i < frame->count; i++) {
		if (!strcmp(frame->rows[i].name, name))
			return &frame->rows[i];
	}
	return NULL;
}

void top_rates(struct top_frame *now, const struct top_frame *before)
{
	double seconds = (double)(now->at_ms - before->at_ms) / 1000;

	for (size_t i = 0; i < now->count && seconds > 0; i++) {
		struct top_row *row = &now->rows[i];
		const struct top_row *old = top_find(before, row->name);

		for (int d = 0; old && d < 2; d++) {
			if (row->bytes[d] < old->bytes[d] || row->packets[d] < old->packets[d])
				continue;
			row->rate[d] = (double)(row->bytes[d] - old->bytes[d]) / seconds;
			row->packet_rate[d] =
				(double)(row->packets[d] - old->packets[d]) / seconds;
		}
	}
}

static int top_by_name(const void *left, const void *right)
{
	const struct top_row *a = left, *b = right;

	return strcmp(a->name, b->name);
}

static int top_by_rate(const struct top_row *a, const struct top_row *b, int d)
{
	return a->rate[d] < b->rate[d] ? 1 :
	       a->rate[d] > b->rate[d] ? -1 :
					 strcmp(a->name, b->name);
}

static int top_by_in(const void *left, const void *right)
{
	return top_by_rate(left, right, 0);
}

static int top_by_out(const void *left, const void *right)
{
	return top_by_rate(left, right, 1);
}

void top_sort(struct top_frame *frame, const char *by)
{
	int (*compare)(const void *left, const void *right) =
		!strcmp(by, "in") ? top_by_in : !strcmp(by, "out") ? top_by_out : top_by_name;

	if (frame->count)
		qsort(frame->rows, frame->count, sizeof(*frame->rows), compare);
}

void top_print(const struct view *v, const struct top_frame *frame, unsigned int lines)
{
	static const char *const row_format =
		"%-*s %-10s %10s/s %10s/s %8.0f/s %8.0f/s %10s %10s\n";
	unsigned int width = TOP_NAME_MIN;
	char in[32], out[32], all_in[32], all_out[32], name[256];

	for (size_t i = 0; i < frame->count; i++) {
		unsigned int w = text_width(frame->rows[i].name);

		width = w > width ? w : width;
	}
	width = width < TOP_NAME_MAX ? width : TOP_NAME_MAX;
	fprintf(v->out, "%-*s %-10s %12s %12s %10s %10s %10s %10s\n", (int)width, "NAME", "STATE",
		"IN", "OUT", "PACKETS IN", "OUT", "TOTAL IN", "OUT");
	for (size_t i = 0; i < frame->count && (!lines || i + TOP_LINES_HEAD < lines); i++) {
		const struct top_row *r = &frame->rows[i];

		snprintf(name, sizeof(name), "%s", r->name);
		text_shorten(name, width);
		fprintf(v->out, row_format, (int)width, name, r->state,
			text_bytes((long long)r->rate[0], in, sizeof(in)),
			text_bytes((long long)r->rate[1], out, sizeof(out)), r->packet_rate[0],
			r->packet_rate[1], text_bytes(r->bytes[0], all_in, sizeof(all_in)),
			text_bytes(r->bytes[1], all_out, sizeof(all_out)));
	}
	fflush(v->out);
}

static void top_json(const struct view *v, const struct top_frame *frame)
{
	json_t *rows = json_array(), *object;

	for (size_t i = 0; i < frame->count; i++) {
		const struct top_row *r = &frame->rows[i];

		json_array_append_new(rows,
				      json_pack("{ss ss sf sf sf sf sI sI}", "name", r->name, "state",
						r->state, "bytes_in_s", r->rate[0], "bytes_out_s",
						r->rate[1], "packets_in_s", r->packet_rate[0],
						"packets_out_s", r->packet_rate[1], "bytes_in",
						(json_int_t)r->bytes[0], "bytes_out",
						(json_int_t)r->bytes[1]));
	}
	object = json_pack("{ss so}", "event", "top", "rows", rows);
	show_json(v, object);
	json_decref(object);
}

static void top_ignore(const struct view *v, const json_t *event)
{
}

/* False: @status says why there is none. */
static bool top_look(const struct view *v, struct top_frame *frame, enum status *status)
{
	struct view ask = *v;
	const json_t *tunnel;
	json_t *result;
	char why[256];
	size_t i;

	ask.command = "status";
	memset(frame, 0, sizeof(*frame));
	result = talk(&ask, top_ignore, NULL, why);
	if (!result) {
		show_no_daemon(v, why);
		*status = STATUS_NO_DAEMON;
		return false;
	}
	frame->at_ms = monotonic_ms();
	if (strcmp(text_of(result, "result"), "ok")) {
		*status = show_failure(v, result);
		json_decref(result);
		return false;
	}
	json_array_foreach(json_object_get(result, "tunnels"), i, tunnel) {
		top_add_tunnel(frame, tunnel);
	}
	json_decref(result);
	return true;
}

/* Waits, or until a key is pressed: the word that it means, or "". */
static const char *top_wait(bool keys)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	char key = 0;

	if (poll(&in, keys ? 1 : 0, TOP_INTERVAL_MS) != 1 || read(STDIN_FILENO, &key, 1) != 1)
		return "";
	return key == 'i' ? "in" : key == 'o' ? "out" : key == 'n' ? "name" :
	       key == 'q' ? "end" : "";
}

/* Keys one by one, and not shown; @old: as it was. */
static bool top_terminal(struct termios *old)
{
	struct termios raw;

	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, old))
		return false;
	raw = *old;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	return !tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

static unsigned int top_height(void)
{
	struct winsize ws;

	return !ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) ? ws.ws_row : 0;
}

static void top_show(const struct view *v, const struct top_frame *frame, const char *by, bool live)
{
	if (v->json) {
		top_json(v, frame);
		return;
	}
	if (live)
		fprintf(v->out, "\033[H\033[Jby %s; keys: i in, o out, n name, q ends\n", by);
	top_print(v, frame, live ? top_height() : 0);
}

/* Until a key, a signal, or, where it is for once, one frame has ended it. */
static enum status top_loop(const struct view *v, const char *by, bool live, bool once, bool keys)
{
	struct top_frame before, now;
	enum status status = STATUS_OK;

	if (!top_look(v, &before, &status))
		return status;
	do {
		const char *word = top_wait(keys);

		if (top_ended || !strcmp(word, "end"))
			break;
		by = word[0] ? word : by;
		if (!top_look(v, &now, &status))
			break;
		top_rates(&now, &before);
		top_sort(&now, by);
		top_show(v, &now, by, live);
		free(before.rows);
		before = now;
	} while (!once);
	free(before.rows);
	return status;
}

enum status top_run(const struct view *v)
{
	const struct sigaction sa = { .sa_handler = top_on_signal };
	const char *by = v->sort ? v->sort : "in";
	bool live = isatty(STDOUT_FILENO) && !v->once && !v->json, keys;
	struct termios old;
	enum status status;

	if (strcmp(by, "in") && strcmp(by, "out") && strcmp(by, "name")) {
		fprintf(v->err, "ikectl: --sort %s: use in, out or name\n", by);
		return STATUS_USAGE;
	}
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	keys = live && top_terminal(&old);
	status = top_loop(v, by, live, v->once || (!live && !v->json), keys);
	if (keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &old);
	return status;
}
