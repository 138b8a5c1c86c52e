// SPDX-License-Identifier: GPL-2.0
/* ikectl status. */
#include "ikectl/ikectl.h"

#include <stdlib.h>
#include <string.h>

#define COLUMNS	7

static const char *bytes_text(long long bytes, char *buf, size_t len)
{
	static const char units[] = "BKMGTPE";
	double value = (double)bytes;
	unsigned int unit = 0;

	for (; value >= 1024 && unit + 1 < sizeof(units) - 1; unit++)
		value /= 1024;
	if (unit)
		snprintf(buf, len, "%.1f %ciB", value, units[unit]);
	else
		snprintf(buf, len, "%lld B", bytes);
	return buf;
}

static const char *seconds_text(long long s, char *buf, size_t len)
{
	if (s < 120)
		snprintf(buf, len, "%lld s", s);
	else if (s < 7200)
		snprintf(buf, len, "%lld min", s / 60);
	else if (s < 172800)
		snprintf(buf, len, "%lld h", s / 3600);
	else
		snprintf(buf, len, "%lld days", s / 86400);
	return buf;
}

static const json_t *sa_find(const json_t *tunnel, const char *direction)
{
	const json_t *sa;
	size_t i;

	json_array_foreach(json_object_get(tunnel, "sas"), i, sa) {
		if (!strcmp(text_of(sa, "direction"), direction))
			return sa;
	}
	return NULL;
}

struct row {
	char cell[COLUMNS][256];
};

static void row_fill(struct row *row, const json_t *tunnel)
{
	const json_t *in = sa_find(tunnel, "in"), *out = sa_find(tunnel, "out");
	char here[100], there[100];

	snprintf(row->cell[0], sizeof(row->cell[0]), "%s", text_of(tunnel, "name"));
	snprintf(row->cell[1], sizeof(row->cell[1]), "%s", text_of(tunnel, "state"));
	snprintf(row->cell[2], sizeof(row->cell[2]), "%s", text_of(tunnel, "remote"));
	snprintf(row->cell[3], sizeof(row->cell[3]), "%s <-> %s",
		 join(json_object_get(tunnel, "local_ts"), " ", here, sizeof(here)),
		 join(json_object_get(tunnel, "remote_ts"), " ", there, sizeof(there)));
	snprintf(row->cell[4], sizeof(row->cell[4]), "%s",
		 text_of(tunnel, "esp")[0] ? text_of(tunnel, "esp") : "-");
	strcpy(row->cell[5], "-");
	strcpy(row->cell[6], "-");
	if (in)
		bytes_text(number_of(in, "bytes"), row->cell[5], sizeof(row->cell[5]));
	if (out)
		bytes_text(number_of(out, "bytes"), row->cell[6], sizeof(row->cell[6]));
}

static void row_print(const struct view *v, const struct row *row, const int width[COLUMNS],
		      const char *colour)
{
	for (int i = 0; i < COLUMNS; i++) {
		const char *on = i == 1 && v->colour ? colour : "", *off = on[0] ? "\033[0m" : "";

		if (i == COLUMNS - 1)
			fprintf(v->out, "%s%s%s\n", on, row->cell[i], off);
		else
			fprintf(v->out, "%s%-*s%s  ", on, width[i], row->cell[i], off);
	}
}

static const char *state_colour(const char *state)
{
	return !strcmp(state, "up") ? "\033[32m" : !strcmp(state, "down") ? "" : "\033[33m";
}

static void table(const struct view *v, const json_t *tunnels)
{
	static const char *const heads[COLUMNS] = { "TUNNEL", "STATE", "REMOTE", "SELECTORS",
						    "ESP",    "IN",    "OUT" };
	size_t count = json_array_size(tunnels);
	struct row *rows = calloc(count + 1, sizeof(*rows));
	int width[COLUMNS] = { 0 };

	if (!rows)
		return;
	for (int i = 0; i < COLUMNS; i++)
		snprintf(rows[0].cell[i], sizeof(rows[0].cell[i]), "%s", heads[i]);
	for (size_t r = 1; r <= count; r++)
		row_fill(&rows[r], json_array_get(tunnels, r - 1));
	for (size_t r = 0; r <= count; r++) {
		for (int i = 0; i < COLUMNS; i++) {
			if ((int)strlen(rows[r].cell[i]) > width[i])
				width[i] = (int)strlen(rows[r].cell[i]);
		}
	}
	for (size_t r = 0; r <= count; r++)
		row_print(v, &rows[r], width, r ? state_colour(rows[r].cell[1]) : "");
	free(rows);
}

static void line(const struct view *v, const char *key, const char *value)
{
	if (value[0])
		fprintf(v->out, "  %-14s %s\n", key, value);
}

static void drops(const struct view *v, const char *key, const json_t *object)
{
	const json_t *count;
	const char *reason;

	json_object_foreach((json_t *)object, reason, count) {
		fprintf(v->out, "  %-14s %lld %s\n", key, (long long)json_integer_value(count),
			reason);
	}
}

