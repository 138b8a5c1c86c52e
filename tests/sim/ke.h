/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The key exchange below the engine, put there by the linker (--wrap): ke_real.c or ke_cheap.c.
 * What each does is in crypto/crypto.h.
 */
#ifndef SIM_KE_H
#define SIM_KE_H

#include "crypto/crypto.h"

struct ke *__real_ke_new(uint16_t group, void (*random)(void *ctx, void *buf, size_t len),
			 void *ctx);
struct ke *__wrap_ke_new(uint16_t group, void (*random)(void *ctx, void *buf, size_t len),
			 void *ctx);
bool __real_ke_derive(const struct ke *ke, const uint8_t *peer, size_t peer_len,
		      uint8_t *secret, size_t *secret_len);
bool __wrap_ke_derive(const struct ke *ke, const uint8_t *peer, size_t peer_len,
		      uint8_t *secret, size_t *secret_len);
struct ke *__real_ke_answer(uint16_t group, const uint8_t *peer, size_t peer_len,
			    void (*random)(void *ctx, void *buf, size_t len), void *ctx,
			    uint8_t *secret, size_t *secret_len);
struct ke *__wrap_ke_answer(uint16_t group, const uint8_t *peer, size_t peer_len,
			    void (*random)(void *ctx, void *buf, size_t len), void *ctx,
			    uint8_t *secret, size_t *secret_len);
uint16_t __real_ke_group(const struct ke *ke);
uint16_t __wrap_ke_group(const struct ke *ke);
const uint8_t *__real_ke_public(const struct ke *ke, size_t *len);
const uint8_t *__wrap_ke_public(const struct ke *ke, size_t *len);
void __real_ke_free(struct ke *ke);
void __wrap_ke_free(struct ke *ke);

#endif
