// SPDX-License-Identifier: GPL-2.0
#include "esplaned/keys/fetch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "esplaned/conf/pack.h"
#include "esplaned/keys/link.h"
#include "lib/log.h"

#define FETCH_KEY_MAX	(256 + 4096)	/* a name, a path */

struct fetch_ask {
	struct fetch_ask *next;
	struct fetch *f;
	uint32_t id;			/* who shares it has the same */
	char *key;			/* of a look-up that is shared: name, anchor; or NULL */
	bool ended;
	bool cert;
	struct addr from;		/* of a certificate: who has had us begin it */
	fetch_done_fn done;
	void *ctx;
	uint8_t *octets;
	size_t len;
};

struct fetch {
	int fd;
	const char *what;		/* the other end does */
	bool gone;			/* it has ended */
	struct fetch_ask *asks;
	unsigned int count;
	uint32_t last_id;
	uint8_t msg[LINK_MAX];
};

struct fetch *fetch_new(int fd, const char *what)
{
	struct fetch *f = calloc(1, sizeof(*f));

	if (!f) {
		close(fd);
		return NULL;
	}
	f->fd = fd;
	f->what = what;
	return f;
}

static struct fetch_ask *fetch_find(const struct fetch *f, uint32_t id)
{
	struct fetch_ask *ask = f->asks;

	while (ask && ask->id != id)
		ask = ask->next;
	return ask;
}

static void fetch_ask_free(struct fetch_ask *ask)
{
	free(ask->octets);
	free(ask->key);
	free(ask);
}

void fetch_cancel(struct fetch_ask *ask)
{
	struct fetch_ask **at, *other;

	if (!ask)
		return;
	for (at = &ask->f->asks; *at != ask;)
		at = &(*at)->next;
	*at = ask->next;
	other = fetch_find(ask->f, ask->id);
	if (!other) {
		ask->f->count--;
	} else if (ask->octets) {	/* what has come by now is for who shares it, too */
		other->octets = ask->octets;
		other->len = ask->len;
		ask->octets = NULL;
	}
	fetch_ask_free(ask);
}

void fetch_free(struct fetch *f)
{
	if (!f)
		return;
	while (f->asks)
		fetch_cancel(f->asks);
	close(f->fd);
	free(f);
}

int fetch_fd(const struct fetch *f)
{
	return f->fd;
}

/* Whoever has asked may ask again, and cancel what others have asked, from inside. */
static void fetch_end(struct fetch_ask *ask, const char *why)
{
	struct chunk said = { ask->octets, why ? 0 : ask->len };
	uint8_t *octets = ask->octets;
	struct fetch *f = ask->f;
	uint32_t id = ask->id;

	ask->octets = NULL;
	for (ask = f->asks; ask; ask = ask->next)
		ask->ended |= ask->id == id;
	while ((ask = fetch_find(f, id))) {
		fetch_done_fn done = ask->done;
		void *ctx = ask->ctx;

		fetch_cancel(ask);
		done(ctx, said, why ? why : "it has sent nothing");
	}
	free(octets);
}

static void fetch_add(struct fetch_ask *ask, struct cursor c)
{
	uint8_t *grown = NULL;

	if (ask->len + c.left <= TRUST_FETCH_MAX)
		grown = realloc(ask->octets, ask->len + c.left + 1);
	if (!grown) {
		fetch_end(ask, "no memory, or it is too long");
		return;
	}
	memcpy(grown + ask->len, c.at, c.left);
	ask->octets = grown;
	ask->len += c.left;
}

/* It has ended, and is begun again by and by. */
static void fetch_lost(struct fetch *f, bool back)
{
	char why[FETCH_WHY_MAX];

	f->gone = true;		/* who asks again from inside asks nobody */
	snprintf(why, sizeof(why), "the process that %s has ended", f->what);
	while (f->asks)
		fetch_end(f->asks, why);
	f->gone = !back;
}

/* One that nobody waits for any more is passed over. */
static bool fetch_input(struct fetch *f, size_t len)
{
	struct cursor c = cursor_of(f->msg, len);
	struct fetch_ask *ask;
	char why[FETCH_WHY_MAX];
	uint8_t kind;
	uint32_t id;

	if (!cursor_u8(&c, &kind))
		return false;
	if (kind == LINK_FETCH_LOST || kind == LINK_FETCH_BACK) {
		fetch_lost(f, kind == LINK_FETCH_BACK);
		return !c.left;
	}
	if (!cursor_u32(&c, &id))
		return false;
	ask = fetch_find(f, id);
	if (kind == LINK_FETCH_PART) {
		if (ask)
			fetch_add(ask, c);
		return true;
	}
	if (kind != LINK_FETCH_END || !unpack_text(&c, why, sizeof(why)) || c.left)
		return false;
	if (ask)
		fetch_end(ask, why[0] ? why : NULL);
	return true;
}

