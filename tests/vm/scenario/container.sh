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
refuse "nor mark its packets, which says where they go" 'created in' \
	in_container esplctl policy-set dev=espl0 id=1 mark=0x42
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

# --- another device at home, with the ifindex that the moved one has in the container

must in_net a ip link add espl1 index "$index" type esplane
is "an ifindex means the device that lives here" "$(ctl a raw cmd=info text="ifindex=$index" | jq '."device-id"')" 2
is "a device-id means the one that was born here" \
	"$(ctl a raw cmd=policy-get text='device-id=1 policy-id=1' | jq -c '[."device-id", .policy.id]')" '[1,1]'
refuse "not both" 'one of IFINDEX' ctl a raw cmd=info text="ifindex=$index device-id=1"
refuse "nor none that was born elsewhere" 'born' in_container esplctl raw cmd=policy-get text='device-id=1 policy-id=1'
must ctl a policy-set dev=espl1 id=7 local=192.0.2.1 remote=192.0.2.2 lts=10.1.0.0/24 rts=10.7.0.0/24
is "a dump has the policies of both" \
	"$(ctl a raw cmd=policy-get dump | jq -c '[.[] | [."device-id", .policy.id]]')" '[[1,1],[2,7]]'
is "a dump of one has its own" "$(ctl a raw cmd=sa-get dump text=device-id=1 | jq -c '[.[]."device-id"] | unique')" '[1]'
is "and of the other its own" "$(field a 0.id,length policy-get dev=espl1)" '7 1'
is "a guest is seen where it lives" "$(in_container esplctl --field 0.id,length policy-get)" '1 1'
events_start a
must ctl a raw cmd=policy-set text='device-id=1 policy{id=9 local-addr=192.0.2.1 remote-addr=192.0.2.2 local-ts{start=10.9.0.0 end=10.9.0.9} remote-ts{start=10.8.0.0 end=10.8.0.9}}'
must ctl a raw cmd=policy-del text='device-id=1 policy-id=9'
check "an event says which device" wait_for 5 event_seen a '"policy-gone"' '"device-id":1\b'
must in_net a ip link del espl1
must in_net a ip link add espl1 type esplane
is "a device-id is not given twice" "$(ctl a raw cmd=info text="ifindex=$(device_index a espl1)" | jq '."device-id"')" 3
must in_net a ip link del espl1
must in_net a ip link add espl1 index "$index" type esplane
must ctl a flush
is "flush at home reaches both" "$(in_container esplctl --field length policy-get)" 0
must in_net a ip link del espl1
espl_policy_home()
{
	ctl a raw cmd=policy-set text='device-id=1 policy{id=1 local-addr=192.0.2.1 remote-addr=192.0.2.2 local-ts{start=10.1.0.0 end=10.1.0.9} remote-ts{start=10.2.0.0 end=10.2.0.9}}'
}
check "the home can make a policy in the container" espl_policy_home
check "its root may remove the policy" in_container esplctl policy-del dev=espl0 id=1
reap container
finish
