// SPDX-License-Identifier: GPL-2.0
#include "esplaned/conf/ppk_option.h"

#include <string.h>

#include "esplaned/conf/secret.h"
#include "esplaned/conf/value.h"

#define PPK_OPTION_SHORT	32	/* octets, RFC 8784 6 */

bool ppk_option_secret(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return secret_is_private(to->file, to->st, why) &&
	       secret_parse(&to->tunnel->ppk, value, why);
}

bool ppk_option_id(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	size_t len = strlen(value);

	if (!len || len > TUNNEL_PPK_ID_MAX)
		return value_refuse(why, "it has %zu octets; use 1 to %d, the same at the peer",
				    len, TUNNEL_PPK_ID_MAX);
	memcpy(to->tunnel->ike.ppk_id, value, len + 1);
	return true;
}

bool ppk_option_required(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return value_choice(value, "no", "yes", &to->tunnel->ike.ppk_required, why);
}

bool ppk_option_check(const struct tunnel_options *t, char why[VALUE_WHY_MAX])
{
	const char *eap = t->user_count ? "users" : t->password[0] ? "password" :
			  t->ike.eap[0] ? "eap" : NULL;

	if (!t->ppk.len != !t->ike.ppk_id[0])
		return value_refuse(why, "%s is there without %s: a PPK is a secret and a name that "
				    "both ends know it by", t->ppk.len ? "ppk" : "ppk-id",
				    t->ppk.len ? "ppk-id" : "ppk");
	if (t->ike.ppk_required && !t->ppk.len)
		return value_refuse(why, "ppk-required is there without ppk and ppk-id");
	return !t->ppk.len || !eap ||
	       value_refuse(why, "ppk does not go together with %s: with EAP there is none", eap);
}

bool ppk_option_warning(const struct tunnel_options *t, char text[VALUE_WHY_MAX])
{
	if (!t->ppk.len || t->ppk.len >= PPK_OPTION_SHORT)
		return false;
	value_refuse(text, "ppk: it has %u octets, and a quantum computer halves what they are "
		     "worth: use 32 random ones, as 0x and what openssl rand -hex 32 writes",
		     t->ppk.len);
	return true;
}
