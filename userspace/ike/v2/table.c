// SPDX-License-Identifier: GPL-2.0
/* IKEv2's rows: which message in which state goes to which handler, and what follows. */
#include "ike/v2/hint.h"
#include "ike/v2/message.h"
#include "lib/array.h"

#define K(kind)		(UINT32_C(1) << (kind))

/* How long an IKE SA may be in a state, seconds. */
static const uint16_t v2_timeouts[SA_STATES] = {
	[SA_INIT_ANSWERED] = 30,
	[SA_REKEYED] = 60,
	[SA_CLOSING] = 15,
	[SA_CLOSED] = 30,		/* the peer's retransmissions find an answer */
};

static const struct fsm_row v2_rows[] = {
	{ "we begin", SA_NEW, COMMAND_START, ROLE_COMMAND, .next = SA_INIT_SENT },
	{ "the peer begins", SA_NEW, EXCHANGE_IKE_SA_INIT, ROLE_RESPONDER, K(MSG_INIT),
	  v2_init_request, SA_INIT_ANSWERED, SA_CLOSED },
	{ "an IKE SA is rekeyed: this one takes over", SA_NEW, COMMAND_INHERIT, ROLE_COMMAND,
	  .next = SA_ESTABLISHED },
	{ "it was never used", SA_NEW, COMMAND_DROP, ROLE_COMMAND, .next = SA_DEAD },

	{ "the peer answers IKE_SA_INIT", SA_INIT_SENT, EXCHANGE_IKE_SA_INIT, ROLE_INITIATOR,
	  K(MSG_INIT), v2_init_response, SA_AUTH_SENT, SA_DEAD },
	{ "the peer asks for a cookie or another group, or refuses", SA_INIT_SENT,
	  EXCHANGE_IKE_SA_INIT, ROLE_INITIATOR, K(MSG_DECLINED), v2_init_notify, SA_INIT_SENT,
	  SA_DEAD },
	{ "no answer, or we give up", SA_INIT_SENT, COMMAND_DROP, ROLE_COMMAND, .next = SA_DEAD },

	{ "the peer proves itself, or begins to", SA_INIT_ANSWERED, EXCHANGE_IKE_AUTH,
	  ROLE_RESPONDER, K(MSG_AUTH) | K(MSG_AUTH_BEGIN), v2_auth_request, SA_ESTABLISHED,
	  SA_CLOSED },
	{ "a round of the peer's proof", SA_INIT_ANSWERED, EXCHANGE_IKE_AUTH, ROLE_RESPONDER,
	  K(MSG_AUTH_ROUND), v2_auth_round, SA_INIT_ANSWERED, SA_CLOSED },
	{ "the end of the peer's proof", SA_INIT_ANSWERED, EXCHANGE_IKE_AUTH, ROLE_RESPONDER,
	  K(MSG_AUTH_PROOF), v2_auth_proof, SA_ESTABLISHED, SA_CLOSED },
	{ "the peer never came back", SA_INIT_ANSWERED, COMMAND_EXPIRE, ROLE_COMMAND,
	  .next = SA_DEAD },
	{ "it is dropped", SA_INIT_ANSWERED, COMMAND_DROP, ROLE_COMMAND, .next = SA_DEAD },

	{ "the peer proves itself in turn", SA_AUTH_SENT, EXCHANGE_IKE_AUTH, ROLE_INITIATOR,
	  K(MSG_AUTH) | K(MSG_AUTH_PROOF), v2_auth_response, SA_ESTABLISHED, SA_CLOSING },
	{ "the peer wants another round", SA_AUTH_SENT, EXCHANGE_IKE_AUTH, ROLE_INITIATOR,
	  K(MSG_AUTH_ROUND), v2_auth_more, SA_AUTH_SENT, SA_CLOSING },
	{ "the peer refuses us", SA_AUTH_SENT, EXCHANGE_IKE_AUTH, ROLE_INITIATOR,
	  FSM_ANY_KIND, v2_auth_refused, SA_DEAD, SA_DEAD },
	{ "we give up, but the peer may accept it", SA_AUTH_SENT, COMMAND_CLOSE, ROLE_COMMAND,
	  .next = SA_CLOSING },
	{ "no answer", SA_AUTH_SENT, COMMAND_DROP, ROLE_COMMAND, .next = SA_DEAD },

	{ "the peer rekeys the IKE SA", SA_ESTABLISHED, EXCHANGE_CREATE_CHILD_SA, ROLE_RESPONDER,
	  K(MSG_REKEY_IKE), v2_rekey_request, SA_REKEYED, SA_ESTABLISHED },
	{ "the peer grants our rekey of the IKE SA", SA_ESTABLISHED, EXCHANGE_CREATE_CHILD_SA,
	  ROLE_INITIATOR, K(MSG_REKEY_IKE), v2_rekey_response, SA_CLOSING, SA_ESTABLISHED },
	{ "another rekey of it has won", SA_ESTABLISHED, COMMAND_YIELD, ROLE_COMMAND,
	  .next = SA_REKEYED },
	{ "the peer makes or rekeys a child", SA_ESTABLISHED, EXCHANGE_CREATE_CHILD_SA,
	  ROLE_RESPONDER, K(MSG_CHILD), v2_child_request, SA_ESTABLISHED, SA_ESTABLISHED },
	{ "the peer grants what we asked of a child", SA_ESTABLISHED, EXCHANGE_CREATE_CHILD_SA,
	  ROLE_INITIATOR, K(MSG_CHILD), v2_child_response, SA_ESTABLISHED, SA_ESTABLISHED },
	{ "the peer refuses it", SA_ESTABLISHED, EXCHANGE_CREATE_CHILD_SA, ROLE_INITIATOR,
	  FSM_ANY_KIND, v2_child_refused, SA_ESTABLISHED, SA_ESTABLISHED },
	{ "the peer sends INFORMATIONAL", SA_ESTABLISHED, EXCHANGE_INFORMATIONAL, ROLE_RESPONDER,
	  K(MSG_INFO), v2_info_request, SA_ESTABLISHED, SA_CLOSED },
	{ "the peer answers INFORMATIONAL", SA_ESTABLISHED, EXCHANGE_INFORMATIONAL, ROLE_INITIATOR,
	  FSM_ANY_KIND, v2_info_response, SA_ESTABLISHED, SA_ESTABLISHED },
	{ "we end it", SA_ESTABLISHED, COMMAND_CLOSE, ROLE_COMMAND, .next = SA_CLOSING },
	{ "the peer is gone", SA_ESTABLISHED, COMMAND_DROP, ROLE_COMMAND, .next = SA_DEAD },

	{ "the peer deletes the rekeyed IKE SA", SA_REKEYED, EXCHANGE_INFORMATIONAL,
	  ROLE_RESPONDER, K(MSG_INFO), v2_info_late_request, SA_REKEYED, SA_CLOSED },
	{ "too late", SA_REKEYED, EXCHANGE_CREATE_CHILD_SA, ROLE_RESPONDER, FSM_ANY_KIND,
	  v2_child_too_late, SA_REKEYED, SA_REKEYED },
	{ "our own rekey is granted too late", SA_REKEYED, EXCHANGE_CREATE_CHILD_SA,
	  ROLE_INITIATOR, K(MSG_REKEY_IKE), v2_rekey_late, SA_REKEYED, SA_REKEYED },
	{ "our own rekey is refused", SA_REKEYED, EXCHANGE_CREATE_CHILD_SA, ROLE_INITIATOR,
	  FSM_ANY_KIND, v2_ignore_response, SA_REKEYED, SA_REKEYED },
	{ "an answer from before", SA_REKEYED, EXCHANGE_INFORMATIONAL, ROLE_INITIATOR,
	  FSM_ANY_KIND, v2_ignore_response, SA_REKEYED, SA_REKEYED },
	{ "the peer forgot to delete it", SA_REKEYED, COMMAND_EXPIRE, ROLE_COMMAND,
	  .next = SA_DEAD },
	{ "it is not needed", SA_REKEYED, COMMAND_CLOSE, ROLE_COMMAND, .next = SA_CLOSING },
	{ "no answer", SA_REKEYED, COMMAND_DROP, ROLE_COMMAND, .next = SA_DEAD },

	{ "the peer answers our DELETE, or a request before it", SA_CLOSING,
	  EXCHANGE_INFORMATIONAL, ROLE_INITIATOR, FSM_ANY_KIND, v2_info_response, SA_CLOSING,
	  SA_DEAD },
	{ "the IKE SA that it makes is no longer wanted", SA_CLOSING, EXCHANGE_CREATE_CHILD_SA,
	  ROLE_INITIATOR, K(MSG_REKEY_IKE), v2_rekey_late, SA_CLOSING, SA_CLOSING },
	{ "the answer to a rekey that is no longer wanted", SA_CLOSING, EXCHANGE_CREATE_CHILD_SA,
	  ROLE_INITIATOR, FSM_ANY_KIND, v2_ignore_response, SA_CLOSING, SA_CLOSING },
	{ "the answer to an attempt that is no longer wanted", SA_CLOSING, EXCHANGE_IKE_AUTH,
	  ROLE_INITIATOR, FSM_ANY_KIND, v2_auth_abandoned, SA_CLOSING, SA_DEAD },
	{ "both delete it", SA_CLOSING, EXCHANGE_INFORMATIONAL, ROLE_RESPONDER, K(MSG_INFO),
	  v2_info_late_request, SA_CLOSING, SA_CLOSED },
	{ "too late", SA_CLOSING, EXCHANGE_CREATE_CHILD_SA, ROLE_RESPONDER, FSM_ANY_KIND,
	  v2_child_too_late, SA_CLOSING, SA_CLOSING },
	{ "the peer does not answer our DELETE", SA_CLOSING, COMMAND_EXPIRE, ROLE_COMMAND,
	  .next = SA_DEAD },
	{ "the peer does not answer our DELETE", SA_CLOSING, COMMAND_DROP, ROLE_COMMAND,
	  .next = SA_DEAD },

	{ "retransmissions have ended", SA_CLOSED, COMMAND_EXPIRE, ROLE_COMMAND,
	  .next = SA_DEAD },
	{ "its place is needed", SA_CLOSED, COMMAND_DROP, ROLE_COMMAND, .next = SA_DEAD },
};

/* The most urgent first. */
static const struct exchange_kind *const v2_kinds[] = {
	&v2_kind_init,	       &v2_kind_auth,	     &v2_kind_delete_ike, &v2_kind_addresses,
	&v2_kind_delete_child, &v2_kind_rekey_child, &v2_kind_new_child,  &v2_kind_rekey_ike,
	&v2_kind_liveness,     &v2_kind_lost_spi, &v2_kind_token,
};

const struct ike_version ike_version_2 = {
	.major = 2,
	.window = 1,
	.rows = v2_rows,
	.row_count = ARRAY_SIZE(v2_rows),
	.timeouts = v2_timeouts,
	.kinds = v2_kinds,
	.kind_count = ARRAY_SIZE(v2_kinds),
	.finish = message_finish,
	.divide = message_divide,
	.input = receive_input,
	.unknown = hint_unknown,
	.stray = hint_packet,
};
