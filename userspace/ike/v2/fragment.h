/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages in fragments, RFC 7383: ours are divided so that IP need not do it, and the peer's come
 * together again. IKE_SA_INIT is never divided. How much of a peer's is kept: object/partial.h.
 */
#ifndef IKE_FRAGMENT_H
#define IKE_FRAGMENT_H

#include "ike/v2/v2.h"

/* A chain of payloads that is to be sealed. */
struct fragment_text {
	struct msg_header h;
	uint8_t first;			/* type of the first payload */
	struct chunk chain;
};

/* A view into what @b has built so far, with the header @h. */
struct fragment_text fragment_text(const struct builder *b, const struct msg_header *h);
/* Would it be a datagram larger than the peer is to get? */
bool fragment_needed(const struct ike_sa *sa, const struct fragment_text *text);
/* Sealed in as many fragments as it takes. False: no memory, or the crypto library failed. */
bool fragment_seal(struct ike_sa *sa, const struct fragment_text *text, struct datagrams *out);
/* Keeps the text where it may have to be divided into smaller ones. False: no memory. */
bool fragment_keep(struct exchange *ex, const struct fragment_text *text);
/*
 * The request is not answered: the smallest datagrams from here on, for all that follows on this
 * IKE SA too. Nothing where it is small already, RFC 7383 2.5.2.
 */
void fragment_divide(struct exchange *ex, const struct msg_header *h);

/*
 * A fragment of the peer's has been opened to @inner: it is kept. The whole message when it was the
 * last that was missing, with v->inner and v->inner_first; NULL: it was not, or is not taken. The
 * fragment itself still belongs to the caller.
 */
struct v2_inbound *fragment_take(const struct v2_inbound *fragment, struct cursor inner);

#endif
