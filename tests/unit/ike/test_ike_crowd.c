// SPDX-License-Identifier: GPL-2.0
/* A tunnel of many peers: who has this name, and who has this traffic? */
#include <string.h>

#include "ike/object/child.h"
#include "ike/object/peer.h"
#include "ike/object/tunnel.h"
#include "unit/ike/ike_ends.h"

#define PEERS	300

static struct ends *many(struct tunnel **t)
{
	struct ends *p = ends_new();

	set_remote(&p->s[0], "any");
	ends_start(p);
	*t = tunnel_find(p->s[0].ike, p->s[0].tunnel);
	assert_non_null(*t);
	return p;
}

static struct ike_id named(const char *format, int n)
{
	struct ike_id id = { .type = ID_FQDN };

	id.len = (uint16_t)snprintf((char *)id.data, sizeof(id.data), format, n);
	return id;
}

static struct ts_list *selectors(const char *text)
{
	struct ts ts[4];
	char copy[200], *rest = copy, *word;
	unsigned int count = 0;
	const char *why;

	snprintf(copy, sizeof(copy), "%s", text);
	while ((word = strsep(&rest, " ")))
		assert_true(ts_parse(&ts[count++], word, &why));
	return ts_list_new(ts, count);
}

/* As when the child is in the kernel with these. */
static struct child *has_traffic(struct peer *peer, const char *remote)
{
	struct child *child = TAILQ_FIRST(&peer->children);

	ts_list_put(child->local_ts);
	ts_list_put(child->remote_ts);
	child->local_ts = selectors("10.1.0.0/16 fd01::/64");
	child->remote_ts = selectors(remote);
	child->in_kernel = true;
	crowd_child_changed(child);
	return child;
}

static const struct peer *owner(const struct peer *peer, const char *local, const char *remote)
{
	struct ts_pair ts = { selectors(local), selectors(remote) };
	const struct peer *found = tunnel_ts_owner(peer, &ts);

	ts_pair_clear(&ts);
	return found;
}

static void test_found_by_name(void **state)
{
	struct peer *peer[PEERS];
	struct tunnel *t;
	struct ends *p = many(&t);
	struct ike_id id;

	for (int i = 0; i < PEERS; i++) {
		id = named("c%d.example.org", i);
		peer[i] = tunnel_peer(t, &id);
		assert_non_null(peer[i]);
	}
	/* one of three goes, in an order that is not theirs */
	for (int i = PEERS - 1; i >= 0; i -= 3)
		peer_free(peer[i]);
	for (int i = 0; i < PEERS; i++) {
		id = named("C%d.Example.ORG", i);
		assert_ptr_equal(tunnel_peer_known(t, &id),
				 (PEERS - 1 - i) % 3 ? peer[i] : NULL);
	}
	id = named("c%d.example.or", 1);
	assert_null(tunnel_peer_known(t, &id));
	ends_free(p);
}

static void test_counted_by_name(void **state)
{
	struct ike_id same = named("c%d", 1), other = named("c%d", 2);
	struct tunnel *t;
	struct ends *p = many(&t);
	struct peer *first = peer_new(t, &same);

	assert_non_null(peer_new(t, &other));
	assert_non_null(peer_new(t, &same));
	assert_non_null(peer_new(t, &same));
	assert_int_equal(tunnel_peers_of(t, &same), 3);
	peer_free(first);
	assert_int_equal(tunnel_peers_of(t, &same), 2);
	assert_int_equal(tunnel_peers_of(t, &other), 1);
	ends_free(p);
}

/* What its IKE SA has proved counts from then on. */
static void test_found_by_its_new_name(void **state)
{
	struct ike_id before = named("c%d", 1), now = named("d%d", 1);
	struct tunnel *t;
	struct ends *p = many(&t);
	struct peer *peer = peer_new(t, &before);

	peer->remote_id = now;
	crowd_peer_renamed(peer);
	assert_null(tunnel_peer_known(t, &before));
	assert_ptr_equal(tunnel_peer_known(t, &now), peer);
	ends_free(p);
}

static void test_found_by_traffic(void **state)
{
	struct ike_id a = named("c%d", 1), b = named("c%d", 2), c = named("c%d", 3);
	struct tunnel *t;
	struct ends *p = many(&t);
	struct peer *host = peer_new(t, &a), *both = peer_new(t, &b), *asks = peer_new(t, &c);

	has_traffic(host, "10.9.0.7");
	has_traffic(both, "10.9.1.0-10.9.1.99 10.9.3.0/24 fd09::5");
	assert_ptr_equal(owner(asks, "10.1.0.0/16", "10.9.0.7"), host);
	assert_ptr_equal(owner(asks, "10.1.0.0/16", "10.9.0.0/24"), host);
	assert_ptr_equal(owner(asks, "10.1.0.0/16", "10.9.1.99-10.9.1.120"), both);
	assert_ptr_equal(owner(asks, "fd01::/64", "fd09::/64"), both);
	assert_ptr_equal(owner(asks, "10.1.0.0/16", "10.8.0.0/24 10.9.3.9"), both);
	/* between what it has; beside it; other networks of ours; its own */
	assert_null(owner(asks, "10.1.0.0/16", "10.9.2.1"));
	assert_null(owner(asks, "10.1.0.0/16", "10.9.0.8"));
	assert_null(owner(asks, "fd01::/64", "fd09::6"));
	assert_null(owner(asks, "10.2.0.0/16", "10.9.0.7"));
	assert_null(owner(host, "10.1.0.0/16", "10.9.0.7"));
	ends_free(p);
}

static void test_traffic_that_is_gone(void **state)
{
	struct ike_id a = named("c%d", 1), b = named("c%d", 2), c = named("c%d", 3);
	struct tunnel *t;
	struct ends *p = many(&t);
	struct peer *one = peer_new(t, &a), *two = peer_new(t, &b), *asks = peer_new(t, &c);

	has_traffic(one, "10.9.0.1")->in_kernel = false;
	has_traffic(two, "10.9.0.2");
	assert_null(owner(asks, "10.1.0.0/16", "10.9.0.1"));
	has_traffic(two, "10.9.0.3");
	assert_null(owner(asks, "10.1.0.0/16", "10.9.0.2"));
	peer_free(one);
	assert_ptr_equal(owner(asks, "10.1.0.0/16", "10.9.0.3"), two);
	TAILQ_FIRST(&two->children)->in_kernel = false;
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found_by_name),
		cmocka_unit_test(test_counted_by_name),
		cmocka_unit_test(test_found_by_its_new_name),
		cmocka_unit_test(test_found_by_traffic),
		cmocka_unit_test(test_traffic_that_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
