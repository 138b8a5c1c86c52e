// SPDX-License-Identifier: GPL-2.0
#include "esplaned/conf/credential.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/key.h"
#include "crypto/raw.h"
#include "esplaned/conf/cert_url.h"
#include "esplaned/conf/credential_file.h"
#include "esplaned/conf/option.h"
#include "esplaned/conf/ppk_option.h"
#include "esplaned/conf/radius_option.h"
#include "esplaned/conf/second_option.h"
#include "esplaned/conf/secret.h"
#include "esplaned/conf/user.h"
#include "ike/auth/auth.h"
#include "ike/core/env.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "suite/ikev2.h"

#define CREDENTIAL_CRL_MAX	(16 * 1024 * 1024)
#define CREDENTIAL_ANCHOR	"/usr/share/dns/root.key"
#define CREDENTIAL_SOON		(30 * 86400)	/* seconds before the end that one is told */

/* Options */

bool credential_set_cert(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return credential_file_take_cert(to, value, to->tunnel->cert_path, why);
}

bool credential_set_key(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return credential_file_take_key(to, value, to->tunnel->key_path, why);
}

static bool credential_keep_password(struct tunnel_options *t, const char *text,
				     char why[VALUE_WHY_MAX])
{
	size_t len = strlen(text);

	if (!len || len >= sizeof(t->key_password))
		return value_refuse(why, "the password has %zu octets; use 1 to %zu", len,
				    sizeof(t->key_password) - 1);
	memcpy(t->key_password, text, len + 1);
	return true;
}

bool credential_set_password(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return secret_is_private(to->file, to->st, why) &&
	       credential_keep_password(to->tunnel, value, why);
}

bool credential_set_password_file(struct option_target *to, const char *value,
				  char why[VALUE_WHY_MAX])
{
	char path[4096], text[SECRET_TEXT_MAX];
	bool ok;

	ok = value_path(to->file, value, path, sizeof(path), why) &&
	     secret_text_read(path, text, why) && credential_keep_password(to->tunnel, text, why);
	mem_wipe(text, sizeof(text));
	return ok;
}

bool credential_set_ca(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return credential_file_take_ca(to, value, &to->tunnel->ca, why);
}

bool credential_set_remote_key(struct option_target *to, const char *value,
			       char why[VALUE_WHY_MAX])
{
	char path[CONFIG_CERT_PATH_MAX], detail[RAW_WHY_MAX];
	struct tunnel_options *t = to->tunnel;
	struct chunk_list *list;
	struct chunk c;

	if (t->dns_key || (t->remote_keys && !strcmp(value, "dns")))
		return value_refuse(why, "dns stands alone: the keys are either in DNS or in "
				    "files");
	t->dns_key = !strcmp(value, "dns");
	if (t->dns_key)
		return true;
	if (!value_path(to->file, value, path, sizeof(path), why) ||
	    !credential_file_read(path, false, CREDENTIAL_FILE_MAX, &c, why))
		return false;
	list = raw_load(c, detail);
	credential_file_free(c);
	if (!list)
		return value_refuse(why, "%s %s", path, detail);
	return credential_file_append(&to->tunnel->remote_keys, list, why);
}

static bool credential_is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* A word of its own, between blanks: the base64 of a key may have these letters too. */
static bool credential_has_word(struct chunk c, const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 1; c.len > len && i < c.len - len; i++)
		if (credential_is_blank(c.p[i - 1]) && !memcmp(c.p + i, word, len) &&
		    credential_is_blank(c.p[i + len]))
			return true;
	return false;
}

/* Another process reads it, which may read only what anybody may. */
static bool credential_anchor_check(const char *path, char why[VALUE_WHY_MAX])
{
	struct chunk c;
	struct stat st;
	bool ok;

	if (!credential_file_read(path, false, CREDENTIAL_FILE_MAX, &c, why))
		return false;
	ok = credential_has_word(c, "DNSKEY") || credential_has_word(c, "DS");
	credential_file_free(c);
	if (!ok)
		return value_refuse(why, "%s has no trust anchor of DNSSEC: a line with a DNSKEY "
				    "or DS record", path);
	return (!stat(path, &st) && st.st_mode & 0004) ||
	       value_refuse(why, "%s has to be readable by all, for the process that asks DNSSEC: "
			    "chmod o+r %s", path, path);
}

bool credential_set_anchor(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	char *path = to->tunnel->dns_anchor;

	return value_path(to->file, value, path, CONFIG_CERT_PATH_MAX, why) &&
	       credential_anchor_check(path, why);
}

