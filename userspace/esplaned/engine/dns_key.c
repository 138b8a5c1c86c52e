// SPDX-License-Identifier: GPL-2.0
#include "esplaned/engine/dns_key.h"

#include <stdio.h>
#include <string.h>

#include "crypto/raw.h"
#include "esplaned/keys/dnssec.h"
#include "esplaned/keys/fetch.h"
#include "esplaned/keys/keys.h"
#include "wire/ipseckey.h"

bool dns_key_known(const struct tunnel_entry *t, uint64_t now_ms)
{
	return now_ms < t->named_until_ms;
}

/* The domain name of remote-id. */
static const char *dns_key_name(const struct tunnel_entry *t, char name[TUNNEL_HOST_MAX])
{
	const struct ike_id *id = &t->opt.ike.remote_id;

	snprintf(name, TUNNEL_HOST_MAX, "%.*s", (int)id->len, (const char *)id->data);
	return name;
}

struct fetch_ask *dns_key_ask(struct daemon *d, const struct tunnel_entry *t,
			      void (*done)(void *ctx, struct chunk octets, const char *why),
			      void *ctx)
{
	struct fetch *dnssec = keys_dnssec(d->keys);
	char name[TUNNEL_HOST_MAX];

	if (!dnssec)
		return NULL;
	return fetch_start_key(dnssec, dns_key_name(t, name), t->opt.dns_anchor, done, ctx);
}

/* NULL: of an algorithm that is not known here, malformed, weak, or no memory; @detail. */
static struct chunk_list *dns_key_raw(struct chunk rdata, bool legacy, char detail[RAW_WHY_MAX])
{
	struct chunk_list *list = NULL;
	struct ipseckey_rsa rsa;
	struct ipseckey key;

	snprintf(detail, RAW_WHY_MAX, "it is malformed");
	if (!ipseckey_parse(rdata, &key))
		return NULL;
	if (key.algorithm == IPSECKEY_RSA && ipseckey_parse_rsa(key.key, &rsa))
		list = raw_of_rsa(rsa.exponent, rsa.modulus);
	else if (key.algorithm == IPSECKEY_ECDSA || key.algorithm == IPSECKEY_EDDSA)
		list = raw_of_point(key.algorithm == IPSECKEY_EDDSA, key.key);
	else if (key.algorithm != IPSECKEY_RSA)
		snprintf(detail, RAW_WHY_MAX, "algorithm %u is not known here", key.algorithm);
	if (!list || raw_is_usable(list->chunk[0], legacy, detail))
		return list;
	chunk_list_put(list);
	return NULL;
}

/* All that can be used. NULL: @detail is about the last. */
static struct chunk_list *dns_key_list(struct cursor c, bool legacy, char detail[RAW_WHY_MAX])
{
	struct chunk_list *one[DNSSEC_RECORDS_MAX], *list = NULL;
	struct chunk chunk[DNSSEC_RECORDS_MAX];
	unsigned int count = 0;
	struct cursor rdata;
	uint16_t len;

	snprintf(detail, RAW_WHY_MAX, "there is none");
	while (count < DNSSEC_RECORDS_MAX && cursor_u16(&c, &len) && cursor_sub(&c, len, &rdata)) {
		one[count] = dns_key_raw((struct chunk){ rdata.at, rdata.left }, legacy, detail);
		if (!one[count])
			continue;
		chunk[count] = one[count]->chunk[0];
		count++;
	}
	if (count)
		list = chunk_list_new(chunk, count);
	while (count)
		chunk_list_put(one[--count]);
	return list;
}

void dns_key_learn(struct tunnel_entry *t, struct chunk octets, const char *why, uint64_t now_ms)
{
	struct cursor c = cursor_of(octets.p, octets.len);
	char detail[RAW_WHY_MAX] = "malformed", name[TUNNEL_HOST_MAX];
	struct chunk_list *found = NULL;
	uint32_t ttl = 0;

	if (cursor_u32(&c, &ttl))
		found = dns_key_list(c, t->opt.allow_legacy, detail);
	if (!found && t->named && dns_key_known(t, now_ms))
		return;			/* another look-up has found it meanwhile */
	chunk_list_put(t->named);
	t->named = found;
	t->unnamed[0] = '\0';
	if (!t->named)
		snprintf(t->unnamed, sizeof(t->unnamed),
			 "DNS has no key of %.64s that counts: %s%.140s",
			 dns_key_name(t, name), octets.len ? "IPSECKEY: " : "",
			 octets.len ? detail : why);
	if (!t->named || ttl < DNS_KEY_AGAIN_S)
		ttl = DNS_KEY_AGAIN_S;
	else if (ttl > DNS_KEY_KEEP_S)
		ttl = DNS_KEY_KEEP_S;
	t->named_until_ms = now_ms + ttl * 1000;
}
