// SPDX-License-Identifier: GPL-2.0
#include "esplaned/conf/credential.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/key.h"
#include "crypto/pkcs11.h"
#include "crypto/raw.h"
#include "esplaned/conf/option.h"
#include "esplaned/conf/ppk_option.h"
#include "esplaned/conf/radius_option.h"
#include "esplaned/conf/secret.h"
#include "esplaned/conf/user.h"
#include "ike/auth/auth.h"
#include "ike/core/env.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "suite/ikev2.h"

#define CREDENTIAL_KEY_MAX	(256 * 1024)	/* octets of a file: ours, and CAs */
#define CREDENTIAL_CRL_MAX	(16 * 1024 * 1024)
#define CREDENTIAL_ANCHOR	"/usr/share/dns/root.key"
#define CREDENTIAL_LIST_MAX	2048		/* CAs of a tunnel, or revocation lists */
#define CREDENTIAL_SOON		(30 * 86400)	/* seconds before the end that one is told */

/* Files */

/* Of the open file; @c to be given back with mem_free_wiped. False: @why. */
static bool credential_fd_read(int fd, const char *path, bool secret, size_t max, struct chunk *c,
			       char why[VALUE_WHY_MAX])
{
	struct stat st;
	uint8_t *octets;
	ssize_t n = 1;
	size_t size;

	if (fstat(fd, &st))
		return value_refuse(why, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return value_refuse(why, "%s is not a regular file", path);
	if (st.st_mode & 0002)
		return value_refuse(why, "anybody can write %s: chmod o-w %s", path, path);
	if (secret && !secret_is_private(path, &st, why))
		return false;
	if (st.st_size <= 0 || (uint64_t)st.st_size > max)
		return value_refuse(why, st.st_size ? "%s is longer than %zu octets" : "%s is empty",
				    path, max);
	size = (size_t)st.st_size;
	octets = calloc(1, size);
	if (!octets)
		return value_refuse(why, "no memory");
	*c = (struct chunk){ octets, 0 };
	while (n > 0 && c->len < size) {
		n = read(fd, octets + c->len, size - c->len);
		c->len += n > 0 ? (size_t)n : 0;
	}
	if (c->len == size)
		return true;
	mem_free_wiped(octets, size);
	return value_refuse(why, "%s: %s", path, n < 0 ? strerror(errno) : "it became shorter");
}

static bool credential_file_read(const char *path, bool secret, size_t max, struct chunk *c,
				 char why[VALUE_WHY_MAX])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	bool ok;

	*c = (struct chunk){ 0 };
	if (fd < 0)
		return value_refuse(why, "%s: %s", path, strerror(errno));
	ok = credential_fd_read(fd, path, secret, max, c, why);
	close(fd);
	return ok;
}

static void credential_file_free(struct chunk c)
{
	mem_free_wiped((void *)c.p, c.len);
}

/* A file that is read already. */
static bool credential_is_private(const char *path, char why[VALUE_WHY_MAX])
{
	struct stat st;

	if (stat(path, &st))
		return value_refuse(why, "%s: %s", path, strerror(errno));
	return secret_is_private(path, &st, why);
}

/* Options */

/* What is on a token is read when all of the tunnel is known, the PIN too. */
static bool credential_set_uri(char path[CONFIG_CERT_PATH_MAX], const char *value,
			       char why[VALUE_WHY_MAX])
{
	char detail[KEY_WHY_MAX];

	if (strlen(value) >= CONFIG_CERT_PATH_MAX)
		return value_refuse(why, "a URI of %zu octets is too long: use at most %d",
				    strlen(value), CONFIG_CERT_PATH_MAX - 1);
	if (!pkcs11_check(value, detail))
		return value_refuse(why, "%s %s", strstr(value, "pin-value") ? "it" : value,
				    detail);
	memcpy(path, value, strlen(value) + 1);
	return true;
}

