// SPDX-License-Identifier: GPL-2.0
#include "ikectl/ikectl.h"

enum status show_status(const struct view *v, const json_t *result)
{
	const json_t *tunnels = json_object_get(result, "tunnels");

	if (v->tunnel)
		detail_print(v, json_array_get(tunnels, 0));
	else if (json_array_size(tunnels))
		table_print(v, tunnels);
	else
		fputs("there is no tunnel: add one to the configuration, then: ikectl reload\n",
		      v->out);
	return STATUS_OK;
}
