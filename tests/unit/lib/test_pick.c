// SPDX-License-Identifier: GPL-2.0
/* Which routes and rules come of selectors. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/pick.h"

#define ROUTES_MAX	4096u

/* The lists of up to four children; none: "" */
struct side {
	const char *local, *remote;
};

static struct ts_list *list_of(const char *text)
{
	static char copy[16384];
	struct ts ts[TS_LIST_MAX];
	unsigned int count = 0;
	const char *why;
	char *state;

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *word = strtok_r(copy, " ", &state); word; word = strtok_r(NULL, " ", &state))
		assert_true(ts_parse(&ts[count++], word, &why));
	return ts_list_new(ts, count);
}

static struct pick_child child_of(struct side side)
{
	return (struct pick_child){ list_of(side.local), list_of(side.remote) };
}

static void child_free(const struct pick_child *child)
{
	ts_list_put((struct ts_list *)child->local);
	ts_list_put((struct ts_list *)child->remote);
}

static void ports_put(char *text, size_t len, const char *name, const struct pick_ports *ports)
{
	size_t at = strlen(text);

	if (ports->start == ports->end)
		snprintf(text + at, len - at, " %s %u", name, ports->start);
	else
		snprintf(text + at, len - at, " %s %u-%u", name, ports->start, ports->end);
}

static bool is_icmp(const struct pick_route *route)
{
	return route->pick.proto == (route->dst.addr.family == AF_INET6 ? 58 : 1);
}

static unsigned int icmp_refused;	/* not in the text: there is one beside each */

static const char *routes_str(const struct pick_routes *routes)
{
	static char text[32768];
	char dst[PREFIX_STRLEN];

	text[0] = '\0';
	icmp_refused = 0;
	for (unsigned int i = 0; i < routes->count; i++) {
		const struct pick_route *r = &routes->list[i];
		size_t at = strlen(text);

		if (is_icmp(r) && r->refused) {
			icmp_refused++;
			continue;
		}
		snprintf(text + at, sizeof(text) - at, "%s%s", at ? "; " : "",
			 prefix_str(&r->dst, dst));
		at = strlen(text);
		if (r->pick.proto)
			snprintf(text + at, sizeof(text) - at, " proto %u%s", r->pick.proto,
				 r->pick.rest ? " rest" : "");
		if (r->pick.sport.start)
			ports_put(text, sizeof(text), "sport", &r->pick.sport);
		if (r->pick.dport.start)
			ports_put(text, sizeof(text), "dport", &r->pick.dport);
		if (r->refused)
			strcat(text, " refused");
	}
	return text;
}

static struct pick_routes routes;

/* @other: another child of the tunnel, or NULL */
static const char *of(struct side conf, struct side agreed, const struct side *other)
{
	struct pick_child children[2] = { child_of(conf) }, part = child_of(agreed);
	struct pick_query query = {
		.conf = children[0], .agreed = part, .tunnel = children,
		.tunnel_count = other ? 2 : 1, .max = ROUTES_MAX,
	};
	const char *text;

	if (other)
		children[1] = child_of(*other);
	assert_int_equal(pick_routes(&query, &routes), 0);
	text = routes_str(&routes);
	free(routes.list);
	child_free(&children[0]);
	child_free(&children[1]);
	child_free(&part);
	return text;
}

static const char *of_all(const char *local, const char *remote)
{
	struct side side = { local, remote };

	return of(side, side, NULL);
}

static void without_a_protocol_it_is_a_route(void **state)
{
	assert_string_equal(of_all("10.1.0.0/24", "10.2.0.0/24 10.3.0.0-10.3.0.2 fd02::/64"),
			    "10.2.0.0/24; 10.3.0.0/31; 10.3.0.2/32; fd02::/64");
	assert_int_equal(routes.depth, PICK_NOTHING);
	/* what the peer has taken, and nothing twice */
	assert_string_equal(of((struct side){ "10.1.0.0/24", "10.2.0.0/16" },
			       (struct side){ "10.1.0.1", "10.2.1.0/24 10.2.1.0/24" }, NULL),
			    "10.2.1.0/24");
	assert_string_equal(of_all("", "10.2.0.0/24"), "10.2.0.0/24");
}

static void a_protocol_is_a_rule(void **state)
{
	assert_string_equal(of_all("192.0.2.1[gre]", "198.51.100.1[gre]"),
			    "198.51.100.1/32 proto 47");
	/* said on either side */
	assert_string_equal(of_all("10.1.0.0/24[tcp]", "10.2.0.0/24"), "10.2.0.0/24 proto 6");
	assert_string_equal(of_all("10.1.0.0/24[tcp] 10.1.0.0/24[udp] fd01::/64",
				   "10.2.0.0/24 fd02::/64"),
			    "10.2.0.0/24 proto 6; 10.2.0.0/24 proto 17; fd02::/64");
	/* no rule knows types of ICMP */
	assert_string_equal(of_all("10.1.0.0/24", "10.2.0.0/24[icmp/8] 10.2.0.0/24[icmp/0]"),
			    "10.2.0.0/24 proto 1");
	/* beside one for all, or for all of the protocol, none is needed */
	assert_string_equal(of_all("10.1.0.0/24", "10.2.0.0/24[tcp] 10.2.0.0/24"), "10.2.0.0/24");
	assert_string_equal(of_all("10.1.0.0/24", "10.2.0.0/24[tcp/80] 10.2.0.0/24[tcp]"),
			    "10.2.0.0/24 proto 6");
}

