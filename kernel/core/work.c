// SPDX-License-Identifier: GPL-2.0
#include "work.h"

struct workqueue_struct *espl_wq;

int espl_work_init(void)
{
	espl_wq = alloc_workqueue("esplane", WQ_UNBOUND, 0);
	return espl_wq ? 0 : -ENOMEM;
}

void espl_work_exit(void)
{
	destroy_workqueue(espl_wq);
}
