#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# 100 child rekeys, by turns from each end, during a TCP transfer: no connection and no ICMP echo is lost.
# Then each end reauthenticates, make before break: no echo of esplane's is lost.
# vm: cpus=2 timeout=600 debug=no
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/../interop/site.sh"

REKEYS=${REKEYS:-100}

module_load
site_make
swan_start b b "make_before_break = yes"
espl_start a a </dev/null

spi_pair()
{
	echo "$(espl_status spi_in) $(espl_status spi_out)"
}

rekeys_done()
{
	[ "$(espl_status child_rekeys)" -ge "$1" ]
}

one_child_each()
{
	[ "$(swan b --list-sas --raw | grep -o 'state=INSTALLED' | wc -l)" = 1 ] &&
		[ "$(in_net b ip xfrm state | grep -c '^src')" = 2 ]
}

# What the peer has acknowledged of the TCP stream, octets.
acked()
{
	in_net a ss -Htin 'dport = :5201' | grep -o 'bytes_acked:[0-9]*' | awk -F: '{ n += $2 } END { print n + 0 }'
}

acked_more()
{
	[ "$(acked)" -gt "$1" ]
}

# strongSwan's own window of 32 packets is smaller than what two CPUs reorder on
# a veth when one of them has to wait: it would drop echoes, rekey or not.
# rekey_round ENCAPSULATION ESP
rekey_round()
{
	local what="$1, $2" force=no auto=auto i before

	[ "$1" = raw ] || { force=yes auto=udp; }
	espl_tunnel office aes128gcm16-prfsha256-x25519 "$2" "encap = \"$auto\"" >"$WORK/a/esplane.conf"
	espl_anew a
	swan_conn aes128gcm16-prfsha256-x25519 "$2" "encap = $force" "replay_window = 1024" | swan_load b
	check "$what: up" espl a up office || return
	discarded_before=$(discarded)
	spawn iperf-server in_net b iperf3 -s -1 -B 10.2.0.1
	wait_for 10 in_net b sh -c 'ss -Hltn | grep -q :5201' || bail "iperf3 does not listen"
	# Not all that the emulated CPU can do: the daemons shall come to their turn.
	spawn iperf in_net a iperf3 -c 10.2.0.1 -B 10.1.0.1 -b 4M -t 86000 --connect-timeout $((HANG * 1000))
	spawn ping-a in_net a ping -i 0.05 -I 10.1.0.1 10.2.0.1
	spawn ping-b in_net b ping -i 0.05 -I 10.2.0.1 10.1.0.1
	before=$(spi_pair)
	for i in $(seq "$((REKEYS / 2))"); do
		if [ $((i % 2)) = 1 ]; then
			must swan b --rekey --child net
		else
			must espl a rekey office/office
		fi
		wait_for 20 rekeys_done "$i" || { not_ok "$what: rekey $i ends"; break; }
		[ $((i % 10)) != 0 ] || note "$what: $i rekeys, $SECONDS s"
	done
	is "$what: rekeys" "$(espl_status child_rekeys)" "$((REKEYS / 2))"
	refuse "$what: the SPIs are new" '' [ "$before" = "$(spi_pair)" ]
	check "$what: the TCP connection lives" running iperf
	check "$what: and its data goes through" wait_for 20 acked_more $(($(acked) + 100000))
	for i in ping-a ping-b; do
		check "$what: $i goes on" wait_for 20 answered "$i" $(($(answers "$i") + 20))
		reap "$i" INT
		note "$what: $i: $(grep 'packets transmitted' "$WORK/$i.log")"
	done
	nothing_lost "$what" || note "$(losses)"
	reap iperf INT
	grep -E 'sender|receiver' "$WORK/iperf.log" | sed 's/^/# /'
	check "$what: one child is left" wait_for 20 one_child_each
	check "$what: down" espl a down office
	wait_for 10 swan_is_empty
	reap iperf-server INT
}

answers()
{
	grep -c icmp_seq= "$WORK/$1.log"
}

answered()
{
	[ "$(answers "$1")" -ge "$2" ]
}

# icmp NET In|Out: the echoes and answers that it has received or sent
icmp()
{
	in_net "$1" nstat -asz "Icmp$2Echos" "Icmp$2EchoReps" | awk '/^Icmp/ { n += $2 } END { print n + 0 }'
}

