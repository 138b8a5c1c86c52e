/* SPDX-License-Identifier: GPL-2.0 */
/*
 * EAP, RFC 3748, inside IKE_AUTH (RFC 7296 2.16): one of either end's packets at a time, carried
 * reliably, so that EAP's own retransmission is not needed. Private to ike/auth/ and tests.
 */
#ifndef IKE_EAP_H
#define IKE_EAP_H

#include "crypto/mschap.h"
#include "ike/auth/auth.h"
#include "lib/cursor.h"

/* What one conversation may take: the packets of the other end, and all their octets. */
#define EAP_ROUNDS_MAX		64
#define EAP_OCTETS_MAX		65536
#define EAP_HEADER_LEN		5	/* with the type */

enum eap_code { EAP_REQUEST = 1, EAP_RESPONSE, EAP_SUCCESS, EAP_FAILURE };

enum eap_type {
	EAP_TYPE_IDENTITY = 1,
	EAP_TYPE_NOTIFICATION = 2,
	EAP_TYPE_NAK = 3,
	EAP_TYPE_MD5 = 4,
	EAP_TYPE_TLS = 13,
	EAP_TYPE_TTLS = 21,
	EAP_TYPE_MSCHAPV2 = 26,
	EAP_TYPE_EXPANDED = 254,
	EAP_TYPE_RADIUS = 255,		/* none: what a RADIUS server asks for (eap_radius.c) */
};

/* A view of one packet. */
struct eap_packet {
	uint8_t code, id;
	uint8_t type;			/* of requests and responses; else 0 */
	struct chunk data;		/* behind the type */
};

struct eap;

/*
 * One method. It is given what the other end says in it, and the same again where a job was needed
 * (AUTH_PENDING).
 */
struct eap_method {
	const char *name;		/* as esplane.conf has it */
	uint8_t type;
	bool mutual;			/* proves both ends, gives a key: RFC 5998 4 */
	bool password;			/* the client's proof is one, which can be guessed */
	bool pass;			/* server: another one speaks, in whatever type it wants */
	/*
	 * TLS is only the way to it: what follows where that is at its end, and each time that the
	 * peer has said something inside, or we have. NULL: nothing, both are proved.
	 */
	enum auth_state (*tunnel)(struct eap *e);
	/*
	 * Server: @in NULL: it begins. AUTH_MORE: a request is built; AUTH_DONE: the peer is who it
	 * says.
	 */
	enum auth_state (*server)(struct eap *e, const struct eap_packet *in);
	/* Client: AUTH_MORE: a response is built; @e->proved: EAP-Success may follow. */
	enum auth_state (*client)(struct eap *e, const struct eap_packet *in);
	/* What its job has brought, where @made is not the place for it. NULL: it is. */
	void (*take)(struct eap *e, const struct ike_job_result *result);
};

/* One conversation, of either end: auth_session.priv. */
struct eap {
	struct auth_session *s;
	unsigned int rounds;
	size_t octets;
	uint8_t id, type;		/* of the last request; @type: client only */
	bool asked;			/* a request has been: @id counts */
	uint8_t allowed[EAP_METHODS_MAX];	/* types, 0 after the last */
	uint32_t refused;		/* server: bit n, the peer does not want allowed[n] */
	uint8_t user[TUNNEL_ID_MAX];	/* who the client says it is */
	size_t user_len;
	/* RADIUS: who the server says it is, which counts instead; no octets: it does not say */
	uint8_t named[TUNNEL_ID_MAX];
	size_t named_len;
	const struct eap_method *method;	/* the one under way */
	bool proved;			/* client: nothing is missing but EAP-Success */
	bool notified;			/* client: a notification is in the log */
	bool named_why;			/* server: @s->why says already who it is about */
	char why[IKE_WHY_MAX];		/* why EAP-Failure will follow; "": not known */
	/* Client: the last answer, for a copy of the request. RADIUS: the server's request. */
	uint8_t last[AUTH_OUT_MAX];
	size_t last_len;

	/* Of methods. */
	unsigned int phase;
	uint8_t challenge[MSCHAP_CHALLENGE_LEN];	/* ours */
	uint8_t theirs[MSCHAP_CHALLENGE_LEN];
	/* What the job has brought. */
	uint8_t made[IKE_EAP_OUT_MAX];
	size_t made_len;
	struct eap_tls *tls;		/* eap_tls.c; NULL: it has not begun */
	/* eap_ttls.c: the EAP inside of TLS; NULL: nothing is said there yet. */
	struct auth_session *inner;
	bool welcomed;			/* MS-CHAP-V2 inside: the server has proved itself, too */
	uint32_t conversation;		/* eap_radius.c; 0: it has not begun */
};

