// SPDX-License-Identifier: GPL-2.0
/* The module's netlink family: before it has been found, and as an array that answers. */
#include <errno.h>
#include <linux/esplane.h>
#include <linux/genetlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

#include "esplaned/nl/kern.h"

#define FAMILY	42
#define GROUP	16	/* of some family, so that the real kernel lets us join */
#define SAS	300	/* that have expired */

static struct {
	bool on;
	struct nl_msg *answers[SAS + 8];	/* to what was asked last */
	unsigned int count, at, dumps, interrupted;
	int event_fd;		/* where events were lost */
	int forced;		/* octets of room, beyond what rmem_max allows */
	bool lost;
	struct nl_msg *news;	/* the next event; NULL: none */
	uint8_t asked[32768];	/* the last request */
} fake;

/* "There is no such policy" would take the tunnel down. */
static void not_found_yet(void **state)
{
	struct kern *k = kern_new();
	char why[KERN_WHY_MAX] = "";
	unsigned int count;
	uint32_t spi;

	assert_non_null(k);
	assert_int_equal(kern_policy_get(k, 1, 1, why), -ENODEV);
	assert_string_equal(why, "there is no module esplane");
	assert_int_equal(kern_spi_alloc(k, 1, &spi, why), -ENODEV);
	assert_int_equal(kern_flush(k, why), -ENODEV);
	assert_true(kern_policy_idle(k, 1, 1) == UINT64_MAX);
	assert_null(kern_algs(k, &count));
	/* nothing of that looked for it */
	assert_int_equal(kern_event_fd(k), -1);
	kern_free(k);
}

static struct nl_msg *fake_answer(const struct nlmsghdr *to, int type, int flags)
{
	struct nl_msg *msg = nlmsg_alloc();

	assert_non_null(msg);
	assert_non_null(nlmsg_put(msg, to->nlmsg_pid, to->nlmsg_seq, type, 0, flags));
	fake.answers[fake.count++] = msg;
	return msg;
}

static void fake_genl(struct nl_msg *msg, uint8_t cmd)
{
	struct genlmsghdr hdr = { .cmd = cmd, .version = 1 };

	assert_int_equal(nlmsg_append(msg, &hdr, sizeof(hdr), NLMSG_ALIGNTO), 0);
}

static void fake_ack(const struct nlmsghdr *to)
{
	struct nlmsgerr err = { .error = 0, .msg = *to };

	nlmsg_append(fake_answer(to, NLMSG_ERROR, NLM_F_CAPPED), &err, sizeof(err), NLMSG_ALIGNTO);
}

static void fake_family(const struct nlmsghdr *to)
{
	struct nl_msg *msg = fake_answer(to, GENL_ID_CTRL, 0);
	struct nlattr *groups, *group;

	fake_genl(msg, CTRL_CMD_NEWFAMILY);
	nla_put_u16(msg, CTRL_ATTR_FAMILY_ID, FAMILY);
	nla_put_string(msg, CTRL_ATTR_FAMILY_NAME, ESPLANE_GENL_NAME);
	nla_put_u32(msg, CTRL_ATTR_VERSION, 1);
	nla_put_u32(msg, CTRL_ATTR_HDRSIZE, 0);
	nla_put_u32(msg, CTRL_ATTR_MAXATTR, ESPLANE_A_MAX);
	groups = nla_nest_start(msg, CTRL_ATTR_MCAST_GROUPS);
	group = nla_nest_start(msg, 1);
	nla_put_u32(msg, CTRL_ATTR_MCAST_GRP_ID, GROUP);
	nla_put_string(msg, CTRL_ATTR_MCAST_GRP_NAME, ESPLANE_MCGRP_EVENTS);
	nla_nest_end(msg, group);
	nla_nest_end(msg, groups);
	fake_ack(to);
}

