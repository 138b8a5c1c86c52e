#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# With Libreswan, clients, in both roles: behind NAT, what comes up with the first packet, an address from the server's
# pool, which is kept and may be full, and an uplink that changes under traffic (MOBIKE). The client is a:
#
#	a 192.0.2.1 ------- eth0 ------- 192.0.2.2 n 198.51.100.1 ------- 198.51.100.2 b
#	a 203.0.113.1 ----- eth1 ----- 203.0.113.2 n		10.2.0.1 behind b
# vm: cpus=1 timeout=300 debug=no
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/../interop/site.sh"
. "$VM_DIR/../interop/pluto.sh"

IKE=(aes128gcm16-prfsha256-x25519 aes_gcm128-sha2_256-dh31)
ESP=(aes128gcm16-x25519-noesn aes_gcm128)
B=198.51.100.2
LOST_MOST=60	# echoes of a move, at 20 in a second: what a loaded host takes to notice

module_load
net_add a n b
net_link a eth0 192.0.2.1/24 n eth0 192.0.2.2/24
net_link a eth1 203.0.113.1/24 n eth1 203.0.113.2/24
net_link n out 198.51.100.1/24 b eth0 $B/24
net_forward n
net_route b default via 198.51.100.1
net_route a $B/32 via 192.0.2.2 metric 10
net_route a $B/32 via 203.0.113.2 metric 20
must in_net b ip address add 10.2.0.1/32 dev lo

# nat_set masquerade|accept
nat_set()
{
	in_net n nft -f - <<-END || bail "no masquerade"
		table ip nat
		delete table ip nat
		table ip nat {
			chain out {
				type nat hook postrouting priority srcnat
				oif "out" $1
			}
		}
	END
}

# --- configurations. Each is of a client, a, or a server, b.

# espl_conf client|server [LINE...]
espl_conf()
{
	local ids='local-id = "paris@example.org"'

	[ "$1" = server ] || ids=$'remote = "'$B$'"\nlocal-id = "gw@example.org"\nremote-id = "paris@example.org"'
	[ "$1" = client ] || ids+=$'\nremote = any'
	printf '%s\n' 'tunnel "office" {' "$ids" "psk = \"$SECRET\"" "ike = \"${IKE[0]}\"" "esp = \"${ESP[0]}\"" 'interface = "office"' \
		'dpd = 5s' "${@:2}" '}'
}

# pluto_side client|server [LINE...]: here is left
pluto_side()
{
	local left=$B leftid=paris@example.org right=%any rightid=gw@example.org

	[ "$1" = server ] || { left=${PLUTO_LEFT:-192.0.2.1} leftid=gw@example.org right=$B rightid=paris@example.org; }
	cat <<-END
	conn office
	  ikev2=insist
	  authby=secret
	  left=$left
	  leftid=$leftid
	  leftupdown=%disabled
	  right=$right
	  rightid=$rightid
	  ike=${IKE[1]}
	  phase2alg=${ESP[1]}
	  esn=no
	  replay-window=1024
	  dpddelay=5s
	  dpdtimeout=30s
	  dpdaction=clear
	  $(printf '%s\n  ' "${@:2}")
	  auto=add
	END
}

answers()
{
	grep -c icmp_seq= "$WORK/ping.log"
}

answered()
{
	[ "$(answers)" -ge "$1" ]
}

# ping_begin FROM: to 10.2.0.1, at 20 in a second, until it is reaped
ping_begin()
{
	spawn ping in_net a ping -i 0.05 -I "$1" 10.2.0.1
	wait_for 20 answered 20 || bail "no echoes before the move: $(tail -n 3 "$WORK/ping.log")"
}

# goes_on DESCRIPTION: echoes come again, and few were lost so far
goes_on()
{
	check "$1: echoes go on" wait_for 10 answered $(($(answers) + 20))
}

lost_few()
{
	local lost

	reap ping INT
	lost=$(awk '/packets transmitted/ { print $1 - $4 }' "$WORK/ping.log")
	check "$1: of $(awk '/packets transmitted/ { print $1 }' "$WORK/ping.log") echoes $lost were lost, at most $((2 * LOST_MOST))" \
		[ "$lost" -le $((2 * LOST_MOST)) ]
}

outer_is()
{
	[ "$("$1" "$2")" = "$3" ]
}

espl_outer()
{
	in_net "$1" esplctl --field 0.local-addr,0.remote-addr policy-get dev=office
}

pluto_outer()
{
	in_net "$1" ip xfrm policy | awk '/dir out/ { o = 1 } o && /tmpl/ { print $3, $5; exit }'
}

# uplink_goes, uplink_comes: that of a that it prefers
uplink_goes()
{
	must in_net a ip link set eth0 down
}

uplink_comes()
{
	must in_net a ip link set eth0 up
	net_route a $B/32 via 192.0.2.2 metric 10
}

pluto_empty()
{
	! pluto "$1" --showstates | grep -q ESTABLISHED
}

espl_empty()
{
	[ -z "$(espl "$1" --json status | jq -r '.. | .spi_in? // empty')" ]
}

