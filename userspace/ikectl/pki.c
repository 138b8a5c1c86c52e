// SPDX-License-Identifier: GPL-2.0
#include "ikectl/pki.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "crypto/issue.h"
#include "ikectl/ikectl.h"
#include "ikectl/pki_profile.h"

#define PKI_DIR		"/etc/esplane/pki"
#define PKI_FILE_MAX	(16 * 1024 * 1024)
#define PKI_CRL_DAYS	30
#define PKI_DAYS_MAX	36500
#define PKI_PASSWORD	20		/* letters */

struct pki {
	const char *dir, *server;
	enum issue_kind kind;
	enum issue_use use;
	unsigned int days;		/* 0: the default */
	char **args;			/* behind the command */
	unsigned int count;
	char *ca, *ca_key;		/* PEM, when they have been read */
	char why[ISSUE_WHY_MAX];
};

static int pki_failed(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static int pki_failed(const char *fmt, ...)
{
	va_list ap;

	fputs("ikectl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return STATUS_FAILED;
}

/* Files */

static const char *pki_path(const struct pki *p, const char *name, const char *suffix)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s%s", p->dir, name, suffix);
	return path;
}

/* A name becomes a file's: what could lead elsewhere cannot be one, nor the CA's own. */
static bool pki_is_name(const char *name)
{
	return *name && *name != '.' && *name != '-' && !strchr(name, '/') && strlen(name) < 200 &&
	       strcmp(name, "ca");
}

/* To be given back with issue_free. NULL: errno. */
static char *pki_read(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	struct stat st;
	int error;

	if (!f)
		return NULL;
	errno = EFBIG;
	if (!fstat(fileno(f), &st) && st.st_size <= PKI_FILE_MAX)
		text = calloc(1, (size_t)st.st_size + 1);
	if (text && fread(text, 1, (size_t)st.st_size, f) != (size_t)st.st_size) {
		error = ferror(f) ? errno : EIO;	/* it became shorter */
		mem_free_wiped(text, (size_t)st.st_size + 1);
		text = NULL;
		errno = error;
	}
	error = errno;
	fclose(f);
	errno = error;
	return text;
}

/* Beside, then in its place. @fresh: one that is there is not touched. */
static bool pki_write(struct pki *p, const char *path, const void *data, size_t len, mode_t mode,
		      bool fresh)
{
	char beside[PATH_MAX + 8];
	int fd;
	bool ok;

	snprintf(beside, sizeof(beside), "%s.new", path);
	if (fresh && !access(path, F_OK)) {
		snprintf(p->why, sizeof(p->why), "%.200s is there already", path);
		return false;
	}
	unlink(beside);
	fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	ok = fd >= 0 && write(fd, data, len) == (ssize_t)len && !fsync(fd) && !fchmod(fd, mode);
	ok = fd >= 0 && !close(fd) && ok && !rename(beside, path);
	if (ok)
		return true;
	snprintf(p->why, sizeof(p->why), "%.200s: %s", path, strerror(errno));
	unlink(beside);
	return false;
}

/* Writes a text and gives it back. NULL: @p->why says why there is none. */
static bool pki_keep(struct pki *p, const char *path, char *text, mode_t mode, bool fresh)
{
	bool ok = text && pki_write(p, path, text, strlen(text), mode, fresh);

	issue_free(text, 0);
	return ok;
}

static bool pki_ca_read(struct pki *p)
{
	p->ca = pki_read(pki_path(p, "ca", ".pem"));
	p->ca_key = pki_read(pki_path(p, "ca", ".key"));
	if (p->ca && p->ca_key)
		return true;
	pki_failed("there is no CA in %s: make one, with ikectl pki ca \"O=Example, CN=Example "
		   "CA\"", p->dir);
	return false;
}

/* Commands */

/* With the directories above it: nobody has made /etc/esplane before the first tunnel. */
static bool pki_make_dir(const char *dir)
{
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s", dir) >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return false;
	}
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0755) && errno != EEXIST)
			return false;
		*slash = '/';
	}
	return !mkdir(path, 0700) || errno == EEXIST;
}

static int pki_ca(struct pki *p)
{
	char *key, *cert;
	bool ok;

	if (p->count != 1)
		return STATUS_USAGE;
	if (!pki_make_dir(p->dir))
		return pki_failed("cannot make the directory %s: %s; make it, or give another --dir",
				  p->dir, strerror(errno));
	if (!access(pki_path(p, "ca", ".key"), F_OK))
		return pki_failed("%s is there already: another CA needs another --dir",
				  pki_path(p, "ca", ".key"));
	key = issue_key(p->kind, p->why);
	cert = key ? issue_ca(key, p->args[0], p->days ? p->days : ISSUE_CA_DAYS, p->why) : NULL;
	ok = cert && pki_write(p, pki_path(p, "ca", ".key"), key, strlen(key), 0600, true);
	issue_free(key, 0);
	if (!ok || !pki_keep(p, pki_path(p, "ca", ".pem"), cert, 0644, true))
		return pki_failed("%s", p->why);
	printf("%s: give it to the gateways as ca; ca.key beside it is the secret of all\n",
	       pki_path(p, "ca", ".pem"));
	return STATUS_OK;
}

