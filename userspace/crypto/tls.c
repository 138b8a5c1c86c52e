// SPDX-License-Identifier: GPL-2.0
#include "crypto/tls.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/cert.h"
#include "crypto/tls_scheme.h"
#include "lib/fiber.h"

/* No RSA that encrypts: only signatures leave the process with the key. */
#define TLS_PRIORITY	"SECURE128:-VERS-ALL:+VERS-TLS1.2:-RSA"
#define TLS_TURNS_MAX	64
#define TLS_TYPE_TLS	13		/* EAP-TLS: RFC 9190 2.5, a server's last word */

struct tls {
	struct tls_setup setup;
	gnutls_session_t session;
	gnutls_certificate_credentials_t cred;
	struct fiber *fiber;		/* amid a step */
	enum tls_state state;
	bool shaken;			/* the handshake is complete */
	int pk;				/* of our certificate, GNUTLS_PK_ */
	unsigned int bits;
	struct chunk in;		/* the caller's: what is left of this flight */
	uint8_t out[TLS_FLIGHT_MAX];
	size_t out_len;
	uint8_t heard[TLS_INNER_MAX];	/* inside */
	size_t heard_len;
	enum tls_state waits;		/* of the fiber: for what */
	bool open;			/* verify() has not decided */
	bool given_up;			/* nobody answers any more */
	/* TLS_SIGN: views of the library's and the caller's. */
	uint16_t scheme;
	struct chunk to_sign, signature;
	char why[TLS_WHY_MAX];
};

/* ---- transport */

static ssize_t tls_pull(gnutls_transport_ptr_t ptr, void *buf, size_t len)
{
	struct tls *t = ptr;

	if (!t->in.len) {
		gnutls_transport_set_errno(t->session, EAGAIN);
		return -1;
	}
	len = len < t->in.len ? len : t->in.len;
	memcpy(buf, t->in.p, len);
	t->in.p += len;
	t->in.len -= len;
	return (ssize_t)len;
}

static int tls_pull_timeout(gnutls_transport_ptr_t ptr, unsigned int ms)
{
	const struct tls *t = ptr;

	return t->in.len ? 1 : 0;
}

static ssize_t tls_push(gnutls_transport_ptr_t ptr, const void *buf, size_t len)
{
	struct tls *t = ptr;

	if (len > sizeof(t->out) - t->out_len) {
		gnutls_transport_set_errno(t->session, EMSGSIZE);
		return -1;
	}
	memcpy(t->out + t->out_len, buf, len);
	t->out_len += len;
	return (ssize_t)len;
}

/* ---- answers from outside */

/* Amid a step. */
static void tls_wait(struct tls *t, enum tls_state what)
{
	t->waits = what;
	if (!t->given_up)
		fiber_pause(t->fiber);
}

static enum tls_state tls_go_on(struct tls *t)
{
	if (fiber_run(t->fiber))
		return t->waits;
	fiber_free(t->fiber);
	t->fiber = NULL;
	t->in = (struct chunk){ 0 };
	return t->state;
}

/* ---- our key, which is elsewhere */

/* PKCS#1 v1.5 comes as DigestInfo: the scheme and the hash of that. */
static bool tls_undress(struct tls *t, const gnutls_datum_t *data, uint8_t hash[64])
{
	gnutls_digest_algorithm_t digest;
	unsigned int len = 64;

	if (gnutls_decode_ber_digest_info(data, &digest, hash, &len) < 0)
		return false;
	t->scheme = tls_scheme_of(gnutls_pk_to_sign(GNUTLS_PK_RSA, digest));
	t->to_sign = (struct chunk){ hash, len };
	return true;
}

