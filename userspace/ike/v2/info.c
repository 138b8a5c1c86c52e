// SPDX-License-Identifier: GPL-2.0
/* INFORMATIONAL: DELETE and liveness, RFC 7296 1.4, 2.4 and 2.25. */
#include "ike/object/child_sa.h"
#include "ike/exchange/fsm.h"
#include "ike/object/tunnel.h"

#define DELETES_MAX	64	/* SPIs in one answer */

/* ---- ours */

enum built v2_delete_ike_build(struct ike_sa *sa, struct builder *b, struct cause *cause)
{
	build_delete(b, PROTO_IKE, NULL, 0);
	sa->req.deletes_ike = true;
	return BUILD_READY;
}

enum built v2_delete_child_build(struct ike_sa *sa, struct builder *b, struct cause *cause)
{
	struct child *c = TAILQ_FIRST(&sa->children);

	while (c && c->state != CHILD_OLD)
		c = TAILQ_NEXT(c, link);
	if (!c)
		return BUILD_NOTHING;
	build_delete(b, PROTO_ESP, &c->spi_in, 1);
	sa->req.subject = c->spi_in;
	child_deleting(c);
	return BUILD_READY;
}

enum built v2_liveness_build(struct ike_sa *sa, struct builder *b, struct cause *cause)
{
	if (!sa->want_liveness)
		return BUILD_NOTHING;
	sa->want_liveness = false;
	return BUILD_READY;
}

enum verdict v2_info_response(struct xchg *x)
{
	const struct request *req = &x->sa->req;
	struct child *c = child_by_in(x->sa, req->subject);

	if (req->deletes_ike)
		return VERDICT_FAIL;
	if (c && c->state == CHILD_DELETING)
		child_linger(c, "the peer has deleted it too");
	return VERDICT_STAY;
}

enum verdict v2_ignore_response(struct xchg *x)
{
	return VERDICT_STAY;
}

/* ---- the peer's */

static bool deletes_ike(const struct msg *m)
{
	for (unsigned int i = 0; i < m->del_count; i++)
		if (m->del[i].protocol == PROTO_IKE)
			return true;
	return false;
}

static void delete_children(struct xchg *x)
{
	uint32_t answer[DELETES_MAX], spi_in;
	size_t count = 0;

	for (unsigned int i = 0; i < x->in->del_count; i++) {
		const struct msg_delete *d = &x->in->del[i];

		if (d->protocol != PROTO_ESP)
			continue;
		for (unsigned int j = 0; j < d->count && count < DELETES_MAX; j++)
			if (v2_child_deleted(x, msg_delete_spi(d, j), &spi_in))
				answer[count++] = spi_in;
	}
	if (count)
		build_delete(&x->b, PROTO_ESP, answer, count);
}

enum verdict v2_info_request(struct xchg *x)
{
	if (deletes_ike(x->in)) {
		cause_set(&x->cause, IKE_FAIL_DOWN, "the peer has deleted the IKE SA");
		return VERDICT_FAIL;
	}
	/* RFC 7296 2.21.2: the initiator did not believe our AUTH */
	if (msg_notify(x->in, NOTIFY_AUTHENTICATION_FAILED)) {
		cause_set(&x->cause, IKE_FAIL_AUTH_REMOTE,
			  "the peer refuses our identity or our pre-shared key; "
			  "compare psk, local-id and remote-id with the peer's");
		return VERDICT_FAIL;
	}
	delete_children(x);
	return VERDICT_DONE;
}

enum verdict v2_info_late_request(struct xchg *x)
{
	return deletes_ike(x->in) ? VERDICT_FAIL : VERDICT_STAY;
}
