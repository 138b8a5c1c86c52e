// SPDX-License-Identifier: GPL-2.0
#include "esplaned/engine/jobs.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "crypto/raw.h"
#include "crypto/signature.h"
#include "esplaned/engine/engine.h"
#include "esplaned/host/clock.h"
#include "esplaned/host/resolve.h"
#include "esplaned/keys/keys.h"

_Static_assert(IKE_CERTS_MAX <= CERT_CHAIN_MAX && IKE_CERTS_LEN_MAX <= CERT_OCTETS_MAX,
	       "what the engine takes of a peer can be verified");

struct job {
	struct job *next;
	struct daemon *d;
	uint32_t id;			/* the engine's */
	struct resolve *resolve;
	/* A verification, which is done at once, and told when the engine is out of the way. */
	struct event *told;
	char why[TRUST_WHY_MAX], subject[CERT_NAME_MAX];	/* @why "": it is right */
	uint64_t valid_s;
};

static struct job *jobs_new(struct daemon *d, uint32_t id)
{
	struct job *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->d = d;
	j->id = id;
	j->next = d->jobs;
	d->jobs = j;
	return j;
}

static void jobs_free(struct job *j)
{
	struct job **at = &j->d->jobs;

	while (*at != j)
		at = &(*at)->next;
	*at = j->next;
	resolve_cancel(j->resolve);
	if (j->told)
		event_free(j->told);
	free(j);
}

static void jobs_end(struct job *j, const struct ike_job_result *result)
{
	struct daemon *d = j->d;

	ike_job_done(d->ike, j->id, result);
	jobs_free(j);
	engine_settled(d);
}

static void jobs_on_resolved(void *ctx, const struct addr *addrs, unsigned int count,
			     const char *why)
{
	const struct ike_job_result result = { .why = why, .addrs = addrs, .addr_count = count };
	struct job *j = ctx;

	j->resolve = NULL;
	jobs_end(j, &result);
}

/* The engine waits for it by its number: there is nothing to keep here. */
static bool jobs_begin_mac(struct daemon *d, uint32_t id, const struct ike_job *job)
{
	const struct tunnel_entry *t = tunnels_find(&d->tunnels, job->tunnel);

	return t && keys_mac(d->keys, id, t->opt.secret, job->prf, job->octets);
}

void jobs_mac_done(void *ctx, uint32_t job, const char *why, struct chunk mac)
{
	const struct ike_job_result result = { .why = why, .mac = mac };
	struct daemon *d = ctx;

	ike_job_done(d->ike, job, &result);
	engine_settled(d);
}

static bool jobs_begin_resolve(struct job *j, const struct ike_job *job)
{
	struct tunnel_entry *t = tunnels_find(&j->d->tunnels, job->tunnel);

	if (t)
		t->contact_ms = clock_now();
	j->resolve = resolve_start(j->d->resolver, job->name, jobs_on_resolved, j);
	return j->resolve;
}

/* What a verifier needs of the tunnel, made once. NULL: no memory. */
static struct trust *jobs_trust(struct tunnel_entry *t)
{
	if (!t->trust)
		t->trust = trust_new(t->opt.ca, t->opt.crl, t->opt.revocation, t->opt.allow_legacy);
	return t->trust;
}

/* RFC 7670: is it a signature with a key that the tunnel knows? */
static void jobs_verify_raw(struct job *j, const struct tunnel_entry *t, const struct ike_job *job)
{
	struct chunk key;

	if (!signature_check_raw(t->opt.remote_keys, job->raw_key, t->opt.allow_legacy, job->method,
				 job->octets, job->signature, &key, j->why))
		return;
	j->why[0] = '\0';
	raw_str(key, j->subject);
}

/* RFC 7296 2.15: is it a certificate to believe, for this identity, and is it its key's proof? */
static void jobs_verify(struct job *j, struct tunnel_entry *t, const struct ike_job *job)
{
	const struct trust_claim claim = {
		.certs = job->certs, .count = job->cert_count, .id_type = job->id->type,
		.id = { job->id->data, job->id->len }, .now = time(NULL),
	};
	struct trust *trust = jobs_trust(t);
	time_t until;

	snprintf(j->why, sizeof(j->why), "no memory");
	if (!trust || !trust_check(trust, &claim, &until, j->why) ||
	    !signature_check(job->certs[0], t->opt.allow_legacy, job->method, job->octets,
			     job->signature, j->why))
		return;
	j->why[0] = '\0';
	j->valid_s = (uint64_t)(until - claim.now);
	cert_subject(job->certs[0], j->subject);
}

static void jobs_on_told(evutil_socket_t fd, short what, void *ctx)
{
	struct job *j = ctx;
	const struct ike_job_result result = {
		.why = j->why[0] ? j->why : NULL, .valid_s = j->valid_s, .subject = j->subject,
	};

	jobs_end(j, &result);
}

static bool jobs_begin_verify(struct job *j, const struct ike_job *job)
{
	struct tunnel_entry *t = tunnels_find(&j->d->tunnels, job->tunnel);
	const struct timeval at_once = { 0 };

	if (!t)
		return false;
	if (t->opt.remote_keys)
		jobs_verify_raw(j, t, job);
	else
		jobs_verify(j, t, job);
	j->told = evtimer_new(j->d->base, jobs_on_told, j);
	return j->told && !evtimer_add(j->told, &at_once);
}

/* As jobs_begin_mac. */
static bool jobs_begin_sign(struct daemon *d, uint32_t id, const struct ike_job *job)
{
	const struct tunnel_entry *t = tunnels_find(&d->tunnels, job->tunnel);

	return t && keys_sign(d->keys, id, t->opt.secret, job->hashes, job->octets);
}

void jobs_sign_done(void *ctx, uint32_t job, const char *why, uint8_t method, struct chunk auth)
{
	const struct ike_job_result result = { .why = why, .method = method, .signature = auth };
	struct daemon *d = ctx;

	ike_job_done(d->ike, job, &result);
	engine_settled(d);
}

/* As jobs_begin_mac. */
static bool jobs_begin_eap(struct daemon *d, uint32_t id, const struct ike_job *job)
{
	const struct tunnel_entry *t = tunnels_find(&d->tunnels, job->tunnel);

	return t && keys_eap(d->keys, id, t->opt.secret, job->eap, job->user, job->octets);
}

void jobs_eap_done(void *ctx, uint32_t job, const char *why, struct chunk out)
{
	const struct ike_job_result result = { .why = why, .eap = out };
	struct daemon *d = ctx;

	ike_job_done(d->ike, job, &result);
	engine_settled(d);
}

bool jobs_begin(struct daemon *d, uint32_t id, const struct ike_job *job)
{
	struct job *j;

	if (job->kind == IKE_JOB_PSK_MAC)
		return jobs_begin_mac(d, id, job);
	if (job->kind == IKE_JOB_SIGN)
		return jobs_begin_sign(d, id, job);
	if (job->kind == IKE_JOB_EAP)
		return jobs_begin_eap(d, id, job);
	j = jobs_new(d, id);
	if (j && (job->kind == IKE_JOB_VERIFY ? jobs_begin_verify(j, job) :
						jobs_begin_resolve(j, job)))
		return true;
	if (j)
		jobs_free(j);
	return false;
}

void jobs_cancel(struct daemon *d)
{
	while (d->jobs)
		jobs_free(d->jobs);
}
