// SPDX-License-Identifier: GPL-2.0
/*
 * GnuTLS decides on the chain (RFC 5280 6); here is what it leaves to its caller, and the sentence
 * that says why a chain is refused.
 */
#include "crypto/trust.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/chain_type.h"
#include "crypto/crypto.h"
#include "crypto/dn.h"
#include "crypto/fetched.h"
#include "crypto/proven.h"
#include "lib/addr.h"
#include "lib/log.h"
#include "suite/ikev2.h"

#define TRUST_STEPS_MAX	(4 * CERT_CHAIN_MAX)	/* that one check reports */

struct trust {
	gnutls_x509_trust_list_t list;	/* owns the CAs' certificates */
	gnutls_x509_crt_t *ca;		/* which are these */
	unsigned int ca_count;
	struct proven proven;
	struct revoke_lists lists;
	struct fetched fetched;
	enum revocation revocation;
	bool legacy;
};

/* A certificate and who has issued it, as GnuTLS reports it. */
struct trust_step {
	gnutls_x509_crt_t crt, issuer;
	unsigned int status;
};

/* GnuTLS gives its callbacks no context. */
static struct {
	time_t now;
	struct trust_step step[TRUST_STEPS_MAX];
	unsigned int count;
	const struct chunk *ocsp;	/* of the claim */
	unsigned int ocsp_count;
} checking;

static time_t trust_clock(time_t *when)
{
	if (when)
		*when = checking.now;
	return checking.now;
}

static int trust_on_step(gnutls_x509_crt_t crt, gnutls_x509_crt_t issuer, gnutls_x509_crl_t crl,
			 unsigned int status)
{
	if (checking.count < TRUST_STEPS_MAX)
		checking.step[checking.count++] = (struct trust_step){ crt, issuer, status };
	return 0;
}

static bool trust_refuse(char why[TRUST_WHY_MAX], const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static bool trust_refuse(char why[TRUST_WHY_MAX], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, TRUST_WHY_MAX, fmt, ap);
	va_end(ap);
	return false;
}

/* Of CAs in DER; the list owns those that it has taken. */
static bool trust_add(struct trust *t, const struct chunk_list *ca)
{
	t->ca = calloc(chunk_list_count(ca) + 1, sizeof(*t->ca));
	if (!t->ca)
		return false;
	for (unsigned int i = 0; i < chunk_list_count(ca); i++) {
		gnutls_x509_crt_t crt = cert_import(ca->chunk[i]);

		if (!crt)
			return false;
		if (gnutls_x509_trust_list_add_cas(t->list, &crt, 1, 0) != 1) {
			gnutls_x509_crt_deinit(crt);
			return false;
		}
		t->ca[t->ca_count++] = crt;
	}
	return true;
}

struct trust *trust_new(const struct chunk_list *ca, const struct chunk_list *crl,
			enum revocation revocation, bool legacy)
{
	struct trust *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->revocation = revocation;
	t->legacy = legacy;
	if (gnutls_x509_trust_list_init(&t->list, 0) == 0 && trust_add(t, ca) &&
	    revoke_lists_read(&t->lists, crl))
		return t;
	trust_free(t);
	return NULL;
}

void trust_free(struct trust *t)
{
	if (!t)
		return;
	if (t->list)
		gnutls_x509_trust_list_deinit(t->list, 1);
	revoke_lists_free(&t->lists);
	fetched_free(&t->fetched);
	proven_free(&t->proven);
	free(t->ca);
	free(t);
}

static unsigned int trust_flags(const struct trust *t)
{
	if (t->legacy)
		return GNUTLS_VERIFY_ALLOW_BROKEN | GNUTLS_VERIFY_ALLOW_SIGN_WITH_SHA1;
	return (unsigned int)GNUTLS_PROFILE_TO_VFLAGS(GNUTLS_PROFILE_MEDIUM);
}

/* Why */

/* The last of the certificates on the way up from the end entity's. */
static gnutls_x509_crt_t trust_top(const gnutls_x509_crt_t *crt, unsigned int count)
{
	gnutls_x509_crt_t top = crt[0];

	for (unsigned int i = 0; i < count; i++) {
		unsigned int j = 1;

		while (j < count && (crt[j] == top || !gnutls_x509_crt_check_issuer(top, crt[j])))
			j++;
		if (j >= count)
			break;
		top = crt[j];
	}
	return top;
}

