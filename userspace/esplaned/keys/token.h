/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The secret of crash detection (RFC 6290), in a file, so that it outlives the daemon. The first
 * process reads it before it makes the others. Who has it can end IKE SAs, and read nothing.
 */
#ifndef ESPLANED_TOKEN_H
#define ESPLANED_TOKEN_H

#include "ike/core/env.h"

/*
 * What @folder has, or a new one, which is written there. One that cannot be written is logged: it
 * serves, but the next daemon has another. So is one that a daemon that runs has: with the same
 * secret each would show what ends the living IKE SAs of the other, to whoever asks. Returns the
 * descriptor that keeps others from it, open as long as the daemon runs; -1: there is none.
 */
int token_secret(const char *folder, uint8_t secret[IKE_CRASH_SECRET]);

#endif
