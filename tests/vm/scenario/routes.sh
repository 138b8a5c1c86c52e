#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Routes of tunnels: nothing leaves in the clear, whatever is down; the peer is reached beside the
# tunnel, whatever the uplink does.
# vm: cpus=2 timeout=400 debug=yes
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/../interop/site.sh"

IKE=aes128gcm16-prfsha256-x25519
ESP=aes128gcm16-esn
PEER=198.51.100.1	# b's, behind the default route: what has no other way goes there

# conf [LINE...]: esplane.conf of a, and tell the daemon
conf()
{
	espl_tunnel office "$IKE" "$ESP" "remote = \"$PEER\"" 'local-ts = { "10.1.0.1" }' "$@" >"$WORK/a/esplane.conf"
	must espl a reload
}

# peer NAME ID TS [PSK]: a connection of swanctl.conf
peer()
{
	cat <<-END
	connections {
		$1 {
			version = 2
			local_addrs = $PEER
			remote_addrs = 192.0.2.1
			proposals = $IKE
			mobike = no
			local {
				auth = psk
				id = gw.example.org
			}
			remote {
				auth = psk
				id = $2
			}
			children {
				net {
					local_ts = $3
					remote_ts = 10.0.0.0/8
					esp_proposals = $ESP
				}
			}
		}
	}
	secrets {
		ike-$1 {
			id = $2
			secret = "${4:-$SECRET}"
		}
	}
	END
}

# way ADDRESS [mark MARK]: where a sends what is for it: a device, or "unreachable".
way()
{
	in_net a ip route get "$@" 2>&1 |
		sed -n 's/.*\(unreachable\|No route to host\).*/unreachable/p; t; s/.* dev \([^ ]*\).*/\1/p'
}

way_leads()
{
	[ "$(way "$1")" = "$2" ]
}

# own_way_is DESCRIPTION: the tunnel's own packets go beside it
own_way_is()
{
	is "$1" "$(way "$PEER" mark 7373)" eth0
}

# rules_of_a: how many there are of ours
rules_of_a()
{
	{ in_net a ip rule show; in_net a ip -6 rule show; } | grep -c 'proto 73$'
}

espl_is_not()
{
	! espl_is "$1"
}

# way_is DESCRIPTION ADDRESS WAY
way_is()
{
	is "$1" "$(way "$2")" "$3"
}

pings()
{
	in_net a ping -qc 2 -i 0.1 -W 5 "$1"
}

# blocked DESCRIPTION ADDRESS...: each is answered by the host itself
blocked()
{
	local what=$1 to

	shift
	for to; do
		refuse "$what: $to is unreachable" 'nreachable|No route' in_net a ping -c 1 -W 2 "$to"
	done
}

# Octets in the clear between the networks, on a's uplink
clear_is_empty()
{
	capture_stop wire
	check "$1: the capture has the tunnel's packets" test "$(capture_count wire 'esp or udp port 500')" -gt 0
	is "$1: nothing left in the clear" "$(capture_count wire '(icmp or tcp or udp) and net 10.2.0.0/16')" 0
}

module_load
site_make
must in_net b ip address add "$PEER/32" dev lo
must in_net b ip address add 10.2.0.200/32 dev lo
must in_net b ip address add 203.0.113.9/32 dev lo
net_route a default via 192.0.2.2
net_route b 10.1.0.0/24 via 192.0.2.1
check "without a tunnel all of it would be reached in the clear" in_net a ping -qc 1 -W 5 -I 10.1.0.1 10.2.0.1
swan_start b b
espl_start a a </dev/null

# --- when-down = block

peer a paris@example.org 10.2.0.0/24 | swan_load b
capture_start wire a eth0
conf 'when-down = "block"'
blocked "before it is up" 10.2.0.1 10.2.0.200
check "up" espl a up office
check "up: traffic goes through" pings 10.2.0.1
check "up: all of it" pings 10.2.0.200
must espl a down office
wait_for 10 swan_is_empty
blocked "taken down" 10.2.0.1

