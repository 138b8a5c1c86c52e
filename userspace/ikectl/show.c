// SPDX-License-Identifier: GPL-2.0
/* Events and results in one line each. */
#include "ikectl/ikectl.h"

#include <string.h>
#include <time.h>

#define BOLD_GREEN(v)	((v)->colour ? "\033[1;32m" : "")
#define DIM(v)		((v)->colour ? "\033[2m" : "")
#define YELLOW(v)	((v)->colour ? "\033[33m" : "")
#define PLAIN(v)	((v)->colour ? "\033[0m" : "")

#define SHOW_KIND	13	/* columns: "child-rekeyed" */

static const char *show_step_title(const char *step)
{
	static const struct { const char *step, *title; } titles[] = {
		{ "ike_sa_init", "IKE_SA_INIT" }, { "ike_auth", "IKE_AUTH" },
	};

	for (size_t i = 0; i < sizeof(titles) / sizeof(*titles); i++) {
		if (!strcmp(titles[i].step, step))
			return titles[i].title;
	}
	return step;
}

void show_json(const struct view *v, const json_t *object)
{
	json_dumpf(object, v->out, JSON_COMPACT);
	fputc('\n', v->out);
	fflush(v->out);
}

/* One line of progress: the same in up and monitor. */
static void show_line(const struct view *v, const json_t *event)
{
	const char *kind = text_of(event, "event"), *detail = text_of(event, "detail");
	const char *error = text_of(event, "error");

	if (!strcmp(kind, "step")) {
		fprintf(v->out, "%-*s%s%8.3f s%s  %s\n", SHOW_KIND,
			show_step_title(text_of(event, "step")), DIM(v),
			(double)number_of(event, "took_ms") / 1000, PLAIN(v), detail);
		return;
	}
	if (!strcmp(kind, "retransmit"))
		kind = "waiting";
	if (!strcmp(error, "down"))	/* what went down says so already */
		error = "";
	fprintf(v->out, "%s%-*s %9s  %s%s%s%s\n", YELLOW(v), SHOW_KIND, kind, "", error,
		error[0] && detail[0] ? ": " : "", detail, PLAIN(v));
}

/* With a tunnel that is its own only child, both say the same. */
static bool show_is_said_twice(const json_t *event)
{
	return !strncmp(text_of(event, "event"), "child-", 6) &&
	       strcmp(text_of(event, "event"), "child-rekeyed") && !text_of(event, "name")[0];
}

static bool show_is_result(const char *kind)
{
	return !strcmp(kind, "up") || !strcmp(kind, "failed") || !strcmp(kind, "down") ||
	       !strcmp(kind, "child-rekeyed") || !strcmp(kind, "child-up") ||
	       !strcmp(kind, "child-failed");
}

static const char *show_who(const json_t *event)
{
	return text_of(event, "name")[0] ? text_of(event, "name") : text_of(event, "tunnel");
}

void show_event(const struct view *v, const json_t *event)
{
	if (show_is_result(text_of(event, "event")))
		return;		/* the result says it */
	fputs("  ", v->out);
	if (v->all)
		fprintf(v->out, "%-15s ", show_who(event));
	show_line(v, event);
	fflush(v->out);
}

void show_monitor(const struct view *v, const json_t *event)
{
	long long n = number_of(event, "tunnels");
	time_t now = time(NULL);
	char clock[16];
	struct tm tm;

	if (show_is_said_twice(event))
		return;
	strftime(clock, sizeof(clock), "%H:%M:%S", localtime_r(&now, &tm));
	fprintf(v->out, "%s%s%s ", DIM(v), clock, PLAIN(v));
	if (!strcmp(text_of(event, "event"), "monitor")) {
		fprintf(v->out, "watching %lld tunnel%s\n", n, n == 1 ? "" : "s");
	} else {
		fprintf(v->out, "%-15s ", show_who(event)[0] ? show_who(event) : "-");
		show_line(v, event);
	}
	fflush(v->out);
}

