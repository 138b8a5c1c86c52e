/* SPDX-License-Identifier: GPL-2.0 */
/* What the control socket says of tunnels, peers and children (Documentation/control.md). */
#ifndef ESPLANED_STATUS_H
#define ESPLANED_STATUS_H

#include <jansson.h>
#include "esplaned/control/names.h"
#include "esplaned/core/state.h"

struct kern_sa_info;
struct ts_list;

/* One being described, and what is its of all the objects. */
struct status {
	struct daemon *d;
	const struct tunnel_entry *t;
	const struct name_ref *ref;	/* only those of its peers and children are described */
	uint64_t now;
};

/* A peer with its children. */
json_t *status_peer(const struct status *s, const struct ike_peer_status *p);
json_t *status_selectors(const struct ts_list *list);
json_t *status_drops(const struct kern_sa_info *info);
/* Nothing where it is NULL or empty. */
void status_text(json_t *object, const char *key, const char *text);
void status_number(json_t *object, const char *key, uint64_t number);

/* The result of `up`; NULL: some of it is still on its way. */
json_t *status_up_result(struct daemon *d, const struct name_ref *ref);
/* {"result": "ok", "tunnel": NAME} */
json_t *status_ok_result(struct daemon *d, const struct name_ref *ref);
json_t *status_counters(struct daemon *d);

#endif
