#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# With Libreswan, proofs: certificates by RFC 7427 and by the older methods, with a key on a token, in fragments too
# (RFC 7383), raw public keys, who is refused, what OCSP and lists by HTTP say; EAP-TLS alone (RFC 5998); post-quantum pre-shared keys (RFC 8784). Initiated from each end.
# vm: cpus=1 timeout=300 debug=no
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/../interop/site.sh"
. "$VM_DIR/../interop/pluto.sh"
. "$VM_DIR/../interop/pki.sh"

LEAF=basicConstraints=critical,CA:FALSE
SAN_A=subjectAltName=email:paris@example.org SAN_B=subjectAltName=DNS:gw.example.org
IKE=(aes128gcm16-prfsha256-x25519 aes_gcm128-sha2_256-dh31)
ESP=(aes128gcm16-noesn aes_gcm128)
PPK=0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f

pki_make()
{
	local kind

	mkdir -p "$PKI" && cd "$PKI" || bail "no $PKI"
	for kind in rsa raw ca other; do
		must openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out $kind.key
	done
	must openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out p256.key
	must openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out p384.key
	must openssl pkey -in raw.key -pubout -out raw.pub
	must openssl pkey -in rsa.key -pubout -out rsa.pub
	cert ca ca ca /O=Example/CN=Root
	cert other other other /O=Other/CN=Root
	for kind in rsa p256 p384; do
		cert a-$kind ca $kind /O=Example/CN=paris-$kind $LEAF $SAN_A
		cert b-$kind ca $kind /O=Example/CN=gw-$kind $LEAF $SAN_B
	done
	cert b-raw ca raw /O=Example/CN=gw-raw $LEAF subjectAltName=DNS:raw.example.org
	cert b-stranger other p256 /O=Other/CN=gw $LEAF $SAN_B
	cert b-ocsp ca p256 /O=Example/CN=gw-ocsp $LEAF $SAN_B authorityInfoAccess=OCSP\;URI:http://localhost:8888/
	cert b-list ca p256 /O=Example/CN=gw-list $LEAF $SAN_B crlDistributionPoints=URI:http://localhost:8889/ca.crl
	printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index\ndefault_md=sha256\n' >ca.cnf
	: >index
	chmod 600 ./*.key
	cd - >/dev/null || bail "no way back"
}

# nss_import NAME KEY CA: certificate, key and CA into the database of b
nss_import()
{
	must openssl pkcs12 -export -inkey "$PKI/$2.key" -in "$PKI/$1.pem" -certfile "$PKI/$3.pem" -name "$1" -passout pass:x \
		-out "$PKI/$1.p12"
	must pk12util -i "$PKI/$1.p12" -W x -d "sql:$WORK/b/nss"
}

nss_make()
{
	local kind

	pluto_nss b
	for kind in rsa p256 p384 raw; do
		nss_import "b-$kind" "$kind" ca
	done
	nss_import b-ocsp p256 ca
	nss_import b-list p256 ca
	nss_import b-stranger p256 other
	must certutil -A -d "sql:$WORK/b/nss" -n ca -t CT,, -i "$PKI/ca.pem"
	must certutil -A -d "sql:$WORK/b/nss" -n other -t CT,, -i "$PKI/other.pem"
}

# rsa_key FILE: as RFC 3110 has it, with 65537, in base64
rsa_key()
{
	openssl rsa -pubin -in "$1" -noout -modulus | python3 -c 'import base64
print(base64.b64encode(bytes.fromhex("03010001" + input().split("=")[1])).decode())'
}

# espl_proof PROOF-LINES [LINE...]
espl_proof()
{
	espl_tunnel office "${IKE[0]}" "${ESP[0]}" "$@" | sed '/^\t*psk = /d' >"$WORK/a/esplane.conf"
	espl_anew a
}

# espl_cert KIND [LINE...]
espl_cert()
{
	espl_proof "cert = \"$PKI/a-$1.pem\"" "key = \"$PKI/$1.key\"" "ca = \"$PKI/ca.pem\"" "${@:2}"
}

# espl_token: with a key on a token
espl_token()
{
	espl_tunnel office "${IKE[0]}" "${ESP[0]}" "cert = \"$PKI/a-p256.pem\"" 'key = "pkcs11:token=gw;object=p256"' \
		'key-password = 1234' "ca = \"$PKI/ca.pem\"" "$@" | sed '/^\t*psk = /d'
}

# pluto_proof LINES: a connection with this instead of the pre-shared key
pluto_proof()
{
	AUTH_B=$1 pluto_conn a "${IKE[1]}" "${ESP[1]}" esn=no keyingtries=1 retransmit-timeout=10s | pluto_load b a "$SECRET"
}

# pluto_cert CERTIFICATE AUTHBY [FRAGMENTATION]
pluto_cert()
{
	pluto_proof "$(printf '%s\n  ' "authby=$2" "leftcert=$1" leftsendcert=always "fragmentation=${3:-yes}" rightca=%any)"
}

# not_up DESCRIPTION SENTENCE
not_up()
{
	refuse "$1: not up, and why" "$2" espl a up office
	check "$1: nothing is left at Libreswan" wait_for 20 pluto_has 0 0
}

# turned_away DESCRIPTION SENTENCE: what Libreswan begins
turned_away()
{
	local before

	before=$(espl_log a | grep -c "$2")
	pluto_initiate b a >/dev/null 2>&1
	check "$1: the log says so" [ "$(espl_log a | grep -c "$2")" -gt "$before" ]
	pluto b --terminate --name a >/dev/null 2>&1
	check "$1: nothing is left at Libreswan" wait_for 20 pluto_has 0 0
}

module_load
site_make
net_route b 10.1.0.0/16 dev eth0 via 192.0.2.1 src 10.2.0.1
pki_make
nss_make
pluto_start b b
token_make
espl_start a a < <(espl_token)

n=0
for initiator in Libreswan esplane; do
	n=$((n + 1))
	espl_token "metric = $n" >"$WORK/a/esplane.conf"
	espl_anew a
	pluto_cert b-p256 ecdsa-sha2_256
	up_by "$initiator" "$initiator initiates: a key on a token"
done
for row in "rsa rsa-sha2_256" "p256 ecdsa-sha2_256" "p384 ecdsa-sha2_384"; do
	read -r kind authby <<<"$row"
	for initiator in Libreswan esplane; do
		n=$((n + 1))
		espl_cert "$kind" "metric = $n"
		pluto_cert "b-$kind" "$authby"
		up_by "$initiator" "$initiator initiates: $kind, RFC 7427"
	done
done
for initiator in Libreswan esplane; do
	n=$((n + 1))
	espl_cert rsa "metric = $n"
	pluto_cert b-rsa rsa-sha1
	up_by "$initiator" "$initiator initiates: RSA, method 1"
done

# An Encrypted Fragment (53) is the first payload; four zeros stand in front of the header at port 4500.
FRAGMENT='((udp port 500 and udp[24] = 53) or (udp port 4500 and udp[28] = 53))'

# divided WHO ADDRESS
divided()
{
	check "$initiator initiates: fragments: $1 has divided its message" [ "$(capture_count ike "src $2 and $FRAGMENT")" -ge 2 ]
}

for initiator in Libreswan esplane; do
	n=$((n + 1))
	espl_cert rsa "metric = $n" 'fragment-size = 576'
	pluto_cert b-rsa rsa-sha2_256 force
	capture_start ike a eth0 udp
	up_by "$initiator" "$initiator initiates: fragments"
	capture_stop ike
	divided esplane 192.0.2.1
	divided Libreswan 192.0.2.2
done

# Each end has the other's key, nobody sends one.
for initiator in Libreswan esplane; do
	n=$((n + 1))
	espl_proof "key = \"$PKI/rsa.key\"" "remote-key = \"$PKI/raw.pub\"" "metric = $n"
	pluto_proof "$(printf '%s\n  ' authby=rsa-sha2_256 "leftrsasigkey=0s$(rsa_key "$PKI/raw.pub")" \
		"rightrsasigkey=0s$(rsa_key "$PKI/rsa.pub")")"
	up_by "$initiator" "$initiator initiates: raw public keys"
done

espl_cert p256
pluto_cert b-stranger ecdsa-sha2_256
not_up "an unknown CA" "is issued by O=Other, CN=Root, which is none of the tunnel's CAs"
espl_cert p256 'dpd = "61s"'
sed -i 's/remote-id = .*/remote-id = "other.example.org"/' "$WORK/a/esplane.conf"
espl_anew a
pluto_cert b-p256 ecdsa-sha2_256
not_up "another name" 'other.example.org'

# Nothing that Libreswan begins is believed either.
espl_cert p256 'dpd = "62s"'
pluto_cert b-stranger ecdsa-sha2_256
turned_away "an unknown CA, Libreswan initiates" "none of the tunnel's CAs"

# --- what esplane fetches about Libreswan's certificate; each configuration differs from the one before

# checked INITIATOR DESCRIPTION CERTIFICATE [LINE...]: up, where it says that it is good
checked()
{
	espl_cert p384 "revocation = strict" "${@:4}"
	pluto_cert "$3" ecdsa-sha2_256
	check "$2, $1 initiates: up" begins "$1" || return
	ends "$2, $1 initiates"
}

# revoked INITIATOR DESCRIPTION CERTIFICATE SENTENCE [LINE...]
revoked()
{
	espl_cert p384 "revocation = strict" "${@:5}"
	pluto_cert "$3" ecdsa-sha2_256
	if [ "$1" = esplane ]; then
		not_up "$2, esplane initiates" "$4"
	else
		turned_away "$2, Libreswan initiates" "$4"
	fi
}

ca_does -valid b-ocsp.pem
ca_does -valid b-list.pem
ca_does -gencrl -crldays 30 -out ca.crl
responder_start
lists_start
for initiator in Libreswan esplane; do
	n=$((n + 1))
	checked "$initiator" OCSP b-ocsp "metric = $n"
	n=$((n + 1))
	checked "$initiator" "a list by HTTP" b-list "metric = $n"
done
reap responder
revoked esplane "OCSP, no responder" b-ocsp "nothing says that O=Example, CN=gw-ocsp is not revoked" "metric = 98"
ca_does -revoke b-ocsp.pem
ca_does -revoke b-list.pem
ca_does -gencrl -crldays 30 -out ca.crl
responder_start
for initiator in Libreswan esplane; do
	n=$((n + 1))
	revoked "$initiator" "OCSP, revoked" b-ocsp "CN=gw-ocsp was revoked on" "metric = $n"
	n=$((n + 1))
	revoked "$initiator" "a list by HTTP, revoked" b-list "CN=gw-list was revoked on" "metric = $n"
done
reap responder
reap lists

# --- EAP-TLS, which Libreswan has as server, and as all the proof that there is (RFC 5998). With TLS 1.3 it does not do
# what RFC 9190 asks for.

# espl_tls [LINE...]
espl_tls()
{
	espl_cert p256 'eap = "tls"' "$@"
	pluto_proof "$(printf '%s\n  ' leftcert=b-p256 leftsendcert=always leftauth=eaponly leftautheap=tls rightauth=eaponly \
		rightautheap=tls rightca=%any)"
}

eap_tls_alone()
{
	espl_tls 'eap-only = "yes"' "dpd = 63s"
	not_up "EAP-TLS alone, with TLS 1.3" 'without the last word of EAP-TLS'
	espl_tls "dpd = 64s"
	not_up "EAP-TLS alone, which esplane does not take" 'wants to prove itself in EAP, but is configured'
	reap b
	cat >>"$WORK/b/nss/pkcs11.txt" <<-END

	library=
	name=Policy
	NSS=flags=policyOnly,moduleDB
	config="allow=tls-version-max=tls1.2"
	END
	pluto_start b b
	n=$((n + 1))
	espl_tls 'eap-only = "yes"' "metric = $n"
	up_by esplane "esplane initiates: EAP-TLS alone"
}

# Of Libreswan 5.2 the responder stops where a request has no AUTH, as the first of EAP has none: it says "EXPECTATION FAILED".
if in_net b "${PLUTO[@]}" "$PLUTO_BIN/pluto" --version | grep -q 'Libreswan 5\.2'; then
	skip "EAP-TLS alone" "Libreswan 5.2 takes no IKE_AUTH request without AUTH"
else
	eap_tls_alone
fi

# --- PPK

# pluto_ppk WORD [ID SECRET]
pluto_ppk()
{
	pluto_conn a "${IKE[1]}" "${ESP[1]}" esn=no keyingtries=1 "ppk=$1" | pluto_load b a "$SECRET"
	[ $# -eq 1 ] || echo ": PPKS \"$2\" $3" >>"$WORK/b/ipsec.secrets"
	must pluto b --rereadsecrets
}

# espl_ppk [LINE...]
espl_ppk()
{
	espl_tunnel office "${IKE[0]}" "${ESP[0]}" "$@" >"$WORK/a/esplane.conf"
	espl_anew a
}

# said_of_ppk INITIATOR DESCRIPTION has|lacks
said_of_ppk()
{
	local log='has the PPK' before

	[ "$3" = has ] || log='does not use the PPK'
	before=$(espl_log a | grep -c "$log")
	up_by "$1" "$1 initiates: PPK, $2"
	check "$1 initiates: PPK, $2: the log says so" [ "$(espl_log a | grep -c "$log")" -gt "$before" ]
}

OURS=("ppk = \"$PPK\"" 'ppk-id = "office-1"')
for initiator in Libreswan esplane; do
	n=$((n + 1))
	espl_ppk "${OURS[@]}" 'ppk-required = "yes"' "metric = $n"
	pluto_ppk insist office-1 "$PPK"
	said_of_ppk "$initiator" "both insist" has
	n=$((n + 1))
	espl_ppk "${OURS[@]}" "metric = $n"
	pluto_ppk yes office-1 "$PPK"
	said_of_ppk "$initiator" "nobody insists" has
	n=$((n + 1))
	espl_ppk "${OURS[@]}" "metric = $n"
	pluto_ppk no
	said_of_ppk "$initiator" "Libreswan has none" lacks
done
espl_ppk "${OURS[@]}" 'ppk-required = "yes"'
pluto_ppk insist office-1 "${PPK%1f}00"
not_up "another PPK" 'the peer refused: wrong psk, ppk'
finish
