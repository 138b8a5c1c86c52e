// SPDX-License-Identifier: GPL-2.0
#include "esplaned/conf/user.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "esplaned/conf/radius_option.h"
#include "esplaned/conf/secret.h"
#include "ike/auth/eap.h"
#include "ike/core/id.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "suite/ikev2.h"

#define USER_FILE_MAX	(1024 * 1024)	/* octets */
#define USER_BLANKS	" \t"

/* ---- server: the file */

static char *user_trimmed(char *text)
{
	char *end = text + strlen(text);

	while (end > text && strchr(USER_BLANKS, end[-1]))
		*--end = '\0';
	return text + strspn(text, USER_BLANKS);
}

/* NAME: PASSWORD. Nothing of it is ever repeated. */
static bool user_line(struct tunnel_options *t, char *line, const char *where,
		      char why[VALUE_WHY_MAX])
{
	char *colon = strchr(line, ':'), *name, *password;
	struct user *u = &t->users[t->user_count];

	if (!colon)
		return value_refuse(why, "%s: a user is written NAME: PASSWORD", where);
	*colon = '\0';
	name = user_trimmed(line);
	password = user_trimmed(colon + 1);
	if (!*name || strlen(name) >= sizeof(u->name))
		return value_refuse(why, "%s: a user's name has 1 to %zu octets", where,
				    sizeof(u->name) - 1);
	if (!*password || strlen(password) >= sizeof(u->password))
		return value_refuse(why, "%s: a user's password has 1 to %zu octets", where,
				    sizeof(u->password) - 1);
	if (strchr(password, '\r'))
		return value_refuse(why, "%s: a carriage return would belong to the password: remove it, with tr -d '\\r' or the like",
				    where);
	for (unsigned int i = 0; i < t->user_count; i++)
		if (!strcasecmp(t->users[i].name, name))
			return value_refuse(why, "%s: user %s is there twice", where, name);
	snprintf(u->name, sizeof(u->name), "%s", name);
	snprintf(u->password, sizeof(u->password), "%s", password);
	t->user_count++;
	return true;
}

static bool user_lines(struct tunnel_options *t, char *text, const char *path,
		       char why[VALUE_WHY_MAX])
{
	unsigned int number = 0;
	char where[512], *next;

	for (char *line = text; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		number++;
		line += strspn(line, USER_BLANKS);
		if (!*line || *line == '#')
			continue;
		if (t->user_count == USERS_MAX)
			return value_refuse(why, "%s has more than %d users", path, USERS_MAX);
		snprintf(where, sizeof(where), "%.400s, line %u", path, number);
		if (!user_line(t, line, where, why))
			return false;
	}
	return t->user_count ||
	       value_refuse(why, "%s has no user: write lines NAME: PASSWORD", path);
}

