#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Behind a slow link TCP's small queues see what waits there: the queue stays short.
# vm: cpus=1 timeout=120 debug=no
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/static.sh"

# So much of a connection may wait, in octets of memory, before TCP sends one more segment; newer
# kernels (6.12) always let two go. The link has no limit of its own: without TCP's, its window
# waits, which grows.
OCTETS_MOST=32768
SEGMENT_MOST=16384
PACKETS_MOST=50
# So much is looked at, however long it takes.
PACKETS_SENT=2500

module_load
espl_pair aes128gcm16
must in_net a sysctl -qw net.ipv4.tcp_limit_output_bytes=$OCTETS_MOST
must in_net a ip link set espl0 gso_max_size $SEGMENT_MOST
must modprobe sch_tbf
must in_net a tc qdisc add dev eth0 root tbf rate 4mbit burst 10kb limit 100mb

# Packets that the link has sent, packets that wait for it: $sent, $now
look()
{
	[[ $(in_net a tc -s qdisc show dev eth0 root) =~ Sent\ [0-9]+\ bytes\ ([0-9]+)\ pkt.*backlog\ [0-9]+[A-Za-z]*\ ([0-9]+)p ]] ||
		bail "tc does not say what waits: $(in_net a tc -s qdisc show dev eth0 root)"
	sent=${BASH_REMATCH[1]} now=${BASH_REMATCH[2]}
}

stream tcp a b 10.2.0.1
most=0 looks=0
look
while [ "$sent" -lt $PACKETS_SENT ]; do
	running tcp || bail "the stream has ended: $(cat "$WORK/tcp.log")"
	look
	looks=$((looks + 1))
	[ "$now" -le "$most" ] || most=$now
	sleep 0.1
done
note "at most $most packets waited, in $looks looks at $sent packets"
check "packets wait at the slow link" [ "$most" -gt 0 ]
check "but no more than $PACKETS_MOST" [ "$most" -le "$PACKETS_MOST" ]
reap tcp
finish
