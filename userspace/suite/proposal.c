// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "lib/array.h"
#include "suite/names.h"
#include "suite/proposal.h"

struct word {
	const char *text;
	uint8_t type;
	uint16_t id;
	uint16_t key_bits;
	bool known_only;	/* named so that a peer's offer can be read; we never offer it */
	bool ike_only;		/* kernel/pure/suite.c has no such suite */
};

/* The first word of a transform is the one it is printed with; the others are aliases. */
static const struct word words[] = {
	{ "aes128gcm16", TRANSFORM_ENCR, ENCR_AES_GCM_16, 128 },
	{ "aes192gcm16", TRANSFORM_ENCR, ENCR_AES_GCM_16, 192, .ike_only = true },
	{ "aes256gcm16", TRANSFORM_ENCR, ENCR_AES_GCM_16, 256 },
	{ "chacha20poly1305", TRANSFORM_ENCR, ENCR_CHACHA20_POLY1305, 0 },
	{ "aes128", TRANSFORM_ENCR, ENCR_AES_CBC, 128 },
	{ "aes192", TRANSFORM_ENCR, ENCR_AES_CBC, 192 },
	{ "aes256", TRANSFORM_ENCR, ENCR_AES_CBC, 256 },
	{ "sha256", TRANSFORM_INTEG, INTEG_HMAC_SHA2_256_128 },
	{ "sha384", TRANSFORM_INTEG, INTEG_HMAC_SHA2_384_192, .ike_only = true },
	{ "sha512", TRANSFORM_INTEG, INTEG_HMAC_SHA2_512_256, .ike_only = true },
	{ "prfsha256", TRANSFORM_PRF, PRF_HMAC_SHA2_256 },
	{ "prfsha384", TRANSFORM_PRF, PRF_HMAC_SHA2_384 },
	{ "prfsha512", TRANSFORM_PRF, PRF_HMAC_SHA2_512 },
	{ "x25519", TRANSFORM_KE, KE_X25519 },
	{ "ecp256", TRANSFORM_KE, KE_ECP_256 },
	{ "ecp384", TRANSFORM_KE, KE_ECP_384 },
	{ "modp2048", TRANSFORM_KE, KE_MODP_2048 },
	{ "modp3072", TRANSFORM_KE, KE_MODP_3072 },
	{ "esn", TRANSFORM_ESN, ESN_YES },
	{ "noesn", TRANSFORM_ESN, ESN_NO },

	{ "aes128gcm128", TRANSFORM_ENCR, ENCR_AES_GCM_16, 128 },
	{ "aes128gcm", TRANSFORM_ENCR, ENCR_AES_GCM_16, 128 },
	{ "aes192gcm128", TRANSFORM_ENCR, ENCR_AES_GCM_16, 192, .ike_only = true },
	{ "aes192gcm", TRANSFORM_ENCR, ENCR_AES_GCM_16, 192, .ike_only = true },
	{ "aes256gcm128", TRANSFORM_ENCR, ENCR_AES_GCM_16, 256 },
	{ "aes256gcm", TRANSFORM_ENCR, ENCR_AES_GCM_16, 256 },
	{ "chacha20poly1305compat", TRANSFORM_ENCR, ENCR_CHACHA20_POLY1305, 256, true },
	{ "aes", TRANSFORM_ENCR, ENCR_AES_CBC, 128 },
	{ "aes128cbc", TRANSFORM_ENCR, ENCR_AES_CBC, 128 },
	{ "aes192cbc", TRANSFORM_ENCR, ENCR_AES_CBC, 192 },
	{ "aes256cbc", TRANSFORM_ENCR, ENCR_AES_CBC, 256 },
	{ "sha2_256", TRANSFORM_INTEG, INTEG_HMAC_SHA2_256_128 },
	{ "sha2_384", TRANSFORM_INTEG, INTEG_HMAC_SHA2_384_192, .ike_only = true },
	{ "sha2_512", TRANSFORM_INTEG, INTEG_HMAC_SHA2_512_256, .ike_only = true },
	{ "prfsha2_256", TRANSFORM_PRF, PRF_HMAC_SHA2_256 },
	{ "prfsha2_384", TRANSFORM_PRF, PRF_HMAC_SHA2_384 },
	{ "prfsha2_512", TRANSFORM_PRF, PRF_HMAC_SHA2_512 },
	{ "curve25519", TRANSFORM_KE, KE_X25519 },

	{ "des", TRANSFORM_ENCR, 2, 0, true },
	{ "3des", TRANSFORM_ENCR, 3, 0, true },
	{ "null", TRANSFORM_ENCR, 11, 0, true },
	{ "aes128ctr", TRANSFORM_ENCR, 13, 128, true },
	{ "aes192ctr", TRANSFORM_ENCR, 13, 192, true },
	{ "aes256ctr", TRANSFORM_ENCR, 13, 256, true },
	{ "aes128ccm8", TRANSFORM_ENCR, 14, 128, true },
	{ "aes192ccm8", TRANSFORM_ENCR, 14, 192, true },
	{ "aes256ccm8", TRANSFORM_ENCR, 14, 256, true },
	{ "aes128ccm12", TRANSFORM_ENCR, 15, 128, true },
	{ "aes192ccm12", TRANSFORM_ENCR, 15, 192, true },
	{ "aes256ccm12", TRANSFORM_ENCR, 15, 256, true },
	{ "aes128ccm16", TRANSFORM_ENCR, 16, 128, true },
	{ "aes192ccm16", TRANSFORM_ENCR, 16, 192, true },
	{ "aes256ccm16", TRANSFORM_ENCR, 16, 256, true },
	{ "aes128gcm8", TRANSFORM_ENCR, 18, 128, true },
	{ "aes192gcm8", TRANSFORM_ENCR, 18, 192, true },
	{ "aes256gcm8", TRANSFORM_ENCR, 18, 256, true },
	{ "aes128gcm12", TRANSFORM_ENCR, 19, 128, true },
	{ "aes192gcm12", TRANSFORM_ENCR, 19, 192, true },
	{ "aes256gcm12", TRANSFORM_ENCR, 19, 256, true },
	{ "aes128gmac", TRANSFORM_ENCR, 21, 128, true },
	{ "aes192gmac", TRANSFORM_ENCR, 21, 192, true },
	{ "aes256gmac", TRANSFORM_ENCR, 21, 256, true },
	{ "camellia128", TRANSFORM_ENCR, 23, 128, true },
	{ "camellia192", TRANSFORM_ENCR, 23, 192, true },
	{ "camellia256", TRANSFORM_ENCR, 23, 256, true },
	{ "camellia128ctr", TRANSFORM_ENCR, 24, 128, true },
	{ "camellia192ctr", TRANSFORM_ENCR, 24, 192, true },
	{ "camellia256ctr", TRANSFORM_ENCR, 24, 256, true },
	{ "md5", TRANSFORM_INTEG, 1, 0, true },
	{ "sha1", TRANSFORM_INTEG, 2, 0, true },
	{ "sha", TRANSFORM_INTEG, 2, 0, true },
	{ "aesxcbc", TRANSFORM_INTEG, 5, 0, true },
	{ "aescmac", TRANSFORM_INTEG, 8, 0, true },
	{ "prfmd5", TRANSFORM_PRF, 1, 0, true },
	{ "prfsha1", TRANSFORM_PRF, 2, 0, true },
	{ "prfaesxcbc", TRANSFORM_PRF, 4, 0, true },
	{ "prfaescmac", TRANSFORM_PRF, 8, 0, true },
	{ "modpnone", TRANSFORM_KE, KE_NONE, 0, true },
	{ "modp768", TRANSFORM_KE, 1, 0, true },
	{ "modp1024", TRANSFORM_KE, 2, 0, true },
	{ "modp1536", TRANSFORM_KE, 5, 0, true },
	{ "modp4096", TRANSFORM_KE, 16, 0, true },
	{ "modp6144", TRANSFORM_KE, 17, 0, true },
	{ "modp8192", TRANSFORM_KE, 18, 0, true },
	{ "ecp521", TRANSFORM_KE, 21, 0, true },
	{ "modp1024s160", TRANSFORM_KE, 22, 0, true },
	{ "modp2048s224", TRANSFORM_KE, 23, 0, true },
	{ "modp2048s256", TRANSFORM_KE, 24, 0, true },
	{ "ecp192", TRANSFORM_KE, 25, 0, true },
	{ "ecp224", TRANSFORM_KE, 26, 0, true },
	{ "ecp224bp", TRANSFORM_KE, 27, 0, true },
	{ "ecp256bp", TRANSFORM_KE, 28, 0, true },
	{ "ecp384bp", TRANSFORM_KE, 29, 0, true },
	{ "ecp512bp", TRANSFORM_KE, 30, 0, true },
	{ "x448", TRANSFORM_KE, 32, 0, true },
};

