/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The outer world as the engine sees it. The daemon, the simulator and the fuzzers each fill in
 * one struct ike_env; the engine calls nothing else: no socket, no clock, no file, no netlink.
 * Tunnels, peers and children are known by numbers, which the engine gives and never gives twice;
 * jobs by numbers of their own, each of one job at a time. None is 0.
 */
#ifndef IKE_ENV_H
#define IKE_ENV_H

#include "ike/core/conf.h"
#include "lib/mem.h"

#define IKE_WHY_MAX	256	/* octets of a sentence, NUL included */
#define IKE_CRASH_SECRET 32	/* octets of the secret of crash detection, RFC 6290 */
#define IKE_JOB_ADDRS_MAX	16
#define IKE_CERTS_MAX	8	/* certificates that go with one proof, either way */
#define IKE_CERTS_LEN_MAX 12288	/* octets of all of them: with the rest they fill a message */
#define IKE_CERT_URLS_MAX 4	/* of them by hash and address, in one proof of the peer's */
#define IKE_CERT_FETCHES_MAX 8	/* likewise in all that are judged for one IKE SA */
#define IKE_OCSP_MAX	4	/* OCSP responses with them, in the same octets (RFC 4806) */
#define IKE_SIGNATURE_MAX 1152	/* octets of AUTH data: RSA with 8192 bits, and its algorithm */

/*
 * One direction of a CHILD_SA as the kernel gets it (include/uapi/linux/esplane.h,
 * ESPLANE_SA_A_*). Keys belong to the caller.
 */
struct kern_sa {
	uint32_t spi;			/* host order */
	uint16_t encr, integ;		/* IKEv2 transform numbers */
	const uint8_t *encr_key, *integ_key;	/* as in KEYMAT, salt included */
	uint16_t encr_key_len, integ_key_len;	/* octets */
	bool esn;
	uint32_t replay_window;
	uint64_t soft_bytes, hard_bytes, soft_packets, hard_packets, soft_seconds, hard_seconds;
};

/* An entry of the kernel's policy database. Its id is that of the child. */
struct kern_policy {
	uint32_t id;
	bool udp;
	bool transport;			/* mode; else tunnel */
	uint32_t mark;			/* of the outer packets; 0: none */
	struct endpoint local, remote;	/* ports only where udp */
	const struct ts_list *local_ts, *remote_ts;
};

/* How a peer and a child are. */
enum peer_state { PEER_DOWN, PEER_CONNECTING, PEER_UP, PEER_CLOSING };
enum child_state { CHILD_DOWN, CHILD_CONNECTING, CHILD_UP };

/* Counters of what was refused: unauthenticated bytes change these and nothing else. */
struct ike_counters {
	uint64_t malformed, unknown_spi, bad_version, auth_failed, replayed, unexpected,
		fragments_refused, cookies_sent, half_open;
};

/* What takes time or holds a secret, and so is done outside. */
enum ike_job_kind {
	/* The addresses of @name, best first. */
	IKE_JOB_RESOLVE,
	/* prf(prf(psk, "Key Pad for IKEv2"), octets), RFC 7296 2.15, with the psk of @tunnel. */
	IKE_JOB_PSK_MAC,
	/*
	 * Our proof: the signature of @octets with the private key of @tunnel. Who has the key
	 * chooses how: with RFC 7427 (method 14) and one of @hashes, or where the peer has
	 * announced none, with a method of RFC 7296 and 4754 that the key allows (1: RSA with
	 * SHA-1; 9, 10, 11: ECDSA, one for each curve).
	 */
	IKE_JOB_SIGN,
	/*
	 * The peer's proof: does a chain of @certs lead to a CA of @tunnel, does the end entity's
	 * certificate speak for @id, and is @signature (of method @method) one of @octets with its
	 * key? Anybody may have made all of it. @cert_count 0: the peer has sent none; @tunnel may
	 * know it. Some of them may have to be fetched first, while nobody knows whose word it is.
	 * Of a tunnel with raw public keys: is it a signature with one of these?
	 */
	IKE_JOB_VERIFY,
	/* What a method of EAP needs of a password: see enum ike_eap. */
	IKE_JOB_EAP,
	/*
	 * A step of a method of EAP whose state is outside: TLS, RFC 5216. @octets: a flight of
	 * the peer's; none: we begin, as client. Its first step makes a @conversation, which lasts
	 * until ike_env.forget(). @id: whom the peer's certificate has to name. With EAP-TTLS, RFC
	 * 5281, only the server has one; once the peer is proved (IKE_ROUND_DONE, in each step
	 * from then on) both speak inside, and @say is for that.
	 */
	IKE_JOB_TLS,
	/* @octets, which are SK_d, SK_pi and SK_pr, with the PPK of @tunnel: auth_ppk(). */
	IKE_JOB_PPK,
	/*
	 * As server of EAP we pass it through, RFC 3579: @octets, a response of @user, go to the
	 * RADIUS server of @tunnel, and what that says comes back. Its first step makes a
	 * @conversation, as of IKE_JOB_TLS.
	 */
	IKE_JOB_RADIUS,
};

