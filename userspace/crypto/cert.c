// SPDX-License-Identifier: GPL-2.0
#include "crypto/cert_type.h"

#include <gnutls/abstract.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "crypto/der.h"
#include "crypto/dn.h"
#include "lib/array.h"

#define CERT_FILE_MAX	1024		/* certificates, or lists, in a file */
#define CERT_PURPOSES_MAX 32

static gnutls_datum_t cert_datum(struct chunk c)
{
	return (gnutls_datum_t){ (unsigned char *)c.p, (unsigned int)c.len };
}

/* Files */

static bool cert_is_pem(struct chunk octets)
{
	return memmem(octets.p, octets.len, "-----BEGIN ", 11);
}

/* What a file can have several of, as GnuTLS handles it: @list is an array of its objects. */
struct cert_kind {
	int (*import)(void **list, unsigned int *count, const gnutls_datum_t *data,
		      gnutls_x509_crt_fmt_t format);
	int (*export)(void *list, unsigned int i, gnutls_datum_t *der);	/* for gnutls_free() */
	void (*deinit)(void *list, unsigned int i);
	const char *none;
};

static int cert_crt_import(void **list, unsigned int *count, const gnutls_datum_t *data,
			   gnutls_x509_crt_fmt_t format)
{
	gnutls_x509_crt_t *crt = NULL;
	int rc = gnutls_x509_crt_list_import2(&crt, count, data, format, 0);

	*list = crt;
	return rc;
}

static int cert_crt_export(void *list, unsigned int i, gnutls_datum_t *der)
{
	return gnutls_x509_crt_export2(((gnutls_x509_crt_t *)list)[i], GNUTLS_X509_FMT_DER, der);
}

static void cert_crt_deinit(void *list, unsigned int i)
{
	gnutls_x509_crt_deinit(((gnutls_x509_crt_t *)list)[i]);
}

static int cert_crl_import(void **list, unsigned int *count, const gnutls_datum_t *data,
			   gnutls_x509_crt_fmt_t format)
{
	gnutls_x509_crl_t *crl = NULL;
	int rc = gnutls_x509_crl_list_import2(&crl, count, data, format, 0);

	*list = crl;
	return rc;
}

static int cert_crl_export(void *list, unsigned int i, gnutls_datum_t *der)
{
	return gnutls_x509_crl_export2(((gnutls_x509_crl_t *)list)[i], GNUTLS_X509_FMT_DER, der);
}

static void cert_crl_deinit(void *list, unsigned int i)
{
	gnutls_x509_crl_deinit(((gnutls_x509_crl_t *)list)[i]);
}

static struct chunk_list *cert_collect(const struct cert_kind *kind, void *list, unsigned int count)
{
	gnutls_datum_t *der = calloc(count, sizeof(*der));
	struct chunk *chunk = calloc(count, sizeof(*chunk));
	struct chunk_list *result = NULL;
	unsigned int n = 0;

	while (der && chunk && n < count && kind->export(list, n, &der[n]) == 0) {
		chunk[n] = (struct chunk){ der[n].data, der[n].size };
		n++;
	}
	if (n == count)
		result = chunk_list_new(chunk, count);
	for (unsigned int i = 0; i < n; i++)
		gnutls_free(der[i].data);
	free(der);
	free(chunk);
	return result;
}

static struct chunk_list *cert_load_kind(const struct cert_kind *kind, struct chunk octets,
					 char why[CERT_WHY_MAX])
{
	gnutls_datum_t data = cert_datum(octets);
	struct chunk_list *result = NULL;
	unsigned int count = 0;
	void *list = NULL;

	if (kind->import(&list, &count, &data, cert_is_pem(octets) ? GNUTLS_X509_FMT_PEM :
			 GNUTLS_X509_FMT_DER) < 0) {
		snprintf(why, CERT_WHY_MAX, "has no %s in PEM or DER", kind->none);
		return NULL;
	}
	if (count <= CERT_FILE_MAX)
		result = cert_collect(kind, list, count);
	if (!result)
		snprintf(why, CERT_WHY_MAX, "has %u of them, which is more than %d, or there is no "
			 "memory", count, CERT_FILE_MAX);
	for (unsigned int i = 0; i < count; i++)
		kind->deinit(list, i);
	gnutls_free(list);
	return result;
}

struct chunk_list *cert_load(struct chunk octets, char why[CERT_WHY_MAX])
{
	static const struct cert_kind kind = {
		cert_crt_import, cert_crt_export, cert_crt_deinit, "certificate",
	};

	return cert_load_kind(&kind, octets, why);
}

struct chunk_list *cert_load_crl(struct chunk octets, char why[CERT_WHY_MAX])
{
	static const struct cert_kind kind = {
		cert_crl_import, cert_crl_export, cert_crl_deinit, "revocation list (CRL)",
	};

