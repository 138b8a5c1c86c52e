// SPDX-License-Identifier: GPL-2.0
#include "unit/ike/shape/toy_version.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ike/core/id.h"
#include "ike/exchange/exchange.h"
#include "ike/exchange/inbound.h"
#include "ike/object/child.h"
#include "ike/object/child_sa.h"
#include "ike/object/peer.h"
#include "ike/object/tunnel.h"
#include "lib/array.h"
#include "lib/cursor.h"
#include "suite/ikev2.h"

#define TOY_MAJOR	9

enum { TOY_HELLO = 201, TOY_CHILD, TOY_LONG };	/* exchanges */
enum { KIND_ANY };				/* of messages */

#define K(kind)		(UINT32_C(1) << (kind))

struct toy_inbound {
	struct inbound in;
	uint8_t answer[MSG_HEADER_LEN + TOY_BODY_MAX];
	size_t answer_len;
};

static struct cursor toy_body(const struct inbound *in)
{
	return cursor_of(in->raw + MSG_HEADER_LEN, in->raw_len - MSG_HEADER_LEN);
}

static size_t toy_write(const struct ike_sa *sa, uint8_t *buf, uint8_t exchange, bool response,
			uint32_t id, const void *body, size_t len)
{
	struct writer w = writer_of(buf, MSG_HEADER_LEN + TOY_BODY_MAX);

	writer_u64(&w, sa->spi_i);
	writer_u64(&w, sa->spi_r);
	writer_u8(&w, 0);
	writer_u8(&w, TOY_MAJOR << 4);
	writer_u8(&w, exchange);
	writer_u8(&w, (response ? MSG_RESPONSE : 0) | (sa->initiator ? MSG_INITIATOR : 0));
	writer_u32(&w, id);
	writer_u32(&w, MSG_HEADER_LEN + len);
	writer_bytes(&w, body, len);
	assert_false(w.overflow);
	return w.len;
}

static void toy_answer(struct inbound *in, const void *body, size_t len)
{
	struct toy_inbound *t = container_of(in, struct toy_inbound, in);

	t->answer_len = toy_write(in->sa, t->answer, in->h.exchange, true, in->h.id, body, len);
}

static bool toy_finish(struct inbound *in, struct datagrams *answer)
{
	struct toy_inbound *t = container_of(in, struct toy_inbound, in);

	return datagrams_add(answer, t->answer, t->answer_len);
}

/* ---- requests of ours */

static enum built toy_request(struct exchange *ex, const void *body, size_t len)
{
	uint8_t msg[MSG_HEADER_LEN + TOY_BODY_MAX];

	ex->id = ex->sa->next_out++;
	len = toy_write(ex->sa, msg, ex->kind->exchange, false, ex->id, body, len);
	return datagrams_add(&ex->msg, msg, len) ? BUILD_READY : BUILD_FAILED;
}

static bool toy_alone(const struct ike_sa *sa)
{
	return TAILQ_EMPTY(&sa->exchanges);
}

static enum built toy_hello(struct exchange *ex, struct cause *cause)
{
	const struct ike_id *id = &ex->sa->peer->tunnel->conf->local_id;

	ex->sa->local_id = *id;
	return toy_request(ex, id->data, id->len);
}

static bool toy_child_wanted(const struct ike_sa *sa)
{
	return sa->peer && sa->peer->sa == sa && peer_next_child(sa->peer);
}

struct toy_child {
	uint32_t child, spi;		/* reserved, ours to free */
};

static void toy_child_forget(struct exchange *ex)
{
	const struct toy_child *p = (void *)ex->priv;
	struct child *child = child_find(ex->sa->ike, p->child);

	if (child)
		pair_spi_free(child, p->spi);
}

static enum built toy_child(struct exchange *ex, struct cause *cause)
{
	struct child *child = peer_next_child(ex->sa->peer);
	struct toy_child *p = (void *)ex->priv;
	char why[IKE_WHY_MAX] = "";
	uint8_t body[TOY_BODY_MAX];
	struct writer w = writer_of(body, sizeof(body));

	child->wanted = false;
	p->child = child->id;
	assert_true(pair_spi_alloc(child, &p->spi, why));
	writer_u32(&w, p->spi);
	writer_bytes(&w, child->conf->name, strlen(child->conf->name));
	return toy_request(ex, body, w.len);
}

static bool toy_long_wanted(const struct ike_sa *sa)
{
	return sa->want_liveness;
}

/* The same message in three datagrams. */
static enum built toy_long(struct exchange *ex, struct cause *cause)
{
	uint8_t msg[MSG_HEADER_LEN + TOY_BODY_MAX];
	size_t len;

	ex->sa->want_liveness = false;
	ex->id = ex->sa->next_out++;
	for (uint8_t part = 0; part < TOY_PARTS; part++) {
		len = toy_write(ex->sa, msg, TOY_LONG, false, ex->id, &part, 1);
		if (!datagrams_add(&ex->msg, msg, len))
			return BUILD_FAILED;
	}
	return BUILD_READY;
}