peer a paris@example.org 10.2.0.0/25 | swan_load b
check "narrowed: up" espl a up office
check "narrowed: traffic goes through" pings 10.2.0.1
blocked "narrowed: what the peer did not agree to" 10.2.0.200
must swan b --terminate --ike a --timeout 5
check "the peer takes it down" wait_for 10 espl_is down
blocked "the peer has taken it down" 10.2.0.1 10.2.0.200

peer a paris@example.org 10.2.0.0/24 "another horse" | swan_load b
refuse "a wrong secret" '' espl a up office
blocked "after a failure" 10.2.0.1
peer a paris@example.org 10.2.0.0/24 | swan_load b
must in_net a ip route flush proto 73
check "somebody removes the routes: they come back" wait_for 5 way_leads 10.2.0.1 unreachable

# A daemon that dies, and the next one: somebody sends all the time.
check "restart: up" espl a up office
spawn sender in_net a ping -q -i 0.02 10.2.0.1
reap a KILL
blocked_before=$(in_net a ip route show proto 73 type unreachable)
check "restart: the dead daemon's routes block" test -n "$blocked_before"
cp "$WORK/a/esplane.conf" "$WORK/again"	# it is written anew from its own text
espl_start a a <"$WORK/again"
refuse "restart: the next daemon removes the interface" 'does not exist' in_net a ip link show office
blocked "restart" 10.2.0.1
is "restart: it has taken over the routes" "$(in_net a ip route show proto 73 type unreachable)" "$blocked_before"
check "restart: up again" espl a up office
check "restart: traffic goes through" pings 10.2.0.1
reap sender INT
clear_is_empty "block"

must espl a down office
wait_for 10 swan_is_empty
conf 'when-down = "pass"'
way_is "when-down = pass: the default route has it" 10.2.0.1 eth0
conf 'when-down = "block"' 'remote-ts = { "10.2.0.0/24", "10.3.0.0/24" }'
way_is "a reload: what is new is blocked" 10.3.0.1 unreachable
reap a USR1
is "ended for a restart: only what blocks is left" "$(in_net a ip route show table all proto 73 | sed 's/ .*//' | sort -u)" unreachable
way_is "ended for a restart: all of that is blocked" 10.3.0.1 unreachable
cp "$WORK/a/esplane.conf" "$WORK/again"
espl_start a a <"$WORK/again"
way_is "restarted: it is blocked on" 10.3.0.1 unreachable
espl_stop a
is "stopped: no route of ours is left" "$(in_net a ip route show table all proto 73)" ""
espl_start a a </dev/null

# --- everything through the tunnel, over an uplink that comes and goes

peer a paris@example.org 0.0.0.0/0 | swan_load b
conf 'remote-ts = { "0.0.0.0/0" }' 'start = "up"' 'dpd = 2'
check "everything: up" wait_for 20 espl_is up
check "everything: traffic goes through" pings 203.0.113.9
own_way_is "everything: the peer is reached beside it"
way_is "everything: all else to the peer goes through it" "$PEER" office
way_is "everything: the local network stays" 192.0.2.2 eth0
is "everything: no host route is laid" "$(in_net a ip route show table all proto 73 | grep -c "$PEER")" 0
must in_net a ip link set eth0 down
must in_net a ip link set eth0 up
must in_net a ip route add default via 192.0.2.2
own_way_is "the uplink was away: the peer is reached beside it again"
check "the uplink was away: traffic goes on" wait_for 20 pings 203.0.113.9
check "the uplink was away: IKE passes" espl a rekey office/office
must in_net a ip link set eth0 down
swan_stop b		# and forgets all that it knew
check "the uplink is away for long: down" wait_for 60 espl_is_not up
blocked "the uplink is away for long" 203.0.113.9
swan_start b b
peer a paris@example.org 0.0.0.0/0 | swan_load b
must in_net a ip link set eth0 up
must in_net a ip route add default via 192.0.2.2
check "the uplink is back: so is the tunnel" wait_for 90 espl_is up
check "the uplink is back: traffic goes through" pings 203.0.113.9

