/* SPDX-License-Identifier: GPL-2.0 */
/*
 * esplctl, the test tool of the kernel half: the netlink contract on a
 * command line, rightly and wrongly used. Nothing of it is installed.
 */
#ifndef ESPLCTL_H
#define ESPLCTL_H

#include <jansson.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include <linux/esplane.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* ---- esplctl-msg.c: sockets, and messages as text and JSON */

/* One netlink socket; @family is 0 for rtnetlink. */
struct ctl {
	struct nl_sock *sk;
	int family;
	char reason[512];	/* the kernel's sentence about the last refusal, or "" */
};

enum attr_type { T_NONE, T_U8, T_U16, T_U32, T_U64, T_TEXT, T_OCTETS, T_ADDR, T_FLAG, T_NEST };

struct attr_table;

struct attr_desc {
	const char *name;
	enum attr_type type;
	const struct attr_table *nest;
	const char *const *values;	/* names of an enum's values, NULL at the end */
	bool many;			/* may be repeated: a JSON array */
};

struct attr_table {
	const struct attr_desc *attr;	/* by number */
	int max;
};

extern const struct attr_table attr_top;

__attribute__((noreturn, format(printf, 1, 2))) void die(const char *format, ...);

/* Both in the namespace of this process, or in the one that @netns (a path, may be NULL) names. */
void ctl_open(struct ctl *c, const char *netns);
void ctl_open_route(struct ctl *c, const char *netns);
/* Joins the events of its namespace. */
void ctl_listen(struct ctl *c);

struct nl_msg *ctl_request(struct ctl *c, int cmd, int flags);

/*
 * Sends @msg, frees it and reads until it is answered; appends each reply,
 * decoded, to @replies (may be NULL). 0, or -errno with c->reason.
 */
int ctl_talk(struct ctl *c, struct nl_msg *msg, json_t *replies);
/* Waits for one event at most until @deadline (now_ms()); NULL: it has passed. */
json_t *ctl_event(struct ctl *c, int64_t deadline);

int cmd_by_name(const char *name);	/* -1: none */

int64_t now_ms(void);
uint64_t to_number(const char *text);	/* dies if it is none */
int octets(const char *hex, uint8_t *buf, int max);
int to_address(const char *text, uint8_t addr[16]);	/* length */
/* PREFIX, START-END or ADDRESS [,PROTO[,PORT[-PORT]]] as a selector in nest @type. */
void put_selector(struct nl_msg *msg, int type, const char *text);
/*
 * Attributes as text, right or wrong: NAME=VALUE, NAME (empty), NAME{...},
 * NAME:x=HEX (these octets, whatever its type), #NUMBER instead of NAME.
 */
void put_text(struct nl_msg *msg, const struct attr_table *table, const char *text);

/* ---- esplctl.c: key=value arguments; each must be used, or it is a mistake */
const char *arg(const char *key);
const char *arg_need(const char *key);
uint64_t arg_number(const char *key, uint64_t otherwise);
uint32_t device_index(const char *name);
/* SA parameters: "in-encr" or else "encr" and so on; @seq in seq='s place, unless it is 0. */
void put_sa(struct nl_msg *msg, int type, const char *prefix, uint32_t spi, uint64_t seq);
void put_policy(struct nl_msg *msg, uint32_t id);

/* ---- the larger commands; each returns the exit status */
int churn(struct ctl *c);
int negative(struct ctl *c);
int starve(struct ctl *c);

#endif
