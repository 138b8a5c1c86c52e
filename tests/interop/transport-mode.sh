#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Transport mode with strongSwan and Libreswan, begun by either end: all between two hosts, GRE alone,
# in UDP, over IPv6, and where the other end has tunnel mode. Nothing of it leaves in the clear.
# vm: cpus=2 timeout=600 debug=no
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/../interop/site.sh"

IKE=aes128gcm16-prfsha256-x25519 ESP=aes128gcm16-noesn
B4=192.0.2.2 B6=2001:db8::2

modprobe -qa ip_gre 2>/dev/null
module_load
site_make
must in_net a ip address add 2001:db8::1/64 dev eth0 nodad
must in_net b ip address add "$B6/64" dev eth0 nodad
must in_net a ip link add gre9 type gre local 192.0.2.1 remote $B4 ttl 64
must in_net b ip link add gre9 type gre local $B4 remote 192.0.2.1 ttl 64
must in_net a ip address add 10.77.0.1/30 dev gre9
must in_net b ip address add 10.77.0.2/30 dev gre9
for net in a b; do
	must in_net "$net" ip link set gre9 up
done
espl_start a a </dev/null

over_ipv6()
{
	sed 's/192\.0\.2\.1/2001:db8::1/; s/192\.0\.2\.2/2001:db8::2/'
}

# espl_hosts [LINE...]
espl_hosts()
{
	espl_tunnel office $IKE $ESP 'mode = "transport"' "$@" | sed '/local-ts = { "10\./d; /remote-ts = { "10\./d'
}

# espl_has FILTER [LINE...]: esplane's tunnel, through FILTER
espl_has()
{
	espl_hosts "${@:2}" | "$1" >"$WORK/a/esplane.conf"
	espl_anew a
}

# How many packets of this kind the link has seen.
clear_of()
{
	is "$1: nothing in the clear" "$(capture_count wire "$2")" 0
}

# hosts INITIATOR DESCRIPTION ADDRESS CLEAR: up, the ends reach each other, and down
hosts()
{
	espl_anew a
	capture_start wire a eth0
	check "$2: up" begins "$1"
	check "$2: esplane has it" wait_for 5 espl_is up
	is "$2: its mode" "$(espl_status mode)" transport
	check "$2: a reaches b" echoes a "$3"
	check "$2: b reaches a" echoes b "${3%2}1"
	capture_stop wire
	clear_of "$2" "$4"
	ends "$2"
}

# gre_goes INITIATOR DESCRIPTION: GRE and nothing else
gre_goes()
{
	espl_anew a
	capture_start wire a eth0
	check "$2: up" begins "$1"
	check "$2: esplane has it" wait_for 5 espl_is up
	check "$2: a reaches b" echoes a 10.77.0.2
	check "$2: b reaches a" echoes b 10.77.0.1
	check "$2: a large packet" in_net a ping -qc 2 -i 0.05 -W "$HANG" -s 4000 10.77.0.2
	capture_stop wire
	clear_of "$2" 'ip proto 47'
	ends "$2"
}

# rekeyed DESCRIPTION COMMAND...: its keys change under traffic
rekeyed()
{
	check "$1: rekeyed by esplane" espl a rekey office
	check "$1: and by the peer" "${@:2}"
	check "$1: it has new keys twice" wait_for 20 espl_rekeys 2
	check "$1: a reaches b" echoes a $B4
	check "$1: b reaches a" echoes b 192.0.2.1
	is "$1: its mode" "$(espl_status mode)" transport
}

espl_rekeys()
{
	[ "$(espl_status child_rekeys)" -ge "$1" ]
}

# with_peer LOAD REKEY...: LOAD is called with the family's filter, a protocol and lines for both ends
with_peer()
{
	local who

	espl_has cat
	"$1" cat
	for who in esplane "$PEER"; do
		hosts "$who" "$PEER, $who begins: two hosts" $B4 'icmp'
	done
	espl_anew a
	check "$PEER, new keys: up" begins esplane
	rekeyed "$PEER, new keys" "${@:2}"
	ends "$PEER, new keys"

	espl_has over_ipv6
	"$1" over_ipv6
	for who in esplane "$PEER"; do
		hosts "$who" "$PEER, $who begins: IPv6" $B6 'icmp6 and not (ip6[40] >= 133 and ip6[40] <= 137)'
	done

	espl_has cat 'local-ts = { "[gre]" }' 'remote-ts = { "[gre]" }'
	"$1" cat gre
	for who in esplane "$PEER"; do
		gre_goes "$who" "$PEER, $who begins: GRE alone"
	done

	espl_has cat 'encap = udp'
	"$1" cat '' encap
	hosts esplane "$PEER, in UDP" $B4 'icmp or esp'

	espl_has cat
	"$1" cat '' '' tunnel
	refuse "$PEER has tunnel mode: not up, and why" 'the peer wants tunnel mode, and child office has mode = transport|mode|TS_UNACCEPTABLE' \
		espl a up office
	check "$PEER has tunnel mode: nothing is left" wait_for 20 peer_is_empty
}

# --- strongSwan

# swan_hosts FILTER [PROTOCOL [ENCAP [MODE]]]
swan_hosts()
{
	TS_A=dynamic${2:+[$2]} TS_B=dynamic${2:+[$2]} swan_conn $IKE $ESP "${3:+encap = yes}" "mode = ${4:-transport}" | "$1" | swan_load b
}

# shellcheck disable=SC2034 # site.sh has it
PEER=strongSwan
swan_start b b
with_peer swan_hosts swan b --rekey --child net
swan_stop b

# --- Libreswan

. "$VM_DIR/../interop/pluto.sh"

# pluto_hosts FILTER [PROTOCOL [ENCAP [MODE]]]
pluto_hosts()
{
	pluto_conn a aes_gcm128-sha2_256-dh31 aes_gcm128 esn=no pfs=no "type=${4:-transport}" ${2:+"leftprotoport=$2" "rightprotoport=$2"} ${3:+encapsulation=yes} |
		sed '/subnet=/d' | "$1" | pluto_load b a "$SECRET"
}

pluto_start b b
with_peer pluto_hosts pluto_rekey b a
finish
