/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The IKE engine: a pure machine. Datagrams, times, commands and kernel events go in; what comes
 * out goes through struct ike_env. Single-threaded: one thread calls all of these, none of them
 * from inside an env function.
 */
#ifndef IKE_IKE_H
#define IKE_IKE_H

#include "ike/core/env.h"

struct ike;

enum tunnel_state { TUNNEL_DOWN, TUNNEL_CONNECTING, TUNNEL_UP, TUNNEL_CLOSING };

/*
 * A kernel event (ESPLANE_CMD_EXPIRE, ACQUIRE, MAPPING, CHILD_GONE) about a child of ours. GONE: it
 * and its SAs are certainly not there now.
 */
struct ike_kern_event {
	enum { IKE_KERN_EXPIRE, IKE_KERN_ACQUIRE, IKE_KERN_MAPPING, IKE_KERN_GONE } type;
	const char *tunnel;
	uint32_t child_id;
	uint32_t spi;
	bool hard, out;
	struct endpoint peer;
};

#define IKE_STATUS_SAS_MAX	8

struct ike_status {
	enum tunnel_state state;
	struct endpoint local, remote;
	char local_id[TUNNEL_ID_MAX], remote_id[TUNNEL_ID_MAX];
	uint64_t spi_i, spi_r;		/* of the IKE SA; 0: none */
	bool initiator, nat_local, nat_remote, udp;
	char ike_suite[PROPOSAL_STRLEN], esp_suite[PROPOSAL_STRLEN];
	uint64_t established_ms;	/* on the env's clock; 0: not */
	uint64_t rekey_ms;		/* when the child will be rekeyed; 0: never or unknown */
	uint32_t child_id;
	uint32_t spi_in, spi_out;	/* of the newest pair; 0: none */
	struct ts local_ts[TUNNEL_TS_MAX], remote_ts[TUNNEL_TS_MAX];	/* as negotiated */
	uint8_t local_ts_count, remote_ts_count;
	uint64_t child_rekeys;
	enum ike_failure failure;	/* of the last attempt */
	char detail[512];
};

/* Counters of what was refused: unauthenticated bytes change these and nothing else. */
struct ike_counters {
	uint64_t malformed, unknown_spi, bad_version, auth_failed, replayed, unexpected,
		cookies_sent, half_open;
};

/* @env is copied, its ctx must outlive the engine. NULL: no memory. */
struct ike *ike_new(const struct ike_env *env);
/* Wipes and frees everything, says nothing to peers and the kernel. */
void ike_free(struct ike *ike);

/* Adds a tunnel, copying @conf. -EEXIST: the name is taken. */
int ike_tunnel_add(struct ike *ike, const struct tunnel_conf *conf);
/* Takes it down (with a DELETE where there is an IKE SA) and forgets it. -ENOENT. */
int ike_tunnel_del(struct ike *ike, const char *name);
/* The peer's address, resolved anew: from there it may begin. */
int ike_tunnel_set_remote(struct ike *ike, const char *name, const struct addr *remote);
/* Another one of its addresses, for the attempts of ours: from there it may begin as well. */
int ike_tunnel_set_towards(struct ike *ike, const char *name, const struct addr *remote);

/*
 * Starts to bring a tunnel up. 0: started, events follow; -EALREADY: it is up; -EINPROGRESS;
 * -ENOENT; -EDESTADDRREQ: answer only.
 */
int ike_up(struct ike *ike, const char *name);
/*
 * Deletes the IKE SA: the kernel objects go at once, the DELETE is retransmitted for a short
 * while. 0, -ENOENT, -EALREADY: is down.
 */
int ike_down(struct ike *ike, const char *name);

bool ike_status(const struct ike *ike, const char *name, struct ike_status *st);
const struct ike_counters *ike_counters(const struct ike *ike);

/* One datagram, without the non-ESP marker. Any bytes at all. */
void ike_input(struct ike *ike, const struct endpoint *local, const struct endpoint *remote,
	       const uint8_t *msg, size_t len);
void ike_kern_event(struct ike *ike, const struct ike_kern_event *ev);

/* When ike_tick wants to be called next, on the env's clock; UINT64_MAX: never. */
uint64_t ike_deadline(const struct ike *ike);
/* Does all that is due. */
void ike_tick(struct ike *ike);

#endif
