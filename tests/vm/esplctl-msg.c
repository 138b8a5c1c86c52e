// SPDX-License-Identifier: GPL-2.0
#include "esplctl.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netlink/genl/ctrl.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/netlink.h>

static const char *const dir_values[] = { "", "in", "out", NULL };
static const char *const encap_values[] = { "none", "udp", NULL };
static const char *const mode_values[] = { "tunnel", "transport", NULL };
static const char *const limit_values[] = { "bytes", "packets", "seconds", "sequence", NULL };

#define TABLE(name_)								\
	static const struct attr_table name_ = {				\
		.attr = name_##_attr, .max = ARRAY_SIZE(name_##_attr) - 1	\
	}

static const struct attr_desc attr_ts_attr[] = {
	[ESPLANE_TS_A_START] = { "start", T_ADDR },
	[ESPLANE_TS_A_END] = { "end", T_ADDR },
	[ESPLANE_TS_A_PROTO] = { "proto", T_U8 },
	[ESPLANE_TS_A_PORT_START] = { "port-start", T_U16 },
	[ESPLANE_TS_A_PORT_END] = { "port-end", T_U16 },
};

TABLE(attr_ts);

static const struct attr_desc attr_policy_attr[] = {
	[ESPLANE_POLICY_A_ID] = { "id", T_U32 },
	[ESPLANE_POLICY_A_ENCAP] = { "encap", T_U8, .values = encap_values },
	[ESPLANE_POLICY_A_LOCAL_ADDR] = { "local-addr", T_ADDR },
	[ESPLANE_POLICY_A_LOCAL_PORT] = { "local-port", T_U16 },
	[ESPLANE_POLICY_A_REMOTE_ADDR] = { "remote-addr", T_ADDR },
	[ESPLANE_POLICY_A_REMOTE_PORT] = { "remote-port", T_U16 },
	[ESPLANE_POLICY_A_LOCAL_TS] = { "local-ts", T_NEST, &attr_ts, .many = true },
	[ESPLANE_POLICY_A_REMOTE_TS] = { "remote-ts", T_NEST, &attr_ts, .many = true },
	[ESPLANE_POLICY_A_OUT_SPI] = { "out-spi", T_U32 },
	[ESPLANE_POLICY_A_IN_COUNT] = { "in-count", T_U32 },
	[ESPLANE_POLICY_A_ACQUIRE] = { "acquire", T_FLAG },
	[ESPLANE_POLICY_A_MODE] = { "mode", T_U8, .values = mode_values },
	[ESPLANE_POLICY_A_MARK] = { "mark", T_U32 },
};

TABLE(attr_policy);

static const struct attr_desc attr_stat_attr[] = {
	[ESPLANE_STAT_A_PAD] = { "pad" },
	[ESPLANE_STAT_A_TX_NO_POLICY] = { "tx-no-policy", T_U64 },
	[ESPLANE_STAT_A_TX_NO_SA] = { "tx-no-sa", T_U64 },
	[ESPLANE_STAT_A_TX_EXPIRED] = { "tx-expired", T_U64 },
	[ESPLANE_STAT_A_TX_SEQUENCE] = { "tx-sequence", T_U64 },
	[ESPLANE_STAT_A_TX_TOO_BIG] = { "tx-too-big", T_U64 },
	[ESPLANE_STAT_A_TX_NO_ROUTE] = { "tx-no-route", T_U64 },
	[ESPLANE_STAT_A_TX_LOOP] = { "tx-loop", T_U64 },
	[ESPLANE_STAT_A_TX_NO_MEMORY] = { "tx-no-memory", T_U64 },
	[ESPLANE_STAT_A_TX_CRYPTO] = { "tx-crypto", T_U64 },
	[ESPLANE_STAT_A_TX_PROTOCOL] = { "tx-protocol", T_U64 },
	[ESPLANE_STAT_A_RX_SHORT] = { "rx-short", T_U64 },
	[ESPLANE_STAT_A_RX_REPLAY] = { "rx-replay", T_U64 },
	[ESPLANE_STAT_A_RX_STALE] = { "rx-stale", T_U64 },
	[ESPLANE_STAT_A_RX_AUTH] = { "rx-auth", T_U64 },
	[ESPLANE_STAT_A_RX_EXPIRED] = { "rx-expired", T_U64 },
	[ESPLANE_STAT_A_RX_PADDING] = { "rx-padding", T_U64 },
	[ESPLANE_STAT_A_RX_PROTOCOL] = { "rx-protocol", T_U64 },
	[ESPLANE_STAT_A_RX_SELECTOR] = { "rx-selector", T_U64 },
	[ESPLANE_STAT_A_RX_DUMMY] = { "rx-dummy", T_U64 },
	[ESPLANE_STAT_A_RX_ECN] = { "rx-ecn", T_U64 },
	[ESPLANE_STAT_A_RX_NO_MEMORY] = { "rx-no-memory", T_U64 },
	[ESPLANE_STAT_A_RX_CRYPTO] = { "rx-crypto", T_U64 },
	[ESPLANE_STAT_A_RX_DOWN] = { "rx-down", T_U64 },
	[ESPLANE_STAT_A_TX_ENDPOINT] = { "tx-endpoint", T_U64 },
	[ESPLANE_STAT_A_TX_FRAGMENT] = { "tx-fragment", T_U64 },
};

