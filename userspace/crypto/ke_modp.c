// SPDX-License-Identifier: GPL-2.0
/* Groups modulo a prime: RFC 2409 and RFC 3526, generator 2, with the checks of RFC 6989. */
#include <nettle/bignum.h>
#include "crypto/group.h"

/*
 * RFC 3526 8: an exponent of twice the group's strength is enough. Its highest bit is set, so that
 * all exponents take the same time.
 */
static void import_private(mpz_t x, const struct group *g, const uint8_t *private)
{
	nettle_mpz_set_str_256_u(x, g->private_len, private);
	mpz_setbit(x, 8UL * g->private_len - 1);
}

static bool modp_make(const struct group *g, uint8_t *private, uint8_t *public)
{
	mpz_t p, x, y;

	mpz_init_set_str(p, g->param, 16);
	mpz_init(x);
	import_private(x, g, private);
	mpz_init_set_ui(y, 2);
	mpz_powm_sec(y, y, x, p);
	nettle_mpz_get_str_256(g->public_len, public, y);
	mpz_clears(p, x, y, NULL);
	return true;
}

/* RFC 6989 2.1: 1 < y < p - 1; with p = 2q + 1 only 0, 1 and p - 1 lie in small subgroups. */
static bool modp_derive(const struct group *g, const uint8_t *private, const uint8_t *peer,
			uint8_t *secret)
{
	mpz_t p, limit, x, y;
	bool ok;

	mpz_init_set_str(p, g->param, 16);
	mpz_inits(limit, x, NULL);
	mpz_sub_ui(limit, p, 1);
	import_private(x, g, private);
	nettle_mpz_init_set_str_256_u(y, g->public_len, peer);
	ok = mpz_cmp_ui(y, 1) > 0 && mpz_cmp(y, limit) < 0;
	if (ok) {
		mpz_powm_sec(y, y, x, p);
		nettle_mpz_get_str_256(g->secret_len, secret, y);
	}
	mpz_clears(p, limit, x, y, NULL);
	return ok;
}

#define MODP(bits_, id_, private_)				\
	const struct group group_modp##bits_ = {		\
		.id = id_,					\
		.public_len = (bits_) / 8,			\
		.secret_len = (bits_) / 8,			\
		.private_len = private_,			\
		.make = modp_make,				\
		.derive = modp_derive,				\
		.param = modp_prime##bits_,			\
	}

MODP(768, KE_MODP_768, 30);
MODP(1024, KE_MODP_1024, 30);
MODP(1536, KE_MODP_1536, 30);
MODP(2048, KE_MODP_2048, 40);
MODP(3072, KE_MODP_3072, 52);
MODP(4096, KE_MODP_4096, 60);
MODP(6144, KE_MODP_6144, 68);
MODP(8192, KE_MODP_8192, 78);
