// SPDX-License-Identifier: GPL-2.0
/*
 * A message to the process with the secrets, from one that has been taken over. What it answers,
 * and what it wants to have run, is read away; no octet of the secret may be in it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "esplaned/keys/link.h"
#include "esplaned/keys/vault.h"
#include "lib/log.h"

#define SECRET	"7d1f-never-on-the-border"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int network[2], supervisor[2];

static void file_write(const char *dir, const char *name, const char *text, mode_t mode,
		       char path[128])
{
	FILE *f;

	snprintf(path, 128, "%s/%s", dir, name);
	f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f) || chmod(path, mode))
		abort();
}

static struct vault *vault_make(void)
{
	static char hook[128], config[128], users[128], radius[128];
	char dir[64] = "/tmp/esplane-fuzz.XXXXXX";
	struct vault *v;

	log_init("fuzz", LOG_STYLE_PLAIN, -1);
	if (!mkdtemp(dir) || !link_pair(network) || !link_pair(supervisor))
		abort();
	file_write(dir, "hook", "#!/bin/sh\n", 0700, hook);
	file_write(dir, "users", "alice: " SECRET "\n", 0600, users);
	file_write(dir, "radius", SECRET "\n", 0600, radius);
	file_write(dir, "t.conf",
		   "tunnel office {\nremote = any\npsk = '" SECRET "'\nup-script = hook\n"
		   "users = users\neap = { mschapv2, md5 }\n"
		   "child a { local-ts = 10.1.0.0/24 remote-ts = 10.2.0.0/24 }\n"
		   "child b { local-ts = 10.1.0.0/24 remote-ts = 10.3.0.0/24 }\n}\n"
		   "tunnel road {\nremote = any\npsk = '" SECRET "'\neap = radius\n"
		   "radius-server = 192.0.2.9\nradius-secret-file = radius\n"
		   "local-ts = 10.1.0.0/24\nremote-ts = 10.4.0.0/24\n}\n",
		   0600, config);
	v = vault_new(network[1], supervisor[1], config);
	if (!v || !vault_input(v, (const uint8_t *)"\1\0\0\0\1", 5))
		abort();
	/* It has read them; what is left over is nobody's. */
	unlink(config);
	unlink(hook);
	unlink(users);
	unlink(radius);
	rmdir(dir);
	return v;
}

static void drain(int fd)
{
	static uint8_t msg[LINK_MAX];
	ssize_t n;

	while ((n = link_recv(fd, msg, false)) > 0) {
		if (memmem(msg, (size_t)n, SECRET, strlen(SECRET)))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vault *v;

	/* what the fuzzer has guessed by the comparison below may come back to it */
	if (memmem(data, size, SECRET, strlen(SECRET)))
		return 0;
	if (!v) {
		v = vault_make();
		drain(network[0]);
	}
	if (size > LINK_MAX)
		return 0;
	vault_input(v, data, size);
	vault_ran(v, data, size);
	drain(network[0]);
	drain(supervisor[0]);
	return 0;
}
