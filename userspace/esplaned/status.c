// SPDX-License-Identifier: GPL-2.0
/* What the control socket says of a tunnel (Documentation/control.md). */
#include "esplaned/conn.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "esplaned/nl/kern.h"
#include "lib/log.h"

const char *failure_name(enum ike_failure failure)
{
	static const char *const names[] = {
		[IKE_FAIL_NONE]			= "failed",
		[IKE_FAIL_TIMEOUT]		= "timeout",
		[IKE_FAIL_NO_PROPOSAL_IKE]	= "no-proposal-ike",
		[IKE_FAIL_NO_PROPOSAL_CHILD]	= "no-proposal-child",
		[IKE_FAIL_AUTH_REMOTE]		= "auth-remote",
		[IKE_FAIL_AUTH_LOCAL]		= "auth-local",
		[IKE_FAIL_ID]			= "identity",
		[IKE_FAIL_TS]			= "selectors",
		[IKE_FAIL_KERNEL]		= "kernel",
		[IKE_FAIL_PEER]			= "peer",
		[IKE_FAIL_PROTOCOL]		= "protocol",
		[IKE_FAIL_DOWN]			= "down",
		[IKE_FAIL_CONFIG]		= "config",
	};

	return failure < sizeof(names) / sizeof(*names) && names[failure] ? names[failure] :
									    "failed";
}

static const char *state_name(enum tunnel_state state)
{
	static const char *const names[] = {
		[TUNNEL_DOWN] = "down",
		[TUNNEL_CONNECTING] = "connecting",
		[TUNNEL_UP] = "up",
		[TUNNEL_CLOSING] = "closing",
	};

	return names[state];
}

static json_t *text_json(const char *text)
{
	char safe[1024];

	return json_string(log_escape(text, strlen(text), safe, sizeof(safe)));
}

static void set_text(json_t *object, const char *key, const char *text)
{
	if (text && text[0])
		json_object_set_new(object, key, text_json(text));
}

static void set_number(json_t *object, const char *key, uint64_t number)
{
	json_object_set_new(object, key, json_integer((json_int_t)number));
}

static json_t *selectors_json(const struct ts *list, unsigned int count)
{
	json_t *array = json_array();
	char text[TS_STRLEN];

	for (unsigned int i = 0; i < count; i++)
		json_array_append_new(array, json_string(ts_str(&list[i], text)));
	return array;
}

static void set_endpoint(json_t *object, const char *key, const struct endpoint *ep)
{
	char text[ADDR_STRLEN];

	if (ep->addr.family && ep->port)
		json_object_set_new(object, key, json_string(endpoint_str(ep, text)));
}

static void set_address(json_t *object, const char *key, const struct addr *addr)
{
	char text[ADDR_STRLEN];

	if (addr->family)
		json_object_set_new(object, key, json_string(addr_str(addr, text)));
}

static json_t *drops_json(const struct kern_sa_info *info)
{
	json_t *drops = json_object();

	for (unsigned int i = 0; i < info->drop_count; i++)
		set_number(drops, info->drops[i].reason, info->drops[i].count);
	return drops;
}

static void set_spi(json_t *object, const char *key, uint32_t spi)
{
	char hex[16];

	snprintf(hex, sizeof(hex), "%08" PRIx32, spi);
	if (spi)
		json_object_set_new(object, key, json_string(hex));
}

static json_t *sa_json(struct conn *t, uint32_t spi, bool out)
{
	struct kern_sa_info info;
	char why[256];
	json_t *sa;

	sa = json_pack("{ss}", "direction", out ? "out" : "in");
	set_spi(sa, "spi", spi);
	if (kern_sa_get(t->d->kern, t->ifindex, spi, out, &info, why)) {
		set_text(sa, "error", why);
		return sa;
	}
	set_number(sa, "bytes", info.bytes);
	set_number(sa, "packets", info.packets);
	set_number(sa, "sequence", info.seq);
	set_number(sa, "age_s", info.age_s);
	if (info.idle_s != UINT64_MAX)
		set_number(sa, "idle_s", info.idle_s);
	set_text(sa, "driver", info.driver);
	json_object_set_new(sa, "drops", drops_json(&info));
	return sa;
}

static void set_kernel(json_t *object, struct conn *t, const struct ike_status *st, bool whole)
{
	json_t *sas = json_array();
	struct kern_sa_info info;
	char why[256];

	set_spi(object, "spi_in", st->spi_in);
	set_spi(object, "spi_out", st->spi_out);
	if (t->ifindex && st->spi_in)
		json_array_append_new(sas, sa_json(t, st->spi_in, false));
	if (t->ifindex && st->spi_out)
		json_array_append_new(sas, sa_json(t, st->spi_out, true));
	json_object_set_new(object, "sas", sas);
	/* The module looks at all its suites to answer this: not for a table. */
	if (whole && t->ifindex && !kern_device_drops(t->d->kern, t->ifindex, &info, why))
		json_object_set_new(object, "device_drops", drops_json(&info));
}

