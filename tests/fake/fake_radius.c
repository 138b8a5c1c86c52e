// SPDX-License-Identifier: GPL-2.0
#include "fake/fake_radius.h"

#include <stdio.h>
#include <string.h>

#include "ike/auth/eap.h"
#include "ike/auth/eap_secret.h"

enum { CHALLENGE = 1, RESPONSE, SUCCESS };	/* RFC 2759: what each octet says it is */

static struct fake_radius *radius_find(struct fake_radius_list *list, uint32_t conversation)
{
	for (unsigned int i = 0; i < FAKE_RADIUS_MAX; i++)
		if (list->radius[i].conversation == conversation)
			return &list->radius[i];
	return NULL;
}

static void radius_refuse(struct fake_flight *f, const char *text)
{
	f->round = IKE_ROUND_FAILED;
	f->len = 0;
	snprintf(f->text, sizeof(f->text), "%s", text);
}

/* A request of MS-CHAP-V2: opcode, its identifier and length, then the rest. */
static void radius_ask(struct fake_radius *r, uint8_t opcode, const void *data, size_t len,
		       struct fake_flight *f)
{
	struct writer w = writer_of(f->octets, sizeof(f->octets));

	r->id += 7;
	writer_u8(&w, EAP_REQUEST);
	writer_u8(&w, r->id);
	writer_u16(&w, (uint16_t)(EAP_HEADER_LEN + 4 + len));
	writer_u8(&w, EAP_TYPE_MSCHAPV2);
	writer_u8(&w, opcode);
	writer_u8(&w, 1);
	writer_u16(&w, (uint16_t)(4 + len));
	writer_bytes(&w, data, len);
	f->len = w.len;
}

static void radius_challenge(struct fake_radius *r, struct fake_flight *f)
{
	uint8_t data[1 + sizeof(r->challenge) + 3] = { sizeof(r->challenge) };

	for (unsigned int i = 0; i < sizeof(r->challenge); i++)
		r->challenge[i] = (uint8_t)(r->conversation * 31 + i * 17);
	memcpy(data + 1, r->challenge, sizeof(r->challenge));
	memcpy(data + 1 + sizeof(r->challenge), "aaa", 3);
	radius_ask(r, CHALLENGE, data, sizeof(data), f);
}

/* Identifier, length, 49, the peer's challenge, 8 zeros, the answer, flags, the name. */
static void radius_check(struct fake_radius *r, const struct chunk *password,
			 const struct ike_job *job, struct chunk data, struct fake_flight *f)
{
	uint8_t in[2 * MSCHAP_CHALLENGE_LEN + MSCHAP_RESPONSE_LEN], out[IKE_EAP_OUT_MAX];
	char text[64] = "S=";
	const char *why;
	size_t len;

	if (data.len < 54 || data.p[0] != RESPONSE) {
		radius_refuse(f, "the RADIUS server has not understood");
		return;
	}
	memcpy(in, r->challenge, 16);
	memcpy(in + 16, data.p + 5, 16);
	memcpy(in + 32, data.p + 29, 24);
	if (!eap_secret_use(IKE_EAP_MSCHAP_CHECK, job->user, password,
			    (struct chunk){ in, sizeof(in) }, out, &len, &why)) {
		radius_refuse(f, "the RADIUS server refuses the user");
		return;
	}
	memcpy(r->msk, out + MSCHAP_RESPONSE_LEN + MSCHAP_PROOF_LEN, IKE_MSK_LEN);
	for (unsigned int i = 0; i < MSCHAP_PROOF_LEN; i++)
		snprintf(text + 2 + 2 * i, 3, "%02X", out[MSCHAP_RESPONSE_LEN + i]);
	memcpy(text + 42, " M=ok", 6);
	radius_ask(r, SUCCESS, text, 47, f);
}

bool fake_radius_job(struct fake_radius_list *list, const struct chunk *password,
		     const struct ike_job *job, struct fake_flight *f)
{
	struct fake_radius *r = radius_find(list, job->conversation);
	struct eap_packet p;

	if (!r)
		r = radius_find(list, 0);
	if (!r)
		return false;
	r->conversation = job->conversation;
	*f = (struct fake_flight){ .round = IKE_ROUND_MORE };
	if (!eap_packet_parse(job->octets, &p) || p.code != EAP_RESPONSE)
		radius_refuse(f, "the RADIUS server gets no EAP response");
	else if (!r->step && p.type == EAP_TYPE_IDENTITY)
		radius_challenge(r, f);
	else if (p.id != r->id)
		radius_refuse(f, "the RADIUS server gets a response to another request");
	else if (r->step == 1 && p.type == EAP_TYPE_MSCHAPV2)
		radius_check(r, password, job, p.data, f);
	else if (r->step == 2 && p.type == EAP_TYPE_MSCHAPV2 && p.data.len == 1 &&
		 p.data.p[0] == SUCCESS)
		f->round = IKE_ROUND_DONE;
	else
		radius_refuse(f, "the RADIUS server has not understood");
	memcpy(f->msk, r->msk, sizeof(f->msk));
	r->step++;
	return true;
}

void fake_radius_forget(struct fake_radius_list *list, uint32_t conversation)
{
	struct fake_radius *r = radius_find(list, conversation);

	if (r)
		*r = (struct fake_radius){ 0 };
}

unsigned int fake_radius_count(const struct fake_radius_list *list)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < FAKE_RADIUS_MAX; i++)
		count += list->radius[i].conversation != 0;
	return count;
}
