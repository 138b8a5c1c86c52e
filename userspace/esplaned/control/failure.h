/* SPDX-License-Identifier: GPL-2.0 */
/* Why something is not up, as the control socket says it (Documentation/control.md). */
#ifndef ESPLANED_FAILURE_H
#define ESPLANED_FAILURE_H

#include <jansson.h>
#include "ike/core/env.h"

/* "auth-remote" */
const char *failure_name(enum ike_failure failure);
/* Text that a peer may have chosen becomes text that JSON takes. */
json_t *failure_text(const char *text);
/* {"result": "error", ...}; @who NULL: about no tunnel. */
json_t *failure_result(enum ike_failure failure, const char *who, const char *detail);

#endif