bool credential_set_cert(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	char *path = to->tunnel->cert_path, detail[CERT_WHY_MAX];
	struct chunk_list *certs;
	struct chunk c;
	bool p12;

	if (pkcs11_is_uri(value))
		return credential_set_uri(path, value, why);
	if (!value_path(to->file, value, path, CONFIG_CERT_PATH_MAX, why) ||
	    !credential_file_read(path, false, CREDENTIAL_KEY_MAX, &c, why))
		return false;
	p12 = key_is_pkcs12(c);
	certs = p12 ? NULL : cert_load(c, detail);
	credential_file_free(c);
	chunk_list_put(certs);
	return p12 || certs || value_refuse(why, "%s %s", path, detail);
}

bool credential_set_key(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	char *path = to->tunnel->key_path;
	struct chunk c;

	if (pkcs11_is_uri(value))
		return credential_set_uri(path, value, why);
	if (!value_path(to->file, value, path, CONFIG_CERT_PATH_MAX, why) ||
	    !credential_file_read(path, true, CREDENTIAL_KEY_MAX, &c, why))
		return false;
	credential_file_free(c);
	return true;
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

/* Puts @more behind @list; takes both. False: @why. */
static bool credential_append(struct chunk_list **list, struct chunk_list *more,
			      char why[VALUE_WHY_MAX])
{
	unsigned int count = chunk_list_count(*list), total = count + chunk_list_count(more);
	struct chunk *all = calloc(total, sizeof(*all));
	struct chunk_list *joined = NULL;

	for (unsigned int i = 0; all && i < total; i++)
		all[i] = i < count ? (*list)->chunk[i] : more->chunk[i - count];
	if (all && total <= CREDENTIAL_LIST_MAX)
		joined = chunk_list_new(all, total);
	free(all);
	chunk_list_put(more);
	if (!joined)
		return value_refuse(why, "more than %d in all, or no memory", CREDENTIAL_LIST_MAX);
	chunk_list_put(*list);
	*list = joined;
	return true;
}

bool credential_set_ca(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	char path[CONFIG_CERT_PATH_MAX], detail[CERT_WHY_MAX], name[CERT_NAME_MAX];
	struct chunk_list *list;
	struct chunk c;

	if (!value_path(to->file, value, path, sizeof(path), why) ||
	    !credential_file_read(path, false, CREDENTIAL_KEY_MAX, &c, why))
		return false;
	list = cert_load(c, detail);
	credential_file_free(c);
	if (!list)
		return value_refuse(why, "%s %s", path, detail);
	for (unsigned int i = 0; i < list->count; i++) {
		if (cert_is_ca(list->chunk[i]))
			continue;
		cert_subject(list->chunk[i], name);
		chunk_list_put(list);
		return value_refuse(why, "%s: the certificate of %s is not a CA's: give that of who "
				    "has issued it", path, name);
	}
	return credential_append(&to->tunnel->ca, list, why);
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
	    !credential_file_read(path, false, CREDENTIAL_KEY_MAX, &c, why))
		return false;
	list = raw_load(c, detail);
	credential_file_free(c);
	if (!list)
		return value_refuse(why, "%s %s", path, detail);
	return credential_append(&to->tunnel->remote_keys, list, why);
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

	if (!credential_file_read(path, false, CREDENTIAL_KEY_MAX, &c, why))
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
	return credential_append(&to->tunnel->crl, list, why);
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

/* Certificates from cert, and where it is PKCS#12 the key with them. */
static bool credential_read_certs(struct tunnel_options *t, char why[VALUE_WHY_MAX])
{
	const char *password = t->key_password[0] ? t->key_password : NULL;
	char detail[KEY_WHY_MAX];
	struct chunk c;
	bool p12, ok;

	if (pkcs11_is_uri(t->cert_path)) {
		t->ike.certs = pkcs11_certs(t->cert_path, password, detail);
		return t->ike.certs || value_refuse(why, "cert: %s %s", t->cert_path, detail);
	}
	if (!credential_file_read(t->cert_path, false, CREDENTIAL_KEY_MAX, &c, why))
		return false;
	p12 = key_is_pkcs12(c);
	if (p12 && (t->key_path[0] || !credential_is_private(t->cert_path, why))) {
		credential_file_free(c);
		return !t->key_path[0] ? false :
		       value_refuse(why, "%s is PKCS#12, which has the key too: leave key out",
				    t->cert_path);
	}
	if (p12)
		ok = key_load_pkcs12(c, password, &t->key, &t->ike.certs, detail);
	else
		ok = (t->ike.certs = cert_load(c, detail));
	credential_file_free(c);
	return ok || value_refuse(why, "cert: %s %s", t->cert_path, detail);
}

static bool credential_read_key(struct tunnel_options *t, char why[VALUE_WHY_MAX])
{
	const char *password = t->key_password[0] ? t->key_password : NULL;
	char detail[KEY_WHY_MAX];
	struct chunk c;

	if (t->key)
		return true;
	if (!t->key_path[0])
		return value_refuse(why, "key is missing: the private key of the certificate %s",
				    t->cert_path);
	if (pkcs11_is_uri(t->key_path)) {
		t->key = pkcs11_key(t->key_path, password, detail);
		return t->key || value_refuse(why, "key: %s %s", t->key_path, detail);
	}
	if (!credential_file_read(t->key_path, true, CREDENTIAL_KEY_MAX, &c, why))
		return false;
	t->key = key_load(c, password, detail);
	credential_file_free(c);
	return t->key || value_refuse(why, "key: %s %s", t->key_path, detail);
}

/* In time, strong, for IKE, and the key's? */
static bool credential_check(const struct tunnel_options *t, time_t now, char why[VALUE_WHY_MAX])
{
	char name[CERT_NAME_MAX], text[32], here[32], detail[CERT_WHY_MAX];
	struct chunk cert = t->ike.certs->chunk[0];
	const char *key = t->key_path[0] ? t->key_path : t->cert_path;
	time_t from, until;
	size_t octets = 0;

	for (unsigned int i = 0; i < t->ike.certs->count; i++)
		octets += t->ike.certs->chunk[i].len;
	if (t->ike.certs->count > IKE_CERTS_MAX || octets > IKE_CERTS_LEN_MAX)
		return value_refuse(why, "%s has %u certificates of %zu octets; a chain of ours has "
				    "at most %d, of %d", t->cert_path, t->ike.certs->count, octets,
				    IKE_CERTS_MAX, IKE_CERTS_LEN_MAX);
	if (!key_fits(t->key, cert))
		return value_refuse(why, "the key in %s does not belong to the certificate of %s in "
				    "%s", key, cert_subject(cert, name), t->cert_path);
	if (!cert_is_usable(cert, t->allow_legacy, detail))
		return value_refuse(why, "the certificate in %s cannot be used: %s", t->cert_path,
				    detail);
	if (!cert_dates(cert, &from, &until))
		return value_refuse(why, "the certificate in %s has no dates", t->cert_path);
	if (now > until || now < from)
		return value_refuse(why, "the certificate of %s in %s %s %s (it is %s here)",
				    cert_subject(cert, name), t->cert_path,
				    now > until ? "has expired on" : "is not valid before",
				    cert_time_str(now > until ? until : from, text),
				    cert_time_str(now, here));
	return true;
}

/* Our identity, which the peer looks for in the certificate. */
static bool credential_identify(struct tunnel_options *t, char why[VALUE_WHY_MAX])
{
	char detail[CERT_WHY_MAX], text[CERT_NAME_MAX];
	struct ike_id *id = &t->ike.local_id;
	struct chunk cert = t->ike.certs->chunk[0];

	if (!id->type) {
		id->len = (uint16_t)cert_first_name(cert, &id->type, id->data, sizeof(id->data));
		return id->len || value_refuse(why, "%s has no name of at most %d octets: give "
					       "local-id", t->cert_path, TUNNEL_ID_MAX);
	}
	return cert_names(cert, id->type, (struct chunk){ id->data, id->len }, detail) ||
	       value_refuse(why, "local-id is %s, but the certificate in %s %s: take one of these, "
			    "or another certificate", ike_id_str(id, text, sizeof(text)),
			    t->cert_path, detail);
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
	       t->second_auth ? NULL : credential_our_eap(t);
}

static const char *credential_theirs(const struct tunnel_options *t)
{
	return t->ca ? "ca" : t->remote_keys || t->dns_key ? "remote-key" :
	       t->second_auth ? NULL : credential_their_eap(t);
}

/* Two ways, of which one is EAP, without a word that one is to follow the other? */
static bool credential_is_once(const struct tunnel_options *t, char why[VALUE_WHY_MAX])
{
	const char *ours = credential_ours(t), *theirs = credential_theirs(t);

	if (t->user_count && radius_option_given(t))
		return credential_twice("the peers prove who they are", "users", "eap = radius",
					why);
	if (t->second_auth)
		return true;
	if (t->password[0] && strcmp(ours, "password") && !user_has_tls(t))
		return credential_eap_too("we prove who we are", ours, "password", why);
	if (t->user_count && strcmp(theirs, "users") && !user_has_tls(t))
		return credential_eap_too("the peers prove who they are", theirs, "users", why);
	return !radius_option_given(t) || !strcmp(theirs, "eap = radius") ||
	       credential_eap_too("the peers prove who they are", theirs, "eap = radius", why);
}

/* Is there one of each at most, and what belongs to it? */
static bool credential_is_clear(const struct tunnel_options *t, char why[VALUE_WHY_MAX])
{
	if (t->second_auth && user_has_tls(t))
		return value_refuse(why, "eap has tls, and second-auth = eap: both proofs would be "
				    "by certificates of the same ca, so that one stolen key gives "
				    "both: leave tls out of eap and take mschapv2 or ttls with a "
				    "password, or leave second-auth out");
	if (t->key_password[0] && !t->cert_path[0] && !t->key_path[0])
		return value_refuse(why, "there is a key-password, but no key: give key, or cert");
	if (user_has_tls(t) && (!t->cert_path[0] || !t->ca))
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
	if (!ppk_option_check(t, why))
		return false;
	t->ike.local_auth = t->cert_path[0] || t->key_path[0] ? &auth_signature_ops : NULL;
	t->ike.remote_auth = t->ca || t->remote_keys || t->dns_key ? &auth_signature_ops : NULL;
	t->ike.remote_raw = t->remote_keys || t->dns_key;
	t->ike.ask_ocsp = t->ca && t->revocation != REVOCATION_OFF;
	return user_complete(t, why);
}

/* What the peer is asked for: certificates of our CAs. */
static bool credential_ca_hashes(struct tunnel_options *t, char why[VALUE_WHY_MAX])
{
	unsigned int count = chunk_list_count(t->ca);
	uint8_t *hash = calloc(count + 1, CERT_SPKI_HASH);
	struct chunk *chunk = calloc(count + 1, sizeof(*chunk));
	bool ok = hash && chunk;

	for (unsigned int i = 0; ok && i < count; i++) {
		chunk[i] = (struct chunk){ hash + i * CERT_SPKI_HASH, CERT_SPKI_HASH };
		ok = cert_spki_hash(t->ca->chunk[i], hash + i * CERT_SPKI_HASH);
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
	char detail[RAW_WHY_MAX], name[RAW_STRLEN];

	if (!credential_check_dns(t, why))
		return false;
	if (t->key_path[0] && !t->cert_path[0]) {
		if (!credential_read_key(t, why))
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
	time_t from, until;
	bool ok;

	ok = credential_choose(t, why) && credential_ca_hashes(t, why) &&
	     credential_read_raw(t, why);
	if (ok && t->cert_path[0]) {
		ok = credential_read_certs(t, why) && credential_read_key(t, why) &&
		     credential_check(t, now, why) && credential_identify(t, why) &&
		     user_named(t, why);
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
		lists_share(lists, &t->ca, &fresh) && lists_share(lists, &t->crl, &fresh) &&
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
