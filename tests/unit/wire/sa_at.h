/* SPDX-License-Identifier: GPL-2.0 */
/* The proposals of a payload, by number. After cmocka.h. */
#ifndef UNIT_SA_AT_H
#define UNIT_SA_AT_H

#include "wire/v2/msg.h"

/* That of that number, from 0; @offer may be NULL. */
static inline struct proposal sa_at(const struct msg_sa *sa, unsigned int i,
				    struct msg_offer *offer)
{
	struct cursor at = sa->proposals;
	struct msg_offer spare;
	struct proposal p;

	do
		assert_true(msg_sa_next(&at, &p, offer ? offer : &spare));
	while (i--);
	return p;
}

#endif