espl_up()
{
	! espl_empty "$1"
}

# --- esplane is the client

SERVER=(leftsubnet=10.2.0.0/24)
SELECTORS=('local-ts = "10.1.0.0/24"' 'remote-ts = "10.2.0.0/24"')

must in_net a ip address add 10.1.0.1/32 dev lo
pluto_start s b
nat_set masquerade
pluto_side server "${SERVER[@]}" rightsubnet=10.1.0.0/24 | pluto_load s office "$SECRET"
espl_conf client "${SELECTORS[@]}" | espl_start e a
check "NAT, esplane as client: up" espl e up office
check "NAT, esplane as client: in UDP there" grep -q 'encap type espinudp' <(in_net b ip xfrm state)
check "NAT, esplane as client: carries" in_net a ping -qc 3 -i 0.05 -W "$HANG" -I 10.1.0.1 10.2.0.1
check "NAT, esplane as client: rekeyed" espl e rekey office/office
check "NAT, esplane as client: carries still" in_net a ping -qc 3 -i 0.05 -W "$HANG" -I 10.1.0.1 10.2.0.1
check "NAT, esplane as client: down" espl e down office
check "NAT, esplane as client: nothing is left there" wait_for 10 pluto_empty s
nat_set accept

espl_conf client "${SELECTORS[@]}" 'start = on-demand' >"$WORK/e/esplane.conf"
espl_anew e
check "on demand, esplane as client: the first packet brings it up, and arrives" \
	wait_for 20 in_net a ping -qc 1 -W "$HANG" -I 10.1.0.1 10.2.0.1
check "on demand, esplane as client: down" espl e down office
check "on demand, esplane as client: nothing is left there" wait_for 10 pluto_empty s
must in_net a ip address del 10.1.0.1/32 dev lo

# What the address is, the server says. MOBIKE is for its clients only.
pluto_side server "${SERVER[@]}" rightaddresspool=10.9.0.10-10.9.0.20 leftmodecfgserver=yes rightmodecfgclient=yes \
	modecfgdns=10.2.0.53 narrowing=yes mobike=yes | pluto_load s office "$SECRET"
espl_conf client 'address = request' 'remote-ts = "10.2.0.0/24"' >"$WORK/e/esplane.conf"
espl_anew e
check "address, esplane as client: up" espl e up office
check "address, esplane as client: of the pool" \
	grep -q '10\.9\.0\.10/32' <(in_net a ip -4 -oneline address show dev office)
check "address, esplane as client: a name server" grep -q '10\.2\.0\.53' <(espl e --json status office)
check "address, esplane as client: carries" in_net a ping -qc 3 -i 0.05 -W "$HANG" -I 10.9.0.10 10.2.0.1
is "MOBIKE, esplane as client: agreed on" "$(espl e --json status office | jq -r '.. | .mobike? // empty' | head -1)" true
ping_begin 10.9.0.10
uplink_goes
check "MOBIKE, esplane as client: takes the other uplink" wait_for 10 outer_is espl_outer a "203.0.113.1 $B"
check "MOBIKE, esplane as client: the server follows" wait_for 10 outer_is pluto_outer b "$B 203.0.113.1"
goes_on "MOBIKE, esplane as client"
uplink_comes
check "MOBIKE, esplane as client: takes the better one again" wait_for 10 outer_is espl_outer a "192.0.2.1 $B"
check "MOBIKE, esplane as client: the server follows back" wait_for 10 outer_is pluto_outer b "$B 192.0.2.1"
goes_on "MOBIKE, esplane as client, back"
lost_few "MOBIKE, esplane as client"
check "address, esplane as client: down" espl e down office
check "address, esplane as client: nothing is left there" wait_for 10 pluto_empty s
espl_stop e
pluto_stop s

# --- Libreswan is the client

SELECTORS=('local-ts = "10.2.0.0/24"' 'remote-ts = "10.1.0.0/24"')
CLIENT=(rightsubnet=10.2.0.0/24)

must in_net a ip address add 10.1.0.1/32 dev lo
net_route a default via 192.0.2.2 metric 10
net_route a default via 203.0.113.2 metric 20
pluto_start c a
nat_set masquerade
espl_conf server "${SELECTORS[@]}" | espl_start s b
pluto_side client "${CLIENT[@]}" leftsubnet=10.1.0.0/24 | pluto_load c office "$SECRET"
check "NAT, Libreswan as client: up" pluto_initiate c office
check "NAT, Libreswan as client: in UDP there" grep -q 'encap type espinudp' <(in_net a ip xfrm state)
check "NAT, Libreswan as client: carries" in_net a ping -qc 3 -i 0.05 -W "$HANG" -I 10.1.0.1 10.2.0.1
check "NAT, Libreswan as client: rekeyed by it" pluto_rekey c office
check "NAT, Libreswan as client: carries still" in_net a ping -qc 3 -i 0.05 -W "$HANG" -I 10.1.0.1 10.2.0.1
check "NAT, Libreswan as client: down" pluto c --name office --terminate
check "NAT, Libreswan as client: nothing is left here" wait_for 10 espl_empty s
nat_set accept

