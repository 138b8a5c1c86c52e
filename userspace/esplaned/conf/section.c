// SPDX-License-Identifier: GPL-2.0
/*
 * libConfuse reads one section at a time, so that a mistake in one hides none in the next. The
 * values are option.c's, what contradicts is check.c's.
 */
#include "esplaned/conf/section.h"

#include <confuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "esplaned/conf/check.h"
#include "esplaned/conf/credential.h"
#include "esplaned/conf/mode_option.h"
#include "esplaned/conf/pool_option.h"
#include "esplaned/conf/ppk_option.h"
#include "esplaned/conf/secret.h"
#include "esplaned/conf/split.h"
#include "esplaned/conf/words.h"
#include "ike/core/engine.h"

#define SECTION_UNKNOWN_MAX	32		/* unknown options of one section */
#define SECTION_OPTIONS_MAX	(96 + SECTION_UNKNOWN_MAX)
#define SECTION_VALUE_MAX	600		/* octets: an identity as hexadecimal digits */

#define SECTION_REKEY		3600		/* seconds; the defaults */
#define SECTION_IKE_REKEY	28800
#define SECTION_DPD		30
#define SECTION_KEEPALIVE	20		/* RFC 3948 4 */
#define SECTION_RETRY_FIRST	1000		/* milliseconds */
#define SECTION_RETRY_TRIES	6
#define SECTION_RETRY_PERCENT	200
#define SECTION_SCRIPT_TIMEOUT	10		/* seconds */

/* libConfuse gives its callbacks no context: @reading is it. */
static struct {
	struct section_file *file;
	const struct text_section *sec;
	cfg_t *root;			/* libConfuse's, of the section */
	size_t errors;			/* there were before the section */
	const cfg_opt_t *bad;		/* the option whose fault was noted last */
	/* Names of no option: libConfuse reads the section again and skips them. */
	struct {
		char name[64];
		enum option_place place;
	} unknown[SECTION_UNKNOWN_MAX];
	unsigned int unknown_count;
	bool again;
} reading;

void section_note(struct section_file *file, int level, int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fault_add(&file->load->faults, level, file->name, line, fmt, ap);
	va_end(ap);
}

#define section_fault(line, ...) section_note(reading.file, LOG_ERR, line, __VA_ARGS__)

/* Of the file: libConfuse counts from where the section begins. */
static int section_line(const cfg_t *cfg)
{
	return reading.sec->line - 1 + cfg->line;
}

/* 0: outside of tunnels, where there are no options. */
static enum option_place section_place(const cfg_t *cfg)
{
	if (!cfg->title)
		return 0;
	if (!strcmp(cfg->name, "pool"))
		return OPTION_POOL;
	return strcmp(cfg->name, "child") ? OPTION_TUNNEL : OPTION_CHILD;
}

/* 'tunnel "office", child "voice": ', or nothing outside of tunnels. */
static const char *section_where(cfg_t *cfg, char buf[256])
{
	cfg_opt_t *tunnels = cfg_getopt(reading.root, "tunnel");
	cfg_t *tunnel = tunnels && cfg_opt_size(tunnels) ? cfg_opt_getnsec(tunnels, 0) : NULL;

	if (!cfg->title)
		buf[0] = '\0';
	else if (section_place(cfg) == OPTION_POOL)
		snprintf(buf, 256, "pool \"%.180s\": ", cfg->title);
	else if (section_place(cfg) == OPTION_CHILD && tunnel)
		snprintf(buf, 256, "tunnel \"%.90s\", child \"%.90s\": ", tunnel->title,
			 cfg->title);
	else
		snprintf(buf, 256, "tunnel \"%.180s\": ", cfg->title);
	return buf;
}

static bool section_is_unknown(const char *name, enum option_place place)
{
	for (unsigned int i = 0; i < reading.unknown_count; i++) {
		if (!strcmp(reading.unknown[i].name, name) && reading.unknown[i].place == place)
			return true;
	}
	return false;
}

