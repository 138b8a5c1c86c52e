// SPDX-License-Identifier: GPL-2.0
#include "unit/ike/ike_ends.h"

#include <stdlib.h>

#include "fake/fake_change.h"
#include "fake/fake_rounds.h"
#include "ike/settle.h"

void fake_broken(const char *what)
{
	fail_msg("%s", what);
	abort();
}

static void side_send(struct fake *f, const struct endpoint *local, const struct endpoint *remote,
		      uint32_t mark, const uint8_t *msg, size_t len)
{
	struct side *s = container_of(f, struct side, fake);
	struct letter *l = &s->queue[(s->head + s->count++) % QUEUE_MAX];

	assert_true(s->count <= QUEUE_MAX);
	assert_true(len <= sizeof(l->msg));
	assert_int_equal(mark, s->conf.mark);
	l->local = *local;
	l->remote = *remote;
	l->len = len;
	l->at = *f->now;
	memcpy(l->msg, msg, len);
	s->sent++;
}

static void side_event(struct fake *f, const struct ike_event *ev)
{
	struct side *s = container_of(f, struct side, fake);

	s->ev[ev->type].count++;
	s->ev[ev->type].failure = ev->failure;
	snprintf(s->ev[ev->type].detail, sizeof(s->ev[0].detail), "%s",
		 ev->detail ? ev->detail : "");
	snprintf(s->ev[ev->type].who, sizeof(s->ev[0].who), "%s", ev->who ? ev->who : "");
	if (ev->type == IKE_EV_STEP)
		s->steps |= 1 << ev->step;
}

/* ---- configuration */

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
	for (unsigned int i = 0; i < s->conf.child_count; i++)
		set_proposals(&s->child[i].esp, PROTO_ESP, proposals);
}

static void set_list(struct ts_list **list, const char *text_list)
{
	char text[512], *save = NULL;
	unsigned int count = 0;
	struct ts ts[16];
	const char *why;

	snprintf(text, sizeof(text), "%s", text_list);
	for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save))
		assert_true(ts_parse(&ts[count++], word, &why));
	ts_list_put(*list);
	*list = ts_list_new(ts, count);
	assert_non_null(*list);
}

void set_ts(struct side *s, const char *local, const char *remote)
{
	set_list(&s->child[0].local_ts, local);
	set_list(&s->child[0].remote_ts, remote);
}

void add_child(struct side *s, const char *name, const char *local, const char *remote)
{
	struct child_conf *c = &s->child[s->conf.child_count++];

	assert_true(s->conf.child_count <= SIDE_CHILDREN_MAX);
	*c = s->child[0];
	snprintf(c->name, sizeof(c->name), "%s", name);
	c->local_ts = c->remote_ts = NULL;
	set_list(&c->local_ts, local);
	set_list(&c->remote_ts, remote);
}

void del_child(struct side *s, const char *name)
{
	unsigned int i = tunnel_conf_child(&s->conf, name);

	assert_true(i < s->conf.child_count);
	ts_list_put(s->child[i].local_ts);
	ts_list_put(s->child[i].remote_ts);
	memmove(&s->child[i], &s->child[i + 1], (--s->conf.child_count - i) * sizeof(s->child[0]));
	memset(&s->child[s->conf.child_count], 0, sizeof(s->child[0]));
}

void set_remote(struct side *s, const char *addr)
{
	memset(&s->conf.remote, 0, sizeof(s->conf.remote));
	s->conf.any = !strcmp(addr, "any");
	if (!s->conf.any)
		assert_true(addr_parse(&s->conf.remote, addr));
}

/* ---- one side */

void side_init(struct side *s, const uint64_t *now, int index, const char *addr)
{
	s->index = index;
	fake_init(&s->fake, now, index + 1);
	s->fake.send = side_send;
	s->fake.event = side_event;
	assert_true(addr_parse(&s->fake.addr, addr));
	snprintf(s->conf.name, sizeof(s->conf.name), "t");
	snprintf(s->child[0].name, sizeof(s->child[0].name), "t");
	s->conf.child = s->child;
	s->conf.child_count = 1;
	s->child[0].rekey_s = 3600;
	s->psk = "secret";
	set_ike(s, "aes128gcm16-prfsha256-x25519");
	set_esp(s, "aes128gcm16-esn");
}

