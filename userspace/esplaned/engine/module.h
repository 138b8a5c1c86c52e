/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel module: is it there, is it ours, what can it do? */
#ifndef ESPLANED_MODULE_H
#define ESPLANED_MODULE_H

#include "esplaned/core/state.h"

/* Looked for anew; one that has just come is made ready. 0, or a negative errno and @why. */
int module_ready(struct daemon *d, char why[IKE_WHY_MAX]);
/* Port 4500 is open only now: the module gets it. 0 or a negative errno. */
int module_attach(struct daemon *d, char why[IKE_WHY_MAX]);
/*
 * The peer may choose any of what the options esp of a tunnel offer: can the kernel do it all?
 * False: @why names what it cannot do and what it can.
 */
bool module_can_esp(struct daemon *d, const struct tunnel_options *opt, char why[IKE_WHY_MAX]);

#endif