static void section_unknown_note(cfg_t *cfg, const char *name)
{
	const char *nearest = option_nearest(name, section_place(cfg));
	char where[256], list[1024] = "";
	size_t len = 0;

	if (!cfg->title) {
		section_fault(section_line(cfg),
			      "\"%s\" is not known here; use tunnel \"NAME\" { ... }, pool "
			      "\"NAME\" { ... } and include(\"PATTERN\")",
			      name);
		return;
	}
	section_where(cfg, where);
	if (option_find(name)) {
		section_fault(section_line(cfg),
			     section_place(cfg) == OPTION_CHILD ?
			     "%s%s is an option of the tunnel, not of a child: write it beside the "
			     "child sections" : section_place(cfg) == OPTION_POOL ?
			     "%s%s is an option of tunnels, not of a pool" :
			     "%s%s is an option of pools, not of a tunnel",
			     where, name);
		return;
	}
	if (nearest) {
		section_fault(section_line(cfg), "%sthere is no option %s: do you mean %s?", where,
			     name, nearest);
		return;
	}
	for (const struct option *o = option_table; o->name && len < sizeof(list); o++) {
		if (o->place & section_place(cfg))
			len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s",
						len ? ", " : "", o->name);
	}
	section_fault(section_line(cfg), "%sthere is no option %s; use %s", where, name, list);
}

/* At first sight: the section is to be read again without it. */
static void section_unknown(cfg_t *cfg, const char *name)
{
	if (reading.unknown_count == SECTION_UNKNOWN_MAX ||
	    strlen(name) >= sizeof(reading.unknown[0].name)) {
		section_unknown_note(cfg, name);
		return;
	}
	snprintf(reading.unknown[reading.unknown_count].name, sizeof(reading.unknown[0].name),
		 "%s", name);
	reading.unknown[reading.unknown_count++].place = section_place(cfg);
	reading.again = true;
}

static void section_on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	char text[512], where[256];
	int line = section_line(cfg);
	const char *name, *secret;

	vsnprintf(text, sizeof(text), fmt, ap);
	section_where(cfg, where);
	/* What libConfuse stumbles over is then most likely a part of the secret. */
	secret = text_secret(reading.file->text, line);
	if (secret && !(strstr(text, secret) && strchr(text, '\''))) {
		section_fault(line,
			     "%s%s: the line goes on after its value: a secret with blanks or "
			     "{ } ( ) = + , # has to stand in quotes",
			     where, secret);
		return;
	}
	if (strstr(fmt, "no such option")) {
		name = words_quoted(text);
		section_unknown(cfg, name ? name : "");
	} else if (strstr(fmt, "duplicate title")) {
		name = words_quoted(text);
		section_fault(line,
			      "%schild \"%s\" is defined twice: each child needs a name of its own",
			      where, name ? name : "");
	} else if (strstr(fmt, "missing equal sign")) {
		name = words_quoted(text);
		name = name ? name : "";
		/* a section of no such name? */
		if (section_is_unknown(name, section_place(cfg)))
			section_unknown_note(cfg, name);
		else
			section_fault(line, "%s%s needs an equal sign, as %s = \"...\"", where,
				      name, name);
	} else {
		section_fault(line, "%s%s", where, words_better(text));
	}
}

/* Is nothing wrong yet in this section? */
static bool section_sound(void)
{
	return reading.file->load->faults.errors == reading.errors;
}

/* The value of that index. False: noted, unless @quiet. */
static bool section_apply(cfg_t *cfg, cfg_opt_t *opt, unsigned int index, struct option_target *to,
			 bool quiet)
{
	const char *value = cfg_opt_getnstr(opt, index);
	char why[VALUE_WHY_MAX], where[256];

	to->file = reading.file->name;
	to->st = &reading.file->st;
	/* Secrets and their files have limits of their own. */
	if (strncmp(opt->name, "psk", 3) && strcmp(opt->name, "ppk") &&
	    strlen(value) > SECTION_VALUE_MAX)
		value_refuse(why, "a value of %zu octets is too long: use at most %d",
			     strlen(value), SECTION_VALUE_MAX);
	else if (option_find(opt->name)->set(to, value, why))
		return true;
	if (!quiet)
		section_fault(section_line(cfg), "%s%s: %s", section_where(cfg, where), opt->name,
			     why);
	return false;
}

