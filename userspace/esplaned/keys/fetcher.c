// SPDX-License-Identifier: GPL-2.0
#include "esplaned/keys/fetcher.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "esplaned/conf/pack.h"
#include "esplaned/keys/fetch.h"
#include "esplaned/keys/link.h"
#include "lib/log.h"

#define FETCHER_TURN_MS	1000
#define FETCHER_IDLE_MS	3600000	/* nothing under way: only a request wakes it */

/* One under way. What has come is sent on in the end, so that a slow server holds nobody up. */
struct fetcher_load {
	struct fetcher *f;
	uint32_t id;
	bool ocsp;
	size_t max;			/* octets */
	CURL *curl;
	struct curl_slist *headers;
	char url[TRUST_URL_MAX];
	uint8_t request[TRUST_REQUEST_MAX];
	size_t request_len;
	uint8_t *octets;
	size_t len;
	bool too_long;
};

struct fetcher {
	int link;
	unsigned int timeout_s;
	CURLM *multi;
	unsigned int count;
	uint8_t msg[LINK_MAX];
};

static void fetcher_load_free(struct fetcher_load *l)
{
	if (l->curl) {
		curl_multi_remove_handle(l->f->multi, l->curl);
		curl_easy_cleanup(l->curl);
	}
	curl_slist_free_all(l->headers);
	free(l->octets);
	free(l);
}

static size_t fetcher_on_octets(char *p, size_t one, size_t count, void *ctx)
{
	struct fetcher_load *l = ctx;
	size_t len = one * count;
	uint8_t *grown = NULL;

	if (l->len + len <= l->max)
		grown = realloc(l->octets, l->len + len + 1);
	if (!grown) {
		l->too_long = true;
		return 0;
	}
	memcpy(grown + l->len, p, len);
	l->octets = grown;
	l->len += len;
	return len;
}

/* False: the other end is gone. */
static bool fetcher_say(struct fetcher *f, uint32_t id, const uint8_t *octets, size_t len,
			const char *why)
{
	struct writer w;

	for (size_t at = 0; at < len; at += FETCH_PART_MAX) {
		w = link_begin(f->msg, LINK_FETCH_PART);
		writer_u32(&w, id);
		writer_bytes(&w, octets + at,
			     len - at < FETCH_PART_MAX ? len - at : FETCH_PART_MAX);
		if (!link_send(f->link, &w, true))
			return false;
	}
	w = link_begin(f->msg, LINK_FETCH_END);
	writer_u32(&w, id);
	pack_text(&w, why);
	return link_send(f->link, &w, true);
}

static bool fetcher_set_up(struct fetcher_load *l)
{
	CURL *c = l->curl = curl_easy_init();
	bool ok = c;

	ok = ok && curl_easy_setopt(c, CURLOPT_URL, l->url) == CURLE_OK;
	ok = ok && curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http") == CURLE_OK;
	ok = ok && curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
	ok = ok && curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK;
	ok = ok && curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK;
	ok = ok && curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
	ok = ok && curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)l->f->timeout_s) == CURLE_OK;
	ok = ok && curl_easy_setopt(c, CURLOPT_FAILONERROR, 1L) == CURLE_OK;
	ok = ok && curl_easy_setopt(c, CURLOPT_MAXFILESIZE, (long)l->max) == CURLE_OK;
	ok = ok && curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, fetcher_on_octets) == CURLE_OK;
	ok = ok && curl_easy_setopt(c, CURLOPT_WRITEDATA, l) == CURLE_OK;
	ok = ok && curl_easy_setopt(c, CURLOPT_PRIVATE, l) == CURLE_OK;
	if (!ok || !l->ocsp)
		return ok;
	l->headers = curl_slist_append(NULL, "Content-Type: application/ocsp-request");
	return l->headers && curl_easy_setopt(c, CURLOPT_HTTPHEADER, l->headers) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)l->request_len) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_POSTFIELDS, l->request) == CURLE_OK;
}

