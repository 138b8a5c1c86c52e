/* SPDX-License-Identifier: GPL-2.0 */
/* systemd-resolved, by org.freedesktop.resolve1(5). The caller may be kept waiting. */
#ifndef ESPLANED_RESOLVED_H
#define ESPLANED_RESOLVED_H

struct internal_net;

/*
 * Name servers and domains of an interface; NULL: it has none any more. The domains are for routing
 * only (RFC 8598); without any the servers are for all names. -ENOENT: it does not run; another
 * negative errno: @why.
 */
int resolved_set(const char *interface, const struct internal_net *net, char why[256]);

#endif
