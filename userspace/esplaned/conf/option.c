// SPDX-License-Identifier: GPL-2.0
#include "esplaned/conf/option.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/esplane.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/mem.h"

#define HOST_CHARS	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"
#define LIST_CHARS	", \t"		/* in a value: a list that was written as one string */
#define DURATION_MAX	(30 * 86400UL)	/* seconds */

static bool refuse(char why[OPTION_WHY_MAX], const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static bool refuse(char why[OPTION_WHY_MAX], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, OPTION_WHY_MAX, fmt, ap);
	va_end(ap);
	return false;
}

/* A decimal number and at most one letter after it. */
static bool number_parse(const char *text, uint64_t *number, char *suffix)
{
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	*number = strtoull(text, &end, 10);
	*suffix = end[0];
	return !errno && (!end[0] || !end[1]);
}

static bool duration_parse(const char *text, uint32_t *seconds, char why[OPTION_WHY_MAX])
{
	static const struct { char suffix; uint32_t seconds; } units[] = {
		{ '\0', 1 }, { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 },
	};
	uint64_t n;
	char suffix;

	if (!strcmp(text, "never")) {
		*seconds = 0;
		return true;
	}
	for (size_t i = 0; number_parse(text, &n, &suffix) && i < sizeof(units) / sizeof(*units);
	     i++) {
		if (suffix != units[i].suffix)
			continue;
		if (!n)
			return refuse(why, "\"%s\" is no duration: write never to turn it off",
				      text);
		if (n > DURATION_MAX / units[i].seconds)
			return refuse(why, "\"%s\" is too long: at most 30d, or never", text);
		*seconds = (uint32_t)(n * units[i].seconds);
		return true;
	}
	return refuse(why,
		      "\"%s\" is no duration: accepted are a number with s, m, h or d, as 90s or "
		      "1h, and never",
		      text);
}

static bool amount_parse(const char *text, uint64_t base, uint64_t *amount,
			 char why[OPTION_WHY_MAX])
{
	const char *units = "kMGT", *unit = NULL;
	uint64_t n, factor = 1;
	char suffix;
	bool ok;

	ok = number_parse(text, &n, &suffix);
	if (ok && suffix)
		unit = strchr(units, suffix == 'K' ? 'k' : suffix);
	if (!ok || (suffix && !unit))
		return refuse(why,
			      "\"%s\" is no amount: accepted are a number with k, M, G or T, as "
			      "64G, and never",
			      text);
	for (; suffix && unit >= units; unit--)
		factor *= base;
	if (n > INT64_MAX / factor)	/* the hard limit is a little more */
		return refuse(why, "\"%s\" is more than 63 bits hold", text);
	*amount = n * factor;
	return true;
}

/* The peers would do little but agree on new keys. */
static bool lifetime_parse(const char *text, uint64_t base, const char *least, uint64_t *amount,
			   char why[OPTION_WHY_MAX])
{
	uint64_t least_amount;

	if (!strcmp(text, "never")) {
		*amount = 0;
		return true;
	}
	if (!amount_parse(text, base, amount, why) ||
	    !amount_parse(least, base, &least_amount, why))
		return false;
	if (*amount >= least_amount)
		return true;
	return refuse(why,
		      "\"%s\" would change keys all the time: accepted are %s and more, and never",
		      text, least);
}

/* An address that a packet can come from. */
static bool is_hosts(const struct addr *a)
{
	return a->b[0] && a->b[0] < 224;
}

static bool set_local(struct tunnel_options *t, const char *value, const struct option_source *src,
		      char why[OPTION_WHY_MAX])
{
	if (!addr_parse(&t->ike.local, value))
		return refuse(why,
			      "\"%s\" is no address: accepted is an IPv4 address of this host, "
			      "as 192.0.2.1",
			      value);
	if (t->ike.local.family != AF_INET)
		return refuse(why, "\"%s\": the outer addresses are IPv4 only, as 192.0.2.1",
			      value);
	if (!is_hosts(&t->ike.local))
		return refuse(why,
			      "\"%s\" is no host's address: leave local out, the route to the "
			      "peer tells which it is",
			      value);
	return true;
}

