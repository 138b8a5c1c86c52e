// SPDX-License-Identifier: GPL-2.0
#include "decode.h"

#include <net/genetlink.h>
#include <net/ipv6.h>

#include "attrs.h"
#include "core/policy.h"
#include "path/encap.h"

/* Says what is wrong, and where in the message. */
static int decode_refuse(struct netlink_ext_ack *extack, const struct nlattr *attr, const char *why,
			 int err)
{
	extack->bad_attr = attr;
	extack->_msg = why;
	return err;
}

/* IPv4 or IPv6 by its length. The port stays. */
static int decode_outer(struct espl_outer *to, const struct nlattr *attr,
			struct netlink_ext_ack *extack)
{
	struct in6_addr v6;
	__be32 v4;
	bool ok;

	if (nla_len(attr) == sizeof(v4)) {
		v4 = nla_get_in_addr(attr);
		ok = !ipv4_is_zeronet(v4) && !ipv4_is_multicast(v4) && !ipv4_is_lbcast(v4);
		espl_outer_set_v4(to, v4, to->port);
	} else if (nla_len(attr) == sizeof(v6)) {
		v6 = nla_get_in6_addr(attr);
		ok = !ipv6_addr_any(&v6) && !ipv6_addr_is_multicast(&v6) &&
		     !ipv6_addr_v4mapped(&v6);
		espl_outer_set_v6(to, &v6, to->port);
	} else {
		return decode_refuse(extack, attr, "An address is 4 or 16 octets", -EINVAL);
	}
	if (!ok)
		return decode_refuse(extack, attr, "An outer address must be unicast", -EINVAL);
	if (to->family == AF_INET6 && ipv6_addr_type(&to->addr.v6) & IPV6_ADDR_LINKLOCAL)
		return decode_refuse(extack, attr,
				     "An outer address cannot be link-local: give a global or a unique local one",
				     -EINVAL);
	return 0;
}

static int decode_check_ports(const struct espl_endpoint *ep, struct nlattr *const *tb,
			      struct netlink_ext_ack *extack)
{
	struct nlattr *local = tb[ESPLANE_POLICY_A_LOCAL_PORT];
	struct nlattr *remote = tb[ESPLANE_POLICY_A_REMOTE_PORT];

	if (ep->encap == ESPLANE_ENCAP_UDP && (!ep->local.port || !ep->remote.port))
		return decode_refuse(extack, tb[ESPLANE_POLICY_A_ENCAP],
				     "Encapsulation in UDP needs LOCAL_PORT and REMOTE_PORT",
				     -EINVAL);
	if (ep->encap != ESPLANE_ENCAP_UDP && (local || remote))
		return decode_refuse(extack, local ?: remote, "Ports are for ENCAP udp only",
				     -EINVAL);
	return 0;
}

static int decode_check_endpoint(const struct espl_endpoint *ep, struct nlattr *const *tb,
				 const struct nlattr *nest, struct netlink_ext_ack *extack)
{
	const char *lacks;

	if (!ep->local.family || !ep->remote.family)
		return decode_refuse(extack, tb[ESPLANE_POLICY_A_ID],
				     "A new policy needs LOCAL_ADDR and REMOTE_ADDR", -EINVAL);
	if (ep->local.family != ep->remote.family)
		return decode_refuse(extack, nest,
				     "LOCAL_ADDR and REMOTE_ADDR must be both IPv4 or both IPv6",
				     -EINVAL);
	lacks = espl_encap_lacks(ep);
	if (lacks)
		return decode_refuse(extack, nest, lacks, -EOPNOTSUPP);
	return decode_check_ports(ep, tb, extack);
}

