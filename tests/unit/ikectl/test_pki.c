// SPDX-License-Identifier: GPL-2.0
/*
 * ikectl pki: what it makes is read by OpenSSL, and by what reads JSON and XML; the daemon's own
 * reader believes it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "ikectl/ikectl.h"
#include "ikectl/pki.h"

static char dir[] = { "/tmp/esplane-ikectl-pki.XXXXXX" };
static char said[4096];			/* by the last command */

/* ikectl pki with these words, separated by "|", in a directory below. */
static int pki_in(const char *below, const char *words)
{
	char copy[512], *argv[16] = { "pki" }, *at = copy;
	int argc = 1, status, out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
	FILE *f = tmpfile();
	size_t n;

	assert_non_null(f);
	snprintf(copy, sizeof(copy), "%s|--dir|%s%s", words, dir, below);
	while ((argv[argc] = strsep(&at, "|")))
		argc++;
	fflush(NULL);
	dup2(fileno(f), STDOUT_FILENO);
	dup2(fileno(f), STDERR_FILENO);
	status = pki_main(argc, argv);
	fflush(NULL);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close(out);
	close(err);
	rewind(f);
	n = fread(said, 1, sizeof(said) - 1, f);
	said[n] = '\0';
	fclose(f);
	return status;
}

static int pki(const char *words)
{
	return pki_in("", words);
}

/* What a command prints in the directory. */
static const char *shell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static const char *shell(const char *fmt, ...)
{
	static char text[8192];
	char command[1024];
	va_list ap;
	FILE *f;
	int n = snprintf(command, sizeof(command), "cd %s && { ", dir);

	va_start(ap, fmt);
	vsnprintf(command + n, sizeof(command) - (size_t)n, fmt, ap);
	va_end(ap);
	strncat(command, "; } 2>&1", sizeof(command) - strlen(command) - 1);
	f = popen(command, "r");
	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	pclose(f);
	return text;
}

static void has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no \"%s\" in: %s", part, text);
}

static mode_t mode_of(const char *name)
{
	char path[256];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 0777;
}

static int make(void **state)
{
	return mkdtemp(dir) ? 0 : -1;
}

