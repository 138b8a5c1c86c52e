/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who has lost what: INVALID_IKE_SPI, INVALID_SPI and INVALID_SELECTORS, RFC 7296 1.5, 2.4 and
 * 2.21. What is not protected anybody can have sent: it is a hint, which asks at most for a
 * liveness check, one in HINT_PAUSE_MS for an IKE SA. HINTS_MAX of them a second are sent and
 * looked at, all peers together.
 */
#ifndef IKE_HINT_H
#define IKE_HINT_H

#include "ike/v2/v2.h"

#define HINTS_MAX	10
#define HINT_PAUSE_MS	10000

/*
 * A message for no IKE SA of ours. A protected request gets INVALID_IKE_SPI, no longer than it is
 * itself, and behind it our token (crash.h); an unprotected INVALID_SPI that names an SPI with
 * which we send makes us ask that peer whether it lives.
 */
void hint_unknown(struct ike *ike, const struct msg_header *h, const uint8_t *raw, size_t len,
		  const struct endpoint *local, const struct endpoint *remote);
/*
 * An unprotected answer to @ex: its IKE SA may be unknown at the other end. With the peer's token
 * it is proved, and ends; without it nothing does.
 */
void hint_denied(struct exchange *ex, const struct msg_header *h, const uint8_t *raw, size_t len,
		 const struct endpoint *remote);
/*
 * The kernel has got ESP with an SPI that it does not know from @remote (port 0: not in UDP). Told
 * in the IKE SA with that peer; without one, where a tunnel is configured for it, unprotected.
 */
void hint_packet(struct ike *ike, uint32_t spi, const struct endpoint *remote);

/* What the peer says in INFORMATIONAL: the pair that it does not know is rekeyed. */
void hint_request(struct inbound *in);

#endif
