#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# How IKE messages go: in fragments (RFC 7383) in both roles, whole where one end wants it so, in smaller
# fragments where the usual ones are lost; IKE SAs that begin without a child (RFC 6023); tunnels that
# begin with a packet, and what becomes of them when the peer is dead; both ends at once; clients that are sent on (RFC 5685).
# vm: cpus=2 timeout=700 debug=no
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/../interop/site.sh"

IKE=aes128gcm16-prfsha256-x25519 ESP=aes128gcm16-esn

# With 16 selectors a side IKE_AUTH has some 700 octets, either way.
LONG_A=10.1.0.0/24 LONG_B=10.2.0.0/24 LIST_A='"10.1.0.0/24"' LIST_B='"10.2.0.0/24"'
for i in {101..115}; do
	LONG_A+=,10.1.$i.0/24 LONG_B+=,10.2.$i.0/24
	LIST_A+=", \"10.1.$i.0/24\"" LIST_B+=", \"10.2.$i.0/24\""
done
LISTS=("local-ts = { $LIST_A }" "remote-ts = { $LIST_B }")

module_load
site_make
modprobe -qa nf_tables
swan_start b b "fragment_size = 600"
espl_start a a </dev/null

# ours LINE...; theirs CONNECTION-LINES: configures that end
ours()
{
	espl_tunnel office "$IKE" "$ESP" "${LISTS[@]}" "$@" >"$WORK/a/esplane.conf"
	espl_anew a
}

theirs()
{
	TS_A=$LONG_A TS_B=$LONG_B swan_conn "$IKE" "$ESP" "$1" | swan_load b
}

# The payload behind the header of the IKE message is an Encrypted Fragment (53). At port 4500, where
# MOBIKE goes at once, four zeros stand in front of it.
FRAGMENT='((udp port 500 and udp[24] = 53) or (udp port 4500 and udp[28] = 53))'
IP_FRAGMENT='ip[6:2] & 0x3fff != 0'

# up_by end DESCRIPTION: with all its packets in $WORK/ike.pcap
up_by()
{
	capture_start ike a eth0 'udp or (ip[6:2] & 0x3fff != 0)'
	case $1 in
	us) check "$2: up" espl a up office ;;
	peer) check "$2: up" swan b --initiate --child net --timeout "$HANG" ;;
	esac
	check "$2: the tunnel is up here" wait_for 20 espl_is up
	ping_both "$2"
	capture_stop ike
	is "$2: no fragments of IP" "$(capture_count ike "$IP_FRAGMENT")" 0
}

down()
{
	must espl a down office
	must wait_for 20 swan_is_empty
}

# fragments FROM: how many the end has sent
fragments()
{
	capture_count ike "src 192.0.2.$1 and $FRAGMENT"
}

at_least()
{
	[ "$1" -ge "$2" ]
}

# --- fragments

ours 'fragment-size = 576'
theirs 'fragmentation = yes'
up_by us "fragments, esplane initiates"
check "fragments, esplane initiates: its request is divided" at_least "$(fragments 1)" 2
check "fragments, esplane initiates: so is the answer" at_least "$(fragments 2)" 2
is "fragments, esplane initiates: none of ours is larger than 576 octets" \
	"$(capture_count ike 'src 192.0.2.1 and greater 591')" 0
check "fragments, esplane initiates: the peer has put them together" \
	grep -q 'reassembled fragmented IKE message' "$WORK/b/log"
down

ours 'fragment-size = 576' 'metric = 1'
theirs 'fragmentation = force'
up_by peer "fragments, strongSwan initiates"
check "fragments, strongSwan initiates: its request is divided" at_least "$(fragments 2)" 2
check "fragments, strongSwan initiates: so is the answer" at_least "$(fragments 1)" 2
down

theirs 'fragmentation = no'
up_by us "whole, the peer knows no fragments"
is "whole, the peer knows no fragments: none" "$(fragments 1) $(fragments 2)" "0 0"
down

