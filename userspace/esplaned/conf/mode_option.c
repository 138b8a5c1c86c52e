// SPDX-License-Identifier: GPL-2.0
#include "esplaned/conf/mode_option.h"

#include <string.h>

#include "esplaned/conf/pool_option.h"
#include "lib/array.h"

#define MODE_ADDRS_MAX (TUNNEL_MORE_MAX + 1)

bool mode_option(struct option_target *to, const char *value, char why[VALUE_WHY_MAX])
{
	return value_choice(value, "tunnel", "transport", &to->child->conf.transport, why);
}

static struct ts mode_option_host(const struct addr *addr)
{
	return (struct ts){ .start = *addr, .end = *addr, .port_end = 65535 };
}

/* All addresses of both families: the IKE SA says which of them it is. */
static struct ts_list *mode_option_any(void)
{
	struct ts any[] = {
		{ .start.family = AF_INET, .end.family = AF_INET, .port_end = 65535 },
		{ .start.family = AF_INET6, .end.family = AF_INET6, .port_end = 65535 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(any); i++)
		memset(any[i].end.b, 0xff, addr_len(&any[i].end));
	return ts_list_new(any, ARRAY_SIZE(any));
}

/* Our end's, where it is said which that is. */
static struct ts_list *mode_option_local(const struct tunnel_conf *ike)
{
	const struct ts host = mode_option_host(&ike->local);

	return ike->local.family ? ts_list_new(&host, 1) : mode_option_any();
}

/* The peer's, where all are addresses. */
static struct ts_list *mode_option_remote(const struct tunnel_conf *ike)
{
	struct ts host[MODE_ADDRS_MAX];

	if (ike->any || tunnel_conf_has_name(ike))
		return mode_option_any();
	host[0] = mode_option_host(&ike->remote);
	for (unsigned int i = 0; i < ike->more_count; i++)
		host[i + 1] = mode_option_host(&ike->more[i].addr);
	return ts_list_new(host, ike->more_count + 1);
}

/* Of @given what is about @ends; where nothing is given all of that. NULL: nothing, no memory. */
static struct ts_list *mode_option_cut(const struct option_selectors *given,
				       struct ts_list *ends)
{
	struct ts_list *list, *cut;

	if (!given->count)
		return ends;
	list = ts_list_new(given->ts, given->count);
	cut = ts_list_narrow(list, ends);
	ts_list_put(list);
	ts_list_put(ends);
	return cut;
}

static bool mode_option_fits(const struct tunnel_conf *ike, const struct option_child *child,
			     char why[VALUE_WHY_MAX])
{
	if (ike->ask_address || ike->pool[0])
		return value_refuse(why, "mode = transport goes between the ends' own addresses, and %s "
				    "gives one inside of the tunnel: use mode = tunnel",
				    ike->pool[0] ? "pool" : "address = request");
	if (child->split)
		return value_refuse(why, "split = yes is about pairs of networks, and mode = transport "
				    "has none: leave one of the two out");
	if (ike->start == START_ON_DEMAND && tunnel_conf_has_name(ike))
		return value_refuse(why, "start = on-demand with mode = transport needs the peer's "
				    "address: write it in remote in the place of its name");
	return true;
}

bool mode_option_selectors(const struct config *config, struct tunnel_conf *ike,
			   struct option_child *child, char why[VALUE_WHY_MAX])
{
	struct child_conf *conf = &child->conf;

	if (!conf->transport) {
		pool_option_selectors(config, ike, child);
		return true;
	}
	if (!mode_option_fits(ike, child, why))
		return false;
	ike->mobike = false;
	conf->local_ts = mode_option_cut(&child->local, mode_option_local(ike));
	conf->remote_ts = mode_option_cut(&child->remote, mode_option_remote(ike));
	if (conf->local_ts && conf->remote_ts)
		return true;
	value_refuse(why, "%s has nothing of the address in %s: in mode = transport leave it out, or "
		     "write the protocol alone, as [gre]",
		     conf->local_ts ? "remote-ts" : "local-ts", conf->local_ts ? "remote" : "local");
	ts_list_put(conf->local_ts);
	ts_list_put(conf->remote_ts);
	return false;
}
