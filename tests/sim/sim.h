/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two to four engines in one process, a network that loses, doubles, delays and reorders, for each
 * a kernel and a host, virtual time. Node 1 is the hub: all others have a tunnel to it, and none
 * to each other. All chance comes from the seed: one seed is one history, to the byte.
 */
#ifndef SIM_H
#define SIM_H

#include <stdarg.h>

#include "fake/fake_radius.h"
#include "fake/fake_tls.h"
#include "ike/exchange/exchange.h"
#include "ike/ike.h"
#include "ike/object/child.h"
#include "ike/object/child_sa.h"
#include "ike/object/ike_sa.h"
#include "ike/object/partial.h"
#include "ike/object/peer.h"
#include "ike/object/stranger.h"
#include "ike/object/tunnel.h"
#include "wire/v2/rules.h"

#define NODES_MAX	4
#define HUB		1
#define CHILDREN_MAX	3
#define SAS_MAX		192
#define POLICIES_MAX	16
#define FLIGHT_MAX	2048
#define RECORD_MAX	32	/* messages to a node, kept for replays and forgeries */
#define TUNNEL		"t"
#define PLACES		3	/* addresses that a node can have; the first is its home */
#define THIEF		"203.0.113.9"	/* who is nobody */
#define JOBS_MAX	64
#define NOTICES_MAX	256
#define WIRE_MAX	4096	/* messages of a node that are compared; a power of 2 */
#define WINDOWS_MAX	64	/* IKE SAs of a node whose requests are counted */
#define CONNS_MAX	32	/* TCP connections at once */
#define WAYS_MAX	64	/* IKE SAs of a node whose way is remembered */
#define NEVER		UINT64_MAX

struct rng {
	uint64_t s;
};

uint64_t rng_next(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t n);
bool rng_chance(struct rng *r, unsigned int percent);

/* What is compared by it and was changed has another one; nobody tries to find two alike. */
static inline uint64_t hash_number(uint64_t hash, uint64_t number)
{
	hash = (hash ^ number) * UINT64_C(0x9fb21c651e98df25);
	return hash ^ hash >> 32;
}

uint64_t hash_octets(uint64_t hash, const void *p, size_t len);

struct sim_sa {
	uint32_t spi, policy;
	uint8_t key[PAIR_KEY_MAX];
	uint16_t key_len;
	bool esn;
	uint64_t soft_at, hard_at;	/* ms; NEVER: without such a limit, or it was reached */
	uint64_t bytes, soft_bytes, hard_bytes;
	uint64_t used_ms;		/* 0: never */
	uint64_t expired_ms;		/* hard limit reached; 0: not */
	bool untold;			/* the engine will never hear of that */
};

struct sim_policy {
	uint32_t id;
	bool has_out;
	bool udp;
	uint64_t asked_until;		/* packets wait, an ACQUIRE is out; 0: none has */
	struct endpoint local, remote;
	struct ts_list *local_ts, *remote_ts;
	struct sim_sa out;
};

/* An event on its way from the kernel to the engine. */
struct notice {
	uint64_t at;
	struct ike_kern_event ev;
};

/* What the module would hold. */
struct kernel {
	uint32_t reserved[SAS_MAX];
	unsigned int reserved_count;
	struct sim_sa in[SAS_MAX];
	unsigned int in_count;
	struct sim_policy policy[POLICIES_MAX];
	unsigned int policy_count;
	struct notice notice[NOTICES_MAX];
	unsigned int notice_count;
};

struct datagram {
	uint64_t at, sent, order;
	int from, to;
	struct endpoint local, remote;	/* as the receiver sees them */
	uint8_t *msg;			/* NULL: an ESP packet */
	size_t len;
	uint32_t spi;			/* ESP */
	uint64_t ike_spi;		/* ESP: spi_i of the IKE SA that carries its CHILD_SA */
	unsigned int child;		/* ESP: which of them */
	/* ESP: the receiver's request makes it, and has no other; or its kernel has it no more */
	bool unknown;
	uint64_t conn;			/* by TCP: the connection, with local and remote; 0: UDP */
	int conn_end;			/* of it the receiver's */
};