/*
 * Called at each value, while the line is known, and once more at the end of a list: tries it, with
 * those of the list that came before, on a tunnel that is thrown away. One fault an option.
 */
static int section_on_value(cfg_t *cfg, cfg_opt_t *opt)
{
	unsigned int count = cfg_opt_size(opt);
	struct tunnel_options *scratch;
	struct option_child child = { 0 };
	struct pool_conf pool = { .range_count = 0 };
	struct option_target to = { .child = &child, .pool = &pool };

	if (reading.bad == opt)
		return 0;
	if (section_is_unknown(opt->name, section_place(cfg))) {
		section_unknown_note(cfg, opt->name);
		reading.bad = opt;
		return 0;
	}
	to.tunnel = scratch = calloc(1, sizeof(*scratch));
	if (!scratch)
		return -1;
	for (unsigned int i = 0; i < count; i++) {
		if (!section_apply(cfg, opt, i, &to, false)) {
			reading.bad = opt;
			break;
		}
	}
	free(pool.statics);
	option_child_clear(&child);
	tunnel_options_clear(scratch);
	free(scratch);
	return 0;
}

/* A child has no slash: office/voice is child voice of tunnel office. */
static bool section_title(cfg_t *cfg, int line)
{
	bool child = section_place(cfg) == OPTION_CHILD;
	bool pool = section_place(cfg) == OPTION_POOL;
	const char *c = cfg->title;

	while (*c > ' ' && *c != 0x7f && *c != '"' && (*c != '/' || !child))
		c++;
	if (*cfg->title && !*c && strlen(cfg->title) < TUNNEL_NAME_MAX)
		return true;
	section_fault(line,
		     "\"%s\" cannot name a %s; use 1 to %d ASCII characters without space%s and "
		     "quotes",
		     cfg->title, child ? "child" : pool ? "pool" : "tunnel", TUNNEL_NAME_MAX - 1,
		     child ? ", slash" : "");
	return false;
}

/*
 * All options of the section into @to; a list takes the place of the one that was there. Their
 * faults were noted when they were read.
 */
static void section_options(cfg_t *cfg, struct option_target *to)
{
	for (const struct option *o = option_table; o->name; o++) {
		cfg_opt_t *opt = o->place & section_place(cfg) ? cfg_getopt(cfg, o->name) : NULL;

		if (opt && cfg_opt_size(opt) && !strcmp(o->name, "esp"))
			to->child->conf.esp.count = 0;
		for (unsigned int i = 0; opt && i < cfg_opt_size(opt); i++)
			section_apply(cfg, opt, i, to, !section_sound());
	}
}

/* Is the option there, or one that was meant to be it? */
static bool section_given(cfg_t *cfg, const char *name)
{
	for (unsigned int i = 0; i < reading.unknown_count; i++) {
		const char *nearest = option_nearest(reading.unknown[i].name, section_place(cfg));

		if (nearest && !strcmp(nearest, name))
			return true;
	}
	return cfg_size(cfg, name);
}

