/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one place where consequences happen. Objects and handlers note what they want and are
 * touched; every entry point of ike.h ends here: IKE SAs end, peers and children hear of it, the
 * next requests begin, the outer world is told, the dead are freed. In this order, until nothing
 * is touched.
 */
#ifndef IKE_SETTLE_H
#define IKE_SETTLE_H

#include "ike/core/engine.h"

void ike_settle(struct ike *ike);

/*
 * An engine that speaks @versions (@count of them, the first one begins). ike_new() is this with
 * those that there are. NULL: no memory.
 */
struct ike *ike_new_with(const struct ike_env *env, const struct ike_version *const *versions,
			 unsigned int count);

#endif
