// SPDX-License-Identifier: GPL-2.0
/* Chains, revocation lists and identities: who is believed, and the sentence for who is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <gnutls/x509.h>
#include "crypto/dn.h"
#include "crypto/trust.h"
#include "fake/fake_chain.h"
#include "lib/array.h"
#include "pki.h"
#include "suite/ikev2.h"

#define DAY	86400

static const struct chunk gw = { (const uint8_t *)"gw.example.org", 14 };
static char why[TRUST_WHY_MAX];
static time_t until;

static struct chunk_list *crls(const char *file)
{
	struct chunk_list *list = file ? cert_load_crl(pki_file(file), why) : NULL;

	if (file && !list)
		fail_msg("%s: %s", file, why);
	return list;
}

/* Trusts @cas, "ca rsaca", with the lists of a file, NULL: none. */
static struct trust *trust(const char *cas, const char *crl, enum revocation revocation,
			   bool legacy)
{
	struct chunk_list *list = crls(crl), *ca;
	struct chunk chunk[4];
	unsigned int count = 0;
	char names[64], *at;
	struct trust *t;

	snprintf(names, sizeof(names), "%s", cas);
	for (at = strtok(names, " "); at; at = strtok(NULL, " "))
		chunk[count++] = pki_cert(at);
	ca = chunk_list_new(chunk, count);
	t = trust_new(ca, list, revocation, legacy);
	assert_non_null(t);
	chunk_list_put(ca);
	chunk_list_put(list);
	return t;
}

static unsigned int verified;	/* times that GnuTLS was asked for a path */

int __real_gnutls_x509_trust_list_verify_crt(gnutls_x509_trust_list_t list,
					     gnutls_x509_crt_t *cert_list, unsigned int size,
					     unsigned int flags, unsigned int *voutput,
					     gnutls_verify_output_function func);
int __wrap_gnutls_x509_trust_list_verify_crt(gnutls_x509_trust_list_t list,
					     gnutls_x509_crt_t *cert_list, unsigned int size,
					     unsigned int flags, unsigned int *voutput,
					     gnutls_verify_output_function func);

int __wrap_gnutls_x509_trust_list_verify_crt(gnutls_x509_trust_list_t list,
					     gnutls_x509_crt_t *cert_list, unsigned int size,
					     unsigned int flags, unsigned int *voutput,
					     gnutls_verify_output_function func)
{
	verified++;
	return __real_gnutls_x509_trust_list_verify_crt(list, cert_list, size, flags, voutput,
							func);
}

/* What is said of a claim is said again, whatever is remembered of it. */
static bool steadily(struct trust *t, const struct chunk *certs, unsigned int count,
		     struct trust_claim *claim)
{
	bool ok = chain_trusted(t, certs, count, claim, &until, NULL, why);
	char said[TRUST_WHY_MAX];
	time_t then = until;

	memcpy(said, why, sizeof(said));
	assert_int_equal(chain_trusted(t, certs, count, claim, &until, NULL, why), ok);
	if (!ok)
		assert_string_equal(why, said);
	assert_int_equal(until, then);
	return ok;
}

/* Is the chain "deep sub" believed by @t for @id at @now from today? */
static bool believed(struct trust *t, const char *chain, uint8_t type, struct chunk id, long days)
{
	struct trust_claim claim = {
		.id_type = type, .id = id, .now = time(NULL) + days * DAY,
	};
	struct chunk certs[CERT_CHAIN_MAX];
	unsigned int count = 0;
	char names[128], *at;

	why[0] = '\0';
	snprintf(names, sizeof(names), "%s", chain);
	for (at = strtok(names, " "); at; at = strtok(NULL, " "))
		certs[count++] = pki_cert(at);
	return steadily(t, certs, count, &claim);
}

static bool simply(const char *cas, const char *chain, bool legacy)
{
	struct trust *t = trust(cas, NULL, REVOCATION_IF_AVAILABLE, legacy);
	bool ok = believed(t, chain, ID_FQDN, gw, 0);

	trust_free(t);
	return ok;
}

