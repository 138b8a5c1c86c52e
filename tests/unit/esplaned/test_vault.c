// SPDX-License-Identifier: GPL-2.0
/* What stays in the memory of the process with the secrets of the keys that pass through it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <malloc.h>
#include <sys/socket.h>
#include <cmocka.h>
#include "config_file.h"
#include "crypto/key.h"
#include "esplaned/keys/link.h"
#include "esplaned/keys/signer.h"
#include "esplaned/keys/vault.h"
#include "lib/log.h"
#include "suite/ikev2.h"

#define GIVEN	"SK_d SK_pi SK_pr, 32 octets each"
#define MIXED	"with the PPK: 32 octets of each!"

static bool ppk_fails;			/* at the last of the keys */

bool __wrap_auth_ppk(uint16_t id, struct chunk ppk, struct chunk keys, uint8_t *out);
bool __wrap_auth_ppk(uint16_t id, struct chunk ppk, struct chunk keys, uint8_t *out)
{
	for (size_t at = 0; at + (ppk_fails ? 64 : 32) <= keys.len; at += 32)
		memcpy(out + at, MIXED, 32);
	return !ppk_fails;
}

static bool token_hangs;
static unsigned int cleared;		/* tunnels with secrets, which are wiped */

bool __real_signer_free(struct signer *s);
bool __wrap_signer_free(struct signer *s);
bool __wrap_signer_free(struct signer *s)
{
	return __real_signer_free(s) && !token_hangs;
}

void __real_tunnel_options_clear(struct tunnel_options *t);
void __wrap_tunnel_options_clear(struct tunnel_options *t);
void __wrap_tunnel_options_clear(struct tunnel_options *t)
{
	static const struct tunnel_options wiped;

	cleared += t->ppk.len > 0;
	__real_tunnel_options_clear(t);
	assert_memory_equal(t, &wiped, sizeof(wiped));
}

static bool is_in(const void *memory, size_t len, const char *text)
{
	return memmem(memory, len, text, strlen(text));
}

/* Whether it succeeds or not: of LINK_PPK neither what came in stays, nor what was made of it. */
static void keys_are_wiped(void **state)
{
	static uint8_t msg[LINK_MAX];

	for (int fails = 0; fails < 2; fails++) {
		unsigned int was;
		struct writer w = link_begin(msg, LINK_PPK);
		int network[2], supervisor[2];
		struct vault *v;
		char path[128];
		ssize_t n;

		ppk_fails = fails;
		file_write("t.conf", ONE("ppk = \"0123456789abcdef0123456789abcdef\"\n"
					 "ppk-id = \"p\"\n"), 0600);
		config_path_of("t.conf", path);
		assert_true(link_pair(network) && link_pair(supervisor));
		v = vault_new(network[1], supervisor[1], path);
		assert_true(vault_input(v, (const uint8_t *)"\x01\0\0\0\1", 5));
		writer_u32(&w, 5);
		writer_u32(&w, 1);
		writer_u16(&w, PRF_HMAC_SHA2_256);
		for (int i = 0; i < 3; i++)
			writer_bytes(&w, GIVEN, 32);
		assert_true(link_send(network[0], &w, true));
		shutdown(network[0], SHUT_WR);
		assert_int_equal(vault_run(v), 0);
		do
			n = link_recv(network[0], msg, false);
		while (n > 0 && msg[0] != LINK_MAC_DONE);
		assert_int_equal(msg[5], !fails);
		assert_int_equal(is_in(msg, (size_t)n, MIXED), !fails);
		assert_false(is_in(v, malloc_usable_size(v), GIVEN));
		/* the sentence about a failure lies over the beginning */
		assert_false(is_in(v, malloc_usable_size(v), MIXED + 24));
		/* nor what is configured, though a token does not answer */
		token_hangs = fails;
		was = cleared;
		vault_free(v);
		assert_int_equal(cleared, was + 1);
		for (int i = 0; i < 2; i++) {
			close(network[i]);
			close(supervisor[i]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_wiped),
	};

	log_init("test", LOG_STYLE_PLAIN, -1);
	return cmocka_run_group_tests(tests, config_dir_make, config_dir_remove);
}
