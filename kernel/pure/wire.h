/* SPDX-License-Identifier: GPL-2.0 */
/* ESP and UDP encapsulation on the wire: layouts and exact arithmetic, nothing else. */
#ifndef _ESPL_WIRE_H
#define _ESPL_WIRE_H

#include <linux/align.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/types.h>

/* RFC 4303 2. The IV, the ciphertext and the ICV follow. */
struct espl_esp_hdr {
	__be32 spi;
	__be32 seq;		/* low 32 bits; the high ones of an ESN are never sent */
	u8 iv[];
};

/* The last two octets of the plaintext, RFC 4303 2.5 and 2.6. */
struct espl_esp_trailer {
	u8 pad_len;
	u8 next_header;
};

#define ESPL_ESP_HLEN		sizeof(struct espl_esp_hdr)
#define ESPL_ESP_TLEN		sizeof(struct espl_esp_trailer)
#define ESPL_ESP_IV_MAX		16
#define ESPL_ESP_ICV_MAX	32
#define ESPL_ESP_PAD_MAX	255

#define ESPL_UDP_HLEN		8	/* RFC 3948 2.1: a UDP header, then ESP */
#define ESPL_UDP_KEEPALIVE	0xff	/* RFC 3948 2.3: the whole payload */

/* What a suite adds to a packet. All in octets. */
struct espl_esp_shape {
	u8 iv_len;
	u8 icv_len;
	u8 align;		/* of the ciphertext: the cipher's block, at least 4 */
};

/* Ciphertext: payload, padding and trailer, without IV and ICV. */
static inline unsigned int espl_esp_clen(const struct espl_esp_shape *shape, unsigned int len)
{
	return ALIGN(len + ESPL_ESP_TLEN, shape->align);
}

static inline unsigned int espl_esp_pad_len(const struct espl_esp_shape *shape, unsigned int len)
{
	return espl_esp_clen(shape, len) - len - ESPL_ESP_TLEN;
}

/* From the first octet of the ESP header to where the ciphertext begins. */
static inline unsigned int espl_esp_hlen(const struct espl_esp_shape *shape)
{
	return ESPL_ESP_HLEN + shape->iv_len;
}

/* The whole ESP packet that carries len octets of payload. */
static inline unsigned int espl_esp_size(const struct espl_esp_shape *shape, unsigned int len)
{
	return espl_esp_hlen(shape) + espl_esp_clen(shape, len) + shape->icv_len;
}

static inline unsigned int espl_esp_overhead(const struct espl_esp_shape *shape, unsigned int len)
{
	return espl_esp_size(shape, len) - len;
}

/* The most ESP can add to any payload. */
static inline unsigned int espl_esp_overhead_max(const struct espl_esp_shape *shape)
{
	return espl_esp_hlen(shape) + ESPL_ESP_TLEN + shape->align - 1 + shape->icv_len;
}

/* The longest payload whose ESP packet fits in room octets; 0 if none does. */
static inline unsigned int espl_esp_payload_max(const struct espl_esp_shape *shape,
						unsigned int room)
{
	unsigned int fixed = espl_esp_hlen(shape) + shape->icv_len;

	if (room < fixed + shape->align)
		return 0;
	return ALIGN_DOWN(room - fixed, shape->align) - ESPL_ESP_TLEN;
}

/* The least a received ESP packet can be: header, IV, one unit of ciphertext, ICV. */
static inline unsigned int espl_esp_size_min(const struct espl_esp_shape *shape)
{
	return espl_esp_hlen(shape) + shape->align + shape->icv_len;
}

/* Can a received packet of len octets (a whole number of cipher blocks) be ESP of this shape? */
static inline bool espl_esp_size_ok(const struct espl_esp_shape *shape, unsigned int len)
{
	unsigned int fixed = espl_esp_hlen(shape) + shape->icv_len;

	return len >= fixed + shape->align && IS_ALIGNED(len - fixed, shape->align);
}

/*
 * Writes padding (1, 2, 3, ... as RFC 4303 2.4 wants) and trailer behind a
 * payload of len octets. tail has room for espl_esp_clen(len) - len octets.
 */
static inline void espl_esp_put_trailer(const struct espl_esp_shape *shape, u8 *tail,
					unsigned int len, u8 next_header)
{
	unsigned int pad = espl_esp_pad_len(shape, len);
	unsigned int i;

	for (i = 0; i < pad; i++)
		tail[i] = i + 1;
	tail[pad] = pad;
	tail[pad + 1] = next_header;
}

/*
 * The payload's length in a decrypted, authenticated ciphertext of clen octets
 * that ends in trailer, or -1 when the padding is longer than what is there.
 * The padding's own octets are not looked at: some peers send others than
 * RFC 4303 asks for, and authentication has covered them.
 */
static inline int espl_esp_payload_len(unsigned int clen, const struct espl_esp_trailer *trailer)
{
	if (clen < ESPL_ESP_TLEN || trailer->pad_len > clen - ESPL_ESP_TLEN)
		return -1;
	return clen - ESPL_ESP_TLEN - trailer->pad_len;
}

enum espl_udp_kind {
	ESPL_UDP_ESP,
	ESPL_UDP_IKE,		/* four zero octets where the SPI would be, RFC 3948 2.2 */
	ESPL_UDP_IS_KEEPALIVE,
	ESPL_UDP_SHORT,		/* neither: dropped */
};

/* What a UDP payload on an encapsulating socket is. data has min(len, 4) readable octets. */
static inline enum espl_udp_kind espl_udp_classify(const u8 *data, unsigned int len)
{
	static const u8 non_esp_marker[4];

	if (len == 1 && data[0] == ESPL_UDP_KEEPALIVE)
		return ESPL_UDP_IS_KEEPALIVE;
	if (len < sizeof(non_esp_marker))
		return ESPL_UDP_SHORT;
	if (!memcmp(data, non_esp_marker, sizeof(non_esp_marker)))
		return ESPL_UDP_IKE;
	return len > ESPL_ESP_HLEN ? ESPL_UDP_ESP : ESPL_UDP_SHORT;
}

#endif /* _ESPL_WIRE_H */
