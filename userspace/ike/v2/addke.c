// SPDX-License-Identifier: GPL-2.0
#include "ike/v2/addke.h"

#define LENGTH_AT	24	/* of the message, in its header */
#define SEALED_HEADER	4	/* generic header of the Encrypted payload */

bool addke_offered(const struct proposals *list)
{
	for (unsigned int i = 0; i < list->count; i++)
		for (unsigned int j = 0; j < list->p[i].count; j++)
			if (transform_is_addke(&list->p[i].t[j]) && list->p[i].t[j].id)
				return true;
	return false;
}

/* One that is resumed has none: those of the session before are in its SK_d. */
uint16_t addke_next(const struct ike_sa *sa)
{
	const struct proposal suite = suite_proposal(&sa->suite);
	uint16_t groups[ADDKE_MAX];
	unsigned int count = proposal_addke(&suite, groups);

	return !sa->resumed && sa->addke.done < count ? groups[sa->addke.done] : KE_NONE;
}

/*
 * prf(SK_p, what was covered before | A | P): @head is A, the message up to the Encrypted payload's
 * body, whose lengths become those of a message that is not sealed; @chain is P.
 */
static bool addke_cover(struct ike_sa *sa, bool of_initiator, uint8_t *head, size_t head_len,
			struct chunk chain)
{
	uint8_t *covered = of_initiator ? sa->addke.covered_i : sa->addke.covered_r;
	struct chunk key = { of_initiator ? sa->sk_pi : sa->sk_pr, prf_len(sa->prf) };
	const struct chunk parts[] = {
		{ covered, sa->addke.done ? key.len : 0 }, { head, head_len }, chain,
	};
	struct writer w = writer_of(head + LENGTH_AT, 4);
	uint8_t out[PRF_LEN_MAX];

	writer_u32(&w, (uint32_t)(head_len + chain.len));
	w = writer_of(head + head_len - 2, 2);
	writer_u16(&w, (uint16_t)(SEALED_HEADER + chain.len));
	if (!prf(sa->prf, key, parts, 3, out))
		return false;
	memcpy(covered, out, key.len);
	return true;
}

bool addke_cover_ours(struct ike_sa *sa, const struct builder *b)
{
	struct chunk chain = { b->w.buf + b->sk_body + b->sk_iv_len, build_sk_plain(b) };
	uint8_t head[MSG_HEADER_LEN + SEALED_HEADER];

	if (b->w.overflow || b->sk_body != sizeof(head))
		return false;
	memcpy(head, b->w.buf, sizeof(head));
	return addke_cover(sa, sa->initiator, head, sizeof(head), chain);
}

/* The message that its fragments are one of, RFC 9242 3.3.2. */
static bool addke_cover_joined(struct v2_inbound *v, struct chunk chain)
{
	uint8_t head[MSG_HEADER_LEN + SEALED_HEADER];
	struct builder b;

	build_begin(&b, head, sizeof(head), &v->in.h);
	build_sk_begin(&b, 0);
	head[MSG_HEADER_LEN] = v->inner_first;
	return addke_cover(v->in.sa, !v->in.sa->initiator, head, sizeof(head), chain);
}

bool addke_cover_theirs(struct v2_inbound *v)
{
	struct chunk chain = { v->inner.at, v->inner.left };
	const struct ike_sa *sa = v->in.sa;
	size_t before = v->inner.at - v->in.raw;

	if (!before)
		return addke_cover_joined(v, chain);
	return addke_cover(v->in.sa, !sa->initiator, v->in.raw, before - sk_iv_len(&sa->sk_in),
			   chain);
}

bool addke_take(struct ike_sa *sa, struct chunk secret, uint32_t id)
{
	struct sk before = sa->sk_in;
	bool ok = keys_derive(sa, (struct ke_secret){ .first = secret }, sa);

	if (ok) {
		sa->addke.before = before;
		sa->addke.id = id;
		sa->addke.done++;
	}
	sk_wipe(&before);
	return ok;
}

bool addke_owe(struct ike_sa *sa, struct chunk secret)
{
	return octets_set(&sa->addke.secret, secret.p, secret.len);
}

bool addke_owes(const struct ike_sa *sa)
{
	return sa->addke.secret.p;
}

bool addke_pay(struct ike_sa *sa, uint32_t id)
{
	bool ok = addke_take(sa, (struct chunk){ sa->addke.secret.p, sa->addke.secret.len }, id);

	octets_clear(&sa->addke.secret);
	return ok;
}

const struct sk *addke_sk_in(const struct ike_sa *sa, uint32_t id)
{
	return !sa->initiator && sa->addke.done && id <= sa->addke.id ? &sa->addke.before :
									&sa->sk_in;
}
