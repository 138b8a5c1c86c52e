#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Nothing leaves in the clear, and nothing hostile comes in: no policy, no key, expired, spoofed, replayed, damaged.
# vm: cpus=1 timeout=500 debug=yes
# shellcheck disable=SC2317,SC2119 # functions are called by check and wait_for
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/static.sh"

module_load
sites_add
must in_net b ip address add 10.77.0.1/32 dev lo
must in_net a ip address add 10.66.0.1/32 dev lo
espl_device a
espl_device b
capture_start wire a eth0
events_start a

hostile()
{
	sent=$(in_net b python3 -IS "$VM_DIR/hostile.py" "$@") || bail "hostile.py $*: $sent"
}

# What an SA counts in drops, all reasons
dropped()
{
	sa_in a stats | tr -cs 0-9 '\n' | awk '{ sum += $1 } END { print sum + 0 }'
}

# What must not move by packets that are not authentic
position()
{
	sa_in a seq,packets,bytes,expired
}

drops_more()
{
	[ "$(drops "$1" "$2")" -gt "$3" ]
}

dropped_more()
{
	[ "$(dropped)" -gt "$1" ]
}

# --- no policy

refuse "no policy: IPv4 is answered with ICMP unreachable" 'Unreachable|prohibited|filtered' in_net a ping -c 1 -W "$HANG" 10.2.0.1
refuse "no policy: IPv6 is answered with ICMP unreachable" 'nreachable|prohibited' in_net a ping -c 1 -W "$HANG" fd02::1
is "no policy: both are counted" "$(drops a tx-no-policy)" 2

# --- a policy without an SA

espl_policy a
espl_policy b
espl_sas b aes128gcm16
suite aes128gcm16
must ctl a spi-alloc dev=espl0 spi=0x1001
cat >"$WORK/answer" <<END
listen count=1 only=acquire seconds=$HANG
policy-get dev=espl0 id=1
sa-add dev=espl0 id=1 in-spi=0x1001 out-spi=0x2001 $espl_suite
END

# What waits does so for five seconds: where the host stalls for longer, all of it once more.
asked=0
for _ in $(seq 10); do
	before=$(drops a tx-no-sa)
	spawn answer in_net a bash -c "esplctl batch <$WORK/answer"	# one process: it is quicker
	must wait_for 10 grep -q listening "$WORK/answer.log"
	in_net a ping -c 3 -i 0.3 -W "$HANG" 10.2.0.1 >"$WORK/waiting"
	wait "$spawned"
	[ "$(drops a tx-no-sa)" != "$before" ] || break
	asked=$(events_like a '"acquire"')
	must ctl a sa-del dev=espl0 dir=out spi=0x2001
	must ctl a sa-del dev=espl0 dir=in spi=0x1001
	must ctl a spi-alloc dev=espl0 spi=0x1001
done
check "no SA: what waited leaves when the SA comes" grep -q ' 3 received' "$WORK/waiting"
check "no SA: while it waits, that can be read as state too" grep -q '"acquire": true' "$WORK/answer.log"
is_soon "no SA: there was one acquire for all of it" $((asked + 1)) events_like a '"acquire"'
is "no SA: nothing waits any more" "$(field a acquire policy-get dev=espl0 id=1)" 0
must ctl a sa-del dev=espl0 dir=out spi=0x2001
refuse "no SA: unreachable when none comes" 'Unreachable' in_net a ping -c 1 -W "$HANG" 10.2.0.1
is_soon "no SA: the second wait asked again" $((asked + 2)) events_like a '"acquire"'
before=$(drops a tx-no-sa)
in_net a bash -c 'for i in {1..40}; do echo >/dev/udp/10.2.0.1/9; done' 2>/dev/null
check "no SA: a few packets wait, the others are dropped and counted at once" \
	test $(($(drops a tx-no-sa) - before)) -ge 24
is_soon "no SA: in the end all of them are counted" $((before + 40)) drops a tx-no-sa
must ctl a policy-del dev=espl0 id=1
must ctl b flush dev=espl0

# --- selectors

both()
{
	espl_tunnel a "$2" "$1" window=64 "${@:3}"
	espl_tunnel b "$2" "$1"
}

both none aes128gcm16
check "both ends talk" pings a 10.2.0.1 3
before=$(drops a tx-no-policy)
refuse "a source outside the local selectors does not pass" 'Unreachable|filtered|prohibited' \
	in_net a ping -c 1 -W "$HANG" -I 10.66.0.1 10.2.0.1
is "and is counted" "$(drops a tx-no-policy)" $((before + 1))
must ctl b policy-set dev=espl0 id=1 lts=0.0.0.0/0 rts=0.0.0.0/0
in_net b ping -q -c 3 -i 0.01 -W 1 -I 10.77.0.1 10.1.0.1 >/dev/null
is_soon "a spoofed inner source is dropped and counted" 3 sa_in a stats.rx-selector
net_route b 10.1.9.0/24 dev espl0
in_net b ping -q -c 2 -i 0.01 -W 1 -I 10.2.0.1 10.1.9.9 >/dev/null
is_soon "and so is an inner destination outside the selectors" 5 sa_in a stats.rx-selector
must ctl b policy-set dev=espl0 id=1 "lts=$TS_B" "rts=$TS_A"
check "the tunnel still works" pings a 10.2.0.1 3

# --- replayed, damaged, made up

capture_start in a eth0 src 192.0.2.2 and ip proto 50
pings a 10.2.0.1 20 >/dev/null
capture_stop in
hostile replay "$WORK/in.pcap" 192.0.2.2
is_soon "replayed packets are dropped, each counted" "$sent" sa_in a stats.rx-replay
pings a 10.2.0.1 80 >/dev/null
hostile replay "$WORK/in.pcap" 192.0.2.2
is_soon "those left of the window too" "$sent" sa_in a stats.rx-stale
capture_start fresh a eth0 src 192.0.2.2 and ip proto 50
pings a 10.2.0.1 40 >/dev/null
capture_stop fresh

