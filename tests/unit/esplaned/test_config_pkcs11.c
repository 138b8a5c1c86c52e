// SPDX-License-Identifier: GPL-2.0
/* Keys and certificates on a PKCS#11 token: SoftHSM's. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "crypto/crypto.h"
#include "crypto/pkcs11.h"
#include "crypto/signature.h"
#include "fake/fake_chain.h"
#include "esplaned/keys/link.h"
#include "esplaned/keys/sandbox.h"
#include "esplaned/keys/vault.h"
#include "suite/ikev2.h"
#include "unit/esplaned/config_file.h"

#define MODULE	"/usr/lib/softhsm/libsofthsm2.so"
#define QUERY	"?module-path=" MODULE
#define HEAD	"tunnel \"office\" {\nremote = 198.51.100.1\nlocal-ts = 10.1.0.0/24\n"	\
		"remote-ts = 10.2.0.0/24\nremote-id = b.example.org\nca = ca.pem\n"
#define KEY(name)	"key = \"pkcs11:token=gw;object=" name QUERY "\"\n"
#define PIN	"key-password = 1234\n"
#define GOOD	HEAD "cert = p256.pem\n" KEY("p256") PIN "}\n"

static const uint8_t octets[] = "what both ends know";
static const struct chunk message = { octets, sizeof(octets) };

/* The exit status of a shell command in the directory, without its output. */
static int shell(const char *text)
{
	char command[1024];
	int rc;

	snprintf(command, sizeof(command), "cd %s && { %s; } >/dev/null 2>&1", config_dir, text);
	rc = system(command);
	return WIFEXITED(rc) ? WEXITSTATUS(rc) : -1;
}

static int make(void **state)
{
	char command[512], path[128];

	if (config_dir_make(state))
		return -1;
	snprintf(command, sizeof(command), "%s/unit/crypto/pki.sh %s", TESTS_DIR, config_dir);
	config_path_of("softhsm2.conf", path);
	setenv("SOFTHSM2_CONF", path, 1);
	setenv("GNUTLS_PIN", "1234", 1);
	return system(command) ||
	       shell("mkdir tokens && "
		     "echo \"directories.tokendir = $PWD/tokens\" >softhsm2.conf") ||
	       shell("softhsm2-util --init-token --free --label gw --pin 1234 --so-pin 5678") ||
	       shell("for k in p256:01 rsa2048:02 p384:03; do softhsm2-util --import ${k%:*}.key "
		     "--token gw --label ${k%:*} --id ${k#*:} --pin 1234 || exit 1; done") ||
	       shell("for k in p256:01 p384:03; do p11tool --provider " MODULE " --batch --login "
		     "--write --load-certificate ${k%:*}.pem --label ${k%:*} --id ${k#*:} "
		     "pkcs11:token=gw || exit 1; done");
}

static int without_modules(void **state)
{
	pkcs11_end();
	return 0;
}

/* Is a signature of the key one of the tunnel's certificate? */
static bool signs(const struct tunnel_options *t)
{
	uint8_t auth[SIGNATURE_MAX], method;
	char why[SIGNATURE_WHY_MAX];
	size_t len;

	return signature_make(t->key, 1 << SIGNATURE_HASH_SHA2_256 | 1 << SIGNATURE_HASH_SHA2_384,
			      message, &method, auth, &len, why) &&
	       method == AUTH_SIGNATURE &&
	       chain_signed(t->ike.certs->chunk[0], false, method, message,
			       (struct chunk){ auth, len }, why);
}

static void keys_and_certificates(void **state)
{
	static const char *const good[] = {
		"cert = p256.pem\n" KEY("p256") PIN,
		"cert = rsa2048.pem\n" KEY("rsa2048") "key-password-file = pin\n",
		"cert = \"pkcs11:token=gw;object=p384" QUERY "\"\n" KEY("p384") PIN,
		"cert = \"pkcs11:token=gw;id=%01" QUERY "\"\nkey = p256.key\n",
		/* the modules of p11-kit: they have SoftHSM's */
		"cert = p256.pem\nkey = \"pkcs11:token=gw;object=p256\"\n" PIN,
	};
	char text[1024];

	file_write("pin", "1234\n", 0600);
	for (size_t i = 0; i < COUNT(good); i++) {
		struct config *c;

		snprintf(text, sizeof(text), HEAD "%s}\n", good[i]);
		c = load_good(text);
		assert_int_equal(chunk_list_count(c->tunnels[0].ike.certs), 1);
		assert_true(signs(&c->tunnels[0]));
		config_free(c);
	}
}

