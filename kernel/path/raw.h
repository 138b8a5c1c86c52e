/* SPDX-License-Identifier: GPL-2.0 */
/* ESP as a protocol of IP itself: what arrives, and ICMP errors about what has left. */
#ifndef _ESPL_RAW_H
#define _ESPL_RAW_H

int espl_raw_init(void);
/* No ESP packet enters any more afterwards. */
void espl_raw_exit(void);

#endif
