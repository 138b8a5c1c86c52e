// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "suite/alg.h"
#include "suite/names.h"
#include "suite/proposal.h"

static bool __attribute__((format(printf, 3, 4)))
refuse(char *why, size_t why_len, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, why_len, fmt, ap);
	va_end(ap);
	return false;
}

static bool is_aead(const struct transform *t)
{
	const struct alg *alg = alg_find(t->type, t->id, t->key_bits);

	return alg && alg->use & ALG_AEAD;
}

static uint8_t use_in(uint8_t protocol)
{
	return protocol == PROTO_IKE ? ALG_IKE : ALG_ESP;
}

/* May the configuration have it in proposals for that protocol? */
static bool belongs(const struct alg *alg, uint8_t protocol)
{
	return alg->use & use_in(protocol) && !(alg->use & ALG_THEIRS);
}

/*
 * What else may be written: of @kind all but what is legacy or encrypts nothing, or what is usual
 * of all kinds (0).
 */
static void accepted(uint8_t protocol, uint8_t kind, char *buf, size_t len)
{
	const struct alg *alg = NULL;
	size_t used = 0;
	int n;

	buf[0] = '\0';
	while ((alg = alg_next(alg))) {
		if (!belongs(alg, protocol) || !alg->strength ||
		    (kind ? alg->type != kind || alg->use & ALG_LEGACY : !(alg->use & ALG_USUAL)))
			continue;
		n = snprintf(buf + used, len - used, "%s%s", used ? ", " : "", alg->name);
		if (n < 0 || (size_t)n >= len - used)
			return;
		used += (size_t)n;
	}
}

static bool has(const struct proposal *p, const struct transform *t)
{
	int i;

	for (i = 0; i < p->count; i++)
		if (p->t[i].type == t->type && p->t[i].id == t->id &&
		    p->t[i].key_bits == t->key_bits)
			return true;
	return false;
}

/* Twice the same transform is one. */
static bool add(struct proposal *p, uint8_t type, uint16_t id, uint16_t key_bits)
{
	struct transform t = { .type = type, .id = id, .key_bits = key_bits };

	if (has(p, &t))
		return true;
	if (p->count == PROPOSAL_TRANSFORMS_MAX)
		return false;
	p->t[p->count++] = t;
	return true;
}

static void drop_type(struct proposal *p, uint8_t type)
{
	int i, n = 0;

	for (i = 0; i < p->count; i++)
		if (p->t[i].type != type)
			p->t[n++] = p->t[i];
	p->count = (uint8_t)n;
}

/* Refuses the word @text of @len octets, which is of @kind, or of none; @what says why. */
static bool refuse_word(const struct proposal *p, const char *text, size_t len, uint8_t kind,
			const char *what, char *why, size_t why_len)
{
	char list[400];

	accepted(p->protocol, kind, list, sizeof(list));
	return refuse(why, why_len, "\"%.*s\" %s; use %s%s", len > 40 ? 40 : (int)len, text, what,
		      list, kind ? "" : ", or another of esplane.conf(5)");
}

/* Why a word that names an algorithm cannot be in proposals for that protocol. */
static const char *reason(const struct alg *alg, uint8_t protocol)
{
	if (alg->use & ALG_LACKING)
		return "is not in this build, which was made without Botan 3.7 (libbotan-3-dev)";
	if (alg->use & ALG_THEIRS || !(alg->use & (ALG_IKE | ALG_ESP)))
		return "is not supported";
	if (protocol == PROTO_IKE)
		return "belongs to ESP, not to IKE";
	return alg->type == TRANSFORM_PRF ? "is a PRF, which only IKE has" :
	       "is for IKE only: the kernel module does not do it";
}

/* "ke1_" to "ke7_" before a group: which transform type that makes of it; 0: it is not there. */
static uint8_t addke_prefix(const char *text, size_t len)
{
	if (len < 4 || strncasecmp(text, "ke", 2) || text[2] < '1' || text[2] > '0' + ADDKE_MAX ||
	    text[3] != '_')
		return 0;
	return TRANSFORM_ADDKE1 + (text[2] - '1');
}

/* The group behind the prefix; "none" is one. */
static bool parse_addke(struct proposal *p, uint8_t type, const char *text, size_t len, char *why,
			size_t why_len)
{
	const struct alg *alg = alg_named(text, len);
	bool none = len == 4 && !strncasecmp(text, "none", 4);

	if (!none && (!alg || alg->type != TRANSFORM_KE))
		return refuse_word(p, text, len, TRANSFORM_KE,
				   "is no key exchange that can stand behind ke1_ to ke7_", why,
				   why_len);
	if (!none && !belongs(alg, p->protocol))
		return refuse_word(p, text, len, TRANSFORM_KE, reason(alg, p->protocol), why,
				   why_len);
	if (!add(p, type, none ? KE_NONE : alg->id, 0))
		return refuse(why, why_len, "it has more than %d algorithms",
			      PROPOSAL_TRANSFORMS_MAX);
	return true;
}

