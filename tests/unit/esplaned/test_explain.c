// SPDX-License-Identifier: GPL-2.0
/* What explain finds, above a fake engine; and what the log says of exchanges. */
#include "unit/esplaned/fake_daemon.h"

#include "esplaned/control/reasons.h"
#include "esplaned/control/spoken.h"
#include "suite/ikev2.h"
#include "wire/v2/build.h"
#include "wire/v2/msg.h"

/* An answer of ours, as the builder leaves it behind the header. */
struct answer {
	uint8_t buf[512];
	struct builder b;
};

static void answer_begin(struct answer *a)
{
	const struct msg_header h = { .exchange = EXCHANGE_IKE_AUTH };

	build_begin(&a->b, a->buf, sizeof(a->buf), &h);
}

static void answer_end(struct answer *a, struct ike_exchange *x)
{
	size_t len = build_end(&a->b);

	assert_true(len > MSG_HEADER_LEN);
	x->said_first = a->buf[16];
	x->said = (struct chunk){ a->buf + MSG_HEADER_LEN, len - MSG_HEADER_LEN };
}

/* A request of the peer's: identity, one ESP proposal, selectors 10.2.0.0/16 to 10.1.0.0/16. */
static void heard_make(struct msg *m)
{
	static const uint8_t id[] = "mallory@example.org";
	static const uint8_t tsi[] = { 7, 0, 0, 16, 0, 0, 255, 255, 10, 2, 0, 0, 10, 2, 255, 255 };
	static const uint8_t tsr[] = { 7, 0, 0, 16, 0, 0, 255, 255, 10, 1, 0, 0, 10, 1, 255, 255 };
	static const uint8_t esp[] = { 0, 0, 0, 40, 1, 3, 4, 3, 1, 2, 3, 4,
				       3, 0, 0, 12, 1, 0, 0, 12, 0x80, 14, 1, 0,
				       3, 0, 0, 8, 3, 0, 0, 12, 0, 0, 0, 8, 5, 0, 0, 0 };

	memset(m, 0, sizeof(*m));
	m->seen[PAYLOAD_SK] = 1;
	m->seen[PAYLOAD_IDI] = 1;
	m->seen[PAYLOAD_SA] = 1;
	m->idi = (struct msg_id){ .type = 3, .data = cursor_of(id, sizeof(id) - 1),
				  .body = cursor_of(id, sizeof(id) - 1) };
	m->sa = (struct msg_sa){ .count = 1, .protocol = PROTO_ESP,
				 .proposals = cursor_of(esp, sizeof(esp)) };
	m->tsi = (struct msg_ts){ .count = 1, .selectors = cursor_of(tsi, sizeof(tsi)) };
	m->tsr = (struct msg_ts){ .count = 1, .selectors = cursor_of(tsr, sizeof(tsr)) };
}

static const struct endpoint here = { { AF_INET, { 192, 0, 2, 1 } }, 500 };
static const struct endpoint there = { { AF_INET, { 192, 0, 2, 2 } }, 4500 };

static void engine_exchange(enum ike_event_type type, const struct ike_exchange *x)
{
	const struct ike_event ev = {
		.type = type, .tunnel = 1, .peer = 10, .who = "lab", .exchange = x,
		.failure = IKE_FAIL_TS, .detail = "no selectors in common",
	};

	fake.ike.env.event(fake.ike.env.ctx, &ev);
}

