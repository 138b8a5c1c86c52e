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

bool fake_tls_job(struct fake_tls_list *list, const char *cert, const char *ca,
		  const struct ike_job *job, struct fake_flight *f)
{
	struct fake_tls *t = tls_find(list, job->conversation);

	if (!t)
		t = tls_find(list, 0);
	if (!t)
		return false;
	t->conversation = job->conversation;
	*f = (struct fake_flight){ .round = IKE_ROUND_MORE };
	tls_hash(t, job->octets.p, job->octets.len);
	if (job->octets.len == 5 && !memcmp(job->octets.p, "alert", 5)) {
		f->round = IKE_ROUND_FAILED;
		snprintf(f->text, sizeof(f->text), "the other end of TLS says: alert");
	} else if (job->client) {
		tls_client(t, cert, ca, job, f);
	} else {
		tls_server(t, cert, ca, job, f);
	}
	tls_hash(t, f->octets, f->len);
	t->step++;
	for (unsigned int i = 0; i < IKE_MSK_LEN; i++)
		f->msk[i] = (uint8_t)(t->hash >> i % 8 * 8);
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
		.user = { (const uint8_t *)f->user, done ? strlen(f->user) : 0 },
	};
}