static bool host_valid(const char *name)
{
	size_t len = strlen(name);

	return len && len < CONFIG_HOST_MAX &&
	       strspn(name, HOST_CHARS) == len &&
	       name[0] != '.' && name[0] != '-' && !strstr(name, "..") &&
	       name[strspn(name, "0123456789.")] != '\0';
}

static bool set_remote(struct tunnel_options *t, const char *value, const struct option_source *src,
		       char why[OPTION_WHY_MAX])
{
	t->ike.answer_only = !strcmp(value, "any");
	if (t->ike.answer_only)
		return true;
	if (addr_parse(&t->ike.remote, value)) {
		if (t->ike.remote.family != AF_INET)
			return refuse(why,
				      "\"%s\": the outer addresses are IPv4 only, as 198.51.100.1",
				      value);
		return is_hosts(&t->ike.remote) ||
		       refuse(why,
			      "\"%s\" is no host's address: a peer that may come from anywhere "
			      "is remote = any (answer only)",
			      value);
	}
	if (!host_valid(value))
		return refuse(why,
			      "\"%s\" is neither an IPv4 address nor a host name: accepted are "
			      "an address, as 198.51.100.1, a name, as gw.example.org, or any "
			      "(answer only)",
			      value);
	snprintf(t->remote_name, sizeof(t->remote_name), "%s", value);
	return true;
}

/* @absent: what is so without the option. */
static bool id_set(struct ike_id *id, const char *value, const char *absent,
		   char why[OPTION_WHY_MAX])
{
	struct addr addr;

	if (!strcmp(value, "any") || !strcmp(value, "%any"))
		return refuse(why, "\"%s\" is no identity: leave the option out; %s", value,
			      absent);
	if ((host_valid(value) || strchr(value, '@') || !strncmp(value, "keyid:", 6) ||
	     addr_parse(&addr, value)) &&
	    ike_id_parse(id, value))
		return true;
	return refuse(why,
		      "\"%s\" is no identity: accepted are an IPv4 or IPv6 address, a host name, as "
		      "gw.example.org, user@example.org, @ and any text for a name of another "
		      "form, @# and hexadecimal digits, keyid: and text, of at most %d octets; "
		      "distinguished names are not supported",
		      value, TUNNEL_ID_MAX);
}

static bool set_local_id(struct tunnel_options *t, const char *value,
			 const struct option_source *src, char why[OPTION_WHY_MAX])
{
	return id_set(&t->ike.local_id, value, "without local-id it is the local address", why);
}

static bool set_remote_id(struct tunnel_options *t, const char *value,
			  const struct option_source *src, char why[OPTION_WHY_MAX])
{
	return id_set(&t->ike.remote_id, value,
		      "without remote-id, whoever knows the secret is the peer", why);
}