/* Of the hash of what is signed; with EdDSA, which hashes by itself, of all of it. */
static int tls_on_sign(gnutls_privkey_t key, gnutls_sign_algorithm_t algorithm, void *ctx,
		       unsigned int flags, const gnutls_datum_t *data, gnutls_datum_t *signature)
{
	struct tls *t = ctx;
	uint8_t hash[64];

	t->scheme = tls_scheme_of(algorithm);
	t->to_sign = (struct chunk){ data->data, data->size };
	if (algorithm == GNUTLS_SIGN_RSA_RAW && !tls_undress(t, data, hash))
		return GNUTLS_E_PK_SIGN_FAILED;
	t->signature = (struct chunk){ 0 };
	tls_wait(t, TLS_SIGN);
	if (!t->signature.len)
		return GNUTLS_E_PK_SIGN_FAILED;
	signature->data = gnutls_malloc(t->signature.len);
	if (!signature->data)
		return GNUTLS_E_MEMORY_ERROR;
	memcpy(signature->data, t->signature.p, t->signature.len);
	signature->size = (unsigned int)t->signature.len;
	return 0;
}

static int tls_on_info(gnutls_privkey_t key, unsigned int flags, void *ctx)
{
	const struct tls *t = ctx;

	if (flags & GNUTLS_PRIVKEY_INFO_PK_ALGO)
		return t->pk;
	if (flags & GNUTLS_PRIVKEY_INFO_PK_ALGO_BITS)
		return (int)t->bits;
	if (flags & GNUTLS_PRIVKEY_INFO_HAVE_SIGN_ALGO)
		return gnutls_sign_supports_pk_algorithm(GNUTLS_FLAGS_TO_SIGN_ALGO(flags),
							 (gnutls_pk_algorithm_t)t->pk);
	return -1;
}

/* Its two are the library's, also where it does not take them. */
static bool tls_pcerts(struct tls *t, gnutls_pcert_st pcert[CERT_CHAIN_MAX], unsigned int *count)
{
	const struct chunk_list *list = t->setup.certs;

	if (chunk_list_count(list) > CERT_CHAIN_MAX)
		return false;
	for (*count = 0; *count < chunk_list_count(list); (*count)++) {
		const struct chunk *c = &list->chunk[*count];
		gnutls_datum_t der = { (unsigned char *)c->p, (unsigned int)c->len };

		if (gnutls_pcert_import_x509_raw(&pcert[*count], &der, GNUTLS_X509_FMT_DER, 0) < 0)
			return false;
	}
	return *count && (t->pk = gnutls_pubkey_get_pk_algorithm(pcert[0].pubkey, &t->bits)) >= 0;
}

static bool tls_own(struct tls *t)
{
	gnutls_pcert_st pcert[CERT_CHAIN_MAX];
	gnutls_privkey_t key = NULL;
	unsigned int count = 0;
	bool ok;

	ok = tls_pcerts(t, pcert, &count) && gnutls_privkey_init(&key) == 0 &&
	     gnutls_privkey_import_ext4(key, t, tls_on_sign, tls_on_sign, NULL, NULL,
					 tls_on_info, 0) == 0;
	/* whether they fit was seen where the key is */
	gnutls_certificate_set_flags(t->cred, GNUTLS_CERTIFICATE_SKIP_KEY_CERT_MATCH);
	if (ok && gnutls_certificate_set_key(t->cred, NULL, 0, pcert, (int)count, key) >= 0)
		return true;
	while (count)
		gnutls_pcert_deinit(&pcert[--count]);
	if (key)
		gnutls_privkey_deinit(key);
	return false;
}

/* ---- the peer's certificate */

unsigned int tls_peer(const struct tls *t, struct chunk certs[CERT_CHAIN_MAX])
{
	unsigned int count = 0;
	const gnutls_datum_t *list = gnutls_certificate_get_peers(t->session, &count);

	for (unsigned int i = 0; i < count && i < CERT_CHAIN_MAX; i++)
		certs[i] = (struct chunk){ list[i].data, list[i].size };
	return count;
}

static int tls_on_verify(gnutls_session_t session)
{
	struct tls *t = gnutls_session_get_ptr(session);
	struct chunk certs[CERT_CHAIN_MAX];
	enum tls_verdict verdict;
	unsigned int count = tls_peer(t, certs);
	size_t octets = 0;

	for (unsigned int i = 0; i < count && i < CERT_CHAIN_MAX; i++)
		octets += certs[i].len;
	if (!count || count > CERT_CHAIN_MAX || octets > CERT_OCTETS_MAX) {
		snprintf(t->why, sizeof(t->why), "%u certificates, %zu octets: not 1 to %d and %d at most",
			 count, octets, CERT_CHAIN_MAX, CERT_OCTETS_MAX);
		return GNUTLS_E_CERTIFICATE_ERROR;
	}
	verdict = t->setup.verify(t->setup.ctx, certs, count, t->why);
	t->open = verdict == TLS_OPEN;
	return verdict == TLS_REFUSED ? GNUTLS_E_CERTIFICATE_ERROR : 0;
}

