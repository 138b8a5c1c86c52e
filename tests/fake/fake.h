/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The world round one engine: a kernel, a host with addresses and routes, and who does its jobs.
 * Unit tests, fuzzers and the simulator put one below each engine. It does what it is told, says
 * fake_broken() where the engine breaks the contract of ike/core/env.h, and fails on request.
 */
#ifndef FAKE_FAKE_H
#define FAKE_FAKE_H

#include "fake/fake_radius.h"
#include "fake/fake_tls.h"
#include "ike/ike.h"

#define FAKE_SAS_MAX		256	/* inbound SAs and reserved SPIs */
#define FAKE_POLICIES_MAX	128
#define FAKE_JOBS_MAX		128
#define FAKE_TUNNELS_MAX	12
#define FAKE_NAMES_MAX		4
#define FAKE_USERS_MAX		4
#define FAKE_KEY_MAX		128

/* An SA with its own copy of the keys: encr_key and integ_key point into @key. */
struct fake_sa {
	uint32_t tunnel, policy;	/* policy 0: the SPI is only reserved */
	struct kern_sa sa;		/* spi 0: there is none */
	uint8_t key[FAKE_KEY_MAX];
};

struct fake_policy {
	uint32_t tunnel, id;
	bool udp, transport;
	uint32_t mark;
	struct endpoint local, remote;
	struct ts_list *local_ts, *remote_ts;
	struct fake_sa out;
	bool linked;			/* child_up was called: child_down is due */
};

struct fake_job {
	uint32_t id, tunnel;
	enum ike_job_kind kind;
	uint16_t prf;
	enum ike_eap eap;
	char user[TUNNEL_ID_MAX + 1];
	uint8_t *octets;
	size_t len;
	char name[TUNNEL_HOST_MAX];
	uint16_t hashes;		/* SIGN */
	const char *why;		/* VERIFY */
	uint64_t valid_s;
	struct fake_flight *flight;	/* TLS, RADIUS */
};

struct fake_tunnel {
	uint32_t id;			/* 0: free */
	char psk[64];
	char ppk[64];			/* "": there is none */
	char key[64];			/* private: what signs; "": there is none */
	char ca[64];			/* whose certificates are good; "": nobody's */
	char tls[64];			/* its certificate in TLS, "identity|key|CA|hours" */
	bool device;			/* device_up was called */
};

/* Of EAP, as the server knows them; without a name: the password of this host as client. */
struct fake_user {
	char name[TUNNEL_ID_MAX + 1];
	char password[64];		/* "": free */
};

struct fake_name {
	char name[TUNNEL_HOST_MAX];	/* "": free */
	struct addr addrs[IKE_JOB_ADDRS_MAX];
	unsigned int count;		/* 0: it cannot be resolved */
};

struct fake {
	const uint64_t *now;		/* ms */
	struct addr addr;		/* of the host */
	struct addr others[8];		/* its other ones */
	unsigned int other_count;
	uint32_t source_mark;		/* that its address was last asked with */
	void (*send)(struct fake *f, const struct endpoint *local, const struct endpoint *remote,
		     uint32_t mark, const uint8_t *msg, size_t len);
	void (*event)(struct fake *f, const struct ike_event *ev);
	uint32_t rng;
	uint8_t nonce_fill; /* not 0: 32 random octets have this value, to make nonces comparable */

	/* The kernel. */
	struct fake_sa in[FAKE_SAS_MAX];	/* installed ones first */
	unsigned int in_count, reserved;
	struct fake_policy policy[FAKE_POLICIES_MAX];
	unsigned int policy_count;
	uint32_t gone;			/* the last policy that another program removed */
	uint32_t next_spi;
	struct kern_sa installed;	/* the last inbound one, without its keys */
	uint64_t idle;			/* seconds; UINT64_MAX: never used */

