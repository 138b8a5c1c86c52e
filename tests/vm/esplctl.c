// SPDX-License-Identifier: GPL-2.0
#include "esplctl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/udp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char usage[] =
"usage: esplctl [--field PATH] COMMAND [KEY=VALUE...]\n"
"  info          [dev=]\n"
"  policy-set    dev= id= [mode=tunnel|transport encap=none|udp local= remote= lport= rport=\n"
"                mark= lts=... rts=...]\n"
"                a selector is PREFIX, START-END or ADDRESS, then [,PROTO[,PORT[-PORT]]]\n"
"  policy-del    dev= id=\n"
"  policy-get    [dev= [id=]]               without id a list\n"
"  spi-alloc     dev= [spi=]\n"
"  sa-add        dev= id= [in-spi=] [out-spi=] encr= key= [integ= ikey= esn window= seq=\n"
"                soft-bytes= hard-bytes= soft-packets= hard-packets= soft-seconds=\n"
"                hard-seconds=]             each also as in-KEY or out-KEY\n"
"  sa-del        dev= spi= dir=in|out\n"
"  sa-get        [dev= [spi= dir=in|out]]   without spi a list\n"
"  dump          [dev=]                     policies and SAs\n"
"  socket-attach [addr=] [port=4500] [mark=] [hold] [forget] [reuseaddr] hold: stay, print what\n"
"                is not ESP; forget: switch UDP_ENCAP off behind the module's back;\n"
"                reuseaddr: that and not SO_REUSEPORT\n"
"  flush         [dev=]\n"
"  listen        [count=] [seconds=10] [only=EVENT,...]   events, a line each\n"
"  raw           cmd=NAME|NUMBER [dump] [text=ATTRIBUTES]  '$dev' is the index of dev=\n"
"  negative      dev=                       wrong requests, as TAP\n"
"  starve        dev=                       requests while allocations fail, as TAP\n"
"  churn         what=sa|policy|device|read n= [seconds=] ...   see esplctl-churn.c\n"
"  batch                                    commands from stdin, a line each\n"
"--field prints values of the answer (0 if absent) in a line instead of JSON; PATH,PATH...;\n"
"a list has numbers and 'length'\n"
"Exit status: 0 done, 1 the kernel refused (its reason on stderr), 2 wrong usage.\n";

static struct {
	char *key;
	const char *value;
	bool used;
} args[256];
static int nargs;
static const char *field;

const char *arg(const char *key)
{
	const char *value = NULL;

	for (int i = 0; i < nargs; i++)
		if (!strcmp(args[i].key, key)) {
			args[i].used = true;
			value = args[i].value;
		}
	return value;
}

const char *arg_need(const char *key)
{
	const char *value = arg(key);

	if (!value)
		die("%s= is missing", key);
	return value;
}

uint64_t arg_number(const char *key, uint64_t otherwise)
{
	const char *value = arg(key);

	return value ? to_number(value) : otherwise;
}

static void args_done(void)
{
	for (int i = 0; i < nargs; i++)
		if (!args[i].used)
			die("%s= is not an argument of this command", args[i].key);
}

uint32_t device_index(const char *name)
{
	uint32_t index = if_nametoindex(name);

	if (!index)
		die("there is no interface %s here", name);
	return index;
}

static void put_device(struct nl_msg *msg)
{
	nla_put_u32(msg, ESPLANE_A_IFINDEX, device_index(arg_need("dev")));
}

static void put_address(struct nl_msg *msg, int type, const char *key)
{
	const char *value = arg(key);
	uint8_t addr[16];

	if (value)
		nla_put(msg, type, to_address(value, addr), addr);
}

static void put_port(struct nl_msg *msg, int type, const char *key)
{
	if (arg(key))
		nla_put_u16(msg, type, arg_number(key, 0));
}