/* Is all there that has no default? */
static void section_lacks(cfg_t *cfg, int line, bool children)
{
	static const char *const pairs[][2] = {
		{ "psk", "psk-file" }, { "key-password", "key-password-file" },
		{ "password", "password-file" },
	};
	char where[256];

	section_where(cfg, where);
	if (!section_given(cfg, "remote"))
		section_fault(line, "%sremote is missing: the peer's address or name, or any",
			     where);
	if (!section_given(cfg, "psk") && !section_given(cfg, "psk-file") &&
	    !section_given(cfg, "cert") && !section_given(cfg, "ca") &&
	    !section_given(cfg, "remote-key"))
		section_fault(line, "%spsk or psk-file is missing: the secret shared with the peer; "
			     "or, with certificates, cert, key and ca; or, with raw public keys, "
			     "key and remote-key", where);
	for (unsigned int i = 0; i < 3; i++)
		if (cfg_size(cfg, pairs[i][0]) && cfg_size(cfg, pairs[i][1]))
			section_fault(line, "%s%s and %s are both given: leave one out", where,
				      pairs[i][0], pairs[i][1]);
	for (unsigned int i = 0; i < 2 && children; i++) {
		const char *name = i ? "remote-ts" : "local-ts";

		if (cfg_size(cfg, name))
			section_fault(line,
				     "%s%s stands beside child sections: move it into one of them",
				     where, name);
	}
}

/* Of a tunnel whose peer gives the address, or gets one, the address is the selector. */
static void section_lacks_ts(cfg_t *cfg, int line, const struct tunnel_conf *ike, bool transport)
{
	char where[256];

	if (transport)
		return;
	section_where(cfg, where);
	if (ike->ask_address && cfg_size(cfg, "local-ts"))
		section_fault(line, "%slocal-ts stands beside address = request: what the peer "
			      "gives is local-ts; leave one of the two out", where);
	if (ike->pool[0] && cfg_size(cfg, "remote-ts"))
		section_fault(line, "%sremote-ts stands beside pool: what the pool gives is "
			      "remote-ts; leave one of the two out", where);
	if (!ike->ask_address && !section_given(cfg, "local-ts"))
		section_fault(line,
			     "%slocal-ts is missing: the networks on this side, as { "
			     "\"10.1.0.0/24\" }",
			     where);
	if (!ike->pool[0] && !section_given(cfg, "remote-ts"))
		section_fault(line,
			     "%sremote-ts is missing: the networks behind the peer, as { "
			     "\"10.2.0.0/24\" }",
			     where);
}

/* Makes the next child of @t of what was read. False: noted. */
static bool section_child_add(struct tunnel_options *t, const char *name,
			      struct option_child *child, int line)
{
	struct tunnel_conf *ike = &t->ike;
	struct child_conf *conf = &ike->child[ike->child_count];
	char why[VALUE_WHY_MAX] = "no memory";

	if (!split_leaves_room(ike, name, why) ||
	    !mode_option_selectors(reading.file->load->config, ike, child, why)) {
		section_fault(line, "tunnel \"%s\": %s", ike->name, why);
		return false;
	}
	*conf = child->conf;
	snprintf(conf->name, sizeof(conf->name), "%s", name);
	t->esp_given[ike->child_count] = conf->esp.count;
	if (!conf->esp.count)
		proposals_default(&conf->esp, PROTO_ESP);
	conf->esp.by_peer = t->prefer_peer;
	ike->child_count++;
	if (conf->local_ts && conf->remote_ts && (!child->split || split_last_child(t, why)))
		return true;
	section_fault(line, "tunnel \"%s\": %s", ike->name, why);
	return false;
}

static bool section_children(cfg_t *cfg, struct tunnel_options *t,
			     const struct option_child *defaults)
{
	unsigned int count = cfg_size(cfg, "child");

	for (unsigned int i = 0; i < count; i++) {
		cfg_t *sec = cfg_getnsec(cfg, "child", i);
		int line = reading.sec->child[i];
		struct option_child child = { .conf = defaults->conf, .split = defaults->split };
		struct option_target to = { .tunnel = t, .child = &child };
		bool added;

		if (!section_title(sec, line))
			continue;
		section_options(sec, &to);
		section_lacks_ts(sec, line, &t->ike, child.conf.transport);
		added = !section_sound() || section_child_add(t, sec->title, &child, line);
		option_child_clear(&child);
		if (!added)
			return false;
	}
	return section_sound();
}