static bool tls_ask(struct tls *t)
{
	for (unsigned int i = 0; i < chunk_list_count(t->setup.ca); i++) {
		const struct chunk *c = &t->setup.ca->chunk[i];
		gnutls_datum_t der = { (unsigned char *)c->p, (unsigned int)c->len };

		if (gnutls_certificate_set_x509_trust_mem(t->cred, &der, GNUTLS_X509_FMT_DER) < 0)
			return false;
	}
	gnutls_certificate_server_set_request(t->session, GNUTLS_CERT_REQUIRE);
	return true;
}

/* ---- a session */

/* The client proves itself inside, not by a certificate. */
static bool tls_is_tunnel(const struct tls *t)
{
	return t->setup.type == TLS_TYPE_TTLS;
}

static unsigned int tls_flags(const struct tls *t)
{
	unsigned int flags = GNUTLS_NONBLOCK | GNUTLS_NO_TICKETS | GNUTLS_NO_SIGNAL;

	if (t->setup.server)
		return flags | GNUTLS_SERVER;
	return flags | GNUTLS_CLIENT | (tls_is_tunnel(t) ? 0 : GNUTLS_FORCE_CLIENT_CERT);
}

/* Who has to prove itself by certificate has one, who wants one asks. */
static bool tls_certified(struct tls *t)
{
	if (t->setup.server)
		return tls_own(t) && (tls_is_tunnel(t) || tls_ask(t));
	return tls_is_tunnel(t) || tls_own(t);
}

static bool tls_open(struct tls *t)
{
	const char *priority;

	if (gnutls_certificate_allocate_credentials(&t->cred) < 0 ||
	    gnutls_init(&t->session, tls_flags(t)) < 0)
		return false;
	gnutls_session_set_ptr(t->session, t);
	gnutls_transport_set_ptr(t->session, t);
	gnutls_transport_set_pull_function(t->session, tls_pull);
	gnutls_transport_set_pull_timeout_function(t->session, tls_pull_timeout);
	gnutls_transport_set_push_function(t->session, tls_push);
	gnutls_handshake_set_max_packet_length(t->session, TLS_FLIGHT_MAX);
	gnutls_session_set_verify_function(t->session, tls_on_verify);
	priority = t->setup.old ? TLS_PRIORITY : TLS_PRIORITY ":+VERS-TLS1.3";
	return gnutls_priority_set_direct(t->session, priority, NULL) == 0 && tls_certified(t) &&
	       gnutls_credentials_set(t->session, GNUTLS_CRD_CERTIFICATE, t->cred) == 0;
}

struct tls *tls_new(const struct tls_setup *setup)
{
	struct tls *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->setup = *setup;
	if (tls_open(t)) {
		t->setup.certs = t->setup.ca = NULL;
		return t;
	}
	tls_free(t);
	return NULL;
}

void tls_free(struct tls *t)
{
	if (!t)
		return;
	t->given_up = true;
	if (t->fiber)			/* so that the library gives up what it holds */
		tls_go_on(t);
	if (t->session)
		gnutls_deinit(t->session);
	if (t->cred)
		gnutls_certificate_free_credentials(t->cred);
	mem_free_wiped(t, sizeof(*t));
}

/* An alert of a client that is asked for its certificate counts as that it has none. */
static bool tls_was_told(const struct tls *t, int rc)
{
	return rc == GNUTLS_E_FATAL_ALERT_RECEIVED ||
	       (rc == GNUTLS_E_NO_CERTIFICATE_FOUND &&
		gnutls_alert_get(t->session) != GNUTLS_A_CLOSE_NOTIFY);
}

