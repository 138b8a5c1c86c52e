#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# NAT before both ends: two clients behind one, the server behind a port forward, all with nftables. The
# clients' NAT gets other mappings under traffic. esplane, strongSwan and Libreswan are each client and server.
# Then the same client with the server's own address: NAT before it alone.
#
#	a 10.99.1.2 ---+			10.1.0.1 behind a, 10.1.1.1 behind c, 10.2.0.1 behind b
#	               na 198.51.100.1 --- 198.51.100.2 nb --- 10.99.2.2 b
#	c 10.99.1.3 ---+
# vm: cpus=2 timeout=400 debug=no
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/../interop/site.sh"
. "$VM_DIR/../interop/pluto.sh"

IKE=aes128gcm16-prfsha256-x25519 ESP=aes128gcm16-esn

module_load
net_add a b c na nb
net_link na out 198.51.100.1/24 nb out 198.51.100.2/24
net_link a eth0 10.99.1.2/24 na in1 -
net_link c eth0 10.99.1.3/24 na in2 -
net_link b eth0 10.99.2.2/24 nb in 10.99.2.1/24
must in_net na ip link add in type bridge
must in_net na ip link set in1 master in
must in_net na ip link set in2 master in
must in_net na ip address add 10.99.1.1/24 dev in
must in_net na ip link set in up
net_route a default via 10.99.1.1
net_route c default via 10.99.1.1
net_route b default via 10.99.2.1
net_forward na
net_forward nb
must in_net a ip address add 10.1.0.1/32 dev lo
must in_net c ip address add 10.1.1.1/32 dev lo
must in_net b ip address add 10.2.0.1/32 dev lo

# nat_clients PORTS: what the clients come from; entries of before are forgotten
nat_clients()
{
	in_net na nft -f - <<-END || bail "no masquerade"
		table ip nat
		delete table ip nat
		table ip nat {
			chain out {
				type nat hook postrouting priority srcnat
				oif "out" meta l4proto udp masquerade to :$1
				oif "out" masquerade
			}
		}
	END
	# masquerade forgets what left by a link that goes down, and so do routes
	must in_net na ip link set out down
	must in_net na ip link set out up
	net_route na 10.99.2.0/24 via 198.51.100.2
}

must in_net nb nft -f - <<'END'
table ip nat {
	chain in {
		type nat hook prerouting priority dstnat
		iif "out" udp dport { 500, 4500 } dnat to 10.99.2.2
	}
	chain out {
		type nat hook postrouting priority srcnat
		oif "out" masquerade
	}
}
END
nat_clients 20000-20999

# espl_conf REMOTE LOCAL-ID REMOTE-ID LOCAL-TS REMOTE-TS [LINE...]
espl_conf()
{
	cat <<-END
	tunnel "office" {
		remote = "$1"
		local-id = "$2"
		$([ -z "$3" ] || echo "remote-id = \"$3\"")
		psk = "$SECRET"
		ike = "$IKE"
		esp = "$ESP"
		local-ts = "$4"
		remote-ts = "$5"
		interface = "office"
		nat-keepalive = 5s
		dpd = 5
		$(printf '%s\n' "${@:6}")
	}
	END
}

# swan_section NAME LOCAL REMOTE LOCAL-ID REMOTE-ID LOCAL-TS REMOTE-TS
swan_section()
{
	cat <<-END
		$1 {
			version = 2
			local_addrs = $2
			remote_addrs = $3
			proposals = $IKE
			dpd_delay = 5
			local {
				auth = psk
				id = $4
			}
			remote {
				auth = psk
				id = $5
			}
			children {
				net-$1 {
					local_ts = $6
					remote_ts = $7
					esp_proposals = $ESP
					replay_window = 1024
				}
			}
		}
	END
}

# swan_conf SECTION...
swan_conf()
{
	printf 'connections {\n%s\n}\nsecrets {\n\tike-a {\n\t\tsecret = "%s"\n\t}\n}\n' "$*" "$SECRET"
}

espl_nat()
{
	espl "$1" --json status | jq -c '[.. | .nat? // empty] | unique'
}

keepalives()
{
	[ "$(capture_count keep)" -ge 2 ]
}

reach()
{
	check "$1" wait_for 20 in_net "$2" ping -qc 3 -i 0.05 -W 1 -I "$3" "$4"
}

# pluto_conn_of NAME LOCAL REMOTE LOCAL-ID REMOTE-ID LOCAL-TS REMOTE-TS
pluto_conn_of()
{
	cat <<-END
	conn $1
	  ikev2=insist
	  authby=secret
	  left=$2
	  leftid=$4
	  leftsubnet=$6
	  leftupdown=%disabled
	  right=$3
	  rightid=$5
	  rightsubnet=$7
	  ike=aes_gcm128-sha2_256-dh31
	  phase2alg=aes_gcm128
	  esn=yes
	  replay-window=1024
	  dpddelay=5s
	  dpdtimeout=60s
	  dpdaction=clear
	  auto=add
	END
}

