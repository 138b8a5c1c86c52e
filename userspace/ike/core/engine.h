/* SPDX-License-Identifier: GPL-2.0 */
/* The engine itself, and what all of its files share. Private to userspace/ike/ and its tests. */
#ifndef IKE_ENGINE_H
#define IKE_ENGINE_H

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>
#include <syslog.h>

#include "crypto/crypto.h"
#include "ike/core/env.h"
#include "ike/core/timer.h"

#define IKE_PORT		500
#define IKE_NATT_PORT		4500

#define IKE_OUT_MAX		16384	/* octets of a message of ours */
#define IKE_NONCE_LEN		32	/* of ours; at least half the PRF's key: RFC 7296 2.10 */
#define IKE_DETAIL_MAX		512
#define IKE_WHO_MAX		(3 * TUNNEL_ID_MAX)	/* "tunnel/identity/child", escaped */
#define IKE_VERSIONS_MAX	2

/* What changed for the worse, and why: becomes a person's sentence. */
struct cause {
	enum ike_failure failure;
	char text[IKE_DETAIL_MAX];
};

void cause_set(struct cause *cause, enum ike_failure failure, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* One that an object remembers: what is well has none, and holds no memory for it. */
struct kept_cause {
	enum ike_failure failure;
	char *text;			/* NULL: none, or there was no memory for it */
};

/* In the place of what was kept. */
void cause_keep(struct kept_cause *kept, const struct cause *cause);
void cause_forget(struct kept_cause *kept);
struct cause cause_recall(const struct kept_cause *kept);

struct ike;
struct tunnel;
struct peer;
struct child;
struct ike_sa;
struct job;
struct stranger_net;
struct guess;
struct pace;
struct stream;
struct ike_version;
struct pool;
struct ticket;

TAILQ_HEAD(tunnel_list, tunnel);
TAILQ_HEAD(peer_list, peer);
TAILQ_HEAD(sa_list, ike_sa);
TAILQ_HEAD(pool_list, pool);
TAILQ_HEAD(ticket_list, ticket);

/* Of cookies, RFC 7296 2.6. secret[version & 1] is the current one, the other its predecessor. */
struct cookie_jar {
	uint8_t secret[2][32];
	uint8_t version;
	uint64_t born_ms;
};

struct ike {
	struct ike_env env;
	/* What is being handled, for the events that come of it; NULL: nothing of a peer's. */
	const struct ike_exchange *exchange;
	struct ike_counters counters;
	struct timers timers;
	uint32_t last_id;		/* of tunnels, peers, children */
	uint32_t last_job;		/* strangers cause jobs: they use up numbers of their own */
	uint32_t last_conversation;	/* likewise */
	/* The protocol versions that it speaks; the first one begins. */
	const struct ike_version *version[IKE_VERSIONS_MAX];

	struct pool_list pools;
	struct tunnel_list tunnels;	/* in the order of the configuration */
	struct tunnel *tunnel_by_id;	/* hash tables (uthash) */
	struct peer *peer_by_id;
	struct child *child_by_id;
	struct ike_sa *sa_by_spi;	/* by our own SPI */
	struct ike_sa *sa_by_init;	/* responder: by the peer's SPI and address */
	struct job *job_by_id;

	struct sa_list sas;
	struct sa_list dead;		/* freed at the end of the entry point */
	/* What ike_settle() has to look at, in the order in which it was touched. */
	struct sa_list touched_sas;
	struct peer_list touched_peers;

	struct sa_list over;		/* of known peers, closing or closed, the oldest first */
	unsigned int over_count;
	struct sa_list strangers;	/* the oldest first: object/stranger.h */
	struct stranger_net *stranger_nets;
	struct stream *streams;		/* object/stream.h, by number */
	struct pace *paces;		/* object/pace.h, by address */
	struct guess *guesses;		/* object/guess.h; NULL: none yet */
	/* object/ticket.h: what we have granted; of IKE SAs that were lost, the oldest first */
	struct ticket *ticket_by_name, *ticket_by_owner;
	struct ticket_list lost_tickets;
	unsigned int lost_ticket_count;
	unsigned int epoch;		/* what was proved in another one gives no ticket */
	uint64_t strangers_ms;		/* when one was last written about */
	uint64_t refusals_ms;		/* since when refusals are counted */
	unsigned int refusals;
	bool crash_known;		/* there is a secret of tokens: v2/crash.h */
	uint8_t crash_secret[IKE_CRASH_SECRET];
	uint64_t hints_ms;		/* since when hints are counted: v2/hint.h */
	unsigned int hints;
	struct cookie_jar cookies;
	uint8_t out[IKE_OUT_MAX];	/* the request being built */
};

static inline uint64_t ike_now(const struct ike *ike)
{
	return ike->env.now(ike->env.ctx);
}

static inline void ike_random(struct ike *ike, void *buf, size_t len)
{
	ike->env.random(ike->env.ctx, buf, len);
}

static inline uint32_t ike_next_id(struct ike *ike)
{
	return ++ike->last_id;
}

/* Uniform enough for jitter: 0 to @max, both included. */
uint64_t ike_jitter(struct ike *ike, uint64_t max);

/* An entry of the log that is about no tunnel; report.h has those that are. */
void ike_log(struct ike *ike, int level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* May an entry about an unauthenticated peer be logged now? One a second: none fills the log. */
bool ike_may_mention_stranger(struct ike *ike);

#endif
