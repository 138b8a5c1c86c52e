#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What comes out of the tunnel is for its receiver alone, and is checked like any other packet.
# The debug kernel has no nf_tables that could copy packets.
# vm: cpus=1 timeout=300 debug=no
# shellcheck disable=SC2317,SC2119 # functions are called by check and wait_for
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/static.sh"

module_load
xfrm_modules
sites_add
espl_device a
espl_tunnel a aes128gcm16
xfrm_site b
xfrm_policies b 192.0.2.2 192.0.2.1 1 "$TS_B" "$TS_A"
xfrm_sas b 192.0.2.2 192.0.2.1 0x2001 0x1001 1 aes128gcm16
check "both ends talk" pings a 10.2.0.1 3

# --- a copy of the ESP, whose pages are the original's, waits while that is decrypted

net_add mirror
net_link a tap 198.51.100.1/24 mirror eth0 198.51.100.2/24
must in_net a ip neighbour add 198.51.100.2 lladdr 02:00:00:00:00:02 dev tap
modprobe -qa nft_dup_ipv4 nf_dup_ipv4 nf_tables sch_netem
must in_net a nft -f - <<'END'
table ip copy {
	chain in {
		type filter hook prerouting priority 0
		iifname eth0 ip protocol esp dup to 198.51.100.2 device tap
	}
}
END
must in_net a tc qdisc add dev tap root netem delay 200ms limit 10000
capture_start mirror mirror eth0
# No capture of the wire: its own copies would make the packets shared.
spawn whole in_net a python3 -IS -u -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("10.1.0.1", 7778))
print("bound")
while True:
    print("whole" if s.recv(2000) == b"Z" * 1020 else "broken")'
must wait_for 5 grep -q bound "$WORK/whole.log"
# Octets that are given to a datagram later lie in pages, and the in-tree stack encrypts into a page.
in_net b python3 -IS -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(("10.1.0.1", 7778))
for i in range(50):
    s.send(b"Z" * 20, socket.MSG_MORE)
    s.send(b"Z" * 1000)'
all_whole()
{
	[ "$(grep -c whole "$WORK/whole.log")" = 50 ]
}
check "datagrams whose octets lie in pages arrive whole" wait_for 5 all_whole
copied()
{
	[ "$(stat -c %s "$WORK/mirror.pcap")" -gt 50000 ]
}
check "the mirror got a copy of each" wait_for 5 copied
capture_stop mirror
is "and nothing of it in the clear" "$(grep -caE 'Z{40}' "$WORK/mirror.pcap")" 0
reap whole
must in_net a nft delete table ip copy

# --- the checksum inside is the sender's: the ICV begins at the gateway before it

damaged()
{
	in_net a awk -v proto="$1:" -v name=InCsumErrors '$1 == proto && !n { n = split($0, names); next }
		$1 == proto { split($0, value); for (i = 2; i <= n; i++) if (names[i] == name) print value[i] }' \
		/proc/net/snmp
}

# datagram CHECKSUM: UDP from 10.2.0.1 to 10.1.0.1 port 7777, with this checksum or the right one
datagram()
{
	in_net b python3 -IS - "$1" <<'END'
import socket, struct, sys

def total(data):
    s = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while s >> 16:
        s = (s & 0xffff) + (s >> 16)
    return s

src, dst = socket.inet_aton("10.2.0.1"), socket.inet_aton("10.1.0.1")
data = b"whole and sound!"
head = struct.pack(">HHH", 7777, 7777, 8 + len(data))
right = ~total(src + dst + struct.pack(">HH", 17, 8 + len(data)) + head + b"\0\0" + data) & 0xffff
check = right if sys.argv[1] == "right" else right ^ 0x1010
ip = struct.pack(">BBHHHBBH", 0x45, 0, 28 + len(data), 1, 0, 64, 17, 0) + src + dst
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
s.sendto(ip + head + struct.pack(">H", check) + data, ("10.1.0.1", 0))
END
}

spawn sink in_net a python3 -IS -u -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("10.1.0.1", 7777))
print("bound")
while True:
    print("got", s.recv(2000))'
must wait_for 5 grep -q bound "$WORK/sink.log"
before=$(damaged Udp)
datagram wrong
datagram right
check "a sound datagram arrives" wait_for 5 grep -q 'got.*whole' "$WORK/sink.log"
is "one that was damaged behind the peer does not" "$(grep -c got "$WORK/sink.log") $(($(damaged Udp) - before))" '1 1'
reap sink

# --- ECN, RFC 6040: outside is as inside, and what is marked on the way arrives marked or not at all

# tos NET TO OCTET: a datagram with these DSCP and ECN
tos()
{
	in_net "$1" python3 -IS -c '
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, int(sys.argv[2]))
s.sendto(b"ecn", (sys.argv[1], 7779))' "$2" "$3"
}

spawn ecn in_net a python3 -IS -u -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, 13, 1)
s.bind(("10.1.0.1", 7779))
print("bound")
while True:
    print("tos", s.recvmsg(100, 100)[1][0][2][0])'
must wait_for 5 grep -q bound "$WORK/ecn.log"
capture_start outside a eth0 src 192.0.2.1 and ip proto 50
for octet in 0 1 42; do
	tos a 10.2.0.1 "$octet"
done
capture_stop outside
is "outside DSCP and ECN are as inside" "$(for octet in 0 1 42; do
	capture_count outside "ip[1] = $octet"
done | xargs)" "1 1 1"
must in_net b nft -f - <<'END'
table ip congestion {
	chain out {
		type filter hook postrouting priority 0
		oifname eth0 ip protocol esp ip ecn set ce
	}
}
END
for octet in 2 41 0; do
	tos b 10.1.0.1 "$octet"
done
is_soon "what cannot say that it was marked is dropped and counted" 1 sa_in a stats.rx-ecn
check "the rest says so" wait_for 5 grep -q 'tos 43' "$WORK/ecn.log"
is "and nothing else has changed" "$(sed -n 's/^tos //p' "$WORK/ecn.log" | xargs)" "3 43"
must in_net b nft delete table ip congestion
reap ecn
finish
