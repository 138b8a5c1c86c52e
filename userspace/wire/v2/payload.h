/* SPDX-License-Identifier: GPL-2.0 */
/* Bodies of payloads. Inside wire/ only. */
#ifndef WIRE_PAYLOAD_H
#define WIRE_PAYLOAD_H

#include "wire/v2/build.h"
#include "wire/v2/msg.h"

/* Each takes the body without the generic header; NULL, or what is wrong. */
const char *parse_sa(struct cursor *c, struct msg_sa *sa);
const char *parse_ts(struct cursor *c, struct msg_ts *ts);
const char *parse_cp(struct cursor *c, struct msg_cp *cp);

/* @len 0, 4 or 8; in network order */
void write_spi(struct writer *w, uint64_t spi, uint8_t len);

#endif
