/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two engines whose messages the test carries by hand: nothing arrives that it does not move, time
 * stands still unless it says so. For unit tests, and for fuzz_engine.
 */
#ifndef UNIT_IKE_PAIR_H
#define UNIT_IKE_PAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ike/object/child_sa.h"
#include "ike/exchange/fsm.h"
#include "ike/object/tunnel.h"

#define QUEUE_MAX	32
#define IN_MAX		64	/* inbound SAs */
#define EVENT_TYPES	(IKE_EV_LOG + 1)

struct letter {
	struct endpoint local, remote;	/* as the sender sees them */
	uint8_t msg[2048];
	size_t len;
	uint64_t at;
};

struct side {
	struct pair *pair;
	int index;
	struct ike *ike;
	struct tunnel_conf conf;
	struct addr addr;
	struct letter queue[QUEUE_MAX];	/* sent, not carried yet: a ring */
	unsigned int head, count;
	unsigned int sent;		/* ever */
	struct {
		unsigned int count;
		enum ike_failure failure;
		char detail[1024];
	} ev[EVENT_TYPES];
	unsigned int steps;		/* bits: enum ike_step */
	uint32_t next_spi, out_spi, in[IN_MAX];
	struct kern_sa installed;	/* the last inbound one, without its keys */
	unsigned int in_count, reserved;
	struct endpoint child_local, child_remote;
	struct ts local_ts[TUNNEL_TS_MAX], remote_ts[TUNNEL_TS_MAX];
	uint8_t local_ts_count, remote_ts_count;
	bool udp, has_child, no_route;
	const char *kernel_error;	/* what the kernel says to everything */
	uint64_t idle;
	uint32_t rng;
	uint8_t nonce_fill; /* not 0: random octets of this value, to make nonces comparable */
};

struct pair {
	uint64_t now;
	struct side s[2];
	struct addr nat; /* family not 0: side 0 appears from here, from port nat_port */
	uint16_t nat_port;
};

struct pair *pair_new(void);		/* configured, not started */
void pair_start(struct pair *p);
void pair_free(struct pair *p);
void set_ike(struct side *s, const char *proposals);	/* a blank between */
void set_esp(struct side *s, const char *proposals);
void set_ts(struct side *s, const char *local, const char *remote);	/* a blank between */

/* Carries the oldest message of a side; false: there is none. */
bool carry(struct side *from);
bool drop(struct side *from);
struct letter *oldest(struct side *from);
void give(struct side *to, const struct letter *l);
/* Until neither has any. */
void carry_all(struct pair *p);
/* Time passes, timers fire, nothing is carried. */
void pass(struct pair *p, uint64_t ms);
void start(struct pair *p, int initiator);	/* its first message is ready to be carried */
void attempt(struct pair *p, int initiator);	/* whatever comes of it */
void bring_up(struct pair *p, int initiator);
struct tunnel *tunnel_of(struct side *s);
struct ike_sa *only_sa(struct side *s);
void soft_limit(struct side *s);
bool kernel_has_in(const struct side *s, uint32_t spi);

#endif
