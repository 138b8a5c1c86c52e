/* SPDX-License-Identifier: GPL-2.0 */
/* Generated from Documentation/netlink/esplane.yaml by generate.py beside it: change that. */
/*
 * Which attributes a request may carry, their lengths and ranges, for each operation; then those
 * of the nests in requests. An attribute without an entry is refused.
 */
#ifndef _ESPL_ATTRS_H
#define _ESPL_ATTRS_H

#include <net/netlink.h>

#include <linux/esplane.h>

extern const struct nla_policy espl_attrs_sa_add[ESPLANE_A_MAX + 1];
extern const struct nla_policy espl_attrs_info[ESPLANE_A_MAX + 1];
extern const struct nla_policy espl_attrs_policy_set[ESPLANE_A_MAX + 1];
extern const struct nla_policy espl_attrs_policy_del[ESPLANE_A_MAX + 1];
extern const struct nla_policy espl_attrs_policy_get[ESPLANE_A_MAX + 1];
extern const struct nla_policy espl_attrs_spi_alloc[ESPLANE_A_MAX + 1];
extern const struct nla_policy espl_attrs_sa_del[ESPLANE_A_MAX + 1];
extern const struct nla_policy espl_attrs_sa_get[ESPLANE_A_MAX + 1];
extern const struct nla_policy espl_attrs_socket_attach[ESPLANE_A_MAX + 1];
extern const struct nla_policy espl_attrs_flush[ESPLANE_A_MAX + 1];
extern const struct nla_policy espl_attrs_nest_sa[ESPLANE_SA_A_MAX + 1];
extern const struct nla_policy espl_attrs_nest_policy[ESPLANE_POLICY_A_MAX + 1];
extern const struct nla_policy espl_attrs_nest_ts[ESPLANE_TS_A_MAX + 1];

#endif
