// SPDX-License-Identifier: GPL-2.0
/* What nodes propose. */
#include <stdlib.h>

#include "sim/sim.h"

/* A list is proposals with a space between. */
static void pick_proposals(struct rng *r, struct proposals *p, uint8_t protocol,
			   const char *const *lists, size_t count)
{
	char text[256], why[128], *save = NULL;

	snprintf(text, sizeof(text), "%s", lists[rng_below(r, count)]);
	for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		if (!proposal_parse(&p->p[p->count++], protocol, word, why, sizeof(why))) {
			fprintf(stderr, "sim: %s: %s\n", word, why);
			abort();
		}
	}
}

/* Each list has something in common with each other. */
void suites_configure_ike(struct world *w, struct proposals *list)
{
	static const char *const ike[] = {
		"aes128-sha256-x25519-ecp256 aes128gcm16-prfsha256-x25519-ecp256",
		"aes128gcm16-prfsha256-x25519",
		"aes256gcm16-aes128gcm16-prfsha384-prfsha256-x25519",
		"aes128gcm16-prfsha256-ecp256-x25519",
	};
	static const char *const further[] = {
		"aes128gcm16-prfsha256-x25519-ke1_ecp256",
		"aes128gcm16-prfsha256-x25519-ke1_none-ke1_ecp256",
		"aes128gcm16-prfsha256-x25519-ke1_ecp256-ke4_none-ke4_ecp384",
	};

	if (w->further)
		pick_proposals(&w->script, list, PROTO_IKE, further, 3);
	else
		pick_proposals(&w->script, list, PROTO_IKE, ike,
			       rng_chance(&w->script, 85) ? 3 : 4);
}

void suites_configure_esp(struct world *w, struct proposals *list, bool with_pfs)
{
	static const char *const esp[] = {
		"aes128gcm16-esn-noesn",
		"aes256gcm16-aes128gcm16-esn",
		"chacha20poly1305-aes128gcm16-esn-noesn",
	};
	static const char *const pfs[] = { "aes128gcm16-x25519-esn",
					   "aes128gcm16-ecp256-x25519-esn" };
	static const char *const further[] = {
		"aes128gcm16-x25519-ke1_ecp256-esn",
		"aes128gcm16-x25519-ke1_ecp256-ke2_none-ke2_ecp384-esn",
	};

	if (with_pfs)
		pick_proposals(&w->script, list, PROTO_ESP, w->further ? further : pfs, 2);
	else
		pick_proposals(&w->script, list, PROTO_ESP, esp, 3);
}
