// SPDX-License-Identifier: GPL-2.0
#include "esplaned/keys/signer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>

#include "crypto/tls.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/monotonic.h"

_Static_assert(TLS_SIGNATURE_MAX <= SIGNATURE_MAX && TLS_WHY_MAX <= SIGNATURE_WHY_MAX,
	       "one of TLS fits");

struct signer_item {
	STAILQ_ENTRY(signer_item) link;
	uint64_t put_ms;
	struct sign_order order;
	uint8_t octets[];
};

STAILQ_HEAD(signer_list, signer_item);

struct signer {
	pthread_t thread;
	pthread_mutex_t lock;		/* of all below */
	pthread_cond_t wake, over;
	struct signer_list todo, done;
	size_t count, octets;		/* of todo, and of the one under way */
	bool stop, ended;
	int fd;				/* eventfd: something is done */
};

void sign_now(struct sign_order *o)
{
	if (!o->key)
		snprintf(o->why, sizeof(o->why), "the tunnel's private key is not known");
	else if (o->tls)
		o->ok = tls_sign(o->key, o->param, o->octets, o->made, &o->len, o->why);
	else
		o->ok = signature_make(o->key, o->param, o->octets, &o->method, o->made, &o->len,
				       o->why);
}

static void signer_item_free(struct signer_item *item)
{
	key_free(item->order.key);
	mem_free_wiped(item, sizeof(*item) + item->order.octets.len);
}

/* The lock is held. The next one that is to be done; NULL: it is over. */
static struct signer_item *signer_next(struct signer *s)
{
	struct signer_item *item;

	while (!s->stop && STAILQ_EMPTY(&s->todo))
		pthread_cond_wait(&s->wake, &s->lock);
	if (s->stop)
		return NULL;
	item = STAILQ_FIRST(&s->todo);
	STAILQ_REMOVE_HEAD(&s->todo, link);
	return item;
}

/* What nobody waits for any more costs the token no time, or those behind it would grow as old. */
static void signer_do(struct signer_item *item)
{
	struct sign_order *o = &item->order;

	if (monotonic_ms() - item->put_ms < SIGNER_SPAN_MS)
		sign_now(o);
	else
		snprintf(o->why, sizeof(o->why), "the token is slow, and too many wait for it");
}

static void *signer_run(void *arg)
{
	const uint64_t one = 1;
	struct signer *s = arg;
	struct signer_item *item;

	pthread_mutex_lock(&s->lock);
	while ((item = signer_next(s))) {
		pthread_mutex_unlock(&s->lock);
		signer_do(item);
		pthread_mutex_lock(&s->lock);
		s->count--;
		s->octets -= item->order.octets.len;
		STAILQ_INSERT_TAIL(&s->done, item, link);
		if (write(s->fd, &one, sizeof(one)) != sizeof(one))
			log_err("cannot tell of a signature that is made");
	}
	s->ended = true;
	pthread_cond_signal(&s->over);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static bool signer_begin(struct signer *s)
{
	s->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->fd < 0)
		return false;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->wake, NULL);
	pthread_cond_init(&s->over, NULL);
	if (!pthread_create(&s->thread, NULL, signer_run, s))
		return true;
	close(s->fd);
	return false;
}

struct signer *signer_new(void)
{
	struct signer *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	STAILQ_INIT(&s->todo);
	STAILQ_INIT(&s->done);
	if (signer_begin(s))
		return s;
	free(s);
	return NULL;
}

/* Milliseconds from now, as pthread_cond_timedwait() takes them. */
static struct timespec signer_until(unsigned int ms)
{
	struct timespec at;

	clock_gettime(CLOCK_REALTIME, &at);
	at.tv_sec += ms / 1000;
	at.tv_nsec += (long)(ms % 1000) * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

static void signer_drop(struct signer_list *list)
{
	struct signer_item *item;

	while ((item = STAILQ_FIRST(list))) {
		STAILQ_REMOVE_HEAD(list, link);
		signer_item_free(item);
	}
}

bool signer_free(struct signer *s)
{
	struct timespec until = signer_until(SIGNER_PATIENCE_MS);
	bool ended;
	int rc = 0;

	if (!s)
		return true;
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_signal(&s->wake);
	while (!s->ended && !rc)
		rc = pthread_cond_timedwait(&s->over, &s->lock, &until);
	ended = s->ended;
	pthread_mutex_unlock(&s->lock);
	if (!ended)
		return false;
	pthread_join(s->thread, NULL);
	signer_drop(&s->todo);
	signer_drop(&s->done);
	pthread_cond_destroy(&s->over);
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->lock);
	close(s->fd);
	free(s);
	return true;
}

int signer_fd(const struct signer *s)
{
	return s ? s->fd : -1;
}

bool signer_put(struct signer *s, struct sign_order *o)
{
	struct signer_item *item = malloc(sizeof(*item) + o->octets.len);
	bool room;

	if (!item) {
		snprintf(o->why, sizeof(o->why), "no memory");
		return false;
	}
	item->put_ms = monotonic_ms();
	item->order = *o;
	key_get(item->order.key);
	memcpy(item->octets, o->octets.p, o->octets.len);
	item->order.octets.p = item->octets;
	pthread_mutex_lock(&s->lock);
	room = s->count < SIGNER_ORDERS_MAX && o->octets.len <= SIGNER_OCTETS_MAX - s->octets;
	if (room) {
		s->count++;
		s->octets += o->octets.len;
		STAILQ_INSERT_TAIL(&s->todo, item, link);
		pthread_cond_signal(&s->wake);
	}
	pthread_mutex_unlock(&s->lock);
	if (room)
		return true;
	signer_item_free(item);
	snprintf(o->why, sizeof(o->why), "the token is slow, and too many wait for it");
	return false;
}

bool signer_take(struct signer *s, struct sign_order *o)
{
	struct signer_item *item;
	uint64_t count;

	pthread_mutex_lock(&s->lock);
	item = STAILQ_FIRST(&s->done);
	if (item)
		STAILQ_REMOVE_HEAD(&s->done, link);
	else if (read(s->fd, &count, sizeof(count)) < 0)
		count = 0;		/* it was read before */
	pthread_mutex_unlock(&s->lock);
	if (!item)
		return false;
	*o = item->order;
	o->key = NULL;
	o->octets = (struct chunk){ 0 };
	signer_item_free(item);
	return true;
}
