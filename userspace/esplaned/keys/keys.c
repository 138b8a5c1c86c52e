// SPDX-License-Identifier: GPL-2.0
#include "esplaned/keys/keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "esplaned/conf/pack.h"
#include "esplaned/keys/fetch.h"
#include "esplaned/keys/link.h"
#include "esplaned/keys/parcel.h"
#include "lib/log.h"

struct keys {
	int link, ready;
	struct fetch *fetch, *dnssec;
	struct ledger *ledger;		/* of an earlier daemon, until it is asked for */
	uint8_t crash[IKE_CRASH_SECRET];
	struct keys_calls calls;
	uint32_t request;		/* the load that is under way, or was last */
	/* What has come of it. */
	struct config *config;
	struct tunnel_options *tunnel;	/* the one whose children come */
	unsigned int children;		/* of it, that have come */
	bool loaded, ok;
	char why[CONFIG_WHY_MAX];
	struct parcel parcel;		/* the list of certificates that is coming */
	uint8_t in[LINK_MAX], out[LINK_MAX];
};

struct keys *keys_attach(int link, int ready, struct ledger *ledger,
			 const uint8_t crash[IKE_CRASH_SECRET])
{
	struct keys *keys = calloc(1, sizeof(*keys));

	if (!keys)
		return NULL;
	keys->link = link;
	keys->ready = ready;
	keys->ledger = ledger;
	memcpy(keys->crash, crash, sizeof(keys->crash));
	return keys;
}

void keys_free(struct keys *keys)
{
	if (!keys)
		return;
	close(keys->link);
	if (keys->ready >= 0)
		close(keys->ready);
	config_free(keys->config);
	parcel_drop(&keys->parcel);
	ledger_free(keys->ledger);
	fetch_free(keys->fetch);
	fetch_free(keys->dnssec);
	mem_free_wiped(keys, sizeof(*keys));
}

const uint8_t *keys_crash_secret(const struct keys *keys)
{
	return keys->crash;
}

void keys_set_fetch(struct keys *keys, struct fetch *fetch)
{
	keys->fetch = fetch;
}

struct fetch *keys_fetch(const struct keys *keys)
{
	return keys ? keys->fetch : NULL;
}

void keys_set_dnssec(struct keys *keys, struct fetch *dnssec)
{
	keys->dnssec = dnssec;
}

struct fetch *keys_dnssec(const struct keys *keys)
{
	return keys ? keys->dnssec : NULL;
}

void keys_listen(struct keys *keys, const struct keys_calls *calls)
{
	keys->calls = *calls;
}

int keys_fd(const struct keys *keys)
{
	return keys->link;
}

/* Answers to LINK_LOAD. Those to an earlier one are skipped. */

/* A part of a list of certificates. */
static bool keys_list(struct keys *keys, struct cursor *c)
{
	uint8_t more;

	if (!keys->config || !cursor_u8(c, &more) ||
	    !parcel_add(&keys->parcel, (struct chunk){ c->at, c->left }))
		return false;
	return more || parcel_open(&keys->parcel, &keys->config->lists);
}

static bool keys_tunnel(struct keys *keys, struct cursor *c)
{
	struct config *config = keys->config;
	struct tunnel_options *grown;
	struct chunk_list *crl;
	bool ok;

	if (!config || (keys->tunnel && keys->children < keys->tunnel->ike.child_count))
		return false;
	grown = reallocarray(config->tunnels, config->count + 1, sizeof(*grown));
	if (!grown)
		return false;
	config->tunnels = grown;
	keys->tunnel = &grown[config->count++];
	keys->children = 0;
	*keys->tunnel = (struct tunnel_options){ 0 };
	if (!unpack_list(c, &config->lists, &crl))
		return false;
	ok = unpack_tunnel(c, keys->tunnel, &config->lists);
	keys->tunnel->crl = crl;
	return ok;
}

static bool keys_pool(struct keys *keys, struct cursor *c)
{
	struct config *config = keys->config;
	struct pool_conf *grown;

	if (!config || keys->tunnel || config->pool_count == CONFIG_POOLS_MAX)
		return false;
	grown = reallocarray(config->pools, config->pool_count + 1, sizeof(*grown));
	if (!grown)
		return false;
	config->pools = grown;
	return unpack_pool(c, &grown[config->pool_count++]);
}

static bool keys_child(struct keys *keys, struct cursor *c)
{
	return keys->tunnel && keys->children < keys->tunnel->ike.child_count &&
	       unpack_child(c, keys->tunnel, keys->children++);
}

static bool keys_loaded(struct keys *keys, struct cursor *c)
{
	uint8_t ok;

	if (!cursor_u8(c, &ok) || !unpack_text(c, keys->why, sizeof(keys->why)) || c->left ||
	    (keys->tunnel && keys->children < keys->tunnel->ike.child_count))
		return false;
	keys->loaded = true;
	keys->ok = ok;
	return true;
}

