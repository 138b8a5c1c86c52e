/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * esplane: the generic-netlink contract between esplane.ko and its users.
 *
 * Documentation/netlink/esplane.yaml says the same in the kernel's own
 * specification format; a test keeps the two equal. Every integer is in host
 * byte order, addresses are bytes in network order. Every request needs
 * CAP_NET_ADMIN in the user namespace of the network namespace it is sent
 * from, and of the one the device lives in; SPI_ALLOC, and POLICY_SET with any
 * part of the endpoint, also of the one the device was born in.
 */
#ifndef _UAPI_LINUX_ESPLANE_H
#define _UAPI_LINUX_ESPLANE_H

#define ESPLANE_GENL_NAME	"esplane"
#define ESPLANE_GENL_VERSION	1
#define ESPLANE_MCGRP_EVENTS	"events"
#define ESPLANE_LINK_KIND	"esplane"

#define ESPLANE_SPI_MIN		256	/* RFC 4303 2.1: 1 to 255 are reserved */
#define ESPLANE_KEY_MAX		68	/* octets, of ENCR with its salt or of INTEG */
#define ESPLANE_REPLAY_MAX	8192	/* packets */
#define ESPLANE_TS_MAX		64	/* traffic selectors on one side of a policy */
#define ESPLANE_POLICIES_MAX	16384	/* on a device */
#define ESPLANE_SPIS_MAX	65536	/* inbound, of a device: reserved or with their SA */
#define ESPLANE_IN_MAX		256	/* inbound SAs of a policy */

/*
 * Where a request has IFINDEX it may have DEVICE_ID instead, if it is sent from
 * the device's home. Answers and events have both.
 */
enum {
	ESPLANE_CMD_UNSPEC,
	ESPLANE_CMD_SA_ADD,		/* IFINDEX, POLICY_ID, SA_IN and/or SA_OUT: all or none */
	ESPLANE_CMD_INFO,		/* [IFINDEX] -> VERSION, SUITE... [, STATS of it] */
	ESPLANE_CMD_POLICY_SET,		/* IFINDEX, POLICY: make one, or change it */
	ESPLANE_CMD_POLICY_DEL,		/* IFINDEX, POLICY_ID: with every SA of it */
	ESPLANE_CMD_POLICY_GET,		/* IFINDEX, POLICY_ID -> POLICY; dump: [IFINDEX] */
	ESPLANE_CMD_SPI_ALLOC,		/* IFINDEX [, SPI] -> SPI: reserve an inbound SPI */
	ESPLANE_CMD_SA_DEL,		/* IFINDEX, SPI, DIR [, POLICY_ID]: SA or reservation */
	ESPLANE_CMD_SA_GET,		/* like SA_DEL -> SA_IN or SA_OUT; dump: [IFINDEX] */
	ESPLANE_CMD_SOCKET_ATTACH,	/* SOCKET_FD, bound UDP: the ESP in it is taken */
	ESPLANE_CMD_FLUSH,		/* [IFINDEX]: all of it; without: of all, and sockets */

	/* events, on the multicast group */
	ESPLANE_CMD_ACQUIRE,		/* IFINDEX, POLICY_ID, TS_LOCAL, TS_REMOTE of the packet */
	ESPLANE_CMD_EXPIRE,		/* IFINDEX, POLICY_ID, SPI, DIR, LIMIT, HARD */
	ESPLANE_CMD_MAPPING,		/* IFINDEX, POLICY_ID, SPI, new PEER_ADDR, PEER_PORT */
	ESPLANE_CMD_INVALID_SPI,	/* SPI, PEER_ADDR [, PEER_PORT]: unauthenticated */
	ESPLANE_CMD_POLICY_GONE,	/* IFINDEX, POLICY_ID */
	ESPLANE_CMD_DEVICE_GONE,	/* IFINDEX */

	__ESPLANE_CMD_MAX
};
#define ESPLANE_CMD_MAX (__ESPLANE_CMD_MAX - 1)