void put_policy(struct nl_msg *msg, uint32_t id)
{
	struct nlattr *nest = nla_nest_start(msg, ESPLANE_A_POLICY);
	const char *encap = arg("encap"), *mode = arg("mode");

	nla_put_u32(msg, ESPLANE_POLICY_A_ID, id);
	if (encap)
		nla_put_u8(msg, ESPLANE_POLICY_A_ENCAP, !strcmp(encap, "udp"));
	if (mode)
		nla_put_u8(msg, ESPLANE_POLICY_A_MODE, !strcmp(mode, "transport"));
	if (arg("mark"))
		nla_put_u32(msg, ESPLANE_POLICY_A_MARK, arg_number("mark", 0));
	put_address(msg, ESPLANE_POLICY_A_LOCAL_ADDR, "local");
	put_address(msg, ESPLANE_POLICY_A_REMOTE_ADDR, "remote");
	put_port(msg, ESPLANE_POLICY_A_LOCAL_PORT, "lport");
	put_port(msg, ESPLANE_POLICY_A_REMOTE_PORT, "rport");
	arg("lts");
	arg("rts");
	for (int i = 0; i < nargs; i++)
		if (!strcmp(args[i].key, "lts"))
			put_selector(msg, ESPLANE_POLICY_A_LOCAL_TS, args[i].value);
		else if (!strcmp(args[i].key, "rts"))
			put_selector(msg, ESPLANE_POLICY_A_REMOTE_TS, args[i].value);
	nla_nest_end_keep_empty(msg, nest);
}

/* PREFIX-KEY, or KEY for both directions. */
static const char *sa_arg(const char *prefix, const char *key)
{
	const char *both = arg(key), *one;
	char name[64];

	snprintf(name, sizeof(name), "%s-%s", prefix, key);
	one = arg(name);
	return one ? one : both;
}

static void put_key(struct nl_msg *msg, int type, const char *hex)
{
	uint8_t key[256];

	if (hex)
		nla_put(msg, type, octets(hex, key, sizeof(key)), key);
}

void put_sa(struct nl_msg *msg, int type, const char *prefix, uint32_t spi, uint64_t seq)
{
	static const struct { const char *key; int type; } limits[] = {
		{ "soft-bytes", ESPLANE_SA_A_SOFT_BYTES },
		{ "hard-bytes", ESPLANE_SA_A_HARD_BYTES },
		{ "soft-packets", ESPLANE_SA_A_SOFT_PACKETS },
		{ "hard-packets", ESPLANE_SA_A_HARD_PACKETS },
		{ "soft-seconds", ESPLANE_SA_A_SOFT_SECONDS },
		{ "hard-seconds", ESPLANE_SA_A_HARD_SECONDS },
	};
	struct nlattr *nest = nla_nest_start(msg, type);
	const char *encr = sa_arg(prefix, "encr"), *integ = sa_arg(prefix, "integ");
	const char *window = sa_arg(prefix, "window"), *start = sa_arg(prefix, "seq");

	nla_put_u32(msg, ESPLANE_SA_A_SPI, spi);
	if (encr)
		nla_put_u16(msg, ESPLANE_SA_A_ENCR, to_number(encr));
	if (integ)
		nla_put_u16(msg, ESPLANE_SA_A_INTEG, to_number(integ));
	put_key(msg, ESPLANE_SA_A_ENCR_KEY, sa_arg(prefix, "key"));
	put_key(msg, ESPLANE_SA_A_INTEG_KEY, sa_arg(prefix, "ikey"));
	if (sa_arg(prefix, "esn"))
		nla_put_flag(msg, ESPLANE_SA_A_ESN);
	if (window && type == ESPLANE_A_SA_IN)
		nla_put_u32(msg, ESPLANE_SA_A_REPLAY_WINDOW, to_number(window));
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		const char *value = sa_arg(prefix, limits[i].key);

		if (value)
			nla_put_u64(msg, limits[i].type, to_number(value));
	}
	if (seq || start)
		nla_put_u64(msg, ESPLANE_SA_A_START_SEQ, seq ? seq : to_number(start));
	nla_nest_end_keep_empty(msg, nest);
}

