#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# With the strongSwan of another Debian release: additional key exchanges (RFC 9370), where it has them
# with ML-KEM; rekeys of IKE SA and child by either end.
# vm: by tests/interop/peers/run
. "${VM_DIR:?run me with tests/interop/peers/run}/lib.sh"
. "$VM_DIR/../interop/site.sh"

: "${ESPLANE_PEERS_ROOT:?run me with tests/interop/peers/run}"
SWAN_PLUGINS="$SWAN_PLUGINS ml"
CLASSIC=(aes128gcm16-prfsha256-x25519-ke1_ecp384 aes256-sha384-ecp256-ke1_x25519-ke3_modp3072)
MLKEM=(aes128gcm16-prfsha256-x25519-ke1_mlkem768 aes256gcm16-prfsha384-ecp384-ke1_mlkem1024
       aes128gcm16-prfsha256-x25519-ke1_mlkem512-ke2_ecp256)

module_load
site_make
swan_start b b
espl_start a a </dev/null
note "strongSwan is $(swan b --version --daemon 2>/dev/null | head -n 1)"

rekeyed()
{
	[ "$(espl_status "$1")" -ge "$2" ]
}

# row INITIATOR IKE ESP [LINE]: up, rekeys by both ends, pings after each; then the reverse.
row()
{
	local initiator=$1 ike=$2 esp=$3 what="$1 initiates: $2, $3" n=0 by

	espl_stop a
	espl_start a a < <(espl_tunnel office "$ike" "$esp" "${4:-}")
	swan_conn "$ike" "$esp" | swan_load b
	if [ "$initiator" = esplane ]; then
		check "$what: up" espl a up office
	else
		check "$what: up" swan b --initiate --child net --timeout "$HANG"
	fi || return
	check "$what: esplane has it" wait_for 20 espl_is up
	ping_both "$what"
	for by in esplane strongSwan; do
		n=$((n + 1))
		if [ "$by" = esplane ]; then
			check "$what: $by rekeys the child" espl a rekey office
		else
			check "$what: $by rekeys the child" swan b --rekey --child net
		fi
		check "$what: $by has rekeyed the child" wait_for 30 rekeyed child_rekeys "$n"
		ping_both "$what, the child rekeyed by $by"
	done
	check "$what: strongSwan rekeys the IKE SA" swan b --rekey --ike a
	check "$what: strongSwan has rekeyed the IKE SA" wait_for 30 ike_rekeyed 'by the peer'
	ping_both "$what, the IKE SA rekeyed by strongSwan"
	if [[ ${4:-} == *ike-rekey* ]]; then
		check "$what: esplane has rekeyed the IKE SA" wait_for 60 ike_rekeyed 'by us'
		ping_both "$what, the IKE SA rekeyed by esplane"
	fi
	check "$what: down" espl a down office
	check "$what: nothing is left at strongSwan" wait_for 20 swan_is_empty
}

# ike_rekeyed by us|by the peer: since the daemon has begun, which is once a row
ike_rekeyed()
{
	[ "$(espl_log a | grep -c "IKE SA rekeyed: $1")" -gt 0 ]
}

initiators=(esplane strongSwan)
n=0
for ike in "${CLASSIC[@]}"; do
	row "${initiators[n++ % 2]}" "$ike" aes128gcm16-x25519-ke1_ecp384-noesn 'ike-rekey = "20s"'
done
if swan b --list-algs | grep -q ML_KEM_768; then
	for ike in "${MLKEM[@]}"; do
		row "${initiators[n++ % 2]}" "$ike" aes128gcm16-x25519-ke1_mlkem768-noesn
	done
	row esplane "${MLKEM[0]}" aes128gcm16-x25519-ke1_mlkem768-noesn "fragment-size = 576"
else
	skip "ML-KEM" "this strongSwan has none"
fi
finish