/* SPI 1 and on; all have reached a limit, every third the hard one; one is behind a new address. */
static void fake_sa(const struct nlmsghdr *to, uint32_t spi, int flags)
{
	struct nl_msg *msg = fake_answer(to, FAMILY, NLM_F_MULTI | flags);
	struct nlattr *nest;

	fake_genl(msg, ESPLANE_CMD_SA_GET);
	nla_put_u32(msg, ESPLANE_A_IFINDEX, 3);
	nla_put_u32(msg, ESPLANE_A_DEVICE_ID, 7);
	nest = nla_nest_start(msg, spi % 2 ? ESPLANE_A_SA_IN : ESPLANE_A_SA_OUT);
	nla_put_u32(msg, ESPLANE_SA_A_SPI, spi);
	nla_put_u32(msg, ESPLANE_SA_A_POLICY_ID, 1000 + spi);
	nla_put_u64(msg, ESPLANE_SA_A_IDLE, 1);
	nla_put_u64(msg, ESPLANE_SA_A_HEARD, 5000 - spi);
	nla_put_u8(msg, ESPLANE_SA_A_EXPIRED, spi % 3 ? 1 : 3);
	nla_nest_end(msg, nest);
	if (spi == 11) {
		nla_put(msg, ESPLANE_A_PEER_ADDR, 4, (uint8_t[]){ 198, 51, 100, 9 });
		nla_put_u16(msg, ESPLANE_A_PEER_PORT, 4501);
	}
}

/* For every second one packets wait. */
static void fake_policies(const struct nlmsghdr *to)
{
	int done = 0;

	for (uint32_t id = 1; id <= 4; id++) {
		struct nl_msg *msg = fake_answer(to, FAMILY, NLM_F_MULTI);
		struct nlattr *nest;

		fake_genl(msg, ESPLANE_CMD_POLICY_GET);
		nla_put_u32(msg, ESPLANE_A_DEVICE_ID, 7);
		nest = nla_nest_start(msg, ESPLANE_A_POLICY);
		nla_put_u32(msg, ESPLANE_POLICY_A_ID, id);
		if (id % 2)
			nla_put_flag(msg, ESPLANE_POLICY_A_ACQUIRE);
		nla_nest_end(msg, nest);
	}
	nlmsg_append(fake_answer(to, NLMSG_DONE, NLM_F_MULTI), &done, sizeof(done), NLMSG_ALIGNTO);
}

/* While the list changes, an answer lacks half of it. */
static void fake_dump(const struct nlmsghdr *to)
{
	const struct genlmsghdr *hdr = nlmsg_data(to);
	bool whole;
	int done = 0;

	if (hdr->cmd == ESPLANE_CMD_POLICY_GET) {
		fake_policies(to);
		return;
	}
	whole = ++fake.dumps > fake.interrupted;
	for (uint32_t spi = 1; spi <= (whole ? SAS : SAS / 2); spi++)
		fake_sa(to, spi, whole || spi < 100 ? 0 : NLM_F_DUMP_INTR);
	nlmsg_append(fake_answer(to, NLMSG_DONE, NLM_F_MULTI), &done, sizeof(done), NLMSG_ALIGNTO);
}

static void fake_clear(void)
{
	while (fake.count)
		nlmsg_free(fake.answers[--fake.count]);
	fake.at = 0;
}

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	const struct nlmsghdr *hdr = msg->msg_iov->iov_base;

	if (!fake.on)
		return syscall(SYS_sendmsg, fd, msg, flags);
	assert_in_range(hdr->nlmsg_len, 1, sizeof(fake.asked));
	memcpy(fake.asked, hdr, hdr->nlmsg_len);
	fake_clear();
	if (hdr->nlmsg_type == GENL_ID_CTRL)
		fake_family(hdr);
	else if (hdr->nlmsg_flags & NLM_F_DUMP)
		fake_dump(hdr);
	else
		fake_ack(hdr);
	return (ssize_t)msg->msg_iov->iov_len;
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	if (level == SOL_SOCKET && name == SO_RCVBUFFORCE)
		memcpy(&fake.forced, value, sizeof(fake.forced));
	return (int)syscall(SYS_setsockopt, fd, level, name, value, len);
}

