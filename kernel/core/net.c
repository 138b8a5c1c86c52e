// SPDX-License-Identifier: GPL-2.0
#include "net.h"

unsigned int espl_net_id __read_mostly;
