// SPDX-License-Identifier: GPL-2.0
#include "esplaned/keys/vault.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "crypto/key.h"
#include "crypto/pkcs11.h"
#include "esplaned/conf/pack.h"
#include "esplaned/keys/facts.h"
#include "esplaned/keys/ledger.h"
#include "esplaned/keys/link.h"
#include "esplaned/keys/parcel.h"
#include "esplaned/keys/signer.h"
#include "esplaned/keys/vault_eap.h"
#include "esplaned/keys/vault_radius.h"
#include "lib/log.h"
#include "lib/mem.h"

#define VAULT_PPK_KEYS_MAX	(3 * PRF_LEN_MAX)
/* Scripts that have not ended: a peer that comes and goes fast stops only its own tunnel's. */
#define VAULT_HOOKS_MAX		1024
#define VAULT_HOOKS_TUNNEL	128

struct vault_hook {
	uint32_t id, secret;
};

struct vault {
	int network, supervisor;
	const char *path;
	/*
	 * The configuration, and the one before it: until the other process has taken over the new
	 * one it may ask for the secrets and scripts of the old.
	 */
	struct config *config, *before;
	uint32_t last_secret;		/* the number given last */
	struct signer *signer;		/* NULL: tokens are waited for */
	struct vault_hook hook[VAULT_HOOKS_MAX];
	unsigned int hooks;
	unsigned int mistakes;		/* of the load that is under way */
	char why[CONFIG_WHY_MAX];	/* the first of them */
	uint8_t in[LINK_MAX], out[LINK_MAX];
};

struct vault *vault_new(int network, int supervisor, const char *path)
{
	struct vault *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->network = network;
	v->supervisor = supervisor;
	v->path = path;
	return v;
}

static void vault_abandon_keys(const struct config *config)
{
	for (size_t i = 0; config && i < config->count; i++) {
		key_abandon(config->tunnels[i].key);
		key_abandon(config->tunnels[i].second.key);
	}
}

void vault_free(struct vault *v)
{
	if (!v)
		return;
	if (!signer_free(v->signer)) {
		log_warn("a token does not answer: ending without it");
		vault_abandon_keys(v->config);
		vault_abandon_keys(v->before);
	}
	config_free(v->config);
	config_free(v->before);
	mem_free_wiped(v, sizeof(*v));
}

static bool vault_answer(struct vault *v, const struct writer *w)
{
	if (link_send(v->network, w, true))
		return true;
	log_err("cannot answer the process that speaks IKE: %s", strerror(errno));
	return false;
}

static const struct tunnel_options *vault_find_in(const struct config *config, uint32_t secret)
{
	for (size_t i = 0; config && i < config->count; i++) {
		if (config->tunnels[i].secret == secret)
			return &config->tunnels[i];
	}
	return NULL;
}

static const struct tunnel_options *vault_find(const struct vault *v, uint32_t secret)
{
	const struct tunnel_options *t = vault_find_in(v->config, secret);

	return t ? t : vault_find_in(v->before, secret);
}

/* LINK_LOAD */

static void vault_on_say(void *ctx, int level, const char *text)
{
	struct vault *v = ctx;

	log_write(level, "%s", text);
	if (level == LOG_ERR && !v->mistakes++)
		snprintf(v->why, sizeof(v->why), "%s", text);
}

/*
 * Does nothing differ between the two that only this process knows? Users aside: they may change
 * while a tunnel runs.
 */
static bool vault_same(const struct tunnel_options *a, const struct tunnel_options *b)
{
	return !strcmp(a->ike.name, b->ike.name) && a->psk.len == b->psk.len &&
	       crypto_equal(a->psk.b, b->psk.b, a->psk.len) && a->ppk.len == b->ppk.len &&
	       crypto_equal(a->ppk.b, b->ppk.b, a->ppk.len) && key_equal(a->key, b->key) &&
	       a->second.psk.len == b->second.psk.len &&
	       crypto_equal(a->second.psk.b, b->second.psk.b, a->second.psk.len) &&
	       key_equal(a->second.key, b->second.key) &&
	       !strcmp(a->password, b->password) &&
	       !strcmp(a->radius_secret, b->radius_secret) && !strcmp(a->up_script, b->up_script) &&
	       !strcmp(a->down_script, b->down_script) &&
	       a->script_timeout_s == b->script_timeout_s;
}

