/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The suites of esplane_kunit.ko. main.c runs them from its own module_init,
 * so that one source serves kernels with CONFIG_KUNIT and stock ones, beside
 * which the framework is loaded as a module of its own (see build).
 */
#ifndef _ESPL_KUNIT_SUITES_H
#define _ESPL_KUNIT_SUITES_H

#include <kunit/test.h>

extern struct kunit_suite espl_wire_suite;
extern struct kunit_suite espl_replay_suite;
extern struct kunit_suite espl_lifetime_suite;
extern struct kunit_suite espl_trie_suite;
extern struct kunit_suite espl_selector_suite;
extern struct kunit_suite espl_flow_suite;
extern struct kunit_suite espl_crypto_suite;

#endif /* _ESPL_KUNIT_SUITES_H */