static bool trust_say_time(gnutls_x509_crt_t crt, bool expired, char why[TRUST_WHY_MAX])
{
	time_t when = expired ? gnutls_x509_crt_get_expiration_time(crt) :
				gnutls_x509_crt_get_activation_time(crt);
	char name[CERT_NAME_MAX], text[32], now[32];

	return trust_refuse(why, "the certificate of %s %s %s (it is %s here)",
			    cert_subject_of(crt, name),
			    expired ? "has expired on" : "is not valid before",
			    cert_time_str(when, text), cert_time_str(checking.now, now));
}

/* A certificate out of time, the step's own or its issuer's; NULL: neither. */
static gnutls_x509_crt_t trust_out_of_time(const struct trust_step *step, bool expired)
{
	gnutls_x509_crt_t both[2] = { step->crt, step->issuer };

	for (unsigned int i = 0; i < 2; i++) {
		if (!both[i])
			continue;
		if (expired ? gnutls_x509_crt_get_expiration_time(both[i]) < checking.now :
			      gnutls_x509_crt_get_activation_time(both[i]) > checking.now)
			return both[i];
	}
	return NULL;
}

static bool trust_say_weak(const struct trust_step *step, bool legacy, char why[TRUST_WHY_MAX])
{
	gnutls_sign_algorithm_t algorithm =
		(gnutls_sign_algorithm_t)gnutls_x509_crt_get_signature_algorithm(step->crt);
	char name[CERT_NAME_MAX], detail[CERT_WHY_MAX];

	if (!cert_key_is_strong(step->crt, legacy, detail))
		return trust_refuse(why, "the certificate of %s: %s",
				    cert_subject_of(step->crt, name), detail);
	if (step->issuer && !cert_key_is_strong(step->issuer, legacy, detail))
		return trust_refuse(why, "the certificate of %s: %s",
				    cert_subject_of(step->issuer, name), detail);
	return trust_refuse(why, "the certificate of %s is signed with %s, which can be forged: "
			    "have it issued anew, or allow-legacy = yes",
			    cert_subject_of(step->crt, name),
			    gnutls_sign_get_name(algorithm) ? gnutls_sign_get_name(algorithm) :
							      "an unknown algorithm");
}

/* What @status says of one step. */
static bool trust_say_step(const struct trust_step *step, unsigned int status, bool legacy,
			   char why[TRUST_WHY_MAX])
{
	char name[CERT_NAME_MAX], issuer[CERT_NAME_MAX];
	gnutls_x509_crt_t late = trust_out_of_time(step, true);
	gnutls_x509_crt_t early = trust_out_of_time(step, false);

	cert_subject_of(step->crt, name);
	cert_issuer_of(step->crt, issuer);
	if (status & GNUTLS_CERT_SIGNATURE_FAILURE)
		return trust_refuse(why, "the certificate of %s is not signed by %s, whose name it "
				    "has as its issuer's", name, issuer);
	if (status & GNUTLS_CERT_INSECURE_ALGORITHM)
		return trust_say_weak(step, legacy, why);
	if (status & GNUTLS_CERT_EXPIRED && late)
		return trust_say_time(late, true, why);
	if (status & GNUTLS_CERT_NOT_ACTIVATED && early)
		return trust_say_time(early, false, why);
	if (status & GNUTLS_CERT_SIGNER_NOT_CA)
		return trust_refuse(why, "the certificate of %s is issued by %s, which may not "
				    "issue certificates: it is no CA, or its key usage has no "
				    "keyCertSign", name, issuer);
	if (status & GNUTLS_CERT_SIGNER_CONSTRAINTS_FAILURE)
		return trust_refuse(why, "the certificate of %s is outside of what its CA may "
				    "issue: its name constraints, or the length of its path", name);
	if (status & GNUTLS_CERT_UNKNOWN_CRIT_EXTENSIONS)
		return trust_refuse(why, "the certificate of %s has a critical extension that is "
				    "not known here", name);
	return trust_refuse(why, "the certificate of %s is not valid", name);
}

