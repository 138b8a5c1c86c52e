// SPDX-License-Identifier: GPL-2.0
#include "esplaned/conf/host_option.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define HOST_OPTION_SCRIPT_S_MAX	600

bool host_option_metric(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return value_u32(value, 0, UINT32_MAX, "is not a metric", &to->tunnel->metric, why);
}

/* host/aside.h lays them. */
#define HOST_OPTION_TABLES	7373u
#define HOST_OPTION_TABLES_END	8014u

bool host_option_mtu(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return value_u32(value, 576, 65535, "is not an MTU in octets", &to->tunnel->mtu, why);
}

bool host_option_route_table(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	if (!value_u32(value, 1, UINT32_MAX, "is not the number of a routing table",
		       &to->tunnel->table, why))
		return false;
	if (to->tunnel->table == 255)
		return value_refuse(why, "table 255 is the kernel's own (local): use another");
	if (to->tunnel->table >= HOST_OPTION_TABLES && to->tunnel->table <= HOST_OPTION_TABLES_END)
		return value_refuse(why, "tables %u to %u are esplaned's own: use another",
				    HOST_OPTION_TABLES, HOST_OPTION_TABLES_END);
	if (to->tunnel->table == 254)	/* main */
		to->tunnel->table = 0;
	return true;
}

bool host_option_fwmark(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return value_u32(value, 1, UINT32_MAX, "is not a firewall mark", &to->tunnel->ike.mark,
			 why);
}

bool host_option_routes(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return value_choice(value, "yes", "no", &to->tunnel->no_routes, why);
}

bool host_option_others(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return value_choice(value, "refuse", "pass", &to->tunnel->pass_others, why);
}

bool host_option_when_down(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	bool block;

	to->when_down = value_choice(value, "pass", "block", &block, why);
	to->tunnel->when_down = block ? WHEN_DOWN_BLOCK : WHEN_DOWN_PASS;
	return to->when_down;
}

/* It will be run as root: nobody else may write it. */
static bool host_option_script(struct option_target *to, char path[CONFIG_SCRIPT_MAX],
			       const char *value, char why[VALUE_WHY_MAX])
{
	struct stat st;

	if (!value_path(to->file, value, path, CONFIG_SCRIPT_MAX, why))
		return false;
	if (path[0] != '/')
		return value_refuse(why, "\"%s\" is not an absolute path: begin it with /", path);
	if (stat(path, &st))
		return value_refuse(why, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode) || !(st.st_mode & 0100))
		return value_refuse(why, "%s is not a program: chmod u+x %s", path, path);
	if (st.st_mode & 022)
		return value_refuse(why, "%s is run by root and others can write it: chmod go-w %s",
				    path, path);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return value_refuse(why, "%s is run by root and belongs to uid %u: chown root %s",
				    path, (unsigned int)st.st_uid, path);
	return true;
}

bool host_option_up_script(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return host_option_script(to, to->tunnel->up_script, value, why);
}

bool host_option_down_script(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return host_option_script(to, to->tunnel->down_script, value, why);
}

bool host_option_script_timeout(struct option_target *to, const char *value,
				char why[VALUE_WHY_MAX])
{
	if (!value_duration(value, &to->tunnel->script_timeout_s, why))
		return false;
	return to->tunnel->script_timeout_s <= HOST_OPTION_SCRIPT_S_MAX ||
	       value_refuse(why, "\"%s\" is too long: use at most %dm", value,
			    HOST_OPTION_SCRIPT_S_MAX / 60);
}
