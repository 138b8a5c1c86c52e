// SPDX-License-Identifier: GPL-2.0
#include "esplaned/engine/gather.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "esplaned/conf/cert_url.h"
#include "esplaned/engine/cert_cache.h"
#include "esplaned/keys/fetch.h"
#include "esplaned/keys/keys.h"
#include "lib/log.h"

#define GATHER_SHOWN	80		/* octets of an address for people, cut */

struct gather {
	struct daemon *d;
	struct addr from;		/* whose they are */
	struct chunk certs[IKE_CERTS_MAX];	/* as they came */
	unsigned int count;
	uint8_t by_hash, bundles;
	struct chunk_list *got[IKE_CERTS_MAX];	/* of one, what its hash means; NULL: not there */
	unsigned int asked;		/* which of them @ask is about */
	struct fetch_ask *ask;
	gather_done_fn done;
	void *ctx;
	char why[TRUST_WHY_MAX];	/* "": nothing is wrong so far */
	struct chunk all[IKE_CERTS_MAX];
	unsigned int all_count;
};

struct gather *gather_new(struct daemon *d, const struct chunk *certs, unsigned int count,
			  uint8_t by_hash, uint8_t bundles, const struct addr *from,
			  gather_done_fn done, void *ctx)
{
	struct gather *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	*g = (struct gather){
		.d = d, .count = count, .by_hash = by_hash, .bundles = bundles, .done = done,
		.ctx = ctx, .from = *from,
	};
	memcpy(g->certs, certs, count * sizeof(*certs));
	return g;
}

void gather_free(struct gather *g)
{
	if (!g)
		return;
	fetch_cancel(g->ask);
	for (unsigned int i = 0; i < g->count; i++)
		chunk_list_put(g->got[i]);
	free(g);
}

static bool gather_is_by_hash(const struct gather *g, unsigned int i)
{
	return g->by_hash >> i & 1;
}

/* What stands behind the hash, "" where it is none. Returns @shown, as people may see it. */
static const char *gather_url(struct chunk cert, char url[TUNNEL_URL_MAX],
			      char shown[GATHER_SHOWN])
{
	const char *text = (const char *)cert.p + CERT_CACHE_HASH;
	size_t len = cert.len > CERT_CACHE_HASH ? cert.len - CERT_CACHE_HASH : 0;

	url[0] = '\0';
	if (len && len < TUNNEL_URL_MAX && !memchr(text, '\0', len))
		snprintf(url, TUNNEL_URL_MAX, "%.*s", (int)len, text);
	return log_escape(url, strlen(url), shown, GATHER_SHOWN);
}

static const char *gather_hex(const uint8_t hash[CERT_CACHE_HASH],
			      char hex[2 * CERT_CACHE_HASH + 1])
{
	for (size_t i = 0; i < CERT_CACHE_HASH; i++)
		snprintf(hex + 2 * i, 3, "%02x", hash[i]);
	return hex;
}

static void gather_on_fetched(void *ctx, struct chunk octets, const char *why)
{
	char url[TUNNEL_URL_MAX], shown[GATHER_SHOWN];
	char is[2 * CERT_CACHE_HASH + 1], meant[2 * CERT_CACHE_HASH + 1];
	uint8_t hash[CERT_CACHE_HASH];
	struct gather *g = ctx;
	unsigned int i = g->asked;

	g->ask = NULL;
	gather_url(g->certs[i], url, shown);
	if (!octets.len || !sha1(&octets, 1, hash)) {
		snprintf(g->why, sizeof(g->why), "its certificate cannot be fetched from %s: %.90s",
			 shown, octets.len ? "no SHA-1" : why);
	} else if (memcmp(hash, g->certs[i].p, sizeof(hash)) != 0) {
		snprintf(g->why, sizeof(g->why), "%s has the SHA-1 %s, but the peer says %s: put its "
			 "certificate there, in DER", shown, gather_hex(hash, is),
			 gather_hex(g->certs[i].p, meant));
	} else {
		g->got[i] = chunk_list_new(&octets, 1);
		if (!g->got[i])
			snprintf(g->why, sizeof(g->why), "no memory");
		log_debug("fetched %zu octets of a peer's certificate from %s", octets.len, shown);
	}
	g->done(g->ctx);
}

