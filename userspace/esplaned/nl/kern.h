/* SPDX-License-Identifier: GPL-2.0 */
/* The module, through generic netlink family "esplane": the only user of libnl-genl. */
#ifndef ESPLANED_KERN_H
#define ESPLANED_KERN_H

#include "ike/core/env.h"

#define KERN_WHY_MAX	256
#define KERN_DROPS_MAX	32

struct kern;

struct kern_event {
	uint8_t cmd;		/* ESPLANE_CMD_* */
	uint32_t device, policy, spi;
	bool out, hard;
	uint8_t limit;		/* enum esplane_limit */
	struct endpoint peer;
	struct ts local_ts, remote_ts;	/* ACQUIRE: of the packet; family 0: unknown */
};

struct kern_drop {
	const char *reason;	/* "rx-replay": ESPLANE_STAT_A_* in small letters */
	uint64_t count;
};

struct kern_sa_info {
	uint64_t bytes, packets, seq, age_s;
	uint64_t idle_s;	/* UINT64_MAX: never used */
	char driver[64];
	struct kern_drop drops[KERN_DROPS_MAX];
	unsigned int drop_count;
};

#define KERN_ALGS_MAX	64

/* An algorithm of ESP: ENCR with its key's bits, or INTEG. The other is 0. */
struct kern_alg {
	uint16_t encr, key_bits, integ;
	char name[24];
};

struct kern *kern_new(void);
void kern_free(struct kern *k);

/*
 * Finds the family, loading the module if it can, and subscribes to events. Cheap when it is there;
 * to be called again at any time: a module that was loaded anew is noticed, and @fresh then set.
 * -ENOENT: there is no module, @why says what to do.
 */
int kern_ready(struct kern *k, bool *fresh, char why[KERN_WHY_MAX]);
/* What followed on kern_ready failed: the next one shall say @fresh again. */
void kern_forget(struct kern *k);
int kern_version(struct kern *k, char *buf, size_t len);
/* What ESP the kernel can do, asked once a module; NULL: it does not say. */
const struct kern_alg *kern_algs(struct kern *k, unsigned int *count);

/* Where events arrive; -1 before kern_ready. Changes when that says @fresh. Never blocks. */
int kern_event_fd(const struct kern *k);
/*
 * False: events were lost. Those about lifetimes and the peers' addresses have been made up from
 * the SAs' state then.
 */
bool kern_event_read(struct kern *k, void (*fn)(void *ctx, const struct kern_event *ev), void *ctx);

/*
 * All of them: 0 or a negative errno, with the kernel's sentence in @why. -ENODEV: kern_ready has
 * not found the module. None of them calls it, as it may replace what events are read from.
 */
int kern_flush(struct kern *k, char why[KERN_WHY_MAX]);
int kern_socket_attach(struct kern *k, int fd, char why[KERN_WHY_MAX]);
/*
 * The number of an interface. What follows names it so, not by its ifindex: the number stays the
 * same when the interface moves to another namespace, and no other one ever gets it.
 */
int kern_device_id(struct kern *k, int ifindex, uint32_t *device, char why[KERN_WHY_MAX]);
/* Is there such a device? -ENODEV: no. */
int kern_device_get(struct kern *k, uint32_t device, char why[KERN_WHY_MAX]);
int kern_spi_alloc(struct kern *k, uint32_t device, uint32_t *spi, char why[KERN_WHY_MAX]);
int kern_policy_set(struct kern *k, uint32_t device, const struct kern_policy *policy,
		    char why[KERN_WHY_MAX]);
int kern_policy_del(struct kern *k, uint32_t device, uint32_t id, char why[KERN_WHY_MAX]);
/* Is there such a policy? -ENOENT: no. */
int kern_policy_get(struct kern *k, uint32_t device, uint32_t id, char why[KERN_WHY_MAX]);
int kern_sa_add(struct kern *k, uint32_t device, uint32_t policy, const struct kern_sa *in,
		const struct kern_sa *out, char why[KERN_WHY_MAX]);
/* Of an inbound SA the SPI alone says which; it may be one that is only reserved. */
int kern_sa_del(struct kern *k, uint32_t device, uint32_t policy, uint32_t spi, bool out,
		char why[KERN_WHY_MAX]);
int kern_sa_get(struct kern *k, uint32_t device, uint32_t policy, uint32_t spi, bool out,
		struct kern_sa_info *info, char why[KERN_WHY_MAX]);
/* Least idle time of the policy's inbound SAs, seconds; UINT64_MAX: never used or unknown. */
uint64_t kern_policy_idle(struct kern *k, uint32_t device, uint32_t policy);
/* What the device dropped outside any SA. */
int kern_device_drops(struct kern *k, uint32_t device, struct kern_sa_info *info,
		      char why[KERN_WHY_MAX]);

#endif
