// SPDX-License-Identifier: GPL-2.0
#include "esplaned/keys/resolved.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <systemd/sd-bus.h>

#include "ike/core/conf.h"

#define RESOLVED_PATIENCE_US	(5 * 1000000ULL)

static int resolved_begin(sd_bus *bus, sd_bus_message **m, const char *method, int ifindex)
{
	int rc = sd_bus_message_new_method_call(bus, m, "org.freedesktop.resolve1",
						"/org/freedesktop/resolve1",
						"org.freedesktop.resolve1.Manager", method);

	/* who does not use it does not want it started */
	if (rc >= 0)
		rc = sd_bus_message_set_auto_start(*m, 0);
	return rc < 0 ? rc : sd_bus_message_append(*m, "i", ifindex);
}

/* Gives @m up. @rc: of what came before. */
static int resolved_call(sd_bus *bus, sd_bus_message *m, int rc, char why[256])
{
	sd_bus_error error = SD_BUS_ERROR_NULL;

	if (rc >= 0)
		rc = sd_bus_call(bus, m, RESOLVED_PATIENCE_US, &error, NULL);
	if (rc < 0)
		snprintf(why, 256, "%s", error.message ? error.message : "the bus fails");
	if (sd_bus_error_has_name(&error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
	    sd_bus_error_has_name(&error, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
		rc = -ENOENT;
	sd_bus_error_free(&error);
	sd_bus_message_unref(m);
	return rc < 0 ? rc : 0;
}

static int resolved_servers(sd_bus *bus, int ifindex, const struct internal_net *net,
			    char why[256])
{
	sd_bus_message *m = NULL;
	int rc = resolved_begin(bus, &m, "SetLinkDNS", ifindex);

	if (rc >= 0)
		rc = sd_bus_message_open_container(m, 'a', "(iay)");
	for (unsigned int i = 0; rc >= 0 && i < net->dns_count; i++) {
		const struct addr *a = &net->dns[i];

		rc = sd_bus_message_open_container(m, 'r', "iay");
		if (rc >= 0)
			rc = sd_bus_message_append(m, "i", (int)a->family);
		if (rc >= 0)
			rc = sd_bus_message_append_array(m, 'y', a->b, addr_len(a));
		if (rc >= 0)
			rc = sd_bus_message_close_container(m);
	}
	if (rc >= 0)
		rc = sd_bus_message_close_container(m);
	return resolved_call(bus, m, rc, why);
}

static int resolved_domains(sd_bus *bus, int ifindex, const struct internal_net *net,
			    char why[256])
{
	sd_bus_message *m = NULL;
	int rc = resolved_begin(bus, &m, "SetLinkDomains", ifindex);

	if (rc >= 0)
		rc = sd_bus_message_open_container(m, 'a', "(sb)");
	for (unsigned int i = 0; rc >= 0 && i < net->domain_count; i++)
		rc = sd_bus_message_append(m, "(sb)", net->domain[i], 1);
	if (rc >= 0 && !net->domain_count)
		rc = sd_bus_message_append(m, "(sb)", ".", 1);
	if (rc >= 0)
		rc = sd_bus_message_close_container(m);
	return resolved_call(bus, m, rc, why);
}

static int resolved_default(sd_bus *bus, int ifindex, const struct internal_net *net,
			    char why[256])
{
	sd_bus_message *m = NULL;
	int rc = resolved_begin(bus, &m, "SetLinkDefaultRoute", ifindex);

	if (rc >= 0)
		rc = sd_bus_message_append(m, "b", !net->domain_count);
	return resolved_call(bus, m, rc, why);
}

static int resolved_revert(sd_bus *bus, int ifindex, char why[256])
{
	sd_bus_message *m = NULL;
	/* with its interface all has gone: this only tells whether there is anybody */
	int rc = ifindex ? resolved_begin(bus, &m, "RevertLink", ifindex) :
			   resolved_begin(bus, &m, "GetLink", 1);

	return resolved_call(bus, m, rc, why);
}

int resolved_set(const char *interface, const struct internal_net *net, char why[256])
{
	int ifindex = (int)if_nametoindex(interface), rc;
	sd_bus *bus = NULL;

	if (sd_bus_open_system(&bus) < 0)
		return -ENOENT;
	if (!net) {
		rc = resolved_revert(bus, ifindex, why);
	} else {
		rc = resolved_servers(bus, ifindex, net, why);
		if (!rc)
			rc = resolved_domains(bus, ifindex, net, why);
		if (!rc)
			rc = resolved_default(bus, ifindex, net, why);
	}
	sd_bus_flush_close_unref(bus);
	return rc;
}
