/* SPDX-License-Identifier: GPL-2.0 */
/* Which attributes a request may carry, their lengths and ranges. Nothing else. */
#ifndef _ESPL_POLICY_H
#define _ESPL_POLICY_H

#include <net/netlink.h>

#include <linux/esplane.h>

extern const struct nla_policy espl_info_policy[ESPLANE_A_MAX + 1];
extern const struct nla_policy espl_child_set_policy[ESPLANE_A_MAX + 1];
extern const struct nla_policy espl_child_id_policy[ESPLANE_A_MAX + 1];
extern const struct nla_policy espl_spi_alloc_policy[ESPLANE_A_MAX + 1];
extern const struct nla_policy espl_sa_add_policy[ESPLANE_A_MAX + 1];
extern const struct nla_policy espl_sa_id_policy[ESPLANE_A_MAX + 1];
extern const struct nla_policy espl_socket_policy[ESPLANE_A_MAX + 1];
extern const struct nla_policy espl_flush_policy[ESPLANE_A_MAX + 1];

/* Nests, in requests. */
extern const struct nla_policy espl_child_policy[ESPLANE_CHILD_A_MAX + 1];
extern const struct nla_policy espl_ts_policy[ESPLANE_TS_A_MAX + 1];
extern const struct nla_policy espl_sa_policy[ESPLANE_SA_A_MAX + 1];

#endif
