// SPDX-License-Identifier: GPL-2.0
#include "esplaned/conf/option.h"

#include <ctype.h>
#include <linux/esplane.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "esplaned/conf/cert_url.h"
#include "esplaned/conf/credential.h"
#include "esplaned/conf/host_option.h"
#include "esplaned/conf/mode_option.h"
#include "esplaned/conf/pool_option.h"
#include "esplaned/conf/ppk_option.h"
#include "esplaned/conf/radius_option.h"
#include "esplaned/conf/second_option.h"
#include "esplaned/conf/secret_option.h"
#include "esplaned/conf/user.h"
#include "lib/array.h"

#define OPTION_LIST_CHARS	", \t"	/* in a value: a list that was written as one string */
#define OPTION_KEEPALIVE_MIN_S	5
#define OPTION_KEEPALIVE_MAX_S	600

static const char *const option_starts[] = {
	[START_MANUAL] = "manual", [START_UP] = "up", [START_ON_DEMAND] = "on-demand",
};

static const char *const option_dpd_actions[] = {
	[DPD_CLEAR] = "clear", [DPD_RESTART] = "restart",
	[DPD_ON_DEMAND] = "on-demand",
};

const char *config_start_name(enum start_mode mode)
{
	return option_starts[mode];
}

const char *config_dpd_action_name(enum dpd_action action)
{
	return option_dpd_actions[action];
}

/* Of IPv6: what needs an interface to be named beside it, and IPv4 in disguise. */
static bool option_outer(const struct addr *a, const char *value, char why[VALUE_WHY_MAX])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (a->family != AF_INET6)
		return true;
	if (!memcmp(a->b, mapped, sizeof(mapped)))
		return value_refuse(why, "\"%s\" is an IPv4 address: write it as one, as 192.0.2.1",
				    value);
	if (addr_is_link_local(a))
		return value_refuse(why,
				    "\"%s\" is link-local: outer addresses are global or unique "
				    "local, as 2001:db8::1",
				    value);
	return true;
}

static bool option_local(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	struct addr *local = &to->tunnel->ike.local;

	if (!addr_parse(local, value))
		return value_refuse(why,
				    "\"%s\" is not an address; use one of this host, as 192.0.2.1 "
				    "or 2001:db8::1",
				    value);
	if (!option_outer(local, value, why))
		return false;
	if (!addr_is_hosts(local))
		return value_refuse(why,
				    "\"%s\" is not a host's address: leave local out, the route to "
				    "the peer tells which it is",
				    value);
	return true;
}

/* A name or an address. */
static bool option_remote_one(struct remote_conf *to, const char *value, char why[VALUE_WHY_MAX])
{
	if (addr_parse(&to->addr, value)) {
		if (!option_outer(&to->addr, value, why))
			return false;
		return addr_is_hosts(&to->addr) ||
		       value_refuse(why,
				    "\"%s\" is not a host's address: peers that may come from "
				    "anywhere are remote = any (answer only)",
				    value);
	}
	to->addr.family = 0;
	if (!value_is_host(value))
		return value_refuse(why,
				    "\"%s\" is neither an address nor a host name; use an "
				    "address, as 198.51.100.1, a name, as gw.example.org, or any "
				    "(answer only)",
				    value);
	snprintf(to->name, sizeof(to->name), "%s", value);
	return true;
}

/* Is it the first, or another of the same peer's? */
static bool option_remote(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	struct tunnel_conf *ike = &to->tunnel->ike;
	bool first = !ike->any && !ike->remote.family && !ike->remote_name[0];
	struct remote_conf one = { .name = "" };

	if (ike->any || (!first && !strcmp(value, "any")))
		return value_refuse(why, "any is every peer: it stands alone");
	ike->any = !strcmp(value, "any");
	if (ike->any)
		return true;
	if (ike->more_count == TUNNEL_MORE_MAX)
		return value_refuse(why, "more than %d names and addresses", TUNNEL_MORE_MAX + 1);
	if (!option_remote_one(&one, value, why))
		return false;
	if (!first) {
		ike->more[ike->more_count++] = one;
		return true;
	}
	ike->remote = one.addr;
	memcpy(ike->remote_name, one.name, sizeof(one.name));
	return true;
}

static bool option_local_id(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return value_id(&to->tunnel->ike.local_id, value,
			"without local-id it is the local address", why);
}

static bool option_remote_id(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return value_id(&to->tunnel->ike.remote_id, value,
			"without remote-id, whoever knows the secret, or has a certificate of ca, "
			"is the peer", why);
}

