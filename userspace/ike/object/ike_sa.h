/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The IKE SA: keys, message numbers, exchanges. Created for an attempt of ours or by a peer's first
 * message; ends in SA_DEAD; the memory goes when the engine's entry point returns, so that callers
 * up the stack may still look at it. It owns no child.
 */
#ifndef IKE_IKE_SA_H
#define IKE_IKE_SA_H

#include "ike/core/engine.h"
#include "ike/core/octets.h"
#include "lib/hash.h"
#include "wire/header.h"

#define SA_NONCE_MAX	256
#define SA_ADDRS_MAX	8	/* of a peer beside the one it uses, and of ours likewise */
#define SA_TOKEN_MIN	16	/* octets of a peer's token, RFC 6290 4.1 */
#define SA_TOKEN_MAX	128
#define SA_OVER_MAX	2048	/* of known peers: a newer one takes the place of the oldest */

struct exchange;
struct inbound;
struct auth_session;
struct partial;
struct ticket;
TAILQ_HEAD(exchange_list, exchange);
TAILQ_HEAD(inbound_list, inbound);

enum sa_state {
	SA_NEW,
	SA_INIT_SENT, /* initiator: the first request is under way */
	SA_INIT_ANSWERED, /* responder: half open */
	SA_AUTH_SENT, /* initiator: additional key exchanges and the proof are under way */
	SA_ESTABLISHED,
	SA_REKEYED, /* replaced by an IKE SA which has its children; waits for its DELETE */
	SA_CLOSING, /* our DELETE is under way, or follows the request that is */
	SA_CLOSED, /* over; answers retransmitted requests from its cache */
	SA_DEAD,
	SA_STATES
};

/* How it is to end. settle does it: who holds it never closes it. */
enum sa_end {
	SA_KEEP,
	SA_CLOSE,			/* with a DELETE where that is possible */
	SA_DROP,			/* without a word to the peer */
};

struct nonce {
	uint8_t b[SA_NONCE_MAX];
	uint16_t len;
};

/* Our answer to a request of the peer's, for its retransmissions. */
struct answered {
	bool there;
	uint8_t exchange;		/* any value: unknown exchange types are answered too */
	uint8_t repeats;		/* that have left at once, up to ANSWER_REPEATS */
	uint32_t id;
	uint64_t repeated_ms;		/* the last one */
	struct datagrams msg;
};

/* A way between the two ends, as we see it. */
struct path {
	struct endpoint local, remote;
	bool nat_local, nat_remote;
	bool udp;			/* ESP goes in UDP */
};

/* RFC 4555, of an IKE SA whose ends both speak it: object/path.h, v2/mobike.h. */
struct mobike {
	bool on;
	bool claimed;
	struct path claim;		/* where the peer is to be, not proven yet */
	uint32_t moves;			/* changes of path or claim: an older answer says nothing */
	struct addr more[SA_ADDRS_MAX];	/* the peer's other addresses, as it has last said */
	unsigned int more_count;
	struct addr said[SA_ADDRS_MAX];	/* ours, likewise */
	unsigned int said_count;
	bool want_update, want_list;	/* initiator: the path; the addresses beside it */
	bool want_check;		/* responder: is the peer at the claim? */
	bool uprooted;			/* responder: our address has gone, the peer may not know */
	unsigned int nats;		/* answers UNEXPECTED_NAT_DETECTED in a row */
	bool outside_known;
	uint8_t outside[20];		/* hash of our address as the peer sees it, behind NAT */
};

/* Additional key exchanges before the proofs: v2/addke.h. */
struct addke {
	unsigned int done;		/* of those that the suite has */
	uint32_t id;			/* of the message of the last one */
	uint8_t covered_i[PRF_LEN_MAX], covered_r[PRF_LEN_MAX];	/* IntAuth, RFC 9242 3.3.2 */
	struct octets secret;		/* responder: of the one whose answer is to be sealed */
	struct sk before;		/* what messages up to @id came sealed with */
};

/* A post-quantum pre-shared key, RFC 8784: v2/ppk.h. */
struct ppk {
	bool use;			/* both ends have said that they do */
	bool mixed;			/* SK_d, SK_pi and SK_pr have it, */
	uint8_t before[3 * PRF_LEN_MAX];	/* and these have not */
	uint32_t job;			/* that makes them; 0: none is under way */
	bool ended;			/* it has just ended */
	struct exchange *ex;		/* who goes on then, one of them */
	struct inbound *in;
};

