// SPDX-License-Identifier: GPL-2.0
/* Groups modulo a prime: RFC 3526 groups 14 and 15, generator 2, with the checks of RFC 6989. */
#include <nettle/bignum.h>
#include "crypto/group.h"

static const char prime2048[] =
	"ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74"
	"020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437"
	"4fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed"
	"ee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf05"
	"98da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb"
	"9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3b"
	"e39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf695581718"
	"3995497cea956ae515d2261898fa051015728e5a8aacaa68ffffffffffffffff";
static const char prime3072[] =
	"ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74"
	"020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437"
	"4fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed"
	"ee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf05"
	"98da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb"
	"9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3b"
	"e39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf695581718"
	"3995497cea956ae515d2261898fa051015728e5a8aaac42dad33170d04507a33"
	"a85521abdf1cba64ecfb850458dbef0a8aea71575d060c7db3970f85a6e1e4c7"
	"abf5ae8cdb0933d71e8c94e04a25619dcee3d2261ad2ee6bf12ffa06d98a0864"
	"d87602733ec86a64521f2b18177b200cbbe117577a615d6c770988c0bad946e2"
	"08e24fa074e5ab3143db5bfce0fd108e4b82d120a93ad2caffffffffffffffff";

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

const struct group group_modp2048 = {
	.id = KE_MODP_2048,
	.public_len = 256,
	.secret_len = 256,
	.private_len = 40,
	.make = modp_make,
	.derive = modp_derive,
	.param = prime2048,
};

const struct group group_modp3072 = {
	.id = KE_MODP_3072,
	.public_len = 384,
	.secret_len = 384,
	.private_len = 52,
	.make = modp_make,
	.derive = modp_derive,
	.param = prime3072,
};
