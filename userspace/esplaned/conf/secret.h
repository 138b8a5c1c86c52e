/* SPDX-License-Identifier: GPL-2.0 */
/* Pre-shared keys: their notations, their files, and how easily they are guessed. */
#ifndef ESPLANED_SECRET_H
#define ESPLANED_SECRET_H

#include <sys/stat.h>
#include "esplaned/conf/config.h"
#include "esplaned/conf/value.h"

struct cfg_t;

#define SECRET_TEXT_MAX	(2 * CONFIG_PSK_MAX + 4)	/* octets, NUL included */

/*
 * As strongSwan writes secrets: 0x and hexadecimal digits, 0s and base64, or the text itself.
 * False:
 * @why, which never repeats the secret.
 */
bool secret_parse(struct secret *to, const char *text, char why[VALUE_WHY_MAX]);
/* The same from a file that only its owner reads. */
bool secret_read(struct secret *to, const char *path, char why[VALUE_WHY_MAX]);
/* The one line of such a file: the text of a secret. */
bool secret_text_read(const char *path, char text[SECRET_TEXT_MAX], char why[VALUE_WHY_MAX]);
/* Is this a file that only its owner, root or ourselves, reads? False: @why says how to mend it. */
bool secret_is_private(const char *file, const struct stat *st, char why[VALUE_WHY_MAX]);
/* NULL: not obviously weak; else what is weak about it. */
const char *secret_weakness(const uint8_t *psk, size_t len);
/* Wipes what libConfuse keeps of secrets, whether or not all of it was understood. */
void secret_wipe_read(struct cfg_t *cfg);

#endif
