/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The process with the secrets, and what it answers to the one that speaks IKE. To be included once
 * in a program.
 */
#ifndef BORDER_H
#define BORDER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "crypto/crypto.h"
#include "crypto/signature.h"
#include "esplaned/keys/keys.h"
#include "esplaned/keys/link.h"
#include "esplaned/keys/vault.h"
#include "lib/log.h"
#include "unit/esplaned/config_file.h"

/* A vault in a process of its own, and what it has answered. */
struct border {
	struct keys *keys;
	pid_t vault;
	int supervisor;			/* our end of that link */
	uint32_t id;
	char why[CONFIG_WHY_MAX];
	uint8_t mac[3 * PRF_LEN_MAX];	/* of a PPK: three keys */
	size_t mac_len, auth_len;
	uint8_t method, auth[SIGNATURE_MAX];
	unsigned int answers;
};

static const uint8_t crash[IKE_CRASH_SECRET];

static void on_mac(void *ctx, uint32_t job, const char *why, struct chunk mac)
{
	struct border *b = ctx;

	b->answers++;
	b->id = job;
	snprintf(b->why, sizeof(b->why), "%s", why ? why : "");
	b->mac_len = mac.len;
	memcpy(b->mac, mac.p, mac.len);
}

static void on_hook(void *ctx, uint32_t id, const char *why)
{
	struct border *b = ctx;

	b->answers++;
	b->id = id;
	snprintf(b->why, sizeof(b->why), "%s", why);
}

static void on_sign(void *ctx, uint32_t job, const char *why, uint8_t method, struct chunk auth)
{
	struct border *b = ctx;

	b->answers++;
	b->id = job;
	snprintf(b->why, sizeof(b->why), "%s", why ? why : "");
	b->method = method;
	b->auth_len = auth.len;
	memcpy(b->auth, auth.p, auth.len);
}

static void on_tls(void *ctx, uint32_t job, const char *why, struct chunk signature)
{
	on_sign(ctx, job, why, 0, signature);
}

static void border_open(struct border *b)
{
	const struct keys_calls calls = {
		.ctx = b, .mac_done = on_mac, .sign_done = on_sign, .eap_done = on_mac,
		.tls_done = on_tls, .hook_done = on_hook,
	};
	int network[2], supervisor[2];
	char path[128];

	*b = (struct border){ 0 };
	config_path_of("t.conf", path);
	assert_true(link_pair(network) && link_pair(supervisor));
	b->vault = fork();
	if (!b->vault) {
		struct vault *v = vault_new(network[1], supervisor[1], path);
		int status;

		close(network[0]);
		close(supervisor[0]);
		log_init("vault", LOG_STYLE_PLAIN, -1);
		status = vault_run(v);
		vault_free(v);
		_exit(status);
	}
	close(network[1]);
	close(supervisor[1]);
	b->supervisor = supervisor[0];
	b->keys = keys_attach(network[0], -1, NULL, crash);
	keys_listen(b->keys, &calls);
}

/* Returns the vault's exit status. */
static int border_close(struct border *b)
{
	int status;

	keys_free(b->keys);
	assert_int_equal(waitpid(b->vault, &status, 0), b->vault);
	close(b->supervisor);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void answer_wait(struct border *b)
{
	unsigned int before = b->answers;

	while (b->answers == before)
		assert_true(keys_read(b->keys));
}

static struct config *border_load(struct border *b, const char *text)
{
	char why[CONFIG_WHY_MAX];
	struct config *c;

	file_write("t.conf", text, 0600);
	c = keys_load(b->keys, why);
	if (!c)
		fail_msg("refused: %s", why);
	return c;
}

#endif