static void put_dir(struct nl_msg *msg)
{
	const char *dir = arg_need("dir");

	if (strcmp(dir, "in") && strcmp(dir, "out"))
		die("dir= is 'in' or 'out'");
	nla_put_u8(msg, ESPLANE_A_DIR, strcmp(dir, "in") ? ESPLANE_DIR_OUT : ESPLANE_DIR_IN);
}

static void print_one(const json_t *value, char *path)
{
	char *step;

	while (value && (step = strsep(&path, "."))) {
		if (json_is_array(value) && !strcmp(step, "length"))
			value = json_integer(json_array_size(value));
		else if (json_is_array(value))
			value = json_array_get(value, to_number(step));
		else
			value = json_object_get(value, step);
	}
	if (!value)
		fputs("0", stdout);
	else if (json_is_string(value))
		fputs(json_string_value(value), stdout);
	else
		fputs(json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT), stdout);
}

static void print_fields(const json_t *value)
{
	char *copy = strdup(field), *rest = copy, *path;

	while ((path = strsep(&rest, ","))) {
		print_one(value, path);
		putchar(rest ? ' ' : '\n');
	}
	free(copy);
}

static void print(const json_t *value)
{
	if (field)
		print_fields(value);
	else
		printf("%s\n", json_dumps(value, JSON_INDENT(1) | JSON_PRESERVE_ORDER));
}

/* Sends it, prints the answer: @part of each reply (NULL: all of it); a dump is a list. */
static int talk(struct ctl *c, struct nl_msg *msg, const char *part)
{
	bool dump = (nlmsg_hdr(msg)->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	json_t *replies = json_array(), *list = json_array(), *reply;
	size_t i;
	int err;

	args_done();
	err = ctl_talk(c, msg, replies);
	if (err) {
		fprintf(stderr, "esplctl: %s: %s\n", strerror(-err),
			*c->reason ? c->reason : "(the kernel gave no reason)");
		return 1;
	}
	json_array_foreach(replies, i, reply) {
		json_t *inner = part ? json_object_get(reply, part) : reply;

		if (part && !inner)	/* an SA is sa-in or sa-out */
			inner = json_object_get(reply, "sa-in") ?: json_object_get(reply, "sa-out");
		json_array_append(list, inner ? inner : reply);
	}
	if (dump)
		print(list);
	else if (json_array_size(list))
		print(json_array_get(list, 0));
	return 0;
}

static int cmd_info(struct ctl *c)
{
	struct nl_msg *msg = ctl_request(c, ESPLANE_CMD_INFO, 0);

	if (arg("dev"))
		put_device(msg);
	return talk(c, msg, NULL);
}

static int cmd_policy_set(struct ctl *c)
{
	struct nl_msg *msg = ctl_request(c, ESPLANE_CMD_POLICY_SET, 0);

	put_device(msg);
	put_policy(msg, to_number(arg_need("id")));
	return talk(c, msg, NULL);
}

static int cmd_policy_del(struct ctl *c)
{
	struct nl_msg *msg = ctl_request(c, ESPLANE_CMD_POLICY_DEL, 0);

	put_device(msg);
	nla_put_u32(msg, ESPLANE_A_POLICY_ID, to_number(arg_need("id")));
	return talk(c, msg, NULL);
}

static int cmd_policy_get(struct ctl *c)
{
	struct nl_msg *msg = ctl_request(c, ESPLANE_CMD_POLICY_GET, arg("id") ? 0 : NLM_F_DUMP);

	if (arg("dev"))
		put_device(msg);
	if (arg("id"))
		nla_put_u32(msg, ESPLANE_A_POLICY_ID, to_number(arg("id")));
	return talk(c, msg, "policy");
}

static int cmd_spi_alloc(struct ctl *c)
{
	struct nl_msg *msg = ctl_request(c, ESPLANE_CMD_SPI_ALLOC, 0);

	put_device(msg);
	if (arg("spi"))
		nla_put_u32(msg, ESPLANE_A_SPI, to_number(arg("spi")));
	return talk(c, msg, NULL);
}

static int cmd_sa_add(struct ctl *c)
{
	struct nl_msg *msg = ctl_request(c, ESPLANE_CMD_SA_ADD, 0);

	put_device(msg);
	nla_put_u32(msg, ESPLANE_A_POLICY_ID, to_number(arg_need("id")));
	if (arg("in-spi"))
		put_sa(msg, ESPLANE_A_SA_IN, "in", to_number(arg("in-spi")), 0);
	if (arg("out-spi"))
		put_sa(msg, ESPLANE_A_SA_OUT, "out", to_number(arg("out-spi")), 0);
	return talk(c, msg, NULL);
}

static int cmd_sa_del(struct ctl *c)
{
	struct nl_msg *msg = ctl_request(c, ESPLANE_CMD_SA_DEL, 0);

	put_device(msg);
	nla_put_u32(msg, ESPLANE_A_SPI, to_number(arg_need("spi")));
	put_dir(msg);
	return talk(c, msg, NULL);
}

static int cmd_sa_get(struct ctl *c)
{
	struct nl_msg *msg = ctl_request(c, ESPLANE_CMD_SA_GET, arg("spi") ? 0 : NLM_F_DUMP);

	if (arg("dev"))
		put_device(msg);
	if (arg("spi")) {
		nla_put_u32(msg, ESPLANE_A_SPI, to_number(arg("spi")));
		put_dir(msg);
	}
	return talk(c, msg, "sa");
}

static int cmd_dump(struct ctl *c)
{
	return cmd_policy_get(c) ?: cmd_sa_get(c);
}

/* A line for each datagram that the kernel leaves to the owner of the socket. */
static void hold(int fd)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	uint8_t buf[65536];
	ssize_t n;

	for (;; len = sizeof(from)) {
		n = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len);
		if (n < 0)
			die("the socket: %s", strerror(errno));
		printf("datagram %zd ", n);
		for (ssize_t i = 0; i < n && i < 64; i++)
			printf("%02x", buf[i]);
		puts("");
	}
}

