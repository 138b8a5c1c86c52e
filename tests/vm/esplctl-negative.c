// SPDX-License-Identifier: GPL-2.0
/*
 * Requests that must be refused, each with an errno and a sentence. The table
 * is the documentation of what the contract forbids.
 */
#include "esplctl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A device's policy 1 with an inbound SA 0x1001 and an outbound 0x2001; 0x1002 is reserved. */
#define ENDPOINT "encap=0 local-addr=192.0.2.1 remote-addr=192.0.2.2 "
#define LTS "local-ts{start=10.1.0.0 end=10.1.0.255} "
#define RTS "remote-ts{start=10.2.0.0 end=10.2.0.255} "
#define KEY20 "0102030405060708090a0b0c0d0e0f1011121314"
#define KEY32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define GCM "encr=20 encr-key=" KEY20 " "
#define CBC "encr=12 encr-key=0102030405060708090a0b0c0d0e0f10 "

static const struct {
	const char *what;
	int cmd;
	const char *text;	/* put_text(); $dev: the device; $lo: a device that is not ours */
	int err;		/* 0: any */
} wrong[] = {
#define POLICY(what_, err_, text_) \
	{ what_, ESPLANE_CMD_POLICY_SET, "ifindex=$dev policy{" text_ "}", err_ }
	{ "policy-set of nothing", ESPLANE_CMD_POLICY_SET, "", 0 },
	{ "policy-set without a device", ESPLANE_CMD_POLICY_SET,
	  "policy{id=9 " ENDPOINT LTS RTS "}", 0 },
	{ "policy-set without a policy", ESPLANE_CMD_POLICY_SET, "ifindex=$dev", 0 },
	{ "policy-set on no device", ESPLANE_CMD_POLICY_SET,
	  "ifindex=99999 policy{id=9 " ENDPOINT LTS RTS "}", ENODEV },
	{ "policy-set on a device of another kind", ESPLANE_CMD_POLICY_SET,
	  "ifindex=$lo policy{id=9 " ENDPOINT LTS RTS "}", 0 },
	{ "an ifindex of 2 octets", ESPLANE_CMD_POLICY_SET,
	  "ifindex:x=0100 policy{id=9 " ENDPOINT LTS RTS "}", 0 },
	{ "an unknown attribute", ESPLANE_CMD_POLICY_SET,
	  "ifindex=$dev #99=01 policy{id=9 " ENDPOINT LTS RTS "}", 0 },
	{ "a policy that is not a nest", ESPLANE_CMD_POLICY_SET,
	  "ifindex=$dev policy:x=01020304", 0 },
	POLICY("an empty policy", 0, ""),
	POLICY("a policy without id", 0, ENDPOINT LTS RTS),
	POLICY("policy id 0", 0, "id=0 " ENDPOINT LTS RTS),
	POLICY("policy id of 8 octets", 0, "id:x=0100000000000000 " ENDPOINT LTS RTS),
	POLICY("an unknown attribute in a policy", 0, "id=9 #77=01 " ENDPOINT LTS RTS),
	POLICY("an attribute that is for reading", 0, "id=9 out-spi=4096 " ENDPOINT LTS RTS),
	POLICY("an unknown encapsulation", 0,
	       "id=9 encap=7 local-addr=192.0.2.1 remote-addr=192.0.2.2 " LTS RTS),
	POLICY("a new policy without endpoint", 0, "id=9 " LTS RTS),
	POLICY("a new policy without remote address", 0, "id=9 local-addr=192.0.2.1 " LTS RTS),
	POLICY("an address of 5 octets", 0,
	       "id=9 local-addr:x=c000020100 remote-addr=192.0.2.2 " LTS RTS),
	POLICY("an empty address", 0, "id=9 local-addr remote-addr=192.0.2.2 " LTS RTS),
	POLICY("addresses of two families", 0,
	       "id=9 local-addr=192.0.2.1 remote-addr=2001:db8::2 " LTS RTS),
	POLICY("an IPv6 address of one link", EINVAL,
	       "id=9 local-addr=fe80::1 remote-addr=fe80::2 " LTS RTS),
	POLICY("IPv6 outside in UDP without ports", EINVAL,
	       "id=9 encap=1 local-addr=2001:db8::1 remote-addr=2001:db8::2 " LTS RTS),
	POLICY("a multicast IPv6 remote address", EINVAL,
	       "id=9 local-addr=2001:db8::1 remote-addr=ff02::1 " LTS RTS),
	POLICY("an IPv6 address that is an IPv4 one", EINVAL,
	       "id=9 local-addr=::ffff:192.0.2.1 remote-addr=2001:db8::2 " LTS RTS),
	POLICY("the other family for one end of a policy", EINVAL, "id=1 remote-addr=2001:db8::2"),
	POLICY("transport mode between others than the outer addresses", EINVAL,
	       "id=9 mode=1 " ENDPOINT LTS RTS),
	POLICY("transport mode with half of the outer addresses", EINVAL,
	       "id=9 mode=1 " ENDPOINT "local-ts{start=192.0.2.0 end=192.0.2.255} " RTS),
	POLICY("transport mode for a policy that leads to a network", EINVAL, "id=1 mode=1"),
	POLICY("an unknown mode", 0, "id=9 mode=2 " ENDPOINT LTS RTS),
	POLICY("a mark of 8 octets", 0, "id=9 mark:x=0100000000000000 " ENDPOINT LTS RTS),
	POLICY("a remote address of no host", 0,
	       "id=9 local-addr=192.0.2.1 remote-addr=0.0.0.0 " LTS RTS),
	POLICY("a multicast remote address", 0,
	       "id=9 local-addr=192.0.2.1 remote-addr=224.0.0.5 " LTS RTS),
	POLICY("UDP without ports", 0,
	       "id=9 encap=1 local-addr=192.0.2.1 remote-addr=192.0.2.2 " LTS RTS),
	POLICY("UDP with port 0", 0,
	       "id=9 encap=1 local-port=0 remote-port=4500 local-addr=192.0.2.1 "
	       "remote-addr=192.0.2.2 " LTS RTS),
	POLICY("ports without UDP", 0, "id=9 local-port=4500 remote-port=4500 " ENDPOINT LTS RTS),
	POLICY("a new policy without selectors", 0, "id=9 " ENDPOINT),
	POLICY("local selectors only", 0, "id=9 " ENDPOINT LTS),
	POLICY("remote selectors only", 0, "id=9 " ENDPOINT RTS),
	POLICY("an empty selector", 0, "id=9 " ENDPOINT LTS "remote-ts{}"),
	POLICY("a selector without end", 0, "id=9 " ENDPOINT LTS "remote-ts{start=10.2.0.0}"),
	POLICY("a selector that ends before it starts", 0,
	       "id=9 " ENDPOINT LTS "remote-ts{start=10.2.0.9 end=10.2.0.1}"),
	POLICY("a selector of two families", 0,
	       "id=9 " ENDPOINT LTS "remote-ts{start=10.2.0.0 end=2001:db8::1}"),
	POLICY("local and remote selectors of different families", 0,
	       "id=9 " ENDPOINT LTS "remote-ts{start=2001:db8:: end=2001:db8::ff}"),
	POLICY("ports without a protocol", 0, "id=9 " ENDPOINT LTS
	       "remote-ts{start=10.2.0.0 end=10.2.0.9 port-start=80 port-end=80}"),
	POLICY("ports that end before they start", 0, "id=9 " ENDPOINT LTS
	       "remote-ts{start=10.2.0.0 end=10.2.0.9 proto=6 port-start=90 port-end=80}"),
	POLICY("two protocols that never meet", 0, "id=9 " ENDPOINT
	       "local-ts{start=10.1.0.0 end=10.1.0.9 proto=6} "
	       "remote-ts{start=10.2.0.0 end=10.2.0.9 proto=17}"),
	{ "policy-del without id", ESPLANE_CMD_POLICY_DEL, "ifindex=$dev", 0 },
	{ "policy-del of no policy", ESPLANE_CMD_POLICY_DEL, "ifindex=$dev policy-id=77", ENOENT },
	{ "policy-del of id 0", ESPLANE_CMD_POLICY_DEL, "ifindex=$dev policy-id=0", 0 },
	{ "policy-get of no policy", ESPLANE_CMD_POLICY_GET, "ifindex=$dev policy-id=77", ENOENT },
	{ "spi-alloc without a device", ESPLANE_CMD_SPI_ALLOC, "", 0 },
	{ "a reserved SPI", ESPLANE_CMD_SPI_ALLOC, "ifindex=$dev spi=255", 0 },
	{ "SPI 0", ESPLANE_CMD_SPI_ALLOC, "ifindex=$dev spi=0", 0 },
	{ "an SPI that is taken", ESPLANE_CMD_SPI_ALLOC, "ifindex=$dev spi=0x1001", EEXIST },

#define SA(what_, err_, text_) \
	{ what_, ESPLANE_CMD_SA_ADD, "ifindex=$dev policy-id=1 " text_, err_ }
	{ "sa-add without a policy", ESPLANE_CMD_SA_ADD,
	  "ifindex=$dev sa-out{spi=0x3000 " GCM "}", 0 },
	{ "sa-add to no policy", ESPLANE_CMD_SA_ADD,
	  "ifindex=$dev policy-id=77 sa-out{spi=0x3000 " GCM "}", ENOENT },
	SA("sa-add of neither direction", 0, ""),
	SA("an empty SA", 0, "sa-out{}"),
	SA("an SA without SPI", 0, "sa-out{" GCM "}"),
	SA("an outbound SA with a reserved SPI", 0, "sa-out{spi=7 " GCM "}"),
	SA("an inbound SPI that was not reserved", 0, "sa-in{spi=0x9999 " GCM "}"),
	SA("an inbound SPI in use", 0, "sa-in{spi=0x1001 " GCM "}"),
	SA("an SA without cipher", 0, "sa-out{spi=0x3000 encr-key=" KEY20 "}"),
	SA("an unknown cipher", 0, "sa-out{spi=0x3000 encr=999 encr-key=" KEY20 "}"),
	SA("an SA without key", 0, "sa-out{spi=0x3000 encr=20}"),
	SA("an empty key", 0, "sa-out{spi=0x3000 encr=20 encr-key}"),
	SA("a key one octet short", 0,
	   "sa-out{spi=0x3000 encr=20 encr-key=0102030405060708090a0b0c0d0e0f10111213}"),
	SA("a key longer than any", 0, "sa-out{spi=0x3000 encr=20 encr-key=" KEY32 KEY32 KEY20 "}"),
	SA("an AEAD with integrity", 0,
	   "sa-out{spi=0x3000 " GCM "integ=12 integ-key=" KEY32 "}"),
	SA("CBC without integrity", 0, "sa-out{spi=0x3000 " CBC "}"),
	SA("integrity without key", 0, "sa-out{spi=0x3000 " CBC "integ=12}"),
	SA("an integrity key of 20 octets", 0,
	   "sa-out{spi=0x3000 " CBC "integ=12 integ-key=" KEY20 "}"),
	SA("an unknown integrity algorithm", 0,
	   "sa-out{spi=0x3000 " CBC "integ=99 integ-key=" KEY32 "}"),
	SA("a replay window outbound", 0, "sa-out{spi=0x3000 replay-window=64 " GCM "}"),
	SA("a replay window of 31", 0, "sa-in{spi=0x1002 replay-window=31 " GCM "}"),
	SA("a replay window of 8193", 0, "sa-in{spi=0x1002 replay-window=8193 " GCM "}"),
	SA("a soft limit above the hard one", 0,
	   "sa-out{spi=0x3000 soft-packets=9 hard-packets=8 " GCM "}"),
	SA("a start beyond 32 bits without ESN", 0,
	   "sa-out{spi=0x3000 start-seq=0x100000000 " GCM "}"),
	SA("a start at the last number", 0, "sa-out{spi=0x3000 start-seq=0xffffffff " GCM "}"),
	SA("a start at the last number of ESN", 0,
	   "sa-out{spi=0x3000 esn start-seq=0xffffffff00000000 " GCM "}"),
	SA("a start from which ESN would wrap", 0,
	   "sa-out{spi=0x3000 esn start-seq=0xffffffffffffffff " GCM "}"),
	SA("an inbound start from which ESN would wrap", 0,
	   "sa-in{spi=0x1002 esn start-seq=0xffffffffffffffff " GCM "}"),
	SA("a flag with a value", 0, "sa-out{spi=0x3000 esn:x=01 " GCM "}"),
	SA("a limit of 4 octets", 0, "sa-out{spi=0x3000 hard-packets:x=01000000 " GCM "}"),
	SA("an unknown attribute in an SA", 0, "sa-out{spi=0x3000 #88=01 " GCM "}"),
	SA("a good outbound SA with a bad inbound one", 0,
	   "sa-out{spi=0x3000 " GCM "} sa-in{spi=0x9999 " GCM "}"),
	SA("a good inbound SA with a bad outbound one", 0,
	   "sa-in{spi=0x1002 " GCM "} sa-out{spi=0x3000 encr=999 encr-key=" KEY20 "}"),
	{ "sa-del without direction", ESPLANE_CMD_SA_DEL, "ifindex=$dev spi=0x1001", 0 },
	{ "sa-del with direction 3", ESPLANE_CMD_SA_DEL, "ifindex=$dev spi=0x1001 dir=3", 0 },
	{ "sa-del of no SA", ESPLANE_CMD_SA_DEL, "ifindex=$dev spi=0x7777 dir=1", ENOENT },
	{ "sa-del of an outbound SPI as inbound", ESPLANE_CMD_SA_DEL,
	  "ifindex=$dev spi=0x2001 dir=1", ENOENT },
	{ "sa-get without SPI", ESPLANE_CMD_SA_GET, "ifindex=$dev dir=1", 0 },
	{ "sa-get of no SA", ESPLANE_CMD_SA_GET, "ifindex=$dev spi=0x7777 dir=2", ENOENT },
	{ "socket-attach without a socket", ESPLANE_CMD_SOCKET_ATTACH, "", 0 },
	{ "socket-attach of no file", ESPLANE_CMD_SOCKET_ATTACH, "socket-fd=999", EBADF },
	{ "socket-attach of what is no socket", ESPLANE_CMD_SOCKET_ATTACH, "socket-fd=1", 0 },
	{ "flush of no device", ESPLANE_CMD_FLUSH, "ifindex=99999", ENODEV },
	{ "a command that is an event", ESPLANE_CMD_ACQUIRE,
	  "ifindex=$dev policy-id=1", -EOPNOTSUPP },
	{ "a command that does not exist", 200, "", -EOPNOTSUPP },
};

