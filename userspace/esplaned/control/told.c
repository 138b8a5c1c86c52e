// SPDX-License-Identifier: GPL-2.0
#include "esplaned/control/told.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "esplaned/control/failure.h"
#include "esplaned/control/spoken.h"
#include "esplaned/host/clock.h"
#include "ike/core/id.h"
#include "suite/names.h"
#include "wire/v2/msg.h"

#define TOLD_PROPOSALS_MAX	16	/* of the peer's, in words */

/* An exchange that ended in a refusal, and when. */
struct told_memo {
	uint64_t at_ms;
	uint8_t type;
	uint32_t id;
	json_t *json;			/* NULL: there was none */
};

struct told {
	struct told *next;
	uint32_t tunnel;
	struct told_memo refused_us, we_refused;
	json_t *identity;		/* of the peer, as it last gave it; or NULL */
};

static struct told *told_find(const struct daemon *d, uint32_t tunnel)
{
	struct told *t = d->told;

	while (t && t->tunnel != tunnel)
		t = t->next;
	return t;
}

static struct told *told_make(struct daemon *d, uint32_t tunnel)
{
	struct told *t = told_find(d, tunnel);

	if (t)
		return t;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->tunnel = tunnel;
	t->next = d->told;
	d->told = t;
	return t;
}

static void told_identity(json_t *object, const char *key, const struct msg_id *id)
{
	struct ike_id parsed;
	char text[TUNNEL_ID_MAX];

	if (!id->body.at)
		return;
	parsed = id_of_octets(id->type, (struct chunk){ id->data.at, id->data.left });
	json_object_set_new(object, key, failure_text(ike_id_str(&parsed, text, sizeof(text))));
}

/* Of more than TOLD_PROPOSALS_MAX their number is enough. */
static void told_proposals(json_t *object, const struct msg_sa *sa)
{
	struct cursor at = sa->proposals;
	json_t *array = json_array();
	char text[PROPOSAL_STRLEN];
	struct msg_offer offer;
	struct proposal p;

	for (unsigned int i = 0; i < TOLD_PROPOSALS_MAX && msg_sa_next(&at, &p, &offer); i++)
		json_array_append_new(array, json_string(proposal_str(&p, text)));
	if (sa->count > TOLD_PROPOSALS_MAX) {
		snprintf(text, sizeof(text), "and %u more",
			 (unsigned int)(sa->count - TOLD_PROPOSALS_MAX));
		json_array_append_new(array, json_string(text));
	}
	json_object_set_new(object, sa->protocol == PROTO_ESP ? "esp" : "ike", array);
}

static void told_selectors(json_t *object, const char *key, const struct msg_ts *ts)
{
	struct cursor at = ts->selectors;
	json_t *array = json_array();
	char text[TS_STRLEN];
	struct ts one;

	for (unsigned int i = 0; i < ts->count && msg_ts_next(&at, &one); i++)
		json_array_append_new(array, json_string(ts_str(&one, text)));
	json_object_set_new(object, key, array);
}

static void told_endpoint(json_t *object, const char *key, const struct endpoint *ep)
{
	char text[ADDR_STRLEN];

	json_object_set_new(object, key, json_string(endpoint_str(ep, text)));
}

/* All that the peer has said in it which can be compared with ours. */
static json_t *told_make_memo(const struct ike_event *ev)
{
	const struct ike_exchange *x = ev->exchange;
	char number[NAME_STRLEN];
	json_t *o;

	o = json_pack("{ss sb}", "exchange", name_str(NAME_EXCHANGE, x->type, number),
		      "authentic", x->authentic);
	if (ev->who)
		json_object_set_new(o, "name", failure_text(ev->who));
	told_endpoint(o, "local", x->local);
	told_endpoint(o, "remote", x->remote);
	told_identity(o, "identity", x->what ? &x->heard->idr : &x->heard->idi);
	if (x->what)
		return o;
	told_identity(o, "asked_identity", &x->heard->idr);
	if (x->heard->sa.count)
		told_proposals(o, &x->heard->sa);
	if (x->heard->tsi.count)
		told_selectors(o, "remote_ts", &x->heard->tsi);
	if (x->heard->tsr.count)
		told_selectors(o, "local_ts", &x->heard->tsr);
	return o;
}