static int digit64(char c)
{
	static const char set[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(set, c) : NULL;

	return at ? (int)(at - set) : -1;
}

static int digit16(char c)
{
	return isxdigit((unsigned char)c) ?
		       (isdigit((unsigned char)c) ? c - '0' : (c | 0x20) - 'a' + 10) :
		       -1;
}

/* @bits a digit: 4 or 6. Trailing "=" are skipped, left-over bits must be zero. */
static bool digits_decode(const char *text, int (*digit)(char), unsigned int bits,
			  struct tunnel_conf *conf)
{
	size_t len = strlen(text);
	uint32_t acc = 0;
	unsigned int have = 0;

	for (; bits == 6 && len && text[len - 1] == '='; len--)
		;
	conf->psk_len = 0;
	for (size_t i = 0; i < len; i++) {
		int d = digit(text[i]);

		if (d < 0)
			return false;
		acc = acc << bits | (uint32_t)d;
		have += bits;
		if (have < 8)
			continue;
		if (conf->psk_len == TUNNEL_PSK_MAX)
			return false;
		have -= 8;
		conf->psk[conf->psk_len++] = (uint8_t)(acc >> have);
		acc &= (1U << have) - 1;
	}
	return conf->psk_len && have < bits && !acc;
}

/*
 * As strongSwan writes secrets: 0x and hexadecimal digits, 0s and base64, or the text itself. Never
 * repeats the secret.
 */
static bool psk_set(struct tunnel_conf *conf, const char *value, char why[OPTION_WHY_MAX])
{
	size_t len = strlen(value);
	bool ok;

	if (!strncmp(value, "0x", 2) || !strncmp(value, "0s", 2)) {
		ok = value[1] == 'x' ? digits_decode(value + 2, digit16, 4, conf) :
				       digits_decode(value + 2, digit64, 6, conf);
		return ok ||
		       refuse(why,
			      "the secret starts with %.2s but does not go on in %s of 1 to %d "
			      "octets",
			      value, value[1] == 'x' ? "pairs of hexadecimal digits" : "base64",
			      TUNNEL_PSK_MAX);
	}
	if (!len || len > TUNNEL_PSK_MAX)
		return refuse(why, "the secret has %zu octets: accepted are 1 to %d", len,
			      TUNNEL_PSK_MAX);
	memcpy(conf->psk, value, len);
	conf->psk_len = (uint16_t)len;
	return true;
}

bool option_file_private(const char *file, const struct stat *st, char why[OPTION_WHY_MAX])
{
	if (st->st_mode & 077)
		return refuse(why,
			      "%s holds a secret and is open to others (mode %04o): chmod 600 %s",
			      file, (unsigned int)st->st_mode & 07777, file);
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return refuse(why, "%s holds a secret and belongs to uid %u: chown root %s", file,
			      (unsigned int)st->st_uid, file);
	return true;
}

static bool set_psk(struct tunnel_options *t, const char *value, const struct option_source *src,
		    char why[OPTION_WHY_MAX])
{
	return option_file_private(src->file, src->st, why) && psk_set(&t->ike, value, why);
}

static bool psk_file_read(int fd, const char *path, char *buf, size_t size,
			  char why[OPTION_WHY_MAX])
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st))
		return refuse(why, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return refuse(why, "%s is not a regular file", path);
	if (!option_file_private(path, &st, why))
		return false;
	n = read(fd, buf, size - 1);
	if (n < 0)
		return refuse(why, "%s: %s", path, strerror(errno));
	if ((size_t)n == size - 1)
		return refuse(why, "%s is too long: a secret has at most %d octets", path,
			      TUNNEL_PSK_MAX);
	if (n && buf[n - 1] == '\n')
		n--;
	if (n && buf[n - 1] == '\r')
		return refuse(why,
			      "%s ends in a carriage return, which would belong to the secret: "
			      "remove it, with tr -d '\\r' or the like",
			      path);
	buf[n] = '\0';
	if (strlen(buf) != (size_t)n)
		return refuse(why,
			      "%s contains a zero octet: write such a secret as 0x and "
			      "hexadecimal digits",
			      path);
	return true;
}

static bool set_psk_file(struct tunnel_options *t, const char *value,
			 const struct option_source *src, char why[OPTION_WHY_MAX])
{
	char path[4096], secret[2 * TUNNEL_PSK_MAX + 4];
	const char *slash = strrchr(src->file, '/');
	bool ok;
	int fd;

	if (value[0] == '/' || !slash)
		snprintf(path, sizeof(path), "%s", value);
	else
		snprintf(path, sizeof(path), "%.*s/%s", (int)(slash - src->file), src->file, value);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return refuse(why, "%s: %s; accepted is a file with the secret in it, mode 0600",
			      path, strerror(errno));
	ok = psk_file_read(fd, path, secret, sizeof(secret), why) && psk_set(&t->ike, secret, why);
	close(fd);
	mem_wipe(secret, sizeof(secret));
	return ok;
}

static bool proposal_add(struct proposals *list, uint8_t protocol, const char *value,
			 char why[OPTION_WHY_MAX])
{
	char detail[512];

	if (list->count == PROPOSALS_MAX)
		return refuse(why, "more than %d proposals", PROPOSALS_MAX);
	if (strpbrk(value, LIST_CHARS))
		return refuse(why, "\"%s\": several proposals are a list: { %s }", value,
			      protocol == PROTO_IKE ?
				      "\"aes128gcm16-prfsha256-x25519\", \"aes256-sha256-ecp256\"" :
				      "\"aes128gcm16-esn\", \"aes256-sha256-esn\"");
	if (!proposal_parse(&list->p[list->count], protocol, value, detail, sizeof(detail)))
		return refuse(why, "\"%s\": %s", value, detail);
	list->count++;
	return true;
}

