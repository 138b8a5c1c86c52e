/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state machine of the IKE SA as data: the machine is here, the rows are beside the exchanges
 * of each protocol version.
 */
#ifndef IKE_FSM_H
#define IKE_FSM_H

#include "ike/object/ike_sa.h"

struct exchange;
struct inbound;
struct exchange_kind;

enum role {
	ROLE_RESPONDER,		/* the peer's request has come */
	ROLE_INITIATOR,		/* the response to ours has come */
	ROLE_COMMAND,		/* neither: exchange is an enum command */
};

enum command {
	COMMAND_START,
	COMMAND_CLOSE,		/* with a DELETE if possible */
	COMMAND_DROP,		/* without */
	COMMAND_EXPIRE,		/* the state's time is over */
	COMMAND_INHERIT,	/* born from the rekey of another */
	COMMAND_YIELD,		/* another one has its children: the peer is to delete it */
};

enum verdict {
	VERDICT_DONE, /* the row's next state */
	VERDICT_STAY, /* the exchange is complete, the state remains */
	VERDICT_FAIL, /* the row's fail state; a request is answered with what was built */
	VERDICT_DROP, /* as if it had not come: only for unauthenticated messages */
	VERDICT_PENDING, /* a job is under way: inbound_resume() follows */
};

#define FSM_ANY_KIND	UINT32_MAX

/* Of the rows for one state, exchange and role the first that has the message's kind is taken. */
struct fsm_row {
	const char *story;
	enum sa_state state;
	uint8_t exchange;
	enum role role;
	uint32_t kinds;			/* of messages, as bits; the version's own numbers */
	enum verdict (*handler)(struct inbound *in);
	enum sa_state next, fail;
	bool orphans;			/* what it carried lives on: IKEv1's Phase 2 SAs */
};

/* A protocol version, as the machine needs to know it. */
struct ike_version {
	uint8_t major;			/* in the header */
	unsigned int window;		/* requests at once, each way; ids are taken modulo it */
	/* The responder's IKE SA may stand without a child: the first one is asked for later. */
	bool childless;
	const struct fsm_row *rows;
	unsigned int row_count;
	/*
	 * How long an IKE SA may be in a state, seconds (SA_STATES of them); 0: as long as the
	 * retransmission of its request lasts, or for ever.
	 */
	const uint16_t *timeouts;
	const struct exchange_kind *const *kinds;	/* of requests of ours, by urgency */
	unsigned int kind_count;
	/* Completes and seals the answer to a request. False: no memory, or too long. */
	bool (*finish)(struct inbound *in, struct datagrams *answer);
	/*
	 * A request of ours is not answered: its datagrams may be too large to arrive, so it makes
	 * smaller ones if it can. NULL: it never can.
	 */
	void (*divide)(struct exchange *ex);
	/* A message for @sa, whose header fits it; @sa NULL: the first of a peer's. */
	void (*input)(struct ike *ike, const struct ike_version *version, struct ike_sa *sa,
		      const struct msg_header *h, const uint8_t *raw, size_t len,
		      const struct endpoint *local, const struct endpoint *remote);
	/* A message for no IKE SA that there is; NULL: counted only. */
	void (*unknown)(struct ike *ike, const struct msg_header *h, const uint8_t *raw,
			size_t len, const struct endpoint *local, const struct endpoint *remote);
	/* The kernel has got ESP with an SPI that it does not know. NULL: nothing follows. */
	void (*stray)(struct ike *ike, uint32_t spi, const struct endpoint *remote);
};

/* NULL: the message makes no sense now. */
const struct fsm_row *fsm_find(const struct ike_sa *sa, uint8_t exchange, enum role role,
			       unsigned int kind);
/* Is there a row at all, whatever the kind? */
bool fsm_exists(const struct ike_sa *sa, uint8_t exchange, enum role role);
/* Sets the state that follows from the row and the verdict, and its timeout. */
void fsm_apply(struct ike_sa *sa, const struct fsm_row *row, enum verdict verdict, const char *why);
/* Runs a command; false: there is no row for it in this state. */
bool fsm_command(struct ike_sa *sa, enum command command, const char *why);

#endif
