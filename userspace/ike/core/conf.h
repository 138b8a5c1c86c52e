/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a tunnel is configured to be. The engine copies it; nothing here changes while a tunnel
 * runs.
 */
#ifndef IKE_TUNNEL_H
#define IKE_TUNNEL_H

#include "lib/addr.h"
#include "suite/ikev2.h"
#include "suite/proposal.h"

#define TUNNEL_NAME_MAX		64
#define TUNNEL_TS_MAX		16
#define TUNNEL_ID_MAX		256
#define TUNNEL_PSK_MAX		512

/* type 0: not given: the address for ours, any for the peer's */
struct ike_id {
	uint8_t type;
	uint16_t len;
	uint8_t data[TUNNEL_ID_MAX];
};

struct tunnel_conf {
	char name[TUNNEL_NAME_MAX];
	struct addr local;		/* family 0: the system chooses */
	struct addr remote; /* family 0: answer only ("any"), or a name not resolved yet */
	bool answer_only;
	struct ike_id local_id, remote_id;
	uint8_t psk[TUNNEL_PSK_MAX];
	uint16_t psk_len;
	struct proposals ike, esp;
	struct ts local_ts[TUNNEL_TS_MAX], remote_ts[TUNNEL_TS_MAX];
	uint8_t local_ts_count, remote_ts_count;
	bool force_udp;			/* encapsulate in UDP even without NAT */
	/* Soft lifetime of a child SA, seconds; 0: never. Hard: a tenth more, at least 60 s. */
	uint32_t rekey_s;
	/* Likewise; 0: no limit. Hard: a tenth more, at least 1 GiB and a million packets. */
	uint64_t rekey_bytes;
	uint64_t rekey_packets;
	uint32_t dpd_s; /* liveness check after this long without a sign of the peer; 0: never */
	uint32_t replay_window;		/* packets; 0: the kernel's default */
};

/*
 * "10.0.0.1", "2001:db8::1", "gw.example.org", "user@example.org", "@#hex" and "keyid:..." to
 * an identity.
 */
bool ike_id_parse(struct ike_id *id, const char *text);
const char *ike_id_str(const struct ike_id *id, char *buf, size_t len);
bool ike_id_equal(const struct ike_id *a, const struct ike_id *b);

#endif
