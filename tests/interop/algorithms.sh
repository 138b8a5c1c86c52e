#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# With strongSwan, each algorithm of IKE and of ESP that matrix.sh has not, once. Then, what both propose by
# themselves, and which of several proposals esplane takes.
# vm: cpus=1 debug=no
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/../interop/site.sh"

# Of IKE and of ESP, initiated by esplane and by strongSwan in turn.
ROWS=(aes256gcm12-prfsha1-ecp521 aes256gcm12-esn
      aes128ccm16-prfaesxcbc-x448 aes128ccm16-noesn
      aes192ccm12-prfaescmac-modp1536 aes192ccm12-esn
      aes256ccm8-prfsha256-ecp224 aes256ccm8-noesn
      aes128gcm8-prfsha256-ecp192 aes128gcm8-noesn
      aes128ctr-aesxcbc-modp4096 aes128ctr-aesxcbc-noesn
      aes256ctr-aescmac-modp8192 aes256ctr-sha384-esn
      3des-sha1-modp6144 3des-sha1-noesn
      aes128gcm16-prfsha256-ecp256bp aes128gmac-noesn
      aes256gcm16-prfsha512-ecp512bp aes256gmac-esn
      aes128gcm16-prfsha256-ecp224bp null-sha256-noesn
      aes256-sha384-ecp384bp aes256-sha384-esn
      aes192gcm16-prfmd5-modp1024 aes192gcm16-noesn
      des-md5-modp768 aes128-sha512-noesn)

module_load
site_make
swan_start b b
espl_start a a </dev/null

# row INITIATOR IKE ESP: a ping says that the child's keys are right, which are made of the IKE SA's.
row()
{
	espl_tunnel office "$2" "$3" "allow-legacy = yes" >"$WORK/a/esplane.conf"
	espl_anew a
	swan_conn "$2" "$3" | swan_load b
	up_by "$1" "$1 initiates: $2, $3"
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
for ((n = 0; n < ${#ROWS[@]}; n += 2)); do
	row "${initiators[n / 2 % 2]}" "${ROWS[n]}" "${ROWS[n + 1]}"
done
defaults esplane
defaults strongSwan
takes strongest CURVE_25519
takes peer MODP_1536
finish