# clients WHAT [stays]: esplane's, of a and c; the peer is there. One that stays sends to the mapping that was.
clients()
{
	espl_conf 198.51.100.2 paris@example.org gw.example.org 10.1.0.0/24 10.2.0.0/24 | espl_start e a
	espl_conf 198.51.100.2 lyon@example.org gw.example.org 10.1.1.0/24 10.2.0.0/24 | espl_start f c
	check "$1: up" espl e up office
	check "$1: another one behind the same NAT: up" espl f up office
	is "$1: NAT before both" "$(espl_nat e)" '[{"local":true,"remote":true}]'
	reach "$1: a reaches b" a 10.1.0.1 10.2.0.1
	reach "$1: b reaches a" b 10.2.0.1 10.1.0.1
	reach "$1: c reaches b" c 10.1.1.1 10.2.0.1
	reach "$1: b reaches c" b 10.2.0.1 10.1.1.1
	capture_start keep a eth0 udp port 4500 and udp[4:2] == 9
	check "$1: octets keep the mapping" wait_for 30 keepalives
	capture_stop keep
	if [ "${2:-}" != stays ]; then
		nat_clients 30000-30999
		reach "$1: other mappings: a reaches b" a 10.1.0.1 10.2.0.1
		reach "$1: other mappings: b reaches a" b 10.2.0.1 10.1.0.1
		reach "$1: other mappings: b reaches c" b 10.2.0.1 10.1.1.1
	fi
	check "$1: down" espl e down office
	check "$1: the other one, too" espl f down office
	espl_stop f
	nat_clients 20000-20999
}

# server WHAT PEER COMMAND...: esplane's, at b; the peer's client comes by the command, and a client of esplane's
server()
{
	check "$1: $2 comes" "${@:3}"
	espl_conf 198.51.100.2 lyon@example.org gw.example.org 10.1.1.0/24 10.2.0.0/24 | espl_start f c
	check "$1: and esplane" espl f up office
	is "$1: NAT before both" "$(espl_nat e)" '[{"local":true,"remote":true}]'
	reach "$1: a reaches b" a 10.1.0.1 10.2.0.1
	reach "$1: c reaches b" c 10.1.1.1 10.2.0.1
	nat_clients 30000-30999
	reach "$1: other mappings: a reaches b" a 10.1.0.1 10.2.0.1
	reach "$1: other mappings: b reaches a" b 10.2.0.1 10.1.0.1
	reach "$1: other mappings: c reaches b" c 10.1.1.1 10.2.0.1
	espl_stop f
	nat_clients 20000-20999
}

# before_client WHAT NAT COMMAND...: the tunnel is up, with that in esplane's status; the command rekeys
before_client()
{
	is "$1: NAT before it alone" "$(espl_nat e)" "[$2]"
	reach "$1: a reaches b" a 10.1.0.1 10.2.0.1
	reach "$1: b reaches a" b 10.2.0.1 10.1.0.1
	check "$1: the child is rekeyed" "${@:3}"
	reach "$1: a still reaches b" a 10.1.0.1 10.2.0.1
}

# --- esplane's clients, strongSwan's server

swan_start s b
swan_conf "$(swan_section a 10.99.2.2 %any gw.example.org paris@example.org 10.2.0.0/24 10.1.0.0/24)" \
	"$(swan_section c 10.99.2.2 %any gw.example.org lyon@example.org 10.2.0.0/24 10.1.1.0/24)" | swan_load s
clients "esplane as client"
espl_conf 10.99.2.2 paris@example.org gw.example.org 10.1.0.0/24 10.2.0.0/24 >"$WORK/e/esplane.conf"
espl_anew e
check "NAT before the client, esplane: up" espl e up office
before_client "NAT before the client, esplane" '{"local":true,"remote":false}' espl e rekey office/office
check "NAT before the client, esplane: down" espl e down office
espl_stop e
swan_stop s

# --- esplane's clients, Libreswan's server

pluto_start p b
pluto_conn_of a 10.99.2.2 %any @gw.example.org paris@example.org 10.2.0.0/24 10.1.0.0/24 | pluto_load p a "$SECRET"
pluto_conn_of c 10.99.2.2 %any @gw.example.org lyon@example.org 10.2.0.0/24 10.1.1.0/24 | pluto_add p c
# It takes a client's new mapping for its IKE SA, and leaves the CHILD_SAs in the kernel as they are.
clients "Libreswan, esplane as client" stays
espl_stop e
pluto_stop p

# --- strongSwan's client, esplane's server; and a client of esplane's

swan_start s a
espl_conf any gw.example.org '' 10.2.0.0/24 10.1.0.0/16 | espl_start e b
swan_conf "$(swan_section a %any 198.51.100.2 paris@example.org gw.example.org 10.1.0.0/24 10.2.0.0/24)" | swan_load s
server "esplane as server" strongSwan swan s --initiate --child net-a --timeout "$HANG"
must swan s --terminate --ike a --timeout "$HANG"
swan_conf "$(swan_section a %any 10.99.2.2 paris@example.org gw.example.org 10.1.0.0/24 10.2.0.0/24)" | swan_load s
check "NAT before the client, strongSwan: up" swan s --initiate --child net-a --timeout "$HANG"
before_client "NAT before the client, strongSwan" '{"local":false,"remote":true}' swan s --rekey --child net-a
check "NAT before the client, strongSwan: down" swan s --terminate --ike a --timeout "$HANG"
swan_stop s

# --- Libreswan's client, esplane's server; and a client of esplane's

pluto_start p a
pluto_conn_of a 10.99.1.2 198.51.100.2 paris@example.org @gw.example.org 10.1.0.0/24 10.2.0.0/24 | pluto_load p a "$SECRET"
server "Libreswan, esplane as server" Libreswan pluto_initiate p a
pluto_stop p
espl_stop e
finish
