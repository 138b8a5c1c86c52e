// SPDX-License-Identifier: GPL-2.0
/* The hub is the server of EAP, all others are its clients. */
#include <assert.h>

#include "ike/auth/eap_secret.h"
#include "lib/array.h"
#include "sim/sim.h"

/* Of a client; what the hub does not know ends in another letter. */
static struct chunk password(const struct node *n, bool of_hub, char buf[32])
{
	snprintf(buf, 32, "password of %c%s", 'A' + n->index,
		 n->wrong_password && !of_hub ? "!" : "");
	return (struct chunk){ (const uint8_t *)buf, strlen(buf) };
}

/* What the client calls itself before it proves anything; the RADIUS server knows better. */
static void outer_name(const struct node *n, struct ike_id *id)
{
	char name[32];

	snprintf(name, sizeof(name), "anonymous-%c", 'a' + n->index);
	assert(ike_id_parse(id, name));
}

/*
 * Each client has a method in common with the hub, not always the best of either, or with the
 * RADIUS server that the hub asks. Of that every other client hides its name behind another one.
 */
void eap_configure(struct node *n)
{
	static const char *const clients[] = {
		"\32\4", "\4\32", "\32", "\15\32", "\32\15\4", "\25\32", "\32\25",
	};
	static const char *const servers[] = {
		"\32\4", "\4\32", "\32", "\15\32\4", "\32\15", "\25\32", "\25\32", "\377",
		"\377",
	};
	struct rng *r = &n->w->script;
	const char *types;

	if (n->index == HUB) {
		types = servers[rng_below(r, ARRAY_SIZE(servers))];
	} else {
		n->conf.eap_id = n->id;
		if (n->w->n[HUB].conf.eap[0] == 255 && n->index % 2)
			outer_name(n, &n->conf.eap_id);
		types = clients[rng_below(r, ARRAY_SIZE(clients))];
		n->conf.ttls = (enum tunnel_ttls)rng_below(r, 3);
	}
	memcpy(n->conf.eap, types, strlen(types));
	/* where both want it they have TLS alone in common */
	n->conf.eap_only = !n->w->second && strchr(types, '\15') && rng_chance(r, 50);
}

/* The client that calls itself so, or NULL. */
static const struct node *user(const struct node *n, struct chunk name)
{
	for (int i = 0; i < n->w->nodes; i++) {
		const struct ike_id *id = &n->w->n[i].id;
		struct ike_id outer;

		outer_name(&n->w->n[i], &outer);
		if ((id->len == name.len && !memcmp(id->data, name.p, id->len)) ||
		    (outer.len == name.len && !memcmp(outer.data, name.p, outer.len)))
			return &n->w->n[i];
	}
	return NULL;
}

void eap_job(const struct node *n, const struct ike_job *job, struct sim_job *j)
{
	bool client = ike_eap_is_client(job->eap);
	const struct node *of = client ? n : user(n, job->user);
	struct chunk secret;
	char buf[32];

	if (of)
		secret = password(of, !client, buf);
	if (eap_secret_use(job->eap, job->user, of ? &secret : NULL, job->octets, j->out, &j->len,
			   &j->fails))
		j->fails = NULL;
}

/* Who has the wrong password has a certificate of another CA too. */
bool eap_tls_job(struct node *n, const struct ike_job *job, struct sim_job *j)
{
	char id[TUNNEL_ID_MAX], key[NODE_KEY_MAX], cert[2 * TUNNEL_ID_MAX];

	snprintf(cert, sizeof(cert), "%s|%s|%s|24", ike_id_str(&n->id, id, sizeof(id)),
		 node_key(n, key), n->wrong_password ? "another CA of TLS" : "the CA of TLS");
	if (!fake_tls_job(&n->tls, cert, "the CA of TLS", job, &j->flight))
		return false;
	if (n->tls.told)
		violate(n->w, "%c says something inside of TLS to a server that is not proved",
			'A' + n->index);
	memcpy(j->out, j->flight.msk, IKE_MSK_LEN);
	return true;
}

bool eap_radius_job(struct node *n, const struct ike_job *job, struct sim_job *j)
{
	const struct node *of = user(n, job->user);
	struct chunk secret;
	char buf[32];

	if (of)
		secret = password(of, true, buf);
	if (!fake_radius_job(&n->radius, of ? &secret : NULL, job, &j->flight))
		return false;
	memcpy(j->out, j->flight.msk, IKE_MSK_LEN);
	if (of)
		snprintf(j->flight.user, sizeof(j->flight.user), "%.*s", (int)of->id.len,
			 (const char *)of->id.data);
	return true;
}

/* The key may have been spoilt. */
struct ike_job_result eap_tls_result(const struct sim_job *j)
{
	struct ike_job_result result = fake_tls_result(&j->flight);

	result.msk.p = j->out;
	return result;
}