/* Each tunnel gets a number: that of before, if its secret and scripts are the same. */
static void vault_number(struct vault *v, struct config *fresh)
{
	for (size_t i = 0; i < fresh->count; i++) {
		struct tunnel_options *t = &fresh->tunnels[i];

		for (size_t j = 0; v->config && j < v->config->count && !t->secret; j++) {
			if (vault_same(t, &v->config->tunnels[j]))
				t->secret = v->config->tunnels[j].secret;
		}
		if (!t->secret)
			t->secret = ++v->last_secret;
	}
}

/* In parts. */
static bool vault_parcel_send(struct vault *v, uint32_t request, const uint8_t *octets, size_t len)
{
	for (size_t at = 0; at < len; at += PARCEL_PART) {
		size_t part = len - at < PARCEL_PART ? len - at : PARCEL_PART;
		struct writer w = link_begin(v->out, LINK_LIST);

		writer_u32(&w, request);
		writer_u8(&w, at + part < len);
		writer_bytes(&w, octets + at, part);
		if (!vault_answer(v, &w))
			return false;
	}
	return true;
}

/* One that @sent does not have yet. */
static bool vault_list_send(struct vault *v, uint32_t request, struct lists *sent,
			    struct chunk_list *list)
{
	uint8_t *octets;
	bool fresh, ok;
	size_t len;

	chunk_list_get(list);
	ok = lists_share(sent, &list, &fresh);
	if (ok && fresh) {
		octets = parcel_make(list, &len);
		ok = octets && vault_parcel_send(v, request, octets, len);
		free(octets);
	}
	chunk_list_put(list);
	return ok;
}

static bool vault_tunnel_send(struct vault *v, uint32_t request, struct lists *sent,
			      const struct tunnel_options *t)
{
	struct writer w;

	if (!vault_list_send(v, request, sent, t->ike.certs) ||
	    !vault_list_send(v, request, sent, t->ike.ca_hashes) ||
	    !vault_list_send(v, request, sent, t->ca) ||
	    !vault_list_send(v, request, sent, t->remote_keys) ||
	    !vault_list_send(v, request, sent, t->ike.second_certs) ||
	    !vault_list_send(v, request, sent, t->second.ca) ||
	    !vault_list_send(v, request, sent, t->fetch_certs) ||
	    !vault_list_send(v, request, sent, t->crl))
		return false;
	w = link_begin(v->out, LINK_TUNNEL);
	writer_u32(&w, request);
	pack_list(&w, t->crl);
	pack_tunnel(&w, t);
	if (!vault_answer(v, &w))
		return false;
	for (unsigned int i = 0; i < t->ike.child_count; i++) {
		w = link_begin(v->out, LINK_CHILD);
		writer_u32(&w, request);
		pack_child(&w, t, i);
		if (!vault_answer(v, &w))
			return false;
	}
	return true;
}

static bool vault_tunnels_send(struct vault *v, uint32_t request, const struct config *config)
{
	struct lists sent = { 0 };
	bool ok = true;

	for (size_t i = 0; ok && i < config->count; i++)
		ok = vault_tunnel_send(v, request, &sent, &config->tunnels[i]);
	lists_clear(&sent);
	return ok;
}

static bool vault_pools_send(struct vault *v, uint32_t request, const struct config *config)
{
	for (size_t i = 0; i < config->pool_count; i++) {
		struct writer w = link_begin(v->out, LINK_POOL);

		writer_u32(&w, request);
		pack_pool(&w, &config->pools[i]);
		if (!vault_answer(v, &w))
			return false;
	}
	return true;
}

static bool vault_load(struct vault *v, struct cursor *c)
{
	struct config *fresh;
	struct writer w;
	uint32_t request;
	size_t len;

	if (!cursor_u32(c, &request) || c->left)
		return false;
	v->mistakes = 0;
	v->why[0] = '\0';
	fresh = config_load(v->path, vault_on_say, v);
	if (fresh) {
		vault_number(v, fresh);
		config_free(v->before);
		v->before = v->config;
		v->config = fresh;
		if (!vault_pools_send(v, request, fresh) || !vault_tunnels_send(v, request, fresh))
			return false;
	}
	len = strlen(v->why);
	if (v->mistakes > 1)
		snprintf(v->why + len, sizeof(v->why) - len,
			 "; and %u more: esplaned --check-config says all", v->mistakes - 1);
	w = link_begin(v->out, LINK_LOADED);
	writer_u32(&w, request);
	writer_u8(&w, fresh ? 1 : 0);
	pack_text(&w, v->why);
	return vault_answer(v, &w);
}

