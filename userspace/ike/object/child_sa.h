/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The CHILD_SA: a pair of SAs. Its tunnel's child in the kernel outlives it and has room for one
 * outbound SA; so of all CHILD_SAs of a tunnel one owns the outbound slot, and during a rekey
 * several have inbound SAs.
 *
 * Who switches when, so that no packet is lost: the initiator of a rekey installs both directions
 * once it has the response, because the responder has its inbound SA by then. The responder
 * installs only the inbound SA (CHILD_INBOUND) and keeps the outbound one aside until the
 * initiator deletes the old CHILD_SA: then it certainly has its new inbound SA. (One that never
 * does: at the old one's hard limit, CHILD_SWITCH_MS after our answer at least.) Inbound SAs stay
 * for CHILD_LINGER_MS after the DELETE, for the packets under way.
 */
#ifndef IKE_CHILD_H
#define IKE_CHILD_H

#include "ike/object/ike_sa.h"

#define CHILD_LINGER_MS		5000
#define CHILD_SWITCH_MS		60000	/* beyond the peer's retransmission of its rekey */
#define CHILD_KEY_MAX		(SK_KEY_MAX + SK_INTEG_MAX)

enum child_state {
	CHILD_NEW,
	CHILD_INBOUND,		/* inbound in the kernel, outbound kept aside */
	CHILD_ACTIVE,		/* both; owns the outbound slot */
	CHILD_OLD,		/* its successor owns the slot; to be deleted by us */
	CHILD_DELETING,		/* our DELETE is under way */
	CHILD_LINGERING,	/* deleted; inbound stays for packets under way */
	CHILD_GONE,
};

struct child {
	TAILQ_ENTRY(child) link;	/* in sa->children */
	struct ike_sa *sa;
	enum child_state state;		/* set by child_set_state() only */
	uint32_t spi_in, spi_out;
	struct proposal suite;
	uint8_t key_in[CHILD_KEY_MAX], key_out[CHILD_KEY_MAX];	/* wiped once the kernel has them */
	uint64_t soft_s, hard_s, rekey_at_ms;
	uint32_t successor;		/* inbound SPI of the peer's rekey of this one; 0: none */
	bool want_rekey;
	uint16_t group;			/* for its rekey: at first that of its own KE, or KE_NONE */
	bool group_asked;		/* the peer has named it, RFC 7296 1.3 */
	uint64_t succeeded_ms;		/* when it got the successor */
	bool peer_deleted;		/* while our rekey of it is under way */
	/* ACTIVE: next try to rekey, or to switch; OLD: try to delete it; LINGERING: the end */
	struct timer timer;
};

/* Takes over the reservation of @spi_in. NULL: no memory. */
struct child *child_new(struct ike_sa *sa, const struct proposal *suite, uint32_t spi_in,
			uint32_t spi_out);
struct child *child_by_in(const struct ike_sa *sa, uint32_t spi_in);
/* LINGERING ones excepted. */
struct child *child_by_out(const struct ike_sa *sa, uint32_t spi_out);
/* The one whose successor it is, or NULL. */
struct child *child_predecessor(const struct child *c);
/* @c, INBOUND, is the peer's rekey of @old. */
void child_succeed(struct child *c, struct child *old);
struct child *child_active(const struct ike_sa *sa);

/*
 * KEYMAT, RFC 7296 2.17. @initiator: of the exchange that makes it. @secret: of its KE, or
 * empty.
 */
bool child_derive(struct child *c, bool initiator, struct chunk secret, struct chunk ni,
		  struct chunk nr);
/*
 * Puts it into the kernel, inbound and, if @out, outbound: then it becomes ACTIVE, else
 * INBOUND. On failure nothing has changed.
 */
bool child_install(struct child *c, bool out, const char *reason, char why[256]);
/* INBOUND to ACTIVE. */
bool child_switch(struct child *c, const char *reason);
/* The peer knows it is gone: inbound lingers, then is removed. */
void child_linger(struct child *c, const char *reason);
/* Out of the kernel, the list and memory. */
void child_remove(struct child *c, const char *reason);
/* To be deleted by us: a DELETE follows. */
void child_retire(struct child *c, const char *reason);
/* Its hard limit is reached, but the peer has not deleted it yet after its rekey. */
void child_switch_later(struct child *c);
void child_deleting(struct child *c);
/* All of an IKE SA at once, out of the kernel. */
void children_free(struct ike_sa *sa);
/* The same, but the kernel hears nothing: for the end of the engine. */
void children_forget(struct ike_sa *sa);
/* ACTIVE: to rekey it, OLD: to delete it. */
void child_retry(struct child *c, uint64_t min_ms, uint64_t max_ms);

#endif
