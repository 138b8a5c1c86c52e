// SPDX-License-Identifier: GPL-2.0
#include "fake/fake_tls.h"

#include <stdio.h>
#include <string.h>

#include "fake/fake_sign.h"

static struct fake_tls *tls_find(struct fake_tls_list *list, uint32_t conversation)
{
	for (unsigned int i = 0; i < FAKE_TLS_MAX; i++)
		if (list->tls[i].conversation == conversation)
			return &list->tls[i];
	return NULL;
}

static void tls_hash(struct fake_tls *t, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		t->hash = (t->hash ^ p[i]) * UINT64_C(0x100000001b3);
}

static void tls_fail(struct fake_flight *f, const char *text)
{
	f->round = IKE_ROUND_FAILED;
	f->len = (size_t)snprintf((char *)f->octets, sizeof(f->octets), "alert");
	snprintf(f->text, sizeof(f->text), "%s", text);
}

static void tls_flight(struct fake_flight *f, const char *name, size_t len, const char *cert)
{
	memset(f->octets, 0, sizeof(f->octets));
	f->len = len;
	snprintf((char *)f->octets, len, "%s %s", name, cert);
}

static bool tls_is(const struct ike_job *job, const char *name)
{
	size_t len = strlen(name);

	return job->octets.len > len && !memcmp(job->octets.p, name, len);
}

/* "flight CERTIFICATE" */
static bool tls_believes(const struct ike_job *job, const char *flight, const char *ca,
			 struct fake_flight *f)
{
	struct ike_job claim = { .id = job->id, .cert_count = 1 };
	struct chunk cert;
	const char *why;

	if (!tls_is(job, flight)) {
		tls_fail(f, "TLS: an unexpected flight");
		return false;
	}
	cert.p = job->octets.p + strlen(flight) + 1;
	cert.len = strnlen((const char *)cert.p, job->octets.len - strlen(flight) - 1);
	claim.certs = &cert;
	why = fake_cert_job(ca, &claim, &f->valid_s);
	if (why)
		tls_fail(f, why);
	return !why;
}

static void tls_client(struct fake_tls *t, const char *cert, const char *ca,
		       const struct ike_job *job, struct fake_flight *f)
{
	if (!t->step) {
		tls_flight(f, "hello", 200, "");
	} else if (t->step == 1) {
		if (tls_believes(job, "server", ca, f))
			tls_flight(f, "client", FAKE_FLIGHT_MAX, cert);
		t->valid_s = f->valid_s;
	} else if (t->step == 2 && tls_is(job, "finished")) {
		f->round = IKE_ROUND_DONE;
		f->valid_s = t->valid_s;
	} else {
		tls_fail(f, "TLS: an unexpected flight");
	}
}

static void tls_server(struct fake_tls *t, const char *cert, const char *ca,
		       const struct ike_job *job, struct fake_flight *f)
{
	if (!t->step && tls_is(job, "hello")) {
		tls_flight(f, "server", 2500, cert);
	} else if (t->step == 1) {
		if (!tls_believes(job, "client", ca, f))
			return;
		tls_flight(f, "finished", 60, "");
		f->round = IKE_ROUND_DONE;
	} else {
		tls_fail(f, "TLS: an unexpected flight");
	}
}

/* ---- EAP-TTLS */

enum { TYPE_TTLS = 21, PART = 60 };	/* octets of the client's flight, and the server's last */

static void tls_open_up(struct fake_tls *t, struct fake_flight *f)
{
	t->open = true;
	f->round = IKE_ROUND_DONE;
}

/* "inside", the length in two octets, and the octets. */
static void tls_say(struct chunk say, struct fake_flight *f)
{
	memcpy(f->octets, "inside", 6);
	f->octets[6] = (uint8_t)(say.len >> 8);
	f->octets[7] = (uint8_t)say.len;
	memcpy(f->octets + 8, say.p, say.len);
	f->len = 8 + say.len;
}

static void tls_hear(const uint8_t *p, size_t len, struct fake_flight *f)
{
	size_t said = len > 8 ? (size_t)p[6] << 8 | p[7] : 0;

	if (!len)
		return;
	if (len <= 8 || memcmp(p, "inside", 6) || said != len - 8 || said > sizeof(f->heard)) {
		tls_fail(f, "TLS: an unexpected flight");
		return;
	}
	memcpy(f->heard, p + 8, said);
	f->heard_len = said;
}

static void tls_tunnel_client(struct fake_tls *t, const char *ca, const struct ike_job *job,
			      struct fake_flight *f)
{
	bool new = tls_is(job, "serve3");

