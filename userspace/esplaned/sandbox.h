/* SPDX-License-Identifier: GPL-2.0 */
/* What the daemon gives up, for ever. */
#ifndef ESPLANED_SANDBOX_H
#define ESPLANED_SANDBOX_H

#include <stdbool.h>

/* Before secrets are read: no core dumps, nobody traces us. */
void sandbox_memory(void);
/*
 * After everything is open: CAP_NET_ADMIN (netlink) and CAP_NET_BIND_SERVICE (the ports) stay, of
 * the system calls those on the list. Files can still be read by their owner, root: reload and name
 * resolution need that. False: logged.
 */
bool sandbox_enter(void);

#endif