static int decode_fill_endpoint(struct espl_endpoint *ep, struct nlattr *const *tb,
				const struct nlattr *nest, struct netlink_ext_ack *extack)
{
	int err = 0;

	if (tb[ESPLANE_POLICY_A_MODE])
		ep->mode = nla_get_u8(tb[ESPLANE_POLICY_A_MODE]);
	if (tb[ESPLANE_POLICY_A_MARK])
		ep->mark = nla_get_u32(tb[ESPLANE_POLICY_A_MARK]);
	if (tb[ESPLANE_POLICY_A_ENCAP])
		ep->encap = nla_get_u8(tb[ESPLANE_POLICY_A_ENCAP]);
	if (tb[ESPLANE_POLICY_A_LOCAL_PORT])
		ep->local.port = cpu_to_be16(nla_get_u16(tb[ESPLANE_POLICY_A_LOCAL_PORT]));
	if (tb[ESPLANE_POLICY_A_REMOTE_PORT])
		ep->remote.port = cpu_to_be16(nla_get_u16(tb[ESPLANE_POLICY_A_REMOTE_PORT]));
	if (tb[ESPLANE_POLICY_A_LOCAL_ADDR])
		err = decode_outer(&ep->local, tb[ESPLANE_POLICY_A_LOCAL_ADDR], extack);
	if (!err && tb[ESPLANE_POLICY_A_REMOTE_ADDR])
		err = decode_outer(&ep->remote, tb[ESPLANE_POLICY_A_REMOTE_ADDR], extack);
	if (!err)
		err = decode_check_endpoint(ep, tb, nest, extack);
	if (!err && ep->encap != ESPLANE_ENCAP_UDP)
		ep->local.port = ep->remote.port = 0;
	return err;
}

static bool decode_has_endpoint(struct nlattr *const *tb)
{
	static const u8 attrs[] = {
		ESPLANE_POLICY_A_MODE, ESPLANE_POLICY_A_MARK, ESPLANE_POLICY_A_ENCAP,
		ESPLANE_POLICY_A_LOCAL_ADDR, ESPLANE_POLICY_A_LOCAL_PORT,
		ESPLANE_POLICY_A_REMOTE_ADDR, ESPLANE_POLICY_A_REMOTE_PORT,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(attrs); i++)
		if (tb[attrs[i]])
			return true;
	return false;
}

static int decode_endpoint(struct nlattr *const *tb, const struct nlattr *nest,
			   const struct espl_endpoint *old, struct espl_endpoint **to,
			   struct netlink_ext_ack *extack)
{
	struct espl_endpoint *ep;
	int err;

	*to = NULL;
	if (old && !decode_has_endpoint(tb))
		return 0;

	ep = espl_endpoint_alloc();
	if (!ep)
		return -ENOMEM;
	if (old) {
		ep->local = old->local;
		ep->remote = old->remote;
		ep->mark = old->mark;
		ep->encap = old->encap;
		ep->mode = old->mode;
	}
	err = decode_fill_endpoint(ep, tb, nest, extack);
	if (err)
		espl_endpoint_free(ep);
	else
		*to = ep;
	return err;
}

static int decode_ports(struct espl_ts *ts, struct nlattr *const *tb, const struct nlattr *nest,
			struct netlink_ext_ack *extack)
{
	ts->port_end = U16_MAX;
	if (tb[ESPLANE_TS_A_PORT_START])
		ts->port_start = nla_get_u16(tb[ESPLANE_TS_A_PORT_START]);
	if (tb[ESPLANE_TS_A_PORT_END])
		ts->port_end = nla_get_u16(tb[ESPLANE_TS_A_PORT_END]);

	/* RFC 7296 3.13.1: 65535 to 0 is OPAQUE. */
	if (ts->port_start > ts->port_end && !(ts->port_start == U16_MAX && !ts->port_end))
		return decode_refuse(extack, nest, "PORT_START lies above PORT_END", -EINVAL);
	if (!ts->proto && (ts->port_start || ts->port_end != U16_MAX))
		return decode_refuse(extack, nest, "Ports need a PROTO", -EINVAL);
	return 0;
}

static int decode_ts(struct espl_ts *ts, const struct nlattr *nest,
		     struct netlink_ext_ack *extack)
{
	struct nlattr *tb[ESPLANE_TS_A_MAX + 1], *start, *end;
	int err, len;

