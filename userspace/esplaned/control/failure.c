// SPDX-License-Identifier: GPL-2.0
#include "esplaned/control/failure.h"

#include <string.h>

#include "lib/array.h"
#include "lib/log.h"

const char *failure_name(enum ike_failure failure)
{
	static const char *const names[] = {
		[IKE_FAIL_NONE]			= "failed",
		[IKE_FAIL_TIMEOUT]		= "timeout",
		[IKE_FAIL_NO_PROPOSAL_IKE]	= "no-proposal-ike",
		[IKE_FAIL_NO_PROPOSAL_CHILD]	= "no-proposal-child",
		[IKE_FAIL_AUTH_REMOTE]		= "auth-remote",
		[IKE_FAIL_AUTH_LOCAL]		= "auth-local",
		[IKE_FAIL_ID]			= "identity",
		[IKE_FAIL_TS]			= "selectors",
		[IKE_FAIL_MODE]			= "mode",
		[IKE_FAIL_KERNEL]		= "kernel",
		[IKE_FAIL_INTERFACE]		= "interface",
		[IKE_FAIL_PEER]			= "peer",
		[IKE_FAIL_PROTOCOL]		= "protocol",
		[IKE_FAIL_DOWN]			= "down",
		[IKE_FAIL_RESOLVE]		= "resolve",
		[IKE_FAIL_CONFIG]		= "config",
		[IKE_FAIL_MODULE]		= "kernel-module",
		[IKE_FAIL_TCP]			= "tcp-only",
		[IKE_FAIL_ADDRESS]		= "address",
	};

	return failure < ARRAY_SIZE(names) && names[failure] ? names[failure] : "failed";
}

json_t *failure_text(const char *text)
{
	char safe[1024];

	return json_string(log_escape(text, strlen(text), safe, sizeof(safe)));
}

json_t *failure_result(enum ike_failure failure, const char *who, const char *detail)
{
	json_t *result = json_pack("{ss ss so}", "result", "error", "error", failure_name(failure),
				   "message", failure_text(detail));

	if (who)
		json_object_set_new(result, "tunnel", failure_text(who));
	return result;
}
