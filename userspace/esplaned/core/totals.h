/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a tunnel's policies have carried since they came up: the kernel counts for each SA, and its
 * numbers end with it. Here those of ended SAs are added up. One struct totals a tunnel.
 */
#ifndef ESPLANED_TOTALS_H
#define ESPLANED_TOTALS_H

#include <stdbool.h>
#include <stdint.h>

#define TOTALS_LIVE_MAX	16	/* SAs of a policy that are asked, one direction */

struct kern_sa_info;

/* bytes: of the inner packets. last_ms: when the last packet passed; 0: none has. */
struct total {
	uint64_t bytes, packets, last_ms;
};

struct totals;

struct totals *totals_new(void);	/* NULL: no memory */
void totals_free(struct totals *t);	/* NULL is fine */

/*
 * The kernel has them now. 0: none in this direction. Where there is no memory nothing is counted.
 */
void totals_sa_added(struct totals *t, uint32_t policy, uint32_t spi_in, uint32_t spi_out);
/* An SA is about to go, with these counters; NULL: they are not known. @now_ms: as in last_ms. */
void totals_sa_ended(struct totals *t, uint32_t policy, uint32_t spi, bool out,
		     const struct kern_sa_info *info, uint64_t now_ms);
/* The policy is gone: so are its SAs and numbers. */
void totals_policy_gone(struct totals *t, uint32_t policy);

/* SPIs of the policy's SAs that have not ended. Returns how many, at most TOTALS_LIVE_MAX. */
unsigned int totals_live(const struct totals *t, uint32_t policy, bool out,
			 uint32_t spi[TOTALS_LIVE_MAX]);
/* Of the SAs that have ended. */
struct total totals_ended(const struct totals *t, uint32_t policy, bool out);
/* Adds what an SA has counted so far. */
void total_add(struct total *total, const struct kern_sa_info *info, uint64_t now_ms);

#endif
