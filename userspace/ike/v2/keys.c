// SPDX-License-Identifier: GPL-2.0
/* Key derivation: RFC 7296 2.13 to 2.15, 2.18; RFC 5723 5.1. */
#include <stdlib.h>

#include "ike/object/ticket.h"
#include "ike/v2/v2.h"
#include "lib/array.h"

static struct chunk keys_chunk(const void *p, size_t len)
{
	return (struct chunk){ p, len };
}

/* How much of a nonce the PRF takes as its key. */
static size_t keys_nonce_len(uint16_t prf_id, const struct nonce *nonce)
{
	size_t most = prf_nonce_len(prf_id);

	return nonce->len < most ? nonce->len : most;
}

/* Of the IKE SA that another one replaces; prf 0: there is none. */
struct keys_old {
	uint16_t prf;
	const uint8_t *sk_d;
};

/*
 * SKEYSEED = prf(Ni | Nr, g^ir), or prf(SK_d (old), g^ir | Ni | Nr | SK(1) | ...) with the old IKE
 * SA's prf when that is rekeyed, RFC 9370 2.2.4.
 */
static bool keys_skeyseed(const struct ike_sa *sa, struct ke_secret secret, struct keys_old old,
			  uint8_t out[PRF_LEN_MAX])
{
	const struct chunk parts[] = {
		secret.first, keys_chunk(sa->ni.b, sa->ni.len),
		keys_chunk(sa->nr.b, sa->nr.len), secret.more,
	};
	size_t i = keys_nonce_len(sa->prf, &sa->ni), r = keys_nonce_len(sa->prf, &sa->nr);
	uint8_t key[2 * SA_NONCE_MAX];

	if (old.prf)
		return prf(old.prf, keys_chunk(old.sk_d, prf_len(old.prf)), parts, 4, out);
	memcpy(key, sa->ni.b, i);
	memcpy(key + i, sa->nr.b, r);
	return prf(sa->prf, keys_chunk(key, i + r), parts, 1, out);
}

static bool keys_setup(struct sk *sk, const struct ike_sa *sa, const uint8_t *encr_key,
		     const uint8_t *integ_key)
{
	const struct transform *encr = suite_find(&sa->suite, TRANSFORM_ENCR);
	const struct transform *integ = suite_find(&sa->suite, TRANSFORM_INTEG);
	size_t encr_len, integ_len;

	/* the IV goes on where the keys are replaced amid an IKE SA: none comes twice */
	*sk = (struct sk){ .next_iv = sk->next_iv };
	sk->encr = encr->id;
	sk->key_bits = encr->key_bits;
	sk->integ = integ ? integ->id : INTEG_NONE;
	encr_len = encr_key_len(sk->encr, sk->key_bits);
	integ_len = integ_key_len(sk->integ);
	if (!encr_len || encr_len > sizeof(sk->key) || integ_len > sizeof(sk->integ_key))
		return false;
	memcpy(sk->key, encr_key, encr_len);
	memcpy(sk->integ_key, integ_key, integ_len);
	return true;
}

static void keys_spis(const struct ike_sa *sa, uint8_t out[16])
{
	struct writer w = writer_of(out, 16);

	writer_u64(&w, sa->spi_i);
	writer_u64(&w, sa->spi_r);
}

/*
 * { SK_d | SK_ai | SK_ar | SK_ei | SK_er | SK_pi | SK_pr } = prf+ (SKEYSEED, Ni | Nr | SPIi |
 * SPIr)
 */
