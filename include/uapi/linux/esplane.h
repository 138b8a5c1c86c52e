/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* Generated from Documentation/netlink/esplane.yaml by generate.py beside it: change that. */
/*
 * The generic-netlink contract between esplane.ko and its users. Integers are in host byte order,
 * addresses are octets in network order. Every request needs CAP_NET_ADMIN in the user namespace
 * of the network namespace it is sent from, and of the one the device lives in; SPI_ALLOC, and
 * POLICY_SET with any part of the endpoint, also of the one the device was born in. Where a
 * request has IFINDEX it may have DEVICE_ID instead. Documentation/netlink.md explains it.
 */
#ifndef _UAPI_LINUX_ESPLANE_H
#define _UAPI_LINUX_ESPLANE_H

#define ESPLANE_GENL_NAME	"esplane"
#define ESPLANE_GENL_VERSION	1
#define ESPLANE_MCGRP_EVENTS	"events"

/* The kind of the network interface, for rtnetlink. */
#define ESPLANE_LINK_KIND	"esplane"

/* RFC 4303 2.1, 1 to 255 are reserved. */
#define ESPLANE_SPI_MIN	256

/* Octets, the longest ENCR key with its salt, or INTEG key. */
#define ESPLANE_KEY_MAX	68

/* Packets, the smallest replay window. */
#define ESPLANE_REPLAY_MIN	32

/* Packets, the largest one. */
#define ESPLANE_REPLAY_MAX	8192

/* Traffic selectors on one side of a policy. */
#define ESPLANE_TS_MAX	256

/* On a device. */
#define ESPLANE_POLICIES_MAX	16384

/* Inbound, of a device, reserved or with their SA. */
#define ESPLANE_SPIS_MAX	65536

/* Inbound SAs of a policy. */
#define ESPLANE_IN_MAX	256

/* Operations, what they carry and -> what the answer carries; then the events. */
enum {
	ESPLANE_CMD_UNSPEC,
	/* Installs an inbound SA, an outbound one, or both; all or nothing. */
	ESPLANE_CMD_SA_ADD,		/* IFINDEX, DEVICE_ID, POLICY_ID, SA_IN, SA_OUT */
	/* What this kernel can do; with ifindex, the drop counters of that device too. */
	/* IFINDEX, DEVICE_ID -> VERSION, ALGORITHM, IFINDEX, DEVICE_ID, STATS */
	ESPLANE_CMD_INFO,
	/* Makes a policy, or changes the endpoint or selectors of one; it keeps its SAs. */
	ESPLANE_CMD_POLICY_SET,		/* IFINDEX, DEVICE_ID, POLICY */
	/* Removes a policy with every SA of it. */
	ESPLANE_CMD_POLICY_DEL,		/* IFINDEX, DEVICE_ID, POLICY_ID */
	/* One policy; dump, all that this namespace can see, or those of ifindex. */
	/* IFINDEX, DEVICE_ID, POLICY_ID -> IFINDEX, DEVICE_ID, POLICY */
	ESPLANE_CMD_POLICY_GET,
	/* Reserves an inbound SPI, the given one or a random one. */
	ESPLANE_CMD_SPI_ALLOC,		/* IFINDEX, DEVICE_ID, SPI -> SPI */
	/*
	 * Removes an SA, or (dir in) a reservation; policy-id if policies share the outbound SPI.
	 */
	ESPLANE_CMD_SA_DEL,		/* IFINDEX, DEVICE_ID, SPI, DIR, POLICY_ID */
	/*
	 * One SA, named as in sa-del; dump, all that this namespace can see, or those of ifindex.
	 */
	/*
	 * IFINDEX, DEVICE_ID, SPI, DIR, POLICY_ID -> IFINDEX, DEVICE_ID, POLICY_ID, PEER_ADDR,
	 * PEER_PORT, SA_IN, SA_OUT
	 */
	ESPLANE_CMD_SA_GET,
	/* From now on the module takes the ESP in UDP that this socket receives. */
	ESPLANE_CMD_SOCKET_ATTACH,	/* SOCKET_FD */
	/*
	 * Removes policies, SAs and reservations; without ifindex of all devices, and detaches the
	 * sockets.
	 */
	ESPLANE_CMD_FLUSH,		/* IFINDEX, DEVICE_ID */
	/* A packet waits for an outbound SA. */
	ESPLANE_CMD_ACQUIRE,		/* IFINDEX, DEVICE_ID, POLICY_ID, TS_LOCAL, TS_REMOTE */
	/* An SA has reached a limit. */
	ESPLANE_CMD_EXPIRE,		/* IFINDEX, DEVICE_ID, POLICY_ID, SPI, DIR, LIMIT, HARD */
	/* An authenticated packet came from another address or port; these are the new ones. */
	/* IFINDEX, DEVICE_ID, POLICY_ID, SPI, PEER_ADDR, PEER_PORT */
	ESPLANE_CMD_MAPPING,
	/* A packet for an SPI that nobody has; unauthenticated, rate limited. */
	ESPLANE_CMD_INVALID_SPI,	/* SPI, PEER_ADDR, PEER_PORT */
	/* A policy was removed. */
	ESPLANE_CMD_POLICY_GONE,	/* IFINDEX, DEVICE_ID, POLICY_ID */
	/* A device was removed, with all that it had. */
	ESPLANE_CMD_DEVICE_GONE,	/* IFINDEX, DEVICE_ID */
	__ESPLANE_CMD_MAX
};
#define ESPLANE_CMD_MAX (__ESPLANE_CMD_MAX - 1)