static const struct exchange_kind toy_kind_hello = {
	.name = "HELLO", .state = SA_INIT_SENT, .exchange = TOY_HELLO, .wanted = toy_alone,
	.build = toy_hello,
};

static const struct exchange_kind toy_kind_child = {
	.name = "CHILD", .state = SA_ESTABLISHED, .exchange = TOY_CHILD,
	.priv_size = sizeof(struct toy_child), .wanted = toy_child_wanted, .build = toy_child,
	.forget = toy_child_forget,
};

static const struct exchange_kind toy_kind_long = {
	.name = "LONG", .state = SA_ESTABLISHED, .exchange = TOY_LONG, .wanted = toy_long_wanted,
	.build = toy_long,
};

/* ---- handlers */

static void toy_keys(struct ike_sa *sa)
{
	sa->prf = PRF_HMAC_SHA2_256;
	memset(sa->sk_d, 0x5a, sizeof(sa->sk_d));
	sa->keyed = true;
}

/* The peer's next IKE SA takes over what the one before carries. */
static void toy_establish(struct ike_sa *sa, struct peer *peer, struct chunk id)
{
	sa->peer = peer;
	sa->remote_id = id_of_octets(ID_FQDN, id);
	toy_keys(sa);
	if (peer->sa)
		peer_move_children(peer, peer->sa, sa);
	peer_take_sa(peer, sa, false);
}

static enum verdict toy_hello_request(struct inbound *in)
{
	struct ike_sa *sa = in->sa;
	struct tunnel *t = TAILQ_FIRST(&sa->ike->tunnels);
	struct cursor c = toy_body(in);
	struct chunk id = { c.at, c.left };
	struct ike_id remote = id_of_octets(ID_FQDN, id);
	struct peer *peer = tunnel_peer(t, &remote);
	struct cause cause;

	if (!peer || !tunnel_device_up(t, &in->remote.addr, &cause))
		return VERDICT_FAIL;
	sa->local_id = t->conf->local_id;
	toy_establish(sa, peer, id);
	toy_answer(in, sa->local_id.data, sa->local_id.len);
	return VERDICT_DONE;
}

static enum verdict toy_hello_response(struct inbound *in)
{
	struct cursor c = toy_body(in);

	in->sa->spi_r = in->h.spi_r;
	toy_establish(in->sa, in->sa->peer, (struct chunk){ c.at, c.left });
	return VERDICT_DONE;
}

/* Both ends know the selectors: the child's name is enough. */
static bool toy_install(struct child *child, struct ike_sa *sa, uint32_t spi_in, uint32_t spi_out,
			bool initiator)
{
	struct child_sa *pair = pair_new(child, sa, &child->conf->esp.p[0], spi_in, spi_out);
	struct ts_pair ts = { child->conf->local_ts, child->conf->remote_ts };
	struct chunk nonce = { (const uint8_t *)"toy", 3 };
	struct cause cause;

	return pair && pair_derive(pair, initiator, (struct ke_secret){0}, nonce, nonce) &&
	       child_install(child, pair, &ts, &cause);
}

static enum verdict toy_child_request(struct inbound *in)
{
	struct cursor c = toy_body(in);
	char why[IKE_WHY_MAX], name[TOY_BODY_MAX] = "";
	struct child *child;
	uint32_t theirs, ours;
	uint8_t body[4];
	struct writer w = writer_of(body, sizeof(body));

	if (!cursor_u32(&c, &theirs) || c.left >= sizeof(name))
		return VERDICT_FAIL;
	memcpy(name, c.at, c.left);
	TAILQ_FOREACH(child, &in->sa->peer->children, link)
		if (!strcmp(child->conf->name, name))
			break;
	if (!child || !pair_spi_alloc(child, &ours, why) ||
	    !toy_install(child, in->sa, ours, theirs, false))
		return VERDICT_FAIL;
	writer_u32(&w, ours);
	toy_answer(in, body, w.len);
	return VERDICT_DONE;
}

static enum verdict toy_child_response(struct inbound *in)
{
	struct toy_child *p = (void *)in->ex->priv;
	struct child *child = child_find(in->sa->ike, p->child);
	struct cursor c = toy_body(in);
	uint32_t theirs, ours = p->spi;

	if (!child || !cursor_u32(&c, &theirs))
		return VERDICT_FAIL;
	p->spi = 0;
	return toy_install(child, in->sa, ours, theirs, true) ? VERDICT_DONE : VERDICT_FAIL;
}

unsigned int toy_long_requests, toy_long_responses;

static enum verdict toy_long_request(struct inbound *in)
{
	toy_long_requests++;
	toy_answer(in, "", 0);
	return VERDICT_DONE;
}

static enum verdict toy_long_response(struct inbound *in)
{
	toy_long_responses++;
	return VERDICT_DONE;
}

