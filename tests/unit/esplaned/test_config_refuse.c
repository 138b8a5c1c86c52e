// SPDX-License-Identifier: GPL-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "unit/esplaned/config_file.h"

#define INTERFACE_RULE                                                                             \
	"1 to 15 ASCII characters without space, slash, colon and percent sign, but not all, "     \
	"default, lo, . and .., and no - at the beginning"

static const struct {
	const char *text, *message;
} refusal_rows[] = {
	{ ONE("remot = \"a\"\n"),
	  "@:6: tunnel \"office\": there is no option remot: do you mean remote?" },
	{ "tunnel \"office\" {\n" SHORT "# x\n// y\n/* z\n */\nlocal_ts = \"10.0.0.0/8\"\n}\n",
	  "@:10: tunnel \"office\": there is no option local_ts: do you mean local-ts?" },
	{ ONE("keylife = 3\n"),
	  "@:6: tunnel \"office\": there is no option keylife; use local, remote, duplicate-ts, others, local-id, "
	  "remote-id, psk, psk-file, strict-psk, ppk, ppk-id, ppk-required, cert, cert-url, key, key-password, key-password-file, ca, "
	  "remote-key, dns-anchor, crl, revocation, revocation-fetch, fetch-certs, users, eap-identity, password, password-file, eap, ttls-inner, aaa-id, radius-server, radius-secret-file, eap-only, second-auth, second-id, second-cert, second-key, second-ca, second-psk-file, ike, esp, allow-legacy, prefer, local-ts, remote-ts, mode, rekey, "
	  "rekey-bytes, rekey-packets, ike-rekey, reauth, reauth-every, unique, "
	  "replay-window, start, when-down, interface, address, pool, mtu, routes, table, metric, fwmark, encap, mobike, allow-key-export, nat-keepalive, dpd, dpd-action, "
	  "retransmit-first, retransmit-factor, retransmit-tries, fragment-size, tcp, tcp-port, listen-tcp, childless, follow-redirect, "
	  "redirect-to, resume, split, "
	  "up-script, "
	  "down-script, "
	  "script-timeout" },
	{ "conn \"office\" {\n}\n",
	  "@:1: \"conn\" is not known here; use tunnel \"NAME\" { ... }, pool \"NAME\" { ... } and "
	  "include(\"PATTERN\")" },
	{ "tunnel \"office\" {\npsk = x\nlocal-ts = 10.1.0.0/24\nremote-ts = 10.2.0.0/24\n}\n",
	  "@:1: tunnel \"office\": remote is missing: the peer's address or name, or any" },
	{ "tunnel \"office\" {\nremote = any\nlocal-ts = 10.1.0.0/24\nremote-ts = 10.2.0.0/24\n}\n",
	  "@:1: tunnel \"office\": psk or psk-file is missing: the secret shared with the peer; "
	  "or, with certificates, cert, key and ca; or, with raw public keys, key and remote-key" },
	{ "tunnel \"office\" {\nremote = any\npsk = 'a long secret'\n}\n",
	  "@:1: tunnel \"office\": local-ts is missing: the networks on this side, as { "
	  "\"10.1.0.0/24\" }\n"
	  "@:1: tunnel \"office\": remote-ts is missing: the networks behind the peer, as { "
	  "\"10.2.0.0/24\" }" },
	{ ONE("psk-file = x\n"),
	  "@:6: tunnel \"office\": psk-file: $/x: No such file or directory; write the secret into "
	  "a file of mode 0600\n"
	  "@:1: tunnel \"office\": psk and psk-file are both given: leave one out" },
	{ ONE("start = \"always\"\n"), "@:6: tunnel \"office\": start: \"always\" is "
				       "not known; use manual, up or on-demand" },
	{ ONE("remote = any\nstart = on-demand\n"),
	  "@:1: tunnel \"office\": start = on-demand needs an address to go to, but remote is any: "
	  "name the peer, or use start = manual" },
	{ ONE("dpd-action = hold\n"), "@:6: tunnel \"office\": dpd-action: \"hold\" is not known; "
				     "use clear, restart or on-demand" },
	{ ONE("remote = any\ndpd-action = restart\n"),
	  "@:1: tunnel \"office\": dpd-action = restart needs an address to go to, but remote is "
	  "any: name the peer, or use dpd-action = clear" },
	{ ONE("local = \"192.0.2\"\n"),
	  "@:6: tunnel \"office\": local: \"192.0.2\" is not an address; use one of this "
	  "host, as 192.0.2.1 or 2001:db8::1" },
	{ ONE("local = \"0.0.0.0\"\n"),
	  "@:6: tunnel \"office\": local: \"0.0.0.0\" is not a host's address: leave local out, "
	  "the route to the peer tells which it is" },
	{ ONE("remote = \"224.0.0.1\"\n"),
	  "@:6: tunnel \"office\": remote: \"224.0.0.1\" is not a host's address: peers that "
	  "may come from anywhere are remote = any (answer only)" },
	{ ONE("esp = aes128gcm16, b\n"),
	  "@:6: tunnel \"office\": a comma out of place: several values are a list, as "
	  "{ \"a\", \"b\" }" },
	{ ONE("local = { a }\n"),
	  "@:6: tunnel \"office\": a { out of place: this option takes one value, no list" },
	{ ONE("dpd =\n"), "@:7: tunnel \"office\": a value is missing before the }" },
	{ ONE("remote = \"fe80::1\"\n"),
	  "@:6: tunnel \"office\": remote: \"fe80::1\" is link-local: outer addresses are "
	  "global or unique local, as 2001:db8::1" },
	{ ONE("local = \"::ffff:192.0.2.1\"\n"),
	  "@:6: tunnel \"office\": local: \"::ffff:192.0.2.1\" is an IPv4 address: write it "
	  "as one, as 192.0.2.1" },
	{ ONE("remote = \"192.0.2.300\"\n"),
	  "@:6: tunnel \"office\": remote: \"192.0.2.300\" is neither an address nor a "
	  "host name; use an address, as 198.51.100.1, a name, as gw.example.org, or "
	  "any (answer only)" },
	{ ONE("rekey = \"1w\"\n"), "@:6: tunnel \"office\": rekey: \"1w\" is not a duration; "
				   "use a number with s, m, h or d, as 90s or 1h, or never" },
	{ ONE("rekey = 0h\n"),
	  "@:6: tunnel \"office\": rekey: \"0h\" is not a duration: use at least 1s, or never" },
	{ ONE("dpd = 31d\n"),
	  "@:6: tunnel \"office\": dpd: \"31d\" is too long: use at most 30d, or never" },
	{ ONE("rekey-bytes = -1\n"),
	  "@:6: tunnel \"office\": rekey-bytes: \"-1\" is not an amount; use a number "
	  "with k, M, G or T, as 64G, or never" },
	{ ONE("rekey-bytes = 99999999999T\n"),
	  "@:6: tunnel \"office\": rekey-bytes: \"99999999999T\" is more than 63 bits hold" },
	{ ONE("rekey-bytes = 131071k\n"),
	  "@:6: tunnel \"office\": rekey-bytes: \"131071k\" would change keys all the time: "
	  "use 128M or more, or never" },
	{ ONE("rekey-packets = 99999\n"),
	  "@:6: tunnel \"office\": rekey-packets: \"99999\" would change keys all the time: "
	  "use 100k or more, or never" },
	{ ONE("interface = \"a/b\"\n"),
	  "@:6: tunnel \"office\": interface: \"a/b\" is not an interface name; use "
	  INTERFACE_RULE },
	{ ONE("interface = \"-a\"\n"),
	  "@:6: tunnel \"office\": interface: \"-a\" is not an interface name; use "
	  INTERFACE_RULE },
	{ ONE("interface = default\n"),
	  "@:6: tunnel \"office\": interface: \"default\" is not an interface name; use "
	  INTERFACE_RULE },
	{ ONE("address = \"10.1.0.1/33\"\n"),
	  "@:6: tunnel \"office\": address: \"10.1.0.1/33\" is not an address; use one inside "
	  "local-ts, as 10.1.0.1 or 10.1.0.1/24, or "
	  "request, for one that the peer gives" },
	{ ONE("local-ts = \"10.1.0.0/24, 10.3.0.0/24\"\n"),
	  "@:6: tunnel \"office\": local-ts: \"10.1.0.0/24, 10.3.0.0/24\": a selector has no "
	  "blanks and no comma; several are a list: { \"10.1.0.0/24\", \"10.3.0.0/24\" }" },
	{ ONE("remote-ts = \"10.2.0.1 - 10.2.0.9\"\n"),
	  "@:6: tunnel \"office\": remote-ts: \"10.2.0.1 - 10.2.0.9\": a selector has no "
	  "blanks and no comma; several are a list: { \"10.1.0.0/24\", \"10.3.0.0/24\" }" },
	{ ONE("ike = \"aes128gcm16-prfsha256-x25519,aes256-sha256-x25519\"\n"),
	  "@:6: tunnel \"office\": ike: "
	  "\"aes128gcm16-prfsha256-x25519,aes256-sha256-x25519\": several proposals are a "
	  "list: { \"aes128gcm16-prfsha256-x25519\", \"aes256-sha256-ecp256\" }" },
	{ ONE("esp = \"aes128gcm16 aes256gcm16\"\n"),
	  "@:6: tunnel \"office\": esp: \"aes128gcm16 aes256gcm16\": several proposals are a "
	  "list: { \"aes128gcm16-esn\", \"aes256-sha256-esn\" }" },
	{ ONE("address = 10.1.1.0\n"),
	  "@:1: tunnel \"office\": address is outside local-ts: nothing that this host sends "
	  "from it would enter the tunnel" },
	{ ONE("address = fd01::1\n"),
	  "@:1: tunnel \"office\": address is outside local-ts: nothing that this host sends "
	  "from it would enter the tunnel" },
	{ ONE("replay-window = 16\n"), "@:6: tunnel \"office\": replay-window: \"16\" is "
				       "not a window in packets: use 32 to 8192" },
	{ ONE("encap = yes\n"),
	  "@:6: tunnel \"office\": encap: \"yes\" is not known; use auto or udp" },
	{ ONE("nat-keepalive = 1s\n"),
	  "@:6: tunnel \"office\": nat-keepalive: \"1s\": use 5s to 10m, or never" },
	{ ONE("nat-keepalive = often\n"),
	  "@:6: tunnel \"office\": nat-keepalive: \"often\" is not a duration; use a number with s, "
	  "m, h or d, as 90s or 1h, or never" },
	{ ONE("mobike = maybe\n"),
	  "@:6: tunnel \"office\": mobike: \"maybe\" is not known; use no or yes" },
	{ ONE("metric = x\n"),
	  "@:6: tunnel \"office\": metric: \"x\" is not a metric: use 0 to 4294967295" },
	{ ONE("psk = \"0xabc\"\n"),
	  "@:6: tunnel \"office\": psk: the secret starts with 0x but does not go on in pairs "
	  "of hexadecimal digits of 1 to 512 octets" },
	{ ONE("psk = \"\"\n"),
	  "@:6: tunnel \"office\": psk: the secret has 0 octets; use 1 to 512" },
	{ ONE("remote = any\nstart = up\n"),
	  "@:1: tunnel \"office\": start = up needs an address to go to, but remote is any: "
	  "name the peer, or use start = manual" },
	{ "tunnel \"a-name-too-long-for-linux\" {\n" SHORT "}\n",
	  "@:1: tunnel \"a-name-too-long-for-linux\": the name is not an interface name "
	  "(" INTERFACE_RULE "): give interface = \"...\"" },
	{ "tunnel all {\n" SHORT "}\n",
	  "@:1: tunnel \"all\": the name is not an interface name (" INTERFACE_RULE "): give "
	  "interface = \"...\"" },
	{ "tunnel \"a b\" {\n" SHORT "}\n",
	  "@:1: \"a b\" cannot name a tunnel; use 1 to 63 ASCII characters without space and "
	  "quotes" },
	{ "tunnel \"b\xc3\xbcro\" {\n" SHORT "}\n",
	  "@:1: \"b\xc3\xbcro\" cannot name a tunnel; use 1 to 63 ASCII characters without space "
	  "and quotes" },
	{ ONE("") ONE(""),
	  "@:7: tunnel \"office\": it is defined twice: each tunnel needs a name of its own" },
	{ ONE("") "tunnel b {\n" SHORT "interface = office\n}\n",
	  "@:7: tunnel \"b\": interface office is taken by tunnel \"office\"" },
	{ "tunnel v6 { remote = any psk = x local-ts = 10.1.0.1 remote-ts = \"fd02::/64\" }",
	  "@:1: tunnel \"v6\": local-ts and remote-ts have no address family in common" },
	{ "include \"conf.d/a.conf\"\n",
	  "@:1: include needs parentheses, as include(\"conf.d/*.conf\")" },
	{ "tunnel {\n" SHORT "}\n", "@:1: the tunnel has no name: write tunnel \"NAME\" {" },
	{ "tunnel a b {\n" SHORT "}\n",
	  "@:1: after the tunnel's name comes {: write tunnel \"NAME\" {" },
	/* Each at its own line, whatever braces came before. */
	{ "/* { */ tunnel a {\n" SHORT "local-id = '@{'\n}\n\n# {\ntunnel b {\npsk = x\n"
	  "local-ts = 10.1.0.1\nremote-ts = 10.3.0.1\n}\n",
	  "@:10: tunnel \"b\": remote is missing: the peer's address or name, or any" },
	{ "tunnel a {\n/* never ends\n\n", "@:2: a comment that starts here has no end" },
	{ "tunnel \"office\" {\n" SHORT, "@:1: the { in this line has no }" },
	{ "# x\n" ONE("esp = { aes128gcm16\n"), "@:2: the { in this line has no }" },
	{ "include(\"missing.conf\")\n",
	  "@:1: include: $/missing.conf: No such file or directory" },
	{ "include(\"t.conf\")\n",
	  "@:1: include: more than 8 files deep: does a file include itself?" },
	{ "include(\"a\", \"b\")\n",
	  "@:1: include takes one file or pattern, as include(\"conf.d/*.conf\")" },
	{ "}\n", "@:1: a } without its {" },
	/* The options that came later. */
	{ ONE("mtu = 500\n"),
	  "@:6: tunnel \"office\": mtu: \"500\" is not an MTU in octets: use 576 to 65535" },
	{ ONE("mtu = 1200\nlocal-ts = { fd01::1 }\nremote-ts = fd02::1\n"),
	  "@:1: tunnel \"office\": mtu is 1200, but remote-ts has IPv6, which needs 1280 or more" },
	{ ONE("table = office\n"), "@:6: tunnel \"office\": table: \"office\" is not the number of "
				   "a routing table: use 1 to 4294967295" },
	{ ONE("table = 255\n"),
	  "@:6: tunnel \"office\": table: table 255 is the kernel's own (local): use another" },
	{ "tunnel a {\nremote = { any, 192.0.2.1 }\npsk = 'a long secret'\nlocal-ts = 10.1.0.1\n"
	  "remote-ts = 10.2.0.1\n}\n",
	  "@:2: tunnel \"a\": remote: any is every peer: it stands alone" },
	{ "tunnel a {\nremote = { 192.0.2.1, any }\npsk = 'a long secret'\nlocal-ts = 10.1.0.1\n"
	  "remote-ts = 10.2.0.1\n}\n",
	  "@:2: tunnel \"a\": remote: any is every peer: it stands alone" },
	{ "tunnel a {\nremote = { a, b, c, d, e, f, g, h, i }\npsk = 'a long secret'\n"
	  "local-ts = 10.1.0.1\nremote-ts = 10.2.0.1\n}\n",
	  "@:2: tunnel \"a\": remote: more than 8 names and addresses" },
	{ "tunnel a {\nremote = { 192.0.2.1, 2001:db8::1 }\npsk = 'a long secret'\n"
	  "local = 192.0.2.2\nlocal-ts = 10.1.0.1\nremote-ts = 10.2.0.1\n}\n",
	  "@:1: tunnel \"a\": local and remote are of different families, IPv4 and IPv6: leave "
	  "local out, or give an address of the peer's family" },
	{ "tunnel a {\nremote = 192.0.2.1\npsk = 'a long secret'\n"
	  "local = 2001:db8::1\nlocal-ts = 10.1.0.1\nremote-ts = 10.2.0.1\n}\n",
	  "@:1: tunnel \"a\": local and remote are of different families, IPv4 and IPv6: leave "
	  "local out, or give an address of the peer's family" },
	{ ONE("duplicate-ts = newest\n"), "@:6: tunnel \"office\": duplicate-ts: \"newest\" is "
	  "not known; use refuse or replace" },
	{ ONE("fwmark = 0\n"), "@:6: tunnel \"office\": fwmark: \"0\" is not a firewall mark: use "
			       "1 to 4294967295" },
	{ ONE("fwmark = 0x1g\n"), "@:6: tunnel \"office\": fwmark: \"0x1g\" is not a firewall "
				  "mark: use 1 to 4294967295" },
	{ ONE("routes = off\n"),
	  "@:6: tunnel \"office\": routes: \"off\" is not known; use yes or no" },
	{ ONE("others = drop\n"),
	  "@:6: tunnel \"office\": others: \"drop\" is not known; use refuse or pass" },
	{ ONE("table = 8014\n"),
	  "@:6: tunnel \"office\": table: tables 7373 to 8014 are esplaned's own: use another" },
	{ ONE("when-down = drop\n"),
	  "@:6: tunnel \"office\": when-down: \"drop\" is not known; use pass or block" },
	{ ONE("routes = no\nwhen-down = block\n"),
	  "@:1: tunnel \"office\": when-down = block lays routes, but routes = no forbids them: "
	  "leave one of the two out" },
	{ ONE("ike = 3des-md5-modp1024\n"),
	  "@:1: tunnel \"office\": ike has md5, which can be broken: use another, or allow-legacy = "
	  "yes if the peer has no other" },
	{ ONE("allow-legacy = no\nesp = aes128gcm16-modp768\n"),
	  "@:1: tunnel \"office\": esp has modp768, which can be broken: use another, or "
	  "allow-legacy = yes if the peer has no other" },
	{ ONE("ike = standard\n"),
	  "@:1: tunnel \"office\": ike has modp1024, which can be broken: use another, or "
	  "allow-legacy = yes if the peer has no other" },
	{ ONE("esp = basic\n"),
	  "@:6: tunnel \"office\": esp: \"basic\" has nothing that the kernel module does, or the "
	  "list has more than 16 proposals: write proposals, as aes128gcm16-esn" },
	{ ONE("allow-legacy = maybe\n"),
	  "@:6: tunnel \"office\": allow-legacy: \"maybe\" is not known; use no or yes" },
	{ ONE("prefer = ours\n"),
	  "@:6: tunnel \"office\": prefer: \"ours\" is not known; use strongest or peer" },
	{ ONE("retransmit-first = 50ms\n"),
	  "@:6: tunnel \"office\": retransmit-first: \"50ms\" is not a duration; use 100ms to 16s, "
	  "as 500ms or 2s" },
	{ ONE("retransmit-first = 1m\n"),
	  "@:6: tunnel \"office\": retransmit-first: \"1m\" is not a duration; use 100ms to 16s, "
	  "as 500ms or 2s" },
	{ ONE("retransmit-tries = 0\n"), "@:6: tunnel \"office\": retransmit-tries: \"0\" is not a "
					 "number of tries: use 1 to 20" },
	{ ONE("retransmit-factor = 0.99\n"), "@:6: tunnel \"office\": retransmit-factor: \"0.99\" is "
					     "not a factor: use 1 to 4, as 1.5" },
	{ ONE("retransmit-factor = 4.01\n"), "@:6: tunnel \"office\": retransmit-factor: \"4.01\" is "
					     "not a factor: use 1 to 4, as 1.5" },
	{ ONE("retransmit-factor = 1.234\n"), "@:6: tunnel \"office\": retransmit-factor: \"1.234\" "
					      "is not a factor: use 1 to 4, as 1.5" },
	{ ONE("retransmit-factor = '1.-5'\n"), "@:6: tunnel \"office\": retransmit-factor: \"1.-5\" "
					       "is not a factor: use 1 to 4, as 1.5" },
	{ ONE("fragment-size = 575\n"), "@:6: tunnel \"office\": fragment-size: \"575\" is not a packet "
					"size: use 576 to 65535 octets of an IP packet, as 1280, "
					"or never" },
	{ ONE("split = yes\nlocal-ts = { 10.1.0.0/24, 10.3.0.0/24, 10.4.0.0/24, 10.5.0.0/24, "
	      "10.6.0.0/24, 10.7.0.0/24, 10.8.0.0/24, 10.9.0.0/24, 10.10.0.0/24 }\n"
	      "remote-ts = { 10.21.0.0/24, 10.22.0.0/24, 10.23.0.0/24, 10.24.0.0/24, "
	      "10.25.0.0/24, 10.26.0.0/24, 10.27.0.0/24, 10.28.0.0/24 }\n"),
	  "@:1: tunnel \"office\": split makes 72 children of office, and a tunnel has 64 at "
	  "most" },
	{ "tunnel t { remote = any psk = x split = yes local-ts = { \"10.1.0.1[tcp]\", "
	  "\"10.1.0.2[tcp]\" } remote-ts = \"10.2.0.0/16[udp]\" }",
	  "@:1: tunnel \"t\": no protocol of local-ts is one of remote-ts: write the same behind "
	  "both, or behind one of them" },
	{ ONE("split = maybe\n"),
	  "@:6: tunnel \"office\": split: \"maybe\" is not known; use no or yes" },
	{ ONE("tcp = always\n"),
	  "@:6: tunnel \"office\": tcp: \"always\" is not known; use no, fall-back or yes" },
	{ ONE("tcp-port = 0\n"),
	  "@:6: tunnel \"office\": tcp-port: \"0\" is not a TCP port: use 1 to 65535" },
	{ ONE("listen-tcp = 443\n"),
	  "@:6: tunnel \"office\": listen-tcp: \"443\" is not a TCP port: use 1024 to 65535" },
	{ "tunnel t { remote = any psk = x local-ts = 10.1.0.0/24 remote-ts = 10.2.0.0/24 tcp = yes }",
	  "@:1: tunnel \"t\": tcp needs an address to go to, but remote is any: name the peer, or "
	  "write listen-tcp = 4500" },
	{ ONE("resume = always\n"),
	  "@:6: tunnel \"office\": resume: \"always\" is not known; use no or yes" },
	{ ONE("follow-redirect = maybe\n"),
	  "@:6: tunnel \"office\": follow-redirect: \"maybe\" is not known; use no or yes" },
	{ ONE("redirect-to = gw.example.org\n"),
	  "@:6: tunnel \"office\": redirect-to: \"gw.example.org\" is not a host's address: use the "
	  "address of the gateway that clients are to be sent to, as 198.51.100.2" },
	{ ONE("redirect-to = fe80::1\n"),
	  "@:6: tunnel \"office\": redirect-to: \"fe80::1\" is not a host's address: use the "
	  "address of the gateway that clients are to be sent to, as 198.51.100.2" },
	{ ONE("redirect-to = 224.0.0.1\n"),
	  "@:6: tunnel \"office\": redirect-to: \"224.0.0.1\" is not a host's address: use the "
	  "address of the gateway that clients are to be sent to, as 198.51.100.2" },
#ifndef HAVE_BOTAN
	{ ONE("ike = cnsa2\n"), "@:6: tunnel \"office\": ike: \"cnsa2\" needs ML-KEM, which is not in "
				"this build: it was made without Botan 3.7 (libbotan-3-dev)" },
#endif
	{ ONE("ppk = a\n"), "@:1: tunnel \"office\": ppk is there without ppk-id: a PPK is a secret "
			    "and a name that both ends know it by" },
	{ ONE("ppk-id = a\n"), "@:1: tunnel \"office\": ppk-id is there without ppk: a PPK is a "
			       "secret and a name that both ends know it by" },
	{ ONE("ppk-required = yes\n"),
	  "@:1: tunnel \"office\": ppk-required is there without ppk and ppk-id" },
	{ ONE("ppk-id = \"\"\n"), "@:6: tunnel \"office\": ppk-id: it has 0 octets; use 1 to 128, "
				  "the same at the peer" },
	{ ONE("childless = force\n"), "@:6: tunnel \"office\": childless: \"force\" is not known; use "
				      "no or yes" },
	{ ONE("fragment-size = no\n"), "@:6: tunnel \"office\": fragment-size: \"no\" is not a packet "
				       "size: use 576 to 65535 octets of an IP packet, as 1280, "
				       "or never" },
	{ ONE("script-timeout = 1h\n"),
	  "@:6: tunnel \"office\": script-timeout: \"1h\" is too long: use at most 10m" },
	{ ONE("script-timeout = never\n"),
	  "@:6: tunnel \"office\": script-timeout: \"never\" is not a duration; use a number with "
	  "s, m, h or d, as 90s or 1h" },
	{ ONE("up-script = missing\n"),
	  "@:6: tunnel \"office\": up-script: $/missing: No such file or directory" },
	{ ONE("down-script = t.conf\n"),
	  "@:6: tunnel \"office\": down-script: $/t.conf is not a program: chmod u+x $/t.conf" },
	{ ONE("esp = aes256gcm16-prfsha256\n"),
	  "@:6: tunnel \"office\": esp: \"aes256gcm16-prfsha256\": \"prfsha256\" is a PRF, which "
	  "only IKE has; use aes128gcm16, aes256gcm16, chacha20poly1305, aes128, aes256, sha256, "
	  "sha384, sha512, x25519, ecp256, ecp384, modp2048, modp3072, esn, noesn, or another of "
	  "esplane.conf(5)" },
};