/* A MAC, a signature of TLS, or what EAP needs. */
static bool keys_octets_done(struct keys *keys, struct cursor *c,
			     void (*done)(void *ctx, uint32_t job, const char *why,
					  struct chunk octets))
{
	char why[CONFIG_WHY_MAX];
	uint32_t job;
	uint8_t ok;

	if (!cursor_u32(c, &job) || !cursor_u8(c, &ok) ||
	    (!ok && !unpack_text(c, why, sizeof(why))))
		return false;
	if (done)
		done(keys->calls.ctx, job, ok ? NULL : why,
		     (struct chunk){ c->at, ok ? c->left : 0 });
	mem_wipe(keys->in, c->at + c->left - keys->in);
	return true;
}

static bool keys_sign_done(struct keys *keys, struct cursor *c)
{
	uint8_t ok, method = 0;
	char why[CONFIG_WHY_MAX];
	uint32_t job;

	if (!cursor_u32(c, &job) || !cursor_u8(c, &ok) ||
	    !(ok ? cursor_u8(c, &method) : unpack_text(c, why, sizeof(why))))
		return false;
	if (keys->calls.sign_done)
		keys->calls.sign_done(keys->calls.ctx, job, ok ? NULL : why, method,
				      (struct chunk){ c->at, ok ? c->left : 0 });
	return true;
}

static bool keys_hook_done(struct keys *keys, struct cursor *c)
{
	char why[CONFIG_WHY_MAX];
	uint32_t id;

	if (!cursor_u32(c, &id) || !unpack_text(c, why, sizeof(why)))
		return false;
	if (keys->calls.hook_done)
		keys->calls.hook_done(keys->calls.ctx, id, why);
	return true;
}

static bool keys_input(struct keys *keys, size_t len)
{
	struct cursor c = cursor_of(keys->in, len);
	uint32_t request;
	uint8_t kind;

	if (!cursor_u8(&c, &kind))
		return false;
	if (kind == LINK_MAC_DONE)
		return keys_octets_done(keys, &c, keys->calls.mac_done);
	if (kind == LINK_EAP_DONE)
		return keys_octets_done(keys, &c, keys->calls.eap_done);
	if (kind == LINK_TLS_DONE)
		return keys_octets_done(keys, &c, keys->calls.tls_done);
	if (kind == LINK_RADIUS_DONE)
		return keys_octets_done(keys, &c, keys->calls.radius_done);
	if (kind == LINK_HOOK_DONE)
		return keys_hook_done(keys, &c);
	if (kind == LINK_SIGN_DONE)
		return keys_sign_done(keys, &c);
	if (!cursor_u32(&c, &request))
		return false;
	if (request != keys->request || keys->loaded)
		return true;
	switch (kind) {
	case LINK_LIST:
		return keys_list(keys, &c);
	case LINK_POOL:
		return keys_pool(keys, &c);
	case LINK_TUNNEL:
		return keys_tunnel(keys, &c);
	case LINK_CHILD:
		return keys_child(keys, &c);
	case LINK_LOADED:
		return keys_loaded(keys, &c);
	default:
		return false;
	}
}

/* One message. False: the other end is gone, logged. */
static bool keys_receive(struct keys *keys, bool wait)
{
	ssize_t n = link_recv(keys->link, keys->in, wait);

	if (n == -EAGAIN)
		return true;
	if (n > 0) {
		if (keys_input(keys, (size_t)n))
			return true;
		log_err("malformed message from the process with the secrets, or no memory");
		return false;
	}
	log_err("the process with the secrets has ended: ending too, the tunnels stay on their "
		"keys");
	return false;
}

bool keys_read(struct keys *keys)
{
	return keys_receive(keys, false);
}

struct config *keys_load(struct keys *keys, char why[CONFIG_WHY_MAX])
{
	struct writer w = link_begin(keys->out, LINK_LOAD);
	struct config *config;

	writer_u32(&w, ++keys->request);
	keys->loaded = keys->ok = false;
	keys->tunnel = NULL;
	parcel_drop(&keys->parcel);
	snprintf(keys->why, sizeof(keys->why), "the process with the secrets has ended");
	keys->config = calloc(1, sizeof(*keys->config));
	if (keys->config && link_send(keys->link, &w, true)) {
		while (!keys->loaded && keys_receive(keys, true))
			;
	}
	config = keys->config;
	keys->config = NULL;
	keys->tunnel = NULL;
	keys->loaded = true;		/* what still comes of it is late */
	if (keys->ok)
		return config;
	snprintf(why, CONFIG_WHY_MAX, "%s", keys->why);
	config_free(config);
	return NULL;
}

void keys_ready(struct keys *keys)
{
	if (keys->ready < 0)
		return;
	if (write(keys->ready, "", 1) != 1)
		log_warn("cannot say that the daemon is ready: %s", strerror(errno));
	close(keys->ready);
	keys->ready = -1;
}