/* "10.1.0.0/24 <-> 10.2.0.0/24, aes128gcm16-esn" */
static const char *show_carries(const json_t *object, char *buf, size_t len)
{
	char selectors[1024], suite[256];

	snprintf(buf, len, "%s, %s", text_selectors(object, selectors, sizeof(selectors)),
		 text_suite(text_of(object, "esp"), suite, sizeof(suite)));
	return buf;
}

static enum status show_up_children(const struct view *v, const json_t *children)
{
	enum status status = STATUS_OK, one;
	char text[1400];
	const json_t *child;
	size_t i;

	json_array_foreach(children, i, child) {
		const char *name = text_of(child, "name");

		fputs("  ", v->out);
		if (!strcmp(text_of(child, "state"), "up")) {
			fprintf(v->out, "%s: %s\n", name, show_carries(child, text, sizeof(text)));
			continue;
		}
		one = failure_line(v, child, name);
		status = status ? status : one;
	}
	return status;
}

static enum status show_up_one(const struct view *v, const json_t *result)
{
	const json_t *children = json_object_get(result, "children");
	bool several = json_array_size(children) > 1;
	char text[1400];

	fprintf(v->out, "%s%s is up%s%s: ", BOLD_GREEN(v), text_of(result, "tunnel"), PLAIN(v),
		json_is_true(json_object_get(result, "already")) ? " already" : "");
	if (several)
		fprintf(v->out, "%zu children", json_array_size(children));
	else
		fputs(show_carries(result, text, sizeof(text)), v->out);
	fprintf(v->out, ", via %s -> %s%s", text_of(result, "local"), text_of(result, "remote"),
		!strcmp(text_of(result, "encapsulation"), "udp") ? " in UDP" : "");
	if (number_of(result, "took_ms"))
		fprintf(v->out, ", %.2f s", (double)number_of(result, "took_ms") / 1000);
	fputc('\n', v->out);
	return several ? show_up_children(v, children) : STATUS_OK;
}

/* One result, or those of all that were asked for; the exit status is that of the first failure. */
static enum status show_each(const struct view *v, const json_t *result,
			     enum status (*show)(const struct view *v, const json_t *result))
{
	const json_t *tunnels = json_object_get(result, "tunnels"), *one;
	enum status status = STATUS_OK, next;
	size_t i;

	if (!tunnels)
		return show(v, result);
	json_array_foreach(tunnels, i, one) {
		next = !strcmp(text_of(one, "result"), "ok") ?
			       show(v, one) : failure_line(v, one, text_of(one, "tunnel"));
		status = status ? status : next;
	}
	if (!json_array_size(tunnels))
		fputs("no tunnel can be started from here\n", v->out);
	return status;
}

enum status show_up(const struct view *v, const json_t *result)
{
	return show_each(v, result, show_up_one);
}

static enum status show_down_one(const struct view *v, const json_t *result)
{
	bool already = json_is_true(json_object_get(result, "already"));

	fprintf(v->out, "%s %s down\n", text_of(result, "tunnel"), already ? "was already" : "is");
	return STATUS_OK;
}

enum status show_down(const struct view *v, const json_t *result)
{
	return show_each(v, result, show_down_one);
}

static enum status show_rekey_one(const struct view *v, const json_t *result)
{
	fprintf(v->out, "%s has new keys%s: %s\n", text_of(result, "tunnel"),
		json_is_true(json_object_get(result, "ike")) ? " of its IKE SA" : "",
		text_of(result, "detail"));
	return STATUS_OK;
}

static enum status show_reauth_one(const struct view *v, const json_t *result)
{
	fprintf(v->out, "%s has authenticated itself anew\n", text_of(result, "tunnel"));
	return STATUS_OK;
}

enum status show_reauth(const struct view *v, const json_t *result)
{
	return show_each(v, result, show_reauth_one);
}

enum status show_rekey(const struct view *v, const json_t *result)
{
	return show_each(v, result, show_rekey_one);
}

