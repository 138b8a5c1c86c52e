/* SPDX-License-Identifier: GPL-2.0 */
/* All policies or SAs that the sender can see, over as many messages as it takes. */
#ifndef _ESPL_DUMP_H
#define _ESPL_DUMP_H

struct netlink_callback;
struct sk_buff;

/* For struct genl_ops. */
int espl_dump_start(struct netlink_callback *cb);
int espl_dump_policies(struct sk_buff *msg, struct netlink_callback *cb);
int espl_dump_sas(struct sk_buff *msg, struct netlink_callback *cb);

#endif
