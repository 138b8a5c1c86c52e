// SPDX-License-Identifier: GPL-2.0
#include "esplaned/engine/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "crypto/raw.h"
#include "crypto/signature.h"
#include "esplaned/engine/dns_key.h"
#include "esplaned/engine/gather.h"
#include "esplaned/host/clock.h"
#include "esplaned/keys/fetch.h"
#include "esplaned/keys/keys.h"
#include "ike/core/job.h"

_Static_assert(IKE_CERTS_MAX <= CERT_CHAIN_MAX && IKE_CERTS_LEN_MAX <= CERT_OCTETS_MAX,
	       "what the engine takes of a peer can be verified");

/* Nothing more is fetched for a proof that waits so long: the engine gives it up soon. */
#define VERIFY_FETCH_MS	(JOB_SPAN_MS - (FETCH_TIMEOUT_S + 3) * 1000)

struct verify {
	struct daemon *d;
	verify_done_fn done;
	void *ctx;
	struct event *told;
	struct verify_result result;
	struct fetch_ask *ask;
	struct trust_need need;
	bool named;			/* DNS has been asked */
	uint64_t begun_ms;
	/* The job: what it points to is in @octets. */
	uint32_t tunnel;
	struct ike_id id;
	struct addr from;
	struct chunk certs[IKE_CERTS_MAX], ocsp[IKE_OCSP_MAX], raw_key, covered, signature;
	unsigned int cert_count, ocsp_count;
	uint8_t by_hash, bundles;	/* of @certs, as long as they are to be fetched */
	struct gather *gather;		/* that does it; NULL: nobody */
	bool proven;			/* without a signature */
	bool second;			/* the CAs of a second proof count, or of TLS */
	uint8_t method;
	uint8_t octets[];
};

static struct chunk verify_keep(uint8_t **at, struct chunk c)
{
	struct chunk kept = { *at, c.len };

	if (c.len)
		memcpy(*at, c.p, c.len);
	*at += c.len;
	return kept;
}

static struct verify *verify_copy(const struct ike_job *job)
{
	size_t len = job->octets.len + job->signature.len + job->raw_key.len;
	struct verify *v;
	uint8_t *at;

	for (unsigned int i = 0; i < job->cert_count; i++)
		len += job->certs[i].len;
	for (unsigned int i = 0; i < job->ocsp_count; i++)
		len += job->ocsp[i].len;
	v = calloc(1, sizeof(*v) + len);
	if (!v)
		return NULL;
	at = v->octets;
	v->tunnel = job->tunnel;
	v->id = *job->id;
	if (job->remote)
		v->from = job->remote->addr;
	v->method = job->method;
	v->proven = job->kind == IKE_JOB_TLS;
	v->second = job->second || v->proven;
	v->covered = verify_keep(&at, job->octets);
	v->signature = verify_keep(&at, job->signature);
	v->raw_key = verify_keep(&at, job->raw_key);
	for (v->cert_count = 0; v->cert_count < job->cert_count; v->cert_count++)
		v->certs[v->cert_count] = verify_keep(&at, job->certs[v->cert_count]);
	v->by_hash = job->by_hash;
	v->bundles = job->bundles;
	for (v->ocsp_count = 0; v->ocsp_count < job->ocsp_count; v->ocsp_count++)
		v->ocsp[v->ocsp_count] = verify_keep(&at, job->ocsp[v->ocsp_count]);
	return v;
}

static void verify_raw(struct verify *v, const struct tunnel_options *opt,
		       const struct chunk_list *keys)
{
	struct chunk key;

	if (!signature_check_raw(keys, v->raw_key, opt->allow_legacy, v->method,
				 v->covered, v->signature, &key, v->result.why))
		return;
	v->result.why[0] = '\0';
	raw_str(key, v->result.subject);
}

static void verify_on_named(void *ctx, struct chunk octets, const char *why);

/* False: it waits. */
static bool verify_named(struct verify *v, struct tunnel_entry *t)
{
	if (!v->named && !dns_key_known(t, clock_now())) {
		v->named = true;
		v->ask = dns_key_ask(v->d, t, verify_on_named, v);
		if (v->ask)
			return false;
		/* of this proof only: others may be asking for the same */
		snprintf(v->result.why, sizeof(v->result.why), "DNS was not asked for the peer's "
			 "key: too much is looked up at once, or nobody is there who asks DNSSEC");
		return true;
	}
	if (t->named)
		verify_raw(v, &t->opt, t->named);
	else
		snprintf(v->result.why, sizeof(v->result.why), "%s", t->unnamed);
	return true;
}

struct trust *verify_trust(struct tunnel_entry *t, bool second)
{
	bool own = second && t->opt.second.ca;
	struct trust **trust = own ? &t->second_trust : &t->trust;

	if (!*trust)
		*trust = trust_new(own ? t->opt.second.ca : t->opt.ca, t->opt.crl,
				   t->opt.revocation, t->opt.allow_legacy);
	return *trust;
}

static bool verify_is_late(const struct verify *v)
{
	return clock_now() - v->begun_ms > VERIFY_FETCH_MS;
}

static void verify_on_gathered(void *ctx);

/* What it has only said where to find. */
static enum gather_state verify_gather(struct verify *v, const struct tunnel_entry *t)
{
	enum gather_state state;

