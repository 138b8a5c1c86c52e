#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Behind a slow link TCP's small queues see what waits there: the queue stays short.
# vm: cpus=1 timeout=120 debug=no
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/static.sh"

# Without a limit of its own: what TCP lets wait, waits.
PACKETS_MOST=120

module_load
espl_pair aes128gcm16
must modprobe sch_tbf
must in_net a tc qdisc add dev eth0 root tbf rate 4mbit burst 10kb limit 100mb

backlog()
{
	in_net a tc -s -j qdisc show dev eth0 root | jq '.[0].qlen'
}

stream tcp a b 10.2.0.1
most=0
for _ in $(seq 40); do
	sleep 0.2
	now=$(backlog)
	[ "$now" -le "$most" ] || most=$now
done
note "at most $most packets waited"
check "packets wait at the slow link" [ "$most" -gt 0 ]
check "but no more than $PACKETS_MOST" [ "$most" -le "$PACKETS_MOST" ]
reap tcp
finish
