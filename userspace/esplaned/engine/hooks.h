/* SPDX-License-Identifier: GPL-2.0 */
/*
 * up-script and down-script: when the engine says that a child has come up or gone down, the
 * process with the secrets has the script run, those of one tunnel one after the other.
 */
#ifndef ESPLANED_HOOKS_H
#define ESPLANED_HOOKS_H

#include "esplaned/core/state.h"

/*
 * Called inside the engine, when the host has what the child needs: noted only. Up again: with
 * other selectors or addresses.
 */
void hooks_child_up(struct daemon *d, const struct ike_child_link *link);
void hooks_child_down(struct daemon *d, const struct ike_child_link *link);
/* Not from inside the engine: begins what was noted. */
void hooks_flush(struct daemon *d);
/* keys_calls.hook_done: @id is the tunnel's; @ctx is the daemon. */
void hooks_done(void *ctx, uint32_t id, const char *why);
void hooks_free(struct daemon *d);

#endif