/*
 * As client of EAP with the password of @tunnel, as server with that of @user, who may be nobody
 * that is known: then, and where the peer's answer is not what the password makes, the job fails.
 * Octets in and out (crypto/mschap.h, RFC 1994, RFC 2759).
 */
enum ike_eap {
	/* Client; in: identifier, challenge. Out: 16 octets. */
	IKE_EAP_MD5_ANSWER,
	/* Server; in: identifier, 16 octets of answer, challenge. Out: nothing. */
	IKE_EAP_MD5_CHECK,
	/* Client; in: challenges of server and client, 16 octets each. Out: IKE_EAP_OUT_MAX. */
	IKE_EAP_MSCHAP_ANSWER,
	/* Server; in: likewise, and 24 octets of answer. Out: likewise. */
	IKE_EAP_MSCHAP_CHECK,
	/*
	 * Client; in: nothing. Out: the password, at most IKE_EAP_OUT_MAX octets, where the tunnel
	 * is configured to give it to a server that has proved itself (TTLS_PAP).
	 */
	IKE_EAP_PAP_ANSWER,
	/* Server; in: a password. Out: nothing. */
	IKE_EAP_PAP_CHECK,
};

#define IKE_EAP_LAST	IKE_EAP_PAP_CHECK

/* Does a client ask, whose own password it is about? */
static inline bool ike_eap_is_client(enum ike_eap what)
{
	return what == IKE_EAP_MD5_ANSWER || what == IKE_EAP_MSCHAP_ANSWER ||
	       what == IKE_EAP_PAP_ANSWER;
}

/* What the two of MS-CHAP-V2 give: answer (24), the server's proof (20), MSK (64). */
#define IKE_EAP_MSCHAP_LEN	(24 + 20 + 64)
#define IKE_EAP_OUT_MAX	128

#define IKE_FLIGHT_MAX	16384	/* octets of one flight of a conversation: IKE_CERTS_LEN_MAX fit */
#define IKE_MSK_LEN	64
#define IKE_INNER_MAX	4096	/* octets that are said inside of EAP-TTLS at once */
#define IKE_CHALLENGE_LEN 17	/* of EAP-TTLS, RFC 5281 11.1 */

/* What it points to is the caller's, during the call only. */
struct ike_job {
	enum ike_job_kind kind;
	uint32_t tunnel;
	const char *name;		/* RESOLVE */
	uint16_t prf;			/* PSK_MAC, PPK */
	bool second;			/* PSK_MAC, SIGN, VERIFY: the second proof of two */
	/* PSK_MAC, PPK, EAP; SIGN, VERIFY: what AUTH covers, RFC 7296 2.15 */
	struct chunk octets;
	/*
	 * SIGN: bit n is hash algorithm n of RFC 7427, enum signature_hash; 0: the peer has not
	 * announced any, and knows no method 14.
	 */
	uint16_t hashes;
	/* VERIFY */
	const struct ike_id *id;	/* of the ID payload */
	const struct chunk *certs;	/* DER, the end entity's first; at most IKE_CERTS_MAX */
	unsigned int cert_count;	/* and IKE_CERTS_LEN_MAX octets */
	/*
	 * Bit n: in the place of certs[n] there is its SHA-1, 20 octets, and where it is, RFC 7296
	 * 3.6; in @bundles too: it is of several. At most IKE_CERT_URLS_MAX.
	 */
	uint8_t by_hash, bundles;
	const struct chunk *ocsp;	/* responses that came with them; at most IKE_OCSP_MAX */
	unsigned int ocsp_count;
	struct chunk raw_key; /* what the peer says its raw public key is; no octets: nothing */
	uint8_t method;			/* 1, 9, 10, 11 or 14, enum auth_method */
	struct chunk signature;		/* AUTH data: of method 14 with its AlgorithmIdentifier */
	enum ike_eap eap;		/* EAP */
	struct chunk user;		/* EAP, RADIUS: who the client says it is */
	uint32_t conversation;		/* TLS, RADIUS */
	/* RADIUS: where the client talks to us; VERIFY: @remote of it, NULL: somewhere */
	const struct endpoint *local, *remote;
	bool client;			/* TLS: our role */
	uint8_t type;			/* TLS: of EAP, enum eap_type */
	struct chunk say;		/* TLS: what is said inside; then @octets has nothing */
};

