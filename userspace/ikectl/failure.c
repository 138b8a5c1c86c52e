// SPDX-License-Identifier: GPL-2.0
/* Why something failed, and what to change: one row an "error" of Documentation/control.md. */
#include "ikectl/ikectl.h"

#include <errno.h>
#include <string.h>

static const struct failure {
	const char *error;
	enum status status;
	const char *what;		/* NULL: the daemon's message says it all */
	const char *advice;		/* NULL: likewise */
} failures[] = {
	{ "timeout", STATUS_NO_ANSWER, "the peer does not answer",
	  "check that the option remote names the right host, that it runs an IKE daemon, and "
	  "that nothing on the way drops "
	  "UDP ports 500 and 4500" },
	{ "resolve", STATUS_NO_ANSWER, NULL,
	  "check the option remote and /etc/resolv.conf, or give the peer's address instead of its "
	  "name" },
	{ "no-proposal-ike", STATUS_NO_MATCH, "no IKE proposal suits both sides",
	  "give both sides one proposal in common: the option ike here, proposals or ike= on the "
	  "peer" },
	{ "no-proposal-child", STATUS_NO_MATCH, "no ESP proposal suits both sides",
	  "give both sides one proposal in common: the option esp here, esp_proposals or esp= on "
	  "the peer; a group in it "
	  "means perfect forward secrecy and must be on both sides" },
	{ "auth-remote", STATUS_AUTH, "the peer refuses us",
	  "compare the secret (psk) and the identities on both sides: local-id here is the "
	  "peer's remote identity; the peer's "
	  "log says which it was" },
	{ "auth-local", STATUS_AUTH, "the peer does not know the secret",
	  "make psk the same on both sides, to the last octet: a newline or a space at its end "
	  "counts" },
	{ "identity", STATUS_AUTH, "the peer is not who it should be",
	  "set remote-id to the identity that the peer sends, or change it there" },
	{ "selectors", STATUS_NO_MATCH, "the traffic selectors do not meet",
	  "make local-ts here the peer's remote selector and remote-ts its local one" },
	{ "kernel", STATUS_FAILED, "the kernel module refuses it",
	  "if the sentence does not say what to change, see dmesg; ikectl version tells whether "
	  "module and daemon are of one "
	  "version" },
	{ "kernel-module", STATUS_NO_MODULE, NULL,
	  "load it as root: modprobe esplane; if it is not found: dkms autoinstall; if DKMS does "
	  "not know it: make install in the source, then dkms install as the README says" },
	{ "interface", STATUS_FAILED, "the interface, its address or its routes cannot be set up",
	  NULL },
	{ "peer", STATUS_FAILED, "the peer answered with an error", "the peer's log says more" },
	{ "protocol", STATUS_FAILED, "the peer's message makes no sense",
	  "the esplaned log at --log-level debug shows the exchange; the peer may be broken, or "
	  "somebody on the way" },
	{ "down", STATUS_FAILED, "it was taken down meanwhile", NULL },
	{ "config", STATUS_FAILED, NULL, NULL },
	{ "answer-only", STATUS_FAILED, NULL,
	  "let the peer bring it up, or give the option remote an address" },
	{ "not-up", STATUS_FAILED, NULL, "bring it up first: ikectl up NAME" },
	{ "no-such-tunnel", STATUS_NO_TUNNEL, NULL, NULL },
	{ "busy", STATUS_FAILED, NULL, "end some of them, as ikectl monitor, or try again" },
	{ "bad-request", STATUS_USAGE, NULL,
	  "ikectl and esplaned may be of different versions: see ikectl version" },
	{ NULL, STATUS_FAILED, NULL, NULL },
};

static const struct failure *failure_find(const char *error)
{
	const struct failure *f = failures;

	while (f->error && strcmp(f->error, error))
		f++;
	return f;
}

enum status failure_status(const char *error)
{
	return failure_find(error)->status;
}

static void known_tunnels(const struct view *v, const json_t *known)
{
	char names[2048];

	if (json_array_size(known))
		fprintf(v->err, "The tunnels are: %s\n", join(known, ", ", names, sizeof(names)));
	else
		fputs("There is no tunnel: add one to the configuration, then: ikectl reload\n",
		      v->err);
}

enum status show_failure(const struct view *v, const json_t *result)
{
	const struct failure *f = failure_find(text_of(result, "error"));
	const char *message = text_of(result, "message"), *tunnel = text_of(result, "tunnel");

	fputs("ikectl: ", v->err);
	if (tunnel[0])
		fprintf(v->err, "%s is not up: ", tunnel);
	if (f->what)
		fprintf(v->err, "%s%s%s\n", f->what, message[0] ? ": " : "", message);
	else
		fprintf(v->err, "%s\n",
			message[0] ? message : "it failed, and the daemon does not say why");
	if (json_object_get(result, "known"))
		known_tunnels(v, json_object_get(result, "known"));
	if (f->advice)
		fprintf(v->err, "What to do: %s.\n", f->advice);
	return f->status;
}

void show_no_daemon(const struct view *v, const char *why)
{
	fprintf(v->err, "ikectl: esplaned does not answer at %s: %s\nWhat to do: %s.\n",
		v->control, why,
		strcmp(why, strerror(EACCES)) ?
			"start it as root: systemctl start esplaned; why it ended is in "
			"journalctl -u esplaned" :
			"run ikectl as root, or as the user that esplaned runs as");
}
