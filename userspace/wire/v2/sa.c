// SPDX-License-Identifier: GPL-2.0
/* The Security Association payload, RFC 7296 3.3. */
#include "wire/v2/payload.h"

#define ATTR_TV			0x8000	/* the AF bit: type and value of 2 octets, no length */
#define ATTR_KEY_LENGTH		14
#define MORE_TRANSFORMS		3	/* "Last Substruc" */
#define MORE_PROPOSALS		2

/*
 * An attribute we do not know, or one that makes no sense, spoils its transform and nothing else.
 */
static bool parse_attributes(struct cursor *c, struct transform *t)
{
	uint16_t type, value;

	while (c->left) {
		if (!cursor_u16(c, &type) || !cursor_u16(c, &value))
			return false;
		if (!(type & ATTR_TV)) {
			if (!cursor_skip(c, value))
				return false;
			t->unusable = true;
		} else if (type != (ATTR_TV | ATTR_KEY_LENGTH) || !value || t->key_bits) {
			t->unusable = true;
		} else {
			t->key_bits = value;
		}
	}
	return true;
}

/*
 * A transform beyond the table of a proposal is left out, except that a type we do not know must
 * stay visible: it spoils the proposal, RFC 7296 3.3.6.
 */
static const char *parse_transform(struct cursor *c, bool last, struct proposal *p,
				   struct msg_offer *offer)
{
	struct transform t = {};
	struct cursor body;
	uint8_t more, zero;
	uint16_t len;

	if (!cursor_u8(c, &more) || !cursor_u8(c, &zero) || !cursor_u16(c, &len) || len < 8 ||
	    !cursor_sub(c, len - 4, &body))
		return "a transform's length is wrong";
	if (more != (last ? 0 : MORE_TRANSFORMS))
		return "the number of transforms is wrong";
	if (!cursor_u8(&body, &t.type) || !cursor_u8(&body, &zero) || !cursor_u16(&body, &t.id) ||
	    !parse_attributes(&body, &t))
		return "a transform's attribute is cut short";
	if (p->count < PROPOSAL_TRANSFORMS_MAX) {
		p->t[p->count++] = t;
		return NULL;
	}
	offer->skipped++;
	if (t.type < TRANSFORM_ENCR || t.type > TRANSFORM_ESN)
		p->t[PROPOSAL_TRANSFORMS_MAX - 1] = t;
	return NULL;
}

static const char *parse_spi(struct cursor *c, uint8_t protocol, uint8_t len,
			     struct msg_offer *offer)
{
	struct cursor spi;
	uint32_t v;

	if (!cursor_sub(c, len, &spi))
		return "a proposal's SPI is cut short";
	offer->spi_len = len;
	switch (protocol) {
	case PROTO_IKE:
		/* none in IKE_SA_INIT */
		if (len && !(len == 8 && cursor_u64(&spi, &offer->spi)))
			return "an IKE proposal's SPI is not of 8 octets";
		return NULL;
	case PROTO_AH:
	case PROTO_ESP:
		if (len != 4 || !cursor_u32(&spi, &v))
			return "a proposal's SPI is not of 4 octets";
		offer->spi = v;
		return NULL;
	default:
		/* never chosen */
		offer->spi_len = 0;
		return NULL;
	}
}

static const char *parse_proposal(struct cursor *c, struct proposal *p, struct msg_offer *offer)
{
	uint8_t more, zero, spi_len, count;
	struct cursor body;
	const char *why;
	uint16_t len;
	int i;

	*p = (struct proposal){};
	*offer = (struct msg_offer){};
	if (!cursor_u8(c, &more) || !cursor_u8(c, &zero) || !cursor_u16(c, &len) || len < 8 ||
	    !cursor_sub(c, len - 4, &body))
		return "a proposal's length is wrong";
	if (more != (c->left ? MORE_PROPOSALS : 0))
		return "the chain of proposals is broken";
	if (!cursor_u8(&body, &offer->number) || !cursor_u8(&body, &p->protocol) ||
	    !cursor_u8(&body, &spi_len) || !cursor_u8(&body, &count))
		return "a proposal is cut short";
	why = parse_spi(&body, p->protocol, spi_len, offer);
	for (i = 1; !why && i <= count; i++)
		why = parse_transform(&body, i == count, p, offer);
	if (!why && body.left)
		why = "octets are left over behind a proposal's transforms";
	return why;
}

