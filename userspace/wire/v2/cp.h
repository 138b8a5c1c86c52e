/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The attributes of Configuration payloads, RFC 7296 3.15.1 and RFC 8598: what they mean, and how
 * they are written.
 */
#ifndef WIRE_CP_H
#define WIRE_CP_H

#include "lib/prefix.h"
#include "wire/v2/build.h"

#define CP_DOMAIN_MAX	254	/* a DNS name and its NUL */

/* Is there one of this type, with or without a value? */
bool cp_has(const struct msg_cp *cp, uint16_t type);
/*
 * The value of an address attribute (of IP6_ADDRESS without its prefix length), of a subnet, of a
 * domain. False: it is empty, or not one.
 */
bool cp_addr(const struct msg_cp_attr *a, struct addr *addr);
bool cp_subnet(const struct msg_cp_attr *a, struct prefix *prefix);
bool cp_domain(const struct msg_cp_attr *a, char name[CP_DOMAIN_MAX]);
/* Letters, digits, hyphens and underscores between single dots, none at the end. */
bool cp_domain_valid(const char *name);

/* Between build_cp() and build_payload_end() come attributes. */
void build_cp(struct builder *b, enum cp_type type);
/* @len 0: it is asked for. */
void build_cp_attr(struct builder *b, uint16_t type, const void *value, size_t len);
/* Of @addr's family; family 0: empty. IP6_ADDRESS gets the prefix length 128. */
void build_cp_addr(struct builder *b, uint16_t type, const struct addr *addr);
/* IP4_SUBNET or IP6_SUBNET, as the family is. */
void build_cp_subnet(struct builder *b, const struct prefix *prefix);

#endif
