// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "unit/ike/ike_pair.h"

static uint64_t now(void *ctx)
{
	return ((struct side *)ctx)->pair->now;
}

static void fill(void *ctx, void *buf, size_t len)
{
	struct side *s = ctx;
	uint8_t *p = buf;

	for (size_t i = 0; i < len; i++) {
		s->rng = s->rng * 1664525 + 1013904223;
		p[i] = s->nonce_fill && len == IKE_NONCE_LEN ? s->nonce_fill : s->rng >> 24;
	}
}

static void send_letter(void *ctx, const struct endpoint *local, const struct endpoint *remote,
			const uint8_t *msg, size_t len)
{
	struct side *s = ctx;
	struct letter *l = &s->queue[(s->head + s->count++) % QUEUE_MAX];

	assert_true(s->count <= QUEUE_MAX);
	assert_true(len <= sizeof(l->msg));
	l->local = *local;
	l->remote = *remote;
	l->len = len;
	l->at = s->pair->now;
	memcpy(l->msg, msg, len);
	s->sent++;
}

static bool source_for(void *ctx, const struct addr *remote, struct addr *local)
{
	*local = ((struct side *)ctx)->addr;
	return !((struct side *)ctx)->no_route;
}

static bool refuses(struct side *s, char why[256])
{
	if (s->kernel_error)
		snprintf(why, 256, "%s", s->kernel_error);
	return s->kernel_error;
}

static int spi_alloc(void *ctx, const char *tunnel, uint32_t *spi, char why[256])
{
	struct side *s = ctx;

	if (refuses(s, why))
		return -ENODEV;
	*spi = s->next_spi++;
	s->reserved++;
	return 0;
}

static int child_set(void *ctx, const char *tunnel, const struct kern_child *child, char why[256])
{
	struct side *s = ctx;

	if (refuses(s, why))
		return -ENODEV;
	s->has_child = true;
	s->udp = child->udp;
	s->child_local = child->local;
	s->child_remote = child->remote;
	s->local_ts_count = child->local_ts_count;
	s->remote_ts_count = child->remote_ts_count;
	memcpy(s->local_ts, child->local_ts, child->local_ts_count * sizeof(struct ts));
	memcpy(s->remote_ts, child->remote_ts, child->remote_ts_count * sizeof(struct ts));
	return 0;
}

static int child_del(void *ctx, const char *tunnel, uint32_t id)
{
	struct side *s = ctx;

	assert_true(s->has_child);
	s->has_child = false;
	return 0;
}

static int sa_add(void *ctx, const char *tunnel, uint32_t child_id, const struct kern_sa *in,
		  const struct kern_sa *out, char why[256])
{
	struct side *s = ctx;

	if (refuses(s, why))
		return -ENODEV;
	assert_true(s->has_child);
	if (in) {
		assert_true(s->reserved && s->in_count < IN_MAX);
		s->reserved--;
		s->in[s->in_count++] = in->spi;
		s->installed = *in;
		s->installed.encr_key = NULL;
		s->installed.integ_key = NULL;
	}
	if (out)
		s->out_spi = out->spi;
	return 0;
}

static int sa_del(void *ctx, const char *tunnel, uint32_t spi, bool out)
{
	struct side *s = ctx;

	if (out) {
		assert_int_equal(s->out_spi, spi);
		s->out_spi = 0;
		return 0;
	}
	for (unsigned int i = 0; i < s->in_count; i++) {
		if (s->in[i] == spi) {
			s->in[i] = s->in[--s->in_count];
			return 0;
		}
	}
	assert_true(s->reserved > 0);
	s->reserved--;
	return 0;
}

static uint64_t idle(void *ctx, const char *tunnel, uint32_t child_id)
{
	return ((struct side *)ctx)->idle;
}

static void event(void *ctx, const struct ike_event *ev)
{
	struct side *s = ctx;

	s->ev[ev->type].count++;
	s->ev[ev->type].failure = ev->failure;
	snprintf(s->ev[ev->type].detail, sizeof(s->ev[0].detail), "%s",
		 ev->detail ? ev->detail : "");
	if (ev->type == IKE_EV_STEP)
		s->steps |= 1 << ev->step;
}

static void set_proposals(struct proposals *p, uint8_t protocol, const char *list)
{
	char text[512], why[256], *save = NULL;

	memset(p, 0, sizeof(*p));
	snprintf(text, sizeof(text), "%s", list);
	for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save))
		assert_true(proposal_parse(&p->p[p->count++], protocol, word, why, sizeof(why)));
}

void set_ike(struct side *s, const char *proposals)
{
	set_proposals(&s->conf.ike, PROTO_IKE, proposals);
}

void set_esp(struct side *s, const char *proposals)
{
	set_proposals(&s->conf.esp, PROTO_ESP, proposals);
}

static uint8_t set_list(struct ts *ts, const char *list)
{
	char text[512], *save = NULL;
	const char *why;
	uint8_t count = 0;

	snprintf(text, sizeof(text), "%s", list);
	for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save))
		assert_true(ts_parse(&ts[count++], word, &why));
	return count;
}

void set_ts(struct side *s, const char *local, const char *remote)
{
	s->conf.local_ts_count = set_list(s->conf.local_ts, local);
	s->conf.remote_ts_count = set_list(s->conf.remote_ts, remote);
}