/* LINK_MAC */

static bool vault_mac(struct vault *v, struct cursor *c)
{
	const struct tunnel_options *t;
	const struct secret *psk;
	uint32_t job, secret;
	struct chunk octets;
	struct writer w;
	uint8_t *mac;
	uint16_t prf;
	bool ok;

	if (!cursor_u32(c, &job) || !cursor_u32(c, &secret) || !cursor_u16(c, &prf))
		return false;
	t = vault_find(v, secret & ~LINK_SECOND);
	psk = t ? secret & LINK_SECOND ? &t->second.psk : &t->psk : NULL;
	octets = (struct chunk){ c->at, c->left };
	w = link_begin(v->out, LINK_MAC_DONE);
	writer_u32(&w, job);
	writer_u8(&w, 1);
	mac = writer_room(&w, PRF_LEN_MAX);
	ok = psk && mac && auth_psk(prf, (struct chunk){ psk->b, psk->len }, &octets, 1, mac);
	w.len -= PRF_LEN_MAX - (ok ? prf_len(prf) : 0);
	if (!ok) {
		writer_patch_u8(&w, w.len - 1, 0);
		pack_text(&w, t ? "the secret cannot be used with the PRF" :
				  "the tunnel's secret is not known");
	}
	ok = vault_answer(v, &w);
	mem_wipe(v->out, w.len);
	return ok;
}

/* LINK_PPK */
static bool vault_ppk(struct vault *v, struct cursor *c)
{
	const struct tunnel_options *t;
	uint32_t job, secret;
	struct chunk keys;
	struct writer w;
	uint8_t *mixed;
	uint16_t prf;
	bool ok;

	if (!cursor_u32(c, &job) || !cursor_u32(c, &secret) || !cursor_u16(c, &prf) ||
	    c->left > VAULT_PPK_KEYS_MAX)
		return false;
	t = vault_find(v, secret);
	keys = (struct chunk){ c->at, c->left };
	w = link_begin(v->out, LINK_MAC_DONE);
	writer_u32(&w, job);
	writer_u8(&w, 1);
	mixed = writer_room(&w, keys.len);
	ok = t && t->ppk.len && mixed &&
	     auth_ppk(prf, (struct chunk){ t->ppk.b, t->ppk.len }, keys, mixed);
	if (!ok) {
		if (mixed)
			mem_wipe(mixed, keys.len);
		w.len -= keys.len;
		writer_patch_u8(&w, w.len - 1, 0);
		pack_text(&w, t && t->ppk.len ? "the PPK cannot be used with the PRF" :
						"the tunnel's PPK is not known");
	}
	ok = vault_answer(v, &w);
	mem_wipe(v->out, w.len);
	return ok;
}

/* LINK_SIGN, LINK_TLS */

static bool vault_signed(struct vault *v, const struct sign_order *o)
{
	struct writer w = link_begin(v->out, o->tls ? LINK_TLS_DONE : LINK_SIGN_DONE);

	writer_u32(&w, o->job);
	writer_u8(&w, o->ok);
	if (o->ok && !o->tls)
		writer_u8(&w, o->method);
	if (o->ok)
		writer_bytes(&w, o->made, o->len);
	else
		pack_text(&w, o->why);
	return vault_answer(v, &w);
}

/* Of TLS and a second proof, where they have one of their own. */
static struct key *vault_key(const struct tunnel_options *t, bool second)
{
	return second && t->second.key ? t->second.key : t->key;
}

/* A token is not waited for. */
static bool vault_sign(struct vault *v, struct cursor *c, bool tls)
{
	struct sign_order o = { .tls = tls };
	const struct tunnel_options *t;
	uint32_t secret;

	if (!cursor_u32(c, &o.job) || !cursor_u32(c, &secret) || !cursor_u16(c, &o.param))
		return false;
	t = vault_find(v, secret & ~LINK_SECOND);
	o.key = t ? vault_key(t, tls || secret & LINK_SECOND) : NULL;
	o.octets = (struct chunk){ c->at, c->left };
	if (!o.key || !key_is_token(o.key) || !v->signer)
		sign_now(&o);
	else if (signer_put(v->signer, &o))
		return true;
	return vault_signed(v, &o);
}

