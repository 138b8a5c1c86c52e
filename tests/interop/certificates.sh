#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# With strongSwan, certificates: each kind of key, initiated from each end, by RFC 7427 and by the older
# methods; then who is refused, and with which sentence.
# vm: cpus=1 timeout=400 debug=no
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/../interop/site.sh"
. "$VM_DIR/../interop/pki.sh"

SAN_A=subjectAltName=email:paris@example.org
SAN_B=subjectAltName=DNS:gw.example.org

pki_make()
{
	local kind ca=basicConstraints=critical,CA:TRUE usage=keyUsage=critical,keyCertSign,cRLSign

	mkdir -p "$PKI" && cd "$PKI" || bail "no $PKI"
	must openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key
	must openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out p256.key
	must openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out p384.key
	must openssl genpkey -algorithm ED25519 -out ed25519.key
	must openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out p521.key
	must openssl genpkey -algorithm ED448 -out ed448.key
	for kind in rsa p256 ed25519; do
		must openssl pkey -in $kind.key -pubout -out $kind.pub
	done
	cp p256.key ca.key
	cp p384.key other.key
	cert ca ca ca /O=Example/CN=Root $ca $usage
	cert other other other /O=Other/CN=Root $ca $usage
	for kind in rsa p256 p384 p521 ed25519 ed448; do
		cert a-$kind ca $kind /O=Example/CN=paris-$kind $SAN_A
		cert b-$kind ca $kind /O=Example/CN=gw-$kind $SAN_B
	done
	cert b-stranger other p256 /O=Other/CN=gw $SAN_B
	# out of time, and revoked, need the database
	printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\nx509_extensions=x\n[p]\nO=optional\nCN=supplied\n[x]\n%s\n' \
		$SAN_B >ca.cnf
	: >index
	echo 01 >serial
	must openssl req -new -key p256.key -subj /O=Example/CN=gw-old -out old.csr
	must openssl ca -batch -notext -config ca.cnf -cert ca.pem -keyfile ca.key -in old.csr -out b-expired.pem \
		-startdate 20240101000000Z -enddate 20250101000000Z
	must openssl ca -config ca.cnf -cert ca.pem -keyfile ca.key -revoke b-p256.pem
	# what is asked for: a responder, and a list
	printf '[ocsp]\n%s\nauthorityInfoAccess=OCSP;URI:http://localhost:8888/\n[list]\n%s\ncrlDistributionPoints=URI:http://localhost:8889/ca.crl\n' \
		$SAN_B $SAN_B >>ca.cnf
	for kind in ocsp list; do
		must openssl req -new -key p256.key -subj /O=Example/CN=gw-$kind -out $kind.csr
		must openssl ca -batch -notext -config ca.cnf -cert ca.pem -keyfile ca.key -in $kind.csr -out b-$kind.pem \
			-extensions $kind -days 300
	done
	must openssl ca -gencrl -config ca.cnf -cert ca.pem -keyfile ca.key -crldays 30 -out ca.crl
	chmod 600 ./*.key
	cd - >/dev/null || bail "no way back"
}

# espl_cert KIND [CA [REMOTE-ID [LINE...]]]: with KEY_URI, the key of a token
espl_cert()
{
	cat <<-END
	tunnel "office" {
		local = "192.0.2.1"
		remote = "192.0.2.2"
		cert = "$PKI/a-$1.pem"
		key = "${KEY_URI:-$PKI/$1.key}"
		${KEY_URI:+key-password = 1234}
		ca = "$PKI/${2:-ca}.pem"
		remote-id = "${3:-gw.example.org}"
		ike = "aes128gcm16-prfsha256-x25519"
		local-ts = "10.1.0.0/24"
		remote-ts = "10.2.0.0/24"
		$(printf '%s\n' "${@:4}")
	}
	END
}

# swan_cert CERTIFICATE KEY [LOCAL-ID [REMOTE-ID]]
swan_cert()
{
	must rm -f "$WORK"/b/private/* "$WORK"/b/x509/*
	cp "$PKI/$2.key" "$WORK/b/private/"
	must swan b --load-creds --clear --file /dev/null
	swan_load b <<-END
	connections {
		a {
			version = 2
			local_addrs = 192.0.2.2
			remote_addrs = 192.0.2.1
			proposals = aes128gcm16-prfsha256-x25519
			mobike = no
			local {
				auth = pubkey
				certs = $PKI/$1.pem
				id = "${3:-gw.example.org}"
			}
			remote {
				auth = pubkey
				id = "${4:-paris@example.org}"
			}
			children {
				net {
					local_ts = 10.2.0.0/24
					remote_ts = 10.1.0.0/24
					esp_proposals = aes128gcm16-noesn
				}
			}
		}
	}
	END
}

# fetched WHAT INITIATOR CERTIFICATE-OF-STRONGSWAN [LINE...]: up, where it says that it is good
fetched()
{
	local what=$1 initiator=$2 theirs=$3

	espl_cert p384 ca gw.example.org "${@:4}" >"$WORK/a/esplane.conf"
	espl_anew a
	swan_cert "$theirs" p256
	check "$what: up" begins "$initiator"
	ends "$what"
}

# looked_up INITIATOR COUNT: both ends send where their certificate is, and fetch the other's. What was asked for, the server
# has written down.
looked_up()
{
	local what="$1 initiates: hash and URL"

	espl_cert p384 ca gw.example.org "cert-url = \"$URLS/paris.der\"" "fetch-certs = { \"$URLS/\" }" >"$WORK/a/esplane.conf"
	espl_anew a
	swan_cert b-p256 p256
	printf 'authorities {\n\troot {\n\t\tcacert = %s\n\t\tcert_uri_base = %s/\n\t}\n}\n' "$PKI/ca.pem" "$URLS" >"$WORK/b/authorities.conf"
	must swan b --load-authorities --file "$WORK/b/authorities.conf"
	check "$what: up" begins "$1" || return
	check "$what: strongSwan has fetched ours" grep -q '^192\.0\.2\.2 .*"GET /urls/paris.der ' "$WORK/lists.log"
	is "$what: esplane has fetched strongSwan's" "$(grep -c "^192\.0\.2\.1 .*\"GET /urls/$HASH " "$WORK/lists.log")" "$2"
	ping_both "$what"
	ends "$what"
}

# swan_raw KEY REMOTE-KEY: raw public keys. strongSwan sends none and wants none, it has them all.
swan_raw()
{
	must rm -f "$WORK"/b/private/*
	cp "$PKI/$1.key" "$WORK/b/private/"
	must swan b --load-creds --clear --file /dev/null
	swan_load b <<-END
	connections {
		a {
			version = 2
			local_addrs = 192.0.2.2
			remote_addrs = 192.0.2.1
			proposals = aes128gcm16-prfsha256-x25519
			mobike = no
			local {
				auth = pubkey
				pubkeys = $PKI/$1.pub
				id = gw.example.org
			}
			remote {
				auth = pubkey
				pubkeys = $PKI/$2.pub
				id = "paris@example.org"
			}
			children {
				net {
					local_ts = 10.2.0.0/24
					remote_ts = 10.1.0.0/24
					esp_proposals = aes128gcm16-noesn
				}
			}
		}
	}
	END
}

# espl_raw KEY REMOTE-KEY
espl_raw()
{
	cat <<-END
	tunnel "office" {
		local = "192.0.2.1"
		remote = "192.0.2.2"
		local-id = "paris@example.org"
		remote-id = "gw.example.org"
		key = "$PKI/$1.key"
		remote-key = "$PKI/$2.pub"
		ike = "aes128gcm16-prfsha256-x25519"
		local-ts = "10.1.0.0/24"
		remote-ts = "10.2.0.0/24"
	}
	END
}

# raw INITIATOR OUR-KEY STRONGSWAN'S
raw()
{
	local what="$1 initiates: raw public keys, $2 and $3"

	espl_raw "$2" "$3" >"$WORK/a/esplane.conf"
	espl_anew a
	swan_raw "$3" "$2"
	up_by "$1" "$what"
}

# row INITIATOR KIND METHODS [REMOTE-ID REMOTE-ID-OF-STRONGSWAN]
row()
{
	local initiator=$1 kind=$2 what="$1 initiates: $2, $3"

	espl_cert "$kind" ca "${4:-}" >"$WORK/a/esplane.conf"
	espl_anew a
	swan_cert "b-$kind" "$kind" "${4:-}" "${5:-}"
	up_by "$initiator" "$what"
}

# refused WHAT CERTIFICATE-OF-STRONGSWAN SENTENCE [LINE...]: by esplane, which initiates and says why
refused()
{
	local what=$1 theirs=$2 sentence=$3

	espl_cert p384 ca gw.example.org "${@:4}" >"$WORK/a/esplane.conf"
	espl_anew a
	swan_cert "$theirs" p256
	refuse "$what: not up, and why" "$sentence" espl a up office
	check "$what: nothing is left at strongSwan" wait_for 10 swan_is_empty
}

# turned_away WHAT CERTIFICATE-OF-STRONGSWAN SENTENCE [LINE...]: by esplane, which strongSwan initiates with
turned_away()
{
	local before

	espl_cert p384 ca gw.example.org "${@:4}" >"$WORK/a/esplane.conf"
	espl_anew a
	swan_cert "$2" p256
	before=$(espl_log a | grep -c "$3")
	refuse "strongSwan initiates: $1: not up" '' swan b --initiate --child net --timeout "$HANG"
	check "strongSwan initiates: $1: the log says why" [ "$(espl_log a | grep -c "$3")" -gt "$before" ]
	check "strongSwan initiates: $1: nothing is left at strongSwan" wait_for 10 swan_is_empty
}

module_load
site_make
pki_make
mkdir -p "$WORK"/b/{private,x509,x509ca}
cp "$PKI/ca.pem" "$WORK/b/x509ca/"
swan_start b b
token_make
KEY_URI='pkcs11:token=gw;object=p256'
espl_start a a < <(espl_cert p256)

row strongSwan p256 "a key on a token"
row esplane p256 "a key on a token"
KEY_URI=''
# What esplane takes down stays down for the peer too, until it brings it up itself.
for kind in rsa p256 p384 p521 ed25519 ed448; do
	row strongSwan $kind "RFC 7427"
	row esplane $kind "RFC 7427"
done
row esplane p256 "distinguished names" "O=Example, CN=gw-p256" "paris@example.org"
raw strongSwan rsa p256
raw esplane p256 rsa
espl_raw p256 ed25519 >"$WORK/a/esplane.conf"
espl_anew a
swan_raw rsa p256
refuse "another raw public key: not up, and why" "but its raw public key is for EdDSA" espl a up office
check "another raw public key: nothing is left at strongSwan" wait_for 10 swan_is_empty
refused "an unknown CA" b-stranger "is issued by O=Other, CN=Root, which is none of the tunnel's CAs"
refused "an expired certificate" b-expired "has expired on 2025-01-01 00:00:00 UTC"
refused "a revoked certificate" b-p256 "CN=gw-p256 was revoked on" "crl = $PKI/ca.crl"
refused "no revocation list" b-p256 "there is no revocation list of O=Example, CN=Root" "revocation = strict"
turned_away "an unknown CA" b-stranger "is issued by O=Other, CN=Root, which is none of the tunnel's CAs"
turned_away "an expired certificate" b-expired "has expired on 2025-01-01 00:00:00 UTC" "dpd = 71s"
turned_away "a revoked certificate" b-p256 "CN=gw-p256 was revoked on" "crl = $PKI/ca.crl" "dpd = 72s"
espl_cert p384 ca other.example.org >"$WORK/a/esplane.conf"
espl_anew a
swan_cert b-p256 p256
refuse "another name: not up, and why" 'other.example.org' espl a up office
check "another name: nothing is left at strongSwan" wait_for 10 swan_is_empty

# What is fetched: each configuration differs from the one before, so that nothing is remembered.
responder_start
fetched "OCSP, strongSwan initiates" strongSwan b-ocsp "revocation = strict"
fetched "OCSP, esplane initiates" esplane b-ocsp "revocation = strict" "dpd = 61s"
refused "OCSP switched off" b-ocsp "there is no revocation list of O=Example, CN=Root" "revocation = strict" "revocation-fetch = no"
reap responder
refused "OCSP, no responder" b-ocsp "nothing says that O=Example, CN=gw-ocsp is not revoked" "revocation = strict" "dpd = 62s"
fetched "OCSP, no responder, if available" esplane b-ocsp "dpd = 63s"
ca_does -revoke b-ocsp.pem
responder_start
refused "OCSP, revoked" b-ocsp "CN=gw-ocsp was revoked on" "dpd = 64s"
reap responder
lists_start
fetched "a list by HTTP" esplane b-list "revocation = strict" "dpd = 65s"
reap lists

# The address that each end sends is of one server. What is proved once is remembered, so the count does not grow.
URLS=http://192.0.2.1:8890/urls
mkdir "$PKI/urls"
must openssl x509 -in "$PKI/a-p384.pem" -outform DER -out "$PKI/urls/paris.der"
must openssl x509 -in "$PKI/b-p256.pem" -outform DER -out "$PKI/urls/gw.der"
HASH=$(sha1sum <"$PKI/urls/gw.der" | cut -d' ' -f1)
mv "$PKI/urls/gw.der" "$PKI/urls/$HASH"
spawn lists in_net a python3 -m http.server --bind 192.0.2.1 --directory "$PKI" 8890
wait_for 30 in_net b python3 -c 'import urllib.request as u; u.urlopen("'$URLS'/paris.der")'
swan_stop b
SWAN_PLUGINS+=" curl"
swan_start b b "hash_and_url = yes"
looked_up esplane 1
looked_up strongSwan 1
reap lists

swan_stop b
swan_start b b "signature_authentication = no"
row strongSwan rsa "method 1"
row esplane rsa "method 1"
row strongSwan p256 "method 9"
row esplane p384 "method 10"
finish
