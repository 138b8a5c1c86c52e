// SPDX-License-Identifier: GPL-2.0
#include "esplaned/engine/talks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/tls.h"
#include "esplaned/engine/engine.h"
#include "esplaned/engine/verify.h"
#include "esplaned/keys/keys.h"
#include "lib/log.h"

_Static_assert(IKE_FLIGHT_MAX == TLS_FLIGHT_MAX && IKE_MSK_LEN == TLS_MSK_LEN &&
	       IKE_WHY_MAX >= TLS_WHY_MAX && IKE_INNER_MAX == TLS_INNER_MAX &&
	       IKE_CHALLENGE_LEN == TLS_CHALLENGE_LEN, "a flight of TLS is one of the engine's");

#define TALKS_HELLO_AT		5	/* behind the header of a record, RFC 8446 5.1 */
#define TALKS_CLIENT_HELLO	1

struct talk {
	struct talk *next;		/* older */
	struct daemon *d;
	uint32_t conversation, tunnel;
	uint32_t job;			/* the engine's, under way; 0: none */
	struct ike_id id;		/* whom the peer's certificate has to name */
	bool server;			/* the peer has begun: a stranger, until TLS is done */
	struct tls *tls;
	bool inside;			/* EAP-TTLS: both speak inside in the end */
	enum tls_state state;
	struct verify *verify;		/* of TLS_JUDGE */
	uint8_t *flight;		/* of the peer's, while the step goes on */
	size_t flight_len;
	struct event *told;		/* the engine hears of it when it is out of the way */
	char why[IKE_WHY_MAX];		/* what failed here, not between the two ends; "" */
	/* Of the peer's certificate, once it is believed. */
	char subject[CERT_NAME_MAX];
	uint64_t valid_s;
};

static struct talk *talks_find(const struct daemon *d, uint32_t conversation)
{
	struct talk *t = d->talks;

	while (t && t->conversation != conversation)
		t = t->next;
	return t;
}

static void talks_forget_flight(struct talk *t)
{
	mem_free_wiped(t->flight, t->flight_len);
	t->flight = NULL;
	t->flight_len = 0;
}

static void talks_free(struct talk *t)
{
	struct talk **at = &t->d->talks;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	verify_free(t->verify);
	tls_free(t->tls);
	talks_forget_flight(t);
	if (t->told)
		event_free(t->told);
	free(t);
}

/* Without what has to be fetched: that waits until TLS has proved whose the certificate is. */
static enum tls_verdict talks_believe(struct talk *t, struct tunnel_entry *entry,
				      const struct chain *chain, char why[TLS_WHY_MAX])
{
	const struct trust_claim claim = {
		.chain = chain, .id_type = t->id.type, .id = { t->id.data, t->id.len },
		.now = time(NULL),
	};
	struct trust *trust = verify_trust(entry, true);
	struct trust_need need = { 0 };
	time_t until;

	if (!trust) {
		snprintf(why, TLS_WHY_MAX, "no memory");
		return TLS_REFUSED;
	}
	if (!trust_check(trust, &claim, &until, entry->opt.no_fetch ? NULL : &need, why)) {
		if (!need.url[0])
			return TLS_REFUSED;
		why[0] = '\0';
		return TLS_OPEN;
	}
	t->valid_s = (uint64_t)(until - claim.now);
	chain_subject(chain, t->subject);
	return TLS_BELIEVED;
}

static enum tls_verdict talks_verify(void *ctx, const struct chunk *certs, unsigned int count,
				     char why[TLS_WHY_MAX])
{
	struct talk *t = ctx;
	struct tunnel_entry *entry = tunnels_find(&t->d->tunnels, t->tunnel);
	enum tls_verdict verdict = TLS_REFUSED;
	struct chain *chain;

	if (!entry) {
		snprintf(why, TLS_WHY_MAX, "the tunnel has gone");
		return TLS_REFUSED;
	}
	chain = chain_read(certs, count, why);
	if (chain)
		verdict = talks_believe(t, entry, chain, why);
	chain_free(chain);
	return verdict;
}

static void talks_on_told(evutil_socket_t fd, short what, void *ctx)
{
	static const enum ike_round rounds[] = {
		[TLS_MORE] = IKE_ROUND_MORE, [TLS_DONE] = IKE_ROUND_DONE,
		[TLS_FAILED] = IKE_ROUND_FAILED,
	};
	struct talk *t = ctx;
	struct daemon *d = t->d;
	uint8_t msk[TLS_MSK_LEN], challenge[TLS_CHALLENGE_LEN];
	struct ike_job_result result = {
		.why = t->why[0] ? t->why : NULL, .eap = tls_out(t->tls),
		.round = rounds[t->state], .text = tls_why(t->tls), .valid_s = t->valid_s,
		.subject = t->subject,
	};
	uint32_t job = t->job;

	t->job = 0;
	talks_forget_flight(t);
	if (t->state == TLS_DONE && tls_msk(t->tls, msk))
		result.msk = (struct chunk){ msk, sizeof(msk) };
	if (t->state == TLS_DONE && t->inside)
		result.heard = tls_heard(t->tls);
	if (t->state == TLS_DONE && t->inside && tls_challenge(t->tls, challenge))
		result.challenge = (struct chunk){ challenge, sizeof(challenge) };
	ike_job_done(d->ike, job, &result);	/* which may forget @t */
	mem_wipe(msk, sizeof(msk));
	engine_settled(d);
}

