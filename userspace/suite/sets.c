// SPDX-License-Identifier: GPL-2.0
/* Proposals that go by one name. */
#include <string.h>
#include "lib/array.h"
#include "suite/proposal.h"

#define SETS_MAX	4	/* proposals in one of them */
#define CNSA_GROUPS	"ecp384-modp4096-modp3072"
#define CNSA2_GROUPS	"ecp384-ke1_mlkem1024"

/*
 * As Junos has basic, compatible, standard and prime; RFC 6379 has Suite B, whose IKE is in CBC.
 * RFC 9206 has CNSA: its three suites in one proposal, and the SHA-384 that it allows beside
 * SHA-512. CNSA 2.0 adds ML-KEM-1024 to it.
 * The kernel module has neither DES nor MD5: of "compatible" ESP has one of four, of "basic" none.
 */
static const struct {
	const char *name;
	const char *ike[SETS_MAX], *esp[SETS_MAX];
} sets[] = {
	{ "standard", { "3des-sha1-modp1024", "aes128-sha1-modp1024" },
	  { "3des-sha1-modp1024-noesn", "aes128-sha1-modp1024-noesn" } },
	{ "compatible",
	  { "3des-sha1-modp1024", "3des-md5-modp1024", "des-sha1-modp1024", "des-md5-modp1024" },
	  { "3des-sha1-noesn" } },
	{ "basic", { "des-sha1-modp768", "des-md5-modp768" }, {} },
	{ "suite-b-gcm-128", { "aes128-sha256-ecp256" }, { "aes128gcm16-esn-noesn" } },
	{ "suite-b-gcm-256", { "aes256-sha384-ecp384" }, { "aes256gcm16-esn-noesn" } },
	{ "prime-128", { "aes128gcm16-prfsha256-ecp256" },
	  { "aes128gcm16-esn-noesn", "aes128gcm16-ecp256-esn-noesn" } },
	{ "prime-256", { "aes256gcm16-prfsha384-ecp384" },
	  { "aes256gcm16-esn-noesn", "aes256gcm16-ecp384-esn-noesn" } },
	{ "cnsa", { "aes256gcm16-prfsha512-prfsha384-" CNSA_GROUPS },
	  { "aes256gcm16-esn-noesn", "aes256gcm16-" CNSA_GROUPS "-esn-noesn" } },
	{ "cnsa2", { "aes256gcm16-prfsha512-prfsha384-" CNSA2_GROUPS },
	  { "aes256gcm16-esn-noesn", "aes256gcm16-" CNSA2_GROUPS "-esn-noesn" } },
};

/* NULL: there is no such set. */
static const char *const *sets_find(const char *name, uint8_t protocol)
{
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		if (!strcmp(sets[i].name, name))
			return protocol == PROTO_IKE ? sets[i].ike : sets[i].esp;
	}
	return NULL;
}

bool proposals_is_set(const char *name)
{
	return !strcmp(name, "default") || sets_find(name, PROTO_IKE);
}

static bool sets_parse(struct proposals *set, uint8_t protocol, const char *const *texts)
{
	char why[64];

	for (unsigned int i = 0; i < SETS_MAX && texts[i]; i++)
		if (!proposal_parse(&set->p[set->count++], protocol, texts[i], why, sizeof(why)))
			return false;
	return true;
}

bool proposals_set_lacks(const char *name)
{
	const char *const *texts = sets_find(name, PROTO_IKE);
	struct proposals set = { .count = 0 };

	return texts && !sets_parse(&set, PROTO_IKE, texts);
}

bool proposals_add_set(struct proposals *list, uint8_t protocol, const char *name)
{
	const char *const *texts = sets_find(name, protocol);
	struct proposals set = { .count = 0 };

	if (!texts)
		proposals_default(&set, protocol);
	else if (!sets_parse(&set, protocol, texts))
		return false;
	if (!set.count || list->count + set.count > PROPOSALS_MAX)
		return false;
	for (unsigned int i = 0; i < set.count; i++)
		list->p[list->count++] = set.p[i];
	return true;
}
