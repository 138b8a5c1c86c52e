// SPDX-License-Identifier: GPL-2.0
#include "ike/exchange/fsm.h"

#define AUTH_EXTRAS	(P(PAYLOAD_CERT) | P(PAYLOAD_CERTREQ) | P(PAYLOAD_CP) | P(PAYLOAD_EAP))
#define CHILD		(P(PAYLOAD_SA) | P(PAYLOAD_TSI) | P(PAYLOAD_TSR))
#define ANYTHING	UINT32_MAX

/*
 * How long an IKE SA may be in a state, seconds; 0: as long as the retransmission of its
 * request lasts, or for ever.
 */
static const uint16_t timeouts[SA_STATES] = {
	[SA_INIT_ANSWERED] = 30,
	[SA_REKEYED] = 60,
	[SA_CLOSING] = 15,
	[SA_CLOSED] = 30,		/* the peer's retransmissions find an answer */
};

/*
 * Of the rows for one state, exchange and role the first whose payloads fit is taken; the bare
 * ones, which catch answers that are only notifies, come last.
 */
const struct transition transitions[] = {
	{ "we begin", SA_NEW, COMMAND_START, ROLE_COMMAND, .next = SA_INIT_SENT },
	{ "the peer begins", SA_NEW, EXCHANGE_IKE_SA_INIT, ROLE_RESPONDER,
	  P(PAYLOAD_SA) | P(PAYLOAD_KE) | P(PAYLOAD_NONCE), P(PAYLOAD_CERTREQ), v2_init_request,
	  SA_INIT_ANSWERED, SA_CLOSED },
	{ "an IKE SA is rekeyed: this one takes over", SA_NEW, COMMAND_INHERIT, ROLE_COMMAND,
	  .next = SA_ESTABLISHED },
	{ "it never came to be", SA_NEW, COMMAND_DROP, ROLE_COMMAND, .next = SA_DEAD },

	{ "the peer answers our beginning", SA_INIT_SENT, EXCHANGE_IKE_SA_INIT, ROLE_INITIATOR,
	  P(PAYLOAD_SA) | P(PAYLOAD_KE) | P(PAYLOAD_NONCE), P(PAYLOAD_CERTREQ), v2_init_response,
	  SA_AUTH_SENT, SA_DEAD },
	{ "the peer wants a cookie, another group, or nothing of us", SA_INIT_SENT,
	  EXCHANGE_IKE_SA_INIT, ROLE_INITIATOR, 0, 0, v2_init_notify, SA_INIT_SENT, SA_DEAD },
	{ "we give up", SA_INIT_SENT, COMMAND_CLOSE, ROLE_COMMAND, .next = SA_DEAD },
	{ "no answer", SA_INIT_SENT, COMMAND_DROP, ROLE_COMMAND, .next = SA_DEAD },

	{ "the peer proves itself", SA_INIT_ANSWERED, EXCHANGE_IKE_AUTH, ROLE_RESPONDER,
	  P(PAYLOAD_IDI) | P(PAYLOAD_AUTH) | CHILD, P(PAYLOAD_IDR) | AUTH_EXTRAS, v2_auth_request,
	  SA_ESTABLISHED, SA_CLOSED },
	{ "the peer never came back", SA_INIT_ANSWERED, COMMAND_EXPIRE, ROLE_COMMAND,
	  .next = SA_DEAD },
	{ "its tunnel is gone", SA_INIT_ANSWERED, COMMAND_DROP, ROLE_COMMAND, .next = SA_DEAD },

	{ "the peer proves itself in turn", SA_AUTH_SENT, EXCHANGE_IKE_AUTH, ROLE_INITIATOR,
	  P(PAYLOAD_IDR) | P(PAYLOAD_AUTH), CHILD | AUTH_EXTRAS, v2_auth_response, SA_ESTABLISHED,
	  SA_CLOSING },
	{ "the peer refuses us", SA_AUTH_SENT, EXCHANGE_IKE_AUTH, ROLE_INITIATOR, 0, ANYTHING,
	  v2_auth_refused, SA_DEAD, SA_DEAD },
	{ "we take it back, but the peer may accept it", SA_AUTH_SENT, COMMAND_CLOSE, ROLE_COMMAND,
	  .next = SA_CLOSING },
	{ "no answer", SA_AUTH_SENT, COMMAND_DROP, ROLE_COMMAND, .next = SA_DEAD },

	{ "the peer rekeys the IKE SA", SA_ESTABLISHED, EXCHANGE_CREATE_CHILD_SA, ROLE_RESPONDER,
	  P(PAYLOAD_SA) | P(PAYLOAD_NONCE) | P(PAYLOAD_KE), 0, v2_rekey_request, SA_REKEYED,
	  SA_ESTABLISHED },
	{ "the peer rekeys the child", SA_ESTABLISHED, EXCHANGE_CREATE_CHILD_SA, ROLE_RESPONDER,
	  P(PAYLOAD_NONCE) | CHILD, P(PAYLOAD_KE), v2_child_request, SA_ESTABLISHED,
	  SA_ESTABLISHED },
	{ "the peer answers our rekey of the child", SA_ESTABLISHED, EXCHANGE_CREATE_CHILD_SA,
	  ROLE_INITIATOR, P(PAYLOAD_NONCE) | CHILD, P(PAYLOAD_KE), v2_child_response,
	  SA_ESTABLISHED, SA_ESTABLISHED },
	{ "the peer refuses our rekey of the child", SA_ESTABLISHED, EXCHANGE_CREATE_CHILD_SA,
	  ROLE_INITIATOR, 0, ANYTHING, v2_child_refused, SA_ESTABLISHED, SA_ESTABLISHED },
	{ "the peer informs us", SA_ESTABLISHED, EXCHANGE_INFORMATIONAL, ROLE_RESPONDER, 0,
	  P(PAYLOAD_DELETE) | P(PAYLOAD_CP), v2_info_request, SA_ESTABLISHED, SA_CLOSED },
	{ "the peer took note", SA_ESTABLISHED, EXCHANGE_INFORMATIONAL, ROLE_INITIATOR, 0,
	  P(PAYLOAD_DELETE) | P(PAYLOAD_CP), v2_info_response, SA_ESTABLISHED, SA_ESTABLISHED },
	{ "we end it", SA_ESTABLISHED, COMMAND_CLOSE, ROLE_COMMAND, .next = SA_CLOSING },
	{ "the peer is gone", SA_ESTABLISHED, COMMAND_DROP, ROLE_COMMAND, .next = SA_DEAD },

	{ "the peer deletes the rekeyed IKE SA", SA_REKEYED, EXCHANGE_INFORMATIONAL,
	  ROLE_RESPONDER, 0, P(PAYLOAD_DELETE) | P(PAYLOAD_CP), v2_info_late_request, SA_REKEYED,
	  SA_CLOSED },
	{ "too late", SA_REKEYED, EXCHANGE_CREATE_CHILD_SA, ROLE_RESPONDER, 0, ANYTHING,
	  v2_child_too_late, SA_REKEYED, SA_REKEYED },
	{ "an answer from before", SA_REKEYED, EXCHANGE_INFORMATIONAL, ROLE_INITIATOR, 0, ANYTHING,
	  v2_ignore_response, SA_REKEYED, SA_REKEYED },
	{ "the peer forgot to delete it", SA_REKEYED, COMMAND_EXPIRE, ROLE_COMMAND,
	  .next = SA_DEAD },
	{ "no answer", SA_REKEYED, COMMAND_DROP, ROLE_COMMAND, .next = SA_DEAD },

	{ "the peer took note of our DELETE, or of what went before", SA_CLOSING,
	  EXCHANGE_INFORMATIONAL, ROLE_INITIATOR, 0, ANYTHING, v2_info_response, SA_CLOSING,
	  SA_DEAD },
	{ "an answer to a rekey nobody wants now", SA_CLOSING, EXCHANGE_CREATE_CHILD_SA,
	  ROLE_INITIATOR, 0, ANYTHING, v2_ignore_response, SA_CLOSING, SA_CLOSING },
	{ "the answer to an attempt nobody wants now", SA_CLOSING, EXCHANGE_IKE_AUTH,
	  ROLE_INITIATOR, 0, ANYTHING, v2_auth_abandoned, SA_CLOSING, SA_DEAD },
	{ "both delete it", SA_CLOSING, EXCHANGE_INFORMATIONAL, ROLE_RESPONDER, 0,
	  P(PAYLOAD_DELETE) | P(PAYLOAD_CP), v2_info_late_request, SA_CLOSING, SA_CLOSED },
	{ "too late", SA_CLOSING, EXCHANGE_CREATE_CHILD_SA, ROLE_RESPONDER, 0, ANYTHING,
	  v2_child_too_late, SA_CLOSING, SA_CLOSING },
	{ "the peer does not answer our DELETE", SA_CLOSING, COMMAND_EXPIRE, ROLE_COMMAND,
	  .next = SA_DEAD },
	{ "the peer does not answer our DELETE", SA_CLOSING, COMMAND_DROP, ROLE_COMMAND,
	  .next = SA_DEAD },

	{ "nobody asks any more", SA_CLOSED, COMMAND_EXPIRE, ROLE_COMMAND, .next = SA_DEAD },
};