	err = nla_parse_nested(tb, ESPLANE_TS_A_MAX, nest, espl_attrs_nest_ts, extack);
	if (err)
		return err;
	start = tb[ESPLANE_TS_A_START];
	end = tb[ESPLANE_TS_A_END];
	if (!start || !end)
		return decode_refuse(extack, nest, "A traffic selector needs START and END",
				     -EINVAL);
	len = nla_len(start);
	if (len != nla_len(end) || (len != sizeof(ts->start.v4) && len != sizeof(ts->start.v6)))
		return decode_refuse(extack, nest, "START and END must be both 4 or both 16 octets",
				     -EINVAL);

	memset(ts, 0, sizeof(*ts));
	ts->family = len == sizeof(ts->start.v4) ? AF_INET : AF_INET6;
	memcpy(&ts->start, nla_data(start), len);
	memcpy(&ts->end, nla_data(end), len);
	if (memcmp(&ts->start, &ts->end, len) > 0)
		return decode_refuse(extack, nest, "START lies above END", -EINVAL);
	if (tb[ESPLANE_TS_A_PROTO])
		ts->proto = nla_get_u8(tb[ESPLANE_TS_A_PROTO]);
	return decode_ports(ts, tb, nest, extack);
}

static unsigned int decode_count_type(const struct nlattr *nest, int type)
{
	const struct nlattr *attr;
	unsigned int n = 0;
	int rem;

	nla_for_each_nested(attr, nest, rem)
		n += nla_type(attr) == type;
	return n;
}

/* All of one side to @to; of a side that is not given, what it was. */
static int decode_fill_side(struct espl_ts *to, const struct nlattr *nest, int type,
			    const struct espl_ts *was, unsigned int n,
			    struct netlink_ext_ack *extack)
{
	const struct nlattr *attr;
	int err, rem;

	if (was) {
		memcpy(to, was, n * sizeof(*to));
		return 0;
	}
	nla_for_each_nested(attr, nest, rem) {
		if (nla_type(attr) != type)
			continue;
		err = decode_ts(to++, attr, extack);
		if (err)
			return err;
	}
	return 0;
}

static int decode_selectors(const struct nlattr *nest, struct espl_policy *policy,
			    const struct espl_ts_set *old, struct espl_ts_set **to,
			    struct netlink_ext_ack *extack)
{
	unsigned int nlocal = decode_count_type(nest, ESPLANE_POLICY_A_LOCAL_TS);
	unsigned int nremote = decode_count_type(nest, ESPLANE_POLICY_A_REMOTE_TS);
	const struct espl_ts *local = NULL, *remote = NULL;
	struct espl_ts_set *set;
	int err;

	*to = NULL;
	if (old && !nlocal && !nremote)
		return 0;
	if (old && !nlocal) {
		local = old->ts;
		nlocal = old->nlocal;
	}
	if (old && !nremote) {
		remote = old->ts + old->nlocal;
		nremote = old->nremote;
	}
	if (!nlocal || !nremote)
		return decode_refuse(extack, nest, "A new policy needs LOCAL_TS and REMOTE_TS",
				     -EINVAL);
	if (nlocal > ESPLANE_TS_MAX || nremote > ESPLANE_TS_MAX)
		return decode_refuse(extack, nest, "A side has at most 256 traffic selectors",
				     -E2BIG);

	set = espl_ts_set_alloc(policy, nlocal, nremote);
	if (!set)
		return -ENOMEM;
	err = decode_fill_side(set->ts, nest, ESPLANE_POLICY_A_LOCAL_TS, local, nlocal, extack);
	if (!err)
		err = decode_fill_side(set->ts + nlocal, nest, ESPLANE_POLICY_A_REMOTE_TS, remote,
				       nremote, extack);
	if (err)
		espl_ts_set_free(set);
	else
		*to = set;
	return err;
}