struct ike_sa {
	TAILQ_ENTRY(ike_sa) link;	/* in ike->sas, or ike->dead */
	TAILQ_ENTRY(ike_sa) touched;	/* in ike->touched_sas */
	TAILQ_ENTRY(ike_sa) stranger_link, over_link, pace_link;
	UT_hash_handle by_spi, by_init;
	bool is_touched;
	bool stranger;			/* counted by stranger.c */
	bool over;			/* in ike->over */
	struct pace *pace;		/* counted by pace.c, NULL: not, or no more */
	uint64_t pace_ms;		/* since when; 0: never yet */
	bool released;			/* what only a living one has is gone */
	bool orphans;			/* it ended by a row that says so */
	bool passed_by;			/* what was to follow it has ended: the peer may use it */
	struct ike *ike;
	const struct ike_version *version;
	/* NULL: before the proof on the responder, or after the tunnel was forgotten. */
	struct peer *peer;
	enum sa_state state;		/* set by sa_set_state() only, which fsm.c alone calls */
	bool initiator;			/* our SPI is spi_i */
	bool began;			/* the first IKE SA of this line was ours: RFC 7296 2.23 */
	uint64_t spi_i, spi_r;
	uint64_t replaced;		/* our SPI of the one that it is the rekey of; 0: none */
	struct endpoint local, remote;	/* with MOBIKE: the peer has answered there */
	bool host_changed;		/* while it was half open */
	uint64_t stream;		/* that it is counted at, object/stream.h; 0: none */
	uint64_t dialed_ms;
	bool dials;			/* over TCP: we open the connection */
	struct sa_init_key {
		uint64_t spi_i;
		struct addr asked;	/* where its first message came from */
	} init_key;			/* responder; key of by_init */
	uint32_t mark;			/* of what is sent to it */
	bool nat_t;			/* the peer knows NAT detection */
	bool nat_local, nat_remote;
	bool udp;			/* ESP goes in UDP */
	struct mobike mobike;
	/*
	 * Session resumption, RFC 5723: it is made from a ticket, without a key exchange, and the
	 * proofs rest on SK_pi and SK_pr.
	 */
	bool resumed;
	struct ticket *from;		/* initiator: that ticket, until the proofs are over */
	struct octets presented;	/* responder: its name, likewise */
	struct ticket *ticket;		/* by which another one can be made; NULL: none */
	bool want_ticket;		/* client: another one is to be asked for */
	uint8_t claim[32];		/* responder: SHA-256 of the IDi payload of the proof */
	/*
	 * When the ends have last proved who they are, which a rekey and a ticket do not; 0: just
	 * now, it is not established yet.
	 */
	uint64_t proved_ms;
	uint64_t agreed_ms;		/* likewise, of their last key exchange */
	unsigned int epoch;		/* of ike->epoch, when that proof began */
	bool childless;			/* IKE_AUTH makes no child, RFC 6023 */
	bool several;			/* the responder takes several proofs, RFC 4739 */
	/* Responder, RFC 5685: the peer follows redirects; another gateway has sent it here. */
	bool follows, sent_here;
	struct addr send_on;		/* where it is still to be told to go; family 0: nowhere */
	bool fragments;			/* both ends do RFC 7383 */
	bool fragment_small;		/* the usual fragments do not arrive */
	uint64_t born_ms, established_ms;
	uint64_t heard_ms;		/* authenticated, or the first message */
	uint64_t asked_ms;		/* when the peer's newest request came again; 0: never */

	struct suite suite;
	uint16_t prf;
	struct nonce ni, nr;
	uint8_t sk_d[PRF_LEN_MAX];
	/* Until the proofs are over: sa_forget_proof(). */
	struct addke addke;
	struct ppk ppk;
	struct octets init_i, init_r;	/* the two first messages */
	uint8_t sk_pi[PRF_LEN_MAX], sk_pr[PRF_LEN_MAX];
	struct sk sk_in, sk_out;
	bool keyed;
	bool hidden;			/* nobody is to have its keys */

	uint32_t next_out;		/* message id of our next request */
	uint32_t next_in;		/* message id of the peer's next request */
	struct exchange_list exchanges;	/* ours under way, the oldest first */
	unsigned int exchange_count;
	unsigned int window;		/* requests at once, each way */
	struct answered *answers;	/* @window of them */
	struct inbound_list pending;	/* messages of the peer's whose handlers wait for a job */
	uint16_t peer_hashes;		/* SIGNATURE_HASH_ALGORITHMS: bit n, RFC 7427; 0: none */
	bool peer_fetches;		/* HTTP_CERT_LOOKUP_SUPPORTED: certificates by HTTP */
	uint8_t cert_fetches;		/* addresses of its certificates that were to be fetched */
	struct partial *partial[2];	/* of a request [0], of a response [1]; or NULL */
	struct auth_session *auth[2];	/* under way: [0] of the peer's, [1] of our own proof */
	void *stash;			/* what the version's handlers keep between two messages */
	void (*stash_free)(struct ike_sa *sa);

