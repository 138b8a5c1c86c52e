// SPDX-License-Identifier: GPL-2.0
#include "esplaned/keys/facts.h"

#include <stdio.h>
#include <string.h>

#include "esplaned/conf/pack.h"
#include "lib/log.h"

void facts_pack(struct writer *w, const struct facts *facts)
{
	pack_text(w, facts->child);
	pack_text(w, facts->peer);
	pack_addr(w, &facts->local);
	pack_addr(w, &facts->remote);
	pack_addr(w, &facts->address);
	pack_net(w, &facts->net);
	pack_ts_list(w, facts->local_ts);
	pack_ts_list(w, facts->remote_ts);
}

bool facts_unpack(struct cursor *c, struct facts *facts)
{
	struct ts_list *local = NULL, *remote = NULL;
	bool ok;

	*facts = (struct facts){ 0 };
	ok = unpack_text(c, facts->child, sizeof(facts->child)) &&
	     unpack_text(c, facts->peer, sizeof(facts->peer)) &&
	     unpack_addr(c, &facts->local) && unpack_addr(c, &facts->remote) &&
	     unpack_addr(c, &facts->address) && unpack_net(c, &facts->net) &&
	     unpack_ts_list(c, UINT8_MAX, &local) &&
	     unpack_ts_list(c, UINT8_MAX, &remote) && !c->left;
	facts->local_ts = local;
	facts->remote_ts = remote;
	return ok;
}

void facts_clear(struct facts *facts)
{
	ts_list_put((struct ts_list *)facts->local_ts);
	ts_list_put((struct ts_list *)facts->remote_ts);
	*facts = (struct facts){ 0 };
}

/* One of the configuration, or a part of one, as which a peer may have it. */
static bool facts_child_is_of(const struct tunnel_options *t, const char *name)
{
	for (unsigned int i = 0; i < t->ike.child_count; i++) {
		const char *whole = t->ike.child[i].name;

		if (!strcmp(whole, name) || child_part_is_of(name, whole))
			return true;
	}
	return false;
}

static const char *facts_addr(char line[FACTS_ENV_LINE], const char *name, const struct addr *a)
{
	char text[ADDR_STRLEN];

	snprintf(line, FACTS_ENV_LINE, "%s=%s", name, a->family ? addr_str(a, text) : "");
	return line;
}

/* One more word of a line that "NAME=" begins. False: no room, and no half word is left. */
static bool facts_word(char line[FACTS_ENV_LINE], const char *word)
{
	size_t len = strlen(line), room = FACTS_ENV_LINE - len;
	int n = snprintf(line + len, room, "%s%s", line[len - 1] == '=' ? "" : " ", word);

	if (n >= 0 && (size_t)n < room)
		return true;
	line[len] = '\0';
	return false;
}

/* With blanks between, which no selector has. */
static const char *facts_ts(char line[FACTS_ENV_LINE], const char *name, const struct ts_list *list)
{
	char text[TS_STRLEN];

	snprintf(line, FACTS_ENV_LINE, "%s=", name);
	for (unsigned int i = 0; i < ts_list_count(list); i++)
		if (!facts_word(line, ts_str(&list->ts[i], text)))
			break;
	return line;
}

static const char *facts_dns(char line[FACTS_ENV_LINE], const char *name,
			     const struct internal_net *net)
{
	char text[ADDR_STRLEN];

	snprintf(line, FACTS_ENV_LINE, "%s=", name);
	for (unsigned int i = 0; i < net->dns_count; i++)
		if (!facts_word(line, addr_str(&net->dns[i], text)))
			break;
	return line;
}

static const char *facts_domains(char line[FACTS_ENV_LINE], const char *name,
				 const struct internal_net *net)
{
	snprintf(line, FACTS_ENV_LINE, "%s=", name);
	for (unsigned int i = 0; i < net->domain_count; i++)
		if (!facts_word(line, net->domain[i]))
			break;
	return line;
}

static const char *facts_text(char line[FACTS_ENV_LINE], const char *name, const char *text)
{
	int len = snprintf(line, FACTS_ENV_LINE, "%s=", name);

	log_escape(text, strlen(text), line + len, (size_t)(FACTS_ENV_LINE - len));
	return line;
}

const char *facts_line(const struct tunnel_options *t, const struct facts *facts, bool up,
		       unsigned int index, char line[FACTS_ENV_LINE])
{
	if (!facts_child_is_of(t, facts->child))
		return NULL;
	switch (index) {
	case 0:
		return "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	case 1:
		return up ? "ESPLANE_EVENT=up" : "ESPLANE_EVENT=down";
	case 2:
		return facts_text(line, "ESPLANE_TUNNEL", t->ike.name);
	case 3:
		return facts_text(line, "ESPLANE_CHILD", facts->child);
	case 4:
		return facts_text(line, "ESPLANE_INTERFACE", t->interface);
	case 5:
		return facts_text(line, "ESPLANE_PEER", facts->peer);
	case 6:
		return facts_addr(line, "ESPLANE_LOCAL", &facts->local);
	case 7:
		return facts_addr(line, "ESPLANE_REMOTE", &facts->remote);
	case 8:
		return facts_addr(line, "ESPLANE_ADDRESS", &facts->address);
	case 9:
		return facts_ts(line, "ESPLANE_LOCAL_TS", facts->local_ts);
	case 10:
		return facts_ts(line, "ESPLANE_REMOTE_TS", facts->remote_ts);
	case 11:
		return facts_dns(line, "ESPLANE_DNS", &facts->net);
	case 12:
		return facts_domains(line, "ESPLANE_DNS_DOMAINS", &facts->net);
	default:
		return NULL;
	}
}
