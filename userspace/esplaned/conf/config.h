/* SPDX-License-Identifier: GPL-2.0 */
/* esplane.conf: what a person wrote, checked and turned into what the engine and the shell need. */
#ifndef ESPLANED_CONFIG_H
#define ESPLANED_CONFIG_H

#include <net/if.h>
#include "ike/core/conf.h"

#define CONFIG_PATH		"/etc/esplane/esplane.conf"
#define CONFIG_WHY_MAX		1024
#define CONFIG_HOST_MAX		254	/* a DNS name and its NUL */

struct tunnel_options {
	struct tunnel_conf ike;
	char remote_name[CONFIG_HOST_MAX];	/* to be resolved; empty: an address or "any" */
	char interface[IFNAMSIZ];
	struct addr address;		/* for the interface; family 0: chosen when it comes up */
	uint8_t address_bits;
	uint32_t metric;		/* of the routes */
	bool start_up;
	bool esp_given;			/* not the default list */
};

struct config {
	struct tunnel_options *tunnels;
	size_t count;
};

/* NULL: @why is one sentence with file, line, option and what would be accepted. */
struct config *config_load(const char *path, char why[CONFIG_WHY_MAX]);
/* Wipes the secrets. NULL is fine. */
void config_free(struct config *config);

/* Would a running tunnel have to be restarted to go from one to the other? */
bool tunnel_options_equal(const struct tunnel_options *a, const struct tunnel_options *b);

#endif