TABLE(attr_stat);

static const struct attr_desc attr_algorithm_attr[] = {
	[ESPLANE_ALGORITHM_A_ENCR] = { "encr", T_U16 },
	[ESPLANE_ALGORITHM_A_KEY_BITS] = { "key-bits", T_U16 },
	[ESPLANE_ALGORITHM_A_INTEG] = { "integ", T_U16 },
	[ESPLANE_ALGORITHM_A_NAME] = { "name", T_TEXT },
	[ESPLANE_ALGORITHM_A_AEAD] = { "aead", T_FLAG },
	[ESPLANE_ALGORITHM_A_KEY_LEN] = { "key-len", T_U16 },
};

TABLE(attr_algorithm);

static const struct attr_desc attr_sa_attr[] = {
	[ESPLANE_SA_A_SPI] = { "spi", T_U32 },
	[ESPLANE_SA_A_ENCR] = { "encr", T_U16 },
	[ESPLANE_SA_A_ENCR_KEY] = { "encr-key", T_OCTETS },
	[ESPLANE_SA_A_INTEG] = { "integ", T_U16 },
	[ESPLANE_SA_A_INTEG_KEY] = { "integ-key", T_OCTETS },
	[ESPLANE_SA_A_ESN] = { "esn", T_FLAG },
	[ESPLANE_SA_A_REPLAY_WINDOW] = { "replay-window", T_U32 },
	[ESPLANE_SA_A_SOFT_BYTES] = { "soft-bytes", T_U64 },
	[ESPLANE_SA_A_HARD_BYTES] = { "hard-bytes", T_U64 },
	[ESPLANE_SA_A_SOFT_PACKETS] = { "soft-packets", T_U64 },
	[ESPLANE_SA_A_HARD_PACKETS] = { "hard-packets", T_U64 },
	[ESPLANE_SA_A_SOFT_SECONDS] = { "soft-seconds", T_U64 },
	[ESPLANE_SA_A_HARD_SECONDS] = { "hard-seconds", T_U64 },
	[ESPLANE_SA_A_START_SEQ] = { "start-seq", T_U64 },
	[ESPLANE_SA_A_POLICY_ID] = { "policy-id", T_U32 },
	[ESPLANE_SA_A_IFINDEX] = { "ifindex", T_U32 },
	[ESPLANE_SA_A_KEY_BITS] = { "key-bits", T_U16 },
	[ESPLANE_SA_A_DRIVER] = { "driver", T_TEXT },
	[ESPLANE_SA_A_SEQ] = { "seq", T_U64 },
	[ESPLANE_SA_A_BYTES] = { "bytes", T_U64 },
	[ESPLANE_SA_A_PACKETS] = { "packets", T_U64 },
	[ESPLANE_SA_A_AGE] = { "age", T_U64 },
	[ESPLANE_SA_A_IDLE] = { "idle", T_U64 },
	[ESPLANE_SA_A_EXPIRED] = { "expired", T_U8 },
	[ESPLANE_SA_A_STATS] = { "stats", T_NEST, &attr_stat },
	[ESPLANE_SA_A_PAD] = { "pad" },
	[ESPLANE_SA_A_HEARD] = { "heard", T_U64 },
};

