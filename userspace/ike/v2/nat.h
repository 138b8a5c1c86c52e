/* SPDX-License-Identifier: GPL-2.0 */
/* NAT detection in IKE_SA_INIT, RFC 7296 2.23. */
#ifndef IKE_NAT_H
#define IKE_NAT_H

#include "ike/v2/v2.h"

/* @fake: claim to be behind NAT, so that both ends put ESP into UDP. */
void nat_build(struct builder *b, const struct msg_header *h, const struct endpoint *local,
	       const struct endpoint *remote, bool fake);
/*
 * What the message says of NATs on its way: before us, before the peer. False: it says nothing.
 */
bool nat_seen(const struct v2_inbound *v, bool *at_us, bool *at_peer);
/* Sets nat_t, nat_local and nat_remote. */
void nat_detect(struct ike_sa *sa, const struct v2_inbound *v);

#endif
