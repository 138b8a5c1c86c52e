// SPDX-License-Identifier: GPL-2.0
#include "esplaned/nl/kern.h"

#include <errno.h>
#include <linux/esplane.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include "esplaned/nl/nltalk.h"
#include "esplaned/nl/stat.h"
#include "lib/log.h"
#include "lib/mem.h"

#define KERN_MSG_OCTETS		1024	/* of a request without selectors */
#define KERN_TS_OCTETS		72	/* of a selector of IPv6: its attributes */
#define KERN_EVENTS_OCTETS	(8 << 20)	/* of events that wait to be read */

struct kern {
	struct nl_sock *sk;		/* requests */
	struct nl_sock *events;
	int family;			/* 0: not found yet */
	struct kern_alg algs[KERN_ALGS_MAX];
	unsigned int alg_count;	/* 0: not asked yet */
	void (*event_fn)(void *ctx, const struct kern_event *ev);
	void *event_ctx;
};

struct kern *kern_new(void)
{
	struct kern *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	k->sk = nltalk_open(NETLINK_GENERIC);
	if (k->sk)
		return k;
	free(k);
	return NULL;
}

void kern_free(struct kern *k)
{
	if (!k)
		return;
	nl_socket_free(k->sk);
	nl_socket_free(k->events);
	free(k);
}

static bool kern_addr_from_attr(struct addr *addr, const struct nlattr *attr)
{
	return attr && addr_from_bytes(addr, nla_data(attr), (size_t)nla_len(attr));
}

/* Every attribute is checked for its length before it is read: libnl's getters do not. */
static struct nla_policy event_policy[ESPLANE_A_MAX + 1] = {
	[ESPLANE_A_DEVICE_ID]	= { .type = NLA_U32 },
	[ESPLANE_A_POLICY_ID]	= { .type = NLA_U32 },
	[ESPLANE_A_SPI]		= { .type = NLA_U32 },
	[ESPLANE_A_DIR]		= { .type = NLA_U8 },
	[ESPLANE_A_LIMIT]	= { .type = NLA_U8 },
	[ESPLANE_A_PEER_PORT]	= { .type = NLA_U16 },
	[ESPLANE_A_VERSION]	= { .type = NLA_STRING },
};

/* A selector of the kernel's; family 0: it is not sound. */
static struct ts kern_ts_from_attr(struct nlattr *attr)
{
	static struct nla_policy policy[ESPLANE_TS_A_MAX + 1] = {
		[ESPLANE_TS_A_PROTO] = { .type = NLA_U8 },
		[ESPLANE_TS_A_PORT_START] = { .type = NLA_U16 },
		[ESPLANE_TS_A_PORT_END] = { .type = NLA_U16 },
	};
	struct ts ts = { .port_end = UINT16_MAX };
	struct nlattr *tb[ESPLANE_TS_A_MAX + 1];

	if (!attr || nla_parse_nested(tb, ESPLANE_TS_A_MAX, attr, policy) ||
	    !kern_addr_from_attr(&ts.start, tb[ESPLANE_TS_A_START]) ||
	    !kern_addr_from_attr(&ts.end, tb[ESPLANE_TS_A_END]) ||
	    ts.start.family != ts.end.family)
		return (struct ts){ 0 };
	ts.proto = tb[ESPLANE_TS_A_PROTO] ? nla_get_u8(tb[ESPLANE_TS_A_PROTO]) : 0;
	if (tb[ESPLANE_TS_A_PORT_START])
		ts.port_start = nla_get_u16(tb[ESPLANE_TS_A_PORT_START]);
	if (tb[ESPLANE_TS_A_PORT_END])
		ts.port_end = nla_get_u16(tb[ESPLANE_TS_A_PORT_END]);
	return ts;
}

