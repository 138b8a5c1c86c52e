/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A request of ours and its answer. Each has private state of its own and its datagrams, several
 * where the message is fragmented; it is retransmitted whole until the answer comes. An IKE SA has
 * version->window of them at once. What waits for a place is not kept in a list: it follows from
 * what objects want, asked in the order of version->kinds.
 */
#ifndef IKE_EXCHANGE_H
#define IKE_EXCHANGE_H

#include "ike/object/ike_sa.h"

/*
 * Retransmission, RFC 7296 2.1 and 2.4, where the tunnel says nothing else: the request and five
 * more, after 1, 2, 4, 8 and 16 s; given up 16 s after the last, 47 s after the first.
 */
#define EXCHANGE_TRIES		6U
#define EXCHANGE_FIRST_WAIT_MS	1000
#define EXCHANGE_PERCENT	200	/* a wait, of the one before */
#define EXCHANGE_LAST_WAIT_MS	16000
/* After so many tries a request goes by all ways that there are (object/path.h). */
#define EXCHANGE_ONE_WAY_TRIES	2
/* The tries of IKE_SA_INIT over UDP, where an attempt over TCP follows: 7 s. */
#define EXCHANGE_FALL_BACK_TRIES	3
#define EXCHANGE_STREAM_TRY	4	/* it goes a second time by a connection that stands */
/* How long one waits for this host to have a way to the peer again. */
#define EXCHANGE_STRANDED_MS	300000
/* From this try on a message is divided into smaller datagrams, if it can be. */
#define EXCHANGE_DIVIDE_TRY	3

enum built {
	BUILD_NOTHING,			/* there is no cause after all, or not now */
	BUILD_READY,			/* id and msg are filled in */
	BUILD_PENDING,			/* a job is under way: exchange_continue() follows */
	BUILD_FAILED,			/* the reason is in @cause, and the IKE SA cannot go on */
};

struct exchange {
	TAILQ_ENTRY(exchange) link;	/* in sa->exchanges */
	struct ike_sa *sa;
	const struct exchange_kind *kind;
	uint8_t exchange;		/* type in the header: the kind's, until it goes on */
	uint32_t id;
	struct datagrams msg;
	/* What is sealed in them, if it may be divided anew: the version's own. */
	struct octets text;
	uint8_t text_first;
	bool sent;
	bool ready;			/* its job has ended: to be built on */
	bool answered;			/* the answer waits for a job: no retransmission any more */
	bool spread;			/* it went more than one way: object/path.h */
	unsigned int tries;
	uint64_t wait_ms, first_ms;
	struct timer timer;
	uint64_t priv[];		/* kind->priv_size octets */
};

struct exchange_kind {
	const char *name;
	enum sa_state state;		/* in which it may be sent */
	uint8_t exchange;		/* type in the header of its first request */
	size_t priv_size;
	bool about_child;		/* it makes, rekeys or deletes a CHILD_SA */
	bool late;			/* its answer needs priv, also when the IKE SA closes */
	bool proves;			/* where a path is claimed: its answer is to prove it */
	/* Is there cause to send one now? Changes nothing. */
	bool (*wanted)(const struct ike_sa *sa);
	/* Builds it. Called again after BUILD_PENDING. */
	enum built (*build)(struct exchange *ex, struct cause *cause);
	/* Gives back what priv holds; it is zero afterwards. NULL: nothing. */
	void (*forget)(struct exchange *ex);
};

/* Sends what the state of the IKE SA and of its children asks for, as far as the window allows. */
void exchange_next(struct ike_sa *sa);
/* The job that @ex waited for has ended. */
void exchange_continue(struct exchange *ex);
/* Its answer asks for another request of the same kind, with the same private state. */
void exchange_again(struct exchange *ex);
/* Likewise with a request of another @exchange: IKE_FOLLOWUP_KE. */
void exchange_go_on(struct exchange *ex, uint8_t exchange);
/* The one that waits for this answer, or NULL. */
struct exchange *exchange_find(const struct ike_sa *sa, uint32_t id, uint8_t exchange);
/* The answer is there: no retransmission. */
void exchange_answered(struct exchange *ex);
/*
 * The IKE SA is over: what they hold goes back now, though the answer is still waited for, since a
 * DELETE cannot follow before it. @closing: it is, and those that are late keep theirs.
 */
void exchange_release_all(struct ike_sa *sa, bool closing);
/* It is over: gives back what it holds. */
void exchange_end(struct exchange *ex);
void exchange_end_all(struct ike_sa *sa);

#endif
