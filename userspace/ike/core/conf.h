/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a tunnel is configured to be, without its secrets. The engine copies it; nothing here
 * changes while a tunnel runs.
 */
#ifndef IKE_CONF_H
#define IKE_CONF_H

#include "lib/chunk_list.h"
#include "lib/prefix.h"
#include "suite/proposal.h"

#define TUNNEL_PPK_ID_MAX	128	/* octets of text */
#define TUNNEL_NAME_MAX		64	/* of a tunnel and of a child, NUL included */
#define TUNNEL_HOST_MAX		254	/* a DNS name and its NUL */
#define TUNNEL_ID_MAX		256
#define TUNNEL_CHILDREN_MAX	64
#define TUNNEL_PARTS_MAX	99	/* the number in the name of a part of a child */
#define TUNNEL_MORE_MAX		7	/* names and addresses of the peer beside the first */
#define EAP_METHODS_MAX		8
#define POOL_RANGES_MAX		16
#define POOL_STATIC_MAX		128
#define INTERNAL_SERVERS_MAX	8	/* of a kind */
#define INTERNAL_DOMAINS_MAX	16
#define INTERNAL_SUBNETS_MAX	32
#define TUNNEL_URL_MAX		256	/* of our certificate, NUL included */
#define FRAGMENT_SIZE		1280	/* what IPv6 always carries, and IPv4 nearly always */
#define FRAGMENT_SIZE_MIN	576	/* what every IPv4 host takes */
#define FRAGMENT_NEVER		UINT32_MAX

/* type 0: not given: the address for ours, any for the peer's */
struct ike_id {
	uint8_t type;
	uint16_t len;
	uint8_t data[TUNNEL_ID_MAX];
};

/*
 * One pair of selector lists that is to be protected. The flat form of the configuration has one,
 * named as its tunnel.
 */
struct child_conf {
	char name[TUNNEL_NAME_MAX];
	struct proposals esp;
	struct ts_list *local_ts, *remote_ts;	/* a reference each */
	bool transport;			/* mode, RFC 4301 4.1; between the ends' own addresses */
	/* Soft lifetime of a child SA, seconds; 0: never. Hard: a tenth more, at least 60 s. */
	uint32_t rekey_s;
	/* Likewise; 0: no limit. Hard: a tenth more, at least 1 GiB and a million packets. */
	uint64_t rekey_bytes;
	uint64_t rekey_packets;
	uint32_t replay_window;		/* packets; 0: the kernel's default */
};

/* What a server tells of the network behind it, RFC 7296 3.15.1 and RFC 8598. */
struct internal_net {
	struct addr dns[INTERNAL_SERVERS_MAX], nbns[INTERNAL_SERVERS_MAX];
	struct addr dhcp[INTERNAL_SERVERS_MAX];
	unsigned int dns_count, nbns_count, dhcp_count;
	/* Names that its DNS servers are to be asked for; none: all. */
	char domain[INTERNAL_DOMAINS_MAX][TUNNEL_HOST_MAX];
	unsigned int domain_count;
	struct prefix subnet[INTERNAL_SUBNETS_MAX];
	unsigned int subnet_count;
};

/* Addresses that are kept for one identity; family 0: none of that family. */
struct pool_static {
	struct ike_id id;
	struct addr addr[ADDR_FAMILIES];
};

/* Addresses for peers that ask for one. */
struct pool_conf {
	char name[TUNNEL_NAME_MAX];
	struct ts range[POOL_RANGES_MAX];	/* all protocols and ports */
	unsigned int range_count;
	struct internal_net net;
	unsigned int static_count;	/* to POOL_STATIC_MAX */
	struct pool_static *statics;
};

/* A deep copy; NULL: no memory. */
struct pool_conf *pool_conf_dup(const struct pool_conf *conf);
/* What pool_conf_dup made. NULL is fine. */
void pool_conf_free(struct pool_conf *conf);

/* One of the peer's names and addresses. */
struct remote_conf {
	struct addr addr;		/* family 0: */
	char name[TUNNEL_HOST_MAX];
};

struct auth_ops;

/* When a tunnel comes up by itself. */
enum start_mode {
	START_MANUAL,			/* never: a person says so */
	START_UP,			/* at once, and tried again for ever */
	START_ON_DEMAND,		/* with the first packet for it, and with each later one */
};

/* What becomes of a tunnel that was up and whose peer does not answer any more. */
enum dpd_action {
	DPD_CLEAR,			/* it is down */
	DPD_RESTART,			/* it is begun anew, for ever */
	DPD_ON_DEMAND,			/* from now on it comes up as with START_ON_DEMAND */
};

