// SPDX-License-Identifier: GPL-2.0
/* What a responder chooses, RFC 7296 2.7 and 3.3.6. */
#include "lib/array.h"
#include "suite/alg.h"
#include "suite/proposal.h"

/* Some peers send a key length with ChaCha20, whose RFC 7634 wants none. */
static bool same(const struct transform *ours, const struct transform *theirs)
{
	if (ours->type != theirs->type || ours->id != theirs->id || ours->unusable ||
	    theirs->unusable)
		return false;
	return ours->key_bits == theirs->key_bits ||
	       (ours->type == TRANSFORM_ENCR && ours->id == ENCR_CHACHA20_POLY1305 &&
		!ours->key_bits && theirs->key_bits == 256);
}

static const struct transform *find_same(const struct proposal *theirs,
					 const struct transform *ours)
{
	int i;

	for (i = 0; i < theirs->count; i++)
		if (same(ours, &theirs->t[i]))
			return &theirs->t[i];
	return NULL;
}

static const struct transform *find_none(const struct proposal *p, uint8_t type)
{
	const struct transform none = { .type = type };

	return find_same(p, &none);
}

static void choose(struct proposal *chosen, const struct transform *theirs)
{
	chosen->t[chosen->count++] = *theirs;
}

static bool is_key_exchange(const struct transform *t)
{
	return t->type == TRANSFORM_KE || transform_is_addke(t);
}

/*
 * Bits, ALG_STRONG at most. Number 0 is NONE, or "no" for ESN: nothing that could be broken. No
 * additional key exchange is weaker than any.
 */
static int choose_strength(const struct transform *t)
{
	const struct alg *alg = alg_find(t->type, t->id, t->key_bits);

	if (!t->id)
		return transform_is_addke(t) ? 0 : ALG_STRONG;
	return !alg ? 0 : alg->strength < ALG_STRONG ? alg->strength : ALG_STRONG;
}

/* Is this key exchange among them, as another one of the same handshake? */
static bool choose_twice(const struct proposal *chosen, const struct transform *t)
{
	for (int i = 0; t->id && is_key_exchange(t) && i < chosen->count; i++)
		if (is_key_exchange(&chosen->t[i]) && chosen->t[i].id == t->id)
			return true;
	return false;
}

/*
 * Of what both have of a type, and is not @chosen yet, the strongest, and of equals the first of
 * ours; with @by_peer the first of theirs. NULL: nothing.
 */
static const struct transform *choose_common(const struct proposal *ours,
					     const struct proposal *theirs, uint8_t type,
					     bool none, bool by_peer,
					     const struct proposal *chosen)
{
	const struct transform *best = NULL, *t;

	for (int i = 0; i < ours->count; i++) {
		t = ours->t[i].type == type ? find_same(theirs, &ours->t[i]) : NULL;
		if (!t || (!none && !t->id) || choose_twice(chosen, t))
			continue;
		if (!best || (by_peer ? t < best : choose_strength(t) > choose_strength(best)))
			best = t;
	}
	return best;
}

/*
 * Where @optional, a type that is absent means number 0, which is NONE for INTEG, KE and the
 * additional ones, and "no" for ESN: an absent type is then chosen by leaving it out.
 */
static bool pick(const struct proposal *ours, const struct proposal *theirs, uint8_t type,
		 bool optional, bool by_peer, struct proposal *chosen)
{
	bool ours_has = proposal_find(ours, type), theirs_has = proposal_find(theirs, type);
	const struct transform *t = choose_common(ours, theirs, type, optional, by_peer,
						  chosen);

	if (t) {
		choose(chosen, t);
		return true;
	}
	if (!optional)
		return false;
	if (!theirs_has)
		return !ours_has || find_none(ours, type);
	t = ours_has ? NULL : find_none(theirs, type);
	if (t)
		choose(chosen, t);
	return t;
}

/*
 * RFC 7296 3.3.3: with an AEAD, INTEG is absent or NONE; some offer it beside AEADs for their other
 * ciphers.
 */
static bool pick_integ(const struct proposal *ours, const struct proposal *theirs, bool by_peer,
		       struct proposal *chosen)
{
	const struct transform *encr = proposal_find(chosen, TRANSFORM_ENCR), *none;

	if (!(alg_find(TRANSFORM_ENCR, encr->id, encr->key_bits)->use & ALG_AEAD))
		return pick(ours, theirs, TRANSFORM_INTEG, false, by_peer, chosen);
	none = find_none(theirs, TRANSFORM_INTEG);
	if (none)
		choose(chosen, none);
	return true;
}

static bool known_types(const struct proposal *p)
{
	int i;

	for (i = 0; i < p->count; i++) {
		switch (p->t[i].type) {
		case TRANSFORM_ENCR:
		case TRANSFORM_INTEG:
		case TRANSFORM_KE:
			break;
		case TRANSFORM_PRF:
			if (p->protocol != PROTO_IKE)
				return false;
			break;
		case TRANSFORM_ESN:
			if (p->protocol == PROTO_IKE)
				return false;
			break;
		default:
			if (!transform_is_addke(&p->t[i]))
				return false;
		}
	}
	return true;
}

static bool pick_groups(const struct proposal *ours, const struct proposal *theirs, bool by_peer,
			struct proposal *chosen)
{
	bool ike = ours->protocol == PROTO_IKE;

