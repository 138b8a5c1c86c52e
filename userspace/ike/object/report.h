/* SPDX-License-Identifier: GPL-2.0 */
/* What tunnels, peers and children say of themselves to people: events and entries of the log. */
#ifndef IKE_REPORT_H
#define IKE_REPORT_H

#include "ike/core/engine.h"

/* "office", "office/alice@example.org" */
const char *report_peer_name(const struct peer *peer, char buf[IKE_WHO_MAX]);

void report_peer(struct peer *peer, enum ike_event_type type, const struct cause *cause);
void report_child(struct child *child, enum ike_event_type type, const struct cause *cause);
void report_text(struct peer *peer, enum ike_event_type type, const char *detail);
void report_step(struct peer *peer, enum ike_step step, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* An entry of the log; @peer may be NULL. */
void report_log(struct ike *ike, const struct peer *peer, int level, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void report_tunnel_log(const struct tunnel *t, int level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* One is complete; @peer NULL: of a stranger. */
void report_exchange(struct ike *ike, const struct peer *peer, const struct ike_exchange *x);
/* An attempt of a peer's was refused: it changes nothing of the tunnel. */
void report_refused(struct tunnel *t, const struct cause *cause);

#endif
