#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# With strongSwan, each algorithm that only IKE has, once: what matrix.sh has not. Then, what both propose by
# themselves, and which of several proposals esplane takes.
# vm: cpus=1 debug=no
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/../interop/site.sh"

# Initiated by esplane and by strongSwan in turn.
IKE=(aes256gcm12-prfsha1-ecp521 aes128ccm16-prfaesxcbc-x448 aes192ccm12-prfaescmac-modp1536 aes256ccm8-prfsha256-ecp224
     aes128gcm8-prfsha256-ecp192 aes128ctr-aesxcbc-modp4096 aes256ctr-aescmac-modp8192 3des-sha1-modp6144
     aes128gcm16-prfsha256-ecp256bp aes256gcm16-prfsha512-ecp512bp aes128gcm16-prfsha256-ecp224bp aes256-sha384-ecp384bp
     aes192gcm16-prfmd5-modp1024 des-md5-modp768)

module_load
site_make
swan_start b b
espl_start a a </dev/null

# row INITIATOR IKE: a ping says that the child's keys are right, which are made of the IKE SA's.
row()
{
	local ike=$2 what="$1 initiates: $2"

	espl_tunnel office "$ike" aes128gcm16-noesn "allow-legacy = yes" >"$WORK/a/esplane.conf"
	espl_anew a
	swan_conn "$ike" aes128gcm16-noesn | swan_load b
	up_by "$1" "$what"
}

# defaults INITIATOR
defaults()
{
	espl_tunnel office '' '' | sed '/ike = { "" }/d; /esp = { "" }/d' >"$WORK/a/esplane.conf"
	espl_anew a
	swan_conn default default | swan_load b
	up_by "$1" "defaults, $1 initiates"
}

# takes PREFER GROUP: of two proposals of strongSwan's, the weak one first
takes()
{
	local weak=aes128gcm16-prfsha256-modp1536 strong=aes128gcm16-prfsha256-x25519 what="prefer = $1"

	espl_tunnel office "$weak\", \"$strong" aes128gcm16-noesn "prefer = $1" >"$WORK/a/esplane.conf"
	espl_anew a
	swan_conn "$weak,$strong" aes128gcm16-noesn | swan_load b
	check "$what: up" swan b --initiate --child net --timeout "$HANG" || return
	check "$what: $2 is taken" grep -q "dh-group=$2" <<<"$(swan b --list-sas --raw)"
	ping_both "$what"
	ends "$what"
}

initiators=(esplane strongSwan)
n=0
for ike in "${IKE[@]}"; do
	row "${initiators[n % 2]}" "$ike"
	n=$((n + 1))
done
defaults esplane
defaults strongSwan
takes strongest CURVE_25519
takes peer MODP_1536
finish
