/* SPDX-License-Identifier: GPL-2.0 */
/* Keys of a tunnel for `ikectl export-keys`. */
#ifndef ESPLANED_EXPORT_H
#define ESPLANED_EXPORT_H

#include <jansson.h>
#include "esplaned/core/state.h"

/*
 * The result, with "ike" and "esp": Documentation/control.md. An error where the configuration does
 * not allow it. Each time is logged.
 */
json_t *export_json(struct daemon *d, uint32_t tunnel);

#endif
