/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TLS without mathematics: four flights of the lengths of real ones, with certificates as
 * fake_sign.h has them, which are believed as they are; the key is a hash of all that was said.
 * With EAP-TTLS in the order of TLS 1.2 or, every other time, of TLS 1.3; what is said inside is
 * written as it is. For the fake world and the simulator.
 */
#ifndef FAKE_TLS_H
#define FAKE_TLS_H

#include "ike/core/env.h"

#define FAKE_TLS_MAX	64
#define FAKE_FLIGHT_MAX	3000
#define FAKE_INNER_MAX	1400

struct fake_tls {
	uint32_t conversation;		/* 0: free */
	unsigned int step;
	uint64_t hash;
	uint64_t valid_s;		/* of the certificate that the client has judged */
	bool open;			/* of EAP-TTLS: both speak inside */
};

struct fake_tls_list {
	struct fake_tls tls[FAKE_TLS_MAX];
	bool told;			/* something was said to a server that is not proved */
};

/* What a step has made. */
struct fake_flight {
	uint8_t octets[FAKE_FLIGHT_MAX];
	size_t len;
	uint8_t msk[IKE_MSK_LEN];
	enum ike_round round;
	char text[80];
	uint64_t valid_s;
	uint8_t heard[FAKE_INNER_MAX], challenge[IKE_CHALLENGE_LEN];
	size_t heard_len;
	uint32_t session_s;		/* RADIUS, and the next: what the server grants */
	struct addr framed;
	char user[64];			/* RADIUS: whom the server names; "": nobody */
};

/*
 * IKE_JOB_TLS of who has the certificate @cert, "identity|key|CA|hours", and believes @ca. False:
 * there are too many.
 */
bool fake_tls_job(struct fake_tls_list *list, const char *cert, const char *ca,
		  const struct ike_job *job, struct fake_flight *flight);
void fake_tls_forget(struct fake_tls_list *list, uint32_t conversation);
unsigned int fake_tls_count(const struct fake_tls_list *list);
/* As the engine gets it: views of @flight. */
struct ike_job_result fake_tls_result(const struct fake_flight *flight);

#endif
