#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Zones with IPSECKEY records, signed by ldns, and a server of them, unbound, in the foreground:
#   zones.sh DIRECTORY PORT
# DIRECTORY has NAME.pub.der, public keys by OpenSSL. anchors there is what proves the zones.
set -euo pipefail
cd "$1"

# hex of a public key as IPSECKEY has it
rsa()		# RFC 3110: 65537
{
	printf '03010001'
	openssl rsa -pubin -inform DER -in "$1" -modulus -noout | sed 's/Modulus=//'
}

point()		# OCTETS of the end of SubjectPublicKeyInfo
{
	tail -c "$2" "$1" | xxd -p | tr -d '\n'
}

# NAME PRECEDENCE GATEWAY-TYPE ALGORITHM GATEWAY HEX
record()
{
	local rdata

	rdata=$(printf '%02x%02x%02x%s%s' "$2" "$3" "$4" "$5" "$6")
	echo "$1 600 IN TYPE45 \\# $((${#rdata} / 2)) $rdata"
}

# ZONE: its text
zone()
{
	cat <<-END
	\$ORIGIN $1.
	@ 600 IN SOA ns hostmaster 1 3600 900 86400 60
	@ 600 IN NS ns
	ns 600 IN A 127.0.0.1
	empty 600 IN A 192.0.2.7
	END
	record gw 10 1 3 c0000201 "$(point p256.pub.der 64)"
	record rsa 10 3 2 026777077578616d706c6500 "$(rsa rsa2048.pub.der)"
	record ed 10 0 4 '' "$(point ed25519.pub.der 32)"
	record two 10 0 3 '' "$(point p256.pub.der 64)"
	record two 20 0 4 '' "$(point ed25519.pub.der 32)"
	record odd 10 0 9 '' 0102
	record weak 10 0 2 '' "$(rsa rsa1024.pub.der)"
}

# ZONE [OPTION...]: signed, and its key among the anchors
signed()
{
	local zone=$1 key

	key=$(ldns-keygen -k -a ECDSAP256SHA256 "$zone")
	zone "$zone" >"$zone.plain"
	ldns-signzone "${@:2}" -f "$zone.zone" "$zone.plain" "$key"
	cat "$key.key" >>anchors
}

: >anchors
chmod 644 anchors
signed good.example
signed old.example -i 20200101000000 -e 20200201000000
signed bad.example
# another precedence under the signature
sed -i 's/^\(gw\.bad\.example\..*IPSECKEY\t\)10 1 3/\111 1 3/' bad.example.zone
grep -q 'IPSECKEY.11 1 3' bad.example.zone
zone plain.example >plain.example.zone

cat >unbound.conf <<END
server:
	directory: "$PWD"
	chroot: ""
	username: ""
	pidfile: ""
	use-syslog: no
	verbosity: 0
	interface: 127.0.0.1
	port: $2
	do-daemonize: no
	access-control: 127.0.0.0/8 allow
	module-config: "iterator"
remote-control:
	control-enable: no
END
for name in good old bad plain; do
	printf 'auth-zone:\n\tname: %s.example\n\tzonefile: %s.example.zone\n\tfor-upstream: no\n\tfor-downstream: yes\n' $name $name >>unbound.conf
done
exec unbound -c unbound.conf