	if (!v->by_hash)
		return GATHER_DONE;
	if (!v->gather)
		v->gather = gather_new(v->d, v->certs, v->cert_count, v->by_hash, v->bundles,
				       &v->from, verify_on_gathered, v);
	if (!v->gather) {
		snprintf(v->result.why, sizeof(v->result.why), "no memory");
		return GATHER_FAILED;
	}
	state = gather_go(v->gather, t->opt.fetch_certs, verify_is_late(v), v->result.why);
	if (state == GATHER_DONE) {
		v->cert_count = gather_certs(v->gather, v->certs);
		v->by_hash = 0;
	}
	return state;
}

static void verify_on_fetched(void *ctx, struct chunk octets, const char *why);

/* Is something to be fetched first, and can it be? Then @v waits for it. */
static bool verify_fetches(struct verify *v)
{
	struct fetch *fetch = keys_fetch(v->d->keys);

	if (!v->need.url[0] || !fetch || verify_is_late(v))
		return false;
	v->ask = fetch_start(fetch, &v->need, verify_on_fetched, v);
	return v->ask;
}

/* False: it waits. */
static bool verify_chain(struct verify *v, struct tunnel_entry *t, const struct chain *chain)
{
	const struct trust_claim claim = {
		.chain = chain, .id_type = v->id.type,
		.ocsp = v->ocsp, .ocsp_count = v->ocsp_count,
		.id = { v->id.data, v->id.len }, .now = time(NULL),
	};
	struct trust *trust = verify_trust(t, v->second);
	char *why = v->result.why;
	time_t until;
	bool ok;

	snprintf(why, sizeof(v->result.why), "no memory");
	if (!trust)
		return true;
	v->need.url[0] = '\0';
	ok = trust_check(trust, &claim, &until, t->opt.no_fetch ? NULL : &v->need, why);
	if (!ok && !v->need.url[0])
		return true;
	if (!v->proven &&
	    !signature_check(chain, t->opt.allow_legacy, v->method, v->covered, v->signature, why))
		return true;
	if (!ok && verify_fetches(v))
		return false;
	if (!ok && !trust_check(trust, &claim, &until, NULL, why))
		return true;
	why[0] = '\0';
	v->result.valid_s = (uint64_t)(until - claim.now);
	chain_subject(chain, v->result.subject);
	gather_believed(v->gather);
	return true;
}

/* Likewise. */
static bool verify_cert(struct verify *v, struct tunnel_entry *t)
{
	struct chain *chain = chain_read(v->certs, v->cert_count, v->result.why);
	bool done = !chain || verify_chain(v, t, chain);

	chain_free(chain);
	return done;
}

/* False: it waits. */
static bool verify_gathers(struct verify *v, struct tunnel_entry *t)
{
	switch (verify_gather(v, t)) {
	case GATHER_DONE:
		return verify_cert(v, t);
	case GATHER_WAITS:
		return false;
	default:
		return true;
	}
}

/* False: it waits for what is fetched. */
static bool verify_go(struct verify *v)
{
	struct tunnel_entry *t = tunnels_find(&v->d->tunnels, v->tunnel);

	if (!t)
		snprintf(v->result.why, sizeof(v->result.why), "the tunnel is there no more");
	else if (t->opt.remote_keys && !v->second)
		verify_raw(v, &t->opt, t->opt.remote_keys);
	else if (t->opt.dns_key && !v->second)
		return verify_named(v, t);
	else
		return verify_gathers(v, t);
	return true;
}

static void verify_on_gathered(void *ctx)
{
	struct verify *v = ctx;

	if (verify_go(v))
		v->done(v->ctx, &v->result);
}

static void verify_on_named(void *ctx, struct chunk octets, const char *why)
{
	struct verify *v = ctx;
	struct tunnel_entry *t = tunnels_find(&v->d->tunnels, v->tunnel);

	v->ask = NULL;
	if (t)
		dns_key_learn(t, octets, why, clock_now());
	if (verify_go(v))
		v->done(v->ctx, &v->result);
}

static void verify_on_fetched(void *ctx, struct chunk octets, const char *why)
{
	struct verify *v = ctx;
	struct tunnel_entry *t = tunnels_find(&v->d->tunnels, v->tunnel);

	v->ask = NULL;
	if (t && verify_trust(t, v->second))
		trust_learn(verify_trust(t, v->second), &v->need, octets, why, time(NULL));
	if (verify_go(v))
		v->done(v->ctx, &v->result);
}

/* The engine is out of the way. */
static void verify_on_told(evutil_socket_t fd, short what, void *ctx)
{
	struct verify *v = ctx;

	if (verify_go(v))
		v->done(v->ctx, &v->result);
}

struct verify *verify_new(struct daemon *d, const struct ike_job *job, verify_done_fn done,
			  void *ctx)
{
	const struct timeval at_once = { 0 };
	struct verify *v;

	if (!tunnels_find(&d->tunnels, job->tunnel))
		return NULL;
	v = verify_copy(job);
	if (!v)
		return NULL;
	v->d = d;
	v->done = done;
	v->ctx = ctx;
	v->begun_ms = clock_now();
	v->told = evtimer_new(d->base, verify_on_told, v);
	if (v->told && !evtimer_add(v->told, &at_once))
		return v;
	verify_free(v);
	return NULL;
}

void verify_free(struct verify *v)
{
	if (!v)
		return;
	fetch_cancel(v->ask);
	gather_free(v->gather);
	if (v->told)
		event_free(v->told);
	free(v);
}