static int kern_on_event(struct nl_msg *msg, void *arg)
{
	struct nlattr *tb[ESPLANE_A_MAX + 1];
	struct kern_event ev = { 0 };
	struct kern *k = arg;

	if (genlmsg_parse(nlmsg_hdr(msg), 0, tb, ESPLANE_A_MAX, event_policy))
		return NL_SKIP;
	ev.cmd = genlmsg_hdr(nlmsg_hdr(msg))->cmd;
	ev.device = tb[ESPLANE_A_DEVICE_ID] ? nla_get_u32(tb[ESPLANE_A_DEVICE_ID]) : 0;
	ev.policy = tb[ESPLANE_A_POLICY_ID] ? nla_get_u32(tb[ESPLANE_A_POLICY_ID]) : 0;
	ev.spi = tb[ESPLANE_A_SPI] ? nla_get_u32(tb[ESPLANE_A_SPI]) : 0;
	ev.out = tb[ESPLANE_A_DIR] && nla_get_u8(tb[ESPLANE_A_DIR]) == ESPLANE_DIR_OUT;
	ev.limit = tb[ESPLANE_A_LIMIT] ? nla_get_u8(tb[ESPLANE_A_LIMIT]) : 0;
	ev.hard = tb[ESPLANE_A_HARD];
	kern_addr_from_attr(&ev.peer.addr, tb[ESPLANE_A_PEER_ADDR]);
	ev.peer.port = tb[ESPLANE_A_PEER_PORT] ? nla_get_u16(tb[ESPLANE_A_PEER_PORT]) : 0;
	ev.local_ts = kern_ts_from_attr(tb[ESPLANE_A_TS_LOCAL]);
	ev.remote_ts = kern_ts_from_attr(tb[ESPLANE_A_TS_REMOTE]);
	k->event_fn(k->event_ctx, &ev);
	return NL_OK;
}

static int kern_events_open(struct kern *k)
{
	int group = genl_ctrl_resolve_grp(k->sk, ESPLANE_GENL_NAME, ESPLANE_MCGRP_EVENTS);
	int octets = KERN_EVENTS_OCTETS;
	struct nl_sock *sk;

	if (group < 0)
		return -ENOENT;
	sk = nltalk_open(NETLINK_GENERIC);
	if (!sk)
		return -errno;
	/* Beyond net.core.rmem_max, which is too little for the expiries of a thousand tunnels. */
	if (setsockopt(nl_socket_get_fd(sk), SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof(octets)))
		nl_socket_set_buffer_size(sk, octets, 0);
	if (nl_socket_add_membership(sk, group) || nl_socket_set_nonblocking(sk) ||
	    nl_socket_modify_cb(sk, NL_CB_VALID, NL_CB_CUSTOM, kern_on_event, k)) {
		nl_socket_free(sk);
		return -EIO;
	}
	nl_socket_free(k->events);
	k->events = sk;
	return 0;
}

int kern_ready(struct kern *k, bool *fresh, char why[KERN_WHY_MAX])
{
	/* The kernel tries to load the family's module by its alias before it says no. */
	int family = genl_ctrl_resolve(k->sk, ESPLANE_GENL_NAME);
	struct utsname uts = { 0 };

	*fresh = false;
	if (family < 0) {
		k->family = 0;
		uname(&uts);
		snprintf(why, KERN_WHY_MAX,
			 "the running kernel (%.64s) has no module esplane", uts.release);
		return -ENOENT;
	}
	if (family == k->family)
		return 0;
	if (kern_events_open(k)) {
		snprintf(why, KERN_WHY_MAX, "cannot listen to the events of module esplane");
		return -EIO;
	}
	k->family = family;
	k->alg_count = 0;
	*fresh = true;
	return 0;
}

void kern_forget(struct kern *k)
{
	k->family = 0;
}

int kern_event_fd(const struct kern *k)
{
	return k->events ? nl_socket_get_fd(k->events) : -1;
}

/* With room for @selectors: what is not needed would be zeroed for nothing. */
static struct nl_msg *kern_request_for(struct kern *k, uint8_t cmd, int flags, uint32_t device,
				       size_t selectors)
{
	size_t octets = KERN_MSG_OCTETS + selectors * KERN_TS_OCTETS;
	struct nl_msg *msg = k->family ? nlmsg_alloc_size(octets) : NULL;

	if (!msg)
		return NULL;
	if (!genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, k->family, 0, flags, cmd,
			 ESPLANE_GENL_VERSION) ||
	    (device && nla_put_u32(msg, ESPLANE_A_DEVICE_ID, device))) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

static struct nl_msg *kern_request(struct kern *k, uint8_t cmd, int flags, uint32_t device)
{
	return kern_request_for(k, cmd, flags, device, 0);
}

