#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Where the inner address comes from, routes to ranges, a default route that does not swallow the tunnel itself, and
# routes that follow a peer who comes back with other selectors.
# vm: cpus=1 timeout=300 debug=yes
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/../interop/site.sh"

IKE=aes128gcm16-prfsha256-x25519
ESP=aes128gcm16-esn

up()
{
	espl_tunnel office "$IKE" "$ESP" "${@:2}" >"$WORK/a/esplane.conf"
	must espl a reload
	espl a up office >"$WORK/up" 2>&1 && ok "$1: up" || not_ok "$1: up" "$(cat "$WORK/up")"
}

down()
{
	must espl a down office
	wait_for 10 swan_is_empty
	is "no route of ours is left" "$(in_net a ip route show proto 73)" ""
}

module_load
site_make
swan_start b b
espl_start a a </dev/null
TS_A='10.0.0.0/8' TS_B='0.0.0.0/0' swan_conn "$IKE" "$ESP" | swan_load b

up "an address of the host's own" 'local-ts = { "10.1.0.0/24" }'
is "nothing is added to the interface" "$(in_net a ip -br -4 address show office | awk '{ print $3 }')" ""
down

up "local-ts is one host" 'local-ts = { "10.7.0.9" }'
is "the interface gets it" "$(in_net a ip -br -4 address show office | awk '{ print $3 }')" 10.7.0.9/32
check "traffic uses it" in_net a ping -qc 2 -i 0.1 -W "$HANG" 10.2.0.1
down

up "no address" 'local-ts = { "10.8.0.0/24" }'
check "a note says how to get one" grep -q 'this host has no address inside local-ts.*address = ' "$WORK/up"
down

up "a configured address" 'local-ts = { "10.8.0.0/24" }' 'address = "10.8.0.1/24"'
is "the interface gets it" "$(in_net a ip -br -4 address show office | awk '{ print $3 }')" 10.8.0.1/24
is "its network is not behind the tunnel" "$(in_net a ip route show 10.8.0.0/24)" ""
check "traffic uses it" in_net a ping -qc 2 -i 0.1 -W "$HANG" 10.2.0.1
down

up "a range" 'remote-ts = { "10.2.0.1-10.2.0.6", "10.2.0.1[tcp/80]" }'
is "its routes are the fewest prefixes" "$(in_net a ip route show proto 73 | awk '{ print $1 }' | xargs)" \
	"10.2.0.1 10.2.0.2/31 10.2.0.4/31 10.2.0.6"
check "traffic goes through" in_net a ping -qc 2 -i 0.1 -W "$HANG" 10.2.0.1
down

must in_net a ip route add default via 192.0.2.2
up "everything" 'remote-ts = { "0.0.0.0/0" }'
is "the default route through it stands aside, and no other route is laid" \
	"$(in_net a ip route show table all proto 73 | awk '{ print $1, $2, $3, $4, $5 }' | sort | xargs)" \
	"default dev office table 7373"
is "the peer keeps its way" "$(in_net a ip route get 192.0.2.2 mark 7373 | grep -o 'dev [^ ]*')" "dev eth0"
check "traffic goes through" in_net a ping -qc 2 -i 0.1 -W "$HANG" 10.2.0.1
check "IKE still passes: rekey" espl a rekey office/office
check "traffic goes on" in_net a ping -qc 2 -i 0.1 -W "$HANG" 10.2.0.1
down
check "the default route is as it was" in_net a sh -c 'ip route show default | grep -q "via 192.0.2.2"'

# --- other selectors; what has no route leaves by the default one, in the clear
swan_stop b

# routes_are DESTINATION...: a's routes of ours into the tunnel
routes_are()
{
	[ "$(in_net a ip route show proto 73 type unicast | while read -r dst _; do echo -n "$dst "; done)" = "$* " ]
}

# peer_conf ADDRESS REMOTE: esplane.conf of b, which has ADDRESS inside the tunnel and calls REMOTE
peer_conf()
{
	espl_tunnel office "$IKE" "$ESP" 'local = "192.0.2.2"' "remote = \"$2\"" 'local-id = "gw.example.org"' \
		'remote-id = "paris@example.org"' "local-ts = { \"$1\" }" 'remote-ts = { "10.1.0.0/24" }'
}

espl_tunnel office "$IKE" "$ESP" 'remote = "any"' 'remote-ts = { "10.9.0.0/24" }' >"$WORK/a/esplane.conf"
espl_anew a
espl_start c b < <(peer_conf 10.9.0.5 192.0.2.1)
check "a client comes: up" espl c up office
check "a client comes: the route is what it asked for" routes_are 10.9.0.5
reap c KILL		# it does not say that it goes
espl_start c b < <(peer_conf 10.9.0.7 192.0.2.1)
check "the client comes back with another address: up" espl c up office
check "the client comes back: its route has taken the place of the first one" routes_are 10.9.0.7
check "the client comes back: the way to it is the tunnel" \
	in_net a sh -c 'ip route get 10.9.0.7 | grep -q "dev office src 10.1.0.1"'
check "the client comes back: traffic goes through" in_net b ping -qc 2 -i 0.1 -W "$HANG" -I 10.9.0.7 10.1.0.1

peer_conf 10.9.0.5 any >"$WORK/c/esplane.conf"
must espl c reload
espl_tunnel office "$IKE" "$ESP" 'remote-ts = { "10.9.0.0/24" }' 'start = "up"' >"$WORK/a/esplane.conf"
must espl a reload
check "start = up: up" espl a up office
check "start = up: the route is what the peer narrowed to, others have gone" routes_are 10.9.0.5
peer_conf 10.9.0.7 any >"$WORK/c/esplane.conf"
must espl c reload
check "the peer narrows to something else: the route follows" wait_for 20 routes_are 10.9.0.7
refuse "the peer narrows to something else: what it gave up leaves nowhere" 'Unreachable|prohibited|filtered|No route' \
	in_net a ping -c 1 -W "$HANG" 10.9.0.5
check "the peer narrows to something else: traffic goes through" in_net a ping -qc 2 -i 0.1 -W "$HANG" 10.9.0.7
must in_net a ip link del office
check "somebody removes the interface: the next one has routes" wait_for 20 routes_are 10.9.0.7
must espl a down office
check "down: no route leads into it" wait_for 20 says "" in_net a ip route show proto 73 type unicast
refuse "down: start = up blocks all the same" 'Unreachable|prohibited|filtered|No route' in_net a ping -c 1 -W "$HANG" 10.9.0.5
finish
