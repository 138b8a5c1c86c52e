# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Certificates of a CA of the test's own, in $PKI, by openssl, which no peer uses; what says whether they are revoked;
# and a token. Sourced after tests/interop/site.sh.

PKI=$WORK/pki

# cert NAME CA KEY SUBJECT EXTENSION...
cert()
{
	local name=$1 ca=$2 key=$3 subject=$4 e options=()

	for e in "${@:5}"; do
		options+=(-addext "$e")
	done
	[ "$ca" = "$name" ] || options+=(-CA "$ca.pem" -CAkey "$ca.key")
	must openssl req -x509 -new -key "$key.key" -subj "$subject" -days 300 -out "$name.pem" "${options[@]}"
}

# ca_does ARGUMENTS...: in $PKI, by its ca.cnf
ca_does()
{
	(cd "$PKI" && must openssl ca -config ca.cnf -cert ca.pem -keyfile ca.key "$@")
}

# responder_start: of OCSP, in a's namespace; it knows what is in the index now
responder_start()
{
	spawn responder in_net a openssl ocsp -port 8888 -index "$PKI/index" -CA "$PKI/ca.pem" -rsigner "$PKI/ca.pem" \
		-rkey "$PKI/ca.key" -nmin 5
	wait_for 30 responder_is_there
}

responder_is_there()
{
	in_net a openssl ocsp -issuer "$PKI/ca.pem" -cert "$PKI/b-ocsp.pem" -url http://localhost:8888/ -CAfile "$PKI/ca.pem"
}

# lists_start: a server of ca.crl, in a's namespace
lists_start()
{
	spawn lists in_net a python3 -m http.server --bind 127.0.0.1 --directory "$PKI" 8889
	wait_for 30 in_net a python3 -c 'import urllib.request as u; u.urlopen("http://localhost:8889/ca.crl")'
}

# A token with the key p256, and what softhsm2.module of p11-kit needs to find it.
token_make()
{
	export SOFTHSM2_CONF=$WORK/softhsm2.conf
	mkdir -p "$WORK/tokens"
	echo "directories.tokendir = $WORK/tokens" >"$SOFTHSM2_CONF"
	must softhsm2-util --init-token --free --label gw --pin 1234 --so-pin 5678
	must softhsm2-util --import "$PKI/p256.key" --token gw --label p256 --id 01 --pin 1234
}