static bool set_ike(struct tunnel_options *t, const char *value, const struct option_source *src,
		    char why[OPTION_WHY_MAX])
{
	return proposal_add(&t->ike.ike, PROTO_IKE, value, why);
}

static bool set_esp(struct tunnel_options *t, const char *value, const struct option_source *src,
		    char why[OPTION_WHY_MAX])
{
	return proposal_add(&t->ike.esp, PROTO_ESP, value, why);
}

static bool ts_add(struct ts list[TUNNEL_TS_MAX], uint8_t *count, const char *value,
		   char why[OPTION_WHY_MAX])
{
	const char *detail = "";

	if (*count == TUNNEL_TS_MAX)
		return refuse(why, "more than %d selectors", TUNNEL_TS_MAX);
	if (strpbrk(value, LIST_CHARS))
		return refuse(why,
			      "\"%s\": a selector has no blanks and no comma; several are a list: "
			      "{ \"10.1.0.0/24\", \"10.3.0.0/24\" }",
			      value);
	if (!ts_parse(&list[*count], value, &detail))
		return refuse(why,
			      "\"%s\": %s; accepted are a prefix, as 10.1.0.0/24, an address, a "
			      "range, as 10.1.0.5-10.1.0.9, each with [tcp/80] or the like after "
			      "it",
			      value, detail);
	(*count)++;
	return true;
}

static bool set_local_ts(struct tunnel_options *t, const char *value,
			 const struct option_source *src, char why[OPTION_WHY_MAX])
{
	return ts_add(t->ike.local_ts, &t->ike.local_ts_count, value, why);
}

static bool set_remote_ts(struct tunnel_options *t, const char *value,
			  const struct option_source *src, char why[OPTION_WHY_MAX])
{
	return ts_add(t->ike.remote_ts, &t->ike.remote_ts_count, value, why);
}

/*
 * What the kernel takes (dev_valid_name), less the names that sysctl and people use for something
 * else.
 */
bool option_interface_valid(const char *name)
{
	if (!*name || strlen(name) >= IFNAMSIZ || !strcmp(name, ".") || !strcmp(name, "..") ||
	    !strcmp(name, "all") || !strcmp(name, "default") || !strcmp(name, "lo"))
		return false;
	for (; *name; name++) {
		if (!isgraph((unsigned char)*name) || strchr("/:%", *name))
			return false;
	}
	return true;
}

static bool set_interface(struct tunnel_options *t, const char *value,
			  const struct option_source *src, char why[OPTION_WHY_MAX])
{
	if (!option_interface_valid(value))
		return refuse(why,
			      "\"%s\" is no interface name: accepted are " OPTION_INTERFACE_RULE,
			      value);
	snprintf(t->interface, sizeof(t->interface), "%s", value);
	return true;
}

static bool set_address(struct tunnel_options *t, const char *value,
			const struct option_source *src, char why[OPTION_WHY_MAX])
{
	char host[ADDR_STRLEN], *slash, suffix;
	uint64_t bits;

	snprintf(host, sizeof(host), "%s", value);
	slash = strchr(host, '/');
	if (slash)
		*slash++ = '\0';
	if (!addr_parse(&t->address, host))
		goto bad;
	bits = addr_len(&t->address) * 8;
	if (slash &&
	    (!number_parse(slash, &bits, &suffix) || suffix || bits > addr_len(&t->address) * 8))
		goto bad;
	t->address_bits = (uint8_t)bits;
	return true;
bad:
	return refuse(why,
		      "\"%s\" is no address: accepted is an address inside local-ts, as 10.1.0.1 "
		      "or 10.1.0.1/24",
		      value);
}

static bool set_start(struct tunnel_options *t, const char *value, const struct option_source *src,
		      char why[OPTION_WHY_MAX])
{
	t->start_up = !strcmp(value, "up");
	if (t->start_up || !strcmp(value, "manual"))
		return true;
	return refuse(why, "\"%s\" is not known: accepted are manual and up", value);
}

static bool set_rekey(struct tunnel_options *t, const char *value, const struct option_source *src,
		      char why[OPTION_WHY_MAX])
{
	return duration_parse(value, &t->ike.rekey_s, why);
}

