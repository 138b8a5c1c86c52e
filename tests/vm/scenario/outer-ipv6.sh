#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ESP over IPv6 against the in-tree stack with static keys: raw and in UDP, path MTU, a peer that moves, the
# heir of a socket, both stacks together.
# vm: cpus=1 timeout=300 debug=yes
# shellcheck disable=SC2317,SC2119 # functions are called by check and wait_for
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/static.sh"

module_load
xfrm_modules
outer_ipv6
sites_add
espl_device a
xfrm_site b
xfrm_policies b "$OUTER_B" "$OUTER_A" 1 "$TS_B" "$TS_A"
xfrm_policies b "$OUTER_B" "$OUTER_A" 1 "$TS6_B" "$TS6_A"
espl_socket a mark=7
xfrm_socket b
# The default leaves room for the worst suite over IPv4.
must in_net a ip link set espl0 mtu 1380
# A checksum of UDP is summed up by us, and looked at by the peer.
must in_net a ethtool -K eth0 tx off
events_start a

# configuration SUITE ENCAP: both ends anew
configuration()
{
	must ctl a flush dev=espl0
	in_net b ip xfrm state flush
	espl_tunnel a "$1" "$2" esn
	xfrm_sas b "$OUTER_B" "$OUTER_A" 0x2001 0x1001 1 "$1" "$2" esn
}

# esp-in-tree has the ciphers: one will do on the debug kernel.
suites="aes128gcm16 aes256-sha256"
[ -z "${VM_DEBUG:-}" ] || suites=aes128gcm16
capture_start wire a eth0
for suite in $suites; do
	for encap in none udp; do
		what="$suite, encap $encap"
		configuration "$suite" "$encap"
		check "$what: five packets each way, counted exactly" counters || say_drops
		check "$what: large packets and fragments, IPv4 inside" ping_sizes a 10.2.0.1 1300 1352 1353 1472 9000
		check "$what: large packets and fragments, IPv6 inside" ping_sizes b fd01::1 1300 1352 1353 1472 9000
		check "$what: TCP out, IPv4 inside" transfer a b 10.2.0.1 512
		check "$what: TCP in, IPv6 inside" transfer b a fd01::1 512
		check "$what: nothing was dropped" both_are stats '{}'
	done
done
capture_stop wire
is "nothing in the clear on the wire" "$(capture_count wire "$CLEAR")" 0
is "no UDP checksum is missing" "$(capture_count wire 'src host 2001:db8::1 and udp port 4500 and ip6[46:2] = 0')" 0
if [ "$(capture_count wire 'ip6 proto 50')" -gt 500 ] && [ "$(capture_count wire 'udp port 4500')" -gt 500 ]; then
	ok "hundreds of ESP packets of both kinds"
else
	not_ok "hundreds of ESP packets of both kinds"
fi

for encap in none udp; do
	check "encap $encap: what comes by other addresses shows nothing of the policy's" signs_of_life "$encap" 2001:db8::9 2001:db8::8
done

# DSCP and ECN: outside as inside, and what is marked on the way arrives marked or not at all (RFC 6040).
configuration aes128gcm16 none
capture_start outside a eth0 ip6 proto 50
check "EF and ECT(0)" pings a 10.2.0.1 1 -Q 0xba
check "EF and ECT(0), IPv6 inside" pings a fd02::1 1 -Q 0xba
capture_stop outside
is "are so outside" "$(capture_count outside 'src host 2001:db8::1 and ip6[0:2] & 0xff0 = 0xba0')" 2
# The debug kernel has no nftables.
if [ -z "${VM_DEBUG:-}" ]; then
must in_net b nft -f - <<'END'
table ip6 congestion {
	chain out {
		type filter hook postrouting priority 0
		oifname eth0 ip6 nexthdr esp ip6 ecn set ce
	}
}
END
capture_start inside a espl0
check "what can say that it was marked arrives" pings a 10.2.0.1 1 -Q 2
capture_stop inside
is "and says so" "$(capture_count inside 'dst host 10.1.0.1 and ip[1] & 3 = 3')" 1
refuse "what cannot say it does not" ' 0 received' in_net a ping -q -c 1 -W 1 10.2.0.1
is "and is counted" "$(sa_in a stats.rx-ecn)" 1
must in_net b nft delete table ip6 congestion
fi

