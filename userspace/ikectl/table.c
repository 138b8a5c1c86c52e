// SPDX-License-Identifier: GPL-2.0
/* ikectl status: all tunnels, in as many columns as the terminal has room for. */
#include "ikectl/ikectl.h"

#include <stdlib.h>
#include <string.h>

enum column { NAME, STATE, REMOTE, SELECTORS, ESP, IN, OUT, LAST, UP, COLUMNS };

#define TABLE_CELL	256	/* octets */
#define TABLE_INDENT	2	/* of a peer below its tunnel, of a child below its peer */

static const char *const table_heads[COLUMNS] = {
	[NAME] = "TUNNEL", [STATE] = "STATE", [REMOTE] = "REMOTE", [SELECTORS] = "SELECTORS",
	[ESP] = "ESP",	   [IN] = "IN",	      [OUT] = "OUT",	   [LAST] = "LAST",
	[UP] = "UP",
};

struct table_row {
	char cell[COLUMNS][TABLE_CELL];
	unsigned int depth;		/* 0: a tunnel */
	const json_t *object;		/* NULL: the head */
	bool several;			/* its parts follow, and their selectors */
	bool notes;			/* what is wrong is said below: its owner has not */
};

struct table {
	const struct view *v;
	struct table_row *rows;
	size_t count, room;
	unsigned int width[COLUMNS];
	bool shown[COLUMNS];
	bool below;			/* selectors have a line of their own */
};

static struct table_row *table_row_add(struct table *t)
{
	size_t room = t->room ? t->room * 2 : 16;
	struct table_row *rows;

	if (t->count == t->room) {
		rows = reallocarray(t->rows, room, sizeof(*rows));
		if (!rows)
			return NULL;
		t->rows = rows;
		t->room = room;
	}
	memset(&t->rows[t->count], 0, sizeof(*t->rows));
	return &t->rows[t->count++];
}

static void table_seconds(char cell[TABLE_CELL], const json_t *object, const char *key)
{
	strcpy(cell, "-");
	if (json_object_get(object, key))
		text_seconds(number_of(object, key), cell, TABLE_CELL);
}

static void table_bytes(char cell[TABLE_CELL], const json_t *object, const char *key)
{
	strcpy(cell, "-");
	if (!strcmp(text_of(object, "state"), "up") || number_of(object, key))
		text_bytes(number_of(object, key), cell, TABLE_CELL);
}

static void table_cell(char cell[TABLE_CELL], const char *text)
{
	snprintf(cell, TABLE_CELL, "%s", text[0] ? text : "-");
}

/* What stands behind the last slash of a peer's or child's name that its owner has not said. */
static const char *table_own_name(const json_t *object, const json_t *owner)
{
	const char *name = text_of(object, "name"), *above = text_of(owner, "name");
	size_t len = strlen(above);

	return !strncmp(name, above, len) && name[len] == '/' ? name + len + 1 : name;
}

/*
 * @only: the one child of a tunnel or peer, whose selectors and suite are its own; NULL: it has
 * @count @parts, "children" or "peers".
 */
static void table_row_fill(struct table *t, const json_t *object, const json_t *owner,
			   unsigned int depth, const json_t *only, size_t count, const char *parts)
{
	struct table_row *row = table_row_add(t);
	char text[TABLE_CELL];

	if (!row)
		return;
	row->depth = depth;
	row->object = object;
	row->several = !only;
	row->notes = only != object || !owner || !strcmp(text_of(owner, "state"), "up");
	snprintf(row->cell[NAME], TABLE_CELL, "%*s%s", (int)(depth * TABLE_INDENT), "",
		 owner ? table_own_name(object, owner) : text_of(object, "name"));
	table_cell(row->cell[STATE], text_of(object, "state"));
	table_cell(row->cell[REMOTE], text_of(object, "remote")[0] ?
					      text_of(object, "remote") :
					      text_of(object, "remote_endpoint"));
	if (only)
		table_cell(row->cell[SELECTORS], text_selectors(only, text, sizeof(text)));
	else
		snprintf(row->cell[SELECTORS], TABLE_CELL, "%zu %s", count, parts);
	table_cell(row->cell[ESP], text_suite(text_of(only, "esp"), text, sizeof(text)));
	table_bytes(row->cell[IN], object, "bytes_in");
	table_bytes(row->cell[OUT], object, "bytes_out");
	table_seconds(row->cell[LAST], only, "last_in_s");
	table_seconds(row->cell[UP], object, "up_s");
}

