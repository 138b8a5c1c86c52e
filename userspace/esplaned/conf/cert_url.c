// SPDX-License-Identifier: GPL-2.0
#include "esplaned/conf/cert_url.h"

#include <string.h>

#include "esplaned/conf/value.h"

#define CERT_URL_SCHEME	"http://"

/* "http://", a host, "/", and nothing but what stands for itself in an address. */
static bool cert_url_is_sound(const char *text)
{
	size_t scheme = strlen(CERT_URL_SCHEME);
	const char *path;

	if (strncmp(text, CERT_URL_SCHEME, scheme) || strlen(text) >= TUNNEL_URL_MAX)
		return false;
	path = strchr(text + scheme, '/');
	if (!path || path == text + scheme)
		return false;
	for (const char *c = text; *c; c++)
		if (*c <= ' ' || *c > '~' || *c == '#' || (*c == '@' && c < path))
			return false;
	return true;
}

bool cert_url_option(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	if (!cert_url_is_sound(value))
		return value_refuse(why, "\"%s\" is no address that a peer can fetch: use http://, a "
				    "host and a path, as http://certs.example.org/gw.der, of at "
				    "most %d octets", value, TUNNEL_URL_MAX - 1);
	memcpy(to->tunnel->ike.cert_url, value, strlen(value) + 1);
	return true;
}

bool cert_url_check(const struct tunnel_options *t, char why[VALUE_WHY_MAX])
{
	return !t->ike.cert_url[0] || t->cert_path[0] ||
	       value_refuse(why, "cert-url says where the certificate is that we send, and there is "
			    "none: give cert, or leave it out");
}