static bool vault_on_signed(struct vault *v)
{
	struct sign_order o;

	while (signer_take(v->signer, &o)) {
		if (!vault_signed(v, &o))
			return false;
	}
	return true;
}

/* LINK_EAP, LINK_RADIUS */

static bool vault_secret(struct vault *v, struct cursor *c, enum link_kind done,
			 bool (*answer)(const struct tunnel_options *t, struct cursor *c,
					struct writer *w))
{
	struct writer w = link_begin(v->out, done);
	uint32_t job, secret;
	bool ok;

	if (!cursor_u32(c, &job) || !cursor_u32(c, &secret))
		return false;
	writer_u32(&w, job);
	if (!answer(vault_find(v, secret), c, &w))
		return false;
	ok = vault_answer(v, &w);
	mem_wipe(v->out, w.len);
	return ok;
}

/* LINK_HOOK */

static bool vault_hook_done(struct vault *v, uint32_t id, const char *why)
{
	struct writer w = link_begin(v->out, LINK_HOOK_DONE);

	writer_u32(&w, id);
	pack_text(&w, why);
	return vault_answer(v, &w);
}

static bool vault_hooks_are_many(const struct vault *v, uint32_t secret)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < v->hooks; i++)
		count += v->hook[i].secret == secret;
	return v->hooks == VAULT_HOOKS_MAX || count >= VAULT_HOOKS_TUNNEL;
}

/* One with this number has ended. False: there is none. */
static bool vault_hook_drop(struct vault *v, uint32_t id)
{
	for (unsigned int i = 0; i < v->hooks; i++) {
		if (v->hook[i].id != id)
			continue;
		v->hook[i] = v->hook[--v->hooks];
		return true;
	}
	return false;
}

/* The path is that of the configuration; of the message come only facts. */
static bool vault_script_run(struct vault *v, uint32_t id, const struct tunnel_options *t, bool up,
			     const struct facts *facts)
{
	struct writer w = link_begin(v->out, LINK_RUN);
	char line[FACTS_ENV_LINE];

	writer_u32(&w, id);
	writer_u32(&w, t->secret);
	writer_u32(&w, t->script_timeout_s);
	pack_text(&w, up ? t->up_script : t->down_script);
	writer_u8(&w, FACTS_ENV_COUNT);
	for (unsigned int i = 0; i < FACTS_ENV_COUNT; i++)
		pack_text(&w, facts_line(t, facts, up, i, line));
	if (!link_send(v->supervisor, &w, true)) {
		log_err("cannot have a script run: %s", strerror(errno));
		return false;
	}
	v->hook[v->hooks++] = (struct vault_hook){ .id = id, .secret = t->secret };
	return true;
}

static bool vault_hook(struct vault *v, struct cursor *c)
{
	char line[FACTS_ENV_LINE];
	const struct tunnel_options *t;
	uint32_t id, secret;
	struct facts facts = { 0 };
	uint8_t up;
	bool ok;

	ok = cursor_u32(c, &id) && cursor_u32(c, &secret) && cursor_u8(c, &up) && up <= 1 &&
	     facts_unpack(c, &facts);
	t = ok ? vault_find(v, secret) : NULL;
	if (!ok)
		log_err("malformed facts for a script: it is not run");
	else if (!t)
		ok = vault_hook_done(v, id, "the tunnel is not known");
	else if (!facts_line(t, &facts, up, 0, line))
		ok = vault_hook_done(v, id, "the tunnel has no such child");
	else if (!*(up ? t->up_script : t->down_script))
		ok = vault_hook_done(v, id, "");
	else if (vault_hooks_are_many(v, secret))
		ok = vault_hook_done(v, id, "too many scripts wait: it is not run");
	else
		ok = vault_script_run(v, id, t, up, &facts);
	facts_clear(&facts);
	return ok;
}

/*
 * Of a pool that there is, or was, the supervisor writes down what has become of an address. One
 * that is gone can only be forgotten.
 */
static bool vault_lease(struct vault *v, struct cursor *c)
{
	struct writer w = link_begin(v->out, LINK_LEASE);
	struct ledger_entry entry;

	if (!ledger_unpack(c, &entry))
		return false;
	if (entry.id.type && !(v->config && config_pool(v->config, entry.pool)) &&
	    !(v->before && config_pool(v->before, entry.pool)))
		return true;
	ledger_pack(&w, &entry);
	if (link_send(v->supervisor, &w, true))
		return true;
	log_err("cannot have a lease written down: %s", strerror(errno));
	return false;
}