enum {
	ESPLANE_A_UNSPEC,
	ESPLANE_A_IFINDEX,		/* u32 */
	ESPLANE_A_POLICY,		/* nest of ESPLANE_POLICY_A_* */
	ESPLANE_A_POLICY_ID,		/* u32, not 0, chosen by the user, unique on the device */
	ESPLANE_A_SA_IN,		/* nest of ESPLANE_SA_A_* */
	ESPLANE_A_SA_OUT,		/* nest of ESPLANE_SA_A_* */
	ESPLANE_A_SPI,			/* u32, ESPLANE_SPI_MIN and above */
	ESPLANE_A_DIR,			/* u8, enum esplane_dir */
	ESPLANE_A_SOCKET_FD,		/* u32 */
	ESPLANE_A_VERSION,		/* string */
	ESPLANE_A_SUITE,		/* nest of ESPLANE_SUITE_A_*, repeated */
	ESPLANE_A_LIMIT,		/* u8, enum esplane_limit */
	ESPLANE_A_HARD,			/* flag: the hard limit; absent: the soft one */
	ESPLANE_A_PEER_ADDR,		/* 4 or 16 octets */
	ESPLANE_A_PEER_PORT,		/* u16 */
	ESPLANE_A_TS_LOCAL,		/* nest of ESPLANE_TS_A_* */
	ESPLANE_A_TS_REMOTE,		/* nest of ESPLANE_TS_A_* */
	ESPLANE_A_STATS,		/* nest of ESPLANE_STAT_A_*, of the device: INFO */
	ESPLANE_A_PAD,
	ESPLANE_A_DEVICE_ID,		/* u32, constant: of a device among those of its home */
	__ESPLANE_A_MAX
};
#define ESPLANE_A_MAX (__ESPLANE_A_MAX - 1)

enum esplane_dir {
	ESPLANE_DIR_IN = 1,
	ESPLANE_DIR_OUT = 2,
};

enum esplane_encap {
	ESPLANE_ENCAP_NONE,		/* ESP as IP protocol 50 */
	ESPLANE_ENCAP_UDP,		/* RFC 3948 */
};

enum esplane_mode {
	ESPLANE_MODE_TUNNEL,		/* a whole IP packet inside */
	ESPLANE_MODE_TRANSPORT,		/* refused: not yet */
};

enum esplane_limit {
	ESPLANE_LIMIT_BYTES,
	ESPLANE_LIMIT_PACKETS,
	ESPLANE_LIMIT_SECONDS,		/* since the SA was added */
	ESPLANE_LIMIT_SEQUENCE,		/* the sequence numbers are used up: always hard */
};

/*
 * An entry of the security policy database, RFC 4301 4.4.1: what is protected,
 * and where it goes. It outlives every rekey. POLICY_SET of an existing id
 * replaces what is given and keeps its SAs.
 */
enum {
	ESPLANE_POLICY_A_UNSPEC,
	ESPLANE_POLICY_A_ID,		/* u32, not 0 */
	ESPLANE_POLICY_A_ENCAP,		/* u8, enum esplane_encap */
	ESPLANE_POLICY_A_LOCAL_ADDR,	/* 4 or 16 octets: the outer source */
	ESPLANE_POLICY_A_LOCAL_PORT,	/* u16, UDP only */
	ESPLANE_POLICY_A_REMOTE_ADDR,	/* 4 or 16 octets: the outer destination */
	ESPLANE_POLICY_A_REMOTE_PORT,	/* u16, UDP only */
	ESPLANE_POLICY_A_LOCAL_TS,	/* nest of ESPLANE_TS_A_*, repeated, 1 to ESPLANE_TS_MAX */
	ESPLANE_POLICY_A_REMOTE_TS,	/* nest of ESPLANE_TS_A_*, repeated, 1 to ESPLANE_TS_MAX */
	ESPLANE_POLICY_A_OUT_SPI,	/* u32, get only: the outbound SA's; absent if none */
	ESPLANE_POLICY_A_IN_COUNT,	/* u32, get only: how many inbound SAs */
	ESPLANE_POLICY_A_ACQUIRE,	/* flag, get only: packets wait for an outbound SA */
	ESPLANE_POLICY_A_MODE,		/* u8, enum esplane_mode; absent: tunnel */
	ESPLANE_POLICY_A_MARK,		/* u32, firewall mark of outer packets; absent, 0: none */
	__ESPLANE_POLICY_A_MAX
};
#define ESPLANE_POLICY_A_MAX (__ESPLANE_POLICY_A_MAX - 1)

