/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Certificates and private keys of a tunnel. The options read files of others at once, so that what
 * is wrong has its line; our own key and certificate only when all of the tunnel is known, since
 * the password may stand behind them.
 */
#ifndef ESPLANED_CREDENTIAL_H
#define ESPLANED_CREDENTIAL_H

#include <time.h>
#include "esplaned/conf/config.h"
#include "esplaned/conf/value.h"

struct option_target;

/* As in struct option (option.h). */
bool credential_set_cert(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool credential_set_key(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool credential_set_password(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool credential_set_password_file(struct option_target *to, const char *value,
				  char why[VALUE_WHY_MAX]);
bool credential_set_ca(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool credential_set_remote_key(struct option_target *to, const char *value,
			       char why[VALUE_WHY_MAX]);
bool credential_set_anchor(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool credential_set_crl(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool credential_set_revocation(struct option_target *to, const char *value,
			       char why[VALUE_WHY_MAX]);
bool credential_set_fetch(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);

/*
 * Reads key and certificate, says how each end proves who it is, and gives a tunnel without
 * local-id the certificate's name. The password is wiped. False: @why begins after the tunnel's
 * name.
 */
bool credential_read(struct tunnel_options *t, time_t now, char why[VALUE_WHY_MAX]);
/* What tunnels have alike they share. False: @why, as above. */
bool credential_share(struct tunnel_options *t, struct lists *lists, char why[VALUE_WHY_MAX]);
/* What a person should know of it. False: nothing. */
bool credential_warning(const struct tunnel_options *t, time_t now, char text[VALUE_WHY_MAX]);

#endif
