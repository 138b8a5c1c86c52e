/* SPDX-License-Identifier: GPL-2.0 */
/* ikectl pki: a certification authority in a directory, without the daemon. */
#ifndef IKECTL_PKI_H
#define IKECTL_PKI_H

/* @argv[0] is "pki". An exit status (enum status). */
int pki_main(int argc, char **argv);

#endif