/* A traffic selector, RFC 7296 3.13.1: inclusive ranges. START and END are of one family. */
enum {
	ESPLANE_TS_A_UNSPEC,
	ESPLANE_TS_A_START,		/* 4 or 16 octets */
	ESPLANE_TS_A_END,		/* 4 or 16 octets */
	ESPLANE_TS_A_PROTO,		/* u8, 0 or absent: any */
	ESPLANE_TS_A_PORT_START,	/* u16; absent: 0 */
	ESPLANE_TS_A_PORT_END,		/* u16; absent: 65535; ICMP: type << 8 | code */
	__ESPLANE_TS_A_MAX
};
#define ESPLANE_TS_A_MAX (__ESPLANE_TS_A_MAX - 1)

/*
 * One direction. SA_ADD with SA_OUT replaces the policy's outbound SA and frees
 * the old one. Of transforms: ENCR 12 is AES-CBC, 20 AES-GCM-16, 28 ChaCha20-
 * Poly1305; INTEG 12 is HMAC-SHA2-256-128.
 */
enum {
	ESPLANE_SA_A_UNSPEC,
	ESPLANE_SA_A_SPI,		/* u32; in: an SPI reserved on this device */
	ESPLANE_SA_A_ENCR,		/* u16, IKEv2 transform type 1, as in INFO */
	ESPLANE_SA_A_ENCR_KEY,		/* as in KEYMAT: the key, then the salt if any; add only */
	ESPLANE_SA_A_INTEG,		/* u16, IKEv2 transform type 3; absent or 0: AEAD */
	ESPLANE_SA_A_INTEG_KEY,		/* add only */
	ESPLANE_SA_A_ESN,		/* flag: 64-bit extended sequence numbers, RFC 4303 2.2.1 */
	ESPLANE_SA_A_REPLAY_WINDOW,	/* u32, in only: 32 to REPLAY_MAX packets; absent: 1024 */
	ESPLANE_SA_A_SOFT_BYTES,	/* u64; absent or 0: no limit, here and in the next five */
	ESPLANE_SA_A_HARD_BYTES,	/* u64 */
	ESPLANE_SA_A_SOFT_PACKETS,	/* u64 */
	ESPLANE_SA_A_HARD_PACKETS,	/* u64 */
	ESPLANE_SA_A_SOFT_SECONDS,	/* u64, since the SA was added */
	ESPLANE_SA_A_HARD_SECONDS,	/* u64 */
	ESPLANE_SA_A_START_SEQ,		/* u64, add only: continue after this one, not the last */
	ESPLANE_SA_A_POLICY_ID,		/* u32, get only, likewise the rest */
	ESPLANE_SA_A_IFINDEX,		/* u32 */
	ESPLANE_SA_A_KEY_BITS,		/* u16: of the cipher, without salt */
	ESPLANE_SA_A_DRIVER,		/* string: the crypto API's driver name */
	ESPLANE_SA_A_SEQ,		/* u64: last sent, or highest received */
	ESPLANE_SA_A_BYTES,		/* u64: inner packets, from the IP header on */
	ESPLANE_SA_A_PACKETS,		/* u64 */
	ESPLANE_SA_A_AGE,		/* u64, seconds since added */
	ESPLANE_SA_A_IDLE,		/* u64, seconds since last used; absent: never used */
	ESPLANE_SA_A_EXPIRED,		/* u8: bit 0 soft, bit 1 hard limit reached */
	ESPLANE_SA_A_STATS,		/* nest of ESPLANE_STAT_A_* */
	ESPLANE_SA_A_PAD,
	__ESPLANE_SA_A_MAX
};
#define ESPLANE_SA_A_MAX (__ESPLANE_SA_A_MAX - 1)

