// SPDX-License-Identifier: GPL-2.0
/* The control protocol from a client's request to its result, above a fake engine. */
#include "unit/esplaned/caught.h"
#include "unit/esplaned/fake_daemon.h"

#include <linux/esplane.h>
#include "esplaned/host/clock.h"

static void up_and_its_result(void **state)
{
	int fd = client_open();

	say(fd, "{'command':'up','tunnel':'lab'}");
	expect_asked("up 1; ");
	assert_string_equal(said(fd), "");
	engine_says(IKE_EV_STEP, 0, "suite");
	expect_in(said(fd), "{'event':'step','tunnel':'lab','step':'ike_sa_init'");
	comes_up();
	engine_says(IKE_EV_UP, 0, NULL);
	expect_in(said(fd),
		  "{'event':'up','tunnel':'lab'}\n{'result':'ok','tunnel':'lab',"
		  "'interface':'lab0','local':'192.0.2.1','remote':'192.0.2.2',"
		  "'encapsulation':'none','ike':'aes128gcm16-prfsha256-x25519',"
		  "'esp':'aes128gcm16-esn','local_ts':['10.1.1.0/24'],"
		  "'remote_ts':['10.2.1.0/24'],'children':[{'name':'lab','state':'up',"
		  "'mode':'tunnel','local_ts':['10.1.1.0/24'],'remote_ts':['10.2.1.0/24'],"
		  "'esp':'aes128gcm16-esn'}],'took_ms':");
	/* The watch is over. */
	engine_says(IKE_EV_DOWN, IKE_FAIL_TIMEOUT, "x");
	assert_string_equal(said(fd), "");
	close(fd);
	fake.up_rc = -EALREADY;
	expect_in(ask("{'command':'up','tunnel':'lab'}"), "'already':true");
}

static void up_that_fails(void **state)
{
	int fd = client_open();

	say(fd, "{'command':'up','tunnel':'lab'}");
	/* What another end of another tunnel came to is not ours. */
	engine_says_of(2, IKE_EV_FAILED, 20, 0, IKE_FAIL_TIMEOUT, "x");
	assert_string_equal(said(fd), "");
	engine_says(IKE_EV_FAILED, IKE_FAIL_TS, "ours are \xff");
	assert_string_equal(said(fd),
			    "{'event':'failed','tunnel':'lab','error':'selectors','detail':'ours "
			    "are \\\\xff'}\n{'result':'error','error':'selectors','message':'ours "
			    "are \\\\xff','tunnel':'lab'}\n");
	close(fd);
	fake.up_rc = -EDESTADDRREQ;
	assert_string_equal(ask("{'command':'up','tunnel':'lab'}"),
			    "{'result':'error','error':'answer-only','message':'lab cannot be "
			    "started from here: remote = any'}\n");
}

static void fail_at_once(uint32_t id)
{
	const struct ike_event ev = { .type = IKE_EV_FAILED, .tunnel = 1, .peer = 10, .who = "lab",
				      .failure = IKE_FAIL_MODULE, .detail = "no module" };

	fake.ike.env.event(fake.ike.env.ctx, &ev);
}

/* The engine knows the end before ike_up() is back. */
static void up_that_fails_at_once(void **state)
{
	fake.in_up = fail_at_once;
	expect_in(ask("{'command':'up','tunnel':'lab'}"),
		  "{'result':'error','error':'kernel-module','message':'no module','tunnel':'lab'}\n");
}

/* U8: who joins sees what has been done so far. */
static void up_that_joins(void **state)
{
	int first = client_open(), second = client_open();

	say(first, "{'command':'up','tunnel':'lab'}");
	engine_says(IKE_EV_STEP, 0, "suite");
	engine_says(IKE_EV_RETRANSMIT, 0, "IKE_AUTH, try 2 of 6");
	said(first);
	fake.up_rc = -EINPROGRESS;
	say(second, "{'command':'up','tunnel':'lab'}");
	expect_in(said(second), "'step':'ike_sa_init'");
	assert_string_equal(said(first), "");
	comes_up();
	engine_says(IKE_EV_UP, 0, NULL);
	expect_in(said(first), "{'result':'ok'");
	expect_in(said(second), "{'result':'ok'");
	/* The next attempt begins with none. */
	engine_says(IKE_EV_DOWN, IKE_FAIL_TIMEOUT, "x");
	say(second, "{'command':'up','tunnel':'lab'}");
	expect_not_in(said(second), "step");
	close(first);
	close(second);
}

