/* SPDX-License-Identifier: GPL-2.0 */
/* Traffic selectors, RFC 7296 3.13.1, and immutable counted lists of them. */
#ifndef LIB_TS_H
#define LIB_TS_H

#include "lib/addr.h"

/* Both ends included. proto 0: any. Ports in host order; ICMP: type << 8 | code. */
struct ts {
	struct addr start, end;
	uint8_t proto;
	uint16_t port_start, port_end;
};

#define TS_STRLEN	192

/*
 * "10.1.0.0/24", "10.1.0.5", "10.1.0.5-10.1.0.9", each optionally followed by
 * "[tcp]", "[tcp/80]", "[udp/1000-2000]" as strongSwan writes it. False: @why says what is wrong.
 */
bool ts_parse(struct ts *ts, const char *text, const char **why);
/* As ts_parse reads it; a prefix where the range is one. */
const char *ts_str(const struct ts *ts, char buf[TS_STRLEN]);
bool ts_equal(const struct ts *a, const struct ts *b);
bool ts_any_port(const struct ts *ts);
bool ts_is_opaque(const struct ts *ts);		/* packets whose ports cannot be seen */
bool ts_contains_addr(const struct ts *ts, const struct addr *a);
bool ts_contains(const struct ts *outer, const struct ts *inner);
bool ts_intersect(const struct ts *a, const struct ts *b, struct ts *out);	/* false: empty */
/* The prefix length if the range is exactly one prefix, else -1. */
int ts_prefix(const struct ts *ts);
/*
 * Is there a packet from the one to the other? They are of one family, and of one protocol or any.
 */
bool ts_can_pair(const struct ts *local, const struct ts *remote);

/*
 * What a payload counts, and octets of it: two of them leave room in a message. 255 selectors of
 * IPv4, 153 of IPv6, and less than the kernel's policy has room for.
 */
#define TS_LIST_MAX		255
#define TS_LIST_OCTETS_MAX	6144

/*
 * A list that never changes, shared by counting its references (one thread). NULL is the empty list
 * for all functions below.
 */
struct ts_list {
	unsigned int refs, count;
	struct ts ts[];
};

/* Copies @count selectors; the caller has the reference. NULL: no memory, or @count is 0. */
struct ts_list *ts_list_new(const struct ts *ts, unsigned int count);
struct ts_list *ts_list_get(struct ts_list *list);	/* returns @list */
void ts_list_put(struct ts_list *list);
unsigned int ts_list_count(const struct ts_list *list);
bool ts_list_equal(const struct ts_list *a, const struct ts_list *b);	/* the order counts */
bool ts_list_contains_addr(const struct ts_list *list, const struct addr *a);
/* Is it within one of the list? */
bool ts_list_contains(const struct ts_list *list, const struct ts *ts);
/* Is each of @inner within one of @outer? */
bool ts_list_within(const struct ts_list *inner, const struct ts_list *outer);
/* Each within the other? */
bool ts_list_same(const struct ts_list *a, const struct ts_list *b);
/* Have they an address, protocol and port in common? */
bool ts_list_overlap(const struct ts_list *a, const struct ts_list *b);
/* Can one of the one list pair with one of the other? */
bool ts_list_can_pair(const struct ts_list *local, const struct ts_list *remote);
/* Of @list those that can pair with one of @other. NULL: none, or no memory. */
struct ts_list *ts_list_pairable(const struct ts_list *list, const struct ts_list *other);
/* Octets of a selector as a payload has it, RFC 7296 3.13.1. */
size_t ts_octets(const struct ts *ts);
size_t ts_list_octets(const struct ts_list *list);
/*
 * RFC 7296 2.9: the intersections, those within another left out, the first TS_LIST_MAX in
 * TS_LIST_OCTETS_MAX: less is allowed. NULL: nothing in common, or no memory.
 */
struct ts_list *ts_list_narrow(const struct ts_list *a, const struct ts_list *b);
/* The kernel's rules: pairs of an address and port prefix of the one with one of the other. */
uint64_t ts_list_rules(const struct ts_list *local, const struct ts_list *remote);
/* All addresses of the families that are in @other. NULL: no memory. */
struct ts_list *ts_list_whole(const struct ts_list *other);
/* "10.1.0.0/24, 10.3.0.0/16", cut with "..." where it does not fit; "none". Returns @buf. */
const char *ts_list_str(const struct ts_list *list, char *buf, size_t len);

#endif
