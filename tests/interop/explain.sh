#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What a person gets to know where nothing passes: ikectl explain, the log, top, and keys for Wireshark.
# vm: cpus=2 timeout=500 debug=no
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/../interop/site.sh"

IKE=aes128gcm16-prfsha256-x25519 ESP=aes128gcm16-noesn

module_load
site_make
modprobe -qa nf_tables
swan_start b b
espl_start a a </dev/null

# ours IKE ESP LINE...; theirs IKE ESP: configures that end
ours()
{
	espl_tunnel office "$@" >"$WORK/a/esplane.conf"
	espl_anew a
}

theirs()
{
	swan_conn "$@" | swan_load b
}

# explained DESCRIPTION PATTERN...: each is in a line of what it says
explained()
{
	local pattern

	COLUMNS=1000 espl a explain office >"$WORK/said" 2>&1
	for pattern in "${@:2}"; do
		check "$1: $pattern" grep -qE -- "$pattern" "$WORK/said" || cat "$WORK/said"
	done
}

# --- it is not up

ours "$IKE" "$ESP"
theirs aes256-sha256-modp2048 "$ESP"
explained "not started" '^office is down' 'nobody has brought office up' '-> ikectl up office'
espl a up office >"$WORK/up" 2>&1
explained "no common IKE proposal" 'no IKE proposal suits both sides' \
	'the peer refused IKE_SA_INIT with NO_PROPOSAL_CHOSEN \(not authenticated\)' \
	"IKE +here +$IKE" 'there +none of ours \(said .* not authenticated\)'
swan b --initiate --child net --timeout 10 >"$WORK/swan" 2>&1
explained "the peer's proposals" 'we refused IKE_SA_INIT of the peer at 192.0.2.2:500' \
	'there +aes256-(prfsha256-sha256|sha256-prfsha256)-modp2048 \(said .*not authenticated\)'
PSK_B="another secret altogether" theirs "$IKE" "$ESP"
espl a up office >"$WORK/up" 2>&1
explained "another secret, esplane initiates" 'wrong psk'
must espl a down office
ours "$IKE" "$ESP" 'metric = 1'
swan b --initiate --child net --timeout 10 >"$WORK/swan" 2>&1
explained "another secret, strongSwan initiates" 'does not prove that it knows the pre-shared key'
TS_A=10.9.0.0/24 theirs "$IKE" "$ESP"
espl a up office >"$WORK/up" 2>&1
explained "other selectors, esplane initiates" 'the peer accepts no traffic between 10.1.0.0/24'
must espl a down office
ours "$IKE" "$ESP" 'metric = 2'
swan b --initiate --child net --timeout 10 >"$WORK/swan" 2>&1
explained "selectors" 'no selectors in common|the traffic selectors do not meet' \
	'local-ts +here +10.1.0.0/24' 'there +10.9.0.0/24 \(said'
must espl a down office
explained "held down" 'was taken down here'

# --- it is up, and passes nothing

theirs "$IKE" "$ESP"
must in_net a nft -f - <<-END
table ip closed {
	chain in {
		type filter hook prerouting priority -300;
		ip protocol esp drop
	}
}
END
ours "$IKE" "$ESP" 'allow-key-export = yes' 'dpd = never'
capture_start all a eth0 'udp or esp'
check "up" espl a up office
in_net a ping -qc 3 -i 0.05 -W 1 -I 10.1.0.1 10.2.0.1 >/dev/null
explained "ESP is lost" '^office is up' '3 packets have left, and none has come back' 'encap = udp' \
	'identity +here +paris@example.org' 'there +gw.example.org \(authenticated\)' 'there +aes128gcm16 \(agreed\)'
must in_net a nft delete table ip closed
ping_both "ESP passes"
explained "ESP passes" 'Nothing is wrong that can be seen from here'
must in_net a ip route add 10.2.0.0/28 dev eth0
explained "a route elsewhere" 'packets to 10.2.0.1 leave by eth0' '10.2.0.0/28 is part of remote-ts'
must in_net a ip route del 10.2.0.0/28 dev eth0

# --- the log, and what passes

logged()
{
	espl_log a | grep -qE "$1"
}

check "each exchange is a line of the log" logged 'office: IKE_AUTH \(1\) answered in [0-9]+ ms: .*TSi TSr'
must espl a log office debug
must espl a rekey office/office
check "with more on demand" logged 'CREATE_CHILD_SA .* answered in'
must espl a log office info
espl a top --once >"$WORK/top"
check "top: a line for the child" grep -qE '^office +up .*/s' "$WORK/top"
check "top: of what was sent" grep -qE '[1-9][0-9.]* [KM]?i?B +[1-9][0-9.]* [KM]?i?B$' "$WORK/top"

# --- keys for Wireshark

check "the keys are written" espl a export-keys office "$WORK/keys"
is "only root can read them" "$(stat -c %a "$WORK/keys/esp_sa" "$WORK/keys/ikev2_decryption_table" | xargs)" "600 600"
lines=$(wc -l <"$WORK/keys/esp_sa")
must espl a export-keys office "$WORK/keys"
is "what is there is not written again" "$(wc -l <"$WORK/keys/esp_sa")" "$lines"
check "the log says so" logged 'its keys were given out'
ping_both "the new keys"
capture_stop all
must espl a down office
WIRESHARK_CONFIG_DIR=$WORK/keys tshark -nr "$WORK/all.pcap" -o esp.enable_encryption_decode:TRUE \
	-o esp.enable_authentication_check:FALSE -T fields -e isakmp.exchangetype -e isakmp.id.data.fqdn \
	-e isakmp.id.data.user_fqdn -e icmp.type -e ip.src 2>"$WORK/tshark.err" >"$WORK/tshark"
check "Wireshark reads IKE_AUTH" grep -q gw.example.org "$WORK/tshark" || cat "$WORK/tshark.err"
check "Wireshark reads what ESP carries" grep -q '10.1.0.1' "$WORK/tshark"

# --- a rekey that the peer refuses: strongSwan wants a group, which the first CHILD_SA cannot have

ours "$IKE" "$ESP"
theirs "$IKE" aes128gcm16-x25519-noesn
check "the peer wants perfect forward secrecy: up" espl a up office
refuse "its refusal of a rekey" 'NO_PROPOSAL_CHOSEN.*esp needs a group.*keys go on' espl a rekey office/office
ping_both "the old keys go on"
must espl a down office
finish
