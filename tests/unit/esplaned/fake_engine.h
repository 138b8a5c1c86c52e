/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A fake of the engine's border and of the host's below it, for tests of what lies between: it does
 * what the test says and remembers what it was asked. To be included once in a program.
 */
#ifndef FAKE_ENGINE_H
#define FAKE_ENGINE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "esplaned/host/device.h"
#include "esplaned/keys/keys.h"
#include "esplaned/nl/kern.h"
#include "ike/ike.h"
#include "lib/array.h"

#define FAKE_MAX	16
#define FAKE_PEERS	1000

struct ike {
	struct ike_env env;
};

static struct fake {
	struct ike ike;
	struct tunnel_conf *tunnel[FAKE_MAX];	/* tunnel[i] has the number i + 1 */
	struct ike_peer_status peer[FAKE_PEERS];	/* .id 0: none; in numerical order */
	struct ike_child_status child[FAKE_MAX];
	struct ike_counters counters;
	int up_rc, down_rc, rekey_rc, redirect_rc, change_rc;	/* what the commands return */
	char asked[512];			/* "up 1; down 2 because; " */
	void (*in_up)(uint32_t id);		/* happens inside of ike_up */
	/* SAs of the kernel, found by SPI and direction. */
	struct { uint32_t spi; bool out; struct kern_sa_info info; } sa[FAKE_MAX];
	int ifindex;				/* 0: none; its number is 1000 more */
	int event_fd;				/* one that is readable: events are there */
	struct kern_event kern[4];		/* these; .cmd 0: no more */
	bool lost;				/* events are */
	struct ike_lease_status lease[3];	/* pool NULL: there is none */
	char pool[4][TUNNEL_NAME_MAX];		/* those that there are; "": none */
	struct config *config;			/* what keys_load gives next; NULL: a mistake */
	struct fetch *fetch;			/* what keys_fetch gives */
	bool wishes_fail;			/* no memory */
	unsigned int no_routes;			/* bit 0: nor for the next device_changed(), */
	const char *in_the_way;			/* which says that else; NULL: nothing is */
	bool no_tls;				/* keys_tls(), keys_radius_...() cannot begin */
	struct chunk tls;			/* its octets, a view; and its scheme */
	uint16_t scheme;
	struct chunk radius;			/* what keys_radius_...() got, a view */
	const uint8_t *radius_request;		/* of keys_radius_check(), likewise */
	void (*on_job)(uint32_t id, const struct ike_job_result *result);
} fake;

