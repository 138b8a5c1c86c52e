/* SPDX-License-Identifier: GPL-2.0 */
/* Transforms and proposals by their IKEv2 numbers, and the names strongSwan gives them. */
#ifndef LIB_PROPOSAL_H
#define LIB_PROPOSAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* IANA "Transform Type Values", RFC 7296 3.3.2, RFC 9370 2.2.1 */
enum {
	TRANSFORM_ENCR = 1,
	TRANSFORM_PRF,
	TRANSFORM_INTEG,
	TRANSFORM_KE,
	TRANSFORM_ESN,
	TRANSFORM_ADDKE1,	/* the first of the additional key exchanges; */
	TRANSFORM_ADDKE7 = TRANSFORM_ADDKE1 + 6,	/* their ids are those of KE */
};

#define ADDKE_MAX	7

enum { PROTO_IKE = 1, PROTO_AH, PROTO_ESP };

/* IANA "IKEv2 Parameters", transform ids; what is known of them is in suite/alg.c. */
enum {
	ENCR_DES = 2,
	ENCR_3DES,
	ENCR_NULL = 11,
	ENCR_AES_CBC,
	ENCR_AES_CTR,
	ENCR_AES_CCM_8,
	ENCR_AES_CCM_12,
	ENCR_AES_CCM_16,
	ENCR_AES_GCM_8 = 18,
	ENCR_AES_GCM_12,
	ENCR_AES_GCM_16,
	ENCR_NULL_AES_GMAC,
	ENCR_CHACHA20_POLY1305 = 28,
};

enum {
	PRF_HMAC_MD5 = 1,
	PRF_HMAC_SHA1,
	PRF_AES128_XCBC = 4,
	PRF_HMAC_SHA2_256,
	PRF_HMAC_SHA2_384,
	PRF_HMAC_SHA2_512,
	PRF_AES128_CMAC,
};

enum {
	INTEG_NONE = 0,
	INTEG_HMAC_MD5_96,
	INTEG_HMAC_SHA1_96,
	INTEG_AES_XCBC_96 = 5,
	INTEG_AES_CMAC_96 = 8,
	INTEG_HMAC_SHA2_256_128 = 12,
	INTEG_HMAC_SHA2_384_192,
	INTEG_HMAC_SHA2_512_256,
};

enum {
	KE_NONE = 0,
	KE_MODP_768,
	KE_MODP_1024,
	KE_MODP_1536 = 5,
	KE_MODP_2048 = 14,
	KE_MODP_3072,
	KE_MODP_4096,
	KE_MODP_6144,
	KE_MODP_8192,
	KE_ECP_256,
	KE_ECP_384,
	KE_ECP_521,
	KE_MODP_1024_160,
	KE_MODP_2048_224,
	KE_MODP_2048_256,
	KE_ECP_192,
	KE_ECP_224,
	KE_ECP_224_BP,
	KE_ECP_256_BP,
	KE_ECP_384_BP,
	KE_ECP_512_BP,
	KE_X25519,
	KE_X448,
	KE_ML_KEM_512 = 35,	/* draft-ietf-ipsecme-ikev2-mlkem */
	KE_ML_KEM_768,
	KE_ML_KEM_1024,
};

enum { ESN_NO, ESN_YES };

/*
 * key_bits: the Key Length attribute, 0 where the transform has none (ChaCha20).
 * unusable: the peer gave it an attribute we do not know: never chosen, RFC 7296 3.3.6.
 */
struct transform {
	uint8_t type;
	uint16_t id;
	uint16_t key_bits;
	bool unusable;
};

#define PROPOSAL_TRANSFORMS_MAX	64
#define PROPOSALS_MAX		16	/* of ours; a peer may offer any number */
#define PROPOSAL_STRLEN		512

/* Any number of transforms of each type, in order of preference. */
struct proposal {
	uint8_t protocol;	/* PROTO_IKE or PROTO_ESP */
	uint8_t count;
	struct transform t[PROPOSAL_TRANSFORMS_MAX];
};

#define SUITE_TRANSFORMS_MAX	TRANSFORM_ADDKE7	/* the last type; the first is 1 */

/* A chosen proposal, one transform a type, as an SA keeps it: without the room for many. */
struct suite {
	uint8_t protocol;
	uint8_t count;
	struct transform t[SUITE_TRANSFORMS_MAX];
};

struct proposals {
	uint8_t count;
	bool by_peer;		/* as responder we go by the peer's order */
	struct proposal p[PROPOSALS_MAX];
};

