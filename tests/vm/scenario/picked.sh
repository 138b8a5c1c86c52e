#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Selectors of single protocols and ports, and of the peer's own address: such packets go through
# the tunnel, fragments of theirs nowhere else, all others their own way.
# vm: cpus=2 timeout=300 debug=no
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/../interop/site.sh"

IKE=aes128gcm16-prfsha256-x25519
ESP=aes128gcm16-esn

# conf [LINE...]: esplane.conf of a, and tell the daemon
conf()
{
	espl_tunnel office "$IKE" "$ESP" 'others = "pass"' "$@" >"$WORK/a/esplane.conf"
	must espl a reload
}

# peer LOCAL_TS REMOTE_TS: a connection of swanctl.conf
peer()
{
	cat <<-END
	connections {
		a {
			version = 2
			local_addrs = 192.0.2.2
			remote_addrs = 192.0.2.1
			proposals = $IKE
			mobike = no
			local {
				auth = psk
				id = gw.example.org
			}
			remote {
				auth = psk
				id = paris@example.org
			}
			children {
				net {
					local_ts = $1
					remote_ts = $2
					esp_proposals = $ESP
				}
			}
		}
	}
	secrets {
		ike-a {
			id = paris@example.org
			secret = "$SECRET"
		}
	}
	END
}

# Answers each of these with a word: to what came, as a whole.
servers()
{
	spawn servers in_net b python3 -IS -u -c '
import selectors, socket, sys
sel = selectors.DefaultSelector()
for address, word in ((a, w) for a in ("10.2.0.1", "192.0.2.2") for w in sys.argv[1:]):
    kind, port = word.split("/")
    s = socket.socket(type=socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, int(port)))
    if kind == "tcp":
        s.listen()
    sel.register(s, selectors.EVENT_READ, kind)
print("ready")
while True:
    for key, _ in sel.select():
        if key.data == "tcp":
            c, _ = key.fileobj.accept()
            c.sendall(b"yes")
            c.close()
        else:
            sender = key.fileobj.recvfrom(65535)[1]
            key.fileobj.sendto(b"yes", sender)
' "$@"
	wait_for 10 grep -q ready "$WORK/servers.log" || bail "the servers do not start: $(cat "$WORK/servers.log")"
}

# talk NET ADDRESS PROTOCOL/PORT [OCTETS]: is there an answer? Datagrams are sent again; IP may
# divide them.
talk()
{
	in_net "$1" python3 -IS -c '
import socket, sys
kind, port = sys.argv[2].split("/")
to, size = (sys.argv[1], int(port)), int(sys.argv[3])
if kind == "tcp":
    s = socket.create_connection(to, 4)
else:
    s = socket.socket(type=socket.SOCK_DGRAM)
    s.setsockopt(socket.IPPROTO_IP, 10, 0)  # IP_MTU_DISCOVER: never
    s.connect(to)
    s.settimeout(1)
for i in range(4):
    if kind == "udp":
        s.send(bytes(size))
    try:
        sys.exit(s.recv(10) != b"yes")
    except TimeoutError:
        pass
sys.exit(1)' "$2" "$3" "${4:-100}"
}

# counts DESCRIPTION FILTER WANT: packets on the uplink, WANT is a number or "some"
counts()
{
	local n

	n=$(capture_count wire "$2")
	if [ "$3" = some ]; then
		check "$1" test "$n" -gt 0
	else
		is "$1" "$n" "$3"
	fi
}

ours_of_a()
{
	in_net a ip route show table all proto 73
	in_net a ip -6 route show table all proto 73
	in_net a ip rule show | grep 'proto 73$'
	in_net a ip -6 rule show | grep 'proto 73$'
}

# In the clear
TCP443='tcp port 443' UDP53='udp port 53'
FRAGMENT='ip proto 17 and ip[6:2] & 0x3fff != 0 and src 10.1.0.9'

module_load
site_make
net_add c
net_link a eth1 10.1.0.254/24 c eth0 10.1.0.9/24
net_route c default via 10.1.0.254
net_forward a
must in_net b ip address add 10.2.0.2/32 dev lo
net_route a default via 192.0.2.2
net_route b 10.1.0.0/24 via 192.0.2.1
servers tcp/443 tcp/444 udp/53 udp/54
check "without a tunnel all of it is reached in the clear" talk c 10.2.0.1 tcp/443
check "without a tunnel so are fragments" talk c 10.2.0.1 udp/54 3000
swan_start b b
espl_start a a </dev/null

# --- ports

SELECTED='remote-ts = { "10.2.0.0/24[tcp/443]", "10.2.0.0/24[udp/53]" }'
peer '10.2.0.0/24[tcp/443],10.2.0.0/24[udp/53]' 10.1.0.0/24 | swan_load b
conf "$SELECTED" 'when-down = "block"'
capture_start wire a eth0
refuse "down: what is selected is blocked" 'nreachable|No route' talk a 10.2.0.1 tcp/443
refuse "down: forwarded, too" '' talk c 10.2.0.1 tcp/443
check "down: all else goes its way" talk a 10.2.0.1 tcp/444
check "up" espl a up office
check "up: the port that is selected" talk a 10.2.0.1 tcp/443
check "up: forwarded" talk c 10.2.0.1 tcp/443
check "up: datagrams" talk c 10.2.0.1 udp/53
check "up: another port" talk a 10.2.0.1 tcp/444
check "up: another port, forwarded" talk c 10.2.0.1 tcp/444
check "up: another port, datagrams" talk c 10.2.0.1 udp/54
is "explain asks for what is selected" \
	"$(espl a --json explain office | json_get '[.host.peers[].children[].ways[] | .packet, .into_tunnel] | tostring')" \
	'["10.2.0.1 ipproto 6 dport 443",true,"10.2.0.1 ipproto 17 dport 53",true]'