# A narrow link behind a router. Without the policy's mark the route leads into the tunnel, as where that leads
# everywhere. The socket has the mark 7.
net_add r
net_link a eth1 2001:db8:1::1/64 r left 2001:db8:1::ff/64
net_link r right 2001:db8:2::ff/64 b eth1 2001:db8:2::2/64 1320
net_forward r
must in_net a ip -6 rule add fwmark 7 lookup 77
net_route a 2001:db8:2::/64 via 2001:db8:1::ff table 77
must in_net a ip -6 rule add fwmark 8 lookup 78
net_route a 2001:db8:2::/64 via 2001:db8:1::ff table 78
net_route a 2001:db8:2::/64 dev espl0
net_route b 2001:db8:1::/64 via 2001:db8:2::ff
in_net b ip xfrm policy flush
xfrm_policies b 2001:db8:2::2 2001:db8:1::1 1 "$TS_B" "$TS_A"
xfrm_policies b 2001:db8:2::2 2001:db8:1::1 1 "$TS6_B" "$TS6_A"

# Every path MTU: outside, by whatever table, and inside, where a packet would not leave for what was heard before.
forget()
{
	must in_net a ip -6 route flush cached table all
	in_net a ip route flush cache
}

# far ENCAP [MARK]: the tunnel goes that way
far()
{
	mark=${2:-7}
	must ctl a flush dev=espl0
	in_net b ip xfrm state flush
	forget
	OUTER_A=2001:db8:1::1 OUTER_B=2001:db8:2::2 espl_tunnel a aes128gcm16 "$1" esn
	must ctl a policy-set dev=espl0 id=1 mark="$mark"
	xfrm_sas b 2001:db8:2::2 2001:db8:1::1 0x2001 0x1001 1 aes128gcm16 "$1" esn
}

# path_mtu [MTU [MARK]]
path_mtu()
{
	local route

	route=$(in_net a ip -6 route get 2001:db8:2::2 mark "${2:-$mark}")
	[[ $route == *"mtu ${1:-1320}"* ]] || { echo "$route"; return 1; }
}

# forged SPI MTU: somebody says that ESP in UDP of this SPI is too long for the path to b
forged()
{
	in_net r python3 -IS - "$@" <<'END'
import socket, struct, sys

spi, mtu = int(sys.argv[1], 0), int(sys.argv[2])
esp = struct.pack(">II", spi, 1) + bytes(1300)
udp = struct.pack(">HHHH", 4500, 4500, 8 + len(esp), 0) + esp
ip = struct.pack(">IHBB", 0x60000000, len(udp), 17, 64)
for a in "2001:db8:1::1", "2001:db8:2::2":
    ip += socket.inet_pton(socket.AF_INET6, a)
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
s.sendto(struct.pack(">BBHI", 2, 0, 0, mtu) + (ip + udp)[:1200], ("2001:db8:1::1", 0))
END
}

for encap in none udp; do
	far "$encap"
	check "narrow path, encap $encap: who sends too much is told" too_big
	check "narrow path, encap $encap: the route knows its MTU" path_mtu
	check "narrow path, encap $encap: what fits passes" pings a 10.2.0.1 3 -M "do" -s 1200
	check "narrow path, encap $encap: what may be fragmented passes" pings a 10.2.0.1 3 -M dont -s 1340
	check "narrow path, encap $encap: TCP passes" transfer a b 10.2.0.1 512
done

# The smallest packet that IPv6 must take, in fragments outside: what the sender asks for its own path does not stop that.
far none
spawn smallest in_net b python3 -IS -u -c '
import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.bind(("fd02::1", 7780))
print("bound")
while True:
    print("got", len(s.recv(2000)))'
must wait_for 5 grep -q bound "$WORK/smallest.log"
check "narrow path: who sends too much is told" too_big
if [ -e /proc/net/psched ]; then	# the debug kernel has no queues
	must in_net a tc qdisc add dev espl0 root pfifo limit 1000
	# IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE
	must in_net a python3 -IS -c '
import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IPV6, 23, 3)
s.sendto(bytes(1280 - 48), ("fd02::1", 7780))'
	check "narrow path, a queue on the device: 1280 octets of a socket that probes pass" \
		wait_for 5 grep -q 'got 1232' "$WORK/smallest.log"
	must in_net a tc qdisc del dev espl0 root
fi
reap smallest