/* Frees @msg, wiped: it may hold keys. */
static int kern_ask(struct kern *k, struct nl_msg *msg, nl_recvmsg_msg_cb_t valid, void *arg,
	       char why[KERN_WHY_MAX])
{
	int rc;

	if (!msg) {
		snprintf(why, KERN_WHY_MAX, "%s", k->family ? "no memory for a netlink message" :
							      "there is no module esplane");
		return k->family ? -ENOMEM : -ENODEV;
	}
	nlmsg_get(msg);
	rc = nltalk(k->sk, msg, valid, arg, why);
	mem_wipe(nlmsg_hdr(msg), nlmsg_hdr(msg)->nlmsg_len);
	nlmsg_free(msg);
	return rc;
}

/* A request that did not fit is never sent. */
static struct nl_msg *kern_whole(struct nl_msg *msg, bool fits)
{
	if (msg && !fits) {
		mem_wipe(nlmsg_hdr(msg), nlmsg_hdr(msg)->nlmsg_len);
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

int kern_flush(struct kern *k, char why[KERN_WHY_MAX])
{
	return kern_ask(k, kern_request(k, ESPLANE_CMD_FLUSH, 0, 0), NULL, NULL, why);
}

static int kern_on_version(struct nl_msg *msg, void *arg)
{
	struct nlattr *tb[ESPLANE_A_MAX + 1];

	if (!genlmsg_parse(nlmsg_hdr(msg), 0, tb, ESPLANE_A_MAX, event_policy) &&
	    tb[ESPLANE_A_VERSION])
		nla_strlcpy(arg, tb[ESPLANE_A_VERSION], 32);
	return NL_OK;
}

int kern_version(struct kern *k, char *buf, size_t len)
{
	char why[KERN_WHY_MAX], version[32] = "";
	int rc;

	rc = kern_ask(k, kern_request(k, ESPLANE_CMD_INFO, 0, 0), kern_on_version, version, why);
	snprintf(buf, len, "%s", version);
	return rc;
}

int kern_socket_attach(struct kern *k, int fd, char why[KERN_WHY_MAX])
{
	struct nl_msg *msg = kern_request(k, ESPLANE_CMD_SOCKET_ATTACH, 0, 0);

	bool fits = msg && !nla_put_u32(msg, ESPLANE_A_SOCKET_FD, (uint32_t)fd);

	return kern_ask(k, kern_whole(msg, fits), NULL, NULL, why);
}

static int kern_on_device_id(struct nl_msg *msg, void *arg)
{
	struct nlattr *tb[ESPLANE_A_MAX + 1];

	if (!genlmsg_parse(nlmsg_hdr(msg), 0, tb, ESPLANE_A_MAX, event_policy) &&
	    tb[ESPLANE_A_DEVICE_ID])
		*(uint32_t *)arg = nla_get_u32(tb[ESPLANE_A_DEVICE_ID]);
	return NL_OK;
}

int kern_device_id(struct kern *k, int ifindex, uint32_t *device, char why[KERN_WHY_MAX])
{
	struct nl_msg *msg = kern_request(k, ESPLANE_CMD_INFO, 0, 0);
	bool fits = msg && !nla_put_u32(msg, ESPLANE_A_IFINDEX, (uint32_t)ifindex);
	int rc;

	*device = 0;
	rc = kern_ask(k, kern_whole(msg, fits), kern_on_device_id, device, why);
	if (!rc && !*device) {
		snprintf(why, KERN_WHY_MAX, "the module gives its interface no number");
		return -EPROTO;
	}
	return rc;
}

int kern_device_get(struct kern *k, uint32_t device, char why[KERN_WHY_MAX])
{
	return kern_ask(k, kern_request(k, ESPLANE_CMD_INFO, 0, device), NULL, NULL, why);
}

static int kern_on_spi(struct nl_msg *msg, void *arg)
{
	struct nlattr *tb[ESPLANE_A_MAX + 1];

	if (!genlmsg_parse(nlmsg_hdr(msg), 0, tb, ESPLANE_A_MAX, event_policy) && tb[ESPLANE_A_SPI])
		*(uint32_t *)arg = nla_get_u32(tb[ESPLANE_A_SPI]);
	return NL_OK;
}

int kern_spi_alloc(struct kern *k, uint32_t device, uint32_t *spi, char why[KERN_WHY_MAX])
{
	int rc;

	*spi = 0;
	rc = kern_ask(k, kern_request(k, ESPLANE_CMD_SPI_ALLOC, 0, device), kern_on_spi, spi, why);
	if (!rc && !*spi) {
		snprintf(why, KERN_WHY_MAX, "the module answered a request for an SPI without one");
		return -EPROTO;
	}
	return rc;
}

static bool kern_put_ts(struct nl_msg *msg, int type, const struct ts_list *list)
{
	for (unsigned int i = 0; i < ts_list_count(list); i++) {
		const struct ts *ts = &list->ts[i];
		int len = (int)addr_len(&ts->start);
		struct nlattr *nest = nla_nest_start(msg, type);

		if (!nest || nla_put(msg, ESPLANE_TS_A_START, len, ts->start.b) ||
		    nla_put(msg, ESPLANE_TS_A_END, len, ts->end.b) ||
		    (ts->proto && nla_put_u8(msg, ESPLANE_TS_A_PROTO, ts->proto)) ||
		    nla_put_u16(msg, ESPLANE_TS_A_PORT_START, ts->port_start) ||
		    nla_put_u16(msg, ESPLANE_TS_A_PORT_END, ts->port_end))
			return false;
		nla_nest_end(msg, nest);
	}
	return true;
}

static bool kern_put_policy(struct nl_msg *msg, const struct kern_policy *p)
{
	const struct addr *local = &p->local.addr, *remote = &p->remote.addr;
	struct nlattr *nest = nla_nest_start(msg, ESPLANE_A_POLICY);

	if (!nest || nla_put_u32(msg, ESPLANE_POLICY_A_ID, p->id) ||
	    (p->transport && nla_put_u8(msg, ESPLANE_POLICY_A_MODE, ESPLANE_MODE_TRANSPORT)) ||
	    nla_put_u8(msg, ESPLANE_POLICY_A_ENCAP,
		       p->udp ? ESPLANE_ENCAP_UDP : ESPLANE_ENCAP_NONE) ||
	    nla_put(msg, ESPLANE_POLICY_A_LOCAL_ADDR, (int)addr_len(local), local->b) ||
	    nla_put(msg, ESPLANE_POLICY_A_REMOTE_ADDR, (int)addr_len(remote), remote->b) ||
	    (p->mark && nla_put_u32(msg, ESPLANE_POLICY_A_MARK, p->mark)))
		return false;
	if (p->udp && (nla_put_u16(msg, ESPLANE_POLICY_A_LOCAL_PORT, p->local.port) ||
		       nla_put_u16(msg, ESPLANE_POLICY_A_REMOTE_PORT, p->remote.port)))
		return false;
	if (!kern_put_ts(msg, ESPLANE_POLICY_A_LOCAL_TS, p->local_ts) ||
	    !kern_put_ts(msg, ESPLANE_POLICY_A_REMOTE_TS, p->remote_ts))
		return false;
	nla_nest_end(msg, nest);
	return true;
}

int kern_policy_set(struct kern *k, uint32_t device, const struct kern_policy *policy,
		    char why[KERN_WHY_MAX])
{
	size_t selectors = ts_list_count(policy->local_ts) + ts_list_count(policy->remote_ts);
	struct nl_msg *msg = kern_request_for(k, ESPLANE_CMD_POLICY_SET, 0, device, selectors);

	return kern_ask(k, kern_whole(msg, msg && kern_put_policy(msg, policy)), NULL, NULL, why);
}

static int kern_policy_ask(struct kern *k, uint8_t cmd, uint32_t device, uint32_t id,
		      char why[KERN_WHY_MAX])
{
	struct nl_msg *msg = kern_request(k, cmd, 0, device);
	bool fits = msg && !nla_put_u32(msg, ESPLANE_A_POLICY_ID, id);

	return kern_ask(k, kern_whole(msg, fits), NULL, NULL, why);
}

int kern_policy_del(struct kern *k, uint32_t device, uint32_t id, char why[KERN_WHY_MAX])
{
	return kern_policy_ask(k, ESPLANE_CMD_POLICY_DEL, device, id, why);
}

int kern_policy_get(struct kern *k, uint32_t device, uint32_t id, char why[KERN_WHY_MAX])
{
	return kern_policy_ask(k, ESPLANE_CMD_POLICY_GET, device, id, why);
}

static bool kern_put_sa(struct nl_msg *msg, int type, const struct kern_sa *sa)
{
	const struct {
		int type;
		uint64_t value;
	} limits[] = {
		{ ESPLANE_SA_A_SOFT_BYTES, sa->soft_bytes },
		{ ESPLANE_SA_A_HARD_BYTES, sa->hard_bytes },
		{ ESPLANE_SA_A_SOFT_PACKETS, sa->soft_packets },
		{ ESPLANE_SA_A_HARD_PACKETS, sa->hard_packets },
		{ ESPLANE_SA_A_SOFT_SECONDS, sa->soft_seconds },
		{ ESPLANE_SA_A_HARD_SECONDS, sa->hard_seconds },
	};
	struct nlattr *nest = nla_nest_start(msg, type);

	if (!nest || nla_put_u32(msg, ESPLANE_SA_A_SPI, sa->spi) ||
	    nla_put_u16(msg, ESPLANE_SA_A_ENCR, sa->encr) ||
	    (sa->encr_key_len &&
	     nla_put(msg, ESPLANE_SA_A_ENCR_KEY, sa->encr_key_len, sa->encr_key)) ||
	    (sa->esn && nla_put_flag(msg, ESPLANE_SA_A_ESN)))
		return false;
	if (sa->integ && (nla_put_u16(msg, ESPLANE_SA_A_INTEG, sa->integ) ||
			  nla_put(msg, ESPLANE_SA_A_INTEG_KEY, sa->integ_key_len, sa->integ_key)))
		return false;
	if (type == ESPLANE_A_SA_IN && sa->replay_window &&
	    nla_put_u32(msg, ESPLANE_SA_A_REPLAY_WINDOW, sa->replay_window))
		return false;
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		if (limits[i].value && nla_put_u64(msg, limits[i].type, limits[i].value))
			return false;
	}
	nla_nest_end(msg, nest);
	return true;
}

int kern_sa_add(struct kern *k, uint32_t device, uint32_t policy, const struct kern_sa *in,
		const struct kern_sa *out, char why[KERN_WHY_MAX])
{
	struct nl_msg *msg = kern_request(k, ESPLANE_CMD_SA_ADD, 0, device);
	bool fits = msg && !nla_put_u32(msg, ESPLANE_A_POLICY_ID, policy) &&
		    (!in || kern_put_sa(msg, ESPLANE_A_SA_IN, in)) &&
		    (!out || kern_put_sa(msg, ESPLANE_A_SA_OUT, out));

	return kern_ask(k, kern_whole(msg, fits), NULL, NULL, why);
}

/* Peers choose outbound SPIs: without its policy the kernel would take any SA that has this one. */
static struct nl_msg *kern_sa_request(struct kern *k, uint8_t cmd, uint32_t device, uint32_t policy,
				      uint32_t spi, bool out)
{
	struct nl_msg *msg = kern_request(k, cmd, 0, device);

	return kern_whole(msg, msg && !nla_put_u32(msg, ESPLANE_A_SPI, spi) &&
			  (!out || !nla_put_u32(msg, ESPLANE_A_POLICY_ID, policy)) &&
			  !nla_put_u8(msg, ESPLANE_A_DIR, out ? ESPLANE_DIR_OUT : ESPLANE_DIR_IN));
}

int kern_sa_del(struct kern *k, uint32_t device, uint32_t policy, uint32_t spi, bool out,
		char why[KERN_WHY_MAX])
{
	return kern_ask(k, kern_sa_request(k, ESPLANE_CMD_SA_DEL, device, policy, spi, out), NULL,
			NULL, why);
}

static struct nla_policy sa_policy[ESPLANE_SA_A_MAX + 1] = {
	[ESPLANE_SA_A_SPI]	= { .type = NLA_U32 },
	[ESPLANE_SA_A_POLICY_ID]	= { .type = NLA_U32 },
	[ESPLANE_SA_A_EXPIRED]	= { .type = NLA_U8 },
	[ESPLANE_SA_A_SEQ]	= { .type = NLA_U64 },
	[ESPLANE_SA_A_BYTES]	= { .type = NLA_U64 },
	[ESPLANE_SA_A_PACKETS]	= { .type = NLA_U64 },
	[ESPLANE_SA_A_AGE]	= { .type = NLA_U64 },
	[ESPLANE_SA_A_IDLE]	= { .type = NLA_U64 },
	[ESPLANE_SA_A_DRIVER]	= { .type = NLA_STRING },
	[ESPLANE_SA_A_STATS]	= { .type = NLA_NESTED },
	[ESPLANE_SA_A_HEARD]	= { .type = NLA_U64 },
};

static uint64_t kern_get_u64(const struct nlattr *attr)
{
	return attr ? nla_get_u64(attr) : 0;
}

static int kern_on_sa(struct nl_msg *msg, void *arg)
{
	struct nlattr *tb[ESPLANE_A_MAX + 1], *sa[ESPLANE_SA_A_MAX + 1], *nest;
	struct kern_sa_info *info = arg;

	if (genlmsg_parse(nlmsg_hdr(msg), 0, tb, ESPLANE_A_MAX, event_policy))
		return NL_SKIP;
	nest = tb[ESPLANE_A_SA_IN] ? tb[ESPLANE_A_SA_IN] : tb[ESPLANE_A_SA_OUT];
	if (!nest || nla_parse_nested(sa, ESPLANE_SA_A_MAX, nest, sa_policy))
		return NL_SKIP;
	info->bytes = kern_get_u64(sa[ESPLANE_SA_A_BYTES]);
	info->packets = kern_get_u64(sa[ESPLANE_SA_A_PACKETS]);
	info->seq = kern_get_u64(sa[ESPLANE_SA_A_SEQ]);
	info->age_s = kern_get_u64(sa[ESPLANE_SA_A_AGE]);
	info->idle_s = sa[ESPLANE_SA_A_IDLE] ? nla_get_u64(sa[ESPLANE_SA_A_IDLE]) : UINT64_MAX;
	if (sa[ESPLANE_SA_A_DRIVER])
		nla_strlcpy(info->driver, sa[ESPLANE_SA_A_DRIVER], sizeof(info->driver));
	if (sa[ESPLANE_SA_A_STATS])
		stat_read(info, sa[ESPLANE_SA_A_STATS]);
	return NL_OK;
}

int kern_sa_get(struct kern *k, uint32_t device, uint32_t policy, uint32_t spi, bool out,
		struct kern_sa_info *info, char why[KERN_WHY_MAX])
{
	memset(info, 0, sizeof(*info));
	return kern_ask(k, kern_sa_request(k, ESPLANE_CMD_SA_GET, device, policy, spi, out),
			kern_on_sa, info, why);
}

struct idle {
	uint32_t policy;
	uint64_t least;		/* by the policy's addresses: else no sign of life, RFC 4555 3.12 */
};

static int kern_on_idle(struct nl_msg *msg, void *arg)
{
	struct nlattr *tb[ESPLANE_A_MAX + 1], *sa[ESPLANE_SA_A_MAX + 1];
	struct idle *idle = arg;

	if (genlmsg_parse(nlmsg_hdr(msg), 0, tb, ESPLANE_A_MAX, event_policy) ||
	    !tb[ESPLANE_A_SA_IN] ||
	    nla_parse_nested(sa, ESPLANE_SA_A_MAX, tb[ESPLANE_A_SA_IN], sa_policy))
		return NL_SKIP;
	if (sa[ESPLANE_SA_A_POLICY_ID] && nla_get_u32(sa[ESPLANE_SA_A_POLICY_ID]) == idle->policy &&
	    sa[ESPLANE_SA_A_HEARD] && nla_get_u64(sa[ESPLANE_SA_A_HEARD]) < idle->least)
		idle->least = nla_get_u64(sa[ESPLANE_SA_A_HEARD]);
	return NL_OK;
}

uint64_t kern_policy_idle(struct kern *k, uint32_t device, uint32_t policy)
{
	struct idle idle = { .policy = policy, .least = UINT64_MAX };
	char why[KERN_WHY_MAX];
	int rc = -EAGAIN;

	for (int i = 0; i < NLTALK_DUMPS && rc == -EAGAIN; i++)
		rc = kern_ask(k, kern_request(k, ESPLANE_CMD_SA_GET, NLM_F_DUMP, device),
			      kern_on_idle, &idle, why);
	return idle.least;
}

static int kern_on_device(struct nl_msg *msg, void *arg)
{
	struct nlattr *tb[ESPLANE_A_MAX + 1];

	if (!genlmsg_parse(nlmsg_hdr(msg), 0, tb, ESPLANE_A_MAX, event_policy) &&
	    tb[ESPLANE_A_STATS])
		stat_read(arg, tb[ESPLANE_A_STATS]);
	return NL_OK;
}

int kern_device_drops(struct kern *k, uint32_t device, struct kern_sa_info *info,
		      char why[KERN_WHY_MAX])
{
	memset(info, 0, sizeof(*info));
	return kern_ask(k, kern_request(k, ESPLANE_CMD_INFO, 0, device), kern_on_device, info, why);
}

/* Events made up from state: collected first, as the engine asks the kernel on its own. */
struct lost {
	struct kern_event *ev;
	size_t count;
	bool full;		/* no memory for one */
};

static void kern_lost_add(struct lost *lost, const struct kern_event *ev)
{
	struct kern_event *more = reallocarray(lost->ev, lost->count + 1, sizeof(*more));

	if (!more) {
		lost->full = true;
		return;
	}
	lost->ev = more;
	lost->ev[lost->count++] = *ev;
}

static int kern_on_lost(struct nl_msg *msg, void *arg)
{
	struct nlattr *tb[ESPLANE_A_MAX + 1], *sa[ESPLANE_SA_A_MAX + 1], *nest;
	struct kern_event ev = { 0 };
	uint8_t expired;

	if (genlmsg_parse(nlmsg_hdr(msg), 0, tb, ESPLANE_A_MAX, event_policy))
		return NL_SKIP;
	nest = tb[ESPLANE_A_SA_IN] ? tb[ESPLANE_A_SA_IN] : tb[ESPLANE_A_SA_OUT];
	if (!nest || nla_parse_nested(sa, ESPLANE_SA_A_MAX, nest, sa_policy) ||
	    !sa[ESPLANE_SA_A_SPI] || !sa[ESPLANE_SA_A_POLICY_ID] || !tb[ESPLANE_A_DEVICE_ID])
		return NL_SKIP;
	ev.device = nla_get_u32(tb[ESPLANE_A_DEVICE_ID]);
	ev.policy = nla_get_u32(sa[ESPLANE_SA_A_POLICY_ID]);
	ev.spi = nla_get_u32(sa[ESPLANE_SA_A_SPI]);
	ev.out = !tb[ESPLANE_A_SA_IN];
	expired = sa[ESPLANE_SA_A_EXPIRED] ? nla_get_u8(sa[ESPLANE_SA_A_EXPIRED]) & 3 : 0;
	ev.hard = expired & 2;
	ev.cmd = ESPLANE_CMD_EXPIRE;
	if (expired)
		kern_lost_add(arg, &ev);
	/* Beside an inbound SA: where the peer's packets come from, if not from its endpoint. */
	if (!kern_addr_from_attr(&ev.peer.addr, tb[ESPLANE_A_PEER_ADDR]) ||
	    !tb[ESPLANE_A_PEER_PORT])
		return NL_OK;
	ev.peer.port = nla_get_u16(tb[ESPLANE_A_PEER_PORT]);
	ev.hard = false;
	ev.cmd = ESPLANE_CMD_MAPPING;
	kern_lost_add(arg, &ev);
	return NL_OK;
}

/* A policy for which packets wait; of these nothing is known. */
static int kern_on_lost_policy(struct nl_msg *msg, void *arg)
{
	struct nlattr *tb[ESPLANE_A_MAX + 1], *policy[ESPLANE_POLICY_A_MAX + 1];
	static struct nla_policy rules[ESPLANE_POLICY_A_MAX + 1] = {
		[ESPLANE_POLICY_A_ID] = { .type = NLA_U32 },
	};
	struct kern_event ev = { .cmd = ESPLANE_CMD_ACQUIRE };

	if (genlmsg_parse(nlmsg_hdr(msg), 0, tb, ESPLANE_A_MAX, event_policy) ||
	    !tb[ESPLANE_A_POLICY] || !tb[ESPLANE_A_DEVICE_ID] ||
	    nla_parse_nested(policy, ESPLANE_POLICY_A_MAX, tb[ESPLANE_A_POLICY], rules) ||
	    !policy[ESPLANE_POLICY_A_ID] || !policy[ESPLANE_POLICY_A_ACQUIRE])
		return NL_SKIP;
	ev.device = nla_get_u32(tb[ESPLANE_A_DEVICE_ID]);
	ev.policy = nla_get_u32(policy[ESPLANE_POLICY_A_ID]);
	kern_lost_add(arg, &ev);
	return NL_OK;
}

/* A dump that others have disturbed is asked for again. */
static int kern_lost_dump(struct kern *k, uint8_t cmd, nl_recvmsg_msg_cb_t valid,
			  struct lost *lost, char why[KERN_WHY_MAX])
{
	size_t before = lost->count;
	int rc = -EAGAIN;

