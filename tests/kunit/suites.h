/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The suites of esplane_kunit.ko. main.c runs them from its own module_init,
 * so that one source serves kernels with CONFIG_KUNIT and stock ones, beside
 * which the framework is loaded as a module of its own (see build).
 */
#ifndef _ESPL_KUNIT_SUITES_H
#define _ESPL_KUNIT_SUITES_H

#include <kunit/test.h>

/* The head of a generator of parameters; the test became an argument of it with 6.18. */
#ifdef ESPL_HAVE_KUNIT_PARAM_TEST
#define ESPL_KUNIT_GENERATOR(name) \
	static const void *name(struct kunit *test, const void *prev, char *desc)
#else
#define ESPL_KUNIT_GENERATOR(name) static const void *name(const void *prev, char *desc)
#endif

extern struct kunit_suite espl_wire_suite;
extern struct kunit_suite espl_replay_suite;
extern struct kunit_suite espl_lifetime_suite;
extern struct kunit_suite espl_trie_suite;
extern struct kunit_suite espl_selector_suite;
extern struct kunit_suite espl_flow_suite;
extern struct kunit_suite espl_segment_suite;
extern struct kunit_suite espl_encap_suite;
extern struct kunit_suite espl_transport_suite;
extern struct kunit_suite espl_source_suite;
extern struct kunit_suite espl_crypto_suite;
extern struct kunit_suite espl_satable_suite;

#endif /* _ESPL_KUNIT_SUITES_H */
