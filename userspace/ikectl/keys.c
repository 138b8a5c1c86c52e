// SPDX-License-Identifier: GPL-2.0
/* ikectl export-keys: keys of a tunnel as Wireshark reads them, in files only for root. */
#include "ikectl/ikectl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/mem.h"

#define KEYS_LINE_MAX	1024
#define KEYS_FILE_MAX	(4 * 1024 * 1024)	/* octets of one that is there already */

/* Our word for an algorithm, and Wireshark's in IKE and in ESP; NULL: it does not know it. */
static const struct keys_name {
	const char *word, *ike, *esp;
} keys_names[] = {
	{ "aes128gcm16", "AES-GCM-128 with 16 octet ICV [RFC5282]",
	  "AES-GCM with 16 octet ICV [RFC4106]" },
	{ "aes192gcm16", "AES-GCM-192 with 16 octet ICV [RFC5282]",
	  "AES-GCM with 16 octet ICV [RFC4106]" },
	{ "aes256gcm16", "AES-GCM-256 with 16 octet ICV [RFC5282]",
	  "AES-GCM with 16 octet ICV [RFC4106]" },
	{ "aes128gcm12", "AES-GCM-128 with 12 octet ICV [RFC5282]",
	  "AES-GCM with 12 octet ICV [RFC4106]" },
	{ "aes192gcm12", "AES-GCM-192 with 12 octet ICV [RFC5282]",
	  "AES-GCM with 12 octet ICV [RFC4106]" },
	{ "aes256gcm12", "AES-GCM-256 with 12 octet ICV [RFC5282]",
	  "AES-GCM with 12 octet ICV [RFC4106]" },
	{ "aes128gcm8", "AES-GCM-128 with 8 octet ICV [RFC5282]",
	  "AES-GCM with 8 octet ICV [RFC4106]" },
	{ "aes192gcm8", "AES-GCM-192 with 8 octet ICV [RFC5282]",
	  "AES-GCM with 8 octet ICV [RFC4106]" },
	{ "aes256gcm8", "AES-GCM-256 with 8 octet ICV [RFC5282]",
	  "AES-GCM with 8 octet ICV [RFC4106]" },
	{ "aes128ccm16", "AES-CCM-128 with 16 octet ICV [RFC5282]", NULL },
	{ "aes192ccm16", "AES-CCM-192 with 16 octet ICV [RFC5282]", NULL },
	{ "aes256ccm16", "AES-CCM-256 with 16 octet ICV [RFC5282]", NULL },
	{ "aes128ccm12", "AES-CCM-128 with 12 octet ICV [RFC5282]", NULL },
	{ "aes192ccm12", "AES-CCM-192 with 12 octet ICV [RFC5282]", NULL },
	{ "aes256ccm12", "AES-CCM-256 with 12 octet ICV [RFC5282]", NULL },
	{ "aes128ccm8", "AES-CCM-128 with 8 octet ICV [RFC5282]", NULL },
	{ "aes192ccm8", "AES-CCM-192 with 8 octet ICV [RFC5282]", NULL },
	{ "aes256ccm8", "AES-CCM-256 with 8 octet ICV [RFC5282]", NULL },
	{ "aes128", "AES-CBC-128 [RFC3602]", "AES-CBC [RFC3602]" },
	{ "aes192", "AES-CBC-192 [RFC3602]", "AES-CBC [RFC3602]" },
	{ "aes256", "AES-CBC-256 [RFC3602]", "AES-CBC [RFC3602]" },
	{ "aes128ctr", "AES-CTR-128 [RFC5930]", "AES-CTR [RFC3686]" },
	{ "aes192ctr", "AES-CTR-192 [RFC5930]", "AES-CTR [RFC3686]" },
	{ "aes256ctr", "AES-CTR-256 [RFC5930]", "AES-CTR [RFC3686]" },
	{ "3des", "3DES [RFC2451]", "TripleDES-CBC [RFC2451]" },
	{ "null", NULL, "NULL" },
	{ "sha1", "HMAC_SHA1_96 [RFC2404]", "HMAC-SHA-1-96 [RFC2404]" },
	{ "sha256", "HMAC_SHA2_256_128 [RFC4868]", "HMAC-SHA-256-128 [RFC4868]" },
	{ "sha384", "HMAC_SHA2_384_192 [RFC4868]", "HMAC-SHA-384-192 [RFC4868]" },
	{ "sha512", "HMAC_SHA2_512_256 [RFC4868]", "HMAC-SHA-512-256 [RFC4868]" },
	/* It does not check these, and reads all the same. */
	{ "aesxcbc", NULL, "ANY 96 bit authentication [no checking]" },
	{ "aescmac", NULL, "ANY 96 bit authentication [no checking]" },
	{ "md5", "HMAC_MD5_96 [RFC2403]", NULL },
	{ "", "NONE [RFC4306]", "NULL" },
};