enum esplane_dir {
	ESPLANE_DIR_IN = 1,
	ESPLANE_DIR_OUT,
};

enum esplane_encap {
	ESPLANE_ENCAP_NONE,		/* ESP as IP protocol 50 */
	ESPLANE_ENCAP_UDP,		/* RFC 3948 */
};

enum esplane_mode {
	ESPLANE_MODE_TUNNEL,		/* A whole IP packet inside */
	/* What follows the IP header, between the two outer addresses */
	ESPLANE_MODE_TRANSPORT,
};

enum esplane_limit {
	ESPLANE_LIMIT_BYTES,
	ESPLANE_LIMIT_PACKETS,
	ESPLANE_LIMIT_SECONDS,		/* Since the SA was added */
	ESPLANE_LIMIT_SEQUENCE,		/* The sequence numbers are used up, always hard */
};

/* At the top of every message. */
enum {
	ESPLANE_A_UNSPEC,
	/* u32. Of the device, in the namespace of the sender or of its birth */
	ESPLANE_A_IFINDEX,
	ESPLANE_A_POLICY,		/* nest of ESPLANE_POLICY_A_* */
	ESPLANE_A_POLICY_ID,		/* u32. Chosen by the user, unique on the device */
	ESPLANE_A_SA_IN,		/* nest of ESPLANE_SA_A_* */
	ESPLANE_A_SA_OUT,		/* nest of ESPLANE_SA_A_* */
	ESPLANE_A_SPI,			/* u32 */
	ESPLANE_A_DIR,			/* u8, enum esplane_dir */
	ESPLANE_A_SOCKET_FD,		/* u32. A bound UDP socket of the sender */
	ESPLANE_A_VERSION,		/* string. Of the module */
	ESPLANE_A_ALGORITHM,		/* nest of ESPLANE_ALGORITHM_A_*, repeated */
	ESPLANE_A_LIMIT,		/* u8, enum esplane_limit */
	ESPLANE_A_HARD,			/* flag. The hard limit; absent, the soft one */
	/*
	 * Where the peer's packets come from, 4 or 16 octets; in sa-get only if not from where the
	 * policy says
	 */
	ESPLANE_A_PEER_ADDR,
	ESPLANE_A_PEER_PORT,		/* u16 */
	/* nest of ESPLANE_TS_A_*. Of the packet that asks for an SA */
	ESPLANE_A_TS_LOCAL,
	/* nest of ESPLANE_TS_A_*. Of the packet that asks for an SA */
	ESPLANE_A_TS_REMOTE,
	/* nest of ESPLANE_STAT_A_*. Of the device, in info with ifindex */
	ESPLANE_A_STATS,
	ESPLANE_A_PAD,
	/*
	 * u32. Of a device among those born in the sender's namespace. It stays the same wherever
	 * the device moves; requests have it in the place of ifindex
	 */
	ESPLANE_A_DEVICE_ID,
	__ESPLANE_A_MAX
};
#define ESPLANE_A_MAX (__ESPLANE_A_MAX - 1)

/*
 * An entry of the security policy database, RFC 4301 4.4.1; what is protected, and where it goes.
 * It outlives every rekey. POLICY_SET of an existing id replaces what is given and keeps its SAs.
 */