/* Keys and certificates. The tunnels share their lists. False: noted. */
static bool section_credentials(struct tunnel_options *t, int line)
{
	char why[VALUE_WHY_MAX];

	if (credential_read(t, time(NULL), why) &&
	    credential_share(t, &reading.file->load->config->lists, why))
		return true;
	section_fault(line, "tunnel \"%s\": %s", t->ike.name, why);
	return false;
}

static void section_lacks_pool(int line, const struct tunnel_conf *ike)
{
	const struct config *c = reading.file->load->config;

	if (ike->pool[0] && !config_pool(c, ike->pool))
		section_fault(line, "tunnel \"%s\": pool: there is no pool \"%s\" above: write "
			      "pool \"%s\" { addresses = { \"10.9.0.0/24\" } } before the tunnel",
			      ike->name, ike->pool, ike->pool);
}

/* @t is zero. False: noted. */
static bool section_tunnel_fill(cfg_t *cfg, int line, struct tunnel_options *t)
{
	struct option_child child = { .conf.rekey_s = SECTION_REKEY };
	struct option_target to = { .tunnel = t, .child = &child };
	unsigned int children = cfg_size(cfg, "child");
	bool ok;

	snprintf(t->ike.name, sizeof(t->ike.name), "%s", cfg->title);
	t->ike.rekey_s = SECTION_IKE_REKEY;
	t->ike.mobike = true;
	t->ike.dpd_s = SECTION_DPD;
	t->ike.retry_first_ms = SECTION_RETRY_FIRST;
	t->ike.retry_tries = SECTION_RETRY_TRIES;
	t->ike.retry_percent = SECTION_RETRY_PERCENT;
	t->ike.fragment_size = FRAGMENT_SIZE;
	t->ike.tcp_port = IKE_NATT_PORT;
	t->script_timeout_s = SECTION_SCRIPT_TIMEOUT;
	t->keepalive_s = SECTION_KEEPALIVE;
	t->ike.child = calloc(children ? children : 1, sizeof(*t->ike.child));
	if (!t->ike.child) {
		section_fault(line, "no memory");
		return false;
	}
	section_lacks(cfg, line, children);
	section_options(cfg, &to);
	if (!children)
		section_lacks_ts(cfg, line, &t->ike, child.conf.transport);
	section_lacks_pool(line, &t->ike);
	if (!t->interface[0] && option_interface_valid(t->ike.name))
		memcpy(t->interface, t->ike.name, strlen(t->ike.name) + 1);
	if (!t->ike.ike.count)
		proposals_default(&t->ike.ike, PROTO_IKE);
	t->ike.ike.by_peer = t->prefer_peer;
	option_follow(&to);
	ok = children ? section_children(cfg, t, &child) :
			section_sound() && section_child_add(t, cfg->title, &child, line);
	option_child_clear(&child);
	return ok && section_credentials(t, line);
}

/* What shows only when the tunnel is whole, beside those that were read before. False: noted. */
static bool section_tunnel_check(cfg_t *cfg, int line, const struct tunnel_options *t)
{
	struct section_load *load = reading.file->load;
	const struct config *c = load->config;
	const char *weakness = t->psk.len ? secret_weakness(t->psk.b, t->psk.len) : NULL;
	char why[VALUE_WHY_MAX];

	if (!check_tunnel(t, why) || !check_listening(t, c, why) ||
	    !beside_check(&load->beside, c, t, why)) {
		section_fault(line, "tunnel \"%s\": %s", t->ike.name, why);
		return false;
	}
	if (weakness)
		section_note(reading.file, t->strict_psk ? LOG_ERR : LOG_WARNING, line,
			    "tunnel \"%s\": psk: %s and can be guessed: use a random one, as "
			    "openssl rand -base64 24 writes it",
			    t->ike.name, weakness);
	if (ppk_option_warning(t, why))
		section_note(reading.file, LOG_WARNING, line, "tunnel \"%s\": %s", t->ike.name,
			     why);
	if (credential_warning(t, time(NULL), why))
		section_note(reading.file, LOG_WARNING, line, "tunnel \"%s\": %s", t->ike.name,
			     why);
	if (weakness && t->strict_psk)
		return false;
	if (beside_add(&load->beside, t, c->count))
		return true;
	section_fault(line, "no memory");
	return false;
}

