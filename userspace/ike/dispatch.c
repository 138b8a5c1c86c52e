// SPDX-License-Identifier: GPL-2.0
/* Where datagrams come in. The only place that looks at the version. */
#include "ike/object/ike_sa.h"
#include "ike/exchange/fsm.h"

/*
 * RFC 7296 2.5: a higher major version is refused by name; the answer is no longer than the
 * question.
 */
static void refuse_version(struct ike *ike, const struct msg_header *h,
			   const struct endpoint *local, const struct endpoint *remote, size_t len)
{
	struct msg_header answer = {
		.spi_i = h->spi_i, .spi_r = h->spi_r, .exchange = h->exchange, .id = h->id,
		.flags = MSG_RESPONSE | (h->flags & MSG_INITIATOR ? 0 : MSG_INITIATOR),
	};
	uint8_t version = 2;
	struct builder b;
	size_t out_len;

	ike->counters.bad_version++;
	if (h->major <= 2 || h->flags & MSG_RESPONSE)
		return;
	build_begin(&b, ike->out, sizeof(ike->out), &answer);
	build_notify(&b, NOTIFY_INVALID_MAJOR_VERSION, 0, 0, 0, &version, 1);
	out_len = build_end(&b);
	if (out_len && out_len <= len)
		ike->env.send(ike->env.ctx, local, remote, ike->out, out_len);
}

static void dispatch(struct ike *ike, const struct endpoint *local, const struct endpoint *remote,
		     const uint8_t *msg, size_t len)
{
	struct msg_header h;
	struct ike_sa *sa;

	switch (msg_parse_header(msg, len, &h)) {
	case MSG_OK:
		break;
	case MSG_BAD_VERSION:
		refuse_version(ike, &h, local, remote, len);
		return;
	default:
		ike->counters.malformed++;
		return;
	}
	if (!h.spi_r && h.exchange == EXCHANGE_IKE_SA_INIT && !(h.flags & MSG_RESPONSE)) {
		v2_init_accept(ike, &h, msg, len, local, remote);
		return;
	}

	/* the flag says that the sender is the initiator: then the responder's SPI is ours */
	sa = sa_find(ike, h.flags & MSG_INITIATOR ? h.spi_r : h.spi_i);
	if (sa && sa->state == SA_INIT_SENT && h.exchange == EXCHANGE_IKE_SA_INIT)
		;	/* the peer's SPI is not known yet */
	else if (sa && (sa->spi_i != h.spi_i || sa->spi_r != h.spi_r))
		sa = NULL;
	if (!sa) {
		ike->counters.unknown_spi++;
		return;
	}
	xchg_input(sa, &h, msg, len, local, remote);
}

void ike_input(struct ike *ike, const struct endpoint *local, const struct endpoint *remote,
	       const uint8_t *msg, size_t len)
{
	if (len > MSG_LEN_MAX)
		ike->counters.malformed++;
	else
		dispatch(ike, local, remote, msg, len);
	sas_reap(ike);
}