# The daemon dies, and the next one: nothing has another way at any time.
capture_start wire a eth0
spawn sender in_net a ping -q -i 0.02 203.0.113.9
reap a KILL
is "everything: what the dead daemon has left leads nowhere else" "$(way 203.0.113.9)" office
cp "$WORK/a/esplane.conf" "$WORK/again"
espl_start a a <"$WORK/again"
check "everything: the next daemon has it up" wait_for 90 espl_is up
check "everything: and traffic goes through" pings 203.0.113.9
check "everything: a rekey" espl a rekey office/office
reap sender INT
capture_stop wire
check "everything: the capture has the tunnel's packets" test "$(capture_count wire 'esp or udp port 500')" -gt 0
is "everything: nothing left in the clear" "$(capture_count wire 'icmp and host 203.0.113.9')" 0
must espl a down office
wait_for 10 swan_is_empty
blocked "everything: taken down" 203.0.113.9

# --- a peer that begins, from where nobody knows

must in_net a sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.eth0.rp_filter=1
: >"$WORK/a/esplane.conf"	# what was taken down by hand stays so for who comes, while it is configured
must espl a reload
conf 'remote = "any"' 'remote-ts = { "0.0.0.0/0" }' 'when-down = "block"'
blocked "an unknown peer" 203.0.113.9 "$PEER"
check "an unknown peer: it is answered" swan b --initiate --child net --timeout "$HANG"
check "an unknown peer: traffic goes through" pings 203.0.113.9
check "an unknown peer: IKE passes" espl a rekey office
must swan b --terminate --ike a --timeout "$HANG"
wait_for 10 espl_is down
blocked "an unknown peer is gone" 203.0.113.9
check "an unknown peer: it comes again" swan b --initiate --child net --timeout "$HANG"
must swan b --terminate --ike a --timeout "$HANG"
wait_for 10 swan_is_empty
must in_net a sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0

# --- two tunnels to one peer that both lead to its address

{
	peer a paris@example.org 198.51.100.0/24
	peer c rome@example.org 198.51.0.0/16
} | swan_load b
must in_net b ip address add 198.51.7.7/32 dev lo
{
	espl_tunnel office "$IKE" "$ESP" "remote = \"$PEER\"" 'local-ts = { "10.1.0.1" }' \
		'remote-ts = { "198.51.100.0/24" }'
	espl_tunnel home "$IKE" "$ESP" "remote = \"$PEER\"" 'local-ts = { "10.1.0.1" }' \
		'remote-ts = { "198.51.0.0/16" }' 'local-id = "rome@example.org"' 'interface = "home"'
} >"$WORK/a/esplane.conf"
must espl a reload
check "two tunnels: one is up" espl a up office
check "two tunnels: so is the other" espl a up home
check "two tunnels: traffic goes through the other" pings 198.51.7.7
must espl a down office
own_way_is "two tunnels: the peer of both is still reached beside the other"
check "two tunnels: IKE of the other passes" espl a rekey home/home
check "two tunnels: traffic of the other goes on" pings 198.51.7.7
must espl a down home
wait_for 10 swan_is_empty
is "two tunnels: no route of ours is left" "$(in_net a ip route show table all proto 73)" ""
check "two tunnels: those that stand aside have their rules" test "$(rules_of_a)" -gt 0

# --- options

peer a paris@example.org 10.2.0.0/24 | swan_load b
conf 'routes = "no"' 'mtu = 1300'
check "routes = no: up" espl a up office
is "routes = no: there are none" "$(in_net a ip route show table all proto 73)" ""
is "mtu: the interface has it" "$(in_net a ip -o link show office | sed 's/.* mtu \([0-9]*\).*/\1/')" 1300
net_route a 10.2.0.0/24 dev office src 10.1.0.1
check "routes = no: the administrator's own leads through it" pings 10.2.0.1
must espl a down office
wait_for 10 swan_is_empty

conf 'table = 100' 'when-down = "block"'
way_is "table: the main one does not have the routes" 10.2.0.1 eth0
must in_net a ip rule add to 10.2.0.0/16 lookup 100
blocked "table: down" 10.2.0.1
check "table: up" espl a up office
check "table: the rule leads through the tunnel" pings 10.2.0.1
is "table: all routes are there" "$(in_net a ip route show table all proto 73 | grep -vc 'table 100')" 0
espl_stop a
is "stopped: no rule of ours is left" "$(rules_of_a)" 0
finish