static const struct fsm_row toy_rows[] = {
	{ "we begin", SA_NEW, COMMAND_START, ROLE_COMMAND, .next = SA_INIT_SENT },
	{ "the peer begins", SA_NEW, TOY_HELLO, ROLE_RESPONDER, K(KIND_ANY), toy_hello_request,
	  SA_ESTABLISHED, SA_DEAD },
	{ "the peer answers", SA_INIT_SENT, TOY_HELLO, ROLE_INITIATOR, K(KIND_ANY),
	  toy_hello_response, SA_ESTABLISHED, SA_DEAD },
	{ "a child is asked for", SA_ESTABLISHED, TOY_CHILD, ROLE_RESPONDER, K(KIND_ANY),
	  toy_child_request, SA_ESTABLISHED, SA_DEAD },
	{ "a child is granted", SA_ESTABLISHED, TOY_CHILD, ROLE_INITIATOR, K(KIND_ANY),
	  toy_child_response, SA_ESTABLISHED, SA_DEAD },
	{ "a long one", SA_ESTABLISHED, TOY_LONG, ROLE_RESPONDER, K(KIND_ANY), toy_long_request,
	  SA_ESTABLISHED, SA_DEAD },
	{ "its answer", SA_ESTABLISHED, TOY_LONG, ROLE_INITIATOR, K(KIND_ANY), toy_long_response,
	  SA_ESTABLISHED, SA_DEAD },
	{ "never", SA_NEW, COMMAND_DROP, ROLE_COMMAND, .next = SA_DEAD },
	{ "no answer", SA_INIT_SENT, COMMAND_DROP, ROLE_COMMAND, .next = SA_DEAD },
	{ "we give up", SA_INIT_SENT, COMMAND_CLOSE, ROLE_COMMAND, .next = SA_DEAD },
	{ "it expires", SA_ESTABLISHED, COMMAND_EXPIRE, ROLE_COMMAND, .next = SA_DEAD,
	  .orphans = true },
	{ "it ends", SA_ESTABLISHED, COMMAND_CLOSE, ROLE_COMMAND, .next = SA_DEAD },
	{ "it ends", SA_ESTABLISHED, COMMAND_DROP, ROLE_COMMAND, .next = SA_DEAD },
};

/* ---- messages that come in */

/* Of a long one all parts have to be there. True: this one completes it. */
static bool toy_collect(struct ike_sa *sa, const uint8_t *raw, size_t len)
{
	static uintptr_t parts;

	parts = (uintptr_t)sa->stash | UINT32_C(1) << raw[len - 1];
	sa->stash = (void *)(parts == (1 << TOY_PARTS) - 1 ? 0 : parts);
	return !sa->stash;
}

static void toy_nothing(struct ike_sa *sa)
{
	sa->stash = NULL;
}

static struct ike_sa *toy_first(struct ike *ike, const struct ike_version *version,
				const struct msg_header *h, const struct endpoint *local,
				const struct endpoint *remote)
{
	struct ike_sa *sa = sa_new(ike, version, version->window, false, h->spi_i);

	assert_true(sa && sa_set_init(sa, &remote->addr));
	sa->local = *local;
	sa->remote = *remote;
	return sa;
}

static void toy_input(struct ike *ike, const struct ike_version *version, struct ike_sa *sa,
		      const struct msg_header *h, const uint8_t *raw, size_t len,
		      const struct endpoint *local, const struct endpoint *remote)
{
	struct toy_inbound *t;
	struct answered *before;

	if (!sa)
		sa = sa_find_init(ike, h->spi_i, &remote->addr);
	if (!sa)
		sa = toy_first(ike, version, h, local, remote);
	before = h->flags & MSG_RESPONSE ? NULL : inbound_answer(sa, h->id);
	if (before) {
		datagrams_send(&before->msg, &ike->env, local, remote, 0);
		return;
	}
	sa->stash_free = toy_nothing;
	if (h->exchange == TOY_LONG && !(h->flags & MSG_RESPONSE) && !toy_collect(sa, raw, len))
		return;
	t = inbound_new(sa, sizeof(*t), h, raw, len, local, remote);
	assert_non_null(t);
	if (h->flags & MSG_RESPONSE)
		t->in.ex = exchange_find(sa, h->id, h->exchange);
	if ((h->flags & MSG_RESPONSE && !t->in.ex) || !inbound_handle(&t->in))
		inbound_free(&t->in);
}

static const uint16_t toy_timeouts[SA_STATES];
static const struct exchange_kind *const toy_kinds[] = {
	&toy_kind_hello, &toy_kind_child, &toy_kind_long,
};

const struct ike_version toy_version = {
	.major = TOY_MAJOR, .window = TOY_WINDOW, .childless = true, .rows = toy_rows,
	.row_count = ARRAY_SIZE(toy_rows), .timeouts = toy_timeouts, .kinds = toy_kinds,
	.kind_count = ARRAY_SIZE(toy_kinds), .finish = toy_finish, .input = toy_input,
};