/* It has no way to us but what it sends: when that is not sound it has been taken over. */
static void fetch_gone(struct fetch *f)
{
	log_err("the process that %s has ended: it is not done until esplaned is started again",
		f->what);
	fetch_lost(f, false);
}

bool fetch_read(struct fetch *f)
{
	ssize_t n = link_recv(f->fd, f->msg, false);

	if (n == -EAGAIN || (n > 0 && fetch_input(f, (size_t)n)))
		return true;
	fetch_gone(f);
	return false;
}

/* A message of that kind, and the room for its answer. NULL: it cannot begin. */
static struct fetch_ask *fetch_begin(struct fetch *f, enum link_kind kind, struct writer *w,
				     fetch_done_fn done, void *ctx)
{
	struct fetch_ask *ask;

	if (f->gone || f->count == FETCH_ASKS_MAX)
		return NULL;
	ask = calloc(1, sizeof(*ask));
	if (!ask)
		return NULL;
	*ask = (struct fetch_ask){ .f = f, .id = ++f->last_id, .done = done, .ctx = ctx };
	*w = link_begin(f->msg, kind);
	writer_u32(w, ask->id);
	return ask;
}

static struct fetch_ask *fetch_send(struct fetch_ask *ask, const struct writer *w)
{
	struct fetch *f = ask->f;

	if (!link_send(f->fd, w, false)) {
		fetch_ask_free(ask);
		return NULL;
	}
	ask->next = f->asks;
	f->asks = ask;
	f->count++;
	return ask;
}

struct fetch_ask *fetch_start(struct fetch *f, const struct trust_need *need, fetch_done_fn done,
			      void *ctx)
{
	struct writer w;
	struct fetch_ask *ask = fetch_begin(f, LINK_FETCH, &w, done, ctx);

	if (!ask)
		return NULL;
	writer_u8(&w, need->ocsp ? FETCH_OCSP : FETCH_LIST);
	pack_text(&w, need->url);
	writer_bytes(&w, need->request, need->request_len);
	return fetch_send(ask, &w);
}

/* Does a stranger at @from get a place? Whoever is alone leaves some for others. */
static bool fetch_has_room(const struct fetch *f, const struct addr *from)
{
	unsigned int count = 0, near = 0;

	for (const struct fetch_ask *ask = f->asks; ask; ask = ask->next) {
		count += ask->cert;
		near += ask->cert && addr_same_net(&ask->from, from);
	}
	return count < FETCH_CERTS_MAX && near < FETCH_CERTS_NET_MAX;
}

struct fetch_ask *fetch_start_cert(struct fetch *f, const char *url, const struct addr *from,
				   fetch_done_fn done, void *ctx)
{
	struct fetch_ask *ask;
	struct writer w;

	ask = fetch_has_room(f, from) ? fetch_begin(f, LINK_FETCH, &w, done, ctx) : NULL;
	if (!ask)
		return NULL;
	ask->cert = true;
	ask->from = *from;
	writer_u8(&w, FETCH_CERT);
	pack_text(&w, url);
	return fetch_send(ask, &w);
}

/* Another one for whom @first has been asked already. Behind it: parts are added to the first. */
static struct fetch_ask *fetch_share(struct fetch_ask *first, fetch_done_fn done, void *ctx)
{
	struct fetch_ask *ask = calloc(1, sizeof(*ask));

	if (!ask)
		return NULL;
	*ask = (struct fetch_ask){
		.f = first->f, .id = first->id, .done = done, .ctx = ctx, .next = first->next,
	};
	ask->key = strdup(first->key);
	first->next = ask;
	return ask;
}

struct fetch_ask *fetch_start_key(struct fetch *f, const char *name, const char *anchor,
				  fetch_done_fn done, void *ctx)
{
	struct fetch_ask *ask, *first;
	char key[FETCH_KEY_MAX];
	struct writer w;

	if ((size_t)snprintf(key, sizeof(key), "%s %s", name, anchor) >= sizeof(key))
		return NULL;
	for (first = f->asks; first; first = first->next)
		if (first->key && !first->ended && !strcmp(first->key, key))
			return fetch_share(first, done, ctx);
	ask = fetch_begin(f, LINK_DNSSEC, &w, done, ctx);
	if (!ask)
		return NULL;
	ask->key = strdup(key);		/* without memory nobody shares it */
	pack_text(&w, name);
	pack_text(&w, anchor);
	return fetch_send(ask, &w);
}
