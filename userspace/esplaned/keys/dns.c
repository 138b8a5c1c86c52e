// SPDX-License-Identifier: GPL-2.0
#include "esplaned/keys/dns.h"

#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "esplaned/conf/pack.h"
#include "esplaned/keys/resolved.h"
#include "esplaned/keys/sandbox.h"
#include "lib/log.h"
#include "lib/mem.h"

#define DNS_TASKS_MAX	1024
#define DNS_PATIENCE_S	20	/* of one child */
#define DNS_TEXT_MAX	8192
#define DNS_NAME_MAX	(IFNAMSIZ + 16)

struct dns_task {
	struct dns_task *next;
	char interface[IFNAMSIZ];	/* "": what an earlier daemon has left */
	bool up;
	struct internal_net net;
};

struct dns {
	char note[256];
	struct dns_task *tasks;		/* the first one is under way, if @pid */
	unsigned int count;
	pid_t pid;
};

size_t dns_resolv_conf(const struct internal_net *net, char *text, size_t size)
{
	char addr[ADDR_STRLEN];
	size_t len = 0;
	int n;

	text[0] = '\0';
	for (unsigned int i = 0; i < net->dns_count; i++) {
		n = snprintf(text + len, size - len, "nameserver %s\n",
			     addr_str(&net->dns[i], addr));
		if (n < 0 || (size_t)n >= size - len)
			break;
		len += (size_t)n;
	}
	for (unsigned int i = 0; i < net->domain_count; i++) {
		n = snprintf(text + len, size - len, "%s%s%s", i ? " " : "search ",
			     net->domain[i], i + 1 == net->domain_count ? "\n" : "");
		if (n < 0 || (size_t)n >= size - len)
			break;
		len += (size_t)n;
	}
	text[len] = '\0';
	return len;
}

/* ---- in the child: resolvconf */

static const char *dns_program(void)
{
	static const char *const paths[] = { "/usr/sbin/resolvconf", "/sbin/resolvconf" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		if (!access(paths[i], X_OK))
			return paths[i];
	}
	return NULL;
}

