/* SPDX-License-Identifier: GPL-2.0 */
/* EAP: users with their passwords, as server; our own name and password, as client. */
#ifndef ESPLANED_USER_H
#define ESPLANED_USER_H

#include "esplaned/conf/option.h"

#define USER_NAME_MAX	TUNNEL_ID_MAX	/* octets */
#define USERS_MAX	4096		/* of a tunnel */

struct user {
	char name[USER_NAME_MAX + 1];
	char password[CONFIG_PASSWORD_MAX];
};

/* Options, as in option.h. */
bool user_set_file(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool user_set_method(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool user_set_identity(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool user_set_password(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool user_set_password_file(struct option_target *to, const char *value,
			    char why[VALUE_WHY_MAX]);

bool user_set_inner(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool user_set_only(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
bool user_set_aaa(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);

/* Is TLS among the methods, in which certificates prove who the ends are? */
bool user_has_tls(const struct tunnel_options *t);
/* Or TTLS, in which one proves who the server is? Then a password does the rest. */
bool user_has_ttls(const struct tunnel_options *t);
/* Once the certificate has named us: a client of EAP has to have a name. */
bool user_named(struct tunnel_options *t, char why[VALUE_WHY_MAX]);
/* Is all there that EAP needs, in either role? Fills in defaults. False: @why. */
bool user_complete(struct tunnel_options *t, char why[VALUE_WHY_MAX]);
/* Something that a person should know; false: nothing. */
bool user_warning(const struct tunnel_options *t, char text[VALUE_WHY_MAX]);
/* NULL: nobody of that name. */
const struct user *user_find(const struct tunnel_options *t, const void *name, size_t len);
/* Wiped. */
void users_free(struct tunnel_options *t);

#endif