static void setup(struct ctl *c, uint32_t dev, const char *text, int cmd)
{
	struct nl_msg *msg = ctl_request(c, cmd, 0);
	int err;

	nla_put_u32(msg, ESPLANE_A_IFINDEX, dev);
	put_text(msg, &attr_top, text);
	err = ctl_talk(c, msg, NULL);
	if (err)
		die("a right request was refused: %s: %s: %s", text, strerror(-err), c->reason);
}

/* What the device has, as text, so that a refused request can be seen to have changed nothing. */
static char *state(struct ctl *c)
{
	json_t *all = json_array();
	const json_t *reply;
	size_t i;

	if (ctl_talk(c, ctl_request(c, ESPLANE_CMD_POLICY_GET, NLM_F_DUMP), all) ||
	    ctl_talk(c, ctl_request(c, ESPLANE_CMD_SA_GET, NLM_F_DUMP), all))
		die("cannot dump: %s", c->reason);
	json_array_foreach(all, i, reply) {
		json_object_del(json_object_get(reply, "sa-in"), "age");
		json_object_del(json_object_get(reply, "sa-out"), "age");
	}
	return json_dumps(all, JSON_COMPACT | JSON_SORT_KEYS);
}

static char *expand(const char *text, uint32_t dev)
{
	static char full[8192];
	char *out = full;

	while (*text) {
		if (!strncmp(text, "$dev", 4)) {
			out += sprintf(out, "%u", dev);
			text += 4;
		} else if (!strncmp(text, "$lo", 3)) {
			out += sprintf(out, "%u", device_index("lo"));
			text += 3;
		} else {
			*out++ = *text++;
		}
	}
	*out = 0;
	return full;
}

