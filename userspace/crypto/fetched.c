// SPDX-License-Identifier: GPL-2.0
#include "crypto/fetched.h"

#include <gnutls/ocsp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/log.h"

#define FETCHED_MAX		64
#define FETCHED_OCTETS_MAX	(16 * 1024 * 1024)
#define FETCHED_URLS		2	/* of a kind, that are looked at */
#define FETCHED_AGAIN_S		60	/* after a failure, or what the issuer has not signed */
#define FETCHED_KEEP_S		86400	/* at most, whatever it says of itself */
#define FETCHED_UNDATED_S	3600	/* a response without nextUpdate counts so long */
#define FETCHED_SKEW_S		300	/* that a responder's clock may be ahead */
#define FETCHED_WHY		96

struct fetched_item {
	struct fetched_item *next;
	char url[TRUST_URL_MAX];
	uint8_t request[TRUST_REQUEST_MAX];	/* of OCSP */
	size_t request_len, octets;
	gnutls_x509_crl_t crl;
	gnutls_ocsp_resp_t response;
	char why[FETCHED_WHY];		/* neither of them */
	time_t at, until;		/* fetched; to be fetched again, if it is signed */
	time_t made;			/* thisUpdate, of the last certificate looked for */
	bool is_signed;			/* by the issuer of what it was asked about */
};

static void fetched_item_free(struct fetched_item *item)
{
	if (item->crl)
		gnutls_x509_crl_deinit(item->crl);
	if (item->response)
		gnutls_ocsp_resp_deinit(item->response);
	free(item);
}

void fetched_free(struct fetched *f)
{
	struct fetched_item *item;

	while ((item = f->first)) {
		f->first = item->next;
		fetched_item_free(item);
	}
	f->octets = 0;
}

static bool fetched_is_of(const struct fetched_item *item, const struct trust_need *need)
{
	return !strcmp(item->url, need->url) && item->request_len == need->request_len &&
	       !memcmp(item->request, need->request, need->request_len);
}

/* Makes room for @octets: what @need had before goes, and then the oldest. */
static void fetched_make_room(struct fetched *f, const struct trust_need *need, size_t octets)
{
	struct fetched_item **at = &f->first, *item;
	unsigned int count = 1;
	size_t total = octets;

	while ((item = *at)) {
		if (fetched_is_of(item, need) || ++count > FETCHED_MAX ||
		    total + item->octets > FETCHED_OCTETS_MAX) {
			*at = item->next;
			fetched_item_free(item);
			continue;
		}
		total += item->octets;
		at = &item->next;
	}
	f->octets = total;
}

static bool fetched_read_crl(struct fetched_item *item, const gnutls_datum_t *data)
{
	bool pem = memmem(data->data, data->size, "-----BEGIN ", 11);

	if (gnutls_x509_crl_init(&item->crl) < 0 ||
	    gnutls_x509_crl_import(item->crl, data, pem ? GNUTLS_X509_FMT_PEM :
				   GNUTLS_X509_FMT_DER) < 0) {
		snprintf(item->why, sizeof(item->why), "what it has sent is no revocation list");
		return false;
	}
	item->until = gnutls_x509_crl_get_next_update(item->crl);
	return true;
}

static bool fetched_read_response(struct fetched_item *item, const gnutls_datum_t *data)
{
	time_t this_update, next;
	unsigned int status;
	int rc;

	if (gnutls_ocsp_resp_init(&item->response) < 0 ||
	    gnutls_ocsp_resp_import2(item->response, data, GNUTLS_X509_FMT_DER) < 0) {
		snprintf(item->why, sizeof(item->why), "what it has sent is no OCSP response");
		return false;
	}
	rc = gnutls_ocsp_resp_get_status(item->response);
	if (rc != GNUTLS_OCSP_RESP_SUCCESSFUL) {
		snprintf(item->why, sizeof(item->why), "the responder refuses (OCSP status %d)",
			 rc);
		return false;
	}
	if (gnutls_ocsp_resp_get_single(item->response, 0, NULL, NULL, NULL, NULL, &status,
					&this_update, &next, NULL, NULL) < 0) {
		snprintf(item->why, sizeof(item->why), "its OCSP response is about nothing");
		return false;
	}
	item->until = next == (time_t)-1 ? this_update + FETCHED_UNDATED_S : next;
	return true;
}

