/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The words that values of options are written in. False: @why says what is wrong with the text and
 * what to write, without naming the option.
 */
#ifndef ESPLANED_VALUE_H
#define ESPLANED_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ike/core/conf.h"

#define VALUE_WHY_MAX	768	/* octets, NUL included */

/* Writes @why and returns false. */
bool value_refuse(char why[VALUE_WHY_MAX], const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* "1000", or with "0x" in front hexadecimal; both ends included. @what: "is not a metric". */
bool value_number(const char *text, uint64_t least, uint64_t most, const char *what,
		  uint64_t *number, char why[VALUE_WHY_MAX]);
bool value_u32(const char *text, uint64_t least, uint64_t most, const char *what,
	       uint32_t *number, char why[VALUE_WHY_MAX]);
/* "90s", "1h", "30d", without a letter seconds. */
bool value_duration(const char *text, uint32_t *seconds, char why[VALUE_WHY_MAX]);
/* Likewise, or "never": 0. */
bool value_duration_or_never(const char *text, uint32_t *seconds, char why[VALUE_WHY_MAX]);
/* "500ms", "1s", without a letter seconds; @least and @most in milliseconds. */
bool value_milliseconds(const char *text, uint32_t least, uint32_t most, uint32_t *ms,
			char why[VALUE_WHY_MAX]);
/* "2", "1.5", of at most two digits behind the point; @least, @most and @percent in hundredths. */
bool value_factor(const char *text, uint32_t least, uint32_t most, uint32_t *percent,
		  char why[VALUE_WHY_MAX]);
/*
 * "64G" in powers of @base, or "never": 0. @least, as text, is the smallest that makes sense: with
 * less the peers would do little but agree on new keys.
 */
bool value_lifetime(const char *text, uint64_t base, const char *least, uint64_t *amount,
		    char why[VALUE_WHY_MAX]);
/* One of two words. */
bool value_choice(const char *text, const char *no, const char *yes, bool *chosen,
		  char why[VALUE_WHY_MAX]);
/* One of @count words: which of them. */
bool value_word(const char *text, const char *const *words, unsigned int count,
		unsigned int *which, char why[VALUE_WHY_MAX]);

/* A relative path counts from the @file it stands in. False: longer than @size less one octets. */
bool value_path(const char *file, const char *text, char *path, size_t size,
		char why[VALUE_WHY_MAX]);
/* An identity; @absent: what is so without the option. */
bool value_id(struct ike_id *id, const char *value, const char *absent, char why[VALUE_WHY_MAX]);
/* Could this be a DNS name? */
bool value_is_host(const char *name);

#endif
