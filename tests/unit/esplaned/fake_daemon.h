/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The daemon's upper half with three tunnels above a fake engine, and clients of its control
 * socket. To be included once in a program.
 */
#ifndef FAKE_DAEMON_H
#define FAKE_DAEMON_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>
#include "esplaned/command/commands.h"
#include "esplaned/daemon.h"
#include "esplaned/engine/engine.h"
#include "esplaned/engine/env.h"
#include "esplaned/engine/hooks.h"
#include "esplaned/engine/kern_events.h"
#include "esplaned/control/publish.h"
#include "esplaned/host/tcp.h"
#include "lib/log.h"
#include "unit/esplaned/fake_engine.h"

static struct daemon d;
static char path[64];

static void loop(void)
{
	for (int i = 0; i < 20; i++)
		event_base_loop(d.base, EVLOOP_NONBLOCK);
}

static int client_open(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(sun.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	loop();
	return fd;
}

/* @request: with ' for ". */
static inline void say(int fd, const char *request)
{
	char text[512];

	snprintf(text, sizeof(text), "%s\n", request);
	for (char *c = text; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	loop();
}

/* All that has come since, with ' for ". */
static inline const char *said(int fd)
{
	static char buf[65536];
	ssize_t n;

	loop();
	n = read(fd, buf, sizeof(buf) - 1);
	buf[n > 0 ? n : 0] = '\0';
	for (char *c = buf; *c; c++)
		*c = *c == '"' ? '\'' : *c;
	return buf;
}

static inline const char *ask(const char *request)
{
	int fd = client_open();
	const char *answer;

	say(fd, request);
	answer = said(fd);
	close(fd);
	return answer;
}

static inline void expect_in(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("there is no <%s> in <%s>", part, text);
}

static inline void expect_not_in(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("there is <%s> in <%s>", part, text);
}

static inline void expect_asked(const char *asked)
{
	assert_string_equal(fake.asked, asked);
	fake.asked[0] = '\0';
}

/* The engine says something about tunnel 1; @child 0: about its peer. Then the loop is back. */
static inline void engine_says_of(uint32_t tunnel, enum ike_event_type type, uint32_t peer,
				  uint32_t child, enum ike_failure failure, const char *detail)
{
	const struct ike_event ev = {
		.type = type,
		.tunnel = tunnel,
		.peer = peer,
		.child = child,
		.who = tunnel ? fake.tunnel[tunnel - 1]->name : NULL,
		.failure = failure,
		.detail = detail,
		.step = IKE_STEP_INIT,
		.level = LOG_WARNING,
	};

	fake.ike.env.event(fake.ike.env.ctx, &ev);
	engine_settled(&d);
}

static inline void engine_says(enum ike_event_type type, enum ike_failure failure,
			       const char *detail)
{
	engine_says_of(1, type, 10, 0, failure, detail);
}

/* Peer 10 of lab is up with its child 11, between 10.1.1.0/24 and 10.2.1.0/24. */
static inline void comes_up(void)
{
	struct ike_child_status *c = fake_child(11);

	fake.peer[0].state = PEER_UP;
	fake.peer[0].spi_i = 1;
	fake.peer[0].spi_r = 2;
	addr_parse(&fake.peer[0].local.addr, "192.0.2.1");
	fake.peer[0].local.port = 500;
	addr_parse(&fake.peer[0].remote.addr, "192.0.2.2");
	fake.peer[0].remote.port = 500;
	strcpy(fake.peer[0].ike_suite, "aes128gcm16-prfsha256-x25519");
	c->state = CHILD_UP;
	c->local_ts = c->conf->local_ts;
	c->remote_ts = c->conf->remote_ts;
	strcpy(c->esp_suite, "aes128gcm16-esn");
	c->spi_in = 0x11;
	c->spi_out = 0x21;
}

static inline void options_make(struct tunnel_options *opt, const char *name, const char *interface,
			 const char *children, bool any)
{
	memset(opt, 0, sizeof(*opt));
	fake_conf(&opt->ike, name, children);
	opt->ike.any = any;
	snprintf(opt->interface, sizeof(opt->interface), "%s", interface);
}

static void tunnel_make(const char *name, const char *interface, const char *children, bool any)
{
	struct tunnel_options opt;

	options_make(&opt, name, interface, children, any);
	assert_non_null(tunnels_add(&d.tunnels, d.ike, NULL, &opt));
}

static int begin(void **state)
{
	struct ike_env env;
	char why[256];

	memset(&fake, 0, sizeof(fake));
	memset(&d, 0, sizeof(d));
	d.base = event_base_new();
	d.tcp = tcp_new(d.base, NULL, NULL, NULL, NULL);
	env_fill(&env, &d);
	if (!d.tcp || !engine_open(&d, &env))
		return -1;
	d.control = control_new(d.base, path, commands_request, commands_gone, &d, why);
	tunnel_make("lab", "lab0", "lab", false);
	tunnel_make("office", "office", "voice data", false);
	tunnel_make("road", "road", "road", true);
	fake_peer(1, 10, "berlin");
	fake_peer(2, 20, "paris");
	fake_peer(3, 30, "alice@example.org");
	fake_peer(3, 40, "bob@example.org");
	fake.asked[0] = '\0';
	return d.control ? 0 : -1;
}

static int end(void **state)
{
	daemon_close(&d);
	return d.waits || d.progress ? -1 : 0;
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, begin, end)

static int daemon_tests(const char *name, const struct CMUnitTest *tests, size_t count)
{
	snprintf(path, sizeof(path), "/tmp/esplane-%s.%d", name, (int)getpid());
	signal(SIGPIPE, SIG_IGN);
	log_init("test", LOG_STYLE_PLAIN, LOG_ERR);
	return _cmocka_run_group_tests(name, tests, count, NULL, NULL);
}

#endif