static void lines_of_exchanges(void **state)
{
	struct ike_exchange x = { .type = EXCHANGE_IKE_AUTH, .id = 1, .authentic = true,
				  .what = "IKE_AUTH", .took_ms = 12 };
	static struct msg m;
	char line[SPOKEN_MAX];
	struct answer a;

	heard_make(&m);
	m.notify_count = 1;
	m.notify[0].type = NOTIFY_MOBIKE_SUPPORTED;
	x.heard = &m;
	assert_string_equal(spoken_line(&x, line),
			    "IKE_AUTH (1) answered in 12 ms: SA IDi N(MOBIKE_SUPPORTED)");
	assert_int_equal(spoken_level(&x), LOG_INFO);
	x.what = NULL;
	answer_begin(&a);
	build_notify(&a.b, NOTIFY_INITIAL_CONTACT, 0, 0, 0, NULL, 0);
	build_notify(&a.b, NOTIFY_TS_UNACCEPTABLE, 0, 0, 0, NULL, 0);
	answer_end(&a, &x);
	assert_string_equal(spoken_line(&x, line),
			    "IKE_AUTH (1) from the peer: SA IDi N(MOBIKE_SUPPORTED); we answered "
			    "N(INITIAL_CONTACT) N(TS_UNACCEPTABLE)");
	assert_int_equal(spoken_refusal(&x), NOTIFY_TS_UNACCEPTABLE);
	/* A chain that ends amid a payload says what is whole. */
	x.said.len -= 3;
	assert_int_equal(spoken_refusal(&x), 0);
	x.said.len = 0;
	assert_int_equal(spoken_refusal(&x), 0);
}

static void liveness_is_for_who_looks_closely(void **state)
{
	struct ike_exchange x = { .type = EXCHANGE_INFORMATIONAL, .id = 7, .authentic = true,
				  .what = "liveness checks (DPD)" };
	static struct msg m;
	char line[SPOKEN_MAX];

	memset(&m, 0, sizeof(m));
	m.seen[PAYLOAD_SK] = 1;
	x.heard = &m;
	assert_int_equal(spoken_level(&x), LOG_DEBUG);
	assert_string_equal(spoken_line(&x, line),
			    "liveness checks (DPD) (7) answered in 0 ms: nothing");
	m.del_count = 1;
	assert_int_equal(spoken_level(&x), LOG_INFO);
}

/* What the peer said in a refusal of ours is there, whoever may have sent it. */
static void told_of_our_refusal(void **state)
{
	struct ike_exchange x = { .type = EXCHANGE_IKE_AUTH, .id = 1, .authentic = true,
				  .local = &here, .remote = &there };
	static struct msg m;
	const char *text;
	struct answer a;

	heard_make(&m);
	x.heard = &m;
	engine_exchange(IKE_EV_REFUSED, &x);
	answer_begin(&a);
	build_notify(&a.b, NOTIFY_TS_UNACCEPTABLE, 0, 0, 0, NULL, 0);
	answer_end(&a, &x);
	engine_exchange(IKE_EV_EXCHANGE, &x);
	text = ask("{'command':'explain','tunnel':'lab'}");
	expect_in(text, "'told':{'we_refused':{'exchange':'IKE_AUTH','authentic':true,'name':'lab',"
			"'local':'192.0.2.1:500','remote':'192.0.2.2:4500',"
			"'identity':'mallory@example.org','esp':['aes256-sha256-noesn'],"
			"'remote_ts':['10.2.0.0/16'],'local_ts':['10.1.0.0/16'],"
			"'error':'selectors','detail':'no selectors in common',"
			"'notify':'TS_UNACCEPTABLE','ago_s':0}}");
	expect_in(text, "'code':'we-refused'");
	/* Of another tunnel it says nothing. */
	expect_in(ask("{'command':'explain','tunnel':'office'}"), "'told':{}");
}

static void told_of_the_peers_refusal(void **state)
{
	struct ike_exchange x = { .type = EXCHANGE_IKE_SA_INIT, .what = "IKE_SA_INIT",
				  .local = &here, .remote = &there };
	static struct msg m;
	const char *text;

	memset(&m, 0, sizeof(m));
	m.notify_count = 1;
	m.notify[0].type = NOTIFY_TEMPORARY_FAILURE;
	x.heard = &m;
	engine_exchange(IKE_EV_EXCHANGE, &x);
	expect_in(ask("{'command':'explain','tunnel':'lab'}"), "'told':{}");
	m.notify[0].type = NOTIFY_NO_PROPOSAL_CHOSEN;
	engine_exchange(IKE_EV_EXCHANGE, &x);
	text = ask("{'command':'explain','tunnel':'lab'}");
	expect_in(text, "'refused_us':{'exchange':'IKE_SA_INIT','authentic':false,");
	expect_in(text, "'notify':'NO_PROPOSAL_CHOSEN'");
	expect_in(text, "'code':'peer-refused'");
	/* Once it is up that is history. */
	comes_up();
	expect_not_in(ask("{'command':'explain','tunnel':'lab'}"), "'code':'peer-refused'");
}

