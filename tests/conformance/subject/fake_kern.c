// SPDX-License-Identifier: GPL-2.0
/*
 * In place of nl/kern.c: a kernel whose module is a test. Each operation goes as one line of JSON
 * over a socket to whoever listens at $CONFORMANCE_KERNEL, which connects twice: the first
 * connection carries operations out, the second one events in. Policies and SAs are kept here only
 * as far as to refuse what the module refuses.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <linux/esplane.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "esplaned/nl/kern.h"
#include "lib/array.h"

#define KERN_DEVICE_FIRST	1000	/* a device's number is its ifindex and this */
#define KERN_SPI_FIRST		0xc0de0000
#ifndef KERN_HELD_MAX
#define KERN_HELD_MAX		256
#endif
#define KERN_EVENT_OCTETS	512

enum held_kind { HELD_NONE, HELD_SPI, HELD_POLICY, HELD_IN, HELD_OUT };

struct held {
	enum held_kind kind;
	uint32_t device, policy, spi;
};

struct kern {
	int out, in;			/* operations, events */
	bool found;			/* kern_ready has been called */
	uint32_t spi;
	struct held held[KERN_HELD_MAX];
};

static const struct kern_alg kern_can[] = {
	{ 20, 128, 0, "aes128gcm16" }, { 20, 256, 0, "aes256gcm16" },
	{ 28, 256, 0, "chacha20poly1305" }, { 12, 128, 0, "aes128" },
	{ 12, 192, 0, "aes192" }, { 12, 256, 0, "aes256" }, { 0, 0, 12, "sha256" },
};

