/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The process that fetches by HTTP (fetch.h). It knows nothing and may do nothing but that: no
 * secret, no capability, its own user, no unix socket, no file but those that name servers are
 * found in. What it is asked for comes from certificates whose chain and proof are verified, or
 * begins as fetch-certs says; it follows no redirection, uses no proxy, and sends nothing of its
 * own. Who asks believes nothing that it says: what counts is signed.
 */
#ifndef ESPLANED_FETCHER_H
#define ESPLANED_FETCHER_H

/*
 * Until @link, its end, is closed at the other one; nothing that is fetched may take longer than
 * @timeout_s. Returns the exit status.
 */
int fetcher_run(int link, unsigned int timeout_s);

#endif