ours 'fragment-size = never'
theirs 'fragmentation = yes'
up_by us "whole, we send no fragments"
is "whole, we send no fragments: none" "$(fragments 1)" 0
check "whole, we send no fragments: the peer's are taken" at_least "$(fragments 2)" 2
down

divided()
{
	espl_log a | grep -q 'IKE_AUTH is not answered: it goes out in 2 fragments instead of 1'
}

# Packets above 650 octets are lost on the way to the peer.
must in_net b nft -f - <<-END
table ip small {
	chain in {
		type filter hook prerouting priority 0;
		udp dport { 500, 4500 } ip length > 650 drop
	}
}
END
ours 'retransmit-first = 500ms'
up_by us "large packets are lost"
check "large packets are lost: the third try is divided" \
	wait_for 5 divided
must in_net b nft delete table ip small
down

# --- without a child

childless_requests()
{
	grep -c 'parsed CREATE_CHILD_SA re' "$WORK/b/log"
}

ours 'childless = yes'
theirs 'childless = allow'
before=$(childless_requests)
up_by us "childless, esplane initiates"
is "childless, esplane initiates: the child comes after IKE_AUTH" "$(childless_requests)" $((before + 1))
down

ours 'metric = 2'			# what was taken down by hand refuses its peer
theirs 'childless = force'
before=$(childless_requests)
up_by peer "childless, strongSwan initiates"
is "childless, strongSwan initiates: the child comes after IKE_AUTH" "$(childless_requests)" $((before + 1))
down

ours 'childless = yes'
theirs 'childless = never'
before=$(childless_requests)
up_by us "childless, but the peer cannot"
is "childless, but the peer cannot: the child goes with IKE_AUTH" "$(childless_requests)" "$before"
down

# --- on demand, and a peer that is dead