static bool user_fd_read(int fd, const char *path, char *text, char why[VALUE_WHY_MAX])
{
	struct stat st;
	size_t len = 0;
	ssize_t n = 1;

	if (fstat(fd, &st))
		return value_refuse(why, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return value_refuse(why, "%s is not a regular file", path);
	if (!secret_is_private(path, &st, why))
		return false;
	while (n > 0 && len < USER_FILE_MAX) {
		n = read(fd, text + len, USER_FILE_MAX - len);
		len += n > 0 ? (size_t)n : 0;
	}
	if (n < 0)
		return value_refuse(why, "%s: %s", path, strerror(errno));
	if (len == USER_FILE_MAX)
		return value_refuse(why, "%s is longer than %d octets", path, USER_FILE_MAX - 1);
	return strlen(text) == len || value_refuse(why, "%s has a zero octet", path);
}

bool user_set_file(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	char path[4096], *text;
	int fd = -1;
	bool ok;

	users_free(to->tunnel);
	if (!value_path(to->file, value, path, sizeof(path), why))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return value_refuse(why, "%s: %s; write the users into a file of mode 0600", path,
				    strerror(errno));
	text = calloc(1, USER_FILE_MAX + 1);
	to->tunnel->users = calloc(USERS_MAX, sizeof(*to->tunnel->users));
	ok = text && to->tunnel->users ?
		     user_fd_read(fd, path, text, why) && user_lines(to->tunnel, text, path, why) :
		     value_refuse(why, "no memory");
	close(fd);
	mem_free_wiped(text, text ? USER_FILE_MAX + 1 : 0);
	return ok;
}

const struct user *user_find(const struct tunnel_options *t, const void *name, size_t len)
{
	for (unsigned int i = 0; i < t->user_count; i++)
		if (strlen(t->users[i].name) == len && !memcmp(t->users[i].name, name, len))
			return &t->users[i];
	return NULL;
}

void users_free(struct tunnel_options *t)
{
	mem_free_wiped(t->users, t->users ? USERS_MAX * sizeof(*t->users) : 0);
	t->users = NULL;
	t->user_count = 0;
}

/* ---- both */

bool user_set_method(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	const struct eap_method *m = eap_method_named(value);
	uint8_t *types = to->tunnel->ike.eap;

	if (!m)
		return value_refuse(why, "\"%s\" is not a method of EAP that esplane has; use tls, ttls, mschapv2, md5 or radius",
				    value);
	for (unsigned int i = 0; i < EAP_METHODS_MAX; i++) {
		if (types[i] == m->type)
			return value_refuse(why, "%s is there twice", value);
		if (!types[i]) {
			types[i] = m->type;
			return true;
		}
	}
	return value_refuse(why, "more than %d methods", EAP_METHODS_MAX);
}

/* ---- client */

bool user_set_identity(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	size_t len = strlen(value);

	if (!len || len > USER_NAME_MAX)
		return value_refuse(why, "the name has %zu octets; use 1 to %d", len,
				    USER_NAME_MAX);
	to->tunnel->ike.eap_id = id_of_octets(ID_KEY_ID,
					      (struct chunk){ (const uint8_t *)value, len });
	return true;
}

static bool user_keep_password(struct tunnel_options *t, const char *text,
			       char why[VALUE_WHY_MAX])
{
	size_t len = strlen(text);

	if (!len || len >= sizeof(t->password))
		return value_refuse(why, "the password has %zu octets; use 1 to %zu", len,
				    sizeof(t->password) - 1);
	memcpy(t->password, text, len + 1);
	return true;
}

bool user_set_password(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return secret_is_private(to->file, to->st, why) &&
	       user_keep_password(to->tunnel, value, why);
}

bool user_set_password_file(struct option_target *to, const char *value,
			    char why[VALUE_WHY_MAX])
{
	char path[4096], text[SECRET_TEXT_MAX];
	bool ok;

	ok = value_path(to->file, value, path, sizeof(path), why) &&
	     secret_text_read(path, text, why) && user_keep_password(to->tunnel, text, why);
	mem_wipe(text, sizeof(text));
	return ok;
}

bool user_set_inner(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	static const char *const words[] = {
		[TTLS_EAP] = "eap", [TTLS_MSCHAPV2] = "mschapv2", [TTLS_PAP] = "pap",
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++) {
		to->tunnel->ike.ttls = (enum tunnel_ttls)i;
		if (!strcmp(value, words[i]))
			return true;
	}
	return value_refuse(why, "\"%s\" is not known; use eap, mschapv2 or pap", value);
}

bool user_set_only(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return value_choice(value, "no", "yes", &to->tunnel->ike.eap_only, why);
}

bool user_set_aaa(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return ike_id_parse(&to->tunnel->ike.aaa_id, value) ||
	       value_refuse(why, "\"%s\" is not an identity; use a name, an address or a distinguished name, as for remote-id",
			    value);
}

/* ---- the tunnel as a whole */

static bool user_has(const struct tunnel_options *t, const struct eap_method *m)
{
	return memchr(t->ike.eap, m->type, sizeof(t->ike.eap));
}

bool user_has_tls(const struct tunnel_options *t)
{
	return user_has(t, &eap_tls);
}

bool user_has_ttls(const struct tunnel_options *t)
{
	return user_has(t, &eap_ttls);
}

static bool user_has_passwords(const struct tunnel_options *t)
{
	return user_has(t, &eap_ttls) || user_has(t, &eap_mschapv2) || user_has(t, &eap_md5);
}

static bool user_is_server(const struct tunnel_options *t)
{
	return t->user_count || (t->ike.any && user_has_tls(t));
}

static bool user_complete_server(const struct tunnel_options *t, char why[VALUE_WHY_MAX])
{
	if (t->password[0])
		return value_refuse(why, "users says that the peers prove themselves by EAP, password that we do: of one tunnel only one end can");
	if (!t->ike.any)
		return value_refuse(why, "users says that the peers prove themselves by EAP, which only who begins can: use remote = any");
	if (t->ike.aaa_id.type)
		return value_refuse(why, "aaa-id is about the server of EAP, which we are: leave it out");
	return t->ike.ttls == TTLS_EAP ||
	       value_refuse(why, "ttls-inner is about our own proof by EAP; as server we take what the client does: leave it out");
}

static bool user_complete_client(struct tunnel_options *t, char why[VALUE_WHY_MAX])
{
	if (t->ike.any)
		return value_refuse(why, "password says that we prove who we are by EAP, which only who begins can: name the peer in remote, or give users");
	if (t->ike.aaa_id.type && !user_has_tls(t) && !user_has_ttls(t))
		return value_refuse(why, "aaa-id is about the certificate of the server of EAP, but no method of eap has one: leave it out");
	if (t->ike.ttls != TTLS_EAP && !user_has_ttls(t))
		return value_refuse(why, "ttls-inner is about the method ttls, which eap does not have: add it, or leave ttls-inner out");
	/* who has a certificate is named by it: user_named() */
	return user_has_tls(t) || user_named(t, why);
}

bool user_named(struct tunnel_options *t, char why[VALUE_WHY_MAX])
{
	const struct ike_id *id = &t->ike.local_id;

	if (t->ike.local_auth != &auth_eap_ops && !t->ike.local_second && !t->password[0])
		return true;
	if (t->ike.eap_id.type)
		return true;
	if (id->type != ID_FQDN && id->type != ID_RFC822_ADDR && id->type != ID_KEY_ID)
		return value_refuse(why, "eap-identity is missing: the name that belongs to %s",
				    t->password[0] ? "password" : "cert");
	t->ike.eap_id = *id;
	return true;
}

/* Do the methods of eap have what they need, and does each have a use? */
static bool user_methods_fit(const struct tunnel_options *t, char why[VALUE_WHY_MAX])
{
	const char *with = t->ike.any ? "users" : "password";
	bool passwords = t->user_count || t->password[0];

	if (passwords && !user_has_passwords(t))
		return value_refuse(why, "eap has tls only, which needs no %s: leave %s out, or add mschapv2 to eap",
				    with, with);
	if (!passwords && user_has_passwords(t))
		return value_refuse(why, "eap has a method with passwords, but there is no %s: add it, or leave tls alone in eap",
				    with);
	return true;
}

static bool user_is_second(const struct tunnel_options *t)
{
	return t->second.auth == SECOND_EAP;
}

/* By EAP, and nothing else; or after the proof that is there already. */
static void user_choose(struct tunnel_options *t, bool server)
{
	if (server && user_is_second(t))
		t->ike.remote_second = &auth_eap_ops;
	else if (server)
		t->ike.remote_auth = &auth_eap_ops;
	else if (user_is_second(t))
		t->ike.local_second = &auth_eap_ops;
	else
		t->ike.local_auth = &auth_eap_ops;
}

static bool user_is_anybody(const struct tunnel_options *t)
{
	return t->user_count || t->password[0] || user_has_tls(t) || radius_option_given(t);
}

bool user_complete(struct tunnel_options *t, char why[VALUE_WHY_MAX])
{
	bool ok, server = user_is_server(t);

	if (user_is_second(t) && !user_is_anybody(t))
		return value_refuse(why, "second-auth = eap wants a second proof by EAP, and nothing says whose: give eap-identity and password, or users, or eap = radius, for the peers");
	if (user_is_second(t) && t->ike.eap_only)
		return value_refuse(why, "second-auth = eap wants another proof before EAP, and eap-only = yes wants none: leave one of them out");
	if (t->ike.eap_only && !user_has_tls(t))
		return value_refuse(why, "eap-only = yes needs tls in eap: no other method proves both ends well enough (RFC 5998)");
	if (!radius_option_complete(t, why))
		return false;
	if (radius_option_given(t)) {
		user_choose(t, true);
		return true;
	}
	if (!t->user_count && !t->password[0] && !user_has_tls(t)) {
		if (t->ike.eap_id.type || t->ike.eap[0] || t->ike.aaa_id.type ||
		    t->ike.ttls != TTLS_EAP)
			return value_refuse(why, "%s is there, but neither password, for our own proof by EAP, nor users, for that of the peers",
					    t->ike.eap[0] ? "eap" : t->ike.eap_id.type ?
					    "eap-identity" : t->ike.aaa_id.type ? "aaa-id" :
					    "ttls-inner");
		return true;
	}
	if (!t->ike.eap[0])
		t->ike.eap[0] = eap_mschapv2.type;
	ok = (server ? user_complete_server(t, why) : user_complete_client(t, why)) &&
	     user_methods_fit(t, why);
	if (ok)
		user_choose(t, server);
	return ok;
}

bool user_warning(const struct tunnel_options *t, char text[VALUE_WHY_MAX])
{
	/* with a cert of ours the psk is the first proof of the machines, and does not prove us */
	if ((!t->user_count && !radius_option_given(t)) || !t->psk.len || t->ike.local_auth)
		return false;
	value_refuse(text, "psk: each user knows it, can pass for this server with it, and learn the passwords of others: use cert and key");
	return true;
}
