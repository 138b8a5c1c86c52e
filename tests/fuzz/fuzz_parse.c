// SPDX-License-Identifier: GPL-2.0
/*
 * One message as it comes from the network, or a decrypted chain of payloads. First octet: 0 a
 * whole message, whose length field is set right here, so that the fuzzer gets past it; otherwise
 * the type of a chain's first payload.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "wire/v2/cp.h"
#include "wire/v2/msg.h"
#include "wire/v2/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct cursor view, const uint8_t *p, size_t len)
{
	if (view.at && (view.at < p || view.left > len || view.at > p + len - view.left))
		abort();
}

static void use_cp(const struct msg_cp *cp, const uint8_t *p, size_t len)
{
	char name[CP_DOMAIN_MAX];
	struct prefix prefix;
	struct addr addr;

	for (unsigned int i = 0; i < cp->count; i++) {
		inside(cp->attr[i].value, p, len);
		cp_addr(&cp->attr[i], &addr);
		if (cp_subnet(&cp->attr[i], &prefix) && prefix.bits > 8 * addr_len(&prefix.addr))
			abort();
		if (cp_domain(&cp->attr[i], name) && !cp_domain_valid(name))
			abort();
	}
}

/* The choice is one of those that are there, and their number is that which the parser told. */
static void use_sa(const struct msg_sa *sa, const uint8_t *p, size_t len)
{
	static struct proposals ike, esp;
	const struct proposals *ours = sa->protocol == PROTO_IKE ? &ike : &esp;
	struct cursor at = sa->proposals;
	struct proposal chosen, one;
	struct msg_offer offer, taken;
	char text[PROPOSAL_STRLEN];
	unsigned int count = 0, skipped = 0;
	bool found = false, ok;

	inside(sa->proposals, p, len);
	if (!ike.count) {
		proposals_default(&ike, PROTO_IKE);
		proposals_default(&esp, PROTO_ESP);
	}
	ok = msg_sa_select(sa, ours, false, &chosen, &taken);
	for (; msg_sa_next(&at, &one, &offer); count++) {
		proposal_str(&one, text);
		skipped += offer.skipped;
		found |= ok && offer.number == taken.number && offer.spi == taken.spi;
	}
	if (count != sa->count || skipped != sa->skipped || found != ok || at.left)
		abort();
}

static void use(struct msg *m, const uint8_t *p, size_t len)
{
	struct cursor at = m->tsi.selectors;
	char why[RULES_WHY_LEN];
	char text[TS_STRLEN];
	unsigned int i;
	struct ts ts;

	inside(m->ke.data, p, len);
	inside(m->nonce, p, len);
	inside(m->idi.body, p, len);
	inside(m->idr.body, p, len);
	inside(m->auth.data, p, len);
	inside(m->sk, p, len);
	use_cp(&m->cp, p, len);
	for (i = 0; i < m->notify_count; i++)
		inside(m->notify[i].data, p, len);
	for (i = 0; i < m->del_count; i++)
		msg_delete_spi(&m->del[i], m->del[i].count);
	inside(m->tsi.selectors, p, len);
	for (i = 0; msg_ts_next(&at, &ts); i++)
		ts_str(&ts, text);
	if (i != m->tsi.count)
		abort();
	use_sa(&m->sa, p, len);
	for (i = EXCHANGE_IKE_SA_INIT; i <= EXCHANGE_INFORMATIONAL + 1; i++) {
		rules_check((uint8_t)i, false, false, m, why);
		rules_check((uint8_t)i, true, true, m, why);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum msg_result result;
	struct msg_header h;
	static struct msg m;
	uint8_t *p;

	if (!size || size > MSG_LEN_MAX)
		return 0;
	/* of exactly the message's size, so that a read beyond it is seen */
	p = malloc(size);
	memcpy(p, data + 1, --size);
	if (*data) {
		result = msg_parse_payloads(cursor_of(p, size), *data, &m);
	} else {
		if (size >= MSG_HEADER_LEN) {
			memset(p + 24, 0, 2);
			p[26] = (uint8_t)(size >> 8);
			p[27] = (uint8_t)size;
		}
		result = msg_parse(p, size, &h, &m);
	}
	if (result == MSG_OK)
		use(&m, p, size);
	else if (!m.why)
		abort();
	free(p);
	return 0;
}
