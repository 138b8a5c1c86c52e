// SPDX-License-Identifier: GPL-2.0
/* nl/link.c as it is, but interfaces are bridges: the kernel here has no module esplane. */
#include <linux/esplane.h>

#undef ESPLANE_LINK_KIND
#define ESPLANE_LINK_KIND	"bridge"

#include "esplaned/nl/link.c"