TABLE(attr_sa);

static const struct attr_desc top_attr[] = {
	[ESPLANE_A_IFINDEX] = { "ifindex", T_U32 },
	[ESPLANE_A_POLICY] = { "policy", T_NEST, &attr_policy },
	[ESPLANE_A_POLICY_ID] = { "policy-id", T_U32 },
	[ESPLANE_A_SA_IN] = { "sa-in", T_NEST, &attr_sa },
	[ESPLANE_A_SA_OUT] = { "sa-out", T_NEST, &attr_sa },
	[ESPLANE_A_SPI] = { "spi", T_U32 },
	[ESPLANE_A_DIR] = { "dir", T_U8, .values = dir_values },
	[ESPLANE_A_SOCKET_FD] = { "socket-fd", T_U32 },
	[ESPLANE_A_VERSION] = { "version", T_TEXT },
	[ESPLANE_A_ALGORITHM] = { "algorithm", T_NEST, &attr_algorithm, .many = true },
	[ESPLANE_A_LIMIT] = { "limit", T_U8, .values = limit_values },
	[ESPLANE_A_HARD] = { "hard", T_FLAG },
	[ESPLANE_A_PEER_ADDR] = { "peer-addr", T_ADDR },
	[ESPLANE_A_PEER_PORT] = { "peer-port", T_U16 },
	[ESPLANE_A_TS_LOCAL] = { "ts-local", T_NEST, &attr_ts },
	[ESPLANE_A_TS_REMOTE] = { "ts-remote", T_NEST, &attr_ts },
	[ESPLANE_A_STATS] = { "stats", T_NEST, &attr_stat },
	[ESPLANE_A_PAD] = { "pad" },
	[ESPLANE_A_DEVICE_ID] = { "device-id", T_U32 },
};

const struct attr_table attr_top = { top_attr, ESPLANE_A_MAX };

static const char *const cmd_names[] = {
	[ESPLANE_CMD_INFO] = "info", [ESPLANE_CMD_POLICY_SET] = "policy-set",
	[ESPLANE_CMD_POLICY_DEL] = "policy-del", [ESPLANE_CMD_POLICY_GET] = "policy-get",
	[ESPLANE_CMD_SPI_ALLOC] = "spi-alloc", [ESPLANE_CMD_SA_ADD] = "sa-add",
	[ESPLANE_CMD_SA_DEL] = "sa-del", [ESPLANE_CMD_SA_GET] = "sa-get",
	[ESPLANE_CMD_SOCKET_ATTACH] = "socket-attach", [ESPLANE_CMD_FLUSH] = "flush",
	[ESPLANE_CMD_ACQUIRE] = "acquire", [ESPLANE_CMD_EXPIRE] = "expire",
	[ESPLANE_CMD_MAPPING] = "mapping", [ESPLANE_CMD_INVALID_SPI] = "invalid-spi",
	[ESPLANE_CMD_POLICY_GONE] = "policy-gone", [ESPLANE_CMD_DEVICE_GONE] = "device-gone",
};

void die(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	fputs("esplctl: ", stderr);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(2);
}

int cmd_by_name(const char *name)
{
	for (int i = 1; i <= ESPLANE_CMD_MAX; i++)
		if (!strcmp(cmd_names[i], name))
			return i;
	return -1;
}

