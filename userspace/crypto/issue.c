// SPDX-License-Identifier: GPL-2.0
#include "crypto/issue.h"

#include <gnutls/abstract.h>
#include <gnutls/pkcs12.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/crypto.h"
#include "crypto/dn.h"
#include "lib/addr.h"

#define ISSUE_DN_MAX	256		/* octets */
#define ISSUE_SERIAL	16
#define ISSUE_SLACK	3600		/* seconds that a certificate begins before now */

static bool issue_failed(int rc, const char *what, char why[ISSUE_WHY_MAX])
{
	if (rc < 0)
		snprintf(why, ISSUE_WHY_MAX, "%s: %s", what, gnutls_strerror(rc));
	return rc < 0;
}

static gnutls_datum_t issue_datum(const char *text)
{
	return (gnutls_datum_t){ (unsigned char *)text, (unsigned int)strlen(text) };
}

/* A copy with a NUL behind it; @d is given back. */
static char *issue_text(gnutls_datum_t *d, char why[ISSUE_WHY_MAX])
{
	char *text = d->data ? malloc(d->size + 1) : NULL;

	if (text) {
		memcpy(text, d->data, d->size);
		text[d->size] = '\0';
		mem_wipe(d->data, d->size);
	} else {
		snprintf(why, ISSUE_WHY_MAX, "no memory");
	}
	gnutls_free(d->data);
	return text;
}

void issue_free(void *p, size_t len)
{
	if (p)
		mem_free_wiped(p, len ? len : strlen(p));
}

char *issue_key(enum issue_kind kind, char why[ISSUE_WHY_MAX])
{
	bool rsa = kind == ISSUE_RSA3072;
	gnutls_x509_privkey_t key;
	gnutls_datum_t pem = { 0 };
	int rc;

	if (issue_failed(gnutls_x509_privkey_init(&key), "no key", why))
		return NULL;
	rc = gnutls_x509_privkey_generate(key, rsa ? GNUTLS_PK_RSA : GNUTLS_PK_ECDSA, rsa ? 3072 :
					  GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	if (!rc)
		rc = gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL,
						       GNUTLS_PKCS_PLAIN, &pem);
	gnutls_x509_privkey_deinit(key);
	return issue_failed(rc, "the key cannot be made", why) ? NULL : issue_text(&pem, why);
}

/* What is being made, and by whom. */
struct issue {
	gnutls_x509_crt_t crt, ca;
	gnutls_x509_privkey_t ca_key;
};

static void issue_end(struct issue *i)
{
	if (i->crt)
		gnutls_x509_crt_deinit(i->crt);
	if (i->ca)
		gnutls_x509_crt_deinit(i->ca);
	if (i->ca_key)
		gnutls_x509_privkey_deinit(i->ca_key);
}

/* @cert NULL: a root that is not there yet. */
static bool issue_begin(struct issue *i, const char *cert, const char *key,
			char why[ISSUE_WHY_MAX])
{
	gnutls_datum_t c = issue_datum(cert ? cert : ""), k = issue_datum(key);

	*i = (struct issue){ 0 };
	if (issue_failed(gnutls_x509_privkey_init(&i->ca_key), "no key", why) ||
	    issue_failed(gnutls_x509_privkey_import2(i->ca_key, &k, GNUTLS_X509_FMT_PEM, NULL,
						     GNUTLS_PKCS_PLAIN),
			 "the CA's key cannot be read", why) ||
	    issue_failed(gnutls_x509_crt_init(&i->crt), "no certificate", why))
		return false;
	return !cert || (!issue_failed(gnutls_x509_crt_init(&i->ca), "no certificate", why) &&
			 !issue_failed(gnutls_x509_crt_import(i->ca, &c, GNUTLS_X509_FMT_PEM),
				       "the CA's certificate cannot be read", why));
}

