/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Packets of RADIUS, RFC 2865, as a network access server has them: requests are built, answers
 * parsed. Nothing is believed here: what is proved needs the shared secret (crypto/radius.h).
 */
#ifndef WIRE_RADIUS_H
#define WIRE_RADIUS_H

#include "lib/cursor.h"
#include "lib/mem.h"

#define RADIUS_PORT		1812
#define RADIUS_HEADER_LEN	20
#define RADIUS_PACKET_MAX	4096	/* octets, RFC 2865 3 */
#define RADIUS_VALUE_MAX	253	/* octets of one attribute */
#define RADIUS_AUTHENTICATOR_LEN 16	/* the header's, and Message-Authenticator */
#define RADIUS_PROOF_AT		(RADIUS_HEADER_LEN + 2)	/* Message-Authenticator in our requests */

enum radius_code {
	RADIUS_ACCESS_REQUEST = 1,
	RADIUS_ACCESS_ACCEPT = 2,
	RADIUS_ACCESS_REJECT = 3,
	RADIUS_ACCESS_CHALLENGE = 11,
};

enum radius_type {
	RADIUS_USER_NAME = 1,
	RADIUS_SERVICE_TYPE = 6,	/* RFC 2865 5.6: 2, Framed */
	RADIUS_FRAMED_IP_ADDRESS = 8,	/* RFC 2865 5.8 */
	RADIUS_FRAMED_MTU = 12,
	RADIUS_STATE = 24,
	RADIUS_VENDOR_SPECIFIC = 26,
	RADIUS_SESSION_TIMEOUT = 27,	/* RFC 2865 5.27 */
	RADIUS_CALLED_STATION_ID = 30,
	RADIUS_CALLING_STATION_ID = 31,
	RADIUS_NAS_IDENTIFIER = 32,
	RADIUS_NAS_PORT_TYPE = 61,	/* RFC 2865 5.41: 5, Virtual */
	RADIUS_EAP_MESSAGE = 79,	/* RFC 3579 3.1 */
	RADIUS_MESSAGE_AUTHENTICATOR = 80,	/* RFC 3579 3.2 */
};

/* An answer. Views of what was parsed, but for @eap. */
struct radius_answer {
	uint8_t code, id;
	struct chunk packet;		/* without the padding behind it */
	struct chunk authenticator;	/* the header's */
	size_t proof;			/* where Message-Authenticator's value is; 0: none */
	struct chunk user;		/* User-Name; no octets: there is none */
	struct chunk state;		/* likewise */
	struct chunk framed, timeout;	/* likewise; else 4 octets: an address, seconds */
	struct chunk send_key, recv_key;	/* MS-MPPE, RFC 2548 2.4: a salt, then octets */
	uint8_t eap[RADIUS_PACKET_MAX];	/* the EAP-Message attributes put together */
	size_t eap_len;
};

/* False: malformed, or an attribute that can be there once is there twice. */
bool radius_parse(struct chunk octets, struct radius_answer *a);

/*
 * An Access-Request in @buf of RADIUS_PACKET_MAX octets: Message-Authenticator comes first, with
 * zeros. radius_add() cuts what is longer than RADIUS_VALUE_MAX; no octets: nothing is added.
 * radius_end() gives the length, 0: it does not fit.
 */
struct writer radius_begin(uint8_t *buf, uint8_t id,
			   const uint8_t authenticator[RADIUS_AUTHENTICATOR_LEN]);
void radius_add(struct writer *w, enum radius_type type, struct chunk value);
void radius_add_u32(struct writer *w, enum radius_type type, uint32_t value);
size_t radius_end(struct writer *w);

#endif
