// SPDX-License-Identifier: GPL-2.0
#include "esplaned/nl/nltalk.h"

#include <errno.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

struct talk {
	uint32_t seq;		/* of the request */
	int err;		/* negative errno */
	bool done, interrupted;
	char *why;
};

struct nl_sock *nltalk_open(int protocol)
{
	struct nl_sock *sk = nl_socket_alloc();
	int one = 1, err;

	if (!sk) {
		errno = ENOMEM;
		return NULL;
	}
	err = nl_connect(sk, protocol);
	if (err) {
		errno = err == -NLE_PERM ? EPERM : EPROTONOSUPPORT;
		nl_socket_free(sk);
		return NULL;
	}
	/* Kernels before 4.12 and 4.2 do without: errors are numbers then. */
	setsockopt(nl_socket_get_fd(sk), SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(nl_socket_get_fd(sk), SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	/* Since 4.20; before, callers get more than they asked for. */
	if (protocol == NETLINK_ROUTE)
		setsockopt(nl_socket_get_fd(sk), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one,
			   sizeof(one));
	nl_socket_disable_seq_check(sk);
	return sk;
}

struct nl_msg *nltalk_request(int type, int flags)
{
	struct nl_msg *msg = nlmsg_alloc_size(NLTALK_OCTETS);

	if (msg && nlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, type, 0, flags))
		return msg;
	nlmsg_free(msg);
	return NULL;
}

/*
 * The text the kernel adds to an error: attributes behind struct nlmsgerr, and behind the request
 * unless that is capped.
 */
static void nltalk_extack_copy(const struct nlmsghdr *hdr, const struct nlmsgerr *err, char *why)
{
	size_t skip = sizeof(*err);
	struct nlattr *attr;
	int left;

	if (!(hdr->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(hdr->nlmsg_flags & NLM_F_CAPPED))
		skip += err->msg.nlmsg_len - NLMSG_HDRLEN;
	left = (int)nlmsg_datalen(hdr) - (int)NLMSG_ALIGN(skip);
	if (left <= 0)
		return;
	attr = nla_find((struct nlattr *)((char *)nlmsg_data(hdr) + NLMSG_ALIGN(skip)), left,
			NLMSGERR_ATTR_MSG);
	if (attr)
		nla_strlcpy(why, attr, NLTALK_WHY_MAX);
}

static int nltalk_on_error(struct sockaddr_nl *from, struct nlmsgerr *err, void *arg)
{
	const struct nlmsghdr *hdr = (const void *)((const char *)err - NLMSG_HDRLEN);
	struct talk *talk = arg;

	talk->err = err->error;
	talk->done = true;
	if (talk->why) {
		talk->why[0] = '\0';
		nltalk_extack_copy(hdr, err, talk->why);
	}
	return NL_STOP;
}

/* An acknowledgment, or the end of a dump, which may say that it broke off. */
static int nltalk_on_done(struct nl_msg *msg, void *arg)
{
	const struct nlmsghdr *hdr = nlmsg_hdr(msg);
	struct talk *talk = arg;
	int32_t err;

	talk->done = true;
	if (hdr->nlmsg_type == NLMSG_DONE && nlmsg_datalen(hdr) >= (int)sizeof(err)) {
		memcpy(&err, nlmsg_data(hdr), sizeof(err));
		talk->err = err < 0 ? err : 0;
	}
	return NL_STOP;
}

/* NLM_F_DUMP_INTR. The rest of the dump is read all the same: else it is in the way of the next. */
static int nltalk_on_interrupted(struct nl_msg *msg, void *arg)
{
	((struct talk *)arg)->interrupted = true;
	return NL_OK;
}

/* What is left of an older answer is skipped: as an error it would stand in the way for ever. */
static int nltalk_on_seq(struct nl_msg *msg, void *arg)
{
	return nlmsg_hdr(msg)->nlmsg_seq == ((struct talk *)arg)->seq ? NL_OK : NL_SKIP;
}

int nltalk(struct nl_sock *sk, struct nl_msg *msg, nl_recvmsg_msg_cb_t valid, void *arg,
	   char why[NLTALK_WHY_MAX])
{
	struct talk talk = { .why = why };
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int n;

	if (!cb || !msg) {
		nlmsg_free(msg);
		nl_cb_put(cb);
		snprintf(why, NLTALK_WHY_MAX, "no memory");
		return -ENOMEM;
	}
	nl_cb_err(cb, NL_CB_CUSTOM, nltalk_on_error, &talk);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, nltalk_on_done, &talk);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, nltalk_on_done, &talk);
	nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, nltalk_on_seq, &talk);
	nl_cb_set(cb, NL_CB_DUMP_INTR, NL_CB_CUSTOM, nltalk_on_interrupted, &talk);
	if (valid)
		nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, valid, arg);
	why[0] = '\0';
	n = nl_send_auto(sk, msg);
	talk.seq = nlmsg_hdr(msg)->nlmsg_seq;
	nlmsg_free(msg);
	while (n >= 0 && !talk.done)
		n = nl_recvmsgs(sk, cb);
	nl_cb_put(cb);
	if (!talk.done && n < 0) {
		snprintf(why, NLTALK_WHY_MAX, "netlink: %s", nl_geterror(n));
		return n == -NLE_NOMEM ? -ENOBUFS : -EIO;
	}
	if (talk.interrupted && !talk.err) {
		snprintf(why, NLTALK_WHY_MAX, "what was asked for changed while it was read");
		return -EAGAIN;
	}
	if (talk.err && !why[0])
		snprintf(why, NLTALK_WHY_MAX, "%s", strerror(-talk.err));
	return talk.err;
}