/* RFC 5280 4.1.2.2: positive, and nobody can guess it. */
static int issue_set_serial(gnutls_x509_crt_t crt)
{
	uint8_t serial[ISSUE_SERIAL];

	crypto_random(serial, sizeof(serial));
	serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40);
	return gnutls_x509_crt_set_serial(crt, serial, sizeof(serial));
}

static int issue_set_subject(gnutls_x509_crt_t crt, const char *subject)
{
	uint8_t der[ISSUE_DN_MAX];
	size_t len = dn_parse(subject, der, sizeof(der));
	gnutls_datum_t raw = { der, (unsigned int)len };
	gnutls_datum_t text = { 0 };
	gnutls_x509_dn_t dn;
	int rc;

	if (!len)
		return GNUTLS_E_PARSING_ERROR;
	rc = gnutls_x509_dn_init(&dn);
	if (rc < 0)
		return rc;
	rc = gnutls_x509_dn_import(dn, &raw);
	if (!rc)
		rc = gnutls_x509_dn_get_str2(dn, &text, 0);
	if (!rc)
		rc = gnutls_x509_crt_set_dn(crt, (const char *)text.data, NULL);
	gnutls_free(text.data);
	gnutls_x509_dn_deinit(dn);
	return rc;
}

static int issue_set_times(gnutls_x509_crt_t crt, unsigned int days)
{
	time_t now = time(NULL);
	int rc = gnutls_x509_crt_set_activation_time(crt, now - ISSUE_SLACK);

	return rc ? rc : gnutls_x509_crt_set_expiration_time(crt, now - ISSUE_SLACK +
							     (time_t)days * 86400);
}

/* SHA-1 of the key, RFC 5280 4.2.1.2; the issuer's, where it has one. */
static int issue_set_key_ids(gnutls_x509_crt_t crt, gnutls_x509_crt_t issuer)
{
	uint8_t id[64];
	size_t len = sizeof(id);
	int rc = gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA1, id, &len);

	if (!rc)
		rc = gnutls_x509_crt_set_subject_key_id(crt, id, len);
	len = sizeof(id);
	if (!rc && gnutls_x509_crt_get_subject_key_id(issuer, id, &len, NULL) == 0)
		rc = gnutls_x509_crt_set_authority_key_id(crt, id, len);
	return rc;
}

static char *issue_sign(struct issue *i, gnutls_x509_crt_t issuer, char why[ISSUE_WHY_MAX])
{
	gnutls_datum_t pem = { 0 };
	int rc = issue_set_key_ids(i->crt, issuer);

	if (!rc)
		rc = gnutls_x509_crt_sign2(i->crt, issuer, i->ca_key, GNUTLS_DIG_SHA256, 0);
	if (!rc)
		rc = gnutls_x509_crt_export2(i->crt, GNUTLS_X509_FMT_PEM, &pem);
	return issue_failed(rc, "the certificate cannot be signed", why) ? NULL :
	       issue_text(&pem, why);
}

char *issue_ca(const char *key, const char *subject, unsigned int days, char why[ISSUE_WHY_MAX])
{
	struct issue i;
	char *pem = NULL;
	int rc;

	if (issue_begin(&i, NULL, key, why)) {
		rc = gnutls_x509_crt_set_version(i.crt, 3);
		rc = rc ? rc : gnutls_x509_crt_set_key(i.crt, i.ca_key);
		rc = rc ? rc : issue_set_serial(i.crt);
		rc = rc ? rc : issue_set_times(i.crt, days);
		rc = rc ? rc : issue_set_subject(i.crt, subject);
		rc = rc ? rc : gnutls_x509_crt_set_basic_constraints(i.crt, 1, 0);
		rc = rc ? rc : gnutls_x509_crt_set_key_usage(i.crt, GNUTLS_KEY_KEY_CERT_SIGN |
							     GNUTLS_KEY_CRL_SIGN);
		if (rc == GNUTLS_E_PARSING_ERROR)
			snprintf(why, ISSUE_WHY_MAX, "\"%.100s\" is not a distinguished name: write "
				 "it as \"O=Example, CN=Example CA\"", subject);
		else if (!issue_failed(rc, "the certificate cannot be made", why))
			pem = issue_sign(&i, i.crt, why);
	}
	issue_end(&i);
	return pem;
}

