// SPDX-License-Identifier: GPL-2.0
#include "attrs.h"

#include "pure/replay.h"

/* An attribute without an entry is refused: each request has a table of its own. */

/* A range in struct nla_policy itself ends at 32767. Not const until 6.7. */
static struct netlink_range_validation ifindex_range = { .min = 1, .max = S32_MAX };
static struct netlink_range_validation fd_range = { .min = 0, .max = S32_MAX };

#define IFINDEX		[ESPLANE_A_IFINDEX] = NLA_POLICY_FULL_RANGE(NLA_U32, &ifindex_range)
#define DEVICE_ID	[ESPLANE_A_DEVICE_ID] = NLA_POLICY_MIN(NLA_U32, 1)
#define POLICY_ID	[ESPLANE_A_POLICY_ID] = NLA_POLICY_MIN(NLA_U32, 1)
#define SPI		[ESPLANE_A_SPI] = NLA_POLICY_MIN(NLA_U32, ESPLANE_SPI_MIN)
#define DIR		[ESPLANE_A_DIR] = NLA_POLICY_RANGE(NLA_U8, ESPLANE_DIR_IN, ESPLANE_DIR_OUT)

const struct nla_policy espl_attrs_info[ESPLANE_A_MAX + 1] = {
	IFINDEX,
	DEVICE_ID,
};

const struct nla_policy espl_attrs_policy_set[ESPLANE_A_MAX + 1] = {
	IFINDEX,
	DEVICE_ID,
	[ESPLANE_A_POLICY] = { .type = NLA_NESTED },
};

const struct nla_policy espl_attrs_policy_id[ESPLANE_A_MAX + 1] = {
	IFINDEX,
	DEVICE_ID,
	POLICY_ID,
};

const struct nla_policy espl_attrs_spi_alloc[ESPLANE_A_MAX + 1] = {
	IFINDEX,
	DEVICE_ID,
	SPI,
};

/* For netlink_do_sa_add(), not for generic netlink: every way out has to wipe the keys. */
const struct nla_policy espl_attrs_sa_add[ESPLANE_A_MAX + 1] = {
	IFINDEX,
	DEVICE_ID,
	POLICY_ID,
	[ESPLANE_A_SA_IN] = { .type = NLA_NESTED },
	[ESPLANE_A_SA_OUT] = { .type = NLA_NESTED },
};

const struct nla_policy espl_attrs_sa_id[ESPLANE_A_MAX + 1] = {
	IFINDEX,
	DEVICE_ID,
	POLICY_ID,
	SPI,
	DIR,
};

const struct nla_policy espl_attrs_socket[ESPLANE_A_MAX + 1] = {
	[ESPLANE_A_SOCKET_FD] = NLA_POLICY_FULL_RANGE(NLA_U32, &fd_range),
};

const struct nla_policy espl_attrs_flush[ESPLANE_A_MAX + 1] = {
	IFINDEX,
	DEVICE_ID,
};

const struct nla_policy espl_attrs_policy[ESPLANE_POLICY_A_MAX + 1] = {
	[ESPLANE_POLICY_A_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[ESPLANE_POLICY_A_ENCAP] = NLA_POLICY_MAX(NLA_U8, ESPLANE_ENCAP_UDP),
	[ESPLANE_POLICY_A_MODE] = NLA_POLICY_MAX(NLA_U8, ESPLANE_MODE_TRANSPORT),
	[ESPLANE_POLICY_A_MARK] = { .type = NLA_U32 },
	[ESPLANE_POLICY_A_LOCAL_ADDR] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[ESPLANE_POLICY_A_LOCAL_PORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[ESPLANE_POLICY_A_REMOTE_ADDR] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[ESPLANE_POLICY_A_REMOTE_PORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[ESPLANE_POLICY_A_LOCAL_TS] = { .type = NLA_NESTED },
	[ESPLANE_POLICY_A_REMOTE_TS] = { .type = NLA_NESTED },
};

const struct nla_policy espl_attrs_ts[ESPLANE_TS_A_MAX + 1] = {
	[ESPLANE_TS_A_START] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[ESPLANE_TS_A_END] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[ESPLANE_TS_A_PROTO] = { .type = NLA_U8 },
	[ESPLANE_TS_A_PORT_START] = { .type = NLA_U16 },
	[ESPLANE_TS_A_PORT_END] = { .type = NLA_U16 },
};

const struct nla_policy espl_attrs_sa[ESPLANE_SA_A_MAX + 1] = {
	[ESPLANE_SA_A_SPI] = NLA_POLICY_MIN(NLA_U32, ESPLANE_SPI_MIN),
	[ESPLANE_SA_A_ENCR] = { .type = NLA_U16 },
	[ESPLANE_SA_A_ENCR_KEY] = NLA_POLICY_RANGE(NLA_BINARY, 1, ESPLANE_KEY_MAX),
	[ESPLANE_SA_A_INTEG] = { .type = NLA_U16 },
	[ESPLANE_SA_A_INTEG_KEY] = NLA_POLICY_RANGE(NLA_BINARY, 1, ESPLANE_KEY_MAX),
	[ESPLANE_SA_A_ESN] = { .type = NLA_FLAG },
	[ESPLANE_SA_A_REPLAY_WINDOW] = NLA_POLICY_RANGE(NLA_U32, ESPL_REPLAY_MIN,
							ESPLANE_REPLAY_MAX),
	[ESPLANE_SA_A_SOFT_BYTES] = { .type = NLA_U64 },
	[ESPLANE_SA_A_HARD_BYTES] = { .type = NLA_U64 },
	[ESPLANE_SA_A_SOFT_PACKETS] = { .type = NLA_U64 },
	[ESPLANE_SA_A_HARD_PACKETS] = { .type = NLA_U64 },
	[ESPLANE_SA_A_SOFT_SECONDS] = { .type = NLA_U64 },
	[ESPLANE_SA_A_HARD_SECONDS] = { .type = NLA_U64 },
	[ESPLANE_SA_A_START_SEQ] = { .type = NLA_U64 },
};
