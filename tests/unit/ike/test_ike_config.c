// SPDX-License-Identifier: GPL-2.0
/* Addresses that one end gives to the other: side 0 is the client, side 1 has the pool. */
#include "unit/ike/ike_ends.h"

#include <stdlib.h>

#include "ike/object/pool.h"
#include "wire/v2/cp.h"

static void side_pool(struct side *s, const char *ranges)
{
	struct pool_conf conf = { .name = "office" };
	char text[256], *save = NULL;
	const char *why;

	snprintf(text, sizeof(text), "%s", ranges);
	for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save))
		assert_true(ts_parse(&conf.range[conf.range_count++], word, &why));
	assert_true(addr_parse(&conf.net.dns[0], "10.2.0.53"));
	assert_true(addr_parse(&conf.net.dns[1], "fd02::53"));
	conf.net.dns_count = 2;
	assert_true(addr_parse(&conf.net.nbns[0], "10.2.0.54"));
	conf.net.nbns_count = 1;
	assert_true(addr_parse(&conf.net.dhcp[0], "10.2.0.55"));
	conf.net.dhcp_count = 1;
	snprintf(conf.net.domain[0], sizeof(conf.net.domain[0]), "corp.example.org");
	conf.net.domain_count = 1;
	conf.net.subnet[0] = (struct prefix){ { AF_INET, { 10, 2 } }, 16 };
	conf.net.subnet_count = 1;
	assert_int_equal(ike_pool_set(s->ike, &conf), 0);
}

/* Configured, not started. */
static struct ends *road(void)
{
	struct ends *p = ends_new();

	set_ts(&p->s[0], "0.0.0.0/0 ::/0", "10.2.0.0/16 fd02::/64");
	p->s[0].conf.ask_address = true;
	set_ts(&p->s[1], "10.2.0.0/16 fd02::/64", "10.9.0.0/24 fd09::/64");
	snprintf(p->s[1].conf.pool, sizeof(p->s[1].conf.pool), "office");
	return p;
}

static void selectors_are(struct side *s, const char *local, const char *remote)
{
	struct ike_child_status st = child_status(s);
	char text[512];

	assert_string_equal(ts_list_str(st.local_ts, text, sizeof(text)), local);
	assert_string_equal(ts_list_str(st.remote_ts, text, sizeof(text)), remote);
}

static void both_families(void **state)
{
	struct ends *p = road();
	struct ike_peer_status st;
	char text[ADDR_STRLEN];

	ends_start(p);
	side_pool(&p->s[1], "10.9.0.0/24 fd09::/64");
	bring_up(p, 0);
	selectors_are(&p->s[0], "10.9.0.1, fd09::1", "10.2.0.0/16, fd02::/64");
	selectors_are(&p->s[1], "10.2.0.0/16, fd02::/64", "10.9.0.1, fd09::1");
	assert_false(child_status(&p->s[0]).narrowed);
	st = peer_status(&p->s[0]);
	assert_string_equal(addr_str(&st.inner_local[0], text), "10.9.0.1");
	assert_string_equal(addr_str(&st.inner_local[1], text), "fd09::1");
	assert_int_equal(st.inner_remote[0].family, 0);
	assert_non_null(st.net);
	assert_int_equal(st.net->dns_count, 2);
	assert_int_equal(st.net->nbns_count, 1);
	assert_string_equal(st.net->domain[0], "corp.example.org");
	assert_string_equal(prefix_str(&st.net->subnet[0], text), "10.2.0.0/16");
	assert_string_equal(addr_str(&p->s[0].fake.given.addr[0], text), "10.9.0.1");
	st = peer_status(&p->s[1]);
	assert_string_equal(addr_str(&st.inner_remote[0], text), "10.9.0.1");
	assert_int_equal(st.inner_local[0].family, 0);
	assert_int_equal(p->s[1].fake.leases_told, 2);
	ends_free(p);
}

