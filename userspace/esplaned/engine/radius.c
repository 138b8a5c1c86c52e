// SPDX-License-Identifier: GPL-2.0
#include "esplaned/engine/radius.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "esplaned/engine/engine.h"
#include "esplaned/host/clock.h"
#include "esplaned/host/radius_sock.h"
#include "esplaned/keys/keys.h"
#include "lib/log.h"
#include "wire/radius.h"

/*
 * The EAP packets that we take: a little less, so that no server thinks that more would do. The
 * engine takes IKE_SIGNATURE_MAX octets.
 */
#define RADIUS_MTU		1100
#define RADIUS_RECHECK_MS	100	/* its time is over, an answer is being checked */
/* Answers of which one is being checked, the others then: the first may be anybody's. */
#define RADIUS_ANSWERS_MAX	5

/*
 * A step: a request is proved, sent until it is answered, its answer checked. Refused: there was
 * none to send, of which the engine hears in the next turn.
 */
enum radius_state { RADIUS_IDLE, RADIUS_PROVING, RADIUS_WAITING, RADIUS_CHECKING, RADIUS_REFUSED };

struct radius_octets {
	uint8_t *p;
	size_t len;
};

struct radius_talk {
	struct radius_talk *next;
	struct daemon *d;
	uint32_t conversation, tunnel, secret;
	uint32_t job;			/* the engine's, under way; 0: none */
	enum radius_state state;
	struct event *timer;
	/* Of the tunnel, when it began. @at: the one that is asked; @bound: it has answered. */
	struct endpoint server[CONFIG_RADIUS_MAX];
	unsigned int server_count, at;
	bool asked[CONFIG_RADIUS_MAX], bound;
	char nas[TUNNEL_ID_MAX];
	char here[ADDR_STRLEN], there[ADDR_STRLEN];	/* the ends that the client talks between */
	uint8_t user[RADIUS_VALUE_MAX], kept[RADIUS_VALUE_MAX];	/* @kept: State */
	size_t user_len, kept_len;
	/* Of this step. */
	uint8_t *eap;			/* the client's packet */
	size_t eap_len;
	struct radius_sock *sock;	/* NULL: no request */
	uint8_t id, request[RADIUS_AUTHENTICATOR_LEN];
	uint8_t *packet;
	size_t packet_len;
	struct radius_octets answer[RADIUS_ANSWERS_MAX];	/* the first is being checked */
	unsigned int answers;
	uint64_t until, wait;		/* ms: this server's time, and to the next sending */
	char wrong[128];		/* about an answer that was not taken; "" */
	char refused[IKE_WHY_MAX];	/* why it cannot be asked */
};

static struct radius_talk *radius_find(const struct daemon *d, uint32_t conversation)
{
	struct radius_talk *t = d->radius;

	while (t && t->conversation != conversation)
		t = t->next;
	return t;
}

static void radius_forget_answer(struct radius_talk *t)
{
	free(t->answer[0].p);
	t->answers--;
	memmove(t->answer, t->answer + 1, t->answers * sizeof(*t->answer));
}

/* What the client says may be a password (GTC), and our request has it too. */
static void radius_forget_client(struct radius_talk *t)
{
	mem_free_wiped(t->eap, t->eap_len);
	t->eap = NULL;
}

/* The request to one server is over. */
static void radius_hang_up(struct radius_talk *t)
{
	radius_sock_give(t->sock, t->id);
	t->sock = NULL;
	evtimer_del(t->timer);
	mem_free_wiped(t->packet, t->packet_len);
	t->packet = NULL;
	while (t->answers)
		radius_forget_answer(t);
}

static void radius_free(struct radius_talk *t)
{
	struct radius_talk **at = &t->d->radius;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	radius_hang_up(t);
	event_free(t->timer);
	radius_forget_client(t);
	free(t);
}

/* The step is over: the engine hears of it, which may forget @t. */
static void radius_over(struct radius_talk *t, const struct ike_job_result *result)
{
	struct daemon *d = t->d;
	uint32_t job = t->job;

	radius_forget_client(t);
	t->job = 0;
	t->state = RADIUS_IDLE;
	ike_job_done(d->ike, job, result);
	engine_settled(d);
}

static void radius_say(const struct radius_talk *t, const char *text, char why[IKE_WHY_MAX])
{
	char server[ADDR_STRLEN];

	snprintf(why, IKE_WHY_MAX, "the RADIUS server %s %s",
		 endpoint_str(&t->server[t->at], server), text);
}

/* ---- a request */

