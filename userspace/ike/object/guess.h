/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who guesses passwords. Each one that is judged counts against the name and against the address
 * that it came from until it has proved right. Above GUESSES_OF_NAME or GUESSES_OF_ADDR none is
 * judged until time has taken some away, one each GUESS_FORGOTTEN_MS: a name can be tried 2,880
 * times a day, from however many addresses. Names and addresses together are at most GUESSED_MAX,
 * 32 KiB: the one that was tried longest ago gives way.
 *
 * So that strangers do not keep a name's owner out, each of the GUESS_HOMES_OF_NAME addresses where
 * the name has last proved right has its own GUESSES_OF_NAME, beside the name's: only who is there
 * too, behind the same NAT say, can use them up, and has as many more. They count against the
 * address all the same; were they its own, one client with an old password would use up those of
 * all who are there. What is right alone makes one, and of a name the oldest gives way: nobody's
 * guesses have one forgotten. There are at most GUESS_HOMES_MAX, 64 KiB.
 */
#ifndef IKE_GUESS_H
#define IKE_GUESS_H

#include "ike/core/engine.h"

#define GUESSES_OF_NAME		10
#define GUESSES_OF_ADDR		30	/* there may be many people behind it */
#define GUESS_FORGOTTEN_MS	30000
#define GUESSED_MAX		1024
#define GUESS_HOMES_OF_NAME	4
#define GUESS_HOMES_MAX		1024

/*
 * A password of @user is to be judged; no octets: nobody knows of whom. @addr is where its first
 * message came from: there the answer has arrived without which nothing goes on, and all that
 * comes later may pretend another. 0: it may be, and counts as wrong. Else the milliseconds until
 * one may; @name: the name is the reason, not the address.
 */
uint64_t guess_begin(struct ike *ike, struct chunk user, const struct addr *addr, bool *name);
/*
 * It was right: there the name has no wrong ones any more, nor elsewhere if it has proved right at
 * @addr for the first time; the address has one less.
 */
void guess_right(struct ike *ike, struct chunk user, const struct addr *addr);
/* For the end of the engine. */
void guesses_free(struct ike *ike);

#endif
