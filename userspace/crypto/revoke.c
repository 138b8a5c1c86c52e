// SPDX-License-Identifier: GPL-2.0
#include "crypto/revoke.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/cert_type.h"

#define REVOKE_SERIAL_MAX	64	/* octets; RFC 5280 4.1.2.2: 20 */
#define REVOKE_EXTENSIONS_MAX	64

bool revoke_lists_read(struct revoke_lists *lists, const struct chunk_list *crl)
{
	unsigned int count = chunk_list_count(crl);

	*lists = (struct revoke_lists){ .crl = calloc(count ? count : 1, sizeof(*lists->crl)) };
	if (!lists->crl)
		return false;
	for (unsigned int i = 0; i < count; i++) {
		gnutls_datum_t data = { (unsigned char *)crl->chunk[i].p,
					(unsigned int)crl->chunk[i].len };

		if (gnutls_x509_crl_init(&lists->crl[i]) < 0)
			return false;
		lists->count++;
		if (gnutls_x509_crl_import(lists->crl[i], &data, GNUTLS_X509_FMT_DER) < 0)
			return false;
	}
	return true;
}

void revoke_lists_free(struct revoke_lists *lists)
{
	while (lists->count)
		gnutls_x509_crl_deinit(lists->crl[--lists->count]);
	free(lists->crl);
	lists->crl = NULL;
}

/*
 * A critical extension says that it is about some certificates or reasons only (RFC 5280 5.2.4,
 * 5.2.5): who is not on it may be on another.
 */
static bool revoke_is_partial(gnutls_x509_crl_t crl)
{
	for (unsigned int i = 0; i < REVOKE_EXTENSIONS_MAX; i++) {
		unsigned int critical = 0;
		char oid[128];
		size_t len = sizeof(oid);
		int rc = gnutls_x509_crl_get_extension_info(crl, i, oid, &len, &critical);

		if (rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			return false;
		if (rc < 0 || critical)
			return true;
	}
	return true;
}

/* Is it on the list? Since when is @when. */
static bool revoke_is_listed(gnutls_x509_crl_t crl, gnutls_x509_crt_t crt, time_t *when)
{
	uint8_t serial[REVOKE_SERIAL_MAX], other[REVOKE_SERIAL_MAX];
	size_t len = sizeof(serial), other_len = sizeof(other);
	gnutls_x509_crl_iter_t iter = NULL;
	bool listed = false;
	int rc = 0;

	if (gnutls_x509_crt_get_serial(crt, serial, &len) < 0)
		return true;
	while (!listed && rc >= 0) {
		other_len = sizeof(other);
		rc = gnutls_x509_crl_iter_crt_serial(crl, &iter, other, &other_len, when);
		listed = rc >= 0 && len == other_len && !memcmp(serial, other, len);
	}
	/* what stopped it before the end can hide an entry */
	if (!listed && rc != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		listed = true;
	gnutls_x509_crl_iter_deinit(iter);
	return listed;
}

bool revoke_is_signed(gnutls_x509_crl_t crl, gnutls_x509_crt_t issuer, unsigned int flags)
{
	const unsigned int in_time = GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED |
				     GNUTLS_CERT_REVOCATION_DATA_ISSUED_IN_FUTURE;
	unsigned int status = 0;

	return gnutls_x509_crl_check_issuer(crl, issuer) &&
	       gnutls_x509_crl_verify(crl, &issuer, 1, flags, &status) >= 0 &&
	       !(status & ~(in_time | GNUTLS_CERT_INVALID));
}

/* nextUpdate may be missing: then it is never stale. */
static bool revoke_is_fresh(gnutls_x509_crl_t crl, time_t now)
{
	time_t next = gnutls_x509_crl_get_next_update(crl);

	return gnutls_x509_crl_get_this_update(crl) <= now && (next == (time_t)-1 || now <= next);
}

enum revoke_verdict revoke_judge_list(gnutls_x509_crl_t crl, gnutls_x509_crt_t crt, time_t now,
				      time_t *when)
{
	if (revoke_is_listed(crl, crt, when))	/* however old the list is */
		return REVOKE_REVOKED;
	return revoke_is_fresh(crl, now) && !revoke_is_partial(crl) ? REVOKE_GOOD : REVOKE_UNKNOWN;
}

enum revoke_verdict revoke_judge(const struct revoke_lists *lists, gnutls_x509_crt_t crt,
				 gnutls_x509_crt_t issuer, unsigned int flags, time_t now,
				 time_t *when, gnutls_x509_crl_t *stale)
{
	enum revoke_verdict verdict = REVOKE_UNKNOWN, one;

	*stale = NULL;
	for (unsigned int i = 0; i < lists->count; i++) {
		gnutls_x509_crl_t crl = lists->crl[i];

		if (!revoke_is_signed(crl, issuer, flags))
			continue;
		one = revoke_judge_list(crl, crt, now, when);
		if (one == REVOKE_REVOKED)
			return one;
		if (one == REVOKE_GOOD)
			verdict = one;
		else if (!revoke_is_fresh(crl, now))
			*stale = crl;
	}
	return verdict;
}

time_t revoke_due(gnutls_x509_crl_t crl)
{
	return gnutls_x509_crl_get_next_update(crl);
}