/* The time of an attempt begins with it, not with the last contact of the one before. */
static void steps_of_the_next_attempt(void **state)
{
	int fd = client_open();
	long long at_ms = -1;
	const char *text;

	tunnels_find_name(&d.tunnels, "lab")->contact_ms = clock_now() - 3600000;
	engine_says(IKE_EV_UP, 0, NULL);
	engine_says(IKE_EV_DOWN, IKE_FAIL_DOWN, "x");
	say(fd, "{'command':'up','tunnel':'lab'}");
	engine_says(IKE_EV_STEP, 0, "suite");
	text = strstr(said(fd), "'at_ms':");
	assert_non_null(text);
	assert_int_equal(sscanf(text, "'at_ms':%lld", &at_ms), 1);
	assert_in_range(at_ms, 0, 3599999);
	close(fd);
}

static void up_that_is_taken_down(void **state)
{
	int up = client_open();

	say(up, "{'command':'up','tunnel':'lab'}");
	expect_in(ask("{'command':'down','tunnel':'lab'}"),
		  "{'result':'ok','tunnel':'lab','already':false}\n");
	expect_asked("up 1; down 1 taken down by the user; ");
	engine_says(IKE_EV_FAILED, IKE_FAIL_DOWN, "taken down by the user");
	expect_in(said(up), "{'result':'error','error':'down','message':'taken down by the user'");
	close(up);
}

static void children_and_peers(void **state)
{
	int fd = client_open();

	say(fd, "{'command':'up','tunnel':'office/voice'}");
	expect_asked("up 21; ");
	engine_says_of(2, IKE_EV_CHILD_UP, 20, 22, 0, "data");
	expect_not_in(said(fd), "result");
	fake.peer[1].state = PEER_UP;
	fake_child(21)->state = CHILD_UP;
	engine_says_of(2, IKE_EV_CHILD_UP, 20, 21, 0, "voice");
	expect_in(said(fd), "{'result':'ok','tunnel':'office/voice'");
	/* Without its peer a child does not come up. */
	say(fd, "{'command':'up','tunnel':'office/voice'}");
	engine_says_of(2, IKE_EV_FAILED, 20, 0, IKE_FAIL_AUTH_LOCAL, "psk");
	expect_in(said(fd), "{'result':'error','error':'auth-local'");
	close(fd);
	fake.asked[0] = '\0';
	ask("{'command':'down','tunnel':'road/alice@example.org'}");
	ask("{'command':'down','tunnel':'office/data'}");
	expect_asked("down 30 taken down by the user; down 22 taken down by the user; ");
}

/* A tunnel of two children is up when neither is on its way; what failed is said. */
static void up_of_several_children(void **state)
{
	int fd = client_open();

	say(fd, "{'command':'up','tunnel':'office'}");
	fake.peer[1].state = PEER_UP;
	fake_child(21)->state = CHILD_UP;
	fake_child(22)->state = CHILD_CONNECTING;
	engine_says_of(2, IKE_EV_CHILD_UP, 20, 21, 0, "voice");
	expect_not_in(said(fd), "result");
	fake_child(22)->state = CHILD_DOWN;
	fake_child(22)->failure = IKE_FAIL_TS;
	engine_says_of(2, IKE_EV_CHILD_FAILED, 20, 22, IKE_FAIL_TS, "data");
	expect_in(said(fd), "'name':'office/data','state':'down'");
	/* None of them: the tunnel carries nothing. */
	fake_child(21)->state = CHILD_DOWN;
	fake_child(21)->failure = IKE_FAIL_NO_PROPOSAL_CHILD;
	say(fd, "{'command':'up','tunnel':'office'}");
	engine_says_of(2, IKE_EV_UP, 20, 0, 0, NULL);
	expect_in(said(fd), "{'result':'error','error':'no-proposal-child'");
	close(fd);
}

