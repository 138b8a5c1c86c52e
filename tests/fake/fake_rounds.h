/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A way of authentication that nobody has thought of: three rounds, in one of which either end
 * needs a job, the MAC of the pre-shared key. It runs through IKE_AUTH as EAP will, RFC 7296 2.16.
 */
#ifndef FAKE_ROUNDS_H
#define FAKE_ROUNDS_H

#include "ike/auth/auth.h"

extern const struct auth_ops fake_rounds;
extern unsigned int fake_rounds_open;	/* sessions that hold memory */

#endif
