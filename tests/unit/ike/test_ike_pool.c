// SPDX-License-Identifier: GPL-2.0
/* Pools by themselves: who gets which address, and who gets it again. */
#include "unit/ike/ike_ends.h"

#include <stdlib.h>

#include "ike/core/id.h"
#include "ike/object/pool.h"

static bool no_memory;

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
	return no_memory ? NULL : __real_calloc(n, size);
}

struct office {
	uint64_t now;
	struct fake fake;
	struct ike *ike;
	struct pool_conf conf;
	struct pool_static statics[2];
	struct pool *pool;
};

static struct office *office_new(const char *ranges)
{
	struct office *o = calloc(1, sizeof(*o));
	char text[256], *save = NULL;
	struct ike_env env;
	const char *why;

	assert_non_null(o);
	o->now = 1000000;
	fake_init(&o->fake, &o->now, 1);
	env = fake_env(&o->fake);
	o->ike = ike_new(&env);
	assert_non_null(o->ike);
	snprintf(o->conf.name, sizeof(o->conf.name), "office");
	o->conf.statics = o->statics;
	snprintf(text, sizeof(text), "%s", ranges);
	for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save))
		assert_true(ts_parse(&o->conf.range[o->conf.range_count++], word, &why));
	return o;
}

static void office_set(struct office *o)
{
	assert_int_equal(ike_pool_set(o->ike, &o->conf), 0);
	o->pool = pool_find(o->ike, "office");
	assert_non_null(o->pool);
}

static void office_reserve(struct office *o, const char *id, const char *addr)
{
	struct pool_static *s = &o->statics[o->conf.static_count++];
	struct addr a;

	assert_true(ike_id_parse(&s->id, id) && addr_parse(&a, addr));
	s->addr[addr_index(&a)] = a;
}

static void office_free(struct office *o)
{
	ike_free(o->ike);
	fake_clear(&o->fake);
	free(o);
}

static struct ike_id identity(const char *text)
{
	struct ike_id id;

	assert_true(ike_id_parse(&id, text));
	return id;
}

static struct lease *take(struct office *o, const char *who, uint32_t peer, const char *wanted)
{
	struct ike_id id = identity(who);
	struct addr wish;

	if (wanted)
		assert_true(addr_parse(&wish, wanted));
	return pool_take(o->pool, wanted ? addr_index(&wish) : 0, &id, peer,
			 wanted ? &wish : NULL);
}

static void is_addr(const struct lease *lease, const char *addr)
{
	char text[ADDR_STRLEN];

	assert_non_null(lease);
	assert_string_equal(addr_str(&lease->addr, text), addr);
}

static void in_order(void **state)
{
	struct office *o = office_new("10.9.0.0/30 10.9.1.4-10.9.1.5 10.9.2.9");

	office_set(o);
	is_addr(take(o, "a@b", 1, NULL), "10.9.0.1");	/* not the network's, nor broadcast */
	is_addr(take(o, "b@b", 2, NULL), "10.9.0.2");
	is_addr(take(o, "c@b", 3, NULL), "10.9.1.4");
	is_addr(take(o, "d@b", 4, NULL), "10.9.1.5");
	is_addr(take(o, "e@b", 5, NULL), "10.9.2.9");
	assert_null(take(o, "f@b", 6, NULL));
	assert_int_equal(o->fake.leases_told, 5);
	office_free(o);
}

/* The address that there was no memory to lease is the next one's. */
static void no_memory_to_lease(void **state)
{
	struct office *o = office_new("10.9.0.1-10.9.0.2");

	office_set(o);
	no_memory = true;
	assert_null(take(o, "a@b", 1, NULL));
	no_memory = false;
	is_addr(take(o, "b@b", 2, NULL), "10.9.0.1");
	no_memory = true;
	assert_null(take(o, "a@b", 1, NULL));
	no_memory = false;
	is_addr(take(o, "c@b", 3, NULL), "10.9.0.2");
	office_free(o);
}