/* Has one of the tunnel's CAs the name that @crt has as its issuer's? */
static bool trust_knows_issuer(const struct trust *t, gnutls_x509_crt_t crt)
{
	gnutls_x509_crt_t ca = NULL;
	gnutls_datum_t dn = { 0 };
	bool knows;

	knows = gnutls_x509_crt_get_raw_issuer_dn(crt, &dn) == 0 &&
		gnutls_x509_trust_list_get_issuer_by_dn(t->list, &dn, &ca, 0) == 0;
	gnutls_free(dn.data);
	if (ca)
		gnutls_x509_crt_deinit(ca);	/* a copy */
	return knows;
}

static bool trust_say_unknown(const struct trust *t, gnutls_x509_crt_t top,
			      char why[TRUST_WHY_MAX])
{
	char name[CERT_NAME_MAX], issuer[CERT_NAME_MAX];

	cert_subject_of(top, name);
	cert_issuer_of(top, issuer);
	if (trust_knows_issuer(t, top))
		return trust_refuse(why, "the certificate of %s is not signed by the tunnel's CA %s, "
				    "but by another of that name", name, issuer);
	return trust_refuse(why, "the certificate of %s is issued by %s, which is none of the "
			    "tunnel's CAs: give its certificate in ca (of a second proof: "
			    "second-ca)", name, issuer);
}

static bool trust_say(const struct trust *t, const gnutls_x509_crt_t *crt, unsigned int count,
		      unsigned int status, char why[TRUST_WHY_MAX])
{
	const unsigned int unknown = GNUTLS_CERT_SIGNER_NOT_FOUND;
	struct trust_step step = { crt[0], NULL, status };

	for (unsigned int i = 0; i < checking.count; i++) {
		if (checking.step[i].status & ~(GNUTLS_CERT_INVALID | unknown)) {
			step = checking.step[i];
			break;
		}
	}
	if (status & unknown && !(step.status & ~(GNUTLS_CERT_INVALID | unknown)))
		return trust_say_unknown(t, trust_top(crt, count), why);
	return trust_say_step(&step, step.status | status, t->legacy, why);
}

/* What GnuTLS leaves to us */

/* A CA that the peer has sent can be restricted to other things than IKE. */
static bool trust_purposes_fit(const gnutls_x509_crt_t *crt, unsigned int count,
			       char why[TRUST_WHY_MAX])
{
	char name[CERT_NAME_MAX];

	for (unsigned int i = 0; i < checking.count; i++) {
		gnutls_x509_crt_t issuer = checking.step[i].issuer;

		for (unsigned int j = 1; j < count; j++) {
			if (issuer == crt[j] && !cert_purpose_fits(issuer))
				return trust_refuse(why, "the CA %s may not issue certificates "
						    "for IKE: its extended key usage",
						    cert_subject_of(issuer, name));
		}
	}
	return true;
}

static bool trust_say_revoked(gnutls_x509_crt_t crt, time_t when, char why[TRUST_WHY_MAX])
{
	char name[CERT_NAME_MAX], text[32];

	return trust_refuse(why, "the certificate of %s was revoked on %s",
			    cert_subject_of(crt, name), cert_time_str(when, text));
}

/* Revocation is strict, and nothing says that it is good. */
static bool trust_say_undecided(const struct trust *t, const struct trust_step *step,
				gnutls_x509_crl_t stale, char why[TRUST_WHY_MAX])
{
	char name[CERT_NAME_MAX], text[32], asked[TRUST_WHY_MAX / 2];

	if (fetched_str(&t->fetched, step->crt, asked, sizeof(asked)))
		return trust_refuse(why, "nothing says that %.60s is not revoked, and revocation is "
				    "strict: %s", cert_subject_of(step->crt, name), asked);
	cert_subject_of(step->issuer, name);
	if (stale)
		return trust_refuse(why, "the revocation list of %s is stale, its next was due on "
				    "%s: fetch it, or revocation = if-available", name,
				    cert_time_str(revoke_due(stale), text));
	return trust_refuse(why, "there is no revocation list of %s, and revocation is strict: "
			    "give it in crl", name);
}

