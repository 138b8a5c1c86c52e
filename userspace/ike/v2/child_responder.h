/* SPDX-License-Identifier: GPL-2.0 */
#ifndef IKE_CHILD_RESPONDER_H
#define IKE_CHILD_RESPONDER_H

#include <stdbool.h>
#include <stdint.h>

struct inbound;
struct ike_sa;

/*
 * The peer's DELETE names its inbound SPI. True: the answer names ours, @spi_in, also where the
 * pair is gone from memory afterwards.
 */
bool v2_child_deleted(struct inbound *in, uint32_t spi_out, uint32_t *spi_in);

/*
 * The peer asks something on the IKE SA, and so has our answers before, and has made of them what
 * it could: children that are to follow from another IKE SA's do so now. An answer of its own says
 * less: its DELETE of what it could not install may still be under way. It counts as using the IKE
 * SA, rekey_used().
 */
void v2_child_heard(struct ike_sa *sa);
/* It has answered a request of ours on the IKE SA, and so has the child of its IKE_AUTH. */
void v2_child_answered(struct ike_sa *sa);

#endif