/* Rekeys of both kinds, a second child, a new IKE SA and a restart of the client change nothing. */
static void it_stays_the_same(void **state)
{
	struct ends *p = road();

	add_child(&p->s[0], "voice", "0.0.0.0/0", "10.3.0.0/16");
	add_child(&p->s[1], "voice", "10.3.0.0/16", "10.9.0.0/24");
	ends_start(p);
	side_pool(&p->s[1], "10.9.0.5-10.9.0.9");
	bring_up(p, 0);
	carry_all(p);
	selectors_are(&p->s[0], "10.9.0.5", "10.2.0.0/16, fd02::/64");
	assert_true(ts_list_equal(child_named(&p->s[0], "voice")->local_ts,
				  child_named(&p->s[0], "t")->local_ts));
	soft_limit_of(child_named(&p->s[0], "t"));
	carry_all(p);
	soft_limit_of(child_named(&p->s[1], "t"));
	carry_all(p);
	assert_int_equal(ike_rekey(p->s[0].ike, peer_of(&p->s[0])->id), 0);
	carry_all(p);
	assert_int_equal(p->s[0].ev[IKE_EV_IKE_REKEYED].count, 1);
	assert_int_equal(p->s[0].ev[IKE_EV_CHILD_REKEYED].count, 2);
	selectors_are(&p->s[0], "10.9.0.5", "10.2.0.0/16, fd02::/64");
	side_restart(&p->s[0]);
	attempt(p, 0);
	selectors_are(&p->s[0], "10.9.0.5", "10.2.0.0/16, fd02::/64");
	assert_int_equal(p->s[1].fake.leases_told, 1);
	side_down(&p->s[0]);
	carry_all(p);
	assert_null(peer_of(&p->s[1])->lease[0]);
	assert_null(peer_of(&p->s[0])->given);
	assert_int_equal(peer_of(&p->s[0])->wish[0].b[3], 5);
	side_up(&p->s[0]);
	side_tick(&p->s[0]);
	carry_all(p);
	selectors_are(&p->s[0], "10.9.0.5", "10.2.0.0/16, fd02::/64");
	ends_free(p);
}

/* RFC 6023: IKE_AUTH gives the address, and the first child is asked for with it. */
static void before_the_first_child(void **state)
{
	struct ends *p = road();
	struct letter l;
	struct msg m;

	p->s[0].conf.childless = true;
	ends_start(p);
	side_pool(&p->s[1], "10.9.0.5");
	start(p, 0);
	carry(&p->s[0]);
	carry(&p->s[1]);
	carry(&p->s[0]);
	l = *oldest(&p->s[1]);
	open_letter(only_sa(&p->s[0]), &l, &m);
	assert_true(m.seen[PAYLOAD_AUTH]);
	assert_false(m.seen[PAYLOAD_SA]);
	assert_int_equal(m.cp.type, CP_REPLY);
	carry(&p->s[1]);
	assert_int_equal(peer_of(&p->s[0])->given->addr[0].b[3], 5);
	l = *oldest(&p->s[0]);
	open_letter(only_sa(&p->s[1]), &l, &m);
	assert_true(m.seen[PAYLOAD_TSI]);
	assert_false(m.seen[PAYLOAD_CP]);
	carry_all(p);
	selectors_are(&p->s[0], "10.9.0.5", "10.2.0.0/16, fd02::/64");
	selectors_are(&p->s[1], "10.2.0.0/16, fd02::/64", "10.9.0.5");
	ends_free(p);
}

/* A server that has none left says so when the first child asks again. */
static void none_before_the_first_child(void **state)
{
	struct ends *p = road();
	struct ike_id other = { .type = ID_FQDN, .len = 5, .data = "other" };

	p->s[0].conf.childless = true;
	ends_start(p);
	side_pool(&p->s[1], "10.9.0.5");
	assert_non_null(pool_take(pool_find(p->s[1].ike, "office"), 0, &other, 4711, NULL));
	attempt(p, 0);
	carry_all(p);
	ended_in(&p->s[0], IKE_EV_FAILED, IKE_FAIL_ADDRESS, "INTERNAL_ADDRESS_FAILURE");
	ends_free(p);
}

