// SPDX-License-Identifier: GPL-2.0
#include "esplaned/conf/secret.h"

#include <confuse.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/mem.h"

#define SECRET_SHORT	8	/* octets; fewer can all be tried */
#define SECRET_WORDS	16 /* of one kind of characters: as long as two words of a dictionary */

static int secret_digit64(char c)
{
	static const char set[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(set, c) : NULL;

	return at ? (int)(at - set) : -1;
}

static int secret_digit16(char c)
{
	return isxdigit((unsigned char)c) ?
		       (isdigit((unsigned char)c) ? c - '0' : (c | 0x20) - 'a' + 10) :
		       -1;
}

/* @bits a digit: 4 or 6. Trailing "=" are skipped, left-over bits must be zero. */
static bool secret_decode(const char *text, int (*digit)(char), unsigned int bits,
			  struct secret *to)
{
	size_t len = strlen(text);
	uint32_t acc = 0;
	unsigned int have = 0;

	for (; bits == 6 && len && text[len - 1] == '='; len--)
		;
	to->len = 0;
	for (size_t i = 0; i < len; i++) {
		int d = digit(text[i]);

		if (d < 0)
			return false;
		acc = acc << bits | (uint32_t)d;
		have += bits;
		if (have < 8)
			continue;
		if (to->len == CONFIG_PSK_MAX)
			return false;
		have -= 8;
		to->b[to->len++] = (uint8_t)(acc >> have);
		acc &= (1U << have) - 1;
	}
	return to->len && have < bits && !acc;
}

bool secret_parse(struct secret *to, const char *text, char why[VALUE_WHY_MAX])
{
	size_t len = strlen(text);
	bool ok;

	if (!strncmp(text, "0x", 2) || !strncmp(text, "0s", 2)) {
		ok = text[1] == 'x' ? secret_decode(text + 2, secret_digit16, 4, to) :
				      secret_decode(text + 2, secret_digit64, 6, to);
		return ok ||
		       value_refuse(why,
				    "the secret starts with %.2s but does not go on in %s of 1 to "
				    "%d octets",
				    text, text[1] == 'x' ? "pairs of hexadecimal digits" : "base64",
				    CONFIG_PSK_MAX);
	}
	if (!len || len > CONFIG_PSK_MAX)
		return value_refuse(why, "the secret has %zu octets; use 1 to %d", len,
				    CONFIG_PSK_MAX);
	memcpy(to->b, text, len);
	to->len = (uint16_t)len;
	return true;
}

bool secret_is_private(const char *file, const struct stat *st, char why[VALUE_WHY_MAX])
{
	if (st->st_mode & 077)
		return value_refuse(why,
				    "%s holds a secret and is open to others (mode %04o): chmod "
				    "600 %s",
				    file, (unsigned int)st->st_mode & 07777, file);
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return value_refuse(why, "%s holds a secret and belongs to uid %u: chown root %s",
				    file, (unsigned int)st->st_uid, file);
	return true;
}

static bool secret_fd_read(int fd, const char *path, char *buf, size_t size,
			   char why[VALUE_WHY_MAX])
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st))
		return value_refuse(why, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return value_refuse(why, "%s is not a regular file", path);
	if (!secret_is_private(path, &st, why))
		return false;
	n = read(fd, buf, size - 1);
	if (n < 0)
		return value_refuse(why, "%s: %s", path, strerror(errno));
	if ((size_t)n == size - 1)
		return value_refuse(why, "%s is too long: a secret has at most %d octets", path,
				    CONFIG_PSK_MAX);
	if (n && buf[n - 1] == '\n')
		n--;
	if (n && buf[n - 1] == '\r')
		return value_refuse(why,
				    "%s ends in a carriage return, which would belong to the "
				    "secret: remove it, with tr -d '\\r' or the like",
				    path);
	buf[n] = '\0';
	if (strlen(buf) != (size_t)n)
		return value_refuse(why,
				    "%s contains a zero octet: write such a secret as 0x and "
				    "hexadecimal digits",
				    path);
	return true;
}

bool secret_text_read(const char *path, char text[SECRET_TEXT_MAX], char why[VALUE_WHY_MAX])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	bool ok;

	if (fd < 0)
		return value_refuse(why, "%s: %s; write the secret into a file of mode 0600", path,
				    strerror(errno));
	ok = secret_fd_read(fd, path, text, SECRET_TEXT_MAX, why);
	close(fd);
	return ok;
}

bool secret_read(struct secret *to, const char *path, char why[VALUE_WHY_MAX])
{
	char text[SECRET_TEXT_MAX];
	bool ok = secret_text_read(path, text, why) && secret_parse(to, text, why);

	mem_wipe(text, sizeof(text));
	return ok;
}

const char *secret_weakness(const uint8_t *psk, size_t len)
{
	bool letters = true, digits = true, same = true;

	if (len < SECRET_SHORT)
		return "the secret has fewer than 8 octets";
	for (size_t i = 0; i < len; i++) {
		letters &= isalpha(psk[i]) != 0;
		digits &= isdigit(psk[i]) != 0;
		same &= psk[i] == psk[0];
	}
	if (same)
		return "the secret is one character over and over";
	if (len < SECRET_WORDS && (letters || digits))
		return digits ? "the secret is a short number" : "the secret looks like a word";
	return NULL;
}

static void secret_wipe_values(cfg_opt_t *opt)
{
	for (unsigned int i = 0; i < cfg_opt_size(opt); i++) {
		if (opt->values[i]->string)
			mem_wipe(opt->values[i]->string, strlen(opt->values[i]->string));
	}
}

void secret_wipe_read(cfg_t *cfg)
{
	for (unsigned int i = 0; i < cfg_size(cfg, "tunnel"); i++) {
		secret_wipe_values(cfg_getopt(cfg_getnsec(cfg, "tunnel", i), "psk"));
		secret_wipe_values(cfg_getopt(cfg_getnsec(cfg, "tunnel", i), "ppk"));
		secret_wipe_values(cfg_getopt(cfg_getnsec(cfg, "tunnel", i), "key-password"));
		secret_wipe_values(cfg_getopt(cfg_getnsec(cfg, "tunnel", i), "password"));
	}
}