static void show_changes(const struct view *v, const json_t *result, const char *what)
{
	char names[2048];

	if (json_array_size(json_object_get(result, what)))
		fprintf(v->out, "%-8s %s\n", what,
			text_join(json_object_get(result, what), ", ", names, sizeof(names)));
}

/* Of a tunnel that goes on: ", voice removed"; @between is nothing for the first. */
static const char *show_change(const struct view *v, const char *between, const char *name,
			       const char *what)
{
	fprintf(v->out, "%s%s%s%s", between, name, name[0] ? " " : "", what);
	return ", ";
}

static void show_changed(const struct view *v, const json_t *tunnel)
{
	const char *between = "";
	const json_t *child;
	size_t i;

	fprintf(v->out, "changed  %s: ", text_of(tunnel, "name"));
	if (json_is_true(json_object_get(tunnel, "options")))
		between = show_change(v, between, "", "options");
	json_array_foreach(json_object_get(tunnel, "children"), i, child) {
		if (strcmp(text_of(child, "change"), "unchanged"))
			between = show_change(v, between, text_of(child, "name"),
					      text_of(child, "change"));
	}
	fputs("\n", v->out);
}

/* One line each of those that went on with something else, or could not. */
static void show_tunnels_changed(const struct view *v, const json_t *result)
{
	const json_t *tunnel;
	size_t i;

	json_array_foreach(json_object_get(result, "changes"), i, tunnel) {
		const char *what = text_of(tunnel, "change");

		if (!strcmp(what, "changed"))
			show_changed(v, tunnel);
		else if (!strcmp(what, "replaced") || !strcmp(what, "failed"))
			fprintf(v->out, "%-8s %s\n", what, text_of(tunnel, "name"));
	}
}

enum status show_reload(const struct view *v, const json_t *result)
{
	long long n = number_of(result, "tunnels");

	show_changes(v, result, "added");
	show_tunnels_changed(v, result);
	show_changes(v, result, "removed");
	fprintf(v->out, "configuration reloaded: %lld tunnel%s\n", n, n == 1 ? "" : "s");
	return STATUS_OK;
}

enum status show_names(const struct view *v, const json_t *result)
{
	const json_t *name;
	size_t i;

	json_array_foreach(json_object_get(result, "names"), i, name) {
		fprintf(v->out, "%s\n", json_string_value(name));
	}
	return STATUS_OK;
}

enum status show_version(const struct view *v, const json_t *result)
{
	const char *module = text_of(result, "module");

	fprintf(v->out, "ikectl %s\nesplaned %s, pid %lld\n", ESPLANE_VERSION,
		text_of(result, "version"), number_of(result, "pid"));
	if (module[0])
		fprintf(v->out, "module esplane %s\n", module);
	else
		fputs("module esplane is not loaded\n", v->out);
	return STATUS_OK;
}

enum status show_log(const struct view *v, const json_t *result)
{
	fprintf(v->out, "%s is logged at level %s\n", text_of(result, "tunnel"),
		text_of(result, "level"));
	return STATUS_OK;
}

enum status show_redirect(const struct view *v, const json_t *result)
{
	fprintf(v->out, "%s: %lld of its peers %s told to go to %s\n", text_of(result, "tunnel"),
		number_of(result, "peers"), number_of(result, "peers") == 1 ? "is" : "are",
		text_of(result, "to"));
	return STATUS_OK;
}

enum status show_leases(const struct view *v, const json_t *result)
{
	static const char *const row = "%-16s %-40s %-10s %s\n";
	const json_t *lease;
	json_t *leases = json_object_get(result, "leases");
	size_t i;

	if (!json_array_size(leases)) {
		fputs("no address is leased\n", v->out);
		return STATUS_OK;
	}
	fprintf(v->out, row, "POOL", "ADDRESS", "STATE", "IDENTITY");
	json_array_foreach(leases, i, lease) {
		fprintf(v->out, row, text_of(lease, "pool"), text_of(lease, "address"),
			text_of(lease, "state"), text_of(lease, "identity"));
	}
	return STATUS_OK;
}