	/* Responder: what is made once its additional key exchanges are done; v2/followup.h. */
	void *awaited;
	void (*awaited_free)(struct ike_sa *sa);

	bool want_liveness, want_rekey;
	bool hurry;			/* what is under way goes out at once: exchange.c */
	/* What the peer has proved is good until then, by certificate or session; 0: for ever */
	uint64_t certified_ms;
	uint32_t session_s;		/* how long a RADIUS server lets it stay; 0: for ever */
	struct addr framed;		/* the address that it is to have inside; family 0: any */
	bool want_successor;		/* another IKE SA is to follow it: reauthentication */
	bool instead;			/* of its rekey, which the peer refuses */
	uint32_t rekeys;		/* since the last proof */
	/* v2/hint.h */
	uint32_t lost_spi;		/* ESP of the peer's that our kernel has not; 0: none */
	uint64_t told_ms, hinted_ms;	/* when we have said so, and heeded the like; 0: never */
	bool denied;			/* somebody says that the peer does not know this IKE SA */
	bool said_selectors;
	bool want_token;		/* after a rekey of ours the peer gets ours: v2/crash.h */
	uint8_t token_len;		/* of the peer's; 0: it has given none */
	uint8_t token[SA_TOKEN_MAX];
	enum sa_end end;
	struct kept_cause cause;	/* of the end */
	bool time_is_over;		/* of its state */
	struct timer expiry;		/* of the state: the version's table */
	struct timer liveness;
	struct timer rekey;		/* ESTABLISHED: when we begin its rekey */
	/* ESTABLISHED: when it wants a successor; where it has one, when it ends at the latest */
	struct timer term;

	struct ike_id local_id, remote_id;	/* once established: as used, as authenticated */
};

/* @peer_spi 0: ours is the first message. NULL: no memory. */
struct ike_sa *sa_new(struct ike *ike, const struct ike_version *version, unsigned int window,
		      bool initiator, uint64_t peer_spi);
/* Exchanges and pending message have to be gone. */
void sa_free(struct ike_sa *sa);
/* Frees those that are dead. */
void sas_reap(struct ike *ike);

uint64_t sa_spi(const struct ike_sa *sa);	/* ours */
struct ike_sa *sa_find(const struct ike *ike, uint64_t our_spi);
/* By the initiator's SPI, and where its first message came from. */
struct ike_sa *sa_find_init(const struct ike *ike, uint64_t spi_i, const struct addr *remote);
/* Makes the responder's IKE SA known to that. False: no memory. */
bool sa_set_init(struct ike_sa *sa, const struct addr *remote);

const char *sa_state_name(enum sa_state state);
/* For fsm.c. */
void sa_set_state(struct ike_sa *sa, enum sa_state state, const char *why);
bool sa_is_over(const struct ike_sa *sa);	/* closing or later */

/* What there is of messages in fragments goes. */
void sa_drop_partial(struct ike_sa *sa);
/* Wipes what only the proofs need, RFC 7296 2.15: the first messages, IntAuth, SK_pi and SK_pr. */
void sa_forget_proof(struct ike_sa *sa);
/* Notes that it is to end; the first cause counts, and a drop counts more than a close. */
void sa_end(struct ike_sa *sa, enum sa_end end, enum ike_failure failure, const char *detail);

/*
 * Is the peer's address to be followed when it changes? Behind NAT only, and when both are, by the
 * side that answered the first IKE SA: RFC 7296 2.23.
 */
bool sa_follows(const struct ike_sa *sa);
/* From now on it is asked whether it lives after @dpd_s seconds of silence; 0: never. */
void sa_watch(struct ike_sa *sa, uint32_t dpd_s);
/* We rekey it @rekey_s seconds after the key exchange, up to a tenth earlier; 0: never. */
void sa_rekey_after(struct ike_sa *sa, uint32_t rekey_s);
/* Likewise, but of its life since it was made. */
void sa_rekey_of_age(struct ike_sa *sa, uint32_t rekey_s);
/* In @ms it wants a successor, or ends if it has one. */
void sa_term(struct ike_sa *sa, uint64_t ms);
void sa_term_never(struct ike_sa *sa);
/* Its certificate expires at sa->certified_ms: @first, another IKE SA follows before that. */
void sa_certificate_lasts(struct ike_sa *sa, bool first);
/* The peer's proof or ours is good for @s seconds: the end that began follows it up before. */
void sa_proof_lasts(struct ike_sa *sa, uint32_t s);
/* What is left of @s seconds since the ends have proved who they are, at least 1; 0: for ever. */
uint32_t sa_proof_left(const struct ike_sa *sa, uint32_t s);
/* Likewise, since its key exchange. */
uint32_t sa_keys_left(const struct ike_sa *sa, uint32_t s);

#endif
