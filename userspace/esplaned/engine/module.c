// SPDX-License-Identifier: GPL-2.0
#include "esplaned/engine/module.h"

#include <stdio.h>

#include "esplaned/engine/kern_events.h"
#include "esplaned/host/sock.h"
#include "esplaned/nl/kern.h"
#include "lib/log.h"

static bool module_has(const struct kern_alg *list, unsigned int count, const struct transform *t)
{
	for (unsigned int i = 0; i < count; i++) {
		if (t->type == TRANSFORM_INTEG ? list[i].integ == t->id :
		    list[i].encr == t->id && (!t->key_bits || list[i].key_bits == t->key_bits))
			return true;
	}
	return false;
}

static bool module_does(const struct kern_alg *list, unsigned int count, const struct proposal *p)
{
	for (unsigned int i = 0; i < p->count; i++) {
		const struct transform *t = &p->t[i];

		if ((t->type == TRANSFORM_ENCR || t->type == TRANSFORM_INTEG) &&
		    !module_has(list, count, t))
			return false;
	}
	return true;
}

static bool module_can_child(const struct kern_alg *list, unsigned int count,
			     const struct proposals *esp, char why[IKE_WHY_MAX])
{
	char text[PROPOSAL_STRLEN];
	unsigned int bad = 0;
	size_t at;

	while (bad < esp->count && module_does(list, count, &esp->p[bad]))
		bad++;
	if (bad == esp->count)
		return true;
	at = (size_t)snprintf(why, IKE_WHY_MAX,
			      "the kernel cannot do all of esp = \"%.100s\": it can do",
			      proposal_str(&esp->p[bad], text));
	for (unsigned int i = 0; i < count && at < IKE_WHY_MAX; i++)
		at += (size_t)snprintf(why + at, IKE_WHY_MAX - at, "%s %s", i ? "," : "",
				       list[i].name);
	return false;
}

bool module_can_esp(struct daemon *d, const struct tunnel_options *opt, char why[IKE_WHY_MAX])
{
	const struct kern_alg *list;
	unsigned int count;

	list = kern_algs(d->kern, &count);
	for (unsigned int i = 0; list && i < opt->ike.child_count; i++) {
		if (opt->esp_given[i] &&
		    !module_can_child(list, count, &opt->ike.child[i].esp, why))
			return false;
	}
	return true;
}

/* Port 4500 of both families, as far as it is open. */
static int module_hand_over(struct daemon *d, char why[IKE_WHY_MAX])
{
	int v4 = sock_natt_fd(d->sock, AF_INET), v6 = sock_natt_fd(d->sock, AF_INET6), rc = 0;

	if (v4 >= 0)
		rc = kern_socket_attach(d->kern, v4, why);
	if (!rc && v6 >= 0)
		rc = kern_socket_attach(d->kern, v6, why);
	return rc;
}

int module_attach(struct daemon *d, char why[IKE_WHY_MAX])
{
	int rc = module_hand_over(d, why);

	if (rc)
		kern_forget(d->kern);
	return rc;
}

/* A tunnel that waits for its peer hears of it only now; the others at each attempt. */
static void module_check_esp(struct daemon *d)
{
	char why[IKE_WHY_MAX];

	for (const struct tunnel_entry *t = d->tunnels.first; t; t = t->next) {
		if (t->opt.ike.start != START_UP && !module_can_esp(d, &t->opt, why))
			log_err("tunnel %s: %s", t->opt.ike.name, why);
	}
}

/* It has just been found: what its last owner left goes, and port 4500 is handed over. */
static int module_greet(struct daemon *d, char why[IKE_WHY_MAX])
{
	int rc = kern_flush(d->kern, why);

	if (!rc)
		rc = kern_events_open(d, why);
	if (!rc)
		rc = module_hand_over(d, why);
	module_check_esp(d);
	return rc;
}

int module_ready(struct daemon *d, char why[IKE_WHY_MAX])
{
	bool fresh;
	int rc = kern_ready(d->kern, &fresh, why);

	if (rc || !fresh)
		return rc;
	rc = module_greet(d, why);
	if (rc)		/* half a greeting is none: again at the next attempt */
		kern_forget(d->kern);
	return rc;
}