static int drop(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static void without_a_ca(void **state)
{
	assert_int_equal(pki("server|gw.example.org"), STATUS_FAILED);
	has(said, "there is no CA in ");
	assert_int_equal(pki("ca|Example"), STATUS_FAILED);
	has(said, "\"Example\" is not a distinguished name");
	assert_int_equal(pki("ca"), STATUS_USAGE);
	assert_int_equal(pki("what"), STATUS_USAGE);
}

static void a_ca(void **state)
{
	const char *text;

	assert_int_equal(pki("ca|C=DE, O=Example, CN=Example CA"), STATUS_OK);
	assert_int_equal(mode_of("ca.key"), 0600);
	text = shell("openssl x509 -in ca.pem -noout -subject -text && openssl verify -x509_strict "
		     "-CAfile ca.pem ca.pem");
	has(text, "C = DE, O = Example, CN = Example CA");
	has(text, "CA:TRUE, pathlen:0");
	has(text, "Certificate Sign, CRL Sign");
	has(text, "ca.pem: OK");
	assert_int_equal(pki("ca|O=Other, CN=Other"), STATUS_FAILED);
	has(said, "ca.key is there already: another CA needs another --dir");
}

/* As /etc/esplane/pki, before anybody has made /etc/esplane. */
static void a_ca_in_new_directories(void **state)
{
	assert_int_equal(pki_in("/etc/esplane/pki", "ca|CN=Example CA"), STATUS_OK);
	assert_int_equal(mode_of("etc/esplane/pki"), 0700);
	assert_int_equal(mode_of("etc/esplane/pki/ca.key"), 0600);
	assert_int_equal(pki_in("/etc/esplane/pki/ca.pem/pki", "ca|CN=Example CA"), STATUS_FAILED);
	has(said, "cannot make the directory ");
	has(said, "/etc/esplane/pki/ca.pem/pki: Not a directory; make it, or give another --dir");
}

static void a_server(void **state)
{
	const char *text;

	assert_int_equal(pki("server|gw.example.org|192.0.2.1|vpn.example.org"), STATUS_OK);
	assert_int_equal(mode_of("gw.example.org.key"), 0600);
	text = shell("openssl verify -x509_strict -purpose sslserver -verify_hostname "
		     "vpn.example.org -CAfile ca.pem gw.example.org.pem; openssl x509 -in "
		     "gw.example.org.pem -noout -subject -text -checkend $((824 * 86400))");
	has(text, "gw.example.org.pem: OK");
	has(text, "CN = gw.example.org");
	has(text, "DNS:gw.example.org, IP Address:192.0.2.1, DNS:vpn.example.org");
	has(text, "TLS Web Server Authentication, ipsec Internet Key Exchange");
	has(text, "Digital Signature\n");
	has(text, "CA:FALSE");
	has(text, "prime256v1");
	has(text, "Certificate will not expire");
	has(shell("openssl x509 -in gw.example.org.pem -noout -checkend $((825 * 86400))"),
	    "Certificate will expire");
	assert_int_equal(pki("server|gw.example.org"), STATUS_FAILED);
	has(said, "gw.example.org.key is there already");
	assert_int_equal(pki("server|../gw"), STATUS_FAILED);
	has(said, "cannot be the name of a file");
}

static void a_client(void **state)
{
	char password[64], *at;
	const char *text;
	json_t *sswan;

	assert_int_equal(pki("client|alice@example.org|--server|gw.example.org|--rsa"), STATUS_OK);
	at = strstr(said, "with the password ");
	assert_non_null(at);
	assert_int_equal(sscanf(at, "with the password %63s", password), 1);
	assert_int_equal(strlen(password), 20);
	text = shell("openssl pkcs12 -legacy -in alice@example.org.p12 -passin pass:%s -nodes "
		     ">all && openssl x509 -in all -noout -text && openssl verify -purpose "
		     "sslclient -CAfile ca.pem alice@example.org.pem && openssl rsa -in all -check "
		     "-noout && grep -c BEGIN.CERT all", password);
	has(text, "email:alice@example.org");
	has(text, "TLS Web Client Authentication, ipsec Internet Key Exchange");
	has(text, "(3072 bit)");
	has(text, "alice@example.org.pem: OK");
	has(text, "RSA key ok\n2\n");
	assert_int_equal(mode_of("alice@example.org.p12"), 0600);
	assert_int_equal(mode_of("alice@example.org.mobileconfig"), 0600);

	/* the same octets in each profile */
	text = shell("python3 -c '\nimport plistlib, sys\n"
		     "p = plistlib.load(open(\"alice@example.org.mobileconfig\", \"rb\"))\n"
		     "ca, p12, vpn = p[\"PayloadContent\"]\nv = vpn[\"IKEv2\"]\n"
		     "assert p12[\"PayloadContent\"] == open(\"alice@example.org.p12\", \"rb\").read()\n"
		     "assert v[\"PayloadCertificateUUID\"] == p12[\"PayloadUUID\"]\n"
		     "assert len({x[\"PayloadUUID\"] for x in (p, ca, p12, vpn)}) == 4\n"
		     "open(\"ca.from\", \"wb\").write(ca[\"PayloadContent\"])\n"
		     "print(v[\"RemoteIdentifier\"], v[\"LocalIdentifier\"], v[\"CertificateType\"])'\n"
		     "openssl x509 -in ca.pem -outform DER | cmp - ca.from && echo alike");
	assert_string_equal(text, "gw.example.org alice@example.org RSA\nalike\n");
	text = shell("cat alice@example.org.sswan");
	sswan = json_loads(text, 0, NULL);
	assert_non_null(sswan);
	assert_string_equal(text_of(sswan, "type"), "ikev2-cert");
	assert_string_equal(text_of(json_object_get(sswan, "remote"), "addr"), "gw.example.org");
	text = shell("base64 -w0 alice@example.org.p12");
	assert_string_equal(text_of(json_object_get(sswan, "local"), "p12"), text);
	has(shell("cat alice@example.org.ps1"), text);
	has(shell("cat alice@example.org.ps1"), "Add-VpnConnection -Name $name -ServerAddress $name");
	json_decref(sswan);
}

static void a_request(void **state)
{
	const char *text;

	shell("openssl req -new -newkey ed25519 -nodes -keyout own.key -subj /CN=root -addext "
	      "subjectAltName=DNS:root.example.org -out own.csr");
	assert_int_equal(pki("sign|own.csr"), STATUS_USAGE);
	shell("cp own.csr /tmp/pki-own.csr.$$; mv /tmp/pki-own.csr.$$ request");
	{
		char words[256];

		snprintf(words, sizeof(words), "sign|%s/request|box.example.org|--days|30", dir);
		assert_int_equal(pki(words), STATUS_OK);
		snprintf(words, sizeof(words), "sign|%s/ca.pem|other", dir);
		assert_int_equal(pki(words), STATUS_FAILED);
		has(said, "is no certificate request in PEM");
	}
	text = shell("openssl verify -CAfile ca.pem box.example.org.pem; openssl x509 -in "
		     "box.example.org.pem -noout -text -subject; openssl x509 -in "
		     "box.example.org.pem -noout -pubkey >a; openssl pkey -in own.key -pubout | "
		     "cmp - a && echo alike");
	has(text, "box.example.org.pem: OK");
	has(text, "DNS:box.example.org\n");
	has(text, "CN = box.example.org");
	has(text, "alike");
	assert_null(strstr(text, "root"));	/* what it asked to be called is not what it is */
}

static void revoked(void **state)
{
	const char *text;

	assert_int_equal(pki("revoke"), STATUS_OK);
	has(shell("openssl verify -crl_check -CRLfile ca.crl -CAfile ca.pem gw.example.org.pem"),
	    "gw.example.org.pem: OK");
	assert_int_equal(pki("revoke|gw.example.org"), STATUS_OK);
	assert_int_equal(pki("revoke|box.example.org"), STATUS_OK);
	assert_int_equal(pki("revoke"), STATUS_OK);
	has(shell("openssl verify -crl_check -CRLfile ca.crl -CAfile ca.pem gw.example.org.pem"),
	    "certificate revoked");
	has(shell("openssl verify -crl_check -CRLfile ca.crl -CAfile ca.pem box.example.org.pem"),
	    "certificate revoked");
	has(shell("openssl verify -crl_check -CRLfile ca.crl -CAfile ca.pem "
		  "alice@example.org.pem"), "alice@example.org.pem: OK");
	text = shell("openssl crl -in ca.crl -noout -text | grep -c 'Serial Number'");
	assert_string_equal(text, "2\n");
	assert_int_equal(pki("revoke|nobody"), STATUS_FAILED);
	has(said, "nobody.pem: No such file or directory");
}

/* What must not be forgotten, and what must not be made by half. */
static void nothing_by_half(void **state)
{
	assert_int_equal(pki("server|x|--days|1y"), STATUS_USAGE);
	assert_int_equal(pki("server|x|--days|0"), STATUS_USAGE);
	assert_int_equal(pki("server|x|--days|4294967297"), STATUS_USAGE);
	assert_string_equal(shell("ls x.*"), "ls: cannot access 'x.*': No such file or directory\n");

	/* a certificate without a key: no key that does not belong to it comes beside it */
	assert_int_equal(pki("server|box.example.org"), STATUS_FAILED);
	has(said, "box.example.org.pem is there already");
	has(shell("ls box.example.org.*"), "box.example.org.pem\n");
	assert_null(strstr(shell("ls box.example.org.*"), ".key"));

	assert_int_equal(pki("revoke|ca"), STATUS_USAGE);
	shell("openssl req -x509 -newkey ed25519 -nodes -keyout f.key -subj /CN=f -out foreign.pem");
	assert_int_equal(pki("revoke|foreign"), STATUS_FAILED);
	has(said, "the certificate is not one of this CA");

	/* a list that cannot be read is not one with nobody on it */
	shell("mv ca.crl kept; ln -s ca.crl ca.crl");
	assert_int_equal(pki("revoke"), STATUS_FAILED);
	has(said, "ca.crl: Too many levels of symbolic links");
	shell("rm ca.crl; truncate -s 17M ca.crl");
	assert_int_equal(pki("revoke|gw.example.org"), STATUS_FAILED);
	has(said, "ca.crl: File too large");
	shell("mv kept ca.crl");
	assert_int_equal(pki("revoke"), STATUS_OK);
	has(shell("openssl crl -in ca.crl -noout -text | grep -c 'Serial Number'"), "2\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_ca), cmocka_unit_test(a_ca),
		cmocka_unit_test(a_ca_in_new_directories), cmocka_unit_test(a_server),
		cmocka_unit_test(a_client), cmocka_unit_test(a_request), cmocka_unit_test(revoked),
		cmocka_unit_test(nothing_by_half),
	};

	return cmocka_run_group_tests(tests, make, drop);
}
