/* SPDX-License-Identifier: GPL-2.0 */
/* What contradicts itself in a tunnel that is read whole, and what contradicts another tunnel. */
#ifndef ESPLANED_CHECK_H
#define ESPLANED_CHECK_H

#include "esplaned/conf/config.h"
#include "esplaned/conf/value.h"

/* False: @why is a sentence that begins after the tunnel's name. */
bool check_tunnel(const struct tunnel_options *t, char why[VALUE_WHY_MAX]);
/* Our identity as a peer sees it; type 0: the address that the route tells. */
struct ike_id check_local_id(const struct tunnel_conf *c);
/* Can @t be beside @other? False: @why as above, about @t. */
bool check_beside(const struct tunnel_options *t, const struct tunnel_options *other,
		  char why[VALUE_WHY_MAX]);

/* Is there room for the port that it listens at? False: as above. */
bool check_listening(const struct tunnel_options *t, const struct config *c,
		     char why[VALUE_WHY_MAX]);

#endif
