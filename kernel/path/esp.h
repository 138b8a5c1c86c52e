/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One ESP packet, RFC 4303: its header, its trailer and the cipher. It knows
 * neither what the payload is nor where the packet goes.
 */
#ifndef _ESPL_ESP_H
#define _ESPL_ESP_H

#include <linux/types.h>

#include "core/sa.h"
#include "pure/wire.h"

struct sk_buff;

/*
 * Writes the trailer behind a payload, and describes it for the cipher, which
 * works in place: skb->data is the payload, with room in front for the ESP
 * header and behind for trailer and ICV; afterwards the packet is at its ESP
 * header. The job is the caller's. NULL: no memory, and nothing has changed.
 */
struct espl_job *espl_esp_wrap(struct espl_sa *sa, struct sk_buff *skb, u8 next_header);

/*
 * Draws a sequence number, writes the ESP header to @esp, and encrypts @len
 * octets of payload. Takes the job, whose skb and done are set. -EOVERFLOW: no
 * number is left, RFC 4303 3.3.3, and done is not called; else the result of
 * espl_job_encrypt(). Inside RCU or with a reference to the SA.
 */
int espl_esp_encrypt(struct espl_sa *sa, struct espl_job *job, struct espl_esp_hdr *esp,
		     unsigned int len);

/*
 * Where to decrypt a packet, at its ESP header, which is linear: the packet
 * itself if nobody else can see its octets, else a new linear one like it, with
 * the same header and nothing behind. Pages are never written into: they may be
 * shared, and nothing says so (nft's dup, a receiver that coalesces). NULL: no
 * memory. The packet stays the caller's; its dev is set.
 */
struct sk_buff *espl_esp_writable(const struct espl_sa *sa, struct sk_buff *skb);

/*
 * Decrypts into @skb, of espl_esp_writable(), from @cipher, the original, or in
 * place if that is NULL. @cipher has to stay until the end. The result of
 * espl_job_decrypt(), or -ENOMEM: @done is called only after -EINPROGRESS.
 */
int espl_esp_decrypt(struct espl_sa *sa, struct sk_buff *skb, struct sk_buff *cipher, u64 seq,
		     void (*done)(struct sk_buff *skb, int err));

/*
 * Takes the ESP header off an authenticated packet. Returns how many octets of
 * payload skb->data begins with; padding, trailer and ICV still follow them.
 * -EINVAL: the padding is longer than what is there.
 */
int espl_esp_decap(const struct espl_sa *sa, struct sk_buff *skb, u8 *next_header);

#endif