static void ports_leave_a_rest(void **state)
{
	assert_string_equal(of_all("10.1.0.0/24", "10.2.0.0/24[tcp/443]"),
			    "10.2.0.0/24 proto 6 dport 443; 10.2.0.0/24 proto 6 rest refused");
	assert_string_equal(of_all("10.1.0.0/24[udp/53]", "10.2.0.0/24"),
			    "10.2.0.0/24 proto 17 sport 53; 10.2.0.0/24 proto 17 rest refused");
	assert_string_equal(of_all("10.1.0.0/24[udp/53]", "10.2.0.0/24[udp/1000-2000]"),
			    "10.2.0.0/24 proto 17 sport 53 dport 1000-2000; "
			    "10.2.0.0/24 proto 17 rest refused");
	/* several share it */
	assert_string_equal(of_all("10.1.0.0/24", "10.2.0.0/24[tcp/80] 10.2.0.0/24[tcp/443]"),
			    "10.2.0.0/24 proto 6 dport 80; 10.2.0.0/24 proto 6 dport 443; "
			    "10.2.0.0/24 proto 6 rest refused");
	/* a wider selector carries fragments, of this child or of another of the tunnel */
	assert_string_equal(of_all("10.1.0.0/24", "10.2.0.0/24[udp/53] 10.0.0.0/8[udp]"),
			    "10.2.0.0/24 proto 17 dport 53; 10.0.0.0/8 proto 17; "
			    "10.2.0.0/24 proto 17 rest");
	assert_string_equal(of((struct side){ "10.1.0.0/24", "10.2.0.0/24[udp/53]" },
			       (struct side){ "10.1.0.0/24", "10.2.0.0/24[udp/53]" },
			       &(struct side){ "10.1.0.0/24", "10.2.0.0/16" }),
			    "10.2.0.0/24 proto 17 dport 53; 10.2.0.0/24 proto 17 rest; "
			    "10.2.0.0/24 proto 1");
	/* one that has a part of the addresses does not, nor one of another protocol */
	assert_string_equal(of((struct side){ "10.1.0.0/24", "10.2.0.0/24[udp/53]" },
			       (struct side){ "10.1.0.0/24", "10.2.0.0/24[udp/53]" },
			       &(struct side){ "10.1.0.0/24", "10.2.0.0/25 10.0.0.0/8[tcp]" }),
			    "10.2.0.0/24 proto 17 dport 53; 10.2.0.0/24 proto 17 rest refused");
}

/* No rule has port 0 or 65535: never less than what is to be protected. */
static void ports_that_no_rule_knows(void **state)
{
	assert_string_equal(of_all("10.1.0.0/24", "10.2.0.0/24[tcp/1024-65535]"),
			    "10.2.0.0/24 proto 6 dport 1024-65534; 10.2.0.0/24 proto 6 rest");
	assert_string_equal(of_all("10.1.0.0/24", "10.2.0.0/24[tcp/65535]"),
			    "10.2.0.0/24 proto 6 rest");
	assert_string_equal(of_all("10.1.0.0/24", "10.2.0.0/24[udp/opaque]"),
			    "10.2.0.0/24 proto 17 rest");
	assert_string_equal(of_all("10.1.0.0/24[udp/opaque]", "10.2.0.0/24"),
			    "10.2.0.0/24 proto 17 rest");
	assert_string_equal(of_all("10.1.0.0/24[tcp/1024-65535]", "10.2.0.0/24[tcp/443]"),
			    "10.2.0.0/24 proto 6 dport 443; 10.2.0.0/24 proto 6 rest refused");
	assert_string_equal(of_all("10.1.0.0/24[tcp/1024-65535]", "10.2.0.0/24"),
			    "10.2.0.0/24 proto 6");
	/* a protocol without ports */
	assert_string_equal(of_all("10.1.0.0/24", "10.2.0.0/24[gre/opaque]"),
			    "10.2.0.0/24 proto 47");
}

/* Errors quote what came out of the tunnel: they do not leave in the clear. */
static void icmp_is_refused(void **state)
{
	of_all("10.1.0.0/24", "10.2.0.0/24[tcp/443] 10.2.0.0/24[udp] 10.3.0.0/24[gre] 10.4.0.0/24");
	assert_int_equal(icmp_refused, 2);
	of_all("fd01::/64", "fd02::/64[tcp/443]");
	assert_int_equal(icmp_refused, 1);
	/* where the tunnel carries them they go in */
	assert_string_equal(of_all("10.1.0.0/24", "10.2.0.0/24[tcp] 10.2.0.0/24[icmp/8]"),
			    "10.2.0.0/24 proto 6; 10.2.0.0/24 proto 1");
	assert_int_equal(icmp_refused, 0);
	assert_string_equal(of_all("10.1.0.0/24", "10.2.0.0/24[tcp] 10.0.0.0/8"),
			    "10.2.0.0/24 proto 6; 10.0.0.0/8; 10.2.0.0/24 proto 1");
	assert_int_equal(icmp_refused, 0);
}