static void a_raw_public_key(void **state)
{
	struct config *c = load_good("tunnel \"office\" {\nremote = 198.51.100.1\n"
				     "local-ts = 10.1.0.0/24\nremote-ts = 10.2.0.0/24\n"
				     "remote-id = b.example.org\nremote-key = ed25519.pub\n"
				     KEY("p256") PIN "}\n");
	struct tunnel_options *t = &c->tunnels[0];
	uint8_t der[512];
	char path[128];
	FILE *f;

	assert_true(t->ike.local_raw);
	config_path_of("p256.pub.der", path);
	f = fopen(path, "re");
	assert_non_null(f);
	assert_int_equal(fread(der, 1, sizeof(der), f), t->ike.certs->chunk[0].len);
	fclose(f);
	assert_memory_equal(t->ike.certs->chunk[0].p, der, t->ike.certs->chunk[0].len);
	config_free(c);
}

#define URI(rest)	"pkcs11:" rest QUERY
#define ONE_KEY(uri)	HEAD "cert = p256.pem\nkey = \"" uri "\"\n" PIN "}\n"

static const struct { const char *text, *why; } refused[] = {
	{ ONE_KEY(URI("token=gone;object=p256")),
	  "@:1: tunnel \"office\": key: " URI("token=gone;object=p256") " cannot be used: there is no "
	  "such token: is it connected, and does p11tool --list-tokens show it?" },
	{ ONE_KEY(URI("token=gw;object=none")),
	  "@:1: tunnel \"office\": key: " URI("token=gw;object=none") " names no private key: p11tool "
	  "--login --list-all shows what the token has" },
	{ HEAD "cert = \"" URI("token=gw;object=rsa2048") "\"\n" KEY("rsa2048") PIN "}\n",
	  "@:1: tunnel \"office\": cert: " URI("token=gw;object=rsa2048") " names no certificate: "
	  "p11tool --login --list-all shows what the token has" },
	{ HEAD "cert = p256.pem\n" KEY("p384") PIN "}\n",
	  "@:1: tunnel \"office\": the key in " URI("token=gw;object=p384") " does not belong to the "
	  "certificate of C=DE, O=Example, CN=p256 in $/p256.pem" },
	{ HEAD "cert = p256.pem\n" KEY("p256") "}\n",
	  "@:1: tunnel \"office\": key: " URI("token=gw;object=p256") " needs the token's PIN: give "
	  "key-password or key-password-file" },
	{ HEAD "cert = \"" URI("token=gw;object=p256") "\"\n" PIN "}\n",
	  "@:1: tunnel \"office\": key is missing: the private key of the certificate "
	  URI("token=gw;object=p256") },
	{ ONE_KEY("pkcs11:token=gw;object=p256?pin-value=1234"),
	  "@:8: tunnel \"office\": key: it has a PIN in it: leave it out, and give key-password or "
	  "key-password-file" },
	{ ONE_KEY("pkcs11:object=p256"),
	  "@:8: tunnel \"office\": key: pkcs11:object=p256 does not say which token: add token=LABEL "
	  "or serial=NUMBER, so that no other gets the PIN" },
	{ ONE_KEY("pkcs11:token=gw"),
	  "@:8: tunnel \"office\": key: pkcs11:token=gw does not say which object of the token: add "
	  "object=LABEL or id=%01" },
	{ ONE_KEY("pkcs11:token"),
	  "@:8: tunnel \"office\": key: pkcs11:token is not a URI of RFC 7512: write it as p11tool "
	  "--list-all shows it, pkcs11:token=...;object=..." },
	{ ONE_KEY("pkcs11:token=gw;object=p256?module-path=hsm.so"),
	  "@:8: tunnel \"office\": key: pkcs11:token=gw;object=p256?module-path=hsm.so has a "
	  "module-path that does not begin with /: write the whole path" },
};

static void what_is_refused(void **state)
{
	char said[SAID_MAX];

	for (size_t i = 0; i < COUNT(refused); i++)
		expect_refusal(refused[i].text, refused[i].why);
	assert_null(load(ONE_KEY("pkcs11:token=gw;object=p256?module-path=/no/hsm.so"), said));
	assert_non_null(strstr(said, "cannot be used: the module /no/hsm.so cannot be loaded: "));
}

