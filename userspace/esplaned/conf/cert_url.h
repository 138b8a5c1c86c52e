/* SPDX-License-Identifier: GPL-2.0 */
/* cert-url: a certificate by its hash and address, RFC 7296 3.6. */
#ifndef ESPLANED_CERT_URL_H
#define ESPLANED_CERT_URL_H

#include "esplaned/conf/option.h"

bool cert_url_option(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);

/* Does it go together with how the ends prove who they are? False: @why. */
bool cert_url_check(const struct tunnel_options *t, char why[VALUE_WHY_MAX]);

#endif
