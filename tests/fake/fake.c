// SPDX-License-Identifier: GPL-2.0
#include "fake/fake.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "fake/fake_kernel.h"
#include "fake/fake_sign.h"
#include "ike/auth/eap_secret.h"

static uint64_t fake_now(void *ctx)
{
	return *((struct fake *)ctx)->now;
}

static void fake_random(void *ctx, void *buf, size_t len)
{
	struct fake *f = ctx;
	uint8_t *p = buf;

	for (size_t i = 0; i < len; i++) {
		f->rng = f->rng * 1664525 + 1013904223;
		p[i] = f->nonce_fill && len == 32 ? f->nonce_fill : f->rng >> 24;
	}
}

static void fake_send(void *ctx, const struct endpoint *local, const struct endpoint *remote,
		      uint32_t mark, const uint8_t *msg, size_t len)
{
	struct fake *f = ctx;

	f->send(f, local, remote, mark, msg, len);
}

static uint64_t fake_dial(void *ctx, struct endpoint *local, const struct endpoint *remote,
			  uint32_t mark, char why[IKE_WHY_MAX])
{
	struct fake *f = ctx;

	if (f->no_dial) {
		snprintf(why, IKE_WHY_MAX, "Connection refused");
		return 0;
	}
	local->port = (uint16_t)(40000 + ++f->dialled);
	return f->dialled;
}

static void fake_keep(void *ctx, uint64_t stream)
{
	struct fake *f = ctx;

	f->kept = stream;
}

static void fake_hang_up(void *ctx, uint64_t stream)
{
	struct fake *f = ctx;

	f->hung_up = stream;
}

static void fake_event(void *ctx, const struct ike_event *ev)
{
	struct fake *f = ctx;

	f->event(f, ev);
}

static bool fake_source_for(void *ctx, const struct addr *remote, uint32_t mark,
			    struct addr *local)
{
	struct fake *f = ctx;

	f->source_mark = mark;
	*local = f->addr;
	return !f->no_route && !addr_equal(remote, &f->no_route_to);
}

static unsigned int fake_addresses(void *ctx, struct addr *addrs, unsigned int max)
{
	struct fake *f = ctx;
	unsigned int count = 0;

	if (!f->no_route && max)
		addrs[count++] = f->addr;
	for (unsigned int i = 0; i < f->other_count && count < max; i++)
		addrs[count++] = f->others[i];
	return count;
}

/* ---- devices, addresses and routes */

struct fake_tunnel *fake_tunnel(struct fake *f, uint32_t id)
{
	struct fake_tunnel *free = NULL;

	for (unsigned int i = 0; i < FAKE_TUNNELS_MAX; i++) {
		if (f->tunnel[i].id == id)
			return &f->tunnel[i];
		if (!f->tunnel[i].id && !free)
			free = &f->tunnel[i];
	}
	if (!free)
		fake_broken("too many tunnels");
	free->id = id;
	return free;
}

static int fake_device_up(void *ctx, uint32_t tunnel, const struct addr *remote,
			  char why[IKE_WHY_MAX])
{
	struct fake *f = ctx;

	if (f->device_refuses) {
		snprintf(why, IKE_WHY_MAX, "%s", f->device_refuses);
		return f->device_errno ? f->device_errno : -EBUSY;
	}
	fake_tunnel(f, tunnel)->device = true;
	return 0;
}

static void fake_device_down(void *ctx, uint32_t tunnel)
{
	struct fake *f = ctx;

	for (unsigned int i = 0; i < f->policy_count; i++)
		if (f->policy[i].tunnel == tunnel)
			fake_broken("device_down with a policy");
	for (unsigned int i = 0; i < f->in_count + f->reserved; i++)
		if (f->in[i].tunnel == tunnel)
			fake_broken("device_down with an SPI");
	fake_tunnel(f, tunnel)->device = false;
}

