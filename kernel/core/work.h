/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The module's work queue: frees SAs, ends waits, sends events, looks after
 * sockets. Its work may sleep.
 */
#ifndef _ESPL_WORK_H
#define _ESPL_WORK_H

#include <linux/workqueue.h>

extern struct workqueue_struct *espl_wq;

int espl_work_init(void);
/* Whoever could queue something has gone, a grace period ago. Waits for what is queued. */
void espl_work_exit(void);

#endif