/* The interface is that of the configuration. */
static bool vault_dns(struct vault *v, struct cursor *c)
{
	struct writer w = link_begin(v->out, LINK_DNS);
	struct internal_net net = { .dns_count = 0 };
	const struct tunnel_options *t;
	uint32_t secret;
	uint8_t up;

	if (!cursor_u32(c, &secret) || !cursor_u8(c, &up) || up > 1 || !unpack_net(c, &net) ||
	    c->left)
		return false;
	t = vault_find(v, secret);
	if (!t)
		return true;
	pack_text(&w, t->interface);
	writer_u8(&w, up);
	pack_net(&w, &net);
	if (link_send(v->supervisor, &w, true))
		return true;
	log_err("cannot have name servers set: %s", strerror(errno));
	return false;
}

bool vault_input(struct vault *v, const uint8_t *msg, size_t len)
{
	struct cursor c = cursor_of(msg, len);
	uint8_t kind;

	if (!cursor_u8(&c, &kind))
		return false;
	switch (kind) {
	case LINK_LOAD:
		return vault_load(v, &c);
	case LINK_MAC:
		return vault_mac(v, &c);
	case LINK_PPK:
		return vault_ppk(v, &c);
	case LINK_SIGN:
	case LINK_TLS:
		return vault_sign(v, &c, kind == LINK_TLS);
	case LINK_EAP:
		return vault_secret(v, &c, LINK_EAP_DONE, vault_eap_answer);
	case LINK_RADIUS:
		return vault_secret(v, &c, LINK_RADIUS_DONE, vault_radius_answer);
	case LINK_HOOK:
		return vault_hook(v, &c);
	case LINK_LEASE:
		return vault_lease(v, &c);
	case LINK_DNS:
		return vault_dns(v, &c);
	default:
		return false;
	}
}

bool vault_ran(struct vault *v, const uint8_t *msg, size_t len)
{
	struct cursor c = cursor_of(msg, len);
	char why[CONFIG_WHY_MAX];
	uint32_t id;
	uint8_t kind;

	if (!cursor_u8(&c, &kind) || kind != LINK_RAN || !cursor_u32(&c, &id) ||
	    !unpack_text(&c, why, sizeof(why)) || c.left || !vault_hook_drop(v, id))
		return false;
	return vault_hook_done(v, id, why);
}

/* One message, if there is one, or @wait. False: to end, with @status. */
static bool vault_serve(struct vault *v, int fd, bool wait, int *status)
{
	ssize_t n = link_recv(fd, v->in, wait);
	bool ok;

	if (n == -EAGAIN)
		return true;
	if (!n)		/* they end, so do we */
		return false;
	ok = n > 0 && (fd == v->network ? vault_input(v, v->in, (size_t)n) :
					  vault_ran(v, v->in, (size_t)n));
	if (n > 0)		/* of LINK_PPK these are keys */
		mem_wipe(v->in, (size_t)n);
	if (ok)
		return true;
	log_err("malformed message from the process %s: ending, the tunnels stay on their "
		"keys",
		fd == v->network ? "that speaks IKE" : "that runs the scripts");
	*status = 1;
	return false;
}

bool vault_begin(struct vault *v, int *status)
{
	bool ok;

	*status = 0;
	ok = vault_serve(v, v->network, true, status);
	pkcs11_modules_end();
	v->signer = signer_new();
	if (!v->signer)
		log_warn("no memory for a thread: what a token signs is waited for");
	return ok;
}

int vault_run(struct vault *v)
{
	struct pollfd fds[3] = {
		{ .fd = v->network, .events = POLLIN },
		{ .fd = v->supervisor, .events = POLLIN },
		{ .fd = signer_fd(v->signer), .events = POLLIN },
	};
	int status = 0;

	for (;;) {
		if (poll(fds, 3, -1) < 0 && errno != EINTR) {
			log_err("cannot wait for messages: %s", strerror(errno));
			return 1;
		}
		if (fds[2].revents && !vault_on_signed(v))
			return 1;
		for (int i = 0; i < 2; i++) {
			if (fds[i].revents && !vault_serve(v, fds[i].fd, false, &status))
				return status;
		}
	}
}