int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static void open_in(struct ctl *c, const char *netns, int protocol)
{
	int home = -1, there = -1, on = 1;

	if (netns) {
		home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
		there = open(netns, O_RDONLY | O_CLOEXEC);
		if (home < 0 || there < 0 || setns(there, CLONE_NEWNET))
			die("network namespace %s: %s", netns, strerror(errno));
	}
	memset(c, 0, sizeof(*c));
	c->sk = nl_socket_alloc();
	if (!c->sk || nl_connect(c->sk, protocol))
		die("no netlink socket: %s", strerror(errno));
	setsockopt(nl_socket_get_fd(c->sk), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(nl_socket_get_fd(c->sk), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	nl_socket_enable_msg_peek(c->sk);
	if (netns) {
		if (setns(home, CLONE_NEWNET))
			die("no way back from %s: %s", netns, strerror(errno));
		close(home);
		close(there);
	}
}

void ctl_open(struct ctl *c, const char *netns)
{
	open_in(c, netns, NETLINK_GENERIC);
	c->family = genl_ctrl_resolve(c->sk, ESPLANE_GENL_NAME);
	if (c->family < 0)
		die("this kernel has no family %s: load the module", ESPLANE_GENL_NAME);
}

void ctl_open_route(struct ctl *c, const char *netns)
{
	open_in(c, netns, NETLINK_ROUTE);
}

void ctl_listen(struct ctl *c)
{
	int group = genl_ctrl_resolve_grp(c->sk, ESPLANE_GENL_NAME, ESPLANE_MCGRP_EVENTS);

	if (group < 0 || nl_socket_add_membership(c->sk, group))
		die("cannot join the group %s", ESPLANE_MCGRP_EVENTS);
}

struct nl_msg *ctl_request(struct ctl *c, int cmd, int flags)
{
	struct nl_msg *msg = nlmsg_alloc_size(64 << 10);

	if (!msg || !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, c->family, 0,
				 NLM_F_REQUEST | NLM_F_ACK | flags, cmd, ESPLANE_GENL_VERSION))
		die("out of memory");
	return msg;
}

static json_t *decode(const struct attr_table *table, const struct nlattr *first, int len);

static json_t *decode_one(const struct attr_desc *d, const struct nlattr *a)
{
	int len = nla_len(a);
	char text[2 * 512 + 1] = "";
	uint64_t v;

	switch (d->type) {
	case T_U8:
	case T_U16:
	case T_U32:
	case T_U64:
		v = d->type == T_U8 ? nla_get_u8(a) : d->type == T_U16 ? nla_get_u16(a) :
		    d->type == T_U32 ? nla_get_u32(a) : nla_get_u64(a);
		for (uint64_t i = 0; d->values && d->values[i]; i++)
			if (i == v)
				return json_string(d->values[i]);
		return json_integer(v);
	case T_TEXT:
		return json_stringn(nla_data(a), strnlen(nla_data(a), len));
	case T_ADDR:
		if (len == 4 || len == 16)
			inet_ntop(len == 4 ? AF_INET : AF_INET6, nla_data(a), text, sizeof(text));
		return json_string(text);
	case T_FLAG:
		return json_true();
	case T_NEST:
		return decode(d->nest, nla_data(a), len);
	default:
		for (int i = 0; i < len && i < 512; i++)
			sprintf(text + 2 * i, "%02x", ((uint8_t *)nla_data(a))[i]);
		return json_string(text);
	}
}

static json_t *decode(const struct attr_table *table, const struct nlattr *first, int len)
{
	json_t *object = json_object();
	const struct nlattr *a;
	int rest;

	nla_for_each_attr(a, first, len, rest) {
		const struct attr_desc *d = &table->attr[nla_type(a)];
		json_t *list;

		if (nla_type(a) > table->max || !d->name)
			die("the kernel sent attribute %d, which the contract lacks", nla_type(a));
		if (!d->type)
			continue;
		if (!d->many) {
			json_object_set_new(object, d->name, decode_one(d, a));
			continue;
		}
		list = json_object_get(object, d->name);
		if (!list) {
			list = json_array();
			json_object_set_new(object, d->name, list);
		}
		json_array_append_new(list, decode_one(d, a));
	}
	return object;
}

static json_t *decode_message(struct nlmsghdr *h)
{
	struct genlmsghdr *g = nlmsg_data(h);

	return decode(&attr_top, genlmsg_attrdata(g, 0), genlmsg_attrlen(g, 0));
}

/* The extended acknowledgment that follows @skip octets of payload. */
static void read_reason(struct ctl *c, struct nlmsghdr *h, int skip)
{
	struct nlattr *a;
	int rest;

	c->reason[0] = 0;
	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS) || nlmsg_datalen(h) < skip)
		return;
	nla_for_each_attr(a, (struct nlattr *)((char *)nlmsg_data(h) + skip),
			  nlmsg_datalen(h) - skip, rest)
		if (nla_type(a) == NLMSGERR_ATTR_MSG)
			snprintf(c->reason, sizeof(c->reason), "%.*s", nla_len(a),
				 (char *)nla_data(a));
}

