// SPDX-License-Identifier: GPL-2.0
#include "ike/auth/eap_secret.h"

#include <string.h>

#include "crypto/crypto.h"
#include "crypto/mschap.h"
#include "lib/cursor.h"

static const char eap_secret_malformed[] = "malformed octets for a method of EAP";

static bool eap_secret_fail(const char **why, const char *text)
{
	*why = text;
	return false;
}

static bool eap_secret_md5(bool check, struct chunk password, struct chunk in, uint8_t *out,
			   size_t *len, const char **why)
{
	struct cursor c = cursor_of(in.p, in.len), answer;
	uint8_t id, made[CHAP_MD5_LEN];
	bool ok;

	if (!cursor_u8(&c, &id) || (check && !cursor_sub(&c, CHAP_MD5_LEN, &answer)) || !c.left)
		return eap_secret_fail(why, eap_secret_malformed);
	mschap_chap_md5(id, password, (struct chunk){ c.at, c.left }, made);
	*len = check ? 0 : sizeof(made);
	memcpy(out, made, *len);
	ok = !check || crypto_equal(made, answer.at, sizeof(made));
	mem_wipe(made, sizeof(made));
	return ok || eap_secret_fail(why, "a wrong password");
}

static bool eap_secret_mschap(bool check, struct chunk user, struct chunk password,
			      struct chunk in, uint8_t *out, size_t *len, const char **why)
{
	struct cursor c = cursor_of(in.p, in.len), server, peer, answer;
	struct writer w = writer_of(out, IKE_EAP_OUT_MAX);
	struct mschap_result made;
	struct mschap m;
	bool ok;

	if (!cursor_sub(&c, MSCHAP_CHALLENGE_LEN, &server) ||
	    !cursor_sub(&c, MSCHAP_CHALLENGE_LEN, &peer) ||
	    (check && !cursor_sub(&c, MSCHAP_RESPONSE_LEN, &answer)) || c.left)
		return eap_secret_fail(why, eap_secret_malformed);
	m = (struct mschap){
		.server_challenge = server.at, .peer_challenge = peer.at, .user = user,
	};
	if (!mschap_compute(&m, password, &made))
		return eap_secret_fail(why, "mschapv2 needs a password in UTF-8, of 256 octets at most");
	ok = !check || crypto_equal(made.response, answer.at, sizeof(made.response));
	if (ok) {
		writer_bytes(&w, made.response, sizeof(made.response));
		writer_bytes(&w, made.proof, sizeof(made.proof));
		writer_bytes(&w, made.msk, sizeof(made.msk));
		*len = w.len;
	}
	mem_wipe(&made, sizeof(made));
	return ok || eap_secret_fail(why, "a wrong password");
}

/* The password itself. Both are compared in full, whatever their lengths. */
static bool eap_secret_pap(bool check, struct chunk password, struct chunk in, uint8_t *out,
			   size_t *len, const char **why)
{
	uint8_t known[IKE_EAP_OUT_MAX] = { 0 }, said[IKE_EAP_OUT_MAX] = { 0 };
	bool ok = password.len <= sizeof(known) && in.len <= sizeof(said);

	if (ok && password.len)
		memcpy(known, password.p, password.len);
	if (ok && in.len)
		memcpy(said, in.p, in.len);
	if (check)
		ok = ok && password.len && crypto_equal(known, said, sizeof(known));
	else
		memcpy(out, known, *len = ok ? password.len : 0);
	mem_wipe(known, sizeof(known));
	mem_wipe(said, sizeof(said));
	return ok || eap_secret_fail(why, check ? "a wrong password" : "the password is too long");
}

bool eap_secret_use(enum ike_eap what, struct chunk user, const struct chunk *password,
		    struct chunk in, uint8_t out[IKE_EAP_OUT_MAX], size_t *len, const char **why)
{
	static const struct chunk none = { (const uint8_t *)"", 0 };
	struct chunk known = password ? *password : none;
	bool ok;

	*len = 0;
	switch (what) {
	case IKE_EAP_MD5_ANSWER:
	case IKE_EAP_MD5_CHECK:
		ok = eap_secret_md5(what == IKE_EAP_MD5_CHECK, known, in, out, len, why);
		break;
	case IKE_EAP_MSCHAP_ANSWER:
	case IKE_EAP_MSCHAP_CHECK:
		ok = eap_secret_mschap(what == IKE_EAP_MSCHAP_CHECK, user, known, in, out, len,
				       why);
		break;
	case IKE_EAP_PAP_ANSWER:
	case IKE_EAP_PAP_CHECK:
		ok = eap_secret_pap(what == IKE_EAP_PAP_CHECK, known, in, out, len, why);
		break;
	default:
		return eap_secret_fail(why, eap_secret_malformed);
	}
	if (password)
		return ok;
	/* also where it answered with the empty password */
	mem_wipe(out, *len);
	*len = 0;
	return eap_secret_fail(why, "no such user");
}
