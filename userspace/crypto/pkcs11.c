// SPDX-License-Identifier: GPL-2.0
#include "crypto/pkcs11.h"

#include <gnutls/crypto.h>
#include <gnutls/pkcs11.h>
#include <gnutls/x509.h>
#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/cert.h"
#include "crypto/crypto.h"
#include "crypto/key_type.h"
#include "lib/mem.h"

#define PKCS11_SCHEME	"pkcs11:"

enum pkcs11_trouble { PKCS11_FINE, PKCS11_NO_PIN, PKCS11_WRONG_PIN, PKCS11_LAST_PIN };

/* The PIN of a key, as long as the key: some tokens want it for each signature. */
struct pkcs11_pin {
	char text[GNUTLS_PKCS11_MAX_PIN_LEN];	/* "": none */
	enum pkcs11_trouble trouble;
};

/* Of what follows only @refused is used by more than one thread: whoever signs may be asked. */
static pthread_mutex_t pkcs11_lock = PTHREAD_MUTEX_INITIALIZER;

/* GnuTLS has one set of modules for the whole process. */
static struct {
	char *named[PKCS11_MODULES_MAX];
	unsigned int named_count;
	bool begun;			/* GnuTLS counts how often */
	bool system;			/* those of p11-kit are there */
	bool ended;
	/* SHA-256 of a token's URI and a PIN that it has refused. */
	uint8_t refused[PKCS11_PINS_MAX][32];
	unsigned int refused_count;
} pkcs11;

static bool pkcs11_refuse(char why[KEY_WHY_MAX], const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static bool pkcs11_refuse(char why[KEY_WHY_MAX], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, KEY_WHY_MAX, fmt, ap);
	va_end(ap);
	return false;
}

bool pkcs11_is_uri(const char *text)
{
	return !strncmp(text, PKCS11_SCHEME, strlen(PKCS11_SCHEME));
}

/* NULL: it is none, @why. */
static P11KitUri *pkcs11_parse(const char *uri, char why[KEY_WHY_MAX])
{
	P11KitUri *parsed = p11_kit_uri_new();

	if (parsed && p11_kit_uri_parse(uri, P11_KIT_URI_FOR_ANY, parsed) == P11_KIT_URI_OK &&
	    !p11_kit_uri_any_unrecognized(parsed))
		return parsed;
	if (parsed)
		p11_kit_uri_free(parsed);
	pkcs11_refuse(why, "is not a URI of RFC 7512: write it as p11tool --list-all shows it, "
		      "pkcs11:token=...;object=...");
	return NULL;
}

static bool pkcs11_names_token(P11KitUri *parsed)
{
	const CK_TOKEN_INFO *token = p11_kit_uri_get_token_info(parsed);

	return token->label[0] || token->serialNumber[0];
}

static bool pkcs11_check_parsed(P11KitUri *parsed, char why[KEY_WHY_MAX])
{
	const char *module = p11_kit_uri_get_module_path(parsed);

	if (p11_kit_uri_get_pin_value(parsed) || p11_kit_uri_get_pin_source(parsed))
		return pkcs11_refuse(why, "has a PIN in it: leave it out, and give key-password or "
				     "key-password-file");
	if (!pkcs11_names_token(parsed))
		return pkcs11_refuse(why, "does not say which token: add token=LABEL or "
				     "serial=NUMBER, so that no other gets the PIN");
	if (!p11_kit_uri_get_attribute(parsed, CKA_ID) &&
	    !p11_kit_uri_get_attribute(parsed, CKA_LABEL))
		return pkcs11_refuse(why, "does not say which object of the token: add object=LABEL "
				     "or id=%%01");
	return !module || *module == '/' ||
	       pkcs11_refuse(why, "has a module-path that does not begin with /: write the whole "
			     "path");
}

bool pkcs11_check(const char *uri, char why[KEY_WHY_MAX])
{
	P11KitUri *parsed = pkcs11_parse(uri, why);
	bool ok = parsed && pkcs11_check_parsed(parsed, why);

	if (parsed)
		p11_kit_uri_free(parsed);
	return ok;
}

/* Modules */

static bool pkcs11_module_known(const char *path)
{
	for (unsigned int i = 0; path && i < pkcs11.named_count; i++) {
		if (!strcmp(pkcs11.named[i], path))
			return true;
	}
	return !path && pkcs11.system;
}

static int pkcs11_module_add(const char *path)
{
	int rc;

	if (!pkcs11.begun)
		gnutls_pkcs11_init(GNUTLS_PKCS11_FLAG_MANUAL, NULL);
	pkcs11.begun = true;
	rc = gnutls_pkcs11_add_provider(path, NULL);
	return rc == GNUTLS_E_INT_RET_0 ? 0 : rc;	/* it is there already */
}

