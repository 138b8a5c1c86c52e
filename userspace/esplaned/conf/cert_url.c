// SPDX-License-Identifier: GPL-2.0
#include "esplaned/conf/cert_url.h"

#include <string.h>

#include "esplaned/conf/credential_file.h"
#include "esplaned/conf/value.h"

#define CERT_URL_SCHEME	"http://"
#define CERT_URL_PLAIN	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/=+"

/* "http://", a host, "/", and nothing but what stands for itself in an address. */
static bool cert_url_is_sound(const char *text)
{
	size_t scheme = strlen(CERT_URL_SCHEME);
	const char *path;

	if (strncmp(text, CERT_URL_SCHEME, scheme) || strlen(text) >= TUNNEL_URL_MAX ||
	    strstr(text, ".."))
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

bool cert_url_fetch_option(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	const struct chunk url = { (const uint8_t *)value, strlen(value) };
	struct chunk_list *list;

	if (!cert_url_is_sound(value))
		return value_refuse(why, "\"%s\" is not how addresses begin that may be fetched: use "
				    "http://, a host, / and more if need be, as "
				    "http://certs.example.org/ike/", value);
	list = chunk_list_new(&url, 1);
	return list ? credential_file_append(&to->tunnel->fetch_certs, list, why) :
		      value_refuse(why, "no memory");
}

bool cert_url_check(const struct tunnel_options *t, char why[VALUE_WHY_MAX])
{
	if (t->fetch_certs && !t->ca)
		return value_refuse(why, "fetch-certs is about certificates of the peer, but there is "
				    "no ca that it could have one of");
	return !t->ike.cert_url[0] || t->cert_path[0] ||
	       value_refuse(why, "cert-url says where the certificate is that we send, and there is "
			    "none: give cert, or leave it out");
}

bool cert_url_may_fetch(const struct chunk_list *allowed, const char *url)
{
	size_t len = strlen(url);

	for (unsigned int i = 0; i < chunk_list_count(allowed); i++) {
		struct chunk begin = allowed->chunk[i];

		if (len >= begin.len && !memcmp(url, begin.p, begin.len) && !strstr(url, "..") &&
		    strspn(url + begin.len, CERT_URL_PLAIN) == len - begin.len)
			return true;
	}
	return false;
}