/* True: this was the last message of the answer, with *err. */
static bool take(struct ctl *c, struct nlmsghdr *h, json_t *replies, int *err)
{
	if (h->nlmsg_flags & NLM_F_DUMP_INTR)
		*err = -EINTR;
	if (h->nlmsg_type == NLMSG_ERROR) {
		*err = ((struct nlmsgerr *)nlmsg_data(h))->error;
		read_reason(c, h, sizeof(struct nlmsgerr));
		return true;
	}
	if (h->nlmsg_type == NLMSG_DONE) {
		if (nlmsg_datalen(h) >= (int)sizeof(int) && *(int *)nlmsg_data(h) < 0) {
			*err = *(int *)nlmsg_data(h);
			read_reason(c, h, sizeof(int));
		}
		return true;
	}
	if (replies && h->nlmsg_type == c->family)
		json_array_append_new(replies, decode_message(h));
	return false;
}

int ctl_talk(struct ctl *c, struct nl_msg *msg, json_t *replies)
{
	struct nlmsghdr *h = nlmsg_hdr(msg);
	struct sockaddr_nl from;
	unsigned char *buf;
	bool last = false;
	uint32_t seq;
	int n, err;

	c->reason[0] = 0;
	n = nl_send_auto(c->sk, msg);
	seq = h->nlmsg_seq;
	nlmsg_free(msg);
	if (n < 0)
		die("cannot send: %s", nl_geterror(n));
	for (err = 0; !last;) {
		n = nl_recv(c->sk, &from, &buf, NULL);
		if (n <= 0)
			die("cannot receive: %s", n ? nl_geterror(n) : "the socket is closed");
		for (h = (struct nlmsghdr *)buf; !last && nlmsg_ok(h, n); h = nlmsg_next(h, &n))
			if (h->nlmsg_seq == seq)
				last = take(c, h, replies, &err);
		free(buf);
	}
	return err;
}

json_t *ctl_event(struct ctl *c, int64_t deadline)
{
	struct pollfd p = { .fd = nl_socket_get_fd(c->sk), .events = POLLIN };
	struct sockaddr_nl from;
	json_t *event = NULL;
	struct nlmsghdr *h;
	unsigned char *buf;
	int64_t left;
	int n;

	while (!event && (left = deadline - now_ms()) > 0) {
		if (poll(&p, 1, left) <= 0)
			continue;
		n = nl_recv(c->sk, &from, &buf, NULL);
		if (n == -NLE_NOMEM)
			die("events were lost: the socket's buffer was full");
		if (n <= 0)
			die("cannot receive: %s", nl_geterror(n));
		h = (struct nlmsghdr *)buf;
		if (nlmsg_ok(h, n) && h->nlmsg_type == c->family) {
			const struct genlmsghdr *g = nlmsg_data(h);

			event = decode_message(h);
			json_object_set_new(event, "event", json_string(cmd_names[g->cmd]));
		}
		free(buf);
	}
	return event;
}

uint64_t to_number(const char *text)
{
	char *end;
	uint64_t v;

	errno = 0;
	v = strtoull(text, &end, 0);
	if (errno || end == text || *end)
		die("'%s' is not a number", text);
	return v;
}

int octets(const char *hex, uint8_t *buf, int max)
{
	int n = 0;

	for (; *hex; hex += 2) {
		if (n == max || !isxdigit(hex[0]) || !isxdigit(hex[1]) ||
		    sscanf(hex, "%2hhx", &buf[n++]) != 1)
			die("'%s' is not an even number of hexadecimal digits, or too long", hex);
	}
	return n;
}