static bool pkcs11_module_named(const char *path, char why[KEY_WHY_MAX])
{
	char *copy;
	int rc;

	if (pkcs11.named_count == PKCS11_MODULES_MAX)
		return pkcs11_refuse(why, "has one module-path too many: %d are the most",
				     PKCS11_MODULES_MAX);
	copy = strdup(path);
	rc = copy ? pkcs11_module_add(path) : GNUTLS_E_MEMORY_ERROR;
	if (!rc) {
		pkcs11.named[pkcs11.named_count++] = copy;
		return true;
	}
	free(copy);
	return pkcs11_refuse(why, "cannot be used: the module %s cannot be loaded: %s", path,
			     gnutls_strerror(rc));
}

/* All that this host has registered. */
static bool pkcs11_modules_system(char why[KEY_WHY_MAX])
{
	CK_FUNCTION_LIST **all = p11_kit_modules_load(NULL, 0);
	unsigned int count = 0;

	for (unsigned int i = 0; all && all[i]; i++) {
		char *path = p11_kit_module_get_filename(all[i]);

		count += path && !pkcs11_module_add(path);
		free(path);
	}
	if (all)
		p11_kit_modules_release(all);
	pkcs11.system = count;
	return count ||
	       pkcs11_refuse(why, "cannot be used: p11-kit knows no PKCS#11 module on this host: "
			     "register it there, or add ?module-path=FILE");
}

/* @path: NULL: those of p11-kit. */
static bool pkcs11_module_load(const char *path, char why[KEY_WHY_MAX])
{
	if (pkcs11_module_known(path))
		return true;
	if (pkcs11.ended)
		return pkcs11_refuse(why, "needs a PKCS#11 module that is loaded at the start only: "
				     "restart esplaned");
	return path ? pkcs11_module_named(path, why) : pkcs11_modules_system(why);
}

static bool pkcs11_load(const char *uri, char why[KEY_WHY_MAX])
{
	P11KitUri *parsed = pkcs11_parse(uri, why);
	bool ok = parsed && pkcs11_check_parsed(parsed, why) &&
		  pkcs11_module_load(p11_kit_uri_get_module_path(parsed), why);

	if (parsed)
		p11_kit_uri_free(parsed);
	return ok;
}

void pkcs11_modules_end(void)
{
	pkcs11.ended = true;
}

void pkcs11_end(void)
{
	if (pkcs11.begun)
		gnutls_pkcs11_deinit();
	while (pkcs11.named_count)
		free(pkcs11.named[--pkcs11.named_count]);
	mem_wipe(&pkcs11, sizeof(pkcs11));
}

/* PINs */

static bool pkcs11_pin_digest(const char *token, const char *pin, uint8_t digest[32])
{
	gnutls_hash_hd_t hash;

	if (gnutls_hash_init(&hash, GNUTLS_DIG_SHA256) < 0)
		return false;
	gnutls_hash(hash, token, strlen(token) + 1);
	gnutls_hash(hash, pin, strlen(pin));
	gnutls_hash_deinit(hash, digest);
	return true;
}

static bool pkcs11_pin_refused(const char *token, const char *pin)
{
	uint8_t digest[32];
	bool refused = false;

	if (!pkcs11_pin_digest(token, pin, digest))
		return true;
	pthread_mutex_lock(&pkcs11_lock);
	for (unsigned int i = 0; i < PKCS11_PINS_MAX && i < pkcs11.refused_count; i++)
		refused |= !memcmp(pkcs11.refused[i], digest, sizeof(digest));
	pthread_mutex_unlock(&pkcs11_lock);
	return refused;
}

static void pkcs11_pin_remember(const char *token, const char *pin)
{
	pthread_mutex_lock(&pkcs11_lock);
	if (pkcs11_pin_digest(token, pin,
			      pkcs11.refused[pkcs11.refused_count % PKCS11_PINS_MAX]))
		pkcs11.refused_count++;
	pthread_mutex_unlock(&pkcs11_lock);
}

/* GnuTLS asks for it, at @attempt 0 and again after each one that the token has refused. */
static int pkcs11_on_pin(void *ctx, int attempt, const char *token, const char *label,
			 unsigned int flags, char *pin, size_t size)
{
	struct pkcs11_pin *p = ctx;

	if (attempt)
		pkcs11_pin_remember(token, p->text);
	if (!p->text[0])
		p->trouble = PKCS11_NO_PIN;
	else if (attempt || pkcs11_pin_refused(token, p->text) || strlen(p->text) >= size)
		p->trouble = PKCS11_WRONG_PIN;
	else if (flags & GNUTLS_PIN_FINAL_TRY)
		p->trouble = PKCS11_LAST_PIN;
	else
		p->trouble = PKCS11_FINE;
	if (p->trouble)
		return GNUTLS_E_PKCS11_PIN_ERROR;
	memcpy(pin, p->text, strlen(p->text) + 1);
	return 0;
}