static bool option_proposal(struct proposals *list, uint8_t protocol, const char *value,
			    char why[VALUE_WHY_MAX])
{
	char detail[512];

	if (list->count == PROPOSALS_MAX)
		return value_refuse(why, "more than %d proposals", PROPOSALS_MAX);
	if (strpbrk(value, OPTION_LIST_CHARS))
		return value_refuse(why, "\"%s\": several proposals are a list: { %s }", value,
				    protocol == PROTO_IKE ?
					    "\"aes128gcm16-prfsha256-x25519\", "
					    "\"aes256-sha256-ecp256\"" :
					    "\"aes128gcm16-esn\", \"aes256-sha256-esn\"");
	if (proposals_set_lacks(value))
		return value_refuse(why, "\"%s\" needs ML-KEM, which is not in this build: it was "
				    "made without Botan 3.7 (libbotan-3-dev)", value);
	if (proposals_is_set(value))
		return proposals_add_set(list, protocol, value) ||
		       value_refuse(why, "\"%s\" has nothing that the kernel module does, or the "
				    "list has more than %d proposals: write proposals, as %s",
				    value, PROPOSALS_MAX, protocol == PROTO_IKE ?
				    "aes128gcm16-prfsha256-x25519" : "aes128gcm16-esn");
	if (!proposal_parse(&list->p[list->count], protocol, value, detail, sizeof(detail)))
		return value_refuse(why, "\"%s\": %s", value, detail);
	list->count++;
	return true;
}

static bool option_ike(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return option_proposal(&to->tunnel->ike.ike, PROTO_IKE, value, why);
}

static bool option_esp(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return option_proposal(&to->child->conf.esp, PROTO_ESP, value, why);
}

static bool option_allow_legacy(struct option_target *to, const char *value,
				char why[VALUE_WHY_MAX])
{
	return value_choice(value, "no", "yes", &to->tunnel->allow_legacy, why);
}

static bool option_prefer(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return value_choice(value, "strongest", "peer", &to->tunnel->prefer_peer, why);
}

void option_child_clear(struct option_child *child)
{
	free(child->local.ts);
	free(child->remote.ts);
}

static bool option_ts_one(struct option_selectors *list, const char *value,
			  char why[VALUE_WHY_MAX])
{
	const char *detail = "";
	struct ts *more;

	if (list->count == CONFIG_TS_MAX)
		return value_refuse(why, "more than %d selectors", CONFIG_TS_MAX);
	if (strpbrk(value, OPTION_LIST_CHARS))
		return value_refuse(why,
				    "\"%s\": a selector has no blanks and no comma; several are a "
				    "list: { \"10.1.0.0/24\", \"10.3.0.0/24\" }",
				    value);
	more = reallocarray(list->ts, list->count + 1, sizeof(*more));
	if (!more)
		return value_refuse(why, "no memory");
	list->ts = more;
	if (!ts_parse(&more[list->count], value, &detail))
		return value_refuse(why,
				    "\"%s\": %s; use a prefix, as 10.1.0.0/24, an address, a "
				    "range, as 10.1.0.5-10.1.0.9, each with [tcp/80] or the like "
				    "after it",
				    value, detail);
	list->count++;
	return true;
}

/* "[gre]" is that of all addresses, of both families. */
static bool option_ts(struct option_selectors *list, const char *value, char why[VALUE_WHY_MAX])
{
	static const char *const all[] = { "0.0.0.0/0", "::/0" };
	char text[TS_STRLEN];

	if (value[0] != '[')
		return option_ts_one(list, value, why);
	for (unsigned int i = 0; i < ARRAY_SIZE(all); i++) {
		snprintf(text, sizeof(text), "%s%s", all[i], value);
		if (!option_ts_one(list, text, why))
			return false;
	}
	return true;
}

static bool option_duplicate_ts(struct option_target *to, const char *value,
				char why[VALUE_WHY_MAX])
{
	return value_choice(value, "refuse", "replace", &to->tunnel->ike.replace_ts, why);
}

static bool option_local_ts(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return option_ts(&to->child->local, value, why);
}

static bool option_remote_ts(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return option_ts(&to->child->remote, value, why);
}

/*
 * What the kernel takes (dev_valid_name), less the names that sysctl and people use for something
 * else, and what programs take for an option.
 */
