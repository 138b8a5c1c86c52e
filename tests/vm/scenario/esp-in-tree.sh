#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ESP against the in-tree stack with static keys: suites, encapsulations, sequence numbers, families.
# vm: cpus=1 timeout=300 debug=yes
# shellcheck disable=SC2317,SC2119 # functions are called by check and wait_for
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/static.sh"

module_load
xfrm_modules
sites_add
espl_device a
xfrm_site b
xfrm_policies b 192.0.2.2 192.0.2.1 1 "$TS_B" "$TS_A"
xfrm_policies b 192.0.2.2 192.0.2.1 1 "$TS6_B" "$TS6_A"

# One suite shows encapsulation and numbers crossed. The debug kernel sees one of each layout, uncrossed: what
# differs otherwise is the cipher, which KUnit has.
crossed=aes128gcm16
[ -z "${VM_DEBUG:-}" ] || SUITES="aes128gcm16 aes256-sha256" MORE_SUITES="aes128ccm8 null-sha1" crossed=''
# One round of the padding: to four octets, or to the block of a CBC.
FOUR="0 1 2 3 4" BLOCK="0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17"
BIG="1300 1372 1373 1472 9000"
sockets=''

# configuration SUITE ENCAP ESN: both ends anew
configuration()
{
	local esn=''

	[ "$3" = no ] || esn=esn
	must ctl a flush dev=espl0
	in_net b ip xfrm state flush
	if [ "$2" = udp ] && [ -z "$sockets" ]; then
		sockets=1
		espl_socket a
		xfrm_socket b
	fi
	espl_tunnel a "$1" "$2" $esn
	xfrm_sas b 192.0.2.2 192.0.2.1 0x2001 0x1001 1 "$1" "$2" $esn
}

# exchange SUITE ENCAP ESN
exchange()
{
	local what="$1, encap $2, esn $3" padding=$FOUR

	configuration "$@"
	check "$what: five packets each way, counted exactly" counters || {
		say_drops
		return
	}
	if [ "$2" = none ]; then
		[[ $1 != *-sha256 ]] || padding=$BLOCK
		# shellcheck disable=SC2086
		check "$what: every length of padding, IPv4 inside" ping_sizes a 10.2.0.1 $padding
		# shellcheck disable=SC2086
		check "$what: every length of padding, IPv6 inside" ping_sizes a fd02::1 $padding
	fi
	# shellcheck disable=SC2086
	check "$what: large packets and fragments, IPv4 inside" ping_sizes a 10.2.0.1 $BIG
	# shellcheck disable=SC2086
	check "$what: large packets and fragments, IPv6 inside" ping_sizes b fd01::1 $BIG
	# Each suite has all four, raw and in UDP together.
	if [ "$3" = no ]; then
		check "$what: TCP out, IPv4 inside" transfer a b 10.2.0.1 512
		check "$what: TCP in, IPv6 inside" transfer b a fd01::1 512
	else
		check "$what: TCP in, IPv4 inside" transfer b a 10.1.0.1 512
		check "$what: TCP out, IPv6 inside" transfer a b fd02::1 512
	fi
	check "$what: nothing was dropped" both_are stats '{}'
}

# layout SUITE ESN
layout()
{
	local what="$1, esn $2" padding=$FOUR

	configuration "$1" none "$2"
	check "$what: five packets each way, counted exactly" counters || {
		say_drops
		return
	}
	[[ $1 != aes???-* ]] || padding=$BLOCK
	[[ $1 != 3des-* ]] || padding=${BLOCK:0:17}
	# shellcheck disable=SC2086
	check "$what: every length of padding, and large packets" ping_sizes a 10.2.0.1 $padding 1372 9000
	check "$what: nothing was dropped" both_are stats '{}'
}

capture_start wire a eth0
# What is inside, what is outside and the numbers know nothing of each other.
for suite in $SUITES; do
	exchange "$suite" none no
	[ "$suite" != "$crossed" ] || exchange "$suite" none yes
	[ "$suite" != "$crossed" ] || exchange "$suite" udp no
	exchange "$suite" udp yes