#define WRONG	HEAD "cert = p256.pem\n" KEY("p256") "key-password = 4321\n}\n"
#define WRONG_WHY	"@:1: tunnel \"office\": key: " URI("token=gw;object=p256") " cannot be used: " \
		"the token refuses the PIN of key-password. It is not tried again, lest the token "  \
		"locks: give another one"

/* It is not tried a second time: not even where it has become right. */
static void a_wrong_pin_is_tried_once(void **state)
{
	expect_refusal(WRONG, WRONG_WHY);
	assert_int_equal(shell("GNUTLS_SO_PIN=5678 GNUTLS_PIN=4321 p11tool --provider " MODULE
			       " --batch --initialize-pin pkcs11:token=gw"), 0);
	expect_refusal(WRONG, WRONG_WHY);
	pkcs11_end();
	config_free(load_good(WRONG));
	assert_int_equal(shell("GNUTLS_SO_PIN=5678 p11tool --provider " MODULE
			       " --batch --initialize-pin pkcs11:token=gw"), 0);
	pkcs11_end();
	config_free(load_good(GOOD));
}

/* In SoftHSM's file, behind the name of its attribute: CKF_USER_PIN_FINAL_TRY, _LOCKED, or 0. */
static void flags_set(const char *flags)
{
	char command[512];

	snprintf(command, sizeof(command), "python3 -c 'import sys; p = sys.argv[1]; "
		 "b = bytearray(open(p, \"rb\").read()); "
		 "i = b.index(bytes.fromhex(\"8000534b0000000000000002\")) + 12; "
		 "v = int.from_bytes(b[i:i + 8], \"big\") & ~0x70000 | %s; "
		 "b[i:i + 8] = v.to_bytes(8, \"big\"); open(p, \"wb\").write(b)' "
		 "tokens/*/token.object", flags);
	assert_int_equal(shell(command), 0);
	pkcs11_end();
}

static void the_last_try_is_a_persons(void **state)
{
	flags_set("0x20000");
	expect_refusal(GOOD, "@:1: tunnel \"office\": key: " URI("token=gw;object=p256") " cannot be "
		       "used: one more wrong PIN would lock the token, so none is tried: log in "
		       "once by hand, as with p11tool --login --list-privkeys");
	flags_set("0x40000");
	expect_refusal(WRONG, "@:1: tunnel \"office\": key: " URI("token=gw;object=p256") " cannot be "
		       "used: too many wrong PINs have locked the token: have it unlocked");
	flags_set("0");
	config_free(load_good(GOOD));
}

/*
 * The process with the secrets: what was loaded before its filter of system calls serves on, a
 * reload too, and nothing is loaded after.
 */
static int as_secrets(void)
{
	struct config *c, *again;
	char said[SAID_MAX];

	c = load(GOOD, said);
	pkcs11_modules_end();
	file_write("u.conf", ONE_KEY("pkcs11:token=gw;object=p256"), 0600);
	if (!c || !sandbox_filter(SANDBOX_SECRETS))
		return 1;
	if (!signs(&c->tunnels[0]))
		return 2;
	for (int i = 0; i < 2; i++) {
		char path[128];

		config_path_of(i ? "u.conf" : "t.conf", path);
		again = load_path(path, said);
		if (i ? !!again : !again)
			return 3 + i;
		if (!i && (!signs(&again->tunnels[0]) || !signs(&c->tunnels[0])))
			return 5;
		config_free(again);
	}
	config_free(c);
	return strstr(said, "pkcs11:token=gw;object=p256 needs a PKCS#11 module that is loaded at "
		      "the start only: restart esplaned") ? 0 : 6;
}

static void the_filter_of_system_calls(void **state)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid)
		_exit(as_secrets());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* A process that has SoftHSM's files locked: whoever asks the token waits. */
static pid_t token_hold(void)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char pattern[128], octet = 0;
	int told[2];
	glob_t files;
	pid_t pid;

	config_path_of("tokens/*/*", pattern);
	assert_int_equal(pipe(told), 0);
	pid = fork();
	if (!pid) {
		dup2(told[1], 3);	/* of what the test has open nothing is held */
		closefrom(4);
		glob(pattern, 0, NULL, &files);
		for (size_t i = 0; i < files.gl_pathc; i++)
			fcntl(open(files.gl_pathv[i], O_RDWR), F_SETLKW, &all);
		octet = write(3, "", 1) == 1;
		for (;;)
			pause();
	}
	assert_int_equal(read(told[0], &octet, 1), 1);
	close(told[0]);
	close(told[1]);
	return pid;
}

