// SPDX-License-Identifier: GPL-2.0
#include "esp.h"

#include <linux/skbuff.h>

struct espl_job *espl_esp_wrap(struct espl_sa *sa, struct sk_buff *skb, u8 next_header)
{
	const struct espl_esp_shape *shape = &sa->crypto.suite.shape;
	unsigned int len = skb->len, clen = espl_esp_clen(shape, len);
	struct espl_job *job;

	job = espl_job_get(&sa->crypto, 1, 0);
	if (unlikely(!job))
		return NULL;
	sg_set_buf(job->src + 1, skb->data, clen + shape->icv_len);
	skb_put(skb, clen - len + shape->icv_len);
	espl_esp_put_trailer(shape, skb->data + len, len, next_header);
	skb_push(skb, espl_esp_hlen(shape));
	return job;
}

/*
 * The number of the next packet, drawn only now: packets leave in the order
 * of their numbers but for those that other CPUs encrypt at this moment. Drawn
 * for the whole batch, dozens could be overtaken, and a peer with the usual
 * window of 32 packets would drop them as stale. 0: used up, RFC 4303 3.3.3.
 */
static u64 esp_draw(struct espl_sa *sa)
{
	u64 seq = espl_sa_draw(sa);

	if (unlikely(!seq))
		espl_sa_fired(sa, espl_lifetime_end(&sa->life, ESPLANE_LIMIT_SEQUENCE));
	return seq;
}

int espl_esp_encrypt(struct espl_sa *sa, struct espl_job *job, struct espl_esp_hdr *esp,
		     unsigned int len)
{
	u64 seq = esp_draw(sa);

	if (unlikely(!seq)) {
		espl_job_put(job);
		return -EOVERFLOW;
	}
	esp->spi = sa->spi;
	esp->seq = cpu_to_be32(lower_32_bits(seq));
	return espl_job_encrypt(job, sa->spi, seq, esp->iv,
				espl_esp_clen(&sa->crypto.suite.shape, len));
}

/*
 * A linear packet of as many octets, with the outer headers and the first
 * @hlen octets of @from; the rest is not written.
 */
static struct sk_buff *esp_alloc_like(const struct sk_buff *from, unsigned int hlen)
{
	unsigned int outer = -skb_network_offset(from);
	struct sk_buff *skb = netdev_alloc_skb(from->dev, outer + from->len);

	if (unlikely(!skb))
		return NULL;
	skb_reserve(skb, outer);
	skb_put(skb, from->len);
	memcpy(skb->data - outer, from->data - outer, outer + hlen);
	skb_copy_header(skb, from);
	skb_set_network_header(skb, skb_network_offset(from));
	skb_set_transport_header(skb, skb_transport_offset(from));
	return skb;
}

struct sk_buff *espl_esp_writable(const struct espl_sa *sa, struct sk_buff *skb)
{
	if (unlikely(skb_has_frag_list(skb) && skb_linearize(skb)))
		return NULL;
	if (likely(!skb_cloned(skb) && !skb_is_nonlinear(skb)))
		return skb;
	return esp_alloc_like(skb, espl_esp_hlen(&sa->crypto.suite.shape));
}

int espl_esp_decrypt(struct espl_sa *sa, struct sk_buff *skb, struct sk_buff *cipher, u64 seq,
		     void (*done)(struct sk_buff *skb, int err))
{
	unsigned int hlen = espl_esp_hlen(&sa->crypto.suite.shape);
	unsigned int len = skb->len - hlen;
	struct espl_job *job;

	job = espl_job_get(&sa->crypto, cipher ? skb_shinfo(cipher)->nr_frags + 1 : 1, !!cipher);
	if (unlikely(!job))
		return -ENOMEM;
	if (cipher && unlikely(skb_to_sgvec(cipher, job->src + 1, hlen, len) < 0)) {
		espl_job_put(job);
		return -ENOMEM;
	}
	sg_set_buf((cipher ? job->dst : job->src) + 1, skb->data + hlen, len);
	job->skb = skb;
	job->done = done;
	return espl_job_decrypt(job, sa->spi, seq, skb->data + ESPL_ESP_HLEN, len);
}

int espl_esp_decap(const struct espl_sa *sa, struct sk_buff *skb, u8 *next_header)
{
	const struct espl_esp_shape *shape = &sa->crypto.suite.shape;
	unsigned int hlen = espl_esp_hlen(shape);
	unsigned int clen = skb->len - hlen - shape->icv_len;
	struct espl_esp_trailer trailer;
	int len;

	if (skb_copy_bits(skb, hlen + clen - ESPL_ESP_TLEN, &trailer, ESPL_ESP_TLEN))
		return -EINVAL;
	len = espl_esp_payload_len(clen, &trailer);
	if (len < 0)
		return -EINVAL;
	*next_header = trailer.next_header;
	__skb_pull(skb, hlen);
	return len;
}