static bool set_rekey_bytes(struct tunnel_options *t, const char *value,
			    const struct option_source *src, char why[OPTION_WHY_MAX])
{
	return lifetime_parse(value, 1024, "128M", &t->ike.rekey_bytes, why);
}

static bool set_rekey_packets(struct tunnel_options *t, const char *value,
			      const struct option_source *src, char why[OPTION_WHY_MAX])
{
	return lifetime_parse(value, 1000, "100k", &t->ike.rekey_packets, why);
}

static bool set_dpd(struct tunnel_options *t, const char *value, const struct option_source *src,
		    char why[OPTION_WHY_MAX])
{
	return duration_parse(value, &t->ike.dpd_s, why);
}

static bool set_replay_window(struct tunnel_options *t, const char *value,
			      const struct option_source *src, char why[OPTION_WHY_MAX])
{
	uint64_t n;
	char suffix;

	if (!number_parse(value, &n, &suffix) || suffix || n < 32 || n > ESPLANE_REPLAY_MAX)
		return refuse(why, "\"%s\" is no window: accepted are 32 to %d packets", value,
			      ESPLANE_REPLAY_MAX);
	t->ike.replay_window = (uint32_t)n;
	return true;
}

static bool set_encap(struct tunnel_options *t, const char *value, const struct option_source *src,
		      char why[OPTION_WHY_MAX])
{
	t->ike.force_udp = !strcmp(value, "udp");
	if (t->ike.force_udp || !strcmp(value, "auto"))
		return true;
	return refuse(why,
		      "\"%s\" is not known: accepted are auto (UDP where there is NAT) and "
		      "udp (always)", value);
}

static bool set_metric(struct tunnel_options *t, const char *value, const struct option_source *src,
		       char why[OPTION_WHY_MAX])
{
	uint64_t n;
	char suffix;

	if (!number_parse(value, &n, &suffix) || suffix || n > UINT32_MAX)
		return refuse(why, "\"%s\" is no metric: accepted are 0 to 4294967295", value);
	t->metric = (uint32_t)n;
	return true;
}

const struct option option_table[] = {
	{ "local", false, set_local },
	{ "remote", false, set_remote },
	{ "local-id", false, set_local_id },
	{ "remote-id", false, set_remote_id },
	{ "psk", false, set_psk },
	{ "psk-file", false, set_psk_file },
	{ "ike", true, set_ike },
	{ "esp", true, set_esp },
	{ "local-ts", true, set_local_ts },
	{ "remote-ts", true, set_remote_ts },
	{ "interface", false, set_interface },
	{ "address", false, set_address },
	{ "metric", false, set_metric },
	{ "start", false, set_start },
	{ "encap", false, set_encap },
	{ "rekey", false, set_rekey },
	{ "rekey-bytes", false, set_rekey_bytes },
	{ "rekey-packets", false, set_rekey_packets },
	{ "dpd", false, set_dpd },
	{ "replay-window", false, set_replay_window },
	{ NULL, false, NULL },
};

/* Levenshtein distance; underscores count as hyphens. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[64], diagonal, above, cost;
	size_t n = strlen(b);

	for (size_t j = 0; j <= n; j++)
		row[j] = (unsigned int)j;
	for (size_t i = 1; a[i - 1]; i++) {
		diagonal = row[0];
		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= n; j++) {
			above = row[j];
			cost = (a[i - 1] == '_' ? '-' : tolower((unsigned char)a[i - 1])) !=
			       b[j - 1];
			row[j] = diagonal + cost;
			if (above + 1 < row[j])
				row[j] = above + 1;
			if (row[j - 1] + 1 < row[j])
				row[j] = row[j - 1] + 1;
			diagonal = above;
		}
	}
	return row[n];
}

const char *option_nearest(const char *name)
{
	unsigned int best = 3, d;	/* more than two slips are another word */
	const char *nearest = NULL;

	if (strlen(name) > 32)
		return NULL;
	for (const struct option *o = option_table; o->name; o++) {
		d = distance(name, o->name);
		if (d < best && 2 * d <= strlen(o->name) + 1) {
			best = d;
			nearest = o->name;
		}
	}
	return nearest;
}