static void fetched_read(struct fetched_item *item, struct chunk octets, bool ocsp)
{
	const gnutls_datum_t data = { (unsigned char *)octets.p, (unsigned int)octets.len };

	if (ocsp ? fetched_read_response(item, &data) : fetched_read_crl(item, &data)) {
		item->octets = octets.len;
		return;
	}
	if (item->crl)
		gnutls_x509_crl_deinit(item->crl);
	if (item->response)
		gnutls_ocsp_resp_deinit(item->response);
	item->crl = NULL;
	item->response = NULL;
}

void fetched_learn(struct fetched *f, const struct trust_need *need, struct chunk octets,
		   const char *why, time_t now)
{
	struct fetched_item *item = calloc(1, sizeof(*item));

	if (!item)
		return;
	memcpy(item->url, need->url, sizeof(item->url));
	memcpy(item->request, need->request, need->request_len);
	item->request_len = need->request_len;
	item->at = now;
	if (octets.len && octets.len <= FETCHED_OCTETS_MAX)
		fetched_read(item, octets, need->ocsp);
	else
		snprintf(item->why, sizeof(item->why), "%s", octets.len ? "it is too long" : why);
	if (item->until == (time_t)-1 || item->until > now + FETCHED_KEEP_S)
		item->until = now + FETCHED_KEEP_S;
	if (item->until < now + FETCHED_AGAIN_S)
		item->until = now + FETCHED_AGAIN_S;
	fetched_make_room(f, need, item->octets);
	item->next = f->first;
	f->first = item;
}

/* RFC 6960 3.2 and 4.2.2: is it about this certificate, in time, and has the issuer signed it? */
static enum revoke_verdict fetched_judge_response(struct fetched_item *item, gnutls_x509_crt_t crt,
						  gnutls_x509_crt_t issuer, unsigned int flags,
						  time_t now, time_t *when)
{
	time_t next;
	unsigned int status, wrong = 0;

	if (gnutls_ocsp_resp_check_crt(item->response, 0, crt) < 0 ||
	    gnutls_ocsp_resp_verify_direct(item->response, issuer, &wrong, flags) < 0 || wrong ||
	    gnutls_ocsp_resp_get_single(item->response, 0, NULL, NULL, NULL, NULL, &status,
					&item->made, &next, when, NULL) < 0)
		return REVOKE_UNKNOWN;
	item->is_signed = true;
	if (status == GNUTLS_OCSP_CERT_REVOKED)
		return REVOKE_REVOKED;
	if (next == (time_t)-1)
		next = item->made + FETCHED_UNDATED_S;
	return status == GNUTLS_OCSP_CERT_GOOD && item->made <= now + FETCHED_SKEW_S &&
	       now <= next ? REVOKE_GOOD : REVOKE_UNKNOWN;
}

enum revoke_verdict fetched_judge(struct fetched *f, gnutls_x509_crt_t crt,
				  gnutls_x509_crt_t issuer, unsigned int flags, time_t now,
				  time_t *when)
{
	enum revoke_verdict verdict = REVOKE_UNKNOWN, one;

	for (struct fetched_item *item = f->first; item; item = item->next) {
		if (item->response)
			one = fetched_judge_response(item, crt, issuer, flags, now, when);
		else if (item->crl && revoke_is_signed(item->crl, issuer, flags))
			one = revoke_judge_list(item->crl, crt, now, when);
		else
			continue;
		item->is_signed |= !!item->crl;
		if (one == REVOKE_REVOKED)
			return one;
		if (one == REVOKE_GOOD)
			verdict = one;
	}
	return verdict;
}

enum revoke_verdict fetched_judge_sent(const struct chunk *ocsp, unsigned int count,
				       gnutls_x509_crt_t crt, gnutls_x509_crt_t issuer,
				       unsigned int flags, time_t now, time_t *when)
{
	enum revoke_verdict verdict = REVOKE_UNKNOWN, one;

	for (unsigned int i = 0; i < count && verdict != REVOKE_REVOKED; i++) {
		struct fetched_item *item = calloc(1, sizeof(*item));

		if (!item)
			return verdict;
		fetched_read(item, ocsp[i], true);
		one = !item->response ? REVOKE_UNKNOWN :
		      fetched_judge_response(item, crt, issuer, flags, now, when);
		/* whose key was revoked since would bring an old one along */
		if (one == REVOKE_GOOD && item->made + FETCHED_KEEP_S < now)
			one = REVOKE_UNKNOWN;
		verdict = one == REVOKE_UNKNOWN ? verdict : one;
		fetched_item_free(item);
	}
	return verdict;
}

