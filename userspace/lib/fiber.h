/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A function that can pause in its midst, with a stack of its own: for a library that calls back
 * and wants the answer at once, where the answer takes time. One thread; a fiber runs no other.
 */
#ifndef LIB_FIBER_H
#define LIB_FIBER_H

#include <stdbool.h>

struct fiber;

/* @fn is called by the first fiber_run. NULL: no memory. */
struct fiber *fiber_new(void (*fn)(void *ctx), void *ctx);
/* Begins or goes on, until it pauses: true; or ends: false. */
bool fiber_run(struct fiber *fiber);
void fiber_pause(struct fiber *fiber);		/* from inside */
/* It has ended, or never begun: what it holds in its midst nobody else would free. NULL is fine. */
void fiber_free(struct fiber *fiber);

#endif