/* An event that the kernel sends, once. */
static ssize_t fake_event(struct msghdr *msg, int flags)
{
	const struct nlmsghdr *news = fake.news ? nlmsg_hdr(fake.news) : NULL;
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	if (news && msg->msg_iov->iov_len >= news->nlmsg_len) {
		memcpy(msg->msg_iov->iov_base, news, news->nlmsg_len);
		memcpy(msg->msg_name, &kernel, sizeof(kernel));
		msg->msg_namelen = sizeof(kernel);
		msg->msg_controllen = 0;
		msg->msg_flags = 0;
		if (!(flags & MSG_PEEK)) {
			nlmsg_free(fake.news);
			fake.news = NULL;
			return (ssize_t)((struct nlmsghdr *)msg->msg_iov->iov_base)->nlmsg_len;
		}
		return (ssize_t)news->nlmsg_len;
	}
	errno = fake.lost ? ENOBUFS : EAGAIN;
	fake.lost = false;
	return -1;
}

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	const struct nlmsghdr *answer;
	size_t len;

	if (!fake.on)
		return syscall(SYS_recvmsg, fd, msg, flags);
	if (fd == fake.event_fd)
		return fake_event(msg, flags);
	assert_true(fake.at < fake.count);
	answer = nlmsg_hdr(fake.answers[fake.at]);
	len = answer->nlmsg_len;
	fake.at += !(flags & MSG_PEEK);
	msg->msg_flags = msg->msg_iov->iov_len < len ? MSG_TRUNC : 0;
	memcpy(msg->msg_iov->iov_base, answer,
	       msg->msg_iov->iov_len < len ? msg->msg_iov->iov_len : len);
	memcpy(msg->msg_name, &kernel, sizeof(kernel));
	msg->msg_namelen = sizeof(kernel);
	msg->msg_controllen = 0;
	return (ssize_t)len;
}

static struct {
	unsigned int expired[SAS + 1], hard, in, mappings;
	struct endpoint peer;
	uint32_t policy;
	unsigned int acquires;
	struct kern_event acquire;	/* the last one */
} seen;

static void on_event(void *ctx, const struct kern_event *ev)
{
	assert_int_equal(ev->device, 7);
	if (ev->cmd == ESPLANE_CMD_ACQUIRE) {
		seen.acquires++;
		seen.acquire = *ev;
		return;
	}
	assert_int_equal(ev->policy, 1000 + ev->spi);
	if (ev->cmd == ESPLANE_CMD_MAPPING) {
		seen.mappings++;
		seen.peer = ev->peer;
		seen.policy = ev->policy;
		return;
	}
	assert_int_equal(ev->cmd, ESPLANE_CMD_EXPIRE);
	assert_in_range(ev->spi, 1, SAS);
	seen.expired[ev->spi]++;
	seen.hard += ev->hard;
	seen.in += !ev->out;
}

static struct kern *found(void)
{
	struct kern *k = kern_new();
	char why[KERN_WHY_MAX];
	bool fresh;

	fake.on = true;
	fake.event_fd = -1;
	assert_int_equal(kern_ready(k, &fresh, why), 0);
	assert_true(fresh);
	fake.event_fd = kern_event_fd(k);
	return k;
}

static void lost_events_are_made_up_from_state(void **state)
{
	struct kern *k = found();
	char text[ADDR_STRLEN];

	memset(&seen, 0, sizeof(seen));
	assert_true(kern_event_read(k, on_event, NULL));	/* nothing is there */
	assert_int_equal(fake.dumps, 0);
	fake.lost = true;
	fake.interrupted = 2;
	assert_false(kern_event_read(k, on_event, NULL));
	assert_int_equal(fake.dumps, 3);
	for (unsigned int spi = 1; spi <= SAS; spi++)
		assert_int_equal(seen.expired[spi], 1);
	assert_int_equal(seen.hard, SAS / 3);
	assert_int_equal(seen.in, SAS / 2);
	assert_int_equal(seen.mappings, 1);
	assert_int_equal(seen.policy, 1011);
	assert_string_equal(endpoint_str(&seen.peer, text), "198.51.100.9:4501");
	/* policies 1 and 3; the packets themselves are not in the state */
	assert_int_equal(seen.acquires, 2);
	assert_int_equal(seen.acquire.policy, 3);
	assert_int_equal(seen.acquire.local_ts.start.family, 0);
	kern_free(k);
}