/* What is to be fetched */

/* The @i-th address of a kind that is plain http; false: it is none. */
static bool fetched_url(gnutls_x509_crt_t crt, bool ocsp, unsigned int i, char url[TRUST_URL_MAX])
{
	gnutls_datum_t uri = { 0 };
	size_t len = TRUST_URL_MAX - 1;
	bool ok;

	if (!ocsp) {
		int rc = gnutls_x509_crt_get_crl_dist_points(crt, i, url, &len, NULL, NULL);

		url[rc >= 0 ? len : 0] = '\0';
		return rc == GNUTLS_SAN_URI && !strncasecmp(url, "http://", 7) &&
		       strlen(url) == len;
	}
	ok = gnutls_x509_crt_get_authority_info_access(crt, (int)i, GNUTLS_IA_OCSP_URI, &uri,
						       NULL) >= 0 &&
	     uri.size < TRUST_URL_MAX && uri.size > 7 &&
	     !strncasecmp((const char *)uri.data, "http://", 7) &&
	     !memchr(uri.data, '\0', uri.size);
	if (ok)
		snprintf(url, TRUST_URL_MAX, "%.*s", (int)uri.size, uri.data);
	gnutls_free(uri.data);
	return ok;
}

/* Without a nonce, RFC 5019 2.1.1: responders have their answers ready. */
static bool fetched_request(gnutls_x509_crt_t crt, gnutls_x509_crt_t issuer,
			    struct trust_need *need)
{
	gnutls_datum_t der = { 0 };
	gnutls_ocsp_req_t req;
	bool ok;

	if (gnutls_ocsp_req_init(&req) < 0)
		return false;
	ok = gnutls_ocsp_req_add_cert(req, GNUTLS_DIG_SHA1, issuer, crt) == 0 &&
	     gnutls_ocsp_req_export(req, &der) == 0 && der.size <= sizeof(need->request);
	if (ok) {
		memcpy(need->request, der.data, der.size);
		need->request_len = der.size;
	}
	gnutls_free(der.data);
	gnutls_ocsp_req_deinit(req);
	return ok;
}

static bool fetched_is_recent(const struct fetched *f, const struct trust_need *need, time_t now)
{
	for (const struct fetched_item *item = f->first; item; item = item->next) {
		if (fetched_is_of(item, need))
			return item->at <= now &&
			       now < (item->is_signed ? item->until : item->at + FETCHED_AGAIN_S);
	}
	return false;
}

bool fetched_needs(const struct fetched *f, gnutls_x509_crt_t crt, gnutls_x509_crt_t issuer,
		   time_t now, struct trust_need *need)
{
	for (unsigned int i = 0; i < 2 * FETCHED_URLS; i++) {
		*need = (struct trust_need){ .ocsp = i < FETCHED_URLS };
		if (fetched_url(crt, need->ocsp, i % FETCHED_URLS, need->url) &&
		    (!need->ocsp || fetched_request(crt, issuer, need)) &&
		    !fetched_is_recent(f, need, now))
			return true;
	}
	need->url[0] = '\0';
	return false;
}

bool fetched_str(const struct fetched *f, gnutls_x509_crt_t crt, char *text, size_t len)
{
	char url[TRUST_URL_MAX], shown[100];

	for (unsigned int i = 0; i < 2 * FETCHED_URLS; i++) {
		if (!fetched_url(crt, i < FETCHED_URLS, i % FETCHED_URLS, url))
			continue;
		for (const struct fetched_item *item = f->first; item; item = item->next) {
			if (strcmp(item->url, url))
				continue;
			log_escape(url, strlen(url), shown, sizeof(shown));
			snprintf(text, len, "%s: %s", shown, item->why[0] ? item->why :
				 "what it says does not count: another has signed it, or it is "
				 "stale");
			return true;
		}
	}
	return false;
}