/* One end of a TCP connection. */
struct sim_end {
	int node;			/* -1: nobody's */
	uint64_t stream;		/* the engine's number for it */
	struct endpoint local, remote;
	bool open;
	bool spoke;			/* something has arrived here */
	bool kept;			/* a listener's: its peer has proved itself */
	uint64_t last;			/* when the last message arrives here */
	uint64_t told_at;		/* when it hears that it is gone; NEVER: it stands */
};

struct sim_conn {
	uint64_t serial;
	struct sim_end end[2];		/* who has dialled, who listens */
	uint64_t up_at;			/* when that hears of it; NEVER: it has, or will not */
	uint64_t close_at;		/* when that closes it */
	bool up, broken;
	const char *why;
};

/* How an IKE SA has begun. */
struct sim_way {
	uint64_t spi;			/* our own */
	bool tcp;
	uint64_t lost_at;		/* since when its connection lacks; NEVER: it does not */
};

struct record {
	struct endpoint local, remote;
	uint8_t *msg;
	size_t len;
};

/* A job that somebody does outside. */
struct sim_job {
	uint32_t id;
	uint64_t at;			/* NEVER: it does not end */
	enum ike_job_kind kind;
	const char *fails;		/* why; NULL: it does not */
	uint8_t out[3 * PRF_LEN_MAX];	/* of EAP less */
	size_t len;
	uint8_t method;			/* SIGN */
	uint64_t valid_s;		/* VERIFY */
	struct fake_flight flight;	/* TLS, RADIUS */
};

/* What a node has put on the wire, RFC 7296 2.1 to 2.3. */
struct wire_message {
	uint64_t what, hash;		/* who, which way, which number; what 0: free */
};

struct wire_window {
	uint64_t spi_i, spi_r;
	uint32_t id;			/* of the last request */
	bool answered;
};

struct wire {
	struct wire_message message[WIRE_MAX], iv[WIRE_MAX];
	struct wire_window window[WINDOWS_MAX];
	unsigned int window_count;
	uint64_t sent;			/* protected ones */
};

/* Addresses and routes of a child, as the host has them. */
struct sim_link {
	uint32_t child;			/* 0: free */
	struct endpoint local, remote;
	struct ts_list *local_ts, *remote_ts;
};

/* What the disk keeps of a lease, over restarts of the node. */
struct sim_lease {
	struct addr addr;		/* family 0: free */
	struct ike_id id;
};

struct host {
	bool device;			/* asked for, and not given back */
	struct sim_link link[POLICIES_MAX];
};

/* What the events of a node say of one other. */
struct view {
	uint64_t up_since;		/* 0: not up */
	uint64_t child_since[CHILDREN_MAX + 1];	/* likewise; the last: of none that is configured */
};

enum malice { MALICE_NONE, MALICE_CHILD, MALICE_IKE, MALICE_INFO };

struct node {
	struct world *w;
	int index;
	struct ike *ike;
	struct kernel k;
	struct host host;
	struct wire wire;
	struct ike_id id;
	uint32_t tunnel;
	struct view view[NODES_MAX];	/* its own: of who is nobody's */
	struct sim_lease lease[NODES_MAX];	/* the hub's */
	struct addr given;		/* what the hub gave it the last time; family 0: none */
	bool wrong_secret, wrong_id, wrong_password;
	bool once;			/* proves itself once where the hub wants it twice */
	bool hostile;			/* hostile.c */
	enum malice malice;		/* what it sends next */
	struct sim_job jobs[JOBS_MAX];
	unsigned int job_count;
	struct fake_tls_list tls;
	struct fake_radius_list radius;
	struct rng rng;
	struct addr place[PLACES];
	unsigned int at;		/* place[at] is what its routes prefer */
	unsigned int held;		/* bits: places that it is reached at */
	uint64_t stranded_ms;		/* so long it was reached at none */
	struct endpoint nat[2];		/* what its ports 500 and 4500 are outside */
	uint64_t skew;			/* its clock is ahead of the world's, ms */
	uint64_t excused;		/* packets sent before then need not find an SA */
	unsigned int timers;		/* that an engine at rest has reserved */
	struct tunnel_conf conf;
	struct child_conf child[CHILDREN_MAX];
	struct child_conf whole;	/* parts.c: what it has instead of those, */
	unsigned int whole_at;		/* and which of them that is, before it has parts */
	unsigned int gone;		/* bits: children that a reload has taken out */
	struct record seen[RECORD_MAX];
	unsigned int seen_count;
	uint64_t streams;		/* the last number of a TCP connection */
	struct sim_way way[WAYS_MAX];
	unsigned int way_count;
	uint64_t ups, downs, fails, rekeys, ike_rekeys, reauths;
};

