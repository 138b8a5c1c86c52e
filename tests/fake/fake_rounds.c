// SPDX-License-Identifier: GPL-2.0
#include "fake/fake_rounds.h"

#include <stdlib.h>

#define CHALLENGE	"0123456789abcdef"

/* What a verifier remembers of the peer's answer while its own job is under way. */
struct fake_rounds {
	uint8_t mac[PRF_LEN_MAX];
	size_t len;
};

unsigned int fake_rounds_open;

static bool fake_rounds_is(struct chunk input, const char *text)
{
	return input.len == strlen(text) && !memcmp(input.p, text, input.len);
}

static void fake_rounds_say(struct auth_session *s, const void *data, size_t len)
{
	memcpy(s->out, data, len);
	s->out_len = len;
}

static enum auth_state fake_rounds_fail(struct auth_session *s, const char *why)
{
	if (!s->why[0])
		snprintf(s->why, sizeof(s->why), "%s", why);
	return AUTH_FAILED;
}

/* The secret's MAC of the challenge, which only a job can make. */
static enum auth_state fake_rounds_ask(struct auth_session *s)
{
	struct ike_job job = {
		.kind = IKE_JOB_PSK_MAC, .tunnel = s->tunnel, .prf = s->sa->prf,
		.octets = { (const uint8_t *)CHALLENGE, strlen(CHALLENGE) },
	};

	return auth_job(s, &job) ? AUTH_PENDING : fake_rounds_fail(s, "the job cannot begin");
}

static void fake_rounds_take_key(struct auth_session *s)
{
	s->key_len = prf_len(s->sa->prf);
	memcpy(s->key, s->mac, s->key_len);
}

static enum auth_state fake_rounds_prove(struct auth_session *s, struct chunk input)
{
	if (s->round == 0) {
		if (!fake_rounds_is(input, "who?"))
			return fake_rounds_fail(s, "not the first question");
		fake_rounds_say(s, "me", 2);
	} else if (s->round == 1) {
		if (!fake_rounds_is(input, CHALLENGE))
			return fake_rounds_fail(s, "not the challenge");
		if (!s->job_ended)
			return fake_rounds_ask(s);
		if (s->why[0])
			return AUTH_FAILED;
		fake_rounds_say(s, s->mac, prf_len(s->sa->prf));
		fake_rounds_take_key(s);
	} else {
		return fake_rounds_is(input, "welcome") ? AUTH_DONE :
							  fake_rounds_fail(s, "not welcome");
	}
	s->round++;
	return AUTH_MORE;
}

static enum auth_state fake_rounds_judge(struct auth_session *s, struct chunk input)
{
	struct fake_rounds *kept = s->priv;

	if (!s->job_ended) {
		if (input.len > sizeof(kept->mac))
			return fake_rounds_fail(s, "too long an answer");
		memcpy(kept->mac, input.p, input.len);
		kept->len = input.len;
		return fake_rounds_ask(s);
	}
	if (s->why[0])
		return AUTH_FAILED;
	if (kept->len != prf_len(s->sa->prf) || !crypto_equal(kept->mac, s->mac, kept->len))
		return fake_rounds_fail(s, "a wrong answer to the challenge");
	fake_rounds_say(s, "welcome", 7);
	fake_rounds_take_key(s);
	return AUTH_DONE;
}

static enum auth_state fake_rounds_verify(struct auth_session *s, struct chunk input)
{
	if (s->round == 0) {
		s->priv = calloc(1, sizeof(struct fake_rounds));
		if (!s->priv)
			return fake_rounds_fail(s, "no memory");
		fake_rounds_open++;
		fake_rounds_say(s, "who?", 4);
	} else if (s->round == 1) {
		if (!fake_rounds_is(input, "me"))
			return fake_rounds_fail(s, "not the name");
		fake_rounds_say(s, CHALLENGE, strlen(CHALLENGE));
	} else {
		return fake_rounds_judge(s, input);
	}
	s->round++;
	return AUTH_MORE;
}

static enum auth_state fake_rounds_step(struct auth_session *s, struct chunk input)
{
	return s->prover ? fake_rounds_prove(s, input) : fake_rounds_verify(s, input);
}

static void fake_rounds_free(struct auth_session *s)
{
	fake_rounds_open -= !!s->priv;
	free(s->priv);
}

const struct auth_ops fake_rounds = {
	.name = "the fake method of rounds",
	.secret = "fake secret",
	.rounds = true,
	.step = fake_rounds_step,
	.free = fake_rounds_free,
};