static void explain_of_what_is_down(void **state)
{
	const char *text;

	text = ask("{'command':'explain','tunnel':'lab'}");
	expect_in(text, "'code':'not-started','name':'lab'");
	expect_in(text, "'ours':{'ike':[],'children':[{'child':'lab','mode':'tunnel','esp':[],"
			"'local_ts':['10.1.1.0/24'],'remote_ts':['10.2.1.0/24']}]}");
	fake.peer[0].failure = IKE_FAIL_TIMEOUT;
	strcpy(fake.peer[0].detail, "no answer");
	fake.peer[0].held_down = true;
	text = ask("{'command':'explain','tunnel':'lab'}");
	expect_in(text, "{'code':'held-down','name':'lab'},{'code':'failed','name':'lab',"
			"'error':'timeout','detail':'no answer'}");
	expect_not_in(text, "not-started");
	/* What a person did is not told as a failure beside. */
	fake.peer[0].failure = IKE_FAIL_DOWN;
	expect_not_in(ask("{'command':'explain','tunnel':'lab'}"), "'code':'failed'");
	expect_in(ask("{'command':'explain'}"), "the command explain takes a tunnel");
}

static void explain_while_connecting(void **state)
{
	fake.peer[0].state = PEER_CONNECTING;
	engine_says(IKE_EV_STEP, 0, "suite");
	engine_says(IKE_EV_RETRANSMIT, 0, "IKE_AUTH, try 2 of 6");
	expect_in(ask("{'command':'explain','tunnel':'lab'}"),
		  "{'code':'connecting','name':'lab','event':'retransmit',"
		  "'detail':'IKE_AUTH, try 2 of 6'}");
}