position=$(position) before=$(dropped)
hostile flip "$WORK/fresh.pcap" 192.0.2.2 2000
is_soon "2000 packets with flipped bits: all dropped and counted" $((before + sent)) dropped
check "most of them for their integrity" test "$(sa_in a stats.rx-auth)" -gt 1000
before=$(dropped)
hostile truncate "$WORK/fresh.pcap" 192.0.2.2
# The first seven have no whole ESP header: nobody's.
is_soon "a packet cut to every length: dropped and counted" $((before + sent - 8)) dropped
before=$(dropped)
hostile garbage 192.0.2.2 192.0.2.1 2000 0x1001
check "2000 made-up packets for a real SPI" wait_for 10 dropped_more $((before + 1000))
seen=$(events_like a '"invalid-spi"') begun=$SECONDS
hostile garbage 192.0.2.2 192.0.2.1 2000 0
# ten a second, however slow this machine is
few=$((100 + 10 * (SECONDS - begun)))
check "2000 made-up packets for no SPI: few events" test $(($(events_like a '"invalid-spi"') - seen)) -lt $few
check "but some" wait_for 5 event_seen a '"invalid-spi"'
is "none of it moved the SA" "$(position)" "$position"
check "the tunnel still works" pings a 10.2.0.1 3

# --- in UDP

must ctl a flush dev=espl0
must ctl b flush dev=espl0
espl_socket a
espl_socket b
both udp chacha20poly1305
check "in UDP: both ends talk" pings a 10.2.0.1 3
capture_start udp a eth0 src 192.0.2.2 and udp port 4500
pings a 10.2.0.1 20 >/dev/null
capture_stop udp
position=$(position)
hostile replay "$WORK/udp.pcap" 192.0.2.2
is_soon "in UDP: replayed packets are dropped and counted" "$sent" sa_in a stats.rx-replay
hostile flip "$WORK/udp.pcap" 192.0.2.2 1000
check "in UDP: so are damaged ones" wait_for 10 dropped_more 900
before=$(dropped)
hostile truncate "$WORK/udp.pcap" 192.0.2.2
check "in UDP: and those that are too short" wait_for 10 dropped_more "$before"
hostile udp 192.0.2.2 192.0.2.1 1000 0x1001
hostile udp 192.0.2.2 192.0.2.1 1000 0
before=$(dropped)
hostile garbage 192.0.2.2 192.0.2.1 10 0x1001
check "in UDP: made-up raw ESP is dropped and counted" wait_for 5 dropped_more "$before"
is "in UDP: none of it moved the SA" "$(position)" "$position"
hostile send 192.0.2.2 192.0.2.1 ff
hostile send 192.0.2.2 192.0.2.1 ffff
hostile send 192.0.2.2 192.0.2.1 00000000cafe
check "in UDP: what begins with four zero octets reaches the owner" \
	wait_for 5 grep -q '^datagram 6 00000000cafe' "$WORK/socket-a.log"
is "in UDP: keepalives and rubbish do not" "$(grep -v 00000000 "$WORK/socket-a.log" | grep -c '^datagram')" 0
check "in UDP: the tunnel still works" pings a 10.2.0.1 3

# --- one end in UDP, the other raw: RFC 7296 2.23

must ctl a flush dev=espl0
must ctl b flush dev=espl0
espl_tunnel a aes128gcm16 udp
espl_tunnel b aes128gcm16 none
before=$(events_like a '"mapping"')
capture_start both a eth0 udp port 4500 or ip proto 50
check "one in UDP, one raw: both ends talk" pings a 10.2.0.1 20
capture_stop both
is "each as it wants" "$(capture_count both udp port 4500) $(capture_count both ip proto 50)" "20 20"
is "raw ESP says nothing of a NAT" "$(events_like a '"mapping"')" "$before"

# --- expired

must ctl a flush dev=espl0
must ctl b flush dev=espl0
both none aes128-sha256 out-hard-packets=3
capture_start expired a eth0 src 192.0.2.1 and ip proto 50
in_net a ping -q -c 6 -i 0.05 -W 1 10.2.0.1 >/dev/null
capture_stop expired
is "after its hard limit an SA sends nothing" "$(capture_count expired)" 3
is_soon "what it did not send is counted" 3 sa_out a stats.tx-expired
must ctl a flush dev=espl0
must ctl b flush dev=espl0
both none aes128-sha256 in-hard-packets=3
in_net a ping -q -c 6 -i 0.05 -W 1 10.2.0.1 >/dev/null
is_soon "after its hard limit an SA takes nothing" '3 3' sa_in a packets,stats.rx-expired

# --- down, and the whole of it on the wire

must ctl a flush dev=espl0
must ctl b flush dev=espl0
both none aes128gcm16
must in_net a ip link set espl0 down
in_net b ping -q -c 2 -i 0.05 -W 1 10.1.0.1 >/dev/null
is_soon "a device that is down takes nothing" 2 sa_in a stats.rx-down
must in_net a ip link del espl0
refuse "without the device there is no route" 'nreachable' in_net a ping -c 1 -W "$HANG" 10.2.0.1
capture_stop wire
check "the capture of the wire has the ESP" test "$(capture_count wire 'ip proto 50')" -gt 1000
is "nothing in the clear on the wire, ever" "$(capture_count wire "($CLEAR) and net 10.0.0.0/8")" 0
is "nor IPv6" "$(capture_count wire 'icmp6 and (ip6[40] == 128 or ip6[40] == 129 or ip6[40] == 1)')" 0
finish