static void good_chains(void **state)
{
	static const char *const chains[] = {
		"p256", "rsa2048", "pss", "p384", "p521", "ed25519", "ed448", "deep sub", "names",
		"signs", "ike", "client", "any", "inside fenced",
		"deep p256 sub ca",	/* in any order, with others and the CA's own */
		"deep sub sub sub",
	};

	for (size_t i = 0; i < ARRAY_SIZE(chains); i++) {
		if (!simply("other ca", chains[i], false))
			fail_msg("%s: %s", chains[i], why);
		assert_in_range(until, time(NULL) + 364 * DAY, time(NULL) + 366 * DAY);
	}
	/* a CA that is not a root is trusted as much, and a certificate itself */
	assert_true(simply("sub", "deep", false));
	assert_true(simply("p256", "p256", false));
}

/* Each refusal and its sentence. */
static const struct {
	const char *cas, *chain, *why;
	bool legacy;			/* does allow-legacy let it in? */
} bad[] = {
	{ "other", "p256", "the certificate of C=DE, O=Example, CN=p256 is issued by C=DE, "
	  "O=Example, CN=Root, which is none of the tunnel's CAs: give its certificate in ca "
	  "(of a second proof: second-ca)" },
	{ "other", "deep sub", "the certificate of C=DE, O=Example, CN=Sub is issued by C=DE, "
	  "O=Example, CN=Root, which is none of the tunnel's CAs: give its certificate in ca "
	  "(of a second proof: second-ca)" },
	{ "ca", "deep", "the certificate of CN=deep is issued by C=DE, O=Example, CN=Sub, which is "
	  "none of the tunnel's CAs: give its certificate in ca "
	  "(of a second proof: second-ca)" },
	{ "ca", "stranger other", "the certificate of C=DE, O=Other, CN=Root is issued by C=DE, "
	  "O=Other, CN=Root, which is none of the tunnel's CAs: give its certificate in ca "
	  "(of a second proof: second-ca)" },
	{ "ca", "forged", "the certificate of CN=forged is not signed by the tunnel's CA C=DE, "
	  "O=Example, CN=Root, but by another of that name" },
	{ "ca", "rsa1024", "the certificate of C=DE, O=Example, CN=rsa1024: its key is weak: 1024 "
	  "bits, where 2048 are the least (1024 with allow-legacy = yes)", true },
	{ "ca", "dsa", "the certificate of CN=dsa: its key is a DSA key, which can be broken: use "
	  "another, or allow-legacy = yes", true },
	{ "ca", "sha1", "the certificate of CN=sha1 is signed with ECDSA-SHA1, which can be forged: "
	  "have it issued anew, or allow-legacy = yes", true },
	{ "rsaca", "md5", "the certificate of CN=md5 is signed with RSA-MD5, which can be forged: "
	  "have it issued anew, or allow-legacy = yes", true },
	{ "ca", "encipher", "the certificate of CN=encipher: its key usage has neither "
	  "digitalSignature nor nonRepudiation: it is not for signing" },
	{ "ca", "mail", "the certificate of CN=mail: its extended key usage has none of serverAuth, "
	  "clientAuth and ipsecIKE: it is not for IKE" },
	{ "ca", "critical", "the certificate of CN=critical has a critical extension that is not "
	  "known here" },
	{ "ca", "undernotca notca", "the certificate of CN=undernotca is issued by C=DE, O=Example, "
	  "CN=Not a CA, which may not issue certificates: it is no CA, or its key usage has no "
	  "keyCertSign" },
	{ "ca", "undermailca mailca", "the CA C=DE, O=Example, CN=Mail may not issue certificates "
	  "for IKE: its extended key usage" },
	{ "ca", "outside fenced", "the certificate of CN=outside is outside of what its CA may "
	  "issue: its name constraints, or the length of its path" },
	{ "ca", "excluded fenced", "the certificate of CN=excluded is outside of what its CA may "
	  "issue: its name constraints, or the length of its path" },
	{ "ca", "toodeep below short", "the certificate of CN=toodeep is outside of what its CA may "
	  "issue: its name constraints, or the length of its path" },
	{ "ca", "nameless", "the peer says that it is gw.example.org, but its certificate speaks "
	  "for C=DE, O=Ex\\x2c Ample, CN=G\xc3\xa4te" },
};

