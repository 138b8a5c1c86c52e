/* SPDX-License-Identifier: GPL-2.0 */
/* Files of certificates and private keys, for the options that name them. False: @why. */
#ifndef ESPLANED_CREDENTIAL_FILE_H
#define ESPLANED_CREDENTIAL_FILE_H

#include <time.h>
#include "esplaned/conf/config.h"
#include "esplaned/conf/value.h"

struct option_target;

#define CREDENTIAL_FILE_MAX	(256 * 1024)	/* octets of a file: ours, and CAs */

/* All of it, into @c, for credential_file_free(); @secret: nobody else may be able to read it. */
bool credential_file_read(const char *path, bool secret, size_t max, struct chunk *c,
			  char why[VALUE_WHY_MAX]);
void credential_file_free(struct chunk c);
/* A file that is read already. */
bool credential_file_is_private(const char *path, char why[VALUE_WHY_MAX]);

/* Of an option: its path, or PKCS#11 URI, into @path, and what it has behind those of @ca. */
bool credential_file_take_cert(struct option_target *to, const char *value,
			       char path[CONFIG_CERT_PATH_MAX], char why[VALUE_WHY_MAX]);
bool credential_file_take_key(struct option_target *to, const char *value,
			      char path[CONFIG_CERT_PATH_MAX], char why[VALUE_WHY_MAX]);
bool credential_file_take_ca(struct option_target *to, const char *value, struct chunk_list **ca,
			     char why[VALUE_WHY_MAX]);
/* Puts @more behind @list; takes both. */
bool credential_file_append(struct chunk_list **list, struct chunk_list *more,
			    char why[VALUE_WHY_MAX]);

/* A certificate of ours and its key: from where, and where to. */
struct credential {
	const char *cert, *key_option, *id_option;	/* the options, for messages */
	const char *cert_path, *key_path, *password;
	struct chunk_list **certs;
	struct key **key;
	struct ike_id *id;		/* that it has to name; type 0: becomes its first name */
};

/* Reads it; is it fit to be used? @why begins after the tunnel's name. */
bool credential_file_load(const struct credential *c, bool legacy, time_t now,
			  char why[VALUE_WHY_MAX]);
/* The key alone. */
bool credential_file_key(const struct credential *o, char why[VALUE_WHY_MAX]);

#endif