static int kern_connect(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	if (fd >= 0 && !connect(fd, (struct sockaddr *)&to, sizeof(to)))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

struct kern *kern_new(void)
{
	const char *path = getenv("CONFORMANCE_KERNEL");
	struct kern *k = calloc(1, sizeof(*k));

	if (!k || !path)
		goto drop;
	k->spi = KERN_SPI_FIRST;
	k->out = kern_connect(path);
	k->in = kern_connect(path);
	if (k->out >= 0 && k->in >= 0 && !fcntl(k->in, F_SETFL, O_NONBLOCK))
		return k;
drop:
	free(k);
	return NULL;
}

void kern_free(struct kern *k)
{
	if (!k)
		return;
	close(k->out);
	close(k->in);
	free(k);
}

/* Takes @line. */
static void kern_say(struct kern *k, json_t *line)
{
	char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;

	if (!text || write(k->out, text, strlen(text)) < 0)
		abort();	/* the test has ended */
	free(text);
	json_decref(line);
}

static int kern_refuse(int rc, char why[KERN_WHY_MAX], const char *text)
{
	snprintf(why, KERN_WHY_MAX, "the test's kernel: %s", text);
	return rc;
}

static struct held *kern_find(struct kern *k, enum held_kind kind, uint32_t device,
			      uint32_t policy, uint32_t spi)
{
	for (size_t i = 0; i < ARRAY_SIZE(k->held); i++) {
		struct held *h = &k->held[i];

		if (h->kind == kind && (!device || h->device == device) &&
		    (!policy || h->policy == policy) && (!spi || h->spi == spi))
			return h;
	}
	return NULL;
}

static void kern_hold(struct kern *k, enum held_kind kind, uint32_t device, uint32_t policy,
		      uint32_t spi)
{
	struct held *h = kern_find(k, HELD_NONE, 0, 0, 0);

	if (!h)
		abort();	/* no test has so many */
	*h = (struct held){ kind, device, policy, spi };
}

static void kern_drop(struct kern *k, enum held_kind kind, uint32_t device, uint32_t policy,
		      uint32_t spi)
{
	struct held *h;

	while ((h = kern_find(k, kind, device, policy, spi)))
		*h = (struct held){ HELD_NONE };
}

int kern_ready(struct kern *k, bool *fresh, char why[KERN_WHY_MAX])
{
	*fresh = !k->found;
	k->found = true;
	return 0;
}

void kern_forget(struct kern *k)
{
	k->found = false;
}

int kern_version(struct kern *k, char *buf, size_t len)
{
	snprintf(buf, len, "conformance");
	return 0;
}

const struct kern_alg *kern_algs(struct kern *k, unsigned int *count)
{
	*count = ARRAY_SIZE(kern_can);
	return kern_can;
}

int kern_event_fd(const struct kern *k)
{
	return k->in;
}

/* "expire DEVICE POLICY SPI out|in hard|soft", "acquire DEVICE POLICY", numbers in hexadecimal */
bool kern_event_read(struct kern *k, void (*fn)(void *ctx, const struct kern_event *ev), void *ctx)
{
	char text[KERN_EVENT_OCTETS], word[16], dir[8] = "", limit[8] = "";
	struct kern_event ev = { 0 };
	ssize_t n = read(k->in, text, sizeof(text) - 1);

	if (!n)
		abort();	/* the test has ended */
	if (n < 0)
		return true;
	text[n] = '\0';
	if (sscanf(text, "%15s %x %x %x %7s %7s", word, &ev.device, &ev.policy, &ev.spi, dir,
		   limit) < 3)
		abort();
	ev.cmd = !strcmp(word, "expire") ? ESPLANE_CMD_EXPIRE : ESPLANE_CMD_ACQUIRE;
	ev.out = !strcmp(dir, "out");
	ev.hard = !strcmp(limit, "hard");
	fn(ctx, &ev);
	return true;
}

int kern_flush(struct kern *k, char why[KERN_WHY_MAX])
{
	memset(k->held, 0, sizeof(k->held));
	kern_say(k, json_pack("{s:s}", "op", "flush"));
	return 0;
}

int kern_socket_attach(struct kern *k, int fd, char why[KERN_WHY_MAX])
{
	return 0;
}

int kern_device_id(struct kern *k, int ifindex, uint32_t *device, char why[KERN_WHY_MAX])
{
	*device = (uint32_t)ifindex + KERN_DEVICE_FIRST;
	return 0;
}

int kern_device_get(struct kern *k, uint32_t device, char why[KERN_WHY_MAX])
{
	char name[IF_NAMESIZE];

	return if_indextoname(device - KERN_DEVICE_FIRST, name) ?
		       0 : kern_refuse(-ENODEV, why, "no such device");
}

int kern_spi_alloc(struct kern *k, uint32_t device, uint32_t *spi, char why[KERN_WHY_MAX])
{
	*spi = ++k->spi;
	kern_hold(k, HELD_SPI, device, 0, *spi);
	kern_say(k, json_pack("{s:s, s:i, s:I}", "op", "spi-alloc", "device", device, "spi",
			      (json_int_t)*spi));
	return 0;
}

static json_t *kern_ts(const struct ts_list *list)
{
	json_t *all = json_array();
	char text[TS_STRLEN];

	for (unsigned int i = 0; i < ts_list_count(list); i++)
		json_array_append_new(all, json_string(ts_str(&list->ts[i], text)));
	return all;
}

int kern_policy_set(struct kern *k, uint32_t device, const struct kern_policy *policy,
		    char why[KERN_WHY_MAX])
{
	char local[ADDR_STRLEN], remote[ADDR_STRLEN];

	if (!kern_find(k, HELD_POLICY, device, policy->id, 0))
		kern_hold(k, HELD_POLICY, device, policy->id, 0);
	kern_say(k, json_pack("{s:s, s:i, s:i, s:b, s:b, s:s, s:s, s:o, s:o}", "op",
			      "policy-set",
			      "device", device, "policy", policy->id, "udp", policy->udp,
			      "transport", policy->transport,
			      "local", endpoint_str(&policy->local, local),
			      "remote", endpoint_str(&policy->remote, remote),
			      "local_ts", kern_ts(policy->local_ts),
			      "remote_ts", kern_ts(policy->remote_ts)));
	return 0;
}

int kern_policy_del(struct kern *k, uint32_t device, uint32_t id, char why[KERN_WHY_MAX])
{
	if (!kern_find(k, HELD_POLICY, device, id, 0))
		return kern_refuse(-ENOENT, why, "no such policy");
	kern_drop(k, HELD_POLICY, device, id, 0);
	kern_drop(k, HELD_IN, device, id, 0);
	kern_drop(k, HELD_OUT, device, id, 0);
	kern_say(k, json_pack("{s:s, s:i, s:i}", "op", "policy-del", "device", device, "policy",
			      id));
	return 0;
}

int kern_policy_get(struct kern *k, uint32_t device, uint32_t id, char why[KERN_WHY_MAX])
{
	return kern_find(k, HELD_POLICY, device, id, 0) ?
		       0 : kern_refuse(-ENOENT, why, "no such policy");
}

static json_t *kern_hex(const uint8_t *b, size_t len)
{
	char text[2 * 128 + 1] = "";

	for (size_t i = 0; i < len && i < 128; i++)
		snprintf(text + 2 * i, 3, "%02x", b[i]);
	return json_string(text);
}

static json_t *kern_sa_json(const struct kern_sa *sa)
{
	return !sa ? json_null() :
		     json_pack("{s:I, s:i, s:i, s:o, s:o, s:b, s:I, s:I}", "spi",
			       (json_int_t)sa->spi, "encr", sa->encr, "integ", sa->integ,
			       "encr_key", kern_hex(sa->encr_key, sa->encr_key_len),
			       "integ_key", kern_hex(sa->integ_key, sa->integ_key_len),
			       "esn", sa->esn, "soft_seconds", (json_int_t)sa->soft_seconds,
			       "hard_seconds", (json_int_t)sa->hard_seconds);
}

int kern_sa_add(struct kern *k, uint32_t device, uint32_t policy, const struct kern_sa *in,
		const struct kern_sa *out, char why[KERN_WHY_MAX])
{
	if (!kern_find(k, HELD_POLICY, device, policy, 0))
		return kern_refuse(-ENOENT, why, "no such policy");
	if (in && kern_find(k, HELD_IN, 0, 0, in->spi))
		return kern_refuse(-EEXIST, why, "this SPI is taken");
	if (in) {
		kern_drop(k, HELD_SPI, device, 0, in->spi);
		kern_hold(k, HELD_IN, device, policy, in->spi);
	}
	if (out) {
		kern_drop(k, HELD_OUT, device, policy, 0);	/* a policy has one place */
		kern_hold(k, HELD_OUT, device, policy, out->spi);
	}
	kern_say(k, json_pack("{s:s, s:i, s:i, s:o, s:o}", "op", "sa-add", "device", device,
			      "policy", policy, "in", kern_sa_json(in), "out", kern_sa_json(out)));
	return 0;
}

int kern_sa_del(struct kern *k, uint32_t device, uint32_t policy, uint32_t spi, bool out,
		char why[KERN_WHY_MAX])
{
	enum held_kind kind = out ? HELD_OUT : HELD_IN;

	if (!kern_find(k, kind, device, out ? policy : 0, spi) &&
	    (out || !kern_find(k, HELD_SPI, device, 0, spi)))
		return kern_refuse(-ENOENT, why, "no such SA");
	kern_drop(k, kind, device, out ? policy : 0, spi);
	if (!out)
		kern_drop(k, HELD_SPI, device, 0, spi);
	kern_say(k, json_pack("{s:s, s:i, s:i, s:I, s:b}", "op", "sa-del", "device", device,
			      "policy", policy, "spi", (json_int_t)spi, "out", out));
	return 0;
}

int kern_sa_get(struct kern *k, uint32_t device, uint32_t policy, uint32_t spi, bool out,
		struct kern_sa_info *info, char why[KERN_WHY_MAX])
{
	memset(info, 0, sizeof(*info));
	info->idle_s = UINT64_MAX;
	return kern_find(k, out ? HELD_OUT : HELD_IN, device, out ? policy : 0, spi) ?
		       0 : kern_refuse(-ENOENT, why, "no such SA");
}

uint64_t kern_policy_idle(struct kern *k, uint32_t device, uint32_t policy)
{
	return UINT64_MAX;
}

int kern_device_drops(struct kern *k, uint32_t device, struct kern_sa_info *info,
		      char why[KERN_WHY_MAX])
{
	memset(info, 0, sizeof(*info));
	return 0;
}
