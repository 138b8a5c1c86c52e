// SPDX-License-Identifier: GPL-2.0
#include "crypto/mschap.h"

#include <nettle/des.h>
#include <nettle/md4.h>
#include <nettle/md5.h>
#include <nettle/sha1.h>
#include <string.h>

#define MSCHAP_KEY_LEN	16	/* octets: of a password hash and of each session key */

/* RFC 2759 8.7 and 8.9, RFC 3079 3.4 */
static const char mschap_magic1[] = "Magic server to client signing constant";
static const char mschap_magic2[] = "Pad to make it do more than one iteration";
static const char mschap_master[] = "This is the MPPE Master Key";
static const char mschap_server_receives[] =
	"On the client side, this is the send key; on the server side, it is the receive key.";
static const char mschap_server_sends[] =
	"On the client side, this is the receive key; on the server side, it is the send key.";

#define MSCHAP_TEXT(text) ((struct chunk){ (const uint8_t *)(text), sizeof(text) - 1 })

static void mschap_sha1(const struct chunk *parts, size_t count, size_t len, uint8_t *out)
{
	struct sha1_ctx c;

	sha1_init(&c);
	for (size_t i = 0; i < count; i++)
		sha1_update(&c, parts[i].len, parts[i].p);
	sha1_digest(&c, len, out);
	mem_wipe(&c, sizeof(c));
}

/* The next character of UTF-8 at @at. False: there is none that is well formed. */
static bool mschap_character(struct chunk text, size_t *at, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	uint8_t first = text.p[(*at)++];
	unsigned int more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;

	if ((first & 0xc0) == 0x80 || first > 0xf4 || more > text.len - *at)
		return false;
	*c = more ? first & (0x3f >> more) : first;
	for (unsigned int i = 0; i < more; i++) {
		uint8_t next = text.p[(*at)++];

		if ((next & 0xc0) != 0x80)
			return false;
		*c = *c << 6 | (next & 0x3f);
	}
	return *c >= least[more] && *c <= 0x10ffff && (*c < 0xd800 || *c > 0xdfff);
}

static void mschap_unit(struct md4_ctx *md4, uint32_t unit)
{
	const uint8_t little[2] = { (uint8_t)unit, (uint8_t)(unit >> 8) };

	md4_update(md4, sizeof(little), little);
}

/* MD4 of the password in UTF-16, the low octet first. */
static bool mschap_hash(struct chunk password, uint8_t hash[MSCHAP_KEY_LEN])
{
	struct md4_ctx md4;
	bool ok = password.len <= MSCHAP_PASSWORD_MAX;
	uint32_t c;

	md4_init(&md4);
	for (size_t at = 0; ok && at < password.len;) {
		ok = mschap_character(password, &at, &c);
		if (ok && c > 0xffff) {
			mschap_unit(&md4, 0xd800 + ((c - 0x10000) >> 10));
			c = 0xdc00 + ((c - 0x10000) & 0x3ff);
		}
		if (ok)
			mschap_unit(&md4, c);
	}
	md4_digest(&md4, MSCHAP_KEY_LEN, hash);
	mem_wipe(&md4, sizeof(md4));
	return ok;
}

/* 7 octets as a key of DES; nettle minds no parity, and a weak key is what the peer has too. */
static void mschap_des(const uint8_t key7[7], const uint8_t in[8], uint8_t out[8])
{
	uint8_t key[8], last = 0;
	struct des_ctx des;

	for (unsigned int i = 0; i < 8; i++) {
		uint8_t next = i < 7 ? key7[i] : 0;

		key[i] = (uint8_t)(last << (8 - i) | next >> i) & 0xfe;
		last = next;
	}
	des_set_key(&des, key);
	des_encrypt(&des, 8, out, in);
	mem_wipe(key, sizeof(key));
	mem_wipe(&des, sizeof(des));
}

static struct chunk mschap_without_domain(struct chunk user)
{
	const uint8_t *slash = user.len ? memrchr(user.p, '\\', user.len) : NULL;
	size_t skip = slash ? (size_t)(slash - user.p) + 1 : 0;

	return (struct chunk){ user.p + skip, user.len - skip };
}

/* RFC 2759 8.2: what both challenges and the user's name come to. */
static void mschap_challenge(const struct mschap *m, uint8_t out[8])
{
	const struct chunk parts[] = {
		{ m->peer_challenge, MSCHAP_CHALLENGE_LEN },
		{ m->server_challenge, MSCHAP_CHALLENGE_LEN },
		mschap_without_domain(m->user),
	};

	mschap_sha1(parts, 3, 8, out);
}

