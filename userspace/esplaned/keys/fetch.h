/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is fetched by HTTP, revocation lists, OCSP responses and certificates, and keys in DNS, as
 * the process that speaks IKE asks for it. Others do it (fetcher.h, dnssec.h): here is its end of a
 * link (link.h).
 */
#ifndef ESPLANED_FETCH_H
#define ESPLANED_FETCH_H

#include "crypto/trust.h"
#include "lib/addr.h"

#define FETCH_ASKS_MAX	64	/* under way at once, for whomever */
#define FETCH_TIMEOUT_S	5	/* of one */
#define FETCH_PART_MAX	(32 * 1024)
#define FETCH_WHY_MAX	128
#define FETCH_CERTS_MAX	16	/* of those under way, that strangers have had us begin */
#define FETCH_CERTS_NET_MAX 2	/* of these, for one network: a /24, a /64 */
#define FETCH_CERT_MAX	16384	/* octets of a certificate, or of a bundle of them */

enum fetch_kind { FETCH_LIST, FETCH_OCSP, FETCH_CERT };

struct fetch;
struct fetch_ask;

/* @octets are those of this call; of none: @why says why there are none. */
typedef void (*fetch_done_fn)(void *ctx, struct chunk octets, const char *why);

/*
 * @fd is taken over. @what the process at its other end does, "fetches revocation lists", kept.
 * NULL: no memory, @fd is closed.
 */
struct fetch *fetch_new(int fd, const char *what);
void fetch_free(struct fetch *f);		/* without a word to who has asked; NULL is fine */
/* Readable: call fetch_read. */
int fetch_fd(const struct fetch *f);
/*
 * False: the other end has ended, logged; whoever had asked has been told. Not to be called again.
 */
bool fetch_read(struct fetch *f);
/* @done follows once, never from inside. NULL: it cannot begin. */
struct fetch_ask *fetch_start(struct fetch *f, const struct trust_need *need, fetch_done_fn done,
			      void *ctx);
/* Likewise a certificate, from where a peer at @from says: it has proved nothing yet. */
struct fetch_ask *fetch_start_cert(struct fetch *f, const char *url, const struct addr *from,
				   fetch_done_fn done, void *ctx);
/*
 * Likewise the keys of a name, proven by the trust anchors in that file (dnssec.h). All who ask for
 * the same at the same time share one look-up.
 */
struct fetch_ask *fetch_start_key(struct fetch *f, const char *name, const char *anchor,
				  fetch_done_fn done, void *ctx);
void fetch_cancel(struct fetch_ask *ask);	/* NULL is fine */

#endif
