// SPDX-License-Identifier: GPL-2.0
#include "ike/auth/method.h"

const struct auth_ops *method_ours(const struct tunnel_conf *conf)
{
	return conf->local_auth ? conf->local_auth : &auth_psk_ops;
}

const struct auth_ops *method_theirs(const struct tunnel_conf *conf)
{
	return conf->remote_auth ? conf->remote_auth : &auth_psk_ops;
}
