// SPDX-License-Identifier: GPL-2.0
/* Signatures and certificates of the fake world. */
#include "fake/fake_sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "suite/ikev2.h"

#define CERT_MAX	512

/* A certificate, as its text says it. */
struct fake_cert {
	char id[TUNNEL_ID_MAX], key[64], ca[64];
	unsigned int hours;
};

static bool fake_cert_read(const char *text, struct fake_cert *cert)
{
	return sscanf(text, "%255[^|]|%63[^|]|%63[^|]|%u", cert->id, cert->key, cert->ca,
		      &cert->hours) == 4;
}

static void fake_sign(const char *key, struct chunk octets, uint8_t method,
		      uint8_t out[FAKE_SIGNATURE_LEN])
{
	const struct chunk parts[] = { octets, { &method, 1 } };
	uint8_t mac[PRF_LEN_MAX];

	if (!prf(PRF_HMAC_SHA2_256, (struct chunk){ (const uint8_t *)key, strlen(key) }, parts, 2,
		 mac))
		abort();
	memcpy(out, mac, FAKE_SIGNATURE_LEN);
}

const char *fake_sign_job(const char *key, uint16_t hashes, struct chunk octets, uint8_t *method,
			  uint8_t out[FAKE_SIGNATURE_LEN])
{
	if (!key[0])
		return "there is no private key";
	*method = hashes ? AUTH_SIGNATURE : AUTH_ECDSA_256;
	fake_sign(key, octets, *method, out);
	return NULL;
}

/* A raw public key is the key itself, and who believes it knows it in place of a CA. */
static const char *fake_verify_raw(const char *known, const struct ike_job *job)
{
	uint8_t right[FAKE_SIGNATURE_LEN];

	if (job->raw_key.len != strlen(known) || memcmp(job->raw_key.p, known, strlen(known)) != 0)
		return "its raw public key is another";
	fake_sign(known, job->octets, job->method, right);
	return job->signature.len == sizeof(right) &&
	       !memcmp(job->signature.p, right, sizeof(right)) ? NULL : "its signature is wrong";
}

const struct chunk_list *fake_web;

/* The end entity's certificate; of no octets: it would have to be fetched, and is not there. */
static struct chunk fake_cert_first(const struct ike_job *job)
{
	uint8_t hash[20];

	if (!(job->by_hash & 1))
		return job->certs[0];
	for (unsigned int i = 0; i < chunk_list_count(fake_web); i++)
		if (sha1(&fake_web->chunk[i], 1, hash) &&
		    !memcmp(hash, job->certs[0].p, sizeof(hash)))
			return fake_web->chunk[i];
	return (struct chunk){0};
}

static const char *fake_cert_believe(const char *ca, const struct ike_job *job,
				     struct fake_cert *cert)
{
	struct ike_id id;
	char text[CERT_MAX];
	struct chunk first;

	if (job->cert_count > IKE_CERTS_MAX ||
	    __builtin_popcount(job->by_hash) > IKE_CERT_URLS_MAX)
		abort();
	if (!job->cert_count)
		return "it sent no certificate";
	first = fake_cert_first(job);
	if (!first.len)
		return "its certificate cannot be fetched";
	if (first.len >= sizeof(text))
		return "its certificate is no certificate";
	memcpy(text, first.p, first.len);
	text[first.len] = '\0';
	if (!fake_cert_read(text, cert))
		return "its certificate is no certificate";
	if (strcmp(cert->ca, ca) != 0)
		return "its certificate is of an unknown CA";
	if (!cert->hours)
		return "its certificate has expired";
	if (!ike_id_parse(&id, cert->id) || !ike_id_equal(&id, job->id))
		return "its certificate does not speak for it";
	return NULL;
}

const char *fake_cert_job(const char *ca, const struct ike_job *job, uint64_t *valid_s)
{
	struct fake_cert cert;
	const char *why = fake_cert_believe(ca, job, &cert);

	if (!why)
		*valid_s = UINT64_C(3600) * cert.hours;
	return why;
}

const char *fake_verify_job(const char *ca, const struct ike_job *job, uint64_t *valid_s)
{
	uint8_t right[FAKE_SIGNATURE_LEN];
	struct fake_cert cert;
	const char *why;

	if (job->raw_key.len)
		return fake_verify_raw(ca, job);
	why = fake_cert_believe(ca, job, &cert);
	if (why)
		return why;
	fake_sign(cert.key, job->octets, job->method, right);
	if (job->signature.len != sizeof(right) ||
	    memcmp(job->signature.p, right, sizeof(right)) != 0)
		return "its signature is wrong";
	*valid_s = UINT64_C(3600) * cert.hours;
	return NULL;
}

struct chunk_list *fake_certs(const char *id, const char *key, const char *ca, unsigned int hours)
{
	char text[CERT_MAX], issuer[CERT_MAX];
	struct chunk_list *list;
	struct chunk certs[2];

	snprintf(text, sizeof(text), "%s|%s|%s|%u", id, key, ca, hours);
	snprintf(issuer, sizeof(issuer), "%s|%s|%s|99", ca, ca, ca);
	certs[0] = (struct chunk){ (const uint8_t *)text, strlen(text) };
	certs[1] = (struct chunk){ (const uint8_t *)issuer, strlen(issuer) };
	list = chunk_list_new(certs, 2);
	if (!list)
		abort();
	return list;
}

struct chunk_list *fake_ca_hashes(const char *ca)
{
	const struct chunk key = { (const uint8_t *)ca, strlen(ca) };
	struct chunk_list *list = NULL;
	uint8_t hash[20];

	if (sha1(&key, 1, hash))
		list = chunk_list_new(&(struct chunk){ hash, sizeof(hash) }, 1);
	if (!list)
		abort();
	return list;
}