/* @at is the next to be asked: one that answers, then one that was silent. False: none is left. */
static bool radius_choose(struct radius_talk *t)
{
	if (t->bound)
		return !t->asked[t->at];
	for (unsigned int silent = 0; silent < 2; silent++)
		for (t->at = 0; t->at < t->server_count; t->at++)
			if (!t->asked[t->at] &&
			    (silent || !radius_sock_is_silent(t->d->radius_socks,
							      &t->server[t->at])))
				return true;
	t->at = t->server_count - 1;
	return false;
}

static void radius_add_text(struct writer *w, enum radius_type type, const char *text)
{
	size_t len = strlen(text);

	radius_add(w, type, (struct chunk){ (const uint8_t *)text,
					    len < RADIUS_VALUE_MAX ? len : RADIUS_VALUE_MAX });
}

static bool radius_build(struct radius_talk *t)
{
	uint8_t octets[RADIUS_PACKET_MAX];
	struct writer w;

	crypto_random(t->request, sizeof(t->request));
	w = radius_begin(octets, t->id, t->request);
	radius_add(&w, RADIUS_USER_NAME, (struct chunk){ t->user, t->user_len });
	radius_add_text(&w, RADIUS_NAS_IDENTIFIER, t->nas);
	radius_add_u32(&w, RADIUS_NAS_PORT_TYPE, 5);
	radius_add_u32(&w, RADIUS_SERVICE_TYPE, 2);
	radius_add_u32(&w, RADIUS_FRAMED_MTU, RADIUS_MTU);
	radius_add_text(&w, RADIUS_CALLED_STATION_ID, t->here);
	radius_add_text(&w, RADIUS_CALLING_STATION_ID, t->there);
	radius_add(&w, RADIUS_EAP_MESSAGE, (struct chunk){ t->eap, t->eap_len });
	radius_add(&w, RADIUS_STATE, (struct chunk){ t->kept, t->kept_len });
	t->packet_len = radius_end(&w);
	t->packet = t->packet_len ? mem_dup(octets, t->packet_len) : NULL;
	mem_wipe(octets, sizeof(octets));
	return t->packet;
}

static void radius_on_answer(void *ctx, struct chunk packet);

/* Asks the next server. False: @why, no other one can be. */
static bool radius_ask(struct radius_talk *t, char why[IKE_WHY_MAX])
{
	const char *detail = "";

	while (radius_choose(t)) {
		t->asked[t->at] = true;
		t->sock = radius_sock_take(t->d->radius_socks, &t->server[t->at],
					   radius_on_answer, t, &t->id, &detail);
		if (!t->sock) {
			snprintf(why, IKE_WHY_MAX, "cannot be asked: %s", detail);
			snprintf(t->wrong, sizeof(t->wrong), "%.120s", why);
			radius_say(t, t->wrong, why);
			continue;
		}
		t->state = RADIUS_PROVING;
		if (radius_build(t) &&
		    keys_radius_prove(t->d->keys, t->job, t->secret,
				      (struct chunk){ t->packet, t->packet_len }))
			return true;
		radius_say(t, "cannot be asked: no memory, or the keeper of the secret is busy",
			   why);
		radius_hang_up(t);
	}
	return false;
}

static void radius_fail(struct radius_talk *t, const char *why)
{
	const struct ike_job_result result = { .why = why };

	radius_hang_up(t);
	radius_over(t, &result);
}

/* This server has had its time: another one's turn. The engine limits what it writes of the end. */
static void radius_give_up(struct radius_talk *t)
{
	bool known = radius_sock_is_silent(t->d->radius_socks, &t->server[t->at]);
	char why[IKE_WHY_MAX], text[192];

	if (t->wrong[0])
		snprintf(text, sizeof(text), "sends an answer that is not taken: %s", t->wrong);
	radius_say(t, t->wrong[0] ? text : "does not answer", why);
	radius_sock_heard(t->sock, false);
	radius_hang_up(t);
	t->wrong[0] = '\0';
	/* anybody can begin one: of a server that is known to be silent it is not news */
	if (t->server_count > 1 && !known)
		log_warn("%s", why);
	if (!radius_ask(t, why))
		radius_fail(t, why);
}

static void radius_arm(struct radius_talk *t, uint64_t ms)
{
	const struct timeval tv = { (time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000) };

	evtimer_add(t->timer, &tv);
}

static void radius_send(struct radius_talk *t)
{
	uint64_t now = clock_now(), left = t->until > now ? t->until - now : 0;

	radius_sock_send(t->sock, (struct chunk){ t->packet, t->packet_len });
	radius_arm(t, t->wait < left ? t->wait : left);
	t->wait *= 2;
}

