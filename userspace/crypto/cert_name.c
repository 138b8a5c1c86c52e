// SPDX-License-Identifier: GPL-2.0
/* The identities that a certificate names, RFC 4945 5.1.3.5 and 3.1. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/cert_type.h"
#include "crypto/dn.h"
#include "lib/addr.h"
#include "lib/log.h"
#include "suite/ikev2.h"

#define CERT_ALT_NAMES_MAX	256	/* more are not looked at */

/* One name of subjectAltName; @data: of the extension, terminated. 0: of a kind that is none. */
static uint8_t cert_name_type(int san, size_t len)
{
	switch (san) {
	case GNUTLS_SAN_DNSNAME:
		return ID_FQDN;
	case GNUTLS_SAN_RFC822NAME:
		return ID_RFC822_ADDR;
	case GNUTLS_SAN_IPADDRESS:
		return len == 4 ? ID_IPV4_ADDR : len == 16 ? ID_IPV6_ADDR : 0;
	default:
		return 0;
	}
}

/* @name is called for each until it is true; it sees views. */
typedef bool (*cert_name_fn)(void *ctx, uint8_t type, struct chunk name);

static bool cert_name_alt(gnutls_x509_crt_t crt, unsigned int i, cert_name_fn name, void *ctx,
			  bool *found)
{
	unsigned int san, critical;
	size_t len = 0;
	uint8_t *data;
	int rc;

	rc = gnutls_x509_crt_get_subject_alt_name2(crt, i, NULL, &len, &san, &critical);
	if (rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		return false;
	if (rc != GNUTLS_E_SHORT_MEMORY_BUFFER && rc < 0)
		return true;	/* of another kind */
	data = malloc(len + 1);
	if (!data)
		return false;
	rc = gnutls_x509_crt_get_subject_alt_name2(crt, i, data, &len, &san, &critical);
	if (rc >= 0 && cert_name_type(rc, len))
		*found = name(ctx, cert_name_type(rc, len), (struct chunk){ data, len });
	free(data);
	return !*found;
}

/* Alternative names first, then the subject. True: @name was. */
static bool cert_name_each(gnutls_x509_crt_t crt, cert_name_fn name, void *ctx)
{
	gnutls_datum_t dn = { 0 };
	bool found = false;

	for (unsigned int i = 0; i < CERT_ALT_NAMES_MAX; i++) {
		if (!cert_name_alt(crt, i, name, ctx, &found))
			break;
	}
	if (!found && gnutls_x509_crt_get_raw_dn(crt, &dn) == 0 && dn.size > 2)
		found = name(ctx, ID_DER_ASN1_DN, (struct chunk){ dn.data, dn.size });
	gnutls_free(dn.data);
	return found;
}

struct cert_wanted {
	uint8_t type;
	struct chunk name;
};

/* Without regard to case, as domain names are; the whole name, no wildcards: RFC 4945 3.1.2. */
static bool cert_name_fits(void *ctx, uint8_t type, struct chunk name)
{
	const struct cert_wanted *w = ctx;

	if (type != w->type)
		return false;
	if (type == ID_DER_ASN1_DN)
		return dn_equal(name, w->name);
	if (name.len != w->name.len)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		bool text = type == ID_FQDN || type == ID_RFC822_ADDR;

		if (text ? tolower(name.p[i]) != tolower(w->name.p[i]) :
			   name.p[i] != w->name.p[i])
			return false;
	}
	return true;
}

struct cert_told {
	char *why;
	size_t len;
	bool any;
};

static void cert_name_text(uint8_t type, struct chunk name, char text[CERT_NAME_MAX])
{
	struct addr addr;

	if (type == ID_DER_ASN1_DN)
		dn_str(name, text, CERT_NAME_MAX);
	else if (type == ID_FQDN || type == ID_RFC822_ADDR)
		log_escape((const char *)name.p, name.len, text, CERT_NAME_MAX);
	else if (addr_from_bytes(&addr, name.p, name.len))
		addr_str(&addr, text);
}

/* As many as there is room for. */
static bool cert_name_tell(void *ctx, uint8_t type, struct chunk name)
{
	struct cert_told *t = ctx;
	char text[CERT_NAME_MAX] = "";
	int n;

	cert_name_text(type, name, text);
	n = snprintf(t->why + t->len, CERT_WHY_MAX - t->len, "%s%s", t->any ? ", " : "speaks for ",
		     text);
	if (n < 0 || (size_t)n >= CERT_WHY_MAX - t->len) {
		t->why[t->len] = '\0';
		return true;
	}
	t->len += (size_t)n;
	t->any = true;
	return false;
}

bool cert_names_of(gnutls_x509_crt_t crt, uint8_t type, struct chunk name,
		   char why[CERT_WHY_MAX])
{
	struct cert_wanted wanted = { type, name };
	struct cert_told told = { .why = why };

	if (cert_name_each(crt, cert_name_fits, &wanted))
		return true;
	snprintf(why, CERT_WHY_MAX, "names nobody");
	cert_name_each(crt, cert_name_tell, &told);
	return false;
}

bool cert_names(struct chunk cert, uint8_t type, struct chunk name, char why[CERT_WHY_MAX])
{
	gnutls_x509_crt_t crt = cert_import(cert);
	bool ok;

	snprintf(why, CERT_WHY_MAX, "is no certificate");
	if (!crt)
		return false;
	ok = cert_names_of(crt, type, name, why);
	gnutls_x509_crt_deinit(crt);
	return ok;
}

struct cert_first {
	uint8_t *type, *name;
	size_t max, len;
};

static bool cert_name_keep(void *ctx, uint8_t type, struct chunk name)
{
	struct cert_first *f = ctx;

	if (!name.len || name.len > f->max)
		return false;
	*f->type = type;
	memcpy(f->name, name.p, name.len);
	f->len = name.len;
	return true;
}

size_t cert_first_name(struct chunk cert, uint8_t *type, uint8_t *name, size_t max)
{
	struct cert_first first = { type, name, max, 0 };
	gnutls_x509_crt_t crt = cert_import(cert);

	if (!crt)
		return 0;
	cert_name_each(crt, cert_name_keep, &first);
	gnutls_x509_crt_deinit(crt);
	return first.len;
}
