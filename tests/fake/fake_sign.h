/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Signatures and certificates without mathematics: a certificate is the text "identity|key|CA|hours
 * that are left", and a signature is a MAC with the key, which everybody could read there. For the
 * fake world and the simulator.
 */
#ifndef FAKE_SIGN_H
#define FAKE_SIGN_H

#include "ike/core/env.h"

#define FAKE_SIGNATURE_LEN	32

/* What there is to be fetched by its hash, wherever it is said to be; NULL: nothing. */
extern const struct chunk_list *fake_web;

/* IKE_JOB_SIGN. NULL: done; else why not. */
const char *fake_sign_job(const char *key, uint16_t hashes, struct chunk octets, uint8_t *method,
			  uint8_t out[FAKE_SIGNATURE_LEN]);
/* IKE_JOB_VERIFY, by who believes @ca. NULL: it is right; else what is not. */
const char *fake_verify_job(const char *ca, const struct ike_job *job, uint64_t *valid_s);

/* Likewise, but without a signature. */
const char *fake_cert_job(const char *ca, const struct ike_job *job, uint64_t *valid_s);

/* The chain of a configuration: this certificate, and that of its CA; the caller's reference. */
struct chunk_list *fake_certs(const char *id, const char *key, const char *ca, unsigned int hours);
/* What CERTREQ has of that CA; the caller's reference. */
struct chunk_list *fake_ca_hashes(const char *ca);

#endif
