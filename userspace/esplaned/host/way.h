/* SPDX-License-Identifier: GPL-2.0 */
/* For host/device.c: who stands aside (host/aside.h), and who has to make way for those. */
#ifndef ESPLANED_WAY_H
#define ESPLANED_WAY_H

#include "esplaned/host/device_type.h"
#include "ike/core/env.h"

/*
 * Its routes go where packets to its peers do not look, those that block too, and stay there. 0 or
 * a negative errno, and @why (IKE_WHY_MAX octets).
 */
int way_aside(struct device *dev, char *why);
/*
 * It is new, or has other children, or has gone aside: what is in its way goes aside, or it does,
 * and takes with it what is in its own.
 */
void way_make(struct device *dev, char *why);
/* Selectors that are less than the configured ones may be in a shorter block of another. */
void way_make_agreed(struct device *dev, const struct ike_child_link *link);

#endif