static void table_children(struct table *t, const json_t *peer, const json_t *owner,
			   unsigned int depth)
{
	const json_t *child;
	size_t i;

	json_array_foreach(json_object_get(peer, "children"), i, child) {
		table_row_fill(t, child, owner, depth, child, 0, NULL);
	}
}

static const json_t *table_only_child(const json_t *peer)
{
	const json_t *children = json_object_get(peer, "children");

	return json_array_size(children) == 1 ? json_array_get(children, 0) : NULL;
}

static void table_peers(struct table *t, const json_t *tunnel)
{
	const json_t *peer;
	size_t i;

	json_array_foreach(json_object_get(tunnel, "peers"), i, peer) {
		const json_t *only = table_only_child(peer);

		table_row_fill(t, peer, tunnel, 1, only,
			       json_array_size(json_object_get(peer, "children")), "children");
		if (!only)
			table_children(t, peer, peer, 2);
	}
}

static void table_tunnel(struct table *t, const json_t *tunnel)
{
	const json_t *peers = json_object_get(tunnel, "peers");
	const json_t *peer = json_array_get(peers, 0);
	size_t children = json_array_size(json_object_get(peer, "children"));
	bool any = !strcmp(text_of(tunnel, "remote"), "any");

	if (any && json_array_size(peers)) {
		table_row_fill(t, tunnel, NULL, 0, NULL, json_array_size(peers),
			       json_array_size(peers) == 1 ? "peer" : "peers");
		table_peers(t, tunnel);
	} else if (!any && children > 1) {
		table_row_fill(t, tunnel, NULL, 0, NULL, children, "children");
		table_children(t, peer, tunnel, 1);
	} else {	/* what its only child says it says itself */
		table_row_fill(t, tunnel, NULL, 0, tunnel, 0, NULL);
	}
}

static void table_measure(struct table *t)
{
	for (size_t r = 0; r < t->count; r++) {
		for (int i = 0; i < COLUMNS; i++) {
			unsigned int width = text_width(t->rows[r].cell[i]);

			if (width > t->width[i])
				t->width[i] = width;
		}
	}
}

/* Columns by which the lines are too long. */
static unsigned int table_excess(const struct table *t)
{
	unsigned int sum = 0, count = 0;

	for (int i = 0; i < COLUMNS; i++) {
		sum += t->shown[i] ? t->width[i] : 0;
		count += t->shown[i];
	}
	sum += 2 * (count - 1);
	return t->v->width && sum > t->v->width ? sum - t->v->width : 0;
}

static void table_narrow(struct table *t, enum column column, unsigned int least)
{
	unsigned int excess = table_excess(t), width = t->width[column];

	if (!excess || width <= least)
		return;
	t->width[column] = width - excess > least && width > excess ? width - excess : least;
	for (size_t r = 0; r < t->count; r++)
		text_shorten(t->rows[r].cell[column], t->width[column]);
}

/* What is least missed goes first; what has room again once another has gone comes back. */
static void table_fit(struct table *t)
{
	static const enum column order[] = { ESP, LAST, SELECTORS, UP };
	const size_t count = sizeof(order) / sizeof(*order);

	for (int i = 0; i < COLUMNS; i++)
		t->shown[i] = true;
	for (size_t i = 0; i < count && table_excess(t); i++)
		t->shown[order[i]] = false;
	t->below = !t->shown[SELECTORS];
	for (size_t i = count; i-- > 0 && !table_excess(t);) {
		bool shown = t->shown[order[i]];

		t->shown[order[i]] = order[i] != SELECTORS || shown;
		if (table_excess(t))
			t->shown[order[i]] = shown;
	}
	table_narrow(t, REMOTE, 8);
	table_narrow(t, NAME, 8);
}

static const char *table_state_colour(const struct table *t, const struct table_row *row)
{
	const char *state = row->cell[STATE];

	if (!t->v->colour || !row->object || !strcmp(state, "down"))
		return "";
	return !strcmp(state, "up") ? "\033[32m" : "\033[33m";
}

static void table_row_print(const struct table *t, const struct table_row *row)
{
	int last = COLUMNS - 1;

	while (!t->shown[last])
		last--;
	for (int i = 0; i <= last; i++) {
		const char *on = i == STATE ? table_state_colour(t, row) : "";
		const char *off = on[0] ? "\033[0m" : "";
		unsigned int pad = t->width[i] - text_width(row->cell[i]);

		if (!t->shown[i])
			continue;
		fprintf(t->v->out, "%s%s%s", on, row->cell[i], off);
		if (i < last)
			fprintf(t->v->out, "%*s", (int)pad + 2, "");
	}
	fputc('\n', t->v->out);
}