static bool __attribute__((format(printf, 3, 4)))
refuse(char *why, size_t why_len, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, why_len, fmt, ap);
	va_end(ap);
	return false;
}

static bool is_aead(uint16_t encr)
{
	return encr == ENCR_AES_GCM_16 || encr == ENCR_CHACHA20_POLY1305;
}

/* Has RFC 7296 3.3.3 such transforms for a protocol, and have we? */
static bool belongs(const struct word *w, uint8_t protocol)
{
	if (protocol == PROTO_IKE)
		return w->type != TRANSFORM_ESN;
	return w->type != TRANSFORM_PRF && !w->ike_only;
}

static const struct word *find_word(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (strlen(words[i].text) == len && !strncasecmp(words[i].text, text, len))
			return &words[i];
	return NULL;
}

/* The canonical words of a protocol, in the table's order, as many as fit. */
static void accepted(uint8_t protocol, char *buf, size_t len)
{
	size_t i, used = 0;
	int n;

	buf[0] = '\0';
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		if (words[i].known_only || !belongs(&words[i], protocol) ||
		    transform_name(words[i].type, words[i].id, words[i].key_bits) != words[i].text)
			continue;
		n = snprintf(buf + used, len - used, "%s%s", used ? ", " : "", words[i].text);
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

/* Refuses the word @text of @len octets; @what says why. */
static bool refuse_word(uint8_t protocol, const char *text, size_t len, const char *what, char *why,
			size_t why_len)
{
	char list[400];

	accepted(protocol, list, sizeof(list));
	return refuse(why, why_len, "\"%.*s\" %s; use %s", len > 40 ? 40 : (int)len, text,
		      what, list);
}

static bool parse_word(struct proposal *p, const char *text, size_t len, char *why, size_t why_len)
{
	const struct word *w = find_word(text, len);

	if (!len)
		return refuse(why, why_len, "a word is missing; write it as in %s",
			      p->protocol == PROTO_IKE ? "aes128gcm16-prfsha256-x25519" :
			      "aes128gcm16-esn");
	if (!w)
		return refuse_word(p->protocol, text, len, "is not an algorithm", why, why_len);
	if (w->known_only)
		return refuse_word(p->protocol, text, len, "is not supported", why, why_len);
	if (w->type == TRANSFORM_PRF && p->protocol != PROTO_IKE)
		return refuse_word(p->protocol, text, len, "is a PRF, which only IKE has", why,
				   why_len);
	if (!belongs(w, p->protocol))
		return refuse_word(p->protocol, text, len, w->ike_only ?
				   "is for IKE only: the kernel module does not do it" :
				   "belongs to ESP, not to IKE", why, why_len);
	if (!add(p, w->type, w->id, w->key_bits))
		return refuse(why, why_len, "it has more than %d algorithms",
			      PROPOSAL_TRANSFORMS_MAX);
	return true;
}

/* IKE without a PRF takes those of its integrity algorithms: the numbers run in parallel. */
static void imply_prf(struct proposal *p)
{
	int i, count = p->count;

	if (proposal_find(p, TRANSFORM_PRF))
		return;
	for (i = 0; i < count; i++)
		if (p->t[i].type == TRANSFORM_INTEG)
			add(p, TRANSFORM_PRF,
			    p->t[i].id - INTEG_HMAC_SHA2_256_128 + PRF_HMAC_SHA2_256, 0);
}

/* The first transform of type ENCR that is an AEAD, or is none. */
static const struct transform *find_encr(const struct proposal *p, bool aead)
{
	int i;

	for (i = 0; i < p->count; i++)
		if (p->t[i].type == TRANSFORM_ENCR && is_aead(p->t[i].id) == aead)
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

static bool complete_esp(struct proposal *p, char *why, size_t why_len)
{
	if (proposal_find(p, TRANSFORM_ESN))
		return true;
	if (!add(p, TRANSFORM_ESN, ESN_NO, 0) || !add(p, TRANSFORM_ESN, ESN_YES, 0))
		return refuse(why, why_len, "it has too many algorithms");
	return true;
}

/* What is missing is added where it can be inferred. Integrity beside AEADs only named a PRF. */
static bool complete(struct proposal *p, char *why, size_t why_len)
{
	const struct transform *aead = find_encr(p, true), *plain = find_encr(p, false);

	if (!aead && !plain)
		return refuse(why, why_len, "the cipher is missing: aes128gcm16, aes256gcm16, "
			      "chacha20poly1305, aes128, aes192 or aes256");
	if (aead && plain)
		return refuse(why, why_len, "%s needs an integrity algorithm and %s must not have "
			      "one: write two proposals", name(plain), name(aead));
	if (plain && !proposal_find(p, TRANSFORM_INTEG))
		return refuse(why, why_len, "%s needs an integrity algorithm: sha256%s",
			      name(plain), p->protocol == PROTO_IKE ? ", sha384 or sha512" : "");
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
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (words[i].type == type && words[i].id == id && words[i].key_bits == key_bits)
			return words[i].text;
	return NULL;
}

/* Numbers for what has no name: a peer may offer anything. */
static void transform_str(const struct transform *t, char *buf, size_t len)
{
	const char *name = transform_name(t->type, t->id, t->key_bits);
	char type[NAME_STRLEN];

	if (name)
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

bool proposals_have_group(const struct proposals *list, uint16_t group)
{
	for (unsigned int i = 0; i < list->count; i++)
		for (unsigned int j = 0; j < list->p[i].count; j++)
			if (list->p[i].t[j].type == TRANSFORM_KE && list->p[i].t[j].id == group)
				return true;
	return false;
}
