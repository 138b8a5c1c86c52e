// SPDX-License-Identifier: GPL-2.0
/* The engine with the protocol versions that there are. */
#include "ike/ike.h"
#include "ike/settle.h"
#include "ike/v2/v2.h"
#include "lib/array.h"

struct ike *ike_new(const struct ike_env *env)
{
	static const struct ike_version *const versions[] = { &ike_version_2 };

	return ike_new_with(env, versions, ARRAY_SIZE(versions));
}