struct pair *pair_new(void)
{
	struct pair *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->now = 100000;
	for (int i = 0; i < 2; i++) {
		struct side *s = &p->s[i];

		s->pair = p;
		s->index = i;
		s->rng = i + 1;
		s->next_spi = 0x1000 * (i + 1);
		s->idle = UINT64_MAX;
		addr_parse(&s->addr, i ? "192.0.2.2" : "192.0.2.1");
		snprintf(s->conf.name, sizeof(s->conf.name), "t");
		addr_parse(&s->conf.remote, i ? "192.0.2.1" : "192.0.2.2");
		s->conf.psk_len = 6;
		memcpy(s->conf.psk, "secret", 6);
		s->conf.rekey_s = 3600;
		set_ike(s, "aes128gcm16-prfsha256-x25519");
		set_esp(s, "aes128gcm16-esn");
		set_ts(s, i ? "10.2.0.0/24" : "10.1.0.0/24", i ? "10.1.0.0/24" : "10.2.0.0/24");
	}
	return p;
}

void pair_start(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		struct ike_env env = {
			.ctx = &p->s[i],
			.now = now,
			.random = fill,
			.send = send_letter,
			.source_for = source_for,
			.kern_spi_alloc = spi_alloc,
			.kern_child_set = child_set,
			.kern_child_del = child_del,
			.kern_sa_add = sa_add,
			.kern_sa_del = sa_del,
			.kern_idle = idle,
			.event = event,
		};

		p->s[i].ike = ike_new(&env);
		assert_non_null(p->s[i].ike);
		assert_int_equal(ike_tunnel_add(p->s[i].ike, &p->s[i].conf), 0);
	}
}

void pair_free(struct pair *p)
{
	ike_free(p->s[0].ike);
	ike_free(p->s[1].ike);
	free(p);
}

struct letter *oldest(struct side *from)
{
	return from->count ? &from->queue[from->head] : NULL;
}

bool drop(struct side *from)
{
	if (!from->count)
		return false;
	from->head = (from->head + 1) % QUEUE_MAX;
	from->count--;
	return true;
}

/* Through the NAT, if there is one, in either direction. */
void give(struct side *to, const struct letter *l)
{
	struct pair *p = to->pair;
	struct endpoint local = l->remote, remote = l->local;

	if (p->nat.family && to->index == 1)
		remote = (struct endpoint){ .addr = p->nat, .port = p->nat_port };
	else if (p->nat.family)
		local = (struct endpoint){ .addr = to->addr, .port = l->local.port };
	ike_input(to->ike, &local, &remote, l->msg, l->len);
}

bool carry(struct side *from)
{
	struct letter l;

	if (!from->count)
		return false;
	l = *oldest(from);
	drop(from);
	give(&from->pair->s[!from->index], &l);
	return true;
}

void carry_all(struct pair *p)
{
	unsigned int bound = 1000;
	bool more = true;

	while (more && bound--) {
		more = carry(&p->s[0]);
		more |= carry(&p->s[1]);
	}
	assert_true(bound);
}

void pass(struct pair *p, uint64_t ms)
{
	uint64_t end = p->now + ms, a, b;

	for (;;) {
		a = ike_deadline(p->s[0].ike);
		b = ike_deadline(p->s[1].ike);
		if (a > end && b > end)
			break;
		if ((a < b ? a : b) > p->now)
			p->now = a < b ? a : b;
		ike_tick(p->s[0].ike);
		ike_tick(p->s[1].ike);
	}
	p->now = end;
}

void start(struct pair *p, int initiator)
{
	assert_int_equal(ike_up(p->s[initiator].ike, "t"), 0);
	pass(p, 0);
}

void attempt(struct pair *p, int initiator)
{
	start(p, initiator);
	carry_all(p);
}

void bring_up(struct pair *p, int initiator)
{
	attempt(p, initiator);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(tunnel_of(&p->s[i])->state, TUNNEL_UP);
		assert_int_equal(p->s[i].ev[IKE_EV_UP].count, 1);
		assert_int_equal(p->s[i].in_count, 1);
		assert_int_equal(p->s[i].reserved, 0);
		assert_int_equal(p->s[i].out_spi, p->s[!i].in[0]);
	}
}

struct tunnel *tunnel_of(struct side *s)
{
	return TAILQ_FIRST(&s->ike->tunnels);
}

struct ike_sa *only_sa(struct side *s)
{
	struct ike_sa *sa = TAILQ_FIRST(&s->ike->sas);

	assert_non_null(sa);
	assert_null(TAILQ_NEXT(sa, link));
	return sa;
}

void soft_limit(struct side *s)
{
	struct tunnel *t = tunnel_of(s);
	struct ike_kern_event ev = {
		.type = IKE_KERN_EXPIRE,
		.tunnel = "t",
		.child_id = t->child_id,
		.spi = t->out->spi_in,
	};

	ike_kern_event(s->ike, &ev);
}

bool kernel_has_in(const struct side *s, uint32_t spi)
{
	for (unsigned int i = 0; i < s->in_count; i++)
		if (s->in[i] == spi)
			return true;
	return false;
}