static void all_at_once(void **state)
{
	int fd = client_open();

	say(fd, "{'command':'up','all':true}");
	expect_asked("up 1; up 2; ");	/* the third has remote = any */
	engine_says_of(2, IKE_EV_FAILED, 20, 0, IKE_FAIL_TIMEOUT, "x");
	expect_not_in(said(fd), "result");
	comes_up();
	engine_says(IKE_EV_UP, 0, NULL);
	expect_in(said(fd), "{'result':'error','error':'some-failed','message':'not all of them are "
			    "up','tunnels':[{'result':'ok','tunnel':'lab'");
	say(fd, "{'command':'down','all':true}");
	expect_in(said(fd), "{'result':'ok','tunnels':[{'result':'ok','tunnel':'lab','already':false},"
			    "{'result':'ok','tunnel':'office','already':false},");
	expect_asked("down 1 taken down by the user; down 2 taken down by the user; down 3 taken "
		     "down by the user; ");
	close(fd);
	expect_in(ask("{'command':'status','all':true}"), "'error':'bad-request'");
	expect_in(ask("{'command':'up','all':true,'tunnel':'lab'}"), "'error':'bad-request'");
}

static void restart(void **state)
{
	int fd = client_open();

	say(fd, "{'command':'restart','tunnel':'lab'}");
	expect_asked("down 1 restarted by the user; up 1; ");
	comes_up();
	engine_says(IKE_EV_UP, 0, NULL);
	expect_in(said(fd), "{'result':'ok','tunnel':'lab'");
	close(fd);
}

static void redirect(void **state)
{
	fake.redirect_rc = 1;
	assert_string_equal(ask("{'command':'redirect','tunnel':'lab','to':'198.51.100.2'}"),
			    "{'result':'ok','tunnel':'lab','to':'198.51.100.2','peers':1}\n");
	expect_asked("redirect 1 198.51.100.2; ");
	fake.redirect_rc = -EOPNOTSUPP;
	expect_in(ask("{'command':'redirect','tunnel':'lab','to':'198.51.100.2'}"),
		  "'error':'failed','message':'no peer of lab that is up has begun it and follows "
		  "redirects (RFC 5685)'");
	fake.redirect_rc = -ENOTCONN;
	expect_in(ask("{'command':'redirect','tunnel':'lab','to':'198.51.100.2'}"),
		  "'error':'not-up','message':'lab is not up'");
	expect_asked("redirect 1 198.51.100.2; redirect 1 198.51.100.2; ");
	expect_in(ask("{'command':'redirect','tunnel':'lab','to':'224.0.0.1'}"),
		  "'error':'bad-request','message':'\\'224.0.0.1\\' is not a host's address");
	expect_in(ask("{'command':'redirect','tunnel':'lab','to':'gw.example.org'}"),
		  "'error':'bad-request'");
	expect_in(ask("{'command':'redirect','tunnel':'lab'}"), "'error':'bad-request'");
	expect_in(ask("{'command':'rekey','tunnel':'lab','to':'198.51.100.2'}"),
		  "'error':'bad-request'");
	expect_in(ask("{'command':'redirect','tunnel':'lab','level':'info'}"),
		  "'error':'bad-request'");
	expect_asked("");
}

static void rekey(void **state)
{
	int fd = client_open();

	expect_in(ask("{'command':'rekey','tunnel':'lab'}"),
		  "{'result':'error','error':'not-up','message':'lab is not up'}\n");
	comes_up();
	say(fd, "{'command':'rekey','tunnel':'lab'}");
	expect_asked("rekey 10; rekey 11; ");
	engine_says_of(1, IKE_EV_CHILD_REKEYED, 10, 11, 0, "a to b");
	expect_not_in(said(fd), "result");
	engine_says(IKE_EV_IKE_REKEYED, 0, "by us");
	expect_in(said(fd), "{'result':'ok','tunnels':[{'result':'ok','tunnel':'lab','ike':true,"
			    "'detail':'by us'},"
			    "{'result':'ok','tunnel':'lab','detail':'a to b'}]}\n");
	say(fd, "{'command':'rekey','tunnel':'lab'}");
	engine_says(IKE_EV_DOWN, IKE_FAIL_TIMEOUT, "no answer");
	expect_in(said(fd), "{'result':'error','error':'timeout','message':'no answer'");
	close(fd);
}