static void told_set_notify(json_t *memo, uint16_t notify)
{
	char number[NAME_STRLEN];

	json_object_set_new(memo, "notify", json_string(name_str(NAME_NOTIFY, notify, number)));
}

static void told_replace(struct told_memo *memo, const struct ike_event *ev, uint64_t now)
{
	json_decref(memo->json);
	memo->json = told_make_memo(ev);
	memo->at_ms = now;
	memo->type = ev->exchange->type;
	memo->id = ev->exchange->id;
}

/* The peer does not do now what it does in a moment, or asks for another way: no refusal. */
static bool told_is_passing(uint16_t notify)
{
	return notify == NOTIFY_TEMPORARY_FAILURE || notify == NOTIFY_INVALID_KE_PAYLOAD ||
	       notify == NOTIFY_CHILD_SA_NOT_FOUND;
}

static void told_answered(struct told *t, const struct ike_event *ev)
{
	const struct msg_notify *error = msg_error(ev->exchange->heard);

	if (ev->exchange->heard->idr.body.at) {
		json_t *o = json_object();

		told_identity(o, "identity", &ev->exchange->heard->idr);
		json_decref(t->identity);
		t->identity = json_incref(json_object_get(o, "identity"));
		json_decref(o);
	}
	if (!error || told_is_passing(error->type))
		return;
	told_replace(&t->refused_us, ev, clock_now());
	told_set_notify(t->refused_us.json, error->type);
}

/* The engine may have said more about the same one a moment ago. */
static void told_answer(struct told *t, const struct ike_event *ev, uint16_t notify)
{
	struct told_memo *memo = &t->we_refused;
	uint64_t now = clock_now();

	if (!memo->json || memo->type != ev->exchange->type || memo->id != ev->exchange->id ||
	    now - memo->at_ms > 1000)
		told_replace(memo, ev, now);
	told_set_notify(memo->json, notify);
}

static void told_refused(struct told *t, const struct ike_event *ev)
{
	told_replace(&t->we_refused, ev, clock_now());
	json_object_set_new(t->we_refused.json, "error", json_string(failure_name(ev->failure)));
	json_object_set_new(t->we_refused.json, "detail",
			    failure_text(ev->detail ? ev->detail : ""));
}

void told_event(struct daemon *d, const struct ike_event *ev)
{
	const struct ike_exchange *x = ev->exchange;
	uint16_t notify;
	struct told *t;

	if (!x || !ev->tunnel)
		return;
	if (ev->type == IKE_EV_REFUSED) {
		t = told_make(d, ev->tunnel);
		if (t && !x->what)
			told_refused(t, ev);
		return;
	}
	if (ev->type != IKE_EV_EXCHANGE)
		return;
	notify = x->what ? 0 : spoken_refusal(x);
	if (!x->what && (!notify || told_is_passing(notify)))
		return;
	if (x->what && !x->heard->idr.body.at && !msg_error(x->heard))
		return;
	t = told_make(d, ev->tunnel);
	if (t && x->what)
		told_answered(t, ev);
	else if (t)
		told_answer(t, ev, notify);
}

static void told_memo_json(const struct told_memo *memo, const char *key, json_t *object)
{
	json_t *copy;

	if (!memo->json)
		return;
	copy = json_deep_copy(memo->json);
	json_object_set_new(copy, "ago_s",
			    json_integer((json_int_t)(clock_now() - memo->at_ms) / 1000));
	json_object_set_new(object, key, copy);
}

void told_json(const struct daemon *d, uint32_t tunnel, json_t *object)
{
	const struct told *t = told_find(d, tunnel);

	if (!t)
		return;
	told_memo_json(&t->refused_us, "refused_us", object);
	told_memo_json(&t->we_refused, "we_refused", object);
	if (t->identity)
		json_object_set(object, "identity", t->identity);
}

void told_forget(struct daemon *d, uint32_t tunnel)
{
	struct told **at = &d->told, *t;

	while (*at && (*at)->tunnel != tunnel)
		at = &(*at)->next;
	t = *at;
	if (!t)
		return;
	*at = t->next;
	json_decref(t->refused_us.json);
	json_decref(t->we_refused.json);
	json_decref(t->identity);
	free(t);
}
