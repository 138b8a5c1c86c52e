/* SPDX-License-Identifier: GPL-2.0 */
/* second-auth and what goes with it: two proofs of who begins, RFC 4739. */
#ifndef ESPLANED_SECOND_OPTION_H
#define ESPLANED_SECOND_OPTION_H

#include "esplaned/conf/option.h"

/* As in struct option (option.h). */
bool second_option_auth(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool second_option_id(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool second_option_cert(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool second_option_key(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool second_option_ca(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool second_option_psk_file(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);

/* Do they go together, and with the rest? Then who proves what is in @t->ike. */
bool second_option_complete(struct tunnel_options *t, char why[VALUE_WHY_MAX]);
/* Reads second-cert and its key. False: @why, as of credential_read(). */
bool second_option_read(struct tunnel_options *t, time_t now, char why[VALUE_WHY_MAX]);

#endif
