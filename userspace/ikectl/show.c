// SPDX-License-Identifier: GPL-2.0
#include "ikectl/ikectl.h"

#include <string.h>
#include <time.h>

#include "suite/proposal.h"

#define BOLD_GREEN(v)	((v)->colour ? "\033[1;32m" : "")
#define DIM(v)		((v)->colour ? "\033[2m" : "")
#define YELLOW(v)	((v)->colour ? "\033[33m" : "")
#define PLAIN(v)	((v)->colour ? "\033[0m" : "")

const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

long long number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

const char *join(const json_t *array, const char *separator, char *buf, size_t len)
{
	const json_t *item;
	size_t at = 0, i;

	buf[0] = '\0';
	json_array_foreach(array, i, item) {
		const char *text = json_string_value(item);

		if (at < len)
			at += (size_t)snprintf(buf + at, len - at, "%s%s", i ? separator : "",
					       text ? text : "?");
	}
	return buf;
}

static const char *encr_text(const struct transform *t, char *buf, size_t len)
{
	switch (t->id) {
	case ENCR_AES_CBC:
		snprintf(buf, len, "AES-%u-CBC", t->key_bits);
		break;
	case ENCR_AES_GCM_16:
		snprintf(buf, len, "AES-%u-GCM-16", t->key_bits);
		break;
	default:
		snprintf(buf, len, "ChaCha20-Poly1305");
	}
	return buf;
}

const char *suite_text(const char *suite, char *buf, size_t len)
{
	const struct transform *encr, *esn;
	char why[256], encr_buf[64];
	struct proposal p;
	bool known;

	known = proposal_parse(&p, PROTO_ESP, suite, why, sizeof(why));
	encr = known ? proposal_find(&p, TRANSFORM_ENCR) : NULL;
	if (!encr) {
		snprintf(buf, len, "%s", suite);
		return buf;
	}
	esn = proposal_find(&p, TRANSFORM_ESN);
	/* the only one that ESP has: suite/proposal.c */
	snprintf(buf, len, "%s%s%s", encr_text(encr, encr_buf, sizeof(encr_buf)),
		 proposal_find(&p, TRANSFORM_INTEG) ? " and HMAC-SHA2-256-128" : "",
		 esn && esn->id == ESN_YES ? " with ESN" : "");
	return buf;
}

static const char *step_title(const char *step)
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

/* One line of progress, without its newline: the same in up and monitor. */
static void event_line(const struct view *v, const json_t *event)
{
	const char *kind = text_of(event, "event"), *detail = text_of(event, "detail");

	if (!strcmp(kind, "step"))
		fprintf(v->out, "%-11s %s%8.3f s%s  %s", step_title(text_of(event, "step")), DIM(v),
			(double)number_of(event, "took_ms") / 1000, PLAIN(v), detail);
	else if (!strcmp(kind, "retransmit"))
		fprintf(v->out, "%s%-11s %10s  %s%s", YELLOW(v), "waiting", "", detail, PLAIN(v));
	else
		fprintf(v->out, "%s%-11s %10s  %s%s%s%s", YELLOW(v), kind, "",
			text_of(event, "error"),
			text_of(event, "error")[0] && detail[0] ? ": " : "", detail, PLAIN(v));
}

void show_event(const struct view *v, const json_t *event)
{
	const char *kind = text_of(event, "event");

	if (!strcmp(kind, "up") || !strcmp(kind, "failed") || !strcmp(kind, "down") ||
	    !strcmp(kind, "child-rekeyed"))
		return;		/* the result says it */
	fputs("  ", v->out);
	event_line(v, event);
	fputc('\n', v->out);
	fflush(v->out);
}

void show_monitor(const struct view *v, const json_t *event)
{
	const char *tunnel = text_of(event, "tunnel");
	time_t now = time(NULL);
	char clock[16];
	struct tm tm;

	if (!strcmp(text_of(event, "event"), "monitor"))
		return;
	strftime(clock, sizeof(clock), "%H:%M:%S", localtime_r(&now, &tm));
	fprintf(v->out, "%s%s%s %-15s ", DIM(v), clock, PLAIN(v), tunnel);
	event_line(v, event);
	fputc('\n', v->out);
	fflush(v->out);
}

void show_up(const struct view *v, const json_t *result)
{
	char here[512], there[512], suite[256];

	fprintf(v->out, "%s%s is up%s%s: %s <-> %s, %s, via %s -> %s%s", BOLD_GREEN(v),
		text_of(result, "tunnel"), PLAIN(v),
		json_is_true(json_object_get(result, "already")) ? " already" : "",
		join(json_object_get(result, "local_ts"), " ", here, sizeof(here)),
		join(json_object_get(result, "remote_ts"), " ", there, sizeof(there)),
		suite_text(text_of(result, "esp"), suite, sizeof(suite)), text_of(result, "local"),
		text_of(result, "remote"),
		!strcmp(text_of(result, "encapsulation"), "udp") ? " in UDP" : "");
	if (json_object_get(result, "took_ms"))
		fprintf(v->out, ", %.2f s", (double)number_of(result, "took_ms") / 1000);
	fputc('\n', v->out);
}

void show_down(const struct view *v, const json_t *result)
{
	bool already = json_is_true(json_object_get(result, "already"));

	fprintf(v->out, "%s %s down\n", text_of(result, "tunnel"), already ? "was already" : "is");
}

void show_rekey(const struct view *v, const json_t *result)
{
	fprintf(v->out, "%s has new keys: %s\n", text_of(result, "tunnel"),
		text_of(result, "detail"));
}

static void changes(const struct view *v, const json_t *result, const char *what)
{
	char names[2048];

	if (json_array_size(json_object_get(result, what)))
		fprintf(v->out, "%-8s %s\n", what,
			join(json_object_get(result, what), ", ", names, sizeof(names)));
}

void show_reload(const struct view *v, const json_t *result)
{
	long long n = number_of(result, "tunnels");

	changes(v, result, "added");
	changes(v, result, "changed");
	changes(v, result, "removed");
	fprintf(v->out, "the configuration is read again: %lld tunnel%s\n", n, n == 1 ? "" : "s");
}

void show_version(const struct view *v, const json_t *result)
{
	const char *module = text_of(result, "module");

	fprintf(v->out, "ikectl %s\nesplaned %s, pid %lld\n", ESPLANE_VERSION,
		text_of(result, "version"), number_of(result, "pid"));
	if (module[0])
		fprintf(v->out, "module esplane %s\n", module);
	else
		fputs("module esplane is not loaded\n", v->out);
}
