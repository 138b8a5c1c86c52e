// SPDX-License-Identifier: GPL-2.0
/* One process becomes five. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "esplaned/keys/dnssec.h"
#include "esplaned/keys/fetch.h"
#include "esplaned/keys/fetcher.h"
#include "esplaned/keys/keys.h"
#include "esplaned/keys/link.h"
#include "esplaned/keys/sandbox.h"
#include "esplaned/keys/supervise.h"
#include "esplaned/keys/token.h"
#include "esplaned/keys/vault.h"
#include "lib/log.h"

/* [0] is network's or the supervisor's end, [1] that of secrets. */
struct start {
	struct supervise s;
	int network[2], supervisor[2];
	int fetch[2], dnssec[2];	/* [0] is network's end, [1] that of who does it */
	int ready[2];			/* a pipe: [1] is network's end */
	pid_t parent;
	sigset_t mask;			/* as it was before */
	int token;			/* keeps other daemons from the secret of tokens; or -1 */
	uint8_t crash[IKE_CRASH_SECRET];
};

static void start_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* What neither of the two new processes has to do with. */
static void start_leave(struct start *t)
{
	start_close(&t->supervisor[0]);
	start_close(&t->ready[0]);
	start_close(&t->s.pid_fd);
	start_close(&t->token);
	if (t->s.setup->ready >= 0)
		close(t->s.setup->ready);
}

static void start_secrets(struct start *t) __attribute__((noreturn));

static void start_secrets(struct start *t)
{
	struct vault *v;
	int status = 1;

	sandbox_end_with(t->parent);
	/* It ends when network has ended, which has tunnels to take down. */
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigprocmask(SIG_SETMASK, &t->mask, NULL);
	start_leave(t);
	start_close(&t->network[0]);
	start_close(&t->fetch[0]);
	start_close(&t->fetch[1]);
	start_close(&t->dnssec[0]);
	start_close(&t->dnssec[1]);
	start_close(&t->ready[1]);
	v = vault_new(t->network[1], t->supervisor[1], t->s.setup->config);
	if (!v)
		log_err("cannot start: no memory");
	else if (sandbox_powerless() && vault_begin(v, &status) && sandbox_secrets())
		status = vault_run(v);
	vault_free(v);
	_exit(status);
}

static int start_fetcher(int link)
{
	return fetcher_run(link, FETCH_TIMEOUT_S);
}

static int start_dnssec(int link)
{
	return dnssec_run(link, NULL, DNSSEC_TIMEOUT_S);
}

static struct keys *start_network(struct start *t)
{
	struct keys *keys;

	sandbox_end_with(t->parent);
	sigprocmask(SIG_SETMASK, &t->mask, NULL);
	start_leave(t);
	start_close(&t->network[1]);
	start_close(&t->supervisor[1]);
	start_close(&t->fetch[1]);
	start_close(&t->dnssec[1]);
	keys = keys_attach(t->network[0], t->ready[1], t->s.ledger, t->crash);
	if (!keys) {
		log_err("cannot start: no memory");
		return NULL;
	}
	keys_set_fetch(keys, fetch_new(t->fetch[0], "fetches revocation lists"));
	keys_set_dnssec(keys, fetch_new(t->dnssec[0], "looks up keys in DNS"));
	return keys;
}

static void start_supervisor(struct start *t) __attribute__((noreturn));

static void start_supervisor(struct start *t)
{
	start_close(&t->network[0]);
	start_close(&t->network[1]);
	start_close(&t->supervisor[1]);
	start_close(&t->fetch[0]);
	start_close(&t->dnssec[0]);
	start_close(&t->ready[1]);
	mem_wipe(t->crash, sizeof(t->crash));	/* neither are the helpers' to know */
	t->s.fetcher = (struct helper){
		.what = "fetches revocation lists", .run = start_fetcher, .link = t->fetch[1],
	};
	t->s.dnssec = (struct helper){
		.what = "looks up keys in DNS", .run = start_dnssec, .link = t->dnssec[1],
	};
	t->s.mask = t->mask;
	t->s.link = t->supervisor[0];
	t->s.ready = t->ready[0];
	exit(supervise_run(&t->s));
}

static bool start_links(struct start *t)
{
	if (link_pair(t->network) && link_pair(t->supervisor) && link_pair(t->fetch) &&
	    link_pair(t->dnssec) && !pipe2(t->ready, O_CLOEXEC))
		return true;
	log_err("cannot make the links between the processes: %s", strerror(errno));
	return false;
}

struct keys *keys_start(const struct keys_setup *setup)
{
	struct start t = {
		.s = { .setup = setup, .pid_fd = -1 }, .network = { -1, -1 },
		.supervisor = { -1, -1 }, .fetch = { -1, -1 }, .dnssec = { -1, -1 },
		.ready = { -1, -1 },
		.parent = getpid(),
	};
	char leases[256];
	sigset_t set;

	if (!supervise_pid_open(&t.s, setup->pid_file))
		return NULL;
	snprintf(leases, sizeof(leases), "%s/leases", setup->state);
	t.token = token_secret(setup->state, t.crash);
	t.s.ledger = ledger_read(leases);
	if (!t.s.ledger) {
		log_err("cannot start: no memory");
		goto drop;
	}
	supervise_signals(&set);
	if (!start_links(&t) || sigprocmask(SIG_BLOCK, &set, &t.mask))
		goto drop;
	t.s.secrets = fork();
	if (!t.s.secrets)
		start_secrets(&t);
	t.s.network = t.s.secrets < 0 ? -1 : fork();
	if (!t.s.network)
		return start_network(&t);
	if (t.s.network > 0)
		start_supervisor(&t);
	log_err("cannot make a process: %s", strerror(errno));
drop:
	start_close(&t.token);
	supervise_pid_drop(&t.s);
	return NULL;	/* the processes there are end with this one */
}
