// SPDX-License-Identifier: GPL-2.0
/* ikectl export-keys: lines as Wireshark reads them, in files that only their owner can read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "ikectl/ikectl.h"

static char dir[] = { "/tmp/esplane-keys.XXXXXX" };
static char out[4096];

static enum status export_to(const char *where, const char *ike, const char *esp)
{
	char text[2048], *buf = NULL;
	struct view v = { .directory = where, .err = stderr };
	enum status status;
	json_t *result;
	size_t len;

	snprintf(text, sizeof(text), "{'tunnel':'office','ike':[%s],'esp':[%s]}", ike, esp);
	for (char *c = text; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	result = json_loads(text, 0, NULL);
	assert_non_null(result);
	v.out = open_memstream(&buf, &len);
	status = show_keys(&v, result);
	fclose(v.out);
	snprintf(out, sizeof(out), "%s", buf);
	free(buf);
	json_decref(result);
	return status;
}

static void expect_file(const char *name, const char *text)
{
	char path[128], got[4096];
	struct stat st;
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "r");
	assert_non_null(f);
	len = fread(got, 1, sizeof(got) - 1, f);
	got[len] = '\0';
	assert_int_equal(fstat(fileno(f), &st), 0);
	fclose(f);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_string_equal(got, text);
}

#define IKE_GCM	"{'spi_i':'01','spi_r':'02','encr':'aes128gcm16','integ':'','sk_ei':'aa'," \
		"'sk_er':'bb','sk_ai':'','sk_ar':''}"
#define IKE_CBC	"{'spi_i':'03','spi_r':'04','encr':'aes256','integ':'sha256','sk_ei':'cc'," \
		"'sk_er':'dd','sk_ai':'ee','sk_ar':'ff'}"
#define IKE_CHACHA "{'spi_i':'05','spi_r':'06','encr':'chacha20poly1305','integ':''}"
#define ESP_GCM	"{'source':'192.0.2.1','destination':'192.0.2.2','spi':'00001001'," \
		"'encr':'aes128gcm16','integ':'','key':'ab','integ_key':''}"
#define ESP_CBC	"{'source':'192.0.2.2','destination':'192.0.2.1','spi':'c0ffee01'," \
		"'encr':'aes128','integ':'sha256','key':'cd','integ_key':'ef'}"

#define LINE_GCM "01,02,aa,bb,\"AES-GCM-128 with 16 octet ICV [RFC5282]\",,,\"NONE [RFC4306]\"\n"
#define LINE_CBC "03,04,cc,dd,\"AES-CBC-256 [RFC3602]\",ee,ff,\"HMAC_SHA2_256_128 [RFC4868]\"\n"
#define LINE_ESP "\"IPv4\",\"192.0.2.1\",\"192.0.2.2\",\"0x00001001\"," \
		 "\"AES-GCM with 16 octet ICV [RFC4106]\",\"0xab\",\"NULL\",\"\"\n" \
		 "\"IPv4\",\"192.0.2.2\",\"192.0.2.1\",\"0xc0ffee01\"," \
		 "\"AES-CBC [RFC3602]\",\"0xcd\",\"HMAC-SHA-256-128 [RFC4868]\",\"0xef\"\n"

static void files(void **state)
{
	assert_int_equal(export_to(dir, IKE_GCM, ESP_GCM "," ESP_CBC), STATUS_OK);
	expect_file("ikev2_decryption_table", LINE_GCM);
	expect_file("esp_sa", LINE_ESP);
	/* What is new comes behind, what is there is not written again. */
	assert_int_equal(export_to(dir, IKE_GCM "," IKE_CBC, ESP_CBC), STATUS_OK);
	expect_file("ikev2_decryption_table", LINE_GCM LINE_CBC);
	expect_file("esp_sa", LINE_ESP);
	assert_non_null(strstr(out, "office: 2 of 2 IKE SAs in "));
	assert_null(strstr(out, "does not know"));
	assert_int_equal(export_to(dir, IKE_CHACHA, ""), STATUS_OK);
	assert_non_null(strstr(out, "office: 0 of 1 IKE SAs in "));
	assert_non_null(strstr(out, "does not know the algorithms"));
}

/* A file that was there for all to read is not for long; no link is followed. */
static void files_that_were_there(void **state)
{
	char path[128], other[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/esp_sa", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	assert_int_equal(unlink(path), 0);
	f = fopen(path, "w");
	assert_non_null(f);
	fclose(f);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(export_to(dir, "", ESP_GCM "," ESP_CBC), STATUS_OK);
	expect_file("esp_sa", LINE_ESP);
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(symlink(other, path), 0);
	assert_int_equal(export_to(dir, "", ESP_GCM), STATUS_FAILED);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(other), 0);
	assert_int_equal(export_to("/proc/there/is/none", "", ESP_GCM), STATUS_FAILED);
}

static int make_dir(void **state)
{
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/ikev2_decryption_table", dir);
	unlink(path);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files),
		cmocka_unit_test(files_that_were_there),
	};

	return cmocka_run_group_tests_name("keys", tests, make_dir, remove_dir);
}
