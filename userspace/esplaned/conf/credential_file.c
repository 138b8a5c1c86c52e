// SPDX-License-Identifier: GPL-2.0
#include "esplaned/conf/credential_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/key.h"
#include "crypto/pkcs11.h"
#include "esplaned/conf/option.h"
#include "esplaned/conf/secret.h"
#include "ike/core/env.h"
#include "ike/core/id.h"
#include "lib/mem.h"
#include "suite/ikev2.h"

#define CREDENTIAL_FILE_LIST_MAX	2048	/* CAs of a tunnel, or revocation lists */

/* Of the open file; @c to be given back with mem_free_wiped. False: @why. */
static bool credential_file_fd_read(int fd, const char *path, bool secret, size_t max,
				    struct chunk *c, char why[VALUE_WHY_MAX])
{
	struct stat st;
	uint8_t *octets;
	ssize_t n = 1;
	size_t size;

	if (fstat(fd, &st))
		return value_refuse(why, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return value_refuse(why, "%s is not a regular file", path);
	if (st.st_mode & 0002)
		return value_refuse(why, "anybody can write %s: chmod o-w %s", path, path);
	if (secret && !secret_is_private(path, &st, why))
		return false;
	if (st.st_size <= 0 || (uint64_t)st.st_size > max)
		return value_refuse(why, st.st_size ? "%s is longer than %zu octets" : "%s is empty",
				    path, max);
	size = (size_t)st.st_size;
	octets = calloc(1, size);
	if (!octets)
		return value_refuse(why, "no memory");
	*c = (struct chunk){ octets, 0 };
	while (n > 0 && c->len < size) {
		n = read(fd, octets + c->len, size - c->len);
		c->len += n > 0 ? (size_t)n : 0;
	}
	if (c->len == size)
		return true;
	mem_free_wiped(octets, size);
	return value_refuse(why, "%s: %s", path, n < 0 ? strerror(errno) : "it became shorter");
}

bool credential_file_read(const char *path, bool secret, size_t max, struct chunk *c,
				 char why[VALUE_WHY_MAX])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	bool ok;

	*c = (struct chunk){ 0 };
	if (fd < 0)
		return value_refuse(why, "%s: %s", path, strerror(errno));
	ok = credential_file_fd_read(fd, path, secret, max, c, why);
	close(fd);
	return ok;
}

void credential_file_free(struct chunk c)
{
	mem_free_wiped((void *)c.p, c.len);
}

bool credential_file_is_private(const char *path, char why[VALUE_WHY_MAX])
{
	struct stat st;

	if (stat(path, &st))
		return value_refuse(why, "%s: %s", path, strerror(errno));
	return secret_is_private(path, &st, why);
}

/* What is on a token is read when all of the tunnel is known, the PIN too. */
static bool credential_file_uri(char path[CONFIG_CERT_PATH_MAX], const char *value,
			       char why[VALUE_WHY_MAX])
{
	char detail[KEY_WHY_MAX];

	if (strlen(value) >= CONFIG_CERT_PATH_MAX)
		return value_refuse(why, "a URI of %zu octets is too long: use at most %d",
				    strlen(value), CONFIG_CERT_PATH_MAX - 1);
	if (!pkcs11_check(value, detail))
		return value_refuse(why, "%s %s", strstr(value, "pin-value") ? "it" : value,
				    detail);
	memcpy(path, value, strlen(value) + 1);
	return true;
}

bool credential_file_take_cert(struct option_target *to, const char *value,
			  char path[CONFIG_CERT_PATH_MAX], char why[VALUE_WHY_MAX])
{
	char detail[CERT_WHY_MAX];
	struct chunk_list *certs;
	struct chunk c;
	bool p12;

	if (pkcs11_is_uri(value))
		return credential_file_uri(path, value, why);
	if (!value_path(to->file, value, path, CONFIG_CERT_PATH_MAX, why) ||
	    !credential_file_read(path, false, CREDENTIAL_FILE_MAX, &c, why))
		return false;
	p12 = key_is_pkcs12(c);
	certs = p12 ? NULL : cert_load(c, detail);
	credential_file_free(c);
	chunk_list_put(certs);
	return p12 || certs || value_refuse(why, "%s %s", path, detail);
}

