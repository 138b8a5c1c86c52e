/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A RADIUS server without its packets: EAP-MSCHAPv2 as server, which is RFC 2759 on what the
 * engine passes through. For the fake world and the simulator.
 */
#ifndef FAKE_RADIUS_H
#define FAKE_RADIUS_H

#include "crypto/mschap.h"
#include "fake/fake_tls.h"

#define FAKE_RADIUS_MAX	64

struct fake_radius {
	uint32_t conversation;		/* 0: free */
	unsigned int step;
	uint8_t id;			/* of its last request */
	uint8_t challenge[MSCHAP_CHALLENGE_LEN], msk[IKE_MSK_LEN];
};

struct fake_radius_list {
	struct fake_radius radius[FAKE_RADIUS_MAX];
};

/* IKE_JOB_RADIUS; @password: of the user, NULL: it is not known. False: there are too many. */
bool fake_radius_job(struct fake_radius_list *list, const struct chunk *password,
		     const struct ike_job *job, struct fake_flight *f);
void fake_radius_forget(struct fake_radius_list *list, uint32_t conversation);
unsigned int fake_radius_count(const struct fake_radius_list *list);

#endif
