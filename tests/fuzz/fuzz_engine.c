// SPDX-License-Identifier: GPL-2.0
/*
 * Messages to an engine in one of its states. First octet: the state, see prepare(). Then
 * messages: a length of two octets, and so many octets. In the protected states their first four
 * say exchange, flags, message id relative to what is expected, and type of the first payload;
 * what follows is sealed with the peer's keys, so that the fuzzer stands behind the integrity
 * check. Whatever comes, the engine must end with an empty kernel.
 */
#include <stdlib.h>

#include "ike/child.h"
#include "ike/transitions.h"
#include "ike/tunnels.h"

#define MAIL_MAX	64

struct mail {
	struct endpoint local, remote;
	uint8_t msg[8192];
	size_t len;
};

struct end {
	struct ike *ike;
	struct addr addr;
	int in, reserved;	/* in the kernel */
	bool child;
	uint32_t rng, spi;
};

static uint64_t clock_ms;
static struct end ends[2];
static struct mail mail[2][MAIL_MAX];	/* to each */
static unsigned int mail_count[2];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t now(void *ctx)
{
	return clock_ms;
}

static void fill(void *ctx, void *buf, size_t len)
{
	struct end *e = ctx;
	uint8_t *p = buf;

	while (len--) {
		e->rng = e->rng * 1664525 + 1013904223;
		*p++ = e->rng >> 24;
	}
}

static void post(void *ctx, const struct endpoint *local, const struct endpoint *remote,
		 const uint8_t *msg, size_t len)
{
	int to = ctx == &ends[0];
	struct mail *m;

	if (mail_count[to] == MAIL_MAX || len > sizeof(m->msg))
		return;
	m = &mail[to][mail_count[to]++];
	m->local = *remote;
	m->remote = *local;
	m->len = len;
	memcpy(m->msg, msg, len);
}

static bool source_for(void *ctx, const struct addr *remote, struct addr *local)
{
	*local = ((struct end *)ctx)->addr;
	return true;
}

static int spi_alloc(void *ctx, const char *tunnel, uint32_t *spi, char why[256])
{
	struct end *e = ctx;

	*spi = e->spi++;
	e->reserved++;
	return 0;
}

static int child_set(void *ctx, const char *tunnel, const struct kern_child *child, char why[256])
{
	((struct end *)ctx)->child = true;
	return 0;
}

static int child_del(void *ctx, const char *tunnel, uint32_t id)
{
	((struct end *)ctx)->child = false;
	return 0;
}

static int sa_add(void *ctx, const char *tunnel, uint32_t id, const struct kern_sa *in,
		  const struct kern_sa *out, char why[256])
{
	struct end *e = ctx;

	if (in) {
		e->reserved--;
		e->in++;
	}
	return 0;
}

static int sa_del(void *ctx, const char *tunnel, uint32_t spi, bool out)
{
	struct end *e = ctx;

	if (!out && e->reserved)
		e->reserved--;
	else if (!out)
		e->in--;
	return 0;
}

static uint64_t idle(void *ctx, const char *tunnel, uint32_t id)
{
	return UINT64_MAX;
}

static void event(void *ctx, const struct ike_event *ev)
{
}

static void start(int i)
{
	struct end *e = &ends[i];
	struct ike_env env = {
		.ctx = e,
		.now = now,
		.random = fill,
		.send = post,
		.source_for = source_for,
		.kern_spi_alloc = spi_alloc,
		.kern_child_set = child_set,
		.kern_child_del = child_del,
		.kern_sa_add = sa_add,
		.kern_sa_del = sa_del,
		.kern_idle = idle,
		.event = event,
	};
	static struct tunnel_conf conf;
	const char *why;
	char text[128];

	*e = (struct end){ .rng = i + 1, .spi = 0x1000 * (i + 1) };
	addr_parse(&e->addr, i ? "192.0.2.2" : "192.0.2.1");
	memset(&conf, 0, sizeof(conf));
	memcpy(conf.name, "t", 2);
	addr_parse(&conf.remote, i ? "192.0.2.1" : "192.0.2.2");
	conf.psk_len = 3;
	memcpy(conf.psk, "psk", 3);
	conf.ike.count = 1;
	conf.esp.count = 2;
	proposal_parse(&conf.ike.p[0], PROTO_IKE, "aes128gcm16-prfsha256-x25519-ecp256", text,
		       sizeof(text));
	proposal_parse(&conf.esp.p[0], PROTO_ESP, "aes128gcm16-esn", text, sizeof(text));
	proposal_parse(&conf.esp.p[1], PROTO_ESP, "aes128-sha256-x25519-noesn", text, sizeof(text));
	ts_parse(&conf.local_ts[0], "10.0.0.0/8", &why);
	conf.remote_ts[0] = conf.local_ts[0];
	conf.local_ts_count = 1;
	conf.remote_ts_count = 1;
	conf.dpd_s = 20;
	e->ike = ike_new(&env);
	if (!e->ike || ike_tunnel_add(e->ike, &conf))
		abort();
}