static void table_note(const struct table *t, const struct table_row *row, const char *text)
{
	char indent[32];

	snprintf(indent, sizeof(indent), "%*s", (int)(row->depth + 2) * TABLE_INDENT, "");
	text_wrap(t->v->out, indent, text, t->v->width);
}

static void table_why_down(const struct table *t, const struct table_row *row)
{
	char text[1200], when[32];
	const json_t *o = row->object;
	size_t at = 0;

	text[0] = '\0';
	if (text_of(o, "error")[0]) {
		failure_sentence(text_of(o, "error"), text_of(o, "detail"), text, 1000);
		at = strlen(text);
	}
	if (json_object_get(o, "retry_in_s"))
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%snext attempt in %s",
				       at ? "; " : "",
				       text_seconds(number_of(o, "retry_in_s"), when,
						    sizeof(when)));
	if (at && !strcmp(text_of(o, "when_down"), "pass"))
		snprintf(text + at, sizeof(text) - at, "; meanwhile its packets pass in the clear");
	if (text[0])
		table_note(t, row, text);
}

static void table_certificate(const struct table *t, const struct table_row *row)
{
	long long left = number_of(row->object, "certificate_left_s");
	char text[512];

	if (row->depth || !json_object_get(row->object, "certificate") ||
	    left >= CERTIFICATE_SOON_S)
		return;
	snprintf(text, sizeof(text), "its certificate %s %s: have %s renewed",
		 left ? "expires on" : "has expired on", text_of(row->object, "certificate_until"),
		 text_of(row->object, "certificate"));
	table_note(t, row, text);
}

static void table_tcp(const struct table *t, const struct table_row *row)
{
	const json_t *o = row->object;
	char text[300];

	/* what the only peer says is said of its tunnel too, whose peers have lines of their own */
	if (!strcmp(text_of(o, "transport"), "tcp") && strcmp(text_of(o, "remote"), "any")) {
		snprintf(text, sizeof(text), "IKE goes over TCP, %s to %s: no packets can",
			 text_of(o, "local_endpoint"), text_of(o, "remote_endpoint"));
		table_note(t, row, text);
	}
	if (text_of(o, "listen_tcp_error")[0]) {
		snprintf(text, sizeof(text), "TCP port %lld is not listened at: %s",
			 number_of(o, "listen_tcp"), text_of(o, "listen_tcp_error"));
		table_note(t, row, text);
	}
}

static void table_notes(const struct table *t, const struct table_row *row)
{
	const json_t *narrowed = json_object_get(row->object, "narrowed");
	char text[1200], here[500], there[500];

	if (t->below && row->object && !row->several)
		table_note(t, row, row->cell[SELECTORS]);
	if (row->object) {
		table_certificate(t, row);
		table_tcp(t, row);
	}
	if (!row->notes)
		return;
	if (strcmp(row->cell[STATE], "up"))
		table_why_down(t, row);
	if (!narrowed)
		return;
	text_join(json_object_get(narrowed, "local_ts"), " ", here, sizeof(here));
	text_join(json_object_get(narrowed, "remote_ts"), " ", there, sizeof(there));
	snprintf(text, sizeof(text), "narrowed by the peer, missing: %s%s%s", here,
		 here[0] && there[0] ? " here, " : here[0] ? " here" : "", there);
	if (there[0])
		strncat(text, " there", sizeof(text) - strlen(text) - 1);
	table_note(t, row, text);
}

void table_print(const struct view *v, const json_t *tunnels)
{
	struct table t = { .v = v };
	struct table_row *head = table_row_add(&t);
	const json_t *tunnel;
	size_t i;

	if (!head)
		return;
	for (int c = 0; c < COLUMNS; c++)
		strcpy(head->cell[c], table_heads[c]);
	json_array_foreach(tunnels, i, tunnel) {
		table_tunnel(&t, tunnel);
	}
	table_measure(&t);
	table_fit(&t);
	for (size_t r = 0; r < t.count; r++) {
		table_row_print(&t, &t.rows[r]);
		table_notes(&t, &t.rows[r]);
	}
	free(t.rows);
}