static int issue_add_name(gnutls_x509_crt_t crt, const char *name)
{
	struct addr addr;

	if (addr_parse(&addr, name))
		return gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, addr.b,
							    (unsigned int)addr_len(&addr),
							    GNUTLS_FSAN_APPEND);
	return gnutls_x509_crt_set_subject_alt_name(crt, strchr(name, '@') ? GNUTLS_SAN_RFC822NAME :
						    GNUTLS_SAN_DNSNAME, name,
						    (unsigned int)strlen(name),
						    GNUTLS_FSAN_APPEND);
}

/* Of a request only the key: what it asks to be called is not what it is. */
static int issue_set_requested(gnutls_x509_crt_t crt, const gnutls_datum_t *request)
{
	gnutls_pubkey_t public = NULL;
	gnutls_x509_crq_t crq;
	int rc = gnutls_x509_crq_init(&crq);

	if (rc < 0)
		return rc;
	rc = gnutls_x509_crq_import(crq, request, GNUTLS_X509_FMT_PEM);
	rc = rc ? rc : gnutls_x509_crq_verify(crq, 0);
	rc = rc ? rc : gnutls_pubkey_init(&public);
	rc = rc ? rc : gnutls_pubkey_import_x509_crq(public, crq, 0);
	rc = rc ? rc : gnutls_x509_crt_set_pubkey(crt, public);
	if (public)
		gnutls_pubkey_deinit(public);
	gnutls_x509_crq_deinit(crq);
	return rc;
}

/* The public half of a private key, or that of a request. */
static int issue_set_owner(gnutls_x509_crt_t crt, const char *whose)
{
	gnutls_datum_t d = issue_datum(whose);
	gnutls_x509_privkey_t key;
	int rc;

	if (strstr(whose, "CERTIFICATE REQUEST"))
		return issue_set_requested(crt, &d);
	rc = gnutls_x509_privkey_init(&key);
	if (rc < 0)
		return rc;
	rc = gnutls_x509_privkey_import2(key, &d, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN);
	rc = rc ? rc : gnutls_x509_crt_set_key(crt, key);
	gnutls_x509_privkey_deinit(key);
	return rc;
}

/* serverAuth is what Windows and Apple want of a gateway, ipsecIKE is what RFC 4945 has. */
static int issue_set_use(gnutls_x509_crt_t crt, enum issue_use use)
{
	int rc = gnutls_x509_crt_set_basic_constraints(crt, 0, -1);

	rc = rc ? rc : gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE);
	rc = rc ? rc : gnutls_x509_crt_set_key_purpose_oid(crt, use == ISSUE_SERVER ?
							   GNUTLS_KP_TLS_WWW_SERVER :
							   GNUTLS_KP_TLS_WWW_CLIENT, 0);
	return rc ? rc : gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_IPSEC_IKE, 0);
}

char *issue_cert(const struct issue_ca *ca, const char *whose, const char *const *names,
		 unsigned int name_count, enum issue_use use, unsigned int days,
		 char why[ISSUE_WHY_MAX])
{
	struct issue i;
	char *pem = NULL;
	int rc;

	if (issue_begin(&i, ca->cert, ca->key, why)) {
		rc = issue_set_owner(i.crt, whose);
		rc = rc ? rc : gnutls_x509_crt_set_version(i.crt, 3);
		rc = rc ? rc : issue_set_serial(i.crt);
		rc = rc ? rc : issue_set_times(i.crt, days);
		rc = rc ? rc : gnutls_x509_crt_set_dn_by_oid(i.crt, GNUTLS_OID_X520_COMMON_NAME, 0,
							     names[0],
							     (unsigned int)strlen(names[0]));
		rc = rc ? rc : issue_set_use(i.crt, use);
		for (unsigned int n = 0; !rc && n < name_count; n++)
			rc = issue_add_name(i.crt, names[n]);
		if (!issue_failed(rc, "the certificate cannot be made", why))
			pem = issue_sign(&i, i.ca, why);
	}
	issue_end(&i);
	return pem;
}

