/* SPDX-License-Identifier: GPL-2.0 */
#ifndef IKE_CHILD_RESPONDER_H
#define IKE_CHILD_RESPONDER_H

#include <stdbool.h>
#include <stdint.h>

struct inbound;

/*
 * The peer's DELETE names its inbound SPI. True: the answer names ours, @spi_in, also where the
 * pair is gone from memory afterwards.
 */
bool v2_child_deleted(struct inbound *in, uint32_t spi_out, uint32_t *spi_in);

#endif
