// SPDX-License-Identifier: GPL-2.0
/*
 * What is said inside of EAP-TTLS: what is parsed lies in the message, and written again it says
 * the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "wire/avp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void is_inside(struct chunk c, const uint8_t *data, size_t size)
{
	if (c.len && (c.p < data || c.len > size || (size_t)(c.p - data) > size - c.len))
		abort();
}

static void is_same(struct chunk a, struct chunk b)
{
	if (a.len != b.len || (a.len && memcmp(a.p, b.p, a.len)))
		abort();
}

static void add(struct writer *w, uint32_t vendor, enum avp_code code, struct chunk value)
{
	if (value.len)
		avp_add(w, vendor, code, value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t octets[2 * AVP_MESSAGE_MAX];
	static struct avp_message m, again;
	struct writer w = writer_of(octets, sizeof(octets));

	if (!avp_parse((struct chunk){ data, size }, &m))
		return 0;
	if (size > AVP_MESSAGE_MAX || m.eap_len > size ||
	    (m.password.len && !m.password.p[m.password.len - 1]))
		abort();
	is_inside(m.user, data, size);
	is_inside(m.password, data, size);
	is_inside(m.challenge, data, size);
	is_inside(m.response, data, size);
	is_inside(m.success, data, size);
	is_inside(m.error, data, size);
	add(&w, 0, AVP_USER_NAME, m.user);
	add(&w, 0, AVP_EAP_MESSAGE, (struct chunk){ m.eap, m.eap_len });
	add(&w, AVP_MICROSOFT, AVP_MS_CHAP_CHALLENGE, m.challenge);
	add(&w, AVP_MICROSOFT, AVP_MS_CHAP2_RESPONSE, m.response);
	add(&w, AVP_MICROSOFT, AVP_MS_CHAP2_SUCCESS, m.success);
	if (m.password.len)
		avp_add_password(&w, m.password);
	/* filled up and put together it may be longer than what it came from */
	if (w.overflow || w.len > AVP_MESSAGE_MAX)
		return 0;
	if (!avp_parse((struct chunk){ octets, w.len }, &again) || again.is_unknown)
		abort();
	is_same(again.user, m.user);
	is_same(again.password, m.password);
	is_same(again.challenge, m.challenge);
	is_same(again.response, m.response);
	is_same(again.success, m.success);
	is_same((struct chunk){ again.eap, again.eap_len }, (struct chunk){ m.eap, m.eap_len });
	return 0;
}
