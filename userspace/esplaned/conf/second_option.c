// SPDX-License-Identifier: GPL-2.0
#include "esplaned/conf/second_option.h"

#include <string.h>

#include "esplaned/conf/credential_file.h"
#include "esplaned/conf/radius_option.h"
#include "esplaned/conf/secret.h"
#include "esplaned/conf/user.h"
#include "ike/auth/auth.h"
#include "lib/array.h"

bool second_option_auth(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	static const char *const words[] = {
		[SECOND_NONE] = "none", [SECOND_EAP] = "eap", [SECOND_CERT] = "cert",
		[SECOND_PSK] = "psk",
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++) {
		to->tunnel->second.auth = (enum second_auth)i;
		if (!strcmp(value, words[i]))
			return true;
	}
	return value_refuse(why, "\"%s\" is not known; use none, eap, cert or psk", value);
}

bool second_option_id(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return value_id(&to->tunnel->ike.second_id, value,
			"without second-id it is the name of second-cert, or at a gateway whoever "
			"the certificate names", why);
}

bool second_option_cert(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return credential_file_take_cert(to, value, to->tunnel->second.cert_path, why);
}

bool second_option_key(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return credential_file_take_key(to, value, to->tunnel->second.key_path, why);
}

bool second_option_ca(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return credential_file_take_ca(to, value, &to->tunnel->second.ca, why);
}

bool second_option_psk_file(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	char path[4096];

	return value_path(to->file, value, path, sizeof(path), why) &&
	       secret_read(&to->tunnel->second.psk, path, why);
}

/* ---- the tunnel as a whole */

/* One of these that has no use with this second-auth; NULL: none. */
static const char *second_option_useless(const struct tunnel_options *t)
{
	const struct second_options *s = &t->second;
	bool tls = s->auth == SECOND_EAP && user_has_tls(t), cert = s->auth == SECOND_CERT;

	if ((s->cert_path[0] || s->key_path[0]) && !cert && !(tls && !t->ike.any))
		return s->cert_path[0] ? "second-cert" : "second-key";
	if (s->ca && !cert && !tls)
		return "second-ca";
	if (s->psk.len && s->auth != SECOND_PSK)
		return "second-psk-file";
	return t->ike.second_id.type && !cert && s->auth != SECOND_PSK ? "second-id" : NULL;
}

/* What says that there is EAP, which is no part of it; NULL: nothing. */
static const char *second_option_eap(const struct tunnel_options *t)
{
	return t->user_count ? "users" : t->password[0] ? "password" :
	       radius_option_given(t) ? "eap = radius" : t->ike.eap[0] ? "eap" :
	       t->ike.eap_only ? "eap-only" : NULL;
}

static bool second_option_complete_cert(struct tunnel_options *t, char why[VALUE_WHY_MAX])
{
	const struct second_options *s = &t->second;

	if (!s->cert_path[0] && !s->ca)
		return value_refuse(why, "second-auth = cert wants a second proof by certificate, and "
				    "nothing says whose: give second-cert and second-key for ours, or "
				    "second-ca for the peers'");
	if (s->cert_path[0] && s->ca)
		return value_refuse(why, "second-cert says that we prove ourselves a second time, "
				    "second-ca that the peer does: only who begins can, leave one out");
	if (s->cert_path[0] && t->ike.any)
		return value_refuse(why, "second-cert says that we prove ourselves a second time, which "
				    "only who begins can: name the peer in remote, or give second-ca");
	if (cert_cas_meet(t->ca, s->ca))
		return value_refuse(why, "second-ca has a CA of ca, or one above or below it: one "
				    "certificate would give both proofs: take one CA for the machines "
				    "and another for the users, neither issued by the other");
	if (s->cert_path[0])
		t->ike.local_second = &auth_signature_ops;
	else
		t->ike.remote_second = &auth_signature_ops;
	return true;
}

static bool second_option_complete_psk(struct tunnel_options *t, char why[VALUE_WHY_MAX])
{
	if (!t->second.psk.len)
		return value_refuse(why, "second-auth = psk wants a second proof by a pre-shared key: "
				    "give second-psk-file");
	if (t->second.psk.len == t->psk.len && !memcmp(t->second.psk.b, t->psk.b, t->psk.len))
		return value_refuse(why, "second-psk-file has the secret of psk: one secret would give "
				    "both proofs");
	if (t->ike.any)
		t->ike.remote_second = &auth_psk_ops;
	else
		t->ike.local_second = &auth_psk_ops;
	return true;
}

bool second_option_complete(struct tunnel_options *t, char why[VALUE_WHY_MAX])
{
	const char *useless = second_option_useless(t), *eap = second_option_eap(t);
	bool by_cert = t->second.auth == SECOND_CERT;

	if (useless)
		return value_refuse(why, "%s has no use with this second-auth: leave it out, or say "
				    "second-auth = %s", useless,
				    strcmp(useless, "second-psk-file") ? "cert" : "psk");
	if (t->second.auth != SECOND_CERT && t->second.auth != SECOND_PSK)
		return true;
	if (eap)
		return value_refuse(why, "%s is about EAP, and second-auth = %s wants none: leave it "
				    "out, or say second-auth = eap", eap, by_cert ? "cert" : "psk");
	return by_cert ? second_option_complete_cert(t, why) : second_option_complete_psk(t, why);
}

bool second_option_read(struct tunnel_options *t, time_t now, char why[VALUE_WHY_MAX])
{
	const struct credential c = {
		.cert = "second-cert", .key_option = "second-key", .id_option = "second-id",
		.cert_path = t->second.cert_path, .key_path = t->second.key_path,
		.password = t->key_password, .certs = &t->ike.second_certs,
		.key = &t->second.key, .id = &t->ike.second_id,
	};

	if (!t->second.cert_path[0])
		return !t->second.key_path[0] ||
		       value_refuse(why, "second-key is there without second-cert");
	if (!credential_file_load(&c, t->allow_legacy, now, why))
		return false;
	/* in EAP-TLS it is called as its certificate */
	if (t->second.auth == SECOND_EAP && !t->ike.eap_id.type)
		t->ike.eap_id = t->ike.second_id;
	return true;
}