static bool keys_send(struct keys *keys, const struct writer *w)
{
	if (link_send(keys->link, w, false))
		return true;
	log_warn("cannot ask the process with the secrets: %s", strerror(errno));
	return false;
}

/* What it says is not left behind: a password may be in it. */
static bool keys_send_secret(struct keys *keys, const struct writer *w)
{
	bool ok = keys_send(keys, w);

	mem_wipe(keys->out, sizeof(keys->out));
	return ok;
}

static bool keys_ask_octets(struct keys *keys, enum link_kind kind, uint32_t job, uint32_t secret,
			    uint16_t prf, struct chunk octets)
{
	struct writer w = link_begin(keys->out, kind);

	writer_u32(&w, job);
	writer_u32(&w, secret);
	writer_u16(&w, prf);
	writer_bytes(&w, octets.p, octets.len);
	return keys_send(keys, &w);
}

bool keys_mac(struct keys *keys, uint32_t job, uint32_t secret, uint16_t prf, struct chunk octets)
{
	return keys_ask_octets(keys, LINK_MAC, job, secret, prf, octets);
}

bool keys_ppk(struct keys *keys, uint32_t job, uint32_t secret, uint16_t prf, struct chunk octets)
{
	bool ok = keys_ask_octets(keys, LINK_PPK, job, secret, prf, octets);

	mem_wipe(keys->out, sizeof(keys->out));
	return ok;
}

bool keys_sign(struct keys *keys, uint32_t job, uint32_t secret, uint16_t hashes,
	       struct chunk octets)
{
	struct writer w = link_begin(keys->out, LINK_SIGN);

	writer_u32(&w, job);
	writer_u32(&w, secret);
	writer_u16(&w, hashes);
	writer_bytes(&w, octets.p, octets.len);
	return keys_send(keys, &w);
}

bool keys_tls(struct keys *keys, uint32_t job, uint32_t secret, uint16_t scheme,
	      struct chunk octets)
{
	struct writer w = link_begin(keys->out, LINK_TLS);

	writer_u32(&w, job);
	writer_u32(&w, secret);
	writer_u16(&w, scheme);
	writer_bytes(&w, octets.p, octets.len);
	return keys_send(keys, &w);
}

bool keys_eap(struct keys *keys, uint32_t job, uint32_t secret, enum ike_eap what,
	      struct chunk user, struct chunk octets)
{
	struct writer w = link_begin(keys->out, LINK_EAP);

	writer_u32(&w, job);
	writer_u32(&w, secret);
	writer_u8(&w, (uint8_t)what);
	writer_u16(&w, (uint16_t)user.len);
	writer_bytes(&w, user.p, user.len);
	writer_bytes(&w, octets.p, octets.len);
	return keys_send_secret(keys, &w);
}

static bool keys_radius(struct keys *keys, uint32_t job, uint32_t secret, struct chunk request,
			struct chunk packet)
{
	struct writer w = link_begin(keys->out, LINK_RADIUS);

	writer_u32(&w, job);
	writer_u32(&w, secret);
	writer_u8(&w, request.len != 0);
	writer_bytes(&w, request.p, request.len);
	writer_bytes(&w, packet.p, packet.len);
	return keys_send_secret(keys, &w);
}

bool keys_radius_prove(struct keys *keys, uint32_t job, uint32_t secret, struct chunk packet)
{
	return keys_radius(keys, job, secret, (struct chunk){ 0 }, packet);
}

bool keys_radius_check(struct keys *keys, uint32_t job, uint32_t secret,
		       const uint8_t request[RADIUS_AUTHENTICATOR_LEN], struct chunk packet)
{
	return keys_radius(keys, job, secret,
			   (struct chunk){ request, RADIUS_AUTHENTICATOR_LEN }, packet);
}

bool keys_hook(struct keys *keys, uint32_t id, uint32_t secret, bool up,
	       const struct facts *facts)
{
	struct writer w = link_begin(keys->out, LINK_HOOK);

	writer_u32(&w, id);
	writer_u32(&w, secret);
	writer_u8(&w, up);
	facts_pack(&w, facts);
	return keys_send(keys, &w);
}

void keys_lease(struct keys *keys, const struct ledger_entry *entry)
{
	struct writer w = link_begin(keys->out, LINK_LEASE);

	ledger_pack(&w, entry);
	keys_send(keys, &w);
}

void keys_leases(struct keys *keys, void (*fn)(void *ctx, const struct ledger_entry *entry),
		 void *ctx)
{
	if (keys->ledger)
		ledger_each(keys->ledger, fn, ctx);
	ledger_free(keys->ledger);
	keys->ledger = NULL;
}

void keys_dns(struct keys *keys, uint32_t secret, const struct internal_net *net)
{
	static const struct internal_net none;
	struct writer w = link_begin(keys->out, LINK_DNS);

	writer_u32(&w, secret);
	writer_u8(&w, net ? 1 : 0);
	pack_net(&w, net ? net : &none);
	keys_send(keys, &w);
}
