// SPDX-License-Identifier: GPL-2.0
#include "ike/v2/ppk.h"

#include "ike/core/job.h"
#include "ike/object/peer.h"
#include "ike/object/report.h"
#include "ike/object/tunnel.h"

#define PPK_ID_FIXED	2	/* RFC 8784 5.1; 1, an opaque one, is for agreements of one's own */

void ppk_announce(struct builder *b, const struct tunnel_conf *conf)
{
	if (conf->ppk_id[0])
		build_notify(b, NOTIFY_USE_PPK, 0, 0, 0, NULL, 0);
}

void ppk_answer(struct builder *b, struct ike_sa *sa, const struct msg *m)
{
	struct tunnel *t;

	TAILQ_FOREACH(t, &sa->ike->tunnels, link)
		if (t->conf->ppk_id[0] && tunnel_fit(t, &sa->local.addr, &sa->remote.addr))
			sa->ppk.use = msg_notify(m, NOTIFY_USE_PPK);
	if (sa->ppk.use)
		build_notify(b, NOTIFY_USE_PPK, 0, 0, 0, NULL, 0);
}

/* SK_d, SK_pi and SK_pr one behind the other, and back. */
static void ppk_gather(const struct ike_sa *sa, uint8_t *all, size_t len)
{
	memcpy(all, sa->sk_d, len);
	memcpy(all + len, sa->sk_pi, len);
	memcpy(all + 2 * len, sa->sk_pr, len);
}

static void ppk_scatter(struct ike_sa *sa, const uint8_t *all, size_t len)
{
	memcpy(sa->sk_d, all, len);
	memcpy(sa->sk_pi, all + len, len);
	memcpy(sa->sk_pr, all + 2 * len, len);
}

static void ppk_done(struct ike *ike, void *owner, const struct ike_job_result *result)
{
	struct ike_sa *sa = owner;
	size_t len = prf_len(sa->prf);

	sa->ppk.job = 0;
	sa->ppk.ended = true;
	if (!result->why && result->mac.len == 3 * len) {
		ppk_gather(sa, sa->ppk.before, len);
		ppk_scatter(sa, result->mac.p, len);
		sa->ppk.mixed = true;
	} else if (sa->peer || ike_may_mention_stranger(ike)) {
		report_log(ike, sa->peer, LOG_ERR, "the PPK cannot be used: %s",
			   result->why ? result->why : "its result has the wrong length");
	}
	if (sa->ppk.in)
		inbound_resume(sa->ppk.in);
	else
		exchange_continue(sa->ppk.ex);
}

enum auth_state ppk_mix(struct ike_sa *sa, uint32_t tunnel, struct exchange *ex,
			struct inbound *in)
{
	uint8_t all[3 * PRF_LEN_MAX];
	struct ike_job job = {
		.kind = IKE_JOB_PPK, .tunnel = tunnel, .prf = sa->prf,
		.octets = { all, 3 * prf_len(sa->prf) },
	};

	if (sa->ppk.ended) {
		sa->ppk.ended = false;
		return sa->ppk.mixed ? AUTH_DONE : AUTH_FAILED;
	}
	ppk_gather(sa, all, prf_len(sa->prf));
	sa->ppk.ex = ex;
	sa->ppk.in = in;
	sa->ppk.job = job_begin(sa->ike, sa, ppk_done, &job);
	mem_wipe(all, sizeof(all));
	return sa->ppk.job ? AUTH_PENDING : AUTH_FAILED;
}

void ppk_unmix(struct ike_sa *sa)
{
	if (sa->ppk.mixed)
		ppk_scatter(sa, sa->ppk.before, prf_len(sa->prf));
	sa->ppk.mixed = false;
}

void ppk_build(struct builder *b, const struct tunnel_conf *conf)
{
	uint8_t data[1 + TUNNEL_PPK_ID_MAX] = { PPK_ID_FIXED };
	size_t len = strlen(conf->ppk_id);

	memcpy(data + 1, conf->ppk_id, len);
	build_notify(b, NOTIFY_PPK_IDENTITY, 0, 0, 0, data, 1 + len);
}

const struct msg_notify *ppk_named(const struct ike_sa *sa, const struct msg *m)
{
	return sa->ppk.use ? msg_notify(m, NOTIFY_PPK_IDENTITY) : NULL;
}

struct cursor ppk_proof(const struct ike_sa *sa, const struct msg *m)
{
	const struct msg_notify *without = NULL;

	if (ppk_named(sa, m) && !sa->ppk.mixed)
		without = msg_notify(m, NOTIFY_NO_PPK_AUTH);
	return without ? without->data : m->auth.data;
}

void ppk_tell(const struct ike_sa *sa, struct tunnel *t)
{
	if (t->conf->ppk_id[0] && !sa->ppk.mixed)
		report_tunnel_log(t, LOG_WARNING, "the peer does not use the PPK \"%s\": the keys "
				  "are without it", t->conf->ppk_id);
}

bool ppk_is(const struct msg_notify *id, const struct tunnel_conf *conf)
{
	size_t len = strlen(conf->ppk_id);

	return len && id->data.left == 1 + len && id->data.at[0] == PPK_ID_FIXED &&
	       !memcmp(id->data.at + 1, conf->ppk_id, len);
}
