// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdlib.h>

#include "ike/object/child_sa.h"
#include "ike/exchange/fsm.h"
#include "ike/object/tunnel.h"

#define ATTEMPTS_MAX	5	/* after TEMPORARY_FAILURE */

struct tunnel *tunnel_find(const struct ike *ike, const char *name)
{
	struct tunnel *t;

	TAILQ_FOREACH(t, &ike->tunnels, link)
		if (name && !strcmp(t->conf.name, name))
			return t;
	return NULL;
}

bool tunnel_matches(const struct tunnel *t, const struct addr *local, const struct addr *remote)
{
	if (t->conf.local.family && !addr_equal(&t->conf.local, local))
		return false;
	return t->conf.answer_only || addr_equal(&t->conf.remote, remote) ||
	       addr_equal(&t->towards, remote);
}

const struct addr *tunnel_towards(const struct tunnel *t)
{
	return t->towards.family ? &t->towards : &t->conf.remote;
}

struct ike_id tunnel_local_id(const struct tunnel *t, const struct ike_sa *sa)
{
	return t->conf.local_id.type ? t->conf.local_id : id_of_addr(&sa->local.addr);
}

/* ---- what the user is told */

static void emit(struct tunnel *t, struct ike_event *ev)
{
	ev->tunnel = t->conf.name;
	t->ike->env.event(t->ike->env.ctx, ev);
}

void tunnel_event(struct tunnel *t, enum ike_event_type type, enum ike_failure failure,
		  const char *detail)
{
	struct ike_event ev = { .type = type, .failure = failure, .detail = detail };

	emit(t, &ev);
}

void tunnel_step(struct tunnel *t, enum ike_step step, const char *fmt, ...)
{
	char text[IKE_DETAIL_MAX];
	struct ike_event ev = { .type = IKE_EV_STEP, .step = step, .detail = text };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	emit(t, &ev);
}

static void set_state(struct tunnel *t, enum tunnel_state state, enum ike_failure failure,
		      const char *detail)
{
	static const char *const names[] = {
		[TUNNEL_DOWN] = "down", [TUNNEL_CONNECTING] = "connecting", [TUNNEL_UP] = "up",
		[TUNNEL_CLOSING] = "closing",
	};

	if (t->state != state)
		ike_log(t->ike, t, LOG_DEBUG, "tunnel: %s -> %s: %s", names[t->state],
			names[state], detail);
	t->state = state;
	t->failure = failure;
	snprintf(t->detail, sizeof(t->detail), "%s", failure ? detail : "");
}

/* ---- attempts of ours */

static void begin_failed(struct tunnel *t, enum ike_failure failure, const char *detail)
{
	set_state(t, TUNNEL_DOWN, failure, detail);
	tunnel_event(t, IKE_EV_FAILED, failure, detail);
}

static bool endpoints(struct tunnel *t, struct ike_sa *sa)
{
	struct ike *ike = t->ike;

	sa->remote = (struct endpoint){ .addr = *tunnel_towards(t), .port = IKE_PORT };
	sa->local = (struct endpoint){ .addr = t->conf.local, .port = IKE_PORT };
	return t->conf.local.family ||
	       ike->env.source_for(ike->env.ctx, &sa->remote.addr, &sa->local.addr);
}

static void begin(struct timer *timer)
{
	struct tunnel *t = container_of(timer, struct tunnel, start);
	char text[ADDR_STRLEN + 96], addr[ADDR_STRLEN], why[256] = "";
	struct ike_sa *sa;

	if (!tunnel_towards(t)->family) {
		begin_failed(t, IKE_FAIL_CONFIG, "the peer's address is not known");
		return;
	}
	sa = sa_new(t->ike, true, 0);
	if (!sa) {
		begin_failed(t, IKE_FAIL_CONFIG, "no memory");
		return;
	}
	sa->tunnel = t;
	t->attempt = sa;
	t->attempts++;
	if (!endpoints(t, sa)) {
		snprintf(text, sizeof(text), "there is no route to %s",
			 addr_str(&sa->remote.addr, addr));
		sa_drop(sa, IKE_FAIL_CONFIG, text);
	} else if (!tunnel_spi_alloc(t, &sa->reserved_spi, why)) {
		sa_drop(sa, IKE_FAIL_KERNEL, why);
	} else {
		transition_command(sa, COMMAND_START, "the tunnel is to come up");
		xchg_next(sa);
	}
}