/* By the peer, of the IKE SA, of a child: each ends its own wait. */
static void rekey_refused(void **state)
{
	int fd = client_open();

	comes_up();
	say(fd, "{'command':'rekey','tunnel':'lab'}");
	/* of one that nobody has asked for */
	engine_says(IKE_EV_REAUTH_FAILED, IKE_FAIL_AUTH_REMOTE, "it refuses us");
	engine_says(IKE_EV_REKEY_FAILED, IKE_FAIL_NO_PROPOSAL_IKE, "not this suite");
	expect_not_in(said(fd), "result");
	engine_says_of(1, IKE_EV_CHILD_REKEYED, 10, 11, 0, "a to b");
	expect_in(said(fd), "{'result':'error','error':'some-failed','message':'not all of them have "
			    "new keys','tunnels':[{'result':'error','error':'no-proposal-ike',"
			    "'message':'not this suite','tunnel':'lab'},{'result':'ok',"
			    "'tunnel':'lab','detail':'a to b'}]}\n");
	close(fd);
	fd = client_open();
	say(fd, "{'command':'rekey','tunnel':'lab'}");
	engine_says_of(1, IKE_EV_REKEY_FAILED, 10, 11, IKE_FAIL_PEER, "not now");
	assert_string_equal(said(fd), "{'event':'rekey-failed','tunnel':'lab','error':'peer',"
				      "'detail':'not now'}\n");
	engine_says(IKE_EV_IKE_REKEYED, 0, "by us");
	expect_in(said(fd), "{'result':'ok','tunnel':'lab','ike':true,'detail':'by us'},"
			    "{'result':'error','error':'peer','message':'not now'");
	close(fd);
	fd = client_open();
	say(fd, "{'command':'reauth','tunnel':'lab'}");
	engine_says(IKE_EV_REKEY_FAILED, IKE_FAIL_PEER, "not now");
	expect_not_in(said(fd), "result");
	close(fd);
}

/* Of a tunnel with many peers: so many wait at once, and no more. */
static void rekey_of_too_many(void **state)
{
	int fd = client_open();

	for (unsigned int i = 0; i < 128; i++)
		fake.peer[8 + i] = (struct ike_peer_status){ .id = 1000 + i, .tunnel = 3,
							     .state = PEER_UP };
	say(fd, "{'command':'reauth','tunnel':'road'}");
	assert_string_equal(said(fd), "");
	assert_int_equal(strncmp(fake.asked, "reauth 1000; reauth 1001; ", 26), 0);
	close(fd);
	fake.asked[0] = '\0';
	fake.peer[8 + 128] = (struct ike_peer_status){ .id = 1128, .tunnel = 3, .state = PEER_UP };
	for (int i = 0; i < 2; i++)
		assert_string_equal(ask(i ? "{'command':'rekey','tunnel':'road'}" :
					    "{'command':'reauth','tunnel':'road'}"),
				    "{'result':'error','error':'bad-request','message':'too many are up "
				    "to be renewed at once, 128 at most: name a peer, "
				    "TUNNEL/PEER'}\n");
	expect_asked("");
}

static void reauth(void **state)
{
	int fd = client_open();

	expect_in(ask("{'command':'reauth','tunnel':'lab'}"), "'error':'not-up'");
	expect_in(ask("{'command':'reauth','tunnel':'office/voice'}"), "'error':'bad-request'");
	comes_up();
	say(fd, "{'command':'reauth','tunnel':'lab'}");
	expect_asked("reauth 10; ");
	engine_says_of(1, IKE_EV_CHILD_REKEYED, 10, 11, 0, "a to b");
	engine_says(IKE_EV_IKE_REKEYED, 0, "by us");
	expect_not_in(said(fd), "result");
	engine_says(IKE_EV_REAUTHENTICATED, 0, "by us");
	expect_in(said(fd), "{'result':'ok','tunnel':'lab','ike':true,'detail':'by us'}\n");
	say(fd, "{'command':'reauth','tunnel':'lab'}");
	engine_says(IKE_EV_REAUTH_FAILED, IKE_FAIL_AUTH_REMOTE, "it refuses us");
	expect_in(said(fd), "'message':'it refuses us'");
	fake.rekey_rc = -EDESTADDRREQ;
	expect_in(ask("{'command':'reauth','tunnel':'lab'}"), "'error':'answer-only'");
	close(fd);
}

