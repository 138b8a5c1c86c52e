// SPDX-License-Identifier: GPL-2.0
/* Elliptic curves: X25519, X448 (RFC 8031), ECP-192 to ECP-521 (RFC 5903, RFC 5114). */
#include <nettle/bignum.h>
#include <nettle/curve448.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecc.h>
#include <sodium.h>
#include "crypto/group.h"

/*
 * libsodium's X25519 costs 0.69 million instructions a handshake, nettle's 1.29 (Debian 12).
 * sodium_init() looks once for what the CPU can do.
 */
static bool x25519_make(const struct group *g, uint8_t *private, uint8_t *public)
{
	return sodium_init() >= 0 && !crypto_scalarmult_curve25519_base(public, private);
}

/* It refuses points of small order, and so a result of zero: RFC 7748 6.1. */
static bool x25519_derive(const struct group *g, const uint8_t *private, const uint8_t *peer,
			  uint8_t *secret)
{
	return sodium_init() >= 0 && !crypto_scalarmult_curve25519(secret, private, peer);
}

static bool x448_make(const struct group *g, uint8_t *private, uint8_t *public)
{
	curve448_mul_g(public, private);
	return true;
}

/*
 * A result of zero comes from points of small order: the peer's share had no part in it, RFC 7748
 * 6.2.
 */
static bool x448_is_zero(const uint8_t *secret)
{
	uint8_t any = 0;

	for (size_t i = 0; i < CURVE448_SIZE; i++)
		any |= secret[i];
	return !any;
}

static bool x448_derive(const struct group *g, const uint8_t *private, const uint8_t *peer,
			uint8_t *secret)
{
	curve448_mul(secret, private, peer);
	return !x448_is_zero(secret);
}

const struct group group_x25519 = {
	.id = KE_X25519,
	.public_len = crypto_scalarmult_curve25519_BYTES,
	.secret_len = crypto_scalarmult_curve25519_BYTES,
	.private_len = crypto_scalarmult_curve25519_BYTES,
	.shallow = true,
	.make = x25519_make,
	.derive = x25519_derive,
};

const struct group group_x448 = {
	.id = KE_X448,
	.public_len = CURVE448_SIZE,
	.secret_len = CURVE448_SIZE,
	.private_len = CURVE448_SIZE,
	.shallow = true,
	.make = x448_make,
	.derive = x448_derive,
};

static const struct ecc_curve *curve_of(const struct group *g)
{
	switch (g->id) {
	case KE_ECP_192:
		return nettle_get_secp_192r1();
	case KE_ECP_224:
		return nettle_get_secp_224r1();
	case KE_ECP_256:
		return nettle_get_secp_256r1();
	case KE_ECP_384:
		return nettle_get_secp_384r1();
	default:
		return nettle_get_secp_521r1();
	}
}

/* False: not from 1 to the order of the group less one. */
static bool scalar_set(struct ecc_scalar *s, const uint8_t *private, size_t len)
{
	mpz_t z;
	bool ok;

	nettle_mpz_init_set_str_256_u(z, len, private);
	ok = ecc_scalar_set(s, z);
	mpz_clear(z);
	return ok;
}

static bool ecp_make(const struct group *g, uint8_t *private, uint8_t *public)
{
	size_t len = g->private_len;
	struct ecc_scalar scalar;
	struct ecc_point point;
	mpz_t x, y;
	bool ok;

	if (g->id == KE_ECP_521)	/* of the first octet one bit is used: few would be drawn */
		private[0] &= 1;
	ecc_scalar_init(&scalar, curve_of(g));
	ok = scalar_set(&scalar, private, len);
	if (ok) {
		ecc_point_init(&point, curve_of(g));
		mpz_inits(x, y, NULL);
		ecc_point_mul_g(&point, &scalar);
		ecc_point_get(&point, x, y);
		nettle_mpz_get_str_256(len, public, x);
		nettle_mpz_get_str_256(len, public + len, y);
		mpz_clears(x, y, NULL);
		ecc_point_clear(&point);
	}
	ecc_scalar_clear(&scalar);
	return ok;
}

/*
 * ecc_point_set refuses coordinates outside the field and points off the curve; the cofactor is 1.
 */
static bool ecp_derive(const struct group *g, const uint8_t *private, const uint8_t *peer,
		       uint8_t *secret)
{
	size_t len = g->private_len;
	struct ecc_scalar scalar;
	struct ecc_point point;
	mpz_t x, y;
	bool ok;

	nettle_mpz_init_set_str_256_u(x, len, peer);
	nettle_mpz_init_set_str_256_u(y, len, peer + len);
	ecc_point_init(&point, curve_of(g));
	ecc_scalar_init(&scalar, curve_of(g));
	ok = ecc_point_set(&point, x, y) && scalar_set(&scalar, private, len);
	if (ok) {
		ecc_point_mul(&point, &scalar, &point);
		ecc_point_get(&point, x, y);
		nettle_mpz_get_str_256(len, secret, x);
	}
	ecc_scalar_clear(&scalar);
	ecc_point_clear(&point);
	mpz_clears(x, y, NULL);
	return ok;
}

#define ECP(name_, id_, len_)			\
	const struct group group_##name_ = {	\
		.id = id_,			\
		.public_len = 2 * (len_),	\
		.secret_len = len_,		\
		.private_len = len_,		\
		.shallow = true,		\
		.make = ecp_make,		\
		.derive = ecp_derive,		\
	}

ECP(ecp192, KE_ECP_192, 24);
ECP(ecp224, KE_ECP_224, 28);
ECP(ecp256, KE_ECP_256, 32);
ECP(ecp384, KE_ECP_384, 48);
ECP(ecp521, KE_ECP_521, 66);
