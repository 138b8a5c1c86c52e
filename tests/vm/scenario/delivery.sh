#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# How packets go on from the tunnel: TCP through GRO, the rest straight up and in order; what was in
# a tunnel inside of the tunnel waits.
# vm: cpus=1 timeout=200 debug=yes
# shellcheck disable=SC2317,SC2119,SC2086 # functions are called by check and wait_for
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/static.sh"

# inner NET: espl1, whose outer packets go through espl0
inner()
{
	local me=1 it=2

	[ "$1" = a ] || me=2 it=1
	suite aes128gcm16
	must in_net "$1" ip link add espl1 type esplane
	must in_net "$1" ip address add "10.$me.1.1/32" dev espl1
	must in_net "$1" ip link set espl1 up
	net_route "$1" "10.$it.1.0/24" dev espl1 src "10.$me.1.1"
	must ctl "$1" policy-set dev=espl1 id=1 local=10.$me.0.1 remote=10.$it.0.1 \
		lts=10.$me.1.0/24 rts=10.$it.1.0/24
	must ctl "$1" spi-alloc dev=espl1 spi=0x${me}003
	must ctl "$1" sa-add dev=espl1 id=1 in-spi=0x${me}003 out-spi=0x${it}003 $espl_suite
}

module_load
espl_pair aes128gcm16
inner a
inner b
check "the tunnel carries packets" pings a 10.2.0.1 50
check "and one inside of it" pings a 10.2.1.1 50
check "packets of the inner one of every length" pings a 10.2.1.1 50 -s 1300

# --- which way

tracefs=/sys/kernel/tracing
mountpoint -q $tracefs || mount -t tracefs tracefs $tracefs 2>/dev/null

# ways DEVICE COMMAND...: how many packets it makes go straight up, and through GRO
ways()
{
	local device=$1

	shift
	echo >$tracefs/trace
	must "$@" >/dev/null
	echo "$(grep -c " netif_receive_skb_entry: dev=$device " $tracefs/trace)" \
		"$(grep -c " napi_gro_receive_entry: dev=$device " $tracefs/trace)"
}

if [ -d $tracefs/events ]; then
	for event in netif_receive_skb_entry napi_gro_receive_entry; do
		must sh -c "echo 1 >$tracefs/events/net/$event/enable"
	done
	is "ICMP goes straight up, at both ends" "$(ways espl0 pings a 10.2.0.1 10)" "20 0"
	is "what was in a tunnel inside waits for its turn" "$(ways espl1 pings a 10.2.1.1 10)" "0 20"
	spawn sink in_net b python3 -IS -u -c '
import socket
s = socket.create_server(("10.2.0.1", 7778))
print("listens")
while True:
    s.accept()[0].recv(100)'
	must wait_for 5 grep -q listens "$WORK/sink.log"
	read -r straight gro <<<"$(ways espl0 in_net a python3 -IS -c '
import socket
socket.create_connection(("10.2.0.1", 7778)).send(b"whole")')"
	check "TCP does not" [ "$straight" = 0 ]
	check "it goes through GRO" [ "${gro:-0}" -gt 2 ]
	reap sink
	for net in a b; do
		must in_net $net ethtool -K espl0 rx-udp-gro-forwarding on
	done
	is "rx-udp-gro-forwarding sends everything through GRO" "$(ways espl0 pings a 10.2.0.1 10)" "0 20"
	for net in a b; do
		must in_net $net ethtool -K espl0 rx-udp-gro-forwarding off
	done
	for event in netif_receive_skb_entry napi_gro_receive_entry; do
		echo 0 >$tracefs/events/net/$event/enable
	done
else
	skip "which way packets go" "this kernel has no tracefs"
fi

# --- in order, beside TCP

stream tcp a b 10.2.0.1 -b 5M
spawn count in_net b python3 -IS -u -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)	# SO_RCVBUFFORCE
s.bind(("10.2.0.1", 7777))
print("bound")
last = n = 0
while last < 1000:
    i = int(s.recv(2000)[:8])
    if i <= last:
        print("late", i, "after", last)
    last = i
    n += 1
print("received", n)'
must wait_for 5 grep -q bound "$WORK/count.log"
in_net a python3 -IS -c '
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(("10.2.0.1", 7777))
for i in range(1, 1001):
    s.send(b"%8d" % i + bytes(i % 1300))
for i in range(50):
    time.sleep(0.1)
    try:
        s.send(b"%8d" % (1001 + i))
    except ConnectionRefusedError:	# it has had enough
        break'
check "a stream of datagrams beside TCP arrives" wait_for 20 grep -q received "$WORK/count.log"
is "in order" "$(grep -c late "$WORK/count.log")" 0
check "TCP still flows" running tcp
finish
