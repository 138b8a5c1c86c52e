/* SPDX-License-Identifier: GPL-2.0 */
/* Identities, RFC 7296 3.5. */
#ifndef IKE_ID_H
#define IKE_ID_H

#include "ike/core/conf.h"
#include "lib/mem.h"

struct ike_id id_of_addr(const struct addr *addr);
/* Type 0 where @data is empty or longer than TUNNEL_ID_MAX. */
struct ike_id id_of_octets(uint8_t type, struct chunk data);
/* Of the name of a user: a mail address if it looks like one, else a domain name. */
struct ike_id id_of_user(struct chunk name);

#endif
