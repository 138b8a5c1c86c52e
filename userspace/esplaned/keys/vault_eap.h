/* SPDX-License-Identifier: GPL-2.0 */
/* Passwords of EAP, in the process with the secrets: what the one that speaks IKE may ask. */
#ifndef ESPLANED_VAULT_EAP_H
#define ESPLANED_VAULT_EAP_H

#include "esplaned/conf/config.h"
#include "lib/cursor.h"

/*
 * LINK_EAP behind its numbers, for @t, or NULL: not known. Appends what LINK_EAP_DONE has behind
 * them. False: the message is not sound.
 */
bool vault_eap_answer(const struct tunnel_options *t, struct cursor *c, struct writer *w);

#endif