/* Called at a tunnel's closing brace. A missing option is reported at the tunnel's first line. */
static int section_on_tunnel(cfg_t *root, cfg_opt_t *opt)
{
	cfg_t *cfg = cfg_opt_getnsec(opt, 0);
	struct config *c = reading.file->load->config;
	int line = reading.sec->brace;
	struct tunnel_options *t;

	if (!section_title(cfg, line))
		return 0;
	t = c->count < CONFIG_TUNNELS_MAX ? options_room(c, &reading.file->load->room) : NULL;
	if (!t) {
		section_fault(line,
			      c->count == CONFIG_TUNNELS_MAX ? "more than %d tunnels" : "no memory",
			      CONFIG_TUNNELS_MAX);
		return 0;
	}
	if (cfg_size(cfg, "child") > TUNNEL_CHILDREN_MAX)
		section_fault(line, "tunnel \"%s\": more than %d children", cfg->title,
			     TUNNEL_CHILDREN_MAX);
	else if (section_tunnel_fill(cfg, line, t) && section_tunnel_check(cfg, line, t))
		c->count++;
	else
		tunnel_options_clear(t);
	return 0;
}

static int section_on_pool(cfg_t *root, cfg_opt_t *opt)
{
	cfg_t *cfg = cfg_opt_getnsec(opt, 0);
	struct config *c = reading.file->load->config;
	struct pool_conf pool = { .range_count = 0 }, *more;
	struct option_target to = { .pool = &pool };
	char why[VALUE_WHY_MAX];
	int line = reading.sec->brace;

	if (!section_title(cfg, line))
		return 0;
	snprintf(pool.name, sizeof(pool.name), "%s", cfg->title);
	if (!section_given(cfg, "addresses"))
		section_fault(line, "pool \"%s\": addresses is missing: what it gives, as { "
			      "\"10.9.0.0/24\" }", pool.name);
	section_options(cfg, &to);
	if (section_sound() && !pool_option_check(&pool, c, why))
		section_fault(line, "pool \"%s\": %s", pool.name, why);
	more = section_sound() ? reallocarray(c->pools, c->pool_count + 1, sizeof(*more)) : NULL;
	if (!more) {
		free(pool.statics);
		return section_sound() ? -1 : 0;
	}
	c->pools = more;
	more[c->pool_count++] = pool;
	return 0;
}

static int section_on_include(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	char **names = reallocarray(reading.file->includes, reading.file->include_count + 1,
				    sizeof(*names));
	int *lines = reallocarray(reading.file->include_lines, reading.file->include_count + 1,
				  sizeof(*lines));

	if (names)
		reading.file->includes = names;
	if (lines)
		reading.file->include_lines = lines;
	if (argc != 1) {
		section_fault(section_line(cfg),
			     "include takes one file or pattern, as include(\"conf.d/*.conf\")");
		return -1;
	}
	if (names)
		names[reading.file->include_count] = strdup(argv[0]);
	if (!names || !lines || !names[reading.file->include_count]) {
		section_fault(section_line(cfg), "no memory");
		return -1;
	}
	lines[reading.file->include_count++] = section_line(cfg);
	return 0;
}

