/* SPDX-License-Identifier: GPL-2.0 */
/* What the control socket can be asked (Documentation/control.md). */
#ifndef ESPLANED_COMMANDS_H
#define ESPLANED_COMMANDS_H

struct client;
struct control_request;

/* control_request_fn and control_gone_fn; @ctx is the daemon. */
void commands_request(void *ctx, struct client *c, const struct control_request *req);
void commands_gone(void *ctx, struct client *c);

#endif
