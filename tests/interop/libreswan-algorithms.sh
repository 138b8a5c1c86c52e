#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# With Libreswan, each algorithm of IKE and of ESP that libreswan.sh has not, and Libreswan has, once. Then, which of
# several proposals esplane takes.
# vm: cpus=1 debug=no
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/../interop/site.sh"
. "$VM_DIR/../interop/pluto.sh"

# Ours, and Libreswan's word for it, of IKE and of ESP; initiated by esplane and by Libreswan in turn.
ROWS=(aes128gcm8-prfsha256-modp1536 aes_gcm_8_128-sha2_256-dh5 aes128gcm8 aes_gcm_8_128
      aes256gcm12-prfsha512-modp4096 aes_gcm_12_256-sha2_512-dh16 aes256gcm12 aes_gcm_12_256
      aes128ctr-sha1-modp6144 aes_ctr128-sha1-dh17 aes128ctr-sha1 aes_ctr128-sha1
      3des-sha1-modp8192 3des-sha1-dh18 3des-sha1 3des-sha1
      aes128-aesxcbc-modp2048 aes128-aes_xcbc-dh14 aes128ccm16 aes_ccm_16_128
      aes192-sha1-x25519 aes192-sha1-dh31 aes256-sha512 aes256-sha2_512)

module_load
site_make
net_route b 10.1.0.0/16 dev eth0 via 192.0.2.1 src 10.2.0.1
pluto_start b b
espl_start a a </dev/null

# row INITIATOR IKE LIBRESWANS-IKE ESP LIBRESWANS-ESP: a ping says that the child's keys are right, which are made of the IKE SA's.
row()
{
	espl_tunnel office "$2" "$4-noesn" >"$WORK/a/esplane.conf"
	espl_anew a
	pluto_conn a "$3" "$5" esn=no | pluto_load b a "$SECRET"
	up_by "$1" "$1 initiates: $2, $4"
}

# takes PREFER GROUP: of two proposals of Libreswan's, the weak one first
takes()
{
	local what="prefer = $1"

	espl_tunnel office 'aes128gcm16-prfsha256-modp1536", "aes128gcm16-prfsha256-x25519' aes128gcm16-noesn \
		"prefer = $1" >"$WORK/a/esplane.conf"
	espl_anew a
	pluto_conn a aes_gcm128-sha2_256-dh5,aes_gcm128-sha2_256-dh31 aes_gcm128 esn=no | pluto_load b a "$SECRET"
	pluto_initiate b a >"$WORK/initiated" 2>&1
	check "$what: up" wait_for 5 espl_is up || return
	check "$what: $2 is taken" grep -qE "group=$2\b" "$WORK/initiated"
	ping_both "$what"
	ends "$what"
}

initiators=(esplane Libreswan)
for ((n = 0; n < ${#ROWS[@]}; n += 4)); do
	row "${initiators[n / 4 % 2]}" "${ROWS[@]:n:4}"
done
takes strongest DH31
takes peer MODP1536
finish