static void refusals(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (simply(bad[i].cas, bad[i].chain, false))
			fail_msg("%s is believed", bad[i].chain);
		assert_string_equal(why, bad[i].why);
		if (simply(bad[i].cas, bad[i].chain, true) != bad[i].legacy)
			fail_msg("allow-legacy with %s: %s", bad[i].chain, why);
	}
}

/* Who comes again costs no signature of a CA's; all else is looked at again. */
static void paths_are_remembered(void **state)
{
	static const char *const chains[] = { "p256", "deep sub", "deep p256 sub ca" };
	const struct chunk other = { (const uint8_t *)"other.example.org", 17 };
	struct trust *t = trust("other ca", NULL, REVOCATION_IF_AVAILABLE, false);

	for (size_t i = 0; i < ARRAY_SIZE(chains); i++) {
		verified = 0;
		for (unsigned int j = 0; j < 5; j++)
			assert_true(believed(t, chains[i], ID_FQDN, gw, 0));
		assert_int_equal(verified, 1);
		assert_false(believed(t, chains[i], ID_FQDN, other, 0));
		assert_int_equal(verified, 1);
		/* out of its time it is verified, so that the sentence says what is wrong */
		assert_false(believed(t, chains[i], ID_FQDN, gw, 400));
		assert_non_null(strstr(why, "has expired on"));
		assert_int_equal(verified, 3);
		assert_false(believed(t, chains[i], ID_FQDN, gw, -400));
		assert_int_equal(verified, 5);
		assert_true(believed(t, chains[i], ID_FQDN, gw, 0));
		assert_int_equal(verified, 5);
	}
	trust_free(t);

	/* what was refused is no path, and another's CA proves nothing here */
	t = trust("other", NULL, REVOCATION_IF_AVAILABLE, false);
	verified = 0;
	assert_false(believed(t, "p256", ID_FQDN, gw, 0));
	assert_int_equal(verified, 2);
	trust_free(t);

	/* revoked in the meantime or not: the path is known, the list is asked */
	t = trust("ca", "subrevoked.crl", REVOCATION_IF_AVAILABLE, false);
	verified = 0;
	assert_false(believed(t, "deep sub", ID_FQDN, gw, 0));
	assert_non_null(strstr(why, "the certificate of C=DE, O=Example, CN=Sub was revoked on"));
	assert_int_equal(verified, 1);
	trust_free(t);
}

static void a_changed_octet(void **state)
{
	struct trust *t = trust("ca", NULL, REVOCATION_IF_AVAILABLE, true);
	struct chunk cert = pki_cert("p256");
	struct trust_claim claim = { NULL, ID_FQDN, gw, time(NULL) };
	uint8_t *octets = (uint8_t *)cert.p;

	assert_true(chain_trusted(t, &cert, 1, &claim, &until, NULL, why));
	for (size_t i = 0; i < cert.len; i++) {
		octets[i] ^= 0x10;
		if (chain_trusted(t, &cert, 1, &claim, &until, NULL, why))
			fail_msg("octet %zu may be another", i);
		octets[i] ^= 0x10;
	}
	octets[cert.len - 1] ^= 1;
	assert_false(chain_trusted(t, &cert, 1, &claim, &until, NULL, why));
	assert_string_equal(why, "the certificate of C=DE, O=Example, CN=p256 is not signed by "
			    "C=DE, O=Example, CN=Root, whose name it has as its issuer's");
	trust_free(t);
}

