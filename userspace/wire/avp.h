/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is said inside of EAP-TTLS: attribute-value pairs in the form of Diameter, RFC 5281 10. Both
 * ends have them; what is parsed here may be anybody's who has come through TLS.
 */
#ifndef WIRE_AVP_H
#define WIRE_AVP_H

#include "lib/cursor.h"
#include "lib/mem.h"

#define AVP_MESSAGE_MAX		4096	/* octets of all that is said at once */
#define AVP_PASSWORD_BLOCK	16	/* User-Password is filled up with zeros, RFC 5281 11.2.5 */
#define AVP_MICROSOFT		311	/* vendor, RFC 2548 */

enum avp_code {
	AVP_USER_NAME = 1,
	AVP_USER_PASSWORD = 2,
	AVP_EAP_MESSAGE = 79,
	/* Of AVP_MICROSOFT. */
	AVP_MS_CHAP_ERROR = 2,
	AVP_MS_CHAP_CHALLENGE = 11,
	AVP_MS_CHAP2_RESPONSE = 25,
	AVP_MS_CHAP2_SUCCESS = 26,
};

/* One message. Views of what was parsed, but for @eap; no octets: it is not there. */
struct avp_message {
	struct chunk user;
	struct chunk password;		/* without the zeros behind it */
	struct chunk challenge, response, success, error;	/* of MS-CHAP-V2 */
	uint8_t eap[AVP_MESSAGE_MAX];	/* the EAP-Message AVPs put together */
	size_t eap_len;
	bool is_unknown;		/* there is one that we have to understand, and do not: */
	uint32_t unknown;		/* the code of the first of them */
};

/* False: malformed, too long, or there is one twice that can be there once. */
bool avp_parse(struct chunk octets, struct avp_message *m);
/* Appends one, mandatory, with its padding. @vendor 0: none. */
void avp_add(struct writer *w, uint32_t vendor, enum avp_code code, struct chunk value);
/* User-Password, filled up. */
void avp_add_password(struct writer *w, struct chunk password);

#endif