static void monitor(void **state)
{
	int fd = client_open();

	say(fd, "{'command':'monitor'}");
	assert_string_equal(said(fd), "{'event':'monitor','version':'" ESPLANE_VERSION
				      "','tunnels':3}\n");
	/* U6: whom nobody could place is seen as well. */
	engine_says_of(0, IKE_EV_REFUSED, 0, 0, IKE_FAIL_NO_PROPOSAL_IKE, "192.0.2.9 offers x");
	assert_string_equal(said(fd), "{'event':'refused','error':'no-proposal-ike','detail':"
				      "'192.0.2.9 offers x'}\n");
	engine_says_of(0, IKE_EV_LOG, 0, 0, 0, "a warning");
	assert_string_equal(said(fd), "{'event':'note','detail':'a warning'}\n");
	engine_says_of(2, IKE_EV_CHILD_DOWN, 20, 21, IKE_FAIL_DOWN, "the peer deleted it");
	assert_string_equal(said(fd), "{'event':'child-down','tunnel':'office','error':'down',"
				      "'detail':'the peer deleted it'}\n");
	close(fd);
	loop();
}

static void names(void **state)
{
	assert_string_equal(ask("{'command':'names'}"),
			    "{'result':'ok','names':['lab','office','office/voice','office/data',"
			    "'road','road/alice@example.org','road/bob@example.org']}\n");
	assert_string_equal(ask("{'command':'up','tunnel':'ofice'}"),
			    "{'result':'error','error':'no-such-tunnel','message':'there is no "
			    "tunnel \\'ofice\\'','known':['lab','office','office/voice',"
			    "'office/data','road','road/alice@example.org',"
			    "'road/bob@example.org']}\n");
	expect_in(ask("{'command':'up','tunnel':'office/x'}"),
		  "'there is no child \\'office/x\\'','known':['office','office/voice',"
		  "'office/data']}");
}

/* By pool and address; how long nobody else gets one. */
static void leases(void **state)
{
	static const struct addr a = { AF_INET, { 10, 9, 0, 2 } },
				 b = { AF_INET, { 10, 9, 0, 10 } },
				 c = { AF_INET6, { 0xfd, 9 } };

	assert_string_equal(ask("{'command':'leases'}"), "{'result':'ok','leases':[]}\n");
	fake.lease[0] = (struct ike_lease_status){ .pool = "road", .addr = &c, .peer = 7,
						   .id = "alice@example.org" };
	fake.lease[1] = (struct ike_lease_status){ .pool = "road", .addr = &b, .id = "bob",
						   .free_ms = clock_now() + 60000 };
	fake.lease[2] = (struct ike_lease_status){ .pool = "road", .addr = &a, .id = "carol" };
	assert_string_equal(ask("{'command':'leases'}"),
			    "{'result':'ok','leases':["
			    "{'pool':'road','address':'10.9.0.2','identity':'carol','state':'kept'},"
			    "{'pool':'road','address':'10.9.0.10','identity':'bob','state':'kept',"
			    "'free_in_s':60},"
			    "{'pool':'road','address':'fd09::','identity':'alice@example.org',"
			    "'state':'used'}]}\n");
	memset(fake.lease, 0, sizeof(fake.lease));
}

static void a_client_that_goes_while_it_waits(void **state)
{
	int fd = client_open();

	say(fd, "{'command':'up','tunnel':'lab'}");
	assert_non_null(d.waits);
	close(fd);
	loop();
	/* It may have closed only its sending half: what is sent to it shows that it is gone. */
	engine_says(IKE_EV_RETRANSMIT, 0, "x");
	loop();
	assert_null(d.waits);
	engine_says(IKE_EV_FAILED, IKE_FAIL_TIMEOUT, "x");
}

