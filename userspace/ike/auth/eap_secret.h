/* SPDX-License-Identifier: GPL-2.0 */
/* The job IKE_JOB_EAP, for who has the password: the process with the secrets, and tests. */
#ifndef IKE_EAP_SECRET_H
#define IKE_EAP_SECRET_H

#include "ike/core/env.h"

/*
 * @password NULL: nobody knows the user; it takes as long as with a wrong one. False: @why, which
 * says nothing of the password. @out is the caller's to wipe.
 */
bool eap_secret_use(enum ike_eap what, struct chunk user, const struct chunk *password,
		    struct chunk in, uint8_t out[IKE_EAP_OUT_MAX], size_t *len, const char **why);

#endif