static void the_pool_is_full(void **state)
{
	struct ends *p = road();
	struct ike_id other = { .type = ID_FQDN, .len = 5, .data = "other" };
	struct pool *pool;

	ends_start(p);
	side_pool(&p->s[1], "10.9.0.5");
	pool = pool_find(p->s[1].ike, "office");
	assert_non_null(pool_take(pool, 0, &other, 4711, NULL));
	attempt(p, 0);
	ended_in(&p->s[0], IKE_EV_FAILED, IKE_FAIL_ADDRESS, "INTERNAL_ADDRESS_FAILURE");
	ended_in(&p->s[1], IKE_EV_REFUSED, IKE_FAIL_ADDRESS,
		 "pool office is full: all its IPv4 addresses are leased");
	/* it was no failure of IKE's: the peer was authenticated */
	assert_true(p->s[0].steps & 1 << IKE_STEP_AUTH);
	ends_free(p);
}

static void who_has_no_pool_says_so(void **state)
{
	struct ends *p = road();

	p->s[1].conf.pool[0] = '\0';
	ends_start(p);
	attempt(p, 0);
	ended_in(&p->s[0], IKE_EV_FAILED, IKE_FAIL_ADDRESS, "INTERNAL_ADDRESS_FAILURE");
	ended_in(&p->s[1], IKE_EV_REFUSED, IKE_FAIL_ADDRESS, "the tunnel has no pool");
	ends_free(p);
}

static void who_has_to_ask(void **state)
{
	struct ends *p = road();

	p->s[0].conf.ask_address = false;
	set_ts(&p->s[0], "10.9.0.0/24", "10.2.0.0/16");
	ends_start(p);
	side_pool(&p->s[1], "10.9.0.0/24");
	attempt(p, 0);
	ended_in(&p->s[0], IKE_EV_FAILED, IKE_FAIL_ADDRESS, "FAILED_CP_REQUIRED");
	ended_in(&p->s[1], IKE_EV_REFUSED, IKE_FAIL_ADDRESS, "asks for no address");
	ends_free(p);
}

/* Of the two families that are asked for the pool has one. */
static void one_family_is_enough(void **state)
{
	struct ends *p = road();

	ends_start(p);
	side_pool(&p->s[1], "fd09::/64");
	bring_up(p, 0);
	selectors_are(&p->s[0], "fd09::1", "10.2.0.0/16, fd02::/64");
	ends_free(p);
}

static void none_of_that_family(void **state)
{
	struct ends *p = road();

	set_ts(&p->s[0], "0.0.0.0/0", "10.2.0.0/16");
	ends_start(p);
	side_pool(&p->s[1], "fd09::/64");
	attempt(p, 0);
	ended_in(&p->s[1], IKE_EV_REFUSED, IKE_FAIL_ADDRESS,
		 "asks for an IPv4 address, and pool office has none");
	ends_free(p);
}

/* Nobody gets more than its lease, whatever it asks for. */
static void only_the_lease(void **state)
{
	struct ends *p = road();

	ends_start(p);
	side_pool(&p->s[1], "10.9.0.0/24");
	ts_list_put((struct ts_list *)peer_of(&p->s[0])->tunnel->conf->child[0].local_ts);
	peer_of(&p->s[0])->tunnel->conf->child[0].local_ts = NULL;
	{
		struct ts ts;
		const char *why;

		assert_true(ts_parse(&ts, "10.9.0.77", &why));
		peer_of(&p->s[0])->tunnel->conf->child[0].local_ts = ts_list_new(&ts, 1);
	}
	attempt(p, 0);
	ended_in(&p->s[1], IKE_EV_REFUSED, IKE_FAIL_TS,
		 "the peer wants to protect 10.9.0.77, which is none of the addresses given to it: "
		 "10.9.0.1");
	ends_free(p);
}

