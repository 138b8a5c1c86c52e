// SPDX-License-Identifier: GPL-2.0
/* ikectl explain: each finding in a sentence with what to change, and both sides below. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ikectl/ikectl.h"

static char *explained(const char *text)
{
	char *copy = strdup(text), *out = NULL;
	struct view v = { .tunnel = "office" };
	json_t *result;
	size_t len;

	for (char *c = copy; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	result = json_loads(copy, 0, NULL);
	assert_non_null(result);
	v.out = open_memstream(&out, &len);
	assert_int_equal(show_explain(&v, result), STATUS_OK);
	fclose(v.out);
	json_decref(result);
	free(copy);
	return out;
}

static void expect(const char *findings, const char *part)
{
	char text[4096], *out;

	snprintf(text, sizeof(text),
		 "{'tunnel':{'name':'office','state':'down','remote':'192.0.2.2','peers':[]},"
		 "'ours':{'remote_id':'berlin','ike':['a','b'],'children':[{'child':'office',"
		 "'esp':['c'],'local_ts':['10.1.0.0/24'],'remote_ts':['10.2.0.0/24']}]},"
		 "'told':{},'findings':[%s]}", findings);
	out = explained(text);
	if (!strstr(out, part))
		fail_msg("there is no <%s> in <%s>", part, out);
	free(out);
}

static void sentences(void **state)
{
	expect("{'code':'held-down','name':'office'}",
	       "office is down\n  1. office was taken down here, and stays down for its peer too\n"
	       "     -> ikectl up office\n");
	expect("{'code':'failed','name':'office','error':'timeout','detail':'no answer'}",
	       "  1. office: the peer does not answer: no answer\n     -> check that the option");
	expect("{'code':'drop','name':'office','reason':'rx-replay','count':4}",
	       "  1. office: 4 packets came twice (rx-replay)\n     -> a few are harmless");
	expect("{'code':'drop','name':'office','reason':'rx-new','count':4}",
	       "office: 4 packets were dropped (rx-new)\n");
	expect("{'code':'route-elsewhere','name':'office','to':'10.2.0.1','packet':'10.2.0.1',"
	       "'interface':'eth0'}",
	       "office: packets to 10.2.0.1 leave by eth0, not by the tunnel\n     -> look for the "
	       "route or rule that takes them: ip route get 10.2.0.1; ip rule\n");
	expect("{'code':'narrowed','name':'office','local_ts':[],'remote_ts':['a','b']}",
	       "missing here: nothing; missing there: a b\n");
	expect("{'code':'peer-refused','name':'office','exchange':'IKE_SA_INIT','ago_s':3,"
	       "'notify':'NO_PROPOSAL_CHOSEN','authentic':false}",
	       "3 s ago the peer refused IKE_SA_INIT with NO_PROPOSAL_CHOSEN (not authenticated)\n");
	expect("{'code':'inbound-stopped','name':'office','last_in_s':7200}",
	       "nothing has come from the peer for 2 h\n");
	expect("{'code':'peer-refused','name':'office','exchange':'IKE_AUTH','ago_s':3,"
	       "'notify':'TS_UNACCEPTABLE','authentic':true}", "with TS_UNACCEPTABLE\n");
	expect("{'code':'over-tcp','name':'office','local_endpoint':'192.0.2.1:40001',"
	       "'remote_endpoint':'192.0.2.2:4500'}",
	       "IKE with the peer goes over TCP, from 192.0.2.1:40001 to 192.0.2.2:4500: packets cannot");
	expect("{'code':'no-tcp-port','name':'office','listen_tcp':4500,'listen_tcp_error':"
	       "'Address already in use'}",
	       "no peer can come by TCP port 4500: Address already in use\n     -> see who has it: ss "
	       "-tlpn sport = 4500.");
	/* A daemon that is newer than this ikectl. */
	expect("{'code':'moon','name':'office'}", "  1. moon of office\n");
	expect("", "Nothing is wrong that can be seen from here");
	expect("{'code':'idle','name':'office'}", "Nothing is wrong that can be seen from here");
}

