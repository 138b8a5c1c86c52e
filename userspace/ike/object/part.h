/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Parts of a child, RFC 7296 2.9: a peer may take its selectors in several CHILD_SAs only. Then the
 * child keeps some of its configured selectors, and each pair of the others becomes a child of its
 * own, NAME-2, NAME-3 and so on, as `split = yes` makes them. Two families, and two protocols, are
 * no pair. They stay while the peer does: the next IKE SA asks for them at once. A peer has
 * TUNNEL_CHILDREN_MAX children at most.
 *
 * A peer may also make several CHILD_SAs within one configured selector, one for each of its own,
 * narrower ones; and one within another, RFC 7296 2.9.1. The second and further ones are parts too,
 * guests: of exactly what the peer asks for, and for as long as they are up. One that a person
 * takes down stays, and is refused. Of a tunnel that anybody may connect to all parts are guests:
 * we ask nobody there for a child.
 */
#ifndef IKE_PART_H
#define IKE_PART_H

#include "ike/object/child.h"

/*
 * SINGLE_PAIR_REQUIRED: @child keeps the pair that a packet waits for, or its first, and it and the
 * others, which are all wanted, never offer more than that. Where one pair was too much: the two
 * hosts of the packet. False: they do so already, no packet waits, or they would be too many.
 */
bool part_single(struct child *child);
/*
 * @child gets @has, which is less than is configured: it keeps what it has of that, and the pairs
 * that it has nothing of become parts; @wanted: which are made now. False: there are none.
 */
bool part_rest(struct child *child, const struct ts_pair *has, bool wanted);
/* Is @child up, and @ts about other configured selectors than those that it has? */
bool part_is_other(const struct child *child, const struct ts_pair *ts);
/* Then those become parts. False: too many, or no memory: @cause, and nothing has changed. */
bool part_make_room(struct child *child, struct cause *cause);
/* Is @child up, and @ts beside all that it has? */
bool part_is_beside(const struct child *child, const struct ts_pair *ts);
/*
 * Is @child up, and can @ts be up beside it, though they may overlap? The kernel takes the more
 * specific policy for a packet. Not where they are the same, or have one pair of selectors in
 * common.
 */
bool part_is_another(const struct child *child, const struct ts_pair *ts);
/* A guest for @ts, which is not up yet. NULL: too many, or no memory: @cause. */
struct child *part_guest(struct child *child, const struct ts_pair *ts, struct cause *cause);
/* A guest that is down, and not held down, and nothing of it is under way: it may go. */
bool part_is_over(const struct child *child);
/* A reload gives @name to another: a part that has it gets a number that is free. */
void part_make_way(struct peer *peer, const char *name);
/*
 * Whose @ts are, which the peer has agreed to: @child's, or those of a part that it gets now, not
 * in the place of other selectors that are up; or of one that has the same, and @child has failed.
 * NULL: as part_make_room.
 */
struct child *part_for(struct child *child, const struct ts_pair *ts, struct cause *cause);

#endif
