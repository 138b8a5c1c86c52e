#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Every suite and group with strongSwan, raw and in UDP, with and without ESN, initiated from each end.
# vm: cpus=1 timeout=900 debug=no
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/../interop/site.sh"

IKE=(aes128gcm16-prfsha256 aes256gcm16-prfsha384 aes128-sha256 aes256-sha384
     aes256gcm16-prfsha512 aes256-sha512 chacha20poly1305-prfsha256 aes192-sha256)
GROUPS_KE=(x25519 ecp256 ecp384 modp2048 modp3072)
ESP=(aes128gcm16 aes256gcm16 chacha20poly1305 aes128-sha256 aes256-sha256)

module_load
site_make
swan_start b b
espl_start a a </dev/null

# row INITIATOR IKE ESP ESN ENCAPSULATION
row()
{
	local initiator=$1 ike=$2 esp=$3-$4 encap=$5 what="$1 initiates: $2, $3-$4, $5" xfrm force=no auto=auto

	[ "$encap" = raw ] || { force=yes auto=udp; }
	espl_tunnel office "$ike" "$esp" "encap = \"$auto\"" >"$WORK/a/esplane.conf"
	espl_anew a
	swan_conn "$ike" "$esp" "encap = $force" | swan_load b
	if [ "$initiator" = esplane ]; then
		check "$what: up" espl a up office
	else
		check "$what: up" swan b --initiate --child net --timeout "$HANG"
	fi || return
	check "$what: strongSwan has the child" wait_for 5 swan_has_child || return
	check "$what: esplane has it too" wait_for 5 espl_is up
	ping_both "$what"
	xfrm=$(in_net b ip xfrm state)
	is "$what: strongSwan's kernel has two SAs" "$(grep -c 'proto esp' <<<"$xfrm")" 2
	case $4 in
	esn) check "$what: extended sequence numbers" grep -q 'flag .*esn' <<<"$xfrm" ;;
	noesn) refuse "$what: 32-bit sequence numbers" '' grep 'flag .*esn' <<<"$xfrm" ;;
	esac
	case $encap in
	udp) check "$what: in UDP" grep -q 'encap type espinudp sport 4500 dport 4500' <<<"$xfrm" ;;
	raw) refuse "$what: not in UDP" '' grep espinudp <<<"$xfrm" ;;
	esac
	if [ "$initiator" = esplane ]; then
		check "$what: down" espl a down office
	else
		check "$what: down" swan b --terminate --ike a --timeout "$HANG"
	fi
	check "$what: nothing is left at strongSwan" wait_for 10 swan_is_empty
	check "$what: nothing is left at esplane" wait_for 10 espl_is down
	refuse "$what: the interface is gone" 'does not exist' in_net a ip link show office
}

# Each of IKE comes to each initiator.
initiators=(esplane strongSwan)
n=0
for encap in raw udp; do
	for esn in esn noesn; do
		for esp in "${ESP[@]}"; do
			row "${initiators[(n + n / ${#IKE[@]}) % 2]}" "${IKE[n % ${#IKE[@]}]}-${GROUPS_KE[n % ${#GROUPS_KE[@]}]}" \
				"$esp" "$esn" "$encap"
			n=$((n + 1))
		done
	done
done
finish
