/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The IKE engine: a pure machine. Datagrams, times, commands, kernel events and the ends of jobs go
 * in; what comes out goes through struct ike_env. Single-threaded: one thread calls all of these,
 * none of them from inside an env function.
 *
 * tunnel: what a person configured. peer: one remote end of it at work; a tunnel has one, with
 * remote = any one for each that has authenticated. child: one pair of selector lists of a peer.
 * Each has a number, all of one sequence, never used twice, never 0.
 */
#ifndef IKE_IKE_H
#define IKE_IKE_H

#include "ike/core/env.h"

struct ike;

/*
 * A kernel event (ESPLANE_CMD_EXPIRE, ACQUIRE, MAPPING, POLICY_GONE, INVALID_SPI). GONE: the policy
 * and its SAs are certainly not there now. STRAY: anybody's ESP from @peer (port 0: not in UDP),
 * whose SPI no SA has.
 */
struct ike_kern_event {
	enum { IKE_KERN_EXPIRE, IKE_KERN_ACQUIRE, IKE_KERN_MAPPING, IKE_KERN_GONE,
	       IKE_KERN_STRAY } type;
	uint32_t policy;		/* = child */
	uint32_t spi;
	bool hard, out;
	struct endpoint peer;
	struct ts local_ts, remote_ts;	/* ACQUIRE: of the packet that waits; family 0: unknown */
};

struct ike_peer_status {
	uint32_t id, tunnel;
	enum peer_state state;
	bool wanted;			/* to be up, by us */
	bool held_down;			/* taken down by a person: also refused to the peer */
	bool on_demand;			/* while it is down, packets that wait for it bring it up */
	struct endpoint local, remote;
	char local_id[TUNNEL_ID_MAX], remote_id[TUNNEL_ID_MAX];	/* "": not known */
	uint64_t spi_i, spi_r;		/* of the IKE SA; 0: none */
	bool initiator, nat_local, nat_remote, udp, mobike;
	char ike_suite[PROPOSAL_STRLEN];	/* "": none */
	/*
	 * Addresses inside that one has given to the other, family 0: none, and what was said with
	 * them, NULL: nothing (the engine's, until the next call into it).
	 */
	struct addr inner_local[ADDR_FAMILIES], inner_remote[ADDR_FAMILIES];
	const struct internal_net *net;
	uint64_t established_ms;	/* on the env's clock; 0: not */
	uint64_t up_ms;			/* since when it is up, over rekeys; 0: it is not */
	uint64_t retry_ms;		/* when it is tried again; 0: it is not */
	unsigned int failures;		/* attempts that failed in a row */
	enum ike_failure failure;	/* why it is not up, of the last attempt or end */
	char detail[512];
};

struct ike_child_status {
	uint32_t id, peer, tunnel;
	const struct child_conf *conf;	/* the engine's, until the next call into it */
	enum child_state state;
	char esp_suite[PROPOSAL_STRLEN];	/* "": none */
	uint64_t up_ms;			/* since when, over rekeys; 0: it is not up */
	uint64_t rekey_ms;		/* when it will be rekeyed; 0: never or unknown */
	uint32_t spi_in, spi_out;	/* of the newest pair; 0: none */
	const struct ts_list *local_ts, *remote_ts;	/* negotiated; NULL: not up. As conf. */
	bool waits;			/* it is not up, and packets wait for it */
	bool narrowed;			/* the peer agreed to less than is configured */
	uint64_t rekeys;
	enum ike_failure failure;
	char detail[512];
};

/* An address that is bound to an identity. Pointers are good during the call. */
struct ike_lease_status {
	const char *pool;
	const struct addr *addr;
	char id[TUNNEL_ID_MAX];
	uint32_t peer;			/* who has it; 0: nobody now */
	uint64_t free_ms;		/* on the env's clock: others may have it from then on */
};

/* Keys of an IKE SA; those of the initiator's messages are SK_ei and SK_ai. */
struct ike_sa_keys {
	uint64_t spi_i, spi_r;
	const struct sk *initiator, *responder;
};

/* Keys of one direction of a CHILD_SA, KEYMAT as the kernel gets it. */
struct ike_esp_keys {
	const struct addr *source, *destination;
	uint16_t key_bits;
	const struct kern_sa *sa;
};

/* What they are handed to; views, during the call only. */
struct ike_keys_to {
	void *ctx;
	void (*ike)(void *ctx, const struct ike_sa_keys *keys);
	void (*esp)(void *ctx, const struct ike_esp_keys *keys);
};

typedef void (*ike_lease_fn)(void *ctx, const struct ike_lease_status *st);

/* @env is copied, its ctx must outlive the engine. NULL: no memory. */
struct ike *ike_new(const struct ike_env *env);
/*
 * Crash detection (RFC 6290): tokens are made with @secret, the same in each engine of this host;
 * before the first tunnel. Without it no token is given.
 */
void ike_crash_secret(struct ike *ike, const uint8_t secret[IKE_CRASH_SECRET]);
/*
 * Resumption (RFC 5723): who was let in before has to prove himself anew, though he has a ticket.
 * For when users, keys or what is revoked may have changed.
 */
void ike_forget_tickets(struct ike *ike);
/* Wipes and frees everything, says nothing to peers and the kernel. */
void ike_free(struct ike *ike);

/*
 * Makes or changes a pool, copying @conf: before the tunnels that name it. What is bound and is not
 * in it any more is forgotten, what a peer has when that goes. -ENOMEM
 */
int ike_pool_set(struct ike *ike, const struct pool_conf *conf);
/* The name behind @after, "": the first; NULL: there is none. Good until the next call. */
const char *ike_pool_next(const struct ike *ike, const char *after);
/*
 * After the last tunnel that names it; nobody is bound to its addresses any more. -ENOENT, -EBUSY
 */