static void times(void **state)
{
	struct trust *t = trust("ca", NULL, REVOCATION_IF_AVAILABLE, false);

	assert_false(believed(t, "p256", ID_FQDN, gw, 367));
	assert_non_null(strstr(why, "certificate of C=DE, O=Example, CN=p256 has expired on 20"));
	assert_non_null(strstr(why, " UTC (it is 20"));
	assert_false(believed(t, "p256", ID_FQDN, gw, -1));
	assert_non_null(strstr(why, "CN=p256 is not valid before 20"));
	/* the root's own end */
	assert_false(believed(t, "p256", ID_FQDN, gw, 3660));
	assert_non_null(strstr(why, " has expired on "));
	trust_free(t);
}

static void identities(void **state)
{
	static const uint8_t v4[] = { 192, 0, 2, 1 }, other4[] = { 192, 0, 2, 2 };
	static const uint8_t v6[16] = { 0x20, 1, 0xd, 0xb8, [15] = 1 };
	struct trust *t = trust("ca", NULL, REVOCATION_IF_AVAILABLE, false);
	uint8_t dn[128];
	struct chunk id;

#define TEXT(text)	((struct chunk){ (const uint8_t *)(text), sizeof(text) - 1 })
	assert_true(believed(t, "names", ID_FQDN, TEXT("GW.example.ORG"), 0));
	assert_true(believed(t, "names", ID_RFC822_ADDR, TEXT("alice@example.org"), 0));
	assert_true(believed(t, "names", ID_IPV4_ADDR, (struct chunk){ v4, 4 }, 0));
	assert_true(believed(t, "names", ID_IPV6_ADDR, (struct chunk){ v6, 16 }, 0));
	id = (struct chunk){ dn, dn_parse("C=DE, O=Example, CN=names", dn, sizeof(dn)) };
	assert_true(believed(t, "names", ID_DER_ASN1_DN, id, 0));
	id = (struct chunk){ dn, dn_parse("C=DE, O=Ex\\, ample, CN=G\xc3\xa4te", dn, sizeof(dn)) };
	assert_true(believed(t, "nameless", ID_DER_ASN1_DN, id, 0));

	assert_false(believed(t, "names", ID_FQDN, TEXT("alice@example.org"), 0));
	assert_string_equal(why, "the peer says that it is alice@example.org, but its certificate "
			    "speaks for gw.example.org, *.wild.example.org, alice@example.org, "
			    "192.0.2.1, 2001:db8::1, C=DE, O=Example, CN=names");
	assert_false(believed(t, "names", ID_FQDN, TEXT("a.wild.example.org"), 0));
	assert_false(believed(t, "names", ID_FQDN, TEXT("names"), 0));	/* the CN is no DNS name */
	assert_false(believed(t, "names", ID_FQDN, TEXT("gw.example.org\0.net"), 0));
	assert_false(believed(t, "names", ID_FQDN, TEXT("gw.example.or"), 0));
	assert_false(believed(t, "names", ID_IPV4_ADDR, (struct chunk){ other4, 4 }, 0));
	assert_non_null(strstr(why, "the peer says that it is 192.0.2.2, but"));
	assert_false(believed(t, "names", ID_KEY_ID, TEXT("gw.example.org"), 0));
	assert_false(believed(t, "names", ID_DER_ASN1_DN, id, 0));
	assert_false(believed(t, "names", ID_FQDN, TEXT(""), 0));
	trust_free(t);
}

static void names_for_ourselves(void **state)
{
	uint8_t name[64], type;

	assert_int_equal(cert_first_name(pki_cert("names"), &type, name, sizeof(name)), 14);
	assert_int_equal(type, ID_FQDN);
	assert_memory_equal(name, "gw.example.org", 14);
	assert_int_equal(cert_first_name(pki_cert("nameless"), &type, name, sizeof(name)), 51);
	assert_int_equal(type, ID_DER_ASN1_DN);
	assert_int_equal(cert_first_name(pki_cert("names"), &type, name, 3), 0);
	assert_int_equal(cert_first_name(pki_file("p256.pem"), &type, name, sizeof(name)), 0);
}

