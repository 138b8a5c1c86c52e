/* SPDX-License-Identifier: GPL-2.0 */
/* How the ends of a tunnel prove themselves. */
#ifndef IKE_METHOD_H
#define IKE_METHOD_H

#include "ike/auth/auth.h"

const struct auth_ops *method_ours(const struct tunnel_conf *conf);
const struct auth_ops *method_theirs(const struct tunnel_conf *conf);

#endif
