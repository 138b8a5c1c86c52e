#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# With Libreswan, IKE over TCP (RFC 9329), both roles. Neither end can carry ESP in TCP here: what is seen is that IKE_SA_INIT and
# IKE_AUTH go by TCP, that the child is refused with a sentence, and that nothing of it gets to a kernel. Libreswan wants
# the kernel's framing, which Debian's lacks: espintcp.c does it.
# vm: cpus=1 timeout=300 debug=no
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/../interop/site.sh"
. "$VM_DIR/../interop/pluto.sh"

IKE=(aes128gcm16-prfsha256-x25519 aes_gcm128-sha2_256-dh31)
ESP=(aes128gcm16-noesn aes_gcm128)

must cc -shared -fPIC -o "$WORK/espintcp.so" "$VM_DIR/../interop/espintcp.c"
# shellcheck disable=SC2034 # pluto.sh has it
PLUTO=("${PLUTO[@]}" env "LD_PRELOAD=$WORK/espintcp.so")

module_load
site_make
net_route b 10.1.0.0/16 dev eth0 via 192.0.2.1 src 10.2.0.1

# udp_passes yes|no: of IKE
udp_passes()
{
	local verdict=accept net

	[ "$1" = yes ] || verdict=drop
	for net in a b; do
		in_net "$net" nft -f - <<-END || bail "no filter"
			table inet ike
			delete table inet ike
			table inet ike {
				chain incoming {
					type filter hook input priority filter
					udp dport { 500, 4500 } $verdict
				}
			}
		END
	done
}

# esplane [LINE...]: it reads its configuration anew
esplane()
{
	espl_tunnel office "${IKE[0]}" "${ESP[0]}" "$@" >"$WORK/a/esplane.conf"
	espl_anew a
}

libreswan()
{
	pluto_conn a "${IKE[1]}" "${ESP[1]}" esn=no "$@" | pluto_load b a "$SECRET"
}

nothing_in_kernels()
{
	is "$1: nothing in Libreswan's kernel" "$(in_net b ip xfrm state | grep -c 'proto esp')" 0
	is "$1: no SA in ours" "$(in_net a esplctl sa-get dev=office 2>/dev/null | grep -c spi)" 0
}

# esplane_ends_it DESCRIPTION OPTION: with us as initiator; Libreswan makes childless IKE SAs
esplane_ends_it()
{
	esplane "$2"
	espl a --json up office >"$WORK/up"
	check "$1: IKE_SA_INIT goes over TCP" grep -q '"step":"ike_sa_init".*over TCP' "$WORK/up"
	check "$1: both prove themselves" grep -q '"step":"ike_auth"' "$WORK/up"
	check "$1: it says why there is no child" grep -q '"error":"tcp-only"' "$WORK/up"
	is_soon "$1: nothing is left there" 0 pluto_sas ESTABLISHED_IKE_SA
	nothing_in_kernels "$1"
	espl a down office >/dev/null
}

# libreswan_is_told DESCRIPTION [LINE...]: with us as responder
libreswan_is_told()
{
	local from

	from=$(wc -l <"$WORK/b.log")
	libreswan "${@:2}"
	pluto_initiate b a >/dev/null 2>&1	# that by UDP ends, and the next one is by TCP
	is_soon "$1: both prove themselves" 1 pluto_sas '4500(tcp).*ESTABLISHED_IKE_SA'
	check "$1: Libreswan says that the child is refused" \
		grep -q 'rejected Child SA with NO_PROPOSAL_CHOSEN' <(tail -n "+$from" "$WORK/b.log")
	is "$1: by TCP here" "$(espl_status transport)" tcp
	check "$1: status says so" grep -q 'IKE goes over TCP' <(espl a status)
	check "$1: explain, too" grep -q 'IKE with the peer goes over TCP' <(espl a explain office)
	nothing_in_kernels "$1"
	must pluto b --name a --delete
	is_soon "$1: its DELETE arrives" "" espl_status transport
}

listens()
{
	in_net b ss -Htln | grep -q ':4500'
}

carries()
{
	ping_both "$1"
	is "$1: by UDP" "$(espl_status transport)" udp
}

pluto_start b b --listen-tcp
espl_tunnel office "${IKE[0]}" "${ESP[0]}" | espl_start a a
check "Libreswan listens" listens

libreswan
esplane_ends_it "esplane begins by TCP" 'tcp = yes'
udp_passes no
esplane_ends_it "esplane falls back to TCP" 'tcp = fall-back'
check "esplane falls back to TCP: it says so" grep -q 'trying TCP port 4500' "$WORK/up"
udp_passes yes
check "UDP passes again: up" espl a up office
carries "UDP passes again"
must espl a down office

esplane 'listen-tcp = 4500'
libreswan_is_told "Libreswan begins by TCP" enable-tcp=yes tcp-remoteport=4500
udp_passes no
libreswan_is_told "Libreswan falls back to TCP" enable-tcp=fallback tcp-remoteport=4500 retransmit-timeout=5s
udp_passes yes
libreswan
check "Libreswan begins by UDP: up" pluto_initiate b a
carries "Libreswan begins by UDP"
espl_stop a
pluto_stop b

finish