static void set_ike(json_t *object, const struct ike_status *st)
{
	uint64_t now = daemon_now();
	char hex[2][24];

	snprintf(hex[0], sizeof(hex[0]), "%016" PRIx64, st->spi_i);
	snprintf(hex[1], sizeof(hex[1]), "%016" PRIx64, st->spi_r);
	json_object_set_new(object, "ike_spi",
			    json_pack("{ss ss}", "initiator", hex[0], "responder", hex[1]));
	json_object_set_new(object, "initiator", json_boolean(st->initiator));
	json_object_set_new(object, "nat",
			    json_pack("{sb sb}", "local", st->nat_local, "remote", st->nat_remote));
	set_text(object, "ike", st->ike_suite);
	if (st->established_ms && now >= st->established_ms)
		set_number(object, "age_s", (now - st->established_ms) / 1000);
}

/* What is known once there is a CHILD_SA. */
static void set_child(json_t *object, struct conn *t, const struct ike_status *st)
{
	uint64_t now = daemon_now();

	set_text(object, "esp", st->esp_suite);
	set_text(object, "encapsulation", st->udp ? "udp" : "none");
	set_number(object, "child_rekeys", st->child_rekeys);
	if (st->rekey_ms)
		set_number(object, "rekey_in_s",
			   st->rekey_ms > now ? (st->rekey_ms - now) / 1000 : 0);
}

json_t *conn_summary(struct conn *t)
{
	json_t *object =
		json_pack("{ss ss}", "tunnel", t->opt.ike.name, "interface", t->opt.interface);
	struct ike_status st;

	if (!ike_status(t->d->ike, t->opt.ike.name, &st))
		return object;
	set_address(object, "local", &st.local.addr);
	set_address(object, "remote", &st.remote.addr);
	set_text(object, "encapsulation", st.udp ? "udp" : "none");
	set_text(object, "ike", st.ike_suite);
	set_text(object, "esp", st.esp_suite);
	json_object_set_new(object, "local_ts", selectors_json(st.local_ts, st.local_ts_count));
	json_object_set_new(object, "remote_ts", selectors_json(st.remote_ts, st.remote_ts_count));
	return object;
}

static void set_trouble(json_t *object, struct conn *t, enum tunnel_state state)
{
	uint64_t now = daemon_now();

	if (state == TUNNEL_UP || !t->error)
		return;
	set_text(object, "error", t->error);
	set_text(object, "detail", t->detail);
	if (t->retry_at_ms)
		set_number(object, "retry_in_s",
			   t->retry_at_ms > now ? (t->retry_at_ms - now + 999) / 1000 : 0);
}

json_t *conn_status(struct conn *t, bool whole)
{
	const struct tunnel_conf *c = &t->opt.ike;
	struct ike_status st;
	json_t *object;
	char text[ADDR_STRLEN];
	bool negotiated;

	if (!ike_status(t->d->ike, c->name, &st))
		memset(&st, 0, sizeof(st));
	if (st.state == TUNNEL_DOWN && t->attempting)	/* the name is being looked up */
		st.state = TUNNEL_CONNECTING;
	negotiated = st.state == TUNNEL_UP && st.local_ts_count && st.remote_ts_count;
	object = json_pack("{ss ss ss ss}", "name", c->name, "state", state_name(st.state),
			   "interface", t->opt.interface, "start",
			   t->opt.start_up ? "up" : "manual");
	json_object_set_new(object, "interface_exists", json_boolean(t->ifindex));
	json_object_set_new(object, "remote",
			    json_string(c->answer_only	      ? "any" :
					t->opt.remote_name[0] ? t->opt.remote_name :
								addr_str(&c->remote, text)));
	json_object_set_new(object, "local_ts",
			    negotiated ? selectors_json(st.local_ts, st.local_ts_count) :
					 selectors_json(c->local_ts, c->local_ts_count));
	json_object_set_new(object, "remote_ts",
			    negotiated ? selectors_json(st.remote_ts, st.remote_ts_count) :
					 selectors_json(c->remote_ts, c->remote_ts_count));
	set_endpoint(object, "local_endpoint", &st.local);
	set_endpoint(object, "remote_endpoint", &st.remote);
	set_text(object, "local_id", st.local_id);
	set_text(object, "remote_id", st.remote_id);
	if (st.spi_i)
		set_ike(object, &st);
	if (st.state == TUNNEL_UP) {
		set_child(object, t, &st);
		set_kernel(object, t, &st, whole);
	}
	set_trouble(object, t, st.state);
	return object;
}