static bool decode_holds(const struct espl_ts *ts, unsigned int n, const struct espl_outer *end)
{
	for (; n--; ts++)
		if (ts->family == end->family &&
		    memcmp(&ts->start, &end->addr, sizeof(end->addr)) <= 0 &&
		    memcmp(&end->addr, &ts->end, sizeof(end->addr)) <= 0)
			return true;
	return false;
}

/*
 * Transport mode carries packets between the two outer addresses, whatever else the selectors
 * hold: with NAT they may be wider. Without these two it would carry nothing.
 */
static int decode_check_transport(const struct espl_endpoint *ep, const struct espl_ts_set *ts,
				  const struct nlattr *nest, struct netlink_ext_ack *extack)
{
	if (ep->mode != ESPLANE_MODE_TRANSPORT ||
	    (decode_holds(ts->ts, ts->nlocal, &ep->local) &&
	     decode_holds(ts->ts + ts->nlocal, ts->nremote, &ep->remote)))
		return 0;
	return decode_refuse(extack, nest,
			     "In transport mode a LOCAL_TS must hold LOCAL_ADDR, and a REMOTE_TS REMOTE_ADDR",
			     -EINVAL);
}

int espl_decode_policy(struct nlattr *const *tb, const struct nlattr *nest,
		       struct espl_policy *old, struct espl_endpoint **ep,
		       struct espl_ts_set **ts, struct netlink_ext_ack *extack)
{
	const struct espl_endpoint *old_ep = NULL;
	const struct espl_ts_set *old_ts = NULL;
	int err;

	if (old) {
		struct mutex *lock = &old->dev->lock;

		old_ep = rcu_dereference_protected(old->endpoint, lockdep_is_held(lock));
		old_ts = rcu_dereference_protected(old->ts, lockdep_is_held(lock));
	}
	err = decode_endpoint(tb, nest, old_ep, ep, extack);
	if (err)
		return err;
	err = decode_selectors(nest, old, old_ts, ts, extack);
	if (!err)
		err = decode_check_transport(*ep ?: old_ep, *ts ?: old_ts, nest, extack);
	if (err) {
		espl_endpoint_free(*ep);
		espl_ts_set_free(*ts);
	}
	return err;
}

static int decode_suite(struct espl_sa_config *cfg, struct nlattr *const *tb,
			const struct nlattr *nest, struct netlink_ext_ack *extack)
{
	const struct nlattr *encr_key = tb[ESPLANE_SA_A_ENCR_KEY];
	const struct nlattr *integ_key = tb[ESPLANE_SA_A_INTEG_KEY];
	u16 integ = tb[ESPLANE_SA_A_INTEG] ? nla_get_u16(tb[ESPLANE_SA_A_INTEG]) : 0;
	const struct espl_suite *suite = &cfg->suite;

	if (!tb[ESPLANE_SA_A_ENCR])
		return decode_refuse(extack, nest, "An SA needs ENCR", -EINVAL);
	if (!espl_suite_find(&cfg->suite, nla_get_u16(tb[ESPLANE_SA_A_ENCR]),
			     encr_key ? nla_len(encr_key) : 0, integ))
		return decode_refuse(extack, encr_key ?: nest,
				     "No suite has this ENCR, length of ENCR_KEY and INTEG: see INFO",
				     -EOPNOTSUPP);
	if (!suite->integ && integ_key)
		return decode_refuse(extack, integ_key, "An AEAD takes no INTEG_KEY", -EINVAL);
	if (suite->integ && (!integ_key || nla_len(integ_key) != suite->integ->key_len))
		return decode_refuse(extack, integ_key ?: nest,
				     "INTEG_KEY must be as long as INTEG's keys are: see INFO",
				     -EINVAL);
	cfg->encr_key = encr_key ? nla_data(encr_key) : NULL;
	cfg->integ_key = integ_key ? nla_data(integ_key) : NULL;
	return 0;
}

