/* SPDX-License-Identifier: GPL-2.0 */
/* Objects that live, and how many ever did: debugfs and the check at exit. */
#ifndef _ESPL_AUDIT_H
#define _ESPL_AUDIT_H

#include <linux/atomic.h>

enum espl_object { ESPL_OBJ_DEVICE, ESPL_OBJ_POLICY, ESPL_OBJ_SA, ESPL_OBJ_COUNT };

struct espl_audit {
	atomic_long_t made;
	atomic_long_t gone;
};

extern struct espl_audit espl_audit[ESPL_OBJ_COUNT];

static inline void espl_audit_made(enum espl_object obj)
{
	atomic_long_inc(&espl_audit[obj].made);
}

static inline void espl_audit_gone(enum espl_object obj)
{
	atomic_long_inc(&espl_audit[obj].gone);
}

#endif