static void radius_on_timer(evutil_socket_t fd, short what, void *ctx)
{
	struct radius_talk *t = ctx;

	if (t->state == RADIUS_REFUSED)
		radius_fail(t, t->refused);
	else if (clock_now() < t->until)
		radius_send(t);
	else if (t->state == RADIUS_CHECKING)
		radius_arm(t, RADIUS_RECHECK_MS);
	else
		radius_give_up(t);
}

/* ---- its answer */

/* Those that are there, one after the other. */
static void radius_check(struct radius_talk *t)
{
	t->state = RADIUS_WAITING;
	while (t->answers && t->state == RADIUS_WAITING) {
		struct chunk first = { t->answer[0].p, t->answer[0].len };

		if (keys_radius_check(t->d->keys, t->job, t->secret, t->request, first))
			t->state = RADIUS_CHECKING;
		else
			radius_forget_answer(t);
	}
}

static void radius_wrong(struct radius_talk *t, const char *text)
{
	snprintf(t->wrong, sizeof(t->wrong), "%.120s", text);
}

static bool radius_is_verdict(uint8_t code)
{
	return code == RADIUS_ACCESS_ACCEPT || code == RADIUS_ACCESS_REJECT ||
	       code == RADIUS_ACCESS_CHALLENGE;
}

/* From anybody who can send from the server's address: nothing is believed before it is checked. */
static void radius_on_answer(void *ctx, struct chunk packet)
{
	struct radius_talk *t = ctx;
	struct radius_octets octets;
	struct radius_answer a;

	if ((t->state != RADIUS_WAITING && t->state != RADIUS_CHECKING) ||
	    t->answers == RADIUS_ANSWERS_MAX)
		return;
	if (!radius_parse(packet, &a) || !radius_is_verdict(a.code)) {
		radius_wrong(t, "it is malformed");
		return;
	}
	if (!a.proof) {
		radius_wrong(t, "it has no Message-Authenticator: let the server send one always (require_message_authenticator)");
		return;
	}
	octets = (struct radius_octets){ mem_dup(a.packet.p, a.packet.len), a.packet.len };
	if (!octets.p)
		return;
	t->answer[t->answers++] = octets;
	if (t->state == RADIUS_WAITING)
		radius_check(t);
}

/* What the server's verdict means: @text where it is a refusal. */
static enum ike_round radius_judge(const struct radius_answer *a, const char **text)
{
	uint8_t eap = a->eap_len ? a->eap[0] : 0;

	*text = NULL;
	if (a->code == RADIUS_ACCESS_CHALLENGE && eap != 1)	/* EAP-Request */
		*text = "sends a challenge without an EAP request";
	else if (a->code == RADIUS_ACCESS_REJECT)
		*text = "refuses the user";
	else if (a->code == RADIUS_ACCESS_ACCEPT && eap && eap != 3)	/* RFC 3579 2.6.3 */
		*text = "accepts the user, with an EAP packet that is no success";
	if (*text)
		return IKE_ROUND_FAILED;
	return a->code == RADIUS_ACCESS_CHALLENGE ? IKE_ROUND_MORE : IKE_ROUND_DONE;
}

/* Beyond the life of the answer. */
static struct chunk radius_copy(struct chunk value, uint8_t to[RADIUS_VALUE_MAX])
{
	if (value.len)
		memcpy(to, value.p, value.len);
	return (struct chunk){ to, value.len };
}

/* Not for a peer: it is to choose, or we are (RFC 2865 5.8). */
static bool radius_is_nobody(struct chunk four)
{
	return four.p[0] == 0xff && four.p[1] == 0xff && four.p[2] == 0xff && four.p[3] >= 0xfe;
}

/* What goes with an acceptance. */
static void radius_grant(const struct radius_answer *a, struct ike_job_result *result)
{
	struct cursor timeout = cursor_of(a->timeout.p, a->timeout.len);

	if (!cursor_u32(&timeout, &result->session_s))
		result->session_s = 0;
	if (!a->framed.len || radius_is_nobody(a->framed))
		return;
	result->framed.family = AF_INET;
	memcpy(result->framed.b, a->framed.p, a->framed.len);
}

static void radius_checked(struct radius_talk *t, struct chunk msk)
{
	struct ike_job_result result = { .msk = msk };
	uint8_t user[RADIUS_VALUE_MAX];
	struct radius_answer a;
	char why[IKE_WHY_MAX];
	const char *text;

	if (!radius_parse((struct chunk){ t->answer[0].p, t->answer[0].len }, &a)) {
		radius_fail(t, "an answer of the RADIUS server has changed");
		return;
	}
	radius_sock_heard(t->sock, true);
	t->bound = true;
	t->kept_len = a.state.len;
	if (a.state.len)
		memcpy(t->kept, a.state.p, a.state.len);
	result.round = radius_judge(&a, &text);
	if (text)
		radius_say(t, text, why);
	result.text = text ? why : NULL;
	if (result.round == IKE_ROUND_MORE)
		result.eap = (struct chunk){ a.eap, a.eap_len };
	if (result.round == IKE_ROUND_DONE) {
		result.user = radius_copy(a.user, user);
		radius_grant(&a, &result);
	} else {
		result.msk = (struct chunk){ 0 };
	}
	radius_hang_up(t);
	radius_over(t, &result);
}

