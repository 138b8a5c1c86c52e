/* SPDX-License-Identifier: GPL-2.0 */
/* Attributes as what the objects are made of; every refusal says what to change. */
#ifndef _ESPL_DECODE_H
#define _ESPL_DECODE_H

#include "core/sa.h"

struct espl_endpoint;
struct espl_policy;
struct espl_ts_set;
struct genl_info;
struct nlattr;
struct netlink_ext_ack;

/*
 * What POLICY_SET asks for in @nest, parsed to @tb, over what is there: @old is
 * NULL for a new policy, else under its device's lock. On success @ep and @ts
 * are the caller's; NULL: as it was.
 */
int espl_decode_policy(struct nlattr *const *tb, const struct nlattr *nest,
		       struct espl_policy *old, struct espl_endpoint **ep,
		       struct espl_ts_set **ts, struct netlink_ext_ack *extack);

/* One direction in SA_ADD. @cfg points into the attribute. */
int espl_decode_sa(struct espl_sa_config *cfg, const struct nlattr *nest, u8 dir,
		   struct netlink_ext_ack *extack);

/* Every attribute of a request, valid or not: some hold keys. Nothing reads them afterwards. */
void espl_decode_wipe(const struct genl_info *info);

#endif