	for (int i = 0; i < NLTALK_DUMPS && rc == -EAGAIN; i++) {
		lost->count = before;
		rc = kern_ask(k, kern_request(k, cmd, NLM_F_DUMP, 0), valid, lost, why);
	}
	return rc;
}

/* What is said twice harms nobody, what is not said at all does. */
static void kern_lost_recover(struct kern *k)
{
	struct lost lost = { .ev = NULL };
	char why[KERN_WHY_MAX];
	int rc = kern_lost_dump(k, ESPLANE_CMD_SA_GET, kern_on_lost, &lost, why);

	if (!rc)
		rc = kern_lost_dump(k, ESPLANE_CMD_POLICY_GET, kern_on_lost_policy, &lost, why);
	if (rc || lost.full)
		log_warn("some of the kernel's events are lost: %s", rc ? why : "no memory");
	for (size_t i = 0; i < lost.count; i++)
		k->event_fn(k->event_ctx, &lost.ev[i]);
	free(lost.ev);
}

bool kern_event_read(struct kern *k, void (*fn)(void *ctx, const struct kern_event *ev), void *ctx)
{
	int rc = 0;

	k->event_fn = fn;
	k->event_ctx = ctx;
	for (int i = 0; i < 64 && rc >= 0; i++)
		rc = nl_recvmsgs_default(k->events);
	if (rc != -NLE_NOMEM)	/* ENOBUFS */
		return true;
	kern_lost_recover(k);
	return false;
}

static int kern_on_algs(struct nl_msg *msg, void *arg)
{
	static struct nla_policy policy[ESPLANE_ALGORITHM_A_MAX + 1] = {
		[ESPLANE_ALGORITHM_A_ENCR]	= { .type = NLA_U16 },
		[ESPLANE_ALGORITHM_A_KEY_BITS]	= { .type = NLA_U16 },
		[ESPLANE_ALGORITHM_A_INTEG]	= { .type = NLA_U16 },
	};
	struct nlattr *tb[ESPLANE_ALGORITHM_A_MAX + 1], *attr;
	struct kern *k = arg;
	int left;

	nlmsg_for_each_attr(attr, nlmsg_hdr(msg), GENL_HDRLEN, left) {
		struct kern_alg *alg = &k->algs[k->alg_count];

		if (nla_type(attr) != ESPLANE_A_ALGORITHM || k->alg_count == KERN_ALGS_MAX ||
		    nla_parse_nested(tb, ESPLANE_ALGORITHM_A_MAX, attr, policy) ||
		    !tb[ESPLANE_ALGORITHM_A_NAME])
			continue;
		*alg = (struct kern_alg) {};
		if (tb[ESPLANE_ALGORITHM_A_ENCR])
			alg->encr = nla_get_u16(tb[ESPLANE_ALGORITHM_A_ENCR]);
		if (tb[ESPLANE_ALGORITHM_A_KEY_BITS])
			alg->key_bits = nla_get_u16(tb[ESPLANE_ALGORITHM_A_KEY_BITS]);
		if (tb[ESPLANE_ALGORITHM_A_INTEG])
			alg->integ = nla_get_u16(tb[ESPLANE_ALGORITHM_A_INTEG]);
		nla_strlcpy(alg->name, tb[ESPLANE_ALGORITHM_A_NAME], sizeof(alg->name));
		k->alg_count++;
	}
	return NL_OK;
}

const struct kern_alg *kern_algs(struct kern *k, unsigned int *count)
{
	if (k->family && !k->alg_count)
		kern_ask(k, kern_request(k, ESPLANE_CMD_INFO, 0, 0), kern_on_algs, k,
			 (char[KERN_WHY_MAX]) { 0 });
	*count = k->alg_count;
	return *count ? k->algs : NULL;
}
