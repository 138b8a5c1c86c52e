#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# IKE and ESP over IPv6, with strongSwan and with Libreswan, each begun at either end: raw and in UDP, both
# families inside, rekeys, a name that has addresses of both families, an address that goes; and IKE in TCP.
#
#	a (esplane) 2001:db8::1 ------- 2001:db8::2 b	and there is no IPv4 between them
# vm: cpus=2 timeout=400 debug=no
# shellcheck disable=SC2317 # functions are called by check and wait_for
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/../interop/site.sh"
. "$VM_DIR/../interop/pluto.sh"

IKE=aes128gcm16-prfsha256-x25519 ESP=aes128gcm16-esn

module_load
net_add a b
net_link a eth0 2001:db8::1/64 b eth0 2001:db8::2/64
for address in 10.1.0.1/32 fd01::1/128; do must in_net a ip address add $address dev lo; done
for address in 10.2.0.1/32 fd02::1/128; do must in_net b ip address add $address dev lo; done

# espl_conf REMOTE [LINE...]
espl_conf()
{
	cat <<-END
	tunnel "office" {
		remote = "$1"
		local-id = "paris@example.org"
		remote-id = "gw.example.org"
		psk = "$SECRET"
		ike = "$IKE"
		esp = "$ESP"
		local-ts = { "10.1.0.0/24", "fd01::/64" }
		remote-ts = { "10.2.0.0/24", "fd02::/64" }
		interface = "office"
		dpd = 5
		$(printf '%s\n' "${@:2}")
	}
	END
}

# swan_ipv6 [CONNECTION LINES]
swan_ipv6()
{
	TS_A=10.1.0.0/24,fd01::/64 TS_B=10.2.0.0/24,fd02::/64 swan_conn "$IKE" "$ESP" "$1" |
		sed 's/192.0.2.1/2001:db8::1/; s/192.0.2.2/2001:db8::2/'
}

# inside WHAT: both families, both ways; Libreswan's children have one family
inside()
{
	if [ ! -e "$WORK/p" ]; then
		check "$1: IPv4 inside, a reaches b" in_net a ping -qc 3 -i 0.05 -W "$HANG" -I 10.1.0.1 10.2.0.1
		check "$1: IPv4 inside, b reaches a" in_net b ping -qc 3 -i 0.05 -W "$HANG" -I 10.2.0.1 10.1.0.1
	fi
	check "$1: IPv6 inside, a reaches b" in_net a ping -qc 3 -i 0.05 -W "$HANG" -I fd01::1 fd02::1
	check "$1: IPv6 inside, b reaches a" in_net b ping -qc 3 -i 0.05 -W "$HANG" -I fd02::1 fd01::1
}

# outer_is FROM TO [PORTS]: where our ESP goes
outer_is()
{
	[ "$(in_net a esplctl --field 0.local-addr,0.remote-addr policy-get dev=office)" = "$1 $2" ]
}

swan_start s b "prefer_best_path = yes"
espl_start e a </dev/null

for encap in raw udp; do
	how=auto force=no
	[ $encap = raw ] || { how=udp force=yes; }
	espl_conf 2001:db8::2 "encap = $how" >"$WORK/e/esplane.conf"
	espl_anew e
	swan_ipv6 "encap = $force" | swan_load s
	what="strongSwan, $encap, esplane initiates"
	check "$what: up" espl e up office
	inside "$what"
	encapsulated=$(in_net b ip xfrm state | grep -c 'encap type espinudp sport 4500 dport 4500')
	is "$what: SAs in UDP" "$encapsulated" "$([ $encap = raw ] && echo 0 || echo 2)"
	check "$what: the child is rekeyed here" espl e rekey office/office
	check "$what: the IKE SA is rekeyed here" espl e rekey office
	check "$what: the child is rekeyed there" swan s --rekey --child net
	check "$what: the IKE SA is rekeyed there" swan s --rekey --ike a
	inside "$what, rekeyed"
	check "$what: down" espl e down office
	what="strongSwan, $encap, strongSwan initiates"
	espl_anew e
	check "$what: up" swan s --initiate --child net --timeout "$HANG"
	inside "$what"
	check "$what: down" swan s --terminate --ike a --timeout "$HANG"
