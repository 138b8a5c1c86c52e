// SPDX-License-Identifier: GPL-2.0
#include "ike/v2/certs.h"

#include "ike/auth/method.h"
#include "ike/object/tunnel.h"
#include "lib/array.h"

#define HASH_LEN	20	/* SHA-1: of a CA's key in CERTREQ, of a certificate elsewhere */
/* CAs that are named before the peer is known: the answer to a first message stays short. */
#define ANSWER_CAS_MAX	16
#define REQUEST_CAS_MAX	64	/* in IKE_AUTH, where the certificates need the place */

static bool certs_may_sign(const struct tunnel_conf *conf)
{
	return method_ours(conf)->certs || method_theirs(conf)->certs ||
	       (conf->local_second && conf->local_second->certs) ||
	       (conf->remote_second && conf->remote_second->certs);
}

/* Does the peer prove itself by one of our CAs, first or second? */
static bool certs_may_come(const struct tunnel_conf *conf)
{
	return method_theirs(conf)->certs ||
	       (conf->remote_second && conf->remote_second->certs);
}

static void certs_build_hashes(struct builder *b)
{
	uint8_t list[2 * 16];
	struct writer w = writer_of(list, sizeof(list));

	for (unsigned int hash = 1; hash < 16; hash++)
		if (SIGNATURE_HASHES >> hash & 1)
			writer_u16(&w, hash);
	build_notify(b, NOTIFY_SIGNATURE_HASH_ALGORITHMS, 0, 0, 0, list, w.len);
}

void certs_announce(struct builder *b, const struct tunnel_conf *conf)
{
	if (certs_may_sign(conf))
		certs_build_hashes(b);
}

/* Those of @from that are not there yet. */
static void certs_add_cas(struct chunk *cas, unsigned int *count, const struct chunk_list *from)
{
	for (unsigned int i = 0; i < chunk_list_count(from) && *count < ANSWER_CAS_MAX; i++) {
		unsigned int j = 0;

		while (j < *count && memcmp(cas[j].p, from->chunk[i].p, HASH_LEN) != 0)
			j++;
		if (j == *count && from->chunk[i].len == HASH_LEN)
			cas[(*count)++] = from->chunk[i];
	}
}

/* Beside CERTREQ, RFC 7296 3.7. */
static void certs_offer_lookup(struct builder *b)
{
	build_notify(b, NOTIFY_HTTP_CERT_LOOKUP_SUPPORTED, 0, 0, 0, NULL, 0);
}

void certs_answer(struct builder *b, const struct ike_sa *sa, const struct msg *m)
{
	struct chunk cas[ANSWER_CAS_MAX];
	bool signs = false, raw = false, ocsp = false, fetch = false;
	unsigned int count = 0;
	struct tunnel *t;

	TAILQ_FOREACH(t, &sa->ike->tunnels, link) {
		if (!tunnel_fit(t, &sa->local.addr, &sa->remote.addr) || !certs_may_sign(t->conf))
			continue;
		signs = true;
		raw |= t->conf->remote_raw;
		ocsp |= t->conf->ask_ocsp;
		fetch |= t->conf->fetch_certs;
		if (certs_may_come(t->conf))
			certs_add_cas(cas, &count, t->conf->ca_hashes);
	}
	if (signs && msg_notify(m, NOTIFY_SIGNATURE_HASH_ALGORITHMS))
		certs_build_hashes(b);
	if (count)
		build_cert(b, PAYLOAD_CERTREQ, CERT_X509_SIGNATURE, cas, count);
	if (count && ocsp)
		build_cert(b, PAYLOAD_CERTREQ, CERT_OCSP, NULL, 0);
	if (count && fetch)
		certs_offer_lookup(b);
	if (raw)
		build_cert(b, PAYLOAD_CERTREQ, CERT_RAW_PUBLIC_KEY, NULL, 0);
}

void certs_take_hashes(struct ike_sa *sa, const struct msg *m)
{
	const struct msg_notify *n = msg_notify(m, NOTIFY_SIGNATURE_HASH_ALGORITHMS);
	struct cursor data = n ? n->data : (struct cursor){0};
	uint16_t hash;

	sa->peer_hashes = 0;
	while (cursor_u16(&data, &hash))
		if (hash < 16)
			sa->peer_hashes |= 1 << hash;
}

void certs_take_lookup(struct ike_sa *sa, const struct msg *m)
{
	if (msg_notify(m, NOTIFY_HTTP_CERT_LOOKUP_SUPPORTED))
		sa->peer_fetches = true;
}

/* RFC 7296 3.6: its hash, and where it is. */
static void certs_build_url(struct builder *b, struct chunk cert, const char *url)
{
	uint8_t hash[HASH_LEN];
	const struct chunk said[] = {
		{ hash, sizeof(hash) }, { (const uint8_t *)url, strlen(url) },
	};

	if (sha1(&cert, 1, hash))
		build_cert(b, PAYLOAD_CERT, CERT_X509_URL, said, ARRAY_SIZE(said));
	else
		b->w.overflow = true;	/* the message will not be sent */
}