/* RFC 2759 8.1, 8.5 */
static void mschap_respond(const uint8_t challenge[8], const uint8_t hash[MSCHAP_KEY_LEN],
			   uint8_t out[MSCHAP_RESPONSE_LEN])
{
	uint8_t keys[21] = { 0 };

	memcpy(keys, hash, MSCHAP_KEY_LEN);
	for (unsigned int i = 0; i < 3; i++)
		mschap_des(keys + 7 * i, challenge, out + 8 * i);
	mem_wipe(keys, sizeof(keys));
}

/* RFC 2759 8.7 */
static void mschap_prove(const uint8_t challenge[8], const uint8_t hash_hash[MSCHAP_KEY_LEN],
			 const uint8_t response[MSCHAP_RESPONSE_LEN],
			 uint8_t out[MSCHAP_PROOF_LEN])
{
	uint8_t digest[SHA1_DIGEST_SIZE];
	const struct chunk first[] = {
		{ hash_hash, MSCHAP_KEY_LEN },
		{ response, MSCHAP_RESPONSE_LEN },
		MSCHAP_TEXT(mschap_magic1),
	};
	const struct chunk second[] = {
		{ digest, sizeof(digest) },
		{ challenge, 8 },
		MSCHAP_TEXT(mschap_magic2),
	};

	mschap_sha1(first, 3, sizeof(digest), digest);
	mschap_sha1(second, 3, MSCHAP_PROOF_LEN, out);
	mem_wipe(digest, sizeof(digest));
}

/* RFC 3079 3.3: a session key of 128 bits */
static void mschap_key(const uint8_t master[MSCHAP_KEY_LEN], struct chunk magic,
		       uint8_t out[MSCHAP_KEY_LEN])
{
	static const uint8_t zeros[40];
	uint8_t pad[40];
	const struct chunk parts[] = {
		{ master, MSCHAP_KEY_LEN }, { zeros, sizeof(zeros) }, magic, { pad, sizeof(pad) },
	};

	memset(pad, 0xf2, sizeof(pad));
	mschap_sha1(parts, 4, MSCHAP_KEY_LEN, out);
}

static void mschap_msk(const uint8_t hash_hash[MSCHAP_KEY_LEN],
		       const uint8_t response[MSCHAP_RESPONSE_LEN], uint8_t out[MSCHAP_MSK_LEN])
{
	uint8_t master[MSCHAP_KEY_LEN];
	const struct chunk parts[] = {
		{ hash_hash, MSCHAP_KEY_LEN },
		{ response, MSCHAP_RESPONSE_LEN },
		MSCHAP_TEXT(mschap_master),
	};

	mschap_sha1(parts, 3, sizeof(master), master);
	memset(out, 0, MSCHAP_MSK_LEN);
	mschap_key(master, MSCHAP_TEXT(mschap_server_receives), out);
	mschap_key(master, MSCHAP_TEXT(mschap_server_sends), out + MSCHAP_KEY_LEN);
	mem_wipe(master, sizeof(master));
}

bool mschap_compute(const struct mschap *m, struct chunk password, struct mschap_result *r)
{
	uint8_t hash[MSCHAP_KEY_LEN], hash_hash[MSCHAP_KEY_LEN], challenge[8];
	struct md4_ctx md4;
	bool ok = mschap_hash(password, hash);

	if (ok) {
		md4_init(&md4);
		md4_update(&md4, sizeof(hash), hash);
		md4_digest(&md4, sizeof(hash_hash), hash_hash);
		mschap_challenge(m, challenge);
		mschap_respond(challenge, hash, r->response);
		mschap_prove(challenge, hash_hash, r->response, r->proof);
		mschap_msk(hash_hash, r->response, r->msk);
		mem_wipe(&md4, sizeof(md4));
	}
	mem_wipe(hash, sizeof(hash));
	mem_wipe(hash_hash, sizeof(hash_hash));
	return ok;
}

void mschap_chap_md5(uint8_t id, struct chunk password, struct chunk challenge,
		     uint8_t out[CHAP_MD5_LEN])
{
	struct md5_ctx c;

	md5_init(&c);
	md5_update(&c, 1, &id);
	md5_update(&c, password.len, password.p);
	md5_update(&c, challenge.len, challenge.p);
	md5_digest(&c, CHAP_MD5_LEN, out);
	mem_wipe(&c, sizeof(c));
}