done

# A name with an address that leads nowhere, of IPv4, and the one of IPv6.
printf '192.0.2.77 gw.test\n2001:db8::2 gw.test\n' >>"${ESPL_ROOT:-}/etc/hosts"
espl_conf gw.test >"$WORK/e/esplane.conf"
espl_anew e
check "a name with addresses of both families: up" espl e up office
check "a name with addresses of both families: by IPv6" outer_is 2001:db8::1 2001:db8::2

check "down" espl e down office

# --- the client's address goes, and comes again (MOBIKE), under traffic

# Both ways lead to either address; that by eth0 is the better one while its address is there.
second_link()
{
	net_link a eth1 2001:db8:1::1/64 b eth1 2001:db8:1::2/64
	net_route a default via 2001:db8:1::2 dev eth1
	net_route b default via 2001:db8:1::1 dev eth1
}
second_link

echoes()
{
	grep -c icmp_seq= "$WORK/ping.log"
}

answered()
{
	[ "$(echoes)" -ge "$1" ]
}

# peer_outer_is FROM TO: where its ESP goes
peer_outer_is()
{
	[ "$(in_net b ip xfrm policy | awk '/dir out/ { o = 1 } o && /tmpl/ { print $3, $5; exit }')" = "$1 $2" ]
}

status_says()
{
	espl e status office | grep -qF "[$1]:4500 -> [$2]:4500"
}

# moved WHAT A B: the tunnel is between these now
moved()
{
	check "$1: our ESP goes there" wait_for 10 outer_is "$2" "$3"
	check "$1: ikectl status says so" wait_for 10 status_says "$2" "$3"
	check "$1: the peer's ESP goes there" wait_for 10 peer_outer_is "$3" "$2"
	check "$1: echoes go on" wait_for 20 answered $(($(echoes) + 20))
}

# moves WHAT NET ADDRESS A B FROM TO REKEY...: @NET loses @ADDRESS, and the tunnel is between @A and @B
moves()
{
	spawn ping in_net "$2" ping -i 0.1 -I "$6" "$7"
	wait_for 20 answered 5 || bail "no echo comes back"
	must in_net "$2" ip address del "$3/64" dev eth0
	moved "$1, its address gone" "$4" "$5"
	check "$1, its address gone: the child is rekeyed" "${@:8}"
	must in_net "$2" ip address add "$3/64" dev eth0
	moved "$1, its address there again" 2001:db8::1 2001:db8::2
	inside "$1, moved"
	reap ping INT
}

for encap in raw udp; do
	how=auto force=no
	[ $encap = raw ] || { how=udp force=yes; }
	swan_ipv6 "encap = $force" | sed 's/mobike = no/mobike = yes/; s/remote_addrs = .*/remote_addrs = %any/' | swan_load s
	espl_conf 2001:db8::2 "encap = $how" >"$WORK/e/esplane.conf"
	espl_anew e
	what="MOBIKE, $encap, esplane as client"
	check "$what: up" espl e up office
	moves "$what" a 2001:db8::1 2001:db8:1::1 2001:db8::2 fd01::1 fd02::1 espl e rekey office/office
	check "$what: down" espl e down office
	# With another address of the server's to choose from, strongSwan may take that one.
	swan_ipv6 "encap = $force" | sed 's/mobike = no/mobike = yes/; s/local_addrs = .*/local_addrs = %any/' | swan_load s
	espl_conf any "encap = $how" 'local = "2001:db8::1"' >"$WORK/e/esplane.conf"
	espl_anew e
	what="MOBIKE, $encap, strongSwan as client"
	check "$what: up" swan s --initiate --child net --timeout "$HANG"
	moves "$what" b 2001:db8::2 2001:db8::1 2001:db8:1::2 fd02::1 fd01::1 swan s --rekey --child net
	check "$what: down" swan s --terminate --ike a --timeout "$HANG"