/* A suite that this kernel has, in INFO. */
enum {
	ESPLANE_SUITE_A_UNSPEC,
	ESPLANE_SUITE_A_ENCR,		/* u16 */
	ESPLANE_SUITE_A_KEY_BITS,	/* u16 */
	ESPLANE_SUITE_A_INTEG,		/* u16; absent with an AEAD */
	ESPLANE_SUITE_A_NAME,		/* string, as strongSwan writes it: aes128gcm16 */
	ESPLANE_SUITE_A_DRIVER,		/* string */
	__ESPLANE_SUITE_A_MAX
};
#define ESPLANE_SUITE_A_MAX (__ESPLANE_SUITE_A_MAX - 1)

/* Why packets were dropped. All u64; those that are zero are left out. */
enum {
	ESPLANE_STAT_A_UNSPEC,
	ESPLANE_STAT_A_PAD,
	/* outbound */
	ESPLANE_STAT_A_TX_NO_POLICY,	/* no selector matches: ICMP unreachable */
	ESPLANE_STAT_A_TX_NO_SA,	/* the wait for an SA ended, or its queue was full */
	ESPLANE_STAT_A_TX_EXPIRED,	/* hard limit */
	ESPLANE_STAT_A_TX_SEQUENCE,	/* sequence numbers used up */
	ESPLANE_STAT_A_TX_TOO_BIG,	/* ICMP too big was answered */
	ESPLANE_STAT_A_TX_NO_ROUTE,
	ESPLANE_STAT_A_TX_LOOP,		/* the outer route leads back, or tunnels nest too deeply */
	ESPLANE_STAT_A_TX_NO_MEMORY,
	ESPLANE_STAT_A_TX_CRYPTO,
	ESPLANE_STAT_A_TX_PROTOCOL,	/* not a sound IPv4 or IPv6 packet */
	/* inbound */
	ESPLANE_STAT_A_RX_SHORT,	/* shorter than its headers say */
	ESPLANE_STAT_A_RX_ENCAP,	/* raw where UDP is configured, or the reverse */
	ESPLANE_STAT_A_RX_REPLAY,	/* seen before */
	ESPLANE_STAT_A_RX_STALE,	/* left of the window */
	ESPLANE_STAT_A_RX_AUTH,		/* integrity check failed */
	ESPLANE_STAT_A_RX_EXPIRED,	/* hard limit */
	ESPLANE_STAT_A_RX_PADDING,	/* trailer malformed, after authentication */
	ESPLANE_STAT_A_RX_PROTOCOL,	/* not a sound IPv4 or IPv6 packet inside */
	ESPLANE_STAT_A_RX_SELECTOR,	/* the inner packet does not match the policy's selectors */
	ESPLANE_STAT_A_RX_DUMMY,	/* next header 59, RFC 4303 2.6: swallowed rightly */
	ESPLANE_STAT_A_RX_ECN,		/* RFC 6040: CE outside, not-ECT inside */
	ESPLANE_STAT_A_RX_NO_MEMORY,
	ESPLANE_STAT_A_RX_CRYPTO,
	ESPLANE_STAT_A_RX_DOWN,		/* the device is down */
	__ESPLANE_STAT_A_MAX
};
#define ESPLANE_STAT_A_MAX (__ESPLANE_STAT_A_MAX - 1)

#endif /* _UAPI_LINUX_ESPLANE_H */