/*
 * "aes128gcm16-prfsha256-x25519", "aes256-sha256-modp2048", for ESP "aes128gcm16-esn",
 * "aes256-sha256-ecp256-noesn"; several of one type may stand side by side. "ke1_ecp384" to
 * "ke7_ecp384" is an additional key exchange, "ke1_none" makes it optional. An IKE proposal
 * without a PRF takes that of its integrity algorithm. An ESP one without esn or noesn offers both,
 * noesn first: as strongSwan does. False: @why (buffer of @why_len) says which word is wrong and
 * what is accepted.
 */
bool proposal_parse(struct proposal *p, uint8_t protocol, const char *text, char *why,
		    size_t why_len);
const char *proposal_str(const struct proposal *p, char buf[PROPOSAL_STRLEN]);

/*
 * Name of one transform as in proposal_parse, or NULL when unknown; of an additional key exchange
 * without "ke1_".
 */
const char *transform_name(uint8_t type, uint16_t id, uint16_t key_bits);

/* The first transform of a type, or NULL. */
const struct transform *proposal_find(const struct proposal *p, uint8_t type);
/*
 * The groups of the additional key exchanges of a chosen proposal, in order: how many. NONE is
 * none.
 */
unsigned int proposal_addke(const struct proposal *p, uint16_t groups[ADDKE_MAX]);
struct suite proposal_suite(const struct proposal *chosen);
struct proposal suite_proposal(const struct suite *suite);
/* Its transform of a type, or NULL. */
const struct transform *suite_find(const struct suite *suite, uint8_t type);
uint16_t suite_group(const struct suite *suite);	/* of its KE, or KE_NONE */
const char *suite_str(const struct suite *suite, char buf[PROPOSAL_STRLEN]);
static inline bool transform_is_addke(const struct transform *t)
{
	return t->type >= TRANSFORM_ADDKE1 && t->type <= TRANSFORM_ADDKE7;
}

/* The name of the first algorithm that only allow-legacy allows, or NULL. */
const char *proposals_legacy(const struct proposals *list);
/* Has any of them this KE group? */
bool proposals_have_group(const struct proposals *list, uint16_t group);

/*
 * What a responder chooses, while it reads any number of the peer's proposals one by one: exactly
 * one transform a type of what one of @ours and one of theirs have in common; the strongest such
 * choice, where ALG_STRONG bits are enough, and of equals that of the first of @ours. With
 * @ours->by_peer, that of the first of theirs. More additional key exchanges are stronger; none of
 * them, and not KE, is chosen twice (RFC 9370 2.2.1).
 * Types absent on one side count as NONE where RFC 7296 3.3.3 allows it (INTEG with AEAD, KE and
 * ESN in ESP; additional key exchanges). With @ignore_ke the groups are not compared and not
 * chosen (the first child, RFC 7296 1.2).
 */
struct choice {
	const struct proposals *ours;
	bool ignore_ke;
	bool made;			/* there is something in common: */
	struct proposal best;		/* the choice so far, */
	int rank;			/* how strong it is, */
	unsigned int of_ours;		/* and from which of ours */
};

/* The next of the peer's. True: it is the best so far. */
bool choose_among(struct choice *c, const struct proposal *theirs);
/* Does no further one change it? */
static inline bool choose_is_final(const struct choice *c)
{
	return c->made && c->ours->by_peer;
}

/*
 * The same from a list: @chosen gets it, @index which of @theirs it came from. False: nothing in
 * common.
 */
bool proposal_select(const struct proposals *ours, const struct proposals *theirs, bool ignore_ke,
		     struct proposal *chosen, unsigned int *index);
/* The same of one of each. */
bool proposal_match(const struct proposal *ours, const struct proposal *theirs,
		    struct proposal *chosen);
/* Have these two anything in common? */
bool proposal_fits(const struct proposals *ours, const struct proposal *theirs);

/* Does "default", "standard", "suite-b-gcm-128" or the like stand for proposals? */
bool proposals_is_set(const char *name);
/* Does it need what this build has not: ML-KEM? */
bool proposals_set_lacks(const char *name);
/*
 * Appends them. False: it lacks something, there are none for that protocol, or they are too many.
 */
bool proposals_add_set(struct proposals *list, uint8_t protocol, const char *name);
/* The sound default lists. */
void proposals_default(struct proposals *p, uint8_t protocol);

#endif