/* Nothing of that name is there, so that no half of it is made. */
static bool pki_is_free(struct pki *p, const char *name)
{
	static const char *const suffixes[] = { ".key", ".pem", ".p12" };

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		const char *path = pki_path(p, name, suffixes[i]);

		if (access(path, F_OK))
			continue;
		snprintf(p->why, sizeof(p->why), "%.200s is there already", path);
		return false;
	}
	return true;
}

/* Key and certificate as NAME.key, NAME.pem. */
static bool pki_end_make(struct pki *p, char **key, char **cert)
{
	const struct issue_ca ca = { p->ca, p->ca_key };
	const char *name = p->args[0];

	*cert = NULL;
	*key = pki_is_free(p, name) ? issue_key(p->kind, p->why) : NULL;
	if (*key)
		*cert = issue_cert(&ca, *key, (const char *const *)p->args, p->count, p->use,
				   p->days ? p->days : ISSUE_DAYS, p->why);
	return *cert &&
	       pki_write(p, pki_path(p, name, ".key"), *key, strlen(*key), 0600, true) &&
	       pki_write(p, pki_path(p, name, ".pem"), *cert, strlen(*cert), 0644, true);
}

/* Without letters that look like others. */
static void pki_password(char password[PKI_PASSWORD + 1])
{
	static const char set[] = "abcdefghijkmnpqrstuvwxyz23456789";
	uint8_t octets[PKI_PASSWORD];

	crypto_random(octets, sizeof(octets));
	for (int i = 0; i < PKI_PASSWORD; i++)
		password[i] = set[octets[i] % 32];
	password[PKI_PASSWORD] = '\0';
	mem_wipe(octets, sizeof(octets));
}

static bool pki_profile(struct pki *p, const struct pki_client *c, const char *suffix,
			void (*write_fn)(FILE *f, const struct pki_client *c))
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return false;
	write_fn(f, c);
	fclose(f);
	return pki_keep(p, pki_path(p, c->name, suffix), text, 0600, false);
}

static bool pki_profiles(struct pki *p, const char *key, const char *cert)
{
	struct pki_client c = {
		.name = p->args[0], .server = p->server, .rsa = p->kind == ISSUE_RSA3072,
		.ca = p->ca,
	};
	char password[PKI_PASSWORD + 1];
	bool ok;

	pki_password(password);
	c.p12 = issue_pkcs12(key, cert, p->ca, c.name, password, &c.p12_len, p->why);
	ok = c.p12 && pki_write(p, pki_path(p, c.name, ".p12"), c.p12, c.p12_len, 0600, true);
	if (ok && p->server)
		ok = pki_profile(p, &c, ".mobileconfig", pki_profile_apple) &&
		     pki_profile(p, &c, ".sswan", pki_profile_android) &&
		     pki_profile(p, &c, ".ps1", pki_profile_windows);
	issue_free((void *)c.p12, c.p12_len);
	if (ok)
		printf("%s and %s, with the password %s\n", pki_path(p, c.name, ".p12"),
		       p->server ? "its .mobileconfig, .sswan and .ps1" : "no profile (--server)",
		       password);
	mem_wipe(password, sizeof(password));
	return ok;
}

static int pki_end(struct pki *p)
{
	char *key = NULL, *cert = NULL;
	int status = STATUS_OK;

	if (!p->count)
		return STATUS_USAGE;
	if (!pki_is_name(p->args[0]))
		return pki_failed("\"%s\" cannot be the name of a file, which it has to be",
				  p->args[0]);
	if (!pki_ca_read(p))
		return STATUS_FAILED;
	if (!pki_end_make(p, &key, &cert) ||
	    (p->use == ISSUE_CLIENT && !pki_profiles(p, key, cert)))
		status = pki_failed("%s", p->why);
	else
		printf("%s and its key\n", pki_path(p, p->args[0], ".pem"));
	issue_free(key, 0);
	issue_free(cert, 0);
	return status;
}

static int pki_server(struct pki *p)
{
	p->use = ISSUE_SERVER;
	return pki_end(p);
}

static int pki_client(struct pki *p)
{
	p->use = ISSUE_CLIENT;
	return pki_end(p);
}

