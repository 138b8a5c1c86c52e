/* SPDX-License-Identifier: GPL-2.0 */
/* From one configuration to the next. */
#ifndef ESPLANED_RELOAD_H
#define ESPLANED_RELOAD_H

#include <jansson.h>
#include "esplaned/core/state.h"

/*
 * Reads the file again and changes what changed (conf/change.h): all else stays as it is, up, down
 * or taken down by hand. @changes: the result for the control socket. False: nothing
 * changed, @why says why not.
 */
bool reload(struct daemon *d, json_t **changes, char why[CONFIG_WHY_MAX]);
/* Takes over all of @config, at the start. */
void reload_first(struct daemon *d, struct config *config);

#endif
