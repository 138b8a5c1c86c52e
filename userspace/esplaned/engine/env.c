// SPDX-License-Identifier: GPL-2.0
#include "esplaned/engine/env.h"

#include <errno.h>
#include <stdio.h>

#include "crypto/crypto.h"
#include "esplaned/control/publish.h"
#include "esplaned/core/totals.h"
#include "esplaned/engine/hooks.h"
#include "esplaned/engine/jobs.h"
#include "esplaned/engine/module.h"
#include "esplaned/engine/radius.h"
#include "esplaned/engine/talks.h"
#include "esplaned/host/clock.h"
#include "esplaned/host/device.h"
#include "esplaned/host/outer.h"
#include "esplaned/host/sock.h"
#include "esplaned/host/tcp.h"
#include "esplaned/keys/keys.h"
#include "esplaned/nl/kern.h"

static uint64_t env_now(void *ctx)
{
	return clock_now();
}

static void env_random(void *ctx, void *buf, size_t len)
{
	crypto_random(buf, len);
}

static void env_send(void *ctx, const struct endpoint *local, const struct endpoint *remote,
		     uint32_t mark, const uint8_t *msg, size_t len)
{
	struct daemon *d = ctx;

	if (remote->stream)
		tcp_send(d->tcp, remote->stream, mark, msg, len);
	else
		sock_send(d->sock, local, remote, mark, msg, len);
}

static uint64_t env_dial(void *ctx, struct endpoint *local, const struct endpoint *remote,
			 uint32_t mark, char why[IKE_WHY_MAX])
{
	struct daemon *d = ctx;

	return tcp_dial(d->tcp, local, remote, mark, why);
}

static void env_keep(void *ctx, uint64_t stream)
{
	struct daemon *d = ctx;

	tcp_keep(d->tcp, stream);
}

static void env_hang_up(void *ctx, uint64_t stream)
{
	struct daemon *d = ctx;

	tcp_hang_up(d->tcp, stream);
}

static bool env_source_for(void *ctx, const struct addr *remote, uint32_t mark,
			   struct addr *local)
{
	return sock_source_for(remote, mark, local);
}

static unsigned int env_addresses(void *ctx, struct addr *addrs, unsigned int max)
{
	const struct daemon *d = ctx;

	return outer_addresses(d->devices, addrs, max);
}

static bool env_job(void *ctx, uint32_t id, const struct ike_job *job)
{
	if (job->kind == IKE_JOB_RADIUS)
		return radius_step(ctx, id, job);
	return job->kind == IKE_JOB_TLS ? talks_step(ctx, id, job) : jobs_begin(ctx, id, job);
}

static void env_forget(void *ctx, uint32_t conversation)
{
	talks_forget(ctx, conversation);
	radius_forget(ctx, conversation);
}

/* NULL: there is no such tunnel, @why says so. */
static struct tunnel_entry *env_tunnel(struct daemon *d, uint32_t tunnel, char why[IKE_WHY_MAX])
{
	struct tunnel_entry *t = tunnels_find(&d->tunnels, tunnel);

	if (!t)
		snprintf(why, IKE_WHY_MAX, "the tunnel has been removed");
	return t;
}

/* As env_tunnel, with its interface. */
static struct tunnel_entry *env_device(struct daemon *d, uint32_t tunnel, char why[IKE_WHY_MAX])
{
	struct tunnel_entry *t = env_tunnel(d, tunnel, why);

	if (!t || t->device)
		return t;
	snprintf(why, IKE_WHY_MAX, "interface %s has been removed", t->opt.interface);
	return NULL;
}

static int env_device_up(void *ctx, uint32_t tunnel, const struct addr *remote,
			 char why[IKE_WHY_MAX])
{
	struct daemon *d = ctx;
	struct tunnel_entry *t = env_tunnel(d, tunnel, why);
	int rc;

	if (!t)
		return -ENODEV;
	t->contact_ms = clock_now();
	if (t->opt.ike.local.family && !sock_local_ok(&t->opt.ike.local, why))
		return -EADDRNOTAVAIL;
	rc = module_ready(d, why);
	if (rc)
		return rc;
	if (!module_can_esp(d, &t->opt, why))
		return -EOPNOTSUPP;
	rc = device_up(t->dev, remote, why);
	if (rc || t->device)
		return rc;
	rc = kern_device_id(d->kern, device_ifindex(t->dev), &t->device, why);
	if (rc)
		device_down(t->dev);
	else
		publish_step(d, t, 0, "interface", t->opt.interface);
	return rc;
}

static int env_spi_alloc(void *ctx, uint32_t tunnel, uint32_t *spi, char why[IKE_WHY_MAX])
{
	struct daemon *d = ctx;
	struct tunnel_entry *t = env_device(d, tunnel, why);

	return t ? kern_spi_alloc(d->kern, t->device, spi, why) : -ENODEV;
}

static int env_policy_set(void *ctx, uint32_t tunnel, const struct kern_policy *policy,
			  char why[IKE_WHY_MAX])
{
	struct daemon *d = ctx;
	struct tunnel_entry *t = env_device(d, tunnel, why);

	return t ? kern_policy_set(d->kern, t->device, policy, why) : -ENODEV;
}

