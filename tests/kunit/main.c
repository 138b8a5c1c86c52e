// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>
#include "pure/crypto.h"
#include "pure/steps.h"
#include "suites.h"

unsigned long espl_steps;

static struct kunit_suite *suites[] = {
	&espl_wire_suite,
	&espl_replay_suite,
	&espl_lifetime_suite,
	&espl_trie_suite,
	&espl_selector_suite,
	&espl_flow_suite,
	&espl_segment_suite,
	&espl_encap_suite,
	&espl_transport_suite,
	&espl_source_suite,
	&espl_crypto_suite,
	&espl_satable_suite,
};

/* The last argument says whether to run at once; it came with 6.13. */
#ifdef ESPL_HAVE_KUNIT_RUN_TESTS
#define suites_init(s, n)	__kunit_test_suites_init(s, n, true)
#else
#define suites_init(s, n)	__kunit_test_suites_init(s, n)
#endif

static int __init espl_kunit_init(void)
{
	return suites_init(suites, ARRAY_SIZE(suites));
}

static void __exit espl_kunit_exit(void)
{
	__kunit_test_suites_exit(suites, ARRAY_SIZE(suites));
	rcu_barrier();
	espl_crypto_exit();
}

module_init(espl_kunit_init);
module_exit(espl_kunit_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("KUnit suites of esplane");