static bool trust_is_good(struct trust *t, const struct trust_step *step, struct trust_need *need,
			  char why[TRUST_WHY_MAX])
{
	enum revoke_verdict verdict;
	gnutls_x509_crl_t stale;
	char name[CERT_NAME_MAX];
	time_t when = 0;

	verdict = revoke_judge(&t->lists, step->crt, step->issuer, trust_flags(t), checking.now,
			       &when, &stale);
	if (verdict == REVOKE_UNKNOWN)
		verdict = fetched_judge(&t->fetched, step->crt, step->issuer, trust_flags(t),
					checking.now, &when);
	if (verdict == REVOKE_UNKNOWN)
		verdict = fetched_judge_sent(checking.ocsp, checking.ocsp_count, step->crt,
					     step->issuer, trust_flags(t), checking.now, &when);
	if (verdict == REVOKE_REVOKED)
		return trust_say_revoked(step->crt, when, why);
	if (verdict == REVOKE_GOOD)
		return true;
	if (need && fetched_needs(&t->fetched, step->crt, step->issuer, checking.now, need))
		return trust_refuse(why, "it is not known yet whether the certificate of %s is "
				    "revoked", cert_subject_of(step->crt, name));
	return t->revocation != REVOCATION_STRICT || trust_say_undecided(t, step, stale, why);
}

static bool trust_not_revoked(struct trust *t, struct trust_need *need, char why[TRUST_WHY_MAX])
{
	if (t->revocation == REVOCATION_OFF)
		return true;
	for (unsigned int i = 0; i < checking.count; i++) {
		const struct trust_step *step = &checking.step[i];

		if (step->issuer && !trust_is_good(t, step, need, why))
			return false;
	}
	return true;
}

static const char *trust_id_str(const struct trust_claim *claim, char buf[CERT_NAME_MAX])
{
	struct addr addr;

	if (claim->id_type == ID_DER_ASN1_DN)
		dn_str(claim->id, buf, CERT_NAME_MAX);
	else if ((claim->id_type == ID_IPV4_ADDR || claim->id_type == ID_IPV6_ADDR) &&
		 addr_from_bytes(&addr, claim->id.p, claim->id.len))
		addr_str(&addr, buf);
	else
		log_escape((const char *)claim->id.p, claim->id.len, buf, CERT_NAME_MAX);
	return buf;
}

static bool trust_identity_fits(gnutls_x509_crt_t crt, const struct trust_claim *claim,
				char why[TRUST_WHY_MAX])
{
	char names[CERT_WHY_MAX], id[CERT_NAME_MAX];

	if (cert_names_of(crt, claim->id_type, claim->id, names))
		return true;
	return trust_refuse(why, "the peer says that it is %s, but its certificate %.120s",
			    trust_id_str(claim, id), names);
}

static time_t trust_until(gnutls_x509_crt_t end)
{
	time_t first = gnutls_x509_crt_get_expiration_time(end);

	for (unsigned int i = 0; i < checking.count; i++) {
		gnutls_x509_crt_t issuer = checking.step[i].issuer;
		time_t until = issuer ? gnutls_x509_crt_get_expiration_time(issuer) : first;

		if (until < first)
			first = until;
	}
	return first;
}

/* What is remembered of a path */

static bool trust_digest(const struct chain *chain, uint8_t digest[PROVEN_DIGEST])
{
	uint32_t len[CERT_CHAIN_MAX];
	struct chunk parts[2 * CERT_CHAIN_MAX];

	for (unsigned int i = 0; i < chain->count; i++) {
		len[i] = (uint32_t)chain->der[i].len;
		parts[2 * i] = (struct chunk){ (const uint8_t *)&len[i], sizeof(len[i]) };
		parts[2 * i + 1] = chain->der[i];
	}
	return sha256(parts, 2 * chain->count, digest);
}

/* Its number among them, or @count. */
static unsigned int trust_number(const gnutls_x509_crt_t *list, unsigned int count,
				 gnutls_x509_crt_t crt)
{
	unsigned int i = 0;

	while (i < count && list[i] != crt)
		i++;
	return i;
}