waits()
{
	[[ $(espl a --json status office) =~ \"waits\":\ ?true ]]
}

swan_crash()
{
	reap b KILL
	in_net b ip xfrm state flush
	in_net b ip xfrm policy flush
}

# asks NET FROM TO: one packet, which waits until it can go
asks()
{
	in_net "$1" ping -qc 1 -W "$HANG" -I "$2" "$3"
}

CLEAR='host 10.2.0.1 and not proto 50'
QUICK=('dpd = 2s' 'retransmit-first = 100ms' 'retransmit-tries = 4')

ours 'start = on-demand' "${QUICK[@]}"
theirs 'mobike = no'
capture_start demand a eth0
check "on demand: packets are waited for" wait_for 20 waits
check "on demand: there is a route before any IKE" \
	grep -q 'dev office' <(in_net a ip route get 10.2.0.1)
is "on demand: strongSwan has heard nothing" "$(swan b --list-sas --raw | grep -c 'list-sa event')" 0
check "on demand: the first packet brings it up, and arrives" asks a 10.1.0.1 10.2.0.1
check "on demand: the tunnel is up" wait_for 20 espl_is up
ping_both "on demand"
check "on demand: strongSwan ends it" swan b --terminate --ike a
check "on demand: packets are waited for again" wait_for 20 waits
check "on demand: the next packet brings it up" asks a 10.1.0.1 10.2.0.1
swan_crash
check "on demand: the peer is dead, and packets are waited for" wait_for 60 waits
refuse "on demand: without a peer nothing passes" '' in_net a ping -qc 2 -i 0.2 -W 2 -I 10.1.0.1 10.2.0.1
swan_start b b
theirs 'mobike = no'
check "on demand: with the peer back, packets bring it up" wait_for 90 in_net a ping -qc 1 -W 2 -I 10.1.0.1 10.2.0.1
check "on demand: down" espl a down office
refuse "on demand: down, nothing passes" '' in_net a ping -qc 2 -i 0.2 -W 2 -I 10.1.0.1 10.2.0.1
capture_stop demand
is "on demand: nothing has left in the clear" "$(capture_count demand "$CLEAR")" 0
must wait_for 20 swan_is_empty

ours 'dpd-action = restart' "${QUICK[@]}"
check "restart: up" espl a up office
swan_crash
swan_start b b
theirs 'mobike = no'
check "restart: the peer was dead, and it is up again" wait_for 90 swan_has_child
check "restart: esplane has the peer's answer" wait_for 20 espl_is up
ping_both "restart"
must espl a down office
must wait_for 20 swan_is_empty

# strongSwan's packets ask, with the selectors of theirs before the others; the in-tree stack loses them
ours 'metric = 3'
TS_A=$LONG_A TS_B=$LONG_B swan_conn "$IKE" "$ESP" '' 'start_action = trap' | swan_load b
check "on demand of strongSwan's: its packets bring it up" wait_for 20 in_net b ping -qc 1 -W 2 -I 10.2.0.1 10.1.0.1
check "on demand of strongSwan's: the tunnel is up" wait_for 20 espl_is up
ping_both "on demand of strongSwan's"
must espl a down office
must wait_for 20 swan_is_empty

# --- both begin at once

swan_initiate()
{
	swan b --initiate --child net --timeout "$HANG"
}

ours 'metric = 4'
theirs 'mobike = no'
for round in 1 2; do
	spawn initiate swan_initiate
	check "at once, $round: up" espl a up office
	check "at once, $round: strongSwan has it" wait_for 20 swan_has_child
	reap initiate
	ping_both "at once, $round"
	must espl a down office
	check "at once, $round: nothing is left at strongSwan" wait_for 20 swan_is_empty
	espl_anew a
done

# --- strongSwan as a client that is sent on to another address, in two of the three ways

must in_net a ip address add 192.0.2.11/24 dev eth0

# gateway TUNNEL-OPTIONS...: a tunnel for any peer, at any address of ours
gateway()
{
	espl_tunnel office "$IKE" "$ESP" "$@" | sed '/local = /d; s/remote = .*/remote = "any"/' >"$WORK/a/esplane.conf"
}

swan_is_at()
{
	local list

	list=$(swan b --list-sas --raw)
	[[ $list =~ remote-host=$1\  && $list =~ state=INSTALLED ]]
}

gateway 'redirect-to = 192.0.2.11'
espl_anew a
swan_conn "$IKE" "$ESP" | swan_load b
capture_start sent a eth0 'udp port 500 or udp port 4500'
swan b --initiate --child net --timeout "$HANG" >/dev/null
check "redirect, in the answer to IKE_SA_INIT: strongSwan has gone there" wait_for 30 swan_is_at 192.0.2.11
ping_both "redirect, in the answer to IKE_SA_INIT"
capture_stop sent
is "redirect, in the answer to IKE_SA_INIT: no IKE_AUTH goes to the first address" \
	"$(capture_count sent 'dst 192.0.2.1 and (udp[26] = 35 or udp[30] = 35)')" 0
must espl a down office
must wait_for 20 swan_is_empty

# With the proof in IKE_AUTH charon 5.9.8 ends with SIGABRT, right after it has begun again ("redirected to
# 192.0.2.11", "initiating IKE_SA"), whoever sends it: conformance/redirect_with_the_proof and
# conformance/redirect_at_auth have another peer for that, unit/ike/test_ike_redirect both ends of ours.

gateway
espl_anew a
check "redirect, when it is up: strongSwan is up" swan b --initiate --child net --timeout "$HANG"
check "redirect, when it is up: at the first address" wait_for 20 swan_is_at 192.0.2.1
check "redirect, when it is up: it is told" espl a redirect office 192.0.2.11
check "redirect, when it is up: strongSwan has gone there" wait_for 30 swan_is_at 192.0.2.11
ping_both "redirect, when it is up"

finish
