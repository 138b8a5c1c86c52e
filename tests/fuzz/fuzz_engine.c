// SPDX-License-Identifier: GPL-2.0
/*
 * Messages to an engine in one of its states. First octet: the state, see prepare(); with 16 in it
 * its jobs end one message late, with 32 both ends prove themselves by signatures, with 64 the
 * session is the second, resumed with a ticket (RFC 5723). Then messages: a length of two octets,
 * and so many octets. In the protected states their first four say exchange,
 * flags, message id relative to what is expected, and type of the first payload; what follows is
 * sealed with the peer's keys, so that the fuzzer stands behind the integrity check; with 1 in the
 * flags the next four are number and total of the fragment that it is (RFC 7383). A message of no
 * octets is a copy of the peer's first genuine one. Whatever comes, the engine must end with an
 * empty kernel.
 */
#include <stdlib.h>

#include "fake/fake_sign.h"
#include "ike/auth/auth.h"
#include "ike/exchange/exchange.h"
#include "unit/ike/ike_ends.h"

static struct ends *p;
static struct chunk_list *web;		/* what can be fetched: end 0's certificates */
static struct letter genuine;		/* the first that was carried */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Outside its tests cmocka's assertions end the process without a word: with this they abort. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	return setenv("CMOCKA_TEST_ABORT", "1", 1);
}

static void give_certs(int who)
{
	const char *id = who ? "192.0.2.2" : "192.0.2.1", *key = who ? "b" : "a";
	struct tunnel_conf *c = &p->s[who].conf;

	c->local_auth = c->remote_auth = &auth_signature_ops;
	c->certs = fake_certs(id, key, "ca", 24);
	c->ca_hashes = fake_ca_hashes("ca");
	c->fetch_certs = true;
	if (!who)	/* the other one sends what it has */
		snprintf(c->cert_url, sizeof(c->cert_url), "http://certs.example.org/a.der");
}

static void make_ends(bool sign, bool resume)
{
	p = ends_new();
	for (int i = 0; i < 2; i++) {
		struct side *s = &p->s[i];

		set_ike(s, "aes128gcm16-prfsha256-x25519-ecp256");
		set_esp(s, "aes128gcm16-esn aes128-sha256-x25519-noesn");
		set_ts(s, "10.0.0.0/8", "10.0.0.0/8");
		s->child[0].rekey_s = 0;
		s->conf.dpd_s = 20;
		s->conf.follow_redirect = true;
		s->conf.resume = true;
		s->conf.dpd_action = resume ? DPD_RESTART : DPD_CLEAR;
		if (sign)
			give_certs(i);
	}
	ends_start(p);
	chunk_list_put(web);
	web = sign ? chunk_list_get(p->s[0].conf.certs) : NULL;
	fake_web = web;
	for (int i = 0; i < 2 && sign; i++) {
		fake_keys(&p->s[i].fake, p->s[i].tunnel, i ? "b" : "a", "ca");
		chunk_list_put(p->s[i].conf.certs);
		chunk_list_put(p->s[i].conf.ca_hashes);
	}
}

/* A session that end 0 gives up: its attempt to resume it is about to be carried. */
static void lose_session(void)
{
	struct side *s = &p->s[0];

	side_up(s);
	side_tick(s);
	for (int i = 0; i < 4; i++)
		carry(&p->s[i & 1]);
	ike_probe(s->ike);
	for (int i = 0; i < 200 && (peer_of(s)->sa || !s->count); i++) {
		while (peer_of(s)->sa && drop(s))
			;
		p->now += 1000;
		side_tick(s);
	}
	assert_true(s->count && s->queue[s->head].msg[18] == EXCHANGE_IKE_SESSION_RESUME);
	genuine = *oldest(s);
}

/* Who is fuzzed: the side returned. */
static int prepare(uint8_t state, bool sign, bool resume)
{
	int steps[] = { 0, 0, 2, 2, 4, 4, 4, 4 }; /* messages carried, in turn, from end 0 on */

	make_ends(sign, resume);
	genuine.len = 0;
	if (resume)
		lose_session();
	else if (state)
		side_up(&p->s[0]);
	side_tick(&p->s[0]);
	for (int i = 0; i < steps[state]; i++) {
		if (!genuine.len && p->s[i & 1].count)
			genuine = *oldest(&p->s[i & 1]);
		carry(&p->s[i & 1]);
	}
	switch (state) {
	case 0:			/* a stranger's first message */
	case 2:			/* half open */
	case 5:			/* established, as responder */
		return 1;
	case 6:			/* our rekey is under way */
		soft_limit(&p->s[0]);
		return 0;
	case 7:			/* we are closing */
		side_down(&p->s[0]);
		return 0;
	default:		/* 1: IKE_SA_INIT sent, 3: IKE_AUTH sent, 4: established */
		return 0;
	}
}