/* The facts of one child that is up, as JSON with ' for "; the findings. */
static json_t *findings_of(const char *child, const char *host)
{
	char text[2048];
	json_t *facts, *findings;

	snprintf(text, sizeof(text),
		 "{'tunnel':{'name':'o','state':'up','peers':[{'name':'o','state':'up',"
		 "'encapsulation':'none','local_endpoint':'192.0.2.1:500','children':[{'name':'o',"
		 "'state':'up'%s}]}]},'host':{'interface':{'name':'o','up':true,'rp_filter':1},"
		 "'peers':[{'name':'o','way':{'to':'192.0.2.2','there':true},"
		 "'children':[{'name':'o','forwards':true,'source':'10.1.0.1'%s}]}]}}",
		 child, host);
	for (char *c = text; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	facts = json_loads(text, 0, NULL);
	assert_non_null(facts);
	findings = reasons_json(facts);
	json_decref(facts);
	return findings;
}

static void expect_codes(const char *child, const char *host, const char *codes)
{
	json_t *findings = findings_of(child, host), *finding;
	char got[512] = "";
	size_t i;

	json_array_foreach(findings, i, finding) {
		const char *reason = json_string_value(json_object_get(finding, "reason"));

		strcat(strcat(got, i ? " " : ""),
		       reason ? reason : json_string_value(json_object_get(finding, "code")));
	}
	json_decref(findings);
	assert_string_equal(got, codes);
}

static void reasons_of_what_passes_nothing(void **state)
{
	expect_codes(",'packets_in':3,'packets_out':4", "", "");
	expect_codes(",'packets_in':0,'packets_out':0", "", "idle");
	expect_codes(",'packets_in':0,'packets_out':4", "", "no-inbound");
	expect_codes(",'packets_in':3,'packets_out':0", "", "no-outbound rp-filter");
	expect_codes(",'packets_in':3,'packets_out':4,'last_in_s':61,'last_out_s':1", "",
		     "inbound-stopped");
	expect_codes(",'packets_in':3,'packets_out':4,'last_in_s':61,'last_out_s':40", "", "");
	expect_codes(",'packets_in':0,'packets_out':0",
		     ",'ways':[{'to':'10.2.0.1','there':true,'into_tunnel':false,'interface':'e'}]",
		     "route-elsewhere idle");
	expect_codes(",'packets_in':3,'packets_out':4",
		     ",'ways':[{'to':'10.2.0.1','there':true,'into_tunnel':true}],"
		     "'elsewhere':[{'to':'10.2.3.0/24','interface':'e'}]", "part-elsewhere");
	expect_codes(",'packets_in':3,'packets_out':4,'sas':[{'drops':{'rx-replay':4,'rx-auth':1}}]",
		     "", "rx-replay rx-auth");
	expect_codes(",'packets_in':3,'packets_out':4,'narrowed':{'local_ts':[],'remote_ts':[]}",
		     "", "narrowed");
}

/* The kernel's own: a route to 127.0.0.1 is there, and none of it leads into the tunnel. */
static void explain_looks_at_the_host(void **state)
{
	const char *text;

	comes_up();
	tunnels_find_name(&d.tunnels, "lab")->device = 1007;
	text = ask("{'command':'explain','tunnel':'lab'}");
	expect_in(text, "'host':{");
	expect_in(text, "'children':[{'name':'lab','ways':[{'to':'10.2.1.1','packet':'10.2.1.1',");
	expect_in(text, "'reason':'tx-no-policy','count':5");
}

static void log_of_one_tunnel(void **state)
{
	struct tunnel_entry *t = tunnels_find_name(&d.tunnels, "lab");

	log_set_level(LOG_INFO);
	expect_in(ask("{'command':'log','tunnel':'lab'}"), "'level':'info'");
	expect_in(ask("{'command':'log','tunnel':'lab','level':'debug'}"), "'level':'debug'");
	assert_int_equal(t->log_level, LOG_DEBUG);
	assert_int_equal(tunnels_find_name(&d.tunnels, "office")->log_level, 0);
	expect_in(ask("{'command':'log','tunnel':'lab','level':'loud'}"),
		  "the level is debug or info");
	expect_in(ask("{'command':'log','tunnel':'lab','level':'info'}"), "'level':'info'");
	assert_int_equal(t->log_level, 0);
	expect_in(ask("{'command':'log','level':'info'}"), "bad-request");
	expect_in(ask("{'command':'status','level':'debug'}"), "bad-request");
}

/* Refused unless it is configured; what is given is all that a capture takes. */
static void keys_are_given_where_configured(void **state)
{
	expect_in(ask("{'command':'export-keys','tunnel':'lab'}"),
		  "{'result':'error','error':'config','message':'the keys of lab may not be given "
		  "out: write allow-key-export = yes");
	fake.tunnel[0]->export_keys = true;
	assert_string_equal(ask("{'command':'export-keys','tunnel':'lab'}"),
		"{'result':'ok','tunnel':'lab','ike':[{'spi_i':'000000000000000a',"
		"'spi_r':'000000000000000b','encr':'aes128gcm16','integ':'',"
		"'sk_ei':'0102000000000000000000000000000000000000',"
		"'sk_er':'0304000000000000000000000000000000000000','sk_ai':'','sk_ar':''}],"
		"'esp':[{'source':'192.0.2.1','destination':'192.0.2.2','spi':'00001001',"
		"'encr':'aes256','integ':'sha256','key':'6162636465666768','integ_key':'78797a',"
		"'esn':false}]}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_of_exchanges),
		TEST(liveness_is_for_who_looks_closely),
		TEST(told_of_our_refusal),
		TEST(told_of_the_peers_refusal),
		TEST(explain_of_what_is_down),
		TEST(explain_while_connecting),
		TEST(reasons_of_what_passes_nothing),
		TEST(explain_looks_at_the_host),
		TEST(log_of_one_tunnel),
		TEST(keys_are_given_where_configured),
	};

	return daemon_tests("explain", tests, sizeof(tests) / sizeof(*tests));
}