pluto_side client "${CLIENT[@]}" leftsubnet=10.1.0.0/24 | pluto_load c office "$SECRET"
must pluto c --name office --route
in_net a ping -qc 1 -W 1 -I 10.1.0.1 10.2.0.1 >/dev/null	# Linux loses it
check "on demand, Libreswan as client: the first packet brings it up" wait_for 20 espl_up s
check "on demand, Libreswan as client: carries" wait_for 20 in_net a ping -qc 1 -W 1 -I 10.1.0.1 10.2.0.1
pluto c --name office --delete
check "on demand, Libreswan as client: nothing is left here" wait_for 10 espl_empty s
must in_net a ip address del 10.1.0.1/32 dev lo

# For MOBIKE Libreswan wants its own address to be that of the default route. It looks for another one when that goes, not
# when a better one comes. The address inside is ours to set: leftupdown does nothing here.
{ printf 'pool "road" {\n\taddresses = "10.9.0.10-10.9.0.20"\n\tdns = "10.2.0.53"\n}\n'; espl_conf server 'local-ts = "10.2.0.0/24"' 'pool = "road"'; } \
	>"$WORK/s/esplane.conf"
espl_anew s
PLUTO_LEFT=%defaultroute pluto_side client "${CLIENT[@]}" leftsubnet=0.0.0.0/0 leftmodecfgclient=yes rightmodecfgserver=yes \
	narrowing=yes mobike=yes | pluto_load c office "$SECRET"
check "address, Libreswan as client: up" pluto_initiate c office
check "address, Libreswan as client: of the pool" grep -q '10\.9\.0\.10/32' <(in_net a ip xfrm policy)
check "address, Libreswan as client: a name server" grep -q '10\.2\.0\.53' <(pluto_log c)
must in_net a ip address add 10.9.0.10/32 dev lo
check "address, Libreswan as client: carries" in_net a ping -qc 3 -i 0.05 -W "$HANG" -I 10.9.0.10 10.2.0.1
is "MOBIKE, Libreswan as client: agreed on" "$(espl s --json status | jq -r '.. | .mobike? // empty' | head -1)" true
ping_begin 10.9.0.10
must in_net a ip address del 192.0.2.1/24 dev eth0
check "MOBIKE, Libreswan as client: takes the other uplink" wait_for 20 outer_is pluto_outer a "203.0.113.1 $B"
check "MOBIKE, Libreswan as client: we follow" wait_for 20 outer_is espl_outer b "$B 203.0.113.1"
goes_on "MOBIKE, Libreswan as client"
lost_few "MOBIKE, Libreswan as client"
check "address, Libreswan as client: down" pluto c --name office --terminate
check "address, Libreswan as client: nothing is left here" wait_for 10 espl_empty s
must in_net a ip address add 192.0.2.1/24 dev eth0
net_route a default via 192.0.2.2 metric 10

# leased: ADDRESS STATE IDENTITY of all
leased()
{
	espl s leases | awk 'NR > 1 { print $2, $3, $4 }'
}

# Its other processes follow it.
daemon_gone()
{
	! pgrep -f "$WORK/s/esplane.conf" >/dev/null
}

reap s KILL
check "leases, Libreswan as client: the daemon is killed" wait_for 20 daemon_gone
cp "$WORK/s/esplane.conf" "$WORK/conf"
espl_start s b <"$WORK/conf"
is "leases, Libreswan as client: kept for it" "$(leased)" "10.9.0.10 kept gw@example.org"
check "leases, Libreswan as client: up again" pluto_initiate c office
is "leases, Libreswan as client: the same address" "$(leased)" "10.9.0.10 used gw@example.org"
check "leases, Libreswan as client: down" pluto c --name office --terminate
check "leases, Libreswan as client: nothing is left here" wait_for 10 espl_empty s
{ printf 'pool "road" {\n\taddresses = "10.9.0.30-10.9.0.30"\n\tleases = "alice@example.org 10.9.0.30"\n}\n'
  espl_conf server 'local-ts = "10.2.0.0/24"' 'pool = "road"'; } >"$WORK/s/esplane.conf"
espl_anew s
PLUTO_LEFT=192.0.2.1 pluto_side client "${CLIENT[@]}" leftsubnet=0.0.0.0/0 leftmodecfgclient=yes rightmodecfgserver=yes \
	narrowing=yes keyingtries=1 retransmit-timeout=5s | pluto_load c office "$SECRET"
pluto_initiate c office >"$WORK/full" 2>&1
check "full, Libreswan as client: the log says so" grep -q 'pool road is full: all its IPv4 addresses are leased' <(espl_log s)
check "full, Libreswan as client: and the notify" grep -q INTERNAL_ADDRESS_FAILURE "$WORK/full" <(pluto_log c)
check "full, Libreswan as client: nothing is left here" wait_for 10 espl_empty s
espl_stop s
pluto_stop c

finish
