/* SPDX-License-Identifier: GPL-2.0 */
/* What a responder has answered in CREATE_CHILD_SA, until its additional key exchanges are done. */
#ifndef IKE_AWAITED_H
#define IKE_AWAITED_H

#include "ike/v2/followup.h"

/* sa->awaited; sa->awaited_free() gives it up. */
struct awaited {
	struct followup f;
	struct ike_sa *sa;
	struct timer timer;
	uint8_t link[FOLLOWUP_LINK_LEN];
	struct proposal suite;
	struct octets secret;		/* SK(0) */
	struct nonce nr;
	uint64_t spi;			/* of the IKE SA that it makes; 0: it is a CHILD_SA: */
	uint32_t child, spi_in;		/* reserved for it; 0 once it is used */
};

/*
 * The request in @in gets @suite, and the answer a link. NULL: no memory. @secret: SK(0).
 */
struct awaited *awaited_new(struct inbound *in, const struct proposal *suite, struct chunk secret,
			    const struct nonce *nr);
/* The message under way has the last one: what was answered is to be made. NULL: it has not. */
struct awaited *awaited_done(const struct ike_sa *sa);
/* Is the message the next of its key exchanges? */
bool awaited_is_meant(const struct awaited *a, const struct msg *m);
/* The answer has a new link, and time begins anew. */
void awaited_build_link(struct awaited *a, struct builder *b);

#endif