	return cert_load_kind(&kind, octets, why);
}

gnutls_x509_crt_t cert_import(struct chunk der)
{
	gnutls_datum_t data = cert_datum(der);
	gnutls_x509_crt_t crt;

	if (!der.len || gnutls_x509_crt_init(&crt) < 0)
		return NULL;
	if (gnutls_x509_crt_import(crt, &data, GNUTLS_X509_FMT_DER) == 0)
		return crt;
	gnutls_x509_crt_deinit(crt);
	return NULL;
}

/* For people */

const char *cert_time_str(time_t when, char buf[32])
{
	struct tm tm;

	if (!gmtime_r(&when, &tm) || !strftime(buf, 32, "%Y-%m-%d %H:%M:%S UTC", &tm))
		snprintf(buf, 32, "(unknown)");
	return buf;
}

/* @raw is given back. */
static const char *cert_name_str(int rc, gnutls_datum_t *raw, char buf[CERT_NAME_MAX])
{
	snprintf(buf, CERT_NAME_MAX, "(no name)");
	if (rc < 0)
		return buf;
	if (raw->size > 2)	/* an empty sequence has two octets */
		dn_str((struct chunk){ raw->data, raw->size }, buf, CERT_NAME_MAX);
	gnutls_free(raw->data);
	return buf;
}

const char *cert_subject_of(gnutls_x509_crt_t crt, char buf[CERT_NAME_MAX])
{
	gnutls_datum_t raw = { 0 };

	return cert_name_str(gnutls_x509_crt_get_raw_dn(crt, &raw), &raw, buf);
}

const char *cert_issuer_of(gnutls_x509_crt_t crt, char buf[CERT_NAME_MAX])
{
	gnutls_datum_t raw = { 0 };

	return cert_name_str(gnutls_x509_crt_get_raw_issuer_dn(crt, &raw), &raw, buf);
}

const char *cert_subject(struct chunk cert, char buf[CERT_NAME_MAX])
{
	gnutls_x509_crt_t crt = cert_import(cert);

	snprintf(buf, CERT_NAME_MAX, "(no certificate)");
	if (!crt)
		return buf;
	cert_subject_of(crt, buf);
	gnutls_x509_crt_deinit(crt);
	return buf;
}

bool cert_dates(struct chunk cert, time_t *from, time_t *until)
{
	gnutls_x509_crt_t crt = cert_import(cert);

	if (!crt)
		return false;
	*from = gnutls_x509_crt_get_activation_time(crt);
	*until = gnutls_x509_crt_get_expiration_time(crt);
	gnutls_x509_crt_deinit(crt);
	return *from != (time_t)-1 && *until != (time_t)-1;
}

bool cert_is_ca(struct chunk cert)
{
	gnutls_x509_crt_t crt = cert_import(cert);
	unsigned int critical;
	bool is;

	if (!crt)
		return false;
	is = gnutls_x509_crt_get_ca_status(crt, &critical) > 0 ||
	     gnutls_x509_crt_get_version(crt) == 1;
	gnutls_x509_crt_deinit(crt);
	return is;
}

bool cert_spki_hash(struct chunk cert, uint8_t hash[CERT_SPKI_HASH])
{
	gnutls_x509_crt_t crt = cert_import(cert);
	gnutls_pubkey_t public = NULL;
	gnutls_datum_t der = { 0 };
	bool ok;

	ok = crt && gnutls_pubkey_init(&public) == 0 &&
	     gnutls_pubkey_import_x509(public, crt, 0) == 0 &&
	     gnutls_pubkey_export2(public, GNUTLS_X509_FMT_DER, &der) == 0;
	if (ok)
		ok = sha1(&(struct chunk){ der.data, der.size }, 1, hash);
	gnutls_free(der.data);
	if (public)
		gnutls_pubkey_deinit(public);
	if (crt)
		gnutls_x509_crt_deinit(crt);
	return ok;
}

static bool cert_meets(struct chunk ca, struct chunk other)
{
	gnutls_x509_crt_t crt[2] = { cert_import(ca), cert_import(other) };
	uint8_t hash[2][CERT_SPKI_HASH];
	bool meets;

	meets = !crt[0] || !crt[1] || gnutls_x509_crt_check_issuer(crt[0], crt[1]) ||
		gnutls_x509_crt_check_issuer(crt[1], crt[0]) || !cert_spki_hash(ca, hash[0]) ||
		!cert_spki_hash(other, hash[1]) || !memcmp(hash[0], hash[1], CERT_SPKI_HASH);
	for (unsigned int i = 0; i < 2; i++)
		if (crt[i])
			gnutls_x509_crt_deinit(crt[i]);
	return meets;
}