static bool carry(int to)
{
	struct mail m;

	if (!mail_count[to])
		return false;
	m = mail[to][0];
	memmove(&mail[to][0], &mail[to][1], --mail_count[to] * sizeof(m));
	ike_input(ends[to].ike, &m.local, &m.remote, m.msg, m.len);
	return true;
}

static void soft_limit(struct end *e)
{
	struct tunnel *t = TAILQ_FIRST(&e->ike->tunnels);
	struct ike_kern_event ev = { .type = IKE_KERN_EXPIRE,
				     .tunnel = "t",
				     .child_id = t->child_id };

	if (t->out) {
		ev.spi = t->out->spi_in;
		ike_kern_event(e->ike, &ev);
	}
}

/* Who is fuzzed: the end returned. */
static int prepare(uint8_t state)
{
	int steps[] = { 0, 0, 1, 2, 4, 4, 4, 4 }; /* messages carried, in turn, from end 0 on */

	start(0);
	start(1);
	mail_count[0] = 0;
	mail_count[1] = 0;
	if (state)
		ike_up(ends[0].ike, "t");
	ike_tick(ends[0].ike);
	for (int i = 0; i < steps[state]; i++)
		carry(!(i & 1));
	switch (state) {
	case 0:			/* a stranger's first message */
	case 2:			/* half open */
	case 5:			/* established, as responder */
		return 1;
	case 6:			/* our rekey is under way */
		soft_limit(&ends[0]);
		return 0;
	case 7:			/* we are closing */
		ike_down(ends[0].ike, "t");
		return 0;
	default:		/* 1: IKE_SA_INIT sent, 3: IKE_AUTH sent, 4: established */
		return 0;
	}
}

static struct ike_sa *peer_sa(int of)
{
	struct ike_sa *sa, *ours = TAILQ_FIRST(&ends[of].ike->sas);

	if (!ours)
		return NULL;
	TAILQ_FOREACH(sa, &ends[!of].ike->sas, link)
		if (sa->spi_i == ours->spi_i && sa->keyed)
			return sa;
	return NULL;
}

/* As the peer would send it. 0: it does not fit. */
static size_t seal(int to, const uint8_t *p, size_t len, uint8_t *out, size_t cap)
{
	const struct ike_sa *ours = TAILQ_FIRST(&ends[to].ike->sas);
	struct ike_sa *sa = peer_sa(to);
	struct msg_header h = {0};
	struct builder b;
	size_t total;

	if (!sa || len < 4)
		return 0;
	h.exchange = p[0];
	h.spi_i = sa->spi_i;
	h.spi_r = sa->spi_r;
	h.flags = (p[1] & MSG_RESPONSE) | (sa->initiator ? MSG_INITIATOR : 0);
	h.id = (h.flags & MSG_RESPONSE ? ours->req.id : ours->next_in) + (int8_t)p[2];
	build_begin(&b, out, cap, &h);
	build_sk_begin(&b, sk_iv_len(&sa->sk_out));
	writer_patch_u8(&b.w, b.next_at, p[3]);
	writer_bytes(&b.w, p + 4, len - 4);
	total = build_sk_end(&b, sk_sealed_len(&sa->sk_out, build_sk_plain(&b)));
	return total && sk_seal(&sa->sk_out, out, b.sk_body, b.sk_plain) ? total : 0;
}

static void throw(int to, const uint8_t *p, size_t len, bool sealed)
{
	struct endpoint local = { ends[to].addr, IKE_PORT }, remote = { ends[!to].addr, IKE_PORT };
	static uint8_t msg[MSG_LEN_MAX];

	if (sealed)
		len = seal(to, p, len, msg, sizeof(msg));
	else
		memcpy(msg, p, len);
	/* the length field right, so that more of it is read */
	if (!sealed && len >= MSG_HEADER_LEN) {
		struct writer w = writer_of(msg + 24, 4);

		writer_u32(&w, len);
	}
	ike_input(ends[to].ike, &local, &remote, msg, len);
}

/* Whatever it believes now, taken down it leaves nothing. */
static void finish(int who)
{
	struct end *e = &ends[who];

	for (int i = 0; i < 8; i++) {
		clock_ms += 4000;
		ike_tick(e->ike);
	}
	ike_tunnel_del(e->ike, "t");
	for (int i = 0; i < 30; i++) {
		clock_ms += 10000;
		ike_tick(e->ike);
	}
	if (e->in || e->reserved || e->child || !TAILQ_EMPTY(&e->ike->sas) ||
	    e->ike->counters.half_open)
		abort();
	ike_free(ends[0].ike);
	ike_free(ends[1].ike);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_of(data, size), one;
	uint8_t state;
	uint16_t len;
	int who;

	if (!cursor_u8(&c, &state))
		return 0;
	clock_ms = 1000;
	who = prepare(state & 7);
	while (cursor_u16(&c, &len)) {
		if (!cursor_sub(&c, len < c.left ? len : c.left, &one))
			break;
		throw(who, one.at, one.left, state & 8);
		mail_count[!who] = 0;
	}
	finish(who);
	return 0;
}