/* What is deleted went with its interface, if that is gone. */
static int env_policy_del(void *ctx, uint32_t tunnel, uint32_t policy)
{
	char why[IKE_WHY_MAX];
	struct daemon *d = ctx;
	struct tunnel_entry *t = env_tunnel(d, tunnel, why);

	if (!t)
		return 0;
	totals_policy_gone(t->totals, policy);
	if (!t->device)
		return 0;
	return kern_policy_del(d->kern, t->device, policy, why);
}

/* Its numbers are lost with it: they are added to the policy's. */
static void env_sa_count(struct daemon *d, struct tunnel_entry *t, uint32_t policy, uint32_t spi,
			 bool out)
{
	struct kern_sa_info info;
	char why[IKE_WHY_MAX];
	bool known = !kern_sa_get(d->kern, t->device, policy, spi, out, &info, why);

	totals_sa_ended(t->totals, policy, spi, out, known ? &info : NULL, clock_now());
}

static int env_sa_add(void *ctx, uint32_t tunnel, uint32_t policy, const struct kern_sa *in,
		      const struct kern_sa *out, char why[IKE_WHY_MAX])
{
	uint32_t old[TOTALS_LIVE_MAX];
	struct daemon *d = ctx;
	struct tunnel_entry *t = env_device(d, tunnel, why);
	char ignored[IKE_WHY_MAX];
	unsigned int count;
	int rc;

	if (!t)
		return -ENODEV;
	/* The new outbound SA replaces the old one: what that counts from here on is lost. */
	count = out ? totals_live(t->totals, policy, true, old) : 0;
	for (unsigned int i = 0; i < count; i++)
		env_sa_count(d, t, policy, old[i], true);
	rc = kern_sa_add(d->kern, t->device, policy, in, out, why);
	/* of a cipher that the kernel lacks too */
	if (rc == -ENOENT && kern_policy_get(d->kern, t->device, policy, ignored) != -ENOENT)
		rc = -EINVAL;
	if (!rc)
		totals_sa_added(t->totals, policy, in ? in->spi : 0, out ? out->spi : 0);
	return rc;
}

static int env_sa_del(void *ctx, uint32_t tunnel, uint32_t policy, uint32_t spi, bool out)
{
	char why[IKE_WHY_MAX];
	struct daemon *d = ctx;
	struct tunnel_entry *t = env_tunnel(d, tunnel, why);

	if (!t || !t->device)
		return 0;
	env_sa_count(d, t, policy, spi, out);
	return kern_sa_del(d->kern, t->device, policy, spi, out, why);
}

static uint64_t env_idle(void *ctx, uint32_t tunnel, uint32_t policy)
{
	char why[IKE_WHY_MAX];
	struct daemon *d = ctx;
	struct tunnel_entry *t = env_device(d, tunnel, why);

	return t ? kern_policy_idle(d->kern, t->device, policy) : UINT64_MAX;
}

static int env_child_up(void *ctx, const struct ike_child_link *link, char note[IKE_WHY_MAX],
			char why[IKE_WHY_MAX])
{
	struct daemon *d = ctx;
	struct tunnel_entry *t = env_device(d, link->tunnel, why);
	int rc;

	if (!t)
		return -ENODEV;
	rc = device_child_up(t->dev, link, note, why);
	if (rc)
		return rc;
	if (link->waits) {		/* nobody has heard of it, or that it is down */
		hooks_child_down(d, link);
		totals_policy_gone(t->totals, link->child);
		return 0;
	}
	publish_step(d, t, link->peer, "routes", t->opt.no_routes ? "left alone" : "set");
	hooks_child_up(d, link);
	return 0;
}

static void env_child_down(void *ctx, const struct ike_child_link *link)
{
	char why[IKE_WHY_MAX];
	struct daemon *d = ctx;
	struct tunnel_entry *t = env_tunnel(d, link->tunnel, why);

	if (!t)
		return;
	device_child_down(t->dev, link);
	hooks_child_down(d, link);
}

/* Whoever has it now: the file has the last word. */
static void env_lease(void *ctx, const char *pool, const struct addr *addr,
		      const struct ike_id *id)
{
	struct daemon *d = ctx;
	struct ledger_entry entry = { .addr = *addr };

	snprintf(entry.pool, sizeof(entry.pool), "%s", pool);
	if (id)
		entry.id = *id;
	keys_lease(d->keys, &entry);
}

static void env_device_down(void *ctx, uint32_t tunnel)
{
	char why[IKE_WHY_MAX];
	struct daemon *d = ctx;
	struct tunnel_entry *t = env_tunnel(d, tunnel, why);

	if (!t)
		return;
	device_down(t->dev);
	t->device = 0;
}

static void env_event(void *ctx, const struct ike_event *ev)
{
	publish_event(ctx, ev);
}

void env_fill(struct ike_env *env, struct daemon *d)
{
	*env = (struct ike_env){
		.ctx = d,
		.now = env_now,
		.random = env_random,
		.send = env_send,
		.dial = env_dial,
		.keep = env_keep,
		.hang_up = env_hang_up,
		.source_for = env_source_for,
		.addresses = env_addresses,
		.job = env_job,
		.forget = env_forget,
		.device_up = env_device_up,
		.spi_alloc = env_spi_alloc,
		.policy_set = env_policy_set,
		.policy_del = env_policy_del,
		.sa_add = env_sa_add,
		.sa_del = env_sa_del,
		.idle = env_idle,
		.child_up = env_child_up,
		.child_down = env_child_down,
		.device_down = env_device_down,
		.lease = env_lease,
		.event = env_event,
	};
}