static int fake_child_up(void *ctx, const struct ike_child_link *link, char note[IKE_WHY_MAX],
			 char why[IKE_WHY_MAX])
{
	struct fake *f = ctx;
	struct fake_policy *p = fake_policy(f, link->child);

	if (!p || !p->out.sa.spi != link->waits)
		fake_broken("child_up before the kernel has policy and SAs, or waiting with them");
	if (!ts_list_equal(p->local_ts, link->local_ts) ||
	    !ts_list_equal(p->remote_ts, link->remote_ts))
		fake_broken("child_up with other selectors than the kernel's");
	f->links += !p->linked;		/* it is called again where something has changed */
	p->linked = true;
	f->waits += link->waits;
	f->last_link = *link;
	if (link->given)
		f->given = *link->given;
	if (f->child_refuses) {
		snprintf(why, IKE_WHY_MAX, "%s", f->child_refuses);
		return -EEXIST;
	}
	if (f->child_note)
		snprintf(note, IKE_WHY_MAX, "%s", f->child_note);
	return 0;
}

static void fake_child_down(void *ctx, const struct ike_child_link *link)
{
	struct fake *f = ctx;
	struct fake_policy *p = fake_policy(f, link->child);

	if (f->unlinks == f->links)
		fake_broken("child_down without child_up");
	f->unlinks++;
	if (p)
		p->linked = false;
}

static void fake_lease(void *ctx, const char *pool, const struct addr *addr,
		       const struct ike_id *id)
{
	struct fake *f = ctx;

	f->leases_told++;
	f->last_lease = *addr;
	f->last_lease_id = id ? *id : (struct ike_id){0};
}

/* ---- jobs */

static bool fake_job_tls(struct fake *f, struct fake_job *job, const struct ike_job *what)
{
	const struct fake_tunnel *t = fake_tunnel(f, what->tunnel);

	job->flight = calloc(1, sizeof(*job->flight));
	if (!job->flight || !fake_tls_job(&f->tls, t->tls, t->ca, what, job->flight))
		fake_broken("too much TLS");
	if (f->tls.told)
		fake_broken("something is said inside of TLS to a server that is not proved");
	f->job_count++;
	f->jobs_begun++;
	return true;
}

static void fake_forget(void *ctx, uint32_t conversation)
{
	struct fake *f = ctx;

	fake_tls_forget(&f->tls, conversation);
	fake_radius_forget(&f->radius, conversation);
}

static const struct fake_user *fake_user(const struct fake *f, const char *name)
{
	for (unsigned int i = 0; i < FAKE_USERS_MAX; i++)
		if (f->user[i].password[0] && !strcmp(f->user[i].name, name))
			return &f->user[i];
	return NULL;
}

static bool fake_job_radius(struct fake *f, struct fake_job *job, const struct ike_job *what)
{
	char name[TUNNEL_ID_MAX + 1] = "";
	const struct fake_user *u;
	struct chunk password;

	memcpy(name, what->user.p, what->user.len);
	u = fake_user(f, name);
	if (u)
		password = (struct chunk){ (const uint8_t *)u->password, strlen(u->password) };
	job->flight = calloc(1, sizeof(*job->flight));
	if (!job->flight || !fake_radius_job(&f->radius, u ? &password : NULL, what, job->flight))
		fake_broken("too much RADIUS");
	memcpy(job->flight->user, f->radius_user, sizeof(f->radius_user));
	job->flight->session_s = f->radius_session_s;
	job->flight->framed = f->radius_framed;
	f->job_count++;
	f->jobs_begun++;
	return true;
}

static bool fake_job(void *ctx, uint32_t id, const struct ike_job *what)
{
	struct fake *f = ctx;
	struct fake_job *job = &f->job[f->job_count];

	if (f->no_jobs)
		return false;
	if (f->job_count == FAKE_JOBS_MAX)
		fake_broken("too many jobs");
	*job = (struct fake_job){ .id = id, .tunnel = what->tunnel, .kind = what->kind };
	if (what->second)
		job->tunnel |= FAKE_SECOND;
	if (what->kind == IKE_JOB_TLS)
		return fake_job_tls(f, job, what);
	if (what->kind == IKE_JOB_RADIUS)
		return fake_job_radius(f, job, what);
	if (what->kind == IKE_JOB_RESOLVE) {
		snprintf(job->name, sizeof(job->name), "%s", what->name);
	} else if (what->kind == IKE_JOB_VERIFY) {
		job->why = fake_verify_job(fake_tunnel(f, job->tunnel)->ca, what, &job->valid_s);
	} else {
		job->prf = what->prf;
		job->hashes = what->hashes;
		job->eap = what->eap;
		if (what->kind == IKE_JOB_EAP)
			memcpy(job->user, what->user.p, what->user.len);
		job->octets = mem_dup(what->octets.p, what->octets.len);
		job->len = what->octets.len;
	}
	f->job_count++;
	f->jobs_begun++;
	return true;
}

