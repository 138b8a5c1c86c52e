/* SPDX-License-Identifier: GPL-2.0 */
/* Time that nobody sets. It stands still while the host is suspended. */
#ifndef LIB_MONOTONIC_H
#define LIB_MONOTONIC_H

#include <stdint.h>

uint64_t monotonic_ms(void);
uint64_t monotonic_us(void);

#endif