static void refusals(void **state)
{
	for (size_t i = 0; i < COUNT(refusal_rows); i++)
		expect_refusal(refusal_rows[i].text, refusal_rows[i].message);
}

#define GOES_ON                                                                                    \
	"psk: the line goes on after its value: a secret with blanks or { } ( ) = + , # has to "   \
	"stand in quotes"
#define NO_QUOTE                                                                                   \
	"a string that starts in this line does not end in it: a quote is missing, or one inside " \
	"the string needs a backslash before it"
#define ESCAPE                                                                                     \
	"a backslash in double quotes begins an escape: write \\\\ where one is meant, or single " \
	"quotes"
#define NO_BRACE                                                                                   \
	"the ${ in this line has no }: where no variable is meant, write it in single quotes"

/* Whatever is wrong with a secret, the sentence has no part of it. */
static void secrets_are_not_repeated(void **state)
{
	static const struct {
		const char *value, *message;
	} rows[] = {
		{ "correct horse battery", "tunnel \"X\": " GOES_ON },
		{ "correct start battery", "tunnel \"X\": " GOES_ON },
		{ "correct,horse", "tunnel \"X\": " GOES_ON },
		{ "correct=horse", "tunnel \"X\": " GOES_ON },
		{ "{ correct, horse }", "tunnel \"X\": " GOES_ON },
		{ "\"correct\" \"horse\"", "tunnel \"X\": " GOES_ON },
		{ "correct-battery}horse", GOES_ON },
		{ "correct#horse", "a # right after a word: in quotes it is part of it, after a "
				   "blank it begins a comment" },
		{ "correct*", "a word with * or + has to stand in quotes" },
		{ "correct+horse", "a word with * or + has to stand in quotes" },
		{ "\"correct horse", NO_QUOTE },
		{ "\"correct\"horse\"", NO_QUOTE },
		{ "\"correct\\\nhorse\"", NO_QUOTE },
		{ "don't", NO_QUOTE },
		{ "\"correct\\999horse\"", ESCAPE },
		{ "\"correct\\400horse\"", ESCAPE },
		{ "\"correct\\0\"", ESCAPE },
		{ "\"correct\\x00\"", ESCAPE },
		{ "\"${correct\"", NO_BRACE },
		{ "${correct", NO_BRACE },
	};
	char text[512], message[512];

	for (size_t i = 0; i < COUNT(rows); i++) {
		snprintf(text, sizeof(text),
			 "tunnel \"X\" {\nremote = any\nlocal-ts = 10.1.0.1\nremote-ts = 10.2.0.1\n"
			 "psk = %s\n}\n",
			 rows[i].value);
		snprintf(message, sizeof(message), "@:5: %s", rows[i].message);
		expect_refusal(text, message);
	}
	/* Not of its value. */
	expect_refusal("tunnel \"X\" {\npsk \"x\"\n}\n",
		       "@:2: tunnel \"X\": psk needs an equal sign, as psk = \"...\"");
	expect_refusal("tunnel \"office\" {\n" SHORT "psk-fil = a\n}\n",
		       "@:6: tunnel \"office\": there is no option psk-fil: do you mean "
		       "psk-file?");
}