/* A UDP socket on addr= and port=; a socket of IPv6 is of nothing else. */
static int bound_socket(void)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in = { .sin_family = AF_INET };
	bool v6 = arg("addr") && strchr(arg("addr"), ':');
	int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;
	uint16_t port = (uint16_t)arg_number("port", 4500);
	uint32_t mark = (uint32_t)arg_number("mark", 0);

	in.sin_port = in6.sin6_port = htons(port);
	if (arg("addr") && inet_pton(v6 ? AF_INET6 : AF_INET, arg("addr"),
				     v6 ? (void *)&in6.sin6_addr : &in.sin_addr) != 1)
		die("addr= is not an IP address");
	setsockopt(fd, SOL_SOCKET, arg("reuseaddr") ? SO_REUSEADDR : SO_REUSEPORT, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark));
	if (v6) {
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
		setsockopt(fd, IPPROTO_UDP, UDP_NO_CHECK6_RX, &on, sizeof(on));
	}
	if (fd < 0 || bind(fd, v6 ? (struct sockaddr *)&in6 : (struct sockaddr *)&in,
			   v6 ? sizeof(in6) : sizeof(in)))
		die("port %u: %s", port, strerror(errno));
	return fd;
}

static int cmd_socket_attach(struct ctl *c)
{
	struct nl_msg *msg = ctl_request(c, ESPLANE_CMD_SOCKET_ATTACH, 0);
	bool stay = arg("hold"), forget = arg("forget");
	int fd = bound_socket(), off = 0;

	nla_put_u32(msg, ESPLANE_A_SOCKET_FD, fd);
	if (talk(c, msg, NULL))
		return 1;
	if (forget && setsockopt(fd, IPPROTO_UDP, UDP_ENCAP, &off, sizeof(off)))
		die("UDP_ENCAP: %s", strerror(errno));
	if (stay) {
		puts("attached");
		hold(fd);
	}
	return 0;
}

