// SPDX-License-Identifier: GPL-2.0
#include "esplaned/keys/vault_eap.h"

#include <string.h>

#include "esplaned/conf/pack.h"
#include "esplaned/conf/user.h"
#include "ike/auth/eap_secret.h"
#include "lib/mem.h"

/* As client our own password, as server that of the user; NULL: there is none. */
static const char *vault_eap_password(const struct tunnel_options *t, enum ike_eap what,
				      struct chunk user)
{
	const struct user *u;

	if (ike_eap_is_client(what))
		return t->password;
	u = user_find(t, user.p, user.len);
	return u ? u->password : NULL;
}

bool vault_eap_answer(const struct tunnel_options *t, struct cursor *c, struct writer *w)
{
	const char *why = "the tunnel has no password of its own", *password = NULL;
	struct chunk secret, user, octets;
	uint8_t what, out[IKE_EAP_OUT_MAX];
	struct cursor name;
	uint16_t name_len;
	bool ok = false;
	size_t len = 0;

	if (!cursor_u8(c, &what) || what > IKE_EAP_LAST || !cursor_u16(c, &name_len) ||
	    !cursor_sub(c, name_len, &name))
		return false;
	user = (struct chunk){ name.at, name.left };
	octets = (struct chunk){ c->at, c->left };
	if (t)
		password = vault_eap_password(t, (enum ike_eap)what, user);
	else
		why = "the tunnel's password is not known";
	/* the other process gets it in one case only */
	if (t && what == IKE_EAP_PAP_ANSWER && t->ike.ttls != TTLS_PAP) {
		why = "the password is for no server to know: ttls-inner is not pap";
		password = "";
	}
	if (password)
		secret = (struct chunk){ (const uint8_t *)password, strlen(password) };
	/* an empty one is none: as client we have it, or nobody asks */
	if (t && !(password && !*password))
		ok = eap_secret_use((enum ike_eap)what, user, password ? &secret : NULL, octets,
				    out, &len, &why);
	writer_u8(w, ok);
	if (ok)
		writer_bytes(w, out, len);
	else
		pack_text(w, why);
	mem_wipe(out, sizeof(out));
	return true;
}
