#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Transport mode against the in-tree stack with static keys: both families, raw and in UDP, all sizes, GRE inside,
# fragments, path MTU, NAT, what comes from or goes to others than the endpoint.
# vm: cpus=1 timeout=400 debug=yes
# shellcheck disable=SC2317,SC2119 # functions are called by check and wait_for
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/static.sh"

mac()
{
	in_net "$1" ip -j link show eth0 | jq -r '.[0].address'
}

module_load
xfrm_modules
modprobe -qa ip_gre ip6_gre nf_defrag_ipv6 2>/dev/null
sites_add
must in_net a ip link add espl0 type esplane
must in_net a ip link set espl0 up
must in_net a ip address add 2001:db8::1/64 dev eth0 nodad
must in_net b ip address add 2001:db8::2/64 dev eth0 nodad
# Neighbour discovery would have to be bypassed by the in-tree policies.
must in_net a ip neigh replace 2001:db8::2 dev eth0 nud permanent \
	lladdr "$(mac b)"
must in_net b ip neigh replace 2001:db8::1 dev eth0 nud permanent \
	lladdr "$(mac a)"
# What is for the peer goes into the device, but for what the device sends.
for ip in -4 -6; do
	must in_net a ip $ip rule add not fwmark 7 lookup 77
done
net_route a 192.0.2.2 dev espl0 src 192.0.2.1 table 77
net_route a 2001:db8::2 dev espl0 src 2001:db8::1 table 77

CLEAR6=$(outer_ipv6; echo "$CLEAR")

# sockets NAME: of both ends; both families have theirs at once
sockets()
{
	local any=$OUTER_ANY

	spawn "socket$1-a" in_net a esplctl socket-attach addr="$OUTER_A" hold
	wait_for 5 grep -q attached "$WORK/socket$1-a.log" || bail "socket-attach: $(cat "$WORK/socket$1-a.log")"
	OUTER_ANY=$OUTER_B
	xfrm_socket b
	OUTER_ANY=$any
}

family()
{
	OUTER_A=192.0.2.1 OUTER_B=192.0.2.2 OUTER_ANY=0.0.0.0 bits=32
	[ "$1" = 4 ] || OUTER_A=2001:db8::1 OUTER_B=2001:db8::2 OUTER_ANY=:: bits=128
}

# in_tree SUITE ENCAP: b's policies and SAs. ESP in UDP reaches the socket by a policy of its own, without ports, which
# the in-tree stack does not find behind extension headers.
in_tree()
{
	local more="replay-window 32" b=$OUTER_B/$bits a=$OUTER_A/$bits way

	suite "$1"
	[ "$2" = none ] || more+=" encap espinudp 4500 4500 $OUTER_ANY"
	in_net b ip xfrm policy flush
	in_net b ip xfrm state flush
	way="proto esp mode transport"
	must in_net b ip -batch - <<-END
		xfrm policy add dir out src $b dst $a priority 9 tmpl $way
		xfrm policy add dir in src $a dst $b priority 9 tmpl $way
		xfrm policy add dir in src $a dst $b proto udp priority 1
		xfrm policy add dir out src $b dst $a proto udp sport 4500 dport 4500 priority 1
		xfrm state add src $OUTER_A dst $OUTER_B spi 0x2001 $way $xfrm_suite $more
		xfrm state add src $OUTER_B dst $OUTER_A spi 0x1001 $way $xfrm_suite $more
	END
}

# transport SUITE ENCAP [ESPLCTL-ARGUMENT...]: both ends anew
transport()
{
	local ports=''

	[ "$2" = none ] || ports='lport=4500 rport=4500'
	must ctl a flush dev=espl0
	suite "$1"
	must ctl a batch <<<"policy-set dev=espl0 id=1 mode=transport encap=$2 $ports local=$OUTER_A remote=$OUTER_B mark=7 ${*:3}
$(sa_lines a "$1")"
	in_tree "$1" "$2"
}

exact()
{
	transport "$@" "lts=$OUTER_A/$bits rts=$OUTER_B/$bits"
}

# datagrams FROM TO ADDRESS SIZE...: UDP of these sizes there and back, whole. $extended: behind extension headers
datagrams()
{
	local from=$1 to=$2 address=$3

	shift 3
	in-net "$to" timeout 60 python3 -IS -c '
import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 7007))
while True:
    data, peer = s.recvfrom(65535)
    s.sendto(data, peer)
    if len(data) == int(sys.argv[2]):
        break' "$address" "${@: -1}" &
	wait_for 5 udp_bound "$to" || return 1
	in_net "$from" python3 -IS -c '