/* What a step of a conversation has come to. */
enum ike_round {
	IKE_ROUND_MORE,			/* the peer's next flight is awaited */
	IKE_ROUND_DONE,			/* both have proved themselves; @eap may be a last word */
	IKE_ROUND_FAILED,		/* @text; likewise */
};

struct ike_job_result {
	const char *why;		/* NULL: done; else one sentence: what went wrong */
	const struct addr *addrs;	/* RESOLVE; at least one */
	unsigned int addr_count;
	struct chunk mac;		/* PSK_MAC: prf_len() octets; PPK: as many as went in */
	/*
	 * SIGN: the AUTH payload, at most IKE_SIGNATURE_MAX octets: of method 14 with the octet of
	 * length and the AlgorithmIdentifier, RFC 7427 3.
	 */
	uint8_t method;
	struct chunk signature;
	/* VERIFY, when @why is NULL. */
	uint64_t valid_s; /* seconds from now until the first of the chain expires; 0: unknown */
	const char *subject;		/* of the end entity, for people; NULL: unknown */
	/* EAP: at most IKE_EAP_OUT_MAX octets; TLS: IKE_FLIGHT_MAX; RADIUS: a packet of EAP */
	struct chunk eap;
	/* TLS, RADIUS */
	enum ike_round round;
	const char *text;		/* FAILED: one sentence */
	/* DONE: IKE_MSK_LEN octets, RADIUS: or none; TLS: @valid_s, @subject too */
	struct chunk msk;
	/* TLS, DONE, of EAP-TTLS: what the peer says inside; IKE_CHALLENGE_LEN octets */
	struct chunk heard, challenge;
	/*
	 * RADIUS, DONE: who the server says that it is, no octets: it does not say; how long that
	 * is good for, 0: for ever; which address it gets inside, family 0: any.
	 */
	struct chunk user;
	uint32_t session_s;
	struct addr framed;
};

/* How far a peer or child has come: what `ikectl up` shows, in this order. */
enum ike_step {
	IKE_STEP_RESOLVE,		/* the peer's address is known */
	IKE_STEP_INIT,			/* IKE_SA_INIT was answered */
	IKE_STEP_AUTH,			/* IKE_AUTH was answered: the peer is authenticated */
	IKE_STEP_CHILD,			/* a child's policy and SAs are in the kernel */
};

/* Why a peer or child is not up. Each has its own sentence in `ikectl`. */
enum ike_failure {
	IKE_FAIL_NONE,
	IKE_FAIL_TIMEOUT, /* no answer; detail: which exchange, tries, seconds */
	IKE_FAIL_NO_PROPOSAL_IKE, /* detail: our list, and theirs where the peer said it */
	IKE_FAIL_NO_PROPOSAL_CHILD,
	IKE_FAIL_AUTH_REMOTE, /* the peer refused us: AUTHENTICATION_FAILED */
	IKE_FAIL_AUTH_LOCAL, /* we refused the peer's AUTH: PSK differs */
	IKE_FAIL_ID, /* the peer's identity is not the configured one; detail: both */
	IKE_FAIL_TS, /* TS_UNACCEPTABLE; detail: both sides' selectors */
	IKE_FAIL_MODE, /* one end wants transport mode, the other tunnel mode */
	IKE_FAIL_KERNEL, /* detail: the kernel's sentence */
	IKE_FAIL_INTERFACE, /* interface, address or routes; detail: what is in the way */
	IKE_FAIL_PEER, /* another error notify; detail: its name */
	IKE_FAIL_PROTOCOL, /* the peer's message made no sense; detail: where */
	IKE_FAIL_DOWN, /* taken down by the user or deleted by the peer */
	IKE_FAIL_RESOLVE, /* the peer's name has no address; detail: why */
	IKE_FAIL_CONFIG, /* answer only, no address */
	IKE_FAIL_MODULE, /* the kernel has no module esplane */
	IKE_FAIL_TCP, /* the peer is reached over TCP, which carries no child */
	IKE_FAIL_ADDRESS, /* no address inside the tunnel: we get none, or have none to give */
};