static void edges_of_ranges(void **state)
{
	static const struct {
		const char *range, *first, *last;
		unsigned int count;
	} rows[] = {
		{ "10.9.0.0/29", "10.9.0.1", "10.9.0.6", 6 },
		{ "10.9.0.0/31", "10.9.0.0", "10.9.0.1", 2 },
		{ "10.9.0.7", "10.9.0.7", "10.9.0.7", 1 },
		{ "10.9.0.255-10.9.1.1", "10.9.0.255", "10.9.1.1", 3 },
		{ "255.255.255.252-255.255.255.254", "255.255.255.252", "255.255.255.254", 3 },
		{ "fd09::/126", "fd09::1", "fd09::3", 3 },
		{ "fd09::fffe-fd09::1:0001", "fd09::fffe", "fd09::1:1", 4 },
	};
	char id[16];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct office *o = office_new(rows[i].range);
		unsigned int family = addr_index(&o->conf.range[0].start), count = 0;
		struct lease *lease = NULL, *last;
		struct ike_id who;

		office_set(o);
		assert_true(pool_has_family(&o->conf, family));
		assert_false(pool_has_family(&o->conf, !family));
		do {
			last = lease;
			snprintf(id, sizeof(id), "p%u@b", count);
			who = identity(id);
			lease = pool_take(o->pool, family, &who, count + 1, NULL);
			if (!count)
				is_addr(lease, rows[i].first);
			count += !!lease;
		} while (lease);
		is_addr(last, rows[i].last);
		assert_int_equal(count, rows[i].count);
		office_free(o);
	}
}

/* Given back, it is the identity's as long as nobody needs it. */
static void the_same_again(void **state)
{
	struct office *o = office_new("10.9.0.1-10.9.0.3");
	struct lease *a, *b;

	office_set(o);
	a = take(o, "a@b", 1, NULL);
	assert_ptr_equal(take(o, "A@B", 1, NULL), a);	/* as it is held; names have no case */
	pool_give_back(a);
	is_addr(take(o, "b@b", 2, NULL), "10.9.0.2");
	o->now += 100 * POOL_GRACE_MS;
	b = take(o, "a@b", 3, NULL);
	is_addr(b, "10.9.0.1");
	assert_int_equal(b->peer, 3);
	assert_int_equal(o->fake.leases_told, 2);	/* nothing new was bound */
	office_free(o);
}

/* Two peers of one identity have an address each, and get theirs again if they ask for it. */
static void one_identity_twice(void **state)
{
	struct office *o = office_new("10.9.0.1-10.9.0.9");
	struct lease *first, *second;

	office_set(o);
	first = take(o, "a@b", 1, NULL);
	second = take(o, "a@b", 2, NULL);
	is_addr(first, "10.9.0.1");
	is_addr(second, "10.9.0.2");
	/* not its own: the peer gets what it may have */
	is_addr(take(o, "c@b", 3, "10.9.0.1"), "10.9.0.3");
	pool_give_back(first);
	pool_give_back(second);
	is_addr(take(o, "a@b", 4, "10.9.0.2"), "10.9.0.2");
	is_addr(take(o, "a@b", 5, "10.9.0.7"), "10.9.0.1");
	office_free(o);
}

static void full(void **state)
{
	struct office *o = office_new("10.9.0.1-10.9.0.2");
	struct lease *a, *b;

	office_set(o);
	a = take(o, "a@b", 1, NULL);
	b = take(o, "b@b", 2, NULL);
	assert_null(take(o, "c@b", 3, NULL));
	pool_give_back(b);
	o->now += POOL_GRACE_MS - 1;
	assert_null(take(o, "c@b", 3, NULL));
	pool_give_back(a);
	o->now++;
	is_addr(take(o, "c@b", 3, NULL), "10.9.0.2");	/* the one given back first */
	assert_int_equal(o->fake.leases_told, 3);
	assert_true(ike_id_equal(&o->fake.last_lease_id, &(struct ike_id){ .type = 3, .len = 3,
								       .data = "c@b" }));
	is_addr(take(o, "b@b", 4, NULL) ? NULL : a, "10.9.0.1");	/* it is in its grace */
	is_addr(take(o, "a@b", 5, NULL), "10.9.0.1");
	office_free(o);
}