static void sides(void **state)
{
	static const char text[] =
		"{'tunnel':{'name':'office','state':'down','remote':'192.0.2.2',"
		"'local_endpoint':'192.0.2.1:500','local_id':'paris','peers':[]},"
		"'ours':{'remote_id':'berlin','ike':['a','b'],'children':[{'child':'office',"
		"'esp':['c'],'local_ts':['10.1.0.0/24'],'remote_ts':['10.2.0.0/24']}]},"
		"'told':{'refused_us':{'exchange':'IKE_SA_INIT','notify':'NO_PROPOSAL_CHOSEN',"
		"'authentic':false,'ago_s':5},'we_refused':{'ago_s':150,'authentic':true,"
		"'identity':'rome','esp':['d'],'local_ts':['10.1.0.0/16'],"
		"'remote_ts':['10.2.0.0/16'],'remote':'192.0.2.3:500'}},'findings':[]}";
	char *out = explained(text);

	assert_non_null(strstr(out,
			       "  address        here   192.0.2.1:500\n"
			       "                 there  192.0.2.3:500 (said 2 min ago)\n"
			       "  identity       here   paris\n"
			       "                 there  rome (said 2 min ago)\n"
			       "  IKE            here   a, b\n"
			       "                 there  none of ours (said 5 s ago, not authenticated)\n"
			       "  ESP            here   c\n"
			       "                 there  d (said 2 min ago)\n"
			       "  local-ts       here   10.1.0.0/24\n"
			       "                 there  10.1.0.0/16 (said 2 min ago)\n"
			       "  remote-ts      here   10.2.0.0/24\n"
			       "                 there  10.2.0.0/16 (said 2 min ago)\n"));
	free(out);
}

static void sides_after_ts_unacceptable(void **state)
{
	static const char text[] =
		"{'tunnel':{'name':'office','state':'down','remote':'192.0.2.2','peers':[]},"
		"'ours':{'ike':['a'],'children':[{'child':'office','esp':['c'],"
		"'local_ts':['10.1.0.0/24'],'remote_ts':['10.2.0.0/24']}]},'host':{'peers':"
		"[{'way':{'source':'192.0.2.1'}}]},'told':{'refused_us':{'exchange':'IKE_AUTH',"
		"'notify':'TS_UNACCEPTABLE','authentic':true,'ago_s':5}},'findings':[]}";
	char *out = explained(text);

	assert_non_null(strstr(out, "  address        here   192.0.2.1\n"));
	assert_non_null(strstr(out,
			       "  local-ts       here   10.1.0.0/24\n                 there  not "
			       "what is here, or with it (said 5 s ago)\n"));
	free(out);
}

static void sides_of_what_is_up(void **state)
{
	static const char text[] =
		"{'tunnel':{'name':'office','state':'up','remote_endpoint':'192.0.2.2:500',"
		"'local_endpoint':'192.0.2.1:500','local_id':'paris','remote_id':'berlin',"
		"'ike':'aes128gcm16-prfsha256-x25519','ike_spi':{'initiator':'1'},'peers':["
		"{'name':'office','children':[{'child':'office','state':'up','esp':"
		"'aes128gcm16-noesn','local_ts':['10.1.0.0/25'],'remote_ts':['10.2.0.0/24']}]}]},"
		"'ours':{'remote_id':'berlin','ike':['a'],'children':[{'child':'office',"
		"'esp':['c'],'local_ts':['10.1.0.0/24'],'remote_ts':['10.2.0.0/24']}]},"
		"'told':{},'findings':[]}";
	char *out = explained(text);

	assert_non_null(strstr(out, "there  berlin (authenticated)\n"));
	assert_non_null(strstr(out, "there  aes128gcm16-prfsha256-x25519 (agreed)\n"));
	assert_non_null(strstr(out, "there  aes128gcm16 (agreed)\n"));
	assert_non_null(strstr(out, "there  10.1.0.0/25 (agreed)\n"));
	assert_null(strstr(out, "guess"));
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sentences),
		cmocka_unit_test(sides),
		cmocka_unit_test(sides_after_ts_unacceptable),
		cmocka_unit_test(sides_of_what_is_up),
	};

	return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
