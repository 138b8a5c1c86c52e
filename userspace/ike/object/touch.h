/* SPDX-License-Identifier: GPL-2.0 */
/* Objects note what they want and are touched; ike_settle() then looks at them, once each. */
#ifndef IKE_TOUCH_H
#define IKE_TOUCH_H

#include "ike/core/engine.h"

void sa_touch(struct ike_sa *sa);
void peer_touch(struct peer *peer);
/* The next one to look at, no longer touched; NULL: none. */
struct ike_sa *sa_next_touched(struct ike *ike);
struct peer *peer_next_touched(struct ike *ike);
/* It goes. */
void sa_untouch(struct ike_sa *sa);
void peer_untouch(struct peer *peer);

#endif