/* REQUEST NAME [ALSO...]: another's key; the CA says what it may be called. */
static int pki_sign(struct pki *p)
{
	char *request, *cert;
	struct issue_ca ca;

	if (p->count < 2 || !pki_is_name(p->args[1]))
		return STATUS_USAGE;
	request = pki_read(p->args[0]);
	if (!request)
		return pki_failed("%s: %s", p->args[0], strerror(errno));
	if (!strstr(request, "CERTIFICATE REQUEST")) {
		issue_free(request, 0);
		return pki_failed("%s is no certificate request in PEM (PKCS#10)", p->args[0]);
	}
	if (!pki_ca_read(p)) {
		issue_free(request, 0);
		return STATUS_FAILED;
	}
	ca = (struct issue_ca){ p->ca, p->ca_key };
	cert = issue_cert(&ca, request, (const char *const *)p->args + 1, p->count - 1, p->use,
			  p->days ? p->days : ISSUE_DAYS, p->why);
	issue_free(request, 0);
	if (!pki_keep(p, pki_path(p, p->args[1], ".pem"), cert, 0644, true))
		return pki_failed("%s", p->why);
	printf("%s\n", pki_path(p, p->args[1], ".pem"));
	return STATUS_OK;
}

/* [NAME]: with none the list is made anew, before it is stale. */
static int pki_revoke(struct pki *p)
{
	char *before, *cert = NULL, *crl;
	struct issue_ca ca;

	if (p->count > 1 || (p->count && !pki_is_name(p->args[0])))
		return STATUS_USAGE;
	if (!pki_ca_read(p))
		return STATUS_FAILED;
	if (p->count) {
		cert = pki_read(pki_path(p, p->args[0], ".pem"));
		if (!cert)
			return pki_failed("%s: %s", pki_path(p, p->args[0], ".pem"),
					  strerror(errno));
	}
	ca = (struct issue_ca){ p->ca, p->ca_key };
	before = pki_read(pki_path(p, "ca", ".crl"));
	if (!before && errno != ENOENT) {	/* who is on it would not be on the new one */
		issue_free(cert, 0);
		return pki_failed("%s: %s", pki_path(p, "ca", ".crl"), strerror(errno));
	}
	crl = issue_crl(&ca, before, cert, p->days ? p->days : PKI_CRL_DAYS, p->why);
	issue_free(before, 0);
	issue_free(cert, 0);
	if (!pki_keep(p, pki_path(p, "ca", ".crl"), crl, 0644, false))
		return pki_failed("%s", p->why);
	printf("%s: give it to the gateways as crl, then ikectl reload there\n",
	       pki_path(p, "ca", ".crl"));
	return STATUS_OK;
}

static const struct {
	const char *name;
	int (*run)(struct pki *p);
} pki_commands[] = {
	{ "ca", pki_ca }, { "server", pki_server }, { "client", pki_client },
	{ "sign", pki_sign }, { "revoke", pki_revoke },
};

static bool pki_days(struct pki *p, const char *text)
{
	unsigned long days;
	char *end;

	days = strtoul(text, &end, 10);
	p->days = (unsigned int)days;
	return *text >= '0' && *text <= '9' && !*end && days && days <= PKI_DAYS_MAX;
}

static bool pki_options(struct pki *p, int argc, char **argv)
{
	static const struct option options[] = {
		{ "dir", required_argument, NULL, 'd' }, { "server", required_argument, NULL, 's' },
		{ "days", required_argument, NULL, 'n' }, { "rsa", no_argument, NULL, 'r' },
		{ "client", no_argument, NULL, 'c' }, { 0 },
	};
	int c;

	optind = 0;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'd')
			p->dir = optarg;
		else if (c == 's')
			p->server = optarg;
		else if (c == 'n' && pki_days(p, optarg))
			continue;
		else if (c == 'r')
			p->kind = ISSUE_RSA3072;
		else if (c == 'c')
			p->use = ISSUE_CLIENT;
		else
			return false;
	}
	p->args = argv + optind;
	p->count = (unsigned int)(argc - optind);
	return true;
}

int pki_main(int argc, char **argv)
{
	struct pki p = { .dir = PKI_DIR };
	int status = STATUS_USAGE;

	for (size_t i = 0; argc > 1 && i < sizeof(pki_commands) / sizeof(*pki_commands); i++) {
		if (strcmp(pki_commands[i].name, argv[1]))
			continue;
		if (pki_options(&p, argc - 1, argv + 1))
			status = pki_commands[i].run(&p);
	}
	issue_free(p.ca, 0);
	issue_free(p.ca_key, 0);
	if (status == STATUS_USAGE)
		help_command(stderr, "pki");
	return status;
}