bool credential_file_take_key(struct option_target *to, const char *value,
			 char path[CONFIG_CERT_PATH_MAX], char why[VALUE_WHY_MAX])
{
	struct chunk c;

	if (pkcs11_is_uri(value))
		return credential_file_uri(path, value, why);
	if (!value_path(to->file, value, path, CONFIG_CERT_PATH_MAX, why) ||
	    !credential_file_read(path, true, CREDENTIAL_FILE_MAX, &c, why))
		return false;
	credential_file_free(c);
	return true;
}

bool credential_file_append(struct chunk_list **list, struct chunk_list *more,
			      char why[VALUE_WHY_MAX])
{
	unsigned int count = chunk_list_count(*list), total = count + chunk_list_count(more);
	struct chunk *all = calloc(total, sizeof(*all));
	struct chunk_list *joined = NULL;

	for (unsigned int i = 0; all && i < total; i++)
		all[i] = i < count ? (*list)->chunk[i] : more->chunk[i - count];
	if (all && total <= CREDENTIAL_FILE_LIST_MAX)
		joined = chunk_list_new(all, total);
	free(all);
	chunk_list_put(more);
	if (!joined)
		return value_refuse(why, "more than %d in all, or no memory",
				    CREDENTIAL_FILE_LIST_MAX);
	chunk_list_put(*list);
	*list = joined;
	return true;
}

bool credential_file_take_ca(struct option_target *to, const char *value, struct chunk_list **ca,
			char why[VALUE_WHY_MAX])
{
	char path[CONFIG_CERT_PATH_MAX], detail[CERT_WHY_MAX], name[CERT_NAME_MAX];
	struct chunk_list *list;
	struct chunk c;

	if (!value_path(to->file, value, path, sizeof(path), why) ||
	    !credential_file_read(path, false, CREDENTIAL_FILE_MAX, &c, why))
		return false;
	list = cert_load(c, detail);
	credential_file_free(c);
	if (!list)
		return value_refuse(why, "%s %s", path, detail);
	for (unsigned int i = 0; i < list->count; i++) {
		if (cert_is_ca(list->chunk[i]))
			continue;
		cert_subject(list->chunk[i], name);
		chunk_list_put(list);
		return value_refuse(why, "%s: the certificate of %s is not a CA's: give that of who "
				    "has issued it", path, name);
	}
	return credential_file_append(ca, list, why);
}

/* Certificates from cert, and where it is PKCS#12 the key with them. */
static bool credential_file_certs(const struct credential *o, char why[VALUE_WHY_MAX])
{
	const char *password = o->password[0] ? o->password : NULL;
	char detail[KEY_WHY_MAX];
	struct chunk c;
	bool p12, ok;

	if (pkcs11_is_uri(o->cert_path)) {
		*o->certs = pkcs11_certs(o->cert_path, password, detail);
		return *o->certs || value_refuse(why, "%s: %s %s", o->cert, o->cert_path, detail);
	}
	if (!credential_file_read(o->cert_path, false, CREDENTIAL_FILE_MAX, &c, why))
		return false;
	p12 = key_is_pkcs12(c);
	if (p12 && (o->key_path[0] || !credential_file_is_private(o->cert_path, why))) {
		credential_file_free(c);
		return !o->key_path[0] ? false :
		       value_refuse(why, "%s is PKCS#12, which has the key too: leave %s out",
				    o->cert_path, o->key_option);
	}
	if (p12)
		ok = key_load_pkcs12(c, password, o->key, o->certs, detail);
	else
		ok = (*o->certs = cert_load(c, detail));
	credential_file_free(c);
	return ok || value_refuse(why, "%s: %s %s", o->cert, o->cert_path, detail);
}