static void fake_asked(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void fake_asked(const char *fmt, ...)
{
	size_t len = strlen(fake.asked);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(fake.asked + len, sizeof(fake.asked) - len, fmt, ap);
	va_end(ap);
}

static inline struct ts_list *fake_ts(const char *text)
{
	const char *why;
	struct ts ts;

	return ts_parse(&ts, text, &why) ? ts_list_new(&ts, 1) : NULL;
}

/* @children: "voice data", each with selectors 10.1.N.0/24 and 10.2.N.0/24. */
static inline void fake_conf(struct tunnel_conf *conf, const char *name, const char *children)
{
	char text[64], *copy = strdup(children), *at = copy, *child;

	memset(conf, 0, sizeof(*conf));
	snprintf(conf->name, sizeof(conf->name), "%s", name);
	conf->child = calloc(FAKE_MAX, sizeof(*conf->child));
	while ((child = strsep(&at, " "))) {
		struct child_conf *c = &conf->child[conf->child_count++];

		snprintf(c->name, sizeof(c->name), "%s", child);
		snprintf(text, sizeof(text), "10.1.%u.0/24", conf->child_count);
		c->local_ts = fake_ts(text);
		snprintf(text, sizeof(text), "10.2.%u.0/24", conf->child_count);
		c->remote_ts = fake_ts(text);
	}
	addr_parse(&conf->remote, "192.0.2.2");
	free(copy);
}

/* Adds a peer @id of @tunnel with all its children, whose numbers are @id + 1 and up. */
static inline struct ike_peer_status *fake_peer(uint32_t tunnel, uint32_t id, const char *identity)
{
	const struct tunnel_conf *conf = fake.tunnel[tunnel - 1];
	struct ike_peer_status *p = fake.peer;
	struct ike_child_status *c = fake.child;

	while (p->id)
		p++;
	while (c->id)
		c++;
	p->id = id;
	p->tunnel = tunnel;
	snprintf(p->remote_id, sizeof(p->remote_id), "%s", identity);
	for (unsigned int i = 0; i < conf->child_count; i++, c++) {
		c->id = id + 1 + i;
		c->peer = id;
		c->tunnel = tunnel;
		c->conf = &conf->child[i];
	}
	return p;
}

static inline struct ike_child_status *fake_child(uint32_t id)
{
	struct ike_child_status *c = fake.child;

	while (c->id != id)
		c++;
	return c;
}

/* What the kernel counts for an SA from now on. */
static inline void fake_sa(uint32_t spi, bool out, uint64_t bytes, uint64_t packets,
			   uint64_t idle_s)
{
	for (int i = 0; i < FAKE_MAX; i++) {
		if (fake.sa[i].spi && (fake.sa[i].spi != spi || fake.sa[i].out != out))
			continue;
		fake.sa[i].spi = spi;
		fake.sa[i].out = out;
		fake.sa[i].info = (struct kern_sa_info){
			.bytes = bytes, .packets = packets, .idle_s = idle_s
		};
		return;
	}
}

struct ike *ike_new(const struct ike_env *env)
{
	fake.ike.env = *env;
	return &fake.ike;
}

void ike_free(struct ike *ike)
{
}

int ike_tunnel_add(struct ike *ike, const struct tunnel_conf *conf, uint32_t *tunnel)
{
	*tunnel = 1;
	while (fake.tunnel[*tunnel - 1])
		++*tunnel;
	fake.tunnel[*tunnel - 1] = (struct tunnel_conf *)conf;
	fake_asked("add %s; ", conf->name);
	return 0;
}

int ike_tunnel_del(struct ike *ike, uint32_t tunnel)
{
	fake_asked("del %u; ", tunnel);
	fake.tunnel[tunnel - 1] = NULL;
	return 0;
}

int ike_tunnel_change(struct ike *ike, uint32_t tunnel, const struct tunnel_conf *conf,
		      const enum conf_change child[])
{
	fake_asked("change %u", tunnel);
	for (unsigned int i = 0; i < conf->child_count; i++)
		fake_asked(" %s=%d", conf->child[i].name, child[i]);
	fake_asked("; ");
	if (!fake.change_rc)
		fake.tunnel[tunnel - 1] = (struct tunnel_conf *)conf;
	return fake.change_rc;
}

struct ike_wishes *ike_wishes_take(const struct ike *ike, uint32_t tunnel)
{
	fake_asked("wishes of %u; ", tunnel);
	return fake.wishes_fail ? NULL : (struct ike_wishes *)&fake;
}

void ike_wishes_give(struct ike *ike, uint32_t tunnel, struct ike_wishes *wishes)
{
	assert_ptr_equal(wishes, &fake);
	fake_asked("wishes to %u; ", tunnel);
}

int ike_up(struct ike *ike, uint32_t id)
{
	fake_asked("up %u; ", id);
	if (fake.in_up)
		fake.in_up(id);
	return fake.up_rc;
}

int ike_down(struct ike *ike, uint32_t id, const char *why)
{
	fake_asked("down %u %s; ", id, why);
	return fake.down_rc;
}

int ike_rekey(struct ike *ike, uint32_t child)
{
	fake_asked("rekey %u; ", child);
	return fake.rekey_rc;
}

int ike_redirect(struct ike *ike, uint32_t id, const struct addr *to)
{
	char text[ADDR_STRLEN];

	fake_asked("redirect %u %s; ", id, addr_str(to, text));
	return fake.redirect_rc;
}

int ike_reauthenticate(struct ike *ike, uint32_t peer)
{
	fake_asked("reauth %u; ", peer);
	return fake.rekey_rc;
}

void ike_forget_tickets(struct ike *ike)
{
	fake_asked("forget tickets; ");
}

void ike_host_changed(struct ike *ike)
{
}

void ike_probe(struct ike *ike)
{
}

uint32_t ike_tunnel_next(const struct ike *ike, uint32_t after)
{
	for (uint32_t i = after; i < FAKE_MAX; i++) {
		if (fake.tunnel[i])
			return i + 1;
	}
	return 0;
}

uint32_t ike_peer_next(const struct ike *ike, uint32_t tunnel, uint32_t after)
{
	for (int i = 0; i < FAKE_PEERS; i++) {
		if (fake.peer[i].tunnel == tunnel && fake.peer[i].id > after)
			return fake.peer[i].id;
	}
	return 0;
}

uint32_t ike_child_next(const struct ike *ike, uint32_t peer, uint32_t after)
{
	for (int i = 0; i < FAKE_MAX; i++) {
		if (fake.child[i].peer == peer && fake.child[i].id > after)
			return fake.child[i].id;
	}
	return 0;
}

static char *fake_pool(const char *name)
{
	for (int i = 0; i < 4; i++) {
		if (!strcmp(fake.pool[i], name))
			return fake.pool[i];
	}
	return NULL;
}

int ike_pool_set(struct ike *ike, const struct pool_conf *conf)
{
	char *pool = fake_pool(conf->name);

	fake_asked("pool %s; ", conf->name);
	if (!pool)
		pool = fake_pool("");
	assert_non_null(pool);
	snprintf(pool, TUNNEL_NAME_MAX, "%s", conf->name);
	return 0;
}

int ike_pool_del(struct ike *ike, const char *name)
{
	char *pool = fake_pool(name);

	fake_asked("no pool %s; ", name);
	assert_non_null(pool);
	pool[0] = '\0';
	return 0;
}

const char *ike_pool_next(const struct ike *ike, const char *after)
{
	bool found = !after[0];

	for (int i = 0; i < 4; i++) {
		if (found && fake.pool[i][0])
			return fake.pool[i];
		found |= !strcmp(fake.pool[i], after);
	}
	return NULL;
}

int ike_lease_restore(struct ike *ike, const char *pool, const struct addr *addr,
		      const struct ike_id *id)
{
	return fake_pool(pool) ? 0 : -ENOENT;
}

unsigned int ike_leases(const struct ike *ike, ike_lease_fn fn, void *ctx)
{
	unsigned int count = 0;

	for (; count < 3 && fake.lease[count].pool; count++)
		fn(ctx, &fake.lease[count]);
	return count;
}

const struct tunnel_conf *ike_tunnel_conf(const struct ike *ike, uint32_t tunnel)
{
	return tunnel && tunnel <= FAKE_MAX ? fake.tunnel[tunnel - 1] : NULL;
}

bool ike_peer_status(const struct ike *ike, uint32_t peer, struct ike_peer_status *st)
{
	for (int i = 0; i < FAKE_PEERS && peer; i++) {
		if (fake.peer[i].id == peer) {
			*st = fake.peer[i];
			return true;
		}
	}
	return false;
}

bool ike_peer_is_up(const struct ike *ike, uint32_t peer)
{
	struct ike_peer_status st;

	return ike_peer_status(ike, peer, &st) && st.state == PEER_UP;
}

bool ike_child_status(const struct ike *ike, uint32_t child, struct ike_child_status *st)
{
	for (int i = 0; i < FAKE_MAX && child; i++) {
		if (fake.child[i].id == child) {
			*st = fake.child[i];
			return true;
		}
	}
	return false;
}

int ike_keys(const struct ike *ike, uint32_t tunnel, const struct ike_keys_to *to)
{
	const struct sk i = { .encr = 20, .key_bits = 128, .key = { 1, 2 } };
	const struct sk r = { .encr = 20, .key_bits = 128, .key = { 3, 4 } };
	const struct ike_sa_keys ike_keys = { 0xa, 0xb, &i, &r };
	const struct kern_sa sa = { .spi = 0x1001, .encr = 12, .encr_key = (uint8_t *)"abcdefgh",
				    .encr_key_len = 8, .integ = 12,
				    .integ_key = (uint8_t *)"xyz", .integ_key_len = 3 };
	const struct addr here = { AF_INET, { 192, 0, 2, 1 } };
	const struct addr there = { AF_INET, { 192, 0, 2, 2 } };
	const struct ike_esp_keys esp_keys = { &here, &there, 256, &sa };

	if (!fake.tunnel[tunnel - 1]->export_keys)
		return -EACCES;
	to->ike(to->ctx, &ike_keys);
	to->esp(to->ctx, &esp_keys);
	return 0;
}

const struct ike_counters *ike_counters(const struct ike *ike)
{
	return &fake.counters;
}

void ike_stream_gone(struct ike *ike, uint64_t stream, const char *why)
{
	fake_asked("stream %llu is gone: %s; ", (unsigned long long)stream, why);
}

bool ike_input(struct ike *ike, const struct endpoint *local, const struct endpoint *remote,
	       const uint8_t *msg, size_t len)
{
	return true;
}

void ike_kern_event(struct ike *ike, const struct ike_kern_event *ev)
{
	static const char *const names[] = { "expire", "acquire", "mapping", "gone" };

	fake_asked("%s %u; ", names[ev->type], ev->policy);
}

void ike_job_done(struct ike *ike, uint32_t id, const struct ike_job_result *result)
{
	fake_asked("job %u %s; ", id, result->why ? result->why : "done");
	if (fake.on_job)
		fake.on_job(id, result);
}

uint64_t ike_deadline(const struct ike *ike)
{
	return UINT64_MAX;
}

void ike_tick(struct ike *ike)
{
}

/* The kernel below. */

int kern_sa_get(struct kern *k, uint32_t device, uint32_t policy, uint32_t spi, bool out,
		struct kern_sa_info *info, char why[KERN_WHY_MAX])
{
	for (int i = 0; i < FAKE_MAX; i++) {
		if (fake.sa[i].spi == spi && fake.sa[i].out == out) {
			*info = fake.sa[i].info;
			return 0;
		}
	}
	snprintf(why, KERN_WHY_MAX, "there is no such SA");
	return -ENOENT;
}

int kern_sa_add(struct kern *k, uint32_t device, uint32_t policy, const struct kern_sa *in,
		const struct kern_sa *out, char why[KERN_WHY_MAX])
{
	return 0;
}

int kern_sa_del(struct kern *k, uint32_t device, uint32_t policy, uint32_t spi, bool out,
		char why[KERN_WHY_MAX])
{
	return 0;
}

int kern_policy_set(struct kern *k, uint32_t device, const struct kern_policy *policy,
		    char why[KERN_WHY_MAX])
{
	return 0;
}

int kern_policy_del(struct kern *k, uint32_t device, uint32_t id, char why[KERN_WHY_MAX])
{
	return 0;
}

int kern_policy_get(struct kern *k, uint32_t device, uint32_t id, char why[KERN_WHY_MAX])
{
	return -ENOENT;
}

uint64_t kern_policy_idle(struct kern *k, uint32_t device, uint32_t policy)
{
	return UINT64_MAX;
}

int kern_device_drops(struct kern *k, uint32_t device, struct kern_sa_info *info,
		      char why[KERN_WHY_MAX])
{
	*info = (struct kern_sa_info){ .drops = { { "tx-no-policy", 5 } }, .drop_count = 1 };
	return 0;
}

struct kern *kern_new(void)
{
	return (struct kern *)&fake;
}

void kern_free(struct kern *k)
{
}

int kern_ready(struct kern *k, bool *fresh, char why[KERN_WHY_MAX])
{
	*fresh = false;
	return 0;
}

void kern_forget(struct kern *k)
{
}

int kern_version(struct kern *k, char *buf, size_t len)
{
	snprintf(buf, len, "fake");
	return 0;
}

const struct kern_alg *kern_algs(struct kern *k, unsigned int *count)
{
	*count = 0;
	return NULL;
}

int kern_event_fd(const struct kern *k)
{
	return fake.event_fd;
}

bool kern_event_read(struct kern *k, void (*fn)(void *ctx, const struct kern_event *ev), void *ctx)
{
	char octet;

	if (read(fake.event_fd, &octet, 1) == 1) {
		for (unsigned int i = 0; i < ARRAY_SIZE(fake.kern) && fake.kern[i].cmd; i++)
			fn(ctx, &fake.kern[i]);
	}
	return !fake.lost;
}

int kern_device_id(struct kern *k, int ifindex, uint32_t *device, char why[KERN_WHY_MAX])
{
	*device = (uint32_t)ifindex + 1000;
	return 0;
}

int kern_device_get(struct kern *k, uint32_t device, char why[KERN_WHY_MAX])
{
	return fake.ifindex && device == (uint32_t)fake.ifindex + 1000 ? 0 : -ENODEV;
}

int kern_flush(struct kern *k, char why[KERN_WHY_MAX])
{
	return 0;
}

int kern_socket_attach(struct kern *k, int fd, char why[KERN_WHY_MAX])
{
	return 0;
}

int kern_spi_alloc(struct kern *k, uint32_t device, uint32_t *spi, char why[KERN_WHY_MAX])
{
	*spi = 0x1000;
	return 0;
}

/* The host below. */

struct device {
	const struct tunnel_options *opt;
};

struct device *device_new(struct devices *all, const struct tunnel_options *opt,
			  char why[IKE_WHY_MAX])
{
	struct device *dev = calloc(1, sizeof(*dev));

	dev->opt = opt;
	return dev;
}

bool device_changed(struct device *dev, const struct addr *peers, unsigned int count,
		    char why[IKE_WHY_MAX])
{
	bool memory = !(fake.no_routes & 1);
	char text[ADDR_STRLEN];

	fake.no_routes >>= 1;
	fake_asked("routes");
	for (unsigned int i = 0; i < count; i++)
		fake_asked(" %s", addr_str(&peers[i], text));
	fake_asked("; ");
	if (memory)
		snprintf(why, IKE_WHY_MAX, "%s", fake.in_the_way ? fake.in_the_way : "");
	return memory;
}

void device_free(struct device *dev)
{
	free(dev);
}

int device_up(struct device *dev, const struct addr *remote, char why[IKE_WHY_MAX])
{
	fake.ifindex = 7;
	return 0;
}

int device_child_up(struct device *dev, const struct ike_child_link *link, char note[IKE_WHY_MAX],
		    char why[IKE_WHY_MAX])
{
	return 0;
}

void device_child_down(struct device *dev, const struct ike_child_link *link)
{
}

void device_down(struct device *dev)
{
	fake.ifindex = 0;
}

/* 10.9.0.CHILD */
struct addr device_source(const struct device *dev, uint32_t child)
{
	struct addr addr = { 0 };
	char text[16];

	snprintf(text, sizeof(text), "10.9.0.%u", child);
	addr_parse(&addr, text);
	return addr;
}

int device_ifindex(const struct device *dev)
{
	return fake.ifindex;
}

void devices_keep_blocks(struct devices *all)
{
	fake_asked("keep blocks; ");
}

void device_gone(struct device *dev)
{
	fake.ifindex = 0;
}

struct devices *devices_new(void)
{
	return (struct devices *)&fake;
}

void devices_free(struct devices *all)
{
}

unsigned int devices_leftover_del(struct devices *all)
{
	return 0;
}

void devices_look(struct devices *devices)
{
}

void devices_settled(struct devices *all)
{
}

uint32_t devices_port(const struct devices *all)
{
	return 0;
}

void devices_mend(struct devices *all)
{
}

bool devices_have(const struct devices *all, const char *interface)
{
	return false;
}

void devices_reach(struct devices *all, const struct addr *servers, unsigned int count)
{
}

#include "unit/esplaned/fake_secrets.h"

#endif