done
# Of the others the layout: lengths of key, IV, padding, ICV, the order of what is authenticated.
esn=no
for suite in $MORE_SUITES; do
	layout "$suite" "$esn"
	[ "$esn" = no ] && esn=yes || esn=no
done
capture_stop wire
is "nothing in the clear on the wire" "$(capture_count wire "$CLEAR")" 0
if [ "$(capture_count wire 'ip proto 50')" -gt 1000 ] && [ "$(capture_count wire 'udp port 4500')" -gt 1000 ]; then
	ok "thousands of ESP packets of both kinds"
else
	not_ok "thousands of ESP packets of both kinds"
fi

# Both stacks in one namespace, both with raw ESP.
configuration aes128gcm16 none yes
must in_net a ip address add 10.9.1.1/32 dev lo
must in_net b ip address add 10.9.2.1/32 dev lo
net_route a 10.9.2.0/24 via 192.0.2.2 dev eth0 src 10.9.1.1
net_route b 10.9.1.0/24 via 192.0.2.1 dev eth0 src 10.9.2.1
xfrm_policies a 192.0.2.1 192.0.2.2 9 10.9.1.0/24 10.9.2.0/24
xfrm_policies b 192.0.2.2 192.0.2.1 9 10.9.2.0/24 10.9.1.0/24
xfrm_sas a 192.0.2.1 192.0.2.2 0x9001 0x9002 9 chacha20poly1305
xfrm_sas b 192.0.2.2 192.0.2.1 0x9002 0x9001 9 chacha20poly1305
check "one namespace, two stacks: the in-tree SA works" pings a 10.9.2.1 5
check "one namespace, two stacks: ours works" pings a 10.2.0.1 5
check "one namespace, two stacks: both at once" bash -c "
	in-net a ping -q -c 50 -i 0.01 -W $HANG 10.9.2.1 & p=\$!
	in-net a ping -q -c 50 -i 0.01 -W $HANG 10.2.0.1 && wait \$p"
is_soon "the in-tree stack's packets are not ours to count" 55 sa_in a packets

for encap in none udp; do
	check "encap $encap: what comes by other addresses shows nothing of the policy's" signs_of_life "$encap" 192.0.2.9 192.0.2.8
done

# A narrow link behind a router. Without the policy's mark the route leads into the tunnel, as where that leads
# everywhere.
net_add r
net_link a eth1 198.51.100.1/24 r left 198.51.100.254/24
net_link r right 203.0.113.254/24 b eth1 203.0.113.2/24 1320
net_forward r
net_route b 198.51.100.0/24 via 203.0.113.254
must in_net a ip rule add fwmark 7 lookup 77
net_route a 203.0.113.0/24 via 198.51.100.254 table 77
net_route a 203.0.113.0/24 dev espl0
must in_net b ip xfrm policy flush
xfrm_policies b 203.0.113.2 198.51.100.1 1 "$TS_B" "$TS_A"

# far ENCAP: the tunnel goes that way
far()
{
	must ctl a flush dev=espl0
	in_net b ip xfrm state flush
	in_net a ip route flush cache
	OUTER_A=198.51.100.1 OUTER_B=203.0.113.2 espl_tunnel a aes128gcm16 "$1" esn
	must ctl a policy-set dev=espl0 id=1 mark=7
	xfrm_sas b 203.0.113.2 198.51.100.1 0x2001 0x1001 1 aes128gcm16 "$1" esn
}

path_mtu()
{
	in_net a ip route get 203.0.113.2 mark 7 | grep -q 'mtu 1320'
}

# The socket has no mark: by that the kernel would lay what it hears to the route into the tunnel.
for encap in none udp; do
	far "$encap"
	check "narrow path, encap $encap: who sends too much is told" too_big
	check "narrow path, encap $encap: the route knows its MTU" path_mtu
	check "narrow path, encap $encap: what fits passes" pings a 10.2.0.1 3 -M "do" -s 1200
	check "narrow path, encap $encap: TCP passes" transfer a b 10.2.0.1 512
done
finish