/* The serial number of another CA's certificate means nothing on this one's list. */
static int issue_crl_add(gnutls_x509_crl_t crl, const struct issue *i, const char *cert)
{
	gnutls_datum_t d = issue_datum(cert);
	gnutls_x509_crt_t crt;
	int rc = gnutls_x509_crt_init(&crt);

	if (rc < 0)
		return rc;
	rc = gnutls_x509_crt_import(crt, &d, GNUTLS_X509_FMT_PEM);
	if (!rc && !gnutls_x509_crt_check_issuer(crt, i->ca))
		rc = GNUTLS_E_CERTIFICATE_KEY_MISMATCH;
	rc = rc ? rc : gnutls_x509_crl_set_crt(crl, crt, time(NULL));
	gnutls_x509_crt_deinit(crt);
	return rc;
}

static int issue_crl_fill(gnutls_x509_crl_t crl, const struct issue *i, const char *before,
			  const char *cert, unsigned int days)
{
	gnutls_datum_t old = issue_datum(before ? before : "");
	time_t now = time(NULL);
	uint8_t number[8];
	int rc = before ? gnutls_x509_crl_import(crl, &old, GNUTLS_X509_FMT_PEM) : 0;

	for (int b = 0; b < 8; b++)	/* RFC 5280 5.2.3: it grows */
		number[b] = (uint8_t)((uint64_t)now >> (56 - 8 * b));
	rc = rc ? rc : gnutls_x509_crl_set_version(crl, 2);
	rc = rc ? rc : gnutls_x509_crl_set_this_update(crl, now - ISSUE_SLACK);
	rc = rc ? rc : gnutls_x509_crl_set_next_update(crl, now + (time_t)days * 86400);
	rc = rc ? rc : gnutls_x509_crl_set_number(crl, number, sizeof(number));
	if (!rc && cert)
		rc = issue_crl_add(crl, i, cert);
	return rc ? rc : gnutls_x509_crl_sign2(crl, i->ca, i->ca_key, GNUTLS_DIG_SHA256, 0);
}