static void sa_print(const struct view *v, const json_t *sa)
{
	char bytes[32], age[32];
	bool in = !strcmp(text_of(sa, "direction"), "in");

	if (text_of(sa, "error")[0]) {
		fprintf(v->out, "  %-14s spi %s: %s\n", in ? "in" : "out", text_of(sa, "spi"),
			text_of(sa, "error"));
		return;
	}
	fprintf(v->out, "  %-14s spi %s, %s in %lld packets, age %s", in ? "in" : "out",
		text_of(sa, "spi"), bytes_text(number_of(sa, "bytes"), bytes, sizeof(bytes)),
		number_of(sa, "packets"), seconds_text(number_of(sa, "age_s"), age, sizeof(age)));
	if (json_object_get(sa, "idle_s"))
		fprintf(v->out, ", idle %s",
			seconds_text(number_of(sa, "idle_s"), age, sizeof(age)));
	fprintf(v->out, "%s%s\n", text_of(sa, "driver")[0] ? ", " : "", text_of(sa, "driver"));
	drops(v, in ? "in dropped" : "out dropped", json_object_get(sa, "drops"));
}

static void ike_print(const struct view *v, const json_t *t)
{
	static const char *const nat_text[2][2] = {
		{ "none", "in front of us" }, { "in front of the peer", "in front of both" },
	};
	const json_t *spi = json_object_get(t, "ike_spi"), *nat = json_object_get(t, "nat");
	bool here = json_is_true(json_object_get(nat, "local"));
	bool there = json_is_true(json_object_get(nat, "remote"));
	char text[256], age[32];

	if (!spi)
		return;
	snprintf(text, sizeof(text), "%s, %s%s", text_of(t, "ike"),
		 json_is_true(json_object_get(t, "initiator")) ? "we began" : "the peer began",
		 json_object_get(t, "age_s") ? ", age " : "");
	if (json_object_get(t, "age_s"))
		strncat(text, seconds_text(number_of(t, "age_s"), age, sizeof(age)),
			sizeof(text) - strlen(text) - 1);
	line(v, "IKE SA", text);
	snprintf(text, sizeof(text), "%s %s", text_of(spi, "initiator"), text_of(spi, "responder"));
	line(v, "IKE SPIs", text);
	line(v, "NAT", nat_text[there][here]);
}

static void child_print(const struct view *v, const json_t *t)
{
	char text[256], suite[200], when[32];
	const json_t *sa;
	size_t i;

	if (!text_of(t, "esp")[0])
		return;
	snprintf(text, sizeof(text), "%s%s", suite_text(text_of(t, "esp"), suite, sizeof(suite)),
		 !strcmp(text_of(t, "encapsulation"), "udp") ? ", in UDP" : "");
	line(v, "ESP", text);
	snprintf(text, sizeof(text), "%lld so far%s%s", number_of(t, "child_rekeys"),
		 json_object_get(t, "rekey_in_s") ? ", next in " : "",
		 json_object_get(t, "rekey_in_s") ?
			 seconds_text(number_of(t, "rekey_in_s"), when, sizeof(when)) :
			 "");
	line(v, "rekeys", text);
	json_array_foreach(json_object_get(t, "sas"), i, sa) {
		sa_print(v, sa);
	}
	drops(v, "dropped", json_object_get(t, "device_drops"));
}

static void details(const struct view *v, const json_t *t)
{
	char here[1024], there[1024], text[2200];
	const char *state = text_of(t, "state");

	fprintf(v->out, "%s is %s%s%s\n", text_of(t, "name"), v->colour ? state_colour(state) : "",
		state, v->colour ? "\033[0m" : "");
	if (text_of(t, "error")[0]) {
		snprintf(text, sizeof(text), "%s: %s", text_of(t, "error"), text_of(t, "detail"));
		line(v, "because", text);
	}
	if (json_object_get(t, "retry_in_s")) {
		snprintf(text, sizeof(text), "in %lld s", number_of(t, "retry_in_s"));
		line(v, "next attempt", text);
	}
	line(v, "remote", text_of(t, "remote"));
	if (text_of(t, "local_endpoint")[0] && text_of(t, "remote_endpoint")[0]) {
		snprintf(text, sizeof(text), "%s -> %s", text_of(t, "local_endpoint"),
			 text_of(t, "remote_endpoint"));
		line(v, "via", text);
	}
	line(v, "local id", text_of(t, "local_id"));
	line(v, "remote id", text_of(t, "remote_id"));
	line(v, "interface", text_of(t, "interface"));
	snprintf(text, sizeof(text), "%s <-> %s",
		 join(json_object_get(t, "local_ts"), " ", here, sizeof(here)),
		 join(json_object_get(t, "remote_ts"), " ", there, sizeof(there)));
	line(v, "selectors", text);
	ike_print(v, t);
	child_print(v, t);
}

void show_status(const struct view *v, const json_t *result)
{
	const json_t *tunnels = json_object_get(result, "tunnels");

	if (v->tunnel)
		details(v, json_array_get(tunnels, 0));
	else if (json_array_size(tunnels))
		table(v, tunnels);
	else
		fputs("there is no tunnel: add one to the configuration, then: ikectl reload\n",
		      v->out);
}