/* A peer that is there comes a second time, with the same proven identity. */
enum tunnel_unique {
	UNIQUE_REPLACE,			/* its IKE SA is followed by the new one */
	UNIQUE_KEEP,			/* it is refused while the first answers */
	UNIQUE_NEVER,			/* remote = any: it is another peer */
};

/* When an attempt of ours goes over TCP, RFC 9329. */
enum tunnel_tcp {
	TCP_NEVER,
	TCP_FALL_BACK,			/* where UDP gets no answer; the next one tries UDP again */
	TCP_ALWAYS,
};

/* As client of EAP-TTLS: how we prove who we are inside of TLS. */
enum tunnel_ttls {
	TTLS_EAP,			/* as in EAP: mschapv2, or md5 */
	TTLS_MSCHAPV2,
	TTLS_PAP,			/* the server gets the password itself */
};

struct tunnel_conf {
	unsigned int refs;		/* of what tunnel_conf_dup() has made */
	char name[TUNNEL_NAME_MAX];
	struct addr local;		/* family 0: the system chooses */
	struct addr remote;		/* family 0: any, or remote_name */
	char remote_name[TUNNEL_HOST_MAX];	/* to be resolved; "": an address, or any */
	struct remote_conf more[TUNNEL_MORE_MAX];	/* others of the same peer's */
	unsigned int more_count;
	bool any;			/* remote = any: answers only, any number of peers */
	bool replace_ts;		/* who comes later has an address that two want */
	enum tunnel_unique unique;
	enum start_mode start;
	bool ask_address;		/* the peer gives us the addresses that we use inside */
	char pool[TUNNEL_NAME_MAX];	/* from which its peers get theirs; "": they ask for none */
	struct ike_id local_id, remote_id;
	/*
	 * How we prove ourselves, and the peer: auth_psk_ops, auth_signature_ops (ike/auth/auth.h);
	 * NULL: with the pre-shared key.
	 */
	const struct auth_ops *local_auth, *remote_auth;
	/*
	 * A second proof of who begins after the first, RFC 4739: one of these, or auth_eap_ops;
	 * NULL: none. Ours, and that of the peers.
	 */
	const struct auth_ops *local_second, *remote_second;
	/*
	 * Who it proves, where it is not in rounds. Ours: type 0, as @local_id. Theirs: type 0,
	 * whom the certificate names, or with a key that is shared whom the first one has proved.
	 */
	struct ike_id second_id;
	struct chunk_list *second_certs;	/* of ours, as @certs */
	/*
	 * What goes with auth_signature_ops, a reference each. Our own chain in DER, the end
	 * entity's first, at most IKE_CERTS_MAX and IKE_CERTS_LEN_MAX octets; NULL: we send none,
	 * the peer has it.
	 */
	struct chunk_list *certs;
	/*
	 * Where the first of @certs can be fetched, RFC 7296 3.6: said in the place of it to a peer
	 * that fetches. "": nowhere.
	 */
	char cert_url[TUNNEL_URL_MAX];
	/*
	 * SHA-1 of the SubjectPublicKeyInfo of each CA that may certify the peer, 20 octets each:
	 * what we ask it for (CERTREQ, RFC 7296 3.7); NULL: nothing.
	 */
	struct chunk_list *ca_hashes;
	/* Raw public keys, RFC 7670: @certs is one, the peer's is one that who verifies has. */
	bool local_raw, remote_raw;
	bool fetch_certs;		/* the peer may send where a certificate is, RFC 7296 3.6 */
	bool ask_ocsp;			/* the peer may send what its OCSP responder says */
	/*
	 * Of auth_eap_ops: types of the methods that we ask for or agree to, the best first, 0
	 * after the last; what we call ourselves, type 0: as @local_id.
	 */
	uint8_t eap[EAP_METHODS_MAX];
	enum tunnel_ttls ttls;
	struct ike_id eap_id;
	/*
	 * As client: whom the certificate of the server of EAP has to name; type 0: the peer
	 * itself, by the identity that it has proved.
	 */
	struct ike_id aaa_id;
	/* The responder may prove itself in EAP only, RFC 5998, by a method that is fit for it. */
	bool eap_only;
	char ppk_id[TUNNEL_PPK_ID_MAX + 1];	/* of the PPK, RFC 8784; "": there is none */
	bool ppk_required;		/* no IKE SA without it */
	struct proposals ike;
	/* We begin: the first child too is made by CREATE_CHILD_SA, RFC 6023, if the peer can. */
	bool childless;
	bool export_keys;		/* ike_keys() may give its keys: they are kept for that */
	bool force_udp;			/* encapsulate in UDP even without NAT */
	bool follow_redirect;		/* as client: to where the peer sends us, RFC 5685 */
	struct addr redirect_to;	/* as gateway: where clients are sent; family 0: nowhere */
	/* Session resumption, RFC 5723: we ask for tickets as initiator, and grant them. */
	bool resume;
	bool mobike;			/* RFC 4555, if the peer speaks it too */
	uint32_t mark;			/* firewall mark of the outer packets, IKE's too; 0: none */
	uint32_t rekey_s;		/* of the IKE SA, when we begin it; 0: never */
	uint32_t reauth_s;		/* how long a proof is good for, RFC 4478; 0: for ever */
	uint32_t reauth_every;		/* each n-th rekey of the IKE SA is one of ours; 0: none */
	uint32_t dpd_s; /* liveness check after this long without a sign of the peer; 0: never */
	enum dpd_action dpd_action;
	/*
	 * Retransmission: the request goes out @tries times, the first wait is @retry_first_ms,
	 * each following one @retry_percent of the one before, 16 s at most. 0: the defaults, 1000
	 * ms, 6 and 200.
	 */
	uint32_t retry_first_ms, retry_tries, retry_percent;
	/*
	 * Octets of an IP packet above which a message goes out in fragments, RFC 7383; 0:
	 * FRAGMENT_SIZE; FRAGMENT_NEVER: whole, whatever it takes.
	 */
	uint32_t fragment_size;
	enum tunnel_tcp tcp;
	uint16_t tcp_port;		/* the peer's */
	uint16_t listen_tcp;		/* where its peers may come by TCP; 0: nowhere */
	unsigned int child_count;	/* 1 to TUNNEL_CHILDREN_MAX */
	struct child_conf *child;
};

