/* SPDX-License-Identifier: GPL-2.0 */
/* What follows from the facts of `explain`: pure, no fact is asked for here. */
#ifndef ESPLANED_REASONS_H
#define ESPLANED_REASONS_H

#include <jansson.h>

/*
 * @facts: the result of explain without this. A list of findings, what matters most first: objects
 * with "code" and what belongs to it (Documentation/control.md).
 */
json_t *reasons_json(const json_t *facts);

#endif