bool credential_set_crl(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	char path[CONFIG_CERT_PATH_MAX], detail[CERT_WHY_MAX];
	struct chunk_list *list;
	struct chunk c;

	if (!value_path(to->file, value, path, sizeof(path), why) ||
	    !credential_file_read(path, false, CREDENTIAL_CRL_MAX, &c, why))
		return false;
	list = cert_load_crl(c, detail);
	credential_file_free(c);
	if (!list)
		return value_refuse(why, "%s %s", path, detail);
	return credential_file_append(&to->tunnel->crl, list, why);
}

bool credential_set_revocation(struct option_target *to, const char *value,
			       char why[VALUE_WHY_MAX])
{
	static const char *const words[] = {
		[REVOCATION_IF_AVAILABLE] = "if-available", [REVOCATION_STRICT] = "strict",
		[REVOCATION_OFF] = "off",
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++) {
		to->tunnel->revocation = (enum revocation)i;
		if (!strcmp(value, words[i]))
			return true;
	}
	return value_refuse(why, "\"%s\" is not known; use strict, if-available or off", value);
}

bool credential_set_fetch(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return value_choice(value, "yes", "no", &to->tunnel->no_fetch, why);
}

/* The tunnel as a whole */

/* That of cert and key. */
static struct credential credential_first(struct tunnel_options *t)
{
	return (struct credential){
		.cert = "cert", .key_option = "key", .id_option = "local-id",
		.cert_path = t->cert_path, .key_path = t->key_path, .password = t->key_password,
		.certs = &t->ike.certs, .key = &t->key, .id = &t->ike.local_id,
	};
}

/* Two ways to prove who one is, where there can be one. */
static bool credential_twice(const char *end, const char *a, const char *b, char why[VALUE_WHY_MAX])
{
	return value_refuse(why, "%s and %s both say how %s: leave one of them out", a, b, end);
}

/* Likewise, where one is by EAP. */
static bool credential_eap_too(const char *end, const char *a, const char *eap,
			       char why[VALUE_WHY_MAX])
{
	return value_refuse(why, "%s and %s both say how %s: leave one of them out, or say "
			    "second-auth = eap, where the one proof is to follow the other", a, eap,
			    end);
}

/* What says how we prove who we are by EAP, if we do. */
static const char *credential_our_eap(const struct tunnel_options *t)
{
	return t->password[0] ? "password" : NULL;
}

static const char *credential_their_eap(const struct tunnel_options *t)
{
	return t->user_count ? "users" : radius_option_given(t) ? "eap = radius" : NULL;
}

/* The first proof of ours; a key without a certificate is a raw public key's. */
static const char *credential_ours(const struct tunnel_options *t)
{
	return t->cert_path[0] ? "cert" : t->key_path[0] ? "key" :
	       t->second.auth ? NULL : credential_our_eap(t);
}

static const char *credential_theirs(const struct tunnel_options *t)
{
	return t->ca ? "ca" : t->remote_keys || t->dns_key ? "remote-key" :
	       t->second.auth ? NULL : credential_their_eap(t);
}

/* Two ways, of which one is EAP, without a word that one is to follow the other? */
static bool credential_is_once(const struct tunnel_options *t, char why[VALUE_WHY_MAX])
{
	const char *ours = credential_ours(t), *theirs = credential_theirs(t);

	if (t->user_count && radius_option_given(t))
		return credential_twice("the peers prove who they are", "users", "eap = radius",
					why);
	if (t->second.auth)
		return true;
	if (t->password[0] && strcmp(ours, "password") && !user_has_tls(t))
		return credential_eap_too("we prove who we are", ours, "password", why);
	if (t->user_count && strcmp(theirs, "users") && !user_has_tls(t))
		return credential_eap_too("the peers prove who they are", theirs, "users", why);
	return !radius_option_given(t) || !strcmp(theirs, "eap = radius") ||
	       credential_eap_too("the peers prove who they are", theirs, "eap = radius", why);
}

/* Do TLS in EAP and the first proof rest on different certificates? */
static bool credential_has_own_tls(const struct tunnel_options *t)
{
	return t->ike.any ? t->second.ca && !cert_cas_meet(t->ca, t->second.ca) :
			    t->second.cert_path[0];
}

