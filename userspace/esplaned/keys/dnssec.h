/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The process that looks up keys in DNS (IPSECKEY, RFC 4025) and says whether DNSSEC proves them.
 * It has no secret and no capability, its own user, no unix socket, and reads only what anybody
 * may: the name servers and the trust anchors. Since what it says is believed, it is not the one
 * that fetches by HTTP (fetcher.h). Whoever asks has the other end of its link (fetch.h).
 */
#ifndef ESPLANED_DNSSEC_H
#define ESPLANED_DNSSEC_H

#define DNSSEC_ASKS_MAX		16	/* under way at once; a libunbound and a thread each */
#define DNSSEC_TIMEOUT_S	8	/* of one */
#define DNSSEC_RECORDS_MAX	8	/* that are passed on */

/*
 * Until @link, its end, is closed at the other one. @server: "127.0.0.1@5353"; NULL: those of
 * /etc/resolv.conf, which have to pass on what DNSSEC needs. Returns the exit status.
 *
 * What it passes on of a name: seconds that it may be kept, u32, then each RDATA behind its length,
 * u16. All of it is proven.
 */
int dnssec_run(int link, const char *server, unsigned int timeout_s);

#endif