	/* Secrets and names, and who looks them up. */
	struct fake_tunnel tunnel[FAKE_TUNNELS_MAX];
	struct fake_user user[FAKE_USERS_MAX];
	struct fake_name name[FAKE_NAMES_MAX];
	struct fake_job job[FAKE_JOBS_MAX];
	struct fake_tls_list tls;
	struct fake_radius_list radius;
	uint32_t radius_session_s;	/* what its server grants in the end */
	struct addr radius_framed;
	char radius_user[64];		/* whom its server names in the end; "": nobody */
	unsigned int job_count, jobs_begun;
	bool hold_jobs;			/* they end only by fake_job_end() */

	/* What goes wrong. */
	const char *kernel_refuses;	/* everything, with this sentence */
	unsigned int kernel_fails_at;	/* the n-th of its operations from now on; 0: none */
	unsigned int kernel_fails_more;	/* so many right behind that one too */
	const char *device_refuses, *child_refuses;	/* device_up, child_up */
	int device_errno;		/* with device_refuses; 0: -EBUSY */
	const char *child_note;
	bool no_route, no_jobs;
	struct addr no_route_to;
	bool no_dial;			/* TCP connections are refused at once */
	uint64_t dialled;		/* the last one of ours; they are numbered */
	uint64_t kept, hung_up;		/* which one the engine has said that of, the last time */
	unsigned int links, unlinks;	/* children linked by child_up, and by child_down again */
	struct ike_child_link last_link;	/* its pointers are not valid */
	unsigned int waits;		/* child_up was called for children that wait */
	struct ike_given given;		/* of the last link that had one */
	unsigned int leases_told;	/* env.lease was called, the last time with these */
	struct addr last_lease;
	struct ike_id last_lease_id;	/* type 0: bound to nobody any more */
};

/* The engine has broken the contract: each program says what that means. Does not return. */
void fake_broken(const char *what) __attribute__((noreturn));

/* @f is zeroed or has been cleared; now, addr, send and event are the caller's to set. */
void fake_init(struct fake *f, const uint64_t *now, uint32_t seed);
void fake_clear(struct fake *f);
/* The kernel and the devices are as after a reboot; secrets and names stay. */
void fake_reboot(struct fake *f);
struct ike_env fake_env(struct fake *f);

/* With the number of a tunnel: its secrets for a second proof, RFC 4739. */
#define FAKE_SECOND	UINT32_C(0x80000000)

void fake_secret(struct fake *f, uint32_t tunnel, const char *psk);
void fake_ppk(struct fake *f, uint32_t tunnel, const char *ppk);
/* What it signs with, and whose certificates it believes (fake_sign.h); "": nothing, nobody's. */
void fake_keys(struct fake *f, uint32_t tunnel, const char *key, const char *ca);
/* Its certificate in TLS, and whose it believes there. */
void fake_tls_keys(struct fake *f, uint32_t tunnel, const char *cert, const char *ca);
/* Sets or changes; @name "": that of this host as client. */
void fake_password(struct fake *f, const char *name, const char *password);
/* @addrs: a blank between; "": it cannot be resolved. */
void fake_resolves(struct fake *f, const char *name, const char *addrs);

/* Ends the oldest job as it should be; false: there is none. */
bool fake_job_end(struct fake *f, struct ike *ike);
/* Ends all of them, also those that follow, unless they are held. */
void fake_jobs_run(struct fake *f, struct ike *ike);

struct fake_policy *fake_policy(struct fake *f, uint32_t id);	/* or NULL */
/* Another program removes it, with its SAs. */
void fake_policy_gone(struct fake *f, uint32_t id);
struct fake_sa *fake_in(struct fake *f, uint32_t spi);	/* an installed one, or NULL */
/* The outbound SPI of the only policy; 0: there is none. */
uint32_t fake_out_spi(const struct fake *f);
/* Of its tunnels none has anything left: policies, SAs, reserved SPIs, devices. */
bool fake_is_empty(const struct fake *f);

#endif