/* Is there one of each at most, and what belongs to it? */
static bool credential_is_clear(const struct tunnel_options *t, char why[VALUE_WHY_MAX])
{
	if (t->second.auth == SECOND_EAP && user_has_tls(t) && !credential_has_own_tls(t))
		return value_refuse(why, "eap has tls, and second-auth = eap: both proofs would be "
				    "by certificates of the same ca, so that one stolen key gives "
				    "both: give %s, or leave tls out of eap and take mschapv2 or "
				    "ttls with a password, or leave second-auth out",
				    t->ike.any ? "another CA as second-ca" :
				    "second-cert and second-key");
	if (t->key_password[0] && !t->cert_path[0] && !t->key_path[0])
		return value_refuse(why, "there is a key-password, but no key: give key, or cert");
	if (user_has_tls(t) && ((!t->cert_path[0] && !t->second.cert_path[0]) ||
				(!t->ca && !t->second.ca)))
		return value_refuse(why, "eap has tls, in which certificates prove both ends to each "
				    "other: give cert, key and ca");
	if (user_has_ttls(t) && t->ike.any && !t->cert_path[0])
		return value_refuse(why, "eap has ttls, in which a certificate proves the server to the client: give cert and key");
	if (user_has_ttls(t) && !t->ike.any && !t->ca)
		return value_refuse(why, "eap has ttls, in which the server's certificate is looked at before it gets the password: give ca");
	if (t->ca && (t->remote_keys || t->dns_key))
		return credential_twice("the peer proves who it is", "ca", "remote-key", why);
	if (!credential_is_once(t, why))
		return false;
	if (t->dns_anchor[0] && !t->dns_key)
		return value_refuse(why, "dns-anchor is there without remote-key = dns");
	return (!t->remote_keys && !t->dns_key) || t->ike.remote_id.type ||
	       value_refuse(why, "remote-id is missing: a raw public key (remote-key) names nobody, "
			    "say whose it is");
}

/* Which of psk, cert, key, ca, users and password are there, and what do they mean together? */
static bool credential_choose(struct tunnel_options *t, char why[VALUE_WHY_MAX])
{
	const char *ours = credential_ours(t), *theirs = credential_theirs(t);

	if (!credential_is_clear(t, why))
		return false;
	if (t->psk.len && ours && theirs)
		return value_refuse(why, "%s and %s say how both ends prove who they are, so "
				    "nobody needs the psk: leave it, or one of them, out", ours,
				    theirs);
	if (!t->psk.len && !ours)
		return value_refuse(why, "%s says how the peer proves who it is, and nothing says "
				    "how we do: give cert and key, or psk", theirs);
	if (!t->psk.len && !theirs)
		return value_refuse(why, "%s says how we prove who we are, and nothing says how "
				    "the peer does: give ca, remote-key or psk", ours);
	if (t->crl && !t->ca)
		return value_refuse(why, "crl is about certificates of the peer, but there is no ca "
				    "that it could have one of");
	if (!ppk_option_check(t, why) || !cert_url_check(t, why))
		return false;
	t->ike.local_auth = t->cert_path[0] || t->key_path[0] ? &auth_signature_ops : NULL;
	t->ike.remote_auth = t->ca || t->remote_keys || t->dns_key ? &auth_signature_ops : NULL;
	t->ike.remote_raw = t->remote_keys || t->dns_key;
	t->ike.fetch_certs = t->fetch_certs;
	t->ike.ask_ocsp = t->ca && t->revocation != REVOCATION_OFF;
	return second_option_complete(t, why) && user_complete(t, why);
}

/* What the peer is asked for: certificates of our CAs. */
static bool credential_ca_hashes(struct tunnel_options *t, char why[VALUE_WHY_MAX])
{
	const struct chunk_list *second = t->ike.remote_second == &auth_signature_ops ?
					  t->second.ca : NULL;
	unsigned int first = chunk_list_count(t->ca), count = first + chunk_list_count(second);
	uint8_t *hash = calloc(count + 1, CERT_SPKI_HASH);
	struct chunk *chunk = calloc(count + 1, sizeof(*chunk));
	bool ok = hash && chunk;

	for (unsigned int i = 0; ok && i < count; i++) {
		chunk[i] = (struct chunk){ hash + i * CERT_SPKI_HASH, CERT_SPKI_HASH };
		ok = cert_spki_hash(i < first ? t->ca->chunk[i] : second->chunk[i - first],
				    hash + i * CERT_SPKI_HASH);
	}
	if (ok && count) {
		t->ike.ca_hashes = chunk_list_new(chunk, count);
		ok = t->ike.ca_hashes;
	}
	free(hash);
	free(chunk);
	return ok || value_refuse(why, "the key of a CA cannot be read, or there is no memory");
}

