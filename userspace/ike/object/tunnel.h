/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A tunnel at work: configuration, the IKE SA that carries it, its child in the kernel, and
 * what the user is told.
 */
#ifndef IKE_TUNNELS_H
#define IKE_TUNNELS_H

#include "ike/object/ike_sa.h"

struct tunnel {
	TAILQ_ENTRY(tunnel) link;
	struct ike *ike;
	struct tunnel_conf conf;
	enum tunnel_state state;
	struct ike_sa *sa;		/* established, carries the child */
	struct ike_sa *attempt;		/* ours, not established yet */
	struct addr towards;		/* of our attempts; family 0: conf.remote */
	struct timer start;		/* the next attempt: armed only while CONNECTING */
	unsigned int attempts;

	uint32_t child_id;		/* in the kernel; constant */
	bool in_kernel;
	struct child *out;		/* owner of its outbound slot */
	/* Negotiated, while in_kernel. */
	struct ts local_ts[TUNNEL_TS_MAX], remote_ts[TUNNEL_TS_MAX];
	uint8_t local_ts_count, remote_ts_count;

	uint64_t child_rekeys;
	enum ike_failure failure;
	char detail[IKE_DETAIL_MAX];
};

/* Negotiated selectors, on their way into the kernel. */
struct ts_pair {
	struct ts local[TUNNEL_TS_MAX], remote[TUNNEL_TS_MAX];
	uint8_t local_count, remote_count;
};

struct tunnel *tunnel_find(const struct ike *ike, const char *name);
/* May a peer at @remote talking to @local be this tunnel's? */
bool tunnel_matches(const struct tunnel *t, const struct addr *local, const struct addr *remote);
/* Where attempts of ours go. Family 0: not known. */
const struct addr *tunnel_towards(const struct tunnel *t);
struct ike_id tunnel_local_id(const struct tunnel *t, const struct ike_sa *sa);

void tunnel_event(struct tunnel *t, enum ike_event_type type, enum ike_failure failure,
		  const char *detail);
void tunnel_step(struct tunnel *t, enum ike_step step, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* An attempt ended, ours or the peer's. Says so unless the tunnel is up or busy with another. */
void tunnel_attempt_failed(struct tunnel *t, struct ike_sa *sa, enum ike_failure failure,
			   const char *detail);
/* Another attempt after a moment, without a word to the user; false: there were enough. */
bool tunnel_try_again(struct tunnel *t, struct ike_sa *sa, const char *why);

/* Must an IKE SA that the peer has just authenticated give way to one of ours? */
bool tunnel_prefers_ours(const struct tunnel *t, const struct ike_sa *sa);
/* @sa is established and its child installed: it becomes the tunnel's, whatever was before goes. */
void tunnel_up(struct tunnel *t, struct ike_sa *sa, bool initial_contact);
/* The child of @sa is no more, nor is the tunnel. */
void tunnel_down(struct tunnel *t, enum ike_failure failure, const char *detail);

/*
 * Kernel: the tunnel's child with these selectors, and both SAs of @c. On failure nothing has
 * changed.
 */
bool tunnel_install(struct tunnel *t, struct child *c, const struct ts_pair *ts, char why[256]);
/* The peer's address has changed, authentically. */
void tunnel_moved(struct tunnel *t, const struct ike_sa *sa);
bool tunnel_spi_alloc(struct tunnel *t, uint32_t *spi, char why[256]);
void tunnel_spi_free(struct tunnel *t, uint32_t spi);
void tunnel_free(struct tunnel *t);

#endif