static int cmd_flush(struct ctl *c)
{
	struct nl_msg *msg = ctl_request(c, ESPLANE_CMD_FLUSH, 0);

	if (arg("dev"))
		put_device(msg);
	return talk(c, msg, NULL);
}

static bool wanted(const char *list, const json_t *event)
{
	const char *name = json_string_value(json_object_get(event, "event"));
	size_t len = strlen(name);

	for (; list && *list; list += strcspn(list, ","), list += *list == ',')
		if (strcspn(list, ",") == len && !strncmp(list, name, len))
			return true;
	return !list;
}

static int cmd_listen(struct ctl *c)
{
	int64_t deadline = now_ms() + 1000 * arg_number("seconds", 10);
	uint64_t count = arg_number("count", 0), seen = 0;
	const char *only = arg("only");
	json_t *event;

	args_done();
	ctl_listen(c);
	puts("listening");
	while ((!count || seen < count) && (event = ctl_event(c, deadline))) {
		if (!wanted(only, event))
			continue;
		seen++;
		puts(json_dumps(event, JSON_COMPACT | JSON_PRESERVE_ORDER));
		json_decref(event);
	}
	return seen < count;
}

static int cmd_raw(struct ctl *c)
{
	const char *name = arg_need("cmd"), *text = arg("text"), *mark;
	int cmd = cmd_by_name(name);
	struct nl_msg *msg;
	char full[16384];

	msg = ctl_request(c, cmd < 0 ? (int)to_number(name) : cmd, arg("dump") ? NLM_F_DUMP : 0);
	while (text && (mark = strstr(text, "$dev"))) {
		snprintf(full, sizeof(full), "%.*s%u%s", (int)(mark - text), text,
			 device_index(arg_need("dev")), mark + 4);
		text = strdup(full);
	}
	put_text(msg, &attr_top, text ? text : "");
	return talk(c, msg, NULL);
}

static int cmd_batch(struct ctl *c);

static const struct {
	const char *name;
	int (*run)(struct ctl *c);
} commands[] = {
	{ "info", cmd_info }, { "policy-set", cmd_policy_set }, { "policy-del", cmd_policy_del },
	{ "policy-get", cmd_policy_get }, { "spi-alloc", cmd_spi_alloc }, { "sa-add", cmd_sa_add },
	{ "sa-del", cmd_sa_del }, { "sa-get", cmd_sa_get }, { "dump", cmd_dump },
	{ "socket-attach", cmd_socket_attach }, { "flush", cmd_flush }, { "listen", cmd_listen },
	{ "raw", cmd_raw }, { "negative", negative }, { "churn", churn }, { "starve", starve },
	{ "batch", cmd_batch },
};

static int run(struct ctl *c, char **words, int n)
{
	nargs = 0;
	for (int i = 1; i < n && nargs < 256; i++, nargs++) {
		char *word = words[i] + (strncmp(words[i], "--", 2) ? 0 : 2);
		char *value = strchr(word, '=');

		if (value)
			*value++ = 0;
		args[nargs].key = word;
		args[nargs].value = value ? value : "";
		args[nargs].used = false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, words[0]))
			return commands[i].run(c);
	die("there is no command '%s'; --help lists them", words[0]);
}

static int cmd_batch(struct ctl *c)
{
	char line[4096], *words[256], *rest, *word;
	int n, status = 0;

	while (!status && fgets(line, sizeof(line), stdin)) {
		rest = line;
		for (n = 0; (word = strsep(&rest, "\n ")) && n < 256;)
			if (*word)
				words[n++] = word;
		if (n)
			status = run(c, words, n);
	}
	return status;
}

int main(int argc, char **argv)
{
	struct ctl c;
	int i = 1;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (i + 1 < argc && !strcmp(argv[i], "--field")) {
		field = argv[i + 1];
		i += 2;
	}
	if (i >= argc || !strcmp(argv[i], "--help")) {
		fputs(usage, i < argc ? stdout : stderr);
		return i < argc ? 0 : 2;
	}
	ctl_open(&c, NULL);
	return run(&c, argv + i, argc - i);
}