/* The name whose keys are in DNS, and what proves them. */
static bool credential_check_dns(struct tunnel_options *t, char why[VALUE_WHY_MAX])
{
	const struct ike_id *id = &t->ike.remote_id;
	char name[TUNNEL_ID_MAX + 1], detail[VALUE_WHY_MAX];

	if (!t->dns_key)
		return true;
	snprintf(name, sizeof(name), "%.*s", (int)id->len, (const char *)id->data);
	if (id->type != ID_FQDN || !value_is_host(name))
		return value_refuse(why, "remote-key = dns looks up the key of remote-id: that has "
				    "to be a domain name, as gw.example.org");
	if (t->dns_anchor[0])
		return true;
	snprintf(t->dns_anchor, sizeof(t->dns_anchor), CREDENTIAL_ANCHOR);
	return credential_anchor_check(t->dns_anchor, detail) ||
	       value_refuse(why, "remote-key = dns needs a trust anchor: %s; install "
			    "dns-root-data, or give dns-anchor", detail);
}

/* Our raw public key, and whether it and those of the peer are strong. */
static bool credential_read_raw(struct tunnel_options *t, char why[VALUE_WHY_MAX])
{
	const struct credential first = credential_first(t);
	char detail[RAW_WHY_MAX], name[RAW_STRLEN];

	if (!credential_check_dns(t, why))
		return false;
	if (t->key_path[0] && !t->cert_path[0]) {
		if (!credential_file_key(&first, why))
			return false;
		t->ike.certs = raw_of_key(t->key);
		t->ike.local_raw = true;
		if (!t->ike.certs)
			return value_refuse(why, "no memory");
		if (!raw_is_usable(t->ike.certs->chunk[0], t->allow_legacy, detail))
			return value_refuse(why, "the key in %s cannot be used: %s", t->key_path,
					    detail);
	}
	for (unsigned int i = 0; i < chunk_list_count(t->remote_keys); i++) {
		if (!raw_is_usable(t->remote_keys->chunk[i], t->allow_legacy, detail))
			return value_refuse(why, "remote-key: the %s cannot be used: %s",
					    raw_str(t->remote_keys->chunk[i], name), detail);
	}
	return true;
}

bool credential_read(struct tunnel_options *t, time_t now, char why[VALUE_WHY_MAX])
{
	const struct credential first = credential_first(t);
	time_t from, until;
	bool ok;

	ok = credential_choose(t, why) && credential_ca_hashes(t, why) &&
	     credential_read_raw(t, why) && second_option_read(t, now, why);
	if (ok && t->cert_path[0]) {
		ok = credential_file_load(&first, t->allow_legacy, now, why) && user_named(t, why);
		if (ok && cert_dates(t->ike.certs->chunk[0], &from, &until))
			t->cert_until = (uint64_t)until;
	}
	mem_wipe(t->key_password, sizeof(t->key_password));
	return ok;
}

bool credential_share(struct tunnel_options *t, struct lists *lists, char why[VALUE_WHY_MAX])
{
	bool fresh;

	return (lists_share(lists, &t->ike.certs, &fresh) &&
		lists_share(lists, &t->ike.ca_hashes, &fresh) &&
		lists_share(lists, &t->ike.second_certs, &fresh) &&
		lists_share(lists, &t->second.ca, &fresh) &&
		lists_share(lists, &t->ca, &fresh) && lists_share(lists, &t->crl, &fresh) &&
		lists_share(lists, &t->fetch_certs, &fresh) &&
		lists_share(lists, &t->remote_keys, &fresh)) ||
	       value_refuse(why, "certificates and revocation lists have more than %d octets, or "
			    "there is no memory", LISTS_OCTETS_MAX);
}

bool credential_warning(const struct tunnel_options *t, time_t now, char text[VALUE_WHY_MAX])
{
	char name[CERT_NAME_MAX], date[32];

	if (t->cert_until && t->cert_until < (uint64_t)now + CREDENTIAL_SOON) {
		value_refuse(text, "the certificate of %s in %s expires on %s: have it renewed",
			     cert_subject(t->ike.certs->chunk[0], name), t->cert_path,
			     cert_time_str((time_t)t->cert_until, date));
		return true;
	}
	if (user_warning(t, text))
		return true;
	if (t->ca && !t->ike.any && !t->ike.remote_id.type) {
		value_refuse(text, "remote-id is missing: whoever has a certificate of the CA passes "
			     "for the peer");
		return true;
	}
	return false;
}