bool cert_cas_meet(const struct chunk_list *a, const struct chunk_list *b)
{
	for (unsigned int i = 0; i < chunk_list_count(a); i++)
		for (unsigned int j = 0; j < chunk_list_count(b); j++)
			if (cert_meets(a->chunk[i], b->chunk[j]))
				return true;
	return false;
}

/* What it is good for */

bool cert_strength(int pk, unsigned int bits, bool legacy, char why[CERT_WHY_MAX])
{
	unsigned int least = legacy ? 1024 : 2048;

	switch (pk) {
	case GNUTLS_PK_DSA:
		if (!legacy) {
			snprintf(why, CERT_WHY_MAX, "its key is a DSA key, which can be broken: use "
				 "another, or allow-legacy = yes");
			return false;
		}
		__attribute__((fallthrough));
	case GNUTLS_PK_RSA:
	case GNUTLS_PK_RSA_PSS:
		if (bits >= least)
			return true;
		snprintf(why, CERT_WHY_MAX, "its key is weak: %u bits, where %u are the least%s",
			 bits, least, legacy ? "" : " (1024 with allow-legacy = yes)");
		return false;
	case GNUTLS_PK_ECDSA:
	case GNUTLS_PK_EDDSA_ED25519:
	case GNUTLS_PK_EDDSA_ED448:
		return true;
	default:
		snprintf(why, CERT_WHY_MAX, "its key is of a kind that is not known here: use RSA, "
			 "ECDSA or EdDSA");
		return false;
	}
}

bool cert_key_is_strong(gnutls_x509_crt_t crt, bool legacy, char why[CERT_WHY_MAX])
{
	unsigned int bits = 0;
	int pk = gnutls_x509_crt_get_pk_algorithm(crt, &bits);

	return cert_strength(pk, bits, legacy, why);
}

/* RFC 4945 5.1.3.12 wants none or any; what is issued for VPNs has one of the others. */
bool cert_purpose_fits(gnutls_x509_crt_t crt)
{
	static const char *const fitting[] = {
		GNUTLS_KP_ANY, GNUTLS_KP_TLS_WWW_SERVER, GNUTLS_KP_TLS_WWW_CLIENT,
		GNUTLS_KP_IPSEC_IKE, "1.3.6.1.5.5.8.2.2" /* iKEIntermediate */,
	};
	char oid[128];

	for (unsigned int i = 0; i < CERT_PURPOSES_MAX; i++) {
		size_t len = sizeof(oid);
		unsigned int critical;
		int rc = gnutls_x509_crt_get_key_purpose_oid(crt, i, oid, &len, &critical);

		if (rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			return !i;
		for (size_t j = 0; rc >= 0 && j < ARRAY_SIZE(fitting); j++) {
			if (!strcmp(oid, fitting[j]))
				return true;
		}
		if (rc < 0 && rc != GNUTLS_E_SHORT_MEMORY_BUFFER)
			return false;
	}
	return false;
}

bool cert_is_usable_of(gnutls_x509_crt_t crt, bool legacy, char why[CERT_WHY_MAX])
{
	unsigned int usage, critical;
	int rc = gnutls_x509_crt_get_key_usage(crt, &usage, &critical);

	if (!cert_key_is_strong(crt, legacy, why))
		return false;
	if (rc != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE &&
	    (rc < 0 || !(usage & (GNUTLS_KEY_DIGITAL_SIGNATURE | GNUTLS_KEY_NON_REPUDIATION)))) {
		snprintf(why, CERT_WHY_MAX, "its key usage has neither digitalSignature nor "
			 "nonRepudiation: it is not for signing");
		return false;
	}
	if (cert_purpose_fits(crt))
		return true;
	snprintf(why, CERT_WHY_MAX, "its extended key usage has none of serverAuth, clientAuth and "
		 "ipsecIKE: it is not for IKE");
	return false;
}

unsigned int cert_bundle(struct chunk octets, struct chunk *certs, unsigned int max)
{
	struct cursor c = cursor_of(octets.p, octets.len), all, one;
	unsigned int count = 0;
	uint8_t tag;

	if (!der_take(&c, DER_SEQUENCE, &all) || c.left)
		return 0;
	while (all.left) {
		if (!der_next(&all, &tag, &one) ||
		    (tag != DER_CONTEXT && tag != (DER_CONTEXT | 1)))
			return 0;
		if (tag != DER_CONTEXT)
			continue;
		if (count == max)
			return 0;
		certs[count++] = (struct chunk){ one.at, one.left };
	}
	return count;
}

bool cert_is_usable(struct chunk cert, bool legacy, char why[CERT_WHY_MAX])
{
	gnutls_x509_crt_t crt = cert_import(cert);
	bool ok;

	if (!crt) {
		snprintf(why, CERT_WHY_MAX, "it is no certificate");
		return false;
	}
	ok = cert_is_usable_of(crt, legacy, why);
	gnutls_x509_crt_deinit(crt);
	return ok;
}