	if (!pick(ours, theirs, TRANSFORM_KE, !ike, by_peer, chosen))
		return false;
	for (uint8_t type = TRANSFORM_ADDKE1; type <= TRANSFORM_ADDKE7; type++)
		if (!pick(ours, theirs, type, true, by_peer, chosen))
			return false;
	return true;
}

static bool match(const struct proposal *ours, const struct proposal *theirs, bool by_peer,
		  bool ignore_ke, struct proposal *chosen)
{
	bool ike = ours->protocol == PROTO_IKE;

	*chosen = (struct proposal){ .protocol = ours->protocol };
	if (ours->protocol != theirs->protocol || !known_types(theirs))
		return false;
	if (!pick(ours, theirs, TRANSFORM_ENCR, false, by_peer, chosen))
		return false;
	if (ike && !pick(ours, theirs, TRANSFORM_PRF, false, by_peer, chosen))
		return false;
	if (!pick_integ(ours, theirs, by_peer, chosen))
		return false;
	if (!ignore_ke && !pick_groups(ours, theirs, by_peer, chosen))
		return false;
	return ike || pick(ours, theirs, TRANSFORM_ESN, true, by_peer, chosen);
}

/*
 * As strong as its weakest part; of several key exchanges the strongest counts. Those of a CHILD_SA
 * are not counted: its keys come from the IKE SA's SK_d too, RFC 7296 2.17, so that a weak group
 * makes nothing worse.
 */
static int choose_weakest(const struct proposal *p)
{
	int weakest = ALG_STRONG, exchange = 0, strength;

	for (int i = 0; i < p->count; i++) {
		strength = choose_strength(&p->t[i]);
		if (!is_key_exchange(&p->t[i]))
			weakest = strength < weakest ? strength : weakest;
		else if (strength > exchange)
			exchange = strength;
	}
	return p->protocol == PROTO_IKE && exchange < weakest ? exchange : weakest;
}

/* Of equals the one with more additional key exchanges is the stronger. */
static int choose_rank(const struct proposal *p)
{
	uint16_t groups[ADDKE_MAX];

	return choose_weakest(p) * (ADDKE_MAX + 1) + (int)proposal_addke(p, groups);
}

/* Of equals that of the first of ours; of the same of ours that of the first of theirs stays. */
static bool choose_is_better(const struct choice *c, const struct proposal *common,
			     unsigned int of_ours)
{
	int rank = choose_rank(common);

	return !c->made || rank > c->rank || (rank == c->rank && of_ours < c->of_ours);
}

bool choose_among(struct choice *c, const struct proposal *theirs)
{
	const struct proposals *ours = c->ours;
	struct proposal common;
	bool better = false;

	if (choose_is_final(c))
		return false;
	for (unsigned int i = 0; i < ours->count && !choose_is_final(c); i++) {
		if (!match(&ours->p[i], theirs, ours->by_peer, c->ignore_ke, &common) ||
		    !choose_is_better(c, &common, i))
			continue;
		c->best = common;
		c->rank = choose_rank(&common);
		c->of_ours = i;
		c->made = better = true;
	}
	return better;
}

bool proposal_select(const struct proposals *ours, const struct proposals *theirs, bool ignore_ke,
		     struct proposal *chosen, unsigned int *index)
{
	struct choice c = { .ours = ours, .ignore_ke = ignore_ke };

	for (unsigned int i = 0; i < theirs->count; i++)
		if (choose_among(&c, &theirs->p[i]))
			*index = i;
	if (c.made)
		*chosen = c.best;
	return c.made;
}

bool proposal_match(const struct proposal *ours, const struct proposal *theirs,
		    struct proposal *chosen)
{
	return match(ours, theirs, false, false, chosen);
}

bool proposal_fits(const struct proposals *ours, const struct proposal *theirs)
{
	struct choice c = { .ours = ours };

	return choose_among(&c, theirs);
}

#define AEADS	"aes128gcm16-aes256gcm16-chacha20poly1305"
#define GROUPS	"x25519-ecp256-ecp384-modp3072-modp2048"

/*
 * ESP has the proposals without a group first: as most gateways are configured, a child is rekeyed
 * with the keys of its IKE SA; those who insist on a fresh exchange find it in the rest.
 */
void proposals_default(struct proposals *p, uint8_t protocol)
{
	static const char *const ike[] = {
		AEADS "-prfsha256-prfsha384-prfsha512-" GROUPS,
		"aes128-aes256-sha256-sha384-sha512-" GROUPS,
	};
	static const char *const esp[] = {
		AEADS "-esn-noesn",
		"aes128-aes256-sha256-esn-noesn",
		AEADS "-" GROUPS "-esn-noesn",
		"aes128-aes256-sha256-" GROUPS "-esn-noesn",
	};
	bool is_ike = protocol == PROTO_IKE;
	const char *const *texts = is_ike ? ike : esp;
	size_t count = is_ike ? ARRAY_SIZE(ike) : ARRAY_SIZE(esp), i;
	char why[64];

	*p = (struct proposals){};
	for (i = 0; i < count; i++)
		if (proposal_parse(&p->p[p->count], protocol, texts[i], why, sizeof(why)))
			p->count++;
}
