// SPDX-License-Identifier: GPL-2.0
/* Why something failed, and what to change: one row an "error" of Documentation/control.md. */
#include "ikectl/ikectl.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define KNOWN_FEW	8	/* names that are listed where none is like what was typed */
#define NAME_MAX_LEN	128	/* octets of a name that are compared */

static const struct failure {
	const char *error;
	enum status status;
	const char *what;		/* NULL: the daemon's message says it all */
	const char *advice;		/* NULL: likewise */
} failures[] = {
	{ "timeout", STATUS_NO_ANSWER, "the peer does not answer",
	  "check that the option remote names the right host, that it runs an IKE daemon, and "
	  "that nothing on the path drops "
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
	{ "auth-remote", STATUS_AUTH, NULL,
	  "compare psk, local-id and remote-id with the peer's: its log says which one differs" },
	{ "auth-local", STATUS_AUTH, "the peer's proof is not taken",
	  "where it is a pre-shared key, make psk the same on both sides, to the last octet: a "
	  "newline or a space at its end counts" },
	{ "identity", STATUS_AUTH, "the peer is not who it should be",
	  "set remote-id to the identity that the peer sends, or change it there" },
	{ "selectors", STATUS_NO_MATCH, "the traffic selectors do not meet",
	  "make local-ts here the peer's remote selector and remote-ts its local one" },
	{ "mode", STATUS_NO_MATCH, "one end wants transport mode, the other tunnel mode",
	  "make mode here what the peer has (strongSwan: mode, Libreswan: type)" },
	{ "address", STATUS_NO_MATCH, "there is no address for this host inside the tunnel", NULL },
	{ "tcp-only", STATUS_FAILED, "the peer is reached over TCP only",
	  "IKE goes over TCP (RFC 9329), packets do not yet: let UDP ports 500 and 4500 pass in "
	  "both directions" },
	{ "kernel", STATUS_FAILED, "the kernel module refused",
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
	  "the esplaned log at --log-level debug shows the exchange; the peer may be faulty, or "
	  "packets may be altered on the path" },
	{ "down", STATUS_FAILED, NULL, NULL },
	{ "config", STATUS_FAILED, NULL, NULL },
	{ "answer-only", STATUS_FAILED, NULL,
	  "let the peer bring it up, or give the option remote an address" },
	{ "not-up", STATUS_FAILED, NULL, "bring it up first: ikectl up NAME" },
	{ "no-such-tunnel", STATUS_NO_TUNNEL, NULL, NULL },
	{ "busy", STATUS_FAILED, NULL,
	  "end some of them, for instance ikectl monitor, or try again" },
	{ "some-failed", STATUS_FAILED, NULL, NULL },
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

const char *failure_advice(const char *error)
{
	return failure_find(error)->advice;
}

const char *failure_sentence(const char *error, const char *detail, char *buf, size_t len)
{
	const struct failure *f = failure_find(error);

	if (f->what && detail[0])
		snprintf(buf, len, "%s: %s", f->what, detail);
	else
		snprintf(buf, len, "%s", f->what   ? f->what :
					 detail[0] ? detail :
						     "it failed, and the daemon does not say why");
	return buf;
}

/* How many letters are to be put in, left out, changed or swapped with the next one. */
static unsigned int failure_distance(const char *a, const char *b)
{
	size_t a_len = strlen(a), b_len = strlen(b);
	unsigned int rows[3][NAME_MAX_LEN + 1], *before = rows[0], *above = rows[1], *row = rows[2];

	if (a_len > NAME_MAX_LEN || b_len > NAME_MAX_LEN)
		return UINT_MAX;
	for (size_t j = 0; j <= b_len; j++)
		row[j] = (unsigned int)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned int *spare = before;

		before = above;
		above = row;
		row = spare;
		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= b_len; j++) {
			unsigned int least = above[j - 1] + (a[i - 1] != b[j - 1]);

			least = above[j] + 1 < least ? above[j] + 1 : least;
			least = row[j - 1] + 1 < least ? row[j - 1] + 1 : least;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < least)
				least = before[j - 2] + 1;
			row[j] = least;
		}
	}
	return row[b_len];
}

const char *failure_nearest(const json_t *known, const char *name)
{
	unsigned int least = (unsigned int)(strlen(name) + 2) / 3, distance;
	const char *nearest = NULL;
	const json_t *item;
	size_t i;

	json_array_foreach(known, i, item) {
		distance = failure_distance(name, json_string_value(item));
		if (distance > least || (nearest && distance == least))
			continue;
		least = distance;
		nearest = json_string_value(item);
	}
	return nearest;
}

static void failure_known(const struct view *v, const json_t *known)
{
	const char *nearest = v->tunnel ? failure_nearest(known, v->tunnel) : NULL;
	size_t count = json_array_size(known);
	char names[2048];

	if (nearest)
		fprintf(v->err, "Do you mean \"%s\"?\n", nearest);
	else if (!count)
		fputs("There is no tunnel: add one to the configuration, then: ikectl reload\n",
		      v->err);
	else if (count > KNOWN_FEW)
		fprintf(v->err, "There are %zu names: ikectl status shows them\n", count);
	else
		fprintf(v->err, "The tunnels are: %s\n",
			text_join(known, ", ", names, sizeof(names)));
}

enum status show_failure(const struct view *v, const json_t *result)
{
	const struct failure *f = failure_find(text_of(result, "error"));
	const char *tunnel = text_of(result, "tunnel");
	char text[2600];

	fprintf(v->err, "ikectl: %s%s%s\n", tunnel, tunnel[0] ? " is not up: " : "",
		failure_sentence(text_of(result, "error"), text_of(result, "message"), text,
				 sizeof(text)));
	if (json_object_get(result, "known"))
		failure_known(v, json_object_get(result, "known"));
	if (f->advice)
		fprintf(v->err, "What to do: %s.\n", f->advice);
	return f->status;
}

enum status failure_line(const struct view *v, const json_t *result, const char *name)
{
	const char *error = text_of(result, "error"), *detail = text_of(result, "message");
	char text[2600];

	fprintf(v->out, "%s is not up: %s\n", name,
		failure_sentence(error, detail[0] ? detail : text_of(result, "detail"), text,
				 sizeof(text)));
	return failure_status(error);
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
