// SPDX-License-Identifier: GPL-2.0
/*
 * IKEv2 as other implementations speak it: with the rekey of an IKE SA as a request, RFC 7296
 * 1.3.2 and 2.18, which the engine only answers. One more kind of request and one more row. And
 * the requests of those that mean ill.
 */
#include "sim/sim.h"

#include "ike/exchange/inbound.h"
#include "ike/settle.h"
#include "ike/v2/offer.h"
#include "ike/v2/v2.h"

#define ROWS_MAX	128
#define KINDS_MAX	16

struct rekeying {
	struct ke *ke;
	uint64_t spi;
	uint8_t nonce[IKE_NONCE_LEN];
};

static struct node *node_of(const struct ike_sa *sa)
{
	return sa->ike->env.ctx;
}

/* Children first: RFC 7296 2.25.2 is for the responder, and this end keeps to it too. */
static bool rekeying_wanted(const struct ike_sa *sa)
{
	return node_of(sa)->want_ike_rekey && sa->peer && sa->peer->sa == sa;
}

static enum built rekeying_build(struct exchange *ex, struct cause *cause)
{
	struct rekeying *r = (void *)ex->priv;
	struct ike_sa *sa = ex->sa;
	struct proposals list = { .count = 1, .p = { sa->suite } };
	uint16_t group = offer_group(&sa->suite);
	struct msg_offer offer = { .number = 1, .spi_len = 8 };
	const uint8_t *public;
	struct builder b;
	size_t len;

	node_of(sa)->want_ike_rekey = false;
	r->ke = ke_new(group, sa->ike->env.random, sa->ike->env.ctx);
	if (!r->ke)
		return BUILD_NOTHING;
	ike_random(sa->ike, r->nonce, sizeof(r->nonce));
	do
		ike_random(sa->ike, &r->spi, sizeof(r->spi));
	while (!r->spi || sa_find(sa->ike, r->spi));
	offer.spi = r->spi;
	v2_request_begin(ex, &b);
	build_sa(&b, &list, &offer);
	build_nonce(&b, r->nonce, sizeof(r->nonce));
	public = ke_public(r->ke, &len);
	build_ke(&b, group, public, len);
	return v2_request_end(ex, &b, cause);
}

static void rekeying_forget(struct exchange *ex)
{
	struct rekeying *r = (void *)ex->priv;

	ke_free(r->ke);
	r->ke = NULL;
}

static const struct exchange_kind kind_rekey_ike = {
	.name = "the rekey of the IKE SA",
	.state = SA_ESTABLISHED,
	.exchange = EXCHANGE_CREATE_CHILD_SA,
	.priv_size = sizeof(struct rekeying),
	.about_child = true,		/* the peer's own rekeys wait */
	.wanted = rekeying_wanted,
	.build = rekeying_build,
	.forget = rekeying_forget,
};

static void take_keys(struct ike_sa *sa, const struct ike_sa *old, const struct rekeying *r,
		      const struct msg *m)
{
	uint8_t secret[KE_SECRET_MAX];
	size_t len;

	sa->ni.len = sizeof(r->nonce);
	memcpy(sa->ni.b, r->nonce, sa->ni.len);
	sa->nr.len = m->nonce.left;
	memcpy(sa->nr.b, m->nonce.at, sa->nr.len);
	if (!ke_derive(r->ke, m->ke.data.at, m->ke.data.left, secret, &len) ||
	    !keys_derive(sa, (struct chunk){ secret, len }, old))
		sa_end(sa, SA_DROP, IKE_FAIL_PROTOCOL, "no keys");
}

static struct ike_sa *successor(const struct ike_sa *old, uint64_t spi_i, uint64_t spi_r)
{
	struct ike_sa *sa = sa_new(old->ike, old->version, old->window, true, spi_r);

	if (!sa)
		return NULL;
	/* it was announced, and no other has it meanwhile */
	HASH_DELETE(by_spi, sa->ike->sa_by_spi, sa);
	sa->spi_i = spi_i;
	HASH_ADD_KEYPTR(by_spi, sa->ike->sa_by_spi, &sa->spi_i, sizeof(sa->spi_i), sa);
	sa->began = old->began;
	sa->local = old->local;
	sa->remote = old->remote;
	sa->nat_t = old->nat_t;
	sa->nat_local = old->nat_local;
	sa->nat_remote = old->nat_remote;
	sa->udp = old->udp;
	sa->suite = old->suite;
	sa->local_id = old->local_id;
	sa->remote_id = old->remote_id;
	return sa;
}

static enum verdict rekeying_response(struct inbound *in)
{
	const struct rekeying *r = (void *)in->ex->priv;
	const struct msg *m = &v2_inbound(in)->m;
	struct ike_sa *sa, *old = in->sa;
	struct peer *peer = old->peer;

	if (in->ex->kind != &kind_rekey_ike || !peer || !r->ke)
		return VERDICT_STAY;
	sa = successor(old, r->spi, m->sa.offer[0].spi);
	if (!sa) {
		in->cause.failure = IKE_FAIL_PROTOCOL;
		return VERDICT_STAY;
	}
	take_keys(sa, old, r, m);
	sa->peer = peer;
	if (peer->sa == old)
		peer->sa = sa;
	peer_move_children(peer, old, sa);
	sa_watch(old, 0);
	fsm_command(sa, COMMAND_INHERIT, "rekeyed by us");
	sa_watch(sa, peer->tunnel->conf->dpd_s);
	node_of(old)->ike_rekeys++;
	return VERDICT_DONE;
}

static const struct fsm_row rekeying_rows[] = {
	{ "the peer grants the rekey of the IKE SA", SA_ESTABLISHED, EXCHANGE_CREATE_CHILD_SA,
	  ROLE_INITIATOR, UINT32_C(1) << MSG_REKEY_IKE, rekeying_response, SA_CLOSING,
	  SA_ESTABLISHED },
};

/* The answers to requests that the engine does not know come to its rows for children. */
static bool foreign(const struct inbound *in)
{
	return in->ex->kind == &kind_rekey_ike || in->ex->kind == &hostile_kind_child;
}

static enum verdict refused(struct inbound *in)
{
	return foreign(in) ? VERDICT_STAY : v2_child_refused(in);
}

static enum verdict granted(struct inbound *in)
{
	return foreign(in) ? VERDICT_STAY : v2_child_response(in);
}

struct ike *rekey_engine(const struct ike_env *env)
{
	static const struct exchange_kind *kinds[KINDS_MAX];
	static struct fsm_row rows[ROWS_MAX];
	static struct ike_version version;
	static const struct ike_version *const versions[] = { &version };
	unsigned int own = ARRAY_SIZE(rekeying_rows);

	version = ike_version_2;
	memcpy(rows, rekeying_rows, sizeof(rekeying_rows));
	memcpy(rows + own, version.rows, version.row_count * sizeof(*rows));
	version.row_count += own;
	version.rows = rows;
	for (unsigned int i = own; i < version.row_count; i++)
		if (rows[i].handler == v2_child_refused)
			rows[i].handler = refused;
		else if (rows[i].handler == v2_child_response)
			rows[i].handler = granted;
	memcpy(kinds, version.kinds, version.kind_count * sizeof(*kinds));
	kinds[version.kind_count++] = &kind_rekey_ike;
	kinds[version.kind_count++] = &hostile_kind_child;
	kinds[version.kind_count++] = &hostile_kind_info;
	version.kinds = kinds;
	return ike_new_with(env, versions, 1);
}
