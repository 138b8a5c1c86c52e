// SPDX-License-Identifier: GPL-2.0
#include "audit.h"

struct espl_audit espl_audit[ESPL_OBJ_COUNT];