static void talks_on_judged(void *ctx, const struct verify_result *v);

static bool talks_judge(struct talk *t)
{
	struct chunk certs[CERT_CHAIN_MAX];
	struct ike_job claim = {
		.kind = IKE_JOB_TLS, .tunnel = t->tunnel, .id = &t->id, .certs = certs,
		.cert_count = tls_peer(t->tls, certs),
	};

	t->verify = verify_new(t->d, &claim, talks_on_judged, t);
	return t->verify;
}

static bool talks_sign(struct talk *t)
{
	struct tunnel_entry *entry = tunnels_find(&t->d->tunnels, t->tunnel);
	uint16_t scheme;
	struct chunk octets = tls_to_sign(t->tls, &scheme);

	return entry && keys_tls(t->d->keys, t->job, entry->opt.secret, scheme, octets);
}

/* Tells the engine, or asks others first. False: none of it can be. */
static bool talks_go_on(struct talk *t, enum tls_state state)
{
	const struct timeval at_once = { 0 };

	t->state = state;
	if (state == TLS_SIGN)
		return talks_sign(t);
	if (state == TLS_JUDGE)
		return talks_judge(t);
	return !evtimer_add(t->told, &at_once);
}

/* As talks_go_on(), where the engine waits already. */
static void talks_resume(struct talk *t, enum tls_state state)
{
	const struct timeval at_once = { 0 };

	if (talks_go_on(t, state))
		return;
	snprintf(t->why, sizeof(t->why), "TLS cannot go on: no memory, or the tunnel has gone");
	t->state = TLS_FAILED;
	evtimer_add(t->told, &at_once);
}

void talks_signed(void *ctx, uint32_t job, const char *why, struct chunk signature)
{
	struct daemon *d = ctx;
	struct talk *t = d->talks;

	while (t && (t->job != job || t->state != TLS_SIGN))
		t = t->next;
	if (!t)
		return;
	if (why)
		snprintf(t->why, sizeof(t->why), "%s", why);
	if (why)
		signature = (struct chunk){ 0 };
	talks_resume(t, tls_signed(t->tls, signature));
}

static void talks_on_judged(void *ctx, const struct verify_result *v)
{
	struct talk *t = ctx;
	char why[TLS_WHY_MAX];

	t->valid_s = v->valid_s;
	memcpy(t->subject, v->subject, sizeof(t->subject));
	snprintf(why, sizeof(why), "%s", v->why);
	verify_free(t->verify);		/* and @v with it */
	t->verify = NULL;
	talks_resume(t, tls_judged(t->tls, why));
}

/* One has gone if there were too many. False: all of them have something under way here. */
static bool talks_make_room(struct daemon *d)
{
	struct talk *t, *oldest = NULL;
	unsigned int count = 0;

	for (t = d->talks; t; t = t->next) {
		count++;
		if (t->server && !t->job && t->state != TLS_DONE)
			oldest = t;
	}
	if (count < TALKS_MAX)
		return true;
	if (!oldest)
		return false;
	log_debug("a conversation of TLS takes the place of the oldest one, of %u", count);
	talks_free(oldest);
	return true;
}

/* Does it begin with ClientHello? If not, it is one that has given way. */
static bool talks_is_beginning(const struct ike_job *what)
{
	return what->client || (what->octets.len > TALKS_HELLO_AT &&
				what->octets.p[TALKS_HELLO_AT] == TALKS_CLIENT_HELLO);
}

static struct talk *talks_new(struct daemon *d, const struct ike_job *what)
{
	const struct tunnel_entry *entry = tunnels_find(&d->tunnels, what->tunnel);
	struct tls_setup setup = {
		.server = !what->client, .type = what->type, .verify = talks_verify,
	};
	struct talk *t;

	if (!entry || !talks_is_beginning(what) || !talks_make_room(d))
		return NULL;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->server = !what->client;
	t->d = d;
	t->conversation = what->conversation;
	t->tunnel = what->tunnel;
	t->id = *what->id;
	t->inside = what->type == TLS_TYPE_TTLS;
	t->next = d->talks;
	d->talks = t;
	setup.certs = entry->opt.ike.second_certs ? entry->opt.ike.second_certs :
						    entry->opt.ike.certs;
	setup.ca = entry->opt.second.ca ? entry->opt.second.ca : entry->opt.ca;
	setup.ctx = t;
	t->told = evtimer_new(d->base, talks_on_told, t);
	t->tls = t->told ? tls_new(&setup) : NULL;
	if (t->tls)
		return t;
	talks_free(t);
	return NULL;
}

bool talks_step(struct daemon *d, uint32_t job, const struct ike_job *what)
{
	struct talk *t = talks_find(d, what->conversation);

	if (!t)
		t = talks_new(d, what);
	if (!t || t->job || t->state == TLS_FAILED)	/* or the last step goes on */
		return false;
	t->flight = mem_dup(what->octets.p, what->octets.len);
	if (!t->flight)
		return false;
	t->flight_len = what->octets.len;
	t->job = job;
	if (talks_go_on(t, what->say.len ? tls_say(t->tls, what->say) :
			   tls_step(t->tls, (struct chunk){ t->flight, t->flight_len })))
		return true;
	talks_free(t);
	return false;
}

void talks_forget(struct daemon *d, uint32_t conversation)
{
	struct talk *t = talks_find(d, conversation);

	if (t)
		talks_free(t);
}

void talks_close(struct daemon *d)
{
	while (d->talks)
		talks_free(d->talks);
}