static enum tls_state tls_fail(struct tls *t, int rc)
{
	if (!t->why[0] && tls_was_told(t, rc))
		snprintf(t->why, sizeof(t->why), "the other end of TLS says: %s",
			 gnutls_alert_get_name(gnutls_alert_get(t->session)));
	else if (!t->why[0])
		snprintf(t->why, sizeof(t->why), "TLS: %s", gnutls_strerror(rc));
	if (!tls_was_told(t, rc))
		gnutls_alert_send_appropriate(t->session, rc);
	return TLS_FAILED;
}

static bool tls_has_last_word(const struct tls *t)
{
	return t->setup.type == TLS_TYPE_TLS &&
	       gnutls_protocol_get_version(t->session) == GNUTLS_TLS1_3;
}

/* What comes after the end can only be an alert. */
static enum tls_state tls_after(struct tls *t)
{
	uint8_t word[1];
	ssize_t n = gnutls_record_recv(t->session, word, sizeof(word));

	return tls_fail(t, n < 0 ? (int)n : GNUTLS_E_UNEXPECTED_PACKET);
}

/* RFC 9190 2.5: the server sends one octet, 0, after which no handshake message follows. */
static enum tls_state tls_last_word(struct tls *t)
{
	uint8_t word[2];
	ssize_t n;

	if (!tls_has_last_word(t))
		return TLS_DONE;
	if (t->setup.server) {
		n = gnutls_record_send(t->session, "", 1);
		return n == 1 ? TLS_DONE : tls_fail(t, (int)n);
	}
	n = gnutls_record_recv(t->session, word, sizeof(word));
	if (n == GNUTLS_E_AGAIN && t->out_len)
		return TLS_MORE;
	if (n == 1 && !word[0])
		return TLS_DONE;
	if (n == GNUTLS_E_AGAIN)
		snprintf(t->why, sizeof(t->why), "the server ends TLS 1.3 without the last word of "
			 "EAP-TLS (RFC 9190 2.5): let it speak TLS 1.2 only");
	return tls_fail(t, n < 0 ? (int)n : GNUTLS_E_UNEXPECTED_PACKET);
}

/* What the peer says inside. */
static enum tls_state tls_hear(struct tls *t)
{
	ssize_t n = 1;

	while (n > 0 && t->heard_len < sizeof(t->heard)) {
		n = gnutls_record_recv(t->session, t->heard + t->heard_len,
				       sizeof(t->heard) - t->heard_len);
		t->heard_len += n > 0 ? (size_t)n : 0;
	}
	if (n == GNUTLS_E_AGAIN)
		return TLS_DONE;
	if (n >= 0)
		snprintf(t->why, sizeof(t->why), n ? "it says more inside of TLS than %zu octets" :
			 "it ends TLS", sizeof(t->heard) - 1);
	return tls_fail(t, n < 0 ? (int)n : GNUTLS_E_UNEXPECTED_PACKET);
}

/* 0, GNUTLS_E_AGAIN, or what has failed. */
static int tls_shake(struct tls *t)
{
	int rc = GNUTLS_E_AGAIN;

	/* a warning of the peer's ends a turn, nothing else: each has octets of the flight */
	for (unsigned int turns = 0; turns < TLS_TURNS_MAX; turns++) {
		rc = gnutls_handshake(t->session);
		if (!rc || rc == GNUTLS_E_AGAIN || gnutls_error_is_fatal(rc))
			return rc;
	}
	return rc;
}

/* What is still open of the peer's certificate. */
static bool tls_is_judged(struct tls *t)
{
	if (t->open)
		tls_wait(t, TLS_JUDGE);
	if (t->open && t->given_up)
		snprintf(t->why, sizeof(t->why), "TLS was given up");
	t->open = false;
	return !t->why[0];
}