static bool parse_word(struct proposal *p, const char *text, size_t len, char *why, size_t why_len)
{
	const struct alg *alg = alg_named(text, len);
	uint8_t kind, addke = addke_prefix(text, len);

	if (addke)
		return parse_addke(p, addke, text + 4, len - 4, why, why_len);
	if (!len)
		return refuse(why, why_len, "a word is missing; write it as in %s",
			      p->protocol == PROTO_IKE ? "aes128gcm16-prfsha256-x25519" :
			      "aes128gcm16-esn");
	if (!alg)
		return refuse_word(p, text, len, 0, "is not an algorithm", why, why_len);
	if (!belongs(alg, p->protocol)) {
		kind = alg->type == TRANSFORM_ESN || alg->type == TRANSFORM_PRF ? 0 : alg->type;
		return refuse_word(p, text, len, kind, reason(alg, p->protocol), why, why_len);
	}
	if (!add(p, alg->type, alg->id, alg->key_bits))
		return refuse(why, why_len, "it has more than %d algorithms",
			      PROPOSAL_TRANSFORMS_MAX);
	return true;
}

/* IKE without a PRF takes those of its integrity algorithms. */
static void imply_prf(struct proposal *p)
{
	int i, count = p->count;

	if (proposal_find(p, TRANSFORM_PRF))
		return;
	for (i = 0; i < count; i++)
		if (p->t[i].type == TRANSFORM_INTEG)
			add(p, TRANSFORM_PRF, alg_find(TRANSFORM_INTEG, p->t[i].id, 0)->prf, 0);
}

/* The first transform of type ENCR that is an AEAD, or is none. */
static const struct transform *find_encr(const struct proposal *p, bool aead)
{
	int i;

	for (i = 0; i < p->count; i++)
		if (p->t[i].type == TRANSFORM_ENCR && is_aead(&p->t[i]) == aead)
			return &p->t[i];
	return NULL;
}

static const char *name(const struct transform *t)
{
	return transform_name(t->type, t->id, t->key_bits);
}

static bool complete_ike(struct proposal *p, char *why, size_t why_len)
{
	imply_prf(p);
	if (!proposal_find(p, TRANSFORM_PRF))
		return refuse(why, why_len, "the PRF is missing: prfsha256, prfsha384 or "
			      "prfsha512");
	if (!proposal_find(p, TRANSFORM_KE))
		return refuse(why, why_len, "the key exchange group is missing: x25519, ecp256, "
			      "ecp384, modp2048 or modp3072");
	return true;
}

static bool has_addke(const struct proposal *p)
{
	for (unsigned int i = 0; i < p->count; i++)
		if (transform_is_addke(&p->t[i]))
			return true;
	return false;
}

static bool complete_esp(struct proposal *p, char *why, size_t why_len)
{
	if (has_addke(p) && !proposal_find(p, TRANSFORM_KE))
		return refuse(why, why_len, "an additional key exchange needs a group before it: "
			      "x25519-ke1_ecp384");
	if (proposal_find(p, TRANSFORM_ESN))
		return true;
	if (!add(p, TRANSFORM_ESN, ESN_NO, 0) || !add(p, TRANSFORM_ESN, ESN_YES, 0))
		return refuse(why, why_len, "it has too many algorithms");
	return true;
}

/* The first cipher that encrypts, or, with @clear, that does not; NULL: there is none. */
static const struct transform *find_secret(const struct proposal *p, bool clear)
{
	for (int i = 0; i < p->count; i++) {
		const struct transform *t = &p->t[i];
		const struct alg *alg = alg_find(t->type, t->id, t->key_bits);

		if (t->type == TRANSFORM_ENCR && alg && !alg->strength == clear)
			return t;
	}
	return NULL;
}

/* What is missing is added where it can be inferred. Integrity beside AEADs only named a PRF. */
static bool complete(struct proposal *p, char *why, size_t why_len)
{
	const struct transform *aead = find_encr(p, true), *plain = find_encr(p, false);
	const struct transform *clear = find_secret(p, true), *secret = find_secret(p, false);

	if (clear && secret)
		return refuse(why, why_len, "%s encrypts nothing, and the peer could choose it in "
			      "place of %s: write two proposals", name(clear), name(secret));
	if (!aead && !plain)
		return refuse(why, why_len, "the cipher is missing: aes128gcm16, aes256gcm16, "
			      "chacha20poly1305, aes128, aes192 or aes256");
	if (aead && plain)
		return refuse(why, why_len, "%s needs an integrity algorithm and %s must not have "
			      "one: write two proposals", name(plain), name(aead));
	if (plain && !proposal_find(p, TRANSFORM_INTEG))
		return refuse(why, why_len, "%s needs an integrity algorithm: sha256, sha384 or sha512",
			      name(plain));
	if (p->protocol == PROTO_IKE && !complete_ike(p, why, why_len))
		return false;
	if (p->protocol == PROTO_ESP && !complete_esp(p, why, why_len))
		return false;
	if (aead)
		drop_type(p, TRANSFORM_INTEG);
	return true;
}