bool option_interface_valid(const char *name)
{
	if (!*name || *name == '-' || strlen(name) >= IFNAMSIZ || !strcmp(name, ".") ||
	    !strcmp(name, "..") || !strcmp(name, "all") || !strcmp(name, "default") ||
	    !strcmp(name, "lo"))
		return false;
	for (; *name; name++) {
		if (!isgraph((unsigned char)*name) || strchr("/:%", *name))
			return false;
	}
	return true;
}

static bool option_interface(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	if (!option_interface_valid(value))
		return value_refuse(why,
				    "\"%s\" is not an interface name; use " OPTION_INTERFACE_RULE,
				    value);
	snprintf(to->tunnel->interface, sizeof(to->tunnel->interface), "%s", value);
	return true;
}

static bool option_address(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	struct tunnel_options *t = to->tunnel;
	char host[ADDR_STRLEN], *slash;
	uint64_t bits;

	t->ike.ask_address = !strcmp(value, "request");
	if (t->ike.ask_address)
		return true;
	snprintf(host, sizeof(host), "%s", value);
	slash = strchr(host, '/');
	if (slash)
		*slash++ = '\0';
	if (addr_parse(&t->address, host)) {
		bits = addr_len(&t->address) * 8;
		if (!slash || value_number(slash, 0, bits, "", &bits, why)) {
			t->address_bits = (uint8_t)bits;
			return true;
		}
	}
	return value_refuse(why,
			    "\"%s\" is not an address; use one inside local-ts, as 10.1.0.1 or "
			    "10.1.0.1/24, or request, for one that the peer gives",
			    value);
}

static bool option_pool(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	struct tunnel_conf *ike = &to->tunnel->ike;

	if (!*value || strlen(value) >= sizeof(ike->pool))
		return value_refuse(why, "\"%s\" is not the name of a pool", value);
	snprintf(ike->pool, sizeof(ike->pool), "%s", value);
	return true;
}

static bool option_start(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	unsigned int which;

	if (!value_word(value, option_starts, ARRAY_SIZE(option_starts), &which, why))
		return false;
	to->tunnel->ike.start = (enum start_mode)which;
	return true;
}

static bool option_dpd_action(struct option_target *to, const char *value,
			      char why[VALUE_WHY_MAX])
{
	unsigned int which;

	to->dpd_action = value_word(value, option_dpd_actions, ARRAY_SIZE(option_dpd_actions),
				    &which, why);
	if (to->dpd_action)
		to->tunnel->ike.dpd_action = (enum dpd_action)which;
	return to->dpd_action;
}

static bool option_unique(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	static const char *const words[] = {
		[UNIQUE_REPLACE] = "replace", [UNIQUE_KEEP] = "keep", [UNIQUE_NEVER] = "never",
	};
	unsigned int which;

	if (!value_word(value, words, ARRAY_SIZE(words), &which, why))
		return false;
	to->tunnel->ike.unique = (enum tunnel_unique)which;
	return true;
}

static bool option_rekey(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return value_duration_or_never(value, &to->child->conf.rekey_s, why);
}

static bool option_rekey_bytes(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return value_lifetime(value, 1024, "128M", &to->child->conf.rekey_bytes, why);
}

static bool option_rekey_packets(struct option_target *to, const char *value,
				 char why[VALUE_WHY_MAX])
{
	return value_lifetime(value, 1000, "100k", &to->child->conf.rekey_packets, why);
}

static bool option_ike_rekey(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return value_duration_or_never(value, &to->tunnel->ike.rekey_s, why);
}

static bool option_reauth(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	uint32_t s;

	if (!value_duration_or_never(value, &s, why))
		return false;
	if (s && s < 60)
		return value_refuse(why, "\"%s\" is too often: at least 60s, or never", value);
	to->tunnel->ike.reauth_s = s;
	return true;
}

static bool option_reauth_every(struct option_target *to, const char *value,
				char why[VALUE_WHY_MAX])
{
	return value_u32(value, 1, 100, "is not a number of rekeys",
			 &to->tunnel->ike.reauth_every, why);
}

static bool option_dpd(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return value_duration_or_never(value, &to->tunnel->ike.dpd_s, why);
}

static bool option_retransmit_first(struct option_target *to, const char *value,
				    char why[VALUE_WHY_MAX])
{
	return value_milliseconds(value, 100, 16000, &to->tunnel->ike.retry_first_ms, why);
}

static bool option_retransmit_tries(struct option_target *to, const char *value,
				    char why[VALUE_WHY_MAX])
{
	return value_u32(value, 1, 20, "is not a number of tries", &to->tunnel->ike.retry_tries,
			 why);
}