int to_address(const char *text, uint8_t addr[16])
{
	if (inet_pton(AF_INET, text, addr) == 1)
		return 4;
	if (inet_pton(AF_INET6, text, addr) == 1)
		return 16;
	die("'%s' is not an address", text);
}

void put_selector(struct nl_msg *msg, int type, const char *text)
{
	char *copy = strdup(text), *rest = copy, *range = strsep(&rest, ",");
	char *proto = strsep(&rest, ","), *ports = strsep(&rest, ",");
	struct nlattr *nest = nla_nest_start(msg, type);
	uint8_t start[16], end[16];
	char *mark;
	int len;

	mark = range + strcspn(range, "/-");
	if (*mark == '-') {
		*mark = 0;
		len = to_address(range, start);
		to_address(mark + 1, end);
	} else {
		bool prefix = *mark;
		int bits;

		*mark = 0;
		len = to_address(range, start);
		bits = prefix ? (int)to_number(mark + 1) : 8 * len;
		memcpy(end, start, sizeof(end));
		for (int i = bits; i < 8 * len; i++)
			end[i / 8] |= 0x80 >> i % 8;
	}
	nla_put(msg, ESPLANE_TS_A_START, len, start);
	nla_put(msg, ESPLANE_TS_A_END, len, end);
	if (proto)
		nla_put_u8(msg, ESPLANE_TS_A_PROTO, to_number(proto));
	if (ports) {
		mark = strchr(ports, '-');
		if (mark)
			*mark++ = 0;
		nla_put_u16(msg, ESPLANE_TS_A_PORT_START, to_number(ports));
		nla_put_u16(msg, ESPLANE_TS_A_PORT_END, to_number(mark ? mark : ports));
	}
	nla_nest_end_keep_empty(msg, nest);
	free(copy);
}

static void put_value(struct nl_msg *msg, int type, enum attr_type as, const char *value)
{
	uint8_t buf[4096];

	switch (as) {
	case T_U8:
		nla_put_u8(msg, type, to_number(value));
		break;
	case T_U16:
		nla_put_u16(msg, type, to_number(value));
		break;
	case T_U32:
		nla_put_u32(msg, type, to_number(value));
		break;
	case T_U64:
		nla_put_u64(msg, type, to_number(value));
		break;
	case T_TEXT:
		nla_put_string(msg, type, value);
		break;
	case T_ADDR:
		nla_put(msg, type, to_address(value, buf), buf);
		break;
	default:
		nla_put(msg, type, octets(value, buf, sizeof(buf)), buf);
		break;
	}
}

static int attr_by_name(const struct attr_table *table, const char *name)
{
	if (*name == '#')
		return to_number(name + 1);
	for (int i = 1; table && i <= table->max; i++)
		if (table->attr[i].name && !strcmp(table->attr[i].name, name))
			return i;
	die("'%s' is not an attribute here", name);
}

static const char *put_items(struct nl_msg *msg, const struct attr_table *table, const char *text)
{
	char name[64], value[8192];
	struct nlattr *nest;
	bool raw;
	int type;

	for (;;) {
		text += strspn(text, " ");
		if (!*text || *text == '}')
			return *text ? text + 1 : text;
		if (sscanf(text, "%63[^ :={}]", name) != 1)
			die("a name is missing at '%s'", text);
		text += strlen(name);
		type = attr_by_name(table, name);
		if (*text == '{') {
			bool known = table && type <= table->max;

			nest = nla_nest_start(msg, type);
			text = put_items(msg, known ? table->attr[type].nest : NULL, text + 1);
			nla_nest_end_keep_empty(msg, nest);
			continue;
		}
		raw = *name == '#' || !strncmp(text, ":x", 2);
		text += strncmp(text, ":x", 2) ? 0 : 2;
		value[0] = 0;
		if (*text == '=') {
			text++;
			if (sscanf(text, "%8191[^ {}]", value) == 1)
				text += strlen(value);
		}
		put_value(msg, type, raw || !*value ? T_OCTETS : table->attr[type].type, value);
	}
}

void put_text(struct nl_msg *msg, const struct attr_table *table, const char *text)
{
	put_items(msg, table, text);
}
