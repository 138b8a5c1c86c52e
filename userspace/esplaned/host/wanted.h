/* SPDX-License-Identifier: GPL-2.0 */
/* What the remote-ts of a tunnel cover, as configured: all to some addresses, or what is picked. */
#ifndef ESPLANED_WANTED_H
#define ESPLANED_WANTED_H

#include "esplaned/conf/config.h"
#include "lib/pick.h"

struct wanted_pick {
	struct pick_route to;
	bool covered;			/* the tunnel wants all to these addresses */
	bool blocked;			/* held */
	bool wide;			/* with all to these addresses: there is no rule for it */
};

struct wanted {
	struct prefix *list;		/* each once */
	bool *blocked;			/* of each: held */
	size_t count;
	struct wanted_pick *picked;
	size_t picked_count;
};

/* False: no memory, and @wanted is empty. */
bool wanted_fill(struct wanted *wanted, const struct tunnel_options *opt);
void wanted_clear(struct wanted *wanted);
/* Would a route to one of them catch what is sent to @addr? */
bool wanted_has(const struct wanted *wanted, const struct addr *addr);
/* Or what is picked of it? */
bool wanted_concerns(const struct wanted *wanted, const struct addr *addr);
/* Would one of them catch all that is sent to @dst? */
bool wanted_covers(const struct wanted *wanted, const struct prefix *dst);
/* All of a family, or a half: peers, and who asks for names, are in there. */
bool wanted_leads_everywhere(const struct wanted *wanted);

#endif