static void token_release(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* What the process with the secrets is asked, of tunnel @secret. */
static void vault_ask(int fd, enum link_kind kind, uint32_t job, uint32_t secret, uint16_t param)
{
	static uint8_t msg[LINK_MAX];
	struct writer w = link_begin(msg, kind);

	writer_u32(&w, job);
	if (kind != LINK_LOAD) {
		writer_u32(&w, secret);
		writer_u16(&w, param);
		writer_bytes(&w, octets, sizeof(octets));
	}
	assert_true(link_send(fd, &w, true));
}

/* The next of its answers: the job, the kind in *@kind; 0: none within @ms. */
static uint32_t vault_says(int fd, int ms, enum link_kind *kind, bool *ok)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	static uint8_t msg[LINK_MAX];
	uint8_t first, done;
	struct cursor c;
	uint32_t job;
	ssize_t n;

	*kind = 0;
	if (poll(&p, 1, ms) < 1)
		return 0;
	n = link_recv(fd, msg, true);
	c = cursor_of(msg, n > 0 ? (size_t)n : 0);
	if (!cursor_u8(&c, &first) || !cursor_u32(&c, &job) || !cursor_u8(&c, &done))
		return 0;
	*kind = first;
	*ok = done;
	return job;
}

static pid_t vault_process(int network[2])
{
	char path[128];
	int supervisor[2], status;
	enum link_kind kind;
	struct vault *v;
	pid_t pid;
	bool ok;

	file_write("t.conf", GOOD "tunnel t { remote = 198.51.100.2 psk = \"a long secret: ok\"\n"
		   "local-ts = 10.1.0.0/24 remote-ts = 10.3.0.0/24 }\n", 0600);
	config_path_of("t.conf", path);
	assert_true(link_pair(network) && link_pair(supervisor));
	fflush(NULL);
	pid = fork();
	if (!pid) {
		close(network[0]);
		v = vault_new(network[1], supervisor[1], path);
		if (!vault_begin(v, &status) || !sandbox_filter(SANDBOX_SECRETS))
			_exit(9);
		status = vault_run(v);
		vault_free(v);
		_exit(status);
	}
	close(network[1]);
	close(supervisor[1]);
	vault_ask(network[0], LINK_LOAD, 1, 0, 0);
	do
		assert_int_equal(vault_says(network[0], 20000, &kind, &ok), 1);
	while (kind != LINK_LOADED);
	assert_true(ok);
	return pid;
}

enum { HASHES = 1 << SIGNATURE_HASH_SHA2_256 | 1 << SIGNATURE_HASH_SHA2_384 };

static void a_slow_token_holds_nobody_up(void **state)
{
	int network[2], status;
	pid_t vault = vault_process(network), hold;
	enum link_kind kind;
	bool ok;

	hold = token_hold();
	for (uint32_t job = 6; job < 8; job++)
		vault_ask(network[0], LINK_SIGN, job, 1, HASHES);
	vault_ask(network[0], LINK_MAC, 8, 2, PRF_HMAC_SHA2_256);
	assert_int_equal(vault_says(network[0], 5000, &kind, &ok), 8);
	assert_int_equal(kind, LINK_MAC_DONE);
	assert_int_equal(vault_says(network[0], 100, &kind, &ok), 0);
	token_release(hold);
	for (uint32_t job = 6; job < 8; job++) {
		assert_int_equal(vault_says(network[0], 5000, &kind, &ok), job);
		assert_int_equal(kind, LINK_SIGN_DONE);
		assert_true(ok);
	}
	/* nor does one that never comes back keep the process */
	hold = token_hold();
	vault_ask(network[0], LINK_SIGN, 9, 1, HASHES);
	usleep(100000);
	close(network[0]);
	for (int i = 0; i < 100 && !waitpid(vault, &status, WNOHANG); i++)
		usleep(50000);
	token_release(hold);
	assert_int_equal(waitpid(vault, &status, WNOHANG), -1);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(keys_and_certificates, without_modules),
		cmocka_unit_test_teardown(a_raw_public_key, without_modules),
		cmocka_unit_test_teardown(what_is_refused, without_modules),
		cmocka_unit_test_teardown(a_wrong_pin_is_tried_once, without_modules),
		cmocka_unit_test_teardown(the_last_try_is_a_persons, without_modules),
		cmocka_unit_test_teardown(the_filter_of_system_calls, without_modules),
		cmocka_unit_test_teardown(a_slow_token_holds_nobody_up, without_modules),
	};

	return cmocka_run_group_tests(tests, make, config_dir_remove);
}