static void reserved(void **state)
{
	struct office *o = office_new("10.9.0.1-10.9.0.3 fd09::/64");
	struct ike_id alice = identity("alice@b");
	struct lease *lease;

	office_reserve(o, "alice@b", "10.9.0.1");
	office_reserve(o, "alice@b", "fd09::5");
	office_set(o);
	is_addr(take(o, "b@b", 1, NULL), "10.9.0.2");
	lease = take(o, "alice@b", 2, "10.9.0.3");
	is_addr(lease, "10.9.0.1");
	is_addr(pool_take(o->pool, 1, &alice, 2, NULL), "fd09::5");
	is_addr(take(o, "alice@b", 3, NULL), "10.9.0.3");	/* a second one of hers */
	pool_give_back(lease);
	o->now += 2 * POOL_GRACE_MS;
	assert_null(take(o, "c@b", 4, NULL));	/* nobody else ever gets it */
	is_addr(take(o, "alice@b", 5, NULL), "10.9.0.1");
	office_free(o);
}

static int restore(struct office *o, const char *who, const char *addr)
{
	struct ike_id id = identity(who);
	struct addr a;

	assert_true(addr_parse(&a, addr));
	return ike_lease_restore(o->ike, "office", &a, &id);
}

/* What an earlier daemon had bound. */
static void after_a_restart(void **state)
{
	struct office *o = office_new("10.9.0.0/29");
	struct ike_id id = identity("a@b");
	struct addr a = { AF_INET, { 10, 9, 0, 1 } };

	office_reserve(o, "alice@b", "10.9.0.3");
	office_set(o);
	assert_int_equal(ike_lease_restore(o->ike, "none", &a, &id), -ENOENT);
	assert_int_equal(restore(o, "a@b", "10.9.0.1"), 0);
	assert_int_equal(restore(o, "b@b", "10.9.0.1"), -EEXIST);
	assert_int_equal(restore(o, "b@b", "10.9.0.0"), -EINVAL);
	assert_int_equal(restore(o, "b@b", "10.9.1.1"), -EINVAL);
	assert_int_equal(restore(o, "b@b", "10.9.0.3"), -EINVAL);
	assert_int_equal(restore(o, "alice@b", "10.9.0.3"), 0);
	assert_int_equal(o->fake.leases_told, 0);
	is_addr(take(o, "c@b", 1, NULL), "10.9.0.2");
	is_addr(take(o, "a@b", 2, NULL), "10.9.0.1");
	is_addr(take(o, "alice@b", 3, NULL), "10.9.0.3");
	office_free(o);
}

/* A reload: what is not of the pool any more goes, once nobody holds it. */
static void another_configuration(void **state)
{
	struct office *o = office_new("10.9.0.1-10.9.0.4");
	struct lease *held, *idle;
	const char *why;

	office_set(o);
	held = take(o, "a@b", 1, NULL);
	idle = take(o, "b@b", 2, NULL);
	pool_give_back(idle);
	assert_true(ts_parse(&o->conf.range[0], "10.9.0.3-10.9.0.4", &why));
	office_set(o);
	assert_int_equal(o->pool->lease_count, 1);
	assert_int_equal(o->fake.last_lease_id.type, 0);
	assert_int_equal(o->fake.last_lease.b[3], 2);
	is_addr(held, "10.9.0.1");
	is_addr(take(o, "a@b", 3, NULL), "10.9.0.3");
	pool_give_back(held);
	assert_int_equal(o->fake.last_lease.b[3], 1);
	assert_int_equal(o->pool->lease_count, 1);
	assert_int_equal(ike_pool_del(o->ike, "none"), -ENOENT);
	office_free(o);
}

/* A distinguished name is the same one however its strings are written. */
static void a_name_written_anew(void **state)
{
	struct office *o = office_new("10.9.0.0/24");
	struct ike_id again = identity("C=DE, O=example  ltd, CN=GW");
	struct lease *lease;

	office_set(o);
	lease = take(o, "C=DE, O=Example Ltd, CN=gw", 1, NULL);
	is_addr(lease, "10.9.0.1");
	pool_give_back(lease);
	is_addr(pool_take(o->pool, 0, &again, 2, NULL), "10.9.0.1");
	office_free(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order),
		cmocka_unit_test(no_memory_to_lease),
		cmocka_unit_test(edges_of_ranges),
		cmocka_unit_test(the_same_again),
		cmocka_unit_test(one_identity_twice),
		cmocka_unit_test(full),
		cmocka_unit_test(reserved),
		cmocka_unit_test(after_a_restart),
		cmocka_unit_test(another_configuration),
		cmocka_unit_test(a_name_written_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
