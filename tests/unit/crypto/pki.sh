#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Certificates of every kind into an empty directory, by OpenSSL, which knows nothing of us:
#   pki.sh DIRECTORY
set -euo pipefail
cd "$1"

key()	# NAME ALGORITHM [OPTION]
{
	openssl genpkey -algorithm "$2" ${3:+-pkeyopt "$3"} -out "$1.key" 2>/dev/null
}

# CERTIFICATE ISSUER SUBJECT EXTENSIONS [OPTIONS...]: its key is CERTIFICATE.key, or that of $key
cert()
{
	local name=$1 issuer=$2 subject=$3 extensions=$4

	shift 4
	openssl req -new -key "${key:-$name}.key" -subj "$subject" -utf8 -out "$name.csr" "${digest:--sha256}" 2>/dev/null
	printf '%b\n' "$extensions" >"$name.ext"
	if [ "$issuer" = "$name" ]; then
		openssl x509 -req -in "$name.csr" -signkey "$name.key" "${digest:--sha256}" -days 3650 -extfile "$name.ext" \
			-out "$name.pem" "$@" 2>/dev/null
	else
		openssl x509 -req -in "$name.csr" -CA "$issuer.pem" -CAkey "$issuer.key" -set_serial $((++serial)) "${digest:--sha256}" \
			-days "${days:-365}" -extfile "$name.ext" -out "$name.pem" "$@" 2>/dev/null
	fi
	openssl x509 -in "$name.pem" -outform DER -out "$name.der"
	echo "$serial" >"$name.serial"
}

# NAME CA [REVOKED...]: a list of CA's
crl()
{
	local name=$1 ca=$2 revoked

	shift 2
	: >"$name.index"
	for revoked; do
		printf 'R\t350101000000Z\t260101000000Z\t%02X\tunknown\t/CN=%s\n' "$(cat "$revoked.serial")" "$revoked" >>"$name.index"
	done
	printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s.index\ndefault_md=sha256\n' "$name" >"$name.cnf"
	openssl ca -gencrl -config "$name.cnf" -cert "$ca.pem" -keyfile "$ca.key" -crldays "${days:-30}" -out "$name.crl" 2>/dev/null
}

serial=100
ca='basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign'
end='basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nsubjectAltName=DNS:gw.example.org'
p256=ec_paramgen_curve:P-256

key rsaca RSA rsa_keygen_bits:2048
for k in ca other sub gate; do
	key $k EC $p256
done
cert ca ca '/C=DE/O=Example/CN=Root' "$ca"
cert rsaca rsaca /C=DE/O=Example/CN=RSA "$ca"
cert other other '/C=DE/O=Other/CN=Root' "$ca"
cert sub ca '/C=DE/O=Example/CN=Sub' "$ca,digitalSignature\nextendedKeyUsage=serverAuth,1.3.6.1.5.5.7.3.17"

# keys of every kind
key rsa2048 RSA rsa_keygen_bits:2048
key rsa1024 RSA rsa_keygen_bits:1024
key pss RSA-PSS rsa_keygen_bits:2048
key p256 EC $p256
key p384 EC ec_paramgen_curve:P-384
key p521 EC ec_paramgen_curve:P-521
key ed25519 ED25519
key ed448 ED448
for k in rsa2048 rsa1024 pss p256 p384 p521 ed25519 ed448; do
	cert $k ca "/C=DE/O=Example/CN=$k" "$end"
done
openssl genpkey -genparam -algorithm DSA -pkeyopt dsa_paramgen_bits:1024 -pkeyopt dsa_paramgen_q_bits:160 -out dsa.param 2>/dev/null
openssl genpkey -paramfile dsa.param -out dsa.key 2>/dev/null
cert dsa ca '/CN=dsa' "$end"

# chains
key=gate
cert deep sub '/CN=deep' "$end"
cert names ca '/C=DE/O=Example/CN=names' \
	'subjectAltName=DNS:gw.example.org,DNS:*.wild.example.org,email:alice@example.org,IP:192.0.2.1,IP:2001:db8::1'
