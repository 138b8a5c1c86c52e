// SPDX-License-Identifier: GPL-2.0
#include "crypto/key_type.h"

#include <gnutls/pkcs12.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/cert.h"
#include "crypto/crypto.h"

static gnutls_datum_t key_datum(struct chunk c)
{
	return (gnutls_datum_t){ (unsigned char *)c.p, (unsigned int)c.len };
}

static bool key_public_id(gnutls_pubkey_t public, uint8_t id[KEY_ID_LEN])
{
	size_t len = KEY_ID_LEN;

	return gnutls_pubkey_get_key_id(public, GNUTLS_KEYID_USE_SHA256, id, &len) == 0 &&
	       len == KEY_ID_LEN;
}

struct key *key_of(gnutls_privkey_t private, void *pin, size_t pin_size)
{
	struct key *key = calloc(1, sizeof(*key));
	gnutls_pubkey_t public = NULL;
	bool ok;

	if (!key) {
		gnutls_privkey_deinit(private);
		mem_free_wiped(pin, pin_size);
		return NULL;
	}
	*key = (struct key){ .holders = 1, .private = private, .pin = pin, .pin_size = pin_size };
	key->pk = gnutls_privkey_get_pk_algorithm(private, &key->bits);
	ok = key->pk >= 0 && gnutls_pubkey_init(&public) == 0 &&
	     gnutls_pubkey_import_privkey(public, private, 0, 0) == 0 &&
	     key_public_id(public, key->id);
	if (public)
		gnutls_pubkey_deinit(public);
	if (ok)
		return key;
	key_free(key);
	return NULL;
}

/* Takes @x509 over. */
static struct key *key_new(gnutls_x509_privkey_t x509)
{
	gnutls_privkey_t private = NULL;
	bool ok;

	ok = gnutls_privkey_init(&private) == 0 &&
	     gnutls_privkey_import_x509(private, x509, GNUTLS_PRIVKEY_IMPORT_COPY) == 0;
	gnutls_x509_privkey_deinit(x509);
	if (ok)
		return key_of(private, NULL, 0);
	if (private)
		gnutls_privkey_deinit(private);
	return NULL;
}

/* What GnuTLS's errors mean to a person; they tell a wrong password from no key badly. */
static void key_explain(int rc, const char *password, char why[KEY_WHY_MAX])
{
	switch (rc) {
	case GNUTLS_E_DECRYPTION_FAILED:
	case GNUTLS_E_MAC_VERIFY_FAILED:
		snprintf(why, KEY_WHY_MAX, password ? "is encrypted, and with another password than"
			 " key-password" : "is encrypted: give key-password or key-password-file");
		break;
	case GNUTLS_E_UNKNOWN_CIPHER_TYPE:
	case GNUTLS_E_UNKNOWN_HASH_ALGORITHM:
		snprintf(why, KEY_WHY_MAX, "is encrypted by a cipher that is not known here: "
			 "write it anew, with openssl pkcs8 -topk8 -v2 aes256");
		break;
	default:
		snprintf(why, KEY_WHY_MAX, "has no private key in PEM, PKCS#8 or PKCS#12 (%s)",
			 gnutls_strerror(rc));
	}
}

/* Text that begins like PEM is no DER. */
static gnutls_x509_crt_fmt_t key_format(struct chunk octets)
{
	return memmem(octets.p, octets.len, "-----BEGIN ", 11) ? GNUTLS_X509_FMT_PEM :
								GNUTLS_X509_FMT_DER;
}

struct key *key_load(struct chunk octets, const char *password, char why[KEY_WHY_MAX])
{
	gnutls_datum_t data = key_datum(octets);
	gnutls_x509_privkey_t x509;
	struct key *key;
	int rc;

	snprintf(why, KEY_WHY_MAX, "cannot be taken: no memory");
	if (gnutls_x509_privkey_init(&x509) < 0)
		return NULL;
	rc = gnutls_x509_privkey_import2(x509, &data, key_format(octets), password,
					 password ? 0 : GNUTLS_PKCS_PLAIN);
	if (rc < 0) {
		key_explain(rc, password, why);
		gnutls_x509_privkey_deinit(x509);
		return NULL;
	}
	key = key_new(x509);
	if (!key)
		snprintf(why, KEY_WHY_MAX, "has a key of a kind that is not known here: use RSA, "
			 "ECDSA or EdDSA");
	return key;
}

bool key_is_pkcs12(struct chunk octets)
{
	gnutls_datum_t data = key_datum(octets);
	gnutls_pkcs12_t p12;
	bool is;

	if (gnutls_pkcs12_init(&p12) < 0)
		return false;
	is = gnutls_pkcs12_import(p12, &data, GNUTLS_X509_FMT_DER, 0) == 0;
	gnutls_pkcs12_deinit(p12);
	return is;
}

/* The chain, which begins with the key's own, and others of the file behind it. */
struct key_pkcs12 {
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t *chain, *extra;
	unsigned int chain_count, extra_count;
};