import os, socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(float(sys.argv[2]))
if sys.argv[3]:
    for option in (54, 59):	# IPV6_HOPOPTS, IPV6_DSTOPTS: padding
        s.setsockopt(socket.IPPROTO_IPV6, option, bytes([0, 0, 1, 4, 0, 0, 0, 0]))
for size in map(int, sys.argv[4:]):
    data = os.urandom(size)
    s.sendto(data, (sys.argv[1], 7007))
    try:
        if s.recv(65535) != data:
            sys.exit(f"other octets of {size}")
    except TimeoutError:
        sys.exit(f"no answer to {size} octets")' "$address" 20 "${extended:-}" "$@" || { kill $!; return 1; }
	wait $!
}

udp_bound()
{
	in_net "$1" ss -Hlnu "sport = :7007" | grep -q .
}

# gre FAMILY: a tunnel inside, with a stream through it
gre()
{
	local kind=gre status

	[ "$1" = 4 ] || kind=ip6gre
	must in_net a ip link add gre9 type "$kind" local "$OUTER_A" remote "$OUTER_B" ttl 64
	must in_net b ip link add gre9 type "$kind" local "$OUTER_B" remote "$OUTER_A" ttl 64
	must in_net a ip address add 10.77.0.1/30 dev gre9
	must in_net b ip address add 10.77.0.2/30 dev gre9
	must in_net a ip link set gre9 up mtu 1300
	must in_net b ip link set gre9 up mtu 1300
	pings a 10.77.0.2 3 -s 1200 && transfer a b 10.77.0.2 512 && transfer b a 10.77.0.1 512
	status=$?
	in_net a ip link del gre9
	in_net b ip link del gre9
	return $status
}

# The debug kernel has no nf_defrag_ipv6 to put IPv6 together: there it is not cut in the first place.
whole="1 100 1300 1400 1401 1402 1403 1404 1405 1406 1407 1408 1409 1410 1411 1412 1413 1414 1415 1416 1417 1418 1419 1420"
large="1430 1472 1500 4000 9000 40000 65000"
gathers6=yes
[ -e /sys/module/nf_defrag_ipv6 ] || gathers6=no

suites="aes128gcm16 aes256-sha256"
[ -z "${VM_DEBUG:-}" ] || suites=aes128gcm16
for net in 4 6; do
	family $net
	sockets $net
	if [ $net = 6 ] && [ $gathers6 = no ]; then
		must in_net a ip link set espl0 mtu 60000
		large=${large% 65000}
	fi
	# neighbour discovery apart
	[ $net = 4 ] || CLEAR=$CLEAR6
	capture_start wire$net a eth0
	for suite in $suites; do
		for encap in none udp; do
			what="IPv$net, $suite, encap $encap"
			exact "$suite" "$encap"
			check "$what: pings" pings a "$OUTER_B" 5 -s 56 || say_drops
			check "$what: pings from there" pings b "$OUTER_A" 5 -s 56
			wait_for 5 both_are packets,seq '10 10'
			is "$what: counted" "$(sa_out a packets,seq) $(sa_in a packets,seq)" '10 10 10 10'
			# What TCP is told of the path stays with the route.
			must in_net a ip -$net route del "$OUTER_B" table 77
			net_route a "$OUTER_B" dev espl0 src "$OUTER_A" table 77
			# shellcheck disable=SC2086
			check "$what: UDP of many sizes" datagrams a b "$OUTER_B" $whole $large 2 || say_drops
			check "$what: large pings and their fragments" ping_sizes a "$OUTER_B" 1400 9000 40000
			check "$what: large pings from there" ping_sizes b "$OUTER_A" 1400
			if [ $net = 4 ]; then
				check "$what: IP options" pings a "$OUTER_B" 2 -R
			else
				extended=yes check "$what: extension headers out" datagrams a b "$OUTER_B" 1 1000 2
				extended=yes check "$what: extension headers in" datagrams b a "$OUTER_A" 1 1000 2
			fi
			check "$what: TCP out" transfer a b "$OUTER_B" 2048
			check "$what: TCP in" transfer b a "$OUTER_A" 2048
			[ $gathers6 = no ] ||
				is "$what: nothing was dropped" "$(sa_out a stats) $(sa_in a stats)" '{} {}'
		done
	done
	# The debug kernel has no GRE.
	[ -n "${VM_DEBUG:-}" ] || check "IPv$net: GRE inside" gre $net
	capture_stop wire$net
	is "IPv$net: nothing in the clear on the wire" "$(capture_count wire$net "$CLEAR")" 0
done

