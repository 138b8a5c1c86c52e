// SPDX-License-Identifier: GPL-2.0
/* The Brainpool curves, RFC 6954, by libgcrypt: nettle has none of them. */
#include <gcrypt.h>
#include <string.h>
#include "crypto/group.h"

/*
 * Before main(): its start reads files of the system, which a sandbox may forbid later. Its pool
 * of locked memory is not for us: limbs are wiped when they are freed, with it and without.
 */
__attribute__((constructor)) static void brainpool_begin(void)
{
	if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P))
		return;		/* another library of ours has begun it */
	gcry_check_version(NULL);
	gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
	gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
}

/* NULL: a curve that this libgcrypt refuses, as it does in FIPS mode. */
static gcry_ctx_t brainpool_curve(const struct group *g)
{
	gcry_ctx_t curve;

	return gcry_mpi_ec_new(&curve, NULL, g->param) ? NULL : curve;
}

static gcry_mpi_t brainpool_number(const uint8_t *at, size_t len)
{
	gcry_mpi_t n = NULL;

	return gcry_mpi_scan(&n, GCRYMPI_FMT_USG, at, len, NULL) ? NULL : n;
}

/*
 * Marked as a secret: libgcrypt multiplies by it in constant time then. NULL: not from 1 to the
 * order of the group less one.
 */
static gcry_mpi_t brainpool_scalar(gcry_ctx_t curve, const uint8_t *private, size_t len)
{
	gcry_mpi_t s = brainpool_number(private, len);
	gcry_mpi_t order = gcry_mpi_ec_get_mpi("n", curve, 1);

	if (s && order && gcry_mpi_cmp_ui(s, 0) > 0 && gcry_mpi_cmp(s, order) < 0) {
		gcry_mpi_set_flag(s, GCRYMPI_FLAG_SECURE);	/* zero has no limbs to mark */
	} else {
		gcry_mpi_release(s);
		s = NULL;
	}
	gcry_mpi_release(order);
	return s;
}

/* Exactly @len octets, zeros in front. */
static bool brainpool_write(uint8_t *to, size_t len, gcry_mpi_t n)
{
	size_t used;

	if (gcry_mpi_print(GCRYMPI_FMT_USG, to, len, &used, n))
		return false;
	memmove(to + len - used, to, used);
	memset(to, 0, len - used);
	return true;
}

/* Releases nothing. @y may be NULL. False: the point at infinity. */
static bool brainpool_write_point(gcry_ctx_t curve, gcry_mpi_point_t point, size_t len,
				  uint8_t *x, uint8_t *y)
{
	gcry_mpi_t ax = gcry_mpi_snew(0), ay = gcry_mpi_snew(0);
	bool ok;

	ok = !gcry_mpi_ec_get_affine(ax, ay, point, curve) && brainpool_write(x, len, ax) &&
	     (!y || brainpool_write(y, len, ay));
	gcry_mpi_release(ax);
	gcry_mpi_release(ay);
	return ok;
}

/* @base times @private. */
static bool brainpool_multiply(const struct group *g, gcry_ctx_t curve, const uint8_t *private,
			       gcry_mpi_point_t base, uint8_t *x, uint8_t *y)
{
	gcry_mpi_t scalar = brainpool_scalar(curve, private, g->private_len);
	gcry_mpi_point_t result = gcry_mpi_point_new(0);
	bool ok = false;

	if (scalar) {
		gcry_mpi_ec_mul(result, scalar, base, curve);
		ok = brainpool_write_point(curve, result, g->private_len, x, y);
	}
	gcry_mpi_point_release(result);
	gcry_mpi_release(scalar);
	return ok;
}

static bool brainpool_make(const struct group *g, uint8_t *private, uint8_t *public)
{
	gcry_ctx_t curve = brainpool_curve(g);
	gcry_mpi_point_t base = curve ? gcry_mpi_ec_get_point("g", curve, 1) : NULL;
	bool ok;

	ok = base && brainpool_multiply(g, curve, private, base, public, public + g->private_len);
	gcry_mpi_point_release(base);
	gcry_ctx_release(curve);
	return ok;
}

/* RFC 6989 2.3: both coordinates in the field, the point on the curve. The cofactor is 1. */
static gcry_mpi_point_t brainpool_peer(gcry_ctx_t curve, const uint8_t *peer, size_t len)
{
	gcry_mpi_t x = brainpool_number(peer, len), y = brainpool_number(peer + len, len);
	gcry_mpi_t p = gcry_mpi_ec_get_mpi("p", curve, 1);
	gcry_mpi_point_t point = NULL;

	if (x && y && p && gcry_mpi_cmp(x, p) < 0 && gcry_mpi_cmp(y, p) < 0) {
		point = gcry_mpi_point_set(NULL, x, y, GCRYMPI_CONST_ONE);
		if (!gcry_mpi_ec_curve_point(point, curve)) {
			gcry_mpi_point_release(point);
			point = NULL;
		}
	}
	gcry_mpi_release(p);
	gcry_mpi_release(x);
	gcry_mpi_release(y);
	return point;
}

/* RFC 6954 2.2: the secret is the x coordinate. */
static bool brainpool_derive(const struct group *g, const uint8_t *private, const uint8_t *peer,
			     uint8_t *secret)
{
	gcry_ctx_t curve = brainpool_curve(g);
	gcry_mpi_point_t point = curve ? brainpool_peer(curve, peer, g->private_len) : NULL;
	bool ok;

	ok = point && brainpool_multiply(g, curve, private, point, secret, NULL);
	gcry_mpi_point_release(point);
	gcry_ctx_release(curve);
	return ok;
}

#define BRAINPOOL(bits_)				\
	const struct group group_ecp##bits_##bp = {	\
		.id = KE_ECP_##bits_##_BP,		\
		.public_len = (bits_) / 4,		\
		.secret_len = (bits_) / 8,		\
		.private_len = (bits_) / 8,		\
		.shallow = true,			\
		.make = brainpool_make,			\
		.derive = brainpool_derive,		\
		.param = "brainpoolP" #bits_ "r1",	\
	}

BRAINPOOL(224);
BRAINPOOL(256);
BRAINPOOL(384);
BRAINPOOL(512);