static struct ike_sa *peer_sa(int of)
{
	struct ike_sa *sa, *ours = TAILQ_FIRST(&p->s[of].ike->sas);

	if (!ours)
		return NULL;
	TAILQ_FOREACH(sa, &p->s[!of].ike->sas, link)
		if (sa->spi_i == ours->spi_i && sa->keyed)
			return sa;
	return NULL;
}

/* As the peer would send it. 0: it does not fit. */
static size_t seal(int to, const uint8_t *in, size_t len, uint8_t *out, size_t cap)
{
	const struct ike_sa *ours = TAILQ_FIRST(&p->s[to].ike->sas);
	const struct exchange *ex = ours ? TAILQ_FIRST(&ours->exchanges) : NULL;
	struct ike_sa *sa = peer_sa(to);
	struct msg_header h = {0};
	struct builder b;
	size_t total;

	if (!sa || len < 4)
		return 0;
	h.exchange = in[0];
	h.spi_i = sa->spi_i;
	h.spi_r = sa->spi_r;
	h.flags = (in[1] & MSG_RESPONSE) | (sa->initiator ? MSG_INITIATOR : 0);
	h.id = (h.flags & MSG_RESPONSE ? (ex ? ex->id : 0) : ours->next_in) + (int8_t)in[2];
	build_begin(&b, out, cap, &h);
	if (in[1] & 1 && len >= 8) {
		build_skf_begin(&b, in[4] << 8 | in[5], in[6] << 8 | in[7], in[3],
				sk_iv_len(&sa->sk_out));
		writer_bytes(&b.w, in + 8, len - 8);
	} else {
		build_sk_begin(&b, sk_iv_len(&sa->sk_out));
		writer_patch_u8(&b.w, b.next_at, in[3]);
		writer_bytes(&b.w, in + 4, len - 4);
	}
	total = build_sk_end(&b, sk_sealed_len(&sa->sk_out, build_sk_plain(&b)));
	return total && sk_seal(&sa->sk_out, out, b.sk_body, b.sk_plain) ? total : 0;
}

static void throw(int to, const uint8_t *in, size_t len, bool sealed)
{
	struct endpoint local = { p->s[to].fake.addr, IKE_PORT },
			remote = { p->s[!to].fake.addr, IKE_PORT };
	static uint8_t msg[MSG_LEN_MAX];

	if (sealed)
		len = seal(to, in, len, msg, sizeof(msg));
	else
		memcpy(msg, in, len);
	/* the length field right, so that more of it is read */
	if (!sealed && len >= MSG_HEADER_LEN) {
		struct writer w = writer_of(msg + 24, 4);

		writer_u32(&w, len);
	}
	side_input(&p->s[to], &local, &remote, msg, len);
}

static void wait_for(struct side *s, unsigned int times, uint64_t ms)
{
	while (times--) {
		p->now += ms;
		side_tick(s);
		while (drop(s))
			;
	}
}

/* Whatever it believes now, taken down it leaves nothing. */
static void finish(struct side *s)
{
	s->fake.hold_jobs = false;
	fake_jobs_run(&s->fake, s->ike);
	wait_for(s, 8, 4000);
	ike_tunnel_del(s->ike, s->tunnel);
	wait_for(s, 30, 10000);
	assert_true(fake_is_empty(&s->fake));
	assert_int_equal(s->fake.links, s->fake.unlinks);
	assert_true(TAILQ_EMPTY(&s->ike->sas));
	assert_int_equal(s->ike->counters.half_open, 0);
	ends_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_of(data, size), one;
	uint8_t state;
	uint16_t len;
	int who;

	if (!cursor_u8(&c, &state))
		return 0;
	who = prepare(state & 7, state & 32, state & 64);
	p->s[who].fake.hold_jobs = state & 16;
	while (cursor_u16(&c, &len)) {
		fake_job_end(&p->s[who].fake, p->s[who].ike);
		if (!cursor_sub(&c, len < c.left ? len : c.left, &one))
			break;
		if (len)
			throw(who, one.at, one.left, state & 8);
		else if (genuine.len)
			give(&p->s[who], &genuine);
		while (drop(&p->s[who]))
			;
	}
	finish(&p->s[who]);
	return 0;
}