/* From where the peer says. False: it cannot be. */
static bool gather_fetch(struct gather *g, unsigned int i, bool late, char why[TRUST_WHY_MAX])
{
	char url[TUNNEL_URL_MAX], shown[GATHER_SHOWN];
	struct fetch *fetch = keys_fetch(g->d->keys);

	gather_url(g->certs[i], url, shown);
	g->asked = i;
	g->ask = late || !fetch ? NULL : fetch_start_cert(fetch, url, &g->from,
							   gather_on_fetched, g);
	if (!g->ask)
		snprintf(why, TRUST_WHY_MAX, "its certificate was not fetched from %s: %s", shown,
			 late ? "others have taken too long" :
				"too much is fetched at once, for its network or for all, or "
				"nobody is there who fetches");
	return g->ask;
}

/* Is it where the tunnel follows addresses to? What others have had fetched is no exception. */
static bool gather_may(const struct gather *g, unsigned int i, const struct chunk_list *allowed,
		       char why[TRUST_WHY_MAX])
{
	char url[TUNNEL_URL_MAX], shown[GATHER_SHOWN];

	gather_url(g->certs[i], url, shown);
	if (cert_url_may_fetch(allowed, url))
		return true;
	snprintf(why, TRUST_WHY_MAX, "it says that its certificate is at \"%s\", which does not "
		 "begin as fetch-certs says, or goes on with more than letters, digits and "
		 "-._~/=+", shown);
	return false;
}

/* What is at place @i, with what is in it if it is a bundle. False: it is more than fits. */
static bool gather_add(struct gather *g, unsigned int i)
{
	struct chunk whole = g->got[i] ? g->got[i]->chunk[0] : g->certs[i];
	struct chunk *at = &g->all[g->all_count];
	unsigned int room = IKE_CERTS_MAX - g->all_count, more = 1;

	if (gather_is_by_hash(g, i) && g->bundles >> i & 1)
		more = cert_bundle(whole, at, room);
	else if (room)
		*at = whole;
	if (!more || more > room)
		return false;
	g->all_count += more;
	return true;
}

static enum gather_state gather_join(struct gather *g, char why[TRUST_WHY_MAX])
{
	size_t octets = 0;
	bool ok = true;

	g->all_count = 0;
	for (unsigned int i = 0; ok && i < g->count; i++)
		ok = gather_add(g, i);
	for (unsigned int i = 0; ok && i < g->all_count; i++)
		octets += g->all[i].len;
	if (ok && octets <= IKE_CERTS_LEN_MAX)
		return GATHER_DONE;
	snprintf(why, TRUST_WHY_MAX, "what its addresses have is no bundle of certificates, or more "
		 "than %d certificates of %d octets in all", IKE_CERTS_MAX, IKE_CERTS_LEN_MAX);
	return GATHER_FAILED;
}

enum gather_state gather_go(struct gather *g, const struct chunk_list *allowed, bool late,
			    char why[TRUST_WHY_MAX])
{
	for (unsigned int i = 0; i < g->count && !g->why[0]; i++) {
		if (!gather_is_by_hash(g, i) || g->got[i])
			continue;
		if (!gather_may(g, i, allowed, why))
			return GATHER_FAILED;
		g->got[i] = cert_cache_get(g->d->cert_cache, g->certs[i].p);
		if (!g->got[i])
			return gather_fetch(g, i, late, why) ? GATHER_WAITS : GATHER_FAILED;
	}
	if (!g->why[0])
		return gather_join(g, why);
	memcpy(why, g->why, sizeof(g->why));
	return GATHER_FAILED;
}

unsigned int gather_certs(const struct gather *g, struct chunk certs[IKE_CERTS_MAX])
{
	memcpy(certs, g->all, g->all_count * sizeof(*certs));
	return g->all_count;
}

void gather_believed(const struct gather *g)
{
	for (unsigned int i = 0; g && i < g->count; i++)
		if (g->got[i])
			cert_cache_keep(&g->d->cert_cache, g->certs[i].p, g->got[i]);
}
