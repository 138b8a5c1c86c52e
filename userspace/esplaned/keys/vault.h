/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The process with the secrets: it reads the configuration, keeps the pre-shared and private keys,
 * and answers what the process that speaks IKE asks (link.h). It has no network, no capability and
 * no file to write. A message that is not sound ends it: whoever sends one has been taken over.
 */
#ifndef ESPLANED_VAULT_H
#define ESPLANED_VAULT_H

#include "esplaned/conf/config.h"

struct vault;

/* @network, @supervisor: its ends of the links, kept; @path: the configuration. NULL: no memory. */
struct vault *vault_new(int network, int supervisor, const char *path);
/* Wipes the secrets. NULL is fine. */
void vault_free(struct vault *v);
/*
 * One message of the network's, any bytes at all, or of the supervisor's. False: it is not sound,
 * or the answer cannot be sent.
 */
bool vault_input(struct vault *v, const uint8_t *msg, size_t len);
bool vault_ran(struct vault *v, const uint8_t *msg, size_t len);
/*
 * Answers the first message of the network's, which has heard no stranger yet: it asks for the
 * configuration. After this no module of a token is loaded. False: to end, with @status.
 */
bool vault_begin(struct vault *v, int *status);
/* Answers until one of the others is gone. Returns the exit status. */
int vault_run(struct vault *v);

#endif