done
must in_net a ip link del eth1
swan_stop s

# --- IKE in TCP, between two of ours: it carries no child, and that is said

espl_start g b <<-END
	tunnel "paris" {
		remote = any
		local-id = "gw.example.org"
		remote-id = "paris@example.org"
		psk = "$SECRET"
		ike = "$IKE"
		esp = "$ESP"
		local-ts = "10.2.0.0/24"
		remote-ts = "10.1.0.0/24"
		listen-tcp = 4500
	}
END
espl_conf 2001:db8::2 "tcp = yes" >"$WORK/e/esplane.conf"
espl_anew e
espl e --json up office >"$WORK/up"
check "TCP: IKE_SA_INIT goes over TCP" grep -q '"step":"ike_sa_init".*over TCP' "$WORK/up"
check "TCP: both prove themselves" grep -q '"step":"ike_auth"' "$WORK/up"
check "TCP: it says why there is no child" grep -q '"error":"tcp-only"' "$WORK/up"
espl e down office >/dev/null
espl_stop g

# --- Libreswan

pluto_start p b
net_route b fd01::/64 via 2001:db8::1 dev eth0 src fd02::1
# espl_pair [LINE...]: it takes one pair of selectors
espl_pair()
{
	espl_conf 2001:db8::2 "$@" | sed 's/"10.[12].0.0\/24", //' >"$WORK/e/esplane.conf"
	espl_anew e
}

# pluto_ipv6 RIGHT [LINE...]
pluto_ipv6()
{
	sed 's/^\t*/\t/; s/^\tconn/conn/' <<-END | pluto_load p a "$SECRET"
		conn a
			ikev2=insist
			left=2001:db8::2
			leftid=@gw.example.org
			leftsubnet=fd02::/64
			right=$1
			rightid=paris@example.org
			rightsubnet=fd01::/64
			authby=secret
			ike=aes_gcm128-sha2_256-dh31
			esp=aes_gcm128
			esn=yes
			pfs=no
			leftupdown=%disabled
			hostaddrfamily=ipv6
			clientaddrfamily=ipv6
			replay-window=1024
			$(printf '%s\n' "${@:2}")
	END
}

espl_pair
pluto_ipv6 2001:db8::1
what="Libreswan, esplane initiates"
check "$what: up" espl e up office
check "$what: a reaches b" in_net a ping -qc 3 -i 0.05 -W "$HANG" -I fd01::1 fd02::1
check "$what: b reaches a" in_net b ping -qc 3 -i 0.05 -W "$HANG" -I fd02::1 fd01::1
check "$what: the child is rekeyed" espl e rekey office/office
check "$what: a still reaches b" in_net a ping -qc 3 -i 0.05 -W "$HANG" -I fd01::1 fd02::1
check "$what: down" espl e down office
what="Libreswan initiates"
espl_anew e
check "$what: up" pluto_initiate p a
check "$what: a reaches b" in_net a ping -qc 3 -i 0.05 -W "$HANG" -I fd01::1 fd02::1
check "$what: b reaches a" in_net b ping -qc 3 -i 0.05 -W "$HANG" -I fd02::1 fd01::1
check "$what: down" pluto p --terminate --name a

# Raw, and of esplane's client only: who forces UDP makes Libreswan believe that it is behind NAT, where it ignores
# UPDATE_SA_ADDRESSES; and its own client waits for IFA_LOCAL of an address that goes, which the kernel says of IPv4
# only. Without MOBIKE the tunnel would be made anew: its log tells them apart.
second_link
pluto_ipv6 %any mobike=yes
espl_pair 'metric = 7'
what="MOBIKE, Libreswan, raw, esplane as client"
check "$what: up" espl e up office
moves "$what" a 2001:db8::1 2001:db8:1::1 2001:db8::2 fd01::1 fd02::1 espl e rekey office/office
check "$what: Libreswan says so" grep -q "MOBIKE request: updating IPsec SA" "$WORK/p.log"
check "$what: down" espl e down office
pluto_stop p
espl_stop e
finish
