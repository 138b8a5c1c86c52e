// SPDX-License-Identifier: GPL-2.0
/* Generated from Documentation/netlink/esplane.yaml by generate.py beside it: change that. */
#include "attrs.h"

/* A range in struct nla_policy itself ends at 32767. Not const until 6.7. */
static struct netlink_range_validation ifindex_range = { .min = 1, .max = 2147483647 };
static struct netlink_range_validation socket_fd_range = { .min = 0, .max = 2147483647 };

const struct nla_policy espl_attrs_sa_add[ESPLANE_A_MAX + 1] = {
	[ESPLANE_A_IFINDEX] = NLA_POLICY_FULL_RANGE(NLA_U32, &ifindex_range),
	[ESPLANE_A_DEVICE_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[ESPLANE_A_POLICY_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[ESPLANE_A_SA_IN] = { .type = NLA_NESTED },
	[ESPLANE_A_SA_OUT] = { .type = NLA_NESTED },
};

const struct nla_policy espl_attrs_info[ESPLANE_A_MAX + 1] = {
	[ESPLANE_A_IFINDEX] = NLA_POLICY_FULL_RANGE(NLA_U32, &ifindex_range),
	[ESPLANE_A_DEVICE_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

const struct nla_policy espl_attrs_policy_set[ESPLANE_A_MAX + 1] = {
	[ESPLANE_A_IFINDEX] = NLA_POLICY_FULL_RANGE(NLA_U32, &ifindex_range),
	[ESPLANE_A_DEVICE_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[ESPLANE_A_POLICY] = { .type = NLA_NESTED },
};

const struct nla_policy espl_attrs_policy_del[ESPLANE_A_MAX + 1] = {
	[ESPLANE_A_IFINDEX] = NLA_POLICY_FULL_RANGE(NLA_U32, &ifindex_range),
	[ESPLANE_A_DEVICE_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[ESPLANE_A_POLICY_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

const struct nla_policy espl_attrs_policy_get[ESPLANE_A_MAX + 1] = {
	[ESPLANE_A_IFINDEX] = NLA_POLICY_FULL_RANGE(NLA_U32, &ifindex_range),
	[ESPLANE_A_DEVICE_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[ESPLANE_A_POLICY_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

const struct nla_policy espl_attrs_spi_alloc[ESPLANE_A_MAX + 1] = {
	[ESPLANE_A_IFINDEX] = NLA_POLICY_FULL_RANGE(NLA_U32, &ifindex_range),
	[ESPLANE_A_DEVICE_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[ESPLANE_A_SPI] = NLA_POLICY_MIN(NLA_U32, ESPLANE_SPI_MIN),
};

const struct nla_policy espl_attrs_sa_del[ESPLANE_A_MAX + 1] = {
	[ESPLANE_A_IFINDEX] = NLA_POLICY_FULL_RANGE(NLA_U32, &ifindex_range),
	[ESPLANE_A_DEVICE_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[ESPLANE_A_SPI] = NLA_POLICY_MIN(NLA_U32, ESPLANE_SPI_MIN),
	[ESPLANE_A_DIR] = NLA_POLICY_RANGE(NLA_U8, ESPLANE_DIR_IN, ESPLANE_DIR_OUT),
	[ESPLANE_A_POLICY_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

const struct nla_policy espl_attrs_sa_get[ESPLANE_A_MAX + 1] = {
	[ESPLANE_A_IFINDEX] = NLA_POLICY_FULL_RANGE(NLA_U32, &ifindex_range),
	[ESPLANE_A_DEVICE_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[ESPLANE_A_SPI] = NLA_POLICY_MIN(NLA_U32, ESPLANE_SPI_MIN),
	[ESPLANE_A_DIR] = NLA_POLICY_RANGE(NLA_U8, ESPLANE_DIR_IN, ESPLANE_DIR_OUT),
	[ESPLANE_A_POLICY_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

const struct nla_policy espl_attrs_socket_attach[ESPLANE_A_MAX + 1] = {
	[ESPLANE_A_SOCKET_FD] = NLA_POLICY_FULL_RANGE(NLA_U32, &socket_fd_range),
};

const struct nla_policy espl_attrs_flush[ESPLANE_A_MAX + 1] = {
	[ESPLANE_A_IFINDEX] = NLA_POLICY_FULL_RANGE(NLA_U32, &ifindex_range),
	[ESPLANE_A_DEVICE_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

const struct nla_policy espl_attrs_nest_sa[ESPLANE_SA_A_MAX + 1] = {
	[ESPLANE_SA_A_SPI] = NLA_POLICY_MIN(NLA_U32, ESPLANE_SPI_MIN),
	[ESPLANE_SA_A_ENCR] = { .type = NLA_U16 },
	[ESPLANE_SA_A_ENCR_KEY] = NLA_POLICY_RANGE(NLA_BINARY, 1, ESPLANE_KEY_MAX),
	[ESPLANE_SA_A_INTEG] = { .type = NLA_U16 },
	[ESPLANE_SA_A_INTEG_KEY] = NLA_POLICY_RANGE(NLA_BINARY, 1, ESPLANE_KEY_MAX),
	[ESPLANE_SA_A_ESN] = { .type = NLA_FLAG },
	[ESPLANE_SA_A_REPLAY_WINDOW] =
		NLA_POLICY_RANGE(NLA_U32, ESPLANE_REPLAY_MIN, ESPLANE_REPLAY_MAX),
	[ESPLANE_SA_A_SOFT_BYTES] = { .type = NLA_U64 },
	[ESPLANE_SA_A_HARD_BYTES] = { .type = NLA_U64 },
	[ESPLANE_SA_A_SOFT_PACKETS] = { .type = NLA_U64 },
	[ESPLANE_SA_A_HARD_PACKETS] = { .type = NLA_U64 },
	[ESPLANE_SA_A_SOFT_SECONDS] = { .type = NLA_U64 },
	[ESPLANE_SA_A_HARD_SECONDS] = { .type = NLA_U64 },
	[ESPLANE_SA_A_START_SEQ] = { .type = NLA_U64 },
};

const struct nla_policy espl_attrs_nest_policy[ESPLANE_POLICY_A_MAX + 1] = {
	[ESPLANE_POLICY_A_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[ESPLANE_POLICY_A_ENCAP] = NLA_POLICY_MAX(NLA_U8, ESPLANE_ENCAP_UDP),
	[ESPLANE_POLICY_A_LOCAL_ADDR] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[ESPLANE_POLICY_A_LOCAL_PORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[ESPLANE_POLICY_A_REMOTE_ADDR] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[ESPLANE_POLICY_A_REMOTE_PORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[ESPLANE_POLICY_A_LOCAL_TS] = { .type = NLA_NESTED },
	[ESPLANE_POLICY_A_REMOTE_TS] = { .type = NLA_NESTED },
	[ESPLANE_POLICY_A_MODE] = NLA_POLICY_MAX(NLA_U8, ESPLANE_MODE_TRANSPORT),
	[ESPLANE_POLICY_A_MARK] = { .type = NLA_U32 },
};

const struct nla_policy espl_attrs_nest_ts[ESPLANE_TS_A_MAX + 1] = {
	[ESPLANE_TS_A_START] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[ESPLANE_TS_A_END] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[ESPLANE_TS_A_PROTO] = { .type = NLA_U8 },
	[ESPLANE_TS_A_PORT_START] = { .type = NLA_U16 },
	[ESPLANE_TS_A_PORT_END] = { .type = NLA_U16 },
};