char *issue_crl(const struct issue_ca *ca, const char *before, const char *cert,
		unsigned int days, char why[ISSUE_WHY_MAX])
{
	gnutls_x509_crl_t crl = NULL;
	gnutls_datum_t pem = { 0 };
	char *text = NULL;
	struct issue i;
	int rc;

	if (issue_begin(&i, ca->cert, ca->key, why)) {
		rc = gnutls_x509_crl_init(&crl);
		rc = rc ? rc : issue_crl_fill(crl, &i, before, cert, days);
		rc = rc ? rc : gnutls_x509_crl_export2(crl, GNUTLS_X509_FMT_PEM, &pem);
		if (rc == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
			snprintf(why, ISSUE_WHY_MAX, "the certificate is not one of this CA: only "
				 "who has issued it can revoke it");
		else if (!issue_failed(rc, "the revocation list cannot be made", why))
			text = issue_text(&pem, why);
	}
	if (crl)
		gnutls_x509_crl_deinit(crl);
	issue_end(&i);
	return text;
}

/* The bag is @p12's afterwards. */
static int issue_add_bag(gnutls_pkcs12_t p12, gnutls_pkcs12_bag_t bag, const char *password)
{
	int rc = gnutls_pkcs12_bag_encrypt(bag, password, GNUTLS_PKCS_PKCS12_3DES);

	return rc ? rc : gnutls_pkcs12_set_bag(p12, bag);
}

static int issue_add_certs(gnutls_pkcs12_t p12, const char *cert, const char *ca, const char *name,
			   const char *password, const gnutls_datum_t *id)
{
	const char *both[2] = { cert, ca };
	gnutls_pkcs12_bag_t bag;
	gnutls_x509_crt_t crt;
	int rc = gnutls_pkcs12_bag_init(&bag), index;

	for (int n = 0; !rc && n < 2; n++) {
		gnutls_datum_t d = issue_datum(both[n]);

		rc = gnutls_x509_crt_init(&crt);
		if (rc < 0)
			break;
		index = gnutls_x509_crt_import(crt, &d, GNUTLS_X509_FMT_PEM);
		if (!index)
			index = gnutls_pkcs12_bag_set_crt(bag, crt);
		gnutls_x509_crt_deinit(crt);
		rc = index < 0 ? index : 0;
		if (!rc && !n) {
			rc = gnutls_pkcs12_bag_set_friendly_name(bag, (unsigned int)index, name);
			rc = rc ? rc : gnutls_pkcs12_bag_set_key_id(bag, (unsigned int)index, id);
		}
	}
	rc = rc ? rc : issue_add_bag(p12, bag, password);
	gnutls_pkcs12_bag_deinit(bag);
	return rc;
}

static int issue_add_key(gnutls_pkcs12_t p12, gnutls_x509_privkey_t key, const char *name,
			 const char *password, const gnutls_datum_t *id)
{
	gnutls_datum_t der = { 0 };
	gnutls_pkcs12_bag_t bag;
	int rc = gnutls_pkcs12_bag_init(&bag), index = 0;

	if (rc < 0)
		return rc;
	rc = gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_DER, password,
					       GNUTLS_PKCS_PKCS12_3DES, &der);
	if (!rc)
		index = gnutls_pkcs12_bag_set_data(bag, GNUTLS_BAG_PKCS8_ENCRYPTED_KEY, &der);
	rc = rc ? rc : index < 0 ? index : 0;
	rc = rc ? rc : gnutls_pkcs12_bag_set_friendly_name(bag, (unsigned int)index, name);
	rc = rc ? rc : gnutls_pkcs12_bag_set_key_id(bag, (unsigned int)index, id);
	rc = rc ? rc : gnutls_pkcs12_set_bag(p12, bag);
	gnutls_free(der.data);
	gnutls_pkcs12_bag_deinit(bag);
	return rc;
}

uint8_t *issue_pkcs12(const char *key, const char *cert, const char *ca, const char *name,
		      const char *password, size_t *len, char why[ISSUE_WHY_MAX])
{
	gnutls_datum_t k = issue_datum(key), out = { 0 }, id;
	gnutls_x509_privkey_t private = NULL;
	gnutls_pkcs12_t p12 = NULL;
	size_t id_len = 20;
	uint8_t sha[20];
	char *copy = NULL;
	int rc;

	rc = gnutls_x509_privkey_init(&private);
	rc = rc ? rc : gnutls_x509_privkey_import2(private, &k, GNUTLS_X509_FMT_PEM, NULL,
						   GNUTLS_PKCS_PLAIN);
	rc = rc ? rc : gnutls_x509_privkey_get_key_id(private, GNUTLS_KEYID_USE_SHA1, sha, &id_len);
	id = (gnutls_datum_t){ sha, (unsigned int)id_len };
	rc = rc ? rc : gnutls_pkcs12_init(&p12);
	rc = rc ? rc : issue_add_certs(p12, cert, ca, name, password, &id);
	rc = rc ? rc : issue_add_key(p12, private, name, password, &id);
	rc = rc ? rc : gnutls_pkcs12_generate_mac2(p12, GNUTLS_MAC_SHA1, password);
	rc = rc ? rc : gnutls_pkcs12_export2(p12, GNUTLS_X509_FMT_DER, &out);
	if (!issue_failed(rc, "the PKCS#12 file cannot be made", why)) {
		*len = out.size;
		copy = issue_text(&out, why);
	}
	if (p12)
		gnutls_pkcs12_deinit(p12);
	if (private)
		gnutls_x509_privkey_deinit(private);
	return (uint8_t *)copy;
}