bool credential_file_key(const struct credential *o, char why[VALUE_WHY_MAX])
{
	const char *password = o->password[0] ? o->password : NULL;
	char detail[KEY_WHY_MAX];
	struct chunk c;

	if (*o->key)
		return true;
	if (!o->key_path[0])
		return value_refuse(why, "%s is missing: the private key of the certificate %s",
				    o->key_option, o->cert_path);
	if (pkcs11_is_uri(o->key_path)) {
		*o->key = pkcs11_key(o->key_path, password, detail);
		return *o->key || value_refuse(why, "%s: %s %s", o->key_option, o->key_path,
					       detail);
	}
	if (!credential_file_read(o->key_path, true, CREDENTIAL_FILE_MAX, &c, why))
		return false;
	*o->key = key_load(c, password, detail);
	credential_file_free(c);
	return *o->key || value_refuse(why, "%s: %s %s", o->key_option, o->key_path,
					       detail);
}

/* In time, strong, for IKE, and the key's? */
static bool credential_file_check(const struct credential *o, bool legacy, time_t now,
			     char why[VALUE_WHY_MAX])
{
	char name[CERT_NAME_MAX], text[32], here[32], detail[CERT_WHY_MAX];
	struct chunk cert = (*o->certs)->chunk[0];
	const char *key = o->key_path[0] ? o->key_path : o->cert_path;
	time_t from, until;
	size_t octets = 0;

	for (unsigned int i = 0; i < (*o->certs)->count; i++)
		octets += (*o->certs)->chunk[i].len;
	if ((*o->certs)->count > IKE_CERTS_MAX || octets > IKE_CERTS_LEN_MAX)
		return value_refuse(why, "%s has %u certificates of %zu octets; a chain of ours has "
				    "at most %d, of %d", o->cert_path, (*o->certs)->count, octets,
				    IKE_CERTS_MAX, IKE_CERTS_LEN_MAX);
	if (!key_fits(*o->key, cert))
		return value_refuse(why, "the key in %s does not belong to the certificate of %s in "
				    "%s", key, cert_subject(cert, name), o->cert_path);
	if (!cert_is_usable(cert, legacy, detail))
		return value_refuse(why, "the certificate in %s cannot be used: %s", o->cert_path,
				    detail);
	if (!cert_dates(cert, &from, &until))
		return value_refuse(why, "the certificate in %s has no dates", o->cert_path);
	if (now > until || now < from)
		return value_refuse(why, "the certificate of %s in %s %s %s (it is %s here)",
				    cert_subject(cert, name), o->cert_path,
				    now > until ? "has expired on" : "is not valid before",
				    cert_time_str(now > until ? until : from, text),
				    cert_time_str(now, here));
	return true;
}

/* Our identity, which the peer looks for in the certificate. */
static bool credential_file_identify(const struct credential *o, char why[VALUE_WHY_MAX])
{
	char detail[CERT_WHY_MAX], text[CERT_NAME_MAX];
	struct ike_id *id = o->id;
	struct chunk cert = (*o->certs)->chunk[0];

	if (!id->type) {
		id->len = (uint16_t)cert_first_name(cert, &id->type, id->data, sizeof(id->data));
		return id->len || value_refuse(why, "%s has no name of at most %d octets: give "
					       "%s", o->cert_path, TUNNEL_ID_MAX, o->id_option);
	}
	return cert_names(cert, id->type, (struct chunk){ id->data, id->len }, detail) ||
	       value_refuse(why, "%s is %s, but the certificate in %s %s: take one of these, "
			    "or another certificate", o->id_option,
			    ike_id_str(id, text, sizeof(text)), o->cert_path, detail);
}

bool credential_file_load(const struct credential *c, bool legacy, time_t now,
			  char why[VALUE_WHY_MAX])
{
	return credential_file_certs(c, why) && credential_file_key(c, why) &&
	       credential_file_check(c, legacy, now, why) && credential_file_identify(c, why);
}
