/* SPDX-License-Identifier: GPL-2.0 */
/* Which attributes a request may carry, their lengths and ranges. Nothing else. */
#ifndef _ESPL_ATTRS_H
#define _ESPL_ATTRS_H

#include <net/netlink.h>

#include <linux/esplane.h>

extern const struct nla_policy espl_attrs_info[ESPLANE_A_MAX + 1];
extern const struct nla_policy espl_attrs_policy_set[ESPLANE_A_MAX + 1];
extern const struct nla_policy espl_attrs_policy_id[ESPLANE_A_MAX + 1];
extern const struct nla_policy espl_attrs_spi_alloc[ESPLANE_A_MAX + 1];
extern const struct nla_policy espl_attrs_sa_add[ESPLANE_A_MAX + 1];
extern const struct nla_policy espl_attrs_sa_id[ESPLANE_A_MAX + 1];
extern const struct nla_policy espl_attrs_socket[ESPLANE_A_MAX + 1];
extern const struct nla_policy espl_attrs_flush[ESPLANE_A_MAX + 1];

/* Nests, in requests. */
extern const struct nla_policy espl_attrs_policy[ESPLANE_POLICY_A_MAX + 1];
extern const struct nla_policy espl_attrs_ts[ESPLANE_TS_A_MAX + 1];
extern const struct nla_policy espl_attrs_sa[ESPLANE_SA_A_MAX + 1];

#endif