/* Is "p256", "revoked", "deep sub" believed with the lists of @crl? */
static bool listed(const char *crl, enum revocation revocation, const char *chain, long days)
{
	struct trust *t = trust("ca", crl, revocation, false);
	bool ok = believed(t, chain, ID_FQDN, gw, days);

	trust_free(t);
	return ok;
}

static void revocation_lists(void **state)
{
	assert_true(listed("good.crl", REVOCATION_STRICT, "p256", 0));
	assert_true(listed("good.crl.der", REVOCATION_STRICT, "p256", 0));
	assert_false(listed("good.crl", REVOCATION_STRICT, "revoked", 0));
	assert_string_equal(why, "the certificate of CN=revoked was revoked on 2026-01-01 00:00:00 "
			    "UTC");
	assert_false(listed("good.crl", REVOCATION_IF_AVAILABLE, "revoked", 0));
	assert_true(listed("good.crl", REVOCATION_OFF, "revoked", 0));

	/* none */
	assert_true(listed(NULL, REVOCATION_IF_AVAILABLE, "revoked", 0));
	assert_false(listed(NULL, REVOCATION_STRICT, "p256", 0));
	assert_string_equal(why, "there is no revocation list of C=DE, O=Example, CN=Root, and "
			    "revocation is strict: give it in crl");
	/* of another CA, which has revoked the same serial number */
	assert_true(listed("foreign.crl", REVOCATION_IF_AVAILABLE, "revoked", 0));
	assert_false(listed("foreign.crl", REVOCATION_STRICT, "p256", 0));

	/* stale: not good enough for strict, but what is on it stays revoked */
	assert_false(listed("good.crl", REVOCATION_STRICT, "p256", 40));
	assert_non_null(strstr(why, "the revocation list of C=DE, O=Example, CN=Root is stale, its "
				    "next was due on 20"));
	assert_true(listed("good.crl", REVOCATION_IF_AVAILABLE, "p256", 40));
	assert_false(listed("good.crl", REVOCATION_IF_AVAILABLE, "revoked", 40));

	/* each issuer of the path */
	assert_false(listed("good.crl", REVOCATION_STRICT, "deep sub", 0));
	assert_string_equal(why, "there is no revocation list of C=DE, O=Example, CN=Sub, and "
			    "revocation is strict: give it in crl");
	assert_true(listed("both.crl", REVOCATION_STRICT, "deep sub", 0));
	assert_false(listed("subrevoked.crl", REVOCATION_IF_AVAILABLE, "deep sub", 0));
	assert_non_null(strstr(why, "the certificate of C=DE, O=Example, CN=Sub was revoked on"));
}

/* Fetching */

static struct trust_need need;

static bool asked(struct trust *t, const char *chain, long seconds)
{
	struct chunk cert = pki_cert(chain);
	struct trust_claim claim = { NULL, ID_FQDN, gw, time(NULL) + seconds };

	return chain_trusted(t, &cert, 1, &claim, &until, &need, why);
}

/* What openssl ocsp answers to what is to be asked, by this index and signer. */
static struct chunk response(const char *index, const char *signer, const char *options)
{
	char name[32];
	static unsigned int count;
	FILE *f = fopen(pki_path("request"), "w");

	assert_true(need.ocsp && need.request_len);
	fwrite(need.request, 1, need.request_len, f);
	fclose(f);
	snprintf(name, sizeof(name), "response.%u", count++);
	assert_int_equal(pki_shell("openssl ocsp -index %s.index -CA ca.pem -rsigner %s.pem -rkey "
				   "%s.key -reqin request -respout %s %s", index, signer,
				   strcmp(signer, "ca") ? "gate" : "ca", name, options), 0);
	return pki_file(name);
}

