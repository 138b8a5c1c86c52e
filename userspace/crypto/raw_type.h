/* SPDX-License-Identifier: GPL-2.0 */
/* For the files of this folder. */
#ifndef CRYPTO_RAW_TYPE_H
#define CRYPTO_RAW_TYPE_H

#include <gnutls/abstract.h>
#include "crypto/raw.h"

/* NULL: it is none, or no memory. */
gnutls_pubkey_t raw_import(struct chunk raw);

#endif
