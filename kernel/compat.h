/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every difference between the kernels that esplane builds against. Kbuild
 * probes the headers for each and defines ESPL_HAVE_*: version numbers lie.
 */
#ifndef _ESPL_COMPAT_H
#define _ESPL_COMPAT_H

#include <linux/crypto.h>

/* asm/ until 6.12. */
#ifdef ESPL_HAVE_LINUX_UNALIGNED
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

/*
 * Defines the crypto API callback name(), which calls fn(data, err). Before
 * 6.3 it was given the request, and the data was in there.
 */
#ifdef ESPL_HAVE_CRYPTO_DONE_DATA
#define ESPL_CRYPTO_DONE(name, fn) \
	static void name(void *data, int err) { fn(data, err); }
#else
#define ESPL_CRYPTO_DONE(name, fn) \
	static void name(struct crypto_async_request *req, int err) { fn(req->data, err); }
#endif

#endif /* _ESPL_COMPAT_H */