/* False: it is not sound. */
static bool fetcher_load_read(struct cursor *c, struct fetcher_load *l)
{
	uint8_t kind;

	if (!cursor_u32(c, &l->id) || !cursor_u8(c, &kind) || kind > FETCH_CERT ||
	    !unpack_text(c, l->url, sizeof(l->url)) || c->left > sizeof(l->request))
		return false;
	l->ocsp = kind == FETCH_OCSP;
	l->max = kind == FETCH_CERT ? FETCH_CERT_MAX : TRUST_FETCH_MAX;
	l->request_len = c->left;
	memcpy(l->request, c->at, c->left);
	return true;
}

/* False: no sound message, or the other end is gone. */
static bool fetcher_input(struct fetcher *f, size_t len)
{
	struct fetcher_load *l = calloc(1, sizeof(*l));
	struct cursor c = cursor_of(f->msg, len);
	uint8_t kind;
	bool ok;

	if (!l)
		return false;
	l->f = f;
	if (!cursor_u8(&c, &kind) || kind != LINK_FETCH || !fetcher_load_read(&c, l)) {
		log_err("malformed message for the process that fetches: ending");
		fetcher_load_free(l);
		return false;
	}
	if (f->count < FETCH_ASKS_MAX && fetcher_set_up(l) &&
	    curl_multi_add_handle(f->multi, l->curl) == CURLM_OK) {
		f->count++;
		return true;
	}
	ok = fetcher_say(f, l->id, NULL, 0, "no memory, or too much is fetched at once");
	if (l->curl)
		curl_easy_cleanup(l->curl);
	l->curl = NULL;
	fetcher_load_free(l);
	return ok;
}

static bool fetcher_end(struct fetcher *f, struct fetcher_load *l, CURLcode rc)
{
	char why[FETCH_WHY_MAX] = "";
	long status = 0;
	bool ok;

	curl_easy_getinfo(l->curl, CURLINFO_RESPONSE_CODE, &status);
	if (l->too_long || rc == CURLE_FILESIZE_EXCEEDED)
		snprintf(why, sizeof(why), "it is longer than %zu octets", l->max);
	else if (rc == CURLE_HTTP_RETURNED_ERROR)
		snprintf(why, sizeof(why), "the server answers %ld", status);
	else if (rc != CURLE_OK)
		snprintf(why, sizeof(why), "%s", curl_easy_strerror(rc));
	else if (status != 200)
		snprintf(why, sizeof(why), "the server answers %ld, and no redirection is followed",
			 status);
	else if (!l->len)
		snprintf(why, sizeof(why), "the server sends nothing");
	ok = fetcher_say(f, l->id, l->octets, why[0] ? 0 : l->len, why);
	fetcher_load_free(l);
	f->count--;
	return ok;
}

/* What has ended meanwhile. False: the other end is gone. */
static bool fetcher_ended(struct fetcher *f)
{
	struct CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(f->multi, &left))) {
		char *load = NULL;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &load);
		if (!fetcher_end(f, (struct fetcher_load *)load, m->data.result))
			return false;
	}
	return true;
}

/* False: the other end is gone, or it is not sound. */
static bool fetcher_turn(struct fetcher *f)
{
	struct curl_waitfd link = { .fd = f->link, .events = CURL_WAIT_POLLIN };
	int running;
	ssize_t n;

	if (curl_multi_perform(f->multi, &running) != CURLM_OK || !fetcher_ended(f) ||
	    curl_multi_poll(f->multi, &link, 1, running ? FETCHER_TURN_MS : FETCHER_IDLE_MS,
			    NULL) != CURLM_OK)
		return false;
	n = link_recv(f->link, f->msg, false);
	return n == -EAGAIN || (n > 0 && fetcher_input(f, (size_t)n));
}

int fetcher_run(int link, unsigned int timeout_s)
{
	struct fetcher *f = calloc(1, sizeof(*f));

	if (f)
		f->multi = curl_multi_init();
	if (!f || !f->multi) {
		log_err("nothing can be fetched: no memory");
		free(f);
		return 1;
	}
	f->link = link;
	f->timeout_s = timeout_s;
	while (fetcher_turn(f))
		;
	return 0;	/* what is under way ends with the process */
}