static void key_pkcs12_free(gnutls_x509_crt_t *list, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		gnutls_x509_crt_deinit(list[i]);
	gnutls_free(list);
}

/* @out is to be freed by gnutls_free. */
static bool key_pkcs12_export(const gnutls_x509_crt_t *list, unsigned int count,
			      gnutls_datum_t out[CERT_CHAIN_MAX], unsigned int *filled)
{
	for (unsigned int i = 0; i < count; i++) {
		if (*filled == CERT_CHAIN_MAX ||
		    gnutls_x509_crt_export2(list[i], GNUTLS_X509_FMT_DER, &out[*filled]) < 0)
			return false;
		(*filled)++;
	}
	return true;
}

static struct chunk_list *key_pkcs12_certs(const struct key_pkcs12 *p)
{
	gnutls_datum_t der[CERT_CHAIN_MAX];
	struct chunk chunk[CERT_CHAIN_MAX];
	struct chunk_list *list = NULL;
	unsigned int count = 0;

	if (key_pkcs12_export(p->chain, p->chain_count, der, &count) &&
	    key_pkcs12_export(p->extra, p->extra_count, der, &count)) {
		for (unsigned int i = 0; i < count; i++)
			chunk[i] = (struct chunk){ der[i].data, der[i].size };
		list = chunk_list_new(chunk, count);
	}
	while (count)
		gnutls_free(der[--count].data);
	return list;
}

static bool key_take_pkcs12(struct key_pkcs12 *p, struct key **key, struct chunk_list **certs,
			    char why[KEY_WHY_MAX])
{
	*certs = p->chain_count ? key_pkcs12_certs(p) : NULL;
	*key = key_new(p->key);
	key_pkcs12_free(p->chain, p->chain_count);
	key_pkcs12_free(p->extra, p->extra_count);
	if (*key && *certs)
		return true;
	snprintf(why, KEY_WHY_MAX, !*key ? "has a key of a kind that is not known here: use RSA, "
		 "ECDSA or EdDSA" : p->chain_count ? "has more than %d certificates" :
		 "has no certificate that belongs to its key", CERT_CHAIN_MAX);
	key_free(*key);
	chunk_list_put(*certs);
	*key = NULL;
	*certs = NULL;
	return false;
}

bool key_load_pkcs12(struct chunk octets, const char *password, struct key **key,
		     struct chunk_list **certs, char why[KEY_WHY_MAX])
{
	gnutls_datum_t data = key_datum(octets);
	struct key_pkcs12 p = { 0 };
	gnutls_pkcs12_t p12;
	int rc;

	*key = NULL;
	*certs = NULL;
	snprintf(why, KEY_WHY_MAX, "cannot be taken: no memory");
	if (gnutls_pkcs12_init(&p12) < 0)
		return false;
	rc = gnutls_pkcs12_import(p12, &data, GNUTLS_X509_FMT_DER, 0);
	if (!rc)
		rc = gnutls_pkcs12_simple_parse(p12, password ? password : "", &p.key, &p.chain,
						&p.chain_count, &p.extra, &p.extra_count, NULL, 0);
	gnutls_pkcs12_deinit(p12);
	if (!rc)
		return key_take_pkcs12(&p, key, certs, why);
	key_explain(rc, password, why);
	return false;
}

void key_get(struct key *key)
{
	atomic_fetch_add(&key->holders, 1);
}

bool key_is_token(const struct key *key)
{
	return key->pin;
}

void key_free(struct key *key)
{
	if (!key || atomic_fetch_sub(&key->holders, 1) > 1)
		return;
	gnutls_privkey_deinit(key->private);	/* it wipes what it has */
	mem_free_wiped(key->pin, key->pin_size);
	mem_free_wiped(key, sizeof(*key));
}

void key_abandon(struct key *key)
{
	if (!key || !key->pin)
		return;
	key_get(key);
	mem_wipe(key->pin, key->pin_size);
}

bool key_fits(const struct key *key, struct chunk cert)
{
	gnutls_datum_t data = key_datum(cert);
	gnutls_pubkey_t public = NULL;
	gnutls_x509_crt_t crt;
	uint8_t id[KEY_ID_LEN];
	bool ok;

	if (gnutls_x509_crt_init(&crt) < 0)
		return false;
	ok = gnutls_x509_crt_import(crt, &data, GNUTLS_X509_FMT_DER) == 0 &&
	     gnutls_pubkey_init(&public) == 0 && gnutls_pubkey_import_x509(public, crt, 0) == 0 &&
	     key_public_id(public, id) && !memcmp(id, key->id, sizeof(id));
	if (public)
		gnutls_pubkey_deinit(public);
	gnutls_x509_crt_deinit(crt);
	return ok;
}

bool key_equal(const struct key *a, const struct key *b)
{
	return a && b ? !memcmp(a->id, b->id, sizeof(a->id)) : a == b;
}
