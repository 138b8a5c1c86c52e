#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Everything can be taken away under traffic: socket owner, SAs, policy, device, namespaces, the module.
# vm: cpus=2 timeout=600 debug=yes
# shellcheck disable=SC2317,SC2119 # functions are called by check and wait_for
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/static.sh"

# What the debug kernel watches it sees the first time.
rounds=${VM_DEBUG:+1}
rounds=${rounds:-2}

# tunnel ENCAP: both ends, without the sockets
tunnel()
{
	local net

	for net in a b; do
		in_net $net ip link show espl0 >/dev/null 2>&1 || espl_device $net
		espl_tunnel $net aes128gcm16 "$1"
	done
}

traffic()
{
	flood flood-a a 10.2.0.1 500 -i 0.004
	flood flood-b b fd01::1 1000 -i 0.004
	stream tcp a b 10.2.0.1 -b 8M
}

quiet()
{
	local name

	for name in flood-a flood-b tcp tcp-server; do
		reap $name
	done
}

alive()
{
	wait_for 10 in_net a ping -q -c 2 -i 0.05 -W 1 10.2.0.1
}

unloads()
{
	rmmod esplane && [ ! -e /sys/module/esplane ]
}

module_load
sites_add
tunnel udp
espl_socket a
espl_socket b
traffic
check "traffic runs" alive

# --- the owner of the socket

refuse "the module stays while a process has its socket attached" 'in use' rmmod esplane
must esplctl socket-attach port=4501 forget
for i in $(seq "$rounds"); do
	reap socket-a KILL
	alive || break
	espl_socket a
done
check "$rounds times: the owner is killed, the tunnel goes on, a new owner attaches" alive
reap socket-a KILL
check "without an owner the tunnel goes on" alive
for option in reuseaddr reuseport; do
	refuse "and another user cannot take the port with $option" 'already in use' \
		in_net a setpriv --reuid=65534 --clear-groups esplctl socket-attach $option
done
must in_net b bash -c 'printf "\0\0\0\0\312\376" >/dev/udp/192.0.2.1/4500'
check "IKE that nobody wants does no harm: the port is still taken care of" \
	in_net a grep -q ':1194 ' /proc/net/udp
must ctl a policy-del dev=espl0 id=1
check "when the last policy in UDP goes, so does the port" \
	wait_for 10 in_net a awk '/:1194 / { bad = 1 } END { exit bad }' /proc/net/udp
must ctl a flush
must ctl b flush
reap socket-b

# --- SAs, policies, everything of a device

survived=0
for _ in $(seq "$rounds"); do
	tunnel none
	alive || break
	must ctl a sa-del dev=espl0 spi=0x1001 dir=in
	must ctl a sa-del dev=espl0 spi=0x2001 dir=out
	must ctl b policy-del dev=espl0 id=1
	must ctl a flush dev=espl0
	survived=$((survived + 1))
done
is "$rounds times: SAs, policies and all of a device go under traffic" "$survived" "$rounds"
is "nothing is left" "$(ctl a dump | tr -d '\n ')" '[][]'

# --- the device

survived=0
for _ in $(seq "$rounds"); do
	tunnel none
	alive || break
	must in_net a ip link del espl0
	must in_net b ip link del espl0
	survived=$((survived + 1))
done
is "$rounds times: the device goes under traffic" "$survived" "$rounds"
tunnel none
spawn churn in_net a esplctl churn what=sa dev=espl0 peer-netns=/run/netns/b \
	peer-ifindex="$(device_index b espl0)" encr=20 key="$K16$SALT" n=1000000 \
	seconds=3000 tolerate
alive
must in_net a ip link del espl0
check "the device goes under rekeys" running churn
reap churn
must in_net b ip link del espl0

# --- a device that lives in another namespace than it was born in

net_add c
tunnel none
must in_net a ip link set espl0 netns c
espl_addresses c espl0 1 2
check "moved: packets go out through the namespace of its birth" pings c 10.2.0.1 5
check "moved: and so does IPv6 inside" pings c fd02::1 5
check "moved: it is under control from where it lives" ctl c policy-get dev=espl0 id=1
index=$(device_index c espl0)
check "moved: and from where it was born" in_net a esplctl raw cmd=policy-get "text=ifindex=$index policy-id=1"
events_start a
flood flood-c c 10.2.0.1 500 -i 0.004
net_del c
reap flood-c
check "the namespace it lives in goes: so does the device" \
	wait_for 20 event_seen a '"device-gone"' "\"ifindex\":$index\b"
check "with its SAs" test "$(field a length sa-get)" = 0

net_add c d
net_link d eth0 192.0.2.1/24 b eth1 -
must in_net d ip link add espl0 type esplane
must ctl d policy-set dev=espl0 id=1 local=192.0.2.1 remote=192.0.2.2 "lts=$TS_A" "rts=$TS_B"
must ctl d spi-alloc dev=espl0 spi=0x1001
must ctl d sa-add dev=espl0 id=1 in-spi=0x1001 out-spi=0x2001 encr=20 key="$K16$SALT"
must in_net d ip link set espl0 netns c
espl_addresses c espl0 1 2
flood flood-c c 10.2.0.1 500 -i 0.004
net_del d
born_gone()
{
	ctl c policy-get dev=espl0 id=1 2>&1 | grep -q 'is gone'
}
check "the namespace of its birth goes: the device says so" wait_for 30 born_gone
refuse "it takes no policy any more" 'is gone: make a new device' \
	ctl c policy-set dev=espl0 id=2 local=192.0.2.1 remote=192.0.2.2 "lts=$TS_A" "rts=$TS_B"
in_net c ping -q -c 2 -i 0.1 -W 1 10.2.0.1 >/dev/null
check "it swallows packets, and can be deleted" in_net c ip link del espl0
reap flood-c
net_del c

# --- both namespaces at once, with all that is in them

quiet
must ctl b flush
tunnel none
traffic
alive
net_del a b
quiet
reap events-a
nothing_left()
{
	wait_for 60 objects_balanced || { cat "$DEBUGFS/objects"; return 1; }
}
check "both namespaces go, with devices, policies, SAs and traffic" nothing_left
check "a socket that was closed without its encapsulation does not pin the module" \
	wait_for 90 grep -q '^esplane [0-9]* 0 ' /proc/modules

# --- the module

NETS=()
survived=0
for i in $(seq "$rounds"); do
	module_load
	[ "$i" != 1 ] || sites_add
	tunnel none
	[ "$i" != 1 ] || traffic
	alive || break
	unloads || break
	survived=$((survived + 1))
done
is "$rounds times: the module unloads under traffic" "$survived" "$rounds"
module_load
tunnel udp
espl_socket a
espl_socket b
alive
reap socket-a KILL
reap socket-b KILL
check "and with sockets that have lost their owners" unloads
quiet

# Many devices, so that it takes a while.
unloading_refuses_sockets()
{
	local said

	for _ in 1 2 3 4 5; do
		module_load
		seq 500 | sed 's/.*/link add espl& type esplane/' >"$WORK/links"
		must in_net a ip -batch "$WORK/links"
		rmmod esplane &
		while read -r said </sys/module/esplane/initstate && [ "$said" = live ]; do :; done
		if in_net a esplctl socket-attach; then
			said=attached
		else
			said=refused
		fi >"$WORK/attach" 2>&1
		wait
		cat "$WORK/attach"
		[ "$said" = refused ] || return 1
		! grep -q 'being unloaded' "$WORK/attach" || return 0
	done
	return 1
}
check "a module that is being unloaded takes no socket" unloading_refuses_sockets
finish
