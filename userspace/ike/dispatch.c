// SPDX-License-Identifier: GPL-2.0
/* Where datagrams come in. The only place that looks at the version. */
#include "ike/exchange/fsm.h"
#include "ike/ike.h"
#include "ike/object/stream.h"
#include "ike/settle.h"
#include "lib/cursor.h"
#include "suite/ikev2.h"

static const struct ike_version *dispatch_version(const struct ike *ike, uint8_t major)
{
	for (unsigned int i = 0; i < IKE_VERSIONS_MAX; i++)
		if (ike->version[i] && ike->version[i]->major == major)
			return ike->version[i];
	return NULL;
}

/*
 * RFC 7296 2.5: a higher major version is refused by name; the answer is no longer than the
 * question: a header, and the notify INVALID_MAJOR_VERSION with our version.
 */
static void dispatch_refuse_version(struct ike *ike, const struct msg_header *h,
				    const struct endpoint *local, const struct endpoint *remote,
				    size_t len)
{
	uint8_t answer[MSG_HEADER_LEN + 9];
	struct writer w = writer_of(answer, sizeof(answer));

	ike->counters.bad_version++;
	if (h->major <= 2 || h->flags & MSG_RESPONSE || sizeof(answer) > len)
		return;
	writer_u64(&w, h->spi_i);
	writer_u64(&w, h->spi_r);
	writer_u8(&w, PAYLOAD_NOTIFY);
	writer_u8(&w, 2 << 4);		/* version 2.0 */
	writer_u8(&w, h->exchange);
	writer_u8(&w, MSG_RESPONSE | (h->flags & MSG_INITIATOR ? 0 : MSG_INITIATOR));
	writer_u32(&w, h->id);
	writer_u32(&w, sizeof(answer));
	writer_u16(&w, 0);		/* the last payload, not critical */
	writer_u16(&w, 9);
	writer_u16(&w, 0);		/* about no SA */
	writer_u16(&w, NOTIFY_INVALID_MAJOR_VERSION);
	writer_u8(&w, 2);
	ike->env.send(ike->env.ctx, local, remote, 0, answer, sizeof(answer));
}

/* The IKE SA that it is for; NULL where it is a first message. False: there is none. */
static bool dispatch_find(struct ike *ike, const struct msg_header *h, struct ike_sa **sa)
{
	*sa = NULL;
	if (!h->spi_r && !(h->flags & MSG_RESPONSE))
		return true;
	/* the flag says that the sender is the initiator: then the responder's SPI is ours */
	*sa = sa_find(ike, h->flags & MSG_INITIATOR ? h->spi_r : h->spi_i);
	if (*sa && (*sa)->state == SA_INIT_SENT && !h->id)
		return true;		/* the peer's SPI is not known yet */
	return *sa && (*sa)->spi_i == h->spi_i && (*sa)->spi_r == h->spi_r;
}

static void dispatch(struct ike *ike, const struct endpoint *local, const struct endpoint *remote,
		     const uint8_t *msg, size_t len)
{
	const struct ike_version *version;
	struct msg_header h;
	struct ike_sa *sa;

	if (msg_parse_header(msg, len, &h) == MSG_MALFORMED) {
		ike->counters.malformed++;
		return;
	}
	version = dispatch_version(ike, h.major);
	if (!version) {
		dispatch_refuse_version(ike, &h, local, remote, len);
		return;
	}
	if (!dispatch_find(ike, &h, &sa) || (sa && sa->version != version)) {
		if (version->unknown)
			version->unknown(ike, &h, msg, len, local, remote);
		else
			ike->counters.unknown_spi++;
		return;
	}
	version->input(ike, version, sa, &h, msg, len, local, remote);
}

static uint64_t dispatch_senseless(const struct ike_counters *c)
{
	return c->malformed + c->unknown_spi + c->bad_version + c->auth_failed;
}

bool ike_input(struct ike *ike, const struct endpoint *local, const struct endpoint *remote,
	       const uint8_t *msg, size_t len)
{
	uint64_t before = dispatch_senseless(&ike->counters);
	bool sense;

	if (len > MSG_LEN_MAX)
		ike->counters.malformed++;
	else
		dispatch(ike, local, remote, msg, len);
	sense = dispatch_senseless(&ike->counters) == before;
	ike_settle(ike);
	return sense;
}

void ike_stream_gone(struct ike *ike, uint64_t stream, const char *why)
{
	stream_gone(ike, stream, why);
	ike_settle(ike);
}