enum ike_event_type {
	IKE_EV_STEP,			/* step, detail */
	IKE_EV_CHILD_UP,		/* a child carries traffic: suite, selectors in detail */
	IKE_EV_CHILD_FAILED,		/* failure, detail: a child did not come up */
	IKE_EV_CHILD_DOWN,		/* failure, detail: it was up and is down now */
	IKE_EV_UP,			/* the peer is up, no child is under way */
	IKE_EV_FAILED,			/* failure, detail: an attempt of ours to come up ended */
	IKE_EV_DOWN,			/* the peer was up and is down now: failure says why */
	IKE_EV_REFUSED,			/* an attempt of a peer's was refused: failure, detail */
	IKE_EV_CHILD_REKEYED,		/* old and new SPIs in detail */
	IKE_EV_IKE_REKEYED,
	IKE_EV_REAUTHENTICATED,		/* another IKE SA has taken the place of one */
	IKE_EV_REAUTH_FAILED,		/* failure, detail: the IKE SA goes on meanwhile */
	IKE_EV_REKEY_FAILED,		/* likewise, of the IKE SA or a child: its keys go on */
	IKE_EV_RETRANSMIT,		/* detail: which exchange, try n of m */
	IKE_EV_NOTE,			/* detail: something a person should know */
	IKE_EV_EXCHANGE,		/* exchange: one is complete */
	IKE_EV_LOG,			/* level (LOG_* of syslog.h), detail */
};

struct msg;

/* A request and its answer. What it points to is good during the call only. */
struct ike_exchange {
	uint8_t type;			/* of the header: IKE_AUTH */
	uint32_t id;
	const char *what;		/* ours: which request, "IKE_AUTH"; NULL: the peer's */
	bool authentic;			/* protected; else anybody may have said it */
	uint64_t took_ms;		/* ours: since the request first went out */
	const struct endpoint *local, *remote;
	const struct msg *heard;	/* what the peer says in it */
	/* Our answer: a chain of payloads, and the type of the first; empty: there is none yet. */
	struct chunk said;
	uint8_t said_first;
};

/* A report for people. Nothing may be done about it from inside the call. */
struct ike_event {
	enum ike_event_type type;
	uint32_t tunnel, peer, child;	/* 0: none */
	/*
	 * "office", "office/voice" (a child), "office/alice@example.org" (one of many peers),
	 * "office/alice@example.org/voice"; NULL: about no tunnel. Valid during the call, likewise
	 * detail. Escaped: a peer chooses its identity.
	 */
	const char *who;
	enum ike_step step;
	enum ike_failure failure;
	int level;
	const char *detail;		/* one line of text for a person */
	/* In which it happened, as far as it has come; NULL: in none. */
	const struct ike_exchange *exchange;
};

/* What the peer has given us, RFC 7296 2.19. Family 0: no address of that family. */
struct ike_given {
	struct addr addr[ADDR_FAMILIES];
	struct internal_net net;
};

/* A child as the host needs to know it: for addresses and routes. */
struct ike_child_link {
	uint32_t tunnel, peer, child;
	const struct child_conf *conf;
	struct endpoint local, remote;	/* the outer ones */
	const struct ts_list *local_ts, *remote_ts;	/* as negotiated */
	const struct ike_given *given;	/* the addresses to use inside; NULL: the host's own */
	/*
	 * Nothing carries it yet: packets wait in the kernel, and ask for it. The outer addresses
	 * are not known, the lists are those of @conf.
	 */
	bool waits;
};