/* One question and its answer, from the beginning: what is then said of the certificate? */
static bool answered(enum revocation revocation, const char *index, const char *signer,
		     const char *options, long seconds)
{
	const struct chunk none = { 0 };
	struct trust *t = trust("ca", NULL, revocation, false);
	bool ok;

	assert_false(asked(t, "asked", 0));
	assert_string_equal(need.url, "http://127.0.0.1:8888/ocsp");
	trust_learn(t, &need, response(index, signer, options), NULL, time(NULL));
	ok = asked(t, "asked", seconds);
	if (need.url[0]) {	/* that says nothing: the list is next */
		assert_string_equal(need.url, seconds ? "http://127.0.0.1:8888/ocsp" :
				    "http://127.0.0.1:8888/ca.crl");
		if (!seconds)
			trust_learn(t, &need, none, "no route to host", time(NULL));
		ok = asked(t, "asked", 0);
	}
	trust_free(t);
	return ok;
}

static void fetched_responses(void **state)
{
	assert_true(answered(REVOCATION_STRICT, "asked.good", "ca", "-ndays 1", 0));
	assert_true(answered(REVOCATION_STRICT, "asked.good", "responder", "-ndays 1", 0));
	assert_false(answered(REVOCATION_IF_AVAILABLE, "asked.revoked", "ca", "-ndays 1", 0));
	assert_string_equal(why, "the certificate of CN=asked was revoked on 2026-01-01 00:00:00 UTC");
	assert_false(answered(REVOCATION_IF_AVAILABLE, "asked.revoked", "responder", "-nmin 1", 0));
	/* of a signer that the issuer has not made one: it says nothing at all */
	assert_true(answered(REVOCATION_IF_AVAILABLE, "asked.revoked", "deep", "-ndays 1", 0));
	assert_false(answered(REVOCATION_STRICT, "asked.good", "deep", "-ndays 1", 0));
	assert_string_equal(why, "nothing says that CN=asked is not revoked, and revocation is strict: "
			    "http://127.0.0.1:8888/ocsp: what it says does not count: another has signed "
			    "it, or it is stale");
}

/* With a response that the peer itself has sent: accepted? */
static bool sent_at(struct trust *t, const char *chain, struct chunk first, struct chunk second,
		    time_t now)
{
	const struct chunk ocsp[] = { first, second };
	struct chunk cert = pki_cert(chain);
	struct trust_claim claim = { NULL, ID_FQDN, gw, now, ocsp, 2 };

	return chain_trusted(t, &cert, 1, &claim, &until, &need, why);
}

static bool sent(struct trust *t, const char *chain, struct chunk first, struct chunk second)
{
	return sent_at(t, chain, first, second, time(NULL));
}

/* RFC 4806: as what is fetched, and nothing of it is kept. */
static void sent_responses(void **state)
{
	const struct chunk junk = { (const uint8_t *)"junk", 4 }, none = { 0 };
	struct trust *t = trust("ca", NULL, REVOCATION_STRICT, false);
	struct chunk good, revoked;

	assert_false(asked(t, "asked", 0));
	good = response("asked.good", "ca", "-ndays 1");
	revoked = response("asked.revoked", "responder", "-ndays 1");
	assert_true(sent(t, "asked", junk, good));
	assert_string_equal(need.url, "");
	assert_false(sent(t, "asked", good, revoked));
	assert_string_equal(why, "the certificate of CN=asked was revoked on 2026-01-01 00:00:00 UTC");
	assert_false(asked(t, "asked", 0));
	assert_string_equal(need.url, "http://127.0.0.1:8888/ocsp");
	/* of a signer that the issuer has not made one, of another certificate, of none */
	assert_false(sent(t, "asked", response("asked.good", "deep", "-ndays 1"), junk));
	assert_string_equal(need.url, "http://127.0.0.1:8888/ocsp");
	assert_false(sent(t, "p256", good, none));
	assert_string_equal(why, "there is no revocation list of C=DE, O=Example, CN=Root, and "
			    "revocation is strict: give it in crl");
	/* of before yesterday: the certificate may be revoked since, so it is looked up */
	assert_false(asked(t, "asked", 0));
	good = response("asked.good", "ca", "-ndays 9");
	assert_true(sent_at(t, "asked", good, none, time(NULL) + 80000));
	assert_false(sent_at(t, "asked", good, none, time(NULL) + 90000));
	assert_string_equal(need.url, "http://127.0.0.1:8888/ocsp");
	assert_false(asked(t, "asked", 0));
	/* what is fetched, or listed, goes before */
	trust_learn(t, &need, revoked, NULL, time(NULL));
	assert_false(asked(t, "asked", 0));
	trust_free(t);
}

