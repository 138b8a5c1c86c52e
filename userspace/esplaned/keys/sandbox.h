/* SPDX-License-Identifier: GPL-2.0 */
/* What the processes of the daemon give up, for ever. */
#ifndef ESPLANED_SANDBOX_H
#define ESPLANED_SANDBOX_H

#include <stdbool.h>

/*
 * Debian policy keeps 65000 to 65533 for no account, and systemd leaves 65520 to 65533 alone when
 * it makes up users: nobody else runs under this number.
 */
#define SANDBOX_UID	65525
#define SANDBOX_USER	"_esplane"	/* taken instead where the account exists */

/* Open files of the process that speaks IKE, as far as the hard limit allows. */
#define SANDBOX_FILES	4096

enum sandbox_kind { SANDBOX_NETWORK, SANDBOX_SECRETS, SANDBOX_FETCHER };

/* Before secrets are read: no core dumps, nobody traces us. */
void sandbox_memory(void);
/*
 * The process that speaks IKE, when all it needs is open: another user, of the capabilities
 * CAP_NET_ADMIN (netlink), no unix socket besides those that are open, of files only reading what
 * anybody may read (names are looked up in /etc/hosts and /etc/resolv.conf). False: logged.
 */
bool sandbox_network(void);
/*
 * The process with the secrets, in two steps: no capability; and when it has read the configuration
 * for the first time, and loaded the modules of the tokens that are in it (crypto/pkcs11.h), no
 * socket besides those that are open, no more code. It reads files as their owner, root. False:
 * logged.
 */
bool sandbox_powerless(void);
bool sandbox_secrets(void);
/*
 * The process that fetches: as that which speaks IKE, without any capability; it may make threads,
 * in which names are looked up. False: logged.
 */
bool sandbox_fetcher(void);
/* The system call filter alone, of which they are a part. False: errno. */
bool sandbox_filter(enum sandbox_kind kind);
/* Ends with @parent, whatever ends that. */
void sandbox_end_with(int parent);

#endif
