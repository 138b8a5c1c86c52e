// SPDX-License-Identifier: GPL-2.0
#include "ike/v2/nat.h"

static void nat_hash(const struct msg_header *h, const struct endpoint *e, uint8_t out[20])
{
	uint8_t buf[18];
	struct writer w = writer_of(buf, sizeof(buf));
	struct chunk parts[] = { { buf, 16 }, { e->addr.b, addr_len(&e->addr) }, { buf + 16, 2 } };

	writer_u64(&w, h->spi_i);
	writer_u64(&w, h->spi_r);
	writer_u16(&w, e->port);
	memset(out, 0, 20);
	sha1(parts, 3, out);
}

void nat_build(struct builder *b, const struct msg_header *h, const struct endpoint *local,
	       const struct endpoint *remote, bool fake)
{
	static const struct endpoint nowhere = { .addr = { .family = AF_INET } };
	uint8_t hash[20];

	nat_hash(h, fake ? &nowhere : local, hash);
	build_notify(b, NOTIFY_NAT_DETECTION_SOURCE_IP, 0, 0, 0, hash, sizeof(hash));
	nat_hash(h, remote, hash);
	build_notify(b, NOTIFY_NAT_DETECTION_DESTINATION_IP, 0, 0, 0, hash, sizeof(hash));
}

bool nat_seen(const struct v2_inbound *v, bool *at_us, bool *at_peer)
{
	bool source_seen = false, destination_seen = false, source_ok = false,
	     destination_ok = false;
	uint8_t source[20], destination[20];

	nat_hash(&v->in.h, &v->in.remote, source);
	nat_hash(&v->in.h, &v->in.local, destination);
	for (unsigned int i = 0; i < v->m.notify_count; i++) {
		const struct msg_notify *n = &v->m.notify[i];

		if (n->type == NOTIFY_NAT_DETECTION_SOURCE_IP) {
			source_seen = true;
			source_ok |= n->data.left == 20 && !memcmp(n->data.at, source, 20);
		} else if (n->type == NOTIFY_NAT_DETECTION_DESTINATION_IP) {
			destination_seen = true;
			destination_ok |= n->data.left == 20 &&
					  !memcmp(n->data.at, destination, 20);
		}
	}
	*at_us = !destination_ok;
	*at_peer = !source_ok;
	return source_seen && destination_seen;
}

void nat_detect(struct ike_sa *sa, const struct v2_inbound *v)
{
	bool at_us, at_peer;

	sa->nat_t = nat_seen(v, &at_us, &at_peer);
	sa->nat_remote = sa->nat_t && at_peer;
	sa->nat_local = sa->nat_t && at_us;
}
