/* SPDX-License-Identifier: GPL-2.0 */
/* How a packet is carried: what tunnel.c or transport.c says of it, for tx.c and encap.c. */
#ifndef _ESPL_FIT_H
#define _ESPL_FIT_H

#include <linux/types.h>

struct espl_fit {
	u8 ds;			/* tunnel mode: the outer DSCP and ECN */
	u8 next_header;		/* of the ESP trailer */
	bool fragment;		/* outside, where it is too long for the path; else DF is set */
	u16 head;		/* octets that go in front of ESP; 0 in tunnel mode */
	u16 field;		/* of these the one that says what follows */
};

#endif