static void fetched_lists(void **state)
{
	struct trust *t = trust("ca", NULL, REVOCATION_STRICT, false);
	const struct chunk none = { 0 }, junk = { (const uint8_t *)"junk", 4 };

	assert_false(asked(t, "asked", 0));
	trust_learn(t, &need, junk, NULL, time(NULL));
	assert_false(asked(t, "asked", 0));
	assert_string_equal(need.url, "http://127.0.0.1:8888/ca.crl");
	assert_false(need.ocsp);
	trust_learn(t, &need, pki_file("good.crl.der"), NULL, time(NULL));
	assert_true(asked(t, "asked", 0));
	/* it counts a day at most, then it is asked for again, the responder first */
	assert_true(asked(t, "asked", DAY - 10));
	assert_false(asked(t, "asked", 31 * DAY));
	assert_string_equal(need.url, "http://127.0.0.1:8888/ocsp");
	/* a list of another's does not count, and is asked for again soon */
	trust_free(t);
	t = trust("ca", NULL, REVOCATION_STRICT, false);
	assert_false(asked(t, "asked", 0));
	trust_learn(t, &need, none, "timeout", time(NULL));
	assert_false(asked(t, "asked", 0));
	trust_learn(t, &need, pki_file("foreign.crl"), NULL, time(NULL));
	assert_false(asked(t, "asked", 0));
	assert_string_equal(need.url, "");
	assert_non_null(strstr(why, "ocsp: timeout"));
	assert_false(asked(t, "asked", 61));
	assert_string_equal(need.url, "http://127.0.0.1:8888/ocsp");
	/* with a list that is given nothing is asked for, and where nobody wants to know */
	trust_free(t);
	t = trust("ca", "good.crl", REVOCATION_STRICT, false);
	assert_true(asked(t, "asked", 0));
	trust_free(t);
	t = trust("ca", NULL, REVOCATION_OFF, false);
	assert_true(asked(t, "asked", 0));
	/* http, and no other */
	trust_free(t);
	t = trust("ca", NULL, REVOCATION_IF_AVAILABLE, false);
	assert_true(asked(t, "ldap", 0));
	/* who is not believed anyway makes nothing be fetched */
	assert_false(asked(t, "asked", 400 * DAY));
	assert_string_equal(need.url, "");
	trust_free(t);
}

/* However many there are, the newest stay. */
static void fetched_many(void **state)
{
	struct trust *t = trust("ca", NULL, REVOCATION_STRICT, false);
	struct trust_need other = { .url = "http://x/" };
	const struct chunk list = pki_file("good.crl.der"), none = { 0 };

	assert_false(asked(t, "asked", 0));
	trust_learn(t, &need, response("asked.good", "ca", "-ndays 1"), NULL, time(NULL));
	for (unsigned int i = 0; i < 1000; i++) {
		snprintf(other.url, sizeof(other.url), "http://x/%u", i);
		trust_learn(t, &other, i % 2 ? list : none, "no",
			    time(NULL));
		if (i == 50)
			assert_true(asked(t, "asked", 0));
	}
	trust_free(t);
	t = trust("ca", NULL, REVOCATION_STRICT, false);
	trust_learn(t, &other, (struct chunk){ pki_cert("ca").p, 20 << 20 }, NULL, time(NULL));
	trust_free(t);
}