void certs_build(struct builder *b, const struct auth_session *s, const struct tunnel_conf *conf)
{
	const struct chunk_list *certs = s->second ? conf->second_certs : conf->certs;
	bool raw = !s->second && conf->local_raw;
	bool by_url = !s->second && !raw && conf->cert_url[0] && s->sa->peer_fetches;

	if (!s->method->certs)
		return;
	for (unsigned int i = 0; i < chunk_list_count(certs); i++) {
		if (by_url && !i)
			certs_build_url(b, certs->chunk[i], conf->cert_url);
		else
			build_cert(b, PAYLOAD_CERT, raw ? CERT_RAW_PUBLIC_KEY : CERT_X509_SIGNATURE,
				   &certs->chunk[i], 1);
	}
}

void certs_request(struct builder *b, const struct tunnel_conf *conf)
{
	unsigned int count = chunk_list_count(conf->ca_hashes);

	if (method_theirs(conf)->certs && conf->remote_raw)
		build_cert(b, PAYLOAD_CERTREQ, CERT_RAW_PUBLIC_KEY, NULL, 0);
	if (method_theirs(conf)->certs && count)
		build_cert(b, PAYLOAD_CERTREQ, CERT_X509_SIGNATURE, conf->ca_hashes->chunk,
			   count < REQUEST_CAS_MAX ? count : REQUEST_CAS_MAX);
	if (method_theirs(conf)->certs && count && conf->ask_ocsp)
		build_cert(b, PAYLOAD_CERTREQ, CERT_OCSP, NULL, 0);
	if (method_theirs(conf)->certs && count && conf->fetch_certs)
		certs_offer_lookup(b);
}

static bool certs_is_address(uint8_t encoding)
{
	return encoding == CERT_X509_URL || encoding == CERT_X509_BUNDLE_URL;
}

/* Is the first one, whose key the proof is made with, said by its address only? */
static bool certs_begin_by_address(const struct msg *m)
{
	unsigned int i = 0;

	while (i < m->cert_count && m->cert[i].encoding != CERT_X509_SIGNATURE &&
	       !certs_is_address(m->cert[i].encoding))
		i++;
	return i < m->cert_count && certs_is_address(m->cert[i].encoding);
}

/* Does the tunnel follow addresses that the peer gives, which has proved nothing yet? */
static bool certs_may_fetch(const struct auth_session *s)
{
	const struct tunnel *t = tunnel_find(s->sa->ike, s->tunnel);

	return t && t->conf->fetch_certs;
}

/* Is there a place for it? Its bits say what it is. */
static bool certs_take_address(struct auth_session *s, const struct msg_cert *cert)
{
	uint8_t bit = (uint8_t)(1 << s->cert_count);

	if (cert->data.left <= HASH_LEN || s->cert_count == IKE_CERTS_MAX ||
	    __builtin_popcount(s->by_hash) == IKE_CERT_URLS_MAX)
		return false;
	s->by_hash |= bit;
	if (cert->encoding == CERT_X509_BUNDLE_URL)
		s->bundles |= bit;
	return true;
}

/* Is it of a kind that is looked at? The others have no part in the octets of all. */
static bool certs_is_kind(const struct msg_cert *cert, bool fetches)
{
	return cert->encoding == CERT_X509_SIGNATURE || cert->encoding == CERT_OCSP ||
	       (fetches && certs_is_address(cert->encoding));
}

/* Is there a place for it? */
static bool certs_fit(struct auth_session *s, const struct msg_cert *cert)
{
	if (!cert->data.left)
		return false;
	if (certs_is_address(cert->encoding))
		return certs_take_address(s, cert);
	if (cert->encoding == CERT_OCSP)
		return s->ocsp_count < IKE_OCSP_MAX;
	return s->cert_count < IKE_CERTS_MAX;
}

bool certs_take(struct auth_session *s, const struct msg *m)
{
	bool fetches = certs_may_fetch(s);
	size_t len = 0;

	s->cert_count = s->ocsp_count = 0;
	s->by_hash = s->bundles = 0;
	s->raw_key = (struct chunk){0};
	for (unsigned int i = 0; i < m->cert_count; i++) {
		const struct cursor *data = &m->cert[i].data;

		if (m->cert[i].encoding == CERT_RAW_PUBLIC_KEY && data->left <= IKE_CERTS_LEN_MAX)
			s->raw_key = (struct chunk){ data->at, data->left };
		if (!certs_is_kind(&m->cert[i], fetches))
			continue;
		if (len + data->left > IKE_CERTS_LEN_MAX)
			break;
		if (!certs_fit(s, &m->cert[i]))
			continue;
		len += data->left;
		if (m->cert[i].encoding == CERT_OCSP)
			s->ocsp[s->ocsp_count++] = (struct chunk){ data->at, data->left };
		else
			s->cert[s->cert_count++] = (struct chunk){ data->at, data->left };
	}
	if (fetches || !certs_begin_by_address(m))
		return true;
	snprintf(s->why, sizeof(s->why),
		 "it sent the address of its certificate in place of it (hash and URL), which we do "
		 "not fetch; let it send the certificate, or give fetch-certs");
	return false;
}
