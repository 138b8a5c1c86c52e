/* SPDX-License-Identifier: GPL-2.0 */
/* IKE_AUTH is refused for what passes: another attempt, without a word to the user. */
#ifndef IKE_V2_AGAIN_H
#define IKE_V2_AGAIN_H

#include "ike/object/ike_sa.h"

/*
 * The attempt @sa is refused with @error. True: another follows in a moment, from IKE_SA_INIT on.
 * False: it is no such error, or has come too often in a row.
 */
bool again_attempt(struct ike_sa *sa, uint16_t error);

#endif
