// SPDX-License-Identifier: GPL-2.0
#include "ikectl/ikectl.h"

#include <string.h>

static const struct help {
	const char *name, *args, *line, *more;
} helps[] = {
	{ "up", "NAME | --all", "bring a tunnel up, and show how",
	  "NAME is a tunnel, or one of its children: office, office/voice. Each step is shown "
	  "with the time it\ntook. --all: all tunnels at once; those with remote = any wait for "
	  "their peers.\nCtrl-C does not end the attempt: ikectl down NAME does.\n" },
	{ "down", "NAME | --all", "take a tunnel down, and keep it down",
	  "NAME is a tunnel, a child or a peer: office, office/voice, office/alice@example.org. "
	  "It stays down,\nalso for its peer, until ikectl up.\n" },
	{ "restart", "NAME", "down, then up",
	  "NAME is a tunnel or a child. The peer is told that the old one ends.\n" },
	{ "rekey", "NAME", "new keys now",
	  "NAME is a tunnel, a child or a peer; of a tunnel or peer the IKE SA gets new keys too. No "
	  "packet is\nlost meanwhile.\n" },
	{ "reauth", "NAME", "both ends prove themselves again",
	  "NAME is a tunnel or a peer. Another IKE SA is made, its children move to it, then the old "
	  "one ends.\nIf it fails the old one goes on, and it is tried again.\n" },
	{ "status", "[NAME]", "all tunnels in a table, or one in detail",
	  "NAME is a tunnel, a child or a peer. IN and OUT are what has passed since it came up, "
	  "over all rekeys;\nLAST is the age of the last packet from the peer; UP is how long it "
	  "has been up.\nThe table has as many columns as fit the terminal.\n" },
	{ "explain", "NAME", "why it is not up, or is up and passes nothing",
	  "NAME is a tunnel, a child or a peer. What is wrong, what to change (->), and what both "
	  "ends want,\nwith what the peer let us know marked. The host's routes and the kernel's "
	  "counters are looked at too.\n" },
	{ "log", "NAME [debug|info]", "how much is logged of a tunnel, now",
	  "debug: each change of state and each message, of this tunnel only, until info or a "
	  "reload that changes it.\nWithout a level: which it is. journalctl -fu esplaned shows "
	  "the log.\n" },
	{ "redirect", "NAME ADDRESS", "send clients that are up to another gateway",
	  "NAME is a tunnel, whose peers all go, or a peer. Those that have said that they follow "
	  "redirects (RFC\n5685) are told; ikectl monitor shows who goes, and status who stays. "
	  "Those to come go there with\nredirect-to in the configuration.\n" },
	{ "top", "[NAME]", "what passes now, again and again",
	  "A line for each child: what it carries a second, and what it has carried. Keys: i, o, n "
	  "sort by\nincoming, outgoing, name; q ends. --sort in|out|name; --once: one look, as where "
	  "the output is\nno terminal.\n" },
	{ "export-keys", "NAME [DIR]", "keys for Wireshark, if configured",
	  "Writes ikev2_decryption_table and esp_sa into a directory, by default this one, or adds "
	  "to them\nwhat is new. Put them where Wireshark keeps its configuration: "
	  "~/.config/wireshark. The tunnel needs\nallow-key-export = yes. Who has the files can "
	  "read all that the tunnel carries.\n" },
	{ "leases", "", "the addresses that pools have given, and to whom",
	  "Those of peers that are gone are kept for them: others get one when no other is "
	  "left.\n" },
	{ "names", "", "list all names, one per line", "" },
	{ "monitor", "", "show what happens, until interrupted", "" },
	{ "reload", "", "read the configuration again",
	  "Tunnels that did not change are not touched. If it has an error, nothing changes.\n" },
	{ "pki", "COMMAND ...", "certificates for gateways and clients",
	  "  pki ca SUBJECT            a certification authority: \"O=Example, CN=Example CA\"\n"
	  "  pki server NAME [NAME...] key and certificate of a gateway: its DNS names, addresses\n"
	  "  pki client NAME [NAME...] likewise of a client, as PKCS#12 too; with --server also\n"
	  "                            a profile for Apple's, Android's and Windows' clients\n"
	  "  pki sign REQUEST NAME...  a certificate for another's key (PKCS#10); --client\n"
	  "  pki revoke [NAME]         puts one on the revocation list; without, a fresh list\n"
	  "Options: --dir DIRECTORY (/etc/esplane/pki), --days N, --rsa (3072 bits; else P-256),\n"
	  "--server HOST. The daemon is not needed.\n" },
	{ "version", "", "of ikectl, the daemon and the module", "" },
	{ "help", "[COMMAND]", "this help, or more about a command", "" },
};

#define HELP_COUNT	(sizeof(helps) / sizeof(*helps))

void help_all(FILE *f)
{
	fputs("ikectl [--json] [--control PATH] [COMMAND [NAME]]: IPsec tunnels up and down\n\n",
	      f);
	for (size_t i = 0; i < HELP_COUNT; i++)
		fprintf(f, "  %-12s%-17s  %s\n", helps[i].name, helps[i].args, helps[i].line);
	fputs("\nWithout a command: status.\n\n"
	      "  --json          one JSON object per line (Documentation/control.md)\n"
	      "  --control PATH  the daemon's socket (default " CONTROL_PATH ")\n"
	      "  --version, --help\n\n"
	      "Exit status: 0 done, 1 failed, 2 wrong usage, 3 no daemon, 4 no such tunnel, 5 no "
	      "kernel module,\n"
	      "6 the peer does not answer, 7 authentication failed, 8 proposals or selectors do "
	      "not match.\n",
	      f);
}

static const struct help *help_find(const char *command)
{
	for (size_t i = 0; i < HELP_COUNT; i++) {
		if (!strcmp(helps[i].name, command))
			return &helps[i];
	}
	return NULL;
}

bool help_command(FILE *f, const char *command)
{
	const struct help *h = help_find(command);

	if (!h)
		return false;
	fprintf(f, "ikectl %s%s%s: %s\n%s%s", h->name, h->args[0] ? " " : "", h->args, h->line,
		h->more[0] ? "\n" : "", h->more);
	return true;
}

const char *help_args(const char *command)
{
	const struct help *h = help_find(command);

	return h ? h->args : "";
}