static bool option_retransmit_factor(struct option_target *to, const char *value,
				     char why[VALUE_WHY_MAX])
{
	return value_factor(value, 100, 400, &to->tunnel->ike.retry_percent, why);
}

static bool option_fragment_size(struct option_target *to, const char *value,
				 char why[VALUE_WHY_MAX])
{
	char detail[VALUE_WHY_MAX];

	if (!strcmp(value, "never")) {
		to->tunnel->ike.fragment_size = FRAGMENT_NEVER;
		return true;
	}
	return value_u32(value, FRAGMENT_SIZE_MIN, 65535, "is not a packet size",
			 &to->tunnel->ike.fragment_size, detail) ||
	       value_refuse(why, "%s octets of an IP packet, as 1280, or never", detail);
}

static bool option_tcp(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	static const char *const words[] = {
		[TCP_NEVER] = "no", [TCP_FALL_BACK] = "fall-back", [TCP_ALWAYS] = "yes",
	};
	unsigned int which;

	if (!value_word(value, words, ARRAY_SIZE(words), &which, why))
		return false;
	to->tunnel->ike.tcp = (enum tunnel_tcp)which;
	return true;
}

static bool option_port(const char *value, uint32_t min, uint16_t *port, char why[VALUE_WHY_MAX])
{
	uint32_t number;

	if (!value_u32(value, min, UINT16_MAX, "is not a TCP port", &number, why))
		return false;
	*port = (uint16_t)number;
	return true;
}

static bool option_tcp_port(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return option_port(value, 1, &to->tunnel->ike.tcp_port, why);
}

/* Those below are root's, and the process that listens is not root. */
static bool option_listen_tcp(struct option_target *to, const char *value,
			      char why[VALUE_WHY_MAX])
{
	return option_port(value, 1024, &to->tunnel->ike.listen_tcp, why);
}

static bool option_replay_window(struct option_target *to, const char *value,
				 char why[VALUE_WHY_MAX])
{
	return value_u32(value, 32, ESPLANE_REPLAY_MAX, "is not a window in packets",
			 &to->child->conf.replay_window, why);
}

static bool option_split(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return value_choice(value, "no", "yes", &to->child->split, why);
}

static bool option_childless(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return value_choice(value, "no", "yes", &to->tunnel->ike.childless, why);
}

static bool option_export(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return value_choice(value, "no", "yes", &to->tunnel->ike.export_keys, why);
}

static bool option_follow_redirect(struct option_target *to, const char *value,
				   char why[VALUE_WHY_MAX])
{
	return value_choice(value, "no", "yes", &to->tunnel->ike.follow_redirect, why);
}

static bool option_redirect_to(struct option_target *to, const char *value,
			       char why[VALUE_WHY_MAX])
{
	struct addr *addr = &to->tunnel->ike.redirect_to;

	return (addr_parse(addr, value) && addr_is_hosts(addr)) ||
	       value_refuse(why, "\"%s\" is not a host's address: use the address of the gateway "
			    "that clients are to be sent to, as 198.51.100.2", value);
}

static bool option_resume(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return value_choice(value, "no", "yes", &to->tunnel->ike.resume, why);
}

static bool option_encap(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return value_choice(value, "auto", "udp", &to->tunnel->ike.force_udp, why);
}

static bool option_mobike(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return value_choice(value, "no", "yes", &to->tunnel->ike.mobike, why);
}

static bool option_nat_keepalive(struct option_target *to, const char *value,
				 char why[VALUE_WHY_MAX])
{
	uint32_t *s = &to->tunnel->keepalive_s;

	if (!value_duration_or_never(value, s, why))
		return false;
	return !*s || (*s >= OPTION_KEEPALIVE_MIN_S && *s <= OPTION_KEEPALIVE_MAX_S) ||
	       value_refuse(why, "\"%s\": use %ds to %dm, or never", value,
			    OPTION_KEEPALIVE_MIN_S, OPTION_KEEPALIVE_MAX_S / 60);
}

void option_follow(const struct option_target *to)
{
	struct tunnel_options *t = to->tunnel;

	/* With routes = no whose they are knows which mark they need. */
	if (!t->ike.mark && !t->no_routes)
		t->ike.mark = CONFIG_FWMARK;
	if (!to->when_down)
		t->when_down = t->ike.start && !t->no_routes ? WHEN_DOWN_BLOCK : WHEN_DOWN_PASS;
	if (!to->dpd_action && t->ike.start)
		t->ike.dpd_action = t->ike.start == START_UP ? DPD_RESTART : DPD_ON_DEMAND;
}

