#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# With strongSwan, EAP: each method, esplane as server and as client, the server by certificate and by
# pre-shared key; after a first proof of the client's (RFC 4739), and two proofs without EAP; TLS 1.2, also as all the proof that there is (RFC 5998), and TTLS; then who is refused,
# and with which sentence. With strongSwan and FreeRADIUS: EAP passed through, and esplane as client of a
# gateway that does so, each way inside of TTLS.
# vm: cpus=1 timeout=300 debug=no
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/../interop/site.sh"

PKI=$WORK/pki
SECOND="another horse, another staple"
SWAN_PLUGINS+=" md4 md5 eap-identity eap-md5 eap-mschapv2 eap-tls eap-ttls eap-radius"

pki_make()
{
	local name ca=basicConstraints=critical,CA:TRUE usage=keyUsage=critical,keyCertSign,cRLSign

	mkdir -p "$PKI" && cd "$PKI" || bail "no $PKI"
	for name in ca a b other users alice; do
		must openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out $name.key
	done
	must openssl req -x509 -new -key ca.key -subj /O=Example/CN=Root -days 300 -out ca.pem -addext $ca -addext $usage
	must openssl req -x509 -new -key a.key -subj /CN=a -days 300 -out a.pem -CA ca.pem -CAkey ca.key \
		-addext subjectAltName=email:paris@example.org
	must openssl req -x509 -new -key b.key -subj /CN=b -days 300 -out b.pem -CA ca.pem -CAkey ca.key \
		-addext subjectAltName=DNS:gw.example.org
	must openssl req -x509 -new -key other.key -subj /O=Other/CN=Root -days 300 -out other.pem -addext $ca -addext $usage
	must openssl req -x509 -new -key a.key -subj /CN=a -days 300 -out a.other.pem -CA other.pem -CAkey other.key \
		-addext subjectAltName=email:paris@example.org
	must openssl req -x509 -new -key users.key -subj /O=Example/CN=Users -days 300 -out users.pem -addext $ca -addext $usage
	must openssl req -x509 -new -key alice.key -subj /CN=alice -days 300 -out alice.pem -CA users.pem -CAkey users.key \
		-addext subjectAltName=email:alice@example.org
	must openssl req -x509 -new -key alice.key -subj /CN=alice -days 300 -out alice.machine.pem -CA ca.pem -CAkey ca.key \
		-addext subjectAltName=email:alice@example.org
	chmod 600 ./*.key
	cd - >/dev/null || bail "no way back"
}

# espl_eap REMOTE PROOF [LINE...]: PROOF is cert or psk, by which the server proves itself
espl_eap()
{
	local remote=$1 proof=$2 by="psk = \"$SECRET\""

	[ "$proof" = psk ] || by="ca = \"$PKI/ca.pem\""
	[ "$proof$remote" != certany ] || by="cert = \"$PKI/a.pem\"
		key = \"$PKI/a.key\""
	cat <<-END
	tunnel "office" {
		local = "192.0.2.1"
		remote = "$remote"
		local-id = "paris@example.org"
		$by
		ike = "aes128gcm16-prfsha256-x25519"
		esp = "aes128gcm16"
		local-ts = "10.1.0.0/24"
		remote-ts = "10.2.0.0/24"
		$(printf '%s\n' "${@:3}")
	}
	END
}

# swan_eap OURS THEIRS PASSWORD: sections local and remote, and alice's password
swan_eap()
{
	swan_load b <<-END
	connections {
		a {
			version = 2
			local_addrs = 192.0.2.2
			remote_addrs = 192.0.2.1
			proposals = aes128gcm16-prfsha256-x25519
			mobike = no
			local {
				id = gw.example.org
				$1
			}
			remote {
				id = paris@example.org
				$2
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
	secrets {
		ike-a {
			id-a = paris@example.org
			id-b = gw.example.org
			secret = "$SECRET"
		}
		ike-second-of-ours {
			id-a = alice@example.org
			id-b = paris@example.org
			secret = "$SECOND"
		}
		ike-second-of-theirs {
			id-a = alice@example.org
			id-b = gw.example.org
			secret = "$SECOND"
		}
		eap-alice {
			id = ${USER_B:-alice}
			secret = "$3"
		}
	}
	END
}

# server PROOF METHODS METHOD PASSWORD: esplane is the server, with METHODS; strongSwan wants METHOD
server()
{
	local proof=$1 theirs="auth = pubkey"

	[ "$proof" = cert ] || theirs="auth = psk"
	espl_eap any "$proof" "users = \"$WORK/a/users\"" "eap = { $2 }" >"$WORK/a/esplane.conf"
	espl_anew a
	swan_eap "auth = eap-$3
		eap_id = ${USER_B:-alice}" "$theirs" "$4"
}

# client PROOF METHODS METHOD PASSWORD: esplane is the client, which agrees to METHODS; strongSwan asks for METHOD
client()
{
	local proof=$1 ours="auth = pubkey
		certs = $PKI/b.pem"

	[ "$proof" = cert ] || ours="auth = psk"
	espl_eap 192.0.2.2 "$proof" 'remote-id = "gw.example.org"' 'eap-identity = "alice"' "password = \"$4\"" \
		"eap = { $2 }" >"$WORK/a/esplane.conf"
	espl_anew a
	swan_eap "$ours" "auth = eap-$3
		eap_id = %any" "wonder land"
}

swan_up()
{
	swan b --initiate --child net --timeout "$HANG"
}

# row WHAT: up, seen by both, carries packets, and down
row()
{
	check "$1: esplane has it" wait_for 5 espl_is up
	ping_both "$1"
	check "$1: down" espl a down office
	check "$1: nothing is left at strongSwan" wait_for 10 swan_is_empty
}

# served WHAT PROOF METHODS METHOD
served()
{
	local what="server: $1"

	server "$2" "$3" "$4" "wonder land"
	check "$what: up" swan_up || return
	check "$what: the user has a name" grep -q "office/alice: up" "$WORK/a.log"
	check "$what: by $4" grep -q "EAP method.*succeeded" "$WORK/b/log"
	row "$what"
	espl a up office >/dev/null 2>&1	# it is not held down for the next one
}

# turned_away WHAT METHODS METHOD PASSWORD SENTENCE-OF-THE-LOG
turned_away()
{
	local what="server: $1"

	sleep 1		# what strangers do is logged once a second
	server cert "$2" "$3" "$4"
	refuse "$what: not up" "" swan_up
	check "$what: why" grep -q "$5" "$WORK/a.log"
	check "$what: nothing is left at strongSwan" wait_for 10 swan_is_empty
}

# joined WHAT PROOF METHODS METHOD
joined()
{
	local what="client: $1"

	client "$2" "$3" "$4" "wonder land"
	check "$what: up" espl a up office || return
	row "$what"
}

# refused WHAT METHODS METHOD PASSWORD SENTENCE
refused()
{
	local what="client: $1"

	client cert "$2" "$3" "$4"
	refuse "$what: not up, and why" "$5" espl a up office
	check "$what: nothing is left at strongSwan" wait_for 10 swan_is_empty
}

# twice_server PROOF [MORE]: who begins has to prove itself by PROOF, cert or psk, and then by EAP (RFC 4739);
# strongSwan does, and MORE is what it does after that
twice_server()
{
	local proof="auth = psk" lines=() more=${2-"}
			local2 {
				auth = eap-mschapv2
				eap_id = alice"}

	if [ "$1" = cert ]; then
		lines=("ca = \"$PKI/ca.pem\"")
		proof="auth = pubkey"
	fi
	espl_eap any "$1" 'remote-id = "gw.example.org"' "users = \"$WORK/a/users\"" 'second-auth = "eap"' \
		"${lines[@]}" >"$WORK/a/esplane.conf"
	espl_anew a
	[ "$1" = psk ] || more="certs = $PKI/b.pem
			$more"
	swan_eap "$proof
			$more" "$proof" "wonder land"
}

# twice_client PROOF PASSWORD: likewise, and esplane is who begins
twice_client()
{
	local proof="auth = psk" lines=()

	if [ "$1" = cert ]; then
		lines=("cert = \"$PKI/a.pem\"" "key = \"$PKI/a.key\"")
		proof="auth = pubkey"
	fi
	espl_eap 192.0.2.2 "$1" 'remote-id = "gw.example.org"' 'eap-identity = "alice"' "password = \"$2\"" \
		'second-auth = "eap"' "${lines[@]}" >"$WORK/a/esplane.conf"
	espl_anew a
	[ "$1" = psk ] && lines=() || lines=("certs = $PKI/b.pem")
	swan_eap "$proof
			${lines[*]}" "$proof
			}
			remote2 {
				auth = eap-mschapv2
				eap_id = %any" "wonder land"
}

twice_rows()
{
	local proof what

	for proof in cert psk; do
		what="server: twice, $proof and then EAP"
		twice_server $proof
		if check "$what: up" swan_up; then
			check "$what: the user has a name" grep -q "office/alice: up" "$WORK/a.log"
			row "$what"
			espl a up office >/dev/null 2>&1
		fi
		what="client: twice, $proof and then EAP"
		twice_client $proof "wonder land"
		check "$what: up" espl a up office && row "$what"
	done
	sleep 1		# what strangers do is logged once a second
	twice_server cert ""
	refuse "server: twice, and the client proves itself once: not up" "" swan_up
	check "server: twice, and the client proves itself once: why" grep -q "it announces no second proof" "$WORK/a.log"
	twice_client cert "looking glass"
	refuse "client: twice, and the password is wrong: not up, and why" "the server refuses alice" espl a up office
	check "client: twice, and the password is wrong: nothing is left" wait_for 10 swan_is_empty
}

# plain_section PROOF CERTIFICATE CA: of strongSwan, which proves itself so, or wants that proof; of these it has the one
# or the other
plain_section()
{
	if [ "$1" = psk ]; then
		echo "auth = psk"
	else
		printf 'auth = pubkey\n%s\n' "${2:+certs = $PKI/$2.pem}${3:+cacerts = $PKI/$3.pem}"
	fi
}

# plain_server PROOF [CERTIFICATE]: both proofs are by PROOF, cert or psk, and of strongSwan; CERTIFICATE is alice's
plain_server()
{
	local lines=("ca = \"$PKI/ca.pem\"" "second-ca = \"$PKI/users.pem\"")

	[ "$1" = cert ] || lines=("second-psk-file = \"$WORK/a/second.psk\"" 'second-id = "alice@example.org"')
	espl_eap any "$1" 'remote-id = "gw.example.org"' "second-auth = \"$1\"" "${lines[@]}" >"$WORK/a/esplane.conf"
	espl_anew a
	swan_eap "$(plain_section "$1" b)
			}
			local2 {
				id = alice@example.org
				$(plain_section "$1" "${2:-alice}")" "auth = ${1/cert/pubkey}" unused
}

# plain_client PROOF [CERTIFICATE]: likewise, of esplane
plain_client()
{
	local lines=("cert = \"$PKI/a.pem\"" "key = \"$PKI/a.key\"" "second-cert = \"$PKI/${2:-alice}.pem\""
		"second-key = \"$PKI/alice.key\"")

	[ "$1" = cert ] || lines=("second-psk-file = \"$WORK/a/second.psk\"" 'second-id = "alice@example.org"')
	espl_eap 192.0.2.2 "$1" 'remote-id = "gw.example.org"' "second-auth = \"$1\"" "${lines[@]}" >"$WORK/a/esplane.conf"
	espl_anew a
	swan_eap "$(plain_section "$1" b)" "$(plain_section "$1" "" ca)
			}
			remote2 {
				id = alice@example.org
				$(plain_section "$1" "" users)" unused
}

# A second proof that is not EAP: a machine's certificate and a user's, or two pre-shared keys
plain_rows()
{
	local proof what

	for proof in cert psk; do
		what="server: two proofs by $proof"
		plain_server $proof
		if check "$what: up" swan_up; then
			row "$what"
			espl a up office >/dev/null 2>&1
		fi
		what="client: two proofs by $proof"
		plain_client $proof
		check "$what: up" espl a up office && row "$what"
	done
	sleep 1		# what strangers do is logged once a second
	what="server: two proofs by cert, the second of the machines' CA"
	plain_server cert alice.machine
	refuse "$what: not up" "" swan_up
	check "$what: nothing is left" wait_for 10 swan_is_empty
	check "$what: why" \
		grep -q "is issued by O=Example, CN=Root, which is none of the tunnel's CAs" "$WORK/a.log"
	what="client: two proofs by cert, the second of the machines' CA"
	plain_client cert alice.machine
	refuse "$what: not up, and why" "the peer took the first proof" espl a up office
	check "$what: nothing is left" wait_for 10 swan_is_empty
}

# tls_server NAME [LINE] [PROOF]: esplane is the server, strongSwan calls itself NAME, has b's certificate
# and wants that PROOF
tls_server()
{
	espl_eap any cert "ca = \"$PKI/ca.pem\"" 'eap = "tls"' "${2:-}" >"$WORK/a/esplane.conf"
	espl_anew a
	swan_eap "auth = eap-tls
		eap_id = $1
		certs = $PKI/b.pem" "${3:-auth = pubkey}" unused
}

# tls_client CERTIFICATE [LINE] [PROOF]: esplane is the client, with a's CERTIFICATE; strongSwan has that PROOF
tls_client()
{
	espl_eap 192.0.2.2 cert 'remote-id = "gw.example.org"' "cert = \"$PKI/$1\"" "key = \"$PKI/a.key\"" \
		'eap = "tls"' "${2:-}" >"$WORK/a/esplane.conf"
	espl_anew a
	swan_eap "${3:-auth = pubkey}
		certs = $PKI/b.pem" "auth = eap-tls
		eap_id = %any" unused
}

# tls_rows VERSION: strongSwan's highest is VERSION
tls_rows()
{
	local what="server: tls, $1"

	: >"$WORK/b/log"
	tls_server gw.example.org
	if check "$what: up" swan_up; then
		check "$what: the user has a name" grep -q "office/gw.example.org: up" "$WORK/a.log"
		check "$what: of that version" grep -q "negotiated TLS $1" "$WORK/b/log"
		row "$what"
		espl a up office >/dev/null 2>&1
	fi
	what="client: tls, $1"
	tls_client a.pem
	check "$what: up" espl a up office && row "$what"
}

# EAP-only: the responder proves itself in TLS and nowhere else
tls_alone()
{
	local what="server: tls alone"

	: >"$WORK/b/log"
	tls_server gw.example.org 'eap-only = "yes"' "auth = eap-tls"
	if check "$what: up" swan_up; then
		check "$what: no other proof" grep -q "parsed IKE_AUTH response 1 \[ IDr EAP/REQ/ID \]" "$WORK/b/log"
		row "$what"
		espl a up office >/dev/null 2>&1
	fi
	what="client: tls alone"
	: >"$WORK/b/log"
	tls_client a.pem 'eap-only = "yes"' "auth = eap-tls"
	if check "$what: up" espl a up office; then
		check "$what: no other proof" grep -q "generating IKE_AUTH response 1 \[ IDr EAP/REQ" "$WORK/b/log"
		row "$what"
	fi
}

tls_refused()
{
	local what="server: tls, a client without a certificate"	# for that name strongSwan has none

	sleep 1
	tls_server bob
	refuse "$what: not up" "" swan_up
	check "$what: why" grep -q "user bob: TLS: No certificate was found" "$WORK/a.log"
	check "$what: nothing is left at strongSwan" wait_for 10 swan_is_empty
	what="client: tls, a certificate of another CA"
	tls_client a.other.pem
	refuse "$what: not up, and why" "the other end of TLS says" espl a up office
	check "$what: nothing is left at strongSwan" wait_for 10 swan_is_empty
}

# ttls_client NAME WAY [LINE]: esplane is the client, which believes a server of TTLS with the certificate of
# NAME, and proves itself inside in that WAY; strongSwan has LINE
ttls_client()
{
	espl_eap 192.0.2.2 cert 'remote-id = "gw.example.org"' 'eap-identity = "alice"' 'password = "wonder land"' \
		"aaa-id = \"$1\"" 'eap = "ttls"' "ttls-inner = \"$2\"" >"$WORK/a/esplane.conf"
	espl_anew a
	swan_eap "auth = pubkey
		certs = $PKI/b.pem" "${3:-auth = eap-ttls}
		eap_id = %any" "wonder land"
}

ttls_rows()
{
	served "ttls" cert ttls ttls
	turned_away "ttls, a wrong password" ttls ttls "looking glass" "user alice: a wrong password"
	ttls_client gw.example.org eap
	check "client: ttls: up" espl a up office && row "client: ttls"
	ttls_client other.example.org eap
	refuse "client: ttls, a server of another name: not up, and why" "its certificate" espl a up office
	check "client: ttls, a server of another name: nothing is left at strongSwan" wait_for 10 swan_is_empty
}

# radius_make: FreeRADIUS beside site a, which knows alice and the CA's certificates. Its debug output, where
# it says what it refuses, goes to radius/log.
radius_make()
{
	local dir=$WORK/radius

	net_add r
	net_link a eth1 198.51.100.1/24 r eth0 198.51.100.9/24
	net_link b eth1 203.0.113.2/24 r eth1 203.0.113.9/24
	mkdir -p "$dir"
	# shellcheck disable=SC2016	# a line of FreeRADIUS's
	echo '$INCLUDE /usr/share/freeradius/dictionary' >"$dir/dictionary"
	echo 'alice Cleartext-Password := "wonder land"' >"$dir/users"
	cat >"$dir/radiusd.conf" <<-END
	prefix = /usr
	libdir = /usr/lib/freeradius
	raddbdir = $dir
	logdir = $dir
	run_dir = $dir
	max_requests = 256
	log {
		destination = stdout
	}
	security {
		allow_vulnerable_openssl = yes
	}
	client a {
		ipaddr = 198.51.100.1
		secret = testing123
		require_message_authenticator = yes
	}
	client b {
		ipaddr = 203.0.113.2
		secret = testing123
	}
	modules {
		mschap {
		}
		pap {
		}
		files {
			usersfile = $dir/users
		}
		eap {
			default_eap_type = mschapv2
			md5 {
			}
			mschapv2 {
			}
			tls-config common {
				private_key_file = $PKI/a.key
				certificate_file = $PKI/a.pem
				ca_file = $PKI/ca.pem
				tls_min_version = "1.2"
				tls_max_version = "1.2"
				ecdh_curve = ""
			}
			tls {
				tls = common
			}
			ttls {
				tls = common
				default_eap_type = md5
				virtual_server = site
			}
		}
	}
	server site {
		listen {
			type = auth
			ipaddr = *
			port = 1812
		}
		authorize {
			mschap
			eap {
				ok = return
			}
			files
			pap
		}
		authenticate {
			Auth-Type PAP {
				pap
			}
			Auth-Type MS-CHAP {
				mschap
			}
			eap
		}
	}
	END
	spawn freeradius in_net r freeradius -X -d "$dir"
	wait_for 30 grep -q "Ready to process requests" "$WORK/freeradius.log" ||
		bail "FreeRADIUS does not start: $(tail -n 20 "$WORK/freeradius.log")"
}

# radius_server WORD SERVER...: esplane passes EAP through to these, with that secret
radius_server()
{
	local word=$1 server list=

	(umask 077 && echo "$word" >"$WORK/a/radius.secret")
	for server in "${@:2}"; do
		list+="${list:+, }\"$server\""
	done
	espl_eap any cert 'eap = "radius"' "radius-server = { $list }" \
		"radius-secret-file = \"$WORK/a/radius.secret\"" >"$WORK/a/esplane.conf"
	espl_anew a
}

# radius_client USER PASSWORD METHOD [LINE]
radius_client()
{
	USER_B=$1 swan_eap "auth = eap-$3
		eap_id = $1
		${4:-}" "auth = pubkey" "$2"
}

# radius_row WHAT USER
radius_row()
{
	if check "radius: $1: up" swan_up; then
		check "radius: $1: the user has a name" grep -q "office/$2: up" "$WORK/a.log"
		row "radius: $1"
		espl a up office >/dev/null 2>&1
	fi
}

radius_rows()
{
	radius_server testing123 198.51.100.9
	radius_client alice "wonder land" mschapv2
	radius_row mschapv2 alice
	radius_client alice "wonder land" md5
	radius_row "md5, for which the client asks" alice
	radius_client gw.example.org unused tls "certs = $PKI/b.pem"
	radius_row tls gw.example.org
	radius_client alice "wonder land" ttls
	radius_row ttls alice
	sleep 1		# what strangers do is logged once a second
	radius_client alice "looking glass" mschapv2
	refuse "radius: a wrong password: not up" "" swan_up
	check "radius: a wrong password: why" \
		grep -q "user alice: the RADIUS server 198.51.100.9:1812 refuses the user" "$WORK/a.log"
	# nobody is at the first address: the second is asked after half of the time
	radius_server testing123 198.51.100.8 198.51.100.9
	radius_client alice "wonder land" mschapv2
	radius_row "the second server" alice
	radius_server testing321 198.51.100.9
	refuse "radius: another secret: not up" "" swan_up
	check "radius: another secret: why" \
		grep -q "user alice: the RADIUS server 198.51.100.9:1812 does not answer" "$WORK/a.log"
	check "radius: another secret: nothing is left at strongSwan" wait_for 10 swan_is_empty
}

# As client of a gateway that passes EAP through: FreeRADIUS is the server of TTLS
radius_clients()
{
	local way

	for way in eap mschapv2 pap; do
		ttls_client paris@example.org $way "auth = eap-radius"
		check "radius client: ttls with $way: up" espl a up office && row "radius client: ttls with $way"
	done
	check "radius client: it was the password itself" grep -q "User-Password = \"wonder land\"" "$WORK/freeradius.log"
}

module_load
site_make
pki_make
mkdir -p "$WORK"/b/{private,x509,x509ca} "$WORK/a"
cp "$PKI/ca.pem" "$PKI/users.pem" "$WORK/b/x509ca/"
cp "$PKI/b.key" "$PKI/alice.key" "$WORK/b/private/"
(umask 077 && echo "$SECOND" >"$WORK/a/second.psk")
(umask 077 && echo "alice: wonder land" >"$WORK/a/users")
swan_start b b "tls {
			version_max = 1.2
		}
		plugins {
			eap-ttls {
				phase2_method = mschapv2
			}
			eap-radius {
				servers {
					r {
						address = 203.0.113.9
						secret = testing123
					}
				}
			}
		}"
espl_start a a </dev/null

served "mschapv2" cert mschapv2 mschapv2
served "md5" cert md5 md5
served "md5 where mschapv2 comes first" cert "mschapv2, md5" md5
served "mschapv2 with a pre-shared key" psk mschapv2 mschapv2
turned_away "a wrong password" mschapv2 mschapv2 "looking glass" "user alice: a wrong password"
USER_B=mallory turned_away "an unknown user" mschapv2 mschapv2 "wonder land" "user mallory: no such user"
turned_away "a method that we do not allow" mschapv2 md5 "wonder land" "it wants none of our EAP methods: mschapv2"

joined "mschapv2" cert mschapv2 mschapv2
joined "md5" cert md5 md5
joined "mschapv2 with a pre-shared key" psk mschapv2 mschapv2
refused "a wrong password" mschapv2 mschapv2 "looking glass" "the server refuses alice"
refused "a method that we do not allow" md5 mschapv2 "wonder land" "the server asks for mschapv2, eap has md5"
# No TLS 1.3: as a server, strongSwan before 5.9.10 does not send the last word of RFC 9190 2.5, and as
# a client it ends with SIGSEGV when it gets it. Its default is 1.2.
tls_rows 1.2
twice_rows
plain_rows
tls_alone
tls_refused
ttls_rows
radius_make
radius_rows
radius_clients
finish