const unsigned int transitions_count = ARRAY_SIZE(transitions);

const struct request_kind request_kinds[] = {
	{ SA_INIT_SENT, EXCHANGE_IKE_SA_INIT, v2_init_build },
	{ SA_AUTH_SENT, EXCHANGE_IKE_AUTH, v2_auth_build },
	{ SA_CLOSING, EXCHANGE_INFORMATIONAL, v2_delete_ike_build },
	{ SA_ESTABLISHED, EXCHANGE_INFORMATIONAL, v2_delete_child_build },
	{ SA_ESTABLISHED, EXCHANGE_CREATE_CHILD_SA, v2_rekey_child_build },
	{ SA_ESTABLISHED, EXCHANGE_INFORMATIONAL, v2_liveness_build },
};

const unsigned int request_kinds_count = ARRAY_SIZE(request_kinds);

uint32_t transition_payloads(const struct msg *m)
{
	uint32_t bits = 0;

	for (unsigned int type = PAYLOAD_SA; type <= PAYLOAD_EAP; type++)
		if (m->seen[type] && type != PAYLOAD_NOTIFY && type != PAYLOAD_VENDOR &&
		    type != PAYLOAD_SK)
			bits |= P(type);
	return bits;
}

const struct transition *transition_find(enum sa_state state, uint8_t exchange, enum role role,
					 uint32_t payloads)
{
	for (unsigned int i = 0; i < transitions_count; i++) {
		const struct transition *row = &transitions[i];

		if (row->state == state && row->exchange == exchange && row->role == role &&
		    (payloads & row->required) == row->required &&
		    !(payloads & ~(row->required | row->allowed)))
			return row;
	}
	return NULL;
}

bool transition_exists(enum sa_state state, uint8_t exchange, enum role role)
{
	for (unsigned int i = 0; i < transitions_count; i++)
		if (transitions[i].state == state && transitions[i].exchange == exchange &&
		    transitions[i].role == role)
			return true;
	return false;
}

void transition_apply(struct ike_sa *sa, const struct transition *row, enum verdict verdict,
		      const char *why)
{
	enum sa_state next = verdict == VERDICT_FAIL ? row->fail : row->next;
	struct timers *timers = &sa->ike->timers;

	if (verdict == VERDICT_STAY || verdict == VERDICT_DROP || next == sa->state)
		return;
	sa_set_state(sa, next, why[0] ? why : row->story);
	if (timeouts[next])
		timer_set(timers, &sa->expiry, ike_now(sa->ike) + timeouts[next] * 1000);
	else
		timer_cancel(timers, &sa->expiry);
}

bool transition_command(struct ike_sa *sa, enum command command, const char *why)
{
	const struct transition *row = transition_find(sa->state, command, ROLE_COMMAND, 0);

	if (!row)
		return false;
	transition_apply(sa, row, VERDICT_DONE, why);
	return true;
}
