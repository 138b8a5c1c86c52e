/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The IKE SA. Created for an attempt of ours or by a peer's IKE_SA_INIT; ends in SA_DEAD, which
 * takes everything from it at once; the memory goes when the engine's entry point returns, so that
 * callers up the stack may still look at it.
 */
#ifndef IKE_SA_H
#define IKE_SA_H

#include "ike/core/engine.h"
#include "ike/exchange/exchange.h"

struct child;
TAILQ_HEAD(child_list, child);

enum sa_state {
	SA_NEW,
	SA_INIT_SENT, /* initiator: IKE_SA_INIT is under way */
	SA_INIT_ANSWERED, /* responder: half open */
	SA_AUTH_SENT, /* initiator: IKE_AUTH is under way */
	SA_ESTABLISHED,
	SA_REKEYED, /* replaced by an IKE SA which has its children; waits for its DELETE */
	SA_CLOSING, /* our DELETE is under way, or follows the request that is */
	SA_CLOSED, /* over; answers retransmitted requests from its cache */
	SA_DEAD,
	SA_STATES
};

/* What of an IKE_SA_INIT outlives it: for AUTH, RFC 7296 2.15. */
struct octets {
	uint8_t *p;
	size_t len;
};

struct nonce {
	uint8_t b[MSG_NONCE_MAX];
	uint16_t len;
};

/* An attempt of ours, until the IKE_SA_INIT response is accepted. */
struct init_attempt {
	uint16_t group;
	uint8_t rounds;			/* COOKIE and INVALID_KE_PAYLOAD answers so far: bounded */
	uint8_t cookie_len;
	uint8_t cookie[64];
	uint16_t hint;			/* error notify of an unauthenticated answer */
	struct timer grace; /* armed by the hint: how long we wait for a better answer */
};

struct ike_sa {
	TAILQ_ENTRY(ike_sa) link;	/* in ike->sas, or ike->dead */
	LIST_ENTRY(ike_sa) hash;
	struct ike *ike;
	/* NULL: before IKE_AUTH on the responder, or after the tunnel was forgotten. */
	struct tunnel *tunnel;
	enum sa_state state;		/* set by transition_apply() only */
	bool initiator;			/* our SPI is spi_i */
	uint64_t spi_i, spi_r;
	struct endpoint local, remote;
	struct addr asked;		/* responder: where its IKE_SA_INIT came from */
	bool nat_t;			/* the peer sent NAT_DETECTION notifies */
	bool nat_local, nat_remote;
	bool udp;			/* ESP goes in UDP */
	uint64_t born_ms, established_ms, heard_ms;	/* heard: authenticated, or IKE_SA_INIT */

	struct proposal suite;
	uint16_t prf;
	struct nonce ni, nr;
	struct ke *ke;
	struct init_attempt init;
	struct octets init_i, init_r;	/* the two IKE_SA_INIT messages, until IKE_AUTH is over */

	uint8_t sk_d[PRF_LEN_MAX], sk_pi[PRF_LEN_MAX], sk_pr[PRF_LEN_MAX];
	struct sk sk_in, sk_out;
	bool keyed;
	bool stranger;			/* counted in counters.half_open */

	uint32_t next_out;		/* message id of our next request */
	uint32_t next_in;		/* message id of the peer's next request */
	struct request req;
	struct octets answer;		/* to the peer's last request */
	uint8_t answered;		/* which exchange that was */
	bool want_liveness;

	struct timer expiry;		/* of the state: transition rows */
	struct timer liveness;

	struct ike_id local_id, remote_id;	/* once established: as used, as authenticated */
	struct child_list children;
	uint32_t reserved_spi;		/* for the first child; 0: none */
};

/* @spi_i 0: ours is the first message. NULL: no memory. */
struct ike_sa *sa_new(struct ike *ike, bool initiator, uint64_t peer_spi);
struct ike_sa *sa_find(struct ike *ike, uint64_t our_spi);
/* The responder's IKE SA that a peer's IKE_SA_INIT made: for retransmissions of it. */
struct ike_sa *sa_find_init(struct ike *ike, uint64_t spi_i, const struct endpoint *remote);
/* Of this address, how many are not authenticated. */
unsigned int sa_count_strangers(const struct ike *ike, const struct addr *remote);
uint64_t sa_spi(const struct ike_sa *sa);

/* For transitions.c: the one setter. */
void sa_set_state(struct ike_sa *sa, enum sa_state state, const char *why);
const char *sa_state_name(enum sa_state state);

/*
 * Ends the IKE SA for the reason given, which becomes its tunnel's: with a DELETE where the peer
 * has keys to read it, in silence otherwise. Kernel objects go at once.
 */
void sa_close(struct ike_sa *sa, enum ike_failure failure, const char *detail);
/* The same without a DELETE: the peer does not answer, or knows. */
void sa_drop(struct ike_sa *sa, enum ike_failure failure, const char *detail);

/* Tells the tunnel, if this IKE SA is its own or its attempt. */
void sa_report(struct ike_sa *sa, enum ike_failure failure, const char *detail);
void sa_watch_liveness(struct ike_sa *sa);
/*
 * Does it go where the peer's authentic packets come from? RFC 7296 2.23: if a NAT is before the
 * peer and none before us; with both, the one that answered does, since the other came to it.
 */
bool sa_follows(const struct ike_sa *sa);
bool octets_set(struct octets *o, const uint8_t *p, size_t len);
void octets_clear(struct octets *o);

/* Frees what is dead. */
void sas_reap(struct ike *ike);
void sa_free(struct ike_sa *sa);

/* keys.c. False: the crypto library failed. */
bool keys_derive(struct ike_sa *sa, struct chunk secret, const struct ike_sa *rekeyed);
/*
 * AUTH of the initiator (@of_initiator) or responder over its IKE_SA_INIT, the peer's nonce
 * and its own identity.
 */
bool keys_auth(const struct ike_sa *sa, bool of_initiator, struct chunk psk, struct chunk id_body,
	       uint8_t out[PRF_LEN_MAX]);

#endif