const struct option option_table[] = {
	{ "local", OPTION_TUNNEL, false, option_local },
	{ "remote", OPTION_TUNNEL, true, option_remote },
	{ "duplicate-ts", OPTION_TUNNEL, false, option_duplicate_ts },
	{ "others", OPTION_TUNNEL, false, host_option_others },
	{ "local-id", OPTION_TUNNEL, false, option_local_id },
	{ "remote-id", OPTION_TUNNEL, false, option_remote_id },
	{ "psk", OPTION_TUNNEL, false, secret_option_psk },
	{ "psk-file", OPTION_TUNNEL, false, secret_option_psk_file },
	{ "strict-psk", OPTION_TUNNEL, false, secret_option_strict_psk },
	{ "ppk", OPTION_TUNNEL, false, ppk_option_secret },
	{ "ppk-id", OPTION_TUNNEL, false, ppk_option_id },
	{ "ppk-required", OPTION_TUNNEL, false, ppk_option_required },
	{ "cert", OPTION_TUNNEL, false, credential_set_cert },
	{ "cert-url", OPTION_TUNNEL, false, cert_url_option },
	{ "key", OPTION_TUNNEL, false, credential_set_key },
	{ "key-password", OPTION_TUNNEL, false, credential_set_password },
	{ "key-password-file", OPTION_TUNNEL, false, credential_set_password_file },
	{ "ca", OPTION_TUNNEL, true, credential_set_ca },
	{ "remote-key", OPTION_TUNNEL, true, credential_set_remote_key },
	{ "dns-anchor", OPTION_TUNNEL, false, credential_set_anchor },
	{ "crl", OPTION_TUNNEL, true, credential_set_crl },
	{ "revocation", OPTION_TUNNEL, false, credential_set_revocation },
	{ "revocation-fetch", OPTION_TUNNEL, false, credential_set_fetch },
	{ "fetch-certs", OPTION_TUNNEL, true, cert_url_fetch_option },
	{ "users", OPTION_TUNNEL, false, user_set_file },
	{ "eap-identity", OPTION_TUNNEL, false, user_set_identity },
	{ "password", OPTION_TUNNEL, false, user_set_password },
	{ "password-file", OPTION_TUNNEL, false, user_set_password_file },
	{ "eap", OPTION_TUNNEL, true, user_set_method },
	{ "ttls-inner", OPTION_TUNNEL, false, user_set_inner },
	{ "aaa-id", OPTION_TUNNEL, false, user_set_aaa },
	{ "radius-server", OPTION_TUNNEL, true, radius_option_server },
	{ "radius-secret-file", OPTION_TUNNEL, false, radius_option_secret_file },
	{ "eap-only", OPTION_TUNNEL, false, user_set_only },
	{ "second-auth", OPTION_TUNNEL, false, second_option_auth },
	{ "second-id", OPTION_TUNNEL, false, second_option_id },
	{ "second-cert", OPTION_TUNNEL, false, second_option_cert },
	{ "second-key", OPTION_TUNNEL, false, second_option_key },
	{ "second-ca", OPTION_TUNNEL, true, second_option_ca },
	{ "second-psk-file", OPTION_TUNNEL, false, second_option_psk_file },
	{ "ike", OPTION_TUNNEL, true, option_ike },
	{ "esp", OPTION_BOTH, true, option_esp },
	{ "allow-legacy", OPTION_TUNNEL, false, option_allow_legacy },
	{ "prefer", OPTION_TUNNEL, false, option_prefer },
	{ "local-ts", OPTION_BOTH, true, option_local_ts },
	{ "remote-ts", OPTION_BOTH, true, option_remote_ts },
	{ "mode", OPTION_BOTH, false, mode_option },
	{ "rekey", OPTION_BOTH, false, option_rekey },
	{ "rekey-bytes", OPTION_BOTH, false, option_rekey_bytes },
	{ "rekey-packets", OPTION_BOTH, false, option_rekey_packets },
	{ "ike-rekey", OPTION_TUNNEL, false, option_ike_rekey },
	{ "reauth", OPTION_TUNNEL, false, option_reauth },
	{ "reauth-every", OPTION_TUNNEL, false, option_reauth_every },
	{ "unique", OPTION_TUNNEL, false, option_unique },
	{ "replay-window", OPTION_BOTH, false, option_replay_window },
	{ "start", OPTION_TUNNEL, false, option_start },
	{ "when-down", OPTION_TUNNEL, false, host_option_when_down },
	{ "interface", OPTION_TUNNEL, false, option_interface },
	{ "address", OPTION_TUNNEL, false, option_address },
	{ "pool", OPTION_TUNNEL, false, option_pool },
	{ "mtu", OPTION_TUNNEL, false, host_option_mtu },
	{ "routes", OPTION_TUNNEL, false, host_option_routes },
	{ "table", OPTION_TUNNEL, false, host_option_route_table },
	{ "metric", OPTION_TUNNEL, false, host_option_metric },
	{ "fwmark", OPTION_TUNNEL, false, host_option_fwmark },
	{ "encap", OPTION_TUNNEL, false, option_encap },
	{ "mobike", OPTION_TUNNEL, false, option_mobike },
	{ "allow-key-export", OPTION_TUNNEL, false, option_export },
	{ "nat-keepalive", OPTION_TUNNEL, false, option_nat_keepalive },
	{ "dpd", OPTION_TUNNEL, false, option_dpd },
	{ "dpd-action", OPTION_TUNNEL, false, option_dpd_action },
	{ "retransmit-first", OPTION_TUNNEL, false, option_retransmit_first },
	{ "retransmit-factor", OPTION_TUNNEL, false, option_retransmit_factor },
	{ "retransmit-tries", OPTION_TUNNEL, false, option_retransmit_tries },
	{ "fragment-size", OPTION_TUNNEL, false, option_fragment_size },
	{ "tcp", OPTION_TUNNEL, false, option_tcp },
	{ "tcp-port", OPTION_TUNNEL, false, option_tcp_port },
	{ "listen-tcp", OPTION_TUNNEL, false, option_listen_tcp },
	{ "childless", OPTION_TUNNEL, false, option_childless },
	{ "follow-redirect", OPTION_TUNNEL, false, option_follow_redirect },
	{ "redirect-to", OPTION_TUNNEL, false, option_redirect_to },
	{ "resume", OPTION_TUNNEL, false, option_resume },
	{ "split", OPTION_BOTH, false, option_split },
	{ "up-script", OPTION_TUNNEL, false, host_option_up_script },
	{ "down-script", OPTION_TUNNEL, false, host_option_down_script },
	{ "script-timeout", OPTION_TUNNEL, false, host_option_script_timeout },
	{ "addresses", OPTION_POOL, true, pool_option_addresses },
	{ "leases", OPTION_POOL, true, pool_option_lease },
	{ "dns", OPTION_POOL, true, pool_option_dns },
	{ "dns-domains", OPTION_POOL, true, pool_option_domain },
	{ "nbns", OPTION_POOL, true, pool_option_nbns },
	{ "dhcp", OPTION_POOL, true, pool_option_dhcp },
	{ "subnets", OPTION_POOL, true, pool_option_subnet },
	{ NULL, 0, false, NULL },
};

