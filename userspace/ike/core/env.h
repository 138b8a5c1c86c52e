/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The outer world as the engine sees it. The daemon, the simulator and the fuzzers each fill in
 * one struct ike_env; the engine calls nothing else: no socket, no clock, no file, no netlink.
 */
#ifndef IKE_ENV_H
#define IKE_ENV_H

#include "ike/core/conf.h"

/*
 * One direction of a CHILD_SA as the kernel gets it (include/uapi/linux/esplane.h,
 * ESPLANE_SA_A_*). Keys belong to the caller.
 */
struct kern_sa {
	uint32_t spi;			/* host order */
	uint16_t encr, integ;		/* IKEv2 transform numbers */
	const uint8_t *encr_key, *integ_key;	/* as in KEYMAT, salt included */
	uint16_t encr_key_len, integ_key_len;	/* octets */
	bool esn;
	uint32_t replay_window;
	uint64_t soft_bytes, hard_bytes, soft_packets, hard_packets, soft_seconds, hard_seconds;
};

struct kern_child {
	uint32_t id;			/* chosen by the engine, never 0, unique in it */
	bool udp;
	struct endpoint local, remote;	/* ports only where udp */
	const struct ts *local_ts, *remote_ts;
	uint8_t local_ts_count, remote_ts_count;
};

/* How far a tunnel has come: what `ikectl up` shows, in this order. */
enum ike_step {
	IKE_STEP_INIT,			/* IKE_SA_INIT was answered */
	IKE_STEP_AUTH,			/* IKE_AUTH was answered, the CHILD_SA is negotiated */
	IKE_STEP_KERNEL,		/* the kernel has the child and its SAs */
};

/* Why a tunnel is not up. Each has its own sentence in `ikectl`. */
enum ike_failure {
	IKE_FAIL_NONE,
	IKE_FAIL_TIMEOUT, /* no answer; detail: which exchange, tries, seconds */
	IKE_FAIL_NO_PROPOSAL_IKE, /* detail: our list, and theirs where the peer said it */
	IKE_FAIL_NO_PROPOSAL_CHILD,
	IKE_FAIL_AUTH_REMOTE, /* the peer refused us: AUTHENTICATION_FAILED */
	IKE_FAIL_AUTH_LOCAL, /* we refused the peer's AUTH: PSK differs */
	IKE_FAIL_ID, /* the peer's identity is not the configured one; detail: both */
	IKE_FAIL_TS, /* TS_UNACCEPTABLE; detail: both sides' selectors */
	IKE_FAIL_KERNEL, /* detail: the kernel's sentence */
	IKE_FAIL_PEER, /* another error notify; detail: its name */
	IKE_FAIL_PROTOCOL, /* the peer's message made no sense; detail: where */
	IKE_FAIL_DOWN, /* taken down by the user or deleted by the peer */
	IKE_FAIL_CONFIG, /* answer only, no address */
};

enum ike_event_type {
	IKE_EV_STEP, /* step, detail */
	IKE_EV_UP, /* the tunnel carries traffic: child, suite, selectors in detail */
	IKE_EV_FAILED, /* failure, detail: an attempt to come up ended */
	IKE_EV_DOWN, /* it was up and is no more: failure says why */
	IKE_EV_CHILD_REKEYED, /* old and new SPIs in detail */
	IKE_EV_IKE_REKEYED,
	IKE_EV_RETRANSMIT, /* detail: which exchange, try n of m */
	IKE_EV_LOG, /* level (LOG_* of syslog.h), detail */
};

struct ike_event {
	enum ike_event_type type;
	const char *tunnel;		/* name, or NULL; valid during the call, likewise detail */
	enum ike_step step;
	enum ike_failure failure;
	int level;
	const char *detail;		/* one line of text for a person */
};

struct ike_env {
	void *ctx;
	uint64_t (*now)(void *ctx);	/* milliseconds, monotonic */
	/* Cryptographic; cannot fail: the daemon ends instead. */
	void (*random)(void *ctx, void *buf, size_t len);
	/*
	 * Sends one IKE message. From port 4500 the outer world puts the non-ESP marker in front
	 * (and has taken it off what it gives to ike_input). A failure to send is a lost datagram.
	 */
	void (*send)(void *ctx, const struct endpoint *local, const struct endpoint *remote,
		     const uint8_t *msg, size_t len);
	/* The address the system would use towards @remote; false when there is no route. */
	bool (*source_for)(void *ctx, const struct addr *remote, struct addr *local);

	/*
	 * Kernel operations: 0, or a negative errno with a sentence in @why. The tunnel names the
	 * device, which the outer world creates at the first of them (interface, address, routes
	 * after kern_sa_add). kern_child_set makes or changes a child; kern_sa_add takes in, out
	 * or both: all or nothing.
	 */
	int (*kern_spi_alloc)(void *ctx, const char *tunnel, uint32_t *spi, char why[256]);
	int (*kern_child_set)(void *ctx, const char *tunnel, const struct kern_child *child,
			      char why[256]);
	int (*kern_child_del)(void *ctx, const char *tunnel, uint32_t id);
	int (*kern_sa_add)(void *ctx, const char *tunnel, uint32_t child_id,
			   const struct kern_sa *in, const struct kern_sa *out, char why[256]);
	int (*kern_sa_del)(void *ctx, const char *tunnel, uint32_t spi, bool out);
	/*
	 * Seconds since an inbound SA of the child was last used: a sign of life. UINT64_MAX:
	 * never, or unknown.
	 */
	uint64_t (*kern_idle)(void *ctx, const char *tunnel, uint32_t child_id);

	void (*event)(void *ctx, const struct ike_event *ev);
};

#endif