static void a_value_without_end(void **state)
{
	char text[3000];

	snprintf(text, sizeof(text), "tunnel a { remote = %02000d psk = x local-ts = 10.1.0.1 "
		 "remote-ts = 10.2.0.1 }\n", 0);
	expect_refusal(text, "@:1: tunnel \"a\": remote: a value of 2000 octets is too long: use "
			     "at most 600");
	snprintf(text, sizeof(text), "tunnel a { psk = %02000d remote = any local-ts = 10.1.0.1 "
		 "remote-ts = 10.2.0.1 }\n", 1);
	expect_refusal(text, "@:1: tunnel \"a\": psk: the secret has 2000 octets; use 1 to 512");
}

/* The words of lib's parsers come after ours. */
static void refusals_of_proposals_and_selectors(void **state)
{
	char why[SAID_MAX], prefix[256];

	assert_null(load(ONE("esp = { \"aes128gcm16\",\n \"rot13\" }\n"), why));
	snprintf(prefix, sizeof(prefix),
		 "%s/t.conf:7: tunnel \"office\": esp: \"rot13\": ", config_dir);
	assert_memory_equal(why, prefix, strlen(prefix));
	assert_non_null(strstr(why, "rot13"));
	assert_null(load(ONE("local-ts = \"10.1.0.0/33\"\n"), why));
	snprintf(prefix, sizeof(prefix),
		 "%s/t.conf:6: tunnel \"office\": local-ts: \"10.1.0.0/33\": ", config_dir);
	assert_memory_equal(why, prefix, strlen(prefix));
	assert_non_null(strstr(why, "; use a prefix, as 10.1.0.0/24"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals),
		cmocka_unit_test(secrets_are_not_repeated),
		cmocka_unit_test(a_value_without_end),
		cmocka_unit_test(refusals_of_proposals_and_selectors),
	};

	return cmocka_run_group_tests(tests, config_dir_make, config_dir_remove);
}