/* U4: it is not the user who takes them down. */
static void the_daemon_stops(void **state)
{
	daemon_stop(&d, false);
	expect_asked("down 1 the daemon stops; down 2 the daemon stops; down 3 the daemon stops; ");
	expect_in(ask("{'command':'up','tunnel':'lab'}"),
		  "{'result':'error','error':'down','message':'the daemon stops'}\n");
}

/* What the log says while peer 10 of lab goes down with @failure. */
static const char *logged(enum ike_failure failure, const char *detail)
{
	log_set_level(LOG_NOTICE);
	catch_log();
	engine_says(IKE_EV_DOWN, failure, detail);
	log_set_level(LOG_ERR);
	return caught_log();
}

/* U4: no "down: down:". */
static void the_log_does_not_stutter(void **state)
{
	assert_string_equal(logged(IKE_FAIL_DOWN, "the daemon stops"),
			    "test: lab: down: the daemon stops\n");
	assert_string_equal(logged(IKE_FAIL_TIMEOUT, "no answer"),
			    "test: lab: down (timeout): no answer\n");
}

static struct ike_child_link link_of(uint32_t child)
{
	const struct ike_child_status *c = fake_child(child);

	return (struct ike_child_link){
		.tunnel = c->tunnel, .peer = c->peer, .child = child, .conf = c->conf,
		.local_ts = c->conf->local_ts, .remote_ts = c->conf->remote_ts
	};
}

/* Scripts are begun when the engine is back, and know who the peer is. */
static void scripts(void **state)
{
	const struct ike_child_link voice = link_of(21), data = link_of(22);
	struct ike_child_link waits = voice;
	struct tunnel_entry *t = tunnels_find_name(&d.tunnels, "office");
	char note[IKE_WHY_MAX], why[IKE_WHY_MAX];
	int fd = client_open();

	say(fd, "{'command':'monitor'}");
	said(fd);
	t->device = 1007;
	t->opt.secret = 77;
	assert_int_equal(fake.ike.env.child_up(&d, &voice, note, why), 0);
	engine_settled(&d);
	expect_asked("");		/* there is none */
	strcpy(t->opt.up_script, "/bin/true");
	assert_int_equal(fake.ike.env.child_up(&d, &voice, note, why), 0);
	assert_int_equal(fake.ike.env.child_up(&d, &data, note, why), 0);
	expect_asked("");
	engine_settled(&d);
	expect_asked("up-script 2 77 voice paris 10.9.0.21 10.1.1.0/24 10.2.1.0/24; up-script 2 77 "
		     "data paris 10.9.0.22 10.1.2.0/24 10.2.2.0/24; ");
	/* Down and up again: in that order. What nobody has heard of has no end. */
	fake.ike.env.child_down(&d, &voice);
	assert_int_equal(fake.ike.env.child_up(&d, &voice, note, why), 0);
	engine_settled(&d);
	expect_asked("down-script 2 77 voice paris 10.9.0.21 10.1.1.0/24 10.2.1.0/24; up-script 2 "
		     "77 voice paris 10.9.0.21 10.1.1.0/24 10.2.1.0/24; ");
	fake.ike.env.child_down(&d, &data);
	engine_settled(&d);
	expect_asked("down-script 2 77 data paris 10.9.0.22 10.1.2.0/24 10.2.2.0/24; ");
	assert_int_equal(fake.ike.env.child_up(&d, &data, note, why), 0);
	fake.ike.env.child_down(&d, &data);
	engine_settled(&d);
	expect_asked("");
	/* nobody hears of one that waits for packets, but that it was up before */
	waits.waits = true;
	assert_int_equal(fake.ike.env.child_up(&d, &waits, note, why), 0);
	engine_settled(&d);
	expect_asked("down-script 2 77 voice paris 10.9.0.21 10.1.1.0/24 10.2.1.0/24; ");
	assert_int_equal(fake.ike.env.child_up(&d, &waits, note, why), 0);
	fake.ike.env.child_down(&d, &waits);
	engine_settled(&d);
	expect_asked("");
	said(fd);
	hooks_done(&d, 2, "up-script /bin/false ended with status 1");
	assert_string_equal(said(fd), "{'event':'note','tunnel':'office','detail':'up-script "
				      "/bin/false ended with status 1'}\n");
	hooks_done(&d, 2, "");
	assert_string_equal(said(fd), "");
	close(fd);
}

