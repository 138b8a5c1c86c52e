/* SPDX-License-Identifier: GPL-2.0 */
/* Certificates and keys of every kind, made by OpenSSL: pki.sh. */
#ifndef TEST_PKI_H
#define TEST_PKI_H

#include "lib/chunk_list.h"

/* For group set-up and tear-down: makes the folder, and removes it. */
int pki_make(void **state);
int pki_remove(void **state);
/* The path of a file there; valid until the next call but seven. */
const char *pki_path(const char *name);
/* What is in it, for ever. */
struct chunk pki_file(const char *name);
/* The certificate NAME.der. */
struct chunk pki_cert(const char *name);
/* The exit status of a shell command that runs in the folder, without its output. */
int pki_shell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