enum {
	ESPLANE_POLICY_A_UNSPEC,
	ESPLANE_POLICY_A_ID,		/* u32 */
	ESPLANE_POLICY_A_ENCAP,		/* u8, enum esplane_encap */
	ESPLANE_POLICY_A_LOCAL_ADDR,	/* The outer source, 4 or 16 octets */
	ESPLANE_POLICY_A_LOCAL_PORT,	/* u16. UDP only */
	ESPLANE_POLICY_A_REMOTE_ADDR,	/* The outer destination, 4 or 16 octets */
	ESPLANE_POLICY_A_REMOTE_PORT,	/* u16. UDP only */
	ESPLANE_POLICY_A_LOCAL_TS,	/* nest of ESPLANE_TS_A_*, repeated. 1 to ts-max of them */
	ESPLANE_POLICY_A_REMOTE_TS,	/* nest of ESPLANE_TS_A_*, repeated. 1 to ts-max of them */
	/* u32. Of the current outbound SA; absent if none. Get only */
	ESPLANE_POLICY_A_OUT_SPI,
	ESPLANE_POLICY_A_IN_COUNT,	/* u32. How many inbound SAs. Get only */
	ESPLANE_POLICY_A_ACQUIRE,	/* flag. Packets wait for an outbound SA. Get only */
	ESPLANE_POLICY_A_MODE,		/* u8, enum esplane_mode. Absent, tunnel */
	/* u32. Firewall mark of the outer packets, also for their route; absent or 0, none */
	ESPLANE_POLICY_A_MARK,
	__ESPLANE_POLICY_A_MAX
};
#define ESPLANE_POLICY_A_MAX (__ESPLANE_POLICY_A_MAX - 1)

/* A traffic selector, RFC 7296 3.13.1; inclusive ranges of one family. */
enum {
	ESPLANE_TS_A_UNSPEC,
	ESPLANE_TS_A_START,		/* 4 or 16 octets */
	ESPLANE_TS_A_END,		/* 4 or 16 octets */
	ESPLANE_TS_A_PROTO,		/* u8. 0 or absent, any */
	ESPLANE_TS_A_PORT_START,	/* u16. Absent, 0 */
	ESPLANE_TS_A_PORT_END,		/* u16. Absent, 65535. ICMP, type << 8 | code */
	__ESPLANE_TS_A_MAX
};
#define ESPLANE_TS_A_MAX (__ESPLANE_TS_A_MAX - 1)

/*
 * One direction of a policy. SA_ADD with SA_OUT replaces the policy's outbound SA and frees the
 * old one. INFO has the transforms that this kernel can do.
 */
enum {
	ESPLANE_SA_A_UNSPEC,
	ESPLANE_SA_A_SPI,		/* u32. Inbound, one reserved on this device */
	ESPLANE_SA_A_ENCR,		/* u16. IKEv2 transform type 1 */
	/*
	 * As in KEYMAT, the key and then the salt if the cipher has one; absent with NULL. Add
	 * only
	 */
	ESPLANE_SA_A_ENCR_KEY,
	ESPLANE_SA_A_INTEG,		/* u16. IKEv2 transform type 3; absent or 0 with an AEAD */
	ESPLANE_SA_A_INTEG_KEY,		/* Add only */
	ESPLANE_SA_A_ESN,		/* flag. Extended sequence numbers, RFC 4303 2.2.1 */
	ESPLANE_SA_A_REPLAY_WINDOW,	/* u32. Packets, inbound only; absent, 1024 */
	ESPLANE_SA_A_SOFT_BYTES,	/* u64. Absent or 0, no limit */
	ESPLANE_SA_A_HARD_BYTES,	/* u64. Absent or 0, no limit */
	ESPLANE_SA_A_SOFT_PACKETS,	/* u64. Absent or 0, no limit */
	ESPLANE_SA_A_HARD_PACKETS,	/* u64. Absent or 0, no limit */
	ESPLANE_SA_A_SOFT_SECONDS,	/* u64. Since the SA was added. Absent or 0, no limit */
	ESPLANE_SA_A_HARD_SECONDS,	/* u64. Since the SA was added. Absent or 0, no limit */
	/* u64. Continue after this sequence number, which is not the last. Add only */
	ESPLANE_SA_A_START_SEQ,
	ESPLANE_SA_A_POLICY_ID,		/* u32. Get only, and so are all that follow */
	ESPLANE_SA_A_IFINDEX,		/* u32 */
	ESPLANE_SA_A_KEY_BITS,		/* u16. Of the cipher, without salt */
	ESPLANE_SA_A_DRIVER,		/* string. The crypto API's driver name */
	ESPLANE_SA_A_SEQ,		/* u64. Last sent, or highest received */
	ESPLANE_SA_A_BYTES,		/* u64. Of inner packets, from the IP header on */
	ESPLANE_SA_A_PACKETS,		/* u64 */
	ESPLANE_SA_A_AGE,		/* u64. Seconds since the SA was added */
	ESPLANE_SA_A_IDLE,		/* u64. Seconds since it was last used; absent, never */
	/* u8. Bit 0, the soft limit is reached; bit 1, the hard one */
	ESPLANE_SA_A_EXPIRED,
	ESPLANE_SA_A_STATS,		/* nest of ESPLANE_STAT_A_* */
	ESPLANE_SA_A_PAD,
	/* u64. In. Seconds since a packet came by the policy's addresses; absent, never */
	ESPLANE_SA_A_HEARD,
	__ESPLANE_SA_A_MAX
};
#define ESPLANE_SA_A_MAX (__ESPLANE_SA_A_MAX - 1)

