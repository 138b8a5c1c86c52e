#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Libreswan at the other end: suites and groups, three children, rekeys of both kinds, reauthentication, both ends at
# once, restarts, a peer that dies, many peers, refusals; initiated from each end.
# vm: cpus=1 timeout=300 debug=no
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/../interop/site.sh"
. "$VM_DIR/../interop/pluto.sh"

# Ours, and Libreswan's word for it.
IKE=(aes128gcm16-prfsha256-x25519 aes_gcm128-sha2_256-dh31
     aes256gcm16-prfsha512-ecp256 aes_gcm256-sha2_512-dh19
     aes128-sha256-modp2048 aes128-sha2_256-dh14
     aes256-sha512-ecp384 aes256-sha2_512-dh20
     chacha20poly1305-prfsha256-ecp521 chacha20_poly1305-sha2_256-dh21
     aes256-sha384-modp3072 aes256-sha2_384-dh15)
ESP=(aes128gcm16 aes_gcm128 aes256-sha256 aes256-sha2_256 chacha20poly1305 chacha20_poly1305
     aes256gcm16 aes_gcm256 aes128-sha256 aes128-sha2_256)

module_load
site_make
net_route b 10.1.0.0/16 dev eth0 via 192.0.2.1 src 10.2.0.1
pluto_start b b
espl_start a a </dev/null

initiate()
{
	if [ "$1" = esplane ]; then
		espl a up office
	else
		pluto_initiate b "$2"
	fi
}

# down INITIATOR DESCRIPTION: the one that has not begun ends it
down()
{
	if [ "$1" = esplane ]; then
		check "$2: Libreswan ends it" pluto b --terminate --name a
	else
		check "$2: esplane ends it" espl a down office
	fi
	check "$2: nothing is left at Libreswan" wait_for 10 pluto_has 0 0
	check "$2: nor at esplane" wait_for 10 espl_is down
}

# --- suites