/* One was not the server's. Whoever sends such ones does not keep us beyond its time. */
static void radius_unproved(struct radius_talk *t, const char *why)
{
	radius_wrong(t, why);
	radius_forget_answer(t);
	if (clock_now() < t->until)
		radius_check(t);
	else
		radius_give_up(t);
}

/* Message-Authenticator of our request is there: out with it. */
static void radius_go(struct radius_talk *t, const char *why, struct chunk proof)
{
	uint32_t span = t->d->radius_span_ms ? t->d->radius_span_ms : RADIUS_SPAN_MS;

	if (why || proof.len != RADIUS_AUTHENTICATOR_LEN) {
		radius_fail(t, why ? why : "the keeper of the RADIUS secret answers with nonsense");
		return;
	}
	memcpy(t->packet + RADIUS_PROOF_AT, proof.p, proof.len);
	t->state = RADIUS_WAITING;
	t->wait = span / RADIUS_FIRST;
	t->until = clock_now() + span / (t->bound ? 1 : t->server_count);
	radius_send(t);
}

void radius_proved(void *ctx, uint32_t job, const char *why, struct chunk out)
{
	struct daemon *d = ctx;
	struct radius_talk *t = d->radius;

	while (t && t->job != job)
		t = t->next;
	if (!t)
		return;
	if (t->state == RADIUS_PROVING)
		radius_go(t, why, out);
	else if (t->state == RADIUS_CHECKING && !why)
		radius_checked(t, out);
	else if (t->state == RADIUS_CHECKING)
		radius_unproved(t, why);
}

/* ---- steps */

static void radius_name_ends(struct radius_talk *t, const struct tunnel_options *opt,
			     const struct ike_job *what)
{
	if (opt->ike.local_id.type)
		ike_id_str(&opt->ike.local_id, t->nas, sizeof(t->nas));
	else
		addr_str(&what->local->addr, t->nas);
	endpoint_str(what->local, t->here);
	endpoint_str(what->remote, t->there);
}

static struct radius_talk *radius_new(struct daemon *d, const struct ike_job *what)
{
	const struct tunnel_entry *entry = tunnels_find(&d->tunnels, what->tunnel);
	struct radius_talk *t;
	unsigned int count = 0;

	if (!d->radius_socks)
		d->radius_socks = radius_socks_new(d->base);
	for (t = d->radius; t; t = t->next)
		count++;
	if (!entry || !entry->opt.radius_count || !d->radius_socks ||
	    count >= RADIUS_TALKS_MAX || what->user.len > sizeof(t->user))
		return NULL;
	t = calloc(1, sizeof(*t));
	if (t)
		t->timer = evtimer_new(d->base, radius_on_timer, t);
	if (!t || !t->timer) {
		free(t);
		return NULL;
	}
	t->d = d;
	t->conversation = what->conversation;
	t->tunnel = what->tunnel;
	t->secret = entry->opt.secret;
	memcpy(t->server, entry->opt.radius, sizeof(t->server));
	t->server_count = entry->opt.radius_count;
	radius_name_ends(t, &entry->opt, what);
	memcpy(t->user, what->user.p, what->user.len);
	t->user_len = what->user.len;
	t->next = d->radius;
	d->radius = t;
	return t;
}

bool radius_step(struct daemon *d, uint32_t job, const struct ike_job *what)
{
	struct radius_talk *t = radius_find(d, what->conversation);

	if (!t)
		t = radius_new(d, what);
	if (!t || t->job)
		return false;
	t->eap = mem_dup(what->octets.p, what->octets.len);
	if (!t->eap)
		return false;
	t->eap_len = what->octets.len;
	t->job = job;
	t->wrong[0] = '\0';
	memset(t->asked, 0, sizeof(t->asked));
	if (!radius_ask(t, t->refused)) {
		t->state = RADIUS_REFUSED;
		radius_arm(t, 0);
	}
	return true;
}

void radius_forget(struct daemon *d, uint32_t conversation)
{
	struct radius_talk *t = radius_find(d, conversation);

	if (t)
		radius_free(t);
}

void radius_close(struct daemon *d)
{
	while (d->radius)
		radius_free(d->radius);
	radius_socks_free(d->radius_socks);
	d->radius_socks = NULL;
}