/* The module tells of its devices by ifindex and number: the number is the one that never lies. */
static void kernel_says(int pipe, const struct kern_event *ev)
{
	fake.kern[0] = *ev;
	assert_int_equal(write(pipe, "", 1), 1);
	loop();
}

static void the_interface_is_known_by_its_number(void **state)
{
	struct kern_event expire = { .cmd = ESPLANE_CMD_EXPIRE, .policy = 11 };
	struct tunnel_entry *t = tunnels_find_name(&d.tunnels, "lab");
	const struct addr peer = t->opt.ike.remote;
	int fds[2];
	char why[IKE_WHY_MAX];

	assert_int_equal(pipe(fds), 0);
	fake.event_fd = fds[0];
	assert_int_equal(kern_events_open(&d, why), 0);
	assert_int_equal(fake.ike.env.device_up(&d, 1, &peer, why), 0);
	assert_int_equal(t->device, 1007);
	expire.device = 7;		/* another one */
	kernel_says(fds[1], &expire);
	expect_asked("");
	expire.device = 1007;
	kernel_says(fds[1], &expire);
	expect_asked("expire 11; ");
	/* Another program's in its place, and we have not heard of it. */
	fake.ifindex = 8;
	fake.lost = true;
	kernel_says(fds[1], &(struct kern_event){ 0 });
	expect_asked("gone 11; ");
	assert_int_equal(t->device, 0);
	assert_int_equal(fake.ike.env.sa_del(&d, 1, 7, 0x10, false), 0);
	fake.lost = false;
	assert_int_equal(fake.ike.env.device_up(&d, 1, &peer, why), 0);
	assert_int_equal(t->device, 1007);
	kern_events_close(&d);
	close(fds[0]);
	close(fds[1]);
}

/* U1: said at once, not found out by waiting for the peer. */
static void local_is_not_ours(void **state)
{
	struct tunnel_entry *t = tunnels_find_name(&d.tunnels, "lab");
	const struct addr peer = t->opt.ike.remote;
	char why[IKE_WHY_MAX];

	addr_parse(&t->opt.ike.local, "192.0.2.77");
	assert_int_equal(fake.ike.env.device_up(&d, 1, &peer, why), -EADDRNOTAVAIL);
	assert_string_equal(why, "local 192.0.2.77 is not an address of this host");
	assert_int_equal(t->device, 0);
	addr_parse(&t->opt.ike.local, "127.0.0.1");
	assert_int_equal(fake.ike.env.device_up(&d, 1, &peer, why), 0);
}

static void jobs(void **state)
{
	const struct ike_job job = { .kind = IKE_JOB_PSK_MAC, .tunnel = 1, .prf = 5,
				     .octets = { (const uint8_t *)"abc", 3 } };

	tunnels_find(&d.tunnels, 1)->opt.secret = 78;
	assert_true(fake.ike.env.job(&d, 9, &job));
	expect_asked("mac 9 78 3; ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(up_and_its_result),
		TEST(up_that_fails),
		TEST(up_that_fails_at_once),
		TEST(up_that_joins),
		TEST(steps_of_the_next_attempt),
		TEST(up_that_is_taken_down),
		TEST(children_and_peers),
		TEST(up_of_several_children),
		TEST(all_at_once),
		TEST(restart),
		TEST(rekey),
		TEST(rekey_refused),
		TEST(rekey_of_too_many),
		TEST(redirect),
		TEST(reauth),
		TEST(monitor),
		TEST(names),
		TEST(leases),
		TEST(a_client_that_goes_while_it_waits),
		TEST(scripts),
		TEST(local_is_not_ours),
		TEST(the_interface_is_known_by_its_number),
		TEST(jobs),
		TEST(the_daemon_stops),
		TEST(the_log_does_not_stutter),
	};

	return daemon_tests("commands", tests, sizeof(tests) / sizeof(tests[0]));
}