/* An algorithm that this kernel has, ENCR, which is an AEAD or goes with any INTEG; or INTEG. */
enum {
	ESPLANE_ALGORITHM_A_UNSPEC,
	ESPLANE_ALGORITHM_A_ENCR,	/* u16. IKEv2 transform type 1 */
	ESPLANE_ALGORITHM_A_KEY_BITS,	/* u16. Of ENCR, without salt */
	ESPLANE_ALGORITHM_A_AEAD,	/* flag. ENCR goes with no INTEG */
	ESPLANE_ALGORITHM_A_INTEG,	/* u16. IKEv2 transform type 3 */
	ESPLANE_ALGORITHM_A_KEY_LEN,	/* u16. Octets of its key, the salt too */
	ESPLANE_ALGORITHM_A_NAME,	/* string. As strongSwan writes it, like aes128gcm16 */
	__ESPLANE_ALGORITHM_A_MAX
};
#define ESPLANE_ALGORITHM_A_MAX (__ESPLANE_ALGORITHM_A_MAX - 1)

/* Why packets were dropped; zeros are left out. */
enum {
	ESPLANE_STAT_A_UNSPEC,
	ESPLANE_STAT_A_PAD,
	ESPLANE_STAT_A_TX_NO_POLICY,	/* u64. No selector matches, ICMP unreachable */
	ESPLANE_STAT_A_TX_NO_SA,	/* u64. The wait for an SA ended, or its queue was full */
	ESPLANE_STAT_A_TX_EXPIRED,	/* u64. Hard limit */
	ESPLANE_STAT_A_TX_SEQUENCE,	/* u64. Sequence numbers used up */
	ESPLANE_STAT_A_TX_TOO_BIG,	/* u64. ICMP too big was answered */
	ESPLANE_STAT_A_TX_NO_ROUTE,	/* u64 */
	/* u64. The outer route leads into this device, or the packet is in more than 4 tunnels */
	ESPLANE_STAT_A_TX_LOOP,
	ESPLANE_STAT_A_TX_NO_MEMORY,	/* u64 */
	ESPLANE_STAT_A_TX_CRYPTO,	/* u64 */
	ESPLANE_STAT_A_TX_PROTOCOL,	/* u64. Not a sound IPv4 or IPv6 packet */
	ESPLANE_STAT_A_RX_SHORT,	/* u64. Shorter than its headers say */
	ESPLANE_STAT_A_RX_REPLAY,	/* u64. Seen before */
	ESPLANE_STAT_A_RX_STALE,	/* u64. Left of the window */
	ESPLANE_STAT_A_RX_AUTH,		/* u64. Integrity check failed */
	ESPLANE_STAT_A_RX_EXPIRED,	/* u64. Hard limit */
	ESPLANE_STAT_A_RX_PADDING,	/* u64. Trailer malformed, after authentication */
	/*
	 * u64. Next header is neither IPv4 nor IPv6, in tunnel mode, or the inner header is
	 * unsound
	 */
	ESPLANE_STAT_A_RX_PROTOCOL,
	/* u64. The inner packet does not match the policy's selectors */
	ESPLANE_STAT_A_RX_SELECTOR,
	ESPLANE_STAT_A_RX_DUMMY,	/* u64. Next header 59, RFC 4303 2.6, swallowed rightly */
	ESPLANE_STAT_A_RX_ECN,		/* u64. RFC 6040, CE outside, not-ECT inside */
	ESPLANE_STAT_A_RX_NO_MEMORY,	/* u64 */
	ESPLANE_STAT_A_RX_CRYPTO,	/* u64 */
	ESPLANE_STAT_A_RX_DOWN,		/* u64. The device is down */
	/* u64. Transport mode, and not between the policy's own addresses */
	ESPLANE_STAT_A_TX_ENDPOINT,
	/* u64. Transport mode, and a fragment that could not be put together with others */
	ESPLANE_STAT_A_TX_FRAGMENT,
	__ESPLANE_STAT_A_MAX
};
#define ESPLANE_STAT_A_MAX (__ESPLANE_STAT_A_MAX - 1)

#endif /* _UAPI_LINUX_ESPLANE_H */
