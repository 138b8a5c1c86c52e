/* SPDX-License-Identifier: GPL-2.0 */
/* cert-url and fetch-certs: certificates by hash and address, RFC 7296 3.6. */
#ifndef ESPLANED_CERT_URL_H
#define ESPLANED_CERT_URL_H

#include "esplaned/conf/option.h"

bool cert_url_option(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool cert_url_fetch_option(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);

/* Do they go together with how the ends prove who they are? False: @why. */
bool cert_url_check(const struct tunnel_options *t, char why[VALUE_WHY_MAX]);

/*
 * May what a stranger names be fetched? It has to begin as one of @allowed, and to go on with
 * letters, digits and -._~/=+ only, without "..": so it leads nowhere else.
 */
bool cert_url_may_fetch(const struct chunk_list *allowed, const char *url);

#endif
