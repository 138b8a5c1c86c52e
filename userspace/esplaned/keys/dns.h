/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The name servers that a peer has given, where the system wants them: systemd-resolved if it runs,
 * else resolvconf. The supervisor does it, one after the other, each in a child of its own, so that
 * nothing waits for a bus or a program.
 */
#ifndef ESPLANED_DNS_H
#define ESPLANED_DNS_H

#include <sys/types.h>
#include "ike/core/conf.h"
#include "lib/cursor.h"

struct dns;

/*
 * @note: a file that keeps what resolvconf was told, so that it can be taken back after a crash: at
 * once, if it is there. NULL: no memory.
 */
struct dns *dns_new(const char *note);
void dns_free(struct dns *dns);			/* NULL is fine */
/* A message between processes, behind its kind: text, u8, net (conf/pack.h). False: not sound. */
bool dns_input(struct dns *dns, struct cursor *c);
/* A child of this process has ended; false: it was none of these. */
bool dns_reaped(struct dns *dns, pid_t pid, int status);
bool dns_idle(const struct dns *dns);

/*
 * What resolvconf reads: nameserver lines, and the domains. Returns octets; what does not fit is
 * left out.
 */
size_t dns_resolv_conf(const struct internal_net *net, char *text, size_t size);
/*
 * Adds a line to the file, or leaves it without. Where it cannot be written it stays as it was:
 * logged.
 */
void dns_note(const char *path, const char *name, bool there);

#endif
