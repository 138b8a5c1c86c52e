/* SPDX-License-Identifier: GPL-2.0 */
/* The generic-netlink family: decodes requests, calls the objects, encodes answers. */
#ifndef _ESPL_NETLINK_H
#define _ESPL_NETLINK_H

#include <net/genetlink.h>

extern struct genl_family espl_genl;

#endif
