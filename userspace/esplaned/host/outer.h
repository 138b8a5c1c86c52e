/* SPDX-License-Identifier: GPL-2.0 */
/* The addresses that this host can be reached at from outside, for MOBIKE (RFC 4555). */
#ifndef ESPLANED_OUTER_H
#define ESPLANED_OUTER_H

#include "esplaned/host/device.h"

/*
 * At most @max addresses of interfaces that are up and have a carrier, without loopback, link-local
 * ones and our own interfaces. Returns how many; 0 also where the system does not say.
 */
unsigned int outer_addresses(const struct devices *own, struct addr *addrs, unsigned int max);

#endif