	if (!t->step) {
		tls_flight(f, "hello", 200, "");
	} else if (t->step == 1) {
		if (!tls_believes(job, new ? "serve3" : "server", ca, f))
			return;
		tls_flight(f, "client", PART, "");
		t->valid_s = f->valid_s;
		if (new)
			tls_open_up(t, f);
	} else if (t->step == 2 && tls_is(job, "finished")) {
		tls_open_up(t, f);
		f->valid_s = t->valid_s;
	} else {
		tls_fail(f, "TLS: an unexpected flight");
	}
}

static void tls_tunnel_server(struct fake_tls *t, const char *cert, const struct ike_job *job,
			      struct fake_flight *f)
{
	bool new = job->conversation % 2;

	if (!t->step && tls_is(job, "hello")) {
		tls_flight(f, new ? "serve3" : "server", 2500, cert);
	} else if (t->step == 1 && tls_is(job, "client") && job->octets.len >= PART) {
		if (!new)
			tls_flight(f, "finished", PART, "");
		tls_open_up(t, f);
	} else {
		tls_fail(f, "TLS: an unexpected flight");
	}
}

static void tls_tunnel(struct fake_tls_list *list, struct fake_tls *t, const char *cert,
		       const char *ca, const struct ike_job *job, struct fake_flight *f)
{
	bool was_open = t->open;

	list->told |= job->say.len && !t->open;
	if (t->open)
		f->round = IKE_ROUND_DONE;
	if (job->say.len)
		tls_say(job->say, f);
	else if (t->open)
		tls_hear(job->octets.p, job->octets.len, f);
	else if (job->client)
		tls_tunnel_client(t, ca, job, f);
	else
		tls_tunnel_server(t, cert, job, f);
	if (t->open && !was_open && !job->client)
		tls_hear(job->octets.p + PART, job->octets.len - PART, f);
}

/* What both ends have heard until the one that proves itself has; not what is said inside. */
static size_t tls_shaken(const struct fake_tls *t, const struct ike_job *job)
{
	bool last = job->type == TYPE_TTLS && !job->client && t->step == 1;

	if (t->open)
		return 0;
	return last && job->octets.len > PART ? PART : job->octets.len;
}

bool fake_tls_job(struct fake_tls_list *list, const char *cert, const char *ca,
		  const struct ike_job *job, struct fake_flight *f)
{
	struct fake_tls *t = tls_find(list, job->conversation);
	bool was_open;

	if (!t)
		t = tls_find(list, 0);
	if (!t)
		return false;
	t->conversation = job->conversation;
	*f = (struct fake_flight){ .round = IKE_ROUND_MORE };
	tls_hash(t, job->octets.p, tls_shaken(t, job));
	was_open = t->open;
	if (job->octets.len == 5 && !memcmp(job->octets.p, "alert", 5)) {
		f->round = IKE_ROUND_FAILED;
		snprintf(f->text, sizeof(f->text), "the other end of TLS says: alert");
	} else if (job->type == TYPE_TTLS) {
		tls_tunnel(list, t, cert, ca, job, f);
	} else if (job->client) {
		tls_client(t, cert, ca, job, f);
	} else {
		tls_server(t, cert, ca, job, f);
	}
	tls_hash(t, f->octets, was_open ? 0 : f->len);
	t->step++;
	for (unsigned int i = 0; i < IKE_MSK_LEN; i++)
		f->msk[i] = (uint8_t)(t->hash >> i % 8 * 8);
	for (unsigned int i = 0; i < IKE_CHALLENGE_LEN; i++)
		f->challenge[i] = (uint8_t)(t->hash >> i % 7 * 8) ^ 0x5a;
	return true;
}

void fake_tls_forget(struct fake_tls_list *list, uint32_t conversation)
{
	struct fake_tls *t = tls_find(list, conversation);

	if (t)
		*t = (struct fake_tls){ 0 };
}

unsigned int fake_tls_count(const struct fake_tls_list *list)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < FAKE_TLS_MAX; i++)
		count += list->tls[i].conversation != 0;
	return count;
}

struct ike_job_result fake_tls_result(const struct fake_flight *f)
{
	bool done = f->round == IKE_ROUND_DONE;

	return (struct ike_job_result){
		.eap = { f->octets, f->len }, .round = f->round, .text = f->text,
		.msk = { f->msk, done ? IKE_MSK_LEN : 0 }, .valid_s = f->valid_s,
		.heard = { f->heard, f->heard_len },
		.session_s = done ? f->session_s : 0,
		.framed = done ? f->framed : (struct addr){ 0 },
		.challenge = { f->challenge, done ? IKE_CHALLENGE_LEN : 0 },
		.user = { (const uint8_t *)f->user, done ? strlen(f->user) : 0 },
	};
}