# arrived FROM TO FEWER: all that FROM has sent, but for so many
arrived()
{
	[ "$(icmp "$2" In)" -ge $(($(icmp "$1" Out) - $3)) ]
}

discarded()
{
	in_net b awk '$1 == "XfrmOutStateInvalid" { print $2 }' /proc/net/xfrm_stat
}

# Nothing that either end sends is lost. The peer's own kernel throws away, and counts, a packet
# that has chosen the outbound SA when strongSwan deletes that: it was never sent. It may have been
# TCP's: the next round allows no more than is missing after this one.
# nothing_lost WHAT [FEWER]: but for so many of b's
never_sent=0
nothing_lost()
{
	local bad=$TAP_FAILED may

	check "$1: each echo and answer of a arrives" wait_for 10 arrived a b 0
	may=$((never_sent + $(discarded) - discarded_before))
	[ "$may" = "$never_sent" ] || note "$1: b's kernel threw away $((may - never_sent)) packets before it sent them"
	check "$1: each that b has sent arrives${2:+, but for $2 at most}" wait_for 10 arrived b a "$((may + ${2:-0}))"
	never_sent=$(($(icmp b Out) - $(icmp a In)))
	is "$1: esplane dropped nothing" "$(in_net a esplctl info dev=office | jq -c .stats)" '{}'
	[ "$bad" = "$TAP_FAILED" ]
}

# Whose loss it was: the drops that each end has counted, from the device down to the link.
losses()
{
	echo "esplane: $(in_net a esplctl info dev=office | jq -c .stats)"
	in_net b awk '$2' /proc/net/xfrm_stat
	in_net a ip -s link show dev office
	in_net a ip -s link show dev eth0
	in_net b ip -s link show dev eth0
	in_net a nstat -as | sed 's/^/a: /'
	in_net b nstat -as | sed 's/^/b: /'
	awk '{ print "softnet: processed " $1 ", dropped " $2 }' /proc/net/softnet_stat
}

ike_sas()
{
	swan b --list-sas --raw | grep -o 'state=ESTABLISHED' | wc -l
}

# followed OLD: another IKE SA stands, alone, at both ends, and it has the child
followed()
{
	local spi

	spi=$(swan_spi)
	[ "$(ike_sas)" = 1 ] && [ -n "$spi" ] && [ "$spi" != "$1" ] && one_child_each
}

swan_spi()
{
	swan b --list-sas --raw | grep -o 'initiator-spi=[0-9a-f]*' | tail -n 1
}

# The children move to the IKE SA that follows. Where esplane begins, strongSwan sends on the new SA as soon as it has
# answered: what overtakes the answer, which has the other half of the keys, is lost; on a busy host that is some echoes.
reauth_round()
{
	local what=reauthentication before i

	espl_tunnel office aes128gcm16-prfsha256-x25519 aes128gcm16-esn >"$WORK/a/esplane.conf"
	espl_anew a
	swan_conn aes128gcm16-prfsha256-x25519 aes128gcm16-esn '' "replay_window = 1024" | swan_load b
	check "$what: up" espl a up office || return
	discarded_before=$(discarded)
	spawn ping-a in_net a ping -i 0.05 -I 10.1.0.1 10.2.0.1
	spawn ping-b in_net b ping -i 0.05 -I 10.2.0.1 10.1.0.1
	before=$(swan_spi)
	check "$what: by esplane" espl a reauth office
	check "$what: another IKE SA follows" wait_for 30 followed "$before"
	before=$(swan_spi)
	check "$what: by strongSwan" swan b --rekey --ike a --reauth
	check "$what: another one follows that" wait_for 30 followed "$before"
	for i in ping-a ping-b; do
		check "$what: $i goes on" wait_for 20 answered "$i" $(($(answers "$i") + 20))
		reap "$i" INT
		note "$what: $i: $(grep 'packets transmitted' "$WORK/$i.log")"
	done
	nothing_lost "$what" 20 || note "$(losses)"
	is "$what: nothing was down" "$(espl_status state)" up
	check "$what: down" espl a down office
	wait_for 10 swan_is_empty
}

rekey_round raw aes128gcm16-esn
rekey_round udp aes256gcm16-x25519-noesn
reauth_round
finish