/* Runs it with @text as its input. Its exit status; -1: it did not run. */
static int dns_run(const char *program, const char *const *args, const char *text)
{
	int fds[2], status;
	pid_t pid;

	if (pipe(fds))
		return -1;
	pid = fork();
	if (!pid) {
		dup2(fds[0], 0);
		close(fds[0]);
		close(fds[1]);
		execv(program, (char *const *)args);
		_exit(127);
	}
	close(fds[0]);
	if (pid > 0 && write(fds[1], text, strlen(text)) < 0)
		log_warn("%s: %s", program, strerror(errno));
	close(fds[1]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void dns_forget(const char *program, const char *name)
{
	const char *const args[] = { program, "-f", "-d", name, NULL };
	const char *const plain[] = { program, "-d", name, NULL };

	/* Debian's older resolvconf knows no -f */
	if (dns_run(program, args, "") && dns_run(program, plain, ""))
		log_warn("%s -d %s fails: the name servers of a tunnel that is down stay", program,
			 name);
}

/* openresolv: -p for these domains only, -x before all others; the other one knows neither. */
static int dns_tell(const char *program, const char *name, const struct internal_net *net)
{
	const char *const args[] = { program, net->domain_count ? "-p" : "-x", "-a", name, NULL };
	const char *const plain[] = { program, "-a", name, NULL };
	char text[DNS_TEXT_MAX];

	dns_resolv_conf(net, text, sizeof(text));
	return dns_run(program, args, text) ? dns_run(program, plain, text) : 0;
}

void dns_note(const char *path, const char *name, bool there)
{
	char line[DNS_NAME_MAX], fresh[sizeof(((struct dns *)0)->note) + 8];
	FILE *from = fopen(path, "re"), *to;

	snprintf(fresh, sizeof(fresh), "%s.new", path);
	to = fopen(fresh, "we");
	while (from && to && fgets(line, sizeof(line), from)) {
		line[strcspn(line, "\n")] = '\0';
		if (strcmp(line, name))
			fprintf(to, "%s\n", line);
	}
	if (to && there)
		fprintf(to, "%s\n", name);
	if (from)
		fclose(from);
	if (!to || fclose(to) || rename(fresh, path))
		log_warn("%s: %s: after a crash the name servers of tunnels may stay", path,
			 strerror(errno));
}

static void dns_by_program(const struct dns *dns, const struct dns_task *task)
{
	const char *program = dns_program();
	char name[DNS_NAME_MAX];

	if (!program) {
		if (task->up)
			log_notice("%s: the peer's name servers are not used: there is neither "
				   "systemd-resolved nor resolvconf; an up-script finds them in "
				   "ESPLANE_DNS", task->interface);
		return;
	}
	snprintf(name, sizeof(name), "%s.esplane", task->interface);
	if (!task->up) {
		dns_forget(program, name);
		dns_note(dns->note, name, false);
		return;
	}
	dns_note(dns->note, name, true);
	if (dns_tell(program, name, &task->net))
		log_warn("%s -a %s fails: the peer's name servers are not used", program, name);
}

/* Of a daemon that was killed. With systemd-resolved all goes with the interface. */
static void dns_clear(const struct dns *dns)
{
	const char *program = dns_program();
	FILE *f = fopen(dns->note, "re");
	char line[DNS_NAME_MAX];

	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (program && line[0] && line[0] != '-')
			dns_forget(program, line);
	}
	if (f)
		fclose(f);
	unlink(dns->note);
}

static void dns_do(const struct dns *dns, const struct dns_task *task)
{
	char why[256] = "";
	int rc;

	if (!task->interface[0]) {
		dns_clear(dns);
		return;
	}
	rc = resolved_set(task->interface, task->up ? &task->net : NULL, why);
	if (rc == -ENOENT)
		dns_by_program(dns, task);
	else if (rc && task->up)
		log_warn("%s: systemd-resolved does not take the peer's name servers: %s",
			 task->interface, why);
}

/* ---- in the supervisor */

static void dns_start(struct dns *dns)
{
	const int parent = getpid();
	sigset_t none;

	while (dns->tasks && !dns->pid) {
		struct dns_task *task = dns->tasks;

		dns->pid = fork();
		if (!dns->pid) {
			sigemptyset(&none);
			sigprocmask(SIG_SETMASK, &none, NULL);
			signal(SIGPIPE, SIG_IGN);
			/* the next daemon reads the note: nobody may write it behind its back */
			sandbox_end_with(parent);
			alarm(DNS_PATIENCE_S);
			dns_do(dns, task);
			_exit(0);
		}
		if (dns->pid > 0)
			return;
		log_warn("name servers of %s: %s", task->interface, strerror(errno));
		dns->pid = 0;
		dns->tasks = task->next;
		dns->count--;
		free(task);
	}
}

static void dns_add(struct dns *dns, const struct dns_task *what)
{
	struct dns_task *task = dns->count < DNS_TASKS_MAX ? mem_dup(what, sizeof(*what)) : NULL;
	struct dns_task **at = &dns->tasks;

	if (!task) {
		log_warn("name servers of %s: no memory, or too many changes at once",
			 what->interface);
		return;
	}
	task->next = NULL;
	while (*at)
		at = &(*at)->next;
	*at = task;
	dns->count++;
	dns_start(dns);
}

struct dns *dns_new(const char *note)
{
	static const struct dns_task leftover;
	struct dns *dns = calloc(1, sizeof(*dns));

	if (!dns)
		return NULL;
	snprintf(dns->note, sizeof(dns->note), "%s", note);
	if (!access(note, F_OK))
		dns_add(dns, &leftover);
	return dns;
}

void dns_free(struct dns *dns)
{
	struct dns_task *task;

	if (!dns)
		return;
	while ((task = dns->tasks)) {
		dns->tasks = task->next;
		free(task);
	}
	free(dns);
}

bool dns_input(struct dns *dns, struct cursor *c)
{
	struct dns_task task = { .up = false };
	uint8_t up;

	if (!unpack_text(c, task.interface, sizeof(task.interface)) || !task.interface[0] ||
	    !cursor_u8(c, &up) || up > 1 || !unpack_net(c, &task.net) || c->left)
		return false;
	task.up = up;
	dns_add(dns, &task);
	return true;
}

bool dns_reaped(struct dns *dns, pid_t pid, int status)
{
	struct dns_task *task = dns->tasks;

	if (!pid || pid != dns->pid)
		return false;
	if (WIFSIGNALED(status))
		log_warn("name servers of %s: given up after signal %d", task->interface,
			 WTERMSIG(status));
	dns->pid = 0;
	dns->tasks = task->next;
	dns->count--;
	free(task);
	dns_start(dns);
	return true;
}

bool dns_idle(const struct dns *dns)
{
	return !dns->tasks;
}
