/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The secret that we share with RADIUS servers, in the process with the secrets: what the one that
 * speaks IKE may ask.
 */
#ifndef ESPLANED_VAULT_RADIUS_H
#define ESPLANED_VAULT_RADIUS_H

#include "esplaned/conf/config.h"
#include "lib/cursor.h"

/*
 * LINK_RADIUS behind its numbers, for @t, or NULL: not known. Without check a request, whose
 * Message-Authenticator is made; else the authenticator of a request and an answer, which is
 * checked, and whose key is laid open. Appends what LINK_RADIUS_DONE has behind them. False: the
 * message is not sound.
 */
bool vault_radius_answer(const struct tunnel_options *t, struct cursor *c, struct writer *w);

#endif
