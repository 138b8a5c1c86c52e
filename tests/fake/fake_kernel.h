/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's half of struct ike_env. Private to tests/fake/. */
#ifndef FAKE_KERNEL_H
#define FAKE_KERNEL_H

#include "fake/fake.h"

void fake_kernel_ops(struct ike_env *env);
void fake_kernel_clear(struct fake *f);
struct fake_tunnel *fake_tunnel(struct fake *f, uint32_t id);	/* made if need be */

#endif
