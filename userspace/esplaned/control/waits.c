// SPDX-License-Identifier: GPL-2.0
#include "esplaned/control/waits.h"

#include <stdlib.h>
#include <string.h>

#include "esplaned/control/failure.h"

struct wait_item {
	struct name_ref ref;
	bool done;			/* it has come up, or has new keys */
	bool look;			/* one of its children has come to its end: all of them? */
	uint64_t took_ms;
	json_t *result;			/* of a failure, or of what is done; NULL: not yet */
	char detail[512];
};

struct wait {
	struct wait *next;
	struct client *c;
	enum wait_for what;
	bool all;
	unsigned int count;
	struct wait_item item[];
};

bool waits_add(struct wait **list, struct client *c, enum wait_for what,
	       const struct name_ref *refs, unsigned int count, bool all)
{
	struct wait *w = calloc(1, sizeof(*w) + count * sizeof(w->item[0]));

	if (!w)
		return false;
	w->c = c;
	w->what = what;
	w->all = all;
	w->count = count;
	for (unsigned int i = 0; i < count; i++)
		w->item[i].ref = refs[i];
	w->next = *list;
	*list = w;
	return true;
}

static void waits_free_one(struct wait *w)
{
	for (unsigned int i = 0; i < w->count; i++)
		json_decref(w->item[i].result);
	free(w);
}

static void waits_end(struct wait_item *item, json_t *result)
{
	json_decref(item->result);
	item->result = result;
}

void waits_settle(struct wait **list, const struct client *c, const struct name_ref *ref,
		  json_t *result)
{
	for (struct wait *w = *list; w; w = w->next) {
		for (unsigned int i = 0; i < w->count && w->c == c; i++) {
			if (names_id(&w->item[i].ref) == names_id(ref))
				waits_end(&w->item[i], json_incref(result));
		}
	}
	json_decref(result);
}

/* Does an event about @ev's child, or else its peer as a whole, concern what is waited for? */
static bool waits_concerns(const struct name_ref *ref, const struct ike_event *ev)
{
	if (ev->tunnel != ref->tunnel)
		return false;
	if (ev->child)
		return ev->child == ref->child;
	return !ref->peer || ev->peer == ref->peer;
}

static bool waits_is_end(const struct wait_item *item, enum wait_for what,
			 const struct ike_event *ev)
{
	bool child = item->ref.child;

	switch (ev->type) {
	case IKE_EV_UP:
		return what == WAIT_UP && !child;
	case IKE_EV_CHILD_UP:
		return what == WAIT_UP && child;
	case IKE_EV_CHILD_REKEYED:
		return what == WAIT_REKEY && child;
	case IKE_EV_IKE_REKEYED:
		return what == WAIT_REKEY && !child;
	case IKE_EV_REAUTHENTICATED:
		return what != WAIT_UP && !child;
	default:
		return false;
	}
}

/* DOWN is not the end of an attempt, FAILED is; but what has come up may go down at once. */
static bool waits_is_failure(const struct wait_item *item, enum wait_for what,
			     const struct ike_event *ev)
{
	switch (ev->type) {
	case IKE_EV_FAILED:
	case IKE_EV_CHILD_FAILED:
		return what == WAIT_UP;
	case IKE_EV_REAUTH_FAILED:	/* one that nobody asked for ends no rekey */
		return what == WAIT_REAUTH && !item->ref.child;
	case IKE_EV_REKEY_FAILED:
		return what == WAIT_REKEY && !item->ref.child == !ev->child;
	case IKE_EV_DOWN:
	case IKE_EV_CHILD_DOWN:
		return what != WAIT_UP;
	default:
		return false;
	}
}

static void waits_event_item(struct wait_item *item, enum wait_for what,
			     const struct ike_event *ev, uint64_t took_ms)
{
	const char *detail = ev->detail ? ev->detail : "";

	if (item->result)
		return;
	if (what == WAIT_UP && !item->ref.child && ev->child && ev->tunnel == item->ref.tunnel) {
		item->look = true;
		item->took_ms = took_ms;
	}
	if (!waits_concerns(&item->ref, ev))
		return;
	if (waits_is_end(item, what, ev)) {
		item->done = true;
		item->took_ms = took_ms;
		strncpy(item->detail, detail, sizeof(item->detail) - 1);
	} else if (waits_is_failure(item, what, ev) || (item->done && ev->type == IKE_EV_DOWN)) {
		waits_end(item, failure_result(ev->failure, ev->who, detail));
	}
}

void waits_event(struct wait **list, const struct ike_event *ev, uint64_t took_ms)
{
	for (struct wait *w = *list; w; w = w->next) {
		for (unsigned int i = 0; i < w->count; i++)
			waits_event_item(&w->item[i], w->what, ev, took_ms);
	}
}

void waits_tunnel_gone(struct wait **list, uint32_t tunnel, const char *why)
{
	for (struct wait *w = *list; w; w = w->next) {
		for (unsigned int i = 0; i < w->count; i++) {
			if (w->item[i].ref.tunnel == tunnel && !w->item[i].result)
				waits_end(&w->item[i], failure_result(IKE_FAIL_DOWN, NULL, why));
		}
	}
}

/* Of what has new keys: which, and whether it is the IKE SA. */
static void waits_say_keys(struct wait_item *item)
{
	if (!item->ref.child)
		json_object_set_new(item->result, "ike", json_true());
	if (item->detail[0])
		json_object_set_new(item->result, "detail", failure_text(item->detail));
}

static void waits_resolve_item(struct wait_item *item, enum wait_for what, waits_result_fn fn,
			       void *ctx)
{
	if (item->result || (!item->done && !item->look))
		return;
	item->result = fn(ctx, &item->ref, what);
	item->look = false;
	if (!item->result)
		item->done = false;
	else if (what != WAIT_UP)
		waits_say_keys(item);
	else
		json_object_set_new(item->result, "took_ms",
				    json_integer((json_int_t)item->took_ms));
}

/* False: something of it has not come to its end. */
static bool waits_resolve(struct wait *w, waits_result_fn fn, void *ctx)
{
	bool whole = true;

	for (unsigned int i = 0; i < w->count; i++) {
		waits_resolve_item(&w->item[i], w->what, fn, ctx);
		whole = whole && w->item[i].result;
	}
	return whole;
}

static json_t *waits_result(const struct wait *w)
{
	json_t *tunnels;
	bool ok = true;

	if (!w->all)
		return json_incref(w->item[0].result);
	tunnels = json_array();
	for (unsigned int i = 0; i < w->count; i++) {
		const char *result =
			json_string_value(json_object_get(w->item[i].result, "result"));

		ok = ok && result && !strcmp(result, "ok");
		json_array_append(tunnels, w->item[i].result);
	}
	if (ok)
		return json_pack("{ss so}", "result", "ok", "tunnels", tunnels);
	return json_pack("{ss ss ss so}", "result", "error", "error", "some-failed", "message",
			 w->what == WAIT_UP ? "not all of them are up" :
					      "not all of them have new keys",
			 "tunnels", tunnels);
}

void waits_flush(struct wait **list, waits_result_fn fn, void *ctx)
{
	for (struct wait **at = list; *at;) {
		struct wait *w = *at;

		if (!waits_resolve(w, fn, ctx)) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		client_finish(w->c, waits_result(w));
		waits_free_one(w);
	}
}

void waits_client_gone(struct wait **list, const struct client *c)
{
	for (struct wait **at = list; *at;) {
		struct wait *w = *at;

		if (w->c != c) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		waits_free_one(w);
	}
}

void waits_free(struct wait **list)
{
	while (*list)
		waits_client_gone(list, (*list)->c);
}