void tunnel_attempt_failed(struct tunnel *t, struct ike_sa *sa, enum ike_failure failure,
			   const char *detail)
{
	if (sa == t->attempt) {
		t->attempt = NULL;
	} else if (t->state != TUNNEL_DOWN) {
		ike_log(t->ike, t, LOG_WARNING, "the peer's attempt failed: %s", detail);
		return;
	}
	t->attempts = 0;
	set_state(t, TUNNEL_DOWN, failure, detail);
	tunnel_event(t, IKE_EV_FAILED, failure, detail);
}

bool tunnel_try_again(struct tunnel *t, struct ike_sa *sa, const char *why)
{
	struct ike *ike = t->ike;

	if (sa != t->attempt || t->attempts >= ATTEMPTS_MAX)
		return false;
	t->attempt = NULL;
	ike_log(ike, t, LOG_INFO, "trying again in a moment: %s", why);
	timer_set(&ike->timers, &t->start, ike_now(ike) + 1000 + ike_jitter(ike, 1000));
	return true;
}

/* ---- up and down */

/*
 * Both ends began at once. Each sees both IKE SAs, so a rule settles it alike on both: of two
 * attempts that have reached IKE_AUTH the lower SPIi wins. And an attempt that began before ours
 * succeeded is a remnant of such a race, which ours has won.
 */
bool tunnel_prefers_ours(const struct tunnel *t, const struct ike_sa *sa)
{
	if (t->attempt && t->attempt->state == SA_AUTH_SENT)
		return t->attempt->spi_i < sa->spi_i;
	return t->sa && t->sa->initiator && sa->born_ms <= t->sa->established_ms;
}

void tunnel_up(struct tunnel *t, struct ike_sa *sa, bool initial_contact)
{
	struct ike_sa *old = t->sa, *attempt = t->attempt;
	char suite[PROPOSAL_STRLEN], local[160], remote[160], text[IKE_DETAIL_MAX];
	const struct child *c = child_active(sa);
	bool afresh;

	t->sa = sa;
	t->attempt = NULL;
	t->attempts = 0;
	timer_cancel(&t->ike->timers, &t->start);
	if (attempt && attempt != sa) {
		transition_command(attempt, COMMAND_CLOSE, "the peer's attempt came first");
		xchg_next(attempt);
	}
	if (old) {
		/*
		 * INITIAL_CONTACT counts for the tunnel and the peer that it was authenticated
		 * for: other IKE SAs may rest on other secrets.
		 */
		afresh = initial_contact && ike_id_equal(&old->remote_id, &sa->remote_id);
		transition_command(old, afresh ? COMMAND_DROP : COMMAND_CLOSE,
				   "the peer has made a new IKE SA");
		xchg_next(old);
	}
	sa_watch_liveness(sa);

	set_state(t, TUNNEL_UP, IKE_FAIL_NONE, "established");
	tunnel_step(t, IKE_STEP_KERNEL, "CHILD_SA %08x/%08x", c->spi_in, c->spi_out);
	snprintf(text, sizeof(text), "%s: %s === %s", proposal_str(&c->suite, suite),
		 ts_list_text(t->local_ts, t->local_ts_count, local, sizeof(local)),
		 ts_list_text(t->remote_ts, t->remote_ts_count, remote, sizeof(remote)));
	tunnel_event(t, IKE_EV_UP, IKE_FAIL_NONE, text);
}

void tunnel_down(struct tunnel *t, enum ike_failure failure, const char *detail)
{
	struct ike *ike = t->ike;

	children_free(t->sa);
	if (t->in_kernel)
		ike->env.kern_child_del(ike->env.ctx, t->conf.name, t->child_id);
	t->in_kernel = false;
	t->out = NULL;
	t->sa = NULL;
	set_state(t, TUNNEL_DOWN, failure, detail);
	tunnel_event(t, IKE_EV_DOWN, failure, detail);
}

/* ---- kernel */

static bool kernel_set(struct tunnel *t, const struct ike_sa *sa, const struct ts_pair *ts,
		       char why[256])
{
	struct kern_child child = {
		.id = t->child_id, .udp = sa->udp, .local = sa->local, .remote = sa->remote,
		.local_ts = ts->local, .local_ts_count = ts->local_count,
		.remote_ts = ts->remote, .remote_ts_count = ts->remote_count,
	};

	return !t->ike->env.kern_child_set(t->ike->env.ctx, t->conf.name, &child, why);
}

static struct ts_pair current_ts(const struct tunnel *t)
{
	struct ts_pair ts = { .local_count = t->local_ts_count,
			      .remote_count = t->remote_ts_count };

	memcpy(ts.local, t->local_ts, sizeof(ts.local));
	memcpy(ts.remote, t->remote_ts, sizeof(ts.remote));
	return ts;
}

