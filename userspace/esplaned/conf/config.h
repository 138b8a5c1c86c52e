/* SPDX-License-Identifier: GPL-2.0 */
/* esplane.conf: what a person wrote, checked and turned into what the engine and the daemon need.
 */
#ifndef ESPLANED_CONFIG_H
#define ESPLANED_CONFIG_H

#include <net/if.h>
#include "crypto/trust.h"
#include "esplaned/conf/lists.h"
#include "ike/core/conf.h"

#define CONFIG_PATH		"/etc/esplane/esplane.conf"
#define CONFIG_WHY_MAX		1024
#define CONFIG_PSK_MAX		512	/* octets */
#define CONFIG_SCRIPT_MAX	256	/* octets of a path, NUL included */
#define CONFIG_CERT_PATH_MAX	256	/* likewise, of certificates and keys */
#define CONFIG_PASSWORD_MAX	128	/* octets, NUL included */
#define CONFIG_RADIUS_MAX	3	/* servers of a tunnel */
#define CONFIG_TUNNELS_MAX	1024
#define CONFIG_TS_MAX		TS_LIST_MAX	/* selectors of a child, a side */
#define CONFIG_POOLS_MAX	256
#define CONFIG_TCP_PORTS_MAX	8	/* different ones of listen-tcp, of all tunnels */
#define CONFIG_FWMARK		7373	/* of outer packets, where fwmark says nothing else */

/* What a protected packet does while nothing carries it. */
enum when_down {
	WHEN_DOWN_PASS,			/* it follows the host's other routes, in the clear */
	WHEN_DOWN_BLOCK,		/* unreachable routes for all of remote-ts catch it */
};

struct user;

/* How who begins proves itself after a first proof, RFC 4739. */
enum second_auth { SECOND_NONE, SECOND_EAP, SECOND_CERT, SECOND_PSK };

/* Octets that nobody else may know. */
struct secret {
	uint8_t b[CONFIG_PSK_MAX];
	uint16_t len;
};

/*
 * What the second proof rests on, where it is not by EAP, or EAP has TLS; our certificates and the
 * identity are in struct tunnel_conf. What is checked when it is read is there only then.
 */
struct second_options {
	enum second_auth auth;		/* checked when it is read */
	struct secret psk;		/* as below: only in the process that holds secrets */
	struct key *key;		/* likewise */
	struct chunk_list *ca;		/* of who proves itself so, a reference; NULL: as @ca */
	char cert_path[CONFIG_CERT_PATH_MAX], key_path[CONFIG_CERT_PATH_MAX];
};

struct tunnel_options {
	struct tunnel_conf ike;
	/*
	 * Only in the process that holds secrets. Everywhere else @secret stands for it: it has
	 * another number when one of them is another (keys/keys.h).
	 */
	struct secret psk, ppk;		/* the latter: RFC 8784; of length 0: there is none */
	struct key *key;		/* our private key; NULL: none */
	char key_password[CONFIG_PASSWORD_MAX];	/* until the key is read */
	char password[CONFIG_PASSWORD_MAX];	/* ours as client of EAP; "": we are none */
	char radius_secret[CONFIG_PASSWORD_MAX];	/* shared with the servers below */
	struct user *users;		/* of EAP, whose server we are (conf/user.h) */
	unsigned int user_count;
	struct second_options second;
	uint32_t secret;
	/*
	 * Certificates of others, a reference each: CAs, and revocation lists, which may change
	 * while a tunnel runs. Our own are in @ike.
	 */
	struct chunk_list *ca, *crl;
	struct endpoint radius[CONFIG_RADIUS_MAX];	/* servers, tried in this order */
	unsigned int radius_count;
	struct chunk_list *remote_keys;	/* raw public keys of the peer (crypto/raw.h) */
	bool dns_key;			/* remote-key = dns: they are in DNS, under remote-id */
	char dns_anchor[CONFIG_CERT_PATH_MAX];	/* a file; "": there is no dns_key */
	struct chunk_list *fetch_certs;	/* how addresses begin where certificates may be fetched */
	enum revocation revocation;
	bool no_fetch;			/* of revocation lists and OCSP responses */
	char cert_path[CONFIG_CERT_PATH_MAX], key_path[CONFIG_CERT_PATH_MAX];	/* "": none */
	uint64_t cert_until;		/* our certificate expires, seconds since 1970; 0: none */
	char interface[IFNAMSIZ];
	struct addr address;		/* for the interface; family 0: chosen when it comes up */
	uint8_t address_bits;
	uint32_t metric;		/* of the routes */
	uint32_t mtu;			/* of the interface; 0: the kernel's choice */
	uint32_t table;			/* of the routes; 0: main */
	bool no_routes;			/* routes = no: the host's administrator lays them */
	bool pass_others;		/* others = pass: routes pick protocols and ports */
	enum when_down when_down;
	bool allow_legacy;		/* of algorithms: checked when it is read */
	bool strict_psk;		/* checked when it is read, and not needed after */
	bool prefer_peer;		/* likewise: the lists have it after */
	char up_script[CONFIG_SCRIPT_MAX], down_script[CONFIG_SCRIPT_MAX];	/* "": none */
	uint32_t script_timeout_s;
	uint32_t keepalive_s;		/* between octets that keep a NAT's mapping; 0: none */
	bool esp_given[TUNNEL_CHILDREN_MAX];	/* of child [i]: not the default list */
};

struct config {
	struct pool_conf *pools;
	size_t pool_count;
	struct tunnel_options *tunnels;
	size_t count;
	struct lists lists;		/* of certificates, that the tunnels share */
};

/* As esplane.conf has them. */
const char *config_start_name(enum start_mode mode);
const char *config_dpd_action_name(enum dpd_action action);

/*
 * One sentence with file, line, option and what to write. @level: LOG_ERR, for which there is no
 * configuration, or LOG_WARNING.
 */
typedef void (*config_say_fn)(void *ctx, int level, const char *text);

/*
 * NULL: there are errors, and @say got all of them, in the order of the files. Behind a missing
 * quote or brace the rest of its file cannot be judged.
 */
struct config *config_load(const char *path, config_say_fn say, void *ctx);
/* Wipes the secrets. NULL is fine. */
void config_free(struct config *config);
/* A place for one more tunnel; @room: how many there are in all. NULL: no memory. */
struct tunnel_options *options_room(struct config *config, size_t *room);
/* NULL: there is none of that name. */
const struct pool_conf *config_pool(const struct config *config, const char *name);
/* What one tunnel holds, wiped; not @t itself. Twice is fine. */
void tunnel_options_clear(struct tunnel_options *t);

/* Does nothing differ, in what conf/pack.h makes of them? @secret counts, not the psk. */
bool tunnel_options_equal(const struct tunnel_options *a, const struct tunnel_options *b);

#endif