void side_start(struct side *s)
{
	struct ike_env env = fake_env(&s->fake);

	s->ike = s->version ? ike_new_with(&env, &s->version, 1) : ike_new(&env);
	assert_non_null(s->ike);
	assert_int_equal(ike_tunnel_add(s->ike, &s->conf, &s->tunnel), 0);
	fake_secret(&s->fake, s->tunnel, s->psk);
	fake_ppk(&s->fake, s->tunnel, s->ppk ? s->ppk : "");
}

void side_stop(struct side *s)
{
	ike_free(s->ike);
	s->ike = NULL;
	fake_clear(&s->fake);
	for (unsigned int i = 0; i < SIDE_CHILDREN_MAX; i++) {
		ts_list_put(s->child[i].local_ts);
		ts_list_put(s->child[i].remote_ts);
		s->child[i].local_ts = s->child[i].remote_ts = NULL;
	}
}

void side_restart(struct side *s)
{
	ike_free(s->ike);
	fake_reboot(&s->fake);
	side_start(s);
}

void side_tick(struct side *s)
{
	ike_tick(s->ike);
	fake_jobs_run(&s->fake, s->ike);
}

void side_input(struct side *s, const struct endpoint *local, const struct endpoint *remote,
		const uint8_t *msg, size_t len)
{
	ike_input(s->ike, local, remote, msg, len);
	fake_jobs_run(&s->fake, s->ike);
}

int side_up(struct side *s)
{
	return ike_up(s->ike, s->tunnel);
}

int side_down(struct side *s)
{
	return ike_down(s->ike, s->tunnel, "taken down by the user");
}