const char *parse_sa(struct cursor *c, struct msg_sa *sa)
{
	struct msg_offer offer;
	const char *why = NULL;
	struct proposal p;

	if (!c->left)
		return "there is no proposal";
	sa->proposals = *c;
	while (!why && c->left) {
		why = parse_proposal(c, &p, &offer);
		if (!sa->count++)
			sa->protocol = p.protocol;
		sa->skipped += offer.skipped;
	}
	return why;
}

bool msg_sa_next(struct cursor *proposals, struct proposal *p, struct msg_offer *offer)
{
	return proposals->left && !parse_proposal(proposals, p, offer);
}

/* Those that mean nothing where the peer does no RFC 9242. */
static void sa_spoil_addke(struct proposal *p)
{
	for (unsigned int i = 0; i < p->count; i++)
		if (transform_is_addke(&p->t[i]) && p->t[i].id)
			p->t[i].unusable = true;
}

/* As it counts for a choice. */
static bool sa_next(const struct msg_sa *theirs, struct cursor *at, struct proposal *p,
		    struct msg_offer *offer)
{
	if (!msg_sa_next(at, p, offer))
		return false;
	if (theirs->no_addke)
		sa_spoil_addke(p);
	return true;
}

bool msg_sa_select(const struct msg_sa *theirs, const struct proposals *ours, bool ignore_ke,
		   struct proposal *chosen, struct msg_offer *offer)
{
	struct choice c = { .ours = ours, .ignore_ke = ignore_ke };
	struct cursor at = theirs->proposals;
	struct msg_offer next;
	struct proposal p;

	while (!choose_is_final(&c) && sa_next(theirs, &at, &p, &next)) {
		if (choose_among(&c, &p))
			*offer = next;
	}
	if (c.made)
		*chosen = c.best;
	return c.made;
}

bool msg_sa_find(const struct msg_sa *theirs, const struct proposal *suite,
		 struct proposal *chosen, struct msg_offer *offer)
{
	struct cursor at = theirs->proposals;
	struct msg_offer next;
	struct proposal p;

	while (sa_next(theirs, &at, &p, &next)) {
		if (proposal_match(suite, &p, chosen)) {
			*offer = next;
			return true;
		}
	}
	return false;
}

static void build_transform(struct writer *w, const struct transform *t, bool last)
{
	writer_u8(w, last ? 0 : MORE_TRANSFORMS);
	writer_u8(w, 0);
	writer_u16(w, t->key_bits ? 12 : 8);
	writer_u8(w, t->type);
	writer_u8(w, 0);
	writer_u16(w, t->id);
	if (t->key_bits) {
		writer_u16(w, ATTR_TV | ATTR_KEY_LENGTH);
		writer_u16(w, t->key_bits);
	}
}

void build_proposal(struct builder *b, const struct proposal *p, const struct msg_offer *offer,
		    bool last)
{
	struct writer *w = &b->w;
	size_t start = w->len;
	int i;

	writer_u8(w, last ? 0 : MORE_PROPOSALS);
	writer_u8(w, 0);
	writer_u16(w, 0);
	writer_u8(w, offer->number);
	writer_u8(w, p->protocol);
	writer_u8(w, offer->spi_len);
	writer_u8(w, p->count);
	write_spi(w, offer->spi, offer->spi_len);
	for (i = 0; i < p->count; i++)
		build_transform(w, &p->t[i], i == p->count - 1);
	writer_patch_u16(w, start + 2, (uint16_t)(w->len - start));
}

void build_sa_one(struct builder *b, const struct proposal *p, const struct msg_offer *offer)
{
	build_payload(b, PAYLOAD_SA);
	build_proposal(b, p, offer, true);
	build_payload_end(b);
}

void build_sa(struct builder *b, const struct proposals *list, const struct msg_offer *first)
{
	struct msg_offer offer = first ? *first : (struct msg_offer){ .number = 1 };

	build_payload(b, PAYLOAD_SA);
	for (unsigned int i = 0; i < list->count; i++, offer.number++)
		build_proposal(b, &list->p[i], &offer, i + 1U == list->count);
	build_payload_end(b);
}
