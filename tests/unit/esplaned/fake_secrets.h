/* SPDX-License-Identifier: GPL-2.0 */
/* The process with the secrets, which notes what it is asked for: a part of fake_engine.h. */
#ifndef FAKE_SECRETS_H
#define FAKE_SECRETS_H

struct config *keys_load(struct keys *keys, char why[CONFIG_WHY_MAX])
{
	struct config *config = fake.config;

	fake.config = NULL;
	if (!config)
		snprintf(why, CONFIG_WHY_MAX, "esplane.conf:1: a mistake");
	return config;
}

bool keys_mac(struct keys *keys, uint32_t job, uint32_t secret, uint16_t prf, struct chunk octets)
{
	fake_asked("mac %u %u %zu; ", job, secret, octets.len);
	return true;
}

bool keys_ppk(struct keys *keys, uint32_t job, uint32_t secret, uint16_t prf, struct chunk octets)
{
	fake_asked("ppk %u %u %zu; ", job, secret, octets.len);
	return true;
}

bool keys_sign(struct keys *keys, uint32_t job, uint32_t secret, uint16_t hashes,
	       struct chunk octets)
{
	fake_asked("sign %u %u %x %zu; ", job, secret, hashes, octets.len);
	return true;
}

bool keys_eap(struct keys *keys, uint32_t job, uint32_t secret, enum ike_eap what,
	      struct chunk user, struct chunk octets)
{
	fake_asked("eap %u %u %d %.*s %zu; ", job, secret, what, (int)user.len,
		   (const char *)user.p, octets.len);
	return true;
}

bool keys_tls(struct keys *keys, uint32_t job, uint32_t secret, uint16_t scheme,
	      struct chunk octets)
{
	fake_asked("tls %u %u %04x %zu; ", job, secret, scheme, octets.len);
	fake.tls = octets;
	fake.scheme = scheme;
	return !fake.no_tls;
}

bool keys_radius_prove(struct keys *keys, uint32_t job, uint32_t secret, struct chunk packet)
{
	fake_asked("prove %u %u; ", job, secret);
	fake.radius = packet;
	return !fake.no_tls;
}

bool keys_radius_check(struct keys *keys, uint32_t job, uint32_t secret,
		       const uint8_t request[RADIUS_AUTHENTICATOR_LEN], struct chunk packet)
{
	fake_asked("check %u %u; ", job, secret);
	fake.radius = packet;
	fake.radius_request = request;
	return !fake.no_tls;
}

bool keys_hook(struct keys *keys, uint32_t id, uint32_t secret, bool up, const struct facts *facts)
{
	char local[64], remote[64], address[ADDR_STRLEN];

	fake_asked("%s-script %u %u %s %s %s %s %s; ", up ? "up" : "down", id, secret, facts->child,
		   facts->peer, addr_str(&facts->address, address),
		   ts_list_str(facts->local_ts, local, sizeof(local)),
		   ts_list_str(facts->remote_ts, remote, sizeof(remote)));
	return true;
}

void keys_lease(struct keys *keys, const struct ledger_entry *entry)
{
}

struct fetch *keys_fetch(const struct keys *keys)
{
	return fake.fetch;
}

struct fetch *keys_dnssec(const struct keys *keys)
{
	return NULL;
}

void keys_dns(struct keys *keys, uint32_t secret, const struct internal_net *net)
{
	fake_asked("dns %u %u; ", secret, net ? net->dns_count : 0);
}

void keys_leases(struct keys *keys, void (*fn)(void *ctx, const struct ledger_entry *entry),
		 void *ctx)
{
}

void keys_listen(struct keys *keys, const struct keys_calls *calls)
{
}

const uint8_t *keys_crash_secret(const struct keys *keys)
{
	static const uint8_t secret[IKE_CRASH_SECRET];

	return secret;
}

void ike_crash_secret(struct ike *ike, const uint8_t secret[IKE_CRASH_SECRET])
{
	fake_asked("crash secret; ");
}

int keys_fd(const struct keys *keys)
{
	return -1;
}

bool keys_read(struct keys *keys)
{
	return true;
}

#endif