/* What a part of a configuration is beside the one before. */
enum conf_change {
	CONF_SAME,
	CONF_LATER,			/* it goes on, what differs counts from its next use on */
	CONF_REPLACED,			/* it goes, and another one of its name takes its place */
	CONF_NEW,
};

/* Has one of the peer's to be looked up? */
bool tunnel_conf_has_name(const struct tunnel_conf *conf);
/* What part @number, 2 to TUNNEL_PARTS_MAX, of the child @whole is called: "voice-2". */
const char *child_part_name(char buf[TUNNEL_NAME_MAX], const char *whole, unsigned int number);
/* Is @name what a part of @whole is called? */
bool child_part_is_of(const char *name, const char *whole);
/*
 * A copy with another name and other selectors, of which it takes a reference each; NULL: no
 * memory. child_conf_free() gives it up.
 */
struct child_conf *child_conf_part(const struct child_conf *whole, const char *name,
				   struct ts_list *local, struct ts_list *remote);
void child_conf_free(struct child_conf *conf);
/* What counts from the next time that it is used: CONF_LATER. */
void child_conf_take_later(struct child_conf *to, const struct child_conf *from);
void tunnel_conf_take_later(struct tunnel_conf *to, const struct tunnel_conf *from);
/* The child of this name, or child_count. */
unsigned int tunnel_conf_child(const struct tunnel_conf *conf, const char *name);
/* A deep copy, a reference to which is the caller's; NULL: no memory. */
struct tunnel_conf *tunnel_conf_dup(const struct tunnel_conf *conf);
/* Gives up the children, their lists and the certificates, not @conf itself. */
void tunnel_conf_clear(struct tunnel_conf *conf);
/* Of what tunnel_conf_dup has made. */
struct tunnel_conf *tunnel_conf_get(struct tunnel_conf *conf);	/* returns @conf */
void tunnel_conf_put(struct tunnel_conf *conf);	/* NULL is fine */

/*
 * "10.0.0.1", "2001:db8::1", "gw.example.org", "user@example.org", "@#hex", "keyid:..." and a
 * distinguished name, "C=DE, O=Example, CN=gw", to an identity; "@..." is always a domain name,
 * "email:..." a mail address.
 */
bool ike_id_parse(struct ike_id *id, const char *text);
/*
 * Without "/", which parts names, and without control characters: these are escaped, "\x2f". A
 * name that looks like another type of identity gets "@" or "email:" in front: no two that differ
 * are written alike.
 */
const char *ike_id_str(const struct ike_id *id, char *buf, size_t len);
bool ike_id_equal(const struct ike_id *a, const struct ike_id *b);
/* The same for two that are equal. */
uint32_t ike_id_hash(const struct ike_id *id);

#endif
