/* SPDX-License-Identifier: GPL-2.0 */
/* The engine itself, and what all of its files share. Private to userspace/ike/ and its tests. */
#ifndef IKE_ENGINE_H
#define IKE_ENGINE_H

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "crypto/crypto.h"
#include "ike/ike.h"
#include "ike/core/timer.h"
#include "lib/array.h"
#include "suite/ikev2.h"
#include "lib/mem.h"
#include "suite/names.h"
#include "wire/v2/build.h"
#include "wire/v2/msg.h"
#include "wire/v2/rules.h"

#define IKE_PORT		500
#define IKE_NATT_PORT		4500

#define IKE_HASH_SIZE		256
#define IKE_OUT_MAX		16384	/* octets of a message of ours */
#define IKE_NONCE_LEN		32	/* of ours; at least half the PRF's key: RFC 7296 2.10 */
#define IKE_DETAIL_MAX		512

/*
 * Strangers: those whose IKE SA is half open, or was refused and only answers retransmissions. It
 * takes at most 8 KiB, so they hold at most 4 MiB between them; from COOKIE_THRESHOLD on an
 * IKE_SA_INIT must bring a cookie back (RFC 7296 2.6), and one address may have no more than
 * PER_ADDRESS_MAX; above HALF_OPEN_MAX it is dropped.
 */
#define IKE_COOKIE_THRESHOLD	32
#define IKE_PER_ADDRESS_MAX	64
#define IKE_HALF_OPEN_MAX	512
#define IKE_FIRST_LEN_MAX	4096	/* octets of an IKE_SA_INIT request; RFC 7296 2: 3000 */
#define IKE_COOKIE_ROTATE_MS	60000
#define IKE_COOKIE_LEN		33	/* version of the secret, HMAC-SHA2-256 */

struct ike_sa;
struct tunnel;

TAILQ_HEAD(sa_list, ike_sa);
LIST_HEAD(sa_bucket, ike_sa);
TAILQ_HEAD(tunnel_list, tunnel);

/* secret[version & 1] is the current one, the other its predecessor. */
struct cookie_jar {
	uint8_t secret[2][32];
	uint8_t version;
	uint64_t born_ms;
};

struct ike {
	struct ike_env env;
	struct ike_counters counters;
	struct tunnel_list tunnels;
	struct sa_list sas;
	struct sa_list dead;		/* freed when the entry point returns */
	struct sa_bucket by_spi[IKE_HASH_SIZE];	/* by our own SPI */
	struct timers timers;
	struct cookie_jar cookies;
	uint32_t last_child_id;
	uint64_t strangers_ms;		/* when one was last written about */
	uint8_t in[MSG_LEN_MAX];	/* the message being opened */
	uint8_t out[IKE_OUT_MAX];	/* the request being built */
	uint8_t answer[IKE_OUT_MAX];	/* the answer being built: requests may go out meanwhile */
};

static inline uint64_t ike_now(const struct ike *ike)
{
	return ike->env.now(ike->env.ctx);
}

static inline void ike_random(struct ike *ike, void *buf, size_t len)
{
	ike->env.random(ike->env.ctx, buf, len);
}

/* Uniform enough for jitter: 0 to @max, both included. */
uint64_t ike_jitter(struct ike *ike, uint64_t max);

/* @tunnel may be NULL. */
void ike_log(struct ike *ike, const struct tunnel *tunnel, int level, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Who has proved nothing is spoken of at most once a second: nobody can fill the log. */
bool ike_may_mention_stranger(struct ike *ike);

/* cookie.c */
void cookie_make(struct ike *ike, const struct msg_header *h, const struct msg *in,
		 const struct endpoint *remote, uint8_t cookie[IKE_COOKIE_LEN]);
bool cookie_valid(struct ike *ike, const struct msg_header *h, const struct msg *in,
		  const struct endpoint *remote);

/* text.c: lists for people, cut with "..." when they do not fit */
const char *proposals_text(const struct proposals *list, char *buf, size_t len);
const char *ts_list_text(const struct ts *ts, unsigned int count, char *buf, size_t len);
const char *notify_text(uint16_t type, char buf[NAME_STRLEN]);

/* id.c */
struct ike_id id_of_addr(const struct addr *addr);
struct ike_id id_of_msg(const struct msg_id *id);	/* cut at TUNNEL_ID_MAX: see id_fits */
bool id_fits(const struct msg_id *id);

#endif