static const struct fake_name *fake_name(const struct fake *f, const char *name)
{
	for (unsigned int i = 0; i < FAKE_NAMES_MAX; i++)
		if (!strcmp(f->name[i].name, name))
			return &f->name[i];
	return NULL;
}

static void fake_job_resolve(struct fake *f, const struct fake_job *job,
			     struct ike_job_result *result)
{
	const struct fake_name *name = fake_name(f, job->name);

	if (!name || !name->count)
		result->why = "the name does not exist";
	else
		result->addrs = name->addrs;
	result->addr_count = name ? name->count : 0;
}

static void fake_job_mac(struct fake *f, const struct fake_job *job, uint8_t mac[PRF_LEN_MAX],
			 struct ike_job_result *result)
{
	const char *psk = fake_tunnel(f, job->tunnel)->psk;
	struct chunk octets = { job->octets, job->len };

	result->mac = (struct chunk){ mac, prf_len(job->prf) };
	if (!psk[0])
		result->why = "there is no psk";
	else if (!auth_psk(job->prf, (struct chunk){ (const uint8_t *)psk, strlen(psk) }, &octets,
			   1, mac))
		fake_broken("a job with an unknown PRF");
}

static void fake_job_ppk(struct fake *f, const struct fake_job *job, uint8_t made[3 * PRF_LEN_MAX],
			 struct ike_job_result *result)
{
	const char *ppk = fake_tunnel(f, job->tunnel)->ppk;

	result->mac = (struct chunk){ made, job->len };
	if (!ppk[0])
		result->why = "there is no PPK";
	else if (job->len > 3 * PRF_LEN_MAX ||
		 !auth_ppk(job->prf, (struct chunk){ (const uint8_t *)ppk, strlen(ppk) },
			   (struct chunk){ job->octets, job->len }, made))
		fake_broken("a PPK job with an unknown PRF or odd keys");
}

void fake_password(struct fake *f, const char *name, const char *password)
{
	struct fake_user *u = (struct fake_user *)fake_user(f, name);

	for (unsigned int i = 0; !u && i < FAKE_USERS_MAX; i++)
		if (!f->user[i].password[0])
			u = &f->user[i];
	if (!u)
		fake_broken("too many users");
	snprintf(u->name, sizeof(u->name), "%s", name);
	snprintf(u->password, sizeof(u->password), "%s", password);
}

static void fake_job_eap(struct fake *f, struct ike *ike, const struct fake_job *job)
{
	bool client = ike_eap_is_client(job->eap);
	const struct fake_user *u = fake_user(f, client ? "" : job->user);
	struct chunk name = { (const uint8_t *)job->user, strlen(job->user) }, password;
	struct ike_job_result result = {0};
	uint8_t out[IKE_EAP_OUT_MAX];

	if (u)
		password = (struct chunk){ (const uint8_t *)u->password, strlen(u->password) };
	result.eap.p = out;
	if (eap_secret_use(job->eap, name, u ? &password : NULL,
			   (struct chunk){ job->octets, job->len }, out, &result.eap.len,
			   &result.why))
		result.why = NULL;
	ike_job_done(ike, job->id, &result);
}

static void fake_job_do(struct fake *f, struct ike *ike, const struct fake_job *job)
{
	uint8_t made[3 * PRF_LEN_MAX];	/* a signature of the fake world is shorter */
	struct ike_job_result result = { .why = job->why, .valid_s = job->valid_s };

	if (job->kind == IKE_JOB_EAP) {
		fake_job_eap(f, ike, job);
		return;
	}
	if (job->kind == IKE_JOB_TLS || job->kind == IKE_JOB_RADIUS)
		result = fake_tls_result(job->flight);
	if (job->kind == IKE_JOB_RESOLVE) {
		fake_job_resolve(f, job, &result);
	} else if (job->kind == IKE_JOB_PSK_MAC) {
		fake_job_mac(f, job, made, &result);
	} else if (job->kind == IKE_JOB_PPK) {
		fake_job_ppk(f, job, made, &result);
	} else if (job->kind == IKE_JOB_SIGN) {
		result.signature = (struct chunk){ made, FAKE_SIGNATURE_LEN };
		result.why = fake_sign_job(fake_tunnel(f, job->tunnel)->key, job->hashes,
					   (struct chunk){ job->octets, job->len }, &result.method,
					   made);
	}
	ike_job_done(ike, job->id, &result);
}