static void put_ts(struct nl_msg *msg, int type, uint8_t last, bool ports)
{
	struct nlattr *nest = nla_nest_start(msg, type);

	nla_put(msg, ESPLANE_TS_A_START, 4, (uint8_t[]){ 10, 1, 0, last });
	nla_put(msg, ESPLANE_TS_A_END, 4, (uint8_t[]){ 10, 1, 0, last });
	nla_put_u8(msg, ESPLANE_TS_A_PROTO, 17);
	if (ports) {
		nla_put_u16(msg, ESPLANE_TS_A_PORT_START, 5000 + last);
		nla_put_u16(msg, ESPLANE_TS_A_PORT_END, 5000 + last);
	}
	nla_nest_end(msg, nest);
}

/* What the packet is that waits; a fragment has no ports. */
static void a_packet_asks(void **state)
{
	struct kern *k = found();
	struct genlmsghdr hdr = { .cmd = ESPLANE_CMD_ACQUIRE, .version = 1 };
	char text[TS_STRLEN];

	for (int ports = 0; ports < 2; ports++) {
		memset(&seen, 0, sizeof(seen));
		fake.news = nlmsg_alloc();
		nlmsg_put(fake.news, 0, 0, FAMILY, 0, 0);
		nlmsg_append(fake.news, &hdr, sizeof(hdr), NLMSG_ALIGNTO);
		nla_put_u32(fake.news, ESPLANE_A_DEVICE_ID, 7);
		nla_put_u32(fake.news, ESPLANE_A_POLICY_ID, 5);
		put_ts(fake.news, ESPLANE_A_TS_LOCAL, 1, ports);
		put_ts(fake.news, ESPLANE_A_TS_REMOTE, 2, ports);
		assert_true(kern_event_read(k, on_event, NULL));
		assert_int_equal(seen.acquires, 1);
		assert_int_equal(seen.acquire.policy, 5);
		assert_string_equal(ts_str(&seen.acquire.local_ts, text),
				    ports ? "10.1.0.1[udp/5001]" : "10.1.0.1[udp]");
		assert_string_equal(ts_str(&seen.acquire.remote_ts, text),
				    ports ? "10.1.0.2[udp/5002]" : "10.1.0.2[udp]");
	}
	kern_free(k);
}

/*
 * The policy that is asked for is behind where an interrupted dump ended. Packets from elsewhere,
 * which make its SA less idle, do not count.
 */
static void idle_time_of_all(void **state)
{
	struct kern *k = found();

	fake.dumps = 0;
	fake.interrupted = 1;
	assert_int_equal(kern_policy_idle(k, 7, 1299), 5000 - 299);
	assert_int_equal(fake.dumps, 2);
	kern_free(k);
}

static void there_is_room_for_events(void **state)
{
	struct kern *k = found();
	int octets = 0;
	socklen_t len = sizeof(octets);

	assert_int_equal(getsockopt(kern_event_fd(k), SOL_SOCKET, SO_RCVBUF, &octets, &len), 0);
	assert_true(octets >= 8 << 20);
	assert_int_equal(fake.forced, 8 << 20);
	kern_free(k);
}

/* One attribute of the last request; NULL: it is not there. */
static struct nlattr *asked(int type)
{
	return nlmsg_find_attr((struct nlmsghdr *)fake.asked, GENL_HDRLEN, type);
}

/* The same of the policy in it. */
static struct nlattr *asked_of_policy(int type)
{
	struct nlattr *policy = asked(ESPLANE_A_POLICY);

	assert_non_null(policy);
	return nla_find(nla_data(policy), nla_len(policy), type);
}