static bool refused(struct ctl *c, uint32_t dev, int i, char **before)
{
	struct nl_msg *msg = ctl_request(c, wrong[i].cmd, 0);
	char sentence[sizeof(c->reason)], *after;
	int err;

	put_text(msg, &attr_top, expand(wrong[i].text, dev));
	err = ctl_talk(c, msg, NULL);
	strcpy(sentence, c->reason);
	printf("# %s: %s\n", strerror(-err), sentence);
	after = state(c);
	if (!err || strcmp(*before, after)) {
		printf("# before: %s\n# after:  %s\n", *before, after);
		*before = after;
		return false;
	}
	if (wrong[i].err < 0)	/* generic netlink itself answers, without a sentence */
		return err == wrong[i].err;
	return *sentence && (!wrong[i].err || err == -wrong[i].err);
}

int negative(struct ctl *c)
{
	uint32_t dev = device_index(arg_need("dev"));
	int n = ARRAY_SIZE(wrong), failed = 0;
	char *before;

	setup(c, dev, "policy{id=1 " ENDPOINT LTS RTS "}", ESPLANE_CMD_POLICY_SET);
	setup(c, dev, "spi=0x1001", ESPLANE_CMD_SPI_ALLOC);
	setup(c, dev, "spi=0x1002", ESPLANE_CMD_SPI_ALLOC);
	setup(c, dev, "policy-id=1 sa-in{spi=0x1001 " GCM "} sa-out{spi=0x2001 " GCM "}",
	      ESPLANE_CMD_SA_ADD);
	before = state(c);
	for (int i = 0; i < n; i++) {
		bool ok = refused(c, dev, i, &before);

		failed += !ok;
		printf("%sok %d - refused: %s\n", ok ? "" : "not ", i + 1, wrong[i].what);
	}
	printf("1..%d\n", n);
	/* The refused transaction above left the reservation as it was. */
	setup(c, dev, "policy-id=1 sa-in{spi=0x1002 " GCM "}", ESPLANE_CMD_SA_ADD);
	setup(c, dev, "", ESPLANE_CMD_FLUSH);
	return failed > 0;
}