static bool keys_make(struct ike_sa *sa, struct ke_secret secret, struct keys_old old)
{
	const struct transform *encr = suite_find(&sa->suite, TRANSFORM_ENCR);
	const struct transform *integ = suite_find(&sa->suite, TRANSFORM_INTEG);
	const struct transform *prf_t = suite_find(&sa->suite, TRANSFORM_PRF);
	uint8_t seed[PRF_LEN_MAX], ids[16], keys[3 * PRF_LEN_MAX + 2 * (SK_KEY_MAX + SK_INTEG_MAX)];
	size_t d, a, e, len, seed_len;
	struct sk *i, *r;
	bool ok = false;

	if (!encr || !prf_t)
		return false;
	sa->prf = prf_t->id;
	d = prf_len(sa->prf);
	/* RFC 7296 2.18: SKEYSEED is by the old IKE SA's PRF, what follows by the new one's */
	seed_len = prf_len(old.prf ? old.prf : sa->prf);
	e = encr_key_len(encr->id, encr->key_bits);
	a = integ_key_len(integ ? integ->id : INTEG_NONE);
	len = 3 * d + 2 * (a + e);
	keys_spis(sa, ids);
	if (d && seed_len && e && len <= sizeof(keys) && keys_skeyseed(sa, secret, old, seed)) {
		struct chunk parts[] = {
			keys_chunk(sa->ni.b, sa->ni.len),
			keys_chunk(sa->nr.b, sa->nr.len),
			keys_chunk(ids, 16),
		};

		i = sa->initiator ? &sa->sk_out : &sa->sk_in;
		r = sa->initiator ? &sa->sk_in : &sa->sk_out;
		ok = prf_plus(sa->prf, keys_chunk(seed, seed_len), parts, ARRAY_SIZE(parts), keys,
			      len) &&
		     keys_setup(i, sa, keys + d + 2 * a, keys + d) &&
		     keys_setup(r, sa, keys + d + 2 * a + e, keys + d + a);
	}
	if (ok) {
		memcpy(sa->sk_d, keys, d);
		memcpy(sa->sk_pi, keys + len - 2 * d, d);
		memcpy(sa->sk_pr, keys + len - d, d);
		sa->keyed = true;
	}
	mem_wipe(seed, sizeof(seed));
	mem_wipe(keys, sizeof(keys));
	return ok;
}

bool keys_derive(struct ike_sa *sa, struct ke_secret secret, const struct ike_sa *rekeyed)
{
	struct keys_old old = {0};

	if (rekeyed)
		old = (struct keys_old){ rekeyed->prf, rekeyed->sk_d };
	return keys_make(sa, secret, old);
}

/* SKEYSEED = prf(SK_d (old), "Resumption" | Ni | Nr) */
bool keys_resume(struct ike_sa *sa, const struct ticket *t)
{
	static const char purpose[] = "Resumption";
	struct ke_secret secret = { .first = { (const uint8_t *)purpose, strlen(purpose) } };

	sa->suite = t->suite;
	return keys_make(sa, secret, (struct keys_old){ t->prf, t->sk_d });
}

/* IntAuth of both ends, and the number of the first IKE_AUTH, RFC 9242 3.3.2; or nothing. */
static void keys_intermediate(const struct ike_sa *sa, struct writer *w)
{
	size_t len = prf_len(sa->prf);

	if (!sa->addke.done)
		return;
	writer_bytes(w, sa->addke.covered_i, len);
	writer_bytes(w, sa->addke.covered_r, len);
	writer_u32(w, sa->addke.id + 1);
}

/* RealMessage | the other end's nonce | prf(SK_p, ID') [| IntAuth] */
bool keys_covered(const struct ike_sa *sa, bool of_initiator, struct chunk id_body,
		  struct octets *covered)
{
	const struct octets *real = of_initiator ? &sa->init_i : &sa->init_r;
	const struct nonce *nonce = of_initiator ? &sa->nr : &sa->ni;
	const uint8_t *sk_p = of_initiator ? sa->sk_pi : sa->sk_pr;
	size_t len = prf_len(sa->prf);
	uint8_t maced[PRF_LEN_MAX], more[2 * PRF_LEN_MAX + 4];
	struct writer w = writer_of(more, sizeof(more));

	*covered = (struct octets){0};
	if (!prf(sa->prf, keys_chunk(sk_p, len), &id_body, 1, maced))
		return false;
	keys_intermediate(sa, &w);
	covered->len = real->len + nonce->len + len + w.len;
	covered->p = malloc(covered->len);
	if (covered->p) {
		memcpy(covered->p, real->p, real->len);
		memcpy(covered->p + real->len, nonce->b, nonce->len);
		memcpy(covered->p + real->len + nonce->len, maced, len);
		memcpy(covered->p + real->len + nonce->len + len, more, w.len);
	}
	mem_wipe(maced, sizeof(maced));
	return covered->p;
}
