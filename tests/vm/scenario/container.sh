#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A device that was moved into a container: its root may use it, but not send from the home as it likes.
# vm: cpus=1 timeout=300 debug=yes
# shellcheck disable=SC2317,SC2119 # functions are called by check and wait_for
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/static.sh"

module_load
sites_add
must in_net a ip link add espl0 type esplane
espl_tunnel a aes128gcm16
espl_device b
espl_tunnel b aes128gcm16

# Root of a user namespace of its own, which has a network namespace of its own
spawn container unshare -Urn sleep 1000
inside=$spawned
own_namespaces()
{
	[ "$(readlink "/proc/$inside/ns/net")" != "$(readlink /proc/self/ns/net)" ] &&
		[ "$(awk '{ print $1 }' "/proc/$inside/uid_map")" = 0 ]
}
must wait_for 10 own_namespaces

in_container()
{
	nsenter -t "$inside" -U -n --preserve-credentials "$@"
}

must in_net a ip link set espl0 netns "$inside"
must in_container ip link set lo up
must in_container ip address add 10.1.0.1/32 dev espl0
must in_container ip link set espl0 up
must in_container ip route add 10.2.0.0/24 dev espl0 src 10.1.0.1
check "its root may use the tunnel" in_container ping -q -c 3 -i 0.05 -W 3 10.2.0.1
check "and read its state" in_container esplctl policy-get dev=espl0 id=1
refuse "its root may not move an endpoint" 'created in' \
	in_container esplctl policy-set dev=espl0 id=1 remote=192.0.2.9
refuse "nor one port of it" 'created in' in_container esplctl policy-set dev=espl0 id=1 \
	encap=udp lport=4500 rport=53
refuse "nor make a policy, which has an endpoint" 'created in' in_container esplctl policy-set dev=espl0 id=2 \
	local=192.0.2.1 remote=192.0.2.9 lts=10.1.0.0/24 rts=10.9.0.0/24
refuse "nor take an SPI of the home" 'created in' in_container esplctl spi-alloc dev=espl0
refuse "nor one of its choice" 'created in' in_container esplctl spi-alloc dev=espl0 spi=0x7001
is "nothing has changed" "$(in_container esplctl --field length,0.remote-addr policy-get dev=espl0)" '1 192.0.2.2'
check "its root may change the selectors" in_container esplctl policy-set dev=espl0 id=1 \
	lts=10.1.0.1/32 rts=10.2.0.0/24
check "the tunnel still works" in_container ping -q -c 3 -i 0.05 -W 3 10.2.0.1
index=$(in_container ip -o link show espl0 | cut -d: -f1)
check "root of the home may move the endpoint" ctl a raw cmd=policy-set \
	text="ifindex=$index policy{id=1 remote-addr=192.0.2.9}"
check "and give it back" ctl a raw cmd=policy-set text="ifindex=$index policy{id=1 remote-addr=192.0.2.2}"
check "its root may remove the policy" in_container esplctl policy-del dev=espl0 id=1
reap container
finish