static struct pkcs11_pin *pkcs11_pin_new(const char *text)
{
	struct pkcs11_pin *p = calloc(1, sizeof(*p));

	if (p && text)
		snprintf(p->text, sizeof(p->text), "%s", text);
	return p;
}

/* Why nothing was found. @what: "private key". */
static void pkcs11_explain(const char *uri, int rc, enum pkcs11_trouble trouble, const char *what,
			   char why[KEY_WHY_MAX])
{
	unsigned int flags = 0;

	if (gnutls_pkcs11_token_get_flags(uri, &flags) < 0)
		pkcs11_refuse(why, "cannot be used: there is no such token: is it connected, and "
			      "does p11tool --list-tokens show it?");
	else if (trouble == PKCS11_NO_PIN)
		pkcs11_refuse(why, "needs the token's PIN: give key-password or key-password-file");
	else if (flags & GNUTLS_PKCS11_TOKEN_USER_PIN_LOCKED || rc == GNUTLS_E_PKCS11_PIN_LOCKED)
		pkcs11_refuse(why, "cannot be used: too many wrong PINs have locked the token: have "
			      "it unlocked");
	else if (trouble == PKCS11_WRONG_PIN)
		pkcs11_refuse(why, "cannot be used: the token refuses the PIN of key-password. It is "
			      "not tried again, lest the token locks: give another one");
	else if (trouble == PKCS11_LAST_PIN)
		pkcs11_refuse(why, "cannot be used: one more wrong PIN would lock the token, so none "
			      "is tried: log in once by hand, as with p11tool --login "
			      "--list-privkeys");
	else if (rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		pkcs11_refuse(why, "names no %s: p11tool --login --list-all shows what the token "
			      "has", what);
	else
		pkcs11_refuse(why, "cannot be used: %s", gnutls_strerror(rc));
}

/* What is on them */

struct key *pkcs11_key(const char *uri, const char *pin, char why[KEY_WHY_MAX])
{
	struct pkcs11_pin *p;
	gnutls_privkey_t private;
	struct key *key;
	int rc;

	if (!pkcs11_load(uri, why))
		return NULL;
	pkcs11_refuse(why, "cannot be taken: no memory");
	p = pkcs11_pin_new(pin);
	if (!p || gnutls_privkey_init(&private) < 0) {
		mem_free_wiped(p, sizeof(*p));
		return NULL;
	}
	gnutls_privkey_set_pin_function(private, pkcs11_on_pin, p);
	rc = gnutls_privkey_import_url(private, uri, 0);
	if (rc < 0) {
		pkcs11_explain(uri, rc, p->trouble, "private key", why);
		gnutls_privkey_deinit(private);
		mem_free_wiped(p, sizeof(*p));
		return NULL;
	}
	key = key_of(private, p, sizeof(*p));
	if (!key)
		pkcs11_refuse(why, "has a key of a kind that is not known here, or the token has "
			      "not its public half: use RSA, ECDSA or EdDSA, and keep both halves "
			      "under one id");
	return key;
}

static struct chunk_list *pkcs11_export(gnutls_x509_crt_t *certs, unsigned int count)
{
	gnutls_datum_t der[CERT_CHAIN_MAX];
	struct chunk chunk[CERT_CHAIN_MAX] = { 0 };
	struct chunk_list *list = NULL;
	unsigned int filled = 0;

	while (filled < count && filled < CERT_CHAIN_MAX &&
	       gnutls_x509_crt_export2(certs[filled], GNUTLS_X509_FMT_DER, &der[filled]) >= 0) {
		chunk[filled] = (struct chunk){ der[filled].data, der[filled].size };
		filled++;
	}
	if (filled == count)
		list = chunk_list_new(chunk, count);
	while (filled)
		gnutls_free(der[--filled].data);
	return list;
}

struct chunk_list *pkcs11_certs(const char *uri, const char *pin, char why[KEY_WHY_MAX])
{
	struct chunk_list *list = NULL;
	gnutls_x509_crt_t *certs = NULL;
	unsigned int count = 0;
	struct pkcs11_pin *p;
	int rc;

	if (!pkcs11_load(uri, why))
		return NULL;
	pkcs11_refuse(why, "has more than %d certificates, or there is no memory",
		      CERT_CHAIN_MAX);
	p = pkcs11_pin_new(pin);
	if (!p)
		return NULL;
	rc = gnutls_x509_crt_list_import_url(&certs, &count, uri, pkcs11_on_pin, p, 0);
	if (rc < 0)
		pkcs11_explain(uri, rc, p->trouble, "certificate", why);
	else
		list = pkcs11_export(certs, count);
	for (unsigned int i = 0; rc >= 0 && i < count; i++)
		gnutls_x509_crt_deinit(certs[i]);
	gnutls_free(certs);
	mem_free_wiped(p, sizeof(*p));
	return list;
}