/* ---- messages that are not ours */

static const char *cp_hex_type;

static void fill_every_attribute_twice(struct builder *b)
{
	build_cp(b, cp_hex_type[0] == 's' ? CP_SET : CP_REQUEST);
	for (unsigned int i = 0; i < 2; i++)
		for (uint16_t type = 0; type <= CP_DNSSEC_TA + 1; type++)
			build_cp_attr(b, type, NULL, 0);
	build_payload_end(b);
}

static void open_answer(struct ends *p, struct msg *m)
{
	assert_int_equal(p->s[1].count, 1);
	open_letter(only_sa(&p->s[0]), oldest(&p->s[1]), m);
}

static unsigned int count_of(const struct msg *m, uint16_t type)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < m->cp.count; i++)
		count += m->cp.attr[i].type == type;
	return count;
}

/* In INFORMATIONAL a peer is told what it has, and sets nothing. */
static void asked_later(void **state)
{
	struct ends *p = road();
	static struct msg m;
	struct letter l;

	ends_start(p);
	side_pool(&p->s[1], "10.9.0.0/24 fd09::/64");
	bring_up(p, 0);
	carry_all(p);
	cp_hex_type = "request";
	forge_request(&p->s[0], EXCHANGE_INFORMATIONAL, fill_every_attribute_twice, &l);
	give(&p->s[1], &l);
	open_answer(p, &m);
	assert_int_equal(m.cp.type, CP_REPLY);
	assert_int_equal(m.cp.skipped, 0);
	assert_int_equal(count_of(&m, CP_IP4_ADDRESS), 1);
	assert_int_equal(count_of(&m, CP_IP4_NETMASK), 1);
	assert_int_equal(count_of(&m, CP_IP4_DNS), 1);
	assert_int_equal(count_of(&m, CP_IP4_NBNS), 1);
	assert_int_equal(count_of(&m, CP_IP4_DHCP), 1);
	assert_int_equal(count_of(&m, CP_APPLICATION_VERSION), 1);
	assert_int_equal(count_of(&m, CP_IP6_ADDRESS), 1);
	assert_int_equal(count_of(&m, CP_IP6_DNS), 1);
	assert_int_equal(count_of(&m, CP_IP4_SUBNET), 1);
	assert_int_equal(count_of(&m, CP_SUPPORTED_ATTRIBUTES), 1);
	assert_int_equal(count_of(&m, CP_DNS_DOMAIN), 1);
	/* the pool has no such; RFC 5739 and DNSSEC_TA are not answered */
	assert_int_equal(m.cp.count, 11);
	drop(&p->s[1]);
	assert_int_equal(p->s[1].fake.leases_told, 2);
	ends_free(p);
}

static void set_is_acknowledged_and_ignored(void **state)
{
	struct ends *p = road();
	static struct msg m;
	struct letter l;

	ends_start(p);
	side_pool(&p->s[1], "10.9.0.0/24");
	bring_up(p, 0);
	carry_all(p);
	cp_hex_type = "set";
	forge_request(&p->s[0], EXCHANGE_INFORMATIONAL, fill_every_attribute_twice, &l);
	give(&p->s[1], &l);
	open_answer(p, &m);
	assert_int_equal(m.cp.type, CP_ACK);
	assert_int_equal(m.cp.count, 0);
	drop(&p->s[1]);
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_families),
		cmocka_unit_test(it_stays_the_same),
		cmocka_unit_test(before_the_first_child),
		cmocka_unit_test(none_before_the_first_child),
		cmocka_unit_test(the_pool_is_full),
		cmocka_unit_test(who_has_no_pool_says_so),
		cmocka_unit_test(who_has_to_ask),
		cmocka_unit_test(one_family_is_enough),
		cmocka_unit_test(none_of_that_family),
		cmocka_unit_test(only_the_lease),
		cmocka_unit_test(asked_later),
		cmocka_unit_test(set_is_acknowledged_and_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