bool tunnel_install(struct tunnel *t, struct child *c, const struct ts_pair *ts, char why[256])
{
	struct ts_pair before = current_ts(t);
	char ignored[256];

	if (!kernel_set(t, c->sa, ts, why))
		return false;
	if (!child_install(c, true, "the tunnel comes up", why)) {
		if (t->in_kernel && t->sa)
			kernel_set(t, t->sa, &before, ignored);
		else
			t->ike->env.kern_child_del(t->ike->env.ctx, t->conf.name, t->child_id);
		return false;
	}
	t->in_kernel = true;
	memcpy(t->local_ts, ts->local, sizeof(t->local_ts));
	memcpy(t->remote_ts, ts->remote, sizeof(t->remote_ts));
	t->local_ts_count = ts->local_count;
	t->remote_ts_count = ts->remote_count;
	return true;
}

void tunnel_moved(struct tunnel *t, const struct ike_sa *sa)
{
	struct ts_pair ts = current_ts(t);
	char peer[ADDR_STRLEN], why[256] = "";

	ike_log(t->ike, t, LOG_INFO, "the peer has moved to %s", endpoint_str(&sa->remote, peer));
	if (t->in_kernel && !kernel_set(t, sa, &ts, why))
		ike_log(t->ike, t, LOG_ERR, "the kernel does not follow the peer: %s", why);
}

bool tunnel_spi_alloc(struct tunnel *t, uint32_t *spi, char why[256])
{
	*spi = 0;
	return !t->ike->env.kern_spi_alloc(t->ike->env.ctx, t->conf.name, spi, why);
}

void tunnel_spi_free(struct tunnel *t, uint32_t spi)
{
	t->ike->env.kern_sa_del(t->ike->env.ctx, t->conf.name, spi, false);
}

void tunnel_free(struct tunnel *t)
{
	TAILQ_REMOVE(&t->ike->tunnels, t, link);
	timer_cancel(&t->ike->timers, &t->start);
	mem_free_wiped(t, sizeof(*t));
}

/* ---- commands */

int ike_tunnel_add(struct ike *ike, const struct tunnel_conf *conf)
{
	struct tunnel *t;

	if (tunnel_find(ike, conf->name))
		return -EEXIST;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->ike = ike;
	t->conf = *conf;
	t->child_id = ++ike->last_child_id;
	timer_init(&t->start, begin);
	TAILQ_INSERT_TAIL(&ike->tunnels, t, link);
	return 0;
}

int ike_tunnel_del(struct ike *ike, const char *name)
{
	struct tunnel *t = tunnel_find(ike, name);
	struct ike_sa *sa;

	if (!t)
		return -ENOENT;
	ike_down(ike, name);
	TAILQ_FOREACH(sa, &ike->sas, link)
		if (sa->tunnel == t)
			sa->tunnel = NULL;
	tunnel_free(t);
	return 0;
}

int ike_tunnel_set_remote(struct ike *ike, const char *name, const struct addr *remote)
{
	struct tunnel *t = tunnel_find(ike, name);

	if (!t)
		return -ENOENT;
	t->conf.remote = *remote;
	return 0;
}

int ike_tunnel_set_towards(struct ike *ike, const char *name, const struct addr *remote)
{
	struct tunnel *t = tunnel_find(ike, name);

	if (!t)
		return -ENOENT;
	t->towards = *remote;
	if (!t->conf.remote.family)
		t->conf.remote = *remote;
	return 0;
}

int ike_up(struct ike *ike, const char *name)
{
	struct tunnel *t = tunnel_find(ike, name);

	if (!t)
		return -ENOENT;
	if (t->state == TUNNEL_UP)
		return -EALREADY;
	if (t->state == TUNNEL_CONNECTING)
		return -EINPROGRESS;
	if (t->conf.answer_only)
		return -EDESTADDRREQ;
	t->attempts = 0;
	set_state(t, TUNNEL_CONNECTING, IKE_FAIL_NONE, "asked to come up");
	timer_set(&ike->timers, &t->start, ike_now(ike));
	return 0;
}

int ike_down(struct ike *ike, const char *name)
{
	static const char why[] = "taken down";
	struct tunnel *t = tunnel_find(ike, name);

	if (!t)
		return -ENOENT;
	if (t->state == TUNNEL_DOWN)
		return -EALREADY;
	timer_cancel(&ike->timers, &t->start);
	if (t->sa)
		sa_close(t->sa, IKE_FAIL_DOWN, why);
	else if (t->attempt)
		sa_close(t->attempt, IKE_FAIL_DOWN, why);
	else
		begin_failed(t, IKE_FAIL_DOWN, why);
	sas_reap(ike);
	return 0;
}