static u64 decode_u64(struct nlattr *const *tb, int attr)
{
	return tb[attr] ? nla_get_u64(tb[attr]) : 0;
}

static bool decode_soft_above_hard(u64 soft, u64 hard)
{
	return hard && soft > hard;
}

static int decode_limits(struct espl_sa_config *cfg, struct nlattr *const *tb,
			 const struct nlattr *nest, struct netlink_ext_ack *extack)
{
	cfg->soft.bytes = decode_u64(tb, ESPLANE_SA_A_SOFT_BYTES);
	cfg->hard.bytes = decode_u64(tb, ESPLANE_SA_A_HARD_BYTES);
	cfg->soft.packets = decode_u64(tb, ESPLANE_SA_A_SOFT_PACKETS);
	cfg->hard.packets = decode_u64(tb, ESPLANE_SA_A_HARD_PACKETS);
	cfg->soft.seconds = decode_u64(tb, ESPLANE_SA_A_SOFT_SECONDS);
	cfg->hard.seconds = decode_u64(tb, ESPLANE_SA_A_HARD_SECONDS);
	if (decode_soft_above_hard(cfg->soft.bytes, cfg->hard.bytes) ||
	    decode_soft_above_hard(cfg->soft.packets, cfg->hard.packets) ||
	    decode_soft_above_hard(cfg->soft.seconds, cfg->hard.seconds))
		return decode_refuse(extack, nest, "A soft limit lies above its hard limit",
				     -EINVAL);
	return 0;
}

static int decode_sequence(struct espl_sa_config *cfg, struct nlattr *const *tb,
			   struct netlink_ext_ack *extack)
{
	struct nlattr *window = tb[ESPLANE_SA_A_REPLAY_WINDOW];

	cfg->esn = nla_get_flag(tb[ESPLANE_SA_A_ESN]);
	cfg->start_seq = decode_u64(tb, ESPLANE_SA_A_START_SEQ);
	if (!cfg->esn && cfg->start_seq > U32_MAX)
		return decode_refuse(extack, tb[ESPLANE_SA_A_START_SEQ],
				     "START_SEQ above 4294967295 needs ESN", -EINVAL);
	if (cfg->start_seq >= espl_sa_last_seq(cfg->esn))
		return decode_refuse(extack, tb[ESPLANE_SA_A_START_SEQ],
				     "START_SEQ leaves no sequence number: make a new SA with a new key",
				     -EINVAL);
	if (window && cfg->dir == ESPLANE_DIR_OUT)
		return decode_refuse(extack, window, "REPLAY_WINDOW is for SA_IN only", -EINVAL);
	cfg->replay_window = window ? nla_get_u32(window) : ESPL_REPLAY_DEFAULT;
	return 0;
}

int espl_decode_sa(struct espl_sa_config *cfg, const struct nlattr *nest, u8 dir,
		   struct netlink_ext_ack *extack)
{
	struct nlattr *tb[ESPLANE_SA_A_MAX + 1];
	int err;

	memset(cfg, 0, sizeof(*cfg));
	cfg->dir = dir;
	err = nla_parse_nested(tb, ESPLANE_SA_A_MAX, nest, espl_attrs_nest_sa, extack);
	if (err)
		return err;
	if (!tb[ESPLANE_SA_A_SPI])
		return decode_refuse(extack, nest, "An SA needs an SPI", -EINVAL);
	cfg->spi = cpu_to_be32(nla_get_u32(tb[ESPLANE_SA_A_SPI]));
	err = decode_suite(cfg, tb, nest, extack);
	if (!err)
		err = decode_limits(cfg, tb, nest, extack);
	if (!err)
		err = decode_sequence(cfg, tb, extack);
	return err;
}

void espl_decode_wipe(const struct genl_info *info)
{
	/* The whole of it: a request that did not parse may hold a key anywhere. */
	memzero_explicit(nlmsg_attrdata(info->nlhdr, GENL_HDRLEN),
			 nlmsg_attrlen(info->nlhdr, GENL_HDRLEN));
}