bool proposal_parse(struct proposal *p, uint8_t protocol, const char *text, char *why,
		    size_t why_len)
{
	struct proposal out = { .protocol = protocol };
	size_t left = strlen(text), len;
	const char *dash;

	if (left && text[left - 1] == '!')
		left--;
	for (;;) {
		dash = memchr(text, '-', left);
		len = dash ? (size_t)(dash - text) : left;
		if (!parse_word(&out, text, len, why, why_len))
			return false;
		if (!dash)
			break;
		text += len + 1;
		left -= len + 1;
	}
	if (!complete(&out, why, why_len))
		return false;
	*p = out;
	return true;
}

const char *transform_name(uint8_t type, uint16_t id, uint16_t key_bits)
{
	const struct alg *alg = alg_find(type, id, key_bits);

	return alg ? alg->name : NULL;
}

/* Numbers for what has no name: a peer may offer anything. */
static void transform_str(const struct transform *t, char *buf, size_t len)
{
	const char *name = transform_name(t->type, t->id, t->key_bits);
	char type[NAME_STRLEN];

	if (transform_is_addke(t) && (name || !t->id))
		snprintf(buf, len, "ke%u_%s%s", 1u + t->type - TRANSFORM_ADDKE1,
			 t->id ? name : "none", t->unusable ? "?" : "");
	else if (name)
		snprintf(buf, len, "%s%s", name, t->unusable ? "?" : "");
	else if (t->key_bits)
		snprintf(buf, len, "%s/%u/%u", name_str(NAME_TRANSFORM_TYPE, t->type, type), t->id,
			 t->key_bits);
	else
		snprintf(buf, len, "%s/%u", name_str(NAME_TRANSFORM_TYPE, t->type, type), t->id);
}

const char *proposal_str(const struct proposal *p, char buf[PROPOSAL_STRLEN])
{
	char word[NAME_STRLEN + 16];
	size_t used = 0, len;
	int i;

	buf[0] = '\0';
	for (i = 0; i < p->count; i++) {
		if (p->t[i].type == TRANSFORM_INTEG && p->t[i].id == INTEG_NONE)
			continue;
		transform_str(&p->t[i], word, sizeof(word));
		len = strlen(word);
		if (used + 1 + len + 4 > PROPOSAL_STRLEN) {
			memcpy(buf + used, "...", 4);
			break;
		}
		if (used)
			buf[used++] = '-';
		memcpy(buf + used, word, len + 1);
		used += len;
	}
	return buf;
}

const struct transform *proposal_find(const struct proposal *p, uint8_t type)
{
	int i;

	for (i = 0; i < p->count; i++)
		if (p->t[i].type == type)
			return &p->t[i];
	return NULL;
}

unsigned int proposal_addke(const struct proposal *p, uint16_t groups[ADDKE_MAX])
{
	unsigned int count = 0;

	for (uint8_t type = TRANSFORM_ADDKE1; type <= TRANSFORM_ADDKE7; type++) {
		const struct transform *t = proposal_find(p, type);

		if (t && t->id)
			groups[count++] = t->id;
	}
	return count;
}

struct suite proposal_suite(const struct proposal *chosen)
{
	struct suite suite = { .protocol = chosen->protocol };

	for (; suite.count < chosen->count && suite.count < SUITE_TRANSFORMS_MAX; suite.count++)
		suite.t[suite.count] = chosen->t[suite.count];
	return suite;
}

struct proposal suite_proposal(const struct suite *suite)
{
	struct proposal p = { .protocol = suite->protocol, .count = suite->count };

	memcpy(p.t, suite->t, sizeof(suite->t));
	return p;
}

const struct transform *suite_find(const struct suite *suite, uint8_t type)
{
	for (unsigned int i = 0; i < suite->count; i++)
		if (suite->t[i].type == type)
			return &suite->t[i];
	return NULL;
}

uint16_t suite_group(const struct suite *suite)
{
	const struct transform *ke = suite_find(suite, TRANSFORM_KE);

	return ke ? ke->id : KE_NONE;
}

const char *suite_str(const struct suite *suite, char buf[PROPOSAL_STRLEN])
{
	const struct proposal p = suite_proposal(suite);

	return proposal_str(&p, buf);
}

const char *proposals_legacy(const struct proposals *list)
{
	for (unsigned int i = 0; i < list->count; i++) {
		const struct proposal *p = &list->p[i];

		for (unsigned int j = 0; j < p->count; j++) {
			const struct transform *t = &p->t[j];
			const struct alg *alg = alg_find(t->type, t->id, t->key_bits);

			if (alg && alg->use & ALG_LEGACY)
				return alg->name;
		}
	}
	return NULL;
}

bool proposals_have_group(const struct proposals *list, uint16_t group)
{
	for (unsigned int i = 0; i < list->count; i++)
		for (unsigned int j = 0; j < list->p[i].count; j++)
			if (list->p[i].t[j].type == TRANSFORM_KE && list->p[i].t[j].id == group)
				return true;
	return false;
}