/* Narrows the time in which all of @path is valid. */
static void trust_narrow(struct proven_path *path, gnutls_x509_crt_t crt)
{
	time_t from = gnutls_x509_crt_get_activation_time(crt);
	time_t until = gnutls_x509_crt_get_expiration_time(crt);

	path->from = from > path->from ? from : path->from;
	path->until = until < path->until ? until : path->until;
}

/* The path that was just verified is right. */
static void trust_remember(struct trust *t, const gnutls_x509_crt_t *crt, unsigned int count,
			   struct proven_path *path)
{
	path->from = gnutls_x509_crt_get_activation_time(crt[0]);
	path->until = gnutls_x509_crt_get_expiration_time(crt[0]);
	if (!checking.count || checking.count > PROVEN_STEPS_MAX)
		return;
	for (path->count = 0; path->count < checking.count; path->count++) {
		const struct trust_step *step = &checking.step[path->count];
		unsigned int which = trust_number(crt, count, step->crt);
		unsigned int issuer = trust_number(crt, count, step->issuer);
		bool by_ca = issuer == count;

		if (by_ca)
			issuer = trust_number(t->ca, t->ca_count, step->issuer);
		if (which == count || (by_ca && issuer == t->ca_count))
			return;
		trust_narrow(path, step->crt);
		trust_narrow(path, step->issuer);
		path->step[path->count] = (struct proven_step){
			.crt = (uint8_t)which, .by_ca = by_ca, .issuer = (uint16_t)issuer,
		};
	}
	proven_add(&t->proven, path);
}

/* As if it had been verified now. */
static void trust_recall(const struct trust *t, const gnutls_x509_crt_t *crt,
			 const struct proven_path *path)
{
	for (checking.count = 0; checking.count < path->count; checking.count++) {
		const struct proven_step *step = &path->step[checking.count];

		checking.step[checking.count] = (struct trust_step){
			.crt = crt[step->crt],
			.issuer = step->by_ca ? t->ca[step->issuer] : crt[step->issuer],
		};
	}
}

/* Is there a path from the first of them to a CA? */
static bool trust_verify(struct trust *t, const struct chain *chain, char why[TRUST_WHY_MAX])
{
	const gnutls_x509_crt_t *crt = chain->crt;
	gnutls_x509_crt_t sorted[CERT_CHAIN_MAX];	/* by GnuTLS */
	const struct proven_path *known;
	struct proven_path path = { 0 };
	unsigned int status = 0;

	if (!trust_digest(chain, path.digest))
		return trust_refuse(why, "the peer's certificates cannot be verified");
	known = proven_find(&t->proven, path.digest, checking.now);
	if (known) {
		trust_recall(t, crt, known);
		return true;
	}
	memcpy(sorted, crt, chain->count * sizeof(*crt));
	if (gnutls_x509_trust_list_verify_crt(t->list, sorted, chain->count, trust_flags(t),
					      &status, trust_on_step) < 0)
		return trust_refuse(why, "the peer's certificates cannot be verified");
	if (status)
		return trust_say(t, crt, chain->count, status, why);
	trust_remember(t, crt, chain->count, &path);
	return true;
}

bool trust_check(struct trust *t, const struct trust_claim *claim, time_t *until,
		 struct trust_need *need, char why[TRUST_WHY_MAX])
{
	const struct chain *chain = claim->chain;
	char name[CERT_NAME_MAX], detail[CERT_WHY_MAX];

	if (need)
		need->url[0] = '\0';
	checking.now = claim->now;
	checking.count = 0;
	checking.ocsp = claim->ocsp;
	checking.ocsp_count = claim->ocsp_count;
	gnutls_global_set_time_function(trust_clock);
	if (!trust_verify(t, chain, why))
		return false;
	if (!cert_is_usable_of(chain->crt[0], t->legacy, detail))
		return trust_refuse(why, "the certificate of %s: %.140s",
				    cert_subject_of(chain->crt[0], name), detail);
	*until = trust_until(chain->crt[0]);
	return trust_purposes_fit(chain->crt, chain->count, why) &&
	       trust_identity_fits(chain->crt[0], claim, why) && trust_not_revoked(t, need, why);
}

void trust_learn(struct trust *t, const struct trust_need *need, struct chunk octets,
		 const char *why, time_t now)
{
	fetched_learn(&t->fetched, need, octets, why, now);
}