static const char *keys_name(const char *word, bool esp)
{
	for (size_t i = 0; i < sizeof(keys_names) / sizeof(*keys_names); i++) {
		if (!strcmp(keys_names[i].word, word))
			return esp ? keys_names[i].esp : keys_names[i].ike;
	}
	return NULL;
}

/* A line of ikev2_decryption_table. False: Wireshark does not know the algorithm. */
static bool keys_ike_line(const json_t *sa, char line[KEYS_LINE_MAX])
{
	const char *encr = keys_name(text_of(sa, "encr"), false);
	const char *integ = keys_name(text_of(sa, "integ"), false);

	if (!encr || !integ)
		return false;
	snprintf(line, KEYS_LINE_MAX, "%s,%s,%s,%s,\"%s\",%s,%s,\"%s\"\n", text_of(sa, "spi_i"),
		 text_of(sa, "spi_r"), text_of(sa, "sk_ei"), text_of(sa, "sk_er"), encr,
		 text_of(sa, "sk_ai"), text_of(sa, "sk_ar"), integ);
	return true;
}

/* A line of esp_sa. */
static bool keys_esp_line(const json_t *sa, char line[KEYS_LINE_MAX])
{
	const char *encr = keys_name(text_of(sa, "encr"), true);
	const char *integ = keys_name(text_of(sa, "integ"), true);
	const char *key = text_of(sa, "key"), *integ_key = text_of(sa, "integ_key");

	if (!encr || !integ)
		return false;
	snprintf(line, KEYS_LINE_MAX,
		 "\"IPv4\",\"%s\",\"%s\",\"0x%s\",\"%s\",\"%s%s\",\"%s\",\"%s%s\"\n",
		 text_of(sa, "source"), text_of(sa, "destination"), text_of(sa, "spi"), encr,
		 key[0] ? "0x" : "", key, integ, integ_key[0] ? "0x" : "", integ_key);
	return true;
}

/* All of a file that was opened before; the caller's. NULL: it cannot be read. */
static char *keys_read(int fd)
{
	struct stat st;
	ssize_t len;
	char *text;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > KEYS_FILE_MAX)
		return NULL;
	text = calloc(1, (size_t)st.st_size + 1);
	len = text ? pread(fd, text, (size_t)st.st_size, 0) : -1;
	if (len >= 0)
		return text;
	free(text);
	return NULL;
}

/* Only its owner may read it, also where it was there before. -1: errno. */
static int keys_open(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd >= 0 && fchmod(fd, 0600)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Appends the lines that are not in the file yet. How many of @list it has now; -1: errno. */
static int keys_write(int dir, const char *name, const json_t *list,
		      bool (*make)(const json_t *sa, char line[KEYS_LINE_MAX]))
{
	int fd = keys_open(dir, name), count = 0;
	char *before = fd >= 0 ? keys_read(fd) : NULL, line[KEYS_LINE_MAX];
	const json_t *sa;
	size_t i;

	json_array_foreach(list, i, sa) {
		if (!before || count < 0 || !make(sa, line))
			continue;
		if (!strstr(before, line) &&
		    write(fd, line, strlen(line)) != (ssize_t)strlen(line))
			count = -1;
		else
			count++;
	}
	mem_wipe(line, sizeof(line));
	if (!before)
		count = -1;
	else
		mem_free_wiped(before, strlen(before));
	if (fd >= 0)
		close(fd);
	return count;
}

static enum status keys_failed(const struct view *v, const char *what)
{
	fprintf(v->err, "ikectl: cannot write the keys: %s: %s\n", what, strerror(errno));
	return STATUS_FAILED;
}

enum status show_keys(const struct view *v, const json_t *result)
{
	const json_t *ike = json_object_get(result, "ike"), *esp = json_object_get(result, "esp");
	const char *path = v->directory ? v->directory : ".";
	int dir, ikes, esps;

	if (v->json)
		return STATUS_OK;
	if (mkdir(path, 0700) && errno != EEXIST)
		return keys_failed(v, path);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return keys_failed(v, path);
	ikes = keys_write(dir, "ikev2_decryption_table", ike, keys_ike_line);
	esps = ikes < 0 ? 0 : keys_write(dir, "esp_sa", esp, keys_esp_line);
	close(dir);
	if (ikes < 0 || esps < 0)
		return keys_failed(v, ikes < 0 ? "ikev2_decryption_table" : "esp_sa");
	fprintf(v->out,
		"%s: %d of %zu IKE SAs in %s/ikev2_decryption_table, %d of %zu ESP SAs in "
		"%s/esp_sa\n",
		text_of(result, "tunnel"), ikes, json_array_size(ike), path, esps,
		json_array_size(esp), path);
	if ((size_t)ikes < json_array_size(ike) || (size_t)esps < json_array_size(esp))
		fputs("Wireshark does not know the algorithms of the others.\n", v->out);
	fputs("Who has these files can read all that the tunnel carries: remove them when they are "
	      "not needed.\n",
	      v->out);
	return STATUS_OK;
}