# However wide the selectors: between the endpoints only. ESP vouches for no address.
family 4
transport aes128gcm16 none "lts=0.0.0.0/0 rts=0.0.0.0/0"
net_route a 192.0.2.9 dev espl0 src 192.0.2.1 table 77
in_net a ping -q -c 1 -W 1 192.0.2.9
is "to others than the peer nothing leaves" "$(sa_out a packets,stats.tx-endpoint)" '0 1'
suite aes128gcm16
must in_net b ip address add 192.0.2.3/24 dev eth0
must in_net b ip xfrm state delete src 192.0.2.2 dst 192.0.2.1 proto esp spi 0x1001
must in_net b ip -batch - <<END
xfrm policy add dir out src 192.0.2.3/32 dst 192.0.2.1/32 tmpl proto esp mode transport
xfrm state add src 192.0.2.3 dst 192.0.2.1 spi 0x1001 proto esp mode transport $xfrm_suite
END
in_net b ping -q -c 2 -i 0.2 -W 1 -I 192.0.2.3 192.0.2.1
is_soon "from others than the peer nothing is taken" 2 sa_in a stats.rx-selector

# The mode changes under traffic; what is in flight is of one or of the other.
transport aes128gcm16 none "lts=0.0.0.0/0 rts=0.0.0.0/0"
flood both a 192.0.2.2 1400 -f -W 0.1
for i in {1..40}; do
	must ctl a policy-set dev=espl0 id=1 mode=tunnel
	must ctl a policy-set dev=espl0 id=1 mode=transport
done
reap both
check "after many changes of the mode it works" pings a 192.0.2.2 3

# A narrow link behind a router.
net_add r
net_link a eth1 198.51.100.1/24 r left 198.51.100.254/24
net_link r right 203.0.113.254/24 b eth1 203.0.113.2/24 1320
must in_net a ip address add 2001:db8:1::1/64 dev eth1 nodad
must in_net r ip address add 2001:db8:1::fe/64 dev left nodad
must in_net r ip address add 2001:db8:2::fe/64 dev right nodad
must in_net b ip address add 2001:db8:2::2/64 dev eth1 nodad
net_forward r
net_route b 198.51.100.0/24 via 203.0.113.254
net_route a 203.0.113.0/24 via 198.51.100.254
net_route b 2001:db8:1::/64 via 2001:db8:2::fe
net_route a 2001:db8:2::/64 via 2001:db8:1::fe
net_route a 203.0.113.2 dev espl0 src 198.51.100.1 table 77
net_route a 2001:db8:2::2 dev espl0 src 2001:db8:1::1 table 77

told()
{
	in_net a ping -c 3 -i 0.2 -W 1 -M "do" -s 1340 "$OUTER_B"
	in_net a ping -c 3 -i 0.2 -W 1 -M "do" -s 1260 "$OUTER_B" 2>&1 | grep -qE 'mtu *= *12[0-9][0-9]|mtu: 12[0-9][0-9]'
}

for net in 4 6; do
	family $net
	OUTER_A=198.51.100.1 OUTER_B=203.0.113.2
	[ $net = 4 ] || OUTER_A=2001:db8:1::1 OUTER_B=2001:db8:2::2
	sockets far$net
	for encap in none udp; do
		what="narrow path, IPv$net, encap $encap"
		in_net a ip -$net route flush cache
		exact aes128gcm16 $encap
		check "$what: who sends too much is told" told
		check "$what: what fits passes" pings a "$OUTER_B" 3 -M "do" -s 1180
		check "$what: TCP passes" transfer a b "$OUTER_B" 512
		[ $net = 4 ] || [ $gathers6 = yes ] || continue
		check "$what: datagrams pass in fragments" datagrams a b "$OUTER_B" 1300 4000 65000 2
	done
done

# The peer behind NAT: it sums up over an address that we never see. The debug kernel has no nftables.
if [ -z "${VM_DEBUG:-}" ]; then
	must in_net r nft -f - <<-'END'
		table ip nat {
			chain out {
				type nat hook postrouting priority 100
				oifname left masquerade
			}
		}
	END
	family 4
	OUTER_A=198.51.100.1 OUTER_B=198.51.100.254
	net_route a 198.51.100.254 dev espl0 src 198.51.100.1 table 77
	exact aes128gcm16 udp
	OUTER_B=203.0.113.2
	in_tree aes128gcm16 udp
	check "NAT: pings" pings b 198.51.100.1 3
	check "NAT: TCP" transfer b a 198.51.100.1 512
	check "NAT: UDP" datagrams b a 198.51.100.1 1 1000 4000 2
	is "NAT: nothing was dropped" "$(sa_out a stats) $(sa_in a stats)" '{} {}'
fi
finish
