/* SPDX-License-Identifier: GPL-2.0 */
/* An exchange of IKE in one line of the log: who asked, what was said. */
#ifndef ESPLANED_SPOKEN_H
#define ESPLANED_SPOKEN_H

#include "ike/core/env.h"

#define SPOKEN_MAX	900	/* octets of a line, NUL included */

/*
 * "IKE_AUTH (1) answered in 12 ms: IDr AUTH SA TSi TSr", or of a request of the peer's
 * "CREATE_CHILD_SA (4) from the peer: SA Nonce TSi TSr; we answered N(TS_UNACCEPTABLE)". Returns
 * @buf.
 */
const char *spoken_line(const struct ike_exchange *x, char buf[SPOKEN_MAX]);
/* At which level: those that only ask whether the other end lives are LOG_DEBUG. */
int spoken_level(const struct ike_exchange *x);
/* The first error notify in our answer; 0: there is none. */
uint16_t spoken_refusal(const struct ike_exchange *x);

#endif
