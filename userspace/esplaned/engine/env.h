/* SPDX-License-Identifier: GPL-2.0 */
/* The engine's outer world (ike/core/env.h): the daemon executes what the engine asks for. */
#ifndef ESPLANED_ENV_H
#define ESPLANED_ENV_H

#include "esplaned/core/state.h"

void env_fill(struct ike_env *env, struct daemon *d);

#endif
