/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two engines whose messages the test carries by hand: nothing arrives that it does not move, time
 * stands still unless it says so, jobs end at once unless they are held. For unit tests, and for
 * fuzz_engine.
 */
#ifndef UNIT_IKE_ENDS_H
#define UNIT_IKE_ENDS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake/fake.h"
#include "ike/exchange/fsm.h"
#include "ike/object/child.h"
#include "ike/object/child_sa.h"
#include "ike/object/ike_sa.h"
#include "ike/object/peer.h"
#include "ike/object/tunnel.h"
#include "wire/v2/build.h"

#define QUEUE_MAX	64
#define SIDE_CHILDREN_MAX	4
#define EVENT_TYPES	(IKE_EV_LOG + 1)

struct letter {
	struct endpoint local, remote;	/* as the sender sees them */
	uint8_t msg[IKE_OUT_MAX];
	size_t len;
	uint64_t at;
};

struct side {
	struct fake fake;
	struct ends *ends;
	int index;
	struct ike *ike;
	const struct ike_version *version;	/* NULL: the engine's own */
	struct tunnel_conf conf;		/* named "t"; its child points to: */
	struct child_conf child[SIDE_CHILDREN_MAX];
	const char *psk, *ppk;
	uint32_t tunnel;
	struct letter queue[QUEUE_MAX];	/* sent, not carried yet: a ring */
	unsigned int head, count;
	unsigned int sent;		/* ever */
	struct {
		unsigned int count;
		enum ike_failure failure;
		char who[IKE_WHO_MAX];
		char detail[1024];
	} ev[EVENT_TYPES];
	unsigned int steps;		/* bits: enum ike_step */
};

struct ends {
	uint64_t now;
	struct side s[2];
	struct addr nat; /* family not 0: side 0 appears from here, from port nat_port */
	uint16_t nat_port;
};

struct ends *ends_new(void);		/* configured, not started */
struct ends *ends_of_two(void);		/* likewise, two children each, nothing goes by the clock */
void ends_start(struct ends *p);
void ends_free(struct ends *p);
void set_ike(struct side *s, const char *proposals);	/* a blank between */
void set_esp(struct side *s, const char *proposals);	/* of all its children */
void set_ts(struct side *s, const char *local, const char *remote);	/* a blank between */
/* Another child: suites and lifetime are those of the first. */
void add_child(struct side *s, const char *name, const char *local, const char *remote);
void del_child(struct side *s, const char *name);
void set_remote(struct side *s, const char *addr);	/* "any": answers only */

/* A side without another end: for tests with more than two. */
void side_init(struct side *s, const uint64_t *now, int index, const char *addr);
void side_start(struct side *s);
void side_restart(struct side *s);	/* it has lost all memory, its kernel too */
int side_reload(struct side *s);		/* with what it is configured to now */
void side_stop(struct side *s);
void side_tick(struct side *s);
void side_input(struct side *s, const struct endpoint *local, const struct endpoint *remote,
		const uint8_t *msg, size_t len);

/* Carries the oldest message of a side; false: there is none. */
bool carry(struct side *from);
bool drop(struct side *from);
struct letter *oldest(struct side *from);
void give(struct side *to, const struct letter *l);
/* Until neither has any. */
void carry_all(struct ends *p);
/* Time passes, timers fire, nothing is carried. */
void pass(struct ends *p, uint64_t ms);
void start(struct ends *p, int initiator);	/* its first message is ready to be carried */
void attempt(struct ends *p, int initiator);	/* whatever comes of it */
void bring_up(struct ends *p, int initiator);
void let_time_pass(struct ends *p, unsigned int s);	/* all that is sent arrives */
void reauthenticate(struct side *s);
unsigned int reauthentications(const struct side *s);	/* so far */

/* Whatever crosses, in this order, a bit for each message; then all that is left. */
void cross(struct ends *p, unsigned int order);
/* One IKE SA, the same at both ends, which carries all; nothing that was up has been down. */
void assert_one_ike_sa(struct ends *p, unsigned int children);
/* A minute later there is nothing at either end, and neither has been up. */
void assert_given_up(struct ends *p);

int side_up(struct side *s);		/* the tunnel "t" */
int side_down(struct side *s);
struct tunnel *tunnel_of(struct side *s);
struct peer *peer_of(struct side *s);	/* the first */
struct child *child_of(struct side *s);	/* the first of the first peer */
struct child *child_named(struct side *s, const char *name);
struct ike_peer_status peer_status(struct side *s);
struct ike_child_status child_status(struct side *s);
struct ike_sa *only_sa(struct side *s);
void soft_limit(struct side *s);
void soft_limit_of(struct child *child);
void ended_in(const struct side *s, enum ike_event_type type, enum ike_failure failure,
	      const char *part);
/* Its last event of this kind says @part. */
void said(const struct side *s, enum ike_event_type type, const char *part);

/* A protected message as @sa's end would send it; @fill writes the payloads. */
void forge(struct ike_sa *sa, uint8_t exchange, uint8_t flags, uint32_t id,
	   void (*fill)(struct builder *b), struct letter *l);
/* A request that goes on from where @from is. */
void forge_request(struct side *from, uint8_t exchange, void (*fill)(struct builder *b),
		   struct letter *l);
/* What is inside a message to @sa; views into @l. */
void open_letter(struct ike_sa *sa, struct letter *l, struct msg *m);
/* The first error notify in the oldest message of @answering, which is taken away; 0: none. */
uint16_t error_in_answer(struct side *to, struct side *answering);

#endif