# Of an ICMP error about ESP in UDP the SPI is looked at, and the path MTU goes to the route by the policy's mark.
far udp 8
check "narrow path, another mark than the socket's: who sends too much is told" too_big
check "narrow path, another mark than the socket's: the route knows its MTU" path_mtu
refuse "and that by the socket's mark does not" '' path_mtu 1320 7
for mark in 7 8; do
	must ctl a policy-set dev=espl0 id=1 mark=$mark
	must forged 0x2002 1290
	must forged 0x2001 1300
	check "mark $mark: a path MTU is believed of an SPI that we send to, and of no other" wait_for 5 path_mtu 1300
done
far udp

# The far end sits in UDP: it moves, our socket changes hands.
must in_net b ip xfrm state flush
must in_net b ip -batch - <<-END
	xfrm state add src 2001:db8:1::1 dst 2001:db8:2::2 proto esp spi 0x2001 reqid 1 mode tunnel aead rfc4106(gcm(aes)) 0x$K16$SALT 128 replay-window 64 flag esn af-unspec encap espinudp 4500 4500 ::
	xfrm state add src 2001:db8:2::2 dst 2001:db8:1::1 proto esp spi 0x1001 reqid 1 mode tunnel aead rfc4106(gcm(aes)) 0x$K16$SALT 128 replay-window 64 flag esn af-unspec encap espinudp 4501 4500 ::
END
must ctl a sa-del dev=espl0 spi=0x2001 dir=out
must ctl a sa-del dev=espl0 spi=0x1001 dir=in
OUTER_A=2001:db8:1::1 OUTER_B=2001:db8:2::2 espl_sas a aes128gcm16 esn
check "a peer whose port has changed is heard" pings a 10.2.0.1 3
check "and told of" wait_for 5 event_seen a '"mapping"' '"peer-addr":"2001:db8:2::2"' '"peer-port":4501\b'
must in_net b python3 -IS -c '
import socket
for kind, proto, port in (socket.SOCK_RAW, 50, 0), (socket.SOCK_DGRAM, 0, 4500):
    s = socket.socket(socket.AF_INET6, kind, proto)
    s.sendto(bytes((0, 0, kind, 119)) + bytes(60), ("2001:db8:1::1", port))'
check "raw ESP for nobody is told" wait_for 5 event_seen a '"invalid-spi"' '"spi":887\b' '"peer-addr":"2001:db8:2::2"'
check "ESP in UDP for nobody is told" wait_for 5 event_seen a '"invalid-spi"' '"spi":631\b' '"peer-addr":"2001:db8:2::2"'
reap socket-a KILL
check "the owner of the socket is killed: the tunnel goes on" pings a 10.2.0.1 3
must ctl a socket-attach addr=::
# UDP_NO_CHECK6_TX
must in_net b python3 -IS -c '
import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_UDP, 101, 1)
s.sendto(bytes((0, 0, 7, 119)) + bytes(60), ("2001:db8:1::1", 4500))'
check "its heir, too, takes what has no checksum of UDP" wait_for 5 event_seen a '"invalid-spi"' '"spi":1911\b' '"peer-addr":"2001:db8:2::2"'
forget
check "and hears of a narrow path" too_big
check "which its route keeps" path_mtu
check "a new owner attaches" pings a 10.2.0.1 3

# Both stacks in one namespace.
configuration aes128gcm16 none
in_net b ip xfrm policy flush
xfrm_policies b 2001:db8::2 2001:db8::1 1 "$TS_B" "$TS_A"
must in_net a ip address add fd09::1/128 dev lo
must in_net b ip address add fd0a::1/128 dev lo
net_route a fd0a::/64 dev eth0 via 2001:db8::2 src fd09::1
net_route b fd09::/64 dev eth0 via 2001:db8::1 src fd0a::1
xfrm_policies a 2001:db8::1 2001:db8::2 9 fd09::/64 fd0a::/64
xfrm_policies b 2001:db8::2 2001:db8::1 9 fd0a::/64 fd09::/64
xfrm_sas a 2001:db8::1 2001:db8::2 0x9001 0x9002 9 chacha20poly1305
xfrm_sas b 2001:db8::2 2001:db8::1 0x9002 0x9001 9 chacha20poly1305
check "one namespace, two stacks: the in-tree SA works" pings a fd0a::1 5
check "one namespace, two stacks: ours works" pings a 10.2.0.1 5

# The route leads into the tunnel itself; the address has gone.
must in_net a ip -6 address del 2001:db8::1/64 dev eth0
refuse "without its address nothing leaves" ' 0 received' pings a 10.2.0.1 2
check "and it is counted" [ "$(drops a tx-no-route)" -gt 0 ]
finish