int side_reload(struct side *s)
{
	enum conf_change child[TUNNEL_CHILDREN_MAX];

	fake_change(ike_tunnel_conf(s->ike, s->tunnel), &s->conf, child);
	return ike_tunnel_change(s->ike, s->tunnel, &s->conf, child);
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

/* ---- two of them */

struct ends *ends_new(void)
{
	struct ends *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->now = 100000;
	for (int i = 0; i < 2; i++) {
		struct side *s = &p->s[i];

		side_init(s, &p->now, i, i ? "192.0.2.2" : "192.0.2.1");
		s->ends = p;
		set_remote(s, i ? "192.0.2.1" : "192.0.2.2");
		set_ts(s, i ? "10.2.0.0/24" : "10.1.0.0/24", i ? "10.1.0.0/24" : "10.2.0.0/24");
	}
	return p;
}

void ends_start(struct ends *p)
{
	side_start(&p->s[0]);
	side_start(&p->s[1]);
}

void ends_free(struct ends *p)
{
	side_stop(&p->s[0]);
	side_stop(&p->s[1]);
	free(p);
}

/* Through the NAT, if there is one, in either direction. */
void give(struct side *to, const struct letter *l)
{
	struct ends *p = to->ends;
	struct endpoint local = l->remote, remote = l->local;

	if (p->nat.family && to->index == 1)
		remote = (struct endpoint){ .addr = p->nat, .port = p->nat_port };
	else if (p->nat.family)
		local = (struct endpoint){ .addr = to->fake.addr, .port = l->local.port };
	local.stream = 0;
	remote.stream = l->remote.stream;	/* a connection has one number here */
	side_input(to, &local, &remote, l->msg, l->len);
}

bool carry(struct side *from)
{
	struct letter l;

	if (!from->count)
		return false;
	l = *oldest(from);
	drop(from);
	give(&from->ends->s[!from->index], &l);
	return true;
}

void carry_all(struct ends *p)
{
	unsigned int bound = 1000;
	bool more = true;

	while (more && bound--) {
		more = carry(&p->s[0]);
		more |= carry(&p->s[1]);
	}
	assert_true(bound);
}

void pass(struct ends *p, uint64_t ms)
{
	uint64_t end = p->now + ms, a, b;

	for (;;) {
		a = ike_deadline(p->s[0].ike);
		b = ike_deadline(p->s[1].ike);
		if (a > end && b > end)
			break;
		if ((a < b ? a : b) > p->now)
			p->now = a < b ? a : b;
		side_tick(&p->s[0]);
		side_tick(&p->s[1]);
	}
	p->now = end;
}

void start(struct ends *p, int initiator)
{
	assert_int_equal(side_up(&p->s[initiator]), 0);
	pass(p, 0);
}

void attempt(struct ends *p, int initiator)
{
	start(p, initiator);
	carry_all(p);
}

void bring_up(struct ends *p, int initiator)
{
	attempt(p, initiator);
	for (int i = 0; i < 2; i++) {
		struct fake *f = &p->s[i].fake;

		assert_int_equal(peer_of(&p->s[i])->state, PEER_UP);
		assert_int_equal(p->s[i].ev[IKE_EV_UP].count, 1);
		assert_int_equal(f->in_count, p->s[i].conf.child_count);
		assert_int_equal(f->reserved, 0);
		for (unsigned int j = 0; j < f->policy_count; j++) {
			assert_true(f->policy[j].linked);
			assert_non_null(fake_in(&p->s[!i].fake, f->policy[j].out.sa.spi));
		}
	}
}

/* ---- looking in */

struct tunnel *tunnel_of(struct side *s)
{
	return tunnel_find(s->ike, s->tunnel);
}

struct peer *peer_of(struct side *s)
{
	struct peer *peer = TAILQ_FIRST(&tunnel_of(s)->peers);

	assert_non_null(peer);
	return peer;
}

struct child *child_of(struct side *s)
{
	return TAILQ_FIRST(&peer_of(s)->children);
}

struct child *child_named(struct side *s, const char *name)
{
	struct child *child;

	TAILQ_FOREACH(child, &peer_of(s)->children, link)
		if (!child->left && !strcmp(child->conf->name, name))
			return child;
	fail_msg("there is no child %s", name);
	return NULL;
}

struct ike_peer_status peer_status(struct side *s)
{
	struct ike_peer_status st;

	assert_true(ike_peer_status(s->ike, ike_peer_next(s->ike, s->tunnel, 0), &st));
	return st;
}

struct ike_child_status child_status(struct side *s)
{
	uint32_t peer = ike_peer_next(s->ike, s->tunnel, 0);
	struct ike_child_status st;

	assert_true(ike_child_status(s->ike, ike_child_next(s->ike, peer, 0), &st));
	return st;
}

struct ike_sa *only_sa(struct side *s)
{
	struct ike_sa *sa = TAILQ_FIRST(&s->ike->sas);

	assert_non_null(sa);
	assert_null(TAILQ_NEXT(sa, link));
	return sa;
}

void soft_limit_of(struct child *child)
{
	struct ike_kern_event ev = {
		.type = IKE_KERN_EXPIRE, .policy = child->id, .spi = pair_active(child)->spi_in,
	};

	ike_kern_event(child->ike, &ev);
}

void soft_limit(struct side *s)
{
	soft_limit_of(child_of(s));
}

void said(const struct side *s, enum ike_event_type type, const char *part)
{
	if (!s->ev[type].count || !strstr(s->ev[type].detail, part))
		fail_msg("\"%s\" does not say \"%s\"", s->ev[type].detail, part);
}

void ended_in(const struct side *s, enum ike_event_type type, enum ike_failure failure,
	      const char *part)
{
	said(s, type, part);
	assert_int_equal(s->ev[type].count, 1);
	assert_int_equal(s->ev[type].failure, failure);
}

/* ---- messages by hand */

void forge(struct ike_sa *sa, uint8_t exchange, uint8_t flags, uint32_t id,
	   void (*fill)(struct builder *b), struct letter *l)
{
	struct msg_header h = {
		.spi_i = sa->spi_i, .spi_r = sa->spi_r, .exchange = exchange,
		.flags = flags | (sa->initiator ? MSG_INITIATOR : 0), .id = id,
	};
	struct builder b;

	build_begin(&b, l->msg, sizeof(l->msg), &h);
	build_sk_begin(&b, sk_iv_len(&sa->sk_out));
	fill(&b);
	l->len = build_sk_end(&b, sk_sealed_len(&sa->sk_out, build_sk_plain(&b)));
	assert_true(l->len && sk_seal(&sa->sk_out, l->msg, b.sk_body, b.sk_plain));
	l->local = sa->local;
	l->remote = sa->remote;
}

void forge_request(struct side *from, uint8_t exchange, void (*fill)(struct builder *b),
		   struct letter *l)
{
	struct ike_sa *sa = peer_of(from)->sa;

	forge(sa, exchange, 0, sa->next_out++, fill, l);
}

void open_letter(struct ike_sa *sa, struct letter *l, struct msg *m)
{
	struct cursor chain = cursor_of(l->msg, l->len);
	struct msg_header h;
	size_t plain, len;

	assert_int_equal(msg_parse(l->msg, l->len, &h, m), MSG_OK);
	assert_true(sk_open(&sa->sk_in, l->msg, l->len, m->sk_offset, &plain, &len));
	assert_true(cursor_skip(&chain, plain) && cursor_sub(&chain, len, &chain));
	assert_int_equal(msg_parse_payloads(chain, m->sk_first, m), MSG_OK);
}

uint16_t error_in_answer(struct side *to, struct side *answering)
{
	struct letter l;
	struct msg m;

	assert_true(answering->count);
	l = *oldest(answering);
	drop(answering);
	open_letter(peer_of(to)->sa, &l, &m);
	return msg_error(&m) ? msg_error(&m)->type : 0;
}

void cross(struct ends *p, unsigned int order)
{
	for (int i = 0; i < 10; i++)
		carry(&p->s[order >> i & 1]);
	carry_all(p);
	for (int i = 0; i < 50; i++) {	/* what was put off, and what lingers */
		pass(p, 1000);
		carry_all(p);
	}
}

void assert_given_up(struct ends *p)
{
	carry_all(p);
	pass(p, 60000);
	for (int i = 0; i < 2; i++) {
		assert_true(TAILQ_EMPTY(&p->s[i].ike->sas));
		assert_true(fake_is_empty(&p->s[i].fake));
		assert_int_equal(p->s[i].ev[IKE_EV_UP].count, 0);
	}
	assert_int_equal(fake_rounds_open, 0);
}

void assert_one_ike_sa(struct ends *p, unsigned int children)
{
	for (int i = 0; i < 2; i++) {
		struct side *s = &p->s[i];
		const struct ike_sa *sa = only_sa(s), *other = only_sa(&p->s[!i]);
		struct child *child;

		assert_int_equal(sa->state, SA_ESTABLISHED);
		assert_ptr_equal(peer_of(s)->sa, sa);
		assert_true(sa->spi_i == other->spi_i && sa->spi_r == other->spi_r);
		assert_memory_equal(sa->sk_d, other->sk_d, sizeof(sa->sk_d));
		assert_int_equal(sa->exchange_count, 0);
		assert_int_equal(s->fake.in_count, children);
		assert_int_equal(s->fake.reserved, 0);
		assert_int_equal(s->ev[IKE_EV_UP].count, 1);
		assert_int_equal(s->ev[IKE_EV_DOWN].count, 0);
		TAILQ_FOREACH(child, &peer_of(s)->children, link) {
			if (child->state != CHILD_UP)
				continue;
			assert_ptr_equal(pair_active(child)->sa, sa);
			assert_non_null(fake_in(&p->s[!i].fake, child->out->spi_out));
		}
	}
}

struct ends *ends_of_two(void)
{
	struct ends *p = ends_new();

	for (int i = 0; i < 2; i++) {
		add_child(&p->s[i], "voice", i ? "10.2.1.0/24" : "10.1.1.0/24",
			  i ? "10.1.1.0/24" : "10.2.1.0/24");
		p->s[i].conf.dpd_s = 0;
		p->s[i].conf.rekey_s = 0;
	}
	return p;
}

void reauthenticate(struct side *s)
{
	assert_int_equal(ike_reauthenticate(s->ike, s->tunnel), 0);
}

unsigned int reauthentications(const struct side *s)
{
	return s->ev[IKE_EV_REAUTHENTICATED].count;
}

void let_time_pass(struct ends *p, unsigned int s)
{
	while (s--) {
		pass(p, 1000);
		carry_all(p);
	}
}
