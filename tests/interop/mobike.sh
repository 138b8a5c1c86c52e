#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A client's uplink changes under traffic, and back. esplane and strongSwan are each client and
# server; the client begins:
#
#	a 192.0.2.1 ------- eth0 ------- 192.0.2.2 b	both have a route to the other's service address,
#	a 198.51.100.1 ---- eth1 ---- 198.51.100.2 b	203.0.113.1 or .2, by eth0 first
#	10.1.0.1					10.2.0.1
# vm: cpus=2 timeout=400 debug=no
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/../interop/site.sh"

IKE=aes128gcm16-prfsha256-x25519 ESP=aes128gcm16-esn
LOST_MOST=40	# echoes of a move, at 20 in a second: what a loaded host takes to notice

module_load
site_make
net_link a eth1 198.51.100.1/24 b eth1 198.51.100.2/24

# serve NET ADDRESS: it is reached there by either link
serve()
{
	must in_net "$1" ip link add service type dummy
	must in_net "$1" ip address add "$2/32" dev service
	must in_net "$1" ip link set service up
}
serve b 203.0.113.2
net_route a 203.0.113.2/32 via 192.0.2.2 metric 10
net_route a 203.0.113.2/32 via 198.51.100.2 metric 20

# espl_conf REMOTE TS-DIGITS [LINE...]
espl_conf()
{
	cat <<-END
	tunnel "office" {
		remote = "$1"
		local-id = "$2"
		remote-id = "$3"
		psk = "$SECRET"
		ike = "$IKE"
		esp = "$ESP"
		local-ts = "10.$4.0.0/24"
		remote-ts = "10.$5.0.0/24"
		interface = "office"
		dpd = 5
		$(printf '%s\n' "${@:6}")
	}
	END
}

# swan_conf LOCAL REMOTE LOCAL-ID REMOTE-ID LOCAL-TS REMOTE-TS
swan_conf()
{
	cat <<-END
	connections {
		a {
			version = 2
			local_addrs = $1
			remote_addrs = $2
			proposals = $IKE
			mobike = yes
			dpd_delay = 5
			local {
				auth = psk
				id = $3
			}
			remote {
				auth = psk
				id = $4
			}
			children {
				net {
					local_ts = 10.$5.0.0/24
					remote_ts = 10.$6.0.0/24
					esp_proposals = $ESP
					replay_window = 1024
				}
			}
		}
	}
	secrets {
		ike-a {
			secret = "$SECRET"
		}
	}
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

# outer NET: where ESP of @NET leaves to, and from, as the kernel's policies have it
espl_outer()
{
	in_net "$1" esplctl --field 0.local-addr,0.remote-addr policy-get dev=office
}

swan_outer()
{
	in_net "$1" ip xfrm policy | awk '/dir out/ { o = 1 } o && /tmpl/ { print $3, $5; exit }'
}

outer_is()
{
	[ "$("$1" "$2")" = "$3" ]
}

# lost_since: echoes without an answer since the last call, by the numbers of those that have one
last=0 count=0
lost_since()
{
	local now

	now=$(awk -F'icmp_seq=' 'NF > 1 { n++; s = $2 + 0; if (s > m) m = s } END { print m + 0, n + 0 }' "$WORK/ping.log")
	lost=$((${now% *} - last - (${now#* } - count)))
	last=${now% *} count=${now#* }
}

# lost_few WHAT: by a move; and from then on none are
lost_few()
{
	check "$1: echoes go on" wait_for 20 answered $(($(answers) + 20))
	lost_since
	is "$1: few echoes are lost" "$((lost <= LOST_MOST))" 1
	note "$1: $lost echoes lost of $last so far"
	check "$1: echoes still go on" wait_for 20 answered $(($(answers) + 40))
	lost_since
	is "$1: of these none is lost" "$lost" 0
}

# ping_begin NET FROM TO
ping_begin()
{
	last=0 count=0
	spawn ping in_net "$1" ping -i 0.05 -I "$2" "$3"
	wait_for 20 answered 10 || bail "no echo comes back"
	lost_since
}

# client_moves WHAT CLIENT-OUTER SERVER-OUTER: site a moves from eth0 to eth1 and back
client_moves()
{
	must in_net a ip link set eth0 down
	check "$1: the client takes the other uplink" wait_for 10 outer_is "$2" a "198.51.100.1 203.0.113.2"
	check "$1: the server follows" wait_for 10 outer_is "$3" b "203.0.113.2 198.51.100.1"
	lost_few "$1, eth0 down"
	must in_net a ip link set eth0 up
	net_route a 203.0.113.2/32 via 192.0.2.2 metric 10
	check "$1: the client takes the better one again" wait_for 10 outer_is "$2" a "192.0.2.1 203.0.113.2"
	check "$1: the server follows back" wait_for 10 outer_is "$3" b "203.0.113.2 192.0.2.1"
	lost_few "$1, eth0 up"
}

# --- esplane is the client

swan_start s b
swan_conf 203.0.113.2 %any gw.example.org paris@example.org 2 1 | swan_load s
espl_conf 203.0.113.2 paris@example.org gw.example.org 1 2 | espl_start e a
check "esplane as client: up" espl e up office
is "esplane as client: MOBIKE is agreed on" "$(espl e --json status office | jq -r '.. | .mobike? // empty' | head -1)" true
ping_begin a 10.1.0.1 10.2.0.1
client_moves "esplane as client" espl_outer swan_outer
check "esplane as client: rekeyed since" espl e rekey office/office
must in_net a ip link set eth0 down
check "esplane as client: and moved" wait_for 10 outer_is swan_outer b "203.0.113.2 198.51.100.1"
lost_few "esplane as client, rekeyed"
must in_net a ip link set eth0 up
net_route a 203.0.113.2/32 via 192.0.2.2 metric 10
wait_for 10 outer_is espl_outer a "192.0.2.1 203.0.113.2"

reap ping INT
check "esplane as client: down" espl e down office
espl_stop e
swan_stop s

# --- strongSwan is the client

# It goes on as long as the path works, unless told otherwise.
swan_start s a "prefer_best_path = yes"
# With another address of the server's to choose from, strongSwan may take that one.
espl_conf any gw.example.org paris@example.org 2 1 'local = "203.0.113.2"' | espl_start e b
swan_conf %any 203.0.113.2 paris@example.org gw.example.org 1 2 | swan_load s
check "strongSwan as client: up" swan s --initiate --child net --timeout "$HANG"
ping_begin a 10.1.0.1 10.2.0.1
client_moves "strongSwan as client" swan_outer espl_outer
reap ping INT

swan_stop s
espl_stop e
finish