refuse "up: ICMP, whose errors quote the tunnel's packets" '' an_echo c 10.2.0.1
refuse "up: forwarded fragments" '' talk c 10.2.0.1 udp/53 3000
refuse "up: of other ports too" '' talk c 10.2.0.1 udp/54 3000
check "up: this host's own large datagrams to another port are routed as a whole" talk a 10.2.0.1 udp/54 3000
refuse "up: to the one that is selected they go into the tunnel, which knows no ports of fragments" '' talk a 10.2.0.1 udp/53 3000
capture_stop wire
counts "ports: the capture has the tunnel's packets" esp some
counts "ports: and what is not selected" 'tcp port 444' some
counts "ports: no stream left in the clear" "$TCP443" 0
counts "ports: no datagram left in the clear" "$UDP53" 0
counts "ports: no fragment was forwarded in the clear" "$FRAGMENT" 0
in_net a nft -f - <<'END'
table ip track {
	chain in {
		type filter hook prerouting priority 0
		ct state invalid drop
	}
}
END
capture_start wire a eth0
check "connection tracking: fragments have ports" talk c 10.2.0.1 udp/54 3000
check "connection tracking: what is selected" talk c 10.2.0.1 udp/53
talk c 10.2.0.1 udp/53 3000
must in_net a nft delete table ip track
capture_stop wire
counts "connection tracking: the capture has fragments of another port" "$FRAGMENT" some
counts "connection tracking: no datagram left in the clear" "$UDP53" 0

# --- nothing of it changes by itself, and it comes back

before=$(ours_of_a)
check "a rekey" espl a rekey office/office
must espl a reload
is "after a rekey and a reload all is as it was" "$(ours_of_a)" "$before"
must in_net a ip rule flush
must in_net a ip rule add pref 32766 lookup main
same_again()
{
	[ "$(ours_of_a | sort)" = "$(sort <<<"$before")" ]
}
check "somebody removes the rules: they come back" wait_for 5 same_again
for table in $(ours_of_a | grep -o 'table 7[0-9]*' | sort -u | cut -c 7-); do
	in_net a ip route flush table "$table"
done
check "somebody removes the routes: they come back" wait_for 5 same_again
check "and traffic goes through" talk c 10.2.0.1 tcp/443

# --- the daemon dies, and the next one

capture_start wire a eth0
spawn sender in_net c bash -c 'while :; do echo >/dev/udp/10.2.0.1/53; sleep 0.02; done'
reap a KILL
check "the daemon is dead: the tunnel is there" talk c 10.2.0.1 tcp/443
cp "$WORK/a/esplane.conf" "$WORK/again"
espl_start a a <"$WORK/again"
refuse "the next one: it is blocked" 'nreachable|No route' talk a 10.2.0.1 tcp/443
check "the next one: another port goes its way" talk a 10.2.0.1 tcp/444
check "the next one: up" espl a up office
check "the next one: it goes through" talk c 10.2.0.1 tcp/443
reap sender
capture_stop wire
counts "the next one: the capture has the tunnel's packets" esp some
counts "the next one: nothing left in the clear" "$TCP443 or $UDP53" 0
must espl a down office
refuse "taken down: it is blocked" 'nreachable|No route' talk a 10.2.0.1 tcp/443
wait_for 10 swan_is_empty
conf "$SELECTED"
check "when-down = pass: it goes its way" talk a 10.2.0.1 tcp/443
is "when-down = pass: nothing is laid" "$(ours_of_a)" ""

# A dead daemon, and one that knows nothing of all this.
check "up again" espl a up office
reap a KILL
espl_start a a </dev/null
is "the next one without tunnels: all is gone" "$(ours_of_a)" ""
is "the next one without tunnels: the interface too" "$(in_net a ip -br link show type esplane)" ""
swan_stop b		# it knows of no end
swan_start b b

# --- the peer's own address

must in_net a sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.eth0.rp_filter=1
peer '192.0.2.2[udp]' '192.0.2.1[udp]' | swan_load b
conf 'local-ts = { "192.0.2.1[udp]" }' 'remote-ts = { "192.0.2.2[udp]" }' 'when-down = "block"'
refuse "the peer itself: down, it is blocked" '' talk a 192.0.2.2 udp/54
check "the peer itself: up" espl a up office
capture_start wire a eth0
check "the peer itself: what is selected" talk a 192.0.2.2 udp/54
check "the peer itself: fragments of it, too" talk a 192.0.2.2 udp/54 3000
check "the peer itself: another protocol" talk a 192.0.2.2 tcp/444
check "the peer itself: a rekey of the child" espl a rekey office/office
check "the peer itself: a rekey of the IKE SA" espl a rekey office
check "the peer itself: it begins a rekey" swan b --rekey --ike a
check "the peer itself: and traffic goes on" talk a 192.0.2.2 udp/53
capture_stop wire
counts "the peer itself: the capture has the tunnel's packets" esp some
counts "the peer itself: IKE goes beside the tunnel" 'udp port 500 or udp port 4500' some
counts "the peer itself: the other protocol does" 'tcp port 444' some
counts "the peer itself: nothing else" 'udp and not port 500 and not port 4500' 0
must espl a down office
espl_stop a
is "stopped: nothing of ours is left" "$(ours_of_a)" ""
finish