static size_t section_table(cfg_opt_t *opts, enum option_place place)
{
	size_t n = 0;

	for (const struct option *o = option_table; o->name; o++) {
		cfg_opt_t one = CFG_STR(o->name, NULL, CFGF_NODEFAULT),
			  many = CFG_STR_LIST(o->name, NULL, CFGF_NODEFAULT);

		if (o->place & place && n < SECTION_OPTIONS_MAX - 3)
			opts[n++] = o->list ? many : one;
	}
	for (unsigned int i = 0; i < reading.unknown_count; i++) {
		cfg_opt_t skipped =
			CFG_STR_LIST(reading.unknown[i].name, NULL, CFGF_NODEFAULT);

		if (reading.unknown[i].place == place && n < SECTION_OPTIONS_MAX - 3)
			opts[n++] = skipped;
	}
	return n;
}

/* @section: the path of libConfuse's, "tunnel|", or nothing outside of tunnels. */
static void section_callbacks(cfg_t *cfg, const char *section, const cfg_opt_t *opts)
{
	for (; opts->name; opts++) {
		char path[128];

		snprintf(path, sizeof(path), "%s%s", section, opts->name);
		if (opts->type == CFGT_STR)
			cfg_set_validate_func(cfg, path, section_on_value);
	}
}

static int section_parse(cfg_t *cfg)
{
	FILE *fp = fmemopen(reading.sec->begin, reading.sec->len, "r");
	int rc;

	cfg->filename = strdup(reading.file->name);
	cfg_set_error_function(cfg, section_on_error);
	rc = fp ? cfg_parse_fp(cfg, fp) : CFG_PARSE_ERROR;
	if (fp)
		fclose(fp);
	return rc;
}

/* The section once, without the options that are known to be unknown. */
static void section_try(void)
{
	cfg_opt_t child_opts[SECTION_OPTIONS_MAX] = { 0 }, tunnel_opts[SECTION_OPTIONS_MAX] = { 0 };
	cfg_opt_t pool_opts[SECTION_OPTIONS_MAX] = { 0 };
	cfg_opt_t opts[SECTION_OPTIONS_MAX] = {
		CFG_SEC("tunnel", tunnel_opts, CFGF_MULTI | CFGF_TITLE),
		CFG_SEC("pool", pool_opts, CFGF_MULTI | CFGF_TITLE),
		CFG_FUNC("include", section_on_include),
	};
	cfg_opt_t end = CFG_END(), child = CFG_SEC("child", child_opts, CFGF_MULTI | CFGF_TITLE |
						   CFGF_NO_TITLE_DUPES);
	size_t n = section_table(tunnel_opts, OPTION_TUNNEL);
	cfg_t *cfg;

	child_opts[section_table(child_opts, OPTION_CHILD)] = end;
	tunnel_opts[n] = child;
	tunnel_opts[n + 1] = end;
	pool_opts[section_table(pool_opts, OPTION_POOL)] = end;
	opts[3 + section_table(opts + 3, 0)] = end;
	cfg = cfg_init(opts, CFGF_NONE);
	if (!cfg) {
		section_fault(0, "no memory");
		return;
	}
	reading.root = cfg;
	reading.bad = NULL;
	cfg_set_validate_func(cfg, "tunnel", section_on_tunnel);
	cfg_set_validate_func(cfg, "pool", section_on_pool);
	section_callbacks(cfg, "pool|", pool_opts);
	section_callbacks(cfg, "", opts);
	section_callbacks(cfg, "tunnel|", tunnel_opts);
	section_callbacks(cfg, "tunnel|child|", child_opts);
	if (section_parse(cfg) != CFG_SUCCESS && section_sound() && !reading.again)
		section_fault(section_line(cfg), "cannot be understood");
	secret_wipe_read(cfg);
	cfg_free(cfg);
	reading.root = NULL;
}

void section_read(struct section_file *file, const struct text_section *sec)
{
	size_t faults = file->load->faults.count, includes = file->include_count;

	reading.file = file;
	reading.sec = sec;
	reading.errors = file->load->faults.errors;
	reading.unknown_count = 0;
	do {
		fault_cut(&file->load->faults, faults);
		while (file->include_count > includes)
			free(file->includes[--file->include_count]);
		reading.again = false;
		section_try();
	} while (reading.again);
}