struct world {
	uint64_t seed, now, order, hash, steps;
	bool trace, hashed;		/* without both nobody asks for the history */
	struct rng net, script, changes, streams;
	struct node n[NODES_MAX];
	int nodes;
	bool any;			/* the hub takes who comes */
	bool rounds;			/* all but the hub prove themselves in rounds, */
	bool eap;			/* by EAP; else by a method that only tests have; */
	bool second;			/* after a first proof, RFC 4739 */
	bool hub_signs, others_sign;	/* prove themselves with a certificate, else with the psk */
	struct pool_conf pool;		/* of the hub, from which all others get addresses, */
	bool pooled;			/* if there is one */
	bool twins;			/* nodes 2 and 3 have the same selectors */
	bool mobile;			/* some nodes move, and say so by MOBIKE */
	bool keep;			/* unique = keep, and nobody authenticates anew by itself */
	bool persistent;		/* some tunnels are tried again for ever */
	bool changing;			/* tunnels are reloaded while they live */
	bool malicious;			/* node 0 is hostile, or was: messages may be under way */
	bool parted;			/* node 0 has one child for all of the hub's */
	bool wide;			/* by one selector: it cannot ask for each */
	bool wrong_ts[CHILDREN_MAX];	/* the ends have no selectors of the child in common */
	struct datagram flight[FLIGHT_MAX];
	unsigned int flight_count;
	unsigned int children;
	bool further;			/* suites have additional key exchanges */
	unsigned int ppk;		/* percent, of nodes that have a PPK */
	bool small;			/* IKE messages go out in small fragments */
	bool large;			/* and are larger than 576 octets, some of them */
	bool nat;			/* all but the hub are behind one, */
	struct addr thief;
	struct addr nat_addr;		/* which sends on what comes to node 0's ports there */
	unsigned int loss, dup, slow;	/* percent, of datagrams */
	unsigned int fault;		/* percent, of the operations of kernel and host */
	unsigned int alter;		/* percent: messages of the hostile node */
	uint64_t hostile_until;		/* 0: it still is, or never was */
	unsigned int late, lost, bad_jobs;	/* percent: kernel events, jobs done wrong */
	uint64_t packet;		/* octets of an ESP packet, for byte limits */
	uint64_t cut_until;			/* the network is down */
	bool tcp;			/* some go over TCP where UDP has no answer */
	uint64_t udp_until;		/* UDP is blocked */
	struct sim_conn conn[CONNS_MAX];
	unsigned int conn_count;
	uint64_t conn_serial;
	bool calm; /* no chance any more: loss, faults and forgeries have ended */
	char violation[512];			/* the first; "": none */
	uint8_t stray[256];		/* the last message to nobody, as far as it fits */
	size_t stray_len;
	uint64_t probes, forged;
};

/* parts.c */
void parts_configure(struct world *w);
void parts_free(struct world *w);
unsigned int parts_count(const struct node *n);	/* children that are not configured */
/* The number of that at the other end which it belongs to; CHILDREN_MAX: of none. */
unsigned int parts_index(struct node *n, const struct child *child);

/* changes.c */
void changes_configure(struct world *w);
void changes_may_come(struct world *w);		/* one, or none */
/* Each has all again that it is configured to. */
void changes_end(struct world *w);