# row INITIATOR N ENCAPSULATION ESN: the n-th of each list
row()
{
	local initiator=$1 i=$((2 * ($2 % (${#IKE[@]} / 2)))) e=$((2 * ($2 % (${#ESP[@]} / 2)))) encap=no auto=auto
	local what="$1 initiates: ${IKE[i]}, ${ESP[e]}, $3, $4" xfrm esn=yes

	[ "$3" = raw ] || { encap=yes auto=udp; }
	[ "$4" = esn ] || esn=no
	espl_tunnel office "${IKE[i]}" "${ESP[e]}-$4" "encap = \"$auto\"" >"$WORK/a/esplane.conf"
	espl_anew a
	pluto_conn a "${IKE[i + 1]}" "${ESP[e + 1]}" "encapsulation=$encap" "esn=$esn" mobike=no |
		pluto_load b a "$SECRET"
	check "$what: up" initiate "$initiator" a || return
	check "$what: Libreswan has an IKE SA and a CHILD_SA" wait_for 5 pluto_has 1 1
	check "$what: esplane has it too" wait_for 5 espl_is up
	ping_both "$what"
	xfrm=$(in_net b ip xfrm state)
	case $4 in
	esn) check "$what: extended sequence numbers" grep -q 'flag .*esn' <<<"$xfrm" ;;
	noesn) refuse "$what: 32-bit sequence numbers" '' grep 'flag .*esn' <<<"$xfrm" ;;
	esac
	case $3 in
	udp) check "$what: in UDP" grep -q 'encap type espinudp sport 4500 dport 4500' <<<"$xfrm" ;;
	raw) refuse "$what: not in UDP" '' grep espinudp <<<"$xfrm" ;;
	esac
	down "$initiator" "$what"
}

n=0
for initiator in esplane Libreswan; do
	for row in "raw esn" "udp noesn" "raw noesn" "udp esn" "raw esn" "raw noesn"; do
		# shellcheck disable=SC2086 # two words
		row "$initiator" "$n" $row
		n=$((n + 1))
	done
done

# --- both with what they have by themselves

espl_default()
{
	espl_tunnel office "$1" "$2" "${@:3}" | sed '/ike = { "" }/d; /esp = { "" }/d'
}

for initiator in esplane Libreswan; do
	espl_default '' '' >"$WORK/a/esplane.conf"
	espl_anew a
	pluto_conn a '' '' | pluto_load b a "$SECRET"
	check "defaults, $initiator initiates: up" initiate "$initiator" a
	ping_both "defaults, $initiator initiates"
	down "$initiator" "defaults, $initiator initiates"
done

# --- rekeys under traffic

# count PATTERN: of the log of a
count()
{
	espl_log a | grep -c "$1"
}

counted()
{
	[ "$(count "$1")" -ge "$2" ]
}

rekeys()
{
	espl_status child_rekeys
}

rekeyed()
{
	[ "$(rekeys)" -ge "$1" ]
}

espl_tunnel office aes128gcm16-prfsha256-x25519 aes128gcm16-x25519-esn 'ike-rekey = "8s"' >"$WORK/a/esplane.conf"
espl_anew a
pluto_conn a aes_gcm128-sha2_256-dh31 aes_gcm128 esn=yes replay-window=1024 | pluto_load b a "$SECRET"
# What the kernel of b has thrown away because Libreswan had just deleted the SA: never sent, or not taken.
thrown_away()
{
	in_net b awk '$1 ~ /^Xfrm(OutStateInvalid|OutNoStates|InNoStates|InStateInvalid)$/ { n += $2 } END { print n + 0 }' \
		/proc/net/xfrm_stat
}

# Each echo came back, but for those, and for a few that fall between the SAs of b's kernel without being counted there:
# esplane has dropped none.
lost_there()
{
	local lost

	lost=$(awk '/packets transmitted/ { print $1 - $4 }' "$WORK/ping.log")
	[ "$lost" -le $(($(thrown_away) - thrown_before + 4)) ] &&
		[ "$(in_net a esplctl info dev=office | jq -c .stats)" = '{}' ]
}

check "rekey: up" espl a up office
thrown_before=$(thrown_away)
spawn ping in_net a ping -i 0.05 -I 10.1.0.1 10.2.0.1
for round in 1 2; do
	check "rekey: of the child by us, $round" espl a rekey office/office
	check "rekey: of the child by Libreswan, $round" pluto_rekey b a
	check "rekey: esplane knows, $round" wait_for 20 rekeyed $((2 * round))
	check "rekey: of the IKE SA by Libreswan, $round" pluto b --rekey-ike --name a --asynchronous
	check "rekey: esplane knows that too, $round" wait_for 20 counted 'IKE SA rekeyed: by the peer' "$round"
	check "rekey: of the IKE SA by us, $round" wait_for 60 counted 'IKE SA rekeyed: by us' "$round"
done
check "rekey: one of each is left" wait_for 20 pluto_has 1 1
reap ping INT
check "rekey: esplane lost no echo" lost_there
note "$(grep 'packets transmitted' "$WORK/ping.log"); thrown away in b: $(($(thrown_away) - thrown_before))"
down esplane rekey

# --- each end proves itself anew under traffic

# The number that Libreswan gives to its IKE SA
ike_number()
{
	pluto b --showstates | sed -n 's/.*#\([0-9]*\): .*ESTABLISHED_IKE_SA.*/\1/p' | paste -sd ' '
}

# followed NUMBER: another IKE SA stands, alone, and has the child
followed()
{
	pluto_has 1 1 && [ "$(ike_number)" != "$1" ] && espl_is up
}

# lost_few WHAT: esplane has dropped nothing, and few echoes are missing
lost_few()
{
	local lost

	reap ping INT
	lost=$(awk '/packets transmitted/ { print $1 - $4 }' "$WORK/ping.log")
	check "$1: $lost echoes were lost, at most 20" [ "$lost" -le 20 ]
	is "$1: esplane has dropped none" "$(in_net a esplctl info dev=office | jq -c .stats)" '{}'
}

espl_tunnel office aes128gcm16-prfsha256-x25519 aes128gcm16-esn 'metric = 1' >"$WORK/a/esplane.conf"
espl_anew a
pluto_conn a aes_gcm128-sha2_256-dh31 aes_gcm128 esn=yes replay-window=1024 | pluto_load b a "$SECRET"
check "reauthentication, esplane: up" espl a up office
spawn ping in_net a ping -i 0.05 -I 10.1.0.1 10.2.0.1
before=$(ike_number)
check "reauthentication, esplane: asked for" espl a reauth office
check "reauthentication, esplane: another IKE SA follows" wait_for 20 followed "$before"
lost_few "reauthentication, esplane"
down esplane "reauthentication, esplane"

espl_tunnel office aes128gcm16-prfsha256-x25519 aes128gcm16-esn 'metric = 2' >"$WORK/a/esplane.conf"
espl_anew a
pluto_conn a aes_gcm128-sha2_256-dh31 aes_gcm128 esn=yes replay-window=1024 reauth=yes ikelifetime=40s rekeymargin=25s \
	rekeyfuzz=0% | pluto_load b a "$SECRET"
check "reauthentication, Libreswan: up" pluto_initiate b a
spawn ping in_net a ping -i 0.05 -I 10.1.0.1 10.2.0.1
before=$(ike_number)
check "reauthentication, Libreswan: another IKE SA follows" wait_for 60 followed "$before"
lost_few "reauthentication, Libreswan"
down Libreswan "reauthentication, Libreswan"

# --- several children. Libreswan wants perfect forward secrecy for all but the first.

# espl_two ESP
espl_two()
{
	espl_tunnel office aes128gcm16-prfsha256-x25519 "$1" \
		'child "data" { local-ts = "10.1.0.0/24"' 'remote-ts = "10.2.0.0/24" }' \
		'child "voice" { local-ts = "10.1.1.0/24"' 'remote-ts = "10.2.1.0/24" }' |
		sed '/^\t*local-ts = {/d; /^\t*remote-ts = {/d'
}

must in_net a ip address add 10.1.1.1/32 dev lo
must in_net b ip address add 10.2.1.1/32 dev lo
pluto_conn a aes_gcm128-sha2_256-dh31 aes_gcm128 | pluto_load b a "$SECRET"
TS_B=10.2.1.0/24 TS_A=10.1.1.0/24 pluto_conn voice aes_gcm128-sha2_256-dh31 aes_gcm128 | pluto_add b voice
espl_two aes128gcm16 >"$WORK/a/esplane.conf"
espl_anew a
refuse "children: a second one without a group" 'perfect forward secrecy.*esp needs a group' espl a up office
must espl a down office
wait_for 10 pluto_has 0 0
espl_two aes128gcm16-x25519 >"$WORK/a/esplane.conf"
espl_anew a
for initiator in esplane Libreswan; do
	check "children, $initiator initiates: up" initiate "$initiator" a
	[ "$initiator" = esplane ] || check "children, $initiator initiates: the second" initiate "$initiator" voice
	check "children, $initiator initiates: one IKE SA, two CHILD_SAs" wait_for 10 pluto_has 1 2
	ping_both "children, $initiator initiates"
	check "children, $initiator initiates: the second carries" \
		in_net a ping -qc 3 -i 0.05 -W "$HANG" -I 10.1.1.1 10.2.1.1
	must pluto b --terminate --name voice
	check "children, $initiator initiates: Libreswan ends both" pluto b --terminate --name a
	check "children, $initiator initiates: esplane has none" wait_for 10 espl_is down
	check "children, $initiator initiates: nothing is left" wait_for 10 pluto_has 0 0
done
pluto b --name voice --delete >/dev/null

# --- an IKE SA without a child at first

espl_tunnel office aes128gcm16-prfsha256-x25519 aes128gcm16-x25519-esn 'childless = yes' >"$WORK/a/esplane.conf"
espl_anew a
pluto_conn a aes_gcm128-sha2_256-dh31 aes_gcm128 esn=yes | pluto_load b a "$SECRET"
check "childless: up" espl a up office
check "childless: Libreswan saw none in IKE_AUTH" grep -q 'does not propose a Child SA' "$WORK/b.log"
ping_both "childless"
down esplane childless

# --- Libreswan dies, and comes back: esplane notices, and brings the tunnel up again

espl_tunnel office aes128gcm16-prfsha256-x25519 aes128gcm16-esn 'dpd = 2s' 'dpd-action = restart' 'retransmit-first = 100ms' \
	'retransmit-tries = 4' >"$WORK/a/esplane.conf"
espl_anew a
check "dies: up" espl a up office
pluto_crash b
pluto_start b b
pluto_conn a aes_gcm128-sha2_256-dh31 aes_gcm128 esn=yes | pluto_load b a "$SECRET"
check "dies: esplane brings it up again" wait_for 60 pluto_has 1 1
ping_both "dies, and comes back"
down esplane "dies, and comes back"

# --- both begin at once

espl_tunnel office aes128gcm16-prfsha256-x25519 aes128gcm16-esn >"$WORK/a/esplane.conf"
espl_anew a
pluto_conn a aes_gcm128-sha2_256-dh31 aes_gcm128 esn=yes | pluto_load b a "$SECRET"
for round in 1 2 3; do
	spawn initiate initiate Libreswan a
	check "at once, $round: up" espl a up office
	check "at once, $round: Libreswan has it" wait_for 30 pluto_up
	reap initiate
	ping_both "at once, $round"
	check "at once, $round: down" espl a down office
	check "at once, $round: nothing is left" wait_for 30 pluto_has 0 0
done

# --- Libreswan starts again, without a farewell

check "restart: up" espl a up office
pluto_crash b
pluto_start b b
pluto_conn a aes_gcm128-sha2_256-dh31 aes_gcm128 esn=yes | pluto_load b a "$SECRET"
check "restart: Libreswan begins anew" initiate Libreswan a
ping_both "restart"
check "restart: one of each is left" wait_for 10 pluto_has 1 1
down Libreswan restart

# --- many peers on one tunnel: each has an identity of its own, and so an IKE SA

PEERS=20

# names: of all peers
names()
{
	seq -f 'p%.0f' "$PEERS"
}

espl_road()
{
	espl_tunnel road aes128gcm16-prfsha256-x25519 aes128gcm16-x25519-esn |
		sed '/^\t*remote-id = /d; s/remote = .*/remote = any/; s/10.2.0.0/10.9.0.0/'
}

# road_peers: how many of them esplane has, each with a child that is up
road_peers()
{
	espl a --json status road | jq '[.tunnels[0].peers[] | select(.children[0].state == "up")] | length'
}

# each_reaches DESCRIPTION N...: those peers
each_reaches()
{
	local n good=0

	for n in "${@:2}"; do
		! in_net b ping -qc 1 -W "$HANG" -I "10.9.0.$n" 10.1.0.1 >/dev/null || good=$((good + 1))
	done
	is "$1: peers that reach a" "$good" $(($# - 1))
}

espl_road >"$WORK/a/esplane.conf"
espl_anew a
pluto_conn a aes_gcm128-sha2_256-dh31 aes_gcm128 | pluto_load b a "$SECRET"
for n in $(seq "$PEERS"); do
	must in_net b ip address add "10.9.0.$n/32" dev lo
	TS_B=10.9.0.$n/32 pluto_conn "p$n" aes_gcm128-sha2_256-dh31 aes_gcm128 esn=yes |
		sed "s/@gw.example.org/@p$n.example.org/" | pluto_add b "p$n"
done
for name in $(names); do
	pluto b --initiate --name "$name" --asynchronous
done
check "peers: Libreswan has $PEERS IKE SAs, and a CHILD_SA in each" wait_for 30 pluto_has "$PEERS" "$PEERS"
is_soon "peers: esplane has them, too" "$PEERS" road_peers
each_reaches "peers" $(seq "$PEERS")
check "peers: one rekeys its child" pluto_rekey b p1
check "peers: another one its IKE SA" pluto b --rekey-ike --name p2
check "peers: and a third one goes" pluto b --terminate --name p3
is_soon "peers: one less at esplane" $((PEERS - 1)) road_peers
each_reaches "peers: after that" 1 2 $(seq 4 "$PEERS")
for name in $(names); do
	pluto b --delete --name "$name" >/dev/null 2>&1
done
check "peers: nothing is left at Libreswan" wait_for 20 pluto_has 0 0
is_soon "peers: nor at esplane" 0 road_peers

# --- refusals

espl_tunnel office aes128gcm16-prfsha256-x25519 aes128gcm16-esn 'metric = 3' >"$WORK/a/esplane.conf"
espl_anew a

# refused INITIATOR DESCRIPTION PATTERN: what esplane says
refused()
{
	if [ "$1" = esplane ]; then
		refuse "$2, esplane initiates" "$3" espl a up office
	else
		initiate Libreswan a >/dev/null 2>&1
		check "$2, Libreswan initiates: esplane says why" wait_for 10 counted "$3" 1
		pluto b --terminate --name a >/dev/null 2>&1
	fi
	check "$2, $1 initiates: nothing is left" wait_for 20 pluto_has 0 0
}

pluto_conn a aes_gcm128-sha2_256-dh31 aes_gcm128 keyingtries=1 retransmit-timeout=4s | pluto_load b a "another secret altogether"
refused esplane "another secret" 'the peer refused: wrong psk'
refused Libreswan "another secret" 'does not prove that it knows the pre-shared key'
pluto_conn a aes_gcm256-sha2_256-dh31 aes_gcm128 keyingtries=1 retransmit-timeout=4s | pluto_load b a "$SECRET"
refused esplane "other proposals for IKE" 'the peer takes none of our IKE proposals'
refused Libreswan "other proposals for IKE" 'no IKE proposal in common'
TS_A=10.7.0.0/24 pluto_conn a aes_gcm128-sha2_256-dh31 aes_gcm128 keyingtries=1 retransmit-timeout=4s | pluto_load b a "$SECRET"
refused esplane "other selectors" 'the peer accepts no traffic between 10.1.0.0/24'
refused Libreswan "other selectors" "no selectors in common.*the peer's: 10.7.0.0/24"
finish