cert nameless ca '/C=DE/O=Ex\, Ample/CN=Gäte' 'basicConstraints=CA:FALSE'
cert encipher ca '/CN=encipher' 'keyUsage=keyEncipherment\nsubjectAltName=DNS:gw.example.org'
cert signs ca '/CN=signs' 'keyUsage=nonRepudiation\nsubjectAltName=DNS:gw.example.org'
cert mail ca '/CN=mail' "$end\nextendedKeyUsage=emailProtection"
cert ike ca '/CN=ike' "$end\nextendedKeyUsage=1.3.6.1.5.5.7.3.17"
cert client ca '/CN=client' "$end\nextendedKeyUsage=emailProtection,clientAuth"
cert any ca '/CN=any' "$end\nextendedKeyUsage=anyExtendedKeyUsage"
cert critical ca '/CN=critical' "$end\n1.2.3.4=critical,DER:0500"
digest=-sha1 cert sha1 ca '/CN=sha1' "$end"
digest=-md5 key=rsa2048 cert md5 rsaca '/CN=md5' "$end"
asked="$end\nauthorityInfoAccess=OCSP;URI:http://127.0.0.1:8888/ocsp\ncrlDistributionPoints=URI:http://127.0.0.1:8888/ca.crl"
cert asked ca '/CN=asked' "$asked"
cert ldap ca '/CN=ldap' "$end\ncrlDistributionPoints=URI:ldap://127.0.0.1/ca,URI:https://127.0.0.1/ca.crl"
cert responder ca '/CN=responder' 'basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=OCSPSigning'
for k in asked.good:V:: asked.revoked:R:260101000000Z:; do
	IFS=: read -r name state when <<<"$k"
	printf '%s\t350101000000Z\t%s\t%02X\tunknown\t/CN=asked\n' "$state" "${when%:}" "$(cat asked.serial)" >"$name.index"
done
cert stranger other '/CN=stranger' "$end"
cert revoked ca '/CN=revoked' "$end"
key=sub cert notca ca '/C=DE/O=Example/CN=Not a CA' 'basicConstraints=CA:FALSE\nkeyUsage=digitalSignature'
cp sub.key notca.key
cert undernotca notca '/CN=undernotca' "$end"
key=sub cert mailca ca '/C=DE/O=Example/CN=Mail' "$ca\nextendedKeyUsage=emailProtection"
cp sub.key mailca.key
cert undermailca mailca '/CN=undermailca' "$end"
key=sub cert fenced ca '/C=DE/O=Example/CN=Fenced' "$ca\nnameConstraints=critical,permitted;DNS:example.org,excluded;DNS:bad.example.org"
cp sub.key fenced.key
cert inside fenced '/CN=inside' "$end"
cert outside fenced '/CN=outside' "${end/gw.example.org/gw.example.net}"
cert excluded fenced '/CN=excluded' "${end/gw.example.org/gw.bad.example.org}"
key=sub cert short ca '/C=DE/O=Example/CN=Short' "${ca/CA:TRUE/CA:TRUE,pathlen:0}"
cp sub.key short.key
key=other cert below short '/C=DE/O=Example/CN=Below' "$ca"
cp other.key below.key
cert toodeep below '/CN=toodeep' "$end"
# signed by somebody else under the CA's name
cp ca.key ca.key.true && cp other.key ca.key
openssl req -new -x509 -key ca.key -subj '/C=DE/O=Example/CN=Root' -days 30 -out forgedca.pem 2>/dev/null
cp ca.pem ca.pem.true && cp forgedca.pem ca.pem
cert forged ca '/CN=forged' "$end"
mv ca.key.true ca.key && mv ca.pem.true ca.pem
unset key

crl good ca revoked
crl sub sub
crl subrevoked ca sub
crl foreign other revoked
crl bad ca asked
openssl crl -in good.crl -outform DER -out good.crl.der
openssl crl -in bad.crl -outform DER -out bad.crl.der
# two in one file
cat good.crl sub.crl >both.crl

# private keys in every form
openssl pkcs8 -topk8 -nocrypt -in p256.key -outform DER -out p256.key.der
openssl pkcs8 -topk8 -v2 aes256 -in p256.key -passout pass:sesame -out p256.key.enc 2>/dev/null
openssl ec -in p256.key -out p256.key.sec1 2>/dev/null
openssl rsa -in rsa2048.key -traditional -out rsa2048.key.pkcs1 2>/dev/null
cat gate.key >gate.only
for k in ed25519 p256 rsa1024; do
	openssl pkey -in $k.key -pubout -out $k.pub
done
openssl pkey -in p256.key -pubout -outform DER -out p256.pub.der
cat deep.pem sub.pem >deep.chain
openssl pkcs12 -export -inkey gate.key -in deep.pem -certfile sub.pem -passout pass:sesame -out deep.p12 2>/dev/null
openssl pkcs12 -export -inkey gate.key -in deep.pem -passout pass: -out open.p12 2>/dev/null
