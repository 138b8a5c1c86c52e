// SPDX-License-Identifier: GPL-2.0
/*
 * EAP packets to a client or a server. First octet: bit 0, client; bit 1, with MD5 only; bit 2, its
 * jobs fail; bit 3, with TLS only; bit 4, the server passes it through to RADIUS; bit 5, with TTLS
 * only, as client by PAP with bit 6 too, by MS-CHAP-V2 with bit 7. Then packets: a
 * length of two octets, and so many octets; in each the identifier is that of the last request
 * where the fuzzer writes 0, so that it gets past the beginning. What is answered has to be sound
 * EAP, and without the password nothing succeeds.
 */
#include <stdlib.h>

#include "ike/auth/eap.h"
#include "unit/ike/ike_ends.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	return setenv("CMOCKA_TEST_ABORT", "1", 1);
}

static bool believed;

static struct auth_session *begin(struct ends *p, uint8_t how)
{
	struct side *a = &p->s[0];
	struct octets covered = {0};

	believed = how & 32;
	if (!(how & 1) && how & 16)
		a->conf.eap[0] = EAP_TYPE_RADIUS;
	else if (how & 32)
		a->conf.eap[0] = EAP_TYPE_TTLS;
	else
		memcpy(a->conf.eap, how & 8 ? "\15" : how & 2 ? "\4" : "\32\4", how & 10 ? 1 : 2);
	a->conf.ttls = how & 64 ? TTLS_PAP : how & 128 ? TTLS_MSCHAPV2 : TTLS_EAP;
	assert_true(ike_id_parse(&a->conf.eap_id, "alice"));
	fake_password(&a->fake, how & 1 ? "" : "alice", "w0nderland");
	a->fake.no_jobs = how & 4;
	ends_start(p);
	start(p, 0);
	/* nobody believes what the fuzzer could show, but for a server of TTLS */
	fake_tls_keys(&a->fake, a->tunnel, "alice|a|ca|24", how & 32 ? "ca" : "");
	assert_true(ike_id_parse(&only_sa(a)->remote_id, "gw"));
	return auth_begin(only_sa(a), a->tunnel, &auth_eap_ops, how & 1, &covered);
}

static enum auth_state say(struct ends *p, struct auth_session *s, const uint8_t *octets,
			   size_t len)
{
	struct chunk input = { octets, len };
	struct eap_packet out;
	enum auth_state state;

	while ((state = auth_step(s, input)) == AUTH_PENDING)
		assert_true(fake_job_end(&p->s[0].fake, p->s[0].ike));
	/* a client of TTLS has no more to say to a server that it believes */
	if (state == AUTH_DONE && (!s->prover || (s->key_len && !believed)))
		fail_msg("the fuzzer does not know the password");
	if (s->out_len) {
		assert_true(eap_packet_parse((struct chunk){ s->out, s->out_len }, &out));
		assert_int_equal(out.code == EAP_RESPONSE, s->prover);
	}
	assert_true(state == AUTH_FAILED ? s->why[0] : state == AUTH_DONE || s->out_len);
	return state;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_of(data, size), one;
	enum auth_state state = AUTH_MORE;
	struct auth_session *s;
	uint8_t how, octets[4096];
	struct ends *p;
	uint16_t len;

	if (!cursor_u8(&c, &how))
		return 0;
	p = ends_new();
	s = begin(p, how);
	if (!s->prover)
		state = say(p, s, octets, 0);
	while (state == AUTH_MORE && cursor_u16(&c, &len) && len <= sizeof(octets) &&
	       cursor_sub(&c, len < c.left ? len : c.left, &one)) {
		memcpy(octets, one.at, one.left);
		if (!s->prover && one.left > 1 && !octets[1])
			octets[1] = s->out[1];
		state = say(p, s, octets, one.left);
	}
	ends_free(p);
	return 0;
}