/* fwmark in the configuration is for ESP too, not only for IKE. */
static void policy_has_its_mark(void **state)
{
	struct kern_policy policy = { .id = 5, .mark = 0x2a };
	struct kern *k = found();
	char why[KERN_WHY_MAX];
	struct nlattr *mark;

	addr_parse(&policy.local.addr, "192.0.2.1");
	addr_parse(&policy.remote.addr, "192.0.2.2");
	assert_int_equal(kern_policy_set(k, 7, &policy, why), 0);
	assert_int_equal(nla_get_u32(asked(ESPLANE_A_DEVICE_ID)), 7);
	assert_null(asked(ESPLANE_A_IFINDEX));
	mark = asked_of_policy(ESPLANE_POLICY_A_MARK);
	assert_non_null(mark);
	assert_int_equal(nla_len(mark), 4);
	assert_int_equal(nla_get_u32(mark), 0x2a);
	policy.mark = 0;
	assert_int_equal(kern_policy_set(k, 7, &policy, why), 0);
	assert_null(asked_of_policy(ESPLANE_POLICY_A_MARK));
	kern_free(k);
}

/* What a child may have goes to the module whole. */
static void policy_has_all_selectors(void **state)
{
	struct kern_policy policy = { .id = 5 };
	struct kern *k = found();
	struct ts ts[TS_LIST_MAX];
	unsigned int locals = 0, remotes = 0;
	char text[TS_STRLEN], why[KERN_WHY_MAX];
	const char *detail;
	struct nlattr *at;
	int left;

	addr_parse(&policy.local.addr, "192.0.2.1");
	addr_parse(&policy.remote.addr, "192.0.2.2");
	for (unsigned int i = 0; i < TS_LIST_MAX; i++) {
		snprintf(text, sizeof(text), "10.2.%u.0/24[tcp/80]", i);
		assert_true(ts_parse(&ts[i], text, &detail));
	}
	policy.local_ts = ts_list_new(ts, TS_LIST_MAX);
	policy.remote_ts = ts_list_new(ts, TS_LIST_MAX);
	assert_int_equal(kern_policy_set(k, 7, &policy, why), 0);
	nla_for_each_nested(at, asked(ESPLANE_A_POLICY), left) {
		locals += nla_type(at) == ESPLANE_POLICY_A_LOCAL_TS;
		remotes += nla_type(at) == ESPLANE_POLICY_A_REMOTE_TS;
	}
	assert_int_equal(locals, TS_LIST_MAX);
	assert_int_equal(remotes, TS_LIST_MAX);
	ts_list_put((struct ts_list *)policy.local_ts);
	ts_list_put((struct ts_list *)policy.remote_ts);
	kern_free(k);
}

/* Peers choose outbound SPIs: only with its policy's number it is one SA that is meant. */
static void outbound_sa_is_named_with_its_policy(void **state)
{
	struct kern *k = found();
	struct kern_sa_info info;
	char why[KERN_WHY_MAX];

	assert_int_equal(kern_sa_del(k, 7, 5, 0x1234, true, why), 0);
	assert_non_null(asked(ESPLANE_A_POLICY_ID));
	assert_int_equal(nla_get_u32(asked(ESPLANE_A_POLICY_ID)), 5);
	assert_int_equal(nla_get_u32(asked(ESPLANE_A_SPI)), 0x1234);
	assert_int_equal(kern_sa_get(k, 7, 6, 0x1234, true, &info, why), 0);
	assert_int_equal(nla_get_u32(asked(ESPLANE_A_POLICY_ID)), 6);
	/* an inbound SPI may be one that is only reserved: of no policy */
	assert_int_equal(kern_sa_del(k, 7, 5, 0x1234, false, why), 0);
	assert_null(asked(ESPLANE_A_POLICY_ID));
	kern_free(k);
}

static int done(void **state)
{
	fake_clear();
	fake.on = false;
	return 0;
}

#define TEST(f)	cmocka_unit_test_teardown(f, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(not_found_yet),
		TEST(lost_events_are_made_up_from_state),
		TEST(a_packet_asks),
		TEST(idle_time_of_all),
		TEST(there_is_room_for_events),
		TEST(policy_has_its_mark),
		TEST(policy_has_all_selectors),
		TEST(outbound_sa_is_named_with_its_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