static void too_much(void **state)
{
	struct trust *t = trust("ca", NULL, REVOCATION_IF_AVAILABLE, false);
	struct trust_claim claim = { NULL, ID_FQDN, gw, time(NULL) };
	static uint8_t large[CERT_OCTETS_MAX + 1];
	struct chunk certs[CERT_CHAIN_MAX + 1];

	for (size_t i = 0; i < ARRAY_SIZE(certs); i++)
		certs[i] = pki_cert("p256");
	assert_null(chain_read(certs, CERT_CHAIN_MAX + 1, why));
	assert_string_equal(why, "the peer has sent 9 certificates; 8 are the most");
	assert_true(chain_trusted(t, certs, CERT_CHAIN_MAX, &claim, &until, NULL, why));
	certs[1] = (struct chunk){ large, sizeof(large) };
	assert_null(chain_read(certs, 2, why));
	assert_non_null(strstr(why, "octets; 12288 are the most"));
	certs[1].len = 100;
	assert_null(chain_read(certs, 2, why));
	assert_string_equal(why, "certificate 2 of the peer's is none, or broken");
	/* every beginning of one; nothing behind it */
	for (size_t cut = 0; cut < certs[0].len; cut++) {
		certs[1] = certs[0];
		certs[1].len = cut;
		assert_null(chain_read(&certs[1], 1, why));
	}
	assert_null(chain_read(certs, 0, why));
	assert_string_equal(why, "the peer has sent no certificate");
	trust_free(t);
}

static void a_chain_is_named_after_its_first(void **state)
{
	const struct chunk certs[] = { pki_cert("deep"), pki_cert("sub") };
	struct chain *chain = chain_read(certs, 2, why);
	char name[CERT_NAME_MAX], same[CERT_NAME_MAX];

	assert_non_null(chain);
	assert_string_equal(chain_subject(chain, name), cert_subject(certs[0], same));
	chain_free(chain);
}

static void files(void **state)
{
	struct chunk_list *list;
	uint8_t hash[CERT_SPKI_HASH];
	struct chunk openssl;
	time_t from, to;
	char name[CERT_NAME_MAX];

	list = cert_load(pki_file("deep.chain"), why);
	assert_int_equal(chunk_list_count(list), 2);
	assert_int_equal(list->chunk[1].len, pki_cert("sub").len);
	chunk_list_put(list);
	list = cert_load(pki_file("sub.der"), why);
	assert_int_equal(chunk_list_count(list), 1);
	assert_true(cert_is_ca(list->chunk[0]));
	assert_false(cert_is_ca(pki_cert("p256")));
	chunk_list_put(list);
	assert_null(cert_load(pki_file("p256.key"), why));
	assert_non_null(strstr(why, "has no certificate in PEM or DER"));
	assert_null(cert_load_crl(pki_file("p256.pem"), why));
	assert_non_null(strstr(why, "has no revocation list (CRL) in PEM or DER"));
	assert_true(cert_dates(pki_cert("p256"), &from, &to));
	assert_int_equal(to - from, 365 * DAY);
	assert_string_equal(cert_subject(pki_cert("sub"), name), "C=DE, O=Example, CN=Sub");

	/* as RFC 7296 3.7 wants it */
	assert_int_equal(pki_shell("openssl x509 -in ca.pem -noout -pubkey | openssl pkey -pubin "
				   "-outform DER | openssl sha1 -binary >spki"), 0);
	openssl = pki_file("spki");
	assert_int_equal(openssl.len, sizeof(hash));
	assert_true(cert_spki_hash(pki_cert("ca"), hash));
	assert_memory_equal(hash, openssl.p, sizeof(hash));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_chains), cmocka_unit_test(refusals),
		cmocka_unit_test(paths_are_remembered), cmocka_unit_test(a_changed_octet),
		cmocka_unit_test(times),
		cmocka_unit_test(identities), cmocka_unit_test(names_for_ourselves),
		cmocka_unit_test(revocation_lists), cmocka_unit_test(fetched_responses),
		cmocka_unit_test(sent_responses), cmocka_unit_test(fetched_lists),
		cmocka_unit_test(fetched_many),
		cmocka_unit_test(too_much),
		cmocka_unit_test(a_chain_is_named_after_its_first),
		cmocka_unit_test(files),
	};

	return cmocka_run_group_tests(tests, pki_make, pki_remove);
}
