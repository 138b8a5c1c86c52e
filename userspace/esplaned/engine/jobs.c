// SPDX-License-Identifier: GPL-2.0
#include "esplaned/engine/jobs.h"

#include <stdlib.h>

#include "esplaned/engine/engine.h"
#include "esplaned/engine/verify.h"
#include "esplaned/host/clock.h"
#include "esplaned/host/resolve.h"
#include "esplaned/keys/keys.h"
#include "esplaned/keys/link.h"

struct job {
	struct job *next;
	struct daemon *d;
	uint32_t id;			/* the engine's */
	struct resolve *resolve;
	struct verify *verify;
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
	verify_free(j->verify);
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

/* What the first proof rests on, or the second. */
static uint32_t jobs_secret(const struct tunnel_entry *t, const struct ike_job *job)
{
	return t->opt.secret | (job->second ? LINK_SECOND : 0);
}

/* The engine waits for it by its number: there is nothing to keep here. */
static bool jobs_begin_mac(struct daemon *d, uint32_t id, const struct ike_job *job)
{
	const struct tunnel_entry *t = tunnels_find(&d->tunnels, job->tunnel);

	if (job->kind == IKE_JOB_PPK)
		return t && keys_ppk(d->keys, id, t->opt.secret, job->prf, job->octets);
	return t && keys_mac(d->keys, id, jobs_secret(t, job), job->prf, job->octets);
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

static void jobs_on_verified(void *ctx, const struct verify_result *v)
{
	const struct ike_job_result result = {
		.why = v->why[0] ? v->why : NULL, .valid_s = v->valid_s, .subject = v->subject,
	};

	jobs_end(ctx, &result);
}

static bool jobs_begin_verify(struct job *j, const struct ike_job *job)
{
	j->verify = verify_new(j->d, job, jobs_on_verified, j);
	return j->verify;
}

/* As jobs_begin_mac. */
static bool jobs_begin_sign(struct daemon *d, uint32_t id, const struct ike_job *job)
{
	const struct tunnel_entry *t = tunnels_find(&d->tunnels, job->tunnel);

	return t && keys_sign(d->keys, id, jobs_secret(t, job), job->hashes, job->octets);
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

	if (job->kind == IKE_JOB_PSK_MAC || job->kind == IKE_JOB_PPK)
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
