// SPDX-License-Identifier: GPL-2.0
/*
 * What strangers send to prove who they are. The first octet says what follows: 0 a distinguished
 * name in DER, 1 one as text, 2 an AlgorithmIdentifier, 3 an AUTH method, and a proof; from 4 on
 * certificates, each with its length in two octets in front, of which the last is the CA's; 5: the
 * first is a revocation list, 6: it is what an OCSP responder has sent, 7: what was fetched as a
 * list. Nothing is believed for an identity that nobody has.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "crypto/dn.h"
#include "crypto/sigalg.h"
#include "crypto/signature.h"
#include "crypto/trust.h"
#include "fake/fake_chain.h"
#include "lib/cursor.h"
#include "suite/ikev2.h"

#define NOW	1800000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is printed without loss is the same name when it is read again. */
static void name(struct chunk der)
{
	uint8_t again[1024];
	char text[4096];
	size_t len;

	dn_equal(der, der);
	if (!dn_str(der, text, sizeof(text)) || strlen(text) > 600 || strchr(text, '#'))
		return;
	len = dn_parse(text, again, sizeof(again));
	if (len && !dn_equal(der, (struct chunk){ again, len }))
		abort();
}

static void text(struct chunk c)
{
	char *copy = strndup((const char *)c.p, c.len), printed[4096];
	uint8_t der[512], again[512];
	size_t len = dn_parse(copy, der, sizeof(der)), other;

	free(copy);
	if (!len)
		return;
	if (!dn_str((struct chunk){ der, len }, printed, sizeof(printed)))
		abort();
	other = dn_parse(printed, again, sizeof(again));
	if (other != len || memcmp(der, again, len))
		abort();
}

static void algorithm(struct chunk c)
{
	uint8_t der[SIGALG_MAX];
	struct sigalg alg, again;
	size_t len;

	if (!sigalg_decode(c, &alg))
		return;
	len = sigalg_encode(&alg, der);
	if (len && (!sigalg_decode((struct chunk){ der, len }, &again) ||
		    alg.scheme != again.scheme || alg.hash != again.hash ||
		    alg.salt != again.salt))
		abort();
}

static unsigned int split(struct cursor c, struct chunk certs[CERT_CHAIN_MAX])
{
	unsigned int count = 0;
	struct cursor one;
	uint16_t len;

	while (count < CERT_CHAIN_MAX && cursor_u16(&c, &len) && cursor_sub(&c, len, &one))
		certs[count++] = (struct chunk){ one.at, one.left };
	return count;
}

static void chain(struct cursor c, bool crl)
{
	static const struct chunk nobody = { (const uint8_t *)"nobody", 6 };
	struct chunk certs[CERT_CHAIN_MAX];
	unsigned int count = split(c, certs);
	struct chunk_list *ca, *lists;
	char why[TRUST_WHY_MAX] = "";
	struct trust_claim claim = { NULL, ID_FQDN, nobody, NOW };
	unsigned int lead;
	struct trust *t;
	time_t until;

	if (!count)
		return;
	ca = chunk_list_new(&certs[count - 1], 1);
	lists = crl ? cert_load_crl(certs[0], why) : NULL;
	t = trust_new(ca, lists, REVOCATION_STRICT, crl);
	lead = lists ? 1 : 0;
	if (t && (chain_trusted(t, certs + lead, count - lead, &claim, &until, NULL, why) ||
		  !*why || strlen(why) >= sizeof(why)))
		abort();
	trust_free(t);
	chunk_list_put(ca);
	chunk_list_put(lists);
}

/* The first has been fetched, for who has the second: what is asked for next, if anything? */
static void fetched(struct cursor c, bool ocsp)
{
	static const struct chunk gw = { (const uint8_t *)"gw.example.org", 14 };
	struct chunk certs[CERT_CHAIN_MAX];
	unsigned int count = split(c, certs);
	struct trust_need need = { .ocsp = ocsp };
	struct trust_claim claim = { NULL, ID_FQDN, gw, NOW };
	char why[TRUST_WHY_MAX] = "";
	struct chunk_list *ca;
	struct trust *t;
	time_t until;

	if (count < 2)
		return;
	ca = chunk_list_new(&certs[count - 1], 1);
	t = trust_new(ca, NULL, REVOCATION_STRICT, true);
	if (t) {
		trust_learn(t, &need, certs[0], "nothing", NOW);
		if (!chain_trusted(t, certs + 1, count - 1, &claim, &until, &need, why) &&
		    (!*why || strlen(why) >= sizeof(why)))
			abort();
	}
	trust_free(t);
	chunk_list_put(ca);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_of(data, size);
	struct chunk certs[CERT_CHAIN_MAX], rest;
	char why[SIGNATURE_WHY_MAX];
	uint8_t kind, method;

	if (!cursor_u8(&c, &kind))
		return 0;
	rest = (struct chunk){ c.at, c.left };
	if (kind == 0)
		name(rest);
	else if (kind == 1)
		text(rest);
	else if (kind == 2)
		algorithm(rest);
	else if (kind == 6 || kind == 7)
		fetched(c, kind == 6);
	else if (kind != 3)
		chain(c, kind == 5);
	else if (cursor_u8(&c, &method) && split(c, certs) > 1)
		chain_signed(certs[0], true, method, rest, certs[1], why);
	return 0;
}