int ike_pool_del(struct ike *ike, const char *name);
/*
 * What env.lease has told an earlier engine. -ENOENT: no such pool; -EINVAL: it has no such address
 * for this identity; -EEXIST: it is bound; -ENOMEM
 */
int ike_lease_restore(struct ike *ike, const char *pool, const struct addr *addr,
		      const struct ike_id *id);
/* All leases, in no order. Returns how many. */
unsigned int ike_leases(const struct ike *ike, ike_lease_fn fn, void *ctx);

/*
 * Adds a tunnel, copying @conf, and starts it if it is to start up. -ENOMEM; -EEXIST: the name is
 * taken.
 */
int ike_tunnel_add(struct ike *ike, const struct tunnel_conf *conf, uint32_t *tunnel);
/* Takes it down (with a DELETE where there is an IKE SA) and forgets it. -ENOENT. */
int ike_tunnel_del(struct ike *ike, uint32_t tunnel);

/*
 * The tunnel goes on with another configuration, and only what is another changes: @child says of
 * each of @conf's what it is beside that of its name (CONF_NEW: there is none). Beyond children
 * @conf differs in what is CONF_LATER only. What is not in @conf goes, and its peer hears so.
 * -ENOENT; -ENOMEM: all is as it was.
 */
int ike_tunnel_change(struct ike *ike, uint32_t tunnel, const struct tunnel_conf *conf,
		      const enum conf_change child[]);

/*
 * What people have said of a tunnel, while another of its name takes its place: what is to stay
 * down, and what is to be up. NULL: no memory, or no such tunnel.
 */
struct ike_wishes;
struct ike_wishes *ike_wishes_take(const struct ike *ike, uint32_t tunnel);
/* Right after ike_tunnel_add(); takes @wishes, NULL is fine. */
void ike_wishes_give(struct ike *ike, uint32_t tunnel, struct ike_wishes *wishes);

/*
 * Brings up a tunnel, or one of its children. 0: started, events follow; -EALREADY: it is up;
 * -EINPROGRESS; -ENOENT; -EDESTADDRREQ: remote = any.
 */
int ike_up(struct ike *ike, uint32_t id);
/*
 * Takes down a tunnel, a peer or a child, and keeps it down, also for its peer, until ike_up (of
 * a tunnel: for all its peers). The kernel objects go at once, the DELETE is retransmitted for a
 * short while. 0, -ENOENT, -EALREADY: is down already.
 */
int ike_down(struct ike *ike, uint32_t id, const char *why);
/* New keys now, for a child, or for the IKE SA of a peer. 0, -ENOENT, -ENOTCONN: it is not up. */
int ike_rekey(struct ike *ike, uint32_t id);
/*
 * Reauthentication: another IKE SA takes the place of the one of a tunnel or peer. 0; -ENOENT;
 * -ENOTCONN: it is not up; -EDESTADDRREQ: remote = any, and the peer is who begins.
 */
int ike_reauthenticate(struct ike *ike, uint32_t id);
/*
 * The clients of a tunnel, or a peer, that are up are told to go to the gateway at @to: RFC 5685 5.
 * How many are; -ENOENT; -ENOTCONN: none is up; -EOPNOTSUPP: none follows redirects.
 */
int ike_redirect(struct ike *ike, uint32_t id, const struct addr *to);
/* All of a tunnel are asked whether they live, now: after the host was suspended. */
void ike_probe(struct ike *ike);

/*
 * This host has other links, addresses or routes: where MOBIKE (RFC 4555) is agreed on, the path to
 * a peer follows.
 */
void ike_host_changed(struct ike *ike);

/* The first one after @after in numerical order (0: from the beginning), or 0. */
uint32_t ike_tunnel_next(const struct ike *ike, uint32_t after);
uint32_t ike_peer_next(const struct ike *ike, uint32_t tunnel, uint32_t after);
uint32_t ike_child_next(const struct ike *ike, uint32_t peer, uint32_t after);
const struct tunnel_conf *ike_tunnel_conf(const struct ike *ike, uint32_t tunnel);
bool ike_peer_is_up(const struct ike *ike, uint32_t id);
bool ike_peer_status(const struct ike *ike, uint32_t peer, struct ike_peer_status *st);
bool ike_child_status(const struct ike *ike, uint32_t child, struct ike_child_status *st);
/*
 * All keys that a tunnel has now, for whoever decrypts a capture. -ENOENT; -EACCES: its
 * configuration does not allow it.
 */
int ike_keys(const struct ike *ike, uint32_t tunnel, const struct ike_keys_to *to);
const struct ike_counters *ike_counters(const struct ike *ike);

/*
 * A TCP connection, of ours or of a peer's, is not there any more, or has never come about. @why: a
 * few words.
 */
void ike_stream_gone(struct ike *ike, uint64_t stream, const char *why);
/*
 * One datagram, or message by TCP, without the non-ESP marker. Any bytes at all. False: it is no
 * IKE message, of no IKE SA there is, or not authentic.
 */
bool ike_input(struct ike *ike, const struct endpoint *local, const struct endpoint *remote,
	       const uint8_t *msg, size_t len);
void ike_kern_event(struct ike *ike, const struct ike_kern_event *ev);
/* The result belongs to the caller. An unknown @id is ignored. */
void ike_job_done(struct ike *ike, uint32_t id, const struct ike_job_result *result);

/* When ike_tick wants to be called next, on the env's clock; UINT64_MAX: never. */
uint64_t ike_deadline(const struct ike *ike);
/* Does all that is due. */
void ike_tick(struct ike *ike);

#endif