struct ike_env {
	void *ctx;
	uint64_t (*now)(void *ctx);	/* milliseconds, monotonic, suspended time included */
	/* Cryptographic; cannot fail: the daemon ends instead. */
	void (*random)(void *ctx, void *buf, size_t len);
	/*
	 * Sends one IKE message. From port 4500 the outer world puts the non-ESP marker in front
	 * (and has taken it off what it gives to ike_input). A failure to send is a lost datagram.
	 * By a TCP connection that is gone nothing leaves. @mark: the firewall mark of the tunnel;
	 * 0: none.
	 */
	void (*send)(void *ctx, const struct endpoint *local, const struct endpoint *remote,
		     uint32_t mark, const uint8_t *msg, size_t len);
	/*
	 * Opens a TCP connection from @local, which gets its port, to @remote: its number, never
	 * used twice, is @stream in the endpoint that send() gets and ike_input() gives. What is
	 * sent before it is there waits. ike_stream_gone() follows when it is there no more, or
	 * does not come about. 0: it cannot even begin, @why says it.
	 */
	uint64_t (*dial)(void *ctx, struct endpoint *local, const struct endpoint *remote,
			 uint32_t mark, char why[IKE_WHY_MAX]);
	/* Its peer has proved itself. One that a stranger has opened has little time for that. */
	void (*keep)(void *ctx, uint64_t stream);
	/* No IKE SA goes by it any more; it may be gone. */
	void (*hang_up)(void *ctx, uint64_t stream);
	/*
	 * The address the system would use towards @remote for packets with the firewall mark
	 * @mark, 0: none. False when there is no route.
	 */
	bool (*source_for)(void *ctx, const struct addr *remote, uint32_t mark,
			   struct addr *local);
	/*
	 * The addresses that this host can be reached at, without those of our own interfaces: at
	 * most @max of them into @addrs. Returns how many.
	 */
	unsigned int (*addresses)(void *ctx, struct addr *addrs, unsigned int max);

	/*
	 * Begins a job; ike_job_done() follows, never from inside this call. False: it cannot even
	 * begin. One that does not end is given up by the engine; its late result is ignored.
	 */
	bool (*job)(void *ctx, uint32_t id, const struct ike_job *job);
	/* Nobody will take another step of it; one may be under way, or none have been. */
	void (*forget)(void *ctx, uint32_t conversation);

	/*
	 * The tunnel is about to talk to @remote: the module is there, the interface is made if
	 * need be, and what this host sends to @remote goes beside it. Called at each attempt of
	 * ours or a peer's, and, with an @remote of family 0, before packets wait. 0, or a
	 * negative errno with a sentence in @why (-ENOENT: no module; -EADDRNOTAVAIL: the
	 * configured local address is not this host's).
	 */
	int (*device_up)(void *ctx, uint32_t tunnel, const struct addr *remote,
			 char why[IKE_WHY_MAX]);
	/*
	 * Kernel operations on the device of a tunnel that device_up has made: 0, or a negative
	 * errno with a sentence in @why. policy_set makes or changes a policy; sa_add takes in, out
	 * or both: all or nothing; -ENOENT: the policy is not there any more. What policy_del and
	 * sa_del do not find is gone: no error. Peers choose outbound SPIs: several policies may
	 * have the same.
	 */
	int (*spi_alloc)(void *ctx, uint32_t tunnel, uint32_t *spi, char why[IKE_WHY_MAX]);
	int (*policy_set)(void *ctx, uint32_t tunnel, const struct kern_policy *policy,
			  char why[IKE_WHY_MAX]);
	int (*policy_del)(void *ctx, uint32_t tunnel, uint32_t policy);
	int (*sa_add)(void *ctx, uint32_t tunnel, uint32_t policy, const struct kern_sa *in,
		      const struct kern_sa *out, char why[IKE_WHY_MAX]);
	int (*sa_del)(void *ctx, uint32_t tunnel, uint32_t policy, uint32_t spi, bool out);
	/*
	 * Seconds since a packet came to an inbound SA of the policy by the policy's addresses: a
	 * sign of life, RFC 4555 3.12. UINT64_MAX: never, or unknown.
	 */
	uint64_t (*idle)(void *ctx, uint32_t tunnel, uint32_t policy);

	/*
	 * Addresses and routes of a child whose policy and SAs the kernel has, or, where it waits
	 * for packets, the policy alone; again when selectors or endpoints have changed. 0, or a
	 * negative errno with a sentence in @why: the child then fails. @note: empty, or a
	 * sentence for a person.
	 */
	int (*child_up)(void *ctx, const struct ike_child_link *link, char note[IKE_WHY_MAX],
			char why[IKE_WHY_MAX]);
	/*
	 * Takes them away again; where traffic may not pass in the clear it is blocked from now on.
	 */
	void (*child_down)(void *ctx, const struct ike_child_link *link);
	/*
	 * An address of a pool is bound to an identity (NULL: to nobody any more), for as long as
	 * no other call says something else of it: to be given to ike_lease_restore() by the next
	 * engine.
	 */
	void (*lease)(void *ctx, const char *pool, const struct addr *addr,
		      const struct ike_id *id);
	/* No peer of the tunnel is up, coming up or to come up: its interface may go. */
	void (*device_down)(void *ctx, uint32_t tunnel);

	void (*event)(void *ctx, const struct ike_event *ev);
};

#endif