/* A peer that takes fewer ports does not send the others elsewhere; with addresses it does. */
static void what_is_configured_says_which_ports(void **state)
{
	const struct side conf = { "10.1.0.0/24", "10.2.0.0/16[tcp]" };

	assert_string_equal(of(conf, (struct side){ "10.1.0.1", "10.2.3.0/24[tcp/80]" }, NULL),
			    "10.2.3.0/24 proto 6");
	assert_string_equal(of((struct side){ "10.1.0.0/24", "10.2.0.0/16" },
			       (struct side){ "10.1.0.1[tcp/80]", "10.2.3.0/24[tcp]" }, NULL),
			    "10.2.3.0/24");
	/* a selector that the peer has not taken at all */
	assert_string_equal(of((struct side){ "10.1.0.0/24", "10.2.0.0/24[tcp] 10.2.0.0/24[gre]" },
			       (struct side){ "10.1.0.0/24", "10.2.0.0/24[gre]" }, NULL),
			    "10.2.0.0/24 proto 47");
	assert_string_equal(of((struct side){ "10.1.0.0/24[tcp] 10.1.1.0/24[gre]", "10.2.0.0/24" },
			       (struct side){ "10.1.0.0/24[tcp]", "10.2.0.0/24" }, NULL),
			    "10.2.0.0/24 proto 6");
	/* what is beyond the configuration gets a route: nothing of it leaves in the clear */
	assert_string_equal(of(conf, (struct side){ "10.1.0.1", "10.9.0.0/24[tcp]" }, NULL),
			    "10.9.0.0/24");
}

/* Many selectors of one kind are one rule. Of too many kinds the rules get wider. */
static void kinds_are_limited(void **state)
{
	char remote[16384] = "";

	for (unsigned int i = 0; i < 250; i++)
		snprintf(remote + strlen(remote), sizeof(remote) - strlen(remote),
			 "10.%u.0.0/24[tcp/443] ", i);
	of_all("10.1.0.0/24", remote);
	assert_int_equal(routes.depth, PICK_PORTS);
	assert_int_equal(routes.count, 750);
	remote[0] = '\0';
	for (unsigned int i = 1; i < PICK_KINDS_MAX - 1; i++)
		snprintf(remote + strlen(remote), sizeof(remote) - strlen(remote),
			 "10.2.0.0/24[tcp/%u] ", i);
	of_all("10.1.0.0/24", remote);
	assert_int_equal(routes.depth, PICK_PORTS);
	assert_int_equal(routes.count, PICK_KINDS_MAX);
	strcat(remote, "10.2.0.0/24[tcp/99]");
	assert_string_equal(of_all("10.1.0.0/24", remote), "10.2.0.0/24 proto 6");
	assert_int_equal(routes.depth, PICK_PROTOCOLS);
	remote[0] = '\0';
	for (unsigned int i = 0; i <= PICK_KINDS_MAX; i++)
		snprintf(remote + strlen(remote), sizeof(remote) - strlen(remote),
			 "10.2.0.0/24[%u] ", i + 150);
	assert_string_equal(of_all("10.1.0.0/24", remote), "10.2.0.0/24");
	assert_int_equal(routes.depth, PICK_NOTHING);
}

static void routes_are_limited(void **state)
{
	const struct side sides = { "10.1.0.0/24", "10.2.0.1-10.3.0.0[tcp]" };
	struct pick_child child = child_of(sides);
	struct pick_query query = {
		.conf = child, .agreed = child, .tunnel = &child, .tunnel_count = 1, .max = 34,
	};

	assert_int_equal(pick_routes(&query, &routes), 0);
	assert_int_equal(routes.count, 34);
	free(routes.list);
	query.max = 16;
	assert_int_equal(pick_routes(&query, &routes), -ENOSPC);
	assert_null(routes.list);
	child_free(&child);
}

static void the_narrower_goes_first(void **state)
{
	const struct pick one = { .proto = 6, .sport = { 5, 5 }, .dport = { 80, 80 } };
	const struct pick port = { .proto = 6, .dport = { 80, 80 } };
	const struct pick ports = { .proto = 6, .dport = { 1, 1000 } };
	const struct pick more = { .proto = 6, .dport = { 1, 65534 } };

	assert_int_equal(pick_width(&one), 0);
	assert_int_equal(pick_width(&port), 8);
	assert_int_equal(pick_width(&ports), 13);
	assert_int_equal(pick_width(&more), 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_protocol_it_is_a_route),
		cmocka_unit_test(a_protocol_is_a_rule),
		cmocka_unit_test(ports_leave_a_rest),
		cmocka_unit_test(ports_that_no_rule_knows),
		cmocka_unit_test(icmp_is_refused),
		cmocka_unit_test(what_is_configured_says_which_ports),
		cmocka_unit_test(kinds_are_limited),
		cmocka_unit_test(routes_are_limited),
		cmocka_unit_test(the_narrower_goes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