/* eap_packet.c. Octets behind the packet's own length are padding. False: malformed. */
bool eap_packet_parse(struct chunk octets, struct eap_packet *p);
/* Into s->out: the rest is what @w gets. Request and response have a type. */
struct writer eap_packet_begin(struct eap *e, uint8_t code, uint8_t type);
/* Completes it. AUTH_MORE, or AUTH_FAILED where it does not fit. */
enum auth_state eap_packet_end(struct eap *e, const struct writer *w);
/* The client, as remote-id and `ikectl status` name it: the name that is proved, once one is. */
struct ike_id eap_packet_user(const struct eap *e);
/* A client's answer to who it is, or its own beginning. */
enum auth_state eap_packet_identity(struct eap *e);
/* Success or failure of the conversation. */
void eap_packet_verdict(struct eap *e, uint8_t code);
enum auth_state eap_packet_fail(struct eap *e, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Begins a job; a server's counts as a guess, until it was right. AUTH_PENDING; or AUTH_FAILED. */
enum auth_state eap_packet_ask(struct eap *e, enum ike_eap what, struct chunk octets);
/* Of a server's client: has it been wrong too often? It counts as a guess, until it was right. */
bool eap_packet_guesses(struct eap *e);
/* The job has ended: true once. */
bool eap_packet_answered(struct eap *e);
/* The step comes again because a job has ended, not because the peer has said something. */
bool eap_packet_resumes(const struct eap *e);

extern const struct eap_method eap_md5, eap_mschapv2, eap_tls, eap_ttls, eap_radius;

/* eap_new.c. Without methods yet; NULL: no memory, or the tunnel has gone. */
struct eap *eap_new(struct auth_session *s);
/* A conversation within @outer, of passwords only; NULL: no memory. auth_free() ends it. */
struct auth_session *eap_new_inner(const struct eap *outer);

/* eap_tls.c: what it holds. Twice is fine. */
void eap_tls_end(struct eap *e);
/* For what goes through TLS, steps of eap_method. */
enum auth_state eap_tls_server(struct eap *e, const struct eap_packet *in);
enum auth_state eap_tls_client(struct eap *e, const struct eap_packet *in);
void eap_tls_take(struct eap *e, const struct ike_job_result *result);
/* Is TLS at its end, and has the peer all of our flight? */
bool eap_tls_is_open(const struct eap *e);
/* What the peer has said inside; no octets: nothing. */
struct chunk eap_tls_heard(const struct eap *e);
const uint8_t *eap_tls_challenge(const struct eap *e);	/* IKE_CHALLENGE_LEN octets */
/* Says that inside, which is forgotten when the job has ended. AUTH_PENDING or AUTH_FAILED. */
enum auth_state eap_tls_inside(struct eap *e, struct chunk octets);
/* The next packet of our flight, or one without any of it. */
enum auth_state eap_tls_say(struct eap *e);
/* eap_radius.c: likewise. */
void eap_radius_end(struct eap *e);

/* eap_method.c */
const struct eap_method *eap_method_find(uint8_t type);		/* NULL: unknown */
const struct eap_method *eap_method_named(const char *name);
const char *eap_method_name(uint8_t type, char buf[32]);
/* "mschapv2, md5" */
const char *eap_method_list(const uint8_t types[EAP_METHODS_MAX], char buf[128]);

/* Of MS-CHAP-V2: what the job has made. */
#define MADE_RESPONSE(e)	((e)->made)
#define MADE_PROOF(e)		((e)->made + MSCHAP_RESPONSE_LEN)
#define MADE_MSK(e)		((e)->made + MSCHAP_RESPONSE_LEN + MSCHAP_PROOF_LEN)

void eap_mschapv2_hex(struct writer *w, const uint8_t *p, size_t len);
/* "S=" and 40 hexadecimal digits: the server knows the password too. */
bool eap_mschapv2_proves(const struct eap *e, const char *text);

enum auth_state eap_server_step(struct eap *e, struct chunk input);
/* eap_verdict.c. What follows a step of a server's method that has come to @state. */
enum auth_state eap_verdict_server(struct eap *e, enum auth_state state);
enum auth_state eap_client_step(struct eap *e, struct chunk input);

#endif