static void tls_run(void *ctx)
{
	struct tls *t = ctx;
	int rc;

	if (t->state == TLS_DONE) {
		t->state = tls_is_tunnel(t) ? tls_hear(t) : tls_after(t);
		return;
	}
	rc = t->shaken ? 0 : tls_shake(t);
	t->shaken = !rc;
	if (rc == GNUTLS_E_AGAIN)
		t->state = TLS_MORE;
	else if (rc)
		t->state = tls_fail(t, rc);
	else if (t->in.len && !tls_is_tunnel(t) && (t->setup.server || !tls_has_last_word(t)))
		t->state = tls_after(t);	/* it takes back what it has just said */
	else if (tls_is_judged(t))
		t->state = tls_is_tunnel(t) ? tls_hear(t) : tls_last_word(t);
	else
		t->state = tls_fail(t, GNUTLS_E_CERTIFICATE_ERROR);
}

/* The last step's. */
static void tls_forget(struct tls *t)
{
	mem_wipe(t->heard, t->heard_len);
	t->out_len = t->heard_len = 0;
}

enum tls_state tls_step(struct tls *t, struct chunk flight)
{
	tls_forget(t);
	t->in = flight;
	t->fiber = fiber_new(tls_run, t);
	if (t->fiber)
		return tls_go_on(t);
	snprintf(t->why, sizeof(t->why), "no memory");
	return TLS_FAILED;
}

enum tls_state tls_say(struct tls *t, struct chunk octets)
{
	ssize_t n = GNUTLS_E_INVALID_REQUEST;

	tls_forget(t);
	if (tls_is_tunnel(t) && t->state == TLS_DONE && octets.len <= TLS_INNER_MAX)
		n = gnutls_record_send(t->session, octets.p, octets.len);
	if (n < 0 || (size_t)n != octets.len)
		t->state = tls_fail(t, n < 0 ? (int)n : GNUTLS_E_PUSH_ERROR);
	return t->state;
}

struct chunk tls_to_sign(const struct tls *t, uint16_t *scheme)
{
	*scheme = t->scheme;
	return t->to_sign;
}

enum tls_state tls_signed(struct tls *t, struct chunk signature)
{
	t->signature = signature;
	return tls_go_on(t);
}

enum tls_state tls_judged(struct tls *t, const char *why)
{
	snprintf(t->why, sizeof(t->why), "%s", why);
	return tls_go_on(t);
}

struct chunk tls_out(const struct tls *t)
{
	return (struct chunk){ t->out, t->out_len };
}

struct chunk tls_heard(const struct tls *t)
{
	return (struct chunk){ t->heard, t->heard_len };
}

const char *tls_why(const struct tls *t)
{
	return t->why;
}

const char *tls_version(const struct tls *t)
{
	const char *name = gnutls_protocol_get_name(gnutls_protocol_get_version(t->session));

	return name ? name : "TLS";
}

/* Of TLS 1.2 and before: a secret of both ends' under that label. */
static bool tls_derive(const struct tls *t, const char *label, uint8_t *out, size_t len)
{
	return gnutls_prf(t->session, strlen(label), label, 0, 0, NULL, len, (char *)out) == 0;
}

/* Of TLS 1.3. */
static bool tls_export(const struct tls *t, const char *label, struct chunk context, uint8_t *out,
		       size_t len)
{
	return gnutls_prf_rfc5705(t->session, strlen(label), label, context.len,
				  (const char *)context.p, len, (char *)out) == 0;
}

static bool tls_is_new(const struct tls *t)
{
	return gnutls_protocol_get_version(t->session) == GNUTLS_TLS1_3;
}

bool tls_msk(const struct tls *t, uint8_t msk[TLS_MSK_LEN])
{
	const struct chunk type = { &t->setup.type, 1 };

	if (tls_is_new(t))
		return tls_export(t, "EXPORTER_EAP_TLS_Key_Material", type, msk, TLS_MSK_LEN);
	return tls_derive(t, tls_is_tunnel(t) ? "ttls keying material" : "client EAP encryption",
			  msk, TLS_MSK_LEN);
}

bool tls_challenge(const struct tls *t, uint8_t challenge[TLS_CHALLENGE_LEN])
{
	static const char label[] = "ttls challenge";

	if (tls_is_new(t))
		return tls_export(t, label, (struct chunk){ 0 }, challenge, TLS_CHALLENGE_LEN);
	return tls_derive(t, label, challenge, TLS_CHALLENGE_LEN);
}