/* world.c */
void world_init(struct world *w, uint64_t seed, bool trace, bool hashed);
void world_free(struct world *w);
void trace(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void violate(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/*
 * Does the next thing that is due, if not after @limit; else time becomes @limit. False:
 * nothing was due.
 */
bool world_step(struct world *w, uint64_t limit);
void world_run(struct world *w, uint64_t until);
bool only_unknown(struct node *to, const struct child *child);
void probe(struct node *n);
void nat_rebind(struct world *w);
/* Another address, beside the one that it has or instead; at times none. In calm: home. */
void node_move(struct node *n);
void net_send(void *ctx, const struct endpoint *local, const struct endpoint *remote,
	      uint32_t mark, const uint8_t *msg, size_t len);

/* It reaches d->to at d->at. */
void net_put(struct world *w, const struct datagram *d, const uint8_t *msg);
uint64_t net_delay(struct world *w);

/* tcp.c: connections, RFC 9329 */
void tcp_configure(struct world *w);
void tcp_env(struct ike_env *env);
/* Is it never up by its own attempts? */
bool tcp_is_barren(const struct world *w, int other);
void tcp_send(struct node *n, uint64_t stream, const uint8_t *msg, size_t len);
/* Its receiver and where it comes from; false: it is lost. */
bool tcp_arrives(struct world *w, struct datagram *d);
uint64_t tcp_deadline(struct world *w);
void tcp_tick(struct world *w);
void tcp_node_stops(struct node *n);
/* Somebody's who has nothing to do with it: @local, @remote get it, if @n listens. */
void tcp_intrude(struct node *n, struct endpoint *local, struct endpoint *remote);
bool tcp_is_open(struct node *n, uint64_t stream);
/* UDP is blocked, or a connection breaks, or neither. */
void tcp_chance(struct world *w);
void tcp_check(struct world *w);
void tcp_check_empty(struct world *w);

/* node.c */
void node_start(struct node *n);
void node_stop(struct node *n);
void node_configure_ppk(struct node *n);
uint64_t node_now(const struct node *n);	/* by its own clock */
const struct addr *node_addr(const struct node *n);	/* that its routes prefer */
bool node_holds(const struct node *n, const struct addr *addr);
bool node_knows(const struct node *n, const struct addr *addr);	/* it may have held it */
/* What it signs with, and the CA that has certified it and that it believes. */
#define NODE_KEY_MAX	16
const char *node_key(const struct node *n, char key[NODE_KEY_MAX]);
const char *node_ca(const struct node *n);
/* Of @n's tunnels all peers, each @p. */
#define FOREACH_PEER(n, t, p) \
	TAILQ_FOREACH(t, &(n)->ike->tunnels, link) TAILQ_FOREACH(p, &(t)->peers, link)

/* What @n knows of another; NULL: nothing. */
struct peer *node_peer(const struct node *n, int other);
/* Who it is; @n itself: nobody. */
int node_other(const struct node *n, const struct peer *peer);
int node_any_other(struct node *n);	/* one that it has a tunnel to, by the script's chance */
/* A child of it, by its place in the configuration; NULL: no such peer. */
struct child *node_child(const struct node *n, int other, unsigned int i);
unsigned int node_child_index(struct node *n, const struct child *child);
/*
 * An SPI of its own that its kernel has refused or lost, or whose child it has taken down and made
 * anew: the other end cannot know before it gets the DELETE. Or one that is being made while
 * @other, which sends on it, has lost what there was before.
 */
bool node_excuses(struct node *n, int other, unsigned int child, uint32_t spi);
/* Can a tunnel between the hub and the other ever come up? */
bool node_estranged(const struct world *w, int other);
uint64_t jobs_deadline(const struct node *n);
void jobs_tick(struct node *n);

/* eap.c: who is the client of which password */
void eap_configure(struct node *n);
/* Does IKE_JOB_EAP. */
void eap_job(const struct node *n, const struct ike_job *job, struct sim_job *j);
bool eap_tls_job(struct node *n, const struct ike_job *job, struct sim_job *j);
/* As server it asks a RADIUS server, which knows the passwords. */
bool eap_radius_job(struct node *n, const struct ike_job *job, struct sim_job *j);
/* Of the two above. */
struct ike_job_result eap_tls_result(const struct sim_job *j);

/* host.c */
void host_env(struct ike_env *env);
void host_flush(struct host *h);
const struct sim_link *host_link(const struct node *n, uint32_t child);	/* NULL: it has none */
/* An operation fails, or takes its time. */
bool host_faulty(struct node *n, const char *what, char why[IKE_WHY_MAX]);

/* kernel.c */
void kernel_env(struct ike_env *env);
uint64_t kernel_deadline(const struct kernel *k);
void kernel_tick(struct node *n);
void kernel_flush(struct kernel *k);
void kernel_policy_gone(struct kernel *k, struct sim_policy *p);	/* with its SAs */
struct sim_sa *kernel_in(struct kernel *k, uint32_t spi);
bool kernel_reserved(const struct kernel *k, uint32_t spi);
struct sim_policy *kernel_policy(struct kernel *k, uint32_t id);	/* NULL: it has none */
/* A packet of w->packet octets has passed. */
void kernel_used(struct node *n, struct sim_sa *sa, bool out);
/* A packet waits for an SA: the engine is asked for one, once while it waits. */
void kernel_acquire(struct node *n, struct sim_policy *p);
/* The engine hears of it, at once or late; false: never. */
bool kernel_tell(struct node *n, const struct ike_kern_event *ev);

/* wire.c */
void wire_sent(struct node *n, const uint8_t *msg, size_t len);
void wire_received(struct node *n, const uint8_t *msg, size_t len);

/*
 * hostile.c: node 0 keeps to no rule from here on, until the end, after which it starts anew. What
 * it builds is altered before it is sealed.
 */
void hostile_begin(struct world *w);
void hostile_end(struct world *w);
void hostile_act(struct node *n);
void hostile_alter(const struct sk *sk, uint8_t *plain, size_t len);
/* IKEv2, with its requests beside the engine's own. */
struct ike *hostile_engine(const struct ike_env *env);

/* hooks.c: what is below the engine by --wrap */
void *hooks_alloc(size_t size);		/* never fails on request */
void hooks_starve(struct rng *rng, unsigned int one_in);	/* allocations; 0: none fails */
bool hooks_starving(void);
/* No allocation fails until hooks_hunger(), with what this returns. */
unsigned int hooks_feed(void);
void hooks_hunger(unsigned int one_in);
/* The rows of the state machine that were taken, over all histories of this process. */
void hooks_rows(uint64_t rows[2]);
unsigned int hooks_print_missed(const uint64_t rows[2]);

/* leases.c: addresses that the hub gives to the others */
void leases_configure(struct world *w);
void leases_ask(struct node *n);
void leases_env(struct ike_env *env);
/* The pool, and what the disk has of it. */
void leases_start(struct node *n);
/* Are there too few for all? */
bool leases_may_lack(const struct world *w);
void leases_check(struct world *w);
void leases_check_empty(struct world *w);

/* checks.c */
void check_step(struct world *w);
bool is_quiet(const struct world *w);
void check_converged(struct world *w);
void check_empty(struct world *w);

/* forge.c: bytes that nobody has authenticated */
/* Everything that they may not change, in one number. */
uint64_t digest(const struct node *n, bool established_only);
/* @n gets a message that nobody has authenticated. */
void inject(struct node *n, const struct record *r, const uint8_t *msg, size_t len,
	    const char *what);
void forge(struct node *n);
void replay(struct node *n);
/* flood.c: IKE_SA_INIT requests with SPIs made up, so many that cookies are demanded */
void inject_flood(struct node *n);
/* The same with the cookies, from everywhere: its places are taken. */
void inject_cookies(struct node *n);

/* hints.c: forged INVALID_SPI and INVALID_IKE_SPI, many at once */
void inject_hint(struct node *n);

/* configure.c: which tunnels there are, before anybody starts */
void configure(struct world *w);

/* rekeys.c: of the IKE SA between @n and some other node */
void rekeys_ike(struct node *n);
void rekeys_by_proof(struct node *n);	/* reauthentication */
/* Both do, and one of them uses the new one as soon as it can. */
void rekeys_used_at_once(struct node *n);
/* Both do, and memory is short while the answers are under way. */
void rekeys_with_little_memory(struct node *n);

/* resume.c: tickets, RFC 5723 */
void resume_configure(struct world *w);
unsigned int resume_tickets(const struct node *n);	/* that it has, of either role */
/* Somebody vanishes, at times, and comes back; where the hub grants tickets. */
void resume_vanish(struct world *w);
void resume_check_empty(struct world *w, const struct node *n);

/* suites.c: what a node proposes; each has something in common with each other */
void suites_configure_ike(struct world *w, struct proposals *list);
void suites_configure_esp(struct world *w, struct proposals *list, bool with_pfs);

/* script.c */
void script_run(struct world *w);

/* selftest.c: 0 if each check can fail */
int selftest(void);
/* selftest_ke.c */
bool selftest_ke(void);

#endif
