// SPDX-License-Identifier: GPL-2.0
#include "esplaned/conf/radius_option.h"

#include <stdio.h>
#include <string.h>

#include "esplaned/conf/secret.h"
#include "ike/auth/eap.h"
#include "lib/mem.h"
#include "wire/radius.h"

/* "192.0.2.9", "192.0.2.9:1812", "2001:db8::9", "[2001:db8::9]:1812". False: it is none. */
static bool radius_option_endpoint(struct endpoint *e, const char *value)
{
	char text[ADDR_STRLEN + 8], *end = NULL, *port;
	uint64_t number;
	char why[VALUE_WHY_MAX];

	e->port = RADIUS_PORT;
	if (addr_parse(&e->addr, value))
		return true;
	if ((size_t)snprintf(text, sizeof(text), "%s", value) >= sizeof(text))
		return false;
	port = strrchr(text, ':');
	if (!port)
		return false;
	*port++ = '\0';
	if (text[0] == '[')
		end = strchr(text, ']');
	if (!value_number(port, 1, UINT16_MAX, "is not a port", &number, why) ||
	    (text[0] == '[' && (!end || end[1])))
		return false;
	if (end)
		*end = '\0';
	e->port = (uint16_t)number;
	return addr_parse(&e->addr, end ? text + 1 : text) &&
	       (e->addr.family == AF_INET6) == !!end;
}

bool radius_option_server(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	struct tunnel_options *t = to->tunnel;
	struct endpoint e = { .port = 0 };

	if (t->radius_count == CONFIG_RADIUS_MAX)
		return value_refuse(why, "more than %d servers", CONFIG_RADIUS_MAX);
	if (!radius_option_endpoint(&e, value))
		return value_refuse(why, "\"%s\" is not the address of a server; use an address, as 192.0.2.9, with a port that is not %d as 192.0.2.9:1645 or [2001:db8::9]:1645",
				    value, RADIUS_PORT);
	for (unsigned int i = 0; i < t->radius_count; i++)
		if (endpoint_equal(&t->radius[i], &e))
			return value_refuse(why, "%s is there twice", value);
	t->radius[t->radius_count++] = e;
	return true;
}

bool radius_option_secret_file(struct option_target *to, const char *value,
			       char why[VALUE_WHY_MAX])
{
	char path[4096], text[SECRET_TEXT_MAX], *secret = to->tunnel->radius_secret;
	bool ok;

	ok = value_path(to->file, value, path, sizeof(path), why) &&
	     secret_text_read(path, text, why);
	if (ok && (!*text || strlen(text) >= CONFIG_PASSWORD_MAX))
		ok = value_refuse(why, "the secret has %zu octets; use 1 to %d", strlen(text),
				  CONFIG_PASSWORD_MAX - 1);
	if (ok)
		memcpy(secret, text, strlen(text) + 1);
	mem_wipe(text, sizeof(text));
	return ok;
}

bool radius_option_given(const struct tunnel_options *t)
{
	for (unsigned int i = 0; i < EAP_METHODS_MAX && t->ike.eap[i]; i++)
		if (t->ike.eap[i] == eap_radius.type)
			return true;
	return false;
}

static bool radius_option_alone(const struct tunnel_options *t, char why[VALUE_WHY_MAX])
{
	if (t->ike.eap[1])
		return value_refuse(why, "eap = radius leaves the methods to the RADIUS server: it stands alone, remove the others from eap");
	if (t->ike.eap_id.type || t->ike.aaa_id.type)
		return value_refuse(why, "%s is about our own proof by EAP, and with eap = radius the peers prove themselves: leave it out",
				    t->ike.eap_id.type ? "eap-identity" : "aaa-id");
	return true;
}

bool radius_option_complete(const struct tunnel_options *t, char why[VALUE_WHY_MAX])
{
	if (!radius_option_given(t))
		return (!t->radius_count && !t->radius_secret[0]) ||
		       value_refuse(why, "%s is there, but nothing is asked of a RADIUS server: add eap = radius, or leave it out",
				    t->radius_count ? "radius-server" : "radius-secret-file");
	if (!t->radius_count)
		return value_refuse(why, "eap = radius needs radius-server: the address of the RADIUS server");
	if (!t->radius_secret[0])
		return value_refuse(why, "eap = radius needs radius-secret-file: a file with the secret shared with the RADIUS server");
	if (!t->ike.any)
		return value_refuse(why, "eap = radius says that the peers prove themselves by EAP, which only who begins can: use remote = any");
	return radius_option_alone(t, why);
}
