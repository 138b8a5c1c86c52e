/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two engines in one process, a network that loses, doubles, delays and reorders, a kernel a side,
 * virtual time. All chance comes from the seed: one seed is one history, to the byte.
 */
#ifndef SIM_H
#define SIM_H

#include <stdarg.h>

#include "ike/exchange/exchange.h"
#include "ike/ike.h"
#include "ike/object/child.h"
#include "ike/object/child_sa.h"
#include "ike/object/ike_sa.h"
#include "ike/object/peer.h"
#include "ike/object/stranger.h"
#include "ike/object/tunnel.h"

#define NODES		2
#define SAS_MAX		64
#define FLIGHT_MAX	2048
#define RECORD_MAX	32	/* messages to a node, kept for replays and forgeries */
#define TUNNEL		"t"
#define JOBS_MAX	64

struct rng {
	uint64_t s;
};

uint64_t rng_next(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t n);
bool rng_chance(struct rng *r, unsigned int percent);

struct sim_sa {
	uint32_t spi;
	uint8_t key[PAIR_KEY_MAX];
	uint16_t key_len;
	bool esn;
	uint64_t soft_at, hard_at;	/* ms; UINT64_MAX: never, or told already */
	uint64_t used_ms;		/* 0: never */
	bool expired;			/* hard */
};

/* What the module would hold. One policy, as a tunnel with one child has. */
struct kernel {
	uint32_t reserved[SAS_MAX];
	unsigned int reserved_count;
	struct sim_sa in[SAS_MAX];
	unsigned int in_count;
	bool has_policy, has_out;
	uint32_t policy_id;
	bool udp;
	struct endpoint local, remote;
	struct sim_sa out;
};

struct datagram {
	uint64_t at, sent, order;
	int to;
	struct endpoint local, remote;	/* as the receiver sees them */
	uint8_t *msg;			/* NULL: an ESP packet */
	size_t len;
	uint32_t spi;			/* ESP */
	uint64_t ike_spi;		/* ESP: spi_i of the sender's IKE SA */
};

struct record {
	struct endpoint local, remote;
	uint8_t *msg;
	size_t len;
};

/* A job that somebody does outside. */
struct sim_job {
	uint32_t id;
	uint64_t at;
	uint8_t mac[PRF_LEN_MAX];
	size_t mac_len;
};

struct node {
	struct world *w;
	int index;
	struct ike *ike;
	struct kernel k;
	uint32_t tunnel;
	bool device, linked;		/* what the host has of it */
	struct sim_job jobs[JOBS_MAX];
	unsigned int job_count;
	struct rng rng;
	struct addr addr;
	struct tunnel_conf conf;
	struct child_conf child;
	uint64_t up_since;		/* 0: not up */
	struct record seen[RECORD_MAX];
	unsigned int seen_count;
	uint64_t ups, downs, fails, rekeys;
};

struct world {
	uint64_t seed, now, order, hash, steps;
	bool trace;
	struct rng net, script;
	struct node n[NODES];
	struct datagram flight[FLIGHT_MAX];
	unsigned int flight_count;
	unsigned int loss, dup, slow, fault;	/* percent; fault: of kernel operations */
	uint64_t cut_until;			/* the network is down */
	bool calm; /* no chance any more: loss, faults and forgeries have ended */
	char violation[512];			/* the first; "": none */
	uint64_t probes, forged;
};

/* world.c */
void world_init(struct world *w, uint64_t seed, bool trace);
void world_free(struct world *w);
void trace(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void violate(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/*
 * Does the next thing that is due, if not after @limit; else time becomes @limit. False:
 * nothing was due.
 */
bool world_step(struct world *w, uint64_t limit);
void world_run(struct world *w, uint64_t until);
void node_start(struct node *n);
void node_stop(struct node *n);
void probe(struct node *n);

/* kernel.c */
void kernel_env(struct ike_env *env);
uint64_t kernel_deadline(const struct kernel *k);
void kernel_tick(struct node *n);
void kernel_flush(struct kernel *k);
void kernel_policy_gone(struct kernel *k);	/* with its SAs */
struct sim_sa *kernel_in(struct kernel *k, uint32_t spi);

/* checks.c */
struct peer *node_peer(const struct node *n);
struct child *node_child(const struct node *n);
uint64_t digest(const struct node *n, bool established_only);
void check_step(struct world *w);
bool is_quiet(const struct world *w);
void check_converged(struct world *w);
void check_empty(struct world *w);
void forge(struct node *n);
void replay(struct node *n);
void inject_flood(struct node *n);

/* script.c */
void script_run(struct world *w);

/* selftest.c: 0 if each check can fail */
int selftest(void);

#endif