bool fake_job_end(struct fake *f, struct ike *ike)
{
	struct fake_job job = f->job[0];

	if (!f->job_count)
		return false;
	f->job_count--;
	memmove(&f->job[0], &f->job[1], f->job_count * sizeof(job));
	fake_job_do(f, ike, &job);
	free(job.octets);
	free(job.flight);
	return true;
}

void fake_jobs_run(struct fake *f, struct ike *ike)
{
	while (!f->hold_jobs && fake_job_end(f, ike))
		;
}

void fake_ppk(struct fake *f, uint32_t tunnel, const char *ppk)
{
	snprintf(fake_tunnel(f, tunnel)->ppk, sizeof(f->tunnel[0].ppk), "%s", ppk);
}

void fake_secret(struct fake *f, uint32_t tunnel, const char *psk)
{
	snprintf(fake_tunnel(f, tunnel)->psk, sizeof(f->tunnel[0].psk), "%s", psk);
}

void fake_keys(struct fake *f, uint32_t tunnel, const char *key, const char *ca)
{
	struct fake_tunnel *t = fake_tunnel(f, tunnel);

	snprintf(t->key, sizeof(t->key), "%s", key);
	snprintf(t->ca, sizeof(t->ca), "%s", ca);
}

void fake_tls_keys(struct fake *f, uint32_t tunnel, const char *cert, const char *ca)
{
	struct fake_tunnel *t = fake_tunnel(f, tunnel);

	snprintf(t->tls, sizeof(t->tls), "%s", cert);
	snprintf(t->ca, sizeof(t->ca), "%s", ca);
}

void fake_resolves(struct fake *f, const char *name, const char *addrs)
{
	struct fake_name *n = (struct fake_name *)fake_name(f, name);
	char text[512], *save = NULL;

	if (!n)
		n = (struct fake_name *)fake_name(f, "");
	if (!n)
		fake_broken("too many names");
	snprintf(n->name, sizeof(n->name), "%s", name);
	snprintf(text, sizeof(text), "%s", addrs);
	n->count = 0;
	for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save))
		if (n->count == IKE_JOB_ADDRS_MAX || !addr_parse(&n->addrs[n->count++], word))
			fake_broken("a name's addresses");
}

/* ---- all of it */

void fake_init(struct fake *f, const uint64_t *now, uint32_t seed)
{
	f->now = now;
	f->rng = seed;
	f->next_spi = 0x1000 * seed;
	f->idle = UINT64_MAX;
}

static void fake_forget_jobs(struct fake *f)
{
	while (f->job_count) {
		free(f->job[--f->job_count].octets);
		free(f->job[f->job_count].flight);
	}
	f->tls = (struct fake_tls_list){ 0 };
	f->radius = (struct fake_radius_list){ 0 };
}

void fake_reboot(struct fake *f)
{
	fake_kernel_clear(f);
	fake_forget_jobs(f);
	f->links = f->unlinks = 0;
	for (unsigned int i = 0; i < FAKE_TUNNELS_MAX; i++)
		f->tunnel[i].device = false;
}

void fake_clear(struct fake *f)
{
	fake_kernel_clear(f);
	fake_forget_jobs(f);
}

bool fake_is_empty(const struct fake *f)
{
	for (unsigned int i = 0; i < FAKE_TUNNELS_MAX; i++)
		if (f->tunnel[i].device)
			return false;
	return !fake_tls_count(&f->tls) && !fake_radius_count(&f->radius) &&
	       !f->in_count && !f->reserved && !f->policy_count;
}

struct ike_env fake_env(struct fake *f)
{
	struct ike_env env = {
		.ctx = f,
		.now = fake_now,
		.random = fake_random,
		.send = fake_send,
		.dial = fake_dial,
		.keep = fake_keep,
		.hang_up = fake_hang_up,
		.source_for = fake_source_for,
		.addresses = fake_addresses,
		.job = fake_job,
		.forget = fake_forget,
		.device_up = fake_device_up,
		.child_up = fake_child_up,
		.child_down = fake_child_down,
		.device_down = fake_device_down,
		.lease = fake_lease,
		.event = fake_event,
	};

	fake_kernel_ops(&env);
	return env;
}
