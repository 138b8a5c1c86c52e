// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "ike/auth/eap.h"
#include "lib/array.h"

static const struct eap_method *const eap_methods[] = {
	&eap_tls, &eap_ttls, &eap_mschapv2, &eap_md5, &eap_radius,
};

const struct eap_method *eap_method_find(uint8_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE(eap_methods); i++)
		if (eap_methods[i]->type == type)
			return eap_methods[i];
	return NULL;
}

const struct eap_method *eap_method_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(eap_methods); i++)
		if (!strcmp(eap_methods[i]->name, name))
			return eap_methods[i];
	return NULL;
}

const char *eap_method_name(uint8_t type, char buf[32])
{
	static const struct {
		uint8_t type;
		const char *name;
	} others[] = {
		{ 5, "otp" }, { 6, "gtc" }, { 18, "sim" }, { 23, "aka" },
		 { 25, "peap" }, { 43, "fast" }, { 50, "aka'" }, { 52, "pwd" },
	};
	const struct eap_method *m = eap_method_find(type);

	if (m)
		return m->name;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (others[i].type == type)
			return others[i].name;
	snprintf(buf, 32, "method %u", type);
	return buf;
}

const char *eap_method_list(const uint8_t types[EAP_METHODS_MAX], char buf[128])
{
	size_t at = 0;
	char name[32];

	buf[0] = '\0';
	for (unsigned int i = 0; i < EAP_METHODS_MAX && types[i] && at < 128; i++)
		at += (size_t)snprintf(buf + at, 128 - at, "%s%s", i ? ", " : "",
				       eap_method_name(types[i], name));
	return buf;
}