const struct option *option_find(const char *name)
{
	for (const struct option *o = option_table; o->name; o++) {
		if (!strcmp(o->name, name))
			return o;
	}
	return NULL;
}

/* Levenshtein distance; underscores count as hyphens. */
static unsigned int option_distance(const char *a, const char *b)
{
	unsigned int row[64], diagonal, above, cost;
	size_t n = strlen(b);

	for (size_t j = 0; j <= n; j++)
		row[j] = (unsigned int)j;
	for (size_t i = 1; a[i - 1]; i++) {
		diagonal = row[0];
		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= n; j++) {
			above = row[j];
			cost = (a[i - 1] == '_' ? '-' : tolower((unsigned char)a[i - 1])) !=
			       b[j - 1];
			row[j] = diagonal + cost;
			if (above + 1 < row[j])
				row[j] = above + 1;
			if (row[j - 1] + 1 < row[j])
				row[j] = row[j - 1] + 1;
			diagonal = above;
		}
	}
	return row[n];
}

const char *option_nearest(const char *name, enum option_place place)
{
	unsigned int best = 3, d;	/* more than two slips are another word */
	const char *nearest = NULL;

	if (strlen(name) > 32)
		return NULL;
	for (const struct option *o = option_table; o->name; o++) {
		if (!(o->place & place))
			continue;
		d = option_distance(name, o->name);
		if (d < best && 2 * d <= strlen(o->name) + 1) {
			best = d;
			nearest = o->name;
		}
	}
	return nearest;
}
