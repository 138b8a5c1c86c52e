// SPDX-License-Identifier: GPL-2.0
#include "esplaned/conf/config.h"

#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "esplaned/conf/text.h"
#include "esplaned/conf/option.h"
#include "lib/mem.h"

#define FILE_MAX	(1024 * 1024)	/* octets of one file */
#define DEPTH_MAX	8		/* of include */
#define TUNNELS_MAX	1024
#define OPTIONS_MAX	32
#define VALUE_MAX	600		/* octets: an identity as hexadecimal digits */

#define REKEY_DEFAULT	3600		/* seconds */
#define DPD_DEFAULT	30

/* One file that is being read. libConfuse gives its callbacks no context: @reading is it. */
struct reader {
	struct config *config;
	const char *file, *text;
	struct stat st;
	int tunnel_lines[TUNNELS_MAX + 1];	/* where each begins */
	char *why;
	char **includes;
	int *include_lines;
	size_t include_count;
};

static struct reader *reading;

static int fail_at(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The first error is the one that counts: later ones are its consequences. Returns -1. */
static int fail_at(const char *file, int line, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (reading->why[0])
		return -1;
	n = line ? snprintf(reading->why, CONFIG_WHY_MAX, "%s:%d: ", file, line) :
		   snprintf(reading->why, CONFIG_WHY_MAX, "%s: ", file);
	if (n < 0 || n >= CONFIG_WHY_MAX)
		return -1;
	va_start(ap, fmt);
	vsnprintf(reading->why + n, CONFIG_WHY_MAX - (size_t)n, fmt, ap);
	va_end(ap);
	return -1;
}

static void unknown_option(cfg_t *cfg, const char *name)
{
	const char *nearest = cfg->title ? option_nearest(name) : NULL;
	char list[512];
	size_t len = 0;

	if (!cfg->title) {
		fail_at(cfg->filename, cfg->line,
			"\"%s\" is not known here: accepted are tunnel \"NAME\" { ... } and "
			"include(\"PATTERN\")",
			name);
		return;
	}
	if (nearest) {
		fail_at(cfg->filename, cfg->line,
			"tunnel \"%s\": there is no option %s: do you mean %s?", cfg->title, name,
			nearest);
		return;
	}
	list[0] = '\0';
	for (const struct option *o = option_table; o->name && len < sizeof(list); o++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", len ? ", " : "",
					o->name);
	fail_at(cfg->filename, cfg->line, "tunnel \"%s\": there is no option %s: accepted are %s",
		cfg->title, name, list);
}

/* Words of libConfuse's that are ours to say better. */
static const char *better_words(const char *text)
{
	static const struct {
		const char *theirs, *ours;
	} rows[] = {
		{ "missing parenthesis for function 'include'",
		  "include needs parentheses, as include(\"conf.d/*.conf\")" },
		{ "missing title for section 'tunnel'",
		  "the tunnel has no name: write tunnel \"NAME\" {" },
		{ "missing opening brace for section 'tunnel'",
		  "after the tunnel's name comes {: write tunnel \"NAME\" {" },
		{ "unexpected token ','",
		  "a comma out of place: several values are a list, as { \"a\", \"b\" }" },
		{ "unexpected token '{'",
		  "a { out of place: this option takes one value, no list" },
		{ "unexpected token '}'", "a value is missing before the }" },
		{ "premature end of file", "the file ends too early: a } or a ) is missing" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (!strcmp(rows[i].theirs, text))
			return rows[i].ours;
	}
	return text;
}

static void on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	char text[512];

	vsnprintf(text, sizeof(text), fmt, ap);
	/* What libConfuse stumbles over is then most likely a part of the secret. */
	if (conftext_has_secret(reading->text, cfg->line) && !strstr(text, "'psk'")) {
		fail_at(cfg->filename, cfg->line,
			"%s%s%spsk: the line goes on after its value: a secret with blanks or "
			"{ } ( ) = + , # has to stand in quotes",
			cfg->title ? "tunnel \"" : "", cfg->title ? cfg->title : "",
			cfg->title ? "\": " : "");
		return;
	}
	if (strstr(fmt, "no such option")) {
		char *name = strchr(text, '\''), *end = strrchr(text, '\'');

		if (name && end > name) {
			*end = '\0';
			unknown_option(cfg, name + 1);
			return;
		}
	}
	if (strstr(fmt, "duplicate title"))
		fail_at(cfg->filename, cfg->line, "%s: each tunnel needs a name of its own", text);
	else if (cfg->title)
		fail_at(cfg->filename, cfg->line, "tunnel \"%s\": %s", cfg->title,
			better_words(text));
	else
		fail_at(cfg->filename, cfg->line, "%s", better_words(text));
}

static const struct option *option_find(const char *name)
{
	const struct option *o = option_table;

	while (o->name && strcmp(o->name, name))
		o++;
	return o;
}

static int option_apply(cfg_t *cfg, cfg_opt_t *opt, unsigned int index, struct tunnel_options *t)
{
	struct option_source src = { .file = reading->file, .st = &reading->st };
	const char *value = cfg_opt_getnstr(opt, index);
	char why[OPTION_WHY_MAX];

	/* Secrets and their files have limits of their own. */
	if (strncmp(opt->name, "psk", 3) && strlen(value) > VALUE_MAX)
		return fail_at(cfg->filename, cfg->line,
			       "tunnel \"%s\": %s: a value of %zu octets is too long: at most %d",
			       cfg->title, opt->name, strlen(value), VALUE_MAX);
	if (option_find(opt->name)->set(t, value, &src, why))
		return 0;
	return fail_at(cfg->filename, cfg->line, "tunnel \"%s\": %s: %s", cfg->title, opt->name,
		       why);
}

/*
 * Called at each value, while the line is known: tries it, with those of the list that came before,
 * on a tunnel that is thrown away.
 */
static int on_value(cfg_t *cfg, cfg_opt_t *opt)
{
	struct tunnel_options scratch = { 0 };
	int rc = 0;

	for (unsigned int i = 0; i < cfg_opt_size(opt) && !rc; i++)
		rc = option_apply(cfg, opt, i, &scratch);
	mem_wipe(&scratch, sizeof(scratch));
	return rc;
}

static bool families_meet(const struct tunnel_conf *c)
{
	for (unsigned int i = 0; i < c->local_ts_count; i++) {
		for (unsigned int j = 0; j < c->remote_ts_count; j++) {
			if (c->local_ts[i].start.family == c->remote_ts[j].start.family)
				return true;
		}
	}
	return false;
}

/* What is missing, and what contradicts. NULL: it is whole. */
static const char *tunnel_lacks(cfg_t *cfg, const struct tunnel_options *t)
{
	bool psk = cfg_size(cfg, "psk"), psk_file = cfg_size(cfg, "psk-file");

	if (!cfg_size(cfg, "remote"))
		return "remote is missing: the peer's address or name, or any";
	if (!psk && !psk_file)
		return "psk or psk-file is missing: the secret shared with the peer";
	if (psk && psk_file)
		return "psk and psk-file are both given: one is enough";
	if (!t->ike.local_ts_count)
		return "local-ts is missing: the networks on this side, as { \"10.1.0.0/24\" }";
	if (!t->ike.remote_ts_count)
		return "remote-ts is missing: the networks behind the peer, as { \"10.2.0.0/24\" }";
	if (!families_meet(&t->ike))
		return "local-ts and remote-ts have no address family in common";
	if (t->ike.answer_only && t->start_up)
		return "start = up needs an address to go to, but remote is any: name the peer, or "
		       "use start = manual";
	if (t->address.family &&
	    !ts_list_contains_addr(t->ike.local_ts, t->ike.local_ts_count, &t->address))
		return "address is outside local-ts: nothing that this host sends from it would "
		       "enter the tunnel";
	if (!t->interface[0])
		return "the name is no interface name (" OPTION_INTERFACE_RULE "): give interface "
		       "= \"...\"";
	return NULL;
}

static int tunnel_unique(cfg_t *cfg, const struct tunnel_options *t)
{
	const struct config *c = reading->config;

	for (size_t i = 0; i < c->count; i++) {
		if (!strcmp(c->tunnels[i].ike.name, t->ike.name))
			return fail_at(cfg->filename, cfg->line,
				       "tunnel \"%s\" is defined twice: each tunnel needs a name "
				       "of its own",
				       t->ike.name);
		if (!strcmp(c->tunnels[i].interface, t->interface))
			return fail_at(cfg->filename, cfg->line,
				       "tunnel \"%s\": interface %s is taken by tunnel \"%s\"",
				       t->ike.name, t->interface, c->tunnels[i].ike.name);
	}
	return 0;
}

static int tunnel_fill(cfg_t *cfg, struct tunnel_options *t)
{
	const char *lack;

	snprintf(t->ike.name, sizeof(t->ike.name), "%s", cfg->title);
	t->ike.rekey_s = REKEY_DEFAULT;
	t->ike.dpd_s = DPD_DEFAULT;
	for (const struct option *o = option_table; o->name; o++) {
		cfg_opt_t *opt = cfg_getopt(cfg, o->name);

		for (unsigned int i = 0; i < cfg_opt_size(opt); i++) {
			if (option_apply(cfg, opt, i, t))
				return -1;
		}
	}
	if (!t->interface[0] && option_interface_valid(t->ike.name))
		memcpy(t->interface, t->ike.name, strlen(t->ike.name) + 1);
	if (!t->ike.ike.count)
		proposals_default(&t->ike.ike, PROTO_IKE);
	t->esp_given = t->ike.esp.count;
	if (!t->esp_given)
		proposals_default(&t->ike.esp, PROTO_ESP);
	lack = tunnel_lacks(cfg, t);
	if (lack)
		return fail_at(cfg->filename, cfg->line, "tunnel \"%s\": %s", cfg->title, lack);
	return tunnel_unique(cfg, t);
}

static bool title_valid(const char *title)
{
	if (!*title || strlen(title) >= TUNNEL_NAME_MAX)
		return false;
	for (; *title; title++) {
		if (*title <= ' ' || *title == 0x7f || *title == '"')
			return false;
	}
	return true;
}

/* Called at a tunnel's closing brace. What is missing is missed where the tunnel begins. */
static int on_tunnel(cfg_t *file_cfg, cfg_opt_t *opt)
{
	unsigned int index = cfg_opt_size(opt) - 1;
	cfg_t *cfg = cfg_opt_getnsec(opt, index);
	struct config *c = reading->config;
	struct tunnel_options *grown;

	if (index <= TUNNELS_MAX)
		cfg->line = reading->tunnel_lines[index];
	if (!title_valid(cfg->title))
		return fail_at(cfg->filename, cfg->line,
			       "\"%s\" is no name for a tunnel: accepted are 1 to %d ASCII "
			       "characters without space and quotes",
			       cfg->title, TUNNEL_NAME_MAX - 1);
	if (c->count == TUNNELS_MAX)
		return fail_at(cfg->filename, cfg->line, "more than %d tunnels", TUNNELS_MAX);
	/* Not realloc: it would leave secrets behind. */
	grown = calloc(c->count + 1, sizeof(*grown));
	if (!grown)
		return fail_at(cfg->filename, cfg->line, "no memory");
	if (tunnel_fill(cfg, &grown[c->count])) {
		mem_free_wiped(grown, (c->count + 1) * sizeof(*grown));
		return -1;
	}
	if (c->count)
		memcpy(grown, c->tunnels, c->count * sizeof(*grown));
	mem_free_wiped(c->tunnels, c->count * sizeof(*grown));
	c->tunnels = grown;
	c->count++;
	return 0;
}

static int on_include(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	char **names = reallocarray(reading->includes, reading->include_count + 1, sizeof(*names));
	int *lines =
		reallocarray(reading->include_lines, reading->include_count + 1, sizeof(*lines));

	if (names)
		reading->includes = names;
	if (lines)
		reading->include_lines = lines;
	if (argc != 1)
		return fail_at(cfg->filename, cfg->line,
			       "include takes one file or pattern, as include(\"conf.d/*.conf\")");
	if (names)
		names[reading->include_count] = strdup(argv[0]);
	if (!names || !lines || !names[reading->include_count])
		return fail_at(cfg->filename, cfg->line, "no memory");
	lines[reading->include_count++] = cfg->line;
	return 0;
}

/* Whether or not all of it was understood. */
static void secrets_wipe(cfg_t *cfg)
{
	for (unsigned int i = 0; i < cfg_size(cfg, "tunnel"); i++) {
		cfg_opt_t *opt = cfg_getopt(cfg_getnsec(cfg, "tunnel", i), "psk");

		for (unsigned int j = 0; j < cfg_opt_size(opt); j++)
			if (opt->values[j]->string)
				mem_wipe(opt->values[j]->string, strlen(opt->values[j]->string));
	}
}

static int text_parse(char *text, size_t len)
{
	cfg_opt_t tunnel_opts[OPTIONS_MAX] = { 0 };
	size_t n = 0;
	FILE *fp;
	cfg_t *cfg;
	int rc;

	for (const struct option *o = option_table; o->name && n < OPTIONS_MAX - 1; o++, n++) {
		cfg_opt_t one = CFG_STR(o->name, NULL, CFGF_NODEFAULT),
			  many = CFG_STR_LIST(o->name, NULL, CFGF_NODEFAULT);

		tunnel_opts[n] = o->list ? many : one;
	}
	tunnel_opts[n] = (cfg_opt_t)CFG_END();
	cfg_opt_t opts[] = {
		CFG_SEC("tunnel", tunnel_opts, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
		CFG_FUNC("include", on_include),
		CFG_END(),
	};

	cfg = cfg_init(opts, CFGF_NONE);
	fp = cfg ? fmemopen(text, len, "r") : NULL;
	if (!fp) {
		if (cfg)
			cfg_free(cfg);
		return fail_at(reading->file, 0, "no memory");
	}
	free(cfg->filename);
	cfg->filename = strdup(reading->file);
	cfg_set_error_function(cfg, on_error);
	cfg_set_validate_func(cfg, "tunnel", on_tunnel);
	for (const struct option *o = option_table; o->name; o++) {
		char path[64];

		snprintf(path, sizeof(path), "tunnel|%s", o->name);
		cfg_set_validate_func(cfg, path, on_value);
	}
	rc = cfg_parse_fp(cfg, fp) == CFG_SUCCESS ?
		     0 :
		     fail_at(reading->file, cfg->line, "cannot be understood");
	fclose(fp);
	secrets_wipe(cfg);
	cfg_free(cfg);
	return rc;
}

/* All of it, terminated; to be wiped, FILE_MAX + 1 octets. NULL: said. */
static char *text_read(int fd, const char *path, size_t *len)
{
	char *text = calloc(1, FILE_MAX + 1);
	ssize_t n = 1;

	*len = 0;
	if (!text) {
		fail_at(path, 0, "no memory");
		return NULL;
	}
	while (n > 0 && *len < FILE_MAX) {
		n = read(fd, text + *len, FILE_MAX - *len);
		*len += n > 0 ? (size_t)n : 0;
	}
	if (n >= 0 && strlen(text) == *len)
		return text;
	fail_at(path, 0, "%s", n < 0 ? strerror(errno) : "not a text file: it has a zero octet");
	mem_free_wiped(text, FILE_MAX + 1);
	return NULL;
}

static char *file_read(const char *path, struct stat *st, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char *text = NULL;

	if (fd < 0 || fstat(fd, st))
		fail_at(path, 0, "%s", strerror(errno));
	else if (!S_ISREG(st->st_mode))
		fail_at(path, 0, "not a regular file");
	else if (st->st_mode & 0002)
		fail_at(path, 0, "anybody can write it: chmod o-w %s", path);
	else if (st->st_size > FILE_MAX)
		fail_at(path, 0, "longer than %d octets", FILE_MAX);
	else
		text = text_read(fd, path, len);
	if (fd >= 0)
		close(fd);
	return text;
}

static int file_load(struct config *config, const char *path, int depth, char *why);

static int include_load(struct reader *r, const char *pattern, int line, int depth)
{
	const char *slash = strrchr(r->file, '/');
	bool relative = pattern[0] != '/' && slash;
	char path[4096];
	glob_t found;
	int rc;

	if (depth == DEPTH_MAX)
		return fail_at(r->file, line,
			       "include: more than %d files deep: does a file include itself?",
			       DEPTH_MAX);
	snprintf(path, sizeof(path), "%.*s%s%s", relative ? (int)(slash - r->file) : 0, r->file,
		 relative ? "/" : "", pattern);
	rc = glob(path, 0, NULL, &found);
	if (rc == GLOB_NOMATCH) /* an empty directory is no mistake, a missing file is one */
		return strpbrk(path, "*?[") ?
			       0 :
			       fail_at(r->file, line, "include: %s: %s", path, strerror(ENOENT));
	if (rc)
		return fail_at(r->file, line, "include: %s: cannot be read", path);
	for (size_t i = 0; i < found.gl_pathc && !rc; i++)
		rc = file_load(r->config, found.gl_pathv[i], depth + 1, r->why);
	globfree(&found);
	return rc;
}

/*
 * Included files are read after the file that names them: the lexer of libConfuse is one for the
 * whole process.
 */
static int file_load(struct config *config, const char *path, int depth, char *why)
{
	struct reader r = { .config = config, .file = path, .why = why }, *outer = reading;
	struct conftext_fault fault;
	size_t len;
	char *text;
	int rc;

	reading = &r;
	text = file_read(path, &r.st, &len);
	r.text = text;
	rc = text ? 0 : -1;
	if (text && !conftext_check(text, r.tunnel_lines, TUNNELS_MAX + 1, &fault))
		rc = fail_at(path, fault.line, "%s", fault.why);
	if (!rc && text[strspn(text, " \t\r\n")])
		rc = text_parse(text, len);
	if (text)
		mem_free_wiped(text, FILE_MAX + 1);
	for (size_t i = 0; i < r.include_count; i++) {
		if (!rc)
			rc = include_load(&r, r.includes[i], r.include_lines[i], depth);
		free(r.includes[i]);
	}
	free(r.includes);
	free(r.include_lines);
	reading = outer;
	return rc;
}

struct config *config_load(const char *path, char why[CONFIG_WHY_MAX])
{
	struct config *config = calloc(1, sizeof(*config));

	why[0] = '\0';
	if (!config) {
		snprintf(why, CONFIG_WHY_MAX, "%s: no memory", path);
		return NULL;
	}
	if (file_load(config, path, 0, why)) {
		config_free(config);
		return NULL;
	}
	return config;
}

void config_free(struct config *config)
{
	if (!config)
		return;
	mem_free_wiped(config->tunnels, config->count * sizeof(*config->tunnels));
	free(config);
}

static bool proposals_equal(const struct proposals *a, const struct proposals *b)
{
	if (a->count != b->count)
		return false;
	for (unsigned int i = 0; i < a->count; i++) {
		char x[PROPOSAL_STRLEN], y[PROPOSAL_STRLEN];

		if (strcmp(proposal_str(&a->p[i], x), proposal_str(&b->p[i], y)))
			return false;
	}
	return true;
}

static bool selectors_equal(const struct ts *a, unsigned int na, const struct ts *b,
			    unsigned int nb)
{
	for (unsigned int i = 0; na == nb && i < na; i++) {
		if (!ts_equal(&a[i], &b[i]))
			return false;
	}
	return na == nb;
}

bool tunnel_options_equal(const struct tunnel_options *a, const struct tunnel_options *b)
{
	const struct tunnel_conf *x = &a->ike, *y = &b->ike;

	return !strcmp(x->name, y->name) && addr_equal(&x->local, &y->local) &&
	       addr_equal(&x->remote, &y->remote) && x->answer_only == y->answer_only &&
	       ike_id_equal(&x->local_id, &y->local_id) &&
	       ike_id_equal(&x->remote_id, &y->remote_id) && x->psk_len == y->psk_len &&
	       !memcmp(x->psk, y->psk, x->psk_len) && proposals_equal(&x->ike, &y->ike) &&
	       proposals_equal(&x->esp, &y->esp) &&
	       selectors_equal(x->local_ts, x->local_ts_count, y->local_ts, y->local_ts_count) &&
	       selectors_equal(x->remote_ts, x->remote_ts_count, y->remote_ts,
			       y->remote_ts_count) &&
	       x->force_udp == y->force_udp && x->rekey_s == y->rekey_s &&
	       x->rekey_bytes == y->rekey_bytes && x->rekey_packets == y->rekey_packets &&
	       x->dpd_s == y->dpd_s && x->replay_window == y->replay_window &&
	       !strcmp(a->remote_name, b->remote_name) && !strcmp(a->interface, b->interface) &&
	       addr_equal(&a->address, &b->address) && a->address_bits == b->address_bits &&
	       a->metric == b->metric && a->start_up == b->start_up;
}
