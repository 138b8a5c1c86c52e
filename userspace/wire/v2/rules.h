/* SPDX-License-Identifier: GPL-2.0 */
/* Which payloads an exchange may and must carry, as data. RFC 7296 1.2 to 1.4 and appendix C. */
#ifndef WIRE_RULES_H
#define WIRE_RULES_H

#include "wire/v2/msg.h"

#define RULES_WHY_LEN	160

/* Is this exchange the first of an IKE SA, which nothing protects? */
bool rules_in_clear(uint8_t exchange);

/*
 * Call it for the outer chain (@inside false: then only SK is let through in protected exchanges)
 * and, after sk_open(), for the inner one. A response with an error notify (or COOKIE in
 * a first one) need not carry the rest. CREATE_CHILD_SA follows the rules of its SA payload's
 * protocol: IKE: rekey of the IKE SA; ESP: a child. Sets m->kind. False: @why says which payload
 * is missing, misplaced or doubled, in which message.
 */
bool rules_check(uint8_t exchange, bool response, bool inside, struct msg *m,
		 char why[RULES_WHY_LEN]);

#endif
