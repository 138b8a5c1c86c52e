/* SPDX-License-Identifier: GPL-2.0 */
/* Octets with an owner: messages that are kept, and lists of them. Wiped when they are freed. */
#ifndef IKE_OCTETS_H
#define IKE_OCTETS_H

#include "ike/core/env.h"

struct octets {
	uint8_t *p;
	size_t len;
};

/* Replaces what is there by a copy. False: no memory, @o is empty. */
bool octets_set(struct octets *o, const uint8_t *p, size_t len);
/* Adds a copy behind what is there, which moves. False: no memory, nothing has changed. */
bool octets_append(struct octets *o, const uint8_t *p, size_t len);
void octets_clear(struct octets *o);

/* A message as it goes out: one datagram, or several where it is fragmented. */
struct datagrams {
	struct octets *d;
	unsigned int count;
};

/* Appends a copy. False: no memory, nothing has changed. */
bool datagrams_add(struct datagrams *list, const uint8_t *p, size_t len);
void datagrams_clear(struct datagrams *list);
/* All of them, in order. */
void datagrams_send(const struct datagrams *list, const struct ike_env *env,
		    const struct endpoint *local, const struct endpoint *remote, uint32_t mark);

#endif
