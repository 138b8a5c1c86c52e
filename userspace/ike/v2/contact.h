/* SPDX-License-Identifier: GPL-2.0 */
#ifndef IKE_CONTACT_H
#define IKE_CONTACT_H

#include "ike/object/ike_sa.h"

/*
 * INITIAL_CONTACT says that no other IKE SA exists between the two identities: other tunnels
 * may share them. One whose IKE_AUTH is under way may exist at the peer already.
 */
bool contact_is_first(const struct ike_sa *ours);

#endif
