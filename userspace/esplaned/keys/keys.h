/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The daemon's processes, as the one that speaks IKE sees them. There are five:
 *
 *	supervisor	the first; root. Runs the scripts, keeps the file of leases, passes signals
 *			on, has the pid file and systemd. Reads nothing from the network.
 *	secrets		vault.h. Reads the configuration, has the pre-shared and private keys, no
 *			network.
 *	fetcher		fetcher.h. Fetches revocation lists by HTTP, and may do nothing else.
 *	dnssec		dnssec.h. Looks up keys in DNS, and may do nothing else.
 *	network		everything else: IKE, netlink, the control socket. No secret; its own user,
 *			CAP_NET_ADMIN and a filter of system calls once it has opened what it needs.
 *
 * The fetcher and dnssec are begun again when they have ended (helper.h); what was asked of them
 * has failed then. When secrets or supervisor end, network ends at once and leaves the tunnels on
 * their keys; when network ends, all end with its status.
 */
#ifndef ESPLANED_KEYS_H
#define ESPLANED_KEYS_H

#include "esplaned/conf/config.h"
#include "esplaned/keys/facts.h"
#include "esplaned/keys/ledger.h"
#include "ike/core/env.h"
#include "lib/mem.h"
#include "wire/radius.h"

#define KEYS_STATE	"/var/lib/esplane"

struct keys_setup {
	const char *config;		/* path of the configuration */
	const char *control; /* of the control socket: the supervisor removes it in the end */
	const char *pid_file;		/* NULL: none */
	const char *state;		/* folder of what is kept over restarts */
	int ready; /* gets an octet when the daemon is ready, and is closed; -1 */
};

/* What comes back, from inside keys_read and keys_load. */
struct keys_calls {
	void *ctx;
	/* @why NULL: @mac are prf_len() octets; else one sentence. */
	void (*mac_done)(void *ctx, uint32_t job, const char *why, struct chunk mac);
	/* @why NULL: @auth is the data of an AUTH payload of that @method; else one sentence. */
	void (*sign_done)(void *ctx, uint32_t job, const char *why, uint8_t method,
			  struct chunk auth);
	/* @why NULL: @out is as enum ike_eap says; else one sentence. */
	void (*eap_done)(void *ctx, uint32_t job, const char *why, struct chunk out);
	/* @why NULL: the signature; else one sentence. */
	void (*tls_done)(void *ctx, uint32_t job, const char *why, struct chunk signature);
	/* @why NULL: what keys_radius_prove or keys_radius_check asked for; else one sentence. */
	void (*radius_done)(void *ctx, uint32_t job, const char *why, struct chunk out);
	/* @why: "" or one sentence. */
	void (*hook_done)(void *ctx, uint32_t id, const char *why);
};

struct fetch;
struct keys;

/*
 * Makes the processes. Returns in the network one only, whose parent is the supervisor: getppid()
 * is the daemon's pid. Before this nothing that is secret may have been read and no descriptor
 * opened; log and sandbox_memory() come before it. NULL: logged.
 */
struct keys *keys_start(const struct keys_setup *setup);
/*
 * What keys_start does in the network process: @link is its end, @ready goes to the supervisor,
 * @ledger is taken over (NULL: none), @crash copied.
 */
struct keys *keys_attach(int link, int ready, struct ledger *ledger,
			 const uint8_t crash[IKE_CRASH_SECRET]);
/* The link to the fetcher, taken over; NULL: nothing is fetched. */
void keys_set_fetch(struct keys *keys, struct fetch *fetch);
struct fetch *keys_fetch(const struct keys *keys);	/* NULL: there is none */
/* Likewise the link to the one that asks DNSSEC. */
void keys_set_dnssec(struct keys *keys, struct fetch *dnssec);
struct fetch *keys_dnssec(const struct keys *keys);
void keys_free(struct keys *keys);		/* NULL is fine */
void keys_listen(struct keys *keys, const struct keys_calls *calls);

/*
 * Reads the configuration, at the start and again, and waits for it; mistakes and warnings are
 * logged. Without secrets: @secret of each tunnel is their number, another one where psk, private
 * key, scripts or their time limit are others. NULL: @why is the first mistake.
 */
struct config *keys_load(struct keys *keys, char why[CONFIG_WHY_MAX]);

/*
 * Everything is open and the privileges are given up: writes the pid file, tells systemd and
 * whoever waits for @setup.ready.
 */
void keys_ready(struct keys *keys);

/*
 * An address is bound to an identity, or to nobody any more: the supervisor writes it down. What is
 * not heard is lost with a restart, no more.
 */
void keys_lease(struct keys *keys, const struct ledger_entry *entry);
/* What an earlier daemon has written down, once: @fn gets each. */
void keys_leases(struct keys *keys, void (*fn)(void *ctx, const struct ledger_entry *entry),
		 void *ctx);

/*
 * The name servers and domains of the interface of the tunnel whose number it is; NULL: it has none
 * any more. What becomes of it is logged.
 */
void keys_dns(struct keys *keys, uint32_t secret, const struct internal_net *net);

/* The secret of crash detection, the same after a restart. */
const uint8_t *keys_crash_secret(const struct keys *keys);

/* Readable: call keys_read. */
int keys_fd(const struct keys *keys);
/* False: the process with the secrets is gone, logged. The loop is to be left without a farewell.
 */
bool keys_read(struct keys *keys);

/*
 * prf(prf(psk, "Key Pad for IKEv2"), octets) with the psk of that number; mac_done follows, never
 * from inside. False: it cannot begin.
 */
bool keys_mac(struct keys *keys, uint32_t job, uint32_t secret, uint16_t prf, struct chunk octets);
/* Likewise auth_ppk() of @octets, with the PPK that goes with it. */
bool keys_ppk(struct keys *keys, uint32_t job, uint32_t secret, uint16_t prf, struct chunk octets);
/*
 * A signature of @octets with the private key of that number, and one of @hashes
 * (crypto/signature.h); sign_done follows, never from inside. False: it cannot begin.
 */
bool keys_sign(struct keys *keys, uint32_t job, uint32_t secret, uint16_t hashes,
	       struct chunk octets);
/*
 * A signature of TLS with the private key of that number (crypto/tls.h: tls_sign); tls_done
 * follows, never from inside. False: it cannot begin.
 */
bool keys_tls(struct keys *keys, uint32_t job, uint32_t secret, uint16_t scheme,
	      struct chunk octets);
/*
 * What a method of EAP needs of a password (enum ike_eap): that of the tunnel of that number, or of
 * one of its users; eap_done follows, never from inside. False: it cannot begin.
 */
bool keys_eap(struct keys *keys, uint32_t job, uint32_t secret, enum ike_eap what,
	      struct chunk user, struct chunk octets);
/*
 * With the RADIUS secret of that number: Message-Authenticator of @packet, a request; is @packet an
 * answer to the request that has that authenticator, and which key does it have (IKE_MSK_LEN
 * octets, or none)? radius_done follows, never from inside. False: it cannot begin.
 */
bool keys_radius_prove(struct keys *keys, uint32_t job, uint32_t secret, struct chunk packet);
bool keys_radius_check(struct keys *keys, uint32_t job, uint32_t secret,
		       const uint8_t request[RADIUS_AUTHENTICATOR_LEN], struct chunk packet);
/*
 * Runs up-script or down-script of the tunnel whose number it is; those of one tunnel run one after
 * the other. hook_done follows, also where there is none. False: it cannot begin.
 */
bool keys_hook(struct keys *keys, uint32_t id, uint32_t secret, bool up,
	       const struct facts *facts);

#endif
